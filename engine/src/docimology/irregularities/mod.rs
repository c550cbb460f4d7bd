//! What is out of the ordinary in the answers: two copies too alike, a copy unlike its mark, a copy too fast.
//!
//! Everything here is a signal for a person to look at, never a verdict; [`words`] says so in every sentence.
//!
//! 1. [`answers`]: who answered what, packed in bit planes.
//! 2. [`mod@screen`]: all pairs of candidates compared on their wrong answers, exactly; seat neighbours apart.
//! 3. [`copying`]: the published indices (omega, GBT, K, K1, K2, S1, S2) of the pairs worth a second look.
//! 4. [`multiple`]: false discoveries among all pairs compared.
//! 5. [`person`]: does one copy suit the model (lz, lz*, infit, outfit, Guttman errors)?
//! 6. [`times`]: response times: lognormal model, rapid guessing, fast and right.
//! 7. [`words`]: what to tell the jury.
//!
//! Ways to be wrong that hold for the whole module: candidates who learnt from the same false source share
//! wrong answers without copying; a wrong key makes the right answer a shared "wrong" one; pairs that differ
//! much in ability are rightly unlike. A cohort of fewer than about 100 has too few wrong answers to say what is
//! usual.

pub mod answers;
pub mod copying;
pub mod multiple;
pub mod person;
pub mod screen;
mod tails;
pub mod times;
pub mod words;

pub use answers::{Answers, Seat};
pub use copying::{Copying, PairIndices};
pub use multiple::{Adjusted, adjust};
pub use person::{PersonFit, person_fit};
pub use screen::{PairSignal, ScreenOptions, Screening, screen};
pub use times::{ResponseTimes, TimeAnalysis, TimeOptions, analyse_times};
