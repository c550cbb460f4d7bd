//! The bank of questions: looking for entries (`found`), reading one, bringing a file.

mod acts;
mod bulk;
pub mod editor;
mod enemies;
mod entry;
mod export;
mod folders;
pub(crate) mod found;
mod import;
mod journal;
mod plain;
pub(crate) mod searches;
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
pub use journal::journal;
pub use searches::{forget as forget_search, save as save_search, set_synonyms, synonyms_page};

use super::layout::Layout;
use crate::app::App;
use crate::auth::{Actor, Role};
use crate::bank::reach::Reach;
use crate::error::ApiResult;
use crate::web;
use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use docimo_bank::rights::Level;
use docimo_engine::paper::CaseKind;
use docimo_engine::question::Kind;
use docimo_search::query::GRAMMAR_FR;
use found::{Results, Search};
use searches::SavedView;
use std::collections::HashSet;

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

#[derive(Template)]
#[template(path = "bank/list.html")]
struct ListPage {
    page: Layout,
    may_import: bool,
    /// Where what is listed is taken away.
    export: String,
    may_list_synonyms: bool,
    is_empty_bank: bool,
    /// Where entries may be put: id, path.
    folders: Vec<(String, String)>,
    found: Results,
    search_tri: String,
    grammar: &'static str,
    saved: Vec<SavedView>,
}

#[derive(Template)]
#[template(path = "bank/fragment.html")]
pub(crate) struct Fragment {
    pub(crate) found: Results,
}

/// Entries that match, by page.
pub async fn list(
    State(app): State<App>,
    actor: Actor,
    Query(search): Query<Search>,
    page: Layout,
) -> ApiResult<Response> {
    let reach = Reach::of(&app, &actor).await?;
    let Some(found) = Results::of(&app, &reach, &search, &HashSet::new()).await? else {
        return plain::list(&app, &actor, &reach, &search, page).await;
    };
    if !search.partiel.is_empty() {
        return web::page(&Fragment { found });
    }
    let saved = searches::saved(&app, &actor).await?;
    web::page(&ListPage {
        page: page.titled("Questions"),
        may_import: may_import(&actor),
        export: format!("/questions/exporter?q={}", web::urlencode(&found.line)),
        may_list_synonyms: actor.is_any(&[Role::Committee, Role::Administrator]),
        is_empty_bank: app.store.entry_kinds(reach.readable().as_deref()).await?.is_empty(),
        folders: reach.folders_at(Level::Write),
        found,
        search_tri: search.tri,
        grammar: GRAMMAR_FR,
        saved,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_french_name() {
        assert_eq!(kind_french("mini-DP"), "Mini-dossier progressif");
        assert_eq!(kind_french("QRU"), "Question à réponse unique");
        assert_eq!(kind_french("?"), "Autre");
    }
}
