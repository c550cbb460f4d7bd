//! The text of a word processor's document (WordprocessingML), with its page breaks where they are written.

use super::{Block, MAX_BYTES, SourceError};
use quick_xml::Reader;
use quick_xml::events::Event;
use std::io::{Cursor, Read};

fn unreadable(why: impl ToString) -> SourceError {
    SourceError::Unreadable { format: "document Word", why: why.to_string() }
}

pub(super) fn blocks(bytes: &[u8]) -> Result<Vec<Block>, SourceError> {
    let mut archive =
        zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| unreadable("ce n’est pas un fichier .docx"))?;
    let file = archive.by_name("word/document.xml").map_err(|_| unreadable("son texte manque"))?;
    // Announced sizes are never believed.
    let mut xml = Vec::new();
    file.take(MAX_BYTES as u64 * 4 + 1).read_to_end(&mut xml).map_err(|_| unreadable("fichier abîmé"))?;
    if xml.len() > MAX_BYTES * 4 {
        return Err(SourceError::TooBig);
    }
    let xml = String::from_utf8(xml).map_err(|_| unreadable("texte qui n’est pas en UTF-8"))?;
    let mut reader = Reader::from_str(&xml);
    let (mut blocks, mut text, mut page) = (Vec::new(), String::new(), 1);
    let (mut heading, mut in_text) = (false, false);
    loop {
        let event = reader
            .read_event()
            .map_err(|_| unreadable(format!("XML fautif à l’octet {}", reader.buffer_position())))?;
        match event {
            Event::Eof => break,
            Event::Start(tag) | Event::Empty(tag) if tag.local_name().as_ref() == "pStyle" => {
                let style = tag.attributes().flatten().find(|a| a.key.local_name().as_ref() == "val");
                let style = style.map(|a| a.value.to_lowercase()).unwrap_or_default();
                heading = style.starts_with("titre") || style.starts_with("heading") || style == "title";
            }
            Event::Start(tag) | Event::Empty(tag)
                if matches!(tag.local_name().as_ref(), "br" | "lastRenderedPageBreak") =>
            {
                let rendered = tag.local_name().as_ref() == "lastRenderedPageBreak";
                if rendered || tag.attributes().flatten().any(|a| a.value.as_ref() == "page") {
                    if !text.trim().is_empty() {
                        blocks.push(Block { page: Some(page), heading, text: std::mem::take(&mut text) });
                    }
                    page += 1;
                } else {
                    text.push(' ');
                }
            }
            Event::Empty(tag) if tag.local_name().as_ref() == "ta" => text.push(' '),
            Event::Start(tag) if tag.local_name().as_ref() == "t" => in_text = true,
            Event::End(tag) if tag.local_name().as_ref() == "t" => in_text = false,
            Event::Start(tag) if tag.local_name().as_ref() == "p" => heading = false,
            Event::End(tag) if tag.local_name().as_ref() == "p" => {
                if !text.trim().is_empty() {
                    blocks.push(Block { page: Some(page), heading, text: std::mem::take(&mut text) });
                }
                text.clear();
                heading = false;
            }
            Event::Text(piece) if in_text => {
                text.push_str(&piece.xml10_content());
            }
            // XML's own five and numbers; a document that declares others is none of a word processor's.
            Event::GeneralRef(reference) if in_text => {
                let named = match &*reference {
                    "amp" => Some('&'),
                    "lt" => Some('<'),
                    "gt" => Some('>'),
                    "quot" => Some('"'),
                    "apos" => Some('\''),
                    _ => reference.resolve_char_ref().ok().flatten(),
                };
                text.extend(named);
            }
            Event::Start(_) | Event::Empty(_) | Event::End(_) | Event::Text(_) | Event::GeneralRef(_) => {}
            Event::CData(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
    Ok(blocks)
}
