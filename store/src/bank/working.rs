//! Working copies (what someone is writing), saved searches, settings of the bank.

use crate::db::{read, write};
use crate::exams::{NewEvent, insert_event};
use crate::{Store, StoreResult};

/// What someone is writing and has not yet made a revision of.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct WorkingCopy {
    /// Whose.
    pub person_id: String,
    /// An entry, or the id that a new one will have.
    pub entry_id: String,
    /// Where a new entry will be.
    pub folder_id: String,
    /// The revision it started from; 0 for a new entry.
    pub base: i64,
    /// JSON.
    pub body: String,
    /// When it was last kept.
    pub updated_ms: i64,
}

const COPY: &str = "select person_id, entry_id, folder_id, base, body, updated_ms from working_copy where person_id = $1 and entry_id = $2";

impl Store {
    /// Keeps a working copy, over the one before.
    pub async fn keep_working_copy(&self, copy: &WorkingCopy) -> StoreResult<()> {
        let sql = "insert into working_copy (person_id, entry_id, folder_id, base, body, updated_ms) values ($1, $2, $3, $4, $5, $6) \
                   on conflict (person_id, entry_id) do update set folder_id = excluded.folder_id, base = excluded.base, \
                   body = excluded.body, updated_ms = excluded.updated_ms";
        write!(self, tx => {
            sqlx::query(sql).bind(&copy.person_id).bind(&copy.entry_id).bind(&copy.folder_id).bind(copy.base)
                .bind(&copy.body).bind(copy.updated_ms).execute(&mut *tx).await?;
        });
        Ok(())
    }

    /// Keeps a working copy over the one that was kept at `over_ms`; `false`, and nothing done, if that one is no
    /// longer there.
    pub async fn keep_working_copy_over(&self, copy: &WorkingCopy, over_ms: i64) -> StoreResult<bool> {
        let sql = "update working_copy set folder_id = $3, base = $4, body = $5, updated_ms = $6 \
                   where person_id = $1 and entry_id = $2 and updated_ms = $7";
        Ok(write!(self, tx => {
            sqlx::query(sql).bind(&copy.person_id).bind(&copy.entry_id).bind(&copy.folder_id).bind(copy.base)
                .bind(&copy.body).bind(copy.updated_ms).bind(over_ms).execute(&mut *tx).await?.rows_affected() == 1
        }))
    }

    /// Someone's working copy of an entry.
    pub async fn working_copy(&self, person_id: &str, entry_id: &str) -> StoreResult<Option<WorkingCopy>> {
        Ok(read!(self, pool => sqlx::query_as(COPY).bind(person_id).bind(entry_id).fetch_optional(pool).await?))
    }

    /// Everything that someone is writing, the newest first.
    pub async fn working_copies(&self, person_id: &str) -> StoreResult<Vec<WorkingCopy>> {
        let sql = "select person_id, entry_id, folder_id, base, body, updated_ms from working_copy where person_id = $1 \
                   order by updated_ms desc, entry_id";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(person_id).fetch_all(pool).await?))
    }

    /// Gives up a working copy.
    pub async fn drop_working_copy(&self, person_id: &str, entry_id: &str) -> StoreResult<()> {
        write!(self, tx => {
            sqlx::query("delete from working_copy where person_id = $1 and entry_id = $2")
                .bind(person_id).bind(entry_id).execute(&mut *tx).await?;
        });
        Ok(())
    }

    /// Keeps a search under a name, over the one of that name.
    pub async fn save_search(&self, person_id: &str, name: &str, query: &str, now_ms: i64) -> StoreResult<()> {
        let sql = "insert into saved_search (person_id, name, query, created_ms) values ($1, $2, $3, $4) \
                   on conflict (person_id, name) do update set query = excluded.query";
        write!(self, tx => {
            sqlx::query(sql).bind(person_id).bind(name).bind(query).bind(now_ms).execute(&mut *tx).await?;
        });
        Ok(())
    }

    /// Someone's saved searches: name, query.
    pub async fn saved_searches(&self, person_id: &str) -> StoreResult<Vec<(String, String)>> {
        let sql = "select name, query from saved_search where person_id = $1 order by name";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(person_id).fetch_all(pool).await?))
    }

    /// Forgets a saved search.
    pub async fn forget_search(&self, person_id: &str, name: &str) -> StoreResult<()> {
        write!(self, tx => {
            sqlx::query("delete from saved_search where person_id = $1 and name = $2")
                .bind(person_id).bind(name).execute(&mut *tx).await?;
        });
        Ok(())
    }

    /// What the establishment decided of its bank under a name, and when.
    pub async fn bank_setting(&self, name: &str) -> StoreResult<Option<(String, i64)>> {
        let sql = "select value, updated_ms from bank_setting where name = $1";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(name).fetch_optional(pool).await?))
    }

    /// Keeps a decision of the establishment on its bank, over the one before.
    pub async fn set_bank_setting(&self, name: &str, value: &str, event: &NewEvent) -> StoreResult<()> {
        let sql = "insert into bank_setting (name, value, author_id, updated_ms) values ($1, $2, $3, $4) on conflict (name) \
                   do update set value = excluded.value, author_id = excluded.author_id, updated_ms = excluded.updated_ms";
        write!(self, tx => {
            sqlx::query(sql).bind(name).bind(value).bind(&event.author_id).bind(event.at_ms).execute(&mut *tx).await?;
            insert_event!(tx, event);
        });
        Ok(())
    }
}
