//! Between the parts of a case: what is read before a question must not answer it, and a question must be answerable
//! by who missed the one before. What comes after a locked question may say its answer: that is how a progressive
//! case goes on. In a critical reading everything is open at once.

use super::structure::{answers, contains};
use super::text::Text;
use super::words::shared::CHAINED;
use super::{Code, Field, Flaw, Place, Severity, flaw};
use crate::exchange::MISSING_ALT;
use docimo_engine::paper::Case;
use docimo_engine::question::{Body, Question};

pub(super) fn check(case: &Case) -> Vec<Flaw> {
    let mut found = Vec::new();
    if let Some(image) = &case.image
        && (image.alt.trim().is_empty() || image.alt.trim() == MISSING_ALT)
    {
        let place = Place { part: None, field: Field::Image };
        let message = "L’image du dossier n’a pas de texte de remplacement.".to_owned();
        found.push(flaw(Code::ImageWithoutAlt, Severity::Strong, place, vec![], message));
    }
    let title = Text::of(&case.title);
    let intro = Text::of(&case.intro);
    let texts: Vec<(Text<'_>, Text<'_>)> =
        case.parts.iter().map(|p| (Text::of(&p.text), Text::of(&p.question.stem))).collect();
    for (i, part) in case.parts.iter().enumerate() {
        let answers = recognisable(&part.question);
        let hit = |text: &Text<'_>| answers.iter().find_map(|a| contains(text, a));
        if let Some(words) = hit(&title) {
            let message = format!("« {} », dans le titre, répond à la question {}.", title.said(words.clone()), i + 1);
            let place = Place { part: None, field: Field::Title };
            found.push(flaw(Code::AnswerInTitle, Severity::Strong, place, vec![title.bytes(words)], message));
        }
        // What is read before answering: all of it in a critical reading, what comes before in a progressive case.
        let severity =
            if matches!(part.question.body, Body::Qroc { .. }) { Severity::Strong } else { Severity::Warning };
        let mut seen: Vec<(Option<usize>, Field, &Text<'_>)> = vec![(None, Field::Intro, &intro)];
        for (j, (text, stem)) in texts.iter().enumerate() {
            if case.kind.is_progressive() && j > i {
                break;
            }
            seen.push((Some(j), Field::PartText, text));
            // Its own stem is the question's own matter.
            if j != i {
                seen.push((Some(j), Field::Stem, stem));
            }
        }
        if let Some((part, field, text, words)) = seen.into_iter().find_map(|(p, f, t)| hit(t).map(|w| (p, f, t, w))) {
            let message = format!(
                "« {} » répond à la question {}, qui n’est pas encore posée ou reste ouverte.",
                text.said(words.clone()),
                i + 1
            );
            found.push(flaw(Code::AnswerInView, severity, Place { part, field }, vec![text.bytes(words)], message));
        }
        let (text, stem) = &texts[i];
        if i > 0
            && text.is_empty()
            && let Some(words) = stem.find(CHAINED)
        {
            let message = format!("« {} » suppose que la question précédente est réussie.", stem.said(words.clone()));
            let place = Place { part: Some(i), field: Field::Stem };
            found.push(flaw(Code::ChainedQuestion, Severity::Warning, place, vec![stem.bytes(words)], message));
        }
    }
    found
}

/// Answers worth looking for elsewhere: an open answer, or a key of two words at least; a common word would be found
/// anywhere.
fn recognisable(q: &Question) -> Vec<String> {
    let open = matches!(q.body, Body::Qroc { .. });
    answers(q)
        .into_iter()
        .filter(|a| {
            let words = Text::of(a).words.iter().filter(|w| w.fold.len() >= 4).count();
            let long = a.chars().count() >= 8;
            if open { long } else { long && words >= 2 }
        })
        .collect()
}
