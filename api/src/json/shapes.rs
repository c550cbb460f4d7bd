//! Shapes of what the engine reads, for the description of the interface: the engine itself knows nothing
//! of OpenAPI. A test holds each beside the type it describes.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// An answer to a question, whole: it replaces the one before.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(untagged, deny_unknown_fields)]
pub enum ResponseShape {
    /// QRU, QRM, QRP, QRPL; QCM with `rejected`.
    Ticks {
        /// Propositions ticked (QCM: judged true), by id.
        ticked: Vec<String>,
        /// QCM only: propositions judged false.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        rejected: Vec<String>,
    },
    /// QROC.
    Text {
        /// As typed, 200 characters at most.
        text: String,
    },
    /// QZP.
    Points {
        /// In the order placed.
        points: Vec<PointShape>,
    },
    /// TCS.
    Choice {
        /// −2 to +2, or none.
        choice: Option<i8>,
    },
}

/// A point of an image, as fractions of its width and height.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct PointShape {
    /// 0 to 1, from the left.
    x: f64,
    /// 0 to 1, from the top.
    y: f64,
}

/// What a candidate does.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ActShape {
    /// An answer.
    Answer {
        /// To which question.
        question: String,
        /// What was answered.
        response: ResponseShape,
    },
    /// "À revoir", on or off.
    Flag {
        /// Which question.
        question: String,
        /// On?
        on: bool,
    },
    /// Validation of a question of a progressive case.
    Lock {
        /// Which question.
        question: String,
    },
    /// Looks at a question or case.
    View {
        /// Its identifier.
        element: String,
    },
    /// Hands the sheet in.
    HandIn {},
}

/// Outline of a zone, in fractions of the image.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum OutlineShape {
    /// A disc.
    Circle {
        /// Centre, from the left.
        x: f64,
        /// Centre, from the top.
        y: f64,
        /// Radius, as a fraction of the width.
        r: f64,
    },
    /// A rectangle.
    Rect {
        /// Left.
        x: f64,
        /// Top.
        y: f64,
        /// Width.
        w: f64,
        /// Height.
        h: f64,
    },
    /// Corners in order, each `[x, y]`.
    Polygon(Vec<Vec<f64>>),
}

/// A decision of the jury.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(tag = "decision", rename_all = "snake_case")]
pub enum DecisionShape {
    /// A question is neutralised.
    Neutralise {
        /// Which.
        question: String,
        /// `removed` or `credit_all`.
        policy: String,
        /// Why; compulsory to decide.
        #[serde(default)]
        reason: String,
    },
    /// A neutralised question counts again.
    Reinstate {
        /// Which.
        question: String,
        /// Why.
        #[serde(default)]
        reason: String,
    },
    /// The truth of propositions is corrected.
    ChangeKey {
        /// Which question.
        question: String,
        /// `vrai`, `faux`, `indispensable` or `inacceptable`, by proposition id: those that change.
        statuses: BTreeMap<String, String>,
        /// Why.
        #[serde(default)]
        reason: String,
    },
    /// An open answer is added to the key.
    AcceptText {
        /// Which question.
        question: String,
        /// The answer.
        text: String,
        /// `exact` or `acceptable`.
        list: String,
        /// Why.
        #[serde(default)]
        reason: String,
    },
    /// An open answer is taken out of the key.
    RejectText {
        /// Which question.
        question: String,
        /// The answer.
        text: String,
        /// Why.
        #[serde(default)]
        reason: String,
    },
    /// A zone to point at is corrected.
    ChangeZone {
        /// Which question.
        question: String,
        /// Which zone, by id.
        zone: String,
        /// Its new outline.
        shape: OutlineShape,
        /// Why.
        #[serde(default)]
        reason: String,
    },
    /// The panel of a TCS is corrected.
    ChangePanel {
        /// Which question.
        question: String,
        /// Votes from −2 to +2: five numbers.
        panel: Vec<u32>,
        /// Why.
        #[serde(default)]
        reason: String,
    },
    /// The late answers of a candidate count.
    AcceptLate {
        /// Account of the candidate.
        candidate: String,
        /// Why.
        #[serde(default)]
        reason: String,
    },
    /// The pass mark on the whole paper is set.
    SetThreshold {
        /// On 20, an exact number.
        threshold: String,
        /// Why.
        #[serde(default)]
        reason: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exam::marks::DecisionForm;
    use docimo_engine::attempt::Act;
    use serde::de::DeserializeOwned;
    use serde_json::{Value, json};

    /// Both read it, and the shape writes what it read.
    fn same<Shape: DeserializeOwned + Serialize, Real: DeserializeOwned>(sample: Value) {
        serde_json::from_value::<Real>(sample.clone()).unwrap_or_else(|e| panic!("{sample}: {e}"));
        let shape: Shape = serde_json::from_value(sample.clone()).unwrap_or_else(|e| panic!("{sample}: {e}"));
        assert_eq!(serde_json::to_value(shape).unwrap(), sample);
    }

    #[test]
    fn shapes_are_those_that_the_engine_reads() {
        for response in [
            json!({"ticked": ["a"]}),
            json!({"ticked": ["a"], "rejected": ["b"]}),
            json!({"text": "embolie"}),
            json!({"points": [{"x": 0.5, "y": 0.25}]}),
            json!({"choice": -2}),
            json!({"choice": null}),
        ] {
            same::<ActShape, Act>(json!({"answer": {"question": "q", "response": response}}));
        }
        for act in [
            json!({"flag": {"question": "q", "on": true}}),
            json!({"lock": {"question": "q"}}),
            json!({"view": {"element": "q"}}),
            json!({"hand_in": {}}),
        ] {
            same::<ActShape, Act>(act);
        }
        for decision in [
            json!({"decision": "neutralise", "question": "q", "policy": "removed", "reason": "r"}),
            json!({"decision": "reinstate", "question": "q", "reason": "r"}),
            json!({"decision": "change_key", "question": "q", "statuses": {"a": "vrai"}, "reason": "r"}),
            json!({"decision": "accept_text", "question": "q", "text": "t", "list": "exact", "reason": "r"}),
            json!({"decision": "reject_text", "question": "q", "text": "t", "reason": "r"}),
            json!({"decision": "change_zone", "question": "q", "zone": "z", "reason": "r",
                   "shape": {"circle": {"x": 0.5, "y": 0.5, "r": 0.1}}}),
            json!({"decision": "change_panel", "question": "q", "panel": [0, 1, 2, 3, 4], "reason": "r"}),
            json!({"decision": "accept_late", "candidate": "c", "reason": "r"}),
            json!({"decision": "set_threshold", "threshold": "10.5", "reason": "r"}),
        ] {
            same::<DecisionShape, DecisionForm>(decision);
        }
    }
}
