//! The same in any number of groups, and of plain choices with a key.

use super::*;

/// Trace lines in any number of groups.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Traces {
    /// Candidates in each group, from the weakest.
    pub sizes: Vec<usize>,
    /// Mean rest score of each group.
    pub rest: Vec<f64>,
    /// Label, and share of each group that gives it, by proposition.
    pub lines: Vec<(String, Vec<f64>)>,
}

/// The share that gives each proposition, in `groups` groups of equal size by rest score (ten for tenths; Wainer
/// 1989). With fewer than some twenty candidates a group, lines say little.
///
/// # Errors
/// Fewer candidates than groups, no group, lists of different lengths, numbers that are not finite.
pub fn traces(question: &Question, codes: &[u32], rest: &[f64], groups: usize) -> Result<Traces, NotEstimable> {
    let n = codes.len();
    checked(n, &[rest])?;
    if n < groups.max(1) || groups == 0 || groups > usize::from(u16::MAX / 2) {
        return Err(NotEstimable::TooFewCandidates { what: WHAT, n, needed: groups.max(1) });
    }
    let order = Order::new(rest);
    let parts = Parts::equal(&order, groups);
    let (known, of) = distinct(codes);
    let mut counts = vec![vec![0_u32; parts.slots()]; known.len()];
    for (candidate, slot) in order.rows.iter().zip(&parts.slot) {
        counts[of[*candidate as usize] as usize][usize::from(*slot)] += 1;
    }
    let line = |o: Choice| {
        let mut own = vec![0; parts.slots()];
        for (_, counts) in known.iter().zip(&counts).filter(|(code, _)| (o.given)(**code)) {
            own.iter_mut().zip(counts).for_each(|(o, c)| *o += c);
        }
        (o.label, parts.shares(&own))
    };
    let mean = |places: Range<usize>| {
        let size = places.len().max(1) as f64;
        order.rows[places].iter().map(|c| rest[*c as usize]).sum::<f64>() / size
    };
    let ends: Vec<usize> = parts
        .sizes
        .iter()
        .scan(0, |end, size| {
            *end += size;
            Some(*end)
        })
        .collect();
    let means = ends.iter().zip(&parts.sizes).map(|(end, size)| mean(end - size..*end)).collect();
    Ok(Traces { rest: means, lines: options(question).into_iter().map(line).collect(), sizes: parts.sizes })
}

/// One option of a question where each candidate chooses one.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Chosen {
    /// From 0.
    pub option: usize,
    /// Is it the key?
    pub right: bool,
    /// Candidates who chose it.
    pub count: usize,
    /// Share of all candidates.
    pub frequency: f64,
    /// Correlation of choosing it with the total less the option itself (as the R package CTT does); for the key that
    /// is the rest score. `None` if all or none chose it.
    pub r: Option<f64>,
    /// Correlation with the rest score: the total less the question.
    pub r_rest: Option<f64>,
    /// Share of each group, from the weakest.
    pub trace: Vec<f64>,
    /// Share of the strongest group less that of the weakest.
    pub discrimination: f64,
}

/// What each option of a question drew.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Choices {
    /// By option.
    pub options: Vec<Chosen>,
    /// Candidates in each group.
    pub groups: Vec<usize>,
    /// Candidates who chose nothing, or nothing among the options.
    pub blank: usize,
}

/// What each option of single-choice data drew: option chosen, from 0, and total by candidate, the question included.
///
/// Groups are cut at quantiles of the total (type 7 of Hyndman and Fan 1996), the upper end included, as the R
/// package CTT cuts them: equal totals stay together, groups are of unequal size, and empty where totals are few.
///
/// # Errors
/// No candidate, no group, lists of different lengths, totals that are not finite.
pub fn choices(
    chosen: &[Option<usize>],
    options: usize,
    key: usize,
    totals: &[f64],
    groups: usize,
) -> Result<Choices, NotEstimable> {
    let n = chosen.len();
    checked(n, &[totals])?;
    if groups == 0 {
        return Err(NotEstimable::Unsuited { what: WHAT, detail: "aucun groupe".into() });
    }
    let mut sorted = totals.to_vec();
    sorted.sort_by(f64::total_cmp);
    let cuts: Vec<f64> = (1..groups)
        .map(|g| {
            let at = (n - 1) as f64 * g as f64 / groups as f64;
            let (low, part) = (at.floor() as usize, at.fract());
            sorted[low] + part * (sorted[(low + 1).min(n - 1)] - sorted[low])
        })
        .collect();
    let of: Vec<usize> = totals.iter().map(|t| cuts.partition_point(|c| *c < *t - 1e-9)).collect();
    let mut sizes = vec![0_usize; groups];
    of.iter().for_each(|g| sizes[*g] += 1);
    let mut blank = n;
    let found = (0..options)
        .map(|option| {
            let given = |c: usize| chosen[c] == Some(option);
            let mut by_group = vec![0_usize; groups];
            (0..n).filter(|c| given(*c)).for_each(|c| by_group[of[c]] += 1);
            let count: usize = by_group.iter().sum();
            blank -= count;
            let share = |g: usize| if sizes[g] > 0 { by_group[g] as f64 / sizes[g] as f64 } else { 0.0 };
            let indicator = |c: usize| f64::from(u8::from(given(c)));
            let own = |c: usize| f64::from(u8::from(chosen[c] == Some(key)));
            Chosen {
                option,
                right: option == key,
                count,
                frequency: count as f64 / n as f64,
                r: correlation(n, indicator, |c| totals[c] - indicator(c)),
                r_rest: correlation(n, indicator, |c| totals[c] - own(c)),
                trace: (0..groups).map(share).collect(),
                discrimination: share(groups - 1) - share(0),
            }
        })
        .collect();
    Ok(Choices { options: found, groups: sizes, blank })
}

fn correlation(n: usize, x: impl Fn(usize) -> f64, y: impl Fn(usize) -> f64) -> Option<f64> {
    let (x, y): (Vec<f64>, Vec<f64>) = (0..n).map(|c| (x(c), y(c))).unzip();
    crate::stats::correlation(&x, &y)
}
