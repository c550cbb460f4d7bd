//! The paper that is sat, the answers that are drawn, and what they are worth: rules of the EDN written here a second
//! time (arrêté du 21 décembre 2021, annexe; see the engine's own documentation), so that marks are checked by other
//! code than that which made them.

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What is asked.
#[derive(Clone, Debug)]
pub enum Kind {
    /// One proposition is right.
    Single {
        /// Which, of five.
        right: usize,
    },
    /// Some are.
    Multiple {
        /// Which, of five.
        right: BTreeSet<usize>,
    },
    /// A word.
    Open {
        /// Which.
        word: String,
    },
}

/// A question of the paper.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Its id.
    pub id: String,
    /// What is asked.
    pub kind: Kind,
}

/// The paper: isolated questions, then the parts of one progressive case.
#[derive(Clone, Debug)]
pub struct Paper {
    /// In order.
    pub isolated: Vec<Asked>,
    /// In order.
    pub case: Vec<Asked>,
}

const LETTERS: [&str; 5] = ["a", "b", "c", "d", "e"];

/// Words that no two questions share in number: what is alike would be held back before freezing.
fn words(rng: &mut fastrand::Rng, count: usize) -> String {
    let syllables = [
        "ra", "mo", "ti", "lu", "ben", "cor", "dal", "fis", "gre", "hom", "jal", "kin", "nur", "pol", "quat", "sev",
        "tro", "vam", "xil", "zer",
    ];
    let mut text = Vec::with_capacity(count);
    for _ in 0..count {
        text.push((0..rng.usize(2..5)).map(|_| syllables[rng.usize(..syllables.len())]).collect::<String>());
    }
    text.join(" ")
}

fn ask(rng: &mut fastrand::Rng, id: String, turn: usize) -> Asked {
    let kind = match turn % 5 {
        0 | 3 => Kind::Single { right: rng.usize(..5) },
        4 => Kind::Open { word: words(rng, 1) },
        _ => {
            let count = rng.usize(1..5);
            let mut right = BTreeSet::new();
            while right.len() < count {
                right.insert(rng.usize(..5));
            }
            Kind::Multiple { right }
        }
    };
    Asked { id, kind }
}

impl Paper {
    /// A paper of `count` isolated questions and a case of three parts.
    pub fn draw(rng: &mut fastrand::Rng, count: usize) -> Self {
        Self {
            isolated: (0..count).map(|i| ask(rng, format!("q{i}"), i)).collect(),
            case: (0..3).map(|i| ask(rng, format!("c{i}"), i)).collect(),
        }
    }

    /// Every question.
    pub fn all(&self) -> impl Iterator<Item = &Asked> {
        self.isolated.iter().chain(&self.case)
    }

    /// As the server takes it; `seconds` is how long the section lasts, rounded up to minutes.
    pub fn json(&self, rng: &mut fastrand::Rng, title: &str, seconds: u64) -> Value {
        let mut elements: Vec<Value> = self.isolated.iter().map(|q| json!({"question": question(rng, q)})).collect();
        let parts: Vec<Value> =
            self.case.iter().map(|q| json!({"text": words(rng, 30), "question": question(rng, q)})).collect();
        elements.push(json!({"case": {"id": "dp", "kind": "DP", "title": words(rng, 4), "intro": words(rng, 40), "parts": parts}}));
        json!({"title": title, "scheme": "edn", "sections": [
            {"id": "s1", "title": "Épreuve simulée", "duration_minutes": seconds.div_ceil(60).max(1),
             "shuffle_propositions": true, "elements": elements}]})
    }

    /// What answers are worth, in hundredths of a point: the last one to each question.
    pub fn worth(&self, answers: &BTreeMap<String, Value>) -> u64 {
        self.all().map(|q| worth(&q.kind, answers.get(&q.id).unwrap_or(&Value::Null))).sum()
    }
}

fn question(rng: &mut fastrand::Rng, asked: &Asked) -> Value {
    let stem = format!("{} ?", words(rng, 18));
    match &asked.kind {
        Kind::Open { word } => json!({"id": asked.id, "kind": "QROC", "stem": stem, "exact": [word]}),
        Kind::Single { right } => propositions(rng, &asked.id, "QRU", &stem, &BTreeSet::from([*right])),
        Kind::Multiple { right } => propositions(rng, &asked.id, "QRM", &stem, right),
    }
}

fn propositions(rng: &mut fastrand::Rng, id: &str, kind: &str, stem: &str, right: &BTreeSet<usize>) -> Value {
    let list: Vec<Value> = LETTERS
        .iter()
        .enumerate()
        .map(|(i, letter)| {
            let status = if right.contains(&i) { "vrai" } else { "faux" };
            json!({"id": letter, "text": words(rng, 9), "status": status})
        })
        .collect();
    json!({"id": id, "kind": kind, "stem": stem, "propositions": list})
}

/// An answer, drawn: right about half of the time.
pub fn answer(rng: &mut fastrand::Rng, kind: &Kind) -> Value {
    let other = rng.usize(..5);
    match kind {
        Kind::Single { right } => {
            let chosen = if rng.bool() { *right } else { other };
            json!({"ticked": [LETTERS[chosen]]})
        }
        Kind::Multiple { right } => {
            let mut chosen = right.clone();
            if rng.bool() && !chosen.remove(&other) {
                chosen.insert(other);
            }
            if rng.u8(..4) == 0 {
                chosen.insert(rng.usize(..5));
            }
            json!({"ticked": chosen.iter().map(|i| LETTERS[*i]).collect::<Vec<_>>()})
        }
        Kind::Open { word } => json!({"text": if rng.bool() { word.clone() } else { format!("pas {word}") }}),
    }
}

/// Hundredths of a point. A QRU is right or not; a QRM loses half a point at the first discordance (a right one not
/// ticked, a wrong one ticked), keeps a fifth at the second, nothing from the third on; no answer is an answer without a
/// tick, as no text settles it otherwise; an open answer is the word or not.
fn worth(kind: &Kind, answer: &Value) -> u64 {
    let ticked: BTreeSet<&str> = answer["ticked"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    match kind {
        Kind::Open { word } => 100 * u64::from(answer["text"].as_str() == Some(word)),
        Kind::Single { right } => 100 * u64::from(ticked == BTreeSet::from([LETTERS[*right]])),
        Kind::Multiple { right } => {
            let key: BTreeSet<&str> = right.iter().map(|i| LETTERS[*i]).collect();
            match ticked.symmetric_difference(&key).count() {
                0 => 100,
                1 => 50,
                2 => 20,
                _ => 0,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_worth_what_the_rules_say() {
        let multiple = Kind::Multiple { right: BTreeSet::from([0, 1, 2]) };
        let of = |kind: &Kind, ticked: &[&str]| worth(kind, &json!({"ticked": ticked}));
        assert_eq!(of(&multiple, &["a", "b", "c"]), 100);
        assert_eq!(of(&multiple, &["a", "b"]), 50);
        assert_eq!(of(&multiple, &["a", "b", "d"]), 20);
        assert_eq!(of(&multiple, &["d", "e"]), 0);
        assert_eq!(of(&Kind::Multiple { right: BTreeSet::from([0]) }, &[]), 50, "one right one is not ticked");
        assert_eq!(of(&multiple, &[]), 0);
        assert_eq!(of(&Kind::Single { right: 1 }, &["b"]), 100);
        assert_eq!(of(&Kind::Single { right: 1 }, &["b", "c"]), 0);
        let open = Kind::Open { word: "x".into() };
        assert_eq!(worth(&open, &json!({"text": "x"})), 100);
        assert_eq!(worth(&open, &json!({"text": "pas x"})), 0);
    }

    #[test]
    fn a_paper_has_what_was_asked_and_the_seed_decides() {
        let draw = || Paper::draw(&mut fastrand::Rng::with_seed(3), 40);
        assert_eq!(draw().all().count(), 43);
        let json = |seed| draw().json(&mut fastrand::Rng::with_seed(seed), "T", 61);
        assert_eq!(json(1), json(1));
        assert_ne!(json(1), json(2));
        assert_eq!(json(1)["sections"][0]["duration_minutes"], 2);
    }
}
