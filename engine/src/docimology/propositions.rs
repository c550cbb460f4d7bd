//! What each proposition drew, from whom; and which answers were given.
//!
//! The criterion is the rest score: the total without the question. A proposition is looked at as a question of its
//! own (ticked or not): its frequency, its point-biserial correlation with the rest, and its trace line, the share of
//! those who tick it in each fifth of the candidates (Haladyna 2004, chap. 9; Wainer 1989). That is where wrong keys
//! show: a false proposition that draws the best, a true one that repels them.

use super::NotEstimable;
use crate::question::{Body, Question, Status};
use serde::Serialize;
use std::collections::HashMap;

/// Groups of equal size, from the weakest fifth to the strongest.
pub const GROUPS: usize = 5;

/// Candidates below which nothing is flagged: shares would be too uncertain.
pub const LEAST: usize = 50;

/// Below this share a distractor does not work (Haladyna and Downing 1993).
pub const RARE: f64 = 0.05;

/// A proposition, a zone, a category of open answers, a choice of a script concordance.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Drawn {
    /// A to Y; the name of the zone; the category; −2 to +2.
    pub label: String,
    /// Id of the proposition or zone, where it has one.
    pub id: Option<String>,
    /// In the key?
    pub right: bool,
    /// Candidates who gave it.
    pub count: usize,
    /// Share of all candidates, 0 to 1.
    pub frequency: f64,
    /// Correlation of giving it with the rest score; `None` if all or none did.
    pub r: Option<f64>,
    /// Share of those who gave it, from the weakest fifth to the strongest.
    pub trace: [f64; GROUPS],
}

/// A whole answer: the letters ticked.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Pattern {
    /// "ACD"; "—" for a blank.
    pub label: String,
    /// Candidates who gave it.
    pub count: usize,
    /// Share of all candidates.
    pub frequency: f64,
    /// Mean score it had, as a share of full credit.
    pub score: f64,
    /// Mean of the standardised rest score of those who gave it: above 0, better than the average.
    pub rest: Option<f64>,
    /// Share of those who gave it in each fifth.
    pub trace: [f64; GROUPS],
}

/// Something to look at among the answers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "flag", content = "label", rename_all = "snake_case")]
pub enum AnswerFlag {
    /// Among the strongest fifth, another answer is given more often than the key.
    SuspectKey(String),
    /// A false proposition goes with success.
    DistractorDrawsTheBest(String),
    /// A true proposition goes with failure.
    KeyRepelsTheBest(String),
    /// A false proposition is almost never ticked.
    NonFunctioningDistractor(String),
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
            Self::NonFunctioningDistractor(_) => "non_functioning_distractor",
            Self::Zeroing(_) => "zeroing",
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
            Self::NonFunctioningDistractor(l) => format!("{l} n’est presque jamais cochée"),
            Self::Zeroing(l) => format!("{l} met à zéro plus d’une copie sur quatre"),
        }
    }

    /// May the key be wrong?
    pub fn doubts_the_key(&self) -> bool {
        matches!(self, Self::SuspectKey(_) | Self::DistractorDrawsTheBest(_) | Self::KeyRepelsTheBest(_))
    }
}

/// What a question drew.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Answers {
    /// Propositions, in the order of the paper.
    pub drawn: Vec<Drawn>,
    /// Whole answers, the most frequent first; at most twenty.
    pub patterns: Vec<Pattern>,
    /// Different answers given.
    pub different: usize,
    /// Blank answers.
    pub blank: usize,
    /// Candidates in each fifth.
    pub groups: [usize; GROUPS],
    /// What calls for a look; empty with fewer than [`LEAST`] candidates.
    pub flags: Vec<AnswerFlag>,
}

/// What a label stands for among codes.
struct Choice {
    label: String,
    id: Option<String>,
    right: bool,
    given: Box<dyn Fn(u32) -> bool>,
}

fn letter(i: usize) -> String {
    char::from(b'A' + (i % 26) as u8).to_string()
}

/// The name of a choice of script concordance.
fn step(value: i32) -> String {
    match value {
        0 => "0".into(),
        v if v > 0 => format!("+{v}"),
        v => format!("−{}", -v),
    }
}

fn options(question: &Question) -> Vec<Choice> {
    let bit = |i: usize| Box::new(move |code: u32| code & (1 << i) != 0) as Box<dyn Fn(u32) -> bool>;
    let value = |v: u32| Box::new(move |code: u32| code == v) as Box<dyn Fn(u32) -> bool>;
    match &question.body {
        Body::Qroc { .. } => [("exacte", 1, true), ("acceptable", 2, true), ("autre", 3, false)]
            .into_iter()
            .map(|(label, v, right)| Choice { label: label.into(), id: None, right, given: value(v) })
            .collect(),
        Body::Tcs { panel, .. } => {
            let mode = panel.iter().max().copied().unwrap_or(0);
            (0..5)
                .map(|i| Choice {
                    label: step(i - 2),
                    id: None,
                    right: panel[i as usize] == mode,
                    given: value(i as u32 + 1),
                })
                .collect()
        }
        Body::Qzp { zones, .. } => zones
            .iter()
            .enumerate()
            .map(|(i, z)| Choice { label: z.name.clone(), id: Some(z.id.to_string()), right: true, given: bit(i) })
            .collect(),
        body => body
            .propositions()
            .iter()
            .enumerate()
            .map(|(i, p)| Choice {
                label: letter(i),
                id: Some(p.id.to_string()),
                right: p.status.is_true(),
                given: bit(i),
            })
            .collect(),
    }
}

/// The letters of a code.
fn pattern(question: &Question, options: &[Choice], code: u32) -> String {
    if code == 0 {
        return "—".into();
    }
    let given: Vec<&str> = options.iter().filter(|o| (o.given)(code)).map(|o| o.label.as_str()).collect();
    let apart = !matches!(question.body, Body::Qzp { .. });
    let yes = given.join(if apart { "" } else { ", " });
    match &question.body {
        Body::Qcm { propositions } => {
            let n = propositions.len();
            let no: String = (0..n).filter(|i| code >> n & (1 << i) != 0).map(letter).collect();
            if no.len() + yes.len() < n {
                format!("{yes}/{no}")
            } else if yes.is_empty() {
                "aucune".into()
            } else {
                yes
            }
        }
        _ => yes,
    }
}

/// What a question drew: `codes` and `rest` (score on the other questions) by candidate, `score` the share of full
/// credit of each.
///
/// # Errors
/// No candidate, or lists of different lengths.
pub fn answers(question: &Question, codes: &[u32], rest: &[f64], score: &[f64]) -> Result<Answers, NotEstimable> {
    let n = codes.len();
    let what = "réponses données";
    if n == 0 {
        return Err(NotEstimable::TooFewCandidates { what, n, needed: 1 });
    }
    if rest.len() != n || score.len() != n {
        return Err(NotEstimable::Unsuited { what, detail: "listes de longueurs différentes".into() });
    }
    let mut order: Vec<u32> = (0..n as u32).collect();
    order.sort_by(|a, b| rest[*a as usize].total_cmp(&rest[*b as usize]).then(a.cmp(b)));
    let mut group = vec![0_u8; n];
    let mut groups = [0; GROUPS];
    for (place, candidate) in order.iter().enumerate() {
        let g = place * GROUPS / n;
        group[*candidate as usize] = g as u8;
        groups[g] += 1;
    }
    let mean = rest.iter().sum::<f64>() / n as f64;
    let sd = (rest.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / n as f64).sqrt();
    let deviate = |c: usize| if sd > 1e-12 { (rest[c] - mean) / sd } else { 0.0 };

    // Everything by distinct code: few of them, many candidates.
    struct Seen {
        count: usize,
        by_group: [usize; GROUPS],
        rest: f64,
        score: f64,
    }
    let mut seen: HashMap<u32, Seen> = HashMap::new();
    for c in 0..n {
        let own = seen.entry(codes[c]).or_insert(Seen { count: 0, by_group: [0; GROUPS], rest: 0.0, score: 0.0 });
        own.count += 1;
        own.by_group[usize::from(group[c])] += 1;
        own.rest += deviate(c);
        own.score += score[c];
    }
    let options = options(question);
    let shares = |counts: [usize; GROUPS]| -> [f64; GROUPS] {
        std::array::from_fn(|g| if groups[g] > 0 { counts[g] as f64 / groups[g] as f64 } else { 0.0 })
    };
    // Codes in order: sums do not depend on the order of a hash table.
    let mut known: Vec<(u32, Seen)> = seen.into_iter().collect();
    known.sort_by_key(|(code, _)| *code);
    let drawn: Vec<Drawn> = options
        .iter()
        .map(|o| {
            let (mut count, mut by_group, mut sum) = (0, [0; GROUPS], 0.0);
            for (_, s) in known.iter().filter(|(code, _)| (o.given)(*code)) {
                count += s.count;
                sum += s.rest;
                by_group.iter_mut().zip(s.by_group).for_each(|(b, s)| *b += s);
            }
            let p = count as f64 / n as f64;
            // Point-biserial: mean deviate of those who gave it × √(p / (1 − p)).
            let some = count > 0 && count < n && sd > 1e-12 && n > 2;
            Drawn {
                label: o.label.clone(),
                id: o.id.clone(),
                right: o.right,
                count,
                frequency: p,
                r: some.then(|| (sum / count as f64 * (p / (1.0 - p)).sqrt()).clamp(-1.0, 1.0)),
                trace: shares(by_group),
            }
        })
        .collect();
    let blank = known.iter().find(|(code, _)| *code == 0).map_or(0, |(_, s)| s.count);
    let different = known.len();
    let mut patterns: Vec<(u32, Pattern)> = known
        .iter()
        .map(|(code, s)| {
            let pattern = Pattern {
                label: pattern(question, &options, *code),
                count: s.count,
                frequency: s.count as f64 / n as f64,
                score: s.score / s.count as f64,
                rest: (sd > 1e-12).then(|| s.rest / s.count as f64),
                trace: shares(s.by_group),
            };
            (*code, pattern)
        })
        .collect();
    patterns.sort_by_key(|(code, p)| (std::cmp::Reverse(p.count), *code));
    let flags = if n < LEAST { vec![] } else { flags(question, &drawn, &patterns, n) };
    Ok(Answers {
        drawn,
        patterns: patterns.into_iter().take(20).map(|(_, p)| p).collect(),
        different,
        blank,
        groups,
        flags,
    })
}

fn flags(question: &Question, drawn: &[Drawn], patterns: &[(u32, Pattern)], n: usize) -> Vec<AnswerFlag> {
    let mut flags = Vec::new();
    let ticks = !question.body.propositions().is_empty();
    // A correlation that chance alone seldom gives.
    let sure = 2.5 / (n as f64).sqrt();
    let strongest = GROUPS - 1;
    match &question.body {
        Body::Qru { .. } => {
            let key = drawn.iter().filter(|d| d.right).map(|d| d.trace[strongest]).fold(0.0, f64::max);
            let best =
                drawn.iter().filter(|d| !d.right).max_by(|a, b| a.trace[strongest].total_cmp(&b.trace[strongest]));
            if let Some(best) = best
                && best.trace[strongest] > key
            {
                flags.push(AnswerFlag::SuspectKey(best.label.clone()));
            }
        }
        Body::Tcs { .. } | Body::Qroc { .. } | Body::Qzp { .. } => {}
        _ => {
            // The whole answer that the strongest give most, if it is not the one that has all the points.
            let full = patterns.iter().map(|(_, p)| p.score).fold(0.0, f64::max);
            let most = patterns.iter().max_by(|a, b| a.1.trace[strongest].total_cmp(&b.1.trace[strongest]));
            if let Some((_, most)) = most
                && most.score < full - 1e-9
                && most.trace[strongest] > 0.3
                && most.rest.is_some_and(|r| r > 0.2)
            {
                flags.push(AnswerFlag::SuspectKey(most.label.clone()));
            }
        }
    }
    if ticks {
        for d in drawn {
            match d.r {
                Some(r) if !d.right && r > sure.max(0.05) && d.frequency >= RARE => {
                    flags.push(AnswerFlag::DistractorDrawsTheBest(d.label.clone()));
                }
                Some(r) if d.right && r < -sure.max(0.05) => flags.push(AnswerFlag::KeyRepelsTheBest(d.label.clone())),
                _ => {}
            }
        }
        for (d, p) in drawn.iter().zip(question.body.propositions()) {
            let zeroed = match p.status {
                Status::Indispensable => 1.0 - d.frequency,
                Status::Inacceptable => d.frequency,
                _ => 0.0,
            };
            if zeroed > 0.25 && !matches!(question.body, Body::Qru { .. }) {
                flags.push(AnswerFlag::Zeroing(d.label.clone()));
            }
            if !d.right && d.frequency < RARE {
                flags.push(AnswerFlag::NonFunctioningDistractor(d.label.clone()));
            }
        }
    }
    flags
}
