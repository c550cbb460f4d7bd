//! Scores of candidates at questions, compact enough to think in: one byte a cell.
//!
//! A question of this field has few distinct scores (QRM: 0, 0.2, 0.5, 1). A cell holds the index of its
//! score among them, the *level*; what depends on the level only is computed once a level, not once a cell.

use crate::ledger::Effective;
use crate::marking::{Compiled, ResponseMatrix};
use rayon::prelude::*;
use serde::Serialize;

/// The level of a cell that is not there (never presented, not reached where that is not counted as wrong).
pub const MISSING: u8 = u8::MAX;

/// Scores of every candidate at one question.
#[derive(Clone, PartialEq, Debug)]
pub struct Item {
    /// Distinct scores in ascending order, in points (weight included); at most 254.
    pub levels: Vec<f64>,
    /// Full credit, in points; positive.
    pub max: f64,
    /// Of each candidate: index in `levels`, or [`MISSING`].
    pub cells: Vec<u8>,
}

/// Why scores do not make a matrix.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, thiserror::Error)]
pub enum MatrixFault {
    /// Columns of different lengths.
    #[error("la question n° {question} a {found} résultats, {expected} attendus")]
    Ragged {
        /// From 1.
        question: usize,
        /// Rows in that column.
        found: usize,
        /// Rows in the first.
        expected: usize,
    },
    /// A score that is not a finite number.
    #[error("la question n° {question} a un résultat qui n’est pas un nombre (candidat n° {candidate})")]
    NotANumber {
        /// From 1.
        question: usize,
        /// From 1.
        candidate: usize,
    },
    /// More than 254 distinct scores.
    #[error("la question n° {question} a plus de 254 résultats différents")]
    TooManyLevels {
        /// From 1.
        question: usize,
    },
}

impl Item {
    /// From scores in points (`None`: missing) and the full credit.
    fn new(question: usize, scores: &[Option<f64>], max: f64) -> Result<Self, MatrixFault> {
        let mut levels: Vec<f64> = Vec::new();
        for (candidate, score) in scores.iter().enumerate() {
            let Some(score) = score else { continue };
            if !score.is_finite() {
                return Err(MatrixFault::NotANumber { question: question + 1, candidate: candidate + 1 });
            }
            if let Err(at) = levels.binary_search_by(|l| l.total_cmp(score)) {
                if levels.len() >= usize::from(MISSING) {
                    return Err(MatrixFault::TooManyLevels { question: question + 1 });
                }
                levels.insert(at, *score);
            }
        }
        let level = |s: &Option<f64>| match s {
            Some(s) => levels.binary_search_by(|l| l.total_cmp(s)).map_or(MISSING, |i| i as u8),
            None => MISSING,
        };
        let cells = scores.iter().map(level).collect();
        Ok(Self { levels, max, cells })
    }

    /// Score of a candidate in points; `None` if missing.
    pub fn score(&self, candidate: usize) -> Option<f64> {
        self.levels.get(usize::from(self.cells[candidate])).copied()
    }

    /// Scores in points; what is missing counts 0.
    pub fn scores(&self) -> impl Iterator<Item = f64> + '_ {
        let mut by_level = [0.0; 256];
        by_level[..self.levels.len()].copy_from_slice(&self.levels);
        self.cells.iter().map(move |c| by_level[usize::from(*c)])
    }

    /// Is anything missing?
    pub fn has_missing(&self) -> bool {
        self.cells.contains(&MISSING)
    }
}

/// Scores of candidates at questions.
#[derive(Clone, PartialEq, Debug)]
pub struct ScoreMatrix {
    candidates: usize,
    items: Vec<Item>,
}

impl ScoreMatrix {
    /// From scores in points by question (`scores[question][candidate]`, `None`: missing) and full credits.
    ///
    /// # Errors
    /// Columns of different lengths, scores that are not numbers, more than 254 distinct scores.
    pub fn new(candidates: usize, columns: &[Vec<Option<f64>>], max: &[f64]) -> Result<Self, MatrixFault> {
        let item = |(q, column): (usize, &Vec<Option<f64>>)| {
            if column.len() != candidates {
                return Err(MatrixFault::Ragged { question: q + 1, found: column.len(), expected: candidates });
            }
            Item::new(q, column, max.get(q).copied().filter(|m| *m > 0.0).unwrap_or(1.0))
        };
        Ok(Self { candidates, items: columns.iter().enumerate().map(item).collect::<Result<_, _>>()? })
    }

    /// From levels already found: `cells[question][candidate]` indexes `levels[question]`.
    ///
    /// # Errors
    /// Columns of different lengths.
    pub fn from_items(candidates: usize, items: Vec<Item>) -> Result<Self, MatrixFault> {
        match items.iter().position(|i| i.cells.len() != candidates) {
            Some(q) => Err(MatrixFault::Ragged { question: q + 1, found: items[q].cells.len(), expected: candidates }),
            None => Ok(Self { candidates, items }),
        }
    }

    /// Scores that tell candidates apart, of a marked exam: neutralised questions are left out, those credited to all
    /// too. Returns the matrix
    /// and, for each of its columns, the index of the question in the paper.
    ///
    /// # Errors
    /// More than 254 distinct scores at a question.
    pub fn of_exam(
        effective: &Effective,
        compiled: &Compiled,
        responses: &ResponseMatrix,
    ) -> Result<(Self, Vec<usize>), MatrixFault> {
        let counted: Vec<usize> = effective
            .paper
            .questions()
            .enumerate()
            .filter(|(_, p)| !effective.neutralised.contains_key(&p.question.id))
            .filter(|(i, _)| compiled.question_max(*i).to_f64() > 0.0)
            .map(|(i, _)| i)
            .collect();
        let items: Result<Vec<Item>, MatrixFault> =
            counted.par_iter().map(|q| Self::column(compiled, responses, *q)).collect();
        Ok((Self { candidates: responses.candidates(), items: items? }, counted))
    }

    fn column(compiled: &Compiled, responses: &ResponseMatrix, q: usize) -> Result<Item, MatrixFault> {
        let (units, per_point) = compiled.question_units(responses, q);
        let mut distinct: Vec<i64> = Vec::new();
        for unit in &units {
            if let Err(at) = distinct.binary_search(unit) {
                if distinct.len() >= usize::from(MISSING) {
                    return Err(MatrixFault::TooManyLevels { question: q + 1 });
                }
                distinct.insert(at, *unit);
            }
        }
        let cells = units.iter().map(|u| distinct.binary_search(u).map_or(MISSING, |i| i as u8)).collect();
        let levels = distinct.iter().map(|u| *u as f64 / per_point as f64).collect();
        Ok(Item { levels, max: compiled.question_max(q).to_f64(), cells })
    }

    /// Number of candidates.
    pub fn candidates(&self) -> usize {
        self.candidates
    }

    /// The questions.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// Number of questions.
    pub fn questions(&self) -> usize {
        self.items.len()
    }

    /// Sum of points of each candidate; what is missing counts 0.
    pub fn totals(&self) -> Vec<f64> {
        let mut totals = vec![0.0; self.candidates];
        for item in &self.items {
            totals.iter_mut().zip(item.scores()).for_each(|(t, s)| *t += s);
        }
        totals
    }

    /// The same candidates at some of the questions.
    pub fn select(&self, questions: &[usize]) -> Self {
        Self { candidates: self.candidates, items: questions.iter().map(|q| self.items[*q].clone()).collect() }
    }

    /// Some of the candidates at the same questions; levels that no one has any more stay.
    pub fn rows(&self, candidates: &[usize]) -> Self {
        let pick = |item: &Item| Item {
            cells: candidates.iter().map(|c| item.cells[*c]).collect(),
            levels: item.levels.clone(),
            max: item.max,
        };
        Self { candidates: candidates.len(), items: self.items.iter().map(pick).collect() }
    }
}
