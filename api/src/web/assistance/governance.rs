//! The committee's page: switches, limits, figures, the record.

use super::Standing;
use crate::ambient;
use crate::app::App;
use crate::assistance::GENERATION;
use crate::assistance::comments::COMMENTS;
use crate::assistance::decide::reason_french;
use crate::assistance::governance::{self as rules, MOST_DAILY, Ruling};
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult};
use crate::web::committee::Fields;
use crate::web::filters::{date, date_time, thousands};
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{RawForm, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

struct Ruled {
    at: String,
    on: bool,
    reference: String,
    limits: String,
    by: String,
}

struct Row {
    model: String,
    proposals: String,
    waiting: String,
    accepted: String,
    amended: String,
    refused: String,
    again: String,
    rate: String,
    survived: String,
    time: String,
    unsupported: String,
    disagreed: String,
    tokens: String,
}

#[derive(Template)]
#[template(path = "assistance/governance.html")]
struct GovernancePage {
    page: Layout,
    function: &'static str,
    standing: Standing,
    comments: Standing,
    comments_code: &'static str,
    model: String,
    person_daily: i64,
    daily: i64,
    most: u32,
    ruled: Vec<Ruled>,
    rows: Vec<Row>,
    reasons: Vec<(String, usize)>,
    jobs: Vec<(&'static str, usize)>,
    tokens: String,
}

fn percent(part: f64) -> String {
    format!("{:.0} %", part * 100.0)
}

fn lasting(ms: i64) -> String {
    let seconds = ms / 1000;
    match (seconds / 86_400, seconds / 3_600, seconds / 60) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {:02}", minutes % 60),
        (days, hours, _) => format!("{days} j {} h", hours % 24),
    }
}

/// What machines did, and how they are ruled.
pub async fn governance(State(app): State<App>, page: Layout) -> ApiResult<Response> {
    let view = rules::overview(&app).await?;
    let mut ruled = Vec::new();
    for s in view.switches.iter().filter(|s| s.function == GENERATION.code()).take(50) {
        ruled.push(Ruled {
            at: date_time(s.at_ms),
            on: s.enabled == 1,
            reference: s.reference.clone(),
            limits: format!("{} par personne, {} en tout", s.person_daily, s.daily),
            by: app.store.person(&s.author_id).await?.map(|p| p.name).unwrap_or_default(),
        });
    }
    let number = |n: usize| thousands(n);
    let rows = view.models.into_iter().map(|(model, f)| {
        let decided = f.accepted + f.amended + f.refused + f.again;
        Row {
            model,
            proposals: number(f.proposals),
            waiting: number(f.waiting),
            accepted: number(f.accepted),
            amended: number(f.amended),
            refused: number(f.refused),
            again: number(f.again),
            rate: if decided == 0 { "—".into() } else { percent((f.accepted + f.amended) as f64 / decided as f64) },
            survived: f.survived.map_or_else(|| "—".into(), percent),
            time: f.decided_in_ms.map_or_else(|| "—".into(), lasting),
            unsupported: number(f.unsupported),
            disagreed: number(f.disagreed),
            tokens: number(usize::try_from(f.prompt_tokens + f.completion_tokens).unwrap_or(usize::MAX)),
        }
    });
    let rows = rows.collect();
    let current = view.switches.iter().find(|s| s.function == GENERATION.code());
    let model = app.models().map_or_else(String::new, |m| {
        let (writer, reader) = (m.writer.endpoint(), m.reader.endpoint());
        format!("{} rédige, {} répond sans la clé, chez {}", writer.model, reader.model, writer.host())
    });
    web::page(&GovernancePage {
        page: page.titled("Gouvernance de l’assistance"),
        function: GENERATION.label(),
        standing: Standing::of(&app).await?,
        comments: Standing::of_function(&app, COMMENTS).await?,
        comments_code: COMMENTS.code(),
        model,
        person_daily: current.map_or(20, |s| s.person_daily),
        daily: current.map_or(200, |s| s.daily),
        most: MOST_DAILY,
        ruled,
        rows,
        reasons: view.reasons.into_iter().map(|(code, n)| (reason_french(&code).to_owned(), n)).collect(),
        jobs: view.jobs.into_iter().map(|(state, n)| (super::state_french(&state), n)).collect(),
        tokens: thousands(usize::try_from(view.tokens.0 + view.tokens.1).unwrap_or(0)),
    })
}

/// Records a decision of the committee.
pub async fn rule(State(app): State<App>, actor: Actor, RawForm(body): RawForm) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    let enabled = match fields.get("etat") {
        "marche" => true,
        "arret" => false,
        _ => return Err(ApiError::bad("État inconnu.")),
    };
    let ruling = Ruling {
        enabled,
        reference: fields.get("reference").to_owned(),
        person_daily: fields.number("personne", "limite par personne")?,
        daily: fields.number("tous", "limite de tous")?,
    };
    let function = if fields.get("fonction") == COMMENTS.code() { COMMENTS } else { GENERATION };
    let stopped = rules::rule_on(&app, &actor, function, &ruling).await?;
    let said = match (enabled, stopped) {
        (true, _) => "Fonction mise en service.".to_owned(),
        (false, 0) => "Fonction arrêtée.".to_owned(),
        (false, n) => format!("Fonction arrêtée, avec {n} demande(s) en cours."),
    };
    Ok(web::go("/assistance/gouvernance", said))
}

/// The whole record, to take away.
pub async fn record(State(app): State<App>, actor: Actor) -> ApiResult<Response> {
    let record = rules::record(&app, &actor).await?;
    let text = serde_json::to_vec_pretty(&record).map_err(|e| ApiError::Internal(e.into()))?;
    let name = format!("attachment; filename=\"registre-ia-{}.json\"", date(ambient::now_ms()));
    let name = HeaderValue::from_str(&name).map_err(|e| ApiError::Internal(e.into()))?;
    let kind = HeaderValue::from_static("application/json");
    Ok(([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name)], text).into_response())
}
