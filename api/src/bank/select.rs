//! Which entries someone means: those of a search, or a list of them.

use super::find::shelves;
use super::reach::Reach;
use crate::error::{ApiError, ApiResult};
use docimo_bank::revision::Status;
use docimo_engine::paper::CaseKind;
use docimo_engine::question::Kind;
use docimo_search::query::{Facet, Node};
use docimo_search::{Index, SearchError};
use docimo_store::Store;
use docimo_store::bank::outgoing::{Named, Wanted};
use r2c_referential::Tag;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// What is meant; what is empty keeps nothing back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// A list of entries, by id or by their author's own id. It alone counts, whatever their status.
    pub names: Option<Vec<String>>,
    /// The search line.
    pub query: String,
    /// QRU, DP…
    pub kind: String,
    /// A tag that entries carry, or that theirs follow to.
    pub tag: String,
    /// A folder.
    pub folder: String,
    /// Statuses; with none, all but retired.
    pub statuses: Vec<Status>,
}

/// Ids of the entries that are meant, among those in reach. An entry out of reach is as if absent. The search line is
/// read by the index; without one, as words that must all be in the title, the tags or the id.
pub async fn select(
    store: &Store,
    index: Option<&Arc<Index>>,
    selection: &Selection,
    reach: &Reach,
) -> ApiResult<Vec<String>> {
    let readable = reach.readable();
    if let Some(names) = &selection.names {
        return named(store, names, readable).await;
    }
    let folders = match (selection.folder.trim(), readable) {
        ("", readable) => readable,
        (folder, readable) => {
            let own = readable.is_none_or(|folders| folders.iter().any(|f| f == folder));
            Some(if own { vec![folder.to_owned()] } else { Vec::new() })
        }
    };
    let line = selection.query.trim();
    let searched = match index {
        Some(index) if !line.is_empty() => Some(searched(index, line, reach).await?),
        _ => None,
    };
    let says_status =
        searched.is_some() && docimo_search::query::parse(line).is_ok_and(|p| holds_status(&p.query.node));
    let statuses = match selection.statuses.as_slice() {
        [] if says_status => Status::ALL.to_vec(),
        [] => Status::ALL.into_iter().filter(|s| *s != Status::Retired).collect(),
        some => some.to_vec(),
    };
    let words = if searched.is_some() { "" } else { line };
    let wanted = Wanted {
        words: words.split_whitespace().take(10).map(str::to_owned).collect(),
        kind: Some(kind(selection.kind.trim())).filter(|k| !k.is_empty()),
        tag: Some(tag(selection.tag.trim())).filter(|t| !t.is_empty()),
        statuses: statuses.iter().map(|s| s.code().to_owned()).collect(),
        folders,
    };
    let mut ids = store.outgoing_ids(&wanted).await?;
    if let Some(searched) = searched {
        ids.retain(|id| searched.contains(id));
    }
    Ok(ids)
}

fn holds_status(node: &Node) -> bool {
    node.conjuncts().iter().any(|n| n.facet() == Some(Facet::Status))
}

/// Every entry that the line finds.
async fn searched(index: &Arc<Index>, line: &str, reach: &Reach) -> ApiResult<HashSet<String>> {
    let (index, line, shelves) = (index.clone(), line.to_owned(), shelves(reach));
    let found = tokio::task::spawn_blocking(move || index.entries(&line, Some(&shelves)))
        .await
        .map_err(|e| ApiError::Internal(e.into()))?;
    match found {
        Ok(entries) => Ok(entries.into_iter().collect()),
        Err(SearchError::Line(fault)) => Err(ApiError::wrong("q", fault.to_string())),
        Err(SearchError::Index(error)) => Err(ApiError::Internal(error.into())),
    }
}

/// A kind in its usual spelling.
fn kind(text: &str) -> String {
    let cases = [CaseKind::Dp, CaseKind::MiniDp, CaseKind::Kfp, CaseKind::Lca].map(CaseKind::code);
    let mut known = Kind::ALL.map(Kind::code).into_iter().chain(cases);
    known.find(|code| code.eq_ignore_ascii_case(text)).unwrap_or(text).to_owned()
}

/// A tag in its usual spelling.
fn tag(text: &str) -> String {
    text.parse::<Tag>().map_or_else(|_| text.to_owned(), |tag| tag.to_string())
}

/// A list of entries, each once, in its order; each one absent is told.
async fn named(store: &Store, names: &[String], reach: Option<Vec<String>>) -> ApiResult<Vec<String>> {
    if names.is_empty() {
        return Err(ApiError::wrong("questions", "Choisissez au moins une question."));
    }
    let mut known: HashMap<String, String> = HashMap::new();
    for Named { id, external_id, folder_id } in store.named(names).await? {
        if reach.as_ref().is_none_or(|folders| folders.contains(&folder_id)) {
            known.insert(external_id, id.clone());
            known.insert(id.clone(), id);
        }
    }
    let (mut seen, mut ids, mut wrong) = (HashSet::new(), Vec::with_capacity(names.len()), Vec::new());
    for name in names {
        match known.get(name) {
            Some(id) if seen.insert(id.clone()) => ids.push(id.clone()),
            Some(_) => {}
            None => wrong.push(crate::error::Wrong {
                place: "questions".into(),
                message: format!("l’entrée « {name} » n’est pas dans la banque"),
            }),
        }
    }
    match wrong.is_empty() {
        true => Ok(ids),
        false => Err(ApiError::Invalid { title: "Des questions manquent".into(), wrong }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_tags_are_understood_however_they_are_written() {
        assert_eq!((kind("qru"), kind("Mini-dp"), kind("?")), ("QRU".into(), "mini-DP".into(), "?".into()));
        assert_eq!((tag("r2c:031"), tag("mon thème")), ("R2C:31".into(), "mon thème".into()));
    }
}
