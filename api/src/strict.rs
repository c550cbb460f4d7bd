//! JSON read strictly: a field that would be ignored is a fault, so that a misspelt word of a scheme or a
//! paper never goes unseen.

use crate::error::{ApiError, ApiResult, Wrong};
use crate::json::french;
use docimo_engine::Exact;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;

/// Reads a value, refusing fields that its type does not have. `place` names the document.
pub fn read<T: DeserializeOwned + Serialize>(given: Value, place: &str) -> ApiResult<T> {
    let value: T = serde_path_to_error::deserialize(given.clone()).map_err(|error| {
        let steps: Vec<String> = error.path().iter().filter_map(step).collect();
        let place = if steps.is_empty() { place.to_owned() } else { format!("{place}, {}", steps.join(".")) };
        ApiError::wrong(place, french::data(&error.into_inner().to_string()))
    })?;
    let kept = serde_json::to_value(&value).map_err(|e| ApiError::Internal(e.into()))?;
    let mut wrong = Vec::new();
    compare(&given, &kept, &mut Vec::new(), &mut wrong);
    if wrong.is_empty() {
        return Ok(value);
    }
    let wrong = wrong
        .into_iter()
        .map(|path| Wrong { place: format!("{place}, {path}"), message: "champ inconnu : vérifiez son nom".into() })
        .collect();
    Err(ApiError::Invalid { title: "Champs inconnus".into(), wrong })
}

/// A step of a path, lists counted from 1.
fn step(segment: &Segment) -> Option<String> {
    match segment {
        Segment::Seq { index } => Some((index + 1).to_string()),
        Segment::Map { key } => Some(key.clone()),
        Segment::Enum { variant } => Some(variant.clone()),
        Segment::Unknown => None,
    }
}

/// What is in `given` and not in `kept`. Empty values may be left out when a type is written.
fn compare(given: &Value, kept: &Value, path: &mut Vec<String>, wrong: &mut Vec<String>) {
    match (given, kept) {
        (Value::Object(given), Value::Object(kept)) => {
            for (name, value) in given {
                path.push(name.clone());
                match kept.get(name) {
                    Some(own) => compare(value, own, path, wrong),
                    None if is_empty(value) || (name == "weight" && is_one(value)) => {}
                    None => wrong.push(path.join(".")),
                }
                path.pop();
            }
        }
        (Value::Array(given), Value::Array(kept)) => {
            for (i, (value, own)) in given.iter().zip(kept).enumerate() {
                path.push(format!("{}", i + 1));
                compare(value, own, path, wrong);
                path.pop();
            }
        }
        _ => {}
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(on) => !on,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Number(_) => false,
    }
}

/// The default weight, which is left out when a question is written.
fn is_one(value: &Value) -> bool {
    serde_json::from_value::<Exact>(value.clone()).is_ok_and(|weight| weight == Exact::ONE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use docimo_engine::paper::Paper;
    use docimo_engine::scheme::MarkingScheme;
    use serde_json::json;

    #[test]
    fn every_scheme_reads_and_a_misspelt_field_does_not() {
        for name in MarkingScheme::PRESETS {
            let scheme = MarkingScheme::preset(name).unwrap();
            let written = serde_json::to_value(&scheme).unwrap();
            assert_eq!(read::<MarkingScheme>(written, "barème").unwrap(), scheme);
        }
        let mut wrong = serde_json::to_value(MarkingScheme::preset("v8").unwrap()).unwrap();
        wrong["qrm"]["al_ticked"] = json!(-1);
        wrong["cohrt"] = json!("rarity");
        let Err(ApiError::Invalid { wrong, .. }) = read::<MarkingScheme>(wrong, "barème") else { panic!() };
        let places: Vec<&str> = wrong.iter().map(|w| w.place.as_str()).collect();
        assert_eq!(places, ["barème, cohrt", "barème, qrm.al_ticked"]);
    }

    #[test]
    fn a_paper_says_where() {
        let paper = json!({"title": "T", "scheme": "edn", "sections": [{"id": "s", "title": "S", "duration_minutes": 1, "durée": 3,
            "elements": [{"question": {"id": "q", "kind": "QRU", "stem": "?", "wieght": 2, "weight": 1, "tags": [],
                "propositions": [{"id": "a", "text": "x", "status": "vrai"}]}}]}]});
        let Err(ApiError::Invalid { wrong, .. }) = read::<Paper>(paper, "sujet") else { panic!() };
        let places: Vec<&str> = wrong.iter().map(|w| w.place.as_str()).collect();
        assert_eq!(places, ["sujet, sections.1.durée", "sujet, sections.1.elements.1.question.wieght"]);
    }

    #[test]
    fn a_fault_of_type_is_french_and_has_its_place() {
        let section = json!({"id": "s", "title": "S", "duration_minutes": "dix", "elements": []});
        let paper = json!({"title": "T", "scheme": "edn", "sections": [section]});
        let Err(ApiError::Invalid { wrong, .. }) = read::<Paper>(paper, "sujet") else { panic!() };
        assert_eq!(wrong[0].place, "sujet, sections.1.duration_minutes");
        assert_eq!(wrong[0].message, "texte « dix » reçu, nombre entier positif attendu");
        let Err(ApiError::Invalid { wrong, .. }) = read::<Paper>(json!({"scheme": "edn"}), "sujet") else { panic!() };
        assert_eq!(wrong[0].message, "le champ « title » manque");
    }

    #[test]
    fn the_default_weight_may_be_written_and_nothing_else_passes_for_it() {
        let with = |name: &str, value: Value| {
            let mut question = json!({"id": "q", "kind": "QROC", "stem": "?", "exact": ["x"]});
            question[name] = value;
            let section = json!({"id": "s", "title": "S", "duration_minutes": 1, "elements": [{"question": question}]});
            read::<Paper>(json!({"title": "T", "scheme": "edn", "sections": [section]}), "sujet")
        };
        for one in [json!(1), json!(1.0), json!("1"), json!("1.0")] {
            assert!(with("weight", one.clone()).is_ok(), "{one}");
        }
        assert!(with("wieght", json!(1)).is_err());
    }
}
