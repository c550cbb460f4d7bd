//! Difficulty and discrimination of each question, and reliability of their sum, at the price of two passes.
//!
//! Definitions: a question's score is in points, its share of full credit in 0..=1; variances are of the sample
//! (n − 1); "rest" is the total without the question. Partial credit is a score like another. A missing cell counts
//! 0 in totals and is left out of its question's own indices.

use super::matrix::{Item, MISSING, ScoreMatrix};
use super::numeric::{f_quantile, normal_pdf, normal_quantile};
use super::{Estimate, NotEstimable};
use rayon::prelude::*;
use serde::Serialize;

/// Indices of one question.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ItemStatistics {
    /// Candidates who have a score.
    pub n: usize,
    /// Mean share of full credit: the success rate (*indice de difficulté*).
    pub p: Option<f64>,
    /// Standard deviation of the share.
    pub sd: Option<f64>,
    /// Mean share of the best 27 % less that of the worst 27 % (Kelley 1939). Among equal totals, the last in the
    /// list count as better.
    pub d27: Option<f64>,
    /// The same with thirds.
    pub d33: Option<f64>,
    /// Mean share in the lower, middle and upper third.
    pub thirds: Option<[f64; 3]>,
    /// Pearson correlation with the total.
    pub r_item_total: Option<f64>,
    /// Pearson correlation with the rest (corrected point-biserial; Henrysson 1963).
    pub r_item_rest: Option<f64>,
    /// Biserial correlation with the rest, of a right-or-wrong question (Pearson 1909): r √(p q) / φ(z_p). May exceed
    /// 1 where the law is far from normal.
    pub biserial: Option<f64>,
    /// Cronbach's alpha of the other questions.
    pub alpha_if_deleted: Option<f64>,
    /// Share of candidates with full credit.
    pub full: f64,
    /// Share of candidates with nothing (or less).
    pub nothing: f64,
}

impl ItemStatistics {
    /// A question of which nothing can be said.
    pub fn unknown(n: usize) -> Self {
        Self {
            n,
            p: None,
            sd: None,
            d27: None,
            d33: None,
            thirds: None,
            r_item_total: None,
            r_item_rest: None,
            biserial: None,
            alpha_if_deleted: None,
            full: 0.0,
            nothing: 0.0,
        }
    }
}

/// Indices of an exam.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ExamStatistics {
    /// Candidates.
    pub candidates: usize,
    /// By question.
    pub items: Vec<ItemStatistics>,
    /// Reliability of the sum.
    pub reliability: Reliability,
    /// Mean of the total, in points.
    pub mean: f64,
    /// Standard deviation of the total.
    pub sd: f64,
    /// Skewness of the total, g₁ of the sample; `None` without spread.
    pub skewness: Option<f64>,
    /// Excess kurtosis of the total, g₂ of the sample; `None` without spread.
    pub kurtosis: Option<f64>,
}

/// Reliability of a sum of questions.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Reliability {
    /// Cronbach (1951); `None` with fewer than two questions or without variance.
    pub alpha: Option<f64>,
    /// 95 % interval of alpha (Feldt 1965): exact for normal scores and equal covariances.
    pub alpha_interval: Option<[f64; 2]>,
    /// Kuder and Richardson (1937), formula 20: alpha of right-or-wrong questions, `None` otherwise.
    pub kr20: Option<f64>,
    /// Formula 21: as if all were of the same difficulty.
    pub kr21: Option<f64>,
    /// Standard error of measurement, in points: SD √(1 − α).
    pub sem: Option<f64>,
}

/// Totals by candidate and, for each, in which part of the order of merit it is.
struct Order {
    totals: Vec<f64>,
    /// 0 to 4: lowest 27 %, up to the third, middle third, up to 73 %, best 27 %.
    part: Vec<u8>,
}

fn table(item: &Item, of: impl Fn(f64) -> f64) -> [f64; 256] {
    let mut table = [0.0; 256];
    table.iter_mut().zip(&item.levels).for_each(|(t, l)| *t = of(*l));
    table
}

/// Candidates of a block when totals are added.
const BLOCK: usize = 2048;

fn totals(matrix: &ScoreMatrix) -> Vec<f64> {
    let tables: Vec<[f64; 256]> = matrix.items().iter().map(|i| table(i, |l| l)).collect();
    let mut totals = vec![0.0; matrix.candidates()];
    totals.par_chunks_mut(BLOCK).enumerate().for_each(|(b, totals)| {
        let (pairs, rest) = matrix.items().as_chunks::<4>();
        let (pair_tables, rest_tables) = tables.as_chunks::<4>();
        let rows = b * BLOCK..b * BLOCK + totals.len();
        for ([i, j, k, l], [ti, tj, tk, tl]) in pairs.iter().zip(pair_tables) {
            let cells = i.cells[rows.clone()].iter().zip(&j.cells[rows.clone()]);
            let others = k.cells[rows.clone()].iter().zip(&l.cells[rows.clone()]);
            for ((total, (a, b)), (c, d)) in totals.iter_mut().zip(cells).zip(others) {
                *total += (ti[usize::from(*a)] + tj[usize::from(*b)]) + (tk[usize::from(*c)] + tl[usize::from(*d)]);
            }
        }
        for (item, table) in rest.iter().zip(rest_tables) {
            for (total, cell) in totals.iter_mut().zip(&item.cells[rows.clone()]) {
                *total += table[usize::from(*cell)];
            }
        }
    });
    totals
}

impl Order {
    fn new(totals: Vec<f64>) -> Self {
        let n = totals.len();
        let mut order: Vec<u32> = (0..n as u32).collect();
        // Best first; sums of decimals that differ by a rounding are equal.
        let key: Vec<i64> = totals.iter().map(|t| (t * 1e9).round() as i64).collect();
        order.sort_by_key(|i| std::cmp::Reverse((key[*i as usize], *i)));
        let (tail, third) = (((n as f64 * 0.27).round() as usize).max(1), n / 3);
        let third = third.max(tail).min(n / 2);
        let tail = tail.min(third.max(1));
        let mut part = vec![2; n];
        for (place, candidate) in order.iter().enumerate() {
            let p = match place {
                place if place < tail => 4,
                place if place < third => 3,
                place if place >= n - tail => 0,
                place if place >= n - third => 1,
                _ => 2,
            };
            part[*candidate as usize] = p;
        }
        Self { totals, part }
    }
}

/// Sums over the candidates who have a score at a question.
#[derive(Clone, Copy, Default)]
struct Sums {
    n: f64,
    x: f64,
    xx: f64,
    t: f64,
    tt: f64,
    xt: f64,
}

impl Sums {
    fn var_x(&self) -> f64 {
        (self.xx - self.x * self.x / self.n).max(0.0) / (self.n - 1.0)
    }

    fn var_t(&self) -> f64 {
        (self.tt - self.t * self.t / self.n).max(0.0) / (self.n - 1.0)
    }

    fn cov(&self) -> f64 {
        (self.xt - self.x * self.t / self.n) / (self.n - 1.0)
    }
}

struct Measured {
    sums: Sums,
    /// `[level][part]`
    counts: Vec<[u32; 8]>,
}

fn measure(item: &Item, order: &Order, centre: f64, whole: (f64, f64)) -> Measured {
    let values = table(item, |l| l);
    let levels = item.levels.len();
    // Four counters in turn: the same one twice running would wait for itself.
    let mut counts = vec![[0_u32; 8]; 4 * 256];
    let mut xt = [0.0; 4];
    let (cells, rest) = item.cells.as_chunks::<4>();
    let (parts, rest_parts) = order.part.as_chunks::<4>();
    let (totals, rest_totals) = order.totals.as_chunks::<4>();
    for ((c, p), t) in cells.iter().zip(parts).zip(totals) {
        for k in 0..4 {
            counts[k * 256 + usize::from(c[k])][usize::from(p[k] & 7)] += 1;
            xt[k] += values[usize::from(c[k])] * (t[k] - centre);
        }
    }
    for ((c, p), t) in rest.iter().zip(rest_parts).zip(rest_totals) {
        counts[usize::from(*c)][usize::from(*p & 7)] += 1;
        xt[0] += values[usize::from(*c)] * (t - centre);
    }
    let merged: Vec<[u32; 8]> =
        (0..levels).map(|l| std::array::from_fn(|p| (0..4).map(|k| counts[k * 256 + l][p]).sum())).collect();
    let mut sums = Sums { xt: xt.iter().sum(), ..Sums::default() };
    for (count, value) in merged.iter().zip(&item.levels) {
        let n = f64::from(count.iter().sum::<u32>());
        sums.n += n;
        sums.x += n * value;
        sums.xx += n * value * value;
    }
    (sums.t, sums.tt) = whole;
    if (sums.n as usize) < item.cells.len() {
        let present = item.cells.iter().zip(&order.totals).filter(|(c, _)| **c != MISSING);
        (sums.t, sums.tt) = present.fold((0.0, 0.0), |(t, tt), (_, total)| {
            let off = total - centre;
            (t + off, tt + off * off)
        });
    }
    Measured { sums, counts: merged }
}

/// Classical indices of an exam.
///
/// # Errors
/// No candidate, or no question.
pub fn analyse(matrix: &ScoreMatrix) -> Estimate<ExamStatistics> {
    const WHAT: &str = "analyse d’items";
    let (n, k) = (matrix.candidates(), matrix.questions());
    if n < 2 {
        return Err(NotEstimable::TooFewCandidates { what: WHAT, n, needed: 2 });
    }
    if k == 0 {
        return Err(NotEstimable::TooFewQuestions { what: WHAT, n: k, needed: 1 });
    }
    let order = Order::new(totals(matrix));
    let mean = order.totals.iter().sum::<f64>() / n as f64;
    let (mut m1, mut m2, mut m3, mut m4) = (0.0, 0.0, 0.0, 0.0);
    for total in &order.totals {
        let off = total - mean;
        let square = off * off;
        m1 += off;
        m2 += square;
        m3 += square * off;
        m4 += square * square;
    }
    let measured: Vec<Measured> = matrix.items().par_iter().map(|item| measure(item, &order, mean, (m1, m2))).collect();
    let variance = m2 / (n - 1) as f64;
    let tiny = 1e-12 * (1.0 + mean * mean);
    let within: f64 = measured.iter().map(|m| if m.sums.n > 1.0 { m.sums.var_x() } else { 0.0 }).sum();
    let alpha_of = |k: usize, within: f64, total: f64| {
        (k > 1 && total > tiny).then(|| k as f64 / (k - 1) as f64 * (1.0 - within / total))
    };
    let alpha = alpha_of(k, within, variance);
    let items = matrix
        .items()
        .iter()
        .zip(&measured)
        .map(|(item, m)| {
            let s = &m.sums;
            let enough = s.n > 2.0;
            let (var, var_t, cov) = if enough { (s.var_x(), s.var_t(), s.cov()) } else { (0.0, 0.0, 0.0) };
            let var_rest = (var_t + var - 2.0 * cov).max(0.0);
            let flat = 1e-12 * item.max * item.max;
            let correlation = |cov: f64, other: f64| {
                (enough && var > flat && other > tiny).then(|| (cov / (var * other).sqrt()).clamp(-1.0, 1.0))
            };
            let rest = if k > 1 { correlation(cov - var, var_rest) } else { None };
            let p = (s.n > 0.0).then(|| s.x / s.n / item.max);
            let mean_of = |parts: &[usize]| {
                let (mut sum, mut count) = (0.0, 0.0);
                for (counts, value) in m.counts.iter().zip(&item.levels) {
                    for p in parts {
                        sum += f64::from(counts[*p]) * value;
                        count += f64::from(counts[*p]);
                    }
                }
                (count > 0.0).then(|| sum / count / item.max)
            };
            let apart = |high: Option<f64>, low: Option<f64>| (n >= 4).then(|| Some(high? - low?)).flatten();
            let (low, middle, high) = (mean_of(&[0, 1]), mean_of(&[2]), mean_of(&[3, 4]));
            let right_or_wrong = item.levels.iter().all(|l| *l == 0.0 || (*l - item.max).abs() < 1e-12);
            let share = |which: &dyn Fn(f64) -> bool| {
                let of = m.counts.iter().zip(&item.levels).filter(|(_, l)| which(**l));
                let count: u32 = of.map(|(c, _)| c.iter().sum::<u32>()).sum();
                if s.n > 0.0 { f64::from(count) / s.n } else { 0.0 }
            };
            ItemStatistics {
                n: s.n as usize,
                p,
                sd: enough.then(|| var.sqrt() / item.max),
                d27: apart(mean_of(&[4]), mean_of(&[0])),
                d33: apart(high, low),
                thirds: (n >= 9).then(|| Some([low?, middle?, high?])).flatten(),
                r_item_total: correlation(cov, var_t),
                r_item_rest: rest,
                biserial: rest
                    .zip(p)
                    .filter(|(_, p)| right_or_wrong && *p > 0.0 && *p < 1.0)
                    .map(|(r, p)| r * (p * (1.0 - p)).sqrt() / normal_pdf(normal_quantile(p))),
                alpha_if_deleted: alpha_of(k - 1, within - var, var_rest),
                full: share(&|l| l >= item.max - 1e-12),
                nothing: share(&|l| l <= 1e-12),
            }
        })
        .collect();
    let right_or_wrong =
        matrix.items().iter().all(|i| i.levels.iter().all(|l| *l == 0.0 || (*l - i.max).abs() < 1e-12));
    let points: f64 = matrix.items().iter().map(|i| i.max).sum();
    let nf = n as f64;
    Ok(ExamStatistics {
        candidates: n,
        items,
        reliability: Reliability {
            alpha,
            alpha_interval: alpha.and_then(|a| feldt_interval(a, n, k, 0.95)),
            kr20: alpha.filter(|_| right_or_wrong),
            kr21: (right_or_wrong && k > 1 && variance > tiny)
                .then(|| k as f64 / (k - 1) as f64 * (1.0 - mean * (points - mean) / (k as f64 * variance))),
            sem: alpha.map(|a| (variance * (1.0 - a).max(0.0)).sqrt()),
        },
        mean,
        sd: variance.sqrt(),
        skewness: (variance > tiny).then(|| m3 / nf / (m2 / nf).powf(1.5)),
        kurtosis: (variance > tiny).then(|| m4 / nf / (m2 / nf).powi(2) - 3.0),
    })
}

/// Interval of alpha at `level` (Feldt 1965, eq. 17; Feldt, Woodruff and Salih 1987): 1 − (1 − α) F, with n − 1 and
/// (n − 1)(k − 1) degrees of freedom.
pub fn feldt_interval(alpha: f64, n: usize, k: usize, level: f64) -> Option<[f64; 2]> {
    if n < 3 || k < 2 {
        return None;
    }
    let (df1, df2) = ((n - 1) as f64, ((n - 1) * (k - 1)) as f64);
    let tail = (1.0 - level) / 2.0;
    Some([1.0 - (1.0 - alpha) * f_quantile(1.0 - tail, df1, df2)?, 1.0 - (1.0 - alpha) * f_quantile(tail, df1, df2)?])
}

/// Reliability of a test `factor` times as long (Spearman 1910; Brown 1910).
pub fn spearman_brown(reliability: f64, factor: f64) -> f64 {
    factor * reliability / (1.0 + (factor - 1.0) * reliability)
}

/// How many times longer a test must be to reach `wanted`; `None` unless both are in 0..1.
pub fn length_for(reliability: f64, wanted: f64) -> Option<f64> {
    let within = |r: f64| r > 0.0 && r < 1.0;
    (within(reliability) && within(wanted)).then(|| wanted * (1.0 - reliability) / (reliability * (1.0 - wanted)))
}
