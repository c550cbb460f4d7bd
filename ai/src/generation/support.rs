//! Is what a machine quotes really in the passage that it names? Letters are compared, nothing is judged: that a quote
//! is there does not make the claim follow from it, which a reviewer decides with both under their eyes.

use super::Given;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// Letters and digits that a quote must have: less than that is found anywhere.
const SHORTEST: usize = 12;

/// What a claim rests on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Support {
    /// The quote is in the passage, to the letter but for spaces, case, quotation marks and dashes.
    Supported,
    /// No passage is named, or nothing is quoted.
    Nothing,
    /// The passage named was not given.
    UnknownPassage,
    /// The quote is not in the passage.
    NotThere,
    /// The quote is too short to show anything.
    TooShort,
    /// It follows from a model that a teacher wrote, not from a document.
    Rule,
}

impl Support {
    /// Is the claim borne out?
    #[must_use]
    pub const fn is_enough(self) -> bool {
        matches!(self, Self::Supported | Self::Rule)
    }

    /// In French, for reviewers.
    #[must_use]
    pub const fn french(self) -> &'static str {
        match self {
            Self::Supported => "citation retrouvée",
            Self::Nothing => "sans passage à l’appui",
            Self::UnknownPassage => "passage inconnu",
            Self::NotThere => "citation absente du passage",
            Self::TooShort => "citation trop courte",
            Self::Rule => "donné par le modèle de questions",
        }
    }
}

/// A text as quotes are compared.
fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.nfkc().flat_map(char::to_lowercase) {
        match c {
            '’' | '‘' | 'ʼ' | '\'' => out.push('\''),
            '«' | '»' | '“' | '”' | '"' => {}
            '‐' | '‑' | '–' | '—' | '−' => out.push('-'),
            c if c.is_whitespace() => {
                if !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            c => out.push(c),
        }
    }
    out.trim().trim_matches(['.', '…', ' ']).to_owned()
}

/// What a quote from a passage is worth.
#[must_use]
pub fn support(passage: &str, quote: &str, given: &[Given]) -> Support {
    if passage.trim().is_empty() || quote.trim().is_empty() {
        return Support::Nothing;
    }
    let Some(found) = given.iter().find(|g| g.id.eq_ignore_ascii_case(passage.trim())) else {
        return Support::UnknownPassage;
    };
    let quote = folded(quote);
    if quote.chars().filter(|c| c.is_alphanumeric()).count() < SHORTEST {
        return Support::TooShort;
    }
    if folded(&found.text).contains(&quote) { Support::Supported } else { Support::NotThere }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_is_looked_for_to_the_letter() {
        let given = [Given {
            id: "P1".into(),
            text: "L’ECG de repos est fait\nen moins de dix minutes – toujours.".into(),
        }];
        for (passage, quote, wanted) in [
            ("P1", "l'ECG de repos est fait en moins de dix minutes", Support::Supported),
            ("p1", "« dix minutes - toujours »", Support::Supported),
            ("P1", "L’ECG de repos n’est pas fait", Support::NotThere),
            ("P1", "de repos", Support::TooShort),
            ("P2", "l'ECG de repos est fait", Support::UnknownPassage),
            ("", "l'ECG de repos est fait", Support::Nothing),
            ("P1", " ", Support::Nothing),
        ] {
            assert_eq!(support(passage, quote, &given), wanted, "{quote}");
        }
    }
}
