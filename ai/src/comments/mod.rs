//! Drafts of comments: for a question and one pattern of wrong answer, what the student who gave it should read.
//!
//! [`Request`] says what is asked; [`prompt`] writes it for a model; [`answer`] reads what comes back; [`run`] puts it
//! together: one call, one repair turn, then a failure that is told. [`suspect`] says what a reviewer is warned of.
//! Nothing here is ever asked for a student who waits.

pub mod answer;
pub mod prompt;
pub mod run;
pub mod suspect;

use crate::generation::Given;
pub use crate::generation::Support;
use docimo_engine::docimology::patterns::Pattern;
use docimo_engine::question::Question;
use serde::{Deserialize, Serialize};

/// Longest comment, in characters.
pub const MAX_TEXT: usize = 1_500;
/// Most claims of a comment.
pub const MAX_CLAIMS: usize = 8;
/// Longest claim or quote, in characters.
pub const MAX_CLAIM: usize = 1_500;

/// What is asked of the model. It holds nothing of any person: a question, what is wrong with an answer, and how many
/// gave it.
#[derive(Clone, PartialEq, Debug)]
pub struct Request {
    /// The question, with its key and its comments.
    pub question: Question,
    /// What the answer has wrong.
    pub pattern: Pattern,
    /// Of an open answer: as most wrote it.
    pub shown: String,
    /// How many students gave it.
    pub students: u32,
    /// What a reviewer said of an attempt before; empty without one.
    pub remark: String,
    /// The only things that may be leaned on, beside the question's own comments.
    pub passages: Vec<Given>,
}

/// Which wrong answer of which question: a comment is good for that wording only.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Place {
    /// Entry of the bank.
    pub entry: String,
    /// The question: the entry's own, or one of a case.
    pub question: String,
    /// Digest of what is asked and of its key.
    pub wording: String,
    /// Key of the pattern.
    pub pattern: String,
}

/// A comment that a machine wrote, with what it claims.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Draft {
    /// For which wrong answer.
    pub place: Place,
    /// The question, as it was then.
    pub question: Question,
    /// What the answer has wrong.
    pub pattern: Pattern,
    /// Of an open answer: as most wrote it.
    pub shown: String,
    /// How many students had given it.
    pub students: u32,
    /// The comment, in Markdown.
    pub text: String,
    /// What it claims, and where that is said.
    pub claims: Vec<Claim>,
}

impl Draft {
    /// Claims that no passage bears out.
    pub fn unsupported(&self) -> impl Iterator<Item = &Claim> {
        self.claims.iter().filter(|c| c.support != Support::Supported)
    }

    /// Is something in it without a passage that bears it out? A comment that names no claim rests on nothing.
    #[must_use]
    pub fn is_unsupported(&self) -> bool {
        self.claims.is_empty() || self.unsupported().next().is_some()
    }
}

/// A fact that a comment states, by the machine's word.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Claim {
    /// In words.
    pub text: String,
    /// The passage named; empty without one.
    pub passage: String,
    /// What is quoted from it.
    pub quote: String,
    /// Is it really there?
    pub support: Support,
}
