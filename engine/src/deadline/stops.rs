//! Intervals during which a candidate's clock stands still: a pause or an alarm of a room or a site, and
//! the candidate's own breaks, where a decision grants some.

use serde::{Deserialize, Serialize};

/// Why a clock stands still.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Someone in charge stopped it.
    Pause,
    /// Everyone leaves.
    Alarm,
    /// The candidate's own break, by right.
    Break,
}

impl Cause {
    /// The word stored and sent.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Alarm => "alarm",
            Self::Break => "break",
        }
    }

    /// Reads a stored word.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Pause, Self::Alarm, Self::Break].into_iter().find(|c| c.name() == name)
    }
}

/// A recorded stop. Instants are ms since 1970 UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Stop {
    /// When it began.
    #[serde(rename = "from")]
    pub from_ms: i64,
    /// When it ended; absent while it lasts.
    #[serde(rename = "to", default, skip_serializing_if = "Option::is_none")]
    pub to_ms: Option<i64>,
    /// Why.
    pub cause: Cause,
}

/// Breaks with the clock stopped, by right.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct BreakRight {
    /// How many; 0: as many as the minutes allow.
    pub count: u32,
    /// Minutes in all; 0: no such right.
    pub minutes: u32,
}

impl BreakRight {
    /// All of it, ms.
    pub fn total_ms(self) -> i64 {
        i64::from(self.minutes) * 60_000
    }
}

/// A clock, read at an instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Reading {
    /// When time ends: while the clock stands still, as if it ran again at once.
    pub deadline_ms: i64,
    /// How long it has stood still, ms.
    pub stopped_ms: i64,
    /// Since when it stands still, if it does.
    pub still_since_ms: Option<i64>,
    /// Own breaks begun.
    pub breaks_taken: u32,
    /// Own breaks: how much of the right is used, ms.
    pub break_used_ms: i64,
}

/// Reads the clock of who began at `started_ms` and has `total_ms`, at `now_ms`. The order of `stops` does
/// not matter; where several overlap, the time counts once. An own break uses the right only where nothing
/// else stops the clock; beyond the right, time runs. A stop that begins after the end gives nothing.
pub fn read(started_ms: i64, total_ms: i64, stops: &[Stop], right: BreakRight, now_ms: i64) -> Reading {
    let clip = |s: &Stop| {
        let from = s.from_ms.max(started_ms);
        let to = s.to_ms.unwrap_or(now_ms.max(s.from_ms)).max(from);
        Span { from, to, open: s.to_ms.is_none() }
    };
    let of = |own: bool| {
        let chosen = stops.iter().filter(|s| (s.cause == Cause::Break) == own);
        let mut spans: Vec<Span> = chosen.map(clip).filter(|s| s.open || s.length() > 0).collect();
        spans.sort_unstable();
        spans
    };
    let others = union(of(false));
    let own = of(true);
    let (mut left_ms, mut counted) = (right.total_ms(), Vec::new());
    let mut breaks_taken = 0;
    for span in union(own) {
        breaks_taken += 1;
        if right.count > 0 && breaks_taken > right.count {
            continue;
        }
        for part in without(span, &others) {
            let taken = part.length().min(left_ms);
            left_ms -= taken;
            if taken > 0 || (part.open && left_ms > 0) {
                // Cut short by the end of the right, it no longer holds the clock.
                let open = part.open && left_ms > 0;
                counted.push(Span { to: part.from + taken, open, ..part });
            }
        }
    }
    counted.extend(others);
    counted.sort_unstable();
    let mut reading = Reading {
        deadline_ms: started_ms.saturating_add(total_ms),
        breaks_taken,
        break_used_ms: right.total_ms() - left_ms,
        ..Reading::default()
    };
    for span in union(counted) {
        if span.from >= reading.deadline_ms {
            break;
        }
        reading.deadline_ms = reading.deadline_ms.saturating_add(span.length());
        reading.stopped_ms += span.length();
        if span.open {
            reading.still_since_ms = Some(span.from);
        }
    }
    reading
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Span {
    from: i64,
    to: i64,
    open: bool,
}

impl Span {
    fn length(self) -> i64 {
        self.to - self.from
    }
}

/// Spans in order, those that touch made one.
fn union(sorted: Vec<Span>) -> Vec<Span> {
    let mut joined: Vec<Span> = Vec::with_capacity(sorted.len());
    for span in sorted {
        match joined.last_mut() {
            Some(last) if span.from <= last.to => {
                last.open |= span.open;
                last.to = last.to.max(span.to);
            }
            _ => joined.push(span),
        }
    }
    joined
}

/// What of a span no other covers. `others` are in order and apart.
fn without(span: Span, others: &[Span]) -> Vec<Span> {
    let (mut parts, mut from) = (Vec::new(), span.from);
    for other in others.iter().filter(|o| o.to > span.from && o.from < span.to) {
        if other.from > from {
            parts.push(Span { from, to: other.from, open: false });
        }
        from = from.max(other.to);
    }
    if from < span.to || (from == span.to && span.open) {
        parts.push(Span { from, ..span });
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MIN: i64 = 60_000;

    fn stop(from: i64, to: Option<i64>, cause: Cause) -> Stop {
        Stop { from_ms: from, to_ms: to, cause }
    }

    fn deadline(stops: &[Stop], right: BreakRight, now: i64) -> i64 {
        read(0, 100 * MIN, stops, right, now).deadline_ms
    }

    #[test]
    fn a_pause_gives_its_time_back_and_two_at_once_count_once() {
        let none = BreakRight::default();
        assert_eq!(deadline(&[], none, 0), 100 * MIN);
        let site = stop(10 * MIN, Some(20 * MIN), Cause::Pause);
        let person = stop(15 * MIN, Some(25 * MIN), Cause::Alarm);
        assert_eq!(deadline(&[site], none, 30 * MIN), 110 * MIN);
        assert_eq!(deadline(&[site, person], none, 30 * MIN), 115 * MIN);
        // Before one's own start, and after one's end, nothing.
        assert_eq!(deadline(&[stop(-9 * MIN, Some(0), Cause::Pause)], none, 0), 100 * MIN);
        assert_eq!(deadline(&[stop(100 * MIN, Some(120 * MIN), Cause::Pause)], none, 130 * MIN), 100 * MIN);
    }

    #[test]
    fn while_it_lasts_what_is_left_stays() {
        let lasting = [stop(40 * MIN, None, Cause::Alarm)];
        for now in [40, 55, 300] {
            let reading = read(0, 100 * MIN, &lasting, BreakRight::default(), now * MIN);
            assert_eq!(reading.deadline_ms - now * MIN, 60 * MIN);
            assert_eq!(reading.still_since_ms, Some(40 * MIN));
        }
    }

    #[test]
    fn a_break_beyond_the_right_runs_the_clock() {
        let right = BreakRight { count: 2, minutes: 15 };
        let first = stop(10 * MIN, Some(20 * MIN), Cause::Break);
        let second = stop(30 * MIN, None, Cause::Break);
        let reading = read(0, 100 * MIN, &[first, second], right, 33 * MIN);
        assert_eq!((reading.deadline_ms, reading.still_since_ms), (113 * MIN, Some(30 * MIN)));
        let reading = read(0, 100 * MIN, &[first, second], right, 50 * MIN);
        assert_eq!((reading.deadline_ms, reading.still_since_ms), (115 * MIN, None), "five minutes were left");
        assert_eq!((reading.breaks_taken, reading.break_used_ms), (2, 15 * MIN));
        let third = stop(60 * MIN, Some(61 * MIN), Cause::Break);
        let more = BreakRight { minutes: 60, ..right };
        let ended = Stop { to_ms: Some(35 * MIN), ..second };
        assert_eq!(deadline(&[first, ended, third], more, 70 * MIN), 115 * MIN, "two breaks, not three");
        assert_eq!(deadline(&[first], BreakRight::default(), 70 * MIN), 100 * MIN, "no right at all");
        // An alarm during a break does not use the right.
        let alarm = stop(12 * MIN, Some(18 * MIN), Cause::Alarm);
        assert_eq!(read(0, 100 * MIN, &[first, alarm], right, 30 * MIN).break_used_ms, 4 * MIN);
    }

    fn any_stop() -> impl Strategy<Value = Stop> {
        let cause = prop_oneof![Just(Cause::Pause), Just(Cause::Alarm), Just(Cause::Break)];
        (0..200i64, prop::option::of(0..60i64), cause)
            .prop_map(|(from, length, cause)| stop(from, length.map(|l| from + l), cause))
    }

    /// The same, counted tick by tick.
    fn slow(total: i64, stops: &[Stop], now: i64) -> i64 {
        let (mut left, mut t) = (total, 0);
        while left > 0 {
            let still = stops.iter().any(|s| s.from_ms <= t && t < s.to_ms.unwrap_or(now));
            left -= i64::from(!still);
            t += 1;
        }
        t
    }

    proptest! {
        #[test]
        fn the_order_does_not_matter_and_time_is_never_lost(
            mut stops in prop::collection::vec(any_stop(), 0..7), total in 1..150i64, now in 0..400i64,
            count in 0..3u32, seed in any::<u64>(),
        ) {
            let now = stops.iter().flat_map(|s| [s.from_ms, s.to_ms.unwrap_or(0)]).fold(now, i64::max);
            let right = BreakRight { count, minutes: (seed % 2) as u32 };
            let read_now = |s: &[Stop]| read(0, total, s, right, now);
            let first = read_now(&stops);
            let turn = seed as usize % stops.len().max(1);
            stops.rotate_left(turn);
            stops.reverse();
            prop_assert_eq!(read_now(&stops), first);
            let sum: i64 = stops.iter().map(|s| s.to_ms.unwrap_or(now) - s.from_ms).sum();
            prop_assert!(first.deadline_ms >= total && first.deadline_ms <= total + sum);
            prop_assert_eq!(first.deadline_ms, total + first.stopped_ms);
            prop_assert!((0..=right.total_ms()).contains(&first.break_used_ms));
            // Said twice, it is the same; one more never takes time away.
            let twice: Vec<Stop> = stops.iter().chain(&stops).copied().collect();
            prop_assert_eq!(read_now(&twice), first);
            let more: Vec<Stop> = stops.iter().copied().chain([stop(5, Some(9), Cause::Pause)]).collect();
            prop_assert!(read_now(&more).deadline_ms >= first.deadline_ms);
        }

        #[test]
        fn counted_tick_by_tick_it_is_the_same(
            stops in prop::collection::vec(any_stop(), 0..6), total in 1..150i64,
        ) {
            let now = stops.iter().flat_map(|s| [s.from_ms, s.to_ms.unwrap_or(0)]).fold(0, i64::max);
            let kept: Vec<Stop> = stops.into_iter().filter(|s| s.cause != Cause::Break).collect();
            let deadline_ms = read(0, total, &kept, BreakRight::default(), now).deadline_ms;
            // A stop that begins at the very end is of no use: counting tick by tick stops there too.
            prop_assert_eq!(deadline_ms, slow(total, &kept, now));
        }
    }
}
