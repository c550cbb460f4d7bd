//! Who holds a session: asked at every request, so remembered for a few seconds, and asked of the database for many at
//! once when thousands come at the same hour.

use super::{Actor, Role};
use crate::ambient;
use crate::error::{ApiError, ApiResult};
use docimo_store::people::{ASKED_AT_ONCE, SignedIn};
use docimo_store::{Store, StoreResult};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::{mpsc, oneshot};

/// How long an answer holds: signing out elsewhere, or losing a role, is felt within it on every process.
const KEPT_MS: i64 = 5_000;
/// Answers kept before the old ones are looked for.
const KEPT: usize = 50_000;
/// Questions that may wait.
const QUEUE: usize = 16_384;

type Ask = (String, oneshot::Sender<ApiResult<Option<Actor>>>);

/// Sessions seen lately. Cheap to clone.
#[derive(Clone)]
pub struct Sessions {
    seen: Arc<Seen>,
    asks: mpsc::Sender<Ask>,
}

#[derive(Default)]
struct Seen {
    actors: RwLock<HashMap<String, (Actor, i64)>>,
    /// Moves whenever something is forgotten: what was asked before is then not remembered.
    age: AtomicU64,
}

impl Seen {
    fn known(&self, token_hash: &str, now_ms: i64) -> Option<Actor> {
        let actors = self.actors.read().unwrap_or_else(PoisonError::into_inner);
        let (actor, seen_ms) = actors.get(token_hash)?;
        (0..KEPT_MS).contains(&(now_ms - seen_ms)).then(|| actor.clone())
    }

    fn remember(&self, actors: &[Actor], age: u64, now_ms: i64) {
        let mut kept = self.actors.write().unwrap_or_else(PoisonError::into_inner);
        if self.age.load(Ordering::Acquire) != age {
            return;
        }
        if kept.len() > KEPT {
            kept.retain(|_, (_, seen_ms)| now_ms - *seen_ms < KEPT_MS);
        }
        kept.extend(actors.iter().map(|a| (a.token_hash.to_string(), (a.clone(), now_ms))));
    }
}

impl Sessions {
    /// Must be called within a tokio runtime. Its task ends with the last handle.
    pub fn start(store: Store) -> Self {
        let (asks, questions) = mpsc::channel(QUEUE);
        let seen = Arc::new(Seen::default());
        tokio::spawn(answer(store, seen.clone(), questions));
        Self { seen, asks }
    }

    /// Who holds the session of that token hash.
    pub async fn actor(&self, token_hash: &str, now_ms: i64) -> ApiResult<Option<Actor>> {
        if let Some(actor) = self.seen.known(token_hash, now_ms) {
            return Ok(Some(actor));
        }
        let (reply, answer) = oneshot::channel();
        self.asks.try_send((token_hash.to_owned(), reply)).map_err(|_| ApiError::Overloaded)?;
        answer.await.map_err(|_| ApiError::Overloaded)?
    }

    /// Forgets one session (signed out) or, with `None`, all (roles changed).
    pub fn forget(&self, token_hash: Option<&str>) {
        let mut kept = self.seen.actors.write().unwrap_or_else(PoisonError::into_inner);
        self.seen.age.fetch_add(1, Ordering::AcqRel);
        match token_hash {
            Some(hash) => drop(kept.remove(hash)),
            None => kept.clear(),
        }
    }

    /// Forgets every session of a person.
    pub fn forget_person(&self, person_id: &str) {
        let mut kept = self.seen.actors.write().unwrap_or_else(PoisonError::into_inner);
        self.seen.age.fetch_add(1, Ordering::AcqRel);
        kept.retain(|_, (actor, _)| *actor.id != *person_id);
    }
}

async fn answer(store: Store, seen: Arc<Seen>, mut questions: mpsc::Receiver<Ask>) {
    loop {
        let mut asks: Vec<Ask> = Vec::new();
        if questions.recv_many(&mut asks, ASKED_AT_ONCE).await == 0 {
            return;
        }
        let hashes: Vec<String> = asks.iter().map(|(hash, _)| hash.clone()).collect();
        let age = seen.age.load(Ordering::Acquire);
        let now_ms = ambient::now_ms();
        match look_up(&store, &hashes, now_ms).await {
            Ok(actors) => {
                seen.remember(&actors, age, now_ms);
                let known: HashMap<&str, &Actor> = actors.iter().map(|a| (&*a.token_hash, a)).collect();
                for (hash, reply) in asks {
                    let _ = reply.send(Ok(known.get(hash.as_str()).copied().cloned()));
                }
            }
            Err(error) => {
                tracing::warn!(%error, "sessions could not be looked up");
                for (_, reply) in asks {
                    let _ = reply.send(Err(ApiError::Overloaded));
                }
            }
        }
    }
}

async fn look_up(store: &Store, hashes: &[String], now_ms: i64) -> StoreResult<Vec<Actor>> {
    Ok(store.signed_in(hashes, now_ms).await?.into_iter().map(Actor::from).collect())
}

impl From<SignedIn> for Actor {
    fn from(found: SignedIn) -> Self {
        let roles: Vec<Role> = found.roles.iter().filter_map(|r| Role::from_name(r)).collect();
        Self {
            id: found.person_id.into(),
            name: found.name.into(),
            login: found.login.into(),
            roles: roles.into(),
            csrf: found.csrf.into(),
            token_hash: found.token_hash.into(),
        }
    }
}
