//! A model of meaning on this machine, where someone gave a folder with one: passages are found by what they say as well
//! as by their words. Vectors are kept by content; lost, they are computed again.

use crate::error::{ApiError, ApiResult};
use docimo_ai::tagging::encoder::cache::Cache;
use docimo_ai::tagging::encoder::{Encoder, EncoderError, Purpose};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The model, with what it computed.
#[derive(Debug)]
pub struct Meaning {
    encoder: Encoder,
    cache: Mutex<Cache>,
    /// Where vectors are kept between two runs.
    kept: PathBuf,
}

impl Meaning {
    /// Opens the model of a folder; vectors are kept in `data`.
    ///
    /// # Errors
    /// When the folder holds no model.
    pub fn open(folder: &Path, data: &Path, threads: usize) -> Result<Self, EncoderError> {
        let kept = data.join("vectors-passages.bin");
        // A file that is not whole, or of another model, is computed again.
        let cache = std::fs::read(&kept).ok().and_then(|bytes| Cache::from_bytes(&bytes)).unwrap_or_default();
        Ok(Self { encoder: Encoder::open(folder, threads)?, cache: Mutex::new(cache), kept })
    }

    /// The vectors of texts, of length 1, in their order. Those of documents are kept.
    ///
    /// # Errors
    /// When the computation fails.
    pub async fn vectors(self: &Arc<Self>, texts: Vec<String>, purpose: Purpose) -> ApiResult<Vec<Vec<f32>>> {
        let meaning = self.clone();
        let done = tokio::task::spawn_blocking(move || meaning.compute(&texts, purpose)).await;
        done.map_err(|e| ApiError::Internal(e.into()))?.map_err(|e| ApiError::Internal(e.into()))
    }

    fn compute(&self, texts: &[String], purpose: Purpose) -> Result<Vec<Vec<f32>>, EncoderError> {
        if matches!(purpose, Purpose::Query) {
            // What people look for is not kept.
            return self.encoder.vectors(texts, purpose, &mut Cache::default(), &|_| {});
        }
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        let before = cache.len();
        let vectors = self.encoder.vectors(texts, purpose, &mut cache, &|_| {})?;
        if cache.len() != before {
            let aside = self.kept.with_extension("new");
            let written = std::fs::write(&aside, cache.to_bytes()).and_then(|()| std::fs::rename(&aside, &self.kept));
            if let Err(error) = written {
                tracing::warn!(%error, "vectors of passages are not kept; they will be computed again");
            }
        }
        Ok(vectors)
    }
}
