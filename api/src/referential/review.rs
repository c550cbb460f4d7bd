//! Tags that a version dropped: what they named, what they could become, and who decides.
//!
//! The wording of a question never changes: a decision says what its tag means now, and counts follow.

use super::{NATIONAL, node, tag_of, tag_prefix};
use crate::ambient;
use crate::error::{ApiError, ApiResult};
use docimo_store::Store;
use r2c_referential::{Followed, Node, ReviewReason, Tag, Version, candidates, follow};
use serde::Serialize;
use std::collections::HashMap;
use utoipa::ToSchema;

/// A tag that waits for someone.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Waiting {
    /// The tag.
    pub tag: String,
    /// Its referential.
    pub referential: String,
    /// What it named; empty when no version ever had it.
    pub title: String,
    /// Why it waits, in French.
    pub reason: String,
    /// Entries that carry it.
    pub entries: i64,
    /// What it could become, the likeliest first.
    pub candidates: Vec<Candidate>,
}

/// What a tag could become.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Candidate {
    /// The tag.
    pub tag: String,
    /// Its title.
    pub title: String,
}

/// Every tag that waits, of every referential.
pub async fn waiting(store: &Store) -> ApiResult<Vec<Waiting>> {
    let mut all = of_the_older_list(store).await?;
    for line in store.referentials().await? {
        let tags = store.tags_to_review(&line.slug, &tag_prefix(&line.slug)).await?;
        if tags.is_empty() {
            continue;
        }
        let current: Vec<Node> = store.nodes(&line.slug, line.current).await?.iter().filter_map(node).collect();
        let title: HashMap<&str, &str> = current.iter().map(|n| (n.code.as_str(), n.title.as_str())).collect();
        for count in tags {
            let last = store.last_node(&count.tag).await?.as_ref().and_then(node);
            let near = last.as_ref().map(|gone| candidates(gone, &current)).unwrap_or_default();
            let candidate = |code: String| Candidate {
                tag: tag_of(&line.slug, &code),
                title: title.get(code.as_str()).copied().unwrap_or_default().to_owned(),
            };
            let reason = if last.is_some() { ReviewReason::Removed } else { ReviewReason::Unknown };
            all.push(Waiting {
                referential: line.slug.clone(),
                title: last.map(|n| n.title).unwrap_or_default(),
                reason: reason.french().to_owned(),
                entries: count.entries,
                candidates: near.into_iter().map(candidate).collect(),
                tag: count.tag,
            });
        }
    }
    Ok(all)
}

/// Tags of the list before the R2C that have no successor.
async fn of_the_older_list(store: &Store) -> ApiResult<Vec<Waiting>> {
    let mut all = Vec::new();
    for count in store.tags_to_review(NATIONAL, "ECN:").await? {
        let Ok(tag) = count.tag.parse::<Tag>() else { continue };
        let Followed::Review { reason, candidates } = follow(&tag, Version::Ecn2013, Version::CURRENT) else {
            continue;
        };
        let candidate = |to: Tag| Candidate { tag: to.to_string(), title: to.title().unwrap_or_default().to_owned() };
        all.push(Waiting {
            referential: Version::Ecn2013.name().to_owned(),
            title: tag.title().unwrap_or_default().to_owned(),
            reason: reason.french().to_owned(),
            entries: count.entries,
            candidates: candidates.into_iter().map(candidate).collect(),
            tag: count.tag,
        });
    }
    Ok(all)
}

/// Someone says what a tag is now: another one of its referential, itself (`""`), or not decided any more
/// (`None`).
pub async fn decide(store: &Store, tag: &str, target: Option<&str>, author_id: &str) -> ApiResult<()> {
    let tag: Tag = tag.parse().map_err(|e: r2c_referential::TagError| ApiError::wrong("étiquette", e.to_string()))?;
    let slug = match &tag {
        Tag::Objective(_) | Tag::EcnItem(_) => NATIONAL.to_owned(),
        Tag::Other { referential, .. } => referential.to_string(),
        Tag::Item(_) | Tag::Situation(_) | Tag::Specialty(_) | Tag::Unit(_) => {
            return Err(ApiError::wrong(
                "étiquette",
                "cette étiquette est d’une liste officielle : elle ne change pas",
            ));
        }
    };
    let target = match target.map(str::trim) {
        None | Some("") => target.map(|_| String::new()),
        Some(text) => {
            let to: Tag = text
                .parse()
                .map_err(|e: r2c_referential::TagError| ApiError::wrong("nouvelle étiquette", e.to_string()))?;
            if to == tag {
                return Err(ApiError::wrong(
                    "nouvelle étiquette",
                    "c’est la même : gardez-la telle quelle, ou changez-la",
                ));
            }
            check_target(store, &to).await?;
            Some(to.to_string())
        }
    };
    store.decide_tag(&slug, &tag.to_string(), target.as_deref(), author_id, ambient::now_ms()).await?;
    Ok(())
}

/// A tag is followed only to one that exists.
async fn check_target(store: &Store, to: &Tag) -> ApiResult<()> {
    let (slug, code) = match to {
        Tag::Objective(code) => (NATIONAL.to_owned(), code.to_string()),
        Tag::Other { referential, code } => (referential.to_string(), code.to_string()),
        Tag::Item(_) | Tag::Situation(_) => return Ok(()),
        Tag::EcnItem(_) | Tag::Specialty(_) | Tag::Unit(_) => {
            let message = "donnez un item, une situation, un objectif ou un élément d’un référentiel importé";
            return Err(ApiError::wrong("nouvelle étiquette", message));
        }
    };
    let found = store.current_nodes(&slug, &code).await?;
    if found.iter().any(|n| n.code == code) {
        return Ok(());
    }
    Err(ApiError::wrong("nouvelle étiquette", format!("« {to} » n’est pas dans la version en vigueur")))
}
