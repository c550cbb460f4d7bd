//! What a named person decides on a proposal. Accepting writes a draft revision, which then goes the way of every other:
//! whoever accepted is its author.

use super::ask::{self, Asked};
use super::item_models::Drawing;
use super::proposal;
use crate::ambient;
use crate::app::App;
use crate::auth::{Actor, Role};
use crate::bank::event;
use crate::bank::reach::Reach;
use crate::error::{ApiError, ApiResult, Wrong};
use crate::library::{Made, revision_of};
use docimo_ai::generation::Draft;
use docimo_ai::proposal::{Decision, Function, Outcome, ReviewerId, Verdict};
use docimo_bank::rights::Level;
use docimo_engine::check::Severity;
use docimo_engine::paper::Element;
use docimo_engine::question::Body;
use docimo_store::StoreError;
use docimo_store::ai::review::Opinion;
use docimo_store::ai::{NewDecision, Turned};
use docimo_store::people::Person;

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
    /// An agreement: another person must agree before anything comes of it.
    Agreed,
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

/// What was said of a proposal before, where two people are asked for.
#[derive(Clone, Debug, Default)]
pub struct Before {
    /// People whose agreement it takes.
    pub people: i64,
    /// Agreements, the first one first.
    pub opinions: Vec<Opinion>,
    /// Whom it was given to.
    pub assigned_to: Option<String>,
    /// The text that the last of them agreed to, where they changed it.
    pub amended: Option<Draft>,
}

impl Before {
    /// Reads it.
    pub async fn of(app: &App, proposal_id: &str) -> ApiResult<Self> {
        let asked = app.store.ai_asked(proposal_id).await?;
        let opinions = app.store.ai_opinions(proposal_id).await?;
        let last = opinions.last().and_then(|o| o.amended.as_deref());
        let amended = last.map(serde_json::from_str).transpose().map_err(|e| ApiError::Internal(e.into()))?;
        let (people, assigned_to) = asked.map_or((1, None), |a| (a.people, a.assigned_to));
        Ok(Self { people, opinions, assigned_to, amended })
    }

    /// Did they agree already?
    #[must_use]
    pub fn has(&self, person_id: &str) -> bool {
        self.opinions.iter().any(|o| o.reviewer_id == person_id)
    }
}

/// Gives a proposal to someone who may decide on it, or takes it back from whoever has it (an empty login).
pub async fn assign(app: &App, actor: &Actor, proposal_id: &str, login: &str) -> ApiResult<()> {
    let (row, _, _) = proposal(app, actor, proposal_id).await?;
    let person = match login.trim() {
        "" => None,
        login => {
            let unknown = || ApiError::wrong("relecteur", "Choisissez un relecteur de ce dossier.");
            let known = reviewers(app, &row.folder_id).await?;
            Some(known.into_iter().find(|p| p.login == login).ok_or_else(unknown)?)
        }
    };
    let said = person.as_ref().map_or_else(|| "rendue à tous".to_owned(), |p| format!("confiée à {}", p.name));
    let act = event(actor, "ai_assigned", format!("Proposition d’IA {} : {said}.", row.id));
    let id = person.as_ref().map(|p| p.id.as_str());
    match app.store.assign_ai_proposal(&row.id, id, &act).await? {
        true => Ok(()),
        false => Err(decided_already(StoreError::Duplicate)),
    }
}

/// People who may decide on proposals of a folder, by name; at most a hundred.
pub async fn reviewers(app: &App, folder_id: &str) -> ApiResult<Vec<Person>> {
    let mut found = Vec::new();
    for person in app.store.staff().await?.into_iter().filter(|p| p.disabled_ms.is_none()) {
        let reach = Reach::of(app, &as_they_are(app, &person).await?).await?;
        if found.len() < 100 && reach.may(folder_id, Level::Review) {
            found.push(person);
        }
    }
    Ok(found)
}

/// Someone as their rights have them, without a session.
pub async fn as_they_are(app: &App, person: &Person) -> ApiResult<Actor> {
    let names = app.store.roles(&person.id).await?;
    Ok(Actor {
        id: person.id.as_str().into(),
        name: person.name.as_str().into(),
        login: person.login.as_str().into(),
        roles: names.iter().filter_map(|r| Role::from_name(r)).collect(),
        csrf: "".into(),
        token_hash: "".into(),
    })
}

fn decided_already(error: StoreError) -> ApiError {
    match error {
        StoreError::Duplicate => ApiError::Conflict("Quelqu’un a déjà décidé de cette proposition.".into()),
        StoreError::Conflict => ApiError::Conflict(
            "L’établissement demande maintenant l’accord de deux personnes : rechargez la page.".into(),
        ),
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
    let before = Before::of(app, &row.id).await?;
    let agrees = matches!(choice, Choice::Accept | Choice::Amend(_));
    if agrees && before.has(&actor.id) {
        return Err(ApiError::Conflict(
            "Vous avez déjà donné votre accord : l’établissement demande celui d’une autre personne.".into(),
        ));
    }
    let now_ms = ambient::now_ms();
    let decision_id = ambient::fresh_id(now_ms);
    let verdict = match choice {
        // What is accepted is what is shown: the text that the first person agreed to.
        Choice::Accept => before.amended.clone().map_or(Verdict::Accept, Verdict::Amend),
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
    if before.people > 1 && before.opinions.is_empty() {
        let opinion = NewDecision { amended: amended.as_deref(), ..new_decision(&decision_id, &row.id, &said) };
        app.store.keep_opinion(&reviewed, &opinion).await.map_err(decided_already)?;
        return Ok(Decided::Agreed);
    }
    let (proposed, kept) = (words(reviewed.proposed()), words(reviewed.content()));
    let survived = similar::TextDiff::from_words(&proposed, &kept).ratio();
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
