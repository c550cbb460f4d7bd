//! Asking for tags of many questions: a whole import, a folder, what a search finds. Questions are named once and for all
//! when it is asked; the queue does the rest.

use super::TAGGING;
use crate::ambient;
use crate::app::App;
use crate::auth::Actor;
use crate::bank::reach::Reach;
use crate::bank::select::{Selection, select};
use crate::error::{ApiError, ApiResult};
use docimo_bank::rights::Level;
use docimo_store::ai::{Job, Refused};
use docimo_store::bank::COMMON_FOLDER;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// Questions of one request at most.
pub const MOST: usize = 20_000;

/// Which questions someone means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Which {
    /// Origin of their latest wording: a file that was imported; empty for any.
    pub origin: String,
    /// The search line; empty for any.
    pub query: String,
    /// A folder; empty for any.
    pub folder: String,
    /// Those that have an item or an objective too?
    pub tagged_too: bool,
}

impl Which {
    /// In French, for lists.
    fn said(&self, reach: &Reach) -> String {
        let mut all = Vec::new();
        if !self.origin.is_empty() {
            all.push(format!("import « {} »", self.origin));
        }
        if !self.query.is_empty() {
            all.push(format!("recherche « {} »", self.query));
        }
        if !self.folder.is_empty() {
            all.push(format!("dossier « {} »", reach.path(&self.folder)));
        }
        if all.is_empty() { "toute la banque".to_owned() } else { all.join(", ") }
    }
}

/// What is kept in the queue. It names no person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Entries, in order; what was done of them is counted from the first.
    #[serde(default)]
    pub entries: Vec<String>,
    /// To learn from validated tags rather than to propose some.
    #[serde(default)]
    pub learn: bool,
    /// What was meant, in French.
    #[serde(default)]
    pub said: String,
}

/// The entries meant: those in reach to write, without a proposal that waits already.
pub async fn meant(app: &App, actor: &Actor, which: &Which) -> ApiResult<(Vec<String>, String)> {
    let reach = Reach::of(app, actor).await?;
    let index = app.finder().map(|f| f.index.clone());
    let selection = Selection { query: which.query.clone(), folder: which.folder.clone(), ..Selection::default() };
    let mut ids = select(&app.store, index.as_ref(), &selection, &reach).await?;
    if !which.origin.is_empty() {
        let from: HashSet<String> = app.store.entries_from(&which.origin).await?.into_iter().collect();
        ids.retain(|id| from.contains(id));
    }
    let mut left_out: HashSet<String> = app.store.entries_with_waiting_tags().await?.into_iter().collect();
    if !which.tagged_too {
        left_out.extend(app.store.entries_with_item().await?);
    }
    ids.retain(|id| !left_out.contains(id));
    let mut own = Vec::with_capacity(ids.len());
    for some in ids.chunks(500) {
        let lines = app.store.lines(some).await?;
        let may: HashSet<&str> =
            lines.iter().filter(|l| reach.may(&l.folder_id, Level::Write)).map(|l| l.id.as_str()).collect();
        own.extend(some.iter().filter(|id| may.contains(id.as_str())).cloned());
    }
    Ok((own, which.said(&reach)))
}

/// Puts a request in the queue, and gives its id.
pub async fn ask(app: &App, actor: &Actor, which: &Which) -> ApiResult<String> {
    let (entries, said) = meant(app, actor, which).await?;
    if entries.is_empty() {
        return Err(ApiError::Conflict(
            "Aucune question à étiqueter : celles que vous visez portent déjà un item, attendent déjà une décision, ou ne sont pas dans vos dossiers.".into(),
        ));
    }
    if entries.len() > MOST {
        return Err(ApiError::Conflict(format!(
            "{} questions visées, {MOST} au plus en une demande : visez un dossier ou un import.",
            entries.len()
        )));
    }
    let wanted = i64::try_from(entries.len()).unwrap_or(i64::MAX);
    add(app, &actor.id, &Asked { entries, learn: false, said }, wanted).await
}

/// Puts something of this room in the queue.
pub(super) async fn add(app: &App, person_id: &str, asked: &Asked, wanted: i64) -> ApiResult<String> {
    let now_ms = ambient::now_ms();
    let job = Job {
        id: ambient::fresh_id(now_ms),
        function: TAGGING.code().into(),
        person_id: person_id.to_owned(),
        folder_id: COMMON_FOLDER.into(),
        request: serde_json::to_string(asked).map_err(|e| ApiError::Internal(e.into()))?,
        wanted,
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
            "L’étiquetage est arrêté : le comité scientifique et éthique ne l’a pas autorisé, ou l’a suspendu.".into(),
        )),
        Err(Refused::Person { asked, limit }) => Err(ApiError::Conflict(format!(
            "Limite du jour : {asked} questions déjà demandées par vous en 24 heures, {wanted} de plus dépasseraient les {limit} permises."
        ))),
        Err(Refused::Everyone { asked, limit }) => Err(ApiError::Conflict(format!(
            "Limite du jour de l’établissement : {asked} questions déjà demandées en 24 heures, {wanted} de plus dépasseraient les {limit} permises."
        ))),
    }
}

/// A request of this room, for who made it and for who reviews.
pub async fn job(app: &App, actor: &Actor, id: &str) -> ApiResult<(Job, Asked)> {
    let job = app.store.ai_job(id).await?.filter(|j| j.function == TAGGING.code()).ok_or(ApiError::NotFound)?;
    let asked: Asked = serde_json::from_str(&job.request).map_err(|e| ApiError::Internal(e.into()))?;
    use crate::auth::Role::{Administrator, Committee, Reviewer};
    match job.person_id == *actor.id || actor.is_any(&[Reviewer, Committee, Administrator]) {
        true => Ok((job, asked)),
        false => Err(ApiError::NotFound),
    }
}

/// Stops a request; what was proposed already stays.
pub async fn cancel(app: &App, actor: &Actor, id: &str) -> ApiResult<()> {
    let (job, _) = job(app, actor, id).await?;
    match app.store.cancel_ai_job(&job.id, &format!("arrêtée par {}", actor.name), ambient::now_ms()).await? {
        true => Ok(()),
        false => Err(ApiError::Conflict("Cette demande est déjà terminée.".into())),
    }
}
