//! Reports of flaws: those that wait, and one with its decision.

use super::review::{age, facts};
use crate::ambient;
use crate::app::App;
use crate::assistance::decide::reason_french;
use crate::assistance::reports::{self, REPORTS};
use crate::auth::Actor;
use crate::bank::reach::Reach;
use crate::error::{ApiError, ApiResult};
use crate::markdown;
use crate::web::bank::editor::preview;
use crate::web::committee::Fields;
use crate::web::filters::{count, date_time};
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{Path, RawForm, State};
use axum::response::Response;
use docimo_ai::report::Flaw;

struct Line {
    id: String,
    title: String,
    flaws: usize,
    folder: String,
    age: String,
}

#[derive(Template)]
#[template(path = "assistance/reports/list.html")]
struct ListPage {
    page: Layout,
    lines: Vec<Line>,
    total: String,
}

/// The first words of what a report is about.
fn title(element: &docimo_engine::paper::Element) -> String {
    markdown::plain(element.questions().next().map(|q| q.stem.as_str()).unwrap_or_default(), 110)
}

/// Reports that wait.
pub async fn list(State(app): State<App>, actor: Actor, page: Layout) -> ApiResult<Response> {
    let reach = Reach::of(&app, &actor).await?;
    let (rows, now_ms) = (reports::waiting(&app, &reach).await?, ambient::now_ms());
    let mut lines = Vec::new();
    for row in rows.iter().take(100) {
        let proposal = reports::read(row)?;
        lines.push(Line {
            id: row.id.clone(),
            title: title(&proposal.content().element),
            flaws: proposal.content().flaws.len(),
            folder: reach.path(&row.folder_id),
            age: age(row.created_ms, now_ms),
        });
    }
    let total = count(rows.len(), "signalement attend", "signalements attendent");
    web::page(&ListPage { page: page.titled("Défauts signalés par une IA"), lines, total })
}

#[derive(Template)]
#[template(path = "assistance/reports/one.html")]
struct ReportPage {
    page: Layout,
    id: String,
    entry: String,
    title: String,
    at: String,
    student: String,
    flaws: Vec<Flaw>,
    facts: Vec<(&'static str, String)>,
    reasons: Vec<(&'static str, &'static str)>,
    may: bool,
    /// What was decided, by whom.
    decided: String,
}

/// One report.
pub async fn one(State(app): State<App>, actor: Actor, Path(id): Path<String>, page: Layout) -> ApiResult<Response> {
    let (row, proposal, entry, may) = reports::open(&app, &actor, &id).await?;
    let report = proposal.content();
    let decided = match app.store.ai_decision(&row.id).await? {
        None => String::new(),
        Some(d) => {
            let by = app.store.person(&d.reviewer_id).await?.map(|p| p.name).unwrap_or_default();
            let what = match d.verdict.as_str() {
                "refuse" => format!("Écarté ({})", reason_french(&d.reason)),
                _ => "Retenu".to_owned(),
            };
            let remark = if d.remark.is_empty() { String::new() } else { format!(" « {} »", d.remark) };
            format!("{what} par {by}, {}.{remark}", date_time(d.at_ms))
        }
    };
    web::page(&ReportPage {
        page: page.titled("Défauts signalés"),
        entry,
        title: title(&report.element),
        at: date_time(row.created_ms),
        student: preview::student(&report.element)?,
        flaws: report.flaws.clone(),
        facts: facts(proposal.provenance()),
        reasons: reports::reasons(),
        may,
        decided,
        id: row.id,
    })
}

/// Asks for a report on a question.
pub async fn ask(State(app): State<App>, actor: Actor, RawForm(body): RawForm) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    let job = reports::ask(&app, &actor, fields.get("question")).await?;
    Ok(web::go(&format!("/assistance/demandes/{job}"), "Demande enregistrée."))
}

/// Keeps a report, or leaves it.
pub async fn decide(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    let reason = match fields.get("decision") {
        "retenir" => None,
        "ecarter" => Some(fields.get("motif")),
        _ => return Err(ApiError::bad("Décision inconnue.")),
    };
    reports::decide(&app, &actor, &id, reason, fields.get("remarque")).await?;
    let said = if reason.is_none() { "Retenu : il paraît sur la page de la question." } else { "Écarté." };
    Ok(web::go("/assistance/defauts", said))
}

/// Is the function on, for the button of a question's page?
pub async fn is_offered(app: &App) -> ApiResult<bool> {
    Ok(app.models().is_some() && crate::assistance::is_on(app, REPORTS).await?)
}
