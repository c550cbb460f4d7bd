//! The search index of a running process, and what finds near-duplicates beside it: kept up to date with the database.
//!
//! Nothing in it matters for correctness: it is made from the database, follows the sequence of its changes
//! ([`follow`]), and can be removed at any time. Each process has a directory of its own ([`Place`]), taken by a lock
//! that dies with it. Asking is `crate::bank::find`; alike questions are `crate::bank::near`.

mod document;
pub mod follow;
mod place;

pub use document::{from_bytes as stored_signatures, to_bytes as signature_bytes};
pub use place::{ASKED, Place};

use docimo_bank::duplicates::NearIndex;
use docimo_search::synonyms::Synonyms;
use docimo_search::{Index, IndexError, Stale};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use uuid::Uuid;

/// Entries by what finds those alike.
pub type Alike = NearIndex<Uuid>;

/// How far the index is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// It is being built, beside the one that is asked if there is one.
    Building {
        /// Entries read.
        done: u64,
    },
    /// It follows the database.
    Following,
    /// Something fails; it is tried again.
    Failing,
}

/// The index of this process.
pub struct Finder {
    /// What is asked.
    pub index: Arc<Index>,
    place: Place,
    alike: RwLock<Alike>,
    /// Were the signatures of the whole bank read?
    knows_all: AtomicBool,
    state: Mutex<State>,
}

impl Finder {
    /// Opens the index of a place, empty where there is none.
    ///
    /// # Errors
    /// Where the place cannot be written.
    pub fn open(place: Place) -> Result<Arc<Self>, IndexError> {
        let index = Arc::new(Index::open(place.dir(), Synonyms::embedded())?);
        Ok(Arc::new(Self {
            index,
            place,
            alike: RwLock::default(),
            knows_all: AtomicBool::new(false),
            state: Mutex::new(State::Building { done: 0 }),
        }))
    }

    /// May it be asked? Not while the first one is being built: lists are then searched by words.
    pub fn is_ready(&self) -> bool {
        matches!(self.index.stale(), None | Some(Stale::Analysis))
    }

    /// How far it is.
    pub fn state(&self) -> State {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_state(&self, state: State) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    /// Reads what finds alike entries.
    pub fn alike<T>(&self, read: impl FnOnce(&Alike) -> T) -> T {
        read(&self.alike.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Does it know what finds alike every entry of the bank?
    pub fn knows_all(&self) -> bool {
        self.knows_all.load(Ordering::Acquire)
    }

    fn learn<T>(&self, write: impl FnOnce(&mut Alike) -> T) -> T {
        write(&mut self.alike.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// Where it is kept.
    pub fn place(&self) -> &Place {
        &self.place
    }
}
