//! Marks on 20 and marks at the common questions, as the engine's equating takes them.

use super::pairing::{Pair, Side};
use docimo_engine::docimology::Estimate;
use docimo_engine::docimology::equating::{Bivariate, Distribution, ScoreScale};

/// Which mark is compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mark {
    /// Of the whole exam.
    Whole,
    /// Of its rank A questions.
    RankA,
}

/// Distance between neighbouring marks, in points on 20: marks are put on the nearest tenth.
const STEP: f64 = 0.1;

/// Marks on 20 of those who have one, with their row.
pub fn marks(side: &Side<'_>, mark: Mark) -> Vec<(usize, f64)> {
    let own = &side.subject.marks;
    (0..own.candidates())
        .filter_map(|row| {
            let found = match mark {
                Mark::Whole => own.on_20(row),
                Mark::RankA => own.rank_a_on_20(row),
            };
            Some((row, found?.to_f64()))
        })
        .collect()
}

/// Does the question count in that mark, in both exams?
pub fn counts(x: &Side<'_>, y: &Side<'_>, pair: &Pair, mark: Mark) -> bool {
    let in_rank_a = |side: &Side<'_>, at: usize| {
        let paper = &side.subject.effective.paper;
        paper.questions().nth(at).is_some_and(|p| paper.counts_for_rank_a(p.question))
    };
    mark == Mark::Whole || (in_rank_a(x, pair.at.0) && in_rank_a(y, pair.at.1))
}

fn scale(lowest: f64) -> Estimate<ScoreScale> {
    ScoreScale::new(lowest.min(0.0).floor(), 20.0, STEP)
}

fn lowest(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, f64::min)
}

/// Marks alone.
pub fn distribution(side: &Side<'_>, mark: Mark) -> Estimate<Distribution> {
    let marks: Vec<f64> = marks(side, mark).into_iter().map(|m| m.1).collect();
    Distribution::from_scores(scale(lowest(marks.iter().copied()))?, &marks)
}

/// Marks with marks on 20 at the common questions `used`, of both exams. A common question weighs in the anchor what
/// it weighs in the second exam.
pub fn bivariate(x: &Side<'_>, y: &Side<'_>, used: &[&Pair], mark: Mark) -> Estimate<(Bivariate, Bivariate)> {
    let columns: Vec<(usize, usize)> = used.iter().filter_map(|p| p.columns).collect();
    let weights: Vec<f64> = columns.iter().map(|c| y.study.matrix.items()[c.1].max).collect();
    let total: f64 = weights.iter().sum();
    let at_anchor = |side: &Side<'_>, own: &dyn Fn(&(usize, usize)) -> usize| -> Vec<f64> {
        let mut sums = vec![0.0; side.study.matrix.candidates()];
        for (pair, weight) in columns.iter().zip(&weights) {
            let item = &side.study.matrix.items()[own(pair)];
            let points = 20.0 * weight / (item.max * total);
            sums.iter_mut().zip(item.scores()).for_each(|(sum, score)| *sum += score * points);
        }
        sums
    };
    let (ax, ay) = (at_anchor(x, &|c| c.0), at_anchor(y, &|c| c.1));
    let anchor = scale(lowest(ax.iter().chain(&ay).copied()))?;
    let pair = |side: &Side<'_>, anchors: &[f64]| {
        let marks = marks(side, mark);
        let own: Vec<f64> = marks.iter().map(|m| anchors[m.0]).collect();
        let totals: Vec<f64> = marks.into_iter().map(|m| m.1).collect();
        Bivariate::from_scores(scale(lowest(totals.iter().copied()))?, anchor, &totals, &own)
    };
    Ok((pair(x, &ax)?, pair(y, &ay)?))
}

/// Mark on 20 = first + second · points at the questions `columns`, for every candidate; `None` where it is not so.
/// What everyone has (questions credited, flat ones) is in the first number, a stretched scale in the second.
pub fn affine(side: &Side<'_>, columns: &[usize]) -> Option<(f64, f64)> {
    let totals = side.study.matrix.select(columns).totals();
    let marks = marks(side, Mark::Whole);
    let points: Vec<(f64, f64)> = marks.iter().map(|(row, mark)| (totals[*row], *mark)).collect();
    let low = points.iter().copied().min_by(|a, b| a.0.total_cmp(&b.0))?;
    let high = points.iter().copied().max_by(|a, b| a.0.total_cmp(&b.0))?;
    let slope = (high.1 - low.1) / (high.0 - low.0);
    let start = low.1 - slope * low.0;
    let fits = points.iter().all(|(total, mark)| (start + slope * total - mark).abs() < 1e-6);
    (slope.is_finite() && slope > 0.0 && fits).then_some((start, slope))
}
