//! Marks of an exam in figures, and each question with what candidates answered.

use super::question::{Shown, shown, signed as step};
use super::{At, Head, count, head, segment};
use crate::app::App;
use crate::assistance::disclosure::{self, MARK};
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult};
use crate::exam::draft;
use crate::exam::marks::{self, Marked, Overview, ledger, mark_at, told};
use crate::exam::questions::{AnswerCount, QuestionLine, answer_counts, question_lines};
use crate::markdown;
use crate::web::chart::Histogram;
use crate::web::filters::{date_time, float, percent, thousands};
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use docimo_engine::question::{Body, Shape, Status};
use docimo_engine::{Exact, QuestionId};
use docimo_store::exams::Exam;
use docimo_store::results::LedgerLine;

/// A figure of an overview.
pub(super) struct Stat {
    pub(super) label: &'static str,
    pub(super) value: String,
    pub(super) note: String,
}

/// The figures of an overview, for people. `out_of` is what the marks are made of.
pub(super) fn stats(overview: &Overview, out_of: &str) -> Vec<Stat> {
    let number = |value: Option<f64>| float(value, 2);
    let of = |pick: fn(&docimo_engine::stats::Summary) -> f64| number(overview.on_20.as_ref().map(pick));
    let absent = overview.enrolled - overview.present;
    vec![
        Stat {
            label: "Copies notées",
            value: thousands(overview.present),
            note: format!("sur {} inscrits, {}", thousands(overview.enrolled), count(absent, "absent", "absents")),
        },
        Stat {
            label: "Moyenne sur 20",
            value: of(|s| s.mean),
            note: format!("écart-type {}\u{202f}; {out_of} points en tout", of(|s| s.sd)),
        },
        Stat {
            label: "Médiane",
            value: of(|s| s.quartiles[1]),
            note: format!("la moitié des copies de {} à {}", of(|s| s.quartiles[0]), of(|s| s.quartiles[2])),
        },
        Stat {
            label: "Note la plus haute",
            value: of(|s| s.max),
            note: format!("la plus basse est {}", of(|s| s.min)),
        },
        Stat {
            label: "Seuil de rang A atteint",
            value: thousands(overview.rank_a_pass),
            note: format!(
                "sur {}, seuil {} sur 20",
                thousands(overview.rank_a_of),
                super::french(&overview.rank_a_threshold)
            ),
        },
        Stat {
            label: "Fidélité (alpha)",
            value: number(overview.alpha),
            note: format!("alpha de Cronbach\u{202f}; erreur de mesure {} points", number(overview.sem)),
        },
    ]
}

/// Histogram of the marks, with what the eye looks for.
fn histogram(marked: &Marked) -> Histogram {
    let on_20 = marked.on_20();
    let mut markers = Vec::new();
    if let Some(summary) = docimo_engine::stats::summary(&on_20) {
        markers.push((summary.quartiles[1], format!("Médiane {}", float(Some(summary.quartiles[1]), 2))));
    }
    if let Some(threshold) = marked.effective.paper.rules.pass_threshold {
        markers.push((threshold.to_f64(), format!("Seuil {}", threshold.french(2))));
    }
    Histogram::of_marks("notes", "Répartition des notes sur 20", &on_20, &markers)
}

/// Work on marks leaves the web threads.
pub(super) async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> ApiResult<T> {
    tokio::task::spawn_blocking(work).await.map_err(|e| ApiError::Internal(e.into()))
}

/// A question in the table of the committee.
struct Line {
    href: String,
    number: usize,
    stem: String,
    place: String,
    kind: String,
    rank: String,
    p: String,
    d27: String,
    r: String,
    blank: String,
    neutralised: &'static str,
    flags: Vec<String>,
    row: &'static str,
}

fn neutralised_french(policy: Option<&str>) -> &'static str {
    match policy {
        Some("removed") => "neutralisée, retirée du total",
        Some(_) => "neutralisée, points à tous",
        None => "",
    }
}

fn line(exam_id: &str, q: QuestionLine) -> Line {
    let neutralised = neutralised_french(q.neutralised.as_deref());
    Line {
        href: format!("/examens/{exam_id}/notation/{}", segment(&q.id)),
        number: q.number,
        stem: q.stem,
        place: q.case.unwrap_or(q.section),
        kind: q.kind,
        rank: q.rank.unwrap_or_default(),
        p: q.p.map_or_else(|| "—".into(), percent),
        d27: float(q.d27, 2),
        r: float(q.r_item_rest, 2),
        blank: percent(q.blank),
        row: if !neutralised.is_empty() {
            "row--muted"
        } else if q.flags.is_empty() {
            ""
        } else {
            "row--warning"
        },
        neutralised,
        flags: q.flags,
    }
}

/// A question that calls for a look.
struct Flagged {
    href: String,
    number: usize,
    flags: Vec<String>,
}

/// The first questions to look at: those with the most flags, a negative discrimination before all.
fn flagged(lines: &[Line]) -> Vec<Flagged> {
    let mut list: Vec<&Line> = lines.iter().filter(|l| !l.flags.is_empty()).collect();
    list.sort_by_key(|l| (!l.r.starts_with('\u{2212}'), std::cmp::Reverse(l.flags.len()), l.number));
    list.into_iter()
        .take(5)
        .map(|l| Flagged { href: l.href.clone(), number: l.number, flags: l.flags.clone() })
        .collect()
}

#[derive(Template)]
#[template(path = "committee/marking.html")]
struct MarkingPage {
    page: Layout,
    head: Head,
    stats: Vec<Stat>,
    chart: Histogram,
    flagged: usize,
    flags: Vec<Flagged>,
    small: bool,
    lines: Vec<Line>,
    late: i64,
}

#[derive(Template)]
#[template(path = "committee/unmarked.html")]
struct UnmarkedPage {
    page: Layout,
    head: Head,
    can_mark: bool,
}

/// The page of an exam that is not marked yet.
pub(super) fn unmarked(page: Layout, head: Head, exam: &Exam) -> ApiResult<Response> {
    web::page(&UnmarkedPage { page: page.titled(head.document()), can_mark: exam.state == "closed", head })
}

/// Marks for the first time.
pub async fn first_marking(State(app): State<App>, actor: Actor, Path(id): Path<String>) -> ApiResult<Response> {
    marks::first_marking(&app, &actor, &id).await?;
    Ok(web::go(
        &format!("/examens/{id}/notation"),
        "Examen noté. Rien n’est publié\u{a0}: étudiez d’abord les questions signalées.",
    ))
}

/// The marks in figures and every question.
pub async fn marking_page(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    page: Layout,
) -> ApiResult<Response> {
    let exam = draft::exam(&app, &id).await?;
    let head = head(&app, &actor, &exam, At::Marking).await?;
    let versions = ledger(&app, &id).await?.len() as u32;
    if versions == 0 {
        return unmarked(page, head, &exam);
    }
    let late = app.store.late_counts(&id).await?.iter().map(|(_, n)| n).sum();
    let marked = mark_at(&app, &id, Some(versions)).await?;
    let (stats, chart, questions, present) = off_thread(move || {
        let out_of = marked.marks.out_of().french(2);
        (
            stats(&Overview::of(&marked, versions), &out_of),
            histogram(&marked),
            question_lines(&marked),
            marked.present.len(),
        )
    })
    .await?;
    let born = disclosure::questions_born_in(&app, &id).await?;
    let lines = questions.into_iter().map(|mut q| {
        if born.contains(&q.id) {
            q.kind.push_str(", née d’une IA");
        }
        line(&id, q)
    });
    let lines: Vec<Line> = lines.collect();
    let head = head
        .lead(format!("Version {versions} du registre, recalculée à l’instant depuis les copies."))
        .link(format!("/examens/{id}/registre"), "Registre");
    web::page(&MarkingPage {
        page: page.titled(head.document()),
        head,
        stats,
        chart,
        flagged: lines.iter().filter(|l| !l.flags.is_empty()).count(),
        flags: flagged(&lines),
        small: present < crate::analysis::flags::LEAST,
        lines,
        late,
    })
}

struct KeyChoice {
    id: String,
    letter: char,
    text: String,
    statuses: Vec<(&'static str, &'static str, bool)>,
}

struct AnswerLine {
    label: String,
    right: bool,
    unlisted: bool,
    count: String,
    share: String,
    percent: u32,
}

struct Past {
    version: u32,
    what: String,
    reason: String,
    when: String,
    author: String,
}

#[derive(Template)]
#[template(path = "committee/question.html")]
struct QuestionPage {
    page: Layout,
    head: Head,
    shown: Shown,
    part_html: String,
    case_title: String,
    base: String,
    previous: Option<String>,
    next: Option<String>,
    scheme: String,
    points: String,
    p: String,
    d27: String,
    r: String,
    blank: String,
    flags: Vec<String>,
    neutralised: &'static str,
    answers: Vec<AnswerLine>,
    answers_are_ticks: bool,
    key: Vec<KeyChoice>,
    open_answer: bool,
    unlisted: Vec<(String, String)>,
    admitted: Vec<String>,
    zones: Vec<ZoneForm>,
    panel: Vec<(usize, String, u32)>,
    past: Vec<Past>,
    study: super::analysis::question::QuestionStudy,
}

/// A zone to point at, to be corrected.
struct ZoneForm {
    id: String,
    name: String,
    rid: String,
    circle: bool,
    polygon: bool,
    fields: Vec<(&'static str, &'static str, String)>,
}

fn zone_forms(body: &Body, aspect: f64) -> Vec<ZoneForm> {
    let Body::Qzp { zones, .. } = body else { return Vec::new() };
    let percent = |value: f64| format!("{:.1}", value * 100.0).replace('.', ",");
    zones
        .iter()
        .map(|zone| {
            let [left, top, right, bottom] = zone.shape.bounds(aspect);
            let (x, y, r, w, h) = match zone.shape {
                Shape::Circle { x, y, r } => (x, y, percent(r), String::new(), String::new()),
                Shape::Rect { .. } | Shape::Polygon(_) => {
                    (left, top, String::new(), percent(right - left), percent(bottom - top))
                }
            };
            ZoneForm {
                id: zone.id.to_string(),
                name: zone.name.clone(),
                rid: format!("zone-{}", zone.id),
                circle: matches!(zone.shape, Shape::Circle { .. }),
                polygon: matches!(zone.shape, Shape::Polygon(_)),
                fields: vec![
                    ("x", "Depuis la gauche", percent(x)),
                    ("y", "Depuis le haut", percent(y)),
                    ("r", "Rayon (cercle)", r),
                    ("w", "Largeur (rectangle)", w),
                    ("h", "Hauteur (rectangle)", h),
                ],
            }
        })
        .collect()
}

fn key_choices(body: &Body) -> Vec<KeyChoice> {
    let mut kinds = vec![(Status::Vrai, "vrai", "Vraie"), (Status::Faux, "faux", "Fausse")];
    if !matches!(body, Body::Qrpl { .. }) {
        kinds.push((Status::Indispensable, "indispensable", "Indispensable"));
        kinds.push((Status::Inacceptable, "inacceptable", "Inacceptable"));
    }
    body.propositions()
        .iter()
        .enumerate()
        .map(|(i, p)| KeyChoice {
            id: p.id.to_string(),
            letter: char::from(b'A' + (i % 26) as u8),
            text: markdown::plain(&p.text, 120),
            statuses: kinds.iter().map(|(status, word, label)| (*word, *label, p.status == *status)).collect(),
        })
        .collect()
}

fn answer_line(a: AnswerCount) -> AnswerLine {
    AnswerLine {
        label: a.label,
        right: a.right,
        unlisted: a.unlisted,
        count: thousands(a.count),
        share: percent(a.share),
        percent: (a.share * 100.0).round() as u32,
    }
}

fn past(lines: Vec<LedgerLine>, words: Vec<String>, id: &QuestionId) -> Vec<Past> {
    lines
        .into_iter()
        .zip(words)
        .filter(|(l, _)| l.entry.decision.question() == Some(id))
        .map(|(l, what)| Past {
            version: l.entry.version,
            what,
            when: date_time(l.entry.at_ms),
            reason: l.entry.reason,
            author: l.author_name,
        })
        .collect()
}

/// One question: as it was asked, what was answered, and what may be decided.
pub async fn question_page(
    State(app): State<App>,
    actor: Actor,
    Path((id, question)): Path<(String, String)>,
    page: Layout,
) -> ApiResult<Response> {
    let exam = draft::exam(&app, &id).await?;
    let question = QuestionId::new(question);
    app.frozen_paper(&id).await?.paper.question(&question).ok_or(ApiError::NotFound)?;
    let register = ledger(&app, &id).await?;
    let words = told(&app, &id, &register).await?;
    let marked = mark_at(&app, &id, None).await?;
    let wanted = question.clone();
    let (marked, mut lines, answers) = off_thread(move || {
        let (lines, answers) = (question_lines(&marked), answer_counts(&marked, &wanted).unwrap_or_default());
        (marked, lines, answers)
    })
    .await?;
    let paper = &marked.effective.paper;
    let placed = paper.question(&question).ok_or(ApiError::NotFound)?;
    let at = placed.number - 1;
    let study = super::analysis::question::of(&app, &id, at, &question).await?;
    let href = |q: &QuestionLine| format!("/examens/{id}/notation/{}", segment(&q.id));
    let previous = at.checked_sub(1).and_then(|i| lines.get(i)).map(href);
    let next = lines.get(at + 1).map(href);
    let line = lines.swap_remove(at);
    let body = &placed.question.body;
    let is_born = disclosure::questions_born_in(&app, &id).await?.contains(question.as_str());
    let origin = if is_born { format!(", {MARK}") } else { String::new() };
    let head = head(&app, &actor, &exam, At::Marking)
        .await?
        .under(format!("Question {}", placed.number))
        .lead(format!("{}, identifiant {}{}", line.section, line.id, origin))
        .link(format!("/examens/{id}/notation"), "Toutes les questions");
    let panel = match body {
        Body::Tcs { panel, .. } => {
            (-2_i8..=2).zip(panel).enumerate().map(|(i, (value, votes))| (i, step(value), *votes)).collect()
        }
        _ => Vec::new(),
    };
    web::page(&QuestionPage {
        page: page.titled(head.document()),
        shown: shown(placed.question, placed.number, true),
        part_html: placed.case.map(|(case, i)| markdown::block(&case.parts[i].text)).unwrap_or_default(),
        case_title: line.case.clone().unwrap_or_default(),
        base: href(&line),
        previous,
        next,
        scheme: paper.scheme_named(paper.scheme_name_of(&placed)).map(|s| s.title).unwrap_or_default(),
        points: points(marked.compiled.question_max(at)),
        p: line.p.map_or_else(|| "—".into(), percent),
        d27: float(line.d27, 2),
        r: float(line.r_item_rest, 2),
        blank: percent(line.blank),
        flags: line.flags,
        neutralised: neutralised_french(line.neutralised.as_deref()),
        unlisted: answers.iter().filter(|a| a.unlisted).map(|a| (a.label.clone(), copies(a.count))).collect(),
        answers: answers.into_iter().map(answer_line).collect(),
        answers_are_ticks: !body.propositions().is_empty(),
        key: key_choices(body),
        open_answer: matches!(body, Body::Qroc { .. }),
        admitted: match body {
            Body::Qroc { exact, acceptable, .. } => exact.iter().chain(acceptable).cloned().collect(),
            _ => Vec::new(),
        },
        zones: zone_forms(body, placed.question.image_aspect()),
        panel,
        study,
        past: past(register, words, &question),
        head,
    })
}

fn copies(n: usize) -> String {
    count(n, "copie", "copies")
}

fn points(value: Exact) -> String {
    format!("{} {}", value.french(3), if value < Exact::int(2) { "point" } else { "points" })
}
