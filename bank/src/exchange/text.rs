//! Bytes to text, and what is left of HTML in a text.

use super::ReadError;
use super::entities::named;
use std::borrow::Cow;

/// A file as text.
pub(super) struct Decoded<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) warning: Option<String>,
}

/// UTF-8, UTF-16 by its byte order mark, or the Western encoding that an XML declaration announces.
pub(super) fn decode(bytes: &[u8]) -> Result<Decoded<'_>, ReadError> {
    if let Some(rest) = bytes.strip_prefix(b"\xef\xbb\xbf") {
        return utf8(rest);
    }
    if let Some(rest) = bytes.strip_prefix(b"\xff\xfe") {
        return utf16(rest, u16::from_le_bytes);
    }
    if let Some(rest) = bytes.strip_prefix(b"\xfe\xff") {
        return utf16(rest, u16::from_be_bytes);
    }
    match announced(bytes).as_deref() {
        Some(name @ ("iso-8859-1" | "iso-8859-15" | "latin1" | "windows-1252" | "cp1252")) => {
            let text = bytes.iter().map(|&b| western(b, name == "iso-8859-15")).collect();
            Ok(Decoded {
                text: Cow::Owned(text),
                warning: Some(format!("texte lu en {name}, comme annoncé, et non en UTF-8")),
            })
        }
        Some("utf-8" | "utf8" | "us-ascii" | "ascii") | None => utf8(bytes),
        Some(other) => Err(ReadError::Encoding { line: 1, encoding: other.to_owned() }),
    }
}

/// A text without declaration: UTF-8 or UTF-16 by its mark, else UTF-8 if it is valid, else Windows-1252,
/// which is what spreadsheets and old editors write in France.
pub(super) fn decode_any(bytes: &[u8]) -> Result<Decoded<'_>, ReadError> {
    let marked = [&b"\xef\xbb\xbf"[..], b"\xff\xfe", b"\xfe\xff"].iter().any(|mark| bytes.starts_with(mark));
    if marked {
        return decode(bytes);
    }
    if let Some(unit) = unmarked_utf16(bytes) {
        return utf16(bytes, unit);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Decoded { text: Cow::Borrowed(text), warning: None }),
        Err(_) => Ok(Decoded {
            text: Cow::Owned(bytes.iter().map(|byte| western(*byte, false)).collect()),
            warning: Some("texte lu en Windows-1252, faute d’être en UTF-8 : vérifiez les accents".to_owned()),
        }),
    }
}

/// Every other byte of the beginning is zero: UTF-16 without its mark.
fn unmarked_utf16(bytes: &[u8]) -> Option<fn([u8; 2]) -> u16> {
    let (pairs, _) = bytes.get(..bytes.len().min(256))?.as_chunks::<2>();
    if pairs.len() < 4 {
        return None;
    }
    if pairs.iter().all(|[low, high]| *high == 0 && *low != 0) {
        return Some(u16::from_le_bytes);
    }
    pairs.iter().all(|[high, low]| *high == 0 && *low != 0).then_some(u16::from_be_bytes)
}

/// The beginning of a file as text, whatever it is: to tell formats.
pub(super) fn decode_head(bytes: &[u8]) -> String {
    match bytes {
        [0xff, 0xfe, rest @ ..] => lossy16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => lossy16(rest, u16::from_be_bytes),
        _ => match unmarked_utf16(bytes) {
            Some(unit) => lossy16(bytes, unit),
            None => String::from_utf8_lossy(bytes).into_owned(),
        },
    }
}

fn lossy16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units: Vec<u16> = bytes.as_chunks::<2>().0.iter().map(|pair| unit(*pair)).collect();
    String::from_utf16_lossy(&units)
}

/// The encoding of an XML declaration, in lower case.
pub(super) fn announced(bytes: &[u8]) -> Option<String> {
    let head = bytes.get(..bytes.len().min(200))?;
    let head = head.strip_prefix(b"<?xml")?;
    let end = head.windows(2).position(|w| w == b"?>")?;
    let head = std::str::from_utf8(head.get(..end)?).ok()?;
    let (_, after) = head.split_once("encoding")?;
    let value = after.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    value.get(1..)?.split_once(quote).map(|(name, _)| name.trim().to_ascii_lowercase())
}

fn utf8(bytes: &[u8]) -> Result<Decoded<'_>, ReadError> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Decoded { text: Cow::Borrowed(text), warning: None }),
        Err(error) => {
            let line = 1 + bytes.iter().take(error.valid_up_to()).filter(|b| **b == b'\n').count();
            Err(ReadError::Encoding { line, encoding: "UTF-8".to_owned() })
        }
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Decoded<'static>, ReadError> {
    let mut text = String::with_capacity(bytes.len());
    let fault =
        |text: &str| ReadError::Encoding { line: 1 + text.matches('\n').count(), encoding: "UTF-16".to_owned() };
    let (units, rest) = bytes.as_chunks::<2>();
    for c in char::decode_utf16(units.iter().map(|pair| unit(*pair))) {
        match c {
            Ok(c) => text.push(c),
            Err(_) => return Err(fault(&text)),
        }
    }
    if rest.is_empty() { Ok(Decoded { text: Cow::Owned(text), warning: None }) } else { Err(fault(&text)) }
}

/// A byte of Windows-1252, which is what files that say ISO-8859-1 are in practice (WHATWG Encoding,
/// 2024); ISO-8859-15 has the euro and œ elsewhere.
pub(super) fn western(byte: u8, latin9: bool) -> char {
    const C1: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘',
        '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    match byte {
        0xa4 if latin9 => '€',
        0xa6 if latin9 => 'Š',
        0xa8 if latin9 => 'š',
        0xb4 if latin9 => 'Ž',
        0xb8 if latin9 => 'ž',
        0xbc if latin9 => 'Œ',
        0xbd if latin9 => 'œ',
        0xbe if latin9 => 'Ÿ',
        0x80..=0x9f => C1[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

/// The character entities of HTML in a text: `&lt;`, `&#233;`…
pub(super) fn entities(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices('&').filter_map(|(at, _)| entity(&text[at..]).map(|(length, _)| &text[at..at + length]))
}

/// The entity that starts a text: its length and what it stands for.
pub(super) fn entity(text: &str) -> Option<(usize, char)> {
    let inner = text.strip_prefix('&')?;
    let end = inner.bytes().take(40).position(|b| b == b';')?;
    let name = inner.get(..end)?;
    let length = end + 2;
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) if hex.bytes().all(|b| b.is_ascii_hexdigit()) => u32::from_str_radix(hex, 16).ok()?,
            None if number.bytes().all(|b| b.is_ascii_digit()) => number.parse().ok()?,
            _ => return None,
        };
        // As browsers do: 128 to 159 are Windows-1252.
        let c = match u8::try_from(code) {
            Ok(byte @ 0x80..=0x9f) => western(byte, false),
            _ => char::from_u32(code).filter(|c| *c != '\0')?,
        };
        return Some((length, c));
    }
    named(name).map(|c| (length, c))
}

/// The first bytes of a text, at most `length`, cut between characters.
pub(super) fn head(text: &str, length: usize) -> &str {
    let mut end = length.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Entities replaced by what they stand for.
pub(super) fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        match entity(rest) {
            Some((length, c)) => {
                out.push(c);
                rest = &rest[length..];
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings() {
        let text = |bytes: &[u8]| decode(bytes).map(|d| d.text.into_owned());
        assert_eq!(text("été".as_bytes()).unwrap(), "été");
        assert_eq!(text(b"\xef\xbb\xbf\xc3\xa9").unwrap(), "é");
        assert_eq!(text(b"\xff\xfe\xe9\x00").unwrap(), "é");
        assert_eq!(text(b"\xfe\xff\x00\xe9").unwrap(), "é");
        assert_eq!(
            text(b"<?xml version='1.0' encoding='ISO-8859-1'?>\xe9\x9c")
                .unwrap()
                .chars()
                .rev()
                .take(2)
                .collect::<String>(),
            "œé"
        );
        let error = text(b"a\nb\n\xe9").unwrap_err();
        assert_eq!(error.to_string(), "ligne 3 : ce n’est pas du texte UTF-8 ; enregistrez le fichier en UTF-8");
        assert!(text(b"\xff\xfe\x00").is_err());
        assert!(text(b"\xff\xfe\x00\xd8").is_err());
    }

    #[test]
    fn entities_are_found_and_replaced() {
        assert_eq!(unescape("&eacute;t&#233; &lt; &#x2265; &nbsp;&foo; R&D & &#150;"), "été < ≥ \u{a0}&foo; R&D & –");
        assert_eq!(entities("a &lt; b &inconnu; c&#39;d & R&D;").collect::<Vec<_>>(), ["&lt;", "&#39;"]);
    }
}
