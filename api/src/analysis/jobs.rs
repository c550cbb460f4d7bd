//! Long computations, off the web threads: how far they are, how to stop them, what they found.
//!
//! Nothing here matters for correctness: a study is a function of the paper, the register and the journals, and is
//! made again when it is lost. A few are kept, the least lately used go first.

use super::study::{Study, Wishes};
use super::subject::Subject;
use crate::app::App;
use crate::error::{ApiError, ApiResult};
use crate::exam::draft::exam;
use crate::exam::marks::{ledger, mark_at};
use crate::exam::times::response_times;
use docimo_engine::docimology::classical::{self, ExamStatistics};
use docimo_engine::docimology::matrix::ScoreMatrix;
use docimo_engine::docimology::whatif::Desk;
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// How far a study is.
#[derive(Debug, Default)]
pub struct Progress {
    stopped: AtomicBool,
    /// Thousandths.
    done: AtomicU64,
    stage: Mutex<&'static str>,
}

impl Progress {
    /// Enters a stage: its name in French, and the thousandths done before it.
    ///
    /// # Errors
    /// Somebody asked to stop.
    pub fn enter(&self, stage: &'static str, done: u64) -> Result<(), Stopped> {
        *self.stage.lock().unwrap_or_else(PoisonError::into_inner) = stage;
        self.at(done)
    }

    /// Thousandths done so far.
    ///
    /// # Errors
    /// Somebody asked to stop.
    pub fn at(&self, done: u64) -> Result<(), Stopped> {
        self.done.store(done, Ordering::Relaxed);
        if self.stopped.load(Ordering::Relaxed) { Err(Stopped) } else { Ok(()) }
    }

    /// For loops of the engine.
    pub fn flow(&self, done: u64) -> ControlFlow<()> {
        if self.at(done).is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    /// Name of the stage and per cent done.
    pub fn now(&self) -> (&'static str, u64) {
        let stage = *self.stage.lock().unwrap_or_else(PoisonError::into_inner);
        (stage, self.done.load(Ordering::Relaxed) / 10)
    }
}

/// Somebody asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped;

/// An exam ready to be asked about.
pub struct Room {
    /// What is analysed.
    pub subject: Arc<Subject>,
    /// For scenarios.
    pub desk: Desk,
    statistics: OnceLock<Option<Statistics>>,
}

/// Indices of the questions that tell candidates apart, with where each is in the paper.
type Statistics = (Vec<usize>, ExamStatistics);

impl Room {
    /// Classical indices, computed once; `None` where there is nothing to compute them from.
    pub fn statistics(&self) -> Option<&Statistics> {
        let subject = &self.subject;
        let compute = || {
            let (matrix, counted) =
                ScoreMatrix::of_exam(&subject.effective, &subject.compiled, &subject.responses).ok()?;
            Some((counted, classical::analyse(&matrix).ok()?))
        };
        self.statistics.get_or_init(compute).as_ref()
    }
}

struct Job {
    progress: Progress,
    found: OnceLock<Option<Arc<Study>>>,
    over: Notify,
}

struct Kept {
    used: u64,
    room: Arc<Room>,
    job: Option<Arc<Job>>,
}

/// Rooms and studies in memory.
#[derive(Default)]
pub struct Rooms {
    kept: Mutex<HashMap<(String, u32), Kept>>,
    clock: AtomicU64,
    /// Rooms are prepared one at a time: each may take the memory of a national exam.
    loading: tokio::sync::Mutex<()>,
}

/// Rooms kept at most.
const MOST: usize = 8;

/// A study, or how far it is.
pub enum Answer {
    /// Done.
    Ready(Arc<Room>, Arc<Study>),
    /// Under way: stage and per cent.
    Working(&'static str, u64),
    /// Somebody stopped it.
    Stopped,
}

impl Rooms {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<(String, u32), Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, key: &(String, u32)) -> Option<Arc<Room>> {
        let used = self.clock.fetch_add(1, Ordering::Relaxed);
        let mut kept = self.lock();
        let found = kept.get_mut(key)?;
        found.used = used;
        Some(found.room.clone())
    }
}

/// The version asked for, or the last of the register.
async fn version_of(app: &App, exam_id: &str, version: Option<u32>) -> ApiResult<u32> {
    let versions = ledger(app, exam_id).await?.len() as u32;
    if versions == 0 {
        return Err(ApiError::Conflict("L’examen n’est pas encore noté.".into()));
    }
    match version {
        None => Ok(versions),
        Some(v) if v >= 1 && v <= versions => Ok(v),
        Some(_) => Err(ApiError::NotFound),
    }
}

/// The room of an exam at a version of its register (the last with `None`).
pub async fn room(app: &App, exam_id: &str, version: Option<u32>) -> ApiResult<Arc<Room>> {
    let current = exam(app, exam_id).await?;
    let version = version_of(app, exam_id, version).await?;
    let key = (exam_id.to_owned(), version);
    if let Some(room) = app.rooms.find(&key) {
        return Ok(room);
    }
    let _turn = app.rooms.loading.lock().await;
    if let Some(room) = app.rooms.find(&key) {
        return Ok(room);
    }
    let marked = mark_at(app, exam_id, Some(version)).await?;
    let people: HashMap<String, usize> =
        (0..marked.present.len()).map(|row| (marked.candidate(row).person_id.clone(), row)).collect();
    let times = response_times(app, exam_id, &marked.effective.paper, &people).await?;
    let prepare = move || -> ApiResult<Room> {
        let subject = Subject::of_exam(marked, current.title, version, times);
        let desk = Desk::new(subject.effective.clone(), subject.responses.clone())
            .map_err(|e| ApiError::wrong("barème", e.to_string()))?;
        Ok(Room { subject: Arc::new(subject), desk, statistics: OnceLock::new() })
    };
    let room = Arc::new(tokio::task::spawn_blocking(prepare).await.map_err(|e| ApiError::Internal(e.into()))??);
    let used = app.rooms.clock.fetch_add(1, Ordering::Relaxed);
    let mut kept = app.rooms.lock();
    while kept.len() >= MOST {
        // A study under way keeps its place: it could no longer be stopped, and would be started again.
        let idle = |k: &Kept| k.job.as_ref().is_none_or(|job| job.found.get().is_some());
        let oldest = kept.iter().filter(|(_, k)| idle(k)).min_by_key(|(_, k)| k.used).map(|(key, _)| key.clone());
        let Some(oldest) = oldest else { break };
        kept.remove(&oldest);
    }
    kept.insert(key, Kept { used, room: room.clone(), job: None });
    Ok(room)
}

/// The study of an exam; starts it if need be, and waits a little for it.
pub async fn study(app: &App, exam_id: &str, version: Option<u32>, patience: Duration) -> ApiResult<Answer> {
    let room = room(app, exam_id, version).await?;
    let key = (exam_id.to_owned(), room.subject.version);
    let job = {
        let mut kept = app.rooms.lock();
        let Some(own) = kept.get_mut(&key) else { return Ok(Answer::Working("Préparation", 0)) };
        match &own.job {
            Some(job) => job.clone(),
            None => {
                let job = Arc::new(Job { progress: Progress::default(), found: OnceLock::new(), over: Notify::new() });
                own.job = Some(job.clone());
                let (working, subject) = (job.clone(), room.subject.clone());
                tokio::task::spawn_blocking(move || {
                    let study = || Study::new(&subject, &Wishes::default(), &working.progress).ok().map(Arc::new);
                    // Threads of its own, one fewer than there are cores: pages keep theirs.
                    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
                    let pool = rayon::ThreadPoolBuilder::new().num_threads((cores - 1).max(1)).build();
                    let work = || match &pool {
                        Ok(pool) => pool.install(study),
                        Err(_) => study(),
                    };
                    // A fault of ours must not leave people waiting for ever.
                    let found = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
                        tracing::error!("a study has failed");
                        None
                    });
                    _ = working.found.set(found);
                    working.over.notify_waiters();
                });
                job
            }
        }
    };
    let over = job.over.notified();
    if job.found.get().is_none() {
        _ = tokio::time::timeout(patience, over).await;
    }
    Ok(match job.found.get() {
        Some(Some(study)) => Answer::Ready(room, study.clone()),
        Some(None) => Answer::Stopped,
        None => {
            let (stage, percent) = job.progress.now();
            Answer::Working(stage, percent)
        }
    })
}

/// Stops the study of an exam, if one is under way; the next look starts it again only when asked to.
pub fn stop(app: &App, exam_id: &str) {
    for (_, kept) in app.rooms.lock().iter().filter(|((id, _), _)| id == exam_id) {
        if let Some(job) = &kept.job {
            job.progress.stopped.store(true, Ordering::Relaxed);
        }
    }
}

/// Forgets a study that was stopped, so that the next look starts it again.
pub fn restart(app: &App, exam_id: &str) {
    for (_, kept) in app.rooms.lock().iter_mut().filter(|((id, _), _)| id == exam_id) {
        if kept.job.as_ref().is_some_and(|job| matches!(job.found.get(), Some(None))) {
            kept.job = None;
        }
    }
}
