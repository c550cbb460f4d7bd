//! Judges who look at candidates: borderline group, contrasting groups, borderline regression.

use super::{Method, bootstrap, french_number, mean, median, sd, sorted, unsuited};
use crate::docimology::numeric::logistic;
use crate::docimology::{Estimate, NotEstimable};
use serde::Serialize;

/// A cut from the candidates judged borderline.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct GroupCut {
    /// Candidates judged borderline.
    pub n: usize,
    /// The cut, in points: their median mark (Livingston and Zieky 1982).
    pub cut: f64,
    /// Standard error of the median over candidates (bootstrap), in points.
    pub se: Option<f64>,
    /// Their mean mark, in points: the cut of many OSCE (Smee and Blackmore 2001).
    pub mean: f64,
    /// Standard error of the mean, in points.
    pub se_mean: f64,
}

/// Borderline group (Livingston and Zieky 1982): `marks` in points of the candidates whom examiners judged neither
/// good enough nor not. Fails where few are so judged, or where examiners say "borderline" when they do not know.
///
/// # Errors
/// Fewer than 5 candidates, a mark that is not a number.
pub fn borderline_group(marks: &[f64], seed: u64) -> Estimate<GroupCut> {
    let marks = sorted("seuil par groupe limite", marks, 5)?;
    Ok(GroupCut {
        n: marks.len(),
        cut: median(&marks),
        se: bootstrap(&marks, seed, |drawn| Some(median(drawn))),
        mean: mean(&marks),
        se_mean: sd(&marks) / (marks.len() as f64).sqrt(),
    })
}

/// A cut between two groups.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Contrast {
    /// The cut, in points: a candidate there is as likely to have been judged competent as not (logistic regression).
    pub cut: f64,
    /// Its standard error over candidates (delta method), in points.
    pub se: f64,
    /// Slope of the regression, per point.
    pub slope: f64,
    /// Where two normal curves, one a group and of equal weight, cross between the means; `None` if they do not.
    /// Unlike `cut`, it does not depend on how many were judged competent.
    pub crossing: Option<f64>,
    /// Share of those judged not competent who reach the cut.
    pub false_passes: f64,
    /// Share of those judged competent who do not.
    pub false_failures: f64,
    /// Judged competent.
    pub competent: usize,
    /// Judged not competent.
    pub others: usize,
}

/// Contrasting groups (Livingston and Zieky 1982; logistic regression: Cizek and Bunch 2007): marks in points of
/// the candidates judged competent and of the others. Fails where judgements have seen the marks.
///
/// # Errors
/// Fewer than 5 in a group; groups that do not overlap (then any cut in the gap, given in the message, is as good);
/// marks that do not rise with competence.
pub fn contrasting_groups(competent: &[f64], others: &[f64]) -> Estimate<Contrast> {
    const WHAT: &str = "seuil par groupes contrastés";
    let good = sorted(WHAT, competent, 5)?;
    let bad = sorted(WHAT, others, 5)?;
    let (worst, best) = (good[0], bad[bad.len() - 1]);
    if best <= worst {
        let detail = format!(
            "les groupes ne se recouvrent pas, tout seuil de {} à {} les sépare",
            french_number(best),
            french_number(worst)
        );
        return Err(unsuited(WHAT, detail));
    }
    if mean(&good) <= mean(&bad) {
        return Err(unsuited(WHAT, "les candidats jugés compétents n’ont pas de meilleures notes"));
    }
    let all: Vec<f64> = good.iter().chain(&bad).copied().collect();
    let (centre, scale) = (mean(&all), sd(&all));
    let rows: Vec<(f64, f64)> =
        all.iter().enumerate().map(|(i, m)| ((m - centre) / scale, if i < good.len() { 1.0 } else { 0.0 })).collect();
    let (a, b, covariance) = regress(&rows).ok_or_else(|| NotEstimable::NotConverged {
        what: WHAT,
        detail: "la régression logistique ne se stabilise pas".into(),
    })?;
    if b <= 1e-9 {
        return Err(unsuited(WHAT, "les notes ne distinguent pas les deux groupes"));
    }
    let at = -a / b;
    let variance = (covariance[0] + 2.0 * at * covariance[1] + at * at * covariance[2]) / (b * b);
    let cut = centre + scale * at;
    Ok(Contrast {
        cut,
        se: scale * variance.max(0.0).sqrt(),
        slope: b / scale,
        crossing: crossing((mean(&bad), sd(&bad)), (mean(&good), sd(&good))),
        false_passes: 1.0 - super::failing(&bad, cut) as f64 / bad.len() as f64,
        false_failures: super::failing(&good, cut) as f64 / good.len() as f64,
        competent: good.len(),
        others: bad.len(),
    })
}

/// Logistic regression on one variable by Newton's method with halved steps: intercept, slope and their covariance
/// (aa, ab, bb).
fn regress(rows: &[(f64, f64)]) -> Option<(f64, f64, [f64; 3])> {
    // log(1 + e^z) − y z, without overflow.
    let loss = |a: f64, b: f64| -> f64 {
        rows.iter()
            .map(|(x, y)| {
                let z = a + b * x;
                z.max(0.0) + (-z.abs()).exp().ln_1p() - y * z
            })
            .sum()
    };
    let (mut a, mut b) = (0.0, 0.0);
    let mut now = loss(a, b);
    for _ in 0..100 {
        let (mut ga, mut gb, mut haa, mut hab, mut hbb) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for (x, y) in rows {
            let p = logistic(a + b * x);
            let w = p * (1.0 - p);
            ga += y - p;
            gb += (y - p) * x;
            haa += w;
            hab += w * x;
            hbb += w * x * x;
        }
        let det = haa * hbb - hab * hab;
        if !det.is_finite() || det <= 1e-12 {
            return None;
        }
        let (mut da, mut db) = ((hbb * ga - hab * gb) / det, (haa * gb - hab * ga) / det);
        if da.abs().max(db.abs()) < 1e-10 {
            return Some((a, b, [hbb / det, -hab / det, haa / det]));
        }
        let mut then = loss(a + da, b + db);
        for _ in 0..30 {
            if then <= now + 1e-12 {
                break;
            }
            (da, db) = (da / 2.0, db / 2.0);
            then = loss(a + da, b + db);
        }
        (a, b, now) = (a + da, b + db, then);
    }
    None
}

/// Where two normal densities of equal weight cross between their means.
fn crossing((m0, s0): (f64, f64), (m1, s1): (f64, f64)) -> Option<f64> {
    if s0 <= 1e-12 || s1 <= 1e-12 {
        return None;
    }
    // (x − m0)² / s0² − (x − m1)² / s1² = 2 ln(s1 / s0)
    let (w0, w1) = (1.0 / (s0 * s0), 1.0 / (s1 * s1));
    let (a, b) = (w0 - w1, -2.0 * (m0 * w0 - m1 * w1));
    let c = m0 * m0 * w0 - m1 * m1 * w1 - 2.0 * (s1 / s0).ln();
    let roots = if a.abs() < 1e-12 * (w0 + w1) {
        [-c / b, -c / b]
    } else {
        let under = b * b - 4.0 * a * c;
        if under < 0.0 {
            return None;
        }
        let q = -0.5 * (b + b.signum() * under.sqrt());
        [q / a, if q.abs() > 0.0 { c / q } else { q / a }]
    };
    roots.into_iter().find(|x| x.is_finite() && *x >= m0 && *x <= m1)
}

/// A cut by borderline regression.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct BorderlineRegression {
    /// Candidates.
    pub n: usize,
    /// The cut, in points: mark expected at the borderline grade.
    pub cut: f64,
    /// Its standard error over candidates, in points.
    pub se: f64,
    /// Mark expected at grade 0, in points.
    pub intercept: f64,
    /// Points per grade (*inter-grade discrimination*, Pell et al. 2010).
    pub slope: f64,
    /// Share of the variance of marks that grades explain, 0..=1; below 0.5 marks and grades do not tell the same
    /// story (Pell et al. 2010).
    pub r_squared: f64,
    /// Standard error of the regression, in points (n − 2).
    pub residual_sd: f64,
    /// Candidates with the borderline grade exactly.
    pub borderline: usize,
}

/// Borderline regression (Kramer et al. 2003; Wood, Humphrey-Murto and Norman 2006): least squares of marks in points
/// on global grades (numbers, as 1 to 5), read at `borderline`. The error of the cut is that of the line there,
/// s √(1/n + (g − ḡ)² / Σ(gᵢ − ḡ)²). Fails where the grades do not rise with marks, or where "borderline" lies beyond
/// the grades given: the line is then extended without data, and refused.
///
/// # Errors
/// Fewer than 10 candidates, lists of different lengths, grades all equal, a slope not above 0, a borderline
/// grade beyond all grades given.
pub fn borderline_regression(grades: &[f64], marks: &[f64], borderline: f64) -> Estimate<BorderlineRegression> {
    const WHAT: &str = "régression au seuil";
    let n = marks.len();
    if grades.len() != n {
        return Err(unsuited(WHAT, format!("{} appréciations pour {n} notes", grades.len())));
    }
    sorted(WHAT, marks, 10)?;
    let order = sorted(WHAT, grades, 10)?;
    let (lowest, highest) = (order[0], order[n - 1]);
    if highest - lowest <= 1e-12 {
        return Err(unsuited(WHAT, "toutes les appréciations sont les mêmes"));
    }
    if !(lowest..=highest).contains(&borderline) {
        return Err(unsuited(WHAT, "l’appréciation « limite » est hors des appréciations données"));
    }
    let nf = n as f64;
    let (mg, mm) = (mean(grades), mean(marks));
    let sxx: f64 = grades.iter().map(|g| (g - mg).powi(2)).sum();
    let sxy: f64 = grades.iter().zip(marks).map(|(g, m)| (g - mg) * (m - mm)).sum();
    let syy: f64 = marks.iter().map(|m| (m - mm).powi(2)).sum();
    let slope = sxy / sxx;
    if slope <= 0.0 {
        return Err(unsuited(WHAT, "les notes ne montent pas avec les appréciations"));
    }
    let left: f64 = grades.iter().zip(marks).map(|(g, m)| (m - mm - slope * (g - mg)).powi(2)).sum();
    let residual_sd = (left / (nf - 2.0)).sqrt();
    Ok(BorderlineRegression {
        n,
        cut: mm + slope * (borderline - mg),
        se: residual_sd * (1.0 / nf + (borderline - mg).powi(2) / sxx).sqrt(),
        intercept: mm - slope * mg,
        slope,
        r_squared: if syy > 0.0 { (1.0 - left / syy).clamp(0.0, 1.0) } else { 0.0 },
        residual_sd,
        borderline: grades.iter().filter(|g| (**g - borderline).abs() < 1e-9).count(),
    })
}

/// The cut of an exam of several stations.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct StationsCut {
    /// Which method set the cut of each station.
    pub method: Method,
    /// Sum of the stations' cuts, in points.
    pub cut: f64,
    /// Standard error if stations err independently, in points. Examiners who saw several stations, or one cohort
    /// for all, make it larger.
    pub se: f64,
}

/// Sum of stations judged by borderline regression, and √Σ se². A candidate may reach it by a few stations only: many
/// schools also ask for a number of stations passed.
///
/// # Errors
/// No station.
pub fn stations(stations: &[BorderlineRegression]) -> Estimate<StationsCut> {
    if stations.is_empty() {
        return Err(unsuited("régression au seuil", "aucune station"));
    }
    Ok(StationsCut {
        method: Method::BorderlineRegression,
        cut: stations.iter().map(|s| s.cut).sum(),
        se: stations.iter().map(|s| s.se * s.se).sum::<f64>().sqrt(),
    })
}
