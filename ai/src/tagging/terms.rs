//! A text as weighted terms, by the analysis with which the bank is searched: a question is tagged by the same French
//! as it is found.

use docimo_search::analysis::{Class, analyse, is_little_word};
use docimo_search::synonyms::Synonyms;
use std::collections::BTreeMap;

/// How much a synonym counts beside the word that was written.
const SYNONYM_WEIGHT: f32 = 0.5;
/// Words that a synonym of the list may have in a question; longer ones are rare and cost an analysis each.
const SYNONYM_WORDS: usize = 3;
/// Letters kept where words are compared by their beginning: *coronarien* and *coronaropathie* share *corona*.
const PREFIX: usize = 6;

/// A term with its weight, and the word as it was first written.
#[derive(Clone, Debug, PartialEq)]
pub struct Weighted {
    /// How much it counts.
    pub weight: f32,
    /// As written.
    pub written: String,
}

/// Terms by themselves; the order of the map makes sums the same on each run.
pub type Terms = BTreeMap<String, Weighted>;

fn counts(class: Class) -> bool {
    !matches!(class, Class::Little | Class::Number)
}

/// The terms of a text, each as often as it occurs; little words and numbers left out.
#[must_use]
pub fn terms(text: &str) -> Terms {
    let mut all = Terms::new();
    add(&mut all, text, 1.0);
    all
}

/// Adds the terms of a text, each occurrence weighing `weight`.
pub fn add(all: &mut Terms, text: &str, weight: f32) {
    for token in analyse(text) {
        if counts(token.class) && token.term.chars().count() >= 2 && !is_little_word(&token.folded) {
            let written = || text.get(token.start..token.end).unwrap_or("").to_owned();
            all.entry(token.term).or_insert_with(|| Weighted { weight: 0.0, written: written() }).weight += weight;
        }
    }
}

/// Adds the synonyms of what a text says, abbreviations above all: *IDM* calls for *infarctus du myocarde*.
pub fn add_synonyms(all: &mut Terms, text: &str, synonyms: &Synonyms, weight: f32) {
    let tokens = analyse(text);
    let words: Vec<_> = tokens.iter().filter(|t| t.class != Class::Alternative).collect();
    for (at, first) in words.iter().enumerate() {
        if !counts(first.class) {
            continue;
        }
        let mut counted = 0;
        for last in &words[at..] {
            counted += usize::from(counts(last.class));
            if counted > SYNONYM_WORDS {
                break;
            }
            let Some(written) = text.get(first.start..last.end) else { break };
            if !counts(last.class) {
                continue;
            }
            for other in synonyms.of(written) {
                let mut own = Terms::new();
                add(&mut own, other, weight * SYNONYM_WEIGHT);
                for (term, own) in own {
                    // What is written counts for itself; a synonym said twice says no more.
                    all.entry(term).or_insert(Weighted { weight: own.weight, written: written.to_owned() });
                }
            }
        }
    }
}

/// The same terms by their first letters.
#[must_use]
pub fn beginnings(all: &Terms) -> Terms {
    let mut short = Terms::new();
    for (term, own) in all {
        let start: String = term.chars().take(PREFIX).collect();
        short.entry(start).or_insert_with(|| Weighted { weight: 0.0, written: own.written.clone() }).weight +=
            own.weight;
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_words_and_numbers_are_left_out_and_repetition_counts() {
        let all = terms("L’infarctus du myocarde à 3 heures : l’infarctus inférieur.");
        let named: Vec<(&str, f32)> = all.iter().map(|(t, w)| (t.as_str(), w.weight)).collect();
        assert_eq!(named, [("heur", 1.0), ("infarctu", 2.0), ("inferieur", 1.0), ("myocard", 1.0)]);
        assert_eq!(all["infarctu"].written, "infarctus");
    }

    #[test]
    fn an_abbreviation_calls_for_its_words_at_less_weight() {
        let synonyms = Synonyms::read("IDM = infarctus du myocarde").unwrap_or_default();
        let text = "Un IDM inférieur";
        let mut all = terms(text);
        add_synonyms(&mut all, text, &synonyms, 1.0);
        assert_eq!(all["infarctu"], Weighted { weight: SYNONYM_WEIGHT, written: "IDM".into() });
        assert_eq!(all["idm"].weight, 1.0);
        // And back, across the little word.
        let text = "infarctus du myocarde";
        let mut all = terms(text);
        add_synonyms(&mut all, text, &synonyms, 1.0);
        assert!(all.contains_key("idm"), "{all:?}");
    }

    #[test]
    fn words_of_one_family_share_their_beginning() {
        let of = |text| beginnings(&terms(text)).into_keys().collect::<Vec<_>>();
        assert_eq!(of("coronarien"), of("coronaropathie"));
    }
}
