//! Every worked example of RULES.md.

#![allow(clippy::unwrap_used, reason = "a test stops at the first thing that is not there")]

mod common;

use common::*;
use docimo_engine::attempt::Phase;
use docimo_engine::deadline::{Accommodation, TimeAllowance};
use docimo_engine::edn::{GroupItem, Scale, Standing, group_mark_on_20, rank_a_mark_on_20};
use docimo_engine::ledger::{Decision, Effective, Neutralisation, TextList};
use docimo_engine::marking::{Compiled, ResponseMatrix};
use docimo_engine::paper::{Paper, RankAFilter, Section};
use docimo_engine::question::{Body, Point, Question, Rank, Shape, Status};
use docimo_engine::ranking::{Ties, competition, places};
use docimo_engine::response::{Misfit, Response, fits};
use docimo_engine::scheme::{BlankPolicy, CohortStep, Formula, Rule, TcsRule};
use docimo_engine::{Exact, QuestionId, mark, qroc as open, response};
use std::collections::BTreeMap;

// ---- §1.1 QRM

#[test]
fn qrm_official_example_1() {
    let body = qrm("IXVF");
    for (letters, expected) in [("ac", "1"), ("a", "0.5"), ("c", "0"), ("abc", "0"), ("acd", "0.5")] {
        check("edn", &body, &ticks(letters), expected);
    }
}

#[test]
fn qrm_official_example_2() {
    let body = qrm("IFVF");
    for (letters, expected) in [("abc", "0.5"), ("abd", "0"), ("abcd", "0.2")] {
        check("edn", &body, &ticks(letters), expected);
    }
}

#[test]
fn qrm_own_example() {
    let body = qrm("VFVVF");
    for (letters, expected) in
        [("acd", "1"), ("ac", "0.5"), ("acde", "0.5"), ("ace", "0.2"), ("ae", "0"), ("", "0"), ("abcde", "0.2")]
    {
        check("edn", &body, &ticks(letters), expected);
    }
}

#[test]
fn a_blank_qrm_is_worth_what_its_key_gives_unless_the_committee_says_zero() {
    for (statuses, blank, all) in [
        ("FFFFF", "1", "0"),
        ("VFFFF", "0.5", "0"),
        ("VVFFF", "0.2", "0"),
        ("VVVFF", "0", "0.2"),
        ("VVVVF", "0", "0.5"),
    ] {
        check("edn", &qrm(statuses), &ticks(""), blank);
        check("edn-blank-zero", &qrm(statuses), &ticks(""), "0");
        check("edn", &qrm(statuses), &ticks("abcde"), all);
    }
    check("edn", &qrm("VVVVV"), &ticks("abcde"), "1");
}

/// 11/64 with five propositions, 21/80 with four.
#[test]
fn random_ticking_of_a_qrm_has_the_expectation_of_the_rules() {
    for (statuses, expected) in [("VFVVF", Exact::new(11, 64)), ("VFVF", Exact::new(21, 80))] {
        let q = question("q", qrm(statuses));
        let count = 1_u32 << statuses.len();
        let sum: Exact = (0..count).map(|code| mark::score(&q, &preset("edn"), code).score).sum();
        assert_eq!(sum.checked_div(Exact::int(count.into())), Some(expected));
    }
}

// ---- §1.2 QRU

#[test]
fn qru_is_all_or_nothing_and_two_ticks_are_worth_nothing() {
    for statuses in ["VFFF", "IXXX"] {
        let body = qru(statuses);
        for (letters, expected) in [("a", "1"), ("b", "0"), ("", "0"), ("ab", "0")] {
            check("edn", &body, &ticks(letters), expected);
        }
        let refused = fits(&question("q", body), &ticks("ab"));
        assert_eq!(refused, Err(Misfit::TooMany { given: 2, allowed: 1 }));
    }
}

// ---- §1.3 QRP

#[test]
fn qrp_official_example() {
    let body = qrp(3, "IXVFV");
    for (letters, expected) in [("ace", "1"), ("acd", "2/3"), ("abc", "0"), ("cde", "0")] {
        check("edn", &body, &ticks(letters), expected);
    }
    assert_eq!(score(&body, &preset("edn"), &ticks("acd")).fixed(3), "0.667");
}

#[test]
fn qrp_fewer_ticks_and_the_other_readings_of_the_penalty() {
    check("edn", &qrp(3, "VFVFV"), &ticks("ac"), "2/3");
    check("edn-qrp-strict", &qrp(3, "VFVFV"), &ticks("acd"), "0");
    check("edn-qrp-strict", &qrp(3, "VFVFV"), &ticks("ac"), "2/3");
    let mut minus = preset("edn");
    minus.qrp.formula = Formula::Expected { error: exact("0.5"), zero_on_error: false };
    assert_eq!(score(&qrp(3, "VFVFV"), &minus, &ticks("acd")), exact("0.5"), "(2 − 0,5) / 3");
    assert_eq!(score(&qrp(3, "VFVFV"), &minus, &ticks("bd")), Exact::ZERO, "never below zero");
}

#[test]
fn random_ticking_of_a_qrp_is_worth_n_over_m() {
    let q = question("q", qrp(2, "VFVFF"));
    let picks: Vec<u32> = (0..32_u32).filter(|code| code.count_ones() == 2).collect();
    let sum: Exact = picks.iter().map(|code| mark::score(&q, &preset("edn"), *code).score).sum();
    assert_eq!(sum.checked_div(Exact::int(picks.len() as i128)), Some(exact("2/5")));
}

// ---- §1.4 QRPL

#[test]
fn qrpl_examples() {
    check("edn", &qrpl(5, "VVVVVFFFFF"), &ticks("abcfg"), "0.6");
    let four = qrpl(4, "VVVVFFFFFFFF");
    for (letters, expected) in [("abcd", "1"), ("abce", "0.75"), ("abef", "0.5"), ("efgh", "0"), ("", "0")] {
        check("edn", &four, &ticks(letters), expected);
    }
    // No zeroing flags: even if a paper had one, the scheme does not look at it.
    assert!(!preset("edn").qrpl.zeroing);
    check("edn", &qrpl(4, "IVVVXFFFFFFF"), &ticks("bcde"), "0.75");
}

// ---- §1.5 QZP

#[test]
fn qzp_examples() {
    let with_image = |body| Question { image: Some(image()), ..question("q", body) };
    let worth = |q: &Question, at: &[f64]| {
        let points = at.iter().map(|&x| Point { x, y: 0.5 }).collect();
        mark::score(q, &preset("edn"), response::encode(q, &Response::Points { points })).score
    };
    let three = with_image(qzp(3, 3));
    assert_eq!(worth(&three, &[zone_x(0), zone_x(2)]), exact("2/3"));
    assert_eq!(worth(&three, &[zone_x(0), zone_x(0), zone_x(2)]), exact("2/3"), "two in one zone count once");
    assert_eq!(worth(&three, &[0.9, 0.9, 0.9, zone_x(0)]), Exact::ZERO, "no more than N clicks");
    assert_eq!(worth(&with_image(qzp(1, 1)), &[0.9]), Exact::ZERO);
    // Alternatives, any one of which is enough, are not the same as zones to find.
    assert_eq!(worth(&with_image(qzp(1, 3)), &[zone_x(1)]), Exact::ONE);
}

// ---- §1.6 QROC

#[test]
fn qroc_examples() {
    let body = qroc(&["embolie pulmonaire"], &["maladie thromboembolique veineuse"]);
    for (typed, expected) in [
        ("Embolie  pulmonaire.", "1"),
        ("maladie thrombo-embolique veineuse", "0.5"),
        ("embolie pulmonère", "0"),
        ("", "0"),
    ] {
        check("edn", &body, &text(typed), expected);
    }
    let unlisted = mark::score(&question("q", body.clone()), &preset("edn"), 3);
    assert_eq!(unlisted.reason, mark::Reason::Unlisted, "for a human, not a blank");
    let seven = text("un deux trois quatre cinq six sept");
    assert_eq!(fits(&question("q", body), &seven), Err(Misfit::TooManyWords { given: 7, allowed: 5 }));
    assert_eq!(open::word_count("maladie thrombo-embolique veineuse"), 3);
}

// ---- §1.7 TCS

#[test]
fn tcs_panels() {
    let first = tcs([0, 9, 7, 3, 0]);
    for (value, expected) in [(-2, "0"), (-1, "1"), (0, "7/9"), (1, "3/9"), (2, "0")] {
        check("edn", &first, &choice(value), expected);
    }
    let second = tcs([0, 1, 15, 4, 0]);
    for (value, expected) in [(-2, "0"), (-1, "1/15"), (0, "1"), (1, "4/15"), (2, "0")] {
        check("edn", &second, &choice(value), expected);
    }
    check("edn", &first, &Response::Choice { choice: None }, "0");
    check("edn", &tcs([5, 5, 0, 0, 0]), &choice(-2), "1");
    check("edn", &tcs([5, 5, 0, 0, 0]), &choice(-1), "1");
    for (panel, guessing) in [(first, "0.42"), (second, "0.27")] {
        let sum: Exact = (-2..=2).map(|v| score(&panel, &preset("edn"), &choice(v))).sum();
        assert_eq!((sum * exact("1/5")).fixed(2), guessing);
    }
}

// ---- §1.9 ECNi

#[test]
fn an_ecni_case_of_420_points_is_its_mean() {
    // The whole of 10,800 points: 18 cases of 420, 120 isolated questions of 18, 2 articles of 540.
    let part = |prefix: &str, count: usize, points: &str| {
        let each = exact(points).checked_div(Exact::int(count as i128)).unwrap();
        let questions =
            (1..=count).map(|i| Question { weight: each, ..question(&format!("{prefix}{i}"), qrm("VFFFF")) });
        section(prefix, questions.collect())
    };
    let whole = paper("ecni", vec![part("dp", 18 * 15, "7560"), part("qi", 120, "2160"), part("lca", 30, "1080")]);
    let marks = marked(&whole, &[], &[BTreeMap::new()]);
    assert_eq!(marks.out_of(), Exact::int(10_800));
    let shares = [0, 1, 2].map(|s| marks.section_out_of(s).checked_div(marks.out_of()).unwrap());
    assert_eq!(shares, ["0.7", "0.2", "0.1"].map(exact));
    assert_eq!(whole.questions().find(|p| p.question.id.as_str() == "qi1").unwrap().question.weight, Exact::int(18));

    // A case of 15 questions worth 420 points, of mean 0.72: 10 right, 4 with two discordances, 1 wrong.
    let case = paper("ecni", vec![part("dp", 15, "420")]);
    let sheet = (1..=15).map(|i| {
        let letters = if i <= 10 {
            "a"
        } else if i <= 14 {
            "abc"
        } else {
            "bcd"
        };
        (QuestionId::new(format!("dp{i}")), ticks(letters))
    });
    let marks = marked(&case, &[], &[sheet.collect()]);
    assert_eq!(marks.out_of(), Exact::int(420));
    assert_eq!(marks.of(0).points, exact("302.4"));
    assert_eq!(marks.of(0).on_20, Some(exact("0.72") * Exact::int(20)));
    // No zeroing propositions before 2023.
    check("ecni", &qrm("IXVF"), &ticks("c"), "0.5");
    check("ecni", &qrm("IXVF"), &ticks("abc"), "0.5");
}

// ---- §2 first cycle

/// Key A, C, D of A–E.
const FIRST_CYCLE: [(&str, [&str; 7]); 7] = [
    // ACD, AC, ACDE, ACE, AE, blank, ABCDE
    ("v1", ["1", "0", "0", "0", "0", "0", "0"]),
    ("v2", ["1", ".5", ".5", ".2", "0", "0", ".2"]),
    ("v3", ["1", ".5", ".5", "0", "0", "0", "0"]),
    ("v4", ["1", ".8", ".8", ".6", ".4", ".4", ".6"]),
    ("v6", ["1", ".6", ".6", ".2", "0", "0", ".2"]),
    ("v9", ["1", "2/3", ".5", "1/6", "-1/6", "0", "0"]),
    ("v10", ["1", ".5", ".5", ".5", "0", "0", ".5"]),
];

const ANSWERS: [&str; 7] = ["acd", "ac", "acde", "ace", "ae", "", "abcde"];

#[test]
fn the_whole_first_cycle_table() {
    for (scheme, row) in FIRST_CYCLE {
        for (letters, expected) in ANSWERS.into_iter().zip(row) {
            check(scheme, &qrm("VFVVF"), &ticks(letters), expected);
        }
    }
}

#[test]
fn v6_before_its_floor() {
    let mut raw = preset("v6");
    raw.qrm.floor = None;
    assert_eq!(score(&qrm("VFVVF"), &raw, &ticks("ae")), exact("-0.2"));
    // A two-state blank read as five judgements: −0.2, floored to 0.
    raw.qrm.blank_policy = BlankPolicy::ScoreAsAnswer;
    assert_eq!(score(&qrm("VFVVF"), &raw, &ticks("")), exact("-0.2"));
}

#[test]
fn v5_and_v6_have_three_states() {
    // A, C right, D unanswered, B right (judged false), E wrong (judged true).
    let answer = ticks("ace/b");
    check("v5", &qcm("VFVVF"), &answer, "0.64");
    check("v6", &qcm("VFVVF"), &answer, "0.4");
    check("v6", &qcm("VFVVF"), &ticks(""), "0");
    check("v5", &qcm("VFVVF"), &ticks(""), "0.2");
    check("v5", &qru("VFFFF"), &ticks("a"), "1");
    check("v5", &qru("VFFFF"), &ticks("b"), "0");
    // All judged, no abstention: the two-state values.
    for (letters, expected) in [("acd/be", "1"), ("ac/bde", ".6"), ("ae/bcd", "0")] {
        check("v6", &qcm("VFVVF"), &ticks(letters), expected);
    }
    for (letters, expected) in [("acd/be", "1"), ("ac/bde", ".8"), ("ae/bcd", ".4"), ("acd", ".6"), ("", "0")] {
        check("v4", &qcm("VFVVF"), &ticks(letters), expected);
    }
}

#[test]
fn v7_depends_on_the_number_expected() {
    for (statuses, letters, expected) in [
        ("VFFFF", "a", "1"),
        ("VFFFF", "ab", "0"),
        ("VVFFF", "a", ".5"),
        ("VVFFF", "ac", "0"),
        ("VVVFF", "ab", ".5"),
        ("VVVFF", "abd", ".2"),
        ("VVVFF", "ad", "0"),
        ("VVVVF", "abe", "0"),
        ("VVVVF", "ab", ".2"),
    ] {
        check("v7", &qrm(statuses), &ticks(letters), expected);
    }
}

#[test]
fn v8_is_strict_with_a_penalty_and_separate_scores() {
    for (letters, expected) in [("acd", "1"), ("ac", "-.2"), ("", "0"), ("abcde", "-.2")] {
        check("v8", &qrm("VFVVF"), &ticks(letters), expected);
    }
    let all = Rule { all_ticked: Some(exact("-1")), ..preset("v8").qrm };
    let scheme = docimo_engine::scheme::MarkingScheme { qrm: all, ..preset("v8") };
    assert_eq!(score(&qrm("VFVVF"), &scheme, &ticks("abcde")), exact("-1"));
}

#[test]
fn v11_weights_a_question_by_how_many_failed_it() {
    let sheet = |a: &str, b: &str| answers(&[("q1", ticks(a)), ("q2", ticks(b))]);
    let paper = paper("v11", vec![section("s", vec![question("q1", qrm("VFFFF")), question("q2", qrm("VFFFF"))])]);
    // Three of four answer q1 exactly (weight 1/4), one of four q2 (weight 3/4).
    let sheets = [sheet("a", "a"), sheet("a", "b"), sheet("a", "b"), sheet("b", "b")];
    let marks = marked(&paper, &[], &sheets);
    assert_eq!(marks.out_of(), Exact::ONE);
    assert_eq!(points(&marks), ["1", "0.25", "0.25", "0"].map(exact));
}

#[test]
fn cohort_steps_stretch_without_changing_ranks() {
    let questions = (1..=4).map(|i| question(&format!("q{i}"), qrm("VFFFF"))).collect();
    let mut base = paper("v1", vec![section("s", questions)]);
    let sheet = |good: usize| {
        let answered: Vec<_> = (1..=4).map(|i| (format!("q{i}"), ticks(if i <= good { "a" } else { "b" }))).collect();
        answered.into_iter().map(|(id, r)| (QuestionId::new(id), r)).collect::<BTreeMap<_, _>>()
    };
    let sheets = [sheet(3), sheet(2), sheet(1)];
    for (step, expected) in [(CohortStep::TopLinear, ["20", "40/3", "20/3"]), (CohortStep::Stretch, ["20", "10", "0"])]
    {
        let mut own = preset("v1");
        own.cohort = step;
        base.schemes.insert("v1".into(), own);
        let marks = marked(&base, &[], &sheets);
        let on_20: Vec<Exact> = (0..3).map(|i| marks.of(i).on_20.unwrap()).collect();
        assert_eq!(on_20, expected.map(exact), "{step:?}");
    }
}

// ---- §3.2, §3.4 toy paper

#[test]
fn the_toy_paper_by_group() {
    // (rank, group, weight, score)
    let rows = [
        (Rank::A, "", "1", "1"),
        (Rank::A, "", "1", "0.5"),
        (Rank::B, "cardio", "1", "1"),
        (Rank::B, "pédia", "1", "0.2"),
        (Rank::B, "cardio", "1", "0.5"),
        (Rank::A, "", "2", "0.5"),
    ];
    let items = |group: &str| -> Vec<GroupItem> {
        rows.iter()
            .map(|(rank, attached, weight, score)| GroupItem {
                rank: *rank,
                attached: *attached == group,
                weight: exact(weight),
                score: exact(score),
            })
            .collect()
    };
    assert_eq!(group_mark_on_20(&items("cardio")), Some(exact("38/3")));
    assert_eq!(exact("38/3").fixed(2), "12.67");
    assert_eq!(group_mark_on_20(&items("pédia")), Some(Exact::int(11)));
    assert_eq!(group_mark_on_20(&items("psychiatrie")), Some(Exact::int(12)));
    let rank_a = rank_a_mark_on_20(&items("")).unwrap();
    assert_eq!(rank_a, exact("12.5"));
    assert!(rank_a < Exact::int(14));
    assert_eq!(group_mark_on_20(&[]), None);
    assert_eq!(rank_a_mark_on_20(&[]), None);

    // The same rank A mark by marking the paper, the LCA being a section of weight 2.
    let ranked = |id: &str, rank, body: Body| Question { rank: Some(rank), ..question(id, body) };
    let mut sections: Vec<Section> = vec![
        section(
            "uc1",
            vec![
                ranked("q1", Rank::A, qrm("VVFFF")),
                ranked("q2", Rank::A, qrm("VVFFF")),
                ranked("q3", Rank::B, qrm("VVFFF")),
                ranked("q4", Rank::B, qrm("VVFFF")),
                ranked("q5", Rank::B, qrm("VVFFF")),
            ],
        ),
        section("lca", vec![ranked("q6", Rank::A, qrm("VVFFF"))]),
    ];
    sections[1].weight = Exact::int(2);
    let paper = paper("edn", sections);
    let sheet = answers(&[
        ("q1", ticks("ab")),
        ("q2", ticks("a")),
        ("q3", ticks("ab")),
        ("q4", ticks("ac")),
        ("q5", ticks("b")),
        ("q6", ticks("a")),
    ]);
    let marks = marked(&paper, &[], &[sheet]);
    assert_eq!(marks.of(0).rank_a_on_20, Some(exact("12.5")));
    assert_eq!(marks.of(0).rank_b_on_20, Some(exact("34/3")), "1.7 of 3 on rank B");
    assert_eq!(marks.of(0).on_20, Some(Exact::int(12)));
}

// ---- §3.1 the LCA's share

#[test]
fn the_lca_counts_double() {
    for (isolated, lca, share) in [(300, 30, "0.167"), (330, 26, "0.136"), (270, 34, "0.201")] {
        let mut sections = vec![
            section("uc", (0..isolated).map(|i| question(&format!("q{i}"), qrm("VFFFF"))).collect()),
            section("lca", (0..lca).map(|i| question(&format!("l{i}"), qrm("VFFFF"))).collect()),
        ];
        sections[1].weight = Exact::int(2);
        let marks = marked(&paper("edn", sections), &[], &[BTreeMap::new()]);
        assert_eq!(marks.section_out_of(1).checked_div(marks.out_of()).unwrap().fixed(3), share);
    }
}

// ---- which scheme marks what

#[test]
fn a_question_s_scheme_comes_before_its_section_s_and_the_paper_s() {
    let own = Question { scheme: Some("v1".into()), ..question("q2", qrm("VVFFF")) };
    let mut sections =
        vec![section("s1", vec![question("q1", qrm("VVFFF")), own]), section("s2", vec![question("q3", qrm("VVFFF"))])];
    sections[0].scheme = Some("v4".into());
    let paper = paper("edn", sections);
    // One discordance: 0.8 by v4, 0 by v1, 0.5 by the EDN.
    let sheet = answers(&[("q1", ticks("a")), ("q2", ticks("a")), ("q3", ticks("a"))]);
    let marks = marked(&paper, &[], &[sheet]).of(0);
    assert_eq!(marks.section_points, ["0.8", "0.5"].map(exact));
}

#[test]
fn rarity_is_of_the_questions_that_ask_for_it() {
    let mut sections = vec![
        section("s1", vec![question("q1", qrm("VFFFF"))]),
        section("s2", vec![question("q2", qrm("VFFFF")), question("q3", qrm("VFFFF"))]),
    ];
    sections[1].scheme = Some("v11".into());
    let sheet = |a: &str, b: &str| answers(&[("q1", ticks("a")), ("q2", ticks(a)), ("q3", ticks(b))]);
    let marks = marked(
        &paper("edn", sections.clone()),
        &[],
        &[sheet("a", "b"), sheet("a", "b"), sheet("a", "a"), sheet("b", "b")],
    );
    assert_eq!([marks.section_out_of(0), marks.section_out_of(1)], ["1", "1"].map(exact), "1/4 and 3/4");
    assert_eq!(marks.of(2).section_points, ["1", "1"].map(exact));
    assert_eq!(marks.of(0).section_points, ["1", "0.25"].map(exact));
    // Alone and perfect, nothing is rare: the points stay.
    let alone = marked(&paper("v11", vec![sections.remove(1)]), &[], &[sheet("a", "a")]);
    assert_eq!(alone.of(0).on_20, Some(Exact::int(20)));
}

// ---- single answers, perfect answers

#[test]
fn a_wrong_single_answer_has_two_discordances_and_any_accepted_one_none() {
    let table = Rule::new(Formula::Discordance { table: ["1", "0.5", "0.2"].map(exact).to_vec() });
    let scheme = docimo_engine::scheme::MarkingScheme { qru: table, ..preset("edn") };
    let body = qru("FVFFF");
    for (letters, expected) in [("b", "1"), ("a", "0.2"), ("", "0.5")] {
        assert_eq!(score(&body, &scheme, &ticks(letters)), exact(expected), "{letters}");
    }
    // The jury accepts a second answer: either is the whole of the key, under every formula.
    for name in docimo_engine::scheme::MarkingScheme::PRESETS {
        let all_formulas = docimo_engine::scheme::MarkingScheme { qru: preset(name).qrm, ..preset(name) };
        for letters in ["b", "d"] {
            assert_eq!(score(&qru("FVFVF"), &all_formulas, &ticks(letters)), Exact::ONE, "{name} {letters}");
        }
        assert!(score(&qru("FVFVF"), &all_formulas, &ticks("a")) < Exact::ONE, "{name}");
    }
}

#[test]
fn ticking_all_is_right_where_all_are_true() {
    check("v8", &qrm("VVVVV"), &ticks("abcde"), "1");
    check("v8", &qrm("VVVVF"), &ticks("abcde"), "-0.2");
}

#[test]
fn a_panel_may_count_its_mode_only() {
    let scheme = docimo_engine::scheme::MarkingScheme { tcs: TcsRule::ModeOnly, ..preset("edn") };
    for (value, expected) in [(-1, "1"), (0, "0"), (1, "0")] {
        assert_eq!(score(&tcs([0, 9, 7, 3, 0]), &scheme, &choice(value)), exact(expected));
    }
}

// ---- decisions of the jury

fn decided(body: Body, decision: Decision) -> Result<Effective, docimo_engine::ledger::LedgerFault> {
    let image = matches!(body, Body::Qzp { .. }).then(image);
    let question = Question { image, ..question("q1", body) };
    let mut effective = Effective::new(paper("edn", vec![section("s", vec![question])]));
    effective.apply(&decision).map(|()| effective)
}

#[test]
fn a_corrected_key_marks_again() {
    let change = |id: &str, status| Decision::ChangeKey {
        question: "q1".into(),
        statuses: BTreeMap::from([(id.into(), status)]),
    };
    let sheets = [answers(&[("q1", ticks("ab"))]), answers(&[("q1", ticks("a"))])];
    let paper = paper("edn", vec![section("s", vec![question("q1", qrm("VVFFF"))])]);
    assert_eq!(points(&marked(&paper, &[], &sheets)), ["1", "0.5"].map(exact));
    assert_eq!(points(&marked(&paper, &[change("b", Status::Faux)], &sheets)), ["0.5", "1"].map(exact));
    assert_eq!(points(&marked(&paper, &[change("b", Status::Inacceptable)], &sheets)), ["0", "1"].map(exact));
    assert_eq!(points(&marked(&paper, &[change("b", Status::Indispensable)], &sheets)), ["1", "0"].map(exact));
}

#[test]
fn decisions_that_would_make_marking_absurd_are_refused() {
    let statuses = |list: &[(&str, Status)]| Decision::ChangeKey {
        question: "q1".into(),
        statuses: list.iter().map(|(id, status)| ((*id).into(), *status)).collect(),
    };
    use Status::{Faux, Inacceptable, Indispensable};
    assert!(decided(qrp(1, "VFFF"), statuses(&[("a", Indispensable), ("b", Indispensable)])).is_err());
    assert!(decided(qru("VFFF"), statuses(&[("a", Indispensable), ("b", Indispensable)])).is_err());
    assert!(decided(qrpl(2, "VVFFFFFFFF"), statuses(&[("c", Inacceptable)])).is_err());
    assert!(decided(qru("VFFF"), statuses(&[("a", Faux)])).is_err());
    let list = |list, text: &str| Decision::AcceptText { question: "q1".into(), text: text.into(), list };
    assert!(decided(qroc(&["x"], &["y"]), list(TextList::Acceptable, "x")).is_err(), "no exact answer would be left");
    assert!(decided(qroc(&["x", "z"], &["y"]), list(TextList::Acceptable, "x")).is_ok());
    let reject = |text: &str| Decision::RejectText { question: "q1".into(), text: text.into() };
    assert!(decided(qroc(&["x"], &["y"]), reject("x")).is_err());
    assert!(decided(qroc(&["x"], &["y"]), reject("w")).is_err());
    let left = decided(qroc(&["x", "z"], &["y"]), reject(" Y.")).unwrap().paper;
    let Body::Qroc { exact, acceptable, .. } = &left.questions().next().unwrap().question.body else { panic!() };
    assert_eq!((exact.len(), acceptable.len()), (2, 0));
    let zone = |zone: &str, x| Decision::ChangeZone {
        question: "q1".into(),
        zone: zone.into(),
        shape: Shape::Circle { x, y: 0.5, r: 0.02 },
    };
    assert!(decided(qzp(1, 2), zone("z9", 0.5)).is_err());
    assert!(decided(qzp(1, 2), zone("z1", 0.999)).is_err(), "out of the image");
    let moved = decided(qzp(1, 2), zone("z1", 0.7)).unwrap();
    let point = Response::Points { points: vec![Point { x: 0.7, y: 0.5 }] };
    let matrix = ResponseMatrix::encode(&moved.paper, &[answers(&[("q1", point)])]);
    assert_eq!(Compiled::new(&moved, &matrix).unwrap().mark(&matrix).of(0).points, Exact::ONE);
}

#[test]
fn a_register_starts_with_the_first_marking_gives_reasons_and_skips_no_version() {
    use docimo_engine::ledger::{Entry, LedgerFault};
    let paper = paper("edn", vec![section("s", vec![question("q1", qrm("VFFFF")), question("q2", qrm("VFFFF"))])]);
    let entry = |version, reason: &str, decision| Entry {
        version,
        at_ms: 0,
        author: "p".into(),
        reason: reason.into(),
        decision,
    };
    let neutralise = |id: &str| Decision::Neutralise { question: id.into(), policy: Neutralisation::Removed };
    let all = [
        entry(1, "", Decision::FirstMarking),
        entry(2, "ambiguë", neutralise("q1")),
        entry(3, "recours", Decision::Reinstate { question: "q1".into() }),
    ];
    for (version, neutralised) in [(1, 0), (2, 1), (3, 0)] {
        assert_eq!(Effective::replay(&paper, &all[..version]).unwrap().neutralised.len(), neutralised);
    }
    // Each is told by the paper that it changed: number, letter, what was and what is.
    let key = |status| Decision::ChangeKey { question: "q2".into(), statuses: BTreeMap::from([("b".into(), status)]) };
    let told = [
        entry(1, "", Decision::FirstMarking),
        entry(2, "x", neutralise("q2")),
        entry(3, "x", key(Status::Inacceptable)),
        entry(4, "x", key(Status::Vrai)),
    ];
    assert_eq!(
        docimo_engine::ledger::told(&paper, &told).unwrap(),
        [
            "Première notation",
            "Question 2 neutralisée : retirée des points et du total",
            "Clé de la question 2 corrigée, B : faux → inacceptable",
            "Clé de la question 2 corrigée, B : inacceptable → vrai",
        ]
    );
    let fault = |entries: &[Entry]| Effective::replay(&paper, entries).unwrap_err();
    assert_eq!(fault(&all[1..]), LedgerFault::FirstMarking);
    assert_eq!(fault(&[all[0].clone(), all[0].clone()]), LedgerFault::FirstMarking);
    assert_eq!(fault(&[all[0].clone(), entry(2, " ", neutralise("q1"))]), LedgerFault::NoReason);
    assert_eq!(
        fault(&[all[0].clone(), entry(3, "x", neutralise("q1"))]),
        LedgerFault::OutOfOrder { found: 3, expected: 2 }
    );
}

#[test]
fn double_a_keeps_rank_a_formats_only() {
    let ranked = |id: &str, body: Body| Question { rank: Some(Rank::A), ..question(id, body) };
    let mut paper = paper("edn", vec![section("s", vec![ranked("q1", qru("VFFF")), ranked("q2", qrm("VFFFF"))])]);
    let sheet = [answers(&[("q1", ticks("a")), ("q2", ticks("bcd"))])];
    assert_eq!(marked(&paper, &[], &sheet).of(0).rank_a_on_20, Some(exact("10")));
    paper.rules.rank_a_filter = RankAFilter::KnowledgeAndFormat;
    assert_eq!(marked(&paper, &[], &sheet).of(0).rank_a_on_20, Some(exact("20")));
}

#[test]
fn the_global_mark_and_its_ties() {
    let standing = |edn: &str, ecos: &str, parcours: &str| {
        Standing::new(exact(edn), exact(ecos), exact(parcours), Scale::default())
    };
    assert_eq!(standing("15", "12.5", "36").global, exact("418.5"));
    assert_eq!(standing("15", "12.5", "75").parcours, Exact::int(60), "a ceiling of 60");
    // 18 points of EDN are one mark; 9 of ECOS one mark: these three are equal in all.
    let tied = [standing("14", "12", "36"), standing("15", "10", "36"), standing("14", "13", "27")];
    assert!(tied.iter().all(|s| s.global == exact("396")));
    assert_eq!(competition(&tied), [3, 1, 2], "best EDN, then best ECOS");
    assert_eq!(competition(&[standing("14", "12", "36"), standing("14", "12", "36")]), [1, 1]);
}

// ---- §3.5 annulment

#[test]
fn annulment_under_both_policies() {
    // Raw sum over 100 equal questions, score at the annulled one; marks before, removed, credited.
    for (raw, own, before, removed, credited) in [
        ("70.3", "1", "14.06", "14.00", "14.06"),
        ("70.1", "1", "14.02", "13.96", "14.02"),
        ("69.5", "0", "13.90", "14.04", "14.10"),
        ("69.2", "0", "13.84", "13.98", "14.04"),
    ] {
        let paper = paper("edn", vec![section("s", annulled_paper())]);
        let sheet = [sheet_worth(exact(raw), own == "1")];
        let rank_a = |decisions: &[Decision]| marked(&paper, decisions, &sheet).of(0).rank_a_on_20.unwrap();
        let neutralise = |policy| [Decision::Neutralise { question: "q1".into(), policy }];
        assert_eq!(rank_a(&[]).fixed(2), before, "{raw}");
        assert_eq!(rank_a(&neutralise(Neutralisation::Removed)).fixed(2), removed, "{raw}");
        assert_eq!(rank_a(&neutralise(Neutralisation::CreditAll)).fixed(2), credited, "{raw}");
        let passes = |mark: Exact| mark >= paper.rules.rank_a_threshold;
        let text_passes = |mark: &str| exact(mark) >= Exact::int(14);
        assert_eq!(passes(rank_a(&neutralise(Neutralisation::Removed))), text_passes(removed), "{raw}");
        assert_eq!(passes(rank_a(&neutralise(Neutralisation::CreditAll))), text_passes(credited), "{raw}");
    }
    // The boundary case is exact, not nearly so.
    let paper = paper("edn", vec![section("s", annulled_paper())]);
    let removed = [Decision::Neutralise { question: "q1".into(), policy: Neutralisation::Removed }];
    let marks = marked(&paper, &removed, &[sheet_worth(exact("70.3"), true)]);
    assert_eq!(marks.of(0).rank_a_on_20, Some(Exact::int(14)));
}

/// 100 rank A questions: a discordance table reaches any tenth with two steps of 0.5 and 0.2.
fn annulled_paper() -> Vec<Question> {
    equal_rank_a(100)
}

/// A sheet of that raw sum; q1 is worth 1 or 0, the others 1, 0.5 (one discordance), 0.2 (two) or 0.
fn sheet_worth(raw: Exact, first_right: bool) -> BTreeMap<QuestionId, Response> {
    let tenths = (raw * Exact::int(10)).numerator() - if first_right { 10 } else { 0 };
    // 10 a + 5 b + 2 c = tenths, b in {0, 1}, c least.
    let (halves, fifths) = [(0, 0), (0, 1), (0, 2), (0, 3), (0, 4), (1, 0), (1, 1), (1, 2), (1, 3), (1, 4)]
        .into_iter()
        .find(|(b, c)| (tenths - 5 * b - 2 * c) % 10 == 0)
        .unwrap();
    let whole = (tenths - 5 * halves - 2 * fifths) / 10;
    let mut sheet = answers(&[("q1", ticks(if first_right { "a" } else { "bcd" }))]);
    for i in 0..99_i128 {
        let letters = match i {
            i if i < whole => "a",
            i if i < whole + halves => "ab",
            i if i < whole + halves + fifths => "abc",
            _ => "bcd",
        };
        sheet.insert(QuestionId::new(format!("q{}", i + 2)), ticks(letters));
    }
    sheet
}

// ---- §3.7 time

#[test]
fn a_third_more_time() {
    let third = Accommodation { factor: exact("4/3"), ..Accommodation::default() };
    for (minutes, with) in [(180, 240), (90, 120)] {
        let time = TimeAllowance::new(minutes, &third, 0, 0);
        assert_eq!(time.total_ms(), with * 60_000);
    }
    let time = TimeAllowance::new(180, &third, 0, 0);
    let times = docimo_engine::attempt::Times {
        opened_ms: Some(0),
        closed_ms: None,
        started_ms: Some(1000),
        handed_in_ms: None,
        allowance: time,
        stops: Vec::new(),
        breaks: Default::default(),
    };
    assert_eq!(times.phase(1000 + 240 * 60_000 - 1), Phase::Running);
    assert_eq!(times.phase(1000 + 240 * 60_000), Phase::Closed);
}

// ---- §7 ties

#[test]
fn ties_in_four_ways() {
    let marks = [18, 15, 15, 12];
    for (ties, expected) in [
        (Ties::Competition, ["1", "2", "2", "4"]),
        (Ties::Modified, ["1", "3", "3", "4"]),
        (Ties::Mean, ["1", "2.5", "2.5", "4"]),
        (Ties::Dense, ["1", "2", "2", "3"]),
    ] {
        assert_eq!(places(&marks, ties), expected.map(exact), "{ties:?}");
    }
    assert!(places::<u32>(&[], Ties::Mean).is_empty());
}

// ---- the vectors beside RULES.md

/// `rules/scoring_vectors.json` of the shared folder, read in place.
#[test]
fn the_shared_scoring_vectors() {
    let shared = std::env::var_os("DOCIMO_SHARED").map_or_else(
        || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
        std::path::PathBuf::from,
    );
    let path = shared.join("rules/scoring_vectors.json");
    let Ok(file) = std::fs::read_to_string(&path) else {
        if let Some(log) = std::env::var_os("DOCIMO_SKIP_LOG") {
            use std::io::Write;
            let mut log = std::fs::OpenOptions::new().create(true).append(true).open(log).unwrap();
            writeln!(log, "engine: {} absent, scoring vectors not checked", path.display()).unwrap();
        }
        return;
    };
    let file: serde_json::Value = serde_json::from_str(&file).unwrap();
    let vectors = file["vectors"].as_array().unwrap();
    assert!(vectors.len() >= 32);
    for vector in vectors {
        let (body, response) = from_vector(vector);
        let found = score(&body, &preset("edn"), &response);
        assert_eq!(found, exact(vector["score"].as_str().unwrap()), "{vector}");
        assert!((found.to_f64() - vector["score_dec"].as_f64().unwrap()).abs() < 1e-6, "{vector}");
    }
}

fn from_vector(vector: &serde_json::Value) -> (Body, Response) {
    let spec = &vector["spec"];
    let named = |props: &serde_json::Value| -> (String, Vec<String>) {
        let props = props.as_object().unwrap();
        (props.values().map(|v| v.as_str().unwrap()).collect(), props.keys().cloned().collect())
    };
    let letters = |names: &[String]| -> Response {
        let one = |value: &serde_json::Value| {
            let name = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let at = names.iter().position(|n| *n == name).unwrap();
            char::from(b'a' + at as u8)
        };
        ticks(&vector["response"].as_array().unwrap().iter().map(one).collect::<String>())
    };
    match vector["type"].as_str().unwrap() {
        "QRM" => {
            let (statuses, names) = named(spec);
            (qrm(&statuses), letters(&names))
        }
        "QRP" => {
            let (statuses, names) = named(&spec["props"]);
            (qrp(spec["n"].as_u64().unwrap() as u32, &statuses), letters(&names))
        }
        "TCS" => {
            let panel = ["-2", "-1", "0", "1", "2"].map(|v| spec[v].as_u64().unwrap() as u32);
            (tcs(panel), choice(vector["response"].as_i64().unwrap() as i8))
        }
        other => panic!("{other}: a new kind of vector"),
    }
}

// ---- helpers

fn answers(list: &[(&str, Response)]) -> BTreeMap<QuestionId, Response> {
    list.iter().map(|(id, response)| ((*id).into(), response.clone())).collect()
}

fn marked(
    paper: &Paper,
    decisions: &[Decision],
    sheets: &[BTreeMap<QuestionId, Response>],
) -> docimo_engine::marking::Marks {
    let mut effective = Effective::new(paper.clone());
    for decision in decisions {
        effective.apply(decision).unwrap();
    }
    let matrix = ResponseMatrix::encode(&effective.paper, sheets);
    Compiled::new(&effective, &matrix).unwrap().mark(&matrix)
}

fn points(marks: &docimo_engine::marking::Marks) -> Vec<Exact> {
    (0..marks.candidates()).map(|i| marks.of(i).points).collect()
}
