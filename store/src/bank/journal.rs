//! What people did to the bank as a whole: folders, rights, synonyms, exports. It belongs to no exam.

use crate::db::{Db, read};
use crate::exams::Event;
use crate::{Store, StoreResult};

/// Which acts; `None` keeps none back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Acts {
    /// Their sorts.
    pub whats: Vec<String>,
    /// Who did them.
    pub author_id: Option<String>,
    /// Not before, ms UTC.
    pub from_ms: Option<i64>,
    /// Before, ms UTC.
    pub until_ms: Option<i64>,
}

impl Store {
    /// Acts without an exam, the newest first, and how many there are in all.
    pub async fn acts(&self, acts: &Acts, limit: i64, offset: i64) -> StoreResult<(Vec<Event>, i64)> {
        if acts.whats.is_empty() {
            return Ok((Vec::new(), 0));
        }
        macro_rules! kept {
            ($query:ident) => {{
                $query.push(" from event e left join person p on p.id = e.author_id where e.exam_id is null");
                $query.push(" and e.what in (");
                let mut list = $query.separated(", ");
                for what in &acts.whats {
                    list.push_bind(what.clone());
                }
                $query.push(")");
                if let Some(author_id) = &acts.author_id {
                    $query.push(" and e.author_id = ").push_bind(author_id.clone());
                }
                if let Some(from_ms) = acts.from_ms {
                    $query.push(" and e.at_ms >= ").push_bind(from_ms);
                }
                if let Some(until_ms) = acts.until_ms {
                    $query.push(" and e.at_ms < ").push_bind(until_ms);
                }
            }};
        }
        macro_rules! run {
            ($db:ty, $pool:expr) => {{
                let mut count = sqlx::QueryBuilder::<$db>::new("select count(*)");
                kept!(count);
                let total: i64 = count.build_query_scalar().fetch_one($pool).await?;
                let mut query = sqlx::QueryBuilder::<$db>::new(
                    "select e.at_ms, e.author_id, p.name as author_name, e.what, e.detail",
                );
                kept!(query);
                query.push(" order by e.at_ms desc, e.id desc limit ").push_bind(limit);
                query.push(" offset ").push_bind(offset);
                (query.build_query_as().fetch_all($pool).await?, total)
            }};
        }
        Ok(match &self.db {
            Db::Sqlite { read, .. } => run!(sqlx::Sqlite, read),
            Db::Postgres(pool) => run!(sqlx::Postgres, pool),
        })
    }

    /// Who ever did something without an exam: id and name, by name.
    pub async fn act_authors(&self) -> StoreResult<Vec<(String, String)>> {
        let sql = "select p.id, p.name from person p where exists \
                   (select 1 from event e where e.author_id = p.id and e.exam_id is null) order by p.name, p.id";
        Ok(read!(self, pool => sqlx::query_as(sql).fetch_all(pool).await?))
    }
}
