//! One order out of several scores that are not on one scale.

/// Brings scores to mean 0 and standard deviation 1; all zero where they are all the same. What is not a number
/// counts as the mean.
pub fn standardise(scores: &mut [f32]) {
    let finite: Vec<f64> = scores.iter().filter(|s| s.is_finite()).map(|s| f64::from(*s)).collect();
    let n = finite.len().max(1) as f64;
    let mean = finite.iter().sum::<f64>() / n;
    let deviation = (finite.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / n).sqrt();
    for score in scores {
        let distance = f64::from(*score) - mean;
        *score = if deviation > 1e-12 && distance.is_finite() { (distance / deviation) as f32 } else { 0.0 };
    }
}

/// Adds standardised scores, each with its weight. A part of another length is a fault of the caller.
#[must_use]
pub fn weighted_sum(parts: Vec<(f32, Vec<f32>)>) -> Vec<f32> {
    let mut sum: Vec<f32> = Vec::new();
    for (weight, mut part) in parts {
        standardise(&mut part);
        sum.resize(part.len(), 0.0);
        for (all, own) in sum.iter_mut().zip(part) {
            *all += weight * own;
        }
    }
    sum
}

/// Places from the best score to the worst, the `most` first; equals in the order of their places.
#[must_use]
pub fn best(scores: &[f32], most: usize) -> Vec<usize> {
    let mut places: Vec<usize> = (0..scores.len()).collect();
    let order = |a: &usize, b: &usize| scores[*b].total_cmp(&scores[*a]).then(a.cmp(b));
    if most < places.len() && most > 0 {
        places.select_nth_unstable_by(most - 1, order);
    }
    places.truncate(most);
    places.sort_unstable_by(order);
    places
}

/// What a whole inherits from its parts: for each, the mean of its `most` best parts. A whole without part has the least
/// of all.
#[must_use]
pub fn from_parts(scores: &[f32], whole_of: &[usize], wholes: usize, most: usize) -> Vec<f32> {
    let mut parts: Vec<Vec<f32>> = vec![Vec::new(); wholes];
    for (score, whole) in scores.iter().zip(whole_of) {
        if let Some(own) = parts.get_mut(*whole) {
            own.push(*score);
        }
    }
    let least = scores.iter().copied().fold(f32::INFINITY, f32::min);
    let least = if least.is_finite() { least } else { 0.0 };
    let mean = |mut own: Vec<f32>| {
        own.sort_unstable_by(|a, b| b.total_cmp(a));
        own.truncate(most.max(1));
        if own.is_empty() { least } else { own.iter().sum::<f32>() / own.len() as f32 }
    };
    parts.into_iter().map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_of_any_scale_weigh_the_same() {
        // The second part is the first, a thousand times larger and turned round: they cancel out.
        let sum = weighted_sum(vec![(1.0, vec![1.0, 2.0, 3.0]), (1.0, vec![3000.0, 2000.0, 1000.0])]);
        assert!(sum.iter().all(|s| s.abs() < 1e-5), "{sum:?}");
        let sum = weighted_sum(vec![(2.0, vec![1.0, 2.0, 3.0]), (1.0, vec![3000.0, 2000.0, 1000.0])]);
        assert_eq!(best(&sum, 3), [2, 1, 0]);
    }

    #[test]
    fn scores_that_say_nothing_move_nothing() {
        let mut flat = [4.0, 4.0];
        standardise(&mut flat);
        assert_eq!(flat, [0.0, 0.0]);
        let mut broken = [f32::NAN, 1.0, 3.0];
        standardise(&mut broken);
        assert_eq!(broken, [0.0, -1.0, 1.0]);
        standardise(&mut []);
    }

    #[test]
    fn the_best_come_first_and_equals_keep_their_order() {
        let scores = [1.0, 5.0, 5.0, 0.0, 7.0];
        assert_eq!(best(&scores, 3), [4, 1, 2]);
        assert_eq!(best(&scores, 9), [4, 1, 2, 0, 3]);
        assert!(best(&scores, 0).is_empty());
        assert!(best(&[], 3).is_empty());
    }

    #[test]
    fn an_item_is_worth_its_best_objectives() {
        let items = from_parts(&[1.0, 5.0, 3.0, -2.0], &[0, 0, 0, 2], 4, 2);
        assert_eq!(items, [4.0, -2.0, -2.0, -2.0]);
    }
}
