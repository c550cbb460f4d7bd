//! Order of propositions on a candidate's screen, drawn from a stored seed.
//!
//! The generator is SplitMix64 (Steele, Lea and Flood 2014): the order is a function of the seed and
//! the question, so that a sheet can be shown again years later as it was seen.

/// A small deterministic generator. Not for secrets.
#[derive(Clone, Debug)]
pub struct Stream(u64);

impl Stream {
    /// A stream for this seed and any number of labels.
    pub fn new(seed: u64, labels: &[&str]) -> Self {
        // FNV-1a (Fowler, Noll, Vo) over the labels, then mixed by the generator itself.
        let hash = labels
            .iter()
            .flat_map(|l| l.bytes().chain([0]))
            .fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
        let mut stream = Self(seed ^ hash);
        stream.next_u64();
        stream
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in 0.0..1.0.
    pub fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Standard normal (Box and Muller 1958).
    pub fn normal(&mut self) -> f64 {
        let (u, v) = (1.0 - self.unit(), self.unit());
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }

    /// Uniform in 0..`n`; 0 when `n` is 0.
    pub fn below(&mut self, n: usize) -> usize {
        // Multiply-shift (Lemire 2019) without rejection: the bias is below n / 2^64.
        ((u128::from(self.next_u64()) * n as u128) >> 64) as usize
    }
}

/// The order of `count` propositions of a question: position on screen → index in the revision
/// (Fisher and Yates, by Durstenfeld 1964).
pub fn order(seed: u64, question: &str, count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    let mut stream = Stream::new(seed, &["order", question]);
    for i in (1..count).rev() {
        order.swap(i, stream.below(i + 1));
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_a_permutation_fixed_by_seed_and_question() {
        for seed in 0..50 {
            let drawn = order(seed, "q1", 5);
            assert_eq!(drawn, order(seed, "q1", 5));
            let mut sorted = drawn;
            sorted.sort_unstable();
            assert_eq!(sorted, [0, 1, 2, 3, 4]);
        }
        assert_ne!(
            (0..9).map(|s| order(s, "q1", 5)).collect::<Vec<_>>(),
            (0..9).map(|s| order(s, "q2", 5)).collect::<Vec<_>>()
        );
    }

    #[test]
    fn every_position_is_reached_evenly() {
        let mut first = [0_u32; 4];
        for seed in 0..4000 {
            first[order(seed, "q", 4)[0]] += 1;
        }
        assert!(first.iter().all(|n| (900..1100).contains(n)), "{first:?}");
    }
}
