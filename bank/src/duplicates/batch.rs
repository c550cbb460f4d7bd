//! Near-duplicates inside a batch: an import, a paper being assembled.

use super::index::NearIndex;
use super::signature::{BANDS, signatures};
use super::similarity::{Similarity, Verdict, similarity};
use super::text::Text;
use docimo_engine::paper::Element;

/// Elements that are much the same, directly or through one another.
#[derive(Clone, PartialEq, Debug)]
pub struct Group {
    /// Positions in the batch, from 0, in order.
    pub members: Vec<usize>,
    /// Each pair that was found: the earlier, the later, how much.
    pub pairs: Vec<(usize, usize, Similarity)>,
}

/// Candidates compared for each element: more would be a template repeated hundreds of times.
const MOST: usize = 100;

/// The groups of a batch, by their first member. A pair counts when its verdict is at least [`Verdict::Near`].
pub fn within(batch: &[&Element]) -> Vec<Group> {
    let texts: Vec<Text> = batch.iter().map(|e| Text::of(e)).collect();
    let mut index = NearIndex::new();
    let mut pairs = Vec::new();
    for (later, element) in batch.iter().enumerate() {
        let own = signatures(element);
        for candidate in index.query(&own, MOST) {
            debug_assert!(candidate.shared as usize <= BANDS);
            let found = similarity(&texts[candidate.id], &texts[later]);
            if found.verdict >= Verdict::Near {
                pairs.push((candidate.id, later, found));
            }
        }
        index.insert(later, &own);
    }
    let mut root: Vec<usize> = (0..batch.len()).collect();
    fn top(root: &mut [usize], mut i: usize) -> usize {
        while root[i] != i {
            root[i] = root[root[i]];
            i = root[i];
        }
        i
    }
    for (a, b, _) in &pairs {
        let (x, y) = (top(&mut root, *a), top(&mut root, *b));
        root[x.max(y)] = x.min(y);
    }
    let mut groups: std::collections::BTreeMap<usize, Group> = std::collections::BTreeMap::new();
    for (a, b, found) in pairs {
        let first = top(&mut root, a);
        let group = groups.entry(first).or_insert_with(|| Group { members: vec![], pairs: vec![] });
        group.members.extend([a, b]);
        group.pairs.push((a, b, found));
    }
    let mut groups: Vec<Group> = groups.into_values().collect();
    for group in &mut groups {
        group.members.sort_unstable();
        group.members.dedup();
        group.pairs.sort_by_key(|(a, b, _)| (*a, *b));
    }
    groups
}
