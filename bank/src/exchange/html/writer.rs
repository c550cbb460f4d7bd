//! Markdown, written piece by piece and always escaped.

use super::LineFeed;

/// What separates what was written from what comes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
enum Break {
    #[default]
    None,
    /// A line break inside a paragraph.
    Line,
    /// The next item of a list.
    Item,
    /// A blank line.
    Paragraph,
}

struct Mark {
    text: &'static str,
    /// In the output; else it waits for the text it applies to.
    written: bool,
    /// Opened more than once: `<b><strong>`.
    depth: usize,
}

struct List {
    /// Number of the next item; none in a bulleted list.
    number: Option<u32>,
    /// Width of the marker of the current item.
    width: usize,
}

/// Writes Markdown; spaces, breaks and marks wait until there is text to apply them to.
#[derive(Default)]
pub(super) struct Writer {
    out: String,
    space: Option<char>,
    wait: Break,
    marks: Vec<Mark>,
    lists: Vec<List>,
    item: bool,
    script: Option<(char, String)>,
    /// An index or an exponent had no character of its own.
    pub(super) flat_script: bool,
    /// Inside a table cell: no line break.
    inline: bool,
    /// At the start of a line, where more characters mean something.
    line_start: bool,
    /// Only digits since the start of the line.
    digits: bool,
    /// The last thing written is the end of a mark after a character that is no letter: a letter right
    /// after would make it an opening.
    fragile_end: bool,
}

/// Deepest list kept.
const MAX_LISTS: usize = 12;

impl Writer {
    /// For a table cell.
    pub(super) fn inline() -> Self {
        Self { inline: true, ..Self::default() }
    }

    pub(super) fn text(&mut self, text: &str, line_feed: LineFeed) {
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '\n' if line_feed == LineFeed::Break => self.line(),
                ' ' | '\t' | '\n' | '\r' | '\x0c' => self.space(' '),
                '\u{a0}' | '\u{2007}' | '\u{202f}' | '\u{2009}' => self.space(c),
                '\u{200b}' | '\u{200c}' | '\u{200d}' | '\u{feff}' | '\u{ad}' => {}
                c if c.is_control() => {}
                c => match &mut self.script {
                    Some((_, script)) => script.push(c),
                    None => self.character(c, chars.peek().copied()),
                },
            }
        }
    }

    /// A space to be written if something follows on the line; a non-breaking one wins.
    pub(super) fn space(&mut self, c: char) {
        match &mut self.script {
            Some((_, script)) => {
                if !script.is_empty() && !script.ends_with(' ') {
                    script.push(' ');
                }
            }
            None => {
                if self.space.is_none() || c != ' ' {
                    self.space = Some(c);
                }
            }
        }
    }

    pub(super) fn line(&mut self) {
        if self.inline || self.script.is_some() {
            self.space(' ');
        } else if !self.item {
            // Two line breaks are what a blank line was in many an editor.
            self.wait = if self.wait == Break::Line { Break::Paragraph } else { self.wait.max(Break::Line) };
        }
    }

    pub(super) fn paragraph(&mut self) {
        self.close_script();
        if self.inline {
            self.space(' ');
        } else if !self.item {
            self.suspend_marks();
            self.wait = Break::Paragraph;
        }
    }

    /// Ends the marks for a time: they start again with the next text.
    fn suspend_marks(&mut self) {
        for mark in self.marks.iter_mut().rev().filter(|m| m.written) {
            self.out.push_str(mark.text);
            mark.written = false;
        }
    }

    pub(super) fn open_list(&mut self, ordered: bool) {
        self.close_script();
        if self.inline {
            self.space(' ');
            return;
        }
        self.suspend_marks();
        self.wait = if self.lists.is_empty() { Break::Paragraph } else { Break::Item };
        // A list that starts an item: its marker is written on the line of the item's.
        if self.item {
            self.write_break();
        }
        if self.lists.len() < MAX_LISTS {
            self.lists.push(List { number: ordered.then_some(1), width: 0 });
        }
    }

    pub(super) fn close_list(&mut self) {
        self.close_script();
        if self.inline {
            self.space(' ');
            return;
        }
        self.suspend_marks();
        self.item = false;
        self.lists.pop();
        self.wait = Break::Paragraph;
    }

    pub(super) fn open_item(&mut self) {
        self.close_script();
        if self.inline {
            self.space(' ');
            return;
        }
        self.suspend_marks();
        if self.lists.is_empty() {
            self.lists.push(List { number: None, width: 0 });
            self.wait = Break::Paragraph;
        }
        let first = self.lists.last().is_some_and(|list| list.width == 0);
        if !(first && self.wait == Break::Paragraph) {
            self.wait = Break::Item;
        }
        self.item = true;
    }

    pub(super) fn open_mark(&mut self, text: &'static str) {
        if self.script.is_some() {
            return;
        }
        match self.marks.iter_mut().find(|m| m.text == text) {
            Some(mark) => mark.depth += 1,
            None => self.marks.push(Mark { text, written: false, depth: 1 }),
        }
    }

    pub(super) fn close_mark(&mut self, text: &'static str) {
        if self.script.is_some() {
            return;
        }
        let Some(at) = self.marks.iter().position(|m| m.text == text) else { return };
        if self.marks[at].depth > 1 {
            self.marks[at].depth -= 1;
            return;
        }
        // Marks opened since are suspended: Markdown does not cross.
        for mark in self.marks[at..].iter_mut().rev().filter(|m| m.written) {
            self.fragile_end = !self.out.ends_with(|c: char| c.is_alphanumeric() || c == '*');
            self.out.push_str(mark.text);
            mark.written = false;
        }
        self.marks.remove(at);
    }

    pub(super) fn open_script(&mut self, mark: char) {
        if self.script.is_none() {
            self.script = Some((mark, String::new()));
        }
    }

    pub(super) fn close_script(&mut self) {
        let Some((mark, script)) = self.script.take() else { return };
        let script = script.trim();
        if script.is_empty() {
            return;
        }
        match script.chars().map(|c| unicode_script(mark, c)).collect::<Option<String>>() {
            // In Unicode where it exists: it reads well everywhere, search included.
            Some(unicode) => unicode.chars().for_each(|c| self.character(c, None)),
            // Else as one writes it by hand: V_D, T_(1/2). Markdown's own `~x~` and `^x^` are not
            // understood inside a word by pulldown-cmark.
            None => {
                self.flat_script = true;
                let several = script.chars().nth(1).is_some();
                let flat = if several { format!("{mark}({script})") } else { format!("{mark}{script}") };
                let mut chars = flat.chars().peekable();
                while let Some(c) = chars.next() {
                    // What follows is unknown, but it touches.
                    let next = chars.peek().copied().unwrap_or('x');
                    self.character(c, Some(next));
                }
            }
        }
    }

    /// A line already in Markdown.
    pub(super) fn raw(&mut self, line: &str) {
        self.write_break();
        self.space = None;
        self.out.push_str(line);
        self.line_start = false;
    }

    /// A new line without the mark of a line break: the lines of a table.
    pub(super) fn raw_line_break(&mut self) {
        self.out.push('\n');
        self.indent();
    }

    fn indent(&mut self) {
        let width = self.lists.iter().map(|l| l.width).sum();
        self.out.extend(std::iter::repeat_n(' ', width));
    }

    /// Writes what waits before a text.
    fn write_break(&mut self) {
        let wait = std::mem::take(&mut self.wait);
        let item = std::mem::take(&mut self.item);
        if wait != Break::None {
            self.space = None;
            self.fragile_end = false;
        }
        if !self.out.is_empty() {
            match wait {
                Break::None => {}
                Break::Line => self.out.push_str("\\\n"),
                Break::Item => self.out.push('\n'),
                Break::Paragraph => self.out.push_str("\n\n"),
            }
        }
        if item {
            let outer: usize = self.lists.iter().rev().skip(1).map(|l| l.width).sum();
            // A list that starts an item follows its marker on the line.
            if self.out.is_empty() || self.out.ends_with('\n') {
                self.out.extend(std::iter::repeat_n(' ', outer));
            }
            if let Some(list) = self.lists.last_mut() {
                let marker = match &mut list.number {
                    Some(number) => {
                        let marker = format!("{number}. ");
                        *number = number.saturating_add(1);
                        marker
                    }
                    None => "- ".to_owned(),
                };
                list.width = marker.len();
                self.out.push_str(&marker);
            }
        } else if wait != Break::None && !self.out.is_empty() {
            self.indent();
        }
        if wait != Break::None || item || self.out.is_empty() {
            self.line_start = true;
            self.digits = true;
        }
    }

    /// Writes breaks, spaces and marks before a character.
    fn prepare(&mut self, c: char) {
        self.write_break();
        if let Some(space) = self.space.take()
            && !self.line_start
        {
            self.out.push(space);
            self.fragile_end = false;
        }
        if std::mem::take(&mut self.fragile_end) && c.is_alphanumeric() {
            self.out.push(' ');
        }
        for i in 0..self.marks.len() {
            if !self.marks[i].written {
                if self.out.ends_with(char::is_alphanumeric) && !c.is_alphanumeric() {
                    self.out.push(' ');
                }
                self.out.push_str(self.marks[i].text);
                self.marks[i].written = true;
                self.line_start = false;
            }
        }
    }

    fn character(&mut self, c: char, next: Option<char>) {
        self.prepare(c);
        let before = self.out.chars().next_back().unwrap_or(' ');
        let blank_next = next.is_none_or(char::is_whitespace);
        let start = self.line_start;
        let escaped = match c {
            '\\' | '*' | '`' | '~' | '^' => true,
            '_' => !(before.is_alphanumeric() && next.is_some_and(char::is_alphanumeric)),
            '<' => next.is_some_and(|n| n.is_ascii_alphabetic() || matches!(n, '/' | '!' | '?')),
            '#' | '>' | '[' | '|' => start,
            '-' => start && (blank_next || next == Some('-')),
            '+' => start && blank_next,
            '=' => start && (blank_next || next == Some('=')),
            '.' | ')' => self.digits && !start && blank_next,
            ']' => matches!(next, Some('(' | '[')),
            _ => false,
        };
        if escaped {
            self.out.push('\\');
        }
        self.out.push(c);
        self.line_start = false;
        self.digits = (start || self.digits) && c.is_ascii_digit();
    }

    pub(super) fn finish(mut self) -> String {
        self.end()
    }

    pub(super) fn end(&mut self) -> String {
        self.close_script();
        self.suspend_marks();
        self.out.truncate(self.out.trim_end().len());
        std::mem::take(&mut self.out)
    }
}

/// A character raised or lowered, where Unicode has it and screen readers read it.
fn unicode_script(mark: char, c: char) -> Option<char> {
    let (from, to) = match mark {
        '^' => ("0123456789+-−=()abcdefghijklmnoprstuvwxyz", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ"),
        _ => ("0123456789+-−=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ"),
    };
    from.chars().zip(to.chars()).find(|(f, _)| *f == c).map(|(_, t)| t)
}
