//! Referentials, coverage, versions, tags to review.

#![expect(unused_qualifications, reason = "utoipa writes IntoParams out in full")]

use super::Body;
use crate::app::App;
use crate::auth::Actor;
use crate::bank::reach::Reach;
use crate::error::{ApiError, ApiResult, Problem};
use crate::referential::bring::{self, Report};
use crate::referential::coverage::{self, Chosen, ItemCoverage, Objective, OneItem, RubricCoverage};
use crate::referential::review::{self, Waiting};
use crate::referential::{file, node};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use docimo_store::referentials::ReferentialLine;
use r2c_referential::{
    ItemNumber, Node, Version, diff, ecn_items, ecn_items_of, items, situations, specialties, specialties_of,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A referential.
#[derive(Serialize, ToSchema)]
pub struct ReferentialView {
    /// Short name, first word of its tags.
    referential: String,
    /// Title.
    title: String,
    /// Name of the version in force.
    version: String,
    /// How many elements it has.
    nodes: i64,
    /// Is it part of Docimo, or was it imported?
    embedded: bool,
    /// Publisher.
    publisher: String,
    /// Licence.
    licence: String,
    /// Where it comes from.
    origin: String,
    /// When it was imported, ms since 1970 UTC.
    imported_ms: Option<i64>,
}

impl ReferentialView {
    fn embedded(referential: &str, title: &str, version: Version, nodes: usize) -> Self {
        Self {
            referential: referential.into(),
            title: title.into(),
            version: version.name().into(),
            nodes: nodes as i64,
            embedded: true,
            publisher: "Ministère de l’Enseignement supérieur".into(),
            licence: "texte officiel".into(),
            origin: version.source().into(),
            imported_ms: None,
        }
    }

    fn imported(line: ReferentialLine) -> Self {
        Self {
            referential: line.slug,
            title: line.title,
            version: line.version,
            nodes: line.nodes,
            embedded: false,
            publisher: line.publisher,
            licence: line.licence,
            origin: line.origin,
            imported_ms: Some(line.imported_ms),
        }
    }
}

/// Every referential: the embedded lists, then what was imported.
#[utoipa::path(get, path = "/api/v1/referentials", tag = "referentials", responses((status = 200, body = Vec<ReferentialView>)))]
pub async fn list(State(app): State<App>) -> ApiResult<Json<Vec<ReferentialView>>> {
    let embedded = ReferentialView::embedded;
    let mut all = vec![
        embedded("R2C", "Items de connaissance", Version::CURRENT, items().len()),
        embedded("R2C:SDD", "Situations de départ", Version::R2c2021, situations().len()),
        embedded("spec", "Spécialités", Version::CURRENT, specialties().len()),
        embedded("ECN", "Items d’avant la réforme", Version::Ecn2013, ecn_items().len()),
    ];
    all.extend(app.store.referentials().await?.into_iter().map(ReferentialView::imported));
    Ok(Json(all))
}

/// What the bank covers.
#[derive(Serialize, ToSchema)]
pub struct CoverageView {
    /// Version of the objectives; absent when none were imported.
    version: Option<String>,
    /// The 367 items.
    items: Vec<ItemCoverage>,
    /// The ten rubrics.
    rubrics: Vec<RubricCoverage>,
}

/// Which version to read.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct VersionQuery {
    /// Its number; the one in force by default.
    version: Option<i64>,
}

/// Objectives and questions in reach of each item and rubric, and what has none.
#[utoipa::path(get, path = "/api/v1/referentials/items", tag = "referentials", params(VersionQuery),
    responses((status = 200, body = CoverageView), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn coverage_of_items(
    State(app): State<App>,
    actor: Actor,
    Query(query): Query<VersionQuery>,
) -> ApiResult<Json<CoverageView>> {
    let whole = coverage::whole(&app.store, &Reach::of(&app, &actor).await?, query.version).await?;
    let version = whole.chosen.map(|chosen| chosen.version.name);
    Ok(Json(CoverageView { version, items: whole.items, rubrics: whole.rubrics }))
}

/// One item.
#[derive(Serialize, ToSchema)]
pub struct ItemView {
    /// Number.
    number: u16,
    /// Title.
    title: &'static str,
    /// Entries about it or one of its objectives.
    entries: i64,
    /// Its objectives, by code.
    objectives: Vec<Objective>,
    /// Short names of its specialties.
    specialties: Vec<String>,
    /// Numbers of the older items that it took over.
    ecn_items: Vec<u16>,
}

/// One item with its objectives.
#[utoipa::path(get, path = "/api/v1/referentials/items/{item}", tag = "referentials", params(("item" = String, Path), VersionQuery),
    responses((status = 200, body = ItemView), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn item(
    State(app): State<App>,
    actor: Actor,
    Path(item): Path<String>,
    Query(query): Query<VersionQuery>,
) -> ApiResult<Json<ItemView>> {
    let number: ItemNumber = item.parse().map_err(|_| ApiError::NotFound)?;
    let reach = Reach::of(&app, &actor).await?;
    let OneItem { objectives, entries, .. } = coverage::of_item(&app.store, &reach, number, query.version).await?;
    Ok(Json(ItemView {
        number: number.get(),
        title: r2c_referential::item(number).title,
        entries,
        objectives,
        specialties: specialties_of(number).map(|s| s.slug.to_string()).collect(),
        ecn_items: ecn_items_of(number).map(|i| i.number.get()).collect(),
    }))
}

/// A version.
#[derive(Serialize, ToSchema)]
pub struct VersionView {
    /// From 1.
    number: i64,
    /// Name.
    name: String,
    /// How many elements it has.
    nodes: i64,
    /// Where it comes from.
    origin: String,
    /// Who brought it.
    author: String,
    /// When, ms since 1970 UTC.
    created_ms: i64,
}

/// An imported referential, whole.
#[derive(Serialize, ToSchema)]
pub struct ReferentialDetail {
    /// What it is.
    about: ReferentialView,
    /// Its versions, the newest first.
    versions: Vec<VersionView>,
    /// Number of the version whose elements follow.
    shown: i64,
    /// Its elements, a parent before its children.
    #[schema(value_type = Vec<Object>)]
    nodes: Vec<Node>,
}

/// An imported referential with its versions and elements.
#[utoipa::path(get, path = "/api/v1/referentials/{referential}", tag = "referentials", params(("referential" = String, Path), VersionQuery),
    responses((status = 200, body = ReferentialDetail), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn show(
    State(app): State<App>,
    Path(slug): Path<String>,
    Query(query): Query<VersionQuery>,
) -> ApiResult<Json<ReferentialDetail>> {
    let chosen = coverage::chosen(&app.store, &slug, query.version).await?.ok_or(ApiError::NotFound)?;
    let Chosen { line, versions, version: shown } = chosen;
    let nodes = app.store.nodes(&slug, shown.number).await?.iter().filter_map(node).collect();
    let version = |v: docimo_store::referentials::VersionLine| VersionView {
        number: v.number,
        name: v.name,
        nodes: v.nodes,
        origin: v.origin,
        author: v.author_name,
        created_ms: v.created_ms,
    };
    let versions = versions.into_iter().map(version).collect();
    Ok(Json(ReferentialDetail { about: ReferentialView::imported(line), shown: shown.number, versions, nodes }))
}

/// What differs between two versions, by their numbers.
#[utoipa::path(get, path = "/api/v1/referentials/{referential}/changes/{from}/{to}", tag = "referentials",
    params(("referential" = String, Path), ("from" = i64, Path), ("to" = i64, Path)),
    responses((status = 200, body = Vec<Object>), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn changes(
    State(app): State<App>,
    Path((slug, from, to)): Path<(String, i64, i64)>,
) -> ApiResult<Json<Vec<r2c_referential::Change>>> {
    let known = app.store.referential_versions(&slug).await?;
    if ![from, to].iter().all(|n| known.iter().any(|v| v.number == *n)) {
        return Err(ApiError::NotFound);
    }
    let [before, after] = [app.store.nodes(&slug, from).await?, app.store.nodes(&slug, to).await?]
        .map(|rows| rows.iter().filter_map(node).collect::<Vec<Node>>());
    Ok(Json(crate::referential::off_thread(move || diff(&before, &after)).await?))
}

/// How to import.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ImportQuery {
    /// Name of the file.
    name: String,
    /// Short name of the referential; the file's own by default.
    referential: Option<String>,
    /// Name of the version; the file's own, or the day, by default.
    version: Option<String>,
    /// Say what would be done, without doing it.
    #[serde(default)]
    dry_run: bool,
}

/// Imports a version (CSV, XLSX, IMS CASE JSON, answers of a wiki), sent as the body.
#[utoipa::path(post, path = "/api/v1/referentials/import", tag = "referentials", params(ImportQuery),
    request_body(content = String, content_type = "application/octet-stream"),
    responses((status = 200, body = Report), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn import(
    State(app): State<App>,
    actor: Actor,
    Query(query): Query<ImportQuery>,
    body: Bytes,
) -> ApiResult<Json<Report>> {
    let (name, slug) = (query.name, query.referential);
    let brought = crate::referential::off_thread(move || file::read(&name, &body, slug.as_deref()))
        .await?
        .map_err(|wrong| ApiError::Invalid { title: "Le fichier ne peut pas être importé".into(), wrong })?;
    let plan = bring::plan(Some(&app.store), brought, query.version.as_deref()).await?;
    Ok(Json(if query.dry_run { plan.report } else { bring::keep(&app.store, plan, &actor.id).await? }))
}

/// Tags that wait for someone.
#[utoipa::path(get, path = "/api/v1/referentials/review", tag = "referentials", responses((status = 200, body = Vec<Waiting>)))]
pub async fn waiting(State(app): State<App>) -> ApiResult<Json<Vec<Waiting>>> {
    Ok(Json(review::waiting(&app.store).await?))
}

/// A decision on a tag.
#[derive(Deserialize, ToSchema)]
pub struct DecisionBody {
    /// The tag.
    tag: String,
    /// What it is now; empty when it stays as it is; absent or null to take a decision back.
    target: Option<String>,
}

/// Decides what a tag is now.
#[utoipa::path(post, path = "/api/v1/referentials/review", tag = "referentials", request_body = DecisionBody,
    responses((status = 204), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn decide(
    State(app): State<App>,
    actor: Actor,
    Body(body): Body<DecisionBody>,
) -> ApiResult<axum::http::StatusCode> {
    review::decide(&app.store, &body.tag, body.target.as_deref(), &actor.id).await?;
    Ok(axum::http::StatusCode::NO_CONTENT)
}
