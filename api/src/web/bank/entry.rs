//! One entry of the bank, whole: as it reads, where it stands in the workflow, what people did and said, where it
//! was used and how it did, and its revisions.

use super::found::{self, Card};
use super::shown::{CaseShown, Shown, element_shown};
use crate::app::App;
use crate::assistance::incidents::KINDS;
use crate::assistance::reports;
use crate::auth::{Actor, Role};
use crate::bank::near::{self, Known};
use crate::bank::{desk, enemies, find, reach};
use crate::error::{ApiError, ApiResult};
use crate::exam::state_french;
use crate::web::assistance::reports as reports_page;
use crate::web::assistance::tags::{self, Origin};
use crate::web::filters::{capital, count, date_time, float, thousands};
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use docimo_ai::generation::Draft;
use docimo_ai::proposal::Proposal;
use docimo_bank::revision::Status;
use docimo_bank::rights::Level;
use docimo_engine::paper::Element;
use docimo_store::bank::uses::{PaperUse, UseStatistic};
use docimo_store::bank::workflow::EntryEvent;
use docimo_store::bank::{EntryLine, Revision};
use std::collections::{HashMap, HashSet};

struct RevisionRow {
    number: i64,
    at: String,
    author: String,
    origin: String,
    hash: String,
    /// Where it is compared with the one before.
    compare: Option<String>,
    usable: bool,
}

struct StepButton {
    code: &'static str,
    verb: &'static str,
    main: bool,
}

struct Said {
    id: String,
    who: String,
    at: String,
    what: &'static str,
    place: String,
    body: String,
    is_comment: bool,
    resolved: bool,
}

struct UseRow {
    exam_id: String,
    title: String,
    state: &'static str,
    at: String,
    revision: String,
    seen: String,
}

struct StatisticRow {
    exam: String,
    question: String,
    candidates: String,
    p: String,
    r_rest: String,
    d27: String,
}

/// Another entry much the same.
struct AlikeRow {
    id: String,
    external_id: String,
    title: String,
    said: String,
}

fn alike_row(near: near::Near) -> AlikeRow {
    let said = near.similarity.french();
    AlikeRow { id: near.line.id, external_id: near.line.external_id, title: near.line.title, said }
}

/// Entries of the same subject shown.
const LIKE: usize = 5;

#[derive(Template)]
#[template(path = "bank/entry.html")]
struct EntryPage {
    page: Layout,
    id: String,
    external_id: String,
    kind_french: &'static str,
    title: String,
    folder: String,
    status: &'static str,
    status_class: &'static str,
    status_code: String,
    latest: i64,
    /// The validated revision that papers take, where it is not the latest.
    usable_is_older: Option<i64>,
    /// Is one of its questions without a key?
    lacks_key: bool,
    agreed: String,
    lock: Option<String>,
    steps: Vec<StepButton>,
    may_write: bool,
    /// Where comments of its wrong answers are written, for who may.
    errors: Option<String>,
    case: Option<CaseShown>,
    questions: Vec<Shown>,
    flaws: usize,
    said: Vec<Said>,
    places: Vec<(String, String)>,
    uses: Vec<UseRow>,
    may_open_exams: bool,
    statistics: Vec<StatisticRow>,
    /// Entries much the same.
    alike: Vec<AlikeRow>,
    /// Entries of the same subject.
    like: Vec<Card>,
    enemies: Vec<enemies::Enemy>,
    revisions: Vec<RevisionRow>,
    /// How it was born of a machine, if it was.
    born: Option<Born>,
    /// Tags that a machine proposed, by whose decision they are there.
    tag_origins: Vec<Origin>,
    /// What a machine found badly written: id, what became of it, when.
    reports: Vec<(String, String, String)>,
    /// May a report be asked for?
    may_report: bool,
}

async fn reported(app: &App, entry: &str) -> ApiResult<Vec<(String, String, String)>> {
    let mut all = Vec::new();
    for (row, decision) in reports::of_entry(app, entry).await? {
        let what = match decision {
            None => "à relire".to_owned(),
            Some(d) => {
                let by = app.store.person(&d.reviewer_id).await?.map(|p| p.name).unwrap_or_default();
                if d.verdict == "refuse" { format!("écarté par {by}") } else { format!("retenu par {by}") }
            }
        };
        all.push((row.id, what, date_time(row.created_ms)));
    }
    Ok(all)
}

/// Said for ever of an entry that a machine proposed.
struct Born {
    model: String,
    proposal: String,
    verdict: &'static str,
    by: String,
    at: String,
    sources: Vec<String>,
    may_open: bool,
    /// Of incidents that may be reported: code, in French.
    kinds: Vec<(&'static str, &'static str)>,
}

async fn born(app: &App, actor: &Actor, entry: &str) -> ApiResult<Option<Born>> {
    let Some(birth) = app.store.ai_birth(entry).await? else { return Ok(None) };
    let proposal: Proposal<Draft> = serde_json::from_str(&birth.body).map_err(|e| ApiError::Internal(e.into()))?;
    let from = proposal.provenance();
    Ok(Some(Born {
        model: format!("{} ({})", from.model, from.provider),
        proposal: birth.proposal_id,
        verdict: if birth.verdict == "amend" { "modifiée et acceptée" } else { "acceptée" },
        by: birth.reviewer,
        at: date_time(birth.at_ms),
        sources: from.sources.iter().map(|s| s.title.clone()).collect(),
        may_open: actor.is_any(&[Role::Reviewer, Role::Committee, Role::Administrator]),
        kinds: KINDS.to_vec(),
    }))
}

fn what_french(what: &str) -> &'static str {
    match what {
        "submit" => "a proposé à la relecture",
        "approve" => "est d’accord",
        "send_back" => "a renvoyé à l’auteur",
        "validate" => "a validé",
        "reopen" => "a rouvert",
        "retire" => "a retiré",
        "restore" => "a remis en chantier",
        "move" => "a déplacé",
        "tag" => "a ajouté l’étiquette",
        "untag" => "a retiré l’étiquette",
        "undo" => "a défait",
        "comment" => "a écrit",
        "resolve" => "a réglé une remarque",
        _ => "a agi",
    }
}

/// The colour of a status, beside its word.
pub(super) fn status_class(status: Status) -> &'static str {
    match status {
        Status::Draft => "badge",
        Status::InReview => "badge badge--warning",
        Status::Validated => "badge badge--success",
        Status::Retired => "badge badge--danger",
    }
}

fn said(events: &[EntryEvent], places: &[(String, String)]) -> Vec<Said> {
    let names: HashMap<&str, &str> = places.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    events
        .iter()
        .filter(|e| e.what != "resolve")
        .map(|e| {
            let is_comment = e.what == "comment";
            Said {
                who: e.person_name.clone(),
                at: date_time(e.at_ms),
                what: what_french(&e.what),
                place: match (is_comment, names.get(e.place.as_str())) {
                    (true, Some(name)) => (*name).to_owned(),
                    (true, None) => e.place.clone(),
                    (false, _) => String::new(),
                },
                body: e.body.clone(),
                is_comment,
                resolved: events.iter().any(|r| r.what == "resolve" && r.place == e.id),
                id: e.id.clone(),
            }
        })
        .collect()
}

/// What a comment may be about: code, in French.
fn places(element: &Element) -> Vec<(String, String)> {
    let mut all = vec![(String::new(), "L’ensemble".to_owned())];
    let questions: Vec<_> = element.questions().collect();
    for (i, question) in questions.iter().enumerate() {
        let of = if questions.len() > 1 { format!("Question {}, ", i + 1) } else { String::new() };
        all.push((format!("{}/stem", question.id), capital(&format!("{of}énoncé"))));
        for (k, p) in question.body.propositions().iter().enumerate() {
            let name = format!("{of}proposition {}", super::shown::letter(k));
            all.push((format!("{}/{}", question.id, p.id), capital(&name)));
        }
        all.push((format!("{}/comment", question.id), capital(&format!("{of}correction"))));
    }
    all
}

fn use_rows(uses: Vec<PaperUse>) -> Vec<UseRow> {
    uses.into_iter()
        .map(|u| UseRow {
            exam_id: u.exam_id,
            title: u.title,
            state: state_french(&u.state),
            at: date_time(u.frozen_ms),
            revision: u.revision.map_or_else(|| "adaptée par le comité".into(), |n| format!("version {n}")),
            seen: u.seen.map_or_else(|| "—".into(), |n| thousands(usize::try_from(n).unwrap_or(0))),
        })
        .collect()
}

fn statistic_rows(rows: Vec<UseStatistic>, uses: &[UseRow], element: &Element) -> Vec<StatisticRow> {
    let numbers: HashMap<&str, usize> = element.questions().enumerate().map(|(i, q)| (q.id.as_str(), i + 1)).collect();
    rows.into_iter()
        .map(|s| StatisticRow {
            exam: uses.iter().find(|u| u.exam_id == s.exam_id).map_or_else(String::new, |u| u.title.clone()),
            question: match numbers.get(s.question_id.as_str()) {
                Some(n) => n.to_string(),
                None => s.question_id,
            },
            candidates: thousands(usize::try_from(s.candidates).unwrap_or(0)),
            p: float(s.p, 2),
            r_rest: float(s.r_rest, 2),
            d27: float(s.d27, 2),
        })
        .collect()
}

fn revision_rows(id: &str, line: &EntryLine, revisions: &[Revision]) -> Vec<RevisionRow> {
    revisions
        .iter()
        .map(|r| RevisionRow {
            number: r.number,
            at: date_time(r.created_ms),
            author: r.author_name.clone(),
            origin: r.origin.clone(),
            hash: r.hash.chars().take(16).collect(),
            compare: (r.number > 1).then(|| format!("/questions/{id}/versions/{}/{}", r.number - 1, r.number)),
            usable: line.usable == Some(r.number),
        })
        .collect()
}

/// One entry.
pub async fn entry(
    State(app): State<App>,
    actor: Actor,
    Path(entry): Path<String>,
    page: Layout,
) -> ApiResult<Response> {
    let (line, reach) = reach::entry(&app, &actor, &entry, Level::Read).await?;
    let revisions = app.store.revisions(&entry).await?;
    let latest = revisions.first().ok_or(ApiError::NotFound)?;
    let element: Element = serde_json::from_str(&latest.body).map_err(|e| ApiError::Internal(e.into()))?;
    let (case, questions) = element_shown(&element);
    let events = app.store.entry_events(&entry).await?;
    let status = desk::status(&line)?;
    let agreed = desk::approvals(&events, line.latest).len();
    let (places, uses) = (places(&element), use_rows(app.store.uses_of(&entry).await?));
    let needed = reach.reviews(&line.folder_id);
    let alike = match app.finder() {
        Some(finder) => near::near(&app.store, Known::Finder(finder), Some(&reach), &element, element.id()).await?,
        None => Vec::new(),
    };
    let like = match app.finder() {
        Some(finder) => {
            let found = find::like(&app, finder, &reach, &entry, LIKE).await?;
            found::cards(&app, &reach, found, &HashSet::new()).await?
        }
        None => Vec::new(),
    };
    let view = EntryPage {
        page: page.titled(format!("{} {}", line.kind, line.external_id)),
        kind_french: super::kind_french(&line.kind),
        title: match &element {
            Element::Case(case) => case.title.clone(),
            Element::Question(_) => line.external_id.clone(),
        },
        folder: reach.path(&line.folder_id),
        status: status.french(),
        status_class: status_class(status),
        status_code: line.status.clone(),
        latest: line.latest,
        usable_is_older: line.usable.filter(|n| *n != line.latest),
        lacks_key: line.lacks_key(),
        agreed: if status == Status::InReview && needed > 1 {
            format!("{} sur {needed}", count(agreed, "accord", "accords"))
        } else {
            String::new()
        },
        lock: app.store.lock_of(&entry).await?,
        steps: desk::offered(&line, &reach)
            .into_iter()
            .enumerate()
            .map(|(i, t)| StepButton { code: desk::code(t), verb: t.french(), main: i == 0 })
            .collect(),
        may_write: reach.may(&line.folder_id, Level::Write),
        errors: (reach.may(&line.folder_id, Level::Review) && !uses.is_empty())
            .then(|| format!("/assistance/commentaires?question={}", web::urlencode(&line.external_id))),
        flaws: case.iter().map(|c| c.flaws.len()).chain(questions.iter().map(|q| q.flaws.len())).sum(),
        case,
        questions,
        said: said(&events, &places),
        places,
        may_open_exams: actor.is_any(&[Role::Committee, Role::Administrator]),
        statistics: statistic_rows(app.store.statistics_of(&entry).await?, &uses, &element),
        uses,
        alike: alike.into_iter().map(alike_row).collect(),
        like,
        enemies: enemies::of(&app, &reach, &entry).await?,
        revisions: revision_rows(&entry, &line, &revisions),
        born: born(&app, &actor, &entry).await?,
        reports: reported(&app, &line.id).await?,
        may_report: reach.may(&line.folder_id, Level::Write) && reports_page::is_offered(&app).await?,
        tag_origins: tags::origins(&app, &actor, &entry).await?,
        id: entry,
        external_id: line.external_id,
    };
    web::page(&view)
}
