//! Checking what was saved: a candidate's receipt against their journal, and every journal against itself.

use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult};
use crate::exam::supervision::reach;
use crate::web::filters::{date_time, thousands};
use docimo_engine::paper::Paper;
use docimo_store::Store;
use docimo_store::delivery::Attempt;
use docimo_store::receipts::{self, Breach, Verified};
use serde::Serialize;
use std::collections::HashSet;
use utoipa::ToSchema;

/// Every journal of an exam, checked.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ExamCheck {
    /// Sheets.
    pub sheets: usize,
    /// Acts in their journals.
    pub steps: i64,
    /// Of these, written before receipts were.
    pub without_receipt: i64,
    /// One hash over the last receipts of all sheets, 64 hexadecimal digits: it changes if any journal does.
    pub digest: String,
    /// Its first 80 bits, for people.
    pub digest_code: String,
    /// Journals that are not what their receipts say.
    pub breaches: Vec<BreachView>,
}

/// A journal that is not what its receipts say.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BreachView {
    /// Candidate number.
    pub number: String,
    /// Section.
    pub section: String,
    /// Sheet.
    pub attempt: String,
    /// What was found, in French.
    pub what: String,
}

/// A receipt compared with a journal.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CodeCheck {
    /// Is this code that of an act of one of the candidate's journals, and are the journals whole?
    pub conform: bool,
    /// What was found, in French.
    pub what: String,
    /// Section where the code is.
    pub section: Option<String>,
    /// Which act, from 1.
    pub position: Option<i64>,
    /// Acts in that journal.
    pub steps: Option<i64>,
}

/// What is wrong with a journal, for people.
pub fn french(breach: &Breach) -> String {
    match breach {
        Breach::Place { position } => format!("il manque l’acte n°\u{a0}{position}, ou il y est deux fois"),
        Breach::Altered { position } => {
            format!("l’acte n°\u{a0}{position} n’est plus celui dont le reçu a été donné")
        }
        Breach::Head => "le dernier reçu de la copie n’est pas celui de son dernier acte\u{a0}: des actes ont été \
                         retirés ou ajoutés"
            .into(),
    }
}

/// Every journal of an exam checked, for someone who may be limited to some sites: what is wrong elsewhere is not told.
pub async fn check_exam_for(app: &App, actor: &Actor, exam_id: &str) -> ApiResult<ExamCheck> {
    let mut check = check_exam(&app.store, exam_id, &|_, _| ()).await?;
    if reach(app, actor, exam_id).await?.sites.is_some() {
        let seen = super::candidates::list(app, actor, exam_id).await?;
        let seen: HashSet<&str> = seen.iter().map(|c| c.number.as_str()).collect();
        check.breaches.retain(|b| seen.contains(b.number.as_str()));
    }
    Ok(check)
}

/// A code compared, for someone who may be limited to some sites: candidates elsewhere are as if absent.
pub async fn check_code_for(
    app: &App,
    actor: &Actor,
    exam_id: &str,
    number: &str,
    typed: &str,
) -> ApiResult<CodeCheck> {
    if !super::candidates::list(app, actor, exam_id).await?.iter().any(|c| c.number == number.trim()) {
        return Err(ApiError::wrong("numéro", UNKNOWN));
    }
    check_code(&app.store, exam_id, number, typed).await
}

const UNKNOWN: &str = "aucun candidat inscrit n’a ce numéro";

async fn paper(store: &Store, exam_id: &str) -> ApiResult<Paper> {
    let text = store.paper(exam_id).await?.ok_or(ApiError::NotFound)?;
    serde_json::from_str(&text).map_err(|e| ApiError::Internal(e.into()))
}

fn title(paper: &Paper, section: &str) -> String {
    paper.sections.iter().find(|s| s.id.as_str() == section).map_or_else(|| section.to_owned(), |s| s.title.clone())
}

async fn journal(store: &Store, attempt: &Attempt) -> ApiResult<Verified> {
    store.verify_journal(&attempt.id).await?.ok_or(ApiError::NotFound)
}

/// Checks every journal of an exam; `progress` is told how many are done, of how many.
pub async fn check_exam(
    store: &Store,
    exam_id: &str,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> ApiResult<ExamCheck> {
    let paper = paper(store, exam_id).await?;
    let attempts = store.attempts(exam_id).await?;
    let (sheets, digest) = store.exam_digest(exam_id).await?;
    let mut check = ExamCheck {
        sheets,
        steps: 0,
        without_receipt: 0,
        digest: digest.iter().map(|b| format!("{b:02x}")).collect(),
        digest_code: receipts::code(&digest),
        breaches: Vec::new(),
    };
    for (done, attempt) in attempts.iter().enumerate() {
        progress(done, attempts.len());
        let found = journal(store, attempt).await?;
        check.steps += found.steps;
        check.without_receipt += found.without;
        if let Some(breach) = &found.breach {
            check.breaches.push(BreachView {
                number: attempt.number.clone(),
                section: title(&paper, &attempt.section_id),
                attempt: attempt.id.clone(),
                what: french(breach),
            });
        }
    }
    progress(attempts.len(), attempts.len());
    Ok(check)
}

/// Compares the code that a candidate holds with their journals.
pub async fn check_code(store: &Store, exam_id: &str, number: &str, typed: &str) -> ApiResult<CodeCheck> {
    let code = receipts::read_code(typed).ok_or_else(|| {
        ApiError::wrong("reçu", "un reçu a seize lettres et chiffres, par exemple 7KQ3-M2A9-DX4T-0HZ8")
    })?;
    let number = number.trim();
    let candidate = store.candidates(exam_id).await?.into_iter().find(|c| c.number == number);
    let candidate = candidate.ok_or_else(|| ApiError::wrong("numéro", UNKNOWN))?;
    let paper = paper(store, exam_id).await?;
    let mut broken = None;
    for attempt in store.attempts_of(exam_id, &candidate.person_id).await? {
        let found = journal(store, &attempt).await?;
        let section = title(&paper, &attempt.section_id);
        if let Some(breach) = &found.breach {
            broken.get_or_insert_with(|| format!("{section}\u{a0}: {}", french(breach)));
        }
        let Some(position) = found.place_of(&code) else { continue };
        let after = found.steps - position;
        let at_ms = store.step_instant(exam_id, &attempt.id, position).await?;
        let when = at_ms.map_or_else(String::new, |ms| format!(", reçu par le serveur le {}", date_time(ms)));
        let then = match after {
            0 => "c’est le dernier de cette copie".into(),
            1 => "un acte l’a suivi".to_owned(),
            n => format!("{} actes l’ont suivi", thousands(usize::try_from(n).unwrap_or(0))),
        };
        let conform = found.breach.is_none();
        let what = match &found.breach {
            None => format!(
                "Conforme. Ce reçu est celui de l’acte n°\u{a0}{position} de l’épreuve «\u{a0}{section}\u{a0}»{when}\u{a0}; {then}. Le \
                 journal de la copie est celui que ses reçus décrivent."
            ),
            Some(breach) => format!(
                "Ce reçu est bien celui de l’acte n°\u{a0}{position} de l’épreuve «\u{a0}{section}\u{a0}»{when}, mais le journal de la \
                 copie a été modifié\u{a0}: {}.",
                french(breach)
            ),
        };
        return Ok(CodeCheck {
            conform,
            what,
            section: Some(section),
            position: Some(position),
            steps: Some(found.steps),
        });
    }
    let what = match broken {
        Some(broken) => format!(
            "Aucun acte de ce candidat n’a ce reçu, et le journal d’une copie a été modifié. {broken}. Gardez la base \
             telle qu’elle est et prévenez le responsable."
        ),
        None => "Aucun acte de ce candidat n’a ce reçu. Vérifiez le numéro et les seize caractères\u{a0}; s’ils sont exacts, \
                 la base n’est pas celle de l’examen ou a été reconstruite."
            .into(),
    };
    Ok(CodeCheck { conform: false, what, section: None, position: None, steps: None })
}
