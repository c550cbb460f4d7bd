//! The analysis room of an exam: what its statistics say, in words, and what a decision would change.
//!
//! A study takes from a blink to a minute: a page shows it if it is ready, and otherwise how far it is.

mod copies;
mod glance;
mod groups;
pub(super) mod question;
mod sessions;
mod simulation;
mod standards;

pub use copies::copies;
pub use glance::{overview, ranks, report_html, report_json, report_xlsx, responses, study_of};
pub use groups::groups;
pub use sessions::{Ready, comparable, compared, sessions};
pub use simulation::{decide_scenario, scenario_address, simulation};
pub use standards::thresholds;

use super::{At, Head, Link, head};
use crate::analysis::jobs::{self, Answer, Room};
use crate::analysis::study::Study;
use crate::app::App;
use crate::auth::Actor;
use crate::error::ApiResult;
use crate::exam::draft;
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;

/// How long a page waits for a study before it shows how far it is.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// Pages of the room, for its own tabs.
pub(super) const PAGES: [(&str, &str); 7] = [
    ("", "En un coup d’œil"),
    ("/modele", "Modèle de réponse"),
    ("/rangs", "Rangs"),
    ("/groupes", "Groupes"),
    ("/copies", "Copies à regarder"),
    ("/seuil", "Seuil"),
    ("/sessions", "Autre session"),
];

/// A version of the register, asked for.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    pub(super) version: Option<u32>,
    #[serde(default)]
    pub(super) reprendre: Option<String>,
}

/// Links to the other pages of the room, at the same version.
pub(super) fn links(exam: &str, path: &str, version: Option<u32>) -> Vec<Link> {
    let at = version.map(|v| format!("?version={v}")).unwrap_or_default();
    let href = |p: &str| format!("/examens/{exam}/analyse{p}{at}");
    PAGES.iter().filter(|(p, _)| *p != path).map(|(p, label)| Link { href: href(p), label }).collect()
}

#[derive(Template)]
#[template(path = "analysis/working.html")]
struct WorkingPage {
    page: Layout,
    head: Head,
    /// The exam that is studied.
    of: String,
    stopped: bool,
    stage: &'static str,
    percent: u64,
    version: String,
}

/// A study, or the page that says how far it is.
pub(super) enum Found {
    Ready(Box<(Head, Arc<Room>, Arc<Study>)>),
    Later(Response),
}

/// Looks for the study of an exam that is marked.
pub(super) async fn find(
    app: &App,
    actor: &Actor,
    exam_id: &str,
    page: &Layout,
    asked: &Asked,
    (path, heading): (&str, &str),
) -> ApiResult<Found> {
    let exam = draft::exam(app, exam_id).await?;
    let head = head(app, actor, &exam, At::Analysis).await?;
    let head = if heading.is_empty() { head } else { head.under(heading) };
    if !matches!(exam.state.as_str(), "marked" | "published") {
        return Ok(Found::Later(super::marking::unmarked(page.clone(), head, &exam)?));
    }
    if asked.reprendre.is_some() {
        // A clean address: looking again must not start again what somebody stops.
        jobs::restart(app, exam_id);
        return Ok(Found::Later(Redirect::to(&format!("/examens/{exam_id}/analyse")).into_response()));
    }
    match jobs::study(app, exam_id, asked.version, PATIENCE).await? {
        Answer::Ready(room, study) => {
            let lead = format!("Version {} du registre", room.subject.version);
            let head = Head { links: links(exam_id, path, asked.version), ..head.lead(lead) };
            Ok(Found::Ready(Box::new((head, room, study))))
        }
        late => wait(page.clone(), head, exam_id, asked.version, &late).map(Found::Later),
    }
}

/// The page that says how far the study of an exam is.
fn wait(page: Layout, head: Head, of: &str, version: Option<u32>, answer: &Answer) -> ApiResult<Response> {
    let (stopped, stage, percent) = match answer {
        Answer::Working(stage, percent) => (false, *stage, *percent),
        Answer::Stopped | Answer::Ready(..) => (true, "", 0),
    };
    let version = version.map(|v| format!("?version={v}")).unwrap_or_default();
    let of = of.to_owned();
    web::page(&WorkingPage { page: page.titled(head.document()), head, of, stopped, stage, percent, version })
}

/// How far the study is, for the page that waits.
pub async fn state(
    State(app): State<App>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> ApiResult<axum::Json<serde_json::Value>> {
    let answer = jobs::study(&app, &id, asked.version, Duration::ZERO).await?;
    Ok(axum::Json(match answer {
        Answer::Ready(..) => serde_json::json!({"state": "ready", "percent": 100}),
        Answer::Working(stage, percent) => serde_json::json!({"state": "working", "stage": stage, "percent": percent}),
        Answer::Stopped => serde_json::json!({"state": "stopped", "percent": 0}),
    }))
}

/// Stops a study.
pub async fn stop(State(app): State<App>, Path(id): Path<String>) -> ApiResult<Response> {
    draft::exam(&app, &id).await?;
    jobs::stop(&app, &id);
    Ok(web::go(&format!("/examens/{id}/analyse"), "Calcul arrêté."))
}
