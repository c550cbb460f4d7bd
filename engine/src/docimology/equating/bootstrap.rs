//! Standard errors by resampling candidates (Efron 1979; Kolen and Brennan 2014, ch. 7).

use super::anchor::{chained, margins};
use super::{
    AnchorOptions, Bivariate, Conversion, Distribution, Estimate, Method, Smoothing, WHAT, anchor_groups,
    enough_replicates, equivalent_groups, spread, unsuited,
};
use crate::docimology::numeric::Draws;
use rayon::prelude::*;

/// Most replicates; 1,000 fix a standard error to about 2 %.
pub const MOST_REPLICATES: usize = 100_000;

/// [`equivalent_groups`] with standard errors from `replicates` samples of candidates drawn with replacement from
/// each group apart (2 to 100,000). The degree of a smoothing chosen by a criterion is chosen once.
///
/// It says nothing of bias (groups that are not equivalent), and too little at scores no one has.
///
/// # Errors
/// Those of [`equivalent_groups`]; a number of replicates off the range; over one sample in ten not computable.
pub fn bootstrap_groups(
    x: &Distribution,
    y: &Distribution,
    method: Method,
    smoothing: Smoothing,
    replicates: usize,
    seed: u64,
) -> Estimate<Conversion> {
    let found = equivalent_groups(x, y, method, smoothing)?;
    let (for_x, for_y) = match method {
        Method::Equipercentile => (smoothing.settled(x)?, smoothing.settled(y)?),
        _ => (Smoothing::None, Smoothing::None),
    };
    with_se(found, replicates, |r| {
        let draw = |of: &Distribution, side: u64| {
            Distribution::new(*of.scale(), resampled(of.counts(), Draws::new(seed, 2 * r + side)))
        };
        let (x, y) = (for_x.apply(&draw(x, 0)?)?, for_y.apply(&draw(y, 1)?)?);
        equivalent_groups(&x, &y, method, Smoothing::None)
    })
}

/// [`anchor_groups`] with standard errors from `replicates` samples of candidates (total and anchor score kept
/// together) drawn with replacement from each group apart (2 to 100,000). The degree of a smoothing chosen by a
/// criterion is chosen once.
///
/// The common questions are taken as they are: another choice of them is no part of this error.
///
/// # Errors
/// Those of [`anchor_groups`]; a number of replicates off the range; over one sample in ten not computable.
pub fn bootstrap_anchor(
    x: &Bivariate,
    y: &Bivariate,
    method: Method,
    options: AnchorOptions,
    replicates: usize,
    seed: u64,
) -> Estimate<Conversion> {
    let found = anchor_groups(x, y, method, options)?;
    let counts = |of: &Bivariate| of.cells().iter().map(|c| c.2).collect::<Vec<f64>>();
    let (cx, cy) = (counts(x), counts(y));
    let chain = match method {
        Method::ChainedEquipercentile => {
            let mut settled = [options.smoothing; 4];
            for (own, margin) in settled.iter_mut().zip(margins(x, y)) {
                *own = own.settled(&margin)?;
            }
            Some(settled)
        }
        _ => None,
    };
    with_se(found, replicates, |r| {
        let x = x.with_counts(&resampled(&cx, Draws::new(seed, 2 * r)));
        let y = y.with_counts(&resampled(&cy, Draws::new(seed, 2 * r + 1)));
        match chain {
            Some(smoothing) => chained(&margins(&x, &y), smoothing),
            None => anchor_groups(&x, &y, method, options),
        }
    })
}

fn with_se(
    found: Conversion,
    replicates: usize,
    replicate: impl Fn(u64) -> Estimate<Conversion> + Sync,
) -> Estimate<Conversion> {
    if !(2..=MOST_REPLICATES).contains(&replicates) {
        return unsuited(format!("le nombre de rééchantillonnages doit être compris entre 2 et {MOST_REPLICATES}"));
    }
    let again: Vec<Estimate<Vec<f64>>> =
        (0..replicates as u64).into_par_iter().map(|r| replicate(r).map(|c| c.equated)).collect();
    let se = spread(&enough_replicates(again, WHAT)?);
    Ok(Conversion { se: Some(se), ..found })
}

/// As many candidates drawn with replacement.
fn resampled(counts: &[f64], draws: Draws) -> Vec<f64> {
    let mut sum = 0.0;
    let sums: Vec<f64> = counts
        .iter()
        .map(|c| {
            sum += c;
            sum
        })
        .collect();
    let mut again = vec![0.0; counts.len()];
    for i in 0..sum.round() as u64 {
        let at = draws.uniform(i) * sum;
        again[sums.partition_point(|s| *s <= at).min(counts.len() - 1)] += 1.0;
    }
    again
}
