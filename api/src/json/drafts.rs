//! Drafts: questions and cases as they are being written.

#![expect(unused_qualifications, reason = "utoipa writes IntoParams out in full")]

use super::Body;
use crate::app::App;
use crate::auth::Actor;
use crate::bank::draft::advice::{self, Advice, FieldFault};
use crate::bank::draft::blank::Wanted;
use crate::bank::draft::suggest::{self, Suggestion};
use crate::bank::draft::{self, Draft, FileKind, Published, Save, Take, read};
use crate::bank::reach::Reach;
use crate::error::{ApiError, ApiResult, Problem};
use crate::media::Checked;
use crate::web::bank::editor::{preview, view};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use docimo_bank::rights::Level;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

/// What to start.
#[derive(Deserialize, ToSchema)]
pub struct StartForm {
    /// `QRU`, `QRM`, `QRP`, `QRPL`, `QROC`, `QZP`, `TCS`, `QCM`, `DP`, `mini-DP`, `KFP`, `LCA`; not with `entry`.
    kind: Option<String>,
    /// Folder of a new entry; the first one where one may write otherwise.
    folder: Option<String>,
    /// An entry to change.
    entry: Option<String>,
}

/// A draft, without its text.
#[derive(Serialize, ToSchema)]
pub struct DraftLine {
    /// The entry, or the id that it will have.
    id: String,
    /// QRU, DP…
    kind: String,
    /// First words.
    title: String,
    /// Folder.
    folder: String,
    /// The revision it started from; 0 for a new entry.
    base: i64,
    /// Version of the draft, to be sent with the next save: ms UTC when it was last kept.
    seen: i64,
    /// Number of a revision that someone else made since.
    overtaken_by: Option<i64>,
}

impl DraftLine {
    fn of(draft: &Draft) -> Self {
        Self {
            id: draft.id.clone(),
            kind: crate::library::kind(&draft.element).to_owned(),
            title: crate::library::title(&draft.element),
            folder: draft.folder.clone(),
            base: draft.base,
            seen: draft.seen,
            overtaken_by: draft.overtaken(),
        }
    }
}

/// A draft, whole, with what there is to say of it.
#[derive(Serialize, ToSchema)]
pub struct DraftView {
    /// Where it stands.
    #[serde(flatten)]
    line: DraftLine,
    /// The question or case.
    #[schema(value_type = Object)]
    element: Value,
    /// Title of the exam whose sealed paper locks the entry.
    lock: Option<String>,
    /// Faults, flaws, tags.
    advice: Advice,
    /// As a student sees it, safe HTML.
    student_html: String,
    /// As it will be corrected, safe HTML.
    correction_html: String,
    /// What there is to say, as the editor shows it, safe HTML.
    panes_html: String,
}

async fn view(app: &App, actor: &Actor, draft: Draft, told: Vec<FieldFault>) -> ApiResult<Json<DraftView>> {
    let lock = match &draft.entry {
        Some(line) => app.store.lock_of(&line.id).await?,
        None => None,
    };
    let advice = advice::of(app, actor, &draft.element, told).await?;
    Ok(Json(DraftView {
        line: DraftLine::of(&draft),
        element: serde_json::to_value(&draft.element).map_err(|e| ApiError::Internal(e.into()))?,
        lock,
        student_html: preview::student(&draft.element)?,
        correction_html: preview::correction(&draft.element)?,
        panes_html: view::panes(&advice)?,
        advice,
    }))
}

/// One's own drafts, the newest first.
#[utoipa::path(get, path = "/api/v1/drafts", tag = "bank", responses((status = 200, body = Vec<DraftLine>)))]
pub async fn list(State(app): State<App>, actor: Actor) -> ApiResult<Json<Vec<DraftLine>>> {
    Ok(Json(draft::mine(&app, &actor).await?.iter().map(DraftLine::of).collect()))
}

/// Starts a draft, or resumes the one of that entry.
#[utoipa::path(post, path = "/api/v1/drafts", tag = "bank", request_body = StartForm,
    responses((status = 201, body = DraftView), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn start(
    State(app): State<App>,
    actor: Actor,
    Body(form): Body<StartForm>,
) -> ApiResult<(StatusCode, Json<DraftView>)> {
    let id = match (&form.entry, &form.kind) {
        (Some(entry), None) => draft::of_entry(&app, &actor, entry).await?,
        (None, Some(kind)) => {
            let wanted = Wanted::from_code(kind).ok_or_else(|| ApiError::wrong("kind", "Type de question inconnu."))?;
            let folder = match form.folder {
                Some(folder) => folder,
                None => default_folder(&app, &actor).await?,
            };
            draft::start(&app, &actor, wanted, &folder).await?
        }
        _ => return Err(ApiError::wrong("corps", "Donnez un type (kind) ou une entrée (entry).")),
    };
    let draft = draft::open(&app, &actor, &id).await?;
    Ok((StatusCode::CREATED, view(&app, &actor, draft, Vec::new()).await?))
}

/// The first folder where one may write.
async fn default_folder(app: &App, actor: &Actor) -> ApiResult<String> {
    let folders = Reach::of(app, actor).await?.folders_at(Level::Write);
    folders.into_iter().next().map(|(id, _)| id).ok_or(ApiError::Forbidden)
}

/// One draft.
#[utoipa::path(get, path = "/api/v1/drafts/{draft}", tag = "bank", params(("draft" = String, Path)),
    responses((status = 200, body = DraftView), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn show(State(app): State<App>, actor: Actor, Path(id): Path<String>) -> ApiResult<Json<DraftView>> {
    view(&app, &actor, draft::open(&app, &actor, &id).await?, Vec::new()).await
}

/// A draft to keep.
#[derive(Deserialize, ToSchema)]
pub struct SaveForm {
    /// The question or case, whole. A number that is none is replaced by its usual value and told; a field that
    /// nothing has is refused.
    #[schema(value_type = Object)]
    element: Value,
    /// Names the page or program that writes: it may write over itself whatever `seen` says.
    page: String,
    /// Version of the draft that was read or kept last.
    #[serde(default)]
    seen: i64,
    /// Another folder, for a new entry.
    folder: Option<String>,
}

/// Keeps a draft. Once answered, it is on disk. 409 where another page kept it meanwhile.
#[utoipa::path(put, path = "/api/v1/drafts/{draft}", tag = "bank", params(("draft" = String, Path)), request_body = SaveForm,
    responses((status = 200, body = DraftView), (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn save(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    Body(form): Body<SaveForm>,
) -> ApiResult<Json<DraftView>> {
    let (element, told) = read::element(form.element)?;
    let asked = Save { element, page: form.page, seen: form.seen, folder: form.folder };
    view(&app, &actor, draft::save(&app, &actor, &id, asked).await?, told).await
}

/// A text to look at.
#[derive(Deserialize, ToSchema)]
pub struct PreviewForm {
    /// The question or case, whole.
    #[schema(value_type = Object)]
    element: Value,
}

/// What a text looks like and what there is to say of it; nothing is kept.
#[derive(Serialize, ToSchema)]
pub struct Preview {
    /// Faults, flaws, tags.
    advice: Advice,
    /// As a student sees it, safe HTML.
    student_html: String,
    /// As it will be corrected, safe HTML.
    correction_html: String,
}

/// Looks at a text without keeping it.
#[utoipa::path(post, path = "/api/v1/drafts/{draft}/preview", tag = "bank", params(("draft" = String, Path)), request_body = PreviewForm,
    responses((status = 200, body = Preview), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn look(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    Body(form): Body<PreviewForm>,
) -> ApiResult<Json<Preview>> {
    draft::open(&app, &actor, &id).await?;
    let (element, told) = read::element(form.element)?;
    Ok(Json(Preview {
        advice: advice::of(&app, &actor, &element, told).await?,
        student_html: preview::student(&element)?,
        correction_html: preview::correction(&element)?,
    }))
}

/// Name of a file.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MediaQuery {
    /// Name of the file.
    #[serde(default)]
    name: String,
    /// `image` (the default), `video` or `pdf`.
    #[serde(default)]
    #[param(inline)]
    kind: FileKind,
}

/// A picture, a video or a PDF of the bank.
#[derive(Serialize, ToSchema)]
pub struct MediaView {
    /// What a question names it by: the hash of its content.
    file: String,
    /// Where it is.
    url: String,
    /// Pixels.
    width: i64,
    /// Pixels.
    height: i64,
    /// Pages of a PDF; 0 for others.
    pages: u32,
}

/// Takes a picture (PNG, JPEG, GIF, WebP, inert SVG), a video (MP4, WebM) or a PDF, sent as the body.
#[utoipa::path(post, path = "/api/v1/drafts/{draft}/media", tag = "bank", params(("draft" = String, Path), MediaQuery),
    request_body(content = String, content_type = "application/octet-stream"),
    responses((status = 201, body = MediaView), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn media(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    Query(query): Query<MediaQuery>,
    body: Bytes,
) -> ApiResult<(StatusCode, Json<MediaView>)> {
    let taken = draft::file(&app, &actor, &id, query.kind, &query.name, body.to_vec()).await?;
    let pages = match &taken {
        Checked::Pdf(_, pages) => *pages,
        Checked::Picture(_) | Checked::Video(_) => 0,
    };
    let media = taken.into_media();
    let url = format!("/media/{}", media.hash);
    let view = MediaView { file: media.hash, url, width: media.width, height: media.height, pages };
    Ok((StatusCode::CREATED, Json(view)))
}

/// How to publish.
#[derive(Deserialize, ToSchema)]
pub struct PublishForm {
    /// Propose it for review at once?
    #[serde(default)]
    submit: bool,
}

/// A revision made.
#[derive(Serialize, ToSchema)]
pub struct PublishedView {
    /// The entry.
    entry: String,
    /// Number of its new revision.
    revision: i64,
}

/// Makes a revision of a draft, which is then over. 409 where someone else made one meanwhile, or a sealed paper
/// locks the entry.
#[utoipa::path(post, path = "/api/v1/drafts/{draft}/publish", tag = "bank", params(("draft" = String, Path)), request_body = PublishForm,
    responses((status = 201, body = PublishedView), (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn publish(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    Body(form): Body<PublishForm>,
) -> ApiResult<(StatusCode, Json<PublishedView>)> {
    match draft::publish(&app, &actor, &id, form.submit).await? {
        Published::Revision(revision) => Ok((StatusCode::CREATED, Json(PublishedView { entry: id, revision }))),
        Published::Overtaken => Err(ApiError::Conflict(
            "Quelqu’un a publié une autre version depuis : comparez, puis gardez l’une ou l’autre.".into(),
        )),
    }
}

/// Which text goes on.
#[derive(Deserialize, ToSchema)]
pub struct BaseForm {
    /// `theirs` or `mine`.
    take: Take,
    /// Number of the revision that was looked at.
    latest: i64,
}

/// Where someone else made a revision meanwhile: goes on from theirs, or from this draft.
#[utoipa::path(post, path = "/api/v1/drafts/{draft}/base", tag = "bank", params(("draft" = String, Path)), request_body = BaseForm,
    responses((status = 200, body = DraftView), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn decide(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    Body(form): Body<BaseForm>,
) -> ApiResult<Json<DraftView>> {
    view(&app, &actor, draft::decide(&app, &actor, &id, form.take, form.latest).await?, Vec::new()).await
}

/// Gives a draft up; the entry stays as it is.
#[utoipa::path(delete, path = "/api/v1/drafts/{draft}", tag = "bank", params(("draft" = String, Path)),
    responses((status = 204), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn abandon(State(app): State<App>, actor: Actor, Path(id): Path<String>) -> ApiResult<StatusCode> {
    draft::abandon(&app, &actor, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What to look for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TagQuery {
    /// A number, a code or words of a title.
    #[serde(default)]
    q: String,
}

/// Tags by their number, code or the words of their title: 20 at most.
#[utoipa::path(get, path = "/api/v1/tags", tag = "bank", params(TagQuery), responses((status = 200, body = Vec<Suggestion>)))]
pub async fn tags(State(app): State<App>, Query(query): Query<TagQuery>) -> ApiResult<Json<Vec<Suggestion>>> {
    Ok(Json(suggest::look_up(&app, &query.q, 20).await?))
}
