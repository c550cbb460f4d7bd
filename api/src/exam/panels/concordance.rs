//! The panel of the script concordance questions of an exam: votes, key, who is out of line, what to discard.

use super::book::Book;
use docimo_engine::QuestionId;
use docimo_engine::docimology::panel::{self, Panel, PanelAnalysis, Rules, Votes};
use docimo_engine::ledger::Decision;
use docimo_engine::paper::Paper;
use docimo_engine::question::Body;
use serde::Serialize;

/// What a panel says of the questions it answered.
#[derive(Clone, Debug, Serialize)]
pub struct Concordance {
    /// Questions, in the order of `analysis.questions`.
    pub questions: Vec<Asked>,
    /// Names of the panellists, in the order of `analysis.panellists`.
    pub panellists: Vec<String>,
    /// All that the engine says.
    pub analysis: Option<PanelAnalysis>,
    /// Why there is no analysis.
    pub why_not: Option<String>,
}

/// A question put to the panel.
#[derive(Clone, Debug, Serialize)]
pub struct Asked {
    /// Id in the paper, or head of the column.
    pub id: String,
    /// Number on the paper, from 1; 0 for a file.
    pub number: usize,
    /// First words of the stem.
    pub stem: String,
}

/// Analyses answers: `asked` are questions with their targets.
pub fn analyse(book: &Book, asked: Vec<Asked>) -> Concordance {
    let answer = |judge: i64, q: &Asked| {
        book.value(book.panel.round, judge, &format!("question:{}", q.id)).and_then(|v| v.parse::<i8>().ok())
    };
    // A panellist who said nothing yet, a question that nobody answered: not there yet.
    let speaks = |j: &i64| asked.iter().any(|q| answer(*j, q).is_some());
    let judges: Vec<(i64, String)> =
        book.judges.iter().filter(|j| speaks(&j.number)).map(|j| (j.number, j.name.clone())).collect();
    let asked: Vec<Asked> = asked.into_iter().filter(|q| judges.iter().any(|(j, _)| answer(*j, q).is_some())).collect();
    let answers = judges.iter().map(|(j, _)| asked.iter().map(|q| answer(*j, q)).collect()).collect();
    let found = Panel::new(answers).and_then(|p| panel::analyse(&p, &Rules::default()));
    let (analysis, why_not) = match found {
        Ok(analysis) => (Some(analysis), None),
        Err(why) => (None, Some(why.to_string())),
    };
    Concordance { questions: asked, panellists: judges.into_iter().map(|j| j.1).collect(), analysis, why_not }
}

/// The script concordance questions of a paper.
pub fn asked(paper: &Paper) -> Vec<Asked> {
    super::method::concordance_questions(paper)
        .map(|p| Asked {
            id: p.question.id.to_string(),
            number: p.number,
            stem: crate::markdown::plain(&p.question.stem, 110),
        })
        .collect()
}

/// Votes of the panel at each script concordance question of a paper; none where nobody answered.
pub fn votes(book: &Book, paper: &Paper) -> Vec<(QuestionId, Votes)> {
    super::method::concordance_questions(paper)
        .map(|p| {
            let mut votes = [0; 5];
            for judge in &book.judges {
                let target = format!("question:{}", p.question.id);
                let answer = book.value(book.panel.round, judge.number, &target).and_then(|v| v.parse::<i8>().ok());
                if let Some(place) = answer.and_then(|a| usize::try_from(a + 2).ok()).filter(|p| *p < 5) {
                    votes[place] += 1;
                }
            }
            (p.question.id.clone(), Votes(votes))
        })
        .collect()
}

/// The decisions that would put these votes in the key of a marked exam: one a question whose votes differ.
pub fn decisions(book: &Book, paper: &Paper) -> Vec<Decision> {
    votes(book, paper)
        .into_iter()
        .filter(|(id, votes)| {
            let now = paper.question(id).map(|p| &p.question.body);
            votes.total() > 0 && matches!(now, Some(Body::Tcs { panel, .. }) if *panel != votes.0)
        })
        .map(|(question, votes)| Decision::ChangePanel { question, panel: votes.0 })
        .collect()
}

/// Votes on a page: 0 | 1 | 15 | 4 | 0.
pub fn told(votes: &[u32; 5]) -> String {
    votes.map(|v| v.to_string()).join(" | ")
}
