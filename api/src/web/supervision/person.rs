//! One candidate from the supervisor's desk: where they stand, and everything that can be done for them.

use super::back;
use super::watch::{lapse, stop_french};
use crate::ambient;
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult};
use crate::exam::draft;
use crate::exam::live::desk::{Watched, shared};
use crate::exam::supervision::own_sheet;
use crate::web::committee::{At, Head, head};
use crate::web::filters::{date_time, time};
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use docimo_engine::attempt::Phase;

struct Page {
    stream: i64,
    when: String,
    machine: usize,
    agent: String,
}

#[derive(Template)]
#[template(path = "supervision/person.html")]
struct PersonPage {
    page: Layout,
    head: Head,
    back: String,
    section: String,
    attempt: String,
    name: String,
    place: String,
    phase: &'static str,
    pill: &'static str,
    stop: &'static str,
    paused: bool,
    on_break: bool,
    second: bool,
    network: String,
    waiting: u32,
    offline: String,
    deadline: String,
    facts: Vec<(&'static str, String)>,
    pages: Vec<Page>,
    handed_in: bool,
    over: bool,
}

fn minutes(ms: i64) -> String {
    format!("{}\u{a0}min", ms / 60_000)
}

/// One candidate.
pub async fn person_page(
    State(app): State<App>,
    actor: Actor,
    Path((id, section, attempt)): Path<(String, String, String)>,
    page: Layout,
) -> ApiResult<Response> {
    let exam = draft::exam(&app, &id).await?;
    let sheet = own_sheet(&app, &actor, &attempt).await?;
    if sheet.exam_id != id || sheet.section_id != section {
        return Err(ApiError::NotFound);
    }
    let paper = app.frozen_paper(&id).await?;
    let (_, current) = paper.section(&section).ok_or(ApiError::NotFound)?;
    let list = shared(&app, &id, &section).await?;
    let own = |c: &&Watched| c.attempt.as_deref() == Some(&attempt);
    let watched: &Watched = list.candidates.iter().find(own).ok_or(ApiError::NotFound)?;
    let now_ms = ambient::now_ms();
    let times = sheet.times(current.duration_minutes);
    let (allowance, reading) = (times.allowance, times.reading(now_ms).unwrap_or_default());
    let lasts = |cause: &str| {
        docimo_store::delivery::read_stops(&sheet.stops).iter().any(|s| s.to_ms.is_none() && s.cause.name() == cause)
    };
    let mut facts = vec![
        ("Durée de l’épreuve", minutes(allowance.duration_ms)),
        ("Aménagement", minutes(allowance.accommodation_ms)),
        ("Temps accordé", minutes(allowance.extension_ms)),
        ("Compensation personnelle", minutes(sheet.compensation_ms)),
        ("Compensation de la salle", minutes(sheet.room_compensation_ms)),
        ("Compensation du centre", minutes(sheet.site_compensation_ms)),
        ("Horloge arrêtée", lapse(reading.stopped_ms)),
    ];
    if times.breaks.minutes > 0 {
        let count = match times.breaks.count {
            0 => format!("{} prises", reading.breaks_taken),
            n => format!("{} sur {n}", reading.breaks_taken),
        };
        let used = format!("{count}, {} sur {}\u{a0}min", lapse(reading.break_used_ms), times.breaks.minutes);
        facts.push(("Pauses de droit", used));
    }
    let mut machines: Vec<String> = Vec::new();
    let mut pages = Vec::new();
    for opening in app.store.page_openings(&id).await?.into_iter().filter(|o| o.attempt_id == attempt) {
        let known = machines.iter().position(|m| *m == opening.session);
        let machine = known.unwrap_or_else(|| {
            machines.push(opening.session.clone());
            machines.len() - 1
        });
        pages.push(Page {
            stream: opening.stream,
            when: date_time(opening.at_ms),
            machine: machine + 1,
            agent: opening.agent,
        });
    }
    let head = head(&app, &actor, &exam, At::Watch)
        .await?
        .under(format!("{} ({})", watched.name, watched.number))
        .lead(format!("Épreuve «\u{a0}{}\u{a0}».", current.title));
    web::page(&PersonPage {
        page: page.titled(head.document()),
        back: back(&id, &section, ""),
        name: watched.name.clone(),
        place: if watched.room.is_empty() {
            watched.site.clone()
        } else {
            format!("{}, salle {}", watched.site, watched.room)
        },
        phase: watched.phase_french(),
        pill: match watched.phase.as_str() {
            "running" => "pill--live",
            "handed_in" => "pill--done",
            _ => "pill--wait",
        },
        stop: watched.stop.as_deref().map_or("", stop_french),
        paused: lasts("pause"),
        on_break: lasts("break"),
        second: watched.second_session,
        network: match (watched.offline_since_ms, watched.last_seen_ms) {
            (Some(since), _) => format!("hors ligne depuis {}", lapse(now_ms - since)),
            (None, Some(at)) => format!("vu il y a {}", lapse((now_ms - at).max(0))),
            (None, None) => "jamais vu".into(),
        },
        waiting: watched.waiting,
        offline: lapse(watched.offline_ms),
        deadline: times.deadline_ms(now_ms).map_or_else(|| "—".into(), time),
        facts,
        pages,
        handed_in: times.phase(now_ms) == Phase::HandedIn,
        over: !matches!(exam.state.as_str(), "frozen" | "open"),
        section,
        attempt,
        head,
    })
}
