//! The queue's work, beside requests. What is under way is in the database: a process that dies loses its lease, and the
//! request is taken up again by whoever runs.

mod comments;
mod questions;
mod reports;
mod tags;

use super::comments::COMMENTS;
use super::reports::REPORTS;
use super::tags::TAGGING;
use super::{GENERATION, Models};
use crate::ambient;
use crate::app::{App, WeakApp};
use docimo_ai::proposal::Tokens;
use docimo_store::ai::{Ended, Job};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Between two looks at an empty queue.
const PAUSE: Duration = Duration::from_millis(700);
/// Between two signs that a request is still being worked on.
const BEAT: Duration = Duration::from_secs(2);
/// How long a request stays with a process that gives no sign.
const LEASE_MS: i64 = 10_000;
/// Requests worked on at once by a process.
const AT_ONCE: usize = 2;

/// Works on the queue for as long as the server lives. Must be called within a tokio runtime.
pub fn start(app: &App) {
    for _ in 0..AT_ONCE {
        tokio::spawn(follow(app.downgrade()));
    }
}

async fn follow(app: WeakApp) {
    let runner = ambient::token();
    loop {
        tokio::time::sleep(PAUSE).await;
        let Some(app) = app.upgrade() else { return };
        let Some(models) = app.models() else { continue };
        match app.store.take_ai_job(&runner, ambient::now_ms(), LEASE_MS).await {
            Ok(Some(job)) => work(&app, Some(models), &runner, &job).await,
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "the queue of the assistance cannot be read"),
        }
    }
}

/// Works on what needs no model, for as long as the server lives. Must be called within a tokio runtime.
pub fn start_tags(app: &App) {
    tokio::spawn(follow_tags(app.downgrade()));
}

async fn follow_tags(app: WeakApp) {
    let runner = ambient::token();
    loop {
        tokio::time::sleep(PAUSE).await;
        let Some(app) = app.upgrade() else { return };
        match app.store.take_tagging_job(&runner, ambient::now_ms(), LEASE_MS).await {
            Ok(Some(job)) => work(&app, app.models(), &runner, &job).await,
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "the queue of the assistance cannot be read"),
        }
    }
}

/// How far a request is, as its parts tell it.
#[derive(Default)]
struct Progress(Mutex<(String, Tokens)>);

impl Progress {
    fn get(&self) -> (String, Tokens) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What is under way, in French.
    fn told(&self, stage: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0 = stage;
    }

    /// What it cost so far.
    fn spent(&self, tokens: Tokens) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1 = tokens;
    }
}

async fn work(app: &App, models: Option<&Models>, runner: &str, job: &Job) {
    let progress = Progress::default();
    let tokens = || {
        let (_, tokens) = progress.get();
        (i64::try_from(tokens.prompt).unwrap_or(i64::MAX), i64::try_from(tokens.completion).unwrap_or(i64::MAX))
    };
    // Each function makes its proposals, or says in French why there are none.
    let done = async {
        match (job.function.as_str(), models) {
            (code, _) if code == TAGGING.code() => tags::make(app, models, runner, job, &progress).await,
            (code, Some(models)) if code == GENERATION.code() => questions::make(app, models, job, &progress).await,
            (code, Some(models)) if code == COMMENTS.code() => comments::make(app, models, job, &progress).await,
            (code, Some(models)) if code == REPORTS.code() => reports::make(app, models, job, &progress).await,
            _ => Err("fonction inconnue de cette version".to_owned()),
        }
    };
    tokio::pin!(done);
    let ended = loop {
        tokio::select! {
            ended = &mut done => break ended,
            () = tokio::time::sleep(BEAT) => {
                let (stage, _) = progress.get();
                match app.store.keep_ai_job(&job.id, runner, &stage, tokens(), ambient::now_ms() + LEASE_MS).await {
                    // Cancelled, switched off, or taken up by another: what the model is still writing is dropped.
                    Ok(false) => return,
                    Ok(true) => {}
                    Err(error) => tracing::warn!(%error, job = job.id, "no sign could be given of a request"),
                }
            }
        }
    };
    let ended = match &ended {
        Ok(rows) => Ended::Done(rows),
        Err(why) => {
            tracing::info!(job = job.id, "a request for proposals gave nothing");
            Ended::Failed(why)
        }
    };
    if let Err(error) = app.store.end_ai_job(&job.id, runner, ended, tokens(), ambient::now_ms()).await {
        tracing::warn!(%error, job = job.id, "the end of a request could not be kept; it will be taken up again");
    }
}
