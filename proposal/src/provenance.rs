//! Where a proposal comes from.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::names::{NAME, PROSE, ProposalError, checked};

/// What an artificial intelligence is asked to do. Each function is off until an instance
/// switches it on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Function {
    /// Writing draft questions from a course.
    QuestionGeneration,
    /// Proposing the items, objectives and ranks of a question.
    Tagging,
    /// Drafting correction comments.
    CommentDrafting,
    /// Reporting what is badly written in a question.
    FlawReport,
    /// Drawing questions from a model that a teacher wrote: no artificial intelligence, the same gate.
    ItemModel,
}

impl Function {
    /// All functions of an artificial intelligence, for settings and reports.
    pub const ALL: [Self; 4] = [Self::QuestionGeneration, Self::Tagging, Self::CommentDrafting, Self::FlawReport];

    /// The word kept in databases, the same as in JSON.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::QuestionGeneration => "question-generation",
            Self::Tagging => "tagging",
            Self::CommentDrafting => "comment-drafting",
            Self::FlawReport => "flaw-report",
            Self::ItemModel => "item-model",
        }
    }

    /// Its French name.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::QuestionGeneration => "génération de questions",
            Self::Tagging => "étiquetage",
            Self::CommentDrafting => "rédaction de commentaires",
            Self::FlawReport => "signalement de défauts",
            Self::ItemModel => "tirage d’un modèle de questions",
        }
    }
}

/// SHA-256 digest, in memory and as 64 lower-case hexadecimal digits in JSON.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sha256Digest([u8; 32]);

impl Sha256Digest {
    /// The digest of a text, in UTF-8.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }
}

impl fmt::Display for Sha256Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Sha256Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sha256Digest({self})")
    }
}

impl TryFrom<String> for Sha256Digest {
    type Error = ProposalError;

    fn try_from(text: String) -> Result<Self, ProposalError> {
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            _ => None,
        };
        let mut bytes = [0; 32];
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        let mut fits = rest.is_empty() && pairs.len() == bytes.len();
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => *byte = high * 16 + low,
                (None, _) | (_, None) => fits = false,
            }
        }
        if fits { Ok(Self(bytes)) } else { Err(ProposalError::Digest { found: text }) }
    }
}

impl From<Sha256Digest> for String {
    fn from(digest: Sha256Digest) -> Self {
        digest.to_string()
    }
}

/// The prompt a proposal comes from: which template, in which version, and the digest of its
/// text, so that a template edited without a new version is seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromptTemplate {
    /// Identifier of the template.
    pub id: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of its text before anything is filled in.
    pub sha256: Sha256Digest,
}

impl PromptTemplate {
    /// Names a template and takes the digest of its text.
    #[must_use]
    pub fn of(id: impl Into<String>, version: impl Into<String>, text: &str) -> Self {
        Self { id: id.into(), version: version.into(), sha256: Sha256Digest::of(text) }
    }
}

/// A document the proposal rests on, with the passages that were given to the model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Its title, as shown to the reviewer.
    pub title: String,
    /// Where to find it: an address, a media identifier, a citation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Its edition or version.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub edition: String,
    /// Its date, as given by who brought it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub date: String,
    /// Under which terms it is used.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub licence: String,
    /// How far a human said that it may be trusted.
    #[serde(default)]
    pub trust: Trust,
    /// The passages, word for word.
    pub passages: Vec<Passage>,
}

/// How far a source may be trusted, by the judgement of a human.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trust {
    /// Nobody has said.
    #[default]
    Unassessed,
    /// Someone's teaching document.
    Teaching,
    /// Reviewed by peers, or a college's reference book.
    Reviewed,
    /// An official text or recommendation.
    Official,
}

impl Trust {
    /// Every level, the least first.
    pub const ALL: [Self; 4] = [Self::Unassessed, Self::Teaching, Self::Reviewed, Self::Official];

    /// The number kept in databases.
    #[must_use]
    pub const fn number(self) -> i64 {
        match self {
            Self::Unassessed => 0,
            Self::Teaching => 1,
            Self::Reviewed => 2,
            Self::Official => 3,
        }
    }

    /// The level of a number; unassessed where there is none.
    #[must_use]
    pub fn from_number(number: i64) -> Self {
        Self::ALL.into_iter().find(|t| t.number() == number).unwrap_or_default()
    }

    /// Its French name.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Unassessed => "non évaluée",
            Self::Teaching => "document de cours",
            Self::Reviewed => "relue par des pairs, ouvrage de collège",
            Self::Official => "texte officiel, recommandation",
        }
    }
}

/// A passage of a source, word for word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passage {
    /// The name under which the model was given it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// Its text.
    pub text: String,
    /// Where it stands in the source (page, section), if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}

/// A setting of the model (temperature, seed, …).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Parameter {
    /// Yes or no.
    Flag(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number; finite.
    Number(f64),
    /// A text.
    Text(String),
}

/// Settings by name, in alphabetical order.
pub type Parameters = BTreeMap<String, Parameter>;

/// Tokens read and written by the model, as its provider counts them; zero when unknown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// Tokens of the prompt.
    pub prompt: u64,
    /// Tokens of the answer.
    pub completion: u64,
}

/// Where a proposal comes from. Kept for good beside what becomes of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// What was asked.
    pub function: Function,
    /// Who runs the model.
    pub provider: String,
    /// Name of the model.
    pub model: String,
    /// Version of the model (release, revision or digest of the weights).
    pub model_version: String,
    /// Its settings.
    pub parameters: Parameters,
    /// The prompt.
    pub prompt: PromptTemplate,
    /// The documents it was given.
    pub sources: Vec<Source>,
    /// When it was made: milliseconds since the Unix epoch, given by the caller.
    pub created_at_ms: i64,
    /// What it cost.
    pub tokens: Tokens,
}

impl Provenance {
    pub(super) fn check(&self) -> Result<(), ProposalError> {
        let compulsory = [
            ("fournisseur", &self.provider),
            ("modèle", &self.model),
            ("version du modèle", &self.model_version),
            ("identifiant du gabarit d’invite", &self.prompt.id),
            ("version du gabarit d’invite", &self.prompt.version),
        ];
        for (field, text) in compulsory {
            checked(field, text, 500, NAME)?;
        }
        for source in &self.sources {
            checked("titre de source", &source.title, 2000, PROSE)?;
        }
        Ok(())
    }
}
