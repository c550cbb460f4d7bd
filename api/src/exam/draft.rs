//! Composing an exam, up to the frozen paper.

use super::{event, hazards};
use crate::ambient;
use crate::app::App;
use crate::auth::Actor;
use crate::bank::keyed;
use crate::error::{ApiError, ApiResult, Wrong};
use docimo_bank::revision::content_hash;
use docimo_engine::check::{self, Fault};
use docimo_engine::paper::{Element, MarkRules, Paper, RankAFilter, Section};
use docimo_engine::question::Question;
use docimo_engine::scheme::MarkingScheme;
use docimo_engine::{Exact, SectionId};
use docimo_store::StoreError;
use docimo_store::bank::uses::FrozenElement;
use docimo_store::exams::{Exam, FIRST_SITE, Site};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashSet};
use utoipa::ToSchema;

/// Settings of an exam.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct Settings {
    /// Shown to all.
    pub title: String,
    /// `common`: one clock for a site, from its opening; `individual`: from each candidate's start.
    #[serde(default = "common")]
    pub start_mode: String,
    /// Seconds left for an answer made in time to arrive.
    #[serde(default = "ten")]
    pub grace_seconds: u32,
    /// Shown in the waiting room, Markdown.
    #[serde(default)]
    pub instructions: String,
    /// Name of the marking scheme.
    #[serde(default = "edn")]
    pub scheme: String,
    /// `knowledge` or `knowledge-and-format`.
    #[serde(default = "knowledge")]
    pub rank_a_filter: String,
    /// Pass mark on rank A questions, on 20.
    #[serde(default = "fourteen")]
    pub rank_a_threshold: String,
    /// Pass mark on the whole paper, on 20; empty for none.
    #[serde(default)]
    pub pass_threshold: String,
    /// Parts of a progressive case, beyond the one under way, that a candidate may open without a network: `none`, a
    /// number from 1 to 20, or `all`.
    #[serde(default = "one")]
    pub offline_parts: String,
}

fn common() -> String {
    "common".into()
}
fn ten() -> u32 {
    10
}
fn edn() -> String {
    "edn".into()
}
fn knowledge() -> String {
    "knowledge".into()
}
fn one() -> String {
    "1".into()
}
fn fourteen() -> String {
    "14".into()
}

impl Settings {
    /// Settings as they are.
    pub fn of(exam: &Exam, paper: &Paper) -> Self {
        Self {
            title: exam.title.clone(),
            start_mode: exam.start_mode.clone(),
            grace_seconds: (exam.grace_ms / 1000) as u32,
            instructions: exam.instructions.clone(),
            scheme: paper.scheme.clone(),
            rank_a_filter: match paper.rules.rank_a_filter {
                RankAFilter::Knowledge => "knowledge".into(),
                RankAFilter::KnowledgeAndFormat => "knowledge-and-format".into(),
            },
            rank_a_threshold: paper.rules.rank_a_threshold.french(2),
            pass_threshold: paper.rules.pass_threshold.map(|t| t.french(2)).unwrap_or_default(),
            offline_parts: match exam.offline_parts {
                0 => "none".into(),
                -1 => "all".into(),
                parts => parts.to_string(),
            },
        }
    }

    /// The offline allowance as it is stored.
    fn offline(&self) -> Option<i64> {
        match self.offline_parts.trim() {
            "none" => Some(0),
            "all" => Some(-1),
            parts => parts.parse().ok().filter(|n| (1..=20).contains(n)),
        }
    }

    /// Checks them; every fault is listed. `own` are the schemes of the exam itself.
    fn rules(&self, own: &BTreeMap<String, MarkingScheme>) -> ApiResult<MarkRules> {
        let mut wrong = Vec::new();
        let mut fault = |place: &str, message: &str| {
            wrong.push(Wrong { place: place.into(), message: message.into() });
        };
        if !is_title(&self.title) {
            fault("titre", "Donnez un titre de 1 à 200 caractères, sur une ligne.");
        }
        if self.instructions.chars().count() > MAX_INSTRUCTIONS {
            fault("consignes", &format!("{MAX_INSTRUCTIONS} caractères au plus."));
        }
        if !matches!(self.start_mode.as_str(), "common" | "individual") {
            fault("départ", "Choisissez un départ commun ou individuel.");
        }
        if self.offline().is_none() {
            fault("avance hors ligne", "Choisissez aucune étape, un nombre d’étapes de 1 à 20, ou toutes.");
        }
        if self.grace_seconds > 600 {
            fault("délai de grâce", "600 secondes au plus.");
        }
        if MarkingScheme::preset(&self.scheme).is_none() && !own.contains_key(&self.scheme) {
            fault("barème", &format!("Le barème « {} » n’existe pas.", self.scheme));
        }
        let rank_a_filter = match self.rank_a_filter.as_str() {
            "knowledge-and-format" => RankAFilter::KnowledgeAndFormat,
            "knowledge" => RankAFilter::Knowledge,
            _ => {
                fault("filtre de rang A", "Valeur inconnue.");
                RankAFilter::Knowledge
            }
        };
        let mut threshold = |place: &str, text: &str| match text.parse::<Exact>() {
            Ok(value) if (Exact::ZERO..=Exact::int(20)).contains(&value) => Some(value),
            Ok(_) => {
                fault(place, "Le seuil est entre 0 et 20.");
                None
            }
            Err(error) => {
                fault(place, &error.to_string());
                None
            }
        };
        let rank_a_threshold = threshold("seuil de rang A", &self.rank_a_threshold);
        let pass_threshold =
            if self.pass_threshold.trim().is_empty() { None } else { threshold("seuil global", &self.pass_threshold) };
        if wrong.is_empty() {
            let rank_a_threshold = rank_a_threshold.unwrap_or(Exact::int(14));
            Ok(MarkRules { rank_a_filter, rank_a_threshold, pass_threshold })
        } else {
            Err(ApiError::Invalid { title: "Réglages à corriger".into(), wrong })
        }
    }
}

/// Longest instructions, in characters.
const MAX_INSTRUCTIONS: usize = 20_000;

/// A title fits on one line.
fn is_title(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= 200 && !text.chars().any(char::is_control)
}

/// What to change of the settings; what is absent stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingsPatch {
    /// Shown to all.
    pub title: Option<String>,
    /// `common` or `individual`.
    pub start_mode: Option<String>,
    /// Seconds.
    pub grace_seconds: Option<u32>,
    /// Markdown.
    pub instructions: Option<String>,
    /// Name of a marking scheme.
    pub scheme: Option<String>,
    /// `knowledge` or `knowledge-and-format`.
    pub rank_a_filter: Option<String>,
    /// On 20.
    pub rank_a_threshold: Option<String>,
    /// On 20; empty for none.
    pub pass_threshold: Option<String>,
    /// `none`, a number from 1 to 20, or `all`.
    pub offline_parts: Option<String>,
}

impl SettingsPatch {
    fn over(self, now: Settings) -> Settings {
        Settings {
            title: self.title.unwrap_or(now.title),
            start_mode: self.start_mode.unwrap_or(now.start_mode),
            grace_seconds: self.grace_seconds.unwrap_or(now.grace_seconds),
            instructions: self.instructions.unwrap_or(now.instructions),
            scheme: self.scheme.unwrap_or(now.scheme),
            rank_a_filter: self.rank_a_filter.unwrap_or(now.rank_a_filter),
            rank_a_threshold: self.rank_a_threshold.unwrap_or(now.rank_a_threshold),
            pass_threshold: self.pass_threshold.unwrap_or(now.pass_threshold),
            offline_parts: self.offline_parts.unwrap_or(now.offline_parts),
        }
    }
}

/// Creates an exam with an empty draft paper and one site. Returns its id.
pub async fn create(app: &App, actor: &Actor, settings: &Settings) -> ApiResult<String> {
    let rules = settings.rules(&BTreeMap::new())?;
    let now_ms = ambient::now_ms();
    let id = ambient::fresh_id(now_ms);
    let exam = Exam {
        id: id.clone(),
        title: settings.title.trim().to_owned(),
        state: "draft".into(),
        start_mode: settings.start_mode.clone(),
        grace_ms: i64::from(settings.grace_seconds) * 1000,
        instructions: settings.instructions.clone(),
        paper_hash: None,
        frozen_ms: None,
        published_ms: None,
        published_version: None,
        created_ms: now_ms,
        created_by: actor.id.to_string(),
        offline_parts: settings.offline().unwrap_or(1),
    };
    let paper = Paper {
        title: exam.title.clone(),
        scheme: settings.scheme.clone(),
        schemes: Default::default(),
        rules,
        sections: vec![],
    };
    let site = Site { id: ambient::fresh_id(now_ms), name: FIRST_SITE.into() };
    let made = event(actor, &id, "create", format!("Examen créé : {}", exam.title));
    app.store.add_exam(&exam, &to_json(&paper)?, &[site], &made).await?;
    Ok(id)
}

/// Changes the settings of a draft, whole or not at all.
pub async fn set_settings(app: &App, exam_id: &str, settings: &Settings) -> ApiResult<()> {
    let current = exam(app, exam_id).await?;
    let before = app.store.paper(exam_id).await?.ok_or(ApiError::NotFound)?;
    let mut paper: Paper = serde_json::from_str(&before).map_err(|e| ApiError::Internal(e.into()))?;
    paper.rules = settings.rules(&paper.schemes)?;
    if current.state != "draft" {
        return Err(ApiError::Conflict("Le sujet est figé : ses réglages ne changent plus.".into()));
    }
    paper.title = settings.title.trim().to_owned();
    paper.scheme = settings.scheme.clone();
    let changed = Exam {
        title: paper.title.clone(),
        start_mode: settings.start_mode.clone(),
        grace_ms: i64::from(settings.grace_seconds) * 1000,
        instructions: settings.instructions.clone(),
        offline_parts: settings.offline().unwrap_or(1),
        ..current
    };
    app.store.set_settings(&changed, &before, &to_json(&paper)?).await?;
    Ok(())
}

/// Changes some settings of a draft and leaves the others.
pub async fn patch_settings(app: &App, exam_id: &str, patch: SettingsPatch) -> ApiResult<()> {
    let now = Settings::of(&exam(app, exam_id).await?, &paper(app, exam_id).await?);
    set_settings(app, exam_id, &patch.over(now)).await
}

/// An exam, or "not found".
pub async fn exam(app: &App, exam_id: &str) -> ApiResult<Exam> {
    app.store.exam(exam_id).await?.ok_or(ApiError::NotFound)
}

/// The paper of an exam, draft or frozen.
pub async fn paper(app: &App, exam_id: &str) -> ApiResult<Paper> {
    let text = app.store.paper(exam_id).await?.ok_or(ApiError::NotFound)?;
    serde_json::from_str(&text).map_err(|e| ApiError::Internal(e.into()))
}

pub(crate) fn to_json(paper: &Paper) -> ApiResult<String> {
    serde_json::to_string(paper).map_err(|e| ApiError::Internal(e.into()))
}

/// Changes a draft paper, whole or not at all.
pub(crate) async fn edit(app: &App, exam_id: &str, change: impl FnOnce(&mut Paper) -> ApiResult<()>) -> ApiResult<()> {
    if exam(app, exam_id).await?.state != "draft" {
        return Err(ApiError::Conflict("Le sujet est figé : il ne peut plus changer.".into()));
    }
    let before = app.store.paper(exam_id).await?.ok_or(ApiError::NotFound)?;
    let mut paper: Paper = serde_json::from_str(&before).map_err(|e| ApiError::Internal(e.into()))?;
    change(&mut paper)?;
    app.store.set_draft(exam_id, &before, &to_json(&paper)?).await?;
    Ok(())
}

/// The questions of an element, to be changed.
pub(crate) fn questions_mut(element: &mut Element) -> Vec<&mut Question> {
    match element {
        Element::Question(q) => vec![q],
        Element::Case(c) => c.parts.iter_mut().map(|p| &mut p.question).collect(),
    }
}

/// Replaces a draft paper by one made elsewhere. Its faults are told at freezing, except those that make
/// it unreadable.
pub async fn set_paper(app: &App, exam_id: &str, new: Paper) -> ApiResult<Vec<Wrong>> {
    let minutes = new.sections.iter().map(|s| s.duration_minutes).max().unwrap_or(0);
    if minutes > 1440 {
        return Err(ApiError::wrong("durée", "La durée d’une épreuve est de 1 à 1440 minutes."));
    }
    let faults = faults(app, &new).await?;
    edit(app, exam_id, |paper| {
        *paper = new;
        Ok(())
    })
    .await?;
    Ok(faults.into_iter().map(Wrong::from).collect())
}

/// Puts a section elsewhere in the paper, from 0.
pub async fn place_section(app: &App, exam_id: &str, section: &str, position: usize) -> ApiResult<()> {
    edit(app, exam_id, |paper| {
        let at = paper.sections.iter().position(|s| s.id.as_str() == section).ok_or(ApiError::NotFound)?;
        let moved = paper.sections.remove(at);
        paper.sections.insert(position.min(paper.sections.len()), moved);
        Ok(())
    })
    .await
}

/// A section as a form sends it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SectionForm {
    /// Shown to candidates.
    pub title: String,
    /// Minutes.
    pub duration_minutes: u32,
    /// Weight of each of its questions.
    #[serde(default)]
    pub weight: String,
    /// Scheme of its own, or empty.
    #[serde(default)]
    pub scheme: String,
    /// An order of propositions drawn for each candidate?
    #[serde(default)]
    pub shuffle: bool,
}

impl SectionForm {
    fn weight(&self) -> ApiResult<Exact> {
        if self.weight.trim().is_empty() {
            return Ok(Exact::ONE);
        }
        self.weight.parse().map_err(|e: docimo_engine::exact::NotANumber| ApiError::wrong("coefficient", e.to_string()))
    }

    /// Every fault of it, for a paper that has these schemes of its own.
    fn checked(&self, own: &BTreeMap<String, MarkingScheme>) -> ApiResult<()> {
        let mut wrong = Vec::new();
        let mut fault = |place: &str, message: String| wrong.push(Wrong { place: place.into(), message });
        if !is_title(&self.title) {
            fault("titre", "Donnez à l’épreuve un titre de 1 à 200 caractères, sur une ligne.".into());
        }
        if !(1..=1440).contains(&self.duration_minutes) {
            fault("durée", "La durée est de 1 à 1440 minutes.".into());
        }
        if !self.scheme.is_empty() && MarkingScheme::preset(&self.scheme).is_none() && !own.contains_key(&self.scheme) {
            fault("barème", format!("Le barème « {} » n’existe pas.", self.scheme));
        }
        match self.weight() {
            Ok(weight) if weight <= Exact::ZERO || weight > Exact::int(1000) => {
                fault("coefficient", "Le coefficient est positif, et 1000 au plus.".into());
            }
            Err(ApiError::Invalid { wrong: found, .. }) => {
                found.into_iter().for_each(|w| fault("coefficient", w.message))
            }
            _ => {}
        }
        if wrong.is_empty() { Ok(()) } else { Err(ApiError::Invalid { title: "Épreuve à corriger".into(), wrong }) }
    }

    fn fill(&self, section: &mut Section) -> ApiResult<()> {
        section.title = self.title.trim().to_owned();
        section.duration_minutes = self.duration_minutes;
        section.weight = self.weight()?;
        section.scheme = (!self.scheme.is_empty()).then(|| self.scheme.clone());
        section.shuffle_propositions = self.shuffle;
        Ok(())
    }
}

/// Puts a new section at the end of a paper; its id.
pub(crate) fn push_section(paper: &mut Paper, form: &SectionForm) -> ApiResult<String> {
    form.checked(&paper.schemes)?;
    let number = (1..).find(|n| paper.section(&format!("s{n}")).is_none()).unwrap_or(1);
    let id = format!("s{number}");
    let mut section = Section {
        id: SectionId::new(&id),
        title: String::new(),
        duration_minutes: 1,
        weight: Exact::ONE,
        scheme: None,
        shuffle_propositions: false,
        elements: vec![],
    };
    form.fill(&mut section)?;
    paper.sections.push(section);
    Ok(id)
}

/// Adds a section at the end; its id.
pub async fn add_section(app: &App, exam_id: &str, form: &SectionForm) -> ApiResult<String> {
    let mut id = String::new();
    edit(app, exam_id, |paper| {
        id = push_section(paper, form)?;
        Ok(())
    })
    .await?;
    Ok(id)
}

fn section_mut<'p>(paper: &'p mut Paper, id: &str) -> ApiResult<&'p mut Section> {
    paper.sections.iter_mut().find(|s| s.id.as_str() == id).ok_or(ApiError::NotFound)
}

/// Changes a section.
pub async fn set_section(app: &App, exam_id: &str, section: &str, form: &SectionForm) -> ApiResult<()> {
    edit(app, exam_id, |paper| {
        form.checked(&paper.schemes)?;
        form.fill(section_mut(paper, section)?)
    })
    .await
}

/// Removes a section with what it holds.
pub async fn remove_section(app: &App, exam_id: &str, section: &str) -> ApiResult<()> {
    edit(app, exam_id, |paper| {
        section_mut(paper, section)?;
        paper.sections.retain(|s| s.id.as_str() != section);
        Ok(())
    })
    .await
}

/// The wordings of entries that a paper takes, in the order given: the validated one, even where a newer one waits for
/// its review.
pub(crate) async fn wordings(app: &App, entry_ids: &[String]) -> ApiResult<Vec<Element>> {
    let mut elements = Vec::with_capacity(entry_ids.len());
    for id in entry_ids {
        let unknown = || ApiError::wrong("questions", format!("l’entrée « {id} » n’est pas dans la banque"));
        let line = app.store.entry(id).await?.ok_or_else(unknown)?;
        if line.status == "retired" {
            return Err(ApiError::Conflict(format!("« {} » est retirée de la banque.", line.external_id)));
        }
        let number = line.usable.unwrap_or(line.latest);
        let revision = app.store.revision(id, number).await?.ok_or_else(unknown)?;
        let element = serde_json::from_str(&revision.body).map_err(|e| ApiError::Internal(e.into()))?;
        keyed::check(&element, &format!("« {} » ne peut pas encore entrer dans un sujet", line.external_id))?;
        elements.push(element);
    }
    Ok(elements)
}

/// Adds entries of the bank to a section, in the order given. An entry already in the paper is refused.
pub async fn add_entries(app: &App, exam_id: &str, section: &str, entry_ids: &[String]) -> ApiResult<usize> {
    let mut elements = wordings(app, entry_ids).await?;
    let added = elements.len();
    edit(app, exam_id, |paper| {
        let mut taken: HashSet<String> =
            paper.sections.iter().flat_map(|s| &s.elements).map(|e| e.id().to_owned()).collect();
        if let Some(again) = elements.iter().find(|e| !taken.insert(e.id().to_owned())) {
            return Err(ApiError::Conflict(format!("« {} » est déjà dans le sujet.", again.id())));
        }
        section_mut(paper, section)?.elements.append(&mut elements);
        Ok(())
    })
    .await?;
    Ok(added)
}

/// Moves or removes an element of a section: `up`, `down` or `remove`.
pub async fn move_element(app: &App, exam_id: &str, section: &str, element: &str, what: &str) -> ApiResult<()> {
    edit(app, exam_id, |paper| {
        let elements = &mut section_mut(paper, section)?.elements;
        let at = elements.iter().position(|e| e.id() == element).ok_or(ApiError::NotFound)?;
        match what {
            "up" if at > 0 => elements.swap(at, at - 1),
            "down" if at + 1 < elements.len() => elements.swap(at, at + 1),
            "remove" => drop(elements.remove(at)),
            "up" | "down" => {}
            _ => return Err(ApiError::bad("Action inconnue.")),
        }
        Ok(())
    })
    .await
}

/// Faults of the paper as it stands, engine's and ours: an image that is not in the bank.
pub async fn faults(app: &App, paper: &Paper) -> ApiResult<Vec<Fault>> {
    let mut faults = check::paper(paper);
    let openings = paper.sections.iter().flat_map(|section| &section.elements).filter_map(|element| match element {
        Element::Case(case) => Some((format!("{} {}, texte d’ouverture", case.kind, case.id), case.image.as_ref()?)),
        Element::Question(_) => None,
    });
    let asked = paper
        .questions()
        .filter_map(|placed| Some((format!("question {}", placed.question.id), placed.question.image.as_ref()?)));
    for (place, image) in openings.chain(asked) {
        if !app.store.media_head(&image.file).await?.is_some_and(|head| head.mime.starts_with("image/")) {
            faults.push(Fault {
                severity: check::Severity::Error,
                place,
                message: format!("l’image « {} » n’est pas dans la banque", image.file),
                awaits_key: false,
            });
        }
    }
    for element in paper.sections.iter().flat_map(|section| &section.elements) {
        let pdf = element.pdf().map(|pdf| ("le PDF", &pdf.file, "application/pdf"));
        let videos = element.videos().map(|video| ("la vidéo", &video.file, "video/"));
        for (what, file, kind) in pdf.into_iter().chain(videos) {
            if !app.store.media_head(file).await?.is_some_and(|head| head.mime.starts_with(kind)) {
                faults.push(Fault {
                    severity: check::Severity::Error,
                    place: element.id().to_owned(),
                    message: format!("{what} « {file} » n’est pas dans la banque"),
                    awaits_key: false,
                });
            }
        }
    }
    Ok(faults)
}

/// What a paper holds, as the bank names it.
pub fn elements(paper: &Paper) -> Vec<FrozenElement> {
    let all = paper.sections.iter().flat_map(|section| &section.elements);
    all.map(|e| FrozenElement { external_id: e.id().to_owned(), hash: content_hash(e) }).collect()
}

/// How often a freezing starts again because another paper was frozen while this one was compared.
const FREEZINGS: usize = 3;

/// Freezes the paper: from here on it cannot change. Refused while a hazard has nobody to answer for it; the paper, and
/// the papers it was compared with, are the same when it is written, or nothing is.
pub async fn freeze(app: &App, actor: &Actor, exam_id: &str) -> ApiResult<()> {
    if exam(app, exam_id).await?.state != "draft" {
        return Err(ApiError::Conflict("Le sujet est déjà figé.".into()));
    }
    let before = app.store.paper(exam_id).await?.ok_or(ApiError::NotFound)?;
    let paper: Paper = serde_json::from_str(&before).map_err(|e| ApiError::Internal(e.into()))?;
    let faults = faults(app, &paper).await?;
    if check::refused(&faults) {
        let wrong = faults.into_iter().filter(|f| f.severity == check::Severity::Error).map(Wrong::from).collect();
        return Err(ApiError::Invalid { title: "Le sujet ne peut pas être figé".into(), wrong });
    }
    let frozen = to_json(&paper)?;
    let hash = ambient::hex(&Sha256::digest(frozen.as_bytes()));
    let held = elements(&paper);
    let mut again = FREEZINGS;
    loop {
        again -= 1;
        let compared = hazards::cleared(app, exam_id, &paper).await?;
        let done = event(actor, exam_id, "freeze", format!("Sujet figé, empreinte {}", &hash[..16]));
        match app.store.freeze(exam_id, &before, compared, &frozen, &hash, &held, &done).await {
            Err(StoreError::Conflict) if again > 0 => {}
            Err(other) => return Err(other.into()),
            Ok(()) => break,
        }
    }
    // Frozen is frozen. What is not sealed now, for a fault that passes, is when a candidate first asks.
    if let Err(cause) = super::sealed::seal_exam(app, exam_id).await {
        tracing::error!(exam_id, %cause, "a frozen paper is not sealed yet");
    }
    Ok(())
}
