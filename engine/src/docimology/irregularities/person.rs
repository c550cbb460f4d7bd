//! Does one copy suit the model that the cohort suits?
//!
//! A copy unlike its mark (hard questions right, easy ones wrong) may come from answers known beforehand, from a
//! shift of one line on the sheet, from illness, from a training of another kind. The statistics do not say which.

use crate::docimology::irt::ItemParameters;
use crate::docimology::irt::ability::Method;
use crate::docimology::matrix::{MISSING, ScoreMatrix};
use crate::docimology::numeric::normal_cdf;
use crate::docimology::{Estimate, NotEstimable};
use rayon::prelude::*;
use serde::Serialize;

const WHAT: &str = "cohérence d’une copie";
/// Questions that a copy must have answered.
const LEAST_ANSWERED: usize = 5;
/// A score whose variance is below this counts as if it were this (mirt's bound, as for questions).
const LEAST_VARIANCE: f64 = 0.003_162_277_660_168_379;

/// How a copy suits the model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PersonFit {
    /// Questions answered.
    pub answered: usize,
    /// Standardised log-likelihood; very negative where the copy is unlikely at its ability.
    pub lz: Estimate<f64>,
    /// The same, corrected for the ability being estimated from the same answers.
    pub lz_star: Estimate<f64>,
    /// Lower tail of `lz_star` on the standard normal law, 0 to 1; `None` without `lz_star`.
    pub p: Option<f64>,
    /// Mean square of residuals weighted by information; 1 on average.
    pub infit: f64,
    /// Mean square of standardised residuals; 1 on average, swollen by one surprise far from the ability.
    pub outfit: f64,
    /// Pairs of steps of which the easier is failed and the harder passed.
    pub guttman_errors: u64,
    /// `guttman_errors` over their greatest number for as many right answers, 0 to 1; right-or-wrong questions only,
    /// `None` where that number is 0.
    pub guttman_share: Option<f64>,
}

/// Person fit of every candidate at abilities given, `method` being how these were estimated.
///
/// * lz (Drasgow, Levine and Williams 1985; polytomous): l₀ = Σ ln P(xᵢ), lz = (l₀ − E)/√V with
///   E = Σᵢ Σₖ P ln P and V = Σᵢ (Σₖ P ln² P − (Σₖ P ln P)²).
/// * lz* (Snijders 2001; polytomous by Sinharay 2016): with w = ln P, r = P′/P, c = Σ P′w / Σ P′r and
///   w̃ = w − c·r, lz* = (Σ (X − P) w + c·r₀) / √(Σᵢ (Σₖ w̃² P − (Σₖ w̃ P)²)), where r₀ is 0 for ML, −θ for MAP
///   under a standard normal prior and Σ P′P″/P / (2 Σ P′²/P) for Warm's WLE. For EAP, MAP is near.
/// * infit and outfit (Wright and Masters 1982), on categories 0, 1, 2…
/// * Guttman errors (Guttman 1944; of steps, Emons 2008): steps in order of how many pass them, ties apart.
///
/// Questions with as many categories as scores use them; those with two categories use full credit or less. Missing
/// answers are left out. lz leans towards silence: its variance is below 1 when ability is estimated (de la Torre and
/// Deng 2008); prefer lz*. Both are rough under 20 questions.
///
/// # Errors
/// No candidate, lists of the wrong length, categories that do not match. For one candidate: fewer than 5 answers, an
/// ability that is not a number.
pub fn person_fit(
    scores: &ScoreMatrix,
    items: &[ItemParameters],
    thetas: &[f64],
    method: Method,
) -> Estimate<Vec<Estimate<PersonFit>>> {
    let (n, k) = (scores.candidates(), scores.questions());
    if n == 0 {
        return Err(NotEstimable::TooFewCandidates { what: WHAT, n, needed: 1 });
    }
    if k < LEAST_ANSWERED {
        return Err(NotEstimable::TooFewQuestions { what: WHAT, n: k, needed: LEAST_ANSWERED });
    }
    let unsuited = |detail: String| NotEstimable::Unsuited { what: WHAT, detail };
    if items.len() != k || thetas.len() != n {
        return Err(unsuited("il faut les paramètres de chaque question et l’aptitude de chaque candidat".into()));
    }
    let mut classes = Vec::with_capacity(k);
    for (q, (item, own)) in scores.items().iter().zip(items).enumerate() {
        let numbers = own.a.is_finite() && own.c.is_finite() && own.b.iter().all(|b| b.is_finite());
        let categories = own.categories();
        let full = item.max - 1e-9 * item.max.abs().max(1.0);
        if numbers && categories == 2 {
            classes.push(item.levels.iter().map(|l| u8::from(*l >= full)).collect());
        } else if numbers && categories > 2 && item.levels.len() == categories {
            classes.push((0..categories as u8).collect());
        } else {
            let detail = format!("la question n° {} n’a pas les catégories de ses paramètres", q + 1);
            return Err(unsuited(detail));
        }
    }
    let steps = Steps::new(scores, &classes, items);
    let one = |candidate: usize| {
        if !thetas[candidate].is_finite() {
            return Err(unsuited("l’aptitude de ce candidat n’est pas un nombre".into()));
        }
        let answers: Vec<(usize, usize)> = scores
            .items()
            .iter()
            .enumerate()
            .filter(|(_, item)| item.cells[candidate] != MISSING)
            .filter_map(|(q, item)| classes[q].get(usize::from(item.cells[candidate])).map(|x| (q, usize::from(*x))))
            .collect();
        fit_one(&answers, items, thetas[candidate], method, &steps)
    };
    Ok((0..n).into_par_iter().map(one).collect())
}

fn fit_one(
    answers: &[(usize, usize)],
    items: &[ItemParameters],
    theta: f64,
    method: Method,
    steps: &Steps,
) -> Estimate<PersonFit> {
    let answered = answers.len();
    if answered < LEAST_ANSWERED {
        return Err(NotEstimable::TooFewQuestions { what: WHAT, n: answered, needed: LEAST_ANSWERED });
    }
    let most = items.iter().map(ItemParameters::categories).max().unwrap_or(2);
    let (mut p, mut d1, mut d2) = (vec![0.0; most], vec![0.0; most], vec![0.0; most]);
    let (mut l, mut mean, mut variance) = (0.0, 0.0, 0.0);
    let (mut slope_w, mut information, mut bend) = (0.0, 0.0, 0.0);
    let (mut z2, mut r2, mut weights) = (0.0, 0.0, 0.0);
    for (q, x) in answers {
        let item = &items[*q];
        let k = item.categories();
        item.derivatives(theta, &mut p, &mut d1, &mut d2);
        let (mut m1, mut m2, mut score, mut square) = (0.0, 0.0, 0.0, 0.0);
        for j in 0..k {
            let w = p[j].max(1e-300).ln();
            m1 += p[j] * w;
            m2 += p[j] * w * w;
            score += j as f64 * p[j];
            square += (j * j) as f64 * p[j];
            if p[j] > 1e-300 {
                slope_w += d1[j] * w;
                information += d1[j] * d1[j] / p[j];
                bend += d1[j] * d2[j] / p[j];
            }
        }
        l += p[*x].max(1e-300).ln();
        mean += m1;
        variance += m2 - m1 * m1;
        let spread = (square - score * score).max(LEAST_VARIANCE);
        let off2 = (*x as f64 - score).powi(2);
        z2 += off2 / spread;
        r2 += off2;
        weights += spread;
    }
    let no_variance = NotEstimable::NoVariance { what: "indice lz" };
    let lz = if variance > 1e-9 { Ok((l - mean) / variance.sqrt()) } else { Err(no_variance.clone()) };
    let lz_star = if information > 1e-9 {
        let c = slope_w / information;
        let r0 = match method {
            Method::Ml => 0.0,
            Method::Map => -theta,
            Method::Wle => bend / (2.0 * information),
        };
        let mut reduced = 0.0;
        for (q, _) in answers {
            let item = &items[*q];
            let k = item.categories();
            item.derivatives(theta, &mut p, &mut d1, &mut d2);
            let (mut m1, mut m2) = (0.0, 0.0);
            for j in (0..k).filter(|j| p[*j] > 1e-300) {
                let w = p[j].ln() - c * d1[j] / p[j];
                m1 += p[j] * w;
                m2 += p[j] * w * w;
            }
            reduced += m2 - m1 * m1;
        }
        if reduced > 1e-9 { Ok((l - mean + c * r0) / reduced.sqrt()) } else { Err(no_variance) }
    } else {
        Err(no_variance)
    };
    let (guttman_errors, guttman_share) = steps.errors(answers);
    let p = lz_star.as_ref().ok().map(|z| normal_cdf(*z));
    let (infit, outfit) = (r2 / weights, z2 / answered as f64);
    Ok(PersonFit { answered, lz, lz_star, p, infit, outfit, guttman_errors, guttman_share })
}

/// Steps of all questions (reaching category 1, 2…), the most often passed first.
struct Steps {
    /// Question, category reached, rank among distinct popularities.
    order: Vec<(usize, usize, usize)>,
    dichotomous: bool,
    questions: usize,
}

impl Steps {
    fn new(scores: &ScoreMatrix, classes: &[Vec<u8>], items: &[ItemParameters]) -> Self {
        let mut all: Vec<(f64, usize, usize)> = vec![];
        for (q, item) in scores.items().iter().enumerate() {
            let mut counts = vec![0_u32; items[q].categories()];
            for class in item.cells.iter().filter_map(|c| classes[q].get(usize::from(*c))) {
                counts[usize::from(*class)] += 1;
            }
            let all_of_them: u32 = counts.iter().sum();
            for step in 1..counts.len() {
                let passed: u32 = counts[step..].iter().sum();
                all.push((f64::from(passed) / f64::from(all_of_them.max(1)), q, step));
            }
        }
        all.sort_by(|x, y| y.0.total_cmp(&x.0).then((x.1, x.2).cmp(&(y.1, y.2))));
        let mut rank = 0;
        let ranked = |i: usize| {
            rank += usize::from(i > 0 && all[i].0 < all[i - 1].0);
            (all[i].1, all[i].2, rank)
        };
        let order = (0..all.len()).map(ranked).collect();
        Self { order, dichotomous: items.iter().all(|i| i.categories() == 2), questions: items.len() }
    }

    fn errors(&self, answers: &[(usize, usize)]) -> (u64, Option<f64>) {
        let mut reached = vec![None; self.questions];
        answers.iter().for_each(|(q, x)| reached[*q] = Some(*x));
        let (mut errors, mut failed, mut failed_here, mut rank_here) = (0_u64, 0_u64, 0_u64, usize::MAX);
        for (q, step, rank) in &self.order {
            let Some(x) = reached[*q] else { continue };
            if *rank != rank_here {
                failed += failed_here;
                (failed_here, rank_here) = (0, *rank);
            }
            if x >= *step {
                errors += failed;
            } else {
                failed_here += 1;
            }
        }
        let right = answers.iter().filter(|(_, x)| *x > 0).count() as u64;
        let most = right * (answers.len() as u64 - right);
        let share = (self.dichotomous && most > 0).then(|| errors as f64 / most as f64);
        (errors, share)
    }
}
