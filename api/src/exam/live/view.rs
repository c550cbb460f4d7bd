//! A candidate's clock as it is sent.

use docimo_engine::attempt::{Phase, Times};
use docimo_engine::deadline::stops::Cause;
use docimo_store::delivery::Attempt;
use docimo_store::supervision::Message;
use serde::Serialize;
use utoipa::ToSchema;

/// A candidate's clock. Instants are ms since 1970 UTC by the server.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Clock {
    /// Now.
    pub now_ms: i64,
    /// When time began.
    pub starts_ms: Option<i64>,
    /// When it ends; while the clock stands still, as if it ran again at once.
    pub deadline_ms: Option<i64>,
    /// The section's duration.
    pub duration_ms: i64,
    /// Extra time by right.
    pub accommodation_ms: i64,
    /// Extra time granted.
    pub extension_ms: i64,
    /// Extra time for an incident.
    pub compensation_ms: i64,
    /// How long the clock has stood still.
    pub stopped_ms: i64,
    /// What stops the candidate now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop: Option<StopView>,
    /// Breaks by right, where there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breaks: Option<BreaksView>,
}

/// Something that lasts, and during which the screen is blank.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct StopView {
    /// pause, alarm or break.
    pub cause: String,
    /// Since when.
    pub since_ms: i64,
    /// Until when the clock stands still if nothing else is decided: the end of the right to breaks, which may
    /// be past. Absent: until it is lifted.
    pub still_until_ms: Option<i64>,
}

/// Breaks with the clock stopped.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct BreaksView {
    /// How many by right; 0: as many as the minutes allow.
    pub count: u32,
    /// Begun so far.
    pub taken: u32,
    /// By right, ms.
    pub total_ms: i64,
    /// Used, ms.
    pub used_ms: i64,
}

impl Clock {
    /// As it is at `now_ms`.
    pub fn of(times: &Times, now_ms: i64) -> Self {
        let (allowance, reading) = (times.allowance, times.reading(now_ms));
        let read = reading.unwrap_or_default();
        let left_ms = times.breaks.total_ms() - read.break_used_ms;
        let stop = times.lasting(now_ms).map(|stop| StopView {
            cause: stop.cause.name().to_owned(),
            since_ms: stop.from_ms,
            still_until_ms: match (stop.cause, read.still_since_ms) {
                (Cause::Break, Some(_)) => Some(now_ms + left_ms),
                (Cause::Break, None) => Some(now_ms.min(stop.from_ms + left_ms)),
                (Cause::Pause | Cause::Alarm, _) => None,
            },
        });
        Self {
            now_ms,
            starts_ms: times.started_ms,
            deadline_ms: times.deadline_ms(now_ms),
            duration_ms: allowance.duration_ms,
            accommodation_ms: allowance.accommodation_ms,
            extension_ms: allowance.extension_ms,
            compensation_ms: allowance.compensation_ms,
            stopped_ms: read.stopped_ms,
            stop,
            breaks: (times.breaks.minutes > 0).then(|| BreaksView {
                count: times.breaks.count,
                taken: read.breaks_taken,
                total_ms: times.breaks.total_ms(),
                used_ms: read.break_used_ms,
            }),
        }
    }
}

/// A clock with the state of the sheet.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ClockView {
    /// waiting, ready, running, handed_in or closed.
    pub state: String,
    /// The clock.
    pub clock: Clock,
    /// Pages opened so far: a page whose stream is smaller has been left for another.
    pub streams: i64,
    /// What those in charge last said to this candidate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<MessageView>,
}

/// A message from those in charge.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct MessageView {
    /// Which.
    pub id: String,
    /// When, ms UTC.
    pub at_ms: i64,
    /// What is said, plain text.
    pub text: String,
}

impl ClockView {
    /// Of a sheet for a section of `duration_minutes`.
    pub fn of(attempt: &Attempt, duration_minutes: u32, message: Option<&Message>, now_ms: i64) -> Self {
        let times = attempt.times(duration_minutes);
        Self {
            state: phase_name(times.phase(now_ms)).to_owned(),
            clock: Clock::of(&times, now_ms),
            streams: attempt.streams,
            message: message.map(|m| MessageView { id: m.id.clone(), at_ms: m.at_ms, text: m.body.clone() }),
        }
    }
}

/// Is the message for this sheet?
pub fn is_for(message: &Message, attempt: &Attempt) -> bool {
    message.section_id == attempt.section_id
        && message.attempt_id.as_ref().is_none_or(|id| *id == attempt.id)
        && message.site_id.as_ref().is_none_or(|id| *id == attempt.site_id)
        && message.room.as_ref().is_none_or(|room| *room == attempt.room)
}

/// The word sent.
pub fn phase_name(phase: Phase) -> &'static str {
    match phase {
        Phase::Waiting => "waiting",
        Phase::Ready => "ready",
        Phase::Running => "running",
        Phase::HandedIn => "handed_in",
        Phase::Closed => "closed",
    }
}
