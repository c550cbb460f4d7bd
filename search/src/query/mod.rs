//! One line of search, its grammar and its tree.
//!
//! Answers: what did the user ask? Reading order: [`GRAMMAR_FR`], [`Node`], `parse`, `fields`, `values`, `print`. Not
//! here: what is in the index (`crate::plan`).
//!
//! ```text
//! line    = or
//! or      = and { ("OR" | "OU" | "|") and }            loosest
//! and     = unary { ["AND" | "ET"] unary }             words side by side
//! unary   = ["-" | "NOT" | "SAUF"] atom
//! atom    = "(" or ")" | phrase | filter | prefix | word
//! phrase  = '"' … '"'  or  « … »
//! prefix  = word "*"
//! filter  = field ":" value { "," value }  |  field ":" range  |  field comparison number
//! range   = [bound] ".." [bound]  |  ("<" | "<=" | ">" | ">=" | "=") bound
//! ```
//!
//! Reading never fails on form: a quote or a parenthesis left open is closed, an unknown field is searched as text, and
//! a [`Remark`] says so. What cannot be guessed without changing the question asked, such as `item:999`, is a [`Fault`].
//! A [`Query`] prints as a line that reads back to the same query: that line is what a saved search keeps.

mod fields;
mod parse;
mod print;
mod values;

pub use fields::{Facet, Measure, Moment, Sort, SortKey};
pub use parse::parse;
pub use values::{Days, Span};

pub(crate) use fields::{NEVER, NONE, distance};
pub(crate) use parse::clean;
pub(crate) use values::start_ms;

/// Changes when a line may no longer mean what it meant; kept beside saved searches.
pub const GRAMMAR_VERSION: u32 = 1;

/// The help shown to users.
pub const GRAMMAR_FR: &str = include_str!("../../data/grammaire_fr.txt");

/// What is asked, as a tree.
#[derive(Clone, PartialEq, Debug)]
pub enum Node {
    /// Everything.
    All,
    /// A word, as typed.
    Word(String),
    /// Words that begin so.
    Prefix(String),
    /// Words in that order, little words included.
    Phrase(String),
    /// A field's value.
    Filter(Filter),
    /// Not that.
    Not(Box<Node>),
    /// All of these, at least two.
    And(Vec<Node>),
    /// One of these at least, at least two.
    Or(Vec<Node>),
}

/// A condition on a field.
#[derive(Clone, PartialEq, Debug)]
pub enum Filter {
    /// The facet has that value, in canonical form.
    Is(Facet, String),
    /// Items or situations of these numbers, both included.
    Between(Facet, u16, u16),
    /// The measure is in that span.
    Measure(Measure, Span),
    /// The moment is in those days.
    Moment(Moment, Days),
    /// Used by no exam since that day, or ever.
    UnusedSince(jiff::civil::Date),
    /// Used by an exam, or by none.
    EverUsed(bool),
    /// That code exactly: external id, entry, objective, item, code of another referential.
    Code(String),
    /// Same fingerprint.
    Fingerprint(String),
}

/// A line understood.
#[derive(Clone, PartialEq, Debug)]
pub struct Query {
    /// What is asked.
    pub node: Node,
    /// In what order, if the line says it.
    pub sort: Option<Sort>,
}

/// A line with what was noticed in reading it.
#[derive(Clone, PartialEq, Debug)]
pub struct Parsed {
    /// What was understood.
    pub query: Query,
    /// What was guessed, in order of place.
    pub remarks: Vec<Remark>,
}

/// Something guessed, with its place in bytes of the line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Remark {
    /// First byte.
    pub start: usize,
    /// One past the last.
    pub end: usize,
    /// What was done, in French.
    pub message: String,
    /// What to write instead of that part of the line, if something is likely.
    pub proposal: Option<String>,
}

/// A part of the line that cannot be read, with its place.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("caractère {character} : {message}{}", .proposal.as_ref().map(|p| format!(" ; essayez « {p} »")).unwrap_or_default())]
pub struct Fault {
    /// First byte.
    pub start: usize,
    /// One past the last.
    pub end: usize,
    /// Place of the first character, from 1.
    pub character: usize,
    /// What is wrong, in French.
    pub message: String,
    /// What to write instead of that part of the line, if something is likely.
    pub proposal: Option<String>,
}

impl Node {
    /// The facet that a condition selects values of, if all of it is about one.
    #[must_use]
    pub fn facet(&self) -> Option<Facet> {
        match self {
            Self::Filter(filter) => filter.facet(),
            Self::Or(nodes) => {
                let first = nodes.first()?.facet()?;
                nodes.iter().all(|n| n.facet() == Some(first)).then_some(first)
            }
            Self::Not(node) => node.facet(),
            Self::All | Self::Word(_) | Self::Prefix(_) | Self::Phrase(_) | Self::And(_) => None,
        }
    }

    /// Conditions that must all hold.
    #[must_use]
    pub fn conjuncts(&self) -> &[Self] {
        match self {
            Self::All => &[],
            Self::And(nodes) => nodes,
            _ => std::slice::from_ref(self),
        }
    }

    /// All of the nodes, flattened.
    #[must_use]
    pub fn all(nodes: Vec<Self>) -> Self {
        let mut flat = Vec::new();
        for node in nodes {
            match node {
                Self::All => {}
                Self::And(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        match flat.len() {
            0 => Self::All,
            1 => flat.remove(0),
            _ => Self::And(flat),
        }
    }

    /// One of the nodes, flattened.
    #[must_use]
    pub fn any(nodes: Vec<Self>) -> Self {
        let mut flat = Vec::new();
        for node in nodes {
            match node {
                Self::Or(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        match flat.len() {
            0 => Self::All,
            1 => flat.remove(0),
            _ => Self::Or(flat),
        }
    }

    /// The contrary.
    #[must_use]
    pub fn negated(self) -> Self {
        match self {
            Self::Not(inner) => *inner,
            other => Self::Not(Box::new(other)),
        }
    }

    /// Does it ask for words, whose presence makes a relevance?
    #[must_use]
    pub fn has_text(&self) -> bool {
        match self {
            Self::Word(_) | Self::Prefix(_) | Self::Phrase(_) => true,
            Self::All | Self::Filter(_) | Self::Not(_) => false,
            Self::And(nodes) | Self::Or(nodes) => nodes.iter().any(Self::has_text),
        }
    }
}

impl Filter {
    /// The facet whose values it selects.
    #[must_use]
    pub fn facet(&self) -> Option<Facet> {
        Some(match self {
            Self::Is(facet, _) | Self::Between(facet, _, _) => *facet,
            Self::Measure(Measure::Difficulty, _) => Facet::Difficulty,
            Self::Measure(Measure::Discrimination, _) => Facet::Discrimination,
            Self::Measure(Measure::Exposure, _) => Facet::Exposure,
            Self::Moment(Moment::LastUsed, _) | Self::UnusedSince(_) | Self::EverUsed(_) => Facet::LastUse,
            Self::Measure(Measure::Uses, _)
            | Self::Moment(Moment::Created | Moment::Updated, _)
            | Self::Code(_)
            | Self::Fingerprint(_) => return None,
        })
    }
}

impl Query {
    /// The same query where `facet` is held to `value` (canonical, as facets give it) instead of what held it before.
    #[must_use]
    pub fn with(&self, facet: Facet, value: &str) -> Self {
        let mut nodes = self.without(facet).node.conjuncts().to_vec();
        nodes.push(facet.condition(value));
        Self { node: Node::all(nodes), sort: self.sort }
    }

    /// The same query where nothing holds `facet` any more.
    #[must_use]
    pub fn without(&self, facet: Facet) -> Self {
        let nodes = self.node.conjuncts().iter().filter(|n| n.facet() != Some(facet)).cloned().collect();
        Self { node: Node::all(nodes), sort: self.sort }
    }
}

#[cfg(test)]
mod tests;
