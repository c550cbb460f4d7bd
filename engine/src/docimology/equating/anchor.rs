//! Non-equivalent groups with an anchor (NEAT): common questions tell ability from difficulty.

use super::distribution::{Bivariate, Distribution, Percentiles, equipercentile};
use super::groups::varied;
use super::{Conversion, Estimate, Method, Smoothing, enough, unsuited};
use serde::{Deserialize, Serialize};

/// Share of a group that may sit at anchor scores no one has in the other group.
const MOST_UNMATCHED: f64 = 0.05;

/// Do the common questions count in the totals?
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Anchor {
    /// They do.
    #[default]
    Internal,
    /// They do not.
    External,
}

/// Weight of the group that took X in the synthetic population (the other has the rest).
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// By number of candidates.
    #[default]
    Proportional,
    /// Given, on 0..=1.
    Given(f64),
}

/// What the anchor methods leave to choose.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct AnchorOptions {
    /// For Levine only.
    pub anchor: Anchor,
    /// For all but the chained methods.
    pub weight: Weight,
    /// For chained equipercentile only: each of the four distributions of the chain, apart.
    #[serde(default)]
    pub smoothing: Smoothing,
}

struct Moments {
    mean_total: f64,
    mean_anchor: f64,
    var_total: f64,
    var_anchor: f64,
    covariance: f64,
}

impl Moments {
    fn new(of: &Bivariate) -> Self {
        let (totals, anchors) = (of.totals(), of.anchors());
        Self {
            mean_total: totals.mean(),
            mean_anchor: anchors.mean(),
            var_total: totals.variance(),
            var_anchor: anchors.variance(),
            covariance: of.covariance(),
        }
    }

    /// Regression of the total on the anchor (Tucker), or of true scores (Levine).
    fn gamma(&self, method: Method, anchor: Anchor) -> Estimate<f64> {
        match (method, anchor) {
            (Method::TuckerMean | Method::TuckerLinear, _) => Ok(self.covariance / varied(self.var_anchor)?),
            (_, _) if self.covariance <= 0.0 => {
                unsuited("les notes aux questions communes ne vont pas dans le sens des notes totales")
            }
            (_, Anchor::Internal) => Ok(self.var_total / self.covariance),
            (_, Anchor::External) => Ok((self.var_total + self.covariance) / (self.var_anchor + self.covariance)),
        }
    }
}

/// Converts scores of X to the scale of Y when the groups differ but answered common questions V. `x` holds those
/// who took X, `y` those who took Y; both with the same anchor scale.
///
/// - Tucker (Gulliksen 1950; Kolen and Brennan 2014, eq. 4.17 to 4.22): moments in the synthetic population, by
///   the regression of totals on V, γ = σ(X,V)/σ²(V);
/// - Levine observed score (Levine 1955; ch. 4): the same with the regression of true scores under a congeneric
///   model, γ = σ²(X)/σ(X,V) for an internal anchor, (σ²(X) + σ(X,V))/(σ²(V) + σ(X,V)) for an external one;
/// - chained linear (ch. 4): X to V in the first group, then V to Y in the second; its means-only variant takes a
///   point at V for a point at the exam, which holds for a V as long as the exam only;
/// - frequency estimation (Angoff 1971; Braun and Holland 1982; ch. 5, eq. 5.1 to 5.8): distribution of X given V
///   supposed the same in both groups, then equipercentile in the synthetic population; Braun-Holland is the
///   line with those means and deviations;
/// - chained equipercentile (Dorans 1990; ch. 5), after log-linear presmoothing of the margins if asked: the chain
///   uses nothing of the joint distributions.
///
/// Variances and covariances have divisor n − 1.
///
/// Where it fails: Tucker and frequency estimation understate the difference between groups that lie far apart
/// (their regression is attenuated); Levine and the chains do better there but lean on the anchor being a small
/// copy of the exam. An anchor of fewer than 20 questions or a fifth of the exam is thin (ch. 8). Frequency
/// estimation leaves out anchor scores seen in one group only, and refuses when they are over 5 % of a group.
///
/// # Errors
/// Fewer than 10 candidates in a group, no variance, different anchor scales, a weight off 0..=1, a method that
/// takes no anchor.
pub fn anchor_groups(x: &Bivariate, y: &Bivariate, method: Method, options: AnchorOptions) -> Estimate<Conversion> {
    let scale = x.total_scale();
    enough(x.n())?;
    enough(y.n())?;
    if x.anchor_scale() != y.anchor_scale() {
        return unsuited("l’échelle des questions communes n’est pas la même dans les deux épreuves");
    }
    let weight = match options.weight {
        Weight::Proportional => x.n() / (x.n() + y.n()),
        Weight::Given(w) if (0.0..=1.0).contains(&w) => w,
        Weight::Given(_) => return unsuited("le poids d’un groupe doit être compris entre 0 et 1"),
    };
    match method {
        Method::Identity => Conversion::by_line(method, scale, 1.0, 0.0),
        Method::TuckerMean | Method::TuckerLinear | Method::LevineMean | Method::LevineLinear => {
            synthetic_line(x, y, method, options.anchor, weight)
        }
        Method::ChainedMean | Method::ChainedLinear => {
            let (one, two) = (Moments::new(x), Moments::new(y));
            let (first, second) = if method == Method::ChainedMean {
                (1.0, 1.0)
            } else {
                let first = (one.var_anchor / varied(one.var_total)?).sqrt();
                (first, (two.var_total / varied(two.var_anchor)?).sqrt())
            };
            let anchor = one.mean_anchor - first * one.mean_total;
            let intercept = second * (anchor - two.mean_anchor) + two.mean_total;
            Conversion::by_line(method, scale, first * second, intercept)
        }
        Method::BraunHolland => {
            let (sx, sy) = (synthetic(x, y, weight)?, synthetic(y, x, 1.0 - weight)?);
            let slope = (sy.central(2) / varied(sx.central(2))?).sqrt();
            Conversion::by_line(method, scale, slope, sy.mean() - slope * sx.mean())
        }
        Method::FrequencyEstimation => {
            let (sx, sy) = (synthetic(x, y, weight)?, synthetic(y, x, 1.0 - weight)?);
            Conversion::new(method, scale.values(), equipercentile(&sx, &sy), None)
        }
        Method::ChainedEquipercentile => chained(&margins(x, y), [options.smoothing; 4]),
        _ => unsuited("cette méthode ne se sert pas de notes aux questions communes"),
    }
}

/// The distributions of a chain in its order: totals and anchor of X, anchor and totals of Y.
pub(crate) fn margins(x: &Bivariate, y: &Bivariate) -> [Distribution; 4] {
    [x.totals(), x.anchors(), y.anchors(), y.totals()]
}

/// Scores of X to the anchor, then to Y, each margin smoothed in its own way.
pub(crate) fn chained(margins: &[Distribution; 4], smoothing: [Smoothing; 4]) -> Estimate<Conversion> {
    let smooth = |i: usize| smoothing[i].apply(&margins[i]);
    let at_anchor = equipercentile(&smooth(0)?, &smooth(1)?);
    let (from, to) = (Percentiles::new(&smooth(2)?), Percentiles::new(&smooth(3)?));
    let equated = at_anchor.into_iter().map(|v| to.at(from.rank(v))).collect();
    Conversion::new(Method::ChainedEquipercentile, margins[0].scale().values(), equated, None)
}

fn synthetic_line(x: &Bivariate, y: &Bivariate, method: Method, anchor: Anchor, weight: f64) -> Estimate<Conversion> {
    let (one, two) = (Moments::new(x), Moments::new(y));
    let (g1, g2) = (one.gamma(method, anchor)?, two.gamma(method, anchor)?);
    let (w1, w2) = (weight, 1.0 - weight);
    let apart = one.mean_anchor - two.mean_anchor;
    let mean_x = one.mean_total - w2 * g1 * apart;
    let mean_y = two.mean_total + w1 * g2 * apart;
    let slope = if matches!(method, Method::TuckerMean | Method::LevineMean) {
        1.0
    } else {
        let (spread, between) = (one.var_anchor - two.var_anchor, w1 * w2 * apart * apart);
        let var_x = one.var_total + g1 * g1 * (between - w2 * spread);
        let var_y = two.var_total + g2 * g2 * (between + w1 * spread);
        if var_y < 0.0 {
            return unsuited("la variance estimée est négative : les groupes sont trop différents");
        }
        (var_y / varied(var_x)?).sqrt()
    };
    Conversion::by_line(method, x.total_scale(), slope, mean_y - slope * mean_x)
}

/// Distribution of the totals of `own` in the synthetic population, as shares; `weight` is that of its group.
fn synthetic(own: &Bivariate, other: &Bivariate, weight: f64) -> Estimate<Distribution> {
    let (mine, theirs) = (own.anchors(), other.anchors());
    let (n, m) = (mine.n(), theirs.n());
    let pairs = || mine.counts().iter().zip(theirs.counts());
    let matched = pairs().filter(|(a, _)| **a > 0.0).map(|(_, b)| b / m).sum::<f64>();
    if weight < 1.0 && 1.0 - matched > MOST_UNMATCHED {
        return unsuited("trop de candidats d’un groupe ont à l’ancrage une note que l’autre groupe n’a pas");
    }
    // Each cell becomes w·f(x, v) + (1 − w)·f(x | v)·h(v).
    let factor: Vec<f64> = pairs()
        .map(|(a, b)| {
            let elsewhere = if weight < 1.0 && *a > 0.0 { (1.0 - weight) * b / (m * matched * a) } else { 0.0 };
            weight / n + elsewhere
        })
        .collect();
    let mut counts = vec![0.0; own.total_scale().points()];
    for (total, anchor, count) in own.cells() {
        counts[*total] += count * factor[*anchor];
    }
    Distribution::new(*own.total_scale(), counts)
}
