//! What a machine may lean on: documents brought by people, as text with pages and sections, cut into passages.
//!
//! [`read`] turns bytes into [`Block`]s, [`passages`] cuts them on their structure. Text is data from here on: what
//! cannot be seen in it (controls, zero-width and directional characters, Unicode tags) is removed, so that nothing
//! is told to a model that a reviewer does not see beside it.

mod docx;
mod html;
mod pdf;

use unicode_normalization::UnicodeNormalization;

/// Largest document read, in bytes.
pub const MAX_BYTES: usize = 20 * 1024 * 1024;
/// Most characters kept of a document.
pub const MAX_CHARS: usize = 2_000_000;
/// Characters that a passage aims at, at most.
pub const PASSAGE_CHARS: usize = 1_400;

/// How a document is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// Text without marks.
    Plain,
    /// Markdown.
    Markdown,
    /// A web page.
    Html,
    /// A word processor's document.
    Docx,
    /// A PDF that holds text.
    Pdf,
}

impl Format {
    /// From the end of a file's name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        let end = name.rsplit_once('.')?.1.to_lowercase();
        Some(match end.as_str() {
            "txt" | "text" => Self::Plain,
            "md" | "markdown" => Self::Markdown,
            "html" | "htm" | "xhtml" => Self::Html,
            "docx" => Self::Docx,
            "pdf" => Self::Pdf,
            _ => return None,
        })
    }

    /// The word kept with a document.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Markdown => "markdown",
            Self::Html => "html",
            Self::Docx => "docx",
            Self::Pdf => "pdf",
        }
    }
}

/// Why a document was not read, in French.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// Too many bytes.
    #[error("le document est trop gros : {} Mio au plus", MAX_BYTES / 1024 / 1024)]
    TooBig,
    /// Nothing in it can be read as text.
    #[error("le document ne contient aucun texte lisible{0}")]
    Empty(&'static str),
    /// It is not what its name says, or is damaged.
    #[error("{format} illisible : {why}")]
    Unreadable {
        /// Which format.
        format: &'static str,
        /// Why.
        why: String,
    },
}

/// A paragraph or a heading.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Block {
    /// Page, from 1, where the format has pages.
    pub page: Option<u32>,
    /// Is it the title of what follows?
    pub heading: bool,
    /// Its text, on one line.
    pub text: String,
}

/// A part of a document that can be quoted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cut {
    /// From 1, in the document's order.
    pub number: u32,
    /// Page, where the format has pages.
    pub page: Option<u32>,
    /// Title that it stands under; empty without one.
    pub section: String,
    /// Its text.
    pub text: String,
}

/// "page 4, Physiopathologie": where a passage stands, for people.
#[must_use]
pub fn place(page: Option<u32>, section: &str) -> String {
    match (page, section) {
        (Some(page), "") => format!("page {page}"),
        (Some(page), section) => format!("page {page}, « {section} »"),
        (None, "") => String::new(),
        (None, section) => format!("« {section} »"),
    }
}

/// Reads a document.
///
/// # Errors
/// When it is too big, damaged, or holds no text (a scan, say).
pub fn read(bytes: &[u8], format: Format) -> Result<Vec<Block>, SourceError> {
    if bytes.len() > MAX_BYTES {
        return Err(SourceError::TooBig);
    }
    let blocks = match format {
        Format::Plain => plain(&text_of(bytes)?, false),
        Format::Markdown => plain(&text_of(bytes)?, true),
        Format::Html => html::blocks(&text_of(bytes)?),
        Format::Docx => docx::blocks(bytes)?,
        Format::Pdf => pdf::blocks(bytes)?,
    };
    let (mut kept, mut room) = (Vec::with_capacity(blocks.len()), MAX_CHARS);
    for block in blocks {
        let text = visible(&block.text);
        if text.is_empty() {
            continue;
        }
        let Some(left) = room.checked_sub(text.chars().count()) else { break };
        room = left;
        kept.push(Block { text, ..block });
    }
    if kept.iter().all(|b| b.heading) {
        let why = if format == Format::Pdf {
            " (un PDF numérisé doit d’abord passer par une reconnaissance de texte)"
        } else {
            ""
        };
        return Err(SourceError::Empty(why));
    }
    Ok(kept)
}

fn text_of(bytes: &[u8]) -> Result<String, SourceError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.contains(&0) {
        return Err(SourceError::Unreadable { format: "texte", why: "ce n’est pas du texte en UTF-8".into() });
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        // Old French files: every byte is a character of Latin-1.
        Err(_) => Ok(bytes.iter().map(|b| char::from(*b)).collect()),
    }
}

/// A text on one line, composed, without what cannot be seen.
#[must_use]
pub fn visible(text: &str) -> String {
    let seen = text.nfc().filter(|c| !unseen(*c)).map(|c| if c.is_whitespace() || c.is_control() { ' ' } else { c });
    let seen: String = seen.collect();
    seen.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

fn unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}' | '\u{e000}'..='\u{f8ff}')
}

/// Paragraphs parted by empty lines; in Markdown, `#` makes a heading and a list item stands alone.
fn plain(text: &str, markdown: bool) -> Vec<Block> {
    let (mut blocks, mut paragraph) = (Vec::new(), String::new());
    let mut page = text.contains('\u{c}').then_some(1);
    let flush = |paragraph: &mut String, blocks: &mut Vec<Block>, page| {
        if !paragraph.trim().is_empty() {
            blocks.push(Block { page, heading: false, text: std::mem::take(paragraph) });
        }
        paragraph.clear();
    };
    for line in text.lines() {
        for (i, piece) in line.split('\u{c}').enumerate() {
            if i > 0 {
                flush(&mut paragraph, &mut blocks, page);
                page = page.map(|p: u32| p + 1);
            }
            let trimmed = piece.trim();
            let level = trimmed.bytes().take_while(|b| *b == b'#').count();
            let title = trimmed.get(level..).unwrap_or("");
            if markdown && (1..=6).contains(&level) && title.starts_with(' ') {
                flush(&mut paragraph, &mut blocks, page);
                blocks.push(Block { page, heading: true, text: title.trim_end_matches('#').to_owned() });
                continue;
            }
            if trimmed.is_empty() || (markdown && trimmed.starts_with(['-', '*', '+']) && trimmed[1..].starts_with(' '))
            {
                flush(&mut paragraph, &mut blocks, page);
            }
            if !paragraph.is_empty() {
                paragraph.push(' ');
            }
            paragraph.push_str(trimmed);
        }
    }
    flush(&mut paragraph, &mut blocks, page);
    blocks
}

/// Cuts a document: at its headings and pages, between paragraphs, and between sentences where a paragraph is long.
#[must_use]
pub fn passages(blocks: &[Block]) -> Vec<Cut> {
    let mut cuts: Vec<Cut> = Vec::new();
    let mut section = String::new();
    let mut open = false;
    for block in blocks {
        if block.heading {
            section = block.text.chars().take(200).collect();
            open = false;
            continue;
        }
        for piece in pieces(&block.text) {
            let fits = cuts.last().is_some_and(|last| {
                open && last.page == block.page && last.text.chars().count() + piece.chars().count() < PASSAGE_CHARS
            });
            match cuts.last_mut() {
                Some(last) if fits => {
                    last.text.push('\n');
                    last.text.push_str(&piece);
                }
                _ => {
                    let number = u32::try_from(cuts.len() + 1).unwrap_or(u32::MAX);
                    cuts.push(Cut { number, page: block.page, section: section.clone(), text: piece });
                }
            }
            open = true;
        }
    }
    cuts
}

/// A paragraph, in parts that are no longer than a passage.
fn pieces(text: &str) -> Vec<String> {
    let mut parts: Vec<String> = vec![String::new()];
    let mut length = 0;
    for sentence in text.split_inclusive(['.', '!', '?', ';', '…']) {
        let count = sentence.chars().count();
        if length > 0 && length + count > PASSAGE_CHARS {
            parts.push(String::new());
            length = 0;
        }
        // A sentence without an end is cut between characters.
        for c in sentence.chars() {
            if length >= PASSAGE_CHARS * 2 {
                parts.push(String::new());
                length = 0;
            }
            if let Some(last) = parts.last_mut() {
                last.push(c);
            }
            length += 1;
        }
    }
    parts.into_iter().map(|p| p.trim().to_owned()).filter(|p| !p.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn zipped(name: &str, content: &str) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
        zip.finish().unwrap().into_inner()
    }

    #[test]
    fn markdown_is_cut_at_its_headings() {
        let text = "# Asthme\n\nL’asthme est une maladie\ninflammatoire.\n\n- sibilants\n- toux\n\n## Traitement\n\nUn corticoïde inhalé.";
        let cuts = passages(&read(text.as_bytes(), Format::Markdown).unwrap());
        let seen: Vec<_> = cuts.iter().map(|c| (c.number, c.section.as_str(), c.text.as_str())).collect();
        assert_eq!(
            seen,
            [
                (1, "Asthme", "L’asthme est une maladie inflammatoire.\n- sibilants\n- toux"),
                (2, "Traitement", "Un corticoïde inhalé.")
            ]
        );
    }

    #[test]
    fn what_cannot_be_seen_is_not_told_to_a_model() {
        let text = "Bonjour\u{200b} \u{202e}monde\u{e0041}\u{e0042}\u{7}.";
        let blocks = read(text.as_bytes(), Format::Plain).unwrap();
        assert_eq!(blocks[0].text, "Bonjour monde .");
    }

    #[test]
    fn a_long_paragraph_is_cut_between_sentences() {
        let text = "Une phrase de quelques mots. ".repeat(200);
        let cuts = passages(&read(text.as_bytes(), Format::Plain).unwrap());
        assert!(cuts.len() > 3);
        for cut in &cuts {
            assert!(cut.text.chars().count() <= PASSAGE_CHARS && cut.text.ends_with("mots."), "{}", cut.text);
        }
        let endless = passages(&read("a".repeat(10_000).as_bytes(), Format::Plain).unwrap());
        assert_eq!(endless.iter().map(|c| c.text.len()).sum::<usize>(), 10_000);
    }

    #[test]
    fn a_web_page_gives_its_text_only() {
        let page = "<html><head><title>x</title><style>p{}</style></head><body><h1>Titre &amp; suite</h1>\
                    <script>alert('ignore tout')</script><p>Un <b>mot</b>&nbsp;puis &eacute;t&#233;.</p><!-- caché -->\
                    <ul><li>un</li><li>deux</li></ul></body>";
        let blocks = read(page.as_bytes(), Format::Html).unwrap();
        let seen: Vec<_> = blocks.iter().map(|b| (b.heading, b.text.as_str())).collect();
        assert_eq!(seen, [(true, "Titre & suite"), (false, "Un mot puis été."), (false, "un"), (false, "deux")]);
        // Cut anywhere, it is read without fault.
        for end in (0..page.len()).filter(|i| page.is_char_boundary(*i)) {
            let _ = read(&page.as_bytes()[..end], Format::Html);
        }
    }

    #[test]
    fn a_word_document_has_headings_and_pages() {
        let xml = r#"<?xml version="1.0"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>
            <w:p><w:pPr><w:pStyle w:val="Titre1"/></w:pPr><w:r><w:t>Asthme</w:t></w:r></w:p>
            <w:p><w:r><w:t xml:space="preserve">Un </w:t></w:r><w:r><w:t>mot &amp; un autre.</w:t></w:r></w:p>
            <w:p><w:r><w:br w:type="page"/><w:t>Suite.</w:t></w:r></w:p></w:body></w:document>"#;
        let blocks = read(&zipped("word/document.xml", xml), Format::Docx).unwrap();
        let seen: Vec<_> = blocks.iter().map(|b| (b.page, b.heading, b.text.as_str())).collect();
        assert_eq!(
            seen,
            [(Some(1), true, "Asthme"), (Some(1), false, "Un mot & un autre."), (Some(2), false, "Suite.")]
        );
        assert!(matches!(read(b"PK nothing", Format::Docx), Err(SourceError::Unreadable { .. })));
        assert!(matches!(read(&zipped("other.xml", "<a/>"), Format::Docx), Err(SourceError::Unreadable { .. })));
    }

    #[test]
    fn a_pdf_gives_the_text_of_its_pages() {
        use lopdf::content::{Content, Operation};
        use lopdf::{Document, Object, Stream, dictionary};
        let mut file = Document::with_version("1.5");
        let pages_id = file.new_object_id();
        let font = file.add_object(dictionary! {"Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Courier", "Encoding" => "WinAnsiEncoding"});
        let mut kids = Vec::new();
        for words in ["La dyspnee est un signe.", "Le traitement est local."] {
            let content = Content {
                operations: vec![
                    Operation::new("BT", vec![]),
                    Operation::new("Tf", vec!["F1".into(), 12.into()]),
                    Operation::new("Td", vec![100.into(), 600.into()]),
                    Operation::new("Tj", vec![Object::string_literal(words)]),
                    Operation::new("ET", vec![]),
                ],
            };
            let content = file.add_object(Stream::new(dictionary! {}, content.encode().unwrap()));
            let page = file.add_object(dictionary! {"Type" => "Page", "Parent" => pages_id, "Contents" => content,
            "Resources" => dictionary! {"Font" => dictionary! {"F1" => font}}});
            kids.push(page.into());
        }
        let pages = dictionary! {"Type" => "Pages", "Count" => 2, "Kids" => kids,
        "MediaBox" => vec![0.into(), 0.into(), 595.into(), 842.into()]};
        file.objects.insert(pages_id, Object::Dictionary(pages));
        let catalog = file.add_object(dictionary! {"Type" => "Catalog", "Pages" => pages_id});
        file.trailer.set("Root", catalog);
        let mut bytes = Vec::new();
        file.save_to(&mut bytes).unwrap();
        let blocks = read(&bytes, Format::Pdf).unwrap();
        let seen: Vec<_> = blocks.iter().map(|b| (b.page, b.text.as_str())).collect();
        assert_eq!(seen, [(Some(1), "La dyspnee est un signe."), (Some(2), "Le traitement est local.")]);
        assert!(matches!(read(b"%PDF-1.5 cut", Format::Pdf), Err(SourceError::Unreadable { .. })));
    }

    #[test]
    fn nothing_to_read_is_said() {
        assert!(matches!(read(b"  \n ", Format::Plain), Err(SourceError::Empty(_))));
        assert!(matches!(read(b"\0\0", Format::Markdown), Err(SourceError::Unreadable { .. })));
        assert_eq!(Format::of_name("Cours.PDF"), Some(Format::Pdf));
        assert_eq!(Format::of_name("cours"), None);
    }
}
