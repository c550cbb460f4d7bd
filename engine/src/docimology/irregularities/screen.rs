//! All pairs of candidates, compared on the wrong answers they share.
//!
//! Two candidates who both got a question wrong and did not communicate gave the same wrong answer with
//! probability q, the share of pairs of wrong candidates who did (Angoff 1974 compares identical wrong answers
//! with what is usual; here what is usual is known question by question). Over the questions B that both got wrong, the
//! number of identical wrong answers has mean Σ q, variance Σ q(1 − q) and, under independence, a Poisson-binomial
//! law.
//!
//! The counts are exact. The probability is not: it fails where the wrong answer chosen depends on ability or
//! schooling (weak candidates then share more of them than q says), and where a common false belief rules a set of
//! questions. It orders the pairs to look at; [`super::copying`] takes ability into account.

use super::answers::{Answers, Common, Seat, UNIT, neighbours};
use super::multiple::adjust;
use super::tails;
use crate::docimology::{Estimate, NotEstimable};
use pulp::Arch;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

const WHAT: &str = "recherche de copies semblables";

/// Candidates of one task.
const ROWS: usize = 32;
/// Candidates compared with one at a time: their planes stay in the nearest cache.
const TILE: usize = 512;

/// Which pairs to keep.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScreenOptions {
    /// Least excess of identical wrong answers, in standard deviations; 0 or more.
    pub least_z: f64,
    /// Least number of identical wrong answers: below, the normal deviate says little.
    pub least_identical: u32,
    /// Most pairs kept, those of greatest excess; 1 or more.
    pub most_pairs: usize,
}

impl Default for ScreenOptions {
    fn default() -> Self {
        Self { least_z: 4.0, least_identical: 4, most_pairs: 1000 }
    }
}

/// Two copies and what they share.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PairSignal {
    /// Index of a candidate (from 0).
    pub a: usize,
    /// Index of the other, greater than `a`.
    pub b: usize,
    /// What they have in common.
    #[serde(flatten)]
    pub common: Common,
    /// Identical wrong answers expected of two candidates with these questions wrong.
    pub expected: f64,
    /// Excess over `expected`, in standard deviations; 0 where the deviation is 0.
    pub z: f64,
    /// Chance of as many identical wrong answers or more, under independence.
    pub p: f64,
    /// Rate of false discoveries in the family (see [`adjust`]).
    pub false_discovery: f64,
    /// Bonferroni's bound in the family (see [`adjust`]).
    pub family_wise: f64,
    /// Did they sit next to one another? `false` also where seats are not known.
    pub neighbours: bool,
}

/// All pairs compared.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Screening {
    /// Candidates compared.
    pub candidates: usize,
    /// Pairs compared: n(n − 1)/2.
    pub compared: u64,
    /// Pairs above the cut, kept or not.
    pub above_cut: u64,
    /// The pairs kept, of greatest `z` first; adjusted for all pairs compared.
    pub pairs: Vec<PairSignal>,
    /// Pairs of neighbours compared; 0 without seats.
    pub neighbours_compared: u64,
    /// Pairs of neighbours of least `p`, whatever the cut, as many as the options keep; adjusted for the pairs of
    /// neighbours only.
    pub neighbours: Vec<PairSignal>,
}

/// A pair above the cut.
#[derive(Clone, Copy)]
struct Raw {
    z: f64,
    a: u32,
    b: u32,
}

impl Raw {
    fn order(&self, other: &Self) -> Ordering {
        other.z.total_cmp(&self.z).then(self.a.cmp(&other.a)).then(self.b.cmp(&other.b))
    }
}

/// The best pairs so far, at most twice `most` of them.
struct Best {
    most: usize,
    above: u64,
    kept: Vec<Raw>,
    /// No pair below this excess can be among the best.
    floor: f64,
}

impl Best {
    fn new(most: usize) -> Self {
        Self { most, above: 0, kept: vec![], floor: f64::NEG_INFINITY }
    }

    fn push(&mut self, raw: Raw) {
        self.above += 1;
        if raw.z >= self.floor {
            self.kept.push(raw);
            if self.kept.len() >= 2 * self.most {
                self.trim();
            }
        }
    }

    fn trim(&mut self) {
        if self.kept.len() > self.most {
            let (_, worst, _) = self.kept.select_nth_unstable_by(self.most - 1, Raw::order);
            self.floor = worst.z;
            self.kept.truncate(self.most);
        }
    }

    fn merge(mut self, other: Self) -> Self {
        self.above += other.above;
        self.floor = self.floor.max(other.floor);
        self.kept.extend(other.kept);
        self.trim();
        self
    }
}

/// Excess of identical wrong answers in standard deviations; `None` where chance leaves no choice.
fn excess(identical: u64, (mean, variance): (u64, u64)) -> Option<f64> {
    (variance > 0).then(|| (identical as f64 - mean as f64 / UNIT) / (variance as f64 / UNIT).sqrt())
}

/// Least identical wrong answers that can reach the cut, by the number both wrong, for one candidate: the bound is
/// Σ q + z √(Σ q(1 − q)), with both sums over the smallest terms among the questions this candidate got wrong.
struct Needs {
    /// Questions by ascending coincidence, and by ascending variance: word, bit and value.
    by_mean: Vec<(usize, u32, u64)>,
    by_variance: Vec<(usize, u32, u64)>,
}

impl Needs {
    fn new(answers: &Answers) -> Self {
        let sorted = |value: fn(&super::answers::Answered) -> u64| {
            let mut all: Vec<(usize, u32, u64)> = vec![];
            for (w, word) in answers.words.iter().enumerate() {
                let bits = word.questions.iter().zip(0_u32..);
                all.extend(bits.map(|(q, bit)| (w, bit, value(&answers.questions[*q]))));
            }
            all.sort_by_key(|(_, _, value)| *value);
            all
        };
        Self { by_mean: sorted(|q| q.coincidence), by_variance: sorted(|q| q.variance) }
    }

    fn of(&self, answers: &Answers, row: usize, options: &ScreenOptions, needs: &mut Vec<u64>) {
        needs.clear();
        needs.push(u64::MAX);
        let own = |entry: &&(usize, u32, u64)| answers.words[entry.0].wrong[row] >> entry.1 & 1 == 1;
        let (mut mean, mut variance) = (0, 0);
        for (m, v) in self.by_mean.iter().filter(own).zip(self.by_variance.iter().filter(own)) {
            mean += m.2;
            variance += v.2;
            let bound = mean as f64 / UNIT + options.least_z * (variance as f64 / UNIT).sqrt();
            needs.push(((bound - 1e-6).ceil().max(0.0) as u64).max(u64::from(options.least_identical)));
        }
    }
}

/// Compares all pairs of candidates, and apart from them the pairs of neighbours where `seats` are given (one a
/// candidate, or an empty slice).
///
/// Exact counts of both wrong and identical wrong answers for all n(n − 1)/2 pairs, by 64 questions at a time:
/// time O(n² × questions / 64 × planes), where a question of k different wrong answers takes ⌈log₂ k⌉ planes; memory
/// O(n × questions + `most_pairs`). The pairs kept are the `most_pairs` of greatest z among those of at least
/// `least_z` and `least_identical`; ties go to the lower indices. The same on any number of threads.
///
/// Fails to see: copying between candidates who share few wrong answers (strong pairs); questions where all
/// wrong candidates gave the same answer, which say nothing.
///
/// # Errors
/// Fewer than 10 candidates, questions whose wrong answers are all alike, a cut that is not a number, seats of
/// other candidates.
pub fn screen(answers: &Answers, seats: &[Option<Seat>], options: &ScreenOptions) -> Estimate<Screening> {
    let n = answers.candidates();
    if n < 10 {
        return Err(NotEstimable::TooFewCandidates { what: WHAT, n, needed: 10 });
    }
    let unsuited = |detail: &str| NotEstimable::Unsuited { what: WHAT, detail: detail.to_owned() };
    if answers.questions.iter().all(|q| q.variance == 0) {
        return Err(unsuited("à chaque question, les réponses fausses sont toutes les mêmes ou toutes différentes"));
    }
    if !options.least_z.is_finite() || options.least_z < 0.0 || options.most_pairs == 0 {
        return Err(unsuited("le seuil doit être un nombre positif, et le nombre de paires gardées au moins 1"));
    }
    if !seats.is_empty() && seats.len() != n {
        return Err(unsuited("il faut une place par candidat"));
    }
    let best = compare_all(answers, options);
    let mut raw = best.kept;
    raw.sort_by(Raw::order);
    raw.truncate(options.most_pairs);
    let pairs: Vec<(usize, usize)> = raw.iter().map(|r| (r.a as usize, r.b as usize)).collect();
    let compared = n as u64 * (n as u64 - 1) / 2;
    let next = neighbours(seats);
    let mut beside = compare(answers, &next, seats, next.len() as u64);
    beside.sort_by(|x, y| x.p.total_cmp(&y.p).then((x.a, x.b).cmp(&(y.a, y.b))));
    beside.truncate(options.most_pairs);
    Ok(Screening {
        candidates: n,
        compared,
        above_cut: best.above,
        pairs: compare(answers, &pairs, seats, compared),
        neighbours_compared: next.len() as u64,
        neighbours: beside,
    })
}

/// Signals of the pairs asked for, in that order, adjusted for a family of `compared` pairs (at least those given).
/// Pairs of indices beyond the last candidate, or of a candidate with himself, are left out.
pub fn compare(answers: &Answers, pairs: &[(usize, usize)], seats: &[Option<Seat>], compared: u64) -> Vec<PairSignal> {
    let n = answers.candidates();
    let pairs: Vec<(usize, usize)> =
        pairs.iter().map(|(a, b)| (*a.min(b), *a.max(b))).filter(|(a, b)| a < b && *b < n).collect();
    let signal = |(a, b): &(usize, usize)| {
        let common = answers.common(*a, *b);
        let sums = answers.expected(*a, *b);
        let mut chances = vec![];
        answers.both_wrong(*a, *b, |q| chances.push(answers.coincidence(q)));
        let seat = |c: &usize| seats.get(*c).copied().flatten();
        PairSignal {
            a: *a,
            b: *b,
            common,
            expected: sums.0 as f64 / UNIT,
            z: excess(u64::from(common.identical_wrong), sums).unwrap_or(0.0),
            p: tails::poisson_binomial(chances, common.identical_wrong as usize),
            false_discovery: 1.0,
            family_wise: 1.0,
            neighbours: seat(a).zip(seat(b)).is_some_and(|(a, b)| a.adjacent(b)),
        }
    };
    let mut signals: Vec<PairSignal> = pairs.par_iter().map(signal).collect();
    let p: Vec<f64> = signals.iter().map(|s| s.p).collect();
    for (signal, adjusted) in signals.iter_mut().zip(adjust(&p, compared)) {
        signal.false_discovery = adjusted.false_discovery;
        signal.family_wise = adjusted.family_wise;
    }
    signals
}

fn compare_all(answers: &Answers, options: &ScreenOptions) -> Best {
    let n = answers.candidates();
    let needs = Needs::new(answers);
    (0..n.div_ceil(ROWS))
        .into_par_iter()
        .fold(
            || Best::new(options.most_pairs),
            |mut best, block| {
                let rows = block * ROWS..((block + 1) * ROWS).min(n);
                Arch::new().dispatch(|| compare_block(answers, &needs, options, rows.clone(), &mut best));
                best
            },
        )
        .reduce(|| Best::new(options.most_pairs), Best::merge)
}

#[inline(always)]
fn compare_block(
    answers: &Answers,
    needs: &Needs,
    options: &ScreenOptions,
    rows: std::ops::Range<usize>,
    best: &mut Best,
) {
    let n = answers.candidates();
    let (mut counts, mut differ) = ([0_u64; TILE], [0_u64; TILE]);
    let tables: Vec<Vec<u64>> = rows
        .clone()
        .map(|row| {
            let mut own = vec![];
            needs.of(answers, row, options, &mut own);
            own
        })
        .collect();
    for from in (rows.start..n).step_by(TILE) {
        let to = (from + TILE).min(n);
        for (row, need) in rows.clone().zip(&tables) {
            let from = from.max(row + 1);
            if from >= to {
                continue;
            }
            let counts = &mut counts[..to - from];
            counts.fill(0);
            for word in &answers.words {
                word.compare(row, from, counts, &mut differ);
            }
            for (j, count) in (from..to).zip(counts.iter()) {
                let identical = count & u64::from(u32::MAX);
                if need.get((count >> 32) as usize).is_some_and(|need| identical >= *need) {
                    consider(answers, options, best, (row, j), identical);
                }
            }
        }
    }
}

/// The exact test of a pair that the bound let through.
#[inline(never)]
fn consider(answers: &Answers, options: &ScreenOptions, best: &mut Best, (a, b): (usize, usize), identical: u64) {
    if let Some(z) = excess(identical, answers.expected(a, b)).filter(|z| *z >= options.least_z) {
        best.push(Raw { z, a: a as u32, b: b as u32 });
    }
}
