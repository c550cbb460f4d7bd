//! The maximisation step: each question's parameters from the expected counts at the nodes.
//!
//! Parameters are kept as slope and intercepts, where the problem is convex (2PL, GPCM) or nearly (GRM):
//! z_k = a θ + d_k with d_k = −a b_k.

use super::model::{ItemParameters, Model};
use crate::docimology::numeric::logistic;
use nalgebra::{DMatrix, DVector};

/// A question during estimation.
#[derive(Clone, Debug, PartialEq)]
pub struct Working {
    /// Its response function.
    pub model: Model,
    /// Slope.
    pub a: f64,
    /// Intercepts, one a category but the first.
    pub d: Vec<f64>,
    /// Logit of the lower asymptote (3PL).
    pub logit_c: f64,
}

/// Normal prior on the logit of the lower asymptote of 3PL: without it, it is hardly identified.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GuessPrior {
    /// Mean of the logit.
    pub mean: f64,
    /// Its standard deviation.
    pub sd: f64,
}

impl GuessPrior {
    /// A chance of one in `options`, spread 0.5.
    pub fn one_in(options: f64) -> Self {
        Self { mean: -(options - 1.0).max(1e-9).ln(), sd: 0.5 }
    }

    /// Log-density.
    pub fn log_density(self, logit: f64) -> f64 {
        -0.5 * ((logit - self.mean) / self.sd).powi(2) - self.sd.ln() - 0.5 * (2.0 * std::f64::consts::PI).ln()
    }
}

/// Largest slope: beyond it a question is a step, and the data cannot tell.
pub(super) const MAX_SLOPE: f64 = 25.0;
pub(super) const MAX_STEP: f64 = 1.5;

impl Working {
    /// Number of categories.
    pub fn categories(&self) -> usize {
        self.d.len() + 1
    }

    /// Lower asymptote.
    pub fn c(&self) -> f64 {
        if self.model == Model::ThreePl { logistic(self.logit_c) } else { 0.0 }
    }

    /// As parameters on the usual metric.
    pub fn parameters(&self) -> ItemParameters {
        let a = if self.a.abs() < 1e-6 { 1e-6_f64.copysign(self.a) } else { self.a };
        ItemParameters { model: self.model, a, b: self.d.iter().map(|d| -d / a).collect(), c: self.c() }
    }

    /// From parameters on the usual metric.
    pub fn from_parameters(p: &ItemParameters) -> Self {
        let logit_c = if p.c > 0.0 { (p.c / (1.0 - p.c)).ln() } else { -20.0 };
        Self { model: p.model, a: p.a, d: p.b.iter().map(|b| -p.a * b).collect(), logit_c }
    }

    /// Log-probabilities of the categories: `out[category * width + node]`.
    pub fn logs(&self, nodes: &[f64], out: &mut Vec<f64>) {
        let (width, k) = (nodes.len(), self.categories());
        out.clear();
        out.resize(width * k, 0.0);
        match self.model {
            Model::Rasch | Model::TwoPl => {
                let (wrong, right) = out.split_at_mut(width);
                for ((wrong, right), t) in wrong.iter_mut().zip(right).zip(nodes) {
                    let z = self.a * t + self.d[0];
                    // log(1 + e^z), safe at both ends
                    let soft = z.max(0.0) + (-z.abs()).exp().ln_1p();
                    *wrong = -soft;
                    *right = z - soft;
                }
            }
            Model::ThreePl => {
                let c = self.c();
                let (wrong, right) = out.split_at_mut(width);
                for ((wrong, right), t) in wrong.iter_mut().zip(right).zip(nodes) {
                    let z = self.a * t + self.d[0];
                    let soft = z.max(0.0) + (-z.abs()).exp().ln_1p();
                    *wrong = (1.0 - c).ln() - soft;
                    *right = (c + (1.0 - c) * logistic(z)).max(1e-300).ln();
                }
            }
            Model::Pcm | Model::Gpcm => {
                for (i, t) in nodes.iter().enumerate() {
                    let (mut z, mut most) = (0.0, 0.0_f64);
                    for (j, d) in self.d.iter().enumerate() {
                        z += self.a * t + d;
                        out[(j + 1) * width + i] = z;
                        most = most.max(z);
                    }
                    let sum: f64 = (0..k).map(|j| (out[j * width + i] - most).exp()).sum();
                    let log_sum = most + sum.ln();
                    (0..k).for_each(|j| out[j * width + i] -= log_sum);
                }
            }
            Model::Grm => {
                for (i, t) in nodes.iter().enumerate() {
                    let mut above = 1.0;
                    for (j, d) in self.d.iter().enumerate() {
                        let here = logistic(self.a * t + d);
                        out[j * width + i] = (above - here).max(1e-300).ln();
                        above = here;
                    }
                    out[(k - 1) * width + i] = above.max(1e-300).ln();
                }
            }
        }
    }

    /// Free parameters in one list: slope, intercepts, logit of the asymptote.
    pub fn flat(&self, into: &mut Vec<f64>) {
        into.push(self.a);
        into.extend(&self.d);
        if self.model == Model::ThreePl {
            into.push(self.logit_c);
        }
    }

    /// How many numbers [`Self::flat`] gives.
    pub fn flat_len(&self) -> usize {
        1 + self.d.len() + usize::from(self.model == Model::ThreePl)
    }

    /// Takes them back; what is out of bounds is brought to the bound.
    pub fn take(&mut self, from: &[f64]) {
        self.a = from[0].clamp(-MAX_SLOPE, MAX_SLOPE);
        let n = self.d.len();
        self.d.copy_from_slice(&from[1..=n]);
        if self.model == Model::ThreePl {
            self.logit_c = from[n + 1].clamp(-8.0, 4.0);
        }
    }

    /// Are the thresholds in order (GRM)?
    pub fn ordered(&self) -> bool {
        self.model != Model::Grm || self.d.windows(2).all(|w| w[0] > w[1])
    }

    /// Gradient and information of the expected log-likelihood at these parameters, the slope first.
    fn derivatives(&self, nodes: &[f64], counts: &[f64], prior: GuessPrior) -> (DVector<f64>, DMatrix<f64>) {
        let p = self.flat_len();
        let (mut g, mut h) = (DVector::zeros(p), DMatrix::zeros(p, p));
        let width = nodes.len();
        match self.model {
            Model::Rasch | Model::TwoPl => {
                let (mut g0, mut g1, mut h00, mut h01, mut h11) = (0.0, 0.0, 0.0, 0.0, 0.0);
                for (i, t) in nodes.iter().enumerate() {
                    let (wrong, right) = (counts[i], counts[width + i]);
                    let n = wrong + right;
                    let q = logistic(self.a * t + self.d[0]);
                    let e = right - n * q;
                    let w = n * q * (1.0 - q);
                    g0 += e * t;
                    g1 += e;
                    h00 += w * t * t;
                    h01 += w * t;
                    h11 += w;
                }
                g[0] = g0;
                g[1] = g1;
                (h[(0, 0)], h[(0, 1)], h[(1, 0)], h[(1, 1)]) = (h00, h01, h01, h11);
            }
            Model::ThreePl => {
                let c = self.c();
                for (i, t) in nodes.iter().enumerate() {
                    let (wrong, right) = (counts[i], counts[width + i]);
                    let n = wrong + right;
                    if n < 1e-12 {
                        continue;
                    }
                    let star = logistic(self.a * t + self.d[0]);
                    let pr = c + (1.0 - c) * star;
                    let q = (1.0 - c) * (1.0 - star);
                    let slope = (1.0 - c) * star * (1.0 - star);
                    // d P / d (a, d, logit c)
                    let dp = [slope * t, slope, c * (1.0 - c) * (1.0 - star)];
                    let score = (right - n * pr) / (pr * q).max(1e-300);
                    let info = n / (pr * q).max(1e-300);
                    for x in 0..3 {
                        g[x] += score * dp[x];
                        for y in 0..3 {
                            h[(x, y)] += info * dp[x] * dp[y];
                        }
                    }
                }
                g[2] -= (self.logit_c - prior.mean) / prior.sd.powi(2);
                h[(2, 2)] += 1.0 / prior.sd.powi(2);
            }
            Model::Pcm | Model::Gpcm => {
                let k = self.categories();
                let mut prob = vec![0.0; k];
                // Sums from above: cumulated counts serve the steps.
                for (i, t) in nodes.iter().enumerate() {
                    let n: f64 = (0..k).map(|j| counts[j * width + i]).sum();
                    if n < 1e-12 {
                        continue;
                    }
                    let (mut z, mut most) = (0.0, 0.0_f64);
                    prob[0] = 0.0;
                    for (j, d) in self.d.iter().enumerate() {
                        z += self.a * t + d;
                        prob[j + 1] = z;
                        most = most.max(z);
                    }
                    let mut sum = 0.0;
                    for z in &mut prob {
                        *z = (*z - most).exp();
                        sum += *z;
                    }
                    prob.iter_mut().for_each(|p| *p /= sum);
                    // T_0 = θ·category, T_v = [category ≥ v]
                    let mean: f64 = prob.iter().enumerate().map(|(j, p)| j as f64 * p).sum();
                    let square: f64 = prob.iter().enumerate().map(|(j, p)| (j * j) as f64 * p).sum();
                    let seen: f64 = (0..k).map(|j| j as f64 * counts[j * width + i]).sum();
                    g[0] += t * (seen - n * mean);
                    h[(0, 0)] += n * t * t * (square - mean * mean);
                    let (mut tail, mut first, mut seen_tail) = (0.0, 0.0, 0.0);
                    let mut tails = [0.0; 32];
                    for v in (1..k).rev() {
                        tail += prob[v];
                        first += v as f64 * prob[v];
                        seen_tail += counts[v * width + i];
                        g[v] += seen_tail - n * tail;
                        h[(0, v)] += n * t * (first - mean * tail);
                        if v < 32 {
                            tails[v] = tail;
                        }
                    }
                    for v in 1..k {
                        for w in v..k {
                            // P(category ≥ max) less the product
                            h[(v, w)] += n * tails[w.min(31)] * (1.0 - tails[v.min(31)]);
                        }
                    }
                }
                for v in 0..p {
                    for w in 0..v {
                        h[(v, w)] = h[(w, v)];
                    }
                }
            }
            Model::Grm => {
                let k = self.categories();
                let mut f = vec![0.0; k + 1];
                let mut w = vec![0.0; k + 1];
                for (i, t) in nodes.iter().enumerate() {
                    let n: f64 = (0..k).map(|j| counts[j * width + i]).sum();
                    if n < 1e-12 {
                        continue;
                    }
                    (f[0], w[0], f[k], w[k]) = (1.0, 0.0, 0.0, 0.0);
                    for (j, d) in self.d.iter().enumerate() {
                        f[j + 1] = logistic(self.a * t + d);
                        w[j + 1] = f[j + 1] * (1.0 - f[j + 1]);
                    }
                    for j in 0..k {
                        let pr = (f[j] - f[j + 1]).max(1e-12);
                        let (seen, slope) = (counts[j * width + i] / pr, t * (w[j] - w[j + 1]));
                        let info = n / pr;
                        g[0] += seen * slope;
                        h[(0, 0)] += info * slope * slope;
                        if j > 0 {
                            g[j] += seen * w[j];
                            h[(0, j)] += info * slope * w[j];
                            h[(j, j)] += info * w[j] * w[j];
                        }
                        if j + 1 < k {
                            g[j + 1] -= seen * w[j + 1];
                            h[(0, j + 1)] -= info * slope * w[j + 1];
                            h[(j + 1, j + 1)] += info * w[j + 1] * w[j + 1];
                            if j > 0 {
                                h[(j, j + 1)] -= info * w[j] * w[j + 1];
                            }
                        }
                    }
                }
                for v in 0..p {
                    for w in 0..v {
                        h[(v, w)] = h[(w, v)];
                    }
                }
            }
        }
        (g, h)
    }

    /// Derivatives of the log-probabilities by each free parameter:
    /// `out[(category * free + parameter) * width + node]`.
    pub fn gradients(&self, nodes: &[f64], out: &mut [f64]) {
        let (width, free, k) = (nodes.len(), self.flat_len(), self.categories());
        let mut p = vec![0.0; k];
        for (i, t) in nodes.iter().enumerate() {
            let at = |category: usize, parameter: usize| (category * free + parameter) * width + i;
            match self.model {
                Model::Rasch | Model::TwoPl | Model::ThreePl => {
                    let c = self.c();
                    let star = logistic(self.a * t + self.d[0]);
                    let (pr, wrong) = (c + (1.0 - c) * star, (1.0 - c) * (1.0 - star));
                    let slope = (1.0 - c) * star * (1.0 - star);
                    for (category, sign_over) in [(0, -1.0 / wrong.max(1e-300)), (1, 1.0 / pr.max(1e-300))] {
                        out[at(category, 0)] = sign_over * slope * t;
                        out[at(category, 1)] = sign_over * slope;
                        if free == 3 {
                            out[at(category, 2)] = sign_over * c * (1.0 - c) * (1.0 - star);
                        }
                    }
                }
                Model::Pcm | Model::Gpcm => {
                    let (mut z, mut most) = (0.0, 0.0_f64);
                    p[0] = 0.0;
                    for (j, d) in self.d.iter().enumerate() {
                        z += self.a * t + d;
                        p[j + 1] = z;
                        most = most.max(z);
                    }
                    let mut sum = 0.0;
                    for z in &mut p {
                        *z = (*z - most).exp();
                        sum += *z;
                    }
                    p.iter_mut().for_each(|p| *p /= sum);
                    let mean: f64 = p.iter().enumerate().map(|(j, p)| j as f64 * p).sum();
                    for category in 0..k {
                        out[at(category, 0)] = t * (category as f64 - mean);
                        let mut tail = 0.0;
                        for v in (1..k).rev() {
                            tail += p[v];
                            out[at(category, v)] = f64::from(u8::from(category >= v)) - tail;
                        }
                    }
                }
                Model::Grm => {
                    let f = |j: usize| match j {
                        0 => 1.0,
                        j if j == k => 0.0,
                        j => logistic(self.a * t + self.d[j - 1]),
                    };
                    for category in 0..k {
                        let (above, here) = (f(category), f(category + 1));
                        let pr = (above - here).max(1e-300);
                        let (wa, wh) = (above * (1.0 - above), here * (1.0 - here));
                        out[at(category, 0)] = t * (wa - wh) / pr;
                        if category > 0 {
                            out[at(category, category)] = wa / pr;
                        }
                        if category + 1 < k {
                            out[at(category, category + 1)] = -wh / pr;
                        }
                    }
                }
            }
        }
    }

    /// A few Newton (Fisher) steps with a free slope.
    pub fn maximise(&mut self, nodes: &[f64], counts: &[f64], prior: GuessPrior, steps: usize) {
        for _ in 0..steps {
            let (g, h) = self.derivatives(nodes, counts, prior);
            let Some(step) = solve(h, &g) else { return };
            if !self.step(step.as_slice()) {
                return;
            }
        }
    }

    /// Moves by `step`, cut to a bearable length; false if it was too small to matter.
    fn step(&mut self, step: &[f64]) -> bool {
        let longest = step.iter().fold(0.0_f64, |m, s| m.max(s.abs()));
        if !longest.is_finite() {
            return false;
        }
        let mut scale = if longest > MAX_STEP { MAX_STEP / longest } else { 1.0 };
        let mut flat = Vec::new();
        self.flat(&mut flat);
        for _ in 0..20 {
            let moved: Vec<f64> = flat.iter().zip(step).map(|(x, s)| x + scale * s).collect();
            self.take(&moved);
            if self.ordered() {
                break;
            }
            scale *= 0.5;
            self.take(&flat);
        }
        longest > 1e-10
    }
}

/// Newton steps for questions that share one slope, or are `held` at it: the intercepts of each are eliminated first.
pub fn maximise_common(
    items: &mut [Working],
    nodes: &[f64],
    counts: &[Vec<f64>],
    prior: GuessPrior,
    steps: usize,
    held: bool,
) {
    for _ in 0..steps {
        let (mut gradient, mut information) = (0.0, 0.0);
        let mut own: Vec<(DVector<f64>, DVector<f64>)> = Vec::with_capacity(items.len());
        for (item, counts) in items.iter().zip(counts) {
            let (g, h) = item.derivatives(nodes, counts, prior);
            let rest = h.nrows() - 1;
            let block = h.view((1, 1), (rest, rest)).into_owned();
            let cross = h.view((1, 0), (rest, 1)).column(0).into_owned();
            let right = g.rows(1, rest).into_owned();
            let (Some(by_cross), Some(by_right)) = (solve(block.clone(), &cross), solve(block, &right)) else {
                return;
            };
            gradient += g[0] - cross.dot(&by_right);
            information += h[(0, 0)] - cross.dot(&by_cross);
            own.push((by_right, by_cross));
        }
        if information <= 0.0 {
            return;
        }
        let slope = if held { 0.0 } else { (gradient / information).clamp(-MAX_STEP, MAX_STEP) };
        for (item, (by_right, by_cross)) in items.iter_mut().zip(own) {
            let mut step = vec![slope];
            step.extend((by_right - by_cross * slope).iter());
            // One slope for all: only the intercepts are cut.
            step[1..].iter_mut().for_each(|s| *s = s.clamp(-MAX_STEP, MAX_STEP));
            let mut flat = Vec::new();
            item.flat(&mut flat);
            flat.iter_mut().zip(&step).for_each(|(x, s)| *x += s);
            flat[0] = flat[0].max(1e-3);
            item.take(&flat);
        }
    }
}

/// Solves a symmetric positive system; a ridge is added until it is one.
pub(super) fn solve(h: DMatrix<f64>, g: &DVector<f64>) -> Option<DVector<f64>> {
    if h.nrows() == 2 {
        let (a, b, d) = (h[(0, 0)], h[(0, 1)], h[(1, 1)]);
        let det = a * d - b * b;
        if det > 1e-10 * (a * d).abs() && a > 0.0 {
            return Some(DVector::from_vec(vec![(d * g[0] - b * g[1]) / det, (a * g[1] - b * g[0]) / det]));
        }
    }
    let scale = h.diagonal().iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    if !(scale.is_finite() && scale > 0.0) {
        return None;
    }
    let mut ridge = 0.0;
    for _ in 0..12 {
        let mut tried = h.clone();
        for i in 0..tried.nrows() {
            tried[(i, i)] += ridge * scale;
        }
        if let Some(factor) = tried.cholesky() {
            return Some(factor.solve(g));
        }
        ridge = if ridge == 0.0 { 1e-10 } else { ridge * 10.0 };
    }
    None
}
