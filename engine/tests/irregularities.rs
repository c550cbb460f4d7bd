//! Shared wrong answers, copies unlike their mark, times: against CopyDetect, slow oracles and planted cases.
#![allow(clippy::unwrap_used, reason = "a test stops at the first thing that is not there")]

mod common;

use common::reference::{self, Seeded, Table};
use docimo_engine::docimology::irregularities::answers::{Common, neighbours};
use docimo_engine::docimology::irregularities::screen::compare;
use docimo_engine::docimology::irregularities::words::{self, CAUTION};
use docimo_engine::docimology::irregularities::{
    Answers, Copying, PairSignal, ResponseTimes, ScreenOptions, Screening, Seat, TimeOptions, adjust, analyse_times,
    person_fit, screen,
};
use docimo_engine::docimology::irt::ItemParameters;
use docimo_engine::docimology::irt::ability::{Method, ability};
use docimo_engine::docimology::matrix::{Item, MISSING, ScoreMatrix};
use docimo_engine::docimology::numeric::{Draws, benjamini_hochberg};
use docimo_engine::marking::ResponseMatrix;
use proptest::prelude::*;

/// Codes by question and which of them is right.
struct Exam {
    codes: Vec<Vec<u32>>,
    right: Vec<u32>,
}

/// A pair, what it has in common, how much was expected, and the excess.
type Slow = (usize, usize, Common, f64, f64);

impl Exam {
    /// Options become codes from 1: 0 is a blank.
    fn seeded(set: &Seeded) -> Self {
        let codes = set.cells.iter().map(|q| q.iter().map(|c| u32::from(*c) + 1).collect()).collect();
        Self { codes, right: set.key.iter().map(|k| u32::from(*k) + 1).collect() }
    }

    fn candidates(&self) -> usize {
        self.codes[0].len()
    }

    fn scores(&self) -> ScoreMatrix {
        let item = |(codes, right): (&Vec<u32>, &u32)| Item {
            levels: vec![0.0, 1.0],
            max: 1.0,
            cells: codes.iter().map(|c| if *c == 0 { MISSING } else { u8::from(c == right) }).collect(),
        };
        let items = self.codes.iter().zip(&self.right).map(item).collect();
        ScoreMatrix::from_items(self.candidates(), items).unwrap()
    }

    fn answers(&self) -> Answers {
        let responses = ResponseMatrix::new(self.candidates(), self.codes.clone()).unwrap();
        let all: Vec<usize> = (0..self.codes.len()).collect();
        Answers::new(&responses, &self.scores(), &all).unwrap()
    }

    /// `copier` takes the answers of `source` at questions `range`.
    fn copy(&mut self, copier: usize, source: usize, range: std::ops::Range<usize>) {
        for codes in &mut self.codes[range] {
            codes[copier] = codes[source];
        }
    }

    /// The obvious count.
    fn common(&self, a: usize, b: usize) -> Common {
        let mut common = Common::default();
        for (codes, right) in self.codes.iter().zip(&self.right) {
            let (x, y) = (codes[a], codes[b]);
            if x == 0 || y == 0 {
                continue;
            }
            common.both_answered += 1;
            common.both_wrong += u32::from(x != *right && y != *right);
            common.identical_wrong += u32::from(x == y && x != *right);
            common.identical += u32::from(x == y);
        }
        common
    }

    /// Share of the pairs of wrong candidates who gave the same wrong answer, pair by pair.
    fn coincidence(&self, q: usize) -> f64 {
        let wrong: Vec<u32> = self.codes[q].iter().copied().filter(|c| *c != 0 && *c != self.right[q]).collect();
        let (mut pairs, mut same) = (0.0, 0.0);
        for (i, x) in wrong.iter().enumerate() {
            for y in &wrong[..i] {
                pairs += 1.0;
                same += f64::from(u8::from(x == y));
            }
        }
        if pairs > 0.0 { same / pairs } else { 0.0 }
    }

    /// The obvious screen: every pair, one question at a time; pairs with an excess, by excess.
    fn slow_screen(&self, options: &ScreenOptions) -> (u64, Vec<Slow>) {
        let q: Vec<f64> = (0..self.codes.len()).map(|q| self.coincidence(q)).collect();
        let mut found = vec![];
        for b in 0..self.candidates() {
            for a in 0..b {
                let common = self.common(a, b);
                let (mut mean, mut variance) = (0.0, 0.0);
                for (j, (codes, right)) in self.codes.iter().zip(&self.right).enumerate() {
                    let wrong = |c: usize| codes[c] != 0 && codes[c] != *right;
                    if wrong(a) && wrong(b) {
                        mean += q[j];
                        variance += q[j] * (1.0 - q[j]);
                    }
                }
                let z = (f64::from(common.identical_wrong) - mean) / variance.sqrt();
                if variance > 1e-11 && z >= options.least_z && common.identical_wrong >= options.least_identical {
                    found.push((a, b, common, mean, z));
                }
            }
        }
        found.sort_by(|x, y| y.4.total_cmp(&x.4));
        (found.len() as u64, found)
    }
}

fn threads<T: Send>(n: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap().install(work)
}

fn key(signal: &PairSignal) -> (usize, usize) {
    (signal.a, signal.b)
}

/// An exam of random codes: few different ones at some questions, hundreds at others, blanks, all right or all wrong.
fn random_exam(seed: u64, candidates: usize, questions: usize) -> Exam {
    let widths = [1, 2, 3, 5, 6, 9, 20, 33, 70, 300, 1000];
    let mut codes = vec![];
    for q in 0..questions {
        let draws = Draws::new(seed, q as u64);
        let width = widths[draws.below(0, widths.len())];
        let code = |i: usize| {
            let at = 3 * i as u64 + 1;
            match draws.uniform(at) {
                u if u < 0.05 => 0,
                u if u < 0.4 => 7,
                // Some codes more frequent than others, and far from small numbers.
                _ => 7 + 1_000_003 * draws.below(at + 1, 1 + draws.below(at + 2, width)) as u32,
            }
        };
        codes.push((0..candidates).map(code).collect());
    }
    Exam { codes, right: vec![7; questions] }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn the_fast_screen_counts_as_the_slow_one(
        seed in any::<u64>(),
        candidates in 10_usize..80,
        questions in 1_usize..150,
        least_z in 0.0_f64..3.0,
        least_identical in 1_u32..4,
    ) {
        let exam = random_exam(seed, candidates, questions);
        let options = ScreenOptions { least_z, least_identical, most_pairs: 100_000 };
        let answers = exam.answers();
        for q in 0..questions {
            prop_assert!((answers.coincidence(q) - exam.coincidence(q)).abs() < 1e-11);
        }
        let (above, slow) = exam.slow_screen(&options);
        let Ok(fast) = screen(&answers, &[], &options) else {
            // Nothing to compare: no question where wrong answers vary.
            prop_assert!((0..questions).all(|q| [0.0, 1.0].contains(&exam.coincidence(q))));
            return Ok(());
        };
        // A pair within rounding of the cut may fall on either side.
        let near = slow.iter().filter(|s| (s.4 - least_z).abs() < 1e-6).count() as u64;
        prop_assert!(fast.above_cut.abs_diff(above) <= near, "{} {above}", fast.above_cut);
        prop_assert_eq!(fast.compared, (candidates * (candidates - 1) / 2) as u64);
        let by_pair: std::collections::HashMap<_, _> = slow.iter().map(|s| ((s.0, s.1), s)).collect();
        for signal in &fast.pairs {
            if let Some((_, _, common, mean, z)) = by_pair.get(&key(signal)) {
                prop_assert_eq!(signal.common, *common);
                prop_assert!((signal.expected - mean).abs() < 1e-8 && (signal.z - z).abs() < 1e-6);
            } else {
                prop_assert!((signal.z - least_z).abs() < 1e-6);
            }
            prop_assert!(signal.p.is_finite() && (0.0..=1.0).contains(&signal.p));
        }
    }

    #[test]
    fn any_pair_is_counted_exactly(seed in any::<u64>(), candidates in 2_usize..40, questions in 1_usize..200) {
        let exam = random_exam(seed, candidates, questions);
        let answers = exam.answers();
        for b in 0..candidates {
            for a in 0..candidates {
                prop_assert_eq!(answers.common(a, b), exam.common(a, b));
            }
        }
    }

    #[test]
    fn adjusted_p_values_are_those_of_the_whole_family(
        p in prop::collection::vec(0.0_f64..1.0, 1..30),
        ones in 0_usize..30,
    ) {
        let mut all = p.clone();
        all.resize(p.len() + ones, 1.0);
        let whole = benjamini_hochberg(&all);
        for (i, found) in adjust(&p, all.len() as u64).iter().enumerate() {
            prop_assert!((found.false_discovery - whole[i]).abs() < 1e-12);
            prop_assert!((found.family_wise - (p[i] * all.len() as f64).min(1.0)).abs() < 1e-12);
        }
    }
}

#[test]
fn wide_questions_keep_their_counts_exact() {
    // Every candidate has his own code at question 0, shares one with a neighbour at question 1.
    let n = 3000_u32;
    let mut exam =
        Exam { codes: vec![(0..n).map(|i| i + 2).collect(), (0..n).map(|i| i / 2 + 2).collect()], right: vec![1, 1] };
    exam.codes.extend((0..70).map(|q| (0..n).map(|i| 1 + (i * 7 + q) % 4).collect::<Vec<u32>>()));
    exam.right.extend(vec![1; 70]);
    let answers = exam.answers();
    for (a, b) in [(0, 1), (1, 2), (0, 4), (2000, 2001), (2999, 2998)] {
        assert_eq!(answers.common(a, b), exam.common(a, b), "{a} {b}");
    }
    assert_eq!(answers.coincidence(0), 0.0);
}

fn opt() -> Seeded {
    Seeded::new("opt", 1000, 50, 31)
}

#[test]
fn nothing_is_found_in_clean_data() {
    for seed in [31, 131, 231] {
        let exam = Exam::seeded(&Seeded::new("opt", 1000, 50, seed));
        let found = screen(&exam.answers(), &[], &ScreenOptions { least_z: 3.0, ..Default::default() }).unwrap();
        assert!(found.pairs.iter().all(|s| s.false_discovery > 0.05), "{:?}", found.pairs[0]);
        // The deviate is nearly normal: 0.13 % of the pairs above 3, somewhat more for the skew.
        let share = found.above_cut as f64 / found.compared as f64;
        assert!(share > 0.0005 && share < 0.004, "{share}");
    }
}

#[test]
fn a_copier_is_found_and_only_he() {
    let set = opt();
    let mut exam = Exam::seeded(&set);
    let wrongs = exam.answers().wrong_counts();
    let weak: Vec<usize> = (0..1000).filter(|c| (22..28).contains(&wrongs[*c])).take(4).collect();
    exam.copy(weak[0], weak[1], 10..50);
    exam.copy(weak[2], weak[3], 0..44);
    let answers = exam.answers();
    let found = screen(&answers, &[], &ScreenOptions::default()).unwrap();
    let sure: Vec<(usize, usize)> = found.pairs.iter().filter(|s| s.false_discovery < 0.05).map(key).collect();
    let mut wanted = vec![(weak[0], weak[1]), (weak[2], weak[3])];
    let mut sorted = sure.clone();
    sorted.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(sorted, wanted, "{:?}", &found.pairs[..2]);
    // The indices see them as well, and do not see a pair that did not copy.
    let items: Vec<ItemParameters> = set.a.iter().zip(&set.b).map(|(a, b)| ItemParameters::two_pl(*a, b[0])).collect();
    let copying = Copying::new(&answers, &items, &set.theta).unwrap();
    let pair = copying.pair(weak[0], weak[1]).unwrap();
    let found = |p: &docimo_engine::docimology::Estimate<_>| {
        let tail: &docimo_engine::docimology::irregularities::copying::CountTail = p.as_ref().unwrap();
        tail.p
    };
    assert!(pair.omega.as_ref().unwrap().p < 1e-6 && found(&pair.gbt) < 1e-6, "{pair:?}");
    assert!([&pair.k, &pair.k1, &pair.k2, &pair.s1, &pair.s2].iter().all(|t| found(t) < 1e-3), "{pair:?}");
    let clean = copying.pair(weak[0], weak[2]).unwrap();
    assert!(clean.omega.unwrap().p > 1e-3 && found(&clean.gbt) > 1e-3);
}

#[test]
fn omega_and_gbt_are_standard_on_clean_data() {
    let set = opt();
    let answers = Exam::seeded(&set).answers();
    let items: Vec<ItemParameters> = set.a.iter().zip(&set.b).map(|(a, b)| ItemParameters::two_pl(*a, b[0])).collect();
    let copying = Copying::new(&answers, &items, &set.theta).unwrap();
    let pairs: Vec<(usize, usize)> = (0..1000).map(|i| (i, (i + 1) % 1000)).collect();
    let found: Vec<_> = copying.pairs(&pairs).into_iter().map(Result::unwrap).collect();
    let omega: Vec<f64> = found.iter().map(|f| f.omega.as_ref().unwrap().omega).collect();
    let mean = omega.iter().sum::<f64>() / 1000.0;
    let sd = (omega.iter().map(|o| (o - mean).powi(2)).sum::<f64>() / 999.0).sqrt();
    assert!(mean.abs() < 0.12 && (sd - 1.0).abs() < 0.08, "{mean} {sd}");
    let below = found.iter().filter(|f| f.gbt.as_ref().unwrap().p < 0.05).count();
    assert!((20..=70).contains(&below), "{below}");
    // The chance of a match adds up: over all pairs, as many matches as expected.
    let (observed, expected) = found.iter().fold((0.0, 0.0), |(o, e), f| {
        let tail = f.gbt.as_ref().unwrap();
        (o + tail.observed as f64, e + tail.expected)
    });
    assert!((observed / expected - 1.0).abs() < 0.02, "{observed} {expected}");
}

/// CopyDetect's numbers, 1000 × 50 right or wrong: the same definitions, so the same digits. S1 and S2 stop R's glm
/// at a relative deviance of 1e-8, ours goes on.
#[test]
fn indices_agree_with_copydetect() {
    if reference::psychometrics().is_none() {
        return;
    }
    let data = reference::data("collusion/copydetect.data.csv");
    let codes = data.items().iter().map(|i| i.cells.iter().map(|c| u32::from(*c) + 1).collect()).collect();
    let responses = ResponseMatrix::new(1000, codes).unwrap();
    let answers = Answers::new(&responses, &data, &(0..50).collect::<Vec<_>>()).unwrap();
    let table = Table::read("collusion/copydetect.items.csv");
    let items: Vec<ItemParameters> =
        table.column("a").iter().zip(table.column("b")).map(|(a, b)| ItemParameters::two_pl(*a, b)).collect();
    let thetas = Table::read("collusion/copydetect.theta.csv").column("theta_MAP_var5");
    let copying = Copying::new(&answers, &items, &thetas).unwrap();
    let wanted = reference::json("collusion/copydetect_2pl_1000x50.json");
    for pair in wanted["pairs"].as_array().unwrap() {
        let id = |name: &str| pair[name].as_str().unwrap()[1..].parse::<usize>().unwrap();
        let (copier, source) = (id("copier"), id("source"));
        let found = copying.pair(copier, source).unwrap();
        let close = |name: &str, found: f64, wanted: &serde_json::Value, tolerance: f64| {
            let wanted = wanted.as_f64().unwrap();
            assert!((found - wanted).abs() < tolerance, "{copier} {source} {name}: {found} {wanted}");
        };
        let omega = found.omega.unwrap();
        assert_eq!(omega.observed as u64, pair["W"]["obs.match"].as_u64().unwrap());
        close("expected", omega.expected, &pair["W"]["exp.match"], 1e-11);
        close("sd", omega.sd, &pair["W"]["sd.match"], 1e-11);
        close("omega", omega.omega, &pair["W"]["W.value"], 1e-11);
        close("omega p", omega.p, &pair["W"]["p.value"], 1e-11);
        close("gbt", found.gbt.unwrap().p, &pair["GBT"]["p.value"], 1e-12);
        for (q, chance) in pair["GBT"]["prob.match"].as_array().unwrap().iter().enumerate() {
            close("match", copying.match_chance(q, copier, source), chance, 1e-12);
        }
        close("K", found.k.unwrap().p, &pair["K"]["k.index"], 1e-11);
        close("K1", found.k1.unwrap().p, &pair["Kv"]["K1.index"], 1e-11);
        close("K2", found.k2.unwrap().p, &pair["Kv"]["K2.index"], 1e-11);
        close("S1", found.s1.unwrap().p, &pair["Kv"]["S1.index"], 1e-9);
        close("S2", found.s2.unwrap().p, &pair["Kv"]["S2.index"], 1e-9);
    }
}

fn planted() -> Exam {
    let mut exam = Exam::seeded(&Seeded::new("opt", 400, 60, 5));
    for c in (0..40).step_by(2) {
        exam.copy(c, c + 1, 0..20 + c);
    }
    exam
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let exam = planted();
    let set = Seeded::new("opt", 400, 60, 5);
    let items: Vec<ItemParameters> = set.a.iter().zip(&set.b).map(|(a, b)| ItemParameters::two_pl(*a, b[0])).collect();
    let seats: Vec<Option<Seat>> = (0..400).map(|i| Some(Seat { room: 1, row: i / 20, column: i % 20 })).collect();
    let options = ScreenOptions { least_z: 1.0, least_identical: 2, most_pairs: 50 };
    let run = |n| {
        threads(n, || {
            let answers = exam.answers();
            let found = screen(&answers, &seats, &options).unwrap();
            let pairs: Vec<(usize, usize)> = found.pairs.iter().map(key).collect();
            let copying = Copying::new(&answers, &items, &set.theta).unwrap();
            let fit = person_fit(&exam.scores(), &items, &set.theta, Method::Ml).unwrap();
            format!("{:?}{:?}{:?}", found, copying.pairs(&pairs), fit)
        })
    };
    let one = run(1);
    assert_eq!(one, run(2));
    assert_eq!(one, run(7));
    assert!(!one.contains("NaN") && !one.contains("inf,") && !one.contains("inf "));
}

#[test]
fn the_pairs_kept_are_the_best_ones() {
    let answers = planted().answers();
    let options = |most_pairs| ScreenOptions { least_z: 1.0, least_identical: 2, most_pairs };
    let all = screen(&answers, &[], &options(1_000_000)).unwrap();
    assert_eq!(all.above_cut, all.pairs.len() as u64);
    for most in [1, 2, 17, 500] {
        let some = screen(&answers, &[], &options(most)).unwrap();
        assert_eq!(some.above_cut, all.above_cut);
        assert_eq!(some.pairs.len(), most);
        for (x, y) in some.pairs.iter().zip(&all.pairs) {
            assert_eq!((key(x), x.z, x.p, x.common), (key(y), y.z, y.p, y.common));
            // Left-out pairs count as p = 1: never less careful.
            assert!(x.false_discovery >= y.false_discovery && x.family_wise == y.family_wise);
        }
    }
}

#[test]
fn order_of_candidates_and_questions_does_not_matter() {
    let exam = planted();
    let shuffled = |n: usize, stream: u64| {
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by_key(|i| Draws::new(9, stream).bits(*i as u64));
        order
    };
    let (people, questions) = (shuffled(400, 1), shuffled(60, 2));
    let other = Exam {
        codes: questions.iter().map(|q| people.iter().map(|c| exam.codes[*q][*c]).collect()).collect(),
        right: questions.iter().map(|q| exam.right[*q]).collect(),
    };
    let options = ScreenOptions { least_z: 2.0, least_identical: 3, most_pairs: 1_000_000 };
    let tidy = |found: Screening, name: &dyn Fn(usize) -> usize| {
        let mut pairs: Vec<PairSignal> = found
            .pairs
            .into_iter()
            .map(|s| {
                let (a, b) = (name(s.a), name(s.b));
                PairSignal { a: a.min(b), b: a.max(b), ..s }
            })
            .collect();
        pairs.sort_by_key(key);
        pairs
    };
    let first = tidy(screen(&exam.answers(), &[], &options).unwrap(), &|c| c);
    let second = tidy(screen(&other.answers(), &[], &options).unwrap(), &|c| people[c]);
    assert!(first.len() > 20);
    assert_eq!(first, second, "to the last bit");
}

#[test]
fn seats_make_a_family_of_their_own() {
    let mut exam = Exam::seeded(&opt());
    let wrongs = exam.answers().wrong_counts();
    // A pair of neighbours that copied too little to stand out among all pairs, but not among neighbours.
    let weak: Vec<usize> = (0..1000).filter(|c| wrongs[*c] > 28).take(2).collect();
    exam.copy(weak[0], weak[1], 0..22);
    let mut seats: Vec<Option<Seat>> = (0..1000_i32)
        .map(|i| Some(Seat { room: i as u32 / 100, row: 2 * (i % 100 / 10), column: 2 * (i % 10) }))
        .collect();
    seats[weak[0]] = Some(Seat { room: 99, row: 3, column: 4 });
    seats[weak[1]] = Some(Seat { room: 99, row: 4, column: 3 });
    seats[weak[1] + 1] = Some(Seat { room: 98, row: 4, column: 3 });
    assert_eq!(neighbours(&seats), vec![(weak[0], weak[1])]);
    let answers = exam.answers();
    let found = screen(&answers, &seats, &ScreenOptions::default()).unwrap();
    assert_eq!(found.neighbours_compared, 1);
    assert_eq!(key(&found.neighbours[0]), (weak[0], weak[1]));
    assert!(found.neighbours[0].neighbours && found.neighbours[0].family_wise < 0.01, "{:?}", found.neighbours[0]);
    assert!(found.pairs.iter().all(|s| s.neighbours == (key(s) == (weak[0], weak[1]))));
    let asked = compare(&answers, &[(weak[1], weak[0]), (3, 3), (0, 5000)], &seats, 1);
    assert_eq!(asked, found.neighbours);
    assert!(screen(&answers, &seats[1..], &ScreenOptions::default()).is_err());
}

#[test]
fn neighbours_are_found_as_by_comparing_all_seats() {
    let draws = Draws::new(4, 4);
    let at = |i: u64, n: usize| draws.below(i, n);
    let seats: Vec<Option<Seat>> = (0..300_u64)
        .map(|i| {
            let seat =
                Seat { room: at(4 * i, 3) as u32, row: at(4 * i + 1, 12) as i32 - 5, column: at(4 * i + 2, 9) as i32 };
            (at(4 * i + 3, 10) > 0).then_some(seat)
        })
        .collect();
    let mut slow = vec![];
    for a in 0..300 {
        for b in a + 1..300 {
            if seats[a].zip(seats[b]).is_some_and(|(x, y)| x.adjacent(y)) {
                slow.push((a, b));
            }
        }
    }
    assert_eq!(neighbours(&seats), slow);
    let far =
        [Some(Seat { room: 0, row: i32::MAX, column: i32::MIN }), Some(Seat { room: 0, row: i32::MIN, column: 0 })];
    assert_eq!(neighbours(&far), vec![]);
}

#[test]
fn too_little_data_is_said_in_french() {
    let exam = random_exam(1, 9, 20);
    let why = screen(&exam.answers(), &[], &ScreenOptions::default()).unwrap_err().to_string();
    assert_eq!(why, "recherche de copies semblables : 9 candidats, il en faut au moins 10");
    let same = Exam { codes: vec![(0..40).map(|i| 1 + i % 2).collect(); 10], right: vec![1; 10] };
    let why = screen(&same.answers(), &[], &ScreenOptions::default()).unwrap_err().to_string();
    assert!(why.contains("réponses fausses"), "{why}");
    let exam = random_exam(1, 60, 10);
    let answers = exam.answers();
    assert!(screen(&answers, &[], &ScreenOptions { least_z: f64::NAN, ..Default::default() }).is_err());
    let items = vec![ItemParameters::two_pl(1.0, 0.0); 10];
    assert!(Copying::new(&answers, &items[1..], &[0.0; 60]).is_err());
    assert!(Copying::new(&answers, &items, &[f64::NAN; 60]).is_err());
    let copying = Copying::new(&answers, &items, &[0.0; 60]).unwrap();
    assert!(copying.pair(3, 3).is_err() && copying.pair(3, 60).is_err());
    assert!(person_fit(&exam.scores(), &items, &[0.0; 59], Method::Ml).is_err());
}

/// Parameters of a graded response question seen as categories 0..=3.
fn grm_items(set: &Seeded) -> Vec<ItemParameters> {
    let grm = docimo_engine::docimology::irt::Model::Grm;
    set.a.iter().zip(&set.b).map(|(a, b)| ItemParameters { model: grm, a: *a, b: b.clone(), c: 0.0 }).collect()
}

#[test]
fn person_fit_follows_its_formulas() {
    let set = Seeded::new("2pl", 200, 30, 8);
    let items: Vec<ItemParameters> = set.a.iter().zip(&set.b).map(|(a, b)| ItemParameters::two_pl(*a, b[0])).collect();
    let scores = set.matrix();
    let pass: Vec<usize> = set.cells.iter().map(|q| q.iter().filter(|x| **x == 1).count()).collect();
    for (candidate, found) in person_fit(&scores, &items, &set.theta, Method::Map).unwrap().into_iter().enumerate() {
        let found = found.unwrap();
        // Snijders (2001) for right or wrong: w = logit P, r = P'/(PQ).
        let theta = set.theta[candidate];
        let x: Vec<f64> = set.cells.iter().map(|q| f64::from(q[candidate])).collect();
        let p: Vec<f64> = items.iter().map(|i| i.probability(theta, 1)).collect();
        let w: Vec<f64> = p.iter().map(|p| (p / (1.0 - p)).ln()).collect();
        let sum = |f: &dyn Fn(usize) -> f64| (0..30).map(f).sum::<f64>();
        let gap = sum(&|i| (x[i] - p[i]) * w[i]);
        let pq = |i: usize| p[i] * (1.0 - p[i]);
        let lz = gap / sum(&|i| w[i] * w[i] * pq(i)).sqrt();
        let c = sum(&|i| set.a[i] * pq(i) * w[i]) / sum(&|i| set.a[i] * set.a[i] * pq(i));
        let tau = sum(&|i| (w[i] - c * set.a[i]).powi(2) * pq(i)).sqrt();
        assert!((found.lz.unwrap() - lz).abs() < 1e-9);
        assert!((found.lz_star.unwrap() - (gap - c * theta) / tau).abs() < 1e-9);
        let outfit = sum(&|i| (x[i] - p[i]).powi(2) / pq(i).max(0.003_162_277_660_168_379)) / 30.0;
        let infit = sum(&|i| (x[i] - p[i]).powi(2)) / sum(&|i| pq(i).max(0.003_162_277_660_168_379));
        assert!((found.outfit - outfit).abs() < 1e-9 && (found.infit - infit).abs() < 1e-9);
        let mut errors = 0;
        for i in 0..30 {
            for j in 0..30 {
                errors += u64::from(pass[i] > pass[j] && x[i] == 0.0 && x[j] == 1.0);
            }
        }
        assert_eq!(found.guttman_errors, errors);
        let right = x.iter().sum::<f64>();
        let most = right * (30.0 - right);
        assert_eq!(found.guttman_share, (most > 0.0).then(|| errors as f64 / most));
    }
}

#[test]
fn scores_in_several_steps_have_their_own_probabilities() {
    let set = Seeded::new("grm", 600, 30, 12);
    let items = grm_items(&set);
    let scores = set.matrix();
    // Two codes for each category, by turns: each has about half of its category.
    let code = |(c, x): (usize, &u8)| 1 + 2 * u32::from(*x) + (c % 2) as u32;
    for two in [false, true] {
        let codes = set
            .cells
            .iter()
            .map(|q| q.iter().enumerate().map(|(c, x)| if two { code((c, x)) } else { 1 + u32::from(*x) }).collect())
            .collect();
        let responses = ResponseMatrix::new(600, codes).unwrap();
        let answers = Answers::new(&responses, &scores, &(0..30).collect::<Vec<_>>()).unwrap();
        let copying = Copying::new(&answers, &items, &set.theta).unwrap();
        for (a, b) in [(0, 1), (5, 77), (300, 2)] {
            let mut whole = 0.0;
            let mut found = 0.0;
            for (q, item) in items.iter().enumerate() {
                let chance = |k| item.probability(set.theta[a], k) * item.probability(set.theta[b], k);
                let alike: f64 = (0..4).map(chance).sum();
                whole += alike;
                found += copying.match_chance(q, a, b);
                assert!(two || (copying.match_chance(q, a, b) - alike).abs() < 1e-12);
            }
            assert!(!two || (found / whole - 0.5).abs() < 0.03, "{found} {whole}");
            let pair = copying.pair(a, b).unwrap();
            assert!(pair.omega.unwrap().omega.abs() < 5.0 && pair.gbt.unwrap().p > 1e-6);
        }
    }
}

#[test]
fn lz_star_is_standard_when_ability_is_estimated() {
    for (kind, items_of) in [("2pl", None), ("grm", Some(grm_items as fn(&Seeded) -> Vec<ItemParameters>))] {
        let set = Seeded::new(kind, 2000, 60, 77);
        let two_pl =
            |set: &Seeded| set.a.iter().zip(&set.b).map(|(a, b)| ItemParameters::two_pl(*a, b[0])).collect::<Vec<_>>();
        let items = items_of.map_or_else(|| two_pl(&set), |f| f(&set));
        for method in [Method::Wle, Method::Map] {
            let estimate = |c: usize| {
                let cells: Vec<u8> = set.cells.iter().map(|q| q[c]).collect();
                ability(&items, &cells, method).unwrap().theta
            };
            let thetas: Vec<f64> = (0..2000).map(estimate).collect();
            let scores = set.matrix();
            let found = person_fit(&scores, &items, &thetas, method).unwrap();
            let moments = |z: &dyn Fn(&docimo_engine::docimology::irregularities::PersonFit) -> f64| {
                let z: Vec<f64> = found.iter().map(|f| z(f.as_ref().unwrap())).collect();
                let mean = z.iter().sum::<f64>() / 2000.0;
                (mean, (z.iter().map(|z| (z - mean).powi(2)).sum::<f64>() / 1999.0).sqrt())
            };
            let (mean, sd) = moments(&|f| *f.lz_star.as_ref().unwrap());
            assert!(mean.abs() < 0.1 && (sd - 1.0).abs() < 0.08, "{kind} {method:?}: {mean} {sd}");
            let (mean, _) = moments(&|f| f.infit);
            assert!((mean - 1.0).abs() < 0.06, "{kind} {method:?}: infit {mean}");
        }
    }
}

#[test]
fn random_answers_do_not_suit_the_model() {
    let mut set = Seeded::new("2pl", 500, 60, 15);
    // Candidate 7 answers by tossing a coin; candidate 8 misses what is easy only.
    for (q, cells) in set.cells.iter_mut().enumerate() {
        cells[7] = u8::from(Draws::new(1, 1).uniform(q as u64) < 0.5);
        cells[8] = u8::from(set.b[q][0] > 0.0);
    }
    let items: Vec<ItemParameters> = set.a.iter().zip(&set.b).map(|(a, b)| ItemParameters::two_pl(*a, b[0])).collect();
    let thetas: Vec<f64> = (0..500)
        .map(|c| {
            let cells: Vec<u8> = set.cells.iter().map(|q| q[c]).collect();
            ability(&items, &cells, Method::Wle).unwrap().theta
        })
        .collect();
    let found = person_fit(&set.matrix(), &items, &thetas, Method::Wle).unwrap();
    let worst = |c: usize| found[c].clone().unwrap();
    assert!(worst(7).p.unwrap() < 1e-3 && worst(8).p.unwrap() < 1e-6);
    assert!(worst(8).guttman_share.unwrap() > 0.9 && worst(8).outfit > 1.5);
    let flagged = found.iter().filter(|f| f.as_ref().unwrap().p.unwrap() < 0.001).count();
    assert!(flagged < 8, "{flagged}");
    let sentence = words::person_sentence(&worst(8)).unwrap();
    assert!(sentence.ends_with(CAUTION) && sentence.contains("moins cohérentes"), "{sentence}");
}

/// Times by the lognormal model, with gaps; returns β, σ and τ as well.
fn lognormal(n: usize, k: usize) -> (Vec<Vec<u32>>, Vec<f64>, Vec<f64>, Vec<f64>) {
    let draws = |s| Draws::new(21, s);
    let tau: Vec<f64> = (0..n as u64).map(|i| 0.3 * draws(1).normal(i)).collect();
    let beta: Vec<f64> = (0..k as u64).map(|i| 60_000_f64.ln() + 0.4 * draws(2).normal(i)).collect();
    let sigma: Vec<f64> = (0..k as u64).map(|i| 0.25 + 0.4 * draws(3).uniform(i)).collect();
    let columns = (0..k)
        .map(|q| {
            let time = |c: usize| {
                let i = (c * k + q) as u64;
                if draws(5).uniform(i) < 0.05 {
                    return 0;
                }
                (beta[q] - tau[c] + sigma[q] * draws(4).normal(i)).exp().round() as u32
            };
            (0..n).map(time).collect()
        })
        .collect();
    (columns, beta, sigma, tau)
}

#[test]
fn the_lognormal_model_recovers_what_made_the_times() {
    let (n, k) = (600, 40);
    let (columns, beta, sigma, tau) = lognormal(n, k);
    let scores = Seeded::new("2pl", n, k, 3).matrix();
    let times = ResponseTimes::new(n, columns).unwrap();
    let found = analyse_times(&times, &scores, &TimeOptions::default()).unwrap();
    let centre = tau.iter().sum::<f64>() / n as f64;
    for q in 0..k {
        let question = found.questions[q].unwrap();
        assert!((question.beta - (beta[q] - centre)).abs() < 0.09, "{q}");
        assert!((1.0 / question.alpha / sigma[q] - 1.0).abs() < 0.12, "{q}: {} {}", 1.0 / question.alpha, sigma[q]);
    }
    let gaps: Vec<f64> = (0..n).map(|c| found.candidates[c].unwrap().speed - (tau[c] - centre)).collect();
    let rmse = (gaps.iter().map(|g| g * g).sum::<f64>() / n as f64).sqrt();
    assert!(rmse < 0.08, "{rmse}");
    let all: Vec<f64> = found.residuals.iter().flatten().flatten().copied().collect();
    let mean = all.iter().sum::<f64>() / all.len() as f64;
    let sd = (all.iter().map(|z| (z - mean).powi(2)).sum::<f64>() / all.len() as f64).sqrt();
    assert!(mean.abs() < 0.02 && (sd - 1.0).abs() < 0.02, "{mean} {sd}");
    let pattern: Vec<f64> = found.candidates.iter().flatten().map(|c| c.pattern_z).collect();
    let mean = pattern.iter().sum::<f64>() / n as f64;
    assert!(mean.abs() < 0.15, "{mean}");
    assert!(found.candidates.iter().flatten().all(|c| c.false_discovery > 0.02));
    assert_eq!(found, threads(1, || analyse_times(&times, &scores, &TimeOptions::default()).unwrap()));
}

#[test]
fn answers_known_beforehand_are_fast_and_right() {
    let (n, k) = (600, 40);
    let (mut columns, ..) = lognormal(n, k);
    let mut set = Seeded::new("2pl", n, k, 3);
    for q in 0..12 {
        columns[q][5] = 12_000;
        set.cells[q][5] = 1;
        columns[30 + q % 10][6] = 900;
    }
    // A question without times and a candidate without times are said to be without.
    columns[20].fill(0);
    columns.iter_mut().for_each(|c| c[9] = 0);
    let times = ResponseTimes::new(n, columns).unwrap();
    let found = analyse_times(&times, &set.matrix(), &TimeOptions::default()).unwrap();
    let knew = found.candidates[5].unwrap();
    assert!(knew.fast_right >= 6 && knew.family_wise < 1e-4 && knew.pattern_z > 3.0, "{knew:?}");
    let guessed = found.candidates[6].unwrap();
    assert!(guessed.rapid == 10 && (guessed.effort - (1.0 - 10.0 / guessed.n as f64)).abs() < 1e-12, "{guessed:?}");
    assert!(found.questions[20].is_none() && found.candidates[9].is_none());
    let flagged = found.candidates.iter().flatten().filter(|c| c.false_discovery < 0.01).count();
    assert!(flagged <= 2, "{flagged}");
    for sentence in [words::fast_right_sentence(&knew), words::rapid_sentence(&guessed)] {
        assert!(sentence.ends_with(CAUTION), "{sentence}");
    }
    let few = ResponseTimes::new(n, vec![vec![0; n]; k]).unwrap();
    let why = analyse_times(&few, &set.matrix(), &TimeOptions::default()).unwrap_err().to_string();
    assert_eq!(why, "temps de réponse : 0 candidat, il en faut au moins 30");
}

#[test]
fn sentences_say_what_they_are_worth() {
    let signal = PairSignal {
        a: 0,
        b: 1,
        common: Common { both_answered: 50, both_wrong: 15, identical_wrong: 14, identical: 40 },
        expected: 4.23,
        z: 6.0,
        p: 4e-8,
        false_discovery: 0.02,
        family_wise: 0.02,
        neighbours: true,
    };
    assert_eq!(
        words::pair_sentence(&signal, 499_500),
        "Ces deux copies ont 14 réponses fausses identiques sur 15 ; on en attendait 4,2. Parmi 499\u{202f}500 paires \
         comparées, le hasard seul en donnerait 0,02 d’aussi semblables. Les deux candidats étaient voisins. \
         Ce signal n’est pas une preuve."
    );
    let omega = docimo_engine::docimology::irregularities::copying::Omega {
        observed: 43,
        expected: 33.54,
        sd: 3.02,
        omega: 3.13,
        p: 8.6e-4,
    };
    assert!(words::omega_sentence(&omega).contains("on en attendait 33,5"));
    assert!(words::omega_sentence(&omega).ends_with(CAUTION));
    let tail = docimo_engine::docimology::irregularities::copying::CountTail { observed: 1, expected: 0.2, p: 1e-9 };
    let sentence = words::count_sentence("GBT", &tail);
    assert!(sentence.contains("1 réponse identique pour 0,2") && sentence.contains("moins de 0,001"), "{sentence}");
}
