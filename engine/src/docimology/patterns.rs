//! Which wrong answers were given, and by how many: what a comment is written for.
//!
//! A pattern is what an answer has wrong, not the answer itself: the keys it misses and the distractors it ticks, by
//! identifier, so that neither the order of a screen nor that of a revision changes it; for an open answer, the text as
//! the key is compared with it. Script concordance and zones to point at have none: their wrong answers are not a few
//! that come back.

use crate::PropositionId;
use crate::qroc::{self, Category};
use crate::question::{Body, Question};
use crate::response::Response;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Longest open answer told apart, in characters of its compared form; longer ones that begin the same are one pattern.
pub const MAX_TEXT: usize = 120;

/// What an answer has wrong.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pattern {
    /// Among propositions. At least one of the lists holds something; both are in the order of identifiers.
    Propositions {
        /// True, and not ticked.
        missed: Vec<PropositionId>,
        /// False, and ticked.
        ticked: Vec<PropositionId>,
    },
    /// An open answer that the key does not hold, as it is compared with the key.
    Text {
        /// See [`qroc::normalise`].
        folded: String,
    },
}

/// What an answer is worth here.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Given {
    /// Nothing was answered.
    Blank,
    /// Nothing is wrong with it.
    Right,
    /// Something is.
    Wrong(Pattern),
    /// The question has no patterns, or the answer is not one of its kind.
    Apart,
}

/// What an answer to a question has wrong. Of a QCM, a proposition left unanswered counts as not judged true.
#[must_use]
pub fn given(question: &Question, answer: Option<&Response>) -> Given {
    match (&question.body, answer) {
        (Body::Tcs { .. } | Body::Qzp { .. }, _) => Given::Apart,
        (_, None) => Given::Blank,
        (Body::Qroc { exact, acceptable, .. }, Some(Response::Text { text })) => {
            match qroc::categorise(text, exact, acceptable) {
                Category::Blank => Given::Blank,
                Category::Exact | Category::Acceptable => Given::Right,
                Category::Other => {
                    Given::Wrong(Pattern::Text { folded: qroc::normalise(text).chars().take(MAX_TEXT).collect() })
                }
            }
        }
        (body, Some(Response::Ticks { ticked, rejected })) if !body.propositions().is_empty() => {
            let all = body.propositions();
            if !all.iter().any(|p| ticked.contains(&p.id) || rejected.contains(&p.id)) {
                return Given::Blank;
            }
            let those = |is_true: bool| {
                let mut ids: Vec<PropositionId> = (all.iter())
                    .filter(|p| p.status.is_true() == is_true && ticked.contains(&p.id) != is_true)
                    .map(|p| p.id.clone())
                    .collect();
                ids.sort();
                ids
            };
            let (missed, ticked) = (those(true), those(false));
            if missed.is_empty() && ticked.is_empty() {
                Given::Right
            } else {
                Given::Wrong(Pattern::Propositions { missed, ticked })
            }
        }
        (_, Some(answer)) if answer.is_blank() => Given::Blank,
        (_, Some(_)) => Given::Apart,
    }
}

const PARTS: [char; 5] = ['%', ',', ';', ':', ' '];

/// An identifier inside a key: what parts a key is written as its bytes.
fn escaped(id: &str) -> String {
    let mut out = String::with_capacity(id.len());
    for c in id.chars() {
        if PARTS.contains(&c) || c.is_control() {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                out.push_str(&format!("%{byte:02x}"));
            }
        } else {
            out.push(c);
        }
    }
    out
}

fn unescaped(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first == b'%' {
            let (pair, after) = after.split_at_checked(2)?;
            bytes.push(u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?);
            rest = after;
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}

impl Pattern {
    /// Its name, the same for ever: `missed:b,c;ticked:e`, or `text:` and the compared form.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Propositions { missed, ticked } => {
                let list =
                    |ids: &[PropositionId]| ids.iter().map(|id| escaped(id.as_str())).collect::<Vec<_>>().join(",");
                format!("missed:{};ticked:{}", list(missed), list(ticked))
            }
            Self::Text { folded } => format!("text:{folded}"),
        }
    }

    /// The pattern of a name; `None` where it is none.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        if let Some(folded) = key.strip_prefix("text:") {
            return (!folded.is_empty()).then(|| Self::Text { folded: folded.to_owned() });
        }
        let (missed, ticked) = key.strip_prefix("missed:")?.split_once(";ticked:")?;
        let list = |text: &str| -> Option<Vec<PropositionId>> {
            if text.is_empty() {
                return Some(Vec::new());
            }
            let mut ids: Vec<PropositionId> =
                text.split(',').map(|id| unescaped(id).map(PropositionId::new)).collect::<Option<_>>()?;
            ids.sort();
            ids.dedup();
            Some(ids)
        };
        let (missed, ticked) = (list(missed)?, list(ticked)?);
        (!missed.is_empty() || !ticked.is_empty()).then_some(Self::Propositions { missed, ticked })
    }

    /// Does the question have what it names?
    #[must_use]
    pub fn suits(&self, question: &Question) -> bool {
        match self {
            Self::Text { .. } => matches!(question.body, Body::Qroc { .. }),
            Self::Propositions { missed, ticked } => {
                let is = |id: &PropositionId, is_true: bool| {
                    question.body.propositions().iter().any(|p| p.id == *id && p.status.is_true() == is_true)
                };
                missed.iter().all(|id| is(id, true)) && ticked.iter().all(|id| is(id, false))
            }
        }
    }
}

/// A wrong answer with how many gave it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Counted {
    /// What is wrong.
    pub pattern: Pattern,
    /// Candidates.
    pub count: usize,
    /// Of an open answer: the way in which most wrote it; empty otherwise.
    pub shown: String,
}

/// Every answer to a question, counted.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Tally {
    /// Nothing answered.
    pub blank: usize,
    /// Nothing wrong.
    pub right: usize,
    /// Something wrong.
    pub wrong: usize,
    /// Not read here.
    pub apart: usize,
    /// Wrong answers, the most frequent first, then by key.
    pub patterns: Vec<Counted>,
}

/// Counts the answers of candidates to a question; `None` is no answer.
#[must_use]
pub fn tally<'a>(question: &Question, answers: impl IntoIterator<Item = Option<&'a Response>>) -> Tally {
    let mut tally = Tally::default();
    let mut found: BTreeMap<Pattern, (usize, BTreeMap<String, usize>)> = BTreeMap::new();
    for answer in answers {
        match given(question, answer) {
            Given::Blank => tally.blank += 1,
            Given::Right => tally.right += 1,
            Given::Apart => tally.apart += 1,
            Given::Wrong(pattern) => {
                tally.wrong += 1;
                let (count, spellings) = found.entry(pattern).or_default();
                *count += 1;
                if let Some(Response::Text { text }) = answer {
                    let written = text.split_whitespace().collect::<Vec<_>>().join(" ");
                    *spellings.entry(written).or_default() += 1;
                }
            }
        }
    }
    tally.patterns = found
        .into_iter()
        .map(|(pattern, (count, spellings))| {
            // The first in the order of texts, where several are as frequent.
            let most = spellings.into_iter().rev().max_by_key(|(_, n)| *n);
            Counted { pattern, count, shown: most.map(|(text, _)| text).unwrap_or_default() }
        })
        .collect();
    tally.patterns.sort_by_cached_key(|c| (std::cmp::Reverse(c.count), c.pattern.key()));
    tally
}
