//! Laws that hold for every paper, sheet and register.

#![allow(clippy::unwrap_used, reason = "a test stops at the first thing that is not there")]

mod common;

use common::*;
use docimo_engine::attempt::{Act, Limits, Phase, Sheet, Standing, Step, Times, Verdict, advance, fold, judge};
use docimo_engine::deadline::TimeAllowance;
use docimo_engine::ledger::{Decision, Effective, Neutralisation, TextList};
use docimo_engine::marking::{Compiled, Marks, ResponseMatrix, explain};
use docimo_engine::paper::{Case, CaseKind, Element, Paper, Part, RankAFilter, Section};
use docimo_engine::question::{Body, Image, Kind, Point, Question, Rank, Status};
use docimo_engine::ranking::{Ties, places};
use docimo_engine::response::{self, Response};
use docimo_engine::scheme::{BlankPolicy, Formula, MarkingScheme, Rule};
use docimo_engine::shuffle::Stream;
use docimo_engine::{Exact, QuestionId, mark};
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use std::collections::{BTreeMap, BTreeSet};

// ---- what is drawn

fn a_status_word(length: impl Into<proptest::collection::SizeRange>) -> impl Strategy<Value = String> {
    proptest::collection::vec(select(vec!['V', 'F', 'I', 'X']), length).prop_map(|v| v.into_iter().collect())
}

const TEXTS: [&str; 7] =
    ["embolie pulmonaire", "Embolie  pulmonaire.", "maladie thrombo-embolique", "", " . ", "asthme", "un deux trois"];

fn a_body() -> impl Strategy<Value = Body> {
    prop_oneof![
        a_status_word(2..=5).prop_map(|w| qru(&w)),
        a_status_word(2..=6).prop_map(|w| qrm(&w)),
        // Wide ones, that no table holds.
        a_status_word(12..=16).prop_map(|w| qrm(&w)),
        a_status_word(2..=8).prop_map(|w| qcm(&w)),
        (1..=4_u32, a_status_word(3..=6)).prop_map(|(n, w)| qrp(n, &w)),
        (1..=5_u32, a_status_word(10..=25)).prop_map(|(n, w)| qrpl(n, &w)),
        (1..=5_u32, 1..=14_usize).prop_map(|(n, z)| qzp(n, z)),
        proptest::array::uniform5(0..=20_u32).prop_map(tcs),
        Just(qroc(&["embolie pulmonaire"], &["maladie thromboembolique"])),
    ]
}

fn a_weight() -> impl Strategy<Value = Exact> {
    select(vec!["1", "1", "1", "2", "0.5", "1/3", "1.25", "0.001"]).prop_map(exact)
}

/// A response by position, so that it suits any body: propositions, points, text, choice.
#[derive(Clone, Debug)]
struct Raw {
    ticked: u32,
    rejected: u32,
    xs: Vec<f64>,
    text: &'static str,
    choice: Option<i8>,
    absent: bool,
    misfit: bool,
}

fn a_raw() -> impl Strategy<Value = Raw> {
    (
        any::<u32>(),
        any::<u32>(),
        proptest::collection::vec(0.0..1.0, 0..7),
        select(TEXTS.to_vec()),
        proptest::option::of(-3..=3_i8),
        0..8_u8,
    )
        .prop_map(|(ticked, rejected, xs, text, choice, luck)| Raw {
            ticked,
            rejected: rejected & !ticked,
            xs,
            text,
            choice,
            absent: luck == 0,
            misfit: luck == 1,
        })
}

fn made(body: &Body, raw: &Raw) -> Option<Response> {
    if raw.absent {
        return None;
    }
    if raw.misfit {
        return Some(match body {
            Body::Qroc { .. } => choice(1),
            _ => text(raw.text),
        });
    }
    let ids = |mask: u32| {
        let list = body.propositions().iter().enumerate();
        list.filter(|(i, _)| mask & (1 << i) != 0).map(|(_, p)| p.id.clone()).collect()
    };
    Some(match body {
        Body::Qroc { .. } => text(raw.text),
        Body::Qzp { .. } => Response::Points { points: raw.xs.iter().map(|&x| Point { x, y: 0.5 }).collect() },
        Body::Tcs { .. } => Response::Choice { choice: raw.choice },
        Body::Qcm { .. } => Response::Ticks { ticked: ids(raw.ticked), rejected: ids(raw.rejected) },
        _ => Response::Ticks { ticked: ids(raw.ticked), rejected: vec![] },
    })
}

fn a_score() -> impl Strategy<Value = Exact> {
    select(vec!["0", "1", "0.5", "0.2", "-1", "-0.25", "1/3", "2", "0.999"]).prop_map(exact)
}

fn a_formula() -> impl Strategy<Value = Formula> {
    let table = || proptest::collection::vec(a_score(), 1..5);
    prop_oneof![
        (a_score(), a_score()).prop_map(|(right, wrong)| Formula::AllOrNothing { right, wrong }),
        table().prop_map(|table| Formula::Discordance { table }),
        proptest::collection::vec(table(), 1..4).prop_map(|tables| Formula::DiscordanceByTrueCount { tables }),
        (a_score(), a_score(), a_score()).prop_map(|(right, blank, wrong)| Formula::PerProposition {
            right,
            blank,
            wrong
        }),
        a_score().prop_map(|partial| Formula::Majority { partial }),
        (a_score(), a_score()).prop_map(|(good, bad)| Formula::Relative { good, bad }),
        (a_score(), any::<bool>()).prop_map(|(error, zero_on_error)| Formula::Expected { error, zero_on_error }),
    ]
}

fn a_rule() -> impl Strategy<Value = Rule> {
    let maybe = || proptest::option::of(a_score());
    (a_formula(), any::<bool>(), maybe(), maybe(), maybe(), maybe()).prop_map(
        |(formula, zeroing, floor, cap, blank, all_ticked)| Rule {
            formula,
            zeroing,
            floor,
            cap: cap.map(|cap| floor.map_or(cap, |floor| cap.max(floor))),
            blank_policy: blank.map_or(BlankPolicy::ScoreAsAnswer, BlankPolicy::Fixed),
            all_ticked,
        },
    )
}

/// A scheme of random rules, named "own".
fn a_scheme() -> impl Strategy<Value = MarkingScheme> {
    proptest::array::uniform6(a_rule()).prop_map(|[qru, qrm, qrp, qrpl, qzp, qcm]| MarkingScheme {
        name: "own".into(),
        qru,
        qrm,
        qrp,
        qrpl,
        qzp,
        qcm,
        ..preset("edn")
    })
}

/// Those without a step over the cohort, and the random one.
fn a_scheme_name() -> impl Strategy<Value = String> {
    let names: Vec<&str> = MarkingScheme::PRESETS.into_iter().filter(|n| *n != "v11").chain(["own"]).collect();
    select(names).prop_map(str::to_owned)
}

fn a_question() -> impl Strategy<Value = Question> {
    let rank = select(vec![None, Some(Rank::A), Some(Rank::B)]);
    (a_body(), a_weight(), rank, proptest::option::weighted(0.2, a_scheme_name())).prop_map(
        |(body, weight, rank, scheme)| {
            let image = matches!(body, Body::Qzp { .. }).then(image);
            Question { weight, rank, scheme, image, ..question("q", body) }
        },
    )
}

/// One to three sections of questions; some of them in a case.
fn a_paper() -> impl Strategy<Value = Paper> {
    let a_section = (
        proptest::collection::vec(a_question(), 1..6),
        a_weight(),
        proptest::option::weighted(0.3, a_scheme_name()),
        any::<bool>(),
    );
    (proptest::collection::vec(a_section, 1..4), a_scheme_name(), a_scheme(), any::<bool>()).prop_map(
        |(drawn, scheme, own, double_a)| {
            let mut number = 0;
            let sections = drawn.into_iter().enumerate().map(|(s, (mut questions, weight, scheme, in_case))| {
                for question in &mut questions {
                    number += 1;
                    question.id = QuestionId::new(format!("q{number}"));
                }
                let mut section = Section { weight, scheme, ..section(&format!("s{s}"), questions) };
                if in_case {
                    section.elements = vec![Element::Case(a_dp(&format!("dp{s}"), section.elements))];
                }
                section
            });
            let mut paper = paper(&scheme, sections.collect());
            paper.schemes.insert("own".into(), own);
            if double_a {
                paper.rules.rank_a_filter = RankAFilter::KnowledgeAndFormat;
            }
            paper
        },
    )
}

fn a_dp(id: &str, elements: Vec<Element>) -> Case {
    let parts = elements.into_iter().filter_map(|element| match element {
        Element::Question(question) => Some(Part { text: "Suite.".into(), question }),
        Element::Case(_) => None,
    });
    Case {
        id: id.into(),
        kind: CaseKind::Dp,
        title: "Dossier".into(),
        intro: "Un homme de 60 ans…".into(),
        image: None,
        article: None,
        tags: vec![],
        parts: parts.collect(),
    }
}

/// Sheets of a paper: as many raw responses as there are questions.
fn sheets(paper: &Paper, raws: &[Vec<Raw>]) -> Vec<BTreeMap<QuestionId, Response>> {
    let sheet = |raws: &Vec<Raw>| {
        paper
            .questions()
            .enumerate()
            .filter_map(|(i, p)| Some((p.question.id.clone(), made(&p.question.body, &raws[i % raws.len()])?)))
            .collect()
    };
    raws.iter().map(sheet).collect()
}

fn some_raws() -> impl Strategy<Value = Vec<Vec<Raw>>> {
    proptest::collection::vec(proptest::collection::vec(a_raw(), 18), 0..6)
}

/// Decisions as indices, to be made for a paper; those that it refuses are dropped.
fn a_ledger() -> impl Strategy<Value = Vec<(Index, u8, u32)>> {
    proptest::collection::vec((any::<Index>(), 0..6_u8, any::<u32>()), 0..8)
}

fn apply(paper: &Paper, drawn: &[(Index, u8, u32)]) -> Effective {
    let ids: Vec<QuestionId> = paper.questions().map(|p| p.question.id.clone()).collect();
    let mut effective = Effective::new(paper.clone());
    for (at, what, bits) in drawn {
        let question = at.get(&ids).clone();
        let propositions = paper.question(&question).unwrap().question.body.propositions();
        let decision = match what {
            0 => Decision::Neutralise { question, policy: Neutralisation::Removed },
            1 => Decision::Neutralise { question, policy: Neutralisation::CreditAll },
            2 => Decision::Reinstate { question },
            3 => {
                let status = |i: usize| if bits & (1 << i) != 0 { Status::Vrai } else { Status::Faux };
                let statuses = propositions.iter().enumerate().map(|(i, p)| (p.id.clone(), status(i))).collect();
                Decision::ChangeKey { question, statuses }
            }
            4 => Decision::AcceptText { question, text: "asthme".into(), list: TextList::Exact },
            _ => Decision::ChangePanel { question, panel: [0, 1, 2, bits % 20, 0] },
        };
        // Refused decisions leave the paper as it was.
        let before = effective.clone();
        if effective.apply(&decision).is_err() {
            assert_eq!(effective.paper, before.paper);
            assert_eq!(effective.neutralised, before.neutralised);
        }
    }
    effective
}

fn mark_all(effective: &Effective, sheets: &[BTreeMap<QuestionId, Response>]) -> Marks {
    let matrix = ResponseMatrix::encode(&effective.paper, sheets);
    Compiled::new(effective, &matrix).unwrap().mark(&matrix)
}

// ---- scores

fn bounds(scheme: &str) -> (Exact, Exact) {
    match scheme {
        "v8" => (exact("-0.2"), Exact::ONE),
        "v9" => (exact("-1"), Exact::ONE),
        _ => (Exact::ZERO, Exact::ONE),
    }
}

proptest! {
    #[test]
    fn every_score_is_within_the_bounds_of_its_scheme(body in a_body(), raw in a_raw()) {
        let question = Question { image: Some(image()), ..question("q", body) };
        let code = made(&question.body, &raw).map_or(0, |r| response::encode(&question, &r));
        prop_assert!(u64::from(code) < 1_u64 << response::code_bits(&question.body));
        for name in MarkingScheme::PRESETS {
            let scored = mark::score(&question, &preset(name), code);
            let (low, high) = bounds(name);
            prop_assert!((low..=high).contains(&scored.score), "{name} {scored:?}");
            prop_assert!(!scored.reason.to_string().is_empty());
        }
    }

    /// A floor and a cap hold unless the rule gives a score of its own (zeroing, blank, all ticked).
    #[test]
    fn a_perfect_response_is_worth_one_in_every_built_in_scheme(body in a_body()) {
        let question = Question { image: Some(image()), ..question("q", body) };
        let right = match &question.body {
            Body::Qroc { .. } => 1,
            Body::Tcs { panel, .. } => {
                prop_assume!(panel.iter().any(|v| *v > 0));
                let mode = panel.iter().max().unwrap();
                panel.iter().position(|v| v == mode).unwrap() as u32 + 1
            }
            Body::Qzp { zones, expected } => {
                prop_assume!(zones.len() >= *expected as usize);
                (1 << expected) - 1
            }
            body => {
                let key = mark::Key::of(body).unwrap();
                let wanted = if key.single { Some(1) } else { key.expected };
                prop_assume!(key.right != 0 && wanted.is_none_or(|n| n == key.right.count_ones()));
                if key.three_states { key.right | ((!key.right & ((1 << key.count) - 1)) << key.count) } else { key.right }
            }
        };
        for name in MarkingScheme::PRESETS {
            prop_assert_eq!(mark::score(&question, &preset(name), right).score, Exact::ONE, "{}", name);
        }
    }

    #[test]
    fn the_order_of_propositions_changes_nothing(
        body in a_body(), raw in a_raw(), own in a_scheme(), seed in any::<u64>(),
    ) {
        let first = Question { image: Some(image()), ..question("q", body) };
        let Some(response) = made(&first.body, &raw) else { return Ok(()) };
        let mut second = first.clone();
        let mut stream = Stream::new(seed, &[]);
        let mut shuffle = |count: usize| {
            let mut order: Vec<usize> = (0..count).collect();
            (1..count).rev().for_each(|i| order.swap(i, stream.below(i + 1)));
            order
        };
        if let Body::Qzp { zones, .. } = &mut second.body {
            *zones = shuffle(zones.len()).into_iter().map(|i| zones[i].clone()).collect();
        } else if let Some(list) = second.body.propositions_mut() {
            *list = shuffle(list.len()).into_iter().map(|i| list[i].clone()).collect();
        }
        // Ticks in another order too.
        let reversed = match response.clone() {
            Response::Ticks { mut ticked, mut rejected } => {
                ticked.reverse();
                rejected.reverse();
                Response::Ticks { ticked, rejected }
            }
            other => other,
        };
        prop_assert_eq!(response::fits(&first, &response).is_ok(), response::fits(&second, &reversed).is_ok());
        for scheme in MarkingScheme::PRESETS.into_iter().map(preset).chain([own]) {
            let of = |q: &Question, r: &Response| mark::score(q, &scheme, response::encode(q, r)).score;
            prop_assert_eq!(of(&first, &response), of(&second, &reversed), "{}", scheme.name);
        }
    }

    // ---- marking

    #[test]
    fn marking_is_the_sum_of_what_is_explained(paper in a_paper(), raws in some_raws(), ledger in a_ledger()) {
        let effective = apply(&paper, &ledger);
        let sheets = sheets(&paper, &raws);
        let matrix = ResponseMatrix::encode(&effective.paper, &sheets);
        let compiled = Compiled::new(&effective, &matrix).unwrap();
        let marks = compiled.mark(&matrix);
        prop_assert_eq!(marks.candidates(), sheets.len());
        let placed: Vec<_> = effective.paper.questions().collect();
        let mut sum_of_section_totals = Exact::ZERO;
        for s in 0..effective.paper.sections.len() {
            sum_of_section_totals += marks.section_out_of(s);
        }
        prop_assert_eq!(sum_of_section_totals, marks.out_of());
        for (c, sheet) in sheets.iter().enumerate() {
            let mut by_section = vec![(Exact::ZERO, Exact::ZERO); effective.paper.sections.len()];
            let mut rank_a = (Exact::ZERO, Exact::ZERO);
            for (i, p) in placed.iter().enumerate() {
                let why = explain(&effective, &p.question.id, sheet.get(&p.question.id)).unwrap();
                by_section[p.section].0 += why.points;
                by_section[p.section].1 += why.out_of;
                if effective.paper.counts_for_rank_a(p.question) {
                    rank_a.0 += why.points;
                    rank_a.1 += why.out_of;
                }
                prop_assert_eq!(compiled.question_points(&matrix, i)[c], why.points, "{} {:?}", p.question.id, why);
                prop_assert_eq!(compiled.question_max(i), why.out_of);
            }
            let found = marks.of(c);
            for (s, (points, out_of)) in by_section.iter().enumerate() {
                prop_assert_eq!(found.section_points[s], *points);
                prop_assert_eq!(marks.section_out_of(s), *out_of);
            }
            let points: Exact = by_section.iter().map(|s| s.0).sum();
            prop_assert_eq!(found.points, points);
            prop_assert_eq!(found.on_20, (points * Exact::int(20)).checked_div(marks.out_of()));
            prop_assert_eq!(found.rank_a_on_20, (rank_a.0 * Exact::int(20)).checked_div(rank_a.1));
            prop_assert_eq!(marks.rank_a_out_of(), rank_a.1);
        }
    }

    #[test]
    fn neutralising_and_reinstating_is_the_identity(
        paper in a_paper(), raws in some_raws(), ledger in a_ledger(), at in any::<Index>(), credit in any::<bool>(),
    ) {
        let mut effective = apply(&paper, &ledger);
        let sheets = sheets(&paper, &raws);
        let ids: Vec<QuestionId> = paper.questions().map(|p| p.question.id.clone()).collect();
        let question = at.get(&ids).clone();
        let _ = effective.apply(&Decision::Reinstate { question: question.clone() });
        let before = mark_all(&effective, &sheets);
        let policy = if credit { Neutralisation::CreditAll } else { Neutralisation::Removed };
        effective.apply(&Decision::Neutralise { question: question.clone(), policy }).unwrap();
        let weight = explain(&effective, &question, None).unwrap();
        let during = mark_all(&effective, &sheets);
        prop_assert_eq!(during.out_of() == before.out_of(), credit, "{:?}", weight);
        effective.apply(&Decision::Reinstate { question }).unwrap();
        prop_assert_eq!(mark_all(&effective, &sheets), before);
    }

    /// Coordinates of at most 15 digits: beyond, serde_json needs its feature `float_roundtrip`.
    #[test]
    fn papers_survive_json(paper in a_paper()) {
        let json = serde_json::to_string(&paper).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Paper>(&json).unwrap(), &paper, "{}", json);
        let pretty = serde_json::to_string_pretty(&paper).unwrap();
        prop_assert_eq!(serde_json::from_str::<Paper>(&pretty).unwrap(), paper);
    }

    #[test]
    fn responses_survive_json(body in a_body(), raw in a_raw()) {
        if let Some(response) = made(&body, &Raw { xs: raw.xs.iter().map(|x| (x * 1e4).round() / 1e4).collect(), ..raw }) {
            let json = serde_json::to_string(&response).unwrap();
            prop_assert_eq!(serde_json::from_str::<Response>(&json).unwrap(), response, "{}", json);
        }
    }

    // ---- numbers

    #[test]
    fn exact_numbers_survive_their_text(top in -1_000_000_000_000_i128..1_000_000_000_000, bottom in 1..1_000_000_i128) {
        let value = Exact::new(top, bottom);
        prop_assert_eq!(value.to_string().parse::<Exact>(), Ok(value));
        prop_assert_eq!(value.to_string().replace('.', ",").parse::<Exact>(), Ok(value));
        let json = serde_json::to_string(&value).unwrap();
        prop_assert_eq!(serde_json::from_str::<Exact>(&json).unwrap(), value);
        // Six decimals are at most half a millionth away, and read back as what they say.
        let rounded: Exact = value.decimal(6).parse().unwrap();
        let away = value - rounded;
        let away = if away.is_negative() { -away } else { away };
        prop_assert!(away <= Exact::new(1, 2_000_000));
        prop_assert_eq!(rounded.decimal(6), value.decimal(6));
        prop_assert_eq!(value.fixed(6).parse::<Exact>(), Ok(rounded));
        prop_assert_eq!(value.french(6).replace('\u{2212}', "-").replace(',', "."), value.decimal(6));
    }

    #[test]
    fn no_text_makes_a_number_panic(text in "\\PC{0,24}") {
        if let Ok(value) = text.parse::<Exact>() {
            prop_assert!(value.denominator() > 0);
        }
    }

    #[test]
    fn no_text_makes_an_open_answer_panic_and_normalising_twice_is_once(text in "\\PC{0,40}") {
        let once = docimo_engine::qroc::normalise(&text);
        let _ = docimo_engine::qroc::word_count(&text);
        prop_assert_eq!(docimo_engine::qroc::normalise(&once), once);
    }

    // ---- ranking

    #[test]
    fn places_follow_candidates_when_they_are_permuted(
        marks in proptest::collection::vec(0..12_i32, 0..40), seed in any::<u64>(),
    ) {
        let mut order: Vec<usize> = (0..marks.len()).collect();
        let mut stream = Stream::new(seed, &[]);
        (1..order.len()).rev().for_each(|i| order.swap(i, stream.below(i + 1)));
        let permuted: Vec<i32> = order.iter().map(|i| marks[*i]).collect();
        for ties in [Ties::Competition, Ties::Modified, Ties::Dense, Ties::Mean] {
            let (one, two) = (places(&marks, ties), places(&permuted, ties));
            for (at, i) in order.iter().enumerate() {
                prop_assert_eq!(one[*i], two[at]);
                let above = marks.iter().filter(|m| **m > marks[*i]).count() as i128;
                let same = marks.iter().filter(|m| **m == marks[*i]).count() as i128;
                let better: BTreeSet<_> = marks.iter().filter(|m| **m > marks[*i]).collect();
                let expected = match ties {
                    Ties::Competition => Exact::int(above + 1),
                    Ties::Modified => Exact::int(above + same),
                    Ties::Dense => Exact::int(better.len() as i128 + 1),
                    Ties::Mean => Exact::new(2 * above + same + 1, 2),
                };
                prop_assert_eq!(one[*i], expected);
            }
        }
        if !marks.is_empty() {
            let sum: Exact = places(&marks, Ties::Mean).into_iter().sum();
            let n = marks.len() as i128;
            prop_assert_eq!(sum, Exact::new(n * (n + 1), 2), "mean places keep the sum of ranks");
        }
    }

    // ---- time

    #[test]
    fn the_phase_only_moves_forward(
        opened in proptest::option::of(0..200_i64), closed in proptest::option::of(0..200_i64),
        started in proptest::option::of(0..200_i64), handed_in in proptest::option::weighted(0.1, 0..200_i64),
        parts in proptest::array::uniform4(0..60_i64),
    ) {
        let [duration_ms, accommodation_ms, extension_ms, compensation_ms] = parts;
        let times = Times {
            opened_ms: opened,
            closed_ms: closed,
            started_ms: started,
            handed_in_ms: handed_in,
            allowance: TimeAllowance { duration_ms, accommodation_ms, extension_ms, compensation_ms },
            stops: Vec::new(),
            breaks: Default::default(),
        };
        let order = |phase| match phase {
            Phase::Waiting => 0,
            Phase::Ready => 1,
            Phase::Running => 2,
            Phase::HandedIn | Phase::Closed => 3,
        };
        let phases: Vec<i32> = (-10..500).map(|now| order(times.phase(now))).collect();
        prop_assert!(phases.is_sorted(), "{times:?}");
        // More time never closes a sheet earlier.
        let more = Times {
            allowance: TimeAllowance { compensation_ms: compensation_ms + 5, ..times.allowance },
            ..times.clone()
        };
        for now in -10..500 {
            prop_assert!(order(more.phase(now)) <= order(times.phase(now)));
        }
    }
}

// ---- attempts

/// A section with a case of three and two questions on their own.
fn the_section() -> Section {
    let part = |id: &str, body| Element::Question(question(id, body));
    let dp = a_dp("dp", vec![part("d1", qrm("VFFF")), part("d2", qru("VFFF")), part("d3", qroc(&["x"], &[]))]);
    let mut section = section("s", vec![question("q1", qrm("VVFF")), question("q2", tcs([1, 2, 3, 4, 0]))]);
    section.elements.push(Element::Case(dp));
    section
}

fn an_act() -> impl Strategy<Value = Act> {
    let id = || select(vec!["q1", "q2", "d1", "d2", "d3", "d1", "d2", "absent"]).prop_map(QuestionId::from);
    let response = prop_oneof![
        subsequence(vec!["a", "b", "c", "d"], 0..=4).prop_map(|ids| ticks(&ids.concat())),
        (-3..=3_i8).prop_map(choice),
        select(TEXTS.to_vec()).prop_map(text),
    ];
    prop_oneof![
        8 => (id(), response).prop_map(|(question, response)| Act::Answer { question, response }),
        2 => (id(), any::<bool>()).prop_map(|(question, on)| Act::Flag { question, on }),
        4 => id().prop_map(|question| Act::Lock { question }),
        1 => id().prop_map(|q| Act::View { element: q.to_string() }),
        1 => Just(Act::HandIn {}),
        1 => Just(Act::Reopen { reason: "erreur".into() }),
    ]
}

/// A journal as the shell keeps it: acts judged on arrival; streams interleave.
fn a_journal() -> impl Strategy<Value = Vec<Step>> {
    proptest::collection::vec((an_act(), 1..4_u32, 0..30_i64, any::<bool>()), 0..40).prop_map(|drawn| {
        let (section, mut standing) = (the_section(), Standing::default());
        let limits = Limits { deadline_ms: 400, grace_ms: 20 };
        let (mut now_ms, mut next) = (0, BTreeMap::<u32, u32>::new());
        let mut steps = Vec::new();
        for (act, stream, wait_ms, by_supervisor) in drawn {
            now_ms += wait_ms;
            // Only someone in charge gives a sheet back; that is not judged.
            let reopened = matches!(act, Act::Reopen { .. }) && by_supervisor;
            let verdict = if reopened { Verdict::Counted } else { judge(&section, &standing, limits, now_ms, &act) };
            if verdict == Verdict::Counted {
                advance(&mut standing, &act);
            }
            let seq = next.entry(stream).or_default();
            *seq += 1;
            steps.push(Step { stream, seq: *seq, position: steps.len() as u32, server_ms: now_ms, verdict, act });
        }
        steps
    })
}

/// The slow way to fold: sort, then apply one by one.
fn fold_slowly(steps: &[Step]) -> Sheet {
    let mut sheet = Sheet::default();
    let mut by_stamp = steps.to_vec();
    by_stamp.sort_by_key(|s| (s.stream, s.seq));
    for step in &by_stamp {
        match (&step.act, step.verdict) {
            (Act::Answer { question, response }, Verdict::Counted) => {
                sheet.late.remove(question);
                sheet.answers.insert(question.clone(), response.clone());
            }
            (Act::Answer { question, response }, Verdict::Late) => {
                sheet.late.insert(question.clone(), response.clone());
            }
            (Act::Flag { question, on: true }, Verdict::Counted) => {
                sheet.flags.insert(question.clone());
            }
            (Act::Flag { question, on: false }, Verdict::Counted) => {
                sheet.flags.remove(question);
            }
            (Act::Lock { question }, Verdict::Counted) => {
                sheet.locked.insert(question.clone());
            }
            (Act::View { element }, Verdict::Counted) => sheet.place = Some(element.clone()),
            _ => {}
        }
    }
    for step in steps {
        sheet.last_ms = sheet.last_ms.max(Some(step.server_ms));
        match (&step.act, step.verdict) {
            (Act::HandIn {}, Verdict::Counted) => sheet.handed_in_ms = Some(step.server_ms),
            (Act::Reopen { .. }, Verdict::Counted) => sheet.handed_in_ms = None,
            _ => {}
        }
    }
    sheet
}

proptest! {
    #[test]
    fn folding_is_idempotent_and_free_of_order(journal in a_journal(), seed in any::<u64>()) {
        let once = fold(&journal);
        prop_assert_eq!(&once, &fold_slowly(&journal));
        let mut stream = Stream::new(seed, &[]);
        let mut messy = journal.clone();
        for _ in 0..journal.len() {
            messy.push(journal[stream.below(journal.len())].clone());
        }
        (1..messy.len()).rev().for_each(|i| messy.swap(i, stream.below(i + 1)));
        prop_assert_eq!(fold(&messy), once);
    }

    /// Time given afterwards is as good as time given before.
    #[test]
    fn judging_late_steps_again_is_judging_with_the_new_limits(journal in a_journal(), more_ms in 0..600_i64) {
        let section = the_section();
        let limits = Limits { deadline_ms: 400 + more_ms, grace_ms: 20 };
        let mut mended = journal.clone();
        for ((stream, seq), verdict) in docimo_engine::attempt::rejudge(&section, limits, &journal) {
            let step = mended.iter_mut().find(|s| (s.stream, s.seq) == (stream, seq)).unwrap();
            prop_assert_eq!(step.verdict, Verdict::Late);
            step.verdict = verdict;
        }
        let mut standing = Standing::default();
        for (before, after) in journal.iter().zip(&mended) {
            let reopened = matches!(before.act, Act::Reopen { .. }) && before.verdict == Verdict::Counted;
            let now = if reopened { Verdict::Counted } else { judge(&section, &standing, limits, before.server_ms, &before.act) };
            // Steps after a hand-in that was late before stay what they were: nothing counted becomes uncounted.
            if before.verdict == Verdict::Late || before.verdict == Verdict::Counted {
                prop_assert!(after.verdict == now || before.verdict == Verdict::Counted, "{before:?} {now:?}");
            }
            if after.verdict == Verdict::Counted {
                advance(&mut standing, &after.act);
            }
        }
        prop_assert!(docimo_engine::attempt::rejudge(&section, limits, &mended).is_empty(), "once is enough");
    }

    #[test]
    fn nothing_counts_after_a_lock_a_hand_in_or_the_deadline(journal in a_journal()) {
        let (mut locked, mut handed_in) = (BTreeSet::new(), false);
        let section = the_section();
        for step in &journal {
            let counted = step.verdict == Verdict::Counted;
            match &step.act {
                Act::Answer { question, response } if counted => {
                    prop_assert!(!locked.contains(question) && !handed_in && step.server_ms <= 420, "{step:?}");
                    let found = section.elements.iter().flat_map(Element::questions).find(|q| q.id == *question);
                    prop_assert_eq!(response::fits(found.unwrap(), response), Ok(()));
                    // In a case, everything before is validated.
                    for (before, after) in [("d1", "d2"), ("d2", "d3")] {
                        prop_assert!(question.as_str() != after || locked.contains(&QuestionId::from(before)));
                    }
                }
                Act::Lock { question } if counted => {
                    prop_assert!(!handed_in && question.as_str().starts_with('d'));
                    prop_assert!(locked.insert(question.clone()), "locked once");
                }
                Act::HandIn {} if counted => handed_in = true,
                Act::Reopen { .. } if counted => handed_in = false,
                _ => {}
            }
        }
        let sheet = fold(&journal);
        prop_assert_eq!(&sheet.locked, &locked);
        prop_assert_eq!(sheet.handed_in_ms.is_some(), handed_in);
        prop_assert_eq!(sheet.standing().locked, locked);
        prop_assert!(sheet.answered() <= sheet.answers.len());
        for (question, response) in sheet.responses(false) {
            prop_assert_eq!(&sheet.answers[&question], &response);
        }
    }
}

// ---- threads

/// Same register, same marks to the last bit, on one thread or many; more candidates than a block.
#[test]
fn marks_are_the_same_on_any_number_of_threads() {
    let kinds = [
        qrm("IXVFV"),
        qru("VFFFF"),
        qrp(2, "VFVFF"),
        qrpl(3, "VVVFFFFFFFFF"),
        tcs([0, 9, 7, 3, 0]),
        qroc(&["embolie pulmonaire"], &["phlébite"]),
        qcm("VFVFF"),
        qrm("VFVFVFVFVFVFV"),
        qzp(3, 12),
    ];
    let ranked = |i: usize, body: &Body| Question {
        rank: Some(if i.is_multiple_of(2) { Rank::A } else { Rank::B }),
        weight: Exact::new(1 + i as i128 % 3, 3),
        image: Some(Image { ..image() }),
        ..question(&format!("q{i}"), body.clone())
    };
    let questions: Vec<Question> = (0..45).map(|i| ranked(i, &kinds[i % kinds.len()])).collect();
    let mut paper = paper("edn", vec![section("a", questions[..30].to_vec()), section("b", questions[30..].to_vec())]);
    for scheme in ["edn", "v5", "v11"] {
        paper.scheme = scheme.into();
        let mut effective = Effective::new(paper.clone());
        effective.apply(&Decision::Neutralise { question: "q3".into(), policy: Neutralisation::CreditAll }).unwrap();
        effective.apply(&Decision::Neutralise { question: "q4".into(), policy: Neutralisation::Removed }).unwrap();
        let sheets: Vec<BTreeMap<QuestionId, Response>> = (0..3001)
            .map(|c| {
                let theta = Stream::new(7, &[&c.to_string()]).normal();
                let answer = |q: &Question| docimo_engine::simulate::respond(q, theta, 7, &format!("c{c}"));
                questions.iter().map(|q| (q.id.clone(), answer(q))).collect()
            })
            .collect();
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let marks = mark_all(&effective, &sheets);
                let totals: Vec<i64> = (0..marks.candidates()).map(|c| marks.total_units(c)).collect();
                let ranks = places(&totals, Ties::Mean);
                (marks, ranks)
            })
        };
        let one = on(1);
        for threads in [2, 3, 8] {
            assert!(on(threads) == one, "{scheme} on {threads} threads");
        }
        // What is added up question by question, by the slow way through the tables.
        let matrix = ResponseMatrix::encode(&effective.paper, &sheets);
        let compiled = Compiled::new(&effective, &matrix).unwrap();
        let by_question: Vec<Vec<Exact>> = (0..45).map(|i| compiled.question_points(&matrix, i)).collect();
        for c in (0..3001).step_by(7) {
            assert_eq!(one.0.of(c).points, by_question.iter().map(|points| points[c]).sum(), "{scheme} {c}");
        }
        let spread = (0..3001).map(|c| one.0.total_units(c)).collect::<BTreeSet<_>>().len();
        assert!(spread > 100, "the simulation must spread candidates for this to mean anything: {spread}");
    }
    assert_eq!(Kind::ALL.len(), 8);
}

/// Weights and panels that need more than 32 bits a question are exact too.
#[test]
fn fine_weights_are_exact() {
    let panels = [[0, 13, 7, 3, 0], [0, 1, 17, 4, 0], [0, 1, 19, 4, 0], [9, 1, 0, 4, 0], [1, 1, 11, 4, 0]];
    let weights = ["0.001", "1000", "999.999", "1/7", "0.3"];
    let questions: Vec<Question> = (0..10)
        .map(|i| Question { weight: exact(weights[i % 5]), ..question(&format!("q{i}"), tcs(panels[i / 2])) })
        .collect();
    let effective = Effective::new(paper("edn", vec![section("s", questions)]));
    let columns = (0..10).map(|i| (0..2000).map(|c| (c / (i + 1)) % 6).collect()).collect();
    let matrix = ResponseMatrix::new(2000, columns).unwrap();
    let compiled = Compiled::new(&effective, &matrix).unwrap();
    let marks = compiled.mark(&matrix);
    let by_question: Vec<Vec<Exact>> = (0..10).map(|i| compiled.question_points(&matrix, i)).collect();
    for c in 0..2000 {
        assert_eq!(marks.of(c).points, by_question.iter().map(|points| points[c]).sum());
    }
    for (i, p) in effective.paper.questions().enumerate() {
        for (code, points) in matrix.column(i).iter().zip(&by_question[i]) {
            assert_eq!(*points, mark::score(p.question, &preset("edn"), *code).score * p.question.weight);
        }
    }
}

/// Codes that no response gives (a corrupted matrix) are worth no credit that is not theirs, and never a panic.
#[test]
fn codes_out_of_range_do_not_panic() {
    for body in
        [qrm("IXVFV"), qrpl(3, "VVVFFFFFFFFF"), qzp(3, 12), tcs([0, 1, 2, 3, 4]), qroc(&["x"], &[]), qcm("VFVFVFVF")]
    {
        let question = Question { image: Some(image()), ..question("q", body) };
        let effective = Effective::new(paper("edn", vec![section("s", vec![question])]));
        let matrix = ResponseMatrix::new(4, vec![vec![u32::MAX, 1 << 31, 0x0F0F_0F0F, 77_777]]).unwrap();
        let marks = Compiled::new(&effective, &matrix).unwrap().mark(&matrix);
        assert!((0..4).all(|c| (Exact::ZERO..=Exact::ONE).contains(&marks.of(c).points)));
    }
}
