//! Bytes as UTF-8, a chunk at a time: what an XML parser reads from. The encoding is told by the byte
//! order mark, else by the XML declaration; no question may be larger than the limit.

use super::ReadError;
use super::text::{announced, western};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

/// Bytes asked of the source at a time.
const CHUNK: usize = 64 * 1024;

/// What the reader and its user share: places, and how much of the question was read.
#[derive(Default)]
pub(super) struct Place {
    /// Bytes given to the parser.
    consumed: Cell<u64>,
    /// Where the question started.
    mark: Cell<u64>,
    /// Line feeds at or after the mark, and the number of those before.
    feeds: RefCell<VecDeque<u64>>,
    feeds_before: Cell<usize>,
    /// Where the line of the mark starts.
    line_start: Cell<u64>,
    /// A warning about the encoding.
    warning: RefCell<Option<String>>,
}

impl Place {
    /// A new question starts at `at`.
    pub(super) fn start(&self, at: u64) {
        let mut feeds = self.feeds.borrow_mut();
        while let Some(feed) = feeds.front().copied().filter(|feed| *feed < at) {
            feeds.pop_front();
            self.feeds_before.set(self.feeds_before.get() + 1);
            self.line_start.set(feed + 1);
        }
        self.mark.set(self.consumed.get());
    }

    /// Line and column, from 1, of a byte not before the mark.
    pub(super) fn line_column(&self, at: u64) -> (usize, usize) {
        let feeds = self.feeds.borrow();
        let after = feeds.partition_point(|feed| *feed < at);
        let start = after.checked_sub(1).and_then(|i| feeds.get(i)).map_or(self.line_start.get(), |feed| feed + 1);
        (self.feeds_before.get() + after + 1, usize::try_from(at.saturating_sub(start)).unwrap_or(usize::MAX - 1) + 1)
    }

    pub(super) fn warning(&self) -> Option<String> {
        self.warning.borrow_mut().take()
    }
}

#[derive(Clone, Copy)]
enum Encoding {
    Unknown,
    Utf8,
    Utf16(fn([u8; 2]) -> u16),
    Western { latin9: bool },
}

/// A source, decoded.
pub(super) struct Decoder<R> {
    source: R,
    encoding: Encoding,
    /// Read but not decoded.
    raw: Vec<u8>,
    /// Decoded, from `at`.
    out: Vec<u8>,
    at: usize,
    /// Bytes decoded since the start.
    produced: u64,
    ended: bool,
    place: Rc<Place>,
    question_bytes: u64,
}

impl<R: Read> Decoder<R> {
    pub(super) fn new(source: R, question_bytes: u64) -> (Self, Rc<Place>) {
        let place = Rc::new(Place::default());
        let decoder = Self {
            source,
            encoding: Encoding::Unknown,
            raw: Vec::new(),
            out: Vec::new(),
            at: 0,
            produced: 0,
            ended: false,
            place: Rc::clone(&place),
            question_bytes,
        };
        (decoder, place)
    }

    fn refill(&mut self) -> io::Result<()> {
        self.out.clear();
        self.at = 0;
        while self.out.is_empty() && !(self.ended && self.raw.is_empty()) {
            if !self.ended {
                let start = self.raw.len();
                self.raw.resize(start + CHUNK, 0);
                let read = match self.source.read(&mut self.raw[start..]) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
                    Err(error) => return Err(error),
                    Ok(read) => {
                        self.ended = read == 0;
                        read
                    }
                };
                self.raw.truncate(start + read);
            }
            if matches!(self.encoding, Encoding::Unknown) {
                if self.raw.len() < 256 && !self.ended {
                    continue;
                }
                self.tell()?;
            }
            self.decode()?;
        }
        let base = self.produced;
        let feeds = self.out.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(i, _)| base + i as u64);
        self.place.feeds.borrow_mut().extend(feeds);
        self.produced += self.out.len() as u64;
        Ok(())
    }

    fn tell(&mut self) -> io::Result<()> {
        let (encoding, mark) = match self.raw.as_slice() {
            [0xef, 0xbb, 0xbf, ..] => (Encoding::Utf8, 3),
            [0xff, 0xfe, ..] => (Encoding::Utf16(u16::from_le_bytes), 2),
            [0xfe, 0xff, ..] => (Encoding::Utf16(u16::from_be_bytes), 2),
            raw => match announced(raw).as_deref() {
                Some(name @ ("iso-8859-1" | "iso-8859-15" | "latin1" | "windows-1252" | "cp1252")) => {
                    // Many files announce what they are not: UTF-8 is never valid by chance.
                    if std::str::from_utf8(raw).is_ok_and(|t| !t.is_ascii()) {
                        (Encoding::Utf8, 0)
                    } else {
                        let warning = format!("texte lu en {name}, comme annoncé, et non en UTF-8");
                        *self.place.warning.borrow_mut() = Some(warning);
                        (Encoding::Western { latin9: name == "iso-8859-15" }, 0)
                    }
                }
                Some("utf-8" | "utf8" | "us-ascii" | "ascii") | None => (Encoding::Utf8, 0),
                Some(other) => {
                    return Err(io::Error::other(ReadError::Encoding { line: 1, encoding: other.to_owned() }));
                }
            },
        };
        self.encoding = encoding;
        self.raw.drain(..mark);
        Ok(())
    }

    fn decode(&mut self) -> io::Result<()> {
        let fault = |out: &[u8], name: &str| {
            let before = self.place.feeds_before.get() + self.place.feeds.borrow().len();
            let line = 1 + before + out.iter().filter(|b| **b == b'\n').count();
            io::Error::other(ReadError::Encoding { line, encoding: name.to_owned() })
        };
        match self.encoding {
            Encoding::Unknown => {}
            Encoding::Utf8 => match std::str::from_utf8(&self.raw) {
                Ok(_) => std::mem::swap(&mut self.out, &mut self.raw),
                Err(error) if error.error_len().is_none() && !self.ended => {
                    let rest = self.raw.split_off(error.valid_up_to());
                    self.out = std::mem::replace(&mut self.raw, rest);
                }
                Err(error) => return Err(fault(&self.raw[..error.valid_up_to()], "UTF-8")),
            },
            Encoding::Western { latin9 } => {
                let mut text = String::with_capacity(self.raw.len() * 2);
                text.extend(self.raw.iter().map(|byte| western(*byte, latin9)));
                self.out = text.into_bytes();
                self.raw.clear();
            }
            Encoding::Utf16(unit) => {
                let mut whole = self.raw.len() & !1;
                let last = whole.checked_sub(2).map(|i| unit([self.raw[i], self.raw[i + 1]]));
                if !self.ended && last.is_some_and(|unit| (0xd800..0xdc00).contains(&unit)) {
                    whole -= 2;
                }
                let units = self.raw[..whole].as_chunks::<2>().0.iter().map(|pair| unit(*pair));
                let mut text = String::with_capacity(whole);
                for c in char::decode_utf16(units) {
                    match c {
                        Ok(c) => text.push(c),
                        Err(_) => return Err(fault(text.as_bytes(), "UTF-16")),
                    }
                }
                if self.ended && whole < self.raw.len() {
                    return Err(fault(text.as_bytes(), "UTF-16"));
                }
                self.raw.drain(..whole);
                self.out = text.into_bytes();
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R: Read> BufRead for Decoder<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at >= self.out.len() {
            let place = &self.place;
            if place.consumed.get() - place.mark.get() > self.question_bytes {
                let (line, _) = place.line_column(place.consumed.get());
                return Err(io::Error::other(ReadError::QuestionTooLarge { line, limit: self.question_bytes }));
            }
            self.refill()?;
        }
        Ok(&self.out[self.at..])
    }

    fn consume(&mut self, amount: usize) {
        self.at += amount;
        self.place.consumed.set(self.place.consumed.get() + amount as u64);
    }
}
