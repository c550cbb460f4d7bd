//! The journal of answers: the hot path.
//!
//! Concurrent saves are gathered into one transaction by a writer task and acknowledged, each, after
//! the commit is on disk (*group commit*). Overload is an answer, never a silent drop. The other small writes that
//! thousands make at the same hour (entering, opening a page, starting, signing in) go the same way.

mod batch;
mod known;
mod plan;
mod server;

use crate::Store;
use crate::db::Db;
use crate::error::{StoreError, StoreResult, to_json};
use crate::people::LoginSession;
use crate::receipts::Receipt;
use crate::supervision::{Opening, PageOpening};
use docimo_engine::attempt::{Act, Times, Verdict};
use docimo_engine::paper::Section;
pub use server::WholeSheet;
pub(crate) use server::server_step;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// A step as a client sends it.
#[derive(Clone, Debug)]
pub struct NewStep {
    /// Number in its stream, from 1.
    pub seq: u32,
    /// The client's clock, kept for the record; nothing depends on it.
    pub client_ms: i64,
    act: Act,
    text: String,
}

impl NewStep {
    /// Step `seq` of its stream: what was done, and when by the client's clock.
    pub fn new(seq: u32, client_ms: i64, act: Act) -> StoreResult<Self> {
        let text = to_json("step", &act)?;
        Ok(Self { seq, client_ms, act, text })
    }

    /// What was done.
    pub fn act(&self) -> &Act {
        &self.act
    }

    /// The same as JSON, as it will be stored.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// Steps of one stream of one sheet.
#[derive(Clone, Debug)]
pub struct Save {
    /// The sheet.
    pub attempt_id: String,
    /// Its section, to judge the acts.
    pub section: Arc<Section>,
    /// Who sends it (opaque id).
    pub actor: String,
    /// Which stream.
    pub stream: u32,
    /// In order.
    pub steps: Vec<NewStep>,
    /// When the server received them.
    pub now_ms: i64,
}

/// What is on disk now.
#[derive(Clone, Debug)]
pub struct Saved {
    /// Highest step of that stream on disk.
    pub acknowledged: u32,
    /// What each step of this save was worth.
    pub verdicts: Vec<(u32, Verdict)>,
    /// A validation showed a next part.
    pub revealed: bool,
    /// The sheet's clock after it.
    pub times: Times,
    /// Pages opened so far.
    pub streams: i64,
    /// Receipt of the last step of this save, with its place in the journal: the same whenever that step is sent again.
    /// Of the journal as it stands, for a save without steps. `None` where nothing has a receipt.
    pub receipt: Option<(i64, Receipt)>,
}

/// Why a save was not done. Nothing of it is on disk.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// No such sheet.
    #[error("no such sheet")]
    UnknownAttempt,
    /// The stream was never opened.
    #[error("no such stream")]
    UnknownStream,
    /// Steps are missing before these.
    #[error("step {expected} comes first")]
    Gap {
        /// The step to resend from.
        expected: u32,
    },
    /// The sitting is not open, so that nothing can be answered yet.
    #[error("not open yet")]
    NotOpen,
    /// Too many saves wait.
    #[error("too many saves wait")]
    Overloaded,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for SaveError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

type Reply<T> = oneshot::Sender<T>;

/// A sheet to make for a candidate who enters, unless it is there.
#[derive(Clone, Debug)]
pub struct Entering {
    /// Its id, if it is made.
    pub fresh_id: String,
    /// Seed of the orders drawn for it.
    pub seed: i64,
    /// Exam.
    pub exam_id: String,
    /// Candidate's account.
    pub person_id: String,
    /// Section.
    pub section_id: String,
}

/// What waits to be written.
enum Work {
    Save(Save, Reply<Result<Saved, SaveError>>),
    /// Opens a page's stream.
    Page(PageOpening, Reply<Result<Opening, SaveError>>),
    /// Starts a candidate's own time; answers when it began.
    Start(String, i64, Reply<Result<i64, SaveError>>),
    /// Makes a sheet; answers its id.
    Enter(Entering, Reply<Result<String, SaveError>>),
    SignIn(String, LoginSession, i64, Reply<Result<(), SaveError>>),
}

/// What was written of it.
enum Outcome {
    Saved(Box<Result<Saved, SaveError>>),
    Number(i64),
    Page(Opening),
    Sheet(String),
    SignedIn,
    NoSheet,
}

impl Work {
    /// The sheet it takes, if any.
    fn sheet(&self) -> &str {
        match self {
            Self::Save(save, _) => &save.attempt_id,
            Self::Page(page, _) => &page.attempt_id,
            Self::Start(id, ..) => id,
            Self::Enter(..) | Self::SignIn(..) => "",
        }
    }

    /// Tells whoever waits, if they still do.
    fn tell(self, outcome: Outcome) {
        match (self, outcome) {
            (Self::Save(_, reply), Outcome::Saved(result)) => drop(reply.send(*result)),
            (Self::Page(_, reply), Outcome::Page(opening)) => drop(reply.send(Ok(opening))),
            (Self::Start(_, _, reply), Outcome::Number(n)) => drop(reply.send(Ok(n))),
            (Self::Enter(_, reply), Outcome::Sheet(id)) => drop(reply.send(Ok(id))),
            (Self::SignIn(.., reply), Outcome::SignedIn) => drop(reply.send(Ok(()))),
            (work, _) => work.fail(SaveError::UnknownAttempt),
        }
    }

    fn fail(self, error: SaveError) {
        match self {
            Self::Save(_, reply) => drop(reply.send(Err(error))),
            Self::Page(_, reply) => drop(reply.send(Err(error))),
            Self::Start(_, _, reply) => drop(reply.send(Err(error))),
            Self::Enter(_, reply) => drop(reply.send(Err(error))),
            Self::SignIn(.., reply) => drop(reply.send(Err(error))),
        }
    }
}

/// Handle on the writer. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Journal {
    queue: mpsc::Sender<Work>,
}

/// Writes that may wait before the answer is "overloaded".
const QUEUE: usize = 8192;
/// Writes in one transaction.
const BATCH: usize = 128;
/// Writers on PostgreSQL; SQLite has one.
const POSTGRES_WRITERS: usize = 4;

impl Journal {
    /// Starts the writers; must be called within a tokio runtime. They end, having written what they hold, when
    /// the last handle is dropped.
    pub fn start(store: Store) -> Self {
        let (queue, requests) = mpsc::channel(QUEUE);
        let requests = Arc::new(tokio::sync::Mutex::new(requests));
        let memory = known::Memory::default();
        if matches!(store.db, Db::Sqlite { .. }) && on_its_own_thread(store.clone(), memory.clone(), requests.clone()) {
            return Self { queue };
        }
        let writers = if matches!(store.db, Db::Sqlite { .. }) { 1 } else { POSTGRES_WRITERS };
        for _ in 0..writers {
            tokio::spawn(write_loop(store.clone(), memory.clone(), requests.clone()));
        }
        Self { queue }
    }

    async fn ask<T>(&self, work: impl FnOnce(Reply<Result<T, SaveError>>) -> Work) -> Result<T, SaveError> {
        let (reply, answer) = oneshot::channel();
        self.queue.try_send(work(reply)).map_err(|_| SaveError::Overloaded)?;
        answer.await.map_err(|_| SaveError::Overloaded)?
    }

    /// Saves steps; returns once they are durable.
    pub async fn save(&self, save: Save) -> Result<Saved, SaveError> {
        self.ask(|reply| Work::Save(save, reply)).await
    }

    /// Opens a page's stream of steps, unless it has to wait for a supervisor.
    pub async fn open_page(&self, page: PageOpening) -> Result<Opening, SaveError> {
        self.ask(|reply| Work::Page(page, reply)).await
    }

    /// Opens a stream of steps for no session in particular; its number.
    pub async fn open_stream(&self, attempt_id: &str, now_ms: i64) -> Result<i64, SaveError> {
        let page = PageOpening { attempt_id: attempt_id.to_owned(), at_ms: now_ms, ..PageOpening::default() };
        match self.open_page(page).await? {
            Opening::Stream(stream) => Ok(stream),
            Opening::Waits => Err(SaveError::Store(StoreError::Conflict)),
        }
    }

    /// Starts a candidate's own time, unless it already runs. Returns when it began.
    pub async fn start_attempt(&self, attempt_id: &str, now_ms: i64) -> Result<i64, SaveError> {
        self.ask(|reply| Work::Start(attempt_id.to_owned(), now_ms, reply)).await
    }

    /// The sheet of a candidate for a section, made if absent.
    pub async fn enter(&self, entering: Entering) -> Result<String, SaveError> {
        self.ask(|reply| Work::Enter(entering, reply)).await
    }

    /// Opens a sign-in session.
    pub async fn sign_in(&self, token_hash: &str, session: LoginSession, now_ms: i64) -> Result<(), SaveError> {
        self.ask(|reply| Work::SignIn(token_hash.to_owned(), session, now_ms, reply)).await
    }
}

type Requests = Arc<tokio::sync::Mutex<mpsc::Receiver<Work>>>;

/// Where one writer writes for everyone, everyone waits for it: it does not queue behind the requests, as a task among
/// theirs would after each of its statements. False where the system has no thread to give.
fn on_its_own_thread(store: Store, memory: known::Memory, requests: Requests) -> bool {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_time().build() else { return false };
    let work = move || runtime.block_on(write_loop(store, memory, requests));
    std::thread::Builder::new().name("journal".into()).spawn(work).is_ok()
}

async fn write_loop(store: Store, memory: known::Memory, requests: Requests) {
    loop {
        let mut works = Vec::new();
        // The lock is held while gathering only: another writer gathers while this one commits.
        if requests.lock().await.recv_many(&mut works, BATCH).await == 0 {
            return;
        }
        // One order for all writers, so that two of them never wait for each other's sheets. Stable: what one sheet
        // sent first is written first.
        works.sort_by(|a, b| a.sheet().cmp(b.sheet()));
        match batch::write(&store, &memory, &works).await {
            Ok(outcomes) => works.into_iter().zip(outcomes).for_each(|(work, outcome)| work.tell(outcome)),
            Err(error) if works.len() > 1 => {
                // One bad write must not fail its neighbours: each again on its own.
                tracing::warn!(%error, writes = works.len(), "batch of writes failed, writing one by one");
                for work in works {
                    alone(&store, &memory, work).await;
                }
            }
            Err(error) => {
                if let Some(work) = works.pop() {
                    work.fail(error);
                }
            }
        }
    }
}

async fn alone(store: &Store, memory: &known::Memory, work: Work) {
    match batch::write(store, memory, std::slice::from_ref(&work)).await {
        Ok(mut outcomes) => work.tell(outcomes.pop().unwrap_or(Outcome::NoSheet)),
        Err(error) => work.fail(error),
    }
}
