//! An entry's way from draft to use, by named people, with their reasons.

use super::reach::{self, Reach};
use super::{described, keyed};
use crate::ambient;
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult};
use crate::exam::checked_reason;
use docimo_bank::revision::{Status, Transition};
use docimo_bank::rights::Level;
use docimo_store::bank::EntryLine;
use docimo_store::bank::workflow::{EntryEvent, NewEntryEvent, Step};
use serde::Deserialize;
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// Something that someone asks for.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct StepForm {
    /// `submit`, `send_back`, `validate`, `reopen`, `retire`, `restore`.
    pub step: String,
    /// Number of the latest revision that they saw.
    pub latest: i64,
    /// Status that they saw: `draft`, `in_review`, `validated`, `retired`.
    pub status: String,
    /// Why; compulsory to send back, reopen and retire.
    #[serde(default)]
    pub reason: String,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The entry has another status.
    Moved(Status),
    /// Recorded; this many more reviewers must agree.
    Awaiting(usize),
}

/// The code of a transition, kept in the record.
pub fn code(transition: Transition) -> &'static str {
    match transition {
        Transition::Submit => "submit",
        Transition::SendBack => "send_back",
        Transition::Validate => "validate",
        Transition::Reopen => "reopen",
        Transition::Retire => "retire",
        Transition::Restore => "restore",
    }
}

/// The transition of a code.
pub fn transition(code_: &str) -> Option<Transition> {
    Transition::ALL.into_iter().find(|t| code(*t) == code_)
}

/// What it takes.
pub fn level(transition: Transition) -> Level {
    match transition {
        Transition::Submit => Level::Write,
        Transition::SendBack | Transition::Validate | Transition::Reopen | Transition::Retire | Transition::Restore => {
            Level::Review
        }
    }
}

/// Must its reason be said?
pub fn needs_reason(transition: Transition) -> bool {
    matches!(transition, Transition::SendBack | Transition::Reopen | Transition::Retire)
}

/// People who agreed with a revision, its author and those who spoke before it was last sent back apart.
pub fn approvals(events: &[EntryEvent], latest: i64) -> BTreeSet<&str> {
    let since = events.iter().rposition(|e| matches!(e.what.as_str(), "submit" | "send_back")).map_or(0, |at| at + 1);
    let of_it = |e: &&EntryEvent| e.revision == latest && e.what == "approve";
    events[since..].iter().filter(of_it).map(|e| e.person_id.as_str()).collect()
}

/// A status kept in the database.
pub fn status(line: &EntryLine) -> ApiResult<Status> {
    line.status.parse().map_err(|e: docimo_bank::revision::UnknownStatus| ApiError::Internal(e.into()))
}

/// What someone may do next with an entry, for buttons.
pub fn offered(line: &EntryLine, reach: &Reach) -> Vec<Transition> {
    let Ok(status) = status(line) else { return Vec::new() };
    status.transitions().filter(|t| reach.may(&line.folder_id, level(*t))).collect()
}

fn record(actor: &Actor, line: &EntryLine, what: &'static str, place: &str, body: &str) -> NewEntryEvent {
    let at_ms = ambient::now_ms();
    NewEntryEvent {
        id: ambient::fresh_id(at_ms),
        entry_id: line.id.clone(),
        revision: line.latest,
        person_id: actor.id.to_string(),
        at_ms,
        what,
        place: place.to_owned(),
        body: body.trim().to_owned(),
    }
}

/// Takes a step of the workflow.
pub async fn step(app: &App, actor: &Actor, entry_id: &str, form: &StepForm) -> ApiResult<Outcome> {
    let asked = transition(&form.step).ok_or_else(|| ApiError::bad("Étape inconnue."))?;
    let (line, reach) = reach::entry(app, actor, entry_id, level(asked)).await?;
    if needs_reason(asked) {
        checked_reason(&form.reason, "l’auteur le lira")?;
    } else if !form.reason.is_empty() {
        checked_reason(&form.reason, "il reste dans l’historique")?;
    }
    if (line.latest, line.status.as_str()) != (form.latest, form.status.as_str()) {
        return Err(ApiError::Conflict(
            "La question a changé depuis que vous l’avez ouverte. Relisez-la, puis recommencez.".into(),
        ));
    }
    let to = status(&line)?.next(asked).map_err(|e| ApiError::Conflict(format!("{e}.")))?;
    if asked == Transition::Retire
        && let Some(exam) = app.store.lock_of(entry_id).await?
    {
        return Err(ApiError::Conflict(format!("Le sujet figé de « {exam} » l’emploie : attendez qu’il soit clos.")));
    }
    if asked == Transition::Validate {
        let needed = reach.reviews(&line.folder_id);
        let author = app.store.followed(entry_id).await?.ok_or(ApiError::NotFound)?.author_id;
        if needed > 0 && author == *actor.id {
            return Err(ApiError::Conflict("Vous avez écrit cette version : quelqu’un d’autre doit la relire.".into()));
        }
        let latest = app.store.latest_revision(entry_id).await?.ok_or(ApiError::NotFound)?;
        let element = serde_json::from_str(&latest.body).map_err(|e| ApiError::Internal(e.into()))?;
        keyed::check(&element, "Donnez une réponse attendue avant de valider")?;
        described::check(&element)?;
        let events = app.store.entry_events(entry_id).await?;
        let mut agreed = approvals(&events, line.latest);
        if agreed.contains(&*actor.id) {
            return Err(ApiError::Conflict("Votre accord est déjà enregistré ; il manque celui d’un autre.".into()));
        }
        agreed.insert(&actor.id);
        if agreed.len() < needed {
            app.store.add_entry_event(&record(actor, &line, "approve", "", &form.reason)).await?;
            return Ok(Outcome::Awaiting(needed - agreed.len()));
        }
    }
    let step = Step { latest: form.latest, from: &form.status, to: to.code() };
    app.store.step_entry(step, &record(actor, &line, code(asked), "", &form.reason)).await?;
    Ok(Outcome::Moved(to))
}

/// Adds a comment on an entry, or on a part of it.
pub async fn comment(app: &App, actor: &Actor, entry_id: &str, place: &str, text: &str) -> ApiResult<()> {
    let (line, _) = reach::entry(app, actor, entry_id, Level::Read).await?;
    if text.trim().is_empty() {
        return Err(ApiError::wrong("commentaire", "Écrivez le commentaire."));
    }
    if text.chars().count() > 4_000 || text.contains('\0') || place.chars().count() > 100 || place.contains('\0') {
        return Err(ApiError::wrong("commentaire", "4 000 caractères au plus."));
    }
    app.store.add_entry_event(&record(actor, &line, "comment", place, text)).await?;
    Ok(())
}

/// Says that a comment has been dealt with.
pub async fn resolve(app: &App, actor: &Actor, entry_id: &str, comment_id: &str) -> ApiResult<()> {
    let (line, _) = reach::entry(app, actor, entry_id, Level::Write).await?;
    let events = app.store.entry_events(entry_id).await?;
    if !events.iter().any(|e| e.id == comment_id && e.what == "comment") {
        return Err(ApiError::NotFound);
    }
    if !events.iter().any(|e| e.what == "resolve" && e.place == comment_id) {
        app.store.add_entry_event(&record(actor, &line, "resolve", comment_id, "")).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(what: &str, person: &str, revision: i64) -> EntryEvent {
        EntryEvent {
            id: String::new(),
            revision,
            person_id: person.into(),
            person_name: String::new(),
            at_ms: 0,
            what: what.into(),
            place: String::new(),
            body: String::new(),
        }
    }

    #[test]
    fn an_approval_is_of_a_revision_and_of_a_round() {
        let events = [
            event("submit", "auteur", 1),
            event("approve", "a", 1),
            event("send_back", "b", 1),
            event("submit", "auteur", 2),
            event("approve", "b", 2),
            event("approve", "b", 2),
            event("comment", "c", 2),
        ];
        assert_eq!(approvals(&events, 2), BTreeSet::from(["b"]));
        assert_eq!(approvals(&events[..2], 1), BTreeSet::from(["a"]));
        assert!(approvals(&events[..4], 2).is_empty(), "sent back: everyone speaks again");
    }

    #[test]
    fn codes_go_both_ways() {
        for t in Transition::ALL {
            assert_eq!(transition(code(t)), Some(t));
        }
        assert_eq!(transition("approve"), None);
    }
}
