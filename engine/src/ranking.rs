//! Order of merit.

use crate::Exact;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// How equals share places.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ties {
    /// 1-2-2-4: the best place of the group.
    #[default]
    Competition,
    /// 1-3-3-4: the last place of the group.
    Modified,
    /// 1-2-2-3: no gap.
    Dense,
    /// 1-2.5-2.5-4: the mean place of the group.
    Mean,
}

/// Places of candidates, best key first. Equal keys share a place; the key itself carries the official
/// tie rules (a tuple, or [`crate::edn::Standing`]).
///
/// ```
/// use docimo_engine::ranking::{places, Ties};
/// let of = |ties| places(&[10, 30, 20, 20], ties).iter().map(|p| p.to_f64()).collect::<Vec<_>>();
/// assert_eq!(of(Ties::Competition), [4.0, 1.0, 2.0, 2.0]);
/// assert_eq!(of(Ties::Modified), [4.0, 1.0, 3.0, 3.0]);
/// assert_eq!(of(Ties::Dense), [3.0, 1.0, 2.0, 2.0]);
/// assert_eq!(of(Ties::Mean), [4.0, 1.0, 2.5, 2.5]);
/// ```
pub fn places<K: Ord + Sync>(keys: &[K], ties: Ties) -> Vec<Exact> {
    let mut order: Vec<usize> = (0..keys.len()).collect();
    order.par_sort_by(|a, b| keys[*b].cmp(&keys[*a]));
    let mut places = vec![Exact::ZERO; keys.len()];
    let (mut start, mut group) = (0, 0);
    while start < order.len() {
        group += 1;
        let same = order[start..].iter().take_while(|i| keys[**i] == keys[order[start]]).count();
        let (first, last) = (start as i128 + 1, (start + same) as i128);
        let place = match ties {
            Ties::Competition => Exact::int(first),
            Ties::Modified => Exact::int(last),
            Ties::Dense => Exact::int(group),
            Ties::Mean => Exact::new(first + last, 2),
        };
        for i in &order[start..start + same] {
            places[*i] = place;
        }
        start += same;
    }
    places
}

/// Places by standard competition ranking, as whole numbers.
pub fn competition<K: Ord + Sync>(keys: &[K]) -> Vec<u32> {
    places(keys, Ties::Competition).into_iter().map(|p| p.numerator() as u32).collect()
}
