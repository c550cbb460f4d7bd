//! What the bank covers: objectives and questions by item, rank, rubric and specialty.
//!
//! An entry counts once for a tag: a case of five questions on one item is one entry.

use super::NATIONAL;
use crate::bank::reach::Reach;
use crate::error::{ApiError, ApiResult};
use docimo_store::Store;
use docimo_store::referentials::{NodeRow, ReferentialLine, VersionLine};
use r2c_referential::{Item, ItemNumber, ObjectiveCode, Rank, Rubric, TitleStatus, items};
use serde::Serialize;
use std::collections::HashMap;
use utoipa::ToSchema;

/// Objectives of one rank, and those without a question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Tally {
    /// Objectives in force.
    pub objectives: usize,
    /// Those that no entry of the bank is about.
    pub without_question: usize,
}

impl Tally {
    fn add(&mut self, entries: i64) {
        self.objectives += 1;
        self.without_question += usize::from(entries == 0);
    }

    /// Those that have a question.
    pub fn covered(self) -> usize {
        self.objectives - self.without_question
    }
}

/// One item.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ItemCoverage {
    /// Number, 1 to 367.
    pub number: u16,
    /// Title.
    pub title: &'static str,
    /// Entries about it or one of its objectives.
    pub entries: i64,
    /// Objectives of rank A.
    pub rank_a: Tally,
    /// Objectives of rank B.
    pub rank_b: Tally,
}

/// One objective.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Objective {
    /// Code.
    pub code: String,
    /// A or B.
    pub rank: String,
    /// Rubric; empty where unknown.
    pub rubric: String,
    /// Title.
    pub title: String,
    /// complete, completed, truncated or uncertain.
    pub title_status: String,
    /// Entries about it.
    pub entries: i64,
}

impl Objective {
    /// What to say of its title.
    pub fn remark(&self) -> Option<&'static str> {
        TitleStatus::from_name(&self.title_status).and_then(TitleStatus::french)
    }
}

/// One rubric.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct RubricCoverage {
    /// Its official name.
    pub rubric: &'static str,
    /// Objectives of rank A.
    pub rank_a: Tally,
    /// Objectives of rank B.
    pub rank_b: Tally,
}

/// The national referential and what the bank has of it.
pub struct Coverage {
    /// Where the objectives come from; `None` when none were imported.
    pub chosen: Option<Chosen>,
    /// The 367 items.
    pub items: Vec<ItemCoverage>,
    /// The ten rubrics.
    pub rubrics: Vec<RubricCoverage>,
    /// Every objective of that version, by code.
    pub objectives: Vec<Objective>,
}

/// How many entries in reach carry each tag.
pub async fn counts(store: &Store, reach: &Reach, tags: &[String]) -> ApiResult<HashMap<String, i64>> {
    let readable = reach.readable();
    let found = store.counts_of_tags(tags, readable.as_deref()).await?;
    Ok(found.into_iter().map(|c| (c.tag, c.entries)).collect())
}

/// A referential with the version that someone asks for: the one in force unless they name another.
pub struct Chosen {
    /// The referential, with its version in force.
    pub line: ReferentialLine,
    /// Its versions, the newest first.
    pub versions: Vec<VersionLine>,
    /// The version to show.
    pub version: VersionLine,
}

impl Chosen {
    /// Is another version in force?
    pub fn is_older(&self) -> bool {
        self.version.number != self.line.current
    }
}

/// The version numbered `asked` of a referential, or the one in force; `None` where nothing was imported under that
/// name. A number that is no version's is not found.
pub async fn chosen(store: &Store, slug: &str, asked: Option<i64>) -> ApiResult<Option<Chosen>> {
    let Some(line) = store.referential(slug).await? else {
        return if asked.is_some() { Err(ApiError::NotFound) } else { Ok(None) };
    };
    let versions = store.referential_versions(slug).await?;
    let number = asked.unwrap_or(line.current);
    let version = versions.iter().find(|v| v.number == number).cloned().ok_or(ApiError::NotFound)?;
    Ok(Some(Chosen { line, versions, version }))
}

/// Tag of an item.
pub fn item_tag(number: ItemNumber) -> String {
    format!("R2C:{number}")
}

fn objective(node: NodeRow, counts: &HashMap<String, i64>) -> Objective {
    Objective {
        entries: counts.get(&node.code).copied().unwrap_or(0),
        code: node.code,
        rank: node.rank,
        rubric: node.rubric,
        title: node.title,
        title_status: node.title_status,
    }
}

/// The whole, as far as someone's reach goes, by the version asked for or the one in force.
pub async fn whole(store: &Store, reach: &Reach, asked: Option<i64>) -> ApiResult<Coverage> {
    let chosen = chosen(store, NATIONAL, asked).await?;
    let nodes = under(store, chosen.as_ref(), "").await?;
    let mut tags: Vec<String> = items().iter().map(|item| item_tag(item.number)).collect();
    tags.extend(nodes.iter().map(|n| n.tag.clone()));
    let counts = counts(store, reach, &tags).await?;
    let one = |item: &Item| ItemCoverage {
        number: item.number.get(),
        title: item.title,
        entries: counts.get(&item_tag(item.number)).copied().unwrap_or(0),
        rank_a: Tally::default(),
        rank_b: Tally::default(),
    };
    let mut list: Vec<ItemCoverage> = items().iter().map(one).collect();
    let mut rubrics = Rubric::ALL.map(|rubric| RubricCoverage {
        rubric: rubric.label(),
        rank_a: Tally::default(),
        rank_b: Tally::default(),
    });
    let objectives: Vec<Objective> = nodes.into_iter().map(|node| objective(node, &counts)).collect();
    for objective in &objectives {
        let Ok(code) = objective.code.parse::<ObjectiveCode>() else { continue };
        let item = &mut list[usize::from(code.item().get()) - 1];
        let tally = |a: &mut Tally, b: &mut Tally| match code.rank() {
            Rank::A => a.add(objective.entries),
            Rank::B => b.add(objective.entries),
        };
        tally(&mut item.rank_a, &mut item.rank_b);
        if let Some(rubric) = rubrics.iter_mut().find(|r| r.rubric == objective.rubric) {
            tally(&mut rubric.rank_a, &mut rubric.rank_b);
        }
    }
    Ok(Coverage { chosen, items: list, rubrics: rubrics.to_vec(), objectives })
}

async fn under(store: &Store, chosen: Option<&Chosen>, prefix: &str) -> ApiResult<Vec<NodeRow>> {
    Ok(match chosen {
        Some(chosen) => store.nodes_under(NATIONAL, chosen.version.number, prefix).await?,
        None => Vec::new(),
    })
}

/// One item and what the bank has of it.
pub struct OneItem {
    /// Where its objectives come from.
    pub chosen: Option<Chosen>,
    /// Its objectives, by code.
    pub objectives: Vec<Objective>,
    /// Entries about the item or one of its objectives.
    pub entries: i64,
}

/// One item, as far as someone's reach goes, by the version asked for or the one in force.
pub async fn of_item(store: &Store, reach: &Reach, number: ItemNumber, asked: Option<i64>) -> ApiResult<OneItem> {
    let chosen = chosen(store, NATIONAL, asked).await?;
    let nodes = under(store, chosen.as_ref(), &format!("OIC-{:03}-", number.get())).await?;
    let mut tags: Vec<String> = nodes.iter().map(|n| n.tag.clone()).collect();
    tags.push(item_tag(number));
    let counts = counts(store, reach, &tags).await?;
    let entries = counts.get(&item_tag(number)).copied().unwrap_or(0);
    let objectives = nodes.into_iter().map(|node| objective(node, &counts)).collect();
    Ok(OneItem { chosen, objectives, entries })
}
