//! Where to put a threshold: standard setting by judges on questions, by judges on candidates, by compromise.
//!
//! Cuts are in points of the exam (see [`JudgedCut::on`] for another scale); a candidate passes at the cut or above.
//! A cut is a judgement that is written down, not a truth that is found (Cizek and Bunch 2007): each method
//! gives its error over judges or candidates, and [`impact`] says who would pass a little above and a little below.

mod booklet;
mod compromise;
mod examinees;
mod judges;

pub use booklet::{Bookmark, BookmarkCut, BookmarkOptions, Centre, Entry, Reading, bookmark, ordered_booklet};
pub use compromise::{
    CohenCut, CohenOptions, HofsteeCut, HofsteeJudge, HofsteeOutcome, cohen, cohen_multiplier, hofstee,
};
pub use examinees::{
    BorderlineRegression, Contrast, GroupCut, StationsCut, borderline_group, borderline_regression, contrasting_groups,
    stations,
};
pub use judges::{
    Agreement, EBEL_DIFFICULTY, EBEL_RELEVANCE, EbelCell, EbelCut, EbelJudge, Judge, JudgeConsistency, JudgedCut,
    QuestionRatings, Ratings, Round, Rounds, angoff, consistency, ebel, extended_angoff, intraclass, modified_angoff,
    nedelsky, yes_no_angoff,
};

use super::numeric::Draws;
use super::{Estimate, NotEstimable};
use serde::{Deserialize, Serialize};

/// How a threshold is set.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Angoff (1971): chance of a borderline candidate at each question.
    Angoff,
    /// Hambleton and Plake (1995): expected points of a borderline candidate at each question.
    ExtendedAngoff,
    /// Impara and Plake (1997): would a borderline candidate succeed, yes or no?
    YesNoAngoff,
    /// Ebel (1972): relevance by difficulty.
    Ebel,
    /// Nedelsky (1954): options that a borderline candidate would reject.
    Nedelsky,
    /// Hofstee (1983): between acceptable cuts and acceptable failure rates.
    Hofstee,
    /// Cohen-Schotanus and van der Vleuten (2010): a share of the best candidates' mark.
    Cohen,
    /// Taylor (2011): the same from the 90th percentile, without correction for guessing.
    ModifiedCohen,
    /// Livingston and Zieky (1982): the middle of the candidates judged borderline.
    BorderlineGroup,
    /// Livingston and Zieky (1982): between candidates judged competent and not.
    ContrastingGroups,
    /// Kramer et al. (2003): mark on global grade, read at "borderline".
    BorderlineRegression,
    /// Lewis, Mitzel and Green (1996): a bookmark in the questions ordered by difficulty.
    Bookmark,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Angoff,
        Self::ExtendedAngoff,
        Self::YesNoAngoff,
        Self::Ebel,
        Self::Nedelsky,
        Self::Hofstee,
        Self::Cohen,
        Self::ModifiedCohen,
        Self::BorderlineGroup,
        Self::ContrastingGroups,
        Self::BorderlineRegression,
        Self::Bookmark,
    ];

    /// Its name on a page.
    pub fn french(self) -> &'static str {
        match self {
            Self::Angoff => "Angoff",
            Self::ExtendedAngoff => "Angoff étendu",
            Self::YesNoAngoff => "Angoff oui/non",
            Self::Ebel => "Ebel",
            Self::Nedelsky => "Nedelsky",
            Self::Hofstee => "Hofstee",
            Self::Cohen => "Cohen",
            Self::ModifiedCohen => "Cohen modifié",
            Self::BorderlineGroup => "Groupe limite",
            Self::ContrastingGroups => "Groupes contrastés",
            Self::BorderlineRegression => "Régression au seuil",
            Self::Bookmark => "Marque-page",
        }
    }
}

/// Who would pass at a cut.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct PassRate {
    /// Distance from the proposed cut, in standard errors.
    pub shift: i8,
    /// The cut, in points.
    pub cut: f64,
    /// Candidates at the cut or above.
    pub passing: usize,
    /// The same as a share of all, 0..=1.
    pub rate: f64,
}

/// Who would pass at the proposed cut and one or two standard errors from it.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Impact {
    /// Candidates.
    pub n: usize,
    /// At −2, −1, 0, +1 and +2 standard errors.
    pub rates: [PassRate; 5],
}

/// Pass rates at `cut` and at ±1 and ±2 `se` (as Cizek and Bunch 2007 ask of any panel), on `marks` in
/// points. Says nothing of other cohorts.
///
/// # Errors
/// No mark; a mark, a cut or an error that is not a number, a negative error.
pub fn impact(marks: &[f64], cut: f64, se: f64) -> Estimate<Impact> {
    const WHAT: &str = "effet du seuil";
    let marks = sorted(WHAT, marks, 1)?;
    if !sane(cut) || !sane(se) || se < 0.0 {
        return Err(unsuited(WHAT, "le seuil ou son erreur n’est pas un nombre"));
    }
    let at = |shift: i8| {
        let cut = cut + f64::from(shift) * se;
        let passing = marks.len() - failing(&marks, cut);
        PassRate { shift, cut, passing, rate: passing as f64 / marks.len() as f64 }
    };
    Ok(Impact { n: marks.len(), rates: [-2, -1, 0, 1, 2].map(at) })
}

/// A mark this close below a cut reaches it: sums of tenths are not exact in doubles.
pub(super) const NEAR: f64 = 1e-9;

/// How many of `sorted` are below `cut`.
fn failing(sorted: &[f64], cut: f64) -> usize {
    sorted.partition_point(|m| *m < cut - NEAR)
}

/// A number that squares and sums without overflow.
fn sane(x: f64) -> bool {
    x.abs() <= 1e12
}

fn unsuited(what: &'static str, detail: impl Into<String>) -> NotEstimable {
    NotEstimable::Unsuited { what, detail: detail.into() }
}

/// A number as one writes it in French, two decimals at most.
fn french_number(x: f64) -> String {
    let text = format!("{x:.2}");
    text.trim_end_matches('0').trim_end_matches('.').replace('.', ",")
}

/// Marks in ascending order, at least `needed`, all numbers.
fn sorted(what: &'static str, marks: &[f64], needed: usize) -> Estimate<Vec<f64>> {
    if marks.len() < needed {
        return Err(NotEstimable::TooFewCandidates { what, n: marks.len(), needed });
    }
    if let Some(at) = marks.iter().position(|m| !sane(*m)) {
        return Err(unsuited(what, format!("la note n° {} n’est pas un nombre", at + 1)));
    }
    let mut sorted = marks.to_vec();
    sorted.sort_by(f64::total_cmp);
    Ok(sorted)
}

/// Quantile by linear interpolation between closest ranks (Hyndman and Fan 1996, type 7) of a sorted list.
fn quantile(sorted: &[f64], q: f64) -> f64 {
    let at = q * (sorted.len() - 1) as f64;
    let low = at.floor() as usize;
    sorted[low] + at.fract() * (sorted[(low + 1).min(sorted.len() - 1)] - sorted[low])
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Standard deviation of the sample (n − 1); 0 with fewer than two.
fn sd(values: &[f64]) -> f64 {
    if values.len() < 2 {
        return 0.0;
    }
    let mean = mean(values);
    (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64).sqrt()
}

fn median(sorted: &[f64]) -> f64 {
    quantile(sorted, 0.5)
}

/// Draws of candidates for a bootstrap standard error.
const DRAWS: u64 = 400;

/// Bootstrap standard error (Efron 1979) over candidates of a statistic of sorted marks; draws without a value are
/// left out, `None` when half are.
fn bootstrap(marks: &[f64], seed: u64, statistic: impl Fn(&[f64]) -> Option<f64>) -> Option<f64> {
    let mut drawn = vec![0.0; marks.len()];
    let values: Vec<f64> = (0..DRAWS)
        .filter_map(|stream| {
            let draws = Draws::new(seed, stream);
            for (i, mark) in drawn.iter_mut().enumerate() {
                *mark = marks[draws.below(i as u64, marks.len())];
            }
            drawn.sort_by(f64::total_cmp);
            statistic(&drawn)
        })
        .collect();
    (2 * values.len() > DRAWS as usize).then(|| sd(&values))
}
