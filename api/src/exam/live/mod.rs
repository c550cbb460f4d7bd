//! Exams being sat, in memory: what clocks and the supervisor's list need, so that neither a reading of a
//! clock nor a look at the list asks the database anything.
//!
//! It follows the database ([`follow`]): this process's own changes at once, those of others about a second
//! later. Nothing is decided from it: what an answer is worth, who may do what and what is given are read where
//! they are written. Losing it costs a reading ([`LiveExam`] is made again when the next clock is asked for).

pub mod desk;
pub mod events;
pub mod follow;
pub mod presence;
pub mod sheet;
pub mod view;

use crate::ambient;
use crate::app::{App, FrozenPaper};
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult};
use docimo_engine::paper::Section;
use docimo_store::delivery::Attempt;
use docimo_store::live::LiveMark;
use docimo_store::supervision::Message;
use presence::Beat;
use sheet::Sheet;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use view::ClockView;

/// The hub of a process.
pub struct Live {
    /// Names this process among others.
    pub(crate) process: String,
    exams: RwLock<HashMap<String, Arc<LiveExam>>>,
    /// Which exam a sheet belongs to.
    sheets: RwLock<HashMap<Arc<str>, Arc<LiveExam>>>,
    /// One exam is read at a time.
    loading: tokio::sync::Mutex<()>,
    following: AtomicBool,
    stopping: AtomicBool,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            process: ambient::fresh_id(ambient::now_ms()),
            exams: RwLock::default(),
            sheets: RwLock::default(),
            loading: tokio::sync::Mutex::default(),
            following: AtomicBool::new(false),
            stopping: AtomicBool::new(false),
        }
    }
}

/// An exam in memory.
pub struct LiveExam {
    /// Its id.
    pub id: String,
    /// Its paper.
    pub paper: Arc<FrozenPaper>,
    /// Place of each question in its section.
    places: HashMap<String, HashMap<String, usize>>,
    /// Lists of sections made lately, for all who look.
    pub(crate) lists: Mutex<HashMap<String, Arc<desk::Monitor>>>,
    /// One look at a time: an older one would undo what a newer one read.
    looking: tokio::sync::Mutex<()>,
    data: RwLock<Data>,
}

/// See [`LiveExam`].
pub(crate) struct Data {
    pub mark: LiveMark,
    pub sheets: HashMap<Arc<str>, Sheet>,
    /// Clocks of sites, as they were read last.
    pub sittings: Vec<docimo_store::exams::Sitting>,
    /// Clocks of rooms.
    pub rooms: Vec<docimo_store::live::RoomClock>,
    /// Everyone enrolled, by number.
    pub candidates: Vec<docimo_store::exams::Candidate>,
    /// Sheet of a person for a section.
    pub of_person: HashMap<(String, String), Arc<str>>,
    pub messages: Vec<Message>,
    /// Supervisors limited to sites: (person, site).
    pub limits: Vec<(String, String)>,
    /// Times without news not yet written.
    pub spans: Vec<docimo_store::live::OfflineSpan>,
    /// Has anything changed that other processes are to know?
    pub untold: bool,
    /// What was read of other processes, by their own clock.
    pub heard: HashMap<String, i64>,
}

impl LiveExam {
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Data> {
        self.data.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, Data> {
        self.data.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Minutes of a section.
    pub(crate) fn minutes(&self, section: &str) -> u32 {
        self.paper.section(section).map_or(0, |(_, s)| s.duration_minutes)
    }

    /// Place of a question in its section.
    pub(crate) fn place(&self, section: &str, question: &str) -> Option<usize> {
        self.places.get(section)?.get(question).copied()
    }

    /// A sheet's clock.
    pub(crate) fn view(&self, data: &Data, sheet: &Sheet, now_ms: i64) -> ClockView {
        let attempt = &sheet.attempt;
        let message = data.messages.iter().rev().find(|m| view::is_for(m, attempt));
        ClockView::of(attempt, self.minutes(&attempt.section_id), message, now_ms)
    }
}

fn places(section: &Section) -> HashMap<String, usize> {
    section.elements.iter().flat_map(|e| e.questions()).enumerate().map(|(i, q)| (q.id.to_string(), i)).collect()
}

/// States in which an exam is kept.
fn is_sat(state: &str) -> bool {
    matches!(state, "frozen" | "open")
}

impl Live {
    pub(crate) fn exam_of(&self, attempt_id: &str) -> Option<Arc<LiveExam>> {
        self.sheets.read().unwrap_or_else(PoisonError::into_inner).get(attempt_id).cloned()
    }

    pub(crate) fn known(&self) -> Vec<Arc<LiveExam>> {
        self.exams.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// An exam that is kept already.
    pub(crate) fn get(&self, exam_id: &str) -> Option<Arc<LiveExam>> {
        self.exams.read().unwrap_or_else(PoisonError::into_inner).get(exam_id).cloned()
    }

    /// Is this exam kept: does anything of it move?
    pub fn is_kept(&self, exam_id: &str) -> bool {
        self.get(exam_id).is_some()
    }

    pub(crate) fn index(&self, exam: &Arc<LiveExam>, ids: impl IntoIterator<Item = Arc<str>>) {
        let mut sheets = self.sheets.write().unwrap_or_else(PoisonError::into_inner);
        sheets.extend(ids.into_iter().map(|id| (id, exam.clone())));
    }

    /// Forgets an exam that is over; those who listen are told, and leave.
    pub(crate) fn forget(&self, exam_id: &str) {
        let gone = self.exams.write().unwrap_or_else(PoisonError::into_inner).remove(exam_id);
        let Some(exam) = gone else { return };
        self.sheets.write().unwrap_or_else(PoisonError::into_inner).retain(|_, e| !Arc::ptr_eq(e, &exam));
        exam.read().sheets.values().for_each(Sheet::tell);
    }

    /// Does nobody's time run, as far as this process knows?
    pub fn is_idle(&self) -> bool {
        self.known().is_empty()
    }

    /// The server stops: whoever listens leaves.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        for exam in self.known() {
            exam.read().sheets.values().for_each(Sheet::tell);
        }
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }
}

/// The exam of a sheet, read if it is not in memory; `None` for one that is not being sat.
pub(crate) async fn exam_with(app: &App, attempt_id: &str) -> ApiResult<Option<Arc<LiveExam>>> {
    if let Some(exam) = app.live.exam_of(attempt_id) {
        return Ok(Some(exam));
    }
    let Some(attempt) = app.store.attempt(attempt_id).await? else { return Ok(None) };
    if !is_sat(&attempt.exam_state) {
        return Ok(None);
    }
    let Some(exam) = exam(app, &attempt.exam_id).await? else { return Ok(None) };
    if app.live.exam_of(attempt_id).is_none() {
        // Made since the exam was read.
        let fresh = app.store.attempt(attempt_id).await?;
        app.live.index(&exam, exam.write().add(fresh.into_iter()));
    }
    Ok(Some(exam))
}

/// An exam, read if it is not in memory; `None` if it is not being sat.
pub async fn exam(app: &App, exam_id: &str) -> ApiResult<Option<Arc<LiveExam>>> {
    if let Some(exam) = app.live.get(exam_id) {
        return Ok(Some(exam));
    }
    let _turn = app.live.loading.lock().await;
    if let Some(exam) = app.live.get(exam_id) {
        return Ok(Some(exam));
    }
    let Some(mark) = app.store.live_mark(exam_id).await?.filter(|m| is_sat(&m.state)) else { return Ok(None) };
    let paper = app.frozen_paper(exam_id).await?;
    let places = paper.sections.iter().map(|s| (s.id.to_string(), places(s))).collect();
    let data = follow::load(app, mark).await?;
    let exam = Arc::new(LiveExam {
        id: exam_id.to_owned(),
        paper,
        places,
        lists: Mutex::default(),
        looking: tokio::sync::Mutex::default(),
        data: RwLock::new(data),
    });
    follow::count_answers(app, &exam).await?;
    let ids: Vec<Arc<str>> = exam.read().sheets.keys().cloned().collect();
    app.live.index(&exam, ids);
    app.live.exams.write().unwrap_or_else(PoisonError::into_inner).insert(exam_id.to_owned(), exam.clone());
    if !app.live.following.swap(true, Ordering::SeqCst) {
        tokio::spawn(follow::follow(app.downgrade()));
    }
    Ok(Some(exam))
}

/// A candidate's own clock: from memory where their exam is being sat. As if absent for anyone else.
pub async fn clock(app: &App, actor: &Actor, attempt_id: &str) -> ApiResult<ClockView> {
    read_clock(app, actor, attempt_id, None).await
}

/// The same, with news of the page that asks.
pub async fn beat(app: &App, actor: &Actor, attempt_id: &str, beat: Beat) -> ApiResult<ClockView> {
    read_clock(app, actor, attempt_id, Some(beat)).await
}

async fn read_clock(app: &App, actor: &Actor, attempt_id: &str, beat: Option<Beat>) -> ApiResult<ClockView> {
    let now_ms = ambient::now_ms();
    if let Some(exam) = exam_with(app, attempt_id).await? {
        let own = |s: &Sheet| *s.attempt.person_id == *actor.id;
        if let Some(beat) = beat {
            exam.write().beat(attempt_id, &actor.id, beat, now_ms);
        }
        let data = exam.read();
        let sheet = data.sheets.get(attempt_id).filter(|s| own(s)).ok_or(ApiError::NotFound)?;
        return Ok(exam.view(&data, sheet, now_ms));
    }
    // Not being sat: rare, and read where it is kept.
    let own = |a: &Attempt| *a.person_id == *actor.id;
    let attempt = app.store.attempt(attempt_id).await?.filter(own).ok_or(ApiError::NotFound)?;
    let paper = app.frozen_paper(&attempt.exam_id).await?;
    let minutes = paper.section(&attempt.section_id).map_or(0, |(_, s)| s.duration_minutes);
    Ok(ClockView::of(&attempt, minutes, None, now_ms))
}

/// A candidate's own act, other than a save, changed their sheet.
pub(crate) async fn read_again(app: &App, attempt_id: &str) -> ApiResult<()> {
    if let Some(exam) = app.live.exam_of(attempt_id) {
        let fresh = app.store.attempt(attempt_id).await?;
        let mut data = exam.write();
        data.untold = true;
        data.add(fresh.into_iter());
    }
    Ok(())
}

/// What someone in charge just did here is told at once. A failure costs nothing but a second's delay.
pub async fn look(app: &App, exam_id: &str) {
    let Some(exam) = app.live.get(exam_id) else { return };
    if let Err(error) = follow::look(app, &exam, None).await {
        tracing::warn!(exam = exam_id, %error, "could not look at the changes of an exam");
    }
    exam.lists.lock().unwrap_or_else(PoisonError::into_inner).clear();
}
