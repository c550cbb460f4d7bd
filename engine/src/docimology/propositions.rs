//! What each proposition drew, from whom; and which answers were given.
//!
//! The criterion is the rest score: the total without the question. A proposition is looked at as a question of its
//! own (ticked or not): its frequency, its point-biserial correlation with the rest, and its trace line, the share of
//! those who tick it in each fifth of the candidates (Wainer 1989; Haladyna 2004, chap. 9). That is where wrong keys
//! show: a false proposition that draws the best, a true one that repels them.
//!
//! Parts of the candidates (fifths; the best and the worst 27 % of Kelley 1939) are of equal size: candidates with
//! equal rest scores share the places that they hold together, so that the order of the list is nothing. Where the
//! rest of the exam measures something else than the question, or little, none of this means much; a rare proposition
//! has an uncertain correlation.

mod choices;
mod flags;

pub use choices::{Choices, Chosen, Traces, choices, traces};
pub use flags::AnswerFlag;

use super::NotEstimable;
use crate::question::{Body, Question, Status};
use flags::flags;
use serde::Serialize;
use std::ops::Range;

/// Groups of equal size, from the weakest fifth to the strongest.
pub const GROUPS: usize = 5;

/// Candidates below which nothing is flagged: shares would be too uncertain.
pub const LEAST: usize = 50;

/// Below this share a distractor does not work (Haladyna and Downing 1993).
pub const RARE: f64 = 0.05;

/// The share of candidates that "the best" and "the worst" are (Kelley 1939).
pub const TAIL: f64 = 0.27;

/// Whole answers that are told.
const PATTERNS: usize = 20;

/// A proposition, a zone, a category of open answers, a choice of a script concordance.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Drawn {
    /// A to Y; the name of the zone; the category; −2 to +2.
    pub label: String,
    /// Id of the proposition or zone, where it has one.
    pub id: Option<String>,
    /// In the key?
    pub right: bool,
    /// Candidates who gave it (QCM: judged it true).
    pub count: usize,
    /// Share of all candidates, 0 to 1.
    pub frequency: f64,
    /// Pearson correlation of giving it with the rest score (point-biserial), −1 to 1; `None` if all or none did.
    pub r: Option<f64>,
    /// Share of those who gave it, from the weakest fifth to the strongest.
    pub trace: [f64; GROUPS],
    /// Share among the worst 27 %.
    pub weak: f64,
    /// Share among the best 27 %.
    pub strong: f64,
    /// QCM only: candidates who judged it false.
    pub rejected: Option<usize>,
    /// Candidates who answered and whom this proposition puts at zero, under a scheme that has zeroing: indispensable
    /// and not given, or inacceptable and given. `None` for other propositions.
    pub zeroed: Option<usize>,
}

/// A whole answer: the letters ticked.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Pattern {
    /// "ACD"; "—" for a blank; "AC/BE" (true / false) for a QCM not wholly answered.
    pub label: String,
    /// Candidates who gave it.
    pub count: usize,
    /// Share of all candidates.
    pub frequency: f64,
    /// Mean score it had, as a share of full credit.
    pub score: f64,
    /// Mean of the standardised rest score of those who gave it: above 0, better than the average.
    pub rest: Option<f64>,
    /// Mean rest score of those who gave it, in the unit given.
    pub mean_rest: f64,
    /// Share of those who gave it in each fifth.
    pub trace: [f64; GROUPS],
    /// Share among the best 27 %.
    pub strong: f64,
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
    /// Candidates among the best 27 %, and as many among the worst.
    pub tail: usize,
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
        // Outside every zone, or nothing at all: the code does not say which.
        return if matches!(question.body, Body::Qzp { .. }) { "aucune zone".into() } else { "—".into() };
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

const WHAT: &str = "réponses données";

/// Candidates from the weakest to the strongest.
struct Order {
    /// Candidates, weakest first.
    rows: Vec<u32>,
    /// Where candidates of the same value begin; ends with the number of candidates.
    starts: Vec<usize>,
}

impl Order {
    /// Values equal to a millionth are equal: differences of sums of decimals are.
    fn new(values: &[f64]) -> Self {
        let mut keys: Vec<(i64, u32)> = values.iter().zip(0..).map(|(v, i)| ((v * 1e6).round() as i64, i)).collect();
        keys.sort_unstable();
        let mut starts: Vec<usize> = (0..keys.len()).filter(|i| *i == 0 || keys[i - 1].0 != keys[*i].0).collect();
        starts.push(keys.len());
        Self { rows: keys.into_iter().map(|(_, i)| i).collect(), starts }
    }
}

/// Parts of the candidates, in order, of given sizes. Those of equal value who straddle an end are in both parts, by
/// the share of their places.
struct Parts {
    sizes: Vec<usize>,
    /// Of each place in the order: a part, or (from `sizes.len()` on) one of the mixtures.
    slot: Vec<u16>,
    /// Of each mixture: the share of each part.
    mixtures: Vec<Vec<f64>>,
}

impl Parts {
    /// Parts that end at these places, the last at the number of candidates.
    fn new(order: &Order, ends: &[usize]) -> Self {
        let begins: Vec<usize> = std::iter::once(0).chain(ends.iter().copied()).take(ends.len()).collect();
        let mut slot = vec![0; order.rows.len()];
        let mut mixtures: Vec<Vec<f64>> = Vec::new();
        for block in order.starts.windows(2) {
            let (from, to) = (block[0], block[1]);
            let shared = |g: usize| ends[g].min(to).saturating_sub(begins[g].max(from));
            let whole = (0..ends.len()).find(|g| shared(*g) == to - from);
            let own = whole.unwrap_or_else(|| {
                mixtures.push((0..ends.len()).map(|g| shared(g) as f64 / (to - from) as f64).collect());
                ends.len() + mixtures.len() - 1
            });
            slot[from..to].fill(own as u16);
        }
        Self { sizes: ends.iter().zip(begins).map(|(e, b)| e - b).collect(), slot, mixtures }
    }

    /// Equal parts.
    fn equal(order: &Order, groups: usize) -> Self {
        let n = order.rows.len();
        Self::new(order, &(1..=groups).map(|g| (g * n).div_ceil(groups)).collect::<Vec<_>>())
    }

    fn slots(&self) -> usize {
        self.sizes.len() + self.mixtures.len()
    }

    /// Shares of each part, of counts by slot.
    fn shares(&self, counts: &[u32]) -> Vec<f64> {
        let (whole, mixed) = counts.split_at(self.sizes.len());
        let share = |(g, (size, own)): (usize, (&usize, &u32))| {
            let more: f64 = mixed.iter().zip(&self.mixtures).map(|(n, m)| f64::from(*n) * m[g]).sum();
            if *size > 0 { ((f64::from(*own) + more) / *size as f64).min(1.0) } else { 0.0 }
        };
        self.sizes.iter().zip(whole).enumerate().map(share).collect()
    }
}

/// Different codes, ascending, and which one each candidate gave.
fn distinct(codes: &[u32]) -> (Vec<u32>, Vec<u32>) {
    let largest = codes.iter().copied().max().unwrap_or(0) as usize;
    if largest < 1 << 12 {
        let mut place = vec![0_u32; largest + 1];
        codes.iter().for_each(|c| place[*c as usize] = 1);
        let known: Vec<u32> = (0..).zip(&place).filter(|(_, p)| **p > 0).map(|(c, _)| c).collect();
        known.iter().zip(0..).for_each(|(c, i)| place[*c as usize] = i);
        let of = codes.iter().map(|c| place[*c as usize]).collect();
        return (known, of);
    }
    let mut known = codes.to_vec();
    known.sort_unstable();
    known.dedup();
    let of = codes.iter().map(|c| known.binary_search(c).unwrap_or(0) as u32).collect();
    (known, of)
}

/// What is known of one code.
struct Seen {
    code: u32,
    count: usize,
    /// By slot of the fifths, and of the tails.
    fifths: Vec<u32>,
    tails: Vec<u32>,
    /// Sum of standardised rest scores, of rest scores, of scores.
    deviate: f64,
    rest: f64,
    score: f64,
}

fn checked(n: usize, lists: &[&[f64]]) -> Result<(), NotEstimable> {
    if n == 0 {
        return Err(NotEstimable::TooFewCandidates { what: WHAT, n, needed: 1 });
    }
    if lists.iter().any(|l| l.len() != n) {
        return Err(NotEstimable::Unsuited { what: WHAT, detail: "listes de longueurs différentes".into() });
    }
    if lists.iter().any(|l| l.iter().any(|v| !v.is_finite())) {
        return Err(NotEstimable::Unsuited { what: WHAT, detail: "un résultat n’est pas un nombre".into() });
    }
    Ok(())
}

/// What a question drew: `codes` and `rest` (score on the other questions) by candidate, `score` the share of full
/// credit of each.
///
/// # Errors
/// No candidate, lists of different lengths, numbers that are not finite.
pub fn answers(question: &Question, codes: &[u32], rest: &[f64], score: &[f64]) -> Result<Answers, NotEstimable> {
    let n = codes.len();
    checked(n, &[rest, score])?;
    let order = Order::new(rest);
    let fifths = Parts::equal(&order, GROUPS);
    let tail = ((n as f64 * TAIL).round() as usize).clamp(1, n.div_ceil(2));
    let tails = Parts::new(&order, &[tail, n - tail.min(n / 2), n]);
    // In order of the rest score, so that sums do not depend on the order of the list.
    let mean = order.rows.iter().map(|c| rest[*c as usize]).sum::<f64>() / n as f64;
    let squares = order.rows.iter().map(|c| (rest[*c as usize] - mean).powi(2)).sum::<f64>();
    let sd = (squares / n as f64).sqrt();
    let spread = sd > 1e-9 * mean.abs().max(1e-3);

    // Everything by distinct code: few of them, many candidates.
    let (known, of) = distinct(codes);
    let mut seen: Vec<Seen> = known
        .into_iter()
        .map(|code| Seen {
            code,
            count: 0,
            fifths: vec![0; fifths.slots()],
            tails: vec![0; tails.slots()],
            deviate: 0.0,
            rest: 0.0,
            score: 0.0,
        })
        .collect();
    for (place, candidate) in order.rows.iter().enumerate() {
        let c = *candidate as usize;
        let own = &mut seen[of[c] as usize];
        own.count += 1;
        own.fifths[usize::from(fifths.slot[place])] += 1;
        own.tails[usize::from(tails.slot[place])] += 1;
        own.deviate += if spread { (rest[c] - mean) / sd } else { 0.0 };
        own.rest += rest[c];
        own.score += score[c];
    }
    let fifth = |counts: &[u32]| -> [f64; GROUPS] {
        let shares = fifths.shares(counts);
        std::array::from_fn(|g| shares[g])
    };

    let options = options(question);
    let blank = seen.first().filter(|s| s.code == 0).map_or(0, |s| s.count);
    let statuses: Vec<Status> = question.body.propositions().iter().map(|p| p.status).collect();
    let drawn: Vec<Drawn> = options
        .iter()
        .enumerate()
        .map(|(i, o)| {
            let (mut count, mut deviate) = (0, 0.0);
            let (mut by_fifth, mut by_tail) = (vec![0; fifths.slots()], vec![0; tails.slots()]);
            for s in seen.iter().filter(|s| (o.given)(s.code)) {
                count += s.count;
                deviate += s.deviate;
                by_fifth.iter_mut().zip(&s.fifths).for_each(|(b, s)| *b += s);
                by_tail.iter_mut().zip(&s.tails).for_each(|(b, s)| *b += s);
            }
            let p = count as f64 / n as f64;
            // Point-biserial: mean deviate of those who gave it × √(p / (1 − p)).
            let some = count > 0 && count < n && spread && n > 2;
            let tail = tails.shares(&by_tail);
            let propositions = statuses.len();
            let rejecting = |code: u32| code >> propositions & (1 << i) != 0;
            Drawn {
                label: o.label.clone(),
                id: o.id.clone(),
                right: o.right,
                count,
                frequency: p,
                r: some.then(|| (deviate / count as f64 * (p / (1.0 - p)).sqrt()).clamp(-1.0, 1.0)),
                trace: fifth(&by_fifth),
                weak: tail[0],
                strong: tail[2],
                rejected: matches!(question.body, Body::Qcm { .. })
                    .then(|| seen.iter().filter(|s| rejecting(s.code)).map(|s| s.count).sum()),
                zeroed: match statuses.get(i) {
                    Some(Status::Indispensable) => Some(n - blank - count),
                    Some(Status::Inacceptable) => Some(count),
                    _ => None,
                },
            }
        })
        .collect();
    let mut patterns: Vec<(u32, Pattern)> = seen
        .iter()
        .map(|s| {
            let count = s.count as f64;
            let pattern = Pattern {
                label: pattern(question, &options, s.code),
                count: s.count,
                frequency: count / n as f64,
                score: s.score / count,
                rest: spread.then(|| s.deviate / count),
                mean_rest: s.rest / count,
                trace: fifth(&s.fifths),
                strong: tails.shares(&s.tails)[2],
            };
            (s.code, pattern)
        })
        .collect();
    patterns.sort_by_key(|(code, p)| (std::cmp::Reverse(p.count), *code));
    let flags = if n < LEAST { vec![] } else { flags(question, &drawn, &patterns, n) };
    Ok(Answers {
        drawn,
        different: patterns.len(),
        patterns: patterns.into_iter().take(PATTERNS).map(|(_, p)| p).collect(),
        blank,
        groups: std::array::from_fn(|g| fifths.sizes[g]),
        tail: tails.sizes[2],
        flags,
    })
}
