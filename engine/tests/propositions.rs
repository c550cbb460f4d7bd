//! What propositions drew, against CTT's distractor analysis and by the definitions.
#![allow(clippy::unwrap_used, reason = "a test stops at the first thing that is not there")]

mod common;

use common::reference::{Seeded, Table, json, psychometrics};
use common::{qcm, qrm, qroc, qrpl, qru, question, qzp, tcs};
use docimo_engine::docimology::propositions::{AnswerFlag, Answers, answers, choices, traces};
use docimo_engine::question::Body;
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

/// The R package CTT, all its columns: parts are cut at quartiles of the total. Options from 0, by question.
fn all_of_ctt(columns: &[Vec<Option<usize>>], key: &[usize], file: &str, base: usize) {
    let n = columns[0].len();
    let right = |q: usize, c: usize| f64::from(u8::from(columns[q][c] == Some(key[q])));
    let totals: Vec<f64> = (0..n).map(|c| (0..columns.len()).map(|q| right(q, c)).sum()).collect();
    let table = Table::read(file);
    let option = table.column("key");
    let numbers: Vec<Vec<f64>> =
        ["n", "rspP", "pBis", "discrim", "lower", "mid50", "mid75", "upper"].map(|c| table.column(c)).to_vec();
    let mut q = 0;
    let (mut found, mut told) = (None, 0);
    for (i, row) in table.rows.iter().enumerate() {
        if i > 0 && row[0] != table.rows[i - 1][0] {
            (q, found) = (q + 1, None);
        }
        let own = found.get_or_insert_with(|| choices(&columns[q], 8, key[q], &totals, 4).unwrap());
        let o = &own.options[option[i] as usize - base];
        // NA there where nobody chose it.
        let r = o.r.unwrap_or(f64::NAN);
        assert_eq!(o.r.is_none(), o.count == 0);
        let ours = [o.count as f64, o.frequency, r, o.discrimination, o.trace[0], o.trace[1], o.trace[2], o.trace[3]];
        for (ours, theirs) in ours.iter().zip(&numbers) {
            assert!((ours - theirs[i]).abs() < 1e-9 || (ours.is_nan() && theirs[i].is_nan()), "{file} {row:?} {o:?}");
        }
        assert_eq!(o.right, row[1] == "*");
        if o.right {
            assert!((r - o.r_rest.unwrap()).abs() < 1e-12);
        }
        told += o.count;
    }
    assert_eq!((q + 1, told), (columns.len(), columns.len() * n));
}

#[test]
fn every_column_of_ctt() {
    if psychometrics().is_none() {
        return;
    }
    let options = Table::read("classic/SAT12.options.csv").numbers();
    let key: Vec<usize> =
        json("classic/SAT12.key.json").as_array().unwrap().iter().map(|k| k.as_u64().unwrap() as usize - 1).collect();
    let columns: Vec<Vec<Option<usize>>> =
        (0..key.len()).map(|q| options.iter().map(|r| Some(r[q] as usize - 1)).collect()).collect();
    all_of_ctt(&columns, &key, "classic/SAT12.distractors_CTTpkg.csv", 1);
    for (n, k, seed) in [(1_000, 50, 31), (10_000, 120, 32)] {
        let set = Seeded::new("opt", n, k, seed);
        let columns: Vec<Vec<Option<usize>>> =
            set.cells.iter().map(|c| c.iter().map(|o| Some(usize::from(*o))).collect()).collect();
        let key: Vec<usize> = set.key.iter().map(|k| usize::from(*k)).collect();
        all_of_ctt(&columns, &key, &format!("synthetic/opt_{n}x{k}.rctt_distractor.csv"), 0);
    }
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

#[test]
fn flags_of_every_kind() {
    let n = 400;
    let rest: Vec<f64> = (0..n).map(f64::from).collect();
    let flags = |body: Body, code: &dyn Fn(usize) -> u32, score: &dyn Fn(u32) -> f64| -> Vec<AnswerFlag> {
        let codes: Vec<u32> = (0..n as usize).map(code).collect();
        let score: Vec<f64> = codes.iter().map(|c| score(*c)).collect();
        answers(&question("q", body), &codes, &rest, &score).unwrap().flags
    };
    let right = |c: u32| f64::from(u8::from(c == 1));
    // A sound question: the key rises, two distractors fall, one is rare, one is never chosen.
    let sound = |i: usize| match i {
        9 => 8,
        i if i > 300 => 1,
        i => [1, 1, 2, 4][i % 4],
    };
    assert_eq!(
        flags(qru("VFFFF"), &sound, &right),
        [AnswerFlag::NonFunctioningDistractor("D".into()), AnswerFlag::NeverChosen("E".into())]
    );
    let found = flags(qrm("VFVFF"), &|i| if i % 3 == 0 { 0b101 } else { 0b111 }, &|c| if c == 5 { 1.0 } else { 0.5 });
    assert!(!found.contains(&AnswerFlag::KeyRepelsTheBest("A".into())), "everyone ticks A: {found:?}");
    let found = flags(qroc(&["x"], &["y"]), &|i| if i > 250 { 3 } else { 1 }, &right);
    assert_eq!(found, [AnswerFlag::OtherAnswersDrawTheBest("autre".into())]);
    let found = flags(tcs([0, 1, 15, 4, 0]), &|i| if i > 200 { 4 } else { 3 }, &|c| if c == 3 { 1.0 } else { 0.3 });
    assert_eq!(found, [AnswerFlag::SuspectKey("+1".into())]);
    let found = flags(qzp(2, 2), &|i| if i > 200 { 1 } else { 3 }, &|c| f64::from(c.count_ones()) / 2.0);
    assert_eq!(found, [AnswerFlag::KeyRepelsTheBest("Zone 2".into())]);
    let zeroed = |i: usize| if i < 150 { 0b0010 } else { 0b0011 };
    let found = flags(qrm("IVFX"), &zeroed, &|c| f64::from(c & 1));
    assert!(found.contains(&AnswerFlag::Zeroing("A".into())), "{found:?}");
    for flag in found {
        assert!(flag.french().contains(flag.label()) && !flag.french().contains('\''));
    }
}

#[test]
fn gravity_and_three_states_are_counted() {
    let rest: Vec<f64> = (0..5).map(f64::from).collect();
    // Nothing; B; A; A and D; A and B.
    let codes = [0, 0b0010, 0b0001, 0b1001, 0b0011];
    let found = answers(&question("q", qrm("IVFX")), &codes, &rest, &[0.0; 5]).unwrap();
    let zeroed: Vec<Option<usize>> = found.drawn.iter().map(|d| d.zeroed).collect();
    assert_eq!(zeroed, [Some(1), None, None, Some(1)]);
    assert_eq!((found.blank, found.different, found.drawn[0].rejected), (1, 5, None));
    // A true, B false; A and B true; nothing; all false.
    let codes = [0b10_01, 0b00_11, 0, 0b11_00];
    let found = answers(&question("q", qcm("VF")), &codes, &rest[..4], &[0.0; 4]).unwrap();
    let judged: Vec<_> = found.drawn.iter().map(|d| (d.count, d.rejected)).collect();
    assert_eq!(judged, [(2, Some(1)), (1, Some(2))]);
    let labels: Vec<&str> = found.patterns.iter().map(|p| p.label.as_str()).collect();
    assert_eq!(labels, ["—", "AB", "A", "aucune"]);
    assert_eq!(found.patterns.iter().map(|p| p.mean_rest).collect::<Vec<_>>(), [2.0, 1.0, 0.0, 3.0]);
}

/// Two candidates of one in ten places each, and what is equal shares its places.
#[test]
fn equal_rest_scores_share_their_places() {
    let rest = [1.0, 1.0, 1.0, 2.0];
    let found = traces(&question("q", qru("VF")), &[1, 2, 1, 1], &rest, 2).unwrap();
    assert_eq!((found.sizes.clone(), found.rest.clone()), (vec![2, 2], vec![1.0, 1.5]));
    // Of three equal candidates, two places of three are in the first half: 4/3 of the two who gave A.
    let a = &found.lines[0].1;
    assert!((a[0] - 4.0 / 3.0 / 2.0).abs() < 1e-12 && (a[1] - (2.0 / 3.0 + 1.0) / 2.0).abs() < 1e-12, "{a:?}");
    assert!(traces(&question("q", qru("VF")), &[1, 2], &[0.0, 1.0], 3).is_err());
    assert!(traces(&question("q", qru("VF")), &[1], &[f64::NAN], 1).is_err());
}

#[test]
fn long_lists_have_wide_codes() {
    let n = 60;
    let body = qrpl(2, &format!("VV{}", "F".repeat(23)));
    let codes: Vec<u32> = (0..n).map(|i| if i % 2 == 0 { 0b11 } else { 1 << 24 | 1 }).collect();
    let rest: Vec<f64> = (0..n).map(f64::from).collect();
    let found = answers(&question("q", body), &codes, &rest, &vec![1.0; n as usize]).unwrap();
    assert_eq!((found.drawn[24].count, found.drawn[24].label.as_str(), found.different), (30, "Y", 2));
    assert_eq!(found.patterns[1].label, "AY");
}

/// Every number of a result is one.
fn sound(found: &Answers) -> bool {
    let share = |x: f64| (0.0..=1.0).contains(&x);
    let drawn = |d: &docimo_engine::docimology::propositions::Drawn| {
        share(d.frequency)
            && share(d.weak)
            && share(d.strong)
            && d.trace.iter().all(|t| share(*t))
            && d.r.is_none_or(|r| (-1.0..=1.0).contains(&r))
    };
    let pattern = |p: &docimo_engine::docimology::propositions::Pattern| {
        share(p.frequency)
            && share(p.strong)
            && p.trace.iter().all(|t| share(*t))
            && p.mean_rest.is_finite()
            && p.score.is_finite()
            && p.rest.is_none_or(f64::is_finite)
    };
    found.drawn.iter().all(drawn) && found.patterns.iter().all(pattern)
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
        prop_assert!(sound(&found));
        // Places are shared out whole.
        for g in 0..5 {
            let given: f64 = found.patterns.iter().map(|p| p.trace[g]).sum();
            prop_assert!(found.different > 20 || found.groups[g] == 0 || (given - 1.0).abs() < 1e-9);
        }
        // Order is nothing, to the last bit.
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by_key(|i| seed.wrapping_mul(*i as u64 + 17) >> 20);
        let turned: Vec<u32> = order.iter().map(|i| codes[*i]).collect();
        let backwards: Vec<f64> = order.iter().map(|i| rest[*i]).collect();
        let again = answers(&question("q", qrm("VFVFF")), &turned, &backwards, &vec![0.5; n]).unwrap();
        prop_assert_eq!(found, again);
    }
}
