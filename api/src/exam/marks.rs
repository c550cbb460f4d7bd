//! Marking an exam at a version of its register, and what a decision would change.

use super::draft::exam;
use super::{checked_reason, event};
use crate::ambient;
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult};
use crate::web::filters::date_time;
use docimo_engine::attempt::{Sheet, Step, fold};
use docimo_engine::docimology::classical::{self, ExamStatistics};
use docimo_engine::docimology::matrix::ScoreMatrix;
use docimo_engine::ledger::{Decision, Effective, Entry};
use docimo_engine::marking::{CandidateMarks, Compiled, Marks, ResponseMatrix};
use docimo_engine::paper::Paper;
use docimo_engine::response::Response;
use docimo_engine::stats::{Summary, summary};
use docimo_engine::{Exact, QuestionId, ranking};
use docimo_store::StoreError;
use docimo_store::delivery::Attempt;
use docimo_store::exams::{Candidate, Exam};
use docimo_store::results::LedgerLine;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use utoipa::ToSchema;

/// Everyone who was enrolled, with the answers of those who came.
pub struct Cohort {
    /// By number.
    pub candidates: Vec<Candidate>,
    /// For each: all sections merged, or `None` if they never came.
    pub sheets: Vec<Option<Sheet>>,
}

impl Cohort {
    /// Reads an exam's journals.
    pub async fn load(app: &App, exam_id: &str) -> ApiResult<Arc<Self>> {
        let candidates = app.store.candidates(exam_id).await?;
        let attempts = app.store.attempts(exam_id).await?;
        let steps = app.store.answer_steps(exam_id).await?;
        let build = move || {
            let row: HashMap<&str, usize> =
                candidates.iter().enumerate().map(|(i, c)| (c.person_id.as_str(), i)).collect();
            let owner: HashMap<&str, usize> =
                attempts.iter().filter_map(|a| Some((a.id.as_str(), *row.get(a.person_id.as_str())?))).collect();
            let mut sheets: Vec<Option<Sheet>> = vec![None; candidates.len()];
            // Coming is having started, or having opened the room: a blank sheet is a sheet.
            for attempt in attempts.iter().filter(|a| a.came()) {
                if let Some(i) = row.get(attempt.person_id.as_str()) {
                    sheets[*i].get_or_insert_with(Sheet::default);
                }
            }
            let mut start = 0;
            while start < steps.len() {
                let id = &steps[start].0;
                let end = start + steps[start..].iter().take_while(|(other, _)| other == id).count();
                if let Some(i) = owner.get(id.as_str()) {
                    let own: Vec<&Step> = steps[start..end].iter().map(|(_, step)| step).collect();
                    let folded = fold(own);
                    let sheet = sheets[*i].get_or_insert_with(Sheet::default);
                    sheet.answers.extend(folded.answers);
                    sheet.late.extend(folded.late);
                }
                start = end;
            }
            Self { candidates, sheets }
        };
        let cohort = tokio::task::spawn_blocking(build).await.map_err(|e| ApiError::Internal(e.into()))?;
        Ok(Arc::new(cohort))
    }

    /// Rows of those who came.
    pub fn present(&self) -> Vec<usize> {
        (0..self.candidates.len()).filter(|i| self.sheets[*i].is_some()).collect()
    }
}

/// An exam marked at a version.
pub struct Marked {
    /// The paper as the register leaves it.
    pub effective: Effective,
    /// Everyone.
    pub cohort: Arc<Cohort>,
    /// Rows of the cohort that are marked, in the order of `marks`.
    pub present: Vec<usize>,
    /// Answers that count, in the same order.
    pub responses: Vec<BTreeMap<QuestionId, Response>>,
    /// Response codes, in the same order.
    pub matrix: ResponseMatrix,
    /// The compiled paper.
    pub compiled: Compiled,
    /// Marks, in the same order.
    pub marks: Marks,
    /// Places by standard competition ranking, in the same order.
    pub ranks: Vec<u32>,
}

impl Marked {
    /// Marks a cohort. Pure and parallel: call it off the web threads.
    pub fn new(paper: &Paper, entries: &[Entry], cohort: Arc<Cohort>) -> ApiResult<Self> {
        let effective = Effective::replay(paper, entries).map_err(|e| ApiError::wrong("décision", e.to_string()))?;
        let present = cohort.present();
        let responses: Vec<BTreeMap<QuestionId, Response>> = present
            .iter()
            .map(|i| {
                let late = effective.accept_late.contains(&cohort.candidates[*i].person_id);
                cohort.sheets[*i].as_ref().map(|s| s.responses(late)).unwrap_or_default()
            })
            .collect();
        let matrix = ResponseMatrix::encode(&effective.paper, &responses);
        let compiled = Compiled::new(&effective, &matrix).map_err(|e| ApiError::wrong("barème", e.to_string()))?;
        let marks = compiled.mark(&matrix);
        let totals: Vec<i64> = (0..marks.candidates()).map(|c| marks.total_units(c)).collect();
        let ranks = ranking::competition(&totals);
        Ok(Self { effective, cohort, present, responses, matrix, compiled, marks, ranks })
    }

    /// Candidate of a marked row.
    pub fn candidate(&self, row: usize) -> &Candidate {
        &self.cohort.candidates[self.present[row]]
    }

    /// Marked row of a person, if they came.
    pub fn row_of(&self, person_id: &str) -> Option<usize> {
        self.present.iter().position(|i| self.cohort.candidates[*i].person_id == person_id)
    }

    /// Marks on 20, those that exist.
    pub fn on_20(&self) -> Vec<f64> {
        (0..self.marks.candidates()).filter_map(|c| self.marks.of(c).on_20).map(Exact::to_f64).collect()
    }

    /// How many pass the rank A threshold, of how many who have a rank A mark.
    pub fn rank_a_pass(&self) -> (usize, usize) {
        let threshold = self.effective.paper.rules.rank_a_threshold;
        let marks: Vec<Exact> = (0..self.marks.candidates()).filter_map(|c| self.marks.of(c).rank_a_on_20).collect();
        (marks.iter().filter(|m| **m >= threshold).count(), marks.len())
    }

    /// How many reach the pass mark on the whole paper, where there is one.
    pub fn pass(&self) -> Option<usize> {
        let threshold = self.effective.paper.rules.pass_threshold?;
        let passes = |c: &usize| self.marks.of(*c).on_20.is_some_and(|m| m >= threshold);
        Some((0..self.marks.candidates()).filter(passes).count())
    }

    /// Indices of the questions that tell candidates apart, with where each is in the paper; none where nobody came, or
    /// nothing counts any more.
    pub fn statistics(&self) -> (Vec<usize>, Option<ExamStatistics>) {
        match ScoreMatrix::of_exam(&self.effective, &self.compiled, &self.matrix) {
            Ok((matrix, counted)) => (counted, classical::analyse(&matrix).ok()),
            Err(_) => (Vec::new(), None),
        }
    }
}

/// The register with the names of its authors.
pub async fn ledger(app: &App, exam_id: &str) -> ApiResult<Vec<LedgerLine>> {
    Ok(app.store.ledger(exam_id).await?)
}

/// Marks an exam at a version (the last one with `None`).
pub async fn mark_at(app: &App, exam_id: &str, version: Option<u32>) -> ApiResult<Marked> {
    exam(app, exam_id).await?;
    let lines = ledger(app, exam_id).await?;
    let entries: Vec<Entry> = lines.into_iter().map(|l| l.entry).collect();
    if entries.is_empty() {
        return Err(ApiError::Conflict("L’examen n’est pas encore noté.".into()));
    }
    let upto = version.map_or(entries.len(), |v| v as usize);
    if upto == 0 || upto > entries.len() {
        return Err(ApiError::NotFound);
    }
    run(app, exam_id, entries[..upto].to_vec()).await
}

async fn run(app: &App, exam_id: &str, entries: Vec<Entry>) -> ApiResult<Marked> {
    let paper = app.frozen_paper(exam_id).await?;
    let cohort = Cohort::load(app, exam_id).await?;
    tokio::task::spawn_blocking(move || Marked::new(&paper.paper, &entries, cohort))
        .await
        .map_err(|e| ApiError::Internal(e.into()))?
}

/// Can these entries be marked? Nothing is kept.
pub(crate) async fn try_all(app: &App, exam_id: &str, entries: Vec<Entry>) -> ApiResult<()> {
    run(app, exam_id, entries).await.map(drop)
}

/// A decision, as a form or a program sends it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct DecisionForm {
    /// The decision, by its `decision` member: `neutralise`, `reinstate`, `change_key`, `accept_text`,
    /// `reject_text`, `change_zone`, `change_panel`, `accept_late`, `set_threshold`.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    pub decision: Decision,
    /// Why; compulsory to decide, not to see the effect.
    #[serde(default)]
    pub reason: String,
}

/// What each line of a register says, with numbers, letters, what was and what is.
pub async fn told(app: &App, exam_id: &str, lines: &[LedgerLine]) -> ApiResult<Vec<String>> {
    if lines.is_empty() {
        return Ok(Vec::new());
    }
    let entries: Vec<Entry> = lines.iter().map(|l| l.entry.clone()).collect();
    let frozen = app.frozen_paper(exam_id).await?;
    docimo_engine::ledger::told(&frozen.paper, &entries).map_err(|e| ApiError::Internal(anyhow::anyhow!("{e}")))
}

/// What a decision would say if it were taken after these.
pub async fn told_next(app: &App, exam_id: &str, before: &[Entry], decision: &Decision) -> ApiResult<String> {
    let frozen = app.frozen_paper(exam_id).await?;
    let effective = Effective::replay(&frozen.paper, before).map_err(|e| ApiError::Internal(anyhow::anyhow!("{e}")))?;
    Ok(decision.told(&effective.paper))
}

/// First marking: opens the register.
pub async fn first_marking(app: &App, actor: &Actor, exam_id: &str) -> ApiResult<()> {
    let current = exam(app, exam_id).await?;
    if current.state != "closed" {
        return Err(ApiError::Conflict("Terminez l’examen avant de le noter.".into()));
    }
    let now_ms = ambient::now_ms();
    if let Some(seconds) = still_arriving(app, &current, now_ms).await? {
        let why = format!("Des réponses données à l’heure peuvent encore arriver : attendez {seconds} s.");
        return Err(ApiError::Conflict(why));
    }
    let entry = Entry {
        version: 1,
        at_ms: now_ms,
        author: actor.id.to_string(),
        reason: String::new(),
        decision: Decision::FirstMarking,
    };
    let mut entries = vec![entry];
    let mut events = vec![event(actor, exam_id, "mark", "Première notation")];
    // The threshold that the committee kept after the paper was frozen opens the register with it.
    let kept = app.store.thresholds(exam_id).await?;
    if let Some(last) = kept.last() {
        let threshold = last.threshold.parse().map_err(|e| ApiError::Internal(anyhow::anyhow!("{e}")))?;
        let frozen = app.frozen_paper(exam_id).await?;
        if frozen.paper.rules.pass_threshold != Some(threshold) {
            let decision = Decision::SetThreshold { threshold };
            events.push(event(actor, exam_id, "decide", decision.told(&frozen.paper)));
            entries.push(Entry {
                version: 2,
                at_ms: now_ms,
                author: last.author_id.clone(),
                reason: format!("Décidé avant la notation, le {} : {}", date_time(last.at_ms), last.reason),
                decision,
            });
        }
    }
    run(app, exam_id, entries.clone()).await?;
    let both: Vec<_> = entries.iter().zip(&events).collect();
    app.store.open_ledger(exam_id, &both, kept.len()).await.map_err(|error| match error {
        StoreError::Conflict => ApiError::Conflict(
            "L’examen a été rouvert ou noté, ou un seuil a été retenu, pendant ce temps : rien n’a été noté ici. \
             Rechargez la page."
                .into(),
        ),
        other => other.into(),
    })
}

/// Seconds during which an answer made in time may still arrive: the grace after the last closing, unless
/// every sheet is handed in.
async fn still_arriving(app: &App, exam: &Exam, now_ms: i64) -> ApiResult<Option<i64>> {
    let closed_ms = app.store.sittings(&exam.id).await?.iter().filter_map(|s| s.closed_ms).max();
    let left_ms = closed_ms.map_or(0, |closed| closed + exam.grace_ms - now_ms);
    if left_ms <= 0 {
        return Ok(None);
    }
    let composing = |a: &Attempt| a.is_begun() && a.handed_in_ms.is_none();
    let waited = app.store.attempts(&exam.id).await?.iter().any(composing);
    Ok(waited.then(|| (left_ms + 999) / 1000))
}

pub(crate) fn next_entry(actor: &Actor, before: &[Entry], form: &DecisionForm) -> ApiResult<Entry> {
    if form.decision == Decision::FirstMarking {
        return Err(ApiError::bad("La première notation se demande à part."));
    }
    if before.is_empty() {
        return Err(ApiError::Conflict("Notez d’abord l’examen.".into()));
    }
    checked_reason(&form.reason, "il est publié avec la décision")?;
    Ok(Entry {
        version: before.len() as u32 + 1,
        at_ms: ambient::now_ms(),
        author: actor.id.to_string(),
        reason: form.reason.trim().to_owned(),
        decision: form.decision.clone(),
    })
}

/// Takes a decision.
pub async fn decide(app: &App, actor: &Actor, exam_id: &str, form: &DecisionForm) -> ApiResult<u32> {
    let before: Vec<Entry> = ledger(app, exam_id).await?.into_iter().map(|l| l.entry).collect();
    let entry = next_entry(actor, &before, form)?;
    let what = told_next(app, exam_id, &before, &entry.decision).await?;
    let mut all = before;
    all.push(entry.clone());
    if let Decision::AcceptLate { candidate } = &entry.decision
        && app.store.candidate(exam_id, candidate).await?.is_none()
    {
        return Err(ApiError::wrong("candidat", "ce candidat n’est pas inscrit à l’examen"));
    }
    // The whole marking, not only the register: a decision that cannot be marked is not taken.
    run(app, exam_id, all).await?;
    let done = event(actor, exam_id, "decide", what);
    app.store.add_ledger_entry(exam_id, &entry, &done).await?;
    Ok(entry.version)
}

/// Takes several decisions under one reason, on the version of the register that was looked at: all of them can be
/// marked together, or none is taken.
pub async fn decide_all(
    app: &App,
    actor: &Actor,
    exam_id: &str,
    decisions: &[Decision],
    reason: &str,
    expected: u32,
) -> ApiResult<u32> {
    let mut all: Vec<Entry> = ledger(app, exam_id).await?.into_iter().map(|l| l.entry).collect();
    let first = all.len();
    if first as u32 != expected {
        return Err(ApiError::Conflict(
            "Le registre a changé depuis ce calcul\u{a0}: rien n’a été décidé. Rechargez la simulation.".into(),
        ));
    }
    let mut events = Vec::new();
    for decision in decisions {
        let form = DecisionForm { decision: decision.clone(), reason: reason.to_owned() };
        let entry = next_entry(actor, &all, &form)?;
        events.push(event(actor, exam_id, "decide", told_next(app, exam_id, &all, decision).await?));
        all.push(entry);
    }
    run(app, exam_id, all.clone()).await?;
    let both: Vec<_> = all[first..].iter().zip(&events).collect();
    app.store.add_ledger_entries(exam_id, &both).await?;
    Ok(all.len() as u32)
}

/// What an exam looks like at a version, in figures.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Overview {
    /// Version of the register.
    pub version: u32,
    /// Candidates enrolled.
    pub enrolled: usize,
    /// Candidates who came.
    pub present: usize,
    /// Points that can be had.
    pub out_of: String,
    /// Distribution of marks on 20.
    #[schema(value_type = Object)]
    pub on_20: Option<Summary>,
    /// Cronbach's alpha.
    pub alpha: Option<f64>,
    /// Standard error of measurement, in points.
    pub sem: Option<f64>,
    /// At or above the rank A threshold.
    pub rank_a_pass: usize,
    /// Having a rank A mark.
    pub rank_a_of: usize,
    /// The threshold, on 20.
    pub rank_a_threshold: String,
    /// At or above the pass mark on the whole paper, where there is one.
    pub pass: Option<usize>,
    /// That pass mark, on 20.
    pub pass_threshold: Option<String>,
}

impl Overview {
    /// Figures of a marked exam.
    pub fn of(marked: &Marked, version: u32) -> Self {
        let reliability = marked.statistics().1.map(|s| s.reliability);
        let (rank_a_pass, rank_a_of) = marked.rank_a_pass();
        Self {
            version,
            enrolled: marked.cohort.candidates.len(),
            present: marked.present.len(),
            out_of: marked.marks.out_of().to_string(),
            on_20: summary(&marked.on_20()),
            alpha: reliability.as_ref().and_then(|r| r.alpha),
            sem: reliability.as_ref().and_then(|r| r.sem),
            rank_a_pass,
            rank_a_of,
            rank_a_threshold: marked.effective.paper.rules.rank_a_threshold.to_string(),
            pass: marked.pass(),
            pass_threshold: marked.effective.paper.rules.pass_threshold.map(|t| t.to_string()),
        }
    }
}

/// How one candidate moves.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Move {
    /// Candidate number.
    pub number: String,
    /// Name.
    pub name: String,
    /// Mark on 20 before and after, exact decimals.
    pub before: Option<f64>,
    /// Mark on 20 after.
    pub after: Option<f64>,
    /// Place before.
    pub rank_before: u32,
    /// Place after.
    pub rank_after: u32,
    /// Crosses the rank A threshold: `passes`, `fails` or empty.
    pub crossing: &'static str,
    /// Crosses the pass mark on the whole paper: `passes`, `fails` or empty.
    pub pass_crossing: &'static str,
}

/// Old marks beside new ones.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Comparison {
    /// Before.
    pub before: Overview,
    /// After.
    pub after: Overview,
    /// Whose mark changes.
    pub changed: usize,
    /// Who now passes the rank A threshold.
    pub now_pass: usize,
    /// Who no longer does.
    pub now_fail: usize,
    /// Who now reaches the pass mark on the whole paper.
    pub now_reach: usize,
    /// Who no longer does.
    pub now_miss: usize,
    /// Everyone whose mark or place changes, by place after.
    pub moves: Vec<Move>,
}

/// Compares two markings of the same cohort.
pub fn compare(before: &Marked, after: &Marked, versions: (u32, u32)) -> Comparison {
    let threshold = |m: &Marked| m.effective.paper.rules.rank_a_threshold;
    let passes = |m: &Marked, marks: &CandidateMarks| marks.rank_a_on_20.map(|r| r >= threshold(m));
    let reaches = |m: &Marked, marks: &CandidateMarks| {
        m.effective.paper.rules.pass_threshold.and_then(|t| marks.on_20.map(|mark| mark >= t))
    };
    let cross = |before, after| match (before, after) {
        (Some(false), Some(true)) => "passes",
        (Some(true), Some(false)) => "fails",
        _ => "",
    };
    let (mut moves, mut changed) = (Vec::new(), 0);
    for row in 0..before.present.len().min(after.present.len()) {
        let (old, new) = (before.marks.of(row), after.marks.of(row));
        let crossing = cross(passes(before, &old), passes(after, &new));
        let pass_crossing = cross(reaches(before, &old), reaches(after, &new));
        changed += usize::from(old.on_20 != new.on_20);
        if old.on_20 != new.on_20 || before.ranks[row] != after.ranks[row] || !crossing.is_empty() {
            // A mark that crosses the pass mark has changed.
            let candidate = after.candidate(row);
            moves.push(Move {
                number: candidate.number.clone(),
                name: candidate.name.clone(),
                before: old.on_20.map(Exact::to_f64),
                after: new.on_20.map(Exact::to_f64),
                rank_before: before.ranks[row],
                rank_after: after.ranks[row],
                crossing,
                pass_crossing,
            });
        }
    }
    let count = |which: fn(&Move) -> &'static str, what: &str| moves.iter().filter(|m| which(m) == what).count();
    let (now_pass, now_fail) = (count(|m| m.crossing, "passes"), count(|m| m.crossing, "fails"));
    let (now_reach, now_miss) = (count(|m| m.pass_crossing, "passes"), count(|m| m.pass_crossing, "fails"));
    moves.sort_by(|a, b| a.rank_after.cmp(&b.rank_after).then_with(|| a.number.cmp(&b.number)));
    Comparison {
        before: Overview::of(before, versions.0),
        after: Overview::of(after, versions.1),
        changed,
        now_pass,
        now_fail,
        now_reach,
        now_miss,
        moves,
    }
}

/// What a decision would change, without taking it.
pub async fn preview(app: &App, actor: &Actor, exam_id: &str, form: &DecisionForm) -> ApiResult<Comparison> {
    let before: Vec<Entry> = ledger(app, exam_id).await?.into_iter().map(|l| l.entry).collect();
    let form = DecisionForm { reason: "à l’étude".into(), ..form.clone() };
    let entry = next_entry(actor, &before, &form)?;
    let versions = (before.len() as u32, entry.version);
    let mut after = before.clone();
    after.push(entry);
    compare_entries(app, exam_id, before, after, versions).await
}

/// What several decisions would change, one after the other, without taking them.
pub async fn preview_all(app: &App, actor: &Actor, exam_id: &str, decisions: &[Decision]) -> ApiResult<Comparison> {
    let before: Vec<Entry> = ledger(app, exam_id).await?.into_iter().map(|l| l.entry).collect();
    let mut after = before.clone();
    for decision in decisions {
        let form = DecisionForm { reason: "à l’étude".into(), decision: decision.clone() };
        after.push(next_entry(actor, &after, &form)?);
    }
    let versions = (before.len() as u32, after.len() as u32);
    compare_entries(app, exam_id, before, after, versions).await
}

/// What changed between two versions of the register.
pub async fn compare_versions(app: &App, exam_id: &str, from: u32, to: u32) -> ApiResult<Comparison> {
    let all: Vec<Entry> = ledger(app, exam_id).await?.into_iter().map(|l| l.entry).collect();
    let upto = |v: u32| {
        if v >= 1 && v as usize <= all.len() { Ok(all[..v as usize].to_vec()) } else { Err(ApiError::NotFound) }
    };
    let (before, after) = (upto(from)?, upto(to)?);
    compare_entries(app, exam_id, before, after, (from, to)).await
}

async fn compare_entries(
    app: &App,
    exam_id: &str,
    before: Vec<Entry>,
    after: Vec<Entry>,
    versions: (u32, u32),
) -> ApiResult<Comparison> {
    let paper = app.frozen_paper(exam_id).await?;
    let cohort = Cohort::load(app, exam_id).await?;
    let work = move || -> ApiResult<Comparison> {
        let old = Marked::new(&paper.paper, &before, cohort.clone())?;
        let new = Marked::new(&paper.paper, &after, cohort)?;
        Ok(compare(&old, &new, versions))
    };
    tokio::task::spawn_blocking(work).await.map_err(|e| ApiError::Internal(e.into()))?
}
