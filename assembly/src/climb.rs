//! A tabu search (Glover 1989) for good points of a program: one column in, one out, or both, whichever is best, and
//! never at once back. Rows that stay broken grow heavier (Morris 1993), so that it leaves dead ends.

use crate::TOLERANCE;
use crate::program::{Program, Purpose, Row};

/// Steps during which a column that moved stays.
const TABU: u64 = 9;

/// The best point found: no row broken, and the greatest value.
#[derive(Clone, Debug)]
pub(crate) struct Climbed {
    pub taken: Vec<bool>,
    pub value: f64,
}

struct State<'a> {
    program: &'a Program,
    taken: Vec<bool>,
    activities: Vec<f64>,
    weights: Vec<f64>,
    /// Gauges of a column: index in the purpose, coefficient.
    gauges: Vec<Vec<(usize, f64)>>,
    free_until: Vec<u64>,
    scale: f64,
}

/// Climbs from `start` for so many steps.
pub(crate) fn climb(program: &Program, start: Vec<bool>, steps: u64, stop: &dyn Fn() -> bool) -> Option<Climbed> {
    let mut state = State::new(program, start);
    let mut best: Option<Climbed> = None;
    let mut stale = 0;
    for step in 0..steps {
        let whole = program.holds(&state.activities);
        if whole {
            let value = program.value(&state.activities);
            stale += 1;
            if best.as_ref().is_none_or(|b| value > b.value + 1e-12) {
                best = Some(Climbed { taken: state.taken.clone(), value });
                stale = 0;
            }
            // Nothing to gain: any point is as good as another, or this one is perfect.
            if matches!(program.purpose, Purpose::Excess | Purpose::Closest(_)) && value >= -1e-12 {
                break;
            }
        }
        if stale > 60 || (step % 8 == 0 && stop()) {
            break;
        }
        if !whole {
            state.weigh();
        }
        if !state.step(step) {
            break;
        }
    }
    best
}

impl<'a> State<'a> {
    fn new(program: &'a Program, taken: Vec<bool>) -> Self {
        let activities = program.activities(&taken);
        let rows: Vec<usize> = match &program.purpose {
            Purpose::Excess => Vec::new(),
            Purpose::Least(gauges) => gauges.iter().map(|g| g.0).collect(),
            Purpose::Closest(gauges) => gauges.iter().map(|g| g.0).collect(),
        };
        let gauges = program
            .columns
            .iter()
            .map(|column| {
                let of = |(row, a): &(u32, f64)| rows.iter().position(|r| r == &(*row as usize)).map(|g| (g, *a));
                column.entries.iter().filter_map(of).collect()
            })
            .collect();
        let scale = program.value(&activities).abs().max(1.0);
        let weights = vec![1.0; program.rows.len()];
        let free_until = vec![0; program.columns.len()];
        Self { program, taken, activities, weights, gauges, free_until, scale }
    }

    fn weigh(&mut self) {
        for ((row, activity), weight) in self.program.rows.iter().zip(&self.activities).zip(&mut self.weights) {
            if row.price.is_none() && row.off(*activity) > TOLERANCE {
                *weight += 0.3;
            }
        }
    }

    fn cost(&self, r: usize, row: &Row, activity: f64) -> f64 {
        match row.price {
            Some(price) => price * row.off(activity) / self.scale,
            None => self.weights[r] * row.off(activity),
        }
    }

    /// Change of the cost of rows when a column moves by `sign`.
    fn change(&self, c: usize, sign: f64) -> f64 {
        let mut change = 0.0;
        for (r, a) in &self.program.columns[c].entries {
            let r = *r as usize;
            let row = &self.program.rows[r];
            change += self.cost(r, row, self.activities[r] + sign * a) - self.cost(r, row, self.activities[r]);
        }
        change
    }

    /// Value of the purpose, as a cost, once a column has moved by `sign`.
    fn aim(&self, c: usize, sign: f64) -> f64 {
        let moved = &self.gauges[c];
        let shift = |g: usize| moved.iter().find(|e| e.0 == g).map_or(0.0, |e| sign * e.1);
        let value = match &self.program.purpose {
            Purpose::Excess => 0.0,
            Purpose::Least(gauges) => gauges
                .iter()
                .enumerate()
                .map(|(g, (row, w))| (self.activities[*row] + shift(g)) / w)
                .fold(f64::INFINITY, f64::min),
            Purpose::Closest(gauges) => -gauges
                .iter()
                .enumerate()
                .map(|(g, (row, t, s))| (self.activities[*row] + shift(g) - t).abs() / s)
                .fold(0.0, f64::max),
        };
        -value / self.scale
    }

    fn flip(&mut self, c: usize, sign: f64) {
        for (row, a) in &self.program.columns[c].entries {
            self.activities[*row as usize] += sign * a;
        }
    }

    /// The best move that is not tabu; false when there is none.
    fn step(&mut self, now: u64) -> bool {
        let free: Vec<usize> = (0..self.taken.len()).filter(|c| self.free_until[*c] <= now).collect();
        let (inside, outside): (Vec<usize>, Vec<usize>) = free.into_iter().partition(|c| self.taken[*c]);
        let mut best = Move { cost: f64::INFINITY, out: None, into: None };
        for &into in &outside {
            let cost = self.change(into, 1.0) + self.aim(into, 1.0);
            best.offer(Move { cost, out: None, into: Some(into) });
        }
        for &out in &inside {
            let first = self.change(out, -1.0);
            best.offer(Move { cost: first + self.aim(out, -1.0), out: Some(out), into: None });
            self.flip(out, -1.0);
            for &into in &outside {
                let cost = first + self.change(into, 1.0) + self.aim(into, 1.0);
                best.offer(Move { cost, out: Some(out), into: Some(into) });
            }
            self.flip(out, 1.0);
        }
        for (column, taken) in [(best.out, false), (best.into, true)] {
            if let Some(column) = column {
                self.taken[column] = taken;
                self.free_until[column] = now + TABU;
            }
        }
        // Summed afresh, so that moving to and fro leaves no rounding behind.
        self.activities = self.program.activities(&self.taken);
        best.cost.is_finite()
    }
}

struct Move {
    cost: f64,
    out: Option<usize>,
    into: Option<usize>,
}

impl Move {
    fn offer(&mut self, other: Self) {
        if other.cost < self.cost - 1e-12 {
            *self = other;
        }
    }
}
