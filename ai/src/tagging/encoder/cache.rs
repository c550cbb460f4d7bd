//! Vectors by the content of their texts, so that a referential is read once a model.

use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The first bytes of a file of vectors; the digit changes with the form.
const MAGIC: &[u8; 8] = b"DOCVEC1\n";

/// The digest of a text.
pub type Key = [u8; 32];

/// Vectors of one model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cache {
    model: Key,
    dimension: usize,
    vectors: BTreeMap<Key, Vec<f32>>,
    changed: bool,
}

impl Cache {
    /// The digest of a text.
    #[must_use]
    pub fn key(text: &str) -> Key {
        Sha256::digest(text.as_bytes()).into()
    }

    /// Forgets everything if it is of another model.
    pub(super) fn belong_to(&mut self, model: Key, dimension: usize) {
        if self.model != model || self.dimension != dimension {
            *self = Self { model, dimension, ..Self::default() };
        }
    }

    /// The vector of a text.
    #[must_use]
    pub fn get(&self, key: &Key) -> Option<Vec<f32>> {
        self.vectors.get(key).cloned()
    }

    pub(super) fn holds(&self, key: &Key) -> bool {
        self.vectors.contains_key(key)
    }

    pub(super) fn put(&mut self, key: Key, vector: Vec<f32>) {
        self.changed = true;
        self.vectors.insert(key, vector);
    }

    /// How many texts are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.vectors.len()
    }

    /// Is none known?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.vectors.is_empty()
    }

    /// Has something been added since it was read?
    #[must_use]
    pub fn has_changed(&self) -> bool {
        self.changed
    }

    /// As bytes: magic, model, dimension, vectors by key, digest of it all.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(80 + self.vectors.len() * (32 + 4 * self.dimension));
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&self.model);
        out.extend_from_slice(&u32::try_from(self.dimension).unwrap_or(0).to_le_bytes());
        for (key, vector) in &self.vectors {
            out.extend_from_slice(key);
            out.extend(vector.iter().flat_map(|v| v.to_le_bytes()));
        }
        let digest = Sha256::digest(&out);
        out.extend_from_slice(&digest);
        out
    }

    /// Reads bytes; `None` where they are not exactly what was written: vectors are computed again.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (body, digest) = bytes.split_at_checked(bytes.len().checked_sub(32)?)?;
        if Sha256::digest(body)[..] != *digest {
            return None;
        }
        let (model, rest) = body.strip_prefix(MAGIC)?.split_first_chunk::<32>()?;
        let (dimension, rest) = rest.split_first_chunk::<4>()?;
        let dimension = usize::try_from(u32::from_le_bytes(*dimension)).ok()?;
        let record = 32usize.checked_add(dimension.checked_mul(4)?)?;
        if rest.len() % record != 0 {
            return None;
        }
        let vectors = rest.chunks_exact(record).filter_map(|r| {
            let (key, values) = r.split_first_chunk::<32>()?;
            let values = values.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
            Some((*key, values.collect()))
        });
        Some(Self { model: *model, dimension, vectors: vectors.collect(), changed: false })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache() -> Cache {
        let mut cache = Cache::default();
        cache.belong_to([7; 32], 2);
        cache.put(Cache::key("a"), vec![0.5, -0.25]);
        cache.put(Cache::key("b"), vec![1.0, f32::MIN_POSITIVE]);
        cache
    }

    #[test]
    fn what_was_written_is_read_back() {
        let cache = cache();
        let read = Cache::from_bytes(&cache.to_bytes()).expect("it was just written");
        assert_eq!(read.get(&Cache::key("a")), Some(vec![0.5, -0.25]));
        assert_eq!((read.len(), read.has_changed(), cache.has_changed()), (2, false, true));
        assert_eq!(read.to_bytes(), cache.to_bytes());
    }

    #[test]
    fn what_is_cut_or_changed_is_not_believed() {
        let bytes = cache().to_bytes();
        for end in [0, 10, 31, 32, 80, bytes.len() - 1] {
            assert_eq!(Cache::from_bytes(&bytes[..end]), None, "{end}");
        }
        let mut flipped = bytes.clone();
        flipped[90] ^= 1;
        assert_eq!(Cache::from_bytes(&flipped), None);
        assert_eq!(Cache::from_bytes(b"not a cache at all, but long enough to have a digest of its own"), None);
    }

    #[test]
    fn vectors_of_another_model_are_forgotten() {
        let mut cache = cache();
        cache.belong_to([7; 32], 2);
        assert_eq!(cache.len(), 2);
        cache.belong_to([8; 32], 2);
        assert!(cache.is_empty());
    }
}
