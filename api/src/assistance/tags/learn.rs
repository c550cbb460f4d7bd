//! What validated tags teach: asked for by the committee, or set off by enough decisions; done in the background; kept with
//! its figures, and in force only if it is better than what was.

use super::ask::{self, Asked};
use super::shelf::examples;
use crate::ambient;
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult};
use docimo_ai::proposal::Sha256Digest;
use docimo_ai::tagging::head::{LearnError, Learned, learn};
use docimo_store::ai::Job;
use docimo_store::ai::tags::HeadRow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Questions tagged since the last training that set off another.
const DUE: i64 = 50;
/// Of the order in which questions are seen: the same each time, so that a training can be done again.
const SEED: u64 = 20_260_301;

/// Asks for a training.
pub async fn ask(app: &App, actor: &Actor) -> ApiResult<String> {
    if app.store.is_learning().await? {
        return Err(ApiError::Conflict("Un apprentissage est déjà en cours ou en attente.".into()));
    }
    add(app, &actor.id).await
}

async fn add(app: &App, person_id: &str) -> ApiResult<String> {
    let asked = Asked { learn: true, said: "apprentissage".into(), ..Asked::default() };
    ask::add(app, person_id, &asked, 0).await
}

/// Sets off a training once enough questions were tagged since the last one. What fails here stops no decision.
pub(super) async fn when_due(app: &App, person_id: &str) {
    let due = async {
        let last = app.store.tag_heads(1).await?.first().map_or(0, |h| h.created_ms);
        if app.store.taggings_since(last).await? < DUE || app.store.is_learning().await? {
            return Ok::<_, ApiError>(());
        }
        add(app, person_id).await.map(|_| ())
    };
    if let Err(error) = due.await {
        tracing::info!(%error, "no training was set off");
    }
}

/// Stops the thread that learns when nobody waits for it any more.
struct Stop(Arc<AtomicBool>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Learns, measures, keeps. Gives what is said of it, in French.
pub(crate) async fn run(app: &App, job: &Job) -> Result<String, String> {
    let broken = |error: ApiError| {
        tracing::warn!(%error, "validated tags cannot be read");
        "la base de données n’a pas répondu".to_owned()
    };
    let tagger = app.tagger.of(&app.store).await.map_err(broken)?;
    let all = examples(app).await.map_err(broken)?;
    let in_force = app.tags.head(app).await.map_err(broken)?;
    let stop = Stop(Arc::default());
    let asked_to = stop.0.clone();
    let taught = move || {
        let known = in_force.as_ref().map(|(_, head)| head.as_ref());
        learn(&tagger, &all, known, SEED, &|| asked_to.load(Ordering::Acquire))
    };
    let learned: Result<Learned, LearnError> =
        tokio::task::spawn_blocking(taught).await.map_err(|_| "l’apprentissage s’est interrompu".to_owned())?;
    let learned = learned.map_err(|e| e.to_string())?;
    let promoted = learned.is_better();
    let json = |value: &_| serde_json::to_string(value).map_err(|e| e.to_string());
    let body = serde_json::to_string(&learned.head).map_err(|e| e.to_string())?;
    let now_ms = ambient::now_ms();
    let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let row = HeadRow {
        id: ambient::fresh_id(now_ms),
        created_ms: now_ms,
        person_id: job.person_id.clone(),
        learned: number(learned.learned),
        tuned: number(learned.tuned),
        held: number(learned.after.questions),
        before: json(&learned.before)?,
        after: json(&learned.after)?,
        promoted: i64::from(promoted),
        hash: Sha256Digest::of(&body).to_string(),
        body,
    };
    app.store.add_tag_head(&row).await.map_err(|e| broken(e.into()))?;
    Ok(if promoted { "en service : meilleur que ce qui l’était" } else { "gardé, pas en service : pas meilleur" }
        .into())
}
