//! What people say went wrong with what a machine proposed, and what the committee answers.

use super::governance::DAY_MS;
use crate::ambient;
use crate::app::App;
use crate::auth::{Actor, Role};
use crate::bank::event;
use crate::bank::reach::{self, Reach};
use crate::error::{ApiError, ApiResult};
use docimo_bank::rights::Level;
use docimo_store::ai::review::{Answer, Incident};

/// Kinds of incidents: code, in French.
pub const KINDS: [(&str, &str); 7] = [
    ("fact", "Fait faux découvert après coup"),
    ("harm", "Contenu dangereux ou discriminatoire"),
    ("injection", "Consigne cachée suivie par le modèle"),
    ("privacy", "Donnée de patient, d’étudiant ou de compte"),
    ("rights", "Droit d’auteur ou licence"),
    ("provider", "Panne, fuite ou dérive du modèle"),
    ("other", "Autre"),
];

/// A kind in French; the code where it is not one of ours.
#[must_use]
pub fn kind_french(code: &str) -> &str {
    KINDS.iter().find(|(c, _)| *c == code).map_or(code, |(_, french)| french)
}

/// What an incident is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// A proposal, by its id.
    Proposal(String),
    /// A question of the bank that was born of a machine, by the id of its entry.
    Entry(String),
}

/// Incidents that one person may report in a day: a page gone wild is stopped.
const MOST_DAILY: usize = 100;

fn said(text: &str) -> ApiResult<String> {
    let text = text.replace("\r\n", "\n").replace('\0', "").trim().to_owned();
    if !(10..=4000).contains(&text.chars().count()) {
        return Err(ApiError::wrong("texte", "Dites ce qui s’est passé, en 10 à 4 000 caractères."));
    }
    Ok(text)
}

/// May they see every incident, and answer?
fn answers(actor: &Actor) -> bool {
    actor.is_any(&[Role::Committee, Role::Administrator])
}

/// Reports an incident; gives its id. Whoever asked for a proposal may report on it, as whoever reviews it.
pub async fn report(app: &App, actor: &Actor, about: &About, kind: &str, text: &str) -> ApiResult<String> {
    let known = KINDS.iter().find(|(c, _)| *c == kind);
    let (kind, french) = known.ok_or_else(|| ApiError::wrong("nature", "Choisissez la nature de l’incident."))?;
    let body = said(text)?;
    let (proposal_id, entry_id) = match about {
        About::Proposal(id) => {
            super::own::readable(app, actor, id).await?;
            (Some(id.clone()), None)
        }
        About::Entry(id) => {
            reach::entry(app, actor, id, Level::Read).await?;
            let birth = app.store.ai_birth(id).await?.ok_or_else(|| {
                ApiError::Conflict("Cette question n’est pas née d’une IA : écrivez plutôt une remarque.".into())
            })?;
            (Some(birth.proposal_id), Some(id.clone()))
        }
    };
    let now_ms = ambient::now_ms();
    let today = app.store.ai_incidents(1_000).await?;
    if today.iter().filter(|i| i.person_id == *actor.id && i.at_ms > now_ms - DAY_MS).count() >= MOST_DAILY {
        return Err(ApiError::Conflict("Cent incidents signalés en 24 heures : prévenez le comité autrement.".into()));
    }
    let incident = Incident {
        id: ambient::fresh_id(now_ms),
        proposal_id,
        entry_id,
        kind: (*kind).to_owned(),
        body,
        person_id: actor.id.to_string(),
        person: String::new(),
        at_ms: now_ms,
        closed: 0,
    };
    let act = event(actor, "ai_incident", format!("Incident signalé : {french}."));
    app.store.add_ai_incident(&incident, &act).await?;
    Ok(incident.id)
}

/// Answers an incident, and closes it where nothing more is to be done.
pub async fn answer(app: &App, actor: &Actor, id: &str, text: &str, closes: bool) -> ApiResult<()> {
    if !answers(actor) {
        return Err(ApiError::Forbidden);
    }
    let incident = app.store.ai_incident(id).await?.ok_or(ApiError::NotFound)?;
    let now_ms = ambient::now_ms();
    let answer = Answer {
        id: ambient::fresh_id(now_ms),
        incident_id: incident.id,
        body: said(text)?,
        closes: i64::from(closes),
        person_id: actor.id.to_string(),
        person: String::new(),
        at_ms: now_ms,
    };
    let what = if closes { "clos" } else { "suivi" };
    let act = event(actor, "ai_incident", format!("Incident {what} : {}.", kind_french(&incident.kind)));
    Ok(app.store.answer_ai_incident(&answer, &act).await?)
}

/// Incidents that they may read, with their answers: all of them for the committee, else those that they reported and
/// those on questions in their reach.
pub async fn list(app: &App, actor: &Actor) -> ApiResult<Vec<(Incident, Vec<Answer>)>> {
    let (all, mut said) = (app.store.ai_incidents(500).await?, app.store.ai_incident_answers().await?);
    let reach = Reach::of(app, actor).await?;
    let mut seen = Vec::new();
    for incident in all {
        let mut may = answers(actor) || incident.person_id == *actor.id;
        if let (false, Some(id)) = (may, &incident.entry_id) {
            may = app.store.entry(id).await?.is_some_and(|line| reach.may(&line.folder_id, Level::Read));
        }
        if may {
            let own;
            (own, said) = said.into_iter().partition(|a| a.incident_id == incident.id);
            seen.push((incident, own));
        }
    }
    Ok(seen)
}
