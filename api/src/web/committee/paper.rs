//! Composition of the paper: sections, elements taken from the bank, faults, preview, freezing.

use super::question::{Shown, shown};
use super::{At, Fields, Head, assembly, count, hazards, head, segment};
use crate::app::App;
use crate::assistance::disclosure::MARK;
use crate::auth::Actor;
use crate::error::ApiResult;
use crate::exam::draft::{self, SectionForm};
use crate::exam::room::ArticleView;
use crate::exam::schemes;
use crate::markdown;
use crate::media::ImageView;
use crate::web::filters::{date_time, duration};
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{Path, RawForm, State};
use axum::response::Response;
use docimo_engine::check::{Fault, Severity, refused};
use docimo_engine::paper::{Element, Paper, Section};
use std::collections::HashSet;

/// A scheme that a section may choose.
struct SchemeOption {
    name: String,
    title: String,
    chosen: bool,
}

fn scheme_options(paper: &Paper, chosen: Option<&str>) -> Vec<SchemeOption> {
    schemes::known(paper)
        .into_iter()
        .map(|s| SchemeOption { chosen: chosen == Some(s.name.as_str()), name: s.name, title: s.title })
        .collect()
}

struct ElementLine {
    id: String,
    /// Did a machine write it?
    machine: bool,
    segment: String,
    /// Weights and schemes that are not the section's, in words.
    counting: String,
    numbers: String,
    kind: &'static str,
    kind_french: &'static str,
    title: String,
    ranks: String,
    questions: usize,
    first: bool,
    last: bool,
}

struct SectionBlock {
    anchor: String,
    title: String,
    summary: String,
    minutes: u32,
    weight: String,
    shuffle: bool,
    scheme: String,
    schemes: Vec<SchemeOption>,
    base: String,
    elements: Vec<ElementLine>,
}

struct FaultLine {
    error: bool,
    place: String,
    message: String,
}

#[derive(Template)]
#[template(path = "committee/paper.html")]
struct PaperPage {
    page: Layout,
    head: Head,
    draft: bool,
    sections: Vec<SectionBlock>,
    schemes: Vec<SchemeOption>,
    faults: Vec<FaultLine>,
    errors: usize,
    panel: assembly::Panel,
    hazards: hazards::Panel,
    hash: String,
    frozen: String,
}

fn ranks(element: &Element) -> String {
    let mut seen: Vec<String> = element.questions().filter_map(|q| q.rank).map(|r| r.to_string()).collect();
    seen.sort();
    seen.dedup();
    seen.join(" et ")
}

fn element_line(element: &Element, first_number: usize, at: usize, len: usize, born: &HashSet<String>) -> ElementLine {
    let questions = element.questions().count();
    let (kind, kind_french, title) = match element {
        Element::Question(q) => (q.kind().code(), q.kind().french(), markdown::plain(&q.stem, 140)),
        Element::Case(c) => (c.kind.code(), c.kind.french(), c.title.clone()),
    };
    let mut counting: Vec<String> = Vec::new();
    for question in element.questions() {
        if question.weight != docimo_engine::Exact::ONE {
            counting.push(format!("poids {}", question.weight.french(3)));
        }
        counting.extend(question.scheme.iter().map(|name| format!("barème {name}")));
    }
    counting.dedup();
    ElementLine {
        id: element.id().to_owned(),
        machine: born.contains(element.id()),
        segment: segment(element.id()),
        counting: counting.join(", "),
        numbers: match questions {
            0 | 1 => first_number.to_string(),
            n => format!("{first_number}–{}", first_number + n - 1),
        },
        kind,
        kind_french,
        title,
        ranks: ranks(element),
        questions,
        first: at == 0,
        last: at + 1 == len,
    }
}

fn section_block(
    exam_id: &str,
    paper: &Paper,
    section: &Section,
    number: &mut usize,
    born: &HashSet<String>,
) -> SectionBlock {
    let mut elements = Vec::with_capacity(section.elements.len());
    let before = *number;
    for (at, element) in section.elements.iter().enumerate() {
        let line = element_line(element, *number + 1, at, section.elements.len(), born);
        *number += line.questions;
        elements.push(line);
    }
    let scheme = section.scheme.as_deref().and_then(|name| paper.scheme_named(name)).map(|s| s.title);
    let mut summary = vec![duration(section.duration_minutes), count(*number - before, "question", "questions")];
    if section.weight != docimo_engine::Exact::ONE {
        summary.push(format!("coefficient {}", section.weight.french(3)));
    }
    if let Some(scheme) = &scheme {
        summary.push(format!("barème\u{a0}: {scheme}"));
    }
    if section.shuffle_propositions {
        summary.push("propositions mélangées pour chaque candidat".into());
    }
    SectionBlock {
        anchor: format!("epreuve-{}", segment(section.id.as_str())),
        title: section.title.clone(),
        summary: summary.join(", "),
        minutes: section.duration_minutes,
        weight: section.weight.french(6),
        shuffle: section.shuffle_propositions,
        scheme: section.scheme.clone().unwrap_or_default(),
        schemes: scheme_options(paper, section.scheme.as_deref()),
        base: format!("/examens/{exam_id}/sections/{}", segment(section.id.as_str())),
        elements,
    }
}

fn fault_line(fault: Fault) -> FaultLine {
    FaultLine { error: fault.severity == Severity::Error, place: fault.place, message: fault.message }
}

/// The paper: what it holds and what is wrong with it.
pub async fn paper_page(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    page: Layout,
) -> ApiResult<Response> {
    let exam = draft::exam(&app, &id).await?;
    let paper = draft::paper(&app, &id).await?;
    let is_draft = exam.state == "draft";
    let mut head = head(&app, &actor, &exam, At::Paper).await?.lead(paper_in_words(&paper));
    if paper.questions().next().is_some() {
        head = head.link(format!("/examens/{id}/apercu"), "Voir comme un candidat");
    }
    if is_draft {
        head = head.link(format!("/examens/{id}/reglages"), "Réglages");
    }
    head = head.link(format!("/examens/{id}/baremes"), "Barèmes");
    if is_draft || app.store.blueprint(&id).await?.is_some() {
        head = head.link(format!("/examens/{id}/table"), "Table de spécification");
    }
    if crate::exam::panels::method::concordance_questions(&paper).next().is_some() {
        head = head.link(format!("/examens/{id}/tcs"), "Panels de concordance");
    }
    let mut faults = if is_draft { draft::faults(&app, &paper).await? } else { Vec::new() };
    faults.sort_by_key(|f| std::cmp::Reverse(f.severity));
    let hazards = if is_draft { hazards::Panel::of(&app, &id, &paper).await? } else { hazards::Panel::default() };
    let ids: Vec<String> = paper.sections.iter().flat_map(|s| &s.elements).map(|e| e.id().to_owned()).collect();
    let born: HashSet<String> = app.store.named_born_of_ai(&ids).await?.into_iter().collect();
    let mut number = 0;
    web::page(&PaperPage {
        panel: assembly::Panel::of(&app, &id, &paper).await?,
        hazards,
        page: page.titled(head.document()),
        head,
        draft: is_draft,
        sections: paper.sections.iter().map(|s| section_block(&id, &paper, s, &mut number, &born)).collect(),
        schemes: scheme_options(&paper, None),
        errors: if refused(&faults) { faults.iter().filter(|f| f.severity == Severity::Error).count() } else { 0 },
        faults: faults.into_iter().map(fault_line).collect(),
        hash: exam.paper_hash.clone().unwrap_or_default(),
        frozen: exam.frozen_ms.map(date_time).unwrap_or_default(),
    })
}

fn paper_in_words(paper: &Paper) -> String {
    let minutes = paper.sections.iter().map(|s| s.duration_minutes).sum();
    format!(
        "{}, {}, {} en tout.",
        count(paper.sections.len(), "épreuve", "épreuves"),
        count(paper.questions().count(), "question", "questions"),
        duration(minutes)
    )
}

fn section_form(fields: &Fields) -> ApiResult<SectionForm> {
    Ok(SectionForm {
        title: fields.get("title").trim().to_owned(),
        duration_minutes: fields.number("duration_minutes", "durée")?,
        weight: fields.get("weight").trim().to_owned(),
        scheme: fields.get("scheme").to_owned(),
        shuffle: fields.has("shuffle"),
    })
}

pub(super) fn to_paper(exam: &str, section: Option<&str>, message: &str) -> Response {
    let anchor = section.map(|s| format!("#epreuve-{}", segment(s))).unwrap_or_default();
    web::go(&format!("/examens/{exam}/sujet{anchor}"), message)
}

/// Adds a section.
pub async fn add_section(
    State(app): State<App>,
    Path(id): Path<String>,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let section = draft::add_section(&app, &id, &section_form(&Fields::read(&body))?).await?;
    Ok(to_paper(&id, Some(&section), "Épreuve ajoutée. Choisissez maintenant ses questions."))
}

/// Changes a section.
pub async fn set_section(
    State(app): State<App>,
    Path((id, section)): Path<(String, String)>,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    draft::set_section(&app, &id, &section, &section_form(&Fields::read(&body))?).await?;
    Ok(to_paper(&id, Some(&section), "Épreuve modifiée."))
}

/// Removes a section.
pub async fn remove_section(
    State(app): State<App>,
    Path((id, section)): Path<(String, String)>,
) -> ApiResult<Response> {
    draft::remove_section(&app, &id, &section).await?;
    Ok(to_paper(&id, None, "Épreuve retirée du sujet."))
}

/// Moves or removes an element.
pub async fn move_element(
    State(app): State<App>,
    Path((id, section)): Path<(String, String)>,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    let what = fields.get("what");
    draft::move_element(&app, &id, &section, fields.get("element"), what).await?;
    let message = if what == "remove" { "Élément retiré du sujet." } else { "Ordre modifié." };
    Ok(to_paper(&id, Some(&section), message))
}

/// Freezes the paper.
pub async fn freeze(State(app): State<App>, actor: Actor, Path(id): Path<String>) -> ApiResult<Response> {
    draft::freeze(&app, &actor, &id).await?;
    Ok(web::go(&format!("/examens/{id}"), "Sujet figé\u{a0}: il ne changera plus."))
}

struct CaseHead {
    kind: &'static str,
    title: String,
    intro_html: String,
    image: Option<ImageView>,
    article: Option<ArticleView>,
}

struct Seen {
    case: Option<CaseHead>,
    part_html: String,
    question: Shown,
}

struct SeenSection {
    title: String,
    summary: String,
    questions: Vec<Seen>,
}

#[derive(Template)]
#[template(path = "committee/preview.html")]
struct PreviewPage {
    page: Layout,
    head: Head,
    sections: Vec<SeenSection>,
}

/// Every question as candidates will see it.
pub async fn preview_paper(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    page: Layout,
) -> ApiResult<Response> {
    let exam = draft::exam(&app, &id).await?;
    let paper = draft::paper(&app, &id).await?;
    let mut sections: Vec<SeenSection> = paper
        .sections
        .iter()
        .map(|s| SeenSection {
            title: s.title.clone(),
            summary: format!(
                "{}, {}",
                duration(s.duration_minutes),
                count(s.elements.iter().map(|e| e.questions().count()).sum(), "question", "questions")
            ),
            questions: Vec::new(),
        })
        .collect();
    let ids: Vec<String> = paper.sections.iter().flat_map(|s| &s.elements).map(|e| e.id().to_owned()).collect();
    let born: HashSet<String> = app.store.named_born_of_ai(&ids).await?.into_iter().collect();
    for placed in paper.questions() {
        let element = placed.case.map_or(placed.question.id.as_str(), |(case, _)| case.id.as_str());
        let mut question = shown(placed.question, placed.number, false);
        if born.contains(element) {
            question.kind = format!("{}, {MARK}", question.kind);
        }
        let case = placed.case.filter(|(_, i)| *i == 0).map(|(case, _)| CaseHead {
            kind: case.kind.french(),
            title: case.title.clone(),
            intro_html: markdown::block(&case.intro),
            image: case.image.as_ref().map(ImageView::of),
            article: case.article.as_ref().map(ArticleView::of),
        });
        sections[placed.section].questions.push(Seen {
            case,
            part_html: placed.case.map(|(case, i)| markdown::block(&case.parts[i].text)).unwrap_or_default(),
            question,
        });
    }
    let head = head(&app, &actor, &exam, At::Paper)
        .await?
        .under("Le sujet vu par un candidat")
        .lead("Sans la clé ni les commentaires. Dans la salle, un dossier progressif dévoile ses questions une à une.")
        .link(format!("/examens/{id}/sujet"), "Revenir au sujet");
    web::page(&PreviewPage { page: page.titled(head.document()), head, sections })
}
