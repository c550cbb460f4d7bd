//! First indices of a marked exam: distribution, difficulty, discrimination, reliability.
//!
//! Statistics are doubles; marks stay exact elsewhere. What cannot be computed is `None`, never a NaN.

use serde::Serialize;

/// Mean, spread and order statistics of a list of marks.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Summary {
    /// How many.
    pub n: usize,
    /// Arithmetic mean.
    pub mean: f64,
    /// Standard deviation of the sample (n − 1); 0 for one value.
    pub sd: f64,
    /// Smallest.
    pub min: f64,
    /// Largest.
    pub max: f64,
    /// Quartiles by linear interpolation between closest ranks (Hyndman and Fan 1996, type 7).
    pub quartiles: [f64; 3],
}

/// Summary of `values`; `None` when empty.
pub fn summary(values: &[f64]) -> Option<Summary> {
    if values.is_empty() {
        return None;
    }
    let n = values.len();
    let mean = values.iter().sum::<f64>() / n as f64;
    let squares = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
    let sd = if n > 1 { (squares / (n - 1) as f64).sqrt() } else { 0.0 };
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let quantile = |q: f64| {
        let at = q * (n - 1) as f64;
        let (low, part) = (at.floor() as usize, at.fract());
        sorted[low] + part * (sorted[(low + 1).min(n - 1)] - sorted[low])
    };
    Some(Summary { n, mean, sd, min: sorted[0], max: sorted[n - 1], quartiles: [0.25, 0.5, 0.75].map(quantile) })
}

/// Pearson correlation; `None` when a list is constant or shorter than three.
pub fn correlation(x: &[f64], y: &[f64]) -> Option<f64> {
    let n = x.len().min(y.len());
    if n < 3 {
        return None;
    }
    let (mx, my) = (x[..n].iter().sum::<f64>() / n as f64, y[..n].iter().sum::<f64>() / n as f64);
    let (mut sxy, mut sxx, mut syy) = (0.0, 0.0, 0.0);
    for (a, b) in x[..n].iter().zip(&y[..n]) {
        sxy += (a - mx) * (b - my);
        sxx += (a - mx).powi(2);
        syy += (b - my).powi(2);
    }
    // Sums of rounding errors are not variance.
    let tiny = 1e-12 * n as f64;
    (sxx > tiny && syy > tiny).then(|| (sxy / (sxx * syy).sqrt()).clamp(-1.0, 1.0))
}

/// Indices of one question.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ItemIndices {
    /// Mean score on 0..=1: the success rate (*indice de difficulté*).
    pub p: Option<f64>,
    /// Mean of the best 27 % less mean of the worst 27 % (Kelley 1939).
    pub d27: Option<f64>,
    /// Correlation with the sum of the other questions.
    pub r_item_rest: Option<f64>,
}

/// Indices of a whole exam.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ExamIndices {
    /// By question.
    pub items: Vec<ItemIndices>,
    /// Cronbach (1951); `None` with fewer than two questions or no variance.
    pub alpha: Option<f64>,
    /// Standard error of measurement, in points: SD √(1 − α).
    pub sem: Option<f64>,
}

/// Classical indices from scores by question (`scores[question][candidate]`, 0..=1 each).
pub fn exam_indices(scores: &[Vec<f64>]) -> ExamIndices {
    let n = scores.first().map_or(0, Vec::len);
    let k = scores.len();
    let mut totals = vec![0.0; n];
    for item in scores {
        totals.iter_mut().zip(item).for_each(|(t, s)| *t += s);
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|a, b| totals[*b].total_cmp(&totals[*a]).then(a.cmp(b)));
    let slice = ((n as f64 * 0.27).round() as usize).max(1);
    let items = scores
        .iter()
        .map(|item| {
            let mean_of = |rows: &[usize]| rows.iter().map(|i| item[*i]).sum::<f64>() / rows.len() as f64;
            let rest: Vec<f64> = totals.iter().zip(item).map(|(t, s)| t - s).collect();
            ItemIndices {
                p: (n > 0).then(|| item.iter().sum::<f64>() / n as f64),
                d27: (n >= 4).then(|| mean_of(&order[..slice]) - mean_of(&order[n - slice..])),
                r_item_rest: if k > 1 { correlation(item, &rest) } else { None },
            }
        })
        .collect();
    let variance = |values: &[f64]| summary(values).map_or(0.0, |s| s.sd * s.sd);
    let total_variance = variance(&totals);
    let alpha = (k > 1 && n > 1 && total_variance > 1e-12).then(|| {
        let within: f64 = scores.iter().map(|item| variance(item)).sum();
        k as f64 / (k - 1) as f64 * (1.0 - within / total_variance)
    });
    let sem = alpha.map(|a| (total_variance * (1.0 - a).max(0.0)).sqrt());
    ExamIndices { items, alpha, sem }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RULES §5: 6 candidates × 3 items.
    #[test]
    fn the_worked_example_of_the_rules() {
        let rows =
            [[1.0, 0.5, 1.0], [1.0, 1.0, 0.5], [0.5, 0.2, 0.5], [0.2, 0.0, 0.5], [1.0, 0.5, 0.2], [0.0, 0.2, 0.0]];
        let scores: Vec<Vec<f64>> = (0..3).map(|j| rows.iter().map(|r| r[j]).collect()).collect();
        let indices = exam_indices(&scores);
        let near = |value: Option<f64>, expected: f64| {
            assert!((value.unwrap() - expected).abs() < 5e-4, "{value:?} {expected}")
        };
        for (j, (p, r, d)) in [(0.6167, 0.835, 0.90), (0.4, 0.613, 0.65), (0.45, 0.393, 0.50)].into_iter().enumerate() {
            near(indices.items[j].p, p);
            near(indices.items[j].r_item_rest, r);
            near(indices.items[j].d27, d);
        }
        near(indices.alpha, 0.758);
        near(indices.sem, 0.464);
    }

    #[test]
    fn what_cannot_be_computed_is_absent() {
        let indices = exam_indices(&[vec![1.0, 1.0, 1.0], vec![1.0, 1.0, 1.0]]);
        assert_eq!((indices.alpha, indices.sem, indices.items[0].r_item_rest), (None, None, None));
        assert!(summary(&[]).is_none());
        assert_eq!(exam_indices(&[]).alpha, None);
    }
}
