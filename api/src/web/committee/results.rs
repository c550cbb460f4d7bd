//! Results: everyone's, as files, and their publication.

use super::marking::{Stat, off_thread, stats, unmarked};
use super::{At, Head, Pages, count, head, is_committee, matches, page_number, words};
use crate::app::App;
use crate::auth::Actor;
use crate::error::ApiResult;
use crate::exam::marks::{Overview, ledger, mark_at};
use crate::exam::{draft, export, results};
use crate::web::filters::{date_time, mark_or_dash};
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;

struct Line {
    person: String,
    number: String,
    name: String,
    site: String,
    /// 0 for those who did not come.
    rank: u32,
    on_20: String,
    rank_a: String,
    rank_a_pass: Option<bool>,
    rank_b: String,
    points: String,
    sections: Vec<String>,
    pass: Option<bool>,
}

struct SiteChoice {
    name: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "committee/results.html")]
struct ResultsPage {
    page: Layout,
    head: Head,
    committee: bool,
    stats: Vec<Stat>,
    version: u32,
    published: Option<(i64, String)>,
    up_to_date: bool,
    decisions: usize,
    threshold: String,
    pass_threshold: Option<String>,
    sections: Vec<String>,
    lines: Vec<Line>,
    count: String,
    search: Search,
    sites: Vec<SiteChoice>,
    pages: Pages,
}

/// What is looked for.
#[derive(Debug, Default, Deserialize)]
pub struct Search {
    #[serde(default)]
    mots: String,
    #[serde(default)]
    centre: String,
    #[serde(default)]
    groupe: String,
    #[serde(default)]
    page: String,
}

const PAGE: usize = 200;

impl Search {
    fn wants(&self, wanted: &[String], line: &Line) -> bool {
        let group = match self.groupe.as_str() {
            "atteint" => line.rank_a_pass == Some(true),
            "non-atteint" => line.rank_a_pass == Some(false),
            "absents" => line.rank == 0,
            _ => true,
        };
        group
            && (self.centre.is_empty() || self.centre == line.site)
            && matches(wanted, &format!("{} {} {}", line.number, line.name, line.site))
    }
}

/// Everyone's results at the last version, what is published, and the files.
pub async fn results_page(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    Query(search): Query<Search>,
    page: Layout,
) -> ApiResult<Response> {
    let exam = draft::exam(&app, &id).await?;
    let head = head(&app, &actor, &exam, At::Results).await?;
    let versions = ledger(&app, &id).await?.len() as u32;
    if versions == 0 {
        return unmarked(page, head, &exam);
    }
    let marked = mark_at(&app, &id, Some(versions)).await?;
    let rules = marked.effective.paper.rules.clone();
    let sections: Vec<String> = marked.effective.paper.sections.iter().map(|s| s.title.clone()).collect();
    let columns = sections.len();
    let (stats, mut lines) = off_thread(move || {
        let all = results::summaries(&marked);
        let mut row_of = vec![None; marked.cohort.candidates.len()];
        for (row, i) in marked.present.iter().enumerate() {
            row_of[*i] = Some(row);
        }
        let lines: Vec<Line> = marked
            .cohort
            .candidates
            .iter()
            .zip(row_of)
            .map(|(c, row)| {
                let summary = row.map(|r| &all[r]);
                Line {
                    person: c.person_id.clone(),
                    number: c.number.clone(),
                    name: c.name.clone(),
                    site: c.site_name.clone(),
                    rank: summary.map_or(0, |s| s.rank),
                    on_20: mark_or_dash(summary.and_then(|s| s.on_20)),
                    rank_a: mark_or_dash(summary.and_then(|s| s.rank_a_on_20)),
                    rank_a_pass: summary.and_then(|s| s.rank_a_pass),
                    rank_b: mark_or_dash(summary.and_then(|s| s.rank_b_on_20)),
                    points: summary.map_or_else(|| "—".into(), |s| s.points.french(3)),
                    sections: summary.map_or_else(
                        || vec!["—".into(); columns],
                        |s| s.sections.iter().map(|x| x.points.french(3)).collect(),
                    ),
                    pass: summary.and_then(|s| s.pass),
                }
            })
            .collect();
        (stats(&Overview::of(&marked, versions), &marked.marks.out_of().french(2)), lines)
    })
    .await?;
    lines.sort_by_key(|l| if l.rank == 0 { u32::MAX } else { l.rank });
    let sites = app.store.sites(&id).await?;
    let wanted = words(&search.mots);
    let found: Vec<Line> = lines.into_iter().filter(|l| search.wants(&wanted, l)).collect();
    let at = page_number(&search.page);
    let base = format!(
        "?mots={}&centre={}&groupe={}&",
        web::urlencode(&search.mots),
        web::urlencode(&search.centre),
        web::urlencode(&search.groupe)
    );
    let published = exam.published_version.map(|v| (v, exam.published_ms.map(date_time).unwrap_or_default()));
    web::page(&ResultsPage {
        page: page.titled(head.document()),
        head: head.lead(format!("Version {versions} du registre.")),
        committee: is_committee(&actor),
        stats,
        version: versions,
        up_to_date: published.as_ref().is_some_and(|(v, _)| *v == i64::from(versions)),
        published,
        decisions: versions as usize - 1,
        threshold: rules.rank_a_threshold.french(2),
        pass_threshold: rules.pass_threshold.map(|t| t.french(2)),
        sections,
        count: count(found.len(), "candidat", "candidats"),
        pages: Pages::new(found.len(), PAGE, at, &base),
        lines: found.into_iter().skip((at - 1) * PAGE).take(PAGE).collect(),
        sites: sites.into_iter().map(|s| SiteChoice { chosen: s.name == search.centre, name: s.name }).collect(),
        search,
    })
}

/// Publishes the last version, for everyone at once.
pub async fn publish(State(app): State<App>, actor: Actor, Path(id): Path<String>) -> ApiResult<Response> {
    results::publish(&app, &actor, &id).await?;
    Ok(web::go(&format!("/examens/{id}/resultats"), "Résultats publiés\u{a0}: chaque étudiant peut lire les siens."))
}

/// Results as CSV.
pub async fn results_csv(State(app): State<App>, Path(id): Path<String>) -> ApiResult<Response> {
    export::csv_file(&app, &id).await
}

/// Results as XLSX, with the register.
pub async fn results_xlsx(State(app): State<App>, Path(id): Path<String>) -> ApiResult<Response> {
    export::xlsx_file(&app, &id).await
}
