//! What can go wrong in the store.

use sqlx::error::ErrorKind;

/// Result of a store function.
pub type StoreResult<T> = Result<T, StoreError>;

/// An error of the store. Texts are for logs; the shell has its own for people.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Something with that unique key is already there.
    #[error("already there")]
    Duplicate,
    /// The row refers to something that is not there.
    #[error("refers to something absent")]
    MissingReference,
    /// The state changed under the caller's feet: read again.
    #[error("changed meanwhile")]
    Conflict,
    /// A stored value that this version cannot read.
    #[error("stored {what} cannot be read: {why}")]
    Unreadable {
        /// Which value.
        what: &'static str,
        /// Why.
        why: String,
    },
    /// An address that is neither `sqlite://` nor `postgres://`.
    #[error("adresse de base « {0} » : attendu sqlite://chemin ou postgres://…")]
    BadUrl(String),
    /// The database itself.
    #[error("database: {0}")]
    Database(sqlx::Error),
    /// A migration.
    #[error("migration: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
}

impl StoreError {
    /// May the same thing, asked again later, be done? A database that is away, busy, stopping, or without room.
    pub fn is_passing(&self) -> bool {
        let Self::Database(error) = self else { return false };
        match error {
            sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::WorkerCrashed => true,
            sqlx::Error::Database(said) => said.code().is_some_and(|code| is_passing_code(&code)),
            _ => false,
        }
    }
}

/// Codes of SQLite (busy, locked, failing or full disk, as their last byte) and classes of PostgreSQL (connection lost,
/// resources exhausted, stopping, failing disk).
fn is_passing_code(code: &str) -> bool {
    match code.parse::<u32>() {
        // PostgreSQL's have five characters, and some of them are digits alone.
        Ok(number) if code.len() < 5 => matches!(number & 0xff, 5 | 6 | 10 | 13),
        _ => ["08", "53", "57P", "58"].iter().any(|class| code.starts_with(class)),
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        // By kind, not by constraint name: SQLite reports none.
        let kind = error.as_database_error().map(|e| e.kind());
        match kind {
            Some(ErrorKind::UniqueViolation) => Self::Duplicate,
            Some(ErrorKind::ForeignKeyViolation) => Self::MissingReference,
            _ => Self::Database(error),
        }
    }
}

pub(crate) fn from_json<T: serde::de::DeserializeOwned>(what: &'static str, text: &str) -> StoreResult<T> {
    serde_json::from_str(text).map_err(|e| StoreError::Unreadable { what, why: e.to_string() })
}

pub(crate) fn to_json<T: serde::Serialize>(what: &'static str, value: &T) -> StoreResult<String> {
    serde_json::to_string(value).map_err(|e| StoreError::Unreadable { what, why: e.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_told_from_what_will_not() {
        for code in ["13", "10", "778", "5", "517", "53100", "57P01", "57P03", "08006", "58030"] {
            assert!(is_passing_code(code), "{code}");
        }
        for code in ["1", "11", "19", "2067", "1555", "23505", "40001", "42P01", "22001", ""] {
            assert!(!is_passing_code(code), "{code}");
        }
        assert!(StoreError::from(sqlx::Error::PoolTimedOut).is_passing());
        assert!(!StoreError::Conflict.is_passing());
        assert!(!StoreError::from(sqlx::Error::RowNotFound).is_passing());
    }
}
