//! What a supervisor's room needs beside clocks: settings of the day, who watches which site, which machine
//! answers, moves to another one, messages.

use crate::Store;
use crate::db::{read, write};
use crate::error::{StoreError, StoreResult};
use crate::exams::{NewEvent, insert_event};
use crate::live::bump_live;

/// Settings of the day, which may change while the exam is sat.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct DaySettings {
    /// Minutes at once that a supervisor gives alone; `None`: any.
    pub approval_minutes: Option<i64>,
    /// allow or wait.
    pub second_machine: String,
}

/// A page that wants to answer.
#[derive(Clone, Debug, Default)]
pub struct PageOpening {
    /// Sheet.
    pub attempt_id: String,
    /// Hash of its sign-in session; empty where there is none (simulated candidates).
    pub session: String,
    /// What the browser says it is.
    pub agent: String,
    /// When.
    pub at_ms: i64,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// It may answer, in this stream.
    Stream(i64),
    /// Another machine has the sheet, and the exam's setting is that a supervisor decides.
    Waits,
}

/// Opens a page's stream of steps; `None` without such a sheet. Where another session has the sheet, that is noted
/// for a supervisor; with `second_machine` at wait, the page waits. The caller holds the sheet (PostgreSQL).
macro_rules! open_page {
    ($tx:ident, $page:expr) => {{
        let page: &$crate::supervision::PageOpening = $page;
        let found: Option<(String, String, String)> =
            sqlx::query_as("select session, rival, exam_id from attempt where id = $1")
                .bind(&page.attempt_id)
                .fetch_optional(&mut *$tx)
                .await?;
        match found {
            None => None,
            Some((session, rival, exam_id)) => {
                let other = !session.is_empty() && !page.session.is_empty() && session != page.session;
                // One that has signed out, or was ended, is no machine any more. Read for two machines only.
                let mode: Option<String> = if other {
                    sqlx::query_scalar(
                        "select e.second_machine from exam e where e.id = $1 and exists \
                         (select 1 from login_session s where s.token_hash = $2 and s.expires_ms > $3)",
                    )
                    .bind(&exam_id)
                    .bind(&session)
                    .bind(page.at_ms)
                    .fetch_optional(&mut *$tx)
                    .await?
                } else {
                    None
                };
                let waits = mode.as_deref() == Some("wait");
                let now_rival = match (&mode, waits) {
                    (None, _) if rival == page.session => String::new(),
                    (None, _) => rival.clone(),
                    (Some(_), true) => page.session.clone(),
                    (Some(_), false) => session.clone(),
                };
                if now_rival != rival {
                    sqlx::query("update attempt set rival = $2, rival_newer = $3 where id = $1")
                        .bind(&page.attempt_id)
                        .bind(&now_rival)
                        .bind(i64::from(waits))
                        .execute(&mut *$tx)
                        .await?;
                    $crate::live::bump_live!($tx, &exam_id, Some(page.attempt_id.as_str()));
                }
                if waits {
                    Some($crate::supervision::Opening::Waits)
                } else {
                    let stream: i64 = sqlx::query_scalar(
                        "update attempt set streams = streams + 1, last_seen_ms = $2, session = $3 where id = $1 returning streams",
                    )
                    .bind(&page.attempt_id)
                    .bind(page.at_ms)
                    .bind(&page.session)
                    .fetch_one(&mut *$tx)
                    .await?;
                    sqlx::query("insert into page_opening (attempt_id, stream, session, agent, at_ms) values ($1, $2, $3, $4, $5)")
                        .bind(&page.attempt_id)
                        .bind(stream)
                        .bind(&page.session)
                        .bind(&page.agent)
                        .bind(page.at_ms)
                        .execute(&mut *$tx)
                        .await?;
                    Some($crate::supervision::Opening::Stream(stream))
                }
            }
        }
    }};
}
pub(crate) use open_page;

/// A page as recorded.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct PageLine {
    /// Sheet.
    pub attempt_id: String,
    /// Stream.
    pub stream: i64,
    /// Hash of its sign-in session.
    pub session: String,
    /// What the browser said it is.
    pub agent: String,
    /// When.
    pub at_ms: i64,
}

/// A message to candidates.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Message {
    /// UUIDv7.
    pub id: String,
    /// Section.
    pub section_id: String,
    /// A site; all where there is none, nor a sheet.
    pub site_id: Option<String>,
    /// A room of it.
    pub room: Option<String>,
    /// One sheet.
    pub attempt_id: Option<String>,
    /// What is said.
    pub body: String,
    /// When.
    pub at_ms: i64,
}

impl Store {
    /// Settings of the day.
    pub async fn day_settings(&self, exam_id: &str) -> StoreResult<Option<DaySettings>> {
        let sql = "select approval_minutes, second_machine from exam where id = $1";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(exam_id).fetch_optional(pool).await?))
    }

    /// Changes the settings of the day.
    pub async fn set_day_settings(&self, exam_id: &str, day: &DaySettings, event: &NewEvent) -> StoreResult<()> {
        write!(self, tx => {
            sqlx::query("update exam set approval_minutes = $2, second_machine = $3, live = live + 1 where id = $1")
                .bind(exam_id).bind(day.approval_minutes).bind(&day.second_machine).execute(&mut *tx).await?;
            insert_event!(tx, event);
        });
        Ok(())
    }

    /// Which supervisors are limited to which sites: (person, site).
    pub async fn supervisor_sites(&self, exam_id: &str) -> StoreResult<Vec<(String, String)>> {
        let sql = "select person_id, site_id from supervisor_site where exam_id = $1 order by person_id, site_id";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(exam_id).fetch_all(pool).await?))
    }

    /// Limits a supervisor to sites; with none, they see all again.
    pub async fn set_supervisor_sites(
        &self,
        exam_id: &str,
        person_id: &str,
        sites: &[String],
        event: &NewEvent,
    ) -> StoreResult<()> {
        write!(self, tx => {
            sqlx::query("delete from supervisor_site where exam_id = $1 and person_id = $2")
                .bind(exam_id).bind(person_id).execute(&mut *tx).await?;
            for site in sites {
                sqlx::query("insert into supervisor_site (exam_id, person_id, site_id) values ($1, $2, $3)")
                    .bind(exam_id).bind(person_id).bind(site).execute(&mut *tx).await?;
            }
            bump_live!(tx, exam_id, None::<&str>);
            insert_event!(tx, event);
        });
        Ok(())
    }

    /// Ends one of the two sessions seen on a sheet, `ended`, and leaves it to the other; [`StoreError::Conflict`]
    /// if they are no longer those two.
    pub async fn settle_rival(&self, attempt_id: &str, kept: &str, ended: &str, event: &NewEvent) -> StoreResult<()> {
        write!(self, tx => {
            let exam_id: Option<String> = sqlx::query_scalar(
                "update attempt set session = $2, rival = '' where id = $1 \
                 and ((session = $2 and rival = $3) or (session = $3 and rival = $2)) returning exam_id")
                .bind(attempt_id).bind(kept).bind(ended).fetch_optional(&mut *tx).await?;
            let Some(exam_id) = exam_id else { return Err(StoreError::Conflict) };
            sqlx::query("delete from login_session where token_hash = $1").bind(ended).execute(&mut *tx).await?;
            bump_live!(tx, &exam_id, Some(attempt_id));
            insert_event!(tx, event);
        });
        Ok(())
    }

    /// Frees a sheet: the next page opened on it answers, from whichever machine.
    pub async fn unlock_attempt(&self, attempt_id: &str, event: &NewEvent) -> StoreResult<()> {
        write!(self, tx => {
            let exam_id: Option<String> =
                sqlx::query_scalar("update attempt set session = '', rival = '' where id = $1 returning exam_id")
                    .bind(attempt_id).fetch_optional(&mut *tx).await?;
            let Some(exam_id) = exam_id else { return Err(StoreError::MissingReference) };
            bump_live!(tx, &exam_id, Some(attempt_id));
            insert_event!(tx, event);
        });
        Ok(())
    }

    /// Pages opened in an exam, by sheet and stream.
    pub async fn page_openings(&self, exam_id: &str) -> StoreResult<Vec<PageLine>> {
        let sql = "select o.attempt_id, o.stream, o.session, o.agent, o.at_ms from page_opening o join attempt a on a.id = o.attempt_id \
                   where a.exam_id = $1 order by o.attempt_id, o.stream";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(exam_id).fetch_all(pool).await?))
    }

    /// Makes a one-time code for a candidate; those made before and not used stop working.
    pub async fn add_move_code(
        &self,
        code_hash: &str,
        exam_id: &str,
        person_id: &str,
        expires_ms: i64,
        event: &NewEvent,
    ) -> StoreResult<()> {
        write!(self, tx => {
            sqlx::query("delete from move_code where person_id = $1 and used_ms is null").bind(person_id).execute(&mut *tx).await?;
            sqlx::query("insert into move_code (code_hash, exam_id, person_id, author_id, created_ms, expires_ms) values ($1, $2, $3, $4, $5, $6)")
                .bind(code_hash).bind(exam_id).bind(person_id).bind(event.author_id.as_deref().unwrap_or_default())
                .bind(event.at_ms).bind(expires_ms).execute(&mut *tx).await?;
            insert_event!(tx, event);
        });
        Ok(())
    }

    /// The exam of an unused code of this person that has not expired.
    pub async fn move_code(&self, code_hash: &str, person_id: &str, now_ms: i64) -> StoreResult<Option<String>> {
        let sql = "select exam_id from move_code where code_hash = $1 and person_id = $2 and used_ms is null and expires_ms > $3";
        Ok(
            read!(self, pool => sqlx::query_scalar(sql).bind(code_hash).bind(person_id).bind(now_ms).fetch_optional(pool).await?),
        )
    }

    /// Uses a code up: every session of the candidate ends and the sheets of the exam are free for the next
    /// machine. False if it was used, has expired or is somebody else's.
    pub async fn use_move_code(
        &self,
        code_hash: &str,
        exam_id: &str,
        person_id: &str,
        event: &NewEvent,
    ) -> StoreResult<bool> {
        Ok(write!(self, tx => {
            let done = sqlx::query("update move_code set used_ms = $3 where code_hash = $1 and person_id = $2 and used_ms is null and expires_ms > $3")
                .bind(code_hash).bind(person_id).bind(event.at_ms).execute(&mut *tx).await?.rows_affected();
            if done == 1 {
                sqlx::query("delete from login_session where person_id = $1").bind(person_id).execute(&mut *tx).await?;
                let sheets: Vec<String> = sqlx::query_scalar(
                    "update attempt set session = '', rival = '' where exam_id = $1 and person_id = $2 returning id")
                    .bind(exam_id).bind(person_id).fetch_all(&mut *tx).await?;
                for sheet in &sheets {
                    bump_live!(tx, exam_id, Some(sheet));
                }
                insert_event!(tx, event);
            }
            done == 1
        }))
    }

    /// Says something to candidates.
    pub async fn add_message(&self, exam_id: &str, message: &Message, event: &NewEvent) -> StoreResult<()> {
        write!(self, tx => {
            sqlx::query("insert into room_message (id, exam_id, section_id, site_id, room, attempt_id, body, author_id, at_ms) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
                .bind(&message.id).bind(exam_id).bind(&message.section_id).bind(&message.site_id).bind(&message.room)
                .bind(&message.attempt_id).bind(&message.body).bind(&event.author_id).bind(message.at_ms).execute(&mut *tx).await?;
            bump_live!(tx, exam_id, None::<&str>);
            insert_event!(tx, event);
        });
        Ok(())
    }

    /// Messages of an exam, in order.
    pub async fn messages(&self, exam_id: &str) -> StoreResult<Vec<Message>> {
        let sql = "select id, section_id, site_id, room, attempt_id, body, at_ms from room_message where exam_id = $1 order by at_ms, id";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(exam_id).fetch_all(pool).await?))
    }
}
