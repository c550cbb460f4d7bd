//! Exams from draft to closing.

use super::Body;
use crate::app::App;
use crate::auth::Actor;
use crate::bank::reach;
use crate::error::{ApiError, ApiResult, Problem, Wrong};
use crate::exam::candidates::{self, Credential};
use crate::exam::draft::{self, SectionForm, Settings, SettingsPatch};
use crate::exam::life;
use crate::exam::receipts::{self, CodeCheck, ExamCheck};
use crate::exam::schemes;
use crate::exam::sealed::queue::{self, Brought};
use crate::exam::supervision;
use crate::strict;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use docimo_engine::paper::Paper;
use docimo_engine::scheme::MarkingScheme;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An exam.
#[derive(Serialize, ToSchema)]
pub struct ExamView {
    /// Id.
    id: String,
    /// Title.
    title: String,
    /// draft, frozen, open, closed, marked or published.
    state: String,
    /// common or individual.
    start_mode: String,
    /// Hash of the frozen paper.
    paper_hash: Option<String>,
    /// When results were published, ms UTC.
    published_ms: Option<i64>,
    /// Version of the register that was published.
    published_version: Option<i64>,
}

impl From<docimo_store::exams::Exam> for ExamView {
    fn from(e: docimo_store::exams::Exam) -> Self {
        Self {
            id: e.id,
            title: e.title,
            state: e.state,
            start_mode: e.start_mode,
            paper_hash: e.paper_hash,
            published_ms: e.published_ms,
            published_version: e.published_version,
        }
    }
}

/// Something made.
#[derive(Serialize, ToSchema)]
pub struct Made {
    /// Its id.
    id: String,
}

/// Every exam, the newest first.
#[utoipa::path(get, path = "/api/v1/exams", tag = "exams", responses((status = 200, body = Vec<ExamView>)))]
pub async fn list(State(app): State<App>) -> ApiResult<Json<Vec<ExamView>>> {
    Ok(Json(app.store.exams().await?.into_iter().map(ExamView::from).collect()))
}

/// Creates an exam with an empty draft paper.
#[utoipa::path(post, path = "/api/v1/exams", tag = "exams", request_body = Settings,
    responses((status = 201, body = Made), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn create(
    State(app): State<App>,
    actor: Actor,
    Body(form): Body<Settings>,
) -> ApiResult<(StatusCode, Json<Made>)> {
    Ok((StatusCode::CREATED, Json(Made { id: draft::create(&app, &actor, &form).await? })))
}

/// One exam.
#[utoipa::path(get, path = "/api/v1/exams/{exam}", tag = "exams", params(("exam" = String, Path)),
    responses((status = 200, body = ExamView), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn show(State(app): State<App>, Path(exam): Path<String>) -> ApiResult<Json<ExamView>> {
    Ok(Json(draft::exam(&app, &exam).await?.into()))
}

/// The settings of an exam.
#[utoipa::path(get, path = "/api/v1/exams/{exam}/settings", tag = "exams", params(("exam" = String, Path)),
    responses((status = 200, body = Settings), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn settings(State(app): State<App>, Path(exam): Path<String>) -> ApiResult<Json<Settings>> {
    let paper = draft::paper(&app, &exam).await?;
    Ok(Json(Settings::of(&draft::exam(&app, &exam).await?, &paper)))
}

/// Changes some settings of a draft; those that are absent stay as they are.
#[utoipa::path(patch, path = "/api/v1/exams/{exam}", tag = "exams", params(("exam" = String, Path)), request_body = SettingsPatch,
    responses((status = 204), (status = 409, body = Problem, content_type = "application/problem+json"),
              (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn set_settings(
    State(app): State<App>,
    Path(exam): Path<String>,
    Body(form): Body<SettingsPatch>,
) -> ApiResult<StatusCode> {
    draft::patch_settings(&app, &exam, form).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The paper with its keys.
#[utoipa::path(get, path = "/api/v1/exams/{exam}/paper", tag = "exams", params(("exam" = String, Path)),
    responses((status = 200, body = Object)))]
pub async fn paper(State(app): State<App>, Path(exam): Path<String>) -> ApiResult<Json<Paper>> {
    Ok(Json(draft::paper(&app, &exam).await?))
}

/// Faults of a paper.
#[derive(Serialize, ToSchema)]
pub struct Faults {
    /// Each with its place.
    faults: Vec<Wrong>,
}

/// Replaces a draft paper; tells its faults.
#[utoipa::path(put, path = "/api/v1/exams/{exam}/paper", tag = "exams", params(("exam" = String, Path)), request_body = Object,
    responses((status = 200, body = Faults), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn set_paper(
    State(app): State<App>,
    Path(exam): Path<String>,
    Body(paper): Body<serde_json::Value>,
) -> ApiResult<Json<Faults>> {
    let paper: Paper = strict::read(paper, "sujet")?;
    Ok(Json(Faults { faults: draft::set_paper(&app, &exam, paper).await? }))
}

/// Faults of the paper as it stands.
#[utoipa::path(get, path = "/api/v1/exams/{exam}/faults", tag = "exams", params(("exam" = String, Path)),
    responses((status = 200, body = Faults)))]
pub async fn faults(State(app): State<App>, Path(exam): Path<String>) -> ApiResult<Json<Faults>> {
    let paper = draft::paper(&app, &exam).await?;
    Ok(Json(Faults { faults: draft::faults(&app, &paper).await?.into_iter().map(Wrong::from).collect() }))
}

/// Changes a section.
#[utoipa::path(put, path = "/api/v1/exams/{exam}/sections/{section}", tag = "exams",
    params(("exam" = String, Path), ("section" = String, Path)), request_body = SectionForm,
    responses((status = 204), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn set_section(
    State(app): State<App>,
    Path((exam, section)): Path<(String, String)>,
    Body(form): Body<SectionForm>,
) -> ApiResult<StatusCode> {
    draft::set_section(&app, &exam, &section, &form).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a section with what it holds; its questions stay in the bank.
#[utoipa::path(delete, path = "/api/v1/exams/{exam}/sections/{section}", tag = "exams",
    params(("exam" = String, Path), ("section" = String, Path)),
    responses((status = 204), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn remove_section(
    State(app): State<App>,
    Path((exam, section)): Path<(String, String)>,
) -> ApiResult<StatusCode> {
    draft::remove_section(&app, &exam, &section).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A place, from 0.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// From 0; beyond the end is the end.
    position: usize,
}

/// Puts a section elsewhere in the paper.
#[utoipa::path(post, path = "/api/v1/exams/{exam}/sections/{section}/position", tag = "exams",
    params(("exam" = String, Path), ("section" = String, Path)), request_body = Position, responses((status = 204)))]
pub async fn place_section(
    State(app): State<App>,
    Path((exam, section)): Path<(String, String)>,
    Body(form): Body<Position>,
) -> ApiResult<StatusCode> {
    draft::place_section(&app, &exam, &section, form.position).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What to do with an element.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MoveForm {
    /// `up`, `down` or `remove`.
    what: String,
}

/// Moves a question or a case in its section, or takes it out of the paper.
#[utoipa::path(post, path = "/api/v1/exams/{exam}/sections/{section}/elements/{element}", tag = "exams",
    params(("exam" = String, Path), ("section" = String, Path), ("element" = String, Path)), request_body = MoveForm,
    responses((status = 204), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn move_element(
    State(app): State<App>,
    Path((exam, section, element)): Path<(String, String, String)>,
    Body(form): Body<MoveForm>,
) -> ApiResult<StatusCode> {
    draft::move_element(&app, &exam, &section, &element, &form.what).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The built-in marking schemes, as data.
#[utoipa::path(get, path = "/api/v1/schemes", tag = "exams", responses((status = 200, body = Vec<Object>)))]
pub async fn built_in_schemes() -> Json<Vec<MarkingScheme>> {
    Json(MarkingScheme::PRESETS.into_iter().filter_map(MarkingScheme::preset).collect())
}

/// Every marking scheme that this exam may use: its own first.
#[utoipa::path(get, path = "/api/v1/exams/{exam}/schemes", tag = "exams", params(("exam" = String, Path)),
    responses((status = 200, body = Vec<Object>)))]
pub async fn schemes(State(app): State<App>, Path(exam): Path<String>) -> ApiResult<Json<Vec<MarkingScheme>>> {
    Ok(Json(schemes::known(&draft::paper(&app, &exam).await?)))
}

/// Makes or replaces a marking scheme of this exam.
#[utoipa::path(put, path = "/api/v1/exams/{exam}/schemes/{scheme}", tag = "exams",
    params(("exam" = String, Path), ("scheme" = String, Path)), request_body = Object,
    responses((status = 204), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn set_scheme(
    State(app): State<App>,
    Path((exam, name)): Path<(String, String)>,
    Body(scheme): Body<serde_json::Value>,
) -> ApiResult<StatusCode> {
    let scheme: MarkingScheme = strict::read(scheme, "barème")?;
    schemes::put(&app, &exam, MarkingScheme { name, ..scheme }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a marking scheme of this exam that nothing uses.
#[utoipa::path(delete, path = "/api/v1/exams/{exam}/schemes/{scheme}", tag = "exams",
    params(("exam" = String, Path), ("scheme" = String, Path)),
    responses((status = 204), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn remove_scheme(
    State(app): State<App>,
    Path((exam, name)): Path<(String, String)>,
) -> ApiResult<StatusCode> {
    schemes::remove(&app, &exam, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Adds a section at the end.
#[utoipa::path(post, path = "/api/v1/exams/{exam}/sections", tag = "exams", params(("exam" = String, Path)), request_body = SectionForm,
    responses((status = 201, body = Made), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn add_section(
    State(app): State<App>,
    Path(exam): Path<String>,
    Body(form): Body<SectionForm>,
) -> ApiResult<(StatusCode, Json<Made>)> {
    Ok((StatusCode::CREATED, Json(Made { id: draft::add_section(&app, &exam, &form).await? })))
}

/// Entries of the bank, by id.
#[derive(Deserialize, ToSchema)]
pub struct Entries {
    /// In the order wanted.
    entries: Vec<String>,
}

/// Adds entries of the bank to a section.
#[utoipa::path(post, path = "/api/v1/exams/{exam}/sections/{section}/entries", tag = "exams",
    params(("exam" = String, Path), ("section" = String, Path)), request_body = Entries,
    responses((status = 204), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn add_entries(
    State(app): State<App>,
    actor: Actor,
    Path((exam, section)): Path<(String, String)>,
    Body(form): Body<Entries>,
) -> ApiResult<StatusCode> {
    reach::all_readable(&app, &actor, &form.entries).await?;
    draft::add_entries(&app, &exam, &section, &form.entries).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Freezes the paper.
#[utoipa::path(post, path = "/api/v1/exams/{exam}/freeze", tag = "exams", params(("exam" = String, Path)),
    responses((status = 204), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn freeze(State(app): State<App>, actor: Actor, Path(exam): Path<String>) -> ApiResult<StatusCode> {
    draft::freeze(&app, &actor, &exam).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A site.
#[derive(Serialize, ToSchema)]
pub struct SiteView {
    /// Id.
    id: String,
    /// Name.
    name: String,
}

/// Sites of an exam.
#[utoipa::path(get, path = "/api/v1/exams/{exam}/sites", tag = "exams", params(("exam" = String, Path)),
    responses((status = 200, body = Vec<SiteView>)))]
pub async fn sites(State(app): State<App>, actor: Actor, Path(exam): Path<String>) -> ApiResult<Json<Vec<SiteView>>> {
    draft::exam(&app, &exam).await?;
    let reach = supervision::reach(&app, &actor, &exam).await?;
    let seen = app.store.sites(&exam).await?.into_iter().filter(|s| reach.holds(&s.id));
    Ok(Json(seen.map(|s| SiteView { id: s.id, name: s.name }).collect()))
}

/// A name.
#[derive(Deserialize, ToSchema)]
pub struct Name {
    /// The name.
    name: String,
}

/// Adds a site.
#[utoipa::path(post, path = "/api/v1/exams/{exam}/sites", tag = "exams", params(("exam" = String, Path)), request_body = Name,
    responses((status = 201, body = Made), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn add_site(
    State(app): State<App>,
    actor: Actor,
    Path(exam): Path<String>,
    Body(form): Body<Name>,
) -> ApiResult<(StatusCode, Json<Made>)> {
    Ok((StatusCode::CREATED, Json(Made { id: life::add_site(&app, &actor, &exam, &form.name).await? })))
}

/// Removes a site where nobody is enrolled and nothing was opened.
#[utoipa::path(delete, path = "/api/v1/exams/{exam}/sites/{site}", tag = "exams",
    params(("exam" = String, Path), ("site" = String, Path)),
    responses((status = 204), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn remove_site(
    State(app): State<App>,
    actor: Actor,
    Path((exam, site)): Path<(String, String)>,
) -> ApiResult<StatusCode> {
    life::remove_site(&app, &actor, &exam, &site).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A section at a site.
#[derive(Serialize, ToSchema)]
pub struct SittingView {
    /// Site.
    site: String,
    /// Section.
    section: String,
    /// When it was opened, ms UTC.
    opened_ms: Option<i64>,
    /// When it was closed, ms UTC.
    closed_ms: Option<i64>,
    /// Given back to everyone there for incidents, ms.
    compensation_ms: i64,
}

/// What was opened and closed, by site and section.
#[utoipa::path(get, path = "/api/v1/exams/{exam}/sittings", tag = "exams", params(("exam" = String, Path)),
    responses((status = 200, body = Vec<SittingView>)))]
pub async fn sittings(
    State(app): State<App>,
    actor: Actor,
    Path(exam): Path<String>,
) -> ApiResult<Json<Vec<SittingView>>> {
    draft::exam(&app, &exam).await?;
    let reach = supervision::reach(&app, &actor, &exam).await?;
    let view = |s: docimo_store::exams::Sitting| SittingView {
        site: s.site_id,
        section: s.section_id,
        opened_ms: s.opened_ms,
        closed_ms: s.closed_ms,
        compensation_ms: s.compensation_ms,
    };
    let seen = app.store.sittings(&exam).await?.into_iter().filter(|s| reach.holds(&s.site_id));
    Ok(Json(seen.map(view).collect()))
}

/// Something that a person in charge did.
#[derive(Serialize, ToSchema)]
pub struct EventView {
    /// When, ms UTC.
    at_ms: i64,
    /// Who.
    author: Option<String>,
    /// A word.
    what: String,
    /// A sentence, in French.
    detail: String,
}

/// The last thousand things that people in charge did, the newest first.
#[utoipa::path(get, path = "/api/v1/exams/{exam}/events", tag = "exams", params(("exam" = String, Path)),
    responses((status = 200, body = Vec<EventView>)))]
pub async fn events(State(app): State<App>, actor: Actor, Path(exam): Path<String>) -> ApiResult<Json<Vec<EventView>>> {
    let view = |e: docimo_store::exams::Event| EventView {
        at_ms: e.at_ms,
        author: e.author_name,
        what: e.what,
        detail: e.detail,
    };
    Ok(Json(life::events(&app, &actor, &exam, 1000).await?.into_iter().map(view).collect()))
}

/// Takes a candidate out of an exam, unless they have opened their paper.
#[utoipa::path(delete, path = "/api/v1/exams/{exam}/candidates/{person}", tag = "exams",
    params(("exam" = String, Path), ("person" = String, Path)),
    responses((status = 204), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn remove_candidate(
    State(app): State<App>,
    actor: Actor,
    Path((exam, person)): Path<(String, String)>,
) -> ApiResult<StatusCode> {
    candidates::remove(&app, &actor, &exam, &person).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives a candidate a new access code; it is in the answer, this once.
#[utoipa::path(post, path = "/api/v1/exams/{exam}/candidates/{person}/code", tag = "exams",
    params(("exam" = String, Path), ("person" = String, Path)),
    responses((status = 200, body = Credential), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn new_code(
    State(app): State<App>,
    actor: Actor,
    Path((exam, person)): Path<(String, String)>,
) -> ApiResult<Json<Credential>> {
    Ok(Json(candidates::new_code(&app, &actor, &exam, &person).await?))
}

/// A candidate.
#[derive(Serialize, ToSchema)]
pub struct CandidateView {
    /// Account.
    person: String,
    /// Candidate number.
    number: String,
    /// Name.
    name: String,
    /// Site.
    site: String,
    /// Accommodation: factor of the duration.
    factor: String,
    /// Accommodation: minutes added.
    extra_minutes: i64,
    /// Accommodation: reference of the decision.
    reference: String,
    /// Accommodation: breaks with the clock stopped; 0: as many as the minutes allow.
    break_count: i64,
    /// Accommodation: minutes of breaks in all.
    break_minutes: i64,
}

/// Candidates of an exam.
#[utoipa::path(get, path = "/api/v1/exams/{exam}/candidates", tag = "exams", params(("exam" = String, Path)),
    responses((status = 200, body = Vec<CandidateView>)))]
pub async fn candidates(
    State(app): State<App>,
    actor: Actor,
    Path(exam): Path<String>,
) -> ApiResult<Json<Vec<CandidateView>>> {
    draft::exam(&app, &exam).await?;
    let view = |c: docimo_store::exams::Candidate| CandidateView {
        person: c.person_id,
        number: c.number,
        name: c.name,
        site: c.site_name,
        factor: c.factor,
        extra_minutes: c.extra_minutes,
        reference: c.reference,
        break_count: c.break_count,
        break_minutes: c.break_minutes,
    };
    Ok(Json(candidates::list(&app, &actor, &exam).await?.into_iter().map(view).collect()))
}

/// Enrols the candidates of a CSV file sent as the body: all, or none with every fault. The access codes
/// made are in the answer, this once.
#[utoipa::path(post, path = "/api/v1/exams/{exam}/candidates", tag = "exams", params(("exam" = String, Path)),
    request_body(content = String, content_type = "text/csv"),
    responses((status = 200, body = Vec<Credential>), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn import_candidates(
    State(app): State<App>,
    actor: Actor,
    Path(exam): Path<String>,
    body: Bytes,
) -> ApiResult<Json<Vec<Credential>>> {
    Ok(Json(candidates::import(&app, &actor, &exam, body.to_vec()).await?))
}

/// Sites to act on; all when empty.
#[derive(Deserialize, ToSchema, Default)]
pub struct Sites {
    /// By id.
    #[serde(default)]
    sites: Vec<String>,
}

/// Opens a section at sites.
#[utoipa::path(post, path = "/api/v1/exams/{exam}/sections/{section}/open", tag = "exams",
    params(("exam" = String, Path), ("section" = String, Path)), request_body = Sites,
    responses((status = 204), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn open(
    State(app): State<App>,
    actor: Actor,
    Path((exam, section)): Path<(String, String)>,
    Body(form): Body<Sites>,
) -> ApiResult<StatusCode> {
    life::open(&app, &actor, &exam, &section, &form.sites).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Closes a section at sites.
#[utoipa::path(post, path = "/api/v1/exams/{exam}/sections/{section}/close", tag = "exams",
    params(("exam" = String, Path), ("section" = String, Path)), request_body = Sites,
    responses((status = 204)))]
pub async fn close(
    State(app): State<App>,
    actor: Actor,
    Path((exam, section)): Path<(String, String)>,
    Body(form): Body<Sites>,
) -> ApiResult<StatusCode> {
    life::close(&app, &actor, &exam, &section, &form.sites).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A reason.
#[derive(Deserialize, ToSchema)]
pub struct Reason {
    /// Why.
    reason: String,
}

/// Gives a sheet back to its candidate.
#[utoipa::path(post, path = "/api/v1/attempts/{attempt}/reopen", tag = "exams", params(("attempt" = String, Path)), request_body = Reason,
    responses((status = 204), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn reopen(
    State(app): State<App>,
    actor: Actor,
    Path(attempt): Path<String>,
    Body(form): Body<Reason>,
) -> ApiResult<StatusCode> {
    life::reopen(&app, &actor, &attempt, &form.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Brings the answers that a candidate's machine could not send: the encrypted file that its page made. For its sheet
/// only; the same file twice changes nothing.
#[utoipa::path(post, path = "/api/v1/attempts/{attempt}/import", tag = "exams", params(("attempt" = String, Path)),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = Brought), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn import_queue(
    State(app): State<App>,
    actor: Actor,
    Path(attempt): Path<String>,
    body: Bytes,
) -> ApiResult<Json<Brought>> {
    Ok(Json(queue::import(&app, &actor, &attempt, &body).await?))
}

/// Ends the exam.
#[utoipa::path(post, path = "/api/v1/exams/{exam}/finish", tag = "exams", params(("exam" = String, Path)),
    responses((status = 204), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn finish(State(app): State<App>, actor: Actor, Path(exam): Path<String>) -> ApiResult<StatusCode> {
    if app.store.exam(&exam).await?.is_none() {
        return Err(ApiError::NotFound);
    }
    life::finish(&app, &actor, &exam).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A receipt, as a candidate holds it.
#[derive(Deserialize, ToSchema)]
pub struct Held {
    /// Candidate number.
    number: String,
    /// Sixteen letters and digits; spaces, dashes and case do not matter.
    code: String,
}

/// An act of a journal, as kept.
#[derive(Serialize, ToSchema)]
pub struct JournalStep {
    /// Stream; 0 is the server's own.
    stream: i64,
    /// Number in it, from 1.
    seq: i64,
    /// Place in the journal, from 1.
    position: i64,
    /// The client's clock, ms UTC.
    client_ms: i64,
    /// The server's clock, ms UTC.
    server_ms: i64,
    /// counted, late, locked, handed_in, invalid, superseded or after_marking.
    verdict: String,
    /// What was done.
    #[schema(value_type = crate::json::shapes::ActShape)]
    act: serde_json::Value,
    /// Hash chained over the journal up to here, 64 hexadecimal digits.
    receipt: Option<String>,
}

/// The journal of a sheet, act by act, with its receipts.
#[utoipa::path(get, path = "/api/v1/attempts/{attempt}/journal", tag = "exams", params(("attempt" = String, Path)),
    responses((status = 200, body = Vec<JournalStep>), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn journal(State(app): State<App>, Path(attempt): Path<String>) -> ApiResult<Json<Vec<JournalStep>>> {
    let (_, steps) = app.store.chained_steps(&attempt).await?.ok_or(ApiError::NotFound)?;
    let view = |s: docimo_store::receipts::ChainedStep| {
        Ok(JournalStep {
            stream: s.stream,
            seq: s.seq,
            position: s.position,
            client_ms: s.client_ms,
            server_ms: s.server_ms,
            verdict: s.verdict,
            act: serde_json::from_str(&s.act).map_err(|e| ApiError::Internal(e.into()))?,
            receipt: s.receipt.map(|bytes| bytes.iter().map(|b| format!("{b:02x}")).collect()),
        })
    };
    Ok(Json(steps.into_iter().map(view).collect::<ApiResult<_>>()?))
}

/// Checks every journal of an exam against its receipts.
#[utoipa::path(get, path = "/api/v1/exams/{exam}/receipts", tag = "exams", params(("exam" = String, Path)),
    responses((status = 200, body = ExamCheck)))]
pub async fn check_receipts(
    State(app): State<App>,
    actor: Actor,
    Path(exam): Path<String>,
) -> ApiResult<Json<ExamCheck>> {
    draft::exam(&app, &exam).await?;
    Ok(Json(receipts::check_exam_for(&app, &actor, &exam).await?))
}

/// Compares a candidate's receipt with their journals.
#[utoipa::path(post, path = "/api/v1/exams/{exam}/receipts", tag = "exams", params(("exam" = String, Path)), request_body = Held,
    responses((status = 200, body = CodeCheck), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn check_receipt(
    State(app): State<App>,
    actor: Actor,
    Path(exam): Path<String>,
    Body(held): Body<Held>,
) -> ApiResult<Json<CodeCheck>> {
    draft::exam(&app, &exam).await?;
    Ok(Json(receipts::check_code_for(&app, &actor, &exam, &held.number, &held.code).await?))
}
