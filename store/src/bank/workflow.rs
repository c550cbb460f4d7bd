//! What people do with an entry: decisions, comments. The record is never changed.

use super::{NewRevision, insert_revision, next_change, uses};
use crate::bank::Media;
use crate::db::{read, write};
use crate::{Store, StoreError, StoreResult};

/// Something done with an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEntryEvent {
    /// Id.
    pub id: String,
    /// Entry.
    pub entry_id: String,
    /// The revision it is about.
    pub revision: i64,
    /// Who.
    pub person_id: String,
    /// When.
    pub at_ms: i64,
    /// `submit`, `approve`, `send_back`, `validate`, `reopen`, `retire`, `restore`, `move`, `comment`, `resolve`.
    pub what: &'static str,
    /// Of a comment: what it is about; of `resolve`: the comment's id.
    pub place: String,
    /// Reason or comment.
    pub body: String,
}

/// The same, read.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct EntryEvent {
    /// Id.
    pub id: String,
    /// The revision it is about.
    pub revision: i64,
    /// Who.
    pub person_id: String,
    /// Their name.
    pub person_name: String,
    /// When.
    pub at_ms: i64,
    /// What.
    pub what: String,
    /// Where.
    pub place: String,
    /// Reason or comment.
    pub body: String,
}

/// A step of the workflow: from what the caller saw, to what comes of it.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// Number of the latest revision that the caller saw.
    pub latest: i64,
    /// Status that the caller saw.
    pub from: &'a str,
    /// Status after.
    pub to: &'a str,
}

macro_rules! insert_entry_event {
    ($tx:expr, $event:expr) => {
        sqlx::query("insert into entry_event (id, entry_id, revision, person_id, at_ms, what, place, body) values ($1, $2, $3, $4, $5, $6, $7, $8)")
            .bind(&$event.id).bind(&$event.entry_id).bind($event.revision).bind(&$event.person_id).bind($event.at_ms)
            .bind($event.what).bind(&$event.place).bind(&$event.body).execute(&mut *$tx).await?
    };
}
pub(crate) use insert_entry_event;

impl Store {
    /// Takes a step of the workflow; [`StoreError::Conflict`] if the entry is no longer as the caller saw it.
    pub async fn step_entry(&self, step: Step<'_>, event: &NewEntryEvent) -> StoreResult<()> {
        write!(self, tx => {
            let change = next_change!(tx);
            // Usable: this revision once validated; none once retired; else what it was.
            let sql = "update entry set status = $4, changed = $5, updated_ms = $6, usable = case when $4 = 'validated' \
                       then latest when $4 = 'retired' then null else usable end \
                       where id = $1 and latest = $2 and status = $3";
            let done = sqlx::query(sql).bind(&event.entry_id).bind(step.latest).bind(step.from).bind(step.to)
                .bind(change).bind(event.at_ms).execute(&mut *tx).await?.rows_affected();
            if done != 1 {
                return Err(StoreError::Conflict);
            }
            insert_entry_event!(tx, event);
        });
        Ok(())
    }

    /// Records something that leaves the status as it is: a comment, an approval among several.
    pub async fn add_entry_event(&self, event: &NewEntryEvent) -> StoreResult<()> {
        write!(self, tx => { insert_entry_event!(tx, event); });
        Ok(())
    }

    /// What was done with an entry, in order.
    pub async fn entry_events(&self, entry_id: &str) -> StoreResult<Vec<EntryEvent>> {
        let sql = "select v.id, v.revision, v.person_id, p.name as person_name, v.at_ms, v.what, v.place, v.body \
                   from entry_event v join person p on p.id = v.person_id where v.entry_id = $1 order by v.at_ms, v.id";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(entry_id).fetch_all(pool).await?))
    }

    /// Makes a revision of what someone wrote, from the revision `base` that they had (0: a new entry), and
    /// ends their working copy. [`StoreError::Conflict`] if another one came meanwhile; the title of the
    /// exam if a paper locks the entry. Returns the number of the revision.
    pub async fn write_revision(
        &self,
        revision: &NewRevision,
        base: i64,
        media: &[Media],
        now_ms: i64,
    ) -> StoreResult<Result<i64, String>> {
        let r = revision;
        let number = base + 1;
        write!(self, tx => {
            super::media::insert_media!(tx, media, now_ms);
            let change = next_change!(tx);
            if base == 0 {
                sqlx::query("insert into entry (id, external_id, kind, status, latest, created_ms, folder_id, language, usable, changed, updated_ms) values ($1, $2, $3, $4, 1, $5, $6, $7, null, $8, $5)")
                    .bind(&r.fresh_entry_id).bind(&r.external_id).bind(&r.kind).bind(&r.status).bind(now_ms)
                    .bind(&r.folder_id).bind(&r.language).bind(change).execute(&mut *tx).await?;
            } else {
                let locked: Option<String> = sqlx::query_scalar(uses::LOCK).bind(&r.fresh_entry_id).fetch_optional(&mut *tx).await?;
                if let Some(exam) = locked {
                    return Ok(Err(exam));
                }
                let done = sqlx::query("update entry set latest = $3, kind = $4, status = $5, language = $6, changed = $7, updated_ms = $8 where id = $1 and latest = $2")
                    .bind(&r.fresh_entry_id).bind(base).bind(number).bind(&r.kind).bind(&r.status).bind(&r.language)
                    .bind(change).bind(now_ms).execute(&mut *tx).await?.rows_affected();
                if done != 1 {
                    return Err(StoreError::Conflict);
                }
            }
            insert_revision!(tx, &r.fresh_entry_id, number, r, now_ms);
            sqlx::query("delete from working_copy where person_id = $1 and entry_id = $2")
                .bind(&r.author_id).bind(&r.fresh_entry_id).execute(&mut *tx).await?;
        });
        Ok(Ok(number))
    }
}
