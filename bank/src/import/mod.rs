//! How questions made elsewhere come in, with nothing lost in silence.
//!
//! [`read`] takes the bytes of a file and gives back three things: the entries that can be used, each
//! with warnings (what was not taken over, what looks wrong); the faulty ones, each with every reason;
//! and, when the file as a whole cannot be read, an error that says where. Nothing is written anywhere.

mod entities;
mod html;
mod json;
mod moodle;
mod text;

use crate::revision::{fingerprint, fold};
use docimo_engine::check::Severity;
use docimo_engine::paper::Element;
use docimo_engine::question::{Body, Question};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Largest file read, in bytes.
pub const MAX_BYTES: usize = 128 * 1024 * 1024;

/// The text put in place of a missing description of an image, so that the question can come in. The
/// entry carries a warning.
pub const MISSING_ALT: &str = "Image sans description (à compléter)";

/// A format of files of questions.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Format {
    /// Docimo's own: `docimo-questions/1`.
    Json,
    /// Export of the question bank of Moodle.
    MoodleXml,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 2] = [Self::Json, Self::MoodleXml];

    /// The name shown to users.
    pub fn french(self) -> &'static str {
        match self {
            Self::Json => "JSON Docimo",
            Self::MoodleXml => "XML Moodle",
        }
    }

    /// The format told by the content, else by the extension of the name.
    pub fn detect(bytes: &[u8], name: &str) -> Option<Self> {
        // UTF-16 puts a zero beside each of these characters.
        let first = bytes
            .iter()
            .skip_while(|b| matches!(b, 0xef | 0xbb | 0xbf | 0xfe | 0xff | 0) || b.is_ascii_whitespace())
            .take(1)
            .next();
        match first {
            Some(b'{' | b'[') => return Some(Self::Json),
            Some(b'<') => return Some(Self::MoodleXml),
            _ => {}
        }
        match name.rsplit_once('.').map(|(_, ext)| ext.to_ascii_lowercase()).as_deref() {
            Some("json") => Some(Self::Json),
            Some("xml") => Some(Self::MoodleXml),
            _ => None,
        }
    }
}

/// What a file holds.
#[derive(Clone, PartialEq, Debug)]
pub struct Import {
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

impl Import {
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
    /// The pictures that came inside the file, named as the element names them.
    pub media: Vec<MediaFile>,
    /// What was not taken over and what looks wrong, in French.
    pub warnings: Vec<String>,
}

/// A picture that came inside a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MediaFile {
    /// `[a-z0-9.-]`, one content for one name in an import.
    pub name: String,
    /// Told by the content, never by the name.
    pub mime: &'static str,
    /// The picture. An SVG is not yet cleaned.
    pub bytes: Vec<u8>,
}

/// An entry that cannot be used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Faulty {
    /// Where it is in the file.
    pub place: String,
    /// Every fault, in French.
    pub reason: String,
}

/// Why a file as a whole cannot be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ReadError {
    /// Neither the name nor the content tells.
    #[error("« {name} » : format non reconnu (formats lus : JSON Docimo, XML Moodle)")]
    UnknownFormat {
        /// Of the file.
        name: String,
    },
    /// Larger than [`MAX_BYTES`].
    #[error("fichier de {size} octets : {MAX_BYTES} au plus")]
    TooLarge {
        /// In bytes.
        size: usize,
    },
    /// Bytes that are no text in the announced encoding.
    #[error("ligne {line} : ce n’est pas du texte {encoding} ; enregistrez le fichier en UTF-8")]
    Encoding {
        /// From 1.
        line: usize,
        /// The encoding announced or supposed.
        encoding: String,
    },
    /// The JSON is cut or malformed.
    #[error("JSON illisible, ligne {line}, colonne {column} : {message}")]
    JsonSyntax {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// A JSON, but not a file of questions.
    #[error("ce JSON n’est pas un fichier de questions Docimo : {0}")]
    NotQuestions(String),
    /// The XML is cut or malformed.
    #[error("XML illisible, ligne {line}, colonne {column} : {message}")]
    XmlSyntax {
        /// From 1.
        line: usize,
        /// From 1, in characters.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// An entity that XML does not define: defining one is refused, so is fetching it.
    #[error("ligne {line} : l’entité « &{name}; » n’est pas permise en XML ; écrivez le caractère lui-même")]
    XmlEntity {
        /// From 1.
        line: usize,
        /// Without `&` and `;`.
        name: String,
    },
    /// Elements nested too deeply or too many in a question.
    #[error("ligne {line} : XML trop profond ou trop grand pour une question")]
    XmlTooDeep {
        /// From 1.
        line: usize,
    },
    /// An XML, but not an export of questions.
    #[error("ce XML commence par <{root}> : un export de questions Moodle commence par <quiz>")]
    NotQuiz {
        /// Name of its root.
        root: String,
    },
    /// A backup of a Moodle course.
    #[error(
        "ceci est une sauvegarde Moodle : dans la banque de questions, choisissez « Exporter », format « XML Moodle »"
    )]
    MoodleBackup,
}

/// Reads a file of questions. `name` is its file name, shown and used to guess; `format` is `None` to
/// detect it.
pub fn read(bytes: &[u8], name: &str, format: Option<Format>) -> Result<Import, ReadError> {
    if bytes.len() > MAX_BYTES {
        return Err(ReadError::TooLarge { size: bytes.len() });
    }
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"\x1f\x8b") {
        let backup = name.to_ascii_lowercase().ends_with(".mbz");
        return Err(if backup { ReadError::MoodleBackup } else { ReadError::UnknownFormat { name: name.to_owned() } });
    }
    let format = format
        .or_else(|| Format::detect(bytes, name))
        .ok_or_else(|| ReadError::UnknownFormat { name: name.to_owned() })?;
    let decoded = text::decode(bytes)?;
    let raw = match format {
        Format::Json => json::read(&decoded.text)?,
        Format::MoodleXml => moodle::read(&decoded.text)?,
    };
    let base = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let title = raw.title.filter(|t| !t.trim().is_empty());
    let title = title.unwrap_or_else(|| base.rsplit_once('.').map_or(base, |(stem, _)| stem).to_owned());
    let mut warnings = raw.warnings;
    warnings.extend(decoded.warning);
    let mut import = Import { format, title, entries: Vec::new(), faulty: Vec::new(), warnings };
    for entry in raw.entries {
        match entry {
            Ok(entry) => match examine(entry) {
                Ok(entry) => import.entries.push(entry),
                Err(faulty) => import.faulty.push(faulty),
            },
            Err(faulty) => import.faulty.push(faulty),
        }
    }
    warn_duplicates(&mut import.entries);
    Ok(import)
}

/// What a reader of one format gives, before the checks common to all.
struct Raw {
    title: Option<String>,
    entries: Vec<Result<Imported, Faulty>>,
    warnings: Vec<String>,
}

/// The engine's faults, then what only a reader of many files knows to look for.
fn examine(mut entry: Imported) -> Result<Imported, Faulty> {
    let (mut errors, mut warnings) = (Vec::new(), Vec::new());
    for fault in crate::faults(&entry.element) {
        match fault.severity {
            Severity::Error => errors.push(format!("{} : {}", fault.place, fault.message)),
            // Its place repeats the id of the entry: in a lone question only the end is news.
            Severity::Warning => warnings.push(match (&entry.element, fault.place.split_once(" › ")) {
                (Element::Case(_), _) => format!("{} : {}", fault.place, fault.message),
                (Element::Question(_), Some((_, inner))) => format!("{inner} : {}", fault.message),
                (Element::Question(_), None) => fault.message,
            }),
        }
    }
    if !errors.is_empty() {
        // What the reader noticed often explains the fault (a proposition that was only an image…).
        errors.extend(entry.warnings);
        return Err(Faulty { place: entry.place, reason: errors.join(" ; ") });
    }
    for question in entry.element.questions() {
        let whose = match &entry.element {
            Element::Question(_) => String::new(),
            Element::Case(_) => format!("question {} : ", question.id),
        };
        let entities: BTreeSet<&str> = texts(question).flat_map(text::entities).collect();
        if !entities.is_empty() {
            let list = entities.into_iter().collect::<Vec<_>>().join(" ");
            warnings.push(format!("{whose}entités HTML restées dans le texte : {list}"));
        }
        let mut seen = HashSet::new();
        for proposition in question.body.propositions() {
            let folded = fold(&proposition.text);
            if !folded.is_empty() && !seen.insert(folded) {
                let text = proposition.text.trim();
                warnings.push(format!(
                    "{whose}deux propositions ne diffèrent que par la casse, les accents ou la ponctuation : « {text} »"
                ));
            }
        }
    }
    entry.warnings.extend(warnings);
    Ok(entry)
}

fn texts(question: &Question) -> impl Iterator<Item = &str> {
    let open = match &question.body {
        Body::Qroc { exact, acceptable, .. } => [exact.as_slice(), acceptable.as_slice()],
        _ => [&[][..], &[][..]],
    };
    [question.stem.as_str(), question.comment.as_str()]
        .into_iter()
        .chain(question.body.propositions().iter().flat_map(|p| [p.text.as_str(), p.comment.as_str()]))
        .chain(open.into_iter().flatten().map(String::as_str))
}

/// The places of entries that ask the same thing, by [`fingerprint`]: the first of each group with each
/// of the others, in file order.
pub fn duplicates(entries: &[Imported]) -> Vec<(String, String)> {
    pairs(entries).into_iter().map(|(a, b)| (entries[a].place.clone(), entries[b].place.clone())).collect()
}

fn pairs(entries: &[Imported]) -> Vec<(usize, usize)> {
    let mut first: HashMap<String, usize> = HashMap::with_capacity(entries.len());
    let mut pairs = Vec::new();
    for (i, entry) in entries.iter().enumerate() {
        match first.entry(fingerprint(&entry.element)) {
            std::collections::hash_map::Entry::Occupied(known) => pairs.push((*known.get(), i)),
            std::collections::hash_map::Entry::Vacant(free) => {
                free.insert(i);
            }
        }
    }
    pairs
}

fn warn_duplicates(entries: &mut [Imported]) {
    for (first, again) in pairs(entries) {
        let same = key(&entries[first].element) == key(&entries[again].element);
        let verdict = if same { "même clé" } else { "mais avec une autre clé : laquelle est juste ?" };
        let warning = format!("doublon de {} ({verdict})", entries[first].place);
        entries[again].warnings.push(warning);
    }
}

/// The key, independent of the order of propositions.
fn key(element: &Element) -> Vec<String> {
    let mut all = Vec::new();
    for question in element.questions() {
        let mut of_question: Vec<String> = match &question.body {
            Body::Qroc { exact, acceptable, .. } => {
                let listed =
                    |c: char, list: &[String]| list.iter().map(|t| format!("{c}{}", fold(t))).collect::<Vec<_>>();
                [listed('1', exact), listed('2', acceptable)].concat()
            }
            Body::Qzp { zones, .. } => zones.iter().map(|z| format!("{:?}", z.shape)).collect(),
            Body::Tcs { panel, .. } => vec![format!("{panel:?}")],
            Body::Qru { propositions }
            | Body::Qrm { propositions }
            | Body::Qrp { propositions, .. }
            | Body::Qrpl { propositions, .. }
            | Body::Qcm { propositions } => {
                propositions.iter().map(|p| format!("{}{}", u8::from(p.status.is_true()), fold(&p.text))).collect()
            }
        };
        of_question.sort();
        all.extend(of_question);
    }
    all
}
