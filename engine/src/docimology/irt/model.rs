//! Response functions: the probability of each category of a question at an ability.

use crate::docimology::numeric::logistic;
use serde::{Deserialize, Serialize};

/// Which model.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Model {
    /// Rasch (1960): right or wrong, slope common to all questions (1), the spread of ability is estimated.
    Rasch,
    /// Birnbaum (1968): right or wrong, one slope a question.
    #[serde(rename = "2pl")]
    TwoPl,
    /// Birnbaum (1968): with a lower asymptote (guessing), which needs a prior.
    #[serde(rename = "3pl")]
    ThreePl,
    /// Masters (1982), partial credit: several steps, slope common to all questions.
    Pcm,
    /// Muraki (1992), generalised partial credit.
    Gpcm,
    /// Samejima (1969), graded response.
    Grm,
}

impl Model {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Rasch, Self::TwoPl, Self::ThreePl, Self::Pcm, Self::Gpcm, Self::Grm];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rasch => "rasch",
            Self::TwoPl => "2pl",
            Self::ThreePl => "3pl",
            Self::Pcm => "pcm",
            Self::Gpcm => "gpcm",
            Self::Grm => "grm",
        }
    }

    /// From its name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|m| m.name() == name)
    }

    /// Right or wrong only.
    pub fn dichotomous(self) -> bool {
        matches!(self, Self::Rasch | Self::TwoPl | Self::ThreePl)
    }

    /// Is the slope common to all questions, and the spread of ability estimated instead?
    pub fn common_slope(self) -> bool {
        matches!(self, Self::Rasch | Self::Pcm)
    }
}

/// Parameters of one question.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ItemParameters {
    /// Which response function.
    pub model: Model,
    /// Slope, per logit; positive where the question discriminates.
    pub a: f64,
    /// One threshold (GRM: P(category ≥ k) = ½) or step (GPCM: categories k − 1 and k equally likely) for each
    /// category but the first, in logits. Right-or-wrong questions have one, their difficulty.
    pub b: Vec<f64>,
    /// Lower asymptote, 0 but for 3PL.
    pub c: f64,
}

/// What ability and fit need of a question.
pub trait Response: Sync {
    /// Number of categories.
    fn categories(&self) -> usize;

    /// Probabilities of the categories at `theta` into `p`, at least as long as there are categories.
    fn probabilities(&self, theta: f64, p: &mut [f64]);

    /// The same with their first two derivatives by `theta`.
    fn derivatives(&self, theta: f64, p: &mut [f64], first: &mut [f64], second: &mut [f64]);
}

impl Response for ItemParameters {
    fn categories(&self) -> usize {
        self.categories()
    }

    fn probabilities(&self, theta: f64, p: &mut [f64]) {
        self.probabilities(theta, p);
    }

    fn derivatives(&self, theta: f64, p: &mut [f64], first: &mut [f64], second: &mut [f64]) {
        self.derivatives(theta, p, first, second);
    }
}

impl ItemParameters {
    /// A right-or-wrong question.
    pub fn two_pl(a: f64, b: f64) -> Self {
        Self { model: Model::TwoPl, a, b: vec![b], c: 0.0 }
    }

    /// A right-or-wrong question with a lower asymptote.
    pub fn three_pl(a: f64, b: f64, c: f64) -> Self {
        Self { model: Model::ThreePl, a, b: vec![b], c }
    }

    /// Number of categories.
    pub fn categories(&self) -> usize {
        self.b.len() + 1
    }

    /// Probabilities of the categories at `theta` into `out` (at least [`Self::categories`] long).
    pub fn probabilities(&self, theta: f64, out: &mut [f64]) {
        match self.model {
            Model::Rasch | Model::TwoPl | Model::ThreePl => {
                let p = self.c + (1.0 - self.c) * logistic(self.a * (theta - self.b[0]));
                out[0] = (1.0 - self.c) * logistic(-self.a * (theta - self.b[0]));
                out[1] = p;
            }
            Model::Pcm | Model::Gpcm => {
                let (mut z, mut most) = (0.0, 0.0_f64);
                out[0] = 0.0;
                for (k, b) in self.b.iter().enumerate() {
                    z += self.a * (theta - b);
                    out[k + 1] = z;
                    most = most.max(z);
                }
                let out = &mut out[..=self.b.len()];
                let mut sum = 0.0;
                for z in out.iter_mut() {
                    *z = (*z - most).exp();
                    sum += *z;
                }
                out.iter_mut().for_each(|p| *p /= sum);
            }
            Model::Grm => {
                let mut above = 1.0;
                for (k, b) in self.b.iter().enumerate() {
                    let here = logistic(self.a * (theta - b));
                    out[k] = (above - here).max(0.0);
                    above = here;
                }
                out[self.b.len()] = above;
            }
        }
    }

    /// Probabilities of the categories and their first two derivatives by `theta`.
    pub fn derivatives(&self, theta: f64, p: &mut [f64], first: &mut [f64], second: &mut [f64]) {
        self.probabilities(theta, p);
        let k = self.categories();
        let a = self.a;
        match self.model {
            Model::Rasch | Model::TwoPl | Model::ThreePl => {
                let star = logistic(a * (theta - self.b[0]));
                let slope = (1.0 - self.c) * a * star * (1.0 - star);
                let bend = slope * a * (1.0 - 2.0 * star);
                (first[0], first[1], second[0], second[1]) = (-slope, slope, -bend, bend);
            }
            Model::Pcm | Model::Gpcm => {
                let mean: f64 = p[..k].iter().enumerate().map(|(j, p)| j as f64 * p).sum();
                let var: f64 = p[..k].iter().enumerate().map(|(j, p)| (j as f64 - mean).powi(2) * p).sum();
                for j in 0..k {
                    let off = j as f64 - mean;
                    first[j] = a * p[j] * off;
                    second[j] = a * a * p[j] * (off * off - var);
                }
            }
            Model::Grm => {
                let (mut slope_above, mut bend_above) = (0.0, 0.0);
                for j in 0..k {
                    let (slope, bend) = if j + 1 < k {
                        let f = logistic(a * (theta - self.b[j]));
                        let slope = a * f * (1.0 - f);
                        (slope, a * slope * (1.0 - 2.0 * f))
                    } else {
                        (0.0, 0.0)
                    };
                    first[j] = slope_above - slope;
                    second[j] = bend_above - bend;
                    (slope_above, bend_above) = (slope, bend);
                }
            }
        }
    }

    /// Fisher information on ability at `theta`: Σ_k P'_k² / P_k (Samejima 1969; Birnbaum 1968, eq. 20.2.3).
    pub fn information(&self, theta: f64) -> f64 {
        let k = self.categories();
        let (mut p, mut first, mut second) = (vec![0.0; k], vec![0.0; k], vec![0.0; k]);
        self.derivatives(theta, &mut p, &mut first, &mut second);
        p.iter().zip(&first).filter(|(p, _)| **p > 1e-300).map(|(p, f)| f * f / p).sum()
    }

    /// Probability of category `k` at `theta`.
    pub fn probability(&self, theta: f64, k: usize) -> f64 {
        let mut out = vec![0.0; self.categories()];
        self.probabilities(theta, &mut out);
        out[k]
    }

    /// Expected score at `theta` when category `k` is worth `scores[k]`.
    pub fn expected(&self, theta: f64, scores: &[f64]) -> f64 {
        let mut out = vec![0.0; self.categories()];
        self.probabilities(theta, &mut out);
        out.iter().zip(scores).map(|(p, s)| p * s).sum()
    }

    /// The same question once ability is changed to A·θ + B (Kolen and Brennan 2014, eq. 6.1-6.3).
    pub fn rescaled(&self, slope: f64, shift: f64) -> Self {
        Self { model: self.model, a: self.a / slope, b: self.b.iter().map(|b| slope * b + shift).collect(), c: self.c }
    }
}
