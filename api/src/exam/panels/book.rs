//! What a panel said: its rows in order, and what holds at each round.

use super::method::Method;
use super::{Options, panel};
use crate::app::App;
use crate::error::{ApiError, ApiResult};
use docimo_store::panels::{Judge, Judgement, Panel};
use std::collections::HashMap;

/// A value to keep, as [`super::method::Scale::read`] writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entered {
    /// Number of the judge, from 1.
    pub judge: i64,
    /// What is judged.
    pub target: String,
    /// Empty takes back what was said.
    pub value: String,
}

/// A panel with everything said in it.
pub struct Book {
    /// The panel.
    pub panel: Panel,
    /// Its method.
    pub method: Method,
    /// What it was opened with.
    pub options: Options,
    /// By number.
    pub judges: Vec<Judge>,
    /// In order.
    pub rows: Vec<Judgement>,
    held: HashMap<(i64, i64, String), String>,
}

impl Book {
    /// From its parts; the last row of a round, judge and target holds.
    pub fn new(panel: Panel, method: Method, options: Options, judges: Vec<Judge>, rows: Vec<Judgement>) -> Self {
        let held = rows.iter().map(|r| ((r.round, r.judge, r.target.clone()), r.value.clone())).collect();
        Self { panel, method, options, judges, rows, held }
    }

    /// A panel that is in no database: what a file says.
    pub fn of_file(method: Method, options: Options, names: Vec<String>, said: Vec<Entered>) -> Self {
        let panel = Panel {
            id: String::new(),
            exam_id: String::new(),
            method: method.word().into(),
            title: method.french().into(),
            options: String::new(),
            round: 1,
            informed: 0,
            last_position: said.len() as i64,
            created_ms: 0,
            created_by: String::new(),
            closed_ms: None,
        };
        let judges = (1..).zip(names).map(|(number, name)| Judge { number, name, person_id: None }).collect();
        let row = |(position, e): (i64, Entered)| Judgement {
            position,
            round: 1,
            judge: e.judge,
            target: e.target,
            value: e.value,
            at_ms: 0,
            author_name: String::new(),
        };
        let rows = (1..).zip(said).map(row).collect();
        Self::new(panel, method, options, judges, rows)
    }

    /// Reads a panel of an exam.
    pub async fn load(app: &App, exam_id: &str, panel_id: &str) -> ApiResult<Self> {
        let panel = panel(app, exam_id, panel_id).await?;
        Self::of(app, panel).await
    }

    /// Reads what was said in a panel.
    pub async fn of(app: &App, panel: Panel) -> ApiResult<Self> {
        let method = Method::from_word(&panel.method)
            .ok_or_else(|| ApiError::Internal(anyhow::anyhow!("stored method {} is unknown", panel.method)))?;
        let options = serde_json::from_str(&panel.options).map_err(|e| ApiError::Internal(e.into()))?;
        let judges = app.store.judges(&panel.id).await?;
        let rows = app.store.judgements(&panel.id).await?;
        Ok(Self::new(panel, method, options, judges, rows))
    }

    /// What a judge says of a target at a round: the last word of that round or, without one, of the round
    /// before. `None` where nothing was said, or it was taken back.
    pub fn value(&self, round: i64, judge: i64, target: &str) -> Option<&str> {
        let at = |r: i64| self.held.get(&(r, judge, target.to_owned()));
        (1..=round).rev().find_map(at).map(String::as_str).filter(|v| !v.is_empty())
    }

    /// A value that is a number.
    pub fn number(&self, round: i64, judge: i64, target: &str) -> Option<f64> {
        self.value(round, judge, target)?.parse().ok()
    }

    /// How many things a judge says at the round under way, carried over included.
    pub fn said_by(&self, judge: i64) -> usize {
        let mut targets: Vec<&str> = self.rows.iter().filter(|r| r.judge == judge).map(|r| r.target.as_str()).collect();
        targets.sort_unstable();
        targets.dedup();
        targets.into_iter().filter(|t| self.value(self.panel.round, judge, t).is_some()).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entered(judge: i64, value: &str) -> Entered {
        Entered { judge, target: "question:q".into(), value: value.into() }
    }

    #[test]
    fn the_last_word_holds_and_a_round_carries_the_one_before() {
        let names = vec!["Un".to_owned(), "Deux".to_owned(), "Trois".to_owned()];
        let said = vec![entered(1, "50"), entered(2, "40"), entered(1, "60"), entered(3, "70")];
        let mut book = Book::of_file(Method::ModifiedAngoff, Options::default(), names, said);
        assert_eq!(book.number(1, 1, "question:q"), Some(60.0));
        let again = |judge, value: &str| Judgement {
            position: 9,
            round: 2,
            judge,
            target: "question:q".into(),
            value: value.into(),
            at_ms: 0,
            author_name: String::new(),
        };
        book.rows.extend([again(2, "45"), again(3, "")]);
        book.panel.round = 2;
        let book = Book::new(book.panel, book.method, book.options, book.judges, book.rows);
        let at = |round, judge| book.number(round, judge, "question:q");
        assert_eq!((at(2, 1), at(2, 2), at(1, 2)), (Some(60.0), Some(45.0), Some(40.0)));
        assert_eq!((at(1, 3), at(2, 3)), (Some(70.0), None), "taken back");
        assert_eq!((book.said_by(1), book.said_by(3)), (1, 0));
    }
}
