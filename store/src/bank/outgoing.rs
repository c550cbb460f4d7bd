//! Entries on their way out of the bank: which ones, then their wordings a few at a time.

use super::matching;
use crate::db::{Db, read};
use crate::{Store, StoreResult};
use std::collections::HashMap;

/// Which entries go out; what is empty or `None` keeps none back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Words that title, tags or id must hold.
    pub words: Vec<String>,
    /// Only this kind.
    pub kind: Option<String>,
    /// Only those that carry this tag, or one that it follows from.
    pub tag: Option<String>,
    /// Only these statuses.
    pub statuses: Vec<String>,
    /// Only these folders; all of them with `None`.
    pub folders: Option<Vec<String>>,
}

/// An entry as it goes out.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Outgoing {
    /// Id.
    pub id: String,
    /// Questions in it.
    pub questions: i64,
    /// JSON of the latest revision's element.
    pub body: String,
    /// 1: a machine wrote it, or one of its wordings.
    pub machine: i64,
}

/// An entry by either of its names.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Named {
    /// Id.
    pub id: String,
    /// The author's own id.
    pub external_id: String,
    /// Folder.
    pub folder_id: String,
}

/// Both engines bound the number of parameters.
const FEW: usize = 400;

/// Runs a query made of a head, a list of texts and a tail, a few texts at a time.
macro_rules! listed {
    ($self:expr, $texts:expr, |$query:ident, $list:ident| $build:block) => {{
        let mut found = Vec::with_capacity($texts.len());
        for $list in $texts.chunks(FEW) {
            match &$self.db {
                Db::Sqlite { read, .. } => {
                    let mut $query = sqlx::QueryBuilder::<sqlx::Sqlite>::new("");
                    $build;
                    found.extend($query.build_query_as().fetch_all(read).await?);
                }
                Db::Postgres(pool) => {
                    let mut $query = sqlx::QueryBuilder::<sqlx::Postgres>::new("");
                    $build;
                    found.extend($query.build_query_as().fetch_all(pool).await?);
                }
            }
        }
        found
    }};
}

/// Pushes a list of bound texts between parentheses.
macro_rules! within {
    ($query:ident, $list:expr) => {{
        $query.push("(");
        let mut texts = $query.separated(", ");
        for text in $list {
            texts.push_bind(text.clone());
        }
        $query.push(")");
    }};
}

impl Store {
    /// Ids of the entries wanted, by the author's own id.
    pub async fn outgoing_ids(&self, wanted: &Wanted) -> StoreResult<Vec<String>> {
        macro_rules! run {
            ($db:ty, $pool:expr) => {{
                let mut query = sqlx::QueryBuilder::<$db>::new(
                    "select e.id from entry e join revision v on v.entry_id = e.id and v.number = e.latest where 1 = 1",
                );
                matching!(query, wanted);
                if !wanted.statuses.is_empty() {
                    query.push(" and e.status in ");
                    within!(query, &wanted.statuses);
                }
                if let Some(folders) = &wanted.folders {
                    if folders.is_empty() {
                        return Ok(Vec::new());
                    }
                    query.push(" and e.folder_id in ");
                    within!(query, folders);
                }
                query.push(" order by e.external_id");
                query.build_query_scalar().fetch_all($pool).await?
            }};
        }
        Ok(match &self.db {
            Db::Sqlite { read, .. } => run!(sqlx::Sqlite, read),
            Db::Postgres(pool) => run!(sqlx::Postgres, pool),
        })
    }

    /// Entries by id or by the author's own id, in no order; those that are not there are left out.
    pub async fn named(&self, names: &[String]) -> StoreResult<Vec<Named>> {
        Ok(listed!(self, names, |query, list| {
            query.push("select id, external_id, folder_id from entry where id in ");
            within!(query, list);
            query.push(" or external_id in ");
            within!(query, list);
        }))
    }

    /// Latest revisions of these entries, in the order asked.
    pub async fn outgoing(&self, entry_ids: &[String]) -> StoreResult<Vec<Outgoing>> {
        let found: Vec<Outgoing> = listed!(self, entry_ids, |query, list| {
            query.push(
                "select e.id, v.questions, v.body, cast(case when exists (select 1 from revision b where b.entry_id = e.id \
                 and b.born = 'ai') then 1 else 0 end as bigint) as machine from entry e \
                 join revision v on v.entry_id = e.id and v.number = e.latest where e.id in ",
            );
            within!(query, list);
        });
        let mut by_id: HashMap<String, Outgoing> = found.into_iter().map(|o| (o.id.clone(), o)).collect();
        Ok(entry_ids.iter().filter_map(|id| by_id.remove(id)).collect())
    }

    /// What older tags are now, one step: the tag and its target.
    pub async fn followed_tags(&self) -> StoreResult<Vec<(String, String)>> {
        let sql = "select tag, target from tag_follow where target <> '' order by tag, target";
        Ok(read!(self, pool => sqlx::query_as(sql).fetch_all(pool).await?))
    }

    /// Things done outside of exams, of one sort, the newest first: everyone's, or one person's.
    pub async fn events_of(
        &self,
        what: &str,
        author_id: Option<&str>,
        limit: i64,
    ) -> StoreResult<Vec<crate::exams::Event>> {
        let sql = "select e.at_ms, e.author_id, p.name as author_name, e.what, e.detail from event e \
                   left join person p on p.id = e.author_id where e.exam_id is null and e.what = $1 \
                   and ($2 = '' or e.author_id = $2) order by e.at_ms desc, e.id desc limit $3";
        let author_id = author_id.unwrap_or_default();
        Ok(read!(self, pool => sqlx::query_as(sql).bind(what).bind(author_id).bind(limit).fetch_all(pool).await?))
    }
}
