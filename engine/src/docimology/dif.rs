//! Does a question favour a group? Candidates of equal total are compared, group by group.
//!
//! A difference between groups at a question is no fault in itself: they may differ in ability. Differential item
//! functioning (DIF) is what remains between candidates of the same total. It says where to look, not why.
//!
//! Candidates are matched on the total, the question included (Holland and Thayer 1988 show why). In a stratum, the
//! reference has a right and b wrong answers, the focal group c and d; N = a + b + c + d. What is given:
//!
//! | statistic | of | source |
//! |---|---|---|
//! | common odds ratio α, χ², ΔMH | right or wrong | Mantel and Haenszel 1959; Holland and Thayer 1988 |
//! | its classes A, B, C | right or wrong | Zieky 1993 |
//! | Mantel's χ² | partial credit | Mantel 1963; Zwick, Donoghue and Grima 1993 |
//! | common odds ratio over all cuts | partial credit | Liu and Agresti 1996; Penfield and Algina 2003 |
//! | standardised difference | both | Dorans and Kulick 1986; Dorans and Schmitt 1991; Zwick and Thayer 1996 |
//! | its classes, over the SD | partial credit | Zwick, Thayer and Mazzeo 1997 |
//! | homogeneity of the odds ratios | right or wrong | Breslow and Day 1980; Tarone 1985 |
//! | regression, uniform or not | both | Swaminathan and Rogers 1990; Zumbo 1999 |
//! | SIBTEST ([`sibtest`]) | both | Shealy and Stout 1993; Roussos and Stout 1996 |
//! | distance of parameters, area between curves ([`parameter_dif`]) | right or wrong | Lord 1980; Raju 1988, 1990 |
//!
//! They fail where one group is small, where the groups hardly overlap in ability, where the exam is short or
//! unreliable (groups of unequal ability then look treated unequally), and where most questions favour the same
//! group: the total then carries the bias (purification helps a little). Mantel-Haenszel does not see a question that
//! favours one group among the weak and the other among the strong; the regression does.

mod parameters;
mod regression;
mod sibtest;
mod strata;

pub use parameters::{ParameterDif, parameter_dif};
pub use sibtest::{Sib, sibtest};

use super::matrix::{Item, ScoreMatrix};
use super::numeric::{benjamini_hochberg, chi2_sf};
use super::{Estimate, NotEstimable};
use rayon::prelude::*;
use serde::Serialize;
use strata::{Strata, Table};

/// Which side of the comparison a candidate is on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub enum Side {
    /// Those who serve as a reference.
    Reference,
    /// Those a question might favour or not.
    Focal,
    /// Neither.
    Out,
}

/// Class of ETS.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub enum Class {
    /// Negligible.
    A,
    /// Slight to moderate.
    B,
    /// Moderate to large: look at the question.
    C,
}

impl Class {
    /// One letter.
    pub fn letter(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
        }
    }
}

/// How to look.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Options {
    /// Leave flagged questions out of the matching total, and start again (Holland and Thayer 1988; at most
    /// [`ROUNDS`] times, as difR does).
    pub purify: bool,
    /// Level at which a question is left out by purification, 0 to 1.
    pub level: f64,
    /// Most matching strata; beyond, totals are put in bands of equal width. Thin bands match better, thick bands
    /// leave fewer candidates without a counterpart (Donoghue and Allen 1993).
    pub strata: usize,
    /// Least candidates of a side.
    pub least: usize,
    /// Give the regression too; most of the time goes there.
    pub regression: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { purify: false, level: 0.05, strata: 150, least: 30, regression: true }
    }
}

/// Most rounds of purification.
pub const ROUNDS: usize = 10;

/// What is regressed on the total and the group.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Regressed {
    /// Right or wrong: logistic regression.
    Binary,
    /// Ordered scores: proportional odds.
    Ordinal,
    /// The highest score against all others, where there are more than twelve.
    FullCredit,
}

/// Regression of the score on the total and the group (Swaminathan and Rogers 1990; Zumbo 1999).
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct LogisticDif {
    /// What is regressed.
    pub model: Regressed,
    /// Likelihood ratio of group and interaction together: χ² with 2 degrees of freedom.
    pub both: f64,
    /// Of the group: χ² with 1 degree of freedom. The same group is favoured at every level.
    pub uniform: f64,
    /// Of the interaction: χ² with 1 degree of freedom. Who is favoured depends on the level.
    pub non_uniform: f64,
    /// Probability of as much as `both` without DIF.
    pub p: f64,
    /// Probability of as much as `uniform`.
    pub p_uniform: f64,
    /// Probability of as much as `non_uniform`.
    pub p_non_uniform: f64,
    /// Gain of Nagelkerke's R² (1991) by group and interaction, 0 to 1.
    pub r2_gain: f64,
    /// Class of Jodoin and Gierl (2001): below 0.035, to 0.07, above, where significant at 0.05.
    pub class: Class,
    /// Class of Zumbo and Thomas (1997): below 0.13, to 0.26, above, where significant at 0.05. Seldom anything but A.
    pub class_zumbo: Class,
}

/// Is the odds ratio the same at every total?
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Homogeneity {
    /// Σ (a − E a)² / V a, with E a under the common odds ratio (Breslow and Day 1980).
    pub breslow_day: f64,
    /// The same less (Σ a − E a)² / Σ V a, which makes it a true χ² (Tarone 1985).
    pub tarone: f64,
    /// Strata that have both groups and both scores, less one.
    pub df: usize,
    /// Probability of as much as `tarone` with one odds ratio. Not to be trusted where strata are small, as they are
    /// at the ends of the scale.
    pub p: f64,
}

/// DIF of one question.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ItemDif {
    /// Candidates of the reference, of the focal group, who have a score.
    pub n: (usize, usize),
    /// Strata where both groups are.
    pub strata: usize,
    /// Are there scores between nothing and all?
    pub partial: bool,
    /// Common odds ratio, above 0: α = Σ ad/N / Σ bc/N; above 1, the question favours the reference. For partial
    /// credit, summed over every cut between two scores (Liu and Agresti 1996). `None` where a sum is 0.
    pub alpha: Option<f64>,
    /// ΔMH = −2.35 ln α (Holland and Thayer 1988): negative where the question is harder for the focal group.
    pub delta: Option<f64>,
    /// Variance of ln α: Phillips and Holland (1987) for right or wrong; for partial credit, the unbiased variance of
    /// the two-sample sums of which α is the ratio.
    pub var_log_alpha: Option<f64>,
    /// χ² of Mantel and Haenszel with the continuity correction of one half, 1 degree of freedom. Mantel's (1963)
    /// without correction, for partial credit.
    pub chi2: f64,
    /// Without continuity correction.
    pub chi2_plain: f64,
    /// Probability of as much without DIF (of `chi2`).
    pub p: f64,
    /// The same, adjusted for all questions (Benjamini and Hochberg 1995).
    pub adjusted_p: f64,
    /// Standardised difference: focal less reference at equal total, weighted by the focal group, in share of full
    /// credit, −1 to 1 (STD P-DIF of Dorans and Kulick 1986; SMD of Dorans and Schmitt 1991).
    pub standardised: f64,
    /// Its standard error without DIF (Zwick and Thayer 1996, hypergeometric).
    pub standardised_se: f64,
    /// Standardised difference in standard deviations of the question's score.
    pub effect: f64,
    /// Class of ETS. Right or wrong (Zieky 1993): C if |Δ| ≥ 1.5 and significantly above 1, A if |Δ| < 1 or not
    /// significantly different from 0, B otherwise. Partial credit, or Δ unknown (Zwick, Thayer and Mazzeo 1997): A
    /// if not significant or |effect| < 0.17, B below 0.25, C above. All at 0.05.
    pub class: Class,
    /// Class by the standardised difference alone (Dorans and Kulick 1986): below 0.05, to 0.10, above.
    pub class_standardised: Class,
    /// Homogeneity of the odds ratios; right or wrong only, with two strata at least.
    pub homogeneity: Option<Homogeneity>,
    /// Regression; `None` where it does not settle, or was not asked for.
    pub logistic: Option<LogisticDif>,
}

/// DIF of every question between two sides.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Dif {
    /// By question; `None` where nothing can be compared (everyone has the same score, no total has both groups).
    pub items: Vec<Option<ItemDif>>,
    /// Rounds of purification made.
    pub rounds: usize,
    /// Questions left out of the matching total at the end.
    pub left_out: Vec<usize>,
    /// Did purification come to rest? Always so without it.
    pub settled: bool,
}

const WHAT: &str = "fonctionnement différentiel";

/// DIF of every question of a matrix; `sides` has one entry a candidate.
///
/// # Errors
/// A side smaller than `options.least`, fewer than three questions, lists of different lengths.
pub fn dif(matrix: &ScoreMatrix, sides: &[Side], options: &Options) -> Estimate<Dif> {
    checked(matrix, sides, options)?;
    let all = matrix.totals();
    let mut left_out: Vec<usize> = Vec::new();
    let (mut rounds, mut settled) = (0, true);
    if options.purify {
        loop {
            let found = round(matrix, &all, &left_out, sides, options, false);
            let flagged: Vec<usize> =
                (0..found.len()).filter(|q| found[*q].as_ref().is_some_and(|i| i.p < options.level)).collect();
            if flagged == left_out {
                break;
            }
            // Two questions at least make a total.
            if rounds == ROUNDS || flagged.len() + 2 > matrix.questions() {
                settled = false;
                break;
            }
            (left_out, rounds) = (flagged, rounds + 1);
        }
    }
    let mut items = round(matrix, &all, &left_out, sides, options, true);
    adjust(items.iter_mut().flatten().collect());
    Ok(Dif { items, rounds, left_out, settled })
}

/// Is there enough to compare?
fn checked(matrix: &ScoreMatrix, sides: &[Side], options: &Options) -> Estimate<()> {
    if sides.len() != matrix.candidates() {
        let detail = format!("{} candidats répartis en groupes, {} attendus", sides.len(), matrix.candidates());
        return Err(NotEstimable::Unsuited { what: WHAT, detail });
    }
    let count = |side: Side| sides.iter().filter(|s| **s == side).count();
    let (smaller, needed) = (count(Side::Reference).min(count(Side::Focal)), options.least.max(2));
    if smaller < needed {
        return Err(NotEstimable::TooFewCandidates { what: WHAT, n: smaller, needed });
    }
    if matrix.questions() < 3 {
        return Err(NotEstimable::TooFewQuestions { what: WHAT, n: matrix.questions(), needed: 3 });
    }
    Ok(())
}

/// One group against all others, for each group that `of` names (`of[candidate]`; `None` is left out), in ascending
/// order. Probabilities are adjusted over all groups and questions together. Where there are two groups, there is
/// one comparison, of the second to the first.
pub fn each_against_others(matrix: &ScoreMatrix, of: &[Option<u16>], options: &Options) -> Vec<(u16, Estimate<Dif>)> {
    let mut groups: Vec<u16> = of.iter().flatten().copied().collect();
    groups.sort_unstable();
    groups.dedup();
    let groups = match groups.as_slice() {
        [_] => &[],
        [_, second] => std::slice::from_ref(second),
        all => all,
    };
    let mut found: Vec<(u16, Estimate<Dif>)> =
        groups.iter().map(|g| (*g, dif(matrix, &one_against_others(of, *g), options))).collect();
    adjust(found.iter_mut().filter_map(|(_, d)| d.as_mut().ok()).flat_map(|d| d.items.iter_mut().flatten()).collect());
    found
}

/// One group against all others: `of[candidate]` names the group, `None` is left out.
pub fn one_against_others(of: &[Option<u16>], group: u16) -> Vec<Side> {
    let side = |g: &Option<u16>| match g {
        Some(g) if *g == group => Side::Focal,
        Some(_) => Side::Reference,
        None => Side::Out,
    };
    of.iter().map(side).collect()
}

fn adjust(items: Vec<&mut ItemDif>) {
    let p: Vec<f64> = items.iter().map(|i| i.p).collect();
    for (item, adjusted) in items.into_iter().zip(benjamini_hochberg(&p)) {
        item.adjusted_p = adjusted;
    }
}

/// All questions with some left out of the matching total, or only what purification asks for.
fn round(
    matrix: &ScoreMatrix,
    all: &[f64],
    left_out: &[usize],
    sides: &[Side],
    options: &Options,
    whole: bool,
) -> Vec<Option<ItemDif>> {
    let mut totals = all.to_vec();
    for q in left_out {
        totals.iter_mut().zip(matrix.items()[*q].scores()).for_each(|(t, s)| *t -= s);
    }
    let common = Strata::new(totals.iter().copied(), sides, options.strata);
    let one = |(q, item): (usize, &Item)| {
        let with_own;
        let strata = if left_out.binary_search(&q).is_ok() {
            // A question always counts in its own matching total.
            let own = totals.iter().zip(item.scores()).map(|(t, s)| t + s);
            with_own = Strata::new(own, sides, options.strata);
            &with_own
        } else {
            &common
        };
        let table = Table::new(item, strata);
        let mut found = compare(item, &table, strata)?;
        if whole {
            found.homogeneity = found.alpha.filter(|_| !found.partial).and_then(|a| homogeneity(&table, strata, a));
            if options.regression {
                found.logistic = regression::regression(&table, strata);
            }
        }
        Some(found)
    };
    matrix.items().par_iter().enumerate().map(one).collect()
}

/// Candidates, points and squared points of one side in one stratum.
fn sums(row: &[u32], scores: &[f64]) -> (f64, f64, f64) {
    row.iter().zip(scores).fold((0.0, 0.0, 0.0), |(n, x, xx), (count, score)| {
        let count = f64::from(*count);
        (n + count, x + count * score, xx + count * score * score)
    })
}

fn compare(item: &Item, table: &Table, strata: &Strata) -> Option<ItemDif> {
    let scores = &table.scores;
    let levels = scores.len();
    if levels < 2 {
        return None;
    }
    let partial = levels > 2;
    let (mut gap, mut variance) = (0.0, 0.0);
    let (mut above, mut below) = (0.0, 0.0);
    let (mut weighted, mut weighted_variance, mut weight) = (0.0, 0.0, 0.0);
    let (mut n, mut x, mut xx) = ((0.0, 0.0), 0.0, 0.0);
    let mut both = 0;
    for k in 0..strata.count() {
        let (reference, focal) = (table.row(k, 0), table.row(k, 1));
        let ((nr, xr, xxr), (nf, xf, xxf)) = (sums(reference, scores), sums(focal, scores));
        n = (n.0 + nr, n.1 + nf);
        x += xr + xf;
        xx += xxr + xxf;
        if nr == 0.0 || nf == 0.0 {
            continue;
        }
        both += 1;
        let (total, m, m2) = (nr + nf, xr + xf, xxr + xxf);
        // Mantel (1963): the focal sum, its mean and variance with all margins fixed.
        let own = nr * nf / (total * total * (total - 1.0)) * (total * m2 - m * m).max(0.0);
        gap += xf - nf * m / total;
        variance += own;
        let (mut r_below, mut f_below) = (0.0, 0.0);
        for j in 0..levels - 1 {
            (r_below, f_below) = (r_below + f64::from(reference[j]), f_below + f64::from(focal[j]));
            above += (nr - r_below) * f_below / total;
            below += r_below * (nf - f_below) / total;
        }
        weighted += xf - nf * xr / nr;
        weighted_variance += (nf * (1.0 / nf + 1.0 / nr)).powi(2) * own;
        weight += nf;
    }
    let all = n.0 + n.1;
    let spread = (xx / all - (x / all).powi(2)).max(0.0).sqrt();
    let width = scores[levels - 1] - scores[0];
    // Sums of rounding errors are not variance.
    if both == 0 || variance <= 1e-12 * width * width || spread <= 1e-9 * width {
        return None;
    }
    let full = if item.max > 0.0 { item.max } else { width };
    let alpha = (above > 0.0 && below > 0.0).then(|| above / below);
    let var_log_alpha = alpha.and_then(|a| variance_of_log(table, strata, a, above));
    let delta = alpha.map(|a| -2.35 * a.ln());
    // The correction of one half is for counts: in points, half of what one more right answer adds.
    let half = if partial { 0.0 } else { 0.5 * width };
    let chi2 = (gap.abs() - half).max(0.0).powi(2) / variance;
    let p = chi2_sf(chi2, 1.0)?;
    let difference = weighted / weight;
    let effect = difference / spread;
    let by_effect = match effect.abs() {
        e if p >= 0.05 || e < 0.17 => Class::A,
        e if e < 0.25 => Class::B,
        _ => Class::C,
    };
    let class = match (delta, var_log_alpha) {
        (Some(delta), Some(variance)) if !partial => {
            let beyond_one = (delta.abs() - 1.0) / (2.35 * variance.sqrt());
            if delta.abs() >= 1.5 && beyond_one > 1.645 {
                Class::C
            } else if delta.abs() >= 1.0 && p < 0.05 {
                Class::B
            } else {
                Class::A
            }
        }
        _ => by_effect,
    };
    let standardised = difference / full;
    Some(ItemDif {
        n: (n.0 as usize, n.1 as usize),
        strata: both,
        partial,
        alpha,
        delta,
        var_log_alpha,
        chi2,
        chi2_plain: gap * gap / variance,
        p,
        adjusted_p: p,
        standardised,
        standardised_se: weighted_variance.sqrt() / weight / full,
        effect,
        class,
        class_standardised: match standardised.abs() {
            s if s < 0.05 => Class::A,
            s if s < 0.10 => Class::B,
            _ => Class::C,
        },
        homogeneity: None,
        logistic: None,
    })
}

/// Variance of the logarithm of the common odds ratio; `above` is its numerator.
///
/// Right or wrong (Phillips and Holland 1987): Σ (ad + α bc)(a + d + α (b + c)) / N² / (2 (Σ ad/N)²).
///
/// Partial credit: numerator less α times denominator is, in each stratum, the sum over pairs (candidate of the
/// reference, candidate of the focal group) of h = (cuts by which the first is above) − α (cuts by which the second
/// is), over N. Without DIF beyond α each has mean 0, and pairs without a common candidate are independent, so that
/// Σ_i (Σ_l h)² + Σ_l (Σ_i h)² − Σ h² is its variance without bias, in large strata and in small ones.
fn variance_of_log(table: &Table, strata: &Strata, alpha: f64, above: f64) -> Option<f64> {
    let levels = table.levels();
    let mut sum = 0.0;
    for k in 0..strata.count() {
        let (reference, focal) = (table.row(k, 0), table.row(k, 1));
        let (nr, nf) = (reference.iter().sum::<u32>(), focal.iter().sum::<u32>());
        if nr == 0 || nf == 0 {
            continue;
        }
        let total = f64::from(nr) + f64::from(nf);
        let own = if levels == 2 {
            let [b, a, d, c] = [reference[0], reference[1], focal[0], focal[1]].map(f64::from);
            (a * d + alpha * b * c) * (a + d + alpha * (b + c)) / 2.0
        } else {
            let h = |y: usize, z: usize| if y > z { (y - z) as f64 } else { -alpha * (z - y) as f64 };
            let mut own = 0.0;
            for (y, r) in reference.iter().enumerate().filter(|(_, r)| **r > 0) {
                let by_focal: f64 = focal.iter().enumerate().map(|(z, f)| f64::from(*f) * h(y, z)).sum();
                let squares: f64 = focal.iter().enumerate().map(|(z, f)| f64::from(*f) * h(y, z).powi(2)).sum();
                own += f64::from(*r) * (by_focal * by_focal - squares);
            }
            for (z, f) in focal.iter().enumerate().filter(|(_, f)| **f > 0) {
                let by_reference: f64 = reference.iter().enumerate().map(|(y, r)| f64::from(*r) * h(y, z)).sum();
                own += f64::from(*f) * by_reference * by_reference;
            }
            own
        };
        sum += own / (total * total);
    }
    let variance = sum / (above * above);
    (variance.is_finite() && variance > 0.0).then_some(variance)
}

/// Homogeneity of the odds ratios of a right-or-wrong question.
fn homogeneity(table: &Table, strata: &Strata, alpha: f64) -> Option<Homogeneity> {
    let (mut squares, mut gaps, mut variances, mut used) = (0.0, 0.0, 0.0, 0_usize);
    for k in 0..strata.count() {
        let (reference, focal) = (table.row(k, 0), table.row(k, 1));
        let [b, a, d, c] = [reference[0], reference[1], focal[0], focal[1]].map(f64::from);
        let (nr, nf, right) = (a + b, c + d, a + c);
        if nr == 0.0 || nf == 0.0 || right == 0.0 || b + d == 0.0 {
            continue;
        }
        // E with E (nf − right + E) = α (right − E)(nr − E): a root of one quadratic equation.
        let (second, first, last) = (1.0 - alpha, nf - right + alpha * (right + nr), -alpha * right * nr);
        let root = (first * first - 4.0 * second * last).max(0.0).sqrt();
        let e = if first > 0.0 { -2.0 * last / (first + root) } else { (root - first) / (2.0 * second) };
        let cells = [e, nr - e, right - e, nf - right + e];
        if cells.iter().any(|c| !(c.is_finite() && *c > 0.0)) {
            continue;
        }
        let variance = 1.0 / cells.iter().map(|c| 1.0 / c).sum::<f64>();
        squares += (a - e).powi(2) / variance;
        gaps += a - e;
        variances += variance;
        used += 1;
    }
    let df = used.checked_sub(1).filter(|df| *df > 0)?;
    let tarone = (squares - gaps * gaps / variances).max(0.0);
    let p = chi2_sf(tarone, df as f64)?;
    squares.is_finite().then_some(Homogeneity { breslow_day: squares, tarone, df, p })
}
