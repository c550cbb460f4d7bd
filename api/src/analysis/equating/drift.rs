//! Common questions whose difficulty is not the same in both exams, once the exams are linked.

use super::pairing::{Pair, Reason, Side};
use docimo_engine::docimology::equating::{Link, normal_population};
use docimo_engine::docimology::irt::ItemParameters;
use docimo_engine::docimology::matrix::Item;
use serde::Serialize;

/// Logits beyond which a question has drifted.
pub const MOST: f64 = 0.3;
/// Robust z beyond which a question stands apart from the others (Huynh and Meyer 2010).
pub const MOST_Z: f64 = 1.645;
/// Candidates below which nothing is said of a question, as in the rest of the analysis.
const FEWEST: usize = 30;
/// Standard errors beyond which a difference is no accident among dozens.
const SURE: f64 = 3.0;
/// Questions that it takes for quartiles to say something.
const LEAST: usize = 5;

/// How a question moved.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Drift {
    /// Logit of its success in the second exam less that in the first, for the same candidates; positive where it was
    /// harder in the first.
    pub logits: f64,
    /// Its standard error, over candidates.
    pub se: Option<f64>,
    /// (difference − median) / (0.74 · interquartile range), over the questions of the anchor.
    pub robust_z: Option<f64>,
    /// Beyond 0.3 logit, or a robust z beyond 1.645.
    pub apart: bool,
    /// Apart by more than three times its standard error: dozens of questions are compared at once.
    pub sure: bool,
}

impl Drift {
    /// For the table, in words.
    pub fn french(&self) -> &'static str {
        match (self.apart, self.sure, self.logits > 0.0) {
            (false, _, _) => "stable",
            (true, true, true) => "devenue plus difficile ici",
            (true, true, false) => "devenue plus facile ici",
            (true, false, true) => "plus difficile ici, dans la marge d’erreur",
            (true, false, false) => "plus facile ici, dans la marge d’erreur",
        }
    }
}

/// How each pair moved: by what both response models expect of one cohort where they are linked, otherwise by the
/// logits of success less their median. What is left out is compared too, with the scale that the others make.
pub fn of(x: &Side<'_>, y: &Side<'_>, pairs: &[Pair], link: Option<&Link>) -> Vec<Option<Drift>> {
    let few = x.subject.people.len().min(y.subject.people.len()) < FEWEST;
    let raw: Vec<Option<(f64, Option<f64>)>> = pairs
        .iter()
        .map(|pair| match (link, pair.out.is_none_or(Reason::may_be_used)) {
            // The same answer is not worth the same: successes do not compare.
            (_, false) => None,
            _ if few => None,
            (Some(link), true) => by_model(x, y, pair, link),
            (None, true) => by_success(x, y, pair),
        })
        .collect();
    let anchor: Vec<f64> =
        raw.iter().zip(pairs).filter(|(_, p)| p.out.is_none()).filter_map(|(r, _)| Some((*r)?.0)).collect();
    let spread = docimo_engine::stats::summary(&anchor).map(|s| (s.quartiles[1], s.quartiles[2] - s.quartiles[0]));
    // Success says nothing of the level of the cohorts: the anchor's median is what they differ by.
    let base = if link.is_some() { 0.0 } else { spread.map_or(0.0, |s| s.0) };
    raw.into_iter()
        .map(|found| {
            let (value, se) = found?;
            let logits = value - base;
            let robust_z = spread
                .filter(|s| anchor.len() >= LEAST && s.1 > 1e-9)
                .map(|(median, width)| (value - median) / (0.74 * width));
            let far = logits.abs() > MOST;
            let apart = far || robust_z.is_some_and(|z| z.abs() > MOST_Z);
            let sure = apart && se.is_none_or(|se| logits.abs() > SURE * se);
            Some(Drift { logits, se, robust_z, apart, sure })
        })
        .collect()
}

/// Logits of the success that both models expect of the second cohort. Thresholds would say more, but those of rare
/// scores are known to within several logits.
fn by_model(x: &Side<'_>, y: &Side<'_>, pair: &Pair, link: &Link) -> Option<(f64, Option<f64>)> {
    let (one, two) = (x.study.latent.as_ref().ok()?, y.study.latent.as_ref().ok()?);
    let (a, b) = pair.columns?;
    let (i, j) = (one.place[a]?, two.place[b]?);
    let population = normal_population(41);
    let share = |item: &ItemParameters, scores: &[f64], max: f64| {
        population.iter().map(|(theta, weight)| weight * item.expected(*theta, scores)).sum::<f64>() / max
    };
    let (item, there) = (&x.study.matrix.items()[a], &y.study.matrix.items()[b]);
    let here = share(&link.apply(&one.calibration.items[i]), &one.calibration.scores[i], item.max);
    let gone = share(&two.calibration.items[j], &two.calibration.scores[j], there.max);
    let (one, two) = (logit(item)?, logit(there)?);
    let of = |p: f64, n: usize| {
        let p = p.clamp(0.5 / n as f64, 1.0 - 0.5 / n as f64);
        (p / (1.0 - p)).ln()
    };
    let value = of(gone, there.cells.len()) - of(here, item.cells.len());
    value.is_finite().then_some((value, Some(one.1.hypot(two.1))))
}

fn by_success(x: &Side<'_>, y: &Side<'_>, pair: &Pair) -> Option<(f64, Option<f64>)> {
    let (a, b) = pair.columns?;
    let (one, two) = (logit(&x.study.matrix.items()[a])?, logit(&y.study.matrix.items()[b])?);
    Some((two.0 - one.0, Some(one.1.hypot(two.1))))
}

/// Logit of the mean share of the points, with its standard error; off its ends by half a candidate.
fn logit(item: &Item) -> Option<(f64, f64)> {
    let shares: Vec<f64> = item.scores().map(|s| s / item.max).collect();
    let told = docimo_engine::stats::summary(&shares)?;
    let n = told.n as f64;
    let p = told.mean.clamp(0.5 / n, 1.0 - 0.5 / n);
    (n >= 2.0).then(|| ((p / (1.0 - p)).ln(), told.sd / n.sqrt() / (p * (1.0 - p))))
}
