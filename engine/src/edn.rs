//! National arithmetic of the EDN: marks by group of specialties and the global mark.
//!
//! Sources: arrêté of 21 May 2024, art. 7 (weights by group, as cited for the military competition),
//! arrêté of 19 April 2022, art. 8 (60/30/10 and ties). What they leave open is a parameter.

use crate::Exact;
use crate::question::Rank;
use std::cmp::Ordering;

/// One marked question, for a group mark.
#[derive(Clone, Copy, Debug)]
pub struct GroupItem {
    /// Rank of the knowledge.
    pub rank: Rank,
    /// Is its item attached to the group of specialties?
    pub attached: bool,
    /// Weight on the paper (LCA: 2).
    pub weight: Exact,
    /// Score, usually 0..=1.
    pub score: Exact,
}

/// Weight of rank B questions on items attached to the group (arrêté of 21 May 2024, art. 7).
pub const ATTACHED_RANK_B_WEIGHT: i128 = 2;

/// Mark on 20 for a group of specialties: every question has its weight, rank B questions on attached
/// items twice that. `None` without questions.
pub fn group_mark_on_20(items: &[GroupItem]) -> Option<Exact> {
    let weight = |item: &GroupItem| {
        let factor = if item.rank == Rank::B && item.attached { ATTACHED_RANK_B_WEIGHT } else { 1 };
        item.weight * Exact::int(factor)
    };
    weighted_on_20(items.iter().map(|i| (weight(i), i.score)))
}

/// Mark on 20 over rank A questions. `None` when there is none.
pub fn rank_a_mark_on_20(items: &[GroupItem]) -> Option<Exact> {
    weighted_on_20(items.iter().filter(|i| i.rank == Rank::A).map(|i| (i.weight, i.score)))
}

fn weighted_on_20(items: impl Iterator<Item = (Exact, Exact)>) -> Option<Exact> {
    let (sum, total) =
        items.fold((Exact::ZERO, Exact::ZERO), |(s, t), (weight, score)| (s + weight * score, t + weight));
    (sum * Exact::int(20)).checked_div(total)
}

/// Points of each component of the global mark. If 60 points of *parcours* are 10 %, the scale is
/// 360 + 180 + 60 = 600 (deduced, RULES §3.4).
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// EDN, 60 %.
    pub edn: Exact,
    /// ECOS, 30 %.
    pub ecos: Exact,
    /// Parcours, 10 %: also its ceiling.
    pub parcours: Exact,
}

impl Default for Scale {
    fn default() -> Self {
        Self { edn: Exact::int(360), ecos: Exact::int(180), parcours: Exact::int(60) }
    }
}

/// A candidate's standing in a group of specialties. Ordered by the global mark, then by the best EDN
/// mark, then ECOS, then parcours (arrêté of 19 April 2022, art. 8); no fourth rule was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Standing {
    /// Sum of the three components, on the scale.
    pub global: Exact,
    /// EDN mark on 20 for the group.
    pub edn_on_20: Exact,
    /// ECOS mark on 20.
    pub ecos_on_20: Exact,
    /// Points of parcours, within the ceiling.
    pub parcours: Exact,
}

impl Standing {
    /// Puts the three components on the scale.
    pub fn new(edn_on_20: Exact, ecos_on_20: Exact, parcours: Exact, scale: Scale) -> Self {
        let parcours = parcours.min(scale.parcours).max(Exact::ZERO);
        let share = |mark: Exact, points: Exact| mark * points * Exact::new(1, 20);
        let global = share(edn_on_20, scale.edn) + share(ecos_on_20, scale.ecos) + parcours;
        Self { global, edn_on_20, ecos_on_20, parcours }
    }
}

impl Ord for Standing {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |s: &Self| (s.global, s.edn_on_20, s.ecos_on_20, s.parcours);
        key(self).cmp(&key(other))
    }
}

impl PartialOrd for Standing {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
