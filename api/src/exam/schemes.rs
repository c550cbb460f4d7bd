//! Marking schemes of an exam: the built-in ones, and those a committee varies for it.

use super::draft::{edit, paper};
use crate::app::App;
use crate::error::{ApiError, ApiResult, Wrong};
use docimo_engine::check;
use docimo_engine::paper::{Element, Paper};
use docimo_engine::question::Rank;
use docimo_engine::scheme::MarkingScheme;
use docimo_engine::{Exact, QuestionId};

/// Where a scheme is used in a paper, in French: the exam, a section, a question.
pub fn uses(paper: &Paper, name: &str) -> Vec<String> {
    let mut places = Vec::new();
    if paper.scheme == name {
        places.push("l’examen".to_owned());
    }
    let own = |scheme: &Option<String>| scheme.as_deref() == Some(name);
    places.extend(paper.sections.iter().filter(|s| own(&s.scheme)).map(|s| format!("l’épreuve « {} »", s.title)));
    let questions = paper.questions().filter(|p| own(&p.question.scheme));
    places.extend(questions.map(|p| format!("la question {}", p.number)));
    places
}

/// Every scheme that a paper may name: its own first, then the built-in ones.
pub fn known(paper: &Paper) -> Vec<MarkingScheme> {
    let built_in = MarkingScheme::PRESETS.into_iter().filter_map(MarkingScheme::preset);
    paper.schemes.values().cloned().chain(built_in.filter(|s| !paper.schemes.contains_key(&s.name))).collect()
}

/// A name that files and addresses can carry.
fn checked_name(name: &str) -> ApiResult<String> {
    let name = name.trim().to_lowercase();
    let sound = (1..=40).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !sound {
        return Err(ApiError::wrong("nom court", "De 1 à 40 lettres sans accent, chiffres ou traits d’union."));
    }
    Ok(name)
}

/// Copies a scheme under a new name, to be varied. Returns the name.
pub async fn derive(app: &App, exam_id: &str, base: &str, name: &str, title: &str) -> ApiResult<String> {
    let name = checked_name(name)?;
    if title.trim().is_empty() || title.chars().count() > 200 {
        return Err(ApiError::wrong("titre", "Donnez au barème un titre de 1 à 200 caractères."));
    }
    edit(app, exam_id, |paper| {
        if paper.scheme_named(&name).is_some() {
            let message = format!("Le nom « {name} » est déjà celui d’un barème.");
            return Err(ApiError::wrong("nom court", message));
        }
        let base = paper.scheme_named(base).ok_or(ApiError::NotFound)?;
        let source = format!("barème de cet examen, d’après « {} »", base.title);
        let own = MarkingScheme { name: name.clone(), title: title.trim().to_owned(), source, ..base };
        paper.schemes.insert(name.clone(), own);
        Ok(())
    })
    .await?;
    Ok(name)
}

/// Makes or replaces a scheme of this exam. Every fault is listed.
pub async fn put(app: &App, exam_id: &str, scheme: MarkingScheme) -> ApiResult<()> {
    let name = checked_name(&scheme.name)?;
    if MarkingScheme::preset(&name).is_some() {
        return Err(ApiError::wrong("nom court", format!("« {name} » est un barème intégré : donnez un autre nom.")));
    }
    let mut wrong: Vec<Wrong> = check::scheme(&scheme).into_iter().map(Wrong::from).collect();
    if scheme.title.trim().is_empty() || scheme.title.chars().count() > 200 {
        wrong.push(Wrong { place: "titre".into(), message: "de 1 à 200 caractères".into() });
    }
    if !wrong.is_empty() {
        return Err(ApiError::Invalid { title: "Barème à corriger".into(), wrong });
    }
    edit(app, exam_id, |paper| {
        paper.schemes.insert(name.clone(), MarkingScheme { name, ..scheme });
        Ok(())
    })
    .await
}

/// Removes a scheme of this exam, unless something uses it.
pub async fn remove(app: &App, exam_id: &str, name: &str) -> ApiResult<()> {
    edit(app, exam_id, |paper| {
        if !paper.schemes.contains_key(name) {
            return Err(ApiError::NotFound);
        }
        let places = uses(paper, name);
        if !places.is_empty() {
            return Err(ApiError::Conflict(format!("Ce barème sert encore : {}.", places.join(", "))));
        }
        paper.schemes.remove(name);
        Ok(())
    })
    .await
}

/// How one question counts.
#[derive(Clone, Debug)]
pub struct Counting {
    /// Which question.
    pub question: QuestionId,
    /// Its weight.
    pub weight: String,
    /// A scheme of its own, or empty.
    pub scheme: String,
    /// `A`, `B` or empty.
    pub rank: String,
}

/// Sets weight, rank and scheme of questions of a draft: all, or none with every fault.
pub async fn set_counting(app: &App, exam_id: &str, list: &[Counting]) -> ApiResult<()> {
    let draft = paper(app, exam_id).await?;
    let mut wrong = Vec::new();
    let mut read = Vec::with_capacity(list.len());
    for counting in list {
        let placed = draft.question(&counting.question).ok_or(ApiError::NotFound)?;
        let mut fault = |message: String| wrong.push(Wrong { place: format!("question {}", placed.number), message });
        let weight = counting.weight.parse::<Exact>().unwrap_or_else(|e| {
            fault(e.to_string());
            Exact::ONE
        });
        if weight <= Exact::ZERO || weight > Exact::int(1000) {
            fault("le poids est positif, et 1000 au plus".into());
        }
        let scheme = (!counting.scheme.is_empty()).then(|| counting.scheme.clone());
        if scheme.as_deref().is_some_and(|name| draft.scheme_named(name).is_none()) {
            fault(format!("le barème « {} » n’existe pas", counting.scheme));
        }
        let rank = match counting.rank.as_str() {
            "A" => Some(Rank::A),
            "B" => Some(Rank::B),
            "" => None,
            other => {
                fault(format!("le rang « {other} » n’existe pas"));
                None
            }
        };
        read.push((&counting.question, weight, scheme, rank));
    }
    if !wrong.is_empty() {
        return Err(ApiError::Invalid { title: "Poids et barèmes à corriger".into(), wrong });
    }
    edit(app, exam_id, |paper| {
        let questions = paper.sections.iter_mut().flat_map(|s| &mut s.elements).flat_map(|element| match element {
            Element::Question(question) => vec![question],
            Element::Case(case) => case.parts.iter_mut().map(|part| &mut part.question).collect(),
        });
        for question in questions {
            if let Some((_, weight, scheme, rank)) = read.iter().find(|(id, ..)| **id == question.id) {
                (question.weight, question.scheme, question.rank) = (*weight, scheme.clone(), *rank);
            }
        }
        Ok(())
    })
    .await
}
