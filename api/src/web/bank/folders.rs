//! Folders of the bank, the rights given on them, and the establishments and colleges to which they are given.

use super::super::committee::Fields;
use crate::ambient;
use crate::app::App;
use crate::auth::{Actor, Role};
use crate::bank::event;
use crate::bank::reach::Reach;
use crate::error::{ApiError, ApiResult};
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{Path, RawForm, State};
use axum::response::Response;
use docimo_bank::rights::Level;
use docimo_store::bank::COMMON_FOLDER;
use docimo_store::bank::folders::{Folder, FolderRight, Unit};
use std::collections::HashMap;

struct RightRow {
    to: String,
    level: &'static str,
    to_kind: String,
    to_id: String,
}

struct FolderRow {
    id: String,
    path: String,
    unit: String,
    mine: &'static str,
    rights: Vec<RightRow>,
    may_manage: bool,
    removable: bool,
}

struct UnitRow {
    id: String,
    name: String,
    kind: &'static str,
    within: String,
    reviews: i64,
    members: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "bank/folders.html")]
struct FoldersPage {
    page: Layout,
    folders: Vec<FolderRow>,
    /// Where a folder may be made: id, path.
    homes: Vec<(String, String)>,
    holders: Vec<(String, String)>,
    levels: Vec<(i64, &'static str)>,
    units: Vec<UnitRow>,
    establishments: Vec<(String, String)>,
    administrator: bool,
}

/// Folders in reach, and for who manages them, their rights.
pub async fn folders(State(app): State<App>, actor: Actor, page: Layout) -> ApiResult<Response> {
    let reach = Reach::of(&app, &actor).await?;
    let rights = app.store.folder_rights().await?;
    let staff: HashMap<String, String> = app.store.staff().await?.into_iter().map(|p| (p.id, p.name)).collect();
    let units: HashMap<&str, &str> = reach.units().iter().map(|u| (u.id.as_str(), u.name.as_str())).collect();
    let named = |right: &FolderRight| match right.to_kind.as_str() {
        "everyone" => "Tout le personnel".to_owned(),
        "unit" => units.get(right.to_id.as_str()).map_or_else(|| right.to_id.clone(), |n| (*n).to_owned()),
        _ => staff.get(&right.to_id).cloned().unwrap_or_else(|| "compte retiré".into()),
    };
    let rows = reach.folders_at(Level::Read).into_iter().map(|(id, path)| {
        let own = Level::ALL.into_iter().rev().find(|l| reach.may(&id, *l));
        let may_manage = reach.may(&id, Level::Manage);
        FolderRow {
            unit: reach.unit_of(&id).map_or_else(String::new, |u| u.name.clone()),
            mine: own.map_or("", Level::french),
            rights: rights
                .iter()
                .filter(|r| may_manage && r.folder_id == id)
                .map(|r| RightRow {
                    to: named(r),
                    level: Level::from_number(r.level).map_or("?", Level::french),
                    to_kind: r.to_kind.clone(),
                    to_id: r.to_id.clone(),
                })
                .collect(),
            may_manage,
            removable: may_manage && id != COMMON_FOLDER,
            id,
            path,
        }
    });
    let rows: Vec<FolderRow> = rows.collect();
    let administrator = actor.is(Role::Administrator);
    let mut holders = vec![("everyone:".to_owned(), "Tout le personnel".to_owned())];
    holders.extend(reach.units().iter().map(|u| (format!("unit:{}", u.id), u.name.clone())));
    let mut people: Vec<(String, String)> =
        staff.iter().map(|(id, name)| (format!("person:{id}"), name.clone())).collect();
    people.sort_by(|a, b| a.1.cmp(&b.1));
    holders.extend(people);
    let members = if administrator { app.store.members().await? } else { Vec::new() };
    web::page(&FoldersPage {
        page: page.titled("Dossiers de la banque"),
        homes: reach.folders_at(Level::Manage),
        folders: rows,
        holders,
        levels: Level::ALL.into_iter().map(|l| (l.number(), l.french())).collect(),
        establishments: reach
            .units()
            .iter()
            .filter(|u| u.kind == "establishment")
            .map(|u| (u.id.clone(), u.name.clone()))
            .collect(),
        units: if administrator { unit_rows(reach.units(), &members) } else { Vec::new() },
        administrator,
    })
}

fn unit_rows(units: &[Unit], members: &[(String, String, String)]) -> Vec<UnitRow> {
    let names: HashMap<&str, &str> = units.iter().map(|u| (u.id.as_str(), u.name.as_str())).collect();
    units
        .iter()
        .map(|u| UnitRow {
            id: u.id.clone(),
            name: u.name.clone(),
            kind: if u.kind == "college" { "Collège" } else { "Établissement" },
            within: u.parent_id.as_deref().and_then(|p| names.get(p)).map_or_else(String::new, |n| (*n).to_owned()),
            reviews: u.reviews,
            members: members
                .iter()
                .filter(|(unit, _, _)| *unit == u.id)
                .map(|(_, person, name)| (person.clone(), name.clone()))
                .collect(),
        })
        .collect()
}

fn name(fields: &Fields, field: &str) -> ApiResult<String> {
    let name = fields.get(field).trim();
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) || name.contains('/') {
        return Err(ApiError::wrong("nom", "Donnez un nom de 1 à 100 caractères, sans barre oblique."));
    }
    Ok(name.to_owned())
}

/// Makes a folder.
pub async fn add(State(app): State<App>, actor: Actor, RawForm(body): RawForm) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    let (name, parent) = (name(&fields, "nom")?, fields.get("dans"));
    let reach = Reach::of(&app, &actor).await?;
    let unit = fields.get("unite");
    let (parent_id, unit_id) = if parent.is_empty() {
        // At the root: a shelf of its own, that only its rights open.
        if !actor.is(Role::Administrator) {
            return Err(ApiError::Forbidden);
        }
        if !reach.units().iter().any(|u| u.id == unit) {
            return Err(ApiError::wrong("à", "Choisissez l’établissement ou le collège du dossier."));
        }
        (None, unit.to_owned())
    } else {
        reach.need(parent, Level::Manage)?;
        let unit = reach.unit_of(parent).map_or_else(String::new, |u| u.id.clone());
        (Some(parent.to_owned()), unit)
    };
    let done = event(&actor, "folder", format!("Dossier « {name} » créé"));
    let folder = Folder { id: ambient::fresh_id(done.at_ms), parent_id, unit_id, name };
    app.store.set_folder(&folder, &done).await?;
    Ok(web::go("/dossiers", "Dossier créé."))
}

/// Removes an empty folder.
pub async fn remove(State(app): State<App>, actor: Actor, Path(folder): Path<String>) -> ApiResult<Response> {
    let reach = Reach::of(&app, &actor).await?;
    reach.need(&folder, Level::Manage)?;
    let done = event(&actor, "folder", format!("Dossier « {} » supprimé", reach.path(&folder)));
    app.store.remove_folder(&folder, &done).await.map_err(|e| match e {
        docimo_store::StoreError::Conflict => {
            ApiError::Conflict("Ce dossier contient des questions ou des dossiers : déplacez-les d’abord.".into())
        }
        other => other.into(),
    })?;
    Ok(web::go("/dossiers", "Dossier supprimé."))
}

/// Gives a right on a folder, or takes it back.
pub async fn set_right(
    State(app): State<App>,
    actor: Actor,
    Path(folder): Path<String>,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    let reach = Reach::of(&app, &actor).await?;
    reach.need(&folder, Level::Manage)?;
    let (to_kind, to_id) = fields.get("a").split_once(':').unwrap_or_default();
    let known = match to_kind {
        "everyone" => to_id.is_empty(),
        "unit" => reach.units().iter().any(|u| u.id == to_id),
        "person" => app.store.person(to_id).await?.is_some(),
        _ => false,
    };
    let level = match fields.get("niveau") {
        "0" => Some(0),
        text => text.parse().ok().and_then(Level::from_number).map(Level::number),
    };
    let (true, Some(level)) = (known, level) else {
        return Err(ApiError::wrong("droit", "Choisissez à qui, et jusqu’où."));
    };
    let word = Level::from_number(level).map_or("retiré", Level::french);
    let done = event(&actor, "folder_right", format!("Droit sur « {} » : {word}", reach.path(&folder)));
    let right = FolderRight { folder_id: folder, to_kind: to_kind.to_owned(), to_id: to_id.to_owned(), level };
    app.store.set_folder_right(&right, &done).await?;
    Ok(web::go("/dossiers", if level == 0 { "Droit retiré." } else { "Droit donné." }))
}

/// Adds an establishment or a college, or changes one.
pub async fn set_unit(State(app): State<App>, actor: Actor, RawForm(body): RawForm) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    let name = name(&fields, "nom")?;
    let reviews = i64::from(fields.number("relectures", "relectures")?);
    if reviews > 3 {
        return Err(ApiError::wrong("relectures", "3 au plus."));
    }
    let units = app.store.units().await?;
    let (id, within) = (fields.get("unite"), fields.get("dans"));
    let done = event(&actor, "unit", format!("« {name} » : {reviews} relecture(s)"));
    let unit = match units.into_iter().find(|u| u.id == id) {
        Some(unit) => Unit { name, reviews, ..unit },
        None if !id.is_empty() => return Err(ApiError::NotFound),
        None => Unit {
            id: ambient::fresh_id(done.at_ms),
            parent_id: Some(within.to_owned()).filter(|w| !w.is_empty()),
            kind: if within.is_empty() { "establishment".into() } else { "college".into() },
            name,
            reviews,
        },
    };
    app.store.set_unit(&unit, &done).await?;
    Ok(web::go("/dossiers#unites", "Enregistré."))
}

/// Makes someone a member of an establishment or a college, or no longer one.
pub async fn set_member(
    State(app): State<App>,
    actor: Actor,
    Path(unit): Path<String>,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    let person = fields.get("personne").trim_start_matches("person:");
    if app.store.person(person).await?.is_none() {
        return Err(ApiError::wrong("personne", "Choisissez quelqu’un."));
    }
    let member = fields.get("membre") != "0";
    let done = event(&actor, "member", if member { "Membre ajouté" } else { "Membre retiré" });
    app.store.set_member(&unit, person, member, &done).await?;
    Ok(web::go("/dossiers#unites", "Enregistré."))
}
