//! When no paper meets the blueprint: which sentences conflict, and the nearest blueprint that has a paper.

use crate::program::{Program, Writing, has_point};
use crate::search::{Effort, Found, allowed, search};
use crate::statement::{Scope, Shape, Statement, Table, Unit, french, french_range};
use serde::Serialize;

/// Columns up to which the integer question is asked; above, the linear one only.
const MOST_COLUMNS: usize = 3_000;
const CONFLICT_NODES: u64 = 400;

/// Sentences that no paper meets together.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Conflict {
    /// Which: indices into the sentences of the blueprint.
    pub statements: Vec<usize>,
    /// The same in French.
    pub labels: Vec<String>,
    /// Each one removed, the others were found to have a paper: none of them is there for nothing. False when that
    /// could not be shown of one within the limits, or the search was stopped.
    pub irreducible: bool,
}

/// A bound moved.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Change {
    /// Index of the sentence.
    pub statement: usize,
    /// In French: « spécialité Cardiologie : au moins 9 questions au lieu d’au moins 12 questions ».
    pub label: String,
    /// Bounds before.
    pub from: (f64, f64),
    /// Bounds that the paper meets.
    pub to: (f64, f64),
}

/// The set of sentences that conflict, found by dividing (QuickXplain, Junker 2004). `None` where nothing proves that
/// there is a conflict.
pub(crate) fn conflict(table: &Table<'_>, stop: &dyn Fn() -> bool) -> Option<Conflict> {
    let mut search = Divide { table, stop, unknown: false };
    let all: Vec<usize> = (0..table.statements.len()).collect();
    if !search.impossible(&all) {
        return None;
    }
    let mut statements = search.explain(&[], false, &all);
    // Dividing keeps more than needed where an answer was not known: try each once more.
    if search.unknown {
        let mut i = 0;
        while i < statements.len() {
            let others: Vec<usize> = statements.iter().copied().filter(|s| *s != statements[i]).collect();
            if search.impossible(&others) {
                statements = others;
            } else {
                i += 1;
            }
        }
    }
    statements.sort_unstable();
    let irreducible = (0..statements.len()).all(|i| {
        let others: Vec<usize> = statements.iter().copied().filter(|s| *s != statements[i]).collect();
        search.ask(&others) == Some(true)
    });
    let labels = statements.iter().map(|s| table.statements[*s].label.clone()).collect();
    Some(Conflict { statements, labels, irreducible })
}

struct Divide<'a> {
    table: &'a Table<'a>,
    stop: &'a dyn Fn() -> bool,
    unknown: bool,
}

impl Divide<'_> {
    /// Is there a paper under these sentences alone?
    fn ask(&self, statements: &[usize]) -> Option<bool> {
        if (self.stop)() {
            return None;
        }
        let mut active = vec![false; self.table.statements.len()];
        statements.iter().for_each(|s| active[*s] = true);
        let units = allowed(self.table, &active);
        let writing = Writing { units: &units, active: &active, elastic: false, averaged: false, aimed: false };
        if units.len() * self.table.forms > MOST_COLUMNS && self.table.forms > 1 {
            let mean = Program::write(self.table, &Writing { averaged: true, ..writing });
            if has_point(&mean, 0, 0, self.stop) == Some(false) {
                return Some(false);
            }
            return None;
        }
        has_point(&Program::write(self.table, &writing), CONFLICT_NODES, MOST_COLUMNS, self.stop)
    }

    fn impossible(&mut self, statements: &[usize]) -> bool {
        let answer = self.ask(statements);
        self.unknown |= answer.is_none();
        answer == Some(false)
    }

    fn explain(&mut self, background: &[usize], grown: bool, doubtful: &[usize]) -> Vec<usize> {
        if grown && self.impossible(background) {
            return Vec::new();
        }
        if doubtful.len() <= 1 {
            return doubtful.to_vec();
        }
        let (first, second) = doubtful.split_at(doubtful.len() / 2);
        let of_second = self.explain(&[background, first].concat(), true, second);
        let of_first = self.explain(&[background, &of_second].concat(), !of_second.is_empty(), first);
        [of_first, of_second].concat()
    }
}

/// The paper that breaks the sentences least, and the bounds that it meets instead.
pub(crate) fn relaxation(table: &Table<'_>, effort: Effort, stop: &dyn Fn() -> bool) -> (Found, Vec<Change>) {
    let found = search(table, &vec![true; table.statements.len()], true, effort, stop);
    let mut changes = Vec::new();
    if let Some(forms) = &found.forms {
        for (s, statement) in table.statements.iter().enumerate() {
            let readings = readings(table, s, forms);
            let (mut low, mut high) = (statement.low, statement.high);
            let mut broken = false;
            for (reading, excess) in readings {
                if excess > 0.0 {
                    broken = true;
                    low = low.min(reading);
                    high = high.max(reading);
                }
            }
            if broken {
                let label = change_label(statement, low, high);
                changes.push(Change { statement: s, label, from: (statement.low, statement.high), to: (low, high) });
            }
        }
    }
    (found, changes)
}

/// What a sentence counts in each form (or once, if it holds over all), with how far outside its bounds that is, in
/// the unit of its price.
pub(crate) fn readings(table: &Table<'_>, s: usize, forms: &[Vec<usize>]) -> Vec<(f64, f64)> {
    let together: Vec<Vec<usize>>;
    let selections = match table.statements[s].scope {
        Scope::Form => forms,
        Scope::Whole => {
            let mut all = forms.concat();
            all.sort_unstable();
            all.dedup();
            together = vec![all];
            &together
        }
        Scope::Anchor => {
            let common = |unit: &&usize| forms.iter().all(|form| form.binary_search(unit).is_ok());
            together = vec![forms.first().into_iter().flatten().filter(common).copied().collect()];
            &together
        }
    };
    let of = |taken: &Vec<usize>| {
        let activities = table.activities(taken);
        let rows = table.rows.iter().zip(&activities).filter(|(row, _)| row.statement == s);
        let excess: f64 = rows.map(|(row, activity)| row.excess(*activity)).sum();
        (table.reading(s, taken).unwrap_or(0.0), excess)
    };
    selections.iter().map(of).collect()
}

fn change_label(statement: &Statement, low: f64, high: f64) -> String {
    let instead = french_range(statement.low, statement.high, statement.unit);
    match (statement.shape, statement.scope, statement.high) {
        (Shape::Groups, ..) => {
            format!("{} : en accepter {} d’un même groupe", statement.label, french(high, Unit::Units))
        }
        (Shape::Sum, Scope::Form, 0.0) if statement.low == f64::NEG_INFINITY => {
            format!("{} : en accepter {}", statement.label, french(high, statement.unit))
        }
        (_, Scope::Whole | Scope::Anchor, _) if statement.unit == Unit::Units => {
            format!("{} : y renoncer", statement.label)
        }
        _ => {
            let now = french_range(low, high, statement.unit);
            format!("{} : {now} au lieu de : {instead}", statement.subject)
        }
    }
}
