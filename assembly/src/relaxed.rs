//! The blueprint as a relaxation would have it.
//!
//! A bound that a form edits is rounded outwards, so that what was found still meets it once it is written with few
//! digits. What a blueprint cannot say by halves ("three of the units used since") is given up whole.

use crate::blueprint::{Blueprint, Bounds, Overlap};
use crate::conflict::Change;
use crate::statement::{Source, Statement};

fn down(x: f64, step: f64) -> f64 {
    (x / step + 1e-6).floor() * step
}

fn up(x: f64, step: f64) -> f64 {
    (x / step - 1e-6).ceil() * step
}

/// Bounds in whole steps, rounded outwards; no more digits than the step has.
fn bounds((low, high): (f64, f64), step: f64) -> Bounds {
    let tidy = |x: f64| (x * 1e4).round() / 1e4;
    Bounds {
        min: low.is_finite().then(|| tidy(down(low, step)).max(0.0)),
        max: high.is_finite().then(|| tidy(up(high, step))),
        ..Bounds::default()
    }
}

/// The blueprint with these changes made; a change of a sentence that it does not have is passed over.
pub fn relaxed(blueprint: &Blueprint, statements: &[Statement], changes: &[Change]) -> Blueprint {
    let mut new = blueprint.clone();
    for change in changes {
        let Some(statement) = statements.get(change.statement) else { continue };
        let to = change.to;
        match &statement.source {
            Source::Questions => new.questions = bounds(to, 1.0),
            Source::Minutes => new.minutes = bounds(to, 0.1),
            Source::Row { row } => {
                let step = match statement.unit {
                    crate::statement::Unit::Share => 0.001,
                    crate::statement::Unit::Minutes => 0.1,
                    _ => 1.0,
                };
                if let Some(row) = new.rows.get_mut(*row) {
                    row.bounds = bounds(to, step);
                }
            }
            Source::Images => new.images = bounds(to, 0.001),
            Source::Difficulty => {
                if let Some(difficulty) = &mut new.difficulty {
                    let off = (difficulty.mean - to.0).max(to.1 - difficulty.mean);
                    difficulty.tolerance = ((up(off, 0.001) * 1e4).round() / 1e4).min(1.0);
                }
            }
            Source::Spread => {
                if let Some(difficulty) = &mut new.difficulty {
                    let root = |x: f64| if x.is_finite() { x.max(0.0).sqrt() } else { x };
                    difficulty.spread = Some(bounds((root(to.0), root(to.1)), 0.001));
                }
            }
            Source::NotUsedSince => new.exclusions.not_used_since = None,
            Source::NotExposedTo { cohort } => _ = new.exclusions.not_exposed_to.remove(cohort),
            Source::Statuses => new.exclusions.statuses.clear(),
            Source::MustNot => new.must_not.clear(),
            Source::SameAuthor => new.exclusions.same_author = Some(up(to.1, 1.0) as u32),
            Source::Enemies => new.exclusions.enemies = false,
            Source::Must { unit } => _ = new.must.remove(unit),
            Source::Anchor => {
                let from = statement.low;
                let questions = if (to.0 - from).abs() > (to.1 - from).abs() { to.0 } else { to.1 };
                new.overlap = Overlap::Anchor { questions: questions.round().max(0.0) as u32 };
            }
            Source::Shared { unit } => {
                if let Overlap::Shared { units } = &mut new.overlap {
                    units.remove(unit);
                }
            }
        }
    }
    new
}
