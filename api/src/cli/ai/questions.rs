//! Questions whose tags are known, from a file: JSON, CSV or XLSX.

use crate::error::Wrong;
use crate::json::french;
use crate::table::{Table, fold_header};
use docimo_ai::tagging::Asked;
use docimo_ai::tagging::evaluation::Gold;
use r2c_referential::{ItemNumber, ObjectiveCode, Tag};
use serde_json::Value;

/// A question with its gold.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// What is asked.
    pub asked: Asked,
    /// What it is about.
    pub gold: Gold,
}

/// Reads a file; every fault is listed with its place.
pub fn read(bytes: &[u8]) -> Result<Vec<Known>, Vec<Wrong>> {
    let start = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    let known = match start.first() {
        Some(b'[' | b'{') => json(start)?,
        _ => table(bytes)?,
    };
    if known.is_empty() { Err(vec![wrong("fichier", "aucune question")]) } else { Ok(known) }
}

fn wrong(place: impl Into<String>, message: impl Into<String>) -> Wrong {
    Wrong { place: place.into(), message: message.into() }
}

fn json(bytes: &[u8]) -> Result<Vec<Known>, Vec<Wrong>> {
    let value: Value = serde_json::from_slice(bytes).map_err(|e| vec![wrong("fichier", french::syntax(&e))])?;
    let list = value.as_array().or_else(|| value.get("questions").and_then(Value::as_array));
    let Some(list) = list else {
        let message = "une liste de questions est attendue : [{\"stem\": …, \"objective\": \"OIC-031-11-B\"}, …]";
        return Err(vec![wrong("fichier", message)]);
    };
    gather(list.iter().enumerate().map(|(i, value)| (format!("question {}", i + 1), raw_json(value))))
}

/// A question as written, before its values are understood.
#[derive(Default)]
struct Raw {
    stem: String,
    propositions: Vec<String>,
    correct: Vec<Mark>,
    objectives: Vec<String>,
    items: Vec<String>,
}

/// How a right proposition is named.
enum Mark {
    /// By its letter or its words.
    Text(String),
    /// By its place.
    Number(u64),
}

type Faults = Vec<(&'static str, String)>;

fn raw_json(value: &Value) -> Result<Raw, Faults> {
    let Some(fields) = value.as_object() else {
        return Err(vec![("", "un objet est attendu : {\"stem\": …, \"objective\": …}".to_owned())]);
    };
    let mut faults = Faults::new();
    let mut texts = |name: &'static str| {
        let given = match fields.get(name) {
            None | Some(Value::Null) => &[][..],
            Some(Value::Array(list)) => list.as_slice(),
            Some(one) => std::slice::from_ref(one),
        };
        let mut found = Vec::new();
        for value in given {
            match value {
                Value::String(text) => found.push(text.clone()),
                Value::Number(number) => found.push(number.to_string()),
                _ => faults.push((name, "un texte est attendu".to_owned())),
            }
        }
        found
    };
    let (stem, objectives, items) = (texts("stem").join("\n"), texts("objective"), texts("item"));
    let list = |name: &str| match fields.get(name) {
        None | Some(Value::Null) => Some(&[][..]),
        Some(value) => value.as_array().map(Vec::as_slice),
    };
    let mut propositions = Vec::new();
    match list("propositions") {
        Some(values) => {
            for value in values {
                // As exported by the bank: an object with its text.
                match value.as_str().or_else(|| value.get("text").and_then(Value::as_str)) {
                    Some(text) => propositions.push(text.to_owned()),
                    None => faults.push(("propositions", "chacune est un texte".to_owned())),
                }
            }
        }
        None => faults.push(("propositions", "une liste de textes est attendue".to_owned())),
    }
    let mut correct = Vec::new();
    match list("correct") {
        Some(values) => {
            for value in values {
                match (value.as_str(), value.as_u64()) {
                    (Some(text), _) => correct.push(Mark::Text(text.to_owned())),
                    (None, Some(number)) => correct.push(Mark::Number(number)),
                    (None, None) => faults.push(("correct", "lettres, textes ou numéros attendus".to_owned())),
                }
            }
        }
        None => faults.push(("correct", "une liste est attendue".to_owned())),
    }
    if faults.is_empty() { Ok(Raw { stem, propositions, correct, objectives, items }) } else { Err(faults) }
}

/// Names of the columns, folded.
const COLUMNS: [(&str, &[&str]); 5] = [
    ("stem", &["stem", "enonce", "question"]),
    ("propositions", &["propositions", "reponses"]),
    ("correct", &["correct", "correctes", "bonnesreponses"]),
    ("objective", &["objective", "objectif", "oic"]),
    ("item", &["item"]),
];

fn table(bytes: &[u8]) -> Result<Vec<Known>, Vec<Wrong>> {
    let table = Table::read_any(bytes)?;
    let headers: Vec<String> = table.headers.iter().map(|h| fold_header(h)).collect();
    let place = |name: &str| {
        let (_, names) = COLUMNS.iter().find(|(own, _)| *own == name)?;
        headers.iter().position(|h| names.contains(&h.as_str()))
    };
    let missing = |message: &str| Err(vec![wrong(format!("ligne {}", table.header_line), message)]);
    if place("stem").is_none() {
        return missing("colonne « stem » (énoncé) absente");
    }
    if place("objective").is_none() && place("item").is_none() {
        return missing("colonne « objective » ou « item » absente : sans elles, rien ne dit ce qui est juste");
    }
    gather(table.rows.iter().map(|row| {
        let cell = |name| place(name).and_then(|at| row.cells.get(at)).map_or("", |c| c.trim());
        let parts = |name| cell(name).split('|').map(str::trim).filter(|p| !p.is_empty()).map(str::to_owned);
        let raw = Raw {
            stem: cell("stem").to_owned(),
            propositions: parts("propositions").collect(),
            correct: parts("correct").map(Mark::Text).collect(),
            objectives: parts("objective").collect(),
            items: parts("item").collect(),
        };
        (format!("ligne {}", row.line), Ok(raw))
    }))
}

fn gather(all: impl Iterator<Item = (String, Result<Raw, Faults>)>) -> Result<Vec<Known>, Vec<Wrong>> {
    let (mut known, mut faults) = (Vec::new(), Vec::new());
    for (place, raw) in all {
        match raw.and_then(understand) {
            Ok(one) => known.push(one),
            Err(found) => faults.extend(found.into_iter().map(|(field, message)| {
                let place = if field.is_empty() { place.clone() } else { format!("{place}, {field}") };
                wrong(place, message)
            })),
        }
    }
    if faults.is_empty() { Ok(known) } else { Err(faults) }
}

fn understand(raw: Raw) -> Result<Known, Faults> {
    let mut faults = Faults::new();
    if raw.stem.trim().is_empty() {
        faults.push(("stem", "énoncé vide ou absent".to_owned()));
    }
    let correct = right_ones(&raw).unwrap_or_else(|message| {
        faults.push(("correct", message));
        Vec::new()
    });
    let mut gold = Gold::default();
    for code in &raw.objectives {
        match code.parse::<ObjectiveCode>() {
            Ok(code) => gold.objectives.push(code),
            Err(e) => faults.push(("objective", e.to_string())),
        }
    }
    for item in &raw.items {
        match item_of(item) {
            Ok(item) => gold.items.push(item),
            Err(message) => faults.push(("item", message)),
        }
    }
    if let Some(other) = gold.objectives.iter().find(|o| !gold.items.is_empty() && !gold.items.contains(&o.item())) {
        faults.push(("item", format!("l’item {} de l’objectif {other} n’y est pas", other.item())));
    }
    if gold.items.is_empty() {
        gold.items = gold.objectives.iter().map(|o| o.item()).collect();
    }
    if gold.items.is_empty() && faults.is_empty() {
        faults.push(("objective", "ni objectif ni item : donnez un code (OIC-031-11-B) ou un item (31)".to_owned()));
    }
    if faults.is_empty() {
        Ok(Known { asked: Asked { stem: raw.stem, propositions: raw.propositions, correct }, gold })
    } else {
        Err(faults)
    }
}

/// An item: `31`, `R2C:31`.
fn item_of(text: &str) -> Result<ItemNumber, String> {
    if let Ok(Tag::Item(number)) = text.parse() {
        return Ok(number);
    }
    text.parse().map_err(|e: r2c_referential::NumberError| e.to_string())
}

/// Places of the right propositions, named by letter, by their words, or by place: from 0, or from 1 where 0 does not
/// occur and the last one would be beyond the end.
fn right_ones(raw: &Raw) -> Result<Vec<usize>, String> {
    let n = raw.propositions.len();
    let numbers: Vec<usize> = raw
        .correct
        .iter()
        .filter_map(|mark| match mark {
            Mark::Number(number) => Some(usize::try_from(*number).unwrap_or(usize::MAX)),
            Mark::Text(_) => None,
        })
        .collect();
    let first = usize::from(!numbers.contains(&0) && numbers.contains(&n));
    let mut places = Vec::new();
    for mark in &raw.correct {
        let place = match mark {
            Mark::Number(number) => usize::try_from(*number).ok().and_then(|p| p.checked_sub(first)),
            Mark::Text(text) => {
                let words = raw.propositions.iter().position(|p| p.trim() == text.trim());
                words.or_else(|| match text.trim().as_bytes() {
                    [letter] if letter.is_ascii_alphabetic() => Some(usize::from(letter.to_ascii_uppercase() - b'A')),
                    _ => None,
                })
            }
        };
        match place.filter(|p| *p < n) {
            Some(place) => places.push(place),
            None => {
                let named = match mark {
                    Mark::Text(text) => text.clone(),
                    Mark::Number(number) => number.to_string(),
                };
                return Err(format!("« {named} » ne désigne aucune des {n} propositions"));
            }
        }
    }
    Ok(places)
}
