//! Where entries were used: frozen papers, how many saw them, how they did; and the locks that follow.

use super::next_change;
use crate::db::{read, write};
use crate::{Store, StoreResult};

/// Title of an exam whose paper, sealed or being sat, locks an entry.
pub(crate) const LOCK: &str = "select x.title from paper_use u join exam x on x.id = u.exam_id where u.entry_id = $1 \
                               and x.state in ('frozen', 'open') order by x.frozen_ms limit 1";

/// An element of a paper that is being frozen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrozenElement {
    /// Id of the question or case, which names its entry.
    pub external_id: String,
    /// Hash of its content on the paper.
    pub hash: String,
}

/// A paper that holds an entry.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct PaperUse {
    /// Entry.
    pub entry_id: String,
    /// Exam.
    pub exam_id: String,
    /// Its title.
    pub title: String,
    /// Its state.
    pub state: String,
    /// The revision on the paper; none where the committee adapted it.
    pub revision: Option<i64>,
    /// When the paper was frozen.
    pub frozen_ms: i64,
    /// Candidates who saw it; none until the exam is marked.
    pub seen: Option<i64>,
}

/// How much an entry was used.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct Usage {
    /// Entry.
    pub entry_id: String,
    /// Papers that held it.
    pub uses: i64,
    /// When the last of them was frozen.
    pub last_used_ms: i64,
    /// Candidates who saw it, in all.
    pub exposed: i64,
    /// Mean of its questions' mean marks over its uses.
    pub p: Option<f64>,
}

/// How a question did in an exam.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct UseStatistic {
    /// Exam.
    pub exam_id: String,
    /// Entry.
    pub entry_id: String,
    /// The question: the entry's own, or one of a case.
    pub question_id: String,
    /// Version of the register.
    pub version: i64,
    /// Candidates counted.
    pub candidates: i64,
    /// Mean mark, 0 to 1.
    pub p: Option<f64>,
    /// Corrected item-total correlation.
    pub r_rest: Option<f64>,
    /// Upper less lower 27 %.
    pub d27: Option<f64>,
    /// Codes of flags, spaces between.
    pub flags: String,
}

/// Inserts the uses of a paper inside the transaction that freezes it.
macro_rules! insert_uses {
    ($tx:expr, $exam_id:expr, $elements:expr, $at_ms:expr) => {{
        let change = $crate::bank::next_change!($tx);
        for element in $elements {
            let sql = "insert into paper_use (entry_id, exam_id, revision, frozen_ms, seen) \
                       select e.id, $1, (select max(v.number) from revision v where v.entry_id = e.id and v.hash = $3), $4, null \
                       from entry e where e.external_id = $2 on conflict (entry_id, exam_id) do nothing";
            sqlx::query(sql).bind($exam_id).bind(&element.external_id).bind(&element.hash).bind($at_ms)
                .execute(&mut *$tx).await?;
            sqlx::query("update entry set changed = $2 where external_id = $1").bind(&element.external_id).bind(change)
                .execute(&mut *$tx).await?;
        }
    }};
}
pub(crate) use insert_uses;

impl Store {
    /// Papers that hold an entry, the newest first.
    pub async fn uses_of(&self, entry_id: &str) -> StoreResult<Vec<PaperUse>> {
        let sql = "select u.entry_id, u.exam_id, x.title, x.state, u.revision, u.frozen_ms, u.seen from paper_use u \
                   join exam x on x.id = u.exam_id where u.entry_id = $1 order by u.frozen_ms desc, u.exam_id";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(entry_id).fetch_all(pool).await?))
    }

    /// How much each of these entries was used; those that never were are left out.
    pub async fn usage(&self, entry_ids: &[String]) -> StoreResult<Vec<Usage>> {
        macro_rules! run {
            ($db:ty, $pool:expr, $ids:expr) => {{
                let mut query = sqlx::QueryBuilder::<$db>::new(
                    "select u.entry_id, count(*) as uses, max(u.frozen_ms) as last_used_ms, \
                     coalesce(cast(sum(u.seen) as bigint), 0) as exposed, \
                     (select avg(s.p) from use_statistic s where s.entry_id = u.entry_id) as p \
                     from paper_use u where u.entry_id in (",
                );
                let mut listed = query.separated(", ");
                for id in $ids {
                    listed.push_bind(id.as_str());
                }
                query.push(") group by u.entry_id order by u.entry_id");
                query.build_query_as().fetch_all($pool).await?
            }};
        }
        let mut all: Vec<Usage> = Vec::new();
        for ids in entry_ids.chunks(500) {
            let found: Vec<Usage> = match &self.db {
                crate::db::Db::Sqlite { read, .. } => run!(sqlx::Sqlite, read, ids),
                crate::db::Db::Postgres(pool) => run!(sqlx::Postgres, pool, ids),
            };
            all.extend(found);
        }
        Ok(all)
    }

    /// Every use of every entry, by entry.
    pub async fn all_uses(&self) -> StoreResult<Vec<PaperUse>> {
        let sql = "select u.entry_id, u.exam_id, x.title, x.state, u.revision, u.frozen_ms, u.seen from paper_use u \
                   join exam x on x.id = u.exam_id order by u.entry_id, u.frozen_ms desc";
        Ok(read!(self, pool => sqlx::query_as(sql).fetch_all(pool).await?))
    }

    /// Entries that an exam's paper holds.
    pub async fn uses_in(&self, exam_id: &str) -> StoreResult<Vec<PaperUse>> {
        let sql = "select u.entry_id, u.exam_id, x.title, x.state, u.revision, u.frozen_ms, u.seen from paper_use u \
                   join exam x on x.id = u.exam_id where u.exam_id = $1 order by u.entry_id";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(exam_id).fetch_all(pool).await?))
    }

    /// Title of the exam that locks an entry, if one does: its paper is sealed or being sat.
    pub async fn lock_of(&self, entry_id: &str) -> StoreResult<Option<String>> {
        Ok(read!(self, pool => sqlx::query_scalar(LOCK).bind(entry_id).fetch_optional(pool).await?))
    }

    /// Frozen exams whose paper was frozen before uses were recorded: id, paper.
    pub async fn papers_without_uses(&self) -> StoreResult<Vec<(String, String, i64)>> {
        let sql = "select id, paper, frozen_ms from exam where frozen_ms is not null \
                   and not exists (select 1 from paper_use u where u.exam_id = exam.id) order by frozen_ms";
        Ok(read!(self, pool => sqlx::query_as(sql).fetch_all(pool).await?))
    }

    /// Records the uses of a paper frozen before uses were recorded.
    pub async fn record_uses(&self, exam_id: &str, elements: &[FrozenElement], frozen_ms: i64) -> StoreResult<()> {
        write!(self, tx => { insert_uses!(tx, exam_id, elements, frozen_ms); });
        Ok(())
    }

    /// Records how the entries of an exam did, over what was recorded of it, and how many saw each.
    pub async fn record_statistics(
        &self,
        exam_id: &str,
        rows: &[UseStatistic],
        seen: &[(String, i64)],
    ) -> StoreResult<()> {
        write!(self, tx => {
            let change = next_change!(tx);
            sqlx::query("delete from use_statistic where exam_id = $1").bind(exam_id).execute(&mut *tx).await?;
            for row in rows {
                sqlx::query("insert into use_statistic (exam_id, entry_id, question_id, version, candidates, p, r_rest, d27, flags) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
                    .bind(exam_id).bind(&row.entry_id).bind(&row.question_id).bind(row.version).bind(row.candidates)
                    .bind(row.p).bind(row.r_rest).bind(row.d27).bind(&row.flags).execute(&mut *tx).await?;
            }
            for (entry_id, count) in seen {
                sqlx::query("update paper_use set seen = $3 where entry_id = $1 and exam_id = $2")
                    .bind(entry_id).bind(exam_id).bind(count).execute(&mut *tx).await?;
                sqlx::query("update entry set changed = $2 where id = $1").bind(entry_id).bind(change)
                    .execute(&mut *tx).await?;
            }
        });
        Ok(())
    }

    /// How an entry did in each exam, the newest first.
    pub async fn statistics_of(&self, entry_id: &str) -> StoreResult<Vec<UseStatistic>> {
        let sql = "select s.exam_id, s.entry_id, s.question_id, s.version, s.candidates, s.p, s.r_rest, s.d27, s.flags \
                   from use_statistic s join exam x on x.id = s.exam_id where s.entry_id = $1 \
                   order by x.frozen_ms desc, s.exam_id, s.question_id";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(entry_id).fetch_all(pool).await?))
    }

    /// How each section of an exam was attended: section, candidates who opened it. Where time runs for all from the
    /// opening of a site nobody starts their own: a page that may answer (a stream), at a site that was opened, tells
    /// who was there. Pages open their stream in the waiting room.
    pub async fn attendance(&self, exam_id: &str) -> StoreResult<Vec<(String, i64)>> {
        let sql = "select a.section_id, count(*) from attempt a where a.exam_id = $1 and (a.started_ms is not null \
                   or (a.streams > 0 and exists (select 1 from sitting t join exam x on x.id = t.exam_id where x.start_mode = 'common' and t.exam_id = a.exam_id and t.site_id = a.site_id \
                   and t.section_id = a.section_id and t.opened_ms is not null))) group by a.section_id order by a.section_id";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(exam_id).fetch_all(pool).await?))
    }

    /// Which of these people were candidates of which exams: exam, how many of them sat it.
    pub async fn sat_by_cohort(&self, exam_id: &str) -> StoreResult<Vec<(String, i64)>> {
        let sql = "select a.exam_id, count(distinct a.person_id) from attempt a join candidate c on c.person_id = a.person_id \
                   where c.exam_id = $1 and a.exam_id <> $1 and (a.started_ms is not null \
                   or (a.streams > 0 and exists (select 1 from sitting t join exam x on x.id = t.exam_id where x.start_mode = 'common' and t.exam_id = a.exam_id and t.site_id = a.site_id \
                   and t.section_id = a.section_id and t.opened_ms is not null))) group by a.exam_id order by a.exam_id";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(exam_id).fetch_all(pool).await?))
    }
}
