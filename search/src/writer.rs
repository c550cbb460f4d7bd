//! Keeping the index up to date, and rebuilding it while it serves.

use crate::document::Document;
use crate::index::{Generation, Index, IndexError, Payload, SMALLEST_MEMORY, commit, generation_path};
use crate::schema::{Fields, index_document};
use std::sync::Arc;
use tantivy::directory::error::LockError;
use tantivy::{IndexWriter, TantivyError, Term};

/// Longest time a change waits for its commit, in ms.
pub const COMMIT_EVERY_MS: i64 = 300;

/// Applies changes to an index. There is one writer for a directory.
///
/// It follows the database's sequence of changes: ask [`Writer::sequence`] for the last one held, apply what comes
/// after, say each number with [`Writer::applied`], commit. Always start again from [`Writer::sequence`]: it goes back
/// when a rebuilt index, younger in changes, takes the place of the one written to.
pub struct Writer {
    index: Arc<Index>,
    generation: Arc<Generation>,
    inner: IndexWriter,
    memory: usize,
    sequence: u64,
    /// When the oldest change not committed came, ms.
    waiting_since: Option<i64>,
    changed: bool,
}

fn open(generation: &Generation, threads: usize, memory: usize) -> Result<IndexWriter, IndexError> {
    let memory = memory.max(SMALLEST_MEMORY * threads);
    generation.index.writer_with_num_threads(threads, memory).map_err(|error| match error {
        TantivyError::LockFailure(LockError::LockBusy, _) => IndexError::Busy,
        other => IndexError::Engine(other),
    })
}

fn upsert(writer: &IndexWriter, fields: &Fields, document: &Document) -> Result<(), IndexError> {
    writer.delete_term(Term::from_field_text(fields.entry, &document.entry));
    writer.add_document(index_document(fields, document))?;
    Ok(())
}

impl Writer {
    /// Takes the index to write, with about so many bytes of memory (at least 15 million).
    ///
    /// # Errors
    /// [`IndexError::Busy`] if another process or another writer has it.
    pub fn new(index: &Arc<Index>, memory: usize) -> Result<Self, IndexError> {
        let generation = index.generation();
        let inner = open(&generation, 1, memory)?;
        let sequence = Payload::of(&generation.index)?.map_or(0, |p| p.sequence);
        let index = index.clone();
        Ok(Self { index, generation, inner, memory, sequence, waiting_since: None, changed: false })
    }

    /// Goes over to the generation in use, if another has taken its place.
    fn follow(&mut self) -> Result<(), IndexError> {
        let current = self.index.generation();
        if current.number != self.generation.number {
            self.inner = open(&current, 1, self.memory)?;
            self.sequence = Payload::of(&current.index)?.map_or(0, |p| p.sequence);
            self.generation = current;
            self.waiting_since = None;
            self.changed = false;
        }
        Ok(())
    }

    /// Number of the last change applied, committed or not.
    ///
    /// # Errors
    /// Where the index cannot be read.
    pub fn sequence(&mut self) -> Result<u64, IndexError> {
        self.follow()?;
        Ok(self.sequence)
    }

    /// Puts a document in the place of that of its entry. `now_ms` is any clock that does not go back.
    ///
    /// # Errors
    /// Where the index cannot be written.
    pub fn upsert(&mut self, document: &Document, now_ms: i64) -> Result<(), IndexError> {
        self.follow()?;
        upsert(&self.inner, &self.generation.fields, document)?;
        self.touched(now_ms);
        Ok(())
    }

    /// Takes an entry's document out.
    ///
    /// # Errors
    /// Where the index cannot be written.
    pub fn remove(&mut self, entry: &str, now_ms: i64) -> Result<(), IndexError> {
        self.follow()?;
        self.inner.delete_term(Term::from_field_text(self.generation.fields.entry, entry));
        self.touched(now_ms);
        Ok(())
    }

    fn touched(&mut self, now_ms: i64) {
        self.changed = true;
        self.waiting_since.get_or_insert(now_ms);
    }

    /// Every change up to that number has been applied. A number already passed is ignored.
    pub fn applied(&mut self, sequence: u64) {
        if sequence > self.sequence {
            self.sequence = sequence;
            self.changed = true;
        }
    }

    /// Does a change wait for its commit?
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.waiting_since.is_some()
    }

    /// Commits if a change has waited [`COMMIT_EVERY_MS`]; says whether it did. To be called several times a second.
    ///
    /// # Errors
    /// As [`Writer::commit`].
    pub fn commit_if_due(&mut self, now_ms: i64) -> Result<bool, IndexError> {
        let due = self.waiting_since.is_some_and(|since| now_ms.saturating_sub(since) >= COMMIT_EVERY_MS);
        if due {
            self.commit()?;
        }
        Ok(due)
    }

    /// Makes what was applied durable, and seen by searches. Returns the number of the last change committed.
    ///
    /// # Errors
    /// Where the index cannot be written; then this writer is to be dropped and another taken.
    pub fn commit(&mut self) -> Result<u64, IndexError> {
        self.follow()?;
        if self.changed {
            commit(&mut self.inner, Payload::at(self.sequence))?;
            self.changed = false;
            self.waiting_since = None;
            self.generation.reload()?;
        }
        Ok(self.sequence)
    }
}

/// An index being rebuilt beside the one that serves.
///
/// Read the database's number of changes first, then give every entry, then the changes made meanwhile, and finish. If
/// it is dropped before, nothing happened.
pub struct Rebuild {
    index: Arc<Index>,
    generation: Generation,
    writer: IndexWriter,
    sequence: u64,
}

impl Rebuild {
    /// Begins, with so many threads and about so many bytes of memory. `sequence` is the number of the last change that
    /// what will be given surely holds.
    ///
    /// # Errors
    /// Where the directory cannot be written.
    pub fn begin(index: &Arc<Index>, sequence: u64, threads: usize, memory: usize) -> Result<Self, IndexError> {
        let number = index.next_number();
        let generation = Generation::create(&generation_path(index.dir(), number), number, sequence)?;
        let writer = open(&generation, threads.max(1), memory)?;
        Ok(Self { index: index.clone(), generation, writer, sequence })
    }

    /// A document of an entry that was not given yet: quicker than [`Rebuild::upsert`].
    ///
    /// # Errors
    /// Where the index cannot be written.
    pub fn add(&self, document: &Document) -> Result<(), IndexError> {
        self.writer.add_document(index_document(&self.generation.fields, document))?;
        Ok(())
    }

    /// A document changed since.
    ///
    /// # Errors
    /// Where the index cannot be written.
    pub fn upsert(&self, document: &Document) -> Result<(), IndexError> {
        upsert(&self.writer, &self.generation.fields, document)
    }

    /// An entry removed since.
    pub fn remove(&self, entry: &str) {
        self.writer.delete_term(Term::from_field_text(self.generation.fields.entry, entry));
    }

    /// Every change up to that number has been given.
    pub fn applied(&mut self, sequence: u64) {
        self.sequence = self.sequence.max(sequence);
    }

    /// Commits, waits for merges, and takes the place of the index that serves. Searches under way end on the old one;
    /// a [`Writer`] goes over by itself.
    ///
    /// # Errors
    /// Where the index cannot be written; then the old one serves on.
    pub fn finish(mut self) -> Result<u64, IndexError> {
        commit(&mut self.writer, Payload::at(self.sequence))?;
        self.writer.wait_merging_threads()?;
        self.generation.reload()?;
        self.index.swap(self.generation)?;
        Ok(self.sequence)
    }
}
