//! Folders of the bank, the rights given on them, and the establishments and colleges to which they are given.

use super::event;
use super::reach::Reach;
use crate::ambient;
use crate::app::App;
use crate::auth::{Actor, Role};
use crate::error::{ApiError, ApiResult};
use docimo_bank::rights::Level;
use docimo_store::bank::folders::{Folder, FolderRight, Unit};

/// Where a folder is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Home {
    /// At the root: a shelf of its own, that only its rights open. For administrators.
    Root {
        /// Whose it is.
        unit: String,
    },
    /// In another folder, whose rights hold in it.
    Folder {
        /// Which.
        folder: String,
    },
}

fn checked_name(name: &str) -> ApiResult<String> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) || name.contains('/') {
        return Err(ApiError::wrong("nom", "Donnez un nom de 1 à 100 caractères, sans barre oblique."));
    }
    Ok(name.to_owned())
}

/// Makes a folder; returns its id.
///
/// # Errors
/// Where someone may not, or the name is taken there.
pub async fn add(app: &App, actor: &Actor, name: &str, home: &Home) -> ApiResult<String> {
    let name = checked_name(name)?;
    let reach = Reach::of(app, actor).await?;
    let (parent_id, unit_id) = match home {
        Home::Root { unit } => {
            if !actor.is(Role::Administrator) {
                return Err(ApiError::Forbidden);
            }
            if !reach.units().iter().any(|u| u.id == *unit) {
                return Err(ApiError::wrong("à", "Choisissez l’établissement ou le collège du dossier."));
            }
            (None, unit.clone())
        }
        Home::Folder { folder } => {
            reach.need(folder, Level::Manage)?;
            (Some(folder.clone()), reach.unit_of(folder).map_or_else(String::new, |u| u.id.clone()))
        }
    };
    let done = event(actor, "folder", format!("Dossier « {name} » créé"));
    let folder = Folder { id: ambient::fresh_id(done.at_ms), parent_id, unit_id, name };
    app.store.set_folder(&folder, &done).await?;
    Ok(folder.id)
}

/// Removes an empty folder.
///
/// # Errors
/// Where someone may not, or it is not empty.
pub async fn remove(app: &App, actor: &Actor, folder: &str) -> ApiResult<()> {
    let reach = Reach::of(app, actor).await?;
    reach.need(folder, Level::Manage)?;
    let done = event(actor, "folder", format!("Dossier « {} » supprimé", reach.path(folder)));
    app.store.remove_folder(folder, &done).await.map_err(|e| match e {
        docimo_store::StoreError::Conflict => {
            ApiError::Conflict("Ce dossier contient des questions ou des dossiers : déplacez-les d’abord.".into())
        }
        other => other.into(),
    })
}

/// Gives a right on a folder, or takes it back (level 0), to everyone, a unit or a person.
///
/// # Errors
/// Where someone may not, or nobody is named so.
pub async fn set_right(
    app: &App,
    actor: &Actor,
    folder: &str,
    to_kind: &str,
    to_id: &str,
    level: i64,
) -> ApiResult<()> {
    let reach = Reach::of(app, actor).await?;
    reach.need(folder, Level::Manage)?;
    let to = match to_kind {
        "everyone" if to_id.is_empty() => Some("tout le monde".to_owned()),
        "unit" => reach.units().iter().find(|u| u.id == to_id).map(|u| u.name.clone()),
        "person" => app.store.person(to_id).await?.map(|p| p.name),
        _ => None,
    };
    let Some(to) = to else { return Err(ApiError::wrong("droit", "Choisissez à qui, et jusqu’où.")) };
    if level != 0 && Level::from_number(level).is_none() {
        return Err(ApiError::wrong("droit", "Choisissez à qui, et jusqu’où."));
    }
    let word = Level::from_number(level).map_or("retiré", Level::french);
    let done = event(actor, "folder_right", format!("Droit sur « {} », {to} : {word}", reach.path(folder)));
    let right =
        FolderRight { folder_id: folder.to_owned(), to_kind: to_kind.to_owned(), to_id: to_id.to_owned(), level };
    Ok(app.store.set_folder_right(&right, &done).await?)
}

/// Adds an establishment (`within` absent) or a college, or changes the one of that id; returns the id.
///
/// # Errors
/// Where nobody is named so, or the name is taken.
pub async fn set_unit(
    app: &App,
    actor: &Actor,
    id: Option<&str>,
    within: Option<&str>,
    name: &str,
    reviews: i64,
) -> ApiResult<String> {
    let name = checked_name(name)?;
    if !(0..=3).contains(&reviews) {
        return Err(ApiError::wrong("relectures", "De 0 à 3."));
    }
    let units = app.store.units().await?;
    let done = event(actor, "unit", format!("« {name} » : {reviews} relecture(s)"));
    let unit = match id {
        Some(id) => {
            let known = units.into_iter().find(|u| u.id == id).ok_or(ApiError::NotFound)?;
            Unit { name, reviews, ..known }
        }
        None => {
            if within.is_some_and(|w| !units.iter().any(|u| u.id == w && u.kind == "establishment")) {
                return Err(ApiError::wrong("dans", "Choisissez l’établissement du collège."));
            }
            Unit {
                id: ambient::fresh_id(done.at_ms),
                parent_id: within.map(str::to_owned),
                kind: if within.is_none() { "establishment".into() } else { "college".into() },
                name,
                reviews,
            }
        }
    };
    app.store.set_unit(&unit, &done).await?;
    Ok(unit.id)
}

/// Makes someone a member of an establishment or a college, or no longer one.
///
/// # Errors
/// Where either is unknown.
pub async fn set_member(app: &App, actor: &Actor, unit: &str, person: &str, member: bool) -> ApiResult<()> {
    let units = app.store.units().await?;
    let within = units.iter().find(|u| u.id == unit).ok_or(ApiError::NotFound)?;
    let Some(who) = app.store.person(person).await? else {
        return Err(ApiError::wrong("personne", "Choisissez quelqu’un."));
    };
    let word = if member { "membre ajouté" } else { "membre retiré" };
    let done = event(actor, "member", format!("« {} » : {word}, {}", within.name, who.name));
    Ok(app.store.set_member(unit, person, member, &done).await?)
}
