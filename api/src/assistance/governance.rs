//! What the scientific and ethics committee sees and decides: switches, figures, the whole record.
//!
//! Figures are made by the database and the record leaves as it is read: neither holds all proposals in memory.

use super::decide::as_they_are;
use crate::ambient;
use crate::app::App;
use crate::auth::{Actor, Role};
use crate::bank::event;
use crate::bank::reach::Reach;
use crate::error::{ApiError, ApiResult};
use axum::body::Bytes;
use docimo_ai::proposal::Function;
use docimo_bank::rights::Level;
use docimo_store::Store;
use docimo_store::ai::Switch;
use docimo_store::ai::review::{Figure, Pile, Requests};
use futures_util::stream::{Stream, try_unfold};
use serde_json::{Value, json};
use std::collections::HashMap;

/// Most things a day that a limit may allow.
pub const MOST_DAILY: u32 = 100_000;
/// A day.
pub const DAY_MS: i64 = 86_400_000;

/// A decision of the committee, as someone records it.
#[derive(Clone, Debug)]
pub struct Ruling {
    /// On which function.
    pub function: Function,
    /// On, or off at once.
    pub enabled: bool,
    /// Minutes, date, number.
    pub reference: String,
    /// What a person may ask for in 24 hours.
    pub person_daily: u32,
    /// What everyone may ask for in 24 hours.
    pub daily: u32,
}

/// The function of a code.
pub fn function(code: &str) -> ApiResult<Function> {
    Function::ALL.into_iter().find(|f| f.code() == code).ok_or_else(|| {
        let known = Function::ALL.map(Function::code).join(", ");
        ApiError::wrong("fonction", format!("« {code} » n’est pas une fonction de l’assistance ({known})."))
    })
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
        return Err(ApiError::wrong("limites", format!("Limites : {MOST_DAILY} par jour au plus.")));
    }
    let now_ms = ambient::now_ms();
    let switch = Switch {
        id: ambient::fresh_id(now_ms),
        function: ruling.function.code().into(),
        enabled: i64::from(ruling.enabled),
        person_daily: ruling.person_daily.into(),
        daily: ruling.daily.into(),
        author_id: actor.id.to_string(),
        at_ms: now_ms,
        reference,
    };
    let said = if ruling.enabled { "mise en service" } else { "arrêtée" };
    let act = event(actor, "ai_switch", format!("IA, {} : {said} ({}).", ruling.function.label(), switch.reference));
    Ok(app.store.set_ai_switch(&switch, "fonction arrêtée par le comité", &act).await?)
}

/// What someone has on their hands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duty {
    /// Their name.
    pub name: String,
    /// Decided in 7 days.
    pub week: i64,
    /// Decided in 30 days.
    pub month: i64,
    /// Waiting in the folders that they review.
    pub in_reach: i64,
}

/// What the committee looks at.
#[derive(Clone, Debug, Default)]
pub struct Overview {
    /// Decisions on functions, the newest first.
    pub switches: Vec<Switch>,
    /// By function and model.
    pub models: Vec<Figure>,
    /// By function, model and folder.
    pub folders: Vec<Figure>,
    /// Refusals: function, reason, how many.
    pub reasons: Vec<(String, String, i64)>,
    /// Requests by function and state.
    pub requests: Vec<Requests>,
    /// What waits, by function and folder.
    pub piles: Vec<Pile>,
}

/// Figures of the whole record.
pub async fn overview(app: &App) -> ApiResult<Overview> {
    let store = &app.store;
    store.count_ai_proposals().await?;
    Ok(Overview {
        switches: store.ai_switches().await?,
        models: store.ai_figures().await?,
        folders: store.ai_figures_by_folder().await?,
        reasons: store.ai_reasons().await?,
        requests: store.ai_requests().await?,
        piles: store.ai_piles().await?,
    })
}

/// People looked at for their load.
const MOST_REVIEWERS: usize = 200;

/// What each reviewer decided lately and has before them, the busiest first; those with neither are left out.
pub async fn duties(app: &App, piles: &[Pile]) -> ApiResult<Vec<Duty>> {
    let now_ms = ambient::now_ms();
    let loads = app.store.ai_loads(now_ms - 7 * DAY_MS, now_ms - 30 * DAY_MS).await?;
    let mut done: HashMap<String, (i64, i64)> =
        loads.into_iter().map(|l| (l.person_id, (l.lately, l.longer))).collect();
    let mut duties = Vec::new();
    for person in app.store.staff().await?.into_iter().filter(|p| p.disabled_ms.is_none()).take(MOST_REVIEWERS) {
        let actor = as_they_are(app, &person).await?;
        if !actor.is_any(&[Role::Reviewer, Role::Committee, Role::Administrator]) {
            continue;
        }
        let reach = Reach::of(app, &actor).await?;
        let in_reach = piles.iter().filter(|p| reach.may(&p.folder_id, Level::Review)).map(|p| p.waiting).sum();
        let (week, month) = done.remove(&person.id).unwrap_or_default();
        if month > 0 || in_reach > 0 {
            duties.push(Duty { name: person.name, week, month, in_reach });
        }
    }
    duties.sort_by(|a, b| b.month.cmp(&a.month).then_with(|| a.name.cmp(&b.name)));
    Ok(duties)
}

/// Rows of the record read at once.
const PAGE: i64 = 200;

/// Where the writing of the record is.
struct Writing {
    store: Store,
    asked_by: String,
    part: usize,
    after: String,
    first: bool,
}

/// The whole record, as JSON: decisions of the committee, sources, requests, proposals with their provenance, agreements
/// and decisions of people, incidents. Names are identifiers of accounts. It is read while it is sent; where the database
/// fails, it is cut short, and is no JSON.
pub fn record(app: &App, actor: &Actor) -> impl Stream<Item = Result<Bytes, ApiError>> + Send + use<> {
    let start = Writing {
        store: app.store.clone(),
        asked_by: actor.id.to_string(),
        part: 0,
        after: String::new(),
        first: true,
    };
    try_unfold(start, |mut at| async move { Ok(at.more().await?.map(|text| (Bytes::from(text), at))) })
}

fn json_of(text: &str) -> ApiResult<Value> {
    serde_json::from_str(text).map_err(|e| ApiError::Internal(e.into()))
}

impl Writing {
    /// The next piece; `None` at the end.
    async fn more(&mut self) -> ApiResult<Option<String>> {
        const PARTS: [&str; 5] = ["jobs", "proposals", "opinions", "decisions", "incidents"];
        if self.part == 0 {
            let head = self.head().await?.to_string();
            self.part = 1;
            return Ok(Some(format!("{},\"{}\":[", head.trim_end_matches('}'), PARTS[0])));
        }
        let Some(_) = PARTS.get(self.part - 1) else { return Ok(None) };
        let rows = self.rows().await?;
        let mut text = String::new();
        for (id, row) in &rows {
            if !std::mem::take(&mut self.first) {
                text.push(',');
            }
            text.push_str(&row.to_string());
            self.after.clone_from(id);
        }
        let is_last = i64::try_from(rows.len()).unwrap_or(PAGE) < PAGE || self.part == PARTS.len();
        if is_last {
            self.part += 1;
            (self.after, self.first) = (String::new(), true);
            match PARTS.get(self.part - 1) {
                Some(name) => text.push_str(&format!("],\"{name}\":[")),
                None => text.push_str("]}"),
            }
        }
        Ok(Some(text))
    }

    async fn head(&self) -> ApiResult<Value> {
        let switches: Vec<Value> = (self.store.ai_switches().await?.into_iter())
            .map(|s| {
                json!({"function": s.function, "enabled": s.enabled == 1, "reference": s.reference, "at_ms": s.at_ms,
                    "person_daily": s.person_daily, "daily": s.daily, "author": s.author_id})
            })
            .collect();
        let sources: Vec<Value> = (self.store.ai_sources().await?.into_iter())
            .map(|s| {
                json!({"id": s.id, "title": s.title, "origin": s.origin, "edition": s.edition, "date": s.published,
                    "licence": s.licence, "trust": s.trust, "trust_by": s.trust_by, "sha256": s.hash, "imported_by": s.imported_by,
                    "imported_ms": s.imported_ms, "expires_ms": s.expires_ms, "withdrawn_ms": s.withdrawn_ms})
            })
            .collect();
        Ok(
            json!({"asked_by": self.asked_by, "at_ms": ambient::now_ms(), "disclosure": super::disclosure::chosen(&self.store).await?.code(),
            "format": "docimo-ai-record/2", "sources": sources, "switches": switches}),
        )
    }

    async fn rows(&self) -> ApiResult<Vec<(String, Value)>> {
        let (store, after) = (&self.store, self.after.as_str());
        let mut rows = Vec::new();
        match self.part {
            1 => {
                for j in store.ai_jobs_after(after, PAGE).await? {
                    let row = json!({"id": j.id, "function": j.function, "person": j.person_id, "request": json_of(&j.request)?,
                        "state": j.state, "said": j.stage, "tries": j.tries, "created_ms": j.created_ms, "ended_ms": j.ended_ms,
                        "tokens": {"prompt": j.prompt_tokens, "completion": j.completion_tokens}});
                    rows.push((j.id, row));
                }
            }
            2 => {
                for p in store.ai_proposals_after(after, PAGE).await? {
                    let row = json!({"id": p.id, "job": p.job_id, "number": p.number, "function": p.function, "created_ms": p.created_ms,
                        "key_unsupported": p.unsupported == 1, "proposal": json_of(&p.body)?});
                    rows.push((p.id, row));
                }
            }
            3 => {
                for o in store.ai_opinions_after(after, PAGE).await? {
                    let row = json!({"id": o.id, "proposal": o.proposal_id, "reviewer": o.reviewer_id, "verdict": o.verdict,
                        "remark": o.remark, "amended": o.amended.as_deref().map(json_of).transpose()?, "at_ms": o.at_ms});
                    rows.push((o.id, row));
                }
            }
            4 => {
                for d in store.ai_decisions_after(after, PAGE).await? {
                    let entry = match d.entry_id {
                        None => store.tagged_entry(&d.id).await?,
                        born => born,
                    };
                    let row = json!({"id": d.id, "proposal": d.proposal_id, "reviewer": d.reviewer_id, "verdict": d.verdict,
                        "reason": d.reason, "remark": d.remark, "amended": d.amended.as_deref().map(json_of).transpose()?,
                        "survived": d.survived, "at_ms": d.at_ms, "people": d.people, "first_by": d.first_by, "entry": entry, "comment": store.comment_of(&d.id).await?});
                    rows.push((d.id, row));
                }
            }
            _ => {
                let answers = store.ai_incident_answers().await?;
                for i in store.ai_incidents(i64::MAX).await? {
                    let own: Vec<Value> = (answers.iter().filter(|a| a.incident_id == i.id))
                        .map(|a| json!({"by": a.person_id, "text": a.body, "closes": a.closes == 1, "at_ms": a.at_ms}))
                        .collect();
                    let row = json!({"id": i.id, "proposal": i.proposal_id, "entry": i.entry_id, "kind": i.kind, "text": i.body,
                        "by": i.person_id, "at_ms": i.at_ms, "answers": own});
                    rows.push((i.id, row));
                }
            }
        }
        Ok(rows)
    }
}
