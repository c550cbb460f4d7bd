//! Regression of the score on the total and the group, from counts: logistic for two scores, proportional odds for
//! more.

use super::strata::{Strata, Table};
use super::{Class, LogisticDif, Regressed};
use crate::docimology::numeric::{chi2_sf, logistic};
use nalgebra::{DMatrix, DVector};

/// Most distinct scores of a proportional-odds model; beyond, full credit is set against the rest.
const MOST_LEVELS: usize = 12;

/// Candidates of one side in one stratum.
struct Row {
    /// Standardised total, group (0 or 1), their product.
    x: [f64; 3],
    /// Candidates by level.
    counts: Vec<f64>,
    n: f64,
}

/// Likelihood ratios of the group at a question.
///
/// Models (Swaminathan and Rogers 1990; Zumbo 1999 for ordered scores): logit P(Y ≥ j) = θ_j + β₁ x + β₂ g +
/// β₃ x g, with x the total and g the group. Proportional odds suppose that x and g move every threshold alike.
/// `None` where the maximum is not reached (one side has only one score at every total, and the like).
pub(super) fn regression(table: &Table, strata: &Strata) -> Option<LogisticDif> {
    let model = match table.levels() {
        0 | 1 => return None,
        2 => Regressed::Binary,
        l if l <= MOST_LEVELS => Regressed::Ordinal,
        _ => Regressed::FullCredit,
    };
    let rows = rows(table, strata, model)?;
    let cuts = rows.first()?.counts.len() - 1;
    let n: f64 = rows.iter().map(|r| r.n).sum();
    let (mut theta, null) = marginal(&rows, cuts, n)?;
    let mut beta = vec![0.0];
    let reduced = deviance(&rows, &mut theta, &mut beta)?;
    beta.push(0.0);
    let uniform = deviance(&rows, &mut theta, &mut beta)?;
    beta.push(0.0);
    let full = deviance(&rows, &mut theta, &mut beta)?;

    // Nagelkerke (1991): 1 − exp((D − D₀) / n), over its greatest value.
    let nagelkerke = |d: f64| (1.0 - ((d - null) / n).exp()) / (1.0 - (-null / n).exp());
    let ratio = |a: f64, b: f64| (a - b).max(0.0);
    let (both, of_group, of_product) = (ratio(reduced, full), ratio(reduced, uniform), ratio(uniform, full));
    let p = chi2_sf(both, 2.0)?;
    let r2_gain = (nagelkerke(full) - nagelkerke(reduced)).max(0.0);
    let class = |low: f64, high: f64| match r2_gain {
        g if p >= 0.05 || g < low => Class::A,
        g if g < high => Class::B,
        _ => Class::C,
    };
    r2_gain.is_finite().then_some(LogisticDif {
        model,
        both,
        uniform: of_group,
        non_uniform: of_product,
        p,
        p_uniform: chi2_sf(of_group, 1.0)?,
        p_non_uniform: chi2_sf(of_product, 1.0)?,
        r2_gain,
        class: class(0.035, 0.07),
        class_zumbo: class(0.13, 0.26),
    })
}

fn rows(table: &Table, strata: &Strata, model: Regressed) -> Option<Vec<Row>> {
    let cells = || (0..strata.count()).flat_map(|k| [(k, 0), (k, 1)]);
    let size = |(k, side): (usize, usize)| table.row(k, side).iter().map(|c| f64::from(*c)).sum::<f64>();
    let (mut n, mut sum) = (0.0, 0.0);
    for cell in cells() {
        n += size(cell);
        sum += size(cell) * strata.value(cell.0);
    }
    let mean = sum / n;
    let squares: f64 = cells().map(|c| size(c) * (strata.value(c.0) - mean).powi(2)).sum();
    let sd = (squares / n).sqrt();
    if !(sd > 0.0 && sd.is_finite()) {
        return None;
    }
    let row = |cell: (usize, usize)| {
        let (x, g) = ((strata.value(cell.0) - mean) / sd, cell.1 as f64);
        let all = table.row(cell.0, cell.1);
        let counts = match (model, all.split_last()) {
            (Regressed::FullCredit, Some((top, rest))) => {
                vec![rest.iter().map(|c| f64::from(*c)).sum(), f64::from(*top)]
            }
            _ => all.iter().map(|c| f64::from(*c)).collect(),
        };
        Row { x: [x, g, x * g], counts, n: size(cell) }
    };
    Some(cells().filter(|c| size(*c) > 0.0).map(row).collect())
}

/// Thresholds and −2 log-likelihood without total nor group.
fn marginal(rows: &[Row], cuts: usize, n: f64) -> Option<(Vec<f64>, f64)> {
    let totals: Vec<f64> = (0..=cuts).map(|y| rows.iter().map(|r| r.counts[y]).sum()).collect();
    let mut above = n;
    let theta = (0..cuts)
        .map(|y| {
            above -= totals[y];
            (above / (n - above)).ln()
        })
        .collect();
    let null: f64 = totals.iter().map(|t| -2.0 * t * (t / n).ln()).sum();
    null.is_finite().then_some((theta, null))
}

/// Log-likelihood (of single answers), gradient and negative Hessian.
struct Point {
    value: f64,
    gradient: DVector<f64>,
    curvature: DMatrix<f64>,
}

/// At thresholds `theta` (decreasing) and slopes `beta`; `None` outside of the domain.
fn point(rows: &[Row], theta: &[f64], beta: &[f64]) -> Option<Point> {
    let (cuts, slopes) = (theta.len(), beta.len());
    let size = cuts + slopes;
    let (mut gradient, mut curvature) = (DVector::zeros(size), DMatrix::zeros(size, size));
    let (mut p, mut s, mut g, mut h) = (vec![0.0; cuts + 1], vec![0.0; cuts], vec![0.0; cuts], vec![0.0; cuts]);
    let mut value = 0.0;
    for row in rows {
        let eta: f64 = beta.iter().zip(&row.x).map(|(b, x)| b * x).sum();
        for (y, p) in p.iter_mut().enumerate() {
            *p = match (y, y == cuts) {
                (0, _) => logistic(-(theta[0] + eta)),
                (_, true) => logistic(theta[y - 1] + eta),
                // Of two forms, the one that does not subtract two numbers next to 1.
                _ if theta[y] + eta > 0.0 => logistic(-(theta[y] + eta)) - logistic(-(theta[y - 1] + eta)),
                _ => logistic(theta[y - 1] + eta) - logistic(theta[y] + eta),
            };
            if row.counts[y] > 0.0 {
                value += row.counts[y] * p.ln();
            }
        }
        // Terms of a category that nobody gave are nothing, even where its probability underflows.
        let per = |y: usize| if row.counts[y] > 0.0 { row.counts[y] / p[y] } else { 0.0 };
        let per2 = |y: usize| if row.counts[y] > 0.0 { row.counts[y] / (p[y] * p[y]) } else { 0.0 };
        for j in 0..cuts {
            s[j] = logistic(theta[j] + eta) * logistic(-(theta[j] + eta));
        }
        for j in 0..cuts {
            let slope = s[j] * (logistic(-(theta[j] + eta)) - logistic(theta[j] + eta));
            let gap = per(j + 1) - per(j);
            g[j] = s[j] * gap;
            let own = s[j] * s[j] * (per2(j + 1) + per2(j)) - slope * gap;
            curvature[(j, j)] += own;
            h[j] = own;
        }
        for j in 1..cuts {
            let next = -s[j - 1] * s[j] * per2(j);
            curvature[(j - 1, j)] += next;
            curvature[(j, j - 1)] += next;
            h[j - 1] += next;
            h[j] += next;
        }
        let (all_g, all_h): (f64, f64) = (g.iter().sum(), h.iter().sum());
        for j in 0..cuts {
            gradient[j] += g[j];
        }
        for a in 0..slopes {
            gradient[cuts + a] += all_g * row.x[a];
            for j in 0..cuts {
                let cross = h[j] * row.x[a];
                curvature[(j, cuts + a)] += cross;
                curvature[(cuts + a, j)] += cross;
            }
            for b in 0..slopes {
                curvature[(cuts + a, cuts + b)] += all_h * row.x[a] * row.x[b];
            }
        }
    }
    value.is_finite().then_some(Point { value, gradient, curvature })
}

/// −2 log-likelihood at the maximum, from where `theta` and `beta` are, which it moves there. Newton's method: the
/// log-likelihood is concave (Pratt 1981).
fn deviance(rows: &[Row], theta: &mut [f64], beta: &mut [f64]) -> Option<f64> {
    let cuts = theta.len();
    let mut at = point(rows, theta, beta)?;
    for _ in 0..60 {
        let step = at.curvature.clone().cholesky()?.solve(&at.gradient);
        let gain = step.dot(&at.gradient);
        if !gain.is_finite() {
            return None;
        }
        // What a last step would add is known to second order.
        if gain < 1e-8 {
            return Some(-2.0 * (at.value + gain / 2.0));
        }
        let mut share = (5.0 / step.amax()).min(1.0);
        at = loop {
            let next_theta: Vec<f64> = theta.iter().enumerate().map(|(j, t)| t + share * step[j]).collect();
            let next_beta: Vec<f64> = beta.iter().enumerate().map(|(a, b)| b + share * step[cuts + a]).collect();
            match point(rows, &next_theta, &next_beta) {
                Some(next) if next.value >= at.value - 1e-9 => {
                    theta.copy_from_slice(&next_theta);
                    beta.copy_from_slice(&next_beta);
                    break next;
                }
                _ if share < 1e-6 => return None,
                _ => share /= 2.0,
            }
        };
    }
    None
}
