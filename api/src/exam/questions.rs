//! The questions of a marked exam as the committee reads them: indices, what calls for a look, and what was
//! answered.

use super::marks::Marked;
use crate::analysis::flags;
use docimo_engine::response::Response;
use docimo_engine::{Exact, QuestionId};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A question in the committee's table.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct QuestionLine {
    /// Id.
    pub id: String,
    /// Number on the paper.
    pub number: usize,
    /// Section title.
    pub section: String,
    /// Case title, if any.
    pub case: Option<String>,
    /// QRU, QRM…
    pub kind: String,
    /// A or B.
    pub rank: Option<String>,
    /// First words of the stem.
    pub stem: String,
    /// Success rate, 0 to 1.
    pub p: Option<f64>,
    /// Discrimination by 27 % groups.
    pub d27: Option<f64>,
    /// Correlation with the rest.
    pub r_item_rest: Option<f64>,
    /// Share of blank answers, 0 to 1.
    pub blank: f64,
    /// removed or credit_all, if neutralised.
    pub neutralised: Option<String>,
    /// What calls for a look, in French.
    pub flags: Vec<String>,
}

/// Every question with its indices and what calls for a look (thresholds of RULES §5).
pub fn question_lines(marked: &Marked) -> Vec<QuestionLine> {
    let (counted, statistics) = marked.statistics();
    let paper = &marked.effective.paper;
    let n = marked.present.len();
    paper
        .questions()
        .enumerate()
        .map(|(i, placed)| {
            let at = counted.iter().position(|c| *c == i);
            let item = at.and_then(|at| statistics.as_ref().map(|s| &s.items[at]));
            let (p, d27, r) = item.map_or((None, None, None), |x| (x.p, x.d27, x.r_item_rest));
            // Code 0 is also an answer that is wholly beside the key: a point outside every zone, an unlisted text.
            let id = &placed.question.id;
            let is_blank = |row: usize| marked.responses[row].get(id).is_none_or(Response::is_blank);
            let blank =
                marked.matrix.column(i).iter().enumerate().filter(|(row, code)| **code == 0 && is_blank(*row)).count();
            let flags = match item {
                Some(item) if n >= flags::LEAST => flags::classical(item).into_iter().map(|f| f.french).collect(),
                _ => Vec::new(),
            };
            let neutralised = marked.effective.neutralised.get(&placed.question.id).map(|policy| match policy {
                docimo_engine::ledger::Neutralisation::Removed => "removed".to_owned(),
                docimo_engine::ledger::Neutralisation::CreditAll => "credit_all".to_owned(),
            });
            QuestionLine {
                id: placed.question.id.to_string(),
                number: placed.number,
                section: paper.sections[placed.section].title.clone(),
                case: placed.case.map(|(c, _)| c.title.clone()),
                kind: placed.question.kind().code().into(),
                rank: placed.question.rank.map(|r| r.to_string()),
                stem: crate::markdown::plain(&placed.question.stem, 110),
                p,
                d27,
                r_item_rest: r,
                blank: if n == 0 { 0.0 } else { blank as f64 / n as f64 },
                neutralised,
                flags,
            }
        })
        .collect()
}

/// How often each answer was given to a question.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AnswerCount {
    /// What was answered, for people.
    pub label: String,
    /// Proposition id, where it is one.
    pub proposition: Option<String>,
    /// In the key?
    pub right: bool,
    /// How many candidates.
    pub count: usize,
    /// Share of those who came, 0 to 1.
    pub share: f64,
    /// For an open answer in no list: the jury may admit it.
    pub unlisted: bool,
}

/// Answers given to a question, the most frequent first (propositions in their own order).
pub fn answer_counts(marked: &Marked, id: &QuestionId) -> Option<Vec<AnswerCount>> {
    use docimo_engine::qroc::{Category, categorise, normalise};
    use docimo_engine::question::Body;
    let placed = marked.effective.paper.question(id)?;
    let n = marked.present.len().max(1);
    let answers: Vec<Option<&Response>> = marked.responses.iter().map(|r| r.get(id)).collect();
    let line = |label: String, proposition: Option<String>, right: bool, count: usize| AnswerCount {
        label,
        proposition,
        right,
        count,
        share: count as f64 / n as f64,
        unlisted: false,
    };
    Some(match &placed.question.body {
        Body::Qroc { exact, acceptable, .. } => {
            let mut groups: BTreeMap<String, (String, usize)> = BTreeMap::new();
            for answer in answers.into_iter().flatten() {
                if let Response::Text { text } = answer {
                    groups.entry(normalise(text)).or_insert_with(|| (text.trim().to_owned(), 0)).1 += 1;
                }
            }
            let mut lines: Vec<AnswerCount> = groups
                .into_values()
                .map(|(text, count)| {
                    let category = categorise(&text, exact, acceptable);
                    AnswerCount {
                        unlisted: category == Category::Other,
                        ..line(
                            if text.is_empty() { "(vide)".into() } else { text },
                            None,
                            matches!(category, Category::Exact | Category::Acceptable),
                            count,
                        )
                    }
                })
                .collect();
            lines.sort_by_key(|l| std::cmp::Reverse(l.count));
            lines.truncate(100);
            lines
        }
        Body::Tcs { panel, .. } => {
            let paper = &marked.effective.paper;
            let tcs = paper.scheme_named(paper.scheme_name_of(&placed)).map(|s| s.tcs).unwrap_or_default();
            let credits = tcs.credits(panel);
            (-2_i8..=2)
                .zip(credits)
                .map(|(value, credit)| {
                    let chose = |a: &&&Response| matches!(a, Response::Choice { choice: Some(c) } if *c == value);
                    let count = answers.iter().flatten().filter(chose).count();
                    line(format!("{value:+} ({} point)", credit.french(3)), None, credit == Exact::ONE, count)
                })
                .collect()
        }
        Body::Qzp { zones, .. } => {
            let column = marked.effective.paper.questions().position(|p| p.question.id == *id)?;
            zones
                .iter()
                .enumerate()
                .map(|(bit, zone)| {
                    let count = marked.matrix.column(column).iter().filter(|c| **c & (1 << bit) != 0).count();
                    line(zone.name.clone(), None, true, count)
                })
                .collect()
        }
        body => body
            .propositions()
            .iter()
            .enumerate()
            .map(|(i, p)| {
                let ticked = |a: &&&Response| matches!(a, Response::Ticks { ticked, .. } if ticked.contains(&p.id));
                let count = answers.iter().flatten().filter(ticked).count();
                let letter = char::from(b'A' + (i % 26) as u8);
                let label = format!("{letter}. {}", crate::markdown::plain(&p.text, 160));
                line(label, Some(p.id.to_string()), p.status.is_true(), count)
            })
            .collect(),
    })
}
