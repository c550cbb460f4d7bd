//! The journal of answers: the hot path.
//!
//! Concurrent saves are gathered into one transaction by a writer task and acknowledged, each, after
//! the commit is on disk (*group commit*). Overload is an answer, never a silent drop.

use crate::Store;
use crate::db::Db;
use crate::delivery::{ATTEMPT, Attempt};
use crate::error::{StoreError, StoreResult, to_json};
use crate::exams::{NewEvent, insert_event};
use docimo_engine::QuestionId;
use docimo_engine::attempt::{self, Act, Limits, Phase, Standing, Verdict};
use docimo_engine::paper::Section;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// A step as a client sends it.
#[derive(Clone, Debug)]
pub struct NewStep {
    /// Number in its stream, from 1.
    pub seq: u32,
    /// The client's clock, kept for the record; nothing depends on it.
    pub client_ms: i64,
    /// What was done.
    pub act: Act,
}

/// Steps of one stream of one sheet.
#[derive(Clone, Debug)]
pub struct Save {
    /// The sheet.
    pub attempt_id: String,
    /// Its section, to judge the acts.
    pub section: Arc<Section>,
    /// Who sends it (opaque id).
    pub actor: String,
    /// Which stream.
    pub stream: u32,
    /// In order.
    pub steps: Vec<NewStep>,
    /// When the server received them.
    pub now_ms: i64,
}

/// What is on disk now.
#[derive(Clone, Debug)]
pub struct Saved {
    /// Highest step of that stream on disk.
    pub acknowledged: u32,
    /// What each step of this save was worth.
    pub verdicts: Vec<(u32, Verdict)>,
    /// A validation showed a next part.
    pub revealed: bool,
    /// The sheet after it.
    pub attempt: Attempt,
}

/// Why a save was not done. Nothing of it is on disk.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// No such sheet.
    #[error("no such sheet")]
    UnknownAttempt,
    /// The stream was never opened.
    #[error("no such stream")]
    UnknownStream,
    /// Steps are missing before these.
    #[error("step {expected} comes first")]
    Gap {
        /// The step to resend from.
        expected: u32,
    },
    /// The sitting is not open, so that nothing can be answered yet.
    #[error("not open yet")]
    NotOpen,
    /// Too many saves wait.
    #[error("too many saves wait")]
    Overloaded,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for SaveError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

type Reply = oneshot::Sender<Result<Saved, SaveError>>;

/// Handle on the writer. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Journal {
    queue: mpsc::Sender<(Save, Reply)>,
}

/// Saves that may wait before the answer is "overloaded".
const QUEUE: usize = 8192;
/// Saves in one transaction.
const BATCH: usize = 256;
/// Writers on PostgreSQL; SQLite has one.
const POSTGRES_WRITERS: usize = 4;

impl Journal {
    /// Starts the writers on the current tokio runtime. They end, having written what they hold, when
    /// the last handle is dropped.
    pub fn start(store: Store) -> Self {
        let (queue, requests) = mpsc::channel(QUEUE);
        let requests = Arc::new(tokio::sync::Mutex::new(requests));
        let writers = match store.db {
            Db::Sqlite { .. } => 1,
            Db::Postgres(_) => POSTGRES_WRITERS,
        };
        for _ in 0..writers {
            tokio::spawn(write_loop(store.clone(), requests.clone()));
        }
        Self { queue }
    }

    /// Saves steps; returns once they are durable.
    pub async fn save(&self, save: Save) -> Result<Saved, SaveError> {
        let (reply, answer) = oneshot::channel();
        self.queue.try_send((save, reply)).map_err(|_| SaveError::Overloaded)?;
        answer.await.map_err(|_| SaveError::Overloaded)?
    }
}

async fn write_loop(store: Store, requests: Arc<tokio::sync::Mutex<mpsc::Receiver<(Save, Reply)>>>) {
    loop {
        let mut batch = Vec::new();
        // The lock is held while gathering only: another writer gathers while this one commits.
        if requests.lock().await.recv_many(&mut batch, BATCH).await == 0 {
            return;
        }
        // One order for all writers, so that two of them never wait for each other's sheets.
        batch.sort_by(|(a, _), (b, _)| a.attempt_id.cmp(&b.attempt_id));
        let (saves, replies): (Vec<Save>, Vec<Reply>) = batch.into_iter().unzip();
        match save_all(&store, &saves).await {
            Ok(results) => {
                for (reply, result) in replies.into_iter().zip(results) {
                    let _ = reply.send(result);
                }
            }
            Err(error) if saves.len() > 1 => {
                // One bad save must not fail its neighbours: each again on its own.
                tracing::warn!(%error, saves = saves.len(), "batch of saves failed, saving one by one");
                for (save, reply) in saves.iter().zip(replies) {
                    let _ = reply.send(save_one(&store, save).await);
                }
            }
            Err(error) => {
                if let Some(reply) = replies.into_iter().next() {
                    let _ = reply.send(Err(error));
                }
            }
        }
    }
}

async fn save_one(store: &Store, save: &Save) -> Result<Saved, SaveError> {
    let mut results = save_all(store, std::slice::from_ref(save)).await?;
    results.pop().unwrap_or(Err(SaveError::Overloaded))
}

/// All saves in one transaction. The outer error is the transaction's: nothing was written.
async fn save_all(store: &Store, saves: &[Save]) -> Result<Vec<Result<Saved, SaveError>>, SaveError> {
    macro_rules! run {
        ($tx:expr) => {{
            let mut tx = $tx;
            let mut results = Vec::with_capacity(saves.len());
            for save in saves {
                results.push(apply!(tx, save));
            }
            tx.commit().await?;
            Ok(results)
        }};
    }
    /// One save inside a transaction: a refusal is a value, a database error ends the transaction.
    macro_rules! apply {
        ($tx:expr, $save:expr) => {{
            let save: &Save = $save;
            let sql = sqlx::AssertSqlSafe(format!("{ATTEMPT} where a.id = $1"));
            let found: Option<Attempt> = sqlx::query_as(sql).bind(&save.attempt_id).fetch_optional(&mut *$tx).await?;
            match found {
                None => Err(SaveError::UnknownAttempt),
                Some(attempt) if i64::from(save.stream) > attempt.streams || save.stream == 0 => {
                    let _ = attempt;
                    Err(SaveError::UnknownStream)
                }
                Some(mut attempt) => {
                    let exam_id = attempt.exam_id.clone();
                    let known: Vec<(i64, String, String)> = sqlx::query_as(
                        "select seq, verdict, kind from step where exam_id = $1 and attempt_id = $2 and stream = $3 and seq >= $4",
                    )
                    .bind(&exam_id)
                    .bind(&save.attempt_id)
                    .bind(i64::from(save.stream))
                    .bind(i64::from(save.steps.first().map_or(1, |s| s.seq)))
                    .fetch_all(&mut *$tx)
                    .await?;
                    let last: Option<i64> = sqlx::query_scalar(
                        "select max(seq) from step where exam_id = $1 and attempt_id = $2 and stream = $3",
                    )
                    .bind(&exam_id)
                    .bind(&save.attempt_id)
                    .bind(i64::from(save.stream))
                    .fetch_one(&mut *$tx)
                    .await?;
                    let locked: Vec<String> = if has_progressive(&save.section) {
                        sqlx::query_scalar(
                            "select question_id from step where exam_id = $1 and attempt_id = $2 and kind = 'lock' and verdict = 'counted'",
                        )
                        .bind(&exam_id)
                        .bind(&save.attempt_id)
                        .fetch_all(&mut *$tx)
                        .await?
                    } else {
                        Vec::new()
                    };
                    // Another page was opened since: what it answered is newer.
                    let superseded: Vec<String> = if i64::from(save.stream) < attempt.streams {
                        sqlx::query_scalar(
                            "select distinct question_id from step where exam_id = $1 and attempt_id = $2 and stream > $3 \
                             and kind = 'answer' and verdict = 'counted'",
                        )
                        .bind(&exam_id)
                        .bind(&save.attempt_id)
                        .bind(i64::from(save.stream))
                        .fetch_all(&mut *$tx)
                        .await?
                    } else {
                        Vec::new()
                    };
                    match plan(save, &attempt, last.unwrap_or(0) as u32, &known, locked, &superseded) {
                        Err(refusal) => Err(refusal),
                        Ok(plan) => {
                            let mut position: i64 =
                                sqlx::query_scalar("select last_position from attempt where id = $1")
                                    .bind(&save.attempt_id)
                                    .fetch_one(&mut *$tx)
                                    .await?;
                            for (step, verdict) in &plan.fresh {
                                position += 1;
                                sqlx::query(
                                    "insert into step (exam_id, attempt_id, stream, seq, position, client_ms, server_ms, verdict, kind, question_id, act, actor) \
                                     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
                                )
                                .bind(&exam_id)
                                .bind(&save.attempt_id)
                                .bind(i64::from(save.stream))
                                .bind(i64::from(step.seq))
                                .bind(position)
                                .bind(step.client_ms)
                                .bind(save.now_ms)
                                .bind(verdict.name())
                                .bind(step.act.name())
                                .bind(step.act.question().map(QuestionId::as_str))
                                .bind(to_json("step", &step.act)?)
                                .bind(&save.actor)
                                .execute(&mut *$tx)
                                .await?;
                            }
                            if !plan.fresh.is_empty() {
                                let handed_in = plan.handed_in.then_some(save.now_ms);
                                sqlx::query(
                                    "update attempt set last_position = $2, last_seen_ms = $3, handed_in_ms = coalesce(handed_in_ms, $4) where id = $1",
                                )
                                .bind(&save.attempt_id)
                                .bind(position)
                                .bind(save.now_ms)
                                .bind(handed_in)
                                .execute(&mut *$tx)
                                .await?;
                                attempt.handed_in_ms = attempt.handed_in_ms.or(handed_in);
                                attempt.last_seen_ms = Some(save.now_ms);
                            }
                            Ok(Saved {
                                acknowledged: plan.acknowledged,
                                verdicts: plan.verdicts,
                                revealed: plan.revealed,
                                attempt,
                            })
                        }
                    }
                }
            }
        }};
    }
    match &store.db {
        Db::Sqlite { write, .. } => run!(write.begin_with("begin immediate").await?),
        Db::Postgres(pool) => {
            let mut tx = pool.begin().await?;
            // The sheets are taken first and read after: what a grant of time changed while these waited for it
            // is seen, its site's clock included.
            let ids: Vec<&str> = saves.iter().map(|save| save.attempt_id.as_str()).collect();
            sqlx::query("select id from attempt where id = any($1) order by id for update")
                .bind(ids)
                .execute(&mut *tx)
                .await?;
            run!(tx)
        }
    }
}

struct Plan<'a> {
    fresh: Vec<(&'a NewStep, Verdict)>,
    verdicts: Vec<(u32, Verdict)>,
    acknowledged: u32,
    handed_in: bool,
    revealed: bool,
}

fn has_progressive(section: &Section) -> bool {
    section.elements.iter().any(|element| match element {
        docimo_engine::paper::Element::Case(case) => case.kind.is_progressive(),
        docimo_engine::paper::Element::Question(_) => false,
    })
}

/// Decides what to write: pure, so that both drivers share it to the letter.
fn plan<'a>(
    save: &'a Save,
    attempt: &Attempt,
    last: u32,
    known: &[(i64, String, String)],
    locked: Vec<String>,
    superseded: &[String],
) -> Result<Plan<'a>, SaveError> {
    let times = attempt.times(save.section.duration_minutes);
    if matches!(times.phase(save.now_ms), Phase::Waiting | Phase::Ready) {
        return Err(SaveError::NotOpen);
    }
    let limits = Limits { deadline_ms: times.deadline_ms(save.now_ms).unwrap_or(i64::MIN), grace_ms: attempt.grace_ms };
    let mut standing = Standing {
        handed_in: attempt.handed_in_ms.is_some(),
        locked: locked.into_iter().map(QuestionId::new).collect(),
    };
    let mut plan =
        Plan { fresh: Vec::new(), verdicts: Vec::new(), acknowledged: last, handed_in: false, revealed: false };
    for step in &save.steps {
        if step.seq <= plan.acknowledged {
            // Already on disk, from this save or an earlier one: acknowledged again, with its first verdict.
            let stored = known.iter().find(|(seq, _, _)| *seq == i64::from(step.seq));
            let verdict = stored.and_then(|(_, v, _)| Verdict::from_name(v)).unwrap_or(Verdict::Counted);
            plan.revealed |= verdict == Verdict::Counted && matches!(step.act, Act::Lock { .. });
            plan.verdicts.push((step.seq, verdict));
            continue;
        }
        if step.seq != plan.acknowledged + 1 {
            // Nothing of this save is written: what is missing is after what was on disk before it.
            return Err(SaveError::Gap { expected: last + 1 });
        }
        let mut verdict = attempt::judge(&save.section, &standing, limits, save.now_ms, &step.act);
        // Handing in late changes nothing to what was answered: it is the sheet being given back.
        if verdict == Verdict::Late && matches!(step.act, Act::HandIn {}) {
            verdict = Verdict::Counted;
        }
        // A page that was left acts no more: it neither closes the sheet under the hands of the later one,
        // nor answers or validates what that one has answered.
        let overtaken = match &step.act {
            Act::Answer { question, .. } | Act::Lock { question } => {
                superseded.iter().any(|id| id == question.as_str())
            }
            Act::HandIn {} => !superseded.is_empty(),
            _ => false,
        };
        if overtaken && matches!(verdict, Verdict::Counted | Verdict::Late) {
            verdict = Verdict::Superseded;
        }
        if attempt.is_marked() {
            verdict = Verdict::AfterMarking;
        }
        if verdict == Verdict::Counted {
            attempt::advance(&mut standing, &step.act);
            plan.handed_in |= matches!(step.act, Act::HandIn {});
            plan.revealed |= matches!(step.act, Act::Lock { .. });
        }
        plan.acknowledged = step.seq;
        plan.verdicts.push((step.seq, verdict));
        plan.fresh.push((step, verdict));
    }
    Ok(plan)
}

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
                let last: Option<i64> =
                    sqlx::query_scalar("select max(seq) from step where exam_id = $1 and attempt_id = $2 and stream = 0")
                        .bind(&exam_id)
                        .bind(attempt_id)
                        .fetch_one(&mut *tx)
                        .await?;
                let act = Act::Reopen { reason: reason.to_owned() };
                sqlx::query(
                    "insert into step (exam_id, attempt_id, stream, seq, position, client_ms, server_ms, verdict, kind, question_id, act, actor) \
                     values ($1, $2, 0, $3, $4, $5, $5, 'counted', 'reopen', null, $6, $7)",
                )
                .bind(&exam_id)
                .bind(attempt_id)
                .bind(last.unwrap_or(0) + 1)
                .bind(position)
                .bind(event.at_ms)
                .bind(to_json("step", &act)?)
                .bind(actor)
                .execute(&mut *tx)
                .await?;
                crate::live::bump_live!(tx, &exam_id, Some(attempt_id));
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
                    for (i, act) in sheet.answers.iter().chain([&Act::HandIn {}]).enumerate() {
                        let seq = i as i64 + 1;
                        let at = sheet.started_ms + (sheet.ended_ms - sheet.started_ms) * seq / (count + 1);
                        sqlx::query("insert into step (exam_id, attempt_id, stream, seq, position, client_ms, server_ms, verdict, kind, question_id, act, actor) \
                                     values ($1, $2, 1, $3, $3, $4, $4, 'counted', $5, $6, $7, $8)")
                            .bind(&sheet.exam_id).bind(&sheet.attempt_id).bind(seq).bind(at).bind(act.name())
                            .bind(act.question().map(QuestionId::as_str)).bind(to_json("step", act)?)
                            .bind(&sheet.person_id).execute(&mut *tx).await?;
                    }
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
