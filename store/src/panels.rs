//! Panels of judges: who they are, what they said in order, what the committee concluded.
//!
//! Useful for: thresholds and script concordance keys that can be derived again. Not for: deriving them
//! (`docimo_engine::docimology`), nor for what a judgement may be (the caller has checked it).

use crate::Store;
use crate::db::{read, write};
use crate::error::{StoreError, StoreResult, to_json};
use crate::exams::{NewEvent, insert_event};
use docimo_engine::ledger::Entry;

/// A panel.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct Panel {
    /// UUIDv7.
    pub id: String,
    /// Of which exam.
    pub exam_id: String,
    /// Word of the method.
    pub method: String,
    /// Shown to the committee.
    pub title: String,
    /// JSON, by method.
    pub options: String,
    /// Round under way, from 1.
    pub round: i64,
    /// Were judges shown how candidates did when this round opened? 0 or 1.
    pub informed: i64,
    /// Judgements so far.
    pub last_position: i64,
    /// When it was opened.
    pub created_ms: i64,
    /// Who opened it, by account.
    pub created_by: String,
    /// When it was closed: nothing is accepted after.
    pub closed_ms: Option<i64>,
}

const PANEL: &str =
    "id, exam_id, method, title, options, round, informed, last_position, created_ms, created_by, closed_ms";

/// Someone who judges.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Judge {
    /// Place in the panel, from 1.
    pub number: i64,
    /// Unique in the panel.
    pub name: String,
    /// Their account, where they have one.
    pub person_id: Option<String>,
}

/// One judgement to add.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewJudgement {
    /// Round, from 1.
    pub round: i64,
    /// Number of the judge.
    pub judge: i64,
    /// What is judged.
    pub target: String,
    /// What was said; empty takes it back.
    pub value: String,
}

/// One judgement as kept.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Judgement {
    /// Place in the panel's journal, from 1.
    pub position: i64,
    /// Round, from 1.
    pub round: i64,
    /// Number of the judge.
    pub judge: i64,
    /// What is judged.
    pub target: String,
    /// What was said; empty takes it back.
    pub value: String,
    /// When.
    pub at_ms: i64,
    /// Name of who entered it.
    pub author_name: String,
}

/// A threshold that the committee kept.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ThresholdDecision {
    /// From 1.
    pub number: i64,
    /// On 20, an exact number.
    pub threshold: String,
    /// The panel it follows, if any.
    pub panel_id: Option<String>,
    /// Version of the register that holds it; `None` while there is no register.
    pub version: Option<i64>,
    /// Why.
    pub reason: String,
    /// When.
    pub at_ms: i64,
    /// Who, by account.
    pub author_id: String,
    /// Name of who took it.
    pub author_name: String,
}

/// A threshold to keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewThreshold {
    /// On 20, an exact number.
    pub threshold: String,
    /// The panel it follows, if any.
    pub panel_id: Option<String>,
    /// Why.
    pub reason: String,
}

impl Store {
    /// Opens a panel.
    pub async fn add_panel(&self, panel: &Panel, event: &NewEvent) -> StoreResult<()> {
        write!(self, tx => {
            sqlx::query("insert into panel (id, exam_id, method, title, options, created_ms, created_by) values ($1, $2, $3, $4, $5, $6, $7)")
                .bind(&panel.id).bind(&panel.exam_id).bind(&panel.method).bind(&panel.title).bind(&panel.options)
                .bind(panel.created_ms).bind(&panel.created_by).execute(&mut *tx).await?;
            insert_event!(tx, event);
        });
        Ok(())
    }

    /// A panel of this exam.
    pub async fn panel(&self, exam_id: &str, id: &str) -> StoreResult<Option<Panel>> {
        let sql = sqlx::AssertSqlSafe(format!("select {PANEL} from panel where exam_id = $1 and id = $2"));
        Ok(read!(self, pool => sqlx::query_as(sql).bind(exam_id).bind(id).fetch_optional(pool).await?))
    }

    /// Panels of an exam, in the order they were opened.
    pub async fn panels(&self, exam_id: &str) -> StoreResult<Vec<Panel>> {
        let sql = sqlx::AssertSqlSafe(format!("select {PANEL} from panel where exam_id = $1 order by created_ms, id"));
        Ok(read!(self, pool => sqlx::query_as(sql).bind(exam_id).fetch_all(pool).await?))
    }

    /// Judges of a panel, by number.
    pub async fn judges(&self, panel_id: &str) -> StoreResult<Vec<Judge>> {
        let sql = "select number, name, person_id from panel_judge where panel_id = $1 order by number";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(panel_id).fetch_all(pool).await?))
    }

    /// Adds judges to an open panel and what they said, whole or not at all: names first (numbers follow
    /// those there are), then judgements in order. [`StoreError::Conflict`] when the panel is closed, has
    /// other judges than `known` or another round than the judgements'; [`StoreError::Duplicate`] for a
    /// name that is there.
    pub async fn add_judgements(
        &self,
        panel_id: &str,
        known: i64,
        fresh: &[(String, Option<String>)],
        list: &[NewJudgement],
        event: &NewEvent,
    ) -> StoreResult<()> {
        write!(self, tx => {
            // The row is taken: whoever closes the panel or adds to it meanwhile waits or fails.
            let row: Option<(i64, i64)> = sqlx::query_as(
                "update panel set last_position = last_position + $2 where id = $1 and closed_ms is null returning last_position, round")
                .bind(panel_id).bind(list.len() as i64).fetch_optional(&mut *tx).await?;
            let Some((last, round)) = row else { return Err(StoreError::Conflict) };
            let judges: i64 = sqlx::query_scalar("select count(*) from panel_judge where panel_id = $1")
                .bind(panel_id).fetch_one(&mut *tx).await?;
            if judges != known || list.iter().any(|j| j.round != round) {
                return Err(StoreError::Conflict);
            }
            for (i, (name, person_id)) in fresh.iter().enumerate() {
                sqlx::query("insert into panel_judge (panel_id, number, name, person_id, added_ms, added_by) values ($1, $2, $3, $4, $5, $6)")
                    .bind(panel_id).bind(known + 1 + i as i64).bind(name).bind(person_id).bind(event.at_ms)
                    .bind(&event.author_id).execute(&mut *tx).await?;
            }
            for (i, j) in list.iter().enumerate() {
                sqlx::query("insert into judgement (panel_id, position, round, judge, target, value, at_ms, author_id) values ($1, $2, $3, $4, $5, $6, $7, $8)")
                    .bind(panel_id).bind(last - list.len() as i64 + 1 + i as i64).bind(j.round).bind(j.judge)
                    .bind(&j.target).bind(&j.value).bind(event.at_ms).bind(&event.author_id)
                    .execute(&mut *tx).await?;
            }
            insert_event!(tx, event);
        });
        Ok(())
    }

    /// Everything said in a panel, in order.
    pub async fn judgements(&self, panel_id: &str) -> StoreResult<Vec<Judgement>> {
        let sql = "select j.position, j.round, j.judge, j.target, j.value, j.at_ms, p.name as author_name \
                   from judgement j join person p on p.id = j.author_id where j.panel_id = $1 order by j.position";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(panel_id).fetch_all(pool).await?))
    }

    /// Opens the next round of an open panel that is in round `from`.
    pub async fn next_round(&self, panel_id: &str, from: i64, informed: bool, event: &NewEvent) -> StoreResult<()> {
        write!(self, tx => {
            let done = sqlx::query("update panel set round = $2 + 1, informed = $3 where id = $1 and round = $2 and closed_ms is null")
                .bind(panel_id).bind(from).bind(i64::from(informed)).execute(&mut *tx).await?.rows_affected();
            if done != 1 {
                return Err(StoreError::Conflict);
            }
            insert_event!(tx, event);
        });
        Ok(())
    }

    /// Closes a panel for good.
    pub async fn close_panel(&self, panel_id: &str, event: &NewEvent) -> StoreResult<()> {
        write!(self, tx => {
            let done = sqlx::query("update panel set closed_ms = $2 where id = $1 and closed_ms is null")
                .bind(panel_id).bind(event.at_ms).execute(&mut *tx).await?.rows_affected();
            if done != 1 {
                return Err(StoreError::Conflict);
            }
            insert_event!(tx, event);
        });
        Ok(())
    }

    /// Keeps a threshold. With an entry it enters the register in the same transaction, if that entry is
    /// still the next one; without, the exam must have no register yet and its paper be frozen.
    pub async fn keep_threshold(
        &self,
        exam_id: &str,
        threshold: &NewThreshold,
        entry: Option<&Entry>,
        event: &NewEvent,
    ) -> StoreResult<()> {
        let decision = entry.map(|e| to_json("decision", &e.decision)).transpose()?;
        write!(self, tx => {
            // The row of the exam is taken, so that a first marking does not pass between.
            let done = sqlx::query("update exam set state = state where id = $1 and state <> 'draft'")
                .bind(exam_id).execute(&mut *tx).await?.rows_affected();
            let last: Option<i64> = sqlx::query_scalar("select max(version) from ledger_entry where exam_id = $1")
                .bind(exam_id).fetch_one(&mut *tx).await?;
            if done != 1 || last.unwrap_or(0) != entry.map_or(0, |e| i64::from(e.version) - 1) {
                return Err(StoreError::Conflict);
            }
            if let (Some(entry), Some(decision)) = (entry, &decision) {
                sqlx::query("insert into ledger_entry (exam_id, version, at_ms, author_id, reason, decision) values ($1, $2, $3, $4, $5, $6)")
                    .bind(exam_id).bind(i64::from(entry.version)).bind(entry.at_ms).bind(&entry.author)
                    .bind(&entry.reason).bind(decision).execute(&mut *tx).await?;
            }
            let number: Option<i64> = sqlx::query_scalar("select max(number) from threshold_decision where exam_id = $1")
                .bind(exam_id).fetch_one(&mut *tx).await?;
            sqlx::query("insert into threshold_decision (exam_id, number, threshold, panel_id, version, reason, at_ms, author_id) values ($1, $2, $3, $4, $5, $6, $7, $8)")
                .bind(exam_id).bind(number.unwrap_or(0) + 1).bind(&threshold.threshold).bind(&threshold.panel_id)
                .bind(entry.map(|e| i64::from(e.version))).bind(&threshold.reason).bind(event.at_ms)
                .bind(&event.author_id).execute(&mut *tx).await?;
            insert_event!(tx, event);
        });
        Ok(())
    }

    /// Thresholds kept, in order.
    pub async fn thresholds(&self, exam_id: &str) -> StoreResult<Vec<ThresholdDecision>> {
        let sql = "select t.number, t.threshold, t.panel_id, t.version, t.reason, t.at_ms, t.author_id, p.name as author_name \
                   from threshold_decision t join person p on p.id = t.author_id where t.exam_id = $1 order by t.number";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(exam_id).fetch_all(pool).await?))
    }
}
