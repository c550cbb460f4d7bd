//! The first sheet of a workbook, read as the same table as a CSV file.

use super::{Row, Table};
use crate::error::Wrong;
use calamine::{Data, Range, Reader, Xlsx};
use std::io::Cursor;

/// Most cells of a sheet: a workbook of a few kilobytes may claim millions.
const MOST_CELLS: usize = 2_000_000;

/// Is this a workbook (a ZIP archive)?
pub(super) fn is(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04")
}

/// Reads the first sheet; blank lines are passed over, lines keep their numbers.
pub(super) fn read(bytes: &[u8]) -> Result<Table, Vec<Wrong>> {
    let wrong = |message: &str| vec![Wrong { place: "classeur".into(), message: message.into() }];
    let unread = |_| wrong("ce fichier n’est pas un classeur XLSX lisible : enregistrez-le à nouveau, ou en CSV UTF-8");
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(unread)?;
    let sheet = book.worksheet_range_at(0).ok_or_else(|| wrong("le classeur n’a pas de feuille"))?.map_err(unread)?;
    table(&sheet).map_err(|message| wrong(&message))
}

fn table(sheet: &Range<Data>) -> Result<Table, String> {
    let (height, width) = sheet.get_size();
    if height.saturating_mul(width) > MOST_CELLS {
        return Err(format!("la feuille a plus de {MOST_CELLS} cellules"));
    }
    let first = sheet.start().map_or(0, |(row, _)| u64::from(row)) + 1;
    let lines = sheet.rows().zip(first..).map(|(row, line)| (line, row.iter().map(text).collect::<Vec<String>>()));
    let mut lines = lines.filter(|(_, cells)| cells.iter().any(|c| !c.is_empty()));
    let Some((header_line, mut headers)) = lines.next() else { return Err("la première feuille est vide".into()) };
    while headers.last().is_some_and(String::is_empty) {
        headers.pop();
    }
    let width = headers.len();
    let mut rows = Vec::new();
    for (line, mut cells) in lines {
        if cells.iter().skip(width).any(|c| !c.is_empty()) {
            return Err(format!("ligne {line} : plus de cellules que d’en-têtes"));
        }
        cells.truncate(width);
        rows.push(Row { line, cells });
    }
    Ok(Table { header_line, headers, rows })
}

/// A cell as it would be typed.
fn text(cell: &Data) -> String {
    match cell {
        Data::Empty => String::new(),
        Data::Float(v) => v.to_string(),
        Data::Int(v) => v.to_string(),
        Data::Bool(v) => if *v { "oui" } else { "non" }.to_owned(),
        other => other.to_string().trim().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workbook_reads_as_the_file_would() {
        let mut book = rust_xlsxwriter::Workbook::new();
        let sheet = book.add_worksheet();
        sheet.write(1, 0, "juge").unwrap().write(1, 1, "1").unwrap().write(1, 2, "2").unwrap();
        sheet.write(3, 0, "Un").unwrap().write(3, 1, 62.5).unwrap().write(3, 2, 40).unwrap();
        let bytes = book.save_to_buffer().unwrap();
        let table = Table::read_any(&bytes).unwrap();
        assert_eq!((table.header_line, table.headers.clone()), (2, vec!["juge".into(), "1".into(), "2".into()]));
        assert_eq!(
            (table.rows[0].line, table.rows[0].cells.clone()),
            (4, vec!["Un".into(), "62.5".into(), "40".into()])
        );
        assert!(Table::read_any(b"PK\x03\x04 not a workbook").is_err());
        assert_eq!(Table::read_any(b"juge;1\nUn;2\n").unwrap().rows.len(), 1);
    }
}
