//! What other packages found on the same data, beside what is found here: the same within what the folder's README
//! allows, or worse by the likelihood, and then it is said why.
//!
//! On long exams the grids of 21 nodes of PyPI mirt, ltm and TAM, and theta's at 450, have steps wider than a
//! candidate's posterior: slopes come out too low, and convergence is still reported. Those are compared the other way:
//! what is found here is nearer to the truth and more likely.
#![allow(clippy::unwrap_used, reason = "a test stops at the first thing that is not there")]

mod common;

use common::reference::{Seeded, Table, data, json, largest_gap, psychometrics};
use docimo_engine::docimology::irt::ability::{Ability, Method, abilities, ability};
use docimo_engine::docimology::irt::conditional::conditional;
use docimo_engine::docimology::irt::fit::s_x2;
use docimo_engine::docimology::irt::{Calibration, Model, Options, calibrate};
use docimo_engine::docimology::matrix::ScoreMatrix;

fn rmse(found: &[f64], wanted: &[f64]) -> f64 {
    assert_eq!(found.len(), wanted.len());
    (found.iter().zip(wanted).map(|(a, b)| (a - b).powi(2)).sum::<f64>() / found.len() as f64).sqrt()
}

fn mean(x: &[f64]) -> f64 {
    x.iter().sum::<f64>() / x.len() as f64
}

fn centred(mut b: Vec<f64>) -> Vec<f64> {
    let mean = mean(&b);
    b.iter_mut().for_each(|b| *b -= mean);
    b
}

fn numbers(value: &serde_json::Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn fit(matrix: &ScoreMatrix, model: Model, slope: Option<f64>) -> Calibration {
    calibrate(matrix, &Options { tolerance: 1e-5, slope, ..Options::new(model) }).unwrap()
}

fn slopes(found: &Calibration) -> Vec<f64> {
    found.items.iter().map(|i| i.a).collect()
}

fn thresholds(found: &Calibration) -> Vec<f64> {
    found.items.iter().flat_map(|i| i.b.iter().copied()).collect()
}

fn thetas(list: &[Option<Ability>]) -> Vec<f64> {
    list.iter().map(|a| a.unwrap().theta).collect()
}

const SIZES: [(usize, usize, u64); 3] = [(1_000, 50, 1), (10_000, 120, 2), (10_000, 450, 3)];

/// How a package's numbers stand to ours.
enum Stands {
    /// Parameters within this, on a grid fine enough.
    Near(f64),
    /// Slopes too low by at least this on average: the grid is too coarse.
    Coarse(f64),
}
use Stands::{Coarse, Near};

#[test]
fn two_parameters() {
    if psychometrics().is_none() {
        return;
    }
    for (n, k, seed) in SIZES {
        let set = Seeded::new("2pl", n, k, seed);
        let matrix = set.matrix();
        let found = fit(&matrix, Model::TwoPl, None);
        let (a, b) = (slopes(&found), thresholds(&found));
        let truth: Vec<f64> = set.b.iter().map(|b| b[0]).collect();
        let yard = json(&format!("synthetic/yard_2pl_{n}x{k}.json"));
        for (package, on) in yard.as_object().unwrap() {
            // The log-likelihood of each package's parameters, and of the truth, on one dense grid.
            let theirs = on["ll"].as_f64().unwrap();
            assert!(found.log_likelihood > theirs - 0.01, "{package} {n} × {k}: {theirs} {}", found.log_likelihood);
        }
        let packages: &[(&str, Stands)] = match k {
            50 => &[
                ("girth_2pl", Near(2e-2)),
                ("rmirt_2pl", Near(1e-3)),
                ("rmirt_2pl_q161", Near(1e-3)),
                ("rtam_2pl", Near(2e-2)),
                ("theta_2pl", Near(1e-3)),
                // 21 nodes, already felt at 50 questions: 0.17 and 0.18 less likely.
                ("pymirt_2pl", Near(4e-2)),
                ("rltm_2pl", Near(4e-2)),
            ],
            120 => &[
                ("girth_2pl", Near(2e-2)),
                // 61 and 121 nodes end at the same slopes, 0.003 away from those of 161.
                ("rmirt_2pl", Near(5e-3)),
                ("rmirt_2pl_q121", Near(5e-3)),
                ("rmirt_2pl_q161", Near(1e-3)),
                ("rtam_2pl_q121", Near(2e-3)),
                ("pymirt_2pl_q121", Near(1e-3)),
                ("theta_2pl", Near(2e-2)),
                ("rtam_2pl", Coarse(0.05)),
                ("pymirt_2pl", Coarse(0.1)),
                ("rltm_2pl", Coarse(0.1)),
            ],
            _ => &[
                ("rmirt_2pl", Near(2e-2)),
                ("rtam_2pl", Coarse(0.2)),
                ("pymirt_2pl", Coarse(0.25)),
                ("theta_2pl", Coarse(0.1)),
            ],
        };
        for (package, stands) in packages {
            let table = Table::read(&format!("synthetic/2pl_{n}x{k}.{package}.csv"));
            let (theirs, difficulties) = (table.column("a"), table.column("b"));
            let (on_a, on_b) = (rmse(&theirs, &set.a), rmse(&difficulties, &truth));
            // The README's yardstick, computed again: the files and the data rebuilt here are the same.
            if let Some(wanted) = yard[package]["rmse_a"].as_f64() {
                assert!((on_a - wanted).abs() < 1e-9, "{package} {n} × {k}: {on_a} {wanted}");
                assert!((on_b - yard[package]["rmse_b"].as_f64().unwrap()).abs() < 1e-9);
            }
            let (gap_a, gap_b) = (largest_gap(&a, &theirs), largest_gap(&b, &difficulties));
            println!("{package} {n} × {k}: slopes within {gap_a:.5}, difficulties within {gap_b:.5}");
            match stands {
                Near(bound) => assert!(gap_a < *bound && gap_b < *bound, "{package} {n} × {k}: {gap_a} {gap_b}"),
                Coarse(low) => {
                    assert!(mean(&theirs) < mean(&a) - low, "{package} {n} × {k}");
                    assert!(on_a > 1.8 * rmse(&a, &set.a) && on_b > 1.5 * rmse(&b, &truth), "{package} {n} × {k}");
                }
            }
        }
        if k < 450 {
            let table = Table::read(&format!("synthetic/2pl_{n}x{k}.rmirt_2pl.sx2.csv"));
            for (q, s) in s_x2(&found, &matrix, 1.0).unwrap().iter().enumerate() {
                let (s, wanted) = (s.unwrap(), table.column("S_X2")[q]);
                assert!((s.value - wanted).abs() < 2e-3 * wanted, "{q}: {} {wanted}", s.value);
                assert_eq!(s.df as f64, table.column("df.S_X2")[q]);
            }
        }
        abilities_of(&set, &matrix, &found);
    }
}

/// Root mean square of the gap between abilities: within `near`; or the grid is coarse, and ours are nearer the truth.
fn abilities_of(set: &Seeded, matrix: &ScoreMatrix, found: &Calibration) {
    let (n, k) = (matrix.candidates(), matrix.questions());
    let wle = thetas(&abilities(found, matrix, Method::Wle));
    let files: &[(&str, &str, Option<f64>)] = match k {
        50 => &[
            ("rmirt_2pl.eap", "eap", Some(1e-3)),
            ("rmirt_2pl.wle", "wle", Some(1e-3)),
            ("rtam_2pl.wle", "wle", Some(2e-2)),
            ("theta_2pl.eap", "eap", Some(2e-2)),
            ("pymirt_2pl.eap", "eap", Some(2e-2)),
            ("pymirt_2pl.wle", "wle", Some(2e-2)),
            // ltm integrates a posterior on 21 nodes only.
            ("rltm_2pl.eap", "z1", None),
        ],
        120 => &[
            ("rmirt_2pl.eap", "eap", Some(1e-3)),
            // Theirs are scored with the parameters of the fine grid.
            ("rtam_2pl.wle", "wle", Some(2e-3)),
            ("pymirt_2pl_q121.eap", "eap", Some(2e-3)),
            ("pymirt_2pl_q121.wle", "wle", Some(2e-3)),
            ("theta_2pl.eap", "eap", Some(2e-2)),
            ("pymirt_2pl.eap", "eap", None),
            ("pymirt_2pl.wle", "wle", None),
            ("rltm_2pl.eap", "z1", None),
        ],
        _ => &[
            ("rmirt_2pl.eap", "eap", Some(1e-2)),
            ("pymirt_2pl.eap", "eap", None),
            ("pymirt_2pl.wle", "wle", None),
            ("rtam_2pl.wle", "wle", None),
            ("theta_2pl.eap", "eap", None),
        ],
    };
    for (file, column, near) in files {
        let theirs = Table::read(&format!("synthetic/2pl_{n}x{k}.{file}.csv")).column(column);
        let ours = if *column == "wle" { &wle } else { &found.eap };
        let (gap, on_ours, on_theirs) = (rmse(ours, &theirs), rmse(ours, &set.theta), rmse(&theirs, &set.theta));
        println!("{file} {n} × {k}: {gap:.5} apart, {on_ours:.4} and {on_theirs:.4} from the truth");
        match near {
            Some(near) => assert!(gap < *near, "{file} {n} × {k}: {gap}"),
            None => assert!(on_theirs > 1.01 * on_ours, "{file} {n} × {k}: {on_ours} {on_theirs}"),
        }
    }
}

/// Rasch by marginal likelihood. Whatever a package fixes (slope or spread), a · b about its mean is the same; a
/// coarse grid displaces the origin and the spread rather than the differences of difficulty.
#[test]
fn rasch() {
    if psychometrics().is_none() {
        return;
    }
    for (n, k, seed) in SIZES {
        let matrix = Seeded::new("2pl", n, k, seed).matrix();
        let found = fit(&matrix, Model::Rasch, None);
        let held = fit(&matrix, Model::Rasch, Some(1.0));
        assert!(held.log_likelihood < found.log_likelihood && held.parameters + 1 == found.parameters);
        let sd = found.items[0].a;
        let ours = thresholds(&found);
        let without_prior = conditional(&matrix).unwrap().difficulties;
        let packages: &[&str] = match k {
            50 | 120 => &["rmirt_rasch", "rtam_rasch", "theta_rasch", "rltm_rasch", "pymirt_1pl", "girth_rasch"],
            _ => &["rmirt_rasch", "rtam_rasch"],
        };
        for package in packages {
            let table = Table::read(&format!("synthetic/2pl_{n}x{k}.{package}.csv"));
            let b = table.column(if *package == "rltm_rasch" { "Dffclt" } else { "b" });
            let slope = match *package {
                "rltm_rasch" => table.column("Dscrmn")[0],
                "theta_rasch" => table.column("a")[0],
                _ => 1.0,
            };
            let differences = centred(b.iter().map(|b| slope * b).collect());
            let gap = largest_gap(&differences, &without_prior);
            println!("{package} {n} × {k}: differences within {gap:.5}");
            assert!(gap < 2e-2, "{package} {n} × {k}: {gap}");
            // With the origin and the spread, where the grid is fine enough.
            let whole = match *package {
                "rmirt_rasch" => Some((2e-3, b.iter().map(|b| b / sd).collect::<Vec<f64>>(), &ours)),
                "rtam_rasch" if k < 450 => Some((2e-2, b.iter().map(|b| b / sd).collect(), &ours)),
                "theta_rasch" => Some((2e-2, b.clone(), &ours)),
                _ => None,
            };
            if let Some((bound, theirs, ours)) = whole {
                assert!(largest_gap(&theirs, ours) < bound, "{package} {n} × {k}: {}", largest_gap(&theirs, ours));
            }
            if *package == "pymirt_1pl" || *package == "girth_rasch" {
                // Slope and spread both held at 1.
                let gap = largest_gap(&b, &thresholds(&held));
                assert!(gap < 2e-2, "{package} {n} × {k}: {gap}");
            }
            if let Some(var) = table.names.iter().any(|c| c == "var").then(|| table.column("var")[0]) {
                assert!((var.sqrt() - sd).abs() < 2e-2, "{package} {n} × {k}: {var} {sd}");
            }
        }
        if k < 450 {
            let again = json(&format!("synthetic/2pl_{n}x{k}.pymirt_1pl.json"));
            assert!(numbers(&again["discrimination"]).iter().all(|a| *a == 1.0));
            let table = Table::read(&format!("synthetic/2pl_{n}x{k}.pymirt_1pl.csv")).column("b");
            assert!(largest_gap(&numbers(&again["difficulty"]), &table) < 1e-12);
        }
        // Abilities, on the metric of slope 1.
        let eap: Vec<f64> = found.eap.iter().map(|t| t * sd).collect();
        let theirs = Table::read(&format!("synthetic/2pl_{n}x{k}.rmirt_rasch.eap.csv"));
        assert!(largest_gap(&eap, &theirs.column("eap")) < 2e-3);
        let se: Vec<f64> = found.eap_se.iter().map(|t| t * sd).collect();
        assert!(largest_gap(&se, &theirs.column("se")) < 2e-3);
        let wle: Vec<f64> = thetas(&abilities(&found, &matrix, Method::Wle)).iter().map(|t| t * sd).collect();
        if k == 50 {
            let theirs = Table::read("synthetic/2pl_1000x50.rmirt_rasch.wle.csv").column("wle");
            assert!(largest_gap(&wle, &theirs) < 2e-3);
        }
        let tam = Table::read(&format!("synthetic/2pl_{n}x{k}.rtam_rasch.wle.csv")).column("wle");
        let gap = largest_gap(&centred(wle.clone()), &centred(tam));
        println!("WLE of TAM, Rasch {n} × {k}: {gap:.5} about the mean");
        assert!(gap < 5e-3, "{gap}");
        squares_of_tam(&matrix, &found);
    }
}

/// TAM's mean squares are averages over each candidate's posterior, not taken at one ability: the squared residual
/// then has its full expected size. Under Rasch the posterior depends on the score alone, which makes them quick to
/// compute again.
fn squares_of_tam(matrix: &ScoreMatrix, found: &Calibration) {
    let (n, k) = (matrix.candidates(), matrix.questions());
    let table = Table::read(&format!("synthetic/2pl_{n}x{k}.rtam_rasch.infit.csv"));
    let (infit, outfit) = (table.column("Infit"), table.column("Outfit"));
    let a = found.items[0].a;
    let nodes: Vec<f64> = (-1_200..=1_200).map(|i| f64::from(i) * 0.005).collect();
    let wrong: Vec<f64> = nodes
        .iter()
        .map(|t| -0.5 * t * t - found.items.iter().map(|i| (1.0 + (a * (t - i.b[0])).exp()).ln()).sum::<f64>())
        .collect();
    let mut scores = vec![0_usize; n];
    matrix.items().iter().for_each(|i| scores.iter_mut().zip(&i.cells).for_each(|(s, c)| *s += usize::from(*c)));
    let posterior: Vec<Vec<f64>> = (0..=k)
        .map(|r| {
            let log: Vec<f64> = nodes.iter().zip(&wrong).map(|(t, w)| w + a * t * r as f64).collect();
            let most = log.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let own: Vec<f64> = log.iter().map(|l| (l - most).exp()).collect();
            let sum: f64 = own.iter().sum();
            own.into_iter().map(|p| p / sum).collect()
        })
        .collect();
    let mut worst = (0.0_f64, 0.0_f64);
    for (q, item) in matrix.items().iter().enumerate() {
        let mut counts = vec![[0.0; 2]; k + 1];
        scores.iter().zip(&item.cells).for_each(|(s, c)| counts[*s][usize::from(*c)] += 1.0);
        let (mut off, mut variance, mut surprise) = (0.0, 0.0, 0.0);
        for (post, count) in posterior.iter().zip(&counts).filter(|(_, c)| c[0] + c[1] > 0.0) {
            for (t, w) in nodes.iter().zip(post).filter(|(_, w)| **w > 1e-12) {
                let p = 1.0 / (1.0 + (-a * (t - found.items[q].b[0])).exp());
                let square = count[1] * (1.0 - p).powi(2) + count[0] * p * p;
                off += w * square;
                variance += w * (count[0] + count[1]) * p * (1.0 - p);
                surprise += w * square / (p * (1.0 - p));
            }
        }
        worst.0 = worst.0.max((off / variance - infit[q]).abs());
        worst.1 = worst.1.max((surprise / n as f64 - outfit[q]).abs());
    }
    println!("TAM, Rasch {n} × {k}: infit within {:.5}, outfit within {:.5}", worst.0, worst.1);
    assert!(worst.0 < 2e-2 && worst.1 < 6e-2, "{worst:?}");
}

/// Partial credit.
#[test]
fn several_categories() {
    if psychometrics().is_none() {
        return;
    }
    for (n, k, seed) in [(1_000, 50, 11), (10_000, 120, 12)] {
        let set = Seeded::new("grm", n, k, seed);
        let matrix = set.matrix();
        let long = k == 120;
        let read = |file: &str| Table::read(&format!("synthetic/grm_{n}x{k}.{file}.csv"));
        let python = |model: Model| {
            let file = json(&format!("synthetic/grm_{n}x{k}.pymirt_{}.json", model.name()));
            let rows = &file[if model == Model::Grm { "thresholds" } else { "steps" }];
            let b: Vec<f64> = rows.as_array().unwrap().iter().flat_map(numbers).collect();
            (numbers(&file["discrimination"]), b)
        };
        let by_threshold = |table: &Table| -> Vec<f64> {
            let columns = ["b1", "b2", "b3"].map(|c| table.column(c));
            (0..k).flat_map(|q| columns.iter().map(move |c| c[q]).collect::<Vec<_>>()).collect()
        };
        let intercepts =
            |a: &[f64], b: &[f64]| -> Vec<f64> { b.iter().enumerate().map(|(i, b)| a[i / 3] * b).collect() };

        let found = fit(&matrix, Model::Grm, None);
        let (a, b) = (slopes(&found), thresholds(&found));
        let yard = json(&format!("synthetic/yard_grm_{n}x{k}.json"));
        for (package, on) in yard.as_object().unwrap() {
            let theirs = on["ll"].as_f64().unwrap();
            assert!(found.log_likelihood > theirs - 0.01, "{package} {n} × {k}: {theirs} {}", found.log_likelihood);
        }
        // girth stops 0.9 and 2.6 below.
        for (file, bound) in [("rmirt_grm", if long { 1e-2 } else { 1e-3 }), ("girth_grm", 3e-2)] {
            let table = read(file);
            let gap = (largest_gap(&a, &table.column("a")), largest_gap(&b, &by_threshold(&table)));
            println!("{file} {n} × {k}: {gap:.5?}");
            assert!(gap.0 < bound && gap.1 < bound, "{file} {n} × {k}: {gap:?}");
        }
        assert!(rmse(&found.eap, &read("rmirt_grm.eap").column("eap")) < 5e-3);
        // PyPI mirt: 2.9 and 296 less likely, on 21 nodes.
        let (theirs, b_theirs) = python(Model::Grm);
        assert!(mean(&theirs) < mean(&a) - if long { 0.1 } else { 0.02 });
        let truth: Vec<f64> = set.b.iter().flatten().copied().collect();
        assert!(rmse(&b_theirs, &truth) > 1.1 * rmse(&b, &truth));

        let found = fit(&matrix, Model::Gpcm, None);
        let (a, b) = (slopes(&found), thresholds(&found));
        let table = read("rmirt_gpcm");
        // On 61 nodes. A step that hardly anyone makes lies far away, where little is known of it.
        let gap = (largest_gap(&a, &table.column("a")), largest_gap(&b, &by_threshold(&table)));
        println!("rmirt_gpcm {n} × {k}: {gap:.5?}");
        assert!(gap.0 < 5e-3 && gap.1 < 4e-2, "{gap:?}");
        let tam = read("rtam_gpcm").column("xsi");
        let gap = rmse(&intercepts(&a, &b), &tam);
        println!("rtam_gpcm {n} × {k}: {gap:.5}");
        assert!(gap < 3e-2, "{gap}");
        // PyPI mirt's had not converged (README): near on the whole only, lower slopes on the long exam.
        let (theirs, steps) = python(Model::Gpcm);
        let gap = (rmse(&a, &theirs), rmse(&intercepts(&a, &b), &intercepts(&theirs, &steps)));
        println!("pymirt_gpcm {n} × {k}: {gap:.5?}");
        assert!(gap.0 < 0.1 && gap.1 < 0.1, "{gap:?}");
        assert!(!long || mean(&theirs) < mean(&a) - 0.04);

        let found = fit(&matrix, Model::Pcm, None);
        let (a, b) = (slopes(&found), thresholds(&found));
        let table = read("rmirt_pcm");
        let sd = table.column("var")[0].sqrt();
        assert!((sd - a[0]).abs() < 1e-3);
        let d = ["d1", "d2", "d3"].map(|c| table.column(c));
        let steps: Vec<f64> = (0..3 * k)
            .map(|i| {
                let (q, c) = (i / 3, i % 3);
                -(d[c][q] - if c > 0 { d[c - 1][q] } else { 0.0 })
            })
            .collect();
        let ours = intercepts(&a, &b);
        println!("rmirt_pcm {n} × {k}: {:.5}", largest_gap(&ours, &steps));
        assert!(largest_gap(&ours, &steps) < 2e-3);
        // TAM at 1,000 × 50 has 241 nodes; on the long exam its default grid displaces the origin and the spread.
        let tam = read("rtam_pcm").column("xsi");
        let gap = if long { rmse(&centred(ours.clone()), &centred(tam)) } else { largest_gap(&ours, &tam) };
        println!("rtam_pcm {n} × {k}: {gap:.5}");
        assert!(gap < if long { 4e-2 } else { 2e-3 }, "{gap}");
        // PyPI mirt holds slope and spread at 1, where data want less than half: thousands less likely.
        let held = fit(&matrix, Model::Pcm, Some(1.0));
        assert!(held.log_likelihood < found.log_likelihood - 300.0);
        let (theirs, steps) = python(Model::Pcm);
        assert!(theirs.iter().all(|a| *a == 1.0));
        let gap = rmse(&centred(thresholds(&held)), &centred(steps));
        println!("pymirt_pcm {n} × {k}: {gap:.5} about the mean");
        assert!(gap < 5e-2, "{gap}");
    }
}

/// Second opinions on the classic sets: ltm, TAM, and mirt's equal slopes.
#[test]
fn the_classic_sets() {
    if psychometrics().is_none() {
        return;
    }
    for set in ["LSAT6", "LSAT7"] {
        let matrix = data(&format!("classic/{set}.data.csv"));
        let tight = |model: Model, slope: Option<f64>| {
            calibrate(&matrix, &Options { tolerance: 1e-7, slope, ..Options::new(model) }).unwrap()
        };
        let (rasch, two, held) = (tight(Model::Rasch, None), tight(Model::TwoPl, None), tight(Model::Rasch, Some(1.0)));
        let near = |what: &str, found: f64, wanted: &serde_json::Value, tolerance: f64| {
            let wanted = wanted.as_f64().unwrap();
            let bound = tolerance * wanted.abs().max(1.0);
            assert!((found - wanted).abs() < bound, "{set} {what}: {found} {wanted}");
        };
        let likely = |what: &str, found: &Calibration, wanted: &serde_json::Value| {
            let gap = found.log_likelihood - wanted.as_f64().unwrap();
            assert!(gap > -1e-3 && gap < 0.01, "{set} {what}: {} {wanted}", found.log_likelihood);
        };
        let equal = json(&format!("classic/{set}.1pl.json"));
        likely("1PL of mirt", &rasch, &equal["logLik"]);
        for (item, wanted) in rasch.items.iter().zip(equal["items"].as_array().unwrap()) {
            near("a", item.a, &wanted["a"], 1e-3);
            near("b", item.b[0], &wanted["b"], 1e-3);
        }
        let others = json(&format!("classic/{set}.second_opinions.json"));
        for (name, found) in [("ltm_2pl", &two), ("ltm_1pl", &rasch), ("ltm_rasch_a1_var1", &held)] {
            likely(name, found, &others[name]["logLik"]);
            for (item, wanted) in found.items.iter().zip(others[name]["coef"].as_array().unwrap()) {
                near(name, item.a, &wanted["Dscrmn"], 2e-3);
                near(name, item.b[0], &wanted["Dffclt"], 2e-3);
            }
        }
        assert_eq!(rasch.parameters, 6);
        assert_eq!(held.parameters, 5);
        // Three parameters contain two: ltm's on LSAT6 stopped below (README), its LSAT7 is a little above.
        let three = others["ltm_3pl"]["logLik"].as_f64().unwrap();
        let above = three - two.log_likelihood;
        assert!(if set == "LSAT6" { above < -5.0 } else { (0.0..1.0).contains(&above) }, "{set} {above}");

        let tam = json(&format!("classic/{set}.TAM.json"));
        likely("TAM", &rasch, &tam["rasch"]["logLik"]);
        likely("TAM 2PL", &two, &tam["twopl"]["logLik"]);
        let sd = rasch.items[0].a;
        near("spread", sd * sd, &tam["rasch"]["var"], 1e-3);
        for (item, wanted) in rasch.items.iter().zip(tam["rasch"]["xsi"].as_array().unwrap()) {
            near("xsi", item.b[0] * sd, &wanted["xsi"], 1e-3);
        }
        for (q, item) in two.items.iter().enumerate() {
            near("a", item.a, &tam["twopl"]["a"][q], 2e-3);
            near("b", item.b[0], &tam["twopl"]["b"][q], 2e-3);
        }
        near("EAP reliability", rasch.marginal_reliability().unwrap(), &tam["rasch"]["eap_reliability"], 2e-3);
        for wanted in tam["rasch"]["wle_by_score"].as_array().unwrap() {
            let right = wanted["score"].as_u64().unwrap() as usize;
            let sheet: Vec<u8> = (0..5).map(|q| u8::from(q < right)).collect();
            let found = ability(&rasch.items, &sheet, Method::Wle).unwrap();
            near("WLE", found.theta * sd, &wanted["theta"], 2e-3);
            // TAM's error counts Warm's correction too; the inverse information is at most that.
            assert!(found.se * sd <= wanted["se"].as_f64().unwrap() * 1.001, "{set} {right}");
        }
    }
}
