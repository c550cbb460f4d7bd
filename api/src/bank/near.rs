//! Entries that are much the same as a question or case: at import, at saving, on its page.

use super::index::{Alike, Finder};
use super::reach::Reach;
use crate::error::{ApiError, ApiResult};
use docimo_bank::duplicates::{Signature, Similarity, Text, Verdict, signatures, similarity};
use docimo_bank::rights::Level;
use docimo_engine::paper::Element;
use docimo_store::Store;
use docimo_store::bank::EntryLine;
use uuid::Uuid;

/// Candidates compared word by word.
const CANDIDATES: usize = 30;
/// Entries told.
pub const MOST: usize = 10;
/// Signatures read at once.
const PAGE: i64 = 5_000;

/// An entry much the same as what was asked.
pub struct Near {
    /// The entry.
    pub line: EntryLine,
    /// How alike its latest wording is, and what differs.
    pub similarity: Similarity,
}

/// What finds candidates.
#[derive(Clone, Copy)]
pub enum Known<'a> {
    /// The index of this process.
    Finder(&'a Finder),
    /// Signatures read for the occasion.
    Loaded(&'a Alike),
}

impl Known<'_> {
    fn candidates(self, signatures: &[Signature]) -> Vec<Uuid> {
        let ask = |alike: &Alike| alike.query(signatures, CANDIDATES).into_iter().map(|c| c.id).collect();
        match self {
            Self::Finder(finder) => finder.alike(ask),
            Self::Loaded(alike) => ask(alike),
        }
    }
}

/// Reads the signatures of the whole bank, for a command that does not serve.
///
/// # Errors
/// Where the database cannot be read.
pub async fn load(store: &Store) -> ApiResult<Alike> {
    let (mut alike, mut after) = (Alike::new(), String::new());
    loop {
        let page = store.signatures(&after, PAGE).await?;
        let Some((end, _)) = page.last() else { return Ok(alike) };
        after.clone_from(end);
        for (entry, bytes) in page {
            if let (Ok(id), Some(signatures)) =
                (Uuid::parse_str(&entry), bytes.as_deref().and_then(super::index::stored_signatures))
            {
                alike.insert(id, &signatures);
            }
        }
    }
}

/// The entries that are much the same as an element, the most alike first, at most [`MOST`]; without the entry of that
/// author's id, and within someone's reach (`None`: everywhere).
///
/// # Errors
/// Where the database cannot be read.
pub async fn near(
    store: &Store,
    known: Known<'_>,
    reach: Option<&Reach>,
    element: &Element,
    but: &str,
) -> ApiResult<Vec<Near>> {
    let candidates: Vec<String> = known.candidates(&signatures(element)).iter().map(Uuid::to_string).collect();
    if candidates.is_empty() {
        return Ok(Vec::new());
    }
    let text = Text::of(element);
    let mut found = Vec::new();
    for line in store.lines(&candidates).await? {
        if line.external_id == but || reach.is_some_and(|r| !r.may(&line.folder_id, Level::Read)) {
            continue;
        }
        let Some(latest) = store.latest_revision(&line.id).await? else { continue };
        let other: Element = serde_json::from_str(&latest.body).map_err(|e| ApiError::Internal(e.into()))?;
        let similarity = similarity(&text, &Text::of(&other));
        if similarity.verdict >= Verdict::Near {
            found.push(Near { line, similarity });
        }
    }
    found.sort_by(|a, b| {
        b.similarity.overall.total_cmp(&a.similarity.overall).then_with(|| a.line.external_id.cmp(&b.line.external_id))
    });
    found.truncate(MOST);
    Ok(found)
}
