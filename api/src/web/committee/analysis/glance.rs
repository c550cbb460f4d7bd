//! The exam at a glance, its response model, its ranks, and the report.

use super::super::marking::off_thread;
use super::super::{Head, Pages, matches, page_number, words};
use super::{Asked, Found, find};
use crate::analysis::report::{self, Figure};
use crate::analysis::{document::Document, sheet};
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult};
use crate::exam::export::download;
use crate::web::chart::Histogram;
use crate::web::filters::{count, float, percent};
use crate::web::plot::Plot;
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

#[derive(Template)]
#[template(path = "analysis/glance.html")]
struct GlancePage {
    page: Layout,
    head: Head,
    figures: Vec<Figure>,
    histogram: Histogram,
    error: Option<Plot>,
    thresholds: Vec<([String; 7], String)>,
    parts: Vec<[String; 6]>,
    between: Vec<[String; 4]>,
    groups: Vec<[String; 6]>,
    /// Pairs of questions that go together most.
    closest: Vec<[String; 3]>,
    flagged: Vec<(String, usize, Vec<String>)>,
    flagged_count: usize,
    warnings: Vec<String>,
    version: u32,
}

/// The exam at a glance.
pub async fn overview(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
    page: Layout,
) -> ApiResult<Response> {
    let (head, room, study) = match find(&app, &actor, &id, &page, &asked, ("", "")).await? {
        Found::Ready(found) => *found,
        Found::Later(response) => return Ok(response),
    };
    let built = off_thread(move || {
        let subject = &room.subject;
        let name = |column: usize| {
            let label = &subject.labels[study.columns[column]];
            format!("{}. {}", label.number, label.stem)
        };
        let mut flagged: Vec<(u8, String, usize, Vec<String>)> = study
            .flags
            .iter()
            .enumerate()
            .filter(|(_, f)| f.first().is_some_and(|f| f.weight < 3))
            .map(|(c, flags)| {
                let label = &subject.labels[study.columns[c]];
                let href = format!("/examens/{id}/notation/{}", super::super::segment(&label.id));
                (flags[0].weight, href, label.number, flags.iter().map(|f| f.french.clone()).collect())
            })
            .collect();
        flagged.sort_by_key(|f| (f.0, std::cmp::Reverse(f.3.len()), f.2));
        let flagged_count = flagged.len();
        let sections: Vec<&str> =
            study.parts.iter().filter(|p| p.family == "Épreuve").map(|p| p.name.as_str()).collect();
        let document = Document::new(subject, &study, None);
        let lead = format!(
            "Version {} du registre\u{a0}: {}, {}.",
            subject.version,
            count(subject.people.len(), "copie", "copies"),
            count(study.columns.len(), "question comptée", "questions comptées")
        );
        let head = head.lead(lead);
        GlancePage {
            page: page.titled(head.document()),
            head,
            figures: report::figures(subject, &study),
            histogram: report::histogram(subject),
            error: report::error_plot(subject, &study),
            thresholds: report::thresholds(&study),
            parts: report::parts(&study),
            between: study
                .between
                .iter()
                .map(|b| {
                    [
                        sections[b.parts.0].to_owned(),
                        sections[b.parts.1].to_owned(),
                        float(b.r, 2),
                        float(b.disattenuated, 2),
                    ]
                })
                .collect(),
            groups: report::groups(&study),
            closest: study.inter_item.as_ref().map_or(vec![], |i| {
                let strong = i.closest.iter().filter(|c| c.2 > 0.3);
                strong.take(5).map(|(a, b, r)| [name(*a), name(*b), float(Some(*r), 2)]).collect()
            }),
            flagged: flagged.into_iter().take(8).map(|(_, href, number, flags)| (href, number, flags)).collect(),
            flagged_count,
            warnings: document.warnings,
            version: subject.version,
        }
    })
    .await?;
    web::page(&built)
}

#[derive(Template)]
#[template(path = "analysis/model.html")]
struct ModelPage {
    page: Layout,
    head: Head,
    figures: Vec<Figure>,
    none: String,
    information: Option<Plot>,
    lines: Vec<ModelLine>,
    tied: Vec<[String; 3]>,
    partial: bool,
}

struct ModelLine {
    href: String,
    number: usize,
    stem: String,
    a: String,
    a_se: String,
    b: String,
    steps: String,
    infit: String,
    outfit: String,
    p: String,
    rmsea: String,
}

/// What the response model says.
pub async fn responses(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
    page: Layout,
) -> ApiResult<Response> {
    let (head, room, study) =
        match find(&app, &actor, &id, &page, &asked, ("/modele", "Modèle de réponse à l’item")).await? {
            Found::Ready(found) => *found,
            Found::Later(response) => return Ok(response),
        };
    let subject = &room.subject;
    let label = |column: usize| &subject.labels[study.columns[column]];
    let (mut lines, mut tied, mut partial) = (Vec::new(), Vec::new(), false);
    if let Ok(latent) = &study.latent {
        for (at, item) in latent.calibration.items.iter().enumerate() {
            let label = label(latent.calibration.kept[at]);
            let error = latent.calibration.errors.as_ref().map(|e| e[at].a);
            let squares = latent.mean_squares[at];
            let chi = latent.s_x2.as_ref().ok().and_then(|s| s[at]);
            partial |= item.b.len() > 1;
            lines.push(ModelLine {
                href: format!("/examens/{id}/notation/{}", super::super::segment(&label.id)),
                number: label.number,
                stem: label.stem.clone(),
                a: float(Some(item.a), 2),
                a_se: float(error, 2),
                b: float(Some(item.b.iter().sum::<f64>() / item.b.len() as f64), 2),
                steps: item.b.iter().map(|b| float(Some(*b), 2)).collect::<Vec<_>>().join(" · "),
                infit: float(squares.map(|m| m.infit), 2),
                outfit: float(squares.map(|m| m.outfit), 2),
                p: float(chi.map(|c| c.p), 3),
                rmsea: float(chi.map(|c| c.rmsea), 3),
            });
        }
        for t in latent.tied.iter().take(50) {
            let name = |c: usize| format!("{}. {}", label(c).number, label(c).stem);
            tied.push([name(t.pair.0), name(t.pair.1), float(Some(t.q3), 2)]);
        }
    }
    web::page(&ModelPage {
        page: page.titled(head.document()),
        figures: report::model_figures(&study).unwrap_or_default(),
        none: study.latent.as_ref().err().cloned().unwrap_or_default(),
        information: report::information_plot(&study),
        head,
        lines,
        tied,
        partial,
    })
}

/// What is looked for among the ranks.
#[derive(Debug, Default, Deserialize)]
pub struct Search {
    #[serde(default)]
    mots: String,
    #[serde(default)]
    page: String,
}

struct RankLine {
    href: String,
    number: String,
    name: String,
    on_20: String,
    rank: u32,
    low: u32,
    high: u32,
    above: String,
    /// The pass mark lies within what chance alone explains.
    unsure: bool,
}

#[derive(Template)]
#[template(path = "analysis/ranks.html")]
struct RanksPage {
    page: Layout,
    head: Head,
    figures: Vec<Figure>,
    none: String,
    plot: Option<Plot>,
    lines: Vec<RankLine>,
    threshold: Option<String>,
    unsure: usize,
    version: Option<u32>,
    search: Search,
    count: String,
    pages: Pages,
}

const PAGE: usize = 200;

/// How far ranks can be trusted.
pub async fn ranks(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
    Query(search): Query<Search>,
    page: Layout,
) -> ApiResult<Response> {
    let (head, room, study) = match find(&app, &actor, &id, &page, &asked, ("/rangs", "Incertitude des rangs")).await? {
        Found::Ready(found) => *found,
        Found::Later(response) => return Ok(response),
    };
    let subject = &room.subject;
    let wanted = words(&search.mots);
    let (mut lines, mut unsure) = (Vec::new(), 0);
    if let Ok(ranks) = &study.ranks {
        for (row, interval) in ranks.candidates.iter().enumerate() {
            let person = &subject.people[row];
            let own_unsure = interval.above.is_some_and(|a| a > 0.05 && a < 0.95);
            unsure += usize::from(own_unsure);
            if matches(&wanted, &format!("{} {}", person.number, person.name)) {
                lines.push(RankLine {
                    href: format!("/examens/{id}/candidats/{}", super::super::segment(&person.id)),
                    number: person.number.clone(),
                    name: person.name.clone(),
                    on_20: web::filters::mark_or_dash(subject.marks.on_20(row)),
                    rank: subject.ranks[row],
                    low: interval.low,
                    high: interval.high,
                    above: interval.above.map_or_else(|| "—".into(), percent),
                    unsure: own_unsure,
                });
            }
        }
    }
    lines.sort_by(|a, b| a.rank.cmp(&b.rank).then_with(|| a.number.cmp(&b.number)));
    let total = lines.len();
    let at = page_number(&search.page);
    let version = asked.version.map(|v| format!("version={v}&")).unwrap_or_default();
    let base = format!("/examens/{id}/analyse/rangs?{version}mots={}&", web::urlencode(&search.mots));
    web::page(&RanksPage {
        page: page.titled(head.document()),
        figures: report::rank_figures(&study).unwrap_or_default(),
        none: report::rank_figures(&study).err().unwrap_or_default(),
        plot: report::ranks_plot(&study),
        lines: lines.into_iter().skip((at - 1) * PAGE).take(PAGE).collect(),
        threshold: subject.effective.paper.rules.pass_threshold.map(|t| t.french(2)),
        unsure,
        version: asked.version,
        count: count(total, "candidat", "candidats"),
        pages: Pages::new(total, PAGE, at, &base),
        search,
        head,
    })
}

/// A study for programs, that wait for it longer than people.
pub async fn study_of(
    app: &App,
    id: &str,
    version: Option<u32>,
) -> ApiResult<(std::sync::Arc<crate::analysis::jobs::Room>, std::sync::Arc<crate::analysis::study::Study>)> {
    use crate::analysis::jobs::{Answer, study};
    match study(app, id, version, std::time::Duration::from_secs(60)).await? {
        Answer::Ready(room, study) => Ok((room, study)),
        Answer::Working(..) => {
            Err(ApiError::Conflict("L’analyse est en cours\u{a0}: réessayez dans un instant.".into()))
        }
        Answer::Stopped => Err(ApiError::Conflict("L’analyse a été arrêtée\u{a0}: reprenez-la depuis sa page.".into())),
    }
}

/// The report, one file.
pub async fn report_html(
    State(app): State<App>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> ApiResult<Response> {
    let (room, study) = study_of(&app, &id, asked.version).await?;
    let title = room.subject.title.clone();
    let html = off_thread(move || report::html(&room.subject, &study)).await?.map_err(ApiError::Internal)?;
    Ok(download(html.into_bytes(), "text/html; charset=utf-8", &format!("{title} analyse"), "html"))
}

/// The tables, a workbook.
pub async fn report_xlsx(
    State(app): State<App>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> ApiResult<Response> {
    let (room, study) = study_of(&app, &id, asked.version).await?;
    let title = room.subject.title.clone();
    let bytes = off_thread(move || sheet::xlsx(&room.subject, &study)).await?.map_err(ApiError::Internal)?;
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    Ok(download(bytes, kind, &format!("{title} analyse"), "xlsx"))
}

/// The numbers, for programs.
pub async fn report_json(
    State(app): State<App>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> ApiResult<Response> {
    let (room, study) = study_of(&app, &id, asked.version).await?;
    let document = off_thread(move || Document::new(&room.subject, &study, None)).await?;
    Ok(axum::Json(document).into_response())
}
