//! Our JSON in an item, and what the item shows, which tells whether the JSON can be believed.

use crate::exchange::archive::Archive;
use crate::exchange::payload::Seen;
use crate::exchange::xml::{Content, Node};
use crate::exchange::{MediaFile, media};
use docimo_engine::paper::Element;

/// What an item shows, in sixteen digits: its texts, its pictures' places and its key.
pub(super) fn seen(item: &Node) -> String {
    let mut all = Seen::default();
    for declaration in item.children("responseDeclaration") {
        texts(declaration, &mut all);
    }
    for name in ["itemBody", "modalFeedback"] {
        item.children(name).for_each(|part| texts(part, &mut all));
    }
    all.digest()
}

/// What a text of a section shows.
pub(super) fn seen_text(section: &Node) -> String {
    let mut all = Seen::default();
    section.children("rubricBlock").for_each(|part| texts(part, &mut all));
    all.digest()
}

/// The PDFs and videos of a package that an element of ours names.
pub(super) fn documents(element: &Element, archive: Option<&Archive>, largest: u64) -> Vec<MediaFile> {
    if element.pdf().is_none() && element.videos().next().is_none() {
        return Vec::new();
    }
    let stored = archive.into_iter().flat_map(|archive| &archive.files);
    let found: Vec<(&str, &[u8])> =
        stored.filter_map(|(path, bytes)| Some((path.strip_prefix("media/")?, bytes.as_slice()))).collect();
    media::documents_of(element, &found, largest)
}

fn texts(node: &Node, seen: &mut Seen) {
    for name in ["mapKey", "mappedValue", "coords", "alt", "maxChoices", "identifier"] {
        if let Some(value) = node.attribute(name) {
            seen.add(value);
        }
    }
    for content in &node.content {
        match content {
            Content::Text(text) if text.trim().is_empty() => {}
            Content::Text(text) => seen.add(text),
            Content::Element(inner) => texts(inner, seen),
        }
    }
}
