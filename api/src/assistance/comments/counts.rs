//! How many students gave each wrong answer: counted when an exam is published, or when someone looks at an exam that was
//! marked since; kept, never counted again for the same version of a register.

use super::{COMMENTS, LEAST_TEXT, RECENT_EXAMS, slot_place, wording};
use crate::ambient;
use crate::app::App;
use crate::bank::reach::Reach;
use crate::error::{ApiError, ApiResult};
use crate::exam::marks::{Marked, mark_at};
use docimo_ai::comments::Place;
use docimo_bank::rights::Level;
use docimo_engine::QuestionId;
use docimo_engine::docimology::patterns::{Tally, tally};
use docimo_store::ai::comments::{PatternCount, Slot, WantedSlots};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Patterns kept of a question and exam: the rest is rare, and has no comment to wait for.
const MOST: usize = 60;
/// Without a filter, errors are those of the questions of so many exams, the last ones.
const LAST_EXAMS: i64 = 20;
/// Exams counted while a page waits.
const AT_ONCE: usize = 3;

/// Keeps the patterns of an exam as it was marked.
pub async fn record(app: &App, exam_id: &str, marked: Arc<Marked>, version: u32) -> ApiResult<()> {
    let mut entries: HashMap<QuestionId, String> = HashMap::new();
    for element in marked.effective.paper.sections.iter().flat_map(|s| &s.elements) {
        let Some(entry) = app.store.entry_by_external_id(element.id()).await? else { continue };
        entries.extend(element.questions().map(|q| (q.id.clone(), entry.id.clone())));
    }
    let work = move || -> Vec<PatternCount> {
        let mut rows = Vec::new();
        for placed in marked.effective.paper.questions() {
            let question = placed.question;
            // What the jury set aside tells nothing of students.
            if marked.effective.neutralised.contains_key(&question.id) {
                continue;
            }
            let Some(entry) = entries.get(&question.id) else { continue };
            let Tally { patterns, .. } = tally(question, marked.responses.iter().map(|r| r.get(&question.id)));
            let wording = wording(question);
            rows.extend(patterns.into_iter().take(MOST).map(|counted| {
                let place = Place {
                    entry: entry.clone(),
                    question: question.id.to_string(),
                    wording: wording.clone(),
                    pattern: counted.pattern.key(),
                };
                PatternCount {
                    place: slot_place(&place),
                    shown: counted.shown.replace('\0', ""),
                    students: i64::try_from(counted.count).unwrap_or(i64::MAX),
                }
            }));
        }
        rows
    };
    let rows = tokio::task::spawn_blocking(work).await.map_err(|e| ApiError::Internal(e.into()))?;
    Ok(app.store.set_patterns(exam_id, i64::from(version), &rows, ambient::now_ms()).await?)
}

/// Counts marked exams that were not counted yet, a few at a time. Gives how many are left.
pub async fn refresh(app: &App) -> ApiResult<usize> {
    let unread = app.store.patterns_unread().await?;
    for exam_id in unread.iter().take(AT_ONCE) {
        let version = u32::try_from(app.store.ledger(exam_id).await?.len()).unwrap_or(u32::MAX);
        let counted = match mark_at(app, exam_id, Some(version)).await {
            Ok(marked) => record(app, exam_id, Arc::new(marked), version).await,
            Err(error) => Err(error),
        };
        if let Err(error) = counted {
            // One exam that cannot be read must not hide the others.
            tracing::warn!(%error, exam = exam_id.as_str(), "the wrong answers of an exam could not be counted");
        }
    }
    Ok(unread.len().saturating_sub(AT_ONCE))
}

/// What someone looks for.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Exam; all where empty.
    pub exam: String,
    /// Folder, those under it excluded; all in reach where empty.
    pub folder: String,
    /// The name of an entry; all where empty.
    pub entry: String,
}

/// Folders where someone may write comments, those that a filter keeps.
fn folders(reach: &Reach, asked: &Asked) -> Vec<String> {
    let all = reach.folders_at(Level::Review).into_iter().map(|(id, _)| id);
    all.filter(|id| asked.folder.is_empty() || *id == asked.folder).collect()
}

/// Patterns without a comment, in reach of someone, those that most students gave first.
pub async fn unwritten(app: &App, reach: &Reach, asked: &Asked, limit: usize) -> ApiResult<Vec<Slot>> {
    let folders = folders(reach, asked);
    let wanted = WantedSlots {
        folders: &folders,
        exam: Some(asked.exam.as_str()).filter(|id| !id.is_empty()),
        entry: Some(asked.entry.trim()).filter(|name| !name.is_empty()),
        slot: None,
        unwritten: true,
        last: LAST_EXAMS,
        recent: RECENT_EXAMS,
        least_text: LEAST_TEXT,
        limit: i64::try_from(limit).unwrap_or(i64::MAX),
    };
    Ok(app.store.pattern_slots(&wanted).await?)
}

/// Exams to choose from: id, title.
pub async fn exams(app: &App, reach: &Reach) -> ApiResult<Vec<(String, String)>> {
    Ok(app.store.pattern_exams(&folders(reach, &Asked::default())).await?)
}

/// What is under way for patterns: requests that have not ended, and drafts that wait for a decision (their proposal).
pub struct UnderWay {
    /// Asked for.
    pub asked: HashSet<String>,
    /// Drafted: pattern, proposal.
    pub drafted: HashMap<String, String>,
}

impl UnderWay {
    /// Reads the queue.
    pub async fn of(app: &App) -> ApiResult<Self> {
        let going = app.store.ai_jobs_going(COMMENTS.code()).await?;
        let asked = going.iter().filter_map(|job| serde_json::from_str::<super::ask::Asked>(&job.request).ok());
        let mut drafted = HashMap::new();
        for row in super::decide::all_waiting(app).await? {
            drafted.insert(slot_place(&super::read(&row)?.content().place).slot, row.id);
        }
        Ok(Self { asked: asked.map(|a| a.slot).collect(), drafted })
    }

    /// Is a pattern waited for?
    #[must_use]
    pub fn holds(&self, slot: &str) -> bool {
        self.asked.contains(slot) || self.drafted.contains_key(slot)
    }
}
