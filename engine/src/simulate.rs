//! Responses of simulated candidates of known ability, for demonstrations, tests and load runs.
//!
//! Each proposition is judged rightly with probability logistic(a(θ − b)); *b* and *a* are drawn from
//! the proposition's identity, so that a question keeps its difficulty from run to run.

use crate::qroc;
use crate::question::{Body, Point, Question};
use crate::response::Response;
use crate::shuffle::Stream;

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// The response of a candidate of ability `theta` (logits, mean 0) to a question; the same `seed` and
/// `candidate` give the same response.
pub fn respond(question: &Question, theta: f64, seed: u64, candidate: &str) -> Response {
    let id = question.id.as_str();
    let mut nature = Stream::new(seed, &["question", id]);
    // Difficulty of the question as a whole, then each proposition around it.
    let (b, a) = (nature.normal() * 0.7 - 0.9, 0.6 + 0.9 * nature.unit());
    let mut chance = Stream::new(seed, &["candidate", candidate, id]);
    let mut knows = |shift: f64| chance.unit() < logistic(a * (theta - b - shift));
    match &question.body {
        Body::Qrm { propositions } | Body::Qcm { propositions } => {
            let three_states = matches!(question.body, Body::Qcm { .. });
            let (mut ticked, mut rejected) = (Vec::new(), Vec::new());
            for p in propositions {
                let right = knows(nature.normal() * 0.8 - 0.8);
                if right == p.status.is_true() {
                    ticked.push(p.id.clone());
                } else if three_states && knows(-1.5) {
                    rejected.push(p.id.clone());
                }
            }
            Response::Ticks { ticked, rejected }
        }
        Body::Qru { propositions } | Body::Qrp { propositions, .. } | Body::Qrpl { propositions, .. } => {
            let wanted = question.body.expected().unwrap_or(1) as usize;
            let mut ticked: Vec<_> =
                propositions.iter().filter(|p| p.status.is_true() && knows(0.0)).map(|p| p.id.clone()).collect();
            // Those who do not know choose a distractor, some more attractive than others.
            let mut wrong: Vec<_> = propositions
                .iter()
                .filter(|p| !p.status.is_true())
                .map(|p| (nature.normal() + Stream::new(seed, &[candidate, id, p.id.as_str()]).normal(), p))
                .collect();
            wrong.sort_by(|x, y| y.0.total_cmp(&x.0));
            let missing = wanted.saturating_sub(ticked.len());
            ticked.extend(wrong.iter().take(missing).map(|(_, p)| p.id.clone()));
            Response::Ticks { ticked, rejected: vec![] }
        }
        Body::Qroc { exact, acceptable, .. } => {
            let text = if knows(0.0) {
                exact.first().cloned().unwrap_or_default()
            } else if knows(-0.5) {
                acceptable.first().cloned().unwrap_or_default()
            } else {
                const GUESSES: [&str; 4] = ["je ne sais pas", "hypokaliémie", "syndrome inflammatoire", ""];
                GUESSES[(nature.next_u64() as usize + candidate.len() + usize::from(candidate.ends_with('7'))) % 4]
                    .to_owned()
            };
            debug_assert!(qroc::word_count(&text) <= 20);
            Response::Text { text }
        }
        Body::Qzp { zones, expected } => {
            let mut points = Vec::new();
            for zone in zones.iter().take(*expected as usize) {
                let [l, t, r, b] = zone.shape.bounds(question.image_aspect());
                let at = if knows(0.0) {
                    Point { x: (l + r) / 2.0, y: (t + b) / 2.0 }
                } else {
                    let mut miss = Stream::new(seed, &["miss", candidate, id, zone.id.as_str()]);
                    Point { x: miss.unit(), y: miss.unit() }
                };
                points.push(at);
            }
            Response::Points { points }
        }
        Body::Tcs { panel, .. } => {
            let mode = panel.iter().enumerate().max_by_key(|(_, v)| **v).map_or(2, |(i, _)| i);
            let choice = if knows(0.0) {
                mode as i8 - 2
            } else {
                let mut guess = Stream::new(seed, &["tcs", candidate, id]);
                guess.below(5) as i8 - 2
            };
            Response::Choice { choice: Some(choice) }
        }
    }
}
