//! Small pools and blueprints drawn from a seed, and a slow judge that knows nothing of programs.

#![allow(dead_code)]

use docimo_assembly::blueprint::{Blueprint, Bounds, Difficulty, Facet, Goal, Measure, Overlap, Point, Row};
use docimo_assembly::pool::{Candidate, Statistics};
use docimo_engine::docimology::irt::ItemParameters;
use docimo_engine::question::{Kind, Rank};
use docimo_engine::shuffle::Stream;
use std::collections::BTreeSet;

pub fn pool(chance: &mut Stream, n: usize) -> Vec<Candidate> {
    (0..n)
        .map(|i| {
            let questions = if chance.unit() < 0.3 { 2 + chance.below(2) as u32 } else { 1 };
            let mut unit = Candidate::new(format!("u{i:02}"), questions, 0.0);
            unit.minutes = f64::from(questions) * (1 + chance.below(3)) as f64 / 2.0;
            unit.specialties.insert(format!("S{}", chance.below(3)), questions);
            let rank_a = chance.below(questions as usize + 1) as u32;
            unit.ranks.insert(Rank::A, rank_a);
            unit.ranks.insert(Rank::B, questions - rank_a);
            unit.kinds.insert(if chance.unit() < 0.5 { Kind::Qrm } else { Kind::Qru }, questions);
            unit.images = u32::from(chance.unit() < 0.3);
            unit.authors.insert(format!("A{}", chance.below(4)));
            if chance.unit() < 0.4 {
                unit.enemies.insert(format!("G{}", chance.below(3)));
            }
            if chance.unit() < 0.2 {
                unit.last_used = Some(format!("202{}-01-01", chance.below(6)));
            }
            for _ in 0..questions {
                let item = ItemParameters::two_pl(0.5 + chance.unit(), 2.0 * chance.unit() - 1.0);
                let p = (chance.unit() < 0.9).then(|| item.probability(0.0, 1));
                unit.statistics.push(Statistics { p, discrimination: Some(chance.unit() - 0.2), item: Some(item) });
            }
            unit
        })
        .collect()
}

pub fn row(facet: Facet, value: &str, measure: Measure, bounds: Bounds) -> Row {
    Row { facet, value: value.to_owned(), measure, bounds }
}

/// Bounds anywhere: about half of these blueprints have a paper.
pub fn blueprint(chance: &mut Stream) -> Blueprint {
    let total = 3 + chance.below(4);
    let mut blueprint = Blueprint::new("essai", Bounds::exactly(total as f64));
    let range = |chance: &mut Stream, most: usize| {
        let low = chance.below(most + 1);
        Bounds::between(low as f64, (low + chance.below(3)) as f64)
    };
    for s in 0..3 {
        if chance.unit() < 0.5 {
            let bounds = range(chance, 2);
            blueprint.rows.push(row(Facet::Specialty, &format!("S{s}"), Measure::Questions, bounds));
        }
    }
    if chance.unit() < 0.5 {
        let low = chance.unit() * 0.6;
        blueprint.rows.push(row(Facet::Rank, "A", Measure::Share, Bounds::between(low, low + 0.3)));
    }
    if chance.unit() < 0.4 {
        blueprint.rows.push(row(Facet::Kind, "QRM", Measure::Units, range(chance, 2)));
    }
    if chance.unit() < 0.4 {
        blueprint.minutes = Bounds::at_most(total as f64 * (0.6 + chance.unit()));
    }
    if chance.unit() < 0.3 {
        blueprint.images = Bounds::at_least(chance.unit() * 0.5);
    }
    if chance.unit() < 0.3 {
        blueprint.difficulty = Some(Difficulty { mean: 0.5, tolerance: 0.02 + 0.2 * chance.unit(), spread: None });
    }
    if chance.unit() < 0.4 {
        blueprint.exclusions.not_used_since = Some("2022-06-01".to_owned());
    }
    if chance.unit() < 0.5 {
        blueprint.exclusions.same_author = Some(1 + chance.below(2) as u32);
    }
    blueprint.exclusions.enemies = chance.unit() < 0.7;
    if chance.unit() < 0.2 {
        blueprint.must.insert(format!("u{:02}", chance.below(6)));
    }
    if chance.unit() < 0.2 {
        blueprint.must_not.insert(format!("u{:02}", 6 + chance.below(3)));
    }
    let points =
        |values: [f64; 2]| vec![Point { theta: -0.5, value: values[0] }, Point { theta: 1.0, value: values[1] }];
    blueprint.goal = match chance.below(5) {
        0 => Goal::None,
        1 => Goal::MaximiseDiscrimination,
        2 => Goal::MatchDifficulty { mean: 0.55 },
        3 => Goal::MatchInformation { points: points([0.8, 1.0]) },
        _ => Goal::MaximiseInformation { points: points([1.0, 0.7]) },
    };
    blueprint
}

const NEAR: f64 = 1e-6;

fn within(value: f64, bounds: &Bounds) -> bool {
    let (low, high) = bounds.range();
    value >= low - NEAR && value <= high + NEAR
}

/// Does one form meet the sentences on one form? Written from the blueprint's own words.
pub fn form_holds(form: &[&Candidate], blueprint: &Blueprint) -> bool {
    let sum = |of: &dyn Fn(&Candidate) -> f64| form.iter().map(|u| of(u)).sum::<f64>();
    let questions = sum(&|u| f64::from(u.questions));
    let share = |part: f64, whole: f64, bounds: &Bounds| {
        let (low, high) = bounds.range();
        part - low.max(-1e9) * whole >= -NEAR && part - high.min(1e9) * whole <= NEAR
    };
    let rows = blueprint.rows.iter().all(|row| {
        let count = |u: &Candidate| f64::from(u.count(row.facet, &row.value));
        match row.measure {
            Measure::Questions => within(sum(&count), &row.bounds),
            Measure::Minutes => within(sum(&|u| u.minutes * count(u) / f64::from(u.questions)), &row.bounds),
            Measure::Units => within(sum(&|u| f64::from(u8::from(count(u) > 0.0))), &row.bounds),
            Measure::Share => share(sum(&count), questions, &row.bounds),
        }
    });
    let known: Vec<f64> = form.iter().flat_map(|u| u.statistics.iter().filter_map(|s| s.p)).collect();
    let difficulty = blueprint.difficulty.as_ref().is_none_or(|d| {
        let bounds = Bounds::between(d.mean - d.tolerance, d.mean + d.tolerance);
        share(known.iter().sum(), known.len() as f64, &bounds)
    });
    let most = |of: &dyn Fn(&Candidate) -> &BTreeSet<String>, most: usize| {
        let names: Vec<&String> = form.iter().flat_map(|u| of(u)).collect();
        names.iter().all(|name| names.iter().filter(|other| other == &name).count() <= most)
    };
    let exclusions = &blueprint.exclusions;
    within(questions, &blueprint.questions)
        && within(sum(&|u| u.minutes), &blueprint.minutes)
        && rows
        && share(sum(&|u| f64::from(u.images)), questions, &blueprint.images)
        && difficulty
        && exclusions.same_author.is_none_or(|k| most(&|u| &u.authors, k as usize))
        && (!exclusions.enemies || most(&|u| &u.enemies, 1))
        && form.iter().all(|u| {
            exclusions.not_used_since.as_ref().is_none_or(|day| u.last_used.as_ref().is_none_or(|used| used < day))
                && u.exposed_to.is_disjoint(&exclusions.not_exposed_to)
                && (exclusions.statuses.is_empty() || exclusions.statuses.contains(&u.status))
                && !blueprint.must_not.contains(&u.id)
        })
}

/// Do all forms together meet the blueprint?
pub fn holds(forms: &[Vec<&Candidate>], blueprint: &Blueprint) -> bool {
    let in_forms = |id: &str| forms.iter().filter(|form| form.iter().any(|u| u.id == id)).count();
    let ids: BTreeSet<&str> = forms.iter().flatten().map(|u| u.id.as_str()).collect();
    let common: u32 =
        forms[0].iter().filter(|u| forms.len() > 1 && in_forms(&u.id) == forms.len()).map(|u| u.questions).sum();
    let overlap = ids.iter().all(|id| {
        let n = in_forms(id);
        match &blueprint.overlap {
            Overlap::None => n == 1,
            Overlap::Anchor { .. } => n == 1 || n == forms.len(),
            Overlap::Shared { units } => {
                if units.contains(*id) {
                    n == forms.len()
                } else {
                    n == 1
                }
            }
        }
    });
    let anchor = match &blueprint.overlap {
        Overlap::Anchor { questions } => common == *questions,
        Overlap::Shared { units } => units.iter().all(|id| in_forms(id) == forms.len()),
        Overlap::None => true,
    };
    forms.len() == blueprint.forms as usize
        && forms.iter().all(|form| form_holds(form, blueprint))
        && blueprint.must.iter().all(|id| in_forms(id) >= 1)
        && overlap
        && anchor
}

/// What a form is worth, greater is better.
pub fn worth(form: &[&Candidate], goal: &Goal) -> f64 {
    let information = |theta: f64| form.iter().map(|u| u.information(theta)).sum::<f64>();
    match goal {
        Goal::None => 0.0,
        Goal::MaximiseDiscrimination => form.iter().map(|u| u.discrimination()).sum(),
        Goal::MaximiseInformation { points } => {
            points.iter().map(|p| information(p.theta) / p.value).fold(f64::INFINITY, f64::min)
        }
        Goal::MatchInformation { points } => {
            -points.iter().map(|p| (information(p.theta) - p.value).abs() / p.value).fold(0.0, f64::max)
        }
        Goal::MatchDifficulty { mean } => {
            -form.iter().flat_map(|u| u.statistics.iter().filter_map(|s| s.p)).map(|p| p - mean).sum::<f64>().abs()
        }
    }
}

/// Every paper of one form, tried.
pub fn best_by_force(pool: &[Candidate], blueprint: &Blueprint) -> Option<f64> {
    (0_u32..1 << pool.len())
        .filter_map(|mask| {
            let form: Vec<&Candidate> = (0..pool.len()).filter(|i| mask >> i & 1 == 1).map(|i| &pool[i]).collect();
            holds(std::slice::from_ref(&form), blueprint).then(|| worth(&form, &blueprint.goal))
        })
        .reduce(f64::max)
}

/// Every way of sharing a pool among two forms (and both), tried.
pub fn best_two_by_force(pool: &[Candidate], blueprint: &Blueprint) -> Option<f64> {
    let mut best: Option<f64> = None;
    for code in 0..4_u32.pow(pool.len() as u32) {
        let mut forms: Vec<Vec<&Candidate>> = vec![Vec::new(), Vec::new()];
        for (i, unit) in pool.iter().enumerate() {
            let place = code >> (2 * i) & 3;
            (0..2).filter(|f| place >> f & 1 == 1).for_each(|f| forms[f].push(unit));
        }
        if holds(&forms, blueprint) {
            let value = forms.iter().map(|form| worth(form, &blueprint.goal)).fold(f64::INFINITY, f64::min);
            best = Some(best.map_or(value, |b| b.max(value)));
        }
    }
    best
}

pub fn chosen<'a>(pool: &'a [Candidate], forms: &[Vec<String>]) -> Vec<Vec<&'a Candidate>> {
    forms
        .iter()
        .map(|ids| ids.iter().map(|id| pool.iter().find(|u| u.id == *id).expect("of the pool")).collect())
        .collect()
}
