//! A candidate's sheet (*copie*) as an append-only journal of acts.
//!
//! The journal is kept by the shell; the engine says what an arriving act is worth ([`judge`]) and
//! what the sheet holds ([`fold`]). The verdict is stored with the step, so that folding needs no
//! clock. Folding is a function of the *set* of steps: replayed, doubled or reordered steps change
//! nothing.
//!
//! Every page load that may answer opens a *stream* with a number of its own; steps are numbered from
//! 1 in their stream. The last word on a question is the counted answer with the greatest
//! `(stream, seq)`.

use crate::deadline::TimeAllowance;
use crate::deadline::stops::{self, BreakRight, Reading, Stop};
use crate::paper::{Case, Element, Section};
use crate::response::{self, Response};
use crate::{CaseId, QuestionId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// One act of a candidate or of someone in charge.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Act {
    /// An answer, whole: it replaces the one before.
    Answer {
        /// To which question.
        question: QuestionId,
        /// What was answered.
        response: Response,
    },
    /// "À revoir", on or off.
    Flag {
        /// Which question.
        question: QuestionId,
        /// On?
        on: bool,
    },
    /// Validation of a question of a progressive case: it can no longer change, the next part shows.
    Lock {
        /// Which question.
        question: QuestionId,
    },
    /// The candidate looks at this question or case.
    View {
        /// Its identifier.
        element: String,
    },
    /// Remise de la copie.
    HandIn {},
    /// A supervisor or the committee gives the sheet back.
    Reopen {
        /// Why.
        reason: String,
    },
    /// Time was given after acts had arrived late: those that are now in time count.
    Rejudge {
        /// How many.
        steps: u32,
    },
}

impl Act {
    /// The word stored beside the step.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Answer { .. } => "answer",
            Self::Flag { .. } => "flag",
            Self::Lock { .. } => "lock",
            Self::View { .. } => "view",
            Self::HandIn {} => "hand_in",
            Self::Reopen { .. } => "reopen",
            Self::Rejudge { .. } => "rejudge",
        }
    }

    /// The question it is about, if any.
    pub fn question(&self) -> Option<&QuestionId> {
        match self {
            Self::Answer { question, .. } | Self::Flag { question, .. } | Self::Lock { question } => Some(question),
            Self::View { .. } | Self::HandIn {} | Self::Reopen { .. } | Self::Rejudge { .. } => None,
        }
    }
}

/// What an act was worth when it arrived. Nothing is thrown away: what does not count is kept with its
/// verdict, for the jury.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It counts.
    Counted,
    /// After the candidate's own deadline and the grace for transport.
    Late,
    /// The question was already validated.
    Locked,
    /// The sheet was already handed in.
    HandedIn,
    /// It does not fit the paper: a forged or faulty client.
    Invalid,
    /// From a machine or a tab that the candidate had left: an answer or a validation of a question that a
    /// later page has answered, or a hand-in once a later page has answered anything.
    Superseded,
    /// After the exam was marked, when corrections may have been read: kept for the record, never counted.
    AfterMarking,
}

impl Verdict {
    /// The word stored and sent.
    pub fn name(self) -> &'static str {
        match self {
            Self::Counted => "counted",
            Self::Late => "late",
            Self::Locked => "locked",
            Self::HandedIn => "handed_in",
            Self::Invalid => "invalid",
            Self::Superseded => "superseded",
            Self::AfterMarking => "after_marking",
        }
    }

    /// Reads a stored word.
    pub fn from_name(name: &str) -> Option<Self> {
        let all = [
            Self::Counted,
            Self::Late,
            Self::Locked,
            Self::HandedIn,
            Self::Invalid,
            Self::Superseded,
            Self::AfterMarking,
        ];
        all.into_iter().find(|v| v.name() == name)
    }
}

/// One entry of the journal.
#[derive(Clone, PartialEq, Debug)]
pub struct Step {
    /// Which page load it comes from; 0 is the server itself.
    pub stream: u32,
    /// Number in its stream, from 1.
    pub seq: u32,
    /// Order of arrival in this journal.
    pub position: u32,
    /// When the server received it, ms UTC.
    pub server_ms: i64,
    /// What it was worth on arrival.
    pub verdict: Verdict,
    /// What was done.
    pub act: Act,
}

/// What must be known of a sheet to judge an arriving act.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// Has it been handed in (and not reopened since)?
    pub handed_in: bool,
    /// Questions validated so far.
    pub locked: BTreeSet<QuestionId>,
}

/// When an act is late.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The candidate's own deadline, ms UTC.
    pub deadline_ms: i64,
    /// Time left for an answer made before the deadline to arrive.
    pub grace_ms: i64,
}

/// What this act is worth if it arrives now.
pub fn judge(section: &Section, standing: &Standing, limits: Limits, now_ms: i64, act: &Act) -> Verdict {
    match act {
        Act::Reopen { .. } | Act::Rejudge { .. } => return Verdict::Invalid,
        Act::View { element } if !holds(section, element) => return Verdict::Invalid,
        _ => {}
    }
    if let Some(id) = act.question() {
        let Some(found) = find(section, id) else { return Verdict::Invalid };
        if let Some((case, index)) = found.case
            && index >= visible_parts(case, &standing.locked)
        {
            return Verdict::Invalid;
        }
        match act {
            Act::Answer { response, .. } if response::fits(found.question, response).is_err() => {
                return Verdict::Invalid;
            }
            Act::Lock { .. } if !found.case.is_some_and(|(case, _)| case.kind.is_progressive()) => {
                return Verdict::Invalid;
            }
            _ => {}
        }
        if standing.locked.contains(id) && !matches!(act, Act::Flag { .. }) {
            return Verdict::Locked;
        }
    }
    if standing.handed_in {
        Verdict::HandedIn
    } else if now_ms > limits.deadline_ms + limits.grace_ms {
        Verdict::Late
    } else {
        Verdict::Counted
    }
}

/// Applies a counted act to a standing, for judging the next one of a batch.
pub fn advance(standing: &mut Standing, act: &Act) {
    match act {
        Act::Lock { question } => {
            standing.locked.insert(question.clone());
        }
        Act::HandIn {} => standing.handed_in = true,
        Act::Reopen { .. } => standing.handed_in = false,
        Act::Answer { .. } | Act::Flag { .. } | Act::View { .. } | Act::Rejudge { .. } => {}
    }
}

/// Judges late steps again, now that the candidate has more time: what each was worth had these limits
/// been known when it arrived. `steps` are in order of arrival. Returns the `(stream, seq)` of those
/// whose verdict changes, with the new one.
pub fn rejudge<'a>(
    section: &Section,
    limits: Limits,
    steps: impl IntoIterator<Item = &'a Step>,
) -> Vec<((u32, u32), Verdict)> {
    let (mut standing, mut changed) = (Standing::default(), Vec::new());
    for step in steps {
        let verdict = match step.verdict {
            Verdict::Late => judge(section, &standing, limits, step.server_ms, &step.act),
            known => known,
        };
        if verdict == Verdict::Counted {
            advance(&mut standing, &step.act);
        }
        if verdict != step.verdict {
            changed.push(((step.stream, step.seq), verdict));
        }
    }
    changed
}

/// Is there a question or a case of that identifier in the section?
fn holds(section: &Section, element: &str) -> bool {
    section.elements.iter().any(|e| e.id() == element || e.questions().any(|q| q.id.as_str() == element))
}

struct Found<'a> {
    question: &'a crate::question::Question,
    case: Option<(&'a Case, usize)>,
}

fn find<'a>(section: &'a Section, id: &QuestionId) -> Option<Found<'a>> {
    section.elements.iter().find_map(|element| match element {
        Element::Question(question) => (question.id == *id).then_some(Found { question, case: None }),
        Element::Case(case) => {
            let index = case.parts.iter().position(|part| part.question.id == *id)?;
            Some(Found { question: &case.parts[index].question, case: Some((case, index)) })
        }
    })
}

/// How many parts of a case a candidate may see: in a progressive case, the validated ones from the
/// first and the one after them.
pub fn visible_parts(case: &Case, locked: &BTreeSet<QuestionId>) -> usize {
    if !case.kind.is_progressive() {
        return case.parts.len();
    }
    let validated = case.parts.iter().take_while(|part| locked.contains(&part.question.id)).count();
    (validated + 1).min(case.parts.len())
}

/// What a sheet holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sheet {
    /// The last counted answer to each question.
    pub answers: BTreeMap<QuestionId, Response>,
    /// Answers that came too late, the last of each question where no counted one is newer; they count
    /// only if the jury says so.
    pub late: BTreeMap<QuestionId, Response>,
    /// Questions flagged "à revoir".
    pub flags: BTreeSet<QuestionId>,
    /// Questions validated.
    pub locked: BTreeSet<QuestionId>,
    /// When it was handed in, if it is.
    pub handed_in_ms: Option<i64>,
    /// Last act received, counted or not.
    pub last_ms: Option<i64>,
    /// What the candidate looked at last.
    pub place: Option<String>,
}

impl Sheet {
    /// The answers that are marked: the counted ones, and over them the late ones if the jury takes
    /// them.
    pub fn responses(&self, accept_late: bool) -> BTreeMap<QuestionId, Response> {
        let mut answers = self.answers.clone();
        if accept_late {
            answers.extend(self.late.clone());
        }
        answers
    }

    /// How many questions have an answer that is not blank.
    pub fn answered(&self) -> usize {
        self.answers.values().filter(|r| !r.is_blank()).count()
    }

    /// What is needed to judge the next act.
    pub fn standing(&self) -> Standing {
        Standing { handed_in: self.handed_in_ms.is_some(), locked: self.locked.clone() }
    }

    /// How many parts of this case the candidate may see.
    pub fn visible_parts(&self, case: &Case) -> usize {
        visible_parts(case, &self.locked)
    }
}

/// What a journal says, whatever the order in which its steps are given and however often.
pub fn fold<'a>(steps: impl IntoIterator<Item = &'a Step>) -> Sheet {
    let mut sheet = Sheet::default();
    let mut answered: BTreeMap<QuestionId, ((u32, u32), &Response)> = BTreeMap::new();
    let mut late: BTreeMap<QuestionId, ((u32, u32), &Response)> = BTreeMap::new();
    let mut flagged: BTreeMap<&QuestionId, ((u32, u32), bool)> = BTreeMap::new();
    let mut status: Option<(u32, Option<i64>)> = None;
    let mut place: Option<((u32, u32), &str)> = None;
    for step in steps {
        sheet.last_ms = sheet.last_ms.max(Some(step.server_ms));
        let stamp = (step.stream, step.seq);
        match (&step.act, step.verdict) {
            (Act::Answer { question, response }, Verdict::Counted | Verdict::Late) => {
                let map = if step.verdict == Verdict::Late { &mut late } else { &mut answered };
                let entry = map.entry(question.clone()).or_insert((stamp, response));
                if stamp > entry.0 {
                    *entry = (stamp, response);
                }
            }
            (Act::Flag { question, on }, Verdict::Counted) => {
                let entry = flagged.entry(question).or_insert((stamp, *on));
                if stamp > entry.0 {
                    *entry = (stamp, *on);
                }
            }
            (Act::Lock { question }, Verdict::Counted) => {
                sheet.locked.insert(question.clone());
            }
            (Act::View { element }, Verdict::Counted) if place.is_none_or(|(seen, _)| stamp > seen) => {
                place = Some((stamp, element));
            }
            (Act::HandIn {} | Act::Reopen { .. }, Verdict::Counted) => {
                let at = matches!(step.act, Act::HandIn {}).then_some(step.server_ms);
                if status.is_none_or(|(position, _)| step.position >= position) {
                    status = Some((step.position, at));
                }
            }
            _ => {}
        }
    }
    let take = |map: BTreeMap<QuestionId, ((u32, u32), &Response)>| {
        map.into_iter().map(|(q, (_, r))| (q, r.clone())).collect()
    };
    // A late answer may come from an earlier page than the counted one: then the later word stands.
    late.retain(|question, (stamp, _)| answered.get(question).is_none_or(|(counted, _)| *stamp > *counted));
    sheet.answers = take(answered);
    sheet.late = take(late);
    sheet.flags = flagged.into_iter().filter(|(_, (_, on))| *on).map(|(q, _)| q.clone()).collect();
    sheet.handed_in_ms = status.and_then(|(_, at)| at);
    sheet.place = place.map(|(_, element)| element.to_owned());
    sheet
}

/// Where a sheet stands in time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Not open yet at the candidate's site.
    Waiting,
    /// Open; the candidate may start.
    Ready,
    /// Time is running.
    Running,
    /// Handed in.
    HandedIn,
    /// The deadline has passed, or the site was closed.
    Closed,
}

/// Clock facts of a sheet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Times {
    /// When its site was opened, if it was.
    pub opened_ms: Option<i64>,
    /// When its site was closed, if it was.
    pub closed_ms: Option<i64>,
    /// When this candidate's time began.
    pub started_ms: Option<i64>,
    /// When it was handed in.
    pub handed_in_ms: Option<i64>,
    /// The candidate's time.
    pub allowance: TimeAllowance,
    /// When the clock was, or is, stopped: by the site, the room, for this candidate.
    pub stops: Vec<Stop>,
    /// Breaks that the candidate may take.
    pub breaks: BreakRight,
}

impl Times {
    /// The clock at `now_ms`, once time runs.
    pub fn reading(&self, now_ms: i64) -> Option<Reading> {
        let started = self.started_ms?;
        Some(stops::read(started, self.allowance.total_ms(), &self.stops, self.breaks, now_ms))
    }

    /// The stop that lasts at `now_ms` and comes first in rank (alarm, pause, break), started or not.
    pub fn lasting(&self, now_ms: i64) -> Option<Stop> {
        let rank = |s: &Stop| match s.cause {
            stops::Cause::Alarm => 0,
            stops::Cause::Pause => 1,
            stops::Cause::Break => 2,
        };
        self.stops.iter().filter(|s| s.to_ms.is_none_or(|to| now_ms < to)).min_by_key(|s| (rank(s), s.from_ms)).copied()
    }

    /// The candidate's deadline as it is at `now_ms`, once time runs; while the clock stands still it goes
    /// away as fast as time comes. Closing the site ends everyone's time there.
    pub fn deadline_ms(&self, now_ms: i64) -> Option<i64> {
        let own = self.reading(now_ms).map(|reading| reading.deadline_ms);
        match (own, self.closed_ms) {
            (Some(own), Some(closed)) => Some(own.min(closed)),
            (own, _) => own,
        }
    }

    /// Where the sheet stands at `now_ms`.
    pub fn phase(&self, now_ms: i64) -> Phase {
        if self.handed_in_ms.is_some() {
            return Phase::HandedIn;
        }
        if self.opened_ms.is_none_or(|opened| now_ms < opened) {
            return Phase::Waiting;
        }
        if self.closed_ms.is_some_and(|closed| now_ms >= closed) {
            return Phase::Closed;
        }
        match self.deadline_ms(now_ms) {
            None => Phase::Ready,
            Some(deadline) if now_ms < deadline => Phase::Running,
            Some(_) => Phase::Closed,
        }
    }
}

/// Finds the case that holds a question, if it is in one.
pub fn case_of<'a>(section: &'a Section, id: &QuestionId) -> Option<(&'a CaseId, usize)> {
    find(section, id).and_then(|found| found.case.map(|(case, index)| (&case.id, index)))
}
