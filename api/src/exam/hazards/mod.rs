//! What a committee must not freeze without knowing it: questions already seen, much like one already seen, exposed to
//! this cohort, declared incompatible, or not validated. On 22 June 2017 a case of the ECNi turned out to have been
//! worked on before, and the whole country sat it again.
//!
//! The draft paper is compared with every frozen paper as each was ([`shelf`]), word for word and nearly
//! ([`prints`]). The rule is `docimo_assembly::hazards`': a freeze is refused until a named person has answered for
//! each hazard, with a reason. Reading order: [`check`], [`answer`], [`cleared`].

pub mod prints;
pub mod shelf;

use self::prints::{Ready, comparable, same_script};
use self::shelf::Met;
use super::{checked_reason, draft, event};
use crate::ambient;
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult, Wrong};
use crate::web::filters::{count, day};
use docimo_assembly::hazards::{Chosen, Hazard, Meeting, Override, Pair, PastPaper, PastUnit};
use docimo_bank::duplicates::{NEAR, NearIndex, Verdict, similarity};
use docimo_engine::paper::{Element, Paper};
use docimo_store::bank::assembly::{HazardOverride, Standing};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use utoipa::ToSchema;

/// A past paper where something was met.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SeenIn {
    /// Exam.
    pub exam: String,
    /// Its title.
    pub title: String,
    /// The day it was sat, or frozen where it has not been; in French, Paris.
    pub day: String,
    /// Candidates who opened the section that held it.
    pub seen_by: i64,
    /// Candidates enrolled in this exam who sat that one.
    pub of_this_exam: i64,
}

/// Who answers for a hazard.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Answered {
    /// Name.
    pub by: String,
    /// Why it may stand.
    pub reason: String,
    /// When, ms UTC.
    pub at_ms: i64,
}

/// A reason not to freeze.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Risk {
    /// Names it; changes with the wording of the question, so that an override holds for what was read.
    pub code: String,
    /// `same-unit`, `same-text`, `near`, `twins`, `exposed`, `enemies` or `unready`.
    pub meeting: String,
    /// The question or case of this paper.
    pub element: String,
    /// The other one, in this paper or in the past one.
    pub other: Option<String>,
    /// In French: what was met.
    pub message: String,
    /// How much alike, in French; none where that is not the point.
    pub likeness: Option<String>,
    /// Where it was seen.
    pub seen_in: Option<SeenIn>,
    /// Who answers for it; none while nobody does.
    pub answered: Option<Answered>,
}

impl Risk {
    /// What was met, in two words.
    pub fn kind_french(&self) -> &'static str {
        match self.meeting.as_str() {
            "same-unit" => "Déjà posée",
            "same-text" => "Même texte",
            "near" => "Très proche",
            "twins" => "Doublon du sujet",
            "exposed" => "Vue par ces candidats",
            "enemies" => "Incompatible",
            _ => "Non validée",
        }
    }
}

/// What a paper meets.
pub struct Checked {
    /// Every hazard, in the order of the paper.
    pub risks: Vec<Risk>,
    hazards: Vec<Hazard>,
    overrides: Vec<HazardOverride>,
    /// Papers frozen when this was looked for.
    pub frozen: i64,
}

impl Checked {
    /// Hazards that nobody answers for.
    pub fn open(&self) -> impl Iterator<Item = &Risk> {
        self.risks.iter().filter(|risk| risk.answered.is_none())
    }
}

/// The short name of a hazard: its key is as long as the texts that it names.
fn code(hazard: &Hazard) -> String {
    ambient::hex(&Sha256::digest(hazard.key.as_bytes()))[..32].to_owned()
}

fn meeting_code(meeting: Meeting) -> &'static str {
    match meeting {
        Meeting::SameUnit => "same-unit",
        Meeting::SameText => "same-text",
        Meeting::Near => "near",
        Meeting::Twins => "twins",
        Meeting::Exposed => "exposed",
        Meeting::Enemies => "enemies",
        Meeting::Unready => "unready",
    }
}

/// A past exam that holds something met: what is told of it.
struct Past {
    title: String,
    day: String,
    /// Candidates by section.
    attended: HashMap<String, i64>,
    of_this_exam: i64,
}

async fn past_exams(app: &App, exam_id: &str, met: &[Vec<Met>]) -> ApiResult<BTreeMap<String, Past>> {
    let wanted: BTreeSet<&str> = met.iter().flatten().map(|m| m.place.exam.as_str()).collect();
    let cohort: HashMap<String, i64> = app.store.sat_by_cohort(exam_id).await?.into_iter().collect();
    let mut all = BTreeMap::new();
    for id in wanted {
        let exam = draft::exam(app, id).await?;
        let sat = app.store.sittings(id).await?.iter().filter_map(|s| s.opened_ms).min();
        let past = Past {
            day: sat.or(exam.frozen_ms).map(day).unwrap_or_default(),
            title: exam.title,
            attended: app.store.attendance(id).await?.into_iter().collect(),
            of_this_exam: cohort.get(id).copied().unwrap_or(0),
        };
        all.insert(id.to_owned(), past);
    }
    Ok(all)
}

/// Everything that a paper meets, in the order of the paper.
pub async fn check(app: &App, exam_id: &str, paper: &Paper) -> ApiResult<Checked> {
    let elements: Vec<Element> = paper.sections.iter().flat_map(|s| &s.elements).cloned().collect();
    let shelf = app.shelf.clone();
    let prepare = tokio::task::spawn_blocking(move || shelf.ready(&elements));
    let ready = Arc::new(prepare.await.map_err(|e| ApiError::Internal(e.into()))?);
    let names: Vec<String> = ready.iter().map(|r| r.element.id().to_owned()).collect();
    let standings = app.store.standings(&names).await?;
    let in_bank: HashSet<&str> = standings.iter().map(|s| s.external_id.as_str()).collect();
    let (mut met, frozen) = app.shelf.meet(app, exam_id, ready.clone()).await?;
    for (one, met) in ready.iter().zip(&mut met) {
        // The same name on another paper is the same question if the bank gives it, or if it reads alike.
        let id = one.element.id();
        let alike = |m: &Met| m.likeness.as_ref().is_some_and(|l| l.verdict >= Verdict::Near);
        met.retain(|m| m.place.element != id || in_bank.contains(id) || alike(m));
    }
    let past = past_exams(app, exam_id, &met).await?;
    let enemies = enemies(app, &standings).await?;
    let overrides = app.store.overrides(exam_id).await?;
    let look = move || assemble(&ready, &met, &past, &standings, &enemies, overrides, frozen);
    tokio::task::spawn_blocking(look).await.map_err(|e| ApiError::Internal(e.into()))
}

/// Pairs of this paper that were declared incompatible, with the reason.
async fn enemies(app: &App, standings: &[Standing]) -> ApiResult<Vec<(String, String, String)>> {
    let name: HashMap<&str, &str> = standings.iter().map(|s| (s.id.as_str(), s.external_id.as_str())).collect();
    let pairs = app.store.enemies().await?.into_iter().filter_map(|pair| {
        let (a, b) = (*name.get(pair.entry_a.as_str())?, *name.get(pair.entry_b.as_str())?);
        Some((a.to_owned(), b.to_owned(), pair.reason))
    });
    Ok(pairs.collect())
}

fn assemble(
    ready: &[Arc<Ready>],
    met: &[Vec<Met>],
    past: &BTreeMap<String, Past>,
    standings: &[Standing],
    enemies: &[(String, String, String)],
    overrides: Vec<HazardOverride>,
    frozen: i64,
) -> Checked {
    let chosen: Vec<Chosen> = ready
        .iter()
        .map(|r| Chosen { id: r.element.id().to_owned(), prints: r.prints.clone(), exposed_to: BTreeSet::new() })
        .collect();
    let mut papers: BTreeMap<&str, PastPaper> = BTreeMap::new();
    let mut pairs = Vec::new();
    for (one, met) in chosen.iter().zip(met) {
        for m in met {
            let paper = papers.entry(&m.place.exam).or_insert_with(|| {
                let told = past.get(&m.place.exam);
                let (title, day) = told.map(|p| (p.title.clone(), p.day.clone())).unwrap_or_default();
                PastPaper { id: m.place.exam.clone(), title, day, units: Vec::new() }
            });
            if !paper.units.iter().any(|u| u.id == m.place.element) {
                paper.units.push(PastUnit { id: m.place.element.clone(), prints: m.prints.clone() });
            }
            // What is there word for word, or under the same name, is told once.
            if m.place.element != one.id && m.prints.is_disjoint(&one.prints) {
                let similarity = m.likeness.as_ref().map_or(NEAR, |l| l.overall.max(NEAR));
                let (unit, paper) = (one.id.clone(), Some(m.place.exam.clone()));
                pairs.push(Pair { unit, paper, other: m.place.element.clone(), similarity });
            }
        }
    }
    pairs.extend(own_pairs(ready));
    let papers: Vec<PastPaper> = papers.into_values().collect();
    let mut hazards = docimo_assembly::hazards(&chosen, &papers, &pairs, NEAR, &BTreeSet::new());
    expose(&mut hazards, &chosen, past);
    hazards.extend(of_the_bank(&chosen, standings, enemies));
    let order: HashMap<&str, usize> = chosen.iter().enumerate().map(|(i, c)| (c.id.as_str(), i)).collect();
    hazards.sort_by(|a, b| {
        (order.get(a.unit.as_str()), a.meeting, &a.key).cmp(&(order.get(b.unit.as_str()), b.meeting, &b.key))
    });
    let answers: HashMap<&str, &HazardOverride> = overrides.iter().map(|o| (o.hazard.as_str(), o)).collect();
    let risks = hazards.iter().map(|hazard| risk(hazard, ready, met, past, &answers)).collect();
    Checked { risks, hazards, overrides, frozen }
}

/// Elements of this paper that are much alike.
fn own_pairs(ready: &[Arc<Ready>]) -> Vec<Pair> {
    let mut index = NearIndex::new();
    let mut pairs = Vec::new();
    for (later, one) in ready.iter().enumerate() {
        for earlier in index.query(&one.signatures, ready.len()).into_iter().map(|found| found.id) {
            let Some(other) = ready.get::<usize>(earlier) else { continue };
            let (a, b) = (&other.element, &one.element);
            if !comparable(a, b) || same_script(a, b) || !other.prints.is_disjoint(&one.prints) {
                continue;
            }
            let found = similarity(&other.text, &one.text);
            if found.verdict >= Verdict::Near {
                let (unit, other) = (a.id().to_owned(), b.id().to_owned());
                pairs.push(Pair { unit, paper: None, other, similarity: found.overall.max(NEAR) });
            }
        }
        index.insert(later, &one.signatures);
    }
    pairs
}

/// What candidates of this very exam have had says so, in the place of having served.
fn expose(hazards: &mut [Hazard], chosen: &[Chosen], past: &BTreeMap<String, Past>) {
    for hazard in hazards.iter_mut().filter(|h| h.meeting == Meeting::SameUnit) {
        let Some((id, told)) = hazard.paper.as_deref().and_then(|id| past.get_key_value(id)) else { continue };
        let Some(unit) = chosen.iter().find(|c| c.id == hazard.unit).filter(|_| told.of_this_exam > 0) else {
            continue;
        };
        let seen = usize::try_from(told.of_this_exam).unwrap_or(usize::MAX);
        let whom = count(seen, "candidat de cet examen", "candidats de cet examen");
        let what = format!("a déjà été posée à {whom}, dans « {} » ({})", told.title, told.day);
        *hazard = Hazard::new(Meeting::Exposed, unit, Some(id), None, &[], &what);
    }
}

/// What the bank itself says: not validated, retired, declared incompatible.
fn of_the_bank(chosen: &[Chosen], standings: &[Standing], enemies: &[(String, String, String)]) -> Vec<Hazard> {
    let mut found = Vec::new();
    let unit = |id: &str| chosen.iter().find(|c| c.id == id);
    for standing in standings {
        let what = match (standing.status.as_str(), standing.usable) {
            ("retired", _) => "est retirée de la banque",
            (_, None) => "n’a encore aucune version validée dans la banque",
            _ => continue,
        };
        if let Some(unit) = unit(&standing.external_id) {
            found.push(Hazard::new(Meeting::Unready, unit, None, None, &[&standing.status], what));
        }
    }
    for (a, b, reason) in enemies {
        let (a, b) = if a <= b { (a, b) } else { (b, a) };
        if let Some((unit, _)) = unit(a).zip(unit(b)) {
            let what = format!("ne doit pas être avec « {b} » ({reason})");
            found.push(Hazard::new(Meeting::Enemies, unit, None, Some(b), &[reason], &what));
        }
    }
    found
}

fn risk(
    hazard: &Hazard,
    ready: &[Arc<Ready>],
    met: &[Vec<Met>],
    past: &BTreeMap<String, Past>,
    answers: &HashMap<&str, &HazardOverride>,
) -> Risk {
    let code = code(hazard);
    let name = hazard.other.as_deref().unwrap_or(&hazard.unit);
    let at = ready.iter().position(|r| r.element.id() == hazard.unit);
    let place = at
        .zip(hazard.paper.as_deref())
        .and_then(|(at, paper)| met.get(at)?.iter().find(|m| m.place.exam == paper && m.place.element == name));
    let told = hazard.paper.as_deref().and_then(|id| past.get_key_value(id));
    let answered = answers.get(code.as_str()).map(|o| Answered {
        by: o.author_name.clone(),
        reason: o.reason.clone(),
        at_ms: o.at_ms,
    });
    // The crate's sentence ends with what to do, which the page says once for all.
    let message = hazard.message.split(" : remplacez-le").next().unwrap_or(&hazard.message).to_owned();
    Risk {
        code,
        meeting: meeting_code(hazard.meeting).to_owned(),
        element: hazard.unit.clone(),
        other: hazard.other.clone(),
        message,
        likeness: place.and_then(|m| m.likeness.as_ref()).map(|l| l.french()),
        seen_in: told.map(|(id, past)| SeenIn {
            exam: id.clone(),
            title: past.title.clone(),
            day: past.day.clone(),
            seen_by: place.and_then(|m| past.attended.get(&m.place.section)).copied().unwrap_or(0),
            of_this_exam: past.of_this_exam,
        }),
        answered,
    }
}

/// Refuses a paper with a hazard that nobody answers for; otherwise the number of papers it was compared with.
pub async fn cleared(app: &App, exam_id: &str, paper: &Paper) -> ApiResult<i64> {
    let checked = check(app, exam_id, paper).await?;
    // An override names a hazard by its short name.
    let key: HashMap<String, &Hazard> = checked.hazards.iter().map(|h| (code(h), h)).collect();
    let given: Vec<Override> = checked
        .overrides
        .iter()
        .filter_map(|o| {
            let hazard = key.get(&o.hazard)?.key.clone();
            Some(Override { hazard, by: o.author_name.clone(), reason: o.reason.clone() })
        })
        .collect();
    let Err(refusal) = docimo_assembly::freeze(&checked.hazards, &given) else { return Ok(checked.frozen) };
    let wrong = refusal
        .hazards
        .into_iter()
        .map(|h| Wrong { place: format!("question {}", h.unit), message: h.message })
        .collect();
    Err(ApiError::Invalid {
        title: "Le sujet ne peut pas être figé : des risques attendent une réponse".into(), wrong
    })
}

/// Someone answers for hazards, by their short names.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// Short names of the hazards.
    pub hazards: Vec<String>,
    /// Why they may stand.
    pub reason: String,
}

/// With a full stop, if it ends on none.
fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.ends_with(['.', '!', '?', '…']) { text.to_owned() } else { format!("{text}.") }
}

/// Someone answers by name for hazards of a draft, as it is now, with a reason. Returns for how many.
pub async fn answer(app: &App, actor: &Actor, exam_id: &str, form: &Answer) -> ApiResult<usize> {
    checked_reason(&form.reason, "il reste avec votre nom dans le journal de l’examen")?;
    if draft::exam(app, exam_id).await?.state != "draft" {
        return Err(ApiError::Conflict("Le sujet est figé : on n’en répond plus.".into()));
    }
    let wanted: BTreeSet<&str> = form.hazards.iter().map(String::as_str).collect();
    if wanted.is_empty() {
        return Err(ApiError::wrong("risques", "Cochez au moins un risque dont vous répondez."));
    }
    let checked = check(app, exam_id, &draft::paper(app, exam_id).await?).await?;
    let named: Vec<&Risk> = checked.risks.iter().filter(|r| wanted.contains(r.code.as_str())).collect();
    if named.len() < wanted.len() {
        let gone = "Un de ces risques n’est plus le même : rechargez la page et relisez-les.";
        return Err(ApiError::Conflict(gone.into()));
    }
    let taken: Vec<&Risk> = named.into_iter().filter(|r| r.answered.is_none()).collect();
    if taken.is_empty() {
        return Err(ApiError::Conflict("Quelqu’un a déjà répondu de ces risques.".into()));
    }
    let codes: Vec<String> = taken.iter().map(|r| r.code.clone()).collect();
    // All of them: the journal is what will be read when someone asks who knew.
    let told = taken.iter().map(|r| r.message.as_str()).collect::<Vec<_>>().join(" ; ");
    let detail = format!(
        "Dérogation au gel, {}. Motif : {} Risques : {told}",
        count(taken.len(), "risque", "risques"),
        sentence(&form.reason)
    );
    let done = event(actor, exam_id, "override", detail);
    app.store.override_hazards(exam_id, &codes, form.reason.trim(), &done).await?;
    Ok(codes.len())
}

/// The two elements of a hazard, as the past paper (or this one) has the other, to be read side by side.
pub async fn side_by_side(app: &App, exam_id: &str, code: &str) -> ApiResult<(Risk, Element, Element)> {
    let paper = draft::paper(app, exam_id).await?;
    let checked = check(app, exam_id, &paper).await?;
    let risk = checked.risks.into_iter().find(|r| r.code == code).ok_or(ApiError::NotFound)?;
    let all = || paper.sections.iter().flat_map(|s| &s.elements);
    let own = all().find(|e| e.id() == risk.element).cloned().ok_or(ApiError::NotFound)?;
    let name = risk.other.as_deref().unwrap_or(&risk.element);
    let other = match &risk.seen_in {
        Some(seen) => app.shelf.element(app, &seen.exam, name).await?,
        None if risk.other.is_some() => all().find(|e| e.id() == name).cloned(),
        None => None,
    };
    Ok((risk, other.ok_or(ApiError::NotFound)?, own))
}
