//! The XML as a stream of questions, each a small tree.

use crate::import::ReadError;
use quick_xml::Reader;
use quick_xml::errors::{Error, IllFormedError};
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesStart, Event};

/// Deepest nesting in a question; Moodle's own is 5.
const MAX_DEPTH: usize = 32;
/// Most elements in a question.
const MAX_ELEMENTS: usize = 20_000;

/// An element.
#[derive(Default, Debug)]
pub(super) struct Node {
    pub(super) name: String,
    attributes: Vec<(String, String)>,
    /// Its own text, without its children's.
    own_text: String,
    pub(super) children: Vec<Self>,
    /// From 1.
    pub(super) line: usize,
}

impl Node {
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn children(&self, name: &str) -> impl Iterator<Item = &Self> {
        self.children.iter().filter(move |c| c.name == name)
    }

    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|c| c.name == name)
    }

    /// The text of its `<text>`, else its own.
    pub(super) fn text(&self) -> String {
        self.child("text").unwrap_or(self).own_text.clone()
    }
}

/// A child of `<quiz>`.
pub(super) enum Item {
    /// `<question>`.
    Question(Node),
    /// Anything else, skipped.
    Other {
        /// Of the element.
        name: String,
        /// From 1.
        line: usize,
    },
}

/// A file being read.
pub(super) struct File<'a> {
    text: &'a str,
    reader: Reader<&'a [u8]>,
    /// Where the line feeds are, to tell lines.
    line_feeds: Vec<usize>,
    /// The root is closed.
    ended: bool,
}

impl<'a> File<'a> {
    /// Reads up to and with `<quiz>`.
    pub(super) fn open(text: &'a str) -> Result<Self, ReadError> {
        let line_feeds = text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i).collect();
        let mut file = Self { text, reader: Reader::from_str(text), line_feeds, ended: false };
        loop {
            let at = file.at();
            match file.event()? {
                Event::Start(start) => return file.root(&start).map(|()| file),
                Event::Empty(start) => {
                    file.root(&start)?;
                    file.ended = true;
                    return Ok(file);
                }
                Event::Eof => return Err(file.fault(at, "le fichier ne contient aucun élément")),
                event => file.outside(&event, at)?,
            }
        }
    }

    fn root(&self, start: &BytesStart<'_>) -> Result<(), ReadError> {
        let name = start.name();
        match name.as_ref() {
            "quiz" => Ok(()),
            "MOODLE_BACKUP" | "moodle_backup" => Err(ReadError::MoodleBackup),
            other => Err(ReadError::NotQuiz { root: other.chars().take(80).collect() }),
        }
    }

    /// The next child of `<quiz>`; `None` once it is closed and nothing follows.
    pub(super) fn next(&mut self) -> Result<Option<Item>, ReadError> {
        loop {
            let at = self.at();
            let event = self.event()?;
            match event {
                Event::Start(start) | Event::Empty(start) if self.ended => {
                    let message = format!("<{}> après la fin de </quiz>", start.name().as_ref());
                    return Err(self.fault(at, message));
                }
                Event::Start(start) => {
                    let node = self.node(&start, at)?;
                    return Ok(Some(item(node)));
                }
                Event::Empty(start) => return Ok(Some(item(self.begin(&start, at)?))),
                Event::End(_) => self.ended = true,
                Event::Eof if self.ended => return Ok(None),
                Event::Eof => return Err(self.fault(at, "le fichier est coupé : <quiz> n’est pas fermé")),
                other => self.outside(&other, at)?,
            }
        }
    }

    fn event(&mut self) -> Result<Event<'a>, ReadError> {
        self.reader.read_event().map_err(|error| {
            let at = usize::try_from(self.reader.error_position()).unwrap_or(usize::MAX);
            self.fault(at, french(&error))
        })
    }

    /// Between the questions only spaces, comments and declarations are at home.
    fn outside(&self, event: &Event<'_>, at: usize) -> Result<(), ReadError> {
        match event {
            Event::Text(text) if text.trim().is_empty() => Ok(()),
            Event::Text(_) | Event::CData(_) => Err(self.fault(at, "du texte hors d’une question")),
            Event::GeneralRef(name) => {
                Err(ReadError::XmlEntity { line: self.line(at), name: name.chars().take(40).collect() })
            }
            Event::DocType(declaration) if declaration.contains("<!ENTITY") => {
                Err(ReadError::XmlEntity { line: self.line(at), name: "…".to_owned() })
            }
            Event::DocType(_) | Event::Decl(_) | Event::PI(_) | Event::Comment(_) => Ok(()),
            Event::Start(_) | Event::End(_) | Event::Empty(_) | Event::Eof => Err(self.fault(at, "balise inattendue")),
        }
    }

    fn begin(&self, start: &BytesStart<'_>, at: usize) -> Result<Node, ReadError> {
        let mut attributes = Vec::new();
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|_| self.fault(at, "attribut mal écrit ou donné deux fois"))?;
            // Only the five entities of XML: there is no DTD to define others.
            let value = quick_xml::escape::unescape_with(&attribute.value, resolve_xml_entity)
                .map_err(|_| self.fault(at, "attribut qui contient « & » ou une entité inconnue"))?;
            attributes.push((attribute.key.as_ref().to_owned(), value.into_owned()));
        }
        Ok(Node { name: start.name().as_ref().to_owned(), attributes, line: self.line(at), ..Node::default() })
    }

    /// The tree of the element just opened.
    fn node(&mut self, start: &BytesStart<'_>, at: usize) -> Result<Node, ReadError> {
        let mut open = vec![self.begin(start, at)?];
        let mut count = 1;
        loop {
            let at = self.at();
            let event = self.event()?;
            let Some(top) = open.last_mut() else { return Err(self.fault(at, "balise inattendue")) };
            match event {
                Event::Text(text) => top.own_text.push_str(&text.xml10_content()),
                Event::CData(text) => top.own_text.push_str(&text.xml10_content()),
                Event::GeneralRef(reference) => match reference.resolve_char_ref() {
                    Ok(Some(c)) => top.own_text.push(c),
                    Ok(None) => match resolve_xml_entity(&reference) {
                        Some(text) => top.own_text.push_str(text),
                        None => {
                            let name = reference.chars().take(40).collect();
                            return Err(ReadError::XmlEntity { line: self.line(at), name });
                        }
                    },
                    Err(_) => return Err(self.fault(at, "caractère « &#…; » impossible")),
                },
                Event::Start(start) => {
                    count += 1;
                    if open.len() >= MAX_DEPTH || count > MAX_ELEMENTS {
                        return Err(ReadError::XmlTooDeep { line: self.line(at) });
                    }
                    open.push(self.begin(&start, at)?);
                }
                Event::Empty(start) => {
                    count += 1;
                    if count > MAX_ELEMENTS {
                        return Err(ReadError::XmlTooDeep { line: self.line(at) });
                    }
                    let node = self.begin(&start, at)?;
                    top.children.push(node);
                }
                Event::End(_) => {
                    let done = open.pop().unwrap_or_default();
                    match open.last_mut() {
                        Some(parent) => parent.children.push(done),
                        None => return Ok(done),
                    }
                }
                Event::Eof => {
                    let message =
                        format!("le fichier est coupé : <{}>, ouvert ligne {}, n’est pas fermé", top.name, top.line);
                    return Err(self.fault(at, message));
                }
                Event::DocType(_) => return Err(self.fault(at, "déclaration de type inattendue")),
                Event::Comment(_) | Event::PI(_) | Event::Decl(_) => {}
            }
        }
    }

    fn at(&self) -> usize {
        usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX)
    }

    /// The line of a byte, from 1.
    fn line(&self, at: usize) -> usize {
        1 + self.line_feeds.partition_point(|feed| *feed < at)
    }

    fn fault(&self, at: usize, message: impl Into<String>) -> ReadError {
        let at = at.min(self.text.len());
        let line = self.line(at);
        let start = match line {
            1 => 0,
            _ => self.line_feeds.get(line - 2).map_or(0, |feed| feed + 1),
        };
        let before = self.text.as_bytes().get(start..at).unwrap_or_default();
        let column = 1 + before.iter().filter(|b| (**b & 0xc0) != 0x80).count();
        ReadError::XmlSyntax { line, column, message: message.into() }
    }
}

fn item(node: Node) -> Item {
    if node.name == "question" { Item::Question(node) } else { Item::Other { name: node.name, line: node.line } }
}

fn french(error: &Error) -> String {
    match error {
        Error::IllFormed(IllFormedError::MismatchedEndTag { expected, found }) => {
            format!("</{found}> ferme <{expected}>")
        }
        Error::IllFormed(IllFormedError::UnmatchedEndTag(name)) => format!("</{name}> ne ferme rien"),
        Error::IllFormed(IllFormedError::UnclosedReference) => "un « & » seul : écrivez « &amp; »".to_owned(),
        Error::Syntax(_) => "une balise, un commentaire ou un CDATA n’est pas fermé".to_owned(),
        other => format!("XML mal formé ({other})"),
    }
}
