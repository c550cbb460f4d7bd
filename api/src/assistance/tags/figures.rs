//! How often the machine is right, by what people decided.

use super::decide::reason_french;
use crate::app::App;
use crate::error::ApiResult;
use docimo_ai::tagging::evaluation::{Bin, reliability};
use docimo_store::ai::tags::DecidedTags;
use r2c_referential::Tag;

/// Intervals of the curve.
const BINS: usize = 10;

/// What is counted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    /// Waiting for a decision.
    pub waiting: i64,
    /// Taken as proposed.
    pub accepted: i64,
    /// Taken otherwise.
    pub amended: i64,
    /// Refused.
    pub refused: i64,
    /// Judged one by one, with an item that came first: what the curve counts.
    pub judged: usize,
    /// Accepted at once, judged by nobody: not in the curve.
    pub at_once: usize,
    /// Confidence in the first item beside how often people took it.
    pub curve: Vec<Bin>,
    /// Refusals by reason, the most frequent first.
    pub reasons: Vec<(String, usize)>,
}

/// Confidence in the first item, and whether a person who judged it took it; `None` where nobody did.
fn judged(row: &DecidedTags) -> Option<(f64, bool)> {
    // Already tagged: the item was not judged.
    if row.batch == 1 || row.first_tag.is_empty() || row.reason == "held" {
        return None;
    }
    let item = row.first_tag.parse::<Tag>().ok()?.item()?;
    let taken: Vec<Tag> = row.taken.split_whitespace().filter_map(|t| t.parse().ok()).collect();
    if row.verdict != "refuse" && !taken.iter().any(|t| t.item().is_some()) {
        return None;
    }
    Some((row.first_confidence as f64 / 1000.0, taken.iter().any(|t| t.item() == Some(item))))
}

/// Counts everything.
pub async fn figures(app: &App) -> ApiResult<Figures> {
    let decided = app.store.decided_tags().await?;
    let mut figures = Figures::default();
    for (verdict, n) in app.store.tag_counts_by_verdict().await? {
        match verdict.as_str() {
            "" => figures.waiting = n,
            "accept" => figures.accepted = n,
            "amend" => figures.amended = n,
            "refuse" => figures.refused = n,
            _ => {}
        }
    }
    let sample: Vec<(f64, bool)> = decided.iter().filter_map(judged).collect();
    figures.judged = sample.len();
    figures.at_once = decided.iter().filter(|d| d.batch == 1).count();
    figures.curve = reliability(&sample, BINS);
    let mut reasons: std::collections::BTreeMap<&str, usize> = Default::default();
    for row in decided.iter().filter(|d| d.verdict == "refuse") {
        *reasons.entry(row.reason.as_str()).or_default() += 1;
    }
    figures.reasons = reasons.into_iter().map(|(code, n)| (reason_french(code).to_owned(), n)).collect();
    figures.reasons.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    Ok(figures)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(verdict: &str, taken: &str) -> DecidedTags {
        DecidedTags {
            first_tag: "R2C:339".into(),
            first_confidence: 750,
            method: "words".into(),
            verdict: verdict.into(),
            reason: String::new(),
            taken: taken.into(),
            batch: 0,
        }
    }

    #[test]
    fn only_what_someone_judged_is_counted() {
        assert_eq!(judged(&row("accept", "R2C:339 spec:cardiologie")), Some((0.75, true)));
        assert_eq!(judged(&row("amend", "OIC-339-01-A")), Some((0.75, true)), "its objective is its item");
        assert_eq!(judged(&row("amend", "R2C:188")), Some((0.75, false)));
        assert_eq!(judged(&row("amend", "spec:cardiologie")), None, "of the item nothing was said");
        assert_eq!(judged(&row("refuse", "")), Some((0.75, false)));
        assert_eq!(judged(&DecidedTags { reason: "held".into(), ..row("refuse", "") }), None);
        assert_eq!(judged(&DecidedTags { batch: 1, ..row("accept", "R2C:339") }), None);
        assert_eq!(judged(&DecidedTags { first_tag: String::new(), ..row("refuse", "") }), None);
    }
}
