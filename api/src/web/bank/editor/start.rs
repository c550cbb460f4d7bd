//! Where one starts: a new question or case, an entry to change, one's own drafts.

use super::super::kind_french;
use super::view::Choice;
use crate::app::App;
use crate::auth::Actor;
use crate::bank::draft::blank::{CASES, Wanted};
use crate::bank::draft::{self, Draft};
use crate::bank::reach::Reach;
use crate::error::{ApiError, ApiResult};
use crate::library;
use crate::web::filters::date_time;
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use docimo_bank::rights::Level;
use docimo_engine::question::Kind;
use serde::Deserialize;

/// What to start.
#[derive(Deserialize)]
pub struct FreshQuery {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    dossier: String,
}

#[derive(Template)]
#[template(path = "bank/editor/kinds.html")]
struct KindsPage {
    page: Layout,
    questions: Vec<(&'static str, &'static str, &'static str)>,
    cases: Vec<(&'static str, &'static str, String)>,
    folders: Vec<Choice>,
}

/// What each kind is for, in a line.
fn purpose(kind: Kind) -> &'static str {
    match kind {
        Kind::Qru => "une réponse parmi 4 ou 5",
        Kind::Qrm => "une ou plusieurs réponses parmi 4 ou 5",
        Kind::Qrp => "un nombre de réponses annoncé, parmi 4 ou 5",
        Kind::Qrpl => "un nombre de réponses annoncé, parmi 10 à 25",
        Kind::Qroc => "quelques mots",
        Kind::Qzp => "des zones d’une image",
        Kind::Tcs => "l’effet d’une information nouvelle, selon un panel",
        Kind::Qcm => "premier cycle : vrai ou faux, proposition par proposition",
    }
}

/// Starts a question or case of the kind asked, or asks which.
pub async fn fresh(
    State(app): State<App>,
    actor: Actor,
    Query(query): Query<FreshQuery>,
    page: Layout,
) -> ApiResult<Response> {
    let folders = Reach::of(&app, &actor).await?.folders_at(Level::Write);
    let Some((first, _)) = folders.first() else { return Err(ApiError::Forbidden) };
    if let Some(wanted) = Wanted::from_code(&query.kind) {
        let folder = if query.dossier.is_empty() { first } else { &query.dossier };
        let id = draft::start(&app, &actor, wanted, folder).await?;
        return Ok(Redirect::to(&format!("/questions/brouillons/{id}")).into_response());
    }
    if !query.kind.is_empty() {
        return Err(ApiError::wrong("type", "Type de question inconnu."));
    }
    web::page(&KindsPage {
        page: page.titled("Nouvelle question"),
        questions: Kind::ALL.map(|k| (k.code(), k.french(), purpose(k))).into_iter().collect(),
        cases: CASES
            .map(|k| {
                let (least, most) = k.size();
                let size =
                    if least == most { format!("{least} questions") } else { format!("{least} à {most} questions") };
                let purpose = if k.is_progressive() { size } else { format!("un article et {size}") };
                (k.code(), k.french(), purpose)
            })
            .into_iter()
            .collect(),
        folders: folders
            .into_iter()
            .map(|(code, label)| Choice { chosen: code == query.dossier, code, label })
            .collect(),
    })
}

/// Opens an entry to change it.
pub async fn change(State(app): State<App>, actor: Actor, Path(entry): Path<String>) -> ApiResult<Response> {
    let id = draft::of_entry(&app, &actor, &entry).await?;
    Ok(Redirect::to(&format!("/questions/brouillons/{id}")).into_response())
}

struct DraftRow {
    id: String,
    kind: &'static str,
    kind_french: &'static str,
    title: String,
    folder: String,
    at: String,
    is_new: bool,
    overtaken: bool,
}

#[derive(Template)]
#[template(path = "bank/editor/list.html")]
struct ListPage {
    page: Layout,
    rows: Vec<DraftRow>,
}

/// One's own drafts.
pub async fn list(State(app): State<App>, actor: Actor, page: Layout) -> ApiResult<Response> {
    let reach = Reach::of(&app, &actor).await?;
    let rows = draft::mine(&app, &actor).await?.into_iter().map(|draft| {
        let kind = library::kind(&draft.element);
        DraftRow {
            kind,
            kind_french: kind_french(kind),
            title: title(&draft),
            folder: reach.path(&draft.folder),
            at: date_time(draft.seen),
            is_new: draft.entry.is_none(),
            overtaken: draft.overtaken().is_some(),
            id: draft.id,
        }
    });
    web::page(&ListPage { rows: rows.collect(), page: page.titled("Mes brouillons") })
}

/// First words, or what it is.
fn title(draft: &Draft) -> String {
    match library::title(&draft.element) {
        empty if empty.is_empty() => "Sans énoncé".to_owned(),
        title => title,
    }
}
