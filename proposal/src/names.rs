//! Texts that may not be missing: who decides, and why.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a proposal or a decision cannot be built. Messages are in French.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProposalError {
    /// A compulsory text is missing or blank.
    #[error("{field} : texte obligatoire absent")]
    Blank {
        /// Which field, in French.
        field: &'static str,
    },
    /// A text holds a control character.
    #[error("{field} : caractère de contrôle refusé en position {position}")]
    Control {
        /// Which field, in French.
        field: &'static str,
        /// Its place, counted in characters from 1.
        position: usize,
    },
    /// A text is longer than its field allows.
    #[error("{field} : {length} caractères au lieu de {max} au plus")]
    TooLong {
        /// Which field, in French.
        field: &'static str,
        /// How many characters were read.
        length: usize,
        /// How many are allowed.
        max: usize,
    },
    /// A text is not the hexadecimal form of a SHA-256 digest.
    #[error("empreinte SHA-256 : 64 chiffres hexadécimaux minuscules attendus, « {found} » lu")]
    Digest {
        /// The text as it was read.
        found: String,
    },
}

/// Line breaks are for texts that are read by people, never for names.
pub(super) const NAME: &[char] = &[];
pub(super) const PROSE: &[char] = &['\n', '\t'];

pub(super) fn checked(
    field: &'static str,
    text: &str,
    max: usize,
    controls_allowed: &[char],
) -> Result<(), ProposalError> {
    if text.trim().is_empty() {
        return Err(ProposalError::Blank { field });
    }
    let control = |c: char| c.is_control() && !controls_allowed.contains(&c);
    if let Some(index) = text.chars().position(control) {
        return Err(ProposalError::Control { field, position: index + 1 });
    }
    let length = text.chars().count();
    if length > max {
        return Err(ProposalError::TooLong { field, length, max });
    }
    Ok(())
}

macro_rules! compulsory_text {
    ($(#[$doc:meta])* $name:ident, $field:literal, $max:literal, $controls:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Takes the text without the blanks around it.
            ///
            /// # Errors
            /// When nothing is left, when it is too long, or when it holds control characters.
            pub fn new(text: impl AsRef<str>) -> Result<Self, ProposalError> {
                let text = text.as_ref().trim();
                checked($field, text, $max, $controls)?;
                Ok(Self(text.to_owned()))
            }

            /// The text itself.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = ProposalError;

            fn try_from(text: String) -> Result<Self, ProposalError> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }
    };
}

compulsory_text!(
    /// The human who decides (*relecteur*), named by the identifier the instance gives to its
    /// accounts; at most 200 characters, never blank. That the account is a person's and holds
    /// the right is checked by the caller, who knows accounts.
    ReviewerId,
    "relecteur",
    200,
    NAME
);

compulsory_text!(
    /// Why a proposal is refused (*motif*); at most 4,000 characters, never blank.
    Reason,
    "motif du refus",
    4000,
    PROSE
);
