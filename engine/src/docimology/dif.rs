//! Does a question favour a group? Candidates of equal total are compared, group by group.
//!
//! A difference between groups at a question is no fault in itself: they may differ in ability. Differential item
//! functioning (DIF) is what remains between candidates of the same total. It says where to look, not why.
//!
//! Methods: Mantel-Haenszel (Mantel and Haenszel 1959; Holland and Thayer 1988) with the classes of ETS (Zieky 1993),
//! Mantel's for partial credit (Mantel 1963; Zwick, Donoghue and Grima 1993) with the common odds ratio of Liu and
//! Agresti (1996), standardisation (Dorans and Kulick 1986), logistic regression (Swaminathan and Rogers 1990).
//! Candidates are matched on the total, the question included. They fail where one group is small, where the groups
//! hardly overlap in ability, and where most questions favour the same group (purification helps a little).

use super::matrix::{Item, MISSING, ScoreMatrix};
use super::numeric::{benjamini_hochberg, chi2_sf, logistic};
use super::{Estimate, NotEstimable};
use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;
use serde::Serialize;

/// Which side of the comparison a candidate is on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub enum Side {
    /// Those who serve as a reference.
    Reference,
    /// Those a question might favour or not.
    Focal,
    /// Neither.
    Out,
}

/// Class of ETS.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub enum Class {
    /// Negligible.
    A,
    /// Slight to moderate.
    B,
    /// Moderate to large: look at the question.
    C,
}

impl Class {
    /// One letter.
    pub fn letter(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
        }
    }
}

/// How to look.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Options {
    /// Leave flagged questions out of the matching total, and start again (at most ten times).
    pub purify: bool,
    /// Level at which a question is left out by purification.
    pub level: f64,
    /// Most matching strata; beyond, totals are put in bands of equal width.
    pub strata: usize,
    /// Least candidates of a side.
    pub least: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { purify: false, level: 0.05, strata: 150, least: 30 }
    }
}

/// Logistic regression of success on the total and the group.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct LogisticDif {
    /// Likelihood ratio of group and interaction together, 2 degrees of freedom.
    pub both: f64,
    /// Of the group, 1 degree of freedom.
    pub uniform: f64,
    /// Of the interaction, 1 degree of freedom.
    pub non_uniform: f64,
    /// Probability of as much as `both` without DIF.
    pub p: f64,
    /// Gain of Nagelkerke's R² (1991).
    pub r2_gain: f64,
    /// Class of Jodoin and Gierl (2001): below 0.035, to 0.07, above, where significant.
    pub class: Class,
}

/// DIF of one question.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ItemDif {
    /// Candidates of the reference, of the focal group.
    pub n: (usize, usize),
    /// Common odds ratio: above 1, the question favours the reference.
    pub alpha: Option<f64>,
    /// −2.35 ln α: negative where the question is harder for the focal group.
    pub delta: Option<f64>,
    /// Variance of ln α (Phillips and Holland 1987); right-or-wrong questions only.
    pub var_log_alpha: Option<f64>,
    /// Mantel-Haenszel chi-square with continuity correction (Mantel's without, for partial credit).
    pub chi2: f64,
    /// Without continuity correction.
    pub chi2_plain: f64,
    /// Probability of as much without DIF (of `chi2`).
    pub p: f64,
    /// The same, adjusted for all questions (Benjamini and Hochberg 1995).
    pub adjusted_p: f64,
    /// Standardised difference: focal less reference, in share of full credit, weighted by the focal group.
    pub standardised: f64,
    /// Class of ETS: by delta for right or wrong, by the standardised difference over the SD (0.17, 0.25) for partial
    /// credit.
    pub class: Class,
    /// Logistic regression, of full credit against the rest; `None` where it does not settle.
    pub logistic: Option<LogisticDif>,
}

/// DIF of every question between two sides.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Dif {
    /// By question; `None` where everyone has the same score.
    pub items: Vec<Option<ItemDif>>,
    /// Rounds of purification made.
    pub rounds: usize,
    /// Questions left out of the matching total at the end.
    pub left_out: Vec<usize>,
}

const WHAT: &str = "fonctionnement différentiel";

/// Strata of candidates: place of each, and how many there are.
struct Strata {
    of: Vec<u32>,
    count: usize,
    /// Middle of each, in points.
    value: Vec<f64>,
}

fn strata(totals: &[f64], sides: &[Side], most: usize) -> Strata {
    let key = |t: f64| (t * 1e6).round() as i64;
    let mut distinct: Vec<i64> =
        totals.iter().zip(sides).filter(|(_, s)| **s != Side::Out).map(|(t, _)| key(*t)).collect();
    distinct.sort_unstable();
    distinct.dedup();
    if distinct.len() <= most.max(2) {
        let of = totals.iter().map(|t| distinct.binary_search(&key(*t)).unwrap_or(0) as u32).collect();
        let value = distinct.iter().map(|k| *k as f64 / 1e6).collect();
        return Strata { of, count: distinct.len(), value };
    }
    let (low, high) = (distinct[0] as f64 / 1e6, distinct[distinct.len() - 1] as f64 / 1e6);
    let width = (high - low) / most as f64;
    let band = |t: f64| (((t - low) / width).max(0.0) as usize).min(most - 1);
    Strata {
        of: totals.iter().map(|t| band(*t) as u32).collect(),
        count: most,
        value: (0..most).map(|b| low + (b as f64 + 0.5) * width).collect(),
    }
}

/// Counts by stratum, side and level.
struct Table {
    levels: usize,
    counts: Vec<f64>,
}

impl Table {
    fn new(item: &Item, strata: &Strata, sides: &[Side]) -> Self {
        let levels = item.levels.len();
        let mut counts = vec![0.0; strata.count * 2 * levels];
        for ((cell, stratum), side) in item.cells.iter().zip(&strata.of).zip(sides) {
            let side = match side {
                Side::Reference => 0,
                Side::Focal => 1,
                Side::Out => continue,
            };
            if *cell != MISSING {
                counts[(*stratum as usize * 2 + side) * levels + usize::from(*cell)] += 1.0;
            }
        }
        Self { levels, counts }
    }

    fn row(&self, stratum: usize, side: usize) -> &[f64] {
        let at = (stratum * 2 + side) * self.levels;
        &self.counts[at..at + self.levels]
    }
}

/// DIF of every question of a matrix; `sides` has one entry a candidate.
///
/// # Errors
/// A side smaller than `options.least`, or fewer than three questions.
pub fn dif(matrix: &ScoreMatrix, sides: &[Side], options: &Options) -> Estimate<Dif> {
    let count = |side: Side| sides.iter().filter(|s| **s == side).count();
    let smaller = count(Side::Reference).min(count(Side::Focal));
    if sides.len() != matrix.candidates() || smaller < options.least.max(2) {
        return Err(NotEstimable::TooFewCandidates { what: WHAT, n: smaller, needed: options.least.max(2) });
    }
    if matrix.questions() < 3 {
        return Err(NotEstimable::TooFewQuestions { what: WHAT, n: matrix.questions(), needed: 3 });
    }
    let all = matrix.totals();
    let mut left_out: Vec<usize> = Vec::new();
    let mut rounds = 0;
    loop {
        let purified = purified(matrix, &all, &left_out);
        let common = strata(&purified, sides, options.strata);
        let mut items: Vec<Option<ItemDif>> = matrix
            .items()
            .par_iter()
            .enumerate()
            .map(|(q, item)| {
                if left_out.contains(&q) {
                    // A question always counts in its own matching total.
                    let own: Vec<f64> = purified.iter().zip(item.scores()).map(|(t, s)| t + s).collect();
                    one(item, &strata(&own, sides, options.strata), sides)
                } else {
                    one(item, &common, sides)
                }
            })
            .collect();
        let p: Vec<f64> = items.iter().map(|i| i.as_ref().map_or(1.0, |i| i.p)).collect();
        for (item, adjusted) in items.iter_mut().zip(benjamini_hochberg(&p)) {
            if let Some(item) = item {
                item.adjusted_p = adjusted;
            }
        }
        let flagged: Vec<usize> = p.iter().enumerate().filter(|(_, p)| **p < options.level).map(|(q, _)| q).collect();
        if !options.purify || flagged == left_out || rounds >= 10 || flagged.len() + 2 > matrix.questions() {
            return Ok(Dif { items, rounds, left_out });
        }
        (left_out, rounds) = (flagged, rounds + 1);
    }
}

fn purified(matrix: &ScoreMatrix, all: &[f64], left_out: &[usize]) -> Vec<f64> {
    let mut totals = all.to_vec();
    for q in left_out {
        totals.iter_mut().zip(matrix.items()[*q].scores()).for_each(|(t, s)| *t -= s);
    }
    totals
}

fn one(item: &Item, strata: &Strata, sides: &[Side]) -> Option<ItemDif> {
    let table = Table::new(item, strata, sides);
    let right_or_wrong = item.levels.len() == 2;
    let scores = &item.levels;
    let sum = |row: &[f64]| row.iter().sum::<f64>();
    let points = |row: &[f64]| row.iter().zip(scores).map(|(n, s)| n * s).sum::<f64>();
    let squares = |row: &[f64]| row.iter().zip(scores).map(|(n, s)| n * s * s).sum::<f64>();
    let (mut focal, mut expected, mut variance) = (0.0, 0.0, 0.0);
    let (mut above, mut below) = (0.0, 0.0);
    let (mut weighted, mut weight) = (0.0, 0.0);
    let (mut pq, mut n) = (0.0, (0.0, 0.0));
    let (mut x, mut xx) = (0.0, 0.0);
    for k in 0..strata.count {
        let (r, f) = (table.row(k, 0), table.row(k, 1));
        let (nr, nf) = (sum(r), sum(f));
        let total = nr + nf;
        n = (n.0 + nr, n.1 + nf);
        x += points(r) + points(f);
        xx += squares(r) + squares(f);
        if nr == 0.0 || nf == 0.0 {
            continue;
        }
        let (m, m2) = (points(r) + points(f), squares(r) + squares(f));
        focal += points(f);
        expected += nf * m / total;
        if total > 1.0 {
            variance += nr * nf / (total * total * (total - 1.0)) * (total * m2 - m * m);
        }
        // Over every cut between two categories (one cut for right or wrong).
        let (mut r_below, mut f_below) = (0.0, 0.0);
        for j in 0..table.levels - 1 {
            (r_below, f_below) = (r_below + r[j], f_below + f[j]);
            let (r_above, f_above) = (nr - r_below, nf - f_below);
            above += r_above * f_below / total;
            below += r_below * f_above / total;
        }
        let gap = points(f) / nf - points(r) / nr;
        weighted += nf * gap;
        weight += nf;
    }
    let all = n.0 + n.1;
    let spread = (xx / all - (x / all).powi(2)).max(0.0);
    if spread < 1e-12 * item.max * item.max || variance <= 0.0 {
        return None;
    }
    let alpha = (above > 0.0 && below > 0.0).then(|| above / below);
    let var_log_alpha = alpha.filter(|_| right_or_wrong).map(|alpha| {
        for k in 0..strata.count {
            let (r, f) = (table.row(k, 0), table.row(k, 1));
            let total = sum(r) + sum(f);
            if sum(r) == 0.0 || sum(f) == 0.0 {
                continue;
            }
            let (a, b, c, d) = (r[1], r[0], f[1], f[0]);
            pq += (a * d + alpha * b * c) * (a + d + alpha * (b + c)) / (total * total);
        }
        pq / (2.0 * above * above)
    });
    let gap = (focal - expected).abs();
    // In units of points: the correction of one half holds for scores of 0 and 1.
    let unit = if right_or_wrong { 0.5 * (scores[1] - scores[0]) } else { 0.0 };
    let chi2 = (gap - unit).max(0.0).powi(2) / variance;
    let chi2_plain = gap * gap / variance;
    let p = chi2_sf(chi2, 1.0)?;
    let standardised = weighted / weight.max(1e-300) / item.max;
    let delta = alpha.map(|a| -2.35 * a.ln());
    let class = if right_or_wrong {
        delta.map_or(Class::A, |delta| {
            let se = 2.35 * var_log_alpha.unwrap_or(f64::INFINITY).sqrt();
            if delta.abs() >= 1.5 && (delta.abs() - 1.0) / se > 1.645 {
                Class::C
            } else if delta.abs() >= 1.0 && p < 0.05 {
                Class::B
            } else {
                Class::A
            }
        })
    } else {
        let effect = (standardised * item.max / spread.sqrt()).abs();
        if p >= 0.05 || effect < 0.17 {
            Class::A
        } else if effect < 0.25 {
            Class::B
        } else {
            Class::C
        }
    };
    Some(ItemDif {
        n: (n.0 as usize, n.1 as usize),
        alpha,
        delta,
        var_log_alpha,
        chi2,
        chi2_plain,
        p,
        adjusted_p: p,
        standardised,
        class,
        logistic: regression(&table, strata),
    })
}

/// Likelihood of logistic regressions on total, group and their product, from counts.
fn regression(table: &Table, strata: &Strata) -> Option<LogisticDif> {
    let top = table.levels - 1;
    let mut rows: Vec<([f64; 4], f64, f64)> = Vec::new();
    // A centred total: the fit does not depend on it, the arithmetic does.
    let middle = strata.value[strata.count / 2];
    for k in 0..strata.count {
        for side in 0..2 {
            let row = table.row(k, side);
            let n: f64 = row.iter().sum();
            if n > 0.0 {
                let (x, g) = (strata.value[k] - middle, side as f64);
                rows.push(([1.0, x, g, x * g], row[top], n));
            }
        }
    }
    let fit = |free: usize| deviance(&rows, free);
    let (reduced, uniform, full) = (fit(2)?, fit(3)?, fit(4)?);
    let null = fit(1)?;
    let n: f64 = rows.iter().map(|r| r.2).sum();
    let nagelkerke = |d: f64| (1.0 - ((d - null) / n).exp()) / (1.0 - (-null / n).exp());
    let both = (reduced - full).max(0.0);
    let p = chi2_sf(both, 2.0)?;
    let r2_gain = nagelkerke(full) - nagelkerke(reduced);
    let class = match r2_gain {
        g if p >= 0.05 || g < 0.035 => Class::A,
        g if g < 0.07 => Class::B,
        _ => Class::C,
    };
    let finite = both.is_finite() && r2_gain.is_finite();
    finite.then_some(LogisticDif {
        both,
        uniform: (reduced - uniform).max(0.0),
        non_uniform: (uniform - full).max(0.0),
        p,
        r2_gain,
        class,
    })
}

/// −2 log-likelihood (of single answers) of a logistic regression on the first `free` terms.
fn deviance(rows: &[([f64; 4], f64, f64)], free: usize) -> Option<f64> {
    let mut beta = DVector::<f64>::zeros(free);
    let mut last = f64::INFINITY;
    for _ in 0..50 {
        let (mut g, mut h) = (DVector::<f64>::zeros(free), DMatrix::<f64>::zeros(free, free));
        let mut log_likelihood = 0.0;
        for (x, right, n) in rows {
            let z: f64 = (0..free).map(|i| beta[i] * x[i]).sum();
            let p = logistic(z);
            // log p and log (1 − p), safe at both ends
            let soft = z.max(0.0) + (-z.abs()).exp().ln_1p();
            log_likelihood += right * (z - soft) - (n - right) * soft;
            let w = n * p * (1.0 - p);
            for i in 0..free {
                g[i] += (right - n * p) * x[i];
                for j in 0..free {
                    h[(i, j)] += w * x[i] * x[j];
                }
            }
        }
        let now = -2.0 * log_likelihood;
        if (last - now).abs() < 1e-11 * now.abs().max(1.0) {
            return Some(now);
        }
        last = now;
        let step = h.cholesky()?.solve(&g);
        if !step.iter().all(|s| s.is_finite()) {
            return None;
        }
        let longest = step.amax();
        beta += step * if longest > 5.0 { 5.0 / longest } else { 1.0 };
    }
    None
}

/// One group against all others, for each group large enough: `of[candidate]` names the group.
pub fn one_against_others(of: &[Option<u16>], group: u16) -> Vec<Side> {
    let side = |g: &Option<u16>| match g {
        Some(g) if *g == group => Side::Focal,
        Some(_) => Side::Reference,
        None => Side::Out,
    };
    of.iter().map(side).collect()
}
