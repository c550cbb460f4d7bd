//! What a machine may propose.
//!
//! One room for now: [`proposal`] answers *how does what a machine wrote become content?*: only through the
//! decision of a named human. Whether it is well written is `docimo_bank::flaws`, the same for everyone.
//!
//! This crate knows no database, no web server, no clock and, for now, no provider: it returns proposals,
//! never questions.

pub mod proposal;
pub mod tagging;
