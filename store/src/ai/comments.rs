//! Patterns of wrong answers, and the comments that students with each read.
//!
//! A comment born of a machine comes out of [`Store::keep_comment`] alone, which asks for a [`Reviewed`] value; the
//! database refuses any other (see the migration).

use super::NewDecision;
use crate::db::{read, write};
use crate::exams::{NewEvent, insert_event};
use crate::{Store, StoreError, StoreResult};
use docimo_proposal::Reviewed;

/// A pattern with how many students of an exam gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternCount {
    /// Which wrong answer.
    pub place: SlotPlace,
    /// Of an open answer: as most wrote it.
    pub shown: String,
    /// How many.
    pub students: i64,
}

/// Which wrong answer of which wording of which question.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct SlotPlace {
    /// Digest of the four others.
    pub slot: String,
    /// Entry.
    pub entry_id: String,
    /// Question.
    pub question_id: String,
    /// Digest of what is asked and of its key.
    pub wording: String,
    /// Key of the pattern.
    pub pattern: String,
}

/// A pattern over the last exams that held its question.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Slot {
    /// Digest.
    pub slot: String,
    /// Entry.
    pub entry_id: String,
    /// The author's own id of it.
    pub external_id: String,
    /// Folder of the entry.
    pub folder_id: String,
    /// Question.
    pub question_id: String,
    /// Digest of the wording.
    pub wording: String,
    /// Key of the pattern.
    pub pattern: String,
    /// Of an open answer: as most wrote it.
    pub shown: String,
    /// Students who gave it in those exams.
    pub students: i64,
    /// Exams in which it was given.
    pub exams: i64,
    /// One of them, the last where it can be.
    pub exam_id: String,
}

/// Which patterns are wanted.
#[derive(Clone, Debug, Default)]
pub struct WantedSlots<'a> {
    /// Of entries in these folders.
    pub folders: &'a [String],
    /// Given in this exam.
    pub exam: Option<&'a str>,
    /// Of the entry whose author calls it this.
    pub entry: Option<&'a str>,
    /// This one.
    pub slot: Option<&'a str>,
    /// Only those without a comment that is shown.
    pub unwritten: bool,
    /// Without another wish: of entries in the last exams, so many.
    pub last: i64,
    /// Exams counted for each wording, the last ones.
    pub recent: i64,
    /// Students that an open answer needs, so that what one person typed is nobody's reading.
    pub least_text: i64,
    /// At most.
    pub limit: i64,
}

/// An exam in which a pattern was given.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct SlotUse {
    /// Exam.
    pub exam_id: String,
    /// Its title.
    pub title: String,
    /// Students who gave it.
    pub students: i64,
    /// When its paper was frozen.
    pub frozen_ms: i64,
}

/// A version of a comment.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct CommentRow {
    /// Id.
    pub id: String,
    /// From 1.
    pub number: i64,
    /// Markdown.
    pub body: String,
    /// person, ai
    pub born: String,
    /// The proposal that it comes from.
    pub ai_proposal: Option<String>,
    /// Who wrote it, or let it be.
    pub author: String,
    /// When.
    pub at_ms: i64,
    /// No longer shown from then on.
    pub withdrawn_ms: Option<i64>,
    /// Who withdrew it.
    pub withdrawer: Option<String>,
}

/// A comment that is shown, for lists.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ShownComment {
    /// Digest of the place.
    pub slot: String,
    /// Entry.
    pub entry_id: String,
    /// The author's own id of it.
    pub external_id: String,
    /// Folder of the entry.
    pub folder_id: String,
    /// Question.
    pub question_id: String,
    /// Digest of the wording.
    pub wording: String,
    /// Key of the pattern.
    pub pattern: String,
    /// Markdown.
    pub body: String,
    /// Versions that a machine drafted, up to this one.
    pub drafted: i64,
    /// Who wrote this version, or let it be.
    pub author: String,
    /// When.
    pub at_ms: i64,
}

/// A comment to keep.
#[derive(Clone, Copy, Debug)]
pub struct NewComment<'a> {
    /// Id.
    pub id: &'a str,
    /// For which wrong answer.
    pub place: &'a SlotPlace,
    /// Markdown.
    pub body: &'a str,
}

macro_rules! insert_comment {
    ($tx:ident, $c:expr, $born:expr, $decision:expr, $proposal:expr, $function:expr, $author:expr, $at_ms:expr) => {{
        let place = $c.place;
        let last: i64 = sqlx::query_scalar("select coalesce(max(number), 0) from pattern_comment where slot = $1")
            .bind(&place.slot).fetch_one(&mut *$tx).await?;
        sqlx::query("insert into pattern_comment (id, slot, entry_id, question_id, wording, pattern, number, body, born, ai_decision, ai_proposal, ai_function, author_id, at_ms, ai_sealed) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $10)")
            .bind($c.id).bind(&place.slot).bind(&place.entry_id).bind(&place.question_id).bind(&place.wording)
            .bind(&place.pattern).bind(last + 1).bind($c.body).bind($born).bind($decision).bind($proposal)
            .bind($function).bind($author).bind($at_ms).execute(&mut *$tx).await?;
        last + 1
    }};
}

/// A comment that is shown: the last version, unless it was withdrawn.
macro_rules! shown {
    ($rest:literal) => {
        concat!(
            "select k.slot, k.entry_id, e.external_id, e.folder_id, k.question_id, k.wording, k.pattern, k.body, \
             (select count(*) from pattern_comment b where b.slot = k.slot and b.born = 'ai') as drafted, \
             p.name as author, k.at_ms from pattern_comment k join entry e on e.id = k.entry_id \
             join person p on p.id = k.author_id where k.withdrawn_ms is null \
             and k.number = (select max(m.number) from pattern_comment m where m.slot = k.slot)",
            $rest
        )
    };
}

impl Store {
    /// Marked exams whose patterns were not read at the last version of their register, the newest first.
    pub async fn patterns_unread(&self) -> StoreResult<Vec<String>> {
        let sql = "select x.id from exam x join ledger_entry l on l.exam_id = x.id \
                   left join pattern_read r on r.exam_id = x.id where x.state in ('marked', 'published') \
                   group by x.id, x.frozen_ms, r.version having r.version is null or r.version <> max(l.version) \
                   order by x.frozen_ms desc, x.id";
        Ok(read!(self, pool => sqlx::query_scalar(sql).fetch_all(pool).await?))
    }

    /// Keeps the patterns of an exam at a version of its register, in place of those of before.
    pub async fn set_patterns(
        &self,
        exam_id: &str,
        version: i64,
        rows: &[PatternCount],
        at_ms: i64,
    ) -> StoreResult<()> {
        write!(self, tx => {
            sqlx::query("delete from pattern_count where exam_id = $1").bind(exam_id).execute(&mut *tx).await?;
            for row in rows {
                let p = &row.place;
                sqlx::query("insert into pattern_count (exam_id, slot, entry_id, question_id, wording, pattern, shown, students) values ($1, $2, $3, $4, $5, $6, $7, $8)")
                    .bind(exam_id).bind(&p.slot).bind(&p.entry_id).bind(&p.question_id).bind(&p.wording).bind(&p.pattern)
                    .bind(&row.shown).bind(row.students).execute(&mut *tx).await?;
            }
            sqlx::query("insert into pattern_read (exam_id, version, at_ms) values ($1, $2, $3) on conflict (exam_id) do update set version = excluded.version, at_ms = excluded.at_ms")
                .bind(exam_id).bind(version).bind(at_ms).execute(&mut *tx).await?;
        });
        Ok(())
    }

    /// Patterns, those that most students gave first.
    pub async fn pattern_slots(&self, wanted: &WantedSlots<'_>) -> StoreResult<Vec<Slot>> {
        macro_rules! run {
            ($db:ty, $pool:expr) => {{
                let mut query = sqlx::QueryBuilder::<$db>::new(
                    "select c.slot, c.entry_id, e.external_id, e.folder_id, c.question_id, c.wording, c.pattern, \
                     max(c.shown) as shown, cast(sum(c.students) as bigint) as students, count(*) as exams, \
                     coalesce(max(case when c.age = 1 then c.exam_id end), max(c.exam_id)) as exam_id \
                     from (select n.*, x.frozen_ms, dense_rank() over (partition by n.entry_id, n.question_id, n.wording \
                     order by x.frozen_ms desc, x.id desc) as age from pattern_count n join exam x on x.id = n.exam_id \
                     where n.entry_id in (",
                );
                // Only entries that can be wanted are ranked: with years of exams all of them would take seconds.
                match (wanted.slot, wanted.entry, wanted.exam) {
                    (Some(slot), _, _) => {
                        query.push("select o.entry_id from pattern_count o where o.slot = ").push_bind(slot);
                    }
                    (_, Some(entry), _) => {
                        query.push("select o.id from entry o where o.external_id = ").push_bind(entry);
                    }
                    (_, _, Some(exam)) => {
                        query.push("select o.entry_id from pattern_count o where o.exam_id = ").push_bind(exam);
                    }
                    (None, None, None) => {
                        query.push("select o.entry_id from pattern_count o where o.exam_id in (select r.exam_id from pattern_read r \
                                    join exam y on y.id = r.exam_id order by y.frozen_ms desc, y.id desc limit ");
                        query.push_bind(wanted.last).push(")");
                    }
                }
                query.push(")) c join entry e on e.id = c.entry_id where c.age <= ");
                query.push_bind(wanted.recent);
                query.push(" and e.folder_id in (");
                let mut listed = query.separated(", ");
                for id in wanted.folders {
                    listed.push_bind(id.as_str());
                }
                query.push(")");
                if let Some(exam) = wanted.exam {
                    query.push(" and c.slot in (select o.slot from pattern_count o where o.exam_id = ");
                    query.push_bind(exam).push(")");
                }
                if let Some(slot) = wanted.slot {
                    query.push(" and c.slot = ").push_bind(slot);
                }
                if wanted.unwritten {
                    query.push(" and not exists (select 1 from pattern_comment k where k.slot = c.slot and k.withdrawn_ms is null)");
                }
                query.push(" group by c.slot, c.entry_id, e.external_id, e.folder_id, c.question_id, c.wording, c.pattern \
                            having sum(c.students) >= case when c.pattern like 'text:%' then ");
                query.push_bind(wanted.least_text);
                query.push(" else 1 end order by sum(c.students) desc, max(c.frozen_ms) desc, c.slot limit ");
                query.push_bind(wanted.limit);
                query.build_query_as().fetch_all($pool).await?
            }};
        }
        if wanted.folders.is_empty() {
            return Ok(Vec::new());
        }
        Ok(match &self.db {
            crate::db::Db::Sqlite { read, .. } => run!(sqlx::Sqlite, read),
            crate::db::Db::Postgres(pool) => run!(sqlx::Postgres, pool),
        })
    }

    /// Exams in which patterns of entries in these folders were given, the newest first: id, title.
    pub async fn pattern_exams(&self, folders: &[String]) -> StoreResult<Vec<(String, String)>> {
        macro_rules! run {
            ($db:ty, $pool:expr) => {{
                let mut query = sqlx::QueryBuilder::<$db>::new(
                    "select x.id, x.title from exam x where exists (select 1 from pattern_count n \
                     join entry e on e.id = n.entry_id where n.exam_id = x.id and e.folder_id in (",
                );
                let mut listed = query.separated(", ");
                for id in folders {
                    listed.push_bind(id.as_str());
                }
                query.push(")) order by x.frozen_ms desc, x.id");
                query.build_query_as().fetch_all($pool).await?
            }};
        }
        if folders.is_empty() {
            return Ok(Vec::new());
        }
        Ok(match &self.db {
            crate::db::Db::Sqlite { read, .. } => run!(sqlx::Sqlite, read),
            crate::db::Db::Postgres(pool) => run!(sqlx::Postgres, pool),
        })
    }

    /// Exams in which a pattern was given, the newest first.
    pub async fn slot_uses(&self, slot: &str) -> StoreResult<Vec<SlotUse>> {
        let sql = "select n.exam_id, x.title, n.students, coalesce(x.frozen_ms, 0) as frozen_ms from pattern_count n \
                   join exam x on x.id = n.exam_id where n.slot = $1 order by x.frozen_ms desc, x.id";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(slot).fetch_all(pool).await?))
    }

    /// Which wrong answer a digest stands for, by what was counted or written.
    pub async fn slot_place(&self, slot: &str) -> StoreResult<Option<SlotPlace>> {
        let sql = "select slot, entry_id, question_id, wording, pattern from pattern_count where slot = $1 \
                   union select slot, entry_id, question_id, wording, pattern from pattern_comment where slot = $1";
        let found: Vec<SlotPlace> = read!(self, pool => sqlx::query_as(sql).bind(slot).fetch_all(pool).await?);
        Ok(found.into_iter().next())
    }

    /// Requests of a function that have not ended.
    pub async fn ai_jobs_going(&self, function: &str) -> StoreResult<Vec<super::Job>> {
        let sql = "select id, function, person_id, folder_id, request, wanted, state, stage, tries, prompt_tokens, \
                   completion_tokens, created_ms, ended_ms from ai_job where function = $1 \
                   and state in ('waiting', 'running') order by created_ms, id";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(function).fetch_all(pool).await?))
    }

    /// Keeps what a named person took from a machine: the decision, and the comment that students read from then on.
    /// [`StoreError::Duplicate`] if the proposal was decided already.
    pub async fn keep_comment<T: Sync>(
        &self,
        reviewed: &Reviewed<T>,
        decision: &NewDecision<'_>,
        comment: &NewComment<'_>,
        event: &NewEvent,
    ) -> StoreResult<i64> {
        let (now_ms, reviewer) = (reviewed.at_ms(), reviewed.reviewer().as_str());
        let verdict = if reviewed.is_amended() { "amend" } else { "accept" };
        let number = write!(self, tx => {
            super::insert_decision!(tx, decision, verdict, reviewer, now_ms, Some(decision.id));
            super::review::seal!(tx, decision, reviewer);
            insert_event!(tx, event);
            insert_comment!(tx, comment, "ai", Some(decision.id), Some(decision.proposal_id), Some("comment-drafting"), reviewer, now_ms)
        });
        Ok(number)
    }

    /// Keeps what a person wrote. `over` is the version that they had under their eyes, 0 without one:
    /// [`StoreError::Conflict`] where someone wrote meanwhile.
    pub async fn write_comment(&self, comment: &NewComment<'_>, over: i64, event: &NewEvent) -> StoreResult<i64> {
        let author = event.author_id.as_deref().ok_or(StoreError::MissingReference)?;
        let number = write!(self, tx => {
            let number = insert_comment!(tx, comment, "person", None::<&str>, None::<&str>, None::<&str>, author, event.at_ms);
            if number != over + 1 {
                return Err(StoreError::Conflict);
            }
            insert_event!(tx, event);
            number
        });
        Ok(number)
    }

    /// Shows a comment to nobody any more, whichever version; `false` where none was shown.
    pub async fn withdraw_comment(&self, slot: &str, event: &NewEvent) -> StoreResult<bool> {
        let by = event.author_id.as_deref().ok_or(StoreError::MissingReference)?;
        let done = write!(self, tx => {
            let done = sqlx::query("update pattern_comment set withdrawn_ms = $2, withdrawn_by = $3 where slot = $1 and withdrawn_ms is null")
                .bind(slot).bind(event.at_ms).bind(by).execute(&mut *tx).await?.rows_affected();
            if done > 0 {
                insert_event!(tx, event);
            }
            done
        });
        Ok(done > 0)
    }

    /// Every version of the comment of a pattern, the newest first.
    pub async fn comment_versions(&self, slot: &str) -> StoreResult<Vec<CommentRow>> {
        let sql = "select k.id, k.number, k.body, k.born, k.ai_proposal, p.name as author, k.at_ms, k.withdrawn_ms, \
                   w.name as withdrawer from pattern_comment k join person p on p.id = k.author_id \
                   left join person w on w.id = k.withdrawn_by where k.slot = $1 order by k.number desc";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(slot).fetch_all(pool).await?))
    }

    /// Comments that are shown for the questions of an exam.
    pub async fn comments_in(&self, exam_id: &str) -> StoreResult<Vec<ShownComment>> {
        let sql = shown!(" and k.entry_id in (select u.entry_id from paper_use u where u.exam_id = $1)");
        Ok(read!(self, pool => sqlx::query_as(sql).bind(exam_id).fetch_all(pool).await?))
    }

    /// Comments that are shown, the newest first.
    pub async fn comments_shown(&self, limit: i64) -> StoreResult<Vec<ShownComment>> {
        let sql = shown!(" order by k.at_ms desc, k.id desc limit $1");
        Ok(read!(self, pool => sqlx::query_as(sql).bind(limit).fetch_all(pool).await?))
    }

    /// The pattern whose comment an accepted proposal became.
    pub async fn comment_of(&self, decision_id: &str) -> StoreResult<Option<String>> {
        let sql = "select slot from pattern_comment where ai_decision = $1";
        Ok(read!(self, pool => sqlx::query_scalar(sql).bind(decision_id).fetch_optional(pool).await?))
    }
}
