//! What a running server holds. Nothing in it matters for correctness: it can be lost at any time.

use crate::auth::throttle::Throttle;
use crate::auth::{Actor, Role};
use crate::bank::index::Finder;
use crate::error::{ApiError, ApiResult};
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
    pub sessions: SessionCache,
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
    /// Papers being assembled.
    pub assemblies: crate::exam::assembly::jobs::Jobs,
    /// Failures to sign in.
    pub throttle: Throttle,
    /// Slow hashes at once.
    pub hashing: Semaphore,
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
        Self(Arc::new(Inner {
            store,
            journal,
            sessions: SessionCache::default(),
            papers: RwLock::default(),
            rooms: crate::analysis::jobs::Rooms::default(),
            finder: OnceLock::new(),
            shelf: crate::exam::hazards::shelf::Shelf::default(),
            live: crate::exam::live::Live::default(),
            units: crate::exam::assembly::pool::Units::default(),
            assemblies: crate::exam::assembly::jobs::Jobs::default(),
            throttle: Throttle::default(),
            hashing: Semaphore::new(2),
            metrics: Metrics::default(),
            demo,
            secure_cookies,
        }))
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

/// Sessions seen lately, so that a save does not cost a look-up of who saves. An entry lives a few
/// seconds: signing out elsewhere, or losing a role, is felt within them on every process.
#[derive(Default)]
pub struct SessionCache(RwLock<HashMap<String, (Actor, i64)>>);

const SESSION_CACHE_MS: i64 = 5_000;

impl SessionCache {
    /// Who holds the session of that token hash.
    pub async fn actor(&self, store: &Store, token_hash: &str, now_ms: i64) -> ApiResult<Option<Actor>> {
        if let Some((actor, seen_ms)) = self.lock_read().get(token_hash)
            && (0..SESSION_CACHE_MS).contains(&(now_ms - seen_ms))
        {
            return Ok(Some(actor.clone()));
        }
        let Some(session) = store.login(token_hash, now_ms).await? else { return Ok(None) };
        let Some(person) = store.person(&session.person_id).await? else { return Ok(None) };
        let roles: Vec<Role> = store.roles(&person.id).await?.iter().filter_map(|r| Role::from_name(r)).collect();
        let actor = Actor {
            id: person.id.into(),
            name: person.name.into(),
            login: person.login.into(),
            roles: roles.into(),
            csrf: session.csrf.into(),
            token_hash: token_hash.into(),
        };
        let mut cache = self.0.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        if cache.len() > 50_000 {
            cache.retain(|_, (_, seen_ms)| now_ms - *seen_ms < SESSION_CACHE_MS);
        }
        cache.insert(token_hash.to_owned(), (actor.clone(), now_ms));
        Ok(Some(actor))
    }

    /// Forgets one session (signed out) or, with `None`, all (roles changed).
    pub fn forget(&self, token_hash: Option<&str>) {
        let mut cache = self.0.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        match token_hash {
            Some(hash) => drop(cache.remove(hash)),
            None => cache.clear(),
        }
    }

    /// Forgets every session of a person.
    pub fn forget_person(&self, person_id: &str) {
        let mut cache = self.0.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        cache.retain(|_, (actor, _)| *actor.id != *person_id);
    }

    fn lock_read(&self) -> std::sync::RwLockReadGuard<'_, HashMap<String, (Actor, i64)>> {
        self.0.read().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
