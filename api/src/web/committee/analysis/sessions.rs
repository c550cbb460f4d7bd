//! This exam on the scale of another: which marks are worth which.

use super::super::marking::off_thread;
use super::super::{Fields, Head, segment};
use super::{Asked, Found, PATIENCE, find, wait};
use crate::analysis::equating::pairing::{self, Side};
use crate::analysis::equating::report::{self, CommonLine, Results};
use crate::analysis::equating::{Equating, Wishes, equate, words};
use crate::analysis::jobs::{self, Answer, Room};
use crate::analysis::study::Study;
use crate::app::{App, FrozenPaper};
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult};
use crate::web::filters::{count, float};
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{Path, Query, RawQuery, State};
use axum::response::Response;
use std::collections::BTreeSet;
use std::sync::Arc;

/// An exam that this one may be compared to.
struct Other {
    id: String,
    title: String,
    shared: String,
    chosen: bool,
}

/// Those who would be on the other side of an equivalent threshold.
struct Moved {
    heading: String,
    people: Vec<(String, String)>,
    more: usize,
}

struct Chosen {
    id: String,
    there: String,
    about: String,
    results: Results,
    moved: Vec<Moved>,
    common: Vec<(String, CommonLine)>,
    counts: String,
    custom: bool,
    usual: String,
}

#[derive(Template)]
#[template(path = "analysis/sessions.html")]
struct SessionsPage {
    page: Layout,
    head: Head,
    version: Option<u32>,
    others: Vec<Other>,
    chosen: Option<Box<Chosen>>,
}

/// Candidates named at most under a threshold.
const NAMED: usize = 50;

/// An exam ready to be compared.
pub struct Ready {
    /// The exam.
    pub room: Arc<Room>,
    /// Its study.
    pub study: Arc<Study>,
    /// Its paper before any decision.
    pub paper: Arc<FrozenPaper>,
}

impl Ready {
    fn side(&self) -> Side<'_> {
        Side { subject: &self.room.subject, study: &self.study, paper: &self.paper.paper }
    }
}

/// Compares two exams, off the web threads.
pub async fn compared(x: Ready, y: Ready, wishes: Wishes) -> ApiResult<(Ready, Equating)> {
    off_thread(move || {
        let found = equate(&x.side(), &y.side(), &wishes);
        (x, found)
    })
    .await
}

/// Other exams that are marked, those that share most questions first, then the newest.
async fn others(app: &App, exam_id: &str) -> ApiResult<Vec<(String, String, usize)>> {
    let own = app.frozen_paper(exam_id).await?;
    let mut others = Vec::new();
    for exam in app.store.exams().await? {
        if exam.id != exam_id && matches!(exam.state.as_str(), "marked" | "published") {
            let paper = app.frozen_paper(&exam.id).await?;
            others.push((exam.id, exam.title, pairing::shared(&own.paper, &paper.paper)));
        }
    }
    others.sort_by_key(|o| std::cmp::Reverse(o.2));
    Ok(others)
}

/// Checks that an exam can be compared to.
pub async fn comparable(app: &App, exam_id: &str, other: &str) -> ApiResult<()> {
    if other.trim().is_empty() {
        return Err(ApiError::wrong("with", "Nommez l’épreuve à laquelle comparer."));
    }
    if other == exam_id {
        return Err(ApiError::wrong("with", "Une épreuve ne se compare pas à elle-même."));
    }
    let exam = crate::exam::draft::exam(app, other).await?;
    if !matches!(exam.state.as_str(), "marked" | "published") {
        return Err(ApiError::Conflict("L’autre épreuve n’est pas encore notée.".into()));
    }
    Ok(())
}

/// This exam on the scale of another.
pub async fn sessions(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
    RawQuery(raw): RawQuery,
    page: Layout,
) -> ApiResult<Response> {
    let found = find(&app, &actor, &id, &page, &asked, ("/sessions", "Comparer à une autre session")).await?;
    let (head, room, study) = match found {
        Found::Ready(found) => *found,
        Found::Later(response) => return Ok(response),
    };
    let fields = Fields::read(raw.unwrap_or_default().as_bytes());
    let with = fields.get("avec").to_owned();
    let list = others(&app, &id).await?;
    let told = |(other, title, shared): (String, String, usize)| Other {
        chosen: other == with,
        shared: if shared == 0 {
            "aucune question commune".to_owned()
        } else {
            count(shared, "question commune", "questions communes")
        },
        id: other,
        title,
    };
    let others: Vec<Other> = list.into_iter().map(told).collect();
    let mut chosen = None;
    if !with.is_empty() {
        comparable(&app, &id, &with).await?;
        let (there, other_study) = match jobs::study(&app, &with, None, PATIENCE).await? {
            Answer::Ready(room, study) => (room, study),
            late => {
                let head = head.lead("L’autre épreuve est analysée d’abord.");
                return wait(page, head, &with, None, &late);
            }
        };
        let x = Ready { room, study, paper: app.frozen_paper(&id).await? };
        let y = Ready { room: there, study: other_study, paper: app.frozen_paper(&with).await? };
        // A form without a ticked box sends nothing of them: the mark says that the choice is made.
        let custom = fields.has("choix");
        let without: Option<BTreeSet<String>> = custom.then(|| fields.all("sans").into_iter().collect());
        let (x, found) = compared(x, y, Wishes { without, ..Wishes::default() }).await?;
        chosen = Some(Box::new(tell(&id, &with, &asked, &x, &found, custom)));
    }
    web::page(&SessionsPage { page: page.titled(head.document()), head, version: asked.version, others, chosen })
}

fn tell(id: &str, with: &str, asked: &Asked, x: &Ready, found: &Equating, custom: bool) -> Chosen {
    let subject = &x.room.subject;
    let moved = found
        .thresholds
        .iter()
        .filter(|t| !t.moved.is_empty())
        .map(|t| Moved {
            heading: format!(
                "{}\u{a0}: {} de côté",
                t.name,
                count(t.moved.len(), "candidat changerait", "candidats changeraient")
            ),
            people: t
                .moved
                .iter()
                .take(NAMED)
                .map(|row| {
                    let person = &subject.people[*row];
                    let text = format!("{} {}", person.number, person.name);
                    (format!("/examens/{id}/candidats/{}", segment(&person.id)), text)
                })
                .collect(),
            more: t.moved.len().saturating_sub(NAMED),
        })
        .collect();
    let version = asked.version.map(|v| format!("version={v}&")).unwrap_or_default();
    let used = found.common.iter().filter(|c| c.used).count();
    let share = found.anchor.as_ref().map(|a| 100.0 * a.share);
    let counts = format!(
        "{}, dont {}{}.",
        count(found.common.len(), "question commune", "questions communes"),
        count(used, "dans l’ancrage", "dans l’ancrage"),
        share.map_or_else(String::new, |s| format!(" ({}\u{a0}% de l’épreuve)", float(Some(s), 0)))
    );
    Chosen {
        id: with.to_owned(),
        there: found.with.title.clone(),
        about: words::exam(&found.with),
        results: Results::new(found, false),
        moved,
        common: report::common(found)
            .into_iter()
            .map(|line| (format!("/examens/{id}/notation/{}", segment(&line.id)), line))
            .collect(),
        counts,
        custom,
        usual: format!("/examens/{id}/analyse/sessions?{version}avec={}", web::urlencode(with)),
    }
}
