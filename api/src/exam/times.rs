//! How long each candidate spent on each question, as far as a journal can tell.

use crate::app::App;
use crate::error::{ApiError, ApiResult};
use docimo_engine::QuestionId;
use docimo_engine::attempt::{Act, Step};
use docimo_engine::paper::Paper;
use std::collections::HashMap;

/// Milliseconds by question of the paper then by the order of `people` (person to row): the time between two answers is
/// that of the later one, 0 where it is not known.
pub async fn response_times(
    app: &App,
    exam_id: &str,
    paper: &Paper,
    people: &HashMap<String, usize>,
) -> ApiResult<Vec<Vec<u32>>> {
    let attempts = app.store.attempts(exam_id).await?;
    let steps = app.store.answer_steps(exam_id).await?;
    let questions = paper.questions().map(|p| (p.question.id.clone(), p.number - 1)).collect();
    let starts =
        attempts.into_iter().filter_map(|a| Some((a.id, (*people.get(&a.person_id)?, a.started_ms?)))).collect();
    let candidates = people.len();
    tokio::task::spawn_blocking(move || spent(steps, &starts, &questions, candidates))
        .await
        .map_err(|e| ApiError::Internal(e.into()))
}

/// The time between two answers of a sheet is that of the later one; a question answered again has the sum. 0 where it
/// is not known: answers that came in one message, after a cut of the network, have one instant and no time of their
/// own. `starts` gives the row and the start of each sheet.
fn spent(
    mut steps: Vec<(String, Step)>,
    starts: &HashMap<String, (usize, i64)>,
    questions: &HashMap<QuestionId, usize>,
    candidates: usize,
) -> Vec<Vec<u32>> {
    let mut columns = vec![vec![0_u32; candidates]; questions.len()];
    steps.sort_by(|a, b| (&a.0, a.1.server_ms, a.1.position).cmp(&(&b.0, b.1.server_ms, b.1.position)));
    let (mut sheet, mut before) = ("", 0);
    for (i, (attempt, step)) in steps.iter().enumerate() {
        let Some((row, started)) = starts.get(attempt) else { continue };
        if attempt != sheet {
            (sheet, before) = (attempt, *started);
        }
        let beside =
            |other: Option<&(String, Step)>| other.is_some_and(|(a, s)| a == attempt && s.server_ms == step.server_ms);
        let alone = !beside(steps.get(i + 1)) && !beside(i.checked_sub(1).and_then(|i| steps.get(i)));
        if let Act::Answer { question, .. } = &step.act
            && let Some(q) = questions.get(question)
            && alone
        {
            let spent = u32::try_from((step.server_ms - before).max(0)).unwrap_or(u32::MAX);
            let cell = &mut columns[*q][*row];
            *cell = cell.saturating_add(spent);
        }
        before = step.server_ms;
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;
    use docimo_engine::attempt::Verdict;
    use docimo_engine::response::Response;

    #[test]
    fn the_time_between_two_answers_is_that_of_the_later_one() {
        let step = |sheet: &str, position: u32, server_ms: i64, question: &str| {
            let response = Response::Text { text: "x".into() };
            let act = Act::Answer { question: question.into(), response };
            let verdict = Verdict::Counted;
            (sheet.to_owned(), Step { stream: 1, seq: position, position, server_ms, verdict, act })
        };
        let steps = vec![
            step("s2", 1, 5_000, "q1"),
            step("s1", 1, 11_000, "q1"),
            step("s1", 2, 14_000, "q2"),
            step("s1", 3, 15_000, "q1"),
            // After a cut: two at once, then one.
            step("s1", 4, 99_000, "q2"),
            step("s1", 5, 99_000, "q3"),
            step("s1", 6, 101_000, "q3"),
            step("nobody", 1, 1, "q1"),
        ];
        let starts = HashMap::from([("s1".to_owned(), (0, 10_000)), ("s2".to_owned(), (1, 4_000))]);
        let questions = HashMap::from([("q1".into(), 0), ("q2".into(), 1), ("q3".into(), 2)]);
        let found = spent(steps, &starts, &questions, 2);
        assert_eq!(found, [vec![2_000, 1_000], vec![3_000, 0], vec![2_000, 0]]);
    }
}
