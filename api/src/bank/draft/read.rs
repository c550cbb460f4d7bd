//! A question or case as a page or a program sends it: what cannot be a number is made one and told, so that the
//! rest is kept.

use super::advice::FieldFault;
use crate::error::{ApiError, ApiResult};
use crate::strict;
use docimo_engine::Exact;
use docimo_engine::paper::Element;
use serde_json::{Map, Value, json};

/// Reads an element. A field that nothing has is a fault of the whole; a number that is none is replaced by its
/// usual value and told.
pub fn element(mut given: Value) -> ApiResult<(Element, Vec<FieldFault>)> {
    let mut told = Vec::new();
    if let Some(question) = given.get_mut("question").and_then(Value::as_object_mut) {
        question_numbers(question, "question", "", &mut told);
    }
    if let Some(case) = given.get_mut("case").and_then(Value::as_object_mut) {
        image_numbers(case, "case", "", &mut told);
        if let Some(article) = case.get_mut("article").and_then(Value::as_object_mut) {
            without_file(article, "pdf");
        }
        if let Some(pages) = case.get_mut("article").and_then(|a| a.pointer_mut("/pdf/pages")) {
            let number = Number { path: "case.article.pdf", place: "PDF".to_owned(), most: 100_000, usual: 0 };
            whole(pages, number, &mut told);
        }
        let parts = case.entry("parts").or_insert_with(|| json!([]));
        for (i, part) in parts.as_array_mut().into_iter().flatten().enumerate() {
            if let Some(question) = part.get_mut("question").and_then(Value::as_object_mut) {
                let place = format!("Question {}, ", i + 1);
                question_numbers(question, &format!("case.parts.{i}.question"), &place, &mut told);
            }
        }
    }
    if given.get("question").is_none() && given.get("case").is_none() {
        return Err(ApiError::wrong("texte", "le champ « question » ou « case » manque"));
    }
    Ok((strict::read(given, "texte")?, told))
}

struct Number<'a> {
    path: &'a str,
    place: String,
    most: u64,
    usual: u64,
}

/// A whole number, or its usual value.
fn whole(value: &mut Value, number: Number<'_>, told: &mut Vec<FieldFault>) {
    let read = match value {
        Value::Number(n) => n.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    match read.filter(|n| *n <= number.most) {
        Some(n) => *value = json!(n),
        None => {
            let said = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            told.push(FieldFault::of(
                number.path,
                &number.place,
                format!("« {said} » n’est pas un nombre entier de 0 à {} : {} le remplace.", number.most, number.usual),
            ));
            *value = json!(number.usual);
        }
    }
}

/// A form always has the fields of a picture, a video, a PDF: without a file, there is none.
fn without_file(map: &mut Map<String, Value>, name: &str) {
    if map.get(name).is_some_and(|of| of.get("file").and_then(Value::as_str).is_some_and(|f| f.trim().is_empty())) {
        map.remove(name);
    }
}

fn image_numbers(map: &mut Map<String, Value>, path: &str, place: &str, told: &mut Vec<FieldFault>) {
    without_file(map, "image");
    let Some(image) = map.get_mut("image").and_then(Value::as_object_mut) else { return };
    for side in ["width", "height"] {
        if let Some(value) = image.get_mut(side) {
            let number =
                Number { path: &format!("{path}.image"), place: format!("{place}image"), most: 20_000, usual: 0 };
            whole(value, number, told);
        }
    }
}

fn question_numbers(map: &mut Map<String, Value>, path: &str, place: &str, told: &mut Vec<FieldFault>) {
    image_numbers(map, path, place, told);
    without_file(map, "video");
    for (name, french, most, usual) in [("expected", "nombre attendu", 25, 1), ("max_words", "mots permis", 20, 5)] {
        if let Some(value) = map.get_mut(name) {
            let number = Number { path: &format!("{path}.{name}"), place: format!("{place}{french}"), most, usual };
            whole(value, number, told);
        }
    }
    if let Some(weight) = map.get_mut("weight")
        && serde_json::from_value::<Exact>(weight.clone()).is_err()
    {
        let said = weight.as_str().map_or_else(|| weight.to_string(), str::to_owned);
        let message = format!("« {said} » n’est pas un nombre (1, 0,5, 2/3) : 1 le remplace.");
        told.push(FieldFault::of(&format!("{path}.weight"), &format!("{place}poids"), message));
        *weight = json!("1");
    }
    for vote in map.get_mut("panel").and_then(Value::as_array_mut).into_iter().flatten() {
        let number = Number { path: &format!("{path}.panel"), place: format!("{place}panel"), most: 100_000, usual: 0 };
        whole(vote, number, told);
    }
    experts(map, path, place, told);
    for list in lists(map.get("kind").and_then(Value::as_str).unwrap_or_default()) {
        map.entry(*list).or_insert_with(|| json!([]));
    }
    for (i, zone) in map.get_mut("zones").and_then(Value::as_array_mut).into_iter().flatten().enumerate() {
        let Some(shape) = zone.get_mut("shape") else { continue };
        if !coordinates(shape) {
            let message = "Les coordonnées de la zone ne se lisent pas : vérifiez-les.".to_owned();
            told.push(FieldFault::of(&format!("{path}.zones.{i}"), &format!("{place}zone {}", i + 1), message));
        }
    }
}

/// Experts listed one by one: lines without a name and without an answer are none; the others make the votes.
fn experts(map: &mut Map<String, Value>, path: &str, place: &str, told: &mut Vec<FieldFault>) {
    let Some(list) = map.get_mut("experts").and_then(Value::as_array_mut) else { return };
    let blank = |line: &Value, name: &str| line.get(name).and_then(Value::as_str).is_some_and(|t| t.trim().is_empty());
    list.retain(|line| !(blank(line, "name") && blank(line, "answer")));
    let mut votes = [0_u32; 5];
    for (i, line) in list.iter_mut().enumerate() {
        let Some(answer) = line.get_mut("answer") else { continue };
        let read = match answer {
            Value::Number(n) => n.as_i64(),
            Value::String(text) => text.trim().replace('\u{2212}', "-").trim_start_matches('+').parse().ok(),
            _ => None,
        };
        let read = read.filter(|n| (-2..=2).contains(n));
        if read.is_none() {
            let message = format!("L’expert n° {} n’a pas de réponse de −2 à +2 : 0 la remplace.", i + 1);
            told.push(FieldFault::of(&format!("{path}.experts.{i}"), &format!("{place}panel"), message));
        }
        *answer = json!(read.unwrap_or(0));
        if let Some(count) = usize::try_from(read.unwrap_or(0) + 2).ok().and_then(|at| votes.get_mut(at)) {
            *count += 1;
        }
    }
    if list.is_empty() {
        map.remove("experts");
    } else {
        map.insert("panel".into(), json!(votes));
    }
}

/// The lists that a kind has, which a form without any line leaves out.
fn lists(kind: &str) -> &'static [&'static str] {
    match kind {
        "QRU" | "QRM" | "QRP" | "QRPL" | "QCM" => &["propositions"],
        "QROC" => &["exact", "acceptable"],
        "QZP" => &["zones"],
        _ => &[],
    }
}

/// Makes numbers of what should be; `false` where something was not one.
fn coordinates(value: &mut Value) -> bool {
    match value {
        Value::Object(map) => map.values_mut().map(coordinates).filter(|read| !read).count() == 0,
        Value::Array(list) => list.iter_mut().map(coordinates).filter(|read| !read).count() == 0,
        Value::Number(_) => true,
        other => {
            let read = other.as_str().and_then(|t| t.trim().replace(',', ".").parse::<f64>().ok());
            *other = json!(read.filter(|n| n.is_finite()).unwrap_or(0.0));
            read.is_some()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use docimo_engine::question::{Body, Shape};

    #[test]
    fn a_number_that_is_none_does_not_lose_the_rest() {
        let given =
            json!({"question": {"id": "q", "kind": "QRP", "stem": "Quoi ?", "expected": "deux", "weight": "x"}});
        let (element, told) = element(given).unwrap();
        let Element::Question(q) = element else { panic!() };
        assert_eq!((q.stem.as_str(), q.body.expected(), q.weight), ("Quoi ?", Some(1), Exact::ONE));
        let fields: Vec<&str> = told.iter().map(|f| f.field.as_str()).collect();
        assert_eq!(fields, ["question.expected", "question.weight"]);
        assert!(told[0].message.contains("« deux »"), "{told:?}");
    }

    #[test]
    fn texts_that_are_numbers_are_read_as_numbers() {
        let given = json!({"case": {"id": "c", "kind": "DP", "title": "T", "intro": "", "parts": [
            {"text": "", "question": {"id": "q", "kind": "QZP", "stem": "Où ?", "expected": "1", "weight": "0,5",
             "image": {"file": "f", "alt": "a", "width": "800", "height": "600"},
             "zones": [{"id": "z", "name": "Z", "shape": {"circle": {"x": "0,5", "y": 0.25, "r": "0.1"}}}]}},
            {"text": "", "question": {"id": "t", "kind": "TCS", "stem": "?", "hypothesis": "h", "finding": "f",
             "panel": ["1", 2, "", "3", 4]}}]}});
        let (element, told) = element(given).unwrap();
        let Element::Case(case) = element else { panic!() };
        let Body::Qzp { zones, .. } = &case.parts[0].question.body else { panic!() };
        assert_eq!(zones[0].shape, Shape::Circle { x: 0.5, y: 0.25, r: 0.1 });
        let Body::Tcs { panel, .. } = &case.parts[1].question.body else { panic!() };
        assert_eq!(*panel, [1, 2, 0, 3, 4]);
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(told[0].place, "Question 2, panel");
    }

    #[test]
    fn what_nothing_has_is_refused() {
        assert!(element(json!({"question": {"id": "q", "kind": "QRU", "stem": "?", "stme": "x"}})).is_err());
        assert!(element(json!({})).is_err());
        assert!(element(json!({"question": 3})).is_err());
    }
}
