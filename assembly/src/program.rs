//! A 0-1 program, and its way to the solver and back.

use crate::blueprint::Overlap;
use crate::statement::{Aim, Scope, Table};
use microlp::{
    ComparisonOp, Error, OptimizationDirection, Problem, ResumeOptions, SolveOptions, SolveOutcome, TerminationReason,
    Variable,
};
use std::collections::BTreeMap;

/// Nodes solved between two looks at whether to stop.
const SLICE: u64 = 50;

/// Where a column puts its unit.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Slot {
    /// In that form only.
    Form(usize),
    /// In every form.
    Shared,
}

#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub unit: usize,
    pub slot: Slot,
    pub upper: f64,
    /// Row, coefficient.
    pub entries: Vec<(u32, f64)>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub low: f64,
    pub high: f64,
    pub lazy: bool,
    /// Cost of one unit outside the bounds; `None`: the bounds hold.
    pub price: Option<f64>,
}

/// What is maximised, on rows of the program.
#[derive(Clone, Debug)]
pub(crate) enum Purpose {
    /// Minus the priced excesses of rows (0 where nothing has a price).
    Excess,
    Least(Vec<(usize, f64)>),
    Closest(Vec<(usize, f64, f64)>),
}

#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub columns: Vec<Column>,
    pub rows: Vec<Row>,
    pub purpose: Purpose,
}

/// Which program to write.
#[derive(Clone, Copy)]
pub(crate) struct Writing<'a> {
    /// Units that may be taken.
    pub units: &'a [usize],
    /// Sentences that count.
    pub active: &'a [bool],
    /// Bounds may be broken at their price, and the goal is to break them least.
    pub elastic: bool,
    /// One mean form instead of all of them: a relaxation, since forms are alike.
    pub averaged: bool,
    /// Is there a goal beside the rows?
    pub aimed: bool,
}

impl Program {
    pub fn write(table: &Table<'_>, writing: &Writing<'_>) -> Self {
        let forms = if writing.averaged { 1 } else { table.forms };
        let mut rows = Vec::new();
        // Rows of one form, then those of all together; `None` where the sentence is silent.
        let mut of_form: Vec<Vec<Option<u32>>> = vec![vec![None; table.rows.len()]; forms];
        let mut of_all: Vec<Option<u32>> = vec![None; table.rows.len()];
        let mut push = |r: usize| {
            let row = &table.rows[r];
            let price = writing.elastic.then(|| table.statements[row.statement].price);
            rows.push(Row { low: row.low, high: row.high, lazy: row.lazy, price });
            Some(rows.len() as u32 - 1)
        };
        for (r, row) in table.rows.iter().enumerate().filter(|(_, row)| writing.active[row.statement]) {
            match table.statements[row.statement].scope {
                Scope::Form => of_form.iter_mut().for_each(|rows| rows[r] = push(r)),
                Scope::Whole | Scope::Anchor => of_all[r] = push(r),
            }
        }
        let free = |rows: &mut Vec<Row>, high: f64| {
            rows.push(Row { low: f64::NEG_INFINITY, high, lazy: false, price: None });
            rows.len() - 1
        };
        let gauges = if writing.aimed { table.gauges.first().map_or(0, Vec::len) } else { 0 };
        let gauge_rows: Vec<Vec<usize>> =
            (0..forms).map(|_| (0..gauges).map(|_| free(&mut rows, f64::INFINITY)).collect()).collect();
        let mut columns = Vec::new();
        let copies = table.forms as f64;
        for &unit in writing.units {
            let shareable = table.forms > 1
                && match table.overlap {
                    Overlap::None => false,
                    Overlap::Anchor { .. } => true,
                    Overlap::Shared { units } => units.contains(&table.units[unit].id),
                };
            let only_shared = shareable && matches!(table.overlap, Overlap::Shared { .. });
            let alone = if table.forms > 1 && !writing.averaged && !only_shared {
                Some(free(&mut rows, 1.0) as u32)
            } else {
                None
            };
            let mut column = |slot: Slot| {
                let inside: Vec<usize> = match slot {
                    Slot::Form(form) => vec![form],
                    Slot::Shared => (0..forms).collect(),
                };
                let mut entries = Vec::new();
                for &(r, coefficient) in &table.row_entries[unit] {
                    let r = r as usize;
                    entries.extend(inside.iter().filter_map(|f| of_form[*f][r]).map(|row| (row, coefficient)));
                    let scope = table.statements[table.rows[r].statement].scope;
                    if let Some(row) = of_all[r]
                        && (scope == Scope::Whole || slot == Slot::Shared)
                    {
                        let mean = writing.averaged && slot != Slot::Shared;
                        entries.push((row, if mean { coefficient * copies } else { coefficient }));
                    }
                }
                for form in inside {
                    let with = gauge_rows[form].iter().zip(&table.gauges[unit]).filter(|(_, v)| **v != 0.0);
                    entries.extend(with.map(|(row, value)| (*row as u32, *value)));
                }
                entries.extend(alone.map(|row| (row, 1.0)));
                let upper = if writing.averaged && slot != Slot::Shared { 1.0 / copies } else { 1.0 };
                columns.push(Column { unit, slot, upper, entries });
            };
            if !only_shared {
                (0..forms).for_each(|form| column(Slot::Form(form)));
            }
            if shareable {
                column(Slot::Shared);
            }
        }
        let purpose = match &table.aim {
            Aim::Least(weights) if writing.aimed => {
                let of = |rows: &Vec<usize>| rows.iter().copied().zip(weights.iter().copied()).collect::<Vec<_>>();
                Purpose::Least(gauge_rows.iter().flat_map(of).collect())
            }
            Aim::Closest(targets) if writing.aimed => {
                let of =
                    |rows: &Vec<usize>| rows.iter().zip(targets).map(|(r, (t, s))| (*r, *t, *s)).collect::<Vec<_>>();
                Purpose::Closest(gauge_rows.iter().flat_map(of).collect())
            }
            _ => Purpose::Excess,
        };
        Self { columns, rows, purpose }
    }

    /// The same on some of the columns, in the order given.
    pub fn only(&self, columns: &[usize]) -> Self {
        let columns = columns.iter().map(|c| self.columns[*c].clone()).collect();
        Self { columns, rows: self.rows.clone(), purpose: self.purpose.clone() }
    }

    pub fn activities(&self, taken: &[bool]) -> Vec<f64> {
        let mut activities = vec![0.0; self.rows.len()];
        for (column, _) in self.columns.iter().zip(taken).filter(|(_, taken)| **taken) {
            column.entries.iter().for_each(|(row, a)| activities[*row as usize] += a);
        }
        activities
    }

    /// What is maximised, where rows stand so.
    pub fn value(&self, activities: &[f64]) -> f64 {
        match &self.purpose {
            Purpose::Excess => {
                -self.rows.iter().zip(activities).map(|(row, a)| row.price.unwrap_or(0.0) * row.off(*a)).sum::<f64>()
            }
            Purpose::Least(gauges) => gauges.iter().map(|(row, w)| activities[*row] / w).fold(f64::INFINITY, f64::min),
            Purpose::Closest(gauges) => {
                -gauges.iter().map(|(row, t, s)| (activities[*row] - t).abs() / s).fold(0.0, f64::max)
            }
        }
    }

    /// Do the rows without a price hold?
    pub fn holds(&self, activities: &[f64]) -> bool {
        self.rows.iter().zip(activities).all(|(row, a)| row.price.is_some() || row.off(*a) <= crate::TOLERANCE)
    }
}

impl Row {
    /// How far outside the bounds.
    pub fn off(&self, activity: f64) -> f64 {
        (self.low - activity).max(activity - self.high).max(0.0)
    }
}

/// A row as the solver has it.
pub(crate) struct LinearRow {
    /// Row of the program.
    pub row: usize,
    pub op: ComparisonOp,
    pub bound: f64,
    /// Auxiliary variable and its coefficient.
    pub aux: Option<(usize, f64)>,
}

/// An auxiliary variable: cost in the maximum, and whether it may be negative.
pub(crate) struct Aux {
    pub cost: f64,
    pub free: bool,
}

/// The linear form: rows, each with at most one auxiliary variable; lazy ones as `with` says.
pub(crate) fn linear(program: &Program, with: &dyn Fn(usize) -> bool) -> (Vec<LinearRow>, Vec<Aux>) {
    let (mut rows, mut aux) = (Vec::new(), Vec::new());
    let (ge, le) = (ComparisonOp::Ge, ComparisonOp::Le);
    for (r, row) in program.rows.iter().enumerate().filter(|(r, row)| !row.lazy || with(*r)) {
        if let Some(price) = row.price {
            for (op, bound, sign) in [(ge, row.low, 1.0), (le, row.high, -1.0)] {
                if bound.is_finite() {
                    aux.push(Aux { cost: -price, free: false });
                    rows.push(LinearRow { row: r, op, bound, aux: Some((aux.len() - 1, sign)) });
                }
            }
        } else if row.low == row.high {
            rows.push(LinearRow { row: r, op: ComparisonOp::Eq, bound: row.low, aux: None });
        } else {
            for (op, bound) in [(ge, row.low), (le, row.high)] {
                if bound.is_finite() {
                    rows.push(LinearRow { row: r, op, bound, aux: None });
                }
            }
        }
    }
    match &program.purpose {
        Purpose::Excess => {}
        Purpose::Least(gauges) => {
            aux.push(Aux { cost: 1.0, free: true });
            let z = aux.len() - 1;
            rows.extend(gauges.iter().map(|(row, w)| LinearRow { row: *row, op: ge, bound: 0.0, aux: Some((z, -w)) }));
        }
        Purpose::Closest(gauges) => {
            aux.push(Aux { cost: -1.0, free: false });
            let d = aux.len() - 1;
            for (row, target, scale) in gauges {
                rows.push(LinearRow { row: *row, op: ge, bound: *target, aux: Some((d, *scale)) });
                rows.push(LinearRow { row: *row, op: le, bound: *target, aux: Some((d, -scale)) });
            }
        }
    }
    (rows, aux)
}

/// The solver's problem, with a variable a column, whole or not, and the auxiliary ones.
pub(crate) fn problem(
    program: &Program,
    rows: &[LinearRow],
    aux: &[Aux],
    whole: bool,
    copies: &[i32],
) -> (Problem, Vec<Variable>, Vec<Variable>) {
    let mut problem = Problem::new(OptimizationDirection::Maximize);
    let columns: Vec<Variable> = program
        .columns
        .iter()
        .enumerate()
        .map(|(c, column)| match (whole, copies.get(c)) {
            (true, Some(copies)) => problem.add_integer_var(0.0, (0, *copies)),
            (true, None) => problem.add_binary_var(0.0),
            (false, Some(copies)) => problem.add_var(0.0, (0.0, f64::from(*copies))),
            (false, None) => problem.add_var(0.0, (0.0, column.upper)),
        })
        .collect();
    let aux: Vec<Variable> = aux
        .iter()
        .map(|a| problem.add_var(a.cost, (if a.free { f64::NEG_INFINITY } else { 0.0 }, f64::INFINITY)))
        .collect();
    let mut terms: Vec<Vec<(Variable, f64)>> = vec![Vec::new(); program.rows.len()];
    for (column, variable) in program.columns.iter().zip(&columns) {
        column.entries.iter().for_each(|(row, a)| terms[*row as usize].push((*variable, *a)));
    }
    for row in rows {
        let mut terms = terms[row.row].clone();
        terms.extend(row.aux.map(|(a, coefficient)| (aux[a], coefficient)));
        problem.add_constraint(&terms[..], row.op, row.bound);
    }
    (problem, columns, aux)
}

/// How an integer program ended.
#[derive(Clone, Debug, Default)]
pub(crate) struct Whole {
    /// Columns taken, if a point was found.
    pub taken: Option<Vec<bool>>,
    /// No better value exists, +∞ if nothing is known.
    pub bound: f64,
    /// The bound is the value of `taken`.
    pub proven: bool,
    /// Proven to have no point.
    pub infeasible: bool,
    pub nodes: u64,
}

/// Branch and bound by `microlp`, from `start` if there is one.
pub(crate) fn branch(
    program: &Program,
    start: Option<&[bool]>,
    nodes: u64,
    gap: f64,
    stop: &dyn Fn() -> bool,
) -> Whole {
    let (rows, aux) = linear(program, &|_| true);
    let (problem, columns, _) = problem(program, &rows, &aux, true, &[]);
    let mut options = SolveOptions::default();
    options.mip_gap = gap;
    options.node_limit = Some(nodes.min(SLICE));
    options.warm_start = start.map(|taken| {
        columns.iter().zip(taken).map(|(variable, taken)| (*variable, f64::from(u8::from(*taken)))).collect()
    });
    let outcome = drive(problem.solve_with(options), nodes, stop);
    let outcome = match outcome {
        Ok(outcome) => outcome,
        Err(Error::Infeasible) => return Whole { bound: f64::INFINITY, infeasible: true, ..Whole::default() },
        // A fault of the arithmetic proves nothing.
        Err(_) => return Whole { bound: f64::INFINITY, ..Whole::default() },
    };
    let stats = outcome.stats();
    let proven = outcome.is_optimal();
    let taken = outcome.solution().map(|s| columns.iter().map(|v| s.var_value(*v) > 0.5).collect());
    Whole {
        taken,
        bound: stats.best_bound.unwrap_or(f64::INFINITY),
        proven,
        infeasible: false,
        nodes: stats.nodes_solved,
    }
}

fn drive(first: Result<SolveOutcome, Error>, nodes: u64, stop: &dyn Fn() -> bool) -> Result<SolveOutcome, Error> {
    let mut outcome = first?;
    while outcome.termination_reason() == TerminationReason::NodeLimit {
        let left = nodes.saturating_sub(outcome.stats().nodes_solved);
        if left == 0 || stop() {
            break;
        }
        let mut options: ResumeOptions = outcome.last_resume_options();
        options.node_limit = Some(left.min(SLICE));
        outcome = outcome.resume_with(options)?;
    }
    Ok(outcome)
}

/// Is there a point? `None` where the nodes did not suffice to know.
///
/// Columns alike in every row are counted instead of told apart, which keeps the answer and shrinks large pools.
pub(crate) fn has_point(program: &Program, nodes: u64, most_columns: usize, stop: &dyn Fn() -> bool) -> Option<bool> {
    let mut alike: BTreeMap<Vec<(u32, u64)>, (usize, i32)> = BTreeMap::new();
    for (c, column) in program.columns.iter().enumerate() {
        let mut key: Vec<(u32, u64)> = column.entries.iter().map(|(row, a)| (*row, a.to_bits())).collect();
        key.sort_unstable();
        alike.entry(key).or_insert((c, 0)).1 += 1;
    }
    let (kept, copies): (Vec<usize>, Vec<i32>) = alike.into_values().unzip();
    let small = program.only(&kept);
    let full = kept.len() <= most_columns;
    let (rows, aux) = linear(&small, &|_| full);
    let (relaxed, _, _) = problem(&small, &rows, &aux, false, &copies);
    match relaxed.solve() {
        Err(Error::Infeasible) => return Some(false),
        Err(_) => return None,
        Ok(_) if !full => return None,
        Ok(_) => {}
    }
    let (problem, _, _) = problem(&small, &rows, &aux, true, &copies);
    let mut options = SolveOptions::default();
    options.node_limit = Some(nodes.min(SLICE));
    match drive(problem.solve_with(options), nodes, stop) {
        Ok(outcome) => outcome.solution().map(|_| true),
        Err(Error::Infeasible) => Some(false),
        Err(_) => None,
    }
}
