//! Keeps exams in memory as they are in the database.

use super::{Data, LiveExam, is_sat, presence};
use crate::ambient;
use crate::app::{App, WeakApp};
use crate::error::ApiResult;
use docimo_store::live::LiveMark;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Between two looks at the marks.
const EVERY: Duration = Duration::from_millis(700);
/// Looks between two tellings of who is there, and two readings of everything.
const SHARE: u64 = 3;
const WHOLE: u64 = 90;

/// Reads an exam.
pub(super) async fn load(app: &App, mark: LiveMark) -> ApiResult<Data> {
    let exam_id = mark.id.clone();
    let mut data = Data {
        mark,
        sheets: HashMap::new(),
        sittings: app.store.sittings(&exam_id).await?,
        rooms: app.store.room_clocks(&exam_id).await?,
        candidates: app.store.candidates(&exam_id).await?,
        of_person: HashMap::new(),
        messages: app.store.messages(&exam_id).await?,
        limits: app.store.supervisor_sites(&exam_id).await?,
        spans: Vec::new(),
        untold: false,
        heard: HashMap::new(),
    };
    data.add(app.store.attempts(&exam_id).await?.into_iter());
    for (id, count) in app.store.late_counts(&exam_id).await? {
        if let Some(sheet) = data.sheets.get_mut(id.as_str()) {
            sheet.late = count;
        }
    }
    for span in app.store.offline_spans(&exam_id).await? {
        if let Some(sheet) = data.sheets.get_mut(span.attempt_id.as_str()) {
            sheet.seen.offline_ms += span.to_ms - span.from_ms;
        }
    }
    Ok(data)
}

/// Reads which questions have an answer: once, saves tell the rest.
pub(super) async fn count_answers(app: &App, exam: &LiveExam) -> ApiResult<()> {
    let answered = app.store.answered_questions(&exam.id).await?;
    let mut data = exam.write();
    for (attempt, question) in answered {
        let Some(sheet) = data.sheets.get_mut(attempt.as_str()) else { continue };
        if let Some(place) = exam.place(&sheet.attempt.section_id, &question) {
            sheet.mark(place);
        }
    }
    Ok(())
}

/// Reads what changed since the last look, if the mark has moved.
pub(super) async fn look(app: &App, exam: &Arc<LiveExam>, mark: Option<LiveMark>) -> ApiResult<()> {
    let _turn = exam.looking.lock().await;
    let mark = match mark {
        Some(mark) => Some(mark),
        None => app.store.live_mark(&exam.id).await?,
    };
    let Some(mark) = mark.filter(|m| is_sat(&m.state)) else {
        app.live.forget(&exam.id);
        return Ok(());
    };
    let known = exam.read().mark.clone();
    if known == mark || known.live > mark.live {
        return Ok(());
    }
    let sittings = app.store.sittings(&exam.id).await?;
    let rooms = app.store.room_clocks(&exam.id).await?;
    let messages = app.store.messages(&exam.id).await?;
    let limits = app.store.supervisor_sites(&exam.id).await?;
    let late = app.store.late_now(&exam.id).await?;
    let (candidates, attempts) = if known.roster == mark.roster {
        (None, app.store.attempts_changed(&exam.id, known.live).await?)
    } else {
        (Some(app.store.candidates(&exam.id).await?), app.store.attempts(&exam.id).await?)
    };
    let fresh = {
        let mut data = exam.write();
        let data = &mut *data;
        data.mark = mark;
        if let Some(candidates) = candidates {
            data.candidates = candidates;
        }
        data.take_places(sittings, rooms);
        let fresh = data.add(attempts.into_iter());
        take_late(data, &late);
        data.limits = limits;
        if messages.len() != data.messages.len() {
            let new: Vec<_> =
                messages.iter().filter(|m| !data.messages.iter().any(|k| k.id == m.id)).cloned().collect();
            data.messages = messages;
            for sheet in data.sheets.values().filter(|s| new.iter().any(|m| super::view::is_for(m, &s.attempt))) {
                sheet.tell();
            }
        }
        fresh
    };
    app.live.index(exam, fresh);
    Ok(())
}

fn take_late(data: &mut Data, late: &[(String, i64)]) {
    data.sheets.values_mut().for_each(|s| s.late = 0);
    for (id, count) in late {
        if let Some(sheet) = data.sheets.get_mut(id.as_str()) {
            sheet.late = *count;
        }
    }
}

/// Reads every sheet again: what was missed, or done in the database by hand.
async fn whole(app: &App, exam: &Arc<LiveExam>) -> ApiResult<()> {
    let attempts = app.store.attempts(&exam.id).await?;
    let fresh = exam.write().add(attempts.into_iter());
    app.live.index(exam, fresh);
    Ok(())
}

/// Follows the database until the server goes.
pub(super) async fn follow(app: WeakApp) {
    for turn in 1u64.. {
        tokio::time::sleep(EVERY).await;
        let Some(app) = app.upgrade() else { return };
        if app.live.is_stopping() {
            return;
        }
        if app.live.known().is_empty() {
            continue;
        }
        if let Err(error) = step(&app, turn).await {
            // The database may be away for a while: what is in memory serves, and saves say so themselves.
            tracing::debug!(%error, "could not follow the exams being sat");
        }
    }
}

async fn step(app: &App, turn: u64) -> ApiResult<()> {
    let mut marks: HashMap<String, LiveMark> =
        app.store.live_marks().await?.into_iter().map(|m| (m.id.clone(), m)).collect();
    for exam in app.live.known() {
        match marks.remove(&exam.id) {
            None => app.live.forget(&exam.id),
            mark => look(app, &exam, mark).await?,
        }
        if turn.is_multiple_of(WHOLE) {
            whole(app, &exam).await?;
        } else if turn.is_multiple_of(SHARE) {
            let late = app.store.late_now(&exam.id).await?;
            take_late(&mut exam.write(), &late);
        }
    }
    if turn.is_multiple_of(SHARE) {
        presence::share(app, ambient::now_ms()).await?;
    }
    Ok(())
}
