//! What the composition of a paper rests on: its table of specification, entries that must not meet, and the
//! named people who answer for a question already seen.

use crate::db::{Db, read, write};
use crate::exams::{NewEvent, insert_event};
use crate::{Store, StoreResult};

/// Two entries that must not be on the same paper.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Enemies {
    /// The lesser id of the two.
    pub entry_a: String,
    /// The greater.
    pub entry_b: String,
    /// Why.
    pub reason: String,
    /// Who says so.
    pub person_name: String,
}

/// Someone answers for a hazard of a paper.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct HazardOverride {
    /// What the check found, by its stable key.
    pub hazard: String,
    /// Why it may stay.
    pub reason: String,
    /// Who says so.
    pub author_id: String,
    /// Their name.
    pub author_name: String,
    /// When.
    pub at_ms: i64,
}

/// Where an entry of the bank stands.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Standing {
    /// Entry.
    pub id: String,
    /// The author's own id.
    pub external_id: String,
    /// Status in the workflow.
    pub status: String,
    /// Number of the newest validated revision, where there is one.
    pub usable: Option<i64>,
    /// Folder.
    pub folder_id: String,
}

impl Store {
    /// Where these entries stand, by the author's own id; those that the bank does not have are left out.
    pub async fn standings(&self, external_ids: &[String]) -> StoreResult<Vec<Standing>> {
        const HEAD: &str = "select id, external_id, status, usable, folder_id from entry where external_id in (";
        macro_rules! run {
            ($db:ty, $pool:expr) => {{
                let mut found = Vec::new();
                // Both engines bound the number of parameters.
                for some in external_ids.chunks(500) {
                    let mut query = sqlx::QueryBuilder::<$db>::new(HEAD);
                    let mut list = query.separated(", ");
                    for id in some {
                        list.push_bind(id.clone());
                    }
                    query.push(") order by external_id");
                    found.extend(query.build_query_as::<Standing>().fetch_all($pool).await?);
                }
                found
            }};
        }
        Ok(match &self.db {
            Db::Sqlite { read, .. } => run!(sqlx::Sqlite, read),
            Db::Postgres(pool) => run!(sqlx::Postgres, pool),
        })
    }

    /// Table of specification of an exam: JSON.
    pub async fn blueprint(&self, exam_id: &str) -> StoreResult<Option<String>> {
        let sql = "select body from blueprint where exam_id = $1";
        Ok(read!(self, pool => sqlx::query_scalar(sql).bind(exam_id).fetch_optional(pool).await?))
    }

    /// Keeps the table of specification of an exam, over the one before.
    pub async fn set_blueprint(&self, exam_id: &str, body: &str, author_id: &str, now_ms: i64) -> StoreResult<()> {
        let sql = "insert into blueprint (exam_id, body, author_id, updated_ms) values ($1, $2, $3, $4) on conflict (exam_id) \
                   do update set body = excluded.body, author_id = excluded.author_id, updated_ms = excluded.updated_ms";
        write!(self, tx => {
            sqlx::query(sql).bind(exam_id).bind(body).bind(author_id).bind(now_ms).execute(&mut *tx).await?;
        });
        Ok(())
    }

    /// Declares that two entries must not meet on a paper.
    pub async fn set_enemies(&self, a: &str, b: &str, reason: &str, person_id: &str, now_ms: i64) -> StoreResult<()> {
        let (a, b) = if a < b { (a, b) } else { (b, a) };
        let sql = "insert into entry_enemy (entry_a, entry_b, reason, person_id, at_ms) values ($1, $2, $3, $4, $5) \
                   on conflict (entry_a, entry_b) do update set reason = excluded.reason";
        write!(self, tx => {
            sqlx::query(sql).bind(a).bind(b).bind(reason).bind(person_id).bind(now_ms).execute(&mut *tx).await?;
        });
        Ok(())
    }

    /// Lets two entries meet again.
    pub async fn remove_enemies(&self, a: &str, b: &str) -> StoreResult<()> {
        let (a, b) = if a < b { (a, b) } else { (b, a) };
        write!(self, tx => {
            sqlx::query("delete from entry_enemy where entry_a = $1 and entry_b = $2").bind(a).bind(b).execute(&mut *tx).await?;
        });
        Ok(())
    }

    /// Every pair that must not meet.
    pub async fn enemies(&self) -> StoreResult<Vec<Enemies>> {
        let sql = "select n.entry_a, n.entry_b, n.reason, p.name as person_name from entry_enemy n \
                   join person p on p.id = n.person_id order by n.entry_a, n.entry_b";
        Ok(read!(self, pool => sqlx::query_as(sql).fetch_all(pool).await?))
    }

    /// Pairs that hold this entry.
    pub async fn enemies_of(&self, entry_id: &str) -> StoreResult<Vec<Enemies>> {
        let sql = "select n.entry_a, n.entry_b, n.reason, p.name as person_name from entry_enemy n \
                   join person p on p.id = n.person_id where n.entry_a = $1 or n.entry_b = $1 order by n.entry_a, n.entry_b";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(entry_id).fetch_all(pool).await?))
    }

    /// Someone answers for hazards of a draft paper, all or nothing.
    pub async fn override_hazards(
        &self,
        exam_id: &str,
        hazards: &[String],
        reason: &str,
        event: &NewEvent,
    ) -> StoreResult<()> {
        let sql = "insert into hazard_override (exam_id, hazard, reason, author_id, at_ms) values ($1, $2, $3, $4, $5)";
        write!(self, tx => {
            for hazard in hazards {
                sqlx::query(sql).bind(exam_id).bind(hazard).bind(reason).bind(&event.author_id).bind(event.at_ms)
                    .execute(&mut *tx).await?;
            }
            insert_event!(tx, event);
        });
        Ok(())
    }

    /// Hazards of an exam that someone answers for.
    pub async fn overrides(&self, exam_id: &str) -> StoreResult<Vec<HazardOverride>> {
        let sql = "select h.hazard, h.reason, h.author_id, p.name as author_name, h.at_ms from hazard_override h \
                   join person p on p.id = h.author_id where h.exam_id = $1 order by h.at_ms, h.hazard";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(exam_id).fetch_all(pool).await?))
    }
}
