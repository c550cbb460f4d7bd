//! What is taught in the second cycle of French medical studies (R2C).
//!
//! Useful for naming what a question is about: item numbers and titles, ranks, objective codes
//! (`OIC-031-11-B`), starting situations, specialties, and the tags by which the bank writes
//! them. The official lists are embedded, each with its source in the head of its file under
//! `data/`; they are parsed once, at the first call.
//!
//! Also for referentials of other disciplines: [`Referential`] is a tree of coded nodes, [`read`]
//! makes one of a table, of an IMS CASE package or of a wiki's answers, [`diff`] compares two
//! versions, and [`follow`] or [`follow_code`] says what becomes of a tag from one to the other.
//!
//! Not useful for the objectives themselves: their republication right is not established, so
//! the table is imported by each instance and never embedded here. This crate reads no file,
//! no clock and no network, and knows no other crate of Docimo.
//!
//! Reading order: `numbers`, `objective`, `tag`, `catalogue`; then `model`, `read`, `change`,
//! `national`.
//!
//! ```
//! use r2c_referential::{ItemNumber, ObjectiveCode, Rank, Tag, item, items_of, search_items};
//!
//! let code: ObjectiveCode = "OIC-031-11-B".parse()?;
//! assert_eq!((code.item().get(), code.ordinal(), code.rank()), (31, 11, Rank::B));
//!
//! let tag: Tag = "R2C:339".parse()?;
//! assert_eq!(tag, Tag::Item(ItemNumber::new(339)?));
//! assert_eq!(item(ItemNumber::new(339)?).title, "Syndromes coronariens aigus");
//!
//! assert!(items_of("cardiologie").any(|item| item.number.get() == 339));
//! assert_eq!(search_items("coronariens aigus")[0].number.get(), 339);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod catalogue;
mod change;
mod code;
mod ecn;
mod model;
mod national;
mod numbers;
mod objective;
pub mod read;
mod rubric;
mod slug;
mod tag;
mod text;

pub use catalogue::{
    CommonUnit, Item, Situation, Specialty, common_units, item, items, items_of, search_items, search_situations,
    situation, situations, specialties, specialties_of, specialty,
};
pub use change::{Change, Followed, ReviewReason, candidates, diff, follow_code};
pub use code::{Code, CodeError};
pub use ecn::{EcnItem, ecn_item, ecn_items, ecn_items_of};
pub use model::{About, Fault, Node, NodeStatus, Read, Referential, TitleStatus};
pub use national::{Version, VersionError, changes_after, follow};
pub use numbers::{EcnNumber, ItemNumber, NumberError, SituationNumber};
pub use objective::{ObjectiveCode, ObjectiveCodeError, Rank, RankError};
pub use rubric::{Rubric, RubricError};
pub use slug::{Slug, SlugError};
pub use tag::{RESERVED_SLUGS, Tag, TagError};
pub use text::fold;
