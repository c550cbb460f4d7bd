//! The supervisor's room: clocks, machines, messages, settings of the day, reports of sites.

use super::Body;
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiResult, Problem};
use crate::exam::live::desk::{self, Monitor};
use crate::exam::live::view::ClockView;
use crate::exam::supervision::clocks::{self, StopForm};
use crate::exam::supervision::day::{self, Day, Watcher};
use crate::exam::supervision::machines::{self, Keep, MoveCode};
use crate::exam::supervision::messages::{self, MessageForm};
use crate::exam::supervision::report::{self, SiteReport};
use crate::exam::supervision::time::{self, Given, TimeForm};
use crate::exam::{draft, export, supervision};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Who does what now, at the sites that who asks may see.
#[utoipa::path(get, path = "/api/v1/exams/{exam}/sections/{section}/monitor", tag = "supervision",
    params(("exam" = String, Path), ("section" = String, Path)), responses((status = 200, body = Monitor)))]
pub async fn monitor(
    State(app): State<App>,
    actor: Actor,
    Path((exam, section)): Path<(String, String)>,
) -> ApiResult<Json<Monitor>> {
    let reach = supervision::reach(&app, &actor, &exam).await?;
    Ok(Json(desk::monitor(&app, &exam, &section, reach.sites.as_ref()).await?))
}

/// Stops the clocks of a candidate, a room, a site or every site; screens are blank meanwhile. Done twice, it is
/// done once.
#[utoipa::path(post, path = "/api/v1/exams/{exam}/stop", tag = "supervision", params(("exam" = String, Path)), request_body = StopForm,
    responses((status = 204), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn stop(
    State(app): State<App>,
    actor: Actor,
    Path(exam): Path<String>,
    Body(form): Body<StopForm>,
) -> ApiResult<StatusCode> {
    clocks::stop(&app, &actor, &exam, &form).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lets them run again.
#[utoipa::path(post, path = "/api/v1/exams/{exam}/resume", tag = "supervision", params(("exam" = String, Path)), request_body = StopForm,
    responses((status = 204), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn resume(
    State(app): State<App>,
    actor: Actor,
    Path(exam): Path<String>,
    Body(form): Body<StopForm>,
) -> ApiResult<StatusCode> {
    clocks::resume(&app, &actor, &exam, &form).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A break.
#[derive(Deserialize, ToSchema)]
pub struct BreakForm {
    /// Begun, or ended.
    on: bool,
}

/// Begins or ends my own break, where I have a right to some.
#[utoipa::path(post, path = "/api/v1/attempts/{attempt}/break", tag = "exam room", params(("attempt" = String, Path)), request_body = BreakForm,
    responses((status = 200, body = ClockView), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn own_break(
    State(app): State<App>,
    actor: Actor,
    Path(attempt): Path<String>,
    Body(form): Body<BreakForm>,
) -> ApiResult<Json<ClockView>> {
    Ok(Json(clocks::own_break(&app, &actor, &attempt, form.on).await?))
}

/// What became of extra time.
#[derive(Serialize, ToSchema)]
pub struct GivenView {
    /// given, pending or noted.
    status: Given,
}

/// Gives extra time to a candidate, a room or a site; above what a supervisor gives alone, asks for it.
#[utoipa::path(post, path = "/api/v1/exams/{exam}/time", tag = "supervision", params(("exam" = String, Path)), request_body = TimeForm,
    responses((status = 200, body = GivenView), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn give_time(
    State(app): State<App>,
    actor: Actor,
    Path(exam): Path<String>,
    Body(form): Body<TimeForm>,
) -> ApiResult<Json<GivenView>> {
    Ok(Json(GivenView { status: time::give(&app, &actor, &exam, &form).await? }))
}

/// Time given to someone, to a room or to a site.
#[derive(Serialize, ToSchema)]
pub struct GrantView {
    /// Which.
    id: String,
    /// Section.
    section: String,
    /// Candidate number, for a person.
    candidate: Option<String>,
    /// Name, for a site or a room of it.
    site: Option<String>,
    /// Room, for a room.
    room: Option<String>,
    /// extension or compensation.
    kind: String,
    /// How much, ms.
    ms: i64,
    /// Why.
    reason: String,
    /// By whom.
    author: String,
    /// When, ms UTC.
    at_ms: i64,
    /// given, pending or refused.
    status: String,
    /// Who approved or refused it.
    decided_by: Option<String>,
    /// When, ms UTC.
    decided_ms: Option<i64>,
}

/// Extra time given, asked for and refused, the newest first.
#[utoipa::path(get, path = "/api/v1/exams/{exam}/time", tag = "supervision", params(("exam" = String, Path)),
    responses((status = 200, body = Vec<GrantView>)))]
pub async fn time_given(
    State(app): State<App>,
    actor: Actor,
    Path(exam): Path<String>,
) -> ApiResult<Json<Vec<GrantView>>> {
    draft::exam(&app, &exam).await?;
    let view = |g: docimo_store::delivery::GrantLine| GrantView {
        id: g.id,
        section: g.section_id,
        candidate: g.number,
        site: g.site_name,
        room: g.room,
        kind: g.kind,
        ms: g.ms,
        reason: g.reason,
        author: g.author_name,
        at_ms: g.at_ms,
        status: g.status,
        decided_by: g.decided_name,
        decided_ms: g.decided_ms,
    };
    Ok(Json(time::given(&app, &actor, &exam).await?.into_iter().map(view).collect()))
}

/// A decision on time that was asked for.
#[derive(Deserialize, ToSchema)]
pub struct Approval {
    /// Approved, or refused.
    approve: bool,
}

/// Approves or refuses time that a supervisor asked for.
#[utoipa::path(post, path = "/api/v1/exams/{exam}/time/{grant}", tag = "supervision",
    params(("exam" = String, Path), ("grant" = String, Path)), request_body = Approval,
    responses((status = 204), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn decide_time(
    State(app): State<App>,
    actor: Actor,
    Path((exam, grant)): Path<(String, String)>,
    Body(form): Body<Approval>,
) -> ApiResult<StatusCode> {
    time::decide(&app, &actor, &exam, &grant, form.approve).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a one-time code that moves a candidate to another machine; it is in the answer, this once.
#[utoipa::path(post, path = "/api/v1/attempts/{attempt}/move-code", tag = "supervision", params(("attempt" = String, Path)),
    responses((status = 200, body = MoveCode), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn move_code(State(app): State<App>, actor: Actor, Path(attempt): Path<String>) -> ApiResult<Json<MoveCode>> {
    Ok(Json(machines::move_code(&app, &actor, &attempt).await?))
}

/// Why a sheet is set free.
#[derive(Deserialize, ToSchema)]
pub struct UnlockForm {
    /// Why.
    reason: String,
}

/// Sets a sheet free: the next page opened on it answers.
#[utoipa::path(post, path = "/api/v1/attempts/{attempt}/unlock", tag = "supervision", params(("attempt" = String, Path)), request_body = UnlockForm,
    responses((status = 204), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn unlock(
    State(app): State<App>,
    actor: Actor,
    Path(attempt): Path<String>,
    Body(form): Body<UnlockForm>,
) -> ApiResult<StatusCode> {
    machines::unlock(&app, &actor, &attempt, &form.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Which session goes on.
#[derive(Deserialize, ToSchema)]
pub struct SessionChoice {
    /// new or old.
    keep: Keep,
}

/// Decides between two sessions seen on a sheet; the other one ends.
#[utoipa::path(post, path = "/api/v1/attempts/{attempt}/session", tag = "supervision", params(("attempt" = String, Path)), request_body = SessionChoice,
    responses((status = 204), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn settle(
    State(app): State<App>,
    actor: Actor,
    Path(attempt): Path<String>,
    Body(form): Body<SessionChoice>,
) -> ApiResult<StatusCode> {
    machines::settle(&app, &actor, &attempt, form.keep).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Says something to candidates, on their screens.
#[utoipa::path(post, path = "/api/v1/exams/{exam}/messages", tag = "supervision", params(("exam" = String, Path)), request_body = MessageForm,
    responses((status = 204), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn say(
    State(app): State<App>,
    actor: Actor,
    Path(exam): Path<String>,
    Body(form): Body<MessageForm>,
) -> ApiResult<StatusCode> {
    messages::say(&app, &actor, &exam, &form).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Settings of the day.
#[utoipa::path(get, path = "/api/v1/exams/{exam}/day", tag = "supervision", params(("exam" = String, Path)),
    responses((status = 200, body = Day)))]
pub async fn show_day(State(app): State<App>, Path(exam): Path<String>) -> ApiResult<Json<Day>> {
    Ok(Json(day::day(&app, &exam).await?))
}

/// Changes the settings of the day.
#[utoipa::path(put, path = "/api/v1/exams/{exam}/day", tag = "supervision", params(("exam" = String, Path)), request_body = Day,
    responses((status = 204), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn set_day(
    State(app): State<App>,
    actor: Actor,
    Path(exam): Path<String>,
    Body(form): Body<Day>,
) -> ApiResult<StatusCode> {
    day::set_day(&app, &actor, &exam, &form).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Supervisors, with the sites they are limited to.
#[utoipa::path(get, path = "/api/v1/exams/{exam}/supervisors", tag = "supervision", params(("exam" = String, Path)),
    responses((status = 200, body = Vec<Watcher>)))]
pub async fn supervisors(State(app): State<App>, Path(exam): Path<String>) -> ApiResult<Json<Vec<Watcher>>> {
    Ok(Json(day::watchers(&app, &exam).await?))
}

/// Sites of a supervisor.
#[derive(Deserialize, ToSchema)]
pub struct WatchedSites {
    /// By id; none: all.
    sites: Vec<String>,
}

/// Limits a supervisor to sites.
#[utoipa::path(put, path = "/api/v1/exams/{exam}/supervisors/{person}", tag = "supervision",
    params(("exam" = String, Path), ("person" = String, Path)), request_body = WatchedSites,
    responses((status = 204), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn set_supervisor(
    State(app): State<App>,
    actor: Actor,
    Path((exam, person)): Path<(String, String)>,
    Body(form): Body<WatchedSites>,
) -> ApiResult<StatusCode> {
    day::set_watcher(&app, &actor, &exam, &person, &form.sites).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The report of a section at a site.
#[utoipa::path(get, path = "/api/v1/exams/{exam}/sections/{section}/sites/{site}/report", tag = "supervision",
    params(("exam" = String, Path), ("section" = String, Path), ("site" = String, Path)),
    responses((status = 200, body = SiteReport)))]
pub async fn site_report(
    State(app): State<App>,
    actor: Actor,
    Path((exam, section, site)): Path<(String, String, String)>,
) -> ApiResult<Json<SiteReport>> {
    Ok(Json(report::site(&app, &actor, &exam, &section, &site).await?))
}

/// The same as a CSV file.
#[utoipa::path(get, path = "/api/v1/exams/{exam}/sections/{section}/sites/{site}/report.csv", tag = "supervision",
    params(("exam" = String, Path), ("section" = String, Path), ("site" = String, Path)),
    responses((status = 200, body = String, content_type = "text/csv")))]
pub async fn site_report_csv(
    State(app): State<App>,
    actor: Actor,
    Path((exam, section, site)): Path<(String, String, String)>,
) -> ApiResult<Response> {
    let report = report::site(&app, &actor, &exam, &section, &site).await?;
    let title = format!("{} – {} – {}", report.exam, report.section, report.site);
    Ok(export::download(report::csv(&report)?, "text/csv; charset=utf-8", &title, "csv"))
}
