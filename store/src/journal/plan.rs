//! What a save writes: decided from what is on disk, pure, so that both drivers share it to the letter.

use super::{NewStep, Save, SaveError};
use docimo_engine::QuestionId;
use docimo_engine::attempt::{self, Act, Limits, Phase, Standing, Times, Verdict};
use docimo_engine::paper::Section;

/// A sheet and the stream of a save, as on disk.
pub(super) struct Sheet<'a> {
    pub times: Times,
    pub grace_ms: i64,
    /// The exam is marked: nothing that arrives can count.
    pub marked: bool,
    /// Last step of the stream.
    pub last_seq: u32,
    /// Questions validated.
    pub locked: &'a [String],
}

pub(super) struct Plan<'a> {
    pub fresh: Vec<(&'a NewStep, Verdict)>,
    pub verdicts: Vec<(u32, Verdict)>,
    pub acknowledged: u32,
    pub handed_in: bool,
    pub revealed: bool,
}

pub(super) fn has_progressive(section: &Section) -> bool {
    section.elements.iter().any(|element| match element {
        docimo_engine::paper::Element::Case(case) => case.kind.is_progressive(),
        docimo_engine::paper::Element::Question(_) => false,
    })
}

/// Decides what to write: pure, so that both drivers share it to the letter.
pub(super) fn plan<'a>(
    save: &'a Save,
    sheet: &Sheet<'_>,
    known: &[(i64, String, String)],
    superseded: &[String],
) -> Result<Plan<'a>, SaveError> {
    let (times, last) = (&sheet.times, sheet.last_seq);
    if matches!(times.phase(save.now_ms), Phase::Waiting | Phase::Ready) {
        return Err(SaveError::NotOpen);
    }
    let limits = Limits { deadline_ms: times.deadline_ms(save.now_ms).unwrap_or(i64::MIN), grace_ms: sheet.grace_ms };
    let mut standing = Standing {
        handed_in: times.handed_in_ms.is_some(),
        locked: sheet.locked.iter().map(|id| QuestionId::new(id.as_str())).collect(),
    };
    let mut plan =
        Plan { fresh: Vec::new(), verdicts: Vec::new(), acknowledged: last, handed_in: false, revealed: false };
    for step in &save.steps {
        if step.seq <= plan.acknowledged {
            // Already on disk, from this save or an earlier one: acknowledged again, with its first verdict.
            let stored = known.iter().find(|(seq, _, _)| *seq == i64::from(step.seq));
            let verdict = stored.and_then(|(_, v, _)| Verdict::from_name(v)).unwrap_or(Verdict::Counted);
            plan.revealed |= verdict == Verdict::Counted && matches!(step.act(), Act::Lock { .. });
            plan.verdicts.push((step.seq, verdict));
            continue;
        }
        if step.seq != plan.acknowledged + 1 {
            // Nothing of this save is written: what is missing is after what was on disk before it.
            return Err(SaveError::Gap { expected: last + 1 });
        }
        let mut verdict = attempt::judge(&save.section, &standing, limits, save.now_ms, step.act());
        // Handing in late changes nothing to what was answered: it is the sheet being given back.
        if verdict == Verdict::Late && matches!(step.act(), Act::HandIn {}) {
            verdict = Verdict::Counted;
        }
        // A page that was left acts no more: it neither closes the sheet under the hands of the later one,
        // nor answers or validates what that one has answered.
        let overtaken = match step.act() {
            Act::Answer { question, .. } | Act::Lock { question } => {
                superseded.iter().any(|id| id == question.as_str())
            }
            Act::HandIn {} => !superseded.is_empty(),
            _ => false,
        };
        if overtaken && matches!(verdict, Verdict::Counted | Verdict::Late) {
            verdict = Verdict::Superseded;
        }
        if sheet.marked {
            verdict = Verdict::AfterMarking;
        }
        if verdict == Verdict::Counted {
            attempt::advance(&mut standing, step.act());
            plan.handed_in |= matches!(step.act(), Act::HandIn {});
            plan.revealed |= matches!(step.act(), Act::Lock { .. });
        }
        plan.acknowledged = step.seq;
        plan.verdicts.push((step.seq, verdict));
        plan.fresh.push((step, verdict));
    }
    Ok(plan)
}
