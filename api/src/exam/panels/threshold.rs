//! The threshold that the committee keeps.
//!
//! Before freezing it is a setting of the paper. After, the paper cannot change: the decision is kept with its
//! author, date and reason, and is an entry of the register ([`Decision::SetThreshold`]) as soon as there is one: at
//! once on a marked exam, at the first marking otherwise. Marks, results and publications read it there.

use super::reason;
use crate::ambient;
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult};
use crate::exam::marks::{self, DecisionForm};
use crate::exam::{draft, event};
use docimo_engine::Exact;
use docimo_engine::ledger::{Decision, Entry};
use docimo_store::panels::NewThreshold;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A threshold to keep.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ThresholdForm {
    /// On 20, an exact number: 10,5 or 21/2.
    pub threshold: String,
    /// The panel it follows, if any.
    #[serde(default)]
    pub panel: Option<String>,
    /// Why; compulsory.
    #[serde(default)]
    pub reason: String,
}

/// A threshold that was kept.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Kept {
    /// On 20, an exact number.
    pub threshold: String,
    /// The panel it follows, if any.
    pub panel: Option<String>,
    /// Version of the register that holds it; null before the first marking.
    pub version: Option<i64>,
    /// Why.
    pub reason: String,
    /// When, ms UTC.
    pub at_ms: i64,
    /// Who.
    pub author: String,
}

/// Where the threshold of an exam stands.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Standing {
    /// The pass mark that results read today, on 20; null without one.
    pub now: Option<String>,
    /// The pass mark of the paper as it was frozen, on 20.
    pub paper: Option<String>,
    /// Decided after freezing and waiting for the first marking, on 20.
    pub waiting: Option<String>,
    /// Decisions in order, those of the register included.
    pub decisions: Vec<Kept>,
}

/// Reads where the threshold of an exam stands.
pub async fn standing(app: &App, exam_id: &str) -> ApiResult<Standing> {
    draft::exam(app, exam_id).await?;
    let paper = draft::paper(app, exam_id).await?.rules.pass_threshold;
    let ledger = marks::ledger(app, exam_id).await?;
    let kept = app.store.thresholds(exam_id).await?;
    let mut now = paper;
    let mut decisions: Vec<Kept> = kept
        .iter()
        .map(|t| Kept {
            threshold: t.threshold.clone(),
            panel: t.panel_id.clone(),
            version: t.version,
            reason: t.reason.clone(),
            at_ms: t.at_ms,
            author: t.author_name.clone(),
        })
        .collect();
    for line in &ledger {
        let Decision::SetThreshold { threshold } = &line.entry.decision else { continue };
        now = Some(*threshold);
        let version = i64::from(line.entry.version);
        // The entry of the first marking is that of the last decision before it.
        if decisions.iter().any(|k| k.version == Some(version)) {
            continue;
        }
        // The entry made with the first marking is that of the last decision before it.
        let of_marking = version == 2 && ledger[0].entry.at_ms == line.entry.at_ms;
        match decisions.iter_mut().rev().find(|k| of_marking && k.version.is_none()) {
            Some(kept) => kept.version = Some(version),
            None => decisions.push(Kept {
                threshold: threshold.to_string(),
                panel: None,
                version: Some(version),
                reason: line.entry.reason.clone(),
                at_ms: line.entry.at_ms,
                author: line.author_name.clone(),
            }),
        }
    }
    decisions.sort_by_key(|k| k.at_ms);
    let waiting = if ledger.is_empty() { kept.last().map(|t| t.threshold.clone()) } else { None };
    Ok(Standing { now: now.map(|t| t.to_string()), paper: paper.map(|t| t.to_string()), waiting, decisions })
}

/// Keeps a threshold; in the register where there is one. Its version there.
pub async fn keep(app: &App, actor: &Actor, exam_id: &str, form: &ThresholdForm) -> ApiResult<Option<u32>> {
    let exam = draft::exam(app, exam_id).await?;
    if exam.frozen_ms.is_none() {
        return Err(ApiError::Conflict(
            "Le sujet n’est pas figé : son seuil est encore un réglage de l’examen.".into(),
        ));
    }
    let threshold = form
        .threshold
        .trim()
        .parse::<Exact>()
        .ok()
        .filter(|t| (Exact::ZERO..=Exact::int(20)).contains(t))
        .ok_or_else(|| ApiError::wrong("seuil", "Écrivez un nombre de 0 à 20."))?;
    reason(&form.reason)?;
    if let Some(panel) = &form.panel {
        super::panel(app, exam_id, panel).await?;
    }
    let decision = Decision::SetThreshold { threshold };
    let before: Vec<Entry> = marks::ledger(app, exam_id).await?.into_iter().map(|l| l.entry).collect();
    let what = marks::told_next(app, exam_id, &before, &decision).await?;
    let entry = if before.is_empty() {
        let same = app.store.thresholds(exam_id).await?.last().map(|t| t.threshold.clone());
        if same == Some(threshold.to_string()) {
            return Err(ApiError::Conflict("Ce seuil est déjà celui qui est retenu.".into()));
        }
        None
    } else {
        let entry =
            marks::next_entry(actor, &before, &DecisionForm { decision, reason: form.reason.trim().to_owned() })?;
        // The whole marking: a decision that cannot be marked is not taken.
        let mut all = before;
        all.push(entry.clone());
        marks::try_all(app, exam_id, all).await?;
        Some(entry)
    };
    let kept = NewThreshold {
        threshold: threshold.to_string(),
        panel_id: form.panel.clone(),
        reason: form.reason.trim().to_owned(),
    };
    let at = if entry.is_some() { "decide" } else { "panel" };
    let done = event(actor, exam_id, at, format!("Seuil retenu. {what}"));
    let done =
        docimo_store::exams::NewEvent { at_ms: entry.as_ref().map_or_else(ambient::now_ms, |e| e.at_ms), ..done };
    app.store.keep_threshold(exam_id, &kept, entry.as_ref(), &done).await?;
    Ok(entry.map(|e| e.version))
}
