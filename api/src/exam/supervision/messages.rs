//! Something said to candidates.

use super::{own_sheet, reach};
use crate::ambient;
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult};
use crate::exam::draft::exam;
use crate::exam::event;
use crate::exam::live;
use docimo_store::supervision::Message;
use serde::Deserialize;
use utoipa::ToSchema;

const MAX_CHARS: usize = 500;

/// A message, as a form or a program sends it.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct MessageForm {
    /// Section.
    pub section: String,
    /// Site; empty, without a sheet: all.
    #[serde(default)]
    pub site: String,
    /// A room of that site.
    #[serde(default)]
    pub room: String,
    /// One sheet.
    #[serde(default)]
    pub attempt: String,
    /// What is said, plain text, at most 500 characters.
    pub text: String,
}

/// Says something to candidates, on their screens.
pub async fn say(app: &App, actor: &Actor, exam_id: &str, form: &MessageForm) -> ApiResult<()> {
    exam(app, exam_id).await?;
    let paper = app.frozen_paper(exam_id).await?;
    paper.section(&form.section).ok_or(ApiError::NotFound)?;
    let reach = reach(app, actor, exam_id).await?;
    let text = form.text.trim();
    if text.is_empty() || text.chars().count() > MAX_CHARS || text.contains('\0') {
        return Err(ApiError::wrong("message", format!("Écrivez un message de 1 à {MAX_CHARS} caractères.")));
    }
    let some = |value: &str| Some(value.to_owned()).filter(|v| !v.is_empty());
    let (mut site, whom) = match (form.attempt.is_empty(), form.site.is_empty()) {
        (false, _) => {
            let attempt = own_sheet(app, actor, &form.attempt).await?;
            if attempt.exam_id != exam_id || attempt.section_id != form.section {
                return Err(ApiError::NotFound);
            }
            (None, format!("candidat {}", attempt.number))
        }
        (true, false) => {
            reach.check(&form.site)?;
            let sites = app.store.sites(exam_id).await?;
            let name = sites.into_iter().find(|s| s.id == form.site).ok_or(ApiError::NotFound)?.name;
            let room = if form.room.is_empty() { String::new() } else { format!("salle {}, ", form.room) };
            (some(&form.site), format!("{room}centre {name}"))
        }
        (true, true) => (None, "tous".to_owned()),
    };
    // Whoever is limited to sites speaks to these, one after the other.
    let sites: Vec<Option<String>> = match (&reach.sites, &site, form.attempt.is_empty()) {
        (Some(own), None, true) => own.iter().cloned().map(Some).collect(),
        _ => vec![site.take()],
    };
    for site in sites {
        let at_ms = ambient::now_ms();
        let message = Message {
            id: ambient::fresh_id(at_ms),
            section_id: form.section.clone(),
            room: site.as_ref().and_then(|_| some(&form.room)),
            site_id: site,
            attempt_id: some(&form.attempt),
            body: text.to_owned(),
            at_ms,
        };
        let done = event(actor, exam_id, "message", format!("Message, {whom} : {text}"));
        app.store.add_message(exam_id, &message, &done).await?;
    }
    live::look(app, exam_id).await;
    Ok(())
}
