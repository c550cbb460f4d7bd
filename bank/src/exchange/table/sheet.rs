//! A file to lines, and lines to entries.

use super::MAX_COLUMNS;
use super::columns::Column;
use super::guide;
use super::pieces;
use super::row::{self, Cells, Line, cell};
use crate::exchange::archive::Archive;
use crate::exchange::limits::Limits;
use crate::exchange::text::Decoded;
use crate::exchange::{Faulty, Imported, Raw, ReadError, identity};
use calamine::{Data, Reader, Xlsx};
use docimo_engine::CaseId;
use docimo_engine::paper::{Case, CaseKind, Element, Part};
use std::collections::BTreeMap;
use std::io::Cursor;

pub(in crate::exchange) fn read_csv(decoded: &Decoded<'_>, limits: &Limits) -> Result<Raw, ReadError> {
    let text = decoded.text.trim_start_matches('\u{feff}');
    // What a spreadsheet may write first to tell its separator.
    let (told, text) = match text.strip_prefix("sep=") {
        Some(rest) => (rest.bytes().next(), rest.split_once('\n').map_or("", |(_, rest)| rest)),
        None => (None, text),
    };
    let skipped = u64::from(told.is_some());
    let separator = told.unwrap_or_else(|| separator(text));
    let mut reader =
        csv::ReaderBuilder::new().delimiter(separator).has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| {
            let line = error.position().map_or(0, csv::Position::line);
            ReadError::Table(format!("ligne {} : guillemets ou texte mal écrits", line + skipped))
        })?;
        let line = record.position().map_or(0, csv::Position::line) + skipped;
        if rows.len() > limits.entries {
            return Err(ReadError::TooManyEntries { limit: limits.entries });
        }
        let cells = record.iter().take(MAX_COLUMNS).map(str::to_owned).collect();
        rows.push((usize::try_from(line).unwrap_or(usize::MAX), cells));
    }
    let mut raw = entries(rows, "ligne")?;
    raw.warnings.extend(decoded.warning.clone());
    Ok(raw)
}

/// The separator that gives the most known columns.
fn separator(text: &str) -> u8 {
    let first = text.lines().next().unwrap_or_default();
    let known = |separator: u8| {
        first
            .split(char::from(separator))
            .take(MAX_COLUMNS)
            .filter(|name| Column::parse(name.trim().trim_matches('"')).is_some())
            .count()
    };
    [b'\t', b',', b';'].into_iter().max_by_key(|s| known(*s)).unwrap_or(b';')
}

pub(in crate::exchange) fn read_xlsx(bytes: &[u8], limits: &Limits) -> Result<Raw, ReadError> {
    // Unpacked once within bounds before another reader does it without any.
    drop(Archive::open(bytes, limits)?);
    let fault = |error: calamine::XlsxError| ReadError::Table(format!("classeur abîmé ({error})"));
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(fault)?;
    let names = book.sheet_names();
    let mut rows: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    let Some(name) = names.first().cloned() else {
        return Err(ReadError::Table("classeur sans feuille".to_owned()));
    };
    let mut size = 0u64;
    // Cell by cell: a sheet with one cell in the last corner is no table of that size.
    let mut cells = book.worksheet_cells_reader(&name).map_err(fault)?;
    while let Some(next) = cells.next_cell().map_err(fault)? {
        let (line, column) = next.get_position();
        let text = match Data::from(next.get_value().clone()) {
            Data::Empty => continue,
            Data::String(text) => text,
            Data::Bool(value) => if value { "VRAI" } else { "FAUX" }.to_owned(),
            Data::Error(error) => {
                return Err(ReadError::Table(format!("ligne {} : une formule est en erreur ({error})", line + 1)));
            }
            other => other.to_string(),
        };
        let column = column as usize;
        if column >= MAX_COLUMNS {
            continue;
        }
        if rows.len() > limits.entries {
            return Err(ReadError::TooManyEntries { limit: limits.entries });
        }
        // A text shared by many cells is unpacked by each.
        size += text.len() as u64;
        if size > limits.file_bytes {
            return Err(ReadError::TooLarge { size, limit: limits.file_bytes });
        }
        let row = rows.entry(line).or_default();
        if row.len() <= column {
            row.resize(column + 1, String::new());
        }
        row[column] = text;
    }
    let mut raw = entries(rows.into_iter().map(|(line, row)| (line as usize + 1, row)).collect(), "ligne")?;
    let others: Vec<String> = names.iter().skip(1).filter(|n| *n != guide::SHEET).map(|n| format!("« {n} »")).collect();
    if !others.is_empty() {
        let others = others.join(", ");
        raw.warnings.push(format!("seule la première feuille est lue ; les autres ne le sont pas : {others}"));
    }
    Ok(raw)
}

fn entries(rows: Vec<(usize, Vec<String>)>, word: &str) -> Result<Raw, ReadError> {
    let mut rows = rows.into_iter().filter(|(_, row)| row.iter().any(|cell| !cell.trim().is_empty()));
    let Some((_, header)) = rows.next() else { return Ok(Raw::default()) };
    let mut raw = Raw::default();
    let columns: Vec<Option<Column>> = header.iter().map(|name| Column::parse(name)).collect();
    if !columns.contains(&Some(Column::Stem)) {
        let found = header.iter().take(12).map(|n| format!("« {} »", n.trim())).collect::<Vec<_>>().join(", ");
        return Err(ReadError::Table(format!(
            "la première ligne doit nommer les colonnes, dont « Énoncé » ; trouvé : {found}"
        )));
    }
    let unknown: Vec<&str> = header
        .iter()
        .zip(&columns)
        .filter(|(name, column)| column.is_none() && !name.trim().is_empty())
        .map(|(name, _)| name.trim())
        .collect();
    if !unknown.is_empty() {
        raw.warnings.push(format!("colonnes inconnues, non reprises : {}", unknown.join(", ")));
    }
    for (i, column) in columns.iter().enumerate() {
        if let Some(column) = column.filter(|c| columns[..i].contains(&Some(*c))) {
            return Err(ReadError::Table(format!("la colonne « {} » est donnée deux fois", column.name())));
        }
    }
    let mut case: Vec<Result<Line, Faulty>> = Vec::new();
    let mut case_id: Option<String> = None;
    for (number, row) in rows {
        let cells: Cells = columns
            .iter()
            .zip(row)
            .filter_map(|(column, text)| column.map(|c| (c, text)))
            .filter(|(_, text)| !text.trim().is_empty())
            .collect();
        if cells.is_empty() {
            continue;
        }
        let own = Some(cell(&cells, Column::Case).to_owned()).filter(|c| !c.is_empty());
        if own != case_id {
            close(&mut raw, case_id.take(), std::mem::take(&mut case), word);
            case_id.clone_from(&own);
        }
        let place = format!("{word} {number}");
        let read = row::read(number, cells).map_err(|errors| Faulty::error(place, errors.join(" ; ")));
        match own {
            Some(_) => case.push(read),
            None => raw.entries.push(read.map(alone)),
        }
    }
    close(&mut raw, case_id, case, word);
    Ok(raw)
}

fn alone(line: Line) -> Imported {
    let mut element = Element::Question(line.question);
    if line.id.is_none() {
        let id = identity::derived(&element, None);
        identity::set(&mut element, &id);
    }
    let place = format!("ligne {}", line.number);
    Imported { place, element, category: None, media: Vec::new(), warnings: line.warnings }
}

/// Makes a case of the lines that share one.
fn close(raw: &mut Raw, id: Option<String>, lines: Vec<Result<Line, Faulty>>, word: &str) {
    let Some(id) = id else { return };
    if lines.iter().any(Result::is_err) {
        // Half a case is none: the good lines are told with the faulty ones.
        let reasons: Vec<String> = lines
            .iter()
            .filter_map(|line| line.as_ref().err())
            .map(|fault| format!("{} : {}", fault.place, fault.reason))
            .collect();
        let place = format!("dossier « {id} »");
        raw.entries.push(Err(Faulty::error(place, reasons.join(" ; "))));
        return;
    }
    let mut lines = lines.into_iter().flatten().peekable();
    let Some(first) = lines.peek() else { return };
    let get = |column| cell(&first.cells, column).to_owned();
    let kind_text = get(Column::CaseKind);
    let place = format!("dossier « {id} », {word} {}", first.number);
    let kind = match row::case_kind(&kind_text) {
        Some(kind) => kind,
        None if kind_text.is_empty() => CaseKind::Dp,
        None => {
            let reason = format!("Type de dossier : « {kind_text} » inconnu (DP, mini-DP, KFP, LCA)");
            raw.entries.push(Err(Faulty::error(place, reason)));
            return;
        }
    };
    let title = Some(get(Column::CaseTitle)).filter(|t| !t.is_empty()).unwrap_or_else(|| id.clone());
    let (intro, tags) = (get(Column::CaseIntro), pieces(&get(Column::CaseTags)));
    let mut warnings = Vec::new();
    let parts = lines
        .map(|line| {
            warnings.extend(line.warnings.into_iter().map(|w| format!("{word} {} : {w}", line.number)));
            Part { text: line.before, question: line.question }
        })
        .collect();
    let mut element =
        Element::Case(Case { id: CaseId::new(""), kind, title, intro, image: None, article: None, tags, parts });
    identity::set(&mut element, &id);
    raw.entries.push(Ok(Imported { place, element, category: None, media: Vec::new(), warnings }));
}
