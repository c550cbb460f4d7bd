//! SIBTEST: candidates matched on the other questions, with what the groups differ in ability taken off.

use super::strata::{Strata, Table};
use super::{Class, Options, Side, checked, sums};
use crate::docimology::Estimate;
use crate::docimology::matrix::{Item, ScoreMatrix};
use crate::docimology::numeric::normal_cdf;
use rayon::prelude::*;
use serde::Serialize;

/// A stratum counts where each side has more candidates than this.
const CELL: f64 = 5.0;

/// SIBTEST of one question.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Sib {
    /// Reference less focal at equal true score, in share of full credit, −1 to 1: positive where the question is
    /// harder for the focal group (the sign of the literature, opposite to [`super::ItemDif::standardised`]).
    pub beta: f64,
    /// Its standard error.
    pub se: f64,
    /// Probability of as much without DIF, two-sided.
    pub p: f64,
    /// Class of Roussos and Stout (1996): below 0.059, to 0.088, above, where significant at 0.05.
    pub class: Class,
}

/// SIBTEST of every question (Shealy and Stout 1993), one at a time against all others.
///
/// β = Σ p_k (Y*_Rk − Y*_Fk): p_k is the share of candidates in stratum k, Y* the mean score there, moved along the
/// regression of score on estimated true score V = X̄ + α (k − X̄) (Kelley 1927) to the middle of both groups' V. That
/// correction is what Mantel-Haenszel lacks: with groups of unequal ability and a short exam it is the better of the
/// two. Strata at both ends, with a side of five candidates or fewer, or without variance are left out; `None` where
/// none is left. `options.purify` and `options.regression` are nothing here.
///
/// # Errors
/// As [`super::dif`].
pub fn sibtest(matrix: &ScoreMatrix, sides: &[Side], options: &Options) -> Estimate<Vec<Option<Sib>>> {
    checked(matrix, sides, options)?;
    let totals = matrix.totals();
    let of = |side: Side| sides.iter().enumerate().filter(|(_, s)| **s == side).map(|(c, _)| c).collect::<Vec<_>>();
    let members = [of(Side::Reference), of(Side::Focal)];
    // Variances of each question, of each side.
    let variances: Vec<[f64; 2]> = matrix
        .items()
        .par_iter()
        .map(|item| {
            let scores: Vec<f64> = item.scores().collect();
            [0, 1].map(|s| moments(&scores, &members[s]).1)
        })
        .collect();
    let all = [0, 1].map(|s| variances.iter().map(|v| v[s]).sum::<f64>());
    let one = |(q, item): (usize, &Item)| {
        let rest: Vec<f64> = totals.iter().zip(item.scores()).map(|(t, s)| t - s).collect();
        let k = (matrix.questions() - 1) as f64;
        let shrunk = [0, 1].map(|s| {
            let (mean, variance) = moments(&rest, &members[s]);
            let alpha = k / (k - 1.0) * (1.0 - (all[s] - variances[q][s]) / variance);
            (mean, alpha)
        });
        let strata = Strata::new(rest.iter().copied(), sides, options.strata);
        of_one(item, &Table::new(item, &strata), &strata, shrunk)
    };
    Ok(matrix.items().par_iter().enumerate().map(one).collect())
}

/// Mean and variance (n − 1) of some candidates.
fn moments(values: &[f64], members: &[usize]) -> (f64, f64) {
    let n = members.len() as f64;
    let mean = members.iter().map(|c| values[*c]).sum::<f64>() / n;
    (mean, members.iter().map(|c| (values[*c] - mean).powi(2)).sum::<f64>() / (n - 1.0))
}

/// One side in one stratum.
#[derive(Clone, Copy)]
struct Cell {
    n: f64,
    mean: f64,
    variance: f64,
    /// Estimated true score.
    truth: f64,
}

/// `shrunk`: mean rest score and alpha of each side.
fn of_one(item: &Item, table: &Table, strata: &Strata, shrunk: [(f64, f64); 2]) -> Option<Sib> {
    let cell = |k: usize, side: usize| {
        let (n, x, xx) = sums(table.row(k, side), &table.scores);
        let (mean, alpha) = shrunk[side];
        Cell {
            n,
            mean: if n > 0.0 { x / n } else { 0.0 },
            variance: if n > 1.0 { ((xx - x * x / n) / (n - 1.0)).max(0.0) } else { 0.0 },
            truth: mean + alpha * (strata.value(k) - mean),
        }
    };
    let cells: Vec<[Cell; 2]> =
        (0..strata.count()).map(|k| [cell(k, 0), cell(k, 1)]).filter(|c| c[0].n + c[1].n > 0.0).collect();
    let full = if item.max > 0.0 { item.max } else { 1.0 };
    let (mut beta, mut error, mut weight) = (0.0, 0.0, 0.0);
    for three in cells.windows(3) {
        let [before, [r, f], after] = [three[0], three[1], three[2]];
        if [r, f].iter().any(|c| c.n <= CELL || c.variance <= 1e-12 * full * full) {
            continue;
        }
        let middle = (r.truth + f.truth) / 2.0;
        let moved = |side: usize, c: Cell| {
            let slope = (after[side].mean - before[side].mean) / (after[side].truth - before[side].truth);
            c.mean + slope * (middle - c.truth)
        };
        let own = r.n + f.n;
        beta += own * (moved(0, r) - moved(1, f));
        error += own * own * (r.variance / r.n + f.variance / f.n);
        weight += own;
    }
    let (beta, se) = (beta / weight / full, error.sqrt() / weight / full);
    if !(beta.is_finite() && se.is_finite() && se > 0.0) {
        return None;
    }
    let p = 2.0 * normal_cdf(-(beta / se).abs());
    let class = match beta.abs() {
        b if p >= 0.05 || b < 0.059 => Class::A,
        b if b < 0.088 => Class::B,
        _ => Class::C,
    };
    Some(Sib { beta, se, p, class })
}
