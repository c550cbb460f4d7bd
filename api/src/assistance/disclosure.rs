//! What students are told of questions that a machine wrote. Staff are told everywhere, and that is not chosen.

use crate::app::App;
use crate::auth::Actor;
use crate::bank::event;
use crate::error::{ApiError, ApiResult};
use docimo_store::Store;
use std::collections::HashSet;

/// Name of the setting.
const SETTING: &str = "ai_disclosure";

/// What is said of such a question, wherever it is.
pub const MARK: &str = "rédigée avec une IA, validée par une personne";

/// Where students read it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Disclosure {
    /// On their correction.
    #[default]
    Correction,
    /// During the exam as well.
    Exam,
    /// Nowhere: staff alone know.
    Staff,
}

impl Disclosure {
    /// Every choice.
    pub const ALL: [Self; 3] = [Self::Correction, Self::Exam, Self::Staff];

    /// The word kept.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Correction => "correction",
            Self::Exam => "exam",
            Self::Staff => "staff",
        }
    }

    /// In French.
    #[must_use]
    pub const fn french(self) -> &'static str {
        match self {
            Self::Correction => "sur la correction",
            Self::Exam => "pendant l’épreuve et sur la correction",
            Self::Staff => "nulle part : l’équipe seule le sait",
        }
    }

    /// From its word.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|d| d.code() == code)
    }
}

/// What the establishment chose.
pub async fn chosen(store: &Store) -> ApiResult<Disclosure> {
    let kept = store.bank_setting(SETTING).await?;
    Ok(kept.and_then(|(code, _)| Disclosure::from_code(&code)).unwrap_or_default())
}

/// Records what the establishment chooses. Papers frozen from then on follow it; corrections at once.
pub async fn choose(app: &App, actor: &Actor, code: &str) -> ApiResult<Disclosure> {
    let choice =
        Disclosure::from_code(code).ok_or_else(|| ApiError::wrong("mention", "Choisissez où la mention paraît."))?;
    let act = event(actor, "ai_disclosure", format!("Mention « {MARK} » : {}.", choice.french()));
    app.store.set_bank_setting(SETTING, choice.code(), &act).await?;
    Ok(choice)
}

/// Elements of a frozen paper that a machine wrote, by their ids.
pub async fn born_in(app: &App, exam_id: &str) -> ApiResult<HashSet<String>> {
    Ok(app.store.ai_born_in(exam_id).await?.into_iter().collect())
}

/// Questions of a frozen paper that a machine wrote, those of its cases included, by their ids.
pub async fn questions_born_in(app: &App, exam_id: &str) -> ApiResult<HashSet<String>> {
    let born = born_in(app, exam_id).await?;
    if born.is_empty() {
        return Ok(born);
    }
    let paper = app.frozen_paper(exam_id).await?;
    let elements = paper.sections.iter().flat_map(|s| &s.elements).filter(|e| born.contains(e.id()));
    Ok(elements.flat_map(|e| e.questions()).map(|q| q.id.to_string()).collect())
}

/// The same for what a candidate reads during the exam: nothing but where the establishment chose so.
pub async fn told_in_exam(app: &App, exam_id: &str) -> ApiResult<HashSet<String>> {
    match chosen(&app.store).await? {
        Disclosure::Exam => born_in(app, exam_id).await,
        Disclosure::Correction | Disclosure::Staff => Ok(HashSet::new()),
    }
}

/// The same for what a candidate reads on their correction: nothing where the establishment chose so.
pub async fn told_on_correction(app: &App, exam_id: &str) -> ApiResult<HashSet<String>> {
    match chosen(&app.store).await? {
        Disclosure::Staff => Ok(HashSet::new()),
        Disclosure::Correction | Disclosure::Exam => born_in(app, exam_id).await,
    }
}
