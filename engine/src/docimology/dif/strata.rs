//! Candidates put in strata of equal total, and the scores of each side in each stratum.

use super::Side;
use crate::docimology::matrix::{Item, MISSING};

/// Totals are equal when they round to the same millionth of a point: sums of decimals in another order are.
const PER_POINT: f64 = 1e6;

/// Where every candidate is compared.
pub(super) struct Strata {
    /// Of each candidate: stratum × 2 + side; the last row for those left out.
    row: Vec<u32>,
    /// Mean total of each stratum, in points.
    value: Vec<f64>,
}

impl Strata {
    /// One stratum a total; beyond `most` totals, bands of equal width (at most `most`).
    pub fn new(totals: impl Iterator<Item = f64>, sides: &[Side], most: usize) -> Self {
        let keys: Vec<i64> = totals.map(|t| (t * PER_POINT).round() as i64).collect();
        let within = |(k, s): (&i64, &Side)| (*s != Side::Out).then_some(*k);
        let mut distinct: Vec<i64> = keys.iter().zip(sides).filter_map(within).collect();
        distinct.sort_unstable();
        distinct.dedup();
        let (low, high) = (distinct.first().copied().unwrap_or(0), distinct.last().copied().unwrap_or(0));
        let most = most.max(2);
        let bands = distinct.len() > most;
        let count = distinct.len().min(most);
        let width = i128::from(high) - i128::from(low) + 1;
        let place = |key: i64| {
            if bands {
                ((i128::from(key) - i128::from(low)) * most as i128 / width) as usize
            } else {
                distinct.binary_search(&key).unwrap_or(0)
            }
        };
        let (mut sum, mut n) = (vec![0_i128; count], vec![0_i128; count]);
        let row = keys
            .iter()
            .zip(sides)
            .map(|(key, side)| {
                let side = match side {
                    Side::Reference => 0,
                    Side::Focal => 1,
                    Side::Out => return 2 * count as u32,
                };
                let at = place(*key);
                sum[at] += i128::from(*key);
                n[at] += 1;
                2 * at as u32 + side
            })
            .collect();
        let mean = |(sum, n): (&i128, &i128)| if *n > 0 { *sum as f64 / *n as f64 / PER_POINT } else { 0.0 };
        Self { row, value: sum.iter().zip(&n).map(mean).collect() }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.value.len()
    }

    /// Mean total, in points.
    pub fn value(&self, stratum: usize) -> f64 {
        self.value[stratum]
    }
}

/// Candidates by stratum, side and score.
pub(super) struct Table {
    /// Scores that someone has, ascending, in points.
    pub scores: Vec<f64>,
    counts: Vec<u32>,
}

impl Table {
    /// Counts a column.
    pub fn new(item: &Item, strata: &Strata) -> Self {
        let levels = item.levels.len();
        // One more place for what is missing, one more row for those left out.
        let stride = levels + 1;
        let mut counts = vec![0_u32; (2 * strata.count() + 1) * stride];
        for (cell, row) in item.cells.iter().zip(&strata.row) {
            let level = if *cell == MISSING { levels } else { usize::from(*cell).min(levels) };
            counts[*row as usize * stride + level] += 1;
        }
        let rows = 2 * strata.count();
        let used: Vec<usize> = (0..levels).filter(|l| (0..rows).any(|r| counts[r * stride + l] > 0)).collect();
        let kept = (0..rows).flat_map(|r| used.iter().map(move |l| r * stride + l)).map(|at| counts[at]).collect();
        Self { scores: used.iter().map(|l| item.levels[*l]).collect(), counts: kept }
    }

    /// How many scores.
    pub fn levels(&self) -> usize {
        self.scores.len()
    }

    /// Candidates of a side (0 reference, 1 focal) in a stratum, by score.
    pub fn row(&self, stratum: usize, side: usize) -> &[u32] {
        let at = (stratum * 2 + side) * self.scores.len();
        &self.counts[at..at + self.scores.len()]
    }
}
