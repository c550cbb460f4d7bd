//! Thresholds, panels and decisions: published examples, arithmetic by hand, simulation with a seed, laws.
#![allow(clippy::unwrap_used, reason = "a test stops at the first thing that is not there")]

use docimo_engine::docimology::NotEstimable;
use docimo_engine::docimology::classification::{
    self, Fit, Scale, TrueScores, beta_binomial, common_unit, equal_weights, lee, livingston_lewis, probability_above,
    probability_above_regressed, score_distribution,
};
use docimo_engine::docimology::irt::{ItemParameters, Model};
use docimo_engine::docimology::numeric::{Draws, normal_cdf, normal_quantile};
use docimo_engine::docimology::panel::{self, Flag, Panel, PanelSize, Rules, Votes, agreement_with};
use docimo_engine::docimology::standards::{
    BookmarkOptions, Centre, CohenOptions, EbelJudge, HofsteeJudge, HofsteeOutcome, Method, Ratings, Reading, Round,
    angoff, bookmark, borderline_group, borderline_regression, cohen, cohen_multiplier, consistency,
    contrasting_groups, ebel, extended_angoff, hofstee, impact, intraclass, modified_angoff, nedelsky, ordered_booklet,
    stations, yes_no_angoff,
};
use proptest::prelude::*;

fn near(what: &str, found: f64, wanted: f64, tolerance: f64) {
    assert!((found - wanted).abs() <= tolerance, "{what}: {found} {wanted}");
}

fn full(rows: &[&[f64]]) -> Ratings {
    Ratings::new(rows.iter().map(|r| r.iter().copied().map(Some).collect()).collect()).unwrap()
}

/// The message, which must be French typography.
fn refused<T: std::fmt::Debug>(result: Result<T, NotEstimable>) -> String {
    let text = result.unwrap_err().to_string();
    assert!(!text.contains('\'') && !text.contains("NaN") && !text.contains("inf"), "{text}");
    text
}

/// Nothing in an output is NaN or infinite. Looked for in the debug form: JSON writes them as it writes `None`.
fn all_numbers<T: std::fmt::Debug>(value: &T) {
    let text = format!("{value:?}");
    assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
}

// Agreement.

#[test]
fn intraclass_correlations_of_shrout_and_fleiss() {
    // Shrout and Fleiss (1979), table 2 (six targets, four judges), and tables 3 and 4.
    let targets: Vec<Vec<f64>> = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
        .iter()
        .map(|t| t.map(f64::from).to_vec())
        .collect();
    let found = intraclass(&targets).unwrap();
    near("ICC(2,1)", found.single.unwrap(), 0.29, 5e-3);
    near("ICC(2,4)", found.average.unwrap(), 0.62, 5e-3);
    near("ICC(3,1)", found.consistency_single.unwrap(), 0.71, 5e-3);
    near("ICC(3,4)", found.consistency_average.unwrap(), 0.91, 5e-3);
    for (found, published) in found.mean_squares.iter().zip([11.24, 32.49, 1.02]) {
        near("mean square", *found, published, 5e-3);
    }
}

#[test]
fn intraclass_needs_a_full_table_with_variance() {
    refused(intraclass(&[vec![1.0, 2.0]]));
    refused(intraclass(&[vec![1.0], vec![2.0]]));
    refused(intraclass(&[vec![1.0, 2.0], vec![2.0]]));
    refused(intraclass(&[vec![1.0, f64::NAN], vec![2.0, 1.0]]));
    let same = intraclass(&[vec![1.0, 1.0], vec![1.0, 1.0]]).unwrap();
    assert_eq!((same.single, same.average, same.consistency_single), (None, None, None));
}

// Angoff.

#[test]
fn angoff_by_hand() {
    // Judges' cuts on 1, 1, 2 points: 0.5 + 0.6 + 2 × 0.7 = 2.5; 0.7 + 0.8 + 2 × 0.9 = 3.3; 0.6 + 0.4 + 2 × 0.8 = 2.6.
    let ratings = full(&[&[0.5, 0.6, 0.7], &[0.7, 0.8, 0.9], &[0.6, 0.4, 0.8]]);
    let found = angoff(&ratings, &[1.0, 1.0, 2.0]).unwrap();
    // Mean 8.4 / 3 = 2.8; squares 0.09 + 0.25 + 0.04 = 0.38, SD √0.19, SE √(0.19 / 3).
    near("cut", found.cut, 2.8, 1e-12);
    near("sd", found.sd, 0.19_f64.sqrt(), 1e-12);
    near("se", found.se, (0.19_f64 / 3.0).sqrt(), 1e-12);
    near("on 20", found.on(20.0).0, 14.0, 1e-12);
    // Without the second judge (2.5 + 2.6) / 2 = 2.55: the judge adds 0.25.
    near("without", found.judges[1].without, 2.55, 1e-12);
    near("effect", found.judges[1].effect, 0.25, 1e-12);
    near("z", found.judges[1].z.unwrap(), 0.5 / 0.19_f64.sqrt(), 1e-12);
    near("mean", found.questions[1].mean, 0.6, 1e-12);
    near("spread", found.questions[1].sd.unwrap(), 0.2, 1e-12);
    assert_eq!((found.questions[1].min, found.questions[1].max, found.questions[1].n), (0.4, 0.8, 3));
    assert_eq!((found.gaps, found.max, found.method), (0, 4.0, Method::Angoff));
    all_numbers(&found);
}

#[test]
fn a_missing_rating_is_what_question_and_judge_say() {
    // Ratings are a question's ease plus a judge's leniency: the gap must come back exactly, 0.8 + 0.1 = 0.9.
    let ratings = Ratings::new(vec![
        vec![Some(0.4), Some(0.6), Some(0.8)],
        vec![Some(0.5), Some(0.7), None],
        vec![Some(0.3), Some(0.5), Some(0.7)],
    ])
    .unwrap();
    let found = angoff(&ratings, &[1.0; 3]).unwrap();
    near("cut of the judge with a gap", found.judges[1].cut, 0.5 + 0.7 + 0.9, 1e-9);
    near("cut", found.cut, 1.8, 1e-9);
    assert_eq!((found.gaps, found.judges[1].rated, found.se_questions), (1, 2, None));
    assert_eq!(found.agreement.unwrap().targets, 2);
}

#[test]
fn ratings_that_cannot_be_used_are_refused() {
    refused(Ratings::new(vec![vec![Some(0.5)]]));
    refused(Ratings::new(vec![vec![], vec![]]));
    refused(Ratings::new(vec![vec![Some(0.5)], vec![Some(0.5), None]]));
    refused(Ratings::new(vec![vec![Some(0.5)], vec![None]]));
    refused(Ratings::new(vec![vec![Some(0.5), None], vec![Some(0.5), None]]));
    // Two pairs of judges who share nothing.
    refused(Ratings::new(vec![vec![Some(0.5), None], vec![None, Some(0.5)]]));
    let out = refused(Ratings::new(vec![vec![Some(0.5)], vec![Some(1.25)]]));
    assert_eq!(out, "seuil par les juges : le juge n° 2 donne 1,25 à la question n° 1, hors de 0 à 1");
    refused(Ratings::new(vec![vec![Some(0.5)], vec![Some(f64::NAN)]]));
    let two = full(&[&[0.5, 0.5], &[0.4, 0.5]]);
    refused(angoff(&two, &[1.0]));
    refused(angoff(&two, &[1.0, 0.0]));
    refused(angoff(&two, &[1.0, f64::INFINITY]));
    refused(extended_angoff(&[vec![Some(0.5)], vec![Some(0.5)]], &[1.0, 1.0]));
    refused(consistency(&two, &[Some(0.5), Some(1.5)]));
    refused(consistency(&two, &[None, None]));
}

#[test]
fn the_severe_judge_is_seen() {
    let rows: Vec<Vec<f64>> = (0..8)
        .map(|j| (0..10).map(|q| 0.4 + 0.03 * f64::from(q) + 0.01 * f64::from((j * 7 + q * 3) % 5)).collect())
        .chain([(0..10).map(|q| 0.1 + 0.03 * f64::from(q)).collect()])
        .collect();
    let found = angoff(&full(&rows.iter().map(Vec::as_slice).collect::<Vec<_>>()), &[1.0; 10]).unwrap();
    let out: Vec<usize> = (0..9).filter(|j| found.judges[*j].out_of_line).collect();
    assert_eq!(out, [8]);
    assert!(found.judges[8].effect < -0.2 && found.judges[8].p_outlier.unwrap() < 1e-6);
    assert!(found.judges[8].with_others.unwrap() > 0.95, "severe, but sees what is hard");
}

#[test]
fn extended_and_yes_no_angoff_by_hand() {
    // Expected points on 2 and 5: cuts 1 + 3 = 4 and 1.5 + 3.5 = 5.
    let found = extended_angoff(&[vec![Some(1.0), Some(3.0)], vec![Some(1.5), Some(3.5)]], &[2.0, 5.0]).unwrap();
    near("extended", found.cut, 4.5, 1e-12);
    assert_eq!(found.method, Method::ExtendedAngoff);
    refused(extended_angoff(&[vec![Some(2.5)], vec![Some(1.0)]], &[2.0]));
    // Two yes of three, one yes of three.
    let answers = [vec![Some(true), Some(true), Some(false)], vec![Some(true), Some(false), Some(false)]];
    let found = yes_no_angoff(&answers, &[1.0; 3]).unwrap();
    near("yes/no", found.cut, 1.5, 1e-12);
    near("se", found.se, 0.5, 1e-12);
}

#[test]
fn rounds_are_kept_apart() {
    let round = |rows: &[&[f64]], informed| Round { ratings: full(rows), informed };
    let rounds = [
        round(&[&[0.4, 0.4], &[0.8, 0.8]], false),
        round(&[&[0.5, 0.5], &[0.7, 0.7]], false),
        round(&[&[0.5, 0.5], &[0.6, 0.6]], true),
    ];
    let found = modified_angoff(&rounds, &[1.0, 1.0]).unwrap();
    // Cuts 1.2, 1.2, 1.1.
    near("cut", found.cut, 1.1, 1e-12);
    near("mean", found.mean_of_rounds, 3.5 / 3.0, 1e-12);
    near("before", found.uninformed.unwrap(), 1.2, 1e-12);
    near("after", found.informed.unwrap(), 1.1, 1e-12);
    // From 0.8 and 1.6 to 1.0 and 1.4, then 1.0 and 1.2.
    near("moved", found.moved[0], 0.2, 1e-12);
    near("moved", found.moved[1], 0.1, 1e-12);
    near("closer", found.closer[0].unwrap(), 0.5, 1e-12);
    refused(modified_angoff(&[], &[1.0]));
    refused(modified_angoff(&[round(&[&[0.4], &[0.8]], false), round(&[&[0.4], &[0.8], &[0.5]], true)], &[1.0]));
}

#[test]
fn judges_against_the_difficulty_seen() {
    let ratings = full(&[&[0.2, 0.5, 0.8], &[0.8, 0.5, 0.2]]);
    let found = consistency(&ratings, &[Some(0.3), Some(0.6), Some(0.9)]).unwrap();
    near("r", found[0].r.unwrap(), 1.0, 1e-12);
    near("shift", found[0].shift, -0.1, 1e-12);
    near("scatter", found[0].scatter, 0.0, 1e-12);
    near("r", found[1].r.unwrap(), -1.0, 1e-12);
}

#[test]
fn the_error_over_judges_and_questions_is_that_of_repetition() {
    // Ratings 0.6 + judge (0.06) + question (0.1) + rest (0.05), 8 judges and 30 questions drawn each time:
    // variance of the cut 30² (0.0036 / 8 + 0.01 / 30 + 0.0025 / 240).
    let (judges, questions) = (8, 30);
    let (mut cuts, mut errors) = (Vec::new(), 0.0);
    for run in 0..600 {
        let (of_judge, of_question, rest) = (Draws::new(run, 1), Draws::new(run, 2), Draws::new(run, 3));
        let rows: Vec<Vec<Option<f64>>> = (0..judges)
            .map(|j| {
                (0..questions)
                    .map(|q| {
                        let off = 0.06 * of_judge.normal(j) + 0.1 * of_question.normal(q);
                        Some((0.6 + off + 0.05 * rest.normal(j * questions + q)).clamp(0.0, 1.0))
                    })
                    .collect()
            })
            .collect();
        let found = angoff(&Ratings::new(rows).unwrap(), &[1.0; 30]).unwrap();
        cuts.push(found.cut);
        errors += found.se_questions.unwrap().powi(2) / 600.0;
    }
    let mean = cuts.iter().sum::<f64>() / 600.0;
    let variance = cuts.iter().map(|c| (c - mean).powi(2)).sum::<f64>() / 599.0;
    let theory = 900.0 * (0.0036 / 8.0 + 0.01 / 30.0 + 0.0025 / 240.0);
    near("repetition", variance / theory, 1.0, 0.15);
    near("estimated", errors / theory, 1.0, 0.1);
}

#[test]
fn who_passes_around_a_cut() {
    let marks = [8.0, 9.0, 10.0, 10.0, 11.0, 12.0, 13.0, 14.0];
    let found = impact(&marks, 11.0, 1.0).unwrap();
    assert_eq!(found.rates.clone().map(|r| r.passing), [7, 6, 4, 3, 2]);
    assert_eq!(found.rates[2].rate, 0.5);
    // A tenth added ten times reaches 1.
    let tenths: f64 = std::iter::repeat_n(0.1, 10).sum();
    assert_eq!(impact(&[tenths], 1.0, 0.0).unwrap().rates[2].passing, 1);
    refused(impact(&[], 1.0, 0.0));
    refused(impact(&[1.0], f64::NAN, 0.0));
    refused(impact(&[1.0], 1.0, -1.0));
}

// Ebel, Nedelsky.

#[test]
fn ebel_by_hand() {
    // Rows essential, important; columns easy, hard. Questions of 1, 1, 2, 1 points.
    let judge = |success: [[f64; 2]; 2], cells: [(usize, usize); 4]| EbelJudge {
        success: success.map(Vec::from).to_vec(),
        cells: cells.map(Some).to_vec(),
    };
    let judges = [
        // 0.9 + 0.7 + 2 × 0.8 + 0.4 = 3.6
        judge([[0.9, 0.7], [0.8, 0.4]], [(0, 0), (0, 1), (1, 0), (1, 1)]),
        // 1.0 + 0.6 + 2 × 0.6 + 0.5 = 3.3
        judge([[1.0, 0.6], [0.7, 0.5]], [(0, 0), (0, 1), (0, 1), (1, 1)]),
    ];
    let found = ebel(&judges, &[1.0, 1.0, 2.0, 1.0]).unwrap();
    near("cut", found.judged.cut, 3.45, 1e-12);
    near("se", found.judged.se, 0.15, 1e-12);
    // Essential and hard: 1 point, then 3; expected 0.7 and 0.6.
    let cell = found.cells.iter().find(|c| (c.relevance, c.difficulty) == (0, 1)).unwrap();
    near("points", cell.points, 2.0, 1e-12);
    near("success", cell.success, 0.65, 1e-12);
    assert_eq!(found.judged.method, Method::Ebel);
    let mut wrong = judges.to_vec();
    wrong[1].cells[0] = Some((2, 0));
    refused(ebel(&wrong, &[1.0, 1.0, 2.0, 1.0]));
    wrong[1] = judges[1].clone();
    wrong[1].success[0][0] = 1.5;
    refused(ebel(&wrong, &[1.0, 1.0, 2.0, 1.0]));
    wrong[1].success.pop();
    refused(ebel(&wrong, &[1.0, 1.0, 2.0, 1.0]));
    refused(ebel(&[], &[1.0]));
}

#[test]
fn nedelsky_by_hand() {
    // ½ + ¼ + 1 = 1.75 and ½ + ½ + ½ = 1.5: mean 1.625.
    let left = [vec![Some(2), Some(4), Some(1)], vec![Some(2), Some(2), Some(2)]];
    near("cut", nedelsky(&left, &[1.0; 3], 0.0).unwrap().cut, 1.625, 1e-12);
    // Means ½, 3/8, 3/4: variance ¼ + 15/64 + 12/64 = 43/64.
    let raised = nedelsky(&left, &[1.0; 3], 1.0).unwrap().cut;
    near("raised", raised, 1.625 + (43.0_f64 / 64.0).sqrt(), 1e-12);
    refused(nedelsky(&[vec![Some(0)], vec![Some(1)]], &[1.0], 0.0));
    refused(nedelsky(&left, &[1.0; 3], f64::NAN));
}

// Hofstee, Cohen.

fn bounds(least_cut: f64, greatest_cut: f64, least_failure: f64, greatest_failure: f64) -> HofsteeJudge {
    HofsteeJudge { least_cut, greatest_cut, least_failure, greatest_failure }
}

#[test]
fn hofstee_by_hand() {
    // Marks 0, 1, … 99: from 46 (excluded) to 47, 47 % fail. The line 0.6 − 0.02 (c − 40) is at 0.47 for c = 46.5.
    let marks: Vec<f64> = (0..100).map(f64::from).collect();
    let judges = [bounds(35.0, 55.0, 0.1, 0.5), bounds(45.0, 65.0, 0.3, 0.7)];
    let found = hofstee(&judges, &marks, 1).unwrap();
    near("cut", found.cut, 46.5, 1e-9);
    near("failure", found.failure, 0.47, 1e-12);
    assert_eq!(found.outcome, HofsteeOutcome::Crossed);
    near("bounds", found.bounds.greatest_failure, 0.6, 1e-12);
    assert!(found.se_judges.unwrap() > 0.0 && found.se_candidates.unwrap() > 0.0);
    assert_eq!(hofstee(&judges[..1], &marks, 1).unwrap().se_judges, None);
    all_numbers(&found);
}

#[test]
fn hofstee_when_the_line_is_missed_or_stepped_over() {
    let one = [bounds(40.0, 60.0, 0.2, 0.6)];
    // All at 10: even a cut of 40 fails all. All at 90: even 60 fails none.
    let low = hofstee(&one, &[10.0; 20], 1).unwrap();
    assert_eq!((low.cut, low.failure, low.outcome), (40.0, 1.0, HofsteeOutcome::TooManyFail));
    let high = hofstee(&one, &[90.0; 20], 1).unwrap();
    assert_eq!((high.cut, high.failure, high.outcome), (60.0, 0.0, HofsteeOutcome::TooFewFail));
    // All at 50: none fails at 50, all above. The line is crossed by a step.
    let step = hofstee(&one, &[50.0; 20], 1).unwrap();
    assert_eq!((step.cut, step.failure, step.outcome), (50.0, 0.0, HofsteeOutcome::Crossed));
    for outcome in [HofsteeOutcome::Crossed, HofsteeOutcome::TooManyFail, HofsteeOutcome::TooFewFail] {
        assert!(!outcome.french().contains('\''));
    }
    // One acceptable share of failures: the greatest cut that keeps to it.
    let marks: Vec<f64> = (0..100).map(f64::from).collect();
    near("level", hofstee(&[bounds(10.0, 60.0, 0.3, 0.3)], &marks, 1).unwrap().cut, 30.0, 1e-6);
    refused(hofstee(&[], &marks, 1));
    refused(hofstee(&one, &marks[..9], 1));
    refused(hofstee(&[bounds(60.0, 40.0, 0.2, 0.6)], &marks, 1));
    refused(hofstee(&[bounds(40.0, 60.0, 0.2, 1.6)], &marks, 1));
    refused(hofstee(&[bounds(f64::NAN, 60.0, 0.2, 0.6)], &marks, 1));
}

#[test]
fn cohen_by_hand() {
    // 21 marks: the 95th percentile is the 20th, 24; chance gives 6 (30 questions of five options):
    // 0.6 × (24 − 6) + 6 = 16.8, the arithmetic of Cohen-Schotanus and van der Vleuten (2010).
    let mut marks: Vec<f64> = (0..19).map(|i| 5.0 + f64::from(i)).collect();
    marks.extend([24.0, 27.0]);
    let found = cohen(&marks, &CohenOptions::original(6.0), 1).unwrap();
    near("reference", found.reference, 24.0, 1e-9);
    near("cut", found.cut, 16.8, 1e-9);
    near("failure", found.failure, 12.0 / 21.0, 1e-12);
    assert!(found.se.unwrap() > 0.0);
    // Taylor (2011): the 90th percentile is the 19th, 23; cuts of 11.5 there give a share of one half.
    let share = cohen_multiplier(&[(11.5, &marks), (11.5, &marks)]).unwrap();
    near("share", share, 0.5, 1e-12);
    let found = cohen(&marks, &CohenOptions::modified(share), 1).unwrap();
    near("modified", found.cut, 11.5, 1e-9);
    assert_eq!(found.method, Method::ModifiedCohen);
    refused(cohen(&marks[..19], &CohenOptions::original(6.0), 1));
    refused(cohen(&marks, &CohenOptions::original(30.0), 1));
    refused(cohen(&marks, &CohenOptions::modified(1.5), 1));
    refused(cohen_multiplier(&[]));
    refused(cohen_multiplier(&[(0.0, &marks)]));
}

// Judged candidates.

#[test]
fn borderline_regression_by_hand() {
    // Grades 1 to 5 twice, marks 2 g + 7 ± 1. Σ(g − 3)² = 20, residuals 10, s² = 10 / 8; read at 2: 11, with error
    // √(1.25 (1/10 + 1/20)); R² = 1 − 10 / (4 × 20 + 10).
    let grades = [1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 4.0, 5.0, 5.0];
    let marks = [8.0, 10.0, 10.0, 12.0, 12.0, 14.0, 14.0, 16.0, 16.0, 18.0];
    let found = borderline_regression(&grades, &marks, 2.0).unwrap();
    near("cut", found.cut, 11.0, 1e-12);
    near("slope", found.slope, 2.0, 1e-12);
    near("intercept", found.intercept, 7.0, 1e-12);
    near("se", found.se, (1.25_f64 * 0.15).sqrt(), 1e-12);
    near("R²", found.r_squared, 80.0 / 90.0, 1e-12);
    assert_eq!(found.borderline, 2);
    let all = stations(&[found.clone(), found.clone()]).unwrap();
    near("two stations", all.cut, 22.0, 1e-12);
    near("error", all.se, found.se * 2.0_f64.sqrt(), 1e-12);
    refused(stations(&[]));
    refused(borderline_regression(&grades, &marks[..9], 2.0));
    refused(borderline_regression(&[2.0; 10], &marks, 2.0));
    refused(borderline_regression(&grades, &marks, 6.0));
    refused(borderline_regression(&grades, &marks.map(|m| -m), 2.0));
    refused(borderline_regression(&grades, &marks, f64::NAN));
}

#[test]
fn borderline_group_is_the_middle() {
    let found = borderline_group(&[9.0, 10.0, 10.0, 12.0, 14.0], 3).unwrap();
    assert_eq!((found.cut, found.mean, found.n), (10.0, 11.0, 5));
    // Squares 4 + 1 + 1 + 1 + 9 = 16: SD 2.
    near("se of the mean", found.se_mean, 2.0 / 5.0_f64.sqrt(), 1e-12);
    assert!(found.se.unwrap() > 0.0);
    refused(borderline_group(&[9.0, 10.0, 10.0, 12.0], 3));
    refused(borderline_group(&[9.0, 10.0, 10.0, 12.0, f64::NAN], 3));
}

#[test]
fn contrasting_groups_meet_half_way_when_mirrored() {
    let good = [12.0, 13.0, 14.0, 15.0, 16.0, 9.0];
    let bad = good.map(|m| 20.0 - m);
    let found = contrasting_groups(&good, &bad).unwrap();
    near("cut", found.cut, 10.0, 1e-8);
    near("crossing", found.crossing.unwrap(), 10.0, 1e-9);
    near("wrong", found.false_failures, 1.0 / 6.0, 1e-12);
    near("wrong", found.false_passes, 1.0 / 6.0, 1e-12);
    all_numbers(&found);
    let apart = refused(contrasting_groups(&[12.0; 5], &[8.5; 5]));
    assert!(apart.contains("tout seuil de 8,5 à 12 les sépare"), "{apart}");
    refused(contrasting_groups(&bad, &good));
    refused(contrasting_groups(&good[..4], &bad));
}

#[test]
fn contrasting_groups_against_theory_and_repetition() {
    // Normal marks of the same spread s = 2 about 9 (100) and 13 (300): even odds at
    // 11 − s² ln(300 / 100) / (13 − 9) = 9.901; densities cross at 11 whatever the numbers.
    let (mut cuts, mut crossings, mut error) = (Vec::new(), 0.0, 0.0);
    for run in 0..300 {
        let (a, b) = (Draws::new(run, 1), Draws::new(run, 2));
        let good: Vec<f64> = (0..300).map(|i| 13.0 + 2.0 * a.normal(i)).collect();
        let bad: Vec<f64> = (0..100).map(|i| 9.0 + 2.0 * b.normal(i)).collect();
        let found = contrasting_groups(&good, &bad).unwrap();
        cuts.push(found.cut);
        crossings += found.crossing.unwrap() / 300.0;
        error += found.se.powi(2) / 300.0;
    }
    let mean = cuts.iter().sum::<f64>() / 300.0;
    let variance = cuts.iter().map(|c| (c - mean).powi(2)).sum::<f64>() / 299.0;
    near("cut", mean, 11.0 - 4.0 * 3.0_f64.ln() / 4.0, 0.03);
    near("crossing", crossings, 11.0, 0.03);
    // Group sizes are fixed here, while the delta method lets them vary: its error is the larger one.
    assert!(error > 0.8 * variance && error < 2.0 * variance, "{error} {variance}");
}

// Bookmark.

#[test]
fn the_booklet_is_ordered_by_what_masters_a_question() {
    let two_thirds = BookmarkOptions { response_probability: 2.0 / 3.0, ..BookmarkOptions::default() };
    let items = [
        ItemParameters::two_pl(1.0, 0.5),
        ItemParameters::two_pl(2.0, 0.6),
        ItemParameters::three_pl(1.0, -1.0, 0.2),
        ItemParameters { model: Model::Grm, a: 2.0, b: vec![-2.0, 3.0], c: 0.0 },
    ];
    let booklet = ordered_booklet(&items, &two_thirds).unwrap();
    // P = ⅔ at b + ln 2 / a; at c = 0.2 the free part is (⅔ − 0.2) / 0.8 = 7/12, b + ln(7/5).
    let ln2 = 2.0_f64.ln();
    let wanted = [
        (3, 1, -2.0 + ln2 / 2.0),
        (2, 1, -1.0 + 1.4_f64.ln()),
        (1, 1, 0.6 + ln2 / 2.0),
        (0, 1, 0.5 + ln2),
        (3, 2, 3.0 + ln2 / 2.0),
    ];
    for (entry, (question, category, location)) in booklet.iter().zip(wanted) {
        assert_eq!((entry.question, entry.category), (question, category));
        near("location", entry.location, location, 1e-9);
    }
    let free = BookmarkOptions { without_guessing: true, ..two_thirds };
    near("free of guessing", ordered_booklet(&items[2..3], &free).unwrap()[0].location, -1.0 + ln2, 1e-9);
    let guess = ItemParameters::three_pl(1.0, 0.0, 0.7);
    refused(ordered_booklet(std::slice::from_ref(&guess), &two_thirds));
    refused(ordered_booklet(&[ItemParameters::two_pl(-1.0, 0.0)], &two_thirds));
    refused(ordered_booklet(&[], &two_thirds));
    refused(ordered_booklet(&items, &BookmarkOptions { response_probability: 1.0, ..two_thirds }));
    assert_eq!(BookmarkOptions::default().response_probability, 0.67);
}

#[test]
fn bookmarks_by_hand() {
    // Locations are the difficulties at one half: 0, 1, 2.
    let items = [2.0, 0.0, 1.0].map(|b| ItemParameters::two_pl(1.0, b));
    let scores = vec![vec![0.0, 1.0]; 3];
    let options = BookmarkOptions { response_probability: 0.5, ..BookmarkOptions::default() };
    let logistic = |x: f64| 1.0 / (1.0 + (-x).exp());
    let found = bookmark(&items, &scores, &[2, 2, 3], &options).unwrap();
    // Read at the last page mastered: 0, 0, 1; the median judge at 0.
    near("theta", found.theta, 0.0, 1e-9);
    near("cut", found.cut, 0.5 + logistic(-1.0) + logistic(-2.0), 1e-9);
    near("error", found.theta_se, 1.0 / 3.0 * std::f64::consts::FRAC_PI_2.sqrt(), 1e-9);
    let slope: f64 = [0.0, -1.0, -2.0].map(|x| logistic(x) * logistic(-x)).iter().sum();
    near("error in points", found.se, found.theta_se * slope, 1e-6);
    let read = |reading, centre| {
        let options = BookmarkOptions { reading, centre, ..options };
        bookmark(&items, &scores, &[2, 2, 3], &options).unwrap().theta
    };
    near("bookmarked", read(Reading::Bookmarked, Centre::Median), 1.0, 1e-9);
    near("midpoint", read(Reading::Midpoint, Centre::Median), 0.5, 1e-9);
    near("mean", read(Reading::LastMastered, Centre::Mean), 1.0 / 3.0, 1e-9);
    // All mastered, none mastered: the ends.
    let ends = bookmark(&items, &scores, &[1, 4], &options).unwrap();
    near("first", ends.judges[0].theta, 0.0, 1e-9);
    near("last", ends.judges[1].theta, 2.0, 1e-9);
    all_numbers(&ends);
    refused(bookmark(&items, &scores, &[5, 1], &options));
    refused(bookmark(&items, &scores, &[0, 1], &options));
    refused(bookmark(&items, &scores, &[1], &options));
    refused(bookmark(&items, &scores[..2], &[1, 2], &options));
}

#[test]
fn numbers_too_large_to_square_are_refused() {
    let huge = 1e200;
    refused(angoff(&full(&[&[0.5], &[0.6]]), &[huge]));
    refused(intraclass(&[vec![huge, 1.0], vec![1.0, 2.0]]));
    refused(impact(&[1.0], 1.0, huge));
    refused(hofstee(&[bounds(0.0, huge, 0.0, 1.0)], &[10.0; 20], 1));
    refused(contrasting_groups(&[huge; 6], &[1.0, 2.0, 3.0, 4.0, huge]));
    let item = ItemParameters::two_pl(1.0, huge);
    refused(lee(std::slice::from_ref(&item), &[vec![0.0, 1.0]], 1.0, 1.0, &[(0.0, 1.0)]));
    refused(bookmark(std::slice::from_ref(&item), &[vec![0.0, 1.0]], &[1, 1], &BookmarkOptions::default()));
}

#[test]
fn every_method_has_its_own_french_name() {
    let names: std::collections::BTreeSet<&str> = Method::ALL.iter().map(|m| m.french()).collect();
    assert_eq!(names.len(), Method::ALL.len());
    assert_eq!(serde_json::to_string(&Method::YesNoAngoff).unwrap(), "\"yes-no-angoff\"");
    assert_ne!(classification::Method::Lee.french(), classification::Method::LivingstonLewis.french());
    assert_ne!(Fit::Four.french(), Fit::Two.french());
}

// Panels.

/// A panel whose votes at each question are those given, panellists in the order of answers.
fn panel_of(votes: &[[u32; 5]]) -> Panel {
    let columns: Vec<Vec<i8>> = votes
        .iter()
        .map(|v| v.iter().zip(-2_i8..).flat_map(|(n, a)| std::iter::repeat_n(a, *n as usize)).collect())
        .collect();
    let most = columns.iter().map(Vec::len).max().unwrap();
    Panel::new((0..most).map(|i| columns.iter().map(|c| c.get(i).copied()).collect()).collect()).unwrap()
}

#[test]
fn the_two_panels_of_the_rules() {
    // RULES §1.7: votes 0, 9, 7, 3, 0 and 0, 1, 15, 4, 0; answers at random are worth 0.42 and 0.27.
    let panel = panel_of(&[[0, 9, 7, 3, 0], [0, 1, 15, 4, 0]]);
    let found = panel::analyse(&panel, &Rules::default()).unwrap();
    let first = found.questions[0].credits.unwrap();
    for (credit, wanted) in first.iter().zip([0.0, 1.0, 7.0 / 9.0, 3.0 / 9.0, 0.0]) {
        near("credit", *credit, wanted, 1e-12);
    }
    assert_eq!(found.questions[1].votes, Votes([0, 1, 15, 4, 0]));
    near("by chance", found.questions[0].by_chance.unwrap(), 0.42, 5e-3);
    near("by chance", found.questions[1].by_chance.unwrap(), 0.27, 5e-3);
    assert_eq!((found.questions[0].modes.clone(), found.questions[1].modes.clone()), (vec![-1], vec![0]));
    assert!(found.questions.iter().all(|q| q.flags.is_empty()));
    assert_eq!(found.size, PanelSize::Good);
    all_numbers(&found);
}

#[test]
fn questions_to_look_at_again() {
    let flags = |votes: [u32; 5]| {
        let panel = panel_of(&[votes]);
        panel::analyse(&panel, &Rules::default()).unwrap().questions[0].flags.clone()
    };
    assert_eq!(flags([0, 0, 0, 15, 0]), [Flag::Unanimous]);
    assert_eq!(flags([3, 3, 3, 3, 3]), [Flag::Uniform]);
    assert_eq!(flags([0, 6, 2, 7, 0]), [Flag::Bimodal]);
    assert_eq!(flags([7, 0, 0, 1, 7]), [Flag::Bimodal]);
    assert_eq!(flags([1, 8, 4, 2, 0]), []);
    assert_eq!(flags([0, 0, 3, 5, 0]), [Flag::FewVotes]);
    assert_eq!(flags([0, 0, 0, 5, 0]), [Flag::FewVotes, Flag::Unanimous]);
    // Mean of −1 six times, 0 twice, +1 seven times: 1/15; squares 13 − 15 / 225.
    let (mean, variance) = Votes([0, 6, 2, 7, 0]).moments().unwrap();
    near("mean", mean, 1.0 / 15.0, 1e-12);
    near("variance", variance, (13.0 - 1.0 / 15.0) / 14.0, 1e-12);
    assert_eq!(Votes([2, 0, 0, 2, 0]).modes(), [-2, 1]);
    assert_eq!(Votes([2, 0, 0, 2, 0]).credits().unwrap(), [1.0, 0.0, 0.0, 1.0, 0.0]);
    assert_eq!(Votes([2, 0, 0, 2, 0]).distance(0), Some(1));
    assert_eq!((Votes([0; 5]).credits(), Votes([0; 5]).distance(0), Votes([0; 5]).entropy()), (None, None, None));
}

#[test]
fn a_panellist_is_marked_by_the_key_of_the_others() {
    // Question 1: −1, −1, 0; question 2: 1, 1, 1. The third panellist's 0 has no vote but theirs.
    let answers = vec![vec![Some(-1), Some(1)], vec![Some(-1), Some(1)], vec![Some(0), Some(1)]];
    let found = panel::analyse(&Panel::new(answers).unwrap(), &Rules::default()).unwrap();
    // The first: others −1 and 0 tie, credit 1, and 1: score 1. The third: 0 and 1: score ½.
    assert_eq!(found.panellists[0].score, Some(1.0));
    assert_eq!(found.panellists[2].score, Some(0.5));
    assert_eq!((found.panellists[0].distance, found.panellists[2].distance), (0.0, 0.5));
    near("mean", found.mean_score.unwrap(), 2.5 / 3.0, 1e-12);
    // Credits (1, 1), (1, 1), (0, 1): variances ⅓ and 0, of the total ⅓: alpha 2 (1 − 1) = 0.
    near("alpha", found.alpha.unwrap(), 0.0, 1e-12);
    // Without the first, question 1 has −1 and 0 tied: 0 goes from ½ to 1, one of ten credits.
    let effect = &found.panellists[0].effect;
    assert_eq!((effect.modes_changed, effect.emptied, effect.max_change), (1, 0, 0.5));
    near("mean change", effect.mean_change, 0.05, 1e-12);
    assert_eq!(found.size, PanelSize::TooSmall);
}

#[test]
fn the_contrary_panellist_is_seen_and_gaps_are_left_out() {
    let draws = Draws::new(5, 1);
    let answers: Vec<Vec<Option<i8>>> = (0..15_u64)
        .map(|i| {
            (0..40_u64)
                .map(|q| {
                    let key = (q % 3) as i8 - 1;
                    let off = [0, 0, 0, 1, -1][draws.below(i * 40 + q, 5)];
                    let said = if i == 4 { -2 * key.signum() + i8::from(key == 0) * 2 } else { key + off };
                    (q % 15 != i || q > 20).then_some(said.clamp(-2, 2))
                })
                .collect()
        })
        .collect();
    let found = panel::analyse(&Panel::new(answers.clone()).unwrap(), &Rules::default()).unwrap();
    let out: Vec<usize> = (0..15).filter(|i| found.panellists[*i].out_of_line).collect();
    assert_eq!(out, [4]);
    assert_eq!(found.panellists[4].answered, answers[4].iter().flatten().count());
    assert!(found.panellists[4].score_z.unwrap() < -2.0 && found.panellists[4].distance_z.unwrap() > 2.0);
    // Questions that all answered, as targets of the general formula.
    let targets: Vec<Vec<f64>> =
        (0..40).filter_map(|q| answers.iter().map(|a| a[q].map(f64::from)).collect()).collect();
    assert_eq!(found.agreement.clone().unwrap(), intraclass(&targets).unwrap());
    all_numbers(&found);
    refused(Panel::new(answers[..2].to_vec()));
    refused(Panel::new(vec![vec![], vec![], vec![]]));
    refused(Panel::new(vec![vec![Some(3)], vec![Some(0)], vec![Some(0)]]));
    refused(Panel::new(vec![vec![None], vec![Some(0)], vec![Some(0)]]));
    refused(Panel::new(vec![vec![Some(0)], vec![Some(0), None], vec![Some(0)]]));
    let alone = |q: usize| (0..3).map(|i| (i == q).then_some(0)).collect();
    refused(panel::analyse(&Panel::new((0..3).map(alone).collect()).unwrap(), &Rules::default()));
}

#[test]
fn how_large_a_panel() {
    assert_eq!(
        [9, 10, 20, 21].map(PanelSize::of),
        [PanelSize::TooSmall, PanelSize::Good, PanelSize::Good, PanelSize::Large]
    );
    // Spearman-Brown: 4 × 0.2 / (1 + 3 × 0.2) = ½.
    near("four", agreement_with(0.2, 4).unwrap(), 0.5, 1e-12);
    assert_eq!((agreement_with(-0.1, 4), agreement_with(0.2, 0)), (None, None));
    for flag in [Flag::FewVotes, Flag::Unanimous, Flag::Bimodal, Flag::Uniform] {
        assert!(!flag.french().contains('\''));
    }
}

// Decisions.

const EVEN: TrueScores = TrueScores { alpha: 1.0, beta: 1.0, low: 0.0, high: 1.0 };

#[test]
fn beta_binomial_decisions_by_hand() {
    // Even true scores, one question: consistency ∫ p² + (1 − p)² = ⅔; accuracy at one half ∫ from ½ of p plus
    // ∫ to ½ of 1 − p = ¾; pass ½, so chance ½ and κ ⅓.
    let one = beta_binomial(&EVEN, 1, 0.5, 0.5).unwrap();
    near("consistency", one.consistency, 2.0 / 3.0, 1e-9);
    near("accuracy", one.accuracy, 0.75, 1e-9);
    near("kappa", one.kappa.unwrap(), 1.0 / 3.0, 1e-9);
    near("false positive", one.false_positive, 0.125, 1e-9);
    // Two questions, both needed: ∫ p⁴ + (1 − p²)² = 11/15, pass ⅓.
    let two = beta_binomial(&EVEN, 2, 1.5, 0.5).unwrap();
    near("pass", two.pass_rate, 1.0 / 3.0, 1e-9);
    near("consistency", two.consistency, 11.0 / 15.0, 1e-9);
    // ∫ from ½ of p² is 7/24, ∫ to ½ of 1 − p² is 11/24.
    near("accuracy", two.accuracy, 0.75, 1e-9);
    // The arcsine law has E p² = 3/8: consistency 1 − 2 × ½ + 2 × 3/8 = ¾, at ends without bound.
    let arcsine = beta_binomial(&TrueScores { alpha: 0.5, beta: 0.5, ..EVEN }, 1, 0.5, 0.3).unwrap();
    near("arcsine", arcsine.consistency, 0.75, 1e-9);
    // A law of extremes: α = β = 0.05 has variance ¼ / 1.1, E p² = ¼ + ¼ / 1.1.
    let extreme = beta_binomial(&TrueScores { alpha: 0.05, beta: 0.05, ..EVEN }, 1, 0.5, 0.5).unwrap();
    near("extreme", extreme.consistency, 2.0 * (0.25 + 0.25 / 1.1), 1e-8);
    // A law of one value, nearly: 0.6 ± 0.00155, one question.
    let peak = beta_binomial(&TrueScores { alpha: 60_000.0, beta: 40_000.0, ..EVEN }, 1, 0.5, 0.5).unwrap();
    near("peak", peak.consistency, 0.36 + 0.16, 1e-5);
    near("peak", peak.accuracy, 0.6, 1e-9);
    refused(beta_binomial(&TrueScores { alpha: 0.0, ..EVEN }, 1, 0.5, 0.5));
    refused(beta_binomial(&EVEN, 0, 0.5, 0.5));
    refused(beta_binomial(&EVEN, 1, f64::NAN, 0.5));
}

#[test]
fn beta_binomial_decisions_as_scipy_integrates() {
    // Four-parameter law (3.2, 1.7) on 0.15..0.97, 25 questions, 16 needed, true cut 0.62: scipy 1.17.1,
    // integrate.quad over stats.beta.pdf and stats.binom.sf, to 1e-12.
    let law = TrueScores { alpha: 3.2, beta: 1.7, low: 0.15, high: 0.97 };
    let found = beta_binomial(&law, 25, 15.5, 0.62).unwrap();
    near("pass", found.pass_rate, 0.6582857299219598, 1e-9);
    near("consistency", found.consistency, 0.8136567265955768, 1e-9);
    near("accuracy", found.accuracy, 0.8663099454107827, 1e-9);
    near("false positive", found.false_positive, 0.060670472533943025, 1e-9);
    near("false negative", found.false_negative, 0.07301958205527659, 1e-9);
}

/// Quantile of a beta law by its first shapes when both are whole: the k-th of n even numbers.
fn beta_draw(draws: Draws, i: u64, alpha: u64, beta: u64) -> f64 {
    let n = alpha + beta - 1;
    let mut all: Vec<f64> = (0..n).map(|k| draws.uniform(i * n + k)).collect();
    all.sort_by(f64::total_cmp);
    all[alpha as usize - 1]
}

#[test]
fn livingston_and_lewis_against_parallel_forms() {
    // True scores beta(6, 4), two forms of 40 questions, 24 needed. Reliability of such marks is
    // n / (n + α + β) = 0.8 (Lord and Novick 1968), so that the effective length is 40.
    let (n, length, cut) = (40_000_u64, 40_u64, 24.0);
    let (truth, first, second) = (Draws::new(11, 1), Draws::new(11, 2), Draws::new(11, 3));
    let taus: Vec<f64> = (0..n).map(|i| beta_draw(truth, i, 6, 4)).collect();
    let form = |draws: Draws| -> Vec<f64> {
        let right = |(i, tau): (usize, &f64)| {
            (0..length).filter(|q| draws.uniform(i as u64 * length + q) < *tau).count() as f64
        };
        taus.iter().enumerate().map(right).collect()
    };
    let (one, two) = (form(first), form(second));
    let share = |agree: &dyn Fn(usize) -> bool| (0..n as usize).filter(|i| agree(*i)).count() as f64 / n as f64;
    let consistency = share(&|i| (one[i] >= cut) == (two[i] >= cut));
    let accuracy = share(&|i| (one[i] >= cut) == (taus[i] >= 0.6));
    let false_positive = share(&|i| one[i] >= cut && taus[i] < 0.6);
    let scale = Scale { min: 0.0, max: 40.0, step: 1.0, reliability: 0.8, cut };
    let found = livingston_lewis(&one, &scale).unwrap();
    near("length", found.effective_length, 40.0, 1.0);
    near("consistency", found.model.consistency, consistency, 0.01);
    near("accuracy", found.model.accuracy, accuracy, 0.01);
    near("false positive", found.model.false_positive, false_positive, 0.01);
    near("taken", found.taken.pass_rate, share(&|i| one[i] >= cut), 1e-12);
    near("taken", found.taken.consistency, consistency, 0.01);
    all_numbers(&found);
    // The same marks out of 20, in steps of one half.
    let half: Vec<f64> = one.iter().map(|m| m / 2.0).collect();
    let again = livingston_lewis(&half, &Scale { max: 20.0, step: 0.5, cut: 12.0, ..scale }).unwrap();
    near("scale", again.model.consistency, found.model.consistency, 1e-9);
}

#[test]
fn the_four_parameter_law_is_found_again() {
    // True scores 0.3 + 0.6 beta(2, 2): variance 0.36 × 0.05 = 0.018 about 0.6. With 40 questions the error variance is
    // (0.24 − 0.018) / 40 = 0.00555, the reliability 0.018 / 0.02355, and the effective length 40.
    let (truth, chance) = (Draws::new(31, 1), Draws::new(31, 2));
    let marks: Vec<f64> = (0..60_000)
        .map(|i| {
            let tau = 0.3 + 0.6 * beta_draw(truth, i, 2, 2);
            (0..40).filter(|q| chance.uniform(i * 40 + q) < tau).count() as f64
        })
        .collect();
    let scale = Scale { min: 0.0, max: 40.0, step: 1.0, reliability: 0.018 / 0.02355, cut: 26.0 };
    let found = livingston_lewis(&marks, &scale).unwrap();
    assert_eq!(found.fit, Fit::Four);
    near("length", found.effective_length, 40.0, 1.0);
    near("low", found.law.low, 0.3, 0.05);
    near("high", found.law.high, 0.9, 0.05);
    let exact = beta_binomial(&TrueScores { alpha: 2.0, beta: 2.0, low: 0.3, high: 0.9 }, 40, 25.5, 0.65).unwrap();
    near("consistency", found.model.consistency, exact.consistency, 0.005);
    near("accuracy", found.model.accuracy, exact.accuracy, 0.005);
}

#[test]
fn livingston_and_lewis_on_marks_that_are_not_counts() {
    // Normal errors and true scores, continuous marks: bivariate normal decisions, cut at the mean of both forms.
    // Consistency at the mean is ½ + asin(r) / π, accuracy ½ + asin(√r) / π (Sheppard 1899).
    let (truth, error) = (Draws::new(3, 1), Draws::new(3, 2));
    let r: f64 = 0.85;
    let marks: Vec<f64> = (0..30_000)
        .map(|i| 10.0 + 2.0 * (r.sqrt() * truth.normal(i) + (1.0 - r).sqrt() * error.normal(i)))
        .filter(|m| (0.0..=20.0).contains(m))
        .collect();
    let scale = Scale { min: 0.0, max: 20.0, step: 0.0, reliability: r, cut: 10.0 };
    let found = livingston_lewis(&marks, &scale).unwrap();
    near("consistency", found.model.consistency, 0.5 + r.asin() / std::f64::consts::PI, 0.01);
    near("accuracy", found.model.accuracy, 0.5 + r.sqrt().asin() / std::f64::consts::PI, 0.01);
}

#[test]
fn livingston_and_lewis_fall_back_and_refuse() {
    let draws = Draws::new(9, 1);
    // Marks in two heaps: their kurtosis suits no beta law within the scale.
    let scale = Scale { min: 0.0, max: 20.0, step: 1.0, reliability: 0.9, cut: 12.0 };
    let heaps: Vec<f64> =
        (0..400).map(|i| if i % 3 == 0 { 2.0 } else { 19.0 } + (draws.uniform(i) * 2.0).floor()).collect();
    let found = livingston_lewis(&heaps, &scale).unwrap();
    assert_eq!(found.fit, Fit::Two);
    assert_eq!((found.law.low, found.law.high), (0.0, 1.0));
    all_numbers(&found);
    let some: Vec<f64> = (0..100).map(|i| (draws.uniform(i) * 21.0).floor()).collect();
    refused(livingston_lewis(&some[..29], &scale));
    refused(livingston_lewis(&[10.0; 40], &scale));
    refused(livingston_lewis(&some, &Scale { max: 10.0, ..scale }));
    refused(livingston_lewis(&some, &Scale { reliability: 1.0, ..scale }));
    refused(livingston_lewis(&some, &Scale { reliability: 0.0, ..scale }));
    refused(livingston_lewis(&some, &Scale { step: -1.0, ..scale }));
    refused(livingston_lewis(&some, &Scale { cut: f64::NAN, ..scale }));
    // A cut that all reach: no κ.
    let all = livingston_lewis(&some, &Scale { cut: 0.0, ..scale }).unwrap();
    assert_eq!((all.model.kappa, all.model.consistency), (None, 1.0));
}

#[test]
fn lee_by_hand() {
    // Two questions at even odds: totals 0, 1, 2 with ¼, ½, ¼. Both needed: pass ¼, consistency 1/16 + 9/16; the true
    // score 1 does not deserve it: accuracy ¾.
    let items = [ItemParameters::two_pl(1.0, 0.0), ItemParameters::two_pl(1.0, 0.0)];
    let scores = vec![vec![0.0, 1.0]; 2];
    let found = lee(&items, &scores, 1.0, 2.0, &equal_weights(&[0.0])).unwrap();
    near("consistency", found.decisions.consistency, 0.625, 1e-12);
    near("accuracy", found.decisions.accuracy, 0.75, 1e-12);
    near("false positive", found.decisions.false_positive, 0.25, 1e-12);
    near("sem", found.abilities[0].sem, 0.5_f64.sqrt(), 1e-12);
    // At one ability two forms agree as two independent ones: κ is 0.
    near("kappa", found.decisions.kappa.unwrap(), 0.0, 1e-12);
    // Deserved at 1.
    let found = lee(&items, &scores, 1.0, 1.0, &[(0.0, 3.0)]).unwrap();
    near("pass", found.decisions.pass_rate, 0.75, 1e-12);
    near("accuracy", found.decisions.accuracy, 0.75, 1e-12);
    assert_eq!(found.decisions.true_pass_rate, 1.0);
    refused(lee(&items, &scores, 1.0, 1.0, &[]));
    refused(lee(&items, &scores, 1.0, 1.0, &[(0.0, -1.0)]));
    refused(lee(&items, &scores, 1.0, f64::NAN, &[(0.0, 1.0)]));
    refused(lee(&items, &scores, 0.0, 1.0, &[(0.0, 1.0)]));
    refused(lee(&items, &scores, 1e-7, 1.0, &[(0.0, 1.0)]));
    refused(lee(&items, &scores[..1], 1.0, 1.0, &[(0.0, 1.0)]));
    refused(lee(&[], &[], 1.0, 1.0, &[(0.0, 1.0)]));
    refused(score_distribution(&items, &scores, 1.0, f64::NAN));
}

#[test]
fn units_of_points() {
    let near_unit =
        |scores: &[f64], wanted: f64| near("unit", common_unit(&[scores.to_vec()], 1000).unwrap(), wanted, 1e-12);
    near_unit(&[0.0, 0.2, 0.5, 1.0], 0.1);
    near_unit(&[0.0, 2.0, 4.0], 2.0);
    near_unit(&[0.0, 1.0 / 3.0, 1.0], 1.0 / 3.0);
    near_unit(&[-0.5, 1.0], 0.5);
    assert_eq!(common_unit(&[vec![0.0, std::f64::consts::FRAC_1_SQRT_2]], 1000), None);
    assert_eq!((common_unit(&[vec![0.0]], 10), common_unit(&[vec![f64::NAN]], 10)), (None, None));
}

#[test]
fn totals_of_questions_with_several_levels() {
    // Every way to answer three questions of a QRM, one negative score among them, against the convolution.
    let b = vec![-1.0, 0.0, 0.7];
    let items = [
        ItemParameters { model: Model::Gpcm, a: 0.8, b: b.clone(), c: 0.0 },
        ItemParameters { model: Model::Grm, a: 1.3, b, c: 0.0 },
        ItemParameters::three_pl(1.0, 0.2, 0.2),
    ];
    let scores = vec![vec![0.0, 0.2, 0.5, 1.0], vec![0.0, 0.4, 1.0, 2.0], vec![-0.3, 1.0]];
    let unit = common_unit(&scores, 100).unwrap();
    let found = score_distribution(&items, &scores, unit, 0.4).unwrap();
    near("sum", found.p.iter().sum(), 1.0, 1e-12);
    for cut in [-0.3, 0.0, 0.1, 0.9, 1.5, 2.2, 4.0, 4.1] {
        let (mut slow, mut mean) = (0.0, 0.0);
        for i in 0..4 {
            for j in 0..4 {
                for k in 0..2 {
                    let p = items[0].probability(0.4, i) * items[1].probability(0.4, j) * items[2].probability(0.4, k);
                    let total = scores[0][i] + scores[1][j] + scores[2][k];
                    mean += p * total;
                    slow += if total >= cut - 1e-9 { p } else { 0.0 };
                }
            }
        }
        near("at least", found.at_least(cut), slow, 1e-12);
        near("mean", found.moments().0, mean, 1e-12);
    }
    // Off the grid: thirds on tenths keep the mean.
    let thirds = vec![vec![0.0, 1.0 / 3.0, 2.0 / 3.0, 1.0], vec![0.0, -1.0 / 3.0, 0.5, 1.0], vec![0.0, 1.0]];
    let coarse = score_distribution(&items, &thirds, 0.1, 0.4).unwrap();
    let expected: f64 = items.iter().zip(&thirds).map(|(i, s)| i.expected(0.4, s)).sum();
    near("mean off the grid", coarse.moments().0, expected, 1e-12);
    near("sum off the grid", coarse.p.iter().sum(), 1.0, 1e-12);
}

#[test]
fn lee_against_simulated_forms() {
    let b = [-0.8, 0.1, 0.9];
    let items: Vec<ItemParameters> = (0..30)
        .map(|q| {
            let shift = f64::from(q % 7) * 0.3 - 1.0;
            let a = 0.7 + 0.1 * f64::from(q % 4);
            ItemParameters { model: Model::Grm, a, b: b.iter().map(|b| b + shift).collect(), c: 0.0 }
        })
        .collect();
    let scores = vec![vec![0.0, 0.2, 0.5, 1.0]; 30];
    let cut = 14.0;
    // 161 equal steps of the normal law as quadrature.
    let nodes: Vec<(f64, f64)> = (0..161)
        .map(|i| {
            let low = -4.0 + 0.05 * f64::from(i);
            (low, normal_cdf(low + 0.025) - normal_cdf(low - 0.025))
        })
        .collect();
    let found = lee(&items, &scores, 0.1, cut, &nodes).unwrap().decisions;
    let (ability, chance) = (Draws::new(21, 1), Draws::new(21, 2));
    let n = 20_000_u64;
    let (mut alike, mut right, mut passing) = (0, 0, 0);
    let mut p = [0.0; 4];
    for i in 0..n {
        let theta = ability.normal(i);
        let (mut totals, mut deserved) = ([0.0; 2], 0.0);
        for (q, item) in items.iter().enumerate() {
            item.probabilities(theta, &mut p);
            for (form, total) in totals.iter_mut().enumerate() {
                let u = chance.uniform((i * 30 + q as u64) * 2 + form as u64);
                let mut sum = 0.0;
                let level = p
                    .iter()
                    .position(|p| {
                        sum += p;
                        u < sum
                    })
                    .unwrap_or(3);
                *total += scores[q][level];
            }
            deserved += item.expected(theta, &scores[q]);
        }
        let pass = totals.map(|t| t >= cut - 1e-9);
        alike += usize::from(pass[0] == pass[1]);
        right += usize::from(pass[0] == (deserved >= cut));
        passing += usize::from(pass[0]);
    }
    let share = |count: usize| count as f64 / n as f64;
    near("consistency", found.consistency, share(alike), 0.01);
    near("accuracy", found.accuracy, share(right), 0.01);
    near("pass", found.pass_rate, share(passing), 0.01);
    near("parts", found.accuracy + found.false_positive + found.false_negative, 1.0, 1e-9);
}

#[test]
fn one_candidate_and_a_threshold() {
    near("at the cut", probability_above(14.0, 0.8, 14.0).unwrap(), 0.5, 1e-12);
    near("one error above", probability_above(14.8, 0.8, 14.0).unwrap(), normal_cdf(1.0), 1e-12);
    near("quantile", probability_above(14.0 + 0.8 * normal_quantile(0.9), 0.8, 14.0).unwrap(), 0.9, 1e-9);
    assert_eq!((probability_above(14.0, 0.0, 14.0), probability_above(13.9, 0.0, 14.0)), (Some(1.0), Some(0.0)));
    assert_eq!((probability_above(f64::NAN, 1.0, 14.0), probability_above(14.0, -1.0, 14.0)), (None, None));
    // Drawn toward a mean of 12 by r = 0.75: expected 13.5, spread 2 √(0.1875).
    let found = probability_above_regressed(14.0, 12.0, 2.0, 0.75, 14.0).unwrap();
    near("regressed", found, normal_cdf(-0.5 / (2.0 * 0.1875_f64.sqrt())), 1e-12);
    assert_eq!(probability_above_regressed(14.0, 12.0, 2.0, 1.5, 14.0), None);
    assert_eq!(probability_above_regressed(14.0, 12.0, 2.0, 1.0, 14.0), Some(1.0));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn judges_may_sit_in_any_order(
        rows in proptest::collection::vec(proptest::collection::vec(0.0..=1.0_f64, 5), 2..9),
        gap in 0..5_usize,
        turn in 1..8_usize,
    ) {
        let mut judges: Vec<Vec<Option<f64>>> = rows.iter().map(|r| r.iter().copied().map(Some).collect()).collect();
        judges[0][gap] = None;
        let before = angoff(&Ratings::new(judges.clone()).unwrap(), &[1.0, 2.0, 1.0, 0.5, 1.0]).unwrap();
        let turn = turn % judges.len();
        judges.rotate_left(turn);
        let after = angoff(&Ratings::new(judges).unwrap(), &[1.0, 2.0, 1.0, 0.5, 1.0]).unwrap();
        prop_assert!((before.cut - after.cut).abs() < 1e-9 && (before.se - after.se).abs() < 1e-9);
        let n = before.judges.len();
        for j in 0..n {
            let (a, b) = (&before.judges[(j + turn) % n], &after.judges[j]);
            prop_assert!((a.cut - b.cut).abs() < 1e-9 && (a.effect - b.effect).abs() < 1e-9);
        }
        let cuts = || before.judges.iter().map(|j| j.cut);
        prop_assert!(before.cut >= cuts().fold(f64::INFINITY, f64::min) - 1e-12);
        prop_assert!(before.cut <= cuts().fold(0.0, f64::max) + 1e-12);
        prop_assert!((0.0..=before.max + 1e-12).contains(&before.cut));
        all_numbers(&before);
    }

    #[test]
    fn hofstee_is_the_greatest_cut_under_the_line(
        marks in proptest::collection::vec(0..40_i32, 10..60),
        low in 0.0..15.0_f64,
        width in 0.0..25.0_f64,
        least in 0.0..0.5_f64,
        more in 0.0..0.5_f64,
    ) {
        let marks: Vec<f64> = marks.into_iter().map(|m| f64::from(m) / 2.0).collect();
        let one = bounds(low, low + width, least, least + more);
        let found = hofstee(&[one], &marks, 7).unwrap();
        all_numbers(&found);
        let fails = |cut: f64| marks.iter().filter(|m| **m < cut - 1e-9).count() as f64 / marks.len() as f64;
        let line = |cut: f64| if width > 0.0 { least + more * (1.0 - (cut - low) / width) } else { least + more };
        prop_assert!(found.cut >= low && found.cut <= low + width);
        prop_assert_eq!(found.failure, fails(found.cut));
        match found.outcome {
            HofsteeOutcome::Crossed => {
                prop_assert!(fails(found.cut) <= line(found.cut) + 1e-6);
                let above = found.cut + 1e-5;
                prop_assert!(above >= low + width || fails(above) >= line(above) - 1e-6);
            }
            HofsteeOutcome::TooManyFail => prop_assert!(fails(low) > least + more),
            HofsteeOutcome::TooFewFail => prop_assert!(fails(low + width) < least),
        }
    }

    #[test]
    fn a_panel_has_no_order_and_a_key_has_bounds(
        said in proptest::collection::vec(proptest::option::weighted(0.9, -2..=2_i8), 18..120),
    ) {
        let mut rows: Vec<Vec<Option<i8>>> = said.chunks_exact(6).map(<[_]>::to_vec).collect();
        rows.iter_mut().for_each(|r| r[0] = r[0].or(Some(0)));
        let before = panel::analyse(&Panel::new(rows.clone()).unwrap(), &Rules::default()).unwrap();
        rows.reverse();
        let after = panel::analyse(&Panel::new(rows).unwrap(), &Rules::default()).unwrap();
        prop_assert_eq!(&before.questions, &after.questions);
        for (a, b) in before.panellists.iter().zip(after.panellists.iter().rev()) {
            prop_assert_eq!((a.score, a.distance, &a.effect), (b.score, b.distance, &b.effect));
        }
        for q in &before.questions {
            if let Some(credits) = q.credits {
                prop_assert!(credits.iter().all(|c| (0.0..=1.0).contains(c)) && credits.contains(&1.0));
            }
        }
        all_numbers(&before);
    }

    #[test]
    fn decisions_are_shares(
        alpha in 0.2..40.0_f64,
        beta in 0.2..40.0_f64,
        low in 0.0..0.4_f64,
        width in 0.1..0.6_f64,
        n in 1..200_u32,
        cut in 0.0..1.0_f64,
        apart in -0.2..0.2_f64,
    ) {
        let law = TrueScores { alpha, beta, low, high: low + width };
        let found = beta_binomial(&law, n, cut * f64::from(n), cut + apart).unwrap();
        all_numbers(&found);
        let shares = [found.consistency, found.accuracy, found.pass_rate, found.true_pass_rate, found.chance];
        prop_assert!(shares.iter().all(|s| (0.0..=1.0).contains(s)));
        prop_assert!((found.accuracy + found.false_positive + found.false_negative - 1.0).abs() < 1e-9);
        // Decisions given the true score are independent: two forms agree at least as often as by chance.
        prop_assert!(found.consistency >= found.chance - 1e-9 && found.consistency >= 0.5 - 1e-12);
        let (pass, deserved) = (found.pass_rate - found.false_positive, found.true_pass_rate - found.false_negative);
        prop_assert!((pass - deserved).abs() < 1e-9);
    }

    #[test]
    fn livingston_and_lewis_give_numbers_or_a_reason(
        seed in 0..10_000_u64,
        n in 30..120_usize,
        reliability in 0.05..0.99_f64,
        cut in 0.0..20.0_f64,
        shape in 0.2..4.0_f64,
    ) {
        let draws = Draws::new(seed, 1);
        let marks: Vec<f64> = (0..n as u64).map(|i| (draws.uniform(i).powf(shape) * 200.0).round() / 10.0).collect();
        match livingston_lewis(&marks, &Scale { min: 0.0, max: 20.0, step: 0.1, reliability, cut }) {
            Ok(found) => {
                all_numbers(&found);
                for d in [&found.model, &found.taken] {
                    prop_assert!((0.0..=1.0).contains(&d.consistency) && (0.0..=1.0).contains(&d.accuracy));
                }
            }
            Err(reason) => prop_assert!(!reason.to_string().contains("NaN")),
        }
    }
}
