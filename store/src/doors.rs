//! The doors of an exam: which browser, from which addresses, who was refused, who was let through.

use crate::db::{read, write};
use crate::exams::{NewEvent, insert_event};
use crate::{Store, StoreError, StoreResult};

/// Which browser an exam asks for.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct LockedBrowser {
    /// generated, uploaded or any.
    pub mode: String,
    /// JSON.
    pub settings: String,
}

/// The addresses of a site.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct SiteAddresses {
    /// Site.
    pub site_id: String,
    /// Ranges, one a line.
    pub ranges: String,
}

/// What stands between a candidate and a room.
#[derive(Clone, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Door {
    /// Is a browser asked for (0 or 1)?
    pub browser: i64,
    /// Was this session's found to be the one, by the rules of today (0 or 1)?
    pub admitted: i64,
    /// The same, by rules of any time (0 or 1).
    pub once: i64,
    /// Was the candidate let through whatever the browser (0 or 1)?
    pub browser_waived: i64,
    /// Ranges of their site, one a line; empty for any address.
    pub ranges: String,
    /// Name of their site.
    pub site_name: String,
    /// Were they let through whatever the address (0 or 1)?
    pub address_waived: i64,
}

/// A refusal, with what was decided of it.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Refusal {
    /// Candidate.
    pub person_id: String,
    /// Candidate number.
    pub number: String,
    /// Name.
    pub name: String,
    /// Site.
    pub site_id: String,
    /// Name of the site.
    pub site_name: String,
    /// browser or address.
    pub kind: String,
    /// When, the last time.
    pub at_ms: i64,
    /// What was seen, in French.
    pub detail: String,
    /// How often.
    pub times: i64,
    /// Were they composing already (0 or 1)?
    pub composing: i64,
    /// Who let them through, if someone did.
    pub waived_by: Option<String>,
    /// When.
    pub waived_ms: Option<i64>,
    /// Why.
    pub reason: Option<String>,
}

/// A refusal to record.
#[derive(Clone, Copy, Debug)]
pub struct NewRefusal<'a> {
    /// Exam.
    pub exam_id: &'a str,
    /// Candidate.
    pub person_id: &'a str,
    /// browser or address.
    pub kind: &'a str,
    /// When.
    pub at_ms: i64,
    /// What was seen, in French.
    pub detail: &'a str,
    /// Were they composing already?
    pub composing: bool,
    /// Keep the detail of a refusal recorded before, which says more?
    pub keeps_detail: bool,
}

impl Store {
    /// Which browser an exam asks for; `None` where any will do.
    pub async fn locked_browser(&self, exam_id: &str) -> StoreResult<Option<LockedBrowser>> {
        let sql = "select mode, settings from locked_browser where exam_id = $1";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(exam_id).fetch_optional(pool).await?))
    }

    /// Titles of the exams that ask for a browser and are not over.
    pub async fn exams_with_locked_browser(&self) -> StoreResult<Vec<String>> {
        let sql = "select e.title from exam e join locked_browser b on b.exam_id = e.id \
                   where e.state in ('draft', 'frozen', 'open') order by e.created_ms, e.id";
        Ok(read!(self, pool => sqlx::query_scalar(sql).fetch_all(pool).await?))
    }

    /// Says which browser an exam asks for (`None`: any), with what was done.
    pub async fn set_locked_browser(
        &self,
        exam_id: &str,
        wanted: Option<&LockedBrowser>,
        author_id: &str,
        event: &NewEvent,
    ) -> StoreResult<()> {
        write!(self, tx => {
            match wanted {
                Some(wanted) => {
                    sqlx::query("insert into locked_browser (exam_id, mode, settings, updated_by, updated_ms) values ($1, $2, $3, $4, $5) on conflict (exam_id) do update set mode = excluded.mode, settings = excluded.settings, updated_by = excluded.updated_by, updated_ms = excluded.updated_ms")
                        .bind(exam_id).bind(&wanted.mode).bind(&wanted.settings).bind(author_id).bind(event.at_ms)
                        .execute(&mut *tx).await?;
                }
                None => {
                    sqlx::query("delete from locked_browser where exam_id = $1").bind(exam_id).execute(&mut *tx).await?;
                }
            }
            insert_event!(tx, event);
        });
        Ok(())
    }

    /// Addresses of the sites of an exam that have any.
    pub async fn site_addresses(&self, exam_id: &str) -> StoreResult<Vec<SiteAddresses>> {
        let sql = "select site_id, ranges from site_addresses where exam_id = $1 order by site_id";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(exam_id).fetch_all(pool).await?))
    }

    /// Says from which addresses a site is entered (empty: from any), with what was done. [`StoreError::Conflict`] if
    /// the site is not of the exam.
    pub async fn set_site_addresses(
        &self,
        exam_id: &str,
        site_id: &str,
        ranges: &str,
        event: &NewEvent,
    ) -> StoreResult<()> {
        write!(self, tx => {
            let there: i64 = sqlx::query_scalar("select count(*) from site where exam_id = $1 and id = $2")
                .bind(exam_id).bind(site_id).fetch_one(&mut *tx).await?;
            if there != 1 {
                return Err(StoreError::Conflict);
            }
            if ranges.is_empty() {
                sqlx::query("delete from site_addresses where site_id = $1").bind(site_id).execute(&mut *tx).await?;
            } else {
                sqlx::query("insert into site_addresses (site_id, exam_id, ranges) values ($1, $2, $3) on conflict (site_id) do update set ranges = excluded.ranges")
                    .bind(site_id).bind(exam_id).bind(ranges).execute(&mut *tx).await?;
            }
            insert_event!(tx, event);
        });
        Ok(())
    }

    /// What stands between a candidate, in this session, and the room of an exam. `attempt_id` is empty before they
    /// have a sheet. `None` for who is no candidate.
    pub async fn door(
        &self,
        exam_id: &str,
        person_id: &str,
        attempt_id: &str,
        session: &str,
    ) -> StoreResult<Option<Door>> {
        let sql = "select (select count(*) from locked_browser b where b.exam_id = c.exam_id) as browser, \
                   (select count(*) from browser_admitted a join locked_browser b on b.exam_id = c.exam_id \
                    where a.attempt_id = $3 and a.session = $4 and a.at_ms >= b.updated_ms) as admitted, \
                   (select count(*) from browser_admitted a where a.attempt_id = $3 and a.session = $4) as once, \
                   (select count(*) from door_waiver w where w.exam_id = c.exam_id and w.person_id = c.person_id \
                    and w.kind = 'browser') as browser_waived, \
                   coalesce((select a.ranges from site_addresses a where a.site_id = c.site_id), '') as ranges, \
                   s.name as site_name, \
                   (select count(*) from door_waiver w where w.exam_id = c.exam_id and w.person_id = c.person_id \
                    and w.kind = 'address') as address_waived \
                   from candidate c join site s on s.id = c.site_id where c.exam_id = $1 and c.person_id = $2";
        Ok(read!(self, pool => {
            sqlx::query_as(sql).bind(exam_id).bind(person_id).bind(attempt_id).bind(session).fetch_optional(pool).await?
        }))
    }

    /// Records that a session's browser is the one asked for; the candidate is then no longer refused for it.
    pub async fn admit_browser(
        &self,
        exam_id: &str,
        person_id: &str,
        attempt_id: &str,
        session: &str,
        at_ms: i64,
    ) -> StoreResult<()> {
        write!(self, tx => {
            sqlx::query("insert into browser_admitted (attempt_id, session, at_ms) values ($1, $2, $3) on conflict (attempt_id, session) do update set at_ms = excluded.at_ms")
                .bind(attempt_id).bind(session).bind(at_ms).execute(&mut *tx).await?;
            sqlx::query("delete from door_refusal where exam_id = $1 and person_id = $2 and kind = 'browser'")
                .bind(exam_id).bind(person_id).execute(&mut *tx).await?;
        });
        Ok(())
    }

    /// Records a refusal, for who supervises. The same one, said again within half a minute, is not counted: a page
    /// that waits at the door asks again and again.
    pub async fn refuse(&self, refusal: NewRefusal<'_>) -> StoreResult<()> {
        let NewRefusal { exam_id, person_id, kind, at_ms, detail, composing, keeps_detail } = refusal;
        write!(self, tx => {
            sqlx::query("insert into door_refusal (exam_id, person_id, kind, at_ms, detail, times, composing) values ($1, $2, $3, $4, $5, 1, $6) on conflict (exam_id, person_id, kind) do update set at_ms = excluded.at_ms, detail = case when $7 = 1 then door_refusal.detail else excluded.detail end, times = door_refusal.times + 1, composing = excluded.composing where door_refusal.at_ms <= excluded.at_ms - 30000 or ($7 = 0 and door_refusal.detail <> excluded.detail)")
                .bind(exam_id).bind(person_id).bind(kind).bind(at_ms).bind(detail).bind(i64::from(composing))
                .bind(i64::from(keeps_detail))
                .execute(&mut *tx).await?;
        });
        Ok(())
    }

    /// Who was refused at the doors of an exam, the latest first.
    pub async fn refusals(&self, exam_id: &str) -> StoreResult<Vec<Refusal>> {
        let sql = "select r.person_id, c.number, p.name, c.site_id, s.name as site_name, r.kind, r.at_ms, r.detail, r.times, \
                   r.composing, a.name as waived_by, w.at_ms as waived_ms, w.reason \
                   from door_refusal r join candidate c on c.exam_id = r.exam_id and c.person_id = r.person_id \
                   join person p on p.id = r.person_id join site s on s.id = c.site_id \
                   left join door_waiver w on w.exam_id = r.exam_id and w.person_id = r.person_id and w.kind = r.kind \
                   left join person a on a.id = w.author_id \
                   where r.exam_id = $1 order by r.at_ms desc, c.number, r.kind";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(exam_id).fetch_all(pool).await?))
    }

    /// Lets a candidate through, with what was done. [`StoreError::Conflict`] if they are no candidate of the exam or
    /// were let through already.
    pub async fn waive(
        &self,
        exam_id: &str,
        person_id: &str,
        kind: &str,
        author_id: &str,
        reason: &str,
        event: &NewEvent,
    ) -> StoreResult<()> {
        let sql = "insert into door_waiver (exam_id, person_id, kind, author_id, at_ms, reason) \
                   select c.exam_id, c.person_id, $3, $4, $5, $6 from candidate c \
                   where c.exam_id = $1 and c.person_id = $2 on conflict (exam_id, person_id, kind) do nothing";
        write!(self, tx => {
            let done = sqlx::query(sql).bind(exam_id).bind(person_id).bind(kind).bind(author_id).bind(event.at_ms)
                .bind(reason).execute(&mut *tx).await?.rows_affected();
            if done != 1 {
                return Err(StoreError::Conflict);
            }
            insert_event!(tx, event);
        });
        Ok(())
    }
}
