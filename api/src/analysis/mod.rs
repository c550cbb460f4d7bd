//! Docimology of one exam: what is analysed ([`subject`]), everything said of it ([`study`]), how long work is run
//! ([`jobs`]), and how it is told.

pub mod document;
pub mod equating;
pub mod flags;
pub mod jobs;
pub mod report;
pub mod sheet;
pub mod study;
pub mod subject;
