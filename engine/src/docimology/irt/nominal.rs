//! Options that no order ranks: the nominal response model (Bock 1972), by marginal maximum likelihood.
//!
//! P(option k | θ) = e^{z_k} / Σ_h e^{z_h}, z_k = a_k θ + c_k (Bock 1972, eq. 2), with Σ a_k = Σ c_k = 0 at each
//! question (eq. 4). A distractor of higher a than another draws abler candidates; the key of a sound question has the
//! highest of all. Ability is standard normal; it points to where keys are chosen or, without keys, to the last options.
//!
//! The grid, its check by halving, and the acceleration are those of [`super::mml`]. An option that only few chose has
//! parameters that say little: look at their standard errors; one that nobody chose has none.
//!
//! [`super::ability::ability`] gives MAP, ML and WLE of a sheet. Fit by categories ([`Nominal::mean_squares`],
//! [`Nominal::q3`], [`Nominal::s_x2`], [`Nominal::sum_scores`]) counts options 0, 1, 2… as if they were marks: it makes
//! sense only for answers in an order, whose spacing the model then checks (Likert scales, degrees).

use super::ability::{SumScores, eap_of_sums, normal_nodes};
use super::acceleration::Mixer;
use super::fit::{ChiSquare, MeanSquares, correlations, residuals, s_x2_of, squares};
use super::gradients::ItemGradients;
use super::maximise::{MAX_SLOPE, MAX_STEP, solve};
use super::model::Response;
use super::packed::{Coded, Expected, Grid, Packed, Window};
use crate::docimology::matrix::MISSING;
use crate::docimology::numeric::normal_quantile;
use crate::docimology::{Estimate, NotEstimable};
use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

const WHAT: &str = "modèle nominal";

/// Options of a question at most: their parameters are those of a table, and a sheet has no more boxes.
pub const MOST_OPTIONS: usize = 26;

/// A question as the nominal model sees it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct NominalItem {
    /// a of each option, per logit, of sum 0.
    pub slopes: Vec<f64>,
    /// c of each option, in logits, of sum 0.
    pub intercepts: Vec<f64>,
}

impl NominalItem {
    /// Any slopes and intercepts, brought to sum 0: the same probabilities.
    pub fn new(slopes: &[f64], intercepts: &[f64]) -> Self {
        let centred = |x: &[f64]| {
            let mean = x.iter().sum::<f64>() / x.len() as f64;
            x.iter().map(|x| x - mean).collect()
        };
        Self { slopes: centred(slopes), intercepts: centred(intercepts) }
    }
}

impl Response for NominalItem {
    fn categories(&self) -> usize {
        self.slopes.len()
    }

    fn probabilities(&self, theta: f64, p: &mut [f64]) {
        let p = &mut p[..self.slopes.len()];
        let mut most = f64::NEG_INFINITY;
        for ((p, a), c) in p.iter_mut().zip(&self.slopes).zip(&self.intercepts) {
            *p = a * theta + c;
            most = most.max(*p);
        }
        let mut sum = 0.0;
        for p in p.iter_mut() {
            *p = (*p - most).exp();
            sum += *p;
        }
        p.iter_mut().for_each(|p| *p /= sum);
    }

    fn derivatives(&self, theta: f64, p: &mut [f64], first: &mut [f64], second: &mut [f64]) {
        self.probabilities(theta, p);
        let mean: f64 = p.iter().zip(&self.slopes).map(|(p, a)| p * a).sum();
        let variance: f64 = p.iter().zip(&self.slopes).map(|(p, a)| p * (a - mean).powi(2)).sum();
        for (k, a) in self.slopes.iter().enumerate() {
            let off = a - mean;
            first[k] = p[k] * off;
            second[k] = p[k] * (off * off - variance);
        }
    }
}

/// Standard errors of one question's parameters.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NominalErrors {
    /// Of a, of sum 0.
    pub slopes: Vec<f64>,
    /// Of c, of sum 0.
    pub intercepts: Vec<f64>,
    /// Of each a less that of the first option, whose place holds 0.
    pub slopes_from_first: Vec<f64>,
    /// Of each c less that of the first option, whose place holds 0.
    pub intercepts_from_first: Vec<f64>,
}

/// How to estimate.
#[derive(Clone, Debug, PartialEq)]
pub struct NominalOptions {
    /// Largest change of a parameter by a step of EM, at the end.
    pub tolerance: f64,
    /// Steps of EM at most.
    pub max_iterations: usize,
    /// Distance between nodes, in SD of ability; at most 0.1.
    pub step: f64,
    /// The grid goes from −`bound` to `bound`.
    pub bound: f64,
    /// Are standard errors wanted?
    pub standard_errors: bool,
}

impl Default for NominalOptions {
    fn default() -> Self {
        Self { tolerance: 1e-5, max_iterations: 4_000, step: 0.1, bound: 6.0, standard_errors: false }
    }
}

/// An estimated nominal model.
#[derive(Clone, Debug, Serialize)]
pub struct Nominal {
    /// Index of each question that is in the model.
    pub kept: Vec<usize>,
    /// Index of questions where everyone chose the same option: they say nothing.
    pub constant: Vec<usize>,
    /// Parameters of the questions kept.
    pub items: Vec<NominalItem>,
    /// Of each question kept, the options that were chosen, ascending: what each slope is the slope of.
    pub options: Vec<Vec<u8>>,
    /// Standard errors, if asked for and if the information is regular.
    pub errors: Option<Vec<NominalErrors>>,
    /// Marginal log-likelihood (natural logarithm).
    pub log_likelihood: f64,
    /// Free parameters: twice the options less one, at each question.
    pub parameters: usize,
    /// Akaike (1974).
    pub aic: f64,
    /// Schwarz (1978).
    pub bic: f64,
    /// Steps of EM.
    pub iterations: usize,
    /// Did parameters settle, and the grid prove fine enough?
    pub converged: bool,
    /// How much halving the step moves the log-likelihood.
    pub grid_error: f64,
    /// Nodes of the grid.
    pub nodes: usize,
    /// First and last node.
    pub bounds: (f64, f64),
    /// Posterior mean of each candidate's ability.
    pub eap: Vec<f64>,
    /// Posterior SD.
    pub eap_se: Vec<f64>,
}

impl Nominal {
    /// Options as places in [`Self::options`], by question kept; options that the calibration did not see are missing.
    fn coded(&self, choices: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let place = |options: &[u8], cell: &u8| options.binary_search(cell).map_or(MISSING, |i| i as u8);
        let column = |(q, options): (&usize, &Vec<u8>)| choices[*q].iter().map(|c| place(options, c)).collect();
        self.kept.iter().zip(&self.options).map(column).collect()
    }

    fn grid(&self) -> (Vec<f64>, Vec<f64>) {
        normal_nodes(self.bounds, self.nodes)
    }

    /// EAP and posterior SD for each sum of options counted 0, 1, 2…
    ///
    /// # Errors
    /// More than 4,000 sums.
    pub fn sum_scores(&self) -> Estimate<SumScores> {
        let (nodes, weights) = self.grid();
        eap_of_sums(&self.items, &nodes, &weights)
    }

    /// Infit and outfit of each question kept; `choices` as given to [`nominal`].
    pub fn mean_squares(&self, choices: &[Vec<u8>], abilities: &[f64]) -> Vec<Option<MeanSquares>> {
        let coded = self.coded(choices);
        self.items.par_iter().zip(&coded).map(|(item, cells)| squares(item, cells, abilities)).collect()
    }

    /// Q3 between the questions kept, in rows.
    pub fn q3(&self, choices: &[Vec<u8>], abilities: &[f64]) -> Vec<Vec<Option<f64>>> {
        let coded = self.coded(choices);
        let columns: Vec<Vec<f64>> =
            self.items.par_iter().zip(&coded).map(|(item, cells)| residuals(item, cells, abilities)).collect();
        correlations(&columns)
    }

    /// S-X² of the questions kept, cells expected below `least` merged.
    ///
    /// # Errors
    /// Fewer than 100 complete sheets.
    pub fn s_x2(&self, choices: &[Vec<u8>], least: f64) -> Estimate<Vec<Option<ChiSquare>>> {
        s_x2_of(&self.items, &self.coded(choices), self.grid(), |k| 2 * (k - 1), least)
    }
}

/// A question during estimation: the first option's parameters are 0.
#[derive(Clone, Debug)]
struct Working {
    /// Slopes of the options but the first, then intercepts.
    free: Vec<f64>,
}

impl Working {
    fn categories(&self) -> usize {
        self.free.len() / 2 + 1
    }

    fn item(&self) -> NominalItem {
        let (slopes, intercepts) = self.free.split_at(self.free.len() / 2);
        let whole = |x: &[f64]| -> Vec<f64> { std::iter::once(0.0).chain(x.iter().copied()).collect() };
        NominalItem::new(&whole(slopes), &whole(intercepts))
    }

    /// Probabilities of the options at the nodes: `[option * width + node]`.
    fn probabilities(&self, nodes: &[f64]) -> Vec<f64> {
        let (item, width, k) = (self.item(), nodes.len(), self.categories());
        let (mut out, mut p) = (vec![0.0; k * width], vec![0.0; k]);
        for (i, t) in nodes.iter().enumerate() {
            item.probabilities(*t, &mut p);
            p.iter().enumerate().for_each(|(c, p)| out[c * width + i] = *p);
        }
        out
    }

    fn logs(&self, nodes: &[f64]) -> Vec<f64> {
        self.probabilities(nodes).into_iter().map(|p| p.max(1e-300).ln()).collect()
    }

    /// Newton steps on the expected log-likelihood, which is concave (a multinomial regression on ability).
    fn maximise(&mut self, nodes: &[f64], counts: &[f64], steps: usize) {
        let (width, m) = (nodes.len(), self.free.len() / 2);
        for _ in 0..steps {
            let p = self.probabilities(nodes);
            let (mut g, mut h) = (DVector::<f64>::zeros(2 * m), DMatrix::<f64>::zeros(2 * m, 2 * m));
            for (i, t) in nodes.iter().enumerate() {
                let n: f64 = (0..=m).map(|c| counts[c * width + i]).sum();
                if n < 1e-12 {
                    continue;
                }
                for v in 0..m {
                    let pv = p[(v + 1) * width + i];
                    let off = counts[(v + 1) * width + i] - n * pv;
                    g[v] += t * off;
                    g[m + v] += off;
                    for w in 0..=v {
                        let same = if v == w { pv } else { 0.0 };
                        let value = n * (same - pv * p[(w + 1) * width + i]);
                        h[(v, w)] += t * t * value;
                        h[(m + v, w)] += t * value;
                        h[(m + v, m + w)] += value;
                    }
                }
            }
            for v in 0..m {
                for w in 0..v {
                    h[(w, v)] = h[(v, w)];
                    h[(m + w, m + v)] = h[(m + v, m + w)];
                    h[(m + w, v)] = h[(m + v, w)];
                }
            }
            for v in 0..2 * m {
                for w in 0..v {
                    h[(w, v)] = h[(v, w)];
                }
            }
            let Some(step) = solve(h, &g) else { return };
            let longest = step.amax();
            if !longest.is_finite() {
                return;
            }
            let scale = if longest > MAX_STEP { MAX_STEP / longest } else { 1.0 };
            self.free.iter_mut().zip(step.iter()).for_each(|(x, s)| *x += scale * s);
            self.bound();
            if longest < 1e-10 {
                return;
            }
        }
    }

    /// An option chosen by very few may run away: there it stops.
    fn bound(&mut self) {
        let m = self.free.len() / 2;
        self.free[..m].iter_mut().for_each(|a| *a = a.clamp(-MAX_SLOPE, MAX_SLOPE));
        self.free[m..].iter_mut().for_each(|c| *c = c.clamp(-2.0 * MAX_SLOPE, 2.0 * MAX_SLOPE));
    }

    /// Derivatives of the log-probabilities: `[(option * free + parameter) * width + node]`.
    fn gradients(&self, nodes: &[f64]) -> Vec<f64> {
        let (width, free, m) = (nodes.len(), self.free.len(), self.free.len() / 2);
        let p = self.probabilities(nodes);
        let mut out = vec![0.0; (m + 1) * free * width];
        for option in 0..=m {
            for v in 0..m {
                for (i, t) in nodes.iter().enumerate() {
                    let off = f64::from(u8::from(option == v + 1)) - p[(v + 1) * width + i];
                    out[(option * free + v) * width + i] = t * off;
                    out[(option * free + m + v) * width + i] = off;
                }
            }
        }
        out
    }
}

/// Estimates the model. `choices[question][candidate]` is the option chosen, below [`MOST_OPTIONS`], or [`MISSING`];
/// `key[question]` the right option, where there is one (an empty list: none anywhere).
///
/// # Errors
/// Fewer than 150 candidates or 3 questions where they differ, columns of different lengths, options out of range.
pub fn nominal(choices: &[Vec<u8>], key: &[Option<u8>], options: &NominalOptions) -> Estimate<Nominal> {
    let unsuited = |detail: String| NotEstimable::Unsuited { what: WHAT, detail };
    let n = choices.first().map_or(0, Vec::len);
    if let Some(q) = choices.iter().position(|c| c.len() != n) {
        return Err(unsuited(format!("la question n° {} a {} réponses, {n} attendues", q + 1, choices[q].len())));
    }
    let out_of_range = |c: &u8| *c != MISSING && usize::from(*c) >= MOST_OPTIONS;
    if let Some(q) = choices.iter().position(|c| c.iter().any(out_of_range)) {
        return Err(unsuited(format!("la question n° {} a plus de {MOST_OPTIONS} options", q + 1)));
    }
    if n < 150 {
        return Err(NotEstimable::TooFewCandidates { what: WHAT, n, needed: 150 });
    }
    let mut coded =
        Coded { categories: vec![], scores: vec![], cells: vec![], kept: vec![], constant: vec![], candidates: n };
    // Inside, the key comes last, so that shares of points order candidates.
    let mut inside: Vec<Vec<u8>> = Vec::new();
    for (q, column) in choices.iter().enumerate() {
        let mut seen = [false; 256];
        column.iter().filter(|c| **c != MISSING).for_each(|c| seen[usize::from(*c)] = true);
        let mut own: Vec<u8> = (0..MISSING).filter(|c| seen[usize::from(*c)]).collect();
        if own.len() < 2 {
            coded.constant.push(q);
            continue;
        }
        let keyed = key.get(q).copied().flatten().and_then(|k| own.iter().position(|c| *c == k));
        if let Some(at) = keyed {
            let right = own.remove(at);
            own.push(right);
        }
        let last = own.len() - 1;
        coded.scores.push((0..=last).map(|c| if keyed.is_some() { (c / last) as f64 } else { c as f64 }).collect());
        coded.cells.push(column.iter().map(|c| own.iter().position(|o| o == c).map_or(MISSING, |i| i as u8)).collect());
        coded.categories.push(own.len());
        coded.kept.push(q);
        inside.push(own);
    }
    if coded.questions() < 3 {
        return Err(NotEstimable::TooFewQuestions { what: WHAT, n: coded.questions(), needed: 3 });
    }
    let packed = Packed::new(&coded, &[]);
    Ok(Run::new(&coded, &packed, options).finish(&inside))
}

struct Run<'a> {
    coded: &'a Coded,
    packed: &'a Packed,
    options: &'a NominalOptions,
    items: Vec<Working>,
    grid: Grid,
    iterations: usize,
}

impl<'a> Run<'a> {
    fn new(coded: &'a Coded, packed: &'a Packed, options: &'a NominalOptions) -> Self {
        // Normal scores of the order of merit stand for ability; the slope of an option is the mean of those it drew.
        let mut z = vec![0.0; coded.candidates];
        for (place, candidate) in packed.order.iter().enumerate() {
            z[*candidate as usize] = normal_quantile((place as f64 + 0.5) / coded.candidates as f64);
        }
        let start = |(cells, k): (&Vec<u8>, &usize)| {
            let (mut count, mut sum) = (vec![0.5; *k], vec![0.0; *k]);
            for (cell, z) in cells.iter().zip(&z).filter(|(c, _)| **c != MISSING) {
                count[usize::from(*cell)] += 1.0;
                sum[usize::from(*cell)] += z;
            }
            let mean = |c: usize| sum[c] / count[c];
            let slopes = (1..*k).map(|c| mean(c) - mean(0));
            let intercepts = (1..*k).map(|c| (count[c] / count[0]).ln());
            Working { free: slopes.chain(intercepts).collect() }
        };
        let items = coded.cells.par_iter().zip(&coded.categories).map(start).collect();
        let grid = Grid::new(-options.bound, options.bound, options.step.min(0.1), &[(0.0, 1.0)]);
        Self { coded, packed, options, items, grid, iterations: 0 }
    }

    fn flat(&self) -> Vec<f64> {
        self.items.iter().flat_map(|i| i.free.iter().copied()).collect()
    }

    fn take(&mut self, flat: &[f64]) {
        let mut at = 0;
        for item in &mut self.items {
            let len = item.free.len();
            item.free.copy_from_slice(&flat[at..at + len]);
            item.bound();
            at += len;
        }
    }

    fn logs(&self) -> Vec<Vec<f64>> {
        self.items.par_iter().map(|i| i.logs(&self.grid.nodes)).collect()
    }

    /// EM until a step moves no parameter by more than the tolerance; an extrapolation that loses ground is given up.
    fn climb(&mut self, windows: &mut Vec<Window>) -> (bool, Expected) {
        let mut mixer = Mixer::default();
        let mut safe: Option<(Vec<f64>, f64)> = None;
        let mut steps = 0;
        loop {
            let here = self.flat();
            let found = self.packed.expect(&self.logs(), &self.grid, windows, 1, true);
            (steps, self.iterations) = (steps + 1, self.iterations + 1);
            let height = found.log_likelihood;
            if let Some((plain, before)) = safe.take()
                && (height.is_nan() || height < before - 1e-9 * before.abs())
                && steps < self.options.max_iterations
            {
                mixer = Mixer::default();
                self.take(&plain);
                continue;
            }
            let nodes = &self.grid.nodes;
            self.items.par_iter_mut().zip(&found.counts).for_each(|(item, counts)| item.maximise(nodes, counts, 3));
            let image = self.flat();
            let moved = here.iter().zip(&image).fold(0.0_f64, |m, (a, b)| m.max((a - b).abs()));
            if moved < self.options.tolerance || steps >= self.options.max_iterations {
                self.take(&here);
                return (moved < self.options.tolerance, found);
            }
            if let Some(mixed) = mixer.mix(&here, &image) {
                self.take(&mixed);
                safe = Some((image, height));
            }
        }
    }

    fn finish(mut self, inside: &[Vec<u8>]) -> Nominal {
        let mut windows = Vec::new();
        let (mut settled, mut found) = self.climb(&mut windows);
        let mut grid_error;
        loop {
            let bound = self.options.bound;
            let fine = Grid::new(-bound, bound, self.grid.step / 2.0, &[(0.0, 1.0)]);
            let before = std::mem::replace(&mut self.grid, fine);
            let exact = self.packed.expect(&self.logs(), &self.grid, &mut Vec::new(), 1, false);
            grid_error = (exact.log_likelihood - found.log_likelihood).abs();
            if grid_error < 0.01 || self.grid.step < 0.01 {
                self.grid = before;
                break;
            }
            windows.clear();
            (settled, found) = self.climb(&mut windows);
        }
        let covariances = if self.options.standard_errors { self.covariances() } else { None };
        let n = self.coded.candidates;
        let (mut eap, mut eap_se) = (vec![0.0; n], vec![0.0; n]);
        for (candidate, (mean, sd)) in self.packed.order.iter().zip(&found.posterior) {
            eap[*candidate as usize] = *mean;
            eap_se[*candidate as usize] = *sd;
        }
        // Abilities point to the last options inside (keys): a fit that came out upside down is turned.
        let towards: f64 = self.items.iter().map(|i| i.item().slopes.last().copied().unwrap_or(0.0)).sum();
        let sign = if towards < 0.0 { -1.0 } else { 1.0 };
        eap.iter_mut().for_each(|t| *t *= sign);
        let (mut items, mut options, mut places) = (Vec::new(), Vec::new(), Vec::new());
        for (item, own) in self.items.iter().map(Working::item).zip(inside) {
            let mut place: Vec<usize> = (0..own.len()).collect();
            place.sort_by_key(|p| own[*p]);
            items.push(NominalItem {
                slopes: place.iter().map(|p| sign * item.slopes[*p]).collect(),
                intercepts: place.iter().map(|p| item.intercepts[*p]).collect(),
            });
            options.push(place.iter().map(|p| own[*p]).collect());
            places.push(place);
        }
        let errors = covariances.map(|all| all.iter().zip(&places).map(|(c, place)| errors(c, place)).collect());
        let parameters = self.items.iter().map(|i| i.free.len()).sum();
        let log_likelihood = found.log_likelihood;
        Nominal {
            kept: self.coded.kept.clone(),
            constant: self.coded.constant.clone(),
            items,
            options,
            errors,
            log_likelihood,
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
        }
    }

    /// Covariance of each question's free parameters, from the sum over candidates of the outer product of their
    /// gradients (Berndt et al. 1974); `None` where it is not regular or too large.
    fn covariances(&self) -> Option<Vec<DMatrix<f64>>> {
        let by_item = self.items.par_iter().map(|i| i.gradients(&self.grid.nodes)).collect();
        let free: Vec<usize> = self.items.iter().map(|i| i.free.len()).collect();
        let gradients = ItemGradients::new(by_item, free.clone(), false);
        if gradients.size > 4_000 {
            return None;
        }
        let mut information = DMatrix::<f64>::zeros(gradients.size, gradients.size);
        for slice in self.packed.posterior_slices(&self.logs(), &self.grid) {
            let g = gradients.of(&slice, self.coded, self.packed, &self.grid);
            information.gemm_tr(1.0, &g, &g, 1.0);
        }
        let covariance = information.cholesky()?.inverse();
        let mut at = 0;
        let blocks = free.iter().map(|len| {
            at += len;
            covariance.view((at - len, at - len), (*len, *len)).into_owned()
        });
        Some(blocks.collect())
    }
}

/// Standard errors from the covariance of parameters whose first option is fixed; `place` gives, of each option in the
/// order wanted, its place inside.
fn errors(covariance: &DMatrix<f64>, place: &[usize]) -> NominalErrors {
    let m = place.len() - 1;
    let k = place.len() as f64;
    // SD of Σ w_p x_p over the options inside.
    let sd = |offset: usize, weights: &dyn Fn(usize) -> f64| {
        let mut variance = 0.0;
        for v in 1..=m {
            for w in 1..=m {
                variance += weights(v) * weights(w) * covariance[(offset + v - 1, offset + w - 1)];
            }
        }
        variance.max(0.0).sqrt()
    };
    let centred = |offset: usize| -> Vec<f64> {
        place.iter().map(|p| sd(offset, &|v| f64::from(u8::from(v == *p)) - 1.0 / k)).collect()
    };
    let from_first = |offset: usize| -> Vec<f64> {
        let is = |v: usize, p: usize| f64::from(u8::from(v == p));
        place.iter().map(|p| sd(offset, &|v| is(v, *p) - is(v, place[0]))).collect()
    };
    NominalErrors {
        slopes: centred(0),
        intercepts: centred(m),
        slopes_from_first: from_first(0),
        intercepts_from_first: from_first(m),
    }
}
