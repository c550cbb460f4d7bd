//! Folders of the bank, rights on them, establishments and colleges.

#![expect(unused_qualifications, reason = "utoipa writes IntoParams out in full")]

use crate::app::App;
use crate::auth::Actor;
use crate::bank::folders::{self, Home};
use crate::bank::journal::{self, Asked};
use crate::bank::reach::Reach;
use crate::error::{ApiResult, Problem};
use crate::json::Body;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use docimo_bank::rights::Level;
use docimo_store::bank::folders::{FolderRight, Unit};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A right on a folder.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct RightView {
    /// `everyone`, `unit` or `person`.
    to_kind: String,
    /// Id of the unit or person; empty for everyone.
    #[serde(default)]
    to_id: String,
    /// 1 read, 2 write, 3 review, 4 manage; 0 takes it back.
    level: i64,
}

/// A folder.
#[derive(Serialize, ToSchema)]
pub struct FolderView {
    /// Id.
    id: String,
    /// Its names from the root, with ` / ` between.
    path: String,
    /// Id of the folder above.
    parent: Option<String>,
    /// Id of the establishment or college that owns it.
    unit: String,
    /// The most that one may do in it: 1 read, 2 write, 3 review, 4 manage.
    level: i64,
    /// Rights given on it, for who manages it.
    rights: Vec<RightView>,
}

/// Folders in reach, by path.
#[utoipa::path(get, path = "/api/v1/folders", tag = "bank", responses((status = 200, body = Vec<FolderView>)))]
pub async fn list(State(app): State<App>, actor: Actor) -> ApiResult<Json<Vec<FolderView>>> {
    let reach = Reach::of(&app, &actor).await?;
    let rights = app.store.folder_rights().await?;
    let view = |right: &FolderRight| RightView {
        to_kind: right.to_kind.clone(),
        to_id: right.to_id.clone(),
        level: right.level,
    };
    let mut all: Vec<FolderView> = reach
        .folders()
        .map(|f| FolderView {
            path: reach.path(&f.id),
            parent: f.parent_id.clone().filter(|p| reach.may(p, Level::Read)),
            unit: f.unit_id.clone(),
            level: Level::ALL.into_iter().rev().find(|l| reach.may(&f.id, *l)).map_or(0, Level::number),
            rights: rights
                .iter()
                .filter(|r| r.folder_id == f.id && reach.may(&f.id, Level::Manage))
                .map(view)
                .collect(),
            id: f.id.clone(),
        })
        .collect();
    all.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(Json(all))
}

/// A folder to be made.
#[derive(Deserialize, ToSchema)]
pub struct FolderForm {
    /// Its name, without a slash.
    name: String,
    /// Id of the folder above; absent at the root, for administrators.
    parent: Option<String>,
    /// At the root: id of the establishment or college that owns it.
    unit: Option<String>,
}

/// The id of what was made.
#[derive(Serialize, ToSchema)]
pub struct Made {
    /// Id.
    id: String,
}

/// Makes a folder.
#[utoipa::path(post, path = "/api/v1/folders", tag = "bank", request_body = FolderForm,
    responses((status = 201, body = Made), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn add(
    State(app): State<App>,
    actor: Actor,
    Body(form): Body<FolderForm>,
) -> ApiResult<(StatusCode, Json<Made>)> {
    let home = match form.parent {
        Some(folder) => Home::Folder { folder },
        None => Home::Root { unit: form.unit.unwrap_or_default() },
    };
    let id = folders::add(&app, &actor, &form.name, &home).await?;
    Ok((StatusCode::CREATED, Json(Made { id })))
}

/// Removes an empty folder.
#[utoipa::path(delete, path = "/api/v1/folders/{folder}", tag = "bank", params(("folder" = String, Path)),
    responses((status = 204), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn remove(State(app): State<App>, actor: Actor, Path(folder): Path<String>) -> ApiResult<StatusCode> {
    folders::remove(&app, &actor, &folder).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives a right on a folder, or takes it back.
#[utoipa::path(put, path = "/api/v1/folders/{folder}/rights", tag = "bank", params(("folder" = String, Path)), request_body = RightView,
    responses((status = 204), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn set_right(
    State(app): State<App>,
    actor: Actor,
    Path(folder): Path<String>,
    Body(form): Body<RightView>,
) -> ApiResult<StatusCode> {
    folders::set_right(&app, &actor, &folder, &form.to_kind, &form.to_id, form.level).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// An establishment, or a college in one.
#[derive(Serialize, ToSchema)]
pub struct UnitView {
    /// Id.
    id: String,
    /// Its name.
    name: String,
    /// `establishment` or `college`.
    kind: String,
    /// Id of the establishment of a college.
    within: Option<String>,
    /// How many reviewers, its author apart, must agree before a question of its folders is validated.
    reviews: i64,
    /// Ids of its members, for administrators.
    members: Vec<String>,
}

/// Establishments and colleges, with their members.
#[utoipa::path(get, path = "/api/v1/units", tag = "bank", responses((status = 200, body = Vec<UnitView>)))]
pub async fn units(State(app): State<App>) -> ApiResult<Json<Vec<UnitView>>> {
    let members = app.store.members().await?;
    let view = |u: Unit| UnitView {
        members: members.iter().filter(|(unit, _, _)| *unit == u.id).map(|(_, person, _)| person.clone()).collect(),
        id: u.id,
        name: u.name,
        kind: u.kind,
        within: u.parent_id,
        reviews: u.reviews,
    };
    Ok(Json(app.store.units().await?.into_iter().map(view).collect()))
}

/// An establishment or a college to be made or changed.
#[derive(Deserialize, ToSchema)]
pub struct UnitForm {
    /// The one to be changed; absent to make one.
    id: Option<String>,
    /// Id of the establishment of a new college.
    within: Option<String>,
    /// Its name.
    name: String,
    /// 0 to 3.
    reviews: i64,
}

/// Makes or changes an establishment or a college.
#[utoipa::path(post, path = "/api/v1/units", tag = "bank", request_body = UnitForm,
    responses((status = 200, body = Made), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn set_unit(State(app): State<App>, actor: Actor, Body(form): Body<UnitForm>) -> ApiResult<Json<Made>> {
    let UnitForm { id, within, name, reviews } = form;
    let id = folders::set_unit(&app, &actor, id.as_deref(), within.as_deref(), &name, reviews).await?;
    Ok(Json(Made { id }))
}

/// Makes someone a member of an establishment or a college.
#[utoipa::path(put, path = "/api/v1/units/{unit}/members/{person}", tag = "bank",
    params(("unit" = String, Path), ("person" = String, Path)), responses((status = 204)))]
pub async fn add_member(
    State(app): State<App>,
    actor: Actor,
    Path((unit, person)): Path<(String, String)>,
) -> ApiResult<StatusCode> {
    folders::set_member(&app, &actor, &unit, &person, true).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends it.
#[utoipa::path(delete, path = "/api/v1/units/{unit}/members/{person}", tag = "bank",
    params(("unit" = String, Path), ("person" = String, Path)), responses((status = 204)))]
pub async fn remove_member(
    State(app): State<App>,
    actor: Actor,
    Path((unit, person)): Path<(String, String)>,
) -> ApiResult<StatusCode> {
    folders::set_member(&app, &actor, &unit, &person, false).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Which acts.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct JournalQuery {
    /// `folder`, `folder_right`, `unit`, `member`, `synonyms` or `questions_exported`; all of them by default.
    #[serde(default)]
    what: String,
    /// Id of who did them.
    #[serde(default)]
    who: String,
    /// First day, in Paris: `2026-03-01`.
    #[serde(default)]
    from: String,
    /// Last day.
    #[serde(default)]
    to: String,
    /// Acts to pass over.
    #[serde(default)]
    offset: u32,
    /// At most 500; 100 by default.
    limit: Option<u32>,
}

/// An act.
#[derive(Serialize, ToSchema)]
pub struct ActView {
    /// When, ms since 1970 UTC.
    at_ms: i64,
    /// Who; absent for a command.
    author: Option<String>,
    /// Its sort.
    what: String,
    /// A sentence, in French.
    detail: String,
}

/// Acts, and how many there are in all.
#[derive(Serialize, ToSchema)]
pub struct JournalView {
    /// In all.
    total: usize,
    /// The newest first.
    acts: Vec<ActView>,
}

/// What was done to the bank as a whole: folders, rights, establishments, synonyms, exports.
#[utoipa::path(get, path = "/api/v1/questions/journal", tag = "bank", params(JournalQuery),
    responses((status = 200, body = JournalView), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn journal(State(app): State<App>, Query(query): Query<JournalQuery>) -> ApiResult<Json<JournalView>> {
    let asked = Asked { what: query.what, who: query.who, from: query.from, to: query.to };
    let limit = query.limit.unwrap_or(100).clamp(1, 500) as usize;
    let (found, total) = journal::read(&app, &asked, limit, query.offset as usize).await?;
    let act = |e: docimo_store::exams::Event| ActView {
        at_ms: e.at_ms,
        author: e.author_name,
        what: e.what,
        detail: e.detail,
    };
    Ok(Json(JournalView { total, acts: found.into_iter().map(act).collect() }))
}
