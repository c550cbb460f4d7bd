//! Near-duplicates: what must be found, on examples, on real questions read in place, and on edits of them.

mod shared;

use docimo_bank::duplicates::{Candidate, NearIndex, Signature, Text, Verdict, signatures, similarity, within};
use docimo_bank::exchange::read;
use docimo_bank::revision::fingerprint;
use docimo_engine::paper::Element;
use proptest::prelude::*;
use serde_json::{Value, json};
use shared::shared;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

fn ask(stem: &str, options: &[&str]) -> Element {
    let propositions: Vec<Value> =
        options.iter().enumerate().map(|(i, t)| json!({"id": format!("p{i}"), "text": t, "status": "faux"})).collect();
    let q = json!({"id": "q", "kind": "QRM", "stem": stem, "propositions": propositions});
    serde_json::from_value(json!({ "question": q })).expect("the example reads")
}

fn case(intro: &str, parts: &[Element]) -> Element {
    let parts: Vec<Value> = parts.iter().map(|e| json!({"text": "", "question": e.questions().next()})).collect();
    let value = json!({"case": {"id": "c", "kind": "DP", "title": "x", "intro": intro, "parts": parts}});
    serde_json::from_value(value).expect("the example reads")
}

const STEM: &str =
    "Un homme de 54 ans est admis pour une douleur thoracique depuis 2 heures. Quels examens demandez-vous ?";
const OPTIONS: [&str; 5] = [
    "Électrocardiogramme",
    "Dosage de la troponine",
    "Échographie abdominale",
    "Hyperkaliémie à 6,5 mmol/L",
    "Coloscopie totale",
];

fn compared(stem: &str, options: &[&str]) -> docimo_bank::duplicates::Similarity {
    similarity(&Text::of(&ask(STEM, &OPTIONS)), &Text::of(&ask(stem, options)))
}

#[test]
fn the_same_up_to_order_and_looks() {
    let mut options = OPTIONS;
    options.reverse();
    options[4] = "**ELECTROCARDIOGRAMME.**";
    let found = compared(STEM, &options);
    assert_eq!((found.verdict, found.overall), (Verdict::Same, 1.0));
    assert_eq!(found.french(), "Même question, à l’ordre des propositions près.");
}

#[test]
fn what_changes_the_meaning_is_told() {
    let value = compared(&STEM.replace("54 ans", "75 ans"), &OPTIONS);
    assert_eq!(value.verdict, Verdict::ValueChanged);
    assert!(value.overall < 1.0);
    assert!(value.french().ends_with("énoncé : « 54 » devient « 75 »."), "{}", value.french());

    let mut options = OPTIONS;
    options[3] = "Hypokaliémie à 6,5 mmol/L";
    let sense = compared(STEM, &options);
    assert_eq!(sense.verdict, Verdict::SenseChanged);
    assert!(sense.french().contains("« hyperkaliemie » devient « hypokaliemie »"), "{}", sense.french());
    options[3] = "Hyperkaliémie à 2,5 mmol/L";
    assert_eq!(compared(STEM, &options).verdict, Verdict::ValueChanged);

    let negated = compared(&STEM.replace("demandez-vous", "ne demandez-vous pas"), &OPTIONS);
    assert_eq!(negated.verdict, Verdict::SenseChanged);
    assert_eq!(
        compared(&STEM.replace("demandez-vous", "demandez-vous, sauf"), &OPTIONS).verdict,
        Verdict::SenseChanged
    );

    let word = compared(&STEM.replace("douleur", "gêne"), &OPTIONS);
    assert_eq!(word.verdict, Verdict::Near);
    assert!(word.french().contains("« douleur » devient « gene »"), "{}", word.french());
    let symbols =
        similarity(&Text::of(&ask("Quel ion ?", &["Ca", "pH < 7"])), &Text::of(&ask("Quel ion ?", &["Ca", "pH > 7"])));
    assert_eq!(symbols.verdict, Verdict::ValueChanged);
}

#[test]
fn one_side_alone_is_told_apart() {
    let others = ["Ostéoporose", "Mucoviscidose", "Rougeole", "Varicelle", "Méningite"];
    assert_eq!(compared(STEM, &others).verdict, Verdict::SameStem);
    assert_eq!(
        compared("Que proposer devant cette fracture du poignet ?", &OPTIONS).verdict,
        Verdict::SamePropositions
    );
    let different = compared("Que proposer devant cette fracture du poignet ?", &others);
    assert_eq!(different.verdict, Verdict::Different);
    assert!(different.overall < 0.2, "{}", different.overall);
}

#[test]
fn cases_are_compared_part_by_part() {
    let other =
        ask("Quel est le germe de cette pneumopathie ?", &["Pneumocoque", "Légionelle", "Mycoplasme", "Klebsielle"]);
    let parts = [ask(STEM, &OPTIONS), other];
    let a = Text::of(&case("Il fume.", &parts));
    let turned = [parts[1].clone(), parts[0].clone()];
    assert_eq!(similarity(&a, &Text::of(&case("Il fume.", &turned))).verdict, Verdict::Same);
    let changed = [ask(&STEM.replace("54", "75"), &OPTIONS), parts[1].clone()];
    let found = similarity(&a, &Text::of(&case("Il fume.", &changed)));
    assert_eq!(found.verdict, Verdict::ValueChanged);
    assert!(found.french().contains("question 1 › énoncé : « 54 »"), "{}", found.french());
    // An isolated question is found in a case, by keys and by words.
    let alone = ask(STEM, &OPTIONS);
    assert_eq!(similarity(&Text::of(&alone), &a).verdict, Verdict::Same);
    let mut index = NearIndex::new();
    index.insert("case", &signatures(&case("Il fume.", &parts)));
    assert_eq!(index.query(&signatures(&alone), 5), [Candidate { id: "case", shared: 24 }]);
}

#[test]
fn nothing_at_all_is_compared_too() {
    let empty = Text::of(&ask("", &[]));
    assert_eq!(similarity(&empty, &empty).verdict, Verdict::Same);
    let no_part = Text::of(&case("", &[]));
    assert_eq!(similarity(&empty, &no_part).verdict, Verdict::Different);
    assert_eq!(similarity(&no_part, &no_part).verdict, Verdict::Same);
    assert!(within(&[]).is_empty());
}

/// Keys that are stored must be found again by every later version: if this fails, raise the scheme's version.
#[test]
fn a_known_signature_never_changes() {
    let signature = Signature::of(&Text::of(&ask(STEM, &OPTIONS)));
    let keys: Vec<u64> = signature.band_keys().take(2).collect();
    assert_eq!(keys, KNOWN);
}

const KNOWN: [u64; 2] = [10_098_389_393_777_744_199, 11_102_698_627_208_232_155];

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("5".to_owned()),
        Just("sauf".to_owned()),
        Just("hyperkaliémie".to_owned()),
        "[a-zé]{1,8}",
        any::<String>()
    ]
}

fn anything() -> impl Strategy<Value = Element> {
    let text = || prop::collection::vec(word(), 0..8).prop_map(|w| w.join(" "));
    (text(), prop::collection::vec(text(), 0..5))
        .prop_map(|(stem, options)| ask(&stem, &options.iter().map(String::as_str).collect::<Vec<_>>()))
}

proptest! {
    #[test]
    fn similarity_is_symmetric_and_between_0_and_1(a in anything(), b in anything()) {
        let (x, y) = (Text::of(&a), Text::of(&b));
        let (there, back) = (similarity(&x, &y), similarity(&y, &x));
        prop_assert!((there.overall - back.overall).abs() < 1e-9);
        prop_assert_eq!(there.verdict, back.verdict);
        prop_assert!((0.0..=1.0).contains(&there.overall));
        prop_assert_eq!(there.overall == 1.0, there.verdict == Verdict::Same);
        prop_assert_eq!(similarity(&x, &x).verdict, Verdict::Same);
        there.french();
    }

    #[test]
    fn the_order_of_propositions_gives_the_same_signature(a in anything()) {
        let mut turned = a.clone();
        if let Element::Question(q) = &mut turned && let Some(list) = q.body.propositions_mut() { list.reverse(); }
        prop_assert_eq!(signatures(&a), signatures(&turned));
        prop_assert_eq!(similarity(&Text::of(&a), &Text::of(&turned)).verdict, Verdict::Same);
    }

    /// Against a list of what is in, over insertions, replacements and removals.
    #[test]
    fn the_index_finds_what_is_in_it(steps in prop::collection::vec((0_u32..12, 0_usize..6), 1..60)) {
        let elements: Vec<Element> = (0..6).map(|i| ask(&format!("{STEM} {}", ["le", "foie", "rein", "cerveau", "pancréas", "poumon"][i].repeat(8)), &OPTIONS)).collect();
        let signed: Vec<_> = elements.iter().map(signatures).collect();
        let (mut index, mut known) = (NearIndex::new(), BTreeMap::new());
        for (id, which) in steps {
            if which == 0 {
                prop_assert_eq!(index.remove(&id), known.remove(&id).is_some());
            } else {
                index.insert(id, &signed[which]);
                known.insert(id, which);
            }
            prop_assert_eq!(index.len(), known.len());
        }
        for (which, own) in signed.iter().enumerate() {
            let exact: BTreeSet<u32> = index.query(own, 99).into_iter().filter(|c| c.shared == 24).map(|c| c.id).collect();
            let wanted: BTreeSet<u32> = known.iter().filter(|(_, w)| **w == which).map(|(id, _)| *id).collect();
            prop_assert!(wanted.is_subset(&exact), "{wanted:?} {exact:?}");
        }
    }
}

/// Past the size at which what waits joins the sorted arrays, and past the one at which holes are closed.
#[test]
fn a_large_index_settles_and_compacts() {
    let name = |i: u32| {
        ask(
            &format!("Question numéro {i} : {}", i.wrapping_mul(2_654_435_761)),
            &[&format!("réponse{i}"), &format!("autre{}", i * 7)],
        )
    };
    let mut index = NearIndex::new();
    for i in 0..5000 {
        index.insert(i, &signatures(&name(i)));
    }
    for i in (0..5000).filter(|i| i % 3 != 0) {
        assert!(index.remove(&i));
    }
    assert_eq!(index.len(), 1667);
    for i in (0..5000).step_by(7) {
        let found = index.query(&signatures(&name(i)), 3);
        assert_eq!(found.iter().any(|c| c.id == i && c.shared == 24), i % 3 == 0, "{i}");
    }
}

#[test]
fn every_known_duplicate_is_found_in_the_real_questions() {
    let Some(path) = shared("questions/frenchmedmcqa_train.moodle.xml") else { return };
    let import = read(&fs::read(path).unwrap(), "x.moodle.xml", None).unwrap();
    let elements: Vec<&Element> = import.entries.iter().map(|e| &e.element).collect();
    let groups = within(&elements);
    let pairs: BTreeMap<(usize, usize), Verdict> =
        groups.iter().flat_map(|g| &g.pairs).map(|(a, b, s)| ((*a, *b), s.verdict)).collect();
    let mut first: BTreeMap<String, usize> = BTreeMap::new();
    let mut exact = 0;
    for (i, e) in elements.iter().enumerate() {
        if let Some(known) = first.get(&fingerprint(e)) {
            exact += 1;
            assert_eq!(pairs.get(&(*known, i)), Some(&Verdict::Same), "{known} {i}");
        } else {
            first.insert(fingerprint(e), i);
        }
    }
    // The sixth is read once by the import.
    assert_eq!(exact, 5);
    for (a, b, s) in groups.iter().flat_map(|g| &g.pairs).filter(|(_, _, s)| s.verdict != Verdict::Same) {
        let stem = |i: usize| elements[i].questions().next().map(|q| q.stem.clone()).unwrap_or_default();
        println!("{a} {b} {}\n    {}\n    {}", s.french(), stem(*a), stem(*b));
    }
    println!("{} groups, {} pairs, {exact} exact", groups.len(), pairs.len());
}
