//! What differs between two versions, as data, and what becomes of a code across it.
//!
//! [`diff`] compares two imported versions; the national lists' own changes are in
//! [`national`](crate::Version). Both give [`Change`]s, and [`follow_code`] reads either.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;

use crate::model::Node;
use crate::objective::ObjectiveCode;
use crate::text::fold;

/// One difference between a version and the next. Codes are those of nodes, or tags.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    /// A code that the version before did not have.
    Added {
        /// The code.
        code: String,
    },
    /// A code that has no successor.
    Removed {
        /// The code.
        code: String,
        /// What resembles it most in the new version, the likeliest first.
        candidates: Vec<String>,
    },
    /// The same matter under another code.
    Moved {
        /// Before.
        from: String,
        /// After.
        to: String,
    },
    /// One code became several.
    Split {
        /// Before.
        from: String,
        /// After, two or more.
        to: Vec<String>,
    },
    /// Several codes became one.
    Merged {
        /// Before, two or more.
        from: Vec<String>,
        /// After.
        to: String,
    },
    /// The same code under another title.
    Retitled {
        /// The code.
        code: String,
        /// Title before.
        before: String,
        /// Title after.
        after: String,
    },
    /// The same code, elsewhere in the tree.
    Reparented {
        /// The code.
        code: String,
        /// Parent before; empty at the top.
        before: String,
        /// Parent after; empty at the top.
        after: String,
    },
}

/// Why a tag needs a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewReason {
    /// Nothing took it over.
    Removed,
    /// Several took it over: which one is meant?
    Split,
    /// The version it is followed from does not know it.
    Unknown,
}

impl ReviewReason {
    /// For people.
    #[must_use]
    pub const fn french(self) -> &'static str {
        match self {
            Self::Removed => "retiré, sans successeur",
            Self::Split => "partagé entre plusieurs",
            Self::Unknown => "inconnu de cette version",
        }
    }
}

/// What becomes of a code, or of a tag, in another version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "followed", rename_all = "snake_case")]
pub enum Followed<T> {
    /// It means the same.
    Same,
    /// It is now this one.
    Moved {
        /// The new one.
        to: T,
    },
    /// A person must choose.
    Review {
        /// Why.
        reason: ReviewReason,
        /// What it could become, the likeliest first; may be empty.
        candidates: Vec<T>,
    },
}

/// What becomes of a code across the changes from a version to the next. The code is taken to be
/// of the version before.
#[must_use]
pub fn follow_code(code: &str, changes: &[Change]) -> Followed<String> {
    for change in changes {
        match change {
            Change::Moved { from, to } if from == code => return Followed::Moved { to: to.clone() },
            Change::Merged { from, to } if to != code && from.iter().any(|f| f == code) => {
                return Followed::Moved { to: to.clone() };
            }
            Change::Split { from, to } if from == code => {
                return Followed::Review { reason: ReviewReason::Split, candidates: to.clone() };
            }
            Change::Removed { code: gone, candidates } if gone == code => {
                return Followed::Review { reason: ReviewReason::Removed, candidates: candidates.clone() };
            }
            Change::Added { .. }
            | Change::Removed { .. }
            | Change::Moved { .. }
            | Change::Split { .. }
            | Change::Merged { .. }
            | Change::Retitled { .. }
            | Change::Reparented { .. } => {}
        }
    }
    Followed::Same
}

/// The differences between two versions of a referential, in the order of the new one, then what
/// is gone in the order of the old one.
///
/// A code that disappears follows, in this order: what the new version says it replaces; the same
/// objective of the national referential under another rank; the one new node of the same parent
/// whose title is the same. Anything else is removed, with the likeliest new nodes as candidates:
/// a resemblance is proposed, never taken.
#[must_use]
pub fn diff(before: &[Node], after: &[Node]) -> Vec<Change> {
    let old: HashMap<&str, &Node> = before.iter().map(|n| (n.code.as_str(), n)).collect();
    let new: HashMap<&str, &Node> = after.iter().map(|n| (n.code.as_str(), n)).collect();
    let mut successors: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for node in after {
        for replaced in node.replaces.iter().filter(|r| **r != node.code && old.contains_key(r.as_str())) {
            successors.entry(replaced.as_str()).or_default().insert(node.code.as_str());
        }
    }
    let added: Vec<&Node> = after.iter().filter(|n| !old.contains_key(n.code.as_str())).collect();
    let gone: Vec<&Node> = before.iter().filter(|n| !new.contains_key(n.code.as_str())).collect();
    let same_title = Resemblance::of(&added, &gone);
    for node in &gone {
        if !successors.contains_key(node.code.as_str())
            && let Some(to) = reranked(node, &added).or_else(|| same_title.only(node))
        {
            successors.entry(node.code.as_str()).or_default().insert(to);
        }
    }
    let mut changes = Vec::new();
    let mut sources: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (from, to) in &successors {
        let is_kept = new.contains_key(from);
        match to.iter().collect::<Vec<_>>()[..] {
            [only] => sources.entry(only).or_default().push(from),
            _ if !is_kept => {
                let to = to.iter().map(|t| (*t).to_owned()).collect();
                changes.push(Change::Split { from: (*from).to_owned(), to });
            }
            // Still listed beside those that take parts of it over: nothing has to follow.
            _ => {}
        }
    }
    for (to, from) in sources {
        match from[..] {
            [only] if !new.contains_key(only) => {
                changes.push(Change::Moved { from: only.to_owned(), to: to.to_owned() });
            }
            [_] => {}
            _ => {
                changes.push(Change::Merged { from: from.iter().map(|f| (*f).to_owned()).collect(), to: to.to_owned() })
            }
        }
    }
    for node in after {
        let Some(older) = old.get(node.code.as_str()) else {
            changes.push(Change::Added { code: node.code.to_string() });
            continue;
        };
        if older.title != node.title {
            let (code, before, after) = (node.code.to_string(), older.title.clone(), node.title.clone());
            changes.push(Change::Retitled { code, before, after });
        }
        if older.parent != node.parent {
            let parent = |n: &Node| n.parent.as_ref().map(ToString::to_string).unwrap_or_default();
            let (code, before, after) = (node.code.to_string(), parent(older), parent(node));
            changes.push(Change::Reparented { code, before, after });
        }
    }
    for node in gone.iter().filter(|n| !successors.contains_key(n.code.as_str())) {
        changes.push(Change::Removed { code: node.code.to_string(), candidates: candidates(node, after) });
    }
    changes
}

/// The nodes of a version that resemble a node gone from it: those of the same parent or item first, then
/// by the share of words that both titles have; at most five, none without a common word.
#[must_use]
pub fn candidates(gone: &Node, after: &[Node]) -> Vec<String> {
    let words: BTreeSet<String> = crate::text::words(&gone.title).into_iter().filter(|w| w.len() > 3).collect();
    let mut found: Vec<(bool, usize, &Node)> = after
        .iter()
        .filter_map(|node| {
            let other: BTreeSet<String> = crate::text::words(&node.title).into_iter().filter(|w| w.len() > 3).collect();
            let common = words.intersection(&other).count();
            let share = 1000 * common / words.union(&other).count().max(1);
            let sibling = family(node).is_some() && family(node) == family(gone);
            (share >= if sibling { 150 } else { 500 }).then_some((sibling, share, node))
        })
        .collect();
    found.sort_by_key(|(sibling, share, _)| std::cmp::Reverse((*sibling, *share)));
    found.into_iter().take(5).map(|(_, _, node)| node.code.to_string()).collect()
}

/// What a node stands under: its parent, or the item of a national objective.
fn family(node: &Node) -> Option<String> {
    let item = || node.code.as_str().parse::<ObjectiveCode>().ok().map(|code| code.item().to_string());
    node.parent.as_ref().map(ToString::to_string).or_else(item)
}

/// The same place in the same national item under another rank.
fn reranked<'n>(gone: &Node, added: &[&'n Node]) -> Option<&'n str> {
    let code: ObjectiveCode = gone.code.as_str().parse().ok()?;
    added
        .iter()
        .find(|node| {
            node.code.as_str().parse::<ObjectiveCode>().is_ok_and(|other| {
                other.item() == code.item() && other.ordinal() == code.ordinal() && alike(&gone.title, &node.title)
            })
        })
        .map(|node| node.code.as_str())
}

/// Do two titles say the same, but for accents, case, punctuation or a cut end?
fn alike(a: &str, b: &str) -> bool {
    let plain = |text: &str| fold(text).chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    let (a, b) = (plain(a), plain(b));
    !a.is_empty() && !b.is_empty() && (a.starts_with(&b) || b.starts_with(&a))
}

/// New and gone nodes by parent and title.
struct Resemblance<'n> {
    added: HashMap<(String, String), Vec<&'n str>>,
    gone: HashMap<(String, String), usize>,
}

impl<'n> Resemblance<'n> {
    fn key(node: &Node) -> (String, String) {
        (family(node).unwrap_or_default(), fold(node.title.trim()))
    }

    fn of(added: &[&'n Node], gone: &[&Node]) -> Self {
        let mut all = Self { added: HashMap::new(), gone: HashMap::new() };
        for node in added {
            all.added.entry(Self::key(node)).or_default().push(node.code.as_str());
        }
        for node in gone {
            *all.gone.entry(Self::key(node)).or_default() += 1;
        }
        all
    }

    /// The new node of that parent and title, if there is one only and one only is gone: titles
    /// repeat inside some items.
    fn only(&self, gone: &Node) -> Option<&'n str> {
        let key = Self::key(gone);
        match (self.added.get(&key).map(Vec::as_slice), self.gone.get(&key)) {
            (Some([only]), Some(1)) if !key.1.is_empty() => Some(only),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::Code;

    fn node(code: &str, parent: &str, title: &str, replaces: &[&str]) -> Node {
        let parse = |text: &str| text.parse::<Code>().ok();
        let mut node = Node::new(parse(code).unwrap_or_else(|| unreachable!("{code}")), title);
        node.parent = parse(parent);
        node.replaces = replaces.iter().filter_map(|r| parse(r)).collect();
        node
    }

    #[test]
    fn a_version_is_compared_with_the_next() {
        let before = [
            node("a", "", "Anatomie", &[]),
            node("a1", "a", "Os du membre supérieur", &[]),
            node("a2", "a", "Os du membre inférieur", &[]),
            node("a3", "a", "Artères", &[]),
            node("a4", "a", "Veines", &[]),
            node("a5", "a", "Nerfs", &[]),
            node("a6", "a", "Muscles du tronc et du cou", &[]),
        ];
        let after = [
            node("a", "", "Anatomie humaine", &[]),
            node("b1", "a", "Os du membre supérieur", &[]),
            node("a2", "b1", "Os du membre inférieur", &[]),
            node("v", "a", "Vaisseaux", &["a3", "a4"]),
            node("n1", "a", "Nerfs crâniens", &["a5"]),
            node("n2", "a", "Nerfs spinaux", &["a5"]),
            node("m", "a", "Muscles du cou", &[]),
        ];
        let changes = diff(&before, &after);
        let is = |change: Change| assert!(changes.contains(&change), "{change:?} in {changes:?}");
        let s = |text: &str| text.to_owned();
        is(Change::Moved { from: s("a1"), to: s("b1") });
        is(Change::Merged { from: vec![s("a3"), s("a4")], to: s("v") });
        is(Change::Split { from: s("a5"), to: vec![s("n1"), s("n2")] });
        is(Change::Removed { code: s("a6"), candidates: vec![s("m")] });
        is(Change::Retitled { code: s("a"), before: s("Anatomie"), after: s("Anatomie humaine") });
        is(Change::Reparented { code: s("a2"), before: s("a"), after: s("b1") });
        is(Change::Added { code: s("m") });
        assert_eq!(follow_code("a2", &changes), Followed::Same);
        assert_eq!(follow_code("a1", &changes), Followed::Moved { to: s("b1") });
        assert_eq!(follow_code("a4", &changes), Followed::Moved { to: s("v") });
        let split = Followed::Review { reason: ReviewReason::Split, candidates: vec![s("n1"), s("n2")] };
        assert_eq!(follow_code("a5", &changes), split);
        assert!(matches!(follow_code("a6", &changes), Followed::Review { reason: ReviewReason::Removed, .. }));
        assert_eq!(diff(&after, &after), []);
    }

    #[test]
    fn an_objective_follows_its_rank_but_not_another_title() {
        let before = [node("OIC-031-11-B", "", "Connaître les causes du", &[]), node("OIC-031-12-A", "", "Citer", &[])];
        let after = [
            node("OIC-031-11-A", "", "Connaître les causes du prurit", &[]),
            node("OIC-031-12-B", "", "Traiter une crise", &[]),
        ];
        let changes = diff(&before, &after);
        assert_eq!(follow_code("OIC-031-11-B", &changes), Followed::Moved { to: "OIC-031-11-A".into() });
        assert!(matches!(follow_code("OIC-031-12-A", &changes), Followed::Review { .. }));
    }

    #[test]
    fn repeated_titles_are_never_a_key() {
        let before = [node("x1", "p", "Bilan", &[]), node("x2", "p", "Bilan", &[])];
        let after = [node("y1", "p", "Bilan", &[]), node("y2", "p", "Bilan", &[])];
        let changes = diff(&before, &after);
        assert!(changes.iter().all(|c| !matches!(c, Change::Moved { .. })), "{changes:?}");
        let Followed::Review { candidates, .. } = follow_code("x1", &changes) else { unreachable!("{changes:?}") };
        assert_eq!(candidates, ["y1", "y2"]);
    }
}
