//! How often an order such as this one puts the right answer first, and when to say nothing.
//!
//! Fused scores are no probabilities. What tells a sure answer from a lucky one is how far the first stands from the
//! second and from the crowd; a logistic regression on validated tags turns these two into a probability.

use serde::{Deserialize, Serialize};

/// Where the first of an order stands, in standard deviations of all scores.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stand {
    /// Above the mean.
    pub height: f64,
    /// Above the second.
    pub margin: f64,
}

impl Stand {
    /// Reads scores; `None` where there are fewer than two, or all alike: nothing stands out.
    #[must_use]
    pub fn of(scores: &[f32]) -> Option<Self> {
        let mut scores = scores.to_vec();
        super::fusion::standardise(&mut scores);
        match super::fusion::best(&scores, 2)[..] {
            [first, second] if scores[first] > 0.0 => Some(Self {
                height: f64::from(scores[first]),
                margin: f64::from(scores[first]) - f64::from(scores[second]),
            }),
            _ => None,
        }
    }
}

/// From a stand to a probability.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Log-odds where nothing stands out.
    pub intercept: f64,
    /// Log-odds a standard deviation of height.
    pub height: f64,
    /// Log-odds a standard deviation of margin.
    pub margin: f64,
}

/// How much the fit is held back towards zero: a handful of tags all rightly placed must not make it certain.
const RIDGE: f64 = 0.5;

impl Calibration {
    /// The probability that the first is right, in `0..=1`.
    #[must_use]
    pub fn probability(&self, stand: Stand) -> f64 {
        1.0 / (1.0 + (-(self.intercept + self.height * stand.height + self.margin * stand.margin)).exp())
    }

    /// Learns from stands whose first was right or not, by penalised likelihood (Newton's method). `None` where
    /// all were right or all wrong: such a sample says nothing of the difference.
    #[must_use]
    pub fn fit(sample: &[(Stand, bool)]) -> Option<Self> {
        let right = sample.iter().filter(|(_, right)| *right).count();
        if right == 0 || right == sample.len() {
            return None;
        }
        let mut at = [0.0; 3];
        for _ in 0..50 {
            let mut gradient = [0.0, -RIDGE * at[1], -RIDGE * at[2]];
            let mut curvature = [[1e-9, 0.0, 0.0], [0.0, RIDGE, 0.0], [0.0, 0.0, RIDGE]];
            for (stand, right) in sample {
                let x = [1.0, stand.height, stand.margin];
                let p = Self { intercept: at[0], height: at[1], margin: at[2] }.probability(*stand);
                for i in 0..3 {
                    gradient[i] += (f64::from(u8::from(*right)) - p) * x[i];
                    for j in 0..3 {
                        curvature[i][j] += p * (1.0 - p) * x[i] * x[j];
                    }
                }
            }
            let step = solve(curvature, gradient)?;
            let longest = step.iter().fold(0.0f64, |m, s| m.max(s.abs()));
            // A step that is too long would leave the region where the likelihood is what its curvature says.
            let scale = if longest > 2.0 { 2.0 / longest } else { 1.0 };
            for (own, step) in at.iter_mut().zip(step) {
                *own += scale * step;
            }
            if longest < 1e-9 {
                break;
            }
        }
        at.iter().all(|v| v.is_finite()).then_some(Self { intercept: at[0], height: at[1], margin: at[2] })
    }
}

/// Solves three equations by elimination with pivots; `None` where they have no single solution.
fn solve(mut matrix: [[f64; 3]; 3], mut right: [f64; 3]) -> Option<[f64; 3]> {
    for column in 0..3 {
        let pivot = (column..3).max_by(|a, b| matrix[*a][column].abs().total_cmp(&matrix[*b][column].abs()))?;
        if matrix[pivot][column].abs() < 1e-14 {
            return None;
        }
        matrix.swap(column, pivot);
        right.swap(column, pivot);
        for row in column + 1..3 {
            let factor = matrix[row][column] / matrix[column][column];
            let above = matrix[column];
            for (own, above) in matrix[row].iter_mut().zip(above) {
                *own -= factor * above;
            }
            right[row] -= factor * right[column];
        }
    }
    let mut solution = [0.0; 3];
    for row in (0..3).rev() {
        let known: f64 = (row + 1..3).map(|c| matrix[row][c] * solution[c]).sum();
        solution[row] = (right[row] - known) / matrix[row][row];
    }
    Some(solution)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_stands_out_or_nothing_does() {
        let sure = Stand::of(&[0.0, 0.1, 0.2, 9.0]).map(|s| s.margin);
        let unsure = Stand::of(&[0.0, 0.1, 8.9, 9.0]).map(|s| s.margin);
        assert!(sure > unsure, "{sure:?} {unsure:?}");
        assert_eq!(Stand::of(&[3.0, 3.0]), None);
        assert_eq!(Stand::of(&[3.0]), None);
        assert_eq!(Stand::of(&[]), None);
    }

    #[test]
    fn a_fit_finds_the_rates_of_its_sample() {
        // A tenth right where nothing stands out, nine tenths where the margin is 2: 100 of each.
        let stand = |margin| Stand { height: 3.0, margin };
        let sample: Vec<(Stand, bool)> =
            (0..200).map(|i| if i < 100 { (stand(0.0), i < 10) } else { (stand(2.0), i < 190) }).collect();
        let fit = Calibration::fit(&sample).expect("both outcomes occur");
        assert!((fit.probability(stand(0.0)) - 0.1).abs() < 0.02, "{fit:?}");
        assert!((fit.probability(stand(2.0)) - 0.9).abs() < 0.02, "{fit:?}");
        assert!((0.4..0.6).contains(&fit.probability(stand(1.0))), "{fit:?}");
    }

    #[test]
    fn a_sample_without_a_difference_teaches_nothing() {
        let stand = Stand { height: 3.0, margin: 1.0 };
        assert_eq!(Calibration::fit(&[(stand, true); 5]), None);
        assert_eq!(Calibration::fit(&[(stand, false); 5]), None);
        assert_eq!(Calibration::fit(&[]), None);
    }

    #[test]
    fn perfect_separation_stays_finite() {
        let at = |margin| Stand { height: 2.0, margin };
        let fit = Calibration::fit(&[(at(0.0), false), (at(0.1), false), (at(3.0), true), (at(3.1), true)]);
        let fit = fit.expect("both outcomes occur");
        assert!(fit.probability(at(3.0)) > 0.5 && fit.probability(at(0.0)) < 0.5);
        assert!(fit.probability(at(3.0)) < 1.0);
    }
}
