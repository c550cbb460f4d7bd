//! The lists: folded words (no accent, no capital, apostrophes are spaces), as `Text` compares them, by the rules that
//! read them.

pub(super) mod alike;
pub(super) mod cues;
pub(super) mod options;
pub(super) mod shared;
pub(super) mod stem;
