//! MinHash signatures: which questions may be alike, from a few hundred bytes each.

use super::text::Text;
use docimo_engine::paper::Element;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Changes when two versions of the program would not give the same signature to the same text: what is stored must
/// then be made again. Same as the first byte of a signature.
pub const SCHEME_VERSION: u8 = 1;

/// Bands; each gives a key.
pub const BANDS: usize = 24;
/// Values a band: with 24 of 4, two texts of Jaccard 0.7 share a key with probability 0.998, of 0.5 with 0.79, of
/// 0.2 with 0.04 (1 − (1 − j⁴)²⁴).
const ROWS: usize = 4;
const HASHES: usize = BANDS * ROWS;
/// Length of [`Signature::to_bytes`].
pub const BYTES: usize = 1 + 4 * HASHES;

/// The least of each of 96 hashes over the features of a text.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Signature([u32; HASHES]);

/// Bytes that are no signature of this version.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("signature de {length} octets, version {version} ; {BYTES} octets, version {SCHEME_VERSION}, sont attendus")]
pub struct NotASignature {
    /// How many bytes were given.
    pub length: usize,
    /// Their first byte; 0 if there is none.
    pub version: u8,
}

/// SplitMix64 (Steele, Lea and Flood 2014): the multipliers come from it, once for all.
const fn split_mix(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Multiply-add-shift (Dietzfelbinger 1996): an odd multiplier and a shift for each hash.
const SEEDS: [(u64, u64); HASHES] = {
    let mut seeds = [(0, 0); HASHES];
    let mut i = 0;
    while i < HASHES {
        seeds[i] = (split_mix(2 * i as u64) | 1, split_mix(2 * i as u64 + 1));
        i += 1;
    }
    seeds
};

impl Signature {
    /// The signature of a text. An empty text has one too, its own.
    pub fn of(text: &Text) -> Self {
        let mut least = [u32::MAX; HASHES];
        for feature in text.features() {
            for (value, (multiply, add)) in least.iter_mut().zip(&SEEDS) {
                let hash = (feature.wrapping_mul(*multiply).wrapping_add(*add) >> 32) as u32;
                *value = hash.min(*value);
            }
        }
        Self(least)
    }

    /// What is stored: the version, then the values, little end first.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(BYTES);
        bytes.push(SCHEME_VERSION);
        bytes.extend(self.0.iter().flat_map(|v| v.to_le_bytes()));
        bytes
    }

    /// Reads what [`Signature::to_bytes`] wrote; refuses another version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NotASignature> {
        let fault = NotASignature { length: bytes.len(), version: bytes.first().copied().unwrap_or(0) };
        let Some((&SCHEME_VERSION, rest)) = bytes.split_first() else { return Err(fault) };
        let (values, left) = rest.as_chunks::<4>();
        if values.len() != HASHES || !left.is_empty() {
            return Err(fault);
        }
        let mut signature = [0; HASHES];
        for (to, from) in signature.iter_mut().zip(values) {
            *to = u32::from_le_bytes(*from);
        }
        Ok(Self(signature))
    }

    /// One key a band, [`BANDS`] in all: two texts that share one are candidates. The band is part of the key, so that
    /// one index over all keys is enough. In a column of signed integers, store `key as i64`.
    pub fn band_keys(&self) -> impl Iterator<Item = u64> {
        let (bands, _) = self.0.as_chunks::<ROWS>();
        bands.iter().enumerate().map(|(band, rows)| {
            let mut bytes = [0; 4 * ROWS];
            for (to, from) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(rows) {
                *to = from.to_le_bytes();
            }
            xxh3_64_with_seed(&bytes, band as u64)
        })
    }

    /// Jaccard's index of the two texts, estimated: standard error √(j(1−j)/96), 0.05 at most.
    pub fn resemblance(&self, other: &Self) -> f64 {
        let same = self.0.iter().zip(&other.0).filter(|(a, b)| a == b).count();
        same as f64 / HASHES as f64
    }
}

/// The signatures under which an element is to be found: its own, and in a case also that of each question, so that an
/// isolated question is found in a case.
pub fn signatures(element: &Element) -> Vec<Signature> {
    let text = Text::of(element);
    let mut all = vec![Signature::of(&text)];
    if text.parts.len() > 1 || !text.intro.is_empty() {
        all.extend((0..text.parts.len()).map(|i| Signature::of(&text.part(i))));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::duplicates::text::jaccard;
    use docimo_engine::question::{Body, Question};
    use proptest::prelude::*;

    fn open(stem: &str) -> Text {
        let body = Body::Qroc { exact: vec![], acceptable: vec![], max_words: 5 };
        Text::of(&Element::Question(Question {
            id: "q".into(),
            stem: stem.to_owned(),
            image: None,
            video: None,
            body,
            weight: docimo_engine::Exact::ONE,
            rank: None,
            tags: vec![],
            comment: String::new(),
            source: String::new(),
            scheme: None,
        }))
    }

    #[test]
    fn what_is_stored_is_read_again_and_nothing_else_is() {
        let signature = Signature::of(&open("Quel examen demandez-vous ?"));
        let bytes = signature.to_bytes();
        assert_eq!((bytes.len(), bytes[0]), (BYTES, SCHEME_VERSION));
        assert_eq!(Signature::from_bytes(&bytes), Ok(signature));
        assert!(Signature::from_bytes(&bytes[..BYTES - 1]).is_err());
        assert!(Signature::from_bytes(&[]).is_err());
        let mut other = bytes;
        other[0] = 2;
        assert_eq!(Signature::from_bytes(&other), Err(NotASignature { length: BYTES, version: 2 }));
    }

    #[test]
    fn band_keys_are_one_a_band() {
        let keys: Vec<u64> = Signature::of(&open("Quel examen ?")).band_keys().collect();
        assert_eq!(keys.len(), BANDS);
        let mut distinct = keys.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), BANDS, "an empty band has a key of its own too");
    }

    proptest! {
        /// Five standard errors, and a word of slack for very small sets: 96 hashes are drawn once for all.
        #[test]
        fn the_estimate_is_jaccards_index(
            common in prop::collection::vec("[a-z]{3,9}", 5..40),
            mine in prop::collection::vec("[a-z]{3,9}", 0..25),
            theirs in prop::collection::vec("[a-z]{3,9}", 0..25),
        ) {
            let text = |more: &[String]| open(&[common.clone(), more.to_vec()].concat().join(" "));
            let (a, b) = (text(&mine), text(&theirs));
            let exact = jaccard(&a.features(), &b.features());
            let estimate = Signature::of(&a).resemblance(&Signature::of(&b));
            let bound = 5.0 * (exact * (1.0 - exact) / HASHES as f64).sqrt() + 0.02;
            prop_assert!((exact - estimate).abs() <= bound, "{exact} {estimate}");
        }
    }
}
