//! The fields of a question or case, as forms show them.

use super::document::DocumentFields;
use crate::bank::draft::advice::Advice;
use crate::bank::draft::blank::CASES;
use crate::bank::draft::{blank, suggest};
use crate::exam::room::TCS_SCALE;
use crate::media::ImageView;
use crate::web::committee::signed;
use askama::Template;
use docimo_engine::paper::{Case, CaseKind, Element, Part};
use docimo_engine::question::{Body, Expert, Image, Kind, Proposition, Question, Shape, Status, Zone};
use docimo_engine::scheme::TcsRule;

/// One of a few values.
pub(super) struct Choice {
    pub(super) code: String,
    pub(super) label: String,
    pub(super) chosen: bool,
}

fn choice(code: &str, label: &str, chosen: bool) -> Choice {
    Choice { code: code.to_owned(), label: label.to_owned(), chosen }
}

/// An identifier of the page, from a path.
fn dashed(path: &str) -> String {
    path.replace('.', "-")
}

/// A picture and its text.
struct ImageFields {
    file: String,
    alt: String,
    width: u32,
    height: u32,
    url: String,
}

impl ImageFields {
    fn of(image: Option<&Image>) -> Self {
        let view = image.filter(|i| !i.file.is_empty()).map(ImageView::of);
        Self {
            file: image.map(|i| i.file.clone()).unwrap_or_default(),
            alt: image.map(|i| i.alt.clone()).unwrap_or_default(),
            width: image.map_or(0, |i| i.width),
            height: image.map_or(0, |i| i.height),
            url: view.map(|v| v.url).unwrap_or_default(),
        }
    }
}

/// A proposition.
#[derive(Template)]
#[template(path = "bank/editor/proposition.html")]
struct PropositionFields {
    p: String,
    d: String,
    letter: char,
    id: String,
    text: String,
    comment: String,
    statuses: Vec<Choice>,
}

/// What propositions of a kind may be.
fn statuses(kind: Kind, now: Status) -> Vec<Choice> {
    let grave = matches!(kind, Kind::Qrm | Kind::Qrp);
    [
        ("vrai", "Vrai", Status::Vrai),
        ("faux", "Faux", Status::Faux),
        ("indispensable", "Indispensable", Status::Indispensable),
        ("inacceptable", "Inacceptable", Status::Inacceptable),
    ]
    .into_iter()
    .filter(|(_, _, status)| grave || *status == now || matches!(status, Status::Vrai | Status::Faux))
    .map(|(code, label, status)| choice(code, label, status == now))
    .collect()
}

impl PropositionFields {
    fn of(path: String, index: usize, kind: Kind, proposition: &Proposition) -> Self {
        Self {
            d: dashed(&path),
            p: path,
            letter: super::super::shown::letter(index),
            id: proposition.id.to_string(),
            text: proposition.text.clone(),
            comment: proposition.comment.clone(),
            statuses: statuses(kind, proposition.status),
        }
    }
}

/// A number of a zone.
struct Coordinate {
    /// End of its path.
    name: &'static str,
    label: &'static str,
    percent: String,
}

/// A zone to point at.
#[derive(Template)]
#[template(path = "bank/editor/zone.html")]
struct ZoneFields {
    p: String,
    d: String,
    number: usize,
    id: String,
    name: String,
    comment: String,
    /// `circle`, `rect` or `polygon`.
    shape: &'static str,
    shape_french: &'static str,
    coordinates: Vec<Coordinate>,
    corners: String,
}

/// A fraction as a percentage: its decimals moved, so that it is read back to the last bit.
fn percent(fraction: f64) -> String {
    let text = fraction.to_string();
    let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
    let decimals = format!("{decimals:0<2}");
    let (two, rest) = decimals.split_at(2);
    let digits = format!("{}{two}", whole.trim_start_matches('-'));
    let digits = match digits.trim_start_matches('0') {
        "" => "0",
        digits => digits,
    };
    let sign = if whole.starts_with('-') { "-" } else { "" };
    if rest.is_empty() { format!("{sign}{digits}") } else { format!("{sign}{digits}.{rest}") }
}

impl ZoneFields {
    fn of(path: String, index: usize, zone: &Zone) -> Self {
        let c = |name, label, fraction: f64| Coordinate { name, label, percent: percent(fraction) };
        let (shape, shape_french, coordinates, corners) = match &zone.shape {
            Shape::Circle { x, y, r } => (
                "circle",
                "Disque",
                vec![c("x", "Centre, depuis la gauche", *x), c("y", "Centre, depuis le haut", *y), c("r", "Rayon", *r)],
                String::new(),
            ),
            Shape::Rect { x, y, w, h } => (
                "rect",
                "Rectangle",
                vec![c("x", "Gauche", *x), c("y", "Haut", *y), c("w", "Largeur", *w), c("h", "Hauteur", *h)],
                String::new(),
            ),
            Shape::Polygon(corners) => {
                let text: Vec<String> =
                    corners.iter().map(|[x, y]| format!("{} {}", percent(*x), percent(*y))).collect();
                ("polygon", "Polygone", Vec::new(), text.join(" ; "))
            }
        };
        Self {
            d: dashed(&path),
            p: path,
            number: index + 1,
            id: zone.id.to_string(),
            name: zone.name.clone(),
            comment: zone.comment.clone(),
            shape,
            shape_french,
            coordinates,
            corners,
        }
    }

    fn blank(path: String, shape: &str) -> Option<Self> {
        let shape: Shape = serde_json::from_value(super::form::shape(shape)?).ok()?;
        let zone = Zone { id: "".into(), name: String::new(), shape, comment: String::new() };
        Some(Self::of(path, 0, &zone))
    }
}

/// A step of the scale of a TCS.
struct Vote {
    value: String,
    label: &'static str,
    votes: u32,
    credit: String,
}

/// An expert of the panel of a TCS.
#[derive(Template)]
#[template(path = "bank/editor/expert.html")]
struct ExpertFields {
    p: String,
    d: String,
    number: usize,
    name: String,
    answers: Vec<Choice>,
}

impl ExpertFields {
    fn of(path: String, index: usize, expert: &Expert) -> Self {
        let one = |(value, label): &(i8, &str)| {
            choice(&value.to_string(), &format!("{} : {label}", signed(*value)), *value == expert.answer)
        };
        Self {
            d: dashed(&path),
            p: path,
            number: index + 1,
            name: expert.name.clone(),
            answers: TCS_SCALE.iter().map(one).collect(),
        }
    }
}

/// A question.
#[derive(Template)]
#[template(path = "bank/editor/question.html")]
pub(super) struct QuestionFields {
    p: String,
    d: String,
    /// " de la question 2", safe HTML whose number follows.
    of: String,
    id: String,
    /// May its identifier be chosen?
    named: bool,
    kind: &'static str,
    kinds: Vec<Choice>,
    stem: String,
    image: ImageFields,
    video: DocumentFields,
    /// A picture is of no use without zones: shown at once there.
    is_qzp: bool,
    has_propositions: bool,
    propositions: Vec<PropositionFields>,
    blank: Option<PropositionFields>,
    expected: Option<u32>,
    open: Option<(String, String, u32)>,
    zones: Vec<ZoneFields>,
    blank_zones: Vec<ZoneFields>,
    tcs: Option<(String, String, Vec<Vote>)>,
    experts: Vec<ExpertFields>,
    blank_expert: Option<ExpertFields>,
    comment: String,
    source: String,
    rank: String,
    weight: String,
    tags: String,
    tag_labels: Vec<String>,
    scheme: String,
}

impl QuestionFields {
    pub(super) fn of(path: &str, question: &Question, number: Option<usize>, named: bool) -> Self {
        let kind = question.kind();
        let propositions = question.body.propositions();
        let line = |i: usize, p: &Proposition| PropositionFields::of(format!("{path}.propositions.{i}"), i, kind, p);
        let has_propositions = matches!(kind, Kind::Qru | Kind::Qrm | Kind::Qrp | Kind::Qrpl | Kind::Qcm);
        let zones = match &question.body {
            Body::Qzp { zones, .. } => zones.as_slice(),
            _ => &[],
        };
        let shapes: &[&str] = if kind == Kind::Qzp { &["rect", "circle", "polygon"] } else { &[] };
        let of = number.map(|n| format!(" de la question <span data-index=\"parts\">{n}</span>")).unwrap_or_default();
        Self {
            p: path.to_owned(),
            d: dashed(path),
            video: DocumentFields::video(path, question.video.as_ref(), &of),
            of,
            id: question.id.to_string(),
            named,
            kind: kind.code(),
            kinds: Kind::ALL.map(|k| choice(k.code(), k.french(), k == kind)).into_iter().collect(),
            stem: question.stem.clone(),
            image: ImageFields::of(question.image.as_ref()),
            is_qzp: kind == Kind::Qzp,
            has_propositions,
            propositions: propositions.iter().enumerate().map(|(i, p)| line(i, p)).collect(),
            blank: has_propositions.then(|| {
                let proposition = Proposition { id: "".into(), ..blank::proposition() };
                PropositionFields::of(format!("{path}.propositions.new"), propositions.len(), kind, &proposition)
            }),
            expected: question.body.expected(),
            open: match &question.body {
                Body::Qroc { exact, acceptable, max_words } => {
                    Some((exact.join("\n"), acceptable.join("\n"), *max_words))
                }
                _ => None,
            },
            zones: zones.iter().enumerate().map(|(i, z)| ZoneFields::of(format!("{path}.zones.{i}"), i, z)).collect(),
            blank_zones: shapes.iter().filter_map(|s| ZoneFields::blank(format!("{path}.zones.new"), s)).collect(),
            tcs: match &question.body {
                Body::Tcs { hypothesis, finding, panel, .. } => {
                    let credits = TcsRule::default().credits(panel);
                    let votes = TCS_SCALE.iter().zip(panel).zip(credits).map(|(((value, label), votes), credit)| {
                        Vote { value: signed(*value), label, votes: *votes, credit: credit.french(3) }
                    });
                    Some((hypothesis.clone(), finding.clone(), votes.collect()))
                }
                _ => None,
            },
            experts: match &question.body {
                Body::Tcs { experts, .. } => {
                    let one = |(i, e)| ExpertFields::of(format!("{path}.experts.{i}"), i, e);
                    experts.iter().enumerate().map(one).collect()
                }
                _ => Vec::new(),
            },
            blank_expert: (kind == Kind::Tcs).then(|| {
                ExpertFields::of(format!("{path}.experts.new"), 0, &Expert { name: String::new(), answer: 0 })
            }),
            comment: question.comment.clone(),
            source: question.source.clone(),
            rank: question.rank.map(|r| r.to_string()).unwrap_or_default(),
            weight: question.weight.to_string().replace('.', ","),
            tags: question.tags.join(" "),
            tag_labels: suggest::labels(&question.tags),
            scheme: question.scheme.clone().unwrap_or_default(),
        }
    }
}

/// A question of a case, with the text that brings it.
#[derive(Template)]
#[template(path = "bank/editor/part.html")]
pub(super) struct PartFields {
    p: String,
    d: String,
    number: usize,
    kind: &'static str,
    title: String,
    text: String,
    question: QuestionFields,
    open: bool,
}

impl PartFields {
    fn of(path: String, index: usize, part: &Part, open: bool) -> Self {
        let title = crate::markdown::plain(&part.question.stem, 70);
        Self {
            d: dashed(&path),
            number: index + 1,
            kind: part.question.kind().code(),
            title,
            text: part.text.clone(),
            question: QuestionFields::of(&format!("{path}.question"), &part.question, Some(index + 1), false),
            p: path,
            open,
        }
    }
}

/// A case.
#[derive(Template)]
#[template(path = "bank/editor/case.html")]
pub(super) struct CaseFields {
    id: String,
    named: bool,
    kinds: Vec<Choice>,
    title: String,
    intro: String,
    image: ImageFields,
    article: Option<(String, String, String)>,
    /// The article as PDF.
    pdf: DocumentFields,
    parts: Vec<PartFields>,
    /// One for each kind that may be added.
    blanks: Vec<PartFields>,
    part_kinds: Vec<Choice>,
    tags: String,
    tag_labels: Vec<String>,
}

impl CaseFields {
    pub(super) fn of(case: &Case, named: bool) -> Self {
        let one = |(i, part): (usize, &Part)| PartFields::of(format!("case.parts.{i}"), i, part, i == 0);
        let blank = |kind: Kind| PartFields::of("case.parts.new".into(), case.parts.len(), &blank::part(kind), true);
        Self {
            id: case.id.to_string(),
            named,
            kinds: CASES.map(|k| choice(k.code(), k.french(), k == case.kind)).into_iter().collect(),
            title: case.title.clone(),
            intro: case.intro.clone(),
            image: ImageFields::of(case.image.as_ref()),
            pdf: DocumentFields::pdf(case.article.as_ref().and_then(|a| a.pdf.as_ref())),
            article: case
                .article
                .clone()
                .or_else(|| (case.kind == CaseKind::Lca).then(blank::article))
                .map(|a| (a.title, a.citation, a.body)),
            parts: case.parts.iter().enumerate().map(one).collect(),
            blanks: Kind::ALL.into_iter().map(blank).collect(),
            part_kinds: Kind::ALL.map(|k| choice(k.code(), k.french(), k == Kind::Qrm)).into_iter().collect(),
            tags: case.tags.join(" "),
            tag_labels: suggest::labels(&case.tags),
        }
    }
}

/// The fields of an element, rendered.
pub(super) fn fields(element: &Element, named: bool) -> crate::error::ApiResult<String> {
    Ok(match element {
        Element::Question(question) => QuestionFields::of("question", question, None, named).render()?,
        Element::Case(case) => CaseFields::of(case, named).render()?,
    })
}

/// What there is to say of a draft, beside its form.
#[derive(Template)]
#[template(path = "bank/editor/panes.html")]
struct Panes<'a> {
    advice: &'a Advice,
    refusals: usize,
}

/// The panes, rendered.
pub fn panes(advice: &Advice) -> crate::error::ApiResult<String> {
    let refusals = advice.faults.iter().filter(|f| f.refused).count();
    Ok(Panes { advice, refusals }.render()?)
}

impl Panes<'_> {
    /// Where a field is on the page.
    fn anchor(&self, path: &str) -> String {
        dashed(path)
    }
}

#[cfg(test)]
#[path = "view_tests.rs"]
mod tests;
