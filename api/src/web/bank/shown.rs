//! An element as its author and reviewers read it: with its key, its comments and what the item-writing guard
//! has to say.

use super::tags::{self, TagView};
use crate::bank::draft::advice;
use crate::exam::room::{ArticleView, QuestionView, TCS_SCALE, question_view};
use crate::markdown;
use crate::media::ImageView;
use docimo_bank::flaws::{Flaw, flaws};
use docimo_engine::paper::{Case, Element};
use docimo_engine::question::{Body, Question, Status};
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
    pub(super) article: Option<ArticleView>,
    pub(super) tags: Vec<TagView>,
    pub(super) flaws: Vec<FlawRow>,
}

/// What an element shows: its case, if it is one, and its questions in order.
pub(super) fn element_shown(element: &Element) -> (Option<CaseShown>, Vec<Shown>) {
    let found = flaws(element);
    let of = |part: Option<usize>| found.iter().filter(move |flaw| flaw.place.part == part);
    match element {
        Element::Question(question) => (None, vec![shown(question, 1, "", of(None))]),
        Element::Case(case) => {
            let parts = case.parts.iter().enumerate().map(|(i, p)| shown(&p.question, i + 1, &p.text, of(Some(i))));
            let rows = of(None).map(|flaw| row(flaw, None)).collect();
            (Some(CaseShown { flaws: rows, ..case_shown(case) }), parts.collect())
        }
    }
}

fn case_shown(case: &Case) -> CaseShown {
    CaseShown {
        kind: case.kind.french(),
        intro_html: markdown::block(&case.intro),
        image: case.image.as_ref().map(ImageView::of),
        article: case.article.as_ref().map(ArticleView::of),
        tags: tags::read(case.tags.iter().map(String::as_str)),
        flaws: Vec::new(),
    }
}

pub(super) fn letter(index: usize) -> char {
    char::from(b'A' + (index % 26) as u8)
}

fn shown<'a>(question: &Question, number: usize, text: &str, flaws: impl Iterator<Item = &'a Flaw>) -> Shown {
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
        flaws: flaws.map(|flaw| row(flaw, Some(question))).collect(),
    }
}

fn row(flaw: &Flaw, question: Option<&Question>) -> FlawRow {
    FlawRow {
        class: advice::class(flaw.severity),
        severity: flaw.severity.french(),
        place: advice::place(&flaw.place.field, question),
        message: flaw.message.clone(),
        advice: flaw.advice,
    }
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
        let (_, shown) = element_shown(&Element::Question(question));
        let shown = &shown[0];
        let told: Vec<(&str, &str)> = shown.flaws.iter().map(|f| (f.place.as_str(), f.severity)).collect();
        assert!(told.contains(&("Proposition D", "à corriger")), "{told:?}");
        assert_eq!((shown.options[0].key, shown.options[3].badge), ("Vraie", Some("Inacceptable")));
    }
}
