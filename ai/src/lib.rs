//! What a machine may propose.
//!
//! Two rooms for now:
//!
//! * [`flaws`] answers *is this question well written?*: rules on the French text, no model,
//!   the same answer every time;
//! * [`proposal`] answers *how does what a machine wrote become content?*: only through the
//!   decision of a named human.
//!
//! This crate knows no database, no web server, no clock and, for now, no provider: it returns
//! flaws and proposals, never questions.

pub mod flaws;
pub mod proposal;
