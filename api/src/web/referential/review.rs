//! Tags that a version dropped, each with what it could become.

use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult};
use crate::referential::review::{self, Waiting};
use crate::web::layout::Layout;
use crate::web::{self, filters};
use askama::Template;
use axum::extract::{Form, State};
use axum::response::Response;
use serde::Deserialize;

struct WaitingRow {
    id: usize,
    waiting: Waiting,
    href: String,
}

struct DecidedRow {
    tag: String,
    now: String,
    by: String,
    at: String,
}

#[derive(Template)]
#[template(path = "referential/review.html")]
struct ReviewPage {
    page: Layout,
    rows: Vec<WaitingRow>,
    decided: Vec<DecidedRow>,
}

/// Most past decisions on the page.
const MOST: usize = 100;

/// What waits, and what was decided.
pub async fn review_page(State(app): State<App>, page: Layout) -> ApiResult<Response> {
    let rows = review::waiting(&app.store).await?;
    let mut decided = Vec::new();
    let mut slugs: Vec<String> = app.store.referentials().await?.into_iter().map(|line| line.slug).collect();
    // Tags of the older list are decided without any objective imported.
    slugs.push(crate::referential::NATIONAL.to_owned());
    slugs.sort_unstable();
    slugs.dedup();
    for slug in slugs {
        decided.extend(app.store.follows(&slug).await?.into_iter().take(MOST).map(|f| DecidedRow {
            now: if f.target.is_empty() { "gardée telle quelle".into() } else { f.target },
            by: f.author_name.unwrap_or_else(|| "la nouvelle version".into()),
            at: filters::date_time(f.at_ms),
            tag: f.tag,
        }));
    }
    let row = |(id, waiting): (usize, Waiting)| WaitingRow { id, href: super::questions_href(&waiting.tag), waiting };
    web::page(&ReviewPage {
        page: page.titled("Étiquettes à revoir"),
        rows: rows.into_iter().enumerate().map(row).collect(),
        decided,
    })
}

/// A decision.
#[derive(Deserialize)]
pub struct Decision {
    etiquette: String,
    #[serde(default)]
    vers: String,
    #[serde(default)]
    autre: String,
    action: String,
}

/// Decides of one tag.
pub async fn decide(State(app): State<App>, actor: Actor, Form(form): Form<Decision>) -> ApiResult<Response> {
    let target = if form.autre.trim().is_empty() { form.vers.trim() } else { form.autre.trim() };
    let (target, said) = match form.action.as_str() {
        "suivre" if target.is_empty() => {
            return Err(ApiError::wrong("nouvelle étiquette", "choisissez une étiquette, ou écrivez-en une"));
        }
        "suivre" => (Some(target), format!("« {} » compte désormais pour « {target} ».", form.etiquette)),
        "garder" => (Some(""), format!("« {} » est gardée telle quelle.", form.etiquette)),
        "reprendre" => (None, format!("« {} » est de nouveau à revoir.", form.etiquette)),
        _ => return Err(ApiError::bad("Action inconnue.")),
    };
    review::decide(&app.store, &form.etiquette, target, &actor.id).await?;
    Ok(web::go("/referentiel/revue", said))
}
