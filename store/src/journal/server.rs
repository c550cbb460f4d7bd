//! Steps that the server writes itself, in its own stream 0, and whole sheets that were not sat here.

use crate::Store;
use crate::db::Db;
use crate::error::{StoreError, StoreResult, to_json};
use crate::exams::{NewEvent, insert_event};
use crate::live::bump_live;
use crate::receipts::{self, Link};
use docimo_engine::QuestionId;
use docimo_engine::attempt::Act;

/// Writes a step of the server in a sheet's journal, chained like any other. `$position` is its place: the caller has
/// just moved the sheet's `last_position` to it, and so holds the sheet.
macro_rules! server_step {
    ($tx:ident, $exam_id:expr, $attempt_id:expr, $position:expr, $at_ms:expr, $act:expr, $actor:expr) => {{
        let (exam_id, attempt_id, position, at_ms): (&str, &str, i64, i64) = ($exam_id, $attempt_id, $position, $at_ms);
        let (act, actor): (&docimo_engine::attempt::Act, &str) = ($act, $actor);
        let last: Option<i64> =
            sqlx::query_scalar("select max(seq) from step where exam_id = $1 and attempt_id = $2 and stream = 0")
                .bind(exam_id)
                .bind(attempt_id)
                .fetch_one(&mut *$tx)
                .await?;
        let kept: Option<Vec<u8>> = sqlx::query_scalar("select receipt from attempt where id = $1")
            .bind(attempt_id)
            .fetch_one(&mut *$tx)
            .await?;
        let seq = last.unwrap_or(0) + 1;
        let text = $crate::error::to_json("step", act)?;
        let link = $crate::receipts::Link {
            position,
            stream: 0,
            seq,
            client_ms: at_ms,
            server_ms: at_ms,
            verdict: docimo_engine::attempt::Verdict::Counted.name(),
            act: &text,
            actor,
        };
        let receipt = $crate::receipts::link(&$crate::receipts::head(attempt_id, kept.as_deref()), &link);
        sqlx::query(
            "insert into step (exam_id, attempt_id, stream, seq, position, client_ms, server_ms, verdict, kind, question_id, act, actor, receipt) \
             values ($1, $2, 0, $3, $4, $5, $5, 'counted', $6, null, $7, $8, $9)",
        )
        .bind(exam_id)
        .bind(attempt_id)
        .bind(seq)
        .bind(position)
        .bind(at_ms)
        .bind(act.name())
        .bind(&text)
        .bind(actor)
        .bind(&receipt[..])
        .execute(&mut *$tx)
        .await?;
        sqlx::query("update attempt set receipt = $2 where id = $1")
            .bind(attempt_id)
            .bind(&receipt[..])
            .execute(&mut *$tx)
            .await?;
    }};
}
pub(crate) use server_step;

impl Store {
    /// Gives a sheet back to its candidate, with a reason, as a step of the server's own stream.
    pub async fn reopen_attempt(
        &self,
        attempt_id: &str,
        actor: &str,
        reason: &str,
        event: &NewEvent,
    ) -> StoreResult<()> {
        macro_rules! run {
            ($tx:expr) => {{
                let mut tx = $tx;
                let row: Option<(String, i64)> = sqlx::query_as(
                    "update attempt set handed_in_ms = null, last_position = last_position + 1 \
                     where id = $1 and handed_in_ms is not null returning exam_id, last_position",
                )
                .bind(attempt_id)
                .fetch_optional(&mut *tx)
                .await?;
                let Some((exam_id, position)) = row else { return Err(StoreError::Conflict) };
                let act = Act::Reopen { reason: reason.to_owned() };
                server_step!(tx, &exam_id, attempt_id, position, event.at_ms, &act, actor);
                bump_live!(tx, &exam_id, Some(attempt_id));
                insert_event!(tx, event);
                tx.commit().await?;
            }};
        }
        match &self.db {
            Db::Sqlite { write, .. } => run!(write.begin_with("begin immediate").await?),
            Db::Postgres(pool) => run!(pool.begin().await?),
        }
        Ok(())
    }

    /// Writes the journals of sheets that were not sat here (simulated candidates), in few transactions.
    /// Each is a started, handed-in sheet whose steps are all counted.
    pub async fn add_sheets(&self, sheets: &[WholeSheet]) -> StoreResult<()> {
        for chunk in sheets.chunks(200) {
            crate::db::write!(self, tx => {
                for sheet in chunk {
                    let count = sheet.answers.len() as i64;
                    sqlx::query("insert into attempt (id, exam_id, site_id, person_id, section_id, seed, started_ms, handed_in_ms, streams, last_position, last_seen_ms) \
                                 select $1, exam_id, site_id, person_id, $4, $5, $6, $7, 1, $8, $7 from candidate where exam_id = $2 and person_id = $3")
                        .bind(&sheet.attempt_id).bind(&sheet.exam_id).bind(&sheet.person_id).bind(&sheet.section_id)
                        .bind(sheet.seed).bind(sheet.started_ms).bind(sheet.ended_ms).bind(count + 1)
                        .execute(&mut *tx).await?;
                    let mut receipt = receipts::genesis(&sheet.attempt_id);
                    for (i, act) in sheet.answers.iter().chain([&Act::HandIn {}]).enumerate() {
                        let seq = i as i64 + 1;
                        let at = sheet.started_ms + (sheet.ended_ms - sheet.started_ms) * seq / (count + 1);
                        let text = to_json("step", act)?;
                        let link = Link { position: seq, stream: 1, seq, client_ms: at, server_ms: at, verdict: "counted", act: &text, actor: &sheet.person_id };
                        receipt = receipts::link(&receipt, &link);
                        sqlx::query("insert into step (exam_id, attempt_id, stream, seq, position, client_ms, server_ms, verdict, kind, question_id, act, actor, receipt) \
                                     values ($1, $2, 1, $3, $3, $4, $4, 'counted', $5, $6, $7, $8, $9)")
                            .bind(&sheet.exam_id).bind(&sheet.attempt_id).bind(seq).bind(at).bind(act.name())
                            .bind(act.question().map(QuestionId::as_str)).bind(&text)
                            .bind(&sheet.person_id).bind(&receipt[..]).execute(&mut *tx).await?;
                    }
                    sqlx::query("update attempt set receipt = $2 where id = $1")
                        .bind(&sheet.attempt_id).bind(&receipt[..]).execute(&mut *tx).await?;
                }
            });
        }
        Ok(())
    }
}

/// A sheet written at once.
#[derive(Clone, Debug)]
pub struct WholeSheet {
    /// UUIDv7.
    pub attempt_id: String,
    /// Exam.
    pub exam_id: String,
    /// Candidate.
    pub person_id: String,
    /// Section.
    pub section_id: String,
    /// Seed of orders.
    pub seed: i64,
    /// When it began.
    pub started_ms: i64,
    /// When it was handed in.
    pub ended_ms: i64,
    /// Its answers, in order.
    pub answers: Vec<Act>,
}
