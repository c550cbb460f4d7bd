//! Where to put a threshold: what judges say, what the marks say, and who would pass.

use super::super::marking::off_thread;
use super::super::{At, Fields, Head, head};
use super::links;
use crate::analysis::jobs::{Room, room};
use crate::app::App;
use crate::auth::Actor;
use crate::error::ApiResult;
use crate::exam::draft;
use crate::web::filters::{count, float, percent};
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{Path, RawForm, State};
use axum::response::Response;
use docimo_engine::docimology::standards::{self, CohenOptions, HofsteeJudge, Ratings, angoff, cohen, hofstee, impact};

/// A threshold that a method gives.
struct Proposed {
    method: &'static str,
    cut: String,
    se: String,
    pass: String,
    /// Pass rates at the threshold less and plus twice its error.
    range: String,
    remark: String,
}

struct JudgeLine {
    name: String,
    cut: String,
    without: String,
    out: bool,
}

#[derive(Template)]
#[template(path = "analysis/standards.html")]
struct StandardsPage {
    page: Layout,
    head: Head,
    proposed: Vec<Proposed>,
    judges: Vec<JudgeLine>,
    agreement: String,
    faults: Vec<String>,
    fraction: String,
    guessing: String,
    hofstee: String,
    angoff: String,
    questions: usize,
}

/// What the form holds; the usual values at first.
struct Asked {
    fraction: String,
    guessing: String,
    hofstee: String,
    angoff: String,
}

fn number(text: &str) -> Option<f64> {
    text.trim().replace(',', ".").parse().ok().filter(|v: &f64| v.is_finite())
}

/// Cells of a pasted line: tabs, semicolons, or spaces.
fn cells(line: &str) -> Vec<&str> {
    if line.contains('\t') {
        line.split('\t').map(str::trim).collect()
    } else if line.contains(';') {
        line.split(';').map(str::trim).collect()
    } else {
        line.split_whitespace().collect()
    }
}

const SEED: u64 = 2_026;

struct Found {
    proposed: Vec<Proposed>,
    judges: Vec<JudgeLine>,
    agreement: String,
    faults: Vec<String>,
}

fn line(method: standards::Method, cut: f64, se: Option<f64>, marks: &[f64], remark: String) -> Proposed {
    let effect = impact(marks, cut, se.unwrap_or(0.0)).ok();
    let rate = |i: usize| effect.as_ref().map_or_else(|| "—".into(), |e| percent(e.rates[i].rate));
    Proposed {
        method: method.french(),
        cut: float(Some(cut), 2),
        se: float(se, 2),
        pass: rate(2),
        range: if se.is_some() { format!("de {} à {}", rate(4), rate(0)) } else { String::new() },
        remark,
    }
}

fn compute(room: &Room, asked: &Asked) -> Found {
    let marks = room.subject.on_20();
    let mut found = Found { proposed: vec![], judges: vec![], agreement: String::new(), faults: vec![] };
    match (number(&asked.fraction), number(&asked.guessing)) {
        (Some(fraction), Some(guessing)) => {
            let options = CohenOptions { fraction: fraction / 100.0, ..CohenOptions::original(guessing) };
            match cohen(&marks, &options, SEED) {
                Ok(c) => {
                    let remark = format!("note du 95ᵉ centile\u{a0}: {}", float(Some(c.reference), 2));
                    found.proposed.push(line(c.method, c.cut, c.se, &marks, remark));
                }
                Err(why) => found.faults.push(why.to_string()),
            }
        }
        _ => found.faults.push("Cohen\u{a0}: écrivez deux nombres.".into()),
    }
    let mut bounds = Vec::new();
    for (i, text) in asked.hofstee.lines().enumerate().filter(|(_, l)| !l.trim().is_empty()) {
        let values: Option<Vec<f64>> = cells(text).into_iter().map(number).collect();
        match values.as_deref() {
            Some([least_cut, greatest_cut, least, greatest]) => bounds.push(HofsteeJudge {
                least_cut: *least_cut,
                greatest_cut: *greatest_cut,
                least_failure: least / 100.0,
                greatest_failure: greatest / 100.0,
            }),
            _ => found.faults.push(format!("Hofstee, ligne {}\u{a0}: quatre nombres attendus.", i + 1)),
        }
    }
    if !bounds.is_empty() {
        match hofstee(&bounds, &marks, SEED) {
            Ok(h) => {
                let se = h.se_judges.or(h.se_candidates);
                found.proposed.push(line(standards::Method::Hofstee, h.cut, se, &marks, h.outcome.french().to_owned()));
            }
            Err(why) => found.faults.push(why.to_string()),
        }
    }
    judged(room, asked, &marks, &mut found);
    found
}

/// Angoff's ratings, a line a judge: name, then the success of a borderline candidate at each question, in per cent.
fn judged(room: &Room, asked: &Asked, marks: &[f64], found: &mut Found) {
    let lines: Vec<(usize, &str)> = asked.angoff.lines().enumerate().filter(|(_, l)| !l.trim().is_empty()).collect();
    if lines.is_empty() {
        return;
    }
    let subject = &room.subject;
    let counted: Vec<usize> =
        (0..subject.labels.len()).filter(|q| subject.compiled.question_max(*q).to_f64() > 0.0).collect();
    let points: Vec<f64> = counted.iter().map(|q| subject.compiled.question_max(*q).to_f64()).collect();
    let (mut names, mut ratings) = (Vec::new(), Vec::new());
    for (i, text) in lines {
        let row = cells(text);
        if row.len() != subject.labels.len() + 1 {
            found.faults.push(format!(
                "Angoff, ligne {}\u{a0}: {} valeurs après le nom, {} attendues (une par question du sujet).",
                i + 1,
                row.len().saturating_sub(1),
                subject.labels.len()
            ));
            continue;
        }
        let values: Vec<Option<f64>> = row[1..].iter().map(|c| number(c).map(|v| v / 100.0)).collect();
        names.push(row[0].to_owned());
        ratings.push(counted.iter().map(|q| values[*q]).collect());
    }
    if ratings.is_empty() {
        return;
    }
    let cut = Ratings::new(ratings).and_then(|r| angoff(&r, &points));
    match cut {
        Err(why) => found.faults.push(why.to_string()),
        Ok(cut) => {
            let (on_20, se) = cut.on(20.0);
            let scale = if cut.max > 0.0 { 20.0 / cut.max } else { 0.0 };
            let remark = match cut.gaps {
                0 => count(cut.judges.len(), "juge", "juges"),
                gaps => format!(
                    "{}, {}",
                    count(cut.judges.len(), "juge", "juges"),
                    count(gaps, "avis manquant complété", "avis manquants complétés")
                ),
            };
            found.proposed.push(line(cut.method, on_20, Some(se), marks, remark));
            found.judges = cut
                .judges
                .iter()
                .zip(names)
                .map(|(j, name)| JudgeLine {
                    name,
                    cut: float(Some(j.cut * scale), 2),
                    without: float(Some(j.without * scale), 2),
                    out: j.out_of_line,
                })
                .collect();
            found.agreement = cut.agreement.map_or_else(String::new, |a| {
                format!(
                    "Accord (ICC 2,1)\u{a0}: {} pour un juge, {} pour leur moyenne.",
                    float(a.single, 2),
                    float(a.average, 2)
                )
            });
        }
    }
}

/// Thresholds by several methods, side by side.
pub async fn thresholds(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    page: Layout,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let exam = draft::exam(&app, &id).await?;
    let head = head(&app, &actor, &exam, At::Analysis).await?.under("Où mettre le seuil");
    if !matches!(exam.state.as_str(), "marked" | "published") {
        return super::super::marking::unmarked(page, head, &exam);
    }
    let room = room(&app, &id, None).await?;
    let fields = Fields::read(&body);
    let sent = fields.has("fraction");
    let or = |name: &str, usual: &str| if sent { fields.get(name).to_owned() } else { usual.to_owned() };
    let asked = Asked {
        fraction: or("fraction", "60"),
        guessing: or("guessing", "0"),
        hofstee: or("hofstee", "8;12;2;30"),
        angoff: or("angoff", ""),
    };
    let questions = room.subject.labels.len();
    let (found, asked) = off_thread(move || (compute(&room, &asked), asked)).await?;
    let head = Head { links: links(&id, "/seuil", None), ..head };
    web::page(&StandardsPage {
        page: page.titled(head.document()),
        head,
        proposed: found.proposed,
        judges: found.judges,
        agreement: found.agreement,
        faults: found.faults,
        fraction: asked.fraction,
        guessing: asked.guessing,
        hofstee: asked.hofstee,
        angoff: asked.angoff,
        questions,
    })
}
