//! What a paper may be composed from, read whole: entries with a validated wording, who wrote them, how they did.

use crate::db::{Db, read};
use crate::{Store, StoreResult};

/// An entry that papers may take.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Usable {
    /// Entry.
    pub id: String,
    /// The author's own id.
    pub external_id: String,
    /// Folder.
    pub folder_id: String,
    /// QRU, DP…
    pub kind: String,
    /// First words.
    pub title: String,
    /// Status of its latest revision.
    pub status: String,
    /// Hash of the validated wording.
    pub hash: String,
}

/// How a question did in an exam, in short.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct Did {
    /// Entry.
    pub entry_id: String,
    /// The question.
    pub question_id: String,
    /// Candidates counted.
    pub candidates: i64,
    /// Mean mark, 0 to 1.
    pub p: Option<f64>,
    /// Corrected item-total correlation.
    pub r_rest: Option<f64>,
}

impl Store {
    /// Every entry with a validated wording, by external id.
    pub async fn usable_entries(&self) -> StoreResult<Vec<Usable>> {
        let sql = "select e.id, e.external_id, e.folder_id, e.kind, v.title, e.status, v.hash from entry e \
                   join revision v on v.entry_id = e.id and v.number = e.usable where e.status <> 'retired' \
                   order by e.external_id";
        Ok(read!(self, pool => sqlx::query_as(sql).fetch_all(pool).await?))
    }

    /// The validated wordings of these entries: entry, JSON of the element.
    pub async fn usable_bodies(&self, entry_ids: &[String]) -> StoreResult<Vec<(String, String)>> {
        const HEAD: &str = "select e.id, v.body from entry e join revision v on v.entry_id = e.id and v.number = e.usable \
                            where e.id in (";
        macro_rules! run {
            ($db:ty, $pool:expr) => {{
                let mut found = Vec::with_capacity(entry_ids.len());
                // Both engines bound the number of parameters.
                for some in entry_ids.chunks(500) {
                    let mut query = sqlx::QueryBuilder::<$db>::new(HEAD);
                    let mut list = query.separated(", ");
                    for id in some {
                        list.push_bind(id.clone());
                    }
                    query.push(")");
                    found.extend(query.build_query_as::<(String, String)>().fetch_all($pool).await?);
                }
                found
            }};
        }
        Ok(match &self.db {
            Db::Sqlite { read, .. } => run!(sqlx::Sqlite, read),
            Db::Postgres(pool) => run!(sqlx::Postgres, pool),
        })
    }

    /// Who wrote a revision of which entry: entry, person.
    pub async fn authorships(&self) -> StoreResult<Vec<(String, String)>> {
        let sql = "select distinct entry_id, author_id from revision order by entry_id, author_id";
        Ok(read!(self, pool => sqlx::query_as(sql).fetch_all(pool).await?))
    }

    /// How every question did in every exam that was published.
    pub async fn all_statistics(&self) -> StoreResult<Vec<Did>> {
        let sql = "select entry_id, question_id, candidates, p, r_rest from use_statistic \
                   order by entry_id, question_id, exam_id";
        Ok(read!(self, pool => sqlx::query_as(sql).fetch_all(pool).await?))
    }

    /// The last use of each entry, and the exams that used it: entry, exam, when its paper was frozen.
    pub async fn last_uses(&self) -> StoreResult<Vec<(String, String, i64)>> {
        let sql = "select entry_id, exam_id, frozen_ms from paper_use order by entry_id, frozen_ms";
        Ok(read!(self, pool => sqlx::query_as(sql).fetch_all(pool).await?))
    }
}
