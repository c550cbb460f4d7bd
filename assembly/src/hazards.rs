//! What a freeze must not pass over: units, or texts, that someone may already have seen.
//!
//! On 22 June 2017 a paper of the ECNi was found to hold a case that some students had already worked on, and the
//! whole country sat it again. Here, each such meeting is an error, and a freeze is refused until a named person has
//! said of each why it may stand.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A unit about to be frozen.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Chosen {
    /// Id of the unit in the bank.
    pub id: String,
    /// Fingerprint of the text of each of its questions (and of the opening text of a case), normalised by the caller.
    pub prints: BTreeSet<String>,
    /// Cohorts that have seen it outside papers (training, a mock exam elsewhere).
    #[serde(default)]
    pub exposed_to: BTreeSet<String>,
}

/// A paper already sat, or already shown.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct PastPaper {
    /// Its id.
    pub id: String,
    /// Its title, for messages.
    pub title: String,
    /// Day it was sat, `AAAA-MM-JJ`, for messages.
    pub day: String,
    /// What it held.
    pub units: Vec<PastUnit>,
}

/// A unit of a past paper.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct PastUnit {
    /// Id of the unit in the bank.
    pub id: String,
    /// Fingerprints of its texts as they were then.
    pub prints: BTreeSet<String>,
}

/// Two units that look alike, as the caller measured it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Pair {
    /// Id of the chosen unit.
    pub unit: String,
    /// The past paper, or none for another chosen unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paper: Option<String>,
    /// Id of the other unit.
    pub other: String,
    /// 0 (nothing in common) to 1 (the same).
    pub similarity: f64,
}

/// What was met.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Meeting {
    /// The same unit of the bank was in a past paper.
    SameUnit,
    /// A text of it was, word for word, in a past paper.
    SameText,
    /// Something much like it was in a past paper.
    Near,
    /// Two units of this paper have a text in common, or are much alike.
    Twins,
    /// A cohort of this exam has seen it.
    Exposed,
    /// Two units declared not to be met together.
    Enemies,
    /// Not, or no longer, validated by the bank.
    Unready,
}

/// A reason not to freeze.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Hazard {
    /// What an override names. It changes with the text of the unit: an override holds for what was read, not for
    /// what the unit becomes.
    pub key: String,
    /// What was met.
    pub meeting: Meeting,
    /// The chosen unit.
    pub unit: String,
    /// The past paper where it was met.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paper: Option<String>,
    /// The other unit, where another one is concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<String>,
    /// In French: where, and what to do.
    pub message: String,
}

impl Hazard {
    /// A hazard of a unit: `paper` and `other` are what it meets, `what` says so in French after its name. `details`
    /// are what else an override must have read: when one changes, so does the key.
    pub fn new(
        meeting: Meeting,
        unit: &Chosen,
        paper: Option<&str>,
        other: Option<&str>,
        details: &[&str],
        what: &str,
    ) -> Self {
        // Parts are preceded by their length, so that no two hazards have one key.
        let name = format!("{meeting:?}");
        let met = paper.into_iter().chain(other).chain(details.iter().copied());
        let parts = [name.as_str(), &unit.id].into_iter().chain(met).chain(unit.prints.iter().map(String::as_str));
        Self {
            key: parts.map(|part| format!("{}:{part}", part.len())).collect::<Vec<_>>().join("/"),
            meeting,
            unit: unit.id.clone(),
            paper: paper.map(str::to_owned),
            other: other.map(str::to_owned),
            message: format!("« {} » {what} : remplacez-le, ou répondez-en nommément avec un motif", unit.id),
        }
    }
}

/// A named person answers for a hazard.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Override {
    /// Key of the hazard.
    pub hazard: String,
    /// Who: not empty.
    pub by: String,
    /// Why it may stand: not empty.
    pub reason: String,
}

/// Why a freeze is refused.
#[derive(Clone, PartialEq, Debug, Serialize, thiserror::Error)]
#[error("gel refusé : {}", .messages.join(" ; "))]
pub struct Refusal {
    /// Hazards that nobody answers for.
    pub hazards: Vec<Hazard>,
    /// In French, one a fault.
    pub messages: Vec<String>,
}

/// What allows a freeze: each hazard with the person who answers for it. Only [`freeze`] makes one.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Clearance {
    granted: Vec<(Hazard, Override)>,
}

impl Clearance {
    /// Each hazard and its override, to be kept with the frozen paper.
    pub fn granted(&self) -> &[(Hazard, Override)] {
        &self.granted
    }
}

/// Everything met, in order of units. `near` is the similarity from which two units are too much alike, 0..=1;
/// `cohorts` are those of the exam.
pub fn hazards(
    chosen: &[Chosen],
    past: &[PastPaper],
    pairs: &[Pair],
    near: f64,
    cohorts: &BTreeSet<String>,
) -> Vec<Hazard> {
    let mut found = Finder { list: Vec::new() };
    let papers: BTreeMap<&str, &PastPaper> = past.iter().map(|paper| (paper.id.as_str(), paper)).collect();
    let mut same_units: BTreeMap<&str, Vec<&PastPaper>> = BTreeMap::new();
    let mut same_texts: BTreeMap<&str, Vec<(&PastPaper, &PastUnit)>> = BTreeMap::new();
    for paper in past {
        for unit in &paper.units {
            same_units.entry(&unit.id).or_default().push(paper);
            unit.prints.iter().for_each(|print| same_texts.entry(print).or_default().push((paper, unit)));
        }
    }
    for unit in chosen {
        for paper in same_units.get(unit.id.as_str()).into_iter().flatten() {
            let what = format!("a déjà servi dans {}", named(paper));
            found.add(Meeting::SameUnit, unit, Some(&paper.id), None, &what);
        }
        let mut seen = BTreeSet::new();
        for (paper, other) in unit.prints.iter().filter_map(|p| same_texts.get(p.as_str())).flatten() {
            // The same unit is told once, above.
            if other.id != unit.id && seen.insert((&paper.id, &other.id)) {
                let what = format!("a un texte identique à « {} » de {}", other.id, named(paper));
                found.add(Meeting::SameText, unit, Some(&paper.id), Some(&other.id), &what);
            }
        }
        for cohort in unit.exposed_to.intersection(cohorts) {
            let what = format!("a déjà été vu par la cohorte {cohort}");
            found.list.push(Hazard::new(Meeting::Exposed, unit, None, None, &[cohort], &what));
        }
    }
    near_ones(&mut found, chosen, &papers, pairs, near);
    twins(&mut found, chosen);
    let place: BTreeMap<&str, usize> = chosen.iter().enumerate().map(|(i, unit)| (unit.id.as_str(), i)).collect();
    let mut list = found.list;
    list.sort_by(|a, b| (place[a.unit.as_str()], a.meeting, &a.key).cmp(&(place[b.unit.as_str()], b.meeting, &b.key)));
    list.dedup_by(|a, b| a.key == b.key);
    list
}

struct Finder {
    list: Vec<Hazard>,
}

impl Finder {
    fn add(&mut self, meeting: Meeting, unit: &Chosen, paper: Option<&str>, other: Option<&str>, what: &str) {
        self.list.push(Hazard::new(meeting, unit, paper, other, &[], what));
    }
}

fn named(paper: &PastPaper) -> String {
    format!("« {} » ({})", paper.title, paper.day)
}

fn near_ones(found: &mut Finder, chosen: &[Chosen], papers: &BTreeMap<&str, &PastPaper>, pairs: &[Pair], near: f64) {
    let by_id: BTreeMap<&str, &Chosen> = chosen.iter().map(|unit| (unit.id.as_str(), unit)).collect();
    // A similarity that is not a number is no proof of difference.
    for pair in pairs.iter().filter(|pair| pair.similarity >= near || pair.similarity.is_nan()) {
        let Some(unit) = by_id.get(pair.unit.as_str()) else { continue };
        let percent = format!("{:.0}", pair.similarity * 100.0);
        match &pair.paper {
            Some(paper) => {
                let place = papers.get(paper.as_str()).map_or_else(|| format!("« {paper} »"), |p| named(p));
                let what = format!("ressemble à {percent}\u{a0}% à « {} » de {place}", pair.other);
                found.add(Meeting::Near, unit, Some(paper), Some(&pair.other), &what);
            }
            None if by_id.contains_key(pair.other.as_str()) && pair.other != pair.unit => {
                twin(found, unit, by_id[pair.other.as_str()], &format!("ressemble à {percent}\u{a0}% à"));
            }
            None => {}
        }
    }
}

fn twins(found: &mut Finder, chosen: &[Chosen]) {
    let mut first: BTreeMap<&str, &Chosen> = BTreeMap::new();
    for unit in chosen {
        for print in &unit.prints {
            match first.get(print.as_str()) {
                Some(other) if other.id != unit.id => twin(found, unit, other, "a un texte identique à"),
                Some(_) => {}
                None => {
                    first.insert(print, unit);
                }
            }
        }
    }
}

/// Told once for the two, whichever comes first.
fn twin(found: &mut Finder, a: &Chosen, b: &Chosen, what: &str) {
    let (a, b) = if a.id <= b.id { (a, b) } else { (b, a) };
    let prints: Vec<&str> = b.prints.iter().map(String::as_str).collect();
    let what = format!("{what} « {} » de ce même sujet", b.id);
    found.list.push(Hazard::new(Meeting::Twins, a, None, Some(&b.id), &prints, &what));
}

/// The rule: a paper is frozen only when a named person answers for each hazard.
///
/// # Errors
/// The hazards that nobody answers for, and what is wrong with the overrides given.
pub fn freeze(hazards: &[Hazard], overrides: &[Override]) -> Result<Clearance, Refusal> {
    let mut messages = Vec::new();
    let sound = |o: &&Override| !o.by.trim().is_empty() && !o.reason.trim().is_empty();
    for given in overrides.iter().filter(|o| !sound(o)) {
        let missing = if given.by.trim().is_empty() { "le nom de qui en répond" } else { "son motif" };
        messages.push(format!("une dérogation est donnée sans {missing} : complétez-la"));
    }
    let (mut granted, mut open) = (Vec::new(), Vec::new());
    for hazard in hazards {
        match overrides.iter().filter(sound).find(|o| o.hazard == hazard.key) {
            Some(given) => granted.push((hazard.clone(), given.clone())),
            None => open.push(hazard.clone()),
        }
    }
    messages.extend(open.iter().map(|hazard| hazard.message.clone()));
    if open.is_empty() { Ok(Clearance { granted }) } else { Err(Refusal { hazards: open, messages }) }
}
