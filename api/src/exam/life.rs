//! Opening, watching, closing; time given; sheets given back.

use super::draft::exam;
use super::live;
use super::supervision::{own_sheet, reach};
use super::{checked_reason, event};
use crate::ambient;
use crate::app::App;
use crate::auth::{Actor, Role};
use crate::error::{ApiError, ApiResult};
use docimo_store::StoreError;
use docimo_store::exams::{Event, Site};

/// Adds a site.
pub async fn add_site(app: &App, actor: &Actor, exam_id: &str, name: &str) -> ApiResult<String> {
    let current = exam(app, exam_id).await?;
    if matches!(current.state.as_str(), "closed" | "marked" | "published") {
        return Err(ApiError::Conflict("L’examen est terminé : ses centres ne changent plus.".into()));
    }
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        return Err(ApiError::wrong("nom", "Donnez au centre un nom de 1 à 100 caractères, sur une ligne."));
    }
    let site = Site { id: ambient::fresh_id(ambient::now_ms()), name: name.to_owned() };
    let done = event(actor, exam_id, "site", format!("Centre ajouté : {name}"));
    match app.store.add_site(exam_id, &site, &done).await {
        Ok(()) => Ok(site.id),
        Err(StoreError::Duplicate) => Err(ApiError::wrong("nom", format!("L’examen a déjà un centre « {name} »."))),
        Err(error) => Err(error.into()),
    }
}

/// Removes a site where nobody is enrolled and nothing was opened.
pub async fn remove_site(app: &App, actor: &Actor, exam_id: &str, site_id: &str) -> ApiResult<()> {
    let site = chosen_sites(app, exam_id, &[site_id.to_owned()]).await?.remove(0);
    let done = event(actor, exam_id, "site", format!("Centre retiré : {}", site.name));
    app.store.remove_site(exam_id, site_id, &done).await.map_err(|error| match error {
        StoreError::Conflict => {
            ApiError::Conflict(format!("Des candidats sont inscrits au centre « {} », ou il a été ouvert.", site.name))
        }
        other => other.into(),
    })
}

/// Sites asked for, or all when none is named.
async fn chosen_sites(app: &App, exam_id: &str, wanted: &[String]) -> ApiResult<Vec<Site>> {
    let sites = app.store.sites(exam_id).await?;
    if wanted.is_empty() {
        return Ok(sites);
    }
    wanted.iter().map(|id| sites.iter().find(|s| s.id == *id).cloned().ok_or(ApiError::NotFound)).collect()
}

fn names(sites: &[Site]) -> String {
    sites.iter().map(|s| s.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// Opens a section at sites (all when none is named).
pub async fn open(app: &App, actor: &Actor, exam_id: &str, section: &str, sites: &[String]) -> ApiResult<()> {
    let current = exam(app, exam_id).await?;
    match current.state.as_str() {
        "draft" => return Err(ApiError::Conflict("Figez le sujet avant d’ouvrir une épreuve.".into())),
        "marked" | "published" => return Err(ApiError::Conflict("L’examen est noté : plus rien ne s’ouvre.".into())),
        _ => {}
    }
    let paper = app.frozen_paper(exam_id).await?;
    let (_, section_) = paper.section(section).ok_or(ApiError::NotFound)?;
    let sites = chosen_sites(app, exam_id, sites).await?;
    if app.store.count_candidates(exam_id).await? == 0 {
        return Err(ApiError::Conflict("Aucun candidat n’est inscrit : importez-les d’abord.".into()));
    }
    let ids: Vec<String> = sites.iter().map(|s| s.id.clone()).collect();
    let done = event(actor, exam_id, "open", format!("« {} » ouverte : {}", section_.title, names(&sites)));
    app.store.open_sitting(exam_id, section_, &ids, &done).await?;
    live::look(app, exam_id).await;
    Ok(())
}

/// Closes a section at sites (all when none is named): everyone's time ends there.
pub async fn close(app: &App, actor: &Actor, exam_id: &str, section: &str, sites: &[String]) -> ApiResult<()> {
    let paper = app.frozen_paper(exam_id).await?;
    let (_, section_) = paper.section(section).ok_or(ApiError::NotFound)?;
    let sittings = app.store.sittings(exam_id).await?;
    let is_open =
        |site: &Site| sittings.iter().any(|s| s.site_id == site.id && s.section_id == section && s.closed_ms.is_none());
    let asked = chosen_sites(app, exam_id, sites).await?;
    let sites: Vec<Site> = asked.into_iter().filter(is_open).collect();
    if sites.is_empty() {
        return Err(ApiError::Conflict(format!("« {} » n’est ouverte dans aucun de ces centres.", section_.title)));
    }
    let ids: Vec<String> = sites.iter().map(|s| s.id.clone()).collect();
    let done = event(actor, exam_id, "close", format!("« {} » close : {}", section_.title, names(&sites)));
    app.store.close_sitting(exam_id, section, &ids, &done).await?;
    live::look(app, exam_id).await;
    Ok(())
}

/// Ends the exam: closes whatever is open and lets marking begin.
pub async fn finish(app: &App, actor: &Actor, exam_id: &str) -> ApiResult<()> {
    match exam(app, exam_id).await?.state.as_str() {
        "open" => {}
        "draft" | "frozen" => return Err(ApiError::Conflict("Rien n’a encore été ouvert.".into())),
        _ => return Err(ApiError::Conflict("L’examen est déjà terminé.".into())),
    }
    let paper = app.frozen_paper(exam_id).await?;
    let open: Vec<_> = app.store.sittings(exam_id).await?.into_iter().filter(|s| s.closed_ms.is_none()).collect();
    for section in &paper.sections {
        let sites: Vec<String> =
            open.iter().filter(|s| s.section_id == section.id.as_str()).map(|s| s.site_id.clone()).collect();
        if !sites.is_empty() {
            close(app, actor, exam_id, section.id.as_str(), &sites).await?;
        }
    }
    let (sheets, digest) = app.store.exam_digest(exam_id).await?;
    let sheets = crate::web::filters::thousands(sheets);
    let code = docimo_store::receipts::code(&digest);
    let done = event(
        actor,
        exam_id,
        "finish",
        format!("Examen terminé\u{a0}: {sheets} copies, empreinte des journaux {code}"),
    );
    app.store.move_exam(exam_id, &["open"], "closed", &done).await?;
    live::look(app, exam_id).await;
    Ok(())
}

/// What people in charge did in an exam, the newest first. Before publication, what the jury decided of
/// keys and answers is for the committee: others read that something was decided.
pub async fn events(app: &App, actor: &Actor, exam_id: &str, limit: i64) -> ApiResult<Vec<Event>> {
    let current = exam(app, exam_id).await?;
    let mut events = app.store.events(exam_id, limit).await?;
    // Acts name candidates and sites: someone limited to some of them reads their own.
    if reach(app, actor, exam_id).await?.sites.is_some() {
        events.retain(|e| e.author_id.as_deref() == Some(&*actor.id));
    }
    if current.state != "published" && !actor.is_any(&[Role::Committee, Role::Administrator]) {
        for event in events.iter_mut().filter(|e| e.what == "decide") {
            event.detail = "Décision du jury, lisible après la publication".into();
        }
    }
    Ok(events)
}

/// Gives a sheet back to its candidate.
pub async fn reopen(app: &App, actor: &Actor, attempt_id: &str, reason: &str) -> ApiResult<String> {
    checked_reason(reason, "il est conservé avec la décision")?;
    let attempt = own_sheet(app, actor, attempt_id).await?;
    if attempt.exam_state != "open" {
        return Err(ApiError::Conflict("L’examen est terminé : une copie ne se rend plus.".into()));
    }
    if attempt.handed_in_ms.is_none() {
        return Err(ApiError::Conflict("Cette copie n’est pas remise.".into()));
    }
    let detail = format!("Copie du candidat {} rendue : {}", attempt.number, reason.trim());
    let done = event(actor, &attempt.exam_id, "reopen", detail);
    app.store.reopen_attempt(attempt_id, &actor.id, reason.trim(), &done).await?;
    live::look(app, &attempt.exam_id).await;
    Ok(attempt.exam_id)
}
