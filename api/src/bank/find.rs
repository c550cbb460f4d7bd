//! Finding entries: a line as typed, within someone's reach, answered by the index of this process.

use super::index::{Finder, State};
use super::reach::Reach;
use crate::app::App;
use crate::error::{ApiError, ApiResult};
use docimo_bank::rights::Level;
use docimo_search::query::{Facet, Fault, Sort};
use docimo_search::reach as search_reach;
use docimo_search::{Answer, Hit, Index, Request, SearchError};
use docimo_store::Store;
use docimo_store::bank::EntryLine;
use std::collections::HashMap;
use std::sync::Arc;

/// What is looked for.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// The line, as typed.
    pub line: String,
    /// An order that goes before the line's.
    pub sort: Option<Sort>,
    /// The facets to count.
    pub facets: Vec<Facet>,
    /// Values of each facet, at most.
    pub facet_limit: usize,
    /// Is it still being typed?
    pub typing: bool,
    /// Entries to pass over.
    pub offset: usize,
    /// Entries wanted.
    pub limit: usize,
}

/// What was found.
pub struct Found {
    /// The entries of this page, with what was found in each.
    pub entries: Vec<(EntryLine, Hit)>,
    /// The query understood, its counts, its total.
    pub answer: Answer,
    /// How far the index is.
    pub state: State,
}

/// The folders that someone may look into, as the index takes them.
pub fn shelves(reach: &Reach) -> search_reach::Reach {
    let shelf = |(id, path): (String, String)| search_reach::Shelf { id, path };
    search_reach::Reach {
        shelves: reach.folders_at(Level::Read).into_iter().map(shelf).collect(),
        everything: reach.readable().is_none(),
    }
}

/// Answers a line. The inner error is of a line that cannot be read.
///
/// # Errors
/// Where the index or the database cannot be read.
pub async fn find(app: &App, finder: &Arc<Finder>, reach: &Reach, asked: Asked) -> ApiResult<Result<Found, Fault>> {
    let state = finder.state();
    let found = search(&app.store, &finder.index, reach, asked).await?;
    Ok(found.map(|(entries, answer)| Found { entries, answer, state }))
}

/// What an index answers to a line, with the entries themselves.
///
/// # Errors
/// Where the index or the database cannot be read.
pub async fn search(
    store: &Store,
    index: &Arc<Index>,
    reach: &Reach,
    asked: Asked,
) -> ApiResult<Result<(Vec<(EntryLine, Hit)>, Answer), Fault>> {
    let (index, shelves) = (index.clone(), shelves(reach));
    let answer = tokio::task::spawn_blocking(move || {
        index.search(&Request {
            line: &asked.line,
            facets: &asked.facets,
            facet_limit: asked.facet_limit,
            offset: asked.offset,
            limit: asked.limit,
            typing: asked.typing,
            sort: asked.sort,
            reach: Some(&shelves),
        })
    })
    .await
    .map_err(|e| ApiError::Internal(e.into()))?;
    let mut answer = match answer {
        Ok(answer) => answer,
        Err(SearchError::Line(fault)) => return Ok(Err(fault)),
        Err(SearchError::Index(error)) => return Err(ApiError::Internal(error.into())),
    };
    let entries = held(store, reach, std::mem::take(&mut answer.hits)).await?;
    Ok(Ok((entries, answer)))
}

/// Entries that speak of the same things as one, nearest first.
///
/// # Errors
/// Where the index or the database cannot be read.
pub async fn like(
    app: &App,
    finder: &Arc<Finder>,
    reach: &Reach,
    entry_id: &str,
    limit: usize,
) -> ApiResult<Vec<(EntryLine, Hit)>> {
    let (index, shelves, entry) = (finder.index.clone(), shelves(reach), entry_id.to_owned());
    let hits = tokio::task::spawn_blocking(move || index.more_like_this(&entry, limit, Some(&shelves)))
        .await
        .map_err(|e| ApiError::Internal(e.into()))?
        .map_err(|e| ApiError::Internal(e.into()))?;
    held(&app.store, reach, hits).await
}

/// The lines of what was found. An entry may have been put out of reach since it was indexed: it is left out.
async fn held(store: &Store, reach: &Reach, hits: Vec<Hit>) -> ApiResult<Vec<(EntryLine, Hit)>> {
    let ids: Vec<String> = hits.iter().map(|h| h.entry.clone()).collect();
    let lines = store.lines(&ids).await?;
    let mut lines: HashMap<String, EntryLine> = lines.into_iter().map(|l| (l.id.clone(), l)).collect();
    Ok(hits
        .into_iter()
        .filter_map(|hit| {
            let line = lines.remove(&hit.entry)?;
            reach.may(&line.folder_id, Level::Read).then_some((line, hit))
        })
        .collect())
}
