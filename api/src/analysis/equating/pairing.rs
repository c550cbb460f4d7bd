//! Which questions two exams share, and which of them may link one to the other.

use crate::analysis::study::Study;
use crate::analysis::subject::Subject;
use docimo_bank::revision::content_hash;
use docimo_engine::paper::{Element, Paper, Placed};
use docimo_engine::question::{Body, Proposition, Question};
use docimo_engine::scheme::{CohortStep, MarkingScheme};
use docimo_engine::{Exact, QuestionId};
use serde::Serialize;
use std::collections::{BTreeSet, HashMap};

/// An exam to compare: what it is, its study, and the paper as it was frozen, before any decision.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    /// The marked exam.
    pub subject: &'a Subject,
    /// Its study.
    pub study: &'a Study,
    /// Its paper before any decision.
    pub paper: &'a Paper,
}

/// Why a common question is left out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The jury took it out of one exam, or gave its points to all.
    Neutralised,
    /// It counts in one exam only, or everyone has the same score at it.
    Silent,
    /// The same answer is right here and wrong there.
    Key,
    /// The same answer is not worth the same share of the points.
    Scheme,
    /// The jury corrected its key in one exam; it is the same in both since.
    KeyCorrected,
    /// Its wording is not the same.
    Edited,
    /// Someone chose so.
    Chosen,
}

impl Reason {
    /// Can it be put back?
    pub fn may_be_used(self) -> bool {
        matches!(self, Self::KeyCorrected | Self::Edited | Self::Chosen)
    }

    /// For the table of common questions.
    pub fn french(self) -> &'static str {
        match self {
            Self::Neutralised => "neutralisée dans l’une des deux épreuves",
            Self::Silent => "ne compte pas, ou tous y ont le même résultat, dans l’une des deux épreuves",
            Self::Key => "clé différente : la même réponse n’y vaut pas la même chose",
            Self::Scheme => "barème différent : la même réponse n’y vaut pas la même part des points",
            Self::KeyCorrected => "clé corrigée par le jury, identique depuis dans les deux épreuves",
            Self::Edited => "énoncé modifié d’une épreuve à l’autre",
            Self::Chosen => "laissée de côté par vous",
        }
    }
}

/// A question of both exams.
#[derive(Clone, PartialEq, Debug)]
pub struct Pair {
    /// Its id in the first.
    pub id: String,
    /// Index in the paper of the first, in that of the second.
    pub at: (usize, usize),
    /// Column of the scores of each, where it has one.
    pub columns: Option<(usize, usize)>,
    /// Why it links nothing; `None` where it does.
    pub out: Option<Reason>,
}

/// Which questions are paired.
#[derive(Clone, Debug)]
pub enum Names {
    /// Those of the same id.
    Same,
    /// Those named: id in the first exam, id in the second.
    Given(Vec<(String, String)>),
}

/// The questions that two papers share, by the identity the bank gives them, which is stable across revisions.
pub fn shared(x: &Paper, y: &Paper) -> usize {
    let there: BTreeSet<&QuestionId> = y.questions().map(|p| &p.question.id).collect();
    x.questions().filter(|p| there.contains(&p.question.id)).count()
}

/// Common questions in the order of the first paper. `chosen`: those left out by someone, which replaces the usual
/// choice (edited wordings and corrected keys left out); what cannot link stays out in any case.
pub fn pairs(x: &Side<'_>, y: &Side<'_>, names: &Names, chosen: Option<&BTreeSet<String>>) -> Vec<Pair> {
    let there: HashMap<&str, usize> = y.subject.labels.iter().enumerate().map(|(i, l)| (l.id.as_str(), i)).collect();
    let other: Option<HashMap<&str, &str>> = match names {
        Names::Same => None,
        Names::Given(list) => Some(list.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect()),
    };
    let placed = |side: &Side<'_>| -> Vec<Question> {
        side.subject.effective.paper.questions().map(|p| p.question.clone()).collect()
    };
    let (ours, theirs) = (placed(x), placed(y));
    let (frozen_x, frozen_y): (Vec<_>, Vec<_>) = (x.paper.questions().collect(), y.paper.questions().collect());
    let mut pairs = Vec::new();
    for (i, label) in x.subject.labels.iter().enumerate() {
        let name = match &other {
            None => Some(label.id.as_str()),
            Some(other) => other.get(label.id.as_str()).copied(),
        };
        let Some(j) = name.and_then(|n| there.get(n).copied()) else { continue };
        let columns = x.study.column_of(i).zip(y.study.column_of(j));
        let neutralised = x.subject.effective.neutralised.contains_key(&ours[i].id)
            || y.subject.effective.neutralised.contains_key(&theirs[j].id);
        let varied = |side: &Side<'_>, column: usize| side.study.matrix.items()[column].levels.len() > 1;
        let never = if neutralised {
            Some(Reason::Neutralised)
        } else if !columns.is_some_and(|(a, b)| varied(x, a) && varied(y, b)) {
            Some(Reason::Silent)
        } else if key(&ours[i].body) != key(&theirs[j].body) {
            Some(Reason::Key)
        } else if !same_rule(x, y, i, j) {
            Some(Reason::Scheme)
        } else {
            None
        };
        let usually = || {
            if wording(&frozen_x[i]) != wording(&frozen_y[j]) {
                Some(Reason::Edited)
            } else if key(&frozen_x[i].question.body) != key(&ours[i].body)
                || key(&frozen_y[j].question.body) != key(&theirs[j].body)
            {
                Some(Reason::KeyCorrected)
            } else {
                None
            }
        };
        let out = never.or_else(|| match chosen {
            // What was put back is said no more; what was left out says what is most useful.
            Some(chosen) => chosen.contains(&label.id).then(|| usually().unwrap_or(Reason::Chosen)),
            // Names given by someone are a choice: wordings are theirs to judge.
            None => match names {
                Names::Same => usually(),
                Names::Given(_) => None,
            },
        });
        pairs.push(Pair { id: label.id.clone(), at: (i, j), columns, out });
    }
    pairs
}

/// What decides of a mark, in a form that compares: labels of propositions are not in it, their ids are.
fn key(body: &Body) -> Vec<String> {
    let mut key: Vec<String> = vec![body.kind().code().to_owned(), body.expected().unwrap_or(0).to_string()];
    let own: Vec<String> = match body {
        Body::Qroc { exact, acceptable, .. } => {
            exact.iter().map(|t| format!("= {t}")).chain(acceptable.iter().map(|t| format!("~ {t}"))).collect()
        }
        Body::Qzp { zones, .. } => zones.iter().map(|z| format!("{:?}", z.shape)).collect(),
        Body::Tcs { panel, .. } => vec![format!("{panel:?}")],
        _ => body.propositions().iter().map(|p| format!("{} {:?}", p.id, p.status)).collect(),
    };
    let mut own = own;
    own.sort();
    key.append(&mut own);
    key
}

/// Is the same answer worth the same share of the points?
fn same_rule(x: &Side<'_>, y: &Side<'_>, i: usize, j: usize) -> bool {
    let scheme = |side: &Side<'_>, at: usize| -> Option<(MarkingScheme, Question)> {
        let paper = &side.subject.effective.paper;
        let placed = paper.questions().nth(at)?;
        Some((paper.scheme_named(paper.scheme_name_of(&placed))?, placed.question.clone()))
    };
    let (Some((one, question)), Some((two, _))) = (scheme(x, i), scheme(y, j)) else { return false };
    let kind = question.kind();
    // Weighting by rarity makes a score depend on who came.
    one.cohort != CohortStep::Rarity
        && two.cohort != CohortStep::Rarity
        && one.rule(kind) == two.rule(kind)
        && one.qroc == two.qroc
        && one.tcs == two.tcs
}

/// Hash of what candidates read: wording, propositions in their order, image, and the text of the case up to there.
/// Keys, comments, sources, tags, rank and weight are not in it.
fn wording(placed: &Placed<'_>) -> Vec<String> {
    let read = |question: &Question| {
        let mut question = question.clone();
        (question.weight, question.rank, question.scheme) = (Exact::ONE, None, None);
        (question.comment, question.source, question.tags) = (String::new(), String::new(), vec![]);
        // Two questions paired under two names are the same all the same.
        question.id = QuestionId::new("");
        if let Some(propositions) = question.body.propositions_mut() {
            propositions.iter_mut().for_each(unmarked);
        }
        match &mut question.body {
            Body::Qroc { exact, acceptable, .. } => (*exact, *acceptable) = (vec![], vec![]),
            Body::Qzp { zones, .. } => zones.clear(),
            Body::Tcs { panel, experts, .. } => {
                *panel = [0; 5];
                experts.clear();
            }
            _ => {}
        }
        content_hash(&Element::Question(question))
    };
    let mut hashes = vec![read(placed.question)];
    if let Some((case, at)) = placed.case {
        let image = case.image.as_ref().map(|i| i.file.clone()).unwrap_or_default();
        let article = case.article.as_ref().map(|a| a.body.clone()).unwrap_or_default();
        hashes.extend([case.intro.clone(), image, article]);
        hashes.extend(case.article.as_ref().and_then(|a| a.pdf.as_ref()).map(|pdf| pdf.file.clone()));
        for part in &case.parts[..=at.min(case.parts.len().saturating_sub(1))] {
            hashes.push(part.text.clone());
        }
    }
    hashes
}

fn unmarked(proposition: &mut Proposition) {
    proposition.comment.clear();
    proposition.status = docimo_engine::question::Status::Faux;
}
