//! From what judges said to what the engine reads.

use super::book::Book;
use super::method::{self, Method};
use docimo_engine::docimology::irt::ItemParameters;
use docimo_engine::docimology::standards::{EBEL_DIFFICULTY, EBEL_RELEVANCE, EbelJudge, HofsteeJudge};
use std::collections::{BTreeMap, HashMap};

/// A question that counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Counted {
    /// Its target, `question:q1`.
    pub target: String,
    /// Number on the paper, from 1.
    pub number: usize,
    /// First words of the stem.
    pub stem: String,
    /// Points for full credit; positive.
    pub points: f64,
    /// Success rate of all candidates, 0..=1, once marked.
    pub p: Option<f64>,
}

/// Questions ordered by difficulty, ready for bookmarks.
#[derive(Clone, Debug, Default)]
pub struct Calibrated {
    /// Questions of the model.
    pub items: Vec<ItemParameters>,
    /// Points of each of their categories.
    pub scores: Vec<Vec<f64>>,
    /// Place of each among the counted questions.
    pub counted: Vec<usize>,
    /// Questions of the model that do not discriminate, with the points of their categories: they have no place in a
    /// booklet, and count in the mark expected at an ability all the same.
    pub flat: Vec<(ItemParameters, Vec<f64>)>,
    /// Points that everyone gets alike at questions that the model leaves out.
    pub constant: f64,
    /// Points of those questions.
    pub constant_max: f64,
}

/// What an exam, or files, bring beside the judges.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// Questions that count, in the order of the paper.
    pub questions: Vec<Counted>,
    /// Marks on 20 of those who came, once marked.
    pub marks: Vec<f64>,
    /// The same by what a judgement names (`candidate:…` without its head).
    pub mark_of: HashMap<String, f64>,
    /// For bookmarks.
    pub calibrated: Option<Calibrated>,
}

/// Numbers and names of those who said something at a round.
pub fn active(book: &Book, round: i64, targets: &[&str]) -> Vec<(i64, String)> {
    let speaks = |number: i64| targets.iter().any(|t| book.value(round, number, t).is_some());
    book.judges.iter().filter(|j| speaks(j.number)).map(|j| (j.number, j.name.clone())).collect()
}

/// Shares of points, `ratings[judge][question]`, for the methods that rate questions one by one.
pub fn ratings(book: &Book, round: i64, judges: &[(i64, String)], questions: &[Counted]) -> Vec<Vec<Option<f64>>> {
    let share = |judge: i64, target: &str| match book.method {
        Method::YesNoAngoff => book.value(round, judge, target).map(|v| if v == "oui" { 1.0 } else { 0.0 }),
        _ => book.number(round, judge, target).map(|v| v / 100.0),
    };
    judges.iter().map(|(j, _)| questions.iter().map(|q| share(*j, &q.target)).collect()).collect()
}

/// Each judge's grid of Ebel.
///
/// # Errors
/// A judge who placed a question in a cell without its expected success: in French, with the cell.
pub fn ebel(
    book: &Book,
    round: i64,
    judges: &[(i64, String)],
    questions: &[Counted],
) -> Result<Vec<EbelJudge>, String> {
    let mut all = Vec::with_capacity(judges.len());
    for (judge, name) in judges {
        let cells: Vec<Option<(usize, usize)>> =
            questions.iter().map(|q| book.value(round, *judge, &q.target).and_then(method::cell)).collect();
        let mut success = vec![vec![0.0; EBEL_DIFFICULTY.len()]; EBEL_RELEVANCE.len()];
        for (r, relevance) in EBEL_RELEVANCE.iter().enumerate() {
            for (d, difficulty) in EBEL_DIFFICULTY.iter().enumerate() {
                match book.number(round, *judge, &format!("cell:{relevance}/{difficulty}")) {
                    Some(percent) => success[r][d] = percent / 100.0,
                    None if cells.contains(&Some((r, d))) => {
                        return Err(format!(
                            "{name} a placé des questions dans « {relevance}, {difficulty} » sans dire la réussite \
                             attendue de cette case"
                        ));
                    }
                    None => {}
                }
            }
        }
        all.push(EbelJudge { success, cells });
    }
    Ok(all)
}

/// Bounds of those who gave the four of them, cuts on 20; then the names of those who did not.
pub fn hofstee(book: &Book, round: i64) -> (Vec<(i64, String)>, Vec<HofsteeJudge>, Vec<String>) {
    let (mut judges, mut bounds, mut partial) = (Vec::new(), Vec::new(), Vec::new());
    for judge in &book.judges {
        let values: Vec<f64> = method::BOUNDS.iter().filter_map(|b| book.number(round, judge.number, b.0)).collect();
        match values[..] {
            [least_cut, greatest_cut, least, greatest] => {
                judges.push((judge.number, judge.name.clone()));
                bounds.push(HofsteeJudge {
                    least_cut,
                    greatest_cut,
                    least_failure: least / 100.0,
                    greatest_failure: greatest / 100.0,
                });
            }
            [] => {}
            _ => partial.push(judge.name.clone()),
        }
    }
    (judges, bounds, partial)
}

/// What was said of candidates who have a mark: mark on 20 and mean grade over judges (1 for "borderline").
pub fn candidates(book: &Book, round: i64, marks: &HashMap<String, f64>) -> Vec<(f64, f64)> {
    let mut grades: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    let mut seen: Vec<(i64, &str)> = book.rows.iter().map(|r| (r.judge, r.target.as_str())).collect();
    seen.sort_unstable();
    seen.dedup();
    for (judge, target) in seen {
        let Some(candidate) = target.strip_prefix("candidate:") else { continue };
        let grade = match book.value(round, judge, target) {
            Some("limite") => Some(1.0),
            Some(text) => text.parse().ok(),
            None => None,
        };
        if let Some(grade) = grade {
            grades.entry(candidate).or_default().push(grade);
        }
    }
    let line = |(candidate, grades): (&str, Vec<f64>)| {
        Some((*marks.get(candidate)?, grades.iter().sum::<f64>() / grades.len() as f64))
    };
    grades.into_iter().filter_map(line).collect()
}
