//! Asking for questions: what is asked goes into the queue, if the function is on and limits leave room.

use super::GENERATION;
use crate::ambient;
use crate::app::App;
use crate::auth::Actor;
use crate::bank::reach::{self, Reach};
use crate::error::{ApiError, ApiResult};
use docimo_ai::generation::{Difficulty, KINDS, Level as Knowing, MAX_QUESTIONS, MAX_SOURCE_CHARS};
use docimo_bank::rights::Level;
use docimo_engine::question::{Kind, Rank};
use docimo_store::ai::{Job, Refused};
use serde::{Deserialize, Serialize};

/// A passage, by its document and number.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Place {
    /// Document.
    pub source: String,
    /// From 1.
    pub number: i64,
}

/// What is asked, as it is kept in the queue. It names no person.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Asked {
    /// QRU, QRM or QRP.
    pub kind: Kind,
    /// How many.
    pub count: u32,
    /// Rank of the knowledge asked.
    pub rank: Option<Rank>,
    /// What knowing.
    pub level: Knowing,
    /// How hard.
    pub difficulty: Difficulty,
    /// What about, in words.
    pub objective: String,
    /// Entry of the bank whose variants are wanted.
    pub variant_of: Option<String>,
    /// What a reviewer said of an attempt before.
    pub remark: String,
    /// What may be leaned on.
    pub passages: Vec<Place>,
}

/// Puts a request in the queue, and gives its id.
pub async fn ask(app: &App, actor: &Actor, folder_id: &str, asked: &Asked) -> ApiResult<String> {
    let reach = Reach::of(app, actor).await?;
    reach.need(folder_id, Level::Write)?;
    if !KINDS.contains(&asked.kind) {
        return Err(ApiError::wrong("type", "Type : QRU, QRM ou QRP."));
    }
    if !(1..=MAX_QUESTIONS).contains(&asked.count) {
        return Err(ApiError::wrong("nombre", format!("Nombre : de 1 à {MAX_QUESTIONS} questions.")));
    }
    if asked.objective.chars().count() > 500 || asked.remark.chars().count() > 1000 {
        return Err(ApiError::wrong("sujet", "Sujet : 500 caractères au plus ; remarque : 1 000."));
    }
    if let Some(entry) = &asked.variant_of {
        reach::entry(app, actor, entry, Level::Read).await?;
    }
    check_passages(app, asked).await?;
    let now_ms = ambient::now_ms();
    let job = Job {
        id: ambient::fresh_id(now_ms),
        function: GENERATION.code().into(),
        person_id: actor.id.to_string(),
        folder_id: folder_id.to_owned(),
        request: serde_json::to_string(asked).map_err(|e| ApiError::Internal(e.into()))?,
        wanted: i64::from(asked.count),
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
            "La génération de questions est arrêtée : le comité scientifique et éthique ne l’a pas autorisée, ou l’a suspendue.".into(),
        )),
        Err(Refused::Person { asked, limit }) => Err(ApiError::Conflict(format!(
            "Limite du jour : vous avez demandé {asked} questions en 24 heures, sur {limit} au plus. Demandez-en moins, ou revenez plus tard."
        ))),
        Err(Refused::Everyone { asked, limit }) => Err(ApiError::Conflict(format!(
            "Limite du jour de l’établissement : {asked} questions demandées en 24 heures, sur {limit} au plus."
        ))),
    }
}

async fn check_passages(app: &App, asked: &Asked) -> ApiResult<()> {
    if asked.passages.is_empty() {
        return Err(ApiError::wrong(
            "source",
            "Choisissez au moins un passage, ou collez un cours : rien d’autre ne sert d’appui.",
        ));
    }
    let now_ms = ambient::now_ms();
    let (mut chars, mut names): (usize, Vec<&str>) = (0, asked.passages.iter().map(|p| p.source.as_str()).collect());
    names.sort_unstable();
    names.dedup();
    for name in names {
        let source = app.store.ai_source(name).await?.ok_or(ApiError::NotFound)?;
        if !source.is_usable(now_ms) {
            return Err(ApiError::wrong("source", format!("La source « {} » est retirée ou périmée.", source.title)));
        }
        let known = app.store.ai_passages(name).await?;
        for place in asked.passages.iter().filter(|p| p.source == name) {
            let passage = known.iter().find(|p| p.number == place.number).ok_or(ApiError::NotFound)?;
            chars += passage.body.chars().count();
        }
    }
    if chars > MAX_SOURCE_CHARS {
        return Err(ApiError::wrong(
            "source",
            format!(
                "{chars} caractères choisis, {MAX_SOURCE_CHARS} au plus en une demande : choisissez moins de passages."
            ),
        ));
    }
    Ok(())
}

/// A request, for who made it and for who may review what it gives.
pub async fn job(app: &App, actor: &Actor, id: &str) -> ApiResult<Job> {
    let job = app.store.ai_job(id).await?.filter(|j| j.function == GENERATION.code()).ok_or(ApiError::NotFound)?;
    if job.person_id != *actor.id && !Reach::of(app, actor).await?.may(&job.folder_id, Level::Review) {
        return Err(ApiError::NotFound);
    }
    Ok(job)
}

/// Stops a request.
pub async fn cancel(app: &App, actor: &Actor, id: &str) -> ApiResult<()> {
    let job = job(app, actor, id).await?;
    if app.store.cancel_ai_job(&job.id, &format!("annulée par {}", actor.name), ambient::now_ms()).await? {
        Ok(())
    } else {
        Err(ApiError::Conflict("Cette demande est déjà terminée.".into()))
    }
}
