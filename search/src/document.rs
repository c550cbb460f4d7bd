//! What the index needs of a question or case.
//!
//! No candidate is named here: only counts come from exams. An author is an identifier and, if the caller gives one, the
//! name shown.

use docimo_bank::revision::{Status, fingerprint};
use docimo_engine::paper::{Case, CaseKind, Element};
use docimo_engine::question::{Body, Kind, Question, Rank};
use r2c_referential::{ItemNumber, ObjectiveCode, SituationNumber, Tag, specialties_of, specialty};
use std::collections::BTreeSet;

/// Which part of an element a text is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Part {
    /// Title, opening and progressive text of a case.
    Case,
    /// What is asked.
    Stem,
    /// What may be answered: propositions, zones, answers accepted.
    Proposition,
    /// Corrections and sources.
    Comment,
}

impl Part {
    /// Every part.
    pub const ALL: [Self; 4] = [Self::Case, Self::Stem, Self::Proposition, Self::Comment];

    /// The French name.
    #[must_use]
    pub fn french(self) -> &'static str {
        match self {
            Self::Case => "dossier",
            Self::Stem => "énoncé",
            Self::Proposition => "proposition",
            Self::Comment => "commentaire",
        }
    }
}

/// A revision as it is searched: the latest of its entry.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Document {
    /// Identifier of the bank's entry: one document an entry.
    pub entry: String,
    /// Number of the revision, from 1.
    pub revision: u64,
    /// The code that users give it.
    pub external_id: String,
    /// Kinds of its questions, each once.
    pub kinds: BTreeSet<Kind>,
    /// Kind of the case, if it is one.
    pub case: Option<CaseKind>,
    /// Its texts, in order, as Markdown.
    pub texts: Vec<(Part, String)>,
    /// Ranks of its questions, each once.
    pub ranks: BTreeSet<Rank>,
    /// Items of the R2C.
    pub items: BTreeSet<ItemNumber>,
    /// Objectives of the R2C, as codes.
    pub objectives: BTreeSet<String>,
    /// Specialties, by slug: those tagged and those that teach its items.
    pub specialties: BTreeSet<String>,
    /// Starting situations.
    pub situations: BTreeSet<SituationNumber>,
    /// Codes of other referentials (CIM-10, teaching units…), found exactly.
    pub codes: BTreeSet<String>,
    /// Identifier of the author, and the name to show, as given by the caller.
    pub author: Option<(String, String)>,
    /// Where the revision stands in the workflow.
    pub status: Status,
    /// Who owns it.
    pub establishment: String,
    /// Identifier of the folder where it is filed: see [`crate::reach`].
    pub folder: String,
    /// ISO 639-1 code, lower case.
    pub language: String,
    /// When the entry was made, ms UTC.
    pub created_ms: i64,
    /// When it last changed, ms UTC.
    pub updated_ms: i64,
    /// When an exam last used it, ms UTC; `None` if none did.
    pub last_used_ms: Option<i64>,
    /// How many exams used it.
    pub uses: u64,
    /// How many people saw it.
    pub exposed: u64,
    /// Difficulty index p, 0 (nobody succeeds) to 1.
    pub difficulty: Option<f64>,
    /// Discrimination, −1 to 1.
    pub discrimination: Option<f64>,
    /// Has it a picture?
    pub has_image: bool,
    /// Did a machine write it, or one of its wordings? People decided.
    pub by_machine: bool,
    /// Codes of the flaws found in it.
    pub flaws: BTreeSet<String>,
    /// Fingerprint of the bank: duplicates share it.
    pub fingerprint: String,
    /// Number of the last change of its entry, in the database's sequence.
    pub change: u64,
}

impl From<&Element> for Document {
    /// What the content itself says: texts, kinds, ranks, tags, pictures, fingerprint, and its id as external id. The
    /// language is French. Entry, revision, people, dates and statistics are the caller's to fill.
    fn from(element: &Element) -> Self {
        let mut document = Self {
            external_id: element.id().to_owned(),
            fingerprint: fingerprint(element),
            language: "fr".to_owned(),
            ..Self::default()
        };
        match element {
            Element::Question(question) => document.question(question),
            Element::Case(case) => document.case(case),
        }
        document.teach();
        document
    }
}

impl Document {
    fn text(&mut self, part: Part, text: &str) {
        if !text.trim().is_empty() {
            self.texts.push((part, text.to_owned()));
        }
    }

    fn case(&mut self, case: &Case) {
        self.case = Some(case.kind);
        self.text(Part::Case, &case.title);
        self.text(Part::Case, &case.intro);
        self.has_image |= case.image.is_some();
        if let Some(article) = &case.article {
            self.text(Part::Case, &article.title);
            self.text(Part::Case, &article.body);
        }
        self.tags(&case.tags);
        for part in &case.parts {
            self.text(Part::Case, &part.text);
            self.question(&part.question);
        }
    }

    fn question(&mut self, question: &Question) {
        self.kinds.insert(question.kind());
        self.ranks.extend(question.rank);
        self.has_image |= question.image.is_some();
        self.text(Part::Stem, &question.stem);
        match &question.body {
            Body::Qroc { exact, acceptable, .. } => {
                for answer in exact.iter().chain(acceptable) {
                    self.text(Part::Proposition, answer);
                }
            }
            Body::Qzp { zones, .. } => {
                for zone in zones {
                    self.text(Part::Proposition, &zone.name);
                    self.text(Part::Comment, &zone.comment);
                }
            }
            Body::Tcs { hypothesis, finding, .. } => {
                self.text(Part::Stem, hypothesis);
                self.text(Part::Stem, finding);
            }
            Body::Qru { .. } | Body::Qrm { .. } | Body::Qrp { .. } | Body::Qrpl { .. } | Body::Qcm { .. } => {
                for proposition in question.body.propositions() {
                    self.text(Part::Proposition, &proposition.text);
                }
                for proposition in question.body.propositions() {
                    self.text(Part::Comment, &proposition.comment);
                }
            }
        }
        if let Some(image) = &question.image {
            self.text(Part::Stem, &image.alt);
        }
        if let Some(video) = &question.video {
            self.text(Part::Stem, &video.description);
        }
        self.text(Part::Comment, &question.comment);
        self.text(Part::Comment, &question.source);
        self.tags(&question.tags);
    }

    /// Files tags where they belong; what is no tag of the R2C is a code of another referential.
    fn tags(&mut self, tags: &[String]) {
        for text in tags {
            match text.parse::<Tag>() {
                Ok(Tag::Item(item)) => {
                    self.items.insert(item);
                }
                Ok(Tag::Objective(code)) => self.objective(code),
                Ok(Tag::Situation(situation)) => {
                    self.situations.insert(situation);
                }
                Ok(Tag::Specialty(slug)) => {
                    let known = specialty(slug.as_str()).map_or(slug.as_str(), |s| s.slug.as_str());
                    self.specialties.insert(known.to_owned());
                }
                Ok(Tag::Unit(_) | Tag::EcnItem(_) | Tag::Other { .. }) | Err(_) => {
                    self.codes.insert(text.clone());
                }
            }
        }
    }

    fn objective(&mut self, code: ObjectiveCode) {
        self.items.insert(code.item());
        self.objectives.insert(code.to_string());
    }

    /// Tags beside those of the content: what older ones became.
    pub fn add_tags(&mut self, tags: &[String]) {
        let before = self.items.len();
        self.tags(tags);
        if self.items.len() > before {
            self.teach();
        }
    }

    /// The specialties that teach its items.
    fn teach(&mut self) {
        for item in &self.items {
            self.specialties.extend(specialties_of(*item).map(|s| s.slug.to_string()));
        }
    }

    /// What tells this document from an older state of its entry.
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        Stamp { entry: self.entry.clone(), change: self.change }
    }
}

/// An entry and the number of its last change: enough to know whether the index is up to date, cheap to read from a
/// database. Whatever a document holds must not change without that number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stamp {
    /// Identifier of the entry.
    pub entry: String,
    /// Number of its last change.
    pub change: u64,
}

impl Stamp {
    /// Sixty-four bits of SHA-256 of the whole, the entry included.
    #[must_use]
    pub fn checksum(&self) -> u64 {
        hash(&format!("docimo-stamp/2\n{}\n{}", self.entry, self.change))
    }
}

/// The first 64 bits of SHA-256.
pub(crate) fn hash(text: &str) -> u64 {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}
