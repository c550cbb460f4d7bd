//! What is known of sheets between two batches, so that a save reads nothing that has not changed.
//!
//! Nothing here is believed without being compared, in the batch's own transaction, with the database: a *fact* (what
//! only someone in charge changes: openings, time granted, stops, rights) with the exam's `live`, which every such act
//! moves in its own transaction ([`crate::live::bump_live`]); a *standing* (what the sheet's own saves move) with its
//! place in the journal and the number of its pages. Whatever another process did is seen by the first batch after it.

use crate::delivery::{Attempt, is_marked};
use crate::receipts::Receipt;
use docimo_engine::attempt::Times;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Sheets kept: several national exams. One is some 500 bytes.
const KEPT: usize = 100_000;

/// What someone in charge decides of a sheet.
#[derive(Debug)]
pub(super) struct Fact {
    pub exam_id: Arc<str>,
    /// Time begins when the candidate starts, and not with the site.
    own_start: bool,
    pub grace_ms: i64,
    /// Without what the candidate does.
    times: Times,
}

impl Fact {
    /// Of a sheet as read, for a section of `duration_minutes`.
    pub fn of(attempt: &Attempt, duration_minutes: u32) -> Self {
        Self {
            exam_id: attempt.exam_id.as_str().into(),
            own_start: attempt.start_mode != "common",
            grace_ms: attempt.grace_ms,
            times: Times { handed_in_ms: None, ..attempt.times(duration_minutes) },
        }
    }

    /// The clock facts, with what the candidate did.
    pub fn times(&self, standing: &Standing) -> Times {
        let mut times = self.times.clone();
        if self.own_start {
            times.started_ms = standing.started_ms;
        }
        times.handed_in_ms = standing.handed_in_ms;
        times
    }
}

/// Where the journal of a sheet stands, and one of its streams.
#[derive(Clone, Debug)]
pub(super) struct Standing {
    pub position: i64,
    pub receipt: Option<Receipt>,
    pub streams: i64,
    pub started_ms: Option<i64>,
    pub handed_in_ms: Option<i64>,
    pub stream: u32,
    pub last_seq: u32,
    /// Questions validated; `None` where nobody asked.
    pub locked: Option<Vec<String>>,
}

/// An exam as a batch finds it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    /// Moves with its clocks.
    pub live: i64,
    /// Nothing counts any more.
    pub marked: bool,
}

impl Mark {
    pub fn of(live: i64, state: &str) -> Self {
        Self { live, marked: is_marked(state) }
    }
}

/// A sheet as a batch found or left it.
#[derive(Clone, Debug)]
pub(super) struct Known {
    /// The exam's when `fact` was read.
    pub live: i64,
    pub fact: Arc<Fact>,
    pub standing: Option<Standing>,
}

impl Known {
    /// The standing, if it is of that stream and comparing its place is enough: starting moves no place.
    pub fn standing_of(&self, stream: u32) -> Option<&Standing> {
        let begun = |s: &&Standing| !self.fact.own_start || s.started_ms.is_some();
        self.standing.as_ref().filter(|s| s.stream == stream).filter(begun)
    }
}

/// What is kept. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory(Arc<Mutex<HashMap<String, Known>>>);

impl Memory {
    /// What is known of these sheets, to be compared.
    pub fn recall<'s>(&self, sheets: impl Iterator<Item = &'s str>) -> HashMap<&'s str, Known> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sheets.filter_map(|id| Some((id, kept.get(id)?.clone()))).collect()
    }

    /// Keeps what a transaction that is now committed has found or left.
    pub fn keep(&self, known: HashMap<&str, Known>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() + known.len() > KEPT {
            kept.clear();
        }
        for (id, known) in known {
            match kept.get_mut(id) {
                Some(slot) => *slot = known,
                None => drop(kept.insert(id.to_owned(), known)),
            }
        }
    }
}
