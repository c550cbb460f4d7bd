//! What someone in charge does to clocks: extra time, with its approval, and stops. Each is a row with its
//! author and reason; the sums and lists that a clock is read from follow in the same transaction.

use crate::Store;
use crate::db::{read, write};
use crate::delivery::{GrantLine, GrantTo, TimeGrant, rejudge_late, take_sheets};
use crate::error::{StoreError, StoreResult, to_json};
use crate::exams::{NewEvent, insert_event};
use crate::live::bump_live;
use docimo_engine::deadline::stops::{Cause, Stop};
use docimo_engine::paper::Section;

/// Whose clock.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// Site.
    pub site: String,
    /// A room there, and not the whole site.
    pub room: Option<String>,
    /// One sheet, and nobody else's.
    pub attempt: Option<String>,
}

impl Place {
    /// A whole site.
    pub fn site(site: &str) -> Self {
        Self { site: site.to_owned(), room: None, attempt: None }
    }
}

/// A stop as recorded.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct StopLine {
    /// UUIDv7.
    pub id: String,
    /// Section.
    pub section_id: String,
    /// Site.
    pub site_id: String,
    /// Room, if not the whole site.
    pub room: Option<String>,
    /// Sheet, if it is one candidate's.
    pub attempt_id: Option<String>,
    /// pause, alarm or break.
    pub cause: String,
    /// When it began.
    pub from_ms: i64,
    /// When it ended.
    pub to_ms: Option<i64>,
    /// Why.
    pub reason: String,
    /// By whom; absent for a candidate's own break.
    pub author_name: Option<String>,
    /// Who ended it.
    pub ended_name: Option<String>,
}

/// Adds to what a clock is read from.
macro_rules! apply_grant {
    ($tx:ident, $exam_id:expr, $section:expr, $to:expr, $compensation:expr, $ms:expr) => {{
        let (exam_id, section, ms): (&str, &Section, i64) = ($exam_id, $section, $ms);
        let done = match $to {
            GrantTo::Attempt(id) => {
                let sql = if $compensation {
                    "update attempt set compensation_ms = compensation_ms + $2 where id = $1"
                } else {
                    "update attempt set extension_ms = extension_ms + $2 where id = $1"
                };
                sqlx::query(sql).bind(id).bind(ms).execute(&mut *$tx).await?.rows_affected()
            }
            GrantTo::Room { site, room } => {
                sqlx::query(
                    "insert into room_clock (exam_id, site_id, section_id, room, compensation_ms) \
                     select exam_id, site_id, section_id, $4, $5 from sitting \
                     where exam_id = $1 and site_id = $2 and section_id = $3 \
                     on conflict (exam_id, site_id, section_id, room) do update \
                     set compensation_ms = room_clock.compensation_ms + excluded.compensation_ms",
                )
                .bind(exam_id)
                .bind(site)
                .bind(section.id.as_str())
                .bind(room)
                .bind(ms)
                .execute(&mut *$tx)
                .await?
                .rows_affected()
            }
            GrantTo::Site(id) => {
                sqlx::query("update sitting set compensation_ms = compensation_ms + $4 where exam_id = $1 and site_id = $2 and section_id = $3")
                    .bind(exam_id)
                    .bind(id)
                    .bind(section.id.as_str())
                    .bind(ms)
                    .execute(&mut *$tx)
                    .await?
                    .rows_affected()
            }
        };
        if done != 1 {
            return Err(StoreError::Conflict);
        }
    }};
}

/// Writes again the list of stops that the clock of a place is read from.
macro_rules! refresh_stops {
    ($tx:ident, $exam_id:expr, $section_id:expr, $place:expr) => {{
        let (exam_id, section_id, place): (&str, &str, &Place) = ($exam_id, $section_id, $place);
        let rows: Vec<(i64, Option<i64>, String)> = sqlx::query_as(
            "select from_ms, to_ms, cause from clock_stop where exam_id = $1 and section_id = $2 and site_id = $3 \
             and coalesce(room, '') = $4 and coalesce(attempt_id, '') = $5 order by from_ms, id",
        )
        .bind(exam_id)
        .bind(section_id)
        .bind(&place.site)
        .bind(place.room.as_deref().unwrap_or_default())
        .bind(place.attempt.as_deref().unwrap_or_default())
        .fetch_all(&mut *$tx)
        .await?;
        let read = |(from_ms, to_ms, cause): (i64, Option<i64>, String)| {
            Some(Stop { from_ms, to_ms, cause: Cause::from_name(&cause)? })
        };
        let list = to_json("stops", &rows.into_iter().filter_map(read).collect::<Vec<Stop>>())?;
        match (&place.attempt, &place.room) {
            (Some(attempt), _) => {
                sqlx::query("update attempt set stops = $2 where id = $1")
                    .bind(attempt)
                    .bind(&list)
                    .execute(&mut *$tx)
                    .await?
            }
            (None, Some(room)) => {
                sqlx::query(
                    "insert into room_clock (exam_id, site_id, section_id, room, stops) values ($1, $2, $3, $4, $5) \
                     on conflict (exam_id, site_id, section_id, room) do update set stops = excluded.stops",
                )
                .bind(exam_id)
                .bind(&place.site)
                .bind(section_id)
                .bind(room)
                .bind(&list)
                .execute(&mut *$tx)
                .await?
            }
            (None, None) => {
                sqlx::query("update sitting set stops = $4 where exam_id = $1 and site_id = $2 and section_id = $3")
                    .bind(exam_id)
                    .bind(&place.site)
                    .bind(section_id)
                    .bind(&list)
                    .execute(&mut *$tx)
                    .await?
            }
        };
        bump_live!($tx, exam_id, place.attempt.as_deref());
    }};
}

const GRANT: &str = "select g.id, g.section_id, g.attempt_id, g.site_id, coalesce(a.site_id, g.site_id) as where_id, g.room, \
    c.number, s.name as site_name, g.kind, g.ms, g.reason, p.name as author_name, g.at_ms, g.status, d.name as decided_name, \
    g.decided_ms from time_grant g join person p on p.id = g.author_id left join attempt a on a.id = g.attempt_id \
    left join candidate c on c.exam_id = g.exam_id and c.person_id = a.person_id \
    left join site s on s.id = g.site_id left join person d on d.id = g.decided_by";

impl GrantLine {
    /// To whom.
    pub fn to(&self) -> Option<GrantTo> {
        match (&self.attempt_id, &self.site_id, &self.room) {
            (Some(id), _, _) => Some(GrantTo::Attempt(id.clone())),
            (None, Some(site), Some(room)) => Some(GrantTo::Room { site: site.clone(), room: room.clone() }),
            (None, Some(site), None) => Some(GrantTo::Site(site.clone())),
            (None, None, _) => None,
        }
    }
}

impl Store {
    /// Gives extra time, or asks for it where it is pending, and records it. Acts that had arrived late and are
    /// now in time count, in the same transaction.
    pub async fn grant_time(&self, grant: &TimeGrant, section: &Section, event: &NewEvent) -> StoreResult<()> {
        write!(self, tx => {
            let (attempt_id, site_id, room) = match &grant.to {
                GrantTo::Attempt(id) => (Some(id), None, None),
                GrantTo::Room { site, room } => (None, Some(site), Some(room)),
                GrantTo::Site(id) => (None, Some(id), None),
            };
            let only = attempt_id.map(String::as_str);
            take_sheets!(self, tx, &grant.exam_id, section, only);
            let kind = if grant.compensation { "compensation" } else { "extension" };
            let status = if grant.pending { "pending" } else { "given" };
            sqlx::query("insert into time_grant (id, exam_id, section_id, attempt_id, site_id, room, kind, ms, reason, author_id, at_ms, status) \
                         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)")
                .bind(&grant.id).bind(&grant.exam_id).bind(&grant.section_id).bind(attempt_id).bind(site_id).bind(room).bind(kind)
                .bind(grant.ms).bind(&grant.reason).bind(&event.author_id).bind(event.at_ms).bind(status)
                .execute(&mut *tx).await?;
            if !grant.pending {
                apply_grant!(tx, &grant.exam_id, section, &grant.to, grant.compensation, grant.ms);
                rejudge_late!(tx, &grant.exam_id, section, only, event);
            }
            bump_live!(tx, &grant.exam_id, only);
            insert_event!(tx, event);
        });
        Ok(())
    }

    /// Approves or refuses time that was asked for; [`StoreError::Conflict`] if that was done already.
    pub async fn decide_grant(
        &self,
        exam_id: &str,
        grant: &GrantLine,
        approve: bool,
        section: &Section,
        event: &NewEvent,
    ) -> StoreResult<()> {
        let to = grant.to().ok_or(StoreError::Conflict)?;
        write!(self, tx => {
            let only = grant.attempt_id.as_deref();
            take_sheets!(self, tx, exam_id, section, only);
            let status = if approve { "given" } else { "refused" };
            let done = sqlx::query("update time_grant set status = $3, decided_by = $4, decided_ms = $5 where id = $2 and exam_id = $1 and status = 'pending'")
                .bind(exam_id).bind(&grant.id).bind(status).bind(&event.author_id).bind(event.at_ms)
                .execute(&mut *tx).await?.rows_affected();
            if done != 1 {
                return Err(StoreError::Conflict);
            }
            if approve {
                apply_grant!(tx, exam_id, section, &to, grant.kind == "compensation", grant.ms);
                rejudge_late!(tx, exam_id, section, only, event);
            }
            bump_live!(tx, exam_id, only);
            insert_event!(tx, event);
        });
        Ok(())
    }

    /// Extra time given, asked for and refused in an exam, the newest first.
    pub async fn grants(&self, exam_id: &str) -> StoreResult<Vec<GrantLine>> {
        let sql = sqlx::AssertSqlSafe(format!("{GRANT} where g.exam_id = $1 order by g.at_ms desc, g.id desc"));
        Ok(read!(self, pool => sqlx::query_as(sql).bind(exam_id).fetch_all(pool).await?))
    }

    /// Stops the clocks of places from `event.at_ms`, each with the id given; where one of that cause lasts
    /// already, nothing is done. Returns how many stopped.
    pub async fn stop_clocks(
        &self,
        exam_id: &str,
        section: &Section,
        cause: Cause,
        places: &[(String, Place)],
        reason: &str,
        event: &NewEvent,
    ) -> StoreResult<u64> {
        let section_id = section.id.as_str();
        Ok(write!(self, tx => {
            let only = match places {
                [(_, one)] => one.attempt.as_deref(),
                _ => None,
            };
            take_sheets!(self, tx, exam_id, section, only);
            let mut stopped = 0;
            for (id, place) in places {
                let done = sqlx::query(
                    "insert into clock_stop (id, exam_id, section_id, site_id, room, attempt_id, cause, from_ms, reason, author_id) \
                     select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10 where not exists (select 1 from clock_stop k \
                     where k.exam_id = $2 and k.section_id = $3 and k.site_id = $4 and coalesce(k.room, '') = $11 \
                     and coalesce(k.attempt_id, '') = $12 and k.cause = $7 and k.to_ms is null)")
                    .bind(id).bind(exam_id).bind(section_id).bind(&place.site).bind(&place.room).bind(&place.attempt)
                    .bind(cause.name()).bind(event.at_ms).bind(reason).bind(&event.author_id)
                    .bind(place.room.as_deref().unwrap_or_default()).bind(place.attempt.as_deref().unwrap_or_default())
                    .execute(&mut *tx).await?.rows_affected();
                if done == 1 {
                    refresh_stops!(tx, exam_id, section_id, place);
                    stopped += 1;
                }
            }
            if stopped > 0 {
                insert_event!(tx, event);
            }
            stopped
        }))
    }

    /// Lets the clocks of places run again from `event.at_ms`, for a stop of that cause. Returns how many do.
    pub async fn resume_clocks(
        &self,
        exam_id: &str,
        section: &Section,
        cause: Cause,
        places: &[Place],
        event: &NewEvent,
    ) -> StoreResult<u64> {
        let section_id = section.id.as_str();
        Ok(write!(self, tx => {
            let only = match places {
                [one] => one.attempt.as_deref(),
                _ => None,
            };
            take_sheets!(self, tx, exam_id, section, only);
            let mut resumed = 0;
            for place in places {
                // Never before it began, whatever the clocks of two machines say.
                let done = sqlx::query(
                    "update clock_stop set to_ms = case when from_ms > $7 then from_ms else $7 end, ended_by = $8 \
                     where exam_id = $1 and section_id = $2 and site_id = $3 and coalesce(room, '') = $4 \
                     and coalesce(attempt_id, '') = $5 and cause = $6 and to_ms is null")
                    .bind(exam_id).bind(section_id).bind(&place.site).bind(place.room.as_deref().unwrap_or_default())
                    .bind(place.attempt.as_deref().unwrap_or_default()).bind(cause.name()).bind(event.at_ms)
                    .bind(&event.author_id).execute(&mut *tx).await?.rows_affected();
                if done > 0 {
                    refresh_stops!(tx, exam_id, section_id, place);
                    resumed += 1;
                }
            }
            if resumed > 0 {
                insert_event!(tx, event);
            }
            resumed
        }))
    }

    /// Every stop of an exam, in order.
    pub async fn clock_stops(&self, exam_id: &str) -> StoreResult<Vec<StopLine>> {
        let sql = "select k.id, k.section_id, k.site_id, k.room, k.attempt_id, k.cause, k.from_ms, k.to_ms, k.reason, \
                   p.name as author_name, e.name as ended_name from clock_stop k left join person p on p.id = k.author_id \
                   left join person e on e.id = k.ended_by where k.exam_id = $1 order by k.from_ms, k.id";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(exam_id).fetch_all(pool).await?))
    }
}
