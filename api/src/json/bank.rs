//! The bank.

#![expect(unused_qualifications, reason = "utoipa writes IntoParams out in full")]

use crate::ambient;
use crate::app::App;
use crate::auth::Actor;
use crate::bank::enemies::{self, Enemy, EnemyForm};
use crate::bank::find::{self, Asked};
use crate::bank::near::{self, Known};
use crate::bank::reach::{self, Reach};
use crate::bank::synonyms;
use crate::error::{ApiError, ApiResult, Problem};
use crate::json::Body;
use crate::library::{self, Report};
use crate::web::bank::found::Search;
use crate::web::bank::searches;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use docimo_bank::rights::Level;
use docimo_engine::paper::Element;
use docimo_search::extract::Extract;
use docimo_search::query::{Facet, GRAMMAR_FR};
use docimo_store::bank::{EntryFilter, EntryLine, Revision};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// What to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// The search line: words, and `field:value` conditions as `GET /api/v1/questions/grammar` documents them.
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
    /// Count the values of every facet.
    #[serde(default)]
    facets: bool,
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
    /// Does it hold an open question without a key? Such an entry stays a draft.
    lacks_key: bool,
    /// Did a machine write it, or one of its wordings? A named person decided.
    written_with_ai: bool,
    /// Where the search line was found in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    extract: Option<ExtractView>,
}

impl From<EntryLine> for EntryView {
    fn from(e: EntryLine) -> Self {
        Self {
            lacks_key: e.lacks_key(),
            written_with_ai: e.machine == 1,
            id: e.id,
            external_id: e.external_id,
            kind: e.kind,
            status: e.status,
            revision: e.latest,
            title: e.title,
            questions: e.questions,
            tags: e.tags.split_whitespace().map(str::to_owned).collect(),
            extract: None,
        }
    }
}

/// A piece of an entry's text.
#[derive(Serialize, ToSchema)]
pub struct ExtractView {
    /// Plain text.
    text: String,
    /// Characters of it that were looked for: first, one past the last.
    marks: Vec<(usize, usize)>,
}

impl From<Extract> for ExtractView {
    fn from(extract: Extract) -> Self {
        let character = |byte: usize| extract.text.get(..byte).map_or(0, |t| t.chars().count());
        let marks = extract.ranges.iter().map(|r| (character(r.start), character(r.end))).collect();
        Self { marks, text: extract.text }
    }
}

/// A value of a facet.
#[derive(Serialize, ToSchema)]
pub struct ValueView {
    /// As the search line takes it.
    value: String,
    /// What to show, where it is not the value.
    #[serde(skip_serializing_if = "String::is_empty")]
    label: String,
    /// Entries that have it, among those found as if the line did not hold this facet.
    entries: u64,
}

/// A facet.
#[derive(Serialize, ToSchema)]
pub struct FacetView {
    /// Its field in the search line.
    field: &'static str,
    /// How many values there are in all.
    distinct: usize,
    /// The most frequent, at most 50.
    values: Vec<ValueView>,
}

/// A page of entries.
#[derive(Serialize, ToSchema)]
pub struct EntryPage {
    /// How many match in all.
    total: i64,
    /// This page.
    entries: Vec<EntryView>,
    /// The line as it was understood; absent where the server has no search index and looked for words only.
    #[serde(skip_serializing_if = "Option::is_none")]
    query: Option<String>,
    /// What was guessed or corrected in the line, in French.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
    /// Is the first search index still being built? Words of titles, tags and ids only are then looked for.
    indexing: bool,
    /// Counts, where they were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    facets: Vec<FacetView>,
}

/// Entries that match.
#[utoipa::path(get, path = "/api/v1/questions", tag = "bank", params(ListQuery),
    responses((status = 200, body = EntryPage), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn list(State(app): State<App>, actor: Actor, Query(query): Query<ListQuery>) -> ApiResult<Json<EntryPage>> {
    let reach = Reach::of(&app, &actor).await?;
    let limit = query.limit.unwrap_or(50).min(200);
    let Some(finder) = app.finder() else { return listed(&app, &reach, query, limit).await.map(Json) };
    let search = Search {
        q: query.q,
        kind: query.kind.unwrap_or_default(),
        tag: query.tag.unwrap_or_default(),
        ..Search::default()
    };
    let asked = Asked {
        line: search.line(&reach),
        facets: if query.facets { Facet::ALL.to_vec() } else { Vec::new() },
        facet_limit: 50,
        offset: query.offset as usize,
        limit: limit as usize,
        ..Asked::default()
    };
    let found =
        find::find(&app, finder, &reach, asked).await?.map_err(|fault| ApiError::wrong("q", fault.to_string()))?;
    let mut notes: Vec<String> = found.answer.notice().into_iter().collect();
    notes.extend(found.answer.remarks.iter().map(|r| r.message.clone()));
    Ok(Json(EntryPage {
        total: i64::try_from(found.answer.total).unwrap_or(i64::MAX),
        entries: found
            .entries
            .into_iter()
            .map(|(line, hit)| EntryView { extract: hit.extract.map(ExtractView::from), ..EntryView::from(line) })
            .collect(),
        query: Some(found.answer.query.to_string()),
        notes,
        indexing: false,
        facets: found
            .answer
            .facets
            .into_iter()
            .map(|f| FacetView {
                field: f.facet.french(),
                distinct: f.distinct,
                values: f
                    .values
                    .into_iter()
                    .map(|(v, entries)| ValueView { value: v.value, label: v.label, entries })
                    .collect(),
            })
            .collect(),
    }))
}

/// Without a search index: words of titles, tags and ids.
async fn listed(app: &App, reach: &Reach, query: ListQuery, limit: u32) -> ApiResult<EntryPage> {
    let filter = EntryFilter {
        folders: reach.readable(),
        living: false,
        words: query.q.split_whitespace().map(str::to_owned).collect(),
        kind: query.kind,
        tag: query.tag,
        limit: i64::from(limit),
        offset: i64::from(query.offset),
    };
    let (entries, total) = app.store.entries(&filter).await?;
    let entries = entries.into_iter().map(EntryView::from).collect();
    Ok(EntryPage { total, entries, query: None, notes: Vec::new(), indexing: app.is_indexing(), facets: Vec::new() })
}

/// An entry near another.
#[derive(Serialize, ToSchema)]
pub struct NearView {
    /// The entry.
    #[serde(flatten)]
    entry: EntryView,
    /// How much alike, 0 to 1.
    resemblance: f64,
    /// What differs, in French.
    said: String,
}

/// Entries beside one.
#[derive(Serialize, ToSchema)]
pub struct Neighbours {
    /// Those that are much the same, the most alike first.
    near: Vec<NearView>,
    /// Those that speak of the same things, nearest first.
    like: Vec<EntryView>,
}

/// Entries much the same as one, and entries that speak of the same things. Both are empty without a search index.
#[utoipa::path(get, path = "/api/v1/questions/{entry}/neighbours", tag = "bank", params(("entry" = String, Path)),
    responses((status = 200, body = Neighbours), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn neighbours(
    State(app): State<App>,
    actor: Actor,
    Path(entry): Path<String>,
) -> ApiResult<Json<Neighbours>> {
    let (_, reach) = reach::entry(&app, &actor, &entry, Level::Read).await?;
    let Some(finder) = app.finder() else { return Ok(Json(Neighbours { near: Vec::new(), like: Vec::new() })) };
    let latest = app.store.latest_revision(&entry).await?.ok_or(ApiError::NotFound)?;
    let element: Element = serde_json::from_str(&latest.body).map_err(|e| ApiError::Internal(e.into()))?;
    let near = near::near(&app.store, Known::Finder(finder), Some(&reach), &element, element.id()).await?;
    let like = find::like(&app, finder, &reach, &entry, 10).await?;
    Ok(Json(Neighbours {
        near: near
            .into_iter()
            .map(|n| NearView { resemblance: n.similarity.overall, said: n.similarity.french(), entry: n.line.into() })
            .collect(),
        like: like.into_iter().map(|(line, _)| line.into()).collect(),
    }))
}

/// The grammar of the search line, in French.
#[utoipa::path(get, path = "/api/v1/questions/grammar", tag = "bank", responses((status = 200, body = String, content_type = "text/plain")))]
pub async fn grammar() -> &'static str {
    GRAMMAR_FR
}

/// A search kept under a name.
#[derive(Serialize, ToSchema)]
pub struct SavedSearch {
    /// Its name.
    name: String,
    /// Its line.
    query: String,
}

/// One's own searches.
#[utoipa::path(get, path = "/api/v1/searches", tag = "bank", responses((status = 200, body = Vec<SavedSearch>)))]
pub async fn searches(State(app): State<App>, actor: Actor) -> ApiResult<Json<Vec<SavedSearch>>> {
    let kept = app.store.saved_searches(&actor.id).await?;
    Ok(Json(kept.into_iter().map(|(name, query)| SavedSearch { name, query }).collect()))
}

/// The line of a search to be kept.
#[derive(Deserialize, ToSchema)]
pub struct LineForm {
    /// The line.
    query: String,
}

/// Keeps a search under a name, over the one of that name.
#[utoipa::path(put, path = "/api/v1/searches/{name}", tag = "bank", params(("name" = String, Path)), request_body = LineForm,
    responses((status = 204), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn save_search(
    State(app): State<App>,
    actor: Actor,
    Path(name): Path<String>,
    Body(form): Body<LineForm>,
) -> ApiResult<StatusCode> {
    let (name, line) = searches::checked(&name, &form.query)?;
    app.store.save_search(&actor.id, name, line, ambient::now_ms()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Forgets a search.
#[utoipa::path(delete, path = "/api/v1/searches/{name}", tag = "bank", params(("name" = String, Path)), responses((status = 204)))]
pub async fn forget_search(State(app): State<App>, actor: Actor, Path(name): Path<String>) -> ApiResult<StatusCode> {
    app.store.forget_search(&actor.id, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The list of abbreviations and synonyms that searches follow.
#[utoipa::path(get, path = "/api/v1/synonyms", tag = "bank", responses((status = 200, body = String, content_type = "text/plain")))]
pub async fn synonyms(State(app): State<App>) -> ApiResult<String> {
    Ok(synonyms::list(&app.store).await?.0)
}

/// Keeps another list, one group a line; an empty one goes back to the program's own.
#[utoipa::path(put, path = "/api/v1/synonyms", tag = "bank", request_body(content = String, content_type = "text/plain"),
    responses((status = 204), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn set_synonyms(State(app): State<App>, actor: Actor, list: String) -> ApiResult<StatusCode> {
    match synonyms::set(&app, &actor, &list).await? {
        Ok(_) => Ok(StatusCode::NO_CONTENT),
        Err(wrong) => Err(ApiError::Invalid { title: "La liste ne peut pas être lue".into(), wrong }),
    }
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
