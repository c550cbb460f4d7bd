//! Which questions make a paper.
//!
//! A *blueprint* (table de spécification) says what a paper must hold; this crate finds the units of the bank that
//! meet it best, proves how far from the best the answer may be, says what to change when there is none, shows what
//! a change made by hand does, and lists what forbids freezing. Everything is a function of its arguments: the same
//! bank, blueprint and limits give the same paper, in whatever order the bank is given.
//!
//! Reading order:
//!
//! 1. [`pool`]: what may be chosen; [`blueprint`]: what is wanted, as data; [`example`]: one ready to be edited.
//! 2. [`statement`]: the blueprint as sentences that can be counted, one at a time.
//! 3. [`assemble`](mod@assemble): the paper, or the sentences that conflict ([`conflict`]) and the nearest relaxation.
//! 4. [`relaxed`](mod@relaxed): the blueprint with the bounds that a relaxation moved.
//! 5. [`effect`](mod@effect): a paper beside its blueprint, and who could replace whom.
//! 6. [`hazards`](mod@hazards): what a freeze must not pass over without a name under it.
//!
//! Inside, not public: `program` (a 0-1 program), `relaxation` (its linear bound and prices), `climb` (a tabu search),
//! `search` (the three together). The linear and integer programs are solved by `microlp`.
//!
//! The models are those of van der Linden, *Linear Models for Optimal Test Design* (2005): maximin information
//! (ch. 5), sets of questions with a common stimulus chosen whole (ch. 7), several forms at once (ch. 6).
//!
//! Not here: where units come from and what is similar to what (the caller gives counts, groups and pairs), the order
//! of questions in a paper, storage, the clock.

pub mod assemble;
pub mod blueprint;
mod climb;
pub mod conflict;
pub mod effect;
pub mod example;
pub mod hazards;
pub mod pool;
mod program;
mod relaxation;
pub mod relaxed;
mod search;
pub mod statement;

pub use assemble::{Assembly, Limits, Outcome, assemble};
pub use blueprint::{Blueprint, Facet, Goal, Measure};
pub use effect::{Desk, Report, effect, replacements};
pub use hazards::{Hazard, Override, freeze, hazards};
pub use pool::Candidate;
pub use relaxed::relaxed;

/// How far a count may be off its bound and still meet it, in the unit of the row: sums of floats are not exact.
pub const TOLERANCE: f64 = 1e-6;
