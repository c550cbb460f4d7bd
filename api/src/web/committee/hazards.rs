//! What a paper meets before it is frozen: the list on its page, who answers for each, two questions side by side.

use super::{At, Fields, Head, head, segment};
use crate::app::App;
use crate::auth::Actor;
use crate::error::ApiResult;
use crate::exam::draft;
use crate::exam::hazards::{self, Answer, Checked, Risk};
use crate::markdown;
use crate::web::bank::{Piece, pieces};
use crate::web::filters::{capital, count, date_time, thousands};
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{Path, RawForm, State};
use axum::response::Response;
use docimo_bank::diff::differences;
use docimo_engine::paper::{Element, Paper};
use docimo_engine::question::{Body, Question};

/// A line of the list.
pub(super) struct Line {
    pub(super) code: String,
    pub(super) element: String,
    pub(super) kind: &'static str,
    pub(super) message: String,
    pub(super) likeness: String,
    /// "12 candidats l’ont ouverte, dont 3 de cet examen".
    pub(super) seen: String,
    /// Where the two are read side by side.
    pub(super) compare: Option<String>,
    /// "Pr Jury, le 4 mars 2027 à 9 h 05".
    pub(super) by: String,
    pub(super) reason: String,
}

/// What the page of a paper says of its hazards.
#[derive(Default)]
pub(super) struct Panel {
    pub(super) action: String,
    pub(super) open: Vec<Line>,
    pub(super) answered: Vec<Line>,
    /// Who answers for these.
    pub(super) people: Vec<String>,
    /// "12 sujets figés".
    pub(super) compared: String,
}

fn line(exam: &str, risk: &Risk) -> Line {
    let people = |n: i64| usize::try_from(n).unwrap_or(0);
    let seen = risk.seen_in.as_ref().map_or_else(String::new, |seen| match (people(seen.seen_by), seen.of_this_exam) {
        (0, _) => "Personne ne l’a encore ouverte.".to_owned(),
        (n, 0) => format!("{} ouverte.", count(n, "candidat l’a", "candidats l’ont")),
        (n, own) => format!(
            "{} ouverte ; {} de cet examen y composai{}.",
            count(n, "candidat l’a", "candidats l’ont"),
            thousands(people(own)),
            if own > 1 { "ent" } else { "t" }
        ),
    });
    let pair = risk.seen_in.is_some() || risk.other.is_some();
    Line {
        kind: risk.kind_french(),
        element: risk.element.clone(),
        message: capital(&risk.message),
        likeness: risk.likeness.clone().unwrap_or_default(),
        seen,
        compare: pair.then(|| format!("/examens/{exam}/risques/{}", segment(&risk.code))),
        by: risk.answered.as_ref().map_or_else(String::new, |a| format!("{}, le {}", a.by, date_time(a.at_ms))),
        reason: risk.answered.as_ref().map_or_else(String::new, |a| a.reason.clone()),
        code: risk.code.clone(),
    }
}

impl Panel {
    /// What a draft meets.
    pub(super) async fn of(app: &App, exam: &str, paper: &Paper) -> ApiResult<Self> {
        let Checked { risks, frozen, .. } = hazards::check(app, exam, paper).await?;
        let (open, answered): (Vec<_>, Vec<_>) =
            risks.iter().map(|risk| line(exam, risk)).partition(|line| line.by.is_empty());
        let mut people: Vec<String> = risks.iter().filter_map(|r| Some(r.answered.as_ref()?.by.clone())).collect();
        people.sort();
        people.dedup();
        let frozen = usize::try_from(frozen).unwrap_or(0);
        let compared = count(frozen, "sujet figé", "sujets figés");
        Ok(Self { action: format!("/examens/{exam}/risques"), open, answered, people, compared })
    }
}

/// Someone answers for the hazards ticked.
pub async fn answer_hazards(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    // "All" is all that was shown, not what may have come since.
    let hazards = fields.all(if fields.has("all") { "shown" } else { "hazard" });
    let form = Answer { hazards, reason: fields.get("reason").to_owned() };
    let answered = hazards::answer(&app, &actor, &id, &form).await?;
    let message = format!("Vous répondez de {}.", count(answered, "risque", "risques"));
    Ok(web::go(&format!("/examens/{id}/sujet#risques"), message))
}

struct Difference {
    place: String,
    pieces: Vec<Piece>,
}

struct Side {
    heading: String,
    lines: Vec<String>,
}

#[derive(Template)]
#[template(path = "committee/side.html")]
struct SidePage {
    page: Layout,
    head: Head,
    message: String,
    likeness: String,
    differences: Vec<Difference>,
    sides: Vec<Side>,
    bank: String,
}

fn question_lines(question: &Question, lines: &mut Vec<String>) {
    lines.push(markdown::plain(&question.stem, 4_000));
    if let Body::Tcs { hypothesis, finding, .. } = &question.body {
        lines.push(format!("Hypothèse : {hypothesis}"));
        lines.push(format!("Information : {finding}"));
    }
    let propositions = question.body.propositions().iter().enumerate();
    lines.extend(propositions.map(|(i, p)| format!("{}. {}", char::from(b'A' + (i % 26) as u8), p.text)));
}

/// The words of an element, a line each.
fn words(element: &Element) -> Vec<String> {
    let mut lines = Vec::new();
    match element {
        Element::Question(question) => question_lines(question, &mut lines),
        Element::Case(case) => {
            lines.push(markdown::plain(&case.intro, 8_000));
            for part in &case.parts {
                lines.push(markdown::plain(&part.text, 4_000));
                question_lines(&part.question, &mut lines);
            }
        }
    }
    lines.retain(|line| !line.trim().is_empty());
    lines
}

/// The two questions of a hazard, side by side.
pub async fn hazard_page(
    State(app): State<App>,
    actor: Actor,
    Path((id, code)): Path<(String, String)>,
    page: Layout,
) -> ApiResult<Response> {
    let exam = draft::exam(&app, &id).await?;
    let (risk, other, own) = hazards::side_by_side(&app, &id, &code).await?;
    let head = head(&app, &actor, &exam, At::Paper)
        .await?
        .under(risk.kind_french())
        .link(format!("/examens/{id}/sujet#risques"), "Revenir au sujet");
    let (told, then) = match &risk.seen_in {
        Some(seen) => (format!("Dans « {} », {}", seen.title, seen.day), seen.exam.clone()),
        None => (format!("« {} », dans ce sujet", other.id()), String::new()),
    };
    let same_name = other.id() == own.id();
    let rows = if same_name { differences(&other, &own) } else { Vec::new() };
    web::page(&SidePage {
        page: page.titled(head.document()),
        message: format!("{}.", capital(&risk.message)),
        likeness: risk.likeness.clone().unwrap_or_default(),
        differences: rows
            .into_iter()
            .map(|d| Difference { pieces: pieces(&d.before, &d.after), place: d.place })
            .collect(),
        sides: vec![
            Side { heading: told, lines: words(&other) },
            Side { heading: format!("Ce sujet : « {} »", own.id()), lines: words(&own) },
        ],
        bank: if then.is_empty() { String::new() } else { format!("/examens/{then}/apercu") },
        head,
    })
}
