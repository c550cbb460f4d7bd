//! Folders of the bank, the rights given on them, and the establishments and colleges to which they are given.

use super::super::committee::Fields;
use crate::app::App;
use crate::auth::{Actor, Role};
use crate::bank::folders::{self, Home};
use crate::bank::reach::Reach;
use crate::error::{ApiError, ApiResult};
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{Path, RawForm, State};
use axum::response::Response;
use docimo_bank::rights::Level;
use docimo_store::bank::COMMON_FOLDER;
use docimo_store::bank::folders::{FolderRight, Unit};
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

/// Makes a folder.
pub async fn add(State(app): State<App>, actor: Actor, RawForm(body): RawForm) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    let place = match fields.get("dans") {
        "" => Home::Root { unit: fields.get("unite").to_owned() },
        parent => Home::Folder { folder: parent.to_owned() },
    };
    folders::add(&app, &actor, fields.get("nom"), &place).await?;
    Ok(web::go("/dossiers", "Dossier créé."))
}

/// Removes an empty folder.
pub async fn remove(State(app): State<App>, actor: Actor, Path(folder): Path<String>) -> ApiResult<Response> {
    folders::remove(&app, &actor, &folder).await?;
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
    let (to_kind, to_id) = fields.get("a").split_once(':').unwrap_or_default();
    let level = fields.get("niveau").parse().map_err(|_| ApiError::wrong("droit", "Choisissez à qui, et jusqu’où."))?;
    folders::set_right(&app, &actor, &folder, to_kind, to_id, level).await?;
    Ok(web::go("/dossiers", if level == 0 { "Droit retiré." } else { "Droit donné." }))
}

/// Adds an establishment or a college, or changes one.
pub async fn set_unit(State(app): State<App>, actor: Actor, RawForm(body): RawForm) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    let some = |field: &str| Some(fields.get(field)).filter(|v| !v.is_empty());
    let reviews = i64::from(fields.number("relectures", "relectures")?);
    folders::set_unit(&app, &actor, some("unite"), some("dans"), fields.get("nom"), reviews).await?;
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
    folders::set_member(&app, &actor, &unit, person, fields.get("membre") != "0").await?;
    Ok(web::go("/dossiers#unites", "Enregistré."))
}
