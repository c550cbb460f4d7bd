//! Questions out of the bank.

use super::Body;
use crate::app::App;
use crate::auth::Actor;
use crate::bank::export::{self, Order, Outcome};
use crate::bank::select::Selection;
use crate::error::{ApiError, ApiResult, Problem};
use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use docimo_bank::exchange::Target;
use docimo_bank::revision::Status;
use serde::Deserialize;
use utoipa::ToSchema;

/// What to export: a list of entries, or those that match everything else.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportForm {
    /// `json`, `moodle-xml`, `gift`, `aiken`, `amc-txt`, `qti21`, `qti22` (or `qti`), `qti30`, `csv`, `xlsx`.
    format: String,
    /// Title of the file, and name of its category.
    title: Option<String>,
    /// Entries, by id or by their author's own id, whatever their status. It goes with no other condition.
    ids: Option<Vec<String>>,
    /// Words that title, tags or id must hold.
    #[serde(default)]
    q: String,
    /// QRU, QRM, DP…
    #[serde(default)]
    kind: String,
    /// A tag that entries carry, or that theirs follow to.
    #[serde(default)]
    tag: String,
    /// Id of a folder.
    #[serde(default)]
    folder: String,
    /// `draft`, `in_review`, `validated`, `retired`; with none, all but retired.
    #[serde(default)]
    status: Vec<String>,
}

impl ExportForm {
    fn read(self) -> ApiResult<(Order, Selection)> {
        let target = export::target(&self.format)?;
        let statuses = self.status.iter().map(|code| {
            let known = Status::ALL.map(Status::code).join(", ");
            code.parse().map_err(|_| ApiError::wrong("status", format!("« {code} » n’est pas un état ({known})")))
        });
        let selection = Selection {
            statuses: statuses.collect::<ApiResult<_>>()?,
            names: self.ids,
            query: self.q,
            kind: self.kind,
            tag: self.tag,
            folder: self.folder,
        };
        let narrowed = Selection { names: None, ..selection.clone() } != Selection::default();
        if selection.names.is_some() && narrowed {
            return Err(ApiError::wrong("ids", "Donnez une liste d’entrées ou des conditions, pas les deux."));
        }
        let title = self.title.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty());
        if title.as_ref().is_some_and(|t| t.chars().count() > 200 || t.chars().any(char::is_control)) {
            return Err(ApiError::wrong("title", "200 caractères au plus, sur une ligne."));
        }
        Ok((Order { target, title: title.unwrap_or_else(|| export::TITLE.to_owned()) }, selection))
    }
}

/// Questions as a file, in the format asked. The header `docimo-notes` says how many things the format cannot
/// hold; the preview says which.
#[utoipa::path(post, path = "/api/v1/questions/export", tag = "bank", request_body = ExportForm,
    responses((status = 200, content_type = "application/octet-stream", description = "the file, in the format's own media type"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn export(State(app): State<App>, actor: Actor, Body(form): Body<ExportForm>) -> ApiResult<Response> {
    let (order, selection) = form.read()?;
    let ids = export::chosen(&app, &actor, &selection).await?;
    export::file(&app, &actor, order, ids).await
}

/// What that file would hold, and, one by one, what its format cannot hold.
#[utoipa::path(post, path = "/api/v1/questions/export/preview", tag = "bank", request_body = ExportForm,
    responses((status = 200, body = Outcome), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn preview(State(app): State<App>, actor: Actor, Body(form): Body<ExportForm>) -> ApiResult<Json<Outcome>> {
    let (Order { target, .. }, selection) = form.read()?;
    let ids = export::chosen(&app, &actor, &selection).await?;
    Ok(Json(export::preview(&app, target, ids).await?))
}

/// The example to fill in a spreadsheet: usual kinds of questions and a case; the workbook tells each column.
#[utoipa::path(get, path = "/api/v1/questions/template/{format}", tag = "bank",
    params(("format" = String, Path, description = "csv or xlsx")),
    responses((status = 200, content_type = "application/octet-stream"),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn template(Path(format): Path<String>) -> ApiResult<Response> {
    let target = Target::from_code(&format).ok_or(ApiError::NotFound)?;
    let bytes = export::template(target)?.ok_or(ApiError::NotFound)?;
    Ok(export::to_save(bytes, target.mime(), &format!("modele-questions.{}", target.extension())))
}
