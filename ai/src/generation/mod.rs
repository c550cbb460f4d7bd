//! Drafts of questions, from passages of documents that people brought.
//!
//! [`Request`] says what is asked; [`prompt`] writes it for a model; [`answer`] reads what comes back, by the engine's
//! own checks; [`support`] says which claims a passage bears out; [`run`] puts it together: one call, one repair turn
//! that says what was wrong, then a failure that is told, and an answering pass that does not see the key.

pub mod answer;
pub mod prompt;
pub mod run;
pub mod support;

use docimo_engine::paper::Element;
use docimo_engine::question::{Body, Question, Rank};
use docimo_engine::{PropositionId, QuestionId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
pub use support::Support;

/// Most questions of one request; a mini-DP counts for one.
pub const MAX_QUESTIONS: u32 = 10;
/// Most mini-DP of one request.
pub const MAX_CASES: u32 = 3;
/// Most characters of passages in one request.
pub const MAX_SOURCE_CHARS: usize = 40_000;

/// What can be asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Form {
    /// Question à réponse unique.
    #[serde(rename = "QRU")]
    Qru,
    /// Question à réponses multiples.
    #[serde(rename = "QRM")]
    Qrm,
    /// Question à nombre de réponses précisé.
    #[serde(rename = "QRP")]
    Qrp,
    /// Question à réponse ouverte courte.
    #[serde(rename = "QROC")]
    Qroc,
    /// Outline of a test de concordance de script: its panel votes later.
    #[serde(rename = "TCS")]
    Tcs,
    /// Outline of a mini-dossier progressif.
    #[serde(rename = "mini-DP")]
    MiniDp,
}

impl Form {
    /// Every form, in the order of forms.
    pub const ALL: [Self; 6] = [Self::Qru, Self::Qrm, Self::Qrp, Self::Qroc, Self::Tcs, Self::MiniDp];

    /// The word of forms and of files.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Qru => "QRU",
            Self::Qrm => "QRM",
            Self::Qrp => "QRP",
            Self::Qroc => "QROC",
            Self::Tcs => "TCS",
            Self::MiniDp => "mini-DP",
        }
    }

    /// Its name, for people who choose.
    #[must_use]
    pub const fn french(self) -> &'static str {
        match self {
            Self::Tcs => "TCS (ébauche, sans panel)",
            Self::MiniDp => "mini-DP (ébauche)",
            other => other.code(),
        }
    }

    /// From its word.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|f| f.code() == code)
    }

    /// Most of one request.
    #[must_use]
    pub const fn most(self) -> u32 {
        match self {
            Self::MiniDp => MAX_CASES,
            _ => MAX_QUESTIONS,
        }
    }
}

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
    /// What is wanted.
    pub form: Form,
    /// How many.
    pub count: u32,
    /// Rank of the knowledge asked; none in first cycle.
    pub rank: Option<Rank>,
    /// What knowing.
    pub level: Level,
    /// How hard.
    pub difficulty: Difficulty,
    /// What the questions should be about, in words; empty without one.
    pub objective: String,
    /// Tags that the questions are to have.
    pub tags: Vec<String>,
    /// A question whose variants are wanted.
    pub variant_of: Option<Question>,
    /// What a reviewer said of an attempt before; empty without one.
    pub remark: String,
    /// The only things that may be leaned on.
    pub passages: Vec<Given>,
}

/// What a machine wrote, with what it claims: a question, or a case.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(from = "Kept")]
pub struct Draft {
    /// The question, or the case.
    pub element: Element,
    /// Level asked for.
    pub level: Level,
    /// Difficulty asked for.
    pub difficulty: Difficulty,
    /// One a proposition, or one a question that has none; in their order.
    pub justifications: Vec<Justification>,
    /// What an answering pass without the key found of each question.
    pub seconds: BTreeMap<QuestionId, SecondPass>,
}

/// A draft as it is read: those of before held one question.
#[derive(Deserialize)]
struct Kept {
    #[serde(default)]
    element: Option<Element>,
    #[serde(default)]
    question: Option<Question>,
    level: Level,
    difficulty: Difficulty,
    justifications: Vec<Justification>,
    #[serde(default)]
    seconds: BTreeMap<QuestionId, SecondPass>,
    #[serde(default)]
    second: Option<SecondPass>,
}

impl From<Kept> for Draft {
    fn from(kept: Kept) -> Self {
        let Kept { element, question, level, difficulty, mut justifications, mut seconds, second } = kept;
        let element = element.or(question.map(Element::Question)).unwrap_or_else(|| {
            Element::Question(Question::new(
                QuestionId::new("?"),
                String::new(),
                Body::Qrm { propositions: Vec::new() },
            ))
        });
        if let Element::Question(question) = &element {
            for justification in justifications.iter_mut().filter(|j| j.question.as_str().is_empty()) {
                justification.question = question.id.clone();
            }
            if let Some(second) = second {
                seconds.insert(question.id.clone(), second);
            }
        }
        Self { element, level, difficulty, justifications, seconds }
    }
}

/// A part of a key that no passage bears out.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Bare<'a> {
    /// Of which question.
    pub question: &'a Question,
    /// Of which proposition; `None` for the answer of a question that has none.
    pub proposition: Option<&'a PropositionId>,
}

impl Draft {
    /// The first question, by which a draft is named in lists.
    #[must_use]
    pub fn first(&self) -> Option<&Question> {
        self.element.questions().next()
    }

    /// What it says first: its stem, or the opening of its case.
    #[must_use]
    pub fn opening(&self) -> &str {
        match &self.element {
            Element::Question(question) => &question.stem,
            Element::Case(case) => &case.intro,
        }
    }

    /// The word of its form.
    #[must_use]
    pub fn form(&self) -> &'static str {
        match &self.element {
            Element::Question(question) => question.kind().code(),
            Element::Case(case) => case.kind.code(),
        }
    }

    /// What is said of a proposition, or of the answer of a question that has none.
    #[must_use]
    pub fn why(&self, question: &QuestionId, proposition: Option<&PropositionId>) -> Option<&Justification> {
        self.justifications.iter().find(|j| j.question == *question && j.proposition.as_ref() == proposition)
    }

    /// What is said to be true that no passage bears out.
    #[must_use]
    pub fn unsupported_key(&self) -> Vec<Bare<'_>> {
        let mut bare = Vec::new();
        for question in self.element.questions() {
            let propositions = question.body.propositions();
            let keys: Vec<Option<&PropositionId>> = match propositions.is_empty() {
                true => vec![None],
                false => propositions.iter().filter(|p| p.status.is_true()).map(|p| Some(&p.id)).collect(),
            };
            for proposition in keys {
                if self.why(&question.id, proposition).is_none_or(|j| !j.support.is_enough()) {
                    bare.push(Bare { question, proposition });
                }
            }
        }
        bare
    }

    /// Questions whose answering pass does not find the key.
    pub fn disagreements(&self) -> impl Iterator<Item = &QuestionId> {
        let differs = |second: &SecondPass| matches!(second, SecondPass::Answered { agrees: false, .. });
        self.seconds.iter().filter(move |(_, second)| differs(second)).map(|(id, _)| id)
    }
}

/// Why something is true or false, by the machine's word.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Justification {
    /// Of which question.
    #[serde(default = "nameless")]
    pub question: QuestionId,
    /// Of which proposition; none for the answer of a question that has none.
    pub proposition: Option<PropositionId>,
    /// In words.
    pub text: String,
    /// The passage named; empty without one.
    pub passage: String,
    /// What is quoted from it.
    pub quote: String,
    /// Is it really there?
    pub support: Support,
}

fn nameless() -> QuestionId {
    QuestionId::new("")
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
        /// What it wrote, where the answer is a text.
        #[serde(default)]
        written: String,
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
