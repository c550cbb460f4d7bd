//! Short names that are safe in a tag, an address or a file name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A short name: lower-case ASCII letters, digits and single hyphens inside, at most 64 of them
/// (`medecine-cardiovasculaire`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slug(String);

/// Why a text is not a slug.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SlugError {
    /// Nothing was written.
    #[error("nom court absent")]
    Empty,
    /// A character is not allowed, or a hyphen begins, ends or follows another.
    #[error(
        "nom court « {found} » : caractère « {character} » refusé en position {position} (lettres minuscules sans accent, chiffres, tirets isolés)"
    )]
    Character {
        /// The text as it was read.
        found: String,
        /// The character refused.
        character: char,
        /// Its place, counted in characters from 1.
        position: usize,
    },
    /// More than 64 characters.
    #[error("nom court trop long : {length} caractères au lieu de 64 au plus")]
    TooLong {
        /// How many characters were read.
        length: usize,
    },
}

impl Slug {
    /// The longest slug, in characters.
    pub const MAX_LENGTH: usize = 64;

    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Slug {
    type Err = SlugError;

    fn from_str(text: &str) -> Result<Self, SlugError> {
        if text.is_empty() {
            return Err(SlugError::Empty);
        }
        let length = text.chars().count();
        let mut previous = '-';
        for (index, character) in text.chars().enumerate() {
            let allowed = match character {
                'a'..='z' | '0'..='9' => true,
                '-' => previous != '-' && index + 1 < length,
                _ => false,
            };
            if !allowed {
                return Err(SlugError::Character { found: text.to_owned(), character, position: index + 1 });
            }
            previous = character;
        }
        if length > Self::MAX_LENGTH {
            return Err(SlugError::TooLong { length });
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl TryFrom<String> for Slug {
    type Error = SlugError;

    fn try_from(text: String) -> Result<Self, SlugError> {
        text.parse()
    }
}

impl From<Slug> for String {
    fn from(slug: Slug) -> Self {
        slug.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_would_need_escaping() {
        assert!("medecine-cardiovasculaire".parse::<Slug>().is_ok());
        assert!("ue3".parse::<Slug>().is_ok());
        assert_eq!("".parse::<Slug>(), Err(SlugError::Empty));
        for (text, at) in [("-a", 1), ("a-", 2), ("a--b", 3), ("Cardio", 1), ("é", 1), ("a b", 2)] {
            assert!(
                matches!(text.parse::<Slug>(), Err(SlugError::Character { position, .. }) if position == at),
                "{text}"
            );
        }
        assert_eq!("a".repeat(65).parse::<Slug>(), Err(SlugError::TooLong { length: 65 }));
    }
}
