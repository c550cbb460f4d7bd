//! Many comparisons at once: what chance alone would turn up.

use serde::Serialize;

/// A p-value corrected for the number of comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Adjusted {
    /// Least rate of false discoveries at which this one is kept, 0 to 1 (Benjamini and Hochberg 1995).
    pub false_discovery: f64,
    /// Bonferroni's bound on the chance of even one false alarm in the family, 0 to 1.
    pub family_wise: f64,
}

/// Corrects the p-values that were computed for a family of `compared` comparisons, of which the others are not
/// given and count as p = 1.
///
/// Benjamini and Hochberg (1995): q₍ᵢ₎ = min over j ≥ i of N·p₍ⱼ₎ / j, where j ranks among the values given. A value
/// left out that is in truth small would only lower q: what is said here errs on the side of caution. The rate holds
/// for independent or positively dependent p-values (Benjamini and Yekutieli 2001); pairs that share a candidate
/// are nearly so. Bonferroni: min(1, N·p), under any dependence. A p that is not a number counts as 1.
pub fn adjust(p: &[f64], compared: u64) -> Vec<Adjusted> {
    let n = compared.max(p.len() as u64) as f64;
    let clean: Vec<f64> = p.iter().map(|p| if p.is_nan() { 1.0 } else { p.clamp(0.0, 1.0) }).collect();
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| clean[*a].total_cmp(&clean[*b]).then(a.cmp(b)));
    let mut out = vec![Adjusted { false_discovery: 1.0, family_wise: 1.0 }; p.len()];
    let mut least = 1.0_f64;
    for (rank, at) in order.iter().enumerate().rev() {
        least = least.min(clean[*at] * n / (rank + 1) as f64);
        out[*at] = Adjusted { false_discovery: least, family_wise: (clean[*at] * n).min(1.0) };
    }
    out
}
