//! The bank.

#![expect(unused_qualifications, reason = "utoipa writes IntoParams out in full")]

use super::Body;
use crate::app::App;
use crate::auth::Actor;
use crate::bank::enemies::{self, Enemy, EnemyForm};
use crate::bank::reach::{self, Reach};
use crate::error::{ApiError, ApiResult, Problem};
use crate::library::{self, Report};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use docimo_bank::rights::Level;
use docimo_store::bank::{EntryFilter, Revision};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// What to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// Words that title, tags or id must hold.
    #[serde(default)]
    q: String,
    /// QRU, QRM, DP…
    kind: Option<String>,
    /// A tag that entries carry, or that theirs follow to.
    tag: Option<String>,
    /// Entries to pass over.
    #[serde(default)]
    offset: u32,
    /// At most 200.
    limit: Option<u32>,
}

/// An entry.
#[derive(Serialize, ToSchema)]
pub struct EntryView {
    /// Id.
    id: String,
    /// The author's own id.
    external_id: String,
    /// QRU, DP…
    kind: String,
    /// draft, in_review, validated or retired.
    status: String,
    /// Number of the latest revision.
    revision: i64,
    /// First words.
    title: String,
    /// Questions in it.
    questions: i64,
    /// Tags into referentials.
    tags: Vec<String>,
}

/// A page of entries.
#[derive(Serialize, ToSchema)]
pub struct EntryPage {
    /// How many match in all.
    total: i64,
    /// This page.
    entries: Vec<EntryView>,
}

/// Entries that match.
#[utoipa::path(get, path = "/api/v1/questions", tag = "bank", params(ListQuery), responses((status = 200, body = EntryPage)))]
pub async fn list(State(app): State<App>, actor: Actor, Query(query): Query<ListQuery>) -> ApiResult<Json<EntryPage>> {
    let filter = EntryFilter {
        folders: Reach::of(&app, &actor).await?.readable(),
        living: false,
        words: query.q.split_whitespace().map(str::to_owned).collect(),
        kind: query.kind,
        tag: query.tag,
        limit: i64::from(query.limit.unwrap_or(50).min(200)),
        offset: i64::from(query.offset),
    };
    let (entries, total) = app.store.entries(&filter).await?;
    let entries = entries
        .into_iter()
        .map(|e| EntryView {
            id: e.id,
            external_id: e.external_id,
            kind: e.kind,
            status: e.status,
            revision: e.latest,
            title: e.title,
            questions: e.questions,
            tags: e.tags.split_whitespace().map(str::to_owned).collect(),
        })
        .collect();
    Ok(Json(EntryPage { total, entries }))
}

/// An entry with its latest wording and key.
#[derive(Serialize, ToSchema)]
pub struct EntryDetail {
    /// Id.
    id: String,
    /// Number of the revision.
    revision: i64,
    /// Hash of its content.
    hash: String,
    /// Where it comes from.
    origin: String,
    /// Who brought it.
    author: String,
    /// The question or case.
    #[schema(value_type = Object)]
    content: serde_json::Value,
}

/// One entry.
#[utoipa::path(get, path = "/api/v1/questions/{entry}", tag = "bank", params(("entry" = String, Path)),
    responses((status = 200, body = EntryDetail), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn show(State(app): State<App>, actor: Actor, Path(entry): Path<String>) -> ApiResult<Json<EntryDetail>> {
    reach::entry(&app, &actor, &entry, Level::Read).await?;
    detail(app.store.latest_revision(&entry).await?.ok_or(ApiError::NotFound)?).map(Json)
}

fn detail(r: Revision) -> ApiResult<EntryDetail> {
    let content = serde_json::from_str(&r.body).map_err(|e| ApiError::Internal(e.into()))?;
    Ok(EntryDetail {
        id: r.entry_id,
        revision: r.number,
        hash: r.hash,
        origin: r.origin,
        author: r.author_name,
        content,
    })
}

/// Every wording of an entry, the newest first.
#[utoipa::path(get, path = "/api/v1/questions/{entry}/revisions", tag = "bank", params(("entry" = String, Path)),
    responses((status = 200, body = Vec<EntryDetail>), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn revisions(
    State(app): State<App>,
    actor: Actor,
    Path(entry): Path<String>,
) -> ApiResult<Json<Vec<EntryDetail>>> {
    reach::entry(&app, &actor, &entry, Level::Read).await?;
    let all = app.store.revisions(&entry).await?;
    if all.is_empty() {
        return Err(ApiError::NotFound);
    }
    Ok(Json(all.into_iter().map(detail).collect::<ApiResult<_>>()?))
}

/// What an entry must not be with on a paper.
#[utoipa::path(get, path = "/api/v1/questions/{entry}/enemies", tag = "bank", params(("entry" = String, Path)),
    responses((status = 200, body = Vec<Enemy>), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn enemies(State(app): State<App>, actor: Actor, Path(entry): Path<String>) -> ApiResult<Json<Vec<Enemy>>> {
    let (_, reach) = reach::entry(&app, &actor, &entry, Level::Read).await?;
    Ok(Json(enemies::of(&app, &reach, &entry).await?))
}

/// Declares that two entries must not be together on a paper.
#[utoipa::path(post, path = "/api/v1/questions/{entry}/enemies", tag = "bank", params(("entry" = String, Path)), request_body = EnemyForm,
    responses((status = 204), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn declare_enemy(
    State(app): State<App>,
    actor: Actor,
    Path(entry): Path<String>,
    Body(form): Body<EnemyForm>,
) -> ApiResult<StatusCode> {
    enemies::declare(&app, &actor, &entry, &form).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lets two entries be together again.
#[utoipa::path(delete, path = "/api/v1/questions/{entry}/enemies/{other}", tag = "bank",
    params(("entry" = String, Path), ("other" = String, Path)),
    responses((status = 204), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn remove_enemy(
    State(app): State<App>,
    actor: Actor,
    Path((entry, other)): Path<(String, String)>,
) -> ApiResult<StatusCode> {
    enemies::remove(&app, &actor, &entry, &other).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How to import.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ImportQuery {
    /// Name of the file.
    name: String,
    /// Say what would be done, without doing it.
    #[serde(default)]
    dry_run: bool,
}

/// Imports a file of questions (docimo-questions JSON or Moodle XML), sent as the body.
#[utoipa::path(post, path = "/api/v1/questions/import", tag = "bank", params(ImportQuery),
    request_body(content = String, content_type = "application/octet-stream"),
    responses((status = 200, body = Report), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn import(
    State(app): State<App>,
    actor: Actor,
    Query(query): Query<ImportQuery>,
    body: Bytes,
) -> ApiResult<Json<Report>> {
    Ok(Json(library::import(&app, &actor, &query.name, body.to_vec(), query.dry_run).await?))
}
