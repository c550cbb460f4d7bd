//! Passages of the documents in use that speak of a subject: what a request leans on when nobody chose.
//!
//! By words always; by meaning too where there is a model ([`super::meaning`]), for the passages whose vectors are
//! computed already. The two orders are put together by their ranks.

use super::meaning::Meaning;
use crate::ambient;
use crate::app::App;
use crate::error::{ApiError, ApiResult};
use docimo_ai::proposal::Trust;
use docimo_ai::tagging::encoder::Purpose;
use docimo_search::passages::{Passage, Passages};
use docimo_search::synonyms::Synonyms;
use docimo_store::ai::{PassageRow, SourceRow};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::Mutex;

/// Looked at for each one wanted: some are of documents that are no longer in use.
const WIDER: usize = 6;
/// How slowly a rank loses its worth (reciprocal rank fusion: Cormack, Clarke and Büttcher, 2009).
const FUSION: f32 = 60.0;
/// Passages whose vectors are computed at once.
const BATCH: usize = 16;

/// The index in memory; it may be lost at any time. A document never changes: it is read once.
#[derive(Default)]
pub struct Kept(Mutex<Option<Known>>);

struct Known {
    index: Arc<Passages>,
    /// By name: document and number.
    places: Vec<(String, i64)>,
    documents: HashSet<String>,
    /// By name, where they are computed.
    vectors: Arc<RwLock<HashMap<u64, Vec<f32>>>>,
}

/// A passage that was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its document.
    pub source: SourceRow,
    /// Itself.
    pub passage: PassageRow,
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> ApiError {
    ApiError::Internal(error.into())
}

/// Reads the documents before anybody asks, beside requests.
pub fn prepare(app: &App) {
    let app = app.clone();
    tokio::spawn(async move {
        if let Err(error) = ready(&app).await {
            tracing::warn!(%error, "documents are not read ahead; they will be when someone asks");
        }
    });
}

/// What can be searched: index, names, vectors.
type Ready = (Arc<Passages>, Vec<(String, i64)>, Arc<RwLock<HashMap<u64, Vec<f32>>>>, Vec<SourceRow>);

/// Everything that can be searched, what came since the last time included.
async fn ready(app: &App) -> ApiResult<Ready> {
    let sources = app.store.ai_sources().await?;
    let mut kept = app.passages.0.lock().await;
    if kept.is_none() {
        let index = Arc::new(Passages::new(Synonyms::embedded()).map_err(failed)?);
        *kept = Some(Known { index, places: Vec::new(), documents: HashSet::new(), vectors: Arc::default() });
    }
    let Some(known) = kept.as_mut() else { return Err(ApiError::NotFound) };
    let mut fresh: Vec<(u64, String)> = Vec::new();
    for source in &sources {
        if known.documents.contains(&source.id) {
            continue;
        }
        let rows = app.store.ai_passages(&source.id).await?;
        let first = known.places.len();
        let name = |i: usize| u64::try_from(first + i).unwrap_or(u64::MAX);
        fresh.extend(rows.iter().enumerate().map(|(i, row)| (name(i), format!("{}\n{}", row.section, row.body))));
        let (passages, title) = (known.index.clone(), source.title.clone());
        let added = tokio::task::spawn_blocking(move || {
            let each = rows.iter().enumerate().map(|(i, row)| Passage {
                name: u64::try_from(first + i).unwrap_or(u64::MAX),
                title: &title,
                section: &row.section,
                body: &row.body,
            });
            passages.add(each).map(|()| rows)
        });
        let rows = added.await.map_err(failed)?.map_err(failed)?;
        known.places.extend(rows.into_iter().map(|row| (row.source_id, row.number)));
        known.documents.insert(source.id.clone());
    }
    if let Some(meaning) = app.meaning().filter(|_| !fresh.is_empty()) {
        tokio::spawn(compute(meaning.clone(), fresh, known.vectors.clone()));
    }
    Ok((known.index.clone(), known.places.clone(), known.vectors.clone(), sources))
}

async fn compute(meaning: Arc<Meaning>, fresh: Vec<(u64, String)>, vectors: Arc<RwLock<HashMap<u64, Vec<f32>>>>) {
    for batch in fresh.chunks(BATCH) {
        let texts = batch.iter().map(|(_, text)| text.clone()).collect();
        match meaning.vectors(texts, Purpose::Passage).await {
            Ok(done) => {
                let mut known = vectors.write().unwrap_or_else(PoisonError::into_inner);
                known.extend(batch.iter().map(|(name, _)| *name).zip(done));
            }
            Err(error) => {
                tracing::warn!(%error, "the vectors of some passages cannot be computed");
                return;
            }
        }
    }
}

/// Names by how near their vectors are, the nearest first.
fn nearest(vectors: &HashMap<u64, Vec<f32>>, wanted: &[f32], most: usize) -> Vec<u64> {
    let cosine = |v: &[f32]| v.iter().zip(wanted).map(|(a, b)| a * b).sum::<f32>();
    let mut all: Vec<(u64, f32)> = vectors.iter().map(|(name, v)| (*name, cosine(v))).collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    all.truncate(most);
    all.into_iter().map(|(name, _)| name).collect()
}

/// One order out of two, by ranks; equals in the order of their names.
fn fused(orders: &[Vec<u64>]) -> Vec<u64> {
    let mut scores: HashMap<u64, f32> = HashMap::new();
    for order in orders {
        for (rank, name) in order.iter().enumerate() {
            *scores.entry(*name).or_default() += 1.0 / (FUSION + rank as f32 + 1.0);
        }
    }
    let mut all: Vec<(u64, f32)> = scores.into_iter().collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    all.into_iter().map(|(name, _)| name).collect()
}

/// The passages in use that say most of `words`, the best first; of documents trusted at least as far as `least`.
pub async fn find(app: &App, words: &str, most: usize, least: Trust) -> ApiResult<Vec<Found>> {
    let now_ms = ambient::now_ms();
    let (index, places, vectors, sources) = ready(app).await?;
    let (wide, looked) = (most.saturating_mul(WIDER), words.to_owned());
    let by_words = tokio::task::spawn_blocking(move || index.find(&looked, wide));
    let by_words = by_words.await.map_err(failed)?.map_err(failed)?;
    let mut orders = vec![by_words.into_iter().map(|(name, _)| name).collect::<Vec<u64>>()];
    let is_computed = !vectors.read().unwrap_or_else(PoisonError::into_inner).is_empty();
    if let Some(meaning) = app.meaning().filter(|_| is_computed) {
        let wanted = meaning.vectors(vec![words.to_owned()], Purpose::Query).await?;
        let known = vectors.read().unwrap_or_else(PoisonError::into_inner);
        // As many as are wanted, no more: something is always nearest, whatever is looked for.
        orders.extend(wanted.first().map(|vector| nearest(&known, vector, most)));
    }
    let usable: HashMap<&str, &SourceRow> = (sources.iter())
        .filter(|s| s.is_usable(now_ms) && Trust::from_number(s.trust) >= least)
        .map(|s| (s.id.as_str(), s))
        .collect();
    let (mut rows, mut out): (HashMap<String, Vec<PassageRow>>, Vec<Found>) = Default::default();
    for name in fused(&orders) {
        if out.len() == most {
            break;
        }
        let Some((source, number)) = usize::try_from(name).ok().and_then(|at| places.get(at)) else { continue };
        let Some(row) = usable.get(source.as_str()) else { continue };
        if !rows.contains_key(source) {
            rows.insert(source.clone(), app.store.ai_passages(source).await?);
        }
        let passage = rows.get(source).and_then(|all| all.iter().find(|p| p.number == *number)).cloned();
        out.extend(passage.map(|passage| Found { source: (*row).clone(), passage }));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_both_orders_have_comes_first() {
        assert_eq!(fused(&[vec![1, 2, 3], vec![3, 4]]), [3, 1, 2, 4]);
        assert_eq!(fused(&[vec![5, 6]]), [5, 6]);
        assert!(fused(&[]).is_empty());
        let vectors = HashMap::from([(1, vec![1.0, 0.0]), (2, vec![0.0, 1.0]), (3, vec![0.6, 0.8])]);
        assert_eq!(nearest(&vectors, &[0.0, 1.0], 2), [2, 3]);
    }
}
