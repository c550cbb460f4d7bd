//! What the tests of the exchange share: the folder of files made by others, and elements of every kind.

#![allow(dead_code)]

use docimo_engine::paper::{Article, Case, CaseKind, Element, Part, Pdf};
use docimo_engine::question::{
    Body, Expert, Image, Point, Proposition, Question, Rank, Shape, Status, Video, Zone, votes_of,
};
use docimo_engine::{CaseId, Exact, PropositionId, QuestionId, ZoneId};
use proptest::prelude::*;

/// A PNG of 40 × 20 pixels: enough for its size to be read.
pub const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x28\0\0\0\x14\x08\x02\0\0\0\0\0\0\0\0\0\0\0IEND\xaeB`\x82";

/// The first bytes of a PDF, of an MP4 and of a WebM: enough for their types to be told.
pub const PDF: &[u8] = b"%PDF-1.7\n%%EOF\n";
pub const MP4: &[u8] = b"\0\0\0\x10ftypisom\0\0\0\0";
pub const WEBM: &[u8] = b"\x1a\x45\xdf\xa3\x80";

pub fn media(name: &str) -> Option<Vec<u8>> {
    let known: [(&str, &[u8]); 4] = [("image", PNG), ("article", PDF), ("marche", MP4), ("echo", WEBM)];
    known.into_iter().find(|(start, _)| name.starts_with(start)).map(|(_, bytes)| bytes.to_vec())
}

fn a_video() -> impl Strategy<Value = Option<Video>> {
    let file = prop_oneof![Just("marche-0123".to_owned()), Just("echo.webm".to_owned())];
    let described = (file, prop_oneof![Just(String::new()), a_plain_text()]);
    prop::option::weighted(0.3, described.prop_map(|(file, description)| Video { file, description }))
}

/// A text with what formats stumble on, without spaces at its ends.
pub fn a_text() -> impl Strategy<Value = String> {
    proptest::string::string_regex(
        "[A-Za-zéœ<&][A-Za-z0-9éœµ≥ ,;:.=~#{}%&<>\"'/()*_|\\\\\\[\\]$-]{0,30}[a-z0-9é]( \\*\\*[a-z]{2,6}\\*\\*)?(\n\n- [a-z]{2,8}\n- [a-z]{2,8})?",
    )
    .expect("the pattern is right")
}

/// A text of one line without marks.
pub fn a_plain_text() -> impl Strategy<Value = String> {
    proptest::string::string_regex("[A-Za-zé][A-Za-z0-9é ,;%]{0,20}[a-z0-9]")
        .expect("the pattern is right")
        .prop_map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn a_comment() -> impl Strategy<Value = String> {
    prop_oneof![2 => Just(String::new()), 1 => a_text()]
}

fn options(size: std::ops::Range<usize>, grave: bool, rich: bool) -> impl Strategy<Value = Vec<Proposition>> {
    let text = if rich { a_text().boxed() } else { a_plain_text().boxed() };
    prop::collection::vec((text, any::<bool>(), any::<bool>(), a_comment()), size).prop_map(move |list| {
        list.into_iter()
            .enumerate()
            .map(|(i, (text, right, special, comment))| Proposition {
                id: PropositionId::new(char::from(b'a' + i as u8).to_string()),
                // Two options that say the same are refused.
                text: format!("{text} {i}"),
                status: match (right, special && grave) {
                    (true, true) => Status::Indispensable,
                    (true, false) => Status::Vrai,
                    (false, true) => Status::Inacceptable,
                    (false, false) => Status::Faux,
                },
                comment,
            })
            .collect()
    })
}

fn one_right(mut list: Vec<Proposition>, at: usize) -> Vec<Proposition> {
    let at = at % list.len();
    for (i, p) in list.iter_mut().enumerate() {
        p.status = if i == at { Status::Vrai } else { Status::Faux };
    }
    list
}

fn answers() -> impl Strategy<Value = (Vec<String>, Vec<String>)> {
    (
        prop::collection::hash_set("[a-z]{3,9}( [a-z]{3,9})?", 1..4),
        prop::collection::hash_set("[A-Z]{3,6}[0-9]{1,3}", 0..3),
    )
        .prop_map(|(exact, acceptable)| {
            let sorted = |set: std::collections::HashSet<String>| {
                let mut list: Vec<String> = set.into_iter().collect();
                list.sort();
                list
            };
            (sorted(exact), sorted(acceptable))
        })
}

fn a_shape() -> impl Strategy<Value = Shape> {
    // On the pixels of the picture, 40 × 20, so that pixels hold it too.
    prop_oneof![
        (10u8..30, 8u8..12, 2u8..7).prop_map(|(x, y, r)| Shape::Circle {
            x: f64::from(x) / 40.0,
            y: f64::from(y) / 20.0,
            r: f64::from(r) / 40.0
        }),
        (0u8..20, 0u8..10, 2u8..20, 2u8..10).prop_map(|(x, y, w, h)| Shape::Rect {
            x: f64::from(x) / 40.0,
            y: f64::from(y) / 20.0,
            w: f64::from(w) / 40.0,
            h: f64::from(h) / 20.0
        }),
        Just(Shape::Polygon(vec![[0.1, 0.1], [0.9, 0.2], [0.5, 0.9]])),
    ]
}

pub fn a_body(rich: bool) -> impl Strategy<Value = Body> {
    prop_oneof![
        (options(4..6, false, rich), any::<usize>())
            .prop_map(|(list, at)| Body::Qru { propositions: one_right(list, at) }),
        options(4..6, true, rich).prop_map(|propositions| Body::Qrm { propositions }),
        options(5..6, false, rich).prop_map(|propositions| Body::Qcm { propositions }),
        (options(4..6, true, rich), any::<usize>()).prop_map(|(mut list, at)| {
            let at = at % list.len();
            list[at].status = Status::Vrai;
            let expected = list.iter().filter(|p| p.status.is_true()).count() as u32;
            Body::Qrp { expected, propositions: list }
        }),
        (options(10..26, false, rich), 1usize..6).prop_map(|(mut list, right)| {
            for (i, p) in list.iter_mut().enumerate() {
                p.status = if i < right { Status::Vrai } else { Status::Faux };
            }
            Body::Qrpl { expected: right as u32, propositions: list }
        }),
        (1u32..9).prop_map(|max_words| Body::Qroc { exact: vec![], acceptable: vec![], max_words }),
        (answers(), 2u32..8).prop_map(|((exact, acceptable), max_words)| Body::Qroc { exact, acceptable, max_words }),
        (a_plain_text(), a_plain_text(), prop::array::uniform5(0u32..20), prop::collection::vec(-2i8..3, 0..6))
            .prop_map(|(hypothesis, finding, mut panel, answers)| {
                let experts: Vec<Expert> = answers
                    .into_iter()
                    .enumerate()
                    .map(|(i, answer)| Expert { name: format!("Expert {}", i + 1), answer })
                    .collect();
                panel[1] += 1;
                let panel = if experts.is_empty() { panel } else { votes_of(&experts) };
                Body::Tcs { hypothesis, finding, panel, experts }
            }),
        prop::collection::vec((a_plain_text(), a_shape()), 1..4).prop_map(|list| {
            let expected = list.len() as u32;
            let zones = list.into_iter().enumerate().map(|(i, (name, shape))| Zone {
                id: ZoneId::new(format!("z{}", i + 1)),
                name,
                shape,
                comment: String::new(),
            });
            Body::Qzp { expected, zones: zones.collect() }
        }),
    ]
}

pub fn a_question(rich: bool) -> impl Strategy<Value = Question> {
    let stem = if rich { a_text().boxed() } else { a_plain_text().boxed() };
    let extras = (
        prop::option::of(prop_oneof![Just(Rank::A), Just(Rank::B)]),
        prop_oneof![3 => Just(Exact::ONE), 1 => Just(Exact::int(2)), 1 => Just(Exact::new(2, 3))],
        prop::collection::vec("[A-Z]{2,5}:[0-9]{1,3}", 0..3),
        a_comment(),
        prop_oneof![2 => Just(String::new()), 1 => a_text()],
        prop::option::of(prop_oneof![Just("v9".to_owned()), Just("edn".to_owned())]),
        any::<bool>(),
        a_video(),
    );
    (stem, a_body(rich), extras, "[a-z]{3,8}-[0-9]{3}").prop_map(
        |(stem, body, (rank, weight, tags, comment, source, scheme, picture, video), id)| {
            let picture = picture || matches!(body, Body::Qzp { .. });
            let mut tags = tags;
            tags.sort();
            tags.dedup();
            Question {
                id: QuestionId::new(id),
                stem,
                image: picture.then(|| Image {
                    file: "image-0123".into(),
                    alt: "Un schéma".into(),
                    width: 40,
                    height: 20,
                }),
                video,
                body,
                weight,
                rank,
                tags,
                comment,
                source,
                scheme,
            }
        },
    )
}

pub fn an_element(rich: bool) -> impl Strategy<Value = Element> {
    let kind = prop_oneof![Just(CaseKind::Dp), Just(CaseKind::MiniDp), Just(CaseKind::Kfp), Just(CaseKind::Lca)];
    let parts = prop::collection::vec((prop_oneof![Just(String::new()), a_text()], a_question(rich)), 1..5);
    let pdf = (any::<bool>(), any::<bool>(), prop_oneof![Just(String::new()), a_plain_text()]).prop_map(
        |(there, alone, description)| {
            let pdf = there.then(|| Pdf { file: "article-77".into(), pages: 8, description });
            let body = if there && alone { String::new() } else { "Texte *en anglais*.".into() };
            Article { title: "Un essai".into(), citation: "J, 2020".into(), body, pdf }
        },
    );
    let case = (kind, a_plain_text(), a_text(), parts, any::<bool>(), pdf, "[a-z]{3,8}-[0-9]{3}").prop_map(
        |(kind, title, intro, parts, picture, article, id)| {
            let parts = parts
                .into_iter()
                .enumerate()
                .map(|(i, (text, question))| Part {
                    text,
                    question: Question { id: QuestionId::new(format!("{id}-q{i}")), ..question },
                })
                .collect();
            let image = picture.then(|| Image {
                file: "image-abc".into(),
                alt: "Une radiographie".into(),
                width: 40,
                height: 20,
            });
            let article = (kind == CaseKind::Lca).then_some(article);
            Element::Case(Case {
                id: CaseId::new(id),
                kind,
                title,
                intro,
                image,
                article,
                tags: vec!["R2C:1".into()],
                parts,
            })
        },
    );
    prop_oneof![3 => a_question(rich).prop_map(Element::Question), 1 => case]
}

/// Elements with different identifiers.
pub fn elements(rich: bool) -> impl Strategy<Value = Vec<Element>> {
    prop::collection::vec(an_element(rich), 1..5).prop_map(|mut list| {
        for (i, element) in list.iter_mut().enumerate() {
            match element {
                Element::Question(question) => question.id = QuestionId::new(format!("{}-{i}", question.id)),
                Element::Case(case) => {
                    let id = format!("{}-{i}", case.id);
                    for (k, part) in case.parts.iter_mut().enumerate() {
                        part.question.id = QuestionId::new(format!("{id}-q{k}"));
                    }
                    case.id = CaseId::new(id);
                }
            }
        }
        list
    })
}

/// Is a point of the picture in the zone? Kept for the shapes that pixels round.
pub fn inside(shape: &Shape, x: f64, y: f64) -> bool {
    shape.contains(Point { x, y }, 0.5)
}
