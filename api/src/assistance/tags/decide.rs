//! What a named person decides of proposed tags: the only way by which one becomes a tag. What is taken is written as tags
//! always are, in a new revision, by an operation that can be undone; several at once only above the threshold that the
//! committee set.

use super::{TAGGING, learn};
use crate::ambient;
use crate::app::App;
use crate::auth::Actor;
use crate::bank::reach::Reach;
use crate::error::{ApiError, ApiResult};
use crate::library::{self, Made};
use crate::web::filters::count;
use docimo_ai::proposal::{Decision, Outcome, Proposal, ReviewerId, Verdict};
use docimo_ai::tagging::propose::{Sure, TagDraft};
use docimo_bank::rights::Level;
use docimo_engine::paper::Element;
use docimo_engine::question::Rank;
use docimo_store::StoreError;
use docimo_store::ai::tags::{TagProposal, TagRule, Tagging, Told, WaitingTags};
use docimo_store::ai::{NewDecision, Turned};
use docimo_store::bank::EntryLine;
use docimo_store::bank::operations::{BulkChange, BulkOperation, Change};
use docimo_store::bank::workflow::NewEntryEvent;
use std::collections::BTreeSet;

/// Why proposed tags are not taken: code, in French.
pub const REASONS: [(&str, &str); 5] = [
    ("wrong", "Autre sujet"),
    ("held", "Déjà bien étiquetée"),
    ("vague", "Question trop générale"),
    ("programme", "Hors du programme"),
    ("question", "Question à réécrire ou à retirer"),
];

/// Questions of one batch at most: it is one transaction, and the journal of exams waits for it.
pub const MOST_AT_ONCE: usize = 1_000;
/// Proposals looked at.
pub const QUEUE: i64 = 20_000;

/// A reason in French; the code where it is not one of ours.
#[must_use]
pub fn reason_french(code: &str) -> &str {
    REASONS.iter().find(|(c, _)| *c == code).map_or(code, |(_, french)| french)
}

/// What someone does with a proposal.
#[derive(Clone, Debug)]
pub enum Choice {
    /// These tags, among those proposed or shown beside.
    Take(Vec<String>),
    /// None: code of the reason.
    Refuse(String),
}

/// A proposal with all that is about it.
pub struct Opened {
    /// Its row.
    pub about: TagProposal,
    /// What the machine said.
    pub proposal: Proposal<TagDraft>,
    /// When.
    pub created_ms: i64,
    /// The entry, now.
    pub line: EntryLine,
    /// The reach of who looks.
    pub reach: Reach,
}

fn read(body: &str) -> ApiResult<Proposal<TagDraft>> {
    serde_json::from_str(body).map_err(|e| ApiError::Internal(e.into()))
}

/// A proposal whose entry is in reach of someone who may decide, as if absent otherwise.
pub async fn open(app: &App, actor: &Actor, id: &str) -> ApiResult<Opened> {
    let about = app.store.tag_proposal(id).await?.ok_or(ApiError::NotFound)?;
    let row = app.store.ai_proposal(id).await?.ok_or(ApiError::NotFound)?;
    let line = app.store.entry(&about.entry_id).await?.ok_or(ApiError::NotFound)?;
    let reach = Reach::of(app, actor).await?;
    reach.need(&line.folder_id, Level::Review)?;
    Ok(Opened { proposal: read(&row.body)?, created_ms: row.created_ms, about, line, reach })
}

/// Proposals that wait, in reach of someone, the oldest first.
pub async fn waiting(app: &App, reach: &Reach) -> ApiResult<Vec<WaitingTags>> {
    let mut rows = app.store.waiting_tags(QUEUE).await?;
    rows.retain(|w| reach.may(&w.folder_id, Level::Review));
    Ok(rows)
}

fn decided_already(error: StoreError) -> ApiError {
    match error {
        StoreError::Duplicate => ApiError::Conflict("Quelqu’un a déjà décidé de cette proposition.".into()),
        StoreError::Conflict => ApiError::Conflict("La question a changé entre-temps : revoyez-la.".into()),
        other => other.into(),
    }
}

/// Every tag that a reviewer may take from a proposal.
#[must_use]
pub fn offered(draft: &TagDraft) -> BTreeSet<String> {
    let shown = [&draft.items, &draft.objectives, &draft.specialties, &draft.situations];
    let mut all: BTreeSet<String> = shown.into_iter().flatten().map(|c| c.tag.clone()).collect();
    all.extend(draft.proposed.iter().chain(&draft.rank).map(|s| s.tag.clone()));
    all
}

/// Writes tags into an element: the case's where it is one. `None` where nothing changes.
fn with_tags(element: &Element, tags: &[String]) -> Option<Element> {
    let mut changed = element.clone();
    let held: BTreeSet<String> = match element {
        Element::Case(case) => {
            case.tags.iter().chain(case.parts.iter().flat_map(|p| &p.question.tags)).cloned().collect()
        }
        Element::Question(question) => question.tags.iter().cloned().collect(),
    };
    let mut different = false;
    for tag in tags {
        match (&mut changed, tag.as_str()) {
            // A rank is a field of the question, and never overwrites one that people set.
            (Element::Question(question), "rang:A" | "rang:B") => {
                if question.rank.is_none() {
                    question.rank = Some(if tag == "rang:A" { Rank::A } else { Rank::B });
                    different = true;
                }
            }
            (Element::Case(_), "rang:A" | "rang:B") => {}
            _ if held.contains(tag) => {}
            (Element::Question(question), _) => {
                question.tags.push(tag.clone());
                different = true;
            }
            (Element::Case(case), _) => {
                case.tags.push(tag.clone());
                different = true;
            }
        }
    }
    different.then_some(changed)
}

fn thousandths(confidence: f64) -> i64 {
    (confidence.clamp(0.0, 1.0) * 1000.0).floor() as i64
}

/// What is taken of a proposal.
struct Taking<'a> {
    proposal_id: &'a str,
    tags: Vec<String>,
    /// Where several are accepted at once.
    rule: Option<(String, i64)>,
    remark: &'a str,
}

/// The change that taking tags makes; in French, why there is none.
async fn change(
    app: &App,
    actor: &Actor,
    line: &EntryLine,
    proposal: Proposal<TagDraft>,
    taking: Taking<'_>,
) -> ApiResult<Result<BulkChange, String>> {
    let Taking { proposal_id, tags, rule, remark } = taking;
    if let Some(exam) = app.store.lock_of(&line.id).await? {
        return Ok(Err(format!("verrouillée par le sujet figé de « {exam} »")));
    }
    let latest = app.store.latest_revision(&line.id).await?.ok_or(ApiError::NotFound)?;
    let element: Element = serde_json::from_str(&latest.body).map_err(|e| ApiError::Internal(e.into()))?;
    let Some(changed) = with_tags(&element, &tags) else {
        return Ok(Err("porte déjà ces étiquettes".to_owned()));
    };
    let now_ms = ambient::now_ms();
    let decision_id = ambient::fresh_id(now_ms);
    let proposed: BTreeSet<String> = proposal.content().proposed.iter().map(|s| s.tag.clone()).collect();
    let taken: BTreeSet<String> = tags.iter().cloned().collect();
    let confidence = |tag: &String| {
        proposal.content().proposed.iter().find(|s| s.tag == *tag).map_or(0, |s| thousandths(s.confidence))
    };
    let least = tags.iter().map(confidence).min().unwrap_or(0);
    let verdict = match proposed == taken {
        true => Verdict::Accept,
        false => {
            let mut amended = proposal.content().clone();
            amended.proposed = tags
                .iter()
                .map(|tag| {
                    let known = proposal.content().proposed.iter().find(|s| s.tag == *tag);
                    known.cloned().unwrap_or(Sure {
                        tag: tag.clone(),
                        confidence: 0.0,
                        why: "choisie par le relecteur".into(),
                    })
                })
                .collect();
            Verdict::Amend(amended)
        }
    };
    let reviewer = ReviewerId::new(&*actor.id).map_err(|e| ApiError::Internal(e.into()))?;
    let remark = (!remark.is_empty()).then(|| remark.to_owned());
    let Outcome::Reviewed(reviewed) = proposal.decide(Decision { reviewer, verdict, at_ms: now_ms, remark }) else {
        return Err(ApiError::Internal(anyhow::anyhow!("an accepting verdict refused")));
    };
    let amended = match reviewed.is_amended() {
        true => Some(serde_json::to_string(&tags).map_err(|e| ApiError::Internal(e.into()))?),
        false => None,
    };
    let all = proposed.union(&taken).count().max(1);
    let told = Told {
        decision_id,
        proposal_id: proposal_id.to_owned(),
        tags: tags.join(" "),
        confidence: least,
        rule,
        amended,
        survived: Some(proposed.intersection(&taken).count() as f64 / all as f64),
    };
    let origin = format!("étiquettes proposées par une IA, acceptées par {}", actor.name);
    let made = Made { entry_id: line.id.clone(), status: &line.status, origin: &origin, author_id: &actor.id };
    let mut revision = match library::revision_of(&changed, made)? {
        Ok(revision) => revision,
        Err(why) => return Ok(Err(why)),
    };
    revision.folder_id.clone_from(&line.folder_id);
    revision.language.clone_from(&line.language);
    let event = NewEntryEvent {
        id: ambient::fresh_id(now_ms),
        entry_id: line.id.clone(),
        revision: line.latest,
        person_id: actor.id.to_string(),
        at_ms: now_ms,
        what: "tag",
        place: String::new(),
        body: format!("{} (proposée par une IA)", told.tags.replace(' ', ", ")),
    };
    let tagging = Box::new(Tagging::of(&reviewed, told));
    let change = Change::Tagged { from: line.latest, to: Box::new(revision), tagging };
    Ok(Ok(BulkChange { entry_id: line.id.clone(), change, event }))
}

fn operation(actor: &Actor, detail: String) -> BulkOperation {
    let at_ms = ambient::now_ms();
    BulkOperation {
        id: ambient::fresh_id(at_ms),
        person_id: actor.id.to_string(),
        at_ms,
        // Undone as any other tagging.
        kind: "tag".into(),
        detail,
        undone_ms: None,
        entries: 0,
    }
}

/// Decides of one proposal, in the name of who is signed in.
pub async fn decide(app: &App, actor: &Actor, id: &str, choice: Choice, remark: &str) -> ApiResult<()> {
    let Opened { about, proposal, line, .. } = open(app, actor, id).await?;
    if app.store.ai_decision(id).await?.is_some() {
        return Err(decided_already(StoreError::Duplicate));
    }
    let remark = remark.trim();
    if remark.chars().count() > 2000 || remark.contains('\0') {
        return Err(ApiError::wrong("remarque", "2 000 caractères au plus."));
    }
    let now_ms = ambient::now_ms();
    match choice {
        Choice::Refuse(code) => {
            let known = REASONS.iter().find(|(c, _)| *c == code);
            let (reason, _) = known.ok_or_else(|| ApiError::wrong("motif", "Choisissez un motif de refus."))?;
            let decision_id = ambient::fresh_id(now_ms);
            let kept = NewDecision { id: &decision_id, proposal_id: id, reason, remark, amended: None, survived: None };
            app.store.turn_down(&kept, Turned::Refused, &actor.id, now_ms).await.map_err(decided_already)
        }
        Choice::Take(mut tags) => {
            if !crate::assistance::is_on(app, TAGGING).await? {
                return Err(ApiError::Conflict(
                    "L’étiquetage est arrêté par le comité : rien ne s’accepte plus.".into(),
                ));
            }
            tags.dedup();
            let offered = offered(proposal.content());
            if tags.is_empty() {
                return Err(ApiError::wrong("étiquettes", "Cochez au moins une étiquette, ou refusez avec un motif."));
            }
            if let Some(other) = tags.iter().find(|t| !offered.contains(*t)) {
                return Err(ApiError::wrong(
                    "étiquettes",
                    format!("« {other} » n’est pas parmi celles proposées : refusez, et écrivez-la dans la question."),
                ));
            }
            let taking = Taking { proposal_id: &about.proposal_id, tags: tags.clone(), rule: None, remark };
            let changed = change(app, actor, &line, proposal, taking).await?;
            let changed = changed.map_err(|why| {
                ApiError::Conflict(format!(
                    "Rien à écrire : la question est ou {why}. Refusez, avec le motif qui convient."
                ))
            });
            let detail = format!("Étiquettes proposées par une IA : {}, sur {}", tags.join(", "), line.external_id);
            app.store.change_entries(&operation(actor, detail), &[changed?], None).await.map_err(decided_already)?;
            learn::when_due(app, &actor.id).await;
            Ok(())
        }
    }
}

/// A line of a batch.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchLine {
    /// Proposal.
    pub proposal_id: String,
    /// Entry.
    pub entry_id: String,
    /// The author's own id.
    pub external_id: String,
    /// First words.
    pub title: String,
    /// What would be taken.
    pub tags: Vec<String>,
    /// Of the least sure, in thousandths.
    pub confidence: i64,
}

/// What accepting several at once would do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// The rule of the committee; `None`: it never permitted it, or no longer does.
    pub rule: Option<(String, i64)>,
    /// What would be taken, at most [`MOST_AT_ONCE`].
    pub lines: Vec<BatchLine>,
    /// Not looked at yet: left for another time.
    pub more: usize,
    /// Under the threshold, or nothing was proposed.
    pub below: usize,
    /// Whose wording changed since.
    pub changed: usize,
}

/// The rule in force.
pub async fn rule_in_force(app: &App) -> ApiResult<Option<TagRule>> {
    Ok(app.store.tag_rules().await?.into_iter().next())
}

/// What would be taken at once; nothing is written.
pub async fn batch(app: &App, actor: &Actor) -> ApiResult<Batch> {
    let rule = rule_in_force(app).await?.and_then(|r| Some((r.id, r.threshold?)));
    let Some((rule_id, threshold)) = rule else { return Ok(Batch::default()) };
    let reach = Reach::of(app, actor).await?;
    let mut plan = Batch { rule: Some((rule_id, threshold)), ..Batch::default() };
    let mut seen = BTreeSet::new();
    for row in waiting(app, &reach).await? {
        if row.tags.is_empty() {
            plan.below += 1;
            continue;
        }
        if row.latest != row.revision {
            plan.changed += 1;
            continue;
        }
        if plan.lines.len() == MOST_AT_ONCE {
            plan.more += 1;
            continue;
        }
        let Some(kept) = app.store.ai_proposal(&row.proposal_id).await? else { continue };
        let proposal = read(&kept.body)?;
        let sure: Vec<&Sure> =
            proposal.content().proposed.iter().filter(|s| thousandths(s.confidence) >= threshold).collect();
        if sure.is_empty() || !seen.insert(row.entry_id.clone()) {
            plan.below += 1;
        } else {
            plan.lines.push(BatchLine {
                tags: sure.iter().map(|s| s.tag.clone()).collect(),
                confidence: sure.iter().map(|s| thousandths(s.confidence)).min().unwrap_or(0),
                proposal_id: row.proposal_id,
                entry_id: row.entry_id,
                external_id: row.external_id,
                title: row.title,
            });
        }
    }
    Ok(plan)
}

/// Takes what a batch says, all or nothing; `seen` is how many its preview showed. Gives how many questions were tagged and
/// why others were not.
pub async fn accept_batch(app: &App, actor: &Actor, seen: usize) -> ApiResult<(usize, Vec<String>)> {
    if !crate::assistance::is_on(app, TAGGING).await? {
        return Err(ApiError::Conflict("L’étiquetage est arrêté par le comité : rien ne s’accepte plus.".into()));
    }
    let plan = batch(app, actor).await?;
    let Some((rule, threshold)) = plan.rule else {
        return Err(ApiError::Conflict("Le comité ne permet pas d’accepter plusieurs propositions à la fois.".into()));
    };
    if plan.lines.len() != seen {
        return Err(ApiError::Conflict(format!(
            "La file a changé depuis l’aperçu ({seen} questions alors, {} maintenant) : revoyez-le.",
            plan.lines.len()
        )));
    }
    let (mut changes, mut left) = (Vec::new(), Vec::new());
    for line in plan.lines {
        let (Some(entry), Some(row)) =
            (app.store.entry(&line.entry_id).await?, app.store.ai_proposal(&line.proposal_id).await?)
        else {
            continue;
        };
        let rule = Some((rule.clone(), threshold));
        let taking = Taking { proposal_id: &line.proposal_id, tags: line.tags, rule, remark: "" };
        match change(app, actor, &entry, read(&row.body)?, taking).await? {
            Ok(change) => changes.push(change),
            Err(why) => left.push(format!("{} : {why}", line.external_id)),
        }
    }
    if changes.is_empty() {
        return Err(ApiError::Conflict("Aucune de ces questions ne changerait.".into()));
    }
    let detail = format!(
        "Étiquettes proposées par une IA, acceptées d’un coup au-dessus de {} %",
        (threshold as f64 / 10.0).to_string().replace('.', ",")
    );
    app.store.change_entries(&operation(actor, detail), &changes, None).await.map_err(decided_already)?;
    learn::when_due(app, &actor.id).await;
    Ok((changes.len(), left))
}

/// "3 propositions attendent", for headings.
#[must_use]
pub fn waiting_french(n: usize) -> String {
    count(n, "proposition attend", "propositions attendent")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(json: &str) -> Element {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn tags_are_added_once_and_a_rank_overwrites_none() {
        let question = element(r#"{"question":{"id":"q","kind":"QROC","stem":"?","exact":["x"],"tags":["R2C:2"]}}"#);
        let of = |tags: &[&str]| with_tags(&question, &tags.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>());
        assert_eq!(of(&["R2C:2"]), None);
        let Some(Element::Question(tagged)) = of(&["R2C:2", "R2C:3", "rang:A"]) else { panic!() };
        assert_eq!((tagged.tags, tagged.rank), (vec!["R2C:2".to_owned(), "R2C:3".into()], Some(Rank::A)));
        let ranked = element(r#"{"question":{"id":"q","kind":"QROC","stem":"?","exact":["x"],"rank":"B"}}"#);
        assert_eq!(with_tags(&ranked, &["rang:A".to_owned()]), None);
        let case = element(
            r#"{"case":{"id":"dp","kind":"DP","title":"D","intro":"I","tags":[],"parts":[
            {"question":{"id":"q","kind":"QROC","stem":"?","exact":["x"],"tags":["R2C:2"]}}]}}"#,
        );
        assert_eq!(with_tags(&case, &["R2C:2".to_owned(), "rang:A".into()]), None, "one of its questions has it");
        let Some(Element::Case(tagged)) = with_tags(&case, &["R2C:3".to_owned()]) else { panic!() };
        assert_eq!(tagged.tags, ["R2C:3"]);
    }

    #[test]
    fn a_confidence_is_never_rounded_up() {
        assert_eq!((thousandths(0.7999), thousandths(1.0), thousandths(-1.0)), (799, 1000, 0));
    }
}
