//! The bank in the order of its changes: what a search index follows.

use super::next_change;
use crate::db::{read, write};
use crate::{Store, StoreResult};

/// An entry as an index needs it.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct Followed {
    /// Number of the change.
    pub changed: i64,
    /// Entry.
    pub id: String,
    /// The author's own id.
    pub external_id: String,
    /// QRU, DP…
    pub kind: String,
    /// Workflow.
    pub status: String,
    /// Latest revision.
    pub latest: i64,
    /// Newest validated revision.
    pub usable: Option<i64>,
    /// Folder.
    pub folder_id: String,
    /// Language.
    pub language: String,
    /// First revision's date.
    pub created_ms: i64,
    /// Last change of wording or status.
    pub updated_ms: i64,
    /// JSON of the latest revision's element.
    pub body: String,
    /// Fingerprint of the latest revision.
    pub fingerprint: String,
    /// What finds near-duplicates.
    pub signature: Option<Vec<u8>>,
    /// Codes of flaws.
    pub flaws: String,
    /// Author of the latest revision.
    pub author_id: String,
    /// Name of that author.
    pub author_name: String,
    /// Papers that held it.
    pub uses: i64,
    /// When the last of them was frozen.
    pub last_used_ms: Option<i64>,
    /// Candidates who saw it, in all.
    pub exposed: i64,
    /// Mean of its questions' mean marks at its last use.
    pub p: Option<f64>,
    /// Mean of their corrected item-total correlations at its last use.
    pub r_rest: Option<f64>,
    /// What its tags became in later versions of referentials, spaces between.
    pub derived_tags: String,
    /// 1: a machine wrote it, or one of its wordings.
    pub machine: i64,
}

/// What can be computed again of a revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Computed {
    /// Entry.
    pub entry_id: String,
    /// Number of the revision.
    pub number: i64,
    /// What finds near-duplicates.
    pub signature: Vec<u8>,
    /// Codes of writing flaws, spaces between.
    pub flaws: String,
}

/// An entry, in short, to compare an index with.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Mark {
    /// Entry.
    pub id: String,
    /// Number of its last change.
    pub changed: i64,
}

macro_rules! followed {
    ($where:literal) => {
        concat!(
            "select e.changed, e.id, e.external_id, e.kind, e.status, e.latest, e.usable, e.folder_id, e.language, \
             e.created_ms, e.updated_ms, v.body, v.fingerprint, v.signature, v.flaws, v.author_id, p.name as author_name, \
             (select count(*) from paper_use u where u.entry_id = e.id) as uses, \
             (select max(u.frozen_ms) from paper_use u where u.entry_id = e.id) as last_used_ms, \
             coalesce((select cast(sum(u.seen) as bigint) from paper_use u where u.entry_id = e.id), 0) as exposed, \
             (select avg(s.p) from use_statistic s where s.entry_id = e.id and s.exam_id = l.exam_id) as p, \
             (select avg(s.r_rest) from use_statistic s where s.entry_id = e.id and s.exam_id = l.exam_id) as r_rest, \
             coalesce((select string_agg(t.tag, ' ') from entry_tag t where t.entry_id = e.id and t.direct = 0), '') as derived_tags, \
             cast(case when exists (select 1 from revision b where b.entry_id = e.id and b.born = 'ai') then 1 else 0 end as bigint) as machine \
             from entry e join revision v on v.entry_id = e.id and v.number = e.latest join person p on p.id = v.author_id \
             left join paper_use l on l.entry_id = e.id and l.exam_id = (select s.exam_id from use_statistic s \
             join exam x on x.id = s.exam_id where s.entry_id = e.id order by x.frozen_ms desc, x.id limit 1) where ",
            $where
        )
    };
}

impl Store {
    /// Number of the last change of the bank.
    pub async fn last_change(&self) -> StoreResult<i64> {
        let sql = "select value from change_counter where name = 'bank'";
        Ok(read!(self, pool => sqlx::query_scalar(sql).fetch_one(pool).await?))
    }

    /// Entries changed after a place in the sequence, in its order: the change and the entry last seen.
    pub async fn follow(&self, after: (i64, &str), limit: i64) -> StoreResult<Vec<Followed>> {
        let sql = followed!("e.changed > $1 or (e.changed = $1 and e.id > $2) order by e.changed, e.id limit $3");
        Ok(read!(self, pool => sqlx::query_as(sql).bind(after.0).bind(after.1).bind(limit).fetch_all(pool).await?))
    }

    /// Entries by id after the last one seen, as an index needs them.
    pub async fn followed_from(&self, after: &str, limit: i64) -> StoreResult<Vec<Followed>> {
        let sql = followed!("e.id > $1 order by e.id limit $2");
        Ok(read!(self, pool => sqlx::query_as(sql).bind(after).bind(limit).fetch_all(pool).await?))
    }

    /// Keeps what was computed of the latest revisions of entries, which then count as changed.
    pub async fn keep_computed(&self, rows: &[Computed]) -> StoreResult<()> {
        let sql = "update revision set signature = $3, flaws = $4 where entry_id = $1 and number = $2";
        write!(self, tx => {
            let change = next_change!(tx);
            for row in rows {
                sqlx::query(sql).bind(&row.entry_id).bind(row.number).bind(&row.signature).bind(&row.flaws)
                    .execute(&mut *tx).await?;
                sqlx::query("update entry set changed = $2 where id = $1").bind(&row.entry_id).bind(change)
                    .execute(&mut *tx).await?;
            }
        });
        Ok(())
    }

    /// One entry as an index needs it.
    pub async fn followed(&self, entry_id: &str) -> StoreResult<Option<Followed>> {
        let sql = followed!("e.id = $1");
        Ok(read!(self, pool => sqlx::query_as(sql).bind(entry_id).fetch_optional(pool).await?))
    }

    /// Entries by id after the last one seen, in short.
    pub async fn marks(&self, after: &str, limit: i64) -> StoreResult<Vec<Mark>> {
        let sql = "select id, changed from entry where id > $1 order by id limit $2";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(after).bind(limit).fetch_all(pool).await?))
    }

    /// Signatures of the latest revisions, by entry after the last one seen.
    pub async fn signatures(&self, after: &str, limit: i64) -> StoreResult<Vec<(String, Option<Vec<u8>>)>> {
        let sql = "select e.id, v.signature from entry e join revision v on v.entry_id = e.id and v.number = e.latest \
                   where e.id > $1 order by e.id limit $2";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(after).bind(limit).fetch_all(pool).await?))
    }
}
