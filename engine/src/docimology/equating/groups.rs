//! Equivalent groups: both years' candidates come from the same population.

use super::distribution::{Percentiles, equipercentile};
use super::{Conversion, Distribution, Estimate, Method, NotEstimable, Smoothing, WHAT, enough, unsuited};

/// Converts scores of X to the scale of Y when both groups are random samples of the same population.
///
/// - identity; mean: x − μ(X) + μ(Y) (Kolen and Brennan 2014, eq. 2.3);
/// - linear: σ(Y)/σ(X) · (x − μ(X)) + μ(Y), deviations with n − 1 (eq. 2.5);
/// - equipercentile: the score of Y of the same percentile rank (eq. 2.14 to 2.18), after log-linear
///   presmoothing if asked (`smoothing`, which the other methods ignore: they depend on moments only). A score of
///   rank 0 goes half a step under the lowest of Y, one of rank 1 half a step over the highest;
/// - circle-arc, simplified (Livingston and Kim 2009): a line through the ends of both scales plus an arc of
///   circle through (lowest, 0), (μ(X), what is missing to μ(Y)) and (highest, 0).
///
/// Where it fails: groups of different ability (the difference is taken for difficulty); equipercentile where
/// scores are rare (a standard error of whole points), linear at both ends of skewed scores. Kolen and Brennan
/// (2014, ch. 8) ask for some 400 candidates a form for linear equating and 1,500 for equipercentile.
///
/// # Errors
/// Fewer than 10 candidates in a group, no variance where it is needed, an anchor method.
pub fn equivalent_groups(
    x: &Distribution,
    y: &Distribution,
    method: Method,
    smoothing: Smoothing,
) -> Estimate<Conversion> {
    let scale = x.scale();
    if method == Method::Identity {
        return Conversion::by_line(method, scale, 1.0, 0.0);
    }
    enough(x.n())?;
    enough(y.n())?;
    match method {
        Method::Mean => Conversion::by_line(method, scale, 1.0, y.mean() - x.mean()),
        Method::Linear => {
            let slope = (y.variance() / varied(x.variance())?).sqrt();
            Conversion::by_line(method, scale, slope, y.mean() - slope * x.mean())
        }
        Method::Equipercentile => {
            let equated = equipercentile(&smoothing.apply(x)?, &smoothing.apply(y)?);
            Conversion::new(method, scale.values(), equated, None)
        }
        Method::CircleArc => circle_arc(x, y),
        _ => unsuited("cette méthode demande des questions communes aux deux épreuves"),
    }
}

pub(crate) fn varied(variance: f64) -> Estimate<f64> {
    if variance > 0.0 { Ok(variance) } else { Err(NotEstimable::NoVariance { what: WHAT }) }
}

fn circle_arc(x: &Distribution, y: &Distribution) -> Estimate<Conversion> {
    let (low, high, mid) = (x.scale().min(), x.scale().max(), x.mean());
    let slope = (y.scale().max() - y.scale().min()) / (high - low);
    let line = |score: f64| y.scale().min() + slope * (score - low);
    // In units of half the range of X, centred: the ends are −1 and 1.
    let half = 0.5 * (high - low);
    let unit = |score: f64| (score - low) / half - 1.0;
    let (m, rise) = (unit(mid), (y.mean() - line(mid)) / half);
    if m.abs() >= 1.0 {
        return Err(NotEstimable::NoVariance { what: WHAT });
    }
    if m * m + rise * rise > 1.0 {
        return unsuited("les moyennes sont trop près d’un bout de l’échelle pour un arc de cercle");
    }
    // Height h of the circle through (−1, 0), (m, rise), (1, 0), with centre (0, c): t² + h² − 2ch = 1.
    let arc = |t: f64| {
        if rise.abs() < 1e-12 {
            return 0.0;
        }
        let centre = (1.0 - m * m - rise * rise) / (2.0 * rise.abs());
        rise.signum() * (1.0 - t * t) / ((centre * centre + 1.0 - t * t).max(0.0).sqrt() + centre)
    };
    let equated = x.scale().values().into_iter().map(|score| line(score) + half * arc(unit(score)));
    Conversion::new(Method::CircleArc, x.scale().values(), equated.collect(), None)
}

/// Standard errors by formula, in points of Y, one a score of X; `None` where the formula says nothing.
///
/// - identity: 0;
/// - mean: √(σ²(X)/n(X) + σ²(Y)/n(Y));
/// - linear (Braun and Holland 1982; Kolen and Brennan 2014, ch. 7): with z = (x − μ(X))/σ(X), σ²(Y) times
///   1/n(X) + 1/n(Y) + (sk(X)/n(X) + sk(Y)/n(Y))·z + ((ku(X) − 1)/4n(X) + (ku(Y) − 1)/4n(Y))·z²;
/// - equipercentile without smoothing (Lord 1982; Kolen and Brennan 2014, eq. 7.12): g⁻² times
///   P(1 − P)(n(X) + n(Y))/(n(X)n(Y)) − (G(y) − P)(P − G(y − 1))/(n(Y)g), g the share of candidates at the score y
///   that the equivalent falls in. Nothing where P is 0 or 1.
///
/// Large samples only. For the other methods, and with smoothing, see [`super::bootstrap_groups`].
///
/// # Errors
/// Those of [`equivalent_groups`]; a method without a formula here.
pub fn analytic_se(x: &Distribution, y: &Distribution, method: Method) -> Estimate<Vec<Option<f64>>> {
    let scores = x.scale().values();
    if method == Method::Identity {
        return Ok(vec![Some(0.0); scores.len()]);
    }
    let (nx, ny) = (x.n(), y.n());
    enough(nx)?;
    enough(ny)?;
    match method {
        Method::Mean => Ok(vec![Some((x.variance() / nx + y.variance() / ny).sqrt()); scores.len()]),
        Method::Linear => {
            let none = NotEstimable::NoVariance { what: WHAT };
            let (skew_x, kurt_x) = x.skewness_kurtosis().ok_or_else(|| none.clone())?;
            let (skew_y, kurt_y) = y.skewness_kurtosis().ok_or(none)?;
            let skew = skew_x / nx + skew_y / ny;
            let kurt = (kurt_x - 1.0) / (4.0 * nx) + (kurt_y - 1.0) / (4.0 * ny);
            let (mean, sd) = (x.mean(), x.variance().sqrt());
            let se = |score: f64| {
                let z = (score - mean) / sd;
                let variance = y.variance() * (1.0 / nx + 1.0 / ny + skew * z + kurt * z * z);
                (variance >= 0.0).then(|| variance.sqrt())
            };
            Ok(scores.into_iter().map(se).collect())
        }
        Method::Equipercentile => {
            let (from, to) = (Percentiles::new(x), Percentiles::new(y));
            let sums = to.cumulated();
            let se = |score: f64| {
                let p = from.rank(score).below();
                let cell = sums.partition_point(|s| *s <= p);
                if p <= 0.0 || p >= 1.0 || cell >= sums.len() {
                    return None;
                }
                let (under, over) = (sums[cell - 1], sums[cell]);
                let g = over - under;
                let variance = p * (1.0 - p) * (nx + ny) / (nx * ny) - (over - p) * (p - under) / (ny * g);
                Some(y.scale().step() * variance.max(0.0).sqrt() / g)
            };
            Ok(scores.into_iter().map(se).collect())
        }
        _ => unsuited("pas de formule pour l’erreur type de cette méthode, la rééchantillonner"),
    }
}
