//! `docimo tcs`: the panel of a script concordance test, from a file.

use super::standard::{columns, table};
use super::{Common, Failure, mark_command, out};
use crate::exam::panels::concordance::{Asked, Concordance, analyse, told};
use crate::exam::panels::import;
use crate::exam::panels::method::Scale;
use crate::exam::panels::{Book, Method, Options};
use crate::web::filters::float;
use clap::Args;
use serde::Serialize;
use std::collections::HashMap;
use std::path::PathBuf;

/// What to analyse.
#[derive(Args, Clone, Debug)]
pub struct TcsArgs {
    /// Réponses : une ligne par panéliste (colonne panelist), une colonne par question, de -2 à +2 ; CSV ou XLSX
    #[arg(long, value_name = "PANEL.CSV")]
    panel: PathBuf,
}

/// What is printed: a key line a question, then the whole analysis.
#[derive(Serialize)]
struct Document {
    /// Votes from −2 to +2 by question, as `docimo mark` reads them in its column `correct`.
    key: Vec<KeyLine>,
    #[serde(flatten)]
    found: Concordance,
}

#[derive(Serialize)]
struct KeyLine {
    question: String,
    kind: &'static str,
    correct: String,
}

/// Reads a panel.
fn read(name: &str, bytes: &[u8]) -> Result<Document, Failure> {
    let table = table(name, bytes)?;
    let targets = columns(&table, Scale::Concordance);
    let empty = Book::of_file(Method::Tcs, Options::default(), Vec::new(), Vec::new());
    let import = import::read(&empty, &targets, &HashMap::new(), &table)
        .map_err(|wrong| Failure::faults(&format!("{name} : rien n’a été analysé"), &wrong))?;
    let asked = targets.iter().map(|t| Asked { id: t.head.clone(), number: 0, stem: String::new() }).collect();
    let book = Book::of_file(Method::Tcs, Options::default(), import.fresh, import.said);
    let found = analyse(&book, asked);
    let Some(analysis) = &found.analysis else {
        return Err(Failure::Input(format!("{name} : {}", found.why_not.unwrap_or_default())));
    };
    let key = found.questions.iter().zip(&analysis.questions);
    let key = key
        .map(|(asked, q)| KeyLine {
            question: asked.id.clone(),
            kind: "TCS",
            correct: q.votes.0.map(|v| v.to_string()).join("|"),
        })
        .collect();
    Ok(Document { key, found })
}

/// The same for people.
fn text(document: &Document) -> String {
    let Some(analysis) = &document.found.analysis else { return String::new() };
    let mut text = format!(
        "{} panélistes, {} questions : {}\n",
        document.found.panellists.len(),
        document.found.questions.len(),
        analysis.size.french()
    );
    text.push_str(&format!(
        "Fidélité (alpha) : {}\n\nQuestion : votes de −2 à +2, crédits\n",
        float(analysis.alpha, 2)
    ));
    for (asked, q) in document.found.questions.iter().zip(&analysis.questions) {
        let credits = q.credits.map_or_else(String::new, |c| c.map(|v| float(Some(v), 2)).join(" ; "));
        let flags: Vec<&str> = q.flags.iter().map(|f| f.french()).collect();
        let flags = if flags.is_empty() { String::new() } else { format!("  ({})", flags.join(" ; ")) };
        text.push_str(&format!("{} : {}, {credits}{flags}\n", asked.id, told(&q.votes.0)));
    }
    text.push_str("\nPanéliste : score par la clé des autres, distance au mode, modes changés sans lui\n");
    for (name, p) in document.found.panellists.iter().zip(&analysis.panellists) {
        let out = if p.out_of_line { "  (s’écarte des autres)" } else { "" };
        text.push_str(&format!(
            "{name} : {}, {}, {}{out}\n",
            float(p.score, 2),
            float(Some(p.distance), 2),
            p.effect.modes_changed
        ));
    }
    text
}

/// Reads, analyses, tells.
pub fn run(common: &Common, args: &TcsArgs) -> Result<(), Failure> {
    let (name, bytes) = mark_command::read(&args.panel)?;
    let document = read(&name, &bytes)?;
    if common.json { out::print_json(&document) } else { out::print(text(&document).as_bytes()) }
}

#[cfg(test)]
#[path = "tcs_tests.rs"]
mod tests;
