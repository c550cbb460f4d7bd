//! A section cut into what each key opens. Pure: the files it shows are named, not read.

use crate::assistance::disclosure::MARK;
use crate::exam::room::{ElementView, PartView, QuestionView, case_view, question_view};
use crate::markdown;
use crate::media::sizes;
use docimo_engine::QuestionId;
use docimo_engine::attempt::visible_parts;
use docimo_engine::paper::{Case, Element, Section};
use docimo_engine::question::{Image, Question};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use utoipa::ToSchema;

/// What the key of the section opens.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BasePiece {
    /// In order.
    pub elements: Vec<ElementView>,
    /// By id: isolated ones, and those of cases that show at once.
    pub questions: BTreeMap<String, QuestionView>,
    /// Are propositions in an order drawn for each candidate?
    pub shuffled: bool,
    /// By address: the piece that holds a file.
    pub media: BTreeMap<String, MediaPiece>,
}

/// What the key of a further part opens.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FurtherPiece {
    /// What it brings, safe HTML.
    pub text_html: String,
    /// Its question.
    pub question: QuestionView,
    /// By address: the piece that holds a file.
    pub media: BTreeMap<String, MediaPiece>,
}

/// Where a file is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct MediaPiece {
    /// Number of its piece.
    pub piece: usize,
    /// Media type.
    pub mime: String,
}

/// A file that a text shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Hash of the original.
    pub file: String,
    /// Is it a picture? Then it is given out at the widths of the page.
    pub is_picture: bool,
}

/// What one key opens, before it is sealed.
#[derive(Clone, Debug)]
pub enum Text {
    /// Of the section.
    Base(BasePiece),
    /// Of a further part.
    Further(Box<FurtherPiece>),
}

/// A key: its text and the files that are shown with it.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The text.
    pub text: Text,
    /// In order, each once.
    pub shown: Vec<Shown>,
}

impl Opened {
    fn picture(&mut self, image: Option<&Image>) {
        if let Some(image) = image {
            self.show(Shown { file: image.file.clone(), is_picture: true });
        }
    }

    fn question(&mut self, question: &Question) {
        self.picture(question.image.as_ref());
        if let Some(video) = &question.video {
            self.show(Shown { file: video.file.clone(), is_picture: false });
        }
    }

    fn show(&mut self, shown: Shown) {
        if !self.shown.contains(&shown) {
            self.shown.push(shown);
        }
    }

    /// Says where its files are.
    pub fn place(&mut self, media: BTreeMap<String, MediaPiece>) {
        match &mut self.text {
            Text::Base(base) => base.media = media,
            Text::Further(further) => further.media = media,
        }
    }

    /// As it is sealed.
    pub fn json(&self) -> serde_json::Result<Vec<u8>> {
        match &self.text {
            Text::Base(base) => serde_json::to_vec(base),
            Text::Further(further) => serde_json::to_vec(further),
        }
    }
}

/// The cases whose parts show one after the other.
fn progressive(section: &Section) -> impl Iterator<Item = &Case> {
    section.elements.iter().filter_map(|element| match element {
        Element::Case(case) if case.kind.is_progressive() => Some(case),
        _ => None,
    })
}

/// What each key of a section opens: 0 is the section, then one for each further part of each progressive case, in
/// order. The text of key *n* is the piece *n*: files come after all texts. `told` are the elements of which candidates
/// are told that a machine wrote them.
pub fn cut(section: &Section, told: &HashSet<String>) -> Vec<Opened> {
    let seen = |question: &Question, number: usize, element: &str| {
        let mention = told.contains(element).then_some(MARK);
        QuestionView { mention, ..question_view(question, number, None) }
    };
    let mut base = Opened {
        text: Text::Base(BasePiece {
            elements: Vec::new(),
            questions: BTreeMap::new(),
            shuffled: section.shuffle_propositions,
            media: BTreeMap::new(),
        }),
        shown: Vec::new(),
    };
    let (mut elements, mut questions) = (Vec::with_capacity(section.elements.len()), BTreeMap::new());
    let mut further: Vec<Opened> = Vec::new();
    let mut number = 0;
    for element in &section.elements {
        match element {
            Element::Question(question) => {
                number += 1;
                elements.push(ElementView::Question { id: question.id.to_string(), number });
                questions.insert(question.id.to_string(), seen(question, number, element.id()));
                base.question(question);
            }
            Element::Case(case) => {
                base.picture(case.image.as_ref());
                if let Some(pdf) = case.article.as_ref().and_then(|a| a.pdf.as_ref()) {
                    base.show(Shown { file: pdf.file.clone(), is_picture: false });
                }
                let mut parts = Vec::with_capacity(case.parts.len());
                // A file that an earlier key of the case opens is not given out again.
                let mut earlier: Vec<Shown> = Vec::new();
                for (i, part) in case.parts.iter().enumerate() {
                    number += 1;
                    let view = seen(&part.question, number, element.id());
                    let mut shown =
                        PartView { question: part.question.id.to_string(), number, key: None, text_html: None };
                    if i == 0 || !case.kind.is_progressive() {
                        shown.text_html = Some(markdown::block(&part.text));
                        questions.insert(part.question.id.to_string(), view);
                        base.question(&part.question);
                    } else {
                        let piece = FurtherPiece {
                            text_html: markdown::block(&part.text),
                            question: view,
                            media: BTreeMap::new(),
                        };
                        let mut opened = Opened { text: Text::Further(Box::new(piece)), shown: Vec::new() };
                        opened.question(&part.question);
                        opened.shown.retain(|s| !earlier.contains(s));
                        earlier.extend(opened.shown.iter().cloned());
                        further.push(opened);
                        shown.key = Some(further.len());
                    }
                    parts.push(shown);
                }
                elements.push(case_view(case, parts));
            }
        }
    }
    if let Text::Base(text) = &mut base.text {
        (text.elements, text.questions) = (elements, questions);
    }
    for opened in &mut further {
        opened.shown.retain(|s| !base.shown.contains(s));
    }
    further.insert(0, base);
    further
}

/// Numbers of the keys that a running sheet may have: the section's, those of the parts that show, and `ahead` more of
/// each progressive case (all where negative).
pub fn open_keys(section: &Section, locked: &BTreeSet<QuestionId>, ahead: i64) -> BTreeSet<usize> {
    let mut keys = BTreeSet::from([0]);
    let mut first = 1;
    for case in progressive(section) {
        let further = case.parts.len().saturating_sub(1);
        let shown = visible_parts(case, locked).saturating_sub(1);
        let ahead = usize::try_from(ahead).unwrap_or(further);
        keys.extend(first..first + shown.saturating_add(ahead).min(further));
        first += further;
    }
    keys
}

/// Are there further parts at all?
pub fn has_further(section: &Section) -> bool {
    progressive(section).any(|case| case.parts.len() > 1)
}

/// The address of a file on the page.
pub fn address(file: &str, width: Option<u32>) -> String {
    match width {
        Some(width) => format!("/media/{file}/{width}"),
        None => format!("/media/{file}"),
    }
}

/// Widths at which a picture may be given out beside its own.
pub const WIDTHS: [u32; 3] = sizes::WIDTHS;

#[cfg(test)]
mod tests {
    use super::*;

    fn section() -> Section {
        let qrm = |id: &str| {
            serde_json::json!({"id": id, "kind": "QRM", "stem": format!("Énoncé de {id}"),
                "image": {"file": format!("file-{id}"), "alt": "x", "width": 0, "height": 0},
                "propositions": [{"id": "a", "text": "A", "status": "vrai"}, {"id": "b", "text": "B", "status": "faux"}]})
        };
        let part = |id: &str| serde_json::json!({"text": format!("Texte de {id}"), "question": qrm(id)});
        let parts: Vec<_> = ["d1", "d2", "d3"].map(part).into();
        let others: Vec<_> = ["e1", "e2"].map(part).into();
        let value = serde_json::json!({"id": "s", "title": "S", "duration_minutes": 60, "elements": [
            {"question": qrm("q1")},
            {"case": {"id": "c1", "kind": "DP", "title": "T", "intro": "Début", "parts": parts}},
            {"case": {"id": "c2", "kind": "LCA", "title": "L", "intro": "", "parts": [part("l1"), part("l2")]}},
            {"case": {"id": "c3", "kind": "mini-DP", "title": "M", "intro": "", "parts": others}}]});
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn each_key_opens_what_it_should_and_nothing_else() {
        let cut = cut(&section(), &HashSet::new());
        assert_eq!(cut.len(), 4, "the section, two parts of the first case, one of the last");
        let texts: Vec<String> = cut.iter().map(|o| String::from_utf8(o.json().unwrap()).unwrap()).collect();
        for (key, ids) in [(0, &["q1", "d1", "l1", "l2", "e1"][..]), (1, &["d2"]), (2, &["d3"]), (3, &["e2"])] {
            for id in ["q1", "d1", "d2", "d3", "l1", "l2", "e1", "e2"] {
                let stem = format!("Énoncé de {id}");
                assert_eq!(texts[key].contains(&stem), ids.contains(&id), "key {key}, {id}");
                let file = format!("file-{id}");
                assert_eq!(cut[key].shown.iter().any(|s| s.file == file), ids.contains(&id), "key {key}, {file}");
            }
        }
        assert!(!texts.iter().any(|t| t.contains("vrai") || t.contains("status")), "no key, no comment");
    }

    #[test]
    fn a_key_comes_with_the_lock_before_it_or_the_allowance() {
        let section = section();
        let keys = |locked: &[&str], ahead| {
            let locked = locked.iter().map(|id| QuestionId::new(*id)).collect();
            open_keys(&section, &locked, ahead).into_iter().collect::<Vec<_>>()
        };
        assert_eq!(keys(&[], 0), [0]);
        assert_eq!(keys(&["d1"], 0), [0, 1]);
        assert_eq!(keys(&["d2"], 0), [0], "a lock without the one before it opens nothing");
        assert_eq!(keys(&["d1", "d2"], 0), [0, 1, 2]);
        assert_eq!(keys(&["d1", "d2", "d3"], 0), [0, 1, 2]);
        assert_eq!(keys(&[], 1), [0, 1, 3]);
        assert_eq!(keys(&["d1"], 1), [0, 1, 2, 3]);
        assert_eq!(keys(&["e1"], 0), [0, 3]);
        assert_eq!(keys(&[], -1), [0, 1, 2, 3]);
        assert_eq!(keys(&[], 20), [0, 1, 2, 3]);
    }
}
