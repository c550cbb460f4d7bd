//! The text of a web page. A parser of HTML5 whole costs a minute of build; only text and headings are wanted here, and
//! whatever is misread is still text.

use super::Block;

/// Elements whose content is not read by people.
const SILENT: [&str; 8] = ["script", "style", "head", "template", "noscript", "svg", "math", "iframe"];
/// Elements that do not end a paragraph.
const INLINE: [&str; 24] = [
    "a", "abbr", "b", "bdi", "bdo", "cite", "code", "em", "font", "i", "kbd", "label", "mark", "q", "s", "small",
    "span", "strong", "sub", "sup", "u", "var", "wbr", "time",
];

pub(super) fn blocks(page: &str) -> Vec<Block> {
    let (mut blocks, mut text, mut heading) = (Vec::new(), String::new(), false);
    let mut flush = |text: &mut String, heading: bool| {
        if !text.trim().is_empty() {
            blocks.push(Block { page: None, heading, text: std::mem::take(text) });
        }
        text.clear();
    };
    let mut rest = page;
    while let Some(at) = rest.find('<') {
        text.push_str(&unescaped(&rest[..at]));
        rest = &rest[at..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        let named = rest[1..].trim_start_matches('/');
        let name: String =
            named.chars().take_while(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
        let closing = rest.starts_with("</");
        if name.is_empty() && !rest.starts_with("<!") && !rest.starts_with("<?") {
            text.push('<');
            rest = &rest[1..];
            continue;
        }
        rest = rest.split_once('>').map_or("", |(_, after)| after);
        if !closing && SILENT.contains(&name.as_str()) {
            let end = format!("</{name}");
            let lower = rest.to_ascii_lowercase();
            rest = lower.find(&end).map_or("", |at| &rest[at..]);
            continue;
        }
        if INLINE.contains(&name.as_str()) {
            continue;
        }
        flush(&mut text, heading);
        heading = !closing && matches!(name.as_bytes(), [b'h', b'1'..=b'6']);
    }
    text.push_str(&unescaped(rest));
    flush(&mut text, heading);
    blocks
}

fn unescaped(text: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.char_indices().take(12).find(|(_, c)| *c == ';').map(|(i, _)| i);
        match end.and_then(|end| Some((entity(&rest[1..end])?, end))) {
            Some((c, end)) => {
                out.push(c);
                rest = &rest[end + 1..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

fn entity(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code);
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        "eacute" => 'é',
        "egrave" => 'è',
        "ecirc" => 'ê',
        "agrave" => 'à',
        "acirc" => 'â',
        "ccedil" => 'ç',
        "icirc" => 'î',
        "iuml" => 'ï',
        "ocirc" => 'ô',
        "ugrave" => 'ù',
        "ucirc" => 'û',
        "euml" => 'ë',
        "Eacute" => 'É',
        "Agrave" => 'À',
        "Egrave" => 'È',
        "oelig" => 'œ',
        "laquo" => '«',
        "raquo" => '»',
        "rsquo" => '’',
        "lsquo" => '‘',
        "ldquo" => '“',
        "rdquo" => '”',
        "ndash" => '–',
        "mdash" => '—',
        "hellip" => '…',
        "deg" => '°',
        "micro" => 'µ',
        "alpha" => 'α',
        "beta" => 'β',
        "le" => '≤',
        "ge" => '≥',
        "times" => '×',
        "plusmn" => '±',
        _ => return None,
    })
}
