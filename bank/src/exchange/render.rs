//! Our Markdown as the texts of other programs: HTML, or plain text.

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd, html};

fn options() -> Options {
    Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_SUPERSCRIPT | Options::ENABLE_SUBSCRIPT
}

/// HTML that is also well-formed XML; what looks like HTML in the source is text, links keep their text.
pub(super) fn html(markdown: &str) -> String {
    let events = Parser::new_ext(markdown, options()).filter_map(|event| {
        Some(match event {
            Event::Html(text) | Event::InlineHtml(text) => Event::Text(CowStr::from(text.into_string())),
            Event::Start(Tag::Link { .. } | Tag::Image { .. }) | Event::End(TagEnd::Link | TagEnd::Image) => {
                return None;
            }
            other => other,
        })
    });
    let mut out = String::with_capacity(markdown.len() * 3 / 2);
    html::push_html(&mut out, events);
    legal(out.trim())
}

/// Without the characters that XML 1.0 has no place for.
pub(super) fn legal(text: &str) -> String {
    let illegal = |c: char| c.is_control() && !matches!(c, '\n' | '\t' | '\r' | '\u{7f}'..='\u{9f}');
    text.chars().map(|c| if illegal(c) || matches!(c, '\u{fffe}' | '\u{ffff}') { '\u{fffd}' } else { c }).collect()
}

/// HTML of a short text: a single paragraph loses its `<p>`.
pub(super) fn inline(markdown: &str) -> String {
    let html = html(markdown);
    match html.strip_prefix("<p>").and_then(|h| h.strip_suffix("</p>")) {
        Some(inner) if !inner.contains("<p>") => inner.to_owned(),
        _ => html,
    }
}

/// The text without markup, on one line; the flag says that there was some.
pub(super) fn plain(markdown: &str) -> (String, bool) {
    let (mut text, mut marked) = (String::new(), false);
    for event in Parser::new_ext(markdown, options()) {
        match event {
            Event::Text(t) | Event::Html(t) | Event::InlineHtml(t) => text.push_str(&t),
            Event::SoftBreak => text.push(' '),
            Event::Start(Tag::Paragraph | Tag::HtmlBlock) => {}
            Event::End(TagEnd::Paragraph | TagEnd::HtmlBlock) => text.push(' '),
            Event::Code(t) => {
                marked = true;
                text.push_str(&t);
            }
            Event::End(TagEnd::Item | TagEnd::TableCell | TagEnd::Heading(_)) | Event::HardBreak => {
                marked = true;
                text.push(' ');
            }
            Event::Start(_) => marked = true,
            _ => {}
        }
    }
    let marked = marked || markdown.trim().contains("\n\n");
    (text.split_whitespace().collect::<Vec<_>>().join(" "), marked)
}

/// A text in XML.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // A line feed in an attribute would be read as a space, a carriage return as nothing.
            '\n' | '\r' | '\t' => out.push_str(&format!("&#{};", u32::from(c))),
            // XML 1.0 has no place for them.
            c if c.is_control() && !matches!(c, '\u{7f}'..='\u{9f}') || matches!(c, '\u{fffe}' | '\u{ffff}') => {
                out.push('\u{fffd}');
            }
            c => out.push(c),
        }
    }
    out
}
