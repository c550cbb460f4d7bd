//! Where everything is kept.
//!
//! One schema on two engines: SQLite (embedded, write-ahead log, `synchronous = FULL`) and PostgreSQL
//! (`synchronous_commit = on`). Durability is never relaxed. The SQL is one portable text; the two
//! drivers differ in `db` only.
//!
//! Useful for: every read and write of the product, and [`journal`], the hot path of an exam day.
//! Not for: decisions. Nothing here knows who may do what, reads a clock or draws a number.

pub mod ai;
pub mod bank;
pub mod clocks;
mod db;
pub mod delivery;
pub mod doors;
pub mod error;
pub mod exams;
pub mod journal;
pub mod live;
pub mod panels;
pub mod people;
pub mod receipts;
pub mod referentials;
pub mod results;
pub mod sealed;
pub mod supervision;
pub mod tags;

pub use db::Store;
pub use error::{StoreError, StoreResult};
pub use journal::{Journal, SaveError};
