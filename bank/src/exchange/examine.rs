//! What is looked for in every entry, whatever its format: the engine's faults, then what only a reader
//! of many files knows to look for.

use super::{Faulty, Imported, UNKEYED, text};
use crate::revision::{fingerprint, fold, hex_sha256};
use docimo_engine::check::Severity;
use docimo_engine::paper::Element;
use docimo_engine::question::{Body, Question};
use std::collections::{BTreeSet, HashMap, HashSet};

/// The entry with its warnings; an entry that the engine refuses is faulty.
pub(super) fn examine(mut entry: Imported) -> Result<Imported, Faulty> {
    let (mut errors, mut warnings) = (Vec::new(), Vec::new());
    for fault in crate::faults(&entry.element) {
        match fault.severity {
            Severity::Error if fault.awaits_key => warnings.push(match &entry.element {
                Element::Case(_) => format!("{} : {UNKEYED}", fault.place),
                Element::Question(_) => UNKEYED.to_owned(),
            }),
            Severity::Error => errors.push(format!("{} : {}", fault.place, fault.message)),
            // Its place repeats the id of the entry: in a lone question only the end is news.
            Severity::Warning => warnings.push(match (&entry.element, fault.place.split_once(" › ")) {
                (Element::Case(_), _) => format!("{} : {}", fault.place, fault.message),
                (Element::Question(_), Some((_, inner))) => format!("{inner} : {}", fault.message),
                (Element::Question(_), None) => fault.message,
            }),
        }
    }
    if !errors.is_empty() {
        // What the reader noticed often explains the fault (a proposition that was only an image…).
        errors.extend(entry.warnings);
        return Err(Faulty::error(entry.place, errors.join(" ; ")));
    }
    for question in entry.element.questions() {
        let whose = match &entry.element {
            Element::Question(_) => String::new(),
            Element::Case(_) => format!("question {} : ", question.id),
        };
        let entities: BTreeSet<&str> = texts(question).flat_map(text::entities).collect();
        if !entities.is_empty() {
            let list = entities.into_iter().collect::<Vec<_>>().join(" ");
            warnings.push(format!("{whose}entités HTML restées dans le texte : {list}"));
        }
        let mut seen = HashSet::new();
        for proposition in question.body.propositions() {
            let folded = fold(&proposition.text);
            if !folded.is_empty() && !seen.insert(folded) {
                let text = proposition.text.trim();
                warnings.push(format!(
                    "{whose}deux propositions ne diffèrent que par la casse, les accents ou la ponctuation : « {text} »"
                ));
            }
        }
    }
    entry.warnings.extend(warnings);
    Ok(entry)
}

fn texts(question: &Question) -> impl Iterator<Item = &str> {
    let open = match &question.body {
        Body::Qroc { exact, acceptable, .. } => [exact.as_slice(), acceptable.as_slice()],
        _ => [&[][..], &[][..]],
    };
    [question.stem.as_str(), question.comment.as_str()]
        .into_iter()
        .chain(question.body.propositions().iter().flat_map(|p| [p.text.as_str(), p.comment.as_str()]))
        .chain(open.into_iter().flatten().map(String::as_str))
}

/// The places of entries that ask the same thing, by [`fingerprint`]: the first of each group with each
/// of the others, in file order.
pub fn duplicates(entries: &[Imported]) -> Vec<(String, String)> {
    let mut watch = Watch::default();
    let twin = |entry: &Imported| watch.twin(entry).map(|(first, _)| (first, entry.place.clone()));
    entries.iter().filter_map(twin).collect()
}

/// What was asked so far: place and key, by fingerprint.
#[derive(Default)]
pub(super) struct Watch(HashMap<String, (String, String)>);

impl Watch {
    /// The place of the first entry that asks the same, and whether its key is the same.
    fn twin(&mut self, entry: &Imported) -> Option<(String, bool)> {
        let own = key(&entry.element);
        match self.0.entry(fingerprint(&entry.element)) {
            std::collections::hash_map::Entry::Occupied(known) => {
                let (place, key) = known.get();
                Some((place.clone(), *key == own))
            }
            std::collections::hash_map::Entry::Vacant(free) => {
                free.insert((entry.place.clone(), own));
                None
            }
        }
    }

    /// Warns of an entry that asks what another did.
    pub(super) fn see(&mut self, entry: &mut Imported) {
        if let Some((first, same)) = self.twin(entry) {
            let verdict = if same { "même clé" } else { "mais avec une autre clé : laquelle est juste ?" };
            entry.warnings.push(format!("doublon de {first} ({verdict})"));
        }
    }
}

/// A hash of the key, independent of the order of propositions.
fn key(element: &Element) -> String {
    let mut all = Vec::new();
    for question in element.questions() {
        let mut of_question: Vec<String> = match &question.body {
            Body::Qroc { exact, acceptable, .. } => {
                let listed =
                    |c: char, list: &[String]| list.iter().map(|t| format!("{c}{}", fold(t))).collect::<Vec<_>>();
                [listed('1', exact), listed('2', acceptable)].concat()
            }
            Body::Qzp { zones, .. } => zones.iter().map(|z| format!("{:?}", z.shape)).collect(),
            Body::Tcs { panel, .. } => vec![format!("{panel:?}")],
            Body::Qru { propositions }
            | Body::Qrm { propositions }
            | Body::Qrp { propositions, .. }
            | Body::Qrpl { propositions, .. }
            | Body::Qcm { propositions } => {
                propositions.iter().map(|p| format!("{}{}", u8::from(p.status.is_true()), fold(&p.text))).collect()
            }
        };
        of_question.sort();
        all.extend(of_question);
    }
    hex_sha256(all.join("\n").as_bytes())
}
