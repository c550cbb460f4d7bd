//! Response times: who answered faster than reading allows, or than his own speed and the question suggest.
//!
//! A fast right answer to a long question may come from answers known beforehand; also from a question seen in
//! training, from time spent on it before on another screen, from a clock that stopped.

use super::multiple::adjust;
use super::tails;
use crate::docimology::matrix::{MISSING, ScoreMatrix};
use crate::docimology::numeric::normal_cdf;
use crate::docimology::{Estimate, NotEstimable};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

const WHAT: &str = "temps de réponse";
/// Times that a question must have, and candidates that the model must have.
const LEAST_CANDIDATES: usize = 30;
/// Times that a candidate must have, and questions that the model must have.
const LEAST_QUESTIONS: usize = 5;
/// Least standard deviation of a log time: times given in whole seconds are no more exact than that.
const LEAST_SIGMA: f64 = 0.05;

/// Times in milliseconds, one column a question, one row a candidate; 0 where there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseTimes {
    candidates: usize,
    columns: Vec<Vec<u32>>,
}

impl ResponseTimes {
    /// From `columns[question][candidate]`, in milliseconds, 0 for a gap.
    ///
    /// # Errors
    /// Columns of other lengths than `candidates`.
    pub fn new(candidates: usize, columns: Vec<Vec<u32>>) -> Estimate<Self> {
        match columns.iter().position(|c| c.len() != candidates) {
            Some(q) => {
                let detail =
                    format!("la question n° {} a {} temps pour {candidates} candidats", q + 1, columns[q].len());
                Err(NotEstimable::Unsuited { what: WHAT, detail })
            }
            None => Ok(Self { candidates, columns }),
        }
    }

    /// Number of candidates.
    pub fn candidates(&self) -> usize {
        self.candidates
    }

    /// Times at a question (index from 0), in milliseconds, 0 for a gap.
    pub fn column(&self, question: usize) -> &[u32] {
        &self.columns[question]
    }
}

/// What counts as too fast.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TimeOptions {
    /// Residual below which an answer is too fast for this candidate at this question, in standard deviations;
    /// negative.
    pub fast_z: f64,
    /// Share of the mean time of a question below which an answer is a rapid guess (Wise and Ma 2012: 0.1).
    pub threshold_share: f64,
    /// Greatest such threshold, in milliseconds (Wise and Ma 2012: 10 s).
    pub greatest_threshold_ms: f64,
}

impl Default for TimeOptions {
    fn default() -> Self {
        Self { fast_z: -2.33, threshold_share: 0.1, greatest_threshold_ms: 10_000.0 }
    }
}

/// Times of one question.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct QuestionTimes {
    /// Times there are.
    pub n: usize,
    /// Time intensity: mean log of the milliseconds of a candidate of mean speed.
    pub beta: f64,
    /// Discrimination: 1 / standard deviation of the log time at a given speed.
    pub alpha: f64,
    /// Mean time, in milliseconds.
    pub mean_ms: f64,
    /// Below it, in milliseconds, an answer is a rapid guess.
    pub threshold_ms: f64,
    /// Share of rapid guesses, 0 to 1.
    pub rapid: f64,
}

/// Times of one candidate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CandidateTimes {
    /// Times there are.
    pub n: usize,
    /// Speed in log units: τ = 0.1 answers about 10 % faster than the mean candidate.
    pub speed: f64,
    /// Speed in standard deviations of the cohort.
    pub speed_z: f64,
    /// Irregularity of the times given this speed: χ² of the residuals as a normal deviate; large where the times are
    /// now too fast, now too slow.
    pub pattern_z: f64,
    /// Upper tail of `pattern_z`, 0 to 1.
    pub pattern_p: f64,
    /// Rapid guesses.
    pub rapid: usize,
    /// Response time effort (Wise and Kong 2005): 1 − share of rapid guesses, 0 to 1.
    pub effort: f64,
    /// Right answers with a time.
    pub right: usize,
    /// Of these, too fast for this candidate at this question.
    pub fast_right: usize,
    /// `fast_right` expected if right answers take as long as the model says.
    pub fast_right_expected: f64,
    /// Chance of as many or more.
    pub fast_right_p: f64,
    /// Rate of false discoveries among the candidates (see [`adjust`]).
    pub false_discovery: f64,
    /// Bonferroni's bound among the candidates.
    pub family_wise: f64,
}

/// Times of a whole exam.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TimeAnalysis {
    /// By question; `None` with fewer than 30 times.
    pub questions: Vec<Option<QuestionTimes>>,
    /// By candidate; `None` with fewer than 5 times.
    pub candidates: Vec<Option<CandidateTimes>>,
    /// `residuals[question][candidate]`: standardised log-time residual (negative: fast); `None` without a time.
    pub residuals: Vec<Vec<Option<f64>>>,
    /// Steps until the estimates stood still.
    pub steps: usize,
}

/// Log times that the model uses: by question, those of the candidates it keeps.
struct Logs {
    /// `cells[question]`: candidate and log time.
    cells: Vec<Vec<(usize, f64)>>,
    rows: Vec<bool>,
}

/// Lognormal model of van der Linden (2006): ln T ~ N(βᵢ − τⱼ, 1/αᵢ²), with Σ τ = 0, by alternating weighted
/// least squares. The residual is (ln t − β̂ᵢ + τ̂ⱼ) αᵢ / √(1 − hᵢⱼ) with hᵢⱼ = αᵢ² / Σ αᵢ² over the candidate's
/// questions, since his speed was found from the same time; 1/αᵢ² is corrected likewise. A standard deviation is held
/// at 0.05 at least, lest one question rule the speeds (Heywood case).
///
/// Candidate: Σ residuals² on n − 1 degrees of freedom (Marianti et al. 2014) as a normal deviate (Wilson and
/// Hilferty 1931). Rapid guesses by a threshold at 10 % of the mean time, 10 s at most (NT10, Wise and Ma 2012).
/// Fast and right: right answers whose residual is below `fast_z`, against a binomial law.
///
/// Time O(steps × times). Fails where a candidate knew most of the exam (his speed then explains his times: see
/// `speed_z`), where speed changes along the exam (fatigue, haste at the end), where times of
/// several questions on a page cannot be told apart, and where a question's times have two modes.
///
/// # Errors
/// Fewer than 30 candidates with 5 times, or 5 questions with 30; other candidates or questions than those of
/// `scores`; options out of range; a computation that does not settle.
pub fn analyse_times(times: &ResponseTimes, scores: &ScoreMatrix, options: &TimeOptions) -> Estimate<TimeAnalysis> {
    let unsuited = |detail: &str| NotEstimable::Unsuited { what: WHAT, detail: detail.to_owned() };
    let (n, k) = (times.candidates, times.columns.len());
    if n != scores.candidates() || k != scores.questions() {
        return Err(unsuited("les temps et les résultats ne sont pas ceux de la même épreuve"));
    }
    let share = options.threshold_share;
    let in_range = options.fast_z.is_finite() && options.fast_z < 0.0 && share > 0.0 && share < 1.0;
    if !in_range || !options.greatest_threshold_ms.is_finite() {
        return Err(unsuited("les seuils ne sont pas dans leurs bornes"));
    }
    let logs = Logs::new(times)?;
    let model = fit(&logs, n)?;
    let questions: Vec<Option<QuestionTimes>> = (0..k)
        .map(|q| {
            let column: Vec<f64> = times.columns[q].iter().filter(|t| **t > 0).map(|t| f64::from(*t)).collect();
            (!logs.cells[q].is_empty()).then(|| {
                let mean_ms = column.iter().sum::<f64>() / column.len() as f64;
                let threshold_ms = (share * mean_ms).min(options.greatest_threshold_ms);
                let rapid = column.iter().filter(|t| **t < threshold_ms).count() as f64 / column.len() as f64;
                let (beta, alpha) = (model.beta[q], 1.0 / model.sigma[q]);
                QuestionTimes { n: column.len(), beta, alpha, mean_ms, threshold_ms, rapid }
            })
        })
        .collect();
    let mut residuals = vec![vec![None; n]; k];
    for (q, cells) in logs.cells.iter().enumerate() {
        for (candidate, log) in cells {
            let own = model.sigma[q].powi(-2) / model.precision[*candidate];
            let scale = model.sigma[q] * (1.0 - own).max(1e-6).sqrt();
            residuals[q][*candidate] = Some((log - model.beta[q] + model.tau[*candidate]) / scale);
        }
    }
    let kept = logs.rows.iter().filter(|r| **r).count() as f64;
    let spread = (model.tau.iter().map(|t| t * t).sum::<f64>() / (kept - 1.0)).sqrt();
    let chance = normal_cdf(options.fast_z);
    let one = |candidate: usize| {
        if !logs.rows[candidate] {
            return None;
        }
        let (mut count, mut chi2, mut rapid, mut right, mut fast_right) = (0, 0.0, 0, 0, 0);
        for q in 0..k {
            let (Some(z), Some(question)) = (residuals[q][candidate], &questions[q]) else { continue };
            let item = &scores.items()[q];
            count += 1;
            // The squares of the residuals add up to n on average; those of a chi-square, to its n − 1 degrees.
            let own = model.sigma[q].powi(-2) / model.precision[candidate];
            chi2 += z * z * (1.0 - own);
            rapid += usize::from(f64::from(times.columns[q][candidate]) < question.threshold_ms);
            let full = item.max - 1e-9 * item.max.abs().max(1.0);
            if item.cells[candidate] != MISSING && item.score(candidate).is_some_and(|s| s >= full) {
                right += 1;
                fast_right += usize::from(z <= options.fast_z);
            }
        }
        let df = f64::from(count) - 1.0;
        let (cube, part) = ((chi2 / df).cbrt(), 2.0 / (9.0 * df));
        let pattern_z = (cube - 1.0 + part) / part.sqrt();
        let speed = model.tau[candidate];
        Some(CandidateTimes {
            n: count as usize,
            speed,
            speed_z: if spread > 1e-12 { speed / spread } else { 0.0 },
            pattern_z,
            pattern_p: normal_cdf(-pattern_z),
            rapid,
            effort: 1.0 - rapid as f64 / f64::from(count),
            right,
            fast_right,
            fast_right_expected: right as f64 * chance,
            fast_right_p: tails::binomial(right, chance, fast_right),
            false_discovery: 1.0,
            family_wise: 1.0,
        })
    };
    let mut candidates: Vec<Option<CandidateTimes>> = (0..n).into_par_iter().map(one).collect();
    let p: Vec<f64> = candidates.iter().flatten().map(|c| c.fast_right_p).collect();
    for (candidate, adjusted) in candidates.iter_mut().flatten().zip(adjust(&p, p.len() as u64)) {
        candidate.false_discovery = adjusted.false_discovery;
        candidate.family_wise = adjusted.family_wise;
    }
    Ok(TimeAnalysis { questions, candidates, residuals, steps: model.steps })
}

impl Logs {
    /// Leaves out questions and candidates with too few times, until all that stay have enough.
    fn new(times: &ResponseTimes) -> Estimate<Self> {
        let (n, k) = (times.candidates, times.columns.len());
        let (mut rows, mut columns) = (vec![true; n], vec![true; k]);
        loop {
            let mut by_row = vec![0_usize; n];
            let mut changed = false;
            for (q, column) in times.columns.iter().enumerate().filter(|(q, _)| columns[*q]).collect::<Vec<_>>() {
                let there = (0..n).filter(|c| rows[*c] && column[*c] > 0);
                let mut count = 0;
                there.for_each(|c| {
                    by_row[c] += 1;
                    count += 1;
                });
                if count < LEAST_CANDIDATES {
                    columns[q] = false;
                    changed = true;
                }
            }
            if !changed {
                for (row, count) in rows.iter_mut().zip(&by_row) {
                    changed |= *row && *count < LEAST_QUESTIONS;
                    *row &= *count >= LEAST_QUESTIONS;
                }
            }
            if !changed {
                break;
            }
        }
        let count = |kept: &[bool]| kept.iter().filter(|k| **k).count();
        let (n_kept, k_kept) = (count(&rows), count(&columns));
        if n_kept < LEAST_CANDIDATES {
            return Err(NotEstimable::TooFewCandidates { what: WHAT, n: n_kept, needed: LEAST_CANDIDATES });
        }
        if k_kept < LEAST_QUESTIONS {
            return Err(NotEstimable::TooFewQuestions { what: WHAT, n: k_kept, needed: LEAST_QUESTIONS });
        }
        let cell = |column: &[u32], c: usize| (rows[c] && column[c] > 0).then(|| (c, f64::from(column[c]).ln()));
        let cells = (times.columns.iter().zip(&columns))
            .map(|(column, kept)| if *kept { (0..n).filter_map(|c| cell(column, c)).collect() } else { vec![] })
            .collect();
        Ok(Self { cells, rows })
    }
}

struct Lognormal {
    beta: Vec<f64>,
    sigma: Vec<f64>,
    tau: Vec<f64>,
    /// Σ 1/σ² over the questions of each candidate.
    precision: Vec<f64>,
    steps: usize,
}

fn fit(logs: &Logs, n: usize) -> Estimate<Lognormal> {
    let k = logs.cells.len();
    let mut model =
        Lognormal { beta: vec![0.0; k], sigma: vec![1.0; k], tau: vec![0.0; n], precision: vec![0.0; n], steps: 0 };
    let kept = logs.rows.iter().filter(|r| **r).count() as f64;
    for step in 1..=500 {
        let mut moved = 0.0_f64;
        // Intensities and deviations, question by question.
        let updated: Vec<(f64, f64)> = logs
            .cells
            .par_iter()
            .enumerate()
            .map(|(q, cells)| {
                if cells.is_empty() {
                    return (0.0, 1.0);
                }
                let beta = cells.iter().map(|(c, log)| log + model.tau[*c]).sum::<f64>() / cells.len() as f64;
                let weight = model.sigma[q].powi(-2);
                let (mut square, mut free) = (0.0, -1.0);
                for (c, log) in cells {
                    square += (log - beta + model.tau[*c]).powi(2);
                    free += if step == 1 { 1.0 } else { 1.0 - weight / model.precision[*c] };
                }
                (beta, (square / free.max(1.0)).sqrt().max(LEAST_SIGMA))
            })
            .collect();
        for (q, (beta, sigma)) in updated.into_iter().enumerate() {
            moved = moved.max((beta - model.beta[q]).abs()).max((sigma - model.sigma[q]).abs());
            (model.beta[q], model.sigma[q]) = (beta, sigma);
        }
        // Speeds, by the precision of each question.
        let mut sums = vec![0.0; n];
        model.precision.fill(0.0);
        for (q, cells) in logs.cells.iter().enumerate() {
            let weight = model.sigma[q].powi(-2);
            for (c, log) in cells {
                sums[*c] += weight * (model.beta[q] - log);
                model.precision[*c] += weight;
            }
        }
        for (sum, precision) in sums.iter_mut().zip(&model.precision) {
            *sum = if *precision > 0.0 { *sum / precision } else { 0.0 };
        }
        let centre = sums.iter().sum::<f64>() / kept;
        for ((tau, sum), row) in model.tau.iter_mut().zip(&sums).zip(&logs.rows) {
            let next = if *row { sum - centre } else { 0.0 };
            moved = moved.max((next - *tau).abs());
            *tau = next;
        }
        model.beta.iter_mut().zip(&logs.cells).filter(|(_, c)| !c.is_empty()).for_each(|(b, _)| *b -= centre);
        model.steps = step;
        if moved < 1e-9 {
            return Ok(model);
        }
    }
    Err(NotEstimable::NotConverged { what: WHAT, detail: "500 pas".into() })
}
