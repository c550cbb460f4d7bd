//! Pictures, PDFs and videos inside a file: base64, names, types.

use super::html::Picture;
use super::identity::slug;
use super::xml::Node;
use super::{MediaFile, text};
use crate::revision::hex_sha256;
use docimo_engine::paper::Element;
use std::collections::HashMap;
use std::fmt::Write as _;

/// Names already given in this import, with the content of each.
#[derive(Default)]
pub(super) struct Names {
    given: HashMap<String, String>,
    /// Largest picture, in bytes.
    pub(super) largest: u64,
}

impl Names {
    pub(super) fn new(largest: u64) -> Self {
        Self { given: HashMap::new(), largest }
    }

    /// A picture from its bytes; else why not, in French.
    pub(super) fn take(&mut self, name: &str, bytes: Vec<u8>) -> Result<MediaFile, String> {
        if bytes.len() as u64 > self.largest {
            return Err(format!("l’image « {name} » dépasse {} Mo : non reprise", self.largest / 1024 / 1024));
        }
        let Some((mime, extension)) = sniff(&bytes) else {
            return Err(format!("« {name} » n’est pas une image PNG, JPEG, GIF, WebP ou SVG : non reprise"));
        };
        let name = self.give(name, extension, &hex_sha256(&bytes));
        Ok(MediaFile { name, mime, bytes })
    }

    /// A safe name for a content: the same picture keeps its name, another one of that name takes the
    /// first digits of its hash.
    fn give(&mut self, wanted: &str, extension: &str, hash: &str) -> String {
        let stem = slug(wanted.rsplit_once('.').map_or(wanted, |(stem, _)| stem));
        let stem = if stem.is_empty() { "image".to_owned() } else { stem };
        for name in
            [format!("{stem}.{extension}"), format!("{stem}-{}.{extension}", &hash[..8]), format!("{hash}.{extension}")]
        {
            let known = self.given.entry(name.clone()).or_insert_with(|| hash.to_owned());
            if known == hash {
                return name;
            }
        }
        format!("{hash}.{extension}")
    }
}

/// A `<file>` of a text.
pub(super) struct Attached {
    pub(super) name: String,
    pub(super) base64: String,
    pub(super) used: bool,
}

pub(super) fn attached(text: &Node) -> Vec<Attached> {
    text.children("file")
        .map(|file| Attached {
            name: file.attribute("name").unwrap_or_default().to_owned(),
            // Another encoding is no base64: it is refused when used.
            base64: if file.attribute("encoding").is_none_or(|e| e == "base64") { file.text() } else { "?".to_owned() },
            used: false,
        })
        .collect()
}

/// The name of the attached file that a source points at.
pub(super) fn plugin_file(src: &str) -> Option<String> {
    let path = src.trim().strip_prefix("@@PLUGINFILE@@/")?;
    let path = path.split(['?', '#']).next().unwrap_or(path);
    let name = path.rsplit('/').next().unwrap_or(path);
    percent_decoded(name)
}

pub(super) fn mark_used(files: &mut [Attached], src: &str) {
    if let Some(name) = plugin_file(src) {
        files.iter_mut().filter(|f| f.name == name).for_each(|f| f.used = true);
    }
}

/// The picture that an `<img>` shows; else why not, in French.
pub(super) fn extract(picture: &Picture, files: &mut [Attached], names: &mut Names) -> Result<MediaFile, String> {
    if let Some(name) = plugin_file(&picture.src) {
        let Some(file) = files.iter_mut().find(|f| f.name == name) else {
            return Err(format!("l’image « {name} » n’est pas dans le fichier"));
        };
        file.used = true;
        return decode(&name, &file.base64, names);
    }
    if let Some(data) = picture.src.strip_prefix("data:") {
        return match data.split_once(',') {
            Some((kind, base64)) if kind.trim_end().ends_with(";base64") => decode("image", base64, names),
            _ => Err("une image de l’énoncé est écrite d’une façon inconnue (data:)".to_owned()),
        };
    }
    let shown: String = picture.src.chars().take(80).collect();
    Err(format!("l’image « {shown} » est hors du fichier : non reprise"))
}

fn decode(name: &str, base64: &str, names: &mut Names) -> Result<MediaFile, String> {
    if (base64.len() / 4 * 3) as u64 > names.largest {
        return Err(format!("l’image « {name} » dépasse {} Mo : non reprise", names.largest / 1024 / 1024));
    }
    let bytes = from_base64(base64).ok_or_else(|| format!("l’image « {name} » est illisible (base64)"))?;
    names.take(name, bytes)
}

/// The type of a picture and its usual extension, from its first bytes.
pub(super) fn sniff(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some(("image/png", "png"))
    } else if bytes.starts_with(b"\xff\xd8\xff") {
        Some(("image/jpeg", "jpg"))
    } else if bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a") {
        Some(("image/gif", "gif"))
    } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        Some(("image/webp", "webp"))
    } else {
        let text = std::str::from_utf8(bytes).ok()?.trim_start_matches('\u{feff}').trim_start();
        (text.starts_with('<') && text::head(text, 1000).contains("<svg")).then_some(("image/svg+xml", "svg"))
    }
}

/// The type of a PDF or of a video and its usual extension, from its first bytes.
pub(super) fn sniff_document(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    if bytes.starts_with(b"%PDF-") {
        Some(("application/pdf", "pdf"))
    } else if bytes.get(4..8) == Some(b"ftyp") {
        Some(("video/mp4", "mp4"))
    } else if bytes.starts_with(b"\x1a\x45\xdf\xa3") {
        Some(("video/webm", "webm"))
    } else {
        None
    }
}

/// A PDF or a video from its bytes, under a name; `None` for anything else. It is checked by whoever keeps it.
pub(super) fn document(name: &str, bytes: Vec<u8>, largest: u64) -> Option<Result<MediaFile, String>> {
    let (mime, _) = sniff_document(&bytes)?;
    if bytes.len() as u64 > largest {
        return Some(Err(format!("le fichier « {name} » dépasse {} Mo : non repris", largest / 1024 / 1024)));
    }
    Some(Ok(MediaFile { name: name.to_owned(), mime, bytes }))
}

/// The PDFs and videos among `found`, files as a package names them, that an element of ours names.
pub(super) fn documents_of(element: &Element, found: &[(&str, &[u8])], largest: u64) -> Vec<MediaFile> {
    let wanted = element.pdf().map(|pdf| &pdf.file).into_iter().chain(element.videos().map(|video| &video.file));
    wanted
        .filter_map(|file| {
            let (_, bytes) = found.iter().find(|(name, bytes)| *name == file_name(file, bytes))?;
            document(file, bytes.to_vec(), largest)?.ok()
        })
        .collect()
}

/// RFC 4648 base64, spaces and line feeds ignored, padding optional.
pub(super) fn from_base64(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut buffer, mut bits, mut padding) = (0u32, 0u32, false);
    for byte in text.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => {
                padding = true;
                continue;
            }
            b' ' | b'\t' | b'\r' | b'\n' => continue,
            _ => return None,
        };
        if padding {
            return None;
        }
        buffer = (buffer << 6) | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push(u8::try_from((buffer >> bits) & 0xff).unwrap_or(0));
        }
    }
    // Six bits left over are half a byte: the text was cut.
    (bits < 6).then_some(out)
}

/// RFC 4648 base64, padded, on one line.
pub(super) fn to_base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let group = three.iter().enumerate().fold(0u32, |sum, (i, byte)| sum | u32::from(*byte) << (16 - 8 * i));
        for digit in 0..4 {
            let value = (group >> (18 - 6 * digit)) & 63;
            out.push(if digit <= three.len() { char::from(DIGITS[value as usize]) } else { '=' });
        }
    }
    out
}

/// Bytes of a path percent-encoded for an address.
pub(super) fn percent_encoded(name: &str) -> String {
    name.bytes().fold(String::with_capacity(name.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

/// Percent-encoding undone; `None` if the bytes are no text.
pub(super) fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let hex = after
            .get(..2)
            .and_then(|h| std::str::from_utf8(h).ok())
            .filter(|h| h.bytes().all(|b| b.is_ascii_hexdigit()));
        match hex.and_then(|h| u8::from_str_radix(h, 16).ok()) {
            Some(decoded) if byte == b'%' => {
                bytes.push(decoded);
                rest = &after[2..];
            }
            _ => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).ok()
}

/// Width and height in pixels of a PNG, JPEG, GIF or WebP.
pub(super) fn size(bytes: &[u8]) -> Option<(u32, u32)> {
    let size = imagesize::blob_size(bytes).ok()?;
    let (width, height) = (u32::try_from(size.width).ok()?, u32::try_from(size.height).ok()?);
    (width > 0 && height > 0).then_some((width, height))
}

/// A file name for a picture, a PDF or a video that keeps its own name where that says its type.
pub(super) fn file_name(file: &str, bytes: &[u8]) -> String {
    let extension = sniff(bytes).or_else(|| sniff_document(bytes)).map_or("bin", |(_, extension)| extension);
    let safe: String =
        file.chars().map(|c| if c.is_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '-' }).collect();
    let known = safe.rsplit_once('.').is_some_and(|(stem, e)| !stem.is_empty() && e.eq_ignore_ascii_case(extension));
    if known { safe } else { format!("{}.{extension}", safe.trim_matches('.')) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64() {
        // RFC 4648, section 10.
        for (text, wanted) in
            [("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9v\r\nYmFy", "foobar"), ("Zm8", "fo")]
        {
            assert_eq!(from_base64(text).unwrap(), wanted.as_bytes());
            assert_eq!(
                to_base64(wanted.as_bytes()).trim_end_matches('='),
                text.replace("\r\n", "").trim_end_matches('=')
            );
        }
        for bad in ["Z", "Zm9v!", "Zg==Zg", "é"] {
            assert!(from_base64(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn names_are_safe_and_stand_for_one_content() {
        let mut names = Names::new(1000);
        let (a, b) = ("a".repeat(64), "b".repeat(64));
        assert_eq!(names.give("../Élément n°1.PNG", "png", &a), "element-n-1.png");
        assert_eq!(names.give("../Élément n°1.PNG", "png", &a), "element-n-1.png");
        assert_eq!(names.give("element n 1.png", "png", &b), "element-n-1-bbbbbbbb.png");
        assert_eq!(names.give("…", "jpg", &b), "image.jpg");
    }

    #[test]
    fn documents_are_known_by_their_first_bytes() {
        assert_eq!(sniff_document(b"%PDF-1.7\n").map(|(mime, _)| mime), Some("application/pdf"));
        assert_eq!(sniff_document(b"\0\0\0\x18ftypisom").map(|(_, extension)| extension), Some("mp4"));
        assert_eq!(sniff_document(b"\x1a\x45\xdf\xa3").map(|(_, extension)| extension), Some("webm"));
        assert!(sniff_document(b"PK").is_none());
        assert!(matches!(document("a.pdf", b"%PDF-1.7".to_vec(), 4), Some(Err(_))));
    }

    #[test]
    fn sources() {
        assert_eq!(plugin_file("@@PLUGINFILE@@/c%C5%93ur%20%231.png?time=12").as_deref(), Some("cœur #1.png"));
        assert_eq!(plugin_file("@@PLUGINFILE@@/100%.png").as_deref(), Some("100%.png"));
        assert_eq!(plugin_file("http://x/y.png"), None);
    }
}
