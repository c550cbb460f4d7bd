//! Marking a whole exam in one pass, exactly.
//!
//! A question is compiled once into a *kernel* that turns a response code into a whole number of
//! units, a unit being the least common denominator of every score of the paper. Sums of whole numbers
//! are exact and associative, so that the result is the same to the last bit on any number of threads.

mod kernel;

use crate::exact::Exact;
use crate::ledger::{Effective, Neutralisation};
use crate::mark::{self, Scored};
use crate::paper::{Paper, Placed};
use crate::question::{Question, Rank};
use crate::response::{self, Response};
use crate::scheme::{CohortStep, MarkingScheme, TcsRule};
use crate::{QuestionId, SectionId};
use kernel::{CountTable, Draft, Kernel, Pair, SmallTable, add, add_pair, add_two_pairs, rarity, small};
use num_integer::Integer;
use rayon::prelude::*;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

/// Response codes (see [`crate::response`]), one column a question in paper order, one row a candidate.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResponseMatrix {
    candidates: usize,
    columns: Vec<Vec<u32>>,
}

/// Columns of different lengths.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("la question n° {question} a {found} réponses, {expected} attendues")]
pub struct Ragged {
    /// From 1.
    pub question: usize,
    /// Rows in that column.
    pub found: usize,
    /// Rows in the first.
    pub expected: usize,
}

impl ResponseMatrix {
    /// A matrix from its columns, each of `candidates` codes.
    pub fn new(candidates: usize, columns: Vec<Vec<u32>>) -> Result<Self, Ragged> {
        match columns.iter().position(|c| c.len() != candidates) {
            Some(i) => Err(Ragged { question: i + 1, found: columns[i].len(), expected: candidates }),
            None => Ok(Self { candidates, columns }),
        }
    }

    /// Encodes raw responses by the keys of `paper`: one map a candidate.
    pub fn encode(paper: &Paper, candidates: &[BTreeMap<QuestionId, Response>]) -> Self {
        let questions: Vec<&Question> = paper.questions().map(|p| p.question).collect();
        let columns = questions
            .par_iter()
            .map(|question| {
                let code = |answers: &BTreeMap<QuestionId, Response>| {
                    answers.get(&question.id).map_or(0, |r| response::encode(question, r))
                };
                candidates.iter().map(code).collect()
            })
            .collect();
        Self { candidates: candidates.len(), columns }
    }

    /// Number of candidates.
    pub fn candidates(&self) -> usize {
        self.candidates
    }

    /// Number of questions.
    pub fn questions(&self) -> usize {
        self.columns.len()
    }

    /// Codes of question `index` (from 0).
    pub fn column(&self, index: usize) -> &[u32] {
        &self.columns[index]
    }
}

/// Why a paper cannot be compiled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// An open question with nothing to compare answers with.
    #[error("la question « {0} » n’a pas de réponse attendue : elle ne peut pas être notée")]
    NoKey(QuestionId),
    /// A scheme that is neither built in nor in the paper.
    #[error("le barème « {0} » n’existe pas")]
    UnknownScheme(String),
    /// Weights and panels whose common denominator does not fit in 64 bits.
    #[error(
        "les poids et barèmes de ce sujet n’ont pas de dénominateur commun raisonnable (question {0}) : simplifiez les poids"
    )]
    TooFine(QuestionId),
    /// A matrix for another paper.
    #[error("{found} colonnes de réponses pour {expected} questions")]
    WrongSize {
        /// Columns given.
        found: usize,
        /// Questions of the paper.
        expected: usize,
    },
}

/// Which sub-mark a question counts in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Neither: no rank, or rank A knowledge in a format that the rules leave out of its mark.
    Other,
    RankA,
    RankB,
}

impl Part {
    const ALL: [Self; 3] = [Self::Other, Self::RankA, Self::RankB];

    fn of(paper: &Paper, question: &Question) -> Self {
        if paper.counts_for_rank_a(question) {
            Self::RankA
        } else if question.rank == Some(Rank::B) {
            Self::RankB
        } else {
            Self::Other
        }
    }
}

struct CompiledQuestion {
    kernel: Kernel,
    section: usize,
    part: Part,
    /// Full credit, in units; 0 once removed.
    max_units: i64,
    /// Everyone gets full credit.
    credited: bool,
}

/// Units of some rows: by section, then over rank A and rank B questions.
type BlockUnits = (Vec<Vec<i64>>, [Vec<i64>; 2]);

/// Questions of a section that add up together.
struct Bucket {
    section: usize,
    part: Part,
    /// Small questions, two by two.
    pairs: Vec<Pair>,
    /// Indices in the paper of the others.
    singly: Vec<usize>,
}

/// A paper ready to mark a matrix of responses.
pub struct Compiled {
    questions: Vec<CompiledQuestion>,
    buckets: Vec<Bucket>,
    sections: Vec<SectionId>,
    units_per_point: i64,
    cohort: CohortStep,
}

/// Units of every candidate.
#[derive(Clone, Debug, PartialEq)]
pub struct Marks {
    units_per_point: i64,
    /// By section: units of each candidate.
    section_units: Vec<Vec<i64>>,
    section_max: Vec<i64>,
    /// Of each candidate, over rank A then rank B questions.
    rank_units: [Vec<i64>; 2],
    rank_max: [i64; 2],
    cohort: CohortStep,
    extremes: Option<(i64, i64)>,
}

/// The marked exam of one candidate.
#[derive(Clone, Debug, PartialEq)]
pub struct CandidateMarks {
    /// Points by section, weights included.
    pub section_points: Vec<Exact>,
    /// Sum of them.
    pub points: Exact,
    /// Mark on 20; `None` when nothing counts any more.
    pub on_20: Option<Exact>,
    /// Mark on 20 over rank A questions; `None` when there is none.
    pub rank_a_on_20: Option<Exact>,
    /// Mark on 20 over rank B questions; `None` when there is none.
    pub rank_b_on_20: Option<Exact>,
}

impl Compiled {
    /// Compiles a paper under a register for a matrix (needed by rarity weighting and by questions of
    /// many propositions).
    pub fn new(effective: &Effective, matrix: &ResponseMatrix) -> Result<Self, CompileError> {
        let paper = &effective.paper;
        let placed: Vec<_> = paper.questions().collect();
        if placed.len() != matrix.questions() {
            return Err(CompileError::WrongSize { found: matrix.questions(), expected: placed.len() });
        }
        if let Some(open) = placed.iter().find(|p| p.question.body.lacks_key()) {
            return Err(CompileError::NoKey(open.question.id.clone()));
        }
        let mut schemes: HashMap<&str, MarkingScheme> = HashMap::new();
        for p in &placed {
            let name = paper.scheme_name_of(p);
            if !schemes.contains_key(name) {
                let scheme = paper.scheme_named(name).ok_or_else(|| CompileError::UnknownScheme(name.to_owned()))?;
                schemes.insert(name, scheme);
            }
        }
        let cohort =
            paper.scheme_named(&paper.scheme).ok_or_else(|| CompileError::UnknownScheme(paper.scheme.clone()))?.cohort;

        let drafts: Vec<Draft> = placed
            .par_iter()
            .enumerate()
            .map(|(i, p)| Draft::of(p.question, &schemes[paper.scheme_name_of(p)], matrix.column(i)))
            .collect();
        let weigh = |with_rarity: bool| -> Vec<Exact> {
            let weight = |(i, (p, draft)): (usize, (&Placed, &Draft))| {
                let weight = p.question.weight * paper.sections[p.section].weight;
                match (schemes[paper.scheme_name_of(p)].cohort, effective.neutralised.get(&p.question.id)) {
                    (_, Some(Neutralisation::Removed)) => Exact::ZERO,
                    (CohortStep::Rarity, None) if with_rarity => weight * rarity(draft, matrix.column(i)),
                    _ => weight,
                }
            };
            placed.iter().zip(&drafts).enumerate().map(weight).collect()
        };
        let mut weights = weigh(true);
        // Where everyone has everything right, nothing is rare and no point would be left to have.
        if weights.iter().all(|w| *w == Exact::ZERO) {
            weights = weigh(false);
        }

        let mut unit: i128 = 1;
        let mut bound: i128 = 0;
        for ((p, draft), weight) in placed.iter().zip(&drafts).zip(&weights) {
            let too_fine = || CompileError::TooFine(p.question.id.clone());
            let mut largest = weight.numerator().abs() / weight.denominator() + 1;
            for score in draft.scores() {
                let value = *score * *weight;
                unit = unit.checked_mul(value.denominator() / unit.gcd(&value.denominator())).ok_or_else(too_fine)?;
                largest = largest.max(value.numerator().abs() / value.denominator() + 1);
            }
            unit = unit.checked_mul(weight.denominator() / unit.gcd(&weight.denominator())).ok_or_else(too_fine)?;
            bound += largest;
            // Every partial sum must fit in an i64.
            if unit.checked_mul(bound).is_none_or(|total| total > i128::from(i64::MAX)) {
                return Err(too_fine());
            }
        }
        let to_units = |value: Exact| (value.numerator() * (unit / value.denominator())) as i64;

        let questions: Vec<CompiledQuestion> = placed
            .iter()
            .zip(drafts)
            .zip(&weights)
            .map(|((p, draft), weight)| {
                let scaled = |scores: Vec<Exact>| scores.into_iter().map(|s| to_units(s * *weight)).collect();
                let kernel = match draft {
                    Draft::Table(scores) => {
                        let units: Vec<i64> = scaled(scores);
                        SmallTable::try_from(units).map_or_else(Kernel::Table, |table| Kernel::Small(Box::new(table)))
                    }
                    Draft::Counts { right, wrong, scores } => {
                        let units: Vec<i64> = scaled(scores);
                        Kernel::Counts(Box::new(CountTable::new(right, wrong, &units)))
                    }
                    Draft::Sparse(scores) => {
                        Kernel::Sparse(scores.into_iter().map(|(c, s)| (c, to_units(s * *weight))).collect())
                    }
                };
                CompiledQuestion {
                    kernel,
                    section: p.section,
                    part: Part::of(paper, p.question),
                    max_units: to_units(*weight),
                    credited: effective.neutralised.get(&p.question.id) == Some(&Neutralisation::CreditAll),
                }
            })
            .collect();
        let sections = paper.sections.iter().map(|s| s.id.clone()).collect();
        let bucket = |section: usize, part: Part| {
            let own = questions.iter().enumerate().filter(|(_, q)| q.section == section && q.part == part);
            let (mut singly, mut pairs, mut left) = (Vec::new(), Vec::new(), None);
            for (i, question) in own {
                match (&question.kernel, left.take()) {
                    (Kernel::Small(one), None) if !question.credited => left = Some((i, &**one)),
                    (Kernel::Small(second), Some(first)) if !question.credited => match Pair::new(first, (i, second)) {
                        Some(pair) => pairs.push(pair),
                        None => singly.extend([first.0, i]),
                    },
                    (_, waiting) => {
                        left = waiting;
                        singly.push(i);
                    }
                }
            }
            singly.extend(left.map(|(i, _)| i));
            Bucket { section, part, pairs, singly }
        };
        let buckets = (0..paper.sections.len()).flat_map(|s| Part::ALL.map(|part| bucket(s, part))).collect();
        Ok(Self { questions, buckets, sections, units_per_point: unit as i64, cohort })
    }

    /// Marks every candidate, on all threads of the current rayon pool.
    pub fn mark(&self, matrix: &ResponseMatrix) -> Marks {
        let n = matrix.candidates();
        // Long blocks: each one goes through the tables of the whole paper. Sums of whole numbers do not depend
        // on where they are cut.
        let block = n.div_ceil(rayon::current_num_threads()).clamp(1024, 10_240);
        let sections = self.sections.len();
        let blocks: Vec<BlockUnits> = (0..n.div_ceil(block))
            .into_par_iter()
            .map(|b| self.mark_rows(matrix, b * block..((b + 1) * block).min(n)))
            .collect();
        let mut section_units = vec![Vec::with_capacity(n); sections];
        let mut rank_units = [Vec::with_capacity(n), Vec::with_capacity(n)];
        for (by_section, by_rank) in blocks {
            for (all, block) in section_units.iter_mut().zip(by_section).chain(rank_units.iter_mut().zip(by_rank)) {
                all.extend(block);
            }
        }
        let mut section_max = vec![0; sections];
        let mut rank_max = [0; 2];
        for question in &self.questions {
            section_max[question.section] += question.max_units;
            match question.part {
                Part::RankA => rank_max[0] += question.max_units,
                Part::RankB => rank_max[1] += question.max_units,
                Part::Other => {}
            }
        }
        let extremes = (0..n).map(|c| section_units.iter().map(|s| s[c]).sum::<i64>()).fold(None, |e, t| match e {
            None => Some((t, t)),
            Some((lo, hi)) => Some((t.min(lo), t.max(hi))),
        });
        Marks {
            units_per_point: self.units_per_point,
            section_units,
            section_max,
            rank_units,
            rank_max,
            cohort: self.cohort,
            extremes,
        }
    }

    fn mark_rows(&self, matrix: &ResponseMatrix, rows: Range<usize>) -> BlockUnits {
        let len = rows.len();
        // Questions of each rank go to sums of their own; a section's total is all of them.
        let mut by_section = vec![vec![0_i64; len]; self.sections.len()];
        let mut by_rank = [vec![0_i64; len], vec![0_i64; len]];
        let mut own = vec![0_i64; len];
        for bucket in self.buckets.iter().filter(|b| !b.pairs.is_empty() || !b.singly.is_empty()) {
            let sums = match bucket.part {
                Part::Other => &mut by_section[bucket.section],
                Part::RankA | Part::RankB => {
                    own.fill(0);
                    &mut own
                }
            };
            for &i in &bucket.singly {
                let question = &self.questions[i];
                let codes = &matrix.columns[i][rows.clone()];
                match &question.kernel {
                    _ if question.credited => sums.iter_mut().for_each(|sum| *sum += question.max_units),
                    Kernel::Small(units) => add(sums, codes, |code| units[small(code)]),
                    Kernel::Counts(table) => add(sums, codes, |code| table.units(code)),
                    kernel => add(sums, codes, |code| kernel.units(code)),
                }
            }
            let (twos, rest) = bucket.pairs.as_chunks::<2>();
            for two in twos {
                add_two_pairs(sums, two, &matrix.columns, rows.start);
            }
            for one in rest {
                add_pair(sums, one, &matrix.columns, rows.start);
            }
            let rank = match bucket.part {
                Part::Other => continue,
                Part::RankA => &mut by_rank[0],
                Part::RankB => &mut by_rank[1],
            };
            for ((total, rank), units) in by_section[bucket.section].iter_mut().zip(rank).zip(&own) {
                *total += units;
                *rank += units;
            }
        }
        (by_section, by_rank)
    }

    /// Points of every candidate at question `index`, weight included.
    pub fn question_points(&self, matrix: &ResponseMatrix, index: usize) -> Vec<Exact> {
        let (units, per_point) = self.question_units(matrix, index);
        units.into_iter().map(|u| Exact::new(u.into(), per_point.into())).collect()
    }

    /// Units of every candidate at question `index`, weight included, and how many units make a point.
    pub fn question_units(&self, matrix: &ResponseMatrix, index: usize) -> (Vec<i64>, i64) {
        let question = &self.questions[index];
        let units = |code: &u32| if question.credited { question.max_units } else { question.kernel.units(*code) };
        (matrix.column(index).iter().map(units).collect(), self.units_per_point)
    }

    /// How many units make a point.
    pub fn units_per_point(&self) -> i64 {
        self.units_per_point
    }

    /// Full credit at question `index`, weight included; 0 once removed.
    pub fn question_max(&self, index: usize) -> Exact {
        Exact::new(self.questions[index].max_units.into(), self.units_per_point.into())
    }
}

fn on_20(units: i64, max: i64) -> Option<Exact> {
    (max > 0).then(|| Exact::new(i128::from(units) * 20, max.into()))
}

impl Marks {
    /// Number of candidates.
    pub fn candidates(&self) -> usize {
        self.rank_units[0].len()
    }

    /// Total of a candidate in units: what ranking compares.
    pub fn total_units(&self, candidate: usize) -> i64 {
        self.section_units.iter().map(|s| s[candidate]).sum()
    }

    /// Points that can be had.
    pub fn out_of(&self) -> Exact {
        Exact::new(self.section_max.iter().sum::<i64>().into(), self.units_per_point.into())
    }

    /// Points that can be had in a section.
    pub fn section_out_of(&self, section: usize) -> Exact {
        Exact::new(self.section_max[section].into(), self.units_per_point.into())
    }

    /// Points that can be had on rank A questions.
    pub fn rank_a_out_of(&self) -> Exact {
        Exact::new(self.rank_max[0].into(), self.units_per_point.into())
    }

    /// Points that can be had on rank B questions.
    pub fn rank_b_out_of(&self) -> Exact {
        Exact::new(self.rank_max[1].into(), self.units_per_point.into())
    }

    /// Everything about one candidate.
    pub fn of(&self, candidate: usize) -> CandidateMarks {
        let unit = i128::from(self.units_per_point);
        let section_points: Vec<Exact> =
            self.section_units.iter().map(|s| Exact::new(s[candidate].into(), unit)).collect();
        let total = self.total_units(candidate);
        CandidateMarks {
            points: Exact::new(total.into(), unit),
            section_points,
            on_20: self.mark_on_20(total),
            rank_a_on_20: self.rank_a_on_20(candidate),
            rank_b_on_20: on_20(self.rank_units[1][candidate], self.rank_max[1]),
        }
    }

    /// Mark on 20 of a candidate; `None` when nothing counts any more.
    pub fn on_20(&self, candidate: usize) -> Option<Exact> {
        self.mark_on_20(self.total_units(candidate))
    }

    /// Mark on 20 over rank A questions; `None` when there is none.
    pub fn rank_a_on_20(&self, candidate: usize) -> Option<Exact> {
        on_20(self.rank_units[0][candidate], self.rank_max[0])
    }

    /// Points on 20 that one point of the total is worth: a step over the whole cohort may stretch the scale. `None` when
    /// nothing counts any more.
    pub fn scale_on_20(&self) -> Option<f64> {
        let max: i64 = self.section_max.iter().sum();
        let (low, high) = self.extremes.unwrap_or((0, 0));
        let span = match self.cohort {
            CohortStep::TopLinear if high > 0 => high,
            CohortStep::Stretch if high > low => high - low,
            _ => max,
        };
        (span > 0).then(|| 20.0 * self.units_per_point as f64 / span as f64)
    }

    /// Does a step over the whole cohort stretch the scale?
    pub fn stretched(&self) -> bool {
        matches!(self.cohort, CohortStep::TopLinear | CohortStep::Stretch)
    }

    fn mark_on_20(&self, total: i64) -> Option<Exact> {
        let max: i64 = self.section_max.iter().sum();
        let (low, high) = self.extremes.unwrap_or((0, 0));
        match self.cohort {
            CohortStep::None | CohortStep::Rarity => on_20(total, max),
            CohortStep::TopLinear if high > 0 => on_20(total.max(0), high),
            CohortStep::Stretch if high > low => on_20(total - low, high - low),
            CohortStep::TopLinear | CohortStep::Stretch => on_20(total, max),
        }
    }
}

/// Why one candidate has the points they have at one question.
#[derive(Clone, Debug, PartialEq)]
pub struct Explained {
    /// Score and reason under the rule, before weights and neutralisation.
    pub scored: Scored,
    /// Points, weight included.
    pub points: Exact,
    /// Points that could be had.
    pub out_of: Exact,
    /// If the question was neutralised.
    pub neutralised: Option<Neutralisation>,
    /// Title of the scheme that marked it.
    pub scheme_title: String,
    /// How that scheme reads a panel.
    pub tcs: TcsRule,
}

/// Explains one question for one candidate.
pub fn explain(effective: &Effective, id: &QuestionId, answer: Option<&Response>) -> Option<Explained> {
    let paper = &effective.paper;
    let placed = paper.question(id)?;
    let scheme = paper.scheme_named(paper.scheme_name_of(&placed))?;
    let code = answer.map_or(0, |r| response::encode(placed.question, r));
    let scored = mark::score(placed.question, &scheme, code);
    let weight = placed.question.weight * paper.sections[placed.section].weight;
    let neutralised = effective.neutralised.get(id).copied();
    let (points, out_of) = match neutralised {
        None => (scored.score * weight, weight),
        Some(Neutralisation::Removed) => (Exact::ZERO, Exact::ZERO),
        Some(Neutralisation::CreditAll) => (weight, weight),
    };
    Some(Explained { scored, points, out_of, neutralised, scheme_title: scheme.title, tcs: scheme.tcs })
}
