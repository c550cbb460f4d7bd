//! The register of marking (*registre de notation*): every decision that made the marks what they are.
//!
//! Marks are never changed; they are derived again from the paper, the journals and the register up to
//! a version. Version *n* is what the first *n* entries give.

use crate::paper::{Element, Paper};
use crate::qroc::{self, Category};
use crate::question::{Body, Proposition, Question, Shape, Status};
use crate::scheme::BlankPolicy;
use crate::{Exact, PropositionId, QuestionId, ZoneId, check};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How a neutralised question is treated (RULES §3.5).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Neutralisation {
    /// Taken out of the points and of the total.
    Removed,
    /// Full credit to everyone.
    CreditAll,
}

/// Where the jury puts an unlisted open answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextList {
    /// Full credit.
    Exact,
    /// Half credit.
    Acceptable,
}

/// One decision.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "snake_case", deny_unknown_fields)]
pub enum Decision {
    /// The sheets are marked for the first time.
    FirstMarking,
    /// A question is neutralised.
    Neutralise {
        /// Which.
        question: QuestionId,
        /// How.
        policy: Neutralisation,
    },
    /// A neutralised question counts again.
    Reinstate {
        /// Which.
        question: QuestionId,
    },
    /// The truth of propositions is corrected.
    ChangeKey {
        /// Which question.
        question: QuestionId,
        /// The propositions that change.
        statuses: BTreeMap<PropositionId, Status>,
    },
    /// An open answer is added to a list of the key.
    AcceptText {
        /// Which question.
        question: QuestionId,
        /// The answer.
        text: String,
        /// Which list.
        list: TextList,
    },
    /// An open answer is taken out of the lists of the key.
    RejectText {
        /// Which question.
        question: QuestionId,
        /// The answer.
        text: String,
    },
    /// A zone to point at is corrected.
    ChangeZone {
        /// Which question.
        question: QuestionId,
        /// Which zone.
        zone: ZoneId,
        /// Its new outline.
        shape: Shape,
    },
    /// The panel of a TCS is corrected.
    ChangePanel {
        /// Which question.
        question: QuestionId,
        /// Votes from −2 to +2.
        panel: [u32; 5],
    },
    /// The late answers of a candidate count.
    AcceptLate {
        /// Opaque id of the candidate.
        candidate: String,
    },
    /// The pass mark on the whole paper is set by the committee after the paper was frozen.
    SetThreshold {
        /// On 20, inclusive.
        threshold: Exact,
    },
}

impl Decision {
    /// The question it is about, if any.
    pub fn question(&self) -> Option<&QuestionId> {
        match self {
            Self::FirstMarking | Self::AcceptLate { .. } | Self::SetThreshold { .. } => None,
            Self::Neutralise { question, .. }
            | Self::Reinstate { question }
            | Self::ChangeKey { question, .. }
            | Self::AcceptText { question, .. }
            | Self::RejectText { question, .. }
            | Self::ChangeZone { question, .. }
            | Self::ChangePanel { question, .. } => Some(question),
        }
    }

    /// What it says, in French, without naming people.
    pub fn french(&self) -> String {
        match self {
            Self::FirstMarking => "Première notation".into(),
            Self::Neutralise { question, policy: Neutralisation::Removed } => {
                format!("Question {question} neutralisée : retirée des points et du total")
            }
            Self::Neutralise { question, policy: Neutralisation::CreditAll } => {
                format!("Question {question} neutralisée : points accordés à tous")
            }
            Self::Reinstate { question } => format!("Question {question} rétablie"),
            Self::ChangeKey { question, statuses } => {
                let changes: Vec<String> =
                    statuses.iter().map(|(id, status)| format!("{} → {}", id, status.french())).collect();
                format!("Clé de la question {question} corrigée : {}", changes.join(", "))
            }
            Self::AcceptText { question, text, list } => {
                let list = match list {
                    TextList::Exact => "exacte",
                    TextList::Acceptable => "acceptable",
                };
                format!("Question {question} : « {text} » admise comme réponse {list}")
            }
            Self::RejectText { question, text } => {
                format!("Question {question} : « {text} » retirée des réponses admises")
            }
            Self::ChangeZone { question, shape, .. } => {
                format!("Question {question} : zone à pointer corrigée, désormais {}", outline(shape))
            }
            Self::ChangePanel { question, panel } => {
                format!("Question {question} : panel d’experts corrigé, désormais {}", votes(panel))
            }
            Self::AcceptLate { .. } => "Réponses tardives d’un candidat prises en compte".into(),
            Self::SetThreshold { threshold } => format!("Seuil global fixé à {} sur 20", threshold.french(2)),
        }
    }

    /// What it says to whoever knows the paper, as it was before: the question by its number, propositions by
    /// their letters in the paper's order, what was and what is.
    pub fn told(&self, before: &Paper) -> String {
        if let (Self::SetThreshold { threshold }, Some(old)) = (self, before.rules.pass_threshold) {
            return format!("Seuil global corrigé, {} → {} sur 20", old.french(2), threshold.french(2));
        }
        let Some(placed) = self.question().and_then(|id| before.questions().find(|p| p.question.id == *id)) else {
            return self.french();
        };
        let number = placed.number;
        match (self, &placed.question.body) {
            (Self::ChangeKey { statuses, .. }, body) => {
                let change = |(i, p): (usize, &Proposition)| {
                    let (letter, new) = (char::from(b'A' + (i % 26) as u8), statuses.get(&p.id)?);
                    Some(format!("{letter} : {} → {}", p.status.french(), new.french()))
                };
                let changes: Vec<String> = body.propositions().iter().enumerate().filter_map(change).collect();
                format!("Clé de la question {number} corrigée, {}", changes.join(", "))
            }
            (Self::ChangeZone { zone, shape, .. }, Body::Qzp { zones, .. }) => {
                let old = zones.iter().find(|z| z.id == *zone);
                let name = old.map_or(zone.as_str(), |z| z.name.as_str());
                let was = old.map(|z| outline(&z.shape)).unwrap_or_default();
                format!("Question {number} : zone « {name} » corrigée, {was} → {}", outline(shape))
            }
            (Self::ChangePanel { panel, .. }, Body::Tcs { panel: old, .. }) => {
                format!("Question {number} : panel d’experts corrigé, {} → {}", votes(old), votes(panel))
            }
            _ => self.french().replacen(placed.question.id.as_str(), &number.to_string(), 1),
        }
    }
}

/// What each entry of a register says, see [`Decision::told`].
///
/// # Errors
/// A register that cannot be replayed.
pub fn told(paper: &Paper, entries: &[Entry]) -> Result<Vec<String>, LedgerFault> {
    (0..entries.len()).map(|i| Ok(entries[i].decision.told(&Effective::replay(paper, &entries[..i])?.paper))).collect()
}

/// The votes of a panel from −2 to +2.
fn votes(panel: &[u32; 5]) -> String {
    let list: Vec<String> = panel.iter().map(ToString::to_string).collect();
    format!("{} votes de −2 à +2", list.join(" | "))
}

/// Where a zone is, in percents of the image.
fn outline(shape: &Shape) -> String {
    let percent = |fraction: &f64| format!("{} %", (fraction * 100.0).round());
    match shape {
        Shape::Circle { x, y, r } => {
            format!("disque de centre ({} ; {}) et de rayon {}", percent(x), percent(y), percent(r))
        }
        Shape::Rect { x, y, w, h } => {
            format!("rectangle de ({} ; {}) à ({} ; {})", percent(x), percent(y), percent(&(x + w)), percent(&(y + h)))
        }
        Shape::Polygon(corners) => format!("polygone de {} sommets", corners.len()),
    }
}

/// A decision with who took it, when and why.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// 1 for the first.
    pub version: u32,
    /// When, ms UTC.
    pub at_ms: i64,
    /// Opaque id of the person.
    pub author: String,
    /// Why; compulsory except for the first marking.
    pub reason: String,
    /// What.
    #[serde(flatten)]
    pub decision: Decision,
}

/// Why an entry cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerFault {
    /// The register starts with the first marking, and has one only.
    #[error("le registre commence par la première notation, une seule fois")]
    FirstMarking,
    /// Versions follow one another from 1.
    #[error("le registre saute une version : {found} au lieu de {expected}")]
    OutOfOrder {
        /// Version read.
        found: u32,
        /// Version due.
        expected: u32,
    },
    /// No such question in the paper.
    #[error("la question « {0} » n’est pas dans le sujet")]
    UnknownQuestion(QuestionId),
    /// No such proposition.
    #[error("la question « {0} » n’a pas de proposition « {1} »")]
    UnknownProposition(QuestionId, PropositionId),
    /// The decision does not suit the kind of question.
    #[error("cette décision ne convient pas à la question « {0} » ({1})")]
    WrongKind(QuestionId, &'static str),
    /// Already so.
    #[error("la question « {0} » est déjà neutralisée")]
    AlreadyNeutralised(QuestionId),
    /// Not neutralised.
    #[error("la question « {0} » n’est pas neutralisée")]
    NotNeutralised(QuestionId),
    /// The new key would leave no right answer or changes nothing.
    #[error("question « {0} » : {1}")]
    BadKey(QuestionId, String),
    /// Their late answers count already.
    #[error("les réponses tardives de ce candidat comptent déjà")]
    AlreadyAccepted,
    /// The threshold is that already, or is not on the scale.
    #[error("le seuil global est un nombre de 0 à 20, différent de celui d’aujourd’hui")]
    BadThreshold,
    /// A reason is compulsory.
    #[error("indiquez le motif de la décision")]
    NoReason,
}

/// A paper as the register leaves it at some version.
#[derive(Clone, Debug)]
pub struct Effective {
    /// The paper with its keys as corrected.
    pub paper: Paper,
    /// Neutralised questions.
    pub neutralised: BTreeMap<QuestionId, Neutralisation>,
    /// Candidates whose late answers count.
    pub accept_late: BTreeSet<String>,
}

impl Effective {
    /// The paper before any decision.
    pub fn new(paper: Paper) -> Self {
        Self { paper, neutralised: BTreeMap::new(), accept_late: BTreeSet::new() }
    }

    /// The paper after these entries, in order.
    pub fn replay<'a>(paper: &Paper, entries: impl IntoIterator<Item = &'a Entry>) -> Result<Self, LedgerFault> {
        let mut effective = Self::new(paper.clone());
        for (i, entry) in entries.into_iter().enumerate() {
            let first = entry.decision == Decision::FirstMarking;
            if first != (i == 0) {
                return Err(LedgerFault::FirstMarking);
            }
            if entry.version as usize != i + 1 {
                return Err(LedgerFault::OutOfOrder { found: entry.version, expected: i as u32 + 1 });
            }
            if !first && entry.reason.trim().is_empty() {
                return Err(LedgerFault::NoReason);
            }
            effective.apply(&entry.decision)?;
        }
        Ok(effective)
    }

    /// Applies one decision; on error nothing has changed.
    pub fn apply(&mut self, decision: &Decision) -> Result<(), LedgerFault> {
        if let Some(id) = decision.question()
            && self.paper.question(id).is_none()
        {
            return Err(LedgerFault::UnknownQuestion(id.clone()));
        }
        match decision {
            Decision::FirstMarking => {}
            Decision::Neutralise { question, policy } => {
                if self.neutralised.contains_key(question) {
                    return Err(LedgerFault::AlreadyNeutralised(question.clone()));
                }
                self.neutralised.insert(question.clone(), *policy);
            }
            Decision::Reinstate { question } => {
                if self.neutralised.remove(question).is_none() {
                    return Err(LedgerFault::NotNeutralised(question.clone()));
                }
            }
            Decision::ChangeKey { question, statuses } => self.change_key(question, statuses)?,
            Decision::AcceptText { question, text, list } => self.edit(question, |q| accept_text(q, text, *list))?,
            Decision::RejectText { question, text } => self.edit(question, |q| reject_text(q, text))?,
            Decision::ChangeZone { question, zone, shape } => self.edit(question, |q| change_zone(q, zone, shape))?,
            Decision::ChangePanel { question, panel } => self.edit(question, |q| match &mut q.body {
                Body::Tcs { panel: old, experts, .. }
                    if panel.iter().any(|v| *v > 0) && panel.iter().all(|v| *v <= 200) =>
                {
                    *old = *panel;
                    // Those who were listed gave the votes of before.
                    experts.clear();
                    Ok(())
                }
                Body::Tcs { .. } => Err(LedgerFault::BadKey(
                    q.id.clone(),
                    "le panel doit avoir au moins un vote, et 200 au plus par réponse".into(),
                )),
                other => Err(LedgerFault::WrongKind(q.id.clone(), other.kind().code())),
            })?,
            Decision::AcceptLate { candidate } => {
                if !self.accept_late.insert(candidate.clone()) {
                    return Err(LedgerFault::AlreadyAccepted);
                }
            }
            Decision::SetThreshold { threshold } => {
                let on_scale = (Exact::ZERO..=Exact::int(20)).contains(threshold);
                if !on_scale || self.paper.rules.pass_threshold == Some(*threshold) {
                    return Err(LedgerFault::BadThreshold);
                }
                self.paper.rules.pass_threshold = Some(*threshold);
            }
        }
        Ok(())
    }

    fn edit(
        &mut self,
        id: &QuestionId,
        change: impl FnOnce(&mut Question) -> Result<(), LedgerFault>,
    ) -> Result<(), LedgerFault> {
        let questions = self.paper.sections.iter_mut().flat_map(|s| &mut s.elements).flat_map(|e| match e {
            Element::Question(q) => vec![q],
            Element::Case(c) => c.parts.iter_mut().map(|p| &mut p.question).collect(),
        });
        match questions.into_iter().find(|q| q.id == *id) {
            None => Err(LedgerFault::UnknownQuestion(id.clone())),
            Some(question) => {
                let mut copy = question.clone();
                change(&mut copy)?;
                *question = copy;
                Ok(())
            }
        }
    }

    fn change_key(&mut self, id: &QuestionId, statuses: &BTreeMap<PropositionId, Status>) -> Result<(), LedgerFault> {
        let scheme =
            self.paper.question(id).and_then(|placed| self.paper.scheme_named(self.paper.scheme_name_of(&placed)));
        let scores_blanks = scheme.is_some_and(|s| s.qrm.blank_policy != BlankPolicy::ScoreAsAnswer);
        self.edit(id, |question| {
            let kind = question.kind();
            let bad = |why: &str| LedgerFault::BadKey(id.clone(), why.to_owned());
            let Some(propositions) = question.body.propositions_mut() else {
                return Err(LedgerFault::WrongKind(id.clone(), kind.code()));
            };
            let mut changed = false;
            for (proposition, status) in statuses {
                let Some(found) = propositions.iter_mut().find(|p| p.id == *proposition) else {
                    return Err(LedgerFault::UnknownProposition(id.clone(), proposition.clone()));
                };
                changed |= found.status != *status;
                found.status = *status;
            }
            if !changed {
                return Err(bad("la clé proposée est la clé actuelle"));
            }
            let count = |wanted: Status| propositions.iter().filter(|p| p.status == wanted).count();
            let (indispensable, inacceptable) = (count(Status::Indispensable), count(Status::Inacceptable));
            let right = indispensable + count(Status::Vrai);
            // On a QRU several answers may now be accepted; on a QRP more than announced may be.
            let least = match question.body.expected() {
                Some(n) => n as usize,
                None => usize::from(matches!(question.body, Body::Qru { .. })),
            };
            if right < least {
                return Err(bad("il ne resterait pas assez de réponses vraies : neutralisez plutôt la question"));
            }
            match &question.body {
                Body::Qrp { expected, .. } if indispensable > *expected as usize => Err(bad(
                    "il y aurait plus de propositions indispensables que de réponses permises : toutes les copies seraient à zéro",
                )),
                Body::Qru { .. } if indispensable > 1 => Err(bad(
                    "deux propositions indispensables sur une question à réponse unique : toutes les copies seraient à zéro",
                )),
                Body::Qrpl { .. } if indispensable + inacceptable > 0 => {
                    Err(bad("une QRP longue n’a ni proposition indispensable ni inacceptable"))
                }
                body if check::blank_is_right(body) && scores_blanks => Err(bad(
                    "ne rien cocher deviendrait juste, mais le barème donne alors sa note à une question sans réponse : neutralisez plutôt la question",
                )),
                _ => Ok(()),
            }
        })
    }
}

fn reject_text(question: &mut Question, text: &str) -> Result<(), LedgerFault> {
    let (id, kind) = (question.id.clone(), question.kind());
    let Body::Qroc { exact, acceptable, .. } = &mut question.body else {
        return Err(LedgerFault::WrongKind(id, kind.code()));
    };
    let wanted = qroc::normalise(text);
    let before = exact.len() + acceptable.len();
    exact.retain(|t| qroc::normalise(t) != wanted);
    acceptable.retain(|t| qroc::normalise(t) != wanted);
    if exact.len() + acceptable.len() == before {
        return Err(LedgerFault::BadKey(id, format!("« {text} » n’est pas dans les réponses admises")));
    }
    some_exact(id, exact)
}

fn some_exact(id: QuestionId, exact: &[String]) -> Result<(), LedgerFault> {
    if exact.is_empty() {
        let why = "il ne resterait aucune réponse exacte : ajoutez-en une d’abord, ou neutralisez la question";
        return Err(LedgerFault::BadKey(id, why.into()));
    }
    Ok(())
}

fn change_zone(question: &mut Question, zone: &ZoneId, shape: &Shape) -> Result<(), LedgerFault> {
    let (id, kind) = (question.id.clone(), question.kind());
    let Body::Qzp { zones, .. } = &mut question.body else {
        return Err(LedgerFault::WrongKind(id, kind.code()));
    };
    let Some(found) = zones.iter_mut().find(|z| z.id == *zone) else {
        return Err(LedgerFault::BadKey(id, format!("la question n’a pas de zone « {zone} »")));
    };
    if found.shape == *shape {
        return Err(LedgerFault::BadKey(id, "la zone proposée est la zone actuelle".into()));
    }
    found.shape = shape.clone();
    let faults = check::question(question);
    match faults.into_iter().find(|f| f.severity == check::Severity::Error) {
        Some(fault) => Err(LedgerFault::BadKey(id, fault.message)),
        None => Ok(()),
    }
}

fn accept_text(question: &mut Question, text: &str, list: TextList) -> Result<(), LedgerFault> {
    let (id, kind) = (question.id.clone(), question.kind());
    let Body::Qroc { exact, acceptable, .. } = &mut question.body else {
        return Err(LedgerFault::WrongKind(id, kind.code()));
    };
    let wanted = qroc::normalise(text);
    match (qroc::categorise(text, exact, acceptable), list) {
        (Category::Blank, _) => return Err(LedgerFault::BadKey(id, "la réponse est vide".into())),
        (Category::Exact, TextList::Exact) | (Category::Acceptable, TextList::Acceptable) => {
            return Err(LedgerFault::BadKey(id, format!("« {text} » est déjà dans cette liste")));
        }
        _ => {}
    }
    exact.retain(|t| qroc::normalise(t) != wanted);
    acceptable.retain(|t| qroc::normalise(t) != wanted);
    match list {
        TextList::Exact => exact.push(text.trim().to_owned()),
        TextList::Acceptable => acceptable.push(text.trim().to_owned()),
    }
    some_exact(id, exact)
}
