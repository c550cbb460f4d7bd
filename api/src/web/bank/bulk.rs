//! Several entries at once: what would be done, doing it, undoing it.

use super::super::committee::Fields;
use crate::app::App;
use crate::auth::Actor;
use crate::bank::bulk::{self, Asked, Line};
use crate::error::{ApiError, ApiResult};
use crate::web::filters::{count, date_time};
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{Path, RawForm, State};
use axum::response::Response;

#[derive(Template)]
#[template(path = "bank/bulk.html")]
struct PreviewPage {
    page: Layout,
    detail: String,
    changing: String,
    nothing: bool,
    lines: Vec<Line>,
    again: Vec<(String, String)>,
}

struct OperationRow {
    id: String,
    at: String,
    detail: String,
    entries: String,
    undone: Option<String>,
}

#[derive(Template)]
#[template(path = "bank/operations.html")]
struct OperationsPage {
    page: Layout,
    rows: Vec<OperationRow>,
}

fn asked(fields: &Fields) -> ApiResult<(Asked, Vec<String>)> {
    let asked = match fields.get("action") {
        "move" => Asked::Move { folder: fields.get("dossier").to_owned() },
        "tag" => Asked::Tag { tag: fields.get("etiquette").trim().to_owned() },
        "untag" => Asked::Untag { tag: fields.get("etiquette").trim().to_owned() },
        step @ ("submit" | "reopen" | "retire" | "restore") => {
            Asked::Step { step: step.to_owned(), reason: fields.get("reason").to_owned() }
        }
        _ => return Err(ApiError::wrong("action", "Choisissez ce qu’il faut faire des questions cochées.")),
    };
    Ok((asked, fields.all("entry")))
}

/// What would be done; nothing is written.
pub async fn preview(
    State(app): State<App>,
    actor: Actor,
    page: Layout,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    let (asked, ids) = asked(&fields)?;
    let plan = bulk::plan(&app, &actor, &asked, &ids).await?;
    web::page(&PreviewPage {
        page: page.titled("Plusieurs questions à la fois"),
        detail: plan.detail.clone(),
        changing: count(plan.changing(), "question changerait", "questions changeraient"),
        nothing: plan.changing() == 0,
        lines: plan.lines,
        again: fields.repeated(&[]),
    })
}

/// Does it.
pub async fn apply(State(app): State<App>, actor: Actor, RawForm(body): RawForm) -> ApiResult<Response> {
    let (asked, ids) = asked(&Fields::read(&body))?;
    let plan = bulk::plan(&app, &actor, &asked, &ids).await?;
    let (_, changed) = bulk::apply(&app, &actor, plan).await?;
    let message =
        format!("{}. L’opération peut être défaite ici.", count(changed, "question changée", "questions changées"));
    Ok(web::go("/questions/lots", message))
}

/// One's own operations.
pub async fn operations(State(app): State<App>, actor: Actor, page: Layout) -> ApiResult<Response> {
    let rows = app.store.operations(&actor.id, 100).await?.into_iter().map(|o| OperationRow {
        id: o.id,
        at: date_time(o.at_ms),
        detail: o.detail,
        entries: count(usize::try_from(o.entries).unwrap_or(0), "question", "questions"),
        undone: o.undone_ms.map(date_time),
    });
    web::page(&OperationsPage { page: page.titled("Mes opérations"), rows: rows.collect() })
}

/// Undoes one.
pub async fn undo(State(app): State<App>, actor: Actor, Path(operation): Path<String>) -> ApiResult<Response> {
    let undone = bulk::undo(&app, &actor, &operation).await?;
    let message = count(undone, "question remise comme avant", "questions remises comme avant");
    Ok(web::go("/questions/lots", format!("{message}.")))
}
