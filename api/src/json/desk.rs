//! What people do with entries of the bank: the workflow, remarks, several at once.

use crate::app::App;
use crate::auth::Actor;
use crate::bank::bulk::{self, Asked, Line};
use crate::bank::desk::{self, Outcome, StepForm};
use crate::bank::reach;
use crate::error::{ApiError, ApiResult, Problem};
use crate::json::Body;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use docimo_bank::diff::differences;
use docimo_bank::rights::Level;
use docimo_engine::paper::Element;
use docimo_store::bank::operations::BulkOperation;
use docimo_store::bank::workflow::EntryEvent;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What came of a step.
#[derive(Serialize, ToSchema)]
pub struct StepDone {
    /// Status of the entry now.
    status: String,
    /// How many more reviewers must agree before it is validated.
    awaiting: usize,
}

/// Takes a step of the workflow: `submit`, `send_back`, `validate`, `reopen`, `retire`, `restore`.
#[utoipa::path(post, path = "/api/v1/questions/{entry}/steps", tag = "bank", params(("entry" = String, Path)), request_body = StepForm,
    responses((status = 200, body = StepDone), (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn step(
    State(app): State<App>,
    actor: Actor,
    Path(entry): Path<String>,
    Body(form): Body<StepForm>,
) -> ApiResult<Json<StepDone>> {
    Ok(Json(match desk::step(&app, &actor, &entry, &form).await? {
        Outcome::Moved(status) => StepDone { status: status.code().to_owned(), awaiting: 0 },
        Outcome::Awaiting(awaiting) => StepDone { status: form.status, awaiting },
    }))
}

/// Something that someone did with an entry.
#[derive(Serialize, ToSchema)]
pub struct EventView {
    /// Id.
    id: String,
    /// Revision that was the latest.
    revision: i64,
    /// Who.
    person: String,
    /// When, ms UTC.
    at_ms: i64,
    /// `submit`, `approve`, `send_back`, `validate`, `reopen`, `retire`, `restore`, `move`, `comment`, `resolve`…
    what: String,
    /// Of a remark: what it is about.
    place: String,
    /// Reason or remark.
    body: String,
}

impl From<EntryEvent> for EventView {
    fn from(e: EntryEvent) -> Self {
        let EntryEvent { id, revision, person_name: person, at_ms, what, place, body, .. } = e;
        Self { id, revision, person, at_ms, what, place, body }
    }
}

/// What was done and said of an entry, in order.
#[utoipa::path(get, path = "/api/v1/questions/{entry}/events", tag = "bank", params(("entry" = String, Path)),
    responses((status = 200, body = Vec<EventView>), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn events(
    State(app): State<App>,
    actor: Actor,
    Path(entry): Path<String>,
) -> ApiResult<Json<Vec<EventView>>> {
    reach::entry(&app, &actor, &entry, Level::Read).await?;
    Ok(Json(app.store.entry_events(&entry).await?.into_iter().map(EventView::from).collect()))
}

/// A remark.
#[derive(Deserialize, ToSchema)]
pub struct RemarkForm {
    /// What it is about: empty for the whole, `stem`, a proposition's id…
    #[serde(default)]
    place: String,
    /// What is remarked.
    text: String,
}

/// Remarks something of an entry.
#[utoipa::path(post, path = "/api/v1/questions/{entry}/remarks", tag = "bank", params(("entry" = String, Path)), request_body = RemarkForm,
    responses((status = 204), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn remark(
    State(app): State<App>,
    actor: Actor,
    Path(entry): Path<String>,
    Body(form): Body<RemarkForm>,
) -> ApiResult<StatusCode> {
    desk::comment(&app, &actor, &entry, &form.place, &form.text).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Says that a remark has been dealt with.
#[utoipa::path(post, path = "/api/v1/questions/{entry}/remarks/{remark}/resolve", tag = "bank",
    params(("entry" = String, Path), ("remark" = String, Path)),
    responses((status = 204), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn resolve(
    State(app): State<App>,
    actor: Actor,
    Path((entry, remark)): Path<(String, String)>,
) -> ApiResult<StatusCode> {
    desk::resolve(&app, &actor, &entry, &remark).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A field that differs.
#[derive(Serialize, ToSchema)]
pub struct DifferenceView {
    /// Where, in French.
    place: String,
    /// In the first.
    before: String,
    /// In the second.
    after: String,
}

/// What differs between two revisions.
#[utoipa::path(get, path = "/api/v1/questions/{entry}/revisions/{from}/{to}", tag = "bank",
    params(("entry" = String, Path), ("from" = i64, Path), ("to" = i64, Path)),
    responses((status = 200, body = Vec<DifferenceView>), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn compare(
    State(app): State<App>,
    actor: Actor,
    Path((entry, from, to)): Path<(String, i64, i64)>,
) -> ApiResult<Json<Vec<DifferenceView>>> {
    reach::entry(&app, &actor, &entry, Level::Read).await?;
    let read = async |number: i64| -> ApiResult<Element> {
        let revision = app.store.revision(&entry, number).await?.ok_or(ApiError::NotFound)?;
        serde_json::from_str(&revision.body).map_err(|e| ApiError::Internal(e.into()))
    };
    let found = differences(&read(from).await?, &read(to).await?);
    let view = |d: docimo_bank::diff::Difference| DifferenceView { place: d.place, before: d.before, after: d.after };
    Ok(Json(found.into_iter().map(view).collect()))
}

/// What to do with several entries.
#[derive(Deserialize, ToSchema)]
pub struct BulkForm {
    /// Entries, by id.
    entries: Vec<String>,
    /// What to do.
    #[serde(flatten)]
    asked: Asked,
}

/// What an operation would do.
#[derive(Serialize, ToSchema)]
pub struct BulkPlan {
    /// A sentence, in French.
    detail: String,
    /// How many entries would change.
    changing: usize,
    /// Entry by entry.
    lines: Vec<Line>,
}

/// What an operation did.
#[derive(Serialize, ToSchema)]
pub struct BulkDone {
    /// Id of the operation, to be undone by.
    operation: String,
    /// How many entries changed.
    changed: usize,
}

/// What would be done with several entries; nothing is written.
#[utoipa::path(post, path = "/api/v1/questions/operations/preview", tag = "bank", request_body = BulkForm,
    responses((status = 200, body = BulkPlan), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn preview(State(app): State<App>, actor: Actor, Body(form): Body<BulkForm>) -> ApiResult<Json<BulkPlan>> {
    let plan = bulk::plan(&app, &actor, &form.asked, &form.entries).await?;
    Ok(Json(BulkPlan { changing: plan.changing(), detail: plan.detail, lines: plan.lines }))
}

/// Does it, all or nothing.
#[utoipa::path(post, path = "/api/v1/questions/operations", tag = "bank", request_body = BulkForm,
    responses((status = 200, body = BulkDone), (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn apply(State(app): State<App>, actor: Actor, Body(form): Body<BulkForm>) -> ApiResult<Json<BulkDone>> {
    let plan = bulk::plan(&app, &actor, &form.asked, &form.entries).await?;
    let (operation, changed) = bulk::apply(&app, &actor, plan).await?;
    Ok(Json(BulkDone { operation, changed }))
}

/// An operation on several entries.
#[derive(Serialize, ToSchema)]
pub struct OperationView {
    /// Id.
    id: String,
    /// When, ms UTC.
    at_ms: i64,
    /// A sentence, in French.
    detail: String,
    /// Entries that it changed.
    entries: i64,
    /// When it was undone, ms UTC.
    undone_ms: Option<i64>,
}

/// One's own operations, the newest first.
#[utoipa::path(get, path = "/api/v1/questions/operations", tag = "bank", responses((status = 200, body = Vec<OperationView>)))]
pub async fn operations(State(app): State<App>, actor: Actor) -> ApiResult<Json<Vec<OperationView>>> {
    let view = |o: BulkOperation| OperationView {
        id: o.id,
        at_ms: o.at_ms,
        detail: o.detail,
        entries: o.entries,
        undone_ms: o.undone_ms,
    };
    Ok(Json(app.store.operations(&actor.id, 100).await?.into_iter().map(view).collect()))
}

/// Undoes an operation of one's own, if its entries still are as it left them.
#[utoipa::path(post, path = "/api/v1/questions/operations/{operation}/undo", tag = "bank", params(("operation" = String, Path)),
    responses((status = 200, body = BulkDone), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn undo(State(app): State<App>, actor: Actor, Path(operation): Path<String>) -> ApiResult<Json<BulkDone>> {
    let changed = bulk::undo(&app, &actor, &operation).await?;
    Ok(Json(BulkDone { operation, changed }))
}
