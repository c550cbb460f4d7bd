//! The index on disk: opened, read, swapped for a newer one.
//!
//! ```text
//! dir/current      name of the generation in use, replaced by a rename
//! dir/g-7/         that generation, an index of tantivy
//! dir/g-8/         perhaps one being rebuilt; removed at the next opening if it was not finished
//! ```
//!
//! A commit keeps, in its payload, the versions of schema and analysis and the number of the last change of the database
//! that it holds. After `kill -9` the last commit is found again and the changes after its number are to be applied
//! anew: applying a change twice changes nothing.
//!
//! **Several processes** each have a directory of their own and each follow the database's changes; a directory is
//! never shared.

use crate::analysis::ANALYSIS_VERSION;
use crate::document::Stamp;
use crate::facets::{Counts, Dictionary};
use crate::schema::{Fields, SCHEMA_VERSION, register, schema};
use crate::synonyms::Synonyms;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use tantivy::{Index as TantivyIndex, IndexReader, ReloadPolicy, Searcher, Warmer};

/// What went wrong with the index itself.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The disk.
    #[error("index de recherche, {path} : {source}")]
    File {
        /// What was read or written.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// Another writer holds it.
    #[error(
        "l’index de recherche est déjà tenu par un autre processus : donnez à chaque processus son propre dossier d’index"
    )]
    Busy,
    /// The engine.
    #[error("index de recherche : {0}")]
    Engine(#[from] tantivy::TantivyError),
}

/// Why an index must be rebuilt from the database.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Stale {
    /// There was none.
    New,
    /// Its fields are those of another version.
    Schema,
    /// Its terms are those of another version: it serves, less well.
    Analysis,
    /// It cannot be read; an empty one took its place.
    Unreadable(String),
}

impl Stale {
    /// What to tell the people in charge.
    #[must_use]
    pub fn french(&self) -> String {
        match self {
            Self::New => "l’index de recherche n’existe pas encore : il est à construire".to_owned(),
            Self::Schema => {
                "l’index de recherche vient d’une autre version de Docimo : il est à reconstruire".to_owned()
            }
            Self::Analysis => {
                "l’analyse du français a changé : l’index de recherche répond encore, mais il est à reconstruire"
                    .to_owned()
            }
            Self::Unreadable(why) => format!("l’index de recherche est illisible ({why}) : il est à reconstruire"),
        }
    }
}

/// What a commit says of itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Payload {
    pub schema: u32,
    pub analysis: u32,
    pub sequence: u64,
}

impl Payload {
    pub(crate) fn at(sequence: u64) -> Self {
        Self { schema: SCHEMA_VERSION, analysis: ANALYSIS_VERSION, sequence }
    }

    pub(crate) fn text(self) -> String {
        serde_json::to_string(&self).unwrap_or_default()
    }

    pub(crate) fn of(index: &TantivyIndex) -> tantivy::Result<Option<Self>> {
        Ok(index.load_metas()?.payload.and_then(|text| serde_json::from_str(&text).ok()))
    }
}

/// A state of the index; the counts and the number of its documents.
pub(crate) type Totals = (u64, Arc<(Counts, u64)>);

/// One index of tantivy, from its making to its replacement.
pub(crate) struct Generation {
    pub number: u64,
    pub index: TantivyIndex,
    pub reader: IndexReader,
    pub fields: Fields,
    pub dictionary: Arc<Dictionary>,
    /// Counts over everything, for a state of the index.
    pub totals: Mutex<Option<Totals>>,
}

impl Generation {
    pub(crate) fn open(path: &Path, number: u64) -> Result<Self, IndexError> {
        let index = TantivyIndex::open_in_dir(path)?;
        Self::with(index, number)
    }

    /// A new, empty one, already committed.
    pub(crate) fn create(path: &Path, number: u64, sequence: u64) -> Result<Self, IndexError> {
        fs::create_dir_all(path).map_err(|source| file(path, source))?;
        let (schema, _) = schema();
        let index = TantivyIndex::create_in_dir(path, schema)?;
        register(&index);
        let mut writer: tantivy::IndexWriter = index.writer_with_num_threads(1, SMALLEST_MEMORY)?;
        commit(&mut writer, Payload::at(sequence))?;
        Self::with(index, number)
    }

    fn with(index: TantivyIndex, number: u64) -> Result<Self, IndexError> {
        register(&index);
        let dictionary: Arc<Dictionary> = Arc::default();
        let warmer: Arc<dyn Warmer> = dictionary.clone();
        let reader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .warmers(vec![Arc::downgrade(&warmer)])
            .try_into()?;
        let (_, fields) = schema();
        Ok(Self { number, index, reader, fields, dictionary, totals: Mutex::default() })
    }

    /// Serves the last commit.
    pub(crate) fn reload(&self) -> Result<(), IndexError> {
        self.reader.reload()?;
        self.dictionary.forget_others(&self.reader.searcher());
        Ok(())
    }
}

/// Bytes below which tantivy refuses to write.
pub(crate) const SMALLEST_MEMORY: usize = 15_000_000;

pub(crate) fn commit(writer: &mut tantivy::IndexWriter, payload: Payload) -> tantivy::Result<()> {
    let mut prepared = writer.prepare_commit()?;
    prepared.set_payload(&payload.text());
    prepared.commit()?;
    Ok(())
}

pub(crate) fn file(path: &Path, source: std::io::Error) -> IndexError {
    IndexError::File { path: path.to_owned(), source }
}

/// The bank's index, for any number of readers and one [`crate::Writer`].
pub struct Index {
    dir: PathBuf,
    current: RwLock<Arc<Generation>>,
    synonyms: RwLock<Arc<Synonyms>>,
    stale: Mutex<Option<Stale>>,
}

impl Index {
    /// Opens the index of a directory, or makes an empty one. It always serves; [`Index::stale`] says if it must be
    /// rebuilt.
    ///
    /// # Errors
    /// Where the directory can be neither read nor written.
    pub fn open(dir: &Path, synonyms: Synonyms) -> Result<Self, IndexError> {
        fs::create_dir_all(dir).map_err(|source| file(dir, source))?;
        let pointer = dir.join("current");
        let named = match fs::read_to_string(&pointer) {
            Ok(text) => number(text.trim()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(source) => return Err(file(&pointer, source)),
        };
        let (generation, stale) = match named {
            None => (fresh(dir)?, Some(Stale::New)),
            Some(number) => match Generation::open(&path(dir, number), number) {
                Ok(generation) => {
                    let (wanted, _) = schema();
                    let payload = Payload::of(&generation.index)?;
                    match payload {
                        Some(p) if p.schema == SCHEMA_VERSION && generation.index.schema() == wanted => {
                            let stale = (p.analysis != ANALYSIS_VERSION).then_some(Stale::Analysis);
                            (generation, stale)
                        }
                        _ => (fresh(dir)?, Some(Stale::Schema)),
                    }
                }
                Err(error) => (fresh(dir)?, Some(Stale::Unreadable(error.to_string()))),
            },
        };
        sweep(dir, &[generation.number]);
        Ok(Self {
            dir: dir.to_owned(),
            current: RwLock::new(Arc::new(generation)),
            synonyms: RwLock::new(Arc::new(synonyms)),
            stale: Mutex::new(stale),
        })
    }

    /// Looks at an index that another process may be writing: nothing is created, mended or removed. `None` where there
    /// is none, or none of this version.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn look(dir: &Path, synonyms: Synonyms) -> Result<Option<Self>, IndexError> {
        let pointer = dir.join("current");
        let Ok(text) = fs::read_to_string(&pointer) else { return Ok(None) };
        let Some(number) = number(text.trim()) else { return Ok(None) };
        let generation = Generation::open(&path(dir, number), number)?;
        let of_this_version = Payload::of(&generation.index)?.is_some_and(|p| p.schema == SCHEMA_VERSION);
        Ok(of_this_version.then(|| Self {
            dir: dir.to_owned(),
            current: RwLock::new(Arc::new(generation)),
            synonyms: RwLock::new(Arc::new(synonyms)),
            stale: Mutex::new(None),
        }))
    }

    /// Must it be rebuilt, and why?
    #[must_use]
    pub fn stale(&self) -> Option<Stale> {
        self.stale.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Number of the last change that searches see.
    ///
    /// # Errors
    /// Where the index cannot be read.
    pub fn sequence(&self) -> Result<u64, IndexError> {
        Ok(Payload::of(&self.generation().index)?.map_or(0, |p| p.sequence))
    }

    /// How many documents searches see.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.searcher().num_docs()
    }

    /// Is there no document?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Another list of synonyms, at once.
    pub fn set_synonyms(&self, synonyms: Synonyms) {
        *self.synonyms.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(synonyms);
    }

    pub(crate) fn synonyms(&self) -> Arc<Synonyms> {
        self.synonyms.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn generation(&self) -> Arc<Generation> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn searcher(&self) -> Searcher {
        self.generation().reader.searcher()
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// A number for a new generation, what an unfinished one left being removed.
    pub(crate) fn next_number(&self) -> u64 {
        let current = self.generation().number;
        sweep(&self.dir, &[current]);
        largest(&self.dir).max(current) + 1
    }

    /// Serves a finished generation instead of the present one, on disk first.
    pub(crate) fn swap(&self, generation: Generation) -> Result<(), IndexError> {
        point(&self.dir, generation.number)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(generation);
        *self.stale.lock().unwrap_or_else(PoisonError::into_inner) = None;
        Ok(())
    }

    /// How many documents there are and a sum over their stamps: two states that differ have, but for one chance in
    /// 2⁶⁴, different summaries.
    ///
    /// # Errors
    /// Where the index cannot be read.
    pub fn summary(&self) -> Result<Summary, IndexError> {
        let mut summary = Summary::default();
        let searcher = self.searcher();
        for reader in searcher.segment_readers() {
            let stamps = reader.fast_fields().u64("stamp")?;
            for doc in reader.doc_ids_alive() {
                summary.add(stamps.first(doc).unwrap_or(0));
            }
        }
        Ok(summary)
    }

    /// Compares the index with the stamps of every entry of the database, in any order, and lists what must be mended.
    ///
    /// # Errors
    /// Where the index cannot be read.
    pub fn check(&self, expected: impl IntoIterator<Item = Stamp>) -> Result<Mismatch, IndexError> {
        let mut indexed: BTreeMap<String, u64> = BTreeMap::new();
        let mut mismatch = Mismatch::default();
        let searcher = self.searcher();
        for reader in searcher.segment_readers() {
            let stamps = reader.fast_fields().u64("stamp")?;
            let Some(entries) = reader.fast_fields().str("entry")? else { continue };
            for doc in reader.doc_ids_alive() {
                let mut entry = String::new();
                if let Some(ord) = entries.term_ords(doc).next() {
                    entries.ord_to_str(ord, &mut entry).map_err(tantivy::TantivyError::from)?;
                }
                if indexed.insert(entry.clone(), stamps.first(doc).unwrap_or(0)).is_some() {
                    mismatch.stale.push(entry);
                }
            }
        }
        for stamp in expected {
            match indexed.remove(&stamp.entry) {
                None => mismatch.missing.push(stamp.entry),
                Some(known) if known != stamp.checksum() => mismatch.stale.push(stamp.entry),
                Some(_) => {}
            }
        }
        mismatch.extra = indexed.into_keys().collect();
        Ok(mismatch)
    }
}

/// A count and a sum, the same for the same documents in any order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Summary {
    /// How many documents.
    pub count: u64,
    /// Sum of their checksums, wrapping.
    pub sum: u64,
}

impl Summary {
    /// The summary of what the database expects.
    pub fn of(stamps: impl IntoIterator<Item = Stamp>) -> Self {
        let mut summary = Self::default();
        stamps.into_iter().for_each(|s| summary.add(s.checksum()));
        summary
    }

    fn add(&mut self, checksum: u64) {
        self.count += 1;
        self.sum = self.sum.wrapping_add(checksum);
    }
}

/// Entries whose document must be made again or removed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Mismatch {
    /// In the database, not in the index.
    pub missing: Vec<String>,
    /// In another state in the index.
    pub stale: Vec<String>,
    /// In the index only.
    pub extra: Vec<String>,
}

impl Mismatch {
    /// Is the index the database's image?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.missing.is_empty() && self.stale.is_empty() && self.extra.is_empty()
    }
}

fn path(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("g-{number}"))
}

pub(crate) fn generation_path(dir: &Path, number: u64) -> PathBuf {
    path(dir, number)
}

fn number(name: &str) -> Option<u64> {
    name.strip_prefix("g-")?.parse().ok()
}

fn numbers(dir: &Path) -> Vec<u64> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries.filter_map(|e| number(&e.file_name().to_string_lossy())).collect()
}

fn largest(dir: &Path) -> u64 {
    numbers(dir).into_iter().max().unwrap_or(0)
}

/// Removes the generations that are not `kept`. What cannot be removed waits for the next time.
fn sweep(dir: &Path, kept: &[u64]) {
    for n in numbers(dir).into_iter().filter(|n| !kept.contains(n)) {
        let _ = fs::remove_dir_all(path(dir, n));
    }
}

/// An empty generation, pointed to.
fn fresh(dir: &Path) -> Result<Generation, IndexError> {
    let number = largest(dir) + 1;
    let generation = Generation::create(&path(dir, number), number, 0)?;
    point(dir, number)?;
    Ok(generation)
}

/// Makes a generation the one in use: written aside, made durable, renamed.
fn point(dir: &Path, number: u64) -> Result<(), IndexError> {
    let (aside, pointer) = (dir.join("current.new"), dir.join("current"));
    let write = || -> std::io::Result<()> {
        let mut out = fs::File::create(&aside)?;
        writeln!(out, "g-{number}")?;
        out.sync_all()?;
        fs::rename(&aside, &pointer)?;
        // A directory can be made durable on Unix only.
        if cfg!(unix) { fs::File::open(dir)?.sync_all() } else { Ok(()) }
    };
    write().map_err(|source| file(&pointer, source))
}
