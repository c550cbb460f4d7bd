//! The HTML of texts made elsewhere, to our Markdown. A small converter, not a browser: what it knows
//! is kept (paragraphs, bold, italics, lists, tables, indices and exponents), what it does not is
//! stripped to its text and named. No nesting is followed by recursion.

mod writer;

use super::{mathml, text};
use std::collections::BTreeSet;
use writer::Writer;

/// What a line feed means.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum LineFeed {
    /// HTML: a space.
    #[default]
    Space,
    /// Moodle's "auto format": a new line.
    Break,
}

/// A text converted.
#[derive(Default, Debug)]
pub(super) struct Converted {
    pub(super) markdown: String,
    pub(super) pictures: Vec<Picture>,
    /// Targets of links, whose text is kept.
    pub(super) links: Vec<String>,
    /// What was stripped: `<span>`, `<u>`…
    pub(super) stripped: BTreeSet<String>,
}

/// An `<img>`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Picture {
    pub(super) src: String,
    pub(super) alt: String,
}

/// Plain text to Markdown: nothing in it is markup, its lines are kept.
pub(super) fn plain_to_markdown(plain: &str) -> String {
    let mut writer = Writer::default();
    writer.text(plain, LineFeed::Break);
    writer.finish()
}

pub(super) fn to_markdown(html: &str, line_feed: LineFeed) -> Converted {
    let mut converter = Converter { line_feed, ..Converter::default() };
    let mut rest = html;
    // Each "<" that opens nothing makes the scan reach the end: give up after some of them.
    let mut dead_ends = 0;
    while let Some(at) = rest.find('<') {
        converter.text(&rest[..at]);
        rest = &rest[at..];
        let token = if dead_ends < 64 { token(rest) } else { None };
        match token {
            Some((token, length)) => {
                rest = &rest[length..];
                match token {
                    Token::Open(name, _) if name == "math" || name.ends_with(":math") => {
                        let end = raw_end(rest, &name);
                        converter.plain(&mathml::line(&rest[..end]));
                        converter.found.stripped.insert("formules MathML, mises en ligne".to_owned());
                        rest = &rest[end..];
                    }
                    Token::Open(name, attributes) => {
                        converter.open(&name, &attributes);
                        if matches!(name.as_str(), "script" | "style") {
                            rest = &rest[raw_end(rest, &name)..];
                        }
                    }
                    Token::Close(name) => converter.close(&name),
                    Token::Comment => {}
                }
            }
            None => {
                dead_ends += usize::from(rest[1..].starts_with(|c: char| c.is_ascii_alphabetic() || "/!?".contains(c)));
                // With what follows, so that the "<" is escaped or not as it must be.
                let end = rest[1..].find('<').map_or(rest.len(), |i| i + 1);
                converter.text(&rest[..end]);
                rest = &rest[end..];
            }
        }
    }
    converter.text(rest);
    converter.finish()
}

enum Token {
    Open(String, Vec<(String, String)>),
    Close(String),
    Comment,
}

/// The tag or comment that starts a text, with its length in bytes; `None` if it is only a "<".
fn token(html: &str) -> Option<(Token, usize)> {
    if let Some(inner) = html.strip_prefix("<!--") {
        return inner.find("-->").map(|end| (Token::Comment, end + 7));
    }
    if html.starts_with("<!") || html.starts_with("<?") {
        return html.find('>').map(|end| (Token::Comment, end + 1));
    }
    let (inner, closing) = match html.strip_prefix("</") {
        Some(inner) => (inner, true),
        None => (html.strip_prefix('<')?, false),
    };
    let name_end = inner.find(|c: char| !c.is_ascii_alphanumeric() && c != ':' && c != '-').unwrap_or(inner.len());
    let name = inner[..name_end].to_ascii_lowercase();
    // "pH <pI" is no tag.
    if !KNOWN.contains(&name.as_str()) && !name.contains(':') {
        return None;
    }
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let mut rest = &inner[name_end..];
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        if let Some(after) = rest.strip_prefix('>') {
            let length = html.len() - after.len();
            return Some((if closing { Token::Close(name) } else { Token::Open(name, attributes) }, length));
        }
        let end = rest.find(|c: char| c.is_ascii_whitespace() || matches!(c, '=' | '>' | '/' | '<'))?;
        let attribute = rest[..end].to_ascii_lowercase();
        if rest[end..].starts_with('<') {
            return None;
        }
        rest = rest[end..].trim_start();
        let mut value = String::new();
        if let Some(after) = rest.strip_prefix('=') {
            let after = after.trim_start();
            let (raw, next) = match after.chars().next()? {
                quote @ ('"' | '\'') => after[1..].split_once(quote)?,
                _ => after.split_at(after.find(|c: char| c.is_ascii_whitespace() || c == '>')?),
            };
            value = text::unescape(raw);
            rest = next;
        } else if end == 0 {
            return None;
        }
        attributes.push((attribute, value));
    }
}

/// Where the content of a script or a style ends: after its end tag, else at the end.
fn raw_end(html: &str, name: &str) -> usize {
    let mut from = 0;
    while let Some(at) = html[from..].find("</") {
        let start = from + at + 2;
        if html.as_bytes().get(start..start + name.len()).is_some_and(|b| b.eq_ignore_ascii_case(name.as_bytes())) {
            return html[start..].find('>').map_or(html.len(), |end| start + end + 1);
        }
        from = start;
    }
    html.len()
}

/// Elements of HTML; any other "<word" is text.
const KNOWN: [&str; 106] = [
    "a",
    "abbr",
    "acronym",
    "address",
    "article",
    "aside",
    "audio",
    "b",
    "bdo",
    "big",
    "blockquote",
    "body",
    "br",
    "button",
    "caption",
    "center",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "details",
    "dfn",
    "dir",
    "div",
    "dl",
    "dt",
    "em",
    "embed",
    "fieldset",
    "figcaption",
    "figure",
    "font",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "header",
    "hr",
    "html",
    "i",
    "iframe",
    "img",
    "input",
    "ins",
    "kbd",
    "label",
    "li",
    "link",
    "main",
    "map",
    "mark",
    "math",
    "menu",
    "meta",
    "nav",
    "nobr",
    "noscript",
    "object",
    "ol",
    "optgroup",
    "option",
    "p",
    "param",
    "pre",
    "q",
    "rp",
    "rt",
    "ruby",
    "s",
    "samp",
    "script",
    "section",
    "select",
    "small",
    "source",
    "span",
    "strike",
    "strong",
    "style",
    "sub",
    "summary",
    "sup",
    "svg",
    "table",
    "tbody",
    "td",
    "textarea",
    "tfoot",
    "th",
    "thead",
    "title",
    "tr",
    "track",
    "tt",
    "u",
    "ul",
    "var",
    "video",
    "wbr",
];

#[derive(Default)]
struct Converter {
    line_feed: LineFeed,
    main: Writer,
    table: Option<Table>,
    found: Converted,
}

#[derive(Default)]
struct Table {
    rows: Vec<Vec<String>>,
    header: bool,
    cell: Option<Writer>,
    /// Tables opened inside, flattened.
    inner: usize,
    flat_script: bool,
}

impl Table {
    fn end_cell(&mut self) {
        if let Some(mut cell) = self.cell.take() {
            let text = cell.end().replace('|', "\\|");
            self.flat_script |= cell.flat_script;
            if self.rows.is_empty() {
                self.rows.push(Vec::new());
            }
            if let Some(row) = self.rows.last_mut() {
                row.push(text);
            }
        }
    }

    fn markdown(mut self) -> Vec<String> {
        self.rows.retain(|row| row.iter().any(|cell| !cell.is_empty()));
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        // A cell or a row is no table: only its text counts. Neither is one with a thousand columns.
        if !(2..=100).contains(&columns) {
            return self.rows.into_iter().flatten().filter(|cell| !cell.is_empty()).collect();
        }
        let line = |row: &[String]| {
            let cells = (0..columns).map(|i| row.get(i).map_or("", String::as_str));
            format!("| {} |", cells.collect::<Vec<_>>().join(" | "))
        };
        let rule = format!("|{}", " --- |".repeat(columns));
        let mut lines = Vec::with_capacity(self.rows.len() + 2);
        let mut rows = self.rows.iter();
        match rows.next() {
            Some(first) if self.header => lines.push(line(first)),
            Some(first) => {
                // Markdown wants a header: an empty one says nothing that was not there.
                lines.extend([line(&[]), rule.clone(), line(first)]);
            }
            None => return lines,
        }
        if self.header {
            lines.push(rule);
        }
        lines.extend(rows.map(|row| line(row)));
        lines
    }
}

impl Converter {
    fn writer(&mut self) -> &mut Writer {
        match &mut self.table {
            Some(Table { cell: Some(cell), .. }) => cell,
            _ => &mut self.main,
        }
    }

    /// Text without entities.
    fn plain(&mut self, text: &str) {
        let line_feed = self.line_feed;
        self.writer().text(text, line_feed);
    }

    fn text(&mut self, raw: &str) {
        if raw.is_empty() {
            return;
        }
        let outside_cells = self.table.as_ref().is_some_and(|t| t.cell.is_none());
        if outside_cells {
            if raw.trim().is_empty() {
                return;
            }
            // Text between the rows: kept, before the table.
            self.main.paragraph();
        }
        let line_feed = self.line_feed;
        self.writer().text(&text::unescape(raw), line_feed);
    }

    fn open(&mut self, name: &str, attributes: &[(String, String)]) {
        let attribute = |wanted: &str| attributes.iter().find(|(n, _)| n == wanted).map(|(_, v)| v.trim().to_owned());
        match name {
            "b" | "strong" => self.writer().open_mark("**"),
            "i" | "em" | "cite" | "dfn" => self.writer().open_mark("*"),
            "sub" => self.writer().open_script('_'),
            "sup" => self.writer().open_script('^'),
            "br" => self.writer().line(),
            "p" | "div" | "section" | "article" | "figure" | "figcaption" | "center" | "dl" | "dt" | "dd" => {
                self.writer().paragraph();
            }
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                self.writer().paragraph();
                self.writer().open_mark("**");
            }
            "ul" => self.writer().open_list(false),
            "ol" => self.writer().open_list(true),
            "li" => self.writer().open_item(),
            "img" => {
                let picture = Picture {
                    src: attribute("src").unwrap_or_default(),
                    alt: attribute("alt").unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" "),
                };
                self.found.pictures.push(picture);
                self.writer().space(' ');
            }
            "a" => self.found.links.extend(attribute("href").filter(|href| !href.is_empty())),
            "table" => match &mut self.table {
                None => {
                    self.main.paragraph();
                    self.table = Some(Table::default());
                }
                Some(table) => {
                    table.inner += 1;
                    self.found.stripped.insert("tableau dans un tableau".to_owned());
                }
            },
            "tr" => match &mut self.table {
                Some(table) if table.inner == 0 => {
                    table.end_cell();
                    table.rows.push(Vec::new());
                }
                _ => self.writer().space(' '),
            },
            "td" | "th" => {
                let merged = ["colspan", "rowspan"].iter().any(|n| attribute(n).is_some_and(|v| v != "1"));
                if merged {
                    self.found.stripped.insert("cellules fusionnées".to_owned());
                }
                match &mut self.table {
                    Some(table) if table.inner == 0 => {
                        table.end_cell();
                        table.header |= name == "th" && table.rows.len() <= 1;
                        table.cell = Some(Writer::inline());
                    }
                    _ => self.writer().space(' '),
                }
            }
            "thead" | "tbody" | "tfoot" | "colgroup" | "col" | "caption" | "html" | "body" | "head" | "meta"
            | "link" => {}
            "pre" | "blockquote" | "hr" | "header" | "footer" | "main" | "nav" | "aside" | "form" | "fieldset" => {
                self.writer().paragraph();
                self.found.stripped.insert(format!("<{name}>"));
            }
            other => {
                self.found.stripped.insert(format!("<{other}>"));
            }
        }
    }

    fn close(&mut self, name: &str) {
        match name {
            "b" | "strong" => self.writer().close_mark("**"),
            "i" | "em" | "cite" | "dfn" => self.writer().close_mark("*"),
            "sub" | "sup" => self.writer().close_script(),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                self.writer().close_mark("**");
                self.writer().paragraph();
            }
            "p" | "div" | "section" | "article" | "figure" | "figcaption" | "center" | "dl" | "dt" | "dd" | "pre"
            | "blockquote" | "header" | "footer" | "main" | "nav" | "aside" | "form" | "fieldset" => {
                self.writer().paragraph();
            }
            "ul" | "ol" => self.writer().close_list(),
            "td" | "th" => match &mut self.table {
                Some(table) if table.inner == 0 => table.end_cell(),
                _ => {}
            },
            "table" => match &mut self.table {
                Some(table) if table.inner > 0 => table.inner -= 1,
                _ => self.end_table(),
            },
            _ => {}
        }
    }

    fn end_table(&mut self) {
        if let Some(mut table) = self.table.take() {
            table.end_cell();
            self.main.flat_script |= table.flat_script;
            let is_table = table.rows.iter().any(|row| row.len() > 1);
            let lines = table.markdown();
            for (i, line) in lines.iter().enumerate() {
                if i == 0 || !is_table {
                    self.main.paragraph();
                } else {
                    self.main.raw_line_break();
                }
                self.main.raw(line);
            }
            self.main.paragraph();
        }
    }

    fn finish(mut self) -> Converted {
        self.end_table();
        let mut found = self.found;
        found.markdown = self.main.end();
        if self.main.flat_script {
            found.stripped.insert("indices ou exposants".to_owned());
        }
        found
    }
}

#[cfg(test)]
#[path = "html_tests.rs"]
mod tests;
