//! The text of a PDF, page by page, by `lopdf`: what a reading order and columns do to it shows in the passages, which
//! people look at.

use super::{Block, SourceError};
use lopdf::Document;

/// Pages read at most.
const MAX_PAGES: usize = 2_000;

pub(super) fn blocks(bytes: &[u8]) -> Result<Vec<Block>, SourceError> {
    let unreadable = |why: &str| SourceError::Unreadable { format: "PDF", why: why.into() };
    let file = Document::load_mem(bytes).map_err(|_| unreadable("fichier abîmé, ou qui n’est pas un PDF"))?;
    if file.is_encrypted() {
        return Err(unreadable("il est chiffré : enlevez sa protection"));
    }
    let mut blocks = Vec::new();
    for number in file.get_pages().into_keys().take(MAX_PAGES) {
        // A page whose fonts cannot be decoded gives nothing; the others are kept.
        let Ok(text) = file.extract_text(&[number]) else { continue };
        let mut paragraph = String::new();
        for line in text.lines().chain([""]) {
            let line = line.trim();
            if line.is_empty() && !paragraph.is_empty() {
                blocks.push(Block { page: Some(number), heading: false, text: std::mem::take(&mut paragraph) });
            } else if let Some(start) = paragraph.strip_suffix('-')
                && line.starts_with(char::is_lowercase)
            {
                // A word cut at the end of a line.
                paragraph = format!("{start}{line}");
            } else if !line.is_empty() {
                if !paragraph.is_empty() {
                    paragraph.push(' ');
                }
                paragraph.push_str(line);
            }
        }
    }
    Ok(blocks)
}
