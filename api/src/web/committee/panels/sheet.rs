//! A judge's sheet: a field a question, the question beside it.

use super::super::{At, Fields, Head, again, count, head};
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult};
use crate::exam::panels::book::Entered;
use crate::exam::panels::judged::Inputs;
use crate::exam::panels::method::{Scale, Target};
use crate::exam::panels::{self, Book, Ground, Method};
use crate::web::filters::{float, percent};
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{Path, RawForm, State};
use axum::response::Response;
use docimo_engine::docimology::standards::{EBEL_DIFFICULTY, EBEL_RELEVANCE};

struct Choice {
    value: String,
    label: String,
    chosen: bool,
}

struct Line {
    field: usize,
    target: String,
    label: String,
    html: String,
    value: String,
    unit: &'static str,
    choices: Vec<Choice>,
    /// What was said at the first round, at the second.
    first: String,
    /// Success rate, where judges may see it.
    p: String,
    fault: String,
}

struct PageLine {
    page: usize,
    number: usize,
    stem: String,
    level: String,
    location: String,
}

#[derive(Template)]
#[template(path = "panels/sheet.html")]
struct SheetPage {
    page: Layout,
    head: Head,
    action: String,
    back: String,
    open: bool,
    position: i64,
    faults: usize,
    questions: Vec<Line>,
    others: Vec<Line>,
    booklet: Vec<PageLine>,
    no_booklet: String,
    previous: String,
    next: String,
}

fn unit(scale: Scale) -> &'static str {
    match scale {
        Scale::Percent => "%",
        Scale::Mark => "sur 20",
        _ => "",
    }
}

fn choices(scale: Scale, value: &str) -> Vec<Choice> {
    let one = |v: &str, label: String| Choice { value: v.to_owned(), label, chosen: v == value };
    match scale {
        Scale::YesNo => vec![one("oui", "oui".into()), one("non", "non".into())],
        Scale::Concordance => ["-2", "-1", "0", "1", "2"]
            .iter()
            .map(|v| one(v, super::super::question::signed(v.parse().unwrap_or(0))))
            .collect(),
        Scale::Cell => EBEL_RELEVANCE
            .iter()
            .flat_map(|r| EBEL_DIFFICULTY.iter().map(move |d| (r, d)))
            .map(|(r, d)| one(&format!("{r}/{d}"), format!("{r}, {d}")))
            .collect(),
        _ => Vec::new(),
    }
}

struct Asked<'a> {
    app: &'a App,
    actor: &'a Actor,
    exam: &'a str,
    panel: &'a str,
    judge: i64,
}

/// What the sheet is made of: the panel, its exam, what is judged.
async fn open_sheet(asked: &Asked<'_>) -> ApiResult<(Book, Ground, Option<Inputs>, Vec<Target>)> {
    let book = Book::load(asked.app, asked.exam, asked.panel).await?;
    if book.method.of_candidates() || !book.judges.iter().any(|j| j.number == asked.judge) {
        return Err(ApiError::NotFound);
    }
    let ground = Ground::load(asked.app, asked.exam).await?;
    let inputs = ground.inputs(asked.app, &book).await?;
    if book.method == Method::Bookmark && inputs.is_none() {
        let why = "Le carnet ordonné est en cours de calcul\u{a0}: rechargez la page dans un instant.";
        return Err(ApiError::Conflict(why.into()));
    }
    let targets = ground.targets(&book, inputs.as_ref());
    Ok((book, ground, inputs, targets))
}

async fn page_of(
    asked: &Asked<'_>,
    page: Layout,
    typed: Option<&Fields>,
    wrong: &[(String, String)],
) -> ApiResult<SheetPage> {
    let (book, ground, inputs, targets) = open_sheet(asked).await?;
    let (round, open) = (book.panel.round, book.panel.closed_ms.is_none());
    let line = |(field, target): (usize, &Target)| {
        let kept = book.value(round, asked.judge, &target.id).unwrap_or("").replace('.', ",");
        let value = typed.map_or(kept, |f| f.get(&format!("v.{}", target.id)).to_owned());
        let question = inputs.as_ref().and_then(|i| i.questions.iter().find(|q| q.target == target.id));
        Line {
            field,
            target: target.id.clone(),
            label: target.label.clone(),
            html: target.html.clone(),
            choices: choices(target.scale, &value),
            value,
            unit: unit(target.scale),
            first: if round > 1 {
                book.value(1, asked.judge, &target.id)
                    .map_or_else(|| "rien".into(), |v| format!("{}\u{a0}%", v.replace('.', ",")))
            } else {
                String::new()
            },
            // Only where the round was opened with it: a threshold that has seen the marks says so.
            p: if book.panel.informed == 1 {
                question.and_then(|q| q.p).map_or_else(String::new, percent)
            } else {
                String::new()
            },
            fault: wrong.iter().find(|(t, _)| *t == target.id).map_or_else(String::new, |(_, m)| m.clone()),
        }
    };
    let (questions, others): (Vec<_>, Vec<_>) = targets.iter().enumerate().partition(|(_, target)| target.number > 0);
    let (out, no_booklet) = match &inputs {
        Some(inputs) if book.method == Method::Bookmark => {
            let found = panels::outcome::outcome(&book, inputs);
            let why = if found.booklet.is_empty() { found.why_not.unwrap_or_default() } else { String::new() };
            (found.booklet, why)
        }
        _ => (Vec::new(), String::new()),
    };
    let name = book.judges.iter().find(|j| j.number == asked.judge).map_or("", |j| j.name.as_str());
    let mut head = head(asked.app, asked.actor, &ground.exam, At::Standards).await?.under(name);
    let which = if book.method == Method::ModifiedAngoff { format!(", tour {round}") } else { String::new() };
    head.lead = format!("{}{which}. {}", book.panel.title, book.method.asked());
    let base = format!("/examens/{}/panels/{}", asked.exam, asked.panel);
    let beside = |step: i64| {
        let to = asked.judge + step;
        let there = book.judges.iter().any(|j| j.number == to);
        if there { format!("{base}/juges/{to}") } else { String::new() }
    };
    Ok(SheetPage {
        page: page.titled(head.document()),
        head,
        action: format!("{base}/juges/{}", asked.judge),
        open,
        position: book.panel.last_position,
        faults: wrong.len(),
        questions: questions.into_iter().map(line).collect(),
        others: others.into_iter().map(line).collect(),
        booklet: out
            .into_iter()
            .map(|p| PageLine {
                page: p.page,
                number: p.number,
                stem: p.stem,
                level: if p.level == 0 { String::new() } else { format!("niveau {}", p.level) },
                location: float(Some(p.location), 2),
            })
            .collect(),
        no_booklet,
        previous: beside(-1),
        next: beside(1),
        back: base,
    })
}

/// A judge's sheet.
pub async fn sheet(
    State(app): State<App>,
    actor: Actor,
    Path((id, panel, judge)): Path<(String, String, String)>,
    page: Layout,
) -> ApiResult<Response> {
    let judge = judge.parse().map_err(|_| ApiError::NotFound)?;
    let asked = Asked { app: &app, actor: &actor, exam: &id, panel: &panel, judge };
    web::page(&page_of(&asked, page, None, &[]).await?)
}

/// Keeps a sheet: what changed, all of it or nothing.
pub async fn save(
    State(app): State<App>,
    actor: Actor,
    Path((id, panel, judge)): Path<(String, String, String)>,
    page: Layout,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let judge = judge.parse().map_err(|_| ApiError::NotFound)?;
    let asked = Asked { app: &app, actor: &actor, exam: &id, panel: &panel, judge };
    let fields = Fields::read(&body);
    let (book, _, _, targets) = open_sheet(&asked).await?;
    let since = fields.get("position").parse::<i64>().unwrap_or(i64::MAX);
    let overtaken = book.rows.iter().any(|r| r.judge == judge && r.position > since);
    if overtaken {
        let why = "La feuille de ce juge a changé entre-temps\u{a0}: rien n’a été enregistré. Rechargez-la.";
        return Err(ApiError::Conflict(why.into()));
    }
    let (mut said, mut wrong) = (Vec::new(), Vec::new());
    for target in &targets {
        let name = format!("v.{}", target.id);
        if !fields.has(&name) {
            continue;
        }
        match target.scale.read(fields.get(&name)) {
            Ok(value) => said.push(Entered { judge, target: target.id.clone(), value }),
            Err(message) => wrong.push((target.id.clone(), message)),
        }
    }
    if !wrong.is_empty() {
        return again(&page_of(&asked, page, Some(&fields), &wrong).await?);
    }
    let n = panels::save(&app, &actor, &book, &[], &said).await?;
    let told = if n == 0 {
        "Rien n’a changé.".into()
    } else {
        format!("{}.", count(n, "avis enregistré", "avis enregistrés"))
    };
    Ok(web::go(&format!("/examens/{id}/panels/{panel}/juges/{judge}"), told))
}
