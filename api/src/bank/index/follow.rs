//! Keeps an index up to date: what changed in the database is searched within a second.
//!
//! The database numbers its changes in the order of their commits; the index keeps, in each of its own commits, the
//! number up to which it holds them. After a kill it goes on from there. It is built anew when there is none, when it is
//! of another version, when the database is behind it (a copy was restored), or when asked to; meanwhile the old one
//! serves and follows. Now and then both are compared entry by entry, and what differs is mended.

use super::document::{Owners, document, from_bytes, signed, to_bytes};
use super::{Finder, State};
use crate::ambient;
use crate::bank::synonyms;
use crate::error::{ApiError, ApiResult};
use crate::library::flaw_codes;
use docimo_bank::duplicates::signatures;
use docimo_engine::paper::Element;
use docimo_search::document::Stamp;
use docimo_search::{IndexError, Mismatch, Rebuild, Stale, Writer};
use docimo_store::Store;
use docimo_store::bank::follow::{Computed, Followed};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Between two looks at the database's last change.
const LOOK_EVERY: Duration = Duration::from_millis(150);
/// Entries read at once.
const PAGE: i64 = 500;
/// Bytes of the writer's memory, and of a rebuild's.
const MEMORY: usize = 20_000_000;
const REBUILD_MEMORY: usize = 100_000_000;
/// Between two comparisons of every entry.
const COMPARE_EVERY_MS: i64 = 3_600_000;
/// Between two looks at the list of synonyms.
const SYNONYMS_EVERY_MS: i64 = 3_000;
/// Between two tries when something fails: it doubles up to the second.
const PATIENCE: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(30)];

/// Follows a database for as long as the process lives.
pub async fn follow(store: Store, finder: Arc<Finder>) {
    let mut follower = Follower::new(store, finder);
    let mut patience = PATIENCE[0];
    loop {
        match follower.look().await {
            Ok(more) => {
                patience = PATIENCE[0];
                if !more {
                    tokio::time::sleep(LOOK_EVERY).await;
                }
            }
            Err(error) => {
                let cause = match &error {
                    ApiError::Internal(cause) => format!("{cause:#}"),
                    other => format!("{other:?}"),
                };
                tracing::warn!(cause, "the search index does not follow the database; trying again");
                follower.finder.set_state(State::Failing);
                follower.writer = None;
                tokio::time::sleep(patience).await;
                patience = (patience * 2).min(PATIENCE[1]);
            }
        }
    }
}

/// Brings an index up to date and returns: for commands, which do not stay.
///
/// # Errors
/// Where the database or the index cannot be read.
pub async fn catch_up(store: &Store, finder: &Arc<Finder>, told: &(dyn Fn(u64) + Sync)) -> ApiResult<()> {
    let mut follower = Follower::new(store.clone(), finder.clone());
    follower.alike = Alike::Left;
    while follower.look().await? || follower.pending {
        if let State::Building { done } = finder.state() {
            told(done);
        }
    }
    follower.commit().await
}

/// How far the signatures are read.
enum Alike {
    /// Up to that entry.
    Reading(String),
    /// All of them.
    Read,
    /// Not wanted.
    Left,
}

struct Follower {
    store: Store,
    finder: Arc<Finder>,
    writer: Option<Writer>,
    /// The change and the entry read last, inside a change of many entries.
    within: Option<(i64, String)>,
    /// Is something written and not committed?
    pending: bool,
    alike: Alike,
    compare_at_ms: i64,
    /// When to look at the list of synonyms again, and when the one held was decided.
    synonyms_at_ms: i64,
    synonyms_of_ms: Option<i64>,
    /// A clock that does not go back.
    started: Instant,
    /// Entries read by the rebuild under way.
    rebuild: Option<Rebuilding>,
}

/// An index being built beside the one that serves.
struct Rebuilding {
    rebuild: Rebuild,
    after: String,
    done: u64,
    owners: Arc<Owners>,
}

async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> ApiResult<T> {
    tokio::task::spawn_blocking(work).await.map_err(|e| ApiError::Internal(e.into()))
}

fn internal(error: IndexError) -> ApiError {
    ApiError::Internal(error.into())
}

fn natural(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}

impl Follower {
    fn new(store: Store, finder: Arc<Finder>) -> Self {
        Self {
            store,
            finder,
            writer: None,
            within: None,
            pending: false,
            alike: Alike::Reading(String::new()),
            compare_at_ms: 0,
            synonyms_at_ms: 0,
            synonyms_of_ms: None,
            started: Instant::now(),
            rebuild: None,
        }
    }

    /// One look; says whether there is more to do at once.
    async fn look(&mut self) -> ApiResult<bool> {
        if self.rebuild.is_some() {
            self.rebuild_page().await?;
            // Meanwhile the one that serves follows, unless there is nothing in it worth it.
            if matches!(self.finder.index.stale(), None | Some(Stale::Analysis)) {
                self.changes().await?;
            }
            return Ok(true);
        }
        let sequence = self.sequence().await?;
        let last = natural(self.store.last_change().await?);
        if let Some(why) = self.why_rebuild(sequence, last) {
            self.begin_rebuild(&why).await?;
            return Ok(true);
        }
        if sequence < last || self.pending {
            return self.changes().await;
        }
        if let Alike::Reading(after) = &self.alike {
            let after = after.clone();
            self.read_signatures(&after).await?;
            return Ok(true);
        }
        self.finder.set_state(State::Following);
        self.synonyms().await?;
        if ambient::now_ms() >= self.compare_at_ms {
            self.compare(sequence).await?;
            return Ok(true);
        }
        Ok(false)
    }

    /// Takes the list of synonyms, if another was decided.
    async fn synonyms(&mut self) -> ApiResult<()> {
        let now_ms = ambient::now_ms();
        if now_ms < self.synonyms_at_ms {
            return Ok(());
        }
        self.synonyms_at_ms = now_ms + SYNONYMS_EVERY_MS;
        if self.synonyms_of_ms != Some(synonyms::decided_ms(&self.store).await?) {
            let (list, of_ms) = synonyms::ready(&self.store).await?;
            self.finder.index.set_synonyms(list);
            self.synonyms_of_ms = Some(of_ms);
        }
        Ok(())
    }

    fn why_rebuild(&self, sequence: u64, last: u64) -> Option<String> {
        if let Some(stale) = self.finder.index.stale() {
            return Some(stale.french());
        }
        if sequence > last {
            return Some("la base est plus ancienne que l’index".to_owned());
        }
        self.finder.place().is_asked().then(|| "demandé".to_owned())
    }

    /// Does something with the writer, off the web threads.
    async fn write<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Writer) -> Result<T, IndexError> + Send + 'static,
    ) -> ApiResult<T> {
        let writer = self.writer.take();
        let index = self.finder.index.clone();
        let (writer, done) = aside(move || {
            let mut writer = match writer {
                Some(writer) => writer,
                None => Writer::new(&index, MEMORY)?,
            };
            let done = work(&mut writer)?;
            Ok::<_, IndexError>((writer, done))
        })
        .await?
        .map_err(internal)?;
        self.writer = Some(writer);
        Ok(done)
    }

    async fn sequence(&mut self) -> ApiResult<u64> {
        match &mut self.writer {
            Some(writer) => writer.sequence().map_err(internal),
            None => self.write(Writer::sequence).await,
        }
    }

    async fn commit(&mut self) -> ApiResult<()> {
        self.pending = false;
        self.write(|writer| writer.commit().map(drop)).await
    }

    /// Applies the next changes; says whether more are known.
    async fn changes(&mut self) -> ApiResult<bool> {
        let sequence = self.sequence().await?;
        let last = natural(self.store.last_change().await?);
        // A change not read whole has the entry where the reading stopped.
        let after = match self.within.take() {
            Some((change, entry)) if natural(change) > sequence => (change, entry),
            _ => (i64::try_from(sequence).unwrap_or(i64::MAX).saturating_add(1), String::new()),
        };
        let rows = if last > sequence { self.store.follow((after.0, &after.1), PAGE).await? } else { Vec::new() };
        let full = rows.len() as i64 == PAGE;
        // The last change of a full page may go on in the next one.
        let applied = match rows.last() {
            Some(row) if full => {
                self.within = Some((row.changed, row.id.clone()));
                natural(row.changed) - 1
            }
            _ => last,
        };
        self.learn(&rows)?;
        let owners = if rows.is_empty() { None } else { Some(Owners::read(&self.store).await?) };
        let now_ms = i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX);
        self.pending = self
            .write(move |writer| {
                for row in &rows {
                    match owners.as_ref().map(|owners| document(row, owners)) {
                        Some(Ok(document)) => writer.upsert(&document, now_ms)?,
                        // What cannot be read is left as it was: the comparison will say it again.
                        _ => tracing::warn!(entry = row.id, "an entry cannot be read, and is not searched"),
                    }
                }
                writer.applied(applied);
                writer.commit_if_due(now_ms)?;
                Ok(writer.is_waiting())
            })
            .await?;
        Ok(full)
    }

    /// Entries by what finds those alike.
    fn learn(&self, rows: &[Followed]) -> ApiResult<()> {
        if matches!(self.alike, Alike::Left) {
            return Ok(());
        }
        for row in rows {
            if let Ok(id) = Uuid::parse_str(&row.id) {
                let signatures = signed(row)?;
                self.finder.learn(|alike| alike.insert(id, &signatures));
            }
        }
        Ok(())
    }

    /// Reads the signatures of a page of entries, and makes those that are missing.
    async fn read_signatures(&mut self, after: &str) -> ApiResult<()> {
        let page = self.store.signatures(after, 10 * PAGE).await?;
        let Some((end, _)) = page.last() else {
            self.alike = Alike::Read;
            self.finder.knows_all.store(true, Ordering::Release);
            return Ok(());
        };
        self.alike = Alike::Reading(end.clone());
        let (mut known, mut missing) = (Vec::with_capacity(page.len()), Vec::new());
        for (entry, bytes) in page {
            match (bytes.as_deref().and_then(from_bytes), Uuid::parse_str(&entry)) {
                (Some(signatures), Ok(id)) => known.push((id, signatures)),
                _ => missing.push(entry),
            }
        }
        let finder = self.finder.clone();
        aside(move || {
            finder.learn(|alike| {
                for (id, signatures) in &known {
                    alike.insert(*id, signatures);
                }
            });
        })
        .await?;
        let mut made = Vec::new();
        for entry in missing {
            let Some(row) = self.store.followed(&entry).await? else { continue };
            let element: Element = match serde_json::from_str(&row.body) {
                Ok(element) => element,
                Err(_) => continue,
            };
            let (signature, flaws) = (to_bytes(&signatures(&element)), flaw_codes(&element));
            made.push(Computed { entry_id: entry, number: row.latest, signature, flaws });
        }
        if !made.is_empty() {
            // They are followed like any change, and learnt then.
            self.store.keep_computed(&made).await?;
        }
        Ok(())
    }

    async fn begin_rebuild(&mut self, why: &str) -> ApiResult<()> {
        tracing::info!(why, "the search index is built anew");
        self.finder.set_state(State::Building { done: 0 });
        let since = natural(self.store.last_change().await?);
        let index = self.finder.index.clone();
        let rebuild = aside(move || Rebuild::begin(&index, since, 1, REBUILD_MEMORY)).await?.map_err(internal)?;
        let owners = Arc::new(Owners::read(&self.store).await?);
        self.rebuild = Some(Rebuilding { rebuild, after: String::new(), done: 0, owners });
        Ok(())
    }

    async fn rebuild_page(&mut self) -> ApiResult<()> {
        let Some(mut under_way) = self.rebuild.take() else { return Ok(()) };
        let rows = self.store.followed_from(&under_way.after, PAGE).await?;
        let Some(end) = rows.last().map(|r| r.id.clone()) else {
            let done = under_way.done;
            aside(move || under_way.rebuild.finish()).await?.map_err(internal)?;
            self.finder.place().answered();
            tracing::info!(entries = done, "the search index is built");
            self.within = None;
            return Ok(());
        };
        under_way.after = end;
        under_way.done += rows.len() as u64;
        self.finder.set_state(State::Building { done: under_way.done });
        let under_way = aside(move || {
            for row in &rows {
                match document(row, &under_way.owners) {
                    Ok(document) => under_way.rebuild.add(&document)?,
                    Err(_) => tracing::warn!(entry = row.id, "an entry cannot be read, and is not searched"),
                }
            }
            Ok::<_, IndexError>(under_way)
        })
        .await?
        .map_err(internal)?;
        self.rebuild = Some(under_way);
        Ok(())
    }

    /// Compares the index with the database, entry by entry, and mends what differs.
    async fn compare(&mut self, sequence: u64) -> ApiResult<()> {
        self.compare_at_ms = ambient::now_ms() + COMPARE_EVERY_MS;
        let stamps = stamps(&self.store).await?;
        if natural(self.store.last_change().await?) != sequence {
            // Something changed meanwhile: the next look compares.
            self.compare_at_ms = 0;
            return Ok(());
        }
        let entries = stamps.len();
        let index = self.finder.index.clone();
        let mismatch = aside(move || index.check(stamps)).await?.map_err(internal)?;
        if mismatch.is_empty() {
            return Ok(());
        }
        let Mismatch { missing, stale, extra } = &mismatch;
        tracing::warn!(
            missing = missing.len(),
            stale = stale.len(),
            extra = extra.len(),
            "the search index differs from the database, and is mended"
        );
        if missing.len() + stale.len() + extra.len() > 1_000.max(entries / 10) {
            return self.begin_rebuild("trop de différences avec la base").await;
        }
        let mut rows = Vec::new();
        for entry in missing.iter().chain(stale) {
            rows.extend(self.store.followed(entry).await?);
        }
        let owners = Owners::read(&self.store).await?;
        let now_ms = i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX);
        self.write(move |writer| {
            for entry in mismatch.extra.iter().chain(&mismatch.stale) {
                writer.remove(entry, now_ms)?;
            }
            for document in rows.iter().filter_map(|row| document(row, &owners).ok()) {
                writer.upsert(&document, now_ms)?;
            }
            writer.commit().map(drop)
        })
        .await
    }
}

/// Every entry and its last change.
///
/// # Errors
/// Where the database cannot be read.
pub async fn stamps(store: &Store) -> ApiResult<Vec<Stamp>> {
    let (mut stamps, mut after) = (Vec::new(), String::new());
    loop {
        let page = store.marks(&after, 20 * PAGE).await?;
        let Some(end) = page.last() else { return Ok(stamps) };
        after.clone_from(&end.id);
        stamps.extend(page.into_iter().map(|m| Stamp { entry: m.id, change: natural(m.changed) }));
    }
}
