//! What is asked: the question kinds of the French second cycle (R2C, arrêté of 21 December 2021,
//! article 7) and of first-cycle faculties.

use crate::{Exact, PropositionId, QuestionId, ZoneId};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The kind of a question, as printed on papers and in files.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Kind {
    /// Question à réponse unique.
    Qru,
    /// Question à réponses multiples.
    Qrm,
    /// Question à nombre de réponses précisé, courte (4 or 5 propositions).
    Qrp,
    /// Question à nombre de réponses précisé, longue (10 to 25 propositions).
    Qrpl,
    /// Question à réponse ouverte courte.
    Qroc,
    /// Question à zones à pointer.
    Qzp,
    /// Test de concordance de script.
    Tcs,
    /// First-cycle multiple choice: each proposition is judged true, false, or left unanswered.
    Qcm,
}

impl Kind {
    /// Every kind, in the order used by tables.
    pub const ALL: [Self; 8] =
        [Self::Qru, Self::Qrm, Self::Qrp, Self::Qrpl, Self::Qroc, Self::Qzp, Self::Tcs, Self::Qcm];

    /// The code used in files: `QRU`, `QRM`…
    pub fn code(self) -> &'static str {
        match self {
            Self::Qru => "QRU",
            Self::Qrm => "QRM",
            Self::Qrp => "QRP",
            Self::Qrpl => "QRPL",
            Self::Qroc => "QROC",
            Self::Qzp => "QZP",
            Self::Tcs => "TCS",
            Self::Qcm => "QCM",
        }
    }

    /// The official French name.
    pub fn french(self) -> &'static str {
        match self {
            Self::Qru => "Question à réponse unique",
            Self::Qrm => "Question à réponses multiples",
            Self::Qrp => "Question à nombre de réponses précisé",
            Self::Qrpl => "Question à nombre de réponses précisé, liste longue",
            Self::Qroc => "Question à réponse ouverte courte",
            Self::Qzp => "Question à zones à pointer",
            Self::Tcs => "Test de concordance de script",
            Self::Qcm => "Vrai ou faux, proposition par proposition",
        }
    }

    /// Reads a code, in any case; `None` if it is not one.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code().eq_ignore_ascii_case(code.trim()))
    }

    /// Formats called "rank A formats" by the *double A* reading of RULES §3.2: QRU, short QRP, QROC
    /// and QZP.
    pub fn is_rank_a_format(self) -> bool {
        matches!(self, Self::Qru | Self::Qrp | Self::Qroc | Self::Qzp)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Rank of the knowledge asked (*rang de connaissance*): A is what every physician must know, B what
/// the specialty's intern must know. Rank C is not examined.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Rank {
    /// Rang A.
    A,
    /// Rang B.
    B,
}

impl fmt::Display for Rank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::A => "A",
            Self::B => "B",
        })
    }
}

/// Truth and gravity of a proposition.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// True.
    Vrai,
    /// False.
    Faux,
    /// True, and the question is worth zero if it is not ticked.
    Indispensable,
    /// False, and the question is worth zero if it is ticked.
    Inacceptable,
}

impl Status {
    /// Is the proposition to be ticked?
    pub fn is_true(self) -> bool {
        matches!(self, Self::Vrai | Self::Indispensable)
    }

    /// The French word shown in corrections.
    pub fn french(self) -> &'static str {
        match self {
            Self::Vrai => "vrai",
            Self::Faux => "faux",
            Self::Indispensable => "indispensable",
            Self::Inacceptable => "inacceptable",
        }
    }
}

/// One option of a question.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Proposition {
    /// Stable across revisions.
    pub id: PropositionId,
    /// Markdown.
    pub text: String,
    /// Its truth.
    pub status: Status,
    /// Why, in Markdown; shown after publication.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub comment: String,
}

/// A picture, by file name in the bank's media or by content hash once frozen in a paper.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Image {
    /// File name or content hash.
    pub file: String,
    /// What a reader who cannot see it needs, without the answer.
    pub alt: String,
    /// Pixels; 0 while unknown.
    #[serde(default)]
    pub width: u32,
    /// Pixels; 0 while unknown.
    #[serde(default)]
    pub height: u32,
}

/// A video, by file name in a file of questions or by content hash once in the bank.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Video {
    /// File name or content hash.
    pub file: String,
    /// What a reader who cannot see or hear it needs, without the answer.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
}

/// A point of an image, as fractions of its width and height: (0, 0) is the top left corner.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Point {
    /// Fraction of the width, 0..=1.
    pub x: f64,
    /// Fraction of the height, 0..=1.
    pub y: f64,
}

/// The outline of a target zone, in fractions of the image.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// A disc; `r` is a fraction of the image's *width*.
    Circle {
        /// Centre, fraction of the width.
        x: f64,
        /// Centre, fraction of the height.
        y: f64,
        /// Radius, fraction of the width.
        r: f64,
    },
    /// A rectangle by its top left corner.
    Rect {
        /// Left, fraction of the width.
        x: f64,
        /// Top, fraction of the height.
        y: f64,
        /// Width, fraction of the width.
        w: f64,
        /// Height, fraction of the height.
        h: f64,
    },
    /// A simple polygon, by its corners in order.
    Polygon(
        /// Corners as `[x, y]`.
        Vec<[f64; 2]>,
    ),
}

impl Shape {
    /// Does `point` fall in the zone, border included? `aspect` is the image's height / width, needed
    /// because a circle's radius is a fraction of the width only.
    pub fn contains(&self, point: Point, aspect: f64) -> bool {
        match self {
            Self::Circle { x, y, r } => {
                let (dx, dy) = (point.x - x, (point.y - y) * aspect);
                dx * dx + dy * dy <= r * r
            }
            Self::Rect { x, y, w, h } => (*x..=x + w).contains(&point.x) && (*y..=y + h).contains(&point.y),
            Self::Polygon(corners) => {
                // Even-odd rule (Shimrat 1962): count the edges crossed by a ray to the right.
                let mut inside = false;
                for (i, a) in corners.iter().enumerate() {
                    let b = &corners[(i + 1) % corners.len()];
                    let crosses = (a[1] > point.y) != (b[1] > point.y);
                    if crosses && point.x < (b[0] - a[0]) * (point.y - a[1]) / (b[1] - a[1]) + a[0] {
                        inside = !inside;
                    }
                }
                inside
            }
        }
    }

    /// Area, as a fraction of the image's: 0 for a polygon whose corners are in line.
    pub fn area(&self, aspect: f64) -> f64 {
        match self {
            Self::Circle { r, .. } => std::f64::consts::PI * r * r / if aspect > 0.0 { aspect } else { 1.0 },
            Self::Rect { w, h, .. } => w * h,
            // Gauss's area formula.
            Self::Polygon(corners) => {
                let next = corners.iter().cycle().skip(1);
                let twice: f64 = corners.iter().zip(next).map(|(a, b)| a[0] * b[1] - b[0] * a[1]).sum();
                twice.abs() / 2.0
            }
        }
    }

    /// The smallest rectangle around the zone: left, top, right, bottom. `aspect` as in
    /// [`Shape::contains`].
    pub fn bounds(&self, aspect: f64) -> [f64; 4] {
        match self {
            Self::Circle { x, y, r } => {
                let ry = if aspect > 0.0 { r / aspect } else { *r };
                [x - r, y - ry, x + r, y + ry]
            }
            Self::Rect { x, y, w, h } => [*x, *y, x + w, y + h],
            Self::Polygon(corners) => corners.iter().fold([1.0, 1.0, 0.0, 0.0], |b, c| {
                [f64::min(b[0], c[0]), f64::min(b[1], c[1]), f64::max(b[2], c[0]), f64::max(b[3], c[1])]
            }),
        }
    }
}

/// A zone to point at.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Zone {
    /// Stable across revisions.
    pub id: ZoneId,
    /// What it is, for the correction.
    pub name: String,
    /// Where it is.
    pub shape: Shape,
    /// Why, in Markdown.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub comment: String,
}

/// The answer of an expert to a TCS.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Expert {
    /// Their name, or a label.
    pub name: String,
    /// −2 to +2.
    pub answer: i8,
}

/// How many experts gave each answer from −2 to +2; an answer out of the scale counts for none.
pub fn votes_of(experts: &[Expert]) -> [u32; 5] {
    let mut panel = [0; 5];
    for expert in experts {
        if let Some(votes) = usize::try_from(i16::from(expert.answer) + 2).ok().and_then(|i| panel.get_mut(i)) {
            *votes += 1;
        }
    }
    panel
}

/// What is proper to each kind: the options and the key.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "UPPERCASE")]
pub enum Body {
    /// One tick.
    Qru {
        /// Four or five, one true.
        propositions: Vec<Proposition>,
    },
    /// Any number of ticks.
    Qrm {
        /// Four or five.
        propositions: Vec<Proposition>,
    },
    /// `expected` ticks among four or five.
    Qrp {
        /// Number of ticks announced.
        expected: u32,
        /// Four or five.
        propositions: Vec<Proposition>,
    },
    /// `expected` ticks (1 to 5) among 10 to 25.
    Qrpl {
        /// Number of ticks announced.
        expected: u32,
        /// Ten to twenty-five.
        propositions: Vec<Proposition>,
    },
    /// Free text.
    Qroc {
        /// Answers worth full credit.
        exact: Vec<String>,
        /// Answers worth half.
        #[serde(default)]
        acceptable: Vec<String>,
        /// Words allowed, five by regulation.
        #[serde(default = "five")]
        max_words: u32,
    },
    /// Points on an image.
    Qzp {
        /// Number of zones announced, at most five.
        expected: u32,
        /// The targets.
        zones: Vec<Zone>,
    },
    /// Effect of a new finding on a hypothesis, −2 to +2.
    Tcs {
        /// "Si vous pensiez à…"
        hypothesis: String,
        /// "et que vous trouvez…"
        finding: String,
        /// Votes of the panel for −2, −1, 0, +1, +2.
        panel: [u32; 5],
        /// Who gave these votes, where each is known; then they are the panel, counted.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        experts: Vec<Expert>,
    },
    /// Each proposition judged true, false or left unanswered.
    Qcm {
        /// Usually five.
        propositions: Vec<Proposition>,
    },
}

fn five() -> u32 {
    5
}

impl Body {
    /// The kind.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Qru { .. } => Kind::Qru,
            Self::Qrm { .. } => Kind::Qrm,
            Self::Qrp { .. } => Kind::Qrp,
            Self::Qrpl { .. } => Kind::Qrpl,
            Self::Qroc { .. } => Kind::Qroc,
            Self::Qzp { .. } => Kind::Qzp,
            Self::Tcs { .. } => Kind::Tcs,
            Self::Qcm { .. } => Kind::Qcm,
        }
    }

    /// Is there nothing to compare an answer with: an essay kept until someone writes its key, a TCS whose panel has not
    /// voted? Such a question may be in a bank; no paper holds it, and nothing marks it.
    pub fn lacks_key(&self) -> bool {
        match self {
            Self::Qroc { exact, acceptable, .. } => exact.iter().chain(acceptable).all(|text| text.trim().is_empty()),
            Self::Tcs { panel, .. } => panel.iter().all(|votes| *votes == 0),
            Self::Qru { .. }
            | Self::Qrm { .. }
            | Self::Qrp { .. }
            | Self::Qrpl { .. }
            | Self::Qzp { .. }
            | Self::Qcm { .. } => false,
        }
    }

    /// The propositions; empty for kinds without any.
    pub fn propositions(&self) -> &[Proposition] {
        match self {
            Self::Qru { propositions }
            | Self::Qrm { propositions }
            | Self::Qrp { propositions, .. }
            | Self::Qrpl { propositions, .. }
            | Self::Qcm { propositions } => propositions,
            Self::Qroc { .. } | Self::Qzp { .. } | Self::Tcs { .. } => &[],
        }
    }

    /// The propositions, to change the key of a copy.
    pub fn propositions_mut(&mut self) -> Option<&mut Vec<Proposition>> {
        match self {
            Self::Qru { propositions }
            | Self::Qrm { propositions }
            | Self::Qrp { propositions, .. }
            | Self::Qrpl { propositions, .. }
            | Self::Qcm { propositions } => Some(propositions),
            Self::Qroc { .. } | Self::Qzp { .. } | Self::Tcs { .. } => None,
        }
    }

    /// Number of ticks or points announced to the candidate, where the kind has one.
    pub fn expected(&self) -> Option<u32> {
        match self {
            Self::Qrp { expected, .. } | Self::Qrpl { expected, .. } | Self::Qzp { expected, .. } => Some(*expected),
            Self::Qru { .. } | Self::Qrm { .. } | Self::Qroc { .. } | Self::Tcs { .. } | Self::Qcm { .. } => None,
        }
    }
}

/// One question: its wording, its key, its place in the referential, and what the correction says.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Question {
    /// Unique in its paper.
    pub id: QuestionId,
    /// What is asked, in Markdown.
    pub stem: String,
    /// A picture, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<Image>,
    /// A video, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub video: Option<Video>,
    /// Options and key.
    #[serde(flatten)]
    pub body: Body,
    /// Weight in its section, 1 by default.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub weight: Exact,
    /// Rank of the knowledge asked; none in first cycle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rank: Option<Rank>,
    /// Opaque tags into referentials.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// General correction, in Markdown.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub comment: String,
    /// What it rests on.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// Name of a marking scheme for this question only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
}

fn one() -> Exact {
    Exact::ONE
}

fn is_one(value: &Exact) -> bool {
    *value == Exact::ONE
}

impl Question {
    /// A question with nothing but its stem and body.
    pub fn new(id: QuestionId, stem: String, body: Body) -> Self {
        Self {
            id,
            stem,
            image: None,
            video: None,
            body,
            weight: Exact::ONE,
            rank: None,
            tags: Vec::new(),
            comment: String::new(),
            source: String::new(),
            scheme: None,
        }
    }

    /// The kind.
    pub fn kind(&self) -> Kind {
        self.body.kind()
    }

    /// Height / width of its image; 1 when unknown.
    pub fn image_aspect(&self) -> f64 {
        match &self.image {
            Some(image) if image.width > 0 && image.height > 0 => f64::from(image.height) / f64::from(image.width),
            _ => 1.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_contain_their_points() {
        let at = |x, y| Point { x, y };
        let circle = Shape::Circle { x: 0.5, y: 0.5, r: 0.1 };
        assert!(circle.contains(at(0.59, 0.5), 1.0));
        // On an image half as high as wide, 0.15 of the height is 0.075 of the width.
        assert!(circle.contains(at(0.5, 0.65), 0.5));
        assert!(!circle.contains(at(0.5, 0.65), 1.0));
        let triangle = Shape::Polygon(vec![[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]);
        assert!(triangle.contains(at(0.2, 0.2), 1.0));
        assert!(!triangle.contains(at(0.8, 0.8), 1.0));
        let rect = Shape::Rect { x: 0.1, y: 0.1, w: 0.2, h: 0.2 };
        assert!(rect.contains(at(0.1, 0.3), 1.0));
        assert!(!rect.contains(at(0.31, 0.2), 1.0));
    }

    #[test]
    fn a_question_reads_from_json() {
        let json = r#"{"id":"q1","kind":"QRP","expected":1,"stem":"?","rank":"A","tags":["R2C:1"],
            "propositions":[{"id":"a","text":"x","status":"indispensable"},{"id":"b","text":"y","status":"faux"}]}"#;
        let question: Question = serde_json::from_str(json).unwrap();
        assert_eq!(question.kind(), Kind::Qrp);
        assert_eq!(question.body.expected(), Some(1));
        assert_eq!(question.weight, Exact::ONE);
        let again: Question = serde_json::from_str(&serde_json::to_string(&question).unwrap()).unwrap();
        assert_eq!(again, question);
    }
}
