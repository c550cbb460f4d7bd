//! What a named person decides on a proposal. Accepting writes a draft revision, which then goes the way of every other:
//! whoever accepted is its author.

use super::ask::{self, Asked};
use super::item_models::Drawing;
use super::proposal;
use crate::ambient;
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult, Wrong};
use crate::library::{Made, revision_of};
use docimo_ai::generation::Draft;
use docimo_ai::proposal::{Decision, Function, Outcome, ReviewerId, Verdict};
use docimo_engine::check::Severity;
use docimo_engine::paper::Element;
use docimo_engine::question::Body;
use docimo_store::StoreError;
use docimo_store::ai::{NewDecision, Turned};

/// Why a proposal is not taken: code, in French.
pub const REASONS: [(&str, &str); 8] = [
    ("fact", "Fait faux"),
    ("key", "Réponse attendue fausse ou discutable"),
    ("unsupported", "Sans appui dans les sources"),
    ("level", "Niveau ou rang inadapté"),
    ("writing", "Mal rédigée"),
    ("trivial", "Sans intérêt pédagogique"),
    ("duplicate", "Déjà dans la banque"),
    ("unsafe", "Contenu déplacé, ou consigne cachée suivie"),
];

/// A reason in French; the code where it is not one of ours.
#[must_use]
pub fn reason_french(code: &str) -> &str {
    REASONS.iter().find(|(c, _)| *c == code).map_or(code, |(_, french)| french)
}

/// What someone does with a proposal.
#[derive(Clone, Debug)]
pub enum Choice {
    /// Taken as it is.
    Accept,
    /// Taken as they rewrote it.
    Amend(Box<Draft>),
    /// Not taken: code of the reason.
    Refuse(String),
    /// Another attempt, with what they say of this one.
    Again,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decided {
    /// A draft of the bank: id of the entry.
    Entry(String),
    /// Nothing but the record.
    Refused,
    /// A request in the queue.
    Asked(String),
}

/// Words of a draft, to say how much of it stays.
fn words(draft: &Draft) -> String {
    let mut text = String::new();
    if let Element::Case(case) = &draft.element {
        text.push_str(&format!("{}\n{}\n", case.title, case.intro));
        case.parts.iter().for_each(|part| text.push_str(&format!("{}\n", part.text)));
    }
    for question in draft.element.questions() {
        text.push_str(&question.stem);
        for p in question.body.propositions() {
            text.push_str(&format!("\n{} {}\n{}", p.text, p.status.french(), p.comment));
        }
        match &question.body {
            Body::Qroc { exact, acceptable, .. } => {
                exact.iter().chain(acceptable).for_each(|answer| text.push_str(&format!("\n{answer}")));
            }
            Body::Tcs { hypothesis, finding, .. } => text.push_str(&format!("\n{hypothesis}\n{finding}")),
            _ => {}
        }
        text.push_str(&format!("\n{}\n", question.comment));
    }
    text
}

fn decided_already(error: StoreError) -> ApiError {
    match error {
        StoreError::Duplicate => ApiError::Conflict("Quelqu’un a déjà décidé de cette proposition.".into()),
        other => other.into(),
    }
}

/// Decides, in the name of who is signed in. `override_` is what they write to take on themselves a key that no passage
/// bears out.
pub async fn decide(
    app: &App,
    actor: &Actor,
    proposal_id: &str,
    choice: Choice,
    remark: &str,
    override_: &str,
) -> ApiResult<Decided> {
    let (row, proposal, _) = proposal(app, actor, proposal_id).await?;
    if app.store.ai_decision(&row.id).await?.is_some() {
        return Err(decided_already(StoreError::Duplicate));
    }
    let (remark, override_) = (remark.trim(), override_.trim());
    if remark.chars().count() > 2000 || override_.chars().count() > 2000 {
        return Err(ApiError::wrong("remarque", "2 000 caractères au plus."));
    }
    let now_ms = ambient::now_ms();
    let decision_id = ambient::fresh_id(now_ms);
    let verdict = match choice {
        Choice::Accept => Verdict::Accept,
        Choice::Amend(draft) if *draft == *proposal.content() => Verdict::Accept,
        Choice::Amend(draft) => Verdict::Amend(*draft),
        Choice::Refuse(code) => {
            let known = REASONS.iter().find(|(c, _)| *c == code);
            let (code, _) = known.ok_or_else(|| ApiError::wrong("motif", "Choisissez un motif de refus."))?;
            let kept = NewDecision { reason: code, ..new_decision(&decision_id, &row.id, remark) };
            app.store.turn_down(&kept, Turned::Refused, &actor.id, now_ms).await.map_err(decided_already)?;
            return Ok(Decided::Refused);
        }
        Choice::Again => {
            if remark.is_empty() {
                return Err(ApiError::wrong("remarque", "Dites ce qui doit changer : le modèle ne saura que cela."));
            }
            let job = app.store.ai_job(&row.job_id).await?.ok_or(ApiError::NotFound)?;
            if row.function == Function::ItemModel.code() {
                return Err(ApiError::Conflict(
                    "Une question tirée d’un modèle ne se redemande pas : refusez-la et changez le modèle.".into(),
                ));
            }
            let asked: Asked = serde_json::from_str(&job.request).map_err(|e| ApiError::Internal(e.into()))?;
            let asked = Asked { count: 1, remark: remark.to_owned(), ..asked };
            let id = ask::ask(app, actor, &row.folder_id, &asked).await?;
            let kept = new_decision(&decision_id, &row.id, remark);
            app.store.turn_down(&kept, Turned::Again, &actor.id, now_ms).await.map_err(decided_already)?;
            return Ok(Decided::Asked(id));
        }
    };
    let taken = match &verdict {
        Verdict::Amend(draft) => draft,
        Verdict::Accept | Verdict::Refuse { .. } => proposal.content(),
    };
    // What waits for its key may be kept; validating asks for it.
    let faults = docimo_bank::faults(&taken.element).into_iter();
    let faults = faults.filter(|f| f.severity == Severity::Error && !f.awaits_key);
    let wrong: Vec<Wrong> = faults.map(Wrong::from).collect();
    if !wrong.is_empty() {
        return Err(ApiError::Invalid {
            title: "La question corrigée ne peut pas aller dans la banque.".into(),
            wrong,
        });
    }
    let unsupported = !taken.unsupported_key().is_empty();
    if unsupported && override_.chars().count() < 10 {
        return Err(ApiError::wrong(
            "dérogation",
            "Aucun passage n’appuie une proposition donnée pour vraie : refusez, corrigez, ou écrivez en quelques mots pourquoi vous en répondez.",
        ));
    }
    let said = match (unsupported, remark) {
        (true, "") => format!("Dérogation, clé sans passage à l’appui : {override_}"),
        (true, remark) => format!("Dérogation, clé sans passage à l’appui : {override_}\n{remark}"),
        (false, remark) => remark.to_owned(),
    };
    let reviewer = ReviewerId::new(&*actor.id).map_err(|e| ApiError::Internal(e.into()))?;
    let decision = Decision { reviewer, verdict, at_ms: now_ms, remark: (!said.is_empty()).then(|| said.clone()) };
    let model = proposal.provenance().model.clone();
    let Outcome::Reviewed(reviewed) = proposal.decide(decision) else {
        return Err(ApiError::Internal(anyhow::anyhow!("an accepting verdict refused")));
    };
    let amended = match reviewed.is_amended() {
        true => Some(serde_json::to_string(reviewed.content()).map_err(|e| ApiError::Internal(e.into()))?),
        false => None,
    };
    let (before, after) = (words(reviewed.proposed()), words(reviewed.content()));
    let survived = similar::TextDiff::from_words(&before, &after).ratio();
    let element = reviewed.content().element.clone();
    let entry_id = ambient::fresh_id(now_ms);
    let drawing: Option<Drawing> = match row.function == Function::ItemModel.code() {
        true => {
            let job = app.store.ai_job(&row.job_id).await?.ok_or(ApiError::NotFound)?;
            Some(serde_json::from_str(&job.request).map_err(|e| ApiError::Internal(e.into()))?)
        }
        false => None,
    };
    let born = match &drawing {
        Some(drawing) => format!("Tirée du modèle « {model} », version {}", drawing.version),
        None => format!("Née d’une IA ({model})"),
    };
    let taken = if amended.is_some() { "modifiée et acceptée" } else { "acceptée" };
    let origin = format!("{born}, {taken} par {}", actor.name);
    let made = Made { entry_id: entry_id.clone(), status: "draft", origin: &origin, author_id: &actor.id };
    let mut revision = revision_of(&element, made)?.map_err(|why| ApiError::wrong("question", why))?;
    revision.folder_id.clone_from(&row.folder_id);
    let kept = NewDecision {
        amended: amended.as_deref(),
        survived: Some(f64::from(survived)),
        ..new_decision(&decision_id, &row.id, &said)
    };
    let done = match &drawing {
        Some(d) => app.store.keep_drawn(&reviewed, &kept, &revision, (&d.model, d.version)).await,
        None => app.store.keep_reviewed(&reviewed, &kept, &revision).await,
    };
    done.map_err(decided_already)?;
    Ok(Decided::Entry(entry_id))
}

fn new_decision<'a>(id: &'a str, proposal_id: &'a str, remark: &'a str) -> NewDecision<'a> {
    NewDecision { id, proposal_id, reason: "", remark, amended: None, survived: None }
}
