//! How near two texts are in meaning: multilingual-e5 on the processor, from a folder that someone gave.
//!
//! Reading order: [`weights`] (what a folder holds), `forward` (the network), [`cache`] (a text is never read twice).
//! Nothing is ever fetched. Two kinds of folder are read, both with a `tokenizer.json`:
//!
//! * `e5-small-q4.bin` (any name in `.bin`): the container "E5S1", 4-bit blocks;
//! * `config.json` and `model.safetensors`: any BERT encoder as published.
//!
//! The table of pieces stays in 4 bits (250,037 rows: 54 MB rather than 384), the rest is unfolded when it is read.

pub mod cache;
mod forward;
pub mod weights;

use cache::{Cache, Key};
use candle_core::Device;
use forward::Bert;
use rayon::ThreadPool;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use tokenizers::{Tokenizer, TruncationParams};

/// Texts that go through the network together. More do not go faster on a processor, and cost memory.
const BATCH: usize = 16;
/// Longest text, in pieces, as the model was trained.
const LONGEST: usize = 512;

/// Why a model cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EncoderError {
    /// A file that is not there or cannot be read.
    #[error("modèle : {} illisible : {source}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A folder that holds no model.
    #[error(
        "modèle : {} ne contient ni fichier .bin au format E5S1, ni config.json avec model.safetensors", 
        path.display()
    )]
    Absent {
        /// The folder.
        path: PathBuf,
    },
    /// A file that is not what it should be.
    #[error("modèle : {} : {reason}", path.display())]
    Malformed {
        /// Which.
        path: PathBuf,
        /// What is wrong, in French.
        reason: String,
    },
    /// The computation failed.
    #[error("modèle : calcul impossible : {0}")]
    Compute(#[from] candle_core::Error),
    /// A text that the tokenizer refuses.
    #[error("modèle : texte refusé par le découpage : {0}")]
    Tokenize(String),
    /// No threads of its own.
    #[error("modèle : fils de calcul impossibles : {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}

/// What a text is for: the model was trained with both, and compares one with the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A question.
    Query,
    /// What it is compared with.
    Passage,
}

impl Purpose {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Query => "query: ",
            Self::Passage => "passage: ",
        }
    }
}

/// A model, ready.
pub struct Encoder {
    tokenizer: Tokenizer,
    network: Bert,
    pool: ThreadPool,
    identity: [u8; 32],
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encoder").field("dimension", &self.dimension()).finish_non_exhaustive()
    }
}

impl Encoder {
    /// Reads a folder, with so many threads of its own: a server that computes vectors goes on serving.
    ///
    /// # Errors
    /// A folder that holds no model, or a file that is malformed, with its place.
    pub fn open(folder: &Path, threads: usize) -> Result<Self, EncoderError> {
        let path = folder.join("tokenizer.json");
        let bytes = read(&path)?;
        let malformed = |reason: String| EncoderError::Malformed { path: path.clone(), reason };
        let mut tokenizer = Tokenizer::from_bytes(&bytes).map_err(|e| malformed(e.to_string()))?;
        let longest = TruncationParams { max_length: LONGEST, ..TruncationParams::default() };
        tokenizer.with_truncation(Some(longest)).map_err(|e| malformed(e.to_string()))?;
        tokenizer.with_padding(None);
        let model = weights::read(folder)?;
        let pieces = tokenizer.get_vocab_size(true);
        if pieces > model.shape.pieces {
            let known = model.shape.pieces;
            let reason =
                format!("{pieces} morceaux de mots, le modèle n’en connaît que {known} : ce n’est pas le sien");
            return Err(malformed(reason));
        }
        let mut identity = Sha256::new();
        identity.update(model.digest);
        identity.update(Sha256::digest(&bytes));
        Ok(Self {
            tokenizer,
            network: Bert::new(model, &Device::Cpu)?,
            pool: rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .thread_name(|i| format!("encoder-{i}"))
                .build()?,
            identity: identity.finalize().into(),
        })
    }

    /// Numbers in a vector.
    #[must_use]
    pub fn dimension(&self) -> usize {
        self.network.dimension()
    }

    /// What tells this model from any other: vectors of two models are never compared.
    #[must_use]
    pub fn identity(&self) -> [u8; 32] {
        self.identity
    }

    /// The vectors of texts, of length 1, in their order. Those that the cache knows are not computed; the others are
    /// put into it. `progress` hears how many of the texts are done.
    ///
    /// # Errors
    /// A computation that fails; what was computed before stays in the cache.
    pub fn vectors(
        &self,
        texts: &[String],
        purpose: Purpose,
        cache: &mut Cache,
        progress: &(dyn Fn(usize) + Sync),
    ) -> Result<Vec<Vec<f32>>, EncoderError> {
        cache.belong_to(self.identity, self.dimension());
        let prefixed: Vec<String> = texts.iter().map(|t| format!("{}{t}", purpose.prefix())).collect();
        let keys: Vec<Key> = prefixed.iter().map(|t| Cache::key(t)).collect();
        let (mut missing, mut seen): (Vec<(Vec<u32>, usize)>, BTreeSet<Key>) = (Vec::new(), BTreeSet::new());
        for (place, text) in prefixed.iter().enumerate() {
            if !cache.holds(&keys[place]) && seen.insert(keys[place]) {
                let pieces = self.tokenizer.encode(text.as_str(), true);
                let pieces = pieces.map_err(|e| EncoderError::Tokenize(e.to_string()))?;
                missing.push((pieces.get_ids().to_vec(), place));
            }
        }
        let mut done = texts.len() - missing.len();
        progress(done);
        // Texts of a length together: the shorter ones are filled up to the longest.
        missing.sort_by_key(|(pieces, place)| (pieces.len(), *place));
        for batch in missing.chunks(BATCH) {
            let pieces: Vec<&[u32]> = batch.iter().map(|(pieces, _)| pieces.as_slice()).collect();
            let vectors = self.pool.install(|| self.network.vectors(&pieces))?;
            for ((_, place), vector) in batch.iter().zip(vectors) {
                cache.put(keys[*place], vector);
            }
            done += batch.len();
            progress(done);
        }
        Ok(keys.iter().map(|key| cache.get(key).unwrap_or_default()).collect())
    }
}

fn read(path: &Path) -> Result<Vec<u8>, EncoderError> {
    std::fs::read(path).map_err(|source| EncoderError::Unreadable { path: path.to_owned(), source })
}
