//! Drafts of questions, from passages of documents that people brought.
//!
//! [`Request`] says what is asked; [`prompt`] writes it for a model; [`answer`] reads what comes back, by the engine's
//! own checks; [`support`] says which claims a passage bears out; [`run`] puts it together: one call, one repair turn
//! that says what was wrong, then a failure that is told, and an answering pass that does not see the key.

pub mod answer;
pub mod prompt;
pub mod run;
pub mod support;

use docimo_engine::PropositionId;
use docimo_engine::question::{Kind, Question, Rank};
use serde::{Deserialize, Serialize};
pub use support::Support;

/// Most questions of one request.
pub const MAX_QUESTIONS: u32 = 10;
/// Most characters of passages in one request.
pub const MAX_SOURCE_CHARS: usize = 40_000;

/// Kinds that can be asked for.
pub const KINDS: [Kind; 3] = [Kind::Qru, Kind::Qrm, Kind::Qrp];

/// What knowing is asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Recalling.
    Recall,
    /// Understanding.
    #[default]
    Comprehension,
    /// Reasoning from a situation.
    Reasoning,
}

impl Level {
    /// Every level.
    pub const ALL: [Self; 3] = [Self::Recall, Self::Comprehension, Self::Reasoning];

    /// Its French name.
    #[must_use]
    pub const fn french(self) -> &'static str {
        match self {
            Self::Recall => "restitution",
            Self::Comprehension => "compréhension",
            Self::Reasoning => "raisonnement",
        }
    }

    /// The word of forms.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Recall => "recall",
            Self::Comprehension => "comprehension",
            Self::Reasoning => "reasoning",
        }
    }
}

/// How hard it should be.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Difficulty {
    /// Most should know.
    Easy,
    /// About two thirds should know.
    #[default]
    Medium,
    /// The best know.
    Hard,
}

impl Difficulty {
    /// Every difficulty.
    pub const ALL: [Self; 3] = [Self::Easy, Self::Medium, Self::Hard];

    /// Its French name.
    #[must_use]
    pub const fn french(self) -> &'static str {
        match self {
            Self::Easy => "facile",
            Self::Medium => "moyenne",
            Self::Hard => "difficile",
        }
    }

    /// The word of forms.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Easy => "easy",
            Self::Medium => "medium",
            Self::Hard => "hard",
        }
    }
}

/// A passage given to the model, under the name that it has there.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Given {
    /// `P1`, `P2`…
    pub id: String,
    /// Its text.
    pub text: String,
}

/// What is asked of the model. It holds nothing of any person.
#[derive(Clone, PartialEq, Debug)]
pub struct Request {
    /// QRU, QRM or QRP.
    pub kind: Kind,
    /// How many questions.
    pub count: u32,
    /// Rank of the knowledge asked; none in first cycle.
    pub rank: Option<Rank>,
    /// What knowing.
    pub level: Level,
    /// How hard.
    pub difficulty: Difficulty,
    /// What the questions should be about, in words; empty without one.
    pub objective: String,
    /// A question whose variants are wanted.
    pub variant_of: Option<Question>,
    /// What a reviewer said of an attempt before; empty without one.
    pub remark: String,
    /// The only things that may be leaned on.
    pub passages: Vec<Given>,
}

/// A question that a machine wrote, with what it claims.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Draft {
    /// The question.
    pub question: Question,
    /// Level asked for.
    pub level: Level,
    /// Difficulty asked for.
    pub difficulty: Difficulty,
    /// One a proposition, in their order.
    pub justifications: Vec<Justification>,
    /// What an answering pass without the key found.
    pub second: SecondPass,
}

impl Draft {
    /// Propositions said to be true that no passage bears out.
    pub fn unsupported_key(&self) -> impl Iterator<Item = &PropositionId> {
        self.question
            .body
            .propositions()
            .iter()
            .filter(|p| p.status.is_true())
            .map(|p| &p.id)
            .filter(|id| !self.justifications.iter().any(|j| j.proposition == **id && j.support == Support::Supported))
    }
}

/// Why a proposition is true or false, by the machine's word.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Justification {
    /// Of which proposition.
    pub proposition: PropositionId,
    /// In words.
    pub text: String,
    /// The passage named; empty without one.
    pub passage: String,
    /// What is quoted from it.
    pub quote: String,
    /// Is it really there?
    pub support: Support,
}

/// An answer given without the key.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum SecondPass {
    /// It was answered.
    Answered {
        /// Which model.
        model: String,
        /// What it ticked.
        ticked: Vec<PropositionId>,
        /// The same as the key?
        agrees: bool,
        /// What it says of the question.
        remark: String,
    },
    /// It could not be had.
    Missing {
        /// Why, in French.
        why: String,
    },
}
