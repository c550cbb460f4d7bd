//! The score of one response to one question, and why.
//!
//! Order of evaluation (RULES §1): *indispensable* and *inacceptable* propositions first, then a blank
//! or fully ticked response if the rule has a score for it, then the formula, then floor and cap.

use crate::Exact;
use crate::question::{Body, Question, Status};
use crate::scheme::{BlankPolicy, Formula, MarkingScheme, Rule};
use std::fmt;

/// A key as bit masks over propositions (or zones), in revision order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Key {
    /// Number of propositions.
    pub count: u32,
    /// True ones (indispensable included).
    pub right: u32,
    /// Those that must be ticked.
    pub indispensable: u32,
    /// Those that must not be ticked.
    pub inacceptable: u32,
    /// Ticks announced: QRP, QRPL, QZP.
    pub expected: Option<u32>,
    /// At most one tick (QRU).
    pub single: bool,
    /// Three states per proposition (QCM).
    pub three_states: bool,
}

impl Key {
    /// The key of a question of ticks or zones; `None` for QROC and TCS.
    pub fn of(body: &Body) -> Option<Self> {
        let expected = body.expected();
        if let Body::Qzp { zones, .. } = body {
            let count = zones.len() as u32;
            let right = low_bits(count);
            return Some(Self {
                count,
                right,
                indispensable: 0,
                inacceptable: 0,
                expected,
                single: false,
                three_states: false,
            });
        }
        let propositions = body.propositions();
        if propositions.is_empty() {
            return None;
        }
        let mask = |pick: fn(Status) -> bool| {
            propositions.iter().enumerate().filter(|(_, p)| pick(p.status)).fold(0, |m, (i, _)| m | (1_u32 << i))
        };
        Some(Self {
            count: propositions.len() as u32,
            right: mask(Status::is_true),
            indispensable: mask(|s| s == Status::Indispensable),
            inacceptable: mask(|s| s == Status::Inacceptable),
            expected,
            single: matches!(body, Body::Qru { .. }),
            three_states: matches!(body, Body::Qcm { .. }),
        })
    }
}

fn low_bits(count: u32) -> u32 {
    if count >= 32 { u32::MAX } else { (1 << count) - 1 }
}

/// Why a response has its score. Indices are of propositions (or zones) in revision order; the display
/// is French, with letters in that order.
#[derive(Clone, PartialEq, Debug)]
pub enum Reason {
    /// Nothing answered, and the rule has a score for that.
    Blank,
    /// Everything ticked, and the rule has a score for that.
    AllTicked,
    /// A proposition that had to be ticked is not.
    IndispensableMissing(usize),
    /// A proposition that had not to be ticked is.
    InacceptableTicked(usize),
    /// More ticks than announced.
    TooManyTicks {
        /// Ticks given.
        given: u32,
        /// Ticks announced.
        allowed: u32,
    },
    /// All-or-nothing questions.
    AllOrNothing {
        /// Is the response the key?
        right: bool,
    },
    /// Propositions wrongly ticked or missed.
    Discordances(u32),
    /// Good ticks or zones out of a number announced, and bad ones.
    Share {
        /// Good ones.
        good: u32,
        /// Announced.
        expected: u32,
        /// Bad ones.
        bad: u32,
    },
    /// Propositions judged rightly, not answered, judged wrongly.
    PerProposition {
        /// Rightly.
        right: u32,
        /// Unanswered.
        blank: u32,
        /// Wrongly.
        wrong: u32,
    },
    /// Good and bad ticks, each over how many there are.
    Relative {
        /// True propositions ticked, of how many.
        good: (u32, u32),
        /// False propositions ticked, of how many.
        bad: (u32, u32),
    },
    /// Open answer in the exact list.
    ListedExact,
    /// Open answer in the acceptable list.
    ListedAcceptable,
    /// Open answer in neither list.
    Unlisted,
    /// Panel members who gave this answer, and who gave the modal one.
    Concordance {
        /// For this answer.
        votes: u32,
        /// For the most chosen.
        mode: u32,
    },
}

fn letter(index: usize) -> char {
    char::from(b'A' + (index % 26) as u8)
}

fn plural(n: u32, one: &str, many: &str) -> String {
    format!("{n} {}", if n < 2 { one } else { many })
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blank => f.write_str("Aucune réponse."),
            Self::AllTicked => f.write_str("Toutes les propositions sont cochées."),
            Self::IndispensableMissing(i) => write!(
                f,
                "La proposition {} était indispensable : ne pas la cocher met la question à zéro.",
                letter(*i)
            ),
            Self::InacceptableTicked(i) => {
                write!(f, "La proposition {} était inacceptable : la cocher met la question à zéro.", letter(*i))
            }
            Self::TooManyTicks { given, allowed } => {
                write!(f, "{given} réponses données alors que {allowed} au plus étaient demandées.")
            }
            Self::AllOrNothing { right: true } => f.write_str("Réponse exacte."),
            Self::AllOrNothing { right: false } => f.write_str("Réponse inexacte : question notée en tout ou rien."),
            Self::Discordances(0) => f.write_str("Aucune discordance."),
            Self::Discordances(d) => write!(f, "{}.", plural(*d, "discordance", "discordances")),
            Self::Share { good, expected, bad } => {
                write!(f, "{} sur {expected}", plural(*good, "bonne réponse", "bonnes réponses"))?;
                if *bad > 0 {
                    write!(f, ", {}", plural(*bad, "mauvaise", "mauvaises"))?;
                }
                f.write_str(".")
            }
            Self::PerProposition { right, blank, wrong } => write!(
                f,
                "{}, {} sans réponse, {}.",
                plural(*right, "proposition bien jugée", "propositions bien jugées"),
                blank,
                plural(*wrong, "mal jugée", "mal jugées")
            ),
            Self::Relative { good, bad } => {
                write!(f, "{} vraies cochées sur {}, {} fausses cochées sur {}.", good.0, good.1, bad.0, bad.1)
            }
            Self::ListedExact => f.write_str("Réponse de la liste exacte."),
            Self::ListedAcceptable => f.write_str("Réponse acceptable, non strictement exacte."),
            Self::Unlisted => f.write_str("Réponse qui n’est dans aucune des listes."),
            Self::Concordance { votes, mode } => write!(
                f,
                "{} du panel {} cette réponse, {mode} la réponse la plus choisie.",
                plural(*votes, "expert", "experts"),
                if *votes < 2 { "a donné" } else { "ont donné" }
            ),
        }
    }
}

/// A score with its reason.
#[derive(Clone, PartialEq, Debug)]
pub struct Scored {
    /// Usually in 0..=1; a rule may go below.
    pub score: Exact,
    /// Why.
    pub reason: Reason,
}

/// Scores one response code (see [`crate::response`]) under a scheme.
pub fn score(question: &Question, scheme: &MarkingScheme, code: u32) -> Scored {
    match &question.body {
        Body::Qroc { .. } => {
            let (score, reason) = match code {
                0 => (Exact::ZERO, Reason::Blank),
                1 => (scheme.qroc.exact, Reason::ListedExact),
                2 => (scheme.qroc.acceptable, Reason::ListedAcceptable),
                _ => (Exact::ZERO, Reason::Unlisted),
            };
            Scored { score, reason }
        }
        Body::Tcs { panel, .. } => match (code as usize).checked_sub(1).filter(|i| *i < 5) {
            None => Scored { score: Exact::ZERO, reason: Reason::Blank },
            Some(i) => {
                let mode = panel.iter().copied().max().unwrap_or(0);
                let score = scheme.tcs.credits(panel)[i];
                Scored { score, reason: Reason::Concordance { votes: panel[i], mode } }
            }
        },
        body => match (Key::of(body), scheme.rule(body.kind())) {
            (Some(key), Some(rule)) => score_ticks(&key, rule, code),
            _ => Scored { score: Exact::ZERO, reason: Reason::Blank },
        },
    }
}

/// Scores ticks against a key under one rule.
pub fn score_ticks(key: &Key, rule: &Rule, code: u32) -> Scored {
    let all = low_bits(key.count);
    let ticked = code & all;
    let rejected = if key.three_states { (code >> key.count) & all } else { 0 };
    let is_blank = ticked == 0 && rejected == 0;

    if rule.zeroing {
        let missing = key.indispensable & !ticked;
        if missing != 0 {
            let reason = Reason::IndispensableMissing(missing.trailing_zeros() as usize);
            return Scored { score: Exact::ZERO, reason };
        }
        let fatal = key.inacceptable & ticked;
        if fatal != 0 {
            let reason = Reason::InacceptableTicked(fatal.trailing_zeros() as usize);
            return Scored { score: Exact::ZERO, reason };
        }
    }
    let allowed = if key.single { Some(1) } else { key.expected };
    if let Some(allowed) = allowed
        && ticked.count_ones() > allowed
    {
        return Scored { score: Exact::ZERO, reason: Reason::TooManyTicks { given: ticked.count_ones(), allowed } };
    }
    if is_blank && let BlankPolicy::Fixed(score) = rule.blank_policy {
        return Scored { score, reason: Reason::Blank };
    }
    // Where all are true, ticking all is the answer, whatever the rule says of sheets ticked all over.
    if ticked == all
        && key.right != all
        && let Some(score) = rule.all_ticked
    {
        return Scored { score, reason: Reason::AllTicked };
    }

    // After a decision of the jury a single-answer question may accept several: the one given is its key.
    let key = &Key { right: if key.single { one_of(key.right, ticked) } else { key.right }, ..*key };
    let good = (ticked & key.right).count_ones();
    let bad = (ticked & !key.right).count_ones();
    let true_count = key.right.count_ones();
    let discordances = bad + true_count - good;
    let scored = formula(key, &rule.formula, Counts { good, bad, true_count, discordances, ticked, rejected });
    let mut score = scored.score;
    if let Some(floor) = rule.floor {
        score = score.max(floor);
    }
    if let Some(cap) = rule.cap {
        score = score.min(cap);
    }
    Scored { score, ..scored }
}

/// One of the accepted answers: the one ticked, or else the first.
fn one_of(right: u32, ticked: u32) -> u32 {
    let accepted = if right & ticked == 0 { right } else { right & ticked };
    accepted & accepted.wrapping_neg()
}

#[derive(Clone, Copy)]
struct Counts {
    good: u32,
    bad: u32,
    true_count: u32,
    discordances: u32,
    ticked: u32,
    rejected: u32,
}

fn ratio(a: u32, b: u32) -> Exact {
    Exact::new(a.into(), b.into())
}

fn formula(key: &Key, formula: &Formula, c: Counts) -> Scored {
    let from_table = |table: &[Exact]| Scored {
        score: table.get(c.discordances as usize).copied().unwrap_or(Exact::ZERO),
        reason: Reason::Discordances(c.discordances),
    };
    match formula {
        Formula::AllOrNothing { right, wrong } => {
            let exact = c.discordances == 0;
            Scored { score: if exact { *right } else { *wrong }, reason: Reason::AllOrNothing { right: exact } }
        }
        Formula::Discordance { table } => from_table(table),
        Formula::DiscordanceByTrueCount { tables } => {
            let at = (c.true_count.max(1) as usize - 1).min(tables.len().saturating_sub(1));
            from_table(tables.get(at).map_or(&[], |t| &t[..]))
        }
        Formula::PerProposition { right, blank, wrong } => {
            // With two states, what is not ticked is judged false, a wholly empty response included; a
            // scheme that reads it otherwise says so by its blank policy.
            let answered = if key.three_states { c.ticked | c.rejected } else { low_bits(key.count) };
            let well = answered & !(c.ticked ^ key.right);
            let (n_right, n_blank) = (well.count_ones(), key.count - answered.count_ones());
            let n_wrong = key.count - n_right - n_blank;
            let sum = *right * ratio(n_right, 1) + *blank * ratio(n_blank, 1) + *wrong * ratio(n_wrong, 1);
            Scored {
                score: sum * ratio(1, key.count),
                reason: Reason::PerProposition { right: n_right, blank: n_blank, wrong: n_wrong },
            }
        }
        Formula::Majority { partial } => {
            let well = key.count.saturating_sub(c.discordances);
            let score = if c.discordances == 0 {
                Exact::ONE
            } else if 2 * well > key.count {
                *partial
            } else {
                Exact::ZERO
            };
            Scored { score, reason: Reason::Discordances(c.discordances) }
        }
        Formula::Relative { good, bad } => {
            let false_count = key.count - c.true_count;
            Scored {
                score: *good * ratio(c.good, c.true_count) - *bad * ratio(c.bad, false_count),
                reason: Reason::Relative { good: (c.good, c.true_count), bad: (c.bad, false_count) },
            }
        }
        Formula::Expected { error, zero_on_error } => {
            let expected = key.expected.unwrap_or(c.true_count).max(1);
            let score = if *zero_on_error && c.bad > 0 {
                Exact::ZERO
            } else {
                let raw = (ratio(c.good, 1) - *error * ratio(c.bad, 1)) * ratio(1, expected);
                // Alternatives beyond the number announced ("any one is enough") cannot exceed full credit.
                raw.max(Exact::ZERO).min(Exact::ONE)
            };
            Scored { score, reason: Reason::Share { good: c.good, expected, bad: c.bad } }
        }
    }
}
