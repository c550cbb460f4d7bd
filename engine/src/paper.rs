//! What a candidate sits: sections of isolated questions and cases, in order.

use crate::question::{Image, Kind, Question, Rank, Video};
use crate::scheme::MarkingScheme;
use crate::{CaseId, Exact, QuestionId, SectionId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The kind of a case (*dossier*).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum CaseKind {
    /// Dossier progressif.
    #[serde(rename = "DP")]
    Dp,
    /// Mini-dossier progressif.
    #[serde(rename = "mini-DP")]
    MiniDp,
    /// Problème à éléments clés (*key-feature problem*).
    #[serde(rename = "KFP")]
    Kfp,
    /// Lecture critique d'article.
    #[serde(rename = "LCA")]
    Lca,
}

impl CaseKind {
    /// The code used in files and on papers.
    pub fn code(self) -> &'static str {
        match self {
            Self::Dp => "DP",
            Self::MiniDp => "mini-DP",
            Self::Kfp => "KFP",
            Self::Lca => "LCA",
        }
    }

    /// The French name.
    pub fn french(self) -> &'static str {
        match self {
            Self::Dp => "Dossier progressif",
            Self::MiniDp => "Mini-dossier progressif",
            Self::Kfp => "Problème à éléments clés",
            Self::Lca => "Lecture critique d’article",
        }
    }

    /// In a progressive case a validated question locks, and only then does the next one show. The
    /// questions of a critical reading are all open at once.
    pub fn is_progressive(self) -> bool {
        !matches!(self, Self::Lca)
    }

    /// Fewest and most questions: 3–8 in a DP or mini-DP, 13–17 in an LCA (arrêté of 21 December
    /// 2021, art. 7), 3 in a KFP.
    pub fn size(self) -> (usize, usize) {
        match self {
            Self::Dp | Self::MiniDp => (3, 8),
            Self::Kfp => (3, 3),
            Self::Lca => (13, 17),
        }
    }
}

impl fmt::Display for CaseKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// The article of an LCA.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Article {
    /// Its title.
    pub title: String,
    /// Where it was published.
    #[serde(default)]
    pub citation: String,
    /// Its text, in Markdown, in the language of the article; may be absent where there is a PDF.
    #[serde(default)]
    pub body: String,
    /// The article as it was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pdf: Option<Pdf>,
}

/// A PDF, by file name in a file of questions or by content hash once in the bank.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Pdf {
    /// File name or content hash.
    pub file: String,
    /// Number of pages; 0 while unknown.
    #[serde(default)]
    pub pages: u32,
    /// What a reader who cannot read it needs, where the article's text is not given.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
}

/// One question of a case with the text that brings it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Part {
    /// New information given before the question, in Markdown.
    #[serde(default)]
    pub text: String,
    /// The question.
    pub question: Question,
}

/// Ordered questions with shared and progressive text.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Case {
    /// Unique in its paper.
    pub id: CaseId,
    /// DP, mini-DP, KFP or LCA.
    pub kind: CaseKind,
    /// Shown at its head.
    pub title: String,
    /// Opening text, in Markdown.
    pub intro: String,
    /// A picture that goes with the opening text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<Image>,
    /// The article, for an LCA.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub article: Option<Article>,
    /// Opaque tags into referentials.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The questions, in order.
    pub parts: Vec<Part>,
}

/// An isolated question or a case.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Element {
    /// Question isolée.
    Question(Question),
    /// Dossier.
    Case(Case),
}

impl Element {
    /// The questions in it, in order.
    pub fn questions(&self) -> impl Iterator<Item = &Question> {
        let (one, many) = match self {
            Self::Question(question) => (Some(question), &[][..]),
            Self::Case(case) => (None, &case.parts[..]),
        };
        one.into_iter().chain(many.iter().map(|part| &part.question))
    }

    /// The PDF of its article, if any.
    pub fn pdf(&self) -> Option<&Pdf> {
        match self {
            Self::Question(_) => None,
            Self::Case(case) => case.article.as_ref()?.pdf.as_ref(),
        }
    }

    /// Its videos, in order.
    pub fn videos(&self) -> impl Iterator<Item = &Video> {
        self.questions().filter_map(|q| q.video.as_ref())
    }

    /// Its identifier: the question's or the case's.
    pub fn id(&self) -> &str {
        match self {
            Self::Question(question) => question.id.as_str(),
            Self::Case(case) => case.id.as_str(),
        }
    }
}

/// A timed part of a paper (*épreuve*, *unité de composition*).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Section {
    /// Unique in its paper.
    pub id: SectionId,
    /// Shown to candidates.
    pub title: String,
    /// Minutes before any extra time.
    pub duration_minutes: u32,
    /// Multiplies the weight of each of its questions (2 for the LCA of the EDN).
    #[serde(default = "one")]
    pub weight: Exact,
    /// Name of a marking scheme for this section only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
    /// Are propositions shown in an order drawn for each candidate?
    #[serde(default)]
    pub shuffle_propositions: bool,
    /// What it holds, in order.
    pub elements: Vec<Element>,
}

fn one() -> Exact {
    Exact::ONE
}

/// Which rank A questions count towards the rank A mark (RULES §3.2; the official text was not seen).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RankAFilter {
    /// Every question on rank A knowledge.
    #[default]
    Knowledge,
    /// Rank A knowledge asked in a rank A format (QRU, QRP, QROC, QZP): "double A".
    KnowledgeAndFormat,
}

/// What a committee decides about the marks of a paper beside the scheme.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct MarkRules {
    /// Which questions make the rank A mark.
    #[serde(default)]
    pub rank_a_filter: RankAFilter,
    /// Pass mark on rank A questions, on 20, inclusive (14 for the EDN).
    #[serde(default = "fourteen")]
    pub rank_a_threshold: Exact,
    /// Pass mark on the whole paper, on 20, inclusive, where there is one.
    #[serde(default)]
    pub pass_threshold: Option<Exact>,
}

fn fourteen() -> Exact {
    Exact::int(14)
}

impl Default for MarkRules {
    fn default() -> Self {
        Self { rank_a_filter: RankAFilter::Knowledge, rank_a_threshold: fourteen(), pass_threshold: None }
    }
}

/// The whole of what candidates sit, with how it is marked.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Paper {
    /// Shown to candidates.
    pub title: String,
    /// Name of the marking scheme that holds where no section or question names its own.
    pub scheme: String,
    /// Schemes varied by the committee for this paper; they shadow the built-in ones of that name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub schemes: BTreeMap<String, MarkingScheme>,
    /// Thresholds and filters.
    #[serde(default)]
    pub rules: MarkRules,
    /// In order.
    pub sections: Vec<Section>,
}

/// A question with where it stands in its paper.
#[derive(Clone, Copy, Debug)]
pub struct Placed<'a> {
    /// The question.
    pub question: &'a Question,
    /// Number on the paper, from 1, over all sections.
    pub number: usize,
    /// Index of its section.
    pub section: usize,
    /// The case it belongs to, if any, and its index there.
    pub case: Option<(&'a Case, usize)>,
}

impl Paper {
    /// Every question in paper order.
    pub fn questions(&self) -> impl Iterator<Item = Placed<'_>> {
        self.sections
            .iter()
            .enumerate()
            .flat_map(|(section, s)| {
                s.elements.iter().flat_map(move |element| {
                    let case = match element {
                        Element::Case(case) => Some(case),
                        Element::Question(_) => None,
                    };
                    element.questions().enumerate().map(move |(i, q)| (section, case.map(|c| (c, i)), q))
                })
            })
            .enumerate()
            .map(|(i, (section, case, question))| Placed { question, number: i + 1, section, case })
    }

    /// The question of that id.
    pub fn question(&self, id: &QuestionId) -> Option<Placed<'_>> {
        self.questions().find(|placed| placed.question.id == *id)
    }

    /// The section of that id.
    pub fn section(&self, id: &str) -> Option<(usize, &Section)> {
        self.sections.iter().enumerate().find(|(_, s)| s.id.as_str() == id)
    }

    /// The scheme named `name`: the committee's own, else the built-in one.
    pub fn scheme_named(&self, name: &str) -> Option<MarkingScheme> {
        self.schemes.get(name).cloned().or_else(|| MarkingScheme::preset(name))
    }

    /// Name of the scheme that marks a question: its own, else its section's, else the paper's.
    pub fn scheme_name_of<'a>(&'a self, placed: &Placed<'a>) -> &'a str {
        placed.question.scheme.as_deref().or(self.sections[placed.section].scheme.as_deref()).unwrap_or(&self.scheme)
    }

    /// Does this question count towards the rank A mark?
    pub fn counts_for_rank_a(&self, question: &Question) -> bool {
        question.rank == Some(Rank::A)
            && match self.rules.rank_a_filter {
                RankAFilter::Knowledge => true,
                RankAFilter::KnowledgeAndFormat => question.kind().is_rank_a_format(),
            }
    }

    /// How many questions of each kind, for a summary.
    pub fn kinds(&self) -> BTreeMap<Kind, usize> {
        let mut counts = BTreeMap::new();
        for placed in self.questions() {
            *counts.entry(placed.question.kind()).or_default() += 1;
        }
        counts
    }
}
