use super::parse::{Choice, Format, Item, Kind, Number, Parsed, Text, items};
use crate::exchange::{self, read};
use docimo_engine::paper::Element;
use docimo_engine::question::{Body, Kind as QuestionKind};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// The files of gift-pegjs with their expected parse; nothing, said in the log, when they are not there.
fn fixtures() -> Vec<PathBuf> {
    let root = std::env::var_os("DOCIMO_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    let folder = root.join("fixtures/gift/gift-grammar-pegjs/tests/questions");
    let Ok(list) = fs::read_dir(&folder) else {
        if let Some(log) = std::env::var_os("DOCIMO_SKIP_LOG") {
            use std::io::Write;
            let mut log = fs::OpenOptions::new().create(true).append(true).open(log).unwrap();
            writeln!(log, "docimo-bank gift: {} is absent", folder.display()).unwrap();
        }
        return Vec::new();
    };
    let mut files: Vec<PathBuf> =
        list.map(|f| f.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == "gift")).collect();
    files.sort();
    files
}

fn text(text: &Text) -> Value {
    let format = match text.format {
        Format::Moodle => "moodle",
        Format::Html => "html",
        Format::Plain => "plain",
        Format::Markdown => "markdown",
    };
    json!({"format": format, "text": text.text})
}

fn number(number: &Number) -> Value {
    let value = |text: &str| text.parse::<f64>().unwrap();
    match number {
        Number::Around(v, t) if t == "0" => json!({"type": "simple", "number": value(v)}),
        Number::Around(v, t) => json!({"type": "range", "number": value(v), "range": value(t)}),
        Number::Between(low, high) => json!({"type": "high-low", "numberHigh": value(high), "numberLow": value(low)}),
    }
}

fn choice(choice: &Choice) -> Value {
    json!({"isCorrect": choice.right, "weight": choice.weight, "text": text(&choice.text),
           "feedback": choice.feedback.as_ref().map(text)})
}

/// Ours, in the words of the expected files.
fn ours(item: &Item) -> Value {
    let parsed = match item {
        Item::Category(title) => return json!({"type": "Category", "title": title}),
        Item::Question(parsed) => parsed,
    };
    let Parsed { line: _, id, tags, title, stem, embedded, kind, global_feedback } = parsed;
    let mut value = json!({
        "id": id, "tags": if tags.is_empty() { Value::Null } else { json!(tags) }, "title": title,
        "stem": text(stem), "hasEmbeddedAnswers": embedded, "globalFeedback": global_feedback.as_ref().map(text),
    });
    let more = match kind {
        Kind::Description => json!({"type": "Description"}),
        Kind::Essay => json!({"type": "Essay"}),
        Kind::TrueFalse { right, wrong_feedback, right_feedback } => json!({
            "type": "TF", "isTrue": right,
            "trueFeedback": wrong_feedback.as_ref().map(text), "falseFeedback": right_feedback.as_ref().map(text)}),
        Kind::Choices { choices, .. } => {
            json!({"type": "MC", "choices": choices.iter().map(choice).collect::<Vec<_>>()})
        }
        Kind::Short(choices) => json!({"type": "Short", "choices": choices.iter().map(choice).collect::<Vec<_>>()}),
        Kind::Matching(pairs) => json!({"type": "Matching", "matchPairs": pairs.iter().map(|(sub, answer)|
            json!({"subquestion": text(sub), "subanswer": answer})).collect::<Vec<_>>()}),
        Kind::Numerical(list) => match list.as_slice() {
            [(Some(one), _, None)] => json!({"type": "Numerical", "choices": number(one)}),
            list => json!({"type": "Numerical", "choices": list.iter().map(|(n, worth, feedback)| {
                json!({"isCorrect": true, "weight": worth, "text": n.as_ref().map(number),
                       "feedback": feedback.as_ref().map(text)})}).collect::<Vec<_>>()}),
        },
    };
    let (Value::Object(all), Value::Object(more)) = (&mut value, more) else { unreachable!() };
    all.extend(more);
    value
}

/// Differences of notation between the expected files and ours, all of meaning nothing: a tolerance of zero
/// is a plain number; "=" without weight is 100 in a numerical list; spaces within a line of Moodle's own
/// format; a description has no feedback.
fn plain(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut map = map.clone();
            if map.get("type") == Some(&json!("range")) && map.get("range").and_then(Value::as_f64) == Some(0.0) {
                map.insert("type".into(), json!("simple"));
                map.remove("range");
            }
            if map.get("format") == Some(&json!("moodle")) {
                let text = map["text"].as_str().unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
                map.insert("text".into(), json!(text));
            }
            if map.get("type") == Some(&json!("Numerical"))
                && let Some(Value::Array(list)) = map.get_mut("choices")
            {
                for choice in list {
                    if choice["weight"].is_null() {
                        choice["weight"] = json!(100.0);
                    }
                }
            }
            map.retain(|_, v| !v.is_null());
            Value::Object(map.into_iter().map(|(k, v)| (k, plain(&v))).collect())
        }
        Value::Array(list) => Value::Array(list.iter().map(plain).collect()),
        Value::Number(n) => json!(n.as_f64()),
        other => other.clone(),
    }
}

#[test]
fn files_of_another_grammar_parse_as_it_says() {
    let mut files = 0;
    for path in fixtures() {
        let source = fs::read_to_string(&path).unwrap();
        let expected: Value = serde_json::from_str(&fs::read_to_string(path.with_extension("json")).unwrap()).unwrap();
        let got: Vec<Value> = items(&source).map(|item| ours(&item.unwrap())).collect();
        assert_eq!(plain(&json!(got)), plain(&expected), "{}", path.display());
        files += 1;
        // And every question is either read or told.
        let reading = read(source.as_bytes(), "x.gift", None).unwrap_or_else(|e| panic!("{} {e}", path.display()));
        let questions = expected.as_array().unwrap().iter().filter(|q| q["type"] != "Category").count();
        assert_eq!(reading.entries.len() + reading.faulty.len(), questions, "{}", path.display());
    }
    assert!(files == 0 || files == 26, "{files}");
}

fn one(source: &str) -> docimo_engine::question::Question {
    let reading = read(source.as_bytes(), "x.gift", Some(exchange::Format::Gift)).unwrap();
    assert_eq!(reading.faulty, []);
    match &reading.entries[0].element {
        Element::Question(question) => question.clone(),
        Element::Case(_) => panic!("a case"),
    }
}

#[test]
fn kinds() {
    assert_eq!(one("Où ?{=ici ~là ~ailleurs ~nulle part}").kind(), QuestionKind::Qru);
    assert_eq!(one("Où ?{~%50%ici ~%50%là ~%-50%ailleurs ~%-50%nulle part}").kind(), QuestionKind::Qrm);
    let Body::Qroc { exact, acceptable, .. } = one("Quoi ?{=oui =%50%peut-être =%0%*#non}").body else { panic!() };
    assert_eq!((exact, acceptable), (vec!["oui".to_owned()], vec!["peut-être".to_owned()]));
    let Body::Qroc { exact, .. } = one("Combien ?{#1,5:0,1}").body else { panic!() };
    assert_eq!(exact, ["1,4", "1,5", "1,6"]);
    assert_eq!(one("Quoi ?{=un -> vrai =deux -> faux =trois -> vrai}").kind(), QuestionKind::Qcm);
    let q = one("Vrai ?{F#perdu#gagné####parce que}");
    let comments: Vec<_> = q.body.propositions().iter().map(|p| (p.status.is_true(), p.comment.as_str())).collect();
    assert_eq!((comments, q.comment.as_str()), (vec![(false, "perdu"), (true, "gagné")], "parce que"));
}

#[test]
fn faults_have_their_line() {
    let reading = read(
        b"// x\n\n::t::Ok ?{T}\n\nOuvert {=a\n\nDeux {=a} {=b}\n\nRien {a}\n\n::titre Sans fin {T}\n\nNombre {#x}",
        "x.gift",
        None,
    )
    .unwrap();
    let got: Vec<_> = reading.faulty.iter().map(|f| (f.place.as_str(), f.reason.as_str())).collect();
    assert_eq!(
        got,
        [
            ("question 2, ligne 5", "l’accolade « { » n’est pas fermée"),
            (
                "question 3, ligne 7",
                "deux groupes de réponses « { } » dans une question : mettez une ligne vide entre les questions"
            ),
            ("question 4, ligne 9", "les réponses doivent commencer par « = » (juste) ou « ~ » (fausse)"),
            ("question 5, ligne 11", "le titre ouvert par « :: » n’est pas fermé"),
            ("question 6, ligne 13", "« x » n’est pas un nombre"),
        ]
    );
}

proptest::proptest! {
    #[test]
    fn never_panics(text in "(::|\\{|\\}|=|~|#|%50%|->|\\\\|\\[html\\]|//|\\$CATEGORY:|####|\\n|\\n\\n|\\.\\.|:|[a-z0-9é ]|T|[\\x00-\\x7f]){0,60}") {
        let _ = read(text.as_bytes(), "x", Some(exchange::Format::Gift));
    }
}
