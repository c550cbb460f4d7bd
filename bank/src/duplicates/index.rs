//! An index in memory of what may be alike.

use super::signature::{BANDS, Signature};
use std::collections::HashMap;
use std::hash::Hash;

/// Something that shares keys with what was asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Candidate<T> {
    /// What it is.
    pub id: T,
    /// Keys in common, 1 to [`BANDS`]: all of them for an exact duplicate.
    pub shared: u32,
}

/// Finds by signature. For each signature it keeps 8 bytes a band, 192 in all, beside one slot and one entry of a hash
/// map (about 60 bytes with ids of 8): 250 MB for 1,000,000 questions, to which arrays that grow by doubling add; the
/// bench saw 460 MB. Recent additions wait in small hash maps, and join the sorted arrays when they are an eighth of
/// them.
#[derive(Clone, Debug)]
pub struct NearIndex<T> {
    /// What was put in, by slot; `None` once removed.
    slots: Vec<Option<T>>,
    /// Slots of each.
    places: HashMap<T, Vec<u32>>,
    /// By band, sorted: upper half of the key, slot.
    bands: Vec<Vec<(u32, u32)>>,
    /// What is not yet in `bands`, by band.
    recent: Vec<HashMap<u32, Vec<u32>>>,
    waiting: usize,
    removed: usize,
}

impl<T> Default for NearIndex<T> {
    fn default() -> Self {
        Self {
            slots: Vec::new(),
            places: HashMap::new(),
            bands: vec![Vec::new(); BANDS],
            recent: vec![HashMap::new(); BANDS],
            waiting: 0,
            removed: 0,
        }
    }
}

impl<T: Clone + Eq + Hash + Ord> NearIndex<T> {
    /// An empty index.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many things are in it.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Is nothing in it?
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Puts something in under its signatures, in the place of what it was before.
    pub fn insert(&mut self, id: T, signatures: &[Signature]) {
        self.remove(&id);
        let mut own = Vec::with_capacity(signatures.len());
        for signature in signatures {
            let slot = u32::try_from(self.slots.len()).unwrap_or(u32::MAX);
            self.slots.push(Some(id.clone()));
            own.push(slot);
            for (recent, key) in self.recent.iter_mut().zip(signature.band_keys()) {
                recent.entry((key >> 32) as u32).or_default().push(slot);
            }
            self.waiting += 1;
        }
        self.places.insert(id, own);
        if self.waiting > 1024.max(self.bands[0].len() / 8) {
            self.settle();
        }
    }

    /// Takes something out; says whether it was in.
    pub fn remove(&mut self, id: &T) -> bool {
        let Some(slots) = self.places.remove(id) else { return false };
        for slot in slots {
            self.slots[slot as usize] = None;
            self.removed += 1;
        }
        if self.removed > 1024.max(self.slots.len() / 4) {
            self.compact();
        }
        true
    }

    /// The candidates for these signatures, most alike first, at most `most`.
    pub fn query(&self, signatures: &[Signature], most: usize) -> Vec<Candidate<T>> {
        let mut best: HashMap<&T, u32> = HashMap::new();
        let mut shared: HashMap<u32, u32> = HashMap::new();
        for signature in signatures {
            shared.clear();
            for (band, key) in signature.band_keys().enumerate() {
                let upper = (key >> 32) as u32;
                let list = &self.bands[band];
                let from = list.partition_point(|(k, _)| *k < upper);
                for (_, slot) in list[from..].iter().take_while(|(k, _)| *k == upper) {
                    *shared.entry(*slot).or_default() += 1;
                }
                for slot in self.recent[band].get(&upper).into_iter().flatten() {
                    *shared.entry(*slot).or_default() += 1;
                }
            }
            for (slot, count) in &shared {
                if let Some(id) = &self.slots[*slot as usize] {
                    let known = best.entry(id).or_default();
                    *known = (*known).max(*count);
                }
            }
        }
        let mut found: Vec<_> = best.into_iter().map(|(id, shared)| Candidate { id: id.clone(), shared }).collect();
        found.sort_by(|a, b| b.shared.cmp(&a.shared).then_with(|| a.id.cmp(&b.id)));
        found.truncate(most);
        found
    }

    /// What waits joins the sorted arrays.
    fn settle(&mut self) {
        self.waiting = 0;
        for (band, recent) in self.bands.iter_mut().zip(&mut self.recent) {
            for (key, slots) in recent.drain() {
                band.extend(slots.into_iter().map(|slot| (key, slot)));
            }
            band.sort_unstable();
        }
    }

    fn compact(&mut self) {
        self.settle();
        let mut moved = vec![u32::MAX; self.slots.len()];
        let mut kept = Vec::with_capacity(self.slots.len() - self.removed);
        for (old, slot) in self.slots.drain(..).enumerate() {
            if let Some(id) = slot {
                moved[old] = kept.len() as u32;
                kept.push(Some(id));
            }
        }
        self.slots = kept;
        self.removed = 0;
        for band in &mut self.bands {
            band.retain_mut(|(_, slot)| {
                *slot = moved[*slot as usize];
                *slot != u32::MAX
            });
        }
        for slots in self.places.values_mut() {
            for slot in slots {
                *slot = moved[*slot as usize];
            }
        }
    }
}
