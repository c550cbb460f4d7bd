//! Asking for questions: what is asked goes into the queue, if the function is on and limits leave room.

use super::tags::TAGGING;
use super::{GENERATION, retrieve};
use crate::ambient;
use crate::app::App;
use crate::auth::Actor;
use crate::bank::reach::{self, Reach};
use crate::error::{ApiError, ApiResult};
use crate::referential::{NATIONAL, tag_of};
use docimo_ai::generation::{Difficulty, Form, Level as Knowing, MAX_SOURCE_CHARS};
use docimo_ai::proposal::Trust;
use docimo_bank::rights::Level;
use docimo_engine::question::Rank;
use docimo_store::ai::{Job, Refused};
use r2c_referential::{ItemNumber, ObjectiveCode, Tag, item};
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
    /// What is wanted.
    #[serde(alias = "kind")]
    pub form: Form,
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
    /// Tags that the questions will bear: of the objective or item asked for.
    #[serde(default)]
    pub tags: Vec<String>,
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
    let most = asked.form.most();
    if !(1..=most).contains(&asked.count) {
        return Err(ApiError::wrong("nombre", format!("Nombre : de 1 à {most} pour ce type.")));
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

/// A subject as someone typed it: its words, and the tags that go with it. `OIC-339-02-A`, `339` and `item 339` are an
/// objective or an item of the referential, told to the model by their official titles.
pub async fn subject(app: &App, typed: &str) -> ApiResult<(String, Vec<String>)> {
    let typed = docimo_ai::sources::visible(typed);
    let code = typed.to_uppercase();
    if let Ok(objective) = code.parse::<ObjectiveCode>() {
        let tag = tag_of(NATIONAL, &objective.to_string());
        let Some(node) = app.store.last_node(&tag).await? else {
            return Err(ApiError::wrong(
                "sujet",
                format!("L’objectif {objective} n’est dans aucune version importée du référentiel."),
            ));
        };
        let item = item(objective.item());
        return Ok((format!("{} (item {} : {})", node.title, objective.item(), item.title), vec![tag]));
    }
    let number = code.strip_prefix("ITEM").unwrap_or(&code).trim().trim_start_matches("R2C:");
    if let Some(number) = number.parse().ok().and_then(|n| ItemNumber::new(n).ok()) {
        let item = item(number);
        return Ok((item.title.to_owned(), vec![Tag::Item(number).to_string()]));
    }
    Ok((typed, Vec::new()))
}

/// Characters of the passages that are found for a subject, at most.
const FOUND_CHARS: usize = 14_000;
/// And how many.
const FOUND: usize = 12;

/// The passages that a request leans on where nobody chose any: those of the documents in use that say most of its
/// subject, of which whoever reviews sees every word.
pub async fn passages_on(app: &App, subject: &str) -> ApiResult<Vec<Place>> {
    let (mut places, mut room) = (Vec::new(), FOUND_CHARS);
    for found in retrieve::find(app, subject, FOUND, Trust::Unassessed).await? {
        let Some(left) = room.checked_sub(found.passage.body.chars().count()) else { continue };
        room = left;
        places.push(Place { source: found.passage.source_id, number: found.passage.number });
    }
    if places.is_empty() {
        return Err(ApiError::wrong(
            "source",
            "Aucun passage des sources en usage ne parle de ce sujet : importez un document, collez un cours, ou changez \
             les mots du sujet.",
        ));
    }
    Ok(places)
}

/// A request, for who made it and for who may review what it gives.
pub async fn job(app: &App, actor: &Actor, id: &str) -> ApiResult<Job> {
    let job = app.store.ai_job(id).await?.filter(|j| j.function != TAGGING.code()).ok_or(ApiError::NotFound)?;
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
