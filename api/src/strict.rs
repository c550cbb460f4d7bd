//! JSON read strictly: a field that would be ignored is a fault, so that a misspelt word of a scheme or a
//! paper never goes unseen.

use crate::error::{ApiError, ApiResult, Wrong};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Reads a value, refusing fields that its type does not have. `place` names the document.
pub fn read<T: DeserializeOwned + Serialize>(given: Value, place: &str) -> ApiResult<T> {
    let value: T = serde_json::from_value(given.clone()).map_err(|e| ApiError::wrong(place, e.to_string()))?;
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

/// What is in `given` and not in `kept`. Empty values may be left out when a type is written.
fn compare(given: &Value, kept: &Value, path: &mut Vec<String>, wrong: &mut Vec<String>) {
    match (given, kept) {
        (Value::Object(given), Value::Object(kept)) => {
            for (name, value) in given {
                path.push(name.clone());
                match kept.get(name) {
                    Some(own) => compare(value, own, path, wrong),
                    None if is_empty(value) => {}
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
        Value::String(text) => text.is_empty() || text == "1",
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        // A number written as its default (a weight of 1) may be left out too.
        Value::Number(number) => number.as_i64() == Some(1),
    }
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
}
