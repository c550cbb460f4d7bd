//! A QTI package, written as it goes: items and pictures, then the test that orders them and the manifest.
//!
//! Isolated questions are in a part that may be walked freely; a case is a section with its opening text,
//! in a part of its own, linear where the case is progressive.

use super::names::{is_qti, kebab};
use super::{ours, response};
use crate::exchange::limits::Limits;
use crate::exchange::payload::{self, NAMESPACE};
use crate::exchange::render::{self, escape, inline};
use crate::exchange::write::{Elements, Export, Written};
use crate::exchange::xml::{Content, Node};
use crate::exchange::{WriteError, media};
use docimo_engine::Exact;
use docimo_engine::paper::{Case, Element, Part, Pdf};
use docimo_engine::question::{Body, Image, Proposition, Question, Shape, Video, Zone};
use docimo_engine::scheme::TcsRule;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, Write};
use zip::ZipWriter;
use zip::write::{SimpleFileOptions, StreamWriter};

/// A version that is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::exchange) enum Version {
    V21,
    V22,
    V30,
}

impl Version {
    fn namespace(self) -> &'static str {
        match self {
            Self::V21 => "http://www.imsglobal.org/xsd/imsqti_v2p1",
            Self::V22 => "http://www.imsglobal.org/xsd/imsqti_v2p2",
            Self::V30 => "http://www.imsglobal.org/xsd/imsqtiasi_v3p0",
        }
    }

    fn item_type(self) -> &'static str {
        match self {
            Self::V21 => "imsqti_item_xmlv2p1",
            Self::V22 => "imsqti_item_xmlv2p2",
            Self::V30 => "imsqti_item_xmlv3p0",
        }
    }

    fn test_type(self) -> &'static str {
        match self {
            Self::V21 => "imsqti_test_xmlv2p1",
            Self::V22 => "imsqti_test_xmlv2p2",
            Self::V30 => "imsqti_test_xmlv3p0",
        }
    }

    fn schema(self) -> (&'static str, &'static str) {
        match self {
            Self::V21 => ("QTIv2.1 Package", "1.0.0"),
            Self::V22 => ("QTIv2.2 Package", "1.0.0"),
            Self::V30 => ("QTI Package", "3.0.0"),
        }
    }
}

/// What an XML names a set of choices by.
fn choice_identifiers(list: &[Proposition]) -> Vec<String> {
    let mut taken = BTreeSet::new();
    list.iter()
        .enumerate()
        .map(|(i, p)| {
            let own = identifier(p.id.as_str());
            if taken.insert(own.clone()) { own } else { format!("{own}.{}", i + 1) }
        })
        .collect()
}

/// An identifier of QTI: letters, digits, `_`, `-` and `.`, not starting with a digit.
fn identifier(text: &str) -> String {
    let mut out: String =
        text.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.') { c } else { '-' }).collect();
    if !out.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        out.insert(0, '_');
    }
    // Names of our own variables and feedback.
    if matches!(out.as_str(), "RESPONSE" | "SCORE" | "COMMENT" | "FEEDBACK") {
        out.push('_');
    }
    out
}

struct Package<'a> {
    zip: ZipWriter<StreamWriter<&'a mut dyn Write>>,
    version: Version,
    manifest: String,
    /// Parts of the test, finished.
    test: String,
    /// References of isolated questions that wait for their part.
    waiting: String,
    parts: usize,
    items: usize,
    pictures: BTreeSet<String>,
}

pub(in crate::exchange) fn write(
    elements: Elements<'_>,
    export: &Export<'_>,
    version: Version,
    out: &mut dyn Write,
) -> Result<Written, WriteError> {
    let mut written = Written::default();
    let mut package = Package {
        zip: ZipWriter::new_stream(out),
        version,
        manifest: String::new(),
        test: String::new(),
        waiting: String::new(),
        parts: 0,
        items: 0,
        pictures: BTreeSet::new(),
    };
    while let Some(element) = elements.next() {
        match element {
            Element::Question(question) => {
                let reference = package.item(question, None, export, &mut written)?;
                package.waiting.push_str(&reference);
            }
            Element::Case(case) => package.case(case, export, &mut written)?,
        }
        written.elements += 1;
    }
    package.close_part();
    let title = escape(export.title);
    let test = format!(
        "<assessmentTest xmlns=\"{}\" xmlns:docimo=\"{NAMESPACE}\" identifier=\"docimo-test\" title=\"{title}\">\n{}</assessmentTest>\n",
        version.namespace(),
        package.test
    );
    package.xml("assessment.xml", &test)?;
    package.finish()?;
    Ok(written)
}

impl Package<'_> {
    fn file(&mut self, path: &str, bytes: &[u8]) -> Result<(), WriteError> {
        // No clock: the same questions make the same archive.
        let options = SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
        self.zip.start_file(path, options).map_err(|error| WriteError::Archive(error.to_string()))?;
        self.zip.write_all(bytes)?;
        Ok(())
    }

    /// An XML in the words of 2.x, turned to those of 3.0 if need be.
    fn xml(&mut self, path: &str, text: &str) -> Result<(), WriteError> {
        let head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
        let text = match self.version {
            Version::V21 | Version::V22 => format!("{head}{text}"),
            Version::V30 => {
                let mut out = String::from(head);
                serialise(&parsed(text)?, &mut out);
                out.push('\n');
                out
            }
        };
        self.file(path, text.as_bytes())
    }

    fn close_part(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        self.parts += 1;
        let (part, items) = (self.parts, std::mem::take(&mut self.waiting));
        let _ = writeln!(
            self.test,
            "<testPart identifier=\"part-{part}\" navigationMode=\"nonlinear\" submissionMode=\"simultaneous\">\n<assessmentSection identifier=\"section-{part}\" title=\"Questions isolées\" visible=\"true\">\n{items}</assessmentSection>\n</testPart>"
        );
    }

    fn case(&mut self, case: &Case, export: &Export<'_>, written: &mut Written) -> Result<(), WriteError> {
        self.close_part();
        self.parts += 1;
        let mut refs = String::new();
        for part in &case.parts {
            refs.push_str(&self.item(&part.question, Some(&part.text), export, written)?);
        }
        let json = serde_json::to_string(&Case { parts: Vec::new(), ..case.clone() }).map_err(io::Error::other)?;
        let mut intro = render::html(&case.intro);
        if let Some(article) = &case.article {
            let _ = write!(
                intro,
                "<p><strong>{}</strong></p><p>{}</p>{}",
                escape(&article.title),
                escape(&article.citation),
                render::html(&article.body)
            );
        }
        if let Some(image) = &case.image {
            intro.push_str(&self.picture(image, "", case.id.as_str(), export, written)?.0);
        }
        if let Some(pdf) = case.article.as_ref().and_then(|article| article.pdf.as_ref()) {
            intro.push_str(&self.pdf(pdf, case.id.as_str(), export, written)?);
        }
        let rubric = format!("<rubricBlock view=\"candidate\"><div>{intro}</div></rubricBlock>\n");
        let digest = ours::seen_text(&parsed(&format!("<assessmentSection>{rubric}</assessmentSection>"))?);
        let mode = if case.kind.is_progressive() { "linear" } else { "nonlinear" };
        let submission = if case.kind.is_progressive() { "individual" } else { "simultaneous" };
        let part = self.parts;
        let _ = writeln!(
            self.test,
            "<testPart identifier=\"part-{part}\" navigationMode=\"{mode}\" submissionMode=\"{submission}\">\n<assessmentSection identifier=\"{}\" title=\"{}\" visible=\"true\" docimo:digest=\"{digest}\" docimo:case=\"{}\">\n{rubric}{refs}</assessmentSection>\n</testPart>",
            identifier(case.id.as_str()),
            escape(&case.title),
            escape_json(&json)
        );
        Ok(())
    }

    /// Writes an item; the reference of the test to it comes back.
    fn item(
        &mut self,
        question: &Question,
        before: Option<&str>,
        export: &Export<'_>,
        written: &mut Written,
    ) -> Result<String, WriteError> {
        self.items += 1;
        let path = format!("items/q{:05}.xml", self.items);
        let own = identifier(question.id.as_str());
        let inside = self.inside(question, before, export, written)?;
        let digest = ours::seen(&parsed(&format!("<assessmentItem>{inside}</assessmentItem>"))?);
        let (name, json) = match before {
            Some(text) => {
                let part = Part { text: text.to_owned(), question: question.clone() };
                ("part", serde_json::to_string(&part))
            }
            None => ("question", serde_json::to_string(question)),
        };
        let json = escape_json(&json.map_err(io::Error::other)?);
        let title: String = render::plain(&question.stem).0.chars().take(80).collect();
        let xml = format!(
            "<assessmentItem xmlns=\"{}\" xmlns:docimo=\"{NAMESPACE}\" identifier=\"{own}\" title=\"{}\" adaptive=\"false\" timeDependent=\"false\" docimo:digest=\"{digest}\" docimo:{name}=\"{json}\">\n{inside}</assessmentItem>\n",
            self.version.namespace(),
            escape(&title)
        );
        self.xml(&path, &xml)?;
        let _ = writeln!(
            self.manifest,
            "<resource identifier=\"res-{:05}\" type=\"{}\" href=\"{path}\"><file href=\"{path}\"/></resource>",
            self.items,
            self.version.item_type()
        );
        let weight = if question.weight == Exact::ONE {
            String::new()
        } else {
            format!("<weight identifier=\"WEIGHT\" value=\"{}\"/>", question.weight.to_f64())
        };
        Ok(format!(
            "<assessmentItemRef identifier=\"ref-{:05}\" href=\"{path}\">{weight}</assessmentItemRef>\n",
            self.items
        ))
    }

    /// Declarations, body, processing and comments of an item.
    fn inside(
        &mut self,
        question: &Question,
        before: Option<&str>,
        export: &Export<'_>,
        written: &mut Written,
    ) -> Result<String, WriteError> {
        let id = question.id.as_str();
        let identifiers = choice_identifiers(question.body.propositions());
        let (outcomes, processing) = response::processing(question, &identifiers);
        let mut body = String::new();
        if let Some(text) = before.filter(|t| !t.is_empty()) {
            let _ = writeln!(body, "<div>{}</div>", render::html(text));
        }
        let _ = writeln!(body, "<div>{}</div>", render::html(&question.stem));
        let zones = matches!(question.body, Body::Qzp { .. });
        let mut picture = (String::new(), None);
        if let Some(image) = &question.image {
            picture = self.picture(image, "../", id, export, written)?;
            if !zones {
                body.push_str(&picture.0);
            }
        }
        if let Some(video) = &question.video {
            body.push_str(&self.video(video, id, export, written)?);
        }
        if question.scheme.is_some() {
            written.lost(id, "le barème propre à la question n’est pas celui de sa notation QTI");
        }
        let (declaration, interaction) = match &question.body {
            Body::Qzp { expected, zones } => match points(zones, *expected, picture.1) {
                Some(pair) => pair,
                None => {
                    written.lost(id, "l’image ou sa taille manque : la question n’a pas d’interaction QTI");
                    (String::new(), String::new())
                }
            },
            body => interaction(body, &identifiers),
        };
        body.push_str(&interaction);
        let mut text = declaration;
        text.push_str("<outcomeDeclaration identifier=\"SCORE\" cardinality=\"single\" baseType=\"float\"><defaultValue><value>0</value></defaultValue></outcomeDeclaration>\n");
        text.push_str(&outcomes);
        let commented: Vec<(&str, &str)> = question
            .body
            .propositions()
            .iter()
            .zip(&identifiers)
            .map(|(p, identifier)| (identifier.as_str(), p.comment.as_str()))
            .chain([("COMMENT", question.comment.as_str())])
            .filter(|(_, comment)| !comment.is_empty())
            .collect();
        if !commented.is_empty() {
            text.push_str(
                "<outcomeDeclaration identifier=\"FEEDBACK\" cardinality=\"multiple\" baseType=\"identifier\"/>\n",
            );
            written.lost(id, "les commentaires sont dans le fichier, sans que la notation QTI les montre");
        }
        let _ = write!(text, "<itemBody>\n{body}</itemBody>\n");
        if !interaction.is_empty() {
            text.push_str(&processing);
        }
        for (identifier, comment) in commented {
            let _ = writeln!(
                text,
                "<modalFeedback outcomeIdentifier=\"FEEDBACK\" identifier=\"{identifier}\" showHide=\"show\"><div>{}</div></modalFeedback>",
                render::html(comment)
            );
        }
        Ok(text)
    }

    /// Stores a picture; its element, and its place and size for an interaction.
    fn picture(
        &mut self,
        image: &Image,
        up: &str,
        id: &str,
        export: &Export<'_>,
        written: &mut Written,
    ) -> Result<(String, Option<Picture>), WriteError> {
        let Some(bytes) = (export.media)(&image.file) else {
            written.lost(id, format!("l’image « {} » est introuvable : elle n’est pas dans le paquet", image.file));
            return Ok((String::new(), None));
        };
        let name = media::file_name(&image.file, &bytes);
        if self.pictures.insert(name.clone()) {
            self.file(&format!("media/{name}"), &bytes)?;
        }
        let src = format!("{up}media/{}", media::percent_encoded(&name));
        let size = media::size(&bytes)
            .or_else(|| (image.width > 0 && image.height > 0).then_some((image.width, image.height)));
        let mime = media::sniff(&bytes).map_or("application/octet-stream", |(mime, _)| mime);
        let html = format!("<p><img src=\"{src}\" alt=\"{}\"/></p>\n", escape(&image.alt));
        let picture = size.map(|(width, height)| Picture { src, mime, alt: image.alt.clone(), width, height });
        Ok((html, picture))
    }

    /// Stores a PDF; the link to it from the test.
    fn pdf(&mut self, pdf: &Pdf, id: &str, export: &Export<'_>, written: &mut Written) -> Result<String, WriteError> {
        let Some(bytes) = (export.media)(&pdf.file) else {
            written.lost(id, format!("le PDF « {} » est introuvable : il n’est pas dans le paquet", pdf.file));
            return Ok(String::new());
        };
        let (src, mime) = self.stored(&pdf.file, &bytes)?;
        Ok(format!("<p><a href=\"{src}\" type=\"{mime}\">Article (PDF)</a></p>\n"))
    }

    /// Stores a video; its element, seen from an item.
    fn video(
        &mut self,
        video: &Video,
        id: &str,
        export: &Export<'_>,
        written: &mut Written,
    ) -> Result<String, WriteError> {
        let Some(bytes) = (export.media)(&video.file) else {
            written.lost(id, format!("la vidéo « {} » est introuvable : elle n’est pas dans le paquet", video.file));
            return Ok(String::new());
        };
        let (src, mime) = self.stored(&video.file, &bytes)?;
        let words = escape(&video.description);
        Ok(match self.version {
            Version::V21 | Version::V22 => {
                format!("<div><object data=\"../{src}\" type=\"{mime}\">{words}</object></div>\n")
            }
            Version::V30 => format!("<div><video src=\"../{src}\" controls=\"controls\">{words}</video></div>\n"),
        })
    }

    /// Puts a PDF or a video in the package, once; its path from the root and its type.
    fn stored(&mut self, file: &str, bytes: &[u8]) -> Result<(String, &'static str), WriteError> {
        let name = media::file_name(file, bytes);
        if self.pictures.insert(name.clone()) {
            self.file(&format!("media/{name}"), bytes)?;
        }
        let mime = media::sniff_document(bytes).map_or("application/octet-stream", |(mime, _)| mime);
        Ok((format!("media/{}", media::percent_encoded(&name)), mime))
    }

    fn finish(mut self) -> Result<(), WriteError> {
        let (schema, version) = self.version.schema();
        let mut resources = std::mem::take(&mut self.manifest);
        let _ = writeln!(
            resources,
            "<resource identifier=\"res-test\" type=\"{}\" href=\"assessment.xml\"><file href=\"assessment.xml\"/></resource>",
            self.version.test_type()
        );
        for name in &self.pictures {
            let path = format!("media/{}", media::percent_encoded(name));
            let _ = writeln!(
                resources,
                "<resource identifier=\"{}\" type=\"webcontent\" href=\"{path}\"><file href=\"{path}\"/></resource>",
                identifier(&format!("media-{name}"))
            );
        }
        let manifest = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<manifest xmlns=\"http://www.imsglobal.org/xsd/imscp_v1p1\" identifier=\"docimo-package\">\n<metadata><schema>{schema}</schema><schemaversion>{version}</schemaversion></metadata>\n<organizations/>\n<resources>\n{resources}</resources>\n</manifest>\n"
        );
        self.file("imsmanifest.xml", manifest.as_bytes())?;
        self.zip.finish().map_err(|error| WriteError::Archive(error.to_string()))?;
        Ok(())
    }
}

struct Picture {
    src: String,
    mime: &'static str,
    alt: String,
    width: u32,
    height: u32,
}

/// JSON in an attribute.
fn escape_json(json: &str) -> String {
    escape(&payload::json(json))
}

fn declare(cardinality: &str, base: &str, inside: &str) -> String {
    format!(
        "<responseDeclaration identifier=\"RESPONSE\" cardinality=\"{cardinality}\" baseType=\"{base}\">{inside}</responseDeclaration>\n"
    )
}

fn correct<'a>(values: impl Iterator<Item = &'a str>) -> String {
    let values: String = values.map(|v| format!("<value>{}</value>", escape(v))).collect();
    if values.is_empty() { String::new() } else { format!("<correctResponse>{values}</correctResponse>") }
}

fn map(entries: impl Iterator<Item = (String, f64)>, attributes: &str) -> String {
    let entries: String = entries
        .map(|(key, value)| format!("<mapEntry mapKey=\"{}\" mappedValue=\"{value}\"/>", escape(&key)))
        .collect();
    if entries.is_empty() {
        String::new()
    } else {
        format!("<mapping defaultValue=\"0\"{attributes}>{entries}</mapping>")
    }
}

/// Declaration and interaction of every kind but zones.
fn interaction(body: &Body, identifiers: &[String]) -> (String, String) {
    match body {
        Body::Qru { propositions } => {
            let right =
                propositions.iter().zip(identifiers).filter(|(p, _)| p.status.is_true()).map(|(_, i)| i.as_str());
            (declare("single", "identifier", &correct(right)), choices(propositions, identifiers, "1"))
        }
        Body::Qrm { propositions } | Body::Qcm { propositions } => {
            let right =
                propositions.iter().zip(identifiers).filter(|(p, _)| p.status.is_true()).map(|(_, i)| i.as_str());
            (declare("multiple", "identifier", &correct(right)), choices(propositions, identifiers, "0"))
        }
        Body::Qrp { expected, propositions } | Body::Qrpl { expected, propositions } => {
            let right: Vec<&str> = propositions
                .iter()
                .zip(identifiers)
                .filter(|(p, _)| p.status.is_true())
                .map(|(_, i)| i.as_str())
                .collect();
            let share = 1.0 / f64::from((*expected).max(1));
            let mapped = map(right.iter().map(|i| ((*i).to_owned(), share)), " upperBound=\"1\"");
            let inside = format!("{}{mapped}", correct(right.iter().copied()));
            (declare("multiple", "identifier", &inside), choices(propositions, identifiers, &expected.to_string()))
        }
        body @ Body::Qroc { .. } if body.lacks_key() => {
            let interaction = "<extendedTextInteraction responseIdentifier=\"RESPONSE\" expectedLines=\"15\"></extendedTextInteraction>\n";
            (declare("single", "string", ""), interaction.to_owned())
        }
        Body::Qroc { exact, acceptable, .. } => {
            let entries = exact.iter().map(|t| (t.clone(), 1.0)).chain(acceptable.iter().map(|t| (t.clone(), 0.5)));
            let mapped: String = entries
                .map(|(key, value)| {
                    format!("<mapEntry mapKey=\"{}\" mappedValue=\"{value}\" caseSensitive=\"false\"/>", escape(&key))
                })
                .collect();
            let inside = format!(
                "{}<mapping defaultValue=\"0\">{mapped}</mapping>",
                correct(exact.iter().take(1).map(String::as_str))
            );
            let interaction = "<p><textEntryInteraction responseIdentifier=\"RESPONSE\" expectedLength=\"40\"/></p>\n";
            (declare("single", "string", &inside), interaction.to_owned())
        }
        Body::Tcs { hypothesis, finding, panel, .. } => {
            let credits = TcsRule::ShareOfMode.credits(panel);
            let identifiers = ["m2", "m1", "z0", "p1", "p2"];
            let best = credits.iter().position(|c| *c == Exact::ONE);
            let mapped = map(identifiers.iter().zip(credits).map(|(i, c)| ((*i).to_owned(), c.to_f64())), "");
            let inside = format!("{}{mapped}", correct(best.map(|i| identifiers[i]).into_iter()));
            let labels = ["−2", "−1", "0", "+1", "+2"];
            let options: String = identifiers
                .iter()
                .zip(labels)
                .map(|(i, label)| format!("<simpleChoice identifier=\"{i}\" fixed=\"true\">{label}</simpleChoice>\n"))
                .collect();
            let text = format!(
                "<choiceInteraction responseIdentifier=\"RESPONSE\" shuffle=\"false\" maxChoices=\"1\">\n<prompt>Si vous pensiez à : {}, et que vous trouvez : {}, l’hypothèse devient :</prompt>\n{options}</choiceInteraction>\n",
                escape(&render::plain(hypothesis).0),
                escape(&render::plain(finding).0)
            );
            (declare("single", "identifier", &inside), text)
        }
        Body::Qzp { .. } => (String::new(), String::new()),
    }
}

fn choices(propositions: &[Proposition], identifiers: &[String], most: &str) -> String {
    let options: String = propositions
        .iter()
        .zip(identifiers)
        .map(|(p, i)| format!("<simpleChoice identifier=\"{i}\">{}</simpleChoice>\n", inline(&p.text)))
        .collect();
    format!(
        "<choiceInteraction responseIdentifier=\"RESPONSE\" shuffle=\"true\" maxChoices=\"{most}\">\n{options}</choiceInteraction>\n"
    )
}

/// Points to show on the image, one for each zone.
fn points(zones: &[Zone], expected: u32, picture: Option<Picture>) -> Option<(String, String)> {
    let Picture { src, mime, alt, width, height } = picture?;
    let (w, h) = (f64::from(width), f64::from(height));
    let share = 1.0 / f64::from(expected.max(1));
    let mut areas = String::new();
    for zone in zones {
        let (shape, coords) = match &zone.shape {
            Shape::Circle { x, y, r } => ("circle", format!("{:.0},{:.0},{:.0}", x * w, y * h, r * w)),
            Shape::Rect { x, y, w: dx, h: dy } => {
                ("rect", format!("{:.0},{:.0},{:.0},{:.0}", x * w, y * h, (x + dx) * w, (y + dy) * h))
            }
            Shape::Polygon(corners) => {
                let corners: Vec<String> = corners.iter().map(|[x, y]| format!("{:.0},{:.0}", x * w, y * h)).collect();
                ("poly", corners.join(","))
            }
        };
        let _ = write!(areas, "<areaMapEntry shape=\"{shape}\" coords=\"{coords}\" mappedValue=\"{share}\"/>");
    }
    let inside = format!("<areaMapping defaultValue=\"0\" upperBound=\"1\">{areas}</areaMapping>");
    let interaction = format!(
        "<selectPointInteraction responseIdentifier=\"RESPONSE\" maxChoices=\"{expected}\"><object data=\"{src}\" type=\"{mime}\" width=\"{width}\" height=\"{height}\">{}</object></selectPointInteraction>\n",
        escape(&alt)
    );
    Some((declare("multiple", "point", &inside), interaction))
}

fn parsed(text: &str) -> Result<Node, WriteError> {
    let limits = Limits::default();
    let limits = Limits { question_bytes: limits.file_bytes, ..limits };
    let file = crate::exchange::xml::File::open(text.as_bytes(), &limits).map_err(io::Error::other)?;
    Ok(file.whole().map_err(io::Error::other)?)
}

/// The tree in the words of 3.0.
fn serialise(node: &Node, out: &mut String) {
    let qti = is_qti(&node.name);
    let name = if qti { format!("qti-{}", kebab(&node.name)) } else { node.name.clone() };
    out.push('<');
    out.push_str(&name);
    for (attribute, value) in &node.attributes {
        let attribute =
            if qti && !attribute.contains(':') && attribute != "xmlns" { kebab(attribute) } else { attribute.clone() };
        let value = match (attribute.as_str(), value.rsplit_once("/rptemplates/")) {
            ("template", Some((_, name))) => {
                format!("https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/{name}.xml")
            }
            _ => value.clone(),
        };
        let _ = write!(out, " {attribute}=\"{}\"", escape(&value));
    }
    if node.content.is_empty() {
        out.push_str("/>");
        return;
    }
    out.push('>');
    for content in &node.content {
        match content {
            Content::Text(text) => out.push_str(&escape(text).replace("&#10;", "\n")),
            Content::Element(inner) => serialise(inner, out),
        }
    }
    let _ = write!(out, "</{name}>");
}
