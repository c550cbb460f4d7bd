//! What past sittings say of a question: how easy it was, how much it tells apart, and from both an approximate
//! response function, so that information can be maximised.
//!
//! The response function is Lord and Novick's (1968, §16.10) from the classical indices: with ρ the biserial correlation
//! and z the normal quantile of 1 − p, slope ρ/√(1 − ρ²) and difficulty z/ρ, times 1.702 for logits. It holds for normal
//! ability and questions that are right or wrong; with partial credit it takes the mean mark for p. It is an order of
//! magnitude on the metric of those who sat, not a calibration on a common one.

use docimo_assembly::pool::Statistics;
use docimo_engine::docimology::irt::ItemParameters;
use docimo_engine::docimology::numeric::{normal_pdf, normal_quantile};
use docimo_engine::paper::Element;
use docimo_store::bank::pool::Did;

/// Candidates from which indices are believed.
const ENOUGH: i64 = 30;
/// Logistic and normal functions are nearest with this factor.
const LOGITS: f64 = 1.702;

/// One for each question of an element, or none while nothing is known of any.
pub fn of_element(element: &Element, did: &[Did]) -> Vec<Statistics> {
    let all: Vec<Statistics> = element.questions().map(|q| of_question(q.id.as_str(), did)).collect();
    if all.iter().any(|s| s.p.is_some()) { all } else { Vec::new() }
}

/// Means over sittings, each weighing as many as its candidates.
fn of_question(id: &str, did: &[Did]) -> Statistics {
    let own: Vec<&Did> = did.iter().filter(|d| d.question_id == id && d.candidates >= ENOUGH).collect();
    let mean = |of: &dyn Fn(&Did) -> Option<f64>| {
        let known = own.iter().filter_map(|d| Some((of(d)?, d.candidates as f64)));
        let (sum, n) = known.fold((0.0, 0.0), |(sum, n), (value, weight)| (sum + value * weight, n + weight));
        (n > 0.0).then(|| sum / n)
    };
    let (p, discrimination) = (mean(&|d| d.p).map(|p| p.clamp(0.0, 1.0)), mean(&|d| d.r_rest));
    Statistics { p, discrimination, item: p.zip(discrimination).and_then(|(p, r)| response(p, r)) }
}

/// None where the question tells nobody apart, or nearly everyone does alike.
fn response(p: f64, r: f64) -> Option<ItemParameters> {
    if !(0.02..=0.98).contains(&p) || r < 0.05 {
        return None;
    }
    let z = normal_quantile(1.0 - p);
    let biserial = (r * (p * (1.0 - p)).sqrt() / normal_pdf(z)).min(0.95);
    let slope = LOGITS * biserial / (1.0 - biserial * biserial).sqrt();
    let (slope, difficulty) = (slope, z / biserial);
    (slope.is_finite() && difficulty.is_finite()).then(|| ItemParameters::two_pl(slope, difficulty))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_answered_by_half_is_of_middle_difficulty_and_informs_most_there() {
        let item = response(0.5, 0.4).unwrap();
        assert!(item.b[0].abs() < 1e-9);
        assert!((item.a - 1.702 * 0.5013 / (1.0f64 - 0.5013 * 0.5013).sqrt()).abs() < 1e-3, "{}", item.a);
        assert!(item.information(0.0) > item.information(1.5));
        let easy = response(0.9, 0.3).unwrap();
        assert!(easy.b[0] < -1.0, "{easy:?}");
        assert!(response(0.5, -0.1).is_none());
    }

    #[test]
    fn sittings_weigh_by_their_candidates() {
        let did = |n: i64, p: f64| Did {
            entry_id: "e".into(),
            question_id: "q".into(),
            candidates: n,
            p: Some(p),
            r_rest: Some(0.3),
        };
        let found = of_question("q", &[did(300, 0.5), did(100, 0.9), did(10, 0.0)]);
        assert!((found.p.unwrap() - 0.6).abs() < 1e-9, "{found:?}");
        assert_eq!(of_question("autre", &[did(300, 0.5)]), Statistics::default());
    }
}
