//! Small CSV files sent by people: separator and byte order mark detected, every fault with its line.

mod workbook;

use crate::error::Wrong;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A table, whole in memory.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Line of the headers in the file, from 1.
    pub header_line: u64,
    /// The headers, trimmed.
    pub headers: Vec<String>,
    /// The others.
    pub rows: Vec<Row>,
}

/// A line with its number in the file, from 1.
#[derive(Clone, Debug)]
pub struct Row {
    /// Where.
    pub line: u64,
    /// As many cells as there are headers.
    pub cells: Vec<String>,
}

/// A header as compared: letters and digits only, lower case, without accents.
pub fn fold_header(text: &str) -> String {
    text.nfd().filter(|c| !is_combining_mark(*c)).filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The text of a CSV file, past what spreadsheets put before the headers: blank lines, `sep=;`. Every
/// cell of it stands on one line.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    text: &'a str,
    separator: u8,
    skipped: u64,
}

impl<'a> Source<'a> {
    /// Decodes a file. What is wrong is told by line and column.
    pub fn open(bytes: &'a [u8]) -> Result<Self, Vec<Wrong>> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let text = std::str::from_utf8(bytes).map_err(|e| {
            let line = bytes[..e.valid_up_to()].iter().filter(|b| **b == b'\n').count() + 1;
            let message = "le fichier n’est pas en UTF-8 : enregistrez-le en « CSV UTF-8 » et recommencez";
            vec![Wrong { place: format!("ligne {line}"), message: message.into() }]
        })?;
        let start = Preamble::of(text);
        let text = &text[start.bytes..];
        let separator = start.separator.unwrap_or_else(|| usual_separator(text));
        let source = Self { text, separator, skipped: start.lines };
        let wrong = source.cut_cells();
        if wrong.is_empty() { Ok(source) } else { Err(wrong) }
    }

    /// Byte between two cells.
    pub fn separator(&self) -> u8 {
        self.separator
    }

    /// Line of the headers in the file.
    pub fn header_line(&self) -> u64 {
        self.skipped + 1
    }

    /// The headers, trimmed.
    pub fn headers(&self) -> Vec<String> {
        let line = self.text.lines().next().unwrap_or("");
        let mut reader = csv::ReaderBuilder::new().delimiter(self.separator).from_reader(line.as_bytes());
        reader.headers().map_or_else(|_| Vec::new(), |headers| headers.iter().map(|h| h.trim().to_owned()).collect())
    }

    /// Reads the lines after the headers, whatever their number of cells.
    pub fn reader(&self) -> csv::Reader<&'a [u8]> {
        csv::ReaderBuilder::new().delimiter(self.separator).flexible(true).from_reader(self.text.as_bytes())
    }

    /// Line of a record in the file: the reader's own position is before the blank lines that it passed over.
    pub fn line(&self, record: &csv::StringRecord) -> u64 {
        record.position().map_or(0, |position| {
            let start = usize::try_from(position.byte()).unwrap_or(0).min(self.text.len());
            let after = self.text.as_bytes()[start..].iter();
            let blank = after.take_while(|b| matches!(b, b'\r' | b'\n')).filter(|b| **b == b'\n').count();
            self.skipped + position.line() + blank as u64
        })
    }

    /// Cells whose quotes do not close on their line. Read as one cell, they would swallow the lines after.
    fn cut_cells(&self) -> Vec<Wrong> {
        if !self.text.contains('"') {
            return Vec::new();
        }
        let headers = self.headers();
        let place = |(line, column): (u64, usize)| {
            let name = headers.get(column).filter(|h| line > 0 && !h.is_empty()).cloned();
            let name = name.unwrap_or_else(|| (column + 1).to_string());
            format!("ligne {}, colonne {name}", self.header_line() + line)
        };
        let message = "guillemet qui ne se referme pas sur sa ligne : une cellule ne contient pas de saut de ligne";
        let cut = unclosed(self.text, self.separator).into_iter();
        cut.map(|at| Wrong { place: place(at), message: message.into() }).collect()
    }
}

/// Line (from 0) and column (from 0) of each cell whose quotes do not close on its line.
fn unclosed(text: &str, separator: u8) -> Vec<(u64, usize)> {
    #[derive(PartialEq)]
    enum At {
        Start,
        Plain,
        Quoted,
        Closing,
    }
    let (mut at, mut line, mut column, mut found) = (At::Start, 0, 0, Vec::new());
    for byte in text.bytes() {
        let ends_line = matches!(byte, b'\r' | b'\n');
        at = match at {
            At::Quoted if ends_line => {
                found.push((line, column));
                At::Start
            }
            At::Quoted if byte == b'"' => At::Closing,
            At::Quoted => At::Quoted,
            At::Start | At::Closing if byte == b'"' => At::Quoted,
            _ if byte == separator => {
                column += 1;
                At::Start
            }
            _ => At::Plain,
        };
        if ends_line {
            (at, column) = (At::Start, 0);
        }
        line += u64::from(byte == b'\n');
    }
    if at == At::Quoted {
        found.push((line, column));
    }
    found
}

/// What stands before the headers.
struct Preamble {
    bytes: usize,
    lines: u64,
    separator: Option<u8>,
}

impl Preamble {
    fn of(text: &str) -> Self {
        let mut start = Self { bytes: 0, lines: 0, separator: None };
        for line in text.split_inclusive('\n') {
            let content = line.trim_end_matches(['\r', '\n']);
            match declared_separator(content) {
                Some(separator) if start.separator.is_none() => start.separator = Some(separator),
                _ if content.chars().all(|c| c.is_whitespace() || matches!(c, ';' | ',')) => {}
                _ => break,
            }
            start.bytes += line.len();
            start.lines += 1;
        }
        start
    }
}

/// The separator that a line `sep=;` announces, as Excel writes it.
fn declared_separator(line: &str) -> Option<u8> {
    let line = line.trim_matches('"');
    let (word, rest) = (line.get(..4)?, line.get(4..)?);
    match rest.as_bytes() {
        [b] if word.eq_ignore_ascii_case("sep=") && b.is_ascii() && !b.is_ascii_alphanumeric() => Some(*b),
        _ => None,
    }
}

/// The separator most seen in the headers, outside quotes.
fn usual_separator(text: &str) -> u8 {
    let head = text.lines().next().unwrap_or("");
    let outside: String = head.split('"').step_by(2).collect();
    let count = |s: u8| outside.bytes().filter(|b| *b == s).count();
    [b';', b'\t', b','].into_iter().max_by_key(|s| count(*s)).unwrap_or(b',')
}

impl Table {
    /// Reads the first sheet of an XLSX workbook, or a CSV file; every fault is listed.
    pub fn read_any(bytes: &[u8]) -> Result<Self, Vec<Wrong>> {
        if workbook::is(bytes) { workbook::read(bytes) } else { Self::read(bytes) }
    }

    /// The table as tab-separated text, to be sent again by a form.
    pub fn to_text(&self) -> String {
        let cell = |c: &String| c.replace(['\t', '\r', '\n', '"'], " ");
        let line = |cells: &[String]| cells.iter().map(cell).collect::<Vec<_>>().join("\t");
        let mut text = String::from("sep=\t\n");
        text.push_str(&line(&self.headers));
        for row in &self.rows {
            text.push('\n');
            text.push_str(&line(&row.cells));
        }
        text
    }

    /// Reads a table; every fault is listed.
    pub fn read(bytes: &[u8]) -> Result<Self, Vec<Wrong>> {
        let (table, wrong) = Self::read_all(bytes)?;
        if wrong.is_empty() { Ok(table) } else { Err(wrong) }
    }

    /// Reads the lines that can be, and tells what is wrong with the others, so that whoever reads the
    /// cells can tell their faults too. The error is of a file that is no table.
    pub fn read_all(bytes: &[u8]) -> Result<(Self, Vec<Wrong>), Vec<Wrong>> {
        let source = Source::open(bytes)?;
        let headers = source.headers();
        if headers.iter().all(|h| h.is_empty()) {
            return Err(vec![Wrong { place: "ligne 1".into(), message: "le fichier est vide".into() }]);
        }
        let (mut rows, mut wrong) = (Vec::new(), Vec::new());
        for record in source.reader().records() {
            let record = match record {
                Ok(record) => record,
                Err(e) => {
                    let line = e.position().map_or(0, csv::Position::line);
                    wrong.push(Wrong { place: format!("ligne {line}"), message: e.to_string() });
                    continue;
                }
            };
            let line = source.line(&record);
            if record.iter().all(|c| c.trim().is_empty()) {
                continue;
            }
            if record.len() != headers.len() {
                let message = format!("{} cellules, {} attendues", record.len(), headers.len());
                wrong.push(Wrong { place: format!("ligne {line}"), message });
                continue;
            }
            rows.push(Row { line, cells: record.iter().map(str::to_owned).collect() });
        }
        Ok((Self { header_line: source.header_line(), headers, rows }, wrong))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_read_or_every_fault_is_told() {
        let table = Table::read("\u{feff}a;b\n1;\"x;y\"\n\n2;z\n".as_bytes()).unwrap();
        assert_eq!(
            table.rows.iter().map(|r| (r.line, r.cells[1].as_str())).collect::<Vec<_>>(),
            [(2, "x;y"), (4, "z")]
        );
        let wrong = Table::read(b"a,b\n1\n2,3\n4,5,6\n").unwrap_err();
        assert_eq!(wrong.iter().map(|w| w.place.as_str()).collect::<Vec<_>>(), ["ligne 2", "ligne 4"]);
        assert!(Table::read(b"nom\nL\xe9a\n").unwrap_err()[0].message.contains("UTF-8"));
        assert!(Table::read(b"").is_err());
        assert_eq!(fold_header("Tiers-temps (Réf.)"), "tierstempsref");
    }

    fn places(bytes: &[u8]) -> Vec<String> {
        Table::read(bytes).unwrap_err().into_iter().map(|w| w.place).collect()
    }

    #[test]
    fn what_spreadsheets_put_first_is_passed_over() {
        let table = Table::read(b"\xef\xbb\xbfsep=|\r\n\r\n;;;\r\na|b\r\n\r\n1|2\r\n").unwrap();
        assert_eq!((table.header_line, table.headers.len(), table.rows[0].line), (4, 2, 6));
        let table = Table::read(b"\n \nSEP=;\na,b;c\n1;2\n").unwrap();
        assert_eq!(table.headers, ["a,b", "c"]);
        assert_eq!(table.rows[0].line, 5);
        // A quoted header does not choose the separator.
        assert_eq!(Table::read(b"\"a;b;c\",d\n1,2\n").unwrap().headers, ["a;b;c", "d"]);
        assert_eq!(places(b"sep=;\n\na;b\n\n1\n"), ["ligne 5"]);
    }

    #[test]
    fn no_cell_swallows_the_lines_after() {
        assert_eq!(places(b"a,b\n1,\"x\n2,\"y\"\n3,z\n"), ["ligne 2, colonne b"]);
        assert_eq!(places(b"a,b\n1,x\n\n2,\"y"), ["ligne 4, colonne b"]);
        assert_eq!(places(b"a,b\n\"1\r\n\",x\r\n"), ["ligne 2, colonne a", "ligne 3, colonne a"]);
        assert_eq!(places(b"a,\"b\n1,x\n"), ["ligne 1, colonne 2"]);
        let table = Table::read(b"a,b\n\"say \"\"hi\"\"\",5\" tube\n\"\",\"x, y\"\n").unwrap();
        assert_eq!(table.rows[0].cells, ["say \"hi\"", "5\" tube"]);
        assert_eq!(table.rows[1].cells, ["", "x, y"]);
    }
}
