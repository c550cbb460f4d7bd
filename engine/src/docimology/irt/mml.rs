//! Marginal maximum likelihood by the EM algorithm (Bock and Aitkin 1981), accelerated (Anderson 1965; Walker
//! and Ni 2011), on a grid fine enough to be believed.
//!
//! On long exams the posterior of a candidate is narrower than the step of the usual grids of 21 nodes: slopes
//! then come out up to 30 % too low and convergence is still reported. Here the step is at most 0.1, and the
//! result is called converged only where halving the step moves the log-likelihood by less than 0.01.

use super::acceleration::Mixer;
use super::gradients::ItemGradients;
use super::maximise::{GuessPrior, Working, maximise_common};
use super::model::{ItemParameters, Model};
use super::packed::{Coded, Expected, Grid, Packed, Window};
use crate::docimology::matrix::{MISSING, ScoreMatrix};
use crate::docimology::numeric::normal_quantile;
use crate::docimology::{Estimate, NotEstimable};
use nalgebra::DMatrix;
use rayon::prelude::*;
use serde::Serialize;

/// How to estimate.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Response function.
    pub model: Model,
    /// Largest change of a parameter by a step of EM, at the end.
    pub tolerance: f64,
    /// Steps of EM at most.
    pub max_iterations: usize,
    /// Distance between nodes, in SD of ability; at most 0.1.
    pub step: f64,
    /// The grid goes from −`bound` to `bound`, widened for groups away from 0.
    pub bound: f64,
    /// Are standard errors wanted (they cost about as much again)?
    pub standard_errors: bool,
    /// Prior on the logit of the asymptote of 3PL.
    pub guess: GuessPrior,
    /// Refine the grid until halving its step moves the log-likelihood by less than 0.01.
    pub refine: bool,
    /// Rasch and PCM: hold the common slope at this value, the spread of ability being known; `None` to estimate it.
    pub slope: Option<f64>,
}

impl Options {
    /// Usual choices for a model.
    pub fn new(model: Model) -> Self {
        Self {
            model,
            tolerance: 1e-5,
            max_iterations: 2_000,
            step: 0.1,
            bound: 6.0,
            standard_errors: false,
            guess: GuessPrior::one_in(5.0),
            refine: true,
            slope: None,
        }
    }

    /// The common slope that is held, where the model has one.
    fn held_slope(&self) -> Option<f64> {
        self.slope.filter(|_| self.model.common_slope())
    }

    /// With standard errors.
    pub fn with_errors(mut self) -> Self {
        self.standard_errors = true;
        self
    }
}

/// A group's ability.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct GroupAbility {
    /// Candidates.
    pub n: usize,
    /// Mean; 0 for the first group.
    pub mean: f64,
    /// Standard deviation; 1 for the first group.
    pub sd: f64,
}

/// Standard errors of one question's parameters.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ItemErrors {
    /// Of the slope.
    pub a: f64,
    /// Of the thresholds, by the delta method.
    pub b: Vec<f64>,
    /// Covariance of the slope with each threshold.
    pub a_with_b: Vec<f64>,
    /// Of the lower asymptote, by the delta method.
    pub c: Option<f64>,
}

/// An estimated model.
#[derive(Clone, Debug, Serialize)]
pub struct Calibration {
    /// Response function.
    pub model: Model,
    /// Index in the matrix of each question that is in the model.
    pub kept: Vec<usize>,
    /// Index in the matrix of questions that everyone answers alike: they say nothing.
    pub constant: Vec<usize>,
    /// Parameters of the questions kept.
    pub items: Vec<ItemParameters>,
    /// Score of each category of the questions kept, in points.
    pub scores: Vec<Vec<f64>>,
    /// Standard errors of the questions kept, if asked for and if the information is regular.
    pub errors: Option<Vec<ItemErrors>>,
    /// Mean and spread of ability by group; one group is standard normal.
    pub groups: Vec<GroupAbility>,
    /// Marginal log-likelihood (natural logarithm).
    pub log_likelihood: f64,
    /// Log-density of the priors (3PL), 0 otherwise.
    pub log_prior: f64,
    /// Free parameters.
    pub parameters: usize,
    /// Akaike (1974): 2 p − 2 ℓ.
    pub aic: f64,
    /// Schwarz (1978): p ln n − 2 ℓ.
    pub bic: f64,
    /// Steps of EM over all candidates.
    pub iterations: usize,
    /// Did parameters settle, and the grid prove fine enough?
    pub converged: bool,
    /// How much halving the step moves the log-likelihood.
    pub grid_error: f64,
    /// Nodes of the grid.
    pub nodes: usize,
    /// First and last node.
    pub bounds: (f64, f64),
    /// Posterior mean of each candidate's ability (EAP; Bock and Mislevy 1982).
    pub eap: Vec<f64>,
    /// Posterior SD.
    pub eap_se: Vec<f64>,
    /// Number of candidates.
    pub n: usize,
}

impl Calibration {
    /// Marginal reliability: variance of EAP over that plus the mean posterior variance.
    pub fn marginal_reliability(&self) -> Option<f64> {
        let n = self.eap.len() as f64;
        let mean = self.eap.iter().sum::<f64>() / n;
        let between = self.eap.iter().map(|t| (t - mean).powi(2)).sum::<f64>() / n;
        let within = self.eap_se.iter().map(|s| s * s).sum::<f64>() / n;
        (between + within > 0.0).then(|| between / (between + within))
    }

    /// Log-probabilities of the categories of every question at the nodes of a grid.
    pub(crate) fn logs(&self, grid: &Grid) -> Vec<Vec<f64>> {
        let log = |p: &ItemParameters| {
            let mut out = Vec::new();
            Working::from_parameters(p).logs(&grid.nodes, &mut out);
            out
        };
        self.items.iter().map(log).collect()
    }
}

const WHAT: &str = "modèle de réponse à l’item";

/// Candidates below which a model says nothing, by model: orders of magnitude of the literature (Lord 1983 for
/// Rasch; Drasgow 1989 for 2PL; Thissen and Wainer 1982 for 3PL).
pub fn least_candidates(model: Model) -> usize {
    match model {
        Model::Rasch | Model::Pcm => 50,
        Model::TwoPl | Model::Gpcm | Model::Grm => 150,
        Model::ThreePl => 500,
    }
}

/// Estimates a model on all candidates as one group.
///
/// # Errors
/// Too few candidates or questions, or nobody differs.
pub fn calibrate(matrix: &ScoreMatrix, options: &Options) -> Estimate<Calibration> {
    calibrate_groups(matrix, &[], options)
}

/// Estimates a model with several groups of candidates on one metric (Bock and Zimowski 1997): `group[candidate]`
/// from 0. The first group's ability is standard normal, the others have a mean and a spread. Questions that a
/// group did not see are missing for it; common ones make the link.
///
/// # Errors
/// As [`calibrate`], or a group without candidates.
pub fn calibrate_groups(matrix: &ScoreMatrix, group: &[u8], options: &Options) -> Estimate<Calibration> {
    let n = matrix.candidates();
    let needed = least_candidates(options.model);
    if n < needed {
        return Err(NotEstimable::TooFewCandidates { what: WHAT, n, needed });
    }
    let coded = Coded::new(matrix, options.model.dichotomous());
    if coded.questions() < 3 {
        return Err(NotEstimable::TooFewQuestions { what: WHAT, n: coded.questions(), needed: 3 });
    }
    if !group.is_empty() && group.len() != n {
        let detail = format!("{} groupes indiqués pour {n} candidats", group.len());
        return Err(NotEstimable::Unsuited { what: WHAT, detail });
    }
    let count = group.iter().copied().max().map_or(1, |g| usize::from(g) + 1);
    let mut sizes = vec![0; count];
    (0..n).for_each(|c| sizes[usize::from(group.get(c).copied().unwrap_or(0))] += 1);
    if let Some(empty) = sizes.iter().position(|s| *s < 2) {
        let detail = format!("le groupe n° {} n’a pas assez de candidats", empty + 1);
        return Err(NotEstimable::Unsuited { what: WHAT, detail });
    }
    let packed = Packed::new(&coded, group);
    Run::new(&coded, &packed, options, sizes).finish()
}

struct Run<'a> {
    coded: &'a Coded,
    packed: &'a Packed,
    options: &'a Options,
    sizes: Vec<usize>,
    items: Vec<Working>,
    groups: Vec<(f64, f64)>,
    grid: Grid,
    iterations: usize,
}

impl<'a> Run<'a> {
    fn new(coded: &'a Coded, packed: &'a Packed, options: &'a Options, sizes: Vec<usize>) -> Self {
        let mut items = starts(coded, packed, options.model, options.guess);
        if let Some(a) = options.held_slope() {
            items.iter_mut().for_each(|i| i.a = a);
        }
        let groups = vec![(0.0, 1.0); sizes.len()];
        let grid = Grid::new(-options.bound, options.bound, options.step.min(0.1), &groups);
        Self { coded, packed, options, sizes, items, groups, grid, iterations: 0 }
    }

    fn logs(&self) -> Vec<Vec<f64>> {
        let log = |item: &Working| {
            let mut out = Vec::new();
            item.logs(&self.grid.nodes, &mut out);
            out
        };
        self.items.par_iter().map(log).collect()
    }

    fn flat(&self) -> Vec<f64> {
        let mut flat = Vec::new();
        self.items.iter().for_each(|i| i.flat(&mut flat));
        self.groups.iter().skip(1).for_each(|(m, s)| flat.extend([*m, s.ln()]));
        flat
    }

    /// False if the parameters are not possible (thresholds out of order).
    fn take(&mut self, flat: &[f64]) -> bool {
        let mut at = 0;
        let mut possible = true;
        for item in &mut self.items {
            let len = item.flat_len();
            item.take(&flat[at..at + len]);
            possible &= item.ordered();
            at += len;
        }
        for group in self.groups.iter_mut().skip(1) {
            *group = (flat[at].clamp(-4.0, 4.0), flat[at + 1].clamp(-2.0, 2.0).exp());
            at += 2;
        }
        possible
    }

    fn log_prior(&self) -> f64 {
        if self.options.model != Model::ThreePl {
            return 0.0;
        }
        self.items.iter().map(|i| self.options.guess.log_density(i.logit_c)).sum()
    }

    fn expect(&mut self, windows: &mut Vec<Window>, stride: usize, gather: bool) -> Expected {
        self.grid.weigh(&self.groups);
        self.packed.expect(&self.logs(), &self.grid, windows, stride, gather)
    }

    fn maximise(&mut self, found: &Expected, steps: usize) {
        let nodes = &self.grid.nodes;
        let guess = self.options.guess;
        if self.options.model.common_slope() {
            let held = self.options.held_slope().is_some();
            maximise_common(&mut self.items, nodes, &found.counts, guess, steps, held);
        } else {
            self.items
                .par_iter_mut()
                .zip(&found.counts)
                .for_each(|(item, counts)| item.maximise(nodes, counts, guess, steps));
        }
        for (group, counts) in self.groups.iter_mut().zip(&found.by_group).skip(1) {
            let n: f64 = counts.iter().sum();
            let mean = counts.iter().zip(nodes).map(|(c, t)| c * t).sum::<f64>() / n;
            let square = counts.iter().zip(nodes).map(|(c, t)| c * (t - mean).powi(2)).sum::<f64>() / n;
            *group = (mean, square.sqrt().max(0.05));
        }
    }

    /// EM over every `stride`-th candidate until a step moves no parameter by more than `tolerance`. Parameters
    /// end where the last expectation step was made, which is returned.
    fn climb(&mut self, windows: &mut Vec<Window>, stride: usize, tolerance: f64, max: usize) -> (bool, Expected) {
        let mut mixer = Mixer::default();
        let mut safe: Option<(Vec<f64>, f64)> = None;
        let mut steps = 0;
        loop {
            let here = self.flat();
            let found = self.expect(windows, stride, true);
            steps += 1;
            if stride == 1 {
                self.iterations += 1;
            }
            let height = found.log_likelihood + self.log_prior();
            // An extrapolation that lost ground is given up for the plain step it came from.
            if let Some((plain, before)) = safe.take()
                && (height.is_nan() || height < before - 1e-7 * before.abs())
            {
                mixer = Mixer::default();
                self.take(&plain);
                if steps < max {
                    continue;
                }
            }
            self.maximise(&found, if steps < 4 { 3 } else { 2 });
            let image = self.flat();
            let moved = here.iter().zip(&image).fold(0.0_f64, |m, (a, b)| m.max((a - b).abs()));
            if moved < tolerance || steps >= max {
                self.take(&here);
                return (moved < tolerance, found);
            }
            if steps > 1
                && let Some(mixed) = mixer.mix(&here, &image)
            {
                if self.take(&mixed) {
                    safe = Some((image, height));
                } else {
                    mixer = Mixer::default();
                    self.take(&image);
                }
            }
        }
    }

    fn finish(mut self) -> Estimate<Calibration> {
        let n = self.packed.candidates();
        // Most of the way on a sample spread over the whole range, then everyone.
        let (mut stride, mut windows) = (n / 1_200, Vec::new());
        if stride >= 2 && self.coded.questions() >= 20 {
            stride = stride.min(16);
            self.climb(&mut windows, stride, 2e-3, 60);
            windows = Window::spread(&windows, stride, n, self.grid.width());
        }
        let (mut settled, mut found) = self.climb(&mut windows, 1, self.options.tolerance, self.options.max_iterations);
        let mut grid_error;
        loop {
            // Groups far from 0 need a wider grid.
            let reach = self.groups.iter().map(|(m, s)| m.abs() + self.options.bound * s).fold(0.0, f64::max);
            let bound = self.options.bound.max(reach.min(12.0));
            let fine = Grid::new(-bound, bound, self.grid.step / 2.0, &self.groups);
            let before = std::mem::replace(&mut self.grid, fine);
            let exact = self.expect(&mut refined(&windows, &before, &self.grid), 1, false);
            grid_error = (exact.log_likelihood - found.log_likelihood).abs();
            if grid_error < 0.01 || !self.options.refine || self.grid.step < 0.01 {
                self.grid = before;
                self.grid.weigh(&self.groups);
                break;
            }
            windows.clear();
            (settled, found) = self.climb(&mut windows, 1, self.options.tolerance, self.options.max_iterations);
        }
        let errors = if self.options.standard_errors { self.errors() } else { None };
        let parameters = self.free_parameters();
        let log_likelihood = found.log_likelihood;
        let (mut eap, mut eap_se) = (vec![0.0; n], vec![0.0; n]);
        for (candidate, (mean, sd)) in self.packed.order.iter().zip(&found.posterior) {
            eap[*candidate as usize] = *mean;
            eap_se[*candidate as usize] = *sd;
        }
        let groups = self
            .groups
            .iter()
            .zip(&self.sizes)
            .map(|((mean, sd), n)| GroupAbility { n: *n, mean: *mean, sd: *sd })
            .collect();
        Ok(Calibration {
            model: self.options.model,
            kept: self.coded.kept.clone(),
            constant: self.coded.constant.clone(),
            items: self.items.iter().map(Working::parameters).collect(),
            scores: self.coded.scores.clone(),
            errors,
            groups,
            log_likelihood,
            log_prior: self.log_prior(),
            parameters,
            aic: 2.0 * parameters as f64 - 2.0 * log_likelihood,
            bic: parameters as f64 * (n as f64).ln() - 2.0 * log_likelihood,
            iterations: self.iterations,
            converged: settled && grid_error < 0.01,
            grid_error,
            nodes: self.grid.count,
            bounds: (self.grid.nodes[0], self.grid.nodes[self.grid.count - 1]),
            eap,
            eap_se,
            n,
        })
    }

    fn free_parameters(&self) -> usize {
        let items: usize = self.items.iter().map(Working::flat_len).sum();
        let shared = if self.options.model.common_slope() { self.items.len() - 1 } else { 0 };
        let shared = shared + usize::from(self.options.held_slope().is_some());
        items - shared + 2 * (self.groups.len() - 1)
    }

    /// Standard errors from the empirical information: the sum over candidates of the outer product of the
    /// gradients of their log-likelihood (Berndt et al. 1974; Louis 1982 for the gradients).
    fn errors(&self) -> Option<Vec<ItemErrors>> {
        let common = self.options.model.common_slope();
        let gradients = ItemGradients::of_items(&self.items, &self.grid, common);
        let size = gradients.size;
        // The information is size², the gradients of a slice of candidates are slice × size.
        if size > 4_000 {
            return None;
        }
        let logs = self.logs();
        let table = self.packed.posterior_slices(&logs, &self.grid);
        let mut information = DMatrix::<f64>::zeros(size, size);
        for slice in table {
            let g = gradients.of(&slice, self.coded, self.packed, &self.grid);
            information.gemm_tr(1.0, &g, &g, 1.0);
        }
        let held = self.options.held_slope().is_some();
        if held {
            information.row_mut(0).fill(0.0);
            information.column_mut(0).fill(0.0);
            information[(0, 0)] = 1.0;
        }
        let mut at = usize::from(common);
        if self.options.model == Model::ThreePl {
            for item in &self.items {
                let last = at + item.flat_len() - 1;
                information[(last, last)] += 1.0 / self.options.guess.sd.powi(2);
                at += item.flat_len();
            }
        }
        let mut covariance = information.cholesky()?.inverse();
        if held {
            covariance[(0, 0)] = 0.0;
        }
        let mut at = usize::from(common);
        let mut errors = Vec::with_capacity(self.items.len());
        for item in &self.items {
            let own = item.flat_len() - usize::from(common);
            let slope_at = if common { 0 } else { at };
            let first = if common { at } else { at + 1 };
            let var = |i: usize, j: usize| covariance[(i, j)];
            let a = item.a;
            let b = item.d.iter().enumerate().map(|(k, d)| {
                // b = −d / a
                let (by_a, by_d) = (d / (a * a), -1.0 / a);
                let (i, j) = (slope_at, first + k);
                (by_a * by_a * var(i, i) + 2.0 * by_a * by_d * var(i, j) + by_d * by_d * var(j, j)).max(0.0).sqrt()
            });
            let b = b.collect();
            let a_with_b = item
                .d
                .iter()
                .enumerate()
                .map(|(k, d)| d / (a * a) * var(slope_at, slope_at) - var(slope_at, first + k) / a)
                .collect();
            let c = (self.options.model == Model::ThreePl).then(|| {
                let (c, last) = (item.c(), at + own - 1);
                c * (1.0 - c) * var(last, last).max(0.0).sqrt()
            });
            errors.push(ItemErrors { a: var(slope_at, slope_at).max(0.0).sqrt(), b, a_with_b, c });
            at += own;
        }
        let finite = |e: &ItemErrors| e.a.is_finite() && e.b.iter().all(|b| b.is_finite());
        errors.iter().all(finite).then_some(errors)
    }
}

/// Windows on a grid turned into windows on a finer one.
fn refined(windows: &[Window], from: &Grid, to: &Grid) -> Vec<Window> {
    windows.iter().map(|w| w.moved(from, to)).collect()
}

/// Slopes from the correlation with the rest, intercepts from the frequencies.
fn starts(coded: &Coded, packed: &Packed, model: Model, guess: GuessPrior) -> Vec<Working> {
    let n = coded.candidates as f64;
    // Normal scores of the order of merit stand for ability.
    let mut z = vec![0.0; coded.candidates];
    for (place, candidate) in packed.order.iter().enumerate() {
        z[*candidate as usize] = normal_quantile((place as f64 + 0.5) / n);
    }
    let slope_of = |cells: &[u8], top: f64| {
        let (mut count, mut sx, mut sxx, mut sz, mut szz, mut sxz) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
        for (cell, z) in cells.iter().zip(&z).filter(|(c, _)| **c != MISSING) {
            let x = f64::from(*cell) / top;
            count += 1.0;
            sx += x;
            sxx += x * x;
            sz += z;
            szz += z * z;
            sxz += x * z;
        }
        let cov = sxz - sx * sz / count;
        let r = cov / ((sxx - sx * sx / count) * (szz - sz * sz / count)).max(1e-12).sqrt();
        // Biserial-like: r over what a point-biserial can reach, turned into a slope.
        let r = (r * 1.2).clamp(0.15, 0.85);
        (1.7 * r / (1.0 - r * r).sqrt()).clamp(0.3, 3.0)
    };
    let item = |(cells, k): (&Vec<u8>, &usize)| {
        let a = if model.common_slope() { 1.0 } else { slope_of(cells, (k - 1) as f64) };
        let mut counts = vec![0.5; *k];
        cells.iter().filter(|c| **c != MISSING).for_each(|c| counts[usize::from(*c)] += 1.0);
        let total: f64 = counts.iter().sum();
        let widen = (1.0 + a * a / 2.9_f64).sqrt();
        let a = if matches!(model, Model::Gpcm) { a * 2.0 / *k as f64 } else { a };
        let d = (1..*k)
            .map(|v| match model {
                Model::Pcm | Model::Gpcm => (counts[v] / counts[v - 1]).ln(),
                _ => {
                    let above: f64 = counts[v..].iter().sum();
                    (above / (total - above)).ln() * widen
                }
            })
            .collect();
        Working { model, a, d, logit_c: guess.mean }
    };
    coded.cells.par_iter().zip(&coded.categories).map(item).collect()
}
