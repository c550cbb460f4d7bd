//! Do the data look like the model? Fit of questions, of the whole, and dependence that it does not explain.

use super::ability::{Ability, add_item, normal_grid, sum_likelihood, tables};
use super::mml::Calibration;
use super::model::Response;
use super::packed::Coded;
use crate::docimology::matrix::{MISSING, ScoreMatrix};
use crate::docimology::numeric::{chi2_sf, normal_cdf};
use crate::docimology::{Estimate, NotEstimable};
use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;
use serde::Serialize;

/// Mean squares of the residuals of a question (Wright and Masters 1982): near 1, above for noise, below for
/// redundancy.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct MeanSquares {
    /// Weighted by information.
    pub infit: f64,
    /// Not weighted: sensitive to surprises far from the question's difficulty.
    pub outfit: f64,
    /// Infit as a normal deviate (Wilson and Hilferty's cube root).
    pub infit_z: f64,
    /// Outfit as a normal deviate.
    pub outfit_z: f64,
}

/// A score whose variance is below this counts as if it were this: one surprise of one candidate far from a question
/// would otherwise outweigh all others (mirt's bound).
const LEAST_VARIANCE: f64 = 0.003_162_277_660_168_379;

/// Infit and outfit of every question of the calibration, with abilities given (EAP by custom).
///
/// Fails nowhere, but means little with fewer than 30 candidates: `None` for a question that nobody answered.
pub fn mean_squares(calibration: &Calibration, matrix: &ScoreMatrix, abilities: &[f64]) -> Vec<Option<MeanSquares>> {
    let coded = Coded::new(&matrix.select(&calibration.kept), calibration.model.dichotomous());
    (0..calibration.items.len())
        .into_par_iter()
        .map(|q| {
            let at = coded.kept.iter().position(|k| *k == q)?;
            squares(&calibration.items[q], &coded.cells[at], abilities)
        })
        .collect()
}

/// Infit and outfit of one question from the categories of candidates whose ability is given.
pub(super) fn squares<R: Response>(item: &R, cells: &[u8], abilities: &[f64]) -> Option<MeanSquares> {
    let k = item.categories();
    let mut p = vec![0.0; k];
    let (mut n, mut z2, mut r2, mut w, mut kurtosis, mut weighted) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
    for (theta, cell) in abilities.iter().zip(cells) {
        if *cell == MISSING {
            continue;
        }
        item.probabilities(*theta, &mut p);
        let mean: f64 = p.iter().enumerate().map(|(j, p)| j as f64 * p).sum();
        let (mut var, mut fourth) = (0.0, 0.0);
        for (j, p) in p.iter().enumerate() {
            let off2 = (j as f64 - mean).powi(2);
            var += off2 * p;
            fourth += off2 * off2 * p;
        }
        let var = var.max(LEAST_VARIANCE);
        let off2 = (f64::from(*cell) - mean).powi(2);
        n += 1.0;
        z2 += off2 / var;
        r2 += off2;
        w += var;
        kurtosis += fourth / (var * var);
        weighted += fourth - var * var;
    }
    if n == 0.0 {
        return None;
    }
    let (outfit, infit) = (z2 / n, r2 / w);
    let outfit_q = (kurtosis / (n * n) - 1.0 / n).max(1e-12).sqrt().min(std::f64::consts::SQRT_2);
    let infit_q = (weighted.max(1e-12) / (w * w)).sqrt().min(std::f64::consts::SQRT_2);
    let deviate = |mean_square: f64, q: f64| (mean_square.cbrt() - 1.0) * (3.0 / q) + q / 3.0;
    Some(MeanSquares { infit, outfit, infit_z: deviate(infit, infit_q), outfit_z: deviate(outfit, outfit_q) })
}

/// A fit statistic with its p-value.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ChiSquare {
    /// The statistic.
    pub value: f64,
    /// Degrees of freedom.
    pub df: usize,
    /// Probability of as much under the model.
    pub p: f64,
    /// Root mean square error of approximation per candidate.
    pub rmsea: f64,
}

/// S-X² of every question (Orlando and Thissen 2000; Kang and Chen 2008 for several categories): observed against
/// expected answers among candidates of the same total. Cells expected below `least` (1 by custom) are merged.
/// Only complete sheets count. `None` where no degree of freedom is left.
///
/// # Errors
/// Fewer than 100 complete sheets.
pub fn s_x2(calibration: &Calibration, matrix: &ScoreMatrix, least: f64) -> Estimate<Vec<Option<ChiSquare>>> {
    let coded = Coded::new(&matrix.select(&calibration.kept), calibration.model.dichotomous());
    // A common slope is counted at each question, as mirt counts the spread of ability.
    let free = |k: usize| k + usize::from(calibration.model == super::Model::ThreePl);
    s_x2_of(&calibration.items, &coded.cells, normal_grid(calibration), free, least)
}

/// The same for any questions: `cells[question][candidate]` holds categories, `free` gives how many parameters a
/// question of so many categories has.
pub(super) fn s_x2_of<R: Response>(
    items: &[R],
    cells: &[Vec<u8>],
    (nodes, weights): (Vec<f64>, Vec<f64>),
    free: impl Fn(usize) -> usize + Sync,
    least: f64,
) -> Estimate<Vec<Option<ChiSquare>>> {
    const WHAT: &str = "ajustement S-X²";
    let n = cells.first().map_or(0, Vec::len);
    let complete: Vec<usize> = (0..n).filter(|c| cells.iter().all(|column| column[*c] != MISSING)).collect();
    if complete.len() < 100 {
        return Err(NotEstimable::TooFewCandidates { what: WHAT, n: complete.len(), needed: 100 });
    }
    if cells.len() != items.len() {
        let detail = "les questions ne sont pas celles du modèle".to_owned();
        return Err(NotEstimable::Unsuited { what: WHAT, detail });
    }
    let width = nodes.len();
    let tables = tables(items, &nodes);
    let totals: Vec<usize> =
        complete.iter().map(|c| cells.iter().map(|column| usize::from(column[*c])).sum()).collect();
    let top: usize = items.iter().map(|i| i.categories() - 1).sum();
    let whole = sum_likelihood(&tables, width);
    let whole: Vec<f64> = whole.iter().map(|row| row.iter().zip(&weights).map(|(r, w)| r * w).sum()).collect();
    let by_total = {
        let mut by_total = vec![0.0; top + 1];
        totals.iter().for_each(|t| by_total[*t] += 1.0);
        by_total
    };
    let mut found = vec![None; items.len()];
    let context = Without { tables: &tables, width };
    let compute = |q: usize, rest: &[Vec<f64>]| {
        let k = items[q].categories();
        // Expected counts by total and category.
        let mut expected = vec![vec![0.0; k]; top + 1];
        let mut observed = vec![vec![0.0; k]; top + 1];
        for (s, row) in rest.iter().enumerate() {
            for (category, p) in tables[q].chunks_exact(width).enumerate() {
                let joint: f64 = row.iter().zip(p).zip(&weights).map(|((r, p), w)| r * p * w).sum();
                let total = s + category;
                expected[total][category] = by_total[total] * joint / whole[total].max(1e-300);
            }
        }
        for (c, total) in complete.iter().zip(&totals) {
            observed[*total][usize::from(cells[q][*c])] += 1.0;
        }
        chi_square(observed, expected, free(k), complete.len(), least)
    };
    context.all_but_one(&mut found, &compute);
    Ok(found)
}

/// Sum-score likelihoods of all questions but one, for each in turn, by halves: n log n questions are added
/// instead of n².
struct Without<'a> {
    tables: &'a [Vec<f64>],
    width: usize,
}

impl Without<'_> {
    fn all_but_one<T: Send>(&self, found: &mut [T], compute: &(impl Fn(usize, &[Vec<f64>]) -> T + Sync)) {
        self.half(0, found, vec![vec![1.0; self.width]], compute);
    }

    fn half<T: Send>(
        &self,
        first: usize,
        found: &mut [T],
        outside: Vec<Vec<f64>>,
        compute: &(impl Fn(usize, &[Vec<f64>]) -> T + Sync),
    ) {
        if let [one] = found {
            *one = compute(first, &outside);
            return;
        }
        let (middle, end) = (found.len() / 2, first + found.len());
        let (left, right) = found.split_at_mut(middle);
        let with = |range: std::ops::Range<usize>| {
            range.fold(outside.clone(), |sums, q| add_item(&sums, &self.tables[q], self.width))
        };
        let cut = first + middle;
        rayon::join(
            || self.half(first, left, with(cut..end), compute),
            || self.half(cut, right, with(first..cut), compute),
        );
    }
}

/// Observed and expected answers at one total.
#[derive(Clone)]
struct Cells {
    observed: Vec<f64>,
    expected: Vec<f64>,
}

impl Cells {
    fn seen(&self) -> f64 {
        self.observed.iter().sum()
    }

    fn absorb(&mut self, other: &Self) {
        self.observed.iter_mut().zip(&other.observed).for_each(|(a, b)| *a += b);
        self.expected.iter_mut().zip(&other.expected).for_each(|(a, b)| *a += b);
    }

    /// Is a cell too thin?
    fn thin(&self, least: f64) -> bool {
        self.expected.iter().any(|e| *e < least && *e != 0.0)
    }

    /// The least expected category joins its least expected neighbour, until none is thin or two are left.
    fn join_categories(&mut self, least: f64) {
        let k = self.expected.len();
        if self.expected.iter().all(|e| *e >= least) {
            return;
        }
        let (e, o) = (&mut self.expected, &mut self.observed);
        while e.len() > 2 && e.iter().any(|x| *x < least) {
            let lowest = e.iter().copied().fold(f64::INFINITY, f64::min);
            let at = e.iter().rposition(|x| *x <= lowest).unwrap_or(0);
            let into = match at {
                0 => 1,
                at if at + 1 == e.len() => at - 1,
                at if e[at - 1] <= e[at + 1] => at - 1,
                at => at + 1,
            };
            (e[into], o[into]) = (e[into] + e[at], o[into] + o[at]);
            e.remove(at);
            o.remove(at);
        }
        e.resize(k, 0.0);
        o.resize(k, 0.0);
    }
}

/// Merges cells expected below `least` (1 in Orlando and Thissen 2000), by mirt's rules, then compares: totals
/// where a category cannot be, and those of a single candidate, join the next; then categories within a total;
/// then totals with the neighbour that has fewer candidates.
fn chi_square(
    observed: Vec<Vec<f64>>,
    expected: Vec<Vec<f64>>,
    free: usize,
    n: usize,
    least: f64,
) -> Option<ChiSquare> {
    let k = observed.first()?.len();
    let last = observed.len() - 1;
    // Below k − 1 some categories cannot be; above the top less k − 1 neither.
    let mut rows: Vec<Cells> =
        observed.into_iter().zip(expected).map(|(observed, expected)| Cells { observed, expected }).collect();
    rows.truncate(last);
    rows.remove(0);
    if rows.len() < 2 * (k - 2) + 1 {
        return None;
    }
    for _ in 0..k - 2 {
        let (first, end) = (rows.remove(0), rows.pop()?);
        rows.first_mut()?.absorb(&first);
        rows.last_mut()?.absorb(&end);
    }
    rows.retain(|r| r.seen() > 0.0);
    let mut i = 0;
    while i + 1 < rows.len() {
        if rows[i].seen() == 1.0 {
            let gone = rows.remove(i);
            rows[i].absorb(&gone);
            // A row that has just grown is not looked at again.
        }
        i += 1;
    }
    if rows.len() > 1 && rows.last()?.seen() == 1.0 {
        let gone = rows.pop()?;
        rows.last_mut()?.absorb(&gone);
    }
    if k > 2 {
        rows.iter_mut().for_each(|r| r.join_categories(least));
        let mut width = k;
        let rare = least * (rows.len() as f64 * 0.1).ceil();
        while width > 2 && rows.iter().map(|r| r.expected[width - 1]).sum::<f64>() < rare {
            drop_column(&mut rows, width - 1);
            width -= 1;
        }
        for column in (1..width).rev() {
            let used = rows.iter().filter(|r| r.expected[column] > 0.0).count();
            if (used as f64) < 0.05 * rows.len() as f64 {
                drop_column(&mut rows, column);
            }
        }
    }
    while rows.len() > 1
        && let Some(at) = rows.iter().position(|r| r.thin(least))
    {
        let into = match at {
            0 => 1,
            at if at + 1 == rows.len() => at - 1,
            at if rows[at - 1].seen() <= rows[at + 1].seen() => at - 1,
            at => at + 1,
        };
        let gone = rows[at].clone();
        rows[into].absorb(&gone);
        rows.remove(at);
    }
    let (mut value, mut cells) = (0.0, 0_usize);
    for row in &rows {
        for (o, e) in row.observed.iter().zip(&row.expected).filter(|(_, e)| **e > 0.0) {
            value += (o - e).powi(2) / e;
            cells += 1;
        }
    }
    let df = cells.checked_sub(rows.len() + free).filter(|df| *df > 0)?;
    let p = chi2_sf(value, df as f64)?;
    let rmsea = ((value - df as f64).max(0.0) / (df as f64 * (n as f64 - 1.0))).sqrt();
    Some(ChiSquare { value, df, p, rmsea })
}

/// The column joins the one before it.
fn drop_column(rows: &mut [Cells], column: usize) {
    for row in rows {
        let (e, o) = (row.expected.remove(column), row.observed.remove(column));
        row.expected[column - 1] += e;
        row.observed[column - 1] += o;
    }
}

/// Q3 (Yen 1984): correlations between questions of what the model leaves unexplained, with abilities given. Cases
/// show here: questions of one story stay tied. Under independence its mean is about −1 / (k − 1).
///
/// Returns a symmetric matrix in rows, with 1 on the diagonal; `None` where one of the two has no residual.
pub fn q3(calibration: &Calibration, matrix: &ScoreMatrix, abilities: &[f64]) -> Vec<Vec<Option<f64>>> {
    let coded = Coded::new(&matrix.select(&calibration.kept), calibration.model.dichotomous());
    let n = matrix.candidates();
    let columns: Vec<Vec<f64>> = (0..calibration.items.len())
        .into_par_iter()
        .map(|q| match coded.kept.iter().position(|kept| *kept == q) {
            Some(at) => residuals(&calibration.items[q], &coded.cells[at], abilities),
            None => vec![0.0; n],
        })
        .collect();
    correlations(&columns)
}

/// What each candidate's category is above the one expected; NaN where it is missing.
pub(super) fn residuals<R: Response>(item: &R, cells: &[u8], abilities: &[f64]) -> Vec<f64> {
    let mut p = vec![0.0; item.categories()];
    let residual = |(theta, cell): (&f64, &u8)| {
        if *cell == MISSING {
            return f64::NAN;
        }
        item.probabilities(*theta, &mut p);
        f64::from(*cell) - p.iter().enumerate().map(|(c, p)| p * c as f64).sum::<f64>()
    };
    abilities.iter().zip(cells).map(residual).collect()
}

/// Correlations of columns of residuals, over the candidates who have both.
pub(super) fn correlations(columns: &[Vec<f64>]) -> Vec<Vec<Option<f64>>> {
    let (n, k) = (columns.first().map_or(0, Vec::len), columns.len());
    let has_missing = columns.iter().any(|c| c.iter().any(|r| r.is_nan()));
    let mut out = vec![vec![None; k]; k];
    if has_missing {
        let rows: Vec<Vec<Option<f64>>> =
            (0..k).into_par_iter().map(|i| (0..=i).map(|j| pairwise(&columns[i], &columns[j])).collect()).collect();
        for (i, row) in rows.into_iter().enumerate() {
            for (j, r) in row.into_iter().enumerate() {
                (out[i][j], out[j][i]) = (r, r);
            }
        }
    } else {
        let mut centred = DMatrix::from_fn(n, k, |i, j| columns[j][i]);
        for mut column in centred.column_iter_mut() {
            let mean = column.mean();
            column.add_scalar_mut(-mean);
            let norm = column.norm();
            if norm > 1e-9 {
                column /= norm;
            } else {
                column.fill(0.0);
            }
        }
        let products = centred.tr_mul(&centred);
        for i in 0..k {
            for j in 0..k {
                if products[(i, i)] > 0.5 && products[(j, j)] > 0.5 {
                    out[i][j] = Some(products[(i, j)].clamp(-1.0, 1.0));
                }
            }
        }
    }
    (0..k).filter(|i| columns[*i].iter().any(|r| r.is_finite() && *r != 0.0)).for_each(|i| out[i][i] = Some(1.0));
    out
}

fn pairwise(x: &[f64], y: &[f64]) -> Option<f64> {
    let (a, b): (Vec<f64>, Vec<f64>) =
        x.iter().zip(y).filter(|(a, b)| a.is_finite() && b.is_finite()).map(|(a, b)| (*a, *b)).unzip();
    crate::stats::correlation(&a, &b)
}

/// Fit of the whole model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct WholeFit {
    /// M2 with its degrees of freedom and p-value.
    pub m2: ChiSquare,
    /// 90 % interval of the RMSEA (Browne and Cudeck 1993).
    pub rmsea_interval: (f64, f64),
    /// Standardised root mean square residual of the pairs' correlations.
    pub srmsr: f64,
}

/// Questions above which M2 is not attempted: its matrix has as many rows as there are pairs.
pub const MOST_QUESTIONS_FOR_M2: usize = 130;

/// M2 (Maydeu-Olivares and Joe 2006; Cai and Hansen 2013 for several categories, on the means and products of
/// scores): distance between observed and expected first and second moments.
///
/// # Errors
/// Missing answers, more than [`MOST_QUESTIONS_FOR_M2`] questions, no degree of freedom.
pub fn m2(calibration: &Calibration, matrix: &ScoreMatrix) -> Estimate<WholeFit> {
    const WHAT: &str = "ajustement M2";
    let unsuited = |detail: String| NotEstimable::Unsuited { what: WHAT, detail };
    let coded = Coded::new(&matrix.select(&calibration.kept), calibration.model.dichotomous());
    let k = calibration.items.len();
    if k > MOST_QUESTIONS_FOR_M2 {
        return Err(unsuited(format!("{k} questions, {MOST_QUESTIONS_FOR_M2} au plus")));
    }
    if coded.questions() != k || coded.cells.iter().any(|c| c.contains(&MISSING)) {
        return Err(unsuited("il faut une réponse à chaque question".into()));
    }
    let n = matrix.candidates() as f64;
    let (nodes, weights) = normal_grid(calibration);
    let width = nodes.len();
    // Moments of the score of each question at each node, up to the fourth power.
    let tables = tables(&calibration.items, &nodes);
    let power = |q: usize, e: i32| -> Vec<f64> {
        let mut out = vec![0.0; width];
        for (category, p) in tables[q].chunks_exact(width).enumerate() {
            let value = (category as f64).powi(e);
            out.iter_mut().zip(p).for_each(|(o, p)| *o += value * p);
        }
        out
    };
    let m1: Vec<Vec<f64>> = (0..k).map(|q| power(q, 1)).collect();
    let m2: Vec<Vec<f64>> = (0..k).map(|q| power(q, 2)).collect();
    let pairs: Vec<(usize, usize)> = (0..k).flat_map(|i| (i + 1..k).map(move |j| (i, j))).collect();
    let size = k + pairs.len();
    let members = |at: usize| if at < k { (at, usize::MAX) } else { pairs[at - k] };

    // Conditional means of the moments at the nodes: the common part of their covariance is of low rank.
    let conditional = DMatrix::from_fn(size, width, |at, node| match members(at) {
        (i, usize::MAX) => m1[i][node],
        (i, j) => m1[i][node] * m1[j][node],
    });
    let weights_vector = DVector::from_column_slice(&weights);
    let expected = &conditional * &weights_vector;
    let mut scaled = conditional.clone();
    for (mut column, w) in scaled.column_iter_mut().zip(&weights) {
        column *= w.sqrt();
    }
    let mut covariance = &scaled * scaled.transpose();
    covariance.ger(-1.0, &expected, &expected, 1.0);
    // What moments of overlapping questions have more in common, given ability.
    let rows: Vec<Vec<(usize, f64)>> = (0..size)
        .into_par_iter()
        .map(|a| {
            let (i, j) = members(a);
            let mut row = Vec::new();
            for b in a..size {
                let (u, v) = members(b);
                let shared = [i, j].into_iter().filter(|x| *x != usize::MAX && (*x == u || *x == v)).count();
                if shared == 0 {
                    continue;
                }
                let mut sum = 0.0;
                for node in 0..width {
                    let mut product = weights[node];
                    let mut separate = weights[node];
                    for x in [i, j] {
                        if x == usize::MAX {
                            continue;
                        }
                        separate *= m1[x][node];
                        product *= if x == u || x == v { m2[x][node] } else { m1[x][node] };
                    }
                    for x in [u, v] {
                        if x == usize::MAX {
                            continue;
                        }
                        separate *= m1[x][node];
                        if x != i && x != j {
                            product *= m1[x][node];
                        }
                    }
                    sum += product - separate;
                }
                row.push((b, sum));
            }
            row
        })
        .collect();
    for (a, row) in rows.into_iter().enumerate() {
        for (b, value) in row {
            covariance[(a, b)] += value;
            if a != b {
                covariance[(b, a)] += value;
            }
        }
    }

    // Derivatives of the expected moments by the parameters.
    let common = calibration.model.common_slope();
    let working: Vec<super::maximise::Working> =
        calibration.items.iter().map(super::maximise::Working::from_parameters).collect();
    let mut derivative_of_mean: Vec<Vec<Vec<f64>>> = Vec::with_capacity(k);
    for (q, item) in working.iter().enumerate() {
        let (free, categories) = (item.flat_len(), item.categories());
        let mut gradients = vec![0.0; categories * free * width];
        item.gradients(&nodes, &mut gradients);
        let of = |p: usize| {
            (0..width)
                .map(|node| {
                    (0..categories)
                        .map(|c| c as f64 * tables[q][c * width + node] * gradients[(c * free + p) * width + node])
                        .sum()
                })
                .collect()
        };
        derivative_of_mean.push((0..free).map(of).collect());
    }
    let parameters: usize =
        usize::from(common) + working.iter().map(|w| w.flat_len() - usize::from(common)).sum::<usize>();
    let mut delta = DMatrix::<f64>::zeros(size, parameters);
    let mut at = usize::from(common);
    for (q, item) in working.iter().enumerate() {
        for (p, by) in derivative_of_mean[q].iter().enumerate() {
            let column = match (common, p) {
                (true, 0) => 0,
                (true, p) => at + p - 1,
                (false, p) => at + p,
            };
            delta[(q, column)] += by.iter().zip(&weights).map(|(d, w)| d * w).sum::<f64>();
            for (a, (i, j)) in pairs.iter().enumerate() {
                let other = if *i == q {
                    *j
                } else if *j == q {
                    *i
                } else {
                    continue;
                };
                delta[(k + a, column)] +=
                    by.iter().zip(&m1[other]).zip(&weights).map(|((d, m), w)| d * m * w).sum::<f64>();
            }
        }
        at += item.flat_len() - usize::from(common);
    }

    let df =
        size.checked_sub(parameters).filter(|d| *d > 0).ok_or_else(|| unsuited("aucun degré de liberté".into()))?;
    let rows = DMatrix::from_fn(matrix.candidates(), k, |c, q| f64::from(coded.cells[q][c]));
    let products = rows.tr_mul(&rows) / n;
    let observed = DVector::from_fn(size, |at, _| match members(at) {
        (i, usize::MAX) => rows.column(i).sum() / n,
        (i, j) => products[(i, j)],
    });
    let distance = &observed - &expected;
    let lower = blocked_cholesky(covariance).ok_or_else(|| unsuited("information singulière".into()))?;
    let distance = solve_lower(&lower, DMatrix::from_column_slice(size, 1, distance.as_slice()));
    let delta = solve_lower(&lower, delta);
    // What is left of the distance once the parameters have taken their share.
    let gram = delta.tr_mul(&delta);
    let share = delta.tr_mul(&distance);
    let solved = gram.cholesky().ok_or_else(|| unsuited("paramètres indiscernables".into()))?.solve(&share);
    let value = n * (distance.norm_squared() - share.dot(&solved));
    let p = chi2_sf(value, df as f64).ok_or_else(|| unsuited("statistique indéfinie".into()))?;
    let rmsea = ((value - df as f64).max(0.0) / (df as f64 * (n - 1.0))).sqrt();

    let mut squares = 0.0;
    for (a, (i, j)) in pairs.iter().enumerate() {
        let var = |q: usize, observed: bool| {
            if observed {
                products[(q, q)] - (rows.column(q).sum() / n).powi(2)
            } else {
                m2[q].iter().zip(&weights).map(|(m, w)| m * w).sum::<f64>() - expected[q].powi(2)
            }
        };
        let r = |pair: f64, mi: f64, mj: f64, vi: f64, vj: f64| (pair - mi * mj) / (vi * vj).max(1e-300).sqrt();
        let seen = r(products[(*i, *j)], observed[*i], observed[*j], var(*i, true), var(*j, true));
        let model = r(expected[k + a], expected[*i], expected[*j], var(*i, false), var(*j, false));
        squares += (seen - model).powi(2);
    }
    let srmsr = (squares / pairs.len() as f64).sqrt();
    Ok(WholeFit { m2: ChiSquare { value, df, p, rmsea }, rmsea_interval: rmsea_interval(value, df as f64, n), srmsr })
}

/// 90 % interval of the RMSEA, from non-centralities at which `value` is at the 95th and 5th centile (Patnaik's
/// 1949 approximation of the non-central chi-square by Sankaran's 1963 transformation).
fn rmsea_interval(value: f64, df: f64, n: f64) -> (f64, f64) {
    let cdf = |lambda: f64| {
        let h = 1.0 - 2.0 * (df + lambda) * (df + 3.0 * lambda) / (3.0 * (df + 2.0 * lambda).powi(2));
        let p = (df + 2.0 * lambda) / (df + lambda).powi(2);
        let m = (h - 1.0) * (1.0 - 3.0 * h);
        let mean = 1.0 + h * p * (h - 1.0 - 0.5 * (2.0 - h) * m * p);
        let sd = h * (2.0 * p).sqrt() * (1.0 + 0.5 * m * p);
        normal_cdf(((value / (df + lambda)).powf(h) - mean) / sd)
    };
    let root = |level: f64| {
        if cdf(0.0) < level {
            return 0.0;
        }
        let (mut low, mut high) = (0.0, value.max(df) * 2.0 + 10.0);
        for _ in 0..200 {
            let middle = (low + high) / 2.0;
            if cdf(middle) > level {
                low = middle;
            } else {
                high = middle;
            }
        }
        low
    };
    let rmsea = |lambda: f64| (lambda / (df * (n - 1.0))).sqrt();
    (rmsea(root(0.95)), rmsea(root(0.05)))
}

const TILE: usize = 128;

/// Lower Cholesky factor by tiles, whose products are fast ones; `None` if the matrix is not positive.
fn blocked_cholesky(mut a: DMatrix<f64>) -> Option<DMatrix<f64>> {
    let n = a.nrows();
    let mut at = 0;
    while at < n {
        let end = (at + TILE).min(n);
        let size = end - at;
        let factor = a.view((at, at), (size, size)).into_owned().cholesky()?.unpack();
        a.view_mut((at, at), (size, size)).copy_from(&factor);
        if end < n {
            let below = a.view((end, at), (n - end, size)).transpose();
            let solved = factor.solve_lower_triangular(&below)?.transpose();
            a.view_mut((end, at), (n - end, size)).copy_from(&solved);
            // The rest, one stripe of columns at a time: only what is below the diagonal matters.
            let stripes: Vec<(usize, DMatrix<f64>)> = (end..n)
                .step_by(TILE)
                .collect::<Vec<_>>()
                .into_par_iter()
                .map(|from| {
                    let to = (from + TILE).min(n);
                    let tall = solved.rows(from - end, n - from);
                    let wide = solved.rows(from - end, to - from).transpose();
                    (from, tall * wide)
                })
                .collect();
            for (from, product) in stripes {
                let mut view = a.view_mut((from, from), product.shape());
                view -= product;
            }
        }
        at = end;
    }
    Some(a)
}

/// L⁻¹ b by tiles; only the lower triangle of `l` is read.
fn solve_lower(l: &DMatrix<f64>, mut b: DMatrix<f64>) -> DMatrix<f64> {
    let (n, columns) = b.shape();
    let mut at = 0;
    while at < n {
        let end = (at + TILE).min(n);
        let size = end - at;
        let diagonal = l.view((at, at), (size, size)).into_owned();
        let mut top = b.view((at, 0), (size, columns)).into_owned();
        diagonal.solve_lower_triangular_mut(&mut top);
        b.view_mut((at, 0), (size, columns)).copy_from(&top);
        if end < n {
            let below = l.view((end, at), (n - end, size));
            let mut rest = b.view_mut((end, 0), (n - end, columns));
            rest.gemm(-1.0, &below, &top, 1.0);
        }
        at = end;
    }
    b
}

/// Abilities as a list of thetas.
pub fn thetas(abilities: &[Ability]) -> Vec<f64> {
    abilities.iter().map(|a| a.theta).collect()
}
