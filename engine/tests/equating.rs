//! Equating against R equate, equateIRT, sirt, STUIRT and POLYEQUATE (read in place), and its laws.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::reference::{self, Table, json, largest_gap};
use docimo_engine::docimology::NotEstimable;
use docimo_engine::docimology::equating::loglinear::{Criterion, best_log_linear};
use docimo_engine::docimology::equating::*;
use docimo_engine::docimology::irt::{ItemParameters, Model};
use docimo_engine::docimology::numeric::Draws;
use proptest::prelude::*;
use serde_json::Value;

fn act_math() -> (Distribution, Distribution) {
    let table = Table::read("equating/ACTmath.data.csv");
    let scale = ScoreScale::new(0.0, 40.0, 1.0).unwrap();
    let of = |name: &str| Distribution::new(scale, table.column(name)).unwrap();
    (of("xcount"), of("ycount"))
}

fn kb_neat() -> (Bivariate, Bivariate) {
    let total = ScoreScale::new(0.0, 36.0, 1.0).unwrap();
    let anchor = ScoreScale::new(0.0, 12.0, 1.0).unwrap();
    let of = |file: &str| {
        let table = Table::read(file);
        Bivariate::from_scores(total, anchor, &table.column("total"), &table.column("anchor")).unwrap()
    };
    (of("equating/KBneat.x.csv"), of("equating/KBneat.y.csv"))
}

/// R equate 2.0.8, equivalent groups: deviations with n − 1, K & B percentile ranks (which it rounds at ten digits).
#[test]
fn equivalent_groups_as_r_equate() {
    if reference::psychometrics().is_none() {
        return;
    }
    let (x, y) = act_math();
    let wanted = Table::read("equating/ACTmath.equate_EG.csv");
    let cases = [
        (Method::Mean, "mean", Smoothing::None, 1e-9),
        (Method::Linear, "linear", Smoothing::None, 1e-9),
        (Method::Equipercentile, "equipercentile", Smoothing::None, 1e-7),
        (Method::CircleArc, "circle-arc", Smoothing::None, 1e-9),
        (Method::Equipercentile, "equi_loglin6", Smoothing::Degree(6), 1e-6),
    ];
    for (method, column, smoothing, tolerance) in cases {
        let found = equivalent_groups(&x, &y, method, smoothing).unwrap();
        assert_eq!(found.scale, wanted.column("scale"));
        // Where a smoothed tail holds 4e-5 of the candidates, ten digits of rank are 1e-6 of a point.
        let gaps: Vec<f64> = found.equated.iter().zip(wanted.column(column)).map(|(f, w)| (f - w).abs()).collect();
        println!("{column}: {:e} then {:e}", gaps[0], largest_gap(&gaps[1..], &[0.0; 40]));
        assert!(gaps[0] < 2e-6 && gaps[1..].iter().all(|g| *g < tolerance), "{column}: {gaps:?}");
    }
}

/// R equate 2.0.8, presmoothing of degree 6 (R glm stops at a relative deviance change of 1e-8).
#[test]
fn log_linear_as_r_equate() {
    if reference::psychometrics().is_none() {
        return;
    }
    let (x, y) = act_math();
    let wanted = Table::read("equating/ACTmath.loglin6.csv");
    for (data, column) in [(&x, "loglin6_x"), (&y, "loglin6_y")] {
        let fit = log_linear(data, 6).unwrap();
        let gap = largest_gap(fit.fitted.counts(), &wanted.column(column));
        println!("{column}: {gap:e}");
        assert!(gap < 1e-5, "{column}: {gap:e}");
        assert_eq!(fit.df, 34);
    }
}

/// R equate 2.0.8, NEAT: Tucker and Levine with weight ½ (Levine observed score, internal anchor, n − 1). Its
/// frequency estimation weighs counts, not shares: at ½ that is the weight n(X)/(n(X) + n(Y)).
#[test]
fn anchor_groups_as_r_equate() {
    if reference::psychometrics().is_none() {
        return;
    }
    let (x, y) = kb_neat();
    let wanted = Table::read("equating/KBneat.equate_NEAT.csv");
    let half = Weight::Given(0.5);
    let cases = [
        (Method::TuckerMean, "mean_tucker", half, 1e-9),
        (Method::TuckerLinear, "linear_tucker", half, 1e-9),
        (Method::LevineLinear, "linear_levine", half, 1e-9),
        (Method::ChainedLinear, "linear_chained", half, 1e-9),
        (Method::BraunHolland, "linear_braunholland", Weight::Proportional, 1e-9),
        (Method::FrequencyEstimation, "equipercentile_frequencyestimation", Weight::Proportional, 1e-7),
        (Method::ChainedEquipercentile, "equipercentile_chained", half, 1e-6),
    ];
    for (method, column, weight, tolerance) in cases {
        let found = anchor_groups(&x, &y, method, AnchorOptions { weight, ..AnchorOptions::default() }).unwrap();
        assert_eq!(found.scale, wanted.column("scale"));
        let gap = largest_gap(&found.equated, &wanted.column(column));
        println!("{column}: {gap:e}");
        assert!(gap < tolerance, "{column}: {gap:e}");
    }
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

/// Rows [a, b, c] in the metric D, as logistic slopes.
fn three_pl(rows: &Value, d: f64) -> Vec<ItemParameters> {
    let of = |row: &Value| {
        let row = numbers(row);
        ItemParameters::three_pl(d * row[0], row[1], row[2])
    };
    rows.as_array().unwrap().iter().map(of).collect()
}

fn number(value: &Value, path: [&str; 2]) -> f64 {
    value[path[0]][path[1]].as_f64().unwrap()
}

/// STUIRT example 1: symmetric standardised criteria, D = 1.7. Tolerances are those of the file; its mean/mean and
/// mean/sigma have six decimals.
#[test]
fn links_as_stuirt() {
    if reference::psychometrics().is_none() {
        return;
    }
    let file = json("equating/linking_3pl_stuirt.json");
    let (x, y) = (three_pl(&file["X"], 1.7), three_pl(&file["Y"], 1.7));
    let common: Vec<_> = x.into_iter().zip(y).collect();
    let theta = numbers(&file["theta"]);
    let points = |name: &str| theta.iter().copied().zip(numbers(&file[name])).collect::<Vec<_>>();
    let options = LinkOptions {
        shift_only: false,
        symmetric: true,
        from_points: points("x_density"),
        to_points: points("y_density"),
    };
    let cases = [
        (LinkMethod::MeanMean, "mean_mean", 1e-6),
        (LinkMethod::MeanSigma, "mean_sigma", 1e-6),
        (LinkMethod::Haebara, "haebara", 1e-4),
        (LinkMethod::StockingLord, "stocking_lord", 1e-6),
    ];
    for (method, name, tolerance) in cases {
        let found = link(&common, method, &options).unwrap();
        let gaps = [found.slope - number(&file, [name, "A"]), found.shift - number(&file, [name, "B"])];
        println!("{name}: {gaps:?} {:?}", found.criterion);
        assert!(gaps.iter().all(|g| g.abs() < tolerance), "{name}: {gaps:?}");
        if let Some(criterion) = found.criterion {
            assert!((criterion - number(&file, [name, "objective"])).abs() < 1e-6, "{name}: {criterion}");
        }
    }
}

/// sirt equating.rasch at −4 (0.05) 4, to the 1e-4 of the file (R optimize stops at 1.2e-4).
#[test]
fn shifts_as_sirt() {
    if reference::psychometrics().is_none() {
        return;
    }
    let file = json("equating/linking_rasch_sirt.json");
    let rasch = |b: f64| ItemParameters { model: Model::Rasch, ..ItemParameters::two_pl(1.0, b) };
    let common: Vec<_> =
        numbers(&file["bX"]).into_iter().zip(numbers(&file["bY"])).map(|(x, y)| (rasch(x), rasch(y))).collect();
    let points: Vec<_> = (0..=160).map(|i| (-4.0 + 0.05 * f64::from(i), 1.0)).collect();
    let options = LinkOptions { shift_only: true, symmetric: true, from_points: points.clone(), to_points: points };
    let cases = [
        (LinkMethod::MeanMean, "mean_mean_B", 1e-6),
        (LinkMethod::Haebara, "haebara_B", 1e-4),
        (LinkMethod::StockingLord, "stocking_lord_B", 1e-4),
    ];
    for (method, name, tolerance) in cases {
        let found = link(&common, method, &options).unwrap();
        let gap = found.shift - file[name].as_f64().unwrap();
        println!("{name}: {gap:e}");
        assert!(gap.abs() < tolerance && found.slope == 1.0, "{name}: {gap:e}");
    }
}

struct Est3pl {
    test1: Vec<ItemParameters>,
    test2: Vec<ItemParameters>,
    file: Value,
}

/// equateIRT's est3pl: logit of c, intercept, slope; the first ten questions of both tests are the same.
fn est3pl() -> Est3pl {
    let file = json("equating/equateIRT_est3pl.json");
    let of = |name: &str| {
        let item = |row: &Value| {
            let row = numbers(row);
            ItemParameters::three_pl(row[2], -row[1] / row[2], 1.0 / (1.0 + (-row[0]).exp()))
        };
        file[name]["val"].as_array().unwrap().iter().map(item).collect()
    };
    Est3pl { test1: of("test1"), test2: of("test2"), file: file.clone() }
}

fn scored(items: &[ItemParameters]) -> Vec<ScoredItem> {
    items.iter().cloned().map(ScoredItem::by_category).collect()
}

/// R equateIRT 2.5.1: one-way criteria at 30 Gauss-Hermite nodes, the slope of the transformation by `nlminb`.
#[test]
fn links_as_equate_irt() {
    if reference::psychometrics().is_none() {
        return;
    }
    let data = est3pl();
    let common: Vec<_> = data.test1[..10].iter().cloned().zip(data.test2[..10].iter().cloned()).collect();
    let points = normal_population(30);
    let options = LinkOptions { shift_only: false, symmetric: false, from_points: points.clone(), to_points: points };
    let cases = [
        (LinkMethod::MeanMean, "mean-mean", 1e-9),
        (LinkMethod::MeanGeometricMean, "mean-gmean", 1e-9),
        (LinkMethod::MeanSigma, "mean-sigma", 1e-9),
        (LinkMethod::Haebara, "Haebara", 1e-6),
        (LinkMethod::StockingLord, "Stocking-Lord", 1e-6),
    ];
    for (method, name, tolerance) in cases {
        let found = link(&common, method, &options).unwrap();
        let wanted = &data.file["methods"];
        let gaps = [found.slope - number(wanted, [name, "A"]), found.shift - number(wanted, [name, "B"])];
        println!("{name}: {gaps:?}");
        assert!(gaps.iter().all(|g| g.abs() < tolerance), "{name}: {gaps:?}");
    }
}

/// R equateIRT 2.5.1, after its Stocking-Lord link: test 1 on the scale of test 2. It solves for abilities to 1e-6
/// and gives no score under the sum of the lower asymptotes.
#[test]
fn scores_as_equate_irt() {
    if reference::psychometrics().is_none() {
        return;
    }
    let data = est3pl();
    let linked = &data.file["methods"];
    let (a, b) = (number(linked, ["Stocking-Lord", "A"]), number(linked, ["Stocking-Lord", "B"]));
    let moved: Vec<_> = data.test1.iter().map(|i| i.rescaled(a, b)).collect();
    let (from, to) = (scored(&data.test2), scored(&moved));

    let wanted = Table::read("equating/equateIRT_est3pl.TSE.csv");
    let (found, abilities) = true_score(&from, &to, 1.0).unwrap();
    let given = wanted.column("test2").iter().map(|s| *s as usize).collect::<Vec<_>>();
    assert_eq!(given, (5..=20).collect::<Vec<_>>());
    let gap = largest_gap(&found.equated[5..], &wanted.column("test1.as.test2"));
    println!("true score: {gap:e}");
    assert!(gap < 1e-8, "{gap:e}");
    let thetas: Vec<f64> = abilities[5..20].iter().map(|t| t.unwrap()).collect();
    assert!(largest_gap(&thetas, &wanted.column("theta")[..15]) < 1e-6);

    // Half test 2's population, half test 1's.
    let nodes = normal_population(30);
    let population: Vec<_> = nodes.iter().copied().chain(nodes.iter().map(|(t, w)| (a * t + b, *w))).collect();
    let wanted = Table::read("equating/equateIRT_est3pl.OSE.csv");
    let found = observed_score(&from, &to, 1.0, &population).unwrap();
    assert_eq!(found.scale, wanted.column("test2"));
    let gap = largest_gap(&found.equated, &wanted.column("test1.as.test2"));
    println!("observed score: {gap:e}");
    assert!(gap < 1e-8, "{gap:e}");
}

/// POLYEQUATE, 36 questions in the 3PL: true scores, below the sum of the lower asymptotes too. Six decimals, and
/// 1e-5 by the file.
#[test]
fn true_scores_as_polyequate() {
    if reference::psychometrics().is_none() {
        return;
    }
    let file = json("equating/true_score_3pl_polyequate.json");
    let (x, y) = (scored(&three_pl(&file["X"], 1.7)), scored(&three_pl(&file["Y"], 1.7)));
    let (found, abilities) = true_score(&x, &y, 1.0).unwrap();
    let gap = largest_gap(&found.equated, &numbers(&file["y_equivalent_of_x_0_to_36"]));
    println!("polyequate: {gap:e}");
    assert!(gap < 1e-5, "{gap:e}");
    let mut furthest = 0.0_f64;
    for (ability, wanted) in abilities.iter().zip(file["theta_of_x"].as_array().unwrap()) {
        assert_eq!(ability.is_some(), wanted.is_number());
        if let (Some(found), Some(wanted)) = (ability, wanted.as_f64()) {
            furthest = furthest.max((found - wanted).abs());
        }
    }
    println!("polyequate theta: {furthest:e}");
    assert!(furthest < 1e-5, "{furthest:e}");
}

/// Formulae and resampling say the same where scores are common (1,000 samples: a standard error to 2 % or so).
#[test]
fn standard_errors_agree() {
    if reference::psychometrics().is_none() {
        return;
    }
    let (x, y) = act_math();
    for method in [Method::Mean, Method::Linear, Method::Equipercentile] {
        let formula = analytic_se(&x, &y, method).unwrap();
        let sampled = bootstrap_groups(&x, &y, method, Smoothing::None, 1000, 7).unwrap().se.unwrap();
        for score in 8..=35 {
            let ratio = sampled[score] / formula[score].unwrap();
            assert!((ratio - 1.0).abs() < 0.15, "{method:?} at {score}: {ratio}");
        }
    }
    // Smoothing takes noise away.
    let rough = bootstrap_groups(&x, &y, Method::Equipercentile, Smoothing::None, 200, 7).unwrap();
    let smooth = bootstrap_groups(&x, &y, Method::Equipercentile, Smoothing::Degree(6), 200, 7).unwrap();
    let mean = |c: &Conversion| c.se.as_ref().unwrap()[5..36].iter().sum::<f64>();
    assert!(mean(&smooth) < mean(&rough));
}

#[test]
fn every_anchor_method_has_a_standard_error() {
    if reference::psychometrics().is_none() {
        return;
    }
    let (x, y) = kb_neat();
    for method in Method::ALL.into_iter().filter(|m| m.needs_anchor()).take(9) {
        let one = bootstrap_anchor(&x, &y, method, AnchorOptions::default(), 50, 3).unwrap();
        assert_eq!(one, bootstrap_anchor(&x, &y, method, AnchorOptions::default(), 50, 3).unwrap());
        let se = one.se.unwrap();
        assert!(se[10..30].iter().all(|s| *s > 0.02 && *s < 1.0), "{method:?}: {se:?}");
    }
}

/// Holland and Thayer: as many moments kept as the degree. The criteria choose a degree that their value shows.
#[test]
fn log_linear_keeps_moments() {
    if reference::psychometrics().is_none() {
        return;
    }
    let (x, _) = act_math();
    let moment = |d: &Distribution, k: i32| {
        d.counts().iter().enumerate().map(|(i, c)| c * (i as f64 / 40.0).powi(k)).sum::<f64>()
    };
    for degree in 1..=10 {
        let fit = log_linear(&x, degree).unwrap();
        for k in 0..=degree as i32 {
            assert!((moment(&fit.fitted, k) / moment(&x, k) - 1.0).abs() < 1e-9, "degree {degree}, moment {k}");
        }
    }
    for by in [Criterion::Aic, Criterion::Bic] {
        let value = |f: &LogLinear| if by == Criterion::Aic { f.aic } else { f.bic };
        let best = best_log_linear(&x, 10, by).unwrap();
        assert!((1..=10).all(|d| value(&log_linear(&x, d).unwrap()) >= value(&best)));
    }
    assert!(
        best_log_linear(&x, 10, Criterion::Bic).unwrap().degree
            <= best_log_linear(&x, 10, Criterion::Aic).unwrap().degree
    );
}

/// The jackknife of a mean is its textbook standard error, and a link resampled is a link seeded.
#[test]
fn jackknife_of_a_shift() {
    let differences = [0.1, -0.2, 0.3, 0.0, 0.25, -0.05];
    let common: Vec<_> = differences
        .iter()
        .enumerate()
        .map(|(i, d)| (ItemParameters::two_pl(1.0, i as f64 - 2.0), ItemParameters::two_pl(1.0, i as f64 - 2.0 + d)))
        .collect();
    let options = LinkOptions { shift_only: true, ..LinkOptions::default() };
    let found = link_with_se(&common, LinkMethod::MeanMean, &options, Resampling::Jackknife).unwrap();
    let n = differences.len() as f64;
    let mean = differences.iter().sum::<f64>() / n;
    let variance = differences.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let (slope, shift) = found.se.unwrap();
    assert_eq!(slope, 0.0);
    assert!((shift - (variance / n).sqrt()).abs() < 1e-12);
    let sampled = Resampling::Bootstrap { replicates: 2000, seed: 1 };
    let again = link_with_se(&common, LinkMethod::MeanMean, &options, sampled).unwrap().se.unwrap().1;
    assert!((again / (variance * (n - 1.0) / (n * n)).sqrt() - 1.0).abs() < 0.06);
}

/// The ability scale is a convention: linking X to Y or Y to X gives the same true scores.
#[test]
fn equating_does_not_depend_on_the_scale_of_ability() {
    let (mut x, mut y) = (Vec::new(), Vec::new());
    for i in 0..30 {
        let (a, b) = (0.8 + 0.02 * f64::from(i), 0.13 * f64::from(i) - 2.0);
        x.push(ItemParameters::three_pl(a, b, 0.2));
        y.push(ItemParameters::three_pl(a * 1.1, 0.9 * b + 0.3 + 0.05 * f64::from(i % 3), 0.15));
    }
    let (sx, sy) = (scored(&x), scored(&y));
    let common: Vec<_> = (0..12).map(|i| (2 * i, 2 * i)).collect();
    let options = LinkOptions::default();
    for method in [LinkMethod::MeanSigma, LinkMethod::Haebara, LinkMethod::StockingLord] {
        let found =
            irt_equate(&sx, &sy, &common, method, &options, &IrtScore::True, 1.0, Some(Resampling::Jackknife)).unwrap();
        assert!(found.conversion.se.as_ref().unwrap().iter().all(|s| s.is_finite()));
        let back: Vec<_> = common.iter().map(|(i, j)| (y[*j].clone(), x[*i].clone())).collect();
        let back = link(&back, method, &options).unwrap();
        assert!((back.slope * found.link.slope - 1.0).abs() < 1e-7, "{method:?}");
        let moved: Vec<_> = y.iter().map(|i| back.apply(i)).collect();
        let there = true_score(&sx, &scored(&moved), 1.0).unwrap().0;
        assert!(largest_gap(&there.equated, &found.conversion.equated) < 1e-6, "{method:?}");
    }
    let observed = IrtScore::Observed(normal_population(41));
    let found = irt_equate(&sx, &sy, &common, LinkMethod::StockingLord, &options, &observed, 1.0, None).unwrap();
    let exact = irt_equate(&sx, &sy, &common, LinkMethod::StockingLord, &options, &IrtScore::True, 1.0, None).unwrap();
    assert!(largest_gap(&found.conversion.equated[10..28], &exact.conversion.equated[10..28]) < 0.3);
}

/// Partial credit of this field: 0, 0.2, 0.5 and 1 on a scale of tenths.
#[test]
fn partial_credit_scores() {
    let item = |i: u32| ScoredItem {
        parameters: ItemParameters {
            model: Model::Grm,
            a: 1.0 + 0.02 * f64::from(i),
            b: vec![-1.5 + 0.1 * f64::from(i), -0.6 + 0.1 * f64::from(i), 0.4 + 0.1 * f64::from(i)],
            c: 0.0,
        },
        scores: vec![0.0, 0.2, 0.5, 1.0],
    };
    let x: Vec<_> = (0..20).map(item).collect();
    let population = normal_population(31);
    let predicted = score_distribution(&x, 0.1, &population).unwrap();
    let mean: f64 =
        population.iter().map(|(t, w)| w * x.iter().map(|i| i.parameters.expected(*t, &i.scores)).sum::<f64>()).sum();
    assert!((predicted.mean() - mean).abs() < 1e-9 && (predicted.n() - 1.0).abs() < 1e-12);
    for found in [true_score(&x, &x, 0.1).unwrap().0, observed_score(&x, &x, 0.1, &population).unwrap()] {
        // No sum of points makes 0.1: observed-score equating puts what no one has in the middle of its gap.
        let reachable: Vec<usize> = (0..=200).filter(|i| predicted.counts()[*i] > 0.0).collect();
        assert!(reachable.len() > 180 && !reachable.contains(&1));
        for i in reachable {
            assert!((found.equated[i] - found.scale[i]).abs() < 1e-6, "{:?} at {i}", found.method);
        }
    }
    assert!(score_distribution(&x, 0.25, &population).is_err());
}

/// A long exam keeps its tails: shares of 1e-100 and less are equated as the others.
#[test]
fn long_exams_keep_their_tails() {
    let x: Vec<_> = (0..450).map(|i| ItemParameters::two_pl(1.0, f64::from(i % 9) * 0.5 - 2.0)).collect();
    let found = observed_score(&scored(&x), &scored(&x), 1.0, &normal_population(41)).unwrap();
    assert!(largest_gap(&found.equated, &found.scale) < 1e-6);
}

#[test]
fn too_little_is_said_in_french() {
    let scale = ScoreScale::new(0.0, 20.0, 1.0).unwrap();
    let few = Distribution::from_scores(scale, &[3.0, 4.0]).unwrap();
    let error = equivalent_groups(&few, &few, Method::Linear, Smoothing::None).unwrap_err();
    assert_eq!(error.to_string(), "équivalence des notes : 2 candidats, il en faut au moins 10");
    let same = Distribution::from_scores(scale, &[4.0; 20]).unwrap();
    let error = equivalent_groups(&same, &same, Method::Linear, Smoothing::None).unwrap_err();
    assert!(matches!(error, NotEstimable::NoVariance { .. }));
    assert!(analytic_se(&same, &same, Method::Linear).is_err());
    let error = Distribution::from_scores(scale, &[20.6]).unwrap_err();
    assert_eq!(error.to_string(), "équivalence des notes : la note 20,6 sort de l’échelle 0 à 20");
    assert!(equivalent_groups(&same, &same, Method::TuckerLinear, Smoothing::None).is_err());
    assert!(log_linear(&same, 1).is_err());
    assert!(ScoreScale::new(0.0, 1.0, 0.3).is_err());
    assert!(ScoreScale::new(0.0, f64::NAN, 1.0).is_err());
    let one = vec![(ItemParameters::two_pl(1.0, 0.0), ItemParameters::two_pl(1.0, 0.0))];
    let error = link(&one, LinkMethod::MeanSigma, &LinkOptions::default()).unwrap_err();
    assert!(error.to_string().contains("1 question, il en faut au moins 2"));
    let still = vec![one[0].clone(), one[0].clone()];
    assert!(link(&still, LinkMethod::MeanSigma, &LinkOptions::default()).is_err());
    assert!(true_score(&[], &[], 1.0).is_err());
    for method in Method::ALL {
        assert!(!method.french().contains('\''));
    }
}

/// Scores of 40 to 200 candidates at a form of 20 points, 8 of them at common questions; every score is taken.
fn candidates(seed: u64, n: usize, lift: f64) -> (Vec<f64>, Vec<f64>) {
    let draws = Draws::new(seed, 0);
    let mut pairs: Vec<(f64, f64)> = (0..n as u64)
        .map(|i| {
            let ability = draws.normal(3 * i) + lift;
            let own = (6.0 + 2.5 * ability + draws.normal(3 * i + 1)).round().clamp(0.0, 12.0);
            let anchor = (4.0 + 1.7 * ability + draws.normal(3 * i + 2)).round().clamp(0.0, 8.0);
            (own + anchor, anchor)
        })
        .collect();
    pairs.extend((0..=20).map(|t| (f64::from(t), f64::from((t * 2 / 5).min(8)))));
    pairs.into_iter().unzip()
}

fn group(seed: u64, n: usize, lift: f64, unit: f64, from: f64) -> Bivariate {
    let (totals, anchors) = candidates(seed, n, lift);
    let moved: Vec<f64> = totals.iter().map(|t| unit * t + from).collect();
    let anchors: Vec<f64> = anchors.iter().map(|a| unit * a).collect();
    let total = ScoreScale::new(from, 20.0 * unit + from, unit).unwrap();
    Bivariate::from_scores(total, ScoreScale::new(0.0, 8.0 * unit, unit).unwrap(), &moved, &anchors).unwrap()
}

const OF_GROUPS: [Method; 5] =
    [Method::Identity, Method::Mean, Method::Linear, Method::Equipercentile, Method::CircleArc];
const OF_ANCHOR: [Method; 9] = [
    Method::TuckerMean,
    Method::TuckerLinear,
    Method::LevineMean,
    Method::LevineLinear,
    Method::ChainedMean,
    Method::ChainedLinear,
    Method::BraunHolland,
    Method::FrequencyEstimation,
    Method::ChainedEquipercentile,
];

fn both(x: &Bivariate, y: &Bivariate) -> Vec<(Method, Vec<f64>)> {
    let of_groups = OF_GROUPS
        .into_iter()
        .map(|m| (m, equivalent_groups(&x.totals(), &y.totals(), m, Smoothing::None).unwrap().equated));
    let of_anchor = [Anchor::Internal, Anchor::External].into_iter().flat_map(|anchor| {
        let options = AnchorOptions { anchor, ..AnchorOptions::default() };
        OF_ANCHOR.into_iter().map(move |m| (m, anchor_groups(x, y, m, options).unwrap().equated))
    });
    of_groups.chain(of_anchor).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_form_equated_to_itself_is_itself(seed in any::<u64>(), n in 40_usize..200) {
        let x = group(seed, n, 0.0, 1.0, 0.0);
        for (method, equated) in both(&x, &x) {
            prop_assert!(largest_gap(&equated, &x.total_scale().values()) < 1e-9, "{:?}", method);
        }
    }

    #[test]
    fn order_of_candidates_is_indifferent(seed in any::<u64>(), n in 40_usize..200, turn in 1_usize..60) {
        let (totals, anchors) = candidates(seed, n, 0.0);
        let turned = |v: &[f64]| { let mut v = v.to_vec(); v.rotate_left(turn); v.reverse(); v };
        let x = group(seed, n, 0.0, 1.0, 0.0);
        let again = Bivariate::from_scores(
            *x.total_scale(), *x.anchor_scale(), &turned(&totals), &turned(&anchors)).unwrap();
        prop_assert_eq!(&again, &x);
        let y = group(seed ^ 1, n, 0.3, 1.0, 0.0);
        prop_assert_eq!(both(&x, &y), both(&again, &y));
    }

    #[test]
    fn another_unit_changes_nothing_else(
        seed in any::<u64>(), n in 40_usize..200, unit in 0.1_f64..5.0, from in -9.0_f64..9.0,
    ) {
        let (x, y) = (group(seed, n, 0.0, 1.0, 0.0), group(seed ^ 1, n, 0.3, 1.0, 0.0));
        let (tx, ty) = (group(seed, n, 0.0, unit, from), group(seed ^ 1, n, 0.3, unit, from));
        for ((method, plain), (_, moved)) in both(&x, &y).into_iter().zip(both(&tx, &ty)) {
            let wanted: Vec<f64> = plain.iter().map(|s| unit * s + from).collect();
            prop_assert!(largest_gap(&moved, &wanted) < 1e-7, "{:?}", method);
        }
    }

    #[test]
    fn equipercentile_is_symmetric(seed in any::<u64>(), n in 40_usize..200) {
        let (x, y) = (group(seed, n, 0.0, 1.0, 0.0).totals(), group(seed ^ 1, n, 0.4, 1.0, 0.0).totals());
        let there = equivalent_groups(&x, &y, Method::Equipercentile, Smoothing::None).unwrap();
        for (score, worth) in there.scale.iter().zip(&there.equated) {
            prop_assert!((y.percentile_rank(*worth) - x.percentile_rank(*score)).abs() < 1e-9);
            prop_assert!((x.score_at(y.percentile_rank(*worth)) - score).abs() < 1e-7);
        }
        prop_assert!(there.equated.windows(2).all(|w| w[0] < w[1]));
    }

    #[test]
    fn a_stretched_scale_is_found_again(
        seed in any::<u64>(), slope in 0.6_f64..1.6, shift in -1.0_f64..1.0, symmetric in any::<bool>(),
    ) {
        let draws = Draws::new(seed, 1);
        let item = |i: u64| {
            let (a, b) = (0.7 + draws.uniform(4 * i), draws.normal(4 * i + 1));
            match i % 4 {
                0 => ItemParameters::two_pl(a, b),
                1 => ItemParameters::three_pl(a, b, 0.2 * draws.uniform(4 * i + 2)),
                2 => ItemParameters { model: Model::Gpcm, a, b: vec![b, b + 0.4, b - 0.2], c: 0.0 },
                _ => ItemParameters { model: Model::Grm, a, b: vec![b - 1.0, b, b + 0.7], c: 0.0 },
            }
        };
        let common: Vec<_> = (0..12).map(item).map(|from| (from.clone(), from.rescaled(slope, shift))).collect();
        let options = LinkOptions { symmetric, ..LinkOptions::default() };
        for method in LinkMethod::ALL {
            let found = link(&common, method, &options).unwrap();
            prop_assert!((found.slope - slope).abs() < 1e-6 && (found.shift - shift).abs() < 1e-6, "{:?}", found);
        }
        let items = scored(&common.iter().map(|c| c.0.clone()).collect::<Vec<_>>());
        let found = true_score(&items, &items, 1.0).unwrap().0;
        prop_assert!(largest_gap(&found.equated, &found.scale) < 1e-8);
        let found = observed_score(&items, &items, 1.0, &normal_population(21)).unwrap();
        prop_assert!(largest_gap(&found.equated, &found.scale) < 1e-8);
    }
}

/// A question that the weak do better counts in the total: it is let in while the total rises, and refused where it
/// does not.
#[test]
fn a_negative_slope_is_let_in_while_the_total_rises() {
    let item = |a: f64, b: f64| ScoredItem::by_category(ItemParameters::two_pl(a, b));
    let upright = |shift: f64| (0..20).map(move |i| item(1.2, 0.2 * f64::from(i) - 2.0 + shift));
    let x: Vec<ScoredItem> = upright(0.3).chain([item(-0.3, 0.5)]).collect();
    let y: Vec<ScoredItem> = upright(0.0).chain([item(0.8, 0.0)]).collect();
    let (found, abilities) = true_score(&x, &y, 0.5).unwrap();
    assert!(found.equated.windows(2).all(|w| w[0] <= w[1]), "{:?}", found.equated);
    assert_eq!((found.equated[0], found.equated[found.equated.len() - 1]), (0.0, 21.0));
    let sum = |items: &[ScoredItem], theta: f64| -> f64 {
        items.iter().map(|i| i.parameters.expected(theta, &i.scores)).sum()
    };
    let known: Vec<usize> = (0..abilities.len()).filter(|i| abilities[*i].is_some()).collect();
    assert!(known.len() > 25);
    for i in known {
        let theta = abilities[i].unwrap();
        assert!((sum(&x, theta) - found.scale[i]).abs() < 1e-9 && theta.abs() <= 4.0 + 1e-9);
        assert!((sum(&y, theta) - found.equated[i]).abs() < 1e-9);
    }
    // An exam against itself is itself, whatever its questions.
    let (same, abilities) = true_score(&x, &x, 0.5).unwrap();
    for i in (0..abilities.len()).filter(|i| abilities[*i].is_some()) {
        assert!((same.equated[i] - same.scale[i]).abs() < 1e-9);
    }
    let backwards: Vec<ScoredItem> = upright(0.0).take(3).chain((0..6).map(|_| item(-1.5, 0.0))).collect();
    assert!(true_score(&backwards, &y, 1.0).unwrap_err().to_string().contains("ne croît pas"));
    assert!(true_score(&[item(0.0, 0.0)], &y, 1.0).is_err());
}

/// The chain is smoothed margin by margin, and its standard errors are those of a smoother curve.
#[test]
fn a_chain_is_smoothed_by_its_margins() {
    if reference::psychometrics().is_none() {
        return;
    }
    let (x, y) = kb_neat();
    let smooth = AnchorOptions { smoothing: Smoothing::Degree(4), ..AnchorOptions::default() };
    let method = Method::ChainedEquipercentile;
    let found = bootstrap_anchor(&x, &y, method, smooth, 60, 5).unwrap();
    let raw = bootstrap_anchor(&x, &y, method, AnchorOptions::default(), 60, 5).unwrap();
    assert_eq!(found.equated, anchor_groups(&x, &y, method, smooth).unwrap().equated);
    // By hand: the same four distributions, smoothed, one after the other.
    let margin = |of: Distribution| Smoothing::Degree(4).apply(&of).unwrap();
    let [tx, ax, ay, ty] = [x.totals(), x.anchors(), y.anchors(), y.totals()].map(margin);
    for (score, equated) in found.scale.iter().zip(&found.equated) {
        let at_anchor = ax.score_at(tx.percentile_rank(*score));
        let by_hand = ty.score_at(ay.percentile_rank(at_anchor));
        assert!((by_hand - equated).abs() < 1e-6, "{score}: {by_hand} {equated}");
    }
    let bumps = |c: &Conversion| c.equated[6..31].windows(3).map(|w| (w[0] - 2.0 * w[1] + w[2]).abs()).sum::<f64>();
    assert!(bumps(&found) < 0.5 * bumps(&raw), "{} {}", bumps(&found), bumps(&raw));
    let best = AnchorOptions { smoothing: Smoothing::Best(6, Criterion::Bic), ..AnchorOptions::default() };
    assert!(bootstrap_anchor(&x, &y, method, best, 20, 5).unwrap().se.unwrap().iter().all(|s| s.is_finite()));
}
