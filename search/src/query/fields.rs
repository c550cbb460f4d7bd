//! The fields of the grammar and their names.

use super::values::Span;
use super::{Filter, Node};

/// What results are counted by.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Facet {
    /// Kinds of questions, of case, and `QI` for an isolated question.
    Kind,
    /// A, B.
    Rank,
    /// Workflow.
    Status,
    /// ISO code.
    Language,
    /// `oui`, `non`.
    Image,
    /// Tenths of p, or none.
    Difficulty,
    /// Bands of the discrimination, or none.
    Discrimination,
    /// Bands of the number of people who saw it.
    Exposure,
    /// Year of the last use (UTC), or `jamais`.
    LastUse,
    /// Identifier of the author.
    Author,
    /// Who owns it.
    Establishment,
    /// Where it is filed.
    Folder,
    /// Item number.
    Item,
    /// Specialty, by slug.
    Specialty,
    /// Objective code.
    Objective,
    /// Number of the starting situation.
    Situation,
    /// Code of a flaw.
    Flaw,
    /// `ia` or `personne`: who wrote it.
    Origin,
}

impl Facet {
    /// Every facet.
    pub const ALL: [Self; 18] = [
        Self::Kind,
        Self::Rank,
        Self::Status,
        Self::Language,
        Self::Image,
        Self::Difficulty,
        Self::Discrimination,
        Self::Exposure,
        Self::LastUse,
        Self::Author,
        Self::Establishment,
        Self::Folder,
        Self::Item,
        Self::Specialty,
        Self::Objective,
        Self::Situation,
        Self::Flaw,
        Self::Origin,
    ];

    /// Its field in the grammar, which is also its French name.
    #[must_use]
    pub fn french(self) -> &'static str {
        match self {
            Self::Kind => "genre",
            Self::Rank => "rang",
            Self::Status => "statut",
            Self::Language => "langue",
            Self::Image => "image",
            Self::Difficulty => "difficulté",
            Self::Discrimination => "discrimination",
            Self::Exposure => "exposition",
            Self::LastUse => "utilisée",
            Self::Author => "auteur",
            Self::Establishment => "établissement",
            Self::Folder => "dossier",
            Self::Item => "item",
            Self::Specialty => "spécialité",
            Self::Objective => "objectif",
            Self::Situation => "situation",
            Self::Flaw => "défaut",
            Self::Origin => "origine",
        }
    }

    /// The condition that holds it to a value as its counts name it.
    #[must_use]
    pub fn condition(self, value: &str) -> Node {
        let none = value == NONE;
        let node = match self {
            Self::Difficulty if none => Filter::Measure(Measure::Difficulty, Span::EVERYTHING),
            Self::Discrimination if none => Filter::Measure(Measure::Discrimination, Span::EVERYTHING),
            Self::Difficulty => Filter::Measure(Measure::Difficulty, Span::read_band(value)),
            Self::Discrimination => Filter::Measure(Measure::Discrimination, Span::read_band(value)),
            Self::Exposure => Filter::Measure(Measure::Exposure, Span::read_band(value)),
            Self::LastUse if value == NEVER => Filter::EverUsed(false),
            Self::LastUse => match super::values::Days::read(value) {
                Some(days) => Filter::Moment(Moment::LastUsed, days),
                None => Filter::EverUsed(true),
            },
            _ => Filter::Is(self, value.to_owned()),
        };
        let node = Node::Filter(node);
        if none { node.negated() } else { node }
    }
}

/// The value of a measure that was never taken.
pub(crate) const NONE: &str = "aucune";
/// The value of a last use that never was.
pub(crate) const NEVER: &str = "jamais";

/// A number of a document.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Measure {
    /// Difficulty index p, 0..=1.
    Difficulty,
    /// Discrimination, −1..=1.
    Discrimination,
    /// People who saw it.
    Exposure,
    /// Exams that used it.
    Uses,
}

/// A date of a document.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Moment {
    /// Last used by an exam.
    LastUsed,
    /// Made.
    Created,
    /// Last changed.
    Updated,
}

/// What results are sorted by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SortKey {
    /// How well the words are answered; the default where there are words.
    Relevance,
    /// Last change; the default where there are none.
    Recency,
    /// Difficulty.
    Difficulty,
    /// Discrimination.
    Discrimination,
    /// Last use.
    LastUse,
    /// People who saw it.
    Exposure,
}

impl SortKey {
    /// Every key.
    pub const ALL: [Self; 6] =
        [Self::Relevance, Self::Recency, Self::Difficulty, Self::Discrimination, Self::LastUse, Self::Exposure];

    /// Its French name, as written after `tri:`.
    #[must_use]
    pub fn french(self) -> &'static str {
        match self {
            Self::Relevance => "pertinence",
            Self::Recency => "récence",
            Self::Difficulty => "difficulté",
            Self::Discrimination => "discrimination",
            Self::LastUse => "utilisation",
            Self::Exposure => "exposition",
        }
    }

    pub(super) fn english(self) -> &'static str {
        match self {
            Self::Relevance => "relevance",
            Self::Recency => "recency",
            Self::Difficulty => "difficulty",
            Self::Discrimination => "discrimination",
            Self::LastUse => "use",
            Self::Exposure => "exposure",
        }
    }
}

/// An order: most relevant, most recent, hardest (lowest p), most discriminating, last used or most exposed first, or
/// the reverse. Documents without the value come last in both.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sort {
    /// By what.
    pub key: SortKey,
    /// The other way round.
    pub reversed: bool,
}

/// A field of the grammar.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Field {
    Facet(Facet),
    Measure(Measure),
    Moment(Moment),
    Unused,
    Code,
    Fingerprint,
    Sort,
}

/// Names, folded: the first of each field is the one printed, without its accents.
const NAMES: [(&str, Field); 63] = [
    ("genre", Field::Facet(Facet::Kind)),
    ("type", Field::Facet(Facet::Kind)),
    ("kind", Field::Facet(Facet::Kind)),
    ("format", Field::Facet(Facet::Kind)),
    ("rang", Field::Facet(Facet::Rank)),
    ("rank", Field::Facet(Facet::Rank)),
    ("item", Field::Facet(Facet::Item)),
    ("items", Field::Facet(Facet::Item)),
    ("objectif", Field::Facet(Facet::Objective)),
    ("objective", Field::Facet(Facet::Objective)),
    ("oic", Field::Facet(Facet::Objective)),
    ("specialite", Field::Facet(Facet::Specialty)),
    ("spe", Field::Facet(Facet::Specialty)),
    ("spec", Field::Facet(Facet::Specialty)),
    ("college", Field::Facet(Facet::Specialty)),
    ("specialty", Field::Facet(Facet::Specialty)),
    ("situation", Field::Facet(Facet::Situation)),
    ("sdd", Field::Facet(Facet::Situation)),
    ("auteur", Field::Facet(Facet::Author)),
    ("autrice", Field::Facet(Facet::Author)),
    ("author", Field::Facet(Facet::Author)),
    ("statut", Field::Facet(Facet::Status)),
    ("etat", Field::Facet(Facet::Status)),
    ("status", Field::Facet(Facet::Status)),
    ("etablissement", Field::Facet(Facet::Establishment)),
    ("faculte", Field::Facet(Facet::Establishment)),
    ("establishment", Field::Facet(Facet::Establishment)),
    ("langue", Field::Facet(Facet::Language)),
    ("language", Field::Facet(Facet::Language)),
    ("lang", Field::Facet(Facet::Language)),
    ("image", Field::Facet(Facet::Image)),
    ("defaut", Field::Facet(Facet::Flaw)),
    ("flaw", Field::Facet(Facet::Flaw)),
    ("origine", Field::Facet(Facet::Origin)),
    ("origin", Field::Facet(Facet::Origin)),
    ("dossier", Field::Facet(Facet::Folder)),
    ("categorie", Field::Facet(Facet::Folder)),
    ("folder", Field::Facet(Facet::Folder)),
    ("difficulte", Field::Measure(Measure::Difficulty)),
    ("difficulty", Field::Measure(Measure::Difficulty)),
    ("discrimination", Field::Measure(Measure::Discrimination)),
    ("exposition", Field::Measure(Measure::Exposure)),
    ("exposure", Field::Measure(Measure::Exposure)),
    ("utilisations", Field::Measure(Measure::Uses)),
    ("uses", Field::Measure(Measure::Uses)),
    ("utilisee", Field::Moment(Moment::LastUsed)),
    ("utilise", Field::Moment(Moment::LastUsed)),
    ("used", Field::Moment(Moment::LastUsed)),
    ("inutilisee", Field::Unused),
    ("inutilise", Field::Unused),
    ("unused", Field::Unused),
    ("creee", Field::Moment(Moment::Created)),
    ("created", Field::Moment(Moment::Created)),
    ("modifiee", Field::Moment(Moment::Updated)),
    ("updated", Field::Moment(Moment::Updated)),
    ("code", Field::Code),
    ("id", Field::Code),
    ("empreinte", Field::Fingerprint),
    ("fingerprint", Field::Fingerprint),
    ("tri", Field::Sort),
    ("sort", Field::Sort),
    ("p", Field::Measure(Measure::Difficulty)),
    ("doublon", Field::Fingerprint),
];

impl Field {
    /// Reads a folded name.
    pub(super) fn read(folded: &str) -> Option<Self> {
        NAMES.iter().find(|(name, _)| *name == folded).map(|(_, field)| *field)
    }

    /// The name printed, with its accents.
    pub(super) fn french(self) -> &'static str {
        match self {
            Self::Facet(facet) => facet.french(),
            Self::Measure(Measure::Difficulty) => "difficulté",
            Self::Measure(Measure::Discrimination) => "discrimination",
            Self::Measure(Measure::Exposure) => "exposition",
            Self::Measure(Measure::Uses) => "utilisations",
            Self::Moment(Moment::LastUsed) => "utilisée",
            Self::Moment(Moment::Created) => "créée",
            Self::Moment(Moment::Updated) => "modifiée",
            Self::Unused => "inutilisée",
            Self::Code => "code",
            Self::Fingerprint => "empreinte",
            Self::Sort => "tri",
        }
    }

    /// The name nearest to a folded one, if it is near.
    pub(super) fn nearest(folded: &str) -> Option<Self> {
        nearest(folded, NAMES.iter().filter(|(n, _)| n.len() > 2).map(|(n, f)| (*n, *f)))
    }
}

/// The candidate nearest to a word, at most two letters away and at most a third of its letters.
pub(super) fn nearest<'n, T>(word: &str, candidates: impl IntoIterator<Item = (&'n str, T)>) -> Option<T> {
    let allowed = (word.chars().count() / 3).min(2);
    candidates
        .into_iter()
        .map(|(name, what)| (distance(word, name), what))
        .filter(|(d, _)| *d <= allowed)
        .min_by_key(|(d, _)| *d)
        .map(|(_, what)| what)
}

/// Levenshtein's distance, with two letters swapped counted as one.
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let mut least = (last[j] + 1).min(row[j - 1] + 1).min(last[j - 1] + usize::from(a[i - 1] != b[j - 1]));
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(before[j - 2] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}
