//! AMC's LaTeX, written: a source that compiles as it is, one question after the other. Formatting is not kept, text is.

use crate::exchange::write::{Elements, Export, Written};
use crate::exchange::{WriteError, render};
use docimo_engine::paper::Element;
use docimo_engine::question::{Body, Question};
use std::io::Write;

pub(in crate::exchange) fn write(
    elements: Elements<'_>,
    export: &Export<'_>,
    out: &mut dyn Write,
) -> Result<Written, WriteError> {
    let mut written = Written::default();
    write!(
        out,
        "\\documentclass[a4paper]{{article}}\n\\usepackage[utf8]{{inputenc}}\n\\usepackage[T1]{{fontenc}}\n\
         \\usepackage[french]{{babel}}\n\\usepackage[francais,bloc,completemulti]{{automultiplechoice}}\n\
         \\begin{{document}}\n\\onecopy{{1}}{{\n\\begin{{center}}\\textbf{{{}}}\\end{{center}}\n\n",
        escaped(&render::plain(export.title).0)
    )?;
    while let Some(element) = elements.next() {
        match element {
            Element::Question(question) => written.elements += usize::from(one(question, out, &mut written)?),
            Element::Case(case) => written.left_out(case.id.as_str(), "AMC n’a pas de dossier"),
        }
    }
    out.write_all(b"}\n\\end{document}\n")?;
    Ok(written)
}

fn one(question: &Question, out: &mut dyn Write, written: &mut Written) -> Result<bool, WriteError> {
    let id = question.id.as_str();
    let (environment, propositions) = match &question.body {
        Body::Qru { propositions } => ("question", propositions),
        Body::Qrm { propositions } => ("questionmult", propositions),
        Body::Qrp { propositions, .. } | Body::Qrpl { propositions, .. } | Body::Qcm { propositions } => {
            written.lost(id, format!("AMC n’a pas de {} : écrite comme une QRM", question.kind()));
            ("questionmult", propositions)
        }
        Body::Qroc { .. } | Body::Qzp { .. } | Body::Tcs { .. } => {
            written.left_out(id, format!("AMC n’a pas d’équivalent de la {}", question.kind()));
            return Ok(false);
        }
    };
    // A name is in braces and in the names of AMC's files.
    let name: String = id.chars().map(|c| if "{}\\%#~^&$,=".contains(c) { '-' } else { c }).collect();
    let (stem, mut marked) = render::plain(&question.stem);
    writeln!(out, "\\begin{{{environment}}}{{{name}}}\n{}\n\\begin{{choices}}", escaped(&stem))?;
    for p in propositions {
        let (text, own) = render::plain(&p.text);
        marked |= own;
        let command = if p.status.is_true() { "correctchoice" } else { "wrongchoice" };
        writeln!(out, "\\{command}{{{}}}", escaped(&text))?;
    }
    writeln!(out, "\\end{{choices}}\n\\end{{{environment}}}\n")?;
    super::lost(question, marked, "le LaTeX d’AMC", written);
    Ok(true)
}

/// A text that LaTeX shows as it is, and that our reader gives back.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut last = '\0';
    for c in text.chars() {
        match c {
            '%' | '&' | '_' | '$' | '#' | '{' | '}' => out.extend(['\\', c]),
            '\\' => out.push_str("\\textbackslash{}"),
            '~' => out.push_str("\\textasciitilde{}"),
            '^' => out.push_str("\\textasciicircum{}"),
            '\u{a0}' => out.push('~'),
            // Two in a row would make another sign.
            '-' | '`' | '\'' if last == c => {
                out.push_str("{}");
                out.push(c);
            }
            c => out.push(c),
        }
        last = c;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_latex_reads_otherwise_is_escaped() {
        assert_eq!(escaped("50 % & a_b {x} 5 $"), "50 \\% \\& a\\_b \\{x\\} 5 \\$");
        assert_eq!(
            escaped("a--b ''c'' \\ ^ ~"),
            "a-{}-b '{}'c'{}' \\textbackslash{} \\textasciicircum{} \\textasciitilde{}"
        );
    }
}
