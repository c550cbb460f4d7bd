//! Settings of the day, and who watches which site.

use crate::app::App;
use crate::auth::{Actor, Role};
use crate::error::{ApiError, ApiResult};
use crate::exam::draft::exam;
use crate::exam::event;
use crate::exam::live;
use docimo_store::supervision::DaySettings;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Settings that may change while the exam is sat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Day {
    /// Minutes of extra time at once, 0 to 240, that a supervisor gives alone; above, a member of the committee
    /// approves. Absent: any.
    #[serde(default)]
    pub approval_minutes: Option<u32>,
    /// A second machine on a sheet: `allow` (the newest answers) or `wait` (for a supervisor).
    pub second_machine: String,
}

/// A supervisor and their sites.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Watcher {
    /// Account.
    pub person: String,
    /// Name.
    pub name: String,
    /// Sites, by id; none: they see all.
    pub sites: Vec<String>,
}

/// The settings of an exam.
pub async fn day(app: &App, exam_id: &str) -> ApiResult<Day> {
    let kept = app.store.day_settings(exam_id).await?.ok_or(ApiError::NotFound)?;
    Ok(Day {
        approval_minutes: kept.approval_minutes.and_then(|m| u32::try_from(m).ok()),
        second_machine: kept.second_machine,
    })
}

/// Changes them.
pub async fn set_day(app: &App, actor: &Actor, exam_id: &str, day: &Day) -> ApiResult<()> {
    exam(app, exam_id).await?;
    if day.approval_minutes.is_some_and(|m| m > 240) {
        return Err(ApiError::wrong("minutes sans approbation", "De 0 à 240, ou rien."));
    }
    let second = match day.second_machine.as_str() {
        "allow" => "la plus récente répond",
        "wait" => "attend le surveillant",
        _ => return Err(ApiError::wrong("deuxième machine", "Choisissez « répond aussitôt » ou « attend ».")),
    };
    let approval = day.approval_minutes.map_or_else(|| "toujours".to_owned(), |m| format!("jusqu’à {m} min"));
    let detail =
        format!("Réglages du jour : un surveillant donne seul du temps {approval} ; une deuxième machine {second}");
    let kept = DaySettings {
        approval_minutes: day.approval_minutes.map(i64::from),
        second_machine: day.second_machine.clone(),
    };
    app.store.set_day_settings(exam_id, &kept, &event(actor, exam_id, "day", detail)).await?;
    live::look(app, exam_id).await;
    Ok(())
}

/// Every supervisor, with the sites they are limited to.
pub async fn watchers(app: &App, exam_id: &str) -> ApiResult<Vec<Watcher>> {
    exam(app, exam_id).await?;
    let limits = app.store.supervisor_sites(exam_id).await?;
    let mut watchers = Vec::new();
    for person in app.store.staff().await?.into_iter().filter(|p| p.disabled_ms.is_none()) {
        let roles: Vec<Role> = app.store.roles(&person.id).await?.iter().filter_map(|r| Role::from_name(r)).collect();
        // A member of the committee is never limited.
        if roles.contains(&Role::Supervisor)
            && !roles.contains(&Role::Committee)
            && !roles.contains(&Role::Administrator)
        {
            let sites = limits.iter().filter(|(p, _)| *p == person.id).map(|(_, s)| s.clone()).collect();
            watchers.push(Watcher { person: person.id, name: person.name, sites });
        }
    }
    Ok(watchers)
}

/// Limits a supervisor to sites; with none, they see all.
pub async fn set_watcher(app: &App, actor: &Actor, exam_id: &str, person: &str, sites: &[String]) -> ApiResult<()> {
    let watcher = watchers(app, exam_id).await?.into_iter().find(|w| w.person == person).ok_or(ApiError::NotFound)?;
    let known = app.store.sites(exam_id).await?;
    let mut wanted = Vec::new();
    for id in sites {
        let site = known.iter().find(|s| s.id == *id).ok_or(ApiError::NotFound)?;
        if !wanted.iter().any(|(known, _)| known == id) {
            wanted.push((id.clone(), site.name.clone()));
        }
    }
    let names: Vec<&str> = wanted.iter().map(|(_, name)| name.as_str()).collect();
    let list = if names.is_empty() { "tous les centres".to_owned() } else { names.join(", ") };
    let done = event(actor, exam_id, "supervisor", format!("{} surveille {list}", watcher.name));
    let ids: Vec<String> = wanted.into_iter().map(|(id, _)| id).collect();
    app.store.set_supervisor_sites(exam_id, person, &ids, &done).await?;
    live::look(app, exam_id).await;
    Ok(())
}
