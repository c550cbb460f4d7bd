//! 120 questions from 20,000 under 40 constraints: time and proven gap to the optimum, beside a naive greedy choice
//! and beside merely counting the pool; several forms; an impossible blueprint; what a page asks.
//!
//! `cargo bench -p docimo-benches --bench assembly`. Nothing is asserted on time.

use docimo_assembly::blueprint::{Blueprint, Bounds, Difficulty, Exclusions, Facet, Goal, Measure, Point, Row};
use docimo_assembly::pool::{Candidate, Statistics};
use docimo_assembly::{Assembly, Desk, Limits, Outcome, assemble};
use docimo_engine::docimology::irt::ItemParameters;
use docimo_engine::paper::CaseKind;
use docimo_engine::question::{Kind, Rank};
use docimo_engine::shuffle::Stream;
use std::error::Error;
use std::time::Instant;

const QUESTIONS: usize = 20_000;
const SPECIALTIES: usize = 13;
const RUNS: usize = 3;

fn main() -> Result<(), Box<dyn Error>> {
    let pool = pool();
    let blueprint = blueprint();
    let questions: u32 = pool.iter().map(|unit| unit.questions).sum();
    let start = Instant::now();
    let desk = Desk::new(&pool, &blueprint).map_err(|faults| format!("{faults:?}"))?;
    let counting = start.elapsed().as_secs_f64();
    println!("pool: {} units, {questions} questions; blueprint: {} constraints", pool.len(), desk.statements().len());
    println!("count the pool                   {:9.1} ms", counting * 1e3);

    let (assembly, seconds) = best_of(&pool, &blueprint)?;
    let (value, gap) = (assembly.value.unwrap_or(0.0), assembly.gap.unwrap_or(f64::NAN));
    println!("assemble 1 form                  {:9.1} ms = {:.0} countings", seconds * 1e3, seconds / counting);
    println!("  least information              {value:9.3}, bound {:.3}", assembly.bound.unwrap_or(f64::NAN));
    println!("  gap to the optimum             {:9.4} %, {} nodes", gap * 100.0, assembly.nodes);
    println!("  every sentence holds           {}", desk.effect(&assembly.forms).is_met());
    let naive = greedy(&pool, &blueprint);
    let report = desk.effect(std::slice::from_ref(&naive));
    let broken = report.lines.iter().filter(|line| line.state.french() != "respecté").count();
    println!("greedy: value / ours             {:9.3}, {broken} sentences broken", report.values[0] / value);

    for forms in [2, 3] {
        let blueprint = Blueprint { forms, ..blueprint.clone() };
        let (assembly, seconds) = best_of(&pool, &blueprint)?;
        let most = assembly.values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let least = assembly.value.unwrap_or(f64::NAN);
        println!("assemble {forms} forms                 {:9.1} ms", seconds * 1e3);
        println!(
            "  gap {:.4} %, values within        {:.3} %",
            assembly.gap.unwrap_or(f64::NAN) * 100.0,
            (most / least - 1.0) * 100.0
        );
    }

    let mut impossible = blueprint.clone();
    impossible.minutes = Bounds::at_most(100.0);
    impossible.rows.push(row(Facet::Specialty, "S0", Measure::Minutes, Bounds::at_least(30.0)));
    let start = Instant::now();
    if let Ok(Outcome::Infeasible(answer)) = assemble(&pool, &impossible, &Limits::default(), &|| false) {
        println!("impossible blueprint             {:9.1} ms", start.elapsed().as_secs_f64() * 1e3);
        if let Some(conflict) = &answer.conflict {
            println!("  conflict (irreducible: {}): {}", conflict.irreducible, conflict.labels.join(" | "));
        }
        println!("  relaxation of cost {:.3} (at least {:.3}):", answer.cost.0, answer.cost.1);
        answer.changes.iter().for_each(|change| println!("    {}", change.label));
    } else {
        println!("impossible blueprint: not proven impossible");
    }

    let (mut report, mut offers) = (Vec::new(), Vec::new());
    for unit in assembly.forms[0].iter().take(21) {
        let start = Instant::now();
        desk.effect(&assembly.forms);
        report.push(start.elapsed().as_secs_f64());
        let start = Instant::now();
        desk.replacements(&assembly.forms, 0, unit, 20);
        offers.push(start.elapsed().as_secs_f64());
    }
    println!("report on a paper                {:9.3} ms", median(report) * 1e3);
    println!("20 replacements of a unit        {:9.3} ms", median(offers) * 1e3);
    Ok(())
}

fn best_of(pool: &[Candidate], blueprint: &Blueprint) -> Result<(Assembly, f64), Box<dyn Error>> {
    let (mut seconds, mut last) = (Vec::new(), None);
    for _ in 0..RUNS {
        let start = Instant::now();
        match assemble(pool, blueprint, &Limits::default(), &|| false).map_err(|faults| format!("{faults:?}"))? {
            Outcome::Assembled(assembly) => last = Some(assembly),
            other => return Err(format!("no paper: {other:?}").into()),
        }
        seconds.push(start.elapsed().as_secs_f64());
    }
    Ok((last.ok_or("no run")?, median(seconds)))
}

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

/// The most informative unit a question that exceeds no maximum, again and again.
fn greedy(pool: &[Candidate], blueprint: &Blueprint) -> Vec<String> {
    let mut order: Vec<(f64, &Candidate)> = pool
        .iter()
        .map(|unit| {
            let least = [-1.0, 0.0, 1.0].iter().map(|t| unit.information(*t)).fold(f64::INFINITY, f64::min);
            (least / f64::from(unit.questions), unit)
        })
        .collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.id.cmp(&b.1.id)));
    let mut taken: Vec<&Candidate> = Vec::new();
    let fits = |taken: &[&Candidate], unit: &Candidate| {
        let sum = |of: &dyn Fn(&Candidate) -> f64| taken.iter().map(|u| of(u)).sum::<f64>() + of(unit);
        let under = |bounds: &Bounds, total: f64| total <= bounds.range().1 + 1e-9;
        under(&blueprint.questions, sum(&|u| f64::from(u.questions)))
            && under(&blueprint.minutes, sum(&|u| u.minutes))
            && taken.iter().all(|other| other.enemies.is_disjoint(&unit.enemies))
            && blueprint.rows.iter().filter(|row| row.measure == Measure::Questions).all(|row| {
                unit.count(row.facet, &row.value) == 0
                    || under(&row.bounds, sum(&|u| f64::from(u.count(row.facet, &row.value))))
            })
            && unit.last_used.is_none()
    };
    for (_, unit) in order {
        if fits(&taken, unit) {
            taken.push(unit);
        }
    }
    taken.iter().map(|unit| unit.id.clone()).collect()
}

fn row(facet: Facet, value: &str, measure: Measure, bounds: Bounds) -> Row {
    Row { facet, value: value.to_owned(), measure, bounds }
}

fn blueprint() -> Blueprint {
    let mut blueprint = Blueprint::new("banc", Bounds::exactly(120.0));
    blueprint.minutes = Bounds::at_most(200.0);
    for s in 0..SPECIALTIES {
        let bounds = Bounds::between(6.0, 13.0);
        blueprint.rows.push(row(Facet::Specialty, &format!("S{s}"), Measure::Questions, bounds));
    }
    for (kind, least) in [("QRU", 15.0), ("QRM", 30.0), ("QRP", 10.0), ("QROC", 6.0), ("TCS", 3.0)] {
        blueprint.rows.push(row(Facet::Kind, kind, Measure::Questions, Bounds::at_least(least)));
    }
    blueprint.rows.push(row(Facet::Case, "DP", Measure::Units, Bounds::between(5.0, 7.0)));
    blueprint.rows.push(row(Facet::Case, "mini-DP", Measure::Units, Bounds::between(3.0, 5.0)));
    blueprint.rows.push(row(Facet::Case, "KFP", Measure::Units, Bounds::between(2.0, 3.0)));
    blueprint.rows.push(row(Facet::Rank, "A", Measure::Share, Bounds::between(0.50, 0.55)));
    for (level, least) in [("rappel", 20.0), ("application", 30.0), ("raisonnement", 40.0)] {
        blueprint.rows.push(row(Facet::Level, level, Measure::Questions, Bounds::at_least(least)));
    }
    for situation in 0..7 {
        let bounds = Bounds::at_least(4.0);
        blueprint.rows.push(row(Facet::Situation, &format!("SD{situation}"), Measure::Questions, bounds));
    }
    blueprint.images = Bounds::between(0.20, 0.30);
    blueprint.difficulty = Some(Difficulty { mean: 0.62, tolerance: 0.01, spread: Some(Bounds::at_least(0.15)) });
    blueprint.exclusions =
        Exclusions { not_used_since: Some("2024-01-01".to_owned()), same_author: Some(3), ..Exclusions::default() };
    let points = [-1.0, 0.0, 1.0].map(|theta| Point { theta, value: 1.0 }).to_vec();
    blueprint.goal = Goal::MaximiseInformation { points };
    blueprint
}

/// Units until there are 20,000 questions: one in ten a case.
fn pool() -> Vec<Candidate> {
    let mut chance = Stream::new(20_000, &["pool"]);
    let mut pool: Vec<Candidate> = Vec::new();
    let mut questions = 0;
    while questions < QUESTIONS {
        let case = match chance.below(40) {
            0 | 1 => Some((CaseKind::Dp, 5 + chance.below(4) as u32)),
            2 | 3 => Some((CaseKind::MiniDp, 3 + chance.below(2) as u32)),
            4 => Some((CaseKind::Kfp, 3)),
            _ => None,
        };
        let n = case.map_or(1, |c| c.1);
        let mut unit = Candidate::new(format!("u{:05}", pool.len()), n, 0.0);
        unit.case = case.map(|c| c.0);
        // Specialties are far from equally served.
        let specialty = (chance.unit() * chance.unit() * SPECIALTIES as f64) as usize;
        unit.specialties.insert(format!("S{specialty}"), n);
        unit.situations.insert(format!("SD{}", chance.below(20)), n);
        for _ in 0..n {
            unit.minutes += 0.8 + chance.unit();
            let kind = [Kind::Qrm, Kind::Qrm, Kind::Qrm, Kind::Qru, Kind::Qru, Kind::Qrp, Kind::Qroc, Kind::Tcs];
            *unit.kinds.entry(kind[chance.below(8)]).or_default() += 1;
            *unit.ranks.entry(if chance.unit() < 0.6 { Rank::A } else { Rank::B }).or_default() += 1;
            let level = ["rappel", "rappel", "application", "raisonnement"][chance.below(4)];
            *unit.levels.entry(level.to_owned()).or_default() += 1;
            unit.images += u32::from(chance.unit() < 0.2);
            let (a, b) = ((chance.normal() * 0.35 - 0.3).exp(), chance.normal() - 0.4);
            let item = ItemParameters::two_pl(a, b);
            let p = item.probability(0.0, 1);
            unit.statistics.push(Statistics { p: Some(p), discrimination: None, item: Some(item) });
        }
        unit.authors.insert(format!("auteur {}", chance.below(400)));
        if chance.unit() < 0.1 {
            unit.enemies.insert(format!("groupe {}", chance.below(600)));
        }
        if chance.unit() < 0.15 {
            unit.last_used = Some(format!("20{}-10-15", 20 + chance.below(6)));
        }
        questions += n as usize;
        pool.push(unit);
    }
    pool
}
