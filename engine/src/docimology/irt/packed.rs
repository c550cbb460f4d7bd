//! The expectation step: where each candidate is likely to be, and who is likely to answer what.
//!
//! Questions are packed by a few into one code (six right-or-wrong questions, three of four categories), so
//! that a candidate's log-likelihood at every node is a sum of few rows of a table, and expected counts are
//! gathered by the same rows ("four Russians"). Candidates are sorted by score: those of a block need the same
//! window of nodes, outside of which their posterior is nil. Blocks are cut in the same places on any number
//! of threads and added in order: the result is the same to the last bit.

use crate::docimology::matrix::{MISSING, ScoreMatrix};
use pulp::Arch;
use rayon::prelude::*;

/// Codes of a pack are below this.
const MAX_CODES: usize = 64;
/// Nodes come by chunks of this many.
const LANES: usize = 8;
/// Candidates of a block share a window of nodes.
const BLOCK: usize = 32;
/// Blocks are dealt to this many accumulators.
const SHARDS: usize = 4;
/// A window keeps what is above e^−`DEPTH` (2e-9) times the greatest posterior.
const DEPTH: f64 = 20.0;

/// Questions of categories 0, 1, 2… ready for estimation.
#[derive(Clone, Debug)]
pub struct Coded {
    /// Of each question: number of categories.
    pub categories: Vec<usize>,
    /// Of each question: score of each category, in the unit of the matrix.
    pub scores: Vec<Vec<f64>>,
    /// `cells[question][candidate]`: category, or [`MISSING`].
    pub cells: Vec<Vec<u8>>,
    /// Index in the matrix of each question kept.
    pub kept: Vec<usize>,
    /// Index in the matrix of questions where everyone is in the same category: nothing can be estimated.
    pub constant: Vec<usize>,
    /// Number of candidates.
    pub candidates: usize,
}

impl Coded {
    /// Observed scores become categories in ascending order; with `dichotomous`, full credit against the rest.
    pub fn new(matrix: &ScoreMatrix, dichotomous: bool) -> Self {
        let mut coded = Self {
            categories: vec![],
            scores: vec![],
            cells: vec![],
            kept: vec![],
            constant: vec![],
            candidates: matrix.candidates(),
        };
        for (q, item) in matrix.items().iter().enumerate() {
            let mut seen = [false; 256];
            item.cells.iter().for_each(|c| seen[usize::from(*c)] = true);
            let mut category = [MISSING; 256];
            let mut scores = Vec::new();
            for (level, score) in item.levels.iter().enumerate().filter(|(l, _)| seen[*l]) {
                if dichotomous {
                    let full = *score >= item.max - 1e-9;
                    let value = if full { item.max } else { 0.0 };
                    if scores.last() != Some(&value) {
                        scores.push(value);
                    }
                } else {
                    scores.push(*score);
                }
                category[level] = (scores.len() - 1) as u8;
            }
            if scores.len() < 2 {
                coded.constant.push(q);
                continue;
            }
            coded.cells.push(item.cells.iter().map(|c| category[usize::from(*c)]).collect());
            coded.categories.push(scores.len());
            coded.scores.push(scores);
            coded.kept.push(q);
        }
        coded
    }

    /// Number of questions kept.
    pub fn questions(&self) -> usize {
        self.cells.len()
    }
}

/// A question in its pack.
#[derive(Clone, Copy, Debug)]
struct Digit {
    question: usize,
    /// Values of the digit; one more than categories where some are missing.
    radix: usize,
    stride: usize,
}

/// Questions that share a code.
#[derive(Clone, Debug)]
struct Pack {
    digits: Vec<Digit>,
    codes: usize,
    /// First row of its table.
    row: usize,
}

/// Candidates in an order of their own, their answers packed.
#[derive(Clone, Debug)]
pub struct Packed {
    packs: Vec<Pack>,
    rows: usize,
    /// By candidate in order, then by pack: row of the table.
    starts: Vec<u32>,
    /// Candidate at each place of the order.
    pub order: Vec<u32>,
    /// Group of the candidate at each place.
    groups: Vec<u8>,
    categories: Vec<usize>,
}

/// Nodes with the logarithm of their weight in each group.
#[derive(Clone, Debug)]
pub struct Grid {
    /// Abilities; a multiple of eight, the last ones repeat the end with a weight of zero.
    pub nodes: Vec<f64>,
    /// How many nodes are real.
    pub count: usize,
    /// Distance between two.
    pub step: f64,
    /// `log_weights[group][node]`.
    pub log_weights: Vec<Vec<f64>>,
}

impl Grid {
    /// Nodes from `low` to `high` by about `step`, weighted by the normal law of each group (mean, SD).
    pub fn new(low: f64, high: f64, step: f64, groups: &[(f64, f64)]) -> Self {
        let count = ((high - low) / step).round() as usize + 1;
        let step = (high - low) / (count - 1) as f64;
        let mut nodes: Vec<f64> = (0..count).map(|i| low + step * i as f64).collect();
        nodes.resize(count.next_multiple_of(LANES), high);
        let mut grid = Self { nodes, count, step, log_weights: vec![] };
        grid.weigh(groups);
        grid
    }

    /// Weights for other means and spreads.
    pub fn weigh(&mut self, groups: &[(f64, f64)]) {
        let weights = |&(mean, sd): &(f64, f64)| {
            let density = |t: &f64| -0.5 * ((t - mean) / sd).powi(2);
            let total: f64 = self.nodes[..self.count].iter().map(|t| density(t).exp()).sum();
            let log_total = total.ln();
            let weight = |(i, t): (usize, &f64)| if i < self.count { density(t) - log_total } else { -1e300 };
            self.nodes.iter().enumerate().map(weight).collect()
        };
        self.log_weights = groups.iter().map(weights).collect();
    }

    /// Length of a row, padding included.
    pub fn width(&self) -> usize {
        self.nodes.len()
    }
}

/// First and last node (excluded) that a block looks at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    low: u32,
    high: u32,
}

impl Window {
    /// Windows of a sample of every `stride`-th candidate, turned into windows of everyone.
    pub fn spread(windows: &[Self], stride: usize, n: usize, width: usize) -> Vec<Self> {
        let whole = Self { low: 0, high: width as u32 };
        let of = |block: usize| windows.get(block * BLOCK / stride / BLOCK).copied().unwrap_or(whole);
        (0..n.div_ceil(BLOCK)).map(of).collect()
    }

    /// The same abilities on another grid.
    pub fn moved(self, from: &Grid, to: &Grid) -> Self {
        let last = from.count - 1;
        let at = |node: u32| (from.nodes[(node as usize).min(last)] - to.nodes[0]) / to.step;
        let low = if self.low == 0 { 0 } else { (at(self.low).max(0.0) as usize) / LANES * LANES };
        let high = if self.high as usize >= from.count {
            to.width()
        } else {
            (at(self.high).max(0.0) as usize + 1).next_multiple_of(LANES).min(to.width())
        };
        Self { low: low as u32, high: high.max(low + LANES).min(to.width()) as u32 }
    }
}

/// Posteriors of some candidates, over the nodes where they are not nil.
pub struct PosteriorSlice {
    /// Places in [`Packed::order`].
    pub places: std::ops::Range<usize>,
    rows: Vec<(usize, Vec<f64>)>,
}

impl PosteriorSlice {
    /// First node and weights of a row.
    pub fn row(&self, row: usize) -> (usize, &[f64]) {
        let (low, post) = &self.rows[row];
        (*low, post)
    }
}

/// What an expectation step finds.
#[derive(Clone, Debug)]
pub struct Expected {
    /// Marginal log-likelihood.
    pub log_likelihood: f64,
    /// By question then category: expected number of candidates at each node.
    pub counts: Vec<Vec<f64>>,
    /// By group: expected number of candidates at each node.
    pub by_group: Vec<Vec<f64>>,
    /// Posterior mean and SD of each candidate, in the order of [`Packed::order`]; those visited.
    pub posterior: Vec<(f64, f64)>,
}

struct Shard {
    log_likelihood: f64,
    bins: Vec<f64>,
    by_group: Vec<Vec<f64>>,
    posterior: Vec<(f64, f64)>,
    windows: Vec<Window>,
}

impl Packed {
    /// Packs `coded`; `group` gives each candidate's group (empty: one group). Candidates are ordered by the
    /// share of their points.
    pub fn new(coded: &Coded, group: &[u8]) -> Self {
        let n = coded.candidates;
        let mut packs: Vec<Pack> = Vec::new();
        let missing: Vec<bool> = coded.cells.iter().map(|c| c.contains(&MISSING)).collect();
        for (question, categories) in coded.categories.iter().enumerate() {
            let radix = categories + usize::from(missing[question]);
            match packs.last_mut() {
                Some(pack) if pack.codes * radix <= MAX_CODES => {
                    pack.digits.push(Digit { question, radix, stride: pack.codes });
                    pack.codes *= radix;
                }
                _ => packs.push(Pack { digits: vec![Digit { question, radix, stride: 1 }], codes: radix, row: 0 }),
            }
        }
        let mut rows = 0;
        for pack in &mut packs {
            pack.row = rows;
            rows += pack.codes;
        }
        let mut points = vec![0.0; n];
        let mut of = vec![0.0; n];
        for (cells, scores) in coded.cells.iter().zip(&coded.scores) {
            let top = scores.last().copied().unwrap_or(1.0).max(1e-9);
            for ((points, of), cell) in points.iter_mut().zip(&mut of).zip(cells) {
                if let Some(score) = scores.get(usize::from(*cell)) {
                    *points += score / top;
                    *of += 1.0;
                }
            }
        }
        let share: Vec<f64> = points.iter().zip(&of).map(|(p, o)| if *o > 0.0 { p / o } else { 0.5 }).collect();
        let mut order: Vec<u32> = (0..n as u32).collect();
        order.sort_by(|a, b| share[*a as usize].total_cmp(&share[*b as usize]).then(a.cmp(b)));
        let mut starts = vec![0_u32; n * packs.len()];
        for (g, pack) in packs.iter().enumerate() {
            for (place, candidate) in order.iter().enumerate() {
                let mut code = pack.row;
                for digit in &pack.digits {
                    let cell = coded.cells[digit.question][*candidate as usize];
                    code += digit.stride * usize::from(cell).min(digit.radix - 1);
                }
                starts[place * packs.len() + g] = code as u32;
            }
        }
        let groups = order.iter().map(|c| group.get(*c as usize).copied().unwrap_or(0)).collect();
        Self { packs, rows, starts, order, groups, categories: coded.categories.clone() }
    }

    /// Number of candidates.
    pub fn candidates(&self) -> usize {
        self.order.len()
    }

    /// Rows of log-likelihoods from `logs[question][category * width + node]`.
    fn table(&self, logs: &[Vec<f64>], width: usize) -> Vec<f64> {
        let mut table = vec![0.0; self.rows * width];
        let mut rest = &mut table[..];
        let mut parts: Vec<(&Pack, &mut [f64])> = Vec::new();
        for pack in &self.packs {
            let (own, others) = rest.split_at_mut(pack.codes * width);
            parts.push((pack, own));
            rest = others;
        }
        parts.into_par_iter().for_each(|(pack, rows)| {
            // Each digit in turn: rows known for lower digits are repeated with one more term.
            for digit in &pack.digits {
                for value in (0..digit.radix).rev() {
                    let term = logs[digit.question].get(value * width..(value + 1) * width);
                    for low in 0..digit.stride {
                        let at = (value * digit.stride + low) * width;
                        rows.copy_within(low * width..(low + 1) * width, at);
                        if let Some(term) = term {
                            rows[at..at + width].iter_mut().zip(term).for_each(|(r, t)| *r += t);
                        }
                    }
                }
            }
        });
        table
    }

    /// Expected counts by question and category from sums by row.
    fn unpack(&self, bins: &[f64], width: usize) -> Vec<Vec<f64>> {
        let by_pack: Vec<Vec<(usize, Vec<f64>)>> = self
            .packs
            .par_iter()
            .map(|pack| {
                // The last digit first: what remains after summing over it serves the others.
                let mut rows = bins[pack.row * width..(pack.row + pack.codes) * width].to_vec();
                let mut found = Vec::new();
                for digit in pack.digits.iter().rev() {
                    let mut counts = vec![0.0; self.categories[digit.question] * width];
                    for (value, count) in counts.chunks_exact_mut(width).enumerate() {
                        let from = value * digit.stride * width;
                        for row in rows[from..from + digit.stride * width].chunks_exact(width) {
                            count.iter_mut().zip(row).for_each(|(c, r)| *c += r);
                        }
                    }
                    let (first, others) = rows.split_at_mut(digit.stride * width);
                    for other in others[..(digit.radix - 1) * digit.stride * width].chunks_exact(digit.stride * width) {
                        first.iter_mut().zip(other).for_each(|(f, o)| *f += o);
                    }
                    found.push((digit.question, counts));
                }
                found
            })
            .collect();
        let mut counts = vec![Vec::new(); self.categories.len()];
        for (question, count) in by_pack.into_iter().flatten() {
            counts[question] = count;
        }
        counts
    }

    /// One expectation step over every `stride`-th candidate. `windows` are those of the last step (empty: the
    /// whole grid), and are replaced. With `gather`, expected counts; otherwise the log-likelihood and the
    /// posterior moments only.
    pub fn expect(
        &self,
        logs: &[Vec<f64>],
        grid: &Grid,
        windows: &mut Vec<Window>,
        stride: usize,
        gather: bool,
    ) -> Expected {
        let width = grid.width();
        let table = self.table(logs, width);
        let visited: Vec<u32> = (0..self.candidates() as u32).step_by(stride).collect();
        let blocks: Vec<&[u32]> = visited.chunks(BLOCK).collect();
        let whole = Window { low: 0, high: width as u32 };
        if windows.len() != blocks.len() {
            windows.clear();
            windows.resize(blocks.len(), whole);
        }
        let per_shard = blocks.len().div_ceil(SHARDS).max(16);
        let shards: Vec<Shard> = blocks
            .par_chunks(per_shard)
            .zip(windows.par_chunks(per_shard))
            .map(|(blocks, windows)| {
                let mut shard = Shard {
                    log_likelihood: 0.0,
                    bins: if gather { vec![0.0; table.len()] } else { vec![] },
                    by_group: vec![vec![0.0; width]; grid.log_weights.len()],
                    posterior: Vec::with_capacity(blocks.len() * BLOCK),
                    windows: Vec::with_capacity(windows.len()),
                };
                let mut scratch = vec![0.0; width];
                Arch::new().dispatch(|| {
                    for (block, window) in blocks.iter().zip(windows) {
                        self.block(block, *window, &table, grid, &mut shard, &mut scratch, gather);
                    }
                });
                shard
            })
            .collect();
        let mut log_likelihood = 0.0;
        let mut by_group = vec![vec![0.0; width]; grid.log_weights.len()];
        let mut posterior = Vec::with_capacity(visited.len());
        windows.clear();
        let mut bins: Option<Vec<f64>> = None;
        for shard in shards {
            log_likelihood += shard.log_likelihood;
            for (all, own) in by_group.iter_mut().zip(&shard.by_group) {
                all.iter_mut().zip(own).for_each(|(a, o)| *a += o);
            }
            posterior.extend(shard.posterior);
            windows.extend(shard.windows);
            bins = Some(match bins {
                None => shard.bins,
                Some(mut all) => {
                    all.par_chunks_mut(16_384)
                        .zip(shard.bins.par_chunks(16_384))
                        .for_each(|(a, o)| a.iter_mut().zip(o).for_each(|(a, o)| *a += o));
                    all
                }
            });
        }
        let counts = if gather { self.unpack(&bins.unwrap_or_default(), width) } else { vec![] };
        Expected { log_likelihood, counts, by_group, posterior }
    }

    /// Posterior of every candidate, by slices of 512.
    pub fn posterior_slices(&self, logs: &[Vec<f64>], grid: &Grid) -> impl Iterator<Item = PosteriorSlice> {
        let width = grid.width();
        let table = self.table(logs, width);
        let packs = self.packs.len();
        (0..self.candidates().div_ceil(512)).map(move |s| {
            let places = s * 512..((s + 1) * 512).min(self.candidates());
            let row = |place: usize| {
                let starts = &self.starts[place * packs..(place + 1) * packs];
                let prior = &grid.log_weights[usize::from(self.groups[place])];
                let mut post = vec![0.0; width];
                log_posterior(starts, &table, width, prior, &mut post, 0, width);
                let most = post.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let low = post.iter().position(|p| *p > most - DEPTH).unwrap_or(0);
                let high = post.iter().rposition(|p| *p > most - DEPTH).map_or(width, |l| l + 1);
                let mut own: Vec<f64> = post[low..high].iter().map(|p| (p - most).exp()).collect();
                let sum: f64 = own.iter().sum();
                own.iter_mut().for_each(|p| *p /= sum);
                (low, own)
            };
            PosteriorSlice { rows: places.clone().into_par_iter().map(row).collect(), places }
        })
    }

    #[inline(always)]
    #[allow(clippy::too_many_arguments, reason = "inlined where the processor's features are known")]
    fn block(
        &self,
        block: &[u32],
        window: Window,
        table: &[f64],
        grid: &Grid,
        shard: &mut Shard,
        scratch: &mut [f64],
        gather: bool,
    ) {
        let width = grid.width();
        let packs = self.packs.len();
        let (mut least, mut greatest) = (width, 0);
        for &place in block {
            let place = place as usize;
            let starts = &self.starts[place * packs..(place + 1) * packs];
            let group = usize::from(self.groups[place]);
            let prior = &grid.log_weights[group];
            let (mut low, mut high) = (window.low as usize, window.high as usize);
            loop {
                log_posterior(starts, table, width, prior, scratch, low, high);
                let most = scratch[low..high].iter().copied().fold(f64::NEG_INFINITY, f64::max);
                // What the window leaves out must be nil; else the whole grid is looked at.
                let cut_low = low > 0 && scratch[low] > most - DEPTH;
                let cut_high = high < width && scratch[high - 1] > most - DEPTH;
                if !cut_low && !cut_high {
                    break;
                }
                (low, high) = (0, width);
            }
            let post = &mut scratch[low..high];
            let most = post.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let first = post.iter().position(|p| *p > most - DEPTH).unwrap_or(0);
            let last = post.iter().rposition(|p| *p > most - DEPTH).unwrap_or(0);
            least = least.min(low + first);
            greatest = greatest.max(low + last + 1);
            let mut sum = 0.0;
            for lanes in post.chunks_exact_mut(LANES) {
                for p in lanes.iter_mut() {
                    *p = exp(*p - most);
                }
            }
            post.iter().for_each(|p| sum += p);
            shard.log_likelihood += most + sum.ln();
            let inverse = 1.0 / sum;
            let (mut mean, mut square) = (0.0, 0.0);
            for (p, t) in post.iter_mut().zip(&grid.nodes[low..high]) {
                *p *= inverse;
                mean += *p * t;
                square += *p * t * t;
            }
            shard.posterior.push((mean, (square - mean * mean).max(0.0).sqrt()));
            shard.by_group[group][low..high].iter_mut().zip(&*post).for_each(|(b, p)| *b += p);
            if gather {
                for start in starts {
                    let at = *start as usize * width;
                    let bins = &mut shard.bins[at + low..at + high];
                    for (bins, post) in bins.chunks_exact_mut(LANES).zip(post.chunks_exact(LANES)) {
                        bins.iter_mut().zip(post).for_each(|(b, p)| *b += p);
                    }
                }
            }
        }
        // Room for the parameters to move before the next step.
        let room = ((0.15 / grid.step) as usize).max(2);
        let low = least.saturating_sub(room) / LANES * LANES;
        let high = (greatest + room).next_multiple_of(LANES).min(width);
        shard.windows.push(Window { low: low as u32, high: high as u32 });
    }
}

/// Prior plus the rows of a candidate's answers, over the nodes of a window.
#[inline(always)]
fn log_posterior(
    starts: &[u32],
    table: &[f64],
    width: usize,
    prior: &[f64],
    into: &mut [f64],
    low: usize,
    high: usize,
) {
    let mut at = low;
    while at + 32 <= high {
        sum_rows::<32>(starts, table, width, prior, into, at);
        at += 32;
    }
    while at + 16 <= high {
        sum_rows::<16>(starts, table, width, prior, into, at);
        at += 16;
    }
    while at + LANES <= high {
        sum_rows::<LANES>(starts, table, width, prior, into, at);
        at += LANES;
    }
}

#[inline(always)]
fn sum_rows<const W: usize>(starts: &[u32], table: &[f64], width: usize, prior: &[f64], into: &mut [f64], at: usize) {
    let mut sums = [0.0; W];
    sums.copy_from_slice(&prior[at..at + W]);
    for start in starts {
        let from = *start as usize * width + at;
        let row = &table[from..from + W];
        for (sum, term) in sums.iter_mut().zip(row) {
            *sum += term;
        }
    }
    into[at..at + W].copy_from_slice(&sums);
}

/// e^x for x ≤ 0, to two units in the last place; below −700 as at −700. Without branches, so that the compiler
/// makes several at once (Cephes' rational approximation replaced by a Taylor polynomial on ±ln 2 / 2).
#[inline(always)]
pub(crate) fn exp(x: f64) -> f64 {
    const SHIFT: f64 = 6_755_399_441_055_744.0;
    let x = x.max(-700.0);
    let shifted = x * std::f64::consts::LOG2_E + SHIFT;
    let k = shifted - SHIFT;
    let r = x - k * 0.693_147_180_369_123_8 - k * 1.908_214_929_270_587_7e-10;
    let r2 = r * r;
    let r4 = r2 * r2;
    // Estrin's order: short chains.
    let low = (1.0 + r) + r2 * (0.5 + r * (1.0 / 6.0));
    let mid = (1.0 / 24.0 + r * (1.0 / 120.0)) + r2 * (1.0 / 720.0 + r * (1.0 / 5040.0));
    let high = (1.0 / 40_320.0 + r * (1.0 / 362_880.0))
        + r2 * (1.0 / 3_628_800.0 + r * (1.0 / 39_916_800.0) + r2 * (1.0 / 479_001_600.0));
    let fraction = low + r4 * (mid + r4 * high);
    let scale = f64::from_bits((shifted.to_bits() << 52).wrapping_add(1023 << 52));
    fraction * scale
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponential_is_one() {
        for i in 0..200_000 {
            let x = -f64::from(i) * 0.0035;
            let (found, wanted) = (exp(x), x.exp());
            assert!((found - wanted).abs() <= 4.0 * f64::EPSILON * wanted, "{x}: {found} {wanted}");
        }
        assert!(exp(-1e300) < 1e-300);
    }
}
