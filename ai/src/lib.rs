//! What a machine may propose.
//!
//! [`sources`]: what may a machine lean on? Documents brought by people, cut into passages. [`generation`]: what does
//! it write, and is it what was asked? [`comments`]: how does it explain a wrong answer? [`provider`]: who runs the
//! model? [`local`]: how is one run here? [`tagging`]: what does a question speak of in a referential? [`report`]: what is
//! badly written? [`warnings`]: what should a reviewer look at twice? [`proposal`]: how does what a machine wrote become content? Only through the decision
//! of a named human; it is a crate of its own, which the store knows too.
//!
//! Useful for: drafts with their provenance. Not for: content, tags or comments as such; nothing here reaches a
//! student. Whether a draft is well written is `docimo_bank::flaws`, the same for everyone.
//!
//! This crate knows no database, no web server and no clock; only [`provider`] speaks to a network, and only to hosts
//! that were allowed.

pub mod comments;
pub mod generation;
pub mod local;
pub mod provider;
pub mod report;
pub mod sources;
pub mod tagging;
pub mod warnings;
pub use docimo_proposal as proposal;
