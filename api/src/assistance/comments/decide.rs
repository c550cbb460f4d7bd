//! What a named person decides on a draft. Accepted, students with that pattern read it from then on.

use super::ask::{self, Asked};
use super::{COMMENTS, checked, proposal, read, slot_place};
use crate::ambient;
use crate::app::App;
use crate::assistance::decide as questions;
use crate::auth::Actor;
use crate::bank::event;
use crate::bank::reach::Reach;
use crate::error::{ApiError, ApiResult};
use docimo_ai::comments::{Draft, suspect};
use docimo_ai::proposal::{Decision, Outcome, ReviewerId, Verdict};
use docimo_bank::rights::Level;
use docimo_store::StoreError;
use docimo_store::ai::comments::NewComment;
use docimo_store::ai::review::Opinion;
use docimo_store::ai::{NewDecision, ProposalRow, Turned};
use std::collections::HashMap;

/// Proposals looked at in a queue.
const QUEUE: i64 = 2_000;
/// Reasons of questions that make sense here.
const REASONS: [&str; 6] = ["fact", "unsupported", "level", "writing", "trivial", "unsafe"];

/// Why a draft is not taken: code, in French.
#[must_use]
pub fn reasons() -> Vec<(&'static str, &'static str)> {
    questions::REASONS.into_iter().filter(|(code, _)| REASONS.contains(code)).collect()
}

/// What someone does with a draft.
#[derive(Clone, Debug)]
pub enum Choice {
    /// Taken as it is.
    Accept,
    /// Taken as they rewrote it.
    Amend(String),
    /// Not taken: code of the reason.
    Refuse(String),
    /// Another attempt, with what they say of this one.
    Again,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decided {
    /// Students read it: the pattern, and the version of its comment.
    Shown(String, i64),
    /// A first agreement: someone else must agree too.
    Agreed,
    /// Nothing but the record.
    Refused,
    /// A request in the queue.
    Asked(String),
}

/// What a reviewer is warned of, in French.
#[must_use]
pub fn warnings(draft: &Draft) -> Vec<&'static str> {
    let mut all = suspect::warnings(&draft.text);
    for claim in &draft.claims {
        all.extend(suspect::warnings(&claim.text));
        all.extend(suspect::warnings(&claim.quote));
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// Must who accepts it write why they answer for it?
#[must_use]
pub fn needs_override(draft: &Draft) -> bool {
    draft.is_unsupported() || !warnings(draft).is_empty()
}

/// Drafts that wait for a decision, the oldest first.
pub(super) async fn all_waiting(app: &App) -> ApiResult<Vec<ProposalRow>> {
    Ok(app.store.ai_queue(COMMENTS.code(), QUEUE).await?)
}

/// Those in reach of someone, what most students gave first.
pub async fn waiting(app: &App, reach: &Reach) -> ApiResult<Vec<(ProposalRow, Draft)>> {
    let (mut all, mut within) = (Vec::new(), HashMap::new());
    for row in all_waiting(app).await? {
        let draft = read(&row)?.content().clone();
        let known = within.get(&draft.place.entry).copied();
        let may = match known {
            Some(may) => may,
            None => app.store.entry(&draft.place.entry).await?.is_some_and(|l| reach.may(&l.folder_id, Level::Review)),
        };
        within.insert(draft.place.entry.clone(), may);
        if may {
            all.push((row, draft));
        }
    }
    all.sort_by(|(a, x), (b, y)| {
        y.students.cmp(&x.students).then_with(|| (a.created_ms, &a.id).cmp(&(b.created_ms, &b.id)))
    });
    Ok(all)
}

fn decided_already(error: StoreError) -> ApiError {
    match error {
        StoreError::Duplicate => ApiError::Conflict("Quelqu’un a déjà décidé de cette proposition.".into()),
        other => other.into(),
    }
}

/// The draft as a first person agreed to it, where they changed it.
///
/// # Errors
/// When what was kept cannot be read.
pub fn agreed(opinions: &[Opinion]) -> ApiResult<Option<Draft>> {
    let kept = opinions.iter().rev().find_map(|o| o.amended.as_deref());
    kept.map(serde_json::from_str).transpose().map_err(|e| ApiError::Internal(e.into()))
}

/// Decides, in the name of who is signed in. `override_` is what they write to take on themselves a text that no passage
/// bears out, or that they were warned of.
pub async fn decide(
    app: &App,
    actor: &Actor,
    proposal_id: &str,
    choice: Choice,
    remark: &str,
    override_: &str,
) -> ApiResult<Decided> {
    let (row, proposal) = proposal(app, actor, proposal_id).await?;
    if app.store.ai_decision(&row.id).await?.is_some() {
        return Err(decided_already(StoreError::Duplicate));
    }
    let (remark, override_) = (remark.trim(), override_.trim());
    if remark.chars().count() > 2000 || override_.chars().count() > 2000 {
        return Err(ApiError::wrong("remarque", "2 000 caractères au plus."));
    }
    let now_ms = ambient::now_ms();
    let decision_id = ambient::fresh_id(now_ms);
    let bare = |remark| NewDecision {
        id: &decision_id,
        proposal_id: &row.id,
        reason: "",
        remark,
        amended: None,
        survived: None,
    };
    let people = app.store.ai_asked(&row.id).await?.map_or(1, |asked| asked.people);
    let opinions = app.store.ai_opinions(&row.id).await?;
    if matches!(choice, Choice::Accept | Choice::Amend(_)) && opinions.iter().any(|o| o.reviewer_id == *actor.id) {
        return Err(ApiError::Conflict(
            "Vous avez déjà donné votre accord : il faut celui d’une autre personne.".into(),
        ));
    }
    // The second person decides on what the first agreed to.
    let draft = &agreed(&opinions)?.unwrap_or_else(|| proposal.content().clone());
    let taken = |text: String| match text == proposal.content().text {
        true => Verdict::Accept,
        false => Verdict::Amend(Draft { text, ..draft.clone() }),
    };
    let verdict = match choice {
        Choice::Accept => taken(draft.text.clone()),
        Choice::Amend(text) => taken(checked(&text)?),
        Choice::Refuse(code) => {
            let code = REASONS.into_iter().find(|c| *c == code);
            let code = code.ok_or_else(|| ApiError::wrong("motif", "Choisissez un motif de refus."))?;
            let kept = NewDecision { reason: code, ..bare(remark) };
            app.store.turn_down(&kept, Turned::Refused, &actor.id, now_ms).await.map_err(decided_already)?;
            return Ok(Decided::Refused);
        }
        Choice::Again => {
            if remark.is_empty() {
                return Err(ApiError::wrong("remarque", "Dites ce qui doit changer : le modèle ne saura que cela."));
            }
            let job = app.store.ai_job(&row.job_id).await?.ok_or(ApiError::NotFound)?;
            let asked: Asked = serde_json::from_str(&job.request).map_err(|e| ApiError::Internal(e.into()))?;
            let id = ask::again(app, actor, asked, remark).await?;
            app.store.turn_down(&bare(remark), Turned::Again, &actor.id, now_ms).await.map_err(decided_already)?;
            return Ok(Decided::Asked(id));
        }
    };
    let taken = match &verdict {
        Verdict::Amend(draft) => draft,
        Verdict::Accept | Verdict::Refuse { .. } => draft,
    };
    let doubtful = needs_override(taken);
    if doubtful && override_.chars().count() < 10 {
        return Err(ApiError::wrong(
            "dérogation",
            "Une affirmation est sans passage à l’appui, ou le texte a quelque chose de suspect : refusez, ou écrivez en quelques mots pourquoi vous en répondez.",
        ));
    }
    let said = match (doubtful, remark) {
        (true, "") => format!("Dérogation : {override_}"),
        (true, remark) => format!("Dérogation : {override_}\n{remark}"),
        (false, remark) => remark.to_owned(),
    };
    let place = slot_place(&draft.place);
    let reviewer = ReviewerId::new(&*actor.id).map_err(|e| ApiError::Internal(e.into()))?;
    let decision = Decision { reviewer, verdict, at_ms: now_ms, remark: (!said.is_empty()).then(|| said.clone()) };
    let Outcome::Reviewed(reviewed) = proposal.decide(decision) else {
        return Err(ApiError::Internal(anyhow::anyhow!("an accepting verdict refused")));
    };
    let amended = match reviewed.is_amended() {
        true => Some(serde_json::to_string(reviewed.content()).map_err(|e| ApiError::Internal(e.into()))?),
        false => None,
    };
    if people > 1 && opinions.is_empty() {
        let opinion = NewDecision { amended: amended.as_deref(), ..bare(&said) };
        app.store.keep_opinion(&reviewed, &opinion).await.map_err(decided_already)?;
        return Ok(Decided::Agreed);
    }
    let survived = similar::TextDiff::from_words(&reviewed.proposed().text, &reviewed.content().text).ratio();
    let kept = NewDecision { amended: amended.as_deref(), survived: Some(f64::from(survived)), ..bare(&said) };
    let id = ambient::fresh_id(now_ms);
    let comment = NewComment { id: &id, place: &place, body: &reviewed.content().text };
    let act =
        event(actor, "pattern_comment", format!("Commentaire d’erreur accepté, né d’une IA ({}).", place.pattern));
    let number = app.store.keep_comment(&reviewed, &kept, &comment, &act).await.map_err(decided_already)?;
    Ok(Decided::Shown(place.slot, number))
}
