//! The two drivers.

use crate::{StoreError, StoreResult};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{PgPool, SqlitePool};
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

/// A database, open and migrated. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) db: Db,
}

#[derive(Clone, Debug)]
pub(crate) enum Db {
    /// One connection writes, several read: SQLite has one writer anyway, and queueing for it in the
    /// pool is fair where `SQLITE_BUSY` is not.
    Sqlite {
        read: SqlitePool,
        write: SqlitePool,
    },
    Postgres(PgPool),
}

/// Runs the same expression on the reading pool of whichever driver.
macro_rules! read {
    ($store:expr, $pool:ident => $body:expr) => {
        match &$store.db {
            $crate::db::Db::Sqlite { read: $pool, .. } => $body,
            $crate::db::Db::Postgres($pool) => $body,
        }
    };
}

/// Runs the same statements in a write transaction of whichever driver; commits if they succeed.
macro_rules! write {
    ($store:expr, $tx:ident => $body:block) => {
        match &$store.db {
            $crate::db::Db::Sqlite { write, .. } => {
                // Immediate: taking the write lock later, after a read, could fail half-way.
                let mut $tx = write.begin_with("begin immediate").await?;
                let value = $body;
                $tx.commit().await?;
                value
            }
            $crate::db::Db::Postgres(pool) => {
                let mut $tx = pool.begin().await?;
                let value = $body;
                $tx.commit().await?;
                value
            }
        }
    };
}

pub(crate) use {read, write};

impl Store {
    /// Opens `sqlite://path` (created if absent) or `postgres://…`, and migrates it.
    pub async fn open(url: &str) -> StoreResult<Self> {
        let db = if let Some(path) = url.strip_prefix("sqlite://") {
            open_sqlite(Path::new(path)).await?
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            open_postgres(url).await?
        } else {
            return Err(StoreError::BadUrl(redact(url)));
        };
        match &db {
            Db::Sqlite { write, .. } => sqlx::migrate!("./migrations").run(write).await?,
            Db::Postgres(pool) => sqlx::migrate!("./migrations").run(pool).await?,
        }
        Ok(Self { db })
    }

    /// "SQLite" or "PostgreSQL", for people.
    pub fn engine_name(&self) -> &'static str {
        match self.db {
            Db::Sqlite { .. } => "SQLite",
            Db::Postgres(_) => "PostgreSQL",
        }
    }

    /// Does the database answer?
    pub async fn ping(&self) -> StoreResult<()> {
        read!(self, pool => { sqlx::query("select 1").execute(pool).await?; });
        Ok(())
    }

    /// Closes every connection, after what is under way.
    pub async fn close(&self) {
        match &self.db {
            Db::Sqlite { read, write } => {
                read.close().await;
                write.close().await;
            }
            Db::Postgres(pool) => pool.close().await,
        }
    }
}

/// A database address without its password.
pub(crate) fn redact(url: &str) -> String {
    match (url.find("://"), url.rfind('@')) {
        (Some(scheme), Some(at)) if at > scheme => format!("{}://…{}", &url[..scheme], &url[at..]),
        _ => url.to_owned(),
    }
}

async fn open_sqlite(path: &Path) -> StoreResult<Db> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(10));
    let write = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
    let read = SqlitePoolOptions::new().max_connections(6).connect_with(options).await?;
    Ok(Db::Sqlite { read, write })
}

async fn open_postgres(url: &str) -> StoreResult<Db> {
    let options = PgConnectOptions::from_str(url)?.options([("synchronous_commit", "on")]);
    let pool =
        PgPoolOptions::new().max_connections(16).acquire_timeout(Duration::from_secs(10)).connect_with(options).await?;
    Ok(Db::Postgres(pool))
}

#[cfg(test)]
mod tests {
    #[test]
    fn passwords_are_not_shown() {
        assert_eq!(super::redact("mysql://u:secret@h/db"), "mysql://…@h/db");
        assert_eq!(super::redact("/tmp/x"), "/tmp/x");
    }
}
