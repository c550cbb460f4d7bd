//! Sites, opening and closing.

use super::{At, Fields, Head, count, head, is_committee, is_room_staff, segment};
use crate::app::App;
use crate::auth::Actor;
use crate::error::ApiResult;
use crate::exam::supervision::reach;
use crate::exam::{draft, life};
use crate::web::filters::{date_time, duration, thousands};
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{Path, RawForm, State};
use axum::response::Response;
use docimo_store::exams::Sitting;
use std::collections::HashMap;

/// A site with how many are enrolled there.
struct SiteName {
    id: String,
    name: String,
    candidates: String,
    can_remove: bool,
}

struct SiteLine {
    id: String,
    name: String,
    candidates: String,
    state: &'static str,
    pill: &'static str,
    opened: String,
    closed: String,
    compensation: String,
    can_open: bool,
    can_close: bool,
    again: bool,
}

struct SectionBlock {
    id: String,
    title: String,
    duration: String,
    watch: String,
    sites: Vec<SiteLine>,
    can_open_all: bool,
    can_close_all: bool,
}

#[derive(Template)]
#[template(path = "committee/sites.html")]
struct SitesPage {
    page: Layout,
    head: Head,
    committee: bool,
    room_staff: bool,
    draft: bool,
    can_finish: bool,
    still_open: usize,
    over: bool,
    no_candidate: bool,
    sections: Vec<SectionBlock>,
    names: Vec<SiteName>,
}

fn line(sitting: Option<&Sitting>, id: &str, name: &str, candidates: usize, may_change: bool) -> SiteLine {
    let opened = sitting.and_then(|s| s.opened_ms);
    let closed = sitting.and_then(|s| s.closed_ms);
    let running = opened.is_some() && closed.is_none();
    let (state, pill) = match (opened, closed) {
        (None, _) => ("À ouvrir", "pill--wait"),
        (Some(_), None) => ("Ouvert", "pill--live"),
        (Some(_), Some(_)) => ("Clos", "pill--done"),
    };
    SiteLine {
        id: id.to_owned(),
        name: name.to_owned(),
        candidates: thousands(candidates),
        state,
        pill,
        opened: opened.map_or_else(|| "—".into(), date_time),
        closed: closed.map_or_else(|| "—".into(), date_time),
        compensation: match sitting.map_or(0, |s| s.compensation_ms / 60_000) {
            0 => "—".into(),
            minutes => format!("+{minutes}\u{a0}min"),
        },
        can_open: may_change && !running,
        can_close: may_change && running,
        again: closed.is_some(),
    }
}

/// State of each section at each site, with what opens and closes them.
pub async fn sites_page(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    page: Layout,
) -> ApiResult<Response> {
    let exam = draft::exam(&app, &id).await?;
    let mut head = head(&app, &actor, &exam, At::Sites).await?;
    if is_committee(&actor) {
        head = head.link(format!("/examens/{id}/navigateur"), "Navigateur et adresses");
    }
    if is_room_staff(&actor) {
        head = head.link(format!("/examens/{id}/acces"), "Entrées refusées");
    }
    let paper = draft::paper(&app, &id).await?;
    let reach = reach(&app, &actor, &id).await?;
    let mut sites = app.store.sites(&id).await?;
    sites.retain(|s| reach.holds(&s.id));
    let sittings = app.store.sittings(&id).await?;
    let mut seats: HashMap<String, usize> = HashMap::new();
    for candidate in app.store.candidates(&id).await? {
        *seats.entry(candidate.site_id).or_default() += 1;
    }
    let live = matches!(exam.state.as_str(), "frozen" | "open" | "closed");
    let may_change = live && is_committee(&actor);
    let sections = paper
        .sections
        .iter()
        .map(|section| {
            let lines: Vec<SiteLine> = sites
                .iter()
                .map(|site| {
                    let own = |s: &&Sitting| s.site_id == site.id && s.section_id == section.id.as_str();
                    let seats = seats.get(&site.id).copied().unwrap_or(0);
                    line(sittings.iter().find(own), &site.id, &site.name, seats, may_change)
                })
                .collect();
            SectionBlock {
                id: section.id.to_string(),
                title: section.title.clone(),
                duration: duration(section.duration_minutes),
                watch: format!("/examens/{id}/suivi/{}", segment(section.id.as_str())),
                can_open_all: lines.iter().any(|l| l.can_open),
                can_close_all: lines.iter().any(|l| l.can_close),
                sites: lines,
            }
        })
        .collect();
    let still_open = sittings.iter().filter(|s| s.opened_ms.is_some() && s.closed_ms.is_none()).count();
    web::page(&SitesPage {
        page: page.titled(head.document()),
        head,
        committee: is_committee(&actor),
        room_staff: is_room_staff(&actor),
        draft: exam.state == "draft",
        can_finish: exam.state == "open" && is_committee(&actor),
        still_open,
        over: matches!(exam.state.as_str(), "marked" | "published"),
        no_candidate: seats.is_empty(),
        sections,
        names: sites
            .into_iter()
            .map(|s| {
                let n = seats.get(&s.id).copied().unwrap_or(0);
                let used = n > 0 || sittings.iter().any(|t| t.site_id == s.id);
                SiteName { candidates: count(n, "candidat", "candidats"), can_remove: !used, id: s.id, name: s.name }
            })
            .collect(),
    })
}

/// Adds a site.
pub async fn add_site(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    life::add_site(&app, &actor, &id, Fields::read(&body).get("name")).await?;
    Ok(web::go(&format!("/examens/{id}/centres"), "Centre ajouté."))
}

/// Removes a site that serves nobody.
pub async fn remove_site(
    State(app): State<App>,
    actor: Actor,
    Path((id, site)): Path<(String, String)>,
) -> ApiResult<Response> {
    life::remove_site(&app, &actor, &id, &site).await?;
    Ok(web::go(&format!("/examens/{id}/centres"), "Centre retiré."))
}

/// Opens a section at some sites, or at all.
pub async fn open(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    life::open(&app, &actor, &id, fields.get("section"), &fields.all("site")).await?;
    Ok(web::go(&format!("/examens/{id}/centres"), "Épreuve ouverte."))
}

/// Closes a section at some sites, or at all.
pub async fn close(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    life::close(&app, &actor, &id, fields.get("section"), &fields.all("site")).await?;
    Ok(web::go(&format!("/examens/{id}/centres"), "Épreuve close."))
}

/// Ends the exam.
pub async fn finish(State(app): State<App>, actor: Actor, Path(id): Path<String>) -> ApiResult<Response> {
    life::finish(&app, &actor, &id).await?;
    Ok(web::go(&format!("/examens/{id}"), "Examen terminé. Vous pouvez le noter."))
}
