//! Upper tails of counts, summed term by term so that the small ones keep their digits.

use statrs::function::factorial::{ln_binomial, ln_factorial};

/// P(X ≥ `least`) for a sum of independent events of probabilities `p` (Poisson-binomial law), by the recursion
/// of Lord and Wingersky (1984). Sorted first: the same to the last bit in any order of the events.
pub(super) fn poisson_binomial(mut p: Vec<f64>, least: usize) -> f64 {
    if least == 0 {
        return 1.0;
    }
    if least > p.len() {
        return 0.0;
    }
    p.sort_by(f64::total_cmp);
    let mut law = vec![0.0; p.len() + 1];
    law[0] = 1.0;
    for (done, p) in p.iter().enumerate() {
        for k in (1..=done + 1).rev() {
            law[k] = law[k] * (1.0 - p) + law[k - 1] * p;
        }
        law[0] *= 1.0 - p;
    }
    law[least..].iter().rev().sum::<f64>().clamp(0.0, 1.0)
}

/// P(X ≥ `least`) for a binomial law of `n` trials of probability `p`.
pub(super) fn binomial(n: usize, p: f64, least: usize) -> f64 {
    if least == 0 || p >= 1.0 {
        return if least <= n { 1.0 } else { 0.0 };
    }
    if p <= 0.0 {
        return 0.0;
    }
    let (log_p, log_q) = (p.ln(), (-p).ln_1p());
    let term = |k: usize| (ln_binomial(n as u64, k as u64) + k as f64 * log_p + (n - k) as f64 * log_q).exp();
    (least..=n).rev().map(term).sum::<f64>().clamp(0.0, 1.0)
}

/// P(`least` ≤ X ≤ `most`) for a Poisson law of mean `mean`.
pub(super) fn poisson(mean: f64, least: usize, most: usize) -> f64 {
    if mean <= 0.0 {
        return if least == 0 { 1.0 } else { 0.0 };
    }
    let term = |k: usize| (k as f64 * mean.ln() - mean - ln_factorial(k as u64)).exp();
    (least..=most).rev().map(term).sum::<f64>().clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_laws_agree_where_they_should() {
        for least in 0..=13 {
            let gap = poisson_binomial(vec![0.3; 12], least) - binomial(12, 0.3, least);
            assert!(gap.abs() < 1e-14, "{least}: {gap}");
        }
        assert!((poisson(2.0, 0, 60) - 1.0).abs() < 1e-14);
        assert!((poisson(2.0, 1, 1) - 2.0 * (-2.0_f64).exp()).abs() < 1e-15);
        assert!((poisson(1e-3, 1, 1_000) - binomial(1_000_000, 1e-9, 1)).abs() < 1e-9);
        assert_eq!((binomial(3, 1.0, 3), binomial(3, 0.0, 1), binomial(3, 0.0, 0)), (1.0, 0.0, 1.0));
        assert_eq!((poisson(0.0, 0, 3), poisson(0.0, 1, 3), poisson_binomial(vec![0.5], 2)), (1.0, 0.0, 0.0));
    }
}
