//! The best paper of a program, and how far from the best it may be.
//!
//! A small program goes to branch and bound as it is. A large one is relaxed; a *kernel* of promising columns gives a
//! first paper (tabu search, then branch and bound); columns whose price shows that they belong to no better paper
//! are set aside, which is exact, and branch and bound takes what is left (Dantzig, Fulkerson and Johnson 1954 for the
//! fixing by reduced costs; Angelelli, Mansini and Speranza 2010 for the kernel).

use crate::climb::climb;
use crate::program::{Program, Slot, Whole, Writing, branch};
use crate::relaxation::{Failure, relax};
use crate::statement::{Scope, Table};

/// Columns up to which branch and bound is tried on everything.
const SMALL: usize = 300;
/// Units of the kernel for one form, beside those of the relaxation.
const KERNEL: usize = 250;
/// Columns up to which what is left after fixing goes to branch and bound.
const LEFT: usize = 2_500;

/// How much work is allowed.
#[derive(Clone, Copy)]
pub(crate) struct Effort {
    pub nodes: u64,
    pub steps: u64,
    /// Gap that is good enough.
    pub gap: f64,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    /// Units of each form, ascending.
    pub forms: Option<Vec<Vec<usize>>>,
    pub value: f64,
    /// Nothing does better; +∞ if nothing is known.
    pub bound: f64,
    /// Proven: no paper meets the sentences.
    pub infeasible: bool,
    pub nodes: u64,
}

impl Found {
    fn impossible() -> Self {
        Self { infeasible: true, bound: f64::NEG_INFINITY, ..Self::default() }
    }

    /// Relative gap for a goal of a size of its own, absolute below 1.
    fn gap(&self) -> f64 {
        (self.bound - self.value) / self.value.abs().max(1.0)
    }
}

/// Units that no active sentence forbids outright.
pub(crate) fn allowed(table: &Table<'_>, active: &[bool]) -> Vec<usize> {
    let forbids = |(row, a): &(u32, f64)| {
        let row = &table.rows[*row as usize];
        let statement = &table.statements[row.statement];
        active[row.statement]
            && statement.scope == Scope::Form
            && row.high <= 0.0
            && *a > 0.0
            && statement.low == f64::NEG_INFINITY
            && statement.shape == crate::statement::Shape::Sum
    };
    (0..table.units.len()).filter(|u| !table.row_entries[*u].iter().any(forbids)).collect()
}

/// Searches; with `elastic`, for the paper that breaks the sentences least.
pub(crate) fn search(
    table: &Table<'_>,
    active: &[bool],
    elastic: bool,
    effort: Effort,
    stop: &dyn Fn() -> bool,
) -> Found {
    let units = if elastic { (0..table.units.len()).collect() } else { allowed(table, active) };
    let writing = Writing { units: &units, active, elastic, averaged: false, aimed: !elastic };
    let joint = |units: &[usize]| Program::write(table, &Writing { units, ..writing });
    if units.len() * table.forms <= SMALL {
        return small(table, &joint(&units), effort, stop);
    }
    let mean = Program::write(table, &Writing { averaged: true, ..writing });
    let relaxed = match relax(&mean, stop) {
        Ok(relaxed) => relaxed,
        Err(Failure::Infeasible) => return Found::impossible(),
        Err(Failure::Unknown) => return Found { bound: f64::INFINITY, ..Found::default() },
    };
    let mut found = Found { bound: relaxed.bound.min(relaxed.priced), ..Found::default() };

    // Units by promise: those that the relaxation uses, then by what one more would bring.
    let mut promise: Vec<(bool, f64, usize)> = mean
        .columns
        .iter()
        .enumerate()
        .map(|(c, column)| (relaxed.share[c] > 1e-6, relaxed.reduced[c], column.unit))
        .collect();
    promise.sort_by(|a, b| b.0.cmp(&a.0).then(b.1.total_cmp(&a.1)).then(a.2.cmp(&b.2)));
    let mut kernel: Vec<usize> = Vec::new();
    let used = promise.iter().filter(|p| p.0).count();
    let mut seen = vec![false; table.units.len()];
    for (_, _, unit) in promise {
        if !std::mem::replace(&mut seen[unit], true) {
            kernel.push(unit);
        }
        if kernel.len() >= used + KERNEL * table.forms.min(2) {
            break;
        }
    }
    kernel.sort_unstable();
    let program = joint(&kernel);
    let start = rounded(&program, &mean, &relaxed.share, table.forms);
    if let Some(climbed) = climb(&program, start, effort.steps, stop) {
        found.take(table, &program, &climbed.taken);
    }
    if table.forms == 1 && found.forms.is_some() && found.gap() > effort.gap && !stop() {
        finish(table, &mean, &relaxed.reduced, relaxed.priced, &mut found, effort, stop);
    } else if found.forms.is_none() || (found.gap() > effort.gap && !stop()) {
        let whole = branch(&program, start_of(&found, &program).as_deref(), effort.nodes, effort.gap, stop);
        found.nodes += whole.nodes;
        if let Some(taken) = &whole.taken {
            found.take(table, &program, taken);
        }
        if table.forms == 1 && found.forms.is_some() && found.gap() > effort.gap && !stop() {
            finish(table, &mean, &relaxed.reduced, relaxed.priced, &mut found, effort, stop);
        }
    }
    found
}

/// Everything to branch and bound; the tabu search helps when the nodes run out.
fn small(table: &Table<'_>, program: &Program, effort: Effort, stop: &dyn Fn() -> bool) -> Found {
    let mut found = Found { bound: f64::INFINITY, ..Found::default() };
    let note = |found: &mut Found, whole: &Whole| {
        found.nodes += whole.nodes;
        found.bound = found.bound.min(whole.bound);
        if let Some(taken) = &whole.taken {
            found.take(table, program, taken);
        }
        if whole.proven {
            found.bound = found.value;
        }
    };
    let whole = branch(program, None, effort.nodes, effort.gap.min(1e-9), stop);
    if whole.infeasible {
        return Found::impossible();
    }
    note(&mut found, &whole);
    if found.forms.is_none()
        && let Some(climbed) = climb(program, vec![false; program.columns.len()], effort.steps, stop)
    {
        found.take(table, program, &climbed.taken);
        if !stop() {
            note(&mut found, &branch(program, Some(&climbed.taken), effort.nodes, effort.gap, stop));
        }
    }
    found
}

/// Sets aside the columns whose price excludes them from any better paper, and searches the others to the end.
fn finish(
    table: &Table<'_>,
    mean: &Program,
    reduced: &[f64],
    priced: f64,
    found: &mut Found,
    effort: Effort,
    stop: &dyn Fn() -> bool,
) {
    let slack = priced - found.value + 1e-9;
    let mut left: Vec<(f64, usize)> =
        (0..mean.columns.len()).filter(|c| -reduced[*c] <= slack).map(|c| (-reduced[c], c)).collect();
    let all = left.len() <= LEFT;
    // Too many for an exact end: the most promising, which may still improve the paper.
    left.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    left.truncate(LEFT);
    let mut left: Vec<usize> = left.into_iter().map(|(_, c)| c).collect();
    left.sort_unstable();
    let program = mean.only(&left);
    let start = start_of(found, &program);
    let whole = branch(&program, start.as_deref(), effort.nodes, effort.gap, stop);
    found.nodes += whole.nodes;
    if let Some(taken) = &whole.taken {
        found.take(table, &program, taken);
    }
    if all {
        // Outside these columns nothing beats the paper in hand.
        let bound = if whole.infeasible { found.value } else { whole.bound };
        found.bound = found.bound.min(bound.max(found.value));
    }
}

impl Found {
    /// Keeps these columns if they hold and do better.
    fn take(&mut self, table: &Table<'_>, program: &Program, taken: &[bool]) {
        let activities = program.activities(taken);
        if !program.holds(&activities) {
            return;
        }
        let value = program.value(&activities);
        if self.forms.is_none() || value > self.value {
            self.forms = Some(forms(table.forms, program, taken));
            self.value = value;
        }
        // A bound below a value in hand is rounding.
        self.bound = self.bound.max(self.value);
    }
}

fn forms(count: usize, program: &Program, taken: &[bool]) -> Vec<Vec<usize>> {
    let mut forms = vec![Vec::new(); count];
    for (column, _) in program.columns.iter().zip(taken).filter(|(_, taken)| **taken) {
        match column.slot {
            Slot::Form(form) => forms[form].push(column.unit),
            Slot::Shared => forms.iter_mut().for_each(|form| form.push(column.unit)),
        }
    }
    forms.iter_mut().for_each(|form| form.sort_unstable());
    forms
}

/// The columns of the paper in hand, if the program has them all.
fn start_of(found: &Found, program: &Program) -> Option<Vec<bool>> {
    let forms = found.forms.as_ref()?;
    let everywhere = |unit: usize| forms.iter().all(|form| form.binary_search(&unit).is_ok());
    let taken: Vec<bool> = program
        .columns
        .iter()
        .map(|column| match column.slot {
            Slot::Form(form) => {
                forms[form].binary_search(&column.unit).is_ok() && (forms.len() == 1 || !everywhere(column.unit))
            }
            Slot::Shared => everywhere(column.unit),
        })
        .collect();
    program.holds(&program.activities(&taken)).then_some(taken)
}

/// The relaxation of the mean form, rounded: each unit to the form that has the fewest so far.
fn rounded(program: &Program, mean: &Program, share: &[f64], forms: usize) -> Vec<bool> {
    let mut taken = vec![false; program.columns.len()];
    let mut counts = vec![0_usize; forms];
    let mut used: Vec<(f64, usize, bool)> = mean
        .columns
        .iter()
        .zip(share)
        .map(|(column, x)| (x / column.upper, column.unit, column.slot == Slot::Shared))
        .filter(|(x, _, _)| *x >= 0.5)
        .collect();
    used.sort_by(|a, b| a.1.cmp(&b.1).then(b.0.total_cmp(&a.0)));
    used.dedup_by_key(|u| u.1);
    for (_, unit, shared) in used {
        let form = (0..forms).min_by_key(|f| counts[*f]).unwrap_or(0);
        let slot = if shared { Slot::Shared } else { Slot::Form(form) };
        if let Some(c) = program.columns.iter().position(|column| column.unit == unit && column.slot == slot) {
            taken[c] = true;
            counts[form] += usize::from(!shared);
        }
    }
    taken
}
