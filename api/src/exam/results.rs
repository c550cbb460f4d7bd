//! Results: published at once for all.

use super::draft::exam;
use super::event;
use super::marks::{Marked, ledger, mark_at};
use crate::app::App;
use crate::assistance::comments::counts;
use crate::auth::Actor;
use crate::bank::record;
use crate::error::{ApiError, ApiResult};
use docimo_engine::Exact;
use docimo_engine::scheme::CohortStep;
use docimo_store::results::StoredResult;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;
use utoipa::ToSchema;

/// A candidate's marks, as published: exact, as stored.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct ResultSummary {
    /// Points.
    pub points: Exact,
    /// Points that could be had.
    pub out_of: Exact,
    /// Mark on 20.
    pub on_20: Option<Exact>,
    /// Mark on 20 over rank A questions.
    pub rank_a_on_20: Option<Exact>,
    /// Is the rank A mark at or above the threshold?
    pub rank_a_pass: Option<bool>,
    /// The threshold, on 20.
    pub rank_a_threshold: Exact,
    /// Mark on 20 over rank B questions.
    pub rank_b_on_20: Option<Exact>,
    /// Pass mark on the whole paper, on 20, where there is one.
    pub pass_threshold: Option<Exact>,
    /// Is the mark at or above it?
    pub pass: Option<bool>,
    /// Full credit of each question, in paper order, where it depends on the whole cohort (rarity).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question_max: Option<Vec<Exact>>,
    /// Place.
    pub rank: u32,
    /// Of how many.
    pub ranked: usize,
    /// Mean mark on 20 of the cohort.
    pub mean_on_20: Option<f64>,
    /// By section.
    pub sections: Vec<SectionResult>,
}

/// Points of a section.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct SectionResult {
    /// Title.
    pub title: String,
    /// Points.
    pub points: Exact,
    /// Points that could be had.
    pub out_of: Exact,
}

/// The same for programs: numbers, rounded to six decimals where a fraction is periodic.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ResultNumbers {
    /// Points.
    pub points: f64,
    /// Points that could be had.
    pub out_of: f64,
    /// Mark on 20.
    pub on_20: Option<f64>,
    /// Mark on 20 over rank A questions.
    pub rank_a_on_20: Option<f64>,
    /// Is the rank A mark at or above the threshold?
    pub rank_a_pass: Option<bool>,
    /// The threshold, on 20.
    pub rank_a_threshold: f64,
    /// Mark on 20 over rank B questions.
    pub rank_b_on_20: Option<f64>,
    /// Pass mark on the whole paper, on 20, where there is one.
    pub pass_threshold: Option<f64>,
    /// Is the mark at or above it?
    pub pass: Option<bool>,
    /// Place.
    pub rank: u32,
    /// Of how many.
    pub ranked: usize,
    /// Mean mark on 20 of the cohort.
    pub mean_on_20: Option<f64>,
    /// By section.
    pub sections: Vec<SectionNumbers>,
}

/// Points of a section, for programs.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SectionNumbers {
    /// Title.
    pub title: String,
    /// Points.
    pub points: f64,
    /// Points that could be had.
    pub out_of: f64,
}

impl From<&ResultSummary> for ResultNumbers {
    fn from(s: &ResultSummary) -> Self {
        let number = |e: Exact| e.fixed(6).parse().unwrap_or(0.0);
        let section = |x: &SectionResult| SectionNumbers {
            title: x.title.clone(),
            points: number(x.points),
            out_of: number(x.out_of),
        };
        Self {
            points: number(s.points),
            out_of: number(s.out_of),
            on_20: s.on_20.map(number),
            rank_a_on_20: s.rank_a_on_20.map(number),
            rank_a_pass: s.rank_a_pass,
            rank_a_threshold: number(s.rank_a_threshold),
            rank_b_on_20: s.rank_b_on_20.map(number),
            pass_threshold: s.pass_threshold.map(number),
            pass: s.pass,
            rank: s.rank,
            ranked: s.ranked,
            mean_on_20: s.mean_on_20,
            sections: s.sections.iter().map(section).collect(),
        }
    }
}

pub(super) fn as_numbers<S: serde::Serializer>(summary: &ResultSummary, serializer: S) -> Result<S::Ok, S::Error> {
    ResultNumbers::from(summary).serialize(serializer)
}

pub(super) fn as_optional_numbers<S: serde::Serializer>(
    summary: &Option<ResultSummary>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    summary.as_ref().map(ResultNumbers::from).serialize(serializer)
}

/// Summaries of everyone who came, in the order of `marked`.
pub fn summaries(marked: &Marked) -> Vec<ResultSummary> {
    let on_20 = marked.on_20();
    let mean = (!on_20.is_empty()).then(|| on_20.iter().sum::<f64>() / on_20.len() as f64);
    let paper = &marked.effective.paper;
    let (threshold, pass_threshold) = (paper.rules.rank_a_threshold, paper.rules.pass_threshold);
    let by_cohort = paper
        .questions()
        .any(|p| paper.scheme_named(paper.scheme_name_of(&p)).is_some_and(|s| s.cohort == CohortStep::Rarity));
    let question_max: Option<Vec<Exact>> =
        by_cohort.then(|| (0..marked.matrix.questions()).map(|q| marked.compiled.question_max(q)).collect());
    (0..marked.present.len())
        .map(|row| {
            let marks = marked.marks.of(row);
            let sections = marked.effective.paper.sections.iter().zip(&marks.section_points).enumerate();
            ResultSummary {
                points: marks.points,
                out_of: marked.marks.out_of(),
                on_20: marks.on_20,
                rank_a_on_20: marks.rank_a_on_20,
                rank_a_pass: marks.rank_a_on_20.map(|m| m >= threshold),
                rank_a_threshold: threshold,
                rank_b_on_20: marks.rank_b_on_20,
                pass_threshold,
                pass: pass_threshold.and_then(|t| marks.on_20.map(|m| m >= t)),
                question_max: question_max.clone(),
                rank: marked.ranks[row],
                ranked: marked.present.len(),
                mean_on_20: mean,
                sections: sections
                    .map(|(i, (s, points))| SectionResult {
                        title: s.title.clone(),
                        points: *points,
                        out_of: marked.marks.section_out_of(i),
                    })
                    .collect(),
            }
        })
        .collect()
}

/// Publishes the last version of the register, for everyone at once.
pub async fn publish(app: &App, actor: &Actor, exam_id: &str) -> ApiResult<()> {
    let current = exam(app, exam_id).await?;
    if !matches!(current.state.as_str(), "marked" | "published") {
        return Err(ApiError::Conflict("Notez l’examen avant de publier.".into()));
    }
    let version = ledger(app, exam_id).await?.len() as u32;
    // The first marking goes with it: ten thousand students who read their correction at once must each cost
    // two rows, not the marking of everyone's sheets.
    let (mut results, mut last) = (Vec::new(), None);
    for version in BTreeSet::from([1, version]) {
        let marked = mark_at(app, exam_id, Some(version)).await?;
        for (row, summary) in summaries(&marked).iter().enumerate() {
            let summary = serde_json::to_string(summary).map_err(|e| ApiError::Internal(e.into()))?;
            results.push(StoredResult { version, person_id: marked.candidate(row).person_id.clone(), summary });
        }
        last = Some(marked);
    }
    if let Some(marked) = last {
        record::attach(app, exam_id, &marked, version).await?;
        if let Err(error) = counts::record(app, exam_id, Arc::new(marked), version).await {
            // Derived: counted when someone looks, then.
            tracing::warn!(%error, exam = exam_id, "the wrong answers of an exam could not be counted");
        }
    }
    let done = event(actor, exam_id, "publish", format!("Résultats publiés, version {version} du registre"));
    app.store.publish(exam_id, version, &results, &done).await?;
    Ok(())
}
