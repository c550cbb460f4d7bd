//! The XML that Moodle exports from its question bank. The file is streamed: one question at a time is
//! held as a small tree. What its types become:
//!
//! | Moodle | here |
//! |---|---|
//! | `multichoice`, one answer | QRU |
//! | `multichoice`, several | QRM; QRP, QRPL or QCM where a tag `docimo:QRP`… says so |
//! | `truefalse` | QRU "Vrai / Faux" |
//! | `shortanswer` | QROC: 100 % is exact, any other credit is acceptable |
//! | `numerical` | QROC: the values within the tolerance, listed if they are few |
//! | `matching` | QCM if its answers are true and false, else a small case of QRU |
//! | `gapselect`, `ddwtos`, `cloze` | a small case of QRU and QROC |
//! | `ddmarker`, `ddimageortext` | QZP |
//! | `description` | the opening of a case of ours, else told |
//! | `essay` | QROC without a key; what is told to markers goes to the comment |
//! | `calculated`, `random`… | told: no kind holds them |
//!
//! `defaultgrade` is the weight, `idnumber` the identifier, `generalfeedback` the comment. Penalties,
//! hints, shuffling and credits other than a half are told as lost.

mod cloze;
mod kinds;
mod ours;
mod write;
mod zones;

pub(super) use write::write;

use super::draft::{self, Answer, Draft, Markup};
use super::identity;
use super::limits::Limits;
use super::media::{self, Names};
use super::xml::{File, Node};
use super::{Faulty, Imported, Raw, ReadError};
use docimo_engine::paper::Element;
use docimo_engine::question::{Body, Rank};
use std::io::Read;

pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Raw, ReadError> {
    let mut raw = Raw::default();
    raw.warnings = each(bytes, limits, |entry| {
        raw.entries.push(entry);
        if raw.entries.len() > limits.entries {
            return Err(ReadError::TooManyEntries { limit: limits.entries });
        }
        Ok(())
    })?;
    Ok(raw)
}

/// Gives the entries one by one; the warnings are of the file.
pub(super) fn each(
    source: impl Read,
    limits: &Limits,
    mut give: impl FnMut(Result<Imported, Faulty>) -> Result<(), ReadError>,
) -> Result<Vec<String>, ReadError> {
    let mut file = File::open(source, limits)?;
    match file.root().name.as_str() {
        "quiz" => {}
        "MOODLE_BACKUP" | "moodle_backup" => return Err(ReadError::MoodleBackup),
        other => return Err(ReadError::NotQuiz { root: other.chars().take(80).collect() }),
    }
    let mut reader = Reader { names: Names::new(limits.picture_bytes), ..Reader::default() };
    while let Some(node) = file.next()? {
        if node.name != "question" {
            reader.close(&mut give)?;
            let reason = format!("élément <{}> inattendu : il n’a pas été lu", node.name);
            give(Err(Faulty::error(format!("ligne {}", node.line), reason)))?;
        } else if node.attribute("type").unwrap_or_default().trim() == "category" {
            reader.close(&mut give)?;
            reader.category(&node);
        } else {
            reader.question(&node, &mut give)?;
        }
    }
    reader.close(&mut give)?;
    Ok(file.warning().into_iter().collect())
}

/// What lasts from a question to the next.
#[derive(Default)]
struct Reader {
    number: usize,
    category: Option<String>,
    /// The category has a description that nothing keeps: to be told once.
    category_info: bool,
    names: Names,
    /// A case of ours whose questions are coming.
    open: Option<ours::Open>,
}

impl Reader {
    fn category(&mut self, node: &Node) {
        let path = node.child("category").map(Node::text).unwrap_or_default();
        // "$course$/top/Cardiologie": the place in Moodle is not part of the name.
        let mut steps: Vec<&str> = path.trim().split('/').map(str::trim).collect();
        if steps.first().is_some_and(|s| s.starts_with('$') && s.ends_with('$')) {
            steps.remove(0);
        }
        if steps.first() == Some(&"top") {
            steps.remove(0);
        }
        let name = steps.join("/");
        self.category = (!name.is_empty()).then_some(name);
        self.category_info = node.child("info").is_some_and(|info| !info.text().trim().is_empty());
    }

    /// Ends the case whose questions were coming.
    fn close(
        &mut self,
        give: &mut impl FnMut(Result<Imported, Faulty>) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        match self.open.take() {
            Some(open) => give(open.close()),
            None => Ok(()),
        }
    }

    fn question(
        &mut self,
        node: &Node,
        give: &mut impl FnMut(Result<Imported, Faulty>) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        self.number += 1;
        let place = format!("question {}, ligne {}", self.number, node.line);
        let own = ours::Own::of(node);
        if let (Some(own), Some(open)) = (&own, &mut self.open)
            && own.belongs_to(open)
        {
            let visible = visible(node, place, self.category.as_deref(), &mut self.names);
            open.part(own, visible);
            return if open.is_full() { self.close(give) } else { Ok(()) };
        }
        self.close(give)?;
        if let Some(open) =
            own.as_ref().and_then(|own| own.opening(node, &place, self.category.as_deref(), &mut self.names))
        {
            self.open = Some(open);
            return Ok(());
        }
        let mut entry = visible(node, place, self.category.as_deref(), &mut self.names);
        if let Some(own) = own {
            entry = own.instead_of(entry, self.category.as_deref());
        }
        if std::mem::take(&mut self.category_info)
            && let Ok(entry) = &mut entry
        {
            entry.warnings.push("la description de la catégorie n’est pas reprise".to_owned());
        }
        give(entry)
    }
}

/// The question as Moodle shows it.
fn visible(node: &Node, place: String, category: Option<&str>, names: &mut Names) -> Result<Imported, Faulty> {
    let kind = node.attribute("type").unwrap_or_default().trim();
    let mut draft = Draft::default();
    let name = title(node);
    let alone = |body: Body| Some(Element::Question(draft::question(String::new(), body)));
    let mut element = match kind {
        "multichoice" => alone(draft.multichoice(node)),
        "truefalse" => alone(draft.truefalse(node)),
        "shortanswer" => {
            if node.child("usecase").is_some_and(|n| is_yes(&n.text())) {
                draft.lose("respect de la casse");
            }
            let answers = draft.answers(node);
            alone(draft.open(answers))
        }
        "numerical" => alone(draft.numerical(node)),
        "matching" | "match" => draft.matching(node, &name),
        "gapselect" | "ddwtos" => draft.gaps(node, &name),
        "cloze" | "multianswer" => cloze::read(&mut draft, node, &name),
        "ddmarker" => draft.markers(node, names).and_then(alone),
        "ddimageortext" => draft.drops(node, names).and_then(alone),
        "" => return Err(Faulty::error(place, "question sans type")),
        "description" => {
            let reason = format!("texte sans question{} : à reprendre à la main, dans un dossier", titled(&name));
            return Err(Faulty::warning(place, reason));
        }
        "essay" => alone(draft.essay()),
        other => {
            return Err(Faulty::error(place, format!("type « {other} » non pris en charge{}", titled(&name))));
        }
    };
    let stem = if matches!(kind, "gapselect" | "ddwtos" | "cloze" | "multianswer") {
        draft.stem_pictures(node, names);
        None
    } else {
        Some(draft.stem(node, names))
    };
    match (&mut element, stem) {
        (Some(Element::Question(question)), Some(stem)) => question.stem = stem,
        (Some(Element::Case(case)), Some(stem)) => case.intro = stem,
        _ => {}
    }
    if let Some(feedback) = node.child("generalfeedback") {
        let text = draft.node_markdown(feedback, "retour général", None);
        // Before the comments that the answers of a short question may have left.
        draft.comment = [text, std::mem::take(&mut draft.comment)]
            .into_iter()
            .filter(|t| !t.is_empty())
            .collect::<Vec<_>>()
            .join("\n\n");
    }
    if let Some(guide) = node.child("graderinfo") {
        let text = draft.node_markdown(guide, "indications de correction", None);
        draft.add_comment(text);
    }
    draft.settings(node, kind);
    if let Some(element) = &mut element {
        let tags = hints(element, tags(node));
        match element {
            Element::Question(question) => question.tags = tags,
            Element::Case(case) => case.tags = tags,
        }
    }
    let id = node.child("idnumber").and_then(|n| identity::given(&n.text(), category));
    draft.finish(place, id, category, element)
}

/// Takes out of the tags what they say of the kind and of the rank.
pub(super) fn hints(element: &mut Element, mut tags: Vec<String>) -> Vec<String> {
    let Element::Question(question) = element else { return tags };
    tags.retain(|tag| match tag.as_str() {
        "rang:A" => {
            question.rank = Some(Rank::A);
            false
        }
        "rang:B" => {
            question.rank = Some(Rank::B);
            false
        }
        "docimo:QRP" | "docimo:QRPL" | "docimo:QCM" => {
            let Some(list) = question.body.propositions_mut().map(std::mem::take) else { return true };
            let expected = u32::try_from(list.iter().filter(|p| p.status.is_true()).count()).unwrap_or(0);
            question.body = match tag.as_str() {
                "docimo:QRP" => Body::Qrp { expected, propositions: list },
                "docimo:QRPL" => Body::Qrpl { expected, propositions: list },
                _ => Body::Qcm { propositions: list },
            };
            false
        }
        _ => true,
    });
    tags
}

fn title(node: &Node) -> String {
    let name = node.child("name").map(Node::text).unwrap_or_default();
    name.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(80).collect()
}

/// " (« name »)", to find a question in Moodle.
fn titled(name: &str) -> String {
    if name.is_empty() { String::new() } else { format!(" (« {name} »)") }
}

fn tags(node: &Node) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    for list in ["tags", "coursetags"] {
        for tag in node.children(list).flat_map(|n| n.children("tag")) {
            let tag = tag.text().split_whitespace().collect::<Vec<_>>().join(" ");
            if !tag.is_empty() && !tags.contains(&tag) {
                tags.push(tag);
            }
        }
    }
    tags
}

/// As Moodle reads a setting.
fn is_yes(text: &str) -> bool {
    matches!(text.trim().to_ascii_lowercase().as_str(), "1" | "true" | "yes" | "on")
}

fn markup(node: &Node) -> Markup {
    match node.attribute("format").unwrap_or("html").trim() {
        "plain_text" => Markup::Plain,
        "markdown" => Markup::Markdown,
        "moodle_auto_format" => Markup::Auto,
        _ => Markup::Html,
    }
}

impl Draft {
    /// The text of an element in Markdown.
    fn node_markdown(&mut self, node: &Node, place: &str, pictures: Option<&mut Vec<super::html::Picture>>) -> String {
        let Some(raw) = self.raw_text(node) else { return String::new() };
        self.markdown(&raw, markup(node), place, pictures)
    }

    /// The `<text>` of an element, as it was written.
    fn raw_text(&mut self, node: &Node) -> Option<String> {
        if let Some(inner) = node.child("text").and_then(|text| text.elements().next()) {
            self.errors.push(format!(
                "<{}>, ligne {} : des balises HTML (<{}>) hors de CDATA",
                node.name, inner.line, inner.name
            ));
            return None;
        }
        Some(node.text())
    }

    fn stem(&mut self, node: &Node, names: &mut Names) -> String {
        let Some(text) = node.child("questiontext") else {
            self.errors.push("question sans <questiontext>".to_owned());
            return String::new();
        };
        let mut pictures = Vec::new();
        let stem = self.node_markdown(text, "énoncé", Some(&mut pictures));
        self.attach(node, text, pictures, names);
        stem
    }

    /// The pictures of a stem whose text is read elsewhere.
    fn stem_pictures(&mut self, node: &Node, names: &mut Names) {
        let Some(text) = node.child("questiontext") else { return };
        let found = super::html::to_markdown(&text.text(), super::html::LineFeed::Space);
        self.attach(node, text, found.pictures, names);
    }

    fn attach(&mut self, node: &Node, text: &Node, mut pictures: Vec<super::html::Picture>, names: &mut Names) {
        let mut files = media::attached(text);
        // Until Moodle 1.9 the picture stood beside the text.
        if let (Some(name), Some(data)) = (node.child("image"), node.child("image_base64")) {
            let name = name.text().trim().to_owned();
            if !name.is_empty()
                && !pictures.iter().any(|p| media::plugin_file(&p.src).as_deref() == Some(name.as_str()))
            {
                let src = format!("@@PLUGINFILE@@/{}", media::percent_encoded(&name));
                pictures.push(super::html::Picture { src, alt: String::new() });
            }
            files.push(media::Attached { name, base64: data.text(), used: false });
        } else if node.child("image").is_some_and(|n| !n.text().trim().is_empty()) {
            self.warnings.push("l’image jointe (Moodle 1.9) n’est pas dans le fichier".to_owned());
        }
        for picture in &pictures {
            if self.image.is_some() {
                media::mark_used(&mut files, &picture.src);
            }
        }
        let before = self.image.is_some();
        self.pictures(&pictures, names, |picture, names| draft::attached(picture, &mut files, names));
        if !before && pictures.len() > 1 {
            pictures.iter().for_each(|picture| media::mark_used(&mut files, &picture.src));
        }
        let unused: Vec<String> = files.iter().filter(|f| !f.used).map(|f| format!("« {} »", f.name)).collect();
        if !unused.is_empty() {
            self.warnings.push(format!("fichiers joints non repris : {}", unused.join(", ")));
        }
    }

    fn answers(&mut self, node: &Node) -> Vec<Answer> {
        let mut answers = Vec::new();
        for (i, answer) in node.children("answer").enumerate() {
            let fraction = self.fraction(answer, i);
            let markdown = self.node_markdown(answer, "propositions", None);
            let raw = answer.text();
            let comment =
                answer.child("feedback").map(|f| self.node_markdown(f, "commentaires", None)).unwrap_or_default();
            for inner in answer.elements() {
                match inner.name.as_str() {
                    "text" | "feedback" | "tolerance" => {}
                    // Named with the images that show them.
                    "file" => {
                        self.lost_images.insert("propositions".to_owned());
                    }
                    other => self.lose(format!("<{other}> des réponses")),
                }
            }
            answers.push(Answer { fraction, raw, markdown, comment });
        }
        if answers.is_empty() {
            self.errors.push("question sans réponse".to_owned());
        }
        answers
    }

    fn fraction(&mut self, answer: &Node, index: usize) -> f64 {
        let written = answer.attribute("fraction").unwrap_or_default().trim().replace(',', ".");
        match written.parse::<f64>() {
            Ok(fraction) if fraction.is_finite() => fraction,
            _ => {
                let line = answer.line;
                self.errors.push(format!("réponse {}, ligne {line} : fraction « {written} » illisible", index + 1));
                0.0
            }
        }
    }

    /// Everything else that Moodle says of the question.
    fn settings(&mut self, node: &Node, kind: &str) {
        for child in node.elements() {
            let text = child.text();
            let text = text.trim();
            let number = || text.replace(',', ".").parse::<f64>().ok();
            let lost = match child.name.as_str() {
                // Read elsewhere.
                "name" | "questiontext" | "generalfeedback" | "idnumber" | "single" | "usecase" | "tags"
                | "coursetags" | "answer" | "image" | "image_base64" | "docimo" => None,
                "subquestion" | "selectoption" | "dragbox" | "drag" | "drop" | "showmisplaced" | "file"
                    if kind != "multichoice" =>
                {
                    None
                }
                "units" | "unitgradingtype" | "unitpenalty" | "showunits" | "unitsleft" if kind == "numerical" => {
                    (child.name == "units" && !child.content.is_empty()).then_some("unités")
                }
                "graderinfo" => None,
                // How the answer is typed: a QROC has its own way.
                "responseformat" | "responserequired" | "responsefieldlines" if kind == "essay" => None,
                "attachments" | "attachmentsrequired" if kind == "essay" => {
                    (number() != Some(0.0)).then_some("pièces jointes à la réponse")
                }
                "minwordlimit" | "maxwordlimit" if kind == "essay" => {
                    (number() != Some(0.0)).then_some("nombre de mots imposé")
                }
                "filetypeslist" | "maxbytes" if kind == "essay" => None,
                _ if text.is_empty() && child.elements().all(|c| c.name == "text") => {
                    // Empty, but there: these say yes by being there.
                    (child.name == "shownumcorrect").then_some("nombre de réponses justes annoncé")
                }
                "shownumcorrect" => Some("nombre de réponses justes annoncé"),
                "penalty" => (number() != Some(0.0)).then_some("pénalité par essai"),
                "defaultgrade" => {
                    self.points(text);
                    None
                }
                "hidden" => is_yes(text).then_some("question masquée"),
                "shuffleanswers" if is_yes(text) => Some("mélange des réponses"),
                "shuffleanswers" => Some("ordre fixe des réponses"),
                "answernumbering" => (!matches!(text, "abc" | "ABC" | "ABCD")).then_some("numérotation des réponses"),
                "showstandardinstruction" => None,
                "correctfeedback" | "partiallycorrectfeedback" | "incorrectfeedback" => {
                    Some("retours selon la réussite (juste, partielle, fausse)")
                }
                "responsetemplate" => Some("texte proposé au candidat"),
                "hint" => Some("indices"),
                other => {
                    self.lose(format!("<{other}>"));
                    None
                }
            };
            self.lost.extend(lost.map(str::to_owned));
        }
        // Moodle keeps the last of two; so do the names of elements read by name, which keep the first.
        for name in ["name", "questiontext", "generalfeedback", "idnumber", "single"] {
            if node.children(name).count() > 1 {
                self.warnings.push(format!("<{name}> est donné plusieurs fois : le premier est gardé"));
            }
        }
        for name in ["generalfeedback", "name"] {
            if node.children(name).any(|n| n.child("file").is_some()) {
                self.lost_images.insert("retour général".to_owned());
            }
        }
    }
}

#[cfg(test)]
#[path = "moodle_tests.rs"]
mod tests;
