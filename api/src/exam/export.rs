//! Results as files: CSV and XLSX.

use super::draft::exam;
use super::marks::{Marked, ledger, mark_at, told};
use super::results::summaries;
use crate::app::App;
use crate::error::{ApiError, ApiResult};
use crate::web;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
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
    heads.into_iter().map(short).collect()
}

/// A spreadsheet's cell holds 32,767 characters; nothing of ours needs a tenth of that.
fn short(text: String) -> String {
    if text.chars().count() <= 3000 { text } else { text.chars().take(2999).chain(['…']).collect() }
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
    writer.write_record(heads(marked).into_iter().map(inert)).map_err(|e| fail(&e))?;
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

/// Results as a CSV file to save.
pub async fn csv_file(app: &App, exam_id: &str) -> ApiResult<Response> {
    let exam = exam(app, exam_id).await?;
    let marked = mark_at(app, exam_id, None).await?;
    let bytes = tokio::task::spawn_blocking(move || csv(&marked)).await.map_err(|e| ApiError::Internal(e.into()))??;
    Ok(download(bytes, "text/csv; charset=utf-8", &exam.title, "csv"))
}

/// Results and the register as a workbook to save.
pub async fn xlsx_file(app: &App, exam_id: &str) -> ApiResult<Response> {
    let exam = exam(app, exam_id).await?;
    let lines = ledger(app, exam_id).await?;
    let words = told(app, exam_id, &lines).await?;
    let decisions: Vec<(u32, String, String, String)> =
        lines.into_iter().zip(words).map(|(l, what)| (l.entry.version, what, l.entry.reason, l.author_name)).collect();
    let marked = mark_at(app, exam_id, None).await?;
    let work = move || xlsx(&marked, &decisions);
    let bytes = tokio::task::spawn_blocking(work).await.map_err(|e| ApiError::Internal(e.into()))??;
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    Ok(download(bytes, kind, &exam.title, "xlsx"))
}

/// A file to save.
pub(crate) fn download(bytes: Vec<u8>, kind: &'static str, title: &str, extension: &str) -> Response {
    let plain: String = title.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let name = web::urlencode(&format!("{title}.{extension}")).replace('/', "-");
    let disposition = format!("attachment; filename=\"resultats-{plain}.{extension}\"; filename*=UTF-8''{name}");
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Ok(value) = HeaderValue::from_str(&disposition) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
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
                    Cell::Text(text) => drop(sheet.write_string(r, c, short(text))?),
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
            for (c, text) in [what, why, who].into_iter().enumerate() {
                sheet.write_string(r, c as u16 + 1, short(text.clone()))?;
            }
        }
        sheet.set_column_width(1, 60)?;
        sheet.set_column_width(2, 60)?;
        book.save_to_buffer()
    };
    build().map_err(|e| ApiError::Internal(e.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_names_that_headers_can_carry() {
        let response = download(vec![], "text/csv", "Épreuve «\u{a0}blanche\u{a0}»\r\nX: y", "csv");
        let value = response.headers()[header::CONTENT_DISPOSITION].to_str().unwrap();
        assert!(
            value.starts_with("attachment; filename=\"resultats--preuve") && value.contains("%C3%89preuve"),
            "{value}"
        );
    }
}
