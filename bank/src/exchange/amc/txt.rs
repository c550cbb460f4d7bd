//! AMC-TXT: `* one answer`, `** several`, then `+ right` and `- wrong`; `*[id=x]`, `*( group`, `*)`.

use crate::exchange::draft::{self, Answer, Draft, Markup};
use crate::exchange::text::Decoded;
use crate::exchange::write::{Elements, Export, Written};
use crate::exchange::{Faulty, Imported, Raw, WriteError, identity, render};
use docimo_engine::paper::Element;
use docimo_engine::question::{Body, Question};
use std::io::Write;

#[derive(Default)]
struct Open {
    line: usize,
    several: bool,
    options: String,
    stem: Vec<String>,
    /// Right, text.
    answers: Vec<(bool, String)>,
    open_answer: bool,
    scores: bool,
}

pub(in crate::exchange) fn read(decoded: &Decoded<'_>) -> Raw {
    let mut raw = Raw { warnings: decoded.warning.clone().into_iter().collect(), ..Raw::default() };
    let mut open: Option<Open> = None;
    let mut group: Option<String> = None;
    let mut header = true;
    for (i, line) in decoded.text.lines().enumerate() {
        let line = line.trim_start_matches('\u{feff}').trim_end();
        let trimmed = line.trim_start();
        if trimmed.starts_with('#') {
            continue;
        }
        let start = trimmed.strip_prefix('*');
        if header && start.is_none() {
            match trimmed.split_once(':') {
                Some(("Title", title)) => raw.title = Some(title.trim().to_owned()),
                _ => continue,
            }
        } else if let Some(rest) = start {
            header = false;
            close(&mut raw, open.take(), group.as_deref());
            if let Some(rest) = rest.strip_prefix('(') {
                group = Some(bare(rest).1.to_owned()).filter(|g| !g.is_empty());
            } else if rest.starts_with(')') {
                group = None;
            } else {
                let several = rest.starts_with('*');
                let (options, text) = bare(rest.trim_start_matches('*'));
                let scores = text.starts_with('{');
                let text = scored(text);
                open = Some(Open {
                    line: i + 1,
                    several,
                    open_answer: options.contains('<'),
                    options,
                    stem: vec![text.to_owned()],
                    scores,
                    ..Open::default()
                });
            }
        } else if let Some(open) = &mut open {
            match trimmed.chars().next() {
                Some(sign @ ('+' | '-')) => {
                    let (_, text) = bare(&trimmed[1..]);
                    open.scores |= text.starts_with('{');
                    open.answers.push((sign == '+', scored(text).to_owned()));
                }
                // A blank line ends nothing: the next sign tells.
                None => {}
                Some(_) => match open.answers.last_mut() {
                    Some((_, text)) => {
                        text.push('\n');
                        text.push_str(trimmed);
                    }
                    None => open.stem.push(trimmed.to_owned()),
                },
            }
        }
    }
    close(&mut raw, open, group.as_deref());
    raw
}

/// The options in brackets, `[id=x]` or `<lines=3>`, and what follows.
fn bare(text: &str) -> (String, &str) {
    let mut rest = text.trim_start();
    let mut options = String::new();
    for (start, end) in [('[', ']'), ('<', '>')] {
        if let Some((inner, after)) = rest.strip_prefix(start).and_then(|inner| inner.split_once(end)) {
            if start == '<' {
                options.push('<');
            }
            options.push_str(inner);
            options.push(',');
            rest = after.trim_start();
        }
    }
    (options, rest)
}

/// Without the score in braces at its start.
fn scored(text: &str) -> &str {
    text.strip_prefix('{').and_then(|inner| inner.split_once('}')).map_or(text, |(_, rest)| rest.trim_start())
}

fn close(raw: &mut Raw, open: Option<Open>, group: Option<&str>) {
    if let Some(open) = open {
        let place = format!("question {}, ligne {}", raw.entries.len() + 1, open.line);
        raw.entries.push(question(open, place, group));
    }
}

fn question(open: Open, place: String, group: Option<&str>) -> Result<Imported, Faulty> {
    let mut draft = Draft::default();
    if open.open_answer || open.answers.is_empty() {
        return Err(Faulty::error(place, "question ouverte, ou sans réponse « + » et « - » : elle n’est pas reprise"));
    }
    if open.scores {
        draft.lose("barème AMC");
    }
    let mut id = None;
    for option in open.options.split(',').map(str::trim).filter(|o| !o.is_empty()) {
        match option.split_once('=') {
            Some(("id" | "name", value)) => id = identity::given(value, group),
            _ if matches!(option, "ordered" | "horiz" | "indicative") || option.starts_with("columns") => {
                draft.lose(format!("option AMC « {option} »"));
            }
            _ => {
                draft.lose(format!("option AMC « {option} »"));
            }
        }
    }
    let several = open.several;
    let answers = open
        .answers
        .into_iter()
        .map(|(right, text)| Answer {
            fraction: if right { 100.0 } else { 0.0 },
            markdown: draft.markdown(&text, Markup::Plain, "propositions", None),
            raw: text,
            comment: String::new(),
        })
        .collect();
    let body = draft.choice(answers, !several);
    let stem = draft.markdown(&open.stem.join("\n"), Markup::Plain, "énoncé", None);
    draft.finish(place, id, group, Some(Element::Question(draft::question(stem, body))))
}

pub(in crate::exchange) fn write(
    elements: Elements<'_>,
    export: &Export<'_>,
    out: &mut dyn Write,
) -> Result<Written, WriteError> {
    let mut written = Written::default();
    writeln!(out, "# AMC-TXT source\nPaperSize: A4\nLang: FR\nTitle: {}\n", render::plain(export.title).0)?;
    while let Some(element) = elements.next() {
        match element {
            Element::Question(question) => written.elements += usize::from(one(question, out, &mut written)?),
            Element::Case(case) => written.left_out(case.id.as_str(), "AMC-TXT n’a pas de dossier"),
        }
    }
    Ok(written)
}

fn one(question: &Question, out: &mut dyn Write, written: &mut Written) -> Result<bool, WriteError> {
    let id = question.id.as_str();
    let (star, propositions) = match &question.body {
        Body::Qru { propositions } => ("*", propositions),
        Body::Qrm { propositions } => ("**", propositions),
        Body::Qrp { propositions, .. } | Body::Qrpl { propositions, .. } | Body::Qcm { propositions } => {
            written.lost(id, format!("AMC n’a pas de {} : écrite comme une QRM", question.kind()));
            ("**", propositions)
        }
        Body::Qroc { .. } | Body::Qzp { .. } | Body::Tcs { .. } => {
            written.left_out(id, format!("AMC-TXT n’a pas d’équivalent de la {}", question.kind()));
            return Ok(false);
        }
    };
    let name: String = id.chars().map(|c| if matches!(c, ',' | ']' | '=' | '[') { '-' } else { c }).collect();
    let (stem, mut marked) = render::plain(&question.stem);
    writeln!(out, "{star}[id={name}] {stem}")?;
    for p in propositions {
        let (text, own) = render::plain(&p.text);
        marked |= own;
        writeln!(out, "{} {text}", if p.status.is_true() { '+' } else { '-' })?;
    }
    writeln!(out)?;
    super::lost(question, marked, "AMC-TXT", written);
    Ok(true)
}
