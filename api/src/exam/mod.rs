//! The life of an exam: what the pages, the JSON interface and the command line all call.
//!
//! Composition ([`draft`], by a table of specification [`assembly`]), what must not be frozen unknowingly ([`hazards`]) → candidates ([`candidates`]) → opening, watching, closing ([`life`]) → its doors ([`doors`], for [`seb`]) → the
//! exam room ([`room`], its paper [`sealed`]) → marking and decisions ([`marks`], [`questions`]) → results ([`results`],
//! [`export`]) → each student's correction ([`correction`]).

pub mod assembly;
pub mod candidates;
pub mod correction;
pub mod doors;
pub mod draft;
pub mod export;
pub mod hazards;
pub mod life;
pub mod marks;
pub mod panels;
pub mod questions;
pub mod receipts;
pub mod results;
pub mod room;
pub mod schemes;
pub mod sealed;
pub mod seb;
pub mod times;

use crate::ambient;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult};
use docimo_store::exams::NewEvent;

/// What a person in charge just did, to be recorded with it.
pub(crate) fn event(actor: &Actor, exam_id: &str, what: &'static str, detail: impl Into<String>) -> NewEvent {
    let at_ms = ambient::now_ms();
    NewEvent {
        id: ambient::fresh_id(at_ms),
        exam_id: Some(exam_id.to_owned()),
        at_ms,
        author_id: Some(actor.id.to_string()),
        what,
        detail: detail.into(),
    }
}

/// Longest reason, in characters: it is shown to people and put in a spreadsheet's cell.
const MAX_REASON: usize = 2000;

/// A reason is compulsory, and says something.
pub(crate) fn checked_reason(reason: &str, why: &str) -> ApiResult<()> {
    if reason.trim().is_empty() {
        return Err(ApiError::wrong("motif", format!("Indiquez le motif : {why}.")));
    }
    if reason.chars().count() > MAX_REASON || reason.contains('\0') {
        return Err(ApiError::wrong("motif", format!("{MAX_REASON} caractères au plus.")));
    }
    Ok(())
}

/// State of an exam, in French.
pub fn state_french(state: &str) -> &'static str {
    match state {
        "draft" => "En préparation",
        "frozen" => "Sujet figé",
        "open" => "En cours",
        "closed" => "Terminé",
        "marked" => "Noté",
        "published" => "Publié",
        _ => "Inconnu",
    }
}
