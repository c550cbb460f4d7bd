//! The form of the editor: from fields to a question or case, and what its buttons do to it.
//!
//! A field is named by the path of its value, with how it is written after a colon: `question.expected:n`,
//! `question.exact:lines`, `question.zones.0.shape.circle.x:pc`. `api/assets/editor/form.js` reads the same names the
//! same way.

use crate::bank::draft::blank;
use crate::error::{ApiError, ApiResult};
use crate::media::Checked;
use docimo_engine::question::{Kind, Question};
use serde_json::{Map, Value, json};

/// Fields as a tree: `question` or `case`, as the engine writes them, numbers perhaps still texts.
pub fn tree(fields: &[(String, String)]) -> Value {
    let mut root = Map::new();
    for (name, text) in fields {
        if !name.starts_with("question.") && !name.starts_with("case.") {
            continue;
        }
        let (path, how) = name.split_once(':').unwrap_or((name, ""));
        if let Some(value) = value(text, how) {
            put(&mut root, path, value);
        }
    }
    lists(&mut root);
    Value::Object(root)
}

/// A value from its text; none where an empty text means that there is none.
fn value(text: &str, how: &str) -> Option<Value> {
    Some(match how {
        // Numbers are read with the rest, so that one that is none is told.
        "n" => json!(text.trim()),
        "pc" => fraction(text),
        "lines" => json!(text.lines().map(str::trim).filter(|l| !l.is_empty()).collect::<Vec<_>>()),
        "words" => json!(text.split([' ', '\n', '\r', '\t', ',', ';']).filter(|w| !w.is_empty()).collect::<Vec<_>>()),
        "corners" => json!(corners(text)),
        "opt" if text.trim().is_empty() => return None,
        "opt" => json!(text.trim()),
        // Forms write the end of a line in two characters.
        _ => json!(text.replace("\r\n", "\n")),
    })
}

/// A percentage as a fraction, its decimals moved; as it is where it is no number.
fn fraction(text: &str) -> Value {
    let plain = text.trim().replace(',', ".");
    let read = format!("{plain}e-2").parse::<f64>().ok().filter(|n| n.is_finite() && plain.parse::<f64>().is_ok());
    read.map_or_else(|| json!(text), |n| json!(n))
}

/// Corners written "12,5 30 ; 40 20": percents of the width and of the height.
fn corners(text: &str) -> Vec<Value> {
    text.split([';', '\n'])
        .map(|pair| pair.split_whitespace().map(fraction).collect::<Vec<_>>())
        .filter(|pair| !pair.is_empty())
        .map(|mut pair| {
            pair.resize(2, json!(0.0));
            Value::Array(pair)
        })
        .collect()
}

fn put(root: &mut Map<String, Value>, path: &str, value: Value) {
    let mut steps = path.split('.').peekable();
    let mut at = root;
    while let Some(step) = steps.next() {
        if steps.peek().is_none() {
            at.insert(step.to_owned(), value);
            return;
        }
        let below = at.entry(step).or_insert_with(|| json!({}));
        if !below.is_object() {
            *below = json!({});
        }
        let Value::Object(map) = below else { return };
        at = map;
    }
}

/// Objects whose names are all numbers are lists.
fn lists(map: &mut Map<String, Value>) {
    for value in map.values_mut() {
        let Value::Object(inner) = value else { continue };
        lists(inner);
        if !inner.is_empty() && inner.keys().all(|k| k.parse::<u32>().is_ok()) {
            let mut all: Vec<(u32, Value)> =
                std::mem::take(inner).into_iter().filter_map(|(k, v)| Some((k.parse().ok()?, v))).collect();
            all.sort_by_key(|(k, _)| *k);
            *value = Value::Array(all.into_iter().map(|(_, v)| v).collect());
        }
    }
}

/// Puts a file that came in where its field says.
pub fn put_file(tree: &mut Value, path: &str, taken: &Checked) -> ApiResult<()> {
    let (of, name) = match taken {
        Checked::Pdf(..) => (format!("{path}.article"), "pdf"),
        Checked::Picture(_) => (path.to_owned(), "image"),
        Checked::Video(_) => (path.to_owned(), "video"),
    };
    let owner = at(tree, &of).and_then(Value::as_object_mut);
    let owner = owner.ok_or_else(|| ApiError::bad("Ce fichier n’est à aucune question : rechargez la page."))?;
    let told = |field: &str| owner.get(name).and_then(|i| i.get(field)).cloned().unwrap_or_else(|| json!(""));
    let value = match taken {
        Checked::Picture(m) => json!({"file": m.hash, "alt": told("alt"), "width": m.width, "height": m.height}),
        Checked::Pdf(m, pages) => json!({"file": m.hash, "pages": pages, "description": told("description")}),
        Checked::Video(m) => json!({"file": m.hash, "description": told("description")}),
    };
    owner.insert(name.into(), value);
    Ok(())
}

/// Does what a button asks for: `ajouter:case.parts:QRU`, `monter:question.propositions.2`, `retirer:…`,
/// `type:question:QRM`, `image:question`, `video:question`, `pdf:case`. Other words are the page's.
pub fn act(tree: &mut Value, asked: &str) -> ApiResult<()> {
    let mut words = asked.splitn(3, ':');
    let (verb, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let more = words.next().unwrap_or_default();
    let odd = || ApiError::bad("Ce bouton n’est pas de cette page : rechargez-la.");
    match verb {
        "ajouter" => {
            let line = line(path, more).ok_or_else(odd)?;
            let (of, name) = path.rsplit_once('.').ok_or_else(odd)?;
            let owner = at(tree, of).and_then(Value::as_object_mut).ok_or_else(odd)?;
            let list = owner.entry(name).or_insert_with(|| json!([]));
            list.as_array_mut().ok_or_else(odd)?.push(line);
        }
        "monter" | "descendre" | "retirer" => {
            let (of, index) = path.rsplit_once('.').ok_or_else(odd)?;
            let index: usize = index.parse().map_err(|_| odd())?;
            let list = at(tree, of).and_then(Value::as_array_mut).ok_or_else(odd)?;
            if index >= list.len() {
                return Err(odd());
            }
            match verb {
                "monter" if index > 0 => list.swap(index, index - 1),
                "descendre" if index + 1 < list.len() => list.swap(index, index + 1),
                "retirer" => drop(list.remove(index)),
                _ => {}
            }
        }
        "type" => {
            let kind = Kind::from_code(more).ok_or_else(odd)?;
            let place = at(tree, path).ok_or_else(odd)?;
            let question: Question = serde_json::from_value(place.clone()).map_err(|_| odd())?;
            *place = serde_json::to_value(blank::recast(&question, kind)).map_err(|e| ApiError::Internal(e.into()))?;
        }
        "image" | "video" => {
            at(tree, path).and_then(Value::as_object_mut).ok_or_else(odd)?.remove(verb);
        }
        "pdf" => {
            let article = at(tree, &format!("{path}.article")).and_then(Value::as_object_mut).ok_or_else(odd)?;
            article.remove("pdf");
        }
        "article" => {
            let case = at(tree, path).and_then(Value::as_object_mut).ok_or_else(odd)?;
            case.insert("article".into(), json!(blank::article()));
        }
        _ => {}
    }
    Ok(())
}

/// A new line of a list.
fn line(path: &str, more: &str) -> Option<Value> {
    let name = path.rsplit('.').next()?;
    let value = match name {
        "propositions" => json!(blank::proposition()),
        "experts" => json!({"name": "", "answer": "0"}),
        "parts" => json!(blank::part(Kind::from_code(more)?)),
        "zones" => json!({"id": blank::fresh("z"), "name": "", "shape": shape(more)?}),
        _ => return None,
    };
    Some(value)
}

/// Where a zone of that shape starts.
pub fn shape(name: &str) -> Option<Value> {
    Some(match name {
        "circle" => json!({"circle": {"x": 0.5, "y": 0.5, "r": 0.1}}),
        "rect" => json!({"rect": {"x": 0.4, "y": 0.4, "w": 0.2, "h": 0.2}}),
        "polygon" => json!({"polygon": [[0.4, 0.6], [0.5, 0.4], [0.6, 0.6]]}),
        _ => return None,
    })
}

/// The value at a path.
pub fn at<'a>(tree: &'a mut Value, path: &str) -> Option<&'a mut Value> {
    path.split('.').try_fold(tree, |value, step| match value {
        Value::Object(map) => map.get_mut(step),
        Value::Array(list) => list.get_mut(step.parse::<usize>().ok()?),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bank::draft::read;
    use docimo_engine::paper::Element;

    fn fields(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn fields_make_a_question() {
        let sent = fields(&[
            ("csrf", "x"),
            ("question.id", "q"),
            ("question.kind", "QROC"),
            ("question.stem", "Quoi\r\n?"),
            ("question.exact:lines", "embolie\r\n\r\n EP "),
            ("question.max_words:n", "3"),
            ("question.rank:opt", ""),
            ("question.tags:words", "R2C:339, R2C:12"),
            ("question.weight", "0,5"),
        ]);
        let (element, told) = read::element(tree(&sent)).unwrap();
        assert!(told.is_empty(), "{told:?}");
        let Element::Question(q) = element else { panic!() };
        assert_eq!((q.stem.as_str(), q.tags.len(), q.rank), ("Quoi\n?", 2, None));
        assert_eq!(serde_json::to_value(&q.body).unwrap()["exact"], json!(["embolie", "EP"]));
    }

    #[test]
    fn lists_keep_their_order_past_ten() {
        let sent: Vec<_> = (0..12).map(|i| (format!("question.propositions.{i}.text"), i.to_string())).collect();
        let found = tree(&sent);
        let texts: Vec<&str> =
            found["question"]["propositions"].as_array().unwrap().iter().map(|p| p["text"].as_str().unwrap()).collect();
        assert_eq!(texts[..3], ["0", "1", "2"]);
        assert_eq!(texts[11], "11");
    }

    #[test]
    fn zones_are_written_in_percents() {
        let sent = fields(&[
            ("question.zones.0.shape.circle.x:pc", "12,5"),
            ("question.zones.1.shape.polygon:corners", "10 20 ; 30 40\n50,5 60"),
        ]);
        let found = tree(&sent);
        assert_eq!(found["question"]["zones"][0]["shape"]["circle"]["x"], 0.125);
        assert_eq!(found["question"]["zones"][1]["shape"]["polygon"], json!([[0.1, 0.2], [0.3, 0.4], [0.505, 0.6]]));
    }

    #[test]
    fn buttons_change_lists_and_kinds() {
        let mut found = json!({"case": {"parts": [{"text": "un"}, {"text": "deux"}]}});
        act(&mut found, "descendre:case.parts.0").unwrap();
        assert_eq!(found["case"]["parts"][0]["text"], "deux");
        act(&mut found, "monter:case.parts.0").unwrap();
        act(&mut found, "retirer:case.parts.0").unwrap();
        act(&mut found, "ajouter:case.parts:TCS").unwrap();
        assert_eq!(found["case"]["parts"][1]["question"]["kind"], "TCS");
        act(&mut found, "type:case.parts.1.question:QRU").unwrap();
        act(&mut found, "ajouter:case.parts.1.question.propositions").unwrap();
        assert_eq!(found["case"]["parts"][1]["question"]["propositions"].as_array().unwrap().len(), 6);
        for odd in ["retirer:case.parts.9", "monter:x", "ajouter:case.title", "ajouter:case.parts:x", "type:case:QRU"] {
            assert!(act(&mut found, odd).is_err(), "{odd}");
        }
        act(&mut found, "enregistrer").unwrap();
    }
}
