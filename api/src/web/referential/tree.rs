//! An imported referential: its tree with the questions of each node, its versions and what changed.

use super::{VersionQuery, Versions, questions_href, version_query};
use crate::app::App;
use crate::auth::Actor;
use crate::bank::reach::Reach;
use crate::error::{ApiError, ApiResult};
use crate::referential::coverage::Chosen;
use crate::referential::{NATIONAL, coverage, node};
use crate::web::layout::Layout;
use crate::web::{self, filters};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use docimo_store::referentials::NodeRow;
use r2c_referential::{Change, Node, NodeStatus, TitleStatus, diff};
use std::collections::HashMap;

struct TreeRow {
    depth: usize,
    code: String,
    kind: String,
    title: String,
    rank: String,
    remark: Option<&'static str>,
    deprecated: bool,
    entries: i64,
    href: String,
}

struct VersionRow {
    href: String,
    name: String,
    at: String,
    author: String,
    origin: String,
    nodes: i64,
}

/// A difference, in words.
pub(super) struct ChangeRow {
    pub what: &'static str,
    pub class: &'static str,
    pub code: String,
    pub detail: String,
}

impl ChangeRow {
    pub(super) fn of(change: &Change) -> Self {
        let row = |what, class, code: &str, detail: String| Self { what, class, code: code.to_owned(), detail };
        match change {
            Change::Added { code } => row("Ajouté", "success", code, String::new()),
            Change::Removed { code, candidates } if candidates.is_empty() => {
                row("Retiré", "danger", code, "sans successeur".into())
            }
            Change::Removed { code, candidates } => {
                row("Retiré", "danger", code, format!("ressemble à {}", candidates.join(", ")))
            }
            Change::Moved { from, to } => row("Suivi", "accent", from, format!("devient {to}")),
            Change::Split { from, to } => row("Partagé", "warning", from, format!("entre {}", to.join(", "))),
            Change::Merged { from, to } => row("Réuni", "accent", &from.join(", "), format!("dans {to}")),
            Change::Retitled { code, before, after } => {
                row("Intitulé", "accent", code, format!("« {before} » devient « {after} »"))
            }
            Change::Reparented { code, before, after } => {
                let place = |p: &str| if p.is_empty() { "la racine".to_owned() } else { p.to_owned() };
                row("Déplacé", "accent", code, format!("de {} à {}", place(before), place(after)))
            }
        }
    }
}

#[derive(Template)]
#[template(path = "referential/tree.html")]
struct TreePage {
    page: Layout,
    title: String,
    slug: String,
    publisher: String,
    licence: String,
    is_national: bool,
    versions: Option<Versions>,
    /// What keeps to an older version from page to page.
    kept: String,
    nodes: usize,
    without: usize,
    rows: Vec<TreeRow>,
    history: Vec<VersionRow>,
    before: Option<String>,
    changes: Vec<ChangeRow>,
    more: usize,
}

/// Most differences on a page.
pub(super) const MOST: usize = 200;

/// Deepest indentation shown; deeper nodes stand there too.
const DEEPEST: usize = 6;

fn rows(nodes: Vec<NodeRow>, counts: &HashMap<String, i64>) -> Vec<TreeRow> {
    let mut depth: HashMap<String, usize> = HashMap::new();
    let mut rows = Vec::with_capacity(nodes.len());
    for node in nodes {
        let own = depth.get(&node.parent).map_or(0, |above| above + 1);
        depth.insert(node.code.clone(), own);
        rows.push(TreeRow {
            depth: own.min(DEEPEST),
            href: questions_href(&node.tag),
            entries: counts.get(&node.tag).copied().unwrap_or(0),
            remark: TitleStatus::from_name(&node.title_status).and_then(TitleStatus::french),
            deprecated: node.status == NodeStatus::Deprecated.name(),
            code: node.code,
            kind: node.kind,
            title: node.title,
            rank: node.rank,
        });
    }
    rows
}

/// One imported referential.
pub async fn tree(
    State(app): State<App>,
    actor: Actor,
    Path(slug): Path<String>,
    Query(query): Query<VersionQuery>,
    page: Layout,
) -> ApiResult<Response> {
    let chosen = coverage::chosen(&app.store, &slug, query.version).await?.ok_or(ApiError::NotFound)?;
    let choice = Versions::of(Some(&chosen), format!("/referentiel/{slug}"));
    let kept = version_query(Some(&chosen));
    let Chosen { line, versions, version } = chosen;
    let nodes = app.store.nodes(&slug, version.number).await?;
    let before = versions.iter().find(|v| v.number < version.number);
    let changes = match before {
        Some(version) => {
            let older: Vec<Node> = app.store.nodes(&slug, version.number).await?.iter().filter_map(node).collect();
            let newer: Vec<Node> = nodes.iter().filter_map(node).collect();
            crate::referential::off_thread(move || diff(&older, &newer)).await?
        }
        None => Vec::new(),
    };
    let tags: Vec<String> = nodes.iter().map(|n| n.tag.clone()).collect();
    let counts = coverage::counts(&app.store, &Reach::of(&app, &actor).await?, &tags).await?;
    let is_national = slug == NATIONAL;
    let before = before.map(|v| v.name.clone());
    web::page(&TreePage {
        page: page.titled(line.title.clone()),
        title: line.title,
        publisher: line.publisher,
        licence: line.licence,
        is_national,
        versions: choice,
        kept,
        nodes: nodes.len(),
        without: nodes.iter().filter(|n| !counts.contains_key(&n.tag)).count(),
        // The national objectives are read item by item.
        rows: if is_national { Vec::new() } else { rows(nodes, &counts) },
        history: versions
            .into_iter()
            .map(|v| VersionRow {
                href: format!("/referentiel/{slug}?version={}", v.number),
                name: v.name,
                at: filters::date_time(v.created_ms),
                author: v.author_name,
                origin: v.origin,
                nodes: v.nodes,
            })
            .collect(),
        before,
        more: changes.len().saturating_sub(MOST),
        changes: changes.iter().take(MOST).map(ChangeRow::of).collect(),
        slug,
    })
}
