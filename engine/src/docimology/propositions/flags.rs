//! What calls for a look among the answers: thresholds, and the words that say so.

use super::{Drawn, Pattern, RARE};
use crate::question::{Body, Question};
use serde::Serialize;

/// A share of sheets put at zero that calls for a look.
const ZEROING: f64 = 0.25;

/// Something to look at among the answers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "flag", content = "label", rename_all = "snake_case")]
pub enum AnswerFlag {
    /// Among the best, another answer is given more often than the key.
    SuspectKey(String),
    /// A false proposition goes with success, or most of the best tick it.
    DistractorDrawsTheBest(String),
    /// A true proposition goes with failure, or most of the best leave it, as others do.
    KeyRepelsTheBest(String),
    /// Open answers that are not in the key go with success.
    OtherAnswersDrawTheBest(String),
    /// A false proposition is almost never ticked.
    NonFunctioningDistractor(String),
    /// A false proposition is never ticked.
    NeverChosen(String),
    /// An indispensable proposition left out, or an inacceptable one ticked, puts many sheets at zero.
    Zeroing(String),
}

impl AnswerFlag {
    /// For programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::SuspectKey(_) => "suspect_key",
            Self::DistractorDrawsTheBest(_) => "distractor_draws_the_best",
            Self::KeyRepelsTheBest(_) => "key_repels_the_best",
            Self::OtherAnswersDrawTheBest(_) => "other_answers_draw_the_best",
            Self::NonFunctioningDistractor(_) => "non_functioning_distractor",
            Self::NeverChosen(_) => "never_chosen",
            Self::Zeroing(_) => "zeroing",
        }
    }

    /// What it is about: a letter, a whole answer, a zone, a category.
    pub fn label(&self) -> &str {
        match self {
            Self::SuspectKey(l)
            | Self::DistractorDrawsTheBest(l)
            | Self::KeyRepelsTheBest(l)
            | Self::OtherAnswersDrawTheBest(l)
            | Self::NonFunctioningDistractor(l)
            | Self::NeverChosen(l)
            | Self::Zeroing(l) => l,
        }
    }

    /// For people.
    pub fn french(&self) -> String {
        match self {
            Self::SuspectKey(l) => format!("les meilleurs répondent surtout {l} : la clé est-elle juste ?"),
            Self::DistractorDrawsTheBest(l) => {
                format!("{l}, comptée fausse, attire plus les meilleurs : la clé est-elle juste ?")
            }
            Self::KeyRepelsTheBest(l) => {
                format!("{l}, comptée vraie, est moins cochée par les meilleurs : la clé est-elle juste ?")
            }
            Self::OtherAnswersDrawTheBest(_) => {
                "les meilleurs donnent des réponses qui ne sont pas dans la clé : en manque-t-il une ?".into()
            }
            Self::NonFunctioningDistractor(l) => format!("{l} n’est presque jamais cochée"),
            Self::NeverChosen(l) => format!("{l} n’est jamais cochée"),
            Self::Zeroing(l) => format!("{l} met à zéro plus d’une copie sur quatre"),
        }
    }

    /// May the key be wrong?
    pub fn doubts_the_key(&self) -> bool {
        match self {
            Self::SuspectKey(_)
            | Self::DistractorDrawsTheBest(_)
            | Self::KeyRepelsTheBest(_)
            | Self::OtherAnswersDrawTheBest(_) => true,
            Self::NonFunctioningDistractor(_) | Self::NeverChosen(_) | Self::Zeroing(_) => false,
        }
    }
}

pub(super) fn flags(question: &Question, drawn: &[Drawn], patterns: &[(u32, Pattern)], n: usize) -> Vec<AnswerFlag> {
    let mut flags = Vec::new();
    // A correlation that chance alone seldom gives.
    let sure = (2.5 / (n as f64).sqrt()).max(0.05);
    match &question.body {
        // One choice: what the best choose most is the key.
        Body::Qru { .. } | Body::Tcs { .. } => {
            let key = drawn.iter().filter(|d| d.right).map(|d| d.strong).fold(0.0, f64::max);
            let others = drawn.iter().filter(|d| !d.right);
            if let Some(best) = others.max_by(|a, b| a.strong.total_cmp(&b.strong))
                && best.strong > key
                && best.strong >= best.weak
            {
                flags.push(AnswerFlag::SuspectKey(best.label.clone()));
            }
        }
        Body::Qroc { .. } => {
            let other = drawn.iter().find(|d| !d.right);
            if let Some(other) = other.filter(|o| o.r.is_some_and(|r| r > sure)) {
                flags.push(AnswerFlag::OtherAnswersDrawTheBest(other.label.clone()));
            }
        }
        Body::Qzp { .. } => {}
        _ => {
            // The whole answer that the best give most, if it is not the one that has all the points.
            let full = patterns.iter().map(|(_, p)| p.score).fold(0.0, f64::max);
            let most = patterns.iter().max_by(|a, b| a.1.strong.total_cmp(&b.1.strong));
            if let Some((_, most)) = most
                && most.score < full - 1e-9
                && most.strong > 0.3
                && most.rest.is_some_and(|r| r > 0.2)
            {
                flags.push(AnswerFlag::SuspectKey(most.label.clone()));
            }
        }
    }
    let ticks = !question.body.propositions().is_empty();
    let single = matches!(question.body, Body::Qru { .. });
    if ticks || matches!(question.body, Body::Qzp { .. }) {
        for d in drawn {
            let Some(r) = d.r else { continue };
            let (majority, minority) = (d.strong > 0.5 && d.strong >= d.weak, d.strong < 0.5 && d.strong <= d.weak);
            if !d.right && d.frequency >= RARE && (r > sure || (!single && r > 0.0 && majority)) {
                flags.push(AnswerFlag::DistractorDrawsTheBest(d.label.clone()));
            }
            if d.right && (r < -sure || (!single && ticks && r < 0.0 && minority)) {
                flags.push(AnswerFlag::KeyRepelsTheBest(d.label.clone()));
            }
        }
    }
    if ticks {
        for d in drawn {
            // The key of a single answer puts at zero whoever misses it: that is its difficulty.
            if !single && d.zeroed.is_some_and(|z| z as f64 > ZEROING * n as f64) {
                flags.push(AnswerFlag::Zeroing(d.label.clone()));
            }
            match d.count {
                _ if d.right => {}
                0 => flags.push(AnswerFlag::NeverChosen(d.label.clone())),
                _ if d.frequency < RARE => flags.push(AnswerFlag::NonFunctioningDistractor(d.label.clone())),
                _ => {}
            }
        }
    }
    flags
}
