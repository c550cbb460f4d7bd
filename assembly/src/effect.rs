//! A paper beside its blueprint: what each sentence wanted and got, what a change by hand does, who could replace whom.
//!
//! A [`Desk`] is counted once for a pool and a blueprint (some tens of milliseconds for 20,000 units) and then answers
//! within a page's time.

use crate::blueprint::{Blueprint, Fault};
use crate::conflict::readings;
use crate::pool::Candidate;
use crate::statement::{Aim, Scope, Statement, Table, french, french_range};
use serde::Serialize;

/// Where a count stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Within its bounds.
    Met,
    /// Too little.
    Below,
    /// Too much.
    Above,
}

impl State {
    /// The French word.
    pub fn french(self) -> &'static str {
        match self {
            Self::Met => "respecté",
            Self::Below => "en dessous",
            Self::Above => "au-dessus",
        }
    }
}

/// One sentence and what a form makes of it.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Line {
    /// Index of the sentence.
    pub statement: usize,
    /// The form, from 0; `None` for a sentence on all of them.
    pub form: Option<usize>,
    /// The sentence in French.
    pub label: String,
    /// What was wanted, in French.
    pub wanted: String,
    /// What is counted; a ratio over nothing counts 0.
    pub got: f64,
    /// The same in French.
    pub got_text: String,
    /// Met or not.
    pub state: State,
}

/// A paper beside its blueprint.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Report {
    /// Every sentence, form after form, then those on all forms.
    pub lines: Vec<Line>,
    /// Value of the goal in each form: z, or a distance; empty without a goal.
    pub values: Vec<f64>,
    /// What the sentences are short of or over, priced (see [`Statement::price`]): 0 when all hold.
    pub excess: f64,
    /// Ids of the paper that the pool no longer has: they count for nothing.
    pub unknown: Vec<String>,
    /// Ids in several forms although nothing allows it.
    pub repeated: Vec<String>,
    /// Questions of the paper whose p is not known.
    pub without_p: u32,
}

impl Report {
    /// Does everything hold?
    pub fn is_met(&self) -> bool {
        self.unknown.is_empty() && self.repeated.is_empty() && self.lines.iter().all(|line| line.state == State::Met)
    }
}

/// What changes in a line.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Moved {
    /// Before.
    pub before: Line,
    /// After.
    pub after: Line,
}

/// What a change made by hand does.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Swap {
    /// Lines whose count changes.
    pub moved: Vec<Moved>,
    /// Value of the goal in each form before.
    pub values_before: Vec<f64>,
    /// And after.
    pub values_after: Vec<f64>,
    /// The forms after the change.
    pub forms: Vec<Vec<String>>,
}

/// A unit that could come in place of another.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Replacement {
    /// Its id.
    pub id: String,
    /// What the sentences would be short of or over, priced (see [`Statement::price`]): 0 when all hold.
    pub excess: f64,
    /// The worst form's value of the goal after the change; smaller is better for a distance.
    pub value: Option<f64>,
    /// Sentences that the change would break, or break more.
    pub broken: Vec<usize>,
}

/// A pool counted under a blueprint.
pub struct Desk<'a> {
    table: Table<'a>,
}

/// Sums of rows: in each form, over all, in common.
struct Standing {
    forms: Vec<Vec<f64>>,
    whole: Vec<f64>,
    anchor: Vec<f64>,
}

impl<'a> Desk<'a> {
    /// Counts.
    ///
    /// # Errors
    /// Every fault of the blueprint or of the pool, in French.
    pub fn new(pool: &'a [Candidate], blueprint: &'a Blueprint) -> Result<Self, Vec<Fault>> {
        Ok(Self { table: Table::new(pool, blueprint)? })
    }

    /// The sentences of the blueprint, in order.
    pub fn statements(&self) -> &[Statement] {
        &self.table.statements
    }

    /// The paper beside the blueprint.
    pub fn effect(&self, forms: &[Vec<String>]) -> Report {
        let taken = self.indices(forms);
        let unknown =
            forms.iter().flatten().filter(|id| !self.table.index.contains_key(id.as_str())).cloned().collect();
        let questions = |u: &usize| {
            let unit = self.table.units[*u];
            unit.questions.saturating_sub(unit.statistics.iter().filter(|s| s.p.is_some()).count() as u32)
        };
        let mut all = taken.concat();
        all.sort_unstable();
        all.dedup();
        Report {
            lines: self.lines(&taken),
            values: self.values(&taken),
            excess: self.excess(&self.standing(&taken)),
            unknown,
            repeated: self.repeated(&taken),
            without_p: all.iter().map(questions).sum(),
        }
    }

    /// What taking `out` from a form and putting `into` in it does; from every form, if `out` is in all of them.
    pub fn swap(&self, forms: &[Vec<String>], form: usize, out: Option<&str>, into: Option<&str>) -> Swap {
        let before = self.indices(forms);
        let common = forms.len() > 1 && out.is_some_and(|out| forms.iter().all(|form| form.iter().any(|id| id == out)));
        let mut changed = forms.to_vec();
        for (f, ids) in changed.iter_mut().enumerate() {
            if f == form || common {
                ids.retain(|id| Some(id.as_str()) != out);
                if let Some(into) = into
                    && !ids.iter().any(|id| id == into)
                {
                    ids.push(into.to_owned());
                    ids.sort();
                }
            }
        }
        let after = self.indices(&changed);
        let lines = self.lines(&before).into_iter().zip(self.lines(&after));
        let moved = lines.filter(|(b, a)| (b.got - a.got).abs() > 1e-12).map(|(before, after)| Moved { before, after });
        Swap {
            moved: moved.collect(),
            values_before: self.values(&before),
            values_after: self.values(&after),
            forms: changed,
        }
    }

    /// Units that could replace `out` in a form (in every form, if it is in all of them), best first: those that break
    /// least, then those with the best value, then by id.
    pub fn replacements(&self, forms: &[Vec<String>], form: usize, out: &str, limit: usize) -> Vec<Replacement> {
        let Some(&out) = self.table.index.get(out) else { return Vec::new() };
        let taken = self.indices(forms);
        if !taken.get(form).is_some_and(|form| form.contains(&out)) {
            return Vec::new();
        }
        let before = self.standing(&taken);
        let common = taken.len() > 1 && taken.iter().all(|form| form.contains(&out));
        let touched: Vec<usize> = (0..taken.len()).filter(|f| common || *f == form).collect();
        let mut without = taken.clone();
        touched.iter().for_each(|f| without[*f].retain(|u| *u != out));
        let base = self.standing(&without);
        let base_excess = self.excess(&base);
        let mut busy = vec![false; self.table.units.len()];
        taken.iter().flatten().for_each(|u| busy[*u] = true);
        let gauges: Vec<Vec<f64>> = without.iter().map(|form| self.gauges(form)).collect();
        let sign = self.sign();
        let mut offers: Vec<(f64, f64, usize)> = (0..self.table.units.len())
            .filter(|u| !busy[*u])
            .map(|u| {
                let excess = (base_excess + self.added_excess(&base, &touched, common, u)).max(0.0);
                (if excess < 1e-9 { 0.0 } else { excess }, self.value_with(&gauges, &touched, u), u)
            })
            .collect();
        let id = |u: usize| &self.table.units[u].id;
        let order = |a: &(f64, f64, usize), b: &(f64, f64, usize)| {
            a.0.total_cmp(&b.0).then(b.1.total_cmp(&a.1)).then_with(|| id(a.2).cmp(id(b.2)))
        };
        if offers.len() > limit && limit > 0 {
            offers.select_nth_unstable_by(limit - 1, order);
        }
        offers.truncate(limit);
        offers.sort_by(order);
        let finish = |(excess, value, u): (f64, f64, usize)| {
            let mut with = without.clone();
            touched.iter().for_each(|f| with[*f].push(u));
            with.iter_mut().for_each(|form| form.sort_unstable());
            let broken = self.broken(&before, &self.standing(&with));
            let value = (self.table.aim != Aim::None).then_some(sign * value);
            Replacement { id: id(u).clone(), excess, value, broken }
        };
        offers.into_iter().map(finish).collect()
    }

    fn sign(&self) -> f64 {
        if matches!(self.table.aim, Aim::Closest(_)) { -1.0 } else { 1.0 }
    }

    fn indices(&self, forms: &[Vec<String>]) -> Vec<Vec<usize>> {
        let of = |form: &Vec<String>| {
            let mut taken: Vec<usize> =
                form.iter().filter_map(|id| self.table.index.get(id.as_str()).copied()).collect();
            taken.sort_unstable();
            taken.dedup();
            taken
        };
        forms.iter().map(of).collect()
    }

    fn values(&self, taken: &[Vec<usize>]) -> Vec<f64> {
        if self.table.aim == Aim::None {
            return Vec::new();
        }
        taken.iter().map(|form| self.sign() * self.table.value(form)).collect()
    }

    fn repeated(&self, taken: &[Vec<usize>]) -> Vec<String> {
        use crate::blueprint::Overlap;
        let mut all = taken.concat();
        all.sort_unstable();
        let mut repeated: Vec<String> = all
            .chunk_by(|a, b| a == b)
            .filter(|same| same.len() > 1)
            .filter(|same| match self.table.overlap {
                Overlap::None => true,
                Overlap::Anchor { .. } => same.len() < taken.len(),
                Overlap::Shared { units } => same.len() < taken.len() || !units.contains(&self.table.units[same[0]].id),
            })
            .map(|same| self.table.units[same[0]].id.clone())
            .collect();
        repeated.sort();
        repeated
    }

    fn lines(&self, taken: &[Vec<usize>]) -> Vec<Line> {
        let mut lines: Vec<Line> = Vec::new();
        for (s, statement) in self.table.statements.iter().enumerate() {
            for (form, (got, excess)) in readings(&self.table, s, taken).into_iter().enumerate() {
                let state = match excess > 0.0 {
                    false => State::Met,
                    true if got < statement.low => State::Below,
                    true => State::Above,
                };
                lines.push(Line {
                    statement: s,
                    form: (statement.scope == Scope::Form).then_some(form),
                    label: statement.label.clone(),
                    wanted: french_range(statement.low, statement.high, statement.unit),
                    got,
                    got_text: french(got, statement.unit),
                    state,
                });
            }
        }
        lines.sort_by_key(|line| (line.form.unwrap_or(usize::MAX), line.statement));
        lines
    }

    fn standing(&self, taken: &[Vec<usize>]) -> Standing {
        let mut all = taken.concat();
        all.sort_unstable();
        all.dedup();
        let common: Vec<usize> =
            all.iter().copied().filter(|u| taken.iter().all(|form| form.binary_search(u).is_ok())).collect();
        Standing {
            forms: taken.iter().map(|form| self.table.activities(form)).collect(),
            whole: self.table.activities(&all),
            anchor: self.table.activities(&common),
        }
    }

    fn price(&self, r: usize) -> f64 {
        self.table.statements[self.table.rows[r].statement].price
    }

    fn excess(&self, standing: &Standing) -> f64 {
        let of = |r: usize| {
            let row = &self.table.rows[r];
            let off = match self.table.statements[row.statement].scope {
                Scope::Form => standing.forms.iter().map(|form| row.excess(form[r])).sum(),
                Scope::Whole => row.excess(standing.whole[r]),
                Scope::Anchor => row.excess(standing.anchor[r]),
            };
            self.price(r) * off
        };
        (0..self.table.rows.len()).map(of).sum()
    }

    /// What a unit adds to the excess when it joins these forms.
    fn added_excess(&self, base: &Standing, touched: &[usize], common: bool, u: usize) -> f64 {
        let of = |(r, a): &(u32, f64)| {
            let r = *r as usize;
            let row = &self.table.rows[r];
            let more = |activity: f64| row.excess(activity + a) - row.excess(activity);
            let off = match self.table.statements[row.statement].scope {
                Scope::Form => touched.iter().map(|f| more(base.forms[*f][r])).sum(),
                Scope::Whole => more(base.whole[r]),
                Scope::Anchor if common => more(base.anchor[r]),
                Scope::Anchor => 0.0,
            };
            self.price(r) * off
        };
        self.table.row_entries[u].iter().map(of).sum()
    }

    fn gauges(&self, taken: &[usize]) -> Vec<f64> {
        let n = self.table.gauges.first().map_or(0, Vec::len);
        (0..n).map(|g| taken.iter().map(|u| self.table.gauges[*u][g]).sum()).collect()
    }

    /// The worst form's value once a unit has joined these forms, greater is better.
    fn value_with(&self, gauges: &[Vec<f64>], touched: &[usize], u: usize) -> f64 {
        let worst = |value: &dyn Fn(usize, f64) -> f64| {
            let of = |(f, form): (usize, &Vec<f64>)| {
                let joined = touched.contains(&f);
                let with =
                    |(g, sum): (usize, &f64)| value(g, if joined { sum + self.table.gauges[u][g] } else { *sum });
                form.iter().enumerate().map(with).fold(f64::INFINITY, f64::min)
            };
            gauges.iter().enumerate().map(of).fold(f64::INFINITY, f64::min)
        };
        match &self.table.aim {
            Aim::None => 0.0,
            Aim::Least(weights) => worst(&|g, sum| sum / weights[g]),
            Aim::Closest(targets) => worst(&|g, sum| -(sum - targets[g].0).abs() / targets[g].1),
        }
    }

    fn broken(&self, before: &Standing, after: &Standing) -> Vec<usize> {
        let worse = |r: &usize| {
            let row = &self.table.rows[*r];
            let grew = |b: &Vec<f64>, a: &Vec<f64>| row.excess(a[*r]) > row.excess(b[*r]) + 1e-9;
            match self.table.statements[row.statement].scope {
                Scope::Form => before.forms.iter().zip(&after.forms).any(|(b, a)| grew(b, a)),
                Scope::Whole => grew(&before.whole, &after.whole),
                Scope::Anchor => grew(&before.anchor, &after.anchor),
            }
        };
        let mut broken: Vec<usize> =
            (0..self.table.rows.len()).filter(worse).map(|r| self.table.rows[r].statement).collect();
        broken.sort_unstable();
        broken.dedup();
        broken
    }
}

/// A paper beside its blueprint, once; a [`Desk`] answers many times.
///
/// # Errors
/// Every fault of the blueprint or of the pool, in French.
pub fn effect(pool: &[Candidate], blueprint: &Blueprint, forms: &[Vec<String>]) -> Result<Report, Vec<Fault>> {
    Ok(Desk::new(pool, blueprint)?.effect(forms))
}

/// Who could replace a unit, once: see [`Desk::replacements`].
///
/// # Errors
/// Every fault of the blueprint or of the pool, in French.
pub fn replacements(
    pool: &[Candidate],
    blueprint: &Blueprint,
    forms: &[Vec<String>],
    form: usize,
    out: &str,
    limit: usize,
) -> Result<Vec<Replacement>, Vec<Fault>> {
    Ok(Desk::new(pool, blueprint)?.replacements(forms, form, out, limit))
}
