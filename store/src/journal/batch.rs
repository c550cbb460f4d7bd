//! Many writes in one transaction, in few statements.
//!
//! A batch reads what it needs of all its sheets at once and writes all its steps at once: the cost of a statement is
//! shared. Rows are asked for and written in lists whose sizes are powers of two, so that few texts are prepared.

use super::plan::{Plan, has_progressive, plan};
use super::{Outcome, Save, SaveError, Saved, Work};
use crate::Store;
use crate::db::Db;
use crate::delivery::{ASKED_ATTEMPTS, Attempt};
use crate::error::{StoreError, to_json};
use crate::receipts::{self, Link, Receipt};
use crate::supervision::open_page;
use docimo_engine::QuestionId;
use docimo_engine::attempt::{Act, Verdict};
use std::collections::HashMap;
use std::fmt::Write as _;

/// Rows in one statement: SQLite holds 32,766 values in one, PostgreSQL 65,535.
const ROWS: usize = 128;

/// A sheet as the batch finds it.
#[derive(sqlx::FromRow)]
struct Found {
    place: i64,
    last_position: i64,
    receipt: Option<Vec<u8>>,
    last_seq: i64,
    #[sqlx(flatten)]
    attempt: Attempt,
}

/// A row of the journal to write.
struct Row<'a> {
    save: &'a Save,
    exam_id: String,
    seq: i64,
    position: i64,
    client_ms: i64,
    verdict: Verdict,
    kind: &'static str,
    question: Option<&'a str>,
    act: String,
    receipt: Receipt,
}

/// What a sheet becomes.
struct Sheet {
    id: String,
    position: i64,
    seen_ms: i64,
    handed_in_ms: Option<i64>,
    receipt: Receipt,
}

/// `(($1, $2), ($3, $4))`: `rows` rows of `columns` values.
fn values(rows: usize, columns: usize) -> String {
    let mut text = String::with_capacity(rows * columns * 6);
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ", (" });
        for column in 1..=columns {
            let comma = if column == 1 { "" } else { ", " };
            let _ = write!(text, "{comma}${}", row * columns + column);
        }
        text.push(')');
    }
    text
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
    sheets: Vec<Sheet>,
}

/// Turns a plan into rows, and says what is answered once they are written.
fn ink<'a>(out: &mut Ink<'a>, save: &'a Save, plan: Plan<'a>, found: Found) -> Result<Saved, StoreError> {
    let Found { last_position: mut position, receipt: kept, mut attempt, .. } = found;
    let mut receipt = receipts::head(&attempt.id, kept.as_deref());
    for (step, verdict) in &plan.fresh {
        position += 1;
        let act = to_json("step", &step.act)?;
        let (stream, seq, verdict) = (i64::from(save.stream), i64::from(step.seq), *verdict);
        let link = Link {
            position,
            stream,
            seq,
            client_ms: step.client_ms,
            server_ms: save.now_ms,
            verdict: verdict.name(),
            act: &act,
            actor: &save.actor,
        };
        receipt = receipts::link(&receipt, &link);
        out.rows.push(Row {
            save,
            exam_id: attempt.exam_id.clone(),
            seq,
            position,
            client_ms: step.client_ms,
            verdict,
            kind: step.act.name(),
            question: step.act.question().map(QuestionId::as_str),
            act,
            receipt,
        });
    }
    let told = if plan.fresh.is_empty() { kept.and_then(|r| r.try_into().ok()) } else { Some(receipt) };
    if !plan.fresh.is_empty() {
        let handed_in_ms = plan.handed_in.then_some(save.now_ms);
        out.sheets.push(Sheet { id: attempt.id.clone(), position, seen_ms: save.now_ms, handed_in_ms, receipt });
        attempt.handed_in_ms = attempt.handed_in_ms.or(handed_in_ms);
        attempt.last_seen_ms = Some(save.now_ms);
    }
    Ok(Saved {
        acknowledged: plan.acknowledged,
        verdicts: plan.verdicts,
        revealed: plan.revealed,
        attempt,
        receipt: told.map(|r| (position, r)),
    })
}

/// Does this save need to know what was validated before?
fn asks_for_locks(save: &Save) -> bool {
    has_progressive(&save.section) && save.steps.iter().any(|s| matches!(s.act, Act::Answer { .. } | Act::Lock { .. }))
}

/// All works in one transaction, with what became of each, in order. The error is the transaction's: nothing was
/// written.
pub(super) async fn write(store: &Store, works: &[Work]) -> Result<Vec<Outcome>, SaveError> {
    /// The whole batch on one driver's transaction.
    macro_rules! run {
        ($tx:expr) => {{
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
            for round in rounds(works) {
                let mut found = read_sheets!(tx, round);
                let mut locks = read_locks!(tx, round, found);
                let mut ready = Ink::default();
                for (i, (index, save)) in round.iter().enumerate() {
                    let saved = match found.remove(&(i as i64)) {
                        None => Err(SaveError::UnknownAttempt),
                        Some(found) if save.stream == 0 || i64::from(save.stream) > found.attempt.streams => {
                            Err(SaveError::UnknownStream)
                        }
                        Some(found) => {
                            let known = read_known!(tx, save, found);
                            let superseded = read_superseded!(tx, save, found);
                            let locked = locks.remove(&found.attempt.id).unwrap_or_default();
                            match plan(save, &found.attempt, found.last_seq as u32, &known, locked, &superseded) {
                                Err(refusal) => Err(refusal),
                                Ok(plan) if plan.fresh.is_empty() && !save.steps.is_empty() => {
                                    let receipt = read_receipt!(tx, save, found);
                                    let mut saved = ink(&mut ready, save, plan, found)?;
                                    saved.receipt = receipt;
                                    Ok(saved)
                                }
                                Ok(plan) => Ok(ink(&mut ready, save, plan, found)?),
                            }
                        }
                    };
                    outcomes[*index] = Some(Outcome::Saved(Box::new(saved)));
                }
                write_rows!(tx, ready.rows);
                write_sheets!(tx, ready.sheets);
            }
            tx.commit().await?;
            Ok(outcomes.into_iter().map(|o| o.unwrap_or(Outcome::NoSheet)).collect())
        }};
    }
    /// The sheets of a round, by place in it.
    macro_rules! read_sheets {
        ($tx:ident, $round:ident) => {{
            let mut found: HashMap<i64, Found> = HashMap::with_capacity($round.len());
            for piece in pieces($round.len()) {
                let sql =
                    format!("with asked (id, stream, place) as (values {}) {ASKED_ATTEMPTS}", values(piece.len(), 3));
                let mut query = sqlx::query_as::<_, Found>(sqlx::AssertSqlSafe(sql));
                for i in piece {
                    let save = $round[i].1;
                    query = query.bind(&save.attempt_id).bind(i64::from(save.stream)).bind(i as i64);
                }
                found.extend(query.fetch_all(&mut *$tx).await?.into_iter().map(|f| (f.place, f)));
            }
            found
        }};
    }
    /// Validated questions of the sheets that need them.
    macro_rules! read_locks {
        ($tx:ident, $round:ident, $found:ident) => {{
            let mut locks: HashMap<String, Vec<String>> = HashMap::new();
            let asking: Vec<(&str, &str)> = $round
                .iter()
                .enumerate()
                .filter(|(_, (_, save))| asks_for_locks(save))
                .filter_map(|(i, _)| $found.get(&(i as i64)))
                .map(|f| (f.attempt.exam_id.as_str(), f.attempt.id.as_str()))
                .collect();
            for piece in pieces(asking.len()) {
                let sql = format!(
                    "with asked (exam_id, id) as (values {}) select s.attempt_id, s.question_id from asked v cross join step s \
                     where s.exam_id = v.exam_id and s.attempt_id = v.id and s.kind = 'lock' and s.verdict = 'counted'",
                    values(piece.len(), 2)
                );
                let mut query = sqlx::query_as::<_, (String, String)>(sqlx::AssertSqlSafe(sql));
                for (exam, id) in &asking[piece] {
                    query = query.bind(*exam).bind(*id);
                }
                for (sheet, question) in query.fetch_all(&mut *$tx).await? {
                    locks.entry(sheet).or_default().push(question);
                }
            }
            locks
        }};
    }
    /// Steps of this save that are on disk already.
    macro_rules! read_known {
        ($tx:ident, $save:ident, $found:ident) => {{
            let first = $save.steps.first().map_or(i64::MAX, |s| i64::from(s.seq));
            let mut known: Vec<(i64, String, String)> = Vec::new();
            if first <= $found.last_seq {
                known = sqlx::query_as(
                    "select seq, verdict, kind from step where exam_id = $1 and attempt_id = $2 and stream = $3 and seq >= $4",
                )
                .bind(&$found.attempt.exam_id)
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
        ($tx:ident, $save:ident, $found:ident) => {{
            let row: Option<(i64, Option<Vec<u8>>)> = sqlx::query_as(
                "select position, receipt from step where exam_id = $1 and attempt_id = $2 and stream = $3 and seq = $4",
            )
            .bind(&$found.attempt.exam_id)
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
        ($tx:ident, $save:ident, $found:ident) => {{
            let mut superseded: Vec<String> = Vec::new();
            if i64::from($save.stream) < $found.attempt.streams {
                superseded = sqlx::query_scalar(
                    "select distinct question_id from step where exam_id = $1 and attempt_id = $2 and stream > $3 \
                     and kind = 'answer' and verdict = 'counted'",
                )
                .bind(&$found.attempt.exam_id)
                .bind(&$save.attempt_id)
                .bind(i64::from($save.stream))
                .fetch_all(&mut *$tx)
                .await?;
            }
            superseded
        }};
    }
    macro_rules! write_rows {
        ($tx:ident, $rows:expr) => {{
            let rows = $rows;
            for piece in pieces(rows.len()) {
                let sql = format!(
                    "insert into step (exam_id, attempt_id, stream, seq, position, client_ms, server_ms, verdict, kind, question_id, act, actor, receipt) values {}",
                    values(piece.len(), 13)
                );
                let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
                for row in &rows[piece] {
                    query = query
                        .bind(&row.exam_id)
                        .bind(&row.save.attempt_id)
                        .bind(i64::from(row.save.stream))
                        .bind(row.seq)
                        .bind(row.position)
                        .bind(row.client_ms)
                        .bind(row.save.now_ms)
                        .bind(row.verdict.name())
                        .bind(row.kind)
                        .bind(row.question)
                        .bind(&row.act)
                        .bind(&row.save.actor)
                        .bind(&row.receipt[..]);
                }
                query.execute(&mut *$tx).await?;
            }
        }};
    }
    macro_rules! write_sheets {
        ($tx:ident, $sheets:expr) => {{
            let sheets = $sheets;
            for piece in pieces(sheets.len()) {
                let sql = format!(
                    "with fresh (id, position, seen_ms, handed_in_ms, receipt) as (values {}) update attempt set \
                     last_position = v.position, last_seen_ms = v.seen_ms, handed_in_ms = coalesce(attempt.handed_in_ms, v.handed_in_ms), \
                     receipt = v.receipt from fresh v where attempt.id = v.id",
                    values(piece.len(), 5)
                );
                let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
                for sheet in &sheets[piece] {
                    query = query
                        .bind(&sheet.id)
                        .bind(sheet.position)
                        .bind(sheet.seen_ms)
                        .bind(sheet.handed_in_ms)
                        .bind(&sheet.receipt[..]);
                }
                query.execute(&mut *$tx).await?;
            }
        }};
    }
    match &store.db {
        Db::Sqlite { write, .. } => run!(write.begin_with("begin immediate").await?),
        Db::Postgres(pool) => {
            let mut tx = pool.begin().await?;
            // The sheets are taken first and read after: what a grant of time changed while these waited for it
            // is seen, its site's clock included.
            let ids: Vec<&str> = works.iter().map(Work::sheet).filter(|id| !id.is_empty()).collect();
            sqlx::query("select id from attempt where id = any($1) order by id for update")
                .bind(ids)
                .execute(&mut *tx)
                .await?;
            run!(tx)
        }
    }
}

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
        assert_eq!(values(2, 3), "($1, $2, $3), ($4, $5, $6)");
    }
}
