//! The list of the bank without its search index: words of titles and tags. The server falls back on it where the index
//! cannot be opened.

use super::found::Search;
use super::{entry, kind_french, may_import, tags};
use crate::app::App;
use crate::auth::Actor;
use crate::bank::reach::Reach;
use crate::error::ApiResult;
use crate::web;
use crate::web::committee::Pages;
use crate::web::filters::count;
use crate::web::layout::Layout;
use askama::Template;
use axum::response::Response;
use docimo_bank::revision::Status;
use docimo_bank::rights::Level;
use docimo_store::bank::EntryFilter;

const PAGE_SIZE: usize = 50;

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
    lacks_key: bool,
    /// Did a machine write it?
    machine: bool,
    title: String,
    questions: i64,
    tags: String,
    version: i64,
}

#[derive(Template)]
#[template(path = "bank/list_plain.html")]
struct ListPage {
    page: Layout,
    may_import: bool,
    /// Where what is listed is taken away.
    export: String,
    /// Is the search index still being built?
    is_indexing: bool,
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
    pages: Pages,
}

/// Entries that match, by page.
pub async fn list(app: &App, actor: &Actor, reach: &Reach, query: &Search, page: Layout) -> ApiResult<Response> {
    let kinds = app.store.entry_kinds(reach.readable().as_deref()).await?;
    let at = query.page();
    let words = if query.mots.is_empty() { &query.q } else { &query.mots };
    let filter = EntryFilter {
        words: words.split_whitespace().take(10).map(str::to_owned).collect(),
        kind: Some(query.kind.clone()).filter(|k| !k.is_empty()),
        // A folder out of reach holds nothing.
        folders: match query.dossier.as_str() {
            "" => reach.readable(),
            folder => Some([folder.to_owned()].into_iter().filter(|f| reach.may(f, Level::Read)).collect()),
        },
        tag: Some(query.tag.clone()).filter(|t| !t.is_empty()),
        living: false,
        limit: PAGE_SIZE as i64,
        offset: ((at - 1) * PAGE_SIZE) as i64,
    };
    let (entries, total) = app.store.entries(&filter).await?;
    let total = usize::try_from(total).unwrap_or(0);
    let more = |name: &str, value: &str| {
        if value.is_empty() { String::new() } else { format!("&{name}={}", web::urlencode(value)) }
    };
    let base = format!(
        "/questions?mots={}&type={}{}{}&",
        web::urlencode(words),
        web::urlencode(&query.kind),
        more("etiquette", &query.tag),
        more("dossier", &query.dossier)
    );
    let lines = entries
        .into_iter()
        .map(|e| Line {
            kind_french: kind_french(&e.kind),
            status: e.status.parse().map_or("?", Status::french),
            status_class: e.status.parse().map_or("badge", entry::status_class),
            lacks_key: e.lacks_key(),
            machine: e.machine == 1,
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
        may_import: may_import(actor),
        export: base.replacen("/questions?", "/questions/exporter?", 1).trim_end_matches('&').to_owned(),
        is_indexing: app.is_indexing(),
        is_empty_bank: kinds.is_empty(),
        folders: reach.folders_at(Level::Write),
        kinds: kinds
            .into_iter()
            .map(|(code, n)| KindOption { label: format!("{code} ({n})"), selected: code == query.kind, code })
            .collect(),
        words: words.clone(),
        tag: query.tag.clone(),
        in_folder: query.dossier.clone(),
        in_folder_path: if reach.may(&query.dossier, Level::Read) { reach.path(&query.dossier) } else { String::new() },
        tag_label: tags::read([query.tag.as_str()]).into_iter().map(|t| t.label).collect(),
        total: count(total, "entrée", "entrées"),
        lines,
        pages: Pages::new(total, PAGE_SIZE, at, &base),
    };
    web::page(&view)
}
