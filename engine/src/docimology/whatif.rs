//! What a decision would change, as one drags it.
//!
//! A desk holds an exam marked at a version of its register. A scenario is a list of decisions taken on top: the
//! exam is marked again under them (exactly, as the register would), and what is estimated is brought up to date from
//! what the desk knows: only the questions that a decision touches are measured again.

use crate::Exact;
use crate::ledger::{Decision, Effective, LedgerFault};
use crate::marking::{CompileError, Compiled, Marks, ResponseMatrix};
use crate::ranking;
use crate::stats::{Summary, summary};
use rayon::prelude::*;
use serde::Serialize;
use std::sync::Arc;

/// Bars of the distribution of marks, of one point on 20 each.
pub const BARS: usize = 20;

/// Why a scenario cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScenarioFault {
    /// A decision that the register would refuse.
    #[error(transparent)]
    Ledger(#[from] LedgerFault),
    /// A paper that cannot be marked.
    #[error(transparent)]
    Compile(#[from] CompileError),
}

/// An exam marked at a version.
pub struct Desk {
    effective: Effective,
    responses: Arc<ResponseMatrix>,
    now: State,
}

/// Marks under some decisions.
struct State {
    compiled: Compiled,
    marks: Marks,
    totals: Vec<i64>,
    ranks: Vec<u32>,
    on_20: Vec<Option<Exact>>,
    rank_a: Vec<Option<Exact>>,
    /// Variance of each question in points², 0 once removed.
    variances: Vec<f64>,
}

/// An exam in figures, under some decisions.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Picture {
    /// Questions that count.
    pub questions: usize,
    /// Points that can be had.
    pub out_of: f64,
    /// Distribution of marks on 20.
    pub on_20: Option<Summary>,
    /// Candidates by point on 20, from [0, 1) to [19, 20].
    pub bars: [u32; BARS],
    /// At or above the rank A threshold.
    pub rank_a_pass: usize,
    /// Having a rank A mark.
    pub rank_a_of: usize,
    /// At or above the pass mark on the whole, where there is one.
    pub pass: Option<usize>,
    /// Cronbach's alpha.
    pub alpha: Option<f64>,
    /// Standard error of measurement, in points on 20.
    pub sem_on_20: Option<f64>,
}

/// How a candidate moves.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Mover {
    /// Row of the matrix.
    pub candidate: usize,
    /// Mark on 20 before.
    pub before: Option<f64>,
    /// Mark on 20 after.
    pub after: Option<f64>,
    /// Place before.
    pub rank_before: u32,
    /// Place after.
    pub rank_after: u32,
    /// Passes (`Some(true)`) or fails (`Some(false)`) the rank A threshold where it was the other way.
    pub rank_a: Option<bool>,
    /// The same of the pass mark on the whole.
    pub pass: Option<bool>,
}

/// What a scenario changes.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Outcome {
    /// Before.
    pub before: Picture,
    /// After.
    pub after: Picture,
    /// Candidates whose mark changes.
    pub changed: usize,
    /// Candidates whose place changes.
    pub moved: usize,
    /// Mean and greatest change of place.
    pub mean_move: f64,
    /// Greatest change of place.
    pub greatest_move: u32,
    /// Who now passes the rank A threshold, and who no longer does.
    pub rank_a: (usize, usize),
    /// Who now reaches the pass mark on the whole, and who no longer does.
    pub pass: (usize, usize),
    /// Those who cross a threshold first, then those who move most; at most as many as asked.
    pub movers: Vec<Mover>,
}

impl State {
    fn new(effective: &Effective, responses: &ResponseMatrix) -> Result<Self, CompileError> {
        let compiled = Compiled::new(effective, responses)?;
        let marks = compiled.mark(responses);
        let n = marks.candidates();
        let totals: Vec<i64> = (0..n).map(|c| marks.total_units(c)).collect();
        let ranks = ranking::competition(&totals);
        let both: Vec<(Option<Exact>, Option<Exact>)> =
            (0..n).into_par_iter().map(|c| (marks.on_20(c), marks.rank_a_on_20(c))).collect();
        let (on_20, rank_a) = both.into_iter().unzip();
        Ok(Self { compiled, marks, totals, ranks, on_20, rank_a, variances: Vec::new() })
    }

    fn variance(&self, responses: &ResponseMatrix, question: usize) -> f64 {
        if self.compiled.question_max(question) == Exact::ZERO {
            return 0.0;
        }
        let (units, per_point) = self.compiled.question_units(responses, question);
        let n = units.len() as f64;
        if units.len() < 2 {
            return 0.0;
        }
        let mean = units.iter().map(|u| *u as f64).sum::<f64>() / n;
        let squares = units.iter().map(|u| (*u as f64 - mean).powi(2)).sum::<f64>();
        squares / (n - 1.0) / (per_point as f64 * per_point as f64)
    }

    fn picture(&self, effective: &Effective) -> Picture {
        let on_20: Vec<f64> = self.on_20.iter().flatten().map(|m| m.to_f64()).collect();
        let mut bars = [0; BARS];
        for mark in &on_20 {
            bars[(mark.max(0.0) as usize).min(BARS - 1)] += 1;
        }
        let rules = &effective.paper.rules;
        let at_least = |marks: &[Option<Exact>], least: Exact| marks.iter().flatten().filter(|m| **m >= least).count();
        // A question credited to all tells nobody apart.
        let apart = |(q, id): (usize, &crate::QuestionId)| {
            self.compiled.question_max(q) != Exact::ZERO && !effective.neutralised.contains_key(id)
        };
        let k = effective.paper.questions().map(|p| &p.question.id).enumerate().filter(|pair| apart(*pair)).count();
        let n = self.totals.len() as f64;
        let out_of = self.marks.out_of().to_f64();
        let per_point = self.compiled.units_per_point() as f64;
        let mean = self.totals.iter().map(|t| *t as f64).sum::<f64>() / n.max(1.0);
        let total = self.totals.iter().map(|t| (*t as f64 - mean).powi(2)).sum::<f64>()
            / (n - 1.0).max(1.0)
            / (per_point * per_point);
        let within: f64 = self.variances.iter().sum();
        let alpha = (k > 1 && n > 1.0 && total > 1e-12).then(|| k as f64 / (k as f64 - 1.0) * (1.0 - within / total));
        let sem = alpha.zip(self.marks.scale_on_20()).map(|(a, scale)| (total * (1.0 - a).max(0.0)).sqrt() * scale);
        Picture {
            questions: k,
            out_of,
            on_20: summary(&on_20),
            bars,
            rank_a_pass: at_least(&self.rank_a, rules.rank_a_threshold),
            rank_a_of: self.rank_a.iter().flatten().count(),
            pass: rules.pass_threshold.map(|t| at_least(&self.on_20, t)),
            alpha,
            sem_on_20: sem,
        }
    }
}

impl Desk {
    /// Marks an exam under the decisions already in its register.
    ///
    /// # Errors
    /// A paper that cannot be marked.
    pub fn new(effective: Effective, responses: Arc<ResponseMatrix>) -> Result<Self, CompileError> {
        let mut now = State::new(&effective, &responses)?;
        now.variances = (0..responses.questions()).into_par_iter().map(|q| now.variance(&responses, q)).collect();
        Ok(Self { effective, responses, now })
    }

    /// The exam as it stands.
    pub fn picture(&self) -> Picture {
        self.now.picture(&self.effective)
    }

    /// The exam as the register leaves it.
    pub fn effective(&self) -> &Effective {
        &self.effective
    }

    /// What these decisions, one after the other, would change. At most `movers` candidates are told one by one.
    ///
    /// # Errors
    /// A decision that the register would refuse, a paper that could no longer be marked. `AcceptLate` is not a
    /// matter for a desk, whose answers are fixed: it changes nothing here.
    pub fn scenario(&self, decisions: &[Decision], movers: usize) -> Result<Outcome, ScenarioFault> {
        let mut effective = self.effective.clone();
        for decision in decisions {
            effective.apply(decision)?;
        }
        let mut after = State::new(&effective, &self.responses)?;
        // Only what a decision touches has another variance; weights by rarity hang together through nothing else.
        let touched = |id: &crate::QuestionId| decisions.iter().any(|d| d.question() == Some(id));
        let again: Vec<bool> = effective.paper.questions().map(|p| touched(&p.question.id)).collect();
        after.variances = again
            .par_iter()
            .enumerate()
            .map(|(q, again)| if *again { after.variance(&self.responses, q) } else { self.now.variances[q] })
            .collect();
        Ok(self.compare(&effective, &after, movers))
    }

    fn compare(&self, effective: &Effective, after: &State, movers: usize) -> Outcome {
        let before = &self.now;
        let rules = |e: &Effective| (e.paper.rules.rank_a_threshold, e.paper.rules.pass_threshold);
        let ((rank_a_old, pass_old), (rank_a_new, pass_new)) = (rules(&self.effective), rules(effective));
        let crossing = |old: Option<Exact>, least_old: Option<Exact>, new: Option<Exact>, least_new: Option<Exact>| {
            let (was, is) = (old? >= least_old?, new? >= least_new?);
            (was != is).then_some(is)
        };
        let (mut changed, mut moved, mut sum, mut greatest) = (0, 0, 0_u64, 0);
        let (mut rank_a, mut pass) = ((0, 0), (0, 0));
        let count = |c: Option<bool>, pair: &mut (usize, usize)| match c {
            Some(true) => pair.0 += 1,
            Some(false) => pair.1 += 1,
            None => {}
        };
        let mut list = Vec::new();
        for c in 0..before.totals.len() {
            let own = Mover {
                candidate: c,
                before: before.on_20[c].map(Exact::to_f64),
                after: after.on_20[c].map(Exact::to_f64),
                rank_before: before.ranks[c],
                rank_after: after.ranks[c],
                rank_a: crossing(before.rank_a[c], Some(rank_a_old), after.rank_a[c], Some(rank_a_new)),
                pass: crossing(before.on_20[c], pass_old, after.on_20[c], pass_new),
            };
            changed += usize::from(before.on_20[c] != after.on_20[c]);
            let distance = own.rank_before.abs_diff(own.rank_after);
            moved += usize::from(distance > 0);
            sum += u64::from(distance);
            greatest = greatest.max(distance);
            count(own.rank_a, &mut rank_a);
            count(own.pass, &mut pass);
            if distance > 0 || own.rank_a.is_some() || own.pass.is_some() {
                list.push(own);
            }
        }
        let weight = |m: &Mover| {
            let crosses = m.rank_a.is_some() || m.pass.is_some();
            (
                std::cmp::Reverse(crosses),
                std::cmp::Reverse(m.rank_before.abs_diff(m.rank_after)),
                m.rank_after,
                m.candidate,
            )
        };
        if list.len() > movers && movers > 0 {
            list.select_nth_unstable_by_key(movers - 1, weight);
        }
        list.truncate(movers);
        list.sort_unstable_by_key(weight);
        Outcome {
            before: before.picture(&self.effective),
            after: after.picture(effective),
            changed,
            moved,
            mean_move: sum as f64 / before.totals.len().max(1) as f64,
            greatest_move: greatest,
            rank_a,
            pass,
            movers: list,
        }
    }
}
