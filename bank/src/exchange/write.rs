//! The way out: elements to the formats of others, with what each could not hold.

use super::error::WriteError;
use super::{aiken, amc, gift, json, moodle, qti, table};
use docimo_engine::paper::Element;
use std::borrow::Borrow;
use std::io::Write;

/// A format that can be written.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Target {
    /// Docimo's own, with its media: nothing is lost.
    Json,
    /// Moodle XML, with our JSON beside: nothing is lost on the way back here.
    MoodleXml,
    /// GIFT.
    Gift,
    /// Aiken: QRU only.
    Aiken,
    /// AMC-TXT: QRU and QRM.
    AmcTxt,
    /// AMC's LaTeX: QRU and QRM.
    AmcLatex,
    /// A QTI 2.1 package, with our JSON beside.
    Qti21,
    /// A QTI 2.2 package, with our JSON beside.
    Qti22,
    /// A QTI 3.0 package, with our JSON beside.
    Qti30,
    /// A table in a text file (UTF-8, semicolons), in the columns of [`table`].
    Csv,
    /// The same in a workbook.
    Xlsx,
}

impl Target {
    /// Every format that can be written.
    pub const ALL: [Self; 11] = [
        Self::Json,
        Self::MoodleXml,
        Self::Gift,
        Self::Aiken,
        Self::AmcTxt,
        Self::AmcLatex,
        Self::Qti21,
        Self::Qti22,
        Self::Qti30,
        Self::Csv,
        Self::Xlsx,
    ];

    /// The code of command lines and addresses.
    pub fn code(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::MoodleXml => "moodle-xml",
            Self::Gift => "gift",
            Self::Aiken => "aiken",
            Self::AmcTxt => "amc-txt",
            Self::AmcLatex => "amc-latex",
            Self::Qti21 => "qti21",
            Self::Qti22 => "qti22",
            Self::Qti30 => "qti30",
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
        }
    }

    /// The format of a code; `qti` is QTI 2.2, which most programs read.
    pub fn from_code(code: &str) -> Option<Self> {
        if code == "qti" {
            return Some(Self::Qti22);
        }
        Self::ALL.into_iter().find(|target| target.code() == code)
    }

    /// The name shown to users.
    pub fn french(self) -> &'static str {
        match self {
            Self::Json => "JSON Docimo",
            Self::MoodleXml => "XML Moodle",
            Self::Gift => "GIFT",
            Self::Aiken => "Aiken",
            Self::AmcTxt => "AMC-TXT",
            Self::AmcLatex => "LaTeX d’AMC",
            Self::Qti21 => "paquet QTI 2.1",
            Self::Qti22 => "paquet QTI 2.2",
            Self::Qti30 => "paquet QTI 3.0",
            Self::Csv => "CSV",
            Self::Xlsx => "XLSX",
        }
    }

    /// The usual extension, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::MoodleXml => "xml",
            Self::Gift => "gift",
            Self::Aiken | Self::AmcTxt => "txt",
            Self::AmcLatex => "tex",
            Self::Qti21 | Self::Qti22 | Self::Qti30 => "zip",
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
        }
    }

    /// Its media type.
    pub fn mime(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::MoodleXml => "application/xml",
            Self::Gift | Self::Aiken | Self::AmcTxt => "text/plain; charset=utf-8",
            Self::AmcLatex => "application/x-tex",
            Self::Qti21 | Self::Qti22 | Self::Qti30 => "application/zip",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }
}

/// What an export needs beside elements.
pub struct Export<'a> {
    /// Title of the file, and name of its category.
    pub title: &'a str,
    /// The bytes of a picture, a PDF or a video, by the name that elements give it.
    pub media: &'a dyn Fn(&str) -> Option<Vec<u8>>,
}

/// Something that the format could not hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    /// Identifier of the element.
    pub id: String,
    /// The element is not in the file.
    pub left_out: bool,
    /// What, in French.
    pub message: String,
}

/// What was written.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Written {
    /// Elements in the file.
    pub elements: usize,
    /// What is not in it, or not as here.
    pub notes: Vec<Note>,
}

impl Written {
    pub(super) fn lost(&mut self, id: &str, message: impl Into<String>) {
        self.notes.push(Note { id: id.to_owned(), left_out: false, message: message.into() });
    }

    pub(super) fn left_out(&mut self, id: &str, message: impl Into<String>) {
        self.notes.push(Note { id: id.to_owned(), left_out: true, message: message.into() });
    }
}

/// Writes elements as they come, one in memory at a time: they may be read from a database meanwhile. Text
/// formats and packages are streamed; a workbook is made in memory.
pub fn write<E: Borrow<Element>>(
    target: Target,
    elements: impl IntoIterator<Item = E>,
    export: &Export<'_>,
    out: &mut dyn Write,
) -> Result<Written, WriteError> {
    let mut elements = Held::new(elements.into_iter());
    let elements: Elements<'_> = &mut elements;
    match target {
        Target::Json => json::write(elements, export, out),
        Target::MoodleXml => moodle::write(elements, export, out),
        Target::Gift => gift::write(elements, out),
        Target::Aiken => aiken::write(elements, out),
        Target::AmcTxt => amc::write(elements, export, out),
        Target::AmcLatex => amc::write_latex(elements, export, out),
        Target::Qti21 => qti::write(elements, export, qti::Version::V21, out),
        Target::Qti22 => qti::write(elements, export, qti::Version::V22, out),
        Target::Qti30 => qti::write(elements, export, qti::Version::V30, out),
        Target::Csv => table::write_csv(elements, out),
        Target::Xlsx => table::write_xlsx(elements, out),
    }
}

/// Elements lent one after the other.
pub(super) trait Lender {
    /// The next one, until the call after.
    fn next(&mut self) -> Option<&Element>;
}

/// What elements come as.
pub(super) type Elements<'a> = &'a mut dyn Lender;

/// Holds the element that is being written, and no other.
pub(super) struct Held<I: Iterator> {
    elements: I,
    now: Option<I::Item>,
}

impl<I: Iterator> Held<I> {
    pub(super) fn new(elements: I) -> Self {
        Self { elements, now: None }
    }
}

impl<I: Iterator<Item: Borrow<Element>>> Lender for Held<I> {
    fn next(&mut self) -> Option<&Element> {
        self.now = self.elements.next();
        self.now.as_ref().map(Borrow::borrow)
    }
}
