//! Where questions live. For now the part without storage: what identifies a revision, how a
//! revision moves from draft to use, and how questions made elsewhere come in, what could be better
//! written, and which questions are much the same.
//!
//! Reading order: [`revision`], [`rights`], [`diff`], [`flaws`], [`duplicates`], then [`exchange`], and [`item_model`].
//!
//! Not here: databases and media files (the store), people and their rights, screens.

pub mod diff;
pub mod duplicates;
pub mod exchange;
pub mod flaws;
pub mod item_model;
pub mod revision;
pub mod rights;

use docimo_engine::check::{self, Fault};
use docimo_engine::paper::Element;

/// Every fault of a question, or of a case and its questions.
pub fn faults(element: &Element) -> Vec<Fault> {
    match element {
        Element::Question(question) => check::question(question),
        Element::Case(case) => check::case(case),
    }
}
