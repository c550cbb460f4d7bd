//! Who answered what, as bit planes: 64 questions of one candidate in a few machine words.

use crate::docimology::matrix::{MISSING, ScoreMatrix};
use crate::docimology::{Estimate, NotEstimable};
use crate::marking::ResponseMatrix;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

const WHAT: &str = "comparaison des copies";

/// No answer.
pub(super) const NONE: u32 = u32::MAX;

/// Probabilities in whole units of 2⁻⁴⁰: their sums do not depend on the order.
pub(super) const UNIT: f64 = 1_099_511_627_776.0;

/// One answer that was given to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Kind {
    /// Response code (see [`crate::response`]), never 0.
    pub code: u32,
    /// Level of the score it earned, an index in [`crate::docimology::matrix::Item::levels`].
    pub level: u8,
    /// Did it earn less than full credit?
    pub wrong: bool,
    /// How many candidates gave it.
    pub count: u32,
}

/// Answers to one question.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Answered {
    /// Kinds of answers, the most frequent first.
    pub kinds: Vec<Kind>,
    /// Of each candidate: index in `kinds`, or [`NONE`].
    pub cells: Vec<u32>,
    /// Bit planes that tell apart the wrong answers, and the right ones.
    width: usize,
    /// Number of each kind among those of its side (wrong or right).
    number: Vec<u32>,
    /// Share of the pairs of wrong candidates whose wrong answers are the same, in [`UNIT`]s.
    pub coincidence: u64,
    /// `coincidence` × (1 − `coincidence`), in [`UNIT`]s.
    pub variance: u64,
}

/// Up to 64 questions, one bit each, by candidate.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Word {
    /// Question of each bit.
    pub questions: Vec<usize>,
    /// Answered wrongly.
    pub wrong: Vec<u64>,
    /// Answered rightly.
    pub right: Vec<u64>,
    /// Bits of the number of the answer.
    pub planes: Vec<Vec<u64>>,
}

/// What two candidates have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize)]
pub struct Common {
    /// Questions that both answered.
    pub both_answered: u32,
    /// Questions that both got wrong.
    pub both_wrong: u32,
    /// Wrong answers that are the same.
    pub identical_wrong: u32,
    /// Answers that are the same, right or wrong.
    pub identical: u32,
}

/// Where a candidate sat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Seat {
    /// Number of the room.
    pub room: u32,
    /// Row, from the front.
    pub row: i32,
    /// Seat in the row.
    pub column: i32,
}

impl Seat {
    /// Next to one another in the same room: beside, in front, behind or aslant.
    pub fn adjacent(self, other: Self) -> bool {
        self.room == other.room && self.row.abs_diff(other.row) <= 1 && self.column.abs_diff(other.column) <= 1
    }
}

/// Pairs of neighbours, each once with the lower index first, in ascending order; candidates without a seat have
/// none. Work grows with the number of candidates, not of pairs.
pub fn neighbours(seats: &[Option<Seat>]) -> Vec<(usize, usize)> {
    let mut at: HashMap<Seat, Vec<usize>> = HashMap::new();
    for (i, seat) in seats.iter().enumerate() {
        if let Some(seat) = seat {
            at.entry(*seat).or_default().push(i);
        }
    }
    let mut pairs = vec![];
    for (i, seat) in seats.iter().enumerate() {
        let Some(Seat { room, row, column }) = *seat else { continue };
        for row in row.saturating_sub(1)..=row.saturating_add(1) {
            for column in column.saturating_sub(1)..=column.saturating_add(1) {
                let there = at.get(&Seat { room, row, column });
                pairs.extend(there.into_iter().flatten().filter(|j| **j > i).map(|j| (i, *j)));
            }
        }
    }
    pairs.sort_unstable();
    pairs
}

/// Answers of every candidate to every question, ready to be compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Answers {
    candidates: usize,
    pub(super) questions: Vec<Answered>,
    pub(super) words: Vec<Word>,
}

impl Answers {
    /// From response codes and scores: `questions[j]` is the column of `responses` that column `j` of `scores`
    /// marks (as [`ScoreMatrix::of_exam`] returns it).
    ///
    /// An answer is wrong when it earns less than full credit. A blank (code 0) or a score that is missing is no
    /// answer: two blanks are not alike. Time O(candidates × questions), memory 4 bytes a cell and a few bits.
    ///
    /// # Errors
    /// Fewer than 2 candidates, no question, columns that do not belong together.
    pub fn new(responses: &ResponseMatrix, scores: &ScoreMatrix, questions: &[usize]) -> Estimate<Self> {
        let n = scores.candidates();
        if n < 2 {
            return Err(NotEstimable::TooFewCandidates { what: WHAT, n, needed: 2 });
        }
        if scores.questions() == 0 {
            return Err(NotEstimable::TooFewQuestions { what: WHAT, n: 0, needed: 1 });
        }
        let apart = questions.len() != scores.questions()
            || responses.candidates() != n
            || questions.iter().any(|q| *q >= responses.questions());
        if apart || n >= NONE as usize {
            let detail = "les réponses et les résultats ne sont pas ceux de la même épreuve".to_owned();
            return Err(NotEstimable::Unsuited { what: WHAT, detail });
        }
        let answered = |(j, q): (usize, &usize)| {
            let item = &scores.items()[j];
            let full = item.max - 1e-9 * item.max.abs().max(1.0);
            let right: Vec<bool> = item.levels.iter().map(|l| *l >= full).collect();
            Answered::new(responses.column(*q), &item.cells, &right)
        };
        let questions: Vec<Answered> =
            questions.iter().enumerate().collect::<Vec<_>>().into_par_iter().map(answered).collect();
        // Questions of many different answers share words, so that the others need few planes.
        let mut order: Vec<usize> = (0..questions.len()).collect();
        order.sort_by_key(|q| (std::cmp::Reverse(questions[*q].width), *q));
        let words = order.par_chunks(64).map(|chunk| Word::new(chunk, &questions, n)).collect();
        Ok(Self { candidates: n, questions, words })
    }

    /// Number of candidates.
    pub fn candidates(&self) -> usize {
        self.candidates
    }

    /// Number of questions.
    pub fn questions(&self) -> usize {
        self.questions.len()
    }

    /// Answers given to a question (index from 0), the most frequent first.
    pub fn kinds(&self, question: usize) -> &[Kind] {
        &self.questions[question].kinds
    }

    /// Share of the pairs of candidates wrong at this question who gave the same wrong answer, 0 to 1: Σ c(c − 1) /
    /// (N(N − 1)) over the counts c of the wrong answers, N their sum. 0 with fewer than two wrong.
    pub fn coincidence(&self, question: usize) -> f64 {
        self.questions[question].coincidence as f64 / UNIT
    }

    /// What two candidates (indices from 0) have in common, exactly.
    pub fn common(&self, a: usize, b: usize) -> Common {
        let mut common = Common::default();
        for word in &self.words {
            let differ = word.planes.iter().fold(0, |d, plane| d | (plane[a] ^ plane[b]));
            let (wrong, right) = (word.wrong[a] & word.wrong[b], word.right[a] & word.right[b]);
            let answered = (word.wrong[a] | word.right[a]) & (word.wrong[b] | word.right[b]);
            common.both_answered += answered.count_ones();
            common.both_wrong += wrong.count_ones();
            common.identical_wrong += (wrong & !differ).count_ones();
            common.identical += ((wrong | right) & !differ).count_ones();
        }
        common
    }

    /// Sum of the coincidences, and of their variances, over the questions that both got wrong, in [`UNIT`]s.
    pub(super) fn expected(&self, a: usize, b: usize) -> (u64, u64) {
        let (mut mean, mut variance) = (0, 0);
        self.both_wrong(a, b, |q| {
            mean += self.questions[q].coincidence;
            variance += self.questions[q].variance;
        });
        (mean, variance)
    }

    /// Visits the questions that both got wrong.
    pub(super) fn both_wrong(&self, a: usize, b: usize, mut visit: impl FnMut(usize)) {
        for word in &self.words {
            let mut left = word.wrong[a] & word.wrong[b];
            while left != 0 {
                visit(word.questions[left.trailing_zeros() as usize]);
                left &= left - 1;
            }
        }
    }

    /// Number of wrong answers of each candidate.
    pub fn wrong_counts(&self) -> Vec<usize> {
        (0..self.candidates).map(|c| self.words.iter().map(|w| w.wrong[c].count_ones() as usize).sum()).collect()
    }

    /// The kind of answer that a candidate gave.
    pub(super) fn kind(&self, question: usize, candidate: usize) -> Option<(usize, Kind)> {
        let answered = &self.questions[question];
        let at = answered.cells[candidate];
        answered.kinds.get(at as usize).map(|kind| (at as usize, *kind))
    }
}

impl Answered {
    fn new(codes: &[u32], levels: &[u8], right: &[bool]) -> Self {
        let key = |code: &u32, level: &u8| {
            (*code != 0 && *level != MISSING && usize::from(*level) < right.len()).then_some((*code, *level))
        };
        let mut counts: BTreeMap<(u32, u8), u32> = BTreeMap::new();
        for at in codes.iter().zip(levels).filter_map(|(c, l)| key(c, l)) {
            *counts.entry(at).or_default() += 1;
        }
        let kind =
            |((code, level), count): ((u32, u8), u32)| Kind { code, level, wrong: !right[usize::from(level)], count };
        let mut kinds: Vec<Kind> = counts.into_iter().map(kind).collect();
        kinds.sort_by_key(|k| (std::cmp::Reverse(k.count), k.code, k.level));
        let index: BTreeMap<(u32, u8), u32> =
            kinds.iter().enumerate().map(|(i, k)| ((k.code, k.level), i as u32)).collect();
        let cell = |(c, l): (&u32, &u8)| key(c, l).and_then(|at| index.get(&at)).copied().unwrap_or(NONE);
        let cells = codes.iter().zip(levels).map(cell).collect();
        let mut sides = [0_u32; 2];
        let number = kinds
            .iter()
            .map(|k| {
                let side = &mut sides[usize::from(k.wrong)];
                *side += 1;
                *side - 1
            })
            .collect();
        let most = sides[0].max(sides[1]).max(1) - 1;
        let width = (u32::BITS - most.leading_zeros()) as usize;
        let wrong = || kinds.iter().filter(|k| k.wrong).map(|k| u64::from(k.count));
        let all: u64 = wrong().sum();
        let pairs = (all * all.saturating_sub(1)) as f64;
        let same = wrong().map(|c| c * (c - 1)).sum::<u64>() as f64;
        let share = if pairs > 0.0 { same / pairs } else { 0.0 };
        let units = |x: f64| (x * UNIT).round() as u64;
        Self { kinds, cells, width, number, coincidence: units(share), variance: units(share * (1.0 - share)) }
    }
}

impl Word {
    fn new(chunk: &[usize], questions: &[Answered], candidates: usize) -> Self {
        let width = chunk.iter().map(|q| questions[*q].width).max().unwrap_or(0);
        let blank = || vec![0_u64; candidates];
        let mut word = Self {
            questions: chunk.to_vec(),
            wrong: blank(),
            right: blank(),
            planes: (0..width).map(|_| blank()).collect(),
        };
        for (bit, q) in chunk.iter().enumerate() {
            let answered = &questions[*q];
            for (candidate, cell) in answered.cells.iter().enumerate().filter(|(_, cell)| **cell != NONE) {
                let kind = *cell as usize;
                let side = if answered.kinds[kind].wrong { &mut word.wrong } else { &mut word.right };
                side[candidate] |= 1 << bit;
                for (p, plane) in word.planes.iter_mut().enumerate() {
                    plane[candidate] |= u64::from(answered.number[kind] >> p & 1) << bit;
                }
            }
        }
        word
    }

    /// Adds to `counts` for a row against candidates `from..from + counts.len()`: questions both wrong (in the
    /// upper half of each number) and identical wrong (in the lower).
    #[inline(always)]
    pub fn compare(&self, row: usize, from: usize, counts: &mut [u64], differ: &mut [u64]) {
        match self.planes.len() {
            0 => self.few::<0>(row, from, counts),
            1 => self.few::<1>(row, from, counts),
            2 => self.few::<2>(row, from, counts),
            3 => self.few::<3>(row, from, counts),
            4 => self.few::<4>(row, from, counts),
            5 => self.few::<5>(row, from, counts),
            _ => self.many(row, from, counts, differ),
        }
    }

    #[inline(always)]
    fn few<const P: usize>(&self, row: usize, from: usize, counts: &mut [u64]) {
        let n = counts.len();
        let wrong = &self.wrong[from..from + n];
        let planes: [&[u64]; P] = std::array::from_fn(|p| &self.planes[p][from..from + n]);
        let own: [u64; P] = std::array::from_fn(|p| self.planes[p][row]);
        let own_wrong = self.wrong[row];
        for j in 0..n {
            let both = own_wrong & wrong[j];
            let mut differ = 0;
            for p in 0..P {
                differ |= own[p] ^ planes[p][j];
            }
            counts[j] += (u64::from(both.count_ones()) << 32) + u64::from((both & !differ).count_ones());
        }
    }

    #[inline(always)]
    fn many(&self, row: usize, from: usize, counts: &mut [u64], differ: &mut [u64]) {
        let n = counts.len();
        let differ = &mut differ[..n];
        differ.fill(0);
        for plane in &self.planes {
            let own = plane[row];
            differ.iter_mut().zip(&plane[from..from + n]).for_each(|(d, other)| *d |= own ^ other);
        }
        let own_wrong = self.wrong[row];
        for ((count, differ), wrong) in counts.iter_mut().zip(differ).zip(&self.wrong[from..from + n]) {
            let both = own_wrong & wrong;
            *count += (u64::from(both.count_ones()) << 32) + u64::from((both & !*differ).count_ones());
        }
    }
}
