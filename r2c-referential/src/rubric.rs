//! The ten rubrics under which objectives are filed.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::text::fold;

/// Rubric (*rubrique*) of an objective. The list is closed: ten rubrics, named in
/// `shared/r2c/README.md` and in the `rubric` column of its objectives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Rubric {
    /// Définition.
    Definition,
    /// Épidémiologie.
    Epidemiology,
    /// Éléments physiopathologiques.
    Pathophysiology,
    /// Étiologies.
    Aetiology,
    /// Diagnostic positif.
    PositiveDiagnosis,
    /// Identifier une urgence.
    Emergency,
    /// Examens complémentaires.
    Investigations,
    /// Contenu multimédia.
    Multimedia,
    /// Prise en charge.
    Management,
    /// Suivi et/ou pronostic.
    FollowUp,
}

impl Rubric {
    /// The ten rubrics, in the order of this project (clinical reasoning order; the official
    /// texts read give none).
    pub const ALL: [Self; 10] = [
        Self::Definition,
        Self::Epidemiology,
        Self::Pathophysiology,
        Self::Aetiology,
        Self::PositiveDiagnosis,
        Self::Emergency,
        Self::Investigations,
        Self::Multimedia,
        Self::Management,
        Self::FollowUp,
    ];

    /// The official French name.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Definition => "Définition",
            Self::Epidemiology => "Épidémiologie",
            Self::Pathophysiology => "Éléments physiopathologiques",
            Self::Aetiology => "Étiologies",
            Self::PositiveDiagnosis => "Diagnostic positif",
            Self::Emergency => "Identifier une urgence",
            Self::Investigations => "Examens complémentaires",
            Self::Multimedia => "Contenu multimédia",
            Self::Management => "Prise en charge",
            Self::FollowUp => "Suivi et/ou pronostic",
        }
    }
}

/// First words by which sources name a rubric otherwise, folded.
const OTHER_NAMES: [(&str, Rubric); 15] = [
    ("physiopatho", Rubric::Pathophysiology),
    ("element", Rubric::Pathophysiology),
    ("etiologie", Rubric::Aetiology),
    ("principales etiologies", Rubric::Aetiology),
    ("epidemio", Rubric::Epidemiology),
    ("prevalence", Rubric::Epidemiology),
    ("diagnostic", Rubric::PositiveDiagnosis),
    ("examen", Rubric::Investigations),
    ("urgence", Rubric::Emergency),
    ("identifi", Rubric::Emergency),
    ("prise en charge", Rubric::Management),
    ("pris en charge", Rubric::Management),
    ("suivi", Rubric::FollowUp),
    ("pronostic", Rubric::FollowUp),
    ("multimedia", Rubric::Multimedia),
];

impl Rubric {
    /// Reads the official name, or a usual variant of it (`Physiopathologie`, `Etiologie`,
    /// `Suivi/Pronostic`); `None` when no rubric is meant for sure.
    #[must_use]
    pub fn read_loosely(text: &str) -> Option<Self> {
        let folded = fold(text.trim());
        folded
            .parse()
            .ok()
            .or_else(|| OTHER_NAMES.into_iter().find(|(start, _)| folded.starts_with(start)).map(|(_, rubric)| rubric))
    }
}

impl fmt::Display for Rubric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.label())
    }
}

/// A text that names no rubric.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("rubrique « {found} » inconnue (les dix rubriques vont de « Définition » à « Suivi et/ou pronostic »)")]
pub struct RubricError {
    /// The text as it was read.
    pub found: String,
}

impl FromStr for Rubric {
    type Err = RubricError;

    /// Reads the official name; case and accents do not matter.
    fn from_str(text: &str) -> Result<Self, RubricError> {
        let wanted = fold(text.trim());
        Self::ALL
            .into_iter()
            .find(|rubric| fold(rubric.label()) == wanted)
            .ok_or_else(|| RubricError { found: text.to_owned() })
    }
}

impl TryFrom<String> for Rubric {
    type Error = RubricError;

    fn try_from(text: String) -> Result<Self, RubricError> {
        text.parse()
    }
}

impl From<Rubric> for String {
    fn from(rubric: Rubric) -> Self {
        rubric.label().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_without_accents_or_case() {
        for rubric in Rubric::ALL {
            assert_eq!(rubric.label().parse(), Ok(rubric));
            assert_eq!(fold(rubric.label()).parse(), Ok(rubric));
        }
        assert!("Divers".parse::<Rubric>().is_err());
        assert_eq!(Rubric::read_loosely("Physiopathologie"), Some(Rubric::Pathophysiology));
        assert_eq!(Rubric::read_loosely("Suivi et / ou pronostic"), Some(Rubric::FollowUp));
        assert_eq!(Rubric::read_loosely("Divers"), None);
    }
}
