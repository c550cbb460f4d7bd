//! SQLite's FTS5 with its default analysis (unicode61, accents folded), ranked by its bm25; any of the words is enough.
#![expect(clippy::await_holding_refcell_ref, reason = "one thread, one query at a time")]

use crate::Outcome;
use docimo_search::document::Document;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection, Row};
use std::cell::RefCell;
use tokio::runtime::{Builder, Runtime};

pub struct Fts5 {
    runtime: Runtime,
    connection: RefCell<SqliteConnection>,
    _dir: tempfile::TempDir,
}

impl Fts5 {
    pub fn build<D: std::borrow::Borrow<Document>>(documents: impl Iterator<Item = D>) -> Outcome<Self> {
        let dir = tempfile::tempdir()?;
        let runtime = Builder::new_current_thread().build()?;
        let connection = runtime.block_on(async {
            let options = SqliteConnectOptions::new().filename(dir.path().join("fts.db")).create_if_missing(true);
            let mut connection = options.connect().await?;
            sqlx::query("create virtual table doc using fts5 (entry unindexed, body)").execute(&mut connection).await?;
            let mut transaction = connection.begin().await?;
            for document in documents {
                let document = document.borrow();
                let body: Vec<&str> = document.texts.iter().map(|(_, t)| t.as_str()).collect();
                sqlx::query("insert into doc (entry, body) values ($1, $2)")
                    .bind(&document.entry)
                    .bind(body.join("\n"))
                    .execute(&mut *transaction)
                    .await?;
            }
            transaction.commit().await?;
            Ok::<_, sqlx::Error>(connection)
        })?;
        Ok(Self { runtime, connection: RefCell::new(connection), _dir: dir })
    }

    fn quoted(line: &str, joint: &str) -> String {
        let words: Vec<String> = line.split_whitespace().map(|w| format!("\"{}\"", w.replace('"', ""))).collect();
        words.join(joint)
    }

    /// The ten best entries with any of the words.
    pub fn top(&self, line: &str) -> Outcome<Vec<String>> {
        self.ask(&Self::quoted(line, " OR "))
    }

    /// The ten best entries with all of the words, and how many there are: what a page of results needs.
    pub fn page(&self, line: &str) -> Outcome<(Vec<String>, i64)> {
        let quoted = Self::quoted(line, " ");
        let count = self.runtime.block_on(async {
            let mut connection = self.connection.borrow_mut();
            sqlx::query("select count(*) from doc where doc match $1").bind(&quoted).fetch_one(&mut *connection).await
        })?;
        Ok((self.ask(&quoted)?, count.get(0)))
    }

    fn ask(&self, quoted: &str) -> Outcome<Vec<String>> {
        let rows = self.runtime.block_on(async {
            let mut connection = self.connection.borrow_mut();
            sqlx::query("select entry from doc where doc match $1 order by rank limit 10")
                .bind(quoted)
                .fetch_all(&mut *connection)
                .await
        })?;
        Ok(rows.into_iter().map(|r| r.get(0)).collect())
    }
}
