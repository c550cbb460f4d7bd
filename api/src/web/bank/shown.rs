//! An element as its author and reviewers read it: with its key, its comments and what the item-writing guard
//! has to say.

use super::tags::{self, TagView};
use crate::exam::room::{QuestionView, TCS_SCALE, question_view};
use crate::markdown;
use crate::media::ImageView;
use docimo_ai::flaws::{self, ItemText, Part, Severity};
use docimo_engine::paper::{Case, Element};
use docimo_engine::question::{Body, Kind, Question, Status};
use docimo_engine::scheme::TcsRule;

pub(super) struct Choice {
    pub(super) letter: char,
    pub(super) html: String,
    pub(super) key: &'static str,
    pub(super) class: &'static str,
    pub(super) badge: Option<&'static str>,
    pub(super) comment_html: String,
}

pub(super) struct PanelRow {
    pub(super) value: i8,
    pub(super) label: &'static str,
    pub(super) votes: u32,
    pub(super) credit: String,
}

pub(super) struct Target {
    pub(super) name: String,
    pub(super) comment_html: String,
}

pub(super) struct FlawRow {
    pub(super) class: &'static str,
    pub(super) severity: &'static str,
    pub(super) place: String,
    pub(super) message: String,
    pub(super) advice: &'static str,
}

pub(super) struct Shown {
    pub(super) view: QuestionView,
    pub(super) part_html: String,
    pub(super) rank: Option<String>,
    pub(super) rank_class: &'static str,
    pub(super) options: Vec<Choice>,
    pub(super) exact: String,
    pub(super) acceptable: String,
    pub(super) panel: Vec<PanelRow>,
    pub(super) targets: Vec<Target>,
    pub(super) comment_html: String,
    pub(super) source: String,
    pub(super) tags: Vec<TagView>,
    pub(super) flaws: Vec<FlawRow>,
}

pub(super) struct CaseShown {
    pub(super) kind: &'static str,
    pub(super) intro_html: String,
    pub(super) image: Option<ImageView>,
    pub(super) article: Option<(String, String, String)>,
    pub(super) tags: Vec<TagView>,
}

/// What an element shows: its case, if it is one, and its questions in order.
pub(super) fn element_shown(element: &Element) -> (Option<CaseShown>, Vec<Shown>) {
    match element {
        Element::Question(question) => (None, vec![shown(question, 1, "")]),
        Element::Case(case) => {
            let parts = case.parts.iter().enumerate().map(|(i, p)| shown(&p.question, i + 1, &p.text));
            (Some(case_shown(case)), parts.collect())
        }
    }
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

pub(super) fn letter(index: usize) -> char {
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
