//! The authoring page: a question or case of any kind, as a form that works without script and that
//! `api/assets/editor` makes live.
//!
//! Reading order: `start` (where one comes from), this file (the editor), `form` (from fields to an element), `view` (from an element to fields),
//! `preview`. What is kept and published is `crate::bank::draft`'s.

mod document;
mod form;
pub mod preview;
mod start;
pub mod view;

pub use start::{change, fresh, list};

use super::acts::{Row, rows};
use super::kind_french;
use crate::ambient;
use crate::app::App;
use crate::auth::Actor;
use crate::bank::draft::advice::{self, FieldFault};
use crate::bank::draft::{self, Draft, FileKind, Published, Save, Take, read};
use crate::bank::reach::Reach;
use crate::error::{ApiError, ApiResult, Wrong};
use crate::library;
use crate::web::committee::Fields;
use crate::web::filters::date_time;
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::multipart::Multipart;
use axum::extract::{Path, RawForm, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use docimo_bank::rights::Level;
use docimo_engine::paper::Element;
use view::Choice;

/// Someone else's revision beside the draft.
struct Overtaken {
    latest: i64,
    by: String,
    at: String,
    theirs: Vec<Row>,
    mine: Vec<Row>,
}

/// Differences, for the page that includes them.
#[derive(Template)]
#[template(path = "bank/differences.html")]
struct Differences<'a> {
    rows: &'a [Row],
}

#[derive(Template)]
#[template(path = "bank/editor/page.html")]
struct EditorPage {
    page: Layout,
    id: String,
    heading: String,
    kind_french: &'static str,
    external_id: Option<String>,
    base: i64,
    seen: i64,
    saved_at: String,
    untouched: bool,
    tab: String,
    folders: Vec<Choice>,
    folder: String,
    lock: Option<String>,
    overtaken: Option<(i64, String, String, String, String)>,
    wrong: Vec<Wrong>,
    fields: String,
    student: String,
    correction: String,
    panes: String,
}

async fn overtaken(app: &App, draft: &Draft) -> ApiResult<Option<Overtaken>> {
    let Some(latest) = draft.overtaken() else { return Ok(None) };
    let of = async |number: i64| -> ApiResult<(Element, String, String)> {
        let revision = app.store.revision(&draft.id, number).await?.ok_or(ApiError::NotFound)?;
        let element = serde_json::from_str(&revision.body).map_err(|e| ApiError::Internal(e.into()))?;
        Ok((element, revision.author_name, date_time(revision.created_ms)))
    };
    let (before, _, _) = of(draft.base).await?;
    let (after, by, at) = of(latest).await?;
    Ok(Some(Overtaken { latest, by, at, theirs: rows(&before, &after), mine: rows(&after, &draft.element) }))
}

async fn editor(
    app: &App,
    actor: &Actor,
    draft: Draft,
    told: Vec<FieldFault>,
    wrong: Vec<Wrong>,
    page: Layout,
) -> ApiResult<EditorPage> {
    let reach = Reach::of(app, actor).await?;
    let kind = library::kind(&draft.element);
    let heading = match &draft.entry {
        Some(line) => format!("Modifier {}", line.external_id),
        None => match &draft.element {
            Element::Question(_) => "Nouvelle question".to_owned(),
            Element::Case(_) => "Nouveau dossier".to_owned(),
        },
    };
    let lock = match &draft.entry {
        Some(line) => app.store.lock_of(&line.id).await?,
        None => None,
    };
    let overtaken = match overtaken(app, &draft).await? {
        Some(o) => Some((
            o.latest,
            o.by,
            o.at,
            Differences { rows: &o.theirs }.render()?,
            Differences { rows: &o.mine }.render()?,
        )),
        None => None,
    };
    let advice = advice::of(app, actor, &draft.element, told).await?;
    Ok(EditorPage {
        page: page.titled(format!("{heading} ({kind})")),
        heading,
        kind_french: kind_french(kind),
        external_id: draft.entry.as_ref().map(|line| line.external_id.clone()),
        base: draft.base,
        seen: draft.seen,
        saved_at: date_time(draft.seen),
        untouched: draft.page.is_empty(),
        tab: ambient::hex(&ambient::random::<8>()),
        folders: reach
            .folders_at(Level::Write)
            .into_iter()
            .map(|(code, label)| Choice { chosen: code == draft.folder, code, label })
            .collect(),
        folder: reach.path(&draft.folder),
        lock,
        overtaken,
        wrong,
        fields: view::fields(&draft.element, draft.entry.is_none())?,
        student: preview::student(&draft.element)?,
        correction: preview::correction(&draft.element)?,
        panes: view::panes(&advice)?,
        id: draft.id,
    })
}

/// The editor.
pub async fn show(State(app): State<App>, actor: Actor, Path(id): Path<String>, page: Layout) -> ApiResult<Response> {
    let draft = draft::open(&app, &actor, &id).await?;
    web::page(&editor(&app, &actor, draft, Vec::new(), Vec::new(), page).await?)
}

/// A form as it was sent.
#[derive(Default)]
struct Sent {
    fields: Vec<(String, String)>,
    /// What is expected, path of the question or case, name, bytes.
    files: Vec<(FileKind, String, String, Vec<u8>)>,
}

impl Sent {
    async fn read(mut form: Multipart) -> ApiResult<Self> {
        let unreadable = |_| ApiError::bad("Le formulaire reçu est incomplet. Recommencez.");
        let mut sent = Self::default();
        while let Some(field) = form.next_field().await.map_err(unreadable)? {
            let Some(name) = field.name().map(str::to_owned) else { continue };
            let kind =
                name.split_once(':').and_then(|(kind, path)| Some((FileKind::from_code(kind)?, path.to_owned())));
            if let Some((kind, path)) = kind {
                let file = field.file_name().unwrap_or_default().to_owned();
                let bytes = field.bytes().await.map_err(unreadable)?;
                if !bytes.is_empty() {
                    sent.files.push((kind, path, file, bytes.to_vec()));
                }
            } else {
                sent.fields.push((name, field.text().await.map_err(unreadable)?));
            }
        }
        Ok(sent)
    }

    fn get(&self, name: &str) -> &str {
        self.fields.iter().rev().find(|(k, _)| k == name).map_or("", |(_, v)| v.as_str())
    }

    /// What was asked; a button that adds or changes a kind has it in a field beside.
    fn asked(&self) -> String {
        let asked = self.get("faire");
        let kind = |path: &str| self.get(&format!("type:{path}"));
        match asked.strip_prefix("type:") {
            Some(path) => format!("{asked}:{}", kind(path)),
            None if asked == "ajouter:case.parts" => format!("{asked}:{}", kind("case.parts")),
            None => asked.to_owned(),
        }
    }
}

/// Keeps what a form holds, after what its button asks for.
async fn kept(app: &App, actor: &Actor, id: &str, sent: &Sent) -> ApiResult<(Draft, Vec<FieldFault>)> {
    let mut tree = form::tree(&sent.fields);
    for (kind, path, name, bytes) in &sent.files {
        let taken = draft::file(app, actor, id, *kind, name, bytes.clone()).await?;
        form::put_file(&mut tree, path, &taken)?;
    }
    let asked = sent.asked();
    if asked.starts_with("type:") {
        // A question is recast as it reads.
        let (element, _) = read::element(tree)?;
        tree = serde_json::to_value(&element).map_err(|e| ApiError::Internal(e.into()))?;
    }
    form::act(&mut tree, &asked)?;
    let (element, told) = read::element(tree)?;
    let folder = Some(sent.get("dossier").to_owned()).filter(|f| !f.is_empty());
    let seen = sent.get("vu").parse().unwrap_or(0);
    let save = Save { element, page: sent.get("page").to_owned(), seen, folder };
    Ok((draft::save(app, actor, id, save).await?, told))
}

/// Keeps the draft, or does what one of its buttons asks for.
pub async fn save(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    page: Layout,
    form: Multipart,
) -> ApiResult<Response> {
    let sent = Sent::read(form).await?;
    let (draft, told) = kept(&app, &actor, &id, &sent).await?;
    if !told.is_empty() {
        // Something was replaced: the page says what.
        let wrong = told.iter().map(|f| Wrong { place: f.place.clone(), message: f.message.clone() }).collect();
        let view = editor(&app, &actor, draft, told, wrong, page).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, web::page(&view)?).into_response());
    }
    let asked = sent.get("faire").to_owned();
    let back = format!("/questions/brouillons/{id}");
    // Back to where the button was, or to what it made.
    let (verb, path) = asked.split_once(':').unwrap_or((&asked, ""));
    let path = path.split(':').next().unwrap_or_default();
    let to = match verb {
        "ajouter" => format!("{back}#{}", path.replace('.', "-")),
        "monter" | "descendre" | "retirer" => {
            format!("{back}#{}", path.rsplit_once('.').map_or(path, |(list, _)| list).replace('.', "-"))
        }
        "pdf" => format!("{back}#case-article-pdf"),
        "type" | "image" | "video" | "article" => format!("{back}#{}", path.replace('.', "-")),
        _ => return Ok(web::go(&back, "Brouillon enregistré.")),
    };
    Ok(Redirect::to(&to).into_response())
}

/// Keeps the draft and makes a revision of it.
pub async fn publish(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    page: Layout,
    form: Multipart,
) -> ApiResult<Response> {
    let sent = Sent::read(form).await?;
    let (_, told) = kept(&app, &actor, &id, &sent).await?;
    let submit = sent.get("faire") == "proposer";
    let refused = match draft::publish(&app, &actor, &id, submit).await {
        Ok(Published::Revision(number)) => {
            let message = if submit {
                format!("Version {number} publiée et proposée à la relecture.")
            } else {
                format!("Version {number} publiée, à l’état de brouillon.")
            };
            return Ok(web::go(&format!("/questions/{id}"), message));
        }
        Ok(Published::Overtaken) => {
            let message = "Quelqu’un a publié une autre version depuis : comparez, puis choisissez.";
            return Ok(web::go(&format!("/questions/brouillons/{id}"), message));
        }
        Err(ApiError::Invalid { wrong, .. }) => wrong,
        Err(ApiError::Conflict(why)) => vec![Wrong { place: "Publication".into(), message: why }],
        Err(error) => return Err(error),
    };
    let draft = draft::open(&app, &actor, &id).await?;
    let view = editor(&app, &actor, draft, told, refused, page).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, web::page(&view)?).into_response())
}

/// Goes on from someone else's revision, or from one's own text.
pub async fn decide(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    let take = match fields.get("garder") {
        "theirs" => Take::Theirs,
        "mine" => Take::Mine,
        _ => return Err(ApiError::wrong("garder", "Choisissez la version qui continue.")),
    };
    let latest = i64::from(fields.number("version", "version")?);
    draft::decide(&app, &actor, &id, take, latest).await?;
    let message = match take {
        Take::Theirs => format!("Vous partez de la version {latest}."),
        Take::Mine => format!("Vous continuez votre texte : il suivra la version {latest}."),
    };
    Ok(web::go(&format!("/questions/brouillons/{id}"), message))
}

/// Gives the draft up.
pub async fn abandon(State(app): State<App>, actor: Actor, Path(id): Path<String>) -> ApiResult<Response> {
    let entry = draft::open(&app, &actor, &id).await?.entry;
    draft::abandon(&app, &actor, &id).await?;
    let to = if entry.is_some() { format!("/questions/{id}") } else { "/questions/brouillons".to_owned() };
    Ok(web::go(&to, "Brouillon abandonné."))
}
