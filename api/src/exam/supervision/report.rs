//! The report of a site: candidate by candidate, what time there was and what became of it.

use super::reach;
use crate::ambient;
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult};
use crate::exam::draft::exam;
use crate::exam::export::inert;
use crate::web::filters::{paris_seconds, thousands};
use docimo_engine::attempt::{Phase, Times};
use docimo_engine::deadline::stops::{Cause, Stop};
use docimo_store::clocks::StopLine;
use docimo_store::delivery::{Attempt, GrantLine};
use docimo_store::live::OfflineSpan;
use serde::Serialize;
use std::collections::{BTreeSet, HashMap};
use utoipa::ToSchema;

/// What became of a candidate's time. Times in ms, instants in ms UTC.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct CandidateReport {
    /// Candidate number.
    pub number: String,
    /// Name.
    pub name: String,
    /// Room; empty where it is not known.
    pub room: String,
    /// Sheet, once there is one.
    pub attempt: Option<String>,
    /// waiting, ready, running, handed_in, closed or absent.
    pub state: String,
    /// When their time began.
    pub started_ms: Option<i64>,
    /// When it ends, or ended.
    pub deadline_ms: Option<i64>,
    /// Time they have in all: duration and what is added to it.
    pub available_ms: i64,
    /// Time that ran until they handed in, the end, or now.
    pub used_ms: i64,
    /// Time with the clock stopped by those in charge.
    pub stopped_ms: i64,
    /// Time of their own breaks, as their right counts it.
    pub breaks_ms: i64,
    /// Time without news that the server saw, while their clock ran.
    pub offline_ms: i64,
    /// Extra time by right.
    pub accommodation_ms: i64,
    /// Extra time granted.
    pub extension_ms: i64,
    /// Given back to them alone.
    pub compensation_ms: i64,
    /// Given back to their room.
    pub room_compensation_ms: i64,
    /// Given back to their site.
    pub site_compensation_ms: i64,
    /// Answers that came too late.
    pub late_answers: i64,
    /// Answers that came while the clock was stopped: kept, and counted.
    pub answers_while_stopped: i64,
    /// Pages opened.
    pub pages: i64,
    /// Machines, by their sign-in sessions.
    pub machines: i64,
    /// When they handed in.
    pub handed_in_ms: Option<i64>,
}

/// Something decided for clocks of the site.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Incident {
    /// When, ms UTC.
    pub at_ms: i64,
    /// Until when, for what lasts, ms UTC.
    pub until_ms: Option<i64>,
    /// pause, alarm, break, compensation or extension.
    pub kind: String,
    /// Whom it is for, in French.
    pub whom: String,
    /// Minutes, for time given.
    pub minutes: Option<i64>,
    /// Why.
    pub reason: String,
    /// By whom.
    pub author: String,
}

/// What was decided at another site.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OtherSite {
    /// Its name.
    pub name: String,
    /// Acts on its clocks, all its own.
    pub incidents: usize,
}

/// The report of a section at a site.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SiteReport {
    /// When it was made, ms UTC.
    pub at_ms: i64,
    /// Exam.
    pub exam: String,
    /// Section.
    pub section: String,
    /// Site.
    pub site: String,
    /// When it was opened there.
    pub opened_ms: Option<i64>,
    /// When it was closed there.
    pub closed_ms: Option<i64>,
    /// What was decided for clocks there.
    pub incidents: Vec<Incident>,
    /// Everyone enrolled there, by number.
    pub candidates: Vec<CandidateReport>,
    /// Did what was decided here leave every other site as it was?
    pub others_untouched: bool,
    /// The others.
    pub others: Vec<OtherSite>,
}

impl SiteReport {
    /// The statement about the others, in French.
    pub fn statement(&self) -> String {
        if self.others.is_empty() {
            return "L’examen n’a qu’un centre.".into();
        }
        let count = self.others.len();
        let quiet = self.others.iter().filter(|o| o.incidents == 0).count();
        let whole = if self.others_untouched {
            "Les décisions prises pour ce centre n’ont changé l’horloge d’aucun candidat des autres centres."
        } else {
            "Une décision prise ici porte aussi sur un autre centre\u{a0}: voyez le journal."
        };
        let say =
            |n: usize| if n == 1 { "1 autre centre".to_owned() } else { format!("{} autres centres", thousands(n)) };
        let rest = match count - quiet {
            0 => format!("{}\u{a0}: aucune suspension, aucune compensation, aucun temps accordé.", say(count)),
            busy => format!(
                "{}\u{a0}: {} sans décision sur les horloges, {busy} avec les siennes propres.",
                say(count),
                quiet
            ),
        };
        format!("{whole} {rest}")
    }
}

/// The report of a section at a site.
pub async fn site(app: &App, actor: &Actor, exam_id: &str, section_id: &str, site_id: &str) -> ApiResult<SiteReport> {
    let current = exam(app, exam_id).await?;
    reach(app, actor, exam_id).await?.check(site_id)?;
    let paper = app.frozen_paper(exam_id).await?;
    let (_, section) = paper.section(section_id).ok_or(ApiError::NotFound)?;
    let sites = app.store.sites(exam_id).await?;
    let here = sites.iter().find(|s| s.id == site_id).ok_or(ApiError::NotFound)?;
    let now_ms = ambient::now_ms();
    let sittings = app.store.sittings(exam_id).await?;
    let sitting = sittings.iter().find(|s| s.site_id == site_id && s.section_id == section_id);
    let attempts: Vec<Attempt> =
        app.store.attempts(exam_id).await?.into_iter().filter(|a| a.section_id == section_id).collect();
    let place: HashMap<&str, &Attempt> = attempts.iter().map(|a| (a.id.as_str(), a)).collect();
    let stops: Vec<StopLine> =
        app.store.clock_stops(exam_id).await?.into_iter().filter(|s| s.section_id == section_id).collect();
    let grants: Vec<GrantLine> = app
        .store
        .grants(exam_id)
        .await?
        .into_iter()
        .filter(|g| g.section_id == section_id && g.status == "given")
        .collect();
    let late: HashMap<String, i64> = app.store.late_now(exam_id).await?.into_iter().collect();
    // By their place in the journal: an answer that came during two stops at once came once.
    let mut while_stopped: HashMap<String, BTreeSet<i64>> = HashMap::new();
    for stop in stops.iter().filter(|s| s.site_id == site_id) {
        let to_ms = stop.to_ms.unwrap_or(now_ms);
        let came = app.store.answers_between(exam_id, stop.attempt_id.as_deref(), stop.from_ms, to_ms).await?;
        for (id, position) in came {
            let concerned = place
                .get(id.as_str())
                .is_some_and(|a| a.site_id == site_id && stop.room.as_ref().is_none_or(|room| *room == a.room));
            if concerned {
                while_stopped.entry(id).or_default().insert(position);
            }
        }
    }
    let mut spans: HashMap<String, Vec<OfflineSpan>> = HashMap::new();
    for span in app.store.offline_spans(exam_id).await? {
        spans.entry(span.attempt_id.clone()).or_default().push(span);
    }
    let mut machines: HashMap<String, BTreeSet<String>> = HashMap::new();
    for page in app.store.page_openings(exam_id).await? {
        machines.entry(page.attempt_id).or_default().insert(page.session);
    }
    let by_person: HashMap<&str, &Attempt> = attempts.iter().map(|a| (a.person_id.as_str(), a)).collect();
    let candidates = app
        .store
        .candidates(exam_id)
        .await?
        .into_iter()
        .filter(|c| c.site_id == site_id)
        .map(|c| {
            let base = CandidateReport {
                number: c.number,
                name: c.name,
                room: c.room,
                state: "absent".into(),
                ..CandidateReport::default()
            };
            let Some(attempt) = by_person.get(c.person_id.as_str()).copied() else { return base };
            let empty = Vec::new();
            let report = measured(attempt, section.duration_minutes, spans.get(&attempt.id).unwrap_or(&empty), now_ms);
            CandidateReport {
                number: base.number,
                name: base.name,
                room: attempt.room.clone(),
                late_answers: late.get(&attempt.id).copied().unwrap_or(0),
                answers_while_stopped: while_stopped.get(&attempt.id).map_or(0, |seen| seen.len() as i64),
                machines: machines.get(&attempt.id).map_or(0, |m| m.len() as i64),
                ..report
            }
        })
        .collect();
    let number = |id: &str| place.get(id).map_or_else(String::new, |a| a.number.clone());
    let (incidents, others_untouched) = incidents(&stops, &grants, site_id, &number, &place);
    let others = sites
        .iter()
        .filter(|s| s.id != site_id)
        .map(|s| OtherSite {
            name: s.name.clone(),
            incidents: stops.iter().filter(|k| k.site_id == s.id && k.cause != "break").count()
                + grants.iter().filter(|g| g.where_id.as_deref() == Some(&s.id)).count(),
        })
        .collect();
    Ok(SiteReport {
        at_ms: now_ms,
        exam: current.title,
        section: section.title.clone(),
        site: here.name.clone(),
        opened_ms: sitting.and_then(|s| s.opened_ms),
        closed_ms: sitting.and_then(|s| s.closed_ms),
        incidents,
        candidates,
        others_untouched,
        others,
    })
}

/// What was decided at a site, and whether all of it is for people who sit there.
fn incidents(
    stops: &[StopLine],
    grants: &[GrantLine],
    site_id: &str,
    number: &dyn Fn(&str) -> String,
    sheets: &HashMap<&str, &Attempt>,
) -> (Vec<Incident>, bool) {
    let whom = |attempt: Option<&String>, room: Option<&String>| match (attempt, room) {
        (Some(id), _) => format!("candidat {}", number(id)),
        (None, Some(room)) => format!("salle {room}"),
        (None, None) => "tout le centre".into(),
    };
    let mut untouched = true;
    let mut own = |attempt: Option<&String>| {
        untouched &= attempt.is_none_or(|id| sheets.get(id.as_str()).is_none_or(|a| a.site_id == site_id));
    };
    let mut list: Vec<Incident> = Vec::new();
    for stop in stops.iter().filter(|s| s.site_id == site_id) {
        own(stop.attempt_id.as_ref());
        list.push(Incident {
            at_ms: stop.from_ms,
            until_ms: stop.to_ms,
            kind: stop.cause.clone(),
            whom: whom(stop.attempt_id.as_ref(), stop.room.as_ref()),
            minutes: None,
            reason: stop.reason.clone(),
            author: stop.author_name.clone().unwrap_or_default(),
        });
    }
    for grant in grants.iter().filter(|g| g.where_id.as_deref() == Some(site_id)) {
        own(grant.attempt_id.as_ref());
        list.push(Incident {
            at_ms: grant.at_ms,
            until_ms: None,
            kind: grant.kind.clone(),
            whom: whom(grant.attempt_id.as_ref(), grant.room.as_ref()),
            minutes: Some(grant.ms / 60_000),
            reason: grant.reason.clone(),
            author: grant.author_name.clone(),
        });
    }
    list.sort_by_key(|i| i.at_ms);
    (list, untouched)
}

/// What the clock of a sheet and the times without news say.
fn measured(attempt: &Attempt, minutes: u32, spans: &[OfflineSpan], now_ms: i64) -> CandidateReport {
    let times = attempt.times(minutes);
    let phase = times.phase(now_ms);
    let mut report = CandidateReport {
        attempt: Some(attempt.id.clone()),
        state: if attempt.streams == 0 && matches!(phase, Phase::Running | Phase::Closed) {
            "absent".into()
        } else {
            crate::exam::live::view::phase_name(phase).into()
        },
        started_ms: times.started_ms,
        deadline_ms: times.deadline_ms(now_ms),
        available_ms: times.allowance.total_ms(),
        accommodation_ms: times.allowance.accommodation_ms,
        extension_ms: times.allowance.extension_ms,
        compensation_ms: attempt.compensation_ms,
        room_compensation_ms: attempt.room_compensation_ms,
        site_compensation_ms: attempt.site_compensation_ms,
        pages: attempt.streams,
        handed_in_ms: attempt.handed_in_ms,
        ..CandidateReport::default()
    };
    let (Some(started), true) = (times.started_ms, attempt.streams > 0) else { return report };
    // Their time ends with the hand-in, their deadline or the closing, whichever came first; or now.
    let end =
        [attempt.handed_in_ms, times.deadline_ms(now_ms), Some(now_ms)].into_iter().flatten().min().unwrap_or(now_ms);
    let until = |times: &Times, stops: &[Stop]| {
        docimo_engine::deadline::stops::read(started, times.allowance.total_ms(), stops, times.breaks, end)
    };
    let whole = until(&times, &cut(&times.stops, end));
    let decided: Vec<Stop> = times.stops.iter().filter(|s| s.cause != Cause::Break).copied().collect();
    report.stopped_ms = until(&times, &cut(&decided, end)).stopped_ms;
    report.breaks_ms = whole.break_used_ms;
    report.used_ms = (end - started - whole.stopped_ms).max(0);
    report.offline_ms = spans.iter().map(|s| running(started, end, s, &times)).sum();
    report
}

/// Stops as they were at an instant.
fn cut(stops: &[Stop], end: i64) -> Vec<Stop> {
    stops
        .iter()
        .filter(|s| s.from_ms < end)
        .map(|s| Stop { to_ms: Some(s.to_ms.unwrap_or(end).min(end)), ..*s })
        .collect()
}

/// How long a clock ran within a span.
fn running(started: i64, end: i64, span: &OfflineSpan, times: &Times) -> i64 {
    let ran = |to: i64| {
        let to = to.clamp(started, end.max(started));
        let stopped =
            docimo_engine::deadline::stops::read(started, i64::MAX / 4, &cut(&times.stops, to), times.breaks, to);
        to - started - stopped.stopped_ms
    };
    (ran(span.to_ms) - ran(span.from_ms)).max(0)
}

/// The report as a CSV file: semicolons, UTF-8 with its mark, as French spreadsheets read.
pub fn csv(report: &SiteReport) -> ApiResult<Vec<u8>> {
    let fail = |e: csv::Error| ApiError::Internal(e.into());
    let mut bytes = vec![0xEF, 0xBB, 0xBF];
    let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer(&mut bytes);
    writer
        .write_record([
            "Numéro",
            "Nom",
            "Salle",
            "État",
            "Début",
            "Fin",
            "Temps disponible (min)",
            "Temps utilisé (min)",
            "Horloge arrêtée (min)",
            "Pauses de droit (min)",
            "Hors ligne (min)",
            "Aménagement (min)",
            "Temps accordé (min)",
            "Compensation personnelle (min)",
            "Compensation de la salle (min)",
            "Compensation du centre (min)",
            "Réponses tardives",
            "Réponses horloge arrêtée",
            "Pages ouvertes",
            "Machines",
            "Remise",
        ])
        .map_err(fail)?;
    let minutes = |ms: i64| format!("{:.1}", ms as f64 / 60_000.0).replace('.', ",");
    let at = |ms: Option<i64>| ms.map(paris_seconds).unwrap_or_default();
    for c in &report.candidates {
        writer
            .write_record([
                inert(c.number.clone()),
                inert(c.name.clone()),
                inert(c.room.clone()),
                state_french(&c.state).to_owned(),
                at(c.started_ms),
                at(c.deadline_ms),
                minutes(c.available_ms),
                minutes(c.used_ms),
                minutes(c.stopped_ms),
                minutes(c.breaks_ms),
                minutes(c.offline_ms),
                minutes(c.accommodation_ms),
                minutes(c.extension_ms),
                minutes(c.compensation_ms),
                minutes(c.room_compensation_ms),
                minutes(c.site_compensation_ms),
                c.late_answers.to_string(),
                c.answers_while_stopped.to_string(),
                c.pages.to_string(),
                c.machines.to_string(),
                at(c.handed_in_ms),
            ])
            .map_err(fail)?;
    }
    writer.flush().map_err(|e| ApiError::Internal(e.into()))?;
    drop(writer);
    Ok(bytes)
}

/// In French.
pub fn state_french(state: &str) -> &'static str {
    match state {
        "absent" => "Absent",
        "waiting" => "En attente",
        "ready" => "Prêt",
        "running" => "Compose",
        "handed_in" => "Copie remise",
        _ => "Temps écoulé",
    }
}
