//! Frozen papers, ready to be compared with one that is not: made once for each, kept in memory, made again when lost.
//!
//! A paper that is frozen never changes and is never thawed, so what is on the shelf is never wrong; it may lack
//! papers frozen since, which are added before each look. The same content on several papers is kept once.

use super::prints::{Ready, comparable};
use crate::app::App;
use crate::error::{ApiError, ApiResult};
use docimo_bank::duplicates::{NearIndex, Similarity, Text, Verdict, similarity};
use docimo_bank::revision::content_hash;
use docimo_engine::paper::{Element, Paper};
use rayon::prelude::*;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Candidates compared for each element: more would be a template repeated hundreds of times.
const MOST: usize = 100;
/// Papers read at once.
const SOME: usize = 20;
/// Elements of drafts kept at most.
const DRAFTS: usize = 4_000;

/// The shelf of a running server.
#[derive(Clone, Default)]
pub struct Shelf(Arc<Mutex<Papers>>);

#[derive(Default)]
struct Papers {
    known: HashSet<String>,
    contents: Vec<Content>,
    by_hash: HashMap<String, u32>,
    by_name: HashMap<String, Vec<Place>>,
    by_print: HashMap<String, Vec<u32>>,
    index: NearIndex<u32>,
    /// Elements of drafts looked at lately, by the hash of their content: a page asks again at each change.
    drafts: HashMap<String, Arc<Ready>>,
}

/// Something that was on papers, word for word. What it is found by is in the index.
struct Content {
    element: Element,
    prints: BTreeSet<String>,
    text: Text,
    places: Vec<Place>,
}

/// Where something was.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// Exam.
    pub exam: String,
    /// Section of its paper.
    pub section: String,
    /// Id of the element there.
    pub element: String,
    content: u32,
}

/// An element of a frozen paper that has to do with one about to be frozen.
pub struct Met {
    /// Where it was.
    pub place: Place,
    /// Its fingerprints there.
    pub prints: BTreeSet<String>,
    /// How much its words are those of the other, where they are alike.
    pub likeness: Option<Similarity>,
}

impl Papers {
    fn add(&mut self, exam: &str, elements: Vec<(String, String, Ready)>) {
        if !self.known.insert(exam.to_owned()) {
            return;
        }
        for (section, hash, ready) in elements {
            let name = ready.element.id().to_owned();
            let content = match self.by_hash.get(&hash) {
                Some(at) => *at,
                None => {
                    let at = u32::try_from(self.contents.len()).unwrap_or(u32::MAX);
                    self.index.insert(at, &ready.signatures);
                    for print in &ready.prints {
                        self.by_print.entry(print.clone()).or_default().push(at);
                    }
                    let Ready { element, prints, text, .. } = ready;
                    self.contents.push(Content { element, prints, text, places: Vec::new() });
                    self.by_hash.insert(hash, at);
                    at
                }
            };
            let place = Place { exam: exam.to_owned(), section, element: name.clone(), content };
            self.contents[content as usize].places.push(place.clone());
            self.by_name.entry(name).or_default().push(place);
        }
    }

    /// Everything that has to do with an element: it, its words, or what is much like them. `but` is its own exam.
    fn meet(&self, ready: &Ready, but: &str) -> Vec<Met> {
        let mut found: Vec<Met> = Vec::new();
        let mut seen: HashSet<(&str, &str)> = HashSet::new();
        let met = |place: &Place, likeness: Option<Similarity>| Met {
            prints: self.contents[place.content as usize].prints.clone(),
            place: place.clone(),
            likeness,
        };
        let id = ready.element.id();
        for place in self.by_name.get(id).into_iter().flatten().filter(|p| p.exam != but) {
            if seen.insert((&place.exam, &place.element)) {
                found.push(met(place, Some(similarity(&self.contents[place.content as usize].text, &ready.text))));
            }
        }
        let mut near: Vec<u32> = self.index.query(&ready.signatures, MOST).iter().map(|c| c.id).collect();
        near.extend(ready.prints.iter().filter_map(|print| self.by_print.get(print)).flatten());
        near.sort_unstable();
        near.dedup();
        for at in near {
            let content = &self.contents[at as usize];
            let same = !content.prints.is_disjoint(&ready.prints);
            let alike = (same || comparable(&content.element, &ready.element))
                .then(|| similarity(&content.text, &ready.text))
                .filter(|found| same || found.verdict >= Verdict::Near);
            let Some(alike) = alike else { continue };
            for place in content.places.iter().filter(|p| p.exam != but) {
                if seen.insert((&place.exam, &place.element)) {
                    found.push(met(place, Some(alike.clone())));
                }
            }
        }
        found
    }
}

/// The elements of a paper with their sections and hashes.
fn made_ready(paper: &Paper) -> Vec<(String, String, Ready)> {
    let all: Vec<(&str, &Element)> =
        paper.sections.iter().flat_map(|s| s.elements.iter().map(|e| (s.id.as_str(), e))).collect();
    all.into_par_iter()
        .map(|(section, element)| (section.to_owned(), content_hash(element), Ready::of(element)))
        .collect()
}

/// Runs on threads of its own, one fewer than there are cores: pages, and who is sitting an exam, keep theirs.
fn apart<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    match rayon::ThreadPoolBuilder::new().num_threads((cores - 1).max(1)).build() {
        Ok(pool) => pool.install(work),
        Err(_) => work(),
    }
}

impl Shelf {
    fn lock(&self) -> MutexGuard<'_, Papers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts on the shelf every paper that is frozen now. Returns how many there are, as counted before looking.
    async fn fill(&self, app: &App) -> ApiResult<i64> {
        let frozen = app.store.count_frozen().await?;
        let exams = app.store.exams().await?;
        let missing: Vec<String> = {
            let papers = self.lock();
            exams.into_iter().filter(|e| e.frozen_ms.is_some() && !papers.known.contains(&e.id)).map(|e| e.id).collect()
        };
        for some in missing.chunks(SOME) {
            let mut read = Vec::with_capacity(some.len());
            for id in some {
                read.push((id.clone(), app.store.paper(id).await?.ok_or(ApiError::NotFound)?));
            }
            let shelf = self.clone();
            let add = move || -> ApiResult<()> {
                for (id, text) in read {
                    let paper: Paper = serde_json::from_str(&text).map_err(|e| ApiError::Internal(e.into()))?;
                    let elements = apart(|| made_ready(&paper));
                    shelf.lock().add(&id, elements);
                }
                Ok(())
            };
            tokio::task::spawn_blocking(add).await.map_err(|e| ApiError::Internal(e.into()))??;
        }
        Ok(frozen)
    }

    /// Elements of a draft made ready, those seen lately taken from memory.
    pub fn ready(&self, elements: &[Element]) -> Vec<Arc<Ready>> {
        let one = |element: &Element| {
            let hash = content_hash(element);
            let known = self.lock().drafts.get(&hash).cloned();
            (hash, known.unwrap_or_else(|| Arc::new(Ready::of(element))))
        };
        let made: Vec<(String, Arc<Ready>)> = elements.par_iter().map(one).collect();
        let mut papers = self.lock();
        if papers.drafts.len() > DRAFTS {
            papers.drafts.clear();
        }
        papers.drafts.extend(made.iter().cloned());
        made.into_iter().map(|(_, ready)| ready).collect()
    }

    /// What each element has to do with papers frozen before; and how many papers were compared.
    pub async fn meet(&self, app: &App, exam: &str, ready: Arc<Vec<Arc<Ready>>>) -> ApiResult<(Vec<Vec<Met>>, i64)> {
        let frozen = self.fill(app).await?;
        let (shelf, exam) = (self.clone(), exam.to_owned());
        let look = move || {
            let papers = shelf.lock();
            ready.iter().map(|one| papers.meet(one, &exam)).collect()
        };
        let met = tokio::task::spawn_blocking(look).await.map_err(|e| ApiError::Internal(e.into()))?;
        Ok((met, frozen))
    }

    /// An element as it was on a frozen paper.
    pub async fn element(&self, app: &App, exam: &str, element: &str) -> ApiResult<Option<Element>> {
        self.fill(app).await?;
        let papers = self.lock();
        let place = papers.by_name.get(element).into_iter().flatten().find(|p| p.exam == exam);
        Ok(place.map(|p| papers.contents[p.content as usize].element.clone()))
    }
}
