//! Panels of judges and of experts, what they give, the threshold that the committee keeps.

use super::Body;
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult, Problem, Wrong};
use crate::exam::panels::book::Entered;
use crate::exam::panels::threshold::{self, Standing, ThresholdForm};
use crate::exam::panels::{self, Book, Ground, Method, PanelForm, Taken, concordance};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// A panel.
#[derive(Serialize, ToSchema)]
pub struct PanelView {
    /// Id.
    id: String,
    /// Word of the method.
    method: String,
    /// Title.
    title: String,
    /// Round under way, from 1.
    round: i64,
    /// Were judges shown success rates when this round opened?
    informed: bool,
    /// Judgements so far.
    judgements: i64,
    /// When it was opened, ms UTC.
    created_ms: i64,
    /// When it was closed, ms UTC.
    closed_ms: Option<i64>,
    /// Who judges.
    judges: Vec<JudgeView>,
}

/// Someone who judges.
#[derive(Serialize, ToSchema)]
pub struct JudgeView {
    /// Place in the panel, from 1.
    number: i64,
    /// Name.
    name: String,
    /// Their account, where they have one.
    person: Option<String>,
}

fn view(book: &Book) -> PanelView {
    let panel = &book.panel;
    let judge = |j: &docimo_store::panels::Judge| JudgeView {
        number: j.number,
        name: j.name.clone(),
        person: j.person_id.clone(),
    };
    PanelView {
        id: panel.id.clone(),
        method: panel.method.clone(),
        title: panel.title.clone(),
        round: panel.round,
        informed: panel.informed == 1,
        judgements: panel.last_position,
        created_ms: panel.created_ms,
        closed_ms: panel.closed_ms,
        judges: book.judges.iter().map(judge).collect(),
    }
}

/// Panels of an exam, in the order they were opened.
#[utoipa::path(get, path = "/api/v1/exams/{exam}/panels", tag = "panels", params(("exam" = String, Path)),
    responses((status = 200, body = Vec<PanelView>), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn list(State(app): State<App>, Path(exam): Path<String>) -> ApiResult<Json<Vec<PanelView>>> {
    crate::exam::draft::exam(&app, &exam).await?;
    let mut all = Vec::new();
    for panel in app.store.panels(&exam).await? {
        all.push(view(&Book::of(&app, panel).await?));
    }
    Ok(Json(all))
}

/// A panel that was opened.
#[derive(Serialize, ToSchema)]
pub struct Opened {
    /// Its id.
    id: String,
}

/// Opens a panel: on a frozen paper, or on a draft for script concordance.
#[utoipa::path(post, path = "/api/v1/exams/{exam}/panels", tag = "panels", params(("exam" = String, Path)), request_body = PanelForm,
    responses((status = 201, body = Opened), (status = 409, body = Problem, content_type = "application/problem+json"),
              (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn open(
    State(app): State<App>,
    actor: Actor,
    Path(exam): Path<String>,
    Body(form): Body<PanelForm>,
) -> ApiResult<(StatusCode, Json<Opened>)> {
    let id = panels::open(&app, &actor, &exam, &form).await?;
    Ok((StatusCode::CREATED, Json(Opened { id })))
}

/// A panel with what it gives.
#[derive(Serialize, ToSchema)]
pub struct PanelResult {
    /// The panel.
    panel: PanelView,
    /// Threshold, judges, questions, pass rates; null for a script concordance panel.
    #[schema(value_type = Object)]
    outcome: Option<panels::outcome::Outcome>,
    /// Key, reliability, panellists; null for a panel that sets a threshold.
    #[schema(value_type = Object)]
    concordance: Option<concordance::Concordance>,
}

/// A panel with what it gives. A value that cannot be estimated is null, and `why_not` says why. 409 while the study
/// that orders a booklet is being computed: ask again.
#[utoipa::path(get, path = "/api/v1/exams/{exam}/panels/{panel}", tag = "panels",
    params(("exam" = String, Path), ("panel" = String, Path)),
    responses((status = 200, body = PanelResult), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn show(State(app): State<App>, Path((exam, panel)): Path<(String, String)>) -> ApiResult<Json<PanelResult>> {
    let book = Arc::new(Book::load(&app, &exam, &panel).await?);
    let ground = Ground::load(&app, &exam).await?;
    let panel = view(&book);
    if book.method == Method::Tcs {
        let found = concordance::analyse(&book, concordance::asked(&ground.paper));
        return Ok(Json(PanelResult { panel, outcome: None, concordance: Some(found) }));
    }
    let later = || ApiError::Conflict("Le carnet ordonné est en cours de calcul : redemandez-le.".into());
    let outcome = panels::outcome_of(&app, &ground, book).await?.ok_or_else(later)?;
    Ok(Json(PanelResult { panel, outcome: Some(outcome), concordance: None }))
}

/// One thing said.
#[derive(Serialize, ToSchema)]
pub struct JudgementView {
    /// Place in the panel's journal, from 1.
    position: i64,
    /// Round.
    round: i64,
    /// Number of the judge.
    judge: i64,
    /// `question:…`, `cell:…`, `bound:…`, `page` or `candidate:…`.
    target: String,
    /// What was said; empty takes it back.
    value: String,
    /// When, ms UTC.
    at_ms: i64,
    /// Who entered it.
    author: String,
}

/// Everything said in a panel, in order: the last row of a round, judge and target holds.
#[utoipa::path(get, path = "/api/v1/exams/{exam}/panels/{panel}/judgements", tag = "panels",
    params(("exam" = String, Path), ("panel" = String, Path)), responses((status = 200, body = Vec<JudgementView>)))]
pub async fn judgements(
    State(app): State<App>,
    Path((exam, panel)): Path<(String, String)>,
) -> ApiResult<Json<Vec<JudgementView>>> {
    let rows = Book::load(&app, &exam, &panel).await?.rows;
    let row = |r: docimo_store::panels::Judgement| JudgementView {
        position: r.position,
        round: r.round,
        judge: r.judge,
        target: r.target,
        value: r.value,
        at_ms: r.at_ms,
        author: r.author_name,
    };
    Ok(Json(rows.into_iter().map(row).collect()))
}

/// One thing to say.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Said {
    /// Number of the judge.
    judge: i64,
    /// `question:…`, `cell:essentielle/facile`, `bound:least-cut`, `page` or `candidate:…` (a candidate number).
    target: String,
    /// As typed on the judge's sheet; empty takes it back.
    value: String,
}

/// How many rows were added.
#[derive(Serialize, ToSchema)]
pub struct Added {
    /// What says nothing new adds none.
    added: usize,
}

/// Says things in the round under way: all of them, or none with every fault.
#[utoipa::path(post, path = "/api/v1/exams/{exam}/panels/{panel}/judgements", tag = "panels",
    params(("exam" = String, Path), ("panel" = String, Path)), request_body = Vec<Said>,
    responses((status = 200, body = Added), (status = 409, body = Problem, content_type = "application/problem+json"),
              (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn say(
    State(app): State<App>,
    actor: Actor,
    Path((exam, panel)): Path<(String, String)>,
    Body(list): Body<Vec<Said>>,
) -> ApiResult<Json<Added>> {
    let book = Book::load(&app, &exam, &panel).await?;
    let ground = Ground::load(&app, &exam).await?;
    let inputs = if book.method == Method::Bookmark { ground.inputs(&app, &book).await? } else { None };
    let targets = ground.targets(&book, inputs.as_ref());
    let candidates = if book.method.of_candidates() { panels::numbers(&app, &exam).await? } else { Default::default() };
    let (mut said, mut wrong) = (Vec::new(), Vec::new());
    for (i, one) in list.iter().enumerate() {
        let mut fault = |what: &str, message: String| wrong.push(Wrong { place: format!("[{i}].{what}"), message });
        if !book.judges.iter().any(|j| j.number == one.judge) {
            fault("judge", format!("le panel n’a pas de juge n° {}", one.judge));
            continue;
        }
        let known = match one.target.strip_prefix("candidate:") {
            Some(number) => candidates.get(&number.to_lowercase()).map(|id| {
                let graded = book.method == Method::BorderlineRegression;
                let scale = if graded { panels::method::Scale::Grade } else { panels::method::Scale::Borderline };
                (format!("candidate:{id}"), scale)
            }),
            None => targets.iter().find(|t| t.id == one.target).map(|t| (t.id.clone(), t.scale)),
        };
        let Some((target, scale)) = known else {
            fault("target", format!("« {} » n’est pas à juger dans ce panel", one.target));
            continue;
        };
        match scale.read(&one.value) {
            Ok(value) => said.push(Entered { judge: one.judge, target, value }),
            Err(message) => fault("value", message),
        }
    }
    if !wrong.is_empty() {
        return Err(ApiError::Invalid { title: "Rien n’a été enregistré".into(), wrong });
    }
    Ok(Json(Added { added: panels::save(&app, &actor, &book, &[], &said).await? }))
}

/// Reads a table sent as the body (CSV or XLSX): a line a judge, or a line a candidate. Judges that it names are
/// added. All of it, or nothing with every fault.
#[utoipa::path(post, path = "/api/v1/exams/{exam}/panels/{panel}/import", tag = "panels",
    params(("exam" = String, Path), ("panel" = String, Path)), request_body(content = String, content_type = "text/csv"),
    responses((status = 200, body = Added), (status = 409, body = Problem, content_type = "application/problem+json"),
              (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn import(
    State(app): State<App>,
    actor: Actor,
    Path((exam, panel)): Path<(String, String)>,
    body: Bytes,
) -> ApiResult<Json<Added>> {
    let (book, import, _) = panels::read_table(&app, &exam, &panel, &body).await?;
    Ok(Json(Added { added: panels::save(&app, &actor, &book, &import.fresh, &import.said).await? }))
}

/// Judges to add.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Names {
    /// Free names, or logins of accounts.
    names: Vec<String>,
}

/// Adds judges.
#[utoipa::path(post, path = "/api/v1/exams/{exam}/panels/{panel}/judges", tag = "panels",
    params(("exam" = String, Path), ("panel" = String, Path)), request_body = Names,
    responses((status = 204), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn add_judges(
    State(app): State<App>,
    actor: Actor,
    Path((exam, panel)): Path<(String, String)>,
    Body(form): Body<Names>,
) -> ApiResult<StatusCode> {
    panels::add_judges(&app, &actor, &exam, &panel, &form.names).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Opens the second round of a modified Angoff.
#[utoipa::path(post, path = "/api/v1/exams/{exam}/panels/{panel}/round", tag = "panels",
    params(("exam" = String, Path), ("panel" = String, Path)),
    responses((status = 204), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn next_round(
    State(app): State<App>,
    actor: Actor,
    Path((exam, panel)): Path<(String, String)>,
) -> ApiResult<StatusCode> {
    panels::next_round(&app, &actor, &exam, &panel).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Closes a panel for good.
#[utoipa::path(post, path = "/api/v1/exams/{exam}/panels/{panel}/close", tag = "panels",
    params(("exam" = String, Path), ("panel" = String, Path)),
    responses((status = 204), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn close(
    State(app): State<App>,
    actor: Actor,
    Path((exam, panel)): Path<(String, String)>,
) -> ApiResult<StatusCode> {
    panels::close(&app, &actor, &exam, &panel).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Taking the votes of a panel.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyForm {
    /// Why; compulsory on a marked exam.
    #[serde(default)]
    reason: String,
    /// Version of the register that was looked at; compulsory on a marked exam.
    #[serde(default)]
    version: Option<u32>,
}

/// Where the votes went.
#[derive(Serialize, ToSchema)]
pub struct KeyTaken {
    /// Keys set in the draft.
    keys: Option<usize>,
    /// Version of the register.
    version: Option<u32>,
}

/// Takes the votes of a script concordance panel as the key: in the draft, or as decisions of the register.
#[utoipa::path(post, path = "/api/v1/exams/{exam}/panels/{panel}/key", tag = "panels",
    params(("exam" = String, Path), ("panel" = String, Path)), request_body = KeyForm,
    responses((status = 200, body = KeyTaken), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn take_key(
    State(app): State<App>,
    actor: Actor,
    Path((exam, panel)): Path<(String, String)>,
    Body(form): Body<KeyForm>,
) -> ApiResult<Json<KeyTaken>> {
    Ok(Json(match panels::take_votes(&app, &actor, &exam, &panel, &form.reason, form.version).await? {
        Taken::Draft(keys) => KeyTaken { keys: Some(keys), version: None },
        Taken::Register(version) => KeyTaken { keys: None, version: Some(version) },
    }))
}

/// Where the threshold of an exam stands.
#[utoipa::path(get, path = "/api/v1/exams/{exam}/threshold", tag = "panels", params(("exam" = String, Path)),
    responses((status = 200, body = Standing)))]
pub async fn standing(State(app): State<App>, Path(exam): Path<String>) -> ApiResult<Json<Standing>> {
    Ok(Json(threshold::standing(&app, &exam).await?))
}

/// Where a threshold went.
#[derive(Serialize, ToSchema)]
pub struct ThresholdKept {
    /// Version of the register; null before the first marking.
    version: Option<u32>,
}

/// Keeps a threshold: in the register of a marked exam, to open it otherwise.
#[utoipa::path(post, path = "/api/v1/exams/{exam}/threshold", tag = "panels", params(("exam" = String, Path)), request_body = ThresholdForm,
    responses((status = 201, body = ThresholdKept), (status = 409, body = Problem, content_type = "application/problem+json"),
              (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn keep(
    State(app): State<App>,
    actor: Actor,
    Path(exam): Path<String>,
    Body(form): Body<ThresholdForm>,
) -> ApiResult<(StatusCode, Json<ThresholdKept>)> {
    let version = threshold::keep(&app, &actor, &exam, &form).await?;
    Ok((StatusCode::CREATED, Json(ThresholdKept { version })))
}
