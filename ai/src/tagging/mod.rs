//! Which item and which objective of the R2C is a question about?
//!
//! Reading order: [`corpus`] (what may be proposed), [`terms`] (a text as weighted terms), [`bm25`] (how much two texts
//! share), [`encoder`] (how near two texts are in meaning, where someone gave a model), [`fusion`] (one order out of
//! several), [`confidence`] (how often such an order is right, and when to say nothing), [`tagger`] (all of it), [`head`] (what
//! validated tags taught beside words), [`neighbours`] (validated questions that are near), [`propose`] (what is said of a
//! question, and why), [`rerank`] (the same in the order of a language model, where one is asked), and [`evaluation`] (how good it is on questions whose tags are known).
//!
//! A tag found here is a proposal: nothing is written, nothing is known of a database. Chance plays no part: the same
//! question, referential and model give the same answer.

pub mod bm25;
pub mod confidence;
pub mod corpus;
pub mod encoder;
pub mod evaluation;
pub mod fusion;
pub mod head;
pub mod neighbours;
pub mod propose;
pub mod rerank;
pub mod tagger;
pub mod terms;

pub use corpus::{Corpus, Objective};
pub use tagger::{Answer, Asked, Method, Ranked, Tagger, Vectors};
