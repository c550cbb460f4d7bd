//! Reliability beyond alpha: Guttman's lambdas, omega, error where one stands, and how parts go together.

use super::matrix::ScoreMatrix;
use super::{Estimate, NotEstimable};
use crate::stats::correlation;
use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;
use serde::Serialize;

const WHAT: &str = "fidélité";

/// Covariances between questions (n − 1), in points; what is missing counts 0.
///
/// # Errors
/// Fewer than three candidates.
pub fn covariances(matrix: &ScoreMatrix) -> Estimate<DMatrix<f64>> {
    let (n, k) = (matrix.candidates(), matrix.questions());
    if n < 3 {
        return Err(NotEstimable::TooFewCandidates { what: WHAT, n, needed: 3 });
    }
    let columns: Vec<Vec<f64>> = matrix
        .items()
        .par_iter()
        .map(|item| {
            let mean = item.scores().sum::<f64>() / n as f64;
            item.scores().map(|s| s - mean).collect()
        })
        .collect();
    // By slices of candidates: each fits in the cache.
    const SLICE: usize = 512;
    let mut sum = DMatrix::<f64>::zeros(k, k);
    for from in (0..n).step_by(SLICE) {
        let to = (from + SLICE).min(n);
        let slice = DMatrix::from_fn(to - from, k, |i, j| columns[j][from + i]);
        sum.gemm_tr(1.0 / (n - 1) as f64, &slice, &slice, 1.0);
    }
    Ok(sum)
}

/// The same on the scale of correlations; a constant question has 0 with all others.
pub fn correlations(covariances: &DMatrix<f64>) -> DMatrix<f64> {
    let k = covariances.nrows();
    DMatrix::from_fn(k, k, |i, j| {
        let scale = (covariances[(i, i)] * covariances[(j, j)]).sqrt();
        if i == j {
            1.0
        } else if scale > 1e-12 {
            (covariances[(i, j)] / scale).clamp(-1.0, 1.0)
        } else {
            0.0
        }
    })
}

/// Lower bounds of reliability (Guttman 1945).
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Lambdas {
    /// λ₁ to λ₆. λ₃ is alpha; λ₄ is the best split found (the best of all up to 16 questions), and takes advantage of
    /// chance; λ₆ is `None` where a question is determined by the others.
    pub lambda: [Option<f64>; 6],
}

/// Guttman's bounds from covariances (or correlations, for the standardised sum).
///
/// # Errors
/// Fewer than two questions, or no variance.
pub fn lambdas(covariances: &DMatrix<f64>) -> Estimate<Lambdas> {
    let k = covariances.nrows();
    if k < 2 {
        return Err(NotEstimable::TooFewQuestions { what: WHAT, n: k, needed: 2 });
    }
    let total = covariances.sum();
    let trace = covariances.trace();
    if total <= 1e-12 * (1.0 + trace) {
        return Err(NotEstimable::NoVariance { what: WHAT });
    }
    let squares = |j: usize| -> f64 { (0..k).filter(|i| *i != j).map(|i| covariances[(i, j)].powi(2)).sum() };
    let all: f64 = (0..k).map(squares).sum();
    let most = (0..k).map(squares).fold(0.0, f64::max);
    let one = 1.0 - trace / total;
    let factor = k as f64 / (k - 1) as f64;
    let six = squared_multiple(covariances).map(|residual| 1.0 - residual.iter().sum::<f64>() / total);
    Ok(Lambdas {
        lambda: [
            Some(one),
            Some(one + (factor * all).sqrt() / total),
            Some(factor * one),
            Some(1.0 - least_split(covariances) / total),
            Some(one + 2.0 * most.sqrt() / total),
            six,
        ],
    })
}

/// Variance of each question that the others do not predict: 1 / diagonal of the inverse.
fn squared_multiple(covariances: &DMatrix<f64>) -> Option<DVector<f64>> {
    let inverse = covariances.clone().cholesky()?.inverse();
    let residual = inverse.diagonal().map(|d| 1.0 / d);
    residual.iter().all(|r| r.is_finite()).then_some(residual)
}

/// Least s' C s over signs: twice over, the variance of a difference of halves.
fn least_split(c: &DMatrix<f64>) -> f64 {
    let k = c.nrows();
    if k <= 16 {
        // All of them, one sign turned at a time (Gray code): the value is kept up to date.
        let mut signs = vec![1.0; k];
        let mut pull: Vec<f64> = (0..k).map(|i| c.row(i).sum()).collect();
        let (mut value, mut least) = (c.sum(), c.sum());
        for step in 1_u32..1 << (k - 1) {
            let i = step.trailing_zeros() as usize;
            value += 4.0 * (c[(i, i)] - signs[i] * pull[i]);
            signs[i] = -signs[i];
            for (j, pull) in pull.iter_mut().enumerate() {
                *pull += 2.0 * signs[i] * c[(j, i)];
            }
            least = least.min(value);
        }
        return least;
    }
    // From a few splits, the sign whose turning gains most, until none does.
    let mut least = f64::INFINITY;
    for stride in [1, 2, 3, 5] {
        let mut signs: Vec<f64> = (0..k).map(|i| if (i / stride) % 2 == 0 { 1.0 } else { -1.0 }).collect();
        let s = DVector::from_column_slice(&signs);
        let mut pull = c * &s;
        let mut value = s.dot(&pull);
        loop {
            let gain = |i: usize| signs[i] * pull[i] - c[(i, i)];
            let (best, most) = (0..k).map(|i| (i, gain(i))).fold((0, 1e-12), |b, g| if g.1 > b.1 { g } else { b });
            if most <= 1e-12 {
                break;
            }
            value -= 4.0 * most;
            signs[best] = -signs[best];
            for i in 0..k {
                pull[i] += 2.0 * signs[best] * c[(i, best)];
            }
        }
        least = least.min(value);
    }
    least
}

/// McDonald's omega (1999, eq. 6.20) under one common factor, fitted by principal axes to convergence (the least
/// squares solution; Harman and Jones 1966): (Σ λ)² over the variance of the sum.
///
/// # Errors
/// Fewer than three questions with variance; a factor that does not settle.
pub fn omega(covariances: &DMatrix<f64>) -> Estimate<f64> {
    let kept: Vec<usize> = (0..covariances.nrows()).filter(|i| covariances[(*i, *i)] > 1e-12).collect();
    if kept.len() < 3 {
        return Err(NotEstimable::TooFewQuestions { what: "oméga", n: kept.len(), needed: 3 });
    }
    let c = covariances.select_rows(&kept).select_columns(&kept);
    let sd = c.diagonal().map(f64::sqrt);
    let r = correlations(&c);
    let k = kept.len();
    let mut common = match squared_multiple(&r) {
        Some(residual) => residual.map(|x| (1.0 - x).clamp(0.0, 0.995)),
        None => DVector::from_element(k, 0.5),
    };
    let mut loadings = DVector::from_element(k, 1.0 / (k as f64).sqrt());
    let mut direction = loadings.clone();
    for round in 0..5_000 {
        // Largest eigenvector of the reduced matrix, a few products at a time from where it was.
        let mut value = 0.0;
        for _ in 0..if round == 0 { 60 } else { 4 } {
            let product = &r * &direction + (&common - DVector::from_element(k, 1.0)).component_mul(&direction);
            value = product.norm();
            if value <= 1e-12 {
                return Err(NotEstimable::NoVariance { what: "oméga" });
            }
            direction = product / value;
        }
        loadings = &direction * value.sqrt();
        let next = loadings.map(|l| (l * l).min(0.995));
        let moved = (&next - &common).amax();
        common = next;
        if moved < 1e-10 {
            let sum = loadings.dot(&sd);
            return Ok((sum * sum / c.sum()).clamp(0.0, 1.0));
        }
    }
    let _ = loadings;
    Err(NotEstimable::NotConverged { what: "oméga", detail: "les saturations ne se stabilisent pas".into() })
}

/// Correlations between questions, in one glance.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct InterItem {
    /// Mean correlation.
    pub mean: f64,
    /// Median.
    pub median: f64,
    /// Least.
    pub min: f64,
    /// Greatest: above 0.6, two questions may be one.
    pub max: f64,
    /// The pairs that go together most, by place in the matrix.
    pub closest: Vec<(usize, usize, f64)>,
}

/// Summary of the correlations between questions; `None` with fewer than two.
pub fn inter_item(correlations: &DMatrix<f64>) -> Option<InterItem> {
    let k = correlations.nrows();
    let mut pairs: Vec<(usize, usize, f64)> =
        (0..k).flat_map(|i| (i + 1..k).map(move |j| (i, j))).map(|(i, j)| (i, j, correlations[(i, j)])).collect();
    pairs.sort_by(|a, b| b.2.total_cmp(&a.2).then((a.0, a.1).cmp(&(b.0, b.1))));
    let (first, last) = (pairs.first()?, pairs.last()?);
    let middle = pairs.len() / 2;
    let median = if pairs.len() % 2 == 1 { pairs[middle].2 } else { (pairs[middle - 1].2 + pairs[middle].2) / 2.0 };
    Some(InterItem {
        mean: pairs.iter().map(|p| p.2).sum::<f64>() / pairs.len() as f64,
        median,
        min: last.2,
        max: first.2,
        closest: pairs.iter().take(10).copied().collect(),
    })
}

/// Correlation between two parts of an exam.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct PartCorrelation {
    /// Indices of the two parts.
    pub parts: (usize, usize),
    /// Pearson correlation of their totals.
    pub r: Option<f64>,
    /// What it would be without errors of measurement (Spearman 1904): r / √(α₁ α₂). May exceed 1.
    pub disattenuated: Option<f64>,
}

/// Correlations between the totals of parts (sections, ranks, kinds): each a list of questions.
pub fn between_parts(matrix: &ScoreMatrix, parts: &[Vec<usize>]) -> Vec<PartCorrelation> {
    let known: Vec<(Vec<f64>, Option<f64>)> = parts
        .par_iter()
        .map(|part| {
            let own = matrix.select(part);
            let alpha = super::classical::analyse(&own).ok().and_then(|s| s.reliability.alpha);
            (own.totals(), alpha)
        })
        .collect();
    let mut out = Vec::new();
    for i in 0..parts.len() {
        for j in i + 1..parts.len() {
            let r = correlation(&known[i].0, &known[j].0);
            let both = known[i].1.zip(known[j].1).filter(|(a, b)| *a > 0.0 && *b > 0.0);
            let disattenuated = r.zip(both).map(|(r, (a, b))| r / (a * b).sqrt());
            out.push(PartCorrelation { parts: (i, j), r, disattenuated });
        }
    }
    out
}

/// Error of measurement for candidates around a total.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ConditionalError {
    /// Middle of the band, in points.
    pub total: f64,
    /// Candidates in the band.
    pub n: usize,
    /// Conditional standard error of measurement, in points.
    pub sem: f64,
}

/// Conditional standard error of measurement by bands of the total (Brennan 1998, relative error: a candidate's
/// error variance is k / (k − 1) times the sum of squares of their scores about question means, about their own
/// mean). Its mean square is SEM² exactly; bands of fewer than 10 candidates are left out.
///
/// # Errors
/// Fewer than two questions or ten candidates.
pub fn conditional_sem(matrix: &ScoreMatrix, bands: usize) -> Estimate<Vec<ConditionalError>> {
    let (n, k) = (matrix.candidates(), matrix.questions());
    if k < 2 {
        return Err(NotEstimable::TooFewQuestions { what: WHAT, n: k, needed: 2 });
    }
    if n < 10 {
        return Err(NotEstimable::TooFewCandidates { what: WHAT, n, needed: 10 });
    }
    let squares = own_squares(matrix);
    let totals = matrix.totals();
    let points: f64 = matrix.items().iter().map(|i| i.max).sum();
    let width = points / bands as f64;
    let mut sums = vec![(0_usize, 0.0); bands];
    for (total, square) in totals.iter().zip(&squares) {
        let band = ((total / width).max(0.0) as usize).min(bands - 1);
        sums[band].0 += 1;
        sums[band].1 += square;
    }
    Ok(sums
        .into_iter()
        .enumerate()
        .filter(|(_, (n, _))| *n >= 10)
        .map(|(b, (n, sum))| ConditionalError { total: (b as f64 + 0.5) * width, n, sem: (sum / n as f64).sqrt() })
        .collect())
}

/// Error variance of each candidate, in points², see [`conditional_sem`].
pub fn own_squares(matrix: &ScoreMatrix) -> Vec<f64> {
    let (n, k) = (matrix.candidates(), matrix.questions() as f64);
    let mut squares = vec![0.0; n];
    let mut sums = vec![0.0; n];
    for item in matrix.items() {
        let mean = item.scores().sum::<f64>() / n as f64;
        for ((square, sum), score) in squares.iter_mut().zip(&mut sums).zip(item.scores()) {
            let off = score - mean;
            *square += off * off;
            *sum += off;
        }
    }
    squares
        .iter()
        .zip(&sums)
        .map(|(square, sum)| (k / (k - 1.0) * (square - sum * sum / k)).max(0.0))
        // The usual factor n / (n − 1) makes the mean square that of alpha.
        .map(|v| v * n as f64 / (n as f64 - 1.0))
        .collect()
}
