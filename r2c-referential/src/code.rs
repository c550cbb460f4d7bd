//! Codes of nodes, in any referential.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Code of a node in its referential: 1 to 80 characters, without white space or control
/// characters, since tags are parted by spaces (`UE3.2`, `OIC-031-11-B`). Case matters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Code(String);

/// Why a text is not a code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// Nothing was written.
    #[error("code absent")]
    Empty,
    /// White space, or a character that is not to be seen.
    #[error("code « {found} » : espace ou caractère invisible en position {position} (écrivez un tiret à la place)")]
    Blank {
        /// The text as it was read.
        found: String,
        /// The place of the character, counted from 1.
        position: usize,
    },
    /// More than 80 characters.
    #[error("code trop long : {length} caractères au lieu de 80 au plus")]
    TooLong {
        /// How many characters were read.
        length: usize,
    },
}

impl Code {
    /// The longest code, in characters.
    pub const MAX_LENGTH: usize = 80;

    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Code {
    type Err = CodeError;

    /// White space around the code is taken off.
    fn from_str(text: &str) -> Result<Self, CodeError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(CodeError::Empty);
        }
        let unseen = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{feff}');
        if let Some(index) = text.chars().position(unseen) {
            return Err(CodeError::Blank { found: text.to_owned(), position: index + 1 });
        }
        let length = text.chars().count();
        if length > Self::MAX_LENGTH {
            return Err(CodeError::TooLong { length });
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl TryFrom<String> for Code {
    type Error = CodeError;

    fn try_from(text: String) -> Result<Self, CodeError> {
        text.parse()
    }
}

impl From<Code> for String {
    fn from(code: Code) -> Self {
        code.0
    }
}

impl From<crate::objective::ObjectiveCode> for Code {
    fn from(code: crate::objective::ObjectiveCode) -> Self {
        Self(code.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_no_blank() {
        assert_eq!(" UE3.2 ".parse::<Code>().map(|c| c.to_string()), Ok("UE3.2".to_owned()));
        assert_eq!("".parse::<Code>(), Err(CodeError::Empty));
        assert!(matches!("UE 3".parse::<Code>(), Err(CodeError::Blank { position: 3, .. })));
        assert!(matches!("a\u{a0}b".parse::<Code>(), Err(CodeError::Blank { position: 2, .. })));
        assert!(matches!("x".repeat(81).parse::<Code>(), Err(CodeError::TooLong { length: 81 })));
    }
}
