//! What is wanted (*table de spécification*), as data that a committee edits and keeps.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// A way of sorting questions.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Facet {
    /// Spécialité.
    Specialty,
    /// Item of the referential.
    Item,
    /// Rank of the knowledge: `A`, `B`.
    Rank,
    /// Kind of question, by its code: `QRU`, `QRM`…
    Kind,
    /// `DP`, `mini-DP`, `KFP`, `LCA`, or `QI` for isolated questions.
    Case,
    /// Situation de départ.
    Situation,
    /// Cognitive level.
    Level,
}

impl Facet {
    /// Its French name, with what comes before a value.
    pub fn french(self) -> &'static str {
        match self {
            Self::Specialty => "spécialité",
            Self::Item => "item",
            Self::Rank => "rang",
            Self::Kind => "type",
            Self::Case => "format",
            Self::Situation => "situation de départ",
            Self::Level => "niveau cognitif",
        }
    }
}

/// What a row counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    /// Questions.
    #[default]
    Questions,
    /// Minutes: those of a unit, shared out among its questions.
    Minutes,
    /// Units with at least one such question: dossiers, questions isolées.
    Units,
    /// Share of the questions of the paper, 0..=1.
    Share,
}

/// Least, most, or a value wished for within a tolerance; what is absent binds nothing.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bounds {
    /// At least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// At most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// The value wished for: the same as `min` = target − tolerance and `max` = target + tolerance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<f64>,
    /// Around the target; 0 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerance: Option<f64>,
}

impl Bounds {
    /// This much, no more, no less.
    pub fn exactly(value: f64) -> Self {
        Self { target: Some(value), ..Self::default() }
    }

    /// This much or more.
    pub fn at_least(value: f64) -> Self {
        Self { min: Some(value), ..Self::default() }
    }

    /// This much or less.
    pub fn at_most(value: f64) -> Self {
        Self { max: Some(value), ..Self::default() }
    }

    /// Between the two, both allowed.
    pub fn between(min: f64, max: f64) -> Self {
        Self { min: Some(min), max: Some(max), ..Self::default() }
    }

    /// Lower and upper bound; infinite where nothing binds.
    pub fn range(&self) -> (f64, f64) {
        let tolerance = self.tolerance.unwrap_or(0.0);
        let low = self.target.map_or(f64::NEG_INFINITY, |t| t - tolerance).max(self.min.unwrap_or(f64::NEG_INFINITY));
        let high = self.target.map_or(f64::INFINITY, |t| t + tolerance).min(self.max.unwrap_or(f64::INFINITY));
        (low, high)
    }

    fn is_empty(&self) -> bool {
        self.min.is_none() && self.max.is_none() && self.target.is_none()
    }
}

/// One line of the table.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// How questions are sorted.
    pub facet: Facet,
    /// Which of them.
    pub value: String,
    /// What is counted.
    #[serde(default)]
    pub measure: Measure,
    /// How many.
    pub bounds: Bounds,
}

/// What may not be chosen, or not together.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exclusions {
    /// Nothing used on this day (`AAAA-MM-JJ`) or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_used_since: Option<String>,
    /// Nothing that these cohorts have seen.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub not_exposed_to: BTreeSet<String>,
    /// At most this many units of one author in a form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_author: Option<u32>,
    /// At most one unit of a group of enemies in a form.
    #[serde(default = "yes")]
    pub enemies: bool,
    /// Only units in one of these states of the workflow; empty: any.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub statuses: BTreeSet<String>,
}

fn yes() -> bool {
    true
}

impl Default for Exclusions {
    fn default() -> Self {
        Self {
            not_used_since: None,
            not_exposed_to: BTreeSet::new(),
            same_author: None,
            enemies: true,
            statuses: BTreeSet::new(),
        }
    }
}

/// Difficulty wished for, over the questions whose p is known.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Difficulty {
    /// Mean p, 0..=1.
    pub mean: f64,
    /// The mean may be this far off, 0..=1.
    pub tolerance: f64,
    /// Root mean square distance of p to `mean`, 0..=1: how spread out difficulties are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spread: Option<Bounds>,
}

/// A point of ability and what is wanted there.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Point {
    /// Ability, in logits.
    pub theta: f64,
    /// Relative weight where information is maximised, information wanted where it is matched; positive.
    pub value: f64,
}

/// What makes one paper better than another, once both meet the rows.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "goal", deny_unknown_fields)]
pub enum Goal {
    /// Any paper that meets the rows.
    #[default]
    None,
    /// The greatest z such that information is at least z × value at each point (maximin; van der Linden 2005, eq.
    /// 5.11).
    MaximiseInformation {
        /// Where.
        points: Vec<Point>,
    },
    /// The smallest d such that information is within d × value of value at each point.
    MatchInformation {
        /// Where, and how much.
        points: Vec<Point>,
    },
    /// Sum of p as near as can be to `mean` × number of questions whose p is known; the distance is in questions.
    MatchDifficulty {
        /// Mean p, 0..=1.
        mean: f64,
    },
    /// The greatest sum of classical discriminations, for a bank that is not calibrated.
    MaximiseDiscrimination,
}

/// What several forms may have in common.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "overlap", deny_unknown_fields)]
pub enum Overlap {
    /// Nothing.
    #[default]
    None,
    /// Units chosen by the assembly, the same in every form, of this many questions in all.
    Anchor {
        /// Number of common questions.
        questions: u32,
    },
    /// These units, in every form, and no other.
    Shared {
        /// Their ids.
        units: BTreeSet<String>,
    },
}

/// A table of specification with what goes round it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Blueprint {
    /// Shown at its head.
    pub title: String,
    /// Questions of one form.
    pub questions: Bounds,
    /// Minutes of one form.
    #[serde(default)]
    pub minutes: Bounds,
    /// Lines of the table.
    #[serde(default)]
    pub rows: Vec<Row>,
    /// Share of questions with a picture, 0..=1.
    #[serde(default)]
    pub images: Bounds,
    /// Difficulty wished for, as a constraint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difficulty: Option<Difficulty>,
    /// What may not be chosen.
    #[serde(default)]
    pub exclusions: Exclusions,
    /// Units to be taken: with several forms, by exactly one of them unless they are common to all.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub must: BTreeSet<String>,
    /// Units that no form may hold.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub must_not: BTreeSet<String>,
    /// What is best.
    #[serde(default)]
    pub goal: Goal,
    /// Number of parallel forms, 1 to [`MAX_FORMS`].
    #[serde(default = "one")]
    pub forms: u32,
    /// What they share.
    #[serde(default)]
    pub overlap: Overlap,
    /// Settles ties between equally good papers.
    #[serde(default)]
    pub seed: u64,
}

/// Most forms at once.
pub const MAX_FORMS: u32 = 8;

fn one() -> u32 {
    1
}

impl Blueprint {
    /// A blueprint of which only the number of questions is said.
    pub fn new(title: impl Into<String>, questions: Bounds) -> Self {
        Self {
            title: title.into(),
            questions,
            minutes: Bounds::default(),
            rows: Vec::new(),
            images: Bounds::default(),
            difficulty: None,
            exclusions: Exclusions::default(),
            must: BTreeSet::new(),
            must_not: BTreeSet::new(),
            goal: Goal::None,
            forms: 1,
            overlap: Overlap::None,
            seed: 0,
        }
    }
}

/// What is wrong in a blueprint, in French.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Fault {
    /// Where: « ligne 3 (spécialité Cardiologie) ».
    pub place: String,
    /// What, and what to do.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} : {}", self.place, self.message)
    }
}

/// Everything wrong in the blueprint itself, whatever the bank; empty when it can be given to the assembly.
pub fn check(blueprint: &Blueprint) -> Vec<Fault> {
    let mut faults = Vec::new();
    bounds(&mut faults, "nombre de questions", &blueprint.questions, f64::INFINITY);
    if blueprint.questions.range().1.is_infinite() && blueprint.minutes.range().1.is_infinite() {
        fault(
            &mut faults,
            "nombre de questions",
            "donnez un nombre de questions ou un maximum, ou un maximum de minutes",
        );
    }
    bounds(&mut faults, "durée", &blueprint.minutes, f64::INFINITY);
    bounds(&mut faults, "part de questions avec image", &blueprint.images, 1.0);
    for (i, row) in blueprint.rows.iter().enumerate() {
        let place = format!("ligne {} ({} {})", i + 1, row.facet.french(), row.value);
        if row.value.trim().is_empty() {
            fault(&mut faults, &place, "la valeur est vide : indiquez laquelle, ou supprimez la ligne");
        }
        if row.bounds.is_empty() {
            fault(&mut faults, &place, "ni minimum, ni maximum, ni cible : donnez-en un, ou supprimez la ligne");
        }
        bounds(&mut faults, &place, &row.bounds, if row.measure == Measure::Share { 1.0 } else { f64::INFINITY });
    }
    let fraction = |x: f64| (0.0..=1.0).contains(&x);
    if let Some(difficulty) = &blueprint.difficulty {
        if !fraction(difficulty.mean) || !fraction(difficulty.tolerance) {
            fault(&mut faults, "difficulté", "la moyenne et sa tolérance sont des fractions, de 0 à 1");
        }
        if let Some(spread) = &difficulty.spread {
            bounds(&mut faults, "dispersion de la difficulté", spread, 1.0);
        }
    }
    exclusions(&mut faults, &blueprint.exclusions);
    goal(&mut faults, &blueprint.goal);
    if !(1..=MAX_FORMS).contains(&blueprint.forms) {
        fault(&mut faults, "nombre de sujets", &format!("de 1 à {MAX_FORMS} sujets à la fois"));
    }
    if blueprint.forms == 1 && blueprint.overlap != Overlap::None {
        fault(
            &mut faults,
            "ancrage",
            "un seul sujet n’a rien à partager : demandez-en plusieurs, ou retirez l’ancrage",
        );
    }
    for id in blueprint.must.intersection(&blueprint.must_not) {
        fault(&mut faults, "choix imposés", &format!("« {id} » est à la fois imposé et écarté : gardez l’un des deux"));
    }
    if let Overlap::Shared { units } = &blueprint.overlap {
        for id in units.intersection(&blueprint.must_not) {
            fault(
                &mut faults,
                "ancrage",
                &format!("« {id} » est à la fois commun aux sujets et écarté : gardez l’un des deux"),
            );
        }
    }
    faults
}

fn fault(faults: &mut Vec<Fault>, place: &str, message: &str) {
    faults.push(Fault { place: place.to_owned(), message: message.to_owned() });
}

fn bounds(faults: &mut Vec<Fault>, place: &str, bounds: &Bounds, most: f64) {
    let given = [bounds.min, bounds.max, bounds.target, bounds.tolerance];
    if given.iter().flatten().any(|x| !x.is_finite() || *x < 0.0) {
        fault(faults, place, "un nombre est négatif ou n’en est pas un");
    } else if given.iter().flatten().any(|x| *x > most) {
        fault(faults, place, "une part est une fraction, de 0 à 1");
    } else if bounds.tolerance.is_some() && bounds.target.is_none() {
        fault(faults, place, "une tolérance sans cible : donnez la cible, ou un minimum et un maximum");
    } else {
        let (low, high) = bounds.range();
        if low > high {
            fault(faults, place, "le minimum dépasse le maximum (la cible et sa tolérance comptent)");
        }
    }
}

fn exclusions(faults: &mut Vec<Fault>, exclusions: &Exclusions) {
    if let Some(day) = &exclusions.not_used_since
        && !is_day(day)
    {
        fault(
            faults,
            "exclusions",
            &format!("« {day} » n’est pas un jour : écrivez-le AAAA-MM-JJ, par exemple 2024-10-14"),
        );
    }
    if exclusions.same_author == Some(0) {
        fault(faults, "exclusions", "aucune unité par auteur : mettez 1 ou plus, ou retirez la limite");
    }
}

fn goal(faults: &mut Vec<Fault>, goal: &Goal) {
    match goal {
        Goal::None | Goal::MaximiseDiscrimination => {}
        Goal::MatchDifficulty { mean } => {
            if !(0.0..=1.0).contains(mean) {
                fault(faults, "objectif", "la difficulté moyenne est une fraction, de 0 à 1");
            }
        }
        Goal::MaximiseInformation { points } | Goal::MatchInformation { points } => {
            if points.is_empty() {
                fault(faults, "objectif", "donnez au moins un point d’aptitude");
            }
            if points.iter().any(|p| !p.theta.is_finite() || !p.value.is_finite() || p.value <= 0.0) {
                fault(faults, "objectif", "chaque point a une aptitude et une valeur positive");
            }
        }
    }
}

/// Is it a day written `AAAA-MM-JJ`? Two such days compare as text.
pub(crate) fn is_day(text: &str) -> bool {
    let bytes = text.as_bytes();
    let number = |from: usize, to: usize| text.get(from..to).and_then(|t| t.parse::<u32>().ok());
    bytes.len() == 10
        && bytes.iter().enumerate().all(|(i, b)| if i == 4 || i == 7 { *b == b'-' } else { b.is_ascii_digit() })
        && number(5, 7).is_some_and(|month| (1..=12).contains(&month))
        && number(8, 10).is_some_and(|day| (1..=31).contains(&day))
}
