//! Sheets (*copies*) and the time they have.

use crate::Store;
use crate::db::read;
use crate::error::{StoreError, StoreResult, from_json};
use docimo_engine::Exact;
use docimo_engine::attempt::{Act, Step, Times, Verdict};
use docimo_engine::deadline::stops::{BreakRight, Stop};
use docimo_engine::deadline::{Accommodation, TimeAllowance};

/// A sheet with everything its clock depends on.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct Attempt {
    /// UUIDv7.
    pub id: String,
    /// Exam.
    pub exam_id: String,
    /// Site where it is sat.
    pub site_id: String,
    /// Candidate's account.
    pub person_id: String,
    /// Section.
    pub section_id: String,
    /// Seed of the orders drawn for this candidate.
    pub seed: i64,
    /// When the candidate's own time began.
    pub started_ms: Option<i64>,
    /// When it was handed in.
    pub handed_in_ms: Option<i64>,
    /// Time granted to this candidate.
    pub extension_ms: i64,
    /// Time given back to this candidate for an incident.
    pub compensation_ms: i64,
    /// Streams opened so far.
    pub streams: i64,
    /// Last act received.
    pub last_seen_ms: Option<i64>,
    /// From the exam: common or individual.
    pub start_mode: String,
    /// From the exam.
    pub grace_ms: i64,
    /// From the exam: draft, frozen, open, closed, marked or published.
    pub exam_state: String,
    /// From the sitting.
    pub opened_ms: Option<i64>,
    /// From the sitting.
    pub closed_ms: Option<i64>,
    /// From the sitting: time given back to everyone there.
    pub site_compensation_ms: i64,
    /// From the candidate.
    pub number: String,
    /// From the candidate.
    pub factor: String,
    /// From the candidate.
    pub extra_minutes: i64,
    /// From the candidate: breaks by right, 0 for any number.
    pub break_count: i64,
    /// From the candidate: minutes of breaks in all.
    pub break_minutes: i64,
    /// Room, as it was when the sheet was opened.
    pub room: String,
    /// Time given back to everyone of the room.
    pub room_compensation_ms: i64,
    /// Stops of this sheet's own clock, JSON.
    pub stops: String,
    /// Stops of the room's clock, JSON.
    pub room_stops: String,
    /// Stops of the site's clock, JSON.
    pub site_stops: String,
    /// Hash of the sign-in session whose page answers.
    pub session: String,
    /// Hash of another session seen on this sheet, until someone decides.
    pub rival: String,
    /// Is that other one the newer? 0 or 1.
    pub rival_newer: i64,
    /// The exam's `live` when someone in charge last changed this sheet.
    pub changed: i64,
}

/// Is an exam in that state marked?
pub(crate) fn is_marked(exam_state: &str) -> bool {
    matches!(exam_state, "marked" | "published")
}

/// Reads a list of stops as it is stored.
pub fn read_stops(json: &str) -> Vec<Stop> {
    // Nearly always; and written by us alone, so that what cannot be read is no stop.
    if json == "[]" { Vec::new() } else { serde_json::from_str(json).unwrap_or_default() }
}

/// What is read of a sheet, and from where: in pieces, since a batch of saves reads more at once.
macro_rules! attempt_columns {
    () => {
        "a.id, a.exam_id, a.site_id, a.person_id, a.section_id, a.seed, a.started_ms, \
         a.handed_in_ms, a.extension_ms, a.compensation_ms, a.streams, a.last_seen_ms, e.start_mode, e.grace_ms, \
         e.state as exam_state, t.opened_ms, t.closed_ms, coalesce(t.compensation_ms, 0) as site_compensation_ms, \
         c.number, c.factor, c.extra_minutes, c.break_count, c.break_minutes, a.room, \
         coalesce(r.compensation_ms, 0) as room_compensation_ms, a.stops, coalesce(r.stops, '[]') as room_stops, \
         coalesce(t.stops, '[]') as site_stops, a.session, a.rival, a.rival_newer, a.changed"
    };
}
macro_rules! attempt_joins {
    () => {
        "join exam e on e.id = a.exam_id \
         join candidate c on c.exam_id = a.exam_id and c.person_id = a.person_id \
         left join sitting t on t.exam_id = a.exam_id and t.site_id = a.site_id and t.section_id = a.section_id \
         left join room_clock r on r.exam_id = a.exam_id and r.site_id = a.site_id and r.section_id = a.section_id \
         and r.room = a.room"
    };
}
pub(crate) const ATTEMPT: &str = concat!("select ", attempt_columns!(), " from attempt a ", attempt_joins!());
/// The same with the version of what someone in charge decides, for SQLite's `asked (id)`. The order of the tables is
/// that of the text: it would otherwise go through every sheet.
pub(crate) const ASKED_ATTEMPTS: &str = concat!(
    "select e.live, ",
    attempt_columns!(),
    " from asked v cross join attempt a ",
    attempt_joins!(),
    " where a.id = v.id"
);
/// The same for a list, for PostgreSQL.
pub(crate) const THESE_ATTEMPTS: &str =
    concat!("select e.live, ", attempt_columns!(), " from attempt a ", attempt_joins!(), " where a.id = any($1)");

impl Attempt {
    /// The four parts of this candidate's time for a section of `duration_minutes`.
    pub fn allowance(&self, duration_minutes: u32) -> TimeAllowance {
        let accommodation = Accommodation {
            factor: self.factor.parse().unwrap_or(Exact::ONE),
            extra_minutes: u32::try_from(self.extra_minutes).unwrap_or(0),
            reference: String::new(),
        };
        TimeAllowance::new(
            duration_minutes,
            &accommodation,
            self.extension_ms,
            self.compensation_ms + self.room_compensation_ms + self.site_compensation_ms,
        )
    }

    /// Has this sheet's paper possibly been seen: is time its own, or was its site opened with a page there?
    pub fn is_begun(&self) -> bool {
        self.started_ms.is_some() || (self.start_mode == "common" && self.streams > 0 && self.opened_ms.is_some())
    }

    /// Did this candidate come: started, or heard of since their site was opened? A page opens its stream in the
    /// waiting room, so that a stream alone tells nothing.
    pub fn came(&self) -> bool {
        let heard = |opened: i64| self.last_seen_ms.is_some_and(|seen| seen >= opened);
        let common = self.start_mode == "common" && self.streams > 0;
        self.started_ms.is_some() || (common && self.opened_ms.is_some_and(heard))
    }

    /// Has the exam been marked? Nothing that arrives from then on can count.
    pub fn is_marked(&self) -> bool {
        is_marked(&self.exam_state)
    }

    /// The clock facts of this sheet. With a common start, time runs from the opening of the site.
    pub fn times(&self, duration_minutes: u32) -> Times {
        let started_ms = if self.start_mode == "common" { self.opened_ms } else { self.started_ms };
        Times {
            opened_ms: self.opened_ms,
            closed_ms: self.closed_ms,
            started_ms,
            handed_in_ms: self.handed_in_ms,
            allowance: self.allowance(duration_minutes),
            stops: [&self.site_stops, &self.room_stops, &self.stops].into_iter().flat_map(|s| read_stops(s)).collect(),
            breaks: self.breaks(),
        }
    }

    /// Breaks with the clock stopped, by right.
    pub fn breaks(&self) -> BreakRight {
        let whole = |n: i64| u32::try_from(n).unwrap_or(0);
        BreakRight { count: whole(self.break_count), minutes: whole(self.break_minutes) }
    }
}

/// Extra time given by someone.
#[derive(Clone, Debug)]
pub struct TimeGrant {
    /// UUIDv7.
    pub id: String,
    /// Exam.
    pub exam_id: String,
    /// Section.
    pub section_id: String,
    /// To whom.
    pub to: GrantTo,
    /// Is it compensation of an incident? Otherwise an extension.
    pub compensation: bool,
    /// How much.
    pub ms: i64,
    /// Why.
    pub reason: String,
    /// Does it wait for the committee? Then no clock moves yet.
    pub pending: bool,
}

/// Who gets extra time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GrantTo {
    /// One sheet.
    Attempt(String),
    /// Everyone of a room; compensation only.
    Room {
        /// Where.
        site: String,
        /// Which room.
        room: String,
    },
    /// Everyone at a site; compensation only.
    Site(String),
}

/// A grant as recorded.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct GrantLine {
    /// UUIDv7.
    pub id: String,
    /// Section.
    pub section_id: String,
    /// Sheet, for a person.
    pub attempt_id: Option<String>,
    /// Site, unless it is for a person.
    pub site_id: Option<String>,
    /// Site of the person or of the room, or the site itself.
    pub where_id: Option<String>,
    /// Room, if it is for a room.
    pub room: Option<String>,
    /// Candidate number, for a person.
    pub number: Option<String>,
    /// Site name, for a site.
    pub site_name: Option<String>,
    /// extension or compensation.
    pub kind: String,
    /// How much.
    pub ms: i64,
    /// Why.
    pub reason: String,
    /// By whom.
    pub author_name: String,
    /// When.
    pub at_ms: i64,
    /// given, pending or refused.
    pub status: String,
    /// Who approved or refused it.
    pub decided_name: Option<String>,
    /// When.
    pub decided_ms: Option<i64>,
}

/// A stored step, before its JSON is read.
#[derive(sqlx::FromRow)]
pub(crate) struct StepRow {
    pub attempt_id: String,
    pub stream: i64,
    pub seq: i64,
    pub position: i64,
    pub server_ms: i64,
    pub verdict: String,
    pub act: String,
}

/// The steps of a sheet, in order of arrival.
pub(crate) const STEPS: &str = "select attempt_id, stream, seq, position, server_ms, verdict, act from step \
    where exam_id = $1 and attempt_id = $2 order by position";

pub(crate) fn read_steps(rows: Vec<StepRow>) -> StoreResult<Vec<Step>> {
    rows.into_iter().map(|row| row.step().map(|(_, step)| step)).collect()
}

impl StepRow {
    fn step(self) -> StoreResult<(String, Step)> {
        let act: Act = from_json("step", &self.act)?;
        let verdict = Verdict::from_name(&self.verdict)
            .ok_or(StoreError::Unreadable { what: "verdict", why: self.verdict.clone() })?;
        let step = Step {
            stream: self.stream as u32,
            seq: self.seq as u32,
            position: self.position as u32,
            server_ms: self.server_ms,
            verdict,
            act,
        };
        Ok((self.attempt_id, step))
    }
}

/// Takes the sheets of a section, or one of them, before a change of its clock: a save under way ends first,
/// and the next one sees the change. In the order of the writers' batches, so that neither waits for the
/// other for ever. On SQLite a write transaction is alone anyway.
macro_rules! take_sheets {
    ($store:expr, $tx:ident, $exam_id:expr, $section:expr, $attempt:expr) => {{
        let attempt: Option<&str> = $attempt;
        if matches!($store.db, $crate::db::Db::Postgres(_)) {
            sqlx::query(
                "select id from attempt where exam_id = $1 and section_id = $2 and id = coalesce(cast($3 as text), id) \
                 order by id for update",
            )
            .bind($exam_id)
            .bind($section.id.as_str())
            .bind(attempt)
            .execute(&mut *$tx)
            .await?;
        }
    }};
}
pub(crate) use take_sheets;

/// Judges again the late acts of a section's sheets, or of one of them, by the deadlines they now have. The
/// acts do not change; what was decided is recorded as a step of the server's own stream.
macro_rules! rejudge_late {
    ($tx:ident, $exam_id:expr, $section:expr, $attempt:expr, $event:expr) => {{
        let (exam_id, section, event): (&str, &docimo_engine::paper::Section, &$crate::exams::NewEvent) =
            ($exam_id, $section, $event);
        let only: Option<&str> = $attempt;
        let late: Vec<String> = sqlx::query_scalar(
            "select distinct s.attempt_id from step s join attempt a on a.id = s.attempt_id \
             where s.exam_id = $1 and a.section_id = $2 and s.verdict = 'late' \
             and a.id = coalesce(cast($3 as text), a.id) order by s.attempt_id",
        )
        .bind(exam_id)
        .bind(section.id.as_str())
        .bind(only)
        .fetch_all(&mut *$tx)
        .await?;
        for attempt_id in late {
            // Takes the sheet's row, as a save does, before its steps are read.
            let position: i64 = sqlx::query_scalar(
                "update attempt set last_position = last_position + 1 where id = $1 returning last_position",
            )
            .bind(&attempt_id)
            .fetch_one(&mut *$tx)
            .await?;
            let sql = sqlx::AssertSqlSafe(format!("{} where a.id = $1", $crate::delivery::ATTEMPT));
            let attempt: $crate::delivery::Attempt = sqlx::query_as(sql).bind(&attempt_id).fetch_one(&mut *$tx).await?;
            let rows: Vec<$crate::delivery::StepRow> =
                sqlx::query_as($crate::delivery::STEPS).bind(exam_id).bind(&attempt_id).fetch_all(&mut *$tx).await?;
            let steps = $crate::delivery::read_steps(rows)?;
            let times = attempt.times(section.duration_minutes);
            let limits = docimo_engine::attempt::Limits {
                deadline_ms: times.deadline_ms(event.at_ms).unwrap_or(i64::MIN),
                grace_ms: attempt.grace_ms,
            };
            let changed = docimo_engine::attempt::rejudge(section, limits, &steps);
            if changed.is_empty() {
                continue;
            }
            for ((stream, seq), verdict) in &changed {
                sqlx::query(
                    "update step set verdict = $5 where exam_id = $1 and attempt_id = $2 and stream = $3 and seq = $4",
                )
                .bind(exam_id)
                .bind(&attempt_id)
                .bind(i64::from(*stream))
                .bind(i64::from(*seq))
                .bind(verdict.name())
                .execute(&mut *$tx)
                .await?;
            }
            let act = docimo_engine::attempt::Act::Rejudge { steps: changed.len() as u32 };
            $crate::journal::server_step!(
                $tx,
                exam_id,
                &attempt_id,
                position,
                event.at_ms,
                &act,
                event.author_id.as_deref().unwrap_or_default()
            );
        }
    }};
}
pub(crate) use rejudge_late;

impl Store {
    /// The sheet of a candidate for a section, if they have entered.
    pub async fn known_attempt(&self, exam_id: &str, person_id: &str, section_id: &str) -> StoreResult<Option<String>> {
        let sql = "select id from attempt where exam_id = $1 and person_id = $2 and section_id = $3";
        Ok(read!(self, pool => sqlx::query_scalar(sql)
            .bind(exam_id).bind(person_id).bind(section_id).fetch_optional(pool).await?))
    }

    /// One sheet.
    pub async fn attempt(&self, id: &str) -> StoreResult<Option<Attempt>> {
        let sql = sqlx::AssertSqlSafe(format!("{ATTEMPT} where a.id = $1"));
        Ok(read!(self, pool => sqlx::query_as(sql).bind(id).fetch_optional(pool).await?))
    }

    /// Every sheet of an exam.
    pub async fn attempts(&self, exam_id: &str) -> StoreResult<Vec<Attempt>> {
        let sql = sqlx::AssertSqlSafe(format!("{ATTEMPT} where a.exam_id = $1"));
        Ok(read!(self, pool => sqlx::query_as(sql).bind(exam_id).fetch_all(pool).await?))
    }

    /// Every sheet of one candidate in an exam.
    pub async fn attempts_of(&self, exam_id: &str, person_id: &str) -> StoreResult<Vec<Attempt>> {
        let sql = sqlx::AssertSqlSafe(format!("{ATTEMPT} where a.exam_id = $1 and a.person_id = $2"));
        Ok(read!(self, pool => sqlx::query_as(sql).bind(exam_id).bind(person_id).fetch_all(pool).await?))
    }

    /// The journal of one sheet, in order of arrival.
    pub async fn steps(&self, exam_id: &str, attempt_id: &str) -> StoreResult<Vec<Step>> {
        let rows: Vec<StepRow> =
            read!(self, pool => sqlx::query_as(STEPS).bind(exam_id).bind(attempt_id).fetch_all(pool).await?);
        read_steps(rows)
    }

    /// Every step of an exam that may count in a mark, with its sheet, sheet by sheet. Views and flags
    /// are left out.
    pub async fn answer_steps(&self, exam_id: &str) -> StoreResult<Vec<(String, Step)>> {
        let sql = "select attempt_id, stream, seq, position, server_ms, verdict, act from step \
                   where exam_id = $1 and kind = 'answer' and verdict in ('counted', 'late') order by attempt_id, stream, seq";
        let rows: Vec<StepRow> = read!(self, pool => sqlx::query_as(sql).bind(exam_id).fetch_all(pool).await?);
        rows.into_iter().map(StepRow::step).collect()
    }

    /// How many questions of each sheet have an answer in the journal (blank ones included).
    pub async fn answered_counts(&self, exam_id: &str, section_id: &str) -> StoreResult<Vec<(String, i64)>> {
        let sql = "select s.attempt_id, count(distinct s.question_id) from step s join attempt a on a.id = s.attempt_id \
                   where s.exam_id = $1 and a.section_id = $2 and s.kind = 'answer' and s.verdict = 'counted' group by s.attempt_id";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(exam_id).bind(section_id).fetch_all(pool).await?))
    }

    /// How many answers of each sheet came late: what the jury has to look at.
    pub async fn late_counts(&self, exam_id: &str) -> StoreResult<Vec<(String, i64)>> {
        self.answers_that_were(exam_id, Verdict::Late).await
    }

    /// How many answers of each sheet came after the marking, and count for nothing.
    pub async fn after_marking_counts(&self, exam_id: &str) -> StoreResult<Vec<(String, i64)>> {
        self.answers_that_were(exam_id, Verdict::AfterMarking).await
    }

    async fn answers_that_were(&self, exam_id: &str, verdict: Verdict) -> StoreResult<Vec<(String, i64)>> {
        let sql = "select attempt_id, count(*) from step where exam_id = $1 and kind = 'answer' and verdict = $2 group by attempt_id";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(exam_id).bind(verdict.name()).fetch_all(pool).await?))
    }
}
