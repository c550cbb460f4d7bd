//! Exams, their sites, their candidates, and what people in charge did.

use crate::Store;
use crate::bank::uses::{FrozenElement, insert_uses};
use crate::db::{read, write};
use crate::delivery::{rejudge_late, take_sheets};
use crate::error::{StoreError, StoreResult};
use crate::live::{bump_live, bump_roster};
use docimo_engine::paper::Section;

/// An exam, without its paper.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct Exam {
    /// UUIDv7.
    pub id: String,
    /// Shown to all.
    pub title: String,
    /// draft, frozen, open, closed, marked or published.
    pub state: String,
    /// common or individual.
    pub start_mode: String,
    /// Time left for an answer made in time to arrive.
    pub grace_ms: i64,
    /// Shown in the waiting room, Markdown.
    pub instructions: String,
    /// Hash of the frozen paper.
    pub paper_hash: Option<String>,
    /// When it was frozen.
    pub frozen_ms: Option<i64>,
    /// When results were published.
    pub published_ms: Option<i64>,
    /// Version of the register that was published.
    pub published_version: Option<i64>,
    /// When it was created.
    pub created_ms: i64,
    /// By whom.
    pub created_by: String,
    /// Parts of a progressive case, beyond the one under way, that may be opened without a network; -1 for all.
    pub offline_parts: i64,
}

const EXAM: &str = "id, title, state, start_mode, grace_ms, instructions, paper_hash, frozen_ms, published_ms, \
                    published_version, created_ms, created_by, offline_parts";

/// A place where an exam is sat.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct Site {
    /// UUIDv7.
    pub id: String,
    /// Shown to all.
    pub name: String,
}

/// A section at a site.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct Sitting {
    /// Where.
    pub site_id: String,
    /// What.
    pub section_id: String,
    /// When it was opened there.
    pub opened_ms: Option<i64>,
    /// When it was closed there.
    pub closed_ms: Option<i64>,
    /// Time given back to everyone there.
    pub compensation_ms: i64,
    /// When its clock was, or is, stopped: JSON, see [`crate::delivery::read_stops`].
    pub stops: String,
}

/// A candidate of an exam.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct Candidate {
    /// Account.
    pub person_id: String,
    /// Name of the account.
    pub name: String,
    /// Candidate number.
    pub number: String,
    /// Where.
    pub site_id: String,
    /// Name of the site.
    pub site_name: String,
    /// Accommodation: factor of the duration, as an exact number.
    pub factor: String,
    /// Accommodation: minutes added.
    pub extra_minutes: i64,
    /// Accommodation: reference of the decision.
    pub reference: String,
    /// Accommodation: breaks with the clock stopped, 0 for any number.
    pub break_count: i64,
    /// Accommodation: minutes of breaks in all, 0 for none.
    pub break_minutes: i64,
    /// Room; empty where it is not known.
    pub room: String,
    /// Row from the front, where it is known.
    pub seat_row: Option<i64>,
    /// Seat in the row, where it is known.
    pub seat_column: Option<i64>,
}

/// Where someone sits: room, row from the front, seat in the row; what is not known is empty.
pub type Place = (String, Option<i64>, Option<i64>);

/// A candidate to enrol, with the account to make if there is none of that login.
#[derive(Clone, Debug)]
pub struct Enrolment {
    /// Id of the account if it has to be made.
    pub fresh_person_id: String,
    /// Login of the account.
    pub login: String,
    /// Name, used if the account has to be made.
    pub name: String,
    /// Secret, used if the account has to be made.
    pub secret: String,
    /// Candidate number.
    pub number: String,
    /// Name of the site, made if absent; `None`: as it was, or [`FIRST_SITE`].
    pub site: Option<String>,
    /// Id of the site if it has to be made.
    pub fresh_site_id: String,
    /// Accommodation; `None`: as it was, or none.
    pub factor: Option<String>,
    /// Accommodation; `None`: as it was, or none.
    pub extra_minutes: Option<i64>,
    /// Accommodation; `None`: as it was, or none.
    pub reference: Option<String>,
    /// Breaks by right, how many and how many minutes; `None`: as they were, or none.
    pub breaks: Option<(i64, i64)>,
    /// Room, row and seat; `None`: as they were, or not known.
    pub place: Option<Place>,
}

/// What someone enrolled before keeps, where a list says nothing else.
#[derive(sqlx::FromRow)]
struct Enrolled {
    site_id: String,
    factor: String,
    extra_minutes: i64,
    reference: String,
    break_count: i64,
    break_minutes: i64,
    room: String,
    seat_row: Option<i64>,
    seat_column: Option<i64>,
}

impl Default for Enrolled {
    fn default() -> Self {
        Self {
            site_id: String::new(),
            factor: "1".into(),
            extra_minutes: 0,
            reference: String::new(),
            break_count: 0,
            break_minutes: 0,
            room: String::new(),
            seat_row: None,
            seat_column: None,
        }
    }
}

/// The site of those for whom none is named.
pub const FIRST_SITE: &str = "Centre principal";

/// Something a person in charge did.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Event {
    /// When.
    pub at_ms: i64,
    /// Account of who did it.
    pub author_id: Option<String>,
    /// Name of who did it.
    pub author_name: Option<String>,
    /// A word: "open", "extend"…
    pub what: String,
    /// A sentence.
    pub detail: String,
}

/// An event to record.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// UUIDv7.
    pub id: String,
    /// In which exam.
    pub exam_id: Option<String>,
    /// When.
    pub at_ms: i64,
    /// Who.
    pub author_id: Option<String>,
    /// A word.
    pub what: &'static str,
    /// A sentence.
    pub detail: String,
}

macro_rules! insert_event {
    ($tx:expr, $event:expr) => {
        sqlx::query("insert into event (id, exam_id, at_ms, author_id, what, detail) values ($1, $2, $3, $4, $5, $6)")
            .bind(&$event.id)
            .bind(&$event.exam_id)
            .bind($event.at_ms)
            .bind(&$event.author_id)
            .bind($event.what)
            .bind(&$event.detail)
            .execute(&mut *$tx)
            .await?
    };
}
pub(crate) use insert_event;

impl Store {
    /// Creates an exam with a draft paper and its sites.
    pub async fn add_exam(&self, exam: &Exam, paper: &str, sites: &[Site], event: &NewEvent) -> StoreResult<()> {
        write!(self, tx => {
            sqlx::query("insert into exam (id, title, state, start_mode, grace_ms, instructions, paper, created_ms, created_by, offline_parts) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)")
                .bind(&exam.id).bind(&exam.title).bind(&exam.state).bind(&exam.start_mode).bind(exam.grace_ms)
                .bind(&exam.instructions).bind(paper).bind(exam.created_ms).bind(&exam.created_by).bind(exam.offline_parts)
                .execute(&mut *tx).await?;
            for site in sites {
                sqlx::query("insert into site (id, exam_id, name) values ($1, $2, $3)")
                    .bind(&site.id).bind(&exam.id).bind(&site.name).execute(&mut *tx).await?;
            }
            insert_event!(tx, event);
        });
        Ok(())
    }

    /// One exam.
    pub async fn exam(&self, id: &str) -> StoreResult<Option<Exam>> {
        let sql = sqlx::AssertSqlSafe(format!("select {EXAM} from exam where id = $1"));
        Ok(read!(self, pool => sqlx::query_as(sql).bind(id).fetch_optional(pool).await?))
    }

    /// Every exam, the newest first.
    pub async fn exams(&self) -> StoreResult<Vec<Exam>> {
        let sql = sqlx::AssertSqlSafe(format!("select {EXAM} from exam order by created_ms desc, id desc"));
        Ok(read!(self, pool => sqlx::query_as(sql).fetch_all(pool).await?))
    }

    /// Exams where this person is a candidate, the newest first.
    pub async fn exams_of(&self, person_id: &str) -> StoreResult<Vec<Exam>> {
        let sql = sqlx::AssertSqlSafe(format!(
            "select {EXAM} from exam where id in (select exam_id from candidate where person_id = $1) order by created_ms desc, id desc"
        ));
        Ok(read!(self, pool => sqlx::query_as(sql).bind(person_id).fetch_all(pool).await?))
    }

    /// The paper's JSON.
    pub async fn paper(&self, exam_id: &str) -> StoreResult<Option<String>> {
        let sql = "select paper from exam where id = $1";
        Ok(read!(self, pool => sqlx::query_scalar(sql).bind(exam_id).fetch_optional(pool).await?))
    }

    /// Replaces a draft paper, if it is still `before`; [`StoreError::Conflict`] otherwise.
    pub async fn set_draft(&self, exam_id: &str, before: &str, paper: &str) -> StoreResult<()> {
        let sql = "update exam set paper = $3 where id = $1 and paper = $2 and state = 'draft'";
        let done = write!(self, tx => {
            sqlx::query(sql).bind(exam_id).bind(before).bind(paper).execute(&mut *tx).await?.rows_affected()
        });
        if done == 1 { Ok(()) } else { Err(StoreError::Conflict) }
    }

    /// Changes the settings of a draft with its paper, if the paper is still `before`.
    pub async fn set_settings(&self, exam: &Exam, before: &str, paper: &str) -> StoreResult<()> {
        let sql = "update exam set title = $3, start_mode = $4, grace_ms = $5, instructions = $6, paper = $7, offline_parts = $8 \
                   where id = $1 and paper = $2 and state = 'draft'";
        let done = write!(self, tx => {
            sqlx::query(sql).bind(&exam.id).bind(before).bind(&exam.title).bind(&exam.start_mode).bind(exam.grace_ms)
                .bind(&exam.instructions).bind(paper).bind(exam.offline_parts).execute(&mut *tx).await?.rows_affected()
        });
        if done == 1 { Ok(()) } else { Err(StoreError::Conflict) }
    }

    /// How many papers were ever frozen: none is ever thawed, so that the same number means the same papers.
    pub async fn count_frozen(&self) -> StoreResult<i64> {
        let sql = "select count(*) from exam where frozen_ms is not null";
        Ok(read!(self, pool => sqlx::query_scalar(sql).fetch_one(pool).await?))
    }

    /// Freezes a draft paper as `paper`; it never changes after. Its elements are recorded as used. `frozen` is
    /// [`Store::count_frozen`] as it was when the paper was compared with the others: if one was frozen since, this
    /// one has not been compared with it, and nothing is done ([`StoreError::Conflict`]).
    #[expect(clippy::too_many_arguments, reason = "one row and what must still hold")]
    pub async fn freeze(
        &self,
        exam_id: &str,
        before: &str,
        frozen: i64,
        paper: &str,
        hash: &str,
        elements: &[FrozenElement],
        event: &NewEvent,
    ) -> StoreResult<()> {
        let sql = "update exam set paper = $3, paper_hash = $4, frozen_ms = $5, state = 'frozen' where id = $1 and paper = $2 and state = 'draft'";
        let done = write!(self, tx => {
            // First: it takes the counter's row, so that freezings wait for one another and count what was committed.
            insert_uses!(tx, exam_id, elements, event.at_ms);
            let now: i64 = sqlx::query_scalar("select count(*) from exam where frozen_ms is not null")
                .fetch_one(&mut *tx).await?;
            insert_event!(tx, event);
            let done = sqlx::query(sql).bind(exam_id).bind(before).bind(paper).bind(hash).bind(event.at_ms)
                .execute(&mut *tx).await?.rows_affected();
            if done != 1 || now != frozen {
                return Err(StoreError::Conflict);
            }
            done
        });
        debug_assert_eq!(done, 1);
        Ok(())
    }

    /// Moves an exam from one state to the next; [`StoreError::Conflict`] if it is not in `from`.
    pub async fn move_exam(&self, exam_id: &str, from: &[&str], to: &str, event: &NewEvent) -> StoreResult<()> {
        write!(self, tx => {
            let state: Option<String> = sqlx::query_scalar("select state from exam where id = $1")
                .bind(exam_id).fetch_optional(&mut *tx).await?;
            if !state.is_some_and(|s| from.contains(&s.as_str())) {
                return Err(StoreError::Conflict);
            }
            sqlx::query("update exam set state = $2, live = live + 1 where id = $1").bind(exam_id).bind(to).execute(&mut *tx).await?;
            insert_event!(tx, event);
        });
        Ok(())
    }

    /// Adds a site.
    pub async fn add_site(&self, exam_id: &str, site: &Site, event: &NewEvent) -> StoreResult<()> {
        write!(self, tx => {
            sqlx::query("insert into site (id, exam_id, name) values ($1, $2, $3)")
                .bind(&site.id).bind(exam_id).bind(&site.name).execute(&mut *tx).await?;
            insert_event!(tx, event);
        });
        Ok(())
    }

    /// Sites of an exam, by name.
    pub async fn sites(&self, exam_id: &str) -> StoreResult<Vec<Site>> {
        let sql = "select id, name from site where exam_id = $1 order by name";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(exam_id).fetch_all(pool).await?))
    }

    /// What was opened and closed so far.
    pub async fn sittings(&self, exam_id: &str) -> StoreResult<Vec<Sitting>> {
        let sql =
            "select site_id, section_id, opened_ms, closed_ms, compensation_ms, stops from sitting where exam_id = $1";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(exam_id).fetch_all(pool).await?))
    }

    /// Opens a section at sites; sites already open there stay as they are, closed ones open again with
    /// their first opening time, and what arrived there meanwhile is judged again. The exam becomes open.
    pub async fn open_sitting(
        &self,
        exam_id: &str,
        section: &Section,
        sites: &[String],
        event: &NewEvent,
    ) -> StoreResult<()> {
        let section_id = section.id.as_str();
        write!(self, tx => {
            take_sheets!(self, tx, exam_id, section, None);
            for site in sites {
                sqlx::query("insert into sitting (exam_id, site_id, section_id, opened_ms) values ($1, $2, $3, $4) \
                             on conflict (exam_id, site_id, section_id) do update set closed_ms = null, \
                             opened_ms = coalesce(sitting.opened_ms, excluded.opened_ms)")
                    .bind(exam_id).bind(site).bind(section_id).bind(event.at_ms).execute(&mut *tx).await?;
            }
            let done = sqlx::query("update exam set state = 'open' where id = $1 and state in ('frozen', 'open', 'closed')")
                .bind(exam_id).execute(&mut *tx).await?.rows_affected();
            if done != 1 {
                return Err(StoreError::Conflict);
            }
            rejudge_late!(tx, exam_id, section, None, event);
            bump_live!(tx, exam_id, None::<&str>);
            insert_event!(tx, event);
        });
        Ok(())
    }

    /// Closes a section at sites.
    pub async fn close_sitting(
        &self,
        exam_id: &str,
        section_id: &str,
        sites: &[String],
        event: &NewEvent,
    ) -> StoreResult<()> {
        write!(self, tx => {
            for site in sites {
                sqlx::query("update sitting set closed_ms = $4 where exam_id = $1 and site_id = $2 and section_id = $3 and closed_ms is null")
                    .bind(exam_id).bind(site).bind(section_id).bind(event.at_ms).execute(&mut *tx).await?;
            }
            bump_live!(tx, exam_id, None::<&str>);
            insert_event!(tx, event);
        });
        Ok(())
    }

    /// Enrols candidates, all or none, making accounts and sites that are missing. Enrolling someone
    /// again changes what is given of their site and accommodation, and leaves the rest. Returns, for
    /// each, whether the account was made.
    pub async fn enrol(&self, exam_id: &str, list: &[Enrolment], event: &NewEvent) -> StoreResult<Vec<bool>> {
        let mut made = Vec::with_capacity(list.len());
        write!(self, tx => {
            let mut sites: std::collections::HashMap<String, String> =
                sqlx::query_as::<_, (String, String)>("select name, id from site where exam_id = $1")
                    .bind(exam_id).fetch_all(&mut *tx).await?.into_iter().collect();
            for e in list {
                let known: Option<String> = sqlx::query_scalar("select id from person where login = $1")
                    .bind(&e.login).fetch_optional(&mut *tx).await?;
                made.push(known.is_none());
                let person_id = match known {
                    Some(id) => id,
                    None => {
                        sqlx::query("insert into person (id, login, name, secret, created_ms) values ($1, $2, $3, $4, $5)")
                            .bind(&e.fresh_person_id).bind(&e.login).bind(&e.name).bind(&e.secret).bind(event.at_ms)
                            .execute(&mut *tx).await?;
                        e.fresh_person_id.clone()
                    }
                };
                sqlx::query("insert into person_role (person_id, role) values ($1, 'student') on conflict (person_id, role) do nothing")
                    .bind(&person_id).execute(&mut *tx).await?;
                let before: Option<Enrolled> =
                    sqlx::query_as("select site_id, factor, extra_minutes, reference, break_count, break_minutes, room, seat_row, seat_column from candidate where exam_id = $1 and person_id = $2")
                        .bind(exam_id).bind(&person_id).fetch_optional(&mut *tx).await?;
                let old_site = before.as_ref().map(|b| b.site_id.clone());
                let old = before.unwrap_or_default();
                let old_place = (old.room, old.seat_row, old.seat_column);
                let (room, seat_row, seat_column) = e.place.as_ref().unwrap_or(&old_place);
                let (break_count, break_minutes) = e.breaks.unwrap_or((old.break_count, old.break_minutes));
                let named = e.site.as_deref().or(old_site.is_none().then_some(FIRST_SITE));
                let site_id = match (named, old_site) {
                    (None, Some(id)) => id,
                    (name, _) => {
                        let name = name.unwrap_or(FIRST_SITE);
                        match sites.get(name) {
                            Some(id) => id.clone(),
                            None => {
                                sqlx::query("insert into site (id, exam_id, name) values ($1, $2, $3)")
                                    .bind(&e.fresh_site_id).bind(exam_id).bind(name).execute(&mut *tx).await?;
                                sites.insert(name.to_owned(), e.fresh_site_id.clone());
                                e.fresh_site_id.clone()
                            }
                        }
                    }
                };
                sqlx::query("insert into candidate (exam_id, person_id, number, site_id, factor, extra_minutes, reference, room, seat_row, seat_column, break_count, break_minutes) \
                             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict (exam_id, person_id) do update set \
                             number = excluded.number, site_id = excluded.site_id, factor = excluded.factor, \
                             extra_minutes = excluded.extra_minutes, reference = excluded.reference, room = excluded.room, \
                             seat_row = excluded.seat_row, seat_column = excluded.seat_column, \
                             break_count = excluded.break_count, break_minutes = excluded.break_minutes")
                    .bind(exam_id).bind(&person_id).bind(&e.number).bind(&site_id)
                    .bind(e.factor.as_ref().unwrap_or(&old.factor)).bind(e.extra_minutes.unwrap_or(old.extra_minutes))
                    .bind(e.reference.as_ref().unwrap_or(&old.reference)).bind(room).bind(seat_row).bind(seat_column)
                    .bind(break_count).bind(break_minutes).execute(&mut *tx).await?;
                sqlx::query("update attempt set site_id = $3, room = $4 where exam_id = $1 and person_id = $2 and started_ms is null and last_position = 0 \
                             and not (streams > 0 and exists (select 1 from sitting t join exam x on x.id = t.exam_id where x.start_mode = 'common' and t.exam_id = attempt.exam_id \
                             and t.site_id = attempt.site_id and t.section_id = attempt.section_id and t.opened_ms is not null))")
                    .bind(exam_id).bind(&person_id).bind(&site_id).bind(room).execute(&mut *tx).await?;
            }
            bump_roster!(tx, exam_id);
            insert_event!(tx, event);
        });
        Ok(made)
    }

    /// Takes a candidate out of an exam, unless they have opened their paper.
    pub async fn remove_candidate(&self, exam_id: &str, person_id: &str, event: &NewEvent) -> StoreResult<()> {
        write!(self, tx => {
            let begun: i64 = sqlx::query_scalar(
                "select count(*) from attempt where exam_id = $1 and person_id = $2 and (started_ms is not null or last_position > 0 \
                 or (streams > 0 and exists (select 1 from sitting t join exam x on x.id = t.exam_id where x.start_mode = 'common' and t.exam_id = attempt.exam_id \
                 and t.site_id = attempt.site_id and t.section_id = attempt.section_id and t.opened_ms is not null)))")
                .bind(exam_id).bind(person_id).fetch_one(&mut *tx).await?;
            if begun > 0 {
                return Err(StoreError::Conflict);
            }
            // A page opened in the waiting room, and what was said to it, go with the sheet.
            for left in ["page_opening", "offline_span", "room_message"] {
                let sql = format!("delete from {left} where attempt_id in (select id from attempt where exam_id = $1 and person_id = $2)");
                sqlx::query(sqlx::AssertSqlSafe(sql)).bind(exam_id).bind(person_id).execute(&mut *tx).await?;
            }
            sqlx::query("delete from attempt where exam_id = $1 and person_id = $2")
                .bind(exam_id).bind(person_id).execute(&mut *tx).await?;
            sqlx::query("delete from candidate where exam_id = $1 and person_id = $2")
                .bind(exam_id).bind(person_id).execute(&mut *tx).await?;
            bump_roster!(tx, exam_id);
            insert_event!(tx, event);
        });
        Ok(())
    }

    /// Removes a site where nobody is enrolled and nothing was opened.
    pub async fn remove_site(&self, exam_id: &str, site_id: &str, event: &NewEvent) -> StoreResult<()> {
        let unused = "delete from site where exam_id = $1 and id = $2 \
                      and not exists (select 1 from candidate c where c.site_id = site.id) \
                      and not exists (select 1 from sitting t where t.site_id = site.id)";
        write!(self, tx => {
            let done = sqlx::query(unused).bind(exam_id).bind(site_id).execute(&mut *tx).await?.rows_affected();
            if done != 1 {
                return Err(StoreError::Conflict);
            }
            insert_event!(tx, event);
        });
        Ok(())
    }

    /// Candidates of an exam, by number.
    pub async fn candidates(&self, exam_id: &str) -> StoreResult<Vec<Candidate>> {
        let sql = "select c.person_id, p.name, c.number, c.site_id, s.name as site_name, c.factor, c.extra_minutes, c.reference, c.break_count, c.break_minutes, \
                   c.room, c.seat_row, c.seat_column from candidate c join person p on p.id = c.person_id join site s on s.id = c.site_id \
                   where c.exam_id = $1 order by c.number";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(exam_id).fetch_all(pool).await?))
    }

    /// One candidate.
    pub async fn candidate(&self, exam_id: &str, person_id: &str) -> StoreResult<Option<Candidate>> {
        let sql = "select c.person_id, p.name, c.number, c.site_id, s.name as site_name, c.factor, c.extra_minutes, c.reference, c.break_count, c.break_minutes, \
                   c.room, c.seat_row, c.seat_column from candidate c join person p on p.id = c.person_id join site s on s.id = c.site_id \
                   where c.exam_id = $1 and c.person_id = $2";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(exam_id).bind(person_id).fetch_optional(pool).await?))
    }

    /// How many candidates an exam has.
    pub async fn count_candidates(&self, exam_id: &str) -> StoreResult<i64> {
        let sql = "select count(*) from candidate where exam_id = $1";
        Ok(read!(self, pool => sqlx::query_scalar(sql).bind(exam_id).fetch_one(pool).await?))
    }

    /// Records something done.
    pub async fn add_event(&self, event: &NewEvent) -> StoreResult<()> {
        write!(self, tx => { insert_event!(tx, event); });
        Ok(())
    }

    /// What was done in an exam, the newest first.
    pub async fn events(&self, exam_id: &str, limit: i64) -> StoreResult<Vec<Event>> {
        let sql = "select e.at_ms, e.author_id, p.name as author_name, e.what, e.detail from event e \
                   left join person p on p.id = e.author_id where e.exam_id = $1 order by e.at_ms desc, e.id desc limit $2";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(exam_id).bind(limit).fetch_all(pool).await?))
    }
}
