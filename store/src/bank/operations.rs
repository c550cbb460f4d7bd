//! Several entries changed at once, and undone.

use super::workflow::{NewEntryEvent, insert_entry_event};
use super::{NewRevision, insert_revision, next_change, uses};
use crate::ai::insert_decision;
use crate::ai::tags::{Tagging, insert_tagging};
use crate::db::{read, write};
use crate::{Store, StoreError, StoreResult};

/// What becomes of one entry.
#[derive(Clone, Debug)]
pub enum Change {
    /// Another folder.
    Folder {
        /// Folder before.
        from: String,
        /// Folder after.
        to: String,
    },
    /// Another status.
    Status {
        /// Status before.
        from: String,
        /// Status after.
        to: String,
    },
    /// Another wording: tags added or removed.
    Wording {
        /// Number of the revision before.
        from: i64,
        /// The revision after.
        to: Box<NewRevision>,
    },
    /// Another wording, whose new tags a machine proposed and a person let be.
    Tagged {
        /// Number of the revision before.
        from: i64,
        /// The revision after.
        to: Box<NewRevision>,
        /// The decision.
        tagging: Box<Tagging>,
    },
}

/// One entry of an operation.
#[derive(Clone, Debug)]
pub struct BulkChange {
    /// Entry.
    pub entry_id: String,
    /// What becomes of it.
    pub change: Change,
    /// Its line in the entry's own record.
    pub event: NewEntryEvent,
}

/// An operation on several entries.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct BulkOperation {
    /// Id.
    pub id: String,
    /// Who.
    pub person_id: String,
    /// When.
    pub at_ms: i64,
    /// `move`, `tag`, `untag`, or a transition.
    pub kind: String,
    /// A sentence.
    pub detail: String,
    /// When it was undone.
    pub undone_ms: Option<i64>,
    /// Entries that it changed.
    pub entries: i64,
}

/// A line of an operation.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct BulkLine {
    /// Entry.
    pub entry_id: String,
    /// Folder, status or number of revision before.
    pub before: String,
    /// The same, after.
    pub after: String,
}

impl Store {
    /// Changes entries, all or none; [`StoreError::Conflict`] if one is no longer as it was seen, or is locked
    /// by a paper. `undoes` marks an earlier operation as undone in the same transaction.
    pub async fn change_entries(
        &self,
        operation: &BulkOperation,
        changes: &[BulkChange],
        undoes: Option<&str>,
    ) -> StoreResult<()> {
        write!(self, tx => {
            let change = next_change!(tx);
            sqlx::query("insert into bulk_operation (id, person_id, at_ms, kind, detail, undone_ms) values ($1, $2, $3, $4, $5, null)")
                .bind(&operation.id).bind(&operation.person_id).bind(operation.at_ms).bind(&operation.kind)
                .bind(&operation.detail).execute(&mut *tx).await?;
            for c in changes {
                let (before, after, done) = match &c.change {
                    Change::Folder { from, to } => {
                        let done = sqlx::query("update entry set folder_id = $3, changed = $4 where id = $1 and folder_id = $2")
                            .bind(&c.entry_id).bind(from).bind(to).bind(change).execute(&mut *tx).await?.rows_affected();
                        (from.clone(), to.clone(), done)
                    }
                    Change::Status { from, to } => {
                        let done = sqlx::query("update entry set status = $3, changed = $4, updated_ms = $5, usable = case when $3 = 'validated' then latest when $3 = 'retired' then null else usable end where id = $1 and status = $2")
                            .bind(&c.entry_id).bind(from).bind(to).bind(change).bind(operation.at_ms)
                            .execute(&mut *tx).await?.rows_affected();
                        (from.clone(), to.clone(), done)
                    }
                    Change::Wording { from, to } | Change::Tagged { from, to, .. } => {
                        let locked: Option<String> = sqlx::query_scalar(uses::LOCK).bind(&c.entry_id).fetch_optional(&mut *tx).await?;
                        if locked.is_some() {
                            return Err(StoreError::Conflict);
                        }
                        let usable = (to.status == super::VALIDATED).then_some(from + 1);
                        let done = sqlx::query("update entry set latest = $3, changed = $4, updated_ms = $5, usable = coalesce($6, usable) where id = $1 and latest = $2")
                            .bind(&c.entry_id).bind(from).bind(from + 1).bind(change).bind(operation.at_ms).bind(usable)
                            .execute(&mut *tx).await?.rows_affected();
                        insert_revision!(tx, &c.entry_id, from + 1, to, operation.at_ms);
                        if let Change::Tagged { tagging: t, .. } = &c.change {
                            insert_decision!(tx, t.decision(), t.verdict, &t.reviewer_id, t.at_ms, Some(t.told.decision_id.as_str()));
                            insert_tagging!(tx, t, &c.entry_id, from + 1);
                        }
                        (from.to_string(), (from + 1).to_string(), done)
                    }
                };
                if done != 1 {
                    return Err(StoreError::Conflict);
                }
                insert_entry_event!(tx, c.event);
                sqlx::query("insert into bulk_line (operation_id, entry_id, before, after) values ($1, $2, $3, $4)")
                    .bind(&operation.id).bind(&c.entry_id).bind(before).bind(after).execute(&mut *tx).await?;
            }
            if let Some(earlier) = undoes {
                let done = sqlx::query("update bulk_operation set undone_ms = $2 where id = $1 and undone_ms is null")
                    .bind(earlier).bind(operation.at_ms).execute(&mut *tx).await?.rows_affected();
                if done != 1 {
                    return Err(StoreError::Conflict);
                }
            }
        });
        Ok(())
    }

    /// Someone's operations, the newest first.
    pub async fn operations(&self, person_id: &str, limit: i64) -> StoreResult<Vec<BulkOperation>> {
        let sql = "select o.id, o.person_id, o.at_ms, o.kind, o.detail, o.undone_ms, \
                   (select count(*) from bulk_line l where l.operation_id = o.id) as entries \
                   from bulk_operation o where o.person_id = $1 order by o.at_ms desc, o.id desc limit $2";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(person_id).bind(limit).fetch_all(pool).await?))
    }

    /// One operation and its lines.
    pub async fn operation(&self, id: &str) -> StoreResult<Option<(BulkOperation, Vec<BulkLine>)>> {
        let sql = "select o.id, o.person_id, o.at_ms, o.kind, o.detail, o.undone_ms, \
                   (select count(*) from bulk_line l where l.operation_id = o.id) as entries \
                   from bulk_operation o where o.id = $1";
        let lines = "select entry_id, before, after from bulk_line where operation_id = $1 order by entry_id";
        Ok(read!(self, pool => {
            match sqlx::query_as::<_, BulkOperation>(sql).bind(id).fetch_optional(pool).await? {
                None => None,
                Some(operation) => Some((operation, sqlx::query_as(lines).bind(id).fetch_all(pool).await?)),
            }
        }))
    }
}
