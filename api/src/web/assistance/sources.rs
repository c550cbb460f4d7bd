//! Documents that may be leaned on.

use super::may_review;
use crate::ambient;
use crate::app::App;
use crate::assistance::retrieve;
use crate::assistance::sources::{self, About};
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult};
use crate::web::committee::Fields;
use crate::web::filters::{date, date_time, day, thousands};
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::multipart::Multipart;
use axum::extract::{Path, Query, RawForm, State};
use axum::response::Response;
use docimo_ai::proposal::Trust;
use docimo_ai::sources::place;
use docimo_store::ai::SourceRow;
use serde::Deserialize;

pub(super) struct SourceLine {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) about: String,
    pub(super) licence: String,
    pub(super) trust: &'static str,
    pub(super) usable: bool,
    pub(super) until: String,
    pub(super) at: String,
}

impl SourceLine {
    pub(super) fn of(source: &SourceRow) -> Self {
        let about = [&source.origin, &source.edition, &source.published];
        let about: Vec<&str> =
            about.into_iter().map(String::as_str).filter(|t| !t.is_empty() && *t != source.title).collect();
        Self {
            id: source.id.clone(),
            title: source.title.clone(),
            about: about.join(", "),
            licence: source.licence.clone(),
            trust: Trust::from_number(source.trust).label(),
            usable: source.is_usable(ambient::now_ms()),
            until: source.expires_ms.map(|ms| day(ms - 1)).unwrap_or_default(),
            at: date_time(source.imported_ms),
        }
    }
}

/// Levels that someone may give: number, French.
pub(super) fn levels(actor: &Actor) -> Vec<(i64, &'static str)> {
    let most = most(actor);
    Trust::ALL.into_iter().filter(|t| *t <= most).map(|t| (t.number(), t.label())).collect()
}

/// An author vouches for a course; that it was reviewed, or is official, a reviewer says.
fn most(actor: &Actor) -> Trust {
    if may_review(actor) { Trust::Official } else { Trust::Teaching }
}

pub(super) fn trust(actor: &Actor, text: &str) -> Trust {
    Trust::from_number(text.trim().parse().unwrap_or(0)).min(most(actor))
}

#[derive(Template)]
#[template(path = "assistance/sources.html")]
struct SourcesPage {
    page: Layout,
    sources: Vec<SourceLine>,
    levels: Vec<(i64, &'static str)>,
    query: String,
    found: Vec<FoundView>,
}

/// A passage that a search found.
struct FoundView {
    value: String,
    source: String,
    title: String,
    number: i64,
    place: String,
    trust: &'static str,
    paragraphs: Vec<String>,
}

/// What is looked for.
#[derive(Debug, Deserialize)]
pub struct Looked {
    #[serde(default)]
    q: String,
}

/// Passages shown of a search.
const FOUND: usize = 20;

/// The list, and how to add to it.
pub async fn list(
    State(app): State<App>,
    actor: Actor,
    Query(looked): Query<Looked>,
    page: Layout,
) -> ApiResult<Response> {
    let query: String = looked.q.trim().chars().take(500).collect();
    let mut found = Vec::new();
    if !query.is_empty() {
        for f in retrieve::find(&app, &query, FOUND, Trust::Unassessed).await? {
            found.push(FoundView {
                value: format!("{}:{}", f.source.id, f.passage.number),
                title: f.source.title,
                source: f.source.id,
                number: f.passage.number,
                place: place(f.passage.page.and_then(|n| u32::try_from(n).ok()), &f.passage.section),
                trust: Trust::from_number(f.source.trust).label(),
                paragraphs: f.passage.body.lines().map(str::to_owned).collect(),
            });
        }
    }
    web::page(&SourcesPage {
        page: page.titled("Sources de l’assistance"),
        sources: app.store.ai_sources().await?.iter().map(SourceLine::of).collect(),
        levels: levels(&actor),
        query,
        found,
    })
}

/// Brings a document, as a file or pasted.
pub async fn bring(State(app): State<App>, actor: Actor, mut form: Multipart) -> ApiResult<Response> {
    let unreadable = |_| ApiError::bad("Le formulaire reçu est incomplet. Recommencez.");
    let (mut file, mut bytes, mut pasted, mut about) = (String::new(), Vec::new(), String::new(), About::default());
    while let Some(field) = form.next_field().await.map_err(unreadable)? {
        let name = field.name().unwrap_or_default().to_owned();
        if name == "fichier" {
            file = field.file_name().unwrap_or_default().to_owned();
            bytes = field.bytes().await.map_err(unreadable)?.to_vec();
            continue;
        }
        let text = field.text().await.map_err(unreadable)?;
        match name.as_str() {
            "texte" => pasted = text,
            "titre" => about.title = text,
            "origine" => about.origin = text,
            "edition" => about.edition = text,
            "date" => about.date = text,
            "licence" => about.licence = text,
            "expiration" => about.expires = text,
            "confiance" => about.trust = trust(&actor, &text),
            _ => {}
        }
    }
    if bytes.is_empty() {
        if pasted.trim().is_empty() {
            return Err(ApiError::wrong("fichier", "Choisissez un fichier ou collez un texte."));
        }
        if about.title.trim().is_empty() {
            return Err(ApiError::wrong("titre", "Donnez un titre au texte collé."));
        }
        (file, bytes) = ("texte collé.md".into(), pasted.into_bytes());
    }
    let id = sources::bring(&app, &actor, &file, bytes, &about).await?;
    Ok(web::go(&format!("/assistance/sources/{id}"), "Source importée. Vérifiez que son texte a été bien lu."))
}

struct PassageView {
    number: i64,
    place: String,
    paragraphs: Vec<String>,
}

#[derive(Template)]
#[template(path = "assistance/source.html")]
struct SourcePage {
    page: Layout,
    line: SourceLine,
    chars: String,
    hash: String,
    expires: String,
    trust: i64,
    withdrawn: bool,
    passages: Vec<PassageView>,
    levels: Vec<(i64, &'static str)>,
    may_review: bool,
}

/// One document, whole: what was read of it.
pub async fn source(
    State(app): State<App>,
    actor: Actor,
    Path(source): Path<String>,
    page: Layout,
) -> ApiResult<Response> {
    let source = app.store.ai_source(&source).await?.ok_or(ApiError::NotFound)?;
    let passages = app.store.ai_passages(&source.id).await?;
    let line = SourceLine::of(&source);
    web::page(&SourcePage {
        page: page.titled(line.title.clone()),
        chars: thousands(usize::try_from(source.chars).unwrap_or(0)),
        hash: source.hash.chars().take(16).collect(),
        expires: source.expires_ms.map(|ms| date(ms - 1)).unwrap_or_default(),
        trust: source.trust,
        withdrawn: source.withdrawn_ms.is_some(),
        passages: passages
            .into_iter()
            .map(|p| PassageView {
                number: p.number,
                place: place(p.page.and_then(|n| u32::try_from(n).ok()), &p.section),
                paragraphs: p.body.lines().map(str::to_owned).collect(),
            })
            .collect(),
        levels: levels(&actor),
        may_review: may_review(&actor),
        line,
    })
}

/// Says how far it may be trusted, and until when.
pub async fn assess(
    State(app): State<App>,
    actor: Actor,
    Path(source): Path<String>,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    let level = trust(&actor, fields.get("confiance"));
    sources::assess(&app, &actor, &source, level, fields.get("expiration"), !fields.has("retiree")).await?;
    Ok(web::go(&format!("/assistance/sources/{source}"), "Source jugée."))
}
