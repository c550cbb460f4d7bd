//! What may be chosen: units of the bank, taken whole.

use crate::blueprint::Facet;
use docimo_engine::docimology::irt::ItemParameters;
use docimo_engine::paper::{CaseKind, Element};
use docimo_engine::question::{Kind, Rank};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What is known of how a question behaves, from past sittings.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Statistics {
    /// Mean score as a fraction of the most one can have, 0..=1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p: Option<f64>,
    /// Correlation with the rest of the paper, −1..=1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discrimination: Option<f64>,
    /// Calibrated response function, on the metric of the bank.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<ItemParameters>,
}

/// An isolated question, or a case with all its questions.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Candidate {
    /// Unique in the pool: the entry of the bank.
    pub id: String,
    /// Number of questions in it, at least 1.
    pub questions: u32,
    /// Minutes that it takes, finite and not negative.
    pub minutes: f64,
    /// DP, mini-DP, KFP or LCA; none for an isolated question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseKind>,
    /// Questions of it by kind.
    #[serde(default)]
    pub kinds: BTreeMap<Kind, u32>,
    /// Questions of it by rank.
    #[serde(default)]
    pub ranks: BTreeMap<Rank, u32>,
    /// Questions of it by item of the referential; a question may bear on several.
    #[serde(default)]
    pub items: BTreeMap<String, u32>,
    /// Questions of it by specialty.
    #[serde(default)]
    pub specialties: BTreeMap<String, u32>,
    /// Questions of it by starting situation (situation de départ).
    #[serde(default)]
    pub situations: BTreeMap<String, u32>,
    /// Questions of it by cognitive level (rappel, compréhension, raisonnement…).
    #[serde(default)]
    pub levels: BTreeMap<String, u32>,
    /// Questions with a picture; the picture of an opening text counts for the questions it serves.
    #[serde(default)]
    pub images: u32,
    /// Who wrote it.
    #[serde(default)]
    pub authors: BTreeSet<String>,
    /// One a question, in order; empty while nothing is known.
    #[serde(default)]
    pub statistics: Vec<Statistics>,
    /// Day of its last use, `AAAA-MM-JJ`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used: Option<String>,
    /// Cohorts that have seen it.
    #[serde(default)]
    pub exposed_to: BTreeSet<String>,
    /// Groups of which a form holds at most one: near-duplicates, declared enemies.
    #[serde(default)]
    pub enemies: BTreeSet<String>,
    /// State in the bank's workflow, opaque.
    #[serde(default)]
    pub status: String,
}

impl Candidate {
    /// A unit of which nothing else is known yet.
    pub fn new(id: impl Into<String>, questions: u32, minutes: f64) -> Self {
        Self {
            id: id.into(),
            questions,
            minutes,
            case: None,
            kinds: BTreeMap::new(),
            ranks: BTreeMap::new(),
            items: BTreeMap::new(),
            specialties: BTreeMap::new(),
            situations: BTreeMap::new(),
            levels: BTreeMap::new(),
            images: 0,
            authors: BTreeSet::new(),
            statistics: Vec::new(),
            last_used: None,
            exposed_to: BTreeSet::new(),
            enemies: BTreeSet::new(),
            status: String::new(),
        }
    }

    /// The unit that an element of a paper is: kinds, ranks, pictures, and the tags of each of its questions sorted by
    /// `sort`, which says where opaque tags belong. The tags of a case hold for each of its questions.
    pub fn from_element<I: IntoIterator<Item = (Facet, String)>>(
        element: &Element,
        minutes: f64,
        sort: impl Fn(&[&str]) -> I,
    ) -> Self {
        let questions: Vec<_> = element.questions().collect();
        let mut unit = Self::new(element.id(), u32::try_from(questions.len()).unwrap_or(u32::MAX), minutes);
        let (common, opening) = match element {
            Element::Case(case) => {
                unit.case = Some(case.kind);
                (case.tags.as_slice(), case.image.is_some())
            }
            Element::Question(_) => (&[][..], false),
        };
        for question in questions {
            *unit.kinds.entry(question.kind()).or_default() += 1;
            if let Some(rank) = question.rank {
                *unit.ranks.entry(rank).or_default() += 1;
            }
            unit.images += u32::from(opening || question.image.is_some());
            let tags: Vec<&str> = question.tags.iter().chain(common).map(String::as_str).collect();
            for (facet, value) in sort(&tags).into_iter().collect::<BTreeSet<_>>() {
                let counts = match facet {
                    Facet::Specialty => &mut unit.specialties,
                    Facet::Item => &mut unit.items,
                    Facet::Situation => &mut unit.situations,
                    Facet::Level => &mut unit.levels,
                    // Kinds, ranks and cases are read on the question itself.
                    Facet::Kind | Facet::Rank | Facet::Case => continue,
                };
                *counts.entry(value).or_default() += 1;
            }
        }
        unit
    }

    /// Questions of the unit with `value` in `facet`.
    pub fn count(&self, facet: Facet, value: &str) -> u32 {
        let of = |counts: &BTreeMap<String, u32>| counts.get(value).copied().unwrap_or(0);
        match facet {
            Facet::Specialty => of(&self.specialties),
            Facet::Item => of(&self.items),
            Facet::Situation => of(&self.situations),
            Facet::Level => of(&self.levels),
            Facet::Kind => self.kinds.iter().filter(|(kind, _)| kind.code() == value).map(|(_, n)| n).sum(),
            Facet::Rank => self.ranks.iter().filter(|(rank, _)| rank.to_string() == value).map(|(_, n)| n).sum(),
            Facet::Case => {
                let code = self.case.map_or("QI", CaseKind::code);
                if code == value { self.questions } else { 0 }
            }
        }
    }

    /// Fisher information on ability at `theta`, summed over its calibrated questions.
    pub fn information(&self, theta: f64) -> f64 {
        self.statistics.iter().filter_map(|s| s.item.as_ref()).map(|item| item.information(theta)).sum()
    }

    /// Sum of the known p and their number.
    pub fn difficulty(&self) -> (f64, f64) {
        self.statistics.iter().filter_map(|s| s.p).fold((0.0, 0.0), |(sum, n), p| (sum + p, n + 1.0))
    }

    /// Sum of the known discriminations.
    pub fn discrimination(&self) -> f64 {
        self.statistics.iter().filter_map(|s| s.discrimination).sum()
    }
}
