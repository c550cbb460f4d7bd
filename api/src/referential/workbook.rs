//! The first sheet of an XLSX workbook, as a table.

use crate::error::Wrong;
use crate::table::{Row, Table};
use calamine::{Data, Reader, Xlsx};
use std::io::{Cursor, Read};

/// Largest sheet read, in bytes once unpacked: a small file may unpack to a huge one.
const MAX_UNPACKED: u64 = 256 * 1024 * 1024;
/// Most cells read.
const MAX_CELLS: usize = 2_000_000;

fn refused(message: impl Into<String>) -> Vec<Wrong> {
    vec![Wrong { place: "fichier".into(), message: message.into() }]
}

/// Is it a ZIP archive, as a workbook is?
pub fn is_archive(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04")
}

/// Reads the first sheet that is not empty; its first row with text is the headers.
pub fn read(bytes: &[u8]) -> Result<Table, Vec<Wrong>> {
    bounded(bytes)?;
    let unreadable = |e: calamine::XlsxError| refused(format!("classeur XLSX illisible : {e}"));
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(unreadable)?;
    for name in workbook.sheet_names() {
        let range = workbook.worksheet_range(&name).map_err(unreadable)?;
        if range.is_empty() {
            continue;
        }
        if range.height().saturating_mul(range.width()) > MAX_CELLS {
            return Err(refused(format!("la feuille « {name} » a plus de {MAX_CELLS} cellules")));
        }
        let first = range.start().map_or(0, |(row, _)| u64::from(row)) + 1;
        let mut rows =
            range.rows().zip(first..).map(|(cells, line)| (line, cells.iter().map(text).collect::<Vec<_>>()));
        let Some((header_line, headers)) = rows.find(|(_, cells)| cells.iter().any(|c| !c.trim().is_empty())) else {
            continue;
        };
        let headers = headers.iter().map(|h| h.trim().to_owned()).collect();
        let full = rows.filter(|(_, cells)| cells.iter().any(|c| !c.trim().is_empty()));
        let rows = full.map(|(line, cells)| Row { line, cells }).collect();
        return Ok(Table { header_line, headers, rows });
    }
    Err(refused("le classeur est vide"))
}

/// Unpacks to nowhere, to know that it is not too large.
fn bounded(bytes: &[u8]) -> Result<(), Vec<Wrong>> {
    let unreadable = |e: zip::result::ZipError| refused(format!("classeur XLSX illisible : {e}"));
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(unreadable)?;
    let mut left = MAX_UNPACKED;
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).map_err(unreadable)?.take(left + 1);
        let size = std::io::copy(&mut part, &mut std::io::sink())
            .map_err(|_| refused("classeur XLSX abîmé : une partie ne se décompresse pas"))?;
        if size > left {
            return Err(refused("le classeur décompressé est trop grand (256 Mio au plus)"));
        }
        left -= size;
    }
    Ok(())
}

/// A cell as people see it: whole numbers without decimals.
fn text(cell: &Data) -> String {
    match cell {
        Data::Float(number) if number.fract() == 0.0 && number.abs() < 1e15 => format!("{number:.0}"),
        Data::Empty | Data::Error(_) => String::new(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_is_a_table() {
        let mut book = rust_xlsxwriter::Workbook::new();
        book.add_worksheet();
        let sheet = book.add_worksheet();
        sheet.write(1, 0, "code").unwrap().write(1, 1, "titre").unwrap();
        sheet.write(2, 0, "UE1").unwrap().write(2, 1, 12.0).unwrap();
        sheet.write(4, 0, "UE2").unwrap();
        let bytes = book.save_to_buffer().unwrap();
        assert!(is_archive(&bytes));
        let table = read(&bytes).unwrap();
        assert_eq!((table.header_line, table.headers), (2, vec!["code".to_owned(), "titre".to_owned()]));
        let rows: Vec<_> = table.rows.iter().map(|r| (r.line, r.cells.join("|"))).collect();
        assert_eq!(rows, [(3, "UE1|12".to_owned()), (5, "UE2|".to_owned())]);
        assert!(read(b"PK\x03\x04rest").unwrap_err()[0].message.contains("illisible"));
    }
}
