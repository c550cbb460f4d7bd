//! Several entries changed at once: seen before, done together, undone together.

use super::desk;
use super::reach::Reach;
use crate::ambient;
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult};
use crate::exam::checked_reason;
use crate::library::{self, Made};
use crate::web::filters::count;
use docimo_bank::revision::Transition;
use docimo_bank::rights::Level;
use docimo_engine::paper::Element;
use docimo_store::bank::operations::{BulkChange, BulkOperation, Change};
use docimo_store::bank::workflow::NewEntryEvent;
use docimo_store::bank::{EntryLine, Revision};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Most entries of one operation.
pub const MOST: usize = 5_000;

/// What to do with the entries chosen.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Asked {
    /// Put them in another folder.
    Move {
        /// Where.
        folder: String,
    },
    /// Add a tag.
    Tag {
        /// `R2C:339`, `OIC-031-11-B`, `spec:cardiologie`…
        tag: String,
    },
    /// Take a tag off.
    Untag {
        /// The same.
        tag: String,
    },
    /// Take a step of the workflow.
    Step {
        /// `submit`, `reopen`, `retire`, `restore`. What judges a wording (validate, send back) is done one by one.
        step: String,
        /// Compulsory to reopen and retire.
        #[serde(default)]
        reason: String,
    },
}

/// An entry of the preview.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Line {
    /// Entry.
    pub id: String,
    /// The author's own id.
    pub external_id: String,
    /// First words.
    pub title: String,
    /// What would become of it, in French; or why nothing would.
    pub effect: String,
    /// Would it change?
    pub changes: bool,
}

/// What an operation would do.
pub struct Plan {
    /// A sentence.
    pub detail: String,
    /// Entry by entry.
    pub lines: Vec<Line>,
    kind: &'static str,
    changes: Vec<BulkChange>,
}

impl Plan {
    /// How many entries would change.
    pub fn changing(&self) -> usize {
        self.changes.len()
    }
}

fn event(actor: &Actor, line: &EntryLine, what: &'static str, body: String) -> NewEntryEvent {
    let at_ms = ambient::now_ms();
    NewEntryEvent {
        id: ambient::fresh_id(at_ms),
        entry_id: line.id.clone(),
        revision: line.latest,
        person_id: actor.id.to_string(),
        at_ms,
        what,
        place: String::new(),
        body,
    }
}

/// Changes the tags of an element: the case's where it is one. `None` where nothing changes.
fn retagged(element: &Element, tag: &str, add: bool) -> Option<Element> {
    let mut element = element.clone();
    let mut lists: Vec<&mut Vec<String>> = match &mut element {
        Element::Question(question) => vec![&mut question.tags],
        Element::Case(case) => {
            let parts = case.parts.iter_mut().map(|p| &mut p.question.tags);
            std::iter::once(&mut case.tags).chain(parts).collect()
        }
    };
    let held = lists.iter().any(|list| list.iter().any(|t| t == tag));
    if held == add {
        return None;
    }
    if add {
        lists.first_mut()?.push(tag.to_owned());
    } else {
        lists.iter_mut().for_each(|list| list.retain(|t| t != tag));
    }
    Some(element)
}

async fn wording(app: &App, line: &EntryLine) -> ApiResult<Revision> {
    app.store.latest_revision(&line.id).await?.ok_or(ApiError::NotFound)
}

fn element(body: &str) -> ApiResult<Element> {
    serde_json::from_str(body).map_err(|e| ApiError::Internal(e.into()))
}

fn worded(line: &EntryLine, to: &Element, actor: &Actor, origin: &str) -> ApiResult<Result<Change, String>> {
    let made = Made { entry_id: line.id.clone(), status: &line.status, origin, author_id: &actor.id };
    Ok(library::revision_of(to, made)?.map(|mut revision| {
        revision.folder_id.clone_from(&line.folder_id);
        revision.language.clone_from(&line.language);
        Change::Wording { from: line.latest, to: Box::new(revision) }
    }))
}

/// What would be done, entry by entry; nothing is written.
pub async fn plan(app: &App, actor: &Actor, asked: &Asked, entry_ids: &[String]) -> ApiResult<Plan> {
    if entry_ids.is_empty() {
        return Err(ApiError::wrong("questions", "Choisissez au moins une question."));
    }
    if entry_ids.len() > MOST {
        return Err(ApiError::wrong("questions", format!("{MOST} questions au plus à la fois.")));
    }
    let reach = Reach::of(app, actor).await?;
    let (kind, detail, needed) = head(asked, &reach)?;
    let mut plan = Plan { detail, lines: Vec::new(), kind, changes: Vec::new() };
    for id in entry_ids {
        let Some(line) = app.store.entry(id).await?.filter(|l| reach.may(&l.folder_id, Level::Read)) else { continue };
        let found = if reach.may(&line.folder_id, needed) {
            one(app, actor, asked, &line, &reach).await?
        } else {
            Err("vos droits sur son dossier ne le permettent pas".to_owned())
        };
        let (effect, changes) = match found {
            Ok((effect, change)) => {
                plan.changes.push(change);
                (effect, true)
            }
            Err(why) => (why, false),
        };
        let EntryLine { id, external_id, title, .. } = line;
        plan.lines.push(Line { id, external_id, title, effect, changes });
    }
    Ok(plan)
}

fn head(asked: &Asked, reach: &Reach) -> ApiResult<(&'static str, String, Level)> {
    Ok(match asked {
        Asked::Move { folder } => {
            reach.need(folder, Level::Write)?;
            ("move", format!("Ranger dans « {} »", reach.path(folder)), Level::Write)
        }
        Asked::Tag { tag } | Asked::Untag { tag } => {
            let tag = tag.trim();
            if tag.is_empty() || tag.chars().count() > 100 || tag.chars().any(|c| c.is_whitespace() || c.is_control()) {
                return Err(ApiError::wrong(
                    "étiquette",
                    "Écrivez une étiquette sans espace, par exemple R2C:339 ou OIC-339-01-A.",
                ));
            }
            match asked {
                Asked::Tag { .. } => ("tag", format!("Ajouter l’étiquette {tag}"), Level::Write),
                _ => ("untag", format!("Retirer l’étiquette {tag}"), Level::Write),
            }
        }
        Asked::Step { step, reason } => {
            let transition = desk::transition(step)
                .filter(|t| !matches!(t, Transition::Validate | Transition::SendBack))
                .ok_or_else(|| ApiError::bad("Étape inconnue, ou qui se décide question par question."))?;
            if desk::needs_reason(transition) {
                checked_reason(reason, "il reste dans l’historique de chaque question")?;
            }
            let verb = transition.french();
            let mut letters = verb.chars();
            let detail = letters.next().map_or_else(String::new, |c| c.to_uppercase().chain(letters).collect());
            (desk::code(transition), detail, desk::level(transition))
        }
    })
}

async fn one(
    app: &App,
    actor: &Actor,
    asked: &Asked,
    line: &EntryLine,
    reach: &Reach,
) -> ApiResult<Result<(String, BulkChange), String>> {
    let locked = |exam: String| format!("verrouillée par le sujet figé de « {exam} »");
    let (effect, change, what, body) = match asked {
        Asked::Move { folder } => {
            if line.folder_id == *folder {
                return Ok(Err("déjà dans ce dossier".into()));
            }
            let from = reach.path(&line.folder_id);
            let effect = format!("de « {from} » à « {} »", reach.path(folder));
            let change = Change::Folder { from: line.folder_id.clone(), to: folder.clone() };
            (effect.clone(), change, "move", effect)
        }
        Asked::Tag { tag } | Asked::Untag { tag } => {
            let add = matches!(asked, Asked::Tag { .. });
            if let Some(exam) = app.store.lock_of(&line.id).await? {
                return Ok(Err(locked(exam)));
            }
            let latest = wording(app, line).await?;
            let Some(changed) = retagged(&element(&latest.body)?, tag.trim(), add) else {
                return Ok(Err(if add { "la porte déjà".into() } else { "ne la porte pas".into() }));
            };
            let origin = if add { "étiquette ajoutée" } else { "étiquette retirée" };
            let change = match worded(line, &changed, actor, origin)? {
                Ok(change) => change,
                Err(why) => return Ok(Err(why)),
            };
            let what = if add { "tag" } else { "untag" };
            (format!("version {}", line.latest + 1), change, what, tag.trim().to_owned())
        }
        Asked::Step { step, reason } => {
            let transition = desk::transition(step).ok_or_else(|| ApiError::bad("Étape inconnue."))?;
            if transition == Transition::Retire
                && let Some(exam) = app.store.lock_of(&line.id).await?
            {
                return Ok(Err(locked(exam)));
            }
            let from = desk::status(line)?;
            let to = match from.next(transition) {
                Ok(to) => to,
                Err(error) => return Ok(Err(error.to_string())),
            };
            let change = Change::Status { from: from.code().into(), to: to.code().into() };
            (format!("de « {from} » à « {to} »"), change, desk::code(transition), reason.trim().to_owned())
        }
    };
    let event = event(actor, line, what, body);
    Ok(Ok((effect, BulkChange { entry_id: line.id.clone(), change, event })))
}

/// Does what a plan says, all or nothing. Returns the operation's id and how many entries changed.
pub async fn apply(app: &App, actor: &Actor, plan: Plan) -> ApiResult<(String, usize)> {
    let changed = plan.changing();
    if changed == 0 {
        return Err(ApiError::Conflict("Aucune de ces questions ne changerait.".into()));
    }
    let operation = operation(actor, plan.kind, plan.detail);
    app.store.change_entries(&operation, &plan.changes, None).await?;
    Ok((operation.id, changed))
}

fn operation(actor: &Actor, kind: &str, detail: String) -> BulkOperation {
    let at_ms = ambient::now_ms();
    BulkOperation {
        id: ambient::fresh_id(at_ms),
        person_id: actor.id.to_string(),
        at_ms,
        kind: kind.to_owned(),
        detail,
        undone_ms: None,
        entries: 0,
    }
}

/// Undoes an operation of one's own, where each entry still is as it left it; all or nothing.
pub async fn undo(app: &App, actor: &Actor, operation_id: &str) -> ApiResult<usize> {
    let (earlier, lines) = app.store.operation(operation_id).await?.ok_or(ApiError::NotFound)?;
    if earlier.person_id != *actor.id {
        return Err(ApiError::NotFound);
    }
    if earlier.undone_ms.is_some() {
        return Err(ApiError::Conflict("Cette opération est déjà défaite.".into()));
    }
    let (mut changes, mut moved) = (Vec::with_capacity(lines.len()), Vec::new());
    for undone in &lines {
        let line = app.store.entry(&undone.entry_id).await?.ok_or(ApiError::NotFound)?;
        let now = match earlier.kind.as_str() {
            "move" => line.folder_id.clone(),
            "tag" | "untag" => line.latest.to_string(),
            _ => line.status.clone(),
        };
        if now != undone.after {
            moved.push(line.external_id.clone());
            continue;
        }
        let change = match earlier.kind.as_str() {
            "move" => Change::Folder { from: undone.after.clone(), to: undone.before.clone() },
            "tag" | "untag" => {
                let before: i64 = undone.before.parse().map_err(|_| ApiError::NotFound)?;
                let all = app.store.revisions(&line.id).await?;
                let old = all.iter().find(|r| r.number == before).ok_or(ApiError::NotFound)?;
                worded(&line, &element(&old.body)?, actor, "opération défaite")?.map_err(ApiError::BadRequest)?
            }
            _ => Change::Status { from: undone.after.clone(), to: undone.before.clone() },
        };
        let event = event(actor, &line, "undo", earlier.detail.clone());
        changes.push(BulkChange { entry_id: line.id.clone(), change, event });
    }
    if !moved.is_empty() {
        let shown = moved.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
        return Err(ApiError::Conflict(format!(
            "{} depuis ({shown}{}) : l’opération ne peut plus être défaite d’un bloc.",
            count(moved.len(), "question a changé", "questions ont changé"),
            if moved.len() > 5 { "…" } else { "" }
        )));
    }
    let undone = changes.len();
    let operation = operation(actor, &earlier.kind, format!("Défaire : {}", earlier.detail));
    app.store.change_entries(&operation, &changes, Some(operation_id)).await?;
    Ok(undone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_added_once_and_taken_off_everywhere() {
        let json = r#"{"case":{"id":"dp","kind":"DP","title":"D","intro":"I","tags":["R2C:1"],"parts":[
            {"question":{"id":"q","kind":"QROC","stem":"?","exact":["x"],"tags":["R2C:2"]}}]}}"#;
        let case: Element = serde_json::from_str(json).unwrap();
        assert!(retagged(&case, "R2C:2", true).is_none(), "one of its questions has it");
        assert!(retagged(&case, "R2C:3", false).is_none());
        let added = retagged(&case, "R2C:3", true).unwrap();
        let Element::Case(c) = &added else { panic!() };
        assert_eq!(c.tags, ["R2C:1", "R2C:3"]);
        let without = retagged(&case, "R2C:2", false).unwrap();
        assert!(without.questions().all(|q| q.tags.is_empty()));
    }
}
