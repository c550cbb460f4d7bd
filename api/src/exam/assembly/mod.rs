//! A committee's table of specification and what is done with it: shown beside the bank and the paper, assembled, put in
//! the paper, changed by hand.
//!
//! The computing is `docimo-assembly`'s, a function of its arguments; here they are read and what it finds is put where it
//! belongs. Reading order: [`Specification`] (what is kept), [`sort`] and [`statistics`] (a question's facets and
//! numbers), [`pool`] (what may be chosen), [`beside`] (a paper beside its table, who could replace whom), [`jobs`]
//! (the assembly itself, off the web threads), [`take`] (into the draft).

pub mod beside;
pub mod jobs;
pub mod pool;
pub mod sort;
pub mod statistics;
pub mod take;

use super::draft;
use crate::ambient;
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult, Wrong};
use docimo_assembly::blueprint::{self, Fault};
use docimo_assembly::{Blueprint, Candidate, Facet, Measure, example};
use docimo_engine::paper::{CaseKind, Paper};
use serde::{Deserialize, Serialize};

/// How a table names the candidates enrolled in its exam, among cohorts: what they have seen may be excluded.
pub const COHORT: &str = "inscrite à cet examen";

/// Minutes that a question takes. No text settles them: a committee edits them.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pace {
    /// An isolated question.
    pub isolated: f64,
    /// A question of a DP, mini-DP or KFP, the reading of the case included.
    pub in_case: f64,
    /// A question of an LCA, the reading of the article included.
    pub lca: f64,
}

impl Default for Pace {
    /// 100 questions in 3 hours for a unit of the EDN, half of them in cases; 15 questions in 90 minutes for an LCA.
    fn default() -> Self {
        Self { isolated: 1.5, in_case: 2.0, lca: 6.0 }
    }
}

impl Pace {
    /// Minutes that a unit takes.
    pub fn minutes(&self, unit: &Candidate) -> f64 {
        let each = match unit.case {
            None => self.isolated,
            Some(CaseKind::Lca) => self.lca,
            Some(CaseKind::Dp | CaseKind::MiniDp | CaseKind::Kfp) => self.in_case,
        };
        each * f64::from(unit.questions)
    }

    fn faults(&self, faults: &mut Vec<Fault>) {
        if [self.isolated, self.in_case, self.lca].iter().any(|m| !m.is_finite() || !(0.0..=60.0).contains(m)) {
            let message = "de 0 à 60 minutes par question".to_owned();
            faults.push(Fault { place: "rythme".into(), message });
        }
    }
}

/// What is kept of an exam: its table of specification and the minutes that questions take.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Specification {
    /// The table.
    pub blueprint: Blueprint,
    /// Minutes by question.
    #[serde(default)]
    pub pace: Pace,
}

/// Most lines of a table.
pub const MAX_ROWS: usize = 300;

impl Specification {
    /// One ready to be edited: a unit of the EDN, with lines for these specialties.
    pub fn example(specialties: &[&str]) -> Self {
        Self { blueprint: example::edn_unit(specialties), pace: Pace::default() }
    }

    /// Everything wrong in it, whatever the bank.
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = blueprint::check(&self.blueprint);
        self.pace.faults(&mut faults);
        if self.blueprint.rows.len() > MAX_ROWS {
            let message = format!("{MAX_ROWS} lignes au plus");
            faults.push(Fault { place: "lignes".into(), message });
        }
        if self.blueprint.title.chars().count() > 200 {
            faults.push(Fault { place: "titre".into(), message: "200 caractères au plus".into() });
        }
        for (i, row) in self.blueprint.rows.iter().enumerate().filter(|(_, row)| !row.value.trim().is_empty()) {
            if let Err(expected) = sort::value(row.facet, &row.value) {
                let place = format!("ligne {} ({} {})", i + 1, row.facet.french(), row.value);
                faults.push(Fault { place, message: format!("« {} » : {expected}", row.value) });
            }
        }
        for cohort in self.blueprint.exclusions.not_exposed_to.iter().filter(|c| *c != COHORT) {
            let message = format!("cohorte « {cohort} » inconnue : la seule est « {COHORT} »");
            faults.push(Fault { place: "exclusions".into(), message });
        }
        faults
    }

    /// Values written as units have them; what is wrong stays as it is.
    pub fn tidy(&mut self) {
        for row in &mut self.blueprint.rows {
            if let Ok(value) = sort::value(row.facet, &row.value) {
                row.value = value;
            }
        }
    }
}

/// Faults as the interface tells them.
pub fn refused(faults: Vec<Fault>) -> ApiError {
    let wrong = faults.into_iter().map(|f| Wrong { place: f.place, message: f.message }).collect();
    ApiError::Invalid { title: "Table de spécification à corriger".into(), wrong }
}

/// The table of an exam, if it has one.
pub async fn of(app: &App, exam_id: &str) -> ApiResult<Option<Specification>> {
    draft::exam(app, exam_id).await?;
    let Some(text) = app.store.blueprint(exam_id).await? else { return Ok(None) };
    serde_json::from_str(&text).map(Some).map_err(|e| ApiError::Internal(e.into()))
}

/// Keeps the table of an exam. Refused with every fault.
pub async fn keep(app: &App, actor: &Actor, exam_id: &str, mut specification: Specification) -> ApiResult<()> {
    if draft::exam(app, exam_id).await?.state != "draft" {
        return Err(ApiError::Conflict("Le sujet est figé : sa table ne change plus.".into()));
    }
    specification.tidy();
    let faults = specification.faults();
    if !faults.is_empty() {
        return Err(refused(faults));
    }
    let text = serde_json::to_string(&specification).map_err(|e| ApiError::Internal(e.into()))?;
    app.store.set_blueprint(exam_id, &text, &actor.id, ambient::now_ms()).await?;
    Ok(())
}

/// Specialties of a paper, or of what there is to choose from: those that an example has lines for.
pub fn specialties(units: &[Candidate], most: usize) -> Vec<String> {
    let mut counts = std::collections::BTreeMap::<&str, u32>::new();
    for (name, n) in units.iter().flat_map(|unit| &unit.specialties) {
        *counts.entry(name).or_default() += n;
    }
    let mut sorted: Vec<(&str, u32)> = counts.into_iter().collect();
    sorted.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let mut names: Vec<String> = sorted.into_iter().take(most).map(|(name, _)| name.to_owned()).collect();
    names.sort();
    names
}

/// What some units hold of a line of a table, in its measure.
pub fn amount(units: &[Candidate], facet: Facet, value: &str, measure: Measure) -> f64 {
    let (mut counted, mut questions) = (0.0, 0.0);
    for unit in units {
        let n = f64::from(unit.count(facet, value));
        questions += f64::from(unit.questions);
        counted += match measure {
            Measure::Questions | Measure::Share => n,
            Measure::Minutes => unit.minutes * n / f64::from(unit.questions.max(1)),
            Measure::Units => f64::from(u8::from(n > 0.0)),
        };
    }
    if measure == Measure::Share { if questions > 0.0 { counted / questions } else { 0.0 } } else { counted }
}

/// Units of a paper by section: the forms of a table that asks for several, or one form with everything.
pub fn forms(paper: &Paper, blueprint: &Blueprint) -> Vec<(String, Vec<String>)> {
    let ids = |sections: &[docimo_engine::paper::Section]| -> Vec<String> {
        sections.iter().flat_map(|s| &s.elements).map(|e| e.id().to_owned()).collect()
    };
    if blueprint.forms <= 1 {
        return vec![("Le sujet".to_owned(), ids(&paper.sections))];
    }
    let filled = paper.sections.iter().filter(|s| !s.elements.is_empty());
    filled.map(|s| (s.title.clone(), ids(std::slice::from_ref(s)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use docimo_assembly::blueprint::{Bounds, Row};

    #[test]
    fn the_example_is_sound_and_faults_have_their_place() {
        let mut example = Specification::example(&["Néphrologie", "Urologie"]);
        assert!(example.faults().is_empty(), "{:?}", example.faults());
        let row = |facet, value: &str| Row {
            facet,
            value: value.into(),
            measure: Measure::Questions,
            bounds: Bounds::at_least(1.0),
        };
        example.blueprint.rows = vec![row(Facet::Specialty, "cardiologie"), row(Facet::Item, "abc")];
        example.blueprint.exclusions.not_exposed_to.insert("DFASM3".into());
        example.pace.lca = -1.0;
        let places: Vec<String> = example.faults().into_iter().map(|f| f.place).collect();
        assert_eq!(places, ["rythme", "ligne 2 (item abc)", "exclusions"]);
        example.tidy();
        assert_eq!(example.blueprint.rows[0].value, "Médecine Cardiovasculaire");
    }

    #[test]
    fn amounts_are_in_the_measure_of_the_line() {
        let mut case = Candidate::new("dp", 4, 8.0);
        case.case = Some(CaseKind::Dp);
        case.items.insert("339".into(), 3);
        let units = [case, Candidate::new("q", 1, 1.5)];
        let of = |measure| amount(&units, Facet::Item, "339", measure);
        assert_eq!((of(Measure::Questions), of(Measure::Minutes), of(Measure::Units)), (3.0, 6.0, 1.0));
        assert!((of(Measure::Share) - 0.6).abs() < 1e-12);
        assert_eq!(amount(&units, Facet::Case, "QI", Measure::Questions), 1.0);
    }
}
