//! Results as files: CSV and XLSX.

use super::marks::Marked;
use super::results::summaries;
use crate::error::{ApiError, ApiResult};
use docimo_engine::Exact;
use rust_xlsxwriter::{Format, Workbook};

/// Column heads, the same in both formats.
fn heads(marked: &Marked) -> Vec<String> {
    let mut heads: Vec<String> = [
        "Numéro",
        "Nom",
        "Centre",
        "Présent",
        "Rang",
        "Note sur 20",
        "Rang A sur 20",
        "Rang B sur 20",
        "Points",
        "Total",
    ]
    .map(str::to_owned)
    .into();
    heads.extend(marked.effective.paper.sections.iter().map(|s| format!("Points : {}", s.title)));
    heads.extend(marked.effective.paper.questions().map(|p| p.question.id.to_string()));
    heads
}

enum Cell {
    Text(String),
    Number(Exact),
    Empty,
}

fn rows(marked: &Marked) -> Vec<Vec<Cell>> {
    let all = summaries(marked);
    let questions = marked.effective.paper.questions().count();
    let points: Vec<Vec<Exact>> = (0..questions).map(|q| marked.compiled.question_points(&marked.matrix, q)).collect();
    let optional = |value: Option<Exact>| value.map_or(Cell::Empty, Cell::Number);
    let mut row_of = vec![None; marked.cohort.candidates.len()];
    for (row, i) in marked.present.iter().enumerate() {
        row_of[*i] = Some(row);
    }
    marked
        .cohort
        .candidates
        .iter()
        .zip(row_of)
        .map(|(candidate, row)| {
            let text = |t: &str| Cell::Text(t.to_owned());
            let mut cells = vec![text(&candidate.number), text(&candidate.name), text(&candidate.site_name)];
            match row {
                None => {
                    cells.push(text("non"));
                    cells.extend((0..6 + marked.effective.paper.sections.len() + questions).map(|_| Cell::Empty));
                }
                Some(row) => {
                    let s = &all[row];
                    cells.push(text("oui"));
                    cells.push(Cell::Number(Exact::int(s.rank.into())));
                    cells.push(optional(s.on_20));
                    cells.push(optional(s.rank_a_on_20));
                    cells.push(optional(s.rank_b_on_20));
                    cells.push(Cell::Number(s.points));
                    cells.push(Cell::Number(s.out_of));
                    cells.extend(s.sections.iter().map(|x| Cell::Number(x.points)));
                    cells.extend(points.iter().map(|q| Cell::Number(q[row])));
                }
            }
            cells
        })
        .collect()
}

/// CSV for French spreadsheets: UTF-8 with a byte order mark, semicolons, decimal commas, six decimals.
pub fn csv(marked: &Marked) -> ApiResult<Vec<u8>> {
    let fail = |e: &dyn std::fmt::Display| ApiError::Internal(anyhow::anyhow!("csv: {e}"));
    let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer(b"\xef\xbb\xbf".to_vec());
    writer.write_record(heads(marked)).map_err(|e| fail(&e))?;
    for row in rows(marked) {
        let cells = row.into_iter().map(|cell| match cell {
            Cell::Text(text) => inert(text),
            Cell::Number(value) => value.decimal(6).replace('.', ","),
            Cell::Empty => String::new(),
        });
        writer.write_record(cells).map_err(|e| fail(&e))?;
    }
    writer.into_inner().map_err(|e| fail(&e))
}

/// A text that a spreadsheet would run as a formula is kept a text.
pub fn inert(text: String) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text }
}

/// A workbook: results, and the decisions of the register.
pub fn xlsx(marked: &Marked, decisions: &[(u32, String, String, String)]) -> ApiResult<Vec<u8>> {
    let build = || -> Result<Vec<u8>, rust_xlsxwriter::XlsxError> {
        let mut book = Workbook::new();
        let bold = Format::new().set_bold();
        let two = Format::new().set_num_format("0.00");
        let sheet = book.add_worksheet().set_name("Résultats")?;
        for (c, head) in heads(marked).iter().enumerate() {
            sheet.write_string_with_format(0, c as u16, head, &bold)?;
        }
        for (r, row) in rows(marked).into_iter().enumerate() {
            for (c, cell) in row.into_iter().enumerate() {
                let (r, c) = (r as u32 + 1, c as u16);
                match cell {
                    Cell::Text(text) => drop(sheet.write_string(r, c, text)?),
                    Cell::Number(value) if c == 4 => drop(sheet.write_number(r, c, value.to_f64())?),
                    Cell::Number(value) => drop(sheet.write_number_with_format(r, c, value.to_f64(), &two)?),
                    Cell::Empty => {}
                }
            }
        }
        sheet.set_freeze_panes(1, 2)?;
        sheet.set_column_width(1, 28)?;
        let sheet = book.add_worksheet().set_name("Registre")?;
        for (c, head) in ["Version", "Décision", "Motif", "Auteur"].iter().enumerate() {
            sheet.write_string_with_format(0, c as u16, *head, &bold)?;
        }
        for (r, (version, what, why, who)) in decisions.iter().enumerate() {
            let r = r as u32 + 1;
            sheet.write_number(r, 0, f64::from(*version))?;
            sheet.write_string(r, 1, what)?;
            sheet.write_string(r, 2, why)?;
            sheet.write_string(r, 3, who)?;
        }
        sheet.set_column_width(1, 60)?;
        sheet.set_column_width(2, 60)?;
        book.save_to_buffer()
    };
    build().map_err(|e| ApiError::Internal(e.into()))
}
