//! Incidents: what people report of what a machine proposed, and what the committee answers.

use super::may_govern;
use crate::app::App;
use crate::assistance::incidents::{self as rules, About, kind_french};
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult};
use crate::web::committee::Fields;
use crate::web::filters::{count, date_time};
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{Path, RawForm, State};
use axum::response::Response;

struct Said {
    body: String,
    by: String,
    at: String,
    closes: bool,
}

struct Row {
    id: String,
    kind: String,
    body: String,
    by: String,
    at: String,
    open: bool,
    proposal: Option<String>,
    entry: Option<String>,
    answers: Vec<Said>,
}

#[derive(Template)]
#[template(path = "assistance/incidents.html")]
struct IncidentsPage {
    page: Layout,
    rows: Vec<Row>,
    open: String,
    may_answer: bool,
    may_review: bool,
}

/// Incidents, those still open first.
pub async fn incidents(State(app): State<App>, actor: Actor, page: Layout) -> ApiResult<Response> {
    let rows: Vec<Row> = (rules::list(&app, &actor).await?.into_iter())
        .map(|(i, answers)| Row {
            kind: kind_french(&i.kind).to_owned(),
            body: i.body,
            by: i.person,
            at: date_time(i.at_ms),
            open: i.closed == 0,
            proposal: i.proposal_id,
            entry: i.entry_id,
            answers: (answers.into_iter())
                .map(|a| Said { body: a.body, by: a.person, at: date_time(a.at_ms), closes: a.closes == 1 })
                .collect(),
            id: i.id,
        })
        .collect();
    let open = count(rows.iter().filter(|r| r.open).count(), "incident ouvert", "incidents ouverts");
    let (may_answer, may_review) = (may_govern(&actor), super::may_review(&actor));
    web::page(&IncidentsPage { page: page.titled("Incidents de l’assistance"), rows, open, may_answer, may_review })
}

/// Reports one.
pub async fn report(State(app): State<App>, actor: Actor, RawForm(body): RawForm) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    let about = match (fields.get("question"), fields.get("proposition")) {
        ("", "") => return Err(ApiError::bad("De quelle proposition, ou de quelle question ?")),
        ("", proposal) => About::Proposal(proposal.to_owned()),
        (entry, _) => About::Entry(entry.to_owned()),
    };
    rules::report(&app, &actor, &about, fields.get("nature"), fields.get("texte")).await?;
    Ok(web::go("/assistance/incidents", "Incident signalé au comité."))
}

/// Answers one.
pub async fn answer(
    State(app): State<App>,
    actor: Actor,
    Path(incident): Path<String>,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    rules::answer(&app, &actor, &incident, fields.get("reponse"), fields.has("clore")).await?;
    Ok(web::go("/assistance/incidents", "Réponse enregistrée."))
}
