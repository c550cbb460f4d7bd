//! Docimo's own format, `docimo-questions/1`. Every fault of an entry is told with its JSON path, and
//! every field that means nothing is named.

mod write;

pub(super) use write::write;

use super::limits::Limits;
use super::media::Names;
use super::{Faulty, Imported, MediaFile, Raw, ReadError, media, text};
use docimo_engine::paper::{Article, Case, CaseKind, Element, Part, Pdf};
use docimo_engine::question::{Body, Expert, Image, Kind, Proposition, Question, Rank, Shape, Status, Video, Zone};
use docimo_engine::{CaseId, Exact, PropositionId, QuestionId, ZoneId};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::collections::{BTreeSet, HashMap};
use std::fmt;

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

/// Any JSON value, with fields in file order and repeated fields kept, so that they can be refused.
enum Node {
    Null,
    Bool,
    Integer(i128),
    Float(f64),
    Text(String),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl Node {
    fn french(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "booléen",
            Self::Integer(_) | Self::Float(_) => "nombre",
            Self::Text(_) => "texte",
            Self::List(_) => "liste",
            Self::Object(_) => "objet",
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Node;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("une valeur JSON")
            }
            fn visit_unit<E>(self) -> Result<Node, E> {
                Ok(Node::Null)
            }
            fn visit_bool<E>(self, _: bool) -> Result<Node, E> {
                Ok(Node::Bool)
            }
            fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
                Ok(Node::Integer(value.into()))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
                Ok(Node::Integer(value.into()))
            }
            fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Node, E> {
                if value.is_finite() { Ok(Node::Float(value)) } else { Err(E::custom("number out of range")) }
            }
            fn visit_str<E>(self, value: &str) -> Result<Node, E> {
                Ok(Node::Text(value.to_owned()))
            }
            fn visit_string<E>(self, value: String) -> Result<Node, E> {
                Ok(Node::Text(value))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
                let mut list = Vec::new();
                while let Some(node) = seq.next_element()? {
                    list.push(node);
                }
                Ok(Node::List(list))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Node::Object(fields))
            }
            fn visit_none<E: serde::de::Error>(self) -> Result<Node, E> {
                Err(E::custom("invalid value"))
            }
        }
        deserializer.deserialize_any(Any)
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

/// An object being read: what is asked for is taken, what stays is unknown.
struct Fields<'a> {
    left: Vec<(&'a str, &'a Node)>,
    /// From the entry: `.propositions[2]`, empty for the entry itself.
    path: String,
}

impl<'a> Fields<'a> {
    /// The field, absent or `null` being the same.
    fn take(&mut self, name: &str) -> Option<&'a Node> {
        let at = self.left.iter().position(|(n, _)| *n == name)?;
        match self.left.remove(at).1 {
            Node::Null => None,
            node => Some(node),
        }
    }

    fn path_of(&self, name: &str) -> String {
        format!("{}.{name}", self.path)
    }
}

/// What is found wrong in an entry.
#[derive(Default)]
struct Found {
    index: usize,
    errors: Vec<String>,
    warnings: Vec<String>,
    /// `propositions[].why`, once each.
    unknown: BTreeSet<String>,
}

impl Found {
    fn error(&mut self, path: &str, message: impl fmt::Display) {
        self.errors.push(format!("entries[{}]{path} : {message}", self.index));
    }

    fn wrong(&mut self, path: &str, wanted: &str, node: &Node) {
        let (wanted_e, found_e) =
            (if wanted == "liste" { "e" } else { "" }, if matches!(node, Node::List(_)) { "e" } else { "" });
        self.error(path, format!("{wanted} attendu{wanted_e}, {} trouvé{found_e}", node.french()));
    }

    fn fields<'a>(&mut self, node: &'a Node, path: &str) -> Option<Fields<'a>> {
        let Node::Object(fields) = node else {
            self.wrong(path, "objet", node);
            return None;
        };
        let mut left: Vec<(&str, &Node)> = Vec::with_capacity(fields.len());
        let mut seen = BTreeSet::new();
        for (name, inner) in fields {
            if seen.insert(name) {
                left.push((name, inner));
            } else {
                self.error(&format!("{path}.{name}"), "champ donné deux fois");
            }
        }
        Some(Fields { left, path: path.to_owned() })
    }

    /// Names the fields that nobody took.
    fn close(&mut self, fields: Fields<'_>) {
        let mut path = String::new();
        let mut inside = false;
        for c in fields.path.chars() {
            inside = (inside || c == '[') && c != ']';
            if !inside || c == '[' {
                path.push(c);
            }
        }
        for (name, _) in fields.left {
            self.unknown.insert(format!("{path}.{name}").trim_start_matches('.').to_owned());
        }
    }

    fn text_at(&mut self, node: &Node, path: &str) -> Option<String> {
        match node {
            Node::Text(text) => Some(text.clone()),
            other => {
                self.wrong(path, "texte", other);
                None
            }
        }
    }

    fn optional_text(&mut self, fields: &mut Fields<'_>, name: &str) -> Option<String> {
        let path = fields.path_of(name);
        fields.take(name).and_then(|node| self.text_at(node, &path))
    }

    fn text(&mut self, fields: &mut Fields<'_>, name: &str) -> String {
        let path = fields.path_of(name);
        match fields.take(name) {
            Some(node) => self.text_at(node, &path).unwrap_or_default(),
            None => {
                self.error(&path, "champ manquant");
                String::new()
            }
        }
    }

    fn natural_at(&mut self, node: &Node, path: &str) -> u32 {
        match node {
            Node::Integer(value) if u32::try_from(*value).is_ok() => u32::try_from(*value).unwrap_or_default(),
            Node::Integer(_) | Node::Float(_) => {
                self.error(path, "nombre entier positif attendu");
                0
            }
            other => {
                self.wrong(path, "nombre entier", other);
                0
            }
        }
    }

    fn natural(&mut self, fields: &mut Fields<'_>, name: &str, default: Option<u32>) -> u32 {
        let path = fields.path_of(name);
        match (fields.take(name), default) {
            (Some(node), _) => self.natural_at(node, &path),
            (None, Some(default)) => default,
            (None, None) => {
                self.error(&path, "champ manquant");
                0
            }
        }
    }

    fn real_at(&mut self, node: &Node, path: &str) -> f64 {
        match node {
            Node::Float(value) => *value,
            // Coordinates are small: nothing is lost.
            Node::Integer(value) => *value as f64,
            other => {
                self.wrong(path, "nombre", other);
                0.0
            }
        }
    }

    fn real(&mut self, fields: &mut Fields<'_>, name: &str) -> f64 {
        let path = fields.path_of(name);
        match fields.take(name) {
            Some(node) => self.real_at(node, &path),
            None => {
                self.error(&path, "champ manquant");
                0.0
            }
        }
    }

    /// The members of a list, with their paths; a missing list is empty unless `required`.
    fn list<'a>(&mut self, fields: &mut Fields<'a>, name: &str, required: bool) -> Vec<(&'a Node, String)> {
        let path = fields.path_of(name);
        match fields.take(name) {
            Some(Node::List(list)) => list.iter().enumerate().map(|(i, node)| (node, format!("{path}[{i}]"))).collect(),
            Some(other) => {
                self.wrong(&path, "liste", other);
                Vec::new()
            }
            None => {
                if required {
                    self.error(&path, "champ manquant");
                }
                Vec::new()
            }
        }
    }

    fn texts(&mut self, fields: &mut Fields<'_>, name: &str, required: bool) -> Vec<String> {
        let list = self.list(fields, name, required);
        list.into_iter().filter_map(|(node, path)| self.text_at(node, &path)).collect()
    }

    fn element(&mut self, node: &Node) -> Option<Element> {
        let mut fields = self.fields(node, "")?;
        let kind = self.text(&mut fields, "kind");
        let element = match CASES.into_iter().find(|k| k.code().eq_ignore_ascii_case(kind.trim())) {
            Some(kind) => self.case(&mut fields, kind).map(Element::Case),
            None => self.question(&mut fields, &kind).map(Element::Question),
        };
        self.close(fields);
        element
    }

    fn case(&mut self, fields: &mut Fields<'_>, kind: CaseKind) -> Option<Case> {
        let id = CaseId::new(self.text(fields, "id"));
        let title = self.text(fields, "title");
        let intro = self.text(fields, "intro");
        let image = self.image(fields);
        let tags = self.texts(fields, "tags", false);
        let path = fields.path_of("article");
        let article = fields.take("article").and_then(|node| {
            let mut inner = self.fields(node, &path)?;
            let title = self.text(&mut inner, "title");
            let citation = self.optional_text(&mut inner, "citation").unwrap_or_default();
            let pdf = self.pdf(&mut inner);
            let body = match &pdf {
                // The PDF is the article.
                Some(_) => self.optional_text(&mut inner, "body").unwrap_or_default(),
                None => self.text(&mut inner, "body"),
            };
            self.close(inner);
            Some(Article { title, citation, body, pdf })
        });
        let mut parts = Vec::new();
        for (node, path) in self.list(fields, "parts", true) {
            let Some(mut inner) = self.fields(node, &path) else { continue };
            let text = self.optional_text(&mut inner, "text").unwrap_or_default();
            let path = inner.path_of("question");
            match inner.take("question") {
                Some(node) => {
                    if let Some(mut question) = self.fields(node, &path) {
                        let kind = self.text(&mut question, "kind");
                        if let Some(question) = self.question(&mut question, &kind) {
                            parts.push(Part { text, question });
                        }
                        self.close(question);
                    }
                }
                None => self.error(&path, "champ manquant"),
            }
            self.close(inner);
        }
        Some(Case { id, kind, title, intro, image, article, tags, parts })
    }

    fn question(&mut self, fields: &mut Fields<'_>, kind: &str) -> Option<Question> {
        let id = QuestionId::new(self.text(fields, "id"));
        let stem = self.text(fields, "stem");
        let image = self.image(fields);
        let video = self.video(fields);
        let weight = self.weight(fields);
        let path = fields.path_of("rank");
        let rank = match fields.take("rank") {
            None => None,
            Some(Node::Text(rank)) if rank == "A" => Some(Rank::A),
            Some(Node::Text(rank)) if rank == "B" => Some(Rank::B),
            Some(Node::Text(rank)) => {
                self.error(&path, format!("rang « {rank} » inconnu (A ou B)"));
                None
            }
            Some(other) => {
                self.wrong(&path, "texte", other);
                None
            }
        };
        let tags = self.texts(fields, "tags", false);
        let comment = self.optional_text(fields, "comment").unwrap_or_default();
        let source = self.optional_text(fields, "source").unwrap_or_default();
        let scheme = self.optional_text(fields, "scheme");
        let Some(kind) = Kind::from_code(kind) else {
            if !kind.is_empty() {
                let path = fields.path_of("kind");
                let known = Kind::ALL.map(Kind::code).join(", ");
                let cases = if fields.path.is_empty() { ", ou DP, mini-DP, KFP, LCA" } else { "" };
                self.error(&path, format!("type « {kind} » inconnu ({known}{cases})"));
            }
            // The other fields belong to a kind that is not known: they are not blamed.
            fields.left.clear();
            return None;
        };
        let body = match kind {
            Kind::Qru => Body::Qru { propositions: self.propositions(fields) },
            Kind::Qrm => Body::Qrm { propositions: self.propositions(fields) },
            Kind::Qcm => Body::Qcm { propositions: self.propositions(fields) },
            Kind::Qrp => {
                Body::Qrp { expected: self.natural(fields, "expected", None), propositions: self.propositions(fields) }
            }
            Kind::Qrpl => {
                Body::Qrpl { expected: self.natural(fields, "expected", None), propositions: self.propositions(fields) }
            }
            Kind::Qroc => Body::Qroc {
                exact: self.texts(fields, "exact", true),
                acceptable: self.texts(fields, "acceptable", false),
                max_words: self.natural(fields, "max_words", Some(5)),
            },
            Kind::Qzp => Body::Qzp { expected: self.natural(fields, "expected", None), zones: self.zones(fields) },
            Kind::Tcs => {
                let (hypothesis, finding) = (self.text(fields, "hypothesis"), self.text(fields, "finding"));
                let votes = self.list(fields, "panel", true);
                let count = votes.len();
                let votes: Vec<u32> = votes.into_iter().map(|(node, path)| self.natural_at(node, &path)).collect();
                let panel = <[u32; 5]>::try_from(votes).unwrap_or_else(|_| {
                    if count > 0 {
                        let path = fields.path_of("panel");
                        self.error(&path, format!("{count} nombres de votes : il en faut 5, de −2 à +2"));
                    }
                    [0; 5]
                });
                Body::Tcs { hypothesis, finding, panel, experts: self.experts(fields) }
            }
        };
        Some(Question { id, stem, image, video, body, weight, rank, tags, comment, source, scheme })
    }

    fn image(&mut self, fields: &mut Fields<'_>) -> Option<Image> {
        let path = fields.path_of("image");
        let mut inner = fields.take("image").and_then(|node| self.fields(node, &path))?;
        let file = self.text(&mut inner, "file");
        let alt = self.text(&mut inner, "alt");
        let width = self.natural(&mut inner, "width", Some(0));
        let height = self.natural(&mut inner, "height", Some(0));
        self.close(inner);
        Some(Image { file, alt, width, height })
    }

    fn video(&mut self, fields: &mut Fields<'_>) -> Option<Video> {
        let path = fields.path_of("video");
        let mut inner = fields.take("video").and_then(|node| self.fields(node, &path))?;
        let file = self.text(&mut inner, "file");
        let description = self.optional_text(&mut inner, "description").unwrap_or_default();
        self.close(inner);
        Some(Video { file, description })
    }

    fn pdf(&mut self, fields: &mut Fields<'_>) -> Option<Pdf> {
        let path = fields.path_of("pdf");
        let mut inner = fields.take("pdf").and_then(|node| self.fields(node, &path))?;
        let file = self.text(&mut inner, "file");
        let pages = self.natural(&mut inner, "pages", Some(0));
        let description = self.optional_text(&mut inner, "description").unwrap_or_default();
        self.close(inner);
        Some(Pdf { file, pages, description })
    }

    fn weight(&mut self, fields: &mut Fields<'_>) -> Exact {
        let path = fields.path_of("weight");
        let text = match fields.take("weight") {
            None => return Exact::ONE,
            Some(Node::Integer(value)) => value.to_string(),
            Some(Node::Float(value)) => value.to_string(),
            Some(Node::Text(text)) => text.clone(),
            Some(other) => {
                self.wrong(&path, "nombre", other);
                return Exact::ONE;
            }
        };
        text.parse().unwrap_or_else(|_| {
            self.error(&path, format!("« {text} » n’est pas un poids (1, 0.5, \"2/3\")"));
            Exact::ONE
        })
    }

    fn propositions(&mut self, fields: &mut Fields<'_>) -> Vec<Proposition> {
        let mut propositions = Vec::new();
        for (node, path) in self.list(fields, "propositions", true) {
            let Some(mut inner) = self.fields(node, &path) else { continue };
            let id = PropositionId::new(self.text(&mut inner, "id"));
            let text = self.text(&mut inner, "text");
            let status = self.text(&mut inner, "status");
            let known = [Status::Vrai, Status::Faux, Status::Indispensable, Status::Inacceptable];
            let status = known.into_iter().find(|s| s.french() == status).unwrap_or_else(|| {
                if !status.is_empty() {
                    let path = inner.path_of("status");
                    self.error(&path, format!("« {status} » inconnu (vrai, faux, indispensable, inacceptable)"));
                }
                Status::Faux
            });
            let comment = self.optional_text(&mut inner, "comment").unwrap_or_default();
            self.close(inner);
            propositions.push(Proposition { id, text, status, comment });
        }
        propositions
    }

    fn experts(&mut self, fields: &mut Fields<'_>) -> Vec<Expert> {
        let mut experts = Vec::new();
        for (node, path) in self.list(fields, "experts", false) {
            let Some(mut inner) = self.fields(node, &path) else { continue };
            let name = self.text(&mut inner, "name");
            let path = inner.path_of("answer");
            let answer = match inner.take("answer") {
                Some(Node::Integer(value)) => i8::try_from(*value).ok(),
                _ => None,
            };
            if answer.is_none() {
                self.error(&path, "un nombre entier de −2 à 2 est attendu");
            }
            self.close(inner);
            experts.push(Expert { name, answer: answer.unwrap_or(0) });
        }
        experts
    }

    fn zones(&mut self, fields: &mut Fields<'_>) -> Vec<Zone> {
        let mut zones = Vec::new();
        for (node, path) in self.list(fields, "zones", true) {
            let Some(mut inner) = self.fields(node, &path) else { continue };
            let id = ZoneId::new(self.text(&mut inner, "id"));
            let name = self.text(&mut inner, "name");
            let comment = self.optional_text(&mut inner, "comment").unwrap_or_default();
            let path = inner.path_of("shape");
            let shape = match inner.take("shape") {
                Some(node) => self.shape(node, &path),
                None => {
                    self.error(&path, "champ manquant");
                    None
                }
            };
            self.close(inner);
            zones.extend(shape.map(|shape| Zone { id, name, shape, comment }));
        }
        zones
    }

    fn shape(&mut self, node: &Node, path: &str) -> Option<Shape> {
        let mut fields = self.fields(node, path)?;
        let known = ["circle", "rect", "polygon"];
        let [(name, node)] = fields.left[..] else {
            self.error(path, "une forme et une seule attendue : circle, rect ou polygon");
            return None;
        };
        let inner_path = fields.path_of(name);
        fields.left.clear();
        match name {
            "polygon" => {
                let Node::List(corners) = node else {
                    self.wrong(&inner_path, "liste", node);
                    return None;
                };
                let mut polygon = Vec::with_capacity(corners.len());
                for (i, corner) in corners.iter().enumerate() {
                    let path = format!("{inner_path}[{i}]");
                    match corner {
                        Node::List(pair) if pair.len() == 2 => {
                            let x = self.real_at(&pair[0], &format!("{path}[0]"));
                            polygon.push([x, self.real_at(&pair[1], &format!("{path}[1]"))]);
                        }
                        _ => self.error(&path, "un coin s’écrit [x, y]"),
                    }
                }
                if polygon.len() < 3 {
                    self.error(&inner_path, "un polygone a au moins trois coins");
                }
                Some(Shape::Polygon(polygon))
            }
            "circle" | "rect" => {
                let mut inner = self.fields(node, &inner_path)?;
                let (x, y) = (self.real(&mut inner, "x"), self.real(&mut inner, "y"));
                let shape = if name == "circle" {
                    Shape::Circle { x, y, r: self.real(&mut inner, "r") }
                } else {
                    Shape::Rect { x, y, w: self.real(&mut inner, "w"), h: self.real(&mut inner, "h") }
                };
                self.close(inner);
                Some(shape)
            }
            _ => {
                self.error(&inner_path, format!("forme inconnue ({})", known.join(", ")));
                None
            }
        }
    }
}

const CASES: [CaseKind; 4] = [CaseKind::Dp, CaseKind::MiniDp, CaseKind::Kfp, CaseKind::Lca];

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
