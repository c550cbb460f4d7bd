//! What a committee composes with: the table of specification, the paper beside it, the assembly, replacements; and what a
//! paper meets before it is frozen.

use super::Body;
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult, Problem};
use crate::exam::assembly::beside::{self, Offer};
use crate::exam::assembly::jobs::{self, Found, Job};
use crate::exam::assembly::take::{self, Place, Rest};
use crate::exam::assembly::{self, Specification};
use crate::exam::draft;
use crate::exam::hazards::{self, Answer, Risk};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use docimo_engine::paper::Paper;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

/// What a paper meets.
#[derive(Serialize, ToSchema)]
pub struct Hazards {
    /// Papers frozen so far, that it was compared with.
    compared: i64,
    /// Each with who answers for it; those without forbid freezing.
    hazards: Vec<Risk>,
}

/// What a paper meets: questions already seen, or near one, exposed, incompatible, not validated.
#[utoipa::path(get, path = "/api/v1/exams/{exam}/hazards", tag = "assembly", params(("exam" = String, Path)),
    responses((status = 200, body = Hazards), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn hazards(State(app): State<App>, Path(exam): Path<String>) -> ApiResult<Json<Hazards>> {
    let checked = hazards::check(&app, &exam, &draft::paper(&app, &exam).await?).await?;
    Ok(Json(Hazards { compared: checked.frozen, hazards: checked.risks }))
}

/// Answers by name for hazards of a draft, with a reason: they no longer forbid freezing.
#[utoipa::path(post, path = "/api/v1/exams/{exam}/hazards", tag = "assembly", params(("exam" = String, Path)), request_body = Answer,
    responses((status = 204), (status = 409, body = Problem, content_type = "application/problem+json"),
              (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn answer(
    State(app): State<App>,
    actor: Actor,
    Path(exam): Path<String>,
    Body(form): Body<Answer>,
) -> ApiResult<StatusCode> {
    hazards::answer(&app, &actor, &exam, &form).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn table(app: &App, exam: &str) -> ApiResult<Specification> {
    assembly::of(app, exam).await?.ok_or(ApiError::NotFound)
}

/// The table of specification, with the minutes that questions take.
#[utoipa::path(get, path = "/api/v1/exams/{exam}/blueprint", tag = "assembly", params(("exam" = String, Path)),
    responses((status = 200, body = Object), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn blueprint(State(app): State<App>, Path(exam): Path<String>) -> ApiResult<Json<Specification>> {
    Ok(Json(table(&app, &exam).await?))
}

/// Keeps a table of specification, over the one before.
#[utoipa::path(put, path = "/api/v1/exams/{exam}/blueprint", tag = "assembly", params(("exam" = String, Path)), request_body = Object,
    responses((status = 204), (status = 409, body = Problem, content_type = "application/problem+json"),
              (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn set_blueprint(
    State(app): State<App>,
    actor: Actor,
    Path(exam): Path<String>,
    Body(table): Body<Specification>,
) -> ApiResult<StatusCode> {
    assembly::keep(&app, &actor, &exam, table).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The paper beside its table: what each sentence wanted and got.
#[utoipa::path(get, path = "/api/v1/exams/{exam}/effect", tag = "assembly", params(("exam" = String, Path)),
    responses((status = 200, body = Object), (status = 404, body = Problem, content_type = "application/problem+json"),
              (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn effect(State(app): State<App>, Path(exam): Path<String>) -> ApiResult<Json<Value>> {
    let paper = draft::paper(&app, &exam).await?;
    let found = beside::beside(&app, &exam, &table(&app, &exam).await?, &paper).await?;
    let beside = found.map_err(assembly::refused)?;
    Ok(Json(json!({"forms": beside.forms, "report": beside.report})))
}

/// How to assemble.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartForm {
    /// Settles ties; the table's own where absent.
    seed: Option<u64>,
    /// Take what the draft holds, and complete it.
    #[serde(default)]
    keep: bool,
}

/// Starts the assembly of a paper by the table of its exam.
#[utoipa::path(post, path = "/api/v1/exams/{exam}/assembly", tag = "assembly", params(("exam" = String, Path)), request_body = StartForm,
    responses((status = 202), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn start(
    State(app): State<App>,
    actor: Actor,
    Path(exam): Path<String>,
    Body(form): Body<StartForm>,
) -> ApiResult<StatusCode> {
    jobs::start(&app, &actor, &exam, form.seed, form.keep).await?;
    Ok(StatusCode::ACCEPTED)
}

fn told(job: &Job) -> Value {
    let seed = job.specification.blueprint.seed;
    let mut told = match job.found() {
        None => json!({"state": "working", "stage": job.stage()}),
        Some(Found::Assembled(proposal)) => {
            json!({"state": "assembled", "assembly": proposal.assembly, "report": proposal.report})
        }
        Some(Found::Infeasible(answer, relaxed)) => {
            json!({"state": "infeasible", "answer": answer, "relaxed": relaxed})
        }
        Some(Found::Undecided) => json!({"state": "undecided"}),
        Some(Found::Faults(faults)) => json!({"state": "faulty", "faults": faults}),
        Some(Found::Failed) => json!({"state": "failed"}),
    };
    told["seed"] = seed.into();
    told["stopped"] = job.stopped().into();
    told["pool"] = job.units.into();
    told
}

/// The assembly that one asked for: under way, the forms, or the conflict with the nearest relaxation.
#[utoipa::path(get, path = "/api/v1/exams/{exam}/assembly", tag = "assembly", params(("exam" = String, Path)),
    responses((status = 200, body = Object), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn assembled(State(app): State<App>, actor: Actor, Path(exam): Path<String>) -> ApiResult<Json<Value>> {
    draft::exam(&app, &exam).await?;
    Ok(Json(told(&*jobs::find(&app, &actor, &exam).ok_or(ApiError::NotFound)?)))
}

/// Asks the assembly to stop: it ends with the best it has.
#[utoipa::path(delete, path = "/api/v1/exams/{exam}/assembly", tag = "assembly", params(("exam" = String, Path)),
    responses((status = 204), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn stop(State(app): State<App>, actor: Actor, Path(exam): Path<String>) -> ApiResult<StatusCode> {
    draft::exam(&app, &exam).await?;
    jobs::stop(&app, &actor, &exam);
    Ok(StatusCode::NO_CONTENT)
}

/// Which form goes where.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TakeForm {
    /// From 1.
    form: usize,
    /// Section of the draft.
    section: String,
    /// Take out what else the section holds.
    #[serde(default)]
    replace: bool,
}

/// Puts a form that was proposed in a section of the draft.
#[utoipa::path(post, path = "/api/v1/exams/{exam}/assembly/take", tag = "assembly", params(("exam" = String, Path)), request_body = TakeForm,
    responses((status = 204), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn take_form(
    State(app): State<App>,
    actor: Actor,
    Path(exam): Path<String>,
    Body(sent): Body<TakeForm>,
) -> ApiResult<StatusCode> {
    draft::exam(&app, &exam).await?;
    let job = jobs::find(&app, &actor, &exam).ok_or(ApiError::NotFound)?;
    let held = job.held(sent.form)?;
    let rest = if sent.replace { Rest::Goes } else { Rest::Stays };
    take::put(&app, &actor, &exam, Place::Known(&sent.section), &held, rest).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn offer(offer: Offer) -> Value {
    json!({"entry": offer.entry.id, "external_id": offer.external_id, "kind": offer.entry.kind, "title": offer.entry.title,
        "questions": offer.questions, "minutes": offer.minutes, "last_used": offer.last_used, "exposed": offer.exposed, "excess": offer.excess, "value": offer.value,
        "broken": offer.broken, "moved": offer.moved})
}

async fn beside_of(app: &App, exam: &str) -> ApiResult<(Specification, Paper)> {
    Ok((table(app, exam).await?, draft::paper(app, exam).await?))
}

/// What could come in the place of an element, best first, with what each would do.
#[utoipa::path(get, path = "/api/v1/exams/{exam}/sections/{section}/elements/{element}/replacements", tag = "assembly",
    params(("exam" = String, Path), ("section" = String, Path), ("element" = String, Path)),
    responses((status = 200, body = Object), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn replacements(
    State(app): State<App>,
    actor: Actor,
    Path((exam, section, element)): Path<(String, String, String)>,
) -> ApiResult<Json<Value>> {
    let (table, paper) = beside_of(&app, &exam).await?;
    let found = beside::replacements(&app, &actor, &exam, &table, &paper, (&section, &element)).await?;
    let found = found.map_err(assembly::refused)?;
    let offers: Vec<Value> = found.offers.into_iter().map(offer).collect();
    Ok(Json(json!({"excess": found.excess, "value": found.value, "offers": offers})))
}

/// An entry.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EntryForm {
    /// Its id.
    entry: String,
}

/// Puts an entry in the place of an element.
#[utoipa::path(post, path = "/api/v1/exams/{exam}/sections/{section}/elements/{element}/replace", tag = "assembly",
    params(("exam" = String, Path), ("section" = String, Path), ("element" = String, Path)), request_body = EntryForm,
    responses((status = 204), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn replace(
    State(app): State<App>,
    actor: Actor,
    Path((exam, section, element)): Path<(String, String, String)>,
    Body(form): Body<EntryForm>,
) -> ApiResult<StatusCode> {
    take::replace(&app, &actor, &exam, (&section, &element), &form.entry).await?;
    Ok(StatusCode::NO_CONTENT)
}
