//! Where a threshold is fixed: panels of judges side by side, what each of them says, what the committee keeps;
//! and the panels of experts that make the key of script concordance questions.

mod list;
mod one;
mod sheet;
mod tcs;

pub use list::{experts, keep, open, thresholds};
pub use one::{add_judges, close, import, next_round, show};
pub use sheet::{save, sheet};
pub use tcs::adopt;

use crate::exam::panels::outcome::Outcome;
use crate::web::filters::{float, percent};

/// Pass rates of an outcome in words: at the threshold, then the spread at two standard errors.
fn passing(outcome: &Outcome) -> (String, String) {
    let Some(rates) = outcome.impact.as_ref().filter(|r| r.len() == 5) else { return ("—".into(), String::new()) };
    let spread = format!("de {} à {}", percent(rates[4].rate), percent(rates[0].rate));
    (percent(rates[2].rate), if outcome.se.is_some() { spread } else { String::new() })
}

/// A number on 20 for a page.
fn on_20(value: Option<f64>) -> String {
    float(value, 2)
}
