//! What could be better written in a question: item-writing flaws (*défauts de rédaction*), as one types.
//!
//! [`flaws`] is advice; what forbids use is `docimo_engine::check`. Nothing here knows medicine: rules see words,
//! lengths and numbers, the same text always gives the same list, and an empty list proves nothing.
//!
//! Reading order: this file, `catalogue` (every code, what it means, how to mend it), then one file for each kind of
//! rule: `stem`, `options` (each proposition alone), `cues` (what gives the key away), `alike` (propositions compared
//! with each other), `numbers`, `structure` (counts, metadata, kinds without propositions), `case` (between parts).
//! `text` cuts words, `words` holds the lists.
//!
//! Not here: flaws that need data (non-functioning distractors), position of the keys over a paper, medical truth.

mod alike;
mod case;
mod catalogue;
mod cues;
mod numbers;
mod options;
mod stem;
mod structure;
mod text;
mod words;

pub use catalogue::{CATALOGUE, Code, Entry};

use docimo_engine::PropositionId;
use docimo_engine::paper::Element;
use docimo_engine::question::{Kind, Question};
use serde::Serialize;
use std::ops::Range;
use text::Text;

/// How much a flaw matters. None forbids use.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing; often right as it is.
    Info,
    /// Probably to be reworded.
    Warning,
    /// Gives the answer away, contradicts itself or breaks when propositions are shuffled.
    Strong,
}

impl Severity {
    /// The French word shown to users.
    pub fn french(self) -> &'static str {
        match self {
            Self::Info => "à savoir",
            Self::Warning => "à revoir",
            Self::Strong => "à corriger",
        }
    }
}

/// The text of an element in which a flaw is.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// Title of the case.
    Title,
    /// Opening text of the case.
    Intro,
    /// Text that brings a question of a case.
    PartText,
    /// Stem (*énoncé*).
    Stem,
    /// The image that goes with the question, or with the case.
    Image,
    /// The propositions as a whole.
    Propositions,
    /// One proposition.
    Proposition(PropositionId),
    /// An exact answer of a QROC, from 0.
    Exact(usize),
    /// An acceptable answer of a QROC, from 0.
    Acceptable(usize),
    /// The lists of answers of a QROC.
    Answers,
    /// Hypothesis of a TCS.
    Hypothesis,
    /// Finding of a TCS.
    Finding,
    /// Panel of a TCS.
    Panel,
    /// General correction.
    Comment,
    /// Rank, tags, source.
    Metadata,
}

/// Where a flaw is.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
pub struct Place {
    /// Index of the question in its case, from 0; `None` in an isolated question and for the case itself.
    pub part: Option<usize>,
    /// Which text.
    pub field: Field,
}

/// A flaw found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Flaw {
    /// Which.
    pub code: Code,
    /// How much it matters here.
    pub severity: Severity,
    /// Where.
    pub place: Place,
    /// Bytes of that text, on character boundaries; empty when the flaw is of the whole text.
    pub ranges: Vec<Range<usize>>,
    /// What was seen, in French.
    pub message: String,
    /// How to mend it, in French.
    pub advice: &'static str,
    /// Who says so.
    pub source: &'static str,
}

/// A proposition made ready.
struct Opt<'a> {
    id: &'a PropositionId,
    text: Text<'a>,
    key: bool,
    /// Says nothing of its own: "toutes les réponses", a text left unwritten.
    special: bool,
}

/// A question made ready, and what is found in it.
struct Review<'a> {
    question: &'a Question,
    part: Option<usize>,
    stem: Text<'a>,
    options: Vec<Opt<'a>>,
    found: Vec<Flaw>,
}

impl<'a> Review<'a> {
    fn of(question: &'a Question, part: Option<usize>) -> Self {
        let options = question
            .body
            .propositions()
            .iter()
            .map(|p| Opt { id: &p.id, text: Text::of(&p.text), key: p.status.is_true(), special: false })
            .collect();
        Self { question, part, stem: Text::of(&question.stem), options, found: Vec::new() }
    }

    fn kind(&self) -> Kind {
        self.question.kind()
    }

    /// The only true proposition, where the reader knows that there is one or could guess it; not in a QCM, where
    /// each proposition is judged alone.
    fn single_key(&self) -> Option<usize> {
        let mut keys = (0..self.options.len()).filter(|i| self.options[*i].key);
        match (self.kind(), keys.next(), keys.next()) {
            (Kind::Qcm, _, _) | (_, None, _) | (_, Some(_), Some(_)) => None,
            (_, Some(key), None) => (self.options.len() >= 3).then_some(key),
        }
    }

    fn keys(&self) -> usize {
        self.options.iter().filter(|o| o.key).count()
    }

    fn note(&mut self, code: Code, severity: Severity, field: Field, ranges: Vec<Range<usize>>, message: String) {
        let place = Place { part: self.part, field };
        self.found.push(flaw(code, severity, place, ranges, message));
    }

    fn at_stem(&mut self, code: Code, severity: Severity, words: Range<usize>, message: impl FnOnce(&str) -> String) {
        let message = message(self.stem.said(words.clone()));
        let bytes = self.stem.bytes(words);
        self.note(code, severity, Field::Stem, vec![bytes], message);
    }

    fn at_option(
        &mut self,
        i: usize,
        code: Code,
        severity: Severity,
        words: Option<Range<usize>>,
        message: impl FnOnce(&str) -> String,
    ) {
        let option = &self.options[i];
        let (said, ranges) = match words {
            Some(words) => (option.text.said(words.clone()), vec![option.text.bytes(words)]),
            None => (option.text.source.trim(), vec![]),
        };
        let message = message(said);
        self.note(code, severity, Field::Proposition(option.id.clone()), ranges, message);
    }
}

fn flaw(code: Code, severity: Severity, place: Place, ranges: Vec<Range<usize>>, message: String) -> Flaw {
    let entry = code.entry();
    Flaw { code, severity, place, ranges, message, advice: entry.advice, source: entry.source }
}

/// The beginning of a text, for a message.
fn excerpt(text: &str) -> String {
    const MOST: usize = 60;
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() <= MOST {
        return text;
    }
    let mut cut: String = text.chars().take(MOST - 1).collect();
    cut.push('…');
    cut
}

/// Every flaw of a question, or of a case and its questions, in the order of the texts.
pub fn flaws(element: &Element) -> Vec<Flaw> {
    let (mut found, order) = match element {
        Element::Question(question) => (question_flaws(question, None), vec![question]),
        Element::Case(case) => {
            let mut found = case::check(case);
            for (i, part) in case.parts.iter().enumerate() {
                found.extend(question_flaws(&part.question, Some(i)));
            }
            (found, case.parts.iter().map(|p| &p.question).collect())
        }
    };
    let rank = |flaw: &Flaw| {
        let at = match &flaw.place.field {
            Field::Proposition(id) => order
                .get(flaw.place.part.unwrap_or(0))
                .and_then(|q| q.body.propositions().iter().position(|p| p.id == *id))
                .unwrap_or(0),
            _ => 0,
        };
        (flaw.place.part, field_order(&flaw.place.field), at, flaw.code)
    };
    found.sort_by(|a, b| {
        rank(a).cmp(&rank(b)).then_with(|| {
            let start = |f: &Flaw| f.ranges.first().map_or(0, |r| r.start);
            start(a).cmp(&start(b)).then_with(|| a.message.cmp(&b.message))
        })
    });
    found
}

fn field_order(field: &Field) -> u8 {
    match field {
        Field::Title => 0,
        Field::Intro => 1,
        Field::PartText => 2,
        Field::Stem => 3,
        Field::Image => 4,
        Field::Hypothesis => 5,
        Field::Finding => 6,
        Field::Panel => 7,
        Field::Propositions => 8,
        Field::Proposition(_) => 9,
        Field::Exact(_) => 10,
        Field::Acceptable(_) => 11,
        Field::Answers => 12,
        Field::Comment => 13,
        Field::Metadata => 14,
    }
}

fn question_flaws(question: &Question, part: Option<usize>) -> Vec<Flaw> {
    let mut review = Review::of(question, part);
    let negative = stem::check(&mut review);
    options::check(&mut review, negative);
    cues::check(&mut review);
    alike::check(&mut review);
    numbers::check(&mut review);
    structure::check(&mut review);
    review.found
}
