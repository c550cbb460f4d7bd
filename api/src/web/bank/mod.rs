//! The bank of questions: looking for entries, reading one, bringing a file.

mod acts;
mod bulk;
mod enemies;
mod entry;
mod export;
mod folders;
mod import;
mod shown;
pub mod tags;

pub(crate) use acts::{Piece, pieces};
pub use acts::{comment, compare, resolve, step};
pub use bulk::{apply, operations, preview, undo};
pub use enemies::{declare_enemy, remove_enemy};
pub use entry::entry;
pub use export::{export_file, export_page, export_ticked, template};
pub use folders::{add as add_folder, folders, remove as remove_folder, set_member, set_right, set_unit};
pub use import::{import, import_page};

use super::layout::Layout;
use crate::app::App;
use crate::auth::{Actor, Role};
use crate::bank::reach::Reach;
use crate::error::ApiResult;
use crate::web;
use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use docimo_bank::revision::Status;
use docimo_bank::rights::Level;
use docimo_engine::paper::CaseKind;
use docimo_engine::question::Kind;
use docimo_store::bank::EntryFilter;
use serde::Deserialize;

const PAGE_SIZE: i64 = 50;

/// The French name of a kind of question or case.
pub fn kind_french(code: &str) -> &'static str {
    let cases = [CaseKind::Dp, CaseKind::MiniDp, CaseKind::Kfp, CaseKind::Lca];
    let case = || cases.into_iter().find(|k| k.code() == code).map(CaseKind::french);
    Kind::from_code(code).map(Kind::french).or_else(case).unwrap_or("Autre")
}

/// May this person bring questions?
pub fn may_import(actor: &Actor) -> bool {
    actor.is_any(&[Role::Author, Role::Committee, Role::Administrator])
}

struct KindOption {
    code: String,
    label: String,
    selected: bool,
}

struct Line {
    id: String,
    external_id: String,
    kind: String,
    kind_french: &'static str,
    status: &'static str,
    status_class: &'static str,
    title: String,
    questions: i64,
    tags: String,
    version: i64,
}

struct PageLink {
    href: String,
    label: String,
    current: bool,
}

#[derive(Template)]
#[template(path = "bank/list.html")]
struct ListPage {
    page: Layout,
    may_import: bool,
    /// Where what is listed is taken away.
    export: String,
    is_empty_bank: bool,
    /// Where entries may be put: id, path.
    folders: Vec<(String, String)>,
    kinds: Vec<KindOption>,
    words: String,
    /// Only entries that carry it; empty for all.
    tag: String,
    tag_label: String,
    /// Only this folder; empty for all.
    in_folder: String,
    in_folder_path: String,
    total: String,
    lines: Vec<Line>,
    previous: Option<String>,
    next: Option<String>,
    pages: Vec<PageLink>,
}

/// What is looked for.
#[derive(Deserialize)]
pub struct ListQuery {
    #[serde(default)]
    mots: String,
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default, rename = "etiquette")]
    tag: String,
    /// Only this folder.
    #[serde(default)]
    dossier: String,
    page: Option<String>,
}

impl ListQuery {
    fn href(&self, page: i64) -> String {
        let more = |name: &str, value: &str| {
            if value.is_empty() { String::new() } else { format!("&{name}={}", web::urlencode(value)) }
        };
        let (words, kind) = (web::urlencode(&self.mots), web::urlencode(&self.kind));
        let (tag, folder) = (more("etiquette", &self.tag), more("dossier", &self.dossier));
        format!("/questions?mots={words}&type={kind}{tag}{folder}&page={page}")
    }
}

/// Entries that match, by page.
pub async fn list(
    State(app): State<App>,
    actor: Actor,
    Query(query): Query<ListQuery>,
    page: Layout,
) -> ApiResult<Response> {
    let reach = Reach::of(&app, &actor).await?;
    let kinds = app.store.entry_kinds(reach.readable().as_deref()).await?;
    let wanted = query.page.as_deref().and_then(|p| p.parse::<i64>().ok()).unwrap_or(1).clamp(1, 100_000);
    let filter = EntryFilter {
        words: query.mots.split_whitespace().take(10).map(str::to_owned).collect(),
        kind: Some(query.kind.clone()).filter(|k| !k.is_empty()),
        // A folder out of reach holds nothing.
        folders: match query.dossier.as_str() {
            "" => reach.readable(),
            folder => Some([folder.to_owned()].into_iter().filter(|f| reach.may(f, Level::Read)).collect()),
        },
        tag: Some(query.tag.clone()).filter(|t| !t.is_empty()),
        living: false,
        limit: PAGE_SIZE,
        offset: (wanted - 1) * PAGE_SIZE,
    };
    let (entries, total) = app.store.entries(&filter).await?;
    let last = ((total + PAGE_SIZE - 1) / PAGE_SIZE).max(1);
    let lines = entries
        .into_iter()
        .map(|e| Line {
            kind_french: kind_french(&e.kind),
            status: e.status.parse().map_or("?", Status::french),
            status_class: e.status.parse().map_or("badge", entry::status_class),
            tags: tags::read(e.tags.split_whitespace()).into_iter().map(|t| t.label).collect::<Vec<_>>().join(", "),
            id: e.id,
            external_id: e.external_id,
            kind: e.kind,
            title: e.title,
            questions: e.questions,
            version: e.latest,
        })
        .collect();
    let view = ListPage {
        page: page.titled("Questions"),
        may_import: may_import(&actor),
        export: query.href(1).replacen("/questions?", "/questions/exporter?", 1),
        is_empty_bank: kinds.is_empty(),
        folders: reach.folders_at(Level::Write),
        kinds: kinds
            .into_iter()
            .map(|(code, n)| KindOption { label: format!("{code} ({n})"), selected: code == query.kind, code })
            .collect(),
        words: query.mots.clone(),
        tag: query.tag.clone(),
        in_folder: query.dossier.clone(),
        in_folder_path: if reach.may(&query.dossier, Level::Read) { reach.path(&query.dossier) } else { String::new() },
        tag_label: tags::read([query.tag.as_str()]).into_iter().map(|t| t.label).collect(),
        total: if total < 2 { format!("{total} entrée") } else { format!("{total} entrées") },
        lines,
        previous: (wanted > 1).then(|| query.href(wanted.min(last + 1) - 1)),
        next: (wanted < last).then(|| query.href(wanted + 1)),
        pages: page_numbers(wanted, last)
            .into_iter()
            .map(|number| match number {
                Some(n) => PageLink { href: query.href(n), label: n.to_string(), current: n == wanted },
                None => PageLink { href: String::new(), label: "…".into(), current: false },
            })
            .collect(),
    };
    web::page(&view)
}

/// First, last and those around; `None` stands for a gap.
fn page_numbers(current: i64, last: i64) -> Vec<Option<i64>> {
    if last < 2 {
        return Vec::new();
    }
    let mut out: Vec<Option<i64>> = Vec::new();
    let near = (1..=last).filter(|n| *n == 1 || *n == last || (*n - current).abs() <= 2);
    for n in near {
        if let Some(Some(before)) = out.last()
            && n - before > 1
        {
            out.push(None);
        }
        out.push(Some(n));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_show_the_ends_and_the_neighbours() {
        assert!(page_numbers(1, 1).is_empty());
        assert_eq!(page_numbers(1, 3), [Some(1), Some(2), Some(3)]);
        assert_eq!(page_numbers(9, 20), [Some(1), None, Some(7), Some(8), Some(9), Some(10), Some(11), None, Some(20)]);
    }

    #[test]
    fn every_kind_has_a_french_name() {
        assert_eq!(kind_french("mini-DP"), "Mini-dossier progressif");
        assert_eq!(kind_french("QRU"), "Question à réponse unique");
        assert_eq!(kind_french("?"), "Autre");
    }
}
