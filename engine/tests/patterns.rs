//! Patterns of wrong answers: what they are called, and that nothing but the answers decides.

#![allow(clippy::unwrap_used, reason = "a test stops at the first thing that is not there")]

mod common;

use common::*;
use docimo_engine::docimology::patterns::{Given, Pattern, given, tally};
use docimo_engine::question::Body;
use docimo_engine::response::Response;
use proptest::prelude::*;

fn text(written: &str) -> Response {
    Response::Text { text: written.into() }
}

fn key(given: Given) -> String {
    match given {
        Given::Wrong(pattern) => pattern.key(),
        other => format!("{other:?}"),
    }
}

#[test]
fn a_wrong_answer_is_named_by_what_is_wrong_with_it() {
    let qrm = question("q", qrm("VVFIX"));
    let of = |letters: &str| key(given(&qrm, Some(&ticks(letters))));
    assert_eq!(of("abd"), "Right");
    assert_eq!(of(""), "Blank");
    assert_eq!(key(given(&qrm, None)), "Blank");
    assert_eq!(of("ae"), "missed:b,d;ticked:e");
    assert_eq!(of("dba"), "Right");
    assert_eq!(of("abcd"), "missed:;ticked:c");
    assert_eq!(of("a"), "missed:b,d;ticked:");
    assert_eq!(key(given(&qrm, Some(&text("a")))), "Apart");
    // An identifier that the question does not have is ignored, as in marking.
    assert_eq!(of("z"), "Blank");
    assert_eq!(of("abdz"), "Right");

    let qcm = question("q", qcm("VVF"));
    assert_eq!(key(given(&qcm, Some(&ticks("a/b")))), "missed:b;ticked:");
    assert_eq!(key(given(&qcm, Some(&ticks("a")))), "missed:b;ticked:");
    assert_eq!(key(given(&qcm, Some(&ticks("/abc")))), "missed:a,b;ticked:");

    let qroc = question("q", qroc(&["embolie pulmonaire"], &["MTEV"]));
    let of = |written: &str| key(given(&qroc, Some(&text(written))));
    assert_eq!(of("L’Embolie  pulmonaire."), "Right");
    assert_eq!(of("mtev"), "Right");
    assert_eq!(of(" . "), "Blank");
    assert_eq!(of("Une pneumopathie"), of("pneumo-pathie"));
    assert_eq!(of("Une pneumopathie"), "text:pneumopathie");
    let long = "a".repeat(150);
    assert_eq!(of(&long), format!("text:{}", "a".repeat(120)));

    assert_eq!(given(&question("q", tcs([1, 0, 0, 0, 9])), Some(&Response::Choice { choice: Some(-2) })), Given::Apart);
    assert_eq!(given(&question("q", qzp(1, 1)), None), Given::Apart);
}

#[test]
fn a_key_is_read_back_whatever_identifiers_are() {
    let ids = |texts: &[&str]| texts.iter().map(|t| (*t).into()).collect::<Vec<_>>();
    for (missed, ticked) in
        [(ids(&["a,b", "c;ticked:d"]), ids(&["100 %", "é:è"])), (ids(&[]), ids(&["a"])), (ids(&["%2c"]), ids(&[]))]
    {
        let pattern = Pattern::Propositions { missed, ticked };
        assert_eq!(Pattern::from_key(&pattern.key()), Some(pattern));
    }
    for odd in ["", "text:", "missed:;ticked:", "missed:a", "ticked:a;missed:b", "missed:%zz;ticked:"] {
        assert_eq!(Pattern::from_key(odd), None, "{odd}");
    }
    let qrm = question("q", qrm("VF"));
    assert!(Pattern::from_key("missed:a;ticked:b").unwrap().suits(&qrm));
    assert!(!Pattern::from_key("missed:b;ticked:").unwrap().suits(&qrm));
    assert!(!Pattern::from_key("text:b").unwrap().suits(&qrm));
}

#[test]
fn the_most_frequent_spelling_stands_for_an_open_answer() {
    let qroc = question("q", qroc(&["x"], &[]));
    let answers = ["Grippe", "la  grippe", "la grippe", "asthme", "x", ""].map(text);
    let counted = tally(&qroc, answers.iter().map(Some));
    let told: Vec<_> = counted.patterns.iter().map(|c| (c.count, c.shown.as_str())).collect();
    assert_eq!(told, [(3, "la grippe"), (1, "asthme")]);
    assert_eq!((counted.right, counted.blank, counted.wrong), (1, 1, 4));
}

fn a_cohort() -> impl Strategy<Value = (Body, Vec<Option<Response>>)> {
    let statuses = proptest::collection::vec(proptest::sample::select(vec!['V', 'F', 'I', 'X']), 2..=6);
    let answers = proptest::collection::vec(proptest::option::of(0_u32..64), 0..40);
    (statuses, answers, any::<bool>()).prop_map(|(statuses, answers, three)| {
        let word: String = statuses.iter().collect();
        let letters = |mask: u32| -> String {
            (0..statuses.len()).filter(|i| mask & (1 << i) != 0).map(|i| char::from(b'a' + i as u8)).collect()
        };
        let body = if three { qcm(&word) } else { qrm(&word) };
        (body, answers.into_iter().map(|mask| mask.map(|m| ticks(&letters(m)))).collect())
    })
}

proptest! {
    #[test]
    fn the_order_of_candidates_does_not_matter((body, answers) in a_cohort(), turn in 0_usize..40) {
        let question = question("q", body);
        let mut other = answers.clone();
        other.reverse();
        if !other.is_empty() {
            let by = turn % other.len();
            other.rotate_left(by);
        }
        let of = |all: &[Option<Response>]| tally(&question, all.iter().map(Option::as_ref));
        prop_assert_eq!(of(&answers), of(&other));
    }

    #[test]
    fn counts_sum_to_the_wrong_answers((body, answers) in a_cohort()) {
        let question = question("q", body);
        let all = tally(&question, answers.iter().map(Option::as_ref));
        prop_assert_eq!(all.patterns.iter().map(|c| c.count).sum::<usize>(), all.wrong);
        prop_assert_eq!(all.blank + all.right + all.wrong + all.apart, answers.len());
        prop_assert!(all.patterns.windows(2).all(|w| w[0].count >= w[1].count));
        for counted in &all.patterns {
            prop_assert!(counted.pattern.suits(&question));
            prop_assert_eq!(Pattern::from_key(&counted.pattern.key()), Some(counted.pattern.clone()));
        }
    }

    #[test]
    fn a_permutation_of_the_propositions_changes_no_key((body, answers) in a_cohort(), turn in 0_usize..6) {
        let straight = question("q", body);
        let mut turned = straight.clone();
        let propositions = turned.body.propositions_mut().unwrap();
        propositions.reverse();
        let by = turn % propositions.len();
        propositions.rotate_left(by);
        for answer in &answers {
            let mut shown = answer.clone();
            if let Some(Response::Ticks { ticked, .. }) = &mut shown {
                ticked.reverse();
            }
            prop_assert_eq!(given(&straight, answer.as_ref()), given(&turned, shown.as_ref()));
        }
    }
}
