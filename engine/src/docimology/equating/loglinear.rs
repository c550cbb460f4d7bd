//! Presmoothing of a score distribution by a polynomial log-linear model.

use super::{Distribution, Estimate, NotEstimable, unsuited};
use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};

const SMOOTHING: &str = "lissage de la distribution des notes";

/// Highest degree accepted: moments beyond it are noise.
pub const HIGHEST_DEGREE: usize = 15;

/// What the degree is chosen by.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Criterion {
    /// Akaike (1974): deviance + 2 parameters.
    Aic,
    /// Schwarz (1978): deviance + parameters · ln(candidates).
    Bic,
}

/// How a distribution is smoothed before equating.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Smoothing {
    /// Not at all.
    #[default]
    None,
    /// So many moments kept.
    Degree(usize),
    /// The best degree of 1 to the first number.
    Best(usize, Criterion),
}

/// A fitted log-linear model.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct LogLinear {
    /// Degree of the polynomial: that many moments of the scores are kept exactly.
    pub degree: usize,
    /// Fitted counts, smooth and positive, same total.
    pub fitted: Distribution,
    /// Likelihood-ratio chi-square against the counts themselves.
    pub deviance: f64,
    /// Scores less parameters.
    pub df: usize,
    /// Deviance + 2 parameters.
    pub aic: f64,
    /// Deviance + parameters · ln(candidates).
    pub bic: f64,
}

/// Fits ln m(x) = β₀ + β₁x + … + β_C x^C to counts by maximum likelihood under Poisson sampling (Holland and
/// Thayer 1987, 2000, eq. 1 to 10), by Newton's method on orthogonal polynomials. The first C moments of the
/// fitted distribution are those of the counts.
///
/// It fails when no more scores are taken than the degree (the likelihood then has no finite maximum), and it
/// does not see teeth: scores that the marking makes rare stay rare in the counts only.
///
/// # Errors
/// Degree 0, above 15 or not below the number of scores taken; no convergence.
pub fn log_linear(of: &Distribution, degree: usize) -> Estimate<LogLinear> {
    let taken = of.counts().iter().filter(|c| **c > 0.0).count();
    if degree == 0 || degree > HIGHEST_DEGREE {
        return unsuited(format!("le degré du lissage doit être compris entre 1 et {HIGHEST_DEGREE}"));
    }
    if taken <= degree {
        let detail = format!("{taken} notes différentes, il en faut plus que le degré {degree}");
        return Err(NotEstimable::Unsuited { what: SMOOTHING, detail });
    }
    let basis = orthonormal(of.scale().points(), degree);
    let counts = DVector::from_column_slice(of.counts());
    let n = counts.sum();
    let likelihood = |eta: &DVector<f64>| counts.dot(eta) - eta.iter().map(|e| e.exp()).sum::<f64>();
    let weighted = |weights: &DVector<f64>| {
        let mut scaled = basis.clone();
        scaled.row_iter_mut().zip(weights.iter()).for_each(|(mut row, w)| row *= *w);
        basis.transpose() * scaled
    };
    let stuck = |detail: &str| NotEstimable::NotConverged { what: SMOOTHING, detail: detail.into() };
    // Start: least squares on the logarithms, weighted by the counts.
    let start = counts.map(|c| c + 0.1 * n / counts.len() as f64);
    let logs = start.map(f64::ln);
    let right = basis.transpose() * start.component_mul(&logs);
    let mut beta = weighted(&start).cholesky().ok_or_else(|| stuck("système singulier"))?.solve(&right);
    let mut eta = &basis * &beta;
    let mut best = likelihood(&eta);
    for _ in 0..500 {
        let fitted = eta.map(f64::exp);
        let gradient = basis.transpose() * (&counts - &fitted);
        if gradient.amax() <= 1e-11 * n {
            return finish(of, degree, fitted, n);
        }
        let step = weighted(&fitted).cholesky().ok_or_else(|| stuck("système singulier"))?.solve(&gradient);
        let mut length = 1.0;
        loop {
            let trial = &beta + &step * length;
            let at = &basis * &trial;
            let value = likelihood(&at);
            // Near the top, rounding hides the rise.
            if value >= best - 1e-12 * best.abs().max(n) {
                (beta, eta, best) = (trial, at, value);
                break;
            }
            length *= 0.5;
            if length < 1e-12 {
                return Err(stuck("la vraisemblance n’augmente plus"));
            }
        }
    }
    Err(stuck("500 itérations"))
}

fn finish(of: &Distribution, degree: usize, fitted: DVector<f64>, n: f64) -> Estimate<LogLinear> {
    let deviance = of
        .counts()
        .iter()
        .zip(fitted.iter())
        .map(|(c, m)| if *c > 0.0 { c * (c / m).ln() } else { 0.0 } - (c - m))
        .sum::<f64>()
        * 2.0;
    if !deviance.is_finite() {
        let detail = "une fréquence ajustée est nulle".into();
        return Err(NotEstimable::NotConverged { what: SMOOTHING, detail });
    }
    let parameters = (degree + 1) as f64;
    Ok(LogLinear {
        degree,
        fitted: Distribution::new(*of.scale(), fitted.iter().copied().collect())?,
        deviance: deviance.max(0.0),
        df: of.scale().points().saturating_sub(degree + 1),
        aic: deviance + 2.0 * parameters,
        bic: deviance + parameters * n.ln(),
    })
}

/// The degree of 1 to `highest` with the smallest criterion (Moses and Holland 2009 compare them; AIC keeps more
/// moments). Degrees that cannot be fitted are passed over.
///
/// # Errors
/// None could be fitted: why the first could not.
pub fn best_log_linear(of: &Distribution, highest: usize, by: Criterion) -> Estimate<LogLinear> {
    let value = |fit: &LogLinear| match by {
        Criterion::Aic => fit.aic,
        Criterion::Bic => fit.bic,
    };
    let mut best = log_linear(of, 1)?;
    for degree in 2..=highest.min(HIGHEST_DEGREE) {
        if let Ok(fit) = log_linear(of, degree)
            && value(&fit) < value(&best)
        {
            best = fit;
        }
    }
    Ok(best)
}

impl Smoothing {
    /// The distribution smoothed.
    ///
    /// # Errors
    /// Those of [`log_linear`].
    pub fn apply(self, of: &Distribution) -> Estimate<Distribution> {
        match self {
            Self::None => Ok(of.clone()),
            Self::Degree(degree) => log_linear(of, degree).map(|fit| fit.fitted),
            Self::Best(highest, by) => best_log_linear(of, highest, by).map(|fit| fit.fitted),
        }
    }

    /// The same with its degree settled on this distribution.
    pub(crate) fn settled(self, of: &Distribution) -> Estimate<Self> {
        match self {
            Self::Best(highest, by) => best_log_linear(of, highest, by).map(|fit| Self::Degree(fit.degree)),
            other => Ok(other),
        }
    }
}

/// Polynomials of degree 0 to `degree`, orthonormal over equally spaced points (Gram-Schmidt, twice).
fn orthonormal(points: usize, degree: usize) -> DMatrix<f64> {
    let at = |i: usize| 2.0 * i as f64 / (points - 1) as f64 - 1.0;
    let mut basis = DMatrix::zeros(points, degree + 1);
    basis.column_mut(0).fill(1.0 / (points as f64).sqrt());
    for k in 1..=degree {
        let mut next = DVector::from_fn(points, |i, _| at(i) * basis[(i, k - 1)]);
        for _ in 0..2 {
            for j in 0..k {
                let part = basis.column(j).dot(&next);
                next.axpy(-part, &basis.column(j), 1.0);
            }
        }
        let length = next.norm();
        basis.set_column(k, &(next / length));
    }
    basis
}
