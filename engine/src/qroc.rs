//! Short open answers (QROC): normalisation and matching against the two lists of the key.
//!
//! No official text on normalisation was found (RULES §1.6). The reading adopted: compatibility
//! forms, letter case, accents, punctuation, hyphens, apostrophes, spaces and a leading article never
//! matter; a decimal point is a decimal comma; signs (%, −, =, ≥…) and capitals that spell an
//! abbreviation do matter. Nothing is ever credited by edit distance: an unlisted text is for a human,
//! who adds it to a list, and the cohort is marked again.

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
/// assert_eq!(normalise("  L’Embolie  pulmonaire."), "emboliepulmonaire");
/// assert_eq!(normalise("maladie thrombo-embolique veineuse"), normalise("maladie thromboembolique veineuse"));
/// assert_eq!(normalise("7.35"), normalise("7,35"));
/// ```
pub fn normalise(text: &str) -> String {
    // Words that have been joined may no longer be the list they looked like: each pass only shortens.
    let mut form = fold(without_article(text.trim()));
    loop {
        let again = fold(&form);
        if again == form {
            return form;
        }
        form = again;
    }
}

fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // Signs of their own before compatibility forms and accents are taken apart ("≠" is "=" with a bar).
    let signs = text.chars().map(|c| match c {
        '≠' => '\u{1}',
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        other => other,
    });
    let folded: Vec<char> = signs.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect();
    let end = folded.iter().rposition(|c| c.is_alphanumeric() || *c == '-' || SIGNS.contains(c)).unwrap_or(0);
    for (i, &c) in folded.iter().enumerate() {
        let after = folded.get(i + 1).copied();
        let before = i.checked_sub(1).map(|b| folded[b]);
        let (digit_before, digit_after) = (is_digit(before), is_digit(after));
        match c {
            'œ' => out.push_str("oe"),
            'æ' => out.push_str("ae"),
            '\u{1}' => out.push('≠'),
            '.' | ',' if digit_before && digit_after => out.push(','),
            '-' if digit_before && digit_after => out.push('-'),
            // Before a number it is a sign, but "vitamine b-12" is "vitamine b12".
            '-' if digit_after && !before.is_some_and(char::is_alphanumeric) => out.push('-'),
            // At the end it is a sign too ("Rh -"), and between spaces it may be a range ("10 - 15").
            '-' if i == end && i > 0 => out.push_str(" - "),
            '-' if before == Some(' ') && after == Some(' ') => out.push('-'),
            // Elsewhere a hyphen joins: "thrombo-embolique" is "thromboembolique".
            '-' => {}
            ',' | ';' => out.push_str(" , "),
            c if c.is_alphanumeric() || SIGNS.contains(&c) => out.push(c),
            _ => out.push(' '),
        }
    }
    tighten(&out.split_whitespace().collect::<Vec<_>>())
}

/// Words without the spaces between them: a space where others write a hyphen or nothing never matters
/// ("angio scanner"). But two numbers stay two, unless it parts thousands; "a -2" is not "a-2"; and a list
/// of codes stays a list ("I, V" is not "IV").
fn tighten(words: &[&str]) -> String {
    let mut tight = String::new();
    let mut thousands = false;
    for (i, &word) in words.iter().enumerate() {
        let (last, first) = (tight.chars().next_back(), word.chars().next());
        let next = words.get(i + 1).copied();
        match word {
            "," => {
                let listed = i > 0 && is_code(words[i - 1]) && next.is_some_and(is_code);
                tight.push_str(if listed { "," } else { "" });
            }
            "-" => {
                let sign = next.is_none();
                let range = is_digit(last) && next.is_some_and(|n| is_digit(n.chars().next()));
                tight.push_str(if last.is_some() && (sign || range) { "-" } else { "" });
            }
            _ => {
                let run = tight.chars().rev().take_while(char::is_ascii_digit).count();
                let decimal = tight.chars().rev().nth(run) == Some(',');
                let three = word.chars().take_while(char::is_ascii_digit).count() == 3;
                thousands = three && !decimal && (1..=3).contains(&run) || (three && thousands && run > 0);
                let apart = is_digit(last) && is_digit(first) && !thousands;
                if apart || (last.is_some() && first == Some('-')) {
                    tight.push(' ');
                }
                tight.push_str(word);
            }
        }
    }
    tight
}

fn is_digit(c: Option<char>) -> bool {
    c.is_some_and(|c| c.is_ascii_digit())
}

/// A number, a number with letters ("v1") or a Roman numeral.
fn is_code(word: &str) -> bool {
    word.chars().any(|c| c.is_ascii_digit()) || word.chars().all(|c| "ivx".contains(c))
}

/// Signs that change the meaning of what they stand beside.
const SIGNS: [char; 11] = ['+', '%', '/', '<', '>', '=', '≥', '≤', '≠', '±', '°'];

/// The text without the article it may start with: "l’embolie" is "embolie". One article only, not in
/// capitals where the rest is not ("LES grave" is systemic lupus), and "l" or "d" only where they are elided
/// ("L dopa" is a drug).
fn without_article(text: &str) -> &str {
    if let Some((first, rest)) = text.split_once(char::is_whitespace) {
        let rest = rest.trim_start();
        let shouted = rest.chars().any(char::is_uppercase) && !rest.chars().any(char::is_lowercase);
        let capitals = first.chars().count() > 1 && first.chars().all(char::is_uppercase) && !shouted;
        let article = matches!(first.to_lowercase().as_str(), "le" | "la" | "les" | "un" | "une" | "des" | "du" | "de");
        if article && !capitals && !rest.is_empty() {
            return rest;
        }
    }
    let mut chars = text.chars();
    if matches!(chars.next(), Some('l' | 'L' | 'd' | 'D')) && matches!(chars.next(), Some('\'' | '’' | 'ʼ')) {
        let rest = chars.as_str().trim_start();
        if !rest.is_empty() {
            return rest;
        }
    }
    text
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
    fn what_is_joined_is_looked_at_again() {
        for text in ["abc i, 0", "\u{1EE4D} Ì;0", "i, v b, 2"] {
            assert_eq!(normalise(&normalise(text)), normalise(text), "{text}");
        }
        assert_eq!(normalise("I, V"), "i,v");
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
        assert_eq!(normalise("vitamine B-12"), normalise("vitamine B 12"));
        assert_eq!(normalise("D-dimères"), normalise("d dimères"));
        assert_eq!(normalise("angio scanner"), normalise("angio-scanner"));
        assert_ne!(normalise("1 5"), normalise("15"));
        assert_eq!(normalise("la"), "la");
        assert_eq!(normalise("LES grave"), "lesgrave");
        assert_ne!(normalise("LES grave"), normalise("grave"));
        assert_ne!(normalise("L dopa"), normalise("dopa"));
        assert_ne!(normalise("≥ 7"), normalise("≤ 7"));
        assert_ne!(normalise("≠ 7"), normalise("= 7"));
        assert_ne!(normalise("\u{2013}2"), normalise("2"));
        assert_eq!(normalise("\u{2013}2"), normalise("-2"));
        assert_eq!(normalise("50 %"), normalise("50%"));
        assert_eq!(normalise("pH=7,35"), normalise("pH = 7.35"));
        assert_eq!(normalise("10 mg / L"), normalise("10 mg/L"));
        assert_eq!(normalise("L’embolie"), normalise("l'embolie"));
        assert_eq!(normalise("La grippe"), "grippe");
        assert_eq!(normalise("LA GRIPPE"), "grippe");
        assert_eq!(normalise("UNE EMBOLIE PULMONAIRE"), normalise("embolie pulmonaire"));
        // A sign at the end, a range, thousands, a list.
        assert_ne!(normalise("O-"), normalise("O"));
        assert_ne!(normalise("Rh -"), normalise("Rh"));
        assert_eq!(normalise("Rh -."), normalise("rh-"));
        assert_eq!(normalise("- embolie"), "embolie");
        assert_eq!(normalise("embolie – pulmonaire"), "emboliepulmonaire");
        assert_eq!(normalise(" - "), "");
        assert_eq!(normalise("10 - 15"), normalise("10-15"));
        assert_eq!(normalise("1\u{202f}000 mg"), normalise("1000 mg"));
        assert_eq!(normalise("1 000 000"), normalise("1000000"));
        assert_ne!(normalise("1,5 000"), normalise("1,5000"));
        assert_ne!(normalise("I, V"), normalise("IV"));
        assert_ne!(normalise("V1, V6"), normalise("V1-V6"));
        assert_eq!(normalise("fièvre, toux"), normalise("fièvre toux"));
        assert_eq!(normalise("AST, ALT,"), normalise("AST ALT"));
        assert_eq!(normalise("maladie de Parkinson"), "maladiedeparkinson");
        assert_eq!(normalise("cœur"), "coeur");
    }
}
