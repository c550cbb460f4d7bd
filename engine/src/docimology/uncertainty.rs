//! How far a rank can be trusted: what it would have been with other questions drawn from the same stock.
//!
//! The questions are a sample of those that might have been asked. They are drawn again, with replacement, as many
//! times as wanted (Efron 1979; questions as the sampled dimension: Brennan 2001, chap. 6), each section keeping its
//! number of questions and each case staying whole. The spread of a candidate's ranks over the draws is the
//! uncertainty of theirs. Candidates are those of the exam: nothing is said of others. With few questions in a
//! stratum (under ten or so) the spread is underestimated by a factor of about √((k − 1) / k).

use super::matrix::ScoreMatrix;
use super::numeric::Draws;
use super::{Estimate, NotEstimable};
use crate::paper::Paper;
use rayon::prelude::*;
use serde::Serialize;
use std::collections::HashMap;
use std::ops::ControlFlow;

const WHAT: &str = "incertitude des rangs";

/// Questions that are drawn together, in the stratum where they are drawn.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Blocks {
    /// By stratum: blocks, each a list of columns of the matrix.
    pub strata: Vec<Vec<Vec<usize>>>,
}

impl Blocks {
    /// Every question alone, in one stratum.
    pub fn alone(questions: usize) -> Self {
        Self { strata: vec![(0..questions).map(|q| vec![q]).collect()] }
    }

    /// Sections are strata, cases are blocks; `counted[column]` is the index of the question in the paper.
    pub fn of_paper(paper: &Paper, counted: &[usize]) -> Self {
        let placed: Vec<_> = paper.questions().collect();
        let mut strata: Vec<Vec<Vec<usize>>> = vec![Vec::new(); paper.sections.len()];
        let mut cases: HashMap<&str, (usize, usize)> = HashMap::new();
        for (column, index) in counted.iter().enumerate() {
            let question = &placed[*index];
            let stratum = &mut strata[question.section];
            match question.case.map(|(case, _)| case.id.as_str()) {
                Some(case) if cases.contains_key(case) => {
                    let (section, block) = cases[case];
                    strata[section][block].push(column);
                }
                case => {
                    if let Some(case) = case {
                        cases.insert(case, (question.section, stratum.len()));
                    }
                    stratum.push(vec![column]);
                }
            }
        }
        strata.retain(|s| !s.is_empty());
        Self { strata }
    }

    /// How many times each column is drawn in replicate `r`.
    fn draw(&self, seed: u64, r: u64, into: &mut [i32]) {
        into.fill(0);
        let draws = Draws::new(seed, r.wrapping_add(1));
        let mut i = 0;
        for stratum in &self.strata {
            for _ in stratum {
                for column in &stratum[draws.below(i, stratum.len())] {
                    into[*column] += 1;
                }
                i += 1;
            }
        }
    }
}

/// What is wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Draws; 1,000 give intervals whose ends move by a few ranks in 10,000.
    pub replicates: usize,
    /// Of the intervals, 0.95 by custom.
    pub level: f64,
    /// Where chance starts from.
    pub seed: u64,
    /// A pass mark, as a share of the total (0.7 for 14 on 20).
    pub threshold: Option<f64>,
    /// Places that matter (the number of posts): probability of being among them.
    pub places: Option<usize>,
}

impl Default for Options {
    fn default() -> Self {
        Self { replicates: 1_000, level: 0.95, seed: 2_026, threshold: None, places: None }
    }
}

/// A candidate's rank and what it could have been.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct RankInterval {
    /// Standard competition rank, on the questions as asked.
    pub rank: u32,
    /// Lower end (the better rank) of the interval.
    pub low: u32,
    /// Upper end.
    pub high: u32,
    /// Standard error of the rank: SD over the draws.
    pub se: f64,
    /// Share of draws at or above the pass mark.
    pub above: Option<f64>,
    /// Share of draws among the places that matter.
    pub placed: Option<f64>,
}

/// Uncertainty of a ranking.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct RankUncertainty {
    /// Draws made.
    pub replicates: usize,
    /// Level of the intervals.
    pub level: f64,
    /// By candidate.
    pub candidates: Vec<RankInterval>,
    /// Median width of the intervals.
    pub median_width: f64,
    /// Spearman correlation of the ranks of a draw with those of the exam, on average.
    pub stability: f64,
}

/// Scores in whole ticks of a fraction of a point, so that equal totals are equal.
struct Ticks {
    columns: Vec<[i32; 256]>,
    /// Full credit by column.
    max: Vec<i64>,
}

impl Ticks {
    fn new(matrix: &ScoreMatrix) -> Self {
        let most: f64 =
            matrix.items().iter().map(|i| i.max.max(i.levels.iter().fold(0.0, |m, l| m.max(l.abs())))).sum();
        // Halves, fifths, thirds and sevenths are whole; a draw may take the heaviest questions several times.
        let scale = (f64::from(1 << 29) / (most.max(1e-9) * 3.0) / 2_520.0).floor().max(1.0 / 2_520.0) * 2_520.0;
        let column = |item: &super::matrix::Item| {
            let mut table = [0; 256];
            table.iter_mut().zip(&item.levels).for_each(|(t, l)| *t = (l * scale).round() as i32);
            table
        };
        Self {
            columns: matrix.items().iter().map(column).collect(),
            max: matrix.items().iter().map(|i| (i.max * scale).round() as i64).collect(),
        }
    }
}

/// Candidates of a block when totals are added.
const BLOCK: usize = 2_048;

fn totals(matrix: &ScoreMatrix, ticks: &Ticks, times: &[i32], into: &mut [i32]) {
    into.fill(0);
    let drawn: Vec<(usize, [i32; 256])> = times
        .iter()
        .enumerate()
        .filter(|(_, t)| **t > 0)
        .map(|(q, t)| (q, std::array::from_fn(|l| ticks.columns[q][l].wrapping_mul(*t))))
        .collect();
    let (fours, rest) = drawn.as_chunks::<4>();
    for (b, block) in into.chunks_mut(BLOCK).enumerate() {
        let rows = b * BLOCK..b * BLOCK + block.len();
        let cells = |q: usize| &matrix.items()[q].cells[rows.clone()];
        for [(i, ti), (j, tj), (k, tk), (l, tl)] in fours {
            let one = cells(*i).iter().zip(cells(*j)).zip(cells(*k)).zip(cells(*l));
            for (total, (((a, b), c), d)) in block.iter_mut().zip(one) {
                let sum = ti[usize::from(*a)] + tj[usize::from(*b)] + tk[usize::from(*c)] + tl[usize::from(*d)];
                *total = total.wrapping_add(sum);
            }
        }
        for (q, table) in rest {
            for (total, cell) in block.iter_mut().zip(cells(*q)) {
                *total = total.wrapping_add(table[usize::from(*cell)]);
            }
        }
    }
}

/// Competition ranks of totals, best first.
fn ranks(totals: &[i32], keys: &mut Vec<u64>, into: &mut [u32]) {
    keys.clear();
    // Best first: the greater total has the lesser key.
    keys.extend(totals.iter().enumerate().map(|(i, t)| u64::from(!(*t as u32 ^ 0x8000_0000)) << 32 | i as u64));
    keys.sort_unstable();
    let (mut rank, mut last) = (0, u64::MAX);
    for (place, key) in keys.iter().enumerate() {
        if key >> 32 != last {
            (rank, last) = (place as u32 + 1, key >> 32);
        }
        into[(key & 0xFFFF_FFFF) as usize] = rank;
    }
}

/// Draws of one batch: ranks are kept for all of a batch, then folded.
const BATCH: usize = 64;

/// Bootstrap of the ranking over questions. `progress` hears how many draws are done of how many, and may stop.
///
/// # Errors
/// Fewer than two candidates or five blocks of questions; stopped.
pub fn rank_uncertainty(
    matrix: &ScoreMatrix,
    blocks: &Blocks,
    options: &Options,
    progress: &(dyn Fn(usize, usize) -> ControlFlow<()> + Sync),
) -> Estimate<RankUncertainty> {
    let (n, k) = (matrix.candidates(), matrix.questions());
    if n < 2 {
        return Err(NotEstimable::TooFewCandidates { what: WHAT, n, needed: 2 });
    }
    let drawn: usize = blocks.strata.iter().map(Vec::len).sum();
    if drawn < 5 || options.replicates == 0 {
        return Err(NotEstimable::TooFewQuestions { what: WHAT, n: drawn, needed: 5 });
    }
    let ticks = Ticks::new(matrix);
    let mut exam = vec![0; n];
    totals(matrix, &ticks, &vec![1; k], &mut exam);
    let mut rank = vec![0; n];
    ranks(&exam, &mut Vec::new(), &mut rank);

    let replicates = options.replicates;
    let mut all: Vec<Vec<u32>> = Vec::with_capacity(replicates);
    let mut above = vec![0_u32; n];
    for from in (0..replicates).step_by(BATCH) {
        let batch: Vec<(Vec<u32>, Vec<bool>)> = (from..(from + BATCH).min(replicates))
            .into_par_iter()
            .map_init(
                || (vec![0; k], vec![0; n], Vec::with_capacity(n)),
                |(times, sums, keys), r| {
                    blocks.draw(options.seed, r as u64, times);
                    totals(matrix, &ticks, times, sums);
                    let mut own = vec![0; n];
                    ranks(sums, keys, &mut own);
                    let pass = match options.threshold {
                        Some(share) => {
                            let max: i64 = times.iter().zip(&ticks.max).map(|(t, m)| i64::from(*t) * m).sum();
                            // A hair below: the threshold itself passes.
                            let least = share * max as f64 - 0.5;
                            sums.iter().map(|s| f64::from(*s) >= least).collect()
                        }
                        None => Vec::new(),
                    };
                    (own, pass)
                },
            )
            .collect();
        for (own, pass) in batch {
            above.iter_mut().zip(pass).for_each(|(a, p)| *a += u32::from(p));
            all.push(own);
        }
        if progress(all.len(), replicates).is_break() {
            return Err(NotEstimable::NotConverged { what: WHAT, detail: "calcul interrompu".into() });
        }
    }

    let tail = (1.0 - options.level) / 2.0;
    let at = |q: f64| ((q * replicates as f64) as usize).min(replicates - 1);
    let (first, last) = (at(tail), at(1.0 - tail));
    let candidates: Vec<RankInterval> = (0..n)
        .into_par_iter()
        .map_init(
            || vec![0_u32; replicates],
            |own, c| {
                own.iter_mut().zip(&all).for_each(|(o, ranks)| *o = ranks[c]);
                let mean = own.iter().map(|r| f64::from(*r)).sum::<f64>() / replicates as f64;
                let square = own.iter().map(|r| (f64::from(*r) - mean).powi(2)).sum::<f64>();
                let placed =
                    options.places.map(|p| own.iter().filter(|r| **r as usize <= p).count() as f64 / replicates as f64);
                own.sort_unstable();
                RankInterval {
                    rank: rank[c],
                    low: own[first],
                    high: own[last],
                    se: (square / (replicates.max(2) - 1) as f64).sqrt(),
                    above: options.threshold.map(|_| f64::from(above[c]) / replicates as f64),
                    placed,
                }
            },
        )
        .collect();
    let mut widths: Vec<u32> = candidates.iter().map(|c| c.high - c.low).collect();
    widths.sort_unstable();
    let reference: Vec<f64> = rank.iter().map(|r| f64::from(*r)).collect();
    let stability: Vec<f64> = all
        .par_iter()
        .filter_map(|ranks| {
            let own: Vec<f64> = ranks.iter().map(|r| f64::from(*r)).collect();
            crate::stats::correlation(&reference, &own)
        })
        .collect();
    Ok(RankUncertainty {
        replicates,
        level: options.level,
        median_width: f64::from(widths[n / 2]),
        stability: if stability.is_empty() { 0.0 } else { stability.iter().sum::<f64>() / stability.len() as f64 },
        candidates,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(n: usize, k: usize) -> ScoreMatrix {
        let draws = Draws::new(7, 1);
        let columns: Vec<Vec<Option<f64>>> = (0..k)
            .map(|q| {
                (0..n)
                    .map(|c| {
                        let level = draws.uniform((q * n + c) as u64) + c as f64 / n as f64;
                        Some(if level > 1.0 {
                            1.0
                        } else if level > 0.8 {
                            0.5
                        } else {
                            0.0
                        })
                    })
                    .collect()
            })
            .collect();
        ScoreMatrix::new(n, &columns, &vec![1.0; k]).unwrap()
    }

    /// One candidate and one draw at a time, in doubles.
    #[test]
    fn fast_is_slow() {
        let (n, k) = (37, 11);
        let m = matrix(n, k);
        let blocks = Blocks { strata: vec![(0..6).map(|q| vec![q]).collect(), vec![vec![6, 7], vec![8], vec![9, 10]]] };
        let options = Options { replicates: 70, threshold: Some(0.5), places: Some(9), ..Options::default() };
        let found = rank_uncertainty(&m, &blocks, &options, &|_, _| ControlFlow::Continue(())).unwrap();
        let mut times = vec![0; k];
        let (mut all, mut above) = (vec![Vec::new(); n], vec![0; n]);
        for r in 0..70 {
            blocks.draw(options.seed, r, &mut times);
            let total =
                |c: usize| -> f64 { (0..k).map(|q| f64::from(times[q]) * m.items()[q].score(c).unwrap()).sum() };
            let totals: Vec<f64> = (0..n).map(total).collect();
            let out_of: f64 = times.iter().map(|t| f64::from(*t)).sum();
            for c in 0..n {
                all[c].push(1 + totals.iter().filter(|t| **t > totals[c] + 1e-9).count() as u32);
                above[c] += u32::from(totals[c] >= 0.5 * out_of - 1e-9);
            }
        }
        for c in 0..n {
            all[c].sort_unstable();
            let own = &found.candidates[c];
            assert_eq!((own.low, own.high), (all[c][1], all[c][68]), "{c}");
            assert_eq!(own.above, Some(f64::from(above[c]) / 70.0));
            let placed = all[c].iter().filter(|r| **r <= 9).count() as f64 / 70.0;
            assert_eq!(own.placed, Some(placed));
        }
    }

    #[test]
    fn any_number_of_threads_says_the_same() {
        let m = matrix(200, 20);
        let run = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let options = Options { replicates: 150, ..Options::default() };
            pool.install(|| {
                rank_uncertainty(&m, &Blocks::alone(20), &options, &|_, _| ControlFlow::Continue(())).unwrap()
            })
        };
        assert_eq!(run(1), run(3));
    }

    #[test]
    fn it_can_be_stopped_and_says_what_is_missing() {
        let stop =
            rank_uncertainty(&matrix(20, 10), &Blocks::alone(10), &Options::default(), &|_, _| ControlFlow::Break(()));
        assert!(matches!(stop, Err(NotEstimable::NotConverged { .. })));
        let few =
            rank_uncertainty(&matrix(20, 3), &Blocks::alone(3), &Options::default(), &|_, _| ControlFlow::Continue(()));
        assert!(matches!(few, Err(NotEstimable::TooFewQuestions { .. })));
    }
}
