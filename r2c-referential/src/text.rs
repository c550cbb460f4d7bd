//! Accent-insensitive comparison of French words.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Lower-cases, takes accents off and undoes ligatures: `Œdème` becomes `oedeme`.
///
/// For comparing, never for showing. Anything that is not a letter is left as it is.
#[must_use]
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for character in text.nfd().filter(|character| !is_combining_mark(*character)).flat_map(char::to_lowercase) {
        match character {
            'œ' => folded.push_str("oe"),
            'æ' => folded.push_str("ae"),
            '’' => folded.push('\''),
            other => folded.push(other),
        }
    }
    folded
}

/// The folded words of a text, the plural mark taken off (`s` or `x` ending a word of four
/// letters or more), so that `embolies` finds `embolie`.
pub(crate) fn words(text: &str) -> Vec<String> {
    fold(text)
        .split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(singular)
        .collect()
}

fn singular(word: &str) -> String {
    match word.strip_suffix(['s', 'x']) {
        Some(stem) if stem.chars().count() >= 3 => stem.to_owned(),
        Some(_) | None => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_french() {
        assert_eq!(fold("Œdème aigu d’ORIGINE"), "oedeme aigu d'origine");
        assert_eq!(fold("e\u{301}te\u{301}"), "ete");
        assert_eq!(words("L’embolie, les reins."), ["l", "embolie", "les", "rein"]);
    }
}
