//! Extra time, and its approval.

use super::reach;
use crate::ambient;
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult};
use crate::exam::draft::exam;
use crate::exam::live;
use crate::exam::{checked_reason, event};
use docimo_store::delivery::{Attempt, GrantLine, GrantTo, TimeGrant};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Extra time, as a form or a program sends it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct TimeForm {
    /// Section.
    pub section: String,
    /// Sheet, for one candidate.
    #[serde(default)]
    pub attempt: String,
    /// Site, for everyone there.
    #[serde(default)]
    pub site: String,
    /// A room of that site, for everyone there.
    #[serde(default)]
    pub room: String,
    /// `extension` (granted) or `compensation` (incident).
    pub kind: String,
    /// Minutes, 1 to 240; 0 records an incident that gives nothing back.
    pub minutes: u32,
    /// Why; compulsory.
    pub reason: String,
}

/// What became of extra time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Given {
    /// Clocks have moved.
    Given,
    /// It waits for a member of the committee.
    Pending,
    /// The incident is recorded.
    Noted,
}

/// Gives extra time to a candidate, a room or a site, or asks the committee for it.
pub async fn give(app: &App, actor: &Actor, exam_id: &str, form: &TimeForm) -> ApiResult<Given> {
    exam(app, exam_id).await?;
    let reach = reach(app, actor, exam_id).await?;
    checked_reason(&form.reason, "il est conservé avec la décision")?;
    let compensation = match form.kind.as_str() {
        "extension" => false,
        "compensation" => true,
        _ => return Err(ApiError::wrong("nature", "Choisissez temps accordé ou compensation d’incident.")),
    };
    let least = u32::from(!compensation);
    if !(least..=240).contains(&form.minutes) {
        return Err(ApiError::wrong("minutes", format!("De {least} à 240 minutes.")));
    }
    let paper = app.frozen_paper(exam_id).await?;
    let (_, section) = paper.section(&form.section).ok_or(ApiError::NotFound)?;
    let (to, whom, site) = receiver(app, exam_id, form, compensation).await?;
    reach.check(&site)?;
    let reason = form.reason.trim();
    if form.minutes == 0 {
        let detail = format!("Incident, {whom} : {reason}");
        app.store.add_event(&event(actor, exam_id, "incident", detail)).await?;
        return Ok(Given::Noted);
    }
    let limit = app.store.day_settings(exam_id).await?.and_then(|d| d.approval_minutes);
    let pending = !reach.approves && limit.is_some_and(|limit| i64::from(form.minutes) > limit);
    let grant = TimeGrant {
        id: ambient::fresh_id(ambient::now_ms()),
        exam_id: exam_id.to_owned(),
        section_id: form.section.clone(),
        to,
        compensation,
        ms: i64::from(form.minutes) * 60_000,
        reason: reason.to_owned(),
        pending,
    };
    let kind = kind_french(&form.kind);
    let asked = if pending { " (en attente d’approbation)" } else { "" };
    let detail = format!("{} min de {kind}, {whom} : {reason}{asked}", form.minutes);
    app.store.grant_time(&grant, section, &event(actor, exam_id, "time", detail)).await?;
    live::look(app, exam_id).await;
    Ok(if pending { Given::Pending } else { Given::Given })
}

/// In French.
pub fn kind_french(kind: &str) -> &'static str {
    if kind == "compensation" { "compensation d’incident" } else { "temps accordé" }
}

/// To whom, in words, and at which site.
async fn receiver(
    app: &App,
    exam_id: &str,
    form: &TimeForm,
    compensation: bool,
) -> ApiResult<(GrantTo, String, String)> {
    let closed = || {
        let why = "L’épreuve est close dans ce centre : rouvrez-la d’abord, sans quoi ce temps ne servirait à rien.";
        ApiError::Conflict(why.into())
    };
    match (form.attempt.is_empty(), form.site.is_empty()) {
        (false, true) => {
            let own = |a: &Attempt| a.exam_id == exam_id && a.section_id == form.section;
            let attempt = app.store.attempt(&form.attempt).await?.filter(own).ok_or(ApiError::NotFound)?;
            if attempt.closed_ms.is_some() && form.minutes > 0 {
                return Err(closed());
            }
            if attempt.handed_in_ms.is_some() && form.minutes > 0 {
                return Err(ApiError::Conflict("Cette copie est remise : rendez-la d’abord au candidat.".into()));
            }
            Ok((GrantTo::Attempt(attempt.id), format!("candidat {}", attempt.number), attempt.site_id))
        }
        (true, false) if compensation => {
            let sites = app.store.sites(exam_id).await?;
            let site = sites.into_iter().find(|s| s.id == form.site).ok_or(ApiError::NotFound)?;
            let sittings = app.store.sittings(exam_id).await?;
            match sittings.iter().find(|s| s.site_id == site.id && s.section_id == form.section) {
                None => return Err(ApiError::Conflict("L’épreuve n’est pas ouverte dans ce centre.".into())),
                Some(sitting) if sitting.closed_ms.is_some() && form.minutes > 0 => return Err(closed()),
                Some(_) => {}
            }
            if form.room.is_empty() {
                return Ok((GrantTo::Site(site.id.clone()), format!("centre {}", site.name), site.id));
            }
            if !app.store.candidates(exam_id).await?.iter().any(|c| c.site_id == site.id && c.room == form.room) {
                return Err(ApiError::wrong("salle", "Aucun candidat de ce centre n’est dans cette salle."));
            }
            let whom = format!("salle {}, centre {}", form.room, site.name);
            Ok((GrantTo::Room { site: site.id.clone(), room: form.room.clone() }, whom, site.id))
        }
        (true, false) => {
            Err(ApiError::wrong("nature", "Pour un centre ou une salle, c’est une compensation d’incident."))
        }
        _ => Err(ApiError::wrong("destinataire", "Choisissez un candidat, une salle ou un centre.")),
    }
}

/// Extra time of an exam that this person may see, the newest first.
pub async fn given(app: &App, actor: &Actor, exam_id: &str) -> ApiResult<Vec<GrantLine>> {
    let reach = reach(app, actor, exam_id).await?;
    let mut grants = app.store.grants(exam_id).await?;
    grants.retain(|g| g.where_id.as_deref().is_none_or(|site| reach.holds(site)));
    Ok(grants)
}

/// Approves or refuses what a supervisor asked for.
pub async fn decide(app: &App, actor: &Actor, exam_id: &str, grant_id: &str, approve: bool) -> ApiResult<()> {
    exam(app, exam_id).await?;
    let grants = app.store.grants(exam_id).await?;
    let grant = grants.into_iter().find(|g| g.id == grant_id).ok_or(ApiError::NotFound)?;
    let paper = app.frozen_paper(exam_id).await?;
    let (_, section) = paper.section(&grant.section_id).ok_or(ApiError::NotFound)?;
    let what = if approve { "approuvé" } else { "refusé" };
    let minutes = grant.ms / 60_000;
    let detail = format!("Temps {what} : {minutes} min, demandé par {} : {}", grant.author_name, grant.reason);
    let done = event(actor, exam_id, "approve", detail);
    app.store.decide_grant(exam_id, &grant, approve, section, &done).await?;
    live::look(app, exam_id).await;
    Ok(())
}
