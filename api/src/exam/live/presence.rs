//! Who is there: what pages say of themselves, and what processes tell each other of it.

use super::Data;
use crate::app::App;
use crate::error::ApiResult;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a page says of itself, every quarter of a minute or so.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, ToSchema)]
pub struct Beat {
    /// Its stream; 0 before it has one.
    #[serde(default)]
    pub stream: u32,
    /// Answers that wait on the machine.
    #[serde(default)]
    pub waiting: u32,
    /// How long it had no network until just now, ms; 0 if it had.
    #[serde(default)]
    pub offline_ms: u32,
}

/// What is known of a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Last news, by the server's clock.
    pub at_ms: Option<i64>,
    pub stream: u32,
    pub waiting: u32,
    /// Time without news, in all.
    pub offline_ms: i64,
    /// Did the news come from the page itself? What the database holds is its last act, perhaps long before.
    pub sure: bool,
}

/// Without news for longer, a page is offline: two beats missed.
pub const SILENCE_MS: i64 = 40_000;
/// What a page says of its own cut counts from here.
const CUT_MS: i64 = 5_000;

impl Seen {
    /// Takes news; the time without any before it, if that was long.
    pub fn beat(&mut self, beat: Beat, now_ms: i64) -> Option<(i64, i64)> {
        let silent = self.at_ms.filter(|_| self.sure).map(|at| now_ms - at).filter(|ms| *ms > SILENCE_MS);
        // What the machine says is bounded by what was seen from here.
        let said = i64::from(beat.offline_ms).min(self.at_ms.map_or(0, |at| now_ms - at));
        let cut = silent.or(Some(said).filter(|ms| *ms >= CUT_MS));
        *self = Self {
            at_ms: self.at_ms.max(Some(now_ms)),
            stream: beat.stream,
            waiting: beat.waiting,
            offline_ms: self.offline_ms + cut.unwrap_or(0),
            sure: true,
        };
        cut.map(|ms| (now_ms - ms, now_ms))
    }

    /// Since when there is no news, if that is long.
    pub fn silent_since(&self, now_ms: i64) -> Option<i64> {
        self.at_ms.filter(|at| now_ms - at > SILENCE_MS)
    }
}

/// A sheet as processes tell it each other, a JSON row: id, last news, stream, waiting, offline, streams,
/// started, handed in, answered (hexadecimal).
type Row = (String, i64, u32, u32, i64, i64, Option<i64>, Option<i64>, String);

impl Data {
    /// What this process knows, for the others: sheets with news.
    pub fn tell_others(&self) -> String {
        let rows: Vec<Row> = self
            .sheets
            .values()
            .filter_map(|s| {
                let bits = s.answered.iter().map(|word| format!("{word:016x}")).collect();
                let (a, seen) = (&s.attempt, &s.seen);
                let at = seen.at_ms?;
                Some((
                    a.id.clone(),
                    at,
                    seen.stream,
                    seen.waiting,
                    seen.offline_ms,
                    a.streams,
                    a.started_ms,
                    a.handed_in_ms,
                    bits,
                ))
            })
            .collect();
        serde_json::to_string(&rows).unwrap_or_default()
    }

    /// Takes what another process knows.
    pub fn hear(&mut self, body: &str) {
        // Written by another version of this program, perhaps: what cannot be read is not news.
        let rows: Vec<Row> = serde_json::from_str(body).unwrap_or_default();
        for (id, at_ms, stream, waiting, offline_ms, streams, started_ms, handed_in_ms, bits) in rows {
            let Some(sheet) = self.sheets.get_mut(id.as_str()) else { continue };
            if sheet.seen.at_ms.is_none_or(|known| at_ms > known) {
                let offline_ms = offline_ms.max(sheet.seen.offline_ms);
                sheet.seen = Seen { at_ms: Some(at_ms), stream, waiting, offline_ms, sure: true };
            }
            for (word, text) in bits.as_bytes().chunks(16).enumerate() {
                let value = std::str::from_utf8(text).ok().and_then(|t| u64::from_str_radix(t, 16).ok()).unwrap_or(0);
                for bit in (0..64).filter(|bit| value >> bit & 1 == 1) {
                    sheet.mark(word * 64 + bit);
                }
            }
            // A sheet given back since is known by `changed`, read again with the exam's mark.
            let newer = streams > sheet.attempt.streams || (started_ms.is_some() && sheet.attempt.started_ms.is_none());
            if newer {
                sheet.change(|a| {
                    a.streams = a.streams.max(streams);
                    a.started_ms = a.started_ms.or(started_ms);
                });
            }
            if handed_in_ms.is_some() && sheet.attempt.handed_in_ms.is_none() && sheet.given_back_ms < handed_in_ms {
                sheet.change(|a| a.handed_in_ms = handed_in_ms);
            }
        }
    }
}

/// Writes what is known here and reads what others know; times without news are recorded.
pub(crate) async fn share(app: &App, now_ms: i64) -> ApiResult<()> {
    for exam in app.live.known() {
        let (spans, untold) = {
            let mut data = exam.write();
            (std::mem::take(&mut data.spans), std::mem::take(&mut data.untold))
        };
        if !spans.is_empty()
            && let Err(error) = app.store.add_offline_spans(&spans).await
        {
            exam.write().spans.extend(spans);
            return Err(error.into());
        }
        if app.store.is_single() {
            continue;
        }
        if untold {
            let body = exam.read().tell_others();
            app.store.keep_presence(&app.live.process, &exam.id, now_ms, &body).await?;
        }
        // Their clocks are theirs: what is new is told by what was read of each.
        let heard = exam.read().heard.clone();
        let since = heard.values().min().copied().unwrap_or(0).max(now_ms - 600_000);
        for row in app.store.presences(&app.live.process, &exam.id, since - 1).await? {
            if heard.get(&row.process) != Some(&row.at_ms) {
                let mut data = exam.write();
                data.hear(&row.body);
                data.heard.insert(row.process, row.at_ms);
            }
        }
    }
    Ok(())
}

/// A sheet that was just saved.
#[derive(Clone, Copy)]
pub(crate) struct SavedSheet<'a> {
    /// Which.
    pub attempt_id: &'a str,
    /// Of which section.
    pub section_id: &'a str,
    /// What is on disk.
    pub saved: &'a docimo_store::journal::Saved,
}

/// What a save on this process says of a sheet.
pub(crate) fn saved(app: &App, saved: SavedSheet<'_>, answered: &[&str], stream: u32, now_ms: i64) {
    let SavedSheet { attempt_id, section_id, saved } = saved;
    let Some(exam) = app.live.exam_of(attempt_id) else { return };
    let mut data = exam.write();
    data.untold = true;
    let Some(sheet) = data.sheets.get_mut(attempt_id) else { return };
    for question in answered {
        if let Some(place) = exam.place(section_id, question) {
            sheet.mark(place);
        }
    }
    let beat = Beat { stream, waiting: sheet.seen.waiting, offline_ms: 0 };
    let span = sheet.seen.beat(beat, now_ms);
    // The candidate's own acts only: what someone in charge did meanwhile may be newer here than there.
    let handed_in = saved.times.handed_in_ms.filter(|at| sheet.given_back_ms < Some(*at));
    if saved.streams > sheet.attempt.streams || (handed_in.is_some() && sheet.attempt.handed_in_ms.is_none()) {
        sheet.change(|a| {
            a.streams = a.streams.max(saved.streams);
            a.handed_in_ms = a.handed_in_ms.or(handed_in);
        });
    }
    if let Some((from_ms, to_ms)) = span {
        let attempt_id = attempt_id.to_owned();
        data.spans.push(docimo_store::live::OfflineSpan { attempt_id, from_ms, to_ms });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beat(offline_ms: u32) -> Beat {
        Beat { stream: 1, waiting: 2, offline_ms }
    }

    #[test]
    fn a_silence_is_what_the_server_saw_and_a_cut_what_the_page_says_within_it() {
        let mut seen = Seen { at_ms: Some(1_000), ..Seen::default() };
        assert_eq!(seen.beat(beat(0), 900_000), None, "its last act says nothing of when it was there");
        assert_eq!(seen.beat(beat(0), 915_000), None);
        assert_eq!(seen.beat(beat(9_000), 930_000), Some((921_000, 930_000)), "a cut between two beats");
        assert_eq!(seen.beat(beat(u32::MAX), 945_000), Some((930_000, 945_000)), "never more than was seen");
        assert_eq!(seen.beat(beat(0), 1_000_000), Some((945_000, 1_000_000)), "nothing heard");
        assert_eq!((seen.offline_ms, seen.waiting), (79_000, 2));
        assert_eq!(seen.silent_since(1_010_000), None);
        assert_eq!(seen.silent_since(1_100_000), Some(1_000_000));
    }
}
