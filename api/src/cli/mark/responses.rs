//! The responses of an exam: a line a candidate, a column a question, parsed straight to codes.

use super::key::Key;
use super::{Input, letters, nfc};
use crate::error::Wrong;
use crate::table::{Source, fold_header};
use csv::StringRecord;
use docimo_engine::marking::ResponseMatrix;
use docimo_engine::qroc::{self, Category};
use docimo_engine::question::{Body, Question};
use docimo_engine::scheme::BlankPolicy;
use rayon::prelude::*;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};

/// How to read the cells of one question.
struct Reader<'p> {
    body: &'p Body,
    /// Has a cell with a slash been seen? Only then does a column of QCM have three states.
    slash: AtomicBool,
}

/// Codes of the texts met so far, by question: candidates type the same things, and normalising is slow.
type Memo = Vec<HashMap<String, u32>>;

impl Reader<'_> {
    fn code(&self, cell: &str, memo: &mut HashMap<String, u32>) -> Result<u32, String> {
        let cell = cell.trim();
        if cell.is_empty() {
            return Ok(0);
        }
        match self.body {
            Body::Qroc { exact, acceptable, .. } => {
                if let Some(code) = memo.get(cell) {
                    return Ok(*code);
                }
                let code = match qroc::categorise(cell, exact, acceptable) {
                    Category::Blank => 0,
                    Category::Exact => 1,
                    Category::Acceptable => 2,
                    Category::Other => 3,
                };
                memo.insert(cell.to_owned(), code);
                Ok(code)
            }
            Body::Tcs { .. } if matches!(cell, "-2" | "-1" | "0" | "1" | "2") => {
                Ok(cell.parse::<i8>().map_or(0, |value| (value + 3) as u32))
            }
            Body::Tcs { .. } => match cell.replace('\u{2212}', "-").parse::<i8>() {
                Ok(value @ -2..=2) => Ok((value + 3) as u32),
                _ => Err(format!("« {cell} » : de -2 à 2")),
            },
            Body::Qzp { zones, .. } => {
                let mut mask = 0;
                for name in nfc(cell).split('|').map(str::trim).filter(|n| !n.is_empty()) {
                    match zones.iter().position(|z| z.name == name) {
                        Some(i) => mask |= 1 << i,
                        None => return Err(format!("zone « {name} » inconnue")),
                    }
                }
                Ok(mask)
            }
            Body::Qcm { propositions } => self.judgements(cell, propositions.len()),
            body => letters(cell, body.propositions().len()),
        }
    }

    /// A cell of QCM: letters judged true, and after a slash those judged false.
    fn judgements(&self, cell: &str, count: usize) -> Result<u32, String> {
        let Some((yes, no)) = cell.split_once('/') else {
            // What is not ticked is judged false. A dash is an empty cell: see [`two_states`].
            let yes = letters(cell, count)?;
            return Ok(if yes == 0 { 0 } else { yes | (all_judged_false(count) & !(yes << count)) });
        };
        self.slash.store(true, Ordering::Relaxed);
        let (yes, no) = (letters(yes, count)?, letters(no, count)?);
        if yes & no != 0 {
            return Err("une lettre est jugée vraie et fausse".into());
        }
        Ok(yes | (no << count))
    }
}

fn all_judged_false(count: usize) -> u32 {
    ((1 << count) - 1) << count
}

/// In a column of QCM without any slash, every sheet has two states, the empty ones too: they judge
/// everything false. A scheme with a score of its own for empty sheets still sees them as such.
fn two_states(codes: &mut [u32], question: &Question, blanks_have_a_score: bool) {
    if let Body::Qcm { propositions } = &question.body
        && !blanks_have_a_score
    {
        let empty = all_judged_false(propositions.len());
        codes.iter_mut().filter(|code| **code == 0).for_each(|code| *code = empty);
    }
}

/// Columns of the file, as questions of the paper.
fn targets(input: &Input<'_>, source: &Source<'_>, questions: &[&Question]) -> Result<Vec<usize>, Vec<Wrong>> {
    let headers = source.headers();
    let line = format!("{}, ligne {}", input.responses_name, source.header_line());
    let (mut targets, mut wrong) = (Vec::with_capacity(headers.len()), Vec::new());
    let mut fault = |column: Option<&str>, message: String| {
        let place = column.map_or_else(|| line.clone(), |column| format!("{line}, colonne {column}"));
        wrong.push(Wrong { place, message });
    };
    let is_candidate = |h: &String| matches!(fold_header(h).as_str(), "candidate" | "candidat" | "numero" | "id");
    if !headers.first().is_some_and(is_candidate) {
        fault(Some("1"), "la première colonne doit être « candidate »".into());
    }
    let mut seen = vec![false; questions.len()];
    let ids: Vec<_> = questions.iter().map(|q| nfc(q.id.as_str())).collect();
    let by_id: HashMap<&str, usize> = ids.iter().enumerate().map(|(i, id)| (&**id, i)).collect();
    for header in headers.iter().skip(1) {
        match by_id.get(&*nfc(header)) {
            Some(q) if !seen[*q] => {
                seen[*q] = true;
                targets.push(*q);
            }
            Some(_) => fault(Some(header), "colonne donnée deux fois".into()),
            None => fault(Some(header), format!("question inconnue de {}", input.key_name)),
        }
    }
    for (question, _) in questions.iter().zip(&seen).filter(|(_, seen)| !**seen) {
        fault(None, format!("colonne « {} » absente", question.id));
    }
    if wrong.is_empty() { Ok(targets) } else { Err(wrong) }
}

/// Candidates met so far, by identifier.
#[derive(Default)]
struct Candidates {
    list: Vec<String>,
    lines: HashMap<String, u64>,
}

impl Candidates {
    /// Adds one, unless something is wrong with the identifier.
    fn add(&mut self, candidate: &str, line: u64) -> Result<(), String> {
        let candidate = candidate.trim();
        if candidate.is_empty() {
            return Err("candidat sans identifiant".into());
        }
        if candidate.chars().any(char::is_control) {
            return Err("l’identifiant contient un caractère de contrôle (tabulation, caractère nul…)".into());
        }
        // Two ways of writing an accent are one identifier.
        if let Some(first) = self.lines.insert(nfc(candidate).into_owned(), line) {
            return Err(format!("le candidat « {candidate} » est déjà à la ligne {first}"));
        }
        self.list.push(candidate.to_owned());
        Ok(())
    }
}

/// Reads every response, or tells every fault.
pub(super) fn read(input: &Input<'_>, key: &Key) -> Result<(Vec<String>, ResponseMatrix), Vec<Wrong>> {
    let name = input.responses_name;
    let at = |place: String, message: String| Wrong { place: format!("{name}, {place}"), message };
    let source = Source::open(input.responses)
        .map_err(|wrong| wrong.into_iter().map(|w| at(w.place, w.message)).collect::<Vec<_>>())?;
    let placed: Vec<_> = key.paper.questions().collect();
    let questions: Vec<&Question> = placed.iter().map(|p| p.question).collect();
    let targets = targets(input, &source, &questions)?;
    let readers: Vec<Reader<'_>> =
        questions.iter().map(|q| Reader { body: &q.body, slash: AtomicBool::new(false) }).collect();
    let width = targets.len() + 1;
    let mut wrong = Vec::new();
    let mut candidates = Candidates::default();
    let mut columns: Vec<Vec<u32>> = vec![Vec::new(); questions.len()];
    let mut batch: Vec<(u64, StringRecord)> = Vec::with_capacity(BATCH);
    let mut flush = |batch: &mut Vec<(u64, StringRecord)>, wrong: &mut Vec<Wrong>| {
        // Each worker takes long runs of rows and keeps its memo along them.
        let run = batch.len().div_ceil(rayon::current_num_threads()).max(64);
        let runs: Vec<Vec<RowCodes>> = batch
            .par_chunks(run)
            .map(|records| {
                let mut memo: Memo = vec![HashMap::new(); readers.len()];
                records.iter().map(|(_, record)| row(record, &targets, &readers, &mut memo)).collect()
            })
            .collect();
        let rows = runs.into_iter().flatten();
        for ((line, _), row) in batch.iter().zip(rows) {
            match row {
                Ok(codes) => codes.into_iter().zip(&targets).for_each(|(code, q)| columns[*q].push(code)),
                Err(bad) => wrong.extend(
                    bad.into_iter()
                        .map(|(q, message)| at(format!("ligne {line}, colonne {}", questions[q].id), message)),
                ),
            }
        }
        batch.clear();
    };
    let mut reader = source.reader();
    let mut record = StringRecord::new();
    loop {
        match reader.read_record(&mut record) {
            Ok(false) => break,
            Err(e) => {
                let line = e.position().map_or(0, csv::Position::line);
                wrong.push(at(format!("ligne {line}"), e.to_string()));
                break;
            }
            Ok(true) => {}
        }
        if record.iter().all(|c| c.trim().is_empty()) {
            continue;
        }
        let line = source.line(&record);
        if record.len() != width {
            wrong.push(at(format!("ligne {line}"), format!("{} cellules, {width} attendues", record.len())));
            continue;
        }
        if let Err(message) = candidates.add(record.get(0).unwrap_or(""), line) {
            wrong.push(at(format!("ligne {line}, colonne 1"), message));
            continue;
        }
        batch.push((line, record.clone()));
        if batch.len() == BATCH {
            flush(&mut batch, &mut wrong);
            (input.progress)(reader.position().byte());
        }
    }
    flush(&mut batch, &mut wrong);
    (input.progress)(input.responses.len() as u64);
    if candidates.list.is_empty() && wrong.is_empty() {
        wrong.push(at("fichier".into(), "aucun candidat".into()));
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    for ((codes, reader), placed) in columns.iter_mut().zip(&readers).zip(&placed) {
        if !reader.slash.load(Ordering::Relaxed) {
            let scheme = key.paper.scheme_named(key.paper.scheme_name_of(placed));
            let scored = scheme.is_some_and(|s| matches!(s.qcm.blank_policy, BlankPolicy::Fixed(_)));
            two_states(codes, placed.question, scored);
        }
    }
    let matrix =
        ResponseMatrix::new(candidates.list.len(), columns).map_err(|e| vec![at("fichier".into(), e.to_string())])?;
    Ok((candidates.list, matrix))
}

/// Rows parsed together.
const BATCH: usize = 4096;

/// Codes of one row, in the order of the file's columns; or each bad cell, by question.
type RowCodes = Result<Vec<u32>, Vec<(usize, String)>>;

fn row(record: &StringRecord, targets: &[usize], readers: &[Reader<'_>], memo: &mut Memo) -> RowCodes {
    let mut codes = Vec::with_capacity(targets.len());
    let mut bad = Vec::new();
    for (cell, q) in record.iter().skip(1).zip(targets) {
        match readers[*q].code(cell, &mut memo[*q]) {
            Ok(code) => codes.push(code),
            Err(message) => bad.push((*q, message)),
        }
    }
    if bad.is_empty() { Ok(codes) } else { Err(bad) }
}
