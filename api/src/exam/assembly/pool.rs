//! What a committee may choose from: every validated entry in reach of the person who asks, as units of the assembly,
//! with what past exams say of each. The wordings are read once and kept by the hash of their content.

use super::{COHORT, Pace, sort, statistics};
use crate::app::App;
use crate::bank::reach::Reach;
use crate::error::{ApiError, ApiResult};
use crate::web::filters::iso;
use docimo_assembly::Candidate;
use docimo_bank::duplicates::{NEAR, NearIndex, Signature, signatures};
use docimo_bank::revision::content_hash;
use docimo_bank::rights::Level;
use docimo_engine::paper::{Element, Paper};
use docimo_store::bank::pool::Did;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A wording as a unit, without what changes with exams.
struct Kept {
    element: Element,
    unit: Candidate,
}

#[derive(Default)]
struct Memory {
    units: HashMap<String, Arc<Kept>>,
    hashes: Vec<String>,
    signatures: Vec<Vec<Signature>>,
    index: NearIndex<u32>,
    /// Pairs of hashes that are much alike.
    twins: Vec<(String, String)>,
}

/// Wordings read so far.
#[derive(Clone, Default)]
pub struct Units(Arc<Mutex<Memory>>);

/// Near-duplicates looked at for each wording.
const MOST: usize = 50;
/// Wordings read at once.
const SOME: usize = 500;
/// From this resemblance a question is said to be in a case: short texts resemble one another more.
const WITHIN: f64 = 0.75;

/// Are two alike enough not to be on the same paper? By their signatures: what freezing checks is said word by word.
fn alike(a: &[Signature], b: &[Signature]) -> bool {
    let (Some(first), Some(second)) = (a.first(), b.first()) else { return false };
    let parted =
        |question: &Signature, case: &[Signature]| case.iter().skip(1).any(|p| p.resemblance(question) >= WITHIN);
    match (a.len() > 1, b.len() > 1) {
        (false, true) => parted(first, b),
        (true, false) => parted(second, a),
        _ => first.resemblance(second) >= NEAR,
    }
}

fn unit(element: &Element) -> Candidate {
    Candidate::from_element(element, 0.0, sort::facets)
}

impl Memory {
    fn add(&mut self, hash: String, element: Element) {
        if self.units.contains_key(&hash) {
            return;
        }
        let own = signatures(&element);
        for found in self.index.query(&own, MOST) {
            if alike(&self.signatures[found.id as usize], &own) {
                self.twins.push((self.hashes[found.id as usize].clone(), hash.clone()));
            }
        }
        let at = u32::try_from(self.hashes.len()).unwrap_or(u32::MAX);
        self.index.insert(at, &own);
        self.hashes.push(hash.clone());
        self.signatures.push(own);
        let unit = unit(&element);
        self.units.insert(hash, Arc::new(Kept { element, unit }));
    }
}

impl Units {
    fn lock(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What past exams and people say of entries.
struct Facts {
    did: HashMap<String, Vec<Did>>,
    last_used: HashMap<String, String>,
    exposed: HashSet<String>,
    authors: HashMap<String, BTreeSet<String>>,
    /// Groups by entry.
    enemies: HashMap<String, BTreeSet<String>>,
}

impl Facts {
    async fn read(app: &App, exam_id: &str) -> ApiResult<Self> {
        let mut did: HashMap<String, Vec<Did>> = HashMap::new();
        for one in app.store.all_statistics().await? {
            did.entry(one.entry_id.clone()).or_default().push(one);
        }
        let sat: HashSet<String> = app.store.sat_by_cohort(exam_id).await?.into_iter().map(|(exam, _)| exam).collect();
        let (mut last_used, mut exposed) = (HashMap::new(), HashSet::new());
        for (entry, exam, frozen_ms) in app.store.last_uses().await? {
            if exam == exam_id {
                continue;
            }
            if sat.contains(&exam) {
                exposed.insert(entry.clone());
            }
            // In the order of freezing: the last one stays.
            last_used.insert(entry, iso(frozen_ms).chars().take(10).collect());
        }
        let mut authors: HashMap<String, BTreeSet<String>> = HashMap::new();
        for (entry, person) in app.store.authorships().await? {
            authors.entry(entry).or_default().insert(person);
        }
        let mut enemies: HashMap<String, BTreeSet<String>> = HashMap::new();
        for pair in app.store.enemies().await? {
            let group = format!("déclarées {} {}", pair.entry_a, pair.entry_b);
            enemies.entry(pair.entry_a).or_default().insert(group.clone());
            enemies.entry(pair.entry_b).or_default().insert(group);
        }
        Ok(Self { did, last_used, exposed, authors, enemies })
    }

    fn dress(&self, unit: &mut Candidate, entry: &str, element: &Element) {
        unit.statistics = statistics::of_element(element, self.did.get(entry).map_or(&[], Vec::as_slice));
        unit.last_used = self.last_used.get(entry).cloned();
        unit.authors = self.authors.get(entry).cloned().unwrap_or_default();
        unit.enemies = self.enemies.get(entry).cloned().unwrap_or_default();
        if self.exposed.contains(entry) {
            unit.exposed_to.insert(COHORT.to_owned());
        }
    }
}

/// An entry, to be shown and taken.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Id.
    pub id: String,
    /// QRU, DP…
    pub kind: String,
    /// First words.
    pub title: String,
}

/// Units to choose from. A unit is named by the author's own id of its entry, as on papers.
pub struct Pool {
    /// By external id.
    pub units: Vec<Candidate>,
    /// What the bank says of each.
    pub entries: HashMap<String, Entry>,
}

/// Reads the wordings that are not in memory yet.
async fn fill(app: &App, wanted: &[(String, String)]) -> ApiResult<()> {
    let missing: Vec<(String, String)> = {
        let memory = app.units.lock();
        wanted.iter().filter(|(_, hash)| !memory.units.contains_key(hash)).cloned().collect()
    };
    for some in missing.chunks(SOME) {
        let hash: HashMap<String, String> = some.iter().cloned().collect();
        let ids: Vec<String> = some.iter().map(|(id, _)| id.clone()).collect();
        let bodies = app.store.usable_bodies(&ids).await?;
        let units = app.units.clone();
        let add = move || -> ApiResult<()> {
            let mut memory = units.lock();
            for (id, body) in bodies {
                let element: Element = serde_json::from_str(&body).map_err(|e| ApiError::Internal(e.into()))?;
                // Validated anew between the two readings: its own hash, then, not the one that was listed.
                let hash = hash.get(&id).filter(|h| **h == content_hash(&element)).cloned();
                memory.add(hash.unwrap_or_else(|| content_hash(&element)), element);
            }
            Ok(())
        };
        tokio::task::spawn_blocking(add).await.map_err(|e| ApiError::Internal(e.into()))??;
    }
    Ok(())
}

/// Every entry in reach that a paper may take, and the paper's own elements as they are on it.
pub async fn whole(app: &App, reach: &Reach, exam_id: &str, pace: &Pace, paper: Option<&Paper>) -> ApiResult<Pool> {
    let mut usable = app.store.usable_entries().await?;
    usable.retain(|u| reach.may(&u.folder_id, Level::Read));
    let wanted: Vec<(String, String)> = usable.iter().map(|u| (u.id.clone(), u.hash.clone())).collect();
    fill(app, &wanted).await?;
    let facts = Facts::read(app, exam_id).await?;
    let own = match paper {
        Some(paper) => own_units(app, &facts, paper).await?,
        None => Vec::new(),
    };
    let (memory, pace) = (app.units.clone(), *pace);
    let build = move || {
        let memory = memory.lock();
        let mut entries = HashMap::new();
        let mut units: HashMap<String, Candidate> = HashMap::new();
        let mut names: HashMap<&str, Vec<&str>> = HashMap::new();
        for line in &usable {
            let Some(kept) = memory.units.get(&line.hash) else { continue };
            let mut unit = kept.unit.clone();
            facts.dress(&mut unit, &line.id, &kept.element);
            unit.status.clone_from(&line.status);
            let entry = Entry { id: line.id.clone(), kind: line.kind.clone(), title: line.title.clone() };
            entries.insert(line.external_id.clone(), entry);
            names.entry(&line.hash).or_default().push(&line.external_id);
            units.insert(line.external_id.clone(), unit);
        }
        for (a, b) in &memory.twins {
            let group = format!("proches {a} {b}");
            for name in [a, b].into_iter().filter_map(|hash| names.get(hash.as_str())).flatten() {
                if let Some(unit) = units.get_mut(*name) {
                    unit.enemies.insert(group.clone());
                }
            }
        }
        for mut unit in own {
            // The paper's own wording counts, with the enemies that the bank's has.
            if let Some(known) = units.get(&unit.id) {
                unit.enemies.extend(known.enemies.iter().cloned());
            }
            units.insert(unit.id.clone(), unit);
        }
        let mut units: Vec<Candidate> = units.into_values().collect();
        units.iter_mut().for_each(|unit| unit.minutes = pace.minutes(unit));
        units.sort_by(|a, b| a.id.cmp(&b.id));
        Pool { units, entries }
    };
    tokio::task::spawn_blocking(build).await.map_err(|e| ApiError::Internal(e.into()))
}

/// Elements of a paper as units: what the committee adapted counts as it is.
async fn own_units(app: &App, facts: &Facts, paper: &Paper) -> ApiResult<Vec<Candidate>> {
    let elements: Vec<&Element> = paper.sections.iter().flat_map(|s| &s.elements).collect();
    let names: Vec<String> = elements.iter().map(|e| e.id().to_owned()).collect();
    let standings = app.store.standings(&names).await?;
    let entry: HashMap<&str, (&str, &str)> =
        standings.iter().map(|s| (s.external_id.as_str(), (s.id.as_str(), s.status.as_str()))).collect();
    let dressed = elements.into_iter().map(|element| {
        let mut unit = unit(element);
        if let Some((id, status)) = entry.get(element.id()) {
            facts.dress(&mut unit, id, element);
            unit.status = (*status).to_owned();
        }
        unit
    });
    Ok(dressed.collect())
}

/// The paper's own elements only: enough to set it beside its blueprint.
pub async fn of_paper(app: &App, exam_id: &str, pace: &Pace, paper: &Paper) -> ApiResult<Vec<Candidate>> {
    let facts = Facts::read(app, exam_id).await?;
    let mut units = own_units(app, &facts, paper).await?;
    let elements: Vec<&Element> = paper.sections.iter().flat_map(|s| &s.elements).collect();
    let marks: Vec<Vec<Signature>> = elements.iter().map(|e| signatures(e)).collect();
    for a in 0..units.len() {
        for b in a + 1..units.len() {
            if alike(&marks[a], &marks[b]) {
                let group = format!("proches {a} {b}");
                units[a].enemies.insert(group.clone());
                units[b].enemies.insert(group);
            }
        }
    }
    units.iter_mut().for_each(|unit| unit.minutes = pace.minutes(unit));
    units.sort_by(|a, b| a.id.cmp(&b.id));
    units.dedup_by(|a, b| a.id == b.id);
    Ok(units)
}
