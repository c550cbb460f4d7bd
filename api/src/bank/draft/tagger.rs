//! The national referential ready to tag questions, kept as long as its version is in force.

use crate::error::{ApiError, ApiResult};
use crate::referential::NATIONAL;
use docimo_ai::tagging::{Corpus, Objective, Tagger};
use docimo_search::synonyms::Synonyms;
use docimo_store::Store;
use docimo_store::referentials::NodeRow;
use std::sync::Arc;
use tokio::sync::Mutex;

/// The one in memory; it may be lost at any time.
#[derive(Default)]
pub struct Kept(Mutex<Option<(Option<i64>, Arc<Tagger>)>>);

/// The objectives among nodes, those that are in force.
pub fn corpus(nodes: Vec<NodeRow>) -> Corpus {
    let current = nodes.into_iter().filter(|n| n.status == "current");
    Corpus::new(
        current.filter_map(|n| {
            Some(Objective { code: n.code.parse().ok()?, rubric: n.rubric.parse().ok(), title: n.title })
        }),
    )
}

impl Kept {
    /// The tagger of the version in force; of items alone where no objective was imported.
    pub async fn of(&self, store: &Store) -> ApiResult<Arc<Tagger>> {
        let version = store.referential(NATIONAL).await?.map(|line| line.current);
        // Held while it is read: those who come meanwhile wait for it rather than read it too.
        let mut kept = self.0.lock().await;
        if let Some((of, tagger)) = kept.as_ref()
            && *of == version
        {
            return Ok(tagger.clone());
        }
        let nodes = match version {
            Some(version) => store.nodes_under(NATIONAL, version, "OIC-").await?,
            None => Vec::new(),
        };
        // Some 5,000 titles are analysed: it takes long enough to leave the runtime.
        let read = tokio::task::spawn_blocking(move || Tagger::new(corpus(nodes), Synonyms::embedded()));
        let tagger = Arc::new(read.await.map_err(|e| ApiError::Internal(e.into()))?);
        *kept = Some((version, tagger.clone()));
        Ok(tagger)
    }
}
