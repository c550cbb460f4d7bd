//! Marking, decisions, results.

use super::Body;
use super::shapes::DecisionShape;
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult, Problem};
use crate::exam::marks::{self, Comparison, DecisionForm, Overview};
use crate::exam::questions::{AnswerCount, QuestionLine, answer_counts, question_lines};
use crate::exam::results::{self, ResultNumbers};
use crate::exam::{draft, export};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

/// First marking.
#[utoipa::path(post, path = "/api/v1/exams/{exam}/mark", tag = "marks", params(("exam" = String, Path)),
    responses((status = 204), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn first_marking(State(app): State<App>, actor: Actor, Path(exam): Path<String>) -> ApiResult<StatusCode> {
    marks::first_marking(&app, &actor, &exam).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// An entry of the register.
#[derive(Serialize, ToSchema)]
pub struct EntryView {
    /// Version.
    version: u32,
    /// When, ms UTC.
    at_ms: i64,
    /// Who.
    author: String,
    /// Why.
    reason: String,
    /// What, in French.
    what: String,
    /// What.
    #[schema(value_type = Object)]
    decision: docimo_engine::ledger::Decision,
}

/// The register.
#[utoipa::path(get, path = "/api/v1/exams/{exam}/ledger", tag = "marks", params(("exam" = String, Path)),
    responses((status = 200, body = Vec<EntryView>)))]
pub async fn ledger(State(app): State<App>, Path(exam): Path<String>) -> ApiResult<Json<Vec<EntryView>>> {
    draft::exam(&app, &exam).await?;
    let lines = marks::ledger(&app, &exam).await?;
    let words = marks::told(&app, &exam, &lines).await?;
    Ok(Json(
        lines
            .into_iter()
            .zip(words)
            .map(|(l, what)| EntryView {
                version: l.entry.version,
                at_ms: l.entry.at_ms,
                author: l.author_name,
                reason: l.entry.reason,
                what,
                decision: l.entry.decision,
            })
            .collect(),
    ))
}

/// A version of the register.
#[derive(Serialize, ToSchema)]
pub struct Version {
    /// Its number.
    version: u32,
}

/// Takes a decision.
#[utoipa::path(post, path = "/api/v1/exams/{exam}/ledger", tag = "marks", params(("exam" = String, Path)), request_body = DecisionShape,
    responses((status = 201, body = Version), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn decide(
    State(app): State<App>,
    actor: Actor,
    Path(exam): Path<String>,
    Body(form): Body<DecisionForm>,
) -> ApiResult<(StatusCode, Json<Version>)> {
    Ok((StatusCode::CREATED, Json(Version { version: marks::decide(&app, &actor, &exam, &form).await? })))
}

/// What a decision would change.
#[utoipa::path(post, path = "/api/v1/exams/{exam}/ledger/preview", tag = "marks", params(("exam" = String, Path)), request_body = DecisionShape,
    responses((status = 200, body = Comparison), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn preview(
    State(app): State<App>,
    actor: Actor,
    Path(exam): Path<String>,
    Body(form): Body<DecisionForm>,
) -> ApiResult<Json<Comparison>> {
    Ok(Json(marks::preview(&app, &actor, &exam, &form).await?))
}

/// What changed between two versions.
#[utoipa::path(get, path = "/api/v1/exams/{exam}/ledger/{from}/{to}", tag = "marks",
    params(("exam" = String, Path), ("from" = u32, Path), ("to" = u32, Path)), responses((status = 200, body = Comparison)))]
pub async fn compare(
    State(app): State<App>,
    Path((exam, from, to)): Path<(String, u32, u32)>,
) -> ApiResult<Json<Comparison>> {
    Ok(Json(marks::compare_versions(&app, &exam, from, to).await?))
}

/// Figures of a marked exam.
#[derive(Serialize, ToSchema)]
pub struct Statistics {
    /// The exam.
    overview: Overview,
    /// Its questions.
    questions: Vec<QuestionLine>,
}

/// Figures of the exam and of its questions, at the last version.
#[utoipa::path(get, path = "/api/v1/exams/{exam}/statistics", tag = "marks", params(("exam" = String, Path)),
    responses((status = 200, body = Statistics), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn statistics(State(app): State<App>, Path(exam): Path<String>) -> ApiResult<Json<Statistics>> {
    let marked = marks::mark_at(&app, &exam, None).await?;
    let version = marks::ledger(&app, &exam).await?.len() as u32;
    Ok(Json(Statistics { overview: Overview::of(&marked, version), questions: question_lines(&marked) }))
}

/// Publishes the last version, for everyone at once.
#[utoipa::path(post, path = "/api/v1/exams/{exam}/publish", tag = "marks", params(("exam" = String, Path)),
    responses((status = 204), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn publish(State(app): State<App>, actor: Actor, Path(exam): Path<String>) -> ApiResult<StatusCode> {
    results::publish(&app, &actor, &exam).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A candidate's results.
#[derive(Serialize, ToSchema)]
pub struct CandidateResult {
    /// Candidate number.
    number: String,
    /// Name.
    name: String,
    /// Site.
    site: String,
    /// Marks.
    result: ResultNumbers,
}

/// Results of everyone who came, at the last version, by candidate number.
#[utoipa::path(get, path = "/api/v1/exams/{exam}/results", tag = "marks", params(("exam" = String, Path)),
    responses((status = 200, body = Vec<CandidateResult>), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn results(State(app): State<App>, Path(exam): Path<String>) -> ApiResult<Json<Vec<CandidateResult>>> {
    let marked = marks::mark_at(&app, &exam, None).await?;
    let list = results::summaries(&marked)
        .into_iter()
        .enumerate()
        .map(|(row, result)| {
            let c = marked.candidate(row);
            CandidateResult {
                number: c.number.clone(),
                name: c.name.clone(),
                site: c.site_name.clone(),
                result: ResultNumbers::from(&result),
            }
        })
        .collect();
    Ok(Json(list))
}

/// Results as CSV, for spreadsheets: UTF-8 with a byte order mark, semicolons, decimal commas.
#[utoipa::path(get, path = "/api/v1/exams/{exam}/results.csv", tag = "marks", params(("exam" = String, Path)),
    responses((status = 200, content_type = "text/csv"), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn results_csv(State(app): State<App>, Path(exam): Path<String>) -> ApiResult<Response> {
    export::csv_file(&app, &exam).await
}

/// Results as a workbook, with the register.
#[utoipa::path(get, path = "/api/v1/exams/{exam}/results.xlsx", tag = "marks", params(("exam" = String, Path)),
    responses((status = 200, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
              (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn results_xlsx(State(app): State<App>, Path(exam): Path<String>) -> ApiResult<Response> {
    export::xlsx_file(&app, &exam).await
}

/// Answers given to a question, the most frequent first: what the jury reads before it admits an open
/// answer or changes a key.
#[utoipa::path(get, path = "/api/v1/exams/{exam}/questions/{question}/answers", tag = "marks",
    params(("exam" = String, Path), ("question" = String, Path)),
    responses((status = 200, body = Vec<AnswerCount>), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn answers(
    State(app): State<App>,
    Path((exam, question)): Path<(String, String)>,
) -> ApiResult<Json<Vec<AnswerCount>>> {
    let marked = marks::mark_at(&app, &exam, None).await?;
    Ok(Json(answer_counts(&marked, &question.as_str().into()).ok_or(ApiError::NotFound)?))
}

/// The study of an exam at the last version of its register: indices, response model, ranks and their uncertainty.
/// A value that cannot be estimated is null, and a warning says why. 409 while it is being computed: ask again.
#[utoipa::path(get, path = "/api/v1/exams/{exam}/analysis", tag = "marks", params(("exam" = String, Path)),
    responses((status = 200, body = Object), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn analysis(State(app): State<App>, Path(exam): Path<String>) -> ApiResult<Response> {
    use crate::web::committee::analysis::{Asked, report_json};
    report_json(State(app), Path(exam), axum::extract::Query(Asked::default())).await
}

/// The exam to compare to, and what is left out of the anchor.
#[derive(Debug, Default, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EquatingQuery {
    /// Id of the exam on whose scale the marks are put.
    #[serde(default)]
    with: String,
    /// Common questions left out, separated by commas; what is left out otherwise (wordings that differ, corrected
    /// keys) is then put back unless named.
    without: Option<String>,
    /// Version of the register; the last one by default.
    version: Option<u32>,
}

/// The marks of an exam on the scale of another: conversion by several methods with standard errors, common questions
/// and how their difficulty moved, equivalents of the other exam's thresholds. What cannot be estimated is null or
/// absent, and a warning says why. 409 while a study is being computed: ask again.
#[utoipa::path(get, path = "/api/v1/exams/{exam}/equating", tag = "marks", params(("exam" = String, Path), EquatingQuery),
    responses((status = 200, body = Object), (status = 404, body = Problem, content_type = "application/problem+json"),
              (status = 409, body = Problem, content_type = "application/problem+json"),
              (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn equating(
    State(app): State<App>,
    Path(exam): Path<String>,
    axum::extract::Query(asked): axum::extract::Query<EquatingQuery>,
) -> ApiResult<Json<crate::analysis::equating::Equating>> {
    use crate::analysis::equating::Wishes;
    use crate::web::committee::analysis::{Ready, comparable, compared, study_of};
    comparable(&app, &exam, &asked.with).await?;
    let (room, study) = study_of(&app, &exam, asked.version).await?;
    let x = Ready { room, study, paper: app.frozen_paper(&exam).await? };
    let (room, study) = study_of(&app, &asked.with, None).await?;
    let y = Ready { room, study, paper: app.frozen_paper(&asked.with).await? };
    let list = |text: String| text.split(',').map(|q| q.trim().to_owned()).filter(|q| !q.is_empty()).collect();
    let wishes = Wishes { without: asked.without.map(list), ..Wishes::default() };
    Ok(Json(compared(x, y, wishes).await?.1))
}

/// Decisions to try, one after the other.
#[derive(Debug, serde::Deserialize, ToSchema)]
pub struct ScenarioForm {
    /// As in the register.
    #[schema(value_type = Vec<Object>)]
    decisions: Vec<docimo_engine::ledger::Decision>,
    /// Candidates told one by one, those who cross a threshold first; 100 by default.
    #[serde(default)]
    movers: Option<usize>,
}

/// What decisions would change together: marks, thresholds, ranks, reliability. Nothing is decided.
#[utoipa::path(post, path = "/api/v1/exams/{exam}/scenario", tag = "marks", params(("exam" = String, Path)), request_body = ScenarioForm,
    responses((status = 200, body = Object), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn scenario(
    State(app): State<App>,
    Path(exam): Path<String>,
    Body(form): Body<ScenarioForm>,
) -> ApiResult<Json<serde_json::Value>> {
    let room = crate::analysis::jobs::room(&app, &exam, None).await?;
    let movers = form.movers.unwrap_or(100).min(20_000);
    let work = move || -> ApiResult<serde_json::Value> {
        let found = room.desk.scenario(&form.decisions, movers);
        let found = found.map_err(|e| ApiError::wrong("décision", e.to_string()))?;
        let mut value = serde_json::to_value(&found).map_err(|e| ApiError::Internal(e.into()))?;
        if let Some(list) = value["movers"].as_array_mut() {
            for (mover, own) in list.iter_mut().zip(&found.movers) {
                mover["candidate"] = room.subject.people[own.candidate].number.clone().into();
            }
        }
        Ok(value)
    };
    tokio::task::spawn_blocking(work).await.map_err(|e| ApiError::Internal(e.into()))?.map(Json)
}
