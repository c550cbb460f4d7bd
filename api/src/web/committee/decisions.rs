//! Decisions of the jury: their effect before they are taken, the register, marks side by side.

use super::beside::Beside;
use super::marking::unmarked;
use super::{At, Fields, Head, count, head, segment};
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult, Wrong};
use crate::exam::draft;
use crate::exam::marks::{self, DecisionForm, compare_versions, ledger, preview, told, told_next};
use crate::web::filters::{date_time, iso};
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{Path, RawForm, State};
use axum::response::Response;
use docimo_engine::ledger::{Decision, Effective, Entry, Neutralisation, TextList};
use docimo_engine::question::{Shape, Status};
use docimo_engine::{PropositionId, QuestionId};
use std::collections::{BTreeMap, HashMap};

/// Reads a decision about a question from a form. `key` is the present status of each proposition: only
/// those that change are part of the decision.
fn decision(question: &QuestionId, fields: &Fields, key: &BTreeMap<PropositionId, Status>) -> ApiResult<Decision> {
    let question = question.clone();
    match fields.get("decision") {
        "neutralise" => {
            let policy = match fields.get("policy") {
                "removed" => Neutralisation::Removed,
                "credit_all" => Neutralisation::CreditAll,
                _ => {
                    return Err(ApiError::wrong(
                        "neutralisation",
                        "Choisissez\u{a0}: retirer la question, ou donner les points à tous.",
                    ));
                }
            };
            Ok(Decision::Neutralise { question, policy })
        }
        "reinstate" => Ok(Decision::Reinstate { question }),
        "change_key" => {
            let mut statuses = BTreeMap::new();
            for (id, word) in fields.under("status.") {
                let id = PropositionId::new(id);
                let status = match word {
                    "vrai" => Status::Vrai,
                    "faux" => Status::Faux,
                    "indispensable" => Status::Indispensable,
                    "inacceptable" => Status::Inacceptable,
                    _ => {
                        let message = format!(
                            "«\u{a0}{word}\u{a0}»\u{a0}: choisissez vrai, faux, indispensable ou inacceptable."
                        );
                        return Err(ApiError::wrong(format!("proposition {id}"), message));
                    }
                };
                if key.get(&id) != Some(&status) {
                    statuses.insert(id, status);
                }
            }
            Ok(Decision::ChangeKey { question, statuses })
        }
        "accept_text" => {
            let text = fields.get("text").trim().to_owned();
            if text.is_empty() {
                return Err(ApiError::wrong("réponse", "Choisissez ou écrivez la réponse à admettre."));
            }
            let list = match fields.get("list") {
                "exact" => TextList::Exact,
                "acceptable" => TextList::Acceptable,
                _ => return Err(ApiError::wrong("liste", "Choisissez\u{a0}: réponse exacte ou réponse acceptable.")),
            };
            Ok(Decision::AcceptText { question, text, list })
        }
        "reject_text" => {
            let text = fields.get("text").to_owned();
            if text.is_empty() {
                return Err(ApiError::wrong("réponse", "Choisissez la réponse à retirer."));
            }
            Ok(Decision::RejectText { question, text })
        }
        "change_zone" => Ok(Decision::ChangeZone { question, zone: fields.get("zone").into(), shape: shape(fields)? }),
        "change_panel" => {
            let (mut panel, mut wrong) = ([0; 5], Vec::new());
            for (i, votes) in panel.iter_mut().enumerate() {
                let text = fields.get(&format!("panel.{i}")).trim();
                match text.parse::<u32>() {
                    Ok(n) if n <= 200 => *votes = n,
                    _ => wrong.push(Wrong {
                        place: format!("panel, réponse {}", super::question::signed(i as i8 - 2)),
                        message: format!("«\u{a0}{text}\u{a0}»\u{a0}: écrivez un nombre de voix, de 0 à 200."),
                    }),
                }
            }
            if wrong.is_empty() {
                Ok(Decision::ChangePanel { question, panel })
            } else {
                Err(ApiError::Invalid { title: "Le panel est à corriger".into(), wrong })
            }
        }
        "" => Err(ApiError::wrong("décision", "Choisissez une décision.")),
        other => Err(ApiError::wrong("décision", format!("«\u{a0}{other}\u{a0}» n’est pas une décision connue."))),
    }
}

/// The outline of a zone, typed in per cent of the image.
fn shape(fields: &Fields) -> ApiResult<Shape> {
    let mut wrong = Vec::new();
    let mut share = |name: &str, place: &str| {
        let text = fields.get(name).trim();
        let value = text.replace(',', ".").parse::<f64>().ok().filter(|v| (0.0..=100.0).contains(v));
        value.map_or_else(
            || {
                let message = format!("«\u{a0}{text}\u{a0}»\u{a0}: écrivez un nombre de 0 à 100.");
                wrong.push(Wrong { place: place.into(), message });
                0.0
            },
            |v| v / 100.0,
        )
    };
    let (x, y) = (share("x", "depuis la gauche"), share("y", "depuis le haut"));
    let shape = match fields.get("shape") {
        "circle" => Shape::Circle { x, y, r: share("r", "rayon") },
        "rect" => Shape::Rect { x, y, w: share("w", "largeur"), h: share("h", "hauteur") },
        _ => return Err(ApiError::wrong("forme", "Choisissez un cercle ou un rectangle.")),
    };
    if wrong.is_empty() { Ok(shape) } else { Err(ApiError::Invalid { title: "La zone est à corriger".into(), wrong }) }
}

/// The decision of a form, read against the key as the register leaves it.
async fn decision_form(app: &App, exam_id: &str, question: &str, fields: &Fields) -> ApiResult<DecisionForm> {
    let id = QuestionId::new(question);
    let frozen = app.frozen_paper(exam_id).await?;
    let entries: Vec<Entry> = ledger(app, exam_id).await?.into_iter().map(|l| l.entry).collect();
    let effective =
        Effective::replay(&frozen.paper, &entries).map_err(|e| ApiError::Internal(anyhow::anyhow!("{e}")))?;
    let placed = effective.paper.question(&id).ok_or(ApiError::NotFound)?;
    let key = placed.question.body.propositions().iter().map(|p| (p.id.clone(), p.status)).collect();
    Ok(DecisionForm { decision: decision(&id, fields, &key)?, reason: fields.get("reason").trim().to_owned() })
}

/// Takes a decision about a question.
pub async fn decide(
    State(app): State<App>,
    actor: Actor,
    Path((id, question)): Path<(String, String)>,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let form = decision_form(&app, &id, &question, &Fields::read(&body)).await?;
    let version = marks::decide(&app, &actor, &id, &form).await?;
    let message =
        format!("Décision prise\u{a0}: version {version} du registre. Rien n’est publié tant que vous ne publiez pas.");
    Ok(web::go(&format!("/examens/{id}/registre"), message))
}

/// Counts the late answers of a candidate.
pub async fn accept_late(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    let candidate = fields.get("candidate").to_owned();
    app.store.candidate(&id, &candidate).await?.ok_or(ApiError::NotFound)?;
    let form = DecisionForm { decision: Decision::AcceptLate { candidate }, reason: fields.get("reason").to_owned() };
    let version = marks::decide(&app, &actor, &id, &form).await?;
    Ok(web::go(
        &format!("/examens/{id}/registre"),
        format!("Réponses tardives prises en compte\u{a0}: version {version} du registre."),
    ))
}

struct Line {
    version: u32,
    iso: String,
    when: String,
    class: &'static str,
    what: String,
    question: Option<String>,
    reason: String,
    author: String,
    from_previous: Option<String>,
    from_first: Option<String>,
    published: bool,
}

#[derive(Template)]
#[template(path = "committee/compare.html")]
struct ComparePage {
    page: Layout,
    head: Head,
    beside: Beside,
    /// Decisions between the two versions; empty for a preview.
    decisions: Vec<Line>,
    /// Where the decision is taken, for a preview.
    action: String,
    back: String,
    fields: Vec<(String, String)>,
    reason: String,
    what: String,
}

/// What a decision would change, then a form to take it.
pub async fn preview_decision(
    State(app): State<App>,
    actor: Actor,
    Path((id, question)): Path<(String, String)>,
    page: Layout,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let exam = draft::exam(&app, &id).await?;
    let fields = Fields::read(&body);
    let form = decision_form(&app, &id, &question, &fields).await?;
    let comparison = preview(&app, &actor, &id, &form).await?;
    let base = format!("/examens/{id}/notation/{}", segment(&question));
    let head = head(&app, &actor, &exam, At::Marking)
        .await?
        .under("Effet d’une décision")
        .lead("Calculé sur toutes les copies. Rien n’est décidé.")
        .link(&base, "Revenir à la question");
    let title = format!("Aujourd’hui (version {})", comparison.before.version);
    let before: Vec<Entry> = ledger(&app, &id).await?.into_iter().map(|l| l.entry).collect();
    let what = told_next(&app, &id, &before, &form.decision).await?;
    web::page(&ComparePage {
        page: page.titled(head.document()),
        head,
        beside: Beside::of(&comparison, title, "Avec cette décision".into()),
        decisions: Vec::new(),
        back: base.clone(),
        action: base,
        fields: fields.repeated(&["reason"]),
        reason: form.reason,
        what,
    })
}

/// Marks at two versions of the register, side by side.
pub async fn compare_page(
    State(app): State<App>,
    actor: Actor,
    Path((id, from, to)): Path<(String, String, String)>,
    page: Layout,
) -> ApiResult<Response> {
    let version = |text: String| text.parse::<u32>().map_err(|_| ApiError::NotFound);
    let (from, to) = (version(from)?, version(to)?);
    let exam = draft::exam(&app, &id).await?;
    let comparison = compare_versions(&app, &id, from, to).await?;
    let head = head(&app, &actor, &exam, At::Ledger)
        .await?
        .under(format!("Version {from} et version {to}"))
        .lead("Les mêmes copies, notées à deux versions du registre.")
        .link(format!("/examens/{id}/registre"), "Revenir au registre");
    let decisions = lines(&app, &id, exam.published_version).await?;
    web::page(&ComparePage {
        page: page.titled(head.document()),
        head,
        beside: Beside::of(&comparison, format!("Version {from}"), format!("Version {to}")),
        decisions: decisions.into_iter().filter(|l| l.version > from.min(to) && l.version <= from.max(to)).collect(),
        action: String::new(),
        back: String::new(),
        fields: Vec::new(),
        reason: String::new(),
        what: String::new(),
    })
}

async fn lines(app: &App, id: &str, published: Option<i64>) -> ApiResult<Vec<Line>> {
    let register = ledger(app, id).await?;
    let words = told(app, id, &register).await?;
    let people: HashMap<String, String> =
        app.store.candidates(id).await?.into_iter().map(|c| (c.person_id, c.number)).collect();
    Ok(register
        .into_iter()
        .zip(words)
        .map(|(l, what)| {
            let version = l.entry.version;
            let compare = |from: u32| format!("/examens/{id}/registre/{from}/{version}");
            Line {
                version,
                iso: iso(l.entry.at_ms),
                when: date_time(l.entry.at_ms),
                class: match l.entry.decision {
                    Decision::FirstMarking => "timeline__item--success",
                    Decision::Neutralise { .. } => "timeline__item--danger",
                    Decision::Reinstate { .. } => "",
                    _ => "timeline__item--warning",
                },
                what: match &l.entry.decision {
                    Decision::AcceptLate { candidate } => match people.get(candidate) {
                        Some(number) => format!("Réponses tardives du candidat {number} prises en compte"),
                        None => what,
                    },
                    _ => what,
                },
                question: l
                    .entry
                    .decision
                    .question()
                    .map(|q| format!("/examens/{id}/notation/{}", segment(q.as_str()))),
                reason: l.entry.reason,
                author: l.author_name,
                from_previous: (version > 1).then(|| compare(version - 1)),
                from_first: (version > 2).then(|| compare(1)),
                published: published == Some(i64::from(version)),
            }
        })
        .collect())
}

struct Late {
    candidate: String,
    number: String,
    name: String,
    section: String,
    count: i64,
    accepted: bool,
}

#[derive(Template)]
#[template(path = "committee/ledger.html")]
struct LedgerPage {
    page: Layout,
    head: Head,
    lines: Vec<Line>,
    late: Vec<Late>,
    /// Numbers of the candidates whose answers came after the marking, with how many.
    after: Vec<(String, i64)>,
}

/// The register: what changed since the first marking, and why.
pub async fn ledger_page(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    page: Layout,
) -> ApiResult<Response> {
    let exam = draft::exam(&app, &id).await?;
    let head = head(&app, &actor, &exam, At::Ledger).await?;
    let lines = lines(&app, &id, exam.published_version).await?;
    if lines.is_empty() {
        return unmarked(page, head, &exam);
    }
    let versions = lines.len();
    let head = head.lead(format!(
        "{}. Une note ne se retouche pas\u{a0}: elle se recalcule depuis les copies et ce registre.",
        count(versions, "version", "versions")
    ));
    web::page(&LedgerPage {
        page: page.titled(head.document()),
        head,
        // The newest first: it is the one that people look for.
        lines: lines.into_iter().rev().collect(),
        late: late(&app, &id).await?,
        after: after_marking(&app, &id).await?,
    })
}

async fn after_marking(app: &App, id: &str) -> ApiResult<Vec<(String, i64)>> {
    let counts = app.store.after_marking_counts(id).await?;
    if counts.is_empty() {
        return Ok(Vec::new());
    }
    let numbers: HashMap<String, String> =
        app.store.attempts(id).await?.into_iter().map(|a| (a.id, a.number)).collect();
    let mut after: Vec<(String, i64)> =
        counts.into_iter().map(|(id, n)| (numbers.get(&id).cloned().unwrap_or_default(), n)).collect();
    after.sort();
    Ok(after)
}

async fn late(app: &App, id: &str) -> ApiResult<Vec<Late>> {
    let counts = app.store.late_counts(id).await?;
    if counts.is_empty() {
        return Ok(Vec::new());
    }
    let counts: HashMap<String, i64> = counts.into_iter().collect();
    let frozen = app.frozen_paper(id).await?;
    let people: HashMap<String, String> =
        app.store.candidates(id).await?.into_iter().map(|c| (c.person_id, c.name)).collect();
    let accepted: Vec<String> = ledger(app, id)
        .await?
        .into_iter()
        .filter_map(|l| match l.entry.decision {
            Decision::AcceptLate { candidate } => Some(candidate),
            _ => None,
        })
        .collect();
    let mut late: Vec<Late> = app
        .store
        .attempts(id)
        .await?
        .into_iter()
        .filter_map(|a| {
            Some(Late {
                count: *counts.get(&a.id)?,
                name: people.get(&a.person_id).cloned().unwrap_or_default(),
                section: frozen.section(&a.section_id).map(|(_, s)| s.title.clone()).unwrap_or_default(),
                accepted: accepted.contains(&a.person_id),
                candidate: a.person_id,
                number: a.number,
            })
        })
        .collect();
    late.sort_by(|a, b| a.number.cmp(&b.number));
    Ok(late)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(form: &str) -> ApiResult<Decision> {
        let key = BTreeMap::from([(PropositionId::new("a"), Status::Faux), (PropositionId::new("b"), Status::Vrai)]);
        decision(&QuestionId::new("q1"), &Fields::read(form.as_bytes()), &key)
    }

    #[test]
    fn decisions_are_read_from_their_forms() {
        let question = QuestionId::new("q1");
        assert_eq!(
            read("decision=neutralise&policy=removed").unwrap(),
            Decision::Neutralise { question: question.clone(), policy: Neutralisation::Removed }
        );
        // Only what changes is part of the decision.
        assert_eq!(
            read("decision=change_key&status.a=vrai&status.b=vrai").unwrap(),
            Decision::ChangeKey { question: question.clone(), statuses: BTreeMap::from([("a".into(), Status::Vrai)]) }
        );
        assert_eq!(
            read("decision=change_panel&panel.0=0&panel.1=1&panel.2=2&panel.3=3&panel.4=4").unwrap(),
            Decision::ChangePanel { question: question.clone(), panel: [0, 1, 2, 3, 4] }
        );
        assert_eq!(
            read("decision=accept_text&text=valve+mitrale&list=exact").unwrap(),
            Decision::AcceptText { question, text: "valve mitrale".into(), list: TextList::Exact }
        );
    }

    #[test]
    fn a_bad_form_says_what_is_wrong() {
        for form in [
            "",
            "decision=x",
            "decision=neutralise",
            "decision=change_key&status.a=peut-être",
            "decision=accept_text&text=&list=exact",
            "decision=accept_text&text=x",
        ] {
            assert!(matches!(read(form), Err(ApiError::Invalid { .. })), "{form}");
        }
        match read("decision=change_panel&panel.0=1&panel.1=x&panel.2=&panel.3=1&panel.4=1") {
            Err(ApiError::Invalid { wrong, .. }) => assert_eq!(wrong.len(), 2),
            other => panic!("{other:?}"),
        }
    }
}
