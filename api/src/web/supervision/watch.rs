//! The live list of a section: by site or by room, then candidate by candidate.

use super::back;
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult};
use crate::exam::draft;
use crate::exam::live::desk::{Watched, shared};
use crate::exam::supervision::time::{self, kind_french};
use crate::exam::supervision::{Reach, reach};
use crate::web::committee::{At, Head, head, is_committee, matches, segment, words};
use crate::web::filters::{date_time, thousands, time};
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

struct Phase {
    name: &'static str,
    label: &'static str,
    count: String,
    chosen: bool,
}

struct Line {
    href: String,
    number: String,
    name: String,
    place: String,
    phase: &'static str,
    pill: &'static str,
    row: &'static str,
    stop: &'static str,
    second: bool,
    answered: i64,
    network: String,
    waiting: u32,
    last_value: i64,
    deadline: String,
    deadline_value: i64,
    extra: String,
    late: i64,
}

/// A site, or a room of the site that is chosen.
#[derive(Default)]
struct Group {
    name: String,
    href: String,
    site: String,
    room: String,
    enrolled: usize,
    present: usize,
    running: usize,
    offline: usize,
    waiting: u32,
    handed_in: usize,
    on_break: usize,
    second: usize,
    alarm: bool,
    paused: bool,
}

struct SectionTab {
    href: String,
    title: String,
    current: bool,
}

struct Grant {
    id: String,
    when: String,
    whom: String,
    what: String,
    reason: String,
    author: String,
    decided: String,
    pending: bool,
}

struct Choice {
    value: String,
    label: String,
    chosen: bool,
}

/// What is refreshed: made from memory alone while the exam is sat.
struct Fresh {
    exam: String,
    section: String,
    section_title: String,
    csrf: String,
    refresh: String,
    every: u32,
    now: String,
    questions: usize,
    phases: Vec<Phase>,
    late: String,
    any_late: bool,
    enrolled: usize,
    shown: String,
    cut: bool,
    by_room: bool,
    groups: Vec<Group>,
    alarm: bool,
    lines: Vec<Line>,
}

#[derive(Template)]
#[template(path = "supervision/list.html")]
struct ListPart {
    fresh: Fresh,
}

#[derive(Template)]
#[template(path = "supervision/watch.html")]
struct WatchPage {
    page: Layout,
    head: Head,
    committee: bool,
    section: String,
    section_title: String,
    sections: Vec<SectionTab>,
    fresh: Fresh,
    search: Search,
    sites: Vec<Choice>,
    places: Vec<Choice>,
    reports: Vec<Choice>,
    grants: Vec<Grant>,
}

/// What the list shows.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Search {
    #[serde(default)]
    mots: String,
    #[serde(default)]
    phase: String,
    #[serde(default)]
    centre: String,
}

const PHASES: [(&str, &str); 6] = [
    ("absent", "Absents"),
    ("waiting", "En attente"),
    ("ready", "Prêts"),
    ("running", "Composent"),
    ("handed_in", "Copies remises"),
    ("closed", "Temps écoulé"),
];

/// Rows that a page shows; beyond, a filter is asked for.
const SHOWN: usize = 300;

/// "12 s", "4 min", "1 h 02".
pub(super) fn lapse(ms: i64) -> String {
    match ms / 1000 {
        s if s < 60 => format!("{s}\u{a0}s"),
        s if s < 3600 => format!("{}\u{a0}min", s / 60),
        s => format!("{}\u{a0}h\u{a0}{:02}", s / 3600, s % 3600 / 60),
    }
}

pub(super) fn stop_french(stop: &str) -> &'static str {
    match stop {
        "alarm" => "Alarme",
        "pause" => "Suspendu",
        "break" => "En pause",
        _ => "",
    }
}

fn line(exam: &str, section: &str, now_ms: i64, c: Watched) -> Line {
    let mut extra = Vec::new();
    if c.accommodation_min > 0 {
        extra.push(format!("aménagement +{}\u{a0}min", c.accommodation_min));
    }
    if c.extra_min > 0 {
        extra.push(format!("donné +{}\u{a0}min", c.extra_min));
    }
    let network = match (c.offline_since_ms, c.last_seen_ms) {
        (Some(since), _) => format!("hors ligne depuis {}", lapse(now_ms - since)),
        (None, Some(at)) => format!("vu il y a {}", lapse((now_ms - at).max(0))),
        (None, None) => "—".into(),
    };
    Line {
        phase: c.phase_french(),
        pill: match c.phase.as_str() {
            "running" => "pill--live",
            "handed_in" => "pill--done",
            "waiting" | "ready" => "pill--wait",
            _ => "",
        },
        row: match c.phase.as_str() {
            _ if c.late > 0 || c.second_session || c.offline_since_ms.is_some() => "row--warning",
            "absent" => "row--muted",
            _ => "",
        },
        stop: c.stop.as_deref().map_or("", stop_french),
        second: c.second_session,
        href: c.attempt.map(|id| back(exam, section, &id)).unwrap_or_default(),
        number: c.number,
        name: c.name,
        place: if c.room.is_empty() { c.site } else { format!("{}, {}", c.site, c.room) },
        answered: c.answered,
        network,
        waiting: c.waiting,
        last_value: c.last_seen_ms.unwrap_or(0),
        deadline: c.deadline_ms.map_or_else(|| "—".into(), time),
        deadline_value: c.deadline_ms.unwrap_or(0),
        extra: extra.join(", "),
        late: c.late,
    }
}

/// Sites, or the rooms of the one that is chosen.
fn groups(candidates: &[&Watched], site: &str, base: &str) -> Vec<Group> {
    let mut groups: BTreeMap<(String, String), Group> = BTreeMap::new();
    for c in candidates.iter().filter(|c| site.is_empty() || c.site_id == site) {
        let key = if site.is_empty() { c.site.clone() } else { c.room.clone() };
        let group = groups.entry((key.clone(), c.site_id.clone())).or_insert_with(|| Group {
            name: if key.is_empty() { "Salle non précisée".into() } else { key },
            href: format!("{base}?centre={}", web::urlencode(&c.site_id)),
            site: c.site_id.clone(),
            room: if site.is_empty() { String::new() } else { c.room.clone() },
            ..Group::default()
        });
        group.enrolled += 1;
        group.present += usize::from(c.last_seen_ms.is_some() && c.offline_since_ms.is_none());
        group.running += usize::from(c.phase == "running");
        group.offline += usize::from(c.offline_since_ms.is_some());
        group.waiting += c.waiting;
        group.handed_in += usize::from(c.phase == "handed_in");
        group.on_break += usize::from(c.stop.as_deref() == Some("break"));
        group.second += usize::from(c.second_session);
        group.alarm |= c.stop.as_deref() == Some("alarm");
        group.paused |= c.stop.as_deref() == Some("pause");
    }
    groups.into_values().collect()
}

async fn fresh(app: &App, actor: &Actor, id: &str, section: &str, search: &Search, reach: &Reach) -> ApiResult<Fresh> {
    let paper = app.frozen_paper(id).await?;
    let (_, current) = paper.section(section).ok_or(ApiError::NotFound)?;
    let list = shared(app, id, section).await?;
    let seen: Vec<&Watched> = list.candidates.iter().filter(|c| reach.holds(&c.site_id)).collect();
    let base = back(id, section, "");
    let query = format!(
        "mots={}&phase={}&centre={}",
        web::urlencode(&search.mots),
        web::urlencode(&search.phase),
        web::urlencode(&search.centre)
    );
    let groups = groups(&seen, &search.centre, &base);
    let phases = PHASES
        .into_iter()
        .map(|(name, label)| Phase {
            name,
            label,
            count: thousands(seen.iter().filter(|c| c.phase == name).count()),
            chosen: search.phase == name,
        })
        .collect();
    let late = seen.iter().filter(|c| c.late > 0).count();
    let (now_ms, questions, enrolled) = (list.now_ms, list.questions, seen.len());
    let wanted = words(&search.mots);
    let found: Vec<&Watched> = seen
        .into_iter()
        .filter(|c| search.phase.is_empty() || c.phase == search.phase)
        .filter(|c| search.centre.is_empty() || c.site_id == search.centre)
        .filter(|c| wanted.is_empty() || matches(&wanted, &format!("{} {} {} {}", c.number, c.name, c.site, c.room)))
        .collect();
    Ok(Fresh {
        exam: id.to_owned(),
        section: section.to_owned(),
        section_title: current.title.clone(),
        csrf: actor.csrf.to_string(),
        refresh: format!("{base}/liste?{query}"),
        // Nothing moves once the exam is over.
        every: if app.live.is_kept(id) { 3 } else { 60 },
        now: time(now_ms),
        questions,
        phases,
        late: thousands(late),
        any_late: late > 0,
        enrolled,
        shown: thousands(found.len()),
        cut: found.len() > SHOWN,
        by_room: !search.centre.is_empty(),
        alarm: groups.iter().any(|g| g.alarm),
        groups,
        lines: found.into_iter().take(SHOWN).map(|c| line(id, section, now_ms, c.clone())).collect(),
    })
}

/// What is refreshed, alone.
pub async fn list(
    State(app): State<App>,
    actor: Actor,
    Path((id, section)): Path<(String, String)>,
    Query(search): Query<Search>,
) -> ApiResult<Response> {
    let reach = reach(&app, &actor, &id).await?;
    web::page(&ListPart { fresh: fresh(&app, &actor, &id, &section, &search, &reach).await? })
}

/// The live list of a section.
pub async fn watch(
    State(app): State<App>,
    actor: Actor,
    Path((id, section)): Path<(String, String)>,
    Query(search): Query<Search>,
    page: Layout,
) -> ApiResult<Response> {
    let exam = draft::exam(&app, &id).await?;
    let paper = app.frozen_paper(&id).await?;
    let (_, current) = paper.section(&section).ok_or(ApiError::NotFound)?;
    let reach = reach(&app, &actor, &id).await?;
    if !search.centre.is_empty() {
        reach.check(&search.centre)?;
    }
    let committee = is_committee(&actor);
    let mut head = head(&app, &actor, &exam, At::Watch)
        .await?
        .under("Suivi")
        .link(format!("/examens/{id}/acces"), "Entrées refusées")
        .lead(format!("Épreuve «\u{a0}{}\u{a0}».", current.title));
    if committee {
        head = head.link(format!("/examens/{id}/jour"), "Réglages du jour");
    }
    let fresh = fresh(&app, &actor, &id, &section, &search, &reach).await?;
    let sites: Vec<_> = app.store.sites(&id).await?.into_iter().filter(|s| reach.holds(&s.id)).collect();
    let rooms: BTreeSet<(String, String)> = app
        .store
        .candidates(&id)
        .await?
        .into_iter()
        .filter(|c| !c.room.is_empty())
        .map(|c| (c.site_id, c.room))
        .collect();
    let mut places = Vec::new();
    for site in &sites {
        places.push(Choice { value: site.id.clone(), label: site.name.clone(), chosen: site.id == search.centre });
        for (_, room) in rooms.iter().filter(|(s, _)| *s == site.id) {
            let label = format!("{}, salle {room}", site.name);
            places.push(Choice { value: format!("{}|{room}", site.id), label, chosen: false });
        }
    }
    let grants = time::given(&app, &actor, &id).await?;
    let grants = grants.into_iter().filter(|g| g.section_id == section).map(|g| Grant {
        when: date_time(g.at_ms),
        whom: match (&g.number, &g.room, &g.site_name) {
            (Some(number), _, _) => format!("candidat {number}"),
            (None, Some(room), Some(site)) => format!("salle {room}, centre {site}"),
            (None, _, Some(site)) => format!("centre {site}"),
            (None, _, None) => "—".into(),
        },
        what: format!("+{}\u{a0}min, {}", g.ms / 60_000, kind_french(&g.kind)),
        decided: match (g.status.as_str(), &g.decided_name) {
            ("pending", _) => "En attente du comité".into(),
            ("refused", Some(name)) => format!("Refusé par {name}"),
            ("given", Some(name)) => format!("Approuvé par {name}"),
            _ => "Donné".into(),
        },
        pending: g.status == "pending",
        id: g.id,
        reason: g.reason,
        author: g.author_name,
    });
    web::page(&WatchPage {
        page: page.titled(format!("Suivi de «\u{a0}{}\u{a0}» – {}", current.title, exam.title)),
        committee,
        section_title: current.title.clone(),
        sections: paper
            .sections
            .iter()
            .map(|s| SectionTab {
                href: back(&id, s.id.as_str(), ""),
                title: s.title.clone(),
                current: s.id.as_str() == section,
            })
            .collect(),
        grants: grants.collect(),
        reports: sites
            .iter()
            .map(|s| Choice {
                value: format!("/examens/{id}/suivi/{}/centres/{}", segment(&section), s.id),
                label: s.name.clone(),
                chosen: false,
            })
            .collect(),
        sites: sites
            .into_iter()
            .map(|s| Choice { chosen: s.id == search.centre, value: s.id, label: s.name })
            .collect(),
        places,
        section,
        fresh,
        search,
        head,
    })
}
