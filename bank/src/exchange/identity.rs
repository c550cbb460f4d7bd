//! Identifiers that a second import of the same file gives again, whatever the order of its questions.
//!
//! * An identifier that its author gave (Moodle's *idnumber*, QTI's `identifier`, a name in AMC, a GIFT
//!   `[id:…]`, a column) is kept. The number that Moodle gives a question is not: it changes with each
//!   version and from one site to the next.
//! * Otherwise the identifier is made of the category and of the [`fingerprint`]: a question whose key or
//!   comments changed is still the same, one reworded is another.
//! * One that several different questions of a file bear is completed for each by its content. The very
//!   same question given twice is read once.

use super::{Faulty, Imported};
use crate::revision::{content_hash, fingerprint, hex_sha256};
use docimo_engine::paper::Element;
use docimo_engine::{CaseId, QuestionId};
use std::collections::{HashMap, HashSet};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// `[a-z0-9-]`, at most 64 characters, the same for the same text for ever.
pub(super) fn slug(text: &str) -> String {
    let mut out = String::new();
    for c in text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase) {
        match c {
            'œ' => out.push_str("oe"),
            'æ' => out.push_str("ae"),
            c if c.is_ascii_alphanumeric() => out.push(c),
            _ if out.is_empty() || out.ends_with('-') => {}
            _ => out.push('-'),
        }
    }
    if out.len() > 64 {
        out.truncate(64);
        // At the end of a word, if that leaves enough.
        if let Some(cut) = out.rfind('-').filter(|cut| *cut >= 32) {
            out.truncate(cut);
        }
    }
    out.trim_end_matches('-').to_owned()
}

/// The identifier that an author gave, or `None` if nothing is left of it. One that is only a small
/// number ("12") is completed by the category: it is too common to name a question by itself.
pub(super) fn given(text: &str, category: Option<&str>) -> Option<String> {
    let own = slug(text);
    if own.is_empty() {
        return None;
    }
    let weak = own.len() < 3 || own.len() < 6 && own.bytes().all(|b| b.is_ascii_digit());
    match category.map(last_step).filter(|c| weak && !c.is_empty()) {
        Some(category) => Some(slug(&format!("{category}-{own}"))),
        None => Some(own),
    }
}

/// The identifier of an element that came without any.
pub(super) fn derived(element: &Element, category: Option<&str>) -> String {
    let of = format!("{}\n{}", category.unwrap_or_default(), fingerprint(element));
    let category = category.map(last_step).filter(|c| !c.is_empty());
    let mut name = category.unwrap_or_else(|| "question".to_owned());
    name.truncate(24);
    format!("{}-{}", name.trim_end_matches('-'), &hex_sha256(of.as_bytes())[..12])
}

fn last_step(category: &str) -> String {
    slug(category.rsplit('/').next().unwrap_or(category))
}

/// Gives an element its identifier; the questions of a case that have none take the case's, numbered.
pub(super) fn set(element: &mut Element, id: &str) {
    match element {
        Element::Question(question) => question.id = QuestionId::new(id),
        Element::Case(case) => {
            for (i, part) in case.parts.iter_mut().enumerate() {
                if part.question.id.as_str().is_empty() {
                    part.question.id = QuestionId::new(format!("{id}-{}", i + 1));
                }
            }
            case.id = CaseId::new(id);
        }
    }
}

/// What an element is, its identifier left out: 64 hexadecimal digits.
fn content(element: &Element) -> String {
    let mut bare = element.clone();
    match &mut bare {
        Element::Question(question) => question.id = QuestionId::new(""),
        Element::Case(case) => {
            let prefix = format!("{}-", case.id);
            case.id = CaseId::new("");
            for part in &mut case.parts {
                if let Some(rest) = part.question.id.as_str().strip_prefix(&prefix) {
                    part.question.id = QuestionId::new(rest);
                }
            }
        }
    }
    content_hash(&bare)
}

/// Who bears each identifier in a file, by content.
#[derive(Default)]
pub(super) struct Census {
    /// Contents under each identifier, with the place of the first.
    bearers: HashMap<String, Vec<(String, String)>>,
    /// Identifier and content of what was already given out.
    given: HashSet<(String, String)>,
}

impl Census {
    /// Counts an entry.
    pub(super) fn count(&mut self, entry: &Imported) {
        let contents = self.bearers.entry(entry.element.id().to_owned()).or_default();
        let own = content(&entry.element);
        if !contents.iter().any(|(known, _)| *known == own) {
            contents.push((own, entry.place.clone()));
        }
    }

    /// The entry under its final identifier, once all are counted; a second copy is refused.
    pub(super) fn settle(&mut self, mut entry: Imported) -> Result<Imported, Faulty> {
        let wanted = entry.element.id().to_owned();
        let own = content(&entry.element);
        let bearers = self.bearers.get(&wanted).map_or(&[][..], Vec::as_slice);
        if !self.given.insert((wanted.clone(), own.clone())) {
            let first = bearers.iter().find(|(known, _)| *known == own).map_or("", |(_, place)| place);
            let reason = format!("copie exacte de {first}, identifiant « {wanted} » compris : lue une seule fois");
            return Err(Faulty::warning(entry.place, reason));
        }
        if bearers.len() > 1 {
            let id = format!("{wanted}-{}", &own[..8]);
            entry.warnings.insert(
                0,
                format!(
                    "identifiant « {wanted} » porté par {} questions différentes du fichier : ici « {id} »",
                    bearers.len()
                ),
            );
            if let Element::Case(case) = &mut entry.element {
                let prefix = format!("{wanted}-");
                for part in &mut case.parts {
                    if let Some(rest) = part.question.id.as_str().strip_prefix(&prefix) {
                        part.question.id = QuestionId::new(format!("{id}-{rest}"));
                    }
                }
            }
            set(&mut entry.element, &id);
        }
        Ok(entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs() {
        assert_eq!(slug("  Œdème aigu — n° 3 !"), "oedeme-aigu-n-3");
        assert_eq!(slug(&"mot ".repeat(40)), format!("{}mot", "mot-".repeat(15)));
        assert_eq!(slug(&"x".repeat(90)).len(), 64);
    }

    #[test]
    fn small_numbers_are_completed() {
        assert_eq!(given("12", Some("Bio/Cardio")).as_deref(), Some("cardio-12"));
        assert_eq!(given("CARD-012", Some("Bio/Cardio")).as_deref(), Some("card-012"));
        assert_eq!(given("12", None).as_deref(), Some("12"));
        assert_eq!(given("…", Some("x")), None);
    }
}
