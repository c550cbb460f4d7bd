//! Many writes in one transaction, in few statements.
//!
//! A batch reads what it needs of all its sheets at once and writes all its steps at once: the cost of a statement is
//! shared. Rows are asked for and written in lists whose sizes are powers of two, so that few texts are prepared.

use super::known::{Fact, Known, Mark, Memory, Standing};
use super::plan::{Plan, Sheet, has_progressive, plan};
use super::{Outcome, Save, SaveError, Saved, Work};
use crate::Store;
use crate::db::Db;
use crate::delivery::{ASKED_ATTEMPTS, Attempt, THESE_ATTEMPTS};
use crate::receipts::{self, Link, Receipt};
use crate::supervision::open_page;
use docimo_engine::QuestionId;
use docimo_engine::attempt::{Act, Verdict};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Rows in one statement: SQLite holds 32,766 values in one, PostgreSQL 65,535.
const ROWS: usize = 128;

/// A sheet that is not where it was known to be.
#[derive(sqlx::FromRow)]
struct Moved {
    place: i64,
    last_position: i64,
    receipt: Option<Vec<u8>>,
    streams: i64,
    started_ms: Option<i64>,
    handed_in_ms: Option<i64>,
    last_seq: i64,
}

impl Moved {
    fn standing(self, stream: u32) -> Standing {
        Standing {
            position: self.last_position,
            receipt: self.receipt.and_then(|bytes| bytes.try_into().ok()),
            streams: self.streams,
            started_ms: self.started_ms,
            handed_in_ms: self.handed_in_ms,
            stream,
            last_seq: self.last_seq as u32,
            locked: None,
        }
    }
}

/// A sheet with all that its clock depends on, and the version of that.
#[derive(sqlx::FromRow)]
struct Whole {
    live: i64,
    #[sqlx(flatten)]
    attempt: Attempt,
}

/// A row of the journal to write.
struct Row<'a> {
    save: &'a Save,
    exam_id: Arc<str>,
    seq: i64,
    position: i64,
    client_ms: i64,
    verdict: Verdict,
    kind: &'static str,
    question: Option<&'a str>,
    act: &'a str,
    receipt: Receipt,
}

/// What a sheet becomes.
struct After<'a> {
    id: &'a str,
    position: i64,
    seen_ms: i64,
    handed_in_ms: Option<i64>,
    receipt: Receipt,
}

/// `(?, ?), (?, ?)`: `rows` rows of `columns` values, for SQLite. Not numbered: a numbered value has a name, and its
/// driver looks for each name from the first one.
fn values(rows: usize, columns: usize) -> String {
    let row = format!("({})", vec!["?"; columns].join(", "));
    vec![row.as_str(); rows].join(", ")
}

/// Pieces of `n` rows whose sizes are powers of two, of [`ROWS`] at most.
fn pieces(n: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let left = n - start;
        let size = if left == 0 { return None } else { ROWS.min(1 << left.ilog2()) };
        start += size;
        Some(start - size..start)
    })
}

/// Saves in rounds in which each sheet comes once: the second save of a sheet follows what the first one wrote.
fn rounds(works: &[Work]) -> Vec<Vec<(usize, &Save)>> {
    let mut rounds: Vec<Vec<(usize, &Save)>> = Vec::new();
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for (i, work) in works.iter().enumerate() {
        if let Work::Save(save, _) = work {
            let turn = seen.entry(&save.attempt_id).and_modify(|n| *n += 1).or_insert(0);
            if rounds.len() <= *turn {
                rounds.push(Vec::new());
            }
            rounds[*turn].push((i, save));
        }
    }
    rounds
}

/// Everything that a round has to write.
#[derive(Default)]
struct Ink<'a> {
    rows: Vec<Row<'a>>,
    sheets: Vec<After<'a>>,
}

/// Turns a plan into rows, moves the sheet's standing, and says what is answered once all is written.
fn ink<'a>(out: &mut Ink<'a>, save: &'a Save, plan: Plan<'a>, fact: &Fact, standing: &mut Standing) -> Saved {
    let mut receipt = standing.receipt.unwrap_or_else(|| receipts::genesis(&save.attempt_id));
    for (step, verdict) in &plan.fresh {
        standing.position += 1;
        let (position, stream, seq) = (standing.position, i64::from(save.stream), i64::from(step.seq));
        let link = Link {
            position,
            stream,
            seq,
            client_ms: step.client_ms,
            server_ms: save.now_ms,
            verdict: verdict.name(),
            act: step.text(),
            actor: &save.actor,
        };
        receipt = receipts::link(&receipt, &link);
        out.rows.push(Row {
            save,
            exam_id: fact.exam_id.clone(),
            seq,
            position,
            client_ms: step.client_ms,
            verdict: *verdict,
            kind: step.act().name(),
            question: step.act().question().map(QuestionId::as_str),
            act: step.text(),
            receipt,
        });
        if let (Act::Lock { question }, Verdict::Counted, Some(locked)) = (step.act(), verdict, &mut standing.locked) {
            locked.push(question.as_str().to_owned());
        }
    }
    if !plan.fresh.is_empty() {
        let handed_in_ms = plan.handed_in.then_some(save.now_ms);
        standing.receipt = Some(receipt);
        standing.last_seq = plan.acknowledged;
        standing.handed_in_ms = standing.handed_in_ms.or(handed_in_ms);
        let position = standing.position;
        out.sheets.push(After { id: &save.attempt_id, position, seen_ms: save.now_ms, handed_in_ms, receipt });
    }
    Saved {
        acknowledged: plan.acknowledged,
        verdicts: plan.verdicts,
        revealed: plan.revealed,
        times: fact.times(standing),
        streams: standing.streams,
        receipt: standing.receipt.map(|r| (standing.position, r)),
    }
}

/// Does this save need to know what was validated before?
fn asks_for_locks(save: &Save) -> bool {
    has_progressive(&save.section)
        && save.steps.iter().any(|s| matches!(s.act(), Act::Answer { .. } | Act::Lock { .. }))
}

/// Where a sheet is known to be: its place in the journal and its pages, or nowhere.
fn as_known(known: &HashMap<&str, Known>, save: &Save) -> (i64, i64) {
    let standing = known.get(save.attempt_id.as_str()).and_then(|k| k.standing_of(save.stream));
    standing.map_or((-1, -1), |s| (s.position, s.streams))
}

/// All works in one transaction, with what became of each, in order. The error is the transaction's: nothing was
/// written.
pub(super) async fn write(store: &Store, memory: &Memory, works: &[Work]) -> Result<Vec<Outcome>, SaveError> {
    /// The whole batch on one driver's transaction.
    macro_rules! run {
        ($driver:ident, $tx:expr) => {{
            let mut tx = $tx;
            let mut outcomes: Vec<Option<Outcome>> = Vec::with_capacity(works.len());
            let mut cleaned = false;
            for work in works {
                outcomes.push(match work {
                    Work::Save(..) => None,
                    Work::Page(page, _) => Some(open_page!(tx, page).map_or(Outcome::NoSheet, Outcome::Page)),
                    Work::Start(id, now_ms, _) => {
                        let sql = "update attempt set started_ms = coalesce(started_ms, $2) where id = $1 returning started_ms";
                        let began: Option<i64> =
                            sqlx::query_scalar(sql).bind(id).bind(now_ms).fetch_optional(&mut *tx).await?;
                        Some(began.map_or(Outcome::NoSheet, Outcome::Number))
                    }
                    Work::Enter(entering, _) => {
                        sqlx::query(
                            "insert into attempt (id, exam_id, site_id, room, person_id, section_id, seed) \
                             select $1, exam_id, site_id, room, person_id, $4, $5 from candidate where exam_id = $2 and person_id = $3 \
                             on conflict (exam_id, person_id, section_id) do nothing",
                        )
                        .bind(&entering.fresh_id)
                        .bind(&entering.exam_id)
                        .bind(&entering.person_id)
                        .bind(&entering.section_id)
                        .bind(entering.seed)
                        .execute(&mut *tx)
                        .await?;
                        let id: Option<String> = sqlx::query_scalar(
                            "select id from attempt where exam_id = $1 and person_id = $2 and section_id = $3",
                        )
                        .bind(&entering.exam_id)
                        .bind(&entering.person_id)
                        .bind(&entering.section_id)
                        .fetch_optional(&mut *tx)
                        .await?;
                        Some(id.map_or(Outcome::NoSheet, Outcome::Sheet))
                    }
                    Work::SignIn(token_hash, session, now_ms, _) => {
                        if !cleaned {
                            cleaned = true;
                            sqlx::query("delete from login_session where expires_ms < $1").bind(now_ms).execute(&mut *tx).await?;
                        }
                        sqlx::query("insert into login_session (token_hash, person_id, csrf, created_ms, expires_ms) values ($1, $2, $3, $4, $5)")
                            .bind(token_hash)
                            .bind(&session.person_id)
                            .bind(&session.csrf)
                            .bind(now_ms)
                            .bind(session.expires_ms)
                            .execute(&mut *tx)
                            .await?;
                        Some(Outcome::SignedIn)
                    }
                });
            }
            let rounds = rounds(works);
            let first = rounds.first().into_iter().flatten();
            let mut known = memory.recall(first.map(|(_, save)| save.attempt_id.as_str()));
            let mut marks: HashMap<Arc<str>, Mark> = HashMap::new();
            for exam in known.values().map(|k| k.fact.exam_id.clone()).collect::<BTreeSet<_>>() {
                let mark: Option<(i64, String)> =
                    sqlx::query_as("select live, state from exam where id = $1").bind(&*exam).fetch_optional(&mut *tx).await?;
                if let Some((live, state)) = mark {
                    marks.insert(exam, Mark::of(live, &state));
                }
            }
            known.retain(|_, k| marks.get(&k.fact.exam_id).is_some_and(|m| m.live == k.live));
            for round in rounds {
                let unknown: Vec<&Save> =
                    round.iter().map(|(_, save)| *save).filter(|s| !known.contains_key(s.attempt_id.as_str())).collect();
                for whole in read_whole!($driver; tx, unknown) {
                    let Some(save) = unknown.iter().find(|s| s.attempt_id == whole.attempt.id) else { continue };
                    let fact = Arc::new(Fact::of(&whole.attempt, save.section.duration_minutes));
                    marks.insert(fact.exam_id.clone(), Mark::of(whole.live, &whole.attempt.exam_state));
                    known.insert(&save.attempt_id, Known { live: whole.live, fact, standing: None });
                }
                for moved in read_moved!($driver; tx, round, known) {
                    let Some((_, save)) = usize::try_from(moved.place).ok().and_then(|i| round.get(i)) else { continue };
                    if let Some(known) = known.get_mut(save.attempt_id.as_str()) {
                        known.standing = Some(moved.standing(save.stream));
                    }
                }
                read_locks!($driver; tx, round, known);
                let mut ready = Ink::default();
                for (index, save) in &round {
                    let there = known
                        .get_mut(save.attempt_id.as_str())
                        .and_then(|k| Some((k.fact.clone(), k.standing.as_mut().filter(|s| s.stream == save.stream)?)));
                    let saved = match there {
                        None => Err(SaveError::UnknownAttempt),
                        Some((_, standing)) if save.stream == 0 || i64::from(save.stream) > standing.streams => {
                            Err(SaveError::UnknownStream)
                        }
                        Some((fact, standing)) => {
                            let on_disk = read_known!(tx, save, standing, fact);
                            let superseded = read_superseded!(tx, save, standing, fact);
                            let sheet = Sheet {
                                times: fact.times(standing),
                                grace_ms: fact.grace_ms,
                                marked: marks.get(&fact.exam_id).is_some_and(|m| m.marked),
                                last_seq: standing.last_seq,
                                locked: standing.locked.as_deref().unwrap_or_default(),
                            };
                            match plan(save, &sheet, &on_disk, &superseded) {
                                Err(refusal) => Err(refusal),
                                Ok(plan) if plan.fresh.is_empty() && !save.steps.is_empty() => {
                                    let receipt = read_receipt!(tx, save, fact);
                                    Ok(Saved { receipt, ..ink(&mut ready, save, plan, &fact, standing) })
                                }
                                Ok(plan) => Ok(ink(&mut ready, save, plan, &fact, standing)),
                            }
                        }
                    };
                    outcomes[*index] = Some(Outcome::Saved(Box::new(saved)));
                }
                write_rows!($driver; tx, ready.rows);
                write_sheets!($driver; tx, ready.sheets);
            }
            tx.commit().await?;
            memory.keep(known);
            Ok(outcomes.into_iter().map(|o| o.unwrap_or(Outcome::NoSheet)).collect())
        }};
    }
    /// Sheets of which nothing is known, with their saves.
    macro_rules! read_whole {
        (sqlite; $tx:ident, $unknown:ident) => {{
            let mut rows: Vec<Whole> = Vec::with_capacity($unknown.len());
            for piece in pieces($unknown.len()) {
                let sql = format!("with asked (id) as (values {}) {ASKED_ATTEMPTS}", values(piece.len(), 1));
                let mut query = sqlx::query_as(sqlx::AssertSqlSafe(sql));
                for save in &$unknown[piece] {
                    query = query.bind(&save.attempt_id);
                }
                rows.extend(query.fetch_all(&mut *$tx).await?);
            }
            rows
        }};
        (postgres; $tx:ident, $unknown:ident) => {{
            let ids: Vec<&str> = $unknown.iter().map(|s| s.attempt_id.as_str()).collect();
            let rows: Vec<Whole> = if ids.is_empty() {
                Vec::new()
            } else {
                sqlx::query_as(THESE_ATTEMPTS).bind(ids).fetch_all(&mut *$tx).await?
            };
            rows
        }};
    }
    /// The sheets of a round that are not where they are known to be.
    macro_rules! read_moved {
        (sqlite; $tx:ident, $round:ident, $known:ident) => {{
            let mut moved: Vec<Moved> = Vec::new();
            for piece in pieces($round.len()) {
                // In the order of the text: it would otherwise go through every sheet.
                let sql = format!(
                    "with v (id, stream, place, position, streams) as (values {}) {MOVED} from v cross join attempt a where a.id = v.id {SINCE}",
                    values(piece.len(), 5)
                );
                let mut query = sqlx::query_as::<_, Moved>(sqlx::AssertSqlSafe(sql));
                for place in piece {
                    let save = $round[place].1;
                    let (position, streams) = as_known(&$known, save);
                    query = query
                        .bind(&save.attempt_id)
                        .bind(i64::from(save.stream))
                        .bind(place as i64)
                        .bind(position)
                        .bind(streams);
                }
                moved.extend(query.fetch_all(&mut *$tx).await?);
            }
            moved
        }};
        (postgres; $tx:ident, $round:ident, $known:ident) => {{
            let sql = format!(
                "{MOVED} from unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[]) \
                 v (id, stream, place, position, streams) join attempt a on a.id = v.id where true {SINCE}"
            );
            let (positions, streams): (Vec<i64>, Vec<i64>) =
                $round.iter().map(|(_, save)| as_known(&$known, save)).unzip();
            let moved: Vec<Moved> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
                .bind($round.iter().map(|(_, save)| save.attempt_id.as_str()).collect::<Vec<_>>())
                .bind($round.iter().map(|(_, save)| i64::from(save.stream)).collect::<Vec<_>>())
                .bind((0..$round.len() as i64).collect::<Vec<_>>())
                .bind(positions)
                .bind(streams)
                .fetch_all(&mut *$tx)
                .await?;
            moved
        }};
    }
    /// Validated questions of the sheets that need them and of which they are not known.
    macro_rules! read_locks {
        ($driver:ident; $tx:ident, $round:ident, $known:ident) => {{
            let mut asking: Vec<(Arc<str>, &str)> = Vec::new();
            for (_, save) in $round.iter().filter(|(_, save)| asks_for_locks(save)) {
                let Some(known) = $known.get_mut(save.attempt_id.as_str()) else { continue };
                if let Some(standing) = known.standing.as_mut().filter(|s| s.locked.is_none()) {
                    standing.locked = Some(Vec::new());
                    asking.push((known.fact.exam_id.clone(), &save.attempt_id));
                }
            }
            let found: Vec<(String, String)> = read_locks!(@$driver; $tx, asking);
            for (sheet, question) in found {
                let standing = $known.get_mut(sheet.as_str()).and_then(|k| k.standing.as_mut());
                if let Some(locked) = standing.and_then(|s| s.locked.as_mut()) {
                    locked.push(question);
                }
            }
        }};
        (@sqlite; $tx:ident, $asking:ident) => {{
            let mut rows: Vec<(String, String)> = Vec::new();
            for piece in pieces($asking.len()) {
                let sql = format!(
                    "with v (exam_id, id) as (values {}) {LOCKS} from v cross join step s {LOCKS_WHERE}",
                    values(piece.len(), 2)
                );
                let mut query = sqlx::query_as(sqlx::AssertSqlSafe(sql));
                for (exam, id) in &$asking[piece] {
                    query = query.bind(&**exam).bind(*id);
                }
                rows.extend(query.fetch_all(&mut *$tx).await?);
            }
            rows
        }};
        (@postgres; $tx:ident, $asking:ident) => {{
            let sql = format!("{LOCKS} from unnest($1::text[], $2::text[]) v (exam_id, id) join step s on true {LOCKS_WHERE}");
            let (exams, ids): (Vec<&str>, Vec<&str>) = $asking.iter().map(|(exam, id)| (&**exam, *id)).unzip();
            let rows: Vec<(String, String)> = if ids.is_empty() {
                Vec::new()
            } else {
                sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(exams).bind(ids).fetch_all(&mut *$tx).await?
            };
            rows
        }};
    }
    /// Steps of this save that are on disk already.
    macro_rules! read_known {
        ($tx:ident, $save:ident, $standing:ident, $fact:ident) => {{
            let first = $save.steps.first().map_or(i64::MAX, |s| i64::from(s.seq));
            let mut known: Vec<(i64, String, String)> = Vec::new();
            if first <= i64::from($standing.last_seq) {
                known = sqlx::query_as(
                    "select seq, verdict, kind from step where exam_id = $1 and attempt_id = $2 and stream = $3 and seq >= $4",
                )
                .bind(&*$fact.exam_id)
                .bind(&$save.attempt_id)
                .bind(i64::from($save.stream))
                .bind(first)
                .fetch_all(&mut *$tx)
                .await?;
            }
            known
        }};
    }
    /// Receipt of the last step of a save that is on disk already.
    macro_rules! read_receipt {
        ($tx:ident, $save:ident, $fact:ident) => {{
            let row: Option<(i64, Option<Vec<u8>>)> = sqlx::query_as(
                "select position, receipt from step where exam_id = $1 and attempt_id = $2 and stream = $3 and seq = $4",
            )
            .bind(&*$fact.exam_id)
            .bind(&$save.attempt_id)
            .bind(i64::from($save.stream))
            .bind($save.steps.last().map_or(0, |s| i64::from(s.seq)))
            .fetch_optional(&mut *$tx)
            .await?;
            row.and_then(|(position, receipt)| Some((position, receipt?.try_into().ok()?)))
        }};
    }
    /// Questions that a page opened since has answered: what it said is newer.
    macro_rules! read_superseded {
        ($tx:ident, $save:ident, $standing:ident, $fact:ident) => {{
            let mut superseded: Vec<String> = Vec::new();
            if i64::from($save.stream) < $standing.streams {
                superseded = sqlx::query_scalar(
                    "select distinct question_id from step where exam_id = $1 and attempt_id = $2 and stream > $3 \
                     and kind = 'answer' and verdict = 'counted'",
                )
                .bind(&*$fact.exam_id)
                .bind(&$save.attempt_id)
                .bind(i64::from($save.stream))
                .fetch_all(&mut *$tx)
                .await?;
            }
            superseded
        }};
    }
    macro_rules! write_rows {
        (sqlite; $tx:ident, $rows:expr) => {{
            let rows = $rows;
            for piece in pieces(rows.len()) {
                let sql = format!("{STEPS} values {}", values(piece.len(), 13));
                let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
                for row in &rows[piece] {
                    query = query
                        .bind(&*row.exam_id)
                        .bind(&row.save.attempt_id)
                        .bind(i64::from(row.save.stream))
                        .bind(row.seq)
                        .bind(row.position)
                        .bind(row.client_ms)
                        .bind(row.save.now_ms)
                        .bind(row.verdict.name())
                        .bind(row.kind)
                        .bind(row.question)
                        .bind(row.act)
                        .bind(&row.save.actor)
                        .bind(&row.receipt[..]);
                }
                query.execute(&mut *$tx).await?;
            }
        }};
        (postgres; $tx:ident, $rows:expr) => {{
            let rows = $rows;
            /// One column of the rows.
            macro_rules! column {
                ($row:ident => $value:expr) => {
                    rows.iter().map(|$row| $value).collect::<Vec<_>>()
                };
            }
            if !rows.is_empty() {
                let sql = format!(
                    "{STEPS} select * from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], \
                     $7::bigint[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::bytea[])"
                );
                sqlx::query(sqlx::AssertSqlSafe(sql))
                    .bind(column!(r => &*r.exam_id))
                    .bind(column!(r => r.save.attempt_id.as_str()))
                    .bind(column!(r => i64::from(r.save.stream)))
                    .bind(column!(r => r.seq))
                    .bind(column!(r => r.position))
                    .bind(column!(r => r.client_ms))
                    .bind(column!(r => r.save.now_ms))
                    .bind(column!(r => r.verdict.name()))
                    .bind(column!(r => r.kind))
                    .bind(column!(r => r.question))
                    .bind(column!(r => r.act))
                    .bind(column!(r => r.save.actor.as_str()))
                    .bind(column!(r => &r.receipt[..]))
                    .execute(&mut *$tx)
                    .await?;
            }
        }};
    }
    macro_rules! write_sheets {
        (sqlite; $tx:ident, $sheets:expr) => {{
            let sheets = $sheets;
            for piece in pieces(sheets.len()) {
                let sql = format!(
                    "with v (id, position, seen_ms, handed_in_ms, receipt) as (values {}) {SHEETS} from v where attempt.id = v.id",
                    values(piece.len(), 5)
                );
                let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
                for sheet in &sheets[piece] {
                    query = query
                        .bind(sheet.id)
                        .bind(sheet.position)
                        .bind(sheet.seen_ms)
                        .bind(sheet.handed_in_ms)
                        .bind(&sheet.receipt[..]);
                }
                query.execute(&mut *$tx).await?;
            }
        }};
        (postgres; $tx:ident, $sheets:expr) => {{
            let sheets = $sheets;
            if !sheets.is_empty() {
                let sql = format!(
                    "{SHEETS} from unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bytea[]) \
                     v (id, position, seen_ms, handed_in_ms, receipt) where attempt.id = v.id"
                );
                sqlx::query(sqlx::AssertSqlSafe(sql))
                    .bind(sheets.iter().map(|s| s.id).collect::<Vec<_>>())
                    .bind(sheets.iter().map(|s| s.position).collect::<Vec<_>>())
                    .bind(sheets.iter().map(|s| s.seen_ms).collect::<Vec<_>>())
                    .bind(sheets.iter().map(|s| s.handed_in_ms).collect::<Vec<_>>())
                    .bind(sheets.iter().map(|s| &s.receipt[..]).collect::<Vec<_>>())
                    .execute(&mut *$tx)
                    .await?;
            }
        }};
    }
    match &store.db {
        Db::Sqlite { write, .. } => run!(sqlite, write.begin_with("begin immediate").await?),
        Db::Postgres(pool) => {
            let mut tx = pool.begin().await?;
            // The sheets are taken first and read after: what a grant of time changed while these waited for it
            // is seen, its site's clock included.
            let ids: Vec<&str> = works.iter().map(Work::sheet).filter(|id| !id.is_empty()).collect();
            sqlx::query("select id from attempt where id = any($1) order by id for update")
                .bind(ids)
                .execute(&mut *tx)
                .await?;
            run!(postgres, tx)
        }
    }
}

/// Where a sheet and one of its streams stand, for `v (id, stream, place, position, streams)`.
const MOVED: &str = "select v.place, a.last_position, a.receipt, a.streams, a.started_ms, a.handed_in_ms, \
    coalesce((select max(s.seq) from step s where s.exam_id = a.exam_id and s.attempt_id = a.id and s.stream = v.stream), 0) as last_seq";
/// Only those that are not where they were known to be.
const SINCE: &str = "and (a.last_position <> v.position or a.streams <> v.streams)";
/// Validated questions, for `v (exam_id, id)`.
const LOCKS: &str = "select s.attempt_id, s.question_id";
const LOCKS_WHERE: &str =
    "where s.exam_id = v.exam_id and s.attempt_id = v.id and s.kind = 'lock' and s.verdict = 'counted'";
const STEPS: &str = "insert into step (exam_id, attempt_id, stream, seq, position, client_ms, server_ms, verdict, kind, \
    question_id, act, actor, receipt)";
/// What sheets become, for `v (id, position, seen_ms, handed_in_ms, receipt)`.
const SHEETS: &str = "update attempt set last_position = v.position, last_seen_ms = v.seen_ms, \
    handed_in_ms = coalesce(attempt.handed_in_ms, v.handed_in_ms), receipt = v.receipt";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_everything_once_in_few_sizes() {
        for n in [0, 1, 2, 3, 127, 128, 129, 300, 511] {
            let found: Vec<_> = pieces(n).collect();
            assert_eq!(found.iter().map(ExactSizeIterator::len).sum::<usize>(), n);
            assert!(found.iter().all(|p| p.len().is_power_of_two() && p.len() <= ROWS));
            assert!(found.windows(2).all(|w| w[0].end == w[1].start));
        }
        assert_eq!(values(2, 3), "(?, ?, ?), (?, ?, ?)");
    }
}
