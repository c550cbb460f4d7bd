//! A referential of any discipline: a tree of coded nodes, in one version.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::code::Code;
use crate::objective::Rank;
use crate::rubric::Rubric;
use crate::slug::Slug;

/// What is known of a title's completeness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TitleStatus {
    /// As its publisher writes it.
    #[default]
    Complete,
    /// Was cut in a first source, completed from another.
    Completed,
    /// Its end is missing. Kept as it is: an ending is never guessed.
    Truncated,
    /// Perhaps cut; the source does not allow to tell.
    Uncertain,
}

impl TitleStatus {
    /// Every status.
    pub const ALL: [Self; 4] = [Self::Complete, Self::Completed, Self::Truncated, Self::Uncertain];

    /// The word in files and in the store.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Completed => "completed",
            Self::Truncated => "truncated",
            Self::Uncertain => "uncertain",
        }
    }

    /// For people: `None` when there is nothing to say.
    #[must_use]
    pub const fn french(self) -> Option<&'static str> {
        match self {
            Self::Complete | Self::Completed => None,
            Self::Truncated => Some("intitulé tronqué"),
            Self::Uncertain => Some("intitulé peut-être tronqué"),
        }
    }

    /// Reads the word of a file; what follows a word (`completed_from_…`) says where from.
    #[must_use]
    pub fn from_name(text: &str) -> Option<Self> {
        let folded = crate::text::fold(text.trim());
        let word = folded.split(|c: char| !c.is_alphanumeric()).next().unwrap_or("");
        match word {
            "complete" | "complet" => Some(Self::Complete),
            "completed" => Some(Self::Completed),
            "truncated" | "tronque" => Some(Self::Truncated),
            "uncertain" | "incertain" => Some(Self::Uncertain),
            _ => None,
        }
    }

    /// The status of a title that comes without one: cut when it ends on an ellipsis, an open
    /// bracket, a comma or a word that never ends a French phrase (« de », « et »…).
    #[must_use]
    pub fn guess(title: &str) -> Self {
        if looks_cut(title.trim()) { Self::Truncated } else { Self::Complete }
    }
}

/// Words after which a French title goes on. Words in capitals are abbreviations.
const UNFINISHED: [&str; 37] = [
    "à", "au", "aux", "avec", "ce", "ces", "cette", "chez", "dans", "de", "des", "dont", "du", "en", "entre", "et",
    "et/ou", "la", "le", "les", "leur", "leurs", "l’", "d’", "ne", "ou", "par", "pour", "que", "qui", "sa", "sans",
    "ses", "sur", "un", "une", "voire",
];

fn looks_cut(title: &str) -> bool {
    let last = title.split_whitespace().next_back().unwrap_or("").replace('\'', "’");
    title.ends_with(['…', ',', ':', ';', '(', '-', '’'])
        || title.ends_with("...")
        || UNFINISHED.contains(&last.as_str())
        || title.matches('(').count() > title.matches(')').count()
}

/// Whether a node may still be taught and tagged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NodeStatus {
    /// In force.
    #[default]
    Current,
    /// Still listed, no longer to be used.
    Deprecated,
}

impl NodeStatus {
    /// The word in files and in the store.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Deprecated => "deprecated",
        }
    }

    /// Reads that word, or its French.
    #[must_use]
    pub fn from_name(text: &str) -> Option<Self> {
        match crate::text::fold(text.trim()).as_str() {
            "" | "current" | "actif" | "active" | "en vigueur" => Some(Self::Current),
            "deprecated" | "retire" | "obsolete" | "abroge" => Some(Self::Deprecated),
            _ => None,
        }
    }
}

/// One node: a chapter, an item, an objective, a teaching unit…
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// Its code, unique in the referential.
    pub code: Code,
    /// The node above; none at the top.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Code>,
    /// Its title, in French.
    pub title: String,
    /// Whether the title is whole.
    #[serde(default)]
    pub title_status: TitleStatus,
    /// What it is, in its publisher's words (`objectif`, `UE`, `compétence`); may be empty.
    #[serde(default)]
    pub kind: String,
    /// Its rank, in referentials that have ranks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rank: Option<Rank>,
    /// Its rubric, in the national one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rubric: Option<Rubric>,
    /// Whether it is in force.
    #[serde(default)]
    pub status: NodeStatus,
    /// Codes of the version before that it takes over, when its publisher says so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaces: Vec<Code>,
}

impl Node {
    /// A node in force with a whole title, at the top.
    #[must_use]
    pub fn new(code: Code, title: impl Into<String>) -> Self {
        Self {
            code,
            parent: None,
            title: title.into(),
            title_status: TitleStatus::Complete,
            kind: String::new(),
            rank: None,
            rubric: None,
            status: NodeStatus::Current,
            replaces: Vec::new(),
        }
    }
}

/// A referential in one version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Referential {
    /// Short name, as written in tags: `slug:code`.
    pub slug: Slug,
    /// Its title, in French.
    pub title: String,
    /// Name of this version (`2026-2027`, `LISA 2025`).
    pub version: String,
    /// Who publishes it.
    #[serde(default)]
    pub publisher: String,
    /// Under which licence.
    #[serde(default)]
    pub licence: String,
    /// Its nodes, a parent before its children, in the publisher's order.
    pub nodes: Vec<Node>,
}

/// Something wrong or worth a look in a file, with its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Where: `ligne 12`, `page « … »`, `CFItem 3`.
    pub place: String,
    /// What, and what to do; in French.
    pub message: String,
}

impl Fault {
    /// A fault at a place.
    pub(crate) fn at(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self { place: place.into(), message: message.into() }
    }
}

/// What a reader made of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Read {
    /// The good nodes, a parent before its children.
    pub nodes: Vec<Node>,
    /// What was refused, in the order of the file.
    pub faults: Vec<Fault>,
    /// What was kept and should be looked at.
    pub warnings: Vec<Fault>,
    /// What the file says of the whole, where its format says it.
    pub about: About,
}

/// What a file says of the referential as a whole; empty where it says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// Title.
    pub title: String,
    /// Name of the version.
    pub version: String,
    /// Publisher.
    pub publisher: String,
    /// Licence.
    pub licence: String,
}

/// Puts parents before their children, each family in the order it came in. What cannot be placed
/// (a repeated code, a parent that is absent or a circle) is a fault at its place.
pub(crate) fn arrange(placed: Vec<(String, Node)>) -> (Vec<Node>, Vec<Fault>) {
    let mut faults = Vec::new();
    let mut first: HashMap<Code, String> = HashMap::new();
    let mut kept: Vec<(String, Node)> = Vec::with_capacity(placed.len());
    for (place, node) in placed {
        if let Some(before) = first.get(&node.code) {
            faults.push(Fault::at(place, format!("code « {} » déjà donné ({before})", node.code)));
        } else {
            first.insert(node.code.clone(), place.clone());
            kept.push((place, node));
        }
    }
    let mut children: HashMap<Option<Code>, Vec<usize>> = HashMap::new();
    let mut unplaced = HashSet::new();
    for (index, (place, node)) in kept.iter().enumerate() {
        match &node.parent {
            Some(parent) if !first.contains_key(parent) => {
                unplaced.insert(index);
                let message = format!("« {} » : parent « {parent} » absent du fichier", node.code);
                faults.push(Fault::at(place.clone(), message));
            }
            parent => children.entry(parent.clone()).or_default().push(index),
        }
    }
    // Depth first from the top, without recursion: depth comes from the file.
    let mut order = Vec::with_capacity(kept.len());
    let mut stack: Vec<usize> = children.get(&None).cloned().unwrap_or_default().into_iter().rev().collect();
    while let Some(index) = stack.pop() {
        order.push(index);
        if let Some(below) = children.get(&Some(kept[index].1.code.clone())) {
            stack.extend(below.iter().rev());
        }
    }
    let reached: HashSet<usize> = order.iter().copied().collect();
    for (index, (place, node)) in kept.iter().enumerate() {
        if !reached.contains(&index) && !unplaced.contains(&index) {
            let message = format!("« {} » : ses parents forment une boucle ou sont refusés", node.code);
            faults.push(Fault::at(place.clone(), message));
        }
    }
    let mut nodes: Vec<Option<Node>> = kept.into_iter().map(|(_, node)| Some(node)).collect();
    (order.into_iter().filter_map(|index| nodes[index].take()).collect(), faults)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cut_titles_are_seen_and_abbreviations_are_not() {
        for cut in ["Connaître les principes de", "Citer les causes (dont", "Décrire l’", "Prise en charge…", "Bilan,"]
        {
            assert_eq!(TitleStatus::guess(cut), TitleStatus::Truncated, "{cut}");
        }
        for whole in ["Connaître les étiologies des LA", "Savoir comment se fait l’émission d’un son", "Rang A"]
        {
            assert_eq!(TitleStatus::guess(whole), TitleStatus::Complete, "{whole}");
        }
        for status in TitleStatus::ALL {
            assert_eq!(TitleStatus::from_name(status.name()), Some(status));
        }
        assert_eq!(TitleStatus::from_name("completed_from_lisa2024"), Some(TitleStatus::Completed));
        assert_eq!(TitleStatus::from_name("?"), None);
    }

    fn node(code: &str, parent: Option<&str>) -> (String, Node) {
        let parse = |text: &str| text.parse::<Code>().ok();
        let mut node = Node::new(parse(code).unwrap_or_else(|| unreachable!("{code}")), code);
        node.parent = parent.and_then(parse);
        (format!("ligne {code}"), node)
    }

    #[test]
    fn parents_come_first_and_circles_are_told() {
        let (nodes, faults) = arrange(vec![
            node("2.1", Some("2")),
            node("1", None),
            node("2", None),
            node("1.1", Some("1")),
            node("1", None),
            node("x", Some("absent")),
            node("y", Some("x")),
            node("a", Some("b")),
            node("b", Some("a")),
        ]);
        let order: Vec<&str> = nodes.iter().map(|n| n.code.as_str()).collect();
        assert_eq!(order, ["1", "1.1", "2", "2.1"]);
        let told: Vec<&str> = faults.iter().map(|f| f.place.as_str()).collect();
        assert_eq!(told, ["ligne 1", "ligne x", "ligne y", "ligne a", "ligne b"]);
        assert!(faults[0].message.contains("déjà donné (ligne 1)") && faults[3].message.contains("boucle"));
    }
}
