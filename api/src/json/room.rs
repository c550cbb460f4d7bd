//! A student's own exams, room and correction.

use super::Body;
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiResult, Problem};
use crate::exam::correction::{self, Correction};
use crate::exam::doors::address::Client;
use crate::exam::doors::{self, BrowserForm};
use crate::exam::live::{self, presence::Beat};
use crate::exam::room;
use crate::exam::room::{Acknowledgement, ClockView, Room, StepsForm};
use crate::exam::sealed::{self, Given, Keys};
use crate::exam::seb::keys::Verdict;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
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
    client: Client,
    Path((exam, section)): Path<(String, String)>,
) -> ApiResult<Json<Entered>> {
    doors::enter(&app, &actor, &client, &exam, &section).await?;
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

/// Passes the door of a room.
async fn admitted(app: &App, actor: &Actor, client: &Client, attempt_id: &str) -> ApiResult<()> {
    let (attempt, section, _) = room::own_attempt(app, actor, attempt_id).await?;
    doors::admit(app, actor, client, &attempt, section.duration_minutes).await
}

/// What was seen of a browser.
#[derive(Serialize, ToSchema)]
pub struct BrowserView {
    /// `right`, `absent`, `other_configuration` or `other_browser`; absent where the exam asks for no browser.
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<Verdict>,
}

/// Says which browser the page of a room is in, as it reads it from Safe Exam Browser.
#[utoipa::path(post, path = "/api/v1/attempts/{attempt}/browser", tag = "exam room", params(("attempt" = String, Path)),
    request_body = BrowserForm,
    responses((status = 200, body = BrowserView), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn browser(
    State(app): State<App>,
    actor: Actor,
    client: Client,
    Path(attempt): Path<String>,
    Body(form): Body<BrowserForm>,
) -> ApiResult<Json<BrowserView>> {
    let (attempt, _, _) = room::own_attempt(&app, &actor, &attempt).await?;
    Ok(Json(BrowserView { verdict: doors::present(&app, &actor, &client, &attempt, &form).await? }))
}

/// What the room holds now.
#[utoipa::path(get, path = "/api/v1/attempts/{attempt}/room", tag = "exam room", params(("attempt" = String, Path)),
    responses((status = 200, body = Room), (status = 403, body = Problem, content_type = "application/problem+json", description = "not-admitted: another browser or address is asked for"), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn show(
    State(app): State<App>,
    actor: Actor,
    client: Client,
    Path(attempt): Path<String>,
) -> ApiResult<Json<Room>> {
    admitted(&app, &actor, &client, &attempt).await?;
    Ok(Json(room::room(&app, &actor, &attempt).await?))
}

/// Starts my time.
#[utoipa::path(post, path = "/api/v1/attempts/{attempt}/start", tag = "exam room", params(("attempt" = String, Path)),
    responses((status = 200, body = Room), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn start(
    State(app): State<App>,
    actor: Actor,
    client: Client,
    Path(attempt): Path<String>,
) -> ApiResult<Json<Room>> {
    admitted(&app, &actor, &client, &attempt).await?;
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
    client: Client,
    Path(attempt): Path<String>,
    headers: HeaderMap,
) -> ApiResult<Json<Opened>> {
    admitted(&app, &actor, &client, &attempt).await?;
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
              (status = 503, body = Problem, content_type = "application/problem+json", description = "overloaded or unavailable: keep the queue, try again")))]
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
/// changes; then `keys`, `{"0": base64}`, once time runs for this sheet: what `keys` would give first. 204 once the exam
/// is over.
#[utoipa::path(get, path = "/api/v1/attempts/{attempt}/events", tag = "exam room", params(("attempt" = String, Path)),
    responses((status = 200, body = ClockView, content_type = "text/event-stream"), (status = 204)))]
pub async fn events(State(app): State<App>, actor: Actor, Path(attempt): Path<String>) -> ApiResult<Response> {
    let (own, section, _) = room::own_attempt(&app, &actor, &attempt).await?;
    let passed = doors::go_on(&app, &actor, &own, section.duration_minutes).await.is_ok();
    live::events::listen(&app, &actor, &attempt, passed).await
}

/// The manifest of my sealed paper, or one of its encrypted pieces, by hash; before the hour too.
#[utoipa::path(get, path = "/api/v1/attempts/{attempt}/paper/{hash}", tag = "exam room",
    params(("attempt" = String, Path), ("hash" = String, Path, description = "of the manifest or of a piece, SHA-256 in hexadecimal")),
    responses((status = 200, content((sealed::Manifest = "application/json"), (Vec<u8> = "application/octet-stream"))),
              (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn paper(
    State(app): State<App>,
    actor: Actor,
    Path((attempt, hash)): Path<(String, String)>,
    asked: HeaderMap,
) -> ApiResult<Response> {
    let mut response = match sealed::given(&app, &actor, &attempt, &hash).await? {
        Given::Piece(bytes) => ([(header::CONTENT_TYPE, "application/octet-stream")], bytes).into_response(),
        Given::Manifest([plain, gzip, brotli]) => {
            let (bytes, coding) = match coding(&asked) {
                Some("br") => (brotli, Some("br")),
                Some(_) => (gzip, Some("gzip")),
                None => (plain, None),
            };
            let mut response = ([(header::CONTENT_TYPE, "application/json")], bytes).into_response();
            let headers = response.headers_mut();
            headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
            if let Some(coding) = coding {
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
            }
            response
        }
    };
    // Private: an address is a candidate's. Immutable: it is a content's too.
    let kept = HeaderValue::from_static("private, max-age=31536000, immutable");
    response.headers_mut().insert(header::CACHE_CONTROL, kept);
    Ok(response)
}

/// The best coding that is asked for, of those that are made.
fn coding(asked: &HeaderMap) -> Option<&'static str> {
    let listed = asked.get(header::ACCEPT_ENCODING)?.to_str().ok()?;
    let takes = |name: &str| {
        listed.split(',').any(|one| {
            let mut words = one.split(';').map(str::trim);
            let named = words.next().is_some_and(|n| n.eq_ignore_ascii_case(name));
            let refused =
                words.any(|w| w.strip_prefix("q=").and_then(|q| q.parse::<f32>().ok()).is_some_and(|q| q <= 0.0));
            named && !refused
        })
    };
    ["br", "gzip"].into_iter().find(|name| takes(name))
}

/// The keys that I may have now: none before the hour. The next parts' come with the lock of the one before, or ahead
/// of it by the allowance of the exam.
#[utoipa::path(get, path = "/api/v1/attempts/{attempt}/keys", tag = "exam room", params(("attempt" = String, Path)),
    responses((status = 200, body = Keys), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn keys(State(app): State<App>, actor: Actor, Path(attempt): Path<String>) -> ApiResult<Json<Keys>> {
    let (own, section, _) = room::own_attempt(&app, &actor, &attempt).await?;
    doors::go_on(&app, &actor, &own, section.duration_minutes).await?;
    Ok(Json(sealed::keys(&app, &actor, &attempt).await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_coding_that_is_taken() {
        let of = |text: &'static str| {
            coding(&HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(text))]))
        };
        assert_eq!(of("gzip, deflate, br, zstd"), Some("br"));
        assert_eq!(of("gzip;q=1.0, br;q=0"), Some("gzip"));
        assert_eq!(of("identity"), None);
        assert_eq!(coding(&HeaderMap::new()), None);
    }
}
