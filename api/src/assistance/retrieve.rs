//! Passages of the documents in use that speak of a subject: what a request leans on when nobody chose.

use crate::ambient;
use crate::app::App;
use crate::error::{ApiError, ApiResult};
use docimo_ai::proposal::Trust;
use docimo_search::passages::{Passage, Passages};
use docimo_search::synonyms::Synonyms;
use docimo_store::ai::{PassageRow, SourceRow};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use tokio::sync::Mutex;

/// Looked at for each one wanted: some are of documents that are no longer in use.
const WIDER: usize = 6;

/// The index in memory; it may be lost at any time. A document never changes: it is read once.
#[derive(Default)]
pub struct Kept(Mutex<Option<Known>>);

struct Known {
    index: Arc<Passages>,
    /// By name: document and number.
    places: Vec<(String, i64)>,
    documents: HashSet<String>,
}

/// A passage that was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its document.
    pub source: SourceRow,
    /// Itself.
    pub passage: PassageRow,
    /// How much it says of what was looked for; above 0, comparable within one search only.
    pub score: f32,
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> ApiError {
    ApiError::Internal(error.into())
}

/// The passages in use that say most of `words`, the best first; of documents trusted at least as far as `least`.
pub async fn find(app: &App, words: &str, most: usize, least: Trust) -> ApiResult<Vec<Found>> {
    let now_ms = ambient::now_ms();
    let sources = app.store.ai_sources().await?;
    let (index, mut kept) = (app.passages.0.lock().await, Vec::new());
    let mut index = index;
    if index.is_none() {
        let empty = Passages::new(Synonyms::embedded()).map_err(failed)?;
        *index = Some(Known { index: Arc::new(empty), places: Vec::new(), documents: HashSet::new() });
    }
    let Some(known) = index.as_mut() else { return Ok(Vec::new()) };
    for source in &sources {
        if known.documents.contains(&source.id) {
            continue;
        }
        let rows = app.store.ai_passages(&source.id).await?;
        let first = known.places.len();
        let (passages, title) = (known.index.clone(), source.title.clone());
        let added = tokio::task::spawn_blocking(move || {
            let of = |(i, row): (usize, &PassageRow)| (u64::try_from(first + i).unwrap_or(u64::MAX), row.clone());
            let named: Vec<(u64, PassageRow)> = rows.iter().enumerate().map(of).collect();
            let each = named.iter().map(|(name, row)| Passage {
                name: *name,
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
    let (passages, words) = (known.index.clone(), words.to_owned());
    let found = tokio::task::spawn_blocking(move || passages.find(&words, most.saturating_mul(WIDER)));
    for (name, score) in found.await.map_err(failed)?.map_err(failed)? {
        let place = usize::try_from(name).ok().and_then(|at| known.places.get(at));
        kept.extend(place.map(|(source, number)| (source.clone(), *number, score)));
    }
    drop(index);
    let usable: HashMap<&str, &SourceRow> = (sources.iter())
        .filter(|s| s.is_usable(now_ms) && Trust::from_number(s.trust) >= least)
        .map(|s| (s.id.as_str(), s))
        .collect();
    let (mut rows, mut out): (HashMap<String, Vec<PassageRow>>, Vec<Found>) = Default::default();
    for (source, number, score) in kept {
        let Some(row) = usable.get(source.as_str()) else { continue };
        if out.len() == most {
            break;
        }
        if !rows.contains_key(&source) {
            rows.insert(source.clone(), app.store.ai_passages(&source).await?);
        }
        let passage = rows.get(&source).and_then(|all| all.iter().find(|p| p.number == number)).cloned();
        out.extend(passage.map(|passage| Found { source: (*row).clone(), passage, score }));
    }
    Ok(out)
}
