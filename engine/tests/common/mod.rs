//! Small papers and responses for the tests.

#![allow(dead_code, reason = "each test file uses its part")]

pub mod reference;

use docimo_engine::paper::{Element, MarkRules, Paper, Section};
use docimo_engine::question::{Body, Image, Proposition, Question, Rank, Shape, Status, Zone};
use docimo_engine::response::{self, Response};
use docimo_engine::scheme::MarkingScheme;
use docimo_engine::{Exact, mark};
use std::collections::BTreeMap;

/// A number from its text.
pub fn exact(text: &str) -> Exact {
    text.parse().unwrap()
}

/// A built-in scheme.
pub fn preset(name: &str) -> MarkingScheme {
    MarkingScheme::preset(name).unwrap()
}

/// Propositions from a word of statuses: `V` vrai, `F` faux, `I` indispensable, `X` inacceptable; their
/// ids are `a`, `b`, `c`…
pub fn propositions(statuses: &str) -> Vec<Proposition> {
    statuses
        .chars()
        .enumerate()
        .map(|(i, letter)| {
            let id = char::from(b'a' + i as u8).to_string();
            Proposition {
                id: id.as_str().into(),
                text: format!("Texte {id}"),
                status: match letter {
                    'V' => Status::Vrai,
                    'F' => Status::Faux,
                    'I' => Status::Indispensable,
                    'X' => Status::Inacceptable,
                    other => panic!("statut {other}"),
                },
                comment: String::new(),
            }
        })
        .collect()
}

/// A question of that body, weight 1, without rank.
pub fn question(id: &str, body: Body) -> Question {
    Question {
        id: id.into(),
        stem: format!("Énoncé de {id}"),
        image: None,
        video: None,
        body,
        weight: Exact::ONE,
        rank: None,
        tags: vec![],
        comment: String::new(),
        source: String::new(),
        scheme: None,
    }
}

pub fn qru(statuses: &str) -> Body {
    Body::Qru { propositions: propositions(statuses) }
}

pub fn qrm(statuses: &str) -> Body {
    Body::Qrm { propositions: propositions(statuses) }
}

pub fn qcm(statuses: &str) -> Body {
    Body::Qcm { propositions: propositions(statuses) }
}

pub fn qrp(expected: u32, statuses: &str) -> Body {
    Body::Qrp { expected, propositions: propositions(statuses) }
}

pub fn qrpl(expected: u32, statuses: &str) -> Body {
    Body::Qrpl { expected, propositions: propositions(statuses) }
}

pub fn qroc(exact: &[&str], acceptable: &[&str]) -> Body {
    let own = |texts: &[&str]| texts.iter().map(|t| (*t).to_owned()).collect();
    Body::Qroc { exact: own(exact), acceptable: own(acceptable), max_words: 5 }
}

pub fn tcs(panel: [u32; 5]) -> Body {
    Body::Tcs { hypothesis: "une embolie".into(), finding: "une fièvre".into(), panel, experts: vec![] }
}

/// `count` discs of radius 0.05 in a row, of which `expected` are announced.
pub fn qzp(expected: u32, count: usize) -> Body {
    let zones = (0..count)
        .map(|i| Zone {
            id: format!("z{}", i + 1).as_str().into(),
            name: format!("Zone {}", i + 1),
            shape: Shape::Circle { x: zone_x(i), y: 0.5, r: 0.02 },
            comment: String::new(),
        })
        .collect();
    Body::Qzp { expected, zones }
}

/// Centre of zone `i` of [`qzp`].
pub fn zone_x(i: usize) -> f64 {
    (40 + 45 * i) as f64 / 1000.0
}

pub fn image() -> Image {
    Image { file: "ecg.png".into(), alt: "Tracé".into(), width: 800, height: 800 }
}

/// Letters to a response: `acd`; for a QCM `ac/be` is true and false.
pub fn ticks(letters: &str) -> Response {
    let (ticked, rejected) = letters.split_once('/').unwrap_or((letters, ""));
    let ids = |text: &str| text.chars().map(|c| c.to_string().as_str().into()).collect();
    Response::Ticks { ticked: ids(ticked), rejected: ids(rejected) }
}

pub fn text(text: &str) -> Response {
    Response::Text { text: text.into() }
}

pub fn choice(value: i8) -> Response {
    Response::Choice { choice: Some(value) }
}

/// Score of a response under a scheme, by the way a sheet goes: encode, then score.
pub fn score(body: &Body, scheme: &MarkingScheme, response: &Response) -> Exact {
    let question = question("q", body.clone());
    mark::score(&question, scheme, response::encode(&question, response)).score
}

/// Does this response to this body have this score under this built-in scheme?
#[track_caller]
pub fn check(scheme: &str, body: &Body, response: &Response, expected: &str) {
    assert_eq!(score(body, &preset(scheme), response), exact(expected), "{scheme} {response:?}");
}

pub fn section(id: &str, questions: Vec<Question>) -> Section {
    Section {
        id: id.into(),
        title: format!("Épreuve {id}"),
        duration_minutes: 180,
        weight: Exact::ONE,
        scheme: None,
        shuffle_propositions: false,
        elements: questions.into_iter().map(Element::Question).collect(),
    }
}

pub fn paper(scheme: &str, sections: Vec<Section>) -> Paper {
    Paper {
        title: "Sujet".into(),
        scheme: scheme.into(),
        schemes: BTreeMap::new(),
        rules: MarkRules::default(),
        sections,
    }
}

/// `count` QRMs, rank A, of which the first proposition alone is true.
pub fn equal_rank_a(count: usize) -> Vec<Question> {
    (0..count).map(|i| Question { rank: Some(Rank::A), ..question(&format!("q{}", i + 1), qrm("VFFFF")) }).collect()
}
