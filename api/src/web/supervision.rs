//! The supervisor's desk: who composes, who is late, time to give, sheets to give back.

use super::committee::{At, Fields, Head, head, matches, segment, words};
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult};
use crate::exam::draft;
use crate::exam::life::{self, TimeForm};
use crate::exam::live::desk::{Watched, monitor};
use crate::web::filters::{date_time, thousands, time};
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{Path, Query, RawForm, State};
use axum::response::Response;
use serde::Deserialize;

struct Phase {
    name: &'static str,
    label: &'static str,
    count: String,
    chosen: bool,
}

struct Line {
    attempt: String,
    number: String,
    name: String,
    site: String,
    phase: &'static str,
    pill: &'static str,
    row: &'static str,
    answered: i64,
    last: String,
    last_value: i64,
    deadline: String,
    deadline_value: i64,
    extra: String,
    late: i64,
    handed_in: bool,
}

struct SectionTab {
    href: String,
    title: String,
    current: bool,
}

struct Grant {
    when: String,
    whom: String,
    what: String,
    reason: String,
    author: String,
}

struct SiteChoice {
    id: String,
    name: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "supervision/watch.html")]
struct WatchPage {
    page: Layout,
    head: Head,
    section: String,
    section_title: String,
    sections: Vec<SectionTab>,
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
    lines: Vec<Line>,
    search: Search,
    sites: Vec<SiteChoice>,
    whom: Option<(String, String)>,
    give_back: Option<(String, String)>,
    grants: Vec<Grant>,
}

/// What the desk shows.
#[derive(Debug, Default, Deserialize)]
pub struct Search {
    #[serde(default)]
    mots: String,
    #[serde(default)]
    phase: String,
    #[serde(default)]
    centre: String,
    /// Sheet chosen for extra time.
    #[serde(default)]
    temps: String,
    /// Sheet chosen to be given back.
    #[serde(default)]
    rendre: String,
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

fn line(c: Watched) -> Line {
    let mut extra = Vec::new();
    if c.accommodation_min > 0 {
        extra.push(format!("aménagement +{}\u{a0}min", c.accommodation_min));
    }
    if c.extra_min > 0 {
        extra.push(format!("donné +{}\u{a0}min", c.extra_min));
    }
    Line {
        phase: c.phase_french(),
        pill: match c.phase.as_str() {
            "running" => "pill--live",
            "handed_in" => "pill--done",
            "waiting" | "ready" => "pill--wait",
            _ => "",
        },
        row: match c.phase.as_str() {
            _ if c.late > 0 => "row--warning",
            "absent" => "row--muted",
            _ => "",
        },
        handed_in: c.phase == "handed_in",
        attempt: c.attempt.unwrap_or_default(),
        number: c.number,
        name: c.name,
        site: c.site,
        answered: c.answered,
        last: c.last_seen_ms.map_or_else(|| "—".into(), time),
        last_value: c.last_seen_ms.unwrap_or(0),
        deadline: c.deadline_ms.map_or_else(|| "—".into(), time),
        deadline_value: c.deadline_ms.unwrap_or(0),
        extra: extra.join(", "),
        late: c.late,
    }
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
    let monitor = monitor(&app, &id, &section, None).await?;
    let base = format!("/examens/{id}/suivi/{}", segment(&section));
    let refresh = format!(
        "{base}?mots={}&phase={}&centre={}",
        web::urlencode(&search.mots),
        web::urlencode(&search.phase),
        web::urlencode(&search.centre)
    );
    let head = head(&app, &actor, &exam, At::Watch)
        .await?
        .under("Suivi")
        .lead(format!("Épreuve «\u{a0}{}\u{a0}».", current.title));
    let phases = PHASES
        .into_iter()
        .map(|(name, label)| Phase { name, label, count: thousands(monitor.count(name)), chosen: search.phase == name })
        .collect();
    let sites = app.store.sites(&id).await?;
    let site_name = sites.iter().find(|s| s.id == search.centre).map(|s| s.name.clone());
    let named = |attempt: &str| {
        let found = monitor.candidates.iter().find(|c| c.attempt.as_deref() == Some(attempt))?;
        Some((attempt.to_owned(), format!("{} ({})", found.name, found.number)))
    };
    let (whom, give_back) = (named(&search.temps), named(&search.rendre));
    let late = monitor.candidates.iter().filter(|c| c.late > 0).count();
    let (now, questions, enrolled) = (time(monitor.now_ms), monitor.questions, monitor.candidates.len());
    let wanted = words(&search.mots);
    let found: Vec<Watched> = monitor
        .candidates
        .into_iter()
        .filter(|c| search.phase.is_empty() || c.phase == search.phase)
        .filter(|c| site_name.as_ref().is_none_or(|name| c.site == *name))
        .filter(|c| matches(&wanted, &format!("{} {} {}", c.number, c.name, c.site)))
        .collect();
    let grants = app
        .store
        .grants(&id)
        .await?
        .into_iter()
        .filter(|g| g.section_id == section)
        .map(|g| Grant {
            when: date_time(g.at_ms),
            whom: match (g.number, g.site_name) {
                (Some(number), _) => format!("candidat {number}"),
                (None, Some(site)) => format!("centre {site}"),
                (None, None) => "—".into(),
            },
            what: format!(
                "+{}\u{a0}min, {}",
                g.ms / 60_000,
                if g.kind == "compensation" { "compensation d’incident" } else { "temps accordé" }
            ),
            reason: g.reason,
            author: g.author_name,
        })
        .collect();
    web::page(&WatchPage {
        page: page.titled(format!("Suivi de «\u{a0}{}\u{a0}» – {}", current.title, exam.title)),
        head,
        section_title: current.title.clone(),
        sections: paper
            .sections
            .iter()
            .map(|s| SectionTab {
                href: format!("/examens/{id}/suivi/{}", segment(s.id.as_str())),
                title: s.title.clone(),
                current: s.id.as_str() == section,
            })
            .collect(),
        section,
        refresh,
        // Nothing moves once the exam is over.
        every: if exam.state == "open" { 5 } else { 60 },
        now,
        questions,
        phases,
        late: thousands(late),
        any_late: late > 0,
        enrolled,
        shown: thousands(found.len()),
        cut: found.len() > SHOWN,
        lines: found.into_iter().take(SHOWN).map(line).collect(),
        sites: sites
            .into_iter()
            .map(|s| SiteChoice { chosen: s.id == search.centre, id: s.id, name: s.name })
            .collect(),
        search,
        whom,
        give_back,
        grants,
    })
}

/// Gives time to a candidate or a site.
pub async fn give_time(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    let form = TimeForm {
        section: fields.get("section").to_owned(),
        attempt: fields.get("attempt").to_owned(),
        site: fields.get("site").to_owned(),
        kind: fields.get("kind").to_owned(),
        minutes: fields.number("minutes", "minutes")?,
        reason: fields.get("reason").to_owned(),
    };
    life::give_time(&app, &actor, &id, &form).await?;
    let message =
        format!("{}\u{a0}min données. Les horloges des candidats concernés avancent d’elles-mêmes.", form.minutes);
    Ok(web::go(&format!("/examens/{id}/suivi/{}", segment(&form.section)), message))
}

/// Gives a sheet back to its candidate.
pub async fn reopen(
    State(app): State<App>,
    actor: Actor,
    Path(attempt): Path<String>,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    let exam = life::reopen(&app, &actor, &attempt, fields.get("reason")).await?;
    let path = match fields.get("section") {
        "" => format!("/examens/{exam}"),
        section => format!("/examens/{exam}/suivi/{}", segment(section)),
    };
    Ok(web::go(&path, "Copie rendue au candidat."))
}
