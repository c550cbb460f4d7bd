//! Ranks and objective codes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::numbers::{ItemNumber, NumberError};

/// Rank of a piece of knowledge (*rang*): A, to be known by every physician at the end of the
/// second cycle; B, to be known on entering the specialty. The referential knows no rank C.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Rank {
    /// Rang A.
    A,
    /// Rang B.
    B,
}

impl Rank {
    /// Both ranks, in order.
    pub const ALL: [Self; 2] = [Self::A, Self::B];

    /// The letter that ends an objective code.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::A => 'A',
            Self::B => 'B',
        }
    }
}

impl fmt::Display for Rank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.letter())
    }
}

/// A text that is neither rank.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("rang « {found} » inconnu : il n’existe que les rangs A et B")]
pub struct RankError {
    /// The text as it was read.
    pub found: String,
}

impl FromStr for Rank {
    type Err = RankError;

    fn from_str(text: &str) -> Result<Self, RankError> {
        match text.trim() {
            "A" | "a" => Ok(Self::A),
            "B" | "b" => Ok(Self::B),
            other => Err(RankError { found: other.to_owned() }),
        }
    }
}

/// Code of a learning objective (*objectif de connaissance*, OIC): `OIC-<item>-<ordinal>-<rank>`,
/// the item on three digits, the ordinal on two, the rank a letter.
///
/// The code is the key of an objective; its title is not, since titles repeat inside some items.
/// A code that parses is well formed and names an existing item: whether the objective exists is
/// known only to the imported table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ObjectiveCode {
    item: ItemNumber,
    ordinal: u8,
    rank: Rank,
}

/// Why a text is not an objective code: which part of it, and what was expected there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ObjectiveCodeError {
    /// The code does not begin with `OIC-`.
    #[error("code d’objectif « {code} » : doit commencer par « OIC- » (exemple : OIC-031-11-B)")]
    Prefix {
        /// The whole text.
        code: String,
    },
    /// The code has not exactly four parts.
    #[error(
        "code d’objectif « {code} » : {found} parties séparées par des tirets au lieu de 4 (exemple : OIC-031-11-B)"
    )]
    Parts {
        /// The whole text.
        code: String,
        /// How many parts were found.
        found: usize,
    },
    /// A numeric part has not the right number of digits.
    #[error("code d’objectif « {code} » : {part} « {found} » doit s’écrire avec {digits} chiffres")]
    Digits {
        /// The whole text.
        code: String,
        /// Which part, in French.
        part: &'static str,
        /// That part as it was read.
        found: String,
        /// How many digits it must have.
        digits: usize,
    },
    /// The item is not in the official list.
    #[error("code d’objectif « {code} » : {source}")]
    Item {
        /// The whole text.
        code: String,
        /// Why the item is refused.
        source: NumberError,
    },
    /// The ordinal is zero or has more than two digits.
    #[error("code d’objectif « {code} » : le rang d’ordre va de 01 à 99")]
    Ordinal {
        /// The whole text.
        code: String,
    },
    /// The last part is neither A nor B.
    #[error("code d’objectif « {code} » : {source}")]
    Rank {
        /// The whole text.
        code: String,
        /// Why the rank is refused.
        source: RankError,
    },
}

impl ObjectiveCode {
    /// Builds a code from its parts.
    ///
    /// # Errors
    /// [`ObjectiveCodeError::Ordinal`] unless the ordinal is in `1..=99`.
    pub fn new(item: ItemNumber, ordinal: u8, rank: Rank) -> Result<Self, ObjectiveCodeError> {
        if (1..=99).contains(&ordinal) {
            Ok(Self { item, ordinal, rank })
        } else {
            Err(ObjectiveCodeError::Ordinal { code: format!("OIC-{:03}-{ordinal:02}-{rank}", item.get()) })
        }
    }

    /// The item it belongs to.
    #[must_use]
    pub const fn item(self) -> ItemNumber {
        self.item
    }

    /// Its place inside the item, 1 to 99 (the 2024 state reaches 68).
    #[must_use]
    pub const fn ordinal(self) -> u8 {
        self.ordinal
    }

    /// Its rank.
    #[must_use]
    pub const fn rank(self) -> Rank {
        self.rank
    }
}

impl fmt::Display for ObjectiveCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("OIC-{:03}-{:02}-{}", self.item.get(), self.ordinal, self.rank);
        f.pad(&text)
    }
}

fn digits(code: &str, part: &'static str, found: &str, digits: usize) -> Result<(), ObjectiveCodeError> {
    if found.len() == digits && found.bytes().all(|b| b.is_ascii_digit()) {
        Ok(())
    } else {
        Err(ObjectiveCodeError::Digits { code: code.to_owned(), part, found: found.to_owned(), digits })
    }
}

impl FromStr for ObjectiveCode {
    type Err = ObjectiveCodeError;

    fn from_str(text: &str) -> Result<Self, ObjectiveCodeError> {
        let text = text.trim();
        let code = || text.to_owned();
        let parts: Vec<&str> = text.split('-').collect();
        if !parts.first().is_some_and(|first| first.eq_ignore_ascii_case("OIC")) {
            return Err(ObjectiveCodeError::Prefix { code: code() });
        }
        let [_, item, ordinal, rank] = parts[..] else {
            return Err(ObjectiveCodeError::Parts { code: code(), found: parts.len() });
        };
        digits(text, "le numéro d’item", item, 3)?;
        digits(text, "le rang d’ordre", ordinal, 2)?;
        let item = item.parse().map_err(|source| ObjectiveCodeError::Item { code: code(), source })?;
        let rank = rank.parse().map_err(|source| ObjectiveCodeError::Rank { code: code(), source })?;
        match ordinal.parse::<u8>() {
            Ok(ordinal @ 1..=99) => Ok(Self { item, ordinal, rank }),
            Ok(_) | Err(_) => Err(ObjectiveCodeError::Ordinal { code: code() }),
        }
    }
}

impl TryFrom<String> for ObjectiveCode {
    type Error = ObjectiveCodeError;

    fn try_from(text: String) -> Result<Self, ObjectiveCodeError> {
        text.parse()
    }
}

impl From<ObjectiveCode> for String {
    fn from(code: ObjectiveCode) -> Self {
        code.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> String {
        match text.parse::<ObjectiveCode>() {
            Ok(code) => format!("accepted as {code}"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn reads_codes() {
        assert_eq!(message("OIC-031-11-B"), "accepted as OIC-031-11-B");
        assert_eq!(message(" oic-001-01-a "), "accepted as OIC-001-01-A");
    }

    #[test]
    fn says_where_and_why() {
        for (text, expected) in [
            ("", "doit commencer par « OIC- »"),
            ("R2C:31", "doit commencer par « OIC- »"),
            ("OIC-031-11", "3 parties"),
            ("OIC-031-11-B-2", "5 parties"),
            ("OIC-31-11-B", "le numéro d’item « 31 » doit s’écrire avec 3 chiffres"),
            ("OIC-031-1-B", "le rang d’ordre « 1 » doit s’écrire avec 2 chiffres"),
            ("OIC-0é-11-B", "le numéro d’item « 0é » doit"),
            ("OIC-400-11-B", "400 est hors de la liste officielle (de 1 à 367)"),
            ("OIC-031-00-B", "de 01 à 99"),
            ("OIC-031-11-C", "rang « C » inconnu"),
        ] {
            let message = message(text);
            assert!(message.contains(expected), "{text}: {message}");
            assert!(message.contains(text), "{text}: {message}");
        }
    }

    #[test]
    fn refuses_ordinals_out_of_bounds() {
        assert!(ObjectiveCode::new(ItemNumber::FIRST, 0, Rank::A).is_err());
        assert!(ObjectiveCode::new(ItemNumber::FIRST, 100, Rank::A).is_err());
        assert!(ObjectiveCode::new(ItemNumber::LAST, 99, Rank::B).is_ok());
    }
}
