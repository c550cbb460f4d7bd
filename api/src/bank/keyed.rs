//! Open questions that wait for their key: kept in the bank as drafts, never validated nor put on a paper.

use crate::error::{ApiError, ApiResult, Wrong};
use docimo_engine::paper::Element;

const LACKS: &str = "la question n’a pas de réponse attendue : ajoutez au moins une réponse exacte, ou les votes du panel d’un TCS \
     (bouton « Modifier »)";

/// Where questions without a key are, in French.
pub fn unkeyed(element: &Element) -> Vec<String> {
    let lacking = element.questions().enumerate().filter(|(_, question)| question.body.lacks_key());
    lacking
        .map(|(i, question)| match element {
            Element::Question(_) => format!("question {}", question.id),
            Element::Case(_) => format!("question {} ({})", i + 1, question.id),
        })
        .collect()
}

/// Refuses an element that holds one, saying where; `title` says what was asked.
pub fn check(element: &Element, title: &str) -> ApiResult<()> {
    let wrong: Vec<Wrong> = unkeyed(element).into_iter().map(|place| Wrong { place, message: LACKS.into() }).collect();
    if wrong.is_empty() { Ok(()) } else { Err(ApiError::Invalid { title: title.into(), wrong }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_without_answer_is_told_by_its_place() {
        let json = r#"{"case":{"id":"dp","kind":"DP","title":"D","intro":"I","parts":[
            {"question":{"id":"q1","kind":"QROC","stem":"?","exact":["x"]}},
            {"question":{"id":"q2","kind":"QROC","stem":"?","exact":[]}}]}}"#;
        let case: Element = serde_json::from_str(json).unwrap();
        assert_eq!(unkeyed(&case), ["question 2 (q2)"]);
        assert!(matches!(check(&case, "Non"), Err(ApiError::Invalid { wrong, .. }) if wrong.len() == 1));
        let sound: Element =
            serde_json::from_str(r#"{"question":{"id":"q","kind":"QROC","stem":"?","exact":["x"]}}"#).unwrap();
        assert!(check(&sound, "Non").is_ok());
    }
}
