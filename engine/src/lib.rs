//! What a mark is.
//!
//! The engine answers one question: *given this paper, these responses and these decisions of the
//! jury, what does each candidate obtain, and why?* It is a function. It reads no file, no clock and
//! no random generator; the same input gives the same output to the last bit, on one thread or many.
//!
//! Reading order:
//!
//! 1. [`exact`]: marks are rational numbers, never accumulated floats.
//! 2. [`question`], [`paper`]: what is asked; [`check`]: what makes a paper unfit to be sat.
//! 3. [`response`]: what a candidate answered, raw and compact.
//! 4. [`scheme`]: how a response becomes points (*barème*), as data; [`mark`]: doing it, explained.
//! 5. [`ledger`]: the jury's decisions; [`marking`]: a whole exam, in one pass.
//! 6. [`attempt`], [`deadline`]: a candidate's sheet as an append-only journal, and its time.
//! 7. [`ranking`], [`edn`]: order of merit and the national arithmetic; [`stats`]: descriptions of lists.
//! 8. [`docimology`]: what a marked exam says of its questions, of its candidates and of itself.
//!
//! Not here: storage, HTTP, the clock, identities of people (ids are opaque), referentials (tags are
//! opaque).

pub mod attempt;
pub mod check;
pub mod deadline;
pub mod docimology;
pub mod edn;
pub mod exact;
pub mod ids;
pub mod ledger;
pub mod mark;
pub mod marking;
pub mod paper;
pub mod qroc;
pub mod question;
pub mod ranking;
pub mod response;
pub mod scheme;
pub mod shuffle;
pub mod simulate;
pub mod stats;

pub use exact::Exact;
pub use ids::{CaseId, PropositionId, QuestionId, SectionId, ZoneId};
