//! What of an element can be met again word for word: the whole of it, and each part that says enough to be known
//! again. "Quel examen demandez-vous ?" is in a thousand cases and proves nothing.

use docimo_bank::duplicates::{Signature, Text, signatures};
use docimo_bank::revision::fingerprint;
use docimo_engine::paper::{Case, Element};
use docimo_engine::question::{Body, Question};
use std::collections::BTreeSet;

/// Words from which an open question, or the opening text of a case, is known again.
const ENOUGH_WORDS: usize = 8;

/// Does a question say enough to be known out of its case?
fn says_enough(question: &Question) -> bool {
    !question.body.propositions().is_empty() || question.stem.split_whitespace().count() >= ENOUGH_WORDS
}

/// Fingerprints of an element as it is written: equal for the same words, whatever the key, ids or tags.
pub fn prints(element: &Element) -> BTreeSet<String> {
    let mut all = BTreeSet::from([fingerprint(element)]);
    if let Element::Case(case) = element {
        if case.intro.split_whitespace().count() >= ENOUGH_WORDS {
            let opening = Case { parts: Vec::new(), ..case.clone() };
            all.insert(fingerprint(&Element::Case(opening)));
        }
        let parts = case.parts.iter().filter(|part| says_enough(&part.question));
        all.extend(parts.map(|part| fingerprint(&Element::Question(part.question.clone()))));
    }
    all
}

/// Can the likeness of the words of these two be taken as one? Not where what is asked is a few words that any case
/// may end on, nor where the same few words are asked of two pictures.
pub fn comparable(a: &Element, b: &Element) -> bool {
    match (a, b) {
        (Element::Question(q), Element::Case(_)) | (Element::Case(_), Element::Question(q)) => says_enough(q),
        (Element::Question(q), Element::Question(r)) => {
            let pictures = q.image.as_ref().zip(r.image.as_ref()).is_some_and(|(x, y)| x.file != y.file);
            !(pictures && q.body.propositions().is_empty() && r.body.propositions().is_empty())
        }
        (Element::Case(_), Element::Case(_)) => true,
    }
}

/// Are these two of one script: one vignette, of which a concordance test asks several things?
pub fn same_script(a: &Element, b: &Element) -> bool {
    let (Element::Question(q), Element::Question(r)) = (a, b) else { return false };
    match (&q.body, &r.body) {
        (Body::Tcs { hypothesis: h, finding: f, .. }, Body::Tcs { hypothesis: i, finding: g, .. }) => h != i || f != g,
        _ => false,
    }
}

/// An element made ready to be looked for, and compared.
pub struct Ready {
    /// The element as it is on its paper.
    pub element: Element,
    /// Its fingerprints.
    pub prints: BTreeSet<String>,
    /// Its words.
    pub text: Text,
    /// What it is found by.
    pub signatures: Vec<Signature>,
}

impl Ready {
    /// Makes an element ready.
    pub fn of(element: &Element) -> Self {
        Self {
            element: element.clone(),
            prints: prints(element),
            text: Text::of(element),
            signatures: signatures(element),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(id: &str, intro: &str, ending: &str) -> Element {
        let json = serde_json::json!({"case": {"id": id, "kind": "DP", "title": "D", "intro": intro, "parts": [
            {"question": {"id": format!("{id}-1"), "kind": "QROC", "stem": ending, "exact": ["x"]}},
            {"question": {"id": format!("{id}-2"), "kind": "QRM", "stem": "Lesquelles ?", "propositions": [
                {"id": "a", "text": "Le magnésium", "status": "vrai"}, {"id": "b", "text": "Le calcium", "status": "faux"}]}}]}});
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn what_any_case_ends_on_is_no_print_and_what_says_something_is() {
        let long = "Une femme de 34 ans consulte pour une fatigue apparue depuis trois mois";
        let (a, b) = (prints(&case("a", long, "Quel examen ?")), prints(&case("b", "Bref", "Quel examen ?")));
        assert_eq!(a.intersection(&b).count(), 1, "the question with propositions");
        let c = prints(&case("c", &long.to_uppercase(), "Autre chose ?"));
        assert_eq!(a.intersection(&c).count(), 2, "and the opening text, whatever its capitals");
    }

    #[test]
    fn a_script_asks_several_things_of_one_vignette() {
        let tcs = |id: &str, finding: &str| -> Element {
            serde_json::from_value(serde_json::json!({"question": {"id": id, "kind": "TCS", "stem": "Un homme tousse",
                "hypothesis": "une pneumonie", "finding": finding, "panel": [0, 1, 1, 0, 0]}}))
            .unwrap()
        };
        assert!(same_script(&tcs("a", "la fièvre"), &tcs("b", "un séjour en Asie")));
        assert!(!same_script(&tcs("a", "la fièvre"), &tcs("b", "la fièvre")));
    }

    #[test]
    fn two_pictures_make_two_questions_of_the_same_words() {
        let zone = |id: &str, file: &str| -> Element {
            serde_json::from_value(
                serde_json::json!({"question": {"id": id, "kind": "QROC", "stem": "Que voyez-vous ?",
                "exact": ["x"], "image": {"file": file, "alt": "Radio", "width": 10, "height": 10}}}),
            )
            .unwrap()
        };
        assert!(!comparable(&zone("a", "x.png"), &zone("b", "y.png")));
        assert!(comparable(&zone("a", "x.png"), &zone("b", "x.png")));
    }
}
