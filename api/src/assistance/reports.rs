//! Reports of flaws on questions of the bank: asked for by who may write them, kept or left by who may review them. A
//! report changes nothing; what is kept of it stands on the question's page, under the name of who kept it.

use super::{Models, decide as questions};
use crate::ambient;
use crate::app::App;
use crate::auth::Actor;
use crate::bank::reach::{self, Reach};
use crate::error::{ApiError, ApiResult};
use docimo_ai::proposal::{Decision, Function, Outcome, Proposal, ReviewerId, Verdict};
use docimo_ai::report::Report;
use docimo_bank::rights::Level;
use docimo_store::StoreError;
use docimo_store::ai::{DecisionRow, Job, NewDecision, ProposalRow, Refused, Turned};
use serde::{Deserialize, Serialize};

/// The function of this room.
pub const REPORTS: Function = Function::FlawReport;

/// Proposals looked at in a queue.
const QUEUE: i64 = 2_000;
/// Reasons of questions that make sense here.
const REASONS: [&str; 4] = ["fact", "writing", "trivial", "unsafe"];

/// Why a report is left: code, in French.
#[must_use]
pub fn reasons() -> Vec<(&'static str, &'static str)> {
    questions::REASONS.into_iter().filter(|(code, _)| REASONS.contains(code)).collect()
}

/// What is asked, as it is kept in the queue; the text of it names the entry.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Asked {
    /// Entry of the bank.
    pub entry: String,
}

fn request(entry: &str) -> ApiResult<String> {
    serde_json::to_string(&Asked { entry: entry.to_owned() }).map_err(|e| ApiError::Internal(e.into()))
}

/// Asks for a report on an entry's latest wording, and gives the request's id.
pub async fn ask(app: &App, actor: &Actor, entry_id: &str) -> ApiResult<String> {
    let (line, _) = reach::entry(app, actor, entry_id, Level::Write).await?;
    let now_ms = ambient::now_ms();
    let job = Job {
        id: ambient::fresh_id(now_ms),
        function: REPORTS.code().into(),
        person_id: actor.id.to_string(),
        folder_id: line.folder_id,
        request: request(entry_id)?,
        wanted: 1,
        state: "waiting".into(),
        stage: String::new(),
        tries: 0,
        prompt_tokens: 0,
        completion_tokens: 0,
        created_ms: now_ms,
        ended_ms: None,
    };
    match app.store.add_ai_job(&job).await? {
        Ok(()) => Ok(job.id),
        Err(Refused::Off) => Err(ApiError::Conflict(
            "Le signalement de défauts par une IA est arrêté : le comité scientifique et éthique ne l’a pas autorisé, ou l’a suspendu. La garde de rédaction, elle, reste en marche.".into(),
        )),
        Err(Refused::Person { asked, limit }) => Err(ApiError::Conflict(format!(
            "Limite du jour : vous avez demandé {asked} signalements en 24 heures, sur {limit} au plus."
        ))),
        Err(Refused::Everyone { asked, limit }) => Err(ApiError::Conflict(format!(
            "Limite du jour de l’établissement : {asked} signalements demandés en 24 heures, sur {limit} au plus."
        ))),
    }
}

/// What a row holds.
pub fn read(row: &ProposalRow) -> ApiResult<Proposal<Report>> {
    serde_json::from_str(&row.body).map_err(|e| ApiError::Internal(e.into()))
}

/// The entry that a report is about.
pub async fn entry_of(app: &App, row: &ProposalRow) -> ApiResult<String> {
    let job = app.store.ai_job(&row.job_id).await?.ok_or(ApiError::NotFound)?;
    let asked: Asked = serde_json::from_str(&job.request).map_err(|e| ApiError::Internal(e.into()))?;
    Ok(asked.entry)
}

/// A report in reach of someone who may read its question, as if absent otherwise; and may they decide on it?
pub async fn open(app: &App, actor: &Actor, id: &str) -> ApiResult<(ProposalRow, Proposal<Report>, String, bool)> {
    let row = app.store.ai_proposal(id).await?.filter(|r| r.function == REPORTS.code()).ok_or(ApiError::NotFound)?;
    let entry = entry_of(app, &row).await?;
    let (line, reach) = reach::entry(app, actor, &entry, Level::Read).await?;
    let proposal = read(&row)?;
    Ok((row, proposal, entry, reach.may(&line.folder_id, Level::Review)))
}

/// Reports that wait, in reach of someone who reviews, the oldest first.
pub async fn waiting(app: &App, reach: &Reach) -> ApiResult<Vec<ProposalRow>> {
    let rows = app.store.ai_queue(REPORTS.code(), QUEUE).await?;
    Ok(rows.into_iter().filter(|r| reach.may(&r.folder_id, Level::Review)).collect())
}

/// Reports on an entry, the newest first, each with its decision.
pub async fn of_entry(app: &App, entry_id: &str) -> ApiResult<Vec<(ProposalRow, Option<DecisionRow>)>> {
    let mut all = Vec::new();
    for row in app.store.ai_proposals_for(REPORTS.code(), &request(entry_id)?).await? {
        let decision = app.store.ai_decision(&row.id).await?;
        all.push((row, decision));
    }
    Ok(all)
}

/// Keeps a report, or leaves it for a reason.
pub async fn decide(app: &App, actor: &Actor, id: &str, reason: Option<&str>, remark: &str) -> ApiResult<()> {
    let (row, proposal, _, may) = open(app, actor, id).await?;
    if !may {
        return Err(ApiError::Forbidden);
    }
    let remark = remark.trim();
    if remark.chars().count() > 2000 {
        return Err(ApiError::wrong("remarque", "2 000 caractères au plus."));
    }
    let already = |error: StoreError| match error {
        StoreError::Duplicate => ApiError::Conflict("Quelqu’un a déjà décidé de ce signalement.".into()),
        other => other.into(),
    };
    let now_ms = ambient::now_ms();
    let decision_id = ambient::fresh_id(now_ms);
    let kept =
        |reason| NewDecision { id: &decision_id, proposal_id: &row.id, reason, remark, amended: None, survived: None };
    if let Some(code) = reason {
        let code = REASONS.into_iter().find(|c| *c == code);
        let code = code.ok_or_else(|| ApiError::wrong("motif", "Choisissez un motif."))?;
        return app.store.turn_down(&kept(code), Turned::Refused, &actor.id, now_ms).await.map_err(already);
    }
    let reviewer = ReviewerId::new(&*actor.id).map_err(|e| ApiError::Internal(e.into()))?;
    let said = (!remark.is_empty()).then(|| remark.to_owned());
    let decision = Decision { reviewer, verdict: Verdict::Accept, at_ms: now_ms, remark: said };
    let Outcome::Reviewed(reviewed) = proposal.decide(decision) else {
        return Err(ApiError::Internal(anyhow::anyhow!("an accepting verdict refused")));
    };
    app.store.keep_report(&reviewed, &kept("")).await.map_err(already)
}

/// The model that reads.
pub(super) fn client(models: &Models) -> &docimo_ai::provider::Client {
    &models.reader
}
