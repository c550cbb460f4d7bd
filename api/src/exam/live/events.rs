//! Server-sent events of a sheet: its clock, whenever it says something else, and the keys of its paper once its
//! time runs.

use super::view::{ClockView, phase_name};
use super::{LiveExam, exam_with};
use crate::ambient;
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult};
use crate::exam::sealed::{self, Sealed};
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use docimo_engine::attempt::Phase;
use docimo_engine::paper::Section;
use futures_util::stream;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Between two comments on a line where nothing happens: proxies cut those that are silent for a minute.
const ALIVE: Duration = Duration::from_secs(20);

struct Listener {
    app: App,
    exam: Arc<LiveExam>,
    attempt: Arc<str>,
    changed: watch::Receiver<u32>,
    begun: bool,
    /// Its paper, until the keys are given; none where the door of the exam has not been passed.
    paper: Option<(Arc<Sealed>, Arc<Section>)>,
    /// Time runs: the keys come next.
    key_is_due: bool,
}

enum Next {
    Clock(Box<ClockView>),
    /// The exam is over, or the server stops.
    Gone,
}

impl Listener {
    fn read(&self) -> Next {
        if self.app.live.is_stopping() || self.app.live.exam_of(&self.attempt).is_none() {
            return Next::Gone;
        }
        let data = self.exam.read();
        match data.sheets.get(&self.attempt) {
            Some(sheet) => Next::Clock(Box::new(self.exam.view(&data, sheet, ambient::now_ms()))),
            None => Next::Gone,
        }
    }

    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        if std::mem::take(&mut self.key_is_due)
            && let Some((paper, section)) = self.paper.take()
        {
            let event = Event::default().event("keys").json_data(paper.first_keys(&section)).unwrap_or_default();
            return Some((Ok(event), self));
        }
        if self.begun && self.changed.changed().await.is_err() {
            return None;
        }
        self.begun = true;
        self.changed.borrow_and_update();
        match self.read() {
            Next::Clock(view) => {
                self.key_is_due = self.paper.is_some() && view.state == phase_name(Phase::Running);
                let event = Event::default().event("clock").json_data(&*view).unwrap_or_default();
                Some((Ok(event), self))
            }
            Next::Gone => None,
        }
    }
}

/// The events of one's own sheet. `admitted`: has the door of the exam been passed? Where the exam is over there are none: 204, and the browser asks no more.
pub async fn listen(app: &App, actor: &Actor, attempt_id: &str, admitted: bool) -> ApiResult<Response> {
    let Some(exam) = exam_with(app, attempt_id).await? else {
        let own = app.store.attempt(attempt_id).await?.is_some_and(|a| *a.person_id == *actor.id);
        return if own { Ok(StatusCode::NO_CONTENT.into_response()) } else { Err(ApiError::NotFound) };
    };
    let (changed, section) = {
        let data = exam.read();
        let own =
            data.sheets.get(attempt_id).filter(|s| *s.attempt.person_id == *actor.id).ok_or(ApiError::NotFound)?;
        (own.listen(), own.attempt.section_id.clone())
    };
    let (_, section) = exam.paper.section(&section).ok_or(ApiError::NotFound)?;
    let paper = if admitted { Some((sealed::sealed(app, &exam.id, section).await?, section.clone())) } else { None };
    let attempt = attempt_id.into();
    let listener = Listener { app: app.clone(), exam, attempt, changed, begun: false, paper, key_is_due: false };
    let events = Sse::new(stream::unfold(listener, Listener::next)).keep_alive(KeepAlive::new().interval(ALIVE));
    Ok(([("x-accel-buffering", "no")], events).into_response())
}
