//! How the questions of an element count: weight, rank, and a scheme of their own.

use super::{At, Fields, Head, again, head, segment};
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult, Wrong};
use crate::exam::draft;
use crate::exam::schemes::{self, Counting};
use crate::markdown;
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{Path, RawForm, State};
use axum::response::Response;
use docimo_engine::paper::Element;
use docimo_engine::question::Question;

struct Choice {
    name: String,
    title: String,
    chosen: bool,
}

struct CountingLine {
    id: String,
    number: usize,
    kind: &'static str,
    stem: String,
    weight: String,
    rank: String,
    schemes: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "committee/element.html")]
struct ElementPage {
    page: Layout,
    head: Head,
    action: String,
    back: String,
    lines: Vec<CountingLine>,
    wrong: Vec<Wrong>,
}

/// Weight, rank and scheme of the questions of an element, as the form sends them.
fn countings(fields: &Fields) -> Vec<Counting> {
    fields
        .all("question")
        .iter()
        .enumerate()
        .map(|(i, id)| Counting {
            question: id.as_str().into(),
            weight: fields.get(&format!("weight.{i}")).trim().to_owned(),
            rank: fields.get(&format!("rank.{i}")).to_owned(),
            scheme: fields.get(&format!("scheme.{i}")).to_owned(),
        })
        .collect()
}

async fn element_form(
    app: &App,
    actor: &Actor,
    page: Layout,
    (id, section, element): (String, String, String),
    typed: &[Counting],
    wrong: Vec<Wrong>,
) -> ApiResult<ElementPage> {
    let exam = draft::exam(app, &id).await?;
    if exam.state != "draft" {
        return Err(ApiError::Conflict("Le sujet est figé\u{a0}: poids et barèmes ne changent plus.".into()));
    }
    let paper = draft::paper(app, &id).await?;
    let (_, in_section) = paper.section(&section).ok_or(ApiError::NotFound)?;
    let found = in_section.elements.iter().find(|e| e.id() == element).ok_or(ApiError::NotFound)?;
    let all = schemes::known(&paper);
    let line = |question: &Question| {
        let own = typed.iter().find(|c| c.question == question.id);
        let scheme = own.map_or_else(|| question.scheme.clone().unwrap_or_default(), |c| c.scheme.clone());
        CountingLine {
            id: question.id.to_string(),
            number: paper.question(&question.id).map_or(0, |p| p.number),
            kind: question.kind().code(),
            stem: markdown::plain(&question.stem, 120),
            weight: own.map_or_else(|| question.weight.french(6), |c| c.weight.clone()),
            rank: own.map_or_else(|| question.rank.map(|r| r.to_string()).unwrap_or_default(), |c| c.rank.clone()),
            schemes: all
                .iter()
                .map(|s| Choice { chosen: s.name == scheme, name: s.name.clone(), title: s.title.clone() })
                .collect(),
        }
    };
    let title = match found {
        Element::Question(_) => "Poids et barème d’une question".to_owned(),
        Element::Case(case) => format!("Poids et barèmes du dossier «\u{a0}{}\u{a0}»", case.title),
    };
    let head = head(app, actor, &exam, At::Paper).await?.under(title);
    let base = format!("/examens/{id}/sections/{}", segment(&section));
    Ok(ElementPage {
        page: page.titled(head.document()),
        head,
        action: format!("{base}/elements/{}", segment(&element)),
        back: format!("/examens/{id}/sujet#epreuve-{}", segment(&section)),
        lines: found.questions().map(line).collect(),
        wrong,
    })
}

/// How the questions of an element count.
pub async fn element_page(
    State(app): State<App>,
    actor: Actor,
    Path(place): Path<(String, String, String)>,
    page: Layout,
) -> ApiResult<Response> {
    web::page(&element_form(&app, &actor, page, place, &[], Vec::new()).await?)
}

/// Changes how the questions of an element count.
pub async fn set_element(
    State(app): State<App>,
    actor: Actor,
    Path(place): Path<(String, String, String)>,
    page: Layout,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let list = countings(&Fields::read(&body));
    match schemes::set_counting(&app, &place.0, &list).await {
        Ok(()) => {
            let to = format!("/examens/{}/sujet#epreuve-{}", place.0, segment(&place.1));
            Ok(web::go(&to, "Poids et barèmes enregistrés."))
        }
        Err(ApiError::Invalid { wrong, .. }) => again(&element_form(&app, &actor, page, place, &list, wrong).await?),
        Err(error) => Err(error),
    }
}
