//! Asking for questions, and following what becomes of it.

use super::sources::{SourceLine, levels, trust};
use super::{JobRow, Standing, address, title};
use crate::app::App;
use crate::assistance::ask::{self, Asked, Place};
use crate::assistance::reports::REPORTS;
use crate::assistance::sources::{About, bring};
use crate::auth::Actor;
use crate::bank::reach::Reach;
use crate::error::{ApiError, ApiResult};
use crate::web::committee::Fields;
use crate::web::filters::thousands;
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{Path, Query, RawForm, RawQuery, State};
use axum::response::{Html, IntoResponse, Response};
use docimo_ai::generation::{Difficulty, Form, Level as Knowing, MAX_QUESTIONS, MAX_SOURCE_CHARS};
use docimo_bank::rights::Level;
use docimo_engine::question::Rank;
use docimo_store::bank::COMMON_FOLDER;
use serde::Deserialize;

#[derive(Template)]
#[template(path = "assistance/ask.html")]
struct AskPage {
    page: Layout,
    standing: Standing,
    /// Documents in use, to choose from.
    sources: Vec<SourceLine>,
    /// Passages chosen on a document's page: value, and what they are.
    chosen: Vec<String>,
    chosen_from: String,
    kinds: Vec<(&'static str, &'static str)>,
    levels: Vec<(&'static str, &'static str)>,
    difficulties: Vec<(&'static str, &'static str)>,
    trusts: Vec<(i64, &'static str)>,
    folders: Vec<(String, String)>,
    folder: &'static str,
    variant: String,
    subject: String,
    most: u32,
    most_chars: String,
}

/// The form. Passages chosen on a document's page come with the address.
pub async fn ask_page(
    State(app): State<App>,
    actor: Actor,
    RawQuery(query): RawQuery,
    page: Layout,
) -> ApiResult<Response> {
    let query = Fields::read(query.unwrap_or_default().as_bytes());
    let sources = app.store.ai_sources().await?;
    let chosen = query.all("p");
    let mut from: Vec<&str> = chosen.iter().filter_map(|p| p.split_once(':')).map(|(id, _)| id).collect();
    from.dedup();
    let titles: Vec<&str> =
        sources.iter().filter(|s| from.contains(&s.id.as_str())).map(|s| s.title.as_str()).collect();
    let chosen_from = titles.join(" », « ");
    web::page(&AskPage {
        page: page.titled("Demander des questions"),
        standing: Standing::of(&app).await?,
        sources: sources.iter().map(SourceLine::of).filter(|s| s.usable).collect(),
        chosen,
        chosen_from,
        kinds: Form::ALL.into_iter().map(|f| (f.code(), f.french())).collect(),
        levels: Knowing::ALL.into_iter().map(|l| (l.code(), l.french())).collect(),
        difficulties: Difficulty::ALL.into_iter().map(|d| (d.code(), d.french())).collect(),
        trusts: levels(&actor),
        folders: Reach::of(&app, &actor).await?.folders_at(Level::Write),
        folder: COMMON_FOLDER,
        variant: query.get("variante").to_owned(),
        subject: query.get("sujet").to_owned(),
        most: MAX_QUESTIONS,
        most_chars: thousands(MAX_SOURCE_CHARS),
    })
}

/// Puts a request in the queue; a pasted course becomes a document first, kept with what it gives.
pub async fn ask(State(app): State<App>, actor: Actor, RawForm(body): RawForm) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    let form = Form::from_code(fields.get("type"))
        .ok_or_else(|| ApiError::wrong("type", "Choisissez un type de question."))?;
    let count = fields.number("nombre", "nombre")?;
    let level = Knowing::ALL.into_iter().find(|l| l.code() == fields.get("niveau")).unwrap_or_default();
    let difficulty = Difficulty::ALL.into_iter().find(|d| d.code() == fields.get("difficulte")).unwrap_or_default();
    let rank = match fields.get("rang") {
        "A" => Some(Rank::A),
        "B" => Some(Rank::B),
        _ => None,
    };
    let variant_of = match fields.get("variante").trim() {
        "" => None,
        name => {
            let line = app.store.entry_by_external_id(name).await?;
            Some(line.ok_or_else(|| ApiError::wrong("variante", format!("« {name} » n’est pas dans la banque.")))?.id)
        }
    };
    let mut passages = Vec::new();
    for chosen in fields.all("p") {
        let (source, number) = chosen.split_once(':').ok_or(ApiError::NotFound)?;
        passages.push(Place { source: source.to_owned(), number: number.parse().map_err(|_| ApiError::NotFound)? });
    }
    let mut whole = fields.get("source").to_owned();
    let pasted = fields.get("texte");
    if !pasted.trim().is_empty() {
        // Refused before anything is kept.
        if !crate::assistance::is_on(&app, crate::assistance::GENERATION).await? {
            return Err(ApiError::Conflict("La génération de questions est arrêtée : rien n’a été gardé.".into()));
        }
        if pasted.chars().count() > MAX_SOURCE_CHARS {
            return Err(ApiError::wrong(
                "texte",
                format!(
                    "Cours collé : {MAX_SOURCE_CHARS} caractères au plus. Importez-le comme source, puis choisissez des passages."
                ),
            ));
        }
        let about = About {
            title: fields.get("titre").to_owned(),
            origin: format!("collé par {}", actor.name),
            licence: fields.get("licence").to_owned(),
            trust: trust(&actor, fields.get("confiance")),
            ..About::default()
        };
        if about.title.trim().is_empty() {
            return Err(ApiError::wrong("titre", "Donnez un titre au cours collé."));
        }
        whole = bring(&app, &actor, "cours.md", pasted.as_bytes().to_vec(), &about).await?;
    }
    if passages.is_empty() && !whole.is_empty() {
        let rows = app.store.ai_passages(&whole).await?;
        passages.extend(rows.into_iter().map(|p| Place { source: p.source_id, number: p.number }));
    }
    let (objective, tags) = ask::subject(&app, fields.get("sujet")).await?;
    if passages.is_empty() && !objective.is_empty() {
        passages = ask::passages_on(&app, &objective).await?;
    }
    let asked =
        Asked { form, count, rank, level, difficulty, objective, tags, variant_of, remark: String::new(), passages };
    let id = ask::ask(&app, &actor, fields.get("dossier"), &asked).await?;
    Ok(web::go(&format!("/assistance/demandes/{id}"), "Demande enregistrée."))
}

struct Made {
    title: String,
    unsupported: bool,
    decided: &'static str,
    /// Where it may be read; empty where it may not.
    href: String,
}

#[derive(Template)]
#[template(path = "assistance/progress.html")]
struct ProgressPart {
    row: JobRow,
    csrf: String,
    going: bool,
    failed: bool,
    has_model: bool,
    on: bool,
    made: Vec<Made>,
    tokens: i64,
}

#[derive(Template)]
#[template(path = "assistance/job.html")]
struct JobPage {
    page: Layout,
    id: String,
    part: String,
    going: bool,
}

/// What the page of a request may be asked for.
#[derive(Debug, Deserialize)]
pub struct Part {
    partiel: Option<u8>,
}

/// How far a request is, and what it gave.
pub async fn job(
    State(app): State<App>,
    actor: Actor,
    Path(job): Path<String>,
    Query(part): Query<Part>,
    page: Layout,
) -> ApiResult<Response> {
    let job = ask::job(&app, &actor, &job).await?;
    let reach = Reach::of(&app, &actor).await?;
    let room = match (super::may_review(&actor) && reach.may(&job.folder_id, Level::Review), job.person_id == *actor.id)
    {
        (true, _) => "propositions",
        (false, true) if reach.may(&job.folder_id, Level::Write) => "mes-propositions",
        _ => "",
    };
    let mut made = Vec::new();
    for row in app.store.ai_proposals_of(&job.id).await? {
        let decided = match app.store.ai_decision(&row.id).await?.map(|d| d.verdict).as_deref() {
            None => "à relire",
            Some("accept") => "acceptée",
            Some("amend") => "acceptée, modifiée",
            Some("refuse") => "refusée",
            Some(_) => "redemandée",
        };
        let href = match room {
            "" => String::new(),
            // Whoever may read the question reads what is said of it.
            _ if row.function == REPORTS.code() => address(&row),
            "propositions" => address(&row),
            room => format!("/assistance/{room}/{}", row.id),
        };
        made.push(Made { title: title(&row)?, unsupported: row.unsupported == 1, decided, href });
    }
    let going = matches!(job.state.as_str(), "waiting" | "running");
    let function = [crate::assistance::comments::COMMENTS, REPORTS].into_iter().find(|f| f.code() == job.function);
    let standing = Standing::of_function(&app, function.unwrap_or(crate::assistance::GENERATION)).await?;
    let id = job.id.clone();
    let shown = ProgressPart {
        csrf: page.csrf.clone(),
        going,
        failed: job.state == "failed",
        has_model: standing.has_model,
        on: standing.on,
        made,
        tokens: job.prompt_tokens + job.completion_tokens,
        row: JobRow::of(job),
    };
    let html = shown.render()?;
    if part.partiel.is_some() {
        return Ok(Html(html).into_response());
    }
    web::page(&JobPage { page: page.titled("Demande de questions"), id, part: html, going })
}

/// Stops it.
pub async fn cancel(State(app): State<App>, actor: Actor, Path(job): Path<String>) -> ApiResult<Response> {
    ask::cancel(&app, &actor, &job).await?;
    Ok(web::go(&format!("/assistance/demandes/{job}"), "Demande arrêtée."))
}
