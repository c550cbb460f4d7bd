//! Compromises between what should be known and how many fail: Hofstee, Cohen.

use super::{Method, NEAR, bootstrap, failing, mean, quantile, sane, sd, sorted, unsuited};
use crate::docimology::Estimate;
use serde::Serialize;

/// What one judge accepts.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct HofsteeJudge {
    /// Lowest acceptable cut, in points, even if all candidates pass.
    pub least_cut: f64,
    /// Highest acceptable cut, in points, even if many fail.
    pub greatest_cut: f64,
    /// Lowest acceptable share of failures, 0..=1.
    pub least_failure: f64,
    /// Highest acceptable share of failures, 0..=1.
    pub greatest_failure: f64,
}

/// How the curve met the line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HofsteeOutcome {
    /// They cross between the acceptable bounds.
    Crossed,
    /// Even the lowest acceptable cut fails more than the judges accept: it is given, and the judges must decide.
    TooManyFail,
    /// Even the highest acceptable cut fails fewer than the judges want: it is given, and the judges must decide.
    TooFewFail,
}

impl HofsteeOutcome {
    /// In a sentence.
    pub fn french(self) -> &'static str {
        match self {
            Self::Crossed => "la courbe des échecs coupe la diagonale des juges",
            Self::TooManyFail => {
                "même au seuil le plus bas, il y a plus d’échecs que les juges n’en acceptent : le seuil le plus bas \
                 est donné, aux juges de trancher"
            }
            Self::TooFewFail => {
                "même au seuil le plus haut, il y a moins d’échecs que les juges n’en veulent : le seuil le plus haut \
                 est donné, aux juges de trancher"
            }
        }
    }
}

/// A cut by Hofstee's compromise.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct HofsteeCut {
    /// The cut, in points.
    pub cut: f64,
    /// Share of candidates who fail there.
    pub failure: f64,
    /// Whether curve and line cross.
    pub outcome: HofsteeOutcome,
    /// Means of the judges' bounds: the rectangle whose falling diagonal is used.
    pub bounds: HofsteeJudge,
    /// Standard error over judges (jackknife: Tukey 1958), in points; `None` with one judge.
    pub se_judges: Option<f64>,
    /// Standard error over candidates (bootstrap), in points.
    pub se_candidates: Option<f64>,
}

/// Hofstee (1983): judges' bounds are averaged; the cut is where the share of failures, growing with the cut, meets
/// the line from (least cut, greatest failure) to (greatest cut, least failure). The share of failures is that of
/// these marks, unsmoothed: where it steps over the line at one mark, that mark is the cut and passes. When they do
/// not meet the nearest acceptable cut is given with an [`HofsteeOutcome`] that says so.
///
/// # Errors
/// No judge, bounds in disorder or out of range, fewer than 10 marks.
pub fn hofstee(judges: &[HofsteeJudge], marks: &[f64], seed: u64) -> Estimate<HofsteeCut> {
    const WHAT: &str = "seuil de Hofstee";
    let marks = sorted(WHAT, marks, 10)?;
    if judges.is_empty() {
        return Err(unsuited(WHAT, "aucun juge"));
    }
    for (j, b) in judges.iter().enumerate() {
        let numbers = sane(b.least_cut) && sane(b.greatest_cut);
        let shares = (0.0..=1.0).contains(&b.least_failure) && (0.0..=1.0).contains(&b.greatest_failure);
        if !numbers || !shares || b.least_cut > b.greatest_cut || b.least_failure > b.greatest_failure {
            return Err(unsuited(WHAT, format!("les bornes du juge n° {} sont en désordre ou hors limites", j + 1)));
        }
    }
    let bounds = average(judges);
    let (cut, outcome) = meet(&bounds, &marks);
    let se_judges = (judges.len() > 1).then(|| {
        let without = |left: usize| {
            let others: Vec<_> = judges.iter().enumerate().filter(|(j, _)| *j != left).map(|(_, b)| *b).collect();
            meet(&average(&others), &marks).0
        };
        let cuts: Vec<f64> = (0..judges.len()).map(without).collect();
        let n = cuts.len() as f64;
        sd(&cuts) * (n - 1.0) / n.sqrt()
    });
    Ok(HofsteeCut {
        cut,
        failure: failing(&marks, cut) as f64 / marks.len() as f64,
        outcome,
        bounds,
        se_judges,
        se_candidates: bootstrap(&marks, seed, |drawn| Some(meet(&bounds, drawn).0)),
    })
}

fn average(judges: &[HofsteeJudge]) -> HofsteeJudge {
    let of = |get: fn(&HofsteeJudge) -> f64| mean(&judges.iter().map(get).collect::<Vec<_>>());
    HofsteeJudge {
        least_cut: of(|b| b.least_cut),
        greatest_cut: of(|b| b.greatest_cut),
        least_failure: of(|b| b.least_failure),
        greatest_failure: of(|b| b.greatest_failure),
    }
}

/// The greatest cut whose failures do not exceed the line.
fn meet(bounds: &HofsteeJudge, marks: &[f64]) -> (f64, HofsteeOutcome) {
    let (low, high) = (bounds.least_cut, bounds.greatest_cut);
    let share = |n: usize| n as f64 / marks.len() as f64;
    if share(failing(marks, low)) > bounds.greatest_failure + 1e-12 {
        return (low, HofsteeOutcome::TooManyFail);
    }
    if share(failing(marks, high)) < bounds.least_failure - 1e-12 {
        return (high, HofsteeOutcome::TooFewFail);
    }
    let drop = bounds.greatest_failure - bounds.least_failure;
    let width = high - low;
    // Where the line is at a share of failures; level lines are above all that they allow.
    let reach = |f: f64| match drop {
        d if d > 1e-12 => low + width * (bounds.greatest_failure - f) / d,
        _ if f > bounds.greatest_failure + 1e-12 => low,
        _ => high,
    };
    let mut from = low;
    loop {
        // Failures are constant from here to the next mark, included.
        let below = failing(marks, from);
        let next = marks.get(below).copied().unwrap_or(f64::INFINITY);
        let end = next.max(from).min(high);
        let meets = reach(share(below));
        if meets <= end {
            return (meets.clamp(from, end), HofsteeOutcome::Crossed);
        }
        if end >= high {
            return (high, HofsteeOutcome::Crossed);
        }
        // Just above this mark more fail; if that is above the line already, the curve steps over it here.
        let after = marks.partition_point(|m| *m <= next + NEAR);
        if reach(share(after)) <= end {
            return (end, HofsteeOutcome::Crossed);
        }
        from = (end + 2.0 * NEAR).min(high);
    }
}

/// Settings of Cohen's method.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct CohenOptions {
    /// Which method is named in the result.
    pub method: Method,
    /// Percentile of the reference candidate, as a share: 0.95.
    pub percentile: f64,
    /// Share of the reference mark that is asked: 0.60.
    pub fraction: f64,
    /// What answering by chance brings, in points; 0 for no correction.
    pub guessing: f64,
}

impl CohenOptions {
    /// As published: 60 % of the 95th percentile, above `guessing` points.
    pub fn original(guessing: f64) -> Self {
        Self { method: Method::Cohen, percentile: 0.95, fraction: 0.60, guessing }
    }

    /// As modified by Taylor (2011): the 90th percentile, no correction, a share found on past exams
    /// ([`cohen_multiplier`]).
    pub fn modified(fraction: f64) -> Self {
        Self { method: Method::ModifiedCohen, percentile: 0.90, fraction, guessing: 0.0 }
    }
}

/// A cut by Cohen's method.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct CohenCut {
    /// Which variant.
    pub method: Method,
    /// The cut, in points.
    pub cut: f64,
    /// Mark of the reference candidate, in points.
    pub reference: f64,
    /// Share of candidates who fail.
    pub failure: f64,
    /// Standard error over candidates (bootstrap), in points.
    pub se: Option<f64>,
}

/// Cohen-Schotanus and van der Vleuten (2010): guessing + fraction × (percentile − guessing). The percentile is
/// interpolated (Hyndman and Fan 1996, type 7). Fails where the best candidates are not of the same level from year
/// to year: small or selected cohorts.
///
/// # Errors
/// Fewer than 20 marks (the 95th percentile is then one candidate), settings out of range, a reference mark below
/// what chance brings.
pub fn cohen(marks: &[f64], options: &CohenOptions, seed: u64) -> Estimate<CohenCut> {
    const WHAT: &str = "seuil de Cohen";
    let marks = sorted(WHAT, marks, 20)?;
    let share = |x: f64| x > 0.0 && x <= 1.0;
    if !share(options.percentile) || !share(options.fraction) || !sane(options.guessing) {
        return Err(unsuited(WHAT, "percentile, fraction ou part du hasard hors limites"));
    }
    let at =
        |marks: &[f64]| options.guessing + options.fraction * (quantile(marks, options.percentile) - options.guessing);
    let reference = quantile(&marks, options.percentile);
    if reference < options.guessing {
        return Err(unsuited(WHAT, "les meilleurs candidats n’ont pas plus que le hasard"));
    }
    let cut = at(&marks);
    Ok(CohenCut {
        method: options.method,
        cut,
        reference,
        failure: failing(&marks, cut) as f64 / marks.len() as f64,
        se: bootstrap(&marks, seed, |drawn| Some(at(drawn))),
    })
}

/// The share for [`CohenOptions::modified`] (Taylor 2011): mean over past exams of cut (by Angoff, say) over the
/// 90th percentile of their marks.
///
/// # Errors
/// No exam, fewer than 20 marks in one, a percentile or a cut that is not positive.
pub fn cohen_multiplier(exams: &[(f64, &[f64])]) -> Estimate<f64> {
    const WHAT: &str = "seuil de Cohen modifié";
    if exams.is_empty() {
        return Err(unsuited(WHAT, "aucun examen de référence"));
    }
    let mut sum = 0.0;
    for (cut, marks) in exams {
        let reference = quantile(&sorted(WHAT, marks, 20)?, 0.90);
        if !(reference > 0.0 && *cut > 0.0 && sane(*cut)) {
            return Err(unsuited(WHAT, "un examen de référence n’a ni seuil ni notes positives"));
        }
        sum += cut / reference;
    }
    Ok(sum / exams.len() as f64)
}
