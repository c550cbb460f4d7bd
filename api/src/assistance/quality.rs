//! What became of accepted questions once they were sat: their statistics beside those of questions that people wrote,
//! in the same exams, and what went wrong in spite of the review.

use crate::app::App;
use crate::error::ApiResult;
use crate::exam::marks::ledger;
use docimo_store::ai::review::{BornUse, Sums};
use std::collections::{BTreeMap, HashSet};

/// Uses under which a mean says next to nothing.
pub const FEW: i64 = 30;
/// Candidates under which a discrimination says next to nothing.
pub const FEW_CANDIDATES: i64 = 30;
/// Uses read.
const MOST: i64 = 5_000;

/// A mean with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mean {
    /// Uses.
    pub n: i64,
    /// Mean.
    pub mean: f64,
    /// Interval; none under three uses.
    pub interval: Option<(f64, f64)>,
}

/// The 97.5 % point of Student's distribution (Abramowitz and Stegun, 26.7.5); within 0.05 from four degrees on.
fn student(degrees: f64) -> f64 {
    let z: f64 = 1.959_963_985;
    let (z3, z5, z7) = (z.powi(3), z.powi(5), z.powi(7));
    z + (z3 + z) / (4.0 * degrees)
        + (5.0 * z5 + 16.0 * z3 + 3.0 * z) / (96.0 * degrees.powi(2))
        + (3.0 * z7 + 19.0 * z5 + 17.0 * z3 - 15.0 * z) / (384.0 * degrees.powi(3))
}

/// A mean from sums; `None` without a use.
#[must_use]
pub fn mean(n: i64, sum: f64, squares: f64) -> Option<Mean> {
    if n < 1 {
        return None;
    }
    let count = n as f64;
    let mean = sum / count;
    let interval = (n >= 3).then(|| {
        let variance = ((squares - count * mean * mean) / (count - 1.0)).max(0.0);
        let half = student(count - 1.0) * (variance / count).sqrt();
        (mean - half, mean + half)
    });
    Some(Mean { n, mean, interval })
}

/// Means of one origin.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Items {
    /// Difficulty.
    pub p: Option<Mean>,
    /// Discrimination.
    pub r: Option<Mean>,
}

/// A question that went wrong in spite of the review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Escaped {
    /// Entry.
    pub entry_id: String,
    /// The author's own id.
    pub name: String,
    /// First words.
    pub title: String,
    /// What went wrong, in French, with the exam.
    pub what: Vec<String>,
}

/// What became of accepted questions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Quality {
    /// Born of a machine.
    pub machine: Items,
    /// Written by people, in the exams that hold at least one of the former.
    pub people: Items,
    /// Exams that hold a question born of a machine: id, title.
    pub exams: Vec<(String, String)>,
    /// What went wrong.
    pub escaped: Vec<Escaped>,
    /// Is there too little to conclude anything?
    pub few: bool,
}

fn items(sums: &[Sums], machine: i64) -> Items {
    let found = sums.iter().find(|s| s.machine == machine);
    found.map_or_else(Items::default, |s| Items {
        p: mean(s.p_n, s.p_sum, s.p_squares),
        r: mean(s.r_n, s.r_sum, s.r_squares),
    })
}

/// What statistics alone say went wrong with a use.
fn told_by_numbers(used: &BornUse) -> Option<String> {
    let of = format!("« {} »", used.exam);
    match used.r_rest {
        Some(r) if r < 0.0 => {
            let few = if used.candidates < FEW_CANDIDATES { ", sur peu de candidats" } else { "" };
            Some(format!(
                "discrimination négative ({}) dans {of}{few}",
                format!("{r:.2}").replace('.', ",").replace('-', "−")
            ))
        }
        _ => None,
    }
}

/// Reads it.
pub async fn quality(app: &App) -> ApiResult<Quality> {
    let store = &app.store;
    let (sums, uses) = (store.ai_item_sums().await?, store.ai_born_uses(MOST).await?);
    let (mut exams, mut known): (Vec<(String, String)>, HashSet<&str>) = Default::default();
    let mut wrong: BTreeMap<String, Escaped> = BTreeMap::new();
    let mut add = |id: &str, name: &str, title: &str, what: String| {
        let row = wrong.entry(id.to_owned()).or_insert_with(|| Escaped {
            entry_id: id.to_owned(),
            name: name.to_owned(),
            title: title.to_owned(),
            what: Vec::new(),
        });
        if !row.what.contains(&what) {
            row.what.push(what);
        }
    };
    for used in &uses {
        if known.insert(&used.exam_id) {
            exams.push((used.exam_id.clone(), used.exam.clone()));
        }
        if let Some(what) = told_by_numbers(used) {
            add(&used.entry_id, &used.external_id, &used.title, what);
        }
    }
    // What the jury decided on them, exam by exam.
    for (exam_id, exam) in &exams {
        for line in ledger(app, exam_id).await? {
            let Some(question) = line.entry.decision.question() else { continue };
            for used in uses.iter().filter(|u| u.exam_id == *exam_id && u.question_id == question.as_str()) {
                let what = format!("contestée, décision du jury dans « {exam} » : {}", line.entry.decision.french());
                add(&used.entry_id, &used.external_id, &used.title, what);
            }
        }
    }
    for (id, name, title) in store.ai_retired(500).await? {
        add(&id, &name, &title, "retirée de la banque".to_owned());
    }
    let (machine, people) = (items(&sums, 1), items(&sums, 0));
    let few = [machine.p, people.p].iter().any(|m| m.is_none_or(|m| m.n < FEW));
    Ok(Quality { machine, people, exams, escaped: wrong.into_values().collect(), few })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_has_the_interval_of_the_tables() {
        // 0.2, 0.4, 0.6, 0.8: mean 0.5, s = 0.2582, t(3) = 3.182: 0.5 ± 0.411.
        let found = mean(4, 2.0, 0.04 + 0.16 + 0.36 + 0.64).unwrap();
        let (low, high) = found.interval.unwrap();
        assert!((found.mean - 0.5).abs() < 1e-12);
        assert!((low - 0.089).abs() < 0.01 && (high - 0.911).abs() < 0.01, "{low} {high}");
        assert!((student(10.0) - 2.228).abs() < 0.001 && (student(30.0) - 2.042).abs() < 0.001);
        assert_eq!(mean(2, 1.0, 0.5).unwrap().interval, None);
        assert_eq!(mean(0, 0.0, 0.0), None);
        // Rounding makes no variance negative.
        let same = mean(3, 0.3, 0.03).unwrap().interval.unwrap();
        assert!(same.0 <= same.1 && (same.0 - 0.1).abs() < 1e-6);
    }

    #[test]
    fn numbers_tell_what_went_wrong() {
        let used = |p, r_rest, candidates| BornUse {
            entry_id: "e".into(),
            external_id: "ia-1".into(),
            title: "t".into(),
            status: "validated".into(),
            exam_id: "x".into(),
            exam: "Mars".into(),
            question_id: "ia-1".into(),
            candidates,
            p,
            r_rest,
        };
        assert!(told_by_numbers(&used(Some(0.5), Some(-0.12), 40)).unwrap().contains("−0,12"));
        assert!(told_by_numbers(&used(Some(0.5), Some(-0.12), 4)).unwrap().contains("peu de candidats"));
        assert_eq!(told_by_numbers(&used(Some(0.5), Some(0.3), 40)), None);
        assert_eq!(told_by_numbers(&used(None, None, 40)), None, "neutralising is the register's to tell");
    }
}
