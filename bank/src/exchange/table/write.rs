//! Elements to a table, and the example to fill.

use super::columns::Column;
use super::guide;
use super::joined;
use super::row::Cells;
use crate::exchange::WriteError;
use crate::exchange::draft::letter;
use crate::exchange::write::{Elements, Held, Target, Written};
use docimo_engine::Exact;
use docimo_engine::paper::{Case, Element};
use docimo_engine::question::{Body, Image, Proposition, Question, Shape, Status};
use rust_xlsxwriter::{Format, FormatAlign, Workbook, XlsxError};
use std::io::Write;

/// Options that every file has columns for.
const PROPOSITIONS: usize = 25;

pub(in crate::exchange) fn write_csv(elements: Elements<'_>, out: &mut dyn Write) -> Result<Written, WriteError> {
    // The mark tells a spreadsheet that this is UTF-8.
    out.write_all(b"\xef\xbb\xbf")?;
    let mut written = Written::default();
    let columns = Column::all(PROPOSITIONS);
    let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer(out);
    let failed = |error: csv::Error| WriteError::Io(std::io::Error::other(error));
    writer.write_record(columns.iter().map(|c| c.name())).map_err(failed)?;
    while let Some(element) = elements.next() {
        for row in rows(element, &mut written) {
            writer.write_record(columns.iter().map(|c| row.get(c).map_or("", String::as_str))).map_err(failed)?;
        }
    }
    writer.flush()?;
    Ok(written)
}

pub(in crate::exchange) fn write_xlsx(elements: Elements<'_>, out: &mut dyn Write) -> Result<Written, WriteError> {
    let failed = |error: XlsxError| WriteError::Workbook(error.to_string());
    let (mut book, written) = workbook(elements).map_err(failed)?;
    out.write_all(&book.save_to_buffer().map_err(failed)?)?;
    Ok(written)
}

fn workbook(elements: Elements<'_>) -> Result<(Workbook, Written), XlsxError> {
    let mut written = Written::default();
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name("Questions")?;
    let bold = Format::new().set_bold();
    let wrap = Format::new().set_text_wrap().set_align(FormatAlign::Top);
    let columns = Column::all(PROPOSITIONS);
    for (i, column) in (0u16..).zip(&columns) {
        sheet.write_string_with_format(0, i, column.name(), &bold)?;
        let wide = matches!(column, Column::Stem | Column::CaseIntro | Column::Comment | Column::Before);
        let narrow = matches!(column, Column::Kind | Column::Rank | Column::Weight | Column::MaxWords);
        sheet.set_column_width(
            i,
            if wide {
                60
            } else if narrow {
                10
            } else {
                24
            },
        )?;
    }
    sheet.set_freeze_panes(1, 0)?;
    let mut line = 1;
    while let Some(element) = elements.next() {
        for row in rows(element, &mut written) {
            for (i, column) in (0u16..).zip(&columns) {
                if let Some(text) = row.get(column) {
                    sheet.write_string_with_format(line, i, text, &wrap)?;
                }
            }
            line += 1;
        }
    }
    Ok((book, written))
}

/// A filled example of the usual kinds and of a case, for who starts a table; `target` is CSV or XLSX. The workbook
/// has a second sheet that tells what each column holds.
pub fn template(target: Target, out: &mut dyn Write) -> Result<(), WriteError> {
    let mut elements = Held::new(super::example::elements().into_iter());
    match target {
        Target::Xlsx => {
            let failed = |error: XlsxError| WriteError::Workbook(error.to_string());
            let (mut book, _) = workbook(&mut elements).map_err(failed)?;
            guide::add(&mut book).map_err(failed)?;
            Ok(out.write_all(&book.save_to_buffer().map_err(failed)?)?)
        }
        _ => write_csv(&mut elements, out).map(drop),
    }
}

fn rows(element: &Element, written: &mut Written) -> Vec<Cells> {
    written.elements += 1;
    match element {
        Element::Question(question) => vec![row(question, written)],
        Element::Case(case) => case_rows(case, written),
    }
}

fn case_rows(case: &Case, written: &mut Written) -> Vec<Cells> {
    let id = case.id.as_str();
    if case.article.is_some() || case.image.is_some() {
        written.lost(id, "un tableau ne garde ni l’article ni l’image du texte d’ouverture");
    }
    let mut rows = Vec::new();
    for (i, part) in case.parts.iter().enumerate() {
        let mut cells = row(&part.question, written);
        put(&mut cells, Column::Case, id);
        put(&mut cells, Column::Before, &part.text);
        if i == 0 {
            put(&mut cells, Column::CaseKind, case.kind.code());
            put(&mut cells, Column::CaseTitle, &case.title);
            put(&mut cells, Column::CaseIntro, &case.intro);
            put(&mut cells, Column::CaseTags, &joined(case.tags.iter().map(String::as_str)));
        }
        rows.push(cells);
    }
    rows
}

fn put(cells: &mut Cells, column: Column, text: &str) {
    if !text.is_empty() {
        cells.insert(column, text.to_owned());
    }
}

fn row(question: &Question, written: &mut Written) -> Cells {
    let id = question.id.as_str();
    let mut cells = Cells::new();
    put(&mut cells, Column::Id, id);
    put(&mut cells, Column::Kind, question.kind().code());
    put(&mut cells, Column::Stem, &question.stem);
    if let Some(Image { file, alt, .. }) = &question.image {
        put(&mut cells, Column::Image, file);
        put(&mut cells, Column::Alt, alt);
        written.lost(id, format!("un tableau ne fait que nommer l’image « {file} »"));
    }
    if let Some(video) = &question.video {
        written.lost(id, format!("un tableau ne garde pas la vidéo « {} »", video.file));
    }
    put(&mut cells, Column::Rank, &question.rank.map(|r| r.to_string()).unwrap_or_default());
    if question.weight != Exact::ONE {
        put(&mut cells, Column::Weight, &exact(question.weight));
    }
    put(&mut cells, Column::Tags, &joined(question.tags.iter().map(String::as_str)));
    put(&mut cells, Column::Comment, &question.comment);
    put(&mut cells, Column::Source, &question.source);
    put(&mut cells, Column::Scheme, question.scheme.as_deref().unwrap_or_default());
    let list = question.body.propositions();
    for (i, p) in list.iter().enumerate().take(PROPOSITIONS) {
        put(&mut cells, Column::Proposition(i), &p.text);
        put(&mut cells, Column::PropositionComment(i), &p.comment);
    }
    put(&mut cells, Column::Answers, &letters(list, |s| s == Status::Vrai));
    put(&mut cells, Column::Required, &letters(list, |s| s == Status::Indispensable));
    put(&mut cells, Column::Forbidden, &letters(list, |s| s == Status::Inacceptable));
    if list.iter().enumerate().any(|(i, p)| p.id.as_str() != letter(i)) {
        written.lost(id, "un tableau ne garde pas les identifiants des propositions : ce sont leurs lettres");
    }
    match &question.body {
        Body::Qroc { exact, acceptable, max_words } => {
            put(&mut cells, Column::Answers, &joined(exact.iter().map(String::as_str)));
            put(&mut cells, Column::Acceptable, &joined(acceptable.iter().map(String::as_str)));
            put(&mut cells, Column::MaxWords, &max_words.to_string());
        }
        Body::Tcs { hypothesis, finding, panel, experts } => {
            if !experts.is_empty() {
                written.lost(id, "un tableau garde les votes du panel sans les noms des experts");
            }
            put(&mut cells, Column::Hypothesis, hypothesis);
            put(&mut cells, Column::Finding, finding);
            put(&mut cells, Column::Answers, &panel.map(|v| v.to_string()).join("/"));
        }
        Body::Qzp { expected, zones } => {
            let texts: Vec<String> = zones.iter().map(|z| format!("{} : {}", z.name, shape(&z.shape))).collect();
            put(&mut cells, Column::Zones, &joined(texts.iter().map(String::as_str)));
            put(&mut cells, Column::Expected, &expected.to_string());
            if zones.iter().any(|z| !z.comment.is_empty()) {
                written.lost(id, "un tableau ne garde pas les commentaires des zones");
            }
        }
        Body::Qrp { expected, .. } | Body::Qrpl { expected, .. } => {
            put(&mut cells, Column::Expected, &expected.to_string());
        }
        Body::Qru { .. } | Body::Qrm { .. } | Body::Qcm { .. } => {}
    }
    cells
}

fn letters(list: &[Proposition], wanted: impl Fn(Status) -> bool) -> String {
    let letters = list.iter().enumerate().take(PROPOSITIONS).filter(|(_, p)| wanted(p.status));
    letters.map(|(i, _)| letter(i).to_uppercase()).collect()
}

fn exact(value: Exact) -> String {
    if value.denominator() == 1 {
        value.numerator().to_string()
    } else {
        format!("{}/{}", value.numerator(), value.denominator())
    }
}

fn shape(shape: &Shape) -> String {
    match shape {
        Shape::Circle { x, y, r } => format!("cercle {x} {y} {r}"),
        Shape::Rect { x, y, w, h } => format!("rectangle {x} {y} {w} {h}"),
        Shape::Polygon(corners) => {
            let corners: Vec<String> = corners.iter().map(|[x, y]| format!("{x} {y}")).collect();
            format!("polygone {}", corners.join(" "))
        }
    }
}
