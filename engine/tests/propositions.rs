//! What propositions drew, against CTT's distractor analysis and by the definitions.
#![allow(clippy::unwrap_used, reason = "a test stops at the first thing that is not there")]

mod common;

use common::reference::{Seeded, Table, json, psychometrics};
use common::{qrm, qroc, qru, question, tcs};
use docimo_engine::docimology::propositions::{AnswerFlag, answers};
use docimo_engine::stats::correlation;
use proptest::prelude::*;

/// Options 0 to 4 of a single answer, with its key; the frequency and correlation of each as CTT has them.
fn like_ctt(columns: &[Vec<Option<usize>>], key: &[usize], rows: &[(usize, usize, f64, f64)]) {
    let n = columns[0].len();
    let right = |q: usize, c: usize| f64::from(u8::from(columns[q][c] == Some(key[q])));
    let totals: Vec<f64> = (0..n).map(|c| (0..columns.len()).map(|q| right(q, c)).sum()).collect();
    for (q, column) in columns.iter().enumerate() {
        let statuses: String = (0..5).map(|o| if o == key[q] { 'V' } else { 'F' }).collect();
        let codes: Vec<u32> = column.iter().map(|o| o.map_or(0, |o| 1 << o)).collect();
        let score: Vec<f64> = (0..n).map(|c| right(q, c)).collect();
        for (_, option, p, r) in rows.iter().filter(|row| row.0 == q) {
            // CTT takes the option itself out of the total, not the question: the same for the key only.
            let given = |c: usize| f64::from(u8::from(column[c] == Some(*option)));
            let rest: Vec<f64> = totals.iter().enumerate().map(|(c, t)| t - given(c)).collect();
            let found = answers(&question("q", qru(&statuses)), &codes, &rest, &score).unwrap();
            let drawn = &found.drawn[*option];
            assert!((drawn.frequency - p).abs() < 1e-9, "{q} {option}");
            assert!((drawn.r.unwrap() - r).abs() < 1e-9, "{q} {option}: {:?} {r}", drawn.r);
        }
    }
}

fn reference(table: &Table, base: usize) -> Vec<(usize, usize, f64, f64)> {
    let (p, r) = (table.column("rspP"), table.column("pBis"));
    let item = table.names.iter().position(|n| n == "item").unwrap();
    let key = table.names.iter().position(|n| n == "key").unwrap();
    let mut names: Vec<&String> = Vec::new();
    let mut rows = Vec::new();
    for (i, row) in table.rows.iter().enumerate() {
        if names.last() != Some(&&row[item]) {
            names.push(&row[item]);
        }
        // "8" is no answer.
        if let Some(option) = row[key].parse::<usize>().unwrap().checked_sub(base).filter(|o| *o < 5) {
            rows.push((names.len() - 1, option, p[i], r[i]));
        }
    }
    rows
}

#[test]
fn distractors_as_ctt_has_them() {
    if psychometrics().is_none() {
        return;
    }
    let options = Table::read("classic/SAT12.options.csv").numbers();
    let key: Vec<usize> =
        json("classic/SAT12.key.json").as_array().unwrap().iter().map(|k| k.as_u64().unwrap() as usize - 1).collect();
    let columns: Vec<Vec<Option<usize>>> = (0..key.len())
        .map(|q| options.iter().map(|r| (r[q] as usize).checked_sub(1).filter(|o| *o < 5)).collect())
        .collect();
    let table = Table::read("classic/SAT12.distractors_CTTpkg.csv");
    like_ctt(&columns, &key, &reference(&table, 1));

    let set = Seeded::new("opt", 1_000, 50, 31);
    let columns: Vec<Vec<Option<usize>>> =
        set.cells.iter().map(|c| c.iter().map(|o| Some(usize::from(*o))).collect()).collect();
    let key: Vec<usize> = set.key.iter().map(|k| usize::from(*k)).collect();
    let table = Table::read("synthetic/opt_1000x50.rctt_distractor.csv");
    like_ctt(&columns, &key, &reference(&table, 0));
}

/// The best answer B where the key says A.
#[test]
fn a_wrong_key_is_seen() {
    let n = 200;
    let rest: Vec<f64> = (0..n).map(f64::from).collect();
    let single: Vec<u32> = (0..n).map(|c| if c > 120 { 0b10 } else { 1 << (c % 5) }).collect();
    let score: Vec<f64> = single.iter().map(|c| f64::from(u8::from(*c == 1))).collect();
    let found = answers(&question("q", qru("VFFFF")), &single, &rest, &score).unwrap();
    assert!(found.flags.contains(&AnswerFlag::SuspectKey("B".into())), "{:?}", found.flags);
    assert!(found.flags.contains(&AnswerFlag::DistractorDrawsTheBest("B".into())));
    assert!(found.flags.contains(&AnswerFlag::KeyRepelsTheBest("A".into())));
    assert!(found.flags.iter().all(|f| !f.french().is_empty() && f.code().is_ascii()));
    // The strong tick ACE, the key is AC.
    let several: Vec<u32> =
        (0..n).map(|c| if c > 100 { 0b10101 } else { [0b101, 0b110, 0b1001][c as usize % 3] }).collect();
    let score: Vec<f64> = several.iter().map(|c| if *c == 0b101 { 1.0 } else { 0.5 }).collect();
    let found = answers(&question("q", qrm("VFVFF")), &several, &rest, &score).unwrap();
    assert!(found.flags.contains(&AnswerFlag::SuspectKey("ACE".into())), "{:?}", found.flags);
    assert_eq!(found.patterns[0].label, "ACE");
    assert!(found.patterns[0].trace[4] > 0.9 && found.patterns[0].trace[0] == 0.0);
}

#[test]
fn open_answers_and_concordance_have_their_categories() {
    let rest: Vec<f64> = (0..8).map(f64::from).collect();
    let score = vec![0.0; 8];
    let found = answers(&question("q", qroc(&["x"], &["y"])), &[0, 1, 2, 3, 3, 1, 1, 0], &rest, &score).unwrap();
    let counts: Vec<usize> = found.drawn.iter().map(|d| d.count).collect();
    assert_eq!((counts, found.blank), (vec![3, 1, 2], 2));
    let found = answers(&question("q", tcs([0, 1, 15, 4, 0])), &[1, 2, 3, 4, 5, 3, 3, 0], &rest, &score).unwrap();
    let labels: Vec<&str> = found.drawn.iter().map(|d| d.label.as_str()).collect();
    assert_eq!(labels, ["−2", "−1", "0", "+1", "+2"]);
    assert_eq!(found.drawn.iter().filter(|d| d.right).count(), 1);
    assert!(found.flags.is_empty(), "too few to say anything");
    assert!(answers(&question("q", qru("VF")), &[], &[], &[]).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn by_the_definitions(codes in prop::collection::vec(0..32_u32, 4..80), seed in any::<u64>()) {
        let n = codes.len();
        let rest: Vec<f64> = (0..n as u64).map(|i| ((seed.wrapping_mul(i + 3) >> 40) % 50) as f64).collect();
        let found = answers(&question("q", qrm("VFVFF")), &codes, &rest, &vec![0.5; n]).unwrap();
        for (i, drawn) in found.drawn.iter().enumerate() {
            let ticked: Vec<f64> = codes.iter().map(|c| f64::from(c >> i & 1)).collect();
            prop_assert_eq!(drawn.count, ticked.iter().sum::<f64>() as usize);
            match (drawn.r, correlation(&ticked, &rest)) {
                (Some(a), Some(b)) => prop_assert!((a - b).abs() < 1e-9),
                (a, b) => prop_assert_eq!(a, b),
            }
        }
        prop_assert_eq!(found.groups.iter().sum::<usize>(), n);
        prop_assert!(found.patterns.iter().map(|p| p.count).sum::<usize>() <= n);
        let mut turned = codes.clone();
        turned.reverse();
        let backwards: Vec<f64> = rest.iter().rev().copied().collect();
        let again = answers(&question("q", qrm("VFVFF")), &turned, &backwards, &vec![0.5; n]).unwrap();
        prop_assert_eq!(found.drawn.iter().map(|d| d.count).collect::<Vec<_>>(), again.drawn.iter().map(|d| d.count).collect::<Vec<_>>());
    }
}
