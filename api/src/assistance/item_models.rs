//! Item models: what a teacher writes once and draws families of questions from, where no language model may be used.
//! What is drawn waits with the other proposals, and a named person decides on each.

use crate::ambient;
use crate::app::App;
use crate::auth::Actor;
use crate::bank::reach::Reach;
use crate::error::{ApiError, ApiResult};
use docimo_ai::generation::{Difficulty, Draft, Justification, Level as Knowing, Support};
use docimo_ai::proposal::{Function, Parameter, Parameters, PromptTemplate, Proposal, Provenance, Tokens};
use docimo_bank::item_model::{Family, Instance, ItemModel, MAX_QUESTIONS, ModelError};
use docimo_bank::rights::Level;
use docimo_engine::question::Question;
use docimo_store::ai::models::ItemModelRow;
use docimo_store::ai::{Job, ProposalRow};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Questions shown before anything is proposed.
pub const SAMPLES: u32 = 3;

/// What was drawn, as the record keeps it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Drawing {
    /// Model.
    pub model: String,
    /// Its version.
    pub version: i64,
    /// Questions.
    pub count: u32,
    /// With the model and the count, what was drawn is a function of it.
    pub seed: i64,
}

impl From<ModelError> for ApiError {
    fn from(error: ModelError) -> Self {
        Self::wrong(error.field, error.to_string())
    }
}

fn broken(error: serde_json::Error) -> ApiError {
    ApiError::Internal(error.into())
}

/// What a row holds.
pub fn read(row: &ItemModelRow) -> ApiResult<ItemModel> {
    serde_json::from_str(&row.body).map_err(broken)
}

/// A model in reach of someone, as if absent otherwise.
pub async fn open(app: &App, actor: &Actor, id: &str, level: Level) -> ApiResult<(ItemModelRow, Reach)> {
    let row = app.store.item_model(id).await?.ok_or(ApiError::NotFound)?;
    let reach = Reach::of(app, actor).await?;
    reach.need(&row.folder_id, level)?;
    Ok((row, reach))
}

/// The models in reach, by title.
pub async fn list(app: &App, actor: &Actor) -> ApiResult<Vec<ItemModelRow>> {
    let reach = Reach::of(app, actor).await?;
    let all = app.store.item_models().await?;
    Ok(all.into_iter().filter(|m| reach.may(&m.folder_id, Level::Read)).collect())
}

/// Draws without keeping anything: what the author looks at while writing.
pub async fn preview(model: &ItemModel, count: u32, seed: i64) -> ApiResult<Family> {
    let model = model.clone();
    // A model whose constraints hold rarely is drawn many times.
    let drawn = tokio::task::spawn_blocking(move || {
        model.ready().and_then(|ready| ready.generate(count, seed.cast_unsigned(), "apercu"))
    });
    Ok(drawn.await.map_err(|e| ApiError::Internal(e.into()))??)
}

/// Keeps a model, new or as a version of one whose newest was `seen`. Gives its id.
pub async fn save(
    app: &App,
    actor: &Actor,
    known: Option<(&str, i64)>,
    folder_id: &str,
    model: &ItemModel,
) -> ApiResult<String> {
    if model.title.trim().is_empty() {
        return Err(ApiError::wrong("titre", "Titre : à remplir."));
    }
    // A model from which nothing comes is not kept.
    preview(model, SAMPLES, 1).await?;
    let (now_ms, body) = (ambient::now_ms(), serde_json::to_string(model).map_err(broken)?);
    let title = docimo_ai::sources::visible(&model.title);
    match known {
        Some((id, seen)) => {
            open(app, actor, id, Level::Write).await?;
            app.store.change_item_model(id, seen, &title, &body, &actor.id, now_ms).await.map_err(|e| match e {
                docimo_store::StoreError::Conflict => ApiError::Conflict(
                    "Quelqu’un a changé ce modèle depuis que vous l’avez ouvert : rouvrez-le avant de le changer."
                        .into(),
                ),
                other => other.into(),
            })?;
            Ok(id.to_owned())
        }
        None => {
            Reach::of(app, actor).await?.need(folder_id, Level::Write)?;
            let id = ambient::fresh_id(now_ms);
            app.store.add_item_model(&id, folder_id, &title, &body, &actor.id, now_ms).await?;
            Ok(id)
        }
    }
}

fn draft(instance: Instance) -> Draft {
    let why = |question: &Question, proposition, text: &str| Justification {
        question: question.id.clone(),
        proposition,
        text: text.to_owned(),
        passage: String::new(),
        quote: String::new(),
        support: Support::Rule,
    };
    let mut justifications = Vec::new();
    for question in instance.element.questions() {
        let propositions = question.body.propositions();
        if propositions.is_empty() {
            justifications.push(why(question, None, &question.comment));
        }
        justifications.extend(propositions.iter().map(|p| why(question, Some(p.id.clone()), &p.comment)));
    }
    Draft {
        element: instance.element,
        level: Knowing::default(),
        difficulty: Difficulty::default(),
        justifications,
        seconds: BTreeMap::new(),
    }
}

/// Draws questions from the newest version of a model and leaves them as proposals. Gives the id of the request.
pub async fn propose(app: &App, actor: &Actor, id: &str, count: u32) -> ApiResult<String> {
    let (row, _) = open(app, actor, id, Level::Write).await?;
    if row.retired_ms.is_some() {
        return Err(ApiError::Conflict("Ce modèle est retiré : remettez-le en usage d’abord.".into()));
    }
    if !(1..=MAX_QUESTIONS).contains(&count) {
        return Err(ApiError::wrong("nombre", format!("Nombre : de 1 à {MAX_QUESTIONS} questions.")));
    }
    let (model, seed, now_ms) = (read(&row)?, ambient::seed(), ambient::now_ms());
    let drawing = Drawing { model: row.id.clone(), version: row.latest, count, seed };
    let job = Job {
        id: ambient::fresh_id(now_ms),
        function: Function::ItemModel.code().into(),
        person_id: actor.id.to_string(),
        folder_id: row.folder_id.clone(),
        request: serde_json::to_string(&drawing).map_err(broken)?,
        wanted: i64::from(count),
        state: "done".into(),
        stage: String::new(),
        tries: 0,
        prompt_tokens: 0,
        completion_tokens: 0,
        created_ms: now_ms,
        ended_ms: Some(now_ms),
    };
    let prefix = format!("modele-{}", job.id.rsplit('-').next().unwrap_or(&job.id));
    let drawn = tokio::task::spawn_blocking(move || {
        model.ready().and_then(|ready| ready.generate(count, seed.cast_unsigned(), &prefix))
    });
    let family = drawn.await.map_err(|e| ApiError::Internal(e.into()))??;
    let mut rows = Vec::with_capacity(family.questions.len());
    for (i, instance) in family.questions.into_iter().enumerate() {
        let values: Vec<String> = instance.values.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        let provenance = Provenance {
            function: Function::ItemModel,
            provider: "aucun modèle de langue".into(),
            model: row.title.clone(),
            model_version: format!("version {}", row.latest),
            parameters: Parameters::from([
                ("valeurs".to_owned(), Parameter::Text(values.join(" ; "))),
                ("graine".to_owned(), Parameter::Integer(seed)),
                ("auteur du modèle".to_owned(), Parameter::Text(row.author.clone())),
            ]),
            prompt: PromptTemplate::of(format!("item-model/{}", row.id), row.latest.to_string(), &row.body),
            sources: Vec::new(),
            created_at_ms: now_ms,
            tokens: Tokens::default(),
        };
        let proposal =
            Proposal::new(draft(instance), provenance).map_err(|e| ApiError::wrong("modèle", e.to_string()))?;
        rows.push(ProposalRow {
            id: ambient::fresh_id(now_ms),
            job_id: job.id.clone(),
            number: i64::try_from(i + 1).unwrap_or(i64::MAX),
            function: job.function.clone(),
            folder_id: job.folder_id.clone(),
            body: serde_json::to_string(&proposal).map_err(broken)?,
            unsupported: 0,
            created_ms: now_ms,
        });
    }
    app.store.add_drawn(&job, &rows).await?;
    Ok(job.id)
}
