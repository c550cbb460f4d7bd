//! Score scales and distributions, percentile ranks and their inverse.

use super::{Estimate, unsuited};
use serde::Serialize;
use std::collections::BTreeMap;

/// Most points of a scale.
const MOST_POINTS: usize = 100_000;

/// Equally spaced scores.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct ScoreScale {
    min: f64,
    step: f64,
    points: usize,
}

impl ScoreScale {
    /// From the lowest and the highest score and the distance between neighbours, all in points.
    ///
    /// # Errors
    /// Not numbers, fewer than two points or more than 100,000, or a step that does not divide the range.
    pub fn new(min: f64, max: f64, step: f64) -> Estimate<Self> {
        let steps = (max - min) / step;
        if !(min.is_finite() && steps.is_finite() && step > 0.0 && steps > 0.5) {
            return unsuited("l’échelle des notes est vide");
        }
        if steps.round() >= MOST_POINTS as f64 {
            return unsuited(format!("l’échelle des notes a plus de {MOST_POINTS} valeurs"));
        }
        if (steps - steps.round()).abs() > 1e-6 {
            return unsuited("l’étendue des notes n’est pas un multiple du pas");
        }
        Ok(Self { min, step, points: steps.round() as usize + 1 })
    }

    /// Lowest score.
    pub fn min(&self) -> f64 {
        self.min
    }

    /// Highest score.
    pub fn max(&self) -> f64 {
        self.value(self.points - 1)
    }

    /// Distance between neighbours.
    pub fn step(&self) -> f64 {
        self.step
    }

    /// Number of scores.
    pub fn points(&self) -> usize {
        self.points
    }

    /// The `i`-th score, from 0.
    pub fn value(&self, i: usize) -> f64 {
        self.min + self.step * i as f64
    }

    /// All scores, ascending.
    pub fn values(&self) -> Vec<f64> {
        (0..self.points).map(|i| self.value(i)).collect()
    }

    /// Index of the score nearest to `score`; `None` beyond half a step of the ends.
    pub fn index(&self, score: f64) -> Option<usize> {
        let at = self.position(score).round();
        (at >= 0.0 && at < self.points as f64).then_some(at as usize)
    }

    fn position(&self, score: f64) -> f64 {
        (score - self.min) / self.step
    }

    fn index_of(&self, score: f64) -> Estimate<usize> {
        self.index(score).map_or_else(
            || {
                let text = format!("la note {score} sort de l’échelle {} à {}", self.min, self.max());
                unsuited(text.replace('.', ","))
            },
            Ok,
        )
    }
}

/// How many candidates have each score. Counts need not be whole: smoothed and predicted ones are not.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Distribution {
    scale: ScoreScale,
    counts: Vec<f64>,
}

impl Distribution {
    /// From counts, one a score of the scale.
    ///
    /// # Errors
    /// As many counts as scores are needed, none negative, not all 0.
    pub fn new(scale: ScoreScale, counts: Vec<f64>) -> Estimate<Self> {
        if counts.len() != scale.points {
            return unsuited(format!("{} effectifs pour {} notes possibles", counts.len(), scale.points));
        }
        if counts.iter().any(|c| !(c.is_finite() && *c >= 0.0)) {
            return unsuited("un effectif est négatif ou n’est pas un nombre");
        }
        let total = counts.iter().sum::<f64>();
        if !(total.is_finite() && total > 0.0) {
            return unsuited("aucun candidat n’a de note");
        }
        Ok(Self { scale, counts })
    }

    /// From the scores of candidates, each put on the nearest score of the scale. Their order is indifferent.
    ///
    /// # Errors
    /// A score off the scale, or no candidate.
    pub fn from_scores(scale: ScoreScale, scores: &[f64]) -> Estimate<Self> {
        let mut counts = vec![0.0; scale.points];
        for score in scores {
            counts[scale.index_of(*score)?] += 1.0;
        }
        Self::new(scale, counts)
    }

    /// The scores.
    pub fn scale(&self) -> &ScoreScale {
        &self.scale
    }

    /// Candidates by score.
    pub fn counts(&self) -> &[f64] {
        &self.counts
    }

    /// Number of candidates.
    pub fn n(&self) -> f64 {
        self.counts.iter().sum()
    }

    /// Mean, in points.
    pub fn mean(&self) -> f64 {
        self.raw(|position| position).mul_add(self.scale.step, self.scale.min)
    }

    /// Variance with divisor n − 1, in squared points; 0 for fewer than two candidates.
    pub fn variance(&self) -> f64 {
        let n = self.n();
        if n > 1.0 { self.central(2) * n / (n - 1.0) } else { 0.0 }
    }

    /// Third and fourth standardised moments (divisor n for the moments, n − 1 for the deviation, as R
    /// `equate`); `None` without variance. A normal law has 0 and 3.
    pub fn skewness_kurtosis(&self) -> Option<(f64, f64)> {
        let sd = self.variance().sqrt();
        (sd > 0.0).then(|| (self.central(3) / sd.powi(3), self.central(4) / sd.powi(4)))
    }

    /// Central moment with divisor n, in points to the power `k`.
    pub(crate) fn central(&self, k: i32) -> f64 {
        let mean = self.raw(|position| position);
        self.raw(|position| (position - mean).powi(k)) * self.scale.step.powi(k)
    }

    fn raw(&self, of: impl Fn(f64) -> f64) -> f64 {
        self.counts.iter().enumerate().map(|(i, c)| c * of(i as f64)).sum::<f64>() / self.n()
    }

    /// Percentile rank of `score` on 0..=1: share below it when each score is spread evenly over half a step on
    /// both sides (Kolen and Brennan 2014, eq. 2.14, over 100).
    pub fn percentile_rank(&self, score: f64) -> f64 {
        Percentiles::new(self).rank(score).below()
    }

    /// Score of percentile rank `p` (0..=1), the inverse of [`Self::percentile_rank`] (Kolen and Brennan 2014,
    /// eq. 2.15 to 2.18); the middle of the scores that no one has where several fit.
    pub fn score_at(&self, p: f64) -> f64 {
        let p = if p.is_nan() { 0.5 } else { p.clamp(0.0, 1.0) };
        Percentiles::new(self).at(if p <= 0.5 { Rank::Below(p) } else { Rank::Above(1.0 - p) })
    }
}

/// Share of candidates on the shorter side of a score: precise in both tails.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rank {
    /// Share below, at most ½.
    Below(f64),
    /// Share above, less than ½.
    Above(f64),
}

impl Rank {
    /// Share below.
    pub(crate) fn below(self) -> f64 {
        match self {
            Self::Below(p) => p,
            Self::Above(q) => 1.0 - q,
        }
    }
}

/// Cumulated shares from both ends.
pub(crate) struct Percentiles {
    scale: ScoreScale,
    low: Vec<f64>,
    high: Vec<f64>,
}

impl Percentiles {
    pub(crate) fn new(of: &Distribution) -> Self {
        Self { scale: of.scale, low: cumulate(of.counts.iter()), high: cumulate(of.counts.iter().rev()) }
    }

    /// Share below the `i`-th score; 1 after the last.
    pub(crate) fn cumulated(&self) -> &[f64] {
        &self.low
    }

    pub(crate) fn rank(&self, score: f64) -> Rank {
        let at = self.scale.position(score);
        let below = rank(&self.low, at);
        if below <= 0.5 { Rank::Below(below) } else { Rank::Above(rank(&self.high, self.last() - at)) }
    }

    pub(crate) fn at(&self, rank: Rank) -> f64 {
        let at = match rank {
            Rank::Below(p) => inverse(&self.low, p),
            Rank::Above(q) => self.last() - inverse(&self.high, q),
        };
        self.scale.min + self.scale.step * at
    }

    fn last(&self) -> f64 {
        (self.scale.points - 1) as f64
    }
}

fn cumulate<'a>(counts: impl Iterator<Item = &'a f64>) -> Vec<f64> {
    let mut sums = vec![0.0];
    let mut sum = 0.0;
    for count in counts {
        sum += count;
        sums.push(sum);
    }
    sums.iter_mut().for_each(|s| *s /= sum);
    sums
}

/// Share below a position (score 0 covers −½ to ½).
fn rank(sums: &[f64], at: f64) -> f64 {
    let at = at + 0.5;
    if at <= 0.0 {
        return 0.0;
    }
    let cell = at.floor() as usize;
    if cell + 1 >= sums.len() {
        return 1.0;
    }
    sums[cell] + (at - cell as f64) * (sums[cell + 1] - sums[cell])
}

/// Position of a share: the mean of the highest and the lowest that fit.
fn inverse(sums: &[f64], p: f64) -> f64 {
    let last = sums.len() - 1;
    if p <= 0.0 {
        return -0.5;
    }
    // Shares that differ by rounding only are the same.
    let tie = 1e-11 * p;
    let within = |cell: usize| {
        let width = sums[cell + 1] - sums[cell];
        let part = if width > 0.0 { ((p - sums[cell]) / width).clamp(0.0, 1.0) } else { 0.0 };
        cell as f64 - 0.5 + part
    };
    let above = sums.partition_point(|s| *s <= p + tie);
    if above > last {
        return last as f64 - 0.5;
    }
    let below = sums.partition_point(|s| *s < p - tie);
    0.5 * (within(above - 1) + within(below - 1))
}

/// Scores of X converted to the scale of Y by percentile ranks.
pub(crate) fn equipercentile(x: &Distribution, y: &Distribution) -> Vec<f64> {
    let (from, to) = (Percentiles::new(x), Percentiles::new(y));
    x.scale.values().into_iter().map(|score| to.at(from.rank(score))).collect()
}

/// Candidates by total score and by score at the common questions.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Bivariate {
    total: ScoreScale,
    anchor: ScoreScale,
    /// Index of the total, index of the anchor score, candidates; ascending, none empty.
    cells: Vec<(usize, usize, f64)>,
}

impl Bivariate {
    /// From the scores of candidates (`totals[i]` and `anchors[i]` are of the same one), each put on the nearest
    /// score of its scale. Their order is indifferent.
    ///
    /// # Errors
    /// Lists of different lengths, a score off its scale, no candidate.
    pub fn from_scores(total: ScoreScale, anchor: ScoreScale, totals: &[f64], anchors: &[f64]) -> Estimate<Self> {
        if totals.len() != anchors.len() {
            return unsuited(format!("{} notes et {} notes d’ancrage", totals.len(), anchors.len()));
        }
        let mut cells: BTreeMap<(usize, usize), f64> = BTreeMap::new();
        for (t, a) in totals.iter().zip(anchors) {
            *cells.entry((total.index_of(*t)?, anchor.index_of(*a)?)).or_default() += 1.0;
        }
        if cells.is_empty() {
            return unsuited("aucun candidat n’a de note");
        }
        Ok(Self { total, anchor, cells: cells.into_iter().map(|((t, a), n)| (t, a, n)).collect() })
    }

    pub(crate) fn with_counts(&self, counts: &[f64]) -> Self {
        let cells = self.cells.iter().zip(counts).filter(|(_, n)| **n > 0.0).map(|(c, n)| (c.0, c.1, *n)).collect();
        Self { cells, ..*self }
    }

    pub(crate) fn cells(&self) -> &[(usize, usize, f64)] {
        &self.cells
    }

    /// Scores at the whole exam.
    pub fn total_scale(&self) -> &ScoreScale {
        &self.total
    }

    /// Scores at the common questions.
    pub fn anchor_scale(&self) -> &ScoreScale {
        &self.anchor
    }

    /// Number of candidates.
    pub fn n(&self) -> f64 {
        self.cells.iter().map(|c| c.2).sum()
    }

    /// Total scores alone.
    pub fn totals(&self) -> Distribution {
        self.margin(self.total, |c| c.0)
    }

    /// Scores at the common questions alone.
    pub fn anchors(&self) -> Distribution {
        self.margin(self.anchor, |c| c.1)
    }

    fn margin(&self, scale: ScoreScale, at: impl Fn(&(usize, usize, f64)) -> usize) -> Distribution {
        let mut counts = vec![0.0; scale.points];
        self.cells.iter().for_each(|c| counts[at(c)] += c.2);
        Distribution { scale, counts }
    }

    /// Covariance of both scores with divisor n − 1, in squared points.
    pub fn covariance(&self) -> f64 {
        let (n, total, anchor) = (self.n(), self.totals().mean(), self.anchors().mean());
        let product =
            |c: &(usize, usize, f64)| c.2 * (self.total.value(c.0) - total) * (self.anchor.value(c.1) - anchor);
        if n > 1.0 { self.cells.iter().map(product).sum::<f64>() / (n - 1.0) } else { 0.0 }
    }
}
