//! Bounded numbers: an [`ItemNumber`] or a [`SituationNumber`] that exists is in range.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why a text or an integer is not a number of the referential. Messages are in French.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// Nothing was written.
    #[error("{what} : numéro absent")]
    Empty {
        /// What the number should have named, in French.
        what: &'static str,
    },
    /// Something else than the digits 0 to 9 was written.
    #[error("{what} : « {found} » n’est pas un nombre entier (caractère « {character} » en position {position})")]
    NotANumber {
        /// What the number should have named, in French.
        what: &'static str,
        /// The text as it was read.
        found: String,
        /// The first character that is not a digit.
        character: char,
        /// Its place, counted in characters from 1.
        position: usize,
    },
    /// The number is outside the official list.
    #[error("{what} : {found} est hors de la liste officielle (de 1 à {last})")]
    OutOfRange {
        /// What the number should have named, in French.
        what: &'static str,
        /// The number as it was written.
        found: String,
        /// The last number of the list.
        last: u16,
    },
}

/// Reads ASCII digits and checks the range `1..=last`. Leading zeros are understood.
fn parse_bounded(text: &str, what: &'static str, last: u16) -> Result<u16, NumberError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(NumberError::Empty { what });
    }
    if let Some((index, character)) = text.chars().enumerate().find(|(_, c)| !c.is_ascii_digit()) {
        return Err(NumberError::NotANumber { what, found: text.to_owned(), character, position: index + 1 });
    }
    match text.parse::<u16>() {
        Ok(number) if (1..=last).contains(&number) => Ok(number),
        // Digits only: the one failure left to `parse` is a number too large for u16.
        Ok(_) | Err(_) => Err(NumberError::OutOfRange { what, found: text.to_owned(), last }),
    }
}

macro_rules! bounded_number {
    ($(#[$doc:meta])* $name:ident, $what:literal, $last:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "u16", into = "u16")]
        pub struct $name(u16);

        impl $name {
            /// The first number of the official list.
            pub const FIRST: Self = Self(1);
            /// The last number of the official list.
            pub const LAST: Self = Self($last);

            /// Checks the range.
            ///
            /// # Errors
            /// [`NumberError::OutOfRange`] when the number is not in the official list.
            pub fn new(number: u16) -> Result<Self, NumberError> {
                if (1..=$last).contains(&number) {
                    Ok(Self(number))
                } else {
                    Err(NumberError::OutOfRange { what: $what, found: number.to_string(), last: $last })
                }
            }

            /// The number itself.
            #[must_use]
            pub const fn get(self) -> u16 {
                self.0
            }

            /// All numbers of the list, in order.
            pub fn all() -> impl DoubleEndedIterator<Item = Self> + ExactSizeIterator {
                (0..$last).map(|before| Self(before + 1))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = NumberError;

            fn from_str(text: &str) -> Result<Self, NumberError> {
                parse_bounded(text, $what, $last).map(Self)
            }
        }

        impl TryFrom<u16> for $name {
            type Error = NumberError;

            fn try_from(number: u16) -> Result<Self, NumberError> {
                Self::new(number)
            }
        }

        impl From<$name> for u16 {
            fn from(number: $name) -> u16 {
                number.0
            }
        }
    };
}

bounded_number!(
    /// Number of an R2C item (*item de connaissance*), 1 to 367.
    ///
    /// Items are numbered without gaps (annex of the ministerial order; see `data/items.tsv`).
    /// Parsing accepts leading zeros; [`Display`](fmt::Display) writes none.
    ItemNumber,
    "numéro d’item",
    367
);

bounded_number!(
    /// Number of a starting situation (*situation de départ*, SDD), 1 to 356.
    ///
    /// Situations are numbered without gaps (annex of the ministerial order; see
    /// `data/situations.tsv`).
    SituationNumber,
    "numéro de situation de départ",
    356
);

bounded_number!(
    /// Number of an item of the list before the R2C (*item ECN*), 1 to 362.
    EcnNumber,
    "numéro d’item de l’ECN",
    362
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_where_and_why() {
        let message = |text: &str| match text.parse::<ItemNumber>() {
            Ok(number) => format!("accepted as {number}"),
            Err(error) => error.to_string(),
        };
        assert_eq!(message("031"), "accepted as 31");
        assert_eq!(message(" 367 "), "accepted as 367");
        assert_eq!(message(""), "numéro d’item : numéro absent");
        assert_eq!(message("3a"), "numéro d’item : « 3a » n’est pas un nombre entier (caractère « a » en position 2)");
        assert_eq!(message("368"), "numéro d’item : 368 est hors de la liste officielle (de 1 à 367)");
        assert_eq!(message("99999999"), "numéro d’item : 99999999 est hors de la liste officielle (de 1 à 367)");
        assert!("0".parse::<ItemNumber>().is_err());
        assert!("+3".parse::<ItemNumber>().is_err());
        assert!("357".parse::<SituationNumber>().is_err());
    }

    #[test]
    fn json_is_a_checked_integer() {
        assert!(matches!(serde_json::from_str::<ItemNumber>("339"), Ok(n) if n.get() == 339));
        assert!(serde_json::from_str::<ItemNumber>("0").is_err());
        assert!(serde_json::from_str::<SituationNumber>("357").is_err());
        assert!(serde_json::from_str::<ItemNumber>("\"12\"").is_err());
    }
}
