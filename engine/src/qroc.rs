//! Short open answers (QROC): normalisation and matching against the two lists of the key.
//!
//! No official text on normalisation was found (RULES §1.6). The reading adopted: compatibility
//! forms, letter case, accents, punctuation, hyphens, apostrophes, doubled spaces and a leading
//! article never matter; a decimal point is a decimal comma. Nothing is ever credited by edit
//! distance: an unlisted text is for a human, who adds it to a list, and the cohort is marked again.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Where a text stands with respect to the key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Category {
    /// Nothing typed.
    Blank,
    /// In the list of exact answers.
    Exact,
    /// In the list of acceptable answers.
    Acceptable,
    /// In neither.
    Other,
}

/// Finds `text` in the lists.
pub fn categorise(text: &str, exact: &[String], acceptable: &[String]) -> Category {
    let wanted = normalise(text);
    if wanted.is_empty() {
        return Category::Blank;
    }
    let listed = |list: &[String]| list.iter().any(|key| normalise(key) == wanted);
    if listed(exact) {
        Category::Exact
    } else if listed(acceptable) {
        Category::Acceptable
    } else {
        Category::Other
    }
}

/// The form in which texts are compared.
///
/// ```
/// use docimo_engine::qroc::normalise;
/// assert_eq!(normalise("  L’Embolie  pulmonaire."), "embolie pulmonaire");
/// assert_eq!(normalise("maladie thrombo-embolique veineuse"), normalise("maladie thromboembolique veineuse"));
/// assert_eq!(normalise("7.35"), normalise("7,35"));
/// ```
pub fn normalise(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let folded: Vec<char> = text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect();
    for (i, &c) in folded.iter().enumerate() {
        let digit_after = folded.get(i + 1).is_some_and(char::is_ascii_digit);
        let digit_before = i > 0 && folded[i - 1].is_ascii_digit();
        match c {
            'œ' => out.push_str("oe"),
            'æ' => out.push_str("ae"),
            '.' | ',' if digit_before && digit_after => out.push(','),
            // A hyphen joins: "thrombo-embolique" is "thromboembolique". Before a digit it may be a sign.
            '-' | '\u{2010}' | '\u{2011}' | '\u{2212}' if digit_after && !digit_before => {
                // "vitamine b-12" is "vitamine b12", but "-2" is minus two.
                if !folded.get(i.wrapping_sub(1)).is_some_and(|b| b.is_alphanumeric()) {
                    out.push('-');
                }
            }
            '-' | '\u{2010}' | '\u{2011}' | '\u{2212}' if digit_before && digit_after => out.push('-'),
            '-' | '\u{2010}' | '\u{2011}' => {}
            c if c.is_alphanumeric() || matches!(c, '+' | '%' | '/' | '<' | '>' | '=') => out.push(c),
            _ => out.push(' '),
        }
    }
    let mut words: Vec<&str> = out.split_whitespace().collect();
    while words.len() > 1 && matches!(words[0], "le" | "la" | "les" | "l" | "un" | "une" | "des" | "du" | "de" | "d") {
        words.remove(0);
    }
    words.join(" ")
}

/// Words of a text, as a candidate counts them: separated by spaces; an elided article ("l’") is not a
/// word of its own.
pub fn word_count(text: &str) -> usize {
    text.split_whitespace().filter(|w| w.chars().any(char::is_alphanumeric)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lists() -> (Vec<String>, Vec<String>) {
        (vec!["embolie pulmonaire".into()], vec!["maladie thromboembolique veineuse".into()])
    }

    #[test]
    fn the_worked_examples_of_the_rules() {
        let (exact, acceptable) = lists();
        assert_eq!(categorise("Embolie  pulmonaire.", &exact, &acceptable), Category::Exact);
        assert_eq!(categorise("maladie thrombo-embolique veineuse", &exact, &acceptable), Category::Acceptable);
        assert_eq!(categorise("embolie pulmonère", &exact, &acceptable), Category::Other);
        assert_eq!(categorise(" . ", &exact, &acceptable), Category::Blank);
        assert_eq!(word_count("un deux trois quatre cinq six sept"), 7);
    }

    #[test]
    fn what_changes_the_meaning_stays() {
        assert_ne!(normalise("hypokaliémie"), normalise("hyperkaliémie"));
        assert_ne!(normalise("-2"), normalise("2"));
        assert_ne!(normalise("1,5"), normalise("15"));
        assert_eq!(normalise("10-15"), "10-15");
        assert_eq!(normalise("vitamine B-12"), "vitamine b12");
        assert_eq!(normalise("la"), "la");
        assert_eq!(normalise("cœur"), "coeur");
    }
}
