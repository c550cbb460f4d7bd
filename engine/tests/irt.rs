//! Item response models against the numbers of mirt and others, and against simulated truth.
#![allow(clippy::unwrap_used, reason = "a test stops at the first thing that is not there")]

mod common;

use common::reference::{Seeded, Table, data, json, largest_gap, psychometrics};
use docimo_engine::docimology::irt::ability::{Method, ability, eap_sum};
use docimo_engine::docimology::irt::fit::{m2, mean_squares, q3, s_x2};
use docimo_engine::docimology::irt::maximise::GuessPrior;
use docimo_engine::docimology::irt::{Calibration, Model, Options, calibrate};

fn fit(set: &str, model: Model) -> Calibration {
    let options = Options { tolerance: 1e-7, ..Options::new(model).with_errors() };
    calibrate(&data(&format!("classic/{set}.data.csv")), &options).unwrap()
}

/// Log-likelihood within 0.01 and never lower, parameters within 1e-3 of mirt's.
fn like_mirt(set: &str, model: Model, file: &str) {
    let reference = json(&format!("classic/{file}"));
    let found = fit(set, model);
    assert!(found.converged, "{set} {model:?}: {found:?}");
    let wanted = reference["logLik"].as_f64().unwrap();
    let gap = found.log_likelihood - wanted;
    assert!(gap > -1e-4 && gap < 0.01, "{set} {model:?}: {} {wanted}", found.log_likelihood);
    // mirt fixes the slope and frees the spread of ability where we do the reverse.
    let sd = reference["var"].as_f64().map_or(1.0, f64::sqrt);
    for (item, wanted) in found.items.iter().zip(reference["items_irt"].as_array().unwrap()) {
        let close = |name: &str, found: f64, wanted: f64| {
            let bound = 1e-3 * wanted.abs().max(1.0);
            assert!((found - wanted).abs() < bound, "{set} {model:?} {name}: {found} {wanted}");
        };
        close("a", item.a, wanted["a"].as_f64().unwrap() * sd);
        for (k, b) in item.b.iter().enumerate() {
            let name = if item.b.len() == 1 { "b".to_owned() } else { format!("b{}", k + 1) };
            close(&name, b * sd, wanted[&name].as_f64().unwrap());
        }
    }
    if let (Some(aic), Some(bic)) = (reference["AIC"].as_f64(), reference["BIC"].as_f64()) {
        assert!((found.aic - aic).abs() < 0.02 && (found.bic - bic).abs() < 0.02);
    }
}

#[test]
fn the_classic_sets_as_mirt_has_them() {
    if psychometrics().is_none() {
        return;
    }
    for set in ["LSAT6", "LSAT7", "SAT12"] {
        like_mirt(set, Model::Rasch, &format!("{set}.rasch.json"));
        like_mirt(set, Model::TwoPl, &format!("{set}.2pl.json"));
    }
    for (model, name) in [(Model::Pcm, "pcm"), (Model::Gpcm, "gpcm"), (Model::Grm, "grm")] {
        like_mirt("Science", model, &format!("Science.{name}.json"));
    }
}

#[test]
fn three_parameters_with_a_prior() {
    if psychometrics().is_none() {
        return;
    }
    let reference = json("classic/SAT12.3pl_prior.json");
    let guess = GuessPrior { mean: (0.2_f64 / 0.8).ln(), sd: 0.5 };
    let options = Options { tolerance: 1e-7, guess, ..Options::new(Model::ThreePl) };
    let found = calibrate(&data("classic/SAT12.data.csv"), &options).unwrap();
    close("log-likelihood", found.log_likelihood, reference["logLik"].as_f64().unwrap(), 1e-6);
    close("log-prior", found.log_prior, reference["logPrior"].as_f64().unwrap(), 1e-5);
    for (item, wanted) in found.items.iter().zip(reference["items"].as_array().unwrap()) {
        close("a", item.a, wanted["a"].as_f64().unwrap(), 1e-3);
        close("b", item.b[0], wanted["b"].as_f64().unwrap(), 1e-3);
        close("c", item.c, wanted["g"].as_f64().unwrap(), 1e-3);
    }
}

/// Recovery of simulated truth, and the log-likelihood that the best program reaches on a dense grid.
#[test]
fn seeded_sets_are_recovered() {
    if psychometrics().is_none() {
        return;
    }
    // Log-likelihoods by R mirt re-scored on a dense grid: lower is wrong, higher is better.
    for (kind, n, k, seed, model, best) in [
        ("2pl", 1_000, 50, 1, Model::TwoPl, -27_753.928),
        ("2pl", 10_000, 120, 2, Model::TwoPl, -660_680.317),
        ("2pl", 10_000, 450, 3, Model::TwoPl, -2_413_891.48),
        ("grm", 1_000, 50, 11, Model::Grm, -53_349.001),
        ("grm", 10_000, 120, 12, Model::Grm, -1_278_531.467),
        // TAM and mirt on 241 nodes.
        ("grm", 1_000, 50, 11, Model::Pcm, -53_982.226),
    ] {
        let seeded = Seeded::new(kind, n, k, seed);
        let found = calibrate(&seeded.matrix(), &Options { tolerance: 1e-4, ..Options::new(model) }).unwrap();
        let what = format!("{model:?} {n} × {k}");
        assert!(found.converged, "{what}");
        let gap = found.log_likelihood - best;
        assert!(gap > -0.01 && gap < 0.2, "{what}: {} {best}", found.log_likelihood);
        if model == Model::Pcm {
            continue;
        }
        let rmse = |pairs: Vec<(f64, f64)>| {
            (pairs.iter().map(|(a, b)| (a - b).powi(2)).sum::<f64>() / pairs.len() as f64).sqrt()
        };
        let a = rmse(found.items.iter().zip(&seeded.a).map(|(i, a)| (i.a, *a)).collect());
        let b = rmse(found.items.iter().zip(&seeded.b).flat_map(|(i, b)| i.b.iter().copied().zip(b.clone())).collect());
        println!("{what}: RMSE of a {a:.4}, of b {b:.4}");
        let (most_a, most_b) = if n == 1_000 { (0.12, 0.14) } else { (0.036, 0.042) };
        assert!(a < most_a && b < most_b, "{what}: {a} {b}");
        let theta = rmse(found.eap.iter().copied().zip(seeded.theta.iter().copied()).collect());
        let expected = rmse(found.eap_se.iter().map(|s| (*s, 0.0)).collect());
        assert!((theta / expected - 1.0).abs() < 0.08, "{what}: θ off by {theta}, {expected} announced");
    }
    let reference = Table::read("synthetic/2pl_1000x50.rmirt_2pl_q161.csv");
    let found = calibrate(&Seeded::new("2pl", 1_000, 50, 1).matrix(), &Options::new(Model::TwoPl)).unwrap();
    let a: Vec<f64> = found.items.iter().map(|i| i.a).collect();
    let b: Vec<f64> = found.items.iter().map(|i| i.b[0]).collect();
    assert!(largest_gap(&a, &reference.column("a")) < 1e-3 && largest_gap(&b, &reference.column("b")) < 1e-3);
}

fn close(what: &str, found: f64, wanted: f64, tolerance: f64) {
    let bound = tolerance * wanted.abs().max(1.0);
    assert!((found - wanted).abs() <= bound, "{what}: {found} {wanted}");
}

/// EAP, MAP, ML, WLE of the patterns that mirt lists.
#[test]
fn abilities_of_the_classic_sets() {
    if psychometrics().is_none() {
        return;
    }
    for (set, model, name) in [
        ("LSAT6", Model::TwoPl, "2pl"),
        ("LSAT7", Model::TwoPl, "2pl"),
        ("SAT12", Model::TwoPl, "2pl"),
        ("Science", Model::Gpcm, "gpcm"),
        ("Science", Model::Grm, "grm"),
    ] {
        let found = fit(set, model);
        let table = Table::read(&format!("classic/{set}.{name}.scores.csv"));
        let questions = found.items.len();
        for (row, cells) in table.rows.iter().zip(table.numbers()) {
            let sheet: Vec<u8> = cells[..questions].iter().map(|c| *c as u8).collect();
            let at = |n: &str| cells[table.names.iter().position(|x| x == n).unwrap()];
            for (method, column) in [(Method::Map, "MAP"), (Method::Ml, "ML"), (Method::Wle, "WLE")] {
                let wanted = at(column);
                match ability(&found.items, &sheet, method) {
                    Some(a) => {
                        let what = format!("{set} {name} {column} {row:?}");
                        // Abilities far out move by much for a thousandth of a slope.
                        close(&what, a.theta, wanted, 5e-3);
                        let se = at(&format!("SE_{column}"));
                        if column != "WLE" {
                            close(&format!("{what} se"), a.se, se, 1e-2);
                        }
                    }
                    None => assert!(wanted.is_infinite(), "{set} {name} {column} {row:?}"),
                }
            }
        }
    }
}

#[test]
fn sum_scores_of_the_classic_sets() {
    if psychometrics().is_none() {
        return;
    }
    for (set, model, name) in
        [("LSAT6", Model::TwoPl, "2pl"), ("SAT12", Model::TwoPl, "2pl"), ("Science", Model::Grm, "grm")]
    {
        let found = eap_sum(&fit(set, model)).unwrap();
        let table = Table::read(&format!("classic/{set}.{name}.eapsum.csv"));
        let n = data(&format!("classic/{set}.data.csv")).candidates() as f64;
        assert!(largest_gap(&found.theta, &table.column("F1")) < 1e-3, "{set}");
        assert!(largest_gap(&found.se, &table.column("SE_F1")) < 1e-3, "{set}");
        let expected: Vec<f64> = found.share.iter().map(|s| s * n).collect();
        assert!(largest_gap(&expected, &table.column("expected")) < 0.02, "{set}");
    }
}

#[test]
fn fit_of_the_classic_sets() {
    if psychometrics().is_none() {
        return;
    }
    for (set, model, name) in [
        ("LSAT6", Model::Rasch, "rasch"),
        ("LSAT6", Model::TwoPl, "2pl"),
        ("LSAT7", Model::TwoPl, "2pl"),
        ("SAT12", Model::Rasch, "rasch"),
        ("SAT12", Model::TwoPl, "2pl"),
        ("Science", Model::Pcm, "pcm"),
        ("Science", Model::Gpcm, "gpcm"),
        ("Science", Model::Grm, "grm"),
    ] {
        let found = fit(set, model);
        let matrix = data(&format!("classic/{set}.data.csv"));
        let file = |kind: &str| Table::read(&format!("classic/{set}.{name}.{kind}.csv"));
        let eap = found.eap.clone();
        let infit = mean_squares(&found, &matrix, &eap);
        let table = file("infit");
        for (q, m) in infit.iter().enumerate() {
            let m = m.unwrap();
            for (column, value) in
                [("infit", m.infit), ("outfit", m.outfit), ("z.infit", m.infit_z), ("z.outfit", m.outfit_z)]
            {
                let what = format!("{set} {name} {column} {q}");
                close(&what, value, table.column(column)[q], 3e-3);
            }
        }
        let r = q3(&found, &matrix, &eap);
        for (row, wanted) in r.iter().zip(file("Q3").numbers()) {
            for (r, w) in row.iter().zip(wanted) {
                close(&format!("{set} {name} Q3"), r.unwrap(), w, 1e-3);
            }
        }
        let table = file("S_X2");
        let s = s_x2(&found, &matrix, 1.0).unwrap();
        for (q, s) in s.iter().enumerate() {
            let (value, df) = (table.column("S_X2")[q], table.column("df.S_X2")[q]);
            let s = s.unwrap();
            close(&format!("{set} {name} S-X² {q}"), s.value, value, 1e-3);
            assert_eq!(s.df as f64, df, "{set} {name} S-X² {q}");
        }
        if set != "Science" {
            let table = file("M2");
            let m = m2(&found, &matrix).unwrap();
            let at = |column: &str| table.column(column)[0];
            close(&format!("{set} {name} M2"), m.m2.value, at("M2"), 1e-4);
            assert_eq!(m.m2.df as f64, at("df"));
            close("RMSEA", m.m2.rmsea, at("RMSEA"), 1e-5);
            close("SRMSR", m.srmsr, at("SRMSR"), 1e-5);
            // The non-central law is approximated.
            close("RMSEA 5", m.rmsea_interval.0, at("RMSEA_5"), 5e-4);
            close("RMSEA 95", m.rmsea_interval.1, at("RMSEA_95"), 5e-4);
        }
    }
}
