//! Published indices of answer copying, for pairs worth a second look.
//!
//! Two families. Omega (Wollack 1997) and GBT (van der Linden and Sotaridona 2006) count all identical answers and
//! know the abilities by an item response model. K (Holland 1996), K1, K2 (Sotaridona and Meijer 2002), S1 and S2
//! (Sotaridona and Meijer 2003) count identical wrong answers and know only how candidates with as many wrong
//! answers compare with the source.
//!
//! Where Wollack took Bock's nominal model (1972) for the wrong answer chosen, this takes the model of the score
//! (2PL, GPCM…) times the observed share of the answer among those of the same score, by groups of ability:
//! P(answer | θ) = P(score | θ) · share(answer | score, group). With right-or-wrong data it is the model itself,
//! as in CopyDetect's `similarity1`, whose numbers the tests reproduce.

use super::answers::Answers;
use super::tails;
use crate::docimology::irt::ItemParameters;
use crate::docimology::numeric::normal_cdf;
use crate::docimology::{Estimate, NotEstimable};
use rayon::prelude::*;
use serde::Serialize;

const WHAT: &str = "indices de copie";

/// Candidates that a group of ability must have.
const PER_GROUP: usize = 100;
/// Most groups of ability.
const MOST_GROUPS: usize = 5;
/// How many candidates the share in the whole cohort weighs against the share in a group.
const SHRINK: f64 = 20.0;
/// Candidates with as many wrong answers as the copier that K must have.
const LEAST_SUBGROUP: usize = 5;
/// Chance of guessing right by which Sotaridona and Meijer (2003) weigh right answers in S2.
const GUESS: f64 = 0.2;

/// Omega of Wollack (1997).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Omega {
    /// Identical answers.
    pub observed: usize,
    /// Expected of the copier's ability, given the answers of the source.
    pub expected: f64,
    /// Standard deviation of the number of identical answers.
    pub sd: f64,
    /// (observed − expected) / sd.
    pub omega: f64,
    /// Upper tail of the standard normal law.
    pub p: f64,
}

/// A count and the chance of at least as much.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CountTail {
    /// What was counted.
    pub observed: usize,
    /// Its expectation.
    pub expected: f64,
    /// Chance of as much or more.
    pub p: f64,
}

/// Every index of one pair, one way.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PairIndices {
    /// Index (from 0) of the candidate supposed to copy.
    pub copier: usize,
    /// Index (from 0) of the candidate supposed to be copied.
    pub source: usize,
    /// Omega: all identical answers, those of the source being given. Not symmetric.
    pub omega: Estimate<Omega>,
    /// GBT: all identical answers, neither copy being given. Symmetric.
    pub gbt: Estimate<CountTail>,
    /// K: identical wrong answers against the binomial law of those with as many wrong answers. Not symmetric.
    pub k: Estimate<CountTail>,
    /// K1: the same, the probability being smoothed by a line over the numbers of wrong answers.
    pub k1: Estimate<CountTail>,
    /// K2: the same by a parabola.
    pub k2: Estimate<CountTail>,
    /// S1: the same by a log-linear model and a Poisson law cut at the wrong answers of the source.
    pub s1: Estimate<CountTail>,
    /// S2: S1 with identical right answers added, the more weight the harder the question. `observed` and `expected`
    /// include these weights.
    pub s2: Estimate<CountTail>,
}

/// One question, ready for omega and GBT.
struct Question {
    /// Of each kind of answer: the class of its score.
    class: Vec<u8>,
    /// `share[kind * groups + group]`: share of this answer among those of its class in the group.
    share: Vec<f64>,
    /// `meet[class][g * groups + h]`: chance that answers of that class from groups g and h are the same.
    meet: Vec<Vec<f64>>,
}

/// What the indices need, computed once for a cohort.
pub struct Copying<'a> {
    answers: &'a Answers,
    items: &'a [ItemParameters],
    thetas: &'a [f64],
    groups: usize,
    group: Vec<usize>,
    questions: Vec<Question>,
    wrong: Vec<usize>,
    /// `right[r * questions + q]`: of those with r wrong answers, how many are right at question q.
    right: Vec<u32>,
    /// How many have r wrong answers.
    sizes: Vec<usize>,
}

impl<'a> Copying<'a> {
    /// Prepares the indices from the parameters of each question (in the order of `answers`) and the ability of each
    /// candidate (any estimate on the same scale; not-estimable abilities must be left out beforehand).
    ///
    /// A question with as many categories as scores uses the probability of each score; with two categories, of full
    /// credit or less. Shares are counted in up to five groups of ability of 100 candidates at least, shrunk
    /// towards the cohort with the weight of 20 candidates, so that an answer given once has a probability.
    ///
    /// # Errors
    /// Fewer than 50 candidates or 5 questions, lists of the wrong length, abilities or parameters that are not
    /// numbers, categories that do not match the scores.
    pub fn new(answers: &'a Answers, items: &'a [ItemParameters], thetas: &'a [f64]) -> Estimate<Self> {
        let (n, k) = (answers.candidates(), answers.questions());
        if n < 50 {
            return Err(NotEstimable::TooFewCandidates { what: WHAT, n, needed: 50 });
        }
        if k < 5 {
            return Err(NotEstimable::TooFewQuestions { what: WHAT, n: k, needed: 5 });
        }
        let unsuited = |detail: String| NotEstimable::Unsuited { what: WHAT, detail };
        if items.len() != k || thetas.len() != n {
            return Err(unsuited("il faut les paramètres de chaque question et l’aptitude de chaque candidat".into()));
        }
        if thetas.iter().any(|t| !t.is_finite()) {
            return Err(unsuited("l’aptitude d’un candidat n’est pas un nombre".into()));
        }
        let numbers = |i: &ItemParameters| i.a.is_finite() && i.c.is_finite() && i.b.iter().all(|b| b.is_finite());
        if let Some(q) = items.iter().position(|i| i.b.is_empty() || !numbers(i)) {
            return Err(unsuited(format!("les paramètres de la question n° {} ne sont pas des nombres", q + 1)));
        }
        let mut sorted = thetas.to_vec();
        sorted.sort_by(f64::total_cmp);
        let groups = (n / PER_GROUP).clamp(1, MOST_GROUPS);
        let cuts: Vec<f64> = (1..groups).map(|g| sorted[n * g / groups]).collect();
        let group: Vec<usize> = thetas.iter().map(|t| cuts.iter().filter(|c| *c <= t).count()).collect();
        let questions = (0..k)
            .into_par_iter()
            .map(|q| Question::new(answers, q, items[q].categories(), &group, groups))
            .collect::<Estimate<Vec<Question>>>()?;
        let wrong = answers.wrong_counts();
        let (mut right, mut sizes) = (vec![0; (k + 1) * k], vec![0; k + 1]);
        for (candidate, r) in wrong.iter().enumerate() {
            sizes[*r] += 1;
            for (q, count) in right[r * k..(r + 1) * k].iter_mut().enumerate() {
                *count += u32::from(answers.kind(q, candidate).is_some_and(|(_, kind)| !kind.wrong));
            }
        }
        Ok(Self { answers, items, thetas, groups, group, questions, wrong, right, sizes })
    }

    /// Every index of a pair, one way.
    ///
    /// # Errors
    /// Not two candidates of this cohort. What one index lacks is said in its field.
    pub fn pair(&self, copier: usize, source: usize) -> Estimate<PairIndices> {
        let n = self.answers.candidates();
        if copier == source || copier >= n || source >= n {
            let detail = "il faut deux candidats différents de cette épreuve".to_owned();
            return Err(NotEstimable::Unsuited { what: WHAT, detail });
        }
        let (omega, gbt) = (self.omega(copier, source), self.gbt(copier, source));
        let [k, k1, k2, s1, s2] = match self.subgroups(copier, source) {
            Ok(subgroups) => {
                [subgroups.k(), subgroups.k_smooth(1), subgroups.k_smooth(2), subgroups.s1(), self.s2(&subgroups)]
            }
            Err(why) => std::array::from_fn(|_| Err(why.clone())),
        };
        Ok(PairIndices { copier, source, omega, gbt, k, k1, k2, s1, s2 })
    }

    /// Every index of many pairs, each as (copier, source), in that order. Time O(n × questions / 64) a pair.
    pub fn pairs(&self, pairs: &[(usize, usize)]) -> Vec<Estimate<PairIndices>> {
        pairs.par_iter().map(|(copier, source)| self.pair(*copier, *source)).collect()
    }

    /// Omega (Wollack 1997): (h − Σ P) / √(Σ P(1 − P)), where P is the chance that a candidate of the copier's
    /// ability gives the very answer of the source, over the questions that both answered. Normal in the limit:
    /// below 20 common questions the tail is rough. Fails where ability was itself raised by copying (it then
    /// errs towards silence) and where questions depend on one another.
    pub fn omega(&self, copier: usize, source: usize) -> Estimate<Omega> {
        let (mut observed, mut expected, mut variance, mut common) = (0, 0.0, 0.0, 0);
        for q in 0..self.questions.len() {
            let (Some((own, _)), Some((other, _))) = (self.answers.kind(q, copier), self.answers.kind(q, source))
            else {
                continue;
            };
            let question = &self.questions[q];
            let chances = self.classes(q, copier);
            let share = question.share[other * self.groups + self.group[copier]];
            let p = (chances[usize::from(question.class[other])] * share).clamp(0.0, 1.0);
            observed += usize::from(own == other);
            expected += p;
            variance += p * (1.0 - p);
            common += 1;
        }
        if common < 5 {
            return Err(NotEstimable::TooFewQuestions { what: "indice oméga", n: common, needed: 5 });
        }
        let sd = variance.sqrt();
        if sd < 1e-9 {
            return Err(NotEstimable::NoVariance { what: "indice oméga" });
        }
        let omega = (observed as f64 - expected) / sd;
        Ok(Omega { observed, expected, sd, omega, p: normal_cdf(-omega) })
    }

    /// GBT (van der Linden and Sotaridona 2006): the number of identical answers has a generalised binomial
    /// (Poisson-binomial) law whose chance at each question is Σ over answers of P(answer | θ₁) P(answer | θ₂). Exact
    /// under the model; fails as omega does.
    pub fn gbt(&self, first: usize, second: usize) -> Estimate<CountTail> {
        let (mut observed, mut chances) = (0, vec![]);
        for q in 0..self.questions.len() {
            let (Some((a, _)), Some((b, _))) = (self.answers.kind(q, first), self.answers.kind(q, second)) else {
                continue;
            };
            observed += usize::from(a == b);
            chances.push(self.match_chance(q, first, second));
        }
        if chances.len() < 5 {
            return Err(NotEstimable::TooFewQuestions { what: "indice GBT", n: chances.len(), needed: 5 });
        }
        let expected = chances.iter().sum();
        Ok(CountTail { observed, expected, p: tails::poisson_binomial(chances, observed) })
    }

    /// Chance that two candidates give the same answer to a question, 0 to 1 (indices from 0).
    pub fn match_chance(&self, question: usize, first: usize, second: usize) -> f64 {
        let (p, other) = (self.classes(question, first), self.classes(question, second));
        let at = self.group[first] * self.groups + self.group[second];
        let meet = self.questions[question].meet.iter().map(|m| m[at]);
        p.iter().zip(&other).zip(meet).map(|((p, o), m)| p * o * m).sum::<f64>().clamp(0.0, 1.0)
    }

    fn classes(&self, question: usize, candidate: usize) -> Vec<f64> {
        let item = &self.items[question];
        let mut p = vec![0.0; item.categories()];
        item.probabilities(self.thetas[candidate], &mut p);
        p
    }

    /// Identical wrong answers of everyone with the source, by number of wrong answers; the source is left out.
    fn subgroups(&self, copier: usize, source: usize) -> Estimate<Subgroups> {
        let ws = self.wrong[source];
        if ws == 0 {
            let detail = "la copie prise pour modèle n’a aucune réponse fausse".to_owned();
            return Err(NotEstimable::Unsuited { what: "indices K et S", detail });
        }
        let n = self.answers.candidates();
        let (mut counts, mut differ) = (vec![0_u64; n], vec![0_u64; n]);
        for word in &self.answers.words {
            word.compare(source, 0, &mut counts, &mut differ);
        }
        let k = self.questions.len();
        let (mut sums, mut sizes) = (vec![0_u64; k + 1], self.sizes.clone());
        for (r, count) in self.wrong.iter().zip(&counts) {
            sums[*r] += count & u64::from(u32::MAX);
        }
        sums[ws] -= ws as u64;
        sizes[ws] -= 1;
        let mean = |(sum, size): (&u64, &usize)| (*size > 0).then(|| *sum as f64 / *size as f64);
        let matches = (counts[copier] & u64::from(u32::MAX)) as usize;
        let means = sums.iter().zip(&sizes).map(mean).collect();
        Ok(Subgroups { copier, source, ws, wc: self.wrong[copier], matches, means, sizes })
    }

    /// S2 (Sotaridona and Meijer 2003): to the identical wrong answers are added the questions that both got right,
    /// each weighed by δ = (e(1 + g)/(1 − g))^(−P(1 + g)/g), where g = 0.2 and P is the share of candidates with as
    /// many wrong answers who are right there. Means by number of wrong answers follow a log-linear model; the count is
    /// Poisson, cut at the number of questions. Weights, and sums of weights rounded up, as CopyDetect 1.3 has them.
    fn s2(&self, subgroups: &Subgroups) -> Estimate<CountTail> {
        let k = self.questions.len();
        let base = ((1.0 + GUESS) / (1.0 - GUESS)).ln() + 1.0;
        let right = |q: usize, c: usize| self.answers.kind(q, c).is_some_and(|(_, kind)| !kind.wrong);
        let of_source: Vec<bool> = (0..k).map(|q| right(q, subgroups.source)).collect();
        let share = |r: usize, q: usize| {
            let own = f64::from(u8::from(r == subgroups.ws && of_source[q]));
            (f64::from(self.right[r * k + q]) - own) / subgroups.sizes[r] as f64
        };
        let weight = |share: f64| (-base * share * (1.0 + GUESS) / GUESS).exp();
        let added = |r: usize| -> f64 {
            let terms = (0..k).filter(|q| of_source[*q]).map(|q| share(r, q));
            terms.map(|share| share * weight(share)).sum()
        };
        let means: Vec<Option<f64>> =
            subgroups.means.iter().enumerate().map(|(r, m)| m.map(|m| m + added(r).ceil())).collect();
        let mean = log_linear(&means, subgroups.wc, "indice S2")?.min(k as f64);
        let own = (0..k).filter(|q| of_source[*q] && right(*q, subgroups.copier));
        let observed = subgroups.matches + own.map(|q| weight(share(subgroups.wc, q))).sum::<f64>().ceil() as usize;
        Ok(CountTail { observed, expected: mean, p: tails::poisson(mean, observed, k) })
    }
}

impl Question {
    fn new(answers: &Answers, q: usize, categories: usize, group: &[usize], groups: usize) -> Estimate<Self> {
        let kinds = answers.kinds(q);
        let most = kinds.iter().map(|k| usize::from(k.level)).max().unwrap_or(0);
        let class: Vec<u8> = if categories == 2 {
            kinds.iter().map(|k| u8::from(!k.wrong)).collect()
        } else if most < categories {
            kinds.iter().map(|k| k.level).collect()
        } else {
            let detail = format!("la question n° {} a {} résultats pour {categories} catégories", q + 1, most + 1);
            return Err(NotEstimable::Unsuited { what: WHAT, detail });
        };
        let mut by_kind = vec![0.0; kinds.len() * groups];
        let mut by_class = vec![0.0; categories * groups];
        for (candidate, g) in group.iter().enumerate() {
            if let Some((kind, _)) = answers.kind(q, candidate) {
                by_kind[kind * groups + g] += 1.0;
                by_class[usize::from(class[kind]) * groups + g] += 1.0;
            }
        }
        let whole: Vec<f64> = by_class.chunks(groups).map(|c| c.iter().sum()).collect();
        let mut share = vec![0.0; by_kind.len()];
        let mut meet = vec![vec![0.0; groups * groups]; categories];
        for (kind, class) in class.iter().map(|c| usize::from(*c)).enumerate() {
            let overall = f64::from(kinds[kind].count) / whole[class];
            let own = &mut share[kind * groups..(kind + 1) * groups];
            for (g, share) in own.iter_mut().enumerate() {
                *share = (by_kind[kind * groups + g] + SHRINK * overall) / (by_class[class * groups + g] + SHRINK);
            }
            for (g, s) in own.iter().enumerate() {
                own.iter().zip(&mut meet[class][g * groups..]).for_each(|(t, meet)| *meet += s * t);
            }
        }
        Ok(Self { class, share, meet })
    }
}

/// Mean number of wrong answers shared with the source, by number of wrong answers.
struct Subgroups {
    copier: usize,
    source: usize,
    /// Wrong answers of the source.
    ws: usize,
    /// Wrong answers of the copier.
    wc: usize,
    /// Wrong answers that the pair shares.
    matches: usize,
    means: Vec<Option<f64>>,
    sizes: Vec<usize>,
}

impl Subgroups {
    fn tail(&self, p: f64) -> CountTail {
        let p_tail = tails::binomial(self.ws, p, self.matches);
        CountTail { observed: self.matches, expected: p * self.ws as f64, p: p_tail }
    }

    /// K (Holland 1996): P(Bin(w_s, p) ≥ m), p the mean share of the source's wrong answers given alike by those with
    /// as many wrong answers as the copier (himself included, the source not). Conservative; fails with few of
    /// them, and says nothing of which questions are hard.
    fn k(&self) -> Estimate<CountTail> {
        match self.means[self.wc] {
            Some(mean) if self.sizes[self.wc] >= LEAST_SUBGROUP => Ok(self.tail(mean / self.ws as f64)),
            _ => {
                Err(NotEstimable::TooFewCandidates { what: "indice K", n: self.sizes[self.wc], needed: LEAST_SUBGROUP })
            }
        }
    }

    /// K1 and K2 (Sotaridona and Meijer 2002): as K, with p predicted by a polynomial of the first or second
    /// degree in the share of wrong answers, fitted by unweighted least squares to the groups that exist, and held
    /// in 0.001..0.999 where it leaves 0..1 (CopyDetect's bounds). Fails where a straight line cannot follow the means
    /// (K1 with sources of very high or low score).
    fn k_smooth(&self, degree: usize) -> Estimate<CountTail> {
        let last = (self.means.len() - 1) as f64;
        let points: Vec<(f64, f64)> = (self.means.iter().enumerate())
            .filter_map(|(r, m)| m.map(|m| (r as f64 / last, m / self.ws as f64)))
            .collect();
        let what = if degree == 1 { "indice K1" } else { "indice K2" };
        if points.len() < degree + 2 {
            let detail = format!("{} totaux différents seulement", points.len());
            return Err(NotEstimable::Unsuited { what, detail });
        }
        let p = polynomial(&points, degree, self.wc as f64 / last).ok_or(NotEstimable::NoVariance { what })?;
        let p = if p >= 1.0 {
            0.999
        } else if p <= 0.0 {
            0.001
        } else {
            p
        };
        Ok(self.tail(p))
    }

    /// S1 (Sotaridona and Meijer 2003): the means follow log μ = β₀ + β₁ w, fitted by maximum likelihood of a Poisson
    /// law; Σ from m to w_s of the Poisson law of μ.
    fn s1(&self) -> Estimate<CountTail> {
        let mean = log_linear(&self.means, self.wc, "indice S1")?.min(self.ws as f64);
        Ok(CountTail { observed: self.matches, expected: mean, p: tails::poisson(mean, self.matches, self.ws) })
    }
}

/// Value at `at` of the polynomial of least squares, on polynomials orthogonal over the points (Forsythe 1957).
fn polynomial(points: &[(f64, f64)], degree: usize, at: f64) -> Option<f64> {
    let n = points.len() as f64;
    let mut before = vec![0.0; points.len()];
    let mut now = vec![1.0; points.len()];
    let (mut before_at, mut now_at, mut before_norm) = (0.0, 1.0, 0.0);
    let mut value = 0.0;
    for d in 0..=degree {
        let norm: f64 = now.iter().map(|v| v * v).sum();
        if norm < 1e-12 * n {
            return None;
        }
        let project: f64 = now.iter().zip(points).map(|(v, (_, y))| v * y).sum();
        value += project / norm * now_at;
        let alpha = now.iter().zip(points).map(|(v, (x, _))| v * v * x).sum::<f64>() / norm;
        let beta = if d == 0 { 0.0 } else { norm / before_norm };
        let next =
            now.iter().zip(&before).zip(points).map(|((v, b), (x, _))| (x - alpha) * v - beta * b).collect::<Vec<_>>();
        (before_at, now_at) = (now_at, (at - alpha) * now_at - beta * before_at);
        (before, now, before_norm) = (now, next, norm);
    }
    Some(value)
}

/// Mean predicted at `at` by a Poisson regression with log link on the index, by iterated weighted least squares
/// (Nelder and Wedderburn 1972).
fn log_linear(means: &[Option<f64>], at: usize, what: &'static str) -> Estimate<f64> {
    let points: Vec<(f64, f64)> =
        means.iter().enumerate().filter_map(|(r, m)| m.map(|m| (r as f64 - at as f64, m))).collect();
    if points.len() < 3 {
        let detail = format!("{} totaux différents seulement", points.len());
        return Err(NotEstimable::Unsuited { what, detail });
    }
    let mean = points.iter().map(|(_, y)| y).sum::<f64>() / points.len() as f64;
    let failed = || NotEstimable::NotConverged { what, detail: "modèle log-linéaire".into() };
    if mean <= 0.0 {
        return Err(failed());
    }
    let (mut b0, mut b1) = (mean.ln(), 0.0_f64);
    let mut first = true;
    for _ in 0..100 {
        let (mut s, mut sx, mut sxx, mut sz, mut sxz) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for (x, y) in &points {
            // The first step starts from the data, as R's glm does.
            let mu = if first { y + 0.1 } else { (b0 + b1 * x).exp() };
            let z = mu.ln() + (y - mu) / mu;
            s += mu;
            sx += mu * x;
            sxx += mu * x * x;
            sz += mu * z;
            sxz += mu * x * z;
        }
        first = false;
        let det = s * sxx - sx * sx;
        if !det.is_finite() || det <= 1e-12 * s * sxx {
            return Err(failed());
        }
        let (next0, next1) = ((sxx * sz - sx * sxz) / det, (s * sxz - sx * sz) / det);
        let moved = (next0 - b0).abs() + (next1 - b1).abs();
        (b0, b1) = (next0, next1);
        if moved < 1e-12 * (1.0 + b0.abs()) {
            let mu = b0.exp();
            return if mu.is_finite() { Ok(mu) } else { Err(failed()) };
        }
    }
    Err(failed())
}
