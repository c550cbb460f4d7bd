//! Establishments, colleges, folders, and the rights given on folders.

use super::next_change;
use crate::db::{read, write};
use crate::exams::{NewEvent, insert_event};
use crate::{Store, StoreError, StoreResult};

/// An establishment, or a college in one.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Unit {
    /// Id.
    pub id: String,
    /// The establishment of a college.
    pub parent_id: Option<String>,
    /// `establishment` or `college`.
    pub kind: String,
    /// Unique.
    pub name: String,
    /// Reviewers who must agree, the author apart, 1 or 2.
    pub reviews: i64,
}

/// A folder.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Folder {
    /// Id.
    pub id: String,
    /// The folder it is in.
    pub parent_id: Option<String>,
    /// Whose it is.
    pub unit_id: String,
    /// Unique in its parent.
    pub name: String,
}

/// A right given on a folder and all those below it.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct FolderRight {
    /// Folder.
    pub folder_id: String,
    /// `everyone`, `unit` or `person`.
    pub to_kind: String,
    /// Empty for everyone.
    pub to_id: String,
    /// 1 read, 2 write, 3 review, 4 manage.
    pub level: i64,
}

impl Store {
    /// Every establishment and college, by name.
    pub async fn units(&self) -> StoreResult<Vec<Unit>> {
        let sql = "select id, parent_id, kind, name, reviews from unit order by name";
        Ok(read!(self, pool => sqlx::query_as(sql).fetch_all(pool).await?))
    }

    /// Adds an establishment or a college, or changes its name and number of reviewers.
    pub async fn set_unit(&self, unit: &Unit, event: &NewEvent) -> StoreResult<()> {
        let sql = "insert into unit (id, parent_id, kind, name, reviews, created_ms) values ($1, $2, $3, $4, $5, $6) \
                   on conflict (id) do update set name = excluded.name, reviews = excluded.reviews";
        write!(self, tx => {
            sqlx::query(sql).bind(&unit.id).bind(&unit.parent_id).bind(&unit.kind).bind(&unit.name).bind(unit.reviews)
                .bind(event.at_ms).execute(&mut *tx).await?;
            // What waits for a decision takes as many people as are asked for now.
            let people: i64 = if unit.reviews > 1 { 2 } else { 1 };
            sqlx::query("update ai_fact set people = $2, gate = proposal_id || '/' || cast($3 as text) where folder_id in (select f.id from folder f where f.unit_id = $1) and not exists (select 1 from ai_decision d where d.proposal_id = ai_fact.proposal_id)")
                .bind(&unit.id).bind(people).bind(people.to_string()).execute(&mut *tx).await?;
            // Its name is shown with its entries.
            let change = next_change!(tx);
            sqlx::query("update entry set changed = $2 where folder_id in (select f.id from folder f where f.unit_id = $1)")
                .bind(&unit.id).bind(change).execute(&mut *tx).await?;
            insert_event!(tx, event);
        });
        Ok(())
    }

    /// Makes someone a member of a unit, or no longer one.
    pub async fn set_member(&self, unit_id: &str, person_id: &str, member: bool, event: &NewEvent) -> StoreResult<()> {
        write!(self, tx => {
            if member {
                sqlx::query("insert into unit_member (unit_id, person_id) values ($1, $2) on conflict do nothing")
                    .bind(unit_id).bind(person_id).execute(&mut *tx).await?;
            } else {
                sqlx::query("delete from unit_member where unit_id = $1 and person_id = $2")
                    .bind(unit_id).bind(person_id).execute(&mut *tx).await?;
            }
            insert_event!(tx, event);
        });
        Ok(())
    }

    /// Members of units: unit, person, name.
    pub async fn members(&self) -> StoreResult<Vec<(String, String, String)>> {
        let sql = "select m.unit_id, m.person_id, p.name from unit_member m join person p on p.id = m.person_id \
                   order by p.name, p.id";
        Ok(read!(self, pool => sqlx::query_as(sql).fetch_all(pool).await?))
    }

    /// Units that someone is a member of.
    pub async fn units_of(&self, person_id: &str) -> StoreResult<Vec<String>> {
        let sql = "select unit_id from unit_member where person_id = $1 order by unit_id";
        Ok(read!(self, pool => sqlx::query_scalar(sql).bind(person_id).fetch_all(pool).await?))
    }

    /// Every folder, by name.
    pub async fn folders(&self) -> StoreResult<Vec<Folder>> {
        let sql = "select id, parent_id, unit_id, name from folder order by name";
        Ok(read!(self, pool => sqlx::query_as(sql).fetch_all(pool).await?))
    }

    /// Adds a folder, or changes its name and place. Entries do not move: their folder stays theirs.
    pub async fn set_folder(&self, folder: &Folder, event: &NewEvent) -> StoreResult<()> {
        let sql = "insert into folder (id, parent_id, unit_id, name, created_ms) values ($1, $2, $3, $4, $5) \
                   on conflict (id) do update set name = excluded.name, parent_id = excluded.parent_id";
        write!(self, tx => {
            // A folder put under itself would never be found again.
            let mut above = folder.parent_id.clone();
            while let Some(id) = above {
                if id == folder.id {
                    return Err(StoreError::Conflict);
                }
                above = sqlx::query_scalar::<_, Option<String>>("select parent_id from folder where id = $1")
                    .bind(&id).fetch_optional(&mut *tx).await?.flatten();
            }
            sqlx::query(sql).bind(&folder.id).bind(&folder.parent_id).bind(&folder.unit_id).bind(&folder.name)
                .bind(event.at_ms).execute(&mut *tx).await?;
            insert_event!(tx, event);
        });
        Ok(())
    }

    /// Removes a folder without entries nor folders in it; [`StoreError::Conflict`] if there are.
    pub async fn remove_folder(&self, folder_id: &str, event: &NewEvent) -> StoreResult<()> {
        write!(self, tx => {
            let held: i64 = sqlx::query_scalar(
                "select (select count(*) from entry where folder_id = $1) + (select count(*) from folder where parent_id = $1)")
                .bind(folder_id).fetch_one(&mut *tx).await?;
            if held > 0 || folder_id == super::COMMON_FOLDER {
                return Err(StoreError::Conflict);
            }
            sqlx::query("delete from folder_right where folder_id = $1").bind(folder_id).execute(&mut *tx).await?;
            sqlx::query("delete from folder where id = $1").bind(folder_id).execute(&mut *tx).await?;
            insert_event!(tx, event);
        });
        Ok(())
    }

    /// Rights given on folders, all of them.
    pub async fn folder_rights(&self) -> StoreResult<Vec<FolderRight>> {
        let sql = "select folder_id, to_kind, to_id, level from folder_right order by folder_id, to_kind, to_id";
        Ok(read!(self, pool => sqlx::query_as(sql).fetch_all(pool).await?))
    }

    /// Gives a right, changes it, or takes it back (level 0). What follows the bank hears of it: who finds
    /// what has changed.
    pub async fn set_folder_right(&self, right: &FolderRight, event: &NewEvent) -> StoreResult<()> {
        write!(self, tx => {
            next_change!(tx);
            if right.level == 0 {
                sqlx::query("delete from folder_right where folder_id = $1 and to_kind = $2 and to_id = $3")
                    .bind(&right.folder_id).bind(&right.to_kind).bind(&right.to_id).execute(&mut *tx).await?;
            } else {
                sqlx::query("insert into folder_right (folder_id, to_kind, to_id, level) values ($1, $2, $3, $4) \
                             on conflict (folder_id, to_kind, to_id) do update set level = excluded.level")
                    .bind(&right.folder_id).bind(&right.to_kind).bind(&right.to_id).bind(right.level)
                    .execute(&mut *tx).await?;
            }
            insert_event!(tx, event);
        });
        Ok(())
    }
}
