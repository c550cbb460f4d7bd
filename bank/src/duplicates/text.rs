//! What is compared: folded words, stem and propositions apart, case part by part.

use docimo_engine::paper::Element;
use docimo_engine::question::{Body, Question};
use std::collections::BTreeSet;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// The words of one question.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Asked {
    /// Text that brings it (in a case), stem, hypothesis and finding.
    pub(super) stem: Vec<String>,
    pub(super) propositions: Vec<Vec<String>>,
}

/// An element made ready to be compared. Keep it: making it costs more than comparing it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Text {
    /// Opening text of a case; empty for a question.
    pub(super) intro: Vec<String>,
    pub(super) parts: Vec<Asked>,
}

impl Text {
    /// The words of a question, or of a case part by part.
    pub fn of(element: &Element) -> Self {
        match element {
            Element::Question(q) => Self { intro: vec![], parts: vec![asked("", q)] },
            Element::Case(case) => Self {
                intro: words(&case.intro),
                parts: case.parts.iter().map(|p| asked(&p.text, &p.question)).collect(),
            },
        }
    }

    /// One of its questions, alone.
    pub(super) fn part(&self, i: usize) -> Self {
        Self { intro: vec![], parts: vec![self.parts[i].clone()] }
    }

    /// What its signature is made of.
    pub(super) fn features(&self) -> BTreeSet<u64> {
        let mut all = BTreeSet::new();
        features(&self.intro, STEM, &mut all);
        for part in &self.parts {
            features(&part.stem, STEM, &mut all);
            for proposition in &part.propositions {
                features(proposition, PROPOSITION, &mut all);
            }
        }
        all
    }
}

fn asked(before: &str, q: &Question) -> Asked {
    let mut stem = words(before);
    stem.extend(words(&q.stem));
    if let Body::Tcs { hypothesis, finding, .. } = &q.body {
        stem.extend(words(hypothesis));
        stem.extend(words(finding));
    }
    Asked { stem, propositions: q.body.propositions().iter().map(|p| words(&p.text)).collect() }
}

/// Folded words. Numbers keep their comma, "5.0" is "5,0"; signs that change the meaning are words of their own;
/// a hyphen joins nothing ("thrombo-embolique" is two words, as "thrombo embolique").
pub(super) fn words(text: &str) -> Vec<String> {
    let folded: Vec<char> =
        text.nfkd().filter(|c| !is_combining_mark(*c) || *c == '\u{338}').flat_map(char::to_lowercase).collect();
    let mut out: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut close = |word: &mut String| {
        if !word.is_empty() {
            out.push(std::mem::take(word));
        }
    };
    let digit = |c: Option<&char>| c.is_some_and(char::is_ascii_digit);
    for (i, &c) in folded.iter().enumerate() {
        let before = i.checked_sub(1).and_then(|b| folded.get(b));
        let after = folded.get(i + 1);
        match c {
            'œ' => word.push_str("oe"),
            'æ' => word.push_str("ae"),
            '.' | ',' if digit(before) && digit(after) => word.push(','),
            ' ' | '\u{202f}' if digit(before) && digit(after) && thousands(&folded, i) => {}
            // "Rh-", "−2": a charge or a sign; "a-b" is a hyphen.
            '-' | '\u{2010}' | '\u{2011}' | '\u{2212}' => {
                let sign = !before.is_some_and(|b| b.is_alphanumeric()) && digit(after);
                let charge = before.is_some_and(|b| b.is_alphanumeric()) && !after.is_some_and(|a| a.is_alphanumeric());
                close(&mut word);
                if sign || (charge && after.is_none_or(|a| *a != ' ' || folded.get(i + 2).is_none())) {
                    word.push('-');
                    close(&mut word);
                }
            }
            '+' | '<' | '>' | '=' | '%' | '‰' | '≤' | '≥' | '↑' | '↓' | '±' | '\u{338}' => {
                close(&mut word);
                word.push(c);
                close(&mut word);
            }
            c if c.is_alphanumeric() => {
                // "60g" is "60 g".
                if word.chars().next_back().is_some_and(|l| l.is_ascii_digit() && c.is_alphabetic())
                    && word.chars().all(|l| l.is_ascii_digit() || l == ',')
                {
                    close(&mut word);
                }
                word.push(c);
            }
            _ => close(&mut word),
        }
    }
    close(&mut word);
    out
}

/// A space at `i` that parts thousands: one to three digits before it, exactly three after.
fn thousands(text: &[char], i: usize) -> bool {
    let after = text[i + 1..].iter().take_while(|c| c.is_ascii_digit()).count();
    let before = text[..i].iter().rev().take_while(|c| c.is_ascii_digit()).count();
    after == 3 && (1..=3).contains(&before)
}

pub(super) const STEM: u64 = 0x5354_454d;
pub(super) const PROPOSITION: u64 = 0x5052_4f50;

/// Words that introduce a list of propositions: half of the stems have them and they say nothing of the question.
const BOILERPLATE: [&str; 46] = [
    "parmi",
    "les",
    "la",
    "le",
    "l",
    "propositions",
    "proposition",
    "suivantes",
    "suivante",
    "suivants",
    "suivant",
    "laquelle",
    "lesquelles",
    "lequel",
    "lesquels",
    "est",
    "sont",
    "exacte",
    "exactes",
    "s",
    "celle",
    "celles",
    "celui",
    "ceux",
    "reponse",
    "reponses",
    "affirmation",
    "affirmations",
    "quelle",
    "quelles",
    "quel",
    "quels",
    "indiquer",
    "indiquez",
    "cocher",
    "cochez",
    "donner",
    "une",
    "un",
    "des",
    "de",
    "du",
    "d",
    "qui",
    "concernant",
    "ces",
];

/// Words, pairs of neighbours, and four letters in a row within words (a slip of the pen keeps most of them); a number
/// is never cut. Words of [`BOILERPLATE`] only count where nothing else does.
pub(super) fn features(words: &[String], side: u64, out: &mut BTreeSet<u64>) {
    let spoken: Vec<&str> = words.iter().map(String::as_str).filter(|w| !BOILERPLATE.contains(w)).collect();
    let kept: Vec<&str> = if spoken.is_empty() { words.iter().map(String::as_str).collect() } else { spoken };
    let mut buffer = String::new();
    for (i, word) in kept.iter().enumerate() {
        out.insert(xxh3_64_with_seed(word.as_bytes(), side));
        if let Some(next) = kept.get(i + 1) {
            buffer.clear();
            buffer.push_str(word);
            buffer.push(' ');
            buffer.push_str(next);
            out.insert(xxh3_64_with_seed(buffer.as_bytes(), side));
        }
        let letters: Vec<(usize, char)> = word.char_indices().collect();
        if letters.len() > 5 && !word.starts_with(|c: char| c.is_ascii_digit()) {
            for four in letters.windows(4) {
                let end = four[3].0 + four[3].1.len_utf8();
                out.insert(xxh3_64_with_seed(&word.as_bytes()[four[0].0..end], side ^ 0xff));
            }
        }
    }
}

/// Jaccard's index of two sets: 1 when both are empty.
pub(super) fn jaccard(a: &BTreeSet<u64>, b: &BTreeSet<u64>) -> f64 {
    let both = a.intersection(b).count();
    let either = a.len() + b.len() - both;
    if either == 0 { 1.0 } else { both as f64 / either as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_keep_what_changes_the_meaning() {
        let is = |text: &str, wanted: &str| assert_eq!(words(text).join(" "), wanted, "{text}");
        is("L’œdème, à 7.35 g/L", "l oedeme a 7,35 g l");
        is("60g/l", "60 g l");
        is("1\u{202f}000 cas", "1000 cas");
        is("Rh- ou Rh+", "rh ou rh +");
        is("Rh-", "rh -");
        is("−2 °C", "- 2 c");
        is("thrombo-embolique", "thrombo embolique");
        is("pH < 7", "ph < 7");
        is("**Sauf** une", "sauf une");
    }
}
