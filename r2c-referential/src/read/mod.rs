//! Readers: what a file or a wiki says, as nodes and faults. Pure: bytes are brought by the caller.
//!
//! * [`table`]: rows of a CSV or XLSX file, of the national objectives or of any referential;
//! * [`case`]: an IMS CASE package, JSON;
//! * [`wiki`]: answers of a MediaWiki interface holding the LISA's objectives.
//!
//! Each gives a [`Read`](crate::Read): the good nodes, and every fault with its place and a French
//! reason. A faulty line never hides the others.

pub mod case;
mod objective;
pub mod table;
pub mod wiki;
