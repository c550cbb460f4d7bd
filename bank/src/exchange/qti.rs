//! QTI: version 1.2 (read), 2.1, 2.2 and 3.0 (read and written), an item alone or a package.
//!
//! | QTI | here |
//! |---|---|
//! | `choiceInteraction`, one choice | QRU |
//! | several choices | QRM; QRP where the number allowed is that of the right ones |
//! | `textEntryInteraction`, `extendedTextInteraction` with a key | QROC |
//! | `inlineChoiceInteraction` | QRU |
//! | `hotspotInteraction`, `selectPointInteraction` | QZP |
//! | `matchInteraction`, `gapMatchInteraction` | QCM, or a small case of QRU or QRM |
//! | several interactions in an item | a small case |
//! | a section of a linear part with a text for the candidate | a small case |
//! | orders, hot texts, drawings, uploads, templates, adaptive items | told: no kind holds them |
//!
//! Mappings and `correctResponse` tell the key; other response processing is told as lost. What we write
//! carries our exact JSON in attributes of `urn:docimo:exchange:1`, believed while the item shows what it
//! showed, beside a generic response processing that marks as the EDN does.
//!
//! Reading order: `names` (3.0 as 2.x), `package`, `item`, `one_two`, then `write` and `response`.

mod body;
mod item;
mod names;
mod one_two;
mod ours;
mod package;
mod response;
mod write;

pub(super) use write::{Version, write};

use super::archive::Archive;
use super::limits::Limits;
use super::media::Names;
use super::xml::{File, Node};
use super::{Faulty, Raw, ReadError};

/// What lasts from an item to the next.
struct Context<'a> {
    names: Names,
    archive: Option<&'a Archive>,
    /// Largest PDF or video, in bytes.
    document_bytes: u64,
}

pub(super) fn read(bytes: &[u8], name: &str, limits: &Limits) -> Result<Raw, ReadError> {
    if bytes.starts_with(b"PK") {
        return package::read(bytes, limits);
    }
    let (root, warning) = document(bytes, limits)?;
    let mut context =
        Context { names: Names::new(limits.picture_bytes), archive: None, document_bytes: limits.document_bytes };
    let mut raw = Raw { warnings: warning.into_iter().collect(), ..Raw::default() };
    match root.name.as_str() {
        "assessmentItem" => raw.entries.push(item::read(&root, name, None, &mut context).entry()),
        "questestinterop" => one_two::read(&root, name, &mut context, &mut raw),
        "assessmentTest" | "assessmentSection" | "manifest" => {
            let reason = "ce fichier ne fait que renvoyer à des questions : importez le paquet (.zip) entier";
            raw.entries.push(Err(Faulty::error("fichier", reason)));
        }
        other => return Err(ReadError::NotQuiz { root: other.chars().take(80).collect() }),
    }
    Ok(raw)
}

/// A document as a tree, with the names of 2.x.
fn document(bytes: &[u8], limits: &Limits) -> Result<(Node, Option<String>), ReadError> {
    let whole = Limits { question_bytes: limits.file_bytes, ..*limits };
    let file = File::open(bytes, &whole)?;
    let warning = file.warning();
    let mut root = file.whole()?;
    names::normalise(&mut root);
    Ok((root, warning))
}

#[cfg(test)]
#[path = "qti_tests.rs"]
mod tests;
