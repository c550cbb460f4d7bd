//! A student's own exams, room and correction.

use super::Body;
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiResult, Problem};
use crate::exam::correction::{self, Correction};
use crate::exam::live::{self, presence::Beat};
use crate::exam::room;
use crate::exam::room::{Acknowledgement, ClockView, Room, StepsForm};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

/// An exam of mine.
#[derive(Serialize, ToSchema)]
pub struct MyExam {
    /// Exam.
    id: String,
    /// Title.
    title: String,
    /// draft, frozen, open, closed, marked or published.
    state: String,
    /// Sections, once the paper is frozen.
    sections: Vec<MySection>,
}

/// A section of it.
#[derive(Serialize, ToSchema)]
pub struct MySection {
    /// Section.
    id: String,
    /// Title.
    title: String,
    /// Minutes before any extra time.
    duration_minutes: u32,
    /// My sheet, once there is one.
    attempt: Option<String>,
}

/// My exams.
#[utoipa::path(get, path = "/api/v1/my/exams", tag = "student", responses((status = 200, body = Vec<MyExam>)))]
pub async fn my_exams(State(app): State<App>, actor: Actor) -> ApiResult<Json<Vec<MyExam>>> {
    let mut mine = Vec::new();
    for exam in app.store.exams_of(&actor.id).await? {
        let mut sections = Vec::new();
        if exam.frozen_ms.is_some() {
            let attempts = app.store.attempts_of(&exam.id, &actor.id).await?;
            for section in &app.frozen_paper(&exam.id).await?.sections {
                sections.push(MySection {
                    id: section.id.to_string(),
                    title: section.title.clone(),
                    duration_minutes: section.duration_minutes,
                    attempt: attempts.iter().find(|a| a.section_id == section.id.as_str()).map(|a| a.id.clone()),
                });
            }
        }
        mine.push(MyExam { id: exam.id, title: exam.title, state: exam.state, sections });
    }
    Ok(Json(mine))
}

/// A sheet.
#[derive(Serialize, ToSchema)]
pub struct Entered {
    /// Sheet.
    attempt: String,
}

/// Enters the waiting room of a section.
#[utoipa::path(post, path = "/api/v1/my/exams/{exam}/sections/{section}", tag = "student",
    params(("exam" = String, Path), ("section" = String, Path)),
    responses((status = 200, body = Entered), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn enter(
    State(app): State<App>,
    actor: Actor,
    Path((exam, section)): Path<(String, String)>,
) -> ApiResult<Json<Entered>> {
    Ok(Json(Entered { attempt: room::enter(&app, &actor, &exam, &section).await? }))
}

/// My correction, once published.
#[utoipa::path(get, path = "/api/v1/my/exams/{exam}/correction", tag = "student", params(("exam" = String, Path)),
    responses((status = 200, body = Correction), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn my_correction(
    State(app): State<App>,
    actor: Actor,
    Path(exam): Path<String>,
) -> ApiResult<Json<Correction>> {
    Ok(Json(correction::correction(&app, &actor, &exam).await?))
}

/// What the room holds now.
#[utoipa::path(get, path = "/api/v1/attempts/{attempt}/room", tag = "exam room", params(("attempt" = String, Path)),
    responses((status = 200, body = Room), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn show(State(app): State<App>, actor: Actor, Path(attempt): Path<String>) -> ApiResult<Json<Room>> {
    Ok(Json(room::room(&app, &actor, &attempt).await?))
}

/// Starts my time.
#[utoipa::path(post, path = "/api/v1/attempts/{attempt}/start", tag = "exam room", params(("attempt" = String, Path)),
    responses((status = 200, body = Room), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn start(State(app): State<App>, actor: Actor, Path(attempt): Path<String>) -> ApiResult<Json<Room>> {
    Ok(Json(room::start(&app, &actor, &attempt).await?))
}

/// A stream of steps.
#[derive(Serialize, ToSchema)]
pub struct Opened {
    /// Its number.
    stream: i64,
}

/// Opens a stream of steps: once by page load.
#[utoipa::path(post, path = "/api/v1/attempts/{attempt}/streams", tag = "exam room", params(("attempt" = String, Path)),
    responses((status = 200, body = Opened),
              (status = 409, body = Problem, content_type = "application/problem+json", description = "second-machine: a supervisor decides")))]
pub async fn open_stream(
    State(app): State<App>,
    actor: Actor,
    Path(attempt): Path<String>,
    headers: HeaderMap,
) -> ApiResult<Json<Opened>> {
    let agent = headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let agent: String = agent.chars().take(300).collect();
    Ok(Json(Opened { stream: room::open_stream(&app, &actor, &attempt, &agent).await? }))
}

/// Saves steps. The answer comes after the commit is on disk; steps already stored are acknowledged
/// again.
#[utoipa::path(post, path = "/api/v1/attempts/{attempt}/steps", tag = "exam room", params(("attempt" = String, Path)),
    request_body = StepsForm,
    responses((status = 200, body = Acknowledgement),
              (status = 409, body = Problem, content_type = "application/problem+json", description = "sequence-gap: send again from expected_seq"),
              (status = 503, body = Problem, content_type = "application/problem+json", description = "overloaded: keep the queue, try again")))]
pub async fn save(
    State(app): State<App>,
    actor: Actor,
    Path(attempt): Path<String>,
    Body(form): Body<StepsForm>,
) -> ApiResult<Json<Acknowledgement>> {
    Ok(Json(room::save(&app, &actor, &attempt, form).await?))
}

/// My clock.
#[utoipa::path(get, path = "/api/v1/attempts/{attempt}/clock", tag = "exam room", params(("attempt" = String, Path)),
    responses((status = 200, body = ClockView)))]
pub async fn clock(State(app): State<App>, actor: Actor, Path(attempt): Path<String>) -> ApiResult<Json<ClockView>> {
    Ok(Json(live::clock(&app, &actor, &attempt).await?))
}

/// News of my page: what waits on the machine, and for how long it had no network. Nothing is written.
#[utoipa::path(post, path = "/api/v1/attempts/{attempt}/presence", tag = "exam room", params(("attempt" = String, Path)),
    request_body = Beat, responses((status = 200, body = ClockView)))]
pub async fn presence(
    State(app): State<App>,
    actor: Actor,
    Path(attempt): Path<String>,
    Body(beat): Body<Beat>,
) -> ApiResult<Json<ClockView>> {
    Ok(Json(live::beat(&app, &actor, &attempt, beat).await?))
}

/// Server-sent events: `clock`, with what the clock's own address answers, at once and whenever any of it
/// changes. 204 once the exam is over.
#[utoipa::path(get, path = "/api/v1/attempts/{attempt}/events", tag = "exam room", params(("attempt" = String, Path)),
    responses((status = 200, body = ClockView, content_type = "text/event-stream"), (status = 204)))]
pub async fn events(State(app): State<App>, actor: Actor, Path(attempt): Path<String>) -> ApiResult<Response> {
    live::events::listen(&app, &actor, &attempt).await
}
