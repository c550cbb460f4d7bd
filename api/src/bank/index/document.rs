//! From an entry as the store gives it to what the index holds of it.

use crate::error::{ApiError, ApiResult};
use crate::markdown;
use docimo_bank::duplicates::{BYTES, Signature, signatures};
use docimo_bank::revision::Status;
use docimo_engine::paper::Element;
use docimo_search::document::Document;
use docimo_store::Store;
use docimo_store::bank::follow::Followed;
use std::collections::HashMap;

/// Names of establishments and colleges, by the folder that is theirs.
pub struct Owners(HashMap<String, String>);

impl Owners {
    /// Reads them.
    pub async fn read(store: &Store) -> ApiResult<Self> {
        let units: HashMap<String, String> = store.units().await?.into_iter().map(|u| (u.id, u.name)).collect();
        let folders = store.folders().await?;
        Ok(Self(folders.into_iter().filter_map(|f| Some((f.id, units.get(&f.unit_id)?.clone()))).collect()))
    }
}

/// What the index holds of an entry.
pub fn document(row: &Followed, owners: &Owners) -> ApiResult<Document> {
    let element: Element = serde_json::from_str(&row.body).map_err(|e| ApiError::Internal(e.into()))?;
    let natural = |n: i64| u64::try_from(n).unwrap_or(0);
    let mut document = Document {
        entry: row.id.clone(),
        revision: natural(row.latest),
        external_id: row.external_id.clone(),
        author: Some((row.author_id.clone(), row.author_name.clone())),
        status: row.status.parse().unwrap_or(Status::Draft),
        establishment: owners.0.get(&row.folder_id).cloned().unwrap_or_default(),
        folder: row.folder_id.clone(),
        language: row.language.clone(),
        created_ms: row.created_ms,
        updated_ms: row.updated_ms,
        last_used_ms: row.last_used_ms,
        uses: natural(row.uses),
        exposed: natural(row.exposed),
        difficulty: row.p,
        discrimination: row.r_rest,
        flaws: row.flaws.split_whitespace().map(str::to_owned).collect(),
        fingerprint: row.fingerprint.clone(),
        by_machine: row.machine == 1,
        change: natural(row.changed),
        ..Document::from(&element)
    };
    let derived: Vec<String> = row.derived_tags.split_whitespace().map(str::to_owned).collect();
    document.add_tags(&derived);
    // Extracts are text: marks of form would show in them.
    for (_, text) in &mut document.texts {
        *text = markdown::plain(text, usize::MAX);
    }
    Ok(document)
}

/// Signatures one after the other, as they are stored.
pub fn to_bytes(signatures: &[Signature]) -> Vec<u8> {
    signatures.iter().flat_map(Signature::to_bytes).collect()
}

/// What [`to_bytes`] wrote; `None` for what another version did.
pub fn from_bytes(bytes: &[u8]) -> Option<Vec<Signature>> {
    let read = bytes.chunks(BYTES).map(|part| Signature::from_bytes(part).ok()).collect::<Option<Vec<_>>>()?;
    (!read.is_empty()).then_some(read)
}

/// The signatures of an entry: those stored, or made again.
pub fn signed(row: &Followed) -> ApiResult<Vec<Signature>> {
    if let Some(stored) = row.signature.as_deref().and_then(from_bytes) {
        return Ok(stored);
    }
    let element: Element = serde_json::from_str(&row.body).map_err(|e| ApiError::Internal(e.into()))?;
    Ok(signatures(&element))
}
