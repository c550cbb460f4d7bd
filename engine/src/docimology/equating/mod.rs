//! Equating: which score at this year's exam is worth which score at last year's.
//!
//! A form X (new) is converted to the scale of a form Y (old). What there must be:
//!
//! | design | what it takes | functions |
//! |---|---|---|
//! | equivalent groups | candidates of both years drawn from the same population | [`equivalent_groups`] |
//! | anchor (NEAT) | common questions, and the score at them of every candidate | [`anchor_groups`] |
//! | item response theory | common questions calibrated in both years | [`link`], [`irt_equate`] |
//!
//! Reading order: [`distribution`] (scales, distributions, percentile ranks), [`loglinear`] (presmoothing),
//! [`groups`], [`anchor`], [`bootstrap`] (standard errors by resampling candidates), [`linking`] (scales of
//! ability), [`irt`] (true and observed scores).
//!
//! No method repairs forms of different content or reliability (Kolen and Brennan 2014, ch. 1): they give a
//! number all the same. Equation numbers of Kolen and Brennan are those of *Test Equating, Scaling, and
//! Linking*, 3rd edition; where only the chapter is given, the numbering was not at hand.

pub mod anchor;
pub mod bootstrap;
pub mod distribution;
pub mod groups;
pub mod irt;
pub mod linking;
pub mod loglinear;

pub use anchor::{Anchor, AnchorOptions, Weight, anchor_groups};
pub use bootstrap::{bootstrap_anchor, bootstrap_groups};
pub use distribution::{Bivariate, Distribution, ScoreScale};
pub use groups::{analytic_se, equivalent_groups};
pub use irt::{IrtConversion, IrtScore, ScoredItem, irt_equate, observed_score, score_distribution, true_score};
pub use linking::{Link, LinkMethod, LinkOptions, Resampling, link, link_with_se, normal_population};
pub use loglinear::{Criterion, LogLinear, Smoothing, log_linear};

use super::{Estimate, NotEstimable};
use serde::{Deserialize, Serialize};

/// What is asked, in the messages.
pub(crate) const WHAT: &str = "équivalence des notes";

/// Fewest candidates a group is equated with. Below it, standard errors mean nothing either.
pub const MINIMUM_CANDIDATES: usize = 10;

/// How scores are equated.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// No conversion.
    Identity,
    /// Equivalent groups: same mean.
    Mean,
    /// Equivalent groups: same mean and standard deviation.
    Linear,
    /// Equivalent groups: same percentile rank.
    Equipercentile,
    /// Equivalent groups: an arc through both ends of the scales and the means.
    CircleArc,
    /// Anchor: Tucker, means only.
    TuckerMean,
    /// Anchor: Tucker.
    TuckerLinear,
    /// Anchor: Levine observed score, means only.
    LevineMean,
    /// Anchor: Levine observed score.
    LevineLinear,
    /// Anchor: X to the anchor then the anchor to Y, means only.
    ChainedMean,
    /// Anchor: X to the anchor then the anchor to Y.
    ChainedLinear,
    /// Anchor: linear, moments by frequency estimation.
    BraunHolland,
    /// Anchor: equipercentile in the synthetic population.
    FrequencyEstimation,
    /// Anchor: X to the anchor then the anchor to Y, by percentile ranks.
    ChainedEquipercentile,
    /// Item response theory: expected scores at the same ability.
    IrtTrueScore,
    /// Item response theory: percentile ranks of the scores the model predicts.
    IrtObservedScore,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::Identity,
        Self::Mean,
        Self::Linear,
        Self::Equipercentile,
        Self::CircleArc,
        Self::TuckerMean,
        Self::TuckerLinear,
        Self::LevineMean,
        Self::LevineLinear,
        Self::ChainedMean,
        Self::ChainedLinear,
        Self::BraunHolland,
        Self::FrequencyEstimation,
        Self::ChainedEquipercentile,
        Self::IrtTrueScore,
        Self::IrtObservedScore,
    ];

    /// Its name in French, for pages; without an article.
    pub fn french(self) -> &'static str {
        match self {
            Self::Identity => "identité (aucune conversion)",
            Self::Mean => "égalité des moyennes",
            Self::Linear => "méthode linéaire",
            Self::Equipercentile => "méthode équipercentile",
            Self::CircleArc => "arc de cercle",
            Self::TuckerMean => "méthode de Tucker, moyennes",
            Self::TuckerLinear => "méthode de Tucker, linéaire",
            Self::LevineMean => "méthode de Levine (notes observées), moyennes",
            Self::LevineLinear => "méthode de Levine (notes observées), linéaire",
            Self::ChainedMean => "moyennes enchaînées",
            Self::ChainedLinear => "méthode linéaire enchaînée",
            Self::BraunHolland => "méthode linéaire de Braun et Holland",
            Self::FrequencyEstimation => "méthode équipercentile par estimation des fréquences",
            Self::ChainedEquipercentile => "méthode équipercentile enchaînée",
            Self::IrtTrueScore => "scores vrais (modèle de réponse aux questions)",
            Self::IrtObservedScore => "notes observées (modèle de réponse aux questions)",
        }
    }

    /// Does it need common questions?
    pub fn needs_anchor(self) -> bool {
        !matches!(self, Self::Identity | Self::Mean | Self::Linear | Self::Equipercentile | Self::CircleArc)
    }
}

/// A straight conversion: y = slope · x + intercept.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Line {
    /// Points of Y for one point of X.
    pub slope: f64,
    /// Points of Y for 0 at X.
    pub intercept: f64,
}

/// Every score of X and what it is worth at Y.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Conversion {
    /// How it was found.
    pub method: Method,
    /// Scores of X, ascending, in points.
    pub scale: Vec<f64>,
    /// Their equivalents, in points of Y, unrounded. Linear methods may leave the scale of Y, equipercentile
    /// ones go half a step beyond it.
    pub equated: Vec<f64>,
    /// Standard errors of the equivalents, in points of Y, where asked for.
    pub se: Option<Vec<f64>>,
    /// The line, where the conversion is one.
    pub line: Option<Line>,
}

impl Conversion {
    pub(crate) fn new(method: Method, scale: Vec<f64>, equated: Vec<f64>, line: Option<Line>) -> Estimate<Self> {
        if equated.iter().all(|y| y.is_finite()) {
            Ok(Self { method, scale, equated, se: None, line })
        } else {
            Err(NotEstimable::NotConverged { what: WHAT, detail: "une note convertie n’est pas un nombre".into() })
        }
    }

    pub(crate) fn by_line(method: Method, scale: &ScoreScale, slope: f64, intercept: f64) -> Estimate<Self> {
        let scores = scale.values();
        let equated = scores.iter().map(|x| slope * x + intercept).collect();
        Self::new(method, scores, equated, Some(Line { slope, intercept }))
    }

    /// What `score` is worth, by linear interpolation between scores of the scale; `None` off the scale.
    pub fn at(&self, score: f64) -> Option<f64> {
        let (first, last) = (self.scale.first()?, self.scale.last()?);
        if !(score >= *first && score <= *last) {
            return None;
        }
        let high = self.scale.partition_point(|s| *s < score).min(self.scale.len() - 1);
        let low = high.saturating_sub(1);
        let width = self.scale[high] - self.scale[low];
        let part = if width > 0.0 { (score - self.scale[low]) / width } else { 0.0 };
        Some(self.equated[low] + part * (self.equated[high] - self.equated[low]))
    }
}

/// The data do not suit the method.
pub(crate) fn unsuited<T>(detail: impl Into<String>) -> Estimate<T> {
    Err(NotEstimable::Unsuited { what: WHAT, detail: detail.into() })
}

/// Are there enough candidates?
pub(crate) fn enough(n: f64) -> Estimate<()> {
    if n < MINIMUM_CANDIDATES as f64 {
        return Err(NotEstimable::TooFewCandidates { what: WHAT, n: n as usize, needed: MINIMUM_CANDIDATES });
    }
    Ok(())
}

/// Standard deviation over replicates (n − 1), score by score.
pub(crate) fn spread(replicates: &[Vec<f64>]) -> Vec<f64> {
    let n = replicates.len() as f64;
    let points = replicates.first().map_or(0, Vec::len);
    (0..points)
        .map(|i| {
            let mean = replicates.iter().map(|r| r[i]).sum::<f64>() / n;
            let squares = replicates.iter().map(|r| (r[i] - mean).powi(2)).sum::<f64>();
            (squares / (n - 1.0)).sqrt()
        })
        .collect()
}

/// The replicates that could be computed, if at least nine in ten could.
pub(crate) fn enough_replicates<T>(replicates: Vec<Estimate<T>>, what: &'static str) -> Estimate<Vec<T>> {
    let asked = replicates.len();
    let kept: Vec<T> = replicates.into_iter().filter_map(Result::ok).collect();
    if kept.len() < 2 || kept.len() * 10 < asked * 9 {
        let detail = format!("seuls {} rééchantillonnages sur {asked} ont pu être calculés", kept.len());
        return Err(NotEstimable::NotConverged { what, detail });
    }
    Ok(kept)
}
