//! XML as small trees, read from a stream: bounded in depth, number of elements and bytes. Nothing
//! outside the file is ever fetched, and entities beyond the five of XML are refused.

use super::ReadError;
use super::input::{Decoder, Place};
use super::limits::Limits;
use quick_xml::Reader;
use quick_xml::errors::{Error, IllFormedError};
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesStart, Event};
use std::io::Read;
use std::rc::Rc;

/// An element.
#[derive(Clone, Default, PartialEq, Debug)]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) content: Vec<Content>,
    /// From 1.
    pub(super) line: usize,
}

/// What is in an element, in order.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Content {
    Text(String),
    Element(Node),
}

impl Node {
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The elements in it.
    pub(super) fn elements(&self) -> impl Iterator<Item = &Self> {
        self.content.iter().filter_map(|c| match c {
            Content::Element(node) => Some(node),
            Content::Text(_) => None,
        })
    }

    pub(super) fn children(&self, name: &str) -> impl Iterator<Item = &Self> {
        self.elements().filter(move |c| c.name == name)
    }

    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.elements().find(|c| c.name == name)
    }

    /// Its text, without its children's.
    pub(super) fn own_text(&self) -> String {
        self.content
            .iter()
            .filter_map(|c| match c {
                Content::Text(text) => Some(text.as_str()),
                Content::Element(_) => None,
            })
            .collect()
    }

    /// The text of its `<text>`, else its own.
    pub(super) fn text(&self) -> String {
        self.child("text").unwrap_or(self).own_text()
    }

    /// Every element in it that has this name, in document order; not those inside such an element.
    pub(super) fn all<'a>(&'a self, name: &str, found: &mut Vec<&'a Self>) {
        for inner in self.elements() {
            if inner.name == name {
                found.push(inner);
            } else {
                inner.all(name, found);
            }
        }
    }

    fn push_text(&mut self, text: &str) {
        match self.content.last_mut() {
            Some(Content::Text(last)) => last.push_str(text),
            _ => self.content.push(Content::Text(text.to_owned())),
        }
    }
}

/// A file being read.
pub(super) struct File<R: Read> {
    reader: Reader<Decoder<R>>,
    place: Rc<Place>,
    limits: Limits,
    buffer: Vec<u8>,
    root: Node,
    /// The root is closed.
    ended: bool,
}

impl<R: Read> File<R> {
    /// Reads up to and with the start of the root.
    pub(super) fn open(source: R, limits: &Limits) -> Result<Self, ReadError> {
        let (decoder, place) = Decoder::new(source, limits.question_bytes);
        let reader = Reader::from_reader(decoder);
        let mut file = Self { reader, place, limits: *limits, buffer: Vec::new(), root: Node::default(), ended: false };
        loop {
            let at = file.at();
            match file.event()? {
                Event::Start(start) => {
                    file.root = file.begin(&start, at)?;
                    return Ok(file);
                }
                Event::Empty(start) => {
                    file.root = file.begin(&start, at)?;
                    file.ended = true;
                    return Ok(file);
                }
                Event::Eof => return Err(file.fault(at, "le fichier ne contient aucun élément")),
                event => file.outside(&event, at)?,
            }
        }
    }

    /// The root, without what is in it.
    pub(super) fn root(&self) -> &Node {
        &self.root
    }

    /// A warning about the encoding, once.
    pub(super) fn warning(&self) -> Option<String> {
        self.place.warning()
    }

    /// The next child of the root; `None` once it is closed and nothing follows.
    pub(super) fn next(&mut self) -> Result<Option<Node>, ReadError> {
        loop {
            let at = self.at();
            self.place.start(at);
            match self.event()? {
                Event::Start(start) | Event::Empty(start) if self.ended => {
                    let message = format!("<{}> après la fin de </{}>", start.name().as_ref(), self.root.name);
                    return Err(self.fault(at, message));
                }
                Event::Start(start) => {
                    let first = self.begin(&start, at)?;
                    return self.node(first, self.limits.xml_elements).map(Some);
                }
                Event::Empty(start) => return self.begin(&start, at).map(Some),
                Event::End(_) => self.ended = true,
                Event::Eof if self.ended => return Ok(None),
                Event::Eof => {
                    let message = format!("le fichier est coupé : <{}> n’est pas fermé", self.root.name);
                    return Err(self.fault(at, message));
                }
                other => self.outside(&other, at)?,
            }
        }
    }

    /// The whole document as one tree.
    pub(super) fn whole(mut self) -> Result<Node, ReadError> {
        let root = std::mem::take(&mut self.root);
        if self.ended {
            return Ok(root);
        }
        let most = self.limits.xml_elements.saturating_mul(super::limits::DOCUMENT);
        let root = self.node(root, most)?;
        loop {
            let at = self.at();
            match self.event()? {
                Event::Eof => return Ok(root),
                Event::Start(start) | Event::Empty(start) => {
                    let message = format!("<{}> après la fin de </{}>", start.name().as_ref(), root.name);
                    return Err(self.fault(at, message));
                }
                event => self.outside(&event, at)?,
            }
        }
    }

    fn event(&mut self) -> Result<Event<'static>, ReadError> {
        self.buffer.clear();
        match self.reader.read_event_into(&mut self.buffer) {
            Ok(event) => Ok(event.into_owned()),
            Err(Error::Io(error)) => {
                let own = error.get_ref().and_then(|inner| inner.downcast_ref::<ReadError>()).cloned();
                Err(own.unwrap_or_else(|| ReadError::Io(error.to_string())))
            }
            Err(error) => Err(self.fault(self.reader.error_position(), french(&error))),
        }
    }

    /// Between the questions only spaces, comments and declarations are at home.
    fn outside(&self, event: &Event<'_>, at: u64) -> Result<(), ReadError> {
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

    fn begin(&self, start: &BytesStart<'_>, at: u64) -> Result<Node, ReadError> {
        let mut attributes = Vec::new();
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|_| self.fault(at, "attribut mal écrit ou donné deux fois"))?;
            // Only the five entities of XML: there is no DTD to define others.
            let value = quick_xml::escape::unescape_with(&attribute.value, resolve_xml_entity)
                .map_err(|_| self.fault(at, "attribut qui contient « & » ou une entité inconnue"))?;
            attributes.push((attribute.key.as_ref().to_owned(), value.into_owned()));
        }
        Ok(Node { name: start.name().as_ref().to_owned(), attributes, line: self.line(at), content: Vec::new() })
    }

    /// The tree of the element just opened.
    fn node(&mut self, first: Node, most: usize) -> Result<Node, ReadError> {
        let mut open = vec![first];
        let mut count = 1;
        loop {
            let at = self.at();
            let event = self.event()?;
            let depth = open.len();
            let Some(top) = open.last_mut() else { return Err(self.fault(at, "balise inattendue")) };
            match event {
                Event::Text(text) => top.push_text(&text.xml10_content()),
                Event::CData(text) => top.push_text(&text.xml10_content()),
                Event::GeneralRef(reference) => match reference.resolve_char_ref() {
                    Ok(Some(c)) => top.push_text(c.encode_utf8(&mut [0; 4])),
                    Ok(None) => match resolve_xml_entity(&reference) {
                        Some(text) => top.push_text(text),
                        None => {
                            let name = reference.chars().take(40).collect();
                            return Err(ReadError::XmlEntity { line: self.line(at), name });
                        }
                    },
                    Err(_) => return Err(self.fault(at, "caractère « &#…; » impossible")),
                },
                Event::Start(start) => {
                    count += 1;
                    self.room(depth, count, most, at)?;
                    open.push(self.begin(&start, at)?);
                }
                Event::Empty(start) => {
                    count += 1;
                    self.room(depth - 1, count, most, at)?;
                    let node = self.begin(&start, at)?;
                    top.content.push(Content::Element(node));
                }
                Event::End(_) => {
                    let done = open.pop().unwrap_or_default();
                    match open.last_mut() {
                        Some(parent) => parent.content.push(Content::Element(done)),
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

    fn room(&self, depth: usize, count: usize, most: usize, at: u64) -> Result<(), ReadError> {
        if depth >= self.limits.xml_depth {
            return Err(ReadError::XmlTooDeep { line: self.line(at), limit: self.limits.xml_depth });
        }
        if count > most {
            return Err(ReadError::XmlTooManyElements { line: self.line(at), limit: most });
        }
        Ok(())
    }

    fn at(&self) -> u64 {
        self.reader.buffer_position()
    }

    /// The line of a byte, from 1.
    fn line(&self, at: u64) -> usize {
        self.place.line_column(at).0
    }

    fn fault(&self, at: u64, message: impl Into<String>) -> ReadError {
        let (line, column) = self.place.line_column(at);
        ReadError::XmlSyntax { line, column, message: message.into() }
    }
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
