//! Rasch difficulties without any assumption on abilities: conditional maximum likelihood (Andersen 1972).
//!
//! Given how many questions a candidate has right, which ones they are depends on the difficulties alone: the
//! probability of right answers `x` given their number r is ∏ ε_i^x_i / γ_r, with ε_i = e^−β_i and γ_r the elementary
//! symmetric function of order r (Andersen 1972, eq. 2.5). Candidates with nothing or everything right say nothing.
//!
//! γ_r is held divided by the number of its terms: adding a question is then a weighted mean of two positive numbers,
//! nothing is ever subtracted and nothing overflows before differences of difficulty that no exam has. Functions
//! without a question are made by halves (k log k additions of a question for all of them), not by division, whose
//! errors grow with the number of questions. The information needs no function without two questions: with E_i the
//! expected number of right answers at i, that of i and j both right is (ε_j E_i − ε_i E_j) / (ε_j − ε_i).
//!
//! Not here: abilities (give the difficulties to [`super::ability::ability`]), nor slopes ([`super::mml`]).

use super::model::{ItemParameters, Model};
use super::packed::Coded;
use crate::docimology::matrix::{MISSING, ScoreMatrix};
use crate::docimology::numeric::chi2_sf;
use crate::docimology::{Estimate, NotEstimable};
use nalgebra::{Cholesky, DMatrix, DVector, Dyn};
use rayon::prelude::*;
use serde::Serialize;
use std::collections::BTreeMap;

const WHAT: &str = "modèle de Rasch conditionnel";

/// Newton steps at most.
const MOST_STEPS: usize = 60;
/// Difficulties closer than this count as equal where a difference would divide.
const TIE: f64 = 1e-6;
/// Where sums start: as low as halves of questions, which are balanced, leave room for.
const START: f64 = 1e-250;
/// Farther apart, difficulties are those of a question that separates the candidates it was given to.
const FARTHEST: f64 = 30.0;

/// Rasch difficulties by conditional maximum likelihood.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Conditional {
    /// Index in the matrix of each question that is in the model.
    pub kept: Vec<usize>,
    /// Index in the matrix of questions without a finite difficulty: all right, or all wrong, among the candidates who
    /// have neither everything right nor everything wrong.
    pub left_out: Vec<usize>,
    /// Difficulties β of the questions kept, in logits, of sum 0.
    pub difficulties: Vec<f64>,
    /// Their standard errors, for that sum.
    pub errors: Vec<f64>,
    /// Greatest conditional log-likelihood (natural logarithm).
    pub log_likelihood: f64,
    /// Candidates who say something: neither everything right nor everything wrong.
    pub informative: usize,
    /// Groups of candidates who were given the same questions.
    pub patterns: usize,
    /// Newton steps.
    pub iterations: usize,
}

impl Conditional {
    /// The questions kept as response functions of slope 1; the origin of ability is the mean difficulty.
    pub fn items(&self) -> Vec<ItemParameters> {
        let item = |b: &f64| ItemParameters { model: Model::Rasch, a: 1.0, b: vec![*b], c: 0.0 };
        self.difficulties.iter().map(item).collect()
    }
}

/// Candidates who were given the same questions, as their sufficient statistics.
struct Pattern {
    /// Questions given, as columns of the model.
    questions: Vec<usize>,
    /// Score and number of candidates, scores strictly between none and all.
    scores: Vec<(usize, f64)>,
}

/// What the data say, reduced: candidates by pattern and score, right answers by question.
struct Reduced {
    patterns: Vec<Pattern>,
    right: Vec<f64>,
    informative: usize,
}

/// Columns of right (1), wrong (0) and [`MISSING`] answers.
type Columns<'a> = Vec<&'a [u8]>;

/// Reduces the answers of the candidates listed to sufficient statistics.
fn reduce(columns: &Columns, candidates: &[usize]) -> Reduced {
    let k = columns.len();
    let complete = !columns.iter().any(|c| c.contains(&MISSING));
    let mut groups: BTreeMap<Vec<u64>, BTreeMap<usize, f64>> = BTreeMap::new();
    let (mut scores, mut given) = (vec![0_usize; candidates.len()], vec![0_usize; candidates.len()]);
    for column in columns {
        for ((score, given), c) in scores.iter_mut().zip(&mut given).zip(candidates) {
            *score += usize::from(column[*c] == 1);
            *given += usize::from(column[*c] != MISSING);
        }
    }
    let says: Vec<bool> = scores.iter().zip(&given).map(|(s, g)| *s > 0 && s < g).collect();
    let words = k.div_ceil(64);
    let mut masks = vec![0_u64; if complete { 0 } else { words * candidates.len() }];
    let mut right = vec![0.0; k];
    for (q, column) in columns.iter().enumerate() {
        let mut count = 0_usize;
        for (i, c) in candidates.iter().enumerate() {
            count += usize::from(says[i] && column[*c] == 1);
            if !complete && column[*c] != MISSING {
                masks[i * words + q / 64] |= 1 << (q % 64);
            }
        }
        right[q] = count as f64;
    }
    let mut informative = 0;
    if complete {
        let all = groups.entry(vec![u64::MAX; words]).or_default();
        for (score, _) in scores.iter().zip(&says).filter(|(_, s)| **s) {
            *all.entry(*score).or_default() += 1.0;
            informative += 1;
        }
    } else {
        for (i, (score, _)) in scores.iter().zip(&says).enumerate().filter(|(_, (_, s))| **s) {
            let mask = masks[i * words..(i + 1) * words].to_vec();
            *groups.entry(mask).or_default().entry(*score).or_default() += 1.0;
            informative += 1;
        }
    }
    let patterns = groups
        .into_iter()
        .filter(|(_, scores)| !scores.is_empty())
        .map(|(mask, scores)| Pattern {
            questions: (0..k).filter(|q| mask[q / 64] >> (q % 64) & 1 == 1).collect(),
            scores: scores.into_iter().collect(),
        })
        .collect();
    Reduced { patterns, right, informative }
}

/// Elementary symmetric functions of some numbers, each divided by its number of terms, by order: one more number.
fn add(sums: &mut Vec<f64>, epsilon: f64) {
    let n = sums.len();
    sums.push(epsilon * sums[n - 1]);
    let share = 1.0 / n as f64;
    for r in (1..n).rev() {
        let with = r as f64 * share;
        sums[r] = (1.0 - with) * sums[r] + with * epsilon * sums[r - 1];
    }
}

/// For each number in turn, the functions of all others.
fn all_but_one(epsilon: &[f64], outside: Vec<f64>, found: &mut [Vec<f64>]) {
    if let [one] = found {
        *one = outside;
        return;
    }
    let middle = found.len() / 2;
    let (left, right) = found.split_at_mut(middle);
    let with = |others: &[f64]| {
        let mut sums = outside.clone();
        sums.reserve(others.len());
        others.iter().for_each(|e| add(&mut sums, *e));
        sums
    };
    let (first, last) = epsilon.split_at(middle);
    let (for_left, for_right) = (with(last), with(first));
    all_but_one(first, for_left, left);
    all_but_one(last, for_right, right);
}

/// What a pattern adds at some difficulties.
struct Part {
    log_likelihood: f64,
    /// Expected number of right answers.
    expected: Vec<f64>,
    /// Covariances of right answers, summed over the candidates.
    information: Option<DMatrix<f64>>,
}

impl Pattern {
    fn part(&self, difficulties: &[f64], with_information: bool) -> Part {
        let k = self.questions.len();
        let n: f64 = self.scores.iter().map(|(_, n)| n).sum();
        let own: Vec<f64> = self.questions.iter().map(|q| difficulties[*q]).collect();
        let mean = own.iter().sum::<f64>() / k as f64;
        // Easy and hard ones alternate, so that any run of them is balanced and its sums stay in range.
        let mut ascending: Vec<usize> = (0..k).collect();
        ascending.sort_by(|a, b| own[*a].total_cmp(&own[*b]).then(a.cmp(b)));
        let order: Vec<usize> =
            (0..k).map(|i| if i % 2 == 0 { ascending[i / 2] } else { ascending[k - 1 - i / 2] }).collect();
        let epsilon: Vec<f64> = order.iter().map(|i| (mean - own[*i]).exp()).collect();
        let mut whole = vec![START];
        epsilon.iter().for_each(|e| add(&mut whole, *e));
        let mut without = vec![vec![]; k];
        all_but_one(&epsilon, vec![START], &mut without);
        // ln γ_r = ln of the mean term + ln of the number of terms + what centring took away.
        let mut terms = vec![0.0; k + 1];
        for r in 1..=k {
            terms[r] = terms[r - 1] + ((k + 1 - r) as f64 / r as f64).ln();
        }
        let log_gamma = |r: usize| whole[r].ln() - START.ln() + terms[r] - r as f64 * mean;
        let log_likelihood = -self.scores.iter().map(|(r, n)| n * log_gamma(*r)).sum::<f64>();
        // Probabilities of a right answer by score (rows), for the questions in the pattern's own order.
        let mut probabilities = DMatrix::<f64>::zeros(self.scores.len(), k);
        let mut expected = vec![0.0; k];
        for (place, i) in order.iter().enumerate() {
            let column = &without[place];
            for (row, (r, n)) in self.scores.iter().enumerate() {
                let p = epsilon[place] * column[r - 1] / whole[*r] * (*r as f64 / k as f64);
                probabilities[(row, *i)] = p * n.sqrt();
                expected[*i] += n * p;
            }
        }
        let information = with_information.then(|| {
            let mut products = probabilities.transpose() * &probabilities;
            let by_question: Vec<f64> = own.iter().map(|b| (mean - b).exp()).collect();
            let tied = Ties::new(&ascending, &own, |i, j| self.both_right(&by_question, &whole, i, j));
            for i in 0..k {
                for j in 0..i {
                    let both = match tied.of(i, j) {
                        Some(both) => both,
                        None => {
                            let (e, f) = (by_question[i], by_question[j]);
                            (f * expected[i] - e * expected[j]) / (f - e)
                        }
                    };
                    let value = both.clamp(0.0, n) - products[(i, j)];
                    (products[(i, j)], products[(j, i)]) = (value, value);
                }
                products[(i, i)] = expected[i] - products[(i, i)];
            }
            products
        });
        Part { log_likelihood, expected, information }
    }

    /// Expected number of candidates with two questions right, from the sums without both.
    fn both_right(&self, epsilon: &[f64], whole: &[f64], i: usize, j: usize) -> f64 {
        let k = epsilon.len() as f64;
        let mut rest = vec![START];
        // In the order of the pattern's halves sums stay in range; here ascending and descending ends alternate too.
        let mut others: Vec<f64> = (0..epsilon.len()).filter(|q| *q != i && *q != j).map(|q| epsilon[q]).collect();
        others.sort_by(f64::total_cmp);
        let m = others.len();
        (0..m).for_each(|q| add(&mut rest, if q % 2 == 0 { others[q / 2] } else { others[m - 1 - q / 2] }));
        let probability = |r: usize| {
            if r < 2 {
                return 0.0;
            }
            let terms = r as f64 * (r - 1) as f64 / (k * (k - 1.0));
            epsilon[i] * epsilon[j] * rest[r - 2] / whole[r] * terms
        };
        self.scores.iter().map(|(r, n)| n * probability(*r)).sum()
    }
}

/// Runs of questions of equal difficulty, with the expected number of candidates who have two of them right.
struct Ties {
    /// Run of each question.
    run: Vec<usize>,
    /// By run, where it has two questions.
    both: Vec<Option<f64>>,
}

impl Ties {
    fn new(ascending: &[usize], difficulties: &[f64], both: impl Fn(usize, usize) -> f64) -> Self {
        let mut run = vec![0; ascending.len()];
        let mut firsts: Vec<(usize, Option<usize>)> = Vec::new();
        for (place, i) in ascending.iter().enumerate() {
            let joined = place > 0 && difficulties[*i] - difficulties[ascending[place - 1]] < TIE;
            match firsts.last_mut() {
                Some((_, second)) if joined => {
                    second.get_or_insert(*i);
                }
                _ => firsts.push((*i, None)),
            }
            run[*i] = firsts.len() - 1;
        }
        Self { run, both: firsts.iter().map(|(i, j)| j.map(|j| both(*i, j))).collect() }
    }

    fn of(&self, i: usize, j: usize) -> Option<f64> {
        if self.run[i] == self.run[j] { self.both[self.run[i]] } else { None }
    }
}

/// All patterns together: log-likelihood, expected right answers, information.
fn total(reduced: &Reduced, difficulties: &[f64], with_information: bool) -> Part {
    let k = difficulties.len();
    let mut sum = Part {
        log_likelihood: -reduced.right.iter().zip(difficulties).map(|(s, b)| s * b).sum::<f64>(),
        expected: vec![0.0; k],
        information: with_information.then(|| DMatrix::zeros(k, k)),
    };
    // Patterns by bunches: the memory of one matrix a pattern would be too much.
    for bunch in reduced.patterns.chunks(64) {
        let parts: Vec<Part> = bunch.par_iter().map(|p| p.part(difficulties, with_information)).collect();
        for (pattern, part) in bunch.iter().zip(parts) {
            sum.log_likelihood += part.log_likelihood;
            for (at, q) in pattern.questions.iter().enumerate() {
                sum.expected[*q] += part.expected[at];
            }
            if let (Some(all), Some(own)) = (&mut sum.information, part.information) {
                if pattern.questions.len() == k {
                    *all += own;
                } else {
                    for (i, q) in pattern.questions.iter().enumerate() {
                        pattern.questions.iter().enumerate().for_each(|(j, p)| all[(*q, *p)] += own[(i, j)]);
                    }
                }
            }
        }
    }
    sum
}

fn unsuited(detail: String) -> NotEstimable {
    NotEstimable::Unsuited { what: WHAT, detail }
}

/// Columns with a finite difficulty among these candidates, with what they say; the others are taken out until nothing
/// more has to be.
fn estimable<'a>(all: &Columns<'a>, candidates: &[usize]) -> (Vec<usize>, Reduced) {
    let mut kept: Vec<usize> = (0..all.len()).collect();
    loop {
        let columns: Columns = kept.iter().map(|q| all[*q]).collect();
        let reduced = reduce(&columns, candidates);
        let mut given = vec![0.0; kept.len()];
        for pattern in &reduced.patterns {
            let n: f64 = pattern.scores.iter().map(|(_, n)| n).sum();
            pattern.questions.iter().for_each(|q| given[*q] += n);
        }
        let finite = |q: usize| reduced.right[q] > 0.0 && reduced.right[q] < given[q];
        if (0..kept.len()).all(finite) || kept.len() < 2 {
            return (kept, reduced);
        }
        kept = (0..kept.len()).filter(|q| finite(*q)).map(|q| kept[q]).collect();
    }
}

/// Difficulties of sum 0, their standard errors, the log-likelihood and the steps it took.
fn climb(reduced: &Reduced, given: usize) -> Estimate<(Vec<f64>, Vec<f64>, f64, usize)> {
    let k = reduced.right.len();
    // Start: logits of the shares of right answers among those who say something, a little spread.
    let mut asked = vec![0.0; k];
    for pattern in &reduced.patterns {
        let n: f64 = pattern.scores.iter().map(|(_, n)| n).sum();
        pattern.questions.iter().for_each(|q| asked[*q] += n);
    }
    let mut beta: Vec<f64> =
        reduced.right.iter().zip(&asked).map(|(s, n)| 1.1 * ((n - s + 0.5) / (s + 0.5)).ln()).collect();
    centre(&mut beta);
    let mut here = total(reduced, &beta, true);
    for iteration in 1..=MOST_STEPS {
        let gradient = DVector::from_fn(k, |i, _| here.expected[i] - reduced.right[i]);
        let Some(factor) = here.information.take().and_then(factor) else {
            let detail = format!(
                "les {given} questions ne se laissent pas comparer entre elles ; vérifiez que des candidats en ont \
                 passé plusieurs en commun"
            );
            return Err(unsuited(detail));
        };
        let step = factor.solve(&gradient);
        let longest = step.amax();
        if !longest.is_finite() {
            break;
        }
        if longest < 1e-9 {
            return Ok((beta, errors(&factor), here.log_likelihood, iteration));
        }
        // The function is concave: a shorter step always climbs.
        let mut scale = if longest > 2.0 { 2.0 / longest } else { 1.0 };
        loop {
            let mut moved: Vec<f64> = beta.iter().zip(step.iter()).map(|(b, s)| b + scale * s).collect();
            centre(&mut moved);
            let there = total(reduced, &moved, true);
            let slack = 1e-12 * here.log_likelihood.abs();
            if there.log_likelihood >= here.log_likelihood - slack || scale < 1e-6 {
                (beta, here) = (moved, there);
                break;
            }
            scale *= 0.5;
        }
        if beta.iter().any(|b| b.abs() > FARTHEST) || !here.log_likelihood.is_finite() {
            break;
        }
    }
    let detail = "des difficultés s’éloignent sans fin : des questions séparent entièrement les candidats".to_owned();
    Err(NotEstimable::NotConverged { what: WHAT, detail })
}

fn centre(beta: &mut [f64]) {
    let mean = beta.iter().sum::<f64>() / beta.len() as f64;
    beta.iter_mut().for_each(|b| *b -= mean);
}

/// Factor of an information that is nil along equal shifts of all difficulties, once that direction is filled: it moves
/// nothing of sum 0.
fn factor(mut information: DMatrix<f64>) -> Option<Cholesky<f64, Dyn>> {
    let scale = information.diagonal().mean();
    if !(scale.is_finite() && scale > 0.0) {
        return None;
    }
    information.add_scalar_mut(scale);
    let factor = information.cholesky()?;
    // Groups of questions that no candidate links have an information that is nil along their distance.
    let least = factor.l_dirty().diagonal().min().powi(2);
    (least > 1e-10 * scale).then_some(factor)
}

/// Standard errors of difficulties of sum 0.
fn errors(factor: &Cholesky<f64, Dyn>) -> Vec<f64> {
    let covariance = factor.inverse();
    let k = covariance.nrows();
    // What the filling left: the same variance for all, along equal shifts.
    let shift = covariance.sum() / (k * k) as f64;
    (0..k).map(|i| (covariance[(i, i)] - shift).max(0.0).sqrt()).collect()
}

fn columns(coded: &Coded) -> Columns<'_> {
    coded.cells.iter().map(Vec::as_slice).collect()
}

fn checked(reduced: &Reduced, questions: usize) -> Estimate<()> {
    if questions < 2 {
        return Err(NotEstimable::TooFewQuestions { what: WHAT, n: questions, needed: 2 });
    }
    let needed = 30;
    if reduced.informative < needed {
        return Err(NotEstimable::TooFewCandidates { what: WHAT, n: reduced.informative, needed });
    }
    Ok(())
}

/// Rasch difficulties by conditional maximum likelihood; full credit is right, anything less is wrong. Missing answers
/// are left out of the candidate's sum: candidates are grouped by what they were given.
///
/// # Errors
/// Fewer than 2 questions or 30 candidates that say something, questions that no candidate links, difficulties that
/// run away (Fischer 1981).
pub fn conditional(matrix: &ScoreMatrix) -> Estimate<Conditional> {
    let coded = Coded::new(matrix, true);
    let everyone: Vec<usize> = (0..matrix.candidates()).collect();
    let (kept, reduced) = estimable(&columns(&coded), &everyone);
    checked(&reduced, kept.len())?;
    let (difficulties, errors, log_likelihood, iterations) = climb(&reduced, kept.len())?;
    let kept: Vec<usize> = kept.into_iter().map(|q| coded.kept[q]).collect();
    Ok(Conditional {
        left_out: (0..matrix.questions()).filter(|q| !kept.contains(q)).collect(),
        kept,
        difficulties,
        errors,
        log_likelihood,
        informative: reduced.informative,
        patterns: reduced.patterns.len(),
        iterations,
    })
}

/// Conditional log-likelihood at difficulties given for all questions of the matrix (any origin), of complete sheets or
/// not: what another program's difficulties are worth.
///
/// # Errors
/// Not one finite difficulty a question, or a question that everyone answers alike.
pub fn log_likelihood_at(matrix: &ScoreMatrix, difficulties: &[f64]) -> Estimate<f64> {
    let coded = Coded::new(matrix, true);
    if difficulties.len() != coded.questions() || difficulties.iter().any(|b| !b.is_finite()) {
        return Err(unsuited(format!("il faut une difficulté pour chacune des {} questions", coded.questions())));
    }
    let mut centred = difficulties.to_vec();
    centre(&mut centred);
    let everyone: Vec<usize> = (0..matrix.candidates()).collect();
    Ok(total(&reduce(&columns(&coded), &everyone), &centred, false).log_likelihood)
}

/// How [`andersen`] cuts candidates by their number of right answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// Up to the mean, and above.
    Mean,
    /// Up to the median, and above.
    Median,
    /// One group a score, as Andersen (1973) had it.
    EachScore,
}

/// Andersen's likelihood ratio.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LikelihoodRatio {
    /// 2 (Σ ℓ_g − ℓ).
    pub value: f64,
    /// (groups − 1) × (questions − 1).
    pub df: usize,
    /// Probability of as much if the Rasch model holds.
    pub p: f64,
    /// Difficulties by group, of the questions compared.
    pub by_group: Vec<Conditional>,
    /// Index in the matrix of questions compared: those with a finite difficulty in each group.
    pub kept: Vec<usize>,
}

/// Do difficulties stay the same among weak and strong candidates? The likelihood ratio of Andersen (1973, eq. 6),
/// which needs complete sheets or the same questions given to all: the cut is on the number of right answers.
///
/// # Errors
/// As [`conditional`], in any group.
pub fn andersen(matrix: &ScoreMatrix, split: Split) -> Estimate<LikelihoodRatio> {
    let coded = Coded::new(matrix, true);
    let right = |c: usize| coded.cells.iter().filter(|column| column[c] == 1).count();
    let scores: Vec<usize> = (0..matrix.candidates()).map(right).collect();
    if scores.is_empty() {
        return Err(NotEstimable::TooFewCandidates { what: WHAT, n: 0, needed: 30 });
    }
    let group: Vec<usize> = match split {
        Split::Mean => {
            let sum: usize = scores.iter().sum();
            scores.iter().map(|s| usize::from(s * scores.len() > sum)).collect()
        }
        Split::Median => {
            let mut sorted = scores.clone();
            sorted.sort_unstable();
            let twice = sorted[(sorted.len() - 1) / 2] + sorted[sorted.len() / 2];
            scores.iter().map(|s| usize::from(2 * s > twice)).collect()
        }
        Split::EachScore => scores,
    };
    andersen_groups(matrix, &group)
}

/// The same between groups of candidates known from elsewhere: `group[candidate]`.
///
/// # Errors
/// As [`conditional`], in any group; fewer than two groups, or a list of another length.
pub fn andersen_groups(matrix: &ScoreMatrix, group: &[usize]) -> Estimate<LikelihoodRatio> {
    if group.len() != matrix.candidates() {
        let detail = format!("{} groupes indiqués pour {} candidats", group.len(), matrix.candidates());
        return Err(unsuited(detail));
    }
    let coded = Coded::new(matrix, true);
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    group.iter().enumerate().for_each(|(c, g)| members.entry(*g).or_default().push(c));
    // Groups that say nothing (all right, all wrong) do not count.
    let columns = columns(&coded);
    members.retain(|_, list| reduce(&columns, list).informative > 0);
    if members.len() < 2 {
        return Err(unsuited("il faut au moins deux groupes de candidats".to_owned()));
    }
    let mut kept: Vec<usize> = (0..columns.len()).collect();
    // A question out in one group is out in all, which may put others out.
    loop {
        let before = kept.len();
        for list in members.values() {
            let own: Columns = kept.iter().map(|q| columns[*q]).collect();
            let (still, _) = estimable(&own, list);
            kept = still.into_iter().map(|q| kept[q]).collect();
        }
        if kept.len() == before {
            break;
        }
    }
    let questions: Vec<usize> = kept.iter().map(|q| coded.kept[*q]).collect();
    let compared = matrix.select(&questions);
    let everyone: Vec<usize> = members.values().flatten().copied().collect();
    let whole = conditional(&compared.rows(&everyone))?;
    let by_group: Vec<Conditional> =
        members.values().map(|list| conditional(&compared.rows(list))).collect::<Estimate<_>>()?;
    let value = 2.0 * (by_group.iter().map(|g| g.log_likelihood).sum::<f64>() - whole.log_likelihood);
    let df = (members.len() - 1) * (questions.len() - 1);
    let p = chi2_sf(value, df as f64).ok_or_else(|| unsuited("aucun degré de liberté".to_owned()))?;
    Ok(LikelihoodRatio { value, df, p, by_group, kept: questions })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops at the first thing that is not there")]
mod tests {
    use super::*;

    /// By listing all answers of the same sum.
    #[test]
    fn sums_and_covariances_are_those_of_the_list() {
        let beta = [-1.3, 0.2, 0.2, 0.9, 2.0, -0.4];
        let pattern = Pattern { questions: (0..6).collect(), scores: vec![(1, 2.0), (3, 5.0), (4, 1.0)] };
        let found = pattern.part(&beta, true);
        let (mut log_likelihood, mut expected, mut information) = (0.0, [0.0; 6], DMatrix::<f64>::zeros(6, 6));
        for (r, n) in &pattern.scores {
            let sheets: Vec<(u32, f64)> = (0_u32..64)
                .filter(|s| s.count_ones() as usize == *r)
                .map(|s| (s, (0..6).filter(|i| s >> i & 1 == 1).map(|i| -beta[i]).sum::<f64>().exp()))
                .collect();
            let gamma: f64 = sheets.iter().map(|(_, w)| w).sum();
            log_likelihood -= n * gamma.ln();
            let p = |mask: u32| sheets.iter().filter(|(s, _)| s & mask == mask).map(|(_, w)| w / gamma).sum::<f64>();
            for i in 0..6 {
                expected[i] += n * p(1 << i);
                for j in 0..6 {
                    information[(i, j)] += n * (p(1 << i | 1 << j) - p(1 << i) * p(1 << j));
                }
            }
        }
        assert!((found.log_likelihood - log_likelihood).abs() < 1e-12);
        assert!(found.expected.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12));
        assert!((found.information.unwrap() - information).amax() < 1e-9);
    }

    /// As many questions, and as far apart, as no exam has: probabilities still add to the score.
    #[test]
    fn a_thousand_questions_stay_in_range() {
        let beta: Vec<f64> = (0..1_000).map(|i| (f64::from(i) - 499.5) * 0.007).collect();
        let pattern = Pattern { questions: (0..1_000).collect(), scores: vec![(1, 1.0), (500, 1.0), (999, 1.0)] };
        let found = pattern.part(&beta, false);
        assert!(found.log_likelihood.is_finite());
        assert!((found.expected.iter().sum::<f64>() - 1_500.0).abs() < 1e-9, "{}", found.expected.iter().sum::<f64>());
    }
}
