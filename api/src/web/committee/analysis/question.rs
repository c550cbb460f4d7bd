//! One question in the light of the study: who answered what, its curve, its fit, its past.

use crate::analysis::jobs::{self, Answer, Room};
use crate::analysis::report::model_name;
use crate::analysis::study::Study;
use crate::app::App;
use crate::error::ApiResult;
use crate::web::filters::{date_time, float, percent, signed, thousands};
use crate::web::plot::{Axis, Plot, Series};
use askama::Template;
use docimo_engine::QuestionId;
use docimo_engine::docimology::propositions::GROUPS;
use std::time::Duration;

/// A proposition, fifth by fifth.
struct Drawn {
    label: String,
    right: bool,
    frequency: String,
    r: String,
    trace: Vec<String>,
    odd: bool,
}

/// A whole answer.
struct Pattern {
    label: String,
    count: String,
    frequency: String,
    score: String,
    rest: String,
}

/// How the question did in another exam.
pub(in super::super) struct Past {
    href: String,
    exam: String,
    when: String,
    n: String,
    p: String,
    r: String,
}

/// What is added to the page of a question.
#[derive(Template)]
#[template(path = "analysis/question.html")]
pub(in super::super) struct QuestionStudy {
    traces: Option<Plot>,
    curve: Option<Plot>,
    drawn: Vec<Drawn>,
    patterns: Vec<Pattern>,
    different: usize,
    fifths: Vec<String>,
    facts: Vec<(&'static str, String)>,
    groups: Vec<[String; 4]>,
    tied: Vec<(String, String)>,
    past: Vec<Past>,
    working: Option<(&'static str, u64)>,
}

/// The most frequent answers told.
const PATTERNS: usize = 12;

impl QuestionStudy {
    fn empty() -> Self {
        Self {
            traces: None,
            curve: None,
            drawn: vec![],
            patterns: vec![],
            different: 0,
            fifths: vec![],
            facts: vec![],
            groups: vec![],
            tied: vec![],
            past: vec![],
            working: None,
        }
    }
}

/// The study of one question, if it is ready or nearly; otherwise how far it is.
pub(in super::super) async fn of(app: &App, exam_id: &str, index: usize, id: &QuestionId) -> ApiResult<QuestionStudy> {
    let mut found = match jobs::study(app, exam_id, None, Duration::from_millis(1_500)).await? {
        Answer::Ready(room, study) => {
            let exam_id = exam_id.to_owned();
            super::super::marking::off_thread(move || build(&exam_id, &room, &study, index)).await?
        }
        Answer::Working(stage, percent) => QuestionStudy { working: Some((stage, percent)), ..QuestionStudy::empty() },
        Answer::Stopped => QuestionStudy::empty(),
    };
    found.past = past(app, exam_id, id).await?;
    Ok(found)
}

fn build(exam_id: &str, room: &Room, study: &Study, index: usize) -> QuestionStudy {
    let mut out = QuestionStudy::empty();
    let column = study.column_of(index);
    if let Some(answers) = &study.answers[index] {
        let suspect = |label: &str| answers.flags.iter().any(|f| f.doubts_the_key() && f.label() == label);
        out.drawn = answers
            .drawn
            .iter()
            .map(|d| Drawn {
                right: d.right,
                frequency: percent(d.frequency),
                r: d.r.map_or_else(|| "—".into(), |r| signed(r, 2)),
                trace: d.trace.iter().map(|t| percent(*t)).collect(),
                odd: suspect(&d.label),
                label: d.label.clone(),
            })
            .collect();
        out.patterns = answers
            .patterns
            .iter()
            .take(PATTERNS)
            .map(|p| Pattern {
                label: p.label.clone(),
                count: thousands(p.count),
                frequency: percent(p.frequency),
                score: percent(p.score),
                rest: p.rest.map_or_else(|| "—".into(), |r| signed(r, 2)),
            })
            .collect();
        out.different = answers.different;
        out.fifths = answers.groups.iter().map(|n| thousands(*n)).collect();
        out.traces = traces(answers);
    }
    let blanks = study.blanks[index];
    out.facts.push(("Passée", super::super::count(blanks.omitted, "copie", "copies")));
    out.facts.push(("Non atteinte", super::super::count(blanks.not_reached, "copie", "copies")));
    let (Some(column), Ok(latent)) = (column, &study.latent) else { return out };
    let label = |c: usize| &room.subject.labels[study.columns[c]];
    if let Some(at) = latent.place[column] {
        let item = &latent.calibration.items[at];
        let errors = latent.calibration.errors.as_ref().map(|e| &e[at]);
        let with_error = |value: f64, error: Option<f64>| match error {
            Some(e) => format!("{} ± {}", float(Some(value), 2), float(Some(1.96 * e), 2)),
            None => float(Some(value), 2),
        };
        out.facts.push(("Modèle", model_name(item.model).to_owned()));
        out.facts.push(("Pente a", with_error(item.a, errors.map(|e| e.a))));
        for (k, b) in item.b.iter().enumerate() {
            let name = if item.b.len() == 1 {
                "Difficulté b"
            } else {
                ["Seuil 1", "Seuil 2", "Seuil 3", "Seuil 4"].get(k).copied().unwrap_or("Seuil suivant")
            };
            out.facts.push((name, with_error(*b, errors.map(|e| e.b[k]))));
        }
        if let Some(m) = latent.mean_squares[at] {
            out.facts.push(("Infit, outfit", format!("{}, {}", float(Some(m.infit), 2), float(Some(m.outfit), 2))));
        }
        if let Some(c) = latent.s_x2.as_ref().ok().and_then(|s| s[at]) {
            out.facts
                .push(("S-X²", format!("{} ({} ddl), p = {}", float(Some(c.value), 1), c.df, float(Some(c.p), 3))));
        }
        out.curve = Some(curve(study, latent, column, at));
    }
    for t in latent.tied.iter().filter(|t| t.pair.0 == column || t.pair.1 == column).take(6) {
        let other = label(if t.pair.0 == column { t.pair.1 } else { t.pair.0 });
        let href = format!("/examens/{exam_id}/notation/{}", super::super::segment(&other.id));
        out.tied.push((href, format!("Question {}\u{a0}: Q3 {}", other.number, float(Some(t.q3), 2))));
    }
    for group in &study.dif {
        if let Ok(found) = &group.found
            && let Some(item) = &found.items[column]
        {
            out.groups.push([
                format!("{}\u{a0}: {}", group.grouping, group.name),
                item.class.letter().to_owned(),
                float(item.delta, 2),
                signed(item.standardised * 100.0, 1),
            ]);
        }
    }
    out
}

/// Trace lines: the share of each fifth that gives each answer; the six most frequent.
fn traces(answers: &docimo_engine::docimology::propositions::Answers) -> Option<Plot> {
    let mut drawn: Vec<_> = answers.drawn.iter().filter(|d| d.count > 0).collect();
    drawn.sort_by_key(|d| std::cmp::Reverse(d.count));
    drawn.truncate(6);
    if drawn.is_empty() || answers.groups[0] == 0 {
        return None;
    }
    let series: Vec<Series> = drawn
        .iter()
        .map(|d| {
            let name = if d.right { format!("{} (clé)", d.label) } else { d.label.clone() };
            Series::new(name, d.trace.iter().enumerate().map(|(g, t)| ((g + 1) as f64, 100.0 * t)).collect())
        })
        .collect();
    Some(Plot::new(
        "traces",
        "Ce que répond chaque cinquième des candidats",
        "Part de chaque cinquième des candidats, du plus faible au plus fort sur les autres questions, qui donne chaque réponse. \
         La clé doit monter, le reste descendre.",
        (
            &Axis::new("Cinquième des candidats, du plus faible au plus fort", 1.0, GROUPS as f64, 0),
            &Axis::new("%", 0.0, 100.0, 0),
        ),
        &series,
        &[],
    ))
}

/// Expected score along ability, with what tenths of the candidates obtained.
fn curve(study: &Study, latent: &crate::analysis::study::Latent, column: usize, at: usize) -> Plot {
    let item = &latent.calibration.items[at];
    let scores = &latent.calibration.scores[at];
    let max = study.matrix.items()[column].max;
    let expected: Vec<(f64, f64)> = (-30..=30)
        .map(|i| f64::from(i) / 10.0)
        .map(|theta| (theta, 100.0 * item.expected(theta, scores) / max))
        .collect();
    let thetas = &latent.calibration.eap;
    let mut order: Vec<usize> = (0..thetas.len()).collect();
    order.sort_by(|a, b| thetas[*a].total_cmp(&thetas[*b]).then(a.cmp(b)));
    let cells = &study.matrix.items()[column];
    let observed: Vec<(f64, f64)> = order
        .chunks(order.len().div_ceil(10).max(1))
        .map(|tenth| {
            let n = tenth.len() as f64;
            let theta = tenth.iter().map(|c| thetas[*c]).sum::<f64>() / n;
            let score = tenth.iter().filter_map(|c| cells.score(*c)).sum::<f64>() / n;
            (theta.clamp(-3.0, 3.0), 100.0 * score / max)
        })
        .collect();
    Plot::new(
        "courbe",
        "Score attendu selon l’aptitude",
        "Score moyen attendu par le modèle selon l’aptitude, et score moyen de chaque dixième des candidats. Un écart régulier dit que la question ne suit pas le modèle.",
        (&Axis::new("Aptitude (écarts-types)", -3.0, 3.0, 0), &Axis::new("% des points", 0.0, 100.0, 0)),
        &[Series::new("modèle", expected), Series::new("observé", observed)],
        &[],
    )
}

/// How the question did in other exams that are marked, the newest first; at most five.
async fn past(app: &App, exam_id: &str, id: &QuestionId) -> ApiResult<Vec<Past>> {
    let mut past = Vec::new();
    for exam in app.store.exams().await? {
        if exam.id == exam_id || !matches!(exam.state.as_str(), "marked" | "published") || past.len() == 5 {
            continue;
        }
        let Some(number) = app.frozen_paper(&exam.id).await?.paper.question(id).map(|p| p.number) else { continue };
        // An exam that cannot be marked any more has no past to tell.
        let Ok(room) = jobs::room(app, &exam.id, None).await else { continue };
        let known = super::super::marking::off_thread(move || {
            let (columns, found) = room.statistics()?;
            let column = columns.iter().position(|c| *c == number - 1)?;
            Some(found.items[column].clone())
        })
        .await?;
        past.push(Past {
            href: format!("/examens/{}/notation/{}", exam.id, super::super::segment(id.as_str())),
            exam: exam.title,
            when: exam.frozen_ms.map(date_time).unwrap_or_default(),
            n: known.as_ref().map_or_else(|| "—".into(), |i| thousands(i.n)),
            p: known.as_ref().and_then(|i| i.p).map_or_else(|| "—".into(), percent),
            r: float(known.as_ref().and_then(|i| i.r_item_rest), 2),
        });
    }
    Ok(past)
}
