//! Referentials and their versions. A version never changes; the one in force is the last that came in.

use crate::db::{read, write};
use crate::tags::derive_all_tags;
use crate::{Store, StoreError, StoreResult};

/// A referential with its version in force.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ReferentialLine {
    /// Short name.
    pub slug: String,
    /// Title.
    pub title: String,
    /// Who publishes it.
    pub publisher: String,
    /// Under which licence.
    pub licence: String,
    /// Number of the version in force.
    pub current: i64,
    /// Its name.
    pub version: String,
    /// Hash of its nodes.
    pub hash: String,
    /// How many nodes it has.
    pub nodes: i64,
    /// Where it comes from: a file name, an address.
    pub origin: String,
    /// When it came in.
    pub imported_ms: i64,
}

/// A version.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct VersionLine {
    /// From 1.
    pub number: i64,
    /// Its name.
    pub name: String,
    /// Hash of its nodes.
    pub hash: String,
    /// How many nodes it has.
    pub nodes: i64,
    /// Where it comes from.
    pub origin: String,
    /// Who brought it.
    pub author_name: String,
    /// When.
    pub created_ms: i64,
}

/// A node, in words: empty where it has nothing to say.
#[derive(Clone, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct NodeRow {
    /// Code.
    pub code: String,
    /// Code of the node above.
    pub parent: String,
    /// How a question names it.
    pub tag: String,
    /// What it is.
    pub kind: String,
    /// Title.
    pub title: String,
    /// complete, completed, truncated or uncertain.
    pub title_status: String,
    /// A or B.
    pub rank: String,
    /// Rubric.
    pub rubric: String,
    /// current or deprecated.
    pub status: String,
    /// Codes of the version before, parted by spaces.
    pub replaces: String,
}

/// A version ready to be kept.
#[derive(Clone, Debug)]
pub struct NewVersion {
    /// Short name of the referential.
    pub slug: String,
    /// Title of the referential.
    pub title: String,
    /// Publisher.
    pub publisher: String,
    /// Licence.
    pub licence: String,
    /// Name of the version.
    pub name: String,
    /// Hash of its nodes.
    pub hash: String,
    /// Where it comes from.
    pub origin: String,
    /// Who brings it.
    pub author_id: String,
    /// Number of the version that it was compared with; `None` for a first one.
    pub compared_with: Option<i64>,
    /// Its nodes, a parent before its children.
    pub nodes: Vec<NodeRow>,
    /// Tags that are now others.
    pub moves: Vec<(String, String)>,
}

const LINE: &str = "select r.slug, r.title, r.publisher, r.licence, r.current, v.name as version, v.hash, v.nodes, \
                    v.origin, v.created_ms as imported_ms from referential r \
                    join referential_version v on v.slug = r.slug and v.number = r.current";

impl Store {
    /// Adds a version, which is then in force; gives its number. All or nothing.
    ///
    /// [`StoreError::Conflict`] if another version came in since the comparison, [`StoreError::Duplicate`]
    /// if that name is another version's.
    pub async fn add_version(&self, new: &NewVersion, now_ms: i64) -> StoreResult<i64> {
        Ok(write!(self, tx => {
            let current: Option<i64> = sqlx::query_scalar("select current from referential where slug = $1")
                .bind(&new.slug).fetch_optional(&mut *tx).await?;
            if current != new.compared_with {
                return Err(StoreError::Conflict);
            }
            let last: Option<i64> = sqlx::query_scalar("select max(number) from referential_version where slug = $1")
                .bind(&new.slug).fetch_one(&mut *tx).await?;
            let number = last.unwrap_or(0) + 1;
            sqlx::query("insert into referential (slug, title, publisher, licence, current, created_ms) values ($1, $2, $3, $4, $5, $6) on conflict (slug) do update set title = excluded.title, publisher = excluded.publisher, licence = excluded.licence, current = excluded.current")
                .bind(&new.slug).bind(&new.title).bind(&new.publisher).bind(&new.licence).bind(number).bind(now_ms)
                .execute(&mut *tx).await?;
            sqlx::query("insert into referential_version (slug, number, name, hash, nodes, origin, author_id, created_ms) values ($1, $2, $3, $4, $5, $6, $7, $8)")
                .bind(&new.slug).bind(number).bind(&new.name).bind(&new.hash).bind(new.nodes.len() as i64)
                .bind(&new.origin).bind(&new.author_id).bind(now_ms)
                .execute(&mut *tx).await?;
            for (position, node) in new.nodes.iter().enumerate() {
                sqlx::query("insert into referential_node (slug, version, code, parent, position, tag, kind, title, title_status, rank, rubric, status, replaces) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)")
                    .bind(&new.slug).bind(number).bind(&node.code).bind(&node.parent).bind(position as i64)
                    .bind(&node.tag).bind(&node.kind).bind(&node.title).bind(&node.title_status)
                    .bind(&node.rank).bind(&node.rubric).bind(&node.status).bind(&node.replaces)
                    .execute(&mut *tx).await?;
            }
            // A tag that is back means itself again.
            sqlx::query("delete from tag_follow where slug = $1 and tag in (select tag from referential_node where slug = $1 and version = $2)")
                .bind(&new.slug).bind(number).execute(&mut *tx).await?;
            for (tag, target) in &new.moves {
                sqlx::query("insert into tag_follow (tag, target, slug, at_ms) values ($1, $2, $3, $4) on conflict (tag, target) do nothing")
                    .bind(tag).bind(target).bind(&new.slug).bind(now_ms).execute(&mut *tx).await?;
            }
            derive_all_tags!(tx);
            number
        }))
    }

    /// Every imported referential, by short name.
    pub async fn referentials(&self) -> StoreResult<Vec<ReferentialLine>> {
        let sql = sqlx::AssertSqlSafe(format!("{LINE} order by r.slug"));
        Ok(read!(self, pool => sqlx::query_as(sql).fetch_all(pool).await?))
    }

    /// One of them.
    pub async fn referential(&self, slug: &str) -> StoreResult<Option<ReferentialLine>> {
        let sql = sqlx::AssertSqlSafe(format!("{LINE} where r.slug = $1"));
        Ok(read!(self, pool => sqlx::query_as(sql).bind(slug).fetch_optional(pool).await?))
    }

    /// Its versions, the newest first.
    pub async fn referential_versions(&self, slug: &str) -> StoreResult<Vec<VersionLine>> {
        let sql = "select v.number, v.name, v.hash, v.nodes, v.origin, p.name as author_name, v.created_ms \
                   from referential_version v join person p on p.id = v.author_id where v.slug = $1 \
                   order by v.number desc";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(slug).fetch_all(pool).await?))
    }

    /// The nodes of a version, a parent before its children.
    pub async fn nodes(&self, slug: &str, version: i64) -> StoreResult<Vec<NodeRow>> {
        let sql = "select code, parent, tag, kind, title, title_status, rank, rubric, status, replaces \
                   from referential_node where slug = $1 and version = $2 order by position";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(slug).bind(version).fetch_all(pool).await?))
    }

    /// The nodes in force whose code begins with `prefix`, by code.
    pub async fn current_nodes(&self, slug: &str, prefix: &str) -> StoreResult<Vec<NodeRow>> {
        match self.referential(slug).await? {
            Some(line) => self.nodes_under(slug, line.current, prefix).await,
            None => Ok(Vec::new()),
        }
    }

    /// The nodes of a version whose code begins with `prefix`, by code.
    pub async fn nodes_under(&self, slug: &str, version: i64, prefix: &str) -> StoreResult<Vec<NodeRow>> {
        let sql = "select code, parent, tag, kind, title, title_status, rank, rubric, status, replaces \
                   from referential_node where slug = $1 and version = $2 and substr(code, 1, length($3)) = $3 \
                   order by code";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(slug).bind(version).bind(prefix).fetch_all(pool).await?))
    }

    /// The node that a tag named, in the last version that had it.
    pub async fn last_node(&self, tag: &str) -> StoreResult<Option<NodeRow>> {
        let sql = "select code, parent, tag, kind, title, title_status, rank, rubric, status, replaces \
                   from referential_node where tag = $1 order by version desc limit 1";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(tag).fetch_optional(pool).await?))
    }
}
