//! An `assessmentItem` to a question, or to a small case where it asks several things.

use super::body::{html_of, inner_html, interactions, is_aside};
use super::{Context, ours};
use crate::exchange::draft::{self, Answer, Draft, Markup, Sub};
use crate::exchange::html::{self, Picture};
use crate::exchange::payload::EDITED;
use crate::exchange::xml::Node;
use crate::exchange::{Faulty, Imported, MediaFile, identity, media};
use docimo_engine::ZoneId;
use docimo_engine::paper::{Element, Part};
use docimo_engine::qroc;
use docimo_engine::question::{Body, Question, Shape, Status, Zone};
use std::collections::BTreeMap;

/// An item that was read.
pub(super) struct Item {
    entry: Result<Imported, Faulty>,
    /// The text that brings it in a case of ours.
    pub(super) part_text: Option<String>,
}

impl Item {
    pub(super) fn entry(self) -> Result<Imported, Faulty> {
        self.entry
    }
}

/// Reads an item; `path` is where it is.
pub(super) fn read(root: &Node, path: &str, category: Option<&str>, context: &mut Context<'_>) -> Item {
    let shown = visible(root, path, category, context);
    let intact = root.attribute("docimo:digest").is_some_and(|digest| digest == ours::seen(root));
    let json = root.attribute("docimo:question").map(|json| (json, false));
    let Some((json, part)) = json.or_else(|| root.attribute("docimo:part").map(|json| (json, true))) else {
        return Item { entry: shown, part_text: None };
    };
    let own: Option<Part> = if part {
        serde_json::from_str(json).ok()
    } else {
        serde_json::from_str(json).ok().map(|question: Question| Part { text: String::new(), question })
    };
    match own.filter(|_| intact) {
        Some(Part { text, question }) => {
            let (place, mut media) = match shown {
                Ok(entry) => (entry.place, entry.media),
                Err(faulty) => (faulty.place, Vec::new()),
            };
            media.truncate(usize::from(question.image.is_some()));
            if let (Some(file), Some(image)) = (media.first_mut(), &question.image) {
                file.name.clone_from(&image.file);
            }
            let element = Element::Question(question);
            media.extend(ours::documents(&element, context.archive, context.document_bytes));
            let category = category.map(str::to_owned);
            let entry = Ok(Imported { place, element, category, media, warnings: Vec::new() });
            Item { entry, part_text: part.then_some(text) }
        }
        None => {
            let entry = shown.map(|mut entry| {
                entry.warnings.push(EDITED.to_owned());
                entry
            });
            Item { entry, part_text: None }
        }
    }
}

/// What is declared of a response.
#[derive(Default)]
struct Declared {
    single: bool,
    numeric: bool,
    correct: Vec<String>,
    /// Key and value.
    mapping: Vec<(String, f64)>,
    /// Shape, coordinates, value.
    areas: Vec<(String, String, f64)>,
}

fn declared(root: &Node) -> BTreeMap<String, Declared> {
    let number = |text: Option<&str>| text.and_then(|t| t.trim().parse::<f64>().ok()).filter(|v| v.is_finite());
    let mut all = BTreeMap::new();
    for node in root.children("responseDeclaration") {
        let mut own = Declared {
            single: node.attribute("cardinality").is_none_or(|c| matches!(c, "single" | "record")),
            numeric: matches!(node.attribute("baseType"), Some("float" | "integer")),
            ..Declared::default()
        };
        if let Some(correct) = node.child("correctResponse") {
            own.correct = correct.children("value").map(|v| v.own_text().trim().to_owned()).collect();
        }
        for entry in node.child("mapping").into_iter().flat_map(|m| m.children("mapEntry")) {
            if let (Some(key), Some(value)) = (entry.attribute("mapKey"), number(entry.attribute("mappedValue"))) {
                own.mapping.push((key.trim().to_owned(), value));
            }
        }
        for entry in node.child("areaMapping").into_iter().flat_map(|m| m.children("areaMapEntry")) {
            let value = number(entry.attribute("mappedValue")).unwrap_or(0.0);
            let text = |name: &str| entry.attribute(name).unwrap_or_default().to_owned();
            own.areas.push((text("shape"), text("coords"), value));
        }
        all.insert(node.attribute("identifier").unwrap_or_default().to_owned(), own);
    }
    all
}

impl Declared {
    /// What a choice is worth, in percent. The key rules; mappings only grade what is in it.
    fn worth(&self, identifier: &str) -> f64 {
        let mapped = self.mapping.iter().find(|(key, _)| key == identifier).map(|(_, value)| *value);
        let best = self.mapping.iter().map(|(_, v)| *v).fold(0.0, f64::max);
        let total: f64 = self.mapping.iter().map(|(_, v)| v.max(0.0)).sum();
        let whole = if self.single { best } else { total };
        let graded = mapped.filter(|_| whole > 0.0).map(|value| value / whole * 100.0);
        if self.correct.is_empty() {
            return graded.unwrap_or(0.0);
        }
        match self.correct.iter().any(|c| c == identifier) {
            true if self.single => 100.0,
            true => graded.filter(|v| *v > 0.0).unwrap_or(100.0 / self.correct.len() as f64),
            // A credit for what is not the key: told as points that are lost, never a second key.
            false => graded.map_or(0.0, |v| v.min(0.0)),
        }
    }
}

fn visible(root: &Node, path: &str, category: Option<&str>, context: &mut Context<'_>) -> Result<Imported, Faulty> {
    let identifier = root.attribute("identifier").unwrap_or_default();
    let place = if identifier.is_empty() { path.to_owned() } else { format!("{path} ({identifier})") };
    let Some(body) = root.child("itemBody") else {
        return Err(Faulty::error(place, "élément sans <itemBody>"));
    };
    if root.child("templateDeclaration").is_some() {
        return Err(Faulty::error(place, "question à valeurs tirées au hasard (modèle QTI) : elle n’est pas reprise"));
    }
    let mut draft = Draft::default();
    if root.attribute("adaptive") == Some("true") {
        draft.lose("question adaptative, en plusieurs essais");
    }
    let responses = declared(root);
    let mut reader = Reader { draft: &mut draft, root, path, responses: &responses, context, pictures: Vec::new() };
    let mut found = Vec::new();
    interactions(body, &mut found);
    found.retain(|node| node.name != "endAttemptInteraction");
    if found.is_empty() {
        return Err(Faulty::warning(place, "texte sans question : à reprendre à la main, dans un dossier"));
    }
    let several = found.len() > 1 || matches!(found[0].name.as_str(), "matchInteraction" | "gapMatchInteraction");
    let mut html = String::new();
    let mut rank = 0;
    html_of(body, &mut html, several, &mut rank);
    let stem = reader.text(&html, "énoncé");
    let title = root.attribute("title").unwrap_or_default().to_owned();
    let element = if several {
        let mut subs = Vec::new();
        for (i, node) in found.iter().enumerate() {
            subs.extend(reader.several(node, i + 1, found.len() > 1));
        }
        let stem = stem.clone();
        reader.draft.several(&title, stem, subs)
    } else {
        let prompt = found[0].child("prompt").map(inner_html).unwrap_or_default();
        let prompt = reader.text(&prompt, "énoncé");
        let parts = [stem, prompt].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join("\n\n");
        reader.body(found[0]).map(|body| Element::Question(draft::question(parts, body)))
    };
    let pictures = std::mem::take(&mut reader.pictures);
    reader.pictures(&pictures);
    let open = matches!(&element, Some(Element::Question(question)) if question.body.lacks_key());
    if !open {
        feedbacks(&mut draft, root, element.as_ref());
    }
    if matches!(element, Some(Element::Question(_))) {
        commented(&mut draft, root, open);
    }
    if let Some(processing) = root.child("responseProcessing")
        && processing.attribute("template").is_none()
        && root.attribute("docimo:digest").is_none()
        && responses.values().all(|d| d.correct.is_empty() && d.mapping.is_empty() && d.areas.is_empty())
    {
        draft.lose("notation écrite en responseProcessing");
    }
    let id = identity::given(identifier, category);
    draft.finish(place, id, category, element)
}

struct Reader<'r, 'c, 'a> {
    draft: &'r mut Draft,
    root: &'r Node,
    path: &'r str,
    responses: &'r BTreeMap<String, Declared>,
    context: &'c mut Context<'a>,
    pictures: Vec<Picture>,
}

impl<'r> Reader<'r, '_, '_> {
    fn text(&mut self, html: &str, place: &str) -> String {
        let pictures = (place == "énoncé").then_some(&mut self.pictures);
        self.draft.markdown(html, Markup::Html, place, pictures)
    }

    fn pictures(&mut self, pictures: &[Picture]) {
        let (archive, path) = (self.context.archive, self.path);
        self.draft
            .pictures(pictures, &mut self.context.names, |picture, names| find_picture(picture, archive, path, names));
    }

    fn declared(&mut self, node: &Node) -> Option<&'r Declared> {
        let identifier = node.attribute("responseIdentifier").unwrap_or_default();
        let found = self.responses.get(identifier);
        if found.is_none() {
            self.draft.errors.push(format!("la réponse « {identifier} » n’est pas déclarée"));
        }
        found
    }

    /// The questions of an interaction among several.
    fn several(&mut self, node: &Node, number: usize, numbered: bool) -> Vec<Sub> {
        match node.name.as_str() {
            "matchInteraction" => self.matches(node),
            "gapMatchInteraction" => self.gaps(node),
            _ => {
                let prompt = node.child("prompt").map(inner_html).unwrap_or_default();
                let mut stem = self.text(&prompt, "énoncé");
                if stem.is_empty() && numbered {
                    stem = format!("Que faut-il à la place de ({number}) ?");
                }
                self.body(node).map(|body| Sub { stem, body }).into_iter().collect()
            }
        }
    }

    fn body(&mut self, node: &Node) -> Option<Body> {
        match node.name.as_str() {
            "choiceInteraction" => self.choices(node, "simpleChoice"),
            "inlineChoiceInteraction" => self.choices(node, "inlineChoice"),
            "textEntryInteraction" | "extendedTextInteraction" => self.entry(node),
            "hotspotInteraction" => self.hotspots(node),
            "selectPointInteraction" => self.points(node),
            other => {
                let bare = other.trim_end_matches("Interaction");
                self.draft.errors.push(format!("interaction « {bare} » sans équivalent ici : elle n’est pas reprise"));
                None
            }
        }
    }

    fn choices(&mut self, node: &Node, name: &str) -> Option<Body> {
        let single_allowed = node.attribute("maxChoices").is_none_or(|m| m.trim() == "1");
        let most: Option<u32> = node.attribute("maxChoices").and_then(|m| m.trim().parse().ok());
        let own = self.declared(node)?;
        let single = own.single || single_allowed && name == "simpleChoice" && own.correct.len() <= 1;
        let correct = own.correct.len();
        let mut found = Vec::new();
        node.all(name, &mut found);
        let worths: Vec<f64> = found.iter().map(|c| own.worth(c.attribute("identifier").unwrap_or_default())).collect();
        if node.attribute("shuffle") == Some("false") && name == "simpleChoice" {
            self.draft.lose("ordre fixe des réponses");
        }
        let mut answers = Vec::new();
        for (choice, fraction) in found.into_iter().zip(worths) {
            let identifier = choice.attribute("identifier").unwrap_or_default();
            let html = inner_html(choice);
            let markdown = self.text(&html, "propositions");
            let comment = self.comment(identifier);
            answers.push(Answer { fraction, raw: identifier.to_owned(), markdown, comment });
        }
        let count = answers.len();
        let body = self.draft.choice(answers, single);
        match (body, most) {
            (Body::Qrm { propositions }, Some(most))
                if most > 1 && (most as usize) < count && most as usize == correct =>
            {
                self.draft.warnings.push(format!("{most} réponses permises, autant que de justes : reprise comme QRP"));
                Some(Body::Qrp { expected: most, propositions })
            }
            (body, _) => Some(body),
        }
    }

    /// The modal feedback that has a choice's identifier, which is how we write comments.
    fn comment(&mut self, identifier: &str) -> String {
        let found = self.root.children("modalFeedback").find(|f| f.attribute("identifier") == Some(identifier));
        found.map(|f| self.draft.markdown(&inner_html(f), Markup::Html, "commentaires", None)).unwrap_or_default()
    }

    fn entry(&mut self, node: &Node) -> Option<Body> {
        let long = node.name == "extendedTextInteraction";
        let own = self.responses.get(node.attribute("responseIdentifier").unwrap_or_default());
        let (correct, mapping, numeric) = match own {
            Some(own) => (own.correct.clone(), own.mapping.clone(), own.numeric),
            None => (Vec::new(), Vec::new(), false),
        };
        if node.attribute("patternMask").is_some() {
            self.draft.lose("masque de saisie");
        }
        let mut answers: Vec<(String, f64)> = Vec::new();
        let best = mapping.iter().map(|(_, v)| *v).fold(0.0, f64::max);
        for (key, value) in mapping {
            if best > 0.0 && !key.is_empty() {
                answers.push((key, value / best * 100.0));
            }
        }
        for key in correct {
            if !key.is_empty() && !answers.iter().any(|(known, _)| *known == key) {
                answers.push((key, 100.0));
            }
        }
        if long {
            // A model answer is for who marks: beside the question, not its key.
            let (models, keys) = answers.into_iter().partition(|(text, _)| qroc::word_count(text) > 20);
            answers = keys;
            for (text, _) in models {
                let text = html::plain_to_markdown(&text);
                self.draft.add_comment(text);
            }
            if answers.is_empty() {
                return Some(self.draft.essay());
            }
        }
        if answers.is_empty() {
            self.draft.errors.push("question ouverte sans réponse juste".to_owned());
            return None;
        }
        if answers.iter().any(|(text, _)| qroc::word_count(text) > 20) {
            self.draft.errors.push("réponse attendue de plus de 20 mots : ce n’est pas une QROC".to_owned());
            return None;
        }
        let (mut exact, mut acceptable) = (Vec::new(), Vec::new());
        for (text, fraction) in answers {
            if fraction <= 0.0 {
                self.draft.lose("réponses fausses prévues");
                continue;
            }
            let values = if numeric { self.numbers(&text) } else { Some(vec![text]) };
            self.draft.values(values.unwrap_or_default(), fraction, &mut exact, &mut acceptable);
        }
        Some(self.draft.qroc(exact, acceptable))
    }

    /// A number, with the tolerance of the response processing if it has one.
    fn numbers(&mut self, value: &str) -> Option<Vec<String>> {
        let mut found = Vec::new();
        if let Some(processing) = self.root.child("responseProcessing") {
            processing.all("equal", &mut found);
        }
        let tolerance = found.iter().find_map(|node| {
            let text = node.attribute("tolerance")?.split_whitespace().next()?.to_owned();
            Some((node.attribute("toleranceMode").unwrap_or("absolute").to_owned(), text))
        });
        match tolerance {
            Some((mode, text)) if mode == "absolute" => self.draft.tolerance(value, &text),
            Some((mode, text)) if mode == "relative" => {
                let around = value.parse::<f64>().ok().zip(text.parse::<f64>().ok());
                let around = around.map(|(v, percent)| (v * percent / 100.0).abs()).filter(|v| v.is_finite());
                match around {
                    Some(around) => self.draft.tolerance(value, &format!("{around:.6}")),
                    None => self.draft.tolerance(value, "0"),
                }
            }
            _ => self.draft.tolerance(value, "0"),
        }
    }

    fn matches(&mut self, node: &Node) -> Vec<Sub> {
        let Some(pairs) = self.pairs(node) else { return Vec::new() };
        let sets: Vec<&Node> = node.children("simpleMatchSet").collect();
        let [sources, targets] = sets[..] else {
            self.draft.errors.push("appariement sans ses deux listes".to_owned());
            return Vec::new();
        };
        let mut list = |set: &Node| -> Vec<(String, String)> {
            set.children("simpleAssociableChoice")
                .map(|c| {
                    let html = inner_html(c);
                    (c.attribute("identifier").unwrap_or_default().to_owned(), self.text(&html, "propositions"))
                })
                .collect()
        };
        let (sources, targets) = (list(sources), list(targets));
        self.associate(sources, targets, pairs)
    }

    fn gaps(&mut self, node: &Node) -> Vec<Sub> {
        let Some(pairs) = self.pairs(node) else { return Vec::new() };
        let mut gaps = Vec::new();
        node.all("gap", &mut gaps);
        let sources = gaps
            .iter()
            .enumerate()
            .map(|(i, gap)| {
                let stem = format!("Que faut-il à la place de ({}) ?", i + 1);
                (gap.attribute("identifier").unwrap_or_default().to_owned(), stem)
            })
            .collect();
        let targets = node
            .elements()
            .filter(|n| matches!(n.name.as_str(), "gapText" | "gapImg"))
            .map(|n| {
                let html = inner_html(n);
                (n.attribute("identifier").unwrap_or_default().to_owned(), self.text(&html, "propositions"))
            })
            .collect();
        // A gap's pair names the word first.
        let pairs = pairs.into_iter().map(|(word, gap)| (gap, word)).collect();
        self.associate(sources, targets, pairs)
    }

    /// "A B" in the key.
    fn pairs(&mut self, node: &Node) -> Option<Vec<(String, String)>> {
        let own = self.declared(node)?;
        let mut texts: Vec<&str> = own.correct.iter().map(String::as_str).collect();
        if texts.is_empty() {
            texts = own.mapping.iter().filter(|(_, v)| *v > 0.0).map(|(key, _)| key.as_str()).collect();
        }
        let pairs: Vec<(String, String)> = texts
            .into_iter()
            .filter_map(|text| text.split_once(char::is_whitespace))
            .map(|(a, b)| (a.to_owned(), b.trim().to_owned()))
            .collect();
        if pairs.is_empty() {
            self.draft.errors.push("appariement sans réponse juste".to_owned());
            return None;
        }
        Some(pairs)
    }

    fn associate(
        &mut self,
        sources: Vec<(String, String)>,
        targets: Vec<(String, String)>,
        pairs: Vec<(String, String)>,
    ) -> Vec<Sub> {
        let of = |source: &str| -> Vec<&str> {
            pairs.iter().filter(|(a, _)| a == source).map(|(_, b)| b.as_str()).collect()
        };
        let text = |id: &str| targets.iter().find(|(own, _)| own == id).map(|(_, text)| text.clone());
        if sources.iter().all(|(id, _)| of(id).len() == 1) {
            let asked: Vec<(String, String)> =
                sources.iter().filter_map(|(id, stem)| Some((stem.clone(), text(of(id).first()?)?))).collect();
            let others = targets.iter().map(|(_, text)| text.clone()).collect();
            return draft::matching(self.draft, asked, others);
        }
        sources
            .iter()
            .map(|(id, stem)| {
                let right = of(id);
                let propositions = targets
                    .iter()
                    .enumerate()
                    .map(|(i, (target, text))| {
                        let status = if right.contains(&target.as_str()) { Status::Vrai } else { Status::Faux };
                        draft::proposition(i, text.clone(), status, String::new())
                    })
                    .collect();
                Sub { stem: stem.clone(), body: Body::Qrm { propositions } }
            })
            .collect()
    }

    /// The image of an interaction, with its size in pixels.
    fn image(&mut self, node: &Node) -> Option<(f64, f64)> {
        let Some(object) = node.elements().find(|n| matches!(n.name.as_str(), "object" | "img")) else {
            self.draft.errors.push("question à zones sans image".to_owned());
            return None;
        };
        let src = object.attribute("data").or_else(|| object.attribute("src")).unwrap_or_default();
        let text = object.own_text();
        let alt = object.attribute("alt").unwrap_or(text.trim()).to_owned();
        let picture = Picture { src: src.to_owned(), alt: alt.clone() };
        match find_picture(&picture, self.context.archive, self.path, &mut self.context.names) {
            Ok(file) => {
                let pixels = |name: &str| object.attribute(name).and_then(|v| v.trim().parse::<u32>().ok());
                let size = media::size(&file.bytes).or_else(|| pixels("width").zip(pixels("height")));
                self.draft.take_picture(file, &alt);
                let Some((width, height)) = size.filter(|(w, h)| *w > 0 && *h > 0) else {
                    self.draft.errors.push(format!("l’image « {src} » n’a pas de taille en pixels"));
                    return None;
                };
                if let Some(image) = &mut self.draft.image {
                    (image.width, image.height) = (width, height);
                }
                Some((f64::from(width), f64::from(height)))
            }
            Err(reason) => {
                self.draft.errors.push(reason);
                None
            }
        }
    }

    fn hotspots(&mut self, node: &Node) -> Option<Body> {
        let size = self.image(node)?;
        let own = self.declared(node)?;
        let spots: Vec<(&Node, bool)> = node
            .children("hotspotChoice")
            .map(|c| (c, own.worth(c.attribute("identifier").unwrap_or_default()) > 0.0))
            .collect();
        let spare = spots.iter().filter(|(_, right)| !right).count();
        if spare > 0 {
            self.draft.lose(format!("{spare} zone(s) fausse(s) à cliquer"));
        }
        let mut zones = Vec::new();
        for (spot, _) in spots.into_iter().filter(|(_, right)| *right) {
            let text = |name: &str| spot.attribute(name).unwrap_or_default().to_owned();
            let label = spot.attribute("hotspotLabel").map(str::to_owned).unwrap_or_else(|| text("identifier"));
            self.zone(&mut zones, label, &text("shape"), &text("coords"), size);
        }
        self.qzp(zones)
    }

    fn points(&mut self, node: &Node) -> Option<Body> {
        let size = self.image(node)?;
        let own = self.declared(node)?;
        let areas: Vec<(String, String)> =
            own.areas.iter().filter(|(_, _, v)| *v > 0.0).map(|(s, c, _)| (s.clone(), c.clone())).collect();
        if areas.is_empty() {
            self.draft.errors.push("point à montrer sans zone autour (areaMapping)".to_owned());
        }
        let mut zones = Vec::new();
        for (i, (shape, coords)) in areas.into_iter().enumerate() {
            self.zone(&mut zones, format!("Zone {}", i + 1), &shape, &coords, size);
        }
        self.qzp(zones)
    }

    fn zone(&mut self, zones: &mut Vec<Zone>, name: String, shape: &str, coords: &str, size: (f64, f64)) {
        match pixels(shape, coords, size) {
            Some(shape) => {
                let id = ZoneId::new(format!("z{}", zones.len() + 1));
                zones.push(Zone { id, name, shape, comment: String::new() });
            }
            None => self.draft.errors.push(format!("zone « {shape} {coords} » illisible")),
        }
    }

    fn qzp(&mut self, zones: Vec<Zone>) -> Option<Body> {
        if zones.is_empty() {
            self.draft.errors.push("question sans zone juste".to_owned());
            return None;
        }
        Some(Body::Qzp { expected: u32::try_from(zones.len()).unwrap_or(u32::MAX), zones })
    }
}

/// "x,y,r", "left,top,right,bottom" or "x,y,x,y,…" in pixels.
fn pixels(shape: &str, coords: &str, (width, height): (f64, f64)) -> Option<Shape> {
    let numbers: Option<Vec<f64>> =
        coords.split(',').map(|n| n.trim().parse::<f64>().ok().filter(|v| v.is_finite())).collect();
    match (shape, numbers?.as_slice()) {
        ("circle", [x, y, r]) => Some(Shape::Circle { x: x / width, y: y / height, r: r / width }),
        ("rect", [left, top, right, bottom]) => Some(Shape::Rect {
            x: left / width,
            y: top / height,
            w: (right - left) / width,
            h: (bottom - top) / height,
        }),
        ("poly", list) if list.len() >= 6 && list.len().is_multiple_of(2) => {
            let mut corners: Vec<[f64; 2]> =
                list.as_chunks::<2>().0.iter().map(|[x, y]| [x / width, y / height]).collect();
            // HTML closes the outline by repeating its first corner.
            if corners.first() == corners.last() && corners.len() > 3 {
                corners.pop();
            }
            Some(Shape::Polygon(corners))
        }
        _ => None,
    }
}

fn find_picture(
    picture: &Picture,
    archive: Option<&crate::exchange::archive::Archive>,
    path: &str,
    names: &mut media::Names,
) -> Result<MediaFile, String> {
    if picture.src.starts_with("data:") {
        return media::extract(picture, &mut [], names);
    }
    match archive.and_then(|archive| archive.resolve(path, &picture.src)) {
        Some((file, content)) => names.take(file.rsplit('/').next().unwrap_or(&file), content.clone()),
        None => {
            let shown: String = picture.src.chars().take(80).collect();
            Err(format!("l’image « {shown} » n’est pas dans le fichier : non reprise"))
        }
    }
}

/// Feedbacks that are no comment of ours are told.
fn feedbacks(draft: &mut Draft, root: &Node, element: Option<&Element>) {
    let mut choices = Vec::new();
    root.all("simpleChoice", &mut choices);
    let known = |id: &str| id == "COMMENT" || choices.iter().any(|c| c.attribute("identifier") == Some(id));
    let lost = root.children("modalFeedback").any(|f| !known(f.attribute("identifier").unwrap_or_default()));
    let mut inside = Vec::new();
    for name in ["feedbackBlock", "feedbackInline"] {
        root.all(name, &mut inside);
    }
    if (lost || !inside.is_empty()) && element.is_some() {
        draft.lose("retours selon la réponse");
    }
}

/// The general comment, before what is already there. Of an essay, all that is told to markers and afterwards: it may
/// hold what answers are to be compared with.
fn commented(draft: &mut Draft, root: &Node, essay: bool) {
    let models = std::mem::take(&mut draft.comment);
    let general = root.children("modalFeedback").filter(|f| essay || f.attribute("identifier") == Some("COMMENT"));
    let general: Vec<&Node> = general.take(if essay { usize::MAX } else { 1 }).collect();
    let mut rubrics = Vec::new();
    if essay {
        root.all("rubricBlock", &mut rubrics);
        rubrics.retain(|node| is_aside(node));
    }
    for node in general.into_iter().chain(rubrics) {
        let text = draft.markdown(&inner_html(node), Markup::Html, "retour général", None);
        draft.add_comment(text);
    }
    draft.add_comment(models);
}
