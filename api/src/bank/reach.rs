//! How far someone's rights reach over the folders of the bank.
//!
//! Two things are needed to do something: a role that does such things at all, and a right on the folder. A
//! folder without any right of theirs does not exist for them: what is in it answers as if absent.

use crate::app::App;
use crate::auth::{Actor, Role};
use crate::error::{ApiError, ApiResult};
use docimo_bank::rights::{Grant, Holder, Level, Place, levels, units_with_parents};
use docimo_store::Store;
use docimo_store::bank::EntryLine;
use docimo_store::bank::folders::{Folder, Unit};
use std::collections::{BTreeMap, HashMap};

/// What someone may do, folder by folder.
pub struct Reach {
    levels: BTreeMap<String, Level>,
    /// Every folder, those out of reach included.
    folders: Vec<Folder>,
    /// Establishments and colleges.
    units: Vec<Unit>,
}

/// The most that someone's roles let them do.
fn ceiling(actor: &Actor) -> Option<Level> {
    let of = |role: &Role| match role {
        Role::Author => Some(Level::Write),
        Role::Reviewer | Role::Committee => Some(Level::Review),
        Role::Administrator => Some(Level::Manage),
        Role::Student | Role::Supervisor | Role::Registrar => None,
    };
    actor.roles.iter().filter_map(of).max()
}

impl Reach {
    /// Reads the rights of someone.
    pub async fn of(app: &App, actor: &Actor) -> ApiResult<Self> {
        let (folders, units) = (app.store.folders().await?, app.store.units().await?);
        let Some(most) = ceiling(actor) else { return Ok(Self { levels: BTreeMap::new(), folders, units }) };
        // Administrators give the rights: no folder may be out of everyone's reach.
        if most == Level::Manage {
            let levels = folders.iter().map(|f| (f.id.clone(), Level::Manage)).collect();
            return Ok(Self { levels, folders, units });
        }
        let own = app.store.units_of(&actor.id).await?;
        let parents: HashMap<String, String> =
            units.iter().filter_map(|u| Some((u.id.clone(), u.parent_id.clone()?))).collect();
        let places: Vec<Place> =
            folders.iter().map(|f| Place { id: f.id.clone(), parent: f.parent_id.clone() }).collect();
        let grants: Vec<Grant> = app
            .store
            .folder_rights()
            .await?
            .into_iter()
            .filter_map(|right| {
                let holder = match right.to_kind.as_str() {
                    "everyone" => Holder::Everyone,
                    "unit" => Holder::Unit(right.to_id),
                    "person" => Holder::Person(right.to_id),
                    _ => return None,
                };
                Some(Grant { folder: right.folder_id, holder, level: Level::from_number(right.level)? })
            })
            .collect();
        let mut levels = levels(&places, &grants, &actor.id, &units_with_parents(&own, &parents));
        for level in levels.values_mut() {
            // A right to manage is given to a person: it is worth what it says whatever their roles.
            if *level != Level::Manage {
                *level = (*level).min(most);
            }
        }
        Ok(Self { levels, folders, units })
    }

    /// Everything, for the command line: whoever has the database has all of it.
    pub async fn whole(store: &Store) -> ApiResult<Self> {
        let (folders, units) = (store.folders().await?, store.units().await?);
        let levels = folders.iter().map(|f| (f.id.clone(), Level::Manage)).collect();
        Ok(Self { levels, folders, units })
    }

    /// May they do that in a folder?
    pub fn may(&self, folder_id: &str, level: Level) -> bool {
        self.levels.get(folder_id).is_some_and(|held| *held >= level)
    }

    /// Refuses what they may not do: as if absent where they may not even look.
    pub fn need(&self, folder_id: &str, level: Level) -> ApiResult<()> {
        if self.may(folder_id, level) {
            Ok(())
        } else if self.may(folder_id, Level::Read) {
            Err(ApiError::Forbidden)
        } else {
            Err(ApiError::NotFound)
        }
    }

    /// Folders where they may do that, with their whole path, by path.
    pub fn folders_at(&self, level: Level) -> Vec<(String, String)> {
        let mut all: Vec<(String, String)> =
            self.folders.iter().filter(|f| self.may(&f.id, level)).map(|f| (f.id.clone(), self.path(&f.id))).collect();
        all.sort_by(|a, b| a.1.cmp(&b.1));
        all
    }

    /// Folders that they may read; `None` where that is all of them.
    pub fn readable(&self) -> Option<Vec<String>> {
        let own: Vec<String> = self.levels.keys().cloned().collect();
        (own.len() < self.folders.len()).then_some(own)
    }

    /// "Banque commune / Cardiologie".
    pub fn path(&self, folder_id: &str) -> String {
        let (mut names, mut at) = (Vec::new(), Some(folder_id));
        while let Some(folder) = at.and_then(|id| self.folders.iter().find(|f| f.id == id)) {
            names.push(folder.name.as_str());
            at = folder.parent_id.as_deref();
            if names.len() > self.folders.len() {
                break;
            }
        }
        names.reverse();
        names.join(" / ")
    }

    /// The unit whose folder it is.
    pub fn unit_of(&self, folder_id: &str) -> Option<&Unit> {
        let unit_id = &self.folders.iter().find(|f| f.id == folder_id)?.unit_id;
        self.units.iter().find(|u| u.id == *unit_id)
    }

    /// How many reviewers must agree in a folder.
    pub fn reviews(&self, folder_id: &str) -> usize {
        self.unit_of(folder_id).map_or(1, |unit| usize::try_from(unit.reviews).unwrap_or(0))
    }

    /// Establishments and colleges.
    pub fn units(&self) -> &[Unit] {
        &self.units
    }

    /// Every folder in reach.
    pub fn folders(&self) -> impl Iterator<Item = &Folder> {
        self.folders.iter().filter(|f| self.levels.contains_key(&f.id))
    }
}

/// Refuses a list that holds an entry they may not look at, as if it were absent.
pub async fn all_readable(app: &App, actor: &Actor, entry_ids: &[String]) -> ApiResult<()> {
    let reach = Reach::of(app, actor).await?;
    for id in entry_ids {
        let held = app.store.entry(id).await?.is_some_and(|line| reach.may(&line.folder_id, Level::Read));
        if !held {
            return Err(ApiError::wrong("questions", format!("l’entrée « {id} » n’est pas dans la banque")));
        }
    }
    Ok(())
}

/// An entry that they may do that with.
pub async fn entry(app: &App, actor: &Actor, entry_id: &str, level: Level) -> ApiResult<(EntryLine, Reach)> {
    let line = app.store.entry(entry_id).await?.ok_or(ApiError::NotFound)?;
    let reach = Reach::of(app, actor).await?;
    reach.need(&line.folder_id, level)?;
    Ok((line, reach))
}
