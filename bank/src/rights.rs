//! Who may do what with the entries of a folder.
//!
//! A right is given on a folder to everyone, to the members of a unit (an establishment or a college), or to
//! a person; it holds in the folders below. The greatest one counts: nothing takes away what a folder above
//! gives, so that a folder meant for few is put where few have rights. What someone's roles let them do at
//! all is decided elsewhere; both are needed.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

/// What may be done in a folder; each level gives those before it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// See entries, use them on a paper.
    Read,
    /// Write and comment.
    Write,
    /// Decide on what others wrote.
    Review,
    /// Make folders, give rights.
    Manage,
}

impl Level {
    /// Every level, from the least.
    pub const ALL: [Self; 4] = [Self::Read, Self::Write, Self::Review, Self::Manage];

    /// The number kept in databases, from 1.
    pub fn number(self) -> i64 {
        self as i64 + 1
    }

    /// Reads a number.
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.number() == number)
    }

    /// The French verb, for forms.
    pub fn french(self) -> &'static str {
        match self {
            Self::Read => "lire",
            Self::Write => "écrire",
            Self::Review => "relire et valider",
            Self::Manage => "gérer",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.french())
    }
}

/// To whom a right is given.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Holder {
    /// Everyone who has an account.
    Everyone,
    /// Members of a unit, those of the colleges of an establishment included.
    Unit(String),
    /// One person.
    Person(String),
}

/// A folder, by id, and the one it is in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// Folder.
    pub id: String,
    /// The one it is in.
    pub parent: Option<String>,
}

/// A right given on a folder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Grant {
    /// Folder.
    pub folder: String,
    /// To whom.
    pub holder: Holder,
    /// How far.
    pub level: Level,
}

/// Units that a person belongs to: those they are a member of, and the establishments of their colleges.
pub fn units_with_parents(own: &[String], parent_of: &HashMap<String, String>) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for unit in own {
        let mut at = Some(unit);
        // A unit already seen ends the climb, so that a loop in the data ends it too.
        while let Some(unit) = at.filter(|unit| !all.contains(*unit)) {
            all.insert(unit.clone());
            at = parent_of.get(unit);
        }
    }
    all
}

/// What a person may do in each folder where they may do anything.
pub fn levels(places: &[Place], grants: &[Grant], person: &str, units: &BTreeSet<String>) -> BTreeMap<String, Level> {
    let mut own: HashMap<&str, Level> = HashMap::new();
    for grant in grants {
        let holds = match &grant.holder {
            Holder::Everyone => true,
            Holder::Unit(unit) => units.contains(unit),
            Holder::Person(id) => id == person,
        };
        if holds {
            let level = own.entry(&grant.folder).or_insert(grant.level);
            *level = (*level).max(grant.level);
        }
    }
    let parent: HashMap<&str, Option<&str>> = places.iter().map(|p| (p.id.as_str(), p.parent.as_deref())).collect();
    let mut found = BTreeMap::new();
    for place in places {
        let (mut at, mut seen, mut best) = (Some(place.id.as_str()), BTreeSet::new(), None);
        while let Some(id) = at.filter(|id| seen.insert(*id)) {
            best = best.max(own.get(id).copied());
            at = parent.get(id).copied().flatten();
        }
        if let Some(level) = best {
            found.insert(place.id.clone(), level);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(id: &str, parent: Option<&str>) -> Place {
        Place { id: id.into(), parent: parent.map(Into::into) }
    }

    fn grant(folder: &str, holder: Holder, level: Level) -> Grant {
        Grant { folder: folder.into(), holder, level }
    }

    #[test]
    fn a_right_holds_below_and_nowhere_else() {
        let places = [place("a", None), place("b", Some("a")), place("c", Some("b")), place("d", None)];
        let grants = [
            grant("a", Holder::Everyone, Level::Read),
            grant("b", Holder::Unit("cardio".into()), Level::Review),
            grant("c", Holder::Person("p".into()), Level::Manage),
            grant("d", Holder::Person("q".into()), Level::Manage),
        ];
        let parents = HashMap::from([("cardio".to_owned(), "lille".to_owned())]);
        let units = units_with_parents(&["cardio".to_owned()], &parents);
        assert_eq!(units, BTreeSet::from(["cardio".to_owned(), "lille".to_owned()]));
        let found = levels(&places, &grants, "p", &units);
        let wanted = [("a", Level::Read), ("b", Level::Review), ("c", Level::Manage)];
        assert_eq!(found, wanted.into_iter().map(|(f, l)| (f.to_owned(), l)).collect());
        let other = levels(&places, &grants, "z", &BTreeSet::new());
        assert!(other.values().all(|l| *l == Level::Read) && other.len() == 3, "{other:?}");
    }

    #[test]
    fn an_establishment_reaches_its_colleges() {
        let places = [place("a", None)];
        let grants = [grant("a", Holder::Unit("lille".into()), Level::Write)];
        let parents = HashMap::from([("cardio".to_owned(), "lille".to_owned())]);
        let units = units_with_parents(&["cardio".to_owned()], &parents);
        assert_eq!(levels(&places, &grants, "p", &units).get("a"), Some(&Level::Write));
    }

    #[test]
    fn loops_in_the_data_end() {
        let places = [place("a", Some("b")), place("b", Some("a"))];
        let grants = [grant("b", Holder::Everyone, Level::Read)];
        assert_eq!(levels(&places, &grants, "p", &BTreeSet::new()).len(), 2);
        let parents = HashMap::from([("x".to_owned(), "y".to_owned()), ("y".to_owned(), "x".to_owned())]);
        assert_eq!(units_with_parents(&["x".to_owned()], &parents).len(), 2);
    }

    #[test]
    fn numbers_are_those_of_the_database() {
        for level in Level::ALL {
            assert_eq!(Level::from_number(level.number()), Some(level));
        }
        assert_eq!((Level::from_number(0), Level::from_number(5), Level::Read.number()), (None, None, 1));
    }
}
