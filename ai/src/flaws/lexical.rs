//! Rules that compare words of the stem, of the key and of the distractors: 9, 10 and 11.

use std::collections::BTreeSet;

use super::text::words;
use super::{FlawCode, Inspection, Part, Severity};

pub(super) fn check(inspection: &mut Inspection<'_>) {
    if let Some(key) = inspection.single_key() {
        key_is_longest(inspection, key);
        stem_word_in_key(inspection, key);
        convergence(inspection, key);
    }
}

/// Below this many characters more than the others, a longer key shows nothing: *Hypertension*
/// beside *Fièvre*. Our own choice.
const LENGTH_MARGIN: usize = 12;

/// Rule 9: the key is longer than 1.5 times the median of the others, or longest by more than a
/// quarter.
fn key_is_longest(inspection: &mut Inspection<'_>, key: usize) {
    let length = |index: usize| inspection.propositions[index].text.as_str().trim().chars().count();
    let mut others: Vec<usize> = (0..inspection.propositions.len()).filter(|index| *index != key).map(length).collect();
    others.sort_unstable();
    let (Some(longest), Some(median)) = (others.last(), others.get(others.len() / 2)) else {
        return;
    };
    let own = length(key);
    let far_from_median = own * 2 > median * 3 && own > *longest;
    let far_from_longest = own * 4 > longest * 5;
    if others.len() >= 2 && own >= median + LENGTH_MARGIN && (far_from_median || far_from_longest) {
        let message = format!(
            "La bonne réponse est la plus longue : {own} caractères, contre {median} en médiane pour les autres."
        );
        inspection.note_proposition(FlawCode::KeyIsLongest, Severity::Warning, key, message);
    }
}

/// Words too common to give a key away, as roots (see `text::words`).
const COMMON: [&str; 48] = [
    "ainsi",
    "apre",
    "aucun",
    "autr",
    "avant",
    "avec",
    "avoir",
    "cell",
    "cett",
    "ceux",
    "chez",
    "comm",
    "concernant",
    "contr",
    "dan",
    "dans",
    "depui",
    "doit",
    "dont",
    "entr",
    "etre",
    "exact",
    "fait",
    "femm",
    "homm",
    "jour",
    "leur",
    "lors",
    "moin",
    "mois",
    "parmi",
    "patient",
    "pendant",
    "peut",
    "plus",
    "pour",
    "proposition",
    "quel",
    "quell",
    "repons",
    "selon",
    "sont",
    "sous",
    "suivant",
    "tous",
    "tout",
    "tres",
    "vrai",
];

fn content_words(text: &str) -> BTreeSet<String> {
    words(text).into_iter().map(|(word, _)| word).filter(|word| is_content(word)).collect()
}

/// Shorter words are articles, prepositions and units more than notions.
fn is_content(word: &str) -> bool {
    word.chars().count() >= 4 && word.chars().any(char::is_alphabetic) && !COMMON.contains(&word)
}

/// Rule 10: a content word of the stem stands in the key and in no other proposition.
fn stem_word_in_key(inspection: &mut Inspection<'_>, key: usize) {
    if inspection.propositions.len() < 3 {
        return;
    }
    let stem = inspection.stem.as_str();
    let question = content_words(&stem[inspection.stem.lead_in()]);
    let stem = content_words(stem);
    let elsewhere: BTreeSet<String> = inspection
        .propositions
        .iter()
        .enumerate()
        .filter(|(index, _)| *index != key)
        .flat_map(|(_, proposition)| content_words(proposition.text.as_str()))
        .collect();
    let text = &inspection.propositions[key].text;
    let found = words(text.as_str())
        .into_iter()
        .find(|(word, _)| is_content(word) && stem.contains(word) && !elsewhere.contains(word));
    if let Some((word, place)) = found {
        // A word of a long vignette comes back by chance more often than one of the question.
        let severity = if question.contains(&word) { Severity::Warning } else { Severity::Information };
        let span = text.origin(place);
        let message = format!(
            "« {} » figure dans l’énoncé et, parmi les propositions, dans la seule bonne réponse.",
            &text.source()[span.clone()]
        );
        inspection.note(FlawCode::StemWordInKey, severity, Part::Proposition(key), span, message);
    }
}

/// Rule 11: the key shares more words with the others than any other does, by two at least, and
/// with two of them at least.
fn convergence(inspection: &mut Inspection<'_>, key: usize) {
    let sets: Vec<BTreeSet<String>> =
        inspection.propositions.iter().map(|proposition| content_words(proposition.text.as_str())).collect();
    if sets.len() < 4 {
        return;
    }
    let shared_with = |a: usize, b: usize| sets[a].intersection(&sets[b]).count();
    let shared = |index: usize| -> usize {
        (0..sets.len()).filter(|other| *other != index).map(|other| shared_with(index, other)).sum()
    };
    let own = shared(key);
    let best_other = (0..sets.len()).filter(|index| *index != key).map(shared).max().unwrap_or(0);
    let partners = (0..sets.len()).filter(|other| *other != key && shared_with(key, *other) > 0).count();
    if own >= best_other + 2 && partners >= 2 {
        let message = format!(
            "La bonne réponse partage {own} mots avec les autres propositions, les distracteurs {best_other} au plus."
        );
        inspection.note_proposition(FlawCode::Convergence, Severity::Information, key, message);
    }
}
