//! The nominal response model against mirt, and on distractors whose laws are known.
#![allow(clippy::unwrap_used, reason = "a test stops at the first thing that is not there")]

mod common;

use common::reference::{Seeded, Table, json, largest_gap, psychometrics};
use docimo_engine::docimology::irt::ability::{Method, ability};
use docimo_engine::docimology::irt::model::Response;
use docimo_engine::docimology::irt::nominal::{Nominal, NominalItem, NominalOptions, nominal};
use docimo_engine::docimology::irt::{Model, Options, calibrate};
use docimo_engine::docimology::matrix::MISSING;
use docimo_engine::docimology::numeric::Draws;

fn close(what: &str, found: f64, wanted: f64, tolerance: f64) {
    let bound = tolerance * wanted.abs().max(1.0);
    assert!((found - wanted).abs() <= bound, "{what}: {found} {wanted}");
}

fn science() -> Vec<Vec<u8>> {
    let rows = Table::read("classic/Science.data.csv").numbers();
    (0..rows[0].len()).map(|q| rows.iter().map(|r| r[q] as u8).collect()).collect()
}

fn fit(choices: &[Vec<u8>]) -> Nominal {
    let options = NominalOptions { tolerance: 1e-7, standard_errors: true, ..NominalOptions::default() };
    nominal(choices, &[], &options).unwrap()
}

/// Science has answers in an order, which makes sum scores and fit meaningful.
#[test]
fn science_as_mirt_has_it() {
    if psychometrics().is_none() {
        return;
    }
    let (choices, reference) = (science(), json("classic/Science.nrm.json"));
    let found = fit(&choices);
    assert!(found.converged);
    let gap = found.log_likelihood - reference["logLik"].as_f64().unwrap();
    assert!(gap > -1e-4 && gap < 0.01, "{gap}");
    close("AIC", found.aic, reference["AIC"].as_f64().unwrap(), 1e-5);
    close("BIC", found.bic, reference["BIC"].as_f64().unwrap(), 1e-5);
    let of_mirt = reference["items_slope_intercept"].as_array().unwrap();
    for (q, (item, wanted)) in found.items.iter().zip(reference["items_irt"].as_array().unwrap()).enumerate() {
        let errors = &found.errors.as_ref().unwrap()[q];
        let their_errors = &reference["se"][wanted["_row"].as_str().unwrap()]["SE"];
        for k in 0..4 {
            close("a", item.slopes[k], wanted[&format!("a{}", k + 1)].as_f64().unwrap(), 1e-3);
            close("c", item.intercepts[k], wanted[&format!("c{}", k + 1)].as_f64().unwrap(), 1e-3);
            // mirt's own metric: a1 · ak_k and d_k, both 0 for the first option.
            let m = &of_mirt[q];
            let (a1, ak, d) = (&m["a1"], &m[&format!("ak{k}")], &m[&format!("d{k}")]);
            close("a1 ak", item.slopes[k] - item.slopes[0], a1.as_f64().unwrap() * ak.as_f64().unwrap(), 2e-3);
            close("d", item.intercepts[k] - item.intercepts[0], d.as_f64().unwrap(), 2e-3);
            // mirt's errors come from the observed information, ours from the outer products: with 392 candidates and
            // 24 parameters they differ by a tenth or two.
            if let Some(wanted) = their_errors[5 + k].as_f64() {
                let ratio = errors.intercepts_from_first[k] / wanted;
                assert!((0.75..1.35).contains(&ratio), "{q} d{k}: {ratio}");
            }
        }
        let ratio = errors.slopes_from_first[3] / (3.0 * their_errors[0].as_f64().unwrap());
        assert!((0.7..1.35).contains(&ratio), "{q} a: {ratio}");
    }
    let grid = reference["theta_grid"].as_array().unwrap().iter().map(|x| x.as_f64().unwrap());
    for (theta, wanted) in grid.zip(reference["test_info"].as_array().unwrap()) {
        let information = |item: &NominalItem| {
            let (mut p, mut first, mut second) = ([0.0; 4], [0.0; 4], [0.0; 4]);
            item.derivatives(theta, &mut p, &mut first, &mut second);
            first.iter().zip(p).map(|(f, p)| f * f / p).sum::<f64>()
        };
        let sum: f64 = found.items.iter().map(information).sum();
        close("information", sum, wanted.as_f64().unwrap(), 1e-3);
    }

    let sums = found.sum_scores().unwrap();
    let table = Table::read("classic/Science.nrm.eapsum.csv");
    assert!(largest_gap(&sums.theta, &table.column("F1")) < 1e-4);
    assert!(largest_gap(&sums.se, &table.column("SE_F1")) < 1e-4);
    let expected: Vec<f64> = sums.share.iter().map(|s| s * choices[0].len() as f64).collect();
    assert!(largest_gap(&expected, &table.column("expected")) < 1e-3);

    let table = Table::read("classic/Science.nrm.infit.csv");
    for (q, m) in found.mean_squares(&choices, &found.eap).iter().enumerate() {
        let m = m.unwrap();
        close("infit", m.infit, table.column("infit")[q], 1e-4);
        close("outfit", m.outfit, table.column("outfit")[q], 1e-4);
        close("z infit", m.infit_z, table.column("z.infit")[q], 1e-3);
        close("z outfit", m.outfit_z, table.column("z.outfit")[q], 1e-3);
    }
    let q3 = found.q3(&choices, &found.eap);
    for (row, wanted) in q3.iter().zip(Table::read("classic/Science.nrm.Q3.csv").numbers()) {
        row.iter().zip(wanted).for_each(|(r, w)| close("Q3", r.unwrap(), w, 1e-4));
    }
    let table = Table::read("classic/Science.nrm.S_X2.csv");
    for (q, s) in found.s_x2(&choices, 1.0).unwrap().iter().enumerate() {
        let s = s.unwrap();
        close("S-X²", s.value, table.column("S_X2")[q], 1e-4);
        assert_eq!(s.df as f64, table.column("df.S_X2")[q]);
        close("p", s.p, table.column("p.S_X2")[q], 1e-4);
    }

    let table = Table::read("classic/Science.nrm.scores.csv");
    for row in table.numbers() {
        let sheet: Vec<u8> = row[..4].iter().map(|c| *c as u8).collect();
        let at = |column: &str| row[table.names.iter().position(|n| n == column).unwrap()];
        let someone = (0..choices[0].len()).find(|c| (0..4).all(|q| choices[q][*c] == sheet[q])).unwrap();
        close("EAP", found.eap[someone], at("EAP"), 1e-4);
        close("SE of EAP", found.eap_se[someone], at("SE_EAP"), 1e-4);
        for (method, column) in [(Method::Map, "MAP"), (Method::Ml, "ML"), (Method::Wle, "WLE")] {
            match ability(&found.items, &sheet, method) {
                Some(a) => {
                    close(column, a.theta, at(column), 1e-3);
                    // mirt's error of WLE is of another kind.
                    if method != Method::Wle {
                        close("its error", a.se, at(&format!("SE_{column}")), 1e-3);
                    }
                }
                None => assert!(at(column).is_infinite(), "{column} {row:?}"),
            }
        }
    }
}

/// The seeded choices: the key by 2PL, then a distractor whatever the ability. The nominal model holds where the
/// distractors share one slope: the key's, less theirs, is that of 2PL, and more is known of abilities than from marks
/// only where distractors tell something, which here they do not.
#[test]
fn seeded_choices_are_recovered() {
    for (n, k, seed) in [(1_000, 50, 31), (10_000, 120, 32)] {
        let set = Seeded::new("opt", n, k, seed);
        let key: Vec<Option<u8>> = set.key.iter().map(|k| Some(*k)).collect();
        let found =
            nominal(&set.cells, &key, &NominalOptions { tolerance: 1e-4, ..NominalOptions::default() }).unwrap();
        assert!(found.converged && found.constant.is_empty());
        let (mut off, mut count) = (0.0, 0.0);
        let mut spreads = Vec::new();
        for (q, item) in found.items.iter().enumerate() {
            let own = &found.options[q];
            let chosen = |o: u8| set.cells[q].iter().filter(|c| **c == o).count() as f64;
            let (mut mean, mut weight) = (0.0, 0.0);
            for (o, a) in own.iter().zip(&item.slopes).filter(|(o, _)| **o != set.key[q]) {
                mean += a * chosen(*o);
                weight += chosen(*o);
            }
            mean /= weight;
            let at = own.iter().position(|o| *o == set.key[q]).unwrap();
            // Options that few chose have slopes that say little.
            let few = |o: u8| chosen(o) < 100.0;
            let below = |(o, a): (&u8, &f64)| few(*o) || *a <= item.slopes[at];
            assert!(own.iter().zip(&item.slopes).all(below), "{q}: the key does not draw the ablest");
            off += (item.slopes[at] - mean - set.a[q]).powi(2);
            count += 1.0;
            for (o, a) in own.iter().zip(&item.slopes).filter(|(o, _)| **o != set.key[q]) {
                spreads.push((a - mean).powi(2) * chosen(*o) / n as f64);
            }
        }
        let rmse = f64::sqrt(off / count);
        println!("nominal {n} × {k}: RMSE of the key's slope above the distractors' {rmse:.4}");
        assert!(rmse < if n == 1_000 { 0.15 } else { 0.045 }, "{rmse}");
        // Distractors do not differ but by chance.
        let spread = spreads.iter().sum::<f64>() / spreads.len() as f64;
        println!("spread of the distractors' slopes: {:.2} / n", spread * n as f64);
        assert!(spread < 3.0 / n as f64, "{spread}");
        let marks = calibrate(&set.matrix(), &Options { tolerance: 1e-4, ..Options::new(Model::TwoPl) }).unwrap();
        let rmse =
            |theta: &[f64]| (theta.iter().zip(&set.theta).map(|(a, b)| (a - b).powi(2)).sum::<f64>() / n as f64).sqrt();
        let (by_options, by_marks) = (rmse(&found.eap), rmse(&marks.eap));
        println!("RMSE of θ: {by_options:.4} by options, {by_marks:.4} by marks");
        assert!((by_options / by_marks - 1.0).abs() < 0.05);
    }
}

/// Choices drawn from the model.
fn drawn(n: usize, items: &[NominalItem], seed: u64) -> (Vec<Vec<u8>>, Vec<f64>) {
    let theta: Vec<f64> = (0..n as u64).map(|c| Draws::new(seed, 1).normal(c)).collect();
    let column = |(q, item): (usize, &NominalItem)| {
        let mut p = vec![0.0; item.categories()];
        (0..n)
            .map(|c| {
                item.probabilities(theta[c], &mut p);
                let mut left = Draws::new(seed, 2).uniform((c * items.len() + q) as u64);
                let option = p.iter().position(|p| {
                    left -= p;
                    left < 0.0
                });
                option.unwrap_or(p.len() - 1) as u8
            })
            .collect()
    };
    (items.iter().enumerate().map(column).collect(), theta)
}

fn made(k: usize) -> Vec<NominalItem> {
    let draw = |q: usize, o: usize, stream: u64| Draws::new(12, stream).normal((q * 4 + o) as u64);
    let item = |q: usize| {
        let slopes: Vec<f64> = (0..4).map(|o| if o == q % 4 { 1.2 } else { 0.5 * draw(q, o, 3) - 0.4 }).collect();
        let intercepts: Vec<f64> = (0..4).map(|o| 0.7 * draw(q, o, 4)).collect();
        NominalItem::new(&slopes, &intercepts)
    };
    (0..k).map(item).collect()
}

/// Every slope and intercept, with errors as large as announced.
#[test]
fn what_made_the_choices_is_found() {
    let (n, k) = (5_000, 30);
    let truth = made(k);
    let (choices, theta) = drawn(n, &truth, 77);
    let key: Vec<Option<u8>> = (0..k).map(|q| Some((q % 4) as u8)).collect();
    let options = NominalOptions { tolerance: 1e-5, standard_errors: true, ..NominalOptions::default() };
    let found = nominal(&choices, &key, &options).unwrap();
    let (mut a, mut c, mut z) = (0.0, 0.0, 0.0);
    for (q, (item, wanted)) in found.items.iter().zip(&truth).enumerate() {
        let errors = &found.errors.as_ref().unwrap()[q];
        for o in 0..4 {
            a += (item.slopes[o] - wanted.slopes[o]).powi(2);
            c += (item.intercepts[o] - wanted.intercepts[o]).powi(2);
            z += ((item.slopes[o] - wanted.slopes[o]) / errors.slopes[o]).powi(2);
            z += ((item.intercepts[o] - wanted.intercepts[o]) / errors.intercepts[o]).powi(2);
        }
    }
    let cells = (4 * k) as f64;
    println!(
        "nominal: RMSE of a {:.4}, of c {:.4}; mean z² {:.3}",
        (a / cells).sqrt(),
        (c / cells).sqrt(),
        z / 2.0 / cells
    );
    assert!((a / cells).sqrt() < 0.06 && (c / cells).sqrt() < 0.06);
    assert!((0.7..1.4).contains(&(z / 2.0 / cells)), "{}", z / 2.0 / cells);
    let off = (found.eap.iter().zip(&theta).map(|(a, b)| (a - b).powi(2)).sum::<f64>() / n as f64).sqrt();
    let announced = (found.eap_se.iter().map(|s| s * s).sum::<f64>() / n as f64).sqrt();
    assert!((off / announced - 1.0).abs() < 0.08, "{off} {announced}");
}

/// Candidates, questions and names of options in another order: the same model.
#[test]
fn order_and_names_change_nothing() {
    let (choices, _) = drawn(800, &made(8), 5);
    let key: Vec<Option<u8>> = (0..8).map(|q| Some((q % 4) as u8)).collect();
    let options = NominalOptions { tolerance: 1e-7, ..NominalOptions::default() };
    let before = nominal(&choices, &key, &options).unwrap();
    // Options 0, 1, 2, 3 are called 9, 7, 5, 3; candidates and questions are turned.
    let renamed = |o: u8| 9 - 2 * o;
    let turned: Vec<Vec<u8>> =
        (0..8).map(|q| (0..800).map(|c| renamed(choices[(q + 3) % 8][(c + 100) % 800])).collect()).collect();
    let keys: Vec<Option<u8>> = (0..8).map(|q| key[(q + 3) % 8].map(renamed)).collect();
    let after = nominal(&turned, &keys, &options).unwrap();
    assert!((before.log_likelihood - after.log_likelihood).abs() < 1e-6);
    for q in 0..8 {
        assert_eq!(after.options[q], [3, 5, 7, 9]);
        for o in 0..4 {
            let (b, a) = (&before.items[(q + 3) % 8], &after.items[q]);
            assert!((b.slopes[o] - a.slopes[3 - o]).abs() < 1e-4, "{q} {o}");
            assert!((b.intercepts[o] - a.intercepts[3 - o]).abs() < 1e-4, "{q} {o}");
        }
    }
    assert!((0..800).all(|c| (before.eap[(c + 100) % 800] - after.eap[c]).abs() < 1e-4));
    // Another origin of slopes or intercepts: the same probabilities.
    let item = &before.items[0];
    let moved = NominalItem::new(
        &item.slopes.iter().map(|a| a + 2.0).collect::<Vec<_>>(),
        &item.intercepts.iter().map(|c| c - 1.0).collect::<Vec<_>>(),
    );
    assert!(
        largest_gap(&moved.slopes, &item.slopes) < 1e-12 && largest_gap(&moved.intercepts, &item.intercepts) < 1e-12
    );
}

/// Two options are 2PL; a missing answer says nothing.
#[test]
fn two_options_are_two_parameters() {
    let set = Seeded::new("2pl", 1_500, 15, 3);
    let key = vec![Some(1); 15];
    let found = nominal(&set.cells, &key, &NominalOptions { tolerance: 1e-6, ..NominalOptions::default() }).unwrap();
    let other = calibrate(&set.matrix(), &Options { tolerance: 1e-6, ..Options::new(Model::TwoPl) }).unwrap();
    assert!((found.log_likelihood - other.log_likelihood).abs() < 1e-3);
    for (n, i) in found.items.iter().zip(&other.items) {
        let (a, c) = (n.slopes[1] - n.slopes[0], n.intercepts[1] - n.intercepts[0]);
        assert!((a - i.a).abs() < 1e-3 && (c + i.a * i.b[0]).abs() < 1e-3);
    }
    let mut blank = set.cells.clone();
    blank.iter_mut().for_each(|c| c[7] = MISSING);
    let found = nominal(&blank, &key, &NominalOptions::default()).unwrap();
    assert!(found.eap[7].abs() < 1e-6 && (found.eap_se[7] - 1.0).abs() < 1e-3);
}

#[test]
fn too_little_is_an_answer() {
    let options = NominalOptions::default();
    let (choices, _) = drawn(200, &made(4), 5);
    let said = |choices: &[Vec<u8>]| nominal(choices, &[], &options).unwrap_err().to_string();
    assert!(said(&[]).contains("0 candidat,"), "{}", said(&[]));
    assert!(said(&choices[..2]).contains("questions"));
    let mut ragged = choices.clone();
    ragged[1].pop();
    assert!(said(&ragged).contains("n° 2"));
    let mut strange = choices.clone();
    strange[2][0] = 200;
    assert!(said(&strange).contains("n° 3"));
    let mut flat = choices;
    flat[0].iter_mut().for_each(|c| *c = 2);
    let found = nominal(&flat, &[], &options).unwrap();
    assert_eq!((found.kept.as_slice(), found.constant.as_slice()), (&[1, 2, 3][..], &[0][..]));
}
