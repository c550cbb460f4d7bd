//! Pauses, alarms and breaks: clocks that stop, and run again.

use super::{own_sheet, reach, under_way};
use crate::ambient;
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult};
use crate::exam::draft::exam;
use crate::exam::live::{self, view::ClockView};
use crate::exam::room::own_attempt;
use crate::exam::{checked_reason, event};
use docimo_engine::attempt::Phase;
use docimo_engine::deadline::stops::Cause;
use docimo_store::clocks::{Place, StopLine};
use serde::Deserialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Whose clocks to stop or to let run again, as a form or a program sends it.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct StopForm {
    /// Section; empty: whichever is under way there.
    #[serde(default)]
    pub section: String,
    /// Site; empty, without a sheet: every site that who asks may act on.
    #[serde(default)]
    pub site: String,
    /// A room of that site.
    #[serde(default)]
    pub room: String,
    /// One sheet.
    #[serde(default)]
    pub attempt: String,
    /// `pause`, `alarm` (everyone leaves), or `break` (of one sheet only).
    pub cause: String,
    /// Why; compulsory for a pause.
    #[serde(default)]
    pub reason: String,
}

struct Target {
    /// By section.
    places: BTreeMap<String, Vec<Place>>,
    /// In French.
    whom: String,
}

async fn target(app: &App, actor: &Actor, exam_id: &str, form: &StopForm) -> ApiResult<Target> {
    exam(app, exam_id).await?;
    let reach = reach(app, actor, exam_id).await?;
    let wanted = |section: &str| form.section.is_empty() || form.section == section;
    let mut places: BTreeMap<String, Vec<Place>> = BTreeMap::new();
    if !form.attempt.is_empty() {
        let attempt = own_sheet(app, actor, &form.attempt).await?;
        if attempt.exam_id != exam_id {
            return Err(ApiError::NotFound);
        }
        let place = Place { site: attempt.site_id, room: None, attempt: Some(attempt.id) };
        places.entry(attempt.section_id).or_default().push(place);
        return Ok(Target { places, whom: format!("candidat {}", attempt.number) });
    }
    let sites = app.store.sites(exam_id).await?;
    let sittings = app.store.sittings(exam_id).await?;
    let chosen: Vec<_> =
        sites.iter().filter(|s| reach.holds(&s.id) && (form.site.is_empty() || s.id == form.site)).collect();
    if chosen.is_empty() {
        return Err(ApiError::NotFound);
    }
    let room = Some(form.room.clone()).filter(|r| !r.is_empty());
    if room.is_some() {
        let known = app.store.candidates(exam_id).await?;
        if form.site.is_empty() || !known.iter().any(|c| c.site_id == form.site && c.room == form.room) {
            return Err(ApiError::wrong("salle", "Aucun candidat de ce centre n’est dans cette salle."));
        }
    }
    for site in &chosen {
        for section in under_way(&sittings, &site.id).filter(|s| wanted(s)) {
            let place = Place { room: room.clone(), ..Place::site(&site.id) };
            places.entry(section.to_owned()).or_default().push(place);
        }
    }
    let whom = match (&room, chosen.as_slice()) {
        (Some(room), [site]) => format!("salle {room}, centre {}", site.name),
        (None, [site]) => format!("centre {}", site.name),
        _ => "tous les centres".to_owned(),
    };
    Ok(Target { places, whom })
}

fn cause(form: &StopForm) -> ApiResult<Cause> {
    match Cause::from_name(&form.cause) {
        Some(Cause::Break) if form.attempt.is_empty() => {
            Err(ApiError::wrong("nature", "Une pause de droit est celle d’un candidat."))
        }
        Some(cause) => Ok(cause),
        None => Err(ApiError::wrong("nature", "Choisissez suspension (pause), alarme ou pause de droit.")),
    }
}

fn french(cause: Cause) -> (&'static str, &'static str) {
    match cause {
        Cause::Pause => ("Horloges arrêtées", "Horloges relancées"),
        Cause::Alarm => ("Alarme : horloges arrêtées, sortie des salles", "Fin de l’alarme : horloges relancées"),
        Cause::Break => ("Pause de droit", "Fin de la pause de droit"),
    }
}

/// Stops clocks. Where they are stopped already for that cause, nothing is done.
pub async fn stop(app: &App, actor: &Actor, exam_id: &str, form: &StopForm) -> ApiResult<()> {
    let cause = cause(form)?;
    if cause == Cause::Pause || !form.reason.trim().is_empty() {
        checked_reason(&form.reason, "il est conservé avec la suspension")?;
    }
    let Target { places, whom } = target(app, actor, exam_id, form).await?;
    if places.is_empty() {
        return Err(ApiError::Conflict("Aucune épreuve n’est en cours à cet endroit.".into()));
    }
    let paper = app.frozen_paper(exam_id).await?;
    let reason = form.reason.trim();
    for (section, places) in places {
        let (_, section) = paper.section(&section).ok_or(ApiError::NotFound)?;
        let why = if reason.is_empty() { String::new() } else { format!(" : {reason}") };
        let done = event(actor, exam_id, "stop", format!("{}, « {} », {whom}{why}", french(cause).0, section.title));
        let places: Vec<(String, Place)> = places.into_iter().map(|p| (ambient::fresh_id(done.at_ms), p)).collect();
        app.store.stop_clocks(exam_id, section, cause, &places, reason, &done).await?;
    }
    live::look(app, exam_id).await;
    Ok(())
}

/// Lets clocks run again. For a site, those of its rooms too; for all, those of every site.
pub async fn resume(app: &App, actor: &Actor, exam_id: &str, form: &StopForm) -> ApiResult<()> {
    let cause = cause(form)?;
    exam(app, exam_id).await?;
    let reach = reach(app, actor, exam_id).await?;
    let lasting = |s: &StopLine| {
        s.to_ms.is_none()
            && s.cause == cause.name()
            && reach.holds(&s.site_id)
            && (form.section.is_empty() || s.section_id == form.section)
            && match (form.attempt.is_empty(), form.room.is_empty()) {
                (false, _) => s.attempt_id.as_ref() == Some(&form.attempt),
                (true, false) => {
                    s.attempt_id.is_none() && s.site_id == form.site && s.room.as_ref() == Some(&form.room)
                }
                (true, true) => s.attempt_id.is_none() && (form.site.is_empty() || s.site_id == form.site),
            }
    };
    let lines: Vec<StopLine> = app.store.clock_stops(exam_id).await?.into_iter().filter(lasting).collect();
    let paper = app.frozen_paper(exam_id).await?;
    let sites = app.store.sites(exam_id).await?;
    let mut resumed = 0;
    for section in paper.sections.iter() {
        let own: Vec<&StopLine> = lines.iter().filter(|l| l.section_id == section.id.as_str()).collect();
        if own.is_empty() {
            continue;
        }
        let mut whom = Vec::new();
        for line in &own {
            let site = sites.iter().find(|s| s.id == line.site_id).map_or("", |s| s.name.as_str());
            whom.push(match (&line.attempt_id, &line.room) {
                (Some(id), _) => {
                    let number = app.store.attempt(id).await?.map(|a| a.number).unwrap_or_default();
                    format!("candidat {number}")
                }
                (None, Some(room)) => format!("salle {room}, centre {site}"),
                (None, None) => format!("centre {site}"),
            });
        }
        let detail = format!("{}, « {} », {}", french(cause).1, section.title, whom.join(" ; "));
        let places: Vec<Place> = own
            .iter()
            .map(|l| Place { site: l.site_id.clone(), room: l.room.clone(), attempt: l.attempt_id.clone() })
            .collect();
        let done = event(actor, exam_id, "resume", detail);
        resumed += app.store.resume_clocks(exam_id, section, cause, &places, &done).await?;
    }
    live::look(app, exam_id).await;
    if resumed == 0 {
        return Err(ApiError::Conflict("Rien n’était arrêté à cet endroit pour cette raison.".into()));
    }
    Ok(())
}

/// A candidate's own break, begun or ended. Beyond their right it is kept too, and their time runs.
pub async fn own_break(app: &App, actor: &Actor, attempt_id: &str, on: bool) -> ApiResult<ClockView> {
    let (attempt, section, _) = own_attempt(app, actor, attempt_id).await?;
    let now_ms = ambient::now_ms();
    let times = attempt.times(section.duration_minutes);
    if times.breaks.minutes == 0 {
        return Err(ApiError::Conflict("Votre aménagement ne prévoit pas de pause.".into()));
    }
    let place = Place { site: attempt.site_id, room: None, attempt: Some(attempt.id) };
    let exam_id = attempt.exam_id;
    if on {
        if times.phase(now_ms) != Phase::Running {
            return Err(ApiError::Conflict("Une pause se prend pendant l’épreuve.".into()));
        }
        let done = event(actor, &exam_id, "stop", format!("Pause de droit, candidat {}", attempt.number));
        let places = [(ambient::fresh_id(now_ms), place)];
        app.store.stop_clocks(&exam_id, &section, Cause::Break, &places, "", &done).await?;
    } else {
        let done = event(actor, &exam_id, "resume", format!("Fin de la pause de droit, candidat {}", attempt.number));
        app.store.resume_clocks(&exam_id, &section, Cause::Break, &[place], &done).await?;
    }
    live::look(app, &exam_id).await;
    live::clock(app, actor, attempt_id).await
}
