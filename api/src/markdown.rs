//! Markdown to safe HTML: raw HTML in the source is shown as text, links and images are not made, formulas between
//! dollars become MathML.

use crate::math::mathml;
use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd, html};

/// HTML of a text of several paragraphs.
pub fn block(markdown: &str) -> String {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_SUPERSCRIPT
        | Options::ENABLE_SUBSCRIPT
        | Options::ENABLE_MATH;
    let events = Parser::new_ext(markdown, options).filter_map(safe);
    let mut out = String::with_capacity(markdown.len() * 3 / 2);
    html::push_html(&mut out, events);
    // A wide table scrolls inside its own box, reachable by keyboard.
    out.replace("<table>", "<div class=\"table-wrap\" tabindex=\"0\" role=\"region\" aria-label=\"Tableau\"><table>")
        .replace("</table>", "</table></div>")
        // The empty corner of a table is no heading.
        .replace("<th></th>", "<td></td>")
}

/// HTML of a short text: a single paragraph loses its `<p>`.
pub fn inline(markdown: &str) -> String {
    let html = block(markdown);
    let trimmed = html.trim();
    match trimmed.strip_prefix("<p>").and_then(|h| h.strip_suffix("</p>")) {
        Some(inner) if !inner.contains("<p>") => inner.to_owned(),
        _ => trimmed.to_owned(),
    }
}

/// The text without any markup, for titles and lists, cut at `limit` characters.
pub fn plain(markdown: &str, limit: usize) -> String {
    let mut text = String::new();
    for event in Parser::new_ext(markdown, Options::ENABLE_MATH) {
        match event {
            Event::Text(t) | Event::Code(t) | Event::Html(t) | Event::InlineHtml(t) => text.push_str(&t),
            Event::InlineMath(t) | Event::DisplayMath(t) => text.push_str(&t),
            Event::SoftBreak | Event::HardBreak | Event::End(TagEnd::Paragraph | TagEnd::Item | TagEnd::Heading(_)) => {
                text.push(' ')
            }
            _ => {}
        }
    }
    let text = text.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() <= limit {
        return text;
    }
    let cut: String = text.chars().take(limit.saturating_sub(1)).collect();
    format!("{}…", cut.trim_end())
}

fn safe(event: Event<'_>) -> Option<Event<'_>> {
    Some(match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(CowStr::from(text.into_string())),
        Event::InlineMath(latex) => formula(&latex, false),
        Event::DisplayMath(latex) => formula(&latex, true),
        Event::Start(Tag::Link { .. } | Tag::Image { .. }) | Event::End(TagEnd::Link | TagEnd::Image) => return None,
        // A text's headings would break the page's own outline.
        Event::Start(Tag::Heading { .. }) => Event::Html(CowStr::Borrowed("<p><strong>")),
        Event::End(TagEnd::Heading(_)) => Event::Html(CowStr::Borrowed("</strong></p>\n")),
        other => other,
    })
}

/// A formula; as it was typed where it cannot be read.
fn formula<'a>(latex: &str, display: bool) -> Event<'a> {
    let sign = if display { "$$" } else { "$" };
    match mathml(latex, display) {
        Some(html) => Event::InlineHtml(CowStr::from(html)),
        None => Event::Code(CowStr::from(format!("{sign}{latex}{sign}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_drawn_and_prices_are_not() {
        let html = inline("La clairance $\\frac{U \\times V}{P}$ est en mL/min.");
        assert!(html.starts_with("La clairance <math><mfrac>") && html.ends_with("est en mL/min."), "{html}");
        assert!(block("$$x^2$$").contains("<math display=\"block\">"));
        assert!(!block("Entre 5 $ et 10 $ le test.").contains("<math"));
        assert_eq!(inline("$\\inconnue$ <b>"), "<code>$\\inconnue$</code> &lt;b&gt;");
        assert!(inline("$\\text{<script>}$").find("<script").is_none());
        assert!(block("| a | b |\n|---|---|\n| $x_1$ | 2 |").contains("<td><math>"));
        assert_eq!(plain("La $x^2$ vaut", 50), "La x^2 vaut");
    }

    #[test]
    fn a_heading_stands_out_without_being_one() {
        assert_eq!(block("## Methods\n\nWe *did*.").trim(), "<p><strong>Methods</strong></p>\n<p>We <em>did</em>.</p>");
        assert_eq!(plain("Lequel\u{a0}?", 20), "Lequel\u{a0}?");
    }

    #[test]
    fn nothing_executable_comes_out() {
        for attack in [
            "<script>alert(1)</script>",
            "[x](javascript:alert(1))",
            "![x](http://ailleurs/x.png)",
            "<img src=x onerror=alert(1)>",
            "a <b onclick=\"x\">b</b>",
            "<a href='javascript:x'>y</a>",
        ] {
            let html = block(attack);
            for bad in ["<script", "<img", "<a ", "<b "] {
                assert!(!html.contains(bad), "{attack} → {html}");
            }
        }
    }

    #[test]
    fn texts_keep_their_shape() {
        assert_eq!(inline("un **gras**"), "un <strong>gras</strong>");
        assert_eq!(inline("PaO2 < 60 mmHg & p > 0,05"), "PaO2 &lt; 60 mmHg &amp; p &gt; 0,05");
        assert!(block("| a | b |\n|---|---|\n| 1 | 2 |").contains("<td>1</td>"));
        assert_eq!(plain("# Titre\n\n*mot* suite", 100), "Titre mot suite");
        assert_eq!(plain("abcdef", 4), "abc…");
    }
}
