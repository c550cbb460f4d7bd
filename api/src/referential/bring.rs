//! Bringing a version: compared with the one in force, told, then kept whole or not at all.

use super::file::{Brought, shown};
use super::{NATIONAL, node, row, tag_of, tag_prefix};
use crate::ambient;
use crate::error::{ApiError, ApiResult, Wrong};
use crate::web::filters;
use docimo_store::Store;
use docimo_store::referentials::{NewVersion, ReferentialLine};
use r2c_referential::{Change, Followed, Node, TitleStatus, diff, follow_code};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Longest name of a version, in characters.
const MAX_NAME: usize = 80;

/// What an import did, or would do.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct Report {
    /// Short name of the referential.
    pub referential: String,
    /// Name of the version.
    pub version: String,
    /// Name of the version that it is compared with.
    pub compared_with: Option<String>,
    /// Is the content that of the version in force? Then nothing is written.
    pub unchanged: bool,
    /// Elements and faulty lines found.
    pub read: usize,
    /// Good elements.
    pub nodes: usize,
    /// How many titles are complete, completed, truncated, uncertain.
    pub title_status: BTreeMap<String, usize>,
    /// New codes.
    pub added: usize,
    /// Codes without a successor.
    pub removed: usize,
    /// Codes that follow to another.
    pub moved: usize,
    /// Codes shared between several.
    pub split: usize,
    /// Codes with another title.
    pub retitled: usize,
    /// Codes elsewhere in the tree.
    pub reparented: usize,
    /// Tags of the bank that would wait for someone, or do.
    pub to_review: usize,
    /// Each difference.
    #[schema(value_type = Vec<Object>)]
    pub changes: Vec<Change>,
    /// Lines refused, with place and reason.
    pub faulty: Vec<Wrong>,
    /// What someone should look at.
    pub warnings: Vec<Wrong>,
}

/// A version compared, ready to be kept.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What is told of it.
    pub report: Report,
    new: NewVersion,
    /// Tags that it drops, and that nothing follows.
    dropped: Vec<String>,
}

/// Hash of nodes, in their order.
fn content_hash(nodes: &[Node]) -> ApiResult<String> {
    let text = serde_json::to_vec(nodes).map_err(|e| ApiError::Internal(e.into()))?;
    Ok(ambient::hex(&Sha256::digest(&text)))
}

/// Compares a file with what is in force. `version` is the name asked for. Nothing is written.
pub async fn plan(store: Option<&Store>, brought: Brought, version: Option<&str>) -> ApiResult<Plan> {
    let slug = brought.slug.to_string();
    let current = match store {
        Some(store) => store.referential(&slug).await?,
        None => None,
    };
    let before: Vec<Node> = match (store, &current) {
        (Some(store), Some(line)) => store.nodes(&slug, line.current).await?.iter().filter_map(node).collect(),
        _ => Vec::new(),
    };
    let names: Vec<(String, String)> = match store {
        Some(store) => store.referential_versions(&slug).await?.into_iter().map(|v| (v.name, v.hash)).collect(),
        None => Vec::new(),
    };
    let known = current.clone();
    let asked = version.map(str::to_owned);
    // Thousands of titles are compared: not on the threads that answer pages.
    let plan =
        tokio::task::spawn_blocking(move || compare(&brought, &before, known.as_ref(), &names, asked.as_deref()))
            .await
            .map_err(|e| ApiError::Internal(e.into()))??;
    let mut plan = plan;
    if let Some(store) = store {
        let carried = store.tag_counts(&tag_prefix(&slug)).await?;
        plan.report.to_review = carried.iter().filter(|count| plan.dropped.binary_search(&count.tag).is_ok()).count();
    }
    Ok(plan)
}

/// The name of the version: the one asked for, the file's own, or the day; never that of another content.
fn named(asked: Option<&str>, own: &str, hash: &str, names: &[(String, String)]) -> ApiResult<String> {
    let asked = asked.map(str::trim).filter(|name| !name.is_empty());
    let other = |name: &str| names.iter().any(|(known, content)| known == name && content != hash);
    if let Some(name) = asked {
        if name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
            return Err(ApiError::wrong(
                "version",
                format!("nom de version : {MAX_NAME} caractères au plus, sur une ligne"),
            ));
        }
        if other(name) {
            let message = format!("une version « {name} » existe déjà avec un autre contenu : donnez un autre nom");
            return Err(ApiError::wrong("version", message));
        }
        return Ok(name.to_owned());
    }
    let base: String =
        if own.is_empty() { filters::day(ambient::now_ms()) } else { own.chars().take(MAX_NAME).collect() };
    let taken = |name: &str| names.iter().any(|(known, _)| known == name);
    Ok((1..)
        .map(|n| if n == 1 { base.clone() } else { format!("{base} ({n})") })
        .find(|name| !taken(name))
        .unwrap_or(base))
}

fn compare(
    brought: &Brought,
    before: &[Node],
    current: Option<&ReferentialLine>,
    names: &[(String, String)],
    asked: Option<&str>,
) -> ApiResult<Plan> {
    let slug = brought.slug.to_string();
    let nodes = &brought.read.nodes;
    let hash = content_hash(nodes)?;
    let unchanged = current.is_some_and(|line| line.hash == hash);
    let name = match (current, unchanged) {
        (Some(line), true) => line.version.clone(),
        _ => named(asked, &brought.about.version, &hash, names)?,
    };
    let changes = if current.is_some() && !unchanged { diff(before, nodes) } else { Vec::new() };
    let count = |is: fn(&Change) -> bool| changes.iter().filter(|c| is(c)).count();
    let (mut moves, mut dropped) = (Vec::new(), Vec::new());
    for old in before {
        match follow_code(old.code.as_str(), &changes) {
            Followed::Same => {}
            Followed::Moved { to } => moves.push((tag_of(&slug, old.code.as_str()), tag_of(&slug, &to))),
            Followed::Review { .. } => dropped.push(tag_of(&slug, old.code.as_str())),
        }
    }
    dropped.sort_unstable();
    let mut warnings: Vec<Wrong> = brought.read.warnings.iter().cloned().map(shown).collect();
    if slug == NATIONAL {
        warnings.extend(gaps(nodes));
    }
    let title_status = TitleStatus::ALL
        .into_iter()
        .map(|status| (status.name().to_owned(), nodes.iter().filter(|n| n.title_status == status).count()))
        .collect();
    let report = Report {
        referential: slug.clone(),
        version: name.clone(),
        compared_with: current.map(|line| line.version.clone()),
        unchanged,
        read: nodes.len() + brought.read.faults.len(),
        nodes: nodes.len(),
        title_status,
        added: if current.is_some() { count(|c| matches!(c, Change::Added { .. })) } else { nodes.len() },
        removed: count(|c| matches!(c, Change::Removed { .. })),
        moved: moves.len(),
        split: count(|c| matches!(c, Change::Split { .. })),
        retitled: count(|c| matches!(c, Change::Retitled { .. })),
        reparented: count(|c| matches!(c, Change::Reparented { .. })),
        to_review: 0,
        changes,
        faulty: brought.read.faults.iter().cloned().map(shown).collect(),
        warnings,
    };
    let new = NewVersion {
        slug: slug.clone(),
        title: brought.about.title.clone(),
        publisher: brought.about.publisher.clone(),
        licence: brought.about.licence.clone(),
        name,
        hash,
        origin: brought.origin.clone(),
        author_id: String::new(),
        compared_with: current.map(|line| line.current),
        nodes: nodes.iter().map(|n| row(&slug, n)).collect(),
        moves,
    };
    Ok(Plan { report, new, dropped })
}

/// Items whose objectives are not numbered without a gap.
fn gaps(nodes: &[Node]) -> Vec<Wrong> {
    let mut ordinals: BTreeMap<u16, Vec<u8>> = BTreeMap::new();
    for code in nodes.iter().filter_map(|n| n.code.as_str().parse::<r2c_referential::ObjectiveCode>().ok()) {
        ordinals.entry(code.item().get()).or_default().push(code.ordinal());
    }
    let mut told = Vec::new();
    for (item, mut list) in ordinals {
        list.sort_unstable();
        let last = list.last().copied().unwrap_or(0);
        let missing: Vec<String> = (1..=last).filter(|n| !list.contains(n)).map(|n| format!("{n:02}")).collect();
        if !missing.is_empty() {
            let message = format!("objectifs absents de la suite : {}", missing.join(", "));
            told.push(Wrong { place: format!("item {item}"), message });
        }
    }
    told
}

/// Keeps a version, which is then in force. The same content twice changes nothing.
pub async fn keep(store: &Store, plan: Plan, author_id: &str) -> ApiResult<Report> {
    if plan.report.unchanged {
        return Ok(plan.report);
    }
    let new = NewVersion { author_id: author_id.to_owned(), ..plan.new };
    store.add_version(&new, ambient::now_ms()).await?;
    Ok(plan.report)
}
