//! Abbreviations and synonyms, from a list that people edit.
//!
//! One group a line, `#` begins a comment:
//!
//! ```text
//! IDM = infarctus du myocarde = infarctus myocardique     each finds the others
//! AINS > ibuprofène = kétoprofène                         the first finds the others, not the reverse
//! ```
//!
//! The list acts on queries, never on the index: editing it needs no rebuild. Terms are compared as the index compares
//! words (case, accents, plural, little words aside); an abbreviation may be in several groups.

use crate::analysis::{Class, analyse};
use std::collections::HashMap;

/// The list given with the program, written for it.
pub const DEFAULT_LIST: &str = include_str!("../data/synonymes_fr.txt");

/// The longest term, in words that count.
const LONGEST: usize = 6;

/// A fault of the list, with its line.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("synonymes, ligne {line} : {message}")]
pub struct SynonymError {
    /// From 1.
    pub line: usize,
    /// What is wrong and what to do, in French.
    pub message: String,
}

/// A list, ready to widen queries.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Synonyms {
    /// By the stems of a term, little words left out: the other terms of its groups, as written.
    groups: HashMap<Vec<String>, Vec<String>>,
    longest: usize,
}

/// What identifies a term: the stems of its words, little ones left out unless it has no other.
fn key(term: &str) -> Vec<String> {
    let tokens = analyse(term);
    let counts = |c: Class| !matches!(c, Class::Little | Class::Alternative);
    let words: Vec<String> = tokens.iter().filter(|t| counts(t.class)).map(|t| t.term.clone()).collect();
    if words.is_empty() { tokens.into_iter().map(|t| t.term).collect() } else { words }
}

impl Synonyms {
    /// The list given with the program.
    #[must_use]
    pub fn embedded() -> Self {
        // A test reads the list; a fault would only make it shorter.
        Self::read(DEFAULT_LIST).unwrap_or_default()
    }

    /// Reads a list.
    ///
    /// # Errors
    /// Every line that is no group: one term alone, an empty term, a term of more than six words, two `>`.
    pub fn read(list: &str) -> Result<Self, Vec<SynonymError>> {
        let (mut read, mut errors) = (Self::default(), Vec::new());
        for (index, raw) in list.lines().enumerate() {
            let line = index + 1;
            let text = raw.split('#').next().unwrap_or("").trim_start_matches('\u{feff}').trim();
            if !text.is_empty()
                && let Err(message) = read.group(text)
            {
                errors.push(SynonymError { line, message });
            }
        }
        if errors.is_empty() { Ok(read) } else { Err(errors) }
    }

    fn group(&mut self, text: &str) -> Result<(), String> {
        let (from, to) = match text.split('>').collect::<Vec<_>>()[..] {
            [both] => (both, None),
            [from, to] => (from, Some(to)),
            _ => return Err("un seul « > » par ligne".to_owned()),
        };
        let terms = |side: &str| -> Result<Vec<(Vec<String>, String)>, String> {
            side.split('=')
                .map(|term| {
                    let term = term.split_whitespace().collect::<Vec<_>>().join(" ");
                    let key = key(&term);
                    match key.len() {
                        0 => Err("terme vide : écrivez un mot de chaque côté de « = » et de « > »".to_owned()),
                        1..=LONGEST => Ok((key, term)),
                        n => Err(format!("« {term} » compte {n} mots, {LONGEST} au plus")),
                    }
                })
                .collect()
        };
        let from = terms(from)?;
        let to = to.map(terms).transpose()?;
        if to.is_none() && from.len() < 2 {
            return Err(format!("« {text} » est seul : écrivez « {text} = son synonyme »"));
        }
        for (key, term) in &from {
            self.longest = self.longest.max(key.len());
            let others = self.groups.entry(key.clone()).or_default();
            for (other_key, other) in to.as_ref().unwrap_or(&from) {
                if other_key != key && other != term && !others.contains(other) {
                    others.push(other.clone());
                }
            }
        }
        Ok(())
    }

    /// How many terms have synonyms.
    #[must_use]
    pub fn len(&self) -> usize {
        self.groups.len()
    }

    /// Has the list no group?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// The other names of a term, as written in the list.
    #[must_use]
    pub fn of(&self, term: &str) -> &[String] {
        self.at(&key(term))
    }

    pub(crate) fn at(&self, key: &[String]) -> &[String] {
        self.groups.get(key).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn longest(&self) -> usize {
        self.longest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_go_both_ways_or_one() {
        let list = "IDM = infarctus du myocarde = infarctus myocardique # cœur\n\nAINS > ibuprofène = kétoprofène\nIDM = x y\n";
        let list = Synonyms::read(list).unwrap();
        assert_eq!(list.of("IDM"), ["infarctus du myocarde", "infarctus myocardique", "x y"]);
        assert_eq!(list.of("idm"), list.of("IDM"));
        assert_eq!(list.of("les infarctus des myocardes"), ["IDM", "infarctus myocardique"]);
        assert_eq!(list.of("AINS"), ["ibuprofène", "kétoprofène"]);
        assert!(list.of("ibuprofène").is_empty());
        assert!(list.of("infarctus").is_empty());
    }

    #[test]
    fn faults_are_told_by_line() {
        let errors =
            Synonyms::read("A1 = b\nseul\nx = \na > b > c\nun deux trois quatre cinq six sept huit = y").unwrap_err();
        assert_eq!(errors.iter().map(|e| e.line).collect::<Vec<_>>(), [2, 3, 4, 5]);
        assert_eq!(errors[0].to_string(), "synonymes, ligne 2 : « seul » est seul : écrivez « seul = son synonyme »");
    }

    #[test]
    fn the_list_given_reads_and_is_long() {
        let lines = DEFAULT_LIST.lines().filter(|l| !l.trim().is_empty() && !l.starts_with('#')).count();
        assert!(lines >= 250, "{lines}");
        let list = Synonyms::read(DEFAULT_LIST).unwrap_or_else(|errors| panic!("{errors:?}"));
        assert!(list.of("IDM").contains(&"infarctus du myocarde".to_owned()));
        assert!(list.of("accident vasculaire cérébral").contains(&"AVC".to_owned()));
        assert!(list.of("LES").contains(&"lupus érythémateux systémique".to_owned()));
    }
}
