//! Abilities of candidates once the questions are calibrated.
//!
//! EAP (Bock and Mislevy 1982) and MAP (Samejima 1969) lean on the normal prior; ML and WLE (Warm 1989) do not:
//! ML is infinite for a sheet all wrong or all right, WLE is not. EAP from sum scores (Thissen et al. 1995, by
//! the recursion of Lord and Wingersky 1984) gives the same ability to the same total.

use super::mml::Calibration;
use super::model::{ItemParameters, Response};
use super::packed::{Coded, Grid, Packed};
use crate::docimology::matrix::{MISSING, ScoreMatrix};
use crate::docimology::{Estimate, NotEstimable};
use rayon::prelude::*;
use serde::Serialize;

/// An ability and its standard error.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Ability {
    /// In SD of the calibrated population.
    pub theta: f64,
    /// Standard error (posterior SD for EAP).
    pub se: f64,
}

/// How to estimate ability.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Mode of the posterior.
    Map,
    /// Greatest likelihood.
    Ml,
    /// Weighted likelihood of Warm (1989), unbiased to the first order.
    Wle,
}

/// The farthest ability that is looked for.
const FARTHEST: f64 = 20.0;

/// Rows of categories of the calibrated questions, for a matrix coded as the calibration was.
fn coded(calibration: &Calibration, matrix: &ScoreMatrix) -> Coded {
    let coded = Coded::new(&matrix.select(&calibration.kept), calibration.model.dichotomous());
    // A score that the calibration did not see takes the nearest category it knows.
    let cells = (0..calibration.kept.len())
        .map(|q| {
            let Some(at) = coded.kept.iter().position(|k| *k == q) else {
                let item = &matrix.items()[calibration.kept[q]];
                return item
                    .cells
                    .iter()
                    .map(|c| nearest(&calibration.scores[q], item.levels.get(usize::from(*c))))
                    .collect();
            };
            let own: Vec<u8> = coded.scores[at].iter().map(|s| nearest(&calibration.scores[q], Some(s))).collect();
            coded.cells[at].iter().map(|c| own.get(usize::from(*c)).copied().unwrap_or(MISSING)).collect()
        })
        .collect();
    Coded {
        categories: calibration.items.iter().map(ItemParameters::categories).collect(),
        scores: calibration.scores.clone(),
        cells,
        kept: (0..calibration.kept.len()).collect(),
        constant: vec![],
        candidates: matrix.candidates(),
    }
}

fn nearest(scores: &[f64], wanted: Option<&f64>) -> u8 {
    let Some(wanted) = wanted else { return MISSING };
    let by_distance =
        |(_, a): &(usize, &f64), (_, b): &(usize, &f64)| (*a - wanted).abs().total_cmp(&(*b - wanted).abs());
    scores.iter().enumerate().min_by(by_distance).map_or(MISSING, |(i, _)| i as u8)
}

/// EAP and posterior SD of candidates who need not be those of the calibration, under a standard normal prior.
pub fn eap(calibration: &Calibration, matrix: &ScoreMatrix) -> Vec<Ability> {
    let coded = coded(calibration, matrix);
    let packed = Packed::new(&coded, &[]);
    let step = (calibration.bounds.1 - calibration.bounds.0) / (calibration.nodes - 1) as f64;
    let grid = Grid::new(calibration.bounds.0, calibration.bounds.1, step, &[(0.0, 1.0)]);
    let logs = calibration.logs(&grid);
    // A sample tells where the others are.
    let stride = (packed.candidates() / 300).max(1);
    let mut windows = Vec::new();
    let sample = packed.expect(&logs, &grid, &mut windows, stride, false);
    let found = if stride == 1 {
        sample
    } else {
        let mut windows = super::packed::Window::spread(&windows, stride, packed.candidates(), grid.width());
        packed.expect(&logs, &grid, &mut windows, 1, false)
    };
    let mut abilities = vec![Ability { theta: 0.0, se: 1.0 }; matrix.candidates()];
    for (candidate, (theta, se)) in packed.order.iter().zip(found.posterior) {
        abilities[*candidate as usize] = Ability { theta, se };
    }
    abilities
}

/// Slope of the log-likelihood of a sheet, expected and observed information, and Warm's J.
struct Curve {
    slope: f64,
    information: f64,
    observed: f64,
    warm: f64,
}

fn curve<R: Response>(items: &[R], cells: &[u8], theta: f64) -> Curve {
    let (mut slope, mut information, mut observed, mut warm) = (0.0, 0.0, 0.0, 0.0);
    let (mut p, mut first, mut second) = ([0.0; 32], [0.0; 32], [0.0; 32]);
    for (item, cell) in items.iter().zip(cells) {
        if *cell == MISSING {
            continue;
        }
        item.derivatives(theta, &mut p, &mut first, &mut second);
        let seen = usize::from(*cell);
        let rate = first[seen] / p[seen].max(1e-300);
        slope += rate;
        observed += rate * rate - second[seen] / p[seen].max(1e-300);
        for k in 0..item.categories() {
            let over = first[k] / p[k].max(1e-300);
            information += first[k] * over;
            warm += over * second[k];
        }
    }
    Curve { slope, information, observed, warm }
}

/// MAP, ML or WLE of every candidate; `None` where ML is infinite or nothing was answered. The standard error comes
/// from the observed information (with the prior for MAP), from the expected one for WLE.
pub fn abilities(calibration: &Calibration, matrix: &ScoreMatrix, method: Method) -> Vec<Option<Ability>> {
    let coded = coded(calibration, matrix);
    let start = eap(calibration, matrix);
    let items = &calibration.items;
    (0..matrix.candidates())
        .into_par_iter()
        .map(|c| {
            let cells: Vec<u8> = coded.cells.iter().map(|column| column[c]).collect();
            solve(items, &cells, method, start[c].theta)
        })
        .collect()
}

/// Ability of one sheet: `cells[question]` is a category or [`MISSING`]. `None` where it does not exist.
pub fn ability<R: Response>(items: &[R], cells: &[u8], method: Method) -> Option<Ability> {
    solve(items, cells, method, 0.0)
}

fn solve<R: Response>(items: &[R], cells: &[u8], method: Method, start: f64) -> Option<Ability> {
    if cells.iter().all(|c| *c == MISSING) {
        return None;
    }
    let target = |theta: f64| {
        let c = curve(items, cells, theta);
        match method {
            Method::Map => (c.slope - theta, c.information + 1.0),
            Method::Ml => (c.slope, c.information),
            Method::Wle => (c.slope + c.warm / (2.0 * c.information.max(1e-12)), c.information),
        }
    };
    // A bracket, then Newton kept inside it: the function goes down through its root.
    let (mut low, mut high) = (start - 0.5, start + 0.5);
    let mut width = 0.5;
    while target(low).0 < 0.0 {
        (high, low, width) = (low, low - width, width * 2.0);
        if low < -FARTHEST {
            return None;
        }
    }
    while target(high).0 > 0.0 {
        (low, high, width) = (high, high + width, width * 2.0);
        if high > FARTHEST {
            return None;
        }
    }
    let mut theta = start.clamp(low, high);
    for _ in 0..100 {
        let (value, information) = target(theta);
        if value > 0.0 {
            low = theta;
        } else {
            high = theta;
        }
        let newton = theta + value / information.max(1e-12);
        let next = if newton > low && newton < high { newton } else { (low + high) / 2.0 };
        if (next - theta).abs() < 1e-10 || high - low < 1e-10 {
            theta = next;
            break;
        }
        theta = next;
    }
    let c = curve(items, cells, theta);
    let information = match method {
        Method::Map => c.observed + 1.0,
        Method::Ml => c.observed,
        Method::Wle => c.information,
    };
    (information > 1e-12).then(|| Ability { theta, se: 1.0 / information.sqrt() })
}

/// Ability and its SD for each sum score 0, 1, 2… of the categories, with the share of candidates expected there.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SumScores {
    /// EAP by sum of categories.
    pub theta: Vec<f64>,
    /// Posterior SD by sum of categories.
    pub se: Vec<f64>,
    /// Probability of each sum.
    pub share: Vec<f64>,
}

/// Likelihood of each sum of categories at each node: `[sum][node]` (Lord and Wingersky 1984; Thissen et al. 1995
/// for several categories).
pub(crate) fn sum_likelihood(probabilities: &[Vec<f64>], width: usize) -> Vec<Vec<f64>> {
    let mut sums = vec![vec![1.0; width]];
    for item in probabilities {
        sums = add_item(&sums, item, width);
    }
    sums
}

/// One more question: `item[category * width + node]`.
pub(crate) fn add_item(sums: &[Vec<f64>], item: &[f64], width: usize) -> Vec<Vec<f64>> {
    let k = item.len() / width;
    let mut next = vec![vec![0.0; width]; sums.len() + k - 1];
    for (s, row) in sums.iter().enumerate() {
        for (category, p) in item.chunks_exact(width).enumerate() {
            let into = &mut next[s + category];
            into.iter_mut().zip(row).zip(p).for_each(|((n, r), p)| *n += r * p);
        }
    }
    next
}

/// Probabilities of the categories of every question at some nodes: `[question][category * width + node]`.
pub(crate) fn tables<R: Response>(items: &[R], nodes: &[f64]) -> Vec<Vec<f64>> {
    let width = nodes.len();
    let table = |item: &R| {
        let mut out = vec![0.0; item.categories() * width];
        let mut p = vec![0.0; item.categories()];
        for (i, t) in nodes.iter().enumerate() {
            item.probabilities(*t, &mut p);
            p.iter().enumerate().for_each(|(k, p)| out[k * width + i] = *p);
        }
        out
    };
    items.par_iter().map(table).collect()
}

/// Normal weights of equally spaced nodes.
pub(crate) fn normal_grid(calibration: &Calibration) -> (Vec<f64>, Vec<f64>) {
    normal_nodes(calibration.bounds, calibration.nodes)
}

/// So many nodes between two bounds, with the weights of the standard normal law.
pub(crate) fn normal_nodes((low, high): (f64, f64), count: usize) -> (Vec<f64>, Vec<f64>) {
    let step = (high - low) / (count - 1) as f64;
    let nodes: Vec<f64> = (0..count).map(|i| low + step * i as f64).collect();
    let mut weights: Vec<f64> = nodes.iter().map(|t| (-0.5 * t * t).exp()).collect();
    let total: f64 = weights.iter().sum();
    weights.iter_mut().for_each(|w| *w /= total);
    (nodes, weights)
}

/// EAP from sum scores, for sheets without missing answers.
///
/// # Errors
/// More than 4,000 sums: the table would be useless.
pub fn eap_sum(calibration: &Calibration) -> Estimate<SumScores> {
    let (nodes, weights) = normal_grid(calibration);
    eap_of_sums(&calibration.items, &nodes, &weights)
}

/// The same for any questions, with the weights of the nodes.
pub(crate) fn eap_of_sums<R: Response>(items: &[R], nodes: &[f64], weights: &[f64]) -> Estimate<SumScores> {
    let sums: usize = items.iter().map(|i| i.categories() - 1).sum();
    if sums > 4_000 {
        let detail = format!("{sums} totaux possibles, 4 000 au plus");
        return Err(NotEstimable::Unsuited { what: "aptitude d’après le total", detail });
    }
    let likelihood = sum_likelihood(&tables(items, nodes), nodes.len());
    let (mut theta, mut se, mut share) = (Vec::new(), Vec::new(), Vec::new());
    for row in likelihood {
        let post: Vec<f64> = row.iter().zip(weights).map(|(l, w)| l * w).collect();
        let total: f64 = post.iter().sum();
        let mean = post.iter().zip(nodes).map(|(p, t)| p * t).sum::<f64>() / total.max(1e-300);
        let var = post.iter().zip(nodes).map(|(p, t)| p * (t - mean).powi(2)).sum::<f64>() / total.max(1e-300);
        theta.push(mean);
        se.push(var.sqrt());
        share.push(total);
    }
    Ok(SumScores { theta, se, share })
}

/// Test information and standard error at abilities: the sum of the questions' (Birnbaum 1968).
pub fn test_information(items: &[ItemParameters], thetas: &[f64]) -> Vec<f64> {
    thetas.iter().map(|t| items.iter().map(|i| i.information(*t)).sum()).collect()
}
