//! Comments fitted to what a student answered.
//!
//! Marked exams give patterns of wrong answers with how many students gave each ([`counts`]); what is worth writing
//! first is what most of them would read. A person writes a comment ([`write()`]), or asks a machine for a draft ([`ask`])
//! and decides on it ([`decide`]); from then on every student with that pattern reads it under their answer ([`shown`]).
//! Nothing is ever written for a student who waits.

pub mod ask;
pub mod counts;
pub mod decide;
pub mod passages;
pub mod shown;

use crate::ambient;
use crate::app::App;
use crate::auth::Actor;
use crate::bank::{event, reach};
use crate::error::{ApiError, ApiResult};
use crate::exam::marks;
use docimo_ai::comments::{Draft, MAX_TEXT, Place};
use docimo_ai::proposal::{Function, Proposal, Sha256Digest};
use docimo_bank::rights::Level;
use docimo_engine::QuestionId;
use docimo_engine::docimology::patterns::Pattern;
use docimo_engine::ledger::{Effective, Entry};
use docimo_engine::paper::Element;
use docimo_engine::question::{Body, Question};
use docimo_store::StoreError;
use docimo_store::ai::ProposalRow;
use docimo_store::ai::comments::{NewComment, Slot, SlotPlace, WantedSlots};
use docimo_store::bank::EntryLine;
use serde_json::json;

/// The function of this room.
pub const COMMENTS: Function = Function::CommentDrafting;

/// Exams counted for each question: the last ones that held it.
pub const RECENT_EXAMS: i64 = 5;
/// Students that an open answer needs before it is shown to staff or told to a model: a text that one person typed may
/// say who they are.
pub const LEAST_TEXT: i64 = 3;

/// The digest of what is asked and of its key. The order of propositions and the comments do not matter.
#[must_use]
pub fn wording(question: &Question) -> String {
    let mut propositions: Vec<_> =
        question.body.propositions().iter().map(|p| (p.id.as_str(), p.text.as_str(), p.status.is_true())).collect();
    propositions.sort_unstable();
    let key = match &question.body {
        Body::Qroc { exact, acceptable, .. } => {
            let mut lists = [exact.clone(), acceptable.clone()];
            lists.iter_mut().for_each(|list| list.sort());
            json!(lists)
        }
        _ => json!(propositions),
    };
    let image = question.image.as_ref().map(|i| i.file.as_str());
    short(&json!([question.kind().code(), question.stem, image, key]).to_string())
}

fn short(text: &str) -> String {
    Sha256Digest::of(text).to_string()[..32].to_owned()
}

/// A place with its digest.
#[must_use]
pub fn slot_place(place: &Place) -> SlotPlace {
    let Place { entry, question, wording, pattern } = place.clone();
    SlotPlace {
        slot: short(&json!([entry, question, wording, pattern]).to_string()),
        entry_id: entry,
        question_id: question,
        wording,
        pattern,
    }
}

/// A place of the store, as proposals say it.
pub(super) fn place_of(place: &SlotPlace) -> Place {
    Place {
        entry: place.entry_id.clone(),
        question: place.question_id.clone(),
        wording: place.wording.clone(),
        pattern: place.pattern.clone(),
    }
}

/// A pattern with its question, in reach of someone who may write its comment.
pub struct Subject {
    /// Which.
    pub place: SlotPlace,
    /// The entry.
    pub line: EntryLine,
    /// The question, in that wording.
    pub question: Question,
    /// What is wrong.
    pub pattern: Pattern,
    /// What was counted over the last exams; none where no exam tells.
    pub counted: Option<Slot>,
}

impl Subject {
    /// Of an open answer: as most wrote it.
    #[must_use]
    pub fn shown(&self) -> &str {
        self.counted.as_ref().map_or("", |c| &c.shown)
    }

    /// How many students gave it in the last exams.
    #[must_use]
    pub fn students(&self) -> i64 {
        self.counted.as_ref().map_or(0, |c| c.students)
    }
}

/// The question of a place: of the last exam that counted it, else of the bank; `None` where neither has that wording.
async fn question_of(app: &App, place: &SlotPlace) -> ApiResult<Option<Question>> {
    let id = QuestionId::new(place.question_id.clone());
    for used in app.store.slot_uses(&place.slot).await? {
        let entries: Vec<Entry> = marks::ledger(app, &used.exam_id).await?.into_iter().map(|l| l.entry).collect();
        let paper = app.frozen_paper(&used.exam_id).await?;
        let effective =
            Effective::replay(&paper.paper, &entries).map_err(|e| ApiError::Internal(anyhow::anyhow!("{e}")))?;
        if let Some(placed) = effective.paper.question(&id)
            && wording(placed.question) == place.wording
        {
            return Ok(Some(placed.question.clone()));
        }
    }
    let Some(latest) = app.store.latest_revision(&place.entry_id).await? else { return Ok(None) };
    let element: Element = serde_json::from_str(&latest.body).map_err(|e| ApiError::Internal(e.into()))?;
    Ok(element.questions().find(|q| q.id == id && wording(q) == place.wording).cloned())
}

/// The pattern of a digest, whoever asks: for the queue's work.
pub(super) async fn subject_of(app: &App, slot: &str) -> ApiResult<Subject> {
    let place = app.store.slot_place(slot).await?.ok_or(ApiError::NotFound)?;
    let line = app.store.entry(&place.entry_id).await?.ok_or(ApiError::NotFound)?;
    let question = question_of(app, &place).await?.ok_or(ApiError::NotFound)?;
    let pattern = Pattern::from_key(&place.pattern).filter(|p| p.suits(&question)).ok_or(ApiError::NotFound)?;
    let folders = [line.folder_id.clone()];
    let wanted = WantedSlots {
        folders: &folders,
        slot: Some(slot),
        recent: RECENT_EXAMS,
        least_text: LEAST_TEXT,
        limit: 1,
        ..WantedSlots::default()
    };
    let counted = app.store.pattern_slots(&wanted).await?.into_iter().next();
    if counted.is_none() && matches!(pattern, Pattern::Text { .. }) {
        // Typed by too few to be shown to anyone.
        return Err(ApiError::NotFound);
    }
    Ok(Subject { place, line, question, pattern, counted })
}

/// The pattern of a digest, for who may validate its question; as if absent otherwise.
pub async fn subject(app: &App, actor: &Actor, slot: &str) -> ApiResult<Subject> {
    let place = app.store.slot_place(slot).await?.ok_or(ApiError::NotFound)?;
    reach::entry(app, actor, &place.entry_id, Level::Review).await?;
    subject_of(app, slot).await
}

/// A comment as it may be kept.
fn checked(text: &str) -> ApiResult<String> {
    let text = text.replace("\r\n", "\n").replace('\0', "").trim().to_owned();
    if text.is_empty() {
        return Err(ApiError::wrong("commentaire", "Écrivez le commentaire que l’étudiant lira."));
    }
    let length = text.chars().count();
    if length > MAX_TEXT {
        return Err(ApiError::wrong("commentaire", format!("Commentaire : {length} caractères, {MAX_TEXT} au plus.")));
    }
    Ok(text)
}

/// Writes the comment of a pattern, or a new version of it, without any machine. `over` is the version that was read.
pub async fn write(app: &App, actor: &Actor, slot: &str, text: &str, over: i64) -> ApiResult<i64> {
    let subject = subject(app, actor, slot).await?;
    let body = checked(text)?;
    let id = ambient::fresh_id(ambient::now_ms());
    let comment = NewComment { id: &id, place: &subject.place, body: &body };
    let detail = format!("Commentaire d’erreur écrit : {} ({}).", subject.line.external_id, subject.place.pattern);
    let act = event(actor, "pattern_comment", detail);
    app.store.write_comment(&comment, over, &act).await.map_err(|error| match error {
        StoreError::Conflict | StoreError::Duplicate => ApiError::Conflict(
            "Quelqu’un a écrit une autre version pendant ce temps : rechargez la page avant d’écrire la vôtre.".into(),
        ),
        other => other.into(),
    })
}

/// Shows a comment to nobody any more.
pub async fn withdraw(app: &App, actor: &Actor, slot: &str) -> ApiResult<()> {
    let place = app.store.slot_place(slot).await?.ok_or(ApiError::NotFound)?;
    let (line, _) = reach::entry(app, actor, &place.entry_id, Level::Review).await?;
    let detail = format!("Commentaire d’erreur retiré : {} ({}).", line.external_id, place.pattern);
    if app.store.withdraw_comment(slot, &event(actor, "pattern_comment", detail)).await? {
        Ok(())
    } else {
        Err(ApiError::Conflict("Ce commentaire n’est déjà plus montré.".into()))
    }
}

/// What a row holds.
pub fn read(row: &ProposalRow) -> ApiResult<Proposal<Draft>> {
    serde_json::from_str(&row.body).map_err(|e| ApiError::Internal(e.into()))
}

/// A draft in reach of someone who may decide on it, as if absent otherwise.
pub async fn proposal(app: &App, actor: &Actor, id: &str) -> ApiResult<(ProposalRow, Proposal<Draft>)> {
    let row = app.store.ai_proposal(id).await?.filter(|r| r.function == COMMENTS.code()).ok_or(ApiError::NotFound)?;
    let proposal = read(&row)?;
    // Where the question is now, not where it was asked from.
    reach::entry(app, actor, &proposal.content().place.entry, Level::Review).await?;
    Ok((row, proposal))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(value: serde_json::Value) -> Question {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_wording_is_what_is_asked_and_its_key() {
        let (a, b) =
            (json!({"id": "a", "text": "Un", "status": "vrai"}), json!({"id": "b", "text": "Deux", "status": "faux"}));
        let of = |list: &[&serde_json::Value], comment: &str| {
            wording(&question(json!({"id": "q", "kind": "QRM", "stem": "?", "comment": comment, "propositions": list})))
        };
        let first = of(&[&a, &b], "");
        assert_eq!(of(&[&b, &a], "Un commentaire."), first, "order and comments do not matter");
        let other = json!({"id": "b", "text": "Deux", "status": "vrai"});
        assert_ne!(of(&[&a, &other], ""), first, "the key does");
        let qroc = |exact: &[&str]| wording(&question(json!({"id": "q", "kind": "QROC", "stem": "?", "exact": exact})));
        assert_eq!(qroc(&["un", "deux"]), qroc(&["deux", "un"]));
        assert_ne!(qroc(&["un"]), qroc(&["un", "deux"]));
    }

    #[test]
    fn a_place_has_one_digest() {
        let place = Place { entry: "e".into(), question: "q".into(), wording: "w".into(), pattern: "text:x".into() };
        let slot = slot_place(&place);
        assert_eq!((slot.slot.len(), place_of(&slot)), (32, place.clone()));
        assert_ne!(slot_place(&Place { entry: "e\",\"q".into(), question: String::new(), ..place }).slot, slot.slot);
    }
}
