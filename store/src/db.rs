//! The two drivers.

use crate::{StoreError, StoreResult};
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection, PgConnection, PgPool, SqlitePool};
use std::io;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

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
        let db = match Address::of(url)? {
            Address::Sqlite(path) => open_sqlite(path).await?,
            Address::Postgres(options) => open_postgres(*options).await?,
        };
        match &db {
            Db::Sqlite { write, .. } => MIGRATIONS.run(write).await?,
            Db::Postgres(pool) => MIGRATIONS.run(pool).await?,
        }
        Ok(Self { db })
    }

    /// Opens a database as it is: nothing is created, migrated or written. `None` without a file.
    pub async fn open_as_is(url: &str) -> StoreResult<Option<Self>> {
        let db = match Address::of(url)? {
            Address::Sqlite(path) if !path.exists() => return Ok(None),
            Address::Sqlite(path) => read_sqlite(path).await?,
            Address::Postgres(options) => open_postgres(*options).await?,
        };
        Ok(Some(Self { db }))
    }

    /// Is the schema that of this version? `None` where nothing was ever put.
    pub async fn is_migrated(&self) -> StoreResult<Option<bool>> {
        let tables: i64 = match &self.db {
            Db::Sqlite { read, .. } => {
                sqlx::query_scalar("select count(*) from sqlite_master where name = '_sqlx_migrations'")
                    .fetch_one(read)
                    .await?
            }
            Db::Postgres(pool) => {
                sqlx::query_scalar("select count(*) from pg_class where oid = to_regclass('_sqlx_migrations')")
                    .fetch_one(pool)
                    .await?
            }
        };
        if tables == 0 {
            return Ok(None);
        }
        let sql = "select version from _sqlx_migrations where success order by version";
        let done: Vec<i64> = read!(self, pool => sqlx::query_scalar(sql).fetch_all(pool).await?);
        let wanted = MIGRATIONS.iter().filter(|m| m.migration_type.is_up_migration()).map(|m| m.version);
        Ok((!done.is_empty()).then(|| wanted.eq(done)))
    }

    /// Where a database is, for people: an engine and a file, or a host and port. Never an identifier or a
    /// secret.
    pub fn place(url: &str) -> String {
        match Address::of(url) {
            Ok(Address::Sqlite(path)) => format!("SQLite {}", path.display()),
            Ok(Address::Postgres(options)) => match options.get_socket() {
                Some(socket) => format!("PostgreSQL {}", socket.display()),
                None => format!("PostgreSQL {}:{}", options.get_host(), options.get_port()),
            },
            Err(_) => redact(url),
        }
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

/// A database address, read.
enum Address<'a> {
    Sqlite(&'a Path),
    Postgres(Box<PgConnectOptions>),
}

impl<'a> Address<'a> {
    fn of(url: &'a str) -> StoreResult<Self> {
        let bad = || StoreError::BadUrl(redact(url));
        match url.split_once("://") {
            Some(("sqlite", path)) if !path.trim().is_empty() => Ok(Self::Sqlite(Path::new(path))),
            Some(("postgres" | "postgresql", _)) => {
                let options = PgConnectOptions::from_str(url).map_err(|_| bad())?;
                Ok(Self::Postgres(Box::new(options.options([("synchronous_commit", "on")]))))
            }
            _ => Err(bad()),
        }
    }
}

/// A database address without what may be secret in it: only its scheme, host and path are shown, and
/// nothing at all where it is not clear which part is which.
pub(crate) fn redact(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        let plain = !url.contains(['@', ':', '=', '?', ' ']);
        return if plain { url.to_owned() } else { "…".to_owned() };
    };
    if !scheme.chars().all(|c| c.is_ascii_alphanumeric() || c == '+') {
        return "…".to_owned();
    }
    match (rest.rfind('@'), rest.find('?')) {
        (Some(_), Some(_)) => format!("{scheme}://…"),
        (Some(at), None) => format!("{scheme}://…{}", &rest[at..]),
        (None, Some(query)) => format!("{scheme}://{}?…", &rest[..query]),
        (None, None) => url.to_owned(),
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
    let write = SqlitePoolOptions::new()
        .max_connections(1)
        // SQLite undoes by itself what a full or failing disk interrupted, which the connection does not know: it would
        // refuse every transaction for ever. It is left for a new one. The ping lets a rollback under way end first.
        .after_release(|connection, _| {
            Box::pin(async move {
                connection.ping().await?;
                Ok(!connection.is_in_transaction())
            })
        })
        .connect_with(
            options
                .clone()
                // KiB: the pages that thousands of sheets move stay at hand.
                .pragma("cache_size", "-16384")
                // Pages (4 KiB) in the log before it is copied into the file, which everyone waits for: a page that
                // many transactions changed is copied once.
                .pragma("wal_autocheckpoint", "4000"),
        )
        .await?;
    let read = SqlitePoolOptions::new().max_connections(6).connect_with(options).await?;
    Ok(Db::Sqlite { read, write })
}

/// Reads a file and leaves no other beside it.
async fn read_sqlite(path: &Path) -> StoreResult<Db> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    // A log beside the file is of a server at work, whose locks count; without it nobody writes.
    let options = SqliteConnectOptions::new().filename(path).read_only(true).immutable(!Path::new(&log).exists());
    let read = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
    Ok(Db::Sqlite { write: read.clone(), read })
}

async fn open_postgres(options: PgConnectOptions) -> StoreResult<Db> {
    knock(&options).await?;
    let pool =
        PgPoolOptions::new().max_connections(16).acquire_timeout(Duration::from_secs(10)).connect_with(options).await?;
    Ok(Db::Postgres(pool))
}

/// Longest wait for an answer of a server.
const ANSWER: Duration = Duration::from_secs(5);
/// Tries of a server that refuses or is starting, and the time between two.
const TRIES: u32 = 7;
const BETWEEN: Duration = Duration::from_millis(500);

/// A first connection, that tells why there is none: a pool tries for all its time, then only says that the
/// time is over.
async fn knock(options: &PgConnectOptions) -> Result<(), sqlx::Error> {
    for attempt in 1.. {
        let answer = tokio::time::timeout(ANSWER, PgConnection::connect_with(options)).await;
        let may_come = match answer {
            Err(_) => return Err(sqlx::Error::Io(io::ErrorKind::TimedOut.into())),
            Ok(Ok(connection)) => return connection.close().await,
            Ok(Err(error)) => error,
        };
        let starting = match &may_come {
            sqlx::Error::Io(error) => error.kind() == io::ErrorKind::ConnectionRefused,
            sqlx::Error::Database(error) => error.is_transient_in_connect_phase(),
            _ => false,
        };
        if !starting || attempt == TRIES {
            return Err(may_come);
        }
        tokio::time::sleep(BETWEEN).await;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_shown() {
        for (url, shown) in [
            ("mysql://u:secret@h/db", "mysql://…@h/db"),
            ("mysql://u:se@cret@h/db", "mysql://…@h/db"),
            ("/tmp/x", "/tmp/x"),
            ("u:secret@h/db", "…"),
            ("postgres//u:secret@h/db", "…"),
            ("host=h password=secret", "…"),
            ("u:secret://h/db", "…"),
            ("mysql://h/db?password=secret", "mysql://h/db?…"),
            ("mysql://u:se?cret@h/db", "mysql://…"),
        ] {
            assert_eq!(redact(url), shown, "{url}");
            assert!(!Store::place(url).contains("secret"));
        }
        let place = Store::place("postgres://user:secret@db.example:5433/docimo?sslmode=disable");
        assert_eq!(place, "PostgreSQL db.example:5433");
        assert_eq!(Store::place("sqlite:///var/lib/x.sqlite"), "SQLite /var/lib/x.sqlite");
    }

    #[tokio::test]
    async fn an_address_without_a_path_is_refused() {
        for url in ["sqlite://", "sqlite:// ", "sqlite:x", "", "postgres://h:port/db"] {
            assert!(matches!(Store::open(url).await, Err(StoreError::BadUrl(_))), "{url}");
            assert!(matches!(Store::open_as_is(url).await, Err(StoreError::BadUrl(_))), "{url}");
        }
    }

    #[tokio::test]
    async fn looking_writes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.sqlite");
        let url = format!("sqlite://{}", path.display());
        assert!(Store::open_as_is(&url).await.unwrap().is_none());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        std::fs::write(&path, "").unwrap();
        assert_eq!(Store::open_as_is(&url).await.unwrap().unwrap().is_migrated().await.unwrap(), None);
        Store::open(&url).await.unwrap().close().await;
        let before = std::fs::read(&path).unwrap();
        let store = Store::open_as_is(&url).await.unwrap().unwrap();
        assert_eq!(store.is_migrated().await.unwrap(), Some(true));
        assert_eq!(store.count_people().await.unwrap(), 0);
        store.close().await;
        assert_eq!(std::fs::read(&path).unwrap(), before);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        // A server at work is seen, its last transactions included.
        let server = Store::open(&url).await.unwrap();
        let looking = Store::open_as_is(&url).await.unwrap().unwrap();
        assert_eq!(looking.is_migrated().await.unwrap(), Some(true));
        looking.close().await;
        server.close().await;
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_says_why() {
        // Nothing listens on a port just given back.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let error = Store::open(&format!("postgres://u:secret@127.0.0.1:{port}/db")).await.unwrap_err();
        let StoreError::Database(sqlx::Error::Io(error)) = error else { panic!("{error}") };
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    }
}
