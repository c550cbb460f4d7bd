//! Which format a file is in, told by what is in it, then by its name.

use super::text;

/// A format of files of questions.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Format {
    /// Docimo's own: `docimo-questions/1`.
    Json,
    /// Export of the question bank of Moodle.
    MoodleXml,
    /// Moodle's text format.
    Gift,
    /// Lettered options and `ANSWER:`.
    Aiken,
    /// Auto Multiple Choice, plain text.
    AmcTxt,
    /// Auto Multiple Choice, LaTeX.
    AmcLatex,
    /// QTI 1.2, 2.x or 3.0: an item, or a package.
    Qti,
    /// A table in a text file.
    Csv,
    /// A table in a workbook.
    Xlsx,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 9] = [
        Self::Json,
        Self::MoodleXml,
        Self::Gift,
        Self::Aiken,
        Self::AmcTxt,
        Self::AmcLatex,
        Self::Qti,
        Self::Csv,
        Self::Xlsx,
    ];

    /// The name shown to users.
    pub fn french(self) -> &'static str {
        match self {
            Self::Json => "JSON Docimo",
            Self::MoodleXml => "XML Moodle",
            Self::Gift => "GIFT",
            Self::Aiken => "Aiken",
            Self::AmcTxt => "AMC-TXT",
            Self::AmcLatex => "AMC LaTeX",
            Self::Qti => "QTI",
            Self::Csv => "CSV",
            Self::Xlsx => "XLSX",
        }
    }

    /// The code of command lines and addresses.
    pub fn code(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::MoodleXml => "moodle-xml",
            Self::Gift => "gift",
            Self::Aiken => "aiken",
            Self::AmcTxt => "amc-txt",
            Self::AmcLatex => "amc-latex",
            Self::Qti => "qti",
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
        }
    }

    /// The format of a code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.code() == code)
    }

    /// The format told by the content, else by the extension of the name.
    pub fn detect(bytes: &[u8], name: &str) -> Option<Self> {
        let extension = name.rsplit_once('.').map(|(_, e)| e.to_ascii_lowercase()).unwrap_or_default();
        if bytes.starts_with(b"PK") {
            return by_archive(bytes, &extension);
        }
        let head = text::decode_head(&bytes[..bytes.len().min(64 * 1024)]);
        let first = head.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\0'));
        match first.chars().next()? {
            '{' if first[1..].trim_start().starts_with(['"', '}']) => return Some(Self::Json),
            '[' if first[1..].trim_start().starts_with(['{', ']']) || extension == "json" => return Some(Self::Json),
            '<' if !matches!(extension.as_str(), "gift" | "csv") => {
                return by_root(first).or(Some(Self::MoodleXml));
            }
            _ => {}
        }
        by_text(first).or(match extension.as_str() {
            "json" => Some(Self::Json),
            "xml" => Some(Self::MoodleXml),
            "gift" => Some(Self::Gift),
            "aiken" => Some(Self::Aiken),
            "tex" | "latex" => Some(Self::AmcLatex),
            "csv" | "tsv" => Some(Self::Csv),
            "xlsx" => Some(Self::Xlsx),
            "qti" | "zip" | "imscc" => Some(Self::Qti),
            _ => None,
        })
    }
}

/// A backup of a Moodle course: a gzip, or an archive that says so by its name.
pub(super) fn is_backup(bytes: &[u8], name: &str) -> bool {
    let archive = bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"\x1f\x8b");
    archive && name.to_ascii_lowercase().ends_with(".mbz")
}

/// A workbook says what it is at its start; any other archive is a package.
fn by_archive(bytes: &[u8], extension: &str) -> Option<Format> {
    let holds = |name: &str| bytes.windows(name.len()).take(64 * 1024).any(|w| w == name.as_bytes());
    match extension {
        "xlsx" => Some(Format::Xlsx),
        "zip" | "imscc" | "qti" => Some(Format::Qti),
        _ if holds("xl/") || holds("[Content_Types].xml") => Some(Format::Xlsx),
        _ => Some(Format::Qti),
    }
}

/// By the first element of an XML.
fn by_root(text: &str) -> Option<Format> {
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        if rest.starts_with(['?', '!']) {
            let end = if rest.starts_with("!--") { "-->" } else { ">" };
            rest = rest.find(end).map_or("", |i| &rest[i..]);
            continue;
        }
        let name = rest.split(|c: char| c.is_whitespace() || matches!(c, '>' | '/')).next()?;
        let name = name.rsplit(':').next().unwrap_or(name);
        return match name {
            "questestinterop" | "assessmentItem" | "assessmentTest" | "assessmentSection" | "manifest" => {
                Some(Format::Qti)
            }
            _ if name.starts_with("qti-") => Some(Format::Qti),
            _ => Some(Format::MoodleXml),
        };
    }
    None
}

/// By the habits of the text formats, from the most telling.
fn by_text(text: &str) -> Option<Format> {
    let latex = ["\\begin{question", "\\documentclass", "\\element{", "automultiplechoice"];
    if latex.iter().any(|mark| text.contains(mark)) {
        return Some(Format::AmcLatex);
    }
    let lines = || text.lines().map(str::trim);
    if text.contains("AMC-TXT") {
        return Some(Format::AmcTxt);
    }
    if lines().any(super::aiken::is_answer) && lines().any(|l| super::aiken::option(l).is_some()) {
        return Some(Format::Aiken);
    }
    if super::table::looks_like_ours(text) {
        return Some(Format::Csv);
    }
    let stars = lines().any(|l| l.starts_with('*') && l.trim_start_matches('*').starts_with([' ', '[', '<']));
    if stars && lines().any(|l| l.starts_with('+')) && lines().any(|l| l.starts_with('-')) {
        return Some(Format::AmcTxt);
    }
    let comment = lines().any(|l| l.starts_with("//") || l.starts_with("$CATEGORY:"));
    let title = lines().any(|l| l.starts_with("::") && l[2..].contains("::"));
    let braces = text.contains('{') && text.contains('}');
    let cut = text.len() > 60_000;
    (title || comment && (braces || cut) || braces && text.contains(['=', '~']) || text.contains("{}"))
        .then_some(Format::Gift)
        .or_else(|| ["{T}", "{F}", "{TRUE}", "{FALSE}", "{#"].iter().any(|m| text.contains(m)).then_some(Format::Gift))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_tell() {
        for (text, name, wanted) in [
            ("{\"format\":1}", "x", Some(Format::Json)),
            ("<?xml version='1.0'?><!-- x --><quiz>", "x", Some(Format::MoodleXml)),
            ("<assessmentItem xmlns='x'>", "x.xml", Some(Format::Qti)),
            ("<qti-assessment-item>", "x.xml", Some(Format::Qti)),
            ("<imscp:manifest>", "imsmanifest.xml", Some(Format::Qti)),
            ("Où ?\nA) ici\nB) là\nANSWER: B\n", "x.txt", Some(Format::Aiken)),
            ("::t::Où ?{=ici ~là}", "x.txt", Some(Format::Gift)),
            ("Où ?{T}", "x.txt", Some(Format::Gift)),
            ("* Où ?\n+ ici\n- là\n", "x.txt", Some(Format::AmcTxt)),
            ("\\element{a}{\\begin{question}{x}", "x", Some(Format::AmcLatex)),
            ("Type;Énoncé;Proposition A;Réponses\n", "x", Some(Format::Csv)),
            ("bonjour", "x.txt", None),
            ("", "x.txt", None),
        ] {
            assert_eq!(Format::detect(text.as_bytes(), name), wanted, "{text}");
        }
        for format in Format::ALL {
            assert_eq!(Format::from_code(format.code()), Some(format));
        }
    }
}
