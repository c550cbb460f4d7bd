//! Pictures, videos and articles as PDF that nobody described: a question that holds one is not validated, however it
//! comes.

use crate::error::{ApiError, ApiResult, Wrong};
use docimo_bank::exchange::MISSING_ALT;
use docimo_engine::paper::Element;
use docimo_engine::question::{Image, Question};

const PICTURE: &str = "l’image n’a pas de description : qui ne la voit pas ne pourrait pas répondre";
const VIDEO: &str = "la vidéo n’a pas de description : qui ne la voit ou ne l’entend pas ne pourrait pas répondre";
const ARTICLE: &str = "l’article n’est donné qu’en PDF : ajoutez son texte, ou une description";

/// Where what nobody described is, and what it lacks, in French.
pub fn undescribed(element: &Element) -> Vec<(String, &'static str)> {
    let bare = |image: &Option<Image>| image.as_ref().is_some_and(|i| matches!(i.alt.trim(), "" | MISSING_ALT));
    let lacks = |question: &Question| {
        let silent = question.video.as_ref().is_some_and(|video| video.description.trim().is_empty());
        let picture = bare(&question.image).then_some(PICTURE);
        picture.into_iter().chain(silent.then_some(VIDEO)).collect::<Vec<_>>()
    };
    let mut found = Vec::new();
    match element {
        Element::Question(question) => {
            found.extend(lacks(question).into_iter().map(|what| (format!("question {}", question.id), what)));
        }
        Element::Case(case) => {
            if bare(&case.image) {
                found.push(("texte d’ouverture".to_owned(), PICTURE));
            }
            if let Some(article) = &case.article
                && article.pdf.as_ref().is_some_and(|pdf| pdf.description.trim().is_empty())
                && article.body.trim().is_empty()
            {
                found.push(("article".to_owned(), ARTICLE));
            }
            for (i, part) in case.parts.iter().enumerate() {
                let place = format!("question {} ({})", i + 1, part.question.id);
                found.extend(lacks(&part.question).into_iter().map(|what| (place.clone(), what)));
            }
        }
    }
    found
}

/// Refuses an element that holds such media, saying where.
pub fn check(element: &Element) -> ApiResult<()> {
    let places = undescribed(element);
    if places.is_empty() {
        return Ok(());
    }
    let pictures = places.iter().all(|(_, what)| *what == PICTURE);
    let wrong = places.into_iter().map(|(place, message)| Wrong { place, message: message.into() }).collect();
    let what = if pictures { "chaque image" } else { "images, vidéos et article" };
    Err(ApiError::Invalid { title: format!("Décrivez {what} avant de valider"), wrong })
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
            assert_eq!(undescribed(&element(alt)), [("question 2 (q2)".to_owned(), PICTURE)], "{alt}");
            assert!(matches!(check(&element(alt)), Err(ApiError::Invalid { wrong, .. }) if wrong.len() == 1));
        }
    }

    #[test]
    fn so_are_a_video_and_an_article_that_is_only_a_pdf() {
        let lca = |article: &str, video: &str| -> Element {
            let json = format!(
                r#"{{"case":{{"id":"l","kind":"LCA","title":"L","intro":"I","article":{{"title":"T",{article}}},"parts":[
                {{"question":{{"id":"q1","kind":"QROC","stem":"?","exact":["x"],"video":{{"file":"h"{video}}}}}}}]}}}}"#
            );
            serde_json::from_str(&json).unwrap()
        };
        let told = r#","description":"Une marche en steppage""#;
        let bare = lca(r#""pdf":{"file":"h","pages":8}"#, "");
        assert_eq!(undescribed(&bare), [("article".to_owned(), ARTICLE), ("question 1 (q1)".to_owned(), VIDEO)]);
        for article in
            [r#""pdf":{"file":"h","description":"Essai randomisé"}"#, r#""body":"Background","pdf":{"file":"h"}"#]
        {
            assert!(check(&lca(article, told)).is_ok(), "{article}");
        }
    }
}
