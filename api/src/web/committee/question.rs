//! A question as candidates see it, with its key beside it when the committee asks.

use crate::exam::room::question_view;
use crate::markdown;
use crate::media::{ImageView, VideoView};
use docimo_engine::question::{Body, Question, Shape};

/// One line under the question: a proposition or a step of a scale.
pub(crate) struct Choice {
    pub(crate) letter: String,
    pub(crate) html: String,
    /// Empty in the preview for students.
    pub(crate) key: String,
    pub(crate) is_true: bool,
    pub(crate) comment_html: String,
}

/// A question ready to be read.
pub(crate) struct Shown {
    pub(crate) anchor: String,
    pub(crate) number: usize,
    pub(crate) with_key: bool,
    /// Are the choices the steps of a scale?
    pub(crate) scale: bool,
    pub(crate) kind: String,
    pub(crate) rank: Option<String>,
    pub(crate) instruction: String,
    pub(crate) stem_html: String,
    pub(crate) image: Option<ImageView>,
    pub(crate) video: Option<VideoView>,
    pub(crate) zones_svg: String,
    pub(crate) hypothesis_html: String,
    pub(crate) finding_html: String,
    pub(crate) choices: Vec<Choice>,
    /// Answers of the key in words (QROC, QZP).
    pub(crate) answers: Vec<(&'static str, String)>,
    pub(crate) comment_html: String,
    pub(crate) source: String,
}

/// Reads a question; `with_key` adds what candidates never see.
pub(crate) fn shown(question: &Question, number: usize, with_key: bool) -> Shown {
    let view = question_view(question, number, None);
    let mut choices: Vec<Choice> = view
        .propositions
        .into_iter()
        .zip(question.body.propositions())
        .enumerate()
        .map(|(i, (seen, proposition))| Choice {
            letter: char::from(b'A' + (i % 26) as u8).to_string(),
            html: seen.html,
            key: if with_key { capital(proposition.status.french()).to_owned() } else { String::new() },
            is_true: proposition.status.is_true(),
            comment_html: if with_key { markdown::inline(&proposition.comment) } else { String::new() },
        })
        .collect();
    let mut answers = Vec::new();
    match &question.body {
        Body::Tcs { panel, .. } => choices.extend(view.scale.iter().zip(panel).map(|(step, votes)| Choice {
            letter: signed(step.value),
            html: markdown::inline(step.label),
            key: if with_key { format!("{votes} voix") } else { String::new() },
            is_true: false,
            comment_html: String::new(),
        })),
        Body::Qroc { exact, acceptable, .. } if with_key => {
            answers.push(("Réponses exactes", exact.join("\u{202f}; ")));
            if !acceptable.is_empty() {
                answers.push(("Réponses acceptables", acceptable.join("\u{202f}; ")));
            }
        }
        Body::Qzp { zones, .. } if with_key => {
            answers
                .push(("Zones attendues", zones.iter().map(|z| z.name.clone()).collect::<Vec<_>>().join("\u{202f}; ")));
        }
        _ => {}
    }
    let zones_svg = match (&question.body, &view.image) {
        (Body::Qzp { zones, .. }, Some(image)) if with_key => {
            zones.iter().map(|z| outline(&z.shape, f64::from(image.width), f64::from(image.height))).collect()
        }
        _ => String::new(),
    };
    Shown {
        anchor: format!("q{number}"),
        number,
        with_key,
        scale: matches!(question.body, Body::Tcs { .. }),
        kind: view.kind_label,
        rank: question.rank.map(|r| r.to_string()),
        instruction: view.instruction,
        stem_html: view.stem_html,
        image: view.image,
        video: view.video,
        zones_svg,
        hypothesis_html: view.hypothesis_html.unwrap_or_default(),
        finding_html: view.finding_html.unwrap_or_default(),
        choices,
        answers,
        comment_html: if with_key { markdown::block(&question.comment) } else { String::new() },
        source: if with_key { question.source.clone() } else { String::new() },
    }
}

/// "−2", "0", "+2".
pub(crate) fn signed(value: i8) -> String {
    match value {
        0 => "0".into(),
        v if v > 0 => format!("+{v}"),
        v => format!("\u{2212}{}", v.unsigned_abs()),
    }
}

fn capital(word: &'static str) -> &'static str {
    match word {
        "vrai" => "Vraie",
        "faux" => "Fausse",
        "indispensable" => "Indispensable",
        "inacceptable" => "Inacceptable",
        other => other,
    }
}

/// A zone as an SVG element made of numbers only, in pixels of the image.
fn outline(shape: &Shape, width: f64, height: f64) -> String {
    match shape {
        Shape::Circle { x, y, r } => {
            format!(r#"<circle class="zone" cx="{:.1}" cy="{:.1}" r="{:.1}"/>"#, x * width, y * height, r * width)
        }
        Shape::Rect { x, y, w, h } => format!(
            r#"<rect class="zone" x="{:.1}" y="{:.1}" width="{:.1}" height="{:.1}"/>"#,
            x * width,
            y * height,
            w * width,
            h * height
        ),
        Shape::Polygon(corners) => {
            let points: Vec<String> =
                corners.iter().map(|[x, y]| format!("{:.1},{:.1}", x * width, y * height)).collect();
            format!(r#"<polygon class="zone" points="{}"/>"#, points.join(" "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(json: &str) -> Question {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn the_preview_for_students_holds_no_key() {
        let q = question(
            r#"{"id":"q","kind":"QRU","stem":"?","comment":"secret","propositions":[
            {"id":"a","text":"x","status":"vrai","comment":"secret"},{"id":"b","text":"y","status":"faux"}]}"#,
        );
        let seen = shown(&q, 1, false);
        assert!(seen.choices.iter().all(|c| c.key.is_empty() && c.comment_html.is_empty()));
        assert!(seen.comment_html.is_empty());
        assert_eq!(shown(&q, 1, true).choices[0].key, "Vraie");
        let qroc = question(r#"{"id":"q","kind":"QROC","exact":["secret"],"stem":"?"}"#);
        assert!(shown(&qroc, 1, false).answers.is_empty());
    }
}
