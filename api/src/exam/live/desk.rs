//! The supervisor's list: who does what now. From memory while an exam is being sat.

use super::presence::Seen;
use super::view::phase_name;
use super::{LiveExam, exam as live_exam};
use crate::ambient;
use crate::app::App;
use crate::error::{ApiError, ApiResult};
use docimo_engine::paper::Section;
use docimo_store::delivery::Attempt;
use docimo_store::exams::Candidate;
use serde::Serialize;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError};
use utoipa::ToSchema;

/// One candidate as seen from the supervisor's desk.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Watched {
    /// Sheet, once there is one.
    pub attempt: Option<String>,
    /// Account.
    pub person: String,
    /// Candidate number.
    pub number: String,
    /// Name.
    pub name: String,
    /// Site.
    pub site: String,
    /// Site, by id.
    pub site_id: String,
    /// Room; empty where it is not known.
    pub room: String,
    /// absent, waiting, ready, running, handed_in or closed.
    pub phase: String,
    /// Questions answered.
    pub answered: i64,
    /// Last news, ms UTC.
    pub last_seen_ms: Option<i64>,
    /// Without news since then, ms UTC, for who waits or composes.
    pub offline_since_ms: Option<i64>,
    /// Time without news so far, ms.
    pub offline_ms: i64,
    /// Answers that wait on the machine.
    pub waiting: u32,
    /// pause, alarm or break, while one lasts.
    pub stop: Option<String>,
    /// Another session was seen on this sheet, and nobody has decided.
    pub second_session: bool,
    /// Pages opened.
    pub pages: i64,
    /// Own deadline, ms UTC.
    pub deadline_ms: Option<i64>,
    /// Extra minutes by right.
    pub accommodation_min: i64,
    /// Minutes granted and given back.
    pub extra_min: i64,
    /// Answers that came too late.
    pub late: i64,
}

impl Watched {
    /// The phase in French.
    pub fn phase_french(&self) -> &'static str {
        match self.phase.as_str() {
            "absent" => "Absent",
            "waiting" => "En attente",
            "ready" => "Prêt",
            "running" => "Compose",
            "handed_in" => "Copie remise",
            _ => "Temps écoulé",
        }
    }

    fn of(candidate: &Candidate, found: Option<Found<'_>>, minutes: u32, now_ms: i64) -> Self {
        let attempt = found.as_ref().map(|f| f.attempt);
        let times = attempt.map(|a| a.times(minutes));
        let phase = times.as_ref().map_or("absent", |t| phase_name(t.phase(now_ms)));
        let allowance = times.as_ref().map(|t| t.allowance).unwrap_or_default();
        let seen = found.as_ref().map(|f| *f.seen).unwrap_or_default();
        let silent = seen.silent_since(now_ms).filter(|_| matches!(phase, "waiting" | "ready" | "running"));
        Self {
            answered: found.as_ref().map_or(0, |f| f.answered),
            late: found.as_ref().map_or(0, |f| f.late),
            last_seen_ms: seen.at_ms,
            offline_since_ms: silent,
            offline_ms: seen.offline_ms,
            waiting: seen.waiting,
            stop: times.as_ref().and_then(|t| t.lasting(now_ms)).map(|s| s.cause.name().to_owned()),
            second_session: attempt.is_some_and(|a| !a.rival.is_empty()),
            pages: attempt.map_or(0, |a| a.streams),
            deadline_ms: times.as_ref().and_then(|t| t.deadline_ms(now_ms)),
            accommodation_min: allowance.accommodation_ms / 60_000,
            extra_min: (allowance.extension_ms + allowance.compensation_ms) / 60_000,
            attempt: attempt.map(|a| a.id.clone()),
            person: candidate.person_id.clone(),
            number: candidate.number.clone(),
            name: candidate.name.clone(),
            site: candidate.site_name.clone(),
            site_id: candidate.site_id.clone(),
            room: attempt.map_or_else(|| candidate.room.clone(), |a| a.room.clone()),
            phase: phase.to_owned(),
        }
    }
}

struct Found<'a> {
    attempt: &'a Attempt,
    seen: &'a Seen,
    answered: i64,
    late: i64,
}

/// The live list of a section.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Monitor {
    /// Server time, ms UTC.
    pub now_ms: i64,
    /// Questions in the section.
    pub questions: usize,
    /// Everyone that who asks may see.
    pub candidates: Vec<Watched>,
}

/// Who does what now, in a section, at some sites (all where there is none).
pub async fn monitor(app: &App, exam_id: &str, section: &str, sites: Option<&HashSet<String>>) -> ApiResult<Monitor> {
    if let Some(exam) = live_exam(app, exam_id).await? {
        return from_memory(&exam, section, sites);
    }
    let paper = app.frozen_paper(exam_id).await?;
    let (_, section_) = paper.section(section).ok_or(ApiError::NotFound)?;
    let attempts = app.store.attempts(exam_id).await?;
    let attempts: HashMap<&str, &Attempt> =
        attempts.iter().filter(|a| a.section_id == section).map(|a| (a.person_id.as_str(), a)).collect();
    let answered: HashMap<String, i64> = app.store.answered_counts(exam_id, section).await?.into_iter().collect();
    let late: HashMap<String, i64> = app.store.late_now(exam_id).await?.into_iter().collect();
    let now_ms = ambient::now_ms();
    let watched = |c: &Candidate| {
        let attempt = attempts.get(c.person_id.as_str()).copied();
        let seen = Seen { at_ms: attempt.and_then(|a| a.last_seen_ms), ..Seen::default() };
        let found = attempt.map(|attempt| Found {
            attempt,
            seen: &seen,
            answered: answered.get(&attempt.id).copied().unwrap_or(0),
            late: late.get(&attempt.id).copied().unwrap_or(0),
        });
        Watched::of(c, found, section_.duration_minutes, now_ms)
    };
    let all = app.store.candidates(exam_id).await?;
    let candidates = all.iter().filter(|c| sees(sites, c)).map(watched).collect();
    Ok(Monitor { now_ms, questions: questions(section_), candidates })
}

/// How old a list made for someone else may be, ms.
const SHARED_MS: i64 = 1_000;

/// Everyone of a section, as it was within the last second: made once for all who look, so that many who look at ten
/// thousand candidates cost little more than one. What someone in charge does is seen at once.
pub async fn shared(app: &App, exam_id: &str, section: &str) -> ApiResult<Arc<Monitor>> {
    let Some(exam) = live_exam(app, exam_id).await? else {
        return Ok(Arc::new(monitor(app, exam_id, section, None).await?));
    };
    let mut lists = exam.lists.lock().unwrap_or_else(PoisonError::into_inner);
    let now_ms = ambient::now_ms();
    if let Some(list) = lists.get(section).filter(|l| (0..SHARED_MS).contains(&(now_ms - l.now_ms))) {
        return Ok(list.clone());
    }
    let list = Arc::new(from_memory(&exam, section, None)?);
    lists.insert(section.to_owned(), list.clone());
    Ok(list)
}

fn questions(section: &Section) -> usize {
    section.elements.iter().map(|e| e.questions().count()).sum()
}

fn sees(sites: Option<&HashSet<String>>, candidate: &Candidate) -> bool {
    sites.is_none_or(|sites| sites.contains(&candidate.site_id))
}

fn from_memory(exam: &LiveExam, section: &str, sites: Option<&HashSet<String>>) -> ApiResult<Monitor> {
    let (_, section_) = exam.paper.section(section).ok_or(ApiError::NotFound)?;
    let now_ms = ambient::now_ms();
    let data = exam.read();
    let watched = |c: &Candidate| {
        let key = (c.person_id.clone(), section.to_owned());
        let sheet = data.of_person.get(&key).and_then(|id| data.sheets.get(id));
        let found =
            sheet.map(|s| Found { attempt: &s.attempt, seen: &s.seen, answered: s.answered_count(), late: s.late });
        Watched::of(c, found, section_.duration_minutes, now_ms)
    };
    let candidates = data.candidates.iter().filter(|c| sees(sites, c)).map(watched).collect();
    Ok(Monitor { now_ms, questions: questions(section_), candidates })
}
