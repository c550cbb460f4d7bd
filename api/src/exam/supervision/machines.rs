//! Which machine answers: moves with a one-time code, pages set free, two sessions on one sheet.

use super::own_sheet;
use crate::ambient;
use crate::app::App;
use crate::auth::{Actor, password};
use crate::error::{ApiError, ApiResult};
use crate::exam::live;
use crate::exam::{checked_reason, event};
use docimo_store::delivery::Attempt;
use docimo_store::exams::NewEvent;
use docimo_store::people::Person;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How long a code may be used.
pub const CODE_MS: i64 = 10 * 60_000;

/// A one-time code: shown once, to who made it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MoveCode {
    /// What the candidate signs in with.
    pub number: String,
    /// Shown to people.
    pub code: String,
    /// Until when it works, ms UTC.
    pub expires_ms: i64,
    /// Exam and section of the sheet, to come back to.
    #[serde(skip)]
    pub place: (String, String),
}

fn check_open(attempt: &Attempt) -> ApiResult<()> {
    if matches!(attempt.exam_state.as_str(), "frozen" | "open") {
        return Ok(());
    }
    Err(ApiError::Conflict("L’examen est terminé.".into()))
}

/// Makes the code that moves a candidate to another machine.
pub async fn move_code(app: &App, actor: &Actor, attempt_id: &str) -> ApiResult<MoveCode> {
    let attempt = own_sheet(app, actor, attempt_id).await?;
    check_open(&attempt)?;
    let code = ambient::access_code();
    let done =
        event(actor, &attempt.exam_id, "move", format!("Code de changement de machine, candidat {}", attempt.number));
    let expires_ms = done.at_ms + CODE_MS;
    app.store
        .add_move_code(&password::hash_code(&code), &attempt.exam_id, &attempt.person_id, expires_ms, &done)
        .await?;
    Ok(MoveCode { number: attempt.number, code, expires_ms, place: (attempt.exam_id, attempt.section_id) })
}

/// Uses a code up at sign-in: the sessions of the other machine end. False if it is none of this person's.
pub async fn arrive(app: &App, person: &Person, code: &str) -> ApiResult<bool> {
    let hash = password::hash_code(code);
    let at_ms = ambient::now_ms();
    let Some(exam_id) = app.store.move_code(&hash, &person.id, at_ms).await? else { return Ok(false) };
    let done = NewEvent {
        id: ambient::fresh_id(at_ms),
        exam_id: Some(exam_id.clone()),
        at_ms,
        author_id: Some(person.id.clone()),
        what: "move",
        detail: format!("Candidat {} sur une autre machine", person.login.to_uppercase()),
    };
    if !app.store.use_move_code(&hash, &exam_id, &person.id, &done).await? {
        return Ok(false);
    }
    app.sessions.forget_person(&person.id);
    live::look(app, &exam_id).await;
    Ok(true)
}

/// Sets a sheet free: the next page opened on it answers, on whichever machine.
pub async fn unlock(app: &App, actor: &Actor, attempt_id: &str, reason: &str) -> ApiResult<Attempt> {
    checked_reason(reason, "il est conservé avec la décision")?;
    let attempt = own_sheet(app, actor, attempt_id).await?;
    check_open(&attempt)?;
    let detail = format!("Copie du candidat {} débloquée : {}", attempt.number, reason.trim());
    app.store.unlock_attempt(attempt_id, &event(actor, &attempt.exam_id, "unlock", detail)).await?;
    live::look(app, &attempt.exam_id).await;
    Ok(attempt)
}

/// Which of two sessions goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// The one that came last.
    New,
    /// The one that was there.
    Old,
}

/// Decides between the two sessions seen on a sheet: the other one ends.
pub async fn settle(app: &App, actor: &Actor, attempt_id: &str, keep: Keep) -> ApiResult<Attempt> {
    let attempt = own_sheet(app, actor, attempt_id).await?;
    if attempt.rival.is_empty() {
        return Err(ApiError::Conflict("Une seule session est ouverte sur cette copie.".into()));
    }
    let (new, old) = match attempt.rival_newer {
        1 => (&attempt.rival, &attempt.session),
        _ => (&attempt.session, &attempt.rival),
    };
    let (kept, ended, which) = match keep {
        Keep::New => (new, old, "la nouvelle"),
        Keep::Old => (old, new, "l’ancienne"),
    };
    let detail = format!("Deux sessions du candidat {} : {which} est gardée", attempt.number);
    app.store.settle_rival(attempt_id, kept, ended, &event(actor, &attempt.exam_id, "session", detail)).await?;
    app.sessions.forget(Some(ended));
    live::look(app, &attempt.exam_id).await;
    Ok(attempt)
}
