//! Supervised assistance: what machines are asked, what they propose, what people decide, how it is ruled. The same
//! rights as on the pages.

#![expect(unused_qualifications, reason = "utoipa writes IntoParams out in full")]

use crate::app::App;
use crate::assistance::ask::{self, Asked};
use crate::assistance::decide::{self, Before, Choice, Decided};
use crate::assistance::disclosure::{self, Disclosure};
use crate::assistance::governance::{self, Ruling};
use crate::assistance::incidents::{self, About};
use crate::assistance::{GENERATION, own};
use crate::auth::Actor;
use crate::bank::reach::Reach;
use crate::error::{ApiError, ApiResult, Problem};
use crate::json::Body;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use docimo_ai::generation::Draft;
use docimo_ai::proposal::Function;
use docimo_bank::rights::Level;
use docimo_engine::paper::Element;
use docimo_engine::question::Question;
use docimo_store::ai::Job;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

/// A request.
#[derive(Serialize, ToSchema)]
pub struct JobView {
    /// Id.
    id: String,
    /// Function.
    function: String,
    /// Folder of what is accepted.
    folder: String,
    /// How many were asked for.
    wanted: i64,
    /// waiting, running, done, failed or cancelled.
    state: String,
    /// How far it is, or why it failed, in French.
    said: String,
    /// When, ms UTC.
    created_ms: i64,
    /// When it ended, ms UTC.
    ended_ms: Option<i64>,
    /// Ids of its proposals that one may read.
    proposals: Vec<String>,
}

async fn job_view(app: &App, actor: &Actor, job: Job) -> ApiResult<JobView> {
    let mut proposals = Vec::new();
    for row in app.store.ai_proposals_of(&job.id).await? {
        match own::readable(app, actor, &row.id).await {
            Ok(_) => proposals.push(row.id),
            Err(ApiError::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(JobView {
        id: job.id,
        function: job.function,
        folder: job.folder_id,
        wanted: job.wanted,
        state: job.state,
        said: job.stage,
        created_ms: job.created_ms,
        ended_ms: job.ended_ms,
        proposals,
    })
}

/// One's own requests, the newest first.
#[utoipa::path(get, path = "/api/v1/assistance/jobs", tag = "assistance", responses((status = 200, body = Vec<JobView>)))]
pub async fn jobs(State(app): State<App>, actor: Actor) -> ApiResult<Json<Vec<JobView>>> {
    let mut all = Vec::new();
    for job in app.store.ai_jobs_of(&actor.id, 50).await? {
        all.push(job_view(&app, &actor, job).await?);
    }
    Ok(Json(all))
}

/// What is asked of a model.
#[derive(Deserialize, ToSchema)]
pub struct AskForm {
    /// Folder of the questions that are accepted.
    folder: String,
    /// kind, count, rank, level, difficulty, objective, variant_of, remark, passages (source, number).
    #[schema(value_type = Object)]
    asked: Asked,
}

/// The id of what was made.
#[derive(Serialize, ToSchema)]
pub struct Made {
    /// Id.
    id: String,
}

/// Asks for questions.
#[utoipa::path(post, path = "/api/v1/assistance/jobs", tag = "assistance", request_body = AskForm,
    responses((status = 201, body = Made), (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn add_job(
    State(app): State<App>,
    actor: Actor,
    Body(form): Body<AskForm>,
) -> ApiResult<(StatusCode, Json<Made>)> {
    let id = ask::ask(&app, &actor, &form.folder, &form.asked).await?;
    Ok((StatusCode::CREATED, Json(Made { id })))
}

/// One request.
#[utoipa::path(get, path = "/api/v1/assistance/jobs/{job}", tag = "assistance", params(("job" = String, Path)),
    responses((status = 200, body = JobView), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn job(State(app): State<App>, actor: Actor, Path(job): Path<String>) -> ApiResult<Json<JobView>> {
    let job = ask::job(&app, &actor, &job).await?;
    Ok(Json(job_view(&app, &actor, job).await?))
}

/// Stops a request.
#[utoipa::path(delete, path = "/api/v1/assistance/jobs/{job}", tag = "assistance", params(("job" = String, Path)),
    responses((status = 204), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn cancel(State(app): State<App>, actor: Actor, Path(job): Path<String>) -> ApiResult<StatusCode> {
    ask::cancel(&app, &actor, &job).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A proposal that waits.
#[derive(Serialize, ToSchema)]
pub struct WaitingView {
    /// Id.
    id: String,
    /// Request.
    job: String,
    /// Folder.
    folder: String,
    /// Is a part of its key without a passage that bears it out?
    key_unsupported: bool,
    /// When, ms UTC.
    created_ms: i64,
    /// People whose agreement it takes.
    people: i64,
    /// People who agreed.
    agreed: i64,
    /// Id of the account that it was given to.
    assigned_to: Option<String>,
}

/// How many to list.
#[derive(Deserialize, IntoParams)]
pub struct Few {
    /// At most this many, 200 by default, 1,000 at most.
    limit: Option<u16>,
}

/// Proposals of questions that wait in one's folders, the oldest first.
#[utoipa::path(get, path = "/api/v1/assistance/proposals", tag = "assistance", params(Few),
    responses((status = 200, body = Vec<WaitingView>)))]
pub async fn waiting(
    State(app): State<App>,
    actor: Actor,
    Query(few): Query<Few>,
) -> ApiResult<Json<Vec<WaitingView>>> {
    let reach = Reach::of(&app, &actor).await?;
    let rows = app.store.ai_waiting(GENERATION.code(), 10_000).await?;
    let limit = usize::from(few.limit.unwrap_or(200).min(1_000));
    let rows = rows.into_iter().filter(|r| reach.may(&r.folder_id, Level::Review)).take(limit).map(|r| WaitingView {
        id: r.id,
        job: r.job_id,
        folder: r.folder_id,
        key_unsupported: r.unsupported == 1,
        created_ms: r.created_ms,
        people: r.people,
        agreed: r.agreed,
        assigned_to: r.assigned_to,
    });
    Ok(Json(rows.collect()))
}

/// An agreement, or a decision.
#[derive(Serialize, ToSchema)]
pub struct VerdictView {
    /// Id of the account.
    reviewer: String,
    /// accept, amend, refuse or again.
    verdict: String,
    /// Of a refusal: code.
    reason: String,
    /// In their words.
    remark: String,
    /// When, ms UTC.
    at_ms: i64,
}

/// A proposal: never a question of the bank.
#[derive(Serialize, ToSchema)]
pub struct ProposalView {
    /// Id.
    id: String,
    /// Request.
    job: String,
    /// Folder.
    folder: String,
    /// When, ms UTC.
    created_ms: i64,
    /// People whose agreement it takes.
    people: i64,
    /// What the machine wrote, and where it comes from.
    #[schema(value_type = Object)]
    proposal: Value,
    /// Agreements given before a decision.
    opinions: Vec<VerdictView>,
    /// The decision.
    decision: Option<VerdictView>,
    /// Entry of the bank that it became.
    entry: Option<String>,
}

/// One proposal, for who reviews its folder, and for who asked and may write there.
#[utoipa::path(get, path = "/api/v1/assistance/proposals/{proposal}", tag = "assistance",
    params(("proposal" = String, Path)),
    responses((status = 200, body = ProposalView), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn proposal(
    State(app): State<App>,
    actor: Actor,
    Path(proposal): Path<String>,
) -> ApiResult<Json<ProposalView>> {
    let (row, _) = own::readable(&app, &actor, &proposal).await?;
    let opinions = app.store.ai_opinions(&row.id).await?;
    let decision = app.store.ai_decision(&row.id).await?;
    let entry = match &decision {
        Some(d) => app.store.ai_entry(&d.id).await?,
        None => None,
    };
    Ok(Json(ProposalView {
        people: app.store.ai_asked(&row.id).await?.map_or(1, |a| a.people),
        proposal: serde_json::from_str(&row.body).map_err(|e| ApiError::Internal(e.into()))?,
        opinions: (opinions.into_iter())
            .map(|o| VerdictView {
                reviewer: o.reviewer_id,
                verdict: o.verdict,
                reason: String::new(),
                remark: o.remark,
                at_ms: o.at_ms,
            })
            .collect(),
        decision: decision.map(|d| VerdictView {
            reviewer: d.reviewer_id,
            verdict: d.verdict,
            reason: d.reason,
            remark: d.remark,
            at_ms: d.at_ms,
        }),
        entry,
        id: row.id,
        job: row.job_id,
        folder: row.folder_id,
        created_ms: row.created_ms,
    }))
}

/// What someone does with a proposal.
#[derive(Deserialize, ToSchema)]
pub struct DecideForm {
    /// accept, amend, refuse or again.
    verdict: String,
    /// Of a refusal: fact, key, unsupported, level, writing, trivial, duplicate or unsafe.
    #[serde(default)]
    reason: String,
    /// In their words; compulsory for another attempt.
    #[serde(default)]
    remark: String,
    /// Why they answer for a key that no passage bears out.
    #[serde(default, rename = "override")]
    override_: String,
    /// The question as they rewrote it, in Docimo's JSON, with the same id.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    question: Option<Question>,
}

/// What came of a decision.
#[derive(Serialize, ToSchema)]
pub struct DecidedView {
    /// agreed (another person must agree too), entry, refused or asked.
    outcome: String,
    /// Id of the entry, or of the new request.
    id: Option<String>,
}

/// Decides on a proposal, in one's own name.
#[utoipa::path(post, path = "/api/v1/assistance/proposals/{proposal}/decision", tag = "assistance",
    params(("proposal" = String, Path)), request_body = DecideForm,
    responses((status = 200, body = DecidedView), (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn decide(
    State(app): State<App>,
    actor: Actor,
    Path(proposal): Path<String>,
    Body(form): Body<DecideForm>,
) -> ApiResult<Json<DecidedView>> {
    let choice = match (form.verdict.as_str(), form.question) {
        ("accept", None) => Choice::Accept,
        ("amend", Some(question)) => {
            let (row, held, _) = crate::assistance::proposal(&app, &actor, &proposal).await?;
            let shown = Before::of(&app, &row.id).await?.amended.unwrap_or_else(|| held.content().clone());
            match &shown.element {
                Element::Question(own) if own.id == question.id => {}
                Element::Question(own) => {
                    return Err(ApiError::wrong("question.id", format!("Gardez l’identifiant « {} ».", own.id)));
                }
                Element::Case(_) => {
                    return Err(ApiError::wrong(
                        "question",
                        "Une ébauche de dossier s’accepte ou se refuse, puis se termine dans l’éditeur de la banque.",
                    ));
                }
            }
            Choice::Amend(Box::new(Draft { element: Element::Question(question), ..shown }))
        }
        ("refuse", None) => Choice::Refuse(form.reason),
        ("again", None) => Choice::Again,
        _ => {
            return Err(ApiError::wrong(
                "verdict",
                "verdict : accept, refuse ou again, sans question ; amend, avec la question réécrite.",
            ));
        }
    };
    let done = decide::decide(&app, &actor, &proposal, choice, &form.remark, &form.override_).await?;
    let (outcome, id) = match done {
        Decided::Agreed => ("agreed", None),
        Decided::Entry(id) => ("entry", Some(id)),
        Decided::Refused => ("refused", None),
        Decided::Asked(id) => ("asked", Some(id)),
    };
    Ok(Json(DecidedView { outcome: outcome.into(), id }))
}

/// The decision of the committee that holds for a function.
#[derive(Serialize, ToSchema)]
pub struct SwitchView {
    /// Function.
    function: String,
    /// On?
    enabled: bool,
    /// Of the decision; empty where nobody ever decided.
    reference: String,
    /// What a person may ask for in 24 hours.
    person_daily: i64,
    /// What everyone may ask for in 24 hours.
    daily: i64,
    /// When, ms UTC.
    at_ms: Option<i64>,
}

/// Every function, with the decision that holds.
#[utoipa::path(get, path = "/api/v1/assistance/switches", tag = "assistance", responses((status = 200, body = Vec<SwitchView>)))]
pub async fn switches(State(app): State<App>) -> ApiResult<Json<Vec<SwitchView>>> {
    let all = app.store.ai_switches().await?;
    let view = |function: Function| match all.iter().find(|s| s.function == function.code()) {
        None => SwitchView {
            function: function.code().into(),
            enabled: false,
            reference: String::new(),
            person_daily: 0,
            daily: 0,
            at_ms: None,
        },
        Some(s) => SwitchView {
            function: s.function.clone(),
            enabled: s.enabled == 1,
            reference: s.reference.clone(),
            person_daily: s.person_daily,
            daily: s.daily,
            at_ms: Some(s.at_ms),
        },
    };
    Ok(Json(Function::ALL.into_iter().map(view).collect()))
}

/// A decision of the committee.
#[derive(Deserialize, ToSchema)]
pub struct SwitchForm {
    /// On, or off at once.
    enabled: bool,
    /// Minutes, date, number.
    reference: String,
    /// What a person may ask for in 24 hours.
    person_daily: u32,
    /// What everyone may ask for in 24 hours.
    daily: u32,
}

/// How many requests a decision stopped.
#[derive(Serialize, ToSchema)]
pub struct Stopped {
    /// Requests.
    stopped: u64,
}

/// Records a decision of the committee on a function: question-generation, tagging, comment-drafting or flaw-report.
#[utoipa::path(put, path = "/api/v1/assistance/switches/{function}", tag = "assistance",
    params(("function" = String, Path)), request_body = SwitchForm,
    responses((status = 200, body = Stopped), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn set_switch(
    State(app): State<App>,
    actor: Actor,
    Path(function): Path<String>,
    Body(form): Body<SwitchForm>,
) -> ApiResult<Json<Stopped>> {
    let SwitchForm { enabled, reference, person_daily, daily } = form;
    let function = governance::function(&function)?;
    let ruling = Ruling { function, enabled, reference, person_daily, daily };
    Ok(Json(Stopped { stopped: governance::rule(&app, &actor, &ruling).await? }))
}

/// Where students read that a machine wrote a question.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct DisclosureForm {
    /// correction, exam or staff.
    to: String,
}

/// Records where students read that a machine wrote a question.
#[utoipa::path(put, path = "/api/v1/assistance/disclosure", tag = "assistance", request_body = DisclosureForm,
    responses((status = 200, body = DisclosureForm), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn set_disclosure(
    State(app): State<App>,
    actor: Actor,
    Body(form): Body<DisclosureForm>,
) -> ApiResult<Json<DisclosureForm>> {
    let choice: Disclosure = disclosure::choose(&app, &actor, &form.to).await?;
    Ok(Json(DisclosureForm { to: choice.code().into() }))
}

/// The whole record, read while it is sent.
#[utoipa::path(get, path = "/api/v1/assistance/record", tag = "assistance",
    responses((status = 200, content_type = "application/json", body = Object)))]
pub async fn record(State(app): State<App>, actor: Actor) -> Response {
    let body = axum::body::Body::from_stream(governance::record(&app, &actor));
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// Something that went wrong.
#[derive(Serialize, ToSchema)]
pub struct IncidentView {
    /// Id.
    id: String,
    /// Proposal.
    proposal: Option<String>,
    /// Entry of the bank.
    entry: Option<String>,
    /// fact, harm, injection, privacy, rights, provider or other.
    kind: String,
    /// In their words.
    text: String,
    /// When, ms UTC.
    at_ms: i64,
    /// Is something still to be done?
    open: bool,
    /// What the committee answered.
    answers: Vec<String>,
}

/// Incidents that one may read.
#[utoipa::path(get, path = "/api/v1/assistance/incidents", tag = "assistance", responses((status = 200, body = Vec<IncidentView>)))]
pub async fn list_incidents(State(app): State<App>, actor: Actor) -> ApiResult<Json<Vec<IncidentView>>> {
    let all = incidents::list(&app, &actor).await?.into_iter().map(|(i, answers)| IncidentView {
        id: i.id,
        proposal: i.proposal_id,
        entry: i.entry_id,
        kind: i.kind,
        text: i.body,
        at_ms: i.at_ms,
        open: i.closed == 0,
        answers: answers.into_iter().map(|a| a.body).collect(),
    });
    Ok(Json(all.collect()))
}

/// An incident to report: about a proposal, or a question of the bank.
#[derive(Deserialize, ToSchema)]
pub struct IncidentForm {
    /// Id of a proposal.
    proposal: Option<String>,
    /// Id of an entry that was born of a machine.
    entry: Option<String>,
    /// fact, harm, injection, privacy, rights, provider or other.
    kind: String,
    /// In their words.
    text: String,
}

/// Reports an incident.
#[utoipa::path(post, path = "/api/v1/assistance/incidents", tag = "assistance", request_body = IncidentForm,
    responses((status = 201, body = Made), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn report(
    State(app): State<App>,
    actor: Actor,
    Body(form): Body<IncidentForm>,
) -> ApiResult<(StatusCode, Json<Made>)> {
    let about = match (form.proposal, form.entry) {
        (Some(id), None) => About::Proposal(id),
        (None, Some(id)) => About::Entry(id),
        _ => return Err(ApiError::wrong("proposal", "Nommez une proposition, ou une question : l’une des deux.")),
    };
    let id = incidents::report(&app, &actor, &about, &form.kind, &form.text).await?;
    Ok((StatusCode::CREATED, Json(Made { id })))
}

/// An answer of the committee.
#[derive(Deserialize, ToSchema)]
pub struct AnswerForm {
    /// In their words.
    text: String,
    /// Nothing more is to be done.
    #[serde(default)]
    closes: bool,
}

/// Answers an incident.
#[utoipa::path(post, path = "/api/v1/assistance/incidents/{incident}/answers", tag = "assistance",
    params(("incident" = String, Path)), request_body = AnswerForm,
    responses((status = 204), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn answer(
    State(app): State<App>,
    actor: Actor,
    Path(incident): Path<String>,
    Body(form): Body<AnswerForm>,
) -> ApiResult<StatusCode> {
    incidents::answer(&app, &actor, &incident, &form.text, form.closes).await?;
    Ok(StatusCode::NO_CONTENT)
}
