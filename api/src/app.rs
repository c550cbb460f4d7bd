//! What a running server holds. Nothing in it matters for correctness: it can be lost at any time.

use crate::auth::sessions::Sessions;
use crate::auth::throttle::Throttle;
use crate::bank::index::Finder;
use crate::error::{ApiError, ApiResult};
use crate::exam::doors::address::Network;
use crate::metrics::Metrics;
use docimo_engine::paper::{Paper, Section};
use docimo_store::{Journal, Store};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock, RwLock, Weak};
use tokio::sync::Semaphore;

/// Handle on everything. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

/// See [`App`].
pub struct Inner {
    /// The database.
    pub store: Store,
    /// The journal of answers.
    pub journal: Journal,
    /// Sign-in sessions seen lately.
    pub sessions: Sessions,
    /// What never changes of sheets.
    sheets: RwLock<HashMap<String, Arc<SheetFacts>>>,
    /// Frozen papers, by exam.
    papers: RwLock<HashMap<String, Arc<FrozenPaper>>>,
    /// Marked exams being studied.
    pub rooms: crate::analysis::jobs::Rooms,
    /// The search index, once there is one.
    finder: OnceLock<Arc<Finder>>,
    /// Frozen papers, ready to be compared.
    pub shelf: crate::exam::hazards::shelf::Shelf,
    /// Exams being sat.
    pub live: crate::exam::live::Live,
    /// Wordings that papers may take, as units of the assembly.
    pub units: crate::exam::assembly::pool::Units,
    /// The referential in force, ready to tag questions.
    pub tagger: crate::bank::draft::tagger::Kept,
    /// Passages of documents, to be found.
    pub passages: crate::assistance::retrieve::Kept,
    /// What questions are compared with to be tagged.
    pub tags: crate::assistance::tags::Kept,
    /// Papers being assembled.
    pub assemblies: crate::exam::assembly::jobs::Jobs,
    /// Sealed papers that were given out.
    pub sealed: crate::exam::sealed::Cabinet,
    /// Failures to sign in.
    pub throttle: Throttle,
    /// Slow hashes at once.
    pub hashing: Semaphore,
    /// How we are reached from outside.
    network: OnceLock<Network>,
    /// Models that may be asked, where there are any.
    models: OnceLock<crate::assistance::Models>,
    meaning: OnceLock<Arc<crate::assistance::meaning::Meaning>>,
    /// Counters.
    pub metrics: Metrics,
    /// Is this the demonstration?
    pub demo: bool,
    /// Are we reached over TLS (cookies are then marked Secure)?
    pub secure_cookies: bool,
}

/// The same, for what goes on beside requests: it does not keep the server alive.
#[derive(Clone)]
pub struct WeakApp(Weak<Inner>);

impl WeakApp {
    /// The server, while there is one.
    pub fn upgrade(&self) -> Option<App> {
        self.0.upgrade().map(App)
    }
}

impl std::ops::Deref for App {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

/// What never changes of a sheet: whose it is, and what for.
pub struct SheetFacts {
    /// Candidate's account.
    pub person_id: String,
    /// Exam.
    pub exam_id: String,
    /// Section.
    pub section_id: String,
}

/// Sheets remembered at most: several national exams.
const SHEETS: usize = 200_000;

/// A paper that no longer changes.
pub struct FrozenPaper {
    /// The paper.
    pub paper: Paper,
    /// Its sections, each shareable with the journal's writer.
    pub sections: Vec<Arc<Section>>,
}

impl FrozenPaper {
    /// The section of that id and its index.
    pub fn section(&self, id: &str) -> Option<(usize, &Arc<Section>)> {
        self.sections.iter().enumerate().find(|(_, s)| s.id.as_str() == id)
    }
}

impl App {
    /// A server over an open store. Must be called within a tokio runtime.
    pub fn new(store: Store, demo: bool, secure_cookies: bool) -> Self {
        let journal = Journal::start(store.clone());
        let sessions = Sessions::start(store.clone());
        Self(Arc::new(Inner {
            store,
            journal,
            sessions,
            sheets: RwLock::default(),
            papers: RwLock::default(),
            rooms: crate::analysis::jobs::Rooms::default(),
            finder: OnceLock::new(),
            shelf: crate::exam::hazards::shelf::Shelf::default(),
            live: crate::exam::live::Live::default(),
            units: crate::exam::assembly::pool::Units::default(),
            tagger: crate::bank::draft::tagger::Kept::default(),
            passages: crate::assistance::retrieve::Kept::default(),
            tags: crate::assistance::tags::Kept::default(),
            assemblies: crate::exam::assembly::jobs::Jobs::default(),
            sealed: crate::exam::sealed::Cabinet::default(),
            throttle: Throttle::default(),
            hashing: Semaphore::new(2),
            network: OnceLock::new(),
            models: OnceLock::new(),
            meaning: OnceLock::new(),
            metrics: Metrics::default(),
            demo,
            secure_cookies,
        }))
    }

    /// Says how we are reached from outside. Once, before anything is served.
    pub fn reached(&self, network: Network) {
        // Said twice, the first holds.
        let _ = self.network.set(network);
    }

    /// How we are reached from outside: nothing is known of it by default, and no proxy is believed.
    pub fn network(&self) -> &Network {
        self.network.get_or_init(Network::default)
    }

    /// Gives it the models that it may ask, and works on the queue from then on. Once; must be called within a tokio
    /// runtime.
    pub fn assist(&self, models: crate::assistance::Models) {
        if self.models.set(models).is_ok() {
            crate::assistance::worker::start(self);
        }
    }

    /// The models that may be asked; `None` where none was configured.
    pub fn models(&self) -> Option<&crate::assistance::Models> {
        self.models.get()
    }

    /// Gives it a model of meaning, and reads the documents with it, beside requests. Once; must be called within a tokio
    /// runtime.
    pub fn understand(&self, meaning: Arc<crate::assistance::meaning::Meaning>) {
        if self.meaning.set(meaning).is_ok() {
            crate::assistance::retrieve::prepare(self);
        }
    }

    /// The model of meaning; `None` where none was given.
    pub fn meaning(&self) -> Option<&Arc<crate::assistance::meaning::Meaning>> {
        self.meaning.get()
    }

    /// A handle that does not keep it alive.
    pub fn downgrade(&self) -> WeakApp {
        WeakApp(Arc::downgrade(&self.0))
    }

    /// The search index; `None` where it could not be opened, while the first one is being built, and in what does not
    /// serve.
    pub fn finder(&self) -> Option<&Arc<Finder>> {
        self.finder.get().filter(|finder| finder.is_ready())
    }

    /// Is the first search index still being built?
    pub fn is_indexing(&self) -> bool {
        self.finder.get().is_some_and(|finder| !finder.is_ready())
    }

    /// Gives it its search index, which then follows the database. Once; must be called within a tokio runtime.
    pub fn follow(&self, finder: Arc<Finder>) {
        if self.finder.set(finder.clone()).is_ok() {
            tokio::spawn(crate::bank::index::follow::follow(self.store.clone(), finder));
        }
    }

    /// What never changes of a sheet, read once.
    pub async fn sheet_facts(&self, attempt_id: &str) -> ApiResult<Arc<SheetFacts>> {
        let known = self.sheets.read().unwrap_or_else(std::sync::PoisonError::into_inner).get(attempt_id).cloned();
        if let Some(facts) = known {
            return Ok(facts);
        }
        let attempt = self.store.attempt(attempt_id).await?.ok_or(ApiError::NotFound)?;
        let facts = Arc::new(SheetFacts {
            person_id: attempt.person_id,
            exam_id: attempt.exam_id,
            section_id: attempt.section_id,
        });
        let mut sheets = self.sheets.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        if sheets.len() >= SHEETS {
            sheets.clear();
        }
        sheets.insert(attempt_id.to_owned(), facts.clone());
        Ok(facts)
    }

    /// The frozen paper of an exam, read once.
    pub async fn frozen_paper(&self, exam_id: &str) -> ApiResult<Arc<FrozenPaper>> {
        let cached = self.papers.read().unwrap_or_else(std::sync::PoisonError::into_inner).get(exam_id).cloned();
        if let Some(paper) = cached {
            return Ok(paper);
        }
        let exam = self.store.exam(exam_id).await?.ok_or(ApiError::NotFound)?;
        if exam.frozen_ms.is_none() {
            return Err(ApiError::Conflict("Le sujet n’est pas encore figé.".into()));
        }
        let text = self.store.paper(exam_id).await?.ok_or(ApiError::NotFound)?;
        let paper: Paper = serde_json::from_str(&text).map_err(|e| ApiError::Internal(e.into()))?;
        let sections = paper.sections.iter().cloned().map(Arc::new).collect();
        let frozen = Arc::new(FrozenPaper { paper, sections });
        let mut papers = self.papers.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        papers.insert(exam_id.to_owned(), frozen.clone());
        Ok(frozen)
    }
}
