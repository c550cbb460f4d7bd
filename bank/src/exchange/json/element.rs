//! A question or a case, from JSON, field by field: every fault with its path.

use super::node::Node;
use docimo_engine::paper::{Article, Case, CaseKind, Element, Part, Pdf};
use docimo_engine::question::{Body, Expert, Image, Kind, Proposition, Question, Rank, Shape, Status, Video, Zone};
use docimo_engine::{CaseId, Exact, PropositionId, QuestionId, ZoneId};
use std::collections::BTreeSet;
use std::fmt;

/// An object being read: what is asked for is taken, what stays is unknown.
pub(super) struct Fields<'a> {
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
pub(super) struct Found {
    pub(super) index: usize,
    pub(super) errors: Vec<String>,
    pub(super) warnings: Vec<String>,
    /// `propositions[].why`, once each.
    pub(super) unknown: BTreeSet<String>,
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

    pub(super) fn element(&mut self, node: &Node) -> Option<Element> {
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
