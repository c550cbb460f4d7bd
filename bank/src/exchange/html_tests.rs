use super::*;
use pulldown_cmark::{Options, Parser, html};

fn md(html: &str) -> String {
    to_markdown(html, LineFeed::Space).markdown
}

/// What the site shows of a Markdown.
fn shown(markdown: &str) -> String {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_SUPERSCRIPT
        | Options::ENABLE_SUBSCRIPT;
    let mut out = String::new();
    html::push_html(&mut out, Parser::new_ext(markdown, options));
    out.trim().to_owned()
}

#[test]
fn usual_markup() {
    for (html, wanted) in [
        ("<p>Un</p><p>Deux</p>", "Un\n\nDeux"),
        ("Un<br>deux<br/><br />trois", "Un\\\ndeux\n\ntrois"),
        ("<p>a <b> gras </b>, <em>it</em></p>", "a **gras** , *it*"),
        ("<b><strong>x</strong> y</b>", "**x y**"),
        ("H<sub>2</sub>O, 10<sup>6</sup>/L, Ca<sup>2+</sup>, 1<sup>er</sup>", "H₂O, 10⁶/L, Ca²⁺, 1ᵉʳ"),
        (
            "<ul><li>un</li><li>deux<ol><li>x</li><li>y</li></ol></li></ul><p>fin</p>",
            "- un\n- deux\n  1. x\n  2. y\n\nfin",
        ),
        ("<ul>\n<li><p>un</p></li>\n<li><p>deux</p></li></ul>", "- un\n- deux"),
        ("&eacute;t&eacute;&nbsp;: a&lt;b &amp; c", "été\u{a0}: a\\<b & c"),
        ("<p>&nbsp;</p><p>x&nbsp;</p>", "x"),
        ("<h3>Titre</h3>texte", "**Titre**\n\ntexte"),
        ("<!-- rien --><p>x</p><!DOCTYPE x>", "x"),
        ("", ""),
        ("<b></b>", ""),
    ] {
        assert_eq!(md(html), wanted, "{html}");
    }
}

#[test]
fn tables() {
    let with_header =
        "<table><thead><tr><th>Na</th><th>K</th></tr></thead><tbody><tr><td>140</td><td>4|5</td></tr></tbody></table>";
    assert_eq!(md(with_header), "| Na | K |\n| --- | --- |\n| 140 | 4\\|5 |");
    assert!(shown(&md(with_header)).contains("<td>4|5</td>"));
    let without = "x<table><tr><td><p>Na</p><p><b>+</b></p></td><td>140</td></tr></table>y";
    assert_eq!(md(without), "x\n\n|  |  |\n| --- | --- |\n| Na **+** | 140 |\n\ny");
    let layout = "<table><tr><td>a</td></tr><tr><td>b</td></tr></table>";
    assert_eq!(md(layout), "a\n\nb");
    let merged =
        to_markdown("<table><tr><td colspan=2>a</td></tr><tr><td>b</td><td>c</td></tr></table>", LineFeed::Space);
    assert!(merged.stripped.contains("cellules fusionnées"));
}

#[test]
fn what_is_text_stays_text() {
    for text in [
        "1. un",
        "- un",
        "+ 2",
        "# x",
        "> x",
        "2 * 3 * 4",
        "_x_",
        "a_b",
        "`x`",
        "[x](y)",
        "[x]: y",
        "~5 et ~6",
        "10^6^7",
        "--- x",
        "===",
        "a | b",
        "pH<pI",
        "<3",
        "a < b > c",
        "\\*",
        "A pH<pI, et pH>7",
        "*",
        "**x**",
        "12) x",
        "C6H6 ----------> x",
        "![a](b)",
    ] {
        let escaped = text.replace('<', "&lt;");
        for markdown in [md(&escaped), plain_to_markdown(text)] {
            let html = shown(&markdown);
            let inner = html.strip_prefix("<p>").and_then(|h| h.strip_suffix("</p>"));
            assert_eq!(inner.map(text::unescape).as_deref(), Some(text), "{markdown}");
        }
    }
    // A "<" that the author did not write as an entity.
    assert_eq!(shown(&md("A pH<pI, et pH>7")), "<p>A pH&lt;pI, et pH&gt;7</p>");
    assert_eq!(shown(&md("a <b et c")), "<p>a &lt;b et c</p>");
}

#[test]
fn emphasis_survives_its_neighbours() {
    for (html, wanted) in [
        ("<b>Attention :</b>texte", "<p><strong>Attention :</strong> texte</p>"),
        ("mot<b>(x)</b>", "<p>mot <strong>(x)</strong></p>"),
        ("<b>a <i>b</b> c</i>", "<p><strong>a <em>b</em></strong> <em>c</em></p>"),
        ("<b><p>a</p><p>b</p></b>", "<p><strong>a</strong></p>\n<p><strong>b</strong></p>"),
        ("<b>gras&nbsp;</b>suite", "<p><strong>gras</strong>\u{a0}suite</p>"),
        ("x<sup>a b</sup>y<sub>max</sub>, T<sub>1/2</sub> V<sub>D</sub>", "<p>x^(a b)yₘₐₓ, T_(1/2) V_D</p>"),
    ] {
        assert_eq!(shown(&md(html)), wanted, "{html} → {}", md(html));
    }
}

#[test]
fn what_is_not_kept_is_named() {
    let found = to_markdown(
        "<span style='x'>a</span> <a href=\"http://x\">b</a> <u>c</u><script>alert('</p>')</script><style>p{}</style> <img src=i.png alt='un  c&oelig;ur'>d<o:p></o:p>",
        LineFeed::Space,
    );
    assert_eq!(found.markdown, "a b c d");
    assert_eq!(
        found.stripped.iter().map(String::as_str).collect::<Vec<_>>(),
        ["<o:p>", "<script>", "<span>", "<style>", "<u>"]
    );
    assert_eq!(found.links, ["http://x"]);
    assert_eq!(found.pictures, [Picture { src: "i.png".into(), alt: "un cœur".into() }]);
}

#[test]
fn auto_format_keeps_lines() {
    assert_eq!(to_markdown("a\nb\n\nc", LineFeed::Break).markdown, "a\\\nb\n\nc");
}

#[test]
fn hostile_texts_take_linear_time() {
    for piece in ["<", "<b", "<!--", "<table><tr><td>", "<ul><li>", "&", "<b><i>", "<script>", "<p a=\"", "</", "<sup>"]
    {
        let _ = md(&piece.repeat(100_000));
    }
}

proptest::proptest! {
    #[test]
    fn never_panics(html in "(<[a-z]{0,5}( [a-z]=\"?.?)?/?>|</?(b|i|p|ul|ol|li|table|tr|td|sup|sub|br|img|a)>|&[a-z]{0,4};?|.|\\n){0,60}") {
        let _ = to_markdown(&html, LineFeed::Space);
        let _ = to_markdown(&html, LineFeed::Break);
    }

    #[test]
    fn plain_texts_are_shown_as_they_are(text in "[ a-zé0-9#*_`~^<>|.)(+=!&\\[\\]\\\\-]{0,30}") {
        let wanted = text.split_whitespace().collect::<Vec<_>>().join(" ");
        proptest::prop_assume!(text::entities(&wanted).next().is_none());
        let html = shown(&plain_to_markdown(&text));
        let inner = html.strip_prefix("<p>").and_then(|h| h.strip_suffix("</p>")).unwrap_or(&html);
        proptest::prop_assert_eq!(text::unescape(inner), wanted);
    }
}
