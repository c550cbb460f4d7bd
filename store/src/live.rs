//! What is kept in memory while an exam is sat, and how a process learns what the others did.

use crate::Store;
use crate::db::{read, write};
use crate::delivery::{ATTEMPT, Attempt};
use crate::error::StoreResult;

/// A clock of the exam moves by an act of someone in charge: of one sheet, or of several.
macro_rules! bump_live {
    ($tx:expr, $exam_id:expr, $attempt:expr) => {{
        let attempt: Option<&str> = $attempt;
        sqlx::query("update exam set live = live + 1 where id = $1").bind($exam_id).execute(&mut *$tx).await?;
        if let Some(attempt) = attempt {
            sqlx::query(
                "update attempt set changed = (select live from exam where id = attempt.exam_id) where id = $1",
            )
            .bind(attempt)
            .execute(&mut *$tx)
            .await?;
        }
    }};
}
pub(crate) use bump_live;

/// The candidates of the exam change.
macro_rules! bump_roster {
    ($tx:expr, $exam_id:expr) => {
        sqlx::query("update exam set roster = roster + 1, live = live + 1 where id = $1")
            .bind($exam_id)
            .execute(&mut *$tx)
            .await?
    };
}
pub(crate) use bump_roster;

/// Where an exam that may be sat stands.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct LiveMark {
    /// Exam.
    pub id: String,
    /// frozen or open.
    pub state: String,
    /// Moves with its clocks.
    pub live: i64,
    /// Moves with its candidates.
    pub roster: i64,
    /// allow or wait.
    pub second_machine: String,
}

/// The clock of a room.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct RoomClock {
    /// Where.
    pub site_id: String,
    /// What.
    pub section_id: String,
    /// Which room.
    pub room: String,
    /// Time given back to everyone there.
    pub compensation_ms: i64,
    /// JSON, see [`crate::delivery::read_stops`].
    pub stops: String,
}

/// What another process knows of who is there.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Presence {
    /// Which process.
    pub process: String,
    /// When it wrote it.
    pub at_ms: i64,
    /// What it wrote.
    pub body: String,
}

/// A time without news of a candidate who composed.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct OfflineSpan {
    /// Sheet.
    pub attempt_id: String,
    /// Last news before, ms UTC.
    pub from_ms: i64,
    /// First news after, ms UTC.
    pub to_ms: i64,
}

impl Store {
    /// Is a process alone with this database? Then it has nothing to tell the others.
    pub fn is_single(&self) -> bool {
        matches!(self.db, crate::db::Db::Sqlite { .. })
    }

    /// Every exam whose paper is frozen and that is not over.
    pub async fn live_marks(&self) -> StoreResult<Vec<LiveMark>> {
        let sql = "select id, state, live, roster, second_machine from exam where state in ('frozen', 'open')";
        Ok(read!(self, pool => sqlx::query_as(sql).fetch_all(pool).await?))
    }

    /// Where one exam stands, whatever its state.
    pub async fn live_mark(&self, exam_id: &str) -> StoreResult<Option<LiveMark>> {
        let sql = "select id, state, live, roster, second_machine from exam where id = $1";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(exam_id).fetch_optional(pool).await?))
    }

    /// Sheets that someone in charge changed after `live` was `since`.
    pub async fn attempts_changed(&self, exam_id: &str, since: i64) -> StoreResult<Vec<Attempt>> {
        let sql = sqlx::AssertSqlSafe(format!("{ATTEMPT} where a.exam_id = $1 and a.changed > $2"));
        Ok(read!(self, pool => sqlx::query_as(sql).bind(exam_id).bind(since).fetch_all(pool).await?))
    }

    /// How many answers of each sheet came late. Reads these only, however long the journal.
    pub async fn late_now(&self, exam_id: &str) -> StoreResult<Vec<(String, i64)>> {
        // As the index says it, to the letter: a value bound would read the whole journal.
        let sql = "select attempt_id, count(*) from step where exam_id = $1 and verdict = 'late' and kind = 'answer' group by attempt_id";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(exam_id).fetch_all(pool).await?))
    }

    /// Answers that arrived from `from_ms` up to `to_ms`, as sheet and place in its journal; of one sheet where it is
    /// given.
    pub async fn answers_between(
        &self,
        exam_id: &str,
        attempt_id: Option<&str>,
        from_ms: i64,
        to_ms: i64,
    ) -> StoreResult<Vec<(String, i64)>> {
        let sql = "select attempt_id, position from step where exam_id = $1 and attempt_id = coalesce(cast($2 as text), attempt_id) \
                   and kind = 'answer' and server_ms >= $3 and server_ms < $4";
        Ok(
            read!(self, pool => sqlx::query_as(sql).bind(exam_id).bind(attempt_id).bind(from_ms).bind(to_ms).fetch_all(pool).await?),
        )
    }

    /// Clocks of rooms.
    pub async fn room_clocks(&self, exam_id: &str) -> StoreResult<Vec<RoomClock>> {
        let sql = "select site_id, section_id, room, compensation_ms, stops from room_clock where exam_id = $1";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(exam_id).fetch_all(pool).await?))
    }

    /// Which questions each sheet has a counted answer to.
    pub async fn answered_questions(&self, exam_id: &str) -> StoreResult<Vec<(String, String)>> {
        let sql = "select distinct attempt_id, question_id from step \
                   where exam_id = $1 and kind = 'answer' and verdict = 'counted' and question_id is not null";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(exam_id).fetch_all(pool).await?))
    }

    /// Keeps what a process knows of who is there, in place of what it knew; what is older than a day goes.
    pub async fn keep_presence(&self, process: &str, exam_id: &str, at_ms: i64, body: &str) -> StoreResult<()> {
        write!(self, tx => {
            sqlx::query("delete from presence where exam_id = $1 and at_ms < $2")
                .bind(exam_id).bind(at_ms - 86_400_000).execute(&mut *tx).await?;
            sqlx::query("insert into presence (process, exam_id, at_ms, body) values ($1, $2, $3, $4) \
                         on conflict (process, exam_id) do update set at_ms = excluded.at_ms, body = excluded.body")
                .bind(process).bind(exam_id).bind(at_ms).bind(body).execute(&mut *tx).await?;
        });
        Ok(())
    }

    /// What other processes know, if they wrote it after `since_ms` of their clock.
    pub async fn presences(&self, process: &str, exam_id: &str, since_ms: i64) -> StoreResult<Vec<Presence>> {
        let sql = "select process, at_ms, body from presence where exam_id = $1 and process <> $2 and at_ms > $3";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(exam_id).bind(process).bind(since_ms).fetch_all(pool).await?))
    }

    /// Records times without news; one known already is left as it is.
    pub async fn add_offline_spans(&self, spans: &[OfflineSpan]) -> StoreResult<()> {
        write!(self, tx => {
            for span in spans {
                sqlx::query("insert into offline_span (attempt_id, from_ms, to_ms) values ($1, $2, $3) on conflict (attempt_id, from_ms) do nothing")
                    .bind(&span.attempt_id).bind(span.from_ms).bind(span.to_ms).execute(&mut *tx).await?;
            }
        });
        Ok(())
    }

    /// Times without news, by sheet and time.
    pub async fn offline_spans(&self, exam_id: &str) -> StoreResult<Vec<OfflineSpan>> {
        let sql = "select o.attempt_id, o.from_ms, o.to_ms from offline_span o join attempt a on a.id = o.attempt_id \
                   where a.exam_id = $1 order by o.attempt_id, o.from_ms";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(exam_id).fetch_all(pool).await?))
    }
}
