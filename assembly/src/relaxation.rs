//! The linear relaxation of a program, and the price of each column at its optimum.
//!
//! The solver gives no dual values, so prices are found apart: the dual, with one constraint a column, is solved on
//! the columns that the relaxation uses, and those that it prices wrongly are added until none is left (Kelley 1960).
//! Prices bound the optimum whatever they are (weak duality), so an unfinished search is only less sharp.

use crate::TOLERANCE;
use crate::program::{Aux, LinearRow, Program, linear, problem};
use microlp::{ComparisonOp, Error, OptimizationDirection, Problem, SolveOutcome, Variable};
use std::collections::BTreeSet;

/// Rounds of added rows.
const ROUNDS: usize = 30;
/// Rows added in a round, at most.
const ROWS: usize = 200;
/// Rounds of added columns.
const PRICINGS: usize = 15;
/// Columns added in a round, at most.
const COLUMNS: usize = 200;

#[derive(Debug)]
pub(crate) struct Relaxation {
    /// How much of each column.
    pub share: Vec<f64>,
    /// No point does better.
    pub bound: f64,
    /// What a column would bring for one more, by column: below 0 it costs.
    pub reduced: Vec<f64>,
    /// The bound that goes with `reduced`.
    pub priced: f64,
}

#[derive(Debug)]
pub(crate) enum Failure {
    Infeasible,
    /// Stopped, or the arithmetic failed.
    Unknown,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Infeasible => Self::Infeasible,
            _ => Self::Unknown,
        }
    }
}

/// Relaxes; lazy rows join as they are broken. Without a purpose, every column has the price 0.
pub(crate) fn relax(program: &Program, stop: &dyn Fn() -> bool) -> Result<Relaxation, Failure> {
    let mut joined: BTreeSet<usize> = BTreeSet::new();
    for _ in 0..ROUNDS {
        if stop() {
            return Err(Failure::Unknown);
        }
        let (rows, aux) = linear(program, &|row| joined.contains(&row));
        let (lp, columns, _) = problem(program, &rows, &aux, false, &[]);
        let SolveOutcome::Solution(solution) = lp.solve()? else { return Err(Failure::Unknown) };
        let share: Vec<f64> = columns.iter().map(|v| solution.var_value(*v).max(0.0)).collect();
        let broken = broken(program, &share, &joined);
        if broken.is_empty() {
            let bound = solution.objective();
            let (reduced, priced) = prices(program, &rows, &aux, &share, bound);
            return Ok(Relaxation { share, bound, reduced, priced });
        }
        joined.extend(broken);
    }
    Err(Failure::Unknown)
}

fn broken(program: &Program, share: &[f64], joined: &BTreeSet<usize>) -> Vec<usize> {
    let mut activities = vec![0.0; program.rows.len()];
    for (column, x) in program.columns.iter().zip(share).filter(|(_, x)| **x > 0.0) {
        column.entries.iter().for_each(|(row, a)| activities[*row as usize] += a * x);
    }
    let mut broken: Vec<(usize, f64)> = (0..program.rows.len())
        .filter(|r| program.rows[*r].lazy && !joined.contains(r))
        .map(|r| (r, program.rows[r].off(activities[r])))
        .filter(|(_, off)| *off > 1e-5)
        .collect();
    broken.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    broken.into_iter().take(ROWS).map(|(row, _)| row).collect()
}

/// Reduced costs and the bound they prove; all 0 and `bound` where the dual could not be solved.
fn prices(program: &Program, rows: &[LinearRow], aux: &[Aux], share: &[f64], bound: f64) -> (Vec<f64>, f64) {
    let n = program.columns.len();
    // By row of the program, its linear rows.
    let mut of: Vec<Vec<usize>> = vec![Vec::new(); program.rows.len()];
    rows.iter().enumerate().for_each(|(i, row)| of[row.row].push(i));
    let mut inside: BTreeSet<usize> = (0..n).filter(|c| share[*c] > TOLERANCE).collect();
    let mut best: (Vec<f64>, f64) = (vec![0.0; n], f64::INFINITY);
    for _ in 0..PRICINGS {
        let Some(duals) = dual(program, rows, aux, &of, &inside) else { break };
        let reduced: Vec<f64> = program
            .columns
            .iter()
            .map(|column| {
                let cost = |(row, a): &(u32, f64)| of[*row as usize].iter().map(|i| duals[*i] * a).sum::<f64>();
                -column.entries.iter().map(cost).sum::<f64>()
            })
            .collect();
        let base: f64 = rows.iter().zip(&duals).map(|(row, y)| row.bound * y).sum();
        let gain: f64 = reduced.iter().zip(&program.columns).map(|(r, c)| r.max(0.0) * c.upper).sum();
        if base + gain < best.1 {
            best = (reduced.clone(), base + gain);
        }
        let mut wrong: Vec<usize> = (0..n).filter(|c| reduced[*c] > 1e-7 && !inside.contains(c)).collect();
        if wrong.is_empty() || best.1 <= bound + 1e-6 * bound.abs().max(1.0) {
            break;
        }
        wrong.sort_by(|a, b| reduced[*b].total_cmp(&reduced[*a]).then(a.cmp(b)));
        inside.extend(wrong.into_iter().take(COLUMNS));
    }
    if best.1.is_finite() { best } else { (vec![0.0; n], bound) }
}

/// Duals of the linear rows, with constraints for the columns inside only.
fn dual(
    program: &Program,
    rows: &[LinearRow],
    aux: &[Aux],
    of: &[Vec<usize>],
    inside: &BTreeSet<usize>,
) -> Option<Vec<f64>> {
    let mut lp = Problem::new(OptimizationDirection::Minimize);
    let duals: Vec<Variable> = rows
        .iter()
        .map(|row| {
            let range = match row.op {
                ComparisonOp::Le => (0.0, f64::INFINITY),
                ComparisonOp::Ge => (f64::NEG_INFINITY, 0.0),
                ComparisonOp::Eq => (f64::NEG_INFINITY, f64::INFINITY),
            };
            lp.add_var(row.bound, range)
        })
        .collect();
    for c in inside {
        let column = &program.columns[*c];
        let rent = lp.add_var(column.upper, (0.0, f64::INFINITY));
        let mut terms: Vec<(Variable, f64)> = Vec::with_capacity(column.entries.len() + 1);
        for (row, a) in &column.entries {
            terms.extend(of[*row as usize].iter().map(|i| (duals[*i], *a)));
        }
        terms.push((rent, 1.0));
        lp.add_constraint(&terms[..], ComparisonOp::Ge, 0.0);
    }
    for (a, variable) in aux.iter().enumerate() {
        let terms: Vec<(Variable, f64)> = rows
            .iter()
            .zip(&duals)
            .filter_map(|(row, y)| row.aux.filter(|(i, _)| *i == a).map(|(_, coefficient)| (*y, coefficient)))
            .collect();
        let op = if variable.free { ComparisonOp::Eq } else { ComparisonOp::Ge };
        lp.add_constraint(&terms[..], op, variable.cost);
    }
    let outcome = lp.solve().ok()?;
    let solution = outcome.solution()?;
    Some(duals.iter().map(|y| solution.var_value(*y)).collect())
}
