//! The exchange of questions with the rest of the world, with nothing lost in silence: bytes in, elements
//! and a report out; elements in, bytes out.
//!
//! [`read`] takes the bytes of a file, tells its format by its content, and gives back a [`Reading`]: the
//! entries that can be used, each with warnings (what was not taken over, what looks wrong); the faulty
//! ones, each with every reason; and, when the file as a whole cannot be read, an error that says where.
//! [`stream`] does the same an entry at a time, which for Moodle XML needs the memory of one question.
//! [`write()`] is the way out, and lists what the format could not hold. Nothing is stored anywhere: media
//! come as bytes with the name that the elements give them.
//!
//! What becomes what is told where it is decided: marks and numbers in `draft`, by `choice` and
//! `interval`, Moodle's types in `moodle`, QTI's in `qti`, columns in [`table`]. The same file always gives
//! the same identifiers and contents (`identity`), so a second import changes nothing.
//!
//! Reading order: `detect`, `draft`, `identity`, `examine`, then one format.
//!
//! Not here: what the bank does with entries, cleaning of SVG, screens.

mod aiken;
mod amc;
mod archive;
mod detect;
mod draft;
mod entities;
mod error;
mod examine;
mod gift;
mod html;
mod identity;
mod input;
mod json;
mod limits;
mod mathml;
mod media;
mod moodle;
mod payload;
mod qti;
mod render;
pub mod table;
mod text;
mod write;
mod xml;

pub use detect::Format;
pub use error::{ReadError, WriteError};
pub use examine::duplicates;
pub use limits::Limits;
pub use write::{Export, Note, Target, Written, write};

use docimo_engine::check::Severity;
use docimo_engine::paper::Element;
use std::collections::BTreeMap;
use std::io::{Read, Seek, SeekFrom};

/// Largest file read whole, in bytes.
pub const MAX_BYTES: usize = 128 * 1024 * 1024;

/// The text put in place of a missing description of an image, so that the question can come in. The
/// entry carries a warning.
pub const MISSING_ALT: &str = "Image sans description (à compléter)";

/// Said of an open question that came without an answer to compare with.
pub const UNKEYED: &str = "gardée sans réponse attendue (ou sans panel, pour un TCS) ; à compléter avant validation";

/// What a file holds.
#[derive(Clone, PartialEq, Debug)]
pub struct Reading {
    /// The format it was read as.
    pub format: Format,
    /// Its own title, else its name without extension.
    pub title: String,
    /// What can be used, in file order.
    pub entries: Vec<Imported>,
    /// What cannot, in file order.
    pub faulty: Vec<Faulty>,
    /// What concerns the file as a whole.
    pub warnings: Vec<String>,
}

impl Reading {
    /// The warnings of all entries with the number of entries that have each, most frequent first.
    pub fn warning_counts(&self) -> Vec<(&str, usize)> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for warning in self.entries.iter().flat_map(|e| &e.warnings) {
            *counts.entry(warning).or_default() += 1;
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        counts
    }

    /// The elements that can be used, in file order.
    pub fn elements(&self) -> impl Iterator<Item = &Element> {
        self.entries.iter().map(|entry| &entry.element)
    }

    /// The pictures, PDFs and videos that came inside the file, one for each name.
    pub fn media(&self) -> impl Iterator<Item = &MediaFile> {
        let all: BTreeMap<&str, &MediaFile> =
            self.entries.iter().flat_map(|e| &e.media).map(|m| (m.name.as_str(), m)).collect();
        all.into_values()
    }
}

/// What the reading of a file that was streamed says at its end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Summary {
    /// The format it was read as.
    pub format: Format,
    /// Its own title, else its name without extension.
    pub title: String,
    /// What concerns the file as a whole.
    pub warnings: Vec<String>,
}

/// An entry that can be used.
#[derive(Clone, PartialEq, Debug)]
pub struct Imported {
    /// Where it is in the file: "entrée 12 (cardio-003)", "question 7, ligne 231".
    pub place: String,
    /// The question or the case.
    pub element: Element,
    /// The category of the bank it comes from: "Cardiologie/Rythme".
    pub category: Option<String>,
    /// The pictures, PDFs and videos that came inside the file, named as the element names them.
    pub media: Vec<MediaFile>,
    /// What was not taken over and what looks wrong, in French.
    pub warnings: Vec<String>,
}

/// A picture, a PDF or a video that came inside a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MediaFile {
    /// Without path; one content for one name in an import.
    pub name: String,
    /// Told by the content, never by the name.
    pub mime: &'static str,
    /// Its content. An SVG is not yet cleaned, nor is anything else checked.
    pub bytes: Vec<u8>,
}

/// An entry that is not used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Faulty {
    /// Where it is in the file.
    pub place: String,
    /// Every fault, in French.
    pub reason: String,
    /// An error is a question that cannot come in; a warning is something that is no question (a text, a
    /// second copy of the same).
    pub severity: Severity,
}

impl Faulty {
    fn error(place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { place: place.into(), reason: reason.into(), severity: Severity::Error }
    }

    fn warning(place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { place: place.into(), reason: reason.into(), severity: Severity::Warning }
    }
}

/// What a reader of one format gives, before the checks common to all.
#[derive(Default)]
struct Raw {
    title: Option<String>,
    entries: Vec<Result<Imported, Faulty>>,
    warnings: Vec<String>,
}

/// Reads a file of questions. `name` is its file name, shown and used to guess; `format` is `None` to
/// detect it.
pub fn read(bytes: &[u8], name: &str, format: Option<Format>) -> Result<Reading, ReadError> {
    read_within(bytes, name, format, &Limits::default())
}

/// [`read`] within other limits.
pub fn read_within(bytes: &[u8], name: &str, format: Option<Format>, limits: &Limits) -> Result<Reading, ReadError> {
    if bytes.len() as u64 > limits.file_bytes {
        return Err(ReadError::TooLarge { size: bytes.len() as u64, limit: limits.file_bytes });
    }
    if detect::is_backup(bytes, name) {
        return Err(ReadError::MoodleBackup);
    }
    let format = format
        .or_else(|| Format::detect(bytes, name))
        .ok_or_else(|| ReadError::UnknownFormat { name: name.to_owned() })?;
    let raw = match format {
        Format::Json => json::read(bytes, limits)?,
        Format::MoodleXml => moodle::read(bytes, limits)?,
        Format::Gift => gift::read(&text::decode_any(bytes)?, limits),
        Format::Aiken => aiken::read(&text::decode_any(bytes)?),
        Format::AmcTxt => amc::read_txt(&text::decode_any(bytes)?),
        Format::AmcLatex => amc::read_latex(&text::decode_any(bytes)?),
        Format::Qti => qti::read(bytes, name, limits)?,
        Format::Csv => table::read_csv(&text::decode_any(bytes)?, limits)?,
        Format::Xlsx => table::read_xlsx(bytes, limits)?,
    };
    if raw.entries.len() > limits.entries {
        return Err(ReadError::TooManyEntries { limit: limits.entries });
    }
    let title = title(raw.title, name);
    let mut reading = Reading { format, title, entries: Vec::new(), faulty: Vec::new(), warnings: raw.warnings };
    if raw.entries.is_empty() {
        reading.warnings.push("le fichier ne contient aucune question".to_owned());
    }
    let mut census = identity::Census::default();
    raw.entries.iter().flatten().for_each(|entry| census.count(entry));
    let mut watch = examine::Watch::default();
    for entry in raw.entries {
        match entry.and_then(|entry| census.settle(entry)).and_then(examine::examine) {
            Ok(mut entry) => {
                watch.see(&mut entry);
                reading.entries.push(entry);
            }
            Err(faulty) => reading.faulty.push(faulty),
        }
    }
    Ok(reading)
}

/// Reads a file an entry at a time. Moodle XML is read twice, so that identifiers do not depend on the
/// order of questions, and only one question at a time is in memory; other formats are read whole, within
/// [`Limits::file_bytes`]. Nothing is known to be sound before the end: an error may come after entries
/// that the caller must then forget.
pub fn stream<R: Read + Seek>(
    mut source: R,
    name: &str,
    format: Option<Format>,
    limits: &Limits,
    mut each: impl FnMut(Result<Imported, Faulty>),
) -> Result<Summary, ReadError> {
    let failed = |error: std::io::Error| ReadError::Io(error.to_string());
    let start = source.stream_position().map_err(failed)?;
    let mut head = Vec::new();
    source.by_ref().take(4096).read_to_end(&mut head).map_err(failed)?;
    source.seek(SeekFrom::Start(start)).map_err(failed)?;
    let format = format.or_else(|| Format::detect(&head, name));
    if format != Some(Format::MoodleXml) || detect::is_backup(&head, name) {
        let mut bytes = Vec::new();
        source.take(limits.file_bytes + 1).read_to_end(&mut bytes).map_err(failed)?;
        let reading = read_within(&bytes, name, format, limits)?;
        reading.faulty.into_iter().for_each(|faulty| each(Err(faulty)));
        reading.entries.into_iter().for_each(|entry| each(Ok(entry)));
        return Ok(Summary { format: reading.format, title: reading.title, warnings: reading.warnings });
    }
    let mut census = identity::Census::default();
    let mut count = 0;
    let mut warnings = moodle::each(&mut source, limits, |entry| {
        count += 1;
        if let Ok(entry) = &entry {
            census.count(entry);
        }
        if count > limits.entries { Err(ReadError::TooManyEntries { limit: limits.entries }) } else { Ok(()) }
    })?;
    source.seek(SeekFrom::Start(start)).map_err(failed)?;
    if count == 0 {
        warnings.push("le fichier ne contient aucune question".to_owned());
    }
    let mut watch = examine::Watch::default();
    moodle::each(&mut source, limits, |entry| {
        let done = entry.and_then(|entry| census.settle(entry)).and_then(examine::examine);
        each(done.map(|mut entry| {
            watch.see(&mut entry);
            entry
        }));
        Ok(())
    })?;
    Ok(Summary { format: Format::MoodleXml, title: title(None, name), warnings })
}

fn title(own: Option<String>, name: &str) -> String {
    let base = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let stem = base.rsplit_once('.').map_or(base, |(stem, _)| stem);
    own.filter(|t| !t.trim().is_empty()).unwrap_or_else(|| stem.to_owned())
}
