//! The bank: entries, their immutable revisions, and media. What people do with entries is in the rooms
//! below: [`folders`] (who shares what), [`workflow`], [`working`] copies, [`uses`] in papers, [`operations`]
//! on many at once, [`follow`] (the order of changes), [`media`], [`outgoing`] (what is taken away), [`assembly`] (tables of
//! specification, overrides), [`pool`] (what a paper may be composed from).

pub mod assembly;
pub mod folders;
pub mod follow;
pub mod journal;
pub mod media;
pub mod operations;
pub mod outgoing;
pub mod pool;
pub mod uses;
pub mod workflow;
pub mod working;

use crate::db::{read, write};
use crate::{Store, StoreResult};

/// Takes the next number of the bank's changes, inside a transaction that will have it: numbers are in the
/// order of commits.
macro_rules! next_change {
    ($tx:expr) => {{
        let change: i64 =
            sqlx::query_scalar("update change_counter set value = value + 1 where name = 'bank' returning value")
                .fetch_one(&mut *$tx)
                .await?;
        change
    }};
}
pub(crate) use next_change;

/// A revision ready to be kept.
#[derive(Clone, Debug)]
pub struct NewRevision {
    /// Id to give to the entry if it is new.
    pub fresh_entry_id: String,
    /// The author's or file's own id: names the entry.
    pub external_id: String,
    /// QRU, DP…
    pub kind: String,
    /// Status of the entry.
    pub status: String,
    /// Hash of the content.
    pub hash: String,
    /// Equal for duplicates.
    pub fingerprint: String,
    /// First words, for lists.
    pub title: String,
    /// Questions in it.
    pub questions: i64,
    /// Tags, separated by spaces.
    pub tags: String,
    /// JSON of the engine's Element.
    pub body: String,
    /// Where it comes from: a file name, "démonstration"…
    pub origin: String,
    /// Who brought it.
    pub author_id: String,
    /// Folder of a new entry.
    pub folder_id: String,
    /// Language of the wording: `fr`, `en`…
    pub language: String,
    /// What finds near-duplicates.
    pub signature: Option<Vec<u8>>,
    /// Codes of writing flaws, separated by spaces.
    pub flaws: String,
}

/// Folder of what is put nowhere else.
pub const COMMON_FOLDER: &str = "commun";

/// What adding a revision did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Added {
    /// A new entry.
    Entry,
    /// A new revision of a known entry.
    Revision,
    /// The latest revision is already this one.
    Unchanged,
    /// The entry is on a paper that is sealed or being sat: nothing was done. Title of the exam.
    Locked(String),
}

/// An entry with its latest revision, without the body.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct EntryLine {
    /// Id.
    pub id: String,
    /// The author's own id.
    pub external_id: String,
    /// QRU, DP…
    pub kind: String,
    /// Workflow.
    pub status: String,
    /// Number of the latest revision.
    pub latest: i64,
    /// First words.
    pub title: String,
    /// Questions in it.
    pub questions: i64,
    /// Tags.
    pub tags: String,
    /// Folder.
    pub folder_id: String,
    /// Language of the wording.
    pub language: String,
    /// Number of the newest validated revision, where there is one.
    pub usable: Option<i64>,
    /// When it last changed.
    pub updated_ms: i64,
    /// Codes of the latest revision's writing flaws, separated by spaces.
    pub flaws: String,
    /// 1: a machine wrote it, or one of its wordings; people decided.
    pub machine: i64,
}

impl EntryLine {
    /// Does its latest revision hold an open question without a key?
    pub fn lacks_key(&self) -> bool {
        self.flaws.split_whitespace().any(|code| code == "missing_key")
    }
}

/// Selects [`EntryLine`]s where a condition holds.
macro_rules! line {
    () => {
        "select e.id, e.external_id, e.kind, e.status, e.latest, v.title, v.questions, v.tags, e.folder_id, \
         e.language, e.usable, e.updated_ms, v.flaws, cast(case when exists (select 1 from revision b \
         where b.entry_id = e.id and b.born = 'ai') then 1 else 0 end as bigint) as machine"
    };
    ($where:literal) => {
        concat!(line!(), " from entry e join revision v on v.entry_id = e.id and v.number = e.latest where ", $where)
    };
}

/// Keeps the entries whose latest revision `v` has the words, the kind and the tag that something asks for.
macro_rules! matching {
    ($query:ident, $asked:expr) => {{
        for word in &$asked.words {
            let like = format!("%{}%", word.to_lowercase().replace(['%', '_'], ""));
            $query.push(" and (lower(v.title) like ").push_bind(like.clone());
            $query.push(" or lower(v.tags) like ").push_bind(like.clone());
            $query.push(" or lower(e.external_id) like ").push_bind(like).push(")");
        }
        if let Some(kind) = &$asked.kind {
            $query.push(" and e.kind = ").push_bind(kind.clone());
        }
        if let Some(tag) = &$asked.tag {
            $query.push(" and e.id in (select t.entry_id from entry_tag t where t.tag = ");
            $query.push_bind(tag.clone()).push(")");
        }
    }};
}
pub(crate) use matching;

/// One revision, whole.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Revision {
    /// Entry.
    pub entry_id: String,
    /// From 1.
    pub number: i64,
    /// Hash of the content.
    pub hash: String,
    /// JSON of the engine's Element.
    pub body: String,
    /// Where it comes from.
    pub origin: String,
    /// Name of who brought it.
    pub author_name: String,
    /// When.
    pub created_ms: i64,
}

/// A picture, a PDF or a video.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Media {
    /// SHA-256 of the bytes, hexadecimal.
    pub hash: String,
    /// Media type.
    pub mime: String,
    /// Pixels; 0 for what is no picture.
    pub width: i64,
    /// Pixels; 0 for what is no picture.
    pub height: i64,
    /// Content.
    pub bytes: Vec<u8>,
}

/// What to list.
#[derive(Clone, Debug, Default)]
pub struct EntryFilter {
    /// Words that title, tags or id must hold.
    pub words: Vec<String>,
    /// Only this kind.
    pub kind: Option<String>,
    /// Only these folders; all of them with `None`.
    pub folders: Option<Vec<String>>,
    /// Only those that carry this tag, or one that it follows from.
    pub tag: Option<String>,
    /// Only those that are not retired.
    pub living: bool,
    /// Page size.
    pub limit: i64,
    /// Entries to pass over.
    pub offset: i64,
}

/// Status of what may be put on a paper.
const VALIDATED: &str = "validated";

macro_rules! insert_revision {
    ($tx:ident, $entry_id:expr, $number:expr, $r:expr, $now_ms:expr) => {{
        sqlx::query("insert into revision (entry_id, number, hash, fingerprint, title, questions, tags, body, origin, author_id, created_ms, signature, flaws) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)")
            .bind($entry_id).bind($number).bind(&$r.hash).bind(&$r.fingerprint).bind(&$r.title).bind($r.questions)
            .bind(&$r.tags).bind(&$r.body).bind(&$r.origin).bind(&$r.author_id).bind($now_ms)
            .bind(&$r.signature).bind(&$r.flaws).execute(&mut *$tx).await?;
        sqlx::query("delete from entry_tag where entry_id = $1").bind($entry_id).execute(&mut *$tx).await?;
        for tag in $r.tags.split_whitespace() {
            sqlx::query("insert into entry_tag (entry_id, tag, direct) values ($1, $2, 1) on conflict (entry_id, tag) do nothing")
                .bind($entry_id).bind(tag).execute(&mut *$tx).await?;
        }
        $crate::tags::derive_tags!($tx, $entry_id);
    }};
}
pub(crate) use insert_revision;

impl Store {
    /// Adds revisions and media, all or nothing. The same file brought twice changes nothing.
    pub async fn add_revisions(
        &self,
        revisions: &[NewRevision],
        media: &[Media],
        now_ms: i64,
    ) -> StoreResult<Vec<Added>> {
        let mut done = Vec::with_capacity(revisions.len());
        write!(self, tx => {
            let mut change = None;
            media::insert_media!(tx, media, now_ms);
            for r in revisions {
                let known: Option<(String, i64, String)> = sqlx::query_as(
                    "select e.id, e.latest, v.hash from entry e join revision v on v.entry_id = e.id and v.number = e.latest where e.external_id = $1")
                    .bind(&r.external_id).fetch_optional(&mut *tx).await?;
                let change = match change {
                    Some(change) => change,
                    None => *change.insert(next_change!(tx)),
                };
                let (entry_id, number, added) = match known {
                    Some((_, _, hash)) if hash == r.hash => {
                        done.push(Added::Unchanged);
                        continue;
                    }
                    Some((id, latest, _)) => {
                        let locked: Option<String> = sqlx::query_scalar(uses::LOCK).bind(&id).fetch_optional(&mut *tx).await?;
                        if let Some(exam) = locked {
                            done.push(Added::Locked(exam));
                            continue;
                        }
                        (id, latest + 1, Added::Revision)
                    }
                    None => (r.fresh_entry_id.clone(), 1, Added::Entry),
                };
                let usable = (r.status == VALIDATED).then_some(number);
                if added == Added::Entry {
                    sqlx::query("insert into entry (id, external_id, kind, status, latest, created_ms, folder_id, language, usable, changed, updated_ms) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $6)")
                        .bind(&entry_id).bind(&r.external_id).bind(&r.kind).bind(&r.status).bind(number).bind(now_ms)
                        .bind(&r.folder_id).bind(&r.language).bind(usable).bind(change).execute(&mut *tx).await?;
                } else {
                    // A new wording that waits for its review leaves the validated one usable.
                    sqlx::query("update entry set latest = $2, kind = $3, status = $4, language = $5, usable = coalesce($6, usable), changed = $7, updated_ms = $8 where id = $1")
                        .bind(&entry_id).bind(number).bind(&r.kind).bind(&r.status).bind(&r.language).bind(usable)
                        .bind(change).bind(now_ms).execute(&mut *tx).await?;
                }
                insert_revision!(tx, &entry_id, number, r, now_ms);
                done.push(added);
            }
        });
        Ok(done)
    }

    /// Entries that match, by external id, and how many there are in all.
    pub async fn entries(&self, filter: &EntryFilter) -> StoreResult<(Vec<EntryLine>, i64)> {
        const FROM: &str = " from entry e join revision v on v.entry_id = e.id and v.number = e.latest where 1 = 1";
        macro_rules! build {
            ($db:ty, $head:expr) => {{
                let mut query = sqlx::QueryBuilder::<$db>::new($head);
                query.push(FROM);
                matching!(query, filter);
                if let Some(folders) = &filter.folders {
                    query.push(" and e.folder_id in (''");
                    for folder in folders {
                        query.push(", ").push_bind(folder.clone());
                    }
                    query.push(")");
                }
                if filter.living {
                    query.push(" and e.status <> 'retired'");
                }
                query
            }};
        }
        macro_rules! run {
            ($db:ty, $pool:expr) => {{
                let total: i64 = build!($db, "select count(*)").build_query_scalar().fetch_one($pool).await?;
                let mut query = build!($db, line!());
                query.push(" order by e.external_id limit ").push_bind(filter.limit);
                query.push(" offset ").push_bind(filter.offset);
                (query.build_query_as().fetch_all($pool).await?, total)
            }};
        }
        Ok(match &self.db {
            crate::db::Db::Sqlite { read, .. } => run!(sqlx::Sqlite, read),
            crate::db::Db::Postgres(pool) => run!(sqlx::Postgres, pool),
        })
    }

    /// How many entries of each kind there are, in these folders or in all of them.
    pub async fn entry_kinds(&self, folders: Option<&[String]>) -> StoreResult<Vec<(String, i64)>> {
        let sql = "select folder_id, kind, count(*) from entry group by folder_id, kind";
        let rows: Vec<(String, String, i64)> = read!(self, pool => sqlx::query_as(sql).fetch_all(pool).await?);
        let mut counts = std::collections::BTreeMap::new();
        for (folder, kind, n) in rows {
            if folders.is_none_or(|own| own.contains(&folder)) {
                *counts.entry(kind).or_default() += n;
            }
        }
        Ok(counts.into_iter().collect())
    }

    /// One revision of an entry.
    pub async fn revision(&self, entry_id: &str, number: i64) -> StoreResult<Option<Revision>> {
        let sql = "select v.entry_id, v.number, v.hash, v.body, v.origin, p.name as author_name, v.created_ms \
                   from revision v join person p on p.id = v.author_id where v.entry_id = $1 and v.number = $2";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(entry_id).bind(number).fetch_optional(pool).await?))
    }

    /// The latest revision of an entry.
    pub async fn latest_revision(&self, entry_id: &str) -> StoreResult<Option<Revision>> {
        let sql = "select v.entry_id, v.number, v.hash, v.body, v.origin, p.name as author_name, v.created_ms \
                   from entry e join revision v on v.entry_id = e.id and v.number = e.latest \
                   join person p on p.id = v.author_id where e.id = $1";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(entry_id).fetch_optional(pool).await?))
    }

    /// Every revision of an entry, the newest first.
    pub async fn revisions(&self, entry_id: &str) -> StoreResult<Vec<Revision>> {
        let sql = "select v.entry_id, v.number, v.hash, v.body, v.origin, p.name as author_name, v.created_ms \
                   from revision v join person p on p.id = v.author_id where v.entry_id = $1 order by v.number desc";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(entry_id).fetch_all(pool).await?))
    }

    /// One entry by id.
    pub async fn entry(&self, entry_id: &str) -> StoreResult<Option<EntryLine>> {
        Ok(read!(self, pool => sqlx::query_as(line!("e.id = $1")).bind(entry_id).fetch_optional(pool).await?))
    }

    /// Entries by id, in no order; those that are not there are left out.
    pub async fn lines(&self, entry_ids: &[String]) -> StoreResult<Vec<EntryLine>> {
        macro_rules! run {
            ($db:ty, $pool:expr, $ids:expr) => {{
                let mut query = sqlx::QueryBuilder::<$db>::new(line!("e.id in ("));
                let mut listed = query.separated(", ");
                for id in $ids {
                    listed.push_bind(id.as_str());
                }
                query.push(")");
                query.build_query_as().fetch_all($pool).await?
            }};
        }
        let mut lines: Vec<EntryLine> = Vec::with_capacity(entry_ids.len());
        for ids in entry_ids.chunks(500) {
            let found: Vec<EntryLine> = match &self.db {
                crate::db::Db::Sqlite { read, .. } => run!(sqlx::Sqlite, read, ids),
                crate::db::Db::Postgres(pool) => run!(sqlx::Postgres, pool, ids),
            };
            lines.extend(found);
        }
        Ok(lines)
    }

    /// One entry by the author's own id.
    pub async fn entry_by_external_id(&self, external_id: &str) -> StoreResult<Option<EntryLine>> {
        Ok(
            read!(self, pool => sqlx::query_as(line!("e.external_id = $1")).bind(external_id).fetch_optional(pool).await?),
        )
    }

    /// Exams whose frozen or draft paper holds this entry's question id, by title.
    pub async fn exams_with_text(&self, needle: &str) -> StoreResult<Vec<(String, String)>> {
        let sql = "select id, title from exam where paper like $1 order by created_ms";
        let like = format!("%\"{}\"%", needle.replace(['%', '_', '"'], ""));
        Ok(read!(self, pool => sqlx::query_as(sql).bind(like).fetch_all(pool).await?))
    }
}
