//! Tags of the bank: what each entry is about, counted, and what became of tags that a version dropped.
//!
//! `entry_tag` holds the tags of each entry's latest revision, written in the same transaction as the
//! revision, and what follows from them: the item of an objective, and the target of a tag that was
//! followed. A revision itself never changes.

use crate::db::{Db, read, write};
use crate::{Store, StoreResult};

/// How many entries carry a tag.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct TagCount {
    /// The tag.
    pub tag: String,
    /// Entries not retired, each counted once.
    pub entries: i64,
}

/// What someone decided of a tag, or what a version said of it.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Follow {
    /// The older tag.
    pub tag: String,
    /// The newer one; empty when the older is kept as it is.
    pub target: String,
    /// Who decided; `None` when a version said so.
    pub author_name: Option<String>,
    /// When.
    pub at_ms: i64,
}

/// The item of an objective, as tags write both (`OIC-031-11-B`, `R2C:31`); unless the objective is
/// now another.
pub(crate) const DERIVE_ITEMS: &str = "insert into entry_tag (entry_id, tag, direct) \
    select distinct t.entry_id, 'R2C:' || ltrim(substr(t.tag, 5, 3), '0'), 0 from entry_tag t \
    where t.tag like 'OIC-___-__-_' and ($1 = '' or t.entry_id = $1) \
    and not exists (select 1 from tag_follow f where f.tag = t.tag and f.target <> '') \
    on conflict (entry_id, tag) do nothing";

/// One step from tags to what they are now.
pub(crate) const DERIVE_FOLLOWED: &str = "insert into entry_tag (entry_id, tag, direct) \
    select distinct t.entry_id, f.target, 0 from entry_tag t join tag_follow f on f.tag = t.tag \
    where f.target <> '' and ($1 = '' or t.entry_id = $1) on conflict (entry_id, tag) do nothing";

/// Derives what follows from the direct tags of one entry, or of all (`""`), in a transaction.
macro_rules! derive_tags {
    ($tx:ident, $entry_id:expr) => {{
        // Each round goes one version further; a circle adds nothing and ends it.
        while sqlx::query($crate::tags::DERIVE_FOLLOWED).bind($entry_id).execute(&mut *$tx).await?.rows_affected() > 0 {
        }
        sqlx::query($crate::tags::DERIVE_ITEMS).bind($entry_id).execute(&mut *$tx).await?;
    }};
}

/// Entries whose tags are not only their own, for what follows the bank to look at again.
pub(crate) const TOUCH_DERIVED: &str =
    "update entry set changed = $1 where id in (select t.entry_id from entry_tag t where t.direct = 0)";

/// Derives again for the whole bank, in a transaction.
macro_rules! derive_all_tags {
    ($tx:ident) => {{
        let change = $crate::bank::next_change!($tx);
        sqlx::query($crate::tags::TOUCH_DERIVED).bind(change).execute(&mut *$tx).await?;
        sqlx::query("delete from entry_tag where direct = 0").execute(&mut *$tx).await?;
        $crate::tags::derive_tags!($tx, "");
        sqlx::query($crate::tags::TOUCH_DERIVED).bind(change).execute(&mut *$tx).await?;
    }};
}

pub(crate) use {derive_all_tags, derive_tags};

impl Store {
    /// How many entries carry each tag whose text begins with `prefix` (all of them with an empty one),
    /// by tag.
    pub async fn tag_counts(&self, prefix: &str) -> StoreResult<Vec<TagCount>> {
        let sql = "select t.tag, count(*) as entries from entry_tag t join entry e on e.id = t.entry_id \
                   where e.status <> 'retired' and substr(t.tag, 1, length($1)) = $1 group by t.tag order by t.tag";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(prefix).fetch_all(pool).await?))
    }

    /// How many entries of these folders (`None`: of all) carry each of these tags; those that none carries are left
    /// out.
    pub async fn counts_of_tags(&self, tags: &[String], folders: Option<&[String]>) -> StoreResult<Vec<TagCount>> {
        const HEAD: &str = "select t.tag, count(*) as entries from entry_tag t join entry e on e.id = t.entry_id \
                            where e.status <> 'retired' and t.tag in (";
        if folders.is_some_and(<[String]>::is_empty) {
            return Ok(Vec::new());
        }
        macro_rules! run {
            ($db:ty, $pool:expr) => {{
                let mut found = Vec::new();
                // Both engines bound the number of parameters.
                for some in tags.chunks(500) {
                    let mut query = sqlx::QueryBuilder::<$db>::new(HEAD);
                    let mut list = query.separated(", ");
                    for tag in some {
                        list.push_bind(tag.clone());
                    }
                    query.push(")");
                    if let Some(folders) = folders {
                        query.push(" and e.folder_id in (");
                        let mut list = query.separated(", ");
                        for folder in folders {
                            list.push_bind(folder.clone());
                        }
                        query.push(")");
                    }
                    query.push(" group by t.tag order by t.tag");
                    found.extend(query.build_query_as::<TagCount>().fetch_all($pool).await?);
                }
                found
            }};
        }
        Ok(match &self.db {
            Db::Sqlite { read, .. } => run!(sqlx::Sqlite, read),
            Db::Postgres(pool) => run!(sqlx::Postgres, pool),
        })
    }

    /// Tags of a referential that entries carry, that its version in force does not have, and that nobody
    /// has decided of yet. `prefix` begins the tags of that referential.
    pub async fn tags_to_review(&self, slug: &str, prefix: &str) -> StoreResult<Vec<TagCount>> {
        let sql = "select t.tag, count(*) as entries from entry_tag t join entry e on e.id = t.entry_id \
                   where t.direct = 1 and e.status <> 'retired' and substr(t.tag, 1, length($2)) = $2 \
                   and not exists (select 1 from referential_node n join referential r on r.slug = n.slug \
                     where n.tag = t.tag and n.slug = $1 and n.version = r.current) \
                   and not exists (select 1 from tag_follow f where f.tag = t.tag) \
                   group by t.tag order by t.tag";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(slug).bind(prefix).fetch_all(pool).await?))
    }

    /// What was followed or decided, the newest first.
    pub async fn follows(&self, slug: &str) -> StoreResult<Vec<Follow>> {
        let sql = "select f.tag, f.target, p.name as author_name, f.at_ms from tag_follow f \
                   left join person p on p.id = f.author_id where f.slug = $1 order by f.at_ms desc, f.tag";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(slug).fetch_all(pool).await?))
    }

    /// Someone decides what a tag is now (`Some`), that it stays as it is (`Some("")`), or takes back what
    /// was decided (`None`). Counts follow at once.
    pub async fn decide_tag(
        &self,
        slug: &str,
        tag: &str,
        target: Option<&str>,
        author_id: &str,
        now_ms: i64,
    ) -> StoreResult<()> {
        write!(self, tx => {
            sqlx::query("delete from tag_follow where tag = $1").bind(tag).execute(&mut *tx).await?;
            if let Some(target) = target {
                sqlx::query("insert into tag_follow (tag, target, slug, author_id, at_ms) values ($1, $2, $3, $4, $5)")
                    .bind(tag).bind(target).bind(slug).bind(author_id).bind(now_ms)
                    .execute(&mut *tx).await?;
            }
            derive_all_tags!(tx);
        });
        Ok(())
    }
}
