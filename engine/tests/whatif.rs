//! Scenarios of a desk against marking the exam again from its register, and against the definitions.
#![allow(clippy::unwrap_used, reason = "a test stops at the first thing that is not there")]

mod common;

use common::{paper, qrm, qru, question, section, ticks};
use docimo_engine::docimology::classical::analyse;
use docimo_engine::docimology::matrix::ScoreMatrix;
use docimo_engine::docimology::uncertainty::Blocks;
use docimo_engine::docimology::whatif::{Desk, ScenarioFault};
use docimo_engine::ledger::{Decision, Effective, Neutralisation};
use docimo_engine::marking::{Compiled, ResponseMatrix};
use docimo_engine::paper::{Paper, Part};
use docimo_engine::question::{Question, Rank, Status};
use docimo_engine::{Exact, QuestionId, ranking};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

const KEYS: [&str; 6] = ["VFVFF", "VFFFV", "FVFFF", "VVVFF", "FFVFV", "VFFFF"];

fn exam() -> Paper {
    let one = |(i, key): (usize, &&str)| Question {
        rank: Some(if i % 2 == 0 { Rank::A } else { Rank::B }),
        ..question(&format!("q{i}"), if i == 5 { qru(key) } else { qrm(key) })
    };
    let mut questions: Vec<Question> = KEYS.iter().enumerate().map(one).collect();
    questions[2].weight = Exact::int(2);
    let rest = questions.split_off(3);
    let mut paper = paper("edn", vec![section("s1", questions), section("s2", rest)]);
    paper.rules.pass_threshold = Some(Exact::int(10));
    paper
}

fn decisions() -> impl Strategy<Value = Vec<Decision>> {
    let id = |q: usize| QuestionId::new(format!("q{q}"));
    let one = prop_oneof![
        (0..6_usize, any::<bool>()).prop_map(move |(q, removed)| Decision::Neutralise {
            question: id(q),
            policy: if removed { Neutralisation::Removed } else { Neutralisation::CreditAll },
        }),
        (0..5_usize, 0..5_u8, any::<bool>()).prop_map(move |(q, p, right)| Decision::ChangeKey {
            question: id(q),
            statuses: BTreeMap::from([(
                char::from(b'a' + p).to_string().as_str().into(),
                if right { Status::Vrai } else { Status::Faux }
            )]),
        }),
    ];
    prop::collection::vec(one, 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_scenario_is_the_register_replayed(
        answers in prop::collection::vec(prop::collection::vec(0..32_u32, 6), 3..40),
        before in decisions(),
        after in decisions(),
    ) {
        let paper = exam();
        let n = answers.len();
        let columns = (0..6)
            .map(|q| answers.iter().map(|a| if q == 5 { 1 << (a[q] % 5) } else { a[q] }).collect())
            .collect();
        let responses = Arc::new(ResponseMatrix::new(n, columns).unwrap());
        let mut effective = Effective::new(paper);
        before.iter().for_each(|d| _ = effective.apply(d));
        let desk = Desk::new(effective.clone(), responses.clone()).unwrap();
        let mut replayed = effective.clone();
        let refused = after.iter().any(|d| replayed.apply(d).is_err());
        let found = desk.scenario(&after, n);
        if refused {
            prop_assert!(matches!(found, Err(ScenarioFault::Ledger(_))));
            return Ok(());
        }
        let found = found.unwrap();
        let mark = |e: &Effective| {
            let compiled = Compiled::new(e, &responses).unwrap();
            let marks = compiled.mark(&responses);
            let totals: Vec<i64> = (0..n).map(|c| marks.total_units(c)).collect();
            (compiled, marks, ranking::competition(&totals))
        };
        let ((_, old, old_ranks), (compiled, new, new_ranks)) = (mark(&effective), mark(&replayed));
        let moved = (0..n).filter(|c| old_ranks[*c] != new_ranks[*c]).count();
        prop_assert_eq!(found.moved, moved);
        prop_assert_eq!(found.changed, (0..n).filter(|c| old.of(*c).on_20 != new.of(*c).on_20).count());
        for m in &found.movers {
            prop_assert_eq!((m.rank_before, m.rank_after), (old_ranks[m.candidate], new_ranks[m.candidate]));
            prop_assert_eq!(m.after, new.of(m.candidate).on_20.map(Exact::to_f64));
        }
        let threshold = replayed.paper.rules.rank_a_threshold;
        let pass = (0..n).filter(|c| new.of(*c).rank_a_on_20.is_some_and(|r| r >= threshold)).count();
        prop_assert_eq!(found.after.rank_a_pass, pass);
        let (matrix, counted) = ScoreMatrix::of_exam(&replayed, &compiled, &responses).unwrap();
        prop_assert_eq!(found.after.questions, counted.len());
        match (analyse(&matrix).ok().and_then(|s| s.reliability.alpha), found.after.alpha) {
            (Some(a), Some(b)) => prop_assert!((a - b).abs() < 1e-9, "{a} {b}"),
            (None, None) => {}
            (a, b) => prop_assert!(a.or(b).unwrap().is_finite()),
        }
        prop_assert_eq!(found.after.bars.iter().sum::<u32>() as usize, found.after.on_20.map_or(0, |s| s.n));
    }
}

#[test]
fn cases_are_drawn_whole_and_sections_keep_their_size() {
    let mut paper = exam();
    let parts: Vec<Part> =
        (0..3).map(|i| Part { text: String::new(), question: question(&format!("c{i}"), qrm("VFFFF")) }).collect();
    let case: docimo_engine::paper::Case = serde_json::from_value(serde_json::json!({
        "id": "dp1", "kind": "DP", "title": "Un dossier", "intro": "", "parts": []
    }))
    .unwrap();
    paper.sections[1].elements.push(docimo_engine::paper::Element::Case(docimo_engine::paper::Case { parts, ..case }));
    // The fourth question of the paper was taken out.
    let blocks = Blocks::of_paper(&paper, &[0, 1, 2, 4, 5, 6, 7, 8]);
    assert_eq!(blocks.strata, [vec![vec![0], vec![1], vec![2]], vec![vec![3], vec![4], vec![5, 6, 7]]]);
}

#[test]
fn a_desk_says_what_would_change() {
    let paper = exam();
    let sheet = |letters: [&str; 6]| {
        letters.iter().enumerate().map(|(i, l)| (format!("q{i}").as_str().into(), ticks(l))).collect()
    };
    let sheets = [sheet(["ac", "ae", "b", "abc", "ce", "a"]), sheet(["ac", "ae", "c", "abc", "ce", "b"])];
    let responses = Arc::new(ResponseMatrix::encode(&paper, &sheets));
    let desk = Desk::new(Effective::new(paper), responses).unwrap();
    assert_eq!(desk.picture().on_20.unwrap().max, 20.0);
    let out = Decision::Neutralise { question: "q2".into(), policy: Neutralisation::Removed };
    let found = desk.scenario(std::slice::from_ref(&out), 10).unwrap();
    assert_eq!((found.after.questions, found.changed), (5, 1));
    assert!(matches!(desk.scenario(&[out.clone(), out], 10), Err(ScenarioFault::Ledger(_))));
}
