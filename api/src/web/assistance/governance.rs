//! The committee's pages: switches, limits, figures, what became of accepted questions, the record.

use super::review::age;
use crate::ambient;
use crate::app::App;
use crate::assistance::decide::reason_french;
use crate::assistance::disclosure::{self, Disclosure, MARK};
use crate::assistance::governance::{self as rules, MOST_DAILY, Ruling};
use crate::assistance::quality::{self as after, Items, Mean};
use crate::auth::Actor;
use crate::bank::reach::Reach;
use crate::error::{ApiError, ApiResult};
use crate::web::committee::Fields;
use crate::web::filters::{count, date, date_time, thousands};
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::body::Body;
use axum::extract::{RawForm, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use docimo_ai::proposal::Function;
use docimo_ai::provider::Client;
use docimo_store::ai::review::Figure;

struct Ruled {
    at: String,
    on: bool,
    reference: String,
    limits: String,
    by: String,
}

struct Row {
    model: String,
    folder: String,
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

/// All that is shown of one function.
struct FunctionView {
    code: &'static str,
    name: String,
    on: bool,
    person_daily: i64,
    daily: i64,
    ruled: Vec<Ruled>,
    rows: Vec<Row>,
    by_folder: Vec<Row>,
    reasons: Vec<(String, i64)>,
    requests: String,
    waits: String,
}

struct DutyRow {
    name: String,
    week: i64,
    month: i64,
    in_reach: i64,
}

#[derive(Template)]
#[template(path = "assistance/governance.html")]
struct GovernancePage {
    page: Layout,
    functions: Vec<FunctionView>,
    model: String,
    most: u32,
    duties: Vec<DutyRow>,
    choices: Vec<(&'static str, &'static str, bool)>,
    mark: &'static str,
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

fn number(n: i64) -> String {
    thousands(usize::try_from(n).unwrap_or(0))
}

fn row(f: &Figure, folder: String) -> Row {
    let taken = f.accepted + f.amended;
    let decided = taken + f.refused + f.again;
    Row {
        model: format!("{} ({})", f.model, f.provider),
        folder,
        proposals: number(f.proposals),
        waiting: number(f.waiting),
        accepted: number(f.accepted),
        amended: number(f.amended),
        refused: number(f.refused),
        again: number(f.again),
        rate: if decided == 0 { "—".into() } else { percent(taken as f64 / decided as f64) },
        survived: f.survived.map_or_else(|| "—".into(), percent),
        time: f.decided_in_ms.map_or_else(|| "—".into(), |ms| lasting(ms as i64)),
        unsupported: number(f.unsupported),
        disagreed: number(f.disagreed),
        tokens: number(f.prompt_tokens.saturating_add(f.completion_tokens)),
    }
}

/// What machines did, and how they are ruled.
pub async fn governance(State(app): State<App>, actor: Actor, page: Layout) -> ApiResult<Response> {
    let view = rules::overview(&app).await?;
    let reach = Reach::of(&app, &actor).await?;
    let now_ms = ambient::now_ms();
    let mut functions = Vec::new();
    for function in Function::ALL {
        let code = function.code();
        let current = view.switches.iter().find(|s| s.function == code);
        let mut ruled = Vec::new();
        for s in view.switches.iter().filter(|s| s.function == code).take(50) {
            ruled.push(Ruled {
                at: date_time(s.at_ms),
                on: s.enabled == 1,
                reference: s.reference.clone(),
                limits: format!("{} par personne, {} en tout", s.person_daily, s.daily),
                by: app.store.person(&s.author_id).await?.map(|p| p.name).unwrap_or_default(),
            });
        }
        let requests: Vec<String> = (view.requests.iter().filter(|r| r.function == code))
            .map(|r| format!("{} {}", number(r.requests), super::state_french(&r.state)))
            .collect();
        let tokens: i64 = view.requests.iter().filter(|r| r.function == code).map(|r| r.tokens).sum();
        let piles = || view.piles.iter().filter(|p| p.function == code);
        let waiting = usize::try_from(piles().map(|p| p.waiting).sum::<i64>()).unwrap_or(0);
        let oldest = piles().map(|p| p.oldest_ms).min();
        let folder_name = |id: &str| match reach.path(id) {
            path if path.is_empty() => "dossier supprimé".to_owned(),
            path => path,
        };
        functions.push(FunctionView {
            code,
            name: web::filters::capital(function.label()),
            on: current.is_some_and(|s| s.enabled == 1),
            person_daily: current.map_or(20, |s| s.person_daily),
            daily: current.map_or(200, |s| s.daily),
            ruled,
            rows: view.models.iter().filter(|f| f.function == code).map(|f| row(f, String::new())).collect(),
            by_folder: (view.folders.iter().filter(|f| f.function == code))
                .map(|f| row(f, folder_name(&f.folder_id)))
                .collect(),
            reasons: (view.reasons.iter().filter(|(f, _, _)| f == code))
                .map(|(_, reason, n)| (reason_french(reason).to_owned(), *n))
                .collect(),
            requests: match requests.is_empty() {
                true => String::new(),
                false => format!("Demandes : {} ; {} jetons en tout.", requests.join(", "), number(tokens)),
            },
            waits: match oldest {
                None => String::new(),
                Some(ms) => format!(
                    "{}, la plus ancienne depuis {}.",
                    count(waiting, "proposition attend", "propositions attendent"),
                    age(ms, now_ms)
                ),
            },
        });
    }
    let model = app.models().map_or_else(String::new, |m| {
        let of = |client: &Client| format!("{} ({})", client.endpoint().model, client.endpoint().host());
        format!(
            "{} rédige, {} répond sans la clé, {} commente, {} reclasse les étiquettes",
            of(&m.writer),
            of(&m.reader),
            of(&m.commenter),
            of(&m.tagger)
        )
    });
    let duties = (rules::duties(&app, &view.piles).await?.into_iter())
        .map(|d| DutyRow { name: d.name, week: d.week, month: d.month, in_reach: d.in_reach })
        .collect();
    let chosen = disclosure::chosen(&app.store).await?;
    web::page(&GovernancePage {
        page: page.titled("Gouvernance de l’assistance"),
        functions,
        model,
        most: MOST_DAILY,
        duties,
        choices: Disclosure::ALL.into_iter().map(|d| (d.code(), d.french(), d == chosen)).collect(),
        mark: MARK,
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
    let function = rules::function(fields.get("fonction"))?;
    let ruling = Ruling {
        function,
        enabled,
        reference: fields.get("reference").to_owned(),
        person_daily: fields.number("personne", "limite par personne")?,
        daily: fields.number("tous", "limite de tous")?,
    };
    let stopped = rules::rule(&app, &actor, &ruling).await?;
    let name = web::filters::capital(function.label());
    let said = match (enabled, stopped) {
        (true, _) => format!("{name} : mise en service."),
        (false, 0) => format!("{name} : arrêtée."),
        (false, n) => format!("{name} : arrêtée, avec {n} demande(s) en cours."),
    };
    Ok(web::go("/assistance/gouvernance", said))
}

/// Records where students read that a machine wrote a question.
pub async fn disclose(State(app): State<App>, actor: Actor, RawForm(body): RawForm) -> ApiResult<Response> {
    let choice = disclosure::choose(&app, &actor, Fields::read(&body).get("mention")).await?;
    Ok(web::go("/assistance/gouvernance", format!("Mention aux étudiants : {}.", choice.french())))
}

struct Compared {
    what: &'static str,
    p: String,
    p_n: String,
    r: String,
    r_n: String,
}

struct EscapedRow {
    id: String,
    name: String,
    title: String,
    what: Vec<String>,
}

#[derive(Template)]
#[template(path = "assistance/quality.html")]
struct QualityPage {
    page: Layout,
    compared: Vec<Compared>,
    few: bool,
    least: i64,
    exams: Vec<(String, String)>,
    escaped: Vec<EscapedRow>,
}

fn shown(mean: Option<Mean>) -> (String, String) {
    let Some(m) = mean else { return ("—".into(), "0".into()) };
    let decimal = |v: f64| format!("{v:.2}").replace('.', ",").replace('-', "−");
    let interval = m.interval.map_or_else(String::new, |(l, h)| format!(" [{} ; {}]", decimal(l), decimal(h)));
    (format!("{}{interval}", decimal(m.mean)), number(m.n))
}

/// What became of accepted questions once they were sat.
pub async fn quality(State(app): State<App>, page: Layout) -> ApiResult<Response> {
    let found = after::quality(&app).await?;
    let line = |what, items: &Items| {
        let ((p, p_n), (r, r_n)) = (shown(items.p), shown(items.r));
        Compared { what, p, p_n, r, r_n }
    };
    web::page(&QualityPage {
        page: page.titled("Après l’acceptation"),
        compared: vec![line("Nées d’une IA", &found.machine), line("Écrites par des personnes", &found.people)],
        few: found.few,
        least: after::FEW,
        exams: found.exams,
        escaped: (found.escaped.into_iter())
            .map(|e| EscapedRow { id: e.entry_id, name: e.name, title: e.title, what: e.what })
            .collect(),
    })
}

/// The whole record, to take away: read while it is sent.
pub async fn record(State(app): State<App>, actor: Actor) -> ApiResult<Response> {
    let name = format!("attachment; filename=\"registre-ia-{}.json\"", date(ambient::now_ms()));
    let name = HeaderValue::from_str(&name).map_err(|e| ApiError::Internal(e.into()))?;
    let kind = HeaderValue::from_static("application/json");
    let body = Body::from_stream(rules::record(&app, &actor));
    Ok(([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name)], body).into_response())
}
