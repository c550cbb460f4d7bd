//! A blueprint ready to be edited: one *unité de composition* of the EDN.

use crate::blueprint::{Blueprint, Bounds, Difficulty, Exclusions, Facet, Goal, Measure, Point, Row};

/// One unit of composition: 90 to 110 questions in 3 h (arrêté of 21 December 2021, art. 7). What no text settles is a
/// proposal to be edited: numbers of dossiers, shares of ranks and kinds, pictures, difficulty. A KFP has 3 questions,
/// a dossier 3 to 8. `specialties` are those of the faculty, in any number; each has a fair share, give or take half.
pub fn edn_unit(specialties: &[&str]) -> Blueprint {
    let mut blueprint = Blueprint::new("EDN, une unité de composition", Bounds::between(90.0, 110.0));
    let row = |facet, value: &str, measure, bounds| Row { facet, value: value.to_owned(), measure, bounds };
    blueprint.minutes = Bounds::at_most(180.0);
    blueprint.rows = vec![
        row(Facet::Case, "DP", Measure::Units, Bounds::between(4.0, 8.0)),
        row(Facet::Case, "mini-DP", Measure::Units, Bounds::between(2.0, 6.0)),
        row(Facet::Case, "KFP", Measure::Units, Bounds::between(1.0, 4.0)),
        row(Facet::Case, "QI", Measure::Questions, Bounds::between(25.0, 50.0)),
        row(Facet::Rank, "A", Measure::Share, Bounds::between(0.45, 0.65)),
        row(Facet::Kind, "QRM", Measure::Share, Bounds::between(0.25, 0.55)),
        row(Facet::Kind, "QRU", Measure::Share, Bounds::between(0.10, 0.40)),
        row(Facet::Kind, "QROC", Measure::Questions, Bounds::between(4.0, 15.0)),
    ];
    let share = 100.0 / specialties.len().max(1) as f64;
    blueprint.rows.extend(specialties.iter().map(|specialty| {
        let bounds = Bounds::between((share * 0.5).floor(), (share * 1.5).ceil());
        row(Facet::Specialty, specialty, Measure::Questions, bounds)
    }));
    blueprint.images = Bounds::at_least(0.15);
    blueprint.difficulty = Some(Difficulty { mean: 0.65, tolerance: 0.05, spread: None });
    blueprint.exclusions = Exclusions { same_author: Some(4), ..Exclusions::default() };
    blueprint.goal =
        Goal::MaximiseInformation { points: [-1.0, 0.0, 1.0].map(|theta| Point { theta, value: 1.0 }).to_vec() };
    blueprint
}
