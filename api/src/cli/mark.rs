//! Marking an exam sat elsewhere, from two CSV files: pure functions over bytes.
//!
//! Responses are parsed straight to codes, a row at a time on every core; a cell never becomes a
//! `String`. Every fault is told with file, line and column, and then nothing is marked.

mod key;
mod number;
mod responses;

pub use number::Number;

use crate::error::Wrong;
use crate::table::Source;
use docimo_engine::ledger::Effective;
use docimo_engine::mark::score;
use docimo_engine::marking::{Compiled, ResponseMatrix};
use docimo_engine::paper::Paper;
use docimo_engine::question::Kind;
use docimo_engine::ranking;
use docimo_engine::scheme::MarkingScheme;
use rayon::prelude::*;
use serde::Serialize;
use std::borrow::Cow;
use std::collections::HashMap;
use unicode_normalization::UnicodeNormalization;

/// What to mark.
pub struct Input<'a> {
    /// Name of the key's file, for messages.
    pub key_name: &'a str,
    /// Its content.
    pub key: &'a [u8],
    /// Name of the responses' file, for messages.
    pub responses_name: &'a str,
    /// Its content.
    pub responses: &'a [u8],
    /// How to mark.
    pub scheme: MarkingScheme,
    /// Told the bytes read so far.
    pub progress: &'a dyn Fn(u64),
}

/// A marked exam, as `mark --json` writes it.
#[derive(Debug, Serialize)]
pub struct Marked {
    /// Name of the scheme.
    pub scheme: String,
    /// Questions, in the order of the key.
    pub questions: Vec<String>,
    /// Candidates, in the order of the file.
    pub candidates: Vec<CandidateLine>,
    /// What someone should look at.
    pub warnings: Vec<String>,
}

/// One candidate.
#[derive(Debug, Serialize)]
pub struct CandidateLine {
    /// As in the file.
    pub candidate: String,
    /// Score of each question, before weights.
    pub marks: Vec<Number>,
    /// Points, weights included.
    pub points: Number,
    /// Points that could be had.
    pub out_of: Number,
    /// Mark on 20.
    pub mark_on_20: Option<Number>,
    /// Mark on 20 over rank A questions; none without any.
    pub rank_a_on_20: Option<Number>,
    /// Mark on 20 over rank B questions; `None` when there is none.
    pub rank_b_on_20: Option<Number>,
    /// Place, equals sharing the best.
    pub rank: u32,
}

/// Most faults told; the rest are counted.
const MAX_FAULTS: usize = 100;

/// Separator of a file: declared, or the most seen in its headers. A comma where the file cannot be read.
pub fn separator(bytes: &[u8]) -> u8 {
    Source::open(bytes).map_or(b',', |source| source.separator())
}

fn letter(index: usize) -> char {
    char::from(b'A' + (index % 26) as u8)
}

/// Letters of a cell ("ACD", "A C D", "A|C|D") as a mask over `count` propositions.
fn letters(cell: &str, count: usize) -> Result<u32, String> {
    // The usual cell: letters only, each once.
    let plain = cell.bytes().try_fold(0_u32, |mask, byte| {
        let index = (byte | 0x20).wrapping_sub(b'a');
        (usize::from(index) < count && mask & (1 << index) == 0).then(|| mask | (1 << index))
    });
    if let Some(mask) = plain {
        return Ok(mask);
    }
    let mut mask = 0_u32;
    for c in cell.chars() {
        if c.is_whitespace() || matches!(c, '|' | ',' | ';' | '-' | '+' | '.') {
            continue;
        }
        let index = match c.to_ascii_uppercase() {
            upper @ 'A'..='Y' => (upper as u8 - b'A') as usize,
            _ => return Err(format!("« {c} » n’est pas une lettre de A à Y")),
        };
        if index >= count {
            return Err(format!("lettre {} inconnue : la question va de A à {}", letter(index), letter(count - 1)));
        }
        if mask & (1 << index) != 0 {
            return Err(format!("lettre {} donnée deux fois", letter(index)));
        }
        mask |= 1 << index;
    }
    Ok(mask)
}

/// A text as compared: an accent is one character, however it was typed.
fn nfc(text: &str) -> Cow<'_, str> {
    if text.is_ascii() { Cow::Borrowed(text) } else { Cow::Owned(text.nfc().collect()) }
}

/// An exam sat elsewhere, read and not yet marked.
pub struct Exam {
    /// Its paper, made from the key.
    pub paper: Paper,
    /// Questions in the order of the key's file.
    pub order: Vec<String>,
    /// Candidates in the order of the file.
    pub candidates: Vec<String>,
    /// Response codes.
    pub matrix: ResponseMatrix,
    /// What someone should look at.
    pub warnings: Vec<String>,
}

/// Reads an exam that can be marked; or every fault, at most a hundred of them and a count of the rest.
pub fn exam(input: &Input<'_>) -> Result<Exam, Vec<Wrong>> {
    let key = key::read(input.key_name, input.key, &input.scheme).map_err(capped)?;
    let (candidates, matrix) = responses::read(input, &key).map_err(capped)?;
    Compiled::new(&Effective::new(key.paper.clone()), &matrix).map_err(|e| vec![key.uncompiled(&e)])?;
    let warnings = key.warnings.iter().map(|f| format!("{} : {}", f.place, f.message)).collect();
    Ok(Exam { paper: key.paper, order: key.order, candidates, matrix, warnings })
}

/// Marks; or every fault, at most a hundred of them and a count of the rest.
pub fn mark(input: &Input<'_>) -> Result<Marked, Vec<Wrong>> {
    let key = key::read(input.key_name, input.key, &input.scheme).map_err(capped)?;
    let (candidates, matrix) = responses::read(input, &key).map_err(capped)?;
    let effective = Effective::new(key.paper.clone());
    let compiled = Compiled::new(&effective, &matrix).map_err(|e| vec![key.uncompiled(&e)])?;
    let marks = compiled.mark(&matrix);
    let totals: Vec<i64> = (0..marks.candidates()).map(|c| marks.total_units(c)).collect();
    let ranks = ranking::competition(&totals);
    // A score is found once for each code that occurs.
    let main_scheme = &input.scheme;
    let paper = &effective.paper;
    let placed: Vec<_> = paper.questions().collect();
    let at: HashMap<&str, usize> = placed.iter().map(|p| (p.question.id.as_str(), p.number - 1)).collect();
    let columns: Vec<Vec<Number>> = key
        .order
        .par_iter()
        .filter_map(|id| at.get(id.as_str()).copied())
        .map(|q| {
            let own = paper.scheme_named(paper.scheme_name_of(&placed[q]));
            let scheme = own.as_ref().unwrap_or(main_scheme);
            let score = |code: u32| Number::from(score(placed[q].question, scheme, code).score);
            let small: Vec<Number> = (0..64).map(score).collect();
            let mut others: HashMap<u32, Number> = HashMap::new();
            let number = |code: &u32| match small.get(*code as usize) {
                Some(number) => *number,
                None => *others.entry(*code).or_insert_with(|| score(*code)),
            };
            matrix.column(q).iter().map(number).collect()
        })
        .collect();
    let out_of = Number::from(marks.out_of());
    let lines = candidates
        .into_par_iter()
        .enumerate()
        .map(|(row, candidate)| {
            let own = marks.of(row);
            CandidateLine {
                candidate,
                marks: columns.iter().map(|c| c[row]).collect(),
                points: own.points.into(),
                out_of,
                mark_on_20: own.on_20.map(Number::from),
                rank_a_on_20: own.rank_a_on_20.map(Number::from),
                rank_b_on_20: own.rank_b_on_20.map(Number::from),
                rank: ranks[row],
            }
        })
        .collect();
    let mut warnings: Vec<String> = key.warnings.iter().map(|f| format!("{} : {}", f.place, f.message)).collect();
    for (q, p) in placed.iter().enumerate() {
        let allowed = if p.question.kind() == Kind::Qru { Some(1) } else { p.question.body.expected() };
        let over = |code: &&u32| allowed.is_some_and(|n| code.count_ones() > n);
        let count = matrix.column(q).iter().filter(over).count();
        if count > 0 {
            let id = &p.question.id;
            warnings.push(format!("question {id} : plus de réponses que demandé sur {count} copie(s), comptées zéro"));
        }
    }
    Ok(Marked { scheme: input.scheme.name.clone(), questions: key.order, candidates: lines, warnings })
}

fn capped(mut wrong: Vec<Wrong>) -> Vec<Wrong> {
    if wrong.len() > MAX_FAULTS {
        let rest = wrong.len() - MAX_FAULTS;
        wrong.truncate(MAX_FAULTS);
        wrong.push(Wrong { place: "…".into(), message: format!("et {rest} autres défauts") });
    }
    wrong
}

/// A text that a spreadsheet would run is kept a text. Numbers with a sign are identifiers like others, and
/// what a sign begins only runs if it calls something.
fn inert(text: &str) -> Cow<'_, str> {
    let runs =
        text.starts_with(['=', '@', '\t', '\r']) || (text.starts_with(['+', '-']) && text.contains(['(', '|', '!']));
    if runs { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// Marks as CSV.
pub fn csv(marked: &Marked, separator: u8) -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().delimiter(separator).from_writer(Vec::new());
    let fixed =
        ["candidate", "rank", "points", "out_of", "mark_on_20", "rank_a_on_20", "rank_b_on_20"].map(Cow::Borrowed);
    let headers = fixed.into_iter().chain(marked.questions.iter().map(|id| inert(id)));
    writer.write_record(headers.map(|header| header.into_owned()))?;
    for line in &marked.candidates {
        let text = |n: Option<Number>| n.map(|n| n.to_string()).unwrap_or_default();
        let mut cells = vec![
            inert(&line.candidate).into_owned(),
            line.rank.to_string(),
            text(Some(line.points)),
            text(Some(line.out_of)),
            text(line.mark_on_20),
            text(line.rank_a_on_20),
            text(line.rank_b_on_20),
        ];
        cells.extend(line.marks.iter().map(Number::to_string));
        writer.write_record(cells)?;
    }
    Ok(writer.into_inner()?)
}

#[cfg(test)]
#[path = "mark_tests.rs"]
mod tests;
