//! One entry of the bank, whole: as seen, with its key, its comments, its history and what the
//! item-writing guard has to say.

use super::tags::{self, TagView};
use crate::app::App;
use crate::error::{ApiError, ApiResult};
use crate::exam::room::{QuestionView, TCS_SCALE, question_view};
use crate::markdown;
use crate::media::ImageView;
use crate::web::layout::Layout;
use crate::web::{self, filters};
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use docimo_ai::flaws::{self, ItemText, Part, Severity};
use docimo_engine::paper::{Case, Element};
use docimo_engine::question::{Body, Kind, Question, Status};
use docimo_engine::scheme::TcsRule;

struct Choice {
    letter: char,
    html: String,
    key: &'static str,
    class: &'static str,
    badge: Option<&'static str>,
    comment_html: String,
}

struct PanelRow {
    value: i8,
    label: &'static str,
    votes: u32,
    credit: String,
}

struct Target {
    name: String,
    comment_html: String,
}

struct FlawRow {
    class: &'static str,
    severity: &'static str,
    place: String,
    message: String,
    advice: &'static str,
}

struct Shown {
    view: QuestionView,
    part_html: String,
    rank: Option<String>,
    rank_class: &'static str,
    options: Vec<Choice>,
    exact: String,
    acceptable: String,
    panel: Vec<PanelRow>,
    targets: Vec<Target>,
    comment_html: String,
    source: String,
    tags: Vec<TagView>,
    flaws: Vec<FlawRow>,
}

struct CaseShown {
    kind: &'static str,
    intro_html: String,
    image: Option<ImageView>,
    article: Option<(String, String, String)>,
    tags: Vec<TagView>,
}

struct RevisionRow {
    number: i64,
    at: String,
    author: String,
    origin: String,
    hash: String,
}

#[derive(Template)]
#[template(path = "bank/entry.html")]
struct EntryPage {
    page: Layout,
    external_id: String,
    kind_french: &'static str,
    title: String,
    case: Option<CaseShown>,
    questions: Vec<Shown>,
    flaws: usize,
    revisions: Vec<RevisionRow>,
}

/// One entry.
pub async fn entry(State(app): State<App>, Path(entry): Path<String>, page: Layout) -> ApiResult<Response> {
    let line = app.store.entry(&entry).await?.ok_or(ApiError::NotFound)?;
    let revisions = app.store.revisions(&entry).await?;
    let latest = revisions.first().ok_or(ApiError::NotFound)?;
    let element: Element = serde_json::from_str(&latest.body).map_err(|e| ApiError::Internal(e.into()))?;
    let (case, questions): (Option<CaseShown>, Vec<Shown>) = match &element {
        Element::Question(question) => (None, vec![shown(question, 1, "")]),
        Element::Case(case) => {
            let parts = case.parts.iter().enumerate().map(|(i, p)| shown(&p.question, i + 1, &p.text));
            (Some(case_shown(case)), parts.collect())
        }
    };
    let view = EntryPage {
        page: page.titled(format!("{} {}", line.kind, line.external_id)),
        kind_french: super::kind_french(&line.kind),
        title: match &element {
            Element::Case(case) => case.title.clone(),
            Element::Question(_) => line.external_id.clone(),
        },
        external_id: line.external_id,
        case,
        flaws: questions.iter().map(|q| q.flaws.len()).sum(),
        questions,
        revisions: revisions
            .iter()
            .map(|r| RevisionRow {
                number: r.number,
                at: filters::date_time(r.created_ms),
                author: r.author_name.clone(),
                origin: r.origin.clone(),
                hash: r.hash.chars().take(16).collect(),
            })
            .collect(),
    };
    web::page(&view)
}

fn case_shown(case: &Case) -> CaseShown {
    CaseShown {
        kind: case.kind.french(),
        intro_html: markdown::block(&case.intro),
        image: case.image.as_ref().map(ImageView::of),
        article: case.article.as_ref().map(|a| (a.title.clone(), a.citation.clone(), markdown::block(&a.body))),
        tags: tags::read(case.tags.iter().map(String::as_str)),
    }
}

fn letter(index: usize) -> char {
    char::from(b'A' + (index % 26) as u8)
}

fn shown(question: &Question, number: usize, text: &str) -> Shown {
    let options = question
        .body
        .propositions()
        .iter()
        .enumerate()
        .map(|(i, p)| Choice {
            letter: letter(i),
            html: markdown::inline(&p.text),
            key: if p.status.is_true() { "Vraie" } else { "Fausse" },
            class: if p.status.is_true() { "right" } else { "avoided" },
            badge: match p.status {
                Status::Indispensable => Some("Indispensable"),
                Status::Inacceptable => Some("Inacceptable"),
                Status::Vrai | Status::Faux => None,
            },
            comment_html: markdown::inline(&p.comment),
        })
        .collect();
    let (exact, acceptable) = match &question.body {
        Body::Qroc { exact, acceptable, .. } => (exact.join("\u{202f}; "), acceptable.join("\u{202f}; ")),
        _ => Default::default(),
    };
    let panel = match &question.body {
        Body::Tcs { panel, .. } => TCS_SCALE
            .iter()
            .zip(panel)
            .zip(TcsRule::default().credits(panel))
            .map(|(((value, label), votes), credit)| PanelRow {
                value: *value,
                label,
                votes: *votes,
                credit: credit.french(3),
            })
            .collect(),
        _ => Vec::new(),
    };
    let targets = match &question.body {
        Body::Qzp { zones, .. } => {
            let one = |z: &docimo_engine::question::Zone| Target {
                name: z.name.clone(),
                comment_html: markdown::inline(&z.comment),
            };
            zones.iter().map(one).collect()
        }
        _ => Vec::new(),
    };
    let rank = question.rank.map(|r| r.to_string());
    Shown {
        view: question_view(question, number, None),
        part_html: markdown::block(text),
        rank_class: if rank.as_deref() == Some("A") { "a" } else { "b" },
        rank,
        options,
        exact,
        acceptable,
        panel,
        targets,
        comment_html: markdown::block(&question.comment),
        source: question.source.clone(),
        tags: tags::read(question.tags.iter().map(String::as_str)),
        flaws: inspect(question),
    }
}

fn inspect(question: &Question) -> Vec<FlawRow> {
    let kind = match question.kind() {
        Kind::Qru => flaws::Kind::Qru,
        Kind::Qrm => flaws::Kind::Qrm,
        Kind::Qrp => flaws::Kind::Qrp,
        Kind::Qrpl => flaws::Kind::Qrpl,
        Kind::Qroc => flaws::Kind::Qroc,
        Kind::Qzp => flaws::Kind::Qzp,
        Kind::Tcs => flaws::Kind::Tcs,
        Kind::Qcm => flaws::Kind::Qcm,
    };
    let propositions: Vec<(&str, bool)> =
        question.body.propositions().iter().map(|p| (p.text.as_str(), p.status.is_true())).collect();
    let item = ItemText {
        kind,
        stem: &question.stem,
        propositions: &propositions,
        has_image: question.image.is_some(),
        expected: question.body.expected().map(|n| n as usize),
    };
    let row = |flaw: flaws::Flaw| FlawRow {
        class: match flaw.severity {
            Severity::Error => "danger",
            Severity::Warning => "warning",
            Severity::Information => "accent",
        },
        severity: match flaw.severity {
            Severity::Error => "À corriger",
            Severity::Warning => "À revoir",
            Severity::Information => "À savoir",
        },
        place: match flaw.place.part {
            Part::Stem => "Énoncé".into(),
            Part::Proposition(i) => format!("Proposition {}", letter(i)),
        },
        message: flaw.message_fr,
        advice: flaw.advice_fr,
    };
    flaws::inspect(&item).into_iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_author_sees_what_the_guard_saw() {
        let json = r#"{"id":"q1","kind":"QRU","stem":"Quel est le premier examen à demander ?","rank":"A","propositions":[
            {"id":"a","text":"Électrocardiogramme","status":"vrai"},{"id":"b","text":"Radiographie thoracique","status":"faux"},
            {"id":"c","text":"Échocardiographie","status":"faux"},{"id":"d","text":"Aucune de ces réponses","status":"inacceptable"}]}"#;
        let question: Question = serde_json::from_str(json).unwrap();
        let shown = shown(&question, 1, "");
        assert_eq!(shown.flaws.len(), 1);
        assert_eq!(shown.flaws[0].place, "Proposition D");
        assert_eq!((shown.options[0].key, shown.options[3].badge), ("Vraie", Some("Inacceptable")));
    }
}
