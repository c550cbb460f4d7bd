//! Classical indices against psych, CTT, psychometric, and against a slow and obvious computation.
#![allow(clippy::unwrap_used, reason = "a test stops at the first thing that is not there")]

mod common;

use common::reference::{Seeded, Table, data, json, psychometrics};
use docimo_engine::docimology::classical::{analyse, length_for, spearman_brown};
use docimo_engine::docimology::matrix::ScoreMatrix;
use docimo_engine::docimology::reliability::{
    conditional_sem, correlations, covariances, inter_item, lambdas, omega, own_squares,
};
use docimo_engine::stats::correlation;
use proptest::prelude::*;

fn near(what: &str, found: Option<f64>, wanted: f64, tolerance: f64) {
    let found = found.unwrap_or_else(|| panic!("{what} is absent"));
    assert!((found - wanted).abs() <= tolerance, "{what}: {found} {wanted}");
}

#[test]
fn the_classic_sets_as_the_packages_have_them() {
    if psychometrics().is_none() {
        return;
    }
    for set in ["LSAT6", "LSAT7", "SAT12", "Science"] {
        let matrix = data(&format!("classic/{set}.data.csv"));
        let found = analyse(&matrix).unwrap();
        let whole = json(&format!("classic/{set}.ctt.json"));
        let at = |name: &str| whole[name].as_f64().unwrap();
        near("alpha", found.reliability.alpha, whole["total"]["raw_alpha"].as_f64().unwrap(), 1e-12);
        let interval = found.reliability.alpha_interval.unwrap();
        let feldt = &whole["alpha_ci_feldt"];
        near("lower", Some(interval[0]), feldt["lower.ci"][0]["raw_alpha"].as_f64().unwrap(), 1e-9);
        near("upper", Some(interval[1]), feldt["upper.ci"][0]["raw_alpha"].as_f64().unwrap(), 1e-9);
        near("sem", found.reliability.sem, at("sem"), 1e-10);
        near("mean", Some(found.mean), at("mean"), 1e-10);
        near("sd", Some(found.sd), at("sd_n1"), 1e-10);
        if set != "Science" {
            near("kr21", found.reliability.kr21, at("kr21_n1"), 1e-9);
            near("kr20", found.reliability.kr20, whole["total"]["raw_alpha"].as_f64().unwrap(), 1e-12);
        }
        // psych divides by the sample's standard deviation (type 3).
        let n = matrix.candidates() as f64;
        near("skewness", found.skewness.map(|s| s * ((n - 1.0) / n).powf(1.5)), at("skew_psych"), 1e-10);
        near(
            "kurtosis",
            found.kurtosis.map(|g| (g + 3.0) * ((n - 1.0) / n).powi(2) - 3.0),
            at("kurtosis_psych"),
            1e-10,
        );
        // psych gives Guttman's bounds on correlations; its fourth is of halves of equal size.
        let c = covariances(&matrix).unwrap();
        let r = correlations(&c);
        let l = lambdas(&r).unwrap().lambda;
        for (i, name) in [(0, "lambda1"), (1, "lambda2"), (2, "lambda3"), (4, "lambda5"), (5, "lambda6")] {
            near(name, l[i], at(name), 1e-10);
        }
        assert!(l[3].unwrap() >= at("lambda4") - 1e-9, "{set} {l:?}");
        near("alpha is λ3", lambdas(&c).unwrap().lambda[2], found.reliability.alpha.unwrap(), 1e-12);
        near("mean r", inter_item(&r).map(|i| i.mean), whole["total"]["average_r"].as_f64().unwrap(), 1e-10);
        // psych's total omega counts three factors: ours, of one, is near or below.
        let one = omega(&r).unwrap();
        assert!(one <= at("omega_total") + 1e-3 && one > at("omega_total") - 0.05, "{set} {one}");

        let items = Table::read(&format!("classic/{set}.ctt_psych_items.csv"));
        for (q, i) in found.items.iter().enumerate() {
            let col = |name: &str| items.column(name)[q];
            near("mean", i.p.map(|p| p * matrix.items()[q].max), col("mean"), 1e-12);
            near("sd", i.sd.map(|p| p * matrix.items()[q].max), col("sd"), 1e-12);
            near("r", i.r_item_total, col("raw.r"), 1e-12);
            near("r drop", i.r_item_rest, col("r.drop"), 1e-12);
            near("alpha if deleted", i.alpha_if_deleted, col("raw_alpha"), 1e-12);
        }
        if set != "Science" {
            let items = Table::read(&format!("classic/{set}.ctt_CTTpkg.csv"));
            let d27 = Table::read(&format!("classic/{set}.D27.csv"));
            let thirds = Table::read(&format!("classic/{set}.ctt_psychometric_itemexam.csv"));
            for (q, i) in found.items.iter().enumerate() {
                near("biserial", i.biserial, items.column("bis")[q], 1e-9);
                near("D27", i.d27, d27.column("D27_stable_order")[q], 1e-12);
                // The package's thirds break ties by R's order of the whole table: near, not equal.
                near("D33", i.d33, thirds.column("Discrimination")[q], 0.02);
            }
        }
    }
}

#[test]
fn the_seeded_sets_as_the_packages_have_them() {
    if psychometrics().is_none() {
        return;
    }
    for (n, k, seed) in [(1_000, 50, 1), (10_000, 120, 2), (10_000, 450, 3)] {
        let found = analyse(&Seeded::new("2pl", n, k, seed).matrix()).unwrap();
        let read = |file: &str| Table::read(&format!("synthetic/2pl_{n}x{k}.{file}.csv"));
        let (items, psych) = (read("rctt_items"), read("rpsych_alpha"));
        let same = |column: Vec<f64>, of: &dyn Fn(usize) -> Option<f64>| {
            column.iter().enumerate().for_each(|(q, wanted)| near(&format!("{n} × {k} {q}"), of(q), *wanted, 1e-9));
        };
        let item = |q: usize| &found.items[q];
        same(items.column("itemMean"), &|q| item(q).p);
        same(items.column("pBis"), &|q| item(q).r_item_rest);
        same(items.column("bis"), &|q| item(q).biserial);
        same(items.column("alphaIfDeleted"), &|q| item(q).alpha_if_deleted);
        same(psych.column("raw.r"), &|q| item(q).r_item_total);
        same(psych.column("r.drop"), &|q| item(q).r_item_rest);
        same(psych.column("mean"), &|q| item(q).p);
        same(psych.column("sd"), &|q| item(q).sd);
        same(psych.column("raw_alpha"), &|q| item(q).alpha_if_deleted);
        if k == 450 {
            continue;
        }
        let (mirt, ltm, tam) = (read("rmirt_itemstats"), read("rltm_descript"), read("rtam_ctt"));
        same(mirt.column("mean"), &|q| item(q).p);
        same(mirt.column("sd"), &|q| item(q).sd);
        same(mirt.column("total.r"), &|q| item(q).r_item_total);
        same(mirt.column("total.r_if_rm"), &|q| item(q).r_item_rest);
        same(mirt.column("alpha_if_rm"), &|q| item(q).alpha_if_deleted);
        // ltm's “biserial” is the correlation with the whole total, its “point-biserial” that with the rest.
        same(ltm.column("bis_incl"), &|q| item(q).r_item_total);
        same(ltm.column("pb_excl"), &|q| item(q).r_item_rest);
        // TAM has a line for each category: the right answer's is the second.
        let second = |column: &str| -> Vec<f64> { tam.column(column).into_iter().skip(1).step_by(2).collect() };
        same(second("RelFreq"), &|q| item(q).p);
        same(second("rpb.WLE"), &|q| item(q).r_item_total);
        if k == 50 {
            // Six packages agree on this one.
            near("alpha", found.reliability.alpha, 0.902_503_243_487_839, 1e-9);
        }
    }
}

/// The same by the definitions, one candidate at a time.
fn slow(rows: &[Vec<f64>], max: f64) -> (Vec<Option<f64>>, Option<f64>) {
    let totals: Vec<f64> = rows.iter().map(|r| r.iter().sum()).collect();
    let (n, k) = (rows.len() as f64, rows[0].len());
    let variance = |x: &[f64]| {
        let mean = x.iter().sum::<f64>() / n;
        x.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0)
    };
    let column = |q: usize| rows.iter().map(|r| r[q]).collect::<Vec<f64>>();
    let r = (0..k)
        .map(|q| {
            let rest: Vec<f64> = totals.iter().zip(column(q)).map(|(t, x)| t - x).collect();
            correlation(&column(q), &rest)
        })
        .collect();
    let within: f64 = (0..k).map(|q| variance(&column(q))).sum();
    let total = variance(&totals);
    let _ = max;
    (r, (total > 1e-9).then(|| k as f64 / (k as f64 - 1.0) * (1.0 - within / total)))
}

fn matrix_of(rows: &[Vec<f64>], max: f64) -> ScoreMatrix {
    let k = rows[0].len();
    let columns: Vec<Vec<Option<f64>>> = (0..k).map(|q| rows.iter().map(|r| Some(r[q])).collect()).collect();
    ScoreMatrix::new(rows.len(), &columns, &vec![max; k]).unwrap()
}

fn same(a: Option<f64>, b: Option<f64>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() < 1e-9,
        (None, None) => true,
        // On the edge of no variance, one may say nothing.
        (Some(x), None) | (None, Some(x)) => x.is_finite(),
    }
}

proptest! {
    #[test]
    fn fast_is_slow(rows in prop::collection::vec(prop::collection::vec(prop::sample::select(vec![0.0, 0.2, 0.5, 1.0]), 6), 5..60)) {
        let found = analyse(&matrix_of(&rows, 1.0)).unwrap();
        let (r, alpha) = slow(&rows, 1.0);
        prop_assert!(same(found.reliability.alpha, alpha));
        for (item, r) in found.items.iter().zip(r) {
            prop_assert!(same(item.r_item_rest, r), "{item:?} {r:?}");
        }
        // The mean error variance is that of alpha.
        if let Some(sem) = found.reliability.sem {
            let squares = own_squares(&matrix_of(&rows, 1.0));
            let mean = squares.iter().sum::<f64>() / squares.len() as f64;
            prop_assert!(found.reliability.alpha.unwrap() < 0.0 || (mean.sqrt() - sem).abs() < 1e-6, "{mean} {sem}");
        }
    }

    #[test]
    fn order_and_scale_change_nothing(
        rows in prop::collection::vec(prop::collection::vec(prop::sample::select(vec![0.0, 0.2, 0.5, 1.0]), 6), 9..40),
        turn in 0_usize..40,
    ) {
        let before = analyse(&matrix_of(&rows, 1.0)).unwrap();
        let mut turned = rows.clone();
        turned.rotate_left(turn % rows.len());
        turned.iter_mut().for_each(|r| r.rotate_left(1));
        let after = analyse(&matrix_of(&turned, 1.0)).unwrap();
        let doubled: Vec<Vec<f64>> = rows.iter().map(|r| r.iter().map(|x| 2.0 * x).collect()).collect();
        let scaled = analyse(&matrix_of(&doubled, 2.0)).unwrap();
        prop_assert!(same(before.reliability.alpha, after.reliability.alpha));
        prop_assert!(same(before.reliability.alpha, scaled.reliability.alpha));
        for q in 0..6 {
            let (b, a, s) = (&before.items[q], &after.items[(q + 5) % 6], &scaled.items[q]);
            prop_assert!(same(b.p, a.p) && same(b.r_item_rest, a.r_item_rest));
            prop_assert!(same(b.p, s.p) && same(b.r_item_rest, s.r_item_rest) && same(b.d27, s.d27));
        }
    }
}

/// RULES §5: 6 candidates × 3 items.
#[test]
fn the_worked_example_of_the_rules() {
    let rows = [[1.0, 0.5, 1.0], [1.0, 1.0, 0.5], [0.5, 0.2, 0.5], [0.2, 0.0, 0.5], [1.0, 0.5, 0.2], [0.0, 0.2, 0.0]];
    let found = analyse(&matrix_of(&rows.map(Vec::from), 1.0)).unwrap();
    for (item, (p, r, d)) in found.items.iter().zip([(0.6167, 0.835, 0.90), (0.4, 0.613, 0.65), (0.45, 0.393, 0.50)]) {
        near("p", item.p, p, 5e-4);
        near("r", item.r_item_rest, r, 5e-4);
        near("D", item.d27, d, 5e-4);
    }
    near("alpha", found.reliability.alpha, 0.758, 5e-4);
    near("sem", found.reliability.sem, 0.464, 5e-4);
}

#[test]
fn length_and_reliability() {
    assert!((spearman_brown(0.5, 2.0) - 2.0 / 3.0).abs() < 1e-12);
    let factor = length_for(0.6, 0.8).unwrap();
    assert!((spearman_brown(0.6, factor) - 0.8).abs() < 1e-12);
    assert!(length_for(0.0, 0.8).is_none() && length_for(0.5, 1.0).is_none());
}

#[test]
fn too_little_is_an_answer() {
    let one = matrix_of(&[vec![1.0, 0.0]], 1.0);
    assert!(analyse(&one).unwrap_err().to_string().contains("1 candidat,"));
    let flat = matrix_of(&vec![vec![1.0, 1.0]; 20], 1.0);
    let found = analyse(&flat).unwrap();
    assert_eq!((found.reliability.alpha, found.items[0].r_item_rest, found.skewness), (None, None, None));
    assert!(conditional_sem(&flat, 20).unwrap().iter().all(|c| c.sem.is_finite()));
    assert!(lambdas(&covariances(&flat).unwrap()).is_err());
}
