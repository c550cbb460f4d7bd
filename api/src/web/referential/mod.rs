//! What is taught, and what the bank has of it: items, objectives, situations, specialties, imported
//! referentials.

mod import;
mod item;
mod review;
mod tree;

pub use import::{import, import_page};
pub use item::item;
pub use review::{decide, review_page};
pub use tree::tree;

use super::filters;
use super::layout::Layout;
use crate::app::App;
use crate::auth::{Actor, Role};
use crate::bank::reach::Reach;
use crate::error::{ApiError, ApiResult};
use crate::referential::coverage::{self, Chosen, Coverage, ItemCoverage, RubricCoverage, Tally};
use crate::web;
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use docimo_store::referentials::{ReferentialLine, VersionLine};
use r2c_referential::{Specialty, search_items, search_situations, situations, specialties, specialty};
use serde::Deserialize;

/// May this person bring versions and decide of tags?
fn may_manage(actor: &Actor) -> bool {
    actor.is_any(&[Role::Committee, Role::Administrator])
}

/// The bank's list of what carries a tag.
fn questions_href(tag: &str) -> String {
    format!("/questions?etiquette={}", web::urlencode(tag))
}

/// Objectives of a rank in a table: "3 sur 7", or a dash.
fn covered(tally: Tally) -> String {
    if tally.objectives == 0 { "—".into() } else { format!("{} / {}", tally.covered(), tally.objectives) }
}

/// A row of items.
struct ItemRow {
    number: u16,
    title: &'static str,
    entries: i64,
    /// Its page.
    page: String,
    href: String,
    rank_a: String,
    rank_b: String,
    a_missing: bool,
}

impl ItemRow {
    fn of(item: &ItemCoverage, query: &str) -> Self {
        Self {
            page: format!("/referentiel/items/{}{query}", item.number),
            number: item.number,
            title: item.title,
            entries: item.entries,
            href: questions_href(&format!("R2C:{}", item.number)),
            rank_a: covered(item.rank_a),
            rank_b: covered(item.rank_b),
            a_missing: item.rank_a.without_question > 0,
        }
    }
}

struct RubricRow {
    rubric: &'static str,
    rank_a: String,
    rank_b: String,
}

impl RubricRow {
    fn of(rubric: &RubricCoverage) -> Self {
        Self { rubric: rubric.rubric, rank_a: covered(rubric.rank_a), rank_b: covered(rubric.rank_b) }
    }
}

/// Where objectives come from.
struct Source {
    version: String,
    imported: String,
    origin: String,
}

impl Source {
    fn of(chosen: &Chosen) -> Self {
        let VersionLine { name, created_ms, origin, .. } = chosen.version.clone();
        Self { version: name, imported: filters::day(created_ms), origin }
    }
}

/// The choice of a version, where there are several.
struct Versions {
    /// The page that shows them.
    action: String,
    /// Number, name, is it the one shown, is it the one in force.
    all: Vec<(i64, String, bool, bool)>,
    /// Is the version shown no longer in force?
    older: bool,
}

impl Versions {
    /// `None` where there is nothing to choose.
    fn of(chosen: Option<&Chosen>, action: impl Into<String>) -> Option<Self> {
        let chosen = chosen.filter(|c| c.versions.len() > 1)?;
        let line = |v: &VersionLine| {
            (v.number, v.name.clone(), v.number == chosen.version.number, v.number == chosen.line.current)
        };
        Some(Self { action: action.into(), all: chosen.versions.iter().map(line).collect(), older: chosen.is_older() })
    }
}

/// What keeps to an older version from page to page.
fn version_query(chosen: Option<&Chosen>) -> String {
    chosen.filter(|c| c.is_older()).map_or_else(String::new, |c| format!("?version={}", c.version.number))
}

/// Which version to read.
#[derive(Deserialize)]
pub struct VersionQuery {
    /// Its number; the one in force by default.
    #[serde(default)]
    version: Option<i64>,
}

struct Figures {
    items: String,
    rank_a: String,
    rank_b: String,
}

impl Figures {
    fn of(items: &[ItemCoverage]) -> Self {
        let sum = |tally: fn(&ItemCoverage) -> Tally| {
            covered(items.iter().map(tally).fold(Tally::default(), |all, one| Tally {
                objectives: all.objectives + one.objectives,
                without_question: all.without_question + one.without_question,
            }))
        };
        Self {
            items: format!("{} / {}", items.iter().filter(|i| i.entries > 0).count(), items.len()),
            rank_a: sum(|i| i.rank_a),
            rank_b: sum(|i| i.rank_b),
        }
    }
}

struct Link {
    href: String,
    label: String,
    note: String,
}

#[derive(Template)]
#[template(path = "referential/home.html")]
struct HomePage {
    page: Layout,
    may_manage: bool,
    waiting: usize,
    source: Option<Source>,
    versions: Option<Versions>,
    figures: Figures,
    rubrics: Vec<RubricRow>,
    items: Vec<ItemRow>,
    /// What keeps to an older version from page to page, alone and after another field.
    kept: String,
    kept_more: String,
    without: bool,
    others: Vec<Link>,
}

/// What to show of the items.
#[derive(Deserialize)]
pub struct HomeQuery {
    /// Only items without a question, or with an objective of rank A without one.
    #[serde(default)]
    manque: String,
    /// Number of a version of the objectives; the one in force by default.
    #[serde(default)]
    version: Option<i64>,
}

/// Items, coverage, and the way to the rest.
pub async fn home(
    State(app): State<App>,
    actor: Actor,
    Query(query): Query<HomeQuery>,
    page: Layout,
) -> ApiResult<Response> {
    let reach = Reach::of(&app, &actor).await?;
    let Coverage { chosen, items, rubrics, .. } = coverage::whole(&app.store, &reach, query.version).await?;
    let kept = version_query(chosen.as_ref());
    let without = query.manque == "1";
    let shown = items.iter().filter(|i| !without || i.entries == 0 || i.rank_a.without_question > 0);
    let others = app.store.referentials().await?;
    let link = |line: ReferentialLine| Link {
        href: format!("/referentiel/{}", line.slug),
        note: format!("version « {} », {} éléments", line.version, line.nodes),
        label: line.title,
    };
    web::page(&HomePage {
        may_manage: may_manage(&actor),
        waiting: crate::referential::review::waiting(&app.store).await?.len(),
        source: chosen.as_ref().map(Source::of),
        versions: Versions::of(chosen.as_ref(), "/referentiel"),
        figures: Figures::of(&items),
        rubrics: rubrics.iter().map(RubricRow::of).collect(),
        items: shown.map(|item| ItemRow::of(item, &kept)).collect(),
        kept_more: kept.replacen('?', "&", 1),
        kept,
        without,
        others: others.into_iter().map(link).collect(),
        page: page.titled("Référentiel"),
    })
}

struct Found {
    href: String,
    label: String,
    title: String,
}

#[derive(Template)]
#[template(path = "referential/search.html")]
struct SearchPage {
    page: Layout,
    words: String,
    items: Vec<Found>,
    objectives: Vec<Found>,
    more: usize,
    situations: Vec<Found>,
    specialties: Vec<Found>,
    others: Vec<Found>,
}

/// What is looked for.
#[derive(Deserialize)]
pub struct SearchQuery {
    #[serde(default)]
    mots: String,
}

/// Most objectives, and most nodes of other referentials, that one search shows.
const MOST: usize = 60;

/// Does a title hold every word?
fn holds(title: &str, words: &[String]) -> bool {
    let title = r2c_referential::fold(title);
    !words.is_empty() && words.iter().all(|word| title.contains(word.as_str()))
}

/// Items, objectives, situations, specialties and imported nodes by words of their title, number or code.
pub async fn search(State(app): State<App>, Query(query): Query<SearchQuery>, page: Layout) -> ApiResult<Response> {
    let words: Vec<String> =
        r2c_referential::fold(&query.mots).split_whitespace().take(10).map(str::to_owned).collect();
    let item = |number: u16| format!("/referentiel/items/{number}");
    let (mut objectives, mut others) = (Vec::new(), Vec::new());
    for line in app.store.referentials().await? {
        for node in app.store.nodes(&line.slug, line.current).await? {
            if !holds(&format!("{} {}", node.code, node.title), &words) {
                continue;
            }
            if line.slug == crate::referential::NATIONAL {
                let number = node.code.parse().map_or(1, |c: r2c_referential::ObjectiveCode| c.item().get());
                let href = format!("{}#{}", item(number), node.code);
                objectives.push(Found { href, label: node.code, title: node.title });
            } else {
                let href = format!("/referentiel/{}", line.slug);
                others.push(Found { href, label: node.tag, title: node.title });
            }
        }
    }
    let more = objectives.len().saturating_sub(MOST) + others.len().saturating_sub(MOST);
    objectives.truncate(MOST);
    others.truncate(MOST);
    let found_specialty = |s: &Specialty| Found {
        href: format!("/referentiel/specialites/{}", s.slug),
        label: s.name.to_owned(),
        title: String::new(),
    };
    web::page(&SearchPage {
        page: page.titled("Recherche dans le référentiel"),
        items: search_items(&query.mots)
            .into_iter()
            .map(|i| Found {
                href: item(i.number.get()),
                label: format!("Item\u{a0}{}", i.number),
                title: i.title.into(),
            })
            .collect(),
        situations: search_situations(&query.mots)
            .into_iter()
            .map(|s| Found {
                href: questions_href(&format!("R2C:SDD:{}", s.number)),
                label: format!("Situation\u{a0}{}", s.number),
                title: s.title.into(),
            })
            .collect(),
        specialties: specialties().iter().filter(|s| holds(s.name, &words)).map(found_specialty).collect(),
        objectives,
        others,
        more,
        words: query.mots,
    })
}

struct SpecialtyRow {
    href: String,
    name: &'static str,
    items: usize,
    with_question: usize,
    rank_a: String,
    rank_b: String,
}

#[derive(Template)]
#[template(path = "referential/specialties.html")]
struct SpecialtiesPage {
    page: Layout,
    rows: Vec<SpecialtyRow>,
}

/// The items of a specialty, with what the bank has of them.
fn items_of<'c>(specialty: &Specialty, all: &'c [ItemCoverage]) -> Vec<&'c ItemCoverage> {
    r2c_referential::items_of(specialty.slug.as_str())
        .filter_map(|item| all.get(usize::from(item.number.get()) - 1))
        .collect()
}

/// Every specialty.
pub async fn specialties_page(State(app): State<App>, actor: Actor, page: Layout) -> ApiResult<Response> {
    let all = coverage::whole(&app.store, &Reach::of(&app, &actor).await?, None).await?.items;
    let row = |s: &Specialty| {
        let own: Vec<ItemCoverage> = items_of(s, &all).into_iter().cloned().collect();
        let figures = Figures::of(&own);
        SpecialtyRow {
            href: format!("/referentiel/specialites/{}", s.slug),
            name: s.name,
            items: own.len(),
            with_question: own.iter().filter(|i| i.entries > 0).count(),
            rank_a: figures.rank_a,
            rank_b: figures.rank_b,
        }
    };
    web::page(&SpecialtiesPage { rows: specialties().iter().map(row).collect(), page: page.titled("Spécialités") })
}

#[derive(Template)]
#[template(path = "referential/specialty.html")]
struct SpecialtyPage {
    page: Layout,
    name: &'static str,
    tag: String,
    tagged: i64,
    tagged_href: String,
    figures: Figures,
    has_objectives: bool,
    versions: Option<Versions>,
    items: Vec<ItemRow>,
}

/// One specialty: its items and what the bank has of them.
pub async fn specialty_page(
    State(app): State<App>,
    actor: Actor,
    Path(slug): Path<String>,
    Query(query): Query<VersionQuery>,
    page: Layout,
) -> ApiResult<Response> {
    let found = specialty(&slug).ok_or(ApiError::NotFound)?;
    let reach = Reach::of(&app, &actor).await?;
    let whole = coverage::whole(&app.store, &reach, query.version).await?;
    let kept = version_query(whole.chosen.as_ref());
    let own: Vec<ItemCoverage> = items_of(found, &whole.items).into_iter().cloned().collect();
    let tag = format!("spec:{}", found.slug);
    let tagged =
        coverage::counts(&app.store, &reach, std::slice::from_ref(&tag)).await?.get(&tag).copied().unwrap_or(0);
    web::page(&SpecialtyPage {
        page: page.titled(found.name),
        name: found.name,
        tagged,
        tagged_href: questions_href(&tag),
        tag,
        figures: Figures::of(&own),
        has_objectives: whole.chosen.is_some(),
        versions: Versions::of(whole.chosen.as_ref(), format!("/referentiel/specialites/{}", found.slug)),
        items: own.iter().map(|item| ItemRow::of(item, &kept)).collect(),
    })
}

struct SituationRow {
    number: u16,
    title: &'static str,
    entries: i64,
    href: String,
}

#[derive(Template)]
#[template(path = "referential/situations.html")]
struct SituationsPage {
    page: Layout,
    with_question: usize,
    rows: Vec<SituationRow>,
}

/// The 356 starting situations, with their questions.
pub async fn situations_page(State(app): State<App>, actor: Actor, page: Layout) -> ApiResult<Response> {
    let tag = |number| format!("R2C:SDD:{number}");
    let tags: Vec<String> = situations().iter().map(|s| tag(s.number)).collect();
    let counts = coverage::counts(&app.store, &Reach::of(&app, &actor).await?, &tags).await?;
    let rows: Vec<SituationRow> = situations()
        .iter()
        .map(|s| SituationRow {
            number: s.number.get(),
            title: s.title,
            entries: counts.get(&tag(s.number)).copied().unwrap_or(0),
            href: questions_href(&tag(s.number)),
        })
        .collect();
    let with_question = rows.iter().filter(|r| r.entries > 0).count();
    web::page(&SituationsPage { page: page.titled("Situations de départ"), with_question, rows })
}
