//! How the question bank is searched, with tantivy.
//!
//! Answers: which questions speak of that, among a million, and how many of each kind are there? Reading order:
//! [`document`] (what is indexed), [`analysis`] (how French becomes terms), [`synonyms`], [`query`] (the line people
//! type, [`query::GRAMMAR_FR`]), [`reach`] (what someone may see), [`facets`] (live counts), [`extract`] (words in relief), then the index itself:
//! [`Index`] (reading, checking), [`Writer`] and [`Rebuild`] (changing). [`passages`] is an index of its own, of documents.
//!
//! The index is disposable: it is made from the database and can be made again while it serves. It holds no candidate.
//!
//! Not here: the database and its changes, rights (the caller gives the folders in reach), pages, near-duplicates of
//! meaning. A saved search is the line [`query::Query`] prints, kept by the caller with [`query::GRAMMAR_VERSION`].
//!
//! ```
//! use docimo_search::document::{Document, Part};
//! use docimo_search::synonyms::Synonyms;
//! use docimo_search::{Index, Request, Writer};
//! use std::sync::Arc;
//!
//! let dir = tempfile::tempdir()?;
//! let index = Arc::new(Index::open(dir.path(), Synonyms::embedded())?);
//! let mut writer = Writer::new(&index, 15_000_000)?;
//! let document = Document {
//!     entry: "e1".to_owned(),
//!     texts: vec![(Part::Stem, "Signes d’un infarctus aigu du myocarde ?".to_owned())],
//!     ..Document::default()
//! };
//! writer.upsert(&document, 0)?;
//! writer.applied(1);
//! writer.commit()?;
//! let answer = index.search(&Request::new("IDM statut:brouillon"))?;
//! assert_eq!(answer.hits[0].entry, "e1");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod analysis;
pub mod document;
pub mod extract;
pub mod facets;
mod index;
pub mod passages;
mod plan;
pub mod query;
pub mod reach;
mod schema;
mod search;
pub mod synonyms;
mod writer;

pub use index::{Index, IndexError, Mismatch, Stale, Summary};
pub use plan::Correction;
pub use schema::SCHEMA_VERSION;
pub use search::{Answer, DEEPEST, Hit, Request, SearchError};
pub use writer::{COMMIT_EVERY_MS, Rebuild, Writer};
