//! The versions of the national referential and what changed between them.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use serde::Serialize;

use crate::catalogue;
use crate::change::{Change, Followed, ReviewReason, follow_code};
use crate::ecn::{ecn_items, ecn_items_of};
use crate::numbers::ItemNumber;
use crate::tag::Tag;
use crate::text::fold;

/// A version of the national list of items, in order of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Version {
    /// The programme before the R2C: 362 items.
    #[serde(rename = "ECN 2013")]
    Ecn2013,
    /// The 367 items of the Bulletin officiel of 2021.
    #[serde(rename = "R2C 2021")]
    R2c2021,
    /// The same 367 items as worded in the 2024 state of the LISA.
    #[serde(rename = "LISA 2024")]
    Lisa2024,
}

impl Version {
    /// Every version, the oldest first.
    pub const ALL: [Self; 3] = [Self::Ecn2013, Self::R2c2021, Self::Lisa2024];

    /// The newest.
    pub const CURRENT: Self = Self::Lisa2024;

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ecn2013 => "ECN 2013",
            Self::R2c2021 => "R2C 2021",
            Self::Lisa2024 => "LISA 2024",
        }
    }

    /// Where it comes from, in French.
    #[must_use]
    pub const fn source(self) -> &'static str {
        match self {
            Self::Ecn2013 => "annexe de l’arrêté de 2013 relatif au deuxième cycle",
            Self::R2c2021 => "annexe d’arrêté, Bulletin officiel de 2021",
            Self::Lisa2024 => "livret LISA, état de 2024",
        }
    }

    /// Does this version have that tag? Specialties, units and other referentials are of every
    /// version; objectives are of none of the older list.
    #[must_use]
    pub fn has(self, tag: &Tag) -> bool {
        match tag {
            Tag::EcnItem(_) => self == Self::Ecn2013,
            Tag::Item(_) | Tag::Situation(_) | Tag::Objective(_) => self != Self::Ecn2013,
            Tag::Specialty(_) | Tag::Unit(_) | Tag::Other { .. } => true,
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A text that names no version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("version « {found} » inconnue (connues : ECN 2013, R2C 2021, LISA 2024)")]
pub struct VersionError {
    /// The text as it was read.
    pub found: String,
}

impl FromStr for Version {
    type Err = VersionError;

    /// Case does not matter, nor what stands between the name and the year.
    fn from_str(text: &str) -> Result<Self, VersionError> {
        let plain = |text: &str| fold(text).chars().filter(|c| c.is_alphanumeric()).collect::<String>();
        let wanted = plain(text);
        Self::ALL
            .into_iter()
            .find(|version| plain(version.name()) == wanted)
            .ok_or_else(|| VersionError { found: text.to_owned() })
    }
}

static ECN_TO_R2C: LazyLock<Vec<Change>> = LazyLock::new(ecn_to_r2c);
static R2C_TO_LISA: LazyLock<Vec<Change>> = LazyLock::new(r2c_to_lisa);
static R2C_TO_ECN: LazyLock<Vec<Change>> = LazyLock::new(r2c_to_ecn);

fn ecn_to_r2c() -> Vec<Change> {
    let mut changes = Vec::new();
    for number in ItemNumber::all() {
        let to = Tag::Item(number).to_string();
        let from: Vec<String> = ecn_items_of(number).map(|older| Tag::EcnItem(older.number).to_string()).collect();
        changes.push(match <[String; 1]>::try_from(from) {
            Ok([from]) => Change::Moved { from, to },
            Err(from) if from.is_empty() => Change::Added { code: to },
            Err(from) => Change::Merged { from, to },
        });
    }
    for older in ecn_items().iter().filter(|older| older.successor.is_none()) {
        let near = catalogue::search_items(older.title).into_iter().take(5);
        let candidates = near.map(|item| Tag::Item(item.number).to_string()).collect();
        changes.push(Change::Removed { code: Tag::EcnItem(older.number).to_string(), candidates });
    }
    changes
}

/// Backwards: what was merged is split.
fn r2c_to_ecn() -> Vec<Change> {
    let mut changes = Vec::new();
    for change in ECN_TO_R2C.iter() {
        changes.push(match change.clone() {
            Change::Moved { from, to } => Change::Moved { from: to, to: from },
            Change::Merged { from, to } => Change::Split { from: to, to: from },
            Change::Added { code } => Change::Removed { code, candidates: Vec::new() },
            Change::Removed { code, .. } => Change::Added { code },
            other @ (Change::Split { .. } | Change::Retitled { .. } | Change::Reparented { .. }) => other,
        });
    }
    changes
}

fn r2c_to_lisa() -> Vec<Change> {
    let lines = include_str!("../data/retitled.tsv").lines();
    lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .filter_map(|line| {
            let mut fields = line.split('\t');
            let number: ItemNumber = fields.next()?.parse().ok()?;
            let (before, after) = (fields.next()?.to_owned(), fields.next()?.to_owned());
            Some(Change::Retitled { code: Tag::Item(number).to_string(), before, after })
        })
        .collect()
}

/// What changed from a version to the one after it, codes being tags (`ECN:127`, `R2C:339`);
/// nothing for the newest.
#[must_use]
pub fn changes_after(version: Version) -> &'static [Change] {
    match version {
        Version::Ecn2013 => &ECN_TO_R2C,
        Version::R2c2021 => &R2C_TO_LISA,
        Version::Lisa2024 => &[],
    }
}

/// What becomes of a tag, from a version to another, older or newer.
///
/// A tag that the version it comes from does not have is put up for review as unknown. Going back
/// to the older list, an objective is followed through its item.
#[must_use]
pub fn follow(tag: &Tag, from: Version, to: Version) -> Followed<Tag> {
    if !from.has(tag) {
        return Followed::Review { reason: ReviewReason::Unknown, candidates: Vec::new() };
    }
    let changes: &[Change] = match (from == Version::Ecn2013, to == Version::Ecn2013) {
        (true, false) => &ECN_TO_R2C,
        (false, true) => &R2C_TO_ECN,
        // Between the two states of the R2C titles alone changed.
        (true, true) | (false, false) => return Followed::Same,
    };
    let code = match (tag, tag.item()) {
        (Tag::Objective(_), Some(item)) => Tag::Item(item).to_string(),
        (Tag::Situation(_), _) => {
            return Followed::Review { reason: ReviewReason::Removed, candidates: Vec::new() };
        }
        _ => tag.to_string(),
    };
    let read = |text: String| text.parse::<Tag>().ok();
    match follow_code(&code, changes) {
        Followed::Same => Followed::Same,
        Followed::Moved { to } => match read(to) {
            Some(to) => Followed::Moved { to },
            None => Followed::Same,
        },
        Followed::Review { reason, candidates } => {
            Followed::Review { reason, candidates: candidates.into_iter().filter_map(read).collect() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(text: &str) -> Tag {
        text.parse().unwrap_or_else(|error| unreachable!("{error}"))
    }

    #[test]
    fn tags_follow_or_are_reviewed() {
        let (ecn, r2c, lisa) = (Version::Ecn2013, Version::R2c2021, Version::Lisa2024);
        assert_eq!(follow(&tag("ECN:18"), ecn, lisa), Followed::Moved { to: tag("R2C:20") });
        assert_eq!(follow(&tag("R2C:339"), r2c, lisa), Followed::Same);
        assert!(matches!(follow(&tag("ECN:217"), ecn, r2c), Followed::Review { reason: ReviewReason::Removed, .. }));
        assert_eq!(
            follow(&tag("R2C:20"), lisa, ecn),
            Followed::Review {
                reason: ReviewReason::Split,
                candidates: vec![tag("ECN:14"), tag("ECN:18"), tag("ECN:20")]
            }
        );
        assert_eq!(follow(&tag("R2C:1"), r2c, ecn), Followed::Moved { to: tag("ECN:1") });
        assert_eq!(follow(&tag("OIC-001-01-A"), r2c, ecn), Followed::Moved { to: tag("ECN:1") });
        assert!(matches!(follow(&tag("ECN:1"), r2c, lisa), Followed::Review { reason: ReviewReason::Unknown, .. }));
        assert_eq!(follow(&tag("spec:cardiologie"), ecn, lisa), Followed::Same);
        assert_eq!("lisa-2024".parse(), Ok(lisa));
        assert!("LISA 1999".parse::<Version>().is_err());
    }

    #[test]
    fn every_older_tag_has_an_answer_and_every_move_comes_back() {
        let (mut moved, mut review) = (0, 0);
        for older in ecn_items() {
            match follow(&Tag::EcnItem(older.number), Version::Ecn2013, Version::CURRENT) {
                Followed::Moved { to } => {
                    moved += 1;
                    match follow(&to, Version::CURRENT, Version::Ecn2013) {
                        Followed::Moved { to } => assert_eq!(to, Tag::EcnItem(older.number)),
                        Followed::Review { candidates, .. } => {
                            assert!(candidates.contains(&Tag::EcnItem(older.number)));
                        }
                        Followed::Same => unreachable!("{to}"),
                    }
                }
                Followed::Review { .. } => review += 1,
                Followed::Same => unreachable!("{}", older.number),
            }
        }
        assert_eq!((moved, review), (360, 2));
        assert_eq!(changes_after(Version::R2c2021).len(), 31);
    }
}
