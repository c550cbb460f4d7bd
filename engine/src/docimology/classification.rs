//! How far a threshold can be trusted: would the same candidates pass another form, and should they?
//!
//! *Consistency* is the probability that two parallel forms decide alike; *accuracy* that one form decides as the true
//! score would. Cuts are in points; a candidate passes at the cut or above, and should pass if their true score is at
//! the cut or above.

use super::irt::ItemParameters;
use super::numeric::normal_cdf;
use super::{Estimate, NotEstimable};
use rayon::prelude::*;
use serde::Serialize;
use statrs::function::beta::{beta_reg, checked_ln_beta};

const WHAT: &str = "fiabilité de la décision";
/// A mark this close below a cut reaches it.
const NEAR: f64 = 1e-9;

/// A number that squares and sums without overflow.
fn sane(x: f64) -> bool {
    x.abs() <= 1e12
}

fn unsuited(detail: impl Into<String>) -> NotEstimable {
    NotEstimable::Unsuited { what: WHAT, detail: detail.into() }
}

/// Which method.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Livingston and Lewis (1995), from marks and their reliability.
    LivingstonLewis,
    /// Lee (2010), from a response model.
    Lee,
}

impl Method {
    /// Its name on a page.
    pub fn french(self) -> &'static str {
        match self {
            Self::LivingstonLewis => "Livingston et Lewis (bêta-binomiale)",
            Self::Lee => "Lee (modèle de réponse à l’item)",
        }
    }
}

/// Decisions at a cut, as shares of candidates, all in 0..=1.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Decisions {
    /// Same decision by two parallel forms.
    pub consistency: f64,
    /// The same by chance, from the pass rates.
    pub chance: f64,
    /// Cohen's κ (1960): (consistency − chance) / (1 − chance) (Hanson and Brennan 1990); `None` where all, or
    /// none, pass.
    pub kappa: Option<f64>,
    /// Decision that the true score deserves.
    pub accuracy: f64,
    /// Pass without deserving it, among all candidates.
    pub false_positive: f64,
    /// Fail without deserving it, among all candidates.
    pub false_negative: f64,
    /// Pass.
    pub pass_rate: f64,
    /// Deserve to pass.
    pub true_pass_rate: f64,
}

/// Shares of candidates, before they are told as [`Decisions`].
#[derive(Clone, Copy, Default)]
struct Tables {
    /// Pass both forms; pass the first only (the second only: the same); fail both.
    both: f64,
    one: f64,
    none: f64,
    /// Pass and deserve it, pass only, deserve only, neither.
    right_pass: f64,
    wrong_pass: f64,
    wrong_fail: f64,
    right_fail: f64,
}

impl Tables {
    /// Adds candidates of weight `w` who pass with probability `pass`.
    fn add(&mut self, w: f64, pass: f64, deserves: bool) {
        let pass = pass.clamp(0.0, 1.0);
        self.both += w * pass * pass;
        self.one += w * pass * (1.0 - pass);
        self.none += w * (1.0 - pass) * (1.0 - pass);
        if deserves {
            self.right_pass += w * pass;
            self.wrong_fail += w * (1.0 - pass);
        } else {
            self.wrong_pass += w * pass;
            self.right_fail += w * (1.0 - pass);
        }
    }

    /// As the pass rate of the form taken were `observed`: rows of that form are scaled (Livingston and Lewis 1995).
    fn told(&self, observed: Option<f64>) -> Decisions {
        let sum = self.right_pass + self.wrong_pass + self.wrong_fail + self.right_fail;
        let modelled = (self.right_pass + self.wrong_pass) / sum;
        let pass_rate = observed.unwrap_or(modelled);
        let scale = |wanted: f64, has: f64| if has > 1e-12 { wanted / (has * sum) } else { 0.0 };
        let (up, down) = (scale(pass_rate, modelled), scale(1.0 - pass_rate, 1.0 - modelled));
        let (both, first, second, none) = (up * self.both, up * self.one, down * self.one, down * self.none);
        let consistency = (both + none).clamp(0.0, 1.0);
        let other = (both + second).clamp(0.0, 1.0);
        let mine = (both + first).clamp(0.0, 1.0);
        let chance = mine * other + (1.0 - mine) * (1.0 - other);
        Decisions {
            consistency,
            chance,
            kappa: (1.0 - chance > 1e-9).then(|| (consistency - chance) / (1.0 - chance)),
            accuracy: (up * self.right_pass + down * self.right_fail).clamp(0.0, 1.0),
            false_positive: (up * self.wrong_pass).clamp(0.0, 1.0),
            false_negative: (down * self.wrong_fail).clamp(0.0, 1.0),
            pass_rate,
            true_pass_rate: (up * self.right_pass + down * self.wrong_fail).clamp(0.0, 1.0),
        }
    }
}

/// True scores as shares of the scale: a beta law on `low..=high`.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct TrueScores {
    /// First shape.
    pub alpha: f64,
    /// Second shape.
    pub beta: f64,
    /// Least true score, 0..1.
    pub low: f64,
    /// Greatest, 0..=1.
    pub high: f64,
}

impl TrueScores {
    fn sound(&self) -> bool {
        let shapes = [self.alpha, self.beta].iter().all(|s| s.is_finite() && *s > 1e-3 && *s < 1e7);
        shapes && self.low >= 0.0 && self.high <= 1.0 && self.high - self.low > 1e-9
    }

    /// Four-parameter fit by moments (Hanson 1991, from Johnson and Kotz 1970): mean, variance, skewness, kurtosis.
    fn four(moments: [f64; 4]) -> Option<Self> {
        let [m1, m2, m3, m4] = moments;
        let variance = m2 - m1 * m1;
        if variance <= 1e-12 {
            return None;
        }
        let third = m3 - 3.0 * m1 * m2 + 2.0 * m1.powi(3);
        let fourth = m4 - 4.0 * m1 * m3 + 6.0 * m1 * m1 * m2 - 3.0 * m1.powi(4);
        let skew = third / variance.powf(1.5);
        let (b1, b2) = (skew * skew, fourth / (variance * variance));
        let r = 6.0 * (b2 - b1 - 1.0) / (6.0 + 3.0 * b1 - 2.0 * b2);
        if !r.is_finite() || r <= 0.0 {
            return None;
        }
        let half = (r + 2.0) * skew / ((r + 2.0).powi(2) * b1 + 16.0 * (r + 1.0)).sqrt();
        let (alpha, beta) = (r / 2.0 * (1.0 - half), r / 2.0 * (1.0 + half));
        if alpha <= 0.0 || beta <= 0.0 {
            return None;
        }
        let width = (variance * (alpha + beta).powi(2) * (alpha + beta + 1.0) / (alpha * beta)).sqrt();
        let low = m1 - width * alpha / (alpha + beta);
        Some(Self { alpha, beta, low, high: low + width }).filter(Self::sound)
    }

    /// Two-parameter fit on 0..=1: mean and variance.
    fn two(m1: f64, m2: f64) -> Option<Self> {
        let variance = m2 - m1 * m1;
        if variance <= 1e-12 {
            return None;
        }
        let sum = m1 * (1.0 - m1) / variance - 1.0;
        Some(Self { alpha: m1 * sum, beta: (1.0 - m1) * sum, low: 0.0, high: 1.0 }).filter(Self::sound)
    }

    /// Nodes and weights of the law, below `cut` then above it: double exponential quadrature (Takahasi and Mori
    /// 1974) on each side, scaled to the mass of that side.
    fn nodes(&self, cut: f64) -> Vec<(f64, f64, bool)> {
        let range = self.high - self.low;
        let sum = self.alpha + self.beta;
        let mean = self.low + range * self.alpha / sum;
        let sd = range * (self.alpha * self.beta / (sum * sum * (sum + 1.0))).sqrt();
        // A peaked law is looked at where it is.
        let peaked = self.alpha.min(self.beta) >= 5.0;
        let within = if peaked { (mean - 12.0 * sd, mean + 12.0 * sd) } else { (self.low, self.high) };
        let cut = cut.clamp(self.low, self.high);
        let below = beta_reg(self.alpha, self.beta, ((cut - self.low) / range).clamp(0.0, 1.0));
        let mut nodes = Vec::new();
        for (from, to, mass, above) in [(self.low, cut, below, false), (cut, self.high, 1.0 - below, true)] {
            let (a, b) = (from.max(within.0), to.min(within.1));
            if mass <= 1e-15 || b - a <= 1e-14 {
                continue;
            }
            let start = nodes.len();
            let half = 0.5 * (b - a);
            let mut logs = Vec::new();
            for step in -384..=384 {
                let t = f64::from(step) / 64.0;
                let u = std::f64::consts::FRAC_PI_2 * t.sinh();
                // Distances to both ends, without cancellation.
                let (left, right) = (2.0 / (1.0 + (-2.0 * u).exp()), 2.0 / (1.0 + (2.0 * u).exp()));
                if left <= 0.0 || right <= 0.0 {
                    continue;
                }
                let (x, y) = ((a - self.low) + half * left, (self.high - b) + half * right);
                let log =
                    (self.alpha - 1.0) * x.ln() + (self.beta - 1.0) * y.ln() + t.cosh().ln() + (left * right).ln();
                logs.push(log);
                nodes.push((self.low + x, 0.0, above));
            }
            let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let total: f64 = logs.iter().map(|l| (l - most).exp()).sum();
            for (node, log) in nodes[start..].iter_mut().zip(&logs) {
                node.1 = mass * (log - most).exp() / total;
            }
        }
        nodes
    }
}

/// Probability of more than `bound` successes in `n`, counts being spread evenly over ±½ (so that it moves with the
/// bound): P(X > j) + (1 − f) P(X = j), with bound + ½ = j + f.
fn above(n: u32, tau: f64, bound: f64) -> f64 {
    let at = bound + 0.5;
    let (j, f) = (at.floor(), at - at.floor());
    let at_least = |m: f64| {
        if m <= 0.0 {
            1.0
        } else if m > f64::from(n) {
            0.0
        } else {
            beta_reg(m, f64::from(n) - m + 1.0, tau.clamp(0.0, 1.0))
        }
    };
    f * at_least(j + 1.0) + (1.0 - f) * at_least(j)
}

/// Decisions under a beta law of true scores and binomial errors (Lord 1965; Huynh 1976): `n` equal questions, pass
/// above `bound` right answers (for "at least c" give c − ½), deserve it from the share `true_cut`.
///
/// # Errors
/// A law that is not one, no question, bounds that are not numbers.
pub fn beta_binomial(law: &TrueScores, n: u32, bound: f64, true_cut: f64) -> Estimate<Decisions> {
    Ok(tables(law, n, bound, true_cut)?.told(None))
}

fn tables(law: &TrueScores, n: u32, bound: f64, true_cut: f64) -> Estimate<Tables> {
    if !law.sound() || checked_ln_beta(law.alpha, law.beta).is_err() {
        return Err(unsuited("la loi des scores vrais n’est pas une loi bêta sur l’échelle"));
    }
    if n == 0 || !sane(bound) || !sane(true_cut) {
        return Err(unsuited("le seuil ou la longueur n’est pas un nombre positif"));
    }
    let mut tables = Tables::default();
    for (tau, weight, deserves) in law.nodes(true_cut) {
        tables.add(weight, above(n, tau, bound), deserves);
    }
    Ok(tables)
}

/// What Livingston and Lewis need besides marks.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Scale {
    /// Least possible mark, in points.
    pub min: f64,
    /// Greatest.
    pub max: f64,
    /// Smallest step between marks, in points (1 for a count of right answers); 0 if they are nearly continuous.
    pub step: f64,
    /// Reliability of the marks, in 0..1.
    pub reliability: f64,
    /// The cut, in points.
    pub cut: f64,
}

/// Which law of true scores could be fitted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fit {
    /// Four parameters, from four moments.
    Four,
    /// Two parameters on the whole scale, as four gave no law within the scale.
    Two,
}

impl Fit {
    /// Its name on a page.
    pub fn french(self) -> &'static str {
        match self {
            Self::Four => "loi bêta à quatre paramètres",
            Self::Two => "loi bêta à deux paramètres (quatre ne convenaient pas)",
        }
    }
}

/// Decisions by Livingston and Lewis.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct LivingstonLewis {
    /// Which law was fitted.
    pub fit: Fit,
    /// The law of true scores, as shares of the scale.
    pub law: TrueScores,
    /// Effective test length before rounding: how many equal right-or-wrong questions are as reliable.
    pub effective_length: f64,
    /// Decisions on two forms like this one, under the model.
    pub model: Decisions,
    /// The same for the form taken: rows scaled to its own pass rate.
    pub taken: Decisions,
}

/// Livingston and Lewis (1995): marks of any kind are replaced by a count of right answers at
/// ñ = ((μ − min)(max − μ) − r σ²) / (σ² (1 − r)) equal questions, whose true scores follow a
/// four-parameter beta law found by moments (Hanson 1991; Lord 1965), errors being binomial; where that law is not
/// one or leaves the scale, a two-parameter law. Moments divide by n. The true cut is the same share of the scale as
/// the cut. Wrong where errors are far from binomial, or the reliability is of another population.
///
/// # Errors
/// Fewer than 30 marks, no variance, a scale that does not hold the marks, a reliability out of 0..1, a length
/// below 1, moments that no beta law has.
pub fn livingston_lewis(marks: &[f64], scale: &Scale) -> Estimate<LivingstonLewis> {
    let n = marks.len();
    if n < 30 {
        return Err(NotEstimable::TooFewCandidates { what: WHAT, n, needed: 30 });
    }
    let Scale { min, max, step, reliability: r, cut } = *scale;
    if !(max > min && [min, max, cut, step].into_iter().all(sane) && step >= 0.0) {
        return Err(unsuited("l’échelle ou le seuil n’est pas valable"));
    }
    if !(r > 0.0 && r < 1.0) {
        return Err(unsuited("la fidélité n’est pas entre 0 et 1"));
    }
    if marks.iter().any(|m| !m.is_finite() || *m < min - NEAR || *m > max + NEAR) {
        return Err(unsuited("des notes sont hors de l’échelle"));
    }
    let share = |m: f64| (m - min) / (max - min);
    let mean = marks.iter().map(|m| share(*m)).sum::<f64>() / n as f64;
    let variance = marks.iter().map(|m| (share(*m) - mean).powi(2)).sum::<f64>() / n as f64;
    if variance <= 1e-12 {
        return Err(NotEstimable::NoVariance { what: WHAT });
    }
    let effective_length = (mean * (1.0 - mean) - r * variance) / (variance * (1.0 - r));
    let length = effective_length.round();
    if !(1.0..=1e5).contains(&length) {
        return Err(unsuited(
            "la longueur effective de l’épreuve n’est pas plausible, la fidélité sans doute non plus",
        ));
    }
    let (law, fit) = fit(marks.iter().map(|m| length * share(*m)), length)
        .ok_or_else(|| unsuited("aucune loi bêta n’a les moments des notes"))?;
    let bound = length * share(cut - 0.5 * step) - if step > 0.0 { 0.0 } else { NEAR };
    let tables = tables(&law, length as u32, bound, share(cut))?;
    let passing = marks.iter().filter(|m| **m >= cut - NEAR).count();
    Ok(LivingstonLewis {
        fit,
        law,
        effective_length,
        model: tables.told(None),
        taken: told_as_taken(&tables, passing as f64 / n as f64),
    })
}

/// Scaled to the observed pass rate, unless the model has no one on one side.
fn told_as_taken(tables: &Tables, observed: f64) -> Decisions {
    let model = tables.told(None);
    let possible = (model.pass_rate > 1e-6 || observed <= 0.0) && (model.pass_rate < 1.0 - 1e-6 || observed >= 1.0);
    if possible { tables.told(Some(observed)) } else { model }
}

/// The law of true scores from counts in 0..=n, by factorial moments: E τʳ = E x(x − 1)…(x − r + 1) / n(n − 1)…
fn fit(counts: impl Iterator<Item = f64>, n: f64) -> Option<(TrueScores, Fit)> {
    let (mut sums, mut seen) = ([0.0; 4], 0.0);
    for x in counts {
        let mut product = 1.0;
        for (r, sum) in sums.iter_mut().enumerate() {
            product *= x - r as f64;
            *sum += product;
        }
        seen += 1.0;
    }
    let mut below = 1.0;
    for (r, sum) in sums.iter_mut().enumerate() {
        below *= n - r as f64;
        *sum = if below > 0.0 { *sum / (seen * below) } else { 0.0 };
    }
    let four = if n >= 4.0 { TrueScores::four(sums).map(|law| (law, Fit::Four)) } else { None };
    four.or_else(|| if n >= 2.0 { TrueScores::two(sums[0], sums[1]).map(|law| (law, Fit::Two)) } else { None })
}

/// Scores on a grid: `p[i]` is the probability of (`low` + i) × `unit` points.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ScoreDistribution {
    /// Place of the first, in units.
    pub low: i64,
    /// Step of the grid, in points.
    pub unit: f64,
    /// Probabilities; they sum to 1.
    pub p: Vec<f64>,
}

impl ScoreDistribution {
    /// Probability of `cut` points or more.
    pub fn at_least(&self, cut: f64) -> f64 {
        let from = ((cut / self.unit - 1e-6).ceil() - self.low as f64).max(0.0);
        if from >= self.p.len() as f64 { 0.0 } else { self.p[from as usize..].iter().sum::<f64>().min(1.0) }
    }

    /// Mean and standard deviation, in points.
    pub fn moments(&self) -> (f64, f64) {
        let each = || self.p.iter().enumerate().map(|(i, p)| (i as f64, p));
        let mean: f64 = each().map(|(i, p)| i * p).sum();
        let variance: f64 = each().map(|(i, p)| (i - mean).powi(2) * p).sum();
        ((self.low as f64 + mean) * self.unit, variance.max(0.0).sqrt() * self.unit)
    }
}

/// The largest unit of which all scores are multiples, looking at denominators up to `most`; `None` if there is none
/// (thirds and sevenths of a concordance key, say). 0, 0.2, 0.5 and 1 have 0.1.
pub fn common_unit(scores: &[Vec<f64>], most: u32) -> Option<f64> {
    let whole = |x: f64| (x - x.round()).abs() < 1e-7 * (1.0 + x.abs());
    let all = || scores.iter().flatten();
    if all().any(|s| !s.is_finite() || s.abs() > 1e9) {
        return None;
    }
    let d = (1..=most).map(f64::from).find(|d| all().all(|s| whole(s * d)))?;
    let gcd = all().map(|s| (s * d).round().abs() as u64).fold(0, num_integer::gcd);
    (gcd > 0).then(|| gcd as f64 / d)
}

/// Cells of a grid beyond which a computation is refused.
const MOST_CELLS: f64 = 200_000.0;

/// Categories of one item on the grid: place and share of each score, in units.
type OnGrid = Vec<Vec<(i64, f64)>>;

fn on_grid(items: &[ItemParameters], scores: &[Vec<f64>], unit: f64) -> Estimate<OnGrid> {
    if items.is_empty() {
        return Err(NotEstimable::TooFewQuestions { what: WHAT, n: 0, needed: 1 });
    }
    let sound = |(i, s): (&ItemParameters, &Vec<f64>)| s.len() == i.categories() && s.iter().all(|s| sane(*s));
    let known =
        |i: &ItemParameters| !i.b.is_empty() && sane(i.a) && i.b.iter().all(|b| sane(*b)) && (0.0..=1.0).contains(&i.c);
    if !items.iter().all(known) {
        return Err(unsuited("une question n’a pas de paramètres valables"));
    }
    if items.len() != scores.len() || !items.iter().zip(scores).all(sound) {
        return Err(unsuited("les points ne correspondent pas aux niveaux des questions"));
    }
    if !(sane(unit) && unit > 0.0) {
        return Err(unsuited("l’unité des points n’est pas positive"));
    }
    let range = |s: &Vec<f64>| {
        s.iter().copied().fold(f64::NEG_INFINITY, f64::max) - s.iter().copied().fold(f64::INFINITY, f64::min)
    };
    let extreme = scores.iter().flatten().any(|s| (s / unit).abs() > 1e9);
    if extreme || scores.iter().map(range).sum::<f64>() / unit > MOST_CELLS {
        return Err(unsuited("l’unité des points est trop fine pour cette épreuve"));
    }
    // A score off the grid is shared between its neighbours: the mean is kept.
    let place = |s: &f64| {
        let at = s / unit;
        let near = at.round();
        if (at - near).abs() < 1e-6 {
            (near as i64, 1.0)
        } else {
            (at.floor() as i64, 1.0 - at.fract().rem_euclid(1.0))
        }
    };
    Ok(scores.iter().map(|s| s.iter().map(place).collect()).collect())
}

fn convolve(items: &[ItemParameters], grid: &OnGrid, unit: f64, theta: f64) -> ScoreDistribution {
    let (mut low, mut p) = (0_i64, vec![1.0]);
    let mut chances = Vec::new();
    let mut next: Vec<f64> = Vec::new();
    for (item, places) in items.iter().zip(grid) {
        chances.clear();
        chances.resize(item.categories(), 0.0);
        item.probabilities(theta, &mut chances);
        let least = places.iter().map(|(at, _)| *at).min().unwrap_or(0);
        let most = places.iter().map(|(at, share)| at + i64::from(*share < 1.0)).max().unwrap_or(0);
        next.clear();
        next.resize(p.len() + (most - least) as usize, 0.0);
        let mut lay = |at: i64, chance: f64| {
            let shift = (at - least) as usize;
            next[shift..shift + p.len()].iter_mut().zip(&p).for_each(|(n, p)| *n += chance * p);
        };
        for ((at, share), chance) in places.iter().zip(&chances) {
            lay(*at, chance * share);
            if *share < 1.0 {
                lay(at + 1, chance * (1.0 - share));
            }
        }
        std::mem::swap(&mut p, &mut next);
        low += least;
    }
    ScoreDistribution { low, unit, p }
}

/// Distribution of the total at ability `theta` (Lord and Wingersky 1984; Kolen and Brennan 2014, chap. 6, for several
/// categories): questions are added one at a time. `scores[question][category]` in points, `unit` in points
/// ([`common_unit`]); a score between two multiples is shared between them, which keeps the mean and adds at most
/// unit² / 4 to the variance for each such question.
///
/// # Errors
/// No question, scores that do not match categories, a unit that is not positive or too fine (200,000 cells).
pub fn score_distribution(
    items: &[ItemParameters],
    scores: &[Vec<f64>],
    unit: f64,
    theta: f64,
) -> Estimate<ScoreDistribution> {
    if !sane(theta) {
        return Err(unsuited("la compétence n’est pas un nombre"));
    }
    Ok(convolve(items, &on_grid(items, scores, unit)?, unit, theta))
}

/// Decisions at one ability.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct AtAbility {
    /// Ability, in logits.
    pub theta: f64,
    /// Expected score there, in points.
    pub true_score: f64,
    /// Conditional standard error of measurement of the total, in points.
    pub sem: f64,
    /// Probability of passing.
    pub pass: f64,
    /// Of the same decision twice.
    pub consistency: f64,
    /// Of the decision that the true score deserves.
    pub accuracy: f64,
}

/// Decisions under a response model.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Lee {
    /// Over all abilities.
    pub decisions: Decisions,
    /// By ability, in the order given.
    pub abilities: Vec<AtAbility>,
}

/// Abilities of equal weight, for [`lee`] over candidates (Lee's P method).
pub fn equal_weights(abilities: &[f64]) -> Vec<(f64, f64)> {
    abilities.iter().map(|t| (*t, 1.0)).collect()
}

/// Lee (2010): at each ability the distribution of the total gives the probability of passing; consistency
/// and accuracy are averaged over `abilities`, pairs of ability and weight: quadrature nodes (his D method) or those
/// of candidates ([`equal_weights`], his P method). Weights need not sum to 1. Arguments as [`score_distribution`].
/// Errors of the parameters are left out, and estimated abilities spread more than true ones.
///
/// # Errors
/// As [`score_distribution`]; no ability, weights negative or all 0.
pub fn lee(
    items: &[ItemParameters],
    scores: &[Vec<f64>],
    unit: f64,
    cut: f64,
    abilities: &[(f64, f64)],
) -> Estimate<Lee> {
    let grid = on_grid(items, scores, unit)?;
    if !sane(cut) {
        return Err(unsuited("le seuil n’est pas un nombre"));
    }
    let sum: f64 = abilities.iter().map(|a| a.1).sum();
    let sound = |(t, w): &(f64, f64)| sane(*t) && sane(*w) && *w >= 0.0;
    if !(abilities.iter().all(sound) && sum > 0.0 && sum.is_finite()) {
        return Err(unsuited("aucune compétence, ou des poids qui n’en sont pas"));
    }
    let at: Vec<AtAbility> = abilities
        .par_iter()
        .map(|(theta, _)| {
            let distribution = convolve(items, &grid, unit, *theta);
            let pass = distribution.at_least(cut).clamp(0.0, 1.0);
            let (_, sem) = distribution.moments();
            let true_score = items.iter().zip(scores).map(|(i, s)| i.expected(*theta, s)).sum();
            let deserves = true_score >= cut - NEAR;
            AtAbility {
                theta: *theta,
                true_score,
                sem,
                pass,
                consistency: pass * pass + (1.0 - pass) * (1.0 - pass),
                accuracy: if deserves { pass } else { 1.0 - pass },
            }
        })
        .collect();
    let mut tables = Tables::default();
    for (a, (_, weight)) in at.iter().zip(abilities) {
        tables.add(weight / sum, a.pass, a.true_score >= cut - NEAR);
    }
    Ok(Lee { decisions: tables.told(None), abilities: at })
}

/// Probability, 0..=1, that the true score is at the cut or above, from one mark and its conditional standard error of
/// measurement (all in points): Φ((mark − cut) / sem) under a normal error and no knowledge of the cohort (Lord and
/// Novick 1968). Too sure of extreme marks: see [`probability_above_regressed`]. `None` where an argument is
/// not a number or the error is negative.
pub fn probability_above(mark: f64, sem: f64, cut: f64) -> Option<f64> {
    if !(mark.is_finite() && cut.is_finite() && sem.is_finite() && sem >= 0.0) {
        return None;
    }
    if sem <= 1e-12 {
        return Some(if mark >= cut - NEAR { 1.0 } else { 0.0 });
    }
    Some(normal_cdf((mark - cut) / sem))
}

/// The same with the mark drawn toward the mean of the cohort (Kelley 1947): the true score is normal about
/// r × mark + (1 − r) × mean with standard deviation SD √(r (1 − r)), `r` the reliability in 0..=1. `None` where an
/// argument is out of range.
pub fn probability_above_regressed(mark: f64, mean: f64, sd: f64, reliability: f64, cut: f64) -> Option<f64> {
    if !(mean.is_finite() && sd.is_finite() && sd >= 0.0 && (0.0..=1.0).contains(&reliability)) {
        return None;
    }
    let expected = reliability * mark + (1.0 - reliability) * mean;
    probability_above(expected, sd * (reliability * (1.0 - reliability)).sqrt(), cut)
}
