//! The register of marking and published results.

use crate::Store;
use crate::db::{read, write};
use crate::error::{StoreError, StoreResult, from_json, to_json};
use crate::exams::{NewEvent, insert_event};
use docimo_engine::ledger::{Decision, Entry};

/// An entry with the name of its author.
#[derive(Clone, Debug)]
pub struct LedgerLine {
    /// The entry.
    pub entry: Entry,
    /// Name of the author.
    pub author_name: String,
}

/// A candidate's marks at a version of the register.
#[derive(Clone, Debug)]
pub struct StoredResult {
    /// Version.
    pub version: u32,
    /// Whose.
    pub person_id: String,
    /// JSON of the marks.
    pub summary: String,
}

#[derive(sqlx::FromRow)]
struct LedgerRow {
    version: i64,
    at_ms: i64,
    author_id: String,
    author_name: String,
    reason: String,
    decision: String,
}

impl Store {
    /// The register of an exam, in order.
    pub async fn ledger(&self, exam_id: &str) -> StoreResult<Vec<LedgerLine>> {
        let sql = "select l.version, l.at_ms, l.author_id, p.name as author_name, l.reason, l.decision \
                   from ledger_entry l join person p on p.id = l.author_id where l.exam_id = $1 order by l.version";
        let rows: Vec<LedgerRow> = read!(self, pool => sqlx::query_as(sql).bind(exam_id).fetch_all(pool).await?);
        rows.into_iter()
            .map(|row| {
                let decision: Decision = from_json("decision", &row.decision)?;
                let entry = Entry {
                    version: row.version as u32,
                    at_ms: row.at_ms,
                    author: row.author_id,
                    reason: row.reason,
                    decision,
                };
                Ok(LedgerLine { entry, author_name: row.author_name })
            })
            .collect()
    }

    /// Adds the next entry of a register, if it is still the next one; the first moves the exam from
    /// "closed" to "marked", or conflicts with whoever opened it again meanwhile.
    pub async fn add_ledger_entry(&self, exam_id: &str, entry: &Entry, event: &NewEvent) -> StoreResult<()> {
        self.add_ledger_entries(exam_id, &[(entry, event)]).await
    }

    /// Adds several entries, each as [`Self::add_ledger_entry`] does: all of them, or none.
    pub async fn add_ledger_entries(&self, exam_id: &str, entries: &[(&Entry, &NewEvent)]) -> StoreResult<()> {
        self.add_entries(exam_id, entries, None).await
    }

    /// Opens a register, with the threshold kept before it where there is one; `thresholds` is how many had
    /// been kept when it was read: one more conflicts.
    pub async fn open_ledger(
        &self,
        exam_id: &str,
        entries: &[(&Entry, &NewEvent)],
        thresholds: usize,
    ) -> StoreResult<()> {
        self.add_entries(exam_id, entries, Some(thresholds as i64)).await
    }

    async fn add_entries(
        &self,
        exam_id: &str,
        entries: &[(&Entry, &NewEvent)],
        thresholds: Option<i64>,
    ) -> StoreResult<()> {
        let decisions: Vec<String> =
            entries.iter().map(|(entry, _)| to_json("decision", &entry.decision)).collect::<StoreResult<_>>()?;
        write!(self, tx => {
            for ((entry, event), decision) in entries.iter().zip(&decisions) {
                let last: Option<i64> = sqlx::query_scalar("select max(version) from ledger_entry where exam_id = $1")
                    .bind(exam_id).fetch_one(&mut *tx).await?;
                if last.unwrap_or(0) + 1 != i64::from(entry.version) {
                    return Err(StoreError::Conflict);
                }
                sqlx::query("insert into ledger_entry (exam_id, version, at_ms, author_id, reason, decision) values ($1, $2, $3, $4, $5, $6)")
                    .bind(exam_id).bind(i64::from(entry.version)).bind(entry.at_ms).bind(&entry.author)
                    .bind(&entry.reason).bind(decision).execute(&mut *tx).await?;
                if entry.version == 1 {
                    let done = sqlx::query("update exam set state = 'marked' where id = $1 and state = 'closed'")
                        .bind(exam_id).execute(&mut *tx).await?.rows_affected();
                    if done != 1 {
                        return Err(StoreError::Conflict);
                    }
                    // Read once the row of the exam is taken, as whoever keeps a threshold takes it.
                    if let Some(known) = thresholds {
                        let kept: i64 = sqlx::query_scalar("select count(*) from threshold_decision where exam_id = $1")
                            .bind(exam_id).fetch_one(&mut *tx).await?;
                        if kept != known {
                            return Err(StoreError::Conflict);
                        }
                    }
                }
                insert_event!(tx, event);
            }
        });
        Ok(())
    }

    /// Publishes results at a version of the register: everyone's at once, or no one's. With them go the
    /// results of earlier versions that a correction compares with.
    pub async fn publish(
        &self,
        exam_id: &str,
        version: u32,
        results: &[StoredResult],
        event: &NewEvent,
    ) -> StoreResult<()> {
        write!(self, tx => {
            let last: Option<i64> = sqlx::query_scalar("select max(version) from ledger_entry where exam_id = $1")
                .bind(exam_id).fetch_one(&mut *tx).await?;
            if last != Some(i64::from(version)) {
                return Err(StoreError::Conflict);
            }
            let versions: std::collections::BTreeSet<u32> = results.iter().map(|r| r.version).collect();
            for version in versions {
                sqlx::query("delete from result where exam_id = $1 and version = $2")
                    .bind(exam_id).bind(i64::from(version)).execute(&mut *tx).await?;
            }
            for result in results {
                sqlx::query("insert into result (exam_id, version, person_id, summary) values ($1, $2, $3, $4)")
                    .bind(exam_id).bind(i64::from(result.version)).bind(&result.person_id).bind(&result.summary)
                    .execute(&mut *tx).await?;
            }
            sqlx::query("update exam set state = 'published', published_ms = $2, published_version = $3 where id = $1")
                .bind(exam_id).bind(event.at_ms).bind(i64::from(version)).execute(&mut *tx).await?;
            insert_event!(tx, event);
        });
        Ok(())
    }

    /// A candidate's results at a version.
    pub async fn result(&self, exam_id: &str, version: i64, person_id: &str) -> StoreResult<Option<String>> {
        let sql = "select summary from result where exam_id = $1 and version = $2 and person_id = $3";
        Ok(
            read!(self, pool => sqlx::query_scalar(sql).bind(exam_id).bind(version).bind(person_id).fetch_optional(pool).await?),
        )
    }
}
