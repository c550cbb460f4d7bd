//! What a candidate answered: raw, as kept in the journal, and as a compact code for marking.
//!
//! A code is a `u32` whose meaning depends on the kind:
//!
//! | kind | code |
//! |---|---|
//! | QRU, QRM, QRP, QRPL | bit *i* set: proposition *i* of the revision is ticked |
//! | QCM | the same for "true"; bits *n*…*2n*−1 for "false" |
//! | QZP | bit *i* set: zone *i* is hit |
//! | QROC | 0 blank, 1 exact, 2 acceptable, 3 other |
//! | TCS | 0 blank, 1 to 5 for −2 to +2 |
//!
//! Zero is a blank (or wholly missed) answer in every kind.

use crate::PropositionId;
use crate::qroc::{self, Category};
use crate::question::{Body, Point, Question};
use serde::{Deserialize, Serialize};

/// A raw response, exactly as made.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Response {
    /// QRU, QRM, QRP, QRPL; and QCM with `rejected`.
    Ticks {
        /// Propositions ticked (QCM: judged true).
        ticked: Vec<PropositionId>,
        /// QCM only: propositions judged false.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        rejected: Vec<PropositionId>,
    },
    /// QROC.
    Text {
        /// As typed.
        text: String,
    },
    /// QZP.
    Points {
        /// In the order placed.
        points: Vec<Point>,
    },
    /// TCS.
    Choice {
        /// −2 to +2, or none.
        choice: Option<i8>,
    },
}

impl Response {
    /// Has the candidate left nothing here?
    pub fn is_blank(&self) -> bool {
        match self {
            Self::Ticks { ticked, rejected } => ticked.is_empty() && rejected.is_empty(),
            Self::Text { text } => text.trim().is_empty(),
            Self::Points { points } => points.is_empty(),
            Self::Choice { choice } => choice.is_none(),
        }
    }
}

/// Why a response does not fit its question. The texts are shown to whoever sent it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    /// Ticks for a text question, and so on.
    #[error("ce type de réponse ne convient pas à une question de type {0}")]
    WrongShape(&'static str),
    /// A proposition that the question does not have.
    #[error("la proposition « {0} » n’existe pas dans cette question")]
    UnknownProposition(String),
    /// More ticks or points than announced.
    #[error("{given} réponses données, {allowed} au plus")]
    TooMany {
        /// Ticks or points received.
        given: usize,
        /// Ticks or points allowed.
        allowed: usize,
    },
    /// The same proposition twice, or both true and false.
    #[error("la proposition « {0} » est donnée deux fois")]
    Twice(String),
    /// A text of too many words.
    #[error("{given} mots, {allowed} au plus")]
    TooManyWords {
        /// Words counted.
        given: usize,
        /// Words allowed.
        allowed: usize,
    },
    /// A text too long to be an answer.
    #[error("réponse trop longue ({0} caractères, 200 au plus)")]
    TooLong(usize),
    /// A point outside the image or a choice outside the scale.
    #[error("valeur hors de l’échelle")]
    OutOfRange,
}

/// Longest text kept for a QROC, in characters.
pub const MAX_TEXT_CHARS: usize = 200;

/// Is this response one that the question allows? What is refused here never enters a count; the
/// exam room prevents it, so that only a faulty or forged client meets it.
pub fn fits(question: &Question, response: &Response) -> Result<(), Misfit> {
    let kind = question.kind();
    match (&question.body, response) {
        (Body::Qroc { max_words, .. }, Response::Text { text }) => {
            let chars = text.chars().count();
            if chars > MAX_TEXT_CHARS {
                return Err(Misfit::TooLong(chars));
            }
            let (given, allowed) = (qroc::word_count(text), *max_words as usize);
            if given > allowed { Err(Misfit::TooManyWords { given, allowed }) } else { Ok(()) }
        }
        (Body::Qzp { expected, .. }, Response::Points { points }) => {
            let inside = |p: &Point| (0.0..=1.0).contains(&p.x) && (0.0..=1.0).contains(&p.y);
            if !points.iter().all(inside) {
                return Err(Misfit::OutOfRange);
            }
            let (given, allowed) = (points.len(), *expected as usize);
            if given > allowed { Err(Misfit::TooMany { given, allowed }) } else { Ok(()) }
        }
        (Body::Tcs { .. }, Response::Choice { choice }) => match choice {
            Some(value) if !(-2..=2).contains(value) => Err(Misfit::OutOfRange),
            _ => Ok(()),
        },
        (body, Response::Ticks { ticked, rejected }) if !body.propositions().is_empty() => {
            if !rejected.is_empty() && !matches!(body, Body::Qcm { .. }) {
                return Err(Misfit::WrongShape(kind.code()));
            }
            let mut seen = 0_u32;
            for id in ticked.iter().chain(rejected) {
                let bit = position(body, id).ok_or_else(|| Misfit::UnknownProposition(id.to_string()))?;
                if seen & (1 << bit) != 0 {
                    return Err(Misfit::Twice(id.to_string()));
                }
                seen |= 1 << bit;
            }
            let allowed = match body {
                Body::Qru { .. } => Some(1),
                _ => body.expected().map(|n| n as usize),
            };
            match allowed {
                Some(allowed) if ticked.len() > allowed => Err(Misfit::TooMany { given: ticked.len(), allowed }),
                _ => Ok(()),
            }
        }
        _ => Err(Misfit::WrongShape(kind.code())),
    }
}

fn position(body: &Body, id: &PropositionId) -> Option<usize> {
    body.propositions().iter().position(|p| p.id == *id)
}

/// The compact code of a response, by the *current* key (it matters to QROC and QZP only). Parts of a
/// response that do not fit the question are ignored.
pub fn encode(question: &Question, response: &Response) -> u32 {
    match (&question.body, response) {
        (Body::Qroc { exact, acceptable, .. }, Response::Text { text }) => {
            match qroc::categorise(text, exact, acceptable) {
                Category::Blank => 0,
                Category::Exact => 1,
                Category::Acceptable => 2,
                Category::Other => 3,
            }
        }
        (Body::Qzp { expected, zones }, Response::Points { points }) => {
            let aspect = question.image_aspect();
            // Points beyond the number announced are void.
            let within: Vec<u32> = points
                .iter()
                .take(*expected as usize)
                .map(|point| {
                    let inside = zones.iter().enumerate().filter(|(_, z)| z.shape.contains(*point, aspect));
                    inside.fold(0, |mask, (i, _)| mask | (1 << i))
                })
                .collect();
            zones_hit(&within)
        }
        (Body::Tcs { .. }, Response::Choice { choice: Some(value @ -2..=2) }) => (value + 3) as u32,
        (body, Response::Ticks { ticked, rejected }) => {
            let count = body.propositions().len();
            let mask = |ids: &[PropositionId]| {
                ids.iter().filter_map(|id| position(body, id)).fold(0_u32, |mask, bit| mask | (1 << bit))
            };
            match body {
                Body::Qcm { .. } => mask(ticked) | (mask(rejected) << count),
                _ => mask(ticked),
            }
        }
        _ => 0,
    }
}

/// Zones hit by points, each given by the zones that contain it: a point counts for one zone, a zone
/// counts once, and where zones overlap points are shared out so that as many as possible are hit,
/// whatever their order (Kuhn 1955: a maximum matching, here of at most 5 points).
fn zones_hit(within: &[u32]) -> u32 {
    fn place(point: usize, within: &[u32], owner: &mut [Option<usize>; 32], tried: &mut u32) -> bool {
        while let left @ 1.. = within[point] & !*tried {
            let zone = left.trailing_zeros();
            *tried |= 1 << zone;
            let free = match owner[zone as usize] {
                None => true,
                Some(other) => place(other, within, owner, tried),
            };
            if free {
                owner[zone as usize] = Some(point);
                return true;
            }
        }
        false
    }
    let mut owner = [None; 32];
    for point in 0..within.len() {
        place(point, within, &mut owner, &mut 0);
    }
    owner.iter().enumerate().filter(|(_, point)| point.is_some()).fold(0, |mask, (zone, _)| mask | (1 << zone))
}

/// Bits that codes of this question may use.
pub fn code_bits(body: &Body) -> u32 {
    match body {
        Body::Qroc { .. } => 2,
        Body::Tcs { .. } => 3,
        Body::Qzp { zones, .. } => zones.len() as u32,
        Body::Qcm { propositions } => 2 * propositions.len() as u32,
        _ => body.propositions().len() as u32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::question::{Image, Shape, Zone};

    fn question(json: &str) -> Question {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn responses_read_from_json_by_their_shape() {
        let read = |text: &str| serde_json::from_str::<Response>(text).unwrap();
        assert_eq!(read(r#"{"ticked":["a"]}"#), Response::Ticks { ticked: vec!["a".into()], rejected: vec![] });
        assert!(read(r#"{"choice":null}"#).is_blank());
        assert!(read(r#"{"text":"  "}"#).is_blank());
        assert!(!read(r#"{"points":[{"x":0,"y":0}]}"#).is_blank());
        assert!(serde_json::from_str::<Response>(r#"{"ticks":["a"]}"#).is_err());
    }

    #[test]
    fn forged_responses_are_refused_with_the_reason() {
        let qrp = question(
            r#"{"id":"q","kind":"QRP","expected":1,"stem":"?","propositions":[
            {"id":"a","text":"x","status":"vrai"},{"id":"b","text":"y","status":"faux"}]}"#,
        );
        let ticks =
            |ids: &[&str]| Response::Ticks { ticked: ids.iter().map(|&i| i.into()).collect(), rejected: vec![] };
        assert_eq!(fits(&qrp, &ticks(&["a"])), Ok(()));
        assert_eq!(fits(&qrp, &ticks(&["a", "b"])), Err(Misfit::TooMany { given: 2, allowed: 1 }));
        assert_eq!(fits(&qrp, &ticks(&["z"])), Err(Misfit::UnknownProposition("z".into())));
        assert_eq!(fits(&qrp, &ticks(&["a", "a"])), Err(Misfit::Twice("a".into())));
        assert_eq!(fits(&qrp, &Response::Text { text: "a".into() }), Err(Misfit::WrongShape("QRP")));
        let qroc = question(r#"{"id":"q","kind":"QROC","exact":["embolie"],"stem":"?"}"#);
        let words = Response::Text { text: "un deux trois quatre cinq six sept".into() };
        assert_eq!(fits(&qroc, &words), Err(Misfit::TooManyWords { given: 7, allowed: 5 }));
    }

    #[test]
    fn two_points_in_one_zone_count_once() {
        let zone = |id: &str, x| Zone {
            id: id.into(),
            name: id.into(),
            shape: Shape::Circle { x, y: 0.5, r: 0.05 },
            comment: String::new(),
        };
        let mut qzp = question(r#"{"id":"q","kind":"QZP","expected":2,"zones":[],"stem":"?"}"#);
        qzp.image = Some(Image { file: "f".into(), alt: "a".into(), width: 100, height: 100 });
        if let Body::Qzp { zones, .. } = &mut qzp.body {
            zones.extend([zone("z1", 0.2), zone("z2", 0.8)]);
        }
        let points = |xs: &[f64]| Response::Points { points: xs.iter().map(|&x| Point { x, y: 0.5 }).collect() };
        assert_eq!(encode(&qzp, &points(&[0.2, 0.21])), 0b01);
        assert_eq!(encode(&qzp, &points(&[0.8, 0.2])), 0b11);
        assert_eq!(encode(&qzp, &points(&[0.5, 0.4, 0.2])), 0, "the third point is void");
    }

    #[test]
    fn overlapping_zones_are_shared_out_for_the_best() {
        // One point in both zones, one in the first only: both are hit, in whatever order.
        assert_eq!(zones_hit(&[0b11, 0b01]), 0b11);
        assert_eq!(zones_hit(&[0b01, 0b11]), 0b11);
        assert_eq!(zones_hit(&[0b11, 0b10]), 0b11);
        assert_eq!(zones_hit(&[0b01, 0b01, 0b11]), 0b11);
        assert_eq!(zones_hit(&[0b011, 0b011, 0b111, 0b100]), 0b111);
        assert_eq!(zones_hit(&[0, 0]), 0);
    }
}
