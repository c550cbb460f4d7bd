//! Docimo's own format, `docimo-questions/1`. Every fault of an entry is told with its JSON path, and
//! every field that means nothing is named.

mod element;
mod node;
mod write;

pub(super) use write::write;

use super::limits::Limits;
use super::media::Names;
use super::{Faulty, Imported, MediaFile, Raw, ReadError, media, text};
use docimo_engine::paper::Element;
use element::Found;
use node::Node;
use std::collections::{BTreeSet, HashMap};

/// The value of `format`.
pub(super) const FORMAT: &str = "docimo-questions/1";

pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Raw, ReadError> {
    let decoded = text::decode(bytes)?;
    let root: Node = serde_json::from_str(&decoded.text).map_err(|error| ReadError::JsonSyntax {
        line: error.line(),
        column: error.column(),
        message: french(&error),
    })?;
    let Node::Object(fields) = &root else {
        return Err(ReadError::NotQuestions("un objet { … } est attendu à la racine".to_owned()));
    };
    let field = |name: &str| fields.iter().find(|(n, _)| n == name).map(|(_, node)| node);
    match field("format") {
        Some(Node::Text(format)) if format == FORMAT => {}
        Some(Node::Text(format)) => {
            return Err(ReadError::NotQuestions(format!("« format » vaut « {format} », attendu « {FORMAT} »")));
        }
        _ => return Err(ReadError::NotQuestions(format!("il manque \"format\": \"{FORMAT}\""))),
    }
    let Some(Node::List(entries)) = field("entries") else {
        return Err(ReadError::NotQuestions("il manque la liste « entries »".to_owned()));
    };
    let mut warnings: Vec<String> = decoded.warning.into_iter().collect();
    let mut seen = BTreeSet::new();
    for (name, _) in fields {
        if !seen.insert(name) {
            return Err(ReadError::NotQuestions(format!("le champ « {name} » est donné deux fois")));
        }
        if !matches!(name.as_str(), "format" | "title" | "entries" | "media") {
            warnings.push(format!("champ inconnu à la racine, ignoré : {name}"));
        }
    }
    let title = match field("title") {
        Some(Node::Text(title)) => Some(title.clone()),
        Some(Node::Null) | None => None,
        Some(other) => {
            warnings.push(format!("title : texte attendu, {} trouvé", other.french()));
            None
        }
    };
    let pictures = pictures(field("media"), limits, &mut warnings);
    let (mut elements, mut questions) = (HashMap::new(), HashMap::new());
    let entries = entries
        .iter()
        .enumerate()
        .map(|(index, node)| {
            let mut entry = entry(index, node)?;
            entry.media = files(&entry.element).filter_map(|file| pictures.get(file).cloned()).collect();
            // An id is a reference: a second bearer is not renamed, it is refused.
            let mut taken = Vec::new();
            let id = entry.element.id();
            if let Some(first) = elements.get(id) {
                taken.push(format!("l’identifiant « {id} » est déjà celui de l’{first}"));
            }
            if let Element::Case(case) = &entry.element {
                for part in &case.parts {
                    if let Some(first) = questions.get(part.question.id.as_str()) {
                        taken.push(format!(
                            "l’identifiant de question « {} » est déjà dans l’{first}",
                            part.question.id
                        ));
                    }
                }
            } else if let (None, Some(first)) = (elements.get(id), questions.get(id)) {
                taken.push(format!("l’identifiant de question « {id} » est déjà dans l’{first}"));
            }
            if !taken.is_empty() {
                return Err(Faulty::error(entry.place, taken.join(" ; ")));
            }
            elements.insert(id.to_owned(), entry.place.clone());
            questions.extend(entry.element.questions().map(|q| (q.id.as_str().to_owned(), entry.place.clone())));
            Ok(entry)
        })
        .collect();
    Ok(Raw { title, entries, warnings })
}

/// The pictures, PDFs and videos of the file, `{"name": "base64"}`, by the name that elements give them.
fn pictures(node: Option<&Node>, limits: &Limits, warnings: &mut Vec<String>) -> HashMap<String, MediaFile> {
    let Some(Node::Object(list)) = node else {
        if let Some(other) = node.filter(|n| !matches!(n, Node::Null)) {
            warnings.push(format!("media : objet attendu, {} trouvé", other.french()));
        }
        return HashMap::new();
    };
    let mut names = Names::new(limits.picture_bytes);
    let mut found = HashMap::new();
    for (name, node) in list {
        let bytes = match node {
            Node::Text(base64) => media::from_base64(base64),
            _ => None,
        };
        let taken = bytes.map(|bytes| {
            if media::sniff_document(&bytes).is_none() {
                return names.take(name, bytes);
            }
            media::document(name, bytes, limits.document_bytes)
                .unwrap_or_else(|| Err(format!("« {name} » est illisible")))
        });
        match taken {
            Some(Ok(file)) => drop(found.insert(name.clone(), MediaFile { name: name.clone(), ..file })),
            Some(Err(reason)) => warnings.push(reason),
            None => warnings.push(format!("l’image « {name} » est illisible (base64)")),
        }
    }
    found
}

/// The files of its images, videos and article.
fn files(element: &Element) -> impl Iterator<Item = &str> {
    let case = match element {
        Element::Case(case) => case.image.as_ref(),
        Element::Question(_) => None,
    };
    let images = case.into_iter().chain(element.questions().filter_map(|q| q.image.as_ref()));
    images
        .map(|image| image.file.as_str())
        .chain(element.pdf().map(|pdf| pdf.file.as_str()))
        .chain(element.videos().map(|video| video.file.as_str()))
}

/// The parser's message in French, where it is a usual one.
fn french(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let message = text.split(" at line ").next().unwrap_or(&text);
    if error.is_eof() {
        return "le fichier s’arrête avant la fin".to_owned();
    }
    let known = [
        ("expected `,` or `}`", "une virgule ou « } » est attendue"),
        ("expected `,` or `]`", "une virgule ou « ] » est attendue"),
        ("expected `:`", "« : » est attendu"),
        ("expected value", "une valeur est attendue"),
        ("expected ident", "mot inconnu (true, false ou null attendu)"),
        ("trailing comma", "virgule en trop"),
        ("trailing characters", "texte en trop après la fin"),
        ("key must be a string", "un nom de champ entre guillemets est attendu"),
        ("invalid escape", "échappement « \\ » inconnu"),
        ("control character", "caractère de contrôle ou fin de ligne dans un texte"),
        ("lone leading surrogate", "caractère Unicode incomplet"),
        ("unexpected end of hex escape", "caractère Unicode incomplet"),
        ("invalid number", "nombre mal écrit"),
        ("number out of range", "nombre trop grand"),
        ("recursion limit exceeded", "objets emboîtés trop profondément"),
    ];
    match known.iter().find(|(english, _)| message.starts_with(english)) {
        Some((_, french)) => (*french).to_owned(),
        None => format!("syntaxe incorrecte ({message})"),
    }
}

fn entry(index: usize, node: &Node) -> Result<Imported, Faulty> {
    let id = match node {
        Node::Object(fields) => fields.iter().find_map(|(name, node)| match node {
            Node::Text(id) if name == "id" => Some(id.chars().take(100).collect::<String>()),
            _ => None,
        }),
        _ => None,
    };
    let place = match &id {
        Some(id) => format!("entrée {} ({id})", index + 1),
        None => format!("entrée {}", index + 1),
    };
    let mut found = Found { index, ..Found::default() };
    let element = found.element(node);
    match element {
        Some(element) if found.errors.is_empty() => {
            let mut warnings = found.warnings;
            if !found.unknown.is_empty() {
                let list = found.unknown.into_iter().collect::<Vec<_>>().join(", ");
                warnings.push(format!("champs sans effet, ignorés : {list}"));
            }
            let usual = |id: &str| id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
            let ids = element.questions().map(|q| q.id.as_str());
            let odd: BTreeSet<&str> = std::iter::once(element.id()).chain(ids).filter(|id| !usual(id)).collect();
            if !odd.is_empty() {
                let list = odd.into_iter().map(|id| format!("« {id} »")).collect::<Vec<_>>().join(", ");
                warnings.push(format!("identifiant à écrire avec a-z, 0-9 et tirets : {list}"));
            }
            Ok(Imported { place, element, category: None, media: Vec::new(), warnings })
        }
        _ => Err(Faulty::error(place, found.errors.join(" ; "))),
    }
}

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
