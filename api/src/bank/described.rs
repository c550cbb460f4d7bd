//! Pictures that nobody described: a question that holds one is not validated, however it comes.

use crate::error::{ApiError, ApiResult, Wrong};
use docimo_bank::exchange::MISSING_ALT;
use docimo_engine::paper::Element;
use docimo_engine::question::Image;

/// Where pictures without a description are, in French.
pub fn undescribed(element: &Element) -> Vec<String> {
    let bare = |image: &Option<Image>| image.as_ref().is_some_and(|i| matches!(i.alt.trim(), "" | MISSING_ALT));
    match element {
        Element::Question(question) if bare(&question.image) => vec![format!("question {}", question.id)],
        Element::Question(_) => Vec::new(),
        Element::Case(case) => {
            let head = bare(&case.image).then(|| "texte d’ouverture".to_owned());
            let parts = case.parts.iter().enumerate().filter(|(_, part)| bare(&part.question.image));
            head.into_iter()
                .chain(parts.map(|(i, part)| format!("question {} ({})", i + 1, part.question.id)))
                .collect()
        }
    }
}

/// Refuses an element that holds such pictures, saying where.
pub fn check(element: &Element) -> ApiResult<()> {
    let places = undescribed(element);
    if places.is_empty() {
        return Ok(());
    }
    let message = "l’image n’a pas de description : qui ne la voit pas ne pourrait pas répondre";
    let wrong = places.into_iter().map(|place| Wrong { place, message: message.into() }).collect();
    Err(ApiError::Invalid { title: "Décrivez chaque image avant de valider".into(), wrong })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(alt: &str) -> Element {
        let json = format!(
            r#"{{"case":{{"id":"dp","kind":"DP","title":"D","intro":"I","image":{{"file":"h","alt":"Radiographie"}},"parts":[
            {{"question":{{"id":"q1","kind":"QROC","stem":"?","exact":["x"]}}}},
            {{"question":{{"id":"q2","kind":"QROC","stem":"?","exact":["x"],"image":{{"file":"h","alt":"{alt}"}}}}}}]}}}}"#
        );
        serde_json::from_str(&json).unwrap()
    }

    #[test]
    fn a_picture_is_told_by_its_question() {
        assert!(check(&element("Électrocardiogramme")).is_ok());
        for alt in ["", " ", MISSING_ALT] {
            assert_eq!(undescribed(&element(alt)), ["question 2 (q2)"], "{alt}");
            assert!(matches!(check(&element(alt)), Err(ApiError::Invalid { wrong, .. }) if wrong.len() == 1));
        }
    }
}
