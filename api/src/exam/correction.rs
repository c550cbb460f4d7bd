//! The correction: what one student reads of their own sheet, question by question, with the reason of each
//! point.

use super::draft::exam;
use super::marks::{Cohort, Marked, ledger};
use super::results::{ResultNumbers, ResultSummary, as_numbers, as_optional_numbers, summaries};
use super::room::{ArticleView, QuestionView, question_view};
use crate::app::App;
use crate::assistance::comments::shown::{OwnComment, Published};
use crate::assistance::disclosure;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult};
use crate::markdown;
use crate::media::ImageView;
use docimo_engine::attempt::{Sheet, fold};
use docimo_engine::ledger::{Effective, Entry, Neutralisation};
use docimo_engine::marking::explain;
use docimo_engine::question::{Body, Point, Question, Shape};
use docimo_engine::response::{self, Response};
use docimo_engine::scheme::TcsRule;
use docimo_engine::{Exact, PropositionId};
use docimo_store::exams::Exam;
use serde::Serialize;
use std::collections::HashSet;
use utoipa::ToSchema;

/// A decision of the register, for the student.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DecisionView {
    /// Version.
    pub version: u32,
    /// What, in French.
    pub what: String,
    /// Why.
    pub reason: String,
    /// When, ms UTC.
    pub at_ms: i64,
    /// Question concerned.
    pub question: Option<String>,
}

/// A proposition in the correction.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PropositionResult {
    /// Letter by position on the candidate's screen.
    pub letter: char,
    /// Safe HTML.
    pub html: String,
    /// vrai, faux, indispensable or inacceptable.
    pub status: String,
    /// In the key?
    pub is_true: bool,
    /// Ticked (QCM: judged true)?
    pub ticked: bool,
    /// QCM: judged false?
    pub rejected: bool,
    /// QCM: three states?
    pub three_states: bool,
    /// Why, safe HTML.
    pub comment_html: String,
}

impl PropositionResult {
    /// right, wrong, missed or avoided: see the correction component of the design system.
    pub fn outcome(&self) -> &'static str {
        match (self.is_true, self.ticked) {
            (true, true) => "right",
            (false, true) => "wrong",
            (true, false) => "missed",
            (false, false) => "avoided",
        }
    }

    /// The outcome in words.
    pub fn words(&self) -> &'static str {
        if self.three_states {
            return match (self.is_true, self.ticked, self.rejected) {
                (true, true, _) | (false, _, true) => "Bien jugée",
                (_, false, false) => "Sans réponse",
                _ => "Mal jugée",
            };
        }
        match self.outcome() {
            "right" => "Cochée à raison",
            "wrong" => "Cochée à tort",
            "missed" => "Oubliée",
            _ => "Non cochée à raison",
        }
    }

    /// The component's class suffix: a rejected false proposition of a QCM is right too.
    pub fn mark(&self) -> &'static str {
        if self.three_states {
            return match self.words() {
                "Bien jugée" => "right",
                "Mal jugée" => "wrong",
                _ => "missed",
            };
        }
        self.outcome()
    }
}

/// A point placed on an image, for the correction's drawing.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PlacedPoint {
    /// Pixels of the image.
    pub x: f64,
    /// Pixels of the image.
    pub y: f64,
    /// In a target zone?
    pub right: bool,
}

/// A target zone, for the correction's drawing.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ZoneResult {
    /// Name.
    pub name: String,
    /// SVG outline, as a path in pixels of the image.
    pub path: String,
    /// Hit?
    pub hit: bool,
    /// Why, safe HTML.
    pub comment_html: String,
}

/// One question of the correction.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct QuestionResult {
    /// The question as it was seen.
    pub view: QuestionView,
    /// Text of its part of a case, safe HTML.
    pub part_html: String,
    /// Head of its case, on its first question.
    pub case: Option<CaseHead>,
    /// Did a machine write it, and a person decide? Said as the establishment chose.
    pub written_with_ai: bool,
    /// A or B.
    pub rank: Option<String>,
    /// Tags into referentials.
    pub tags: Vec<String>,
    /// Points, weight included.
    pub points: String,
    /// Points that could be had.
    pub out_of: String,
    /// Share of the points, 0 to 1.
    pub share: f64,
    /// Was something answered?
    pub answered: bool,
    /// Why these points, in French.
    pub reason: String,
    /// Scheme applied.
    pub scheme: String,
    /// If neutralised: what was done, in French.
    pub neutralised: Option<&'static str>,
    /// Propositions, in the candidate's order.
    pub propositions: Vec<PropositionResult>,
    /// Own answer in words (QROC, TCS).
    pub own_text: Option<String>,
    /// Key in words (QROC, TCS).
    pub key_text: Option<String>,
    /// Points placed (QZP).
    pub placed: Vec<PlacedPoint>,
    /// Target zones (QZP).
    pub zones: Vec<ZoneResult>,
    /// What is said to whoever gave this wrong answer, where someone let it be said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own_comment: Option<OwnComment>,
    /// General correction, safe HTML.
    pub comment_html: String,
    /// What it rests on.
    pub source: String,
}

/// Head of a case in the correction.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CaseHead {
    /// DP, LCA…
    pub kind: String,
    /// Title.
    pub title: String,
    /// Safe HTML.
    pub intro_html: String,
    /// Picture.
    pub image: Option<ImageView>,
    /// Article of an LCA.
    pub article: Option<ArticleView>,
}

/// A student's own results with their explanation.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Correction {
    /// Exam.
    pub exam_id: String,
    /// Title.
    pub exam_title: String,
    /// Marks.
    #[serde(serialize_with = "as_numbers")]
    #[schema(value_type = ResultNumbers)]
    pub summary: ResultSummary,
    /// What the jury decided, and why.
    pub decisions: Vec<DecisionView>,
    /// Marks before the jury's decisions, if any was taken.
    #[serde(serialize_with = "as_optional_numbers")]
    #[schema(value_type = Option<ResultNumbers>)]
    pub first: Option<ResultSummary>,
    /// Question by question, in paper order.
    pub questions: Vec<QuestionResult>,
}

async fn stored(app: &App, exam_id: &str, version: i64, person_id: &str) -> ApiResult<Option<ResultSummary>> {
    let text = app.store.result(exam_id, version, person_id).await?;
    text.map(|t| serde_json::from_str(&t)).transpose().map_err(|e| ApiError::Internal(e.into()))
}

/// A student's own correction. As if absent before publication.
pub async fn correction(app: &App, actor: &Actor, exam_id: &str) -> ApiResult<Correction> {
    let exam = exam(app, exam_id).await?;
    let version = exam.published_version.ok_or(ApiError::NotFound)?;
    app.store.candidate(exam_id, &actor.id).await?.ok_or(ApiError::NotFound)?;
    let summary = stored(app, exam_id, version, &actor.id).await?.ok_or(ApiError::NotFound)?;
    let first = if version > 1 { stored(app, exam_id, 1, &actor.id).await? } else { None };
    let told = disclosure::told_on_correction(app, exam_id).await?;
    explained(app, exam, version, &actor.id, summary, first, &told).await
}

/// A candidate's sheet for the committee, as the last version of the register marks it, published or not.
pub async fn correction_of(app: &App, exam_id: &str, person_id: &str) -> ApiResult<Correction> {
    let exam = exam(app, exam_id).await?;
    let entries: Vec<Entry> = ledger(app, exam_id).await?.into_iter().map(|l| l.entry).collect();
    if entries.is_empty() {
        return Err(ApiError::Conflict("L’examen n’est pas encore noté.".into()));
    }
    let version = entries.len();
    let paper = app.frozen_paper(exam_id).await?;
    let cohort = Cohort::load(app, exam_id).await?;
    let person = person_id.to_owned();
    // One reading of the sheets for both versions.
    let work = move || -> ApiResult<(Option<ResultSummary>, Option<ResultSummary>)> {
        let at = |version: usize| -> ApiResult<Option<ResultSummary>> {
            let marked = Marked::new(&paper.paper, &entries[..version], cohort.clone())?;
            Ok(marked.row_of(&person).and_then(|row| summaries(&marked).into_iter().nth(row)))
        };
        Ok((at(version)?, if version > 1 { at(1)? } else { None }))
    };
    let (summary, first) = tokio::task::spawn_blocking(work).await.map_err(|e| ApiError::Internal(e.into()))??;
    let summary = summary.ok_or(ApiError::NotFound)?;
    // Staff are told whatever the establishment chose for students.
    let told = disclosure::born_in(app, exam_id).await?;
    explained(app, exam, version as i64, person_id, summary, first, &told).await
}

async fn explained(
    app: &App,
    exam: Exam,
    version: i64,
    person_id: &str,
    summary: ResultSummary,
    first: Option<ResultSummary>,
    told: &HashSet<String>,
) -> ApiResult<Correction> {
    let exam_id = exam.id.as_str();
    let lines = ledger(app, exam_id).await?;
    let entries: Vec<Entry> = lines.iter().map(|l| l.entry.clone()).take(version as usize).collect();
    let paper = app.frozen_paper(exam_id).await?;
    let effective =
        Effective::replay(&paper.paper, &entries).map_err(|e| ApiError::Internal(anyhow::anyhow!("{e}")))?;
    let accept_late = effective.accept_late.contains(person_id);
    let mut seeds = std::collections::HashMap::new();
    let mut sheet = Sheet::default();
    for attempt in app.store.attempts_of(exam_id, person_id).await? {
        let own = fold(&app.store.steps(exam_id, &attempt.id).await?);
        sheet.answers.extend(own.answers);
        sheet.late.extend(own.late);
        seeds.insert(attempt.section_id.clone(), attempt.seed);
    }
    let answers = sheet.responses(accept_late);
    let published = Published::of(app, exam_id).await?;
    let mut questions = Vec::new();
    for placed in effective.paper.questions() {
        let section = &effective.paper.sections[placed.section];
        let seed = seeds.get(section.id.as_str()).copied().filter(|_| section.shuffle_propositions);
        let answer = answers.get(&placed.question.id);
        let case = placed.case.filter(|(_, i)| *i == 0).map(|(case, _)| CaseHead {
            kind: case.kind.code().into(),
            title: case.title.clone(),
            intro_html: markdown::block(&case.intro),
            image: case.image.as_ref().map(ImageView::of),
            article: case.article.as_ref().map(ArticleView::of),
        });
        let part_html = placed.case.map(|(case, i)| markdown::block(&case.parts[i].text)).unwrap_or_default();
        let view = question_view(placed.question, placed.number, seed);
        let weight = summary.question_max.as_ref().and_then(|list| list.get(placed.number - 1)).copied();
        let element = placed.case.map_or(placed.question.id.as_str(), |(case, _)| case.id.as_str());
        let written_with_ai = told.contains(element);
        let result = question_result(&effective, placed.question, answer, view, part_html, case, weight)?;
        // What the jury set aside is explained to nobody as an error of theirs.
        let own_comment =
            if result.neutralised.is_some() { None } else { published.for_answer(placed.question, answer) };
        questions.push(QuestionResult { own_comment, written_with_ai, ..result });
    }
    let decisions: Vec<DecisionView> = entries
        .iter()
        // A decision about another person's late answers is not this student's business.
        .filter(|e| !matches!(&e.decision, docimo_engine::ledger::Decision::AcceptLate { candidate } if candidate != person_id))
        .map(|e| DecisionView {
            version: e.version,
            what: e.decision.french(),
            reason: e.reason.clone(),
            at_ms: e.at_ms,
            question: e.decision.question().map(ToString::to_string),
        })
        .collect();
    Ok(Correction { exam_id: exam_id.to_owned(), exam_title: exam.title.clone(), summary, decisions, first, questions })
}

fn question_result(
    effective: &Effective,
    question: &Question,
    answer: Option<&Response>,
    view: QuestionView,
    part_html: String,
    case: Option<CaseHead>,
    cohort_weight: Option<Exact>,
) -> ApiResult<QuestionResult> {
    let mut explained = explain(effective, &question.id, answer).ok_or(ApiError::NotFound)?;
    if let Some(weight) = cohort_weight
        && explained.neutralised.is_none()
    {
        (explained.points, explained.out_of) = (explained.scored.score * weight, weight);
    }
    let share = explained.points.checked_div(explained.out_of).map_or(0.0, Exact::to_f64);
    let (ticked, rejected): (&[PropositionId], &[PropositionId]) = match answer {
        Some(Response::Ticks { ticked, rejected }) => (ticked, rejected),
        _ => (&[], &[]),
    };
    let propositions = view
        .propositions
        .iter()
        .enumerate()
        .filter_map(|(i, shown)| {
            let p = question.body.propositions().iter().find(|p| p.id.as_str() == shown.id)?;
            Some(PropositionResult {
                letter: char::from(b'A' + (i % 26) as u8),
                html: shown.html.clone(),
                status: p.status.french().into(),
                is_true: p.status.is_true(),
                ticked: ticked.contains(&p.id),
                rejected: rejected.contains(&p.id),
                three_states: matches!(question.body, Body::Qcm { .. }),
                comment_html: markdown::inline(&p.comment),
            })
        })
        .collect();
    let (own_text, key_text) = words(question, answer, explained.tcs);
    let (placed, zones) = drawing(question, answer);
    // Letters of the reason are those of the candidate's screen.
    let reason = reason_on_screen(&explained.scored.reason, question, &view);
    Ok(QuestionResult {
        written_with_ai: false,
        part_html,
        case,
        rank: question.rank.map(|r| r.to_string()),
        tags: question.tags.clone(),
        points: explained.points.french(3),
        out_of: explained.out_of.french(3),
        share,
        answered: answer.is_some_and(|a| !a.is_blank()),
        reason,
        scheme: explained.scheme_title,
        neutralised: explained.neutralised.map(|n| match n {
            Neutralisation::Removed => {
                "Question neutralisée par le jury : elle ne compte ni dans les points ni dans le total."
            }
            Neutralisation::CreditAll => "Question neutralisée par le jury : tous les candidats en ont les points.",
        }),
        propositions,
        own_text,
        key_text,
        placed,
        zones,
        own_comment: None,
        comment_html: markdown::block(&question.comment),
        source: question.source.clone(),
        view,
    })
}

fn reason_on_screen(reason: &docimo_engine::mark::Reason, question: &Question, view: &QuestionView) -> String {
    use docimo_engine::mark::Reason;
    let on_screen = |i: &usize| {
        let id = question.body.propositions().get(*i).map(|p| p.id.as_str());
        view.propositions.iter().position(|p| Some(p.id.as_str()) == id).unwrap_or(*i)
    };
    match reason {
        Reason::IndispensableMissing(i) => Reason::IndispensableMissing(on_screen(i)).to_string(),
        Reason::InacceptableTicked(i) => Reason::InacceptableTicked(on_screen(i)).to_string(),
        other => other.to_string(),
    }
}

fn words(question: &Question, answer: Option<&Response>, tcs: TcsRule) -> (Option<String>, Option<String>) {
    match &question.body {
        Body::Qroc { exact, acceptable, .. } => {
            let own = match answer {
                Some(Response::Text { text }) if !text.trim().is_empty() => text.clone(),
                _ => "sans réponse".into(),
            };
            let mut key = exact.join(" ; ");
            if !acceptable.is_empty() {
                key.push_str(&format!(" (acceptable : {})", acceptable.join(" ; ")));
            }
            (Some(own), Some(key))
        }
        Body::Tcs { panel, .. } => {
            let own = match answer {
                Some(Response::Choice { choice: Some(value) }) => signed(*value),
                _ => "sans réponse".into(),
            };
            let credits = tcs.credits(panel);
            let key = (-2_i8..=2)
                .zip(panel)
                .zip(credits)
                .map(|((value, votes), credit)| {
                    let noun = if *votes < 2 { "expert" } else { "experts" };
                    format!("{} : {votes} {noun}, {} point", signed(value), credit.french(3))
                })
                .collect::<Vec<_>>()
                .join(" ; ");
            (Some(own), Some(key))
        }
        _ => (None, None),
    }
}

fn signed(value: i8) -> String {
    match value {
        0 => "0".into(),
        v if v > 0 => format!("+{v}"),
        v => format!("\u{2212}{}", v.abs()),
    }
}

fn drawing(question: &Question, answer: Option<&Response>) -> (Vec<PlacedPoint>, Vec<ZoneResult>) {
    let Body::Qzp { zones, expected } = &question.body else { return (Vec::new(), Vec::new()) };
    let (width, height) =
        question.image.as_ref().map_or((800.0, 600.0), |i| (f64::from(i.width.max(1)), f64::from(i.height.max(1))));
    let aspect = question.image_aspect();
    let points: &[Point] = match answer {
        Some(Response::Points { points }) => &points[..points.len().min(*expected as usize)],
        _ => &[],
    };
    let placed = points
        .iter()
        .map(|p| PlacedPoint {
            x: p.x * width,
            y: p.y * height,
            right: zones.iter().any(|z| z.shape.contains(*p, aspect)),
        })
        .collect();
    let code = answer.map_or(0, |a| response::encode(question, a));
    let zones = zones
        .iter()
        .enumerate()
        .map(|(i, zone)| ZoneResult {
            name: zone.name.clone(),
            path: outline(&zone.shape, width, height),
            hit: code & (1 << i) != 0,
            comment_html: markdown::inline(&zone.comment),
        })
        .collect();
    (placed, zones)
}

fn outline(shape: &Shape, width: f64, height: f64) -> String {
    match shape {
        Shape::Circle { x, y, r } => {
            let (cx, cy, r) = (x * width, y * height, r * width);
            format!("M{:.1} {cy:.1}a{r:.1} {r:.1} 0 1 0 {:.1} 0a{r:.1} {r:.1} 0 1 0 {:.1} 0", cx - r, 2.0 * r, -2.0 * r)
        }
        Shape::Rect { x, y, w, h } => {
            format!("M{:.1} {:.1}h{:.1}v{:.1}h{:.1}z", x * width, y * height, w * width, h * height, -w * width)
        }
        Shape::Polygon(corners) => {
            let mut path = String::new();
            for (i, [x, y]) in corners.iter().enumerate() {
                path.push_str(&format!("{}{:.1} {:.1}", if i == 0 { "M" } else { "L" }, x * width, y * height));
            }
            path + "z"
        }
    }
}
