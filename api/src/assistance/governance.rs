//! What the scientific and ethics committee sees and decides: switches, figures, the whole record.

use super::{GENERATION, read};
use crate::ambient;
use crate::app::App;
use crate::auth::Actor;
use crate::bank::event;
use crate::error::{ApiError, ApiResult};
use docimo_ai::generation::Draft;
use docimo_ai::proposal::Proposal;
use docimo_store::ai::Switch;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};

/// Most questions a day that a limit may allow.
pub const MOST_DAILY: u32 = 100_000;

/// A decision of the committee, as someone records it.
#[derive(Clone, Debug)]
pub struct Ruling {
    /// On, or off at once.
    pub enabled: bool,
    /// Minutes, date, number.
    pub reference: String,
    /// Questions a person may ask for in 24 hours.
    pub person_daily: u32,
    /// Questions everyone may ask for in 24 hours.
    pub daily: u32,
}

/// Records a decision; off, everything that runs or waits is stopped. Gives how many requests were.
pub async fn rule(app: &App, actor: &Actor, ruling: &Ruling) -> ApiResult<u64> {
    let reference = docimo_ai::sources::visible(&ruling.reference);
    if reference.chars().count() < 5 || reference.chars().count() > 500 {
        return Err(ApiError::wrong(
            "référence",
            "Référence de la décision : par exemple « séance du 3 mars 2027, point 4 » (5 à 500 caractères).",
        ));
    }
    if ruling.person_daily > MOST_DAILY || ruling.daily > MOST_DAILY {
        return Err(ApiError::wrong("limites", format!("Limites : {MOST_DAILY} questions par jour au plus.")));
    }
    let now_ms = ambient::now_ms();
    let switch = Switch {
        id: ambient::fresh_id(now_ms),
        function: GENERATION.code().into(),
        enabled: i64::from(ruling.enabled),
        person_daily: ruling.person_daily.into(),
        daily: ruling.daily.into(),
        author_id: actor.id.to_string(),
        at_ms: now_ms,
        reference,
    };
    let said = if ruling.enabled { "mise en service" } else { "arrêtée" };
    let act = event(actor, "ai_switch", format!("IA, {} : {said} ({}).", GENERATION.label(), switch.reference));
    Ok(app.store.set_ai_switch(&switch, "fonction arrêtée par le comité", &act).await?)
}

/// Figures of one model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    /// Proposals made.
    pub proposals: usize,
    /// Not decided yet.
    pub waiting: usize,
    /// Accepted as they were.
    pub accepted: usize,
    /// Accepted after edits.
    pub amended: usize,
    /// Refused.
    pub refused: usize,
    /// Asked for again.
    pub again: usize,
    /// A true proposition without a passage that bears it out.
    pub unsupported: usize,
    /// The answering pass disagreed.
    pub disagreed: usize,
    /// Mean part of the text that stays, of those amended; 0 to 1.
    pub survived: Option<f64>,
    /// Median time from proposal to decision, ms.
    pub decided_in_ms: Option<i64>,
    /// Tokens read.
    pub prompt_tokens: u64,
    /// Tokens written.
    pub completion_tokens: u64,
}

/// What the committee looks at.
#[derive(Clone, Debug, Default)]
pub struct Overview {
    /// Decisions on the function, the newest first.
    pub switches: Vec<Switch>,
    /// By model.
    pub models: BTreeMap<String, Figures>,
    /// Refusals by reason, the most frequent first.
    pub reasons: Vec<(String, usize)>,
    /// Requests by state.
    pub jobs: BTreeMap<String, usize>,
    /// Tokens of all requests, those that gave nothing included.
    pub tokens: (i64, i64),
}

fn median(mut values: Vec<i64>) -> Option<i64> {
    values.sort_unstable();
    values.get(values.len() / 2).copied()
}

/// Figures of the whole record.
pub async fn overview(app: &App) -> ApiResult<Overview> {
    let decisions: HashMap<String, _> =
        app.store.ai_decisions().await?.into_iter().map(|d| (d.proposal_id.clone(), d)).collect();
    let mut view = Overview { switches: app.store.ai_switches().await?, ..Overview::default() };
    let (mut survived, mut times): (BTreeMap<String, Vec<f64>>, BTreeMap<String, Vec<i64>>) = Default::default();
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    for row in app.store.ai_proposals().await?.into_iter().filter(|p| p.function == GENERATION.code()) {
        let proposal: Proposal<Draft> = read(&row)?;
        let from = proposal.provenance();
        let model = format!("{} ({})", from.model, from.provider);
        let figures = view.models.entry(model.clone()).or_default();
        figures.proposals += 1;
        figures.unsupported += usize::from(row.unsupported == 1);
        figures.prompt_tokens += from.tokens.prompt;
        figures.completion_tokens += from.tokens.completion;
        if let docimo_ai::generation::SecondPass::Answered { agrees: false, .. } = proposal.content().second {
            figures.disagreed += 1;
        }
        let Some(decision) = decisions.get(&row.id) else {
            figures.waiting += 1;
            continue;
        };
        times.entry(model.clone()).or_default().push(decision.at_ms - row.created_ms);
        match decision.verdict.as_str() {
            "accept" => figures.accepted += 1,
            "amend" => {
                figures.amended += 1;
                survived.entry(model).or_default().extend(decision.survived);
            }
            "refuse" => {
                figures.refused += 1;
                *reasons.entry(decision.reason.clone()).or_default() += 1;
            }
            _ => figures.again += 1,
        }
    }
    for (model, figures) in &mut view.models {
        let stays = survived.remove(model).unwrap_or_default();
        figures.survived = (!stays.is_empty()).then(|| stays.iter().sum::<f64>() / stays.len() as f64);
        figures.decided_in_ms = median(times.remove(model).unwrap_or_default());
    }
    view.reasons = reasons.into_iter().collect();
    view.reasons.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    for job in app.store.ai_jobs().await?.into_iter().filter(|j| j.function == GENERATION.code()) {
        view.tokens.0 += job.prompt_tokens;
        view.tokens.1 += job.completion_tokens;
        *view.jobs.entry(job.state).or_default() += 1;
    }
    Ok(view)
}

/// The whole record: decisions of the committee, sources, requests, proposals with their provenance, decisions of
/// people. Names are identifiers of accounts.
pub async fn record(app: &App, actor: &Actor) -> ApiResult<Value> {
    let json_of = |text: &str| serde_json::from_str::<Value>(text).map_err(|e| ApiError::Internal(e.into()));
    let store = &app.store;
    let switches: Vec<Value> = (store.ai_switches().await?.into_iter())
        .map(|s| {
            json!({"function": s.function, "enabled": s.enabled == 1, "reference": s.reference, "at_ms": s.at_ms,
                "person_daily": s.person_daily, "daily": s.daily, "author": s.author_id})
        })
        .collect();
    let sources: Vec<Value> = (store.ai_sources().await?.into_iter())
        .map(|s| {
            json!({"id": s.id, "title": s.title, "origin": s.origin, "edition": s.edition, "date": s.published,
                "licence": s.licence, "trust": s.trust, "trust_by": s.trust_by, "sha256": s.hash, "imported_by": s.imported_by,
                "imported_ms": s.imported_ms, "expires_ms": s.expires_ms, "withdrawn_ms": s.withdrawn_ms})
        })
        .collect();
    let (mut jobs, mut proposals, mut decisions) = (Vec::new(), Vec::new(), Vec::new());
    for j in store.ai_jobs().await? {
        jobs.push(json!({"id": j.id, "function": j.function, "person": j.person_id, "request": json_of(&j.request)?,
            "state": j.state, "said": j.stage, "tries": j.tries, "created_ms": j.created_ms, "ended_ms": j.ended_ms,
            "tokens": {"prompt": j.prompt_tokens, "completion": j.completion_tokens}}));
    }
    for p in store.ai_proposals().await? {
        proposals.push(json!({"id": p.id, "job": p.job_id, "number": p.number, "created_ms": p.created_ms,
            "key_unsupported": p.unsupported == 1, "proposal": json_of(&p.body)?}));
    }
    for d in store.ai_decisions().await? {
        let amended = d.amended.as_deref().map(json_of).transpose()?;
        let entry = match store.ai_entry(&d.id).await? {
            None => store.tagged_entry(&d.id).await?,
            born => born,
        };
        decisions.push(json!({"id": d.id, "proposal": d.proposal_id, "reviewer": d.reviewer_id, "verdict": d.verdict,
            "reason": d.reason, "remark": d.remark, "amended": amended, "survived": d.survived, "at_ms": d.at_ms, "entry": entry}));
    }
    let now_ms = ambient::now_ms();
    Ok(json!({"format": "docimo-ai-record/1", "at_ms": now_ms, "asked_by": actor.id.to_string(), "switches": switches,
        "sources": sources, "jobs": jobs, "proposals": proposals, "decisions": decisions}))
}
