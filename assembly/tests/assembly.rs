//! Small instances beside brute force; papers judged by a checker that knows nothing of programs.

mod common;

use common::{best_by_force, best_two_by_force, blueprint, chosen, holds, pool, worth};
use docimo_assembly::blueprint::{Blueprint, Bounds, Facet, Goal, Measure, Overlap, Point};
use docimo_assembly::pool::Candidate;
use docimo_assembly::{Assembly, Desk, Limits, Outcome, assemble};
use docimo_engine::shuffle::Stream;
use proptest::prelude::*;

fn run(pool: &[Candidate], blueprint: &Blueprint) -> Outcome {
    assemble(pool, blueprint, &Limits::default(), &|| false).expect("a sound blueprint")
}

/// The judge agrees, and the value told is the value seen.
fn judged(pool: &[Candidate], blueprint: &Blueprint, assembly: &Assembly) -> f64 {
    let forms = chosen(pool, &assembly.forms);
    assert!(holds(&forms, blueprint), "the judge refuses {assembly:?}");
    let value = forms.iter().map(|form| worth(form, &blueprint.goal)).fold(f64::INFINITY, f64::min);
    if let Some(told) = assembly.value {
        assert!((told.abs() - value.abs()).abs() < 1e-9, "{told} told, {value} seen");
    }
    value
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, ..ProptestConfig::default() })]

    #[test]
    fn one_form_is_the_best_of_all(seed in any::<u64>()) {
        let mut chance = Stream::new(seed, &["one"]);
        let (pool, blueprint) = (pool(&mut chance, 10), blueprint(&mut chance));
        let best = best_by_force(&pool, &blueprint);
        match run(&pool, &blueprint) {
            Outcome::Assembled(assembly) => {
                let value = judged(&pool, &blueprint, &assembly);
                prop_assert!(best.is_some_and(|best| (best - value).abs() < 1e-6), "{value} but {best:?}");
                prop_assert!(assembly.proven);
            }
            Outcome::Infeasible(_) => prop_assert!(best.is_none(), "said impossible, but worth {best:?}"),
            Outcome::Undecided { .. } => prop_assert!(false, "undecided"),
        }
    }

    #[test]
    fn conflicts_are_conflicts_and_relaxations_the_nearest(seed in any::<u64>()) {
        let mut chance = Stream::new(seed, &["none"]);
        let (pool, mut blueprint) = (pool(&mut chance, 9), blueprint(&mut chance));
        // Harder: most of these have no paper.
        blueprint.rows.push(common::row(Facet::Specialty, "S0", Measure::Questions, Bounds::at_least(4.0)));
        let outcome = run(&pool, &blueprint);
        let Outcome::Infeasible(answer) = outcome else {
            prop_assert!(best_by_force(&pool, &blueprint).is_some());
            return Ok(());
        };
        prop_assert!(best_by_force(&pool, &blueprint).is_none());
        let conflict = answer.conflict.as_ref().expect("a proof");
        prop_assert!(conflict.irreducible);
        // Readings of every paper, sentence by sentence, by the desk: a paper meets a set if all its lines are met.
        let desk = Desk::new(&pool, &blueprint).expect("sound");
        let n = answer.statements.len();
        let (mut met, mut least) = (vec![false; conflict.statements.len()], f64::INFINITY);
        for mask in 0_u32..1 << pool.len() {
            let ids: Vec<String> = (0..pool.len()).filter(|i| mask >> i & 1 == 1).map(|i| pool[i].id.clone()).collect();
            let report = desk.effect(&[ids]);
            let mut bad = vec![false; n];
            report.lines.iter().filter(|l| l.state.french() != "respecté").for_each(|l| bad[l.statement] = true);
            let broken: Vec<usize> = (0..conflict.statements.len()).filter(|i| bad[conflict.statements[*i]]).collect();
            prop_assert!(!broken.is_empty(), "a paper meets the whole conflict {:?}", conflict.labels);
            if broken.len() == 1 {
                met[broken[0]] = true;
            }
            least = least.min(report.excess);
        }
        prop_assert!(met.iter().all(|m| *m), "a sentence is there for nothing: {:?}", conflict.labels);
        prop_assert!((answer.cost.0 - least).abs() < 1e-5, "costs {} but {least} does", answer.cost.0);
        prop_assert!(!answer.changes.is_empty());
        let paper = answer.paper.as_ref().expect("the paper of the relaxation");
        // It breaks only what was changed.
        for line in &desk.effect(&paper.forms).lines {
            let changed = answer.changes.iter().any(|c| c.statement == line.statement);
            prop_assert!(changed || line.state.french() == "respecté", "{line:?}");
        }
    }

    #[test]
    fn neither_order_nor_names_of_forms_matter(seed in any::<u64>()) {
        let mut chance = Stream::new(seed, &["order"]);
        let (pool, blueprint) = (pool(&mut chance, 12), blueprint(&mut chance));
        let first = run(&pool, &blueprint);
        prop_assert_eq!(&first, &run(&pool, &blueprint));
        let mut turned = pool.clone();
        turned.reverse();
        turned.rotate_left(5);
        prop_assert_eq!(&first, &run(&turned, &blueprint));
        let other = run(&pool, &Blueprint { seed: 7, ..blueprint });
        if let (Outcome::Assembled(a), Outcome::Assembled(b)) = (&first, &other) {
            prop_assert!((a.value.unwrap_or(0.0) - b.value.unwrap_or(0.0)).abs() < 1e-6);
        }
    }

    #[test]
    fn replacements_are_what_a_swap_does(seed in any::<u64>()) {
        let mut chance = Stream::new(seed, &["swap"]);
        let (pool, blueprint) = (pool(&mut chance, 12), blueprint(&mut chance));
        let desk = Desk::new(&pool, &blueprint).expect("sound");
        let ids: Vec<String> = pool.iter().take(5).map(|u| u.id.clone()).collect();
        let before = desk.effect(std::slice::from_ref(&ids));
        let offers = desk.replacements(std::slice::from_ref(&ids), 0, "u02", 50);
        prop_assert_eq!(offers.len(), pool.len() - ids.len());
        for pair in offers.windows(2) {
            prop_assert!(pair[0].excess <= pair[1].excess);
        }
        for offer in &offers {
            let swap = desk.swap(std::slice::from_ref(&ids), 0, Some("u02"), Some(&offer.id));
            let after = desk.effect(&swap.forms);
            prop_assert!((after.excess - offer.excess).abs() < 1e-9);
            prop_assert_eq!(offer.value.is_some(), !after.values.is_empty());
            if let Some(value) = offer.value {
                prop_assert!((value - after.values[0]).abs() < 1e-9);
            }
            for line in &after.lines {
                let was = before.lines.iter().find(|l| l.statement == line.statement).expect("the same lines");
                let newly = line.state.french() != "respecté" && was.state.french() == "respecté";
                prop_assert!(!newly || offer.broken.contains(&line.statement));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20, ..ProptestConfig::default() })]

    #[test]
    fn two_forms_are_the_best_of_all(seed in any::<u64>()) {
        let mut chance = Stream::new(seed, &["two"]);
        let (pool, mut blueprint) = (pool(&mut chance, 8), blueprint(&mut chance));
        blueprint.forms = 2;
        blueprint.questions = Bounds::between(2.0, 4.0);
        blueprint.overlap = match chance.below(3) {
            0 => Overlap::None,
            1 => Overlap::Anchor { questions: 1 + chance.below(2) as u32 },
            _ => Overlap::Shared { units: [pool[chance.below(8)].id.clone()].into() },
        };
        if let Overlap::Shared { units } = &blueprint.overlap {
            let units = units.clone();
            blueprint.must_not.retain(|id| !units.contains(id));
        }
        let best = best_two_by_force(&pool, &blueprint);
        match run(&pool, &blueprint) {
            Outcome::Assembled(assembly) => {
                let value = judged(&pool, &blueprint, &assembly);
                prop_assert!(best.is_some_and(|best| (best - value).abs() < 1e-6), "{value} but {best:?}");
            }
            Outcome::Infeasible(_) => prop_assert!(best.is_none(), "said impossible, but worth {best:?}"),
            Outcome::Undecided { .. } => prop_assert!(false, "undecided"),
        }
    }
}

/// Large enough for the relaxation, the kernel and the fixing.
fn large() -> (Vec<Candidate>, Blueprint) {
    let mut chance = Stream::new(3, &["large"]);
    let pool = pool(&mut chance, 900);
    let mut blueprint = Blueprint::new("grand", Bounds::exactly(30.0));
    blueprint.minutes = Bounds::at_most(32.0);
    for s in 0..3 {
        blueprint.rows.push(common::row(
            Facet::Specialty,
            &format!("S{s}"),
            Measure::Questions,
            Bounds::between(8.0, 12.0),
        ));
    }
    blueprint.rows.push(common::row(Facet::Rank, "A", Measure::Share, Bounds::between(0.5, 0.6)));
    blueprint.exclusions.not_used_since = Some("2022-06-01".to_owned());
    let points = [-1.0, 0.0, 1.0].map(|theta| Point { theta, value: 1.0 }).to_vec();
    blueprint.goal = Goal::MaximiseInformation { points };
    // Groups of the small pools are of hundreds here.
    blueprint.exclusions.enemies = false;
    (pool, blueprint)
}

#[test]
fn a_large_pool_gives_a_paper_near_its_bound() {
    let (pool, blueprint) = large();
    let Outcome::Assembled(assembly) = run(&pool, &blueprint) else { panic!("no paper") };
    let value = judged(&pool, &blueprint, &assembly);
    let bound = assembly.bound.expect("a bound");
    assert!(bound >= value - 1e-9);
    assert!(assembly.gap.is_some_and(|gap| gap < 0.01), "{assembly:?}");
    let mut turned = pool.clone();
    turned.reverse();
    assert_eq!(run(&turned, &blueprint), Outcome::Assembled(assembly));
}

#[test]
fn large_forms_are_apart_or_share_exactly_what_was_asked() {
    let (pool, blueprint) = large();
    for overlap in [Overlap::None, Overlap::Anchor { questions: 6 }] {
        let blueprint = Blueprint { forms: 2, overlap, ..blueprint.clone() };
        let Outcome::Assembled(assembly) = run(&pool, &blueprint) else { panic!("no paper") };
        judged(&pool, &blueprint, &assembly);
        let spread = (assembly.values[0] - assembly.values[1]).abs() / assembly.values[0];
        assert!(spread < 0.05, "{:?}", assembly.values);
    }
}

#[test]
fn a_large_conflict_is_told_in_words() {
    let (pool, mut blueprint) = large();
    blueprint.rows.push(common::row(Facet::Specialty, "S1", Measure::Questions, Bounds::at_least(14.0)));
    let Outcome::Infeasible(answer) = run(&pool, &blueprint) else { panic!("there is no paper") };
    let conflict = answer.conflict.expect("a proof");
    assert!(conflict.irreducible);
    assert_eq!(conflict.labels, ["spécialité S1 : de 8 à 12 questions", "spécialité S1 : au moins 14 questions"]);
    assert!((answer.cost.0 - 2.0).abs() < 1e-5, "{:?}", answer.cost);
    assert!(answer.paper.is_some());
}

#[test]
fn the_nearest_relaxation_once_made_has_a_paper() {
    let (pool, mut blueprint) = large();
    blueprint.rows.push(common::row(Facet::Specialty, "S1", Measure::Questions, Bounds::at_least(14.0)));
    blueprint.rows.push(common::row(Facet::Rank, "B", Measure::Share, Bounds::at_least(0.6)));
    let Outcome::Infeasible(answer) = run(&pool, &blueprint) else { panic!("there is no paper") };
    assert!(answer.changes.len() >= 2, "{:?}", answer.changes);
    let relaxed = docimo_assembly::relaxed(&blueprint, &answer.statements, &answer.changes);
    assert_ne!(relaxed, blueprint);
    let Outcome::Assembled(assembly) = run(&pool, &relaxed) else { panic!("still no paper: {relaxed:?}") };
    judged(&pool, &relaxed, &assembly);
}

#[test]
fn a_stop_is_heard() {
    let (pool, blueprint) = large();
    let outcome = assemble(&pool, &blueprint, &Limits::default(), &|| true).expect("sound");
    assert!(matches!(outcome, Outcome::Undecided { .. } | Outcome::Assembled(_)), "{outcome:?}");
}

#[test]
fn faults_are_told_in_french() {
    let (pool, mut blueprint) = large();
    blueprint.rows.push(common::row(Facet::Rank, "A", Measure::Share, Bounds::between(0.6, 0.5)));
    blueprint.exclusions.not_used_since = Some("l’an dernier".to_owned());
    blueprint.must.insert("absent".to_owned());
    let faults = assemble(&pool, &blueprint, &Limits::default(), &|| false).expect_err("faults");
    let text: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(text.len(), 3, "{text:#?}");
    assert!(text.iter().any(|t| t.contains("le minimum dépasse le maximum")));
    assert!(text.iter().any(|t| t.contains("AAAA-MM-JJ")));
    assert!(text.iter().any(|t| t.contains("« absent » n’est pas dans la banque")));
}

#[test]
fn the_example_is_sound_and_a_blueprint_reads_back() {
    let example = docimo_assembly::example::edn_unit(&["Cardiologie", "Pneumologie", "Pédiatrie"]);
    assert_eq!(docimo_assembly::blueprint::check(&example), []);
    let json = serde_json::to_string(&example).expect("json");
    let again: Blueprint = serde_json::from_str(&json).expect("json");
    assert_eq!(again, example);
}
