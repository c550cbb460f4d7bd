//! What our own export adds to Moodle's XML: `<docimo>` in each question, which Moodle ignores. It holds
//! the exact JSON, believed while what Moodle shows is unchanged, and says which questions make a case.

use crate::exchange::draft::Draft;
use crate::exchange::media::Names;
use crate::exchange::payload::{EDITED, Seen};
use crate::exchange::xml::{Content, Node};
use crate::exchange::{Faulty, Imported, Limits, MediaFile, identity, media as files};
use docimo_engine::paper::{Case, Element, Part};
use docimo_engine::question::{Image, Question};

/// What a question shows, in sixteen digits.
pub(super) fn seen(node: &Node) -> String {
    fn add(node: &Node, seen: &mut Seen) {
        if let Some(fraction) = node.attribute("fraction") {
            seen.add(fraction);
        }
        for content in &node.content {
            match content {
                Content::Text(text) => {
                    if !text.trim().is_empty() {
                        seen.add(text);
                    }
                }
                Content::Element(inner) => match inner.name.as_str() {
                    "docimo" | "file" | "name" | "hidden" | "penalty" => {}
                    _ => add(inner, seen),
                },
            }
        }
    }
    let mut all = Seen::default();
    add(node, &mut all);
    all.digest()
}

/// The `<docimo>` of a question.
pub(super) struct Own {
    role: String,
    case: String,
    parts: usize,
    json: String,
    /// The PDFs and videos attached to what is shown.
    documents: Vec<MediaFile>,
    /// What is shown is what was written.
    intact: bool,
}

impl Own {
    pub(super) fn of(node: &Node) -> Option<Self> {
        let own = node.child("docimo")?;
        let attribute = |name: &str| own.attribute(name).unwrap_or_default().to_owned();
        Some(Self {
            role: attribute("role"),
            case: attribute("case"),
            parts: attribute("parts").parse().unwrap_or(0),
            json: own.own_text(),
            documents: documents(node),
            intact: attribute("digest") == seen(node),
        })
    }

    pub(super) fn belongs_to(&self, open: &Open) -> bool {
        self.role == "part" && self.case == open.case.id.as_str()
    }

    /// The attached PDFs and videos that an element names.
    fn documents_of(&self, element: &Element) -> Vec<MediaFile> {
        let found: Vec<(&str, &[u8])> = self.documents.iter().map(|f| (f.name.as_str(), f.bytes.as_slice())).collect();
        files::documents_of(element, &found, Limits::default().document_bytes)
    }

    /// The case that this opens.
    pub(super) fn opening(&self, node: &Node, place: &str, category: Option<&str>, names: &mut Names) -> Option<Open> {
        if self.role != "case" {
            return None;
        }
        let mut case: Case = serde_json::from_str(&self.json).ok()?;
        let mut draft = Draft::default();
        let stem = draft.stem(node, names);
        let mut media = std::mem::take(&mut draft.media);
        let mut warnings = Vec::new();
        if self.intact {
            rename(case.image.as_ref(), &mut media);
            media.extend(self.documents_of(&Element::Case(case.clone())));
        } else {
            case.intro = stem;
            case.image = draft.image.take();
            warnings = draft.all_warnings();
            warnings.push(format!("texte d’ouverture : {EDITED}"));
        }
        let category = category.map(str::to_owned);
        Some(Open { case, expected: self.parts, place: place.to_owned(), category, media, warnings })
    }

    /// The entry of the JSON, if it can be believed; else what is shown.
    pub(super) fn instead_of(
        &self,
        shown: Result<Imported, Faulty>,
        category: Option<&str>,
    ) -> Result<Imported, Faulty> {
        if self.role != "question" {
            return shown;
        }
        let element = serde_json::from_str::<Question>(&self.json).ok().filter(|_| self.intact);
        match (element, shown) {
            (Some(question), shown) => {
                let (place, mut media) = match shown {
                    Ok(entry) => (entry.place, entry.media),
                    Err(faulty) => (faulty.place, Vec::new()),
                };
                rename(question.image.as_ref(), &mut media);
                let category = category.map(str::to_owned);
                let element = Element::Question(question);
                media.extend(self.documents_of(&element));
                Ok(Imported { place, element, category, media, warnings: Vec::new() })
            }
            (None, Ok(mut entry)) => {
                entry.warnings.push(EDITED.to_owned());
                Ok(entry)
            }
            (None, Err(faulty)) => Err(faulty),
        }
    }
}

/// The PDFs and videos attached to the text of a question, under the names of their files.
fn documents(node: &Node) -> Vec<MediaFile> {
    let attached = node.child("questiontext").into_iter().flat_map(files::attached);
    attached
        .filter_map(|file| {
            // Enough to know the type, before the whole is decoded.
            let head: String = file.base64.chars().filter(|c| !c.is_whitespace()).take(16).collect();
            files::sniff_document(&files::from_base64(&head)?)?;
            files::document(&file.name, files::from_base64(&file.base64)?, Limits::default().document_bytes)?.ok()
        })
        .collect()
}

/// The picture of a question takes the name that the question gives it.
fn rename(image: Option<&Image>, media: &mut Vec<MediaFile>) {
    match image {
        Some(image) => {
            media.truncate(1);
            media.iter_mut().for_each(|file| file.name.clone_from(&image.file));
        }
        None => media.clear(),
    }
}

/// A case whose questions are coming.
pub(super) struct Open {
    case: Case,
    expected: usize,
    place: String,
    category: Option<String>,
    media: Vec<MediaFile>,
    warnings: Vec<String>,
}

impl Open {
    pub(super) fn is_full(&self) -> bool {
        self.case.parts.len() >= self.expected
    }

    pub(super) fn part(&mut self, own: &Own, shown: Result<Imported, Faulty>) {
        let rank = self.case.parts.len() + 1;
        let part = serde_json::from_str::<Part>(&own.json).ok().filter(|_| own.intact);
        match (part, shown) {
            (Some(part), shown) => {
                let mut media = shown.map(|entry| entry.media).unwrap_or_default();
                rename(part.question.image.as_ref(), &mut media);
                self.media.extend(media);
                let question = Element::Question(part.question.clone());
                self.media.extend(own.documents_of(&question));
                self.case.parts.push(part);
            }
            (None, Ok(entry)) => {
                self.media.extend(entry.media);
                self.warnings.push(format!("question {rank} : {EDITED}"));
                self.warnings.extend(entry.warnings.into_iter().map(|w| format!("question {rank} : {w}")));
                match entry.element {
                    Element::Question(question) => self.case.parts.push(Part { text: String::new(), question }),
                    Element::Case(inner) => self.case.parts.extend(inner.parts),
                }
            }
            (None, Err(faulty)) => {
                self.expected = self.expected.saturating_sub(1);
                self.warnings.push(format!("{} non reprise : {}", faulty.place, faulty.reason));
            }
        }
    }

    pub(super) fn close(mut self) -> Result<Imported, Faulty> {
        if self.case.parts.len() < self.expected {
            let missing = self.expected - self.case.parts.len();
            self.warnings.push(format!("{missing} question(s) du dossier ne sont pas dans le fichier"));
        }
        let id = self.case.id.as_str().to_owned();
        let mut element = Element::Case(self.case);
        identity::set(&mut element, &id);
        let (place, category) = (self.place, self.category);
        Ok(Imported { place, element, category, media: self.media, warnings: self.warnings })
    }
}
