//! « Assistance » : documents to lean on, questions asked of a model, proposals to decide on, governance.

mod ask;
pub mod comments;
mod governance;
mod incidents;
mod item_models;
mod own;
pub mod reports;
mod review;
mod sources;
pub mod tags;

pub use ask::{ask, ask_page, cancel, job};
pub use governance::{disclose, governance, quality, record, rule};
pub use incidents::{answer, incidents, report};
pub use item_models::{
    act as act_on_item_model, list as item_models, model as item_model, new_page as new_item_model,
    save as save_item_model,
};
pub use own::own;
pub use review::{assign, decide, proposal, queue};
pub use sources::{assess, bring, list as sources, source};

use crate::app::App;
use crate::assistance::comments::{self as wrong_answers, COMMENTS};
use crate::assistance::reports::{self as made_reports, REPORTS};
use crate::assistance::tags::TAGGING;
use crate::assistance::{GENERATION, read};
use crate::auth::{Actor, Role};
use crate::bank::reach::Reach;
use crate::error::ApiResult;
use crate::markdown;
use crate::web::filters::date_time;
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use docimo_ai::proposal::Function;
use docimo_bank::rights::Level;
use docimo_store::ai::review::Waiting;
use docimo_store::ai::{Job, ProposalRow};

/// Proposals looked at in a queue.
const QUEUE: i64 = 10_000;

/// May they decide on proposals and on the trust that a source deserves?
fn may_review(actor: &Actor) -> bool {
    actor.is_any(&[Role::Reviewer, Role::Committee, Role::Administrator])
}

/// May they see and decide how machines are used?
fn may_govern(actor: &Actor) -> bool {
    actor.is_any(&[Role::Committee, Role::Administrator])
}

fn state_french(state: &str) -> &'static str {
    match state {
        "waiting" => "en attente",
        "running" => "en cours",
        "done" => "terminée",
        "failed" => "échouée",
        "cancelled" => "arrêtée",
        _ => "inconnue",
    }
}

fn state_class(state: &str) -> &'static str {
    match state {
        "running" => "pill pill--live",
        "done" => "pill pill--done",
        "failed" | "cancelled" => "pill pill--stop",
        _ => "pill pill--wait",
    }
}

struct JobRow {
    id: String,
    at: String,
    wanted: i64,
    state: &'static str,
    class: &'static str,
    said: String,
}

impl JobRow {
    fn of(job: Job) -> Self {
        Self {
            at: date_time(job.created_ms),
            wanted: job.wanted,
            state: state_french(&job.state),
            class: state_class(&job.state),
            said: job.stage,
            id: job.id,
        }
    }
}

/// The function, as a page says it.
struct Standing {
    on: bool,
    reference: String,
    has_model: bool,
}

impl Standing {
    async fn of(app: &App) -> ApiResult<Self> {
        Self::of_function(app, GENERATION).await
    }

    async fn of_function(app: &App, function: Function) -> ApiResult<Self> {
        let switch = app.store.ai_switch(function.code()).await?;
        Ok(Self {
            on: switch.as_ref().is_some_and(|s| s.enabled == 1),
            reference: switch.map(|s| s.reference).unwrap_or_default(),
            has_model: app.models().is_some(),
        })
    }
}

/// Questions that wait, whether an AI wrote them or they were drawn from a model, in reach of someone.
async fn waiting(app: &App, reach: &Reach) -> ApiResult<Vec<Waiting>> {
    let mut rows = app.store.ai_waiting(GENERATION.code(), QUEUE).await?;
    rows.extend(app.store.ai_waiting(Function::ItemModel.code(), QUEUE).await?);
    rows.sort_by(|a, b| (a.created_ms, &a.job_id, a.number).cmp(&(b.created_ms, &b.job_id, b.number)));
    Ok(rows.into_iter().filter(|p| reach.may(&p.folder_id, Level::Review)).collect())
}

/// What a proposal of a question is.
fn kicker(row: &ProposalRow) -> &'static str {
    match row.function == Function::ItemModel.code() {
        true => "Question tirée d’un modèle",
        false => "Proposition d’une IA",
    }
}

/// Where a proposal is decided on.
fn address(row: &ProposalRow) -> String {
    let room = match row.function.as_str() {
        code if code == COMMENTS.code() => "commentaires/brouillons",
        code if code == REPORTS.code() => "defauts",
        _ => "propositions",
    };
    format!("/assistance/{room}/{}", row.id)
}

/// The first words of a proposal.
fn title(row: &ProposalRow) -> ApiResult<String> {
    if row.function == REPORTS.code() {
        let report = made_reports::read(row)?;
        let stem = report.content().element.questions().next().map(|q| q.stem.clone()).unwrap_or_default();
        return Ok(format!("Défauts ({}) : {}", report.content().flaws.len(), markdown::plain(&stem, 90)));
    }
    if row.function == COMMENTS.code() {
        let stem = wrong_answers::read(row)?.content().question.stem.clone();
        return Ok(format!("Commentaire : {}", markdown::plain(&stem, 100)));
    }
    Ok(markdown::plain(read(row)?.content().opening(), 110))
}

#[derive(Template)]
#[template(path = "assistance/home.html")]
struct HomePage {
    page: Layout,
    standing: Standing,
    jobs: Vec<JobRow>,
    waiting: usize,
    sources: usize,
    may_review: bool,
    may_govern: bool,
}

/// What there is to do.
pub async fn home(State(app): State<App>, actor: Actor, page: Layout) -> ApiResult<Response> {
    let may_review = may_review(&actor);
    let waiting = if may_review { waiting(&app, &Reach::of(&app, &actor).await?).await?.len() } else { 0 };
    web::page(&HomePage {
        page: page.titled("Assistance"),
        standing: Standing::of(&app).await?,
        jobs: app
            .store
            .ai_jobs_of(&actor.id, 20)
            .await?
            .into_iter()
            // Those of tags have a page of their own.
            .filter(|j| j.function != TAGGING.code())
            .map(JobRow::of)
            .collect(),
        waiting,
        sources: app.store.ai_sources().await?.len(),
        may_review,
        may_govern: may_govern(&actor),
    })
}
