//! Two calibrations on one scale of ability, from the questions they share.

use super::{Estimate, NotEstimable, enough_replicates};
use crate::docimology::irt::ItemParameters;
use crate::docimology::numeric::Draws;
use nalgebra::{DMatrix, SymmetricEigen};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

const LINK: &str = "mise à la même échelle des deux épreuves";

/// How the scales are linked.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LinkMethod {
    /// Means of slopes and thresholds (Loyd and Hoover 1980).
    MeanMean,
    /// Geometric mean of slopes, mean of thresholds (Mislevy and Bock 1990).
    MeanGeometricMean,
    /// Means and standard deviations of thresholds (Marco 1977).
    MeanSigma,
    /// Response functions question by question (Haebara 1980).
    Haebara,
    /// Test characteristic curves (Stocking and Lord 1983).
    StockingLord,
}

impl LinkMethod {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::MeanMean, Self::MeanGeometricMean, Self::MeanSigma, Self::Haebara, Self::StockingLord];

    /// Its name in French, for pages; without an article.
    pub fn french(self) -> &'static str {
        match self {
            Self::MeanMean => "moyenne et moyenne",
            Self::MeanGeometricMean => "moyenne et moyenne géométrique",
            Self::MeanSigma => "moyenne et écart type",
            Self::Haebara => "courbes des questions (Haebara)",
            Self::StockingLord => "courbes de l’épreuve (Stocking et Lord)",
        }
    }
}

/// What the linking methods leave to choose.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct LinkOptions {
    /// Move the scale without stretching it (slope 1): for Rasch and partial credit with all slopes 1.
    pub shift_only: bool,
    /// Compare the curves on both scales (Haebara 1980) or on that of `to` only (Stocking and Lord 1983).
    pub symmetric: bool,
    /// Abilities and weights on the scale of `from`, for the symmetric criteria.
    pub from_points: Vec<(f64, f64)>,
    /// Abilities and weights on the scale of `to`.
    pub to_points: Vec<(f64, f64)>,
}

impl Default for LinkOptions {
    fn default() -> Self {
        let points = normal_population(41);
        Self { shift_only: false, symmetric: true, from_points: points.clone(), to_points: points }
    }
}

/// Ability on the scale of `to` = slope · ability on the scale of `from` + shift.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Link {
    /// How it was found.
    pub method: LinkMethod,
    /// A, positive.
    pub slope: f64,
    /// B, in logits of `to`.
    pub shift: f64,
    /// Haebara and Stocking-Lord: the criterion at its minimum, standardised (see [`link`]).
    pub criterion: Option<f64>,
    /// Standard errors of slope and shift, where asked for.
    pub se: Option<(f64, f64)>,
}

impl Link {
    /// A question calibrated on the scale of `from`, on that of `to`.
    pub fn apply(&self, item: &ItemParameters) -> ItemParameters {
        item.rescaled(self.slope, self.shift)
    }
}

/// How standard errors of a link are found, over common questions.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resampling {
    /// Each left out in turn (Haberman, Lee and Qian 2009).
    Jackknife,
    /// Drawn with replacement.
    Bootstrap {
        /// How many times, 2 to 100,000.
        replicates: usize,
        /// Seed of the draws.
        seed: u64,
    },
}

/// Abilities and weights of a standard normal population: Gauss-Hermite, by the eigenvalues of the Jacobi matrix
/// (Golub and Welsch 1969). Weights sum to 1; `nodes` is held within 1..=200.
pub fn normal_population(nodes: usize) -> Vec<(f64, f64)> {
    let n = nodes.clamp(1, 200);
    let jacobi = DMatrix::from_fn(n, n, |i, j| if i.abs_diff(j) == 1 { (i.max(j) as f64).sqrt() } else { 0.0 });
    let eigen = SymmetricEigen::new(jacobi);
    let mut points: Vec<(f64, f64)> =
        (0..n).map(|k| (eigen.eigenvalues[k], eigen.eigenvectors[(0, k)].powi(2))).collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    points
}

/// Links two calibrations from common questions, each given as (parameters of `from`, parameters of `to`), of any
/// model of [`crate::docimology::irt`]. Metric: logistic, D = 1.
///
/// - mean/mean: A = μ(a from)/μ(a to), B = μ(b to) − A·μ(b from) (Kolen and Brennan 2014, eq. 6.8b and 6.9), b being
///   all thresholds or steps of all questions; with geometric means of a in the variant;
/// - mean/sigma: A = σ(b to)/σ(b from) (eq. 6.8a), B as above;
/// - Haebara (1980; ch. 6): least Σ w(θ) Σ (P(θ) − P*(θ))² over abilities, questions and categories, divided by the
///   sum of w and the number of categories of all questions;
/// - Stocking-Lord (1983; ch. 6): least Σ w(θ) (T(θ) − T*(θ))², T the expected sum of category numbers, divided by
///   the sum of w. Symmetric criteria add the same on the other scale (Kim and Kolen 2007), which makes the link
///   there the inverse of the link back.
///
/// The minimum is found by Levenberg and Marquardt (1963) from the mean/mean link. With `shift_only`, A is 1.
///
/// Where it fails: common questions that changed difficulty (leave them out first); mean/sigma with few questions
/// or an outlying threshold; mean/mean and mean/sigma in the 3PL, whose b and c trade places.
///
/// # Errors
/// Fewer than two common questions (one with `shift_only`), models that differ, a slope that is not positive, no
/// spread of thresholds for mean/sigma, no convergence.
pub fn link(common: &[(ItemParameters, ItemParameters)], method: LinkMethod, options: &LinkOptions) -> Estimate<Link> {
    check(common, options)?;
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let slopes_from: Vec<f64> = common.iter().map(|c| c.0.a).collect();
    let slopes_to: Vec<f64> = common.iter().map(|c| c.1.a).collect();
    let from: Vec<f64> = common.iter().flat_map(|c| c.0.b.iter().copied()).collect();
    let to: Vec<f64> = common.iter().flat_map(|c| c.1.b.iter().copied()).collect();
    let slope = match method {
        _ if options.shift_only => 1.0,
        LinkMethod::MeanSigma => {
            let sd = |b: &[f64]| b.iter().map(|v| (v - mean(b)).powi(2)).sum::<f64>().sqrt();
            sd(&to) / sd(&from)
        }
        LinkMethod::MeanGeometricMean => {
            (common.iter().map(|c| (c.0.a / c.1.a).ln()).sum::<f64>() / common.len() as f64).exp()
        }
        _ => mean(&slopes_from) / mean(&slopes_to),
    };
    if !(slope.is_finite() && slope > 1e-6 && slope < 1e6) {
        return unlinked("les difficultés des questions communes n’ont pas de dispersion");
    }
    let shift = mean(&to) - slope * mean(&from);
    match method {
        LinkMethod::Haebara | LinkMethod::StockingLord => fit(common, method, options, slope, shift),
        _ => Ok(Link { method, slope, shift, criterion: None, se: None }),
    }
}

/// [`link`] with standard errors over common questions: what another choice of them would change. The errors of
/// the calibrations themselves come in through the questions' scatter only.
///
/// # Errors
/// Those of [`link`]; fewer than three common questions.
pub fn link_with_se(
    common: &[(ItemParameters, ItemParameters)],
    method: LinkMethod,
    options: &LinkOptions,
    resampling: Resampling,
) -> Estimate<Link> {
    let found = link(common, method, options)?;
    let again = relink(common, resampling, |sample| link(sample, method, options).map(|l| vec![l.slope, l.shift]))?;
    Ok(Link { se: Some((again[0], again[1])), ..found })
}

/// Standard errors of what `of` finds, over common questions.
pub(crate) fn relink(
    common: &[(ItemParameters, ItemParameters)],
    resampling: Resampling,
    of: impl Fn(&[(ItemParameters, ItemParameters)]) -> Estimate<Vec<f64>> + Sync,
) -> Estimate<Vec<f64>> {
    let n = common.len();
    if n < 3 {
        return Err(NotEstimable::TooFewQuestions { what: LINK, n, needed: 3 });
    }
    let picked = |sample: Vec<usize>| {
        let sample: Vec<_> = sample.into_iter().map(|i| common[i].clone()).collect();
        of(&sample)
    };
    match resampling {
        Resampling::Jackknife => {
            let again: Estimate<Vec<Vec<f64>>> =
                (0..n).into_par_iter().map(|out| picked((0..n).filter(|i| *i != out).collect())).collect();
            // (n − 1)/n Σ (without i − mean)², from a standard deviation with divisor n − 1.
            let scale = (n - 1) as f64 / (n as f64).sqrt();
            Ok(super::spread(&again?).into_iter().map(|sd| sd * scale).collect())
        }
        Resampling::Bootstrap { replicates, seed } => {
            if !(2..=super::bootstrap::MOST_REPLICATES).contains(&replicates) {
                return unlinked("le nombre de rééchantillonnages doit être compris entre 2 et 100 000");
            }
            let again = (0..replicates as u64)
                .into_par_iter()
                .map(|r| {
                    let draws = Draws::new(seed, r);
                    picked((0..n as u64).map(|i| draws.below(i, n)).collect())
                })
                .collect();
            Ok(super::spread(&enough_replicates(again, LINK)?))
        }
    }
}

fn unlinked<T>(detail: impl Into<String>) -> Estimate<T> {
    Err(NotEstimable::Unsuited { what: LINK, detail: detail.into() })
}

fn check(common: &[(ItemParameters, ItemParameters)], options: &LinkOptions) -> Estimate<()> {
    let needed = if options.shift_only { 1 } else { 2 };
    if common.len() < needed {
        return Err(NotEstimable::TooFewQuestions { what: LINK, n: common.len(), needed });
    }
    for (from, to) in common {
        if from.model != to.model || from.b.len() != to.b.len() {
            return unlinked("une question commune n’a pas le même modèle dans les deux épreuves");
        }
        sound(from)?;
        sound(to)?;
    }
    let sides =
        if options.symmetric { vec![&options.from_points, &options.to_points] } else { vec![&options.to_points] };
    for points in sides {
        let total = points.iter().map(|p| p.1).sum::<f64>();
        let good = |p: &(f64, f64)| p.0.is_finite() && p.1.is_finite() && p.1 >= 0.0;
        if !(points.iter().all(good) && total.is_finite() && total > 0.0) {
            return unlinked("les niveaux où comparer les courbes n’ont pas de poids valables");
        }
    }
    Ok(())
}

/// Parameters that make a rising response function.
pub(crate) fn sound(item: &ItemParameters) -> Estimate<()> {
    let finite = item.a.is_finite() && item.b.iter().all(|b| b.is_finite()) && !item.b.is_empty();
    let one = !item.model.dichotomous() || item.b.len() == 1;
    if !(finite && one && (0.0..1.0).contains(&item.c)) {
        return unlinked("les paramètres d’une question ne sont pas valables");
    }
    if item.a <= 0.0 {
        return unlinked("une question a une pente négative ou nulle : la retirer");
    }
    Ok(())
}

/// Differences between the curves of both calibrations, each times the root of its weight.
fn residuals(
    common: &[(ItemParameters, ItemParameters)],
    method: LinkMethod,
    options: &LinkOptions,
    slope: f64,
    shift: f64,
) -> Vec<f64> {
    let most = common.iter().map(|c| c.0.categories()).max().unwrap_or(2);
    let categories: usize = common.iter().map(|c| c.0.categories()).sum();
    let (mut p, mut q) = (vec![0.0; most], vec![0.0; most]);
    let mut out = Vec::new();
    let mut side = |points: &[(f64, f64)], pairs: &[(ItemParameters, &ItemParameters)]| {
        let total = points.iter().map(|p| p.1).sum::<f64>();
        for (theta, weight) in points {
            let mut sum = 0.0;
            let item_weight = (weight / (total * categories as f64)).sqrt();
            for (moved, fixed) in pairs {
                moved.probabilities(*theta, &mut p);
                fixed.probabilities(*theta, &mut q);
                let differences = p.iter().zip(&q).map(|(p, q)| p - q).take(fixed.categories());
                match method {
                    LinkMethod::Haebara => out.extend(differences.map(|d| d * item_weight)),
                    _ => sum += differences.enumerate().map(|(k, d)| k as f64 * d).sum::<f64>(),
                }
            }
            if method != LinkMethod::Haebara {
                out.push(sum * (weight / total).sqrt());
            }
        }
    };
    let there: Vec<_> = common.iter().map(|(f, t)| (f.rescaled(slope, shift), t)).collect();
    side(&options.to_points, &there);
    if options.symmetric {
        let back: Vec<_> = common.iter().map(|(f, t)| (t.rescaled(1.0 / slope, -shift / slope), f)).collect();
        side(&options.from_points, &back);
    }
    out
}

/// Least squares in (shift, ln slope) by Levenberg-Marquardt, with central differences.
fn fit(
    common: &[(ItemParameters, ItemParameters)],
    method: LinkMethod,
    options: &LinkOptions,
    slope: f64,
    shift: f64,
) -> Estimate<Link> {
    let at = |p: [f64; 2]| residuals(common, method, options, p[1].exp(), p[0]);
    let norm = |r: &[f64]| r.iter().map(|v| v * v).sum::<f64>();
    let free = if options.shift_only { 1 } else { 2 };
    let mut p = [shift, slope.ln()];
    let mut now = at(p);
    let (mut best, mut damping) = (norm(&now), 1e-6);
    for _ in 0..200 {
        let columns: Vec<Vec<f64>> = (0..free)
            .map(|k| {
                let h = 1e-5;
                let (mut up, mut down) = (p, p);
                up[k] += h;
                down[k] -= h;
                at(up).iter().zip(at(down)).map(|(u, d)| (u - d) / (2.0 * h)).collect()
            })
            .collect();
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
        let gradient: Vec<f64> = columns.iter().map(|c| dot(c, &now)).collect();
        let moved = loop {
            let b = dot(&columns[0], &columns[0]) * (1.0 + damping);
            let step = if free == 1 {
                [-gradient[0] / b, 0.0]
            } else {
                let (c, a) = (dot(&columns[0], &columns[1]), dot(&columns[1], &columns[1]) * (1.0 + damping));
                let determinant = a * b - c * c;
                [(c * gradient[1] - a * gradient[0]) / determinant, (c * gradient[0] - b * gradient[1]) / determinant]
            };
            if !step.iter().all(|s| s.is_finite()) {
                return unlinked("les questions communes ne suffisent pas à fixer l’échelle");
            }
            let trial = [p[0] + step[0], p[1] + step[1]];
            let there = at(trial);
            let value = norm(&there);
            let size = step[0].abs().max(step[1].abs());
            if value <= best {
                (p, now, best) = (trial, there, value);
                damping = (damping * 0.1).max(1e-12);
                break size;
            }
            damping *= 10.0;
            if size < 1e-10 || damping > 1e12 {
                break 0.0;
            }
        };
        if p[0].abs() > 1e3 || p[1].abs() > 10.0 {
            break;
        }
        if moved < 1e-10 {
            return Ok(Link { method, slope: p[1].exp(), shift: p[0], criterion: Some(best), se: None });
        }
    }
    Err(NotEstimable::NotConverged { what: LINK, detail: "les courbes ne se rapprochent plus".into() })
}
