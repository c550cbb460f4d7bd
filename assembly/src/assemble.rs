//! The paper that meets a blueprint best, or why there is none.

use crate::blueprint::{Blueprint, Fault};
use crate::conflict::{Change, Conflict, conflict, relaxation};
use crate::pool::Candidate;
use crate::search::{Effort, Found, search};
use crate::statement::{Aim, Statement, Table};
use serde::Serialize;

/// How much work is allowed. Counted in nodes and steps, never in seconds: the same limits give the same paper on any
/// machine.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Limits {
    /// Nodes of a branch and bound.
    pub nodes: u64,
    /// Steps of a tabu search.
    pub steps: u64,
    /// A gap that is good enough: relative, or absolute for values below 1.
    pub gap: f64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { nodes: 2_000, steps: 400, gap: 1e-4 }
    }
}

/// One or several forms, and how good they are.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Assembly {
    /// Ids of the units of each form, in alphabetical order.
    pub forms: Vec<Vec<String>>,
    /// What the goal is worth, the worst form's: z for information or discrimination, d for a distance (smaller is
    /// better); `None` without a goal.
    pub value: Option<f64>,
    /// The value of each form.
    pub values: Vec<f64>,
    /// No paper is better than this; `None` if nothing was proven.
    pub bound: Option<f64>,
    /// Proven distance to the best, relative to the value (absolute for values below 1); `None` if nothing was proven.
    pub gap: Option<f64>,
    /// The gap is within the limit that was asked.
    pub proven: bool,
    /// Nodes of branch and bound used.
    pub nodes: u64,
}

/// Nothing meets the blueprint.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Infeasible {
    /// All sentences of the blueprint, in order.
    pub statements: Vec<Statement>,
    /// Those that conflict; `None` if the search for them was stopped.
    pub conflict: Option<Conflict>,
    /// Bounds to move, as little as can be (prices: see [`Statement::price`]).
    pub changes: Vec<Change>,
    /// What these changes cost, and the least that any could: equal when the relaxation is proven the nearest.
    pub cost: (f64, f64),
    /// The paper that the changed blueprint gives.
    pub paper: Option<Assembly>,
}

/// What came of it.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum Outcome {
    /// Here it is.
    Assembled(Assembly),
    /// Proven impossible.
    Infeasible(Box<Infeasible>),
    /// Nothing found, nothing proven: more nodes may tell.
    Undecided {
        /// Nodes used.
        nodes: u64,
    },
}

/// Assembles. Stops early, with the best so far, when `should_stop` says so; it is asked between rounds of work.
///
/// # Errors
/// Every fault of the blueprint or of the pool, in French.
pub fn assemble(
    pool: &[Candidate],
    blueprint: &Blueprint,
    limits: &Limits,
    should_stop: &dyn Fn() -> bool,
) -> Result<Outcome, Vec<Fault>> {
    let table = Table::new(pool, blueprint)?;
    let effort = Effort { nodes: limits.nodes, steps: limits.steps, gap: limits.gap };
    let found = search(&table, &vec![true; table.statements.len()], false, effort, should_stop);
    if !found.infeasible {
        return Ok(match assembly(&table, &found, limits.gap) {
            Some(assembly) => Outcome::Assembled(assembly),
            None => Outcome::Undecided { nodes: found.nodes },
        });
    }
    let conflict = conflict(&table, should_stop);
    let (nearest, changes) = relaxation(&table, effort, should_stop);
    let paper = relaxed_paper(pool, blueprint, &changes, &nearest, effort, should_stop)?;
    Ok(Outcome::Infeasible(Box::new(Infeasible {
        conflict,
        changes,
        cost: (-nearest.value, (-nearest.bound).max(0.0)),
        paper,
        statements: table.statements,
    })))
}

/// The best paper under the changed bounds; the one that showed them possible if no better is found.
fn relaxed_paper(
    pool: &[Candidate],
    blueprint: &Blueprint,
    changes: &[Change],
    nearest: &Found,
    effort: Effort,
    stop: &dyn Fn() -> bool,
) -> Result<Option<Assembly>, Vec<Fault>> {
    let mut table = Table::new(pool, blueprint)?;
    for change in changes {
        table.relax(change.statement, change.to);
    }
    let mut found = search(&table, &vec![true; table.statements.len()], false, effort, stop);
    if found.forms.is_none() {
        found.forms.clone_from(&nearest.forms);
        found.value = found.forms.iter().flatten().map(|form| table.value(form)).fold(f64::INFINITY, f64::min);
        found.bound = f64::INFINITY;
    }
    Ok(assembly(&table, &found, effort.gap))
}

fn assembly(table: &Table<'_>, found: &Found, enough: f64) -> Option<Assembly> {
    let forms = found.forms.as_ref()?;
    let values: Vec<f64> = forms.iter().map(|form| table.value(form)).collect();
    let value = values.iter().copied().fold(f64::INFINITY, f64::min);
    let bound = found.bound.is_finite().then_some(found.bound.max(value));
    let gap = bound.map(|bound| (bound - value) / value.abs().max(1.0));
    // Distances are kept negative inside, so that everything is maximised.
    let sign = if matches!(table.aim, Aim::Closest(_)) { -1.0 } else { 1.0 };
    let aimed = table.aim != Aim::None;
    let ids = |form: &Vec<usize>| {
        let mut ids: Vec<String> = form.iter().map(|u| table.units[*u].id.clone()).collect();
        ids.sort();
        ids
    };
    let mut forms: Vec<(Vec<String>, f64)> = forms.iter().map(ids).zip(values.iter().map(|v| sign * v)).collect();
    // Forms are alike: their order is that of their ids.
    forms.sort_by(|a, b| a.0.cmp(&b.0));
    let (forms, values) = forms.into_iter().unzip();
    Some(Assembly {
        forms,
        value: aimed.then_some(sign * value),
        values: if aimed { values } else { Vec::new() },
        bound: if aimed { bound.map(|b| if b == 0.0 { 0.0 } else { sign * b }) } else { None },
        gap: if aimed { gap } else { Some(0.0) },
        proven: !aimed || gap.is_some_and(|gap| gap <= enough),
        nodes: found.nodes,
    })
}
