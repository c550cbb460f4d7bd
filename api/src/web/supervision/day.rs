//! Settings of the day, and who watches which site.

use crate::app::App;
use crate::auth::Actor;
use crate::error::ApiResult;
use crate::exam::draft;
use crate::exam::supervision::day::{self, Day};
use crate::web::committee::{At, Fields, Head, head};
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{Path, RawForm, State};
use axum::response::Response;

struct Site {
    id: String,
    name: String,
    chosen: bool,
}

struct Watcher {
    person: String,
    name: String,
    sites: Vec<Site>,
}

#[derive(Template)]
#[template(path = "supervision/day.html")]
struct DayPage {
    page: Layout,
    head: Head,
    approval: String,
    waits: bool,
    watchers: Vec<Watcher>,
}

/// The settings of an exam's day.
pub async fn day_page(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    page: Layout,
) -> ApiResult<Response> {
    let exam = draft::exam(&app, &id).await?;
    let day = day::day(&app, &id).await?;
    let head = head(&app, &actor, &exam, At::Watch).await?.under("Réglages du jour");
    let sites = app.store.sites(&id).await?;
    let watchers = day::watchers(&app, &id).await?.into_iter().map(|w| Watcher {
        sites: sites
            .iter()
            .map(|s| Site { id: s.id.clone(), name: s.name.clone(), chosen: w.sites.contains(&s.id) })
            .collect(),
        person: w.person,
        name: w.name,
    });
    web::page(&DayPage {
        page: page.titled(head.document()),
        approval: day.approval_minutes.map_or_else(String::new, |m| m.to_string()),
        waits: day.second_machine == "wait",
        watchers: watchers.collect(),
        head,
    })
}

/// Changes them.
pub async fn set_day(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    let approval_minutes = match fields.get("approval").trim() {
        "" => None,
        _ => Some(fields.number("approval", "minutes sans approbation")?),
    };
    let wanted = Day { approval_minutes, second_machine: fields.get("second").to_owned() };
    day::set_day(&app, &actor, &id, &wanted).await?;
    Ok(web::go(&format!("/examens/{id}/jour"), "Réglages enregistrés."))
}

/// Limits a supervisor to sites.
pub async fn set_watcher(
    State(app): State<App>,
    actor: Actor,
    Path((id, person)): Path<(String, String)>,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    day::set_watcher(&app, &actor, &id, &person, &Fields::read(&body).all("site")).await?;
    Ok(web::go(&format!("/examens/{id}/jour"), "Centres du surveillant enregistrés."))
}
