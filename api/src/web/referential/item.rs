//! One item: its objectives by rank and rubric, its questions, and what is around it.

use super::{Source, VersionQuery, Versions, questions_href, version_query};
use crate::app::App;
use crate::auth::Actor;
use crate::bank::reach::Reach;
use crate::error::{ApiError, ApiResult};
use crate::referential::coverage::{self, Objective, OneItem};
use crate::web;
use crate::web::layout::Layout;
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use r2c_referential::{ItemNumber, Rank, Rubric, ecn_items_of, item as official, specialties_of};

struct ObjectiveRow {
    code: String,
    title: String,
    remark: Option<&'static str>,
    entries: i64,
    href: String,
}

/// Objectives of one rubric inside a rank.
struct Group {
    rubric: &'static str,
    rows: Vec<ObjectiveRow>,
}

struct RankBlock {
    letter: char,
    class: char,
    objectives: usize,
    without: usize,
    groups: Vec<Group>,
}

#[derive(Template)]
#[template(path = "referential/item.html")]
struct ItemPage {
    page: Layout,
    number: u16,
    title: &'static str,
    entries: i64,
    questions: String,
    source: Option<Source>,
    versions: Option<Versions>,
    /// What keeps to an older version from page to page.
    kept: String,
    ranks: Vec<RankBlock>,
    specialties: Vec<(String, &'static str)>,
    older: Vec<(u16, &'static str)>,
    previous: Option<u16>,
    next: Option<u16>,
}

fn group(all: &[Objective], rank: Rank) -> RankBlock {
    let letter = rank.letter();
    let own: Vec<&Objective> = all.iter().filter(|o| o.rank == letter.to_string()).collect();
    let row = |o: &&Objective| ObjectiveRow {
        href: questions_href(&o.code),
        code: o.code.clone(),
        title: o.title.clone(),
        remark: o.remark(),
        entries: o.entries,
    };
    let named = Rubric::ALL.map(Rubric::label);
    let mut groups: Vec<Group> = named
        .iter()
        .map(|rubric| Group { rubric, rows: own.iter().filter(|o| o.rubric == *rubric).map(row).collect() })
        .collect();
    let others = own.iter().filter(|o| !named.contains(&o.rubric.as_str())).map(row).collect();
    groups.push(Group { rubric: "Sans rubrique", rows: others });
    groups.retain(|g| !g.rows.is_empty());
    RankBlock {
        letter,
        class: letter.to_ascii_lowercase(),
        objectives: own.len(),
        without: own.iter().filter(|o| o.entries == 0).count(),
        groups,
    }
}

/// One item.
pub async fn item(
    State(app): State<App>,
    actor: Actor,
    Path(number): Path<String>,
    Query(query): Query<VersionQuery>,
    page: Layout,
) -> ApiResult<Response> {
    let number: ItemNumber = number.parse().map_err(|_| ApiError::NotFound)?;
    let found = official(number);
    let reach = Reach::of(&app, &actor).await?;
    let OneItem { chosen, objectives, entries } = coverage::of_item(&app.store, &reach, number, query.version).await?;
    let n = number.get();
    web::page(&ItemPage {
        page: page.titled(format!("Item {n}")),
        number: n,
        title: found.title,
        entries,
        questions: questions_href(&coverage::item_tag(number)),
        source: chosen.as_ref().map(Source::of),
        kept: version_query(chosen.as_ref()),
        versions: Versions::of(chosen.as_ref(), format!("/referentiel/items/{}", number.get())),
        ranks: Rank::ALL.map(|rank| group(&objectives, rank)).into(),
        specialties: specialties_of(number).map(|s| (s.slug.to_string(), s.name)).collect(),
        older: ecn_items_of(number).map(|i| (i.number.get(), i.title)).collect(),
        previous: (n > 1).then(|| n - 1),
        next: (n < ItemNumber::LAST.get()).then(|| n + 1),
    })
}
