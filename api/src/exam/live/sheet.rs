//! A sheet in memory, and what changes it.

use super::Data;
use super::presence::{Beat, Seen};
use docimo_store::delivery::Attempt;
use docimo_store::exams::Sitting;
use docimo_store::live::{OfflineSpan, RoomClock};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::watch;

/// A sheet in memory.
pub(crate) struct Sheet {
    pub attempt: Attempt,
    /// What its page last said.
    pub seen: Seen,
    /// Questions answered: one bit each, in the order of the section.
    pub answered: Vec<u64>,
    /// Answers that came too late.
    pub late: i64,
    /// Hand-ins until then were undone: the sheet was given back.
    pub given_back_ms: Option<i64>,
    /// Who listens is woken by a new number.
    changed: watch::Sender<u32>,
}

impl Sheet {
    pub fn new(attempt: Attempt) -> Self {
        let seen = Seen { at_ms: attempt.last_seen_ms, ..Seen::default() };
        Self { attempt, seen, answered: Vec::new(), late: 0, given_back_ms: None, changed: watch::Sender::new(0) }
    }

    /// Wakes who listens.
    pub fn tell(&self) {
        self.changed.send_modify(|n| *n = n.wrapping_add(1));
    }

    pub fn listen(&self) -> watch::Receiver<u32> {
        self.changed.subscribe()
    }

    pub fn answered_count(&self) -> i64 {
        self.answered.iter().map(|word| i64::from(word.count_ones())).sum()
    }

    /// Notes an answered question by its place in the section.
    pub fn mark(&mut self, place: usize) -> bool {
        let (word, bit) = (place / 64, 1u64 << (place % 64));
        if self.answered.len() <= word {
            self.answered.resize(word + 1, 0);
        }
        let fresh = self.answered[word] & bit == 0;
        self.answered[word] |= bit;
        fresh
    }

    /// Takes what was read of it, and tells who listens if their clock says something else now.
    pub fn take(&mut self, fresh: Attempt) {
        self.seen.at_ms = self.seen.at_ms.max(fresh.last_seen_ms);
        if fresh.handed_in_ms.is_none() {
            self.given_back_ms = self.given_back_ms.max(self.attempt.handed_in_ms);
        }
        let news = facts(&self.attempt) != facts(&fresh);
        self.attempt = fresh;
        if news {
            self.tell();
        }
    }

    /// Changes it in place, and tells who listens if their clock says something else now.
    pub fn change(&mut self, change: impl FnOnce(&mut Attempt)) -> bool {
        let mut fresh = self.attempt.clone();
        change(&mut fresh);
        let news = facts(&self.attempt) != facts(&fresh);
        self.attempt = fresh;
        if news {
            self.tell();
        }
        news
    }
}

/// What a clock is read from.
fn facts(a: &Attempt) -> impl PartialEq + '_ {
    let times = (a.opened_ms, a.closed_ms, a.started_ms, a.handed_in_ms);
    let given = (a.extension_ms, a.compensation_ms, a.room_compensation_ms, a.site_compensation_ms);
    let right = (a.extra_minutes, a.break_count, a.break_minutes, &a.factor);
    (times, given, right, (&a.stops, &a.room_stops, &a.site_stops), (a.streams, &a.exam_state, &a.start_mode))
}

/// Clocks of sites and rooms, to be found quickly.
struct Places<'a> {
    sittings: HashMap<(&'a str, &'a str), &'a Sitting>,
    rooms: HashMap<(&'a str, &'a str, &'a str), &'a RoomClock>,
    state: &'a str,
}

impl<'a> Places<'a> {
    fn of(sittings: &'a [Sitting], rooms: &'a [RoomClock], state: &'a str) -> Self {
        Self {
            sittings: sittings.iter().map(|s| ((s.site_id.as_str(), s.section_id.as_str()), s)).collect(),
            rooms: rooms.iter().map(|r| ((r.site_id.as_str(), r.section_id.as_str(), r.room.as_str()), r)).collect(),
            state,
        }
    }

    /// Gives a sheet the clock of its site and room, and the state of the exam.
    fn give(&self, a: &mut Attempt) {
        let sitting = self.sittings.get(&(a.site_id.as_str(), a.section_id.as_str())).copied();
        let room = self.rooms.get(&(a.site_id.as_str(), a.section_id.as_str(), a.room.as_str())).copied();
        a.opened_ms = sitting.and_then(|s| s.opened_ms);
        a.closed_ms = sitting.and_then(|s| s.closed_ms);
        a.site_compensation_ms = sitting.map_or(0, |s| s.compensation_ms);
        a.room_compensation_ms = room.map_or(0, |r| r.compensation_ms);
        set(&mut a.site_stops, sitting.map_or("[]", |s| s.stops.as_str()));
        set(&mut a.room_stops, room.map_or("[]", |r| r.stops.as_str()));
        set(&mut a.exam_state, self.state);
    }
}

/// Without a new text where it is the same.
fn set(text: &mut String, value: &str) {
    if text != value {
        value.clone_into(text);
    }
}

impl Data {
    /// Adds or replaces sheets; the ids of new ones. A sheet may have been read before a change that is known here:
    /// what is of its site and room is taken from what was read of these last.
    pub fn add(&mut self, attempts: impl Iterator<Item = Attempt>) -> Vec<Arc<str>> {
        let places = Places::of(&self.sittings, &self.rooms, &self.mark.state);
        let mut fresh = Vec::new();
        for mut attempt in attempts {
            places.give(&mut attempt);
            match self.sheets.get_mut(attempt.id.as_str()) {
                Some(sheet) if sheet.attempt.changed > attempt.changed => {}
                Some(sheet) => sheet.take(attempt),
                None => {
                    let id: Arc<str> = attempt.id.as_str().into();
                    self.of_person.insert((attempt.person_id.clone(), attempt.section_id.clone()), id.clone());
                    self.sheets.insert(id.clone(), Sheet::new(attempt));
                    fresh.push(id);
                }
            }
        }
        fresh
    }

    /// Takes the clocks of sites and rooms, and gives them to every sheet.
    pub fn take_places(&mut self, sittings: Vec<Sitting>, rooms: Vec<RoomClock>) {
        (self.sittings, self.rooms) = (sittings, rooms);
        let places = Places::of(&self.sittings, &self.rooms, &self.mark.state);
        for sheet in self.sheets.values_mut() {
            sheet.change(|a| places.give(a));
        }
    }

    /// News of a page. It must be of the sheet's own candidate.
    pub fn beat(&mut self, attempt_id: &str, person_id: &str, beat: Beat, now_ms: i64) {
        let Some(sheet) = self.sheets.get_mut(attempt_id).filter(|s| *s.attempt.person_id == *person_id) else {
            return;
        };
        let composes = sheet.attempt.streams > 0 && sheet.attempt.handed_in_ms.is_none();
        if let Some((from_ms, to_ms)) = sheet.seen.beat(beat, now_ms).filter(|_| composes) {
            self.spans.push(OfflineSpan { attempt_id: attempt_id.to_owned(), from_ms, to_ms });
        }
        self.untold = true;
    }
}
