//! What was assembled, or chosen by hand, goes into the draft by the draft's own door.

use crate::app::App;
use crate::auth::Actor;
use crate::bank::reach;
use crate::error::{ApiError, ApiResult};
use crate::exam::draft::{SectionForm, edit, push_section, wordings};
use docimo_engine::paper::Element;
use std::collections::{HashMap, HashSet};

/// Puts another entry in the place of an element, where it was.
pub async fn replace(
    app: &App,
    actor: &Actor,
    exam_id: &str,
    (section, element): (&str, &str),
    entry_id: &str,
) -> ApiResult<()> {
    let ids = [entry_id.to_owned()];
    reach::all_readable(app, actor, &ids).await?;
    let new = wordings(app, &ids).await?.pop().ok_or(ApiError::NotFound)?;
    edit(app, exam_id, |paper| {
        let taken = paper.sections.iter().flat_map(|s| &s.elements).any(|e| e.id() == new.id());
        if taken {
            return Err(ApiError::Conflict(format!("« {} » est déjà dans le sujet.", new.id())));
        }
        let held = paper.sections.iter_mut().find(|s| s.id.as_str() == section).ok_or(ApiError::NotFound)?;
        let place = held.elements.iter_mut().find(|e| e.id() == element).ok_or(ApiError::NotFound)?;
        *place = new;
        Ok(())
    })
    .await
}

/// Where a form goes.
#[derive(Clone, Copy, Debug)]
pub enum Place<'a> {
    /// A section of the draft.
    Known(&'a str),
    /// A section to be made with it.
    New(&'a SectionForm),
}

/// What becomes of what a section holds when a form is put in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rest {
    /// It stays, the form comes after.
    Stays,
    /// It goes, unless the form has it too.
    Goes,
}

/// What a form holds.
#[derive(Clone, Debug)]
pub struct Held {
    /// The name on papers, and the entry's id unless only the draft has it.
    pub named: Vec<(String, Option<String>)>,
    /// The form was made to complete the draft: what the draft has already, wherever it is, stays where it is.
    pub completes: bool,
}

/// Puts a form in a section. What the section holds already under one of its names stays as the committee made it.
/// Returns how many elements came.
pub async fn put(
    app: &App,
    actor: &Actor,
    exam_id: &str,
    place: Place<'_>,
    form: &Held,
    rest: Rest,
) -> ApiResult<usize> {
    let ids: Vec<String> = form.named.iter().filter_map(|(_, id)| id.clone()).collect();
    reach::all_readable(app, actor, &ids).await?;
    let new: HashMap<String, Element> =
        wordings(app, &ids).await?.into_iter().map(|element| (element.id().to_owned(), element)).collect();
    let mut came = 0;
    edit(app, exam_id, |paper| {
        let section = match place {
            Place::Known(section) => section.to_owned(),
            Place::New(form) => push_section(paper, form)?,
        };
        let at = paper.sections.iter().position(|s| s.id.as_str() == section).ok_or(ApiError::NotFound)?;
        let names: HashSet<&str> = form.named.iter().map(|(name, _)| name.as_str()).collect();
        let others = paper.sections.iter().enumerate().filter(|(i, _)| *i != at).flat_map(|(_, s)| &s.elements);
        let elsewhere: HashSet<String> =
            others.map(|e| e.id().to_owned()).filter(|id| names.contains(id.as_str())).collect();
        if !form.completes
            && let Some(twice) = elsewhere.iter().min()
        {
            return Err(ApiError::Conflict(format!("« {twice} » est déjà dans une autre épreuve du sujet.")));
        }
        let held = &mut paper.sections[at].elements;
        if rest == Rest::Goes {
            held.retain(|e| names.contains(e.id()));
        }
        for (name, _) in &form.named {
            if !elsewhere.contains(name) && !held.iter().any(|e| e.id() == name) {
                held.push(new.get(name).cloned().ok_or(ApiError::NotFound)?);
                came += 1;
            }
        }
        Ok(())
    })
    .await?;
    Ok(came)
}
