//! GIFT, written. It has no pictures, weights, sources nor cases: each is noted, and a case is written as
//! its questions, each with the text that brings it.

use crate::exchange::WriteError;
use crate::exchange::write::{Elements, Written};
use docimo_engine::Exact;
use docimo_engine::paper::Element;
use docimo_engine::question::{Body, Proposition, Question, Rank, Status};
use std::fmt::Write as _;
use std::io::Write;

pub(in crate::exchange) fn write(elements: Elements<'_>, out: &mut dyn Write) -> Result<Written, WriteError> {
    let mut written = Written::default();
    while let Some(element) = elements.next() {
        let mut any = false;
        match element {
            Element::Question(question) => any = one(question, "", out, &mut written)?,
            Element::Case(case) => {
                written.lost(case.id.as_str(), "GIFT n’a pas de dossier : ses questions sont écrites une à une");
                let mut before = case.intro.clone();
                if case.article.is_some() || case.image.is_some() {
                    written.lost(case.id.as_str(), "l’article et l’image du dossier ne sont pas écrits");
                }
                for part in &case.parts {
                    let text = [before.as_str(), &part.text];
                    let text = text.into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join("\n\n");
                    any |= one(&part.question, &text, out, &mut written)?;
                    before.clear();
                }
            }
        }
        written.elements += usize::from(any);
    }
    Ok(written)
}

fn one(question: &Question, before: &str, out: &mut dyn Write, written: &mut Written) -> Result<bool, WriteError> {
    let id = question.id.as_str();
    let mut tags = question.tags.clone();
    tags.extend(question.rank.map(|rank| if rank == Rank::A { "rang:A" } else { "rang:B" }.to_owned()));
    let answers = match &question.body {
        Body::Qru { propositions } => choices(propositions, true),
        Body::Qrm { propositions } => choices(propositions, false),
        Body::Qrp { propositions, .. } | Body::Qrpl { propositions, .. } => {
            tags.push(format!("docimo:{}", question.kind()));
            choices(propositions, false)
        }
        Body::Qcm { propositions } => {
            if propositions.iter().any(|p| !p.comment.is_empty()) {
                written.lost(id, "GIFT ne garde pas les commentaires des éléments à apparier");
            }
            let mut text = String::new();
            for p in propositions {
                let truth = if p.status.is_true() { "Vrai" } else { "Faux" };
                let _ = writeln!(text, "\t=[markdown]{} -> {truth}", escape(&p.text));
            }
            // Both answers are offered even where one is never right.
            for (truth, word) in [(true, "Vrai"), (false, "Faux")] {
                if propositions.iter().all(|p| p.status.is_true() != truth) {
                    let _ = writeln!(text, "\t= -> {word}");
                }
            }
            text
        }
        Body::Qroc { exact, acceptable, max_words } => {
            if *max_words != 5 {
                written.lost(id, format!("GIFT ne limite pas le nombre de mots ({max_words})"));
            }
            let credits = exact.iter().map(|t| ("", t)).chain(acceptable.iter().map(|t| ("%50%", t)));
            credits.fold(String::new(), |mut text, (weight, answer)| {
                let _ = writeln!(text, "\t={weight}[plain]{}", escape(&answer.replace('*', "\\*")));
                text
            })
        }
        Body::Tcs { .. } | Body::Qzp { .. } => {
            written.left_out(id, format!("GIFT n’a pas d’équivalent de la {}", question.kind()));
            return Ok(false);
        }
    };
    for (lost, what) in [
        (question.image.is_some(), "GIFT n’a pas d’image"),
        (question.video.is_some(), "GIFT n’a pas de vidéo"),
        (!question.source.is_empty(), "GIFT n’a pas de champ pour la source"),
        (question.weight != Exact::ONE, "GIFT n’a pas de poids de question"),
        (question.scheme.is_some(), "GIFT ne garde pas le barème propre à la question"),
        (
            question.body.propositions().iter().any(|p| p.status == Status::Indispensable),
            "GIFT ne connaît pas les propositions indispensables",
        ),
    ] {
        if lost {
            written.lost(id, what);
        }
    }
    write!(out, "// [id:{}]", id.replace(']', "\\]"))?;
    for tag in &tags {
        write!(out, " [tag:{}]", tag.replace(']', "\\]").replace(['\n', '\r'], " "))?;
    }
    let stem = [before, question.stem.as_str()].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join("\n\n");
    write!(out, "\n::{}::[markdown]{}{{\n{answers}", escape(id), escape(&stem))?;
    if !question.comment.is_empty() {
        writeln!(out, "\t####[markdown]{}", escape(&question.comment))?;
    }
    out.write_all(b"}\n\n")?;
    Ok(true)
}

fn choices(propositions: &[Proposition], single: bool) -> String {
    let right = propositions.iter().filter(|p| p.status.is_true()).count().max(1) as f64;
    let wrong = propositions.iter().filter(|p| !p.status.is_true()).count().max(2) as f64;
    let mut text = String::new();
    for p in propositions {
        let sign = match p.status {
            s if s.is_true() && single => "=".to_owned(),
            s if s.is_true() => format!("~%{:.5}%", 100.0 / right),
            _ if single => "~".to_owned(),
            Status::Inacceptable => "~%-100%".to_owned(),
            _ => format!("~%{:.5}%", -100.0 / wrong),
        };
        let _ = write!(text, "\t{sign}[markdown]{}", escape(&p.text));
        if !p.comment.is_empty() {
            let _ = write!(text, "#[markdown]{}", escape(&p.comment));
        }
        text.push('\n');
    }
    text
}

/// Line feeds become `\n`, so that no blank line ends the question.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.trim().chars() {
        match c {
            '~' | '=' | '#' | '{' | '}' | ':' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            '\n' => out.push_str("\\n"),
            '\r' => {}
            c => out.push(c),
        }
    }
    out
}
