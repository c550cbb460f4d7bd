//! The few functions that statistics share: distributions (by `statrs`), and counter-based randomness.

use statrs::distribution::{ChiSquared, Continuous, ContinuousCDF, FisherSnedecor, Normal, StudentsT};

/// The standard normal law.
fn normal() -> Normal {
    Normal::standard()
}

/// Standard normal density.
pub fn normal_pdf(z: f64) -> f64 {
    normal().pdf(z)
}

/// Standard normal distribution function.
pub fn normal_cdf(z: f64) -> f64 {
    normal().cdf(z)
}

/// Quantile of the standard normal law, `p` in 0..1 (ends excluded).
pub fn normal_quantile(p: f64) -> f64 {
    normal().inverse_cdf(p.clamp(1e-300, 1.0 - 1e-16))
}

/// Probability that a chi-square with `df` degrees of freedom exceeds `x`; `None` without degrees of freedom.
pub fn chi2_sf(x: f64, df: f64) -> Option<f64> {
    (df > 0.0 && x.is_finite()).then(|| ChiSquared::new(df).ok().map(|d| d.sf(x.max(0.0)))).flatten()
}

/// Quantile of F with `df1` and `df2` degrees of freedom.
pub fn f_quantile(p: f64, df1: f64, df2: f64) -> Option<f64> {
    FisherSnedecor::new(df1, df2).ok().map(|d| d.inverse_cdf(p))
}

/// Probability that Student's t with `df` degrees of freedom exceeds `t` in absolute value.
pub fn t_two_sided(t: f64, df: f64) -> Option<f64> {
    (df > 0.0).then(|| StudentsT::new(0.0, 1.0, df).ok().map(|d| 2.0 * d.sf(t.abs()))).flatten()
}

/// Logistic function, safe at both ends.
#[inline]
pub fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// Numbers drawn by counting: the `i`-th of a stream depends on nothing but the seed, the stream and `i`
/// (splitmix64; Steele, Lea and Flood 2014). The same in any order, on any number of threads.
#[derive(Clone, Copy, Debug)]
pub struct Draws(u64);

impl Draws {
    /// The numbers of one stream.
    pub fn new(seed: u64, stream: u64) -> Self {
        Self(mix64(seed.wrapping_add(stream.wrapping_mul(0xD1B5_4A32_D192_ED03))))
    }

    /// 64 bits.
    pub fn bits(self, i: u64) -> u64 {
        mix64(self.0.wrapping_add(i.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15)))
    }

    /// A uniform number in the open interval 0..1.
    pub fn uniform(self, i: u64) -> f64 {
        ((self.bits(i) >> 11) as f64 + 0.5) / 9_007_199_254_740_992.0
    }

    /// A whole number in 0..`n` (multiply and shift; the bias is below n / 2⁶⁴).
    pub fn below(self, i: u64, n: usize) -> usize {
        ((u128::from(self.bits(i)) * n as u128) >> 64) as usize
    }

    /// A standard normal number.
    pub fn normal(self, i: u64) -> f64 {
        normal_quantile(self.uniform(i))
    }
}

fn mix64(z: u64) -> u64 {
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The Benjamini-Hochberg adjusted p-values (1995), in the order given: reject where at most the rate wanted.
pub fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*b].total_cmp(&p[*a]).then(a.cmp(b)));
    let (n, mut least, mut adjusted) = (p.len() as f64, 1.0_f64, vec![1.0; p.len()]);
    for (i, at) in order.iter().enumerate() {
        least = least.min(p[*at] * n / (n - i as f64));
        adjusted[*at] = least;
    }
    adjusted
}
