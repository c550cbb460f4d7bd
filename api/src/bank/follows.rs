//! What older tags have become, said beside them in what goes out, and known again when it comes back.

use crate::error::{ApiError, ApiResult};
use docimo_bank::revision::content_hash;
use docimo_engine::paper::Element;
use docimo_store::Store;
use r2c_referential::Tag;
use std::collections::{BTreeMap, BTreeSet};

/// The tag that says of a question, wherever it goes, that a machine wrote it.
pub const MACHINE: &str = "origine:ia";

/// Each older tag, with what it is now, one version further.
#[derive(Clone, Debug, Default)]
pub struct Follows(BTreeMap<String, Vec<String>>);

impl Follows {
    /// What versions said and people decided.
    pub async fn of(store: &Store) -> ApiResult<Self> {
        Ok(store.followed_tags().await?.into_iter().collect())
    }

    /// Tags with, after them, what they are now; those already there are not said twice.
    fn said(&self, tags: &mut Vec<String>) {
        let usual = |tag: &str| tag.parse::<Tag>().map_or_else(|_| tag.to_owned(), |read| read.to_string());
        let mut seen: BTreeSet<String> = tags.iter().map(|tag| usual(tag)).collect();
        let mut at = 0;
        // The list grows while it is read: a tag may be followed several times, and a circle ends.
        while let Some(tag) = tags.get(at) {
            for target in self.0.get(&usual(tag)).into_iter().flatten() {
                if seen.insert(target.clone()) {
                    tags.push(target.clone());
                }
            }
            at += 1;
        }
    }

    /// The element with its tags of today beside those its author wrote, and that of its origin where a machine wrote it.
    pub fn bring_up(&self, element: &mut Element, machine: bool) {
        if machine {
            let tags = match element {
                Element::Question(question) => &mut question.tags,
                Element::Case(case) => &mut case.tags,
            };
            if !tags.iter().any(|tag| tag == MACHINE) {
                tags.push(MACHINE.to_owned());
            }
        }
        if self.0.is_empty() {
            return;
        }
        match element {
            Element::Question(question) => self.said(&mut question.tags),
            Element::Case(case) => {
                self.said(&mut case.tags);
                case.parts.iter_mut().for_each(|part| self.said(&mut part.question.tags));
            }
        }
    }

    /// What the bank has of an element that comes in, where it only differs by the tags said beside its own when
    /// it went out: bringing back what was exported changes nothing.
    pub async fn settle(&self, store: &Store, element: Element) -> ApiResult<Element> {
        let Some(entry) = store.entry_by_external_id(element.id()).await? else { return Ok(element) };
        let Some(latest) = store.latest_revision(&entry.id).await? else { return Ok(element) };
        let own: Element = serde_json::from_str(&latest.body).map_err(|e| ApiError::Internal(e.into()))?;
        let mut sent = own.clone();
        let machine = !store.born_of_ai(std::slice::from_ref(&entry.id)).await?.is_empty();
        if self.0.is_empty() && !machine {
            return Ok(element);
        }
        self.bring_up(&mut sent, machine);
        Ok(if content_hash(&sent) == content_hash(&element) { own } else { element })
    }
}

impl FromIterator<(String, String)> for Follows {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(steps: I) -> Self {
        let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (tag, target) in steps {
            all.entry(tag).or_default().push(target);
        }
        Self(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_of_today_come_after_those_written() {
        let steps = [("OIC-031-11-B", "OIC-031-12-A"), ("OIC-031-12-A", "OIC-031-11-B"), ("pharma:UE1", "pharma:UE1b")];
        let follows: Follows = steps.into_iter().map(|(a, b)| (a.to_owned(), b.to_owned())).collect();
        let said = |tags: &[&str]| {
            let mut tags: Vec<String> = tags.iter().map(|t| (*t).to_owned()).collect();
            follows.said(&mut tags);
            tags
        };
        assert_eq!(said(&["oic-031-11-B", "R2C:31"]), ["oic-031-11-B", "R2C:31", "OIC-031-12-A"]);
        assert_eq!(said(&["Pharma:UE1", "pharma:UE1b"]), ["Pharma:UE1", "pharma:UE1b"]);
        assert!(said(&[]).is_empty());
    }
}
