//! Small CSV files sent by people: separator and byte order mark detected, every fault with its line.

use crate::error::Wrong;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A table, whole in memory.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// First line.
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

/// Line of a record: the reader's own position is before the blank lines that it passed over.
fn first_line(text: &str, position: &csv::Position) -> u64 {
    let start = usize::try_from(position.byte()).unwrap_or(0).min(text.len());
    let blank = text.as_bytes()[start..].iter().take_while(|b| matches!(b, b'\r' | b'\n')).filter(|b| **b == b'\n');
    position.line() + blank.count() as u64
}

impl Table {
    /// Reads a table; every fault is listed.
    pub fn read(bytes: &[u8]) -> Result<Self, Vec<Wrong>> {
        let (table, wrong) = Self::read_all(bytes)?;
        if wrong.is_empty() { Ok(table) } else { Err(wrong) }
    }

    /// Reads the lines that can be, and tells what is wrong with the others, so that whoever reads the
    /// cells can tell their faults too. The error is of a file that is no table.
    pub fn read_all(bytes: &[u8]) -> Result<(Self, Vec<Wrong>), Vec<Wrong>> {
        let one = |place: &str, message: String| vec![Wrong { place: place.into(), message }];
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let text = std::str::from_utf8(bytes).map_err(|e| {
            let line = bytes[..e.valid_up_to()].iter().filter(|b| **b == b'\n').count() + 1;
            one(
                &format!("ligne {line}"),
                "le fichier n’est pas en UTF-8 : enregistrez-le en « CSV UTF-8 » et recommencez".into(),
            )
        })?;
        let head = text.lines().next().unwrap_or("");
        let separator = [b';', b'\t', b','].into_iter().max_by_key(|s| head.bytes().filter(|b| b == s).count());
        let mut reader =
            csv::ReaderBuilder::new().delimiter(separator.unwrap_or(b';')).flexible(true).from_reader(text.as_bytes());
        let headers: Vec<String> = match reader.headers() {
            Ok(headers) if !headers.iter().all(|h| h.trim().is_empty()) => {
                headers.iter().map(|h| h.trim().to_owned()).collect()
            }
            Ok(_) => return Err(one("ligne 1", "le fichier est vide".into())),
            Err(e) => return Err(one("ligne 1", e.to_string())),
        };
        let (mut rows, mut wrong) = (Vec::new(), Vec::new());
        for record in reader.records() {
            match record {
                Err(e) => {
                    let line = e.position().map_or(0, csv::Position::line);
                    wrong.push(Wrong { place: format!("ligne {line}"), message: e.to_string() });
                }
                Ok(record) => {
                    let line = record.position().map_or(0, |p| first_line(text, p));
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
            }
        }
        Ok((Self { headers, rows }, wrong))
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
}
