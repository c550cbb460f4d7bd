//! What questions are compared with: the head in force and validated questions, kept in memory and read again when they
//! changed.

use crate::ambient;
use crate::app::App;
use crate::bank::draft::suggest::asked;
use crate::error::{ApiError, ApiResult};
use docimo_ai::tagging::evaluation::Gold;
use docimo_ai::tagging::head::{Example, Head};
use docimo_ai::tagging::neighbours::Neighbours;
use docimo_ai::tagging::propose::{Neighbour, Situations};
use docimo_ai::tagging::{Asked, Tagger};
use docimo_engine::paper::Element;
use docimo_store::ai::tags::Validated;
use r2c_referential::Tag;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Mutex;

/// Validated questions read at most, the newest first.
pub(super) const MOST: i64 = 20_000;
/// While someone writes, neighbours may be this old.
const STALE_MS: i64 = 300_000;

/// Validated questions with what is shown of each.
pub struct Shelf {
    /// Found by words.
    pub index: Neighbours,
    /// In the same order.
    pub known: Vec<Neighbour>,
    change: i64,
    at_ms: i64,
}

/// The one in memory; it may be lost at any time.
#[derive(Default)]
pub struct Kept {
    head: Mutex<Option<(String, Arc<Head>)>>,
    shelf: Mutex<Option<Arc<Shelf>>>,
    reading: AtomicBool,
    situations: Mutex<Option<Arc<Situations>>>,
}

/// A validated question, read; `None` where it cannot be, or has no item.
pub(super) fn example(row: &Validated) -> Option<(Asked, Gold)> {
    let element: Element = serde_json::from_str(&row.body).ok()?;
    let tags = row.tags.split_whitespace().filter_map(|t| t.parse::<Tag>().ok());
    let (mut items, mut objectives) = (Vec::new(), Vec::new());
    for tag in tags {
        items.extend(tag.item());
        if let Tag::Objective(code) = tag {
            objectives.push(code);
        }
    }
    items.sort_unstable();
    items.dedup();
    (!items.is_empty()).then(|| (asked(&element), Gold { items, objectives }))
}

fn blocking<T>(done: Result<T, tokio::task::JoinError>) -> ApiResult<T> {
    done.map_err(|e| ApiError::Internal(e.into()))
}

impl Kept {
    /// The head in force with its id and digest; `None` where none was promoted.
    pub async fn head(&self, app: &App) -> ApiResult<Option<(String, Arc<Head>)>> {
        let Some(id) = app.store.tag_head_in_force().await? else { return Ok(None) };
        let mut kept = self.head.lock().await;
        if let Some((known, head)) = kept.as_ref()
            && *known == id
        {
            return Ok(Some((id, head.clone())));
        }
        let Some(row) = app.store.tag_head(&id).await? else { return Ok(None) };
        // One that a newer version made is left aside: words remain.
        let Some(head) = Head::read(&row.body) else { return Ok(None) };
        let head = Arc::new(head);
        *kept = Some((id.clone(), head.clone()));
        Ok(Some((id, head)))
    }

    /// Situations, ready.
    pub async fn situations(&self) -> ApiResult<Arc<Situations>> {
        let mut kept = self.situations.lock().await;
        if let Some(known) = kept.as_ref() {
            return Ok(known.clone());
        }
        let read = Arc::new(blocking(tokio::task::spawn_blocking(Situations::default).await)?);
        *kept = Some(read.clone());
        Ok(read)
    }

    /// Validated questions as they are now.
    pub async fn shelf(&self, app: &App) -> ApiResult<Arc<Shelf>> {
        let change = app.store.bank_change().await?;
        let mut kept = self.shelf.lock().await;
        if let Some(known) = kept.as_ref().filter(|s| s.change == change) {
            return Ok(known.clone());
        }
        let rows = app.store.validated_tags(MOST).await?;
        let tagger: Arc<Tagger> = app.tagger.of(&app.store).await?;
        let read = move || {
            let (mut known, mut questions) = (Vec::new(), Vec::new());
            for row in &rows {
                let Some((asked, _)) = example(row) else { continue };
                questions.push(asked);
                known.push(Neighbour {
                    entry: row.entry_id.clone(),
                    name: row.external_id.clone(),
                    title: row.title.clone(),
                    tags: row.tags.split_whitespace().map(str::to_owned).collect(),
                    words: Vec::new(),
                });
            }
            Shelf { index: Neighbours::new(&tagger, &questions), known, change, at_ms: ambient::now_ms() }
        };
        let shelf = Arc::new(blocking(tokio::task::spawn_blocking(read).await)?);
        *kept = Some(shelf.clone());
        Ok(shelf)
    }

    /// Validated questions for whoever writes and must not wait: those in memory, read again beside if they are old.
    pub fn at_hand(&self, app: &App) -> Option<Arc<Shelf>> {
        let known = self.shelf.try_lock().ok().and_then(|kept| kept.clone());
        let old = known.as_ref().is_none_or(|s| ambient::now_ms() - s.at_ms > STALE_MS);
        if old && !self.reading.swap(true, Ordering::AcqRel) {
            let app = app.clone();
            tokio::spawn(async move {
                if let Err(error) = app.tags.shelf(&app).await {
                    tracing::warn!(%error, "validated questions could not be read");
                }
                app.tags.reading.store(false, Ordering::Release);
            });
        }
        known
    }
}

/// What teaches: validated questions with what they are about.
pub(super) async fn examples(app: &App) -> ApiResult<Vec<Example>> {
    let rows = app.store.validated_tags(MOST).await?;
    let read = move || {
        let mut all: Vec<(String, Example)> = rows
            .iter()
            .filter_map(|row| example(row).map(|(asked, gold)| (row.entry_id.clone(), Example { asked, gold })))
            .collect();
        // The same order whenever each was changed: the same questions teach the same.
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all.into_iter().map(|(_, example)| example).collect()
    };
    blocking(tokio::task::spawn_blocking(read).await)
}
