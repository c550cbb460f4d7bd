//! Differential functioning against difR and statsmodels, and on planted differences.
#![allow(clippy::unwrap_used, reason = "a test stops at the first thing that is not there")]

mod common;

use common::reference::{Seeded, Table, psychometrics};
use docimo_engine::docimology::dif::{Class, Dif, Options, Side, dif, one_against_others};
use docimo_engine::docimology::matrix::ScoreMatrix;
use proptest::prelude::*;

fn near(what: &str, found: f64, wanted: f64, tolerance: f64) {
    assert!((found - wanted).abs() <= tolerance * wanted.abs().max(1.0), "{what}: {found} {wanted}");
}

/// difR squares a gap smaller than the continuity correction; here it is nothing.
fn near_chi2(found: f64, wanted: f64) {
    if found > 0.0 {
        near("chi2", found, wanted, 1e-9);
    } else {
        assert!(wanted < 0.25, "{wanted}");
    }
}

fn verbal() -> (ScoreMatrix, Vec<Side>) {
    let table = Table::read("classic/verbal.data.csv");
    let rows = table.numbers();
    let k = table.names.len() - 1;
    let columns: Vec<Vec<Option<f64>>> = (0..k).map(|q| rows.iter().map(|r| Some(r[q])).collect()).collect();
    let sides = rows.iter().map(|r| if r[k] == 1.0 { Side::Focal } else { Side::Reference }).collect();
    (ScoreMatrix::new(rows.len(), &columns, &vec![1.0; k]).unwrap(), sides)
}

#[test]
fn verbal_aggression_as_difr_has_it() {
    if psychometrics().is_none() {
        return;
    }
    let (matrix, sides) = verbal();
    let found = dif(&matrix, &sides, &Options::default()).unwrap();
    let purified = dif(&matrix, &sides, &Options { purify: true, ..Options::default() }).unwrap();
    let table = Table::read("classic/verbal.dif_difR.csv");
    for (q, (item, pure)) in found.items.iter().zip(&purified.items).enumerate() {
        let (item, pure) = (item.as_ref().unwrap(), pure.as_ref().unwrap());
        let at = |column: &str| table.column(column)[q];
        near_chi2(item.chi2, at("MH_chi2_cc"));
        near("chi2 plain", item.chi2_plain, at("MH_chi2_nocc"), 1e-9);
        near("alpha", item.alpha.unwrap(), at("alphaMH"), 1e-9);
        near("delta", item.delta.unwrap(), at("deltaMH"), 1e-9);
        near("var", item.var_log_alpha.unwrap(), at("varLambda"), 1e-9);
        near_chi2(pure.chi2, at("MH_purified"));
        near("standardised", item.standardised, at("STD_PDIF"), 1e-9);
        let l = item.logistic.unwrap();
        near("both", l.both, at("logistic_both"), 1e-6);
        near("uniform", l.uniform, at("logistic_uniform"), 1e-6);
        near("non uniform", l.non_uniform, at("logistic_nonuniform"), 1e-6);
        near("R²", l.r2_gain, at("dR2"), 1e-6);
    }
}

fn seeded(n: usize, k: usize, seed: u64) -> (ScoreMatrix, Vec<Side>) {
    let set = Seeded::new("dif", n, k, seed);
    let sides = set.focal.iter().map(|f| if *f { Side::Focal } else { Side::Reference }).collect();
    (set.matrix(), sides)
}

#[test]
fn seeded_sets_as_difr_and_statsmodels_have_them() {
    if psychometrics().is_none() {
        return;
    }
    for (n, k, seed) in [(1_000, 50, 21), (10_000, 120, 22)] {
        let (matrix, sides) = seeded(n, k, seed);
        let found = dif(&matrix, &sides, &Options::default()).unwrap();
        let mh = Table::read(&format!("synthetic/dif_{n}x{k}.rdifr_mh.csv"));
        let models = Table::read(&format!("synthetic/dif_{n}x{k}.statsmodels_mh.csv"));
        let regression = Table::read(&format!("synthetic/dif_{n}x{k}.rdifr_logistic.csv"));
        for (q, item) in found.items.iter().enumerate() {
            let item = item.as_ref().unwrap();
            near_chi2(item.chi2, mh.column("MH")[q]);
            near("alpha", item.alpha.unwrap(), mh.column("alphaMH")[q], 1e-9);
            near("var", item.var_log_alpha.unwrap(), mh.column("varLambda")[q], 1e-9);
            near("alpha", item.alpha.unwrap(), models.column("alphaMH")[q], 1e-9);
            near("stat", item.logistic.unwrap().both, regression.column("stat")[q], 1e-6);
            // At 10,000 candidates difR's likelihoods underflow, and 74 of its gains are 0.
            if regression.column("dR2")[q] != 0.0 && n == 1_000 {
                near("R²", item.logistic.unwrap().r2_gain, regression.column("dR2")[q], 1e-6);
            }
        }
    }
}

#[test]
fn what_was_planted_is_found() {
    let (matrix, sides) = seeded(10_000, 120, 22);
    let found = dif(&matrix, &sides, &Options { purify: true, ..Options::default() }).unwrap();
    for (q, item) in found.items.iter().enumerate() {
        let item = item.as_ref().unwrap();
        if q % 10 == 3 {
            assert!(item.adjusted_p < 0.01 && item.delta.unwrap() < -0.3, "{q} {item:?}");
        } else {
            assert!(item.class == Class::A, "{q} {item:?}");
        }
    }
}

/// A partial-credit question that the focal group finds harder at equal total.
#[test]
fn partial_credit_has_a_class_too() {
    let n = 2_000;
    let set = Seeded::new("grm", n, 30, 5);
    let sides: Vec<Side> = (0..n).map(|i| if i % 2 == 0 { Side::Reference } else { Side::Focal }).collect();
    let credit = [0.0, 0.2, 0.5, 1.0];
    let columns: Vec<Vec<Option<f64>>> = set
        .cells
        .iter()
        .enumerate()
        .map(|(q, cells)| {
            let one = |(i, c): (usize, &u8)| {
                let harder = q == 4 && i % 2 == 1 && (i / 2) % 2 == 0;
                Some(credit[usize::from(if harder { c.saturating_sub(1) } else { *c })])
            };
            cells.iter().enumerate().map(one).collect()
        })
        .collect();
    let matrix = ScoreMatrix::new(n, &columns, &[1.0; 30]).unwrap();
    let found = dif(&matrix, &sides, &Options::default()).unwrap();
    let planted = found.items[4].as_ref().unwrap();
    assert!(planted.class != Class::A && planted.delta.unwrap() < -0.5 && planted.standardised < 0.0, "{planted:?}");
    let others = found.items.iter().enumerate().filter(|(q, _)| *q != 4);
    assert!(others.filter(|(_, i)| i.as_ref().unwrap().class == Class::C).count() == 0);
}

#[test]
fn too_little_is_an_answer_and_flat_questions_are_passed_over() {
    let columns = vec![vec![Some(1.0); 80], (0..80).map(|i| Some(f64::from(i % 2))).collect(), vec![Some(0.0); 80]];
    let matrix = ScoreMatrix::new(80, &columns, &[1.0; 3]).unwrap();
    let few: Vec<Side> = (0..80).map(|i| if i < 10 { Side::Focal } else { Side::Reference }).collect();
    assert!(dif(&matrix, &few, &Options::default()).unwrap_err().to_string().contains("10 candidats"));
    let half = one_against_others(&(0..80).map(|i| Some(u16::from(i >= 40))).collect::<Vec<_>>(), 1);
    let found = dif(&matrix, &half, &Options::default()).unwrap();
    assert!(found.items[0].is_none() && found.items[2].is_none());
}

fn same(a: &Dif, b: &Dif, sign: f64) -> bool {
    a.items.iter().zip(&b.items).all(|(a, b)| match (a, b) {
        (Some(a), Some(b)) => {
            let delta = match (a.delta, b.delta) {
                (Some(x), Some(y)) => (x - sign * y).abs() < 1e-9,
                (x, y) => x.is_some() == y.is_some(),
            };
            delta && (a.chi2 - b.chi2).abs() < 1e-9
        }
        (a, b) => a.is_none() == b.is_none(),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn swapping_the_groups_turns_the_sign_and_order_is_nothing(seed in 0_u64..1_000, turn in 1_usize..200) {
        let (matrix, sides) = seeded(300, 12, seed);
        let found = dif(&matrix, &sides, &Options::default()).unwrap();
        let swapped: Vec<Side> =
            sides.iter().map(|s| if *s == Side::Focal { Side::Reference } else { Side::Focal }).collect();
        prop_assert!(same(&found, &dif(&matrix, &swapped, &Options::default()).unwrap(), -1.0));
        let rows: Vec<usize> = (0..300).map(|i| (i + turn) % 300).collect();
        let turned: Vec<Side> = rows.iter().map(|r| sides[*r]).collect();
        prop_assert!(same(&found, &dif(&matrix.rows(&rows), &turned, &Options::default()).unwrap(), 1.0));
    }
}
