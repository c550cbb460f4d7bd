//! Aiken: a stem, lettered options, `ANSWER: B`. Only QRU, without comments nor identifiers.

use super::draft::{self, Draft, Markup};
use super::render;
use super::text::Decoded;
use super::write::{Elements, Written};
use super::{Faulty, Imported, Raw, WriteError};
use docimo_engine::Exact;
use docimo_engine::paper::Element;
use docimo_engine::question::{Body, Question, Status};
use std::io::Write;

/// `A) text` or `A. text`: the letter and the text.
pub(super) fn option(line: &str) -> Option<(char, &str)> {
    let mut chars = line.chars();
    let letter = chars.next().filter(|c| c.is_ascii_alphabetic())?;
    chars.next().filter(|c| matches!(c, ')' | '.'))?;
    let rest = chars.as_str();
    rest.starts_with([' ', '\t']).then(|| (letter.to_ascii_uppercase(), rest.trim()))
}

pub(super) fn is_answer(line: &str) -> bool {
    answer(line).is_some()
}

fn answer(line: &str) -> Option<&str> {
    let (word, key) = line.split_once(':')?;
    matches!(word.trim().to_uppercase().as_str(), "ANSWER" | "RÉPONSE" | "REPONSE").then(|| key.trim())
}

pub(super) fn read(decoded: &Decoded<'_>) -> Raw {
    let mut raw = Raw { warnings: decoded.warning.clone().into_iter().collect(), ..Raw::default() };
    let mut open = Open::default();
    for (i, line) in decoded.text.lines().enumerate() {
        let line = line.trim_start_matches('\u{feff}').trim();
        if line.is_empty() {
            continue;
        }
        if let Some(key) = answer(line) {
            let number = raw.entries.len() + 1;
            raw.entries.push(std::mem::take(&mut open).close(number, Some(key)));
        } else if let Some((letter, text)) = option(line).filter(|_| !open.stem.is_empty()) {
            open.options.push((letter, text.to_owned()));
        } else if open.options.is_empty() {
            open.line = if open.stem.is_empty() { i + 1 } else { open.line };
            open.stem.push(line.to_owned());
        } else {
            // After options, a line that is none: the answer was forgotten.
            let number = raw.entries.len() + 1;
            raw.entries.push(std::mem::take(&mut open).close(number, None));
            open.line = i + 1;
            open.stem.push(line.to_owned());
        }
    }
    if !open.stem.is_empty() || !open.options.is_empty() {
        let number = raw.entries.len() + 1;
        raw.entries.push(open.close(number, None));
    }
    raw
}

/// A question whose end is not reached.
#[derive(Default)]
struct Open {
    line: usize,
    stem: Vec<String>,
    options: Vec<(char, String)>,
}

impl Open {
    fn close(self, number: usize, key: Option<&str>) -> Result<Imported, Faulty> {
        let place = format!("question {number}, ligne {}", self.line.max(1));
        let Some(key) = key else {
            return Err(Faulty::error(place, "il manque la ligne « ANSWER: » avec la lettre de la réponse juste"));
        };
        if self.stem.is_empty() || self.options.is_empty() {
            return Err(Faulty::error(place, "« ANSWER: » sans énoncé ou sans réponses « A) … » avant elle"));
        }
        let mut draft = Draft::default();
        for (i, (letter, _)) in self.options.iter().enumerate() {
            let wanted = u8::try_from(i).ok().filter(|i| *i < 26).map(|i| char::from(b'A' + i));
            if wanted != Some(*letter) {
                draft.errors.push(format!("réponse « {letter} » : les lettres doivent se suivre à partir de A"));
                break;
            }
        }
        let keys: Vec<char> = key.chars().filter(char::is_ascii_alphabetic).map(|c| c.to_ascii_uppercase()).collect();
        let [right] = keys[..] else {
            let reason = format!("« ANSWER: {key} » : une lettre et une seule attendue");
            return Err(Faulty::error(place, reason));
        };
        if !self.options.iter().any(|(letter, _)| *letter == right) {
            draft.errors.push(format!("« ANSWER: {right} » ne désigne aucune réponse"));
        }
        let propositions = self
            .options
            .iter()
            .enumerate()
            .map(|(i, (letter, text))| {
                let status = if *letter == right { Status::Vrai } else { Status::Faux };
                let text = draft.markdown(text, Markup::Plain, "propositions", None);
                draft::proposition(i, text, status, String::new())
            })
            .collect();
        let stem = draft.markdown(&self.stem.join("\n"), Markup::Plain, "énoncé", None);
        let element = Element::Question(draft::question(stem, Body::Qru { propositions }));
        draft.finish(place, None, None, Some(element))
    }
}

pub(super) fn write(elements: Elements<'_>, out: &mut dyn Write) -> Result<Written, WriteError> {
    let mut written = Written::default();
    while let Some(element) = elements.next() {
        match element {
            Element::Question(question) => {
                written.elements += usize::from(one(question, out, &mut written)?);
            }
            Element::Case(case) => written.left_out(case.id.as_str(), "Aiken n’a pas de dossier"),
        }
    }
    Ok(written)
}

fn one(question: &Question, out: &mut dyn Write, written: &mut Written) -> Result<bool, WriteError> {
    let id = question.id.as_str();
    let Body::Qru { propositions } = &question.body else {
        written.left_out(id, format!("Aiken n’a que des QRU, ceci est une {}", question.kind()));
        return Ok(false);
    };
    let right = propositions.iter().position(|p| p.status.is_true());
    let Some(right) = right.filter(|_| propositions.len() <= 26) else {
        written.left_out(id, "Aiken veut une réponse juste parmi 26 au plus");
        return Ok(false);
    };
    let (stem, mut marked) = render::plain(&question.stem);
    let letter = |i: usize| char::from(b'A' + u8::try_from(i).unwrap_or(25));
    writeln!(out, "{stem}")?;
    for (i, p) in propositions.iter().enumerate() {
        let (text, own) = render::plain(&p.text);
        marked |= own;
        writeln!(out, "{}) {text}", letter(i))?;
    }
    writeln!(out, "ANSWER: {}\n", letter(right))?;
    let commented = !question.comment.is_empty() || propositions.iter().any(|p| !p.comment.is_empty());
    for (lost, what) in [
        (marked, "mise en forme"),
        (commented, "commentaires"),
        (question.image.is_some(), "image"),
        (question.video.is_some(), "vidéo"),
        (!question.tags.is_empty() || question.rank.is_some(), "étiquettes et rang"),
        (
            !question.source.is_empty() || question.scheme.is_some() || question.weight != Exact::ONE,
            "source, barème, poids",
        ),
    ] {
        if lost {
            written.lost(id, format!("Aiken ne garde pas : {what}"));
        }
    }
    Ok(true)
}
