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
