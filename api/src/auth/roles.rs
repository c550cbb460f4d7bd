//! Roles, and who may pass a door.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What someone may do. A person may hold several.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Étudiant: sits exams, reads own corrections.
    Student,
    /// Auteur, tuteur: brings questions.
    Author,
    /// Relecteur: reads the bank.
    Reviewer,
    /// Comité d'examen: runs exams, decides on marks.
    Committee,
    /// Surveillant: watches a room, gives time, gives a sheet back.
    Supervisor,
    /// Scolarité: candidates, accommodations, exports.
    Registrar,
    /// Administrateur: accounts.
    Administrator,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 7] = [
        Self::Student,
        Self::Author,
        Self::Reviewer,
        Self::Committee,
        Self::Supervisor,
        Self::Registrar,
        Self::Administrator,
    ];

    /// The word stored and sent.
    pub fn name(self) -> &'static str {
        match self {
            Self::Student => "student",
            Self::Author => "author",
            Self::Reviewer => "reviewer",
            Self::Committee => "committee",
            Self::Supervisor => "supervisor",
            Self::Registrar => "registrar",
            Self::Administrator => "administrator",
        }
    }

    /// In French, for people.
    pub fn french(self) -> &'static str {
        match self {
            Self::Student => "Étudiant",
            Self::Author => "Auteur, tuteur",
            Self::Reviewer => "Relecteur",
            Self::Committee => "Comité d’examen",
            Self::Supervisor => "Surveillant",
            Self::Registrar => "Scolarité",
            Self::Administrator => "Administrateur",
        }
    }

    /// Reads a stored word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// Who may pass a door. What an object adds (one's own sheet only) is checked where it is read, and
/// answers as if absent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// Everyone.
    Public,
    /// Everyone signed in.
    SignedIn,
    /// Those who hold one of these roles.
    Roles(&'static [Role]),
}

impl Access {
    /// May someone with these roles pass? `None`: not signed in.
    pub fn allows(self, roles: Option<&[Role]>) -> bool {
        match (self, roles) {
            (Self::Public, _) | (Self::SignedIn, Some(_)) => true,
            (Self::Roles(wanted), Some(held)) => held.iter().any(|role| wanted.contains(role)),
            (Self::SignedIn | Self::Roles(_), None) => false,
        }
    }
}
