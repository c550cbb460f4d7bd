//! What may be proposed: the items, which are official and embedded, and the objectives, which someone imported.

use r2c_referential::{Item, ItemNumber, ObjectiveCode, Rubric, items};
use std::collections::BTreeMap;

/// An objective as a question may be about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objective {
    /// Its code, which names its item and its rank.
    pub code: ObjectiveCode,
    /// Under which rubric it is filed, where that is known.
    pub rubric: Option<Rubric>,
    /// Its title, in French.
    pub title: String,
}

/// Items and objectives, in the order of their numbers.
#[derive(Clone, Debug, Default)]
pub struct Corpus {
    objectives: Vec<Objective>,
}

impl Corpus {
    /// Orders objectives by code; of two with one code, the last one given stays.
    pub fn new(objectives: impl IntoIterator<Item = Objective>) -> Self {
        let by_code: BTreeMap<ObjectiveCode, Objective> = objectives.into_iter().map(|o| (o.code, o)).collect();
        Self { objectives: by_code.into_values().collect() }
    }

    /// The objectives, by code.
    #[must_use]
    pub fn objectives(&self) -> &[Objective] {
        &self.objectives
    }

    /// The 367 items, by number.
    #[must_use]
    pub fn items(&self) -> &'static [Item] {
        items()
    }

    /// Where an item stands in [`Corpus::items`].
    #[must_use]
    pub fn place(number: ItemNumber) -> usize {
        usize::from(number.get() - ItemNumber::FIRST.get())
    }

    /// For each objective, the place of its item.
    #[must_use]
    pub fn item_places(&self) -> Vec<usize> {
        self.objectives.iter().map(|o| Self::place(o.code.item())).collect()
    }

    /// An objective with what surrounds it, as one text: many titles do not name their subject.
    #[must_use]
    pub fn in_context(&self, objective: &Objective) -> String {
        let item = items()[Self::place(objective.code.item())].title;
        match objective.rubric {
            Some(rubric) => format!("{item} — {} — {}", rubric.label(), objective.title),
            None => format!("{item} — {}", objective.title),
        }
    }
}
