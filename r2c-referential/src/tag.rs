//! Tags: how the bank writes what a question is about.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::catalogue::{self, Specialty};
use crate::code::{Code, CodeError};
use crate::ecn;
use crate::numbers::{EcnNumber, ItemNumber, NumberError, SituationNumber};
use crate::objective::{ObjectiveCode, ObjectiveCodeError};
use crate::slug::{Slug, SlugError};

/// A tag of the bank, read once into what it means.
///
/// | written | meaning |
/// |---|---|
/// | `R2C:339` | an item |
/// | `R2C:SDD:27` (read as `SDD:27` too) | a starting situation |
/// | `ECN:127` | an item of the list before the R2C |
/// | `OIC-031-11-B` | an objective |
/// | `spec:cardiologie` | a specialty |
/// | `UE:biophysique` | a first-cycle teaching unit, named by each university |
/// | `pharmacie-lille:UE3.2` | a node of an imported referential |
///
/// Prefixes are read without regard to case; [`Display`](fmt::Display) writes the form of the
/// table, which reads back to the same tag. As JSON, a tag is that string.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Tag {
    /// `R2C:339`.
    Item(ItemNumber),
    /// `R2C:SDD:27`.
    Situation(SituationNumber),
    /// `OIC-031-11-B`.
    Objective(ObjectiveCode),
    /// `spec:cardiologie`. The slug is well formed; [`Tag::specialty`] says whether it is known.
    Specialty(Slug),
    /// `UE:biophysique`. The slug is well formed; lists differ by university.
    Unit(Slug),
    /// `ECN:127`.
    EcnItem(EcnNumber),
    /// `pharmacie-lille:UE3.2`. Both are well formed; whether the node exists is known only to the
    /// imported referential.
    Other {
        /// Short name of the referential.
        referential: Slug,
        /// Code of the node there.
        code: Code,
    },
}

/// Why a text is not a tag.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TagError {
    /// Nothing was written.
    #[error("étiquette vide")]
    Empty,
    /// The text begins with none of the known prefixes.
    #[error(
        "étiquette « {tag} » : préfixe inconnu (attendus : R2C:, R2C:SDD:, OIC-, spec:, UE:, ECN:, ou le nom court d’un référentiel suivi de « : »)"
    )]
    UnknownPrefix {
        /// The whole tag.
        tag: String,
    },
    /// The item or the situation is not in the official list.
    #[error("étiquette « {tag} » : {source}")]
    Number {
        /// The whole tag.
        tag: String,
        /// Why its number is refused.
        source: NumberError,
    },
    /// The objective code is malformed.
    #[error("étiquette « {tag} » : {source}")]
    Objective {
        /// The whole tag.
        tag: String,
        /// Why its code is refused.
        source: ObjectiveCodeError,
    },
    /// The name of the specialty or of the unit is malformed.
    #[error("étiquette « {tag} » : {source}")]
    Slug {
        /// The whole tag.
        tag: String,
        /// Why its name is refused.
        source: SlugError,
    },
    /// The code in another referential is malformed.
    #[error("étiquette « {tag} » : {source}")]
    Code {
        /// The whole tag.
        tag: String,
        /// Why its code is refused.
        source: CodeError,
    },
}

/// First words of tags that no imported referential may have as short name.
pub const RESERVED_SLUGS: [&str; 6] = ["r2c", "oic", "sdd", "spec", "ue", "ecn"];

impl Tag {
    /// The item it names, be it directly, through one of its objectives, or through the older item
    /// that it took over.
    #[must_use]
    pub fn item(&self) -> Option<ItemNumber> {
        match self {
            Self::Item(number) => Some(*number),
            Self::Objective(code) => Some(code.item()),
            Self::EcnItem(number) => ecn::ecn_item(*number).successor,
            Self::Situation(_) | Self::Specialty(_) | Self::Unit(_) | Self::Other { .. } => None,
        }
    }

    /// The specialty it names, if the tag is of that kind and the specialty is in the list.
    #[must_use]
    pub fn specialty(&self) -> Option<&'static Specialty> {
        match self {
            Self::Specialty(slug) => catalogue::specialty(slug.as_str()),
            Self::Item(_)
            | Self::Situation(_)
            | Self::Objective(_)
            | Self::Unit(_)
            | Self::EcnItem(_)
            | Self::Other { .. } => None,
        }
    }

    /// What a reader should see beside the tag: the official title, or the name of the
    /// specialty; `None` when the embedded lists do not know it.
    #[must_use]
    pub fn title(&self) -> Option<&'static str> {
        match self {
            Self::Item(number) => Some(catalogue::item(*number).title),
            Self::Situation(number) => Some(catalogue::situation(*number).title),
            Self::Specialty(_) => self.specialty().map(|specialty| specialty.name),
            Self::EcnItem(number) => Some(ecn::ecn_item(*number).title),
            Self::Objective(_) | Self::Unit(_) | Self::Other { .. } => None,
        }
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Item(number) => write!(f, "R2C:{number}"),
            Self::Situation(number) => write!(f, "R2C:SDD:{number}"),
            Self::Objective(code) => write!(f, "{code}"),
            Self::Specialty(slug) => write!(f, "spec:{slug}"),
            Self::Unit(slug) => write!(f, "UE:{slug}"),
            Self::EcnItem(number) => write!(f, "ECN:{number}"),
            Self::Other { referential, code } => write!(f, "{referential}:{code}"),
        }
    }
}

/// Takes a prefix off, whatever its case.
fn after<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
}

impl FromStr for Tag {
    type Err = TagError;

    fn from_str(text: &str) -> Result<Self, TagError> {
        let text = text.trim();
        let tag = || text.to_owned();
        let number = |source| TagError::Number { tag: tag(), source };
        let slug = |source| TagError::Slug { tag: tag(), source };
        if text.is_empty() {
            Err(TagError::Empty)
        } else if let Some(rest) = after(text, "R2C:SDD:") {
            rest.parse().map(Self::Situation).map_err(number)
        } else if let Some(rest) = after(text, "SDD:") {
            rest.parse().map(Self::Situation).map_err(number)
        } else if let Some(rest) = after(text, "ECN:") {
            rest.parse().map(Self::EcnItem).map_err(number)
        } else if let Some(rest) = after(text, "R2C:") {
            rest.parse().map(Self::Item).map_err(number)
        } else if after(text, "OIC-").is_some() {
            text.parse().map(Self::Objective).map_err(|source| TagError::Objective { tag: tag(), source })
        } else if let Some(rest) = after(text, "spec:") {
            rest.parse().map(Self::Specialty).map_err(slug)
        } else if let Some(rest) = after(text, "UE:") {
            rest.parse().map(Self::Unit).map_err(slug)
        } else {
            let unknown = || TagError::UnknownPrefix { tag: tag() };
            let (head, rest) = text.split_once(':').ok_or_else(unknown)?;
            let referential: Slug = head.to_ascii_lowercase().parse().map_err(|_| unknown())?;
            if RESERVED_SLUGS.contains(&referential.as_str()) {
                return Err(unknown());
            }
            let code = rest.parse().map_err(|source| TagError::Code { tag: tag(), source })?;
            Ok(Self::Other { referential, code })
        }
    }
}

impl TryFrom<String> for Tag {
    type Error = TagError;

    fn try_from(text: String) -> Result<Self, TagError> {
        text.parse()
    }
}

impl From<Tag> for String {
    fn from(tag: Tag) -> Self {
        tag.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes() {
        for (text, written) in [
            ("R2C:339", "R2C:339"),
            ("r2c:031", "R2C:31"),
            ("R2C:SDD:27", "R2C:SDD:27"),
            ("OIC-031-11-B", "OIC-031-11-B"),
            ("spec:cardiologie", "spec:cardiologie"),
            ("ue:biophysique", "UE:biophysique"),
            ("sdd:27", "R2C:SDD:27"),
            ("ecn:127", "ECN:127"),
            ("Pharmacie-Lille:UE3.2", "pharmacie-lille:UE3.2"),
        ] {
            assert_eq!(text.parse::<Tag>().map(|tag| tag.to_string()), Ok(written.to_owned()));
        }
    }

    #[test]
    fn says_what_is_wrong() {
        let message = |text: &str| match text.parse::<Tag>() {
            Ok(tag) => format!("accepted as {tag}"),
            Err(error) => error.to_string(),
        };
        assert_eq!(message(" "), "étiquette vide");
        assert!(message("cardio").contains("préfixe inconnu"));
        assert!(message("é").contains("préfixe inconnu"));
        assert!(message("R2C:368").contains("hors de la liste officielle (de 1 à 367)"));
        assert!(message("R2C:SDD:357").contains("hors de la liste officielle (de 1 à 356)"));
        assert!(message("R2C:").contains("numéro absent"));
        assert!(message("OIC-031-11-C").contains("rang « C » inconnu"));
        assert!(message("spec:Cardiologie").contains("« C » refusé en position 1"));
        assert!(message("UE:").contains("nom court absent"));
        assert!(message("ECN:363").contains("hors de la liste officielle (de 1 à 362)"));
        assert!(message("pharmacie:").contains("code absent"));
        assert!(message("pharmacie:UE 3").contains("espace"));
        assert!(message("oic:031").contains("préfixe inconnu"));
    }

    #[test]
    fn says_what_it_means() {
        let tag = |text: &str| text.parse::<Tag>().ok();
        assert_eq!(tag("spec:cardiologie").and_then(|t| t.title()), Some("Médecine Cardiovasculaire"));
        assert_eq!(tag("spec:inconnue").and_then(|t| t.title()), None);
        assert_eq!(tag("OIC-031-11-B").and_then(|t| t.item()).map(ItemNumber::get), Some(31));
        assert_eq!(tag("R2C:SDD:1").and_then(|t| t.title()), Some("Constipation"));
    }
}
