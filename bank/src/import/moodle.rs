//! The XML that Moodle exports from its question bank. The file is streamed: one question at a time is
//! held as a small tree, bounded in depth and size. Nothing outside the file is ever fetched, and
//! entities beyond the five of XML are refused.

mod media;
mod tree;

use super::html::{self, Converted, LineFeed, Picture};
use super::{Faulty, Imported, MISSING_ALT, MediaFile, Raw, ReadError};
use docimo_engine::paper::Element;
use docimo_engine::question::{Body, Image, Proposition, Question, Status};
use docimo_engine::{Exact, PropositionId, QuestionId, qroc};
use media::Names;
use std::collections::{BTreeSet, HashMap};
use tree::{Item, Node};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

pub(super) fn read(text: &str) -> Result<Raw, ReadError> {
    let mut file = tree::File::open(text)?;
    let mut reader = Reader::default();
    let mut entries = Vec::new();
    let mut warnings = Vec::new();
    while let Some(item) = file.next()? {
        match item {
            Item::Question(node) => match node.attribute("type").unwrap_or_default().trim() {
                "category" => reader.category(&node),
                _ => entries.push(reader.question(&node)),
            },
            Item::Other { name, line } => {
                let reason = format!("élément <{name}> inattendu : il n’a pas été lu");
                entries.push(Err(Faulty { place: format!("ligne {line}"), reason }));
            }
        }
    }
    if entries.is_empty() {
        warnings.push("le fichier ne contient aucune question".to_owned());
    }
    Ok(Raw { title: None, entries, warnings })
}

/// What lasts from a question to the next.
#[derive(Default)]
struct Reader {
    number: usize,
    category: Option<String>,
    /// The category has a description that nothing keeps: to be told once.
    category_info: bool,
    /// Bearer of each id.
    ids: HashMap<String, String>,
    /// Next suffix to try for each id wanted twice.
    suffixes: HashMap<String, usize>,
    names: Names,
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

    fn question(&mut self, node: &Node) -> Result<Imported, Faulty> {
        self.number += 1;
        let place = format!("question {}, ligne {}", self.number, node.line);
        let kind = node.attribute("type").unwrap_or_default().trim();
        let mut draft = Draft::default();
        let body = match kind {
            "multichoice" => draft.multichoice(node),
            "truefalse" => draft.truefalse(node),
            "shortanswer" => draft.shortanswer(node),
            "" => {
                return Err(Faulty { place, reason: "question sans type".to_owned() });
            }
            other => {
                let reason = format!("type « {other} » non pris en charge pour l’instant");
                return Err(Faulty { place, reason: format!("{reason}{}", titled(node)) });
            }
        };
        let (id, note) = self.id(node, &place);
        draft.warnings.extend(note);
        let stem = draft.stem(node, &mut self.names);
        if let Some(feedback) = node.child("generalfeedback") {
            let text = draft.markdown(feedback, "retour général", None);
            // Before the comments that the answers of a short question may have left.
            draft.comment = [text, std::mem::take(&mut draft.comment)]
                .into_iter()
                .filter(|t| !t.is_empty())
                .collect::<Vec<_>>()
                .join("\n\n");
        }
        draft.settings(node);
        if std::mem::take(&mut self.category_info) {
            draft.warnings.push("la description de la catégorie n’est pas reprise".to_owned());
        }
        if !draft.errors.is_empty() {
            return Err(Faulty { place, reason: draft.errors.join(" ; ") });
        }
        let tags = tags(node);
        let element = Element::Question(Question {
            id: QuestionId::new(id),
            stem,
            image: draft.image.take(),
            body,
            weight: Exact::ONE,
            rank: None,
            tags,
            comment: std::mem::take(&mut draft.comment),
            source: String::new(),
            scheme: None,
        });
        let media = std::mem::take(&mut draft.media);
        Ok(Imported { place, element, category: self.category.clone(), media, warnings: draft.all_warnings() })
    }

    /// A slug of the idnumber, else of the name, else of the rank in the file, not yet taken.
    fn id(&mut self, node: &Node, place: &str) -> (String, Option<String>) {
        let text = |name: &str| node.child(name).map(Node::text).unwrap_or_default().trim().to_owned();
        let wanted = [text("idnumber"), text("name")].into_iter().map(|t| slug(&t)).find(|s| !s.is_empty());
        let wanted = wanted.unwrap_or_else(|| format!("question-{}", self.number));
        let mut id = wanted.clone();
        let mut note = None;
        if let Some(first) = self.ids.get(&wanted) {
            let suffix = self.suffixes.entry(wanted.clone()).or_insert(2);
            while self.ids.contains_key(&id) {
                id = format!("{wanted}-{suffix}");
                *suffix += 1;
            }
            note = Some(format!("identifiant « {wanted} » déjà pris par {first} : devient « {id} »"));
        }
        self.ids.insert(id.clone(), place.to_owned());
        (id, note)
    }
}

/// " (« name »)", to find a question in Moodle.
fn titled(node: &Node) -> String {
    let name = node.child("name").map(Node::text).unwrap_or_default();
    let name: String = name.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(80).collect();
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

/// `[a-z0-9-]`, at most 64 characters, the same for the same text for ever.
pub(super) fn slug(text: &str) -> String {
    let mut out = String::new();
    for c in text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase) {
        match c {
            'œ' => out.push_str("oe"),
            'æ' => out.push_str("ae"),
            c if c.is_ascii_alphanumeric() => out.push(c),
            _ if out.is_empty() || out.ends_with('-') => {}
            _ => out.push('-'),
        }
    }
    if out.len() > 64 {
        out.truncate(64);
        // At the end of a word, if that leaves enough.
        if let Some(cut) = out.rfind('-').filter(|cut| *cut >= 32) {
            out.truncate(cut);
        }
    }
    out.trim_end_matches('-').to_owned()
}

/// A question being made, with what is said about it.
#[derive(Default)]
struct Draft {
    errors: Vec<String>,
    warnings: Vec<String>,
    /// Settings and texts of Moodle without equivalent here.
    lost: BTreeSet<String>,
    stripped: BTreeSet<String>,
    links: BTreeSet<String>,
    /// Images elsewhere than in the stem, by place.
    lost_images: BTreeSet<String>,
    comment: String,
    image: Option<Image>,
    media: Vec<MediaFile>,
}

struct Answer {
    /// In percent.
    fraction: f64,
    /// As it was written.
    raw: String,
    markdown: String,
    comment: String,
}

impl Draft {
    fn all_warnings(mut self) -> Vec<String> {
        let listed = |set: BTreeSet<String>| set.into_iter().collect::<Vec<_>>().join(", ");
        if !self.lost_images.is_empty() {
            self.warnings
                .push(format!("images non reprises (seul l’énoncé peut en avoir une) : {}", listed(self.lost_images)));
        }
        if !self.links.is_empty() {
            self.warnings.push(format!("liens retirés, leur texte est gardé : {}", listed(self.links)));
        }
        if !self.stripped.is_empty() {
            self.warnings.push(format!("mise en forme retirée : {}", listed(self.stripped)));
        }
        if !self.lost.is_empty() {
            self.warnings.push(format!("non repris de Moodle : {}", listed(self.lost)));
        }
        self.warnings
    }

    /// The text of an element in Markdown. Its pictures go to `pictures`, or are told lost by `place`.
    fn markdown(&mut self, node: &Node, place: &str, pictures: Option<&mut Vec<Picture>>) -> String {
        let Some(raw) = self.raw_text(node) else { return String::new() };
        let found = match node.attribute("format").unwrap_or("html").trim() {
            "plain_text" => Converted { markdown: html::plain_to_markdown(&raw), ..Converted::default() },
            "markdown" => Converted { markdown: raw.trim().to_owned(), ..Converted::default() },
            "moodle_auto_format" => html::to_markdown(raw.trim(), LineFeed::Break),
            _ => html::to_markdown(&raw, LineFeed::Space),
        };
        self.stripped.extend(found.stripped);
        self.links.extend(found.links.into_iter().map(|mut link| {
            if let Some((at, _)) = link.char_indices().nth(80) {
                link.truncate(at);
                link.push('…');
            }
            link
        }));
        match pictures {
            Some(pictures) => pictures.extend(found.pictures),
            None if !found.pictures.is_empty() => {
                self.lost_images.insert(place.to_owned());
            }
            None => {}
        }
        found.markdown
    }

    /// The `<text>` of an element, as it was written.
    fn raw_text(&mut self, node: &Node) -> Option<String> {
        if let Some(inner) =
            node.child("text").unwrap_or(node).children.iter().find(|c| c.name != "text" && c.name != "file")
            && node.child("text").is_some_and(|t| !t.children.is_empty())
        {
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
        let stem = self.markdown(text, "énoncé", Some(&mut pictures));
        let mut files = media::attached(text);
        // Until Moodle 1.9 the picture stood beside the text.
        if let (Some(name), Some(data)) = (node.child("image"), node.child("image_base64")) {
            let name = name.text().trim().to_owned();
            if !name.is_empty()
                && !pictures.iter().any(|p| media::plugin_file(&p.src).as_deref() == Some(name.as_str()))
            {
                pictures.push(Picture { src: format!("@@PLUGINFILE@@/{name}"), alt: String::new() });
            }
            files.push(media::Attached { name, base64: data.text(), used: false });
        } else if node.child("image").is_some_and(|n| !n.text().trim().is_empty()) {
            self.warnings.push("l’image jointe (Moodle 1.9) n’est pas dans le fichier".to_owned());
        }
        for (rank, picture) in pictures.iter().enumerate() {
            if self.image.is_some() {
                let rest = pictures.len() - rank;
                self.warnings.push(format!("{rest} image(s) de l’énoncé non reprise(s) : une seule est possible"));
                for other in &pictures[rank..] {
                    media::mark_used(&mut files, &other.src);
                }
                break;
            }
            match media::extract(picture, &mut files, names) {
                Ok(file) => {
                    let alt = if picture.alt.is_empty() {
                        self.warnings
                            .push(format!("l’image « {} » n’a pas de texte de remplacement : à compléter", file.name));
                        MISSING_ALT.to_owned()
                    } else {
                        picture.alt.clone()
                    };
                    self.image = Some(Image { file: file.name.clone(), alt, width: 0, height: 0 });
                    self.media.push(file);
                }
                Err(reason) => self.warnings.push(reason),
            }
        }
        let unused: Vec<String> = files.iter().filter(|f| !f.used).map(|f| format!("« {} »", f.name)).collect();
        if !unused.is_empty() {
            self.warnings.push(format!("fichiers joints non repris : {}", unused.join(", ")));
        }
        stem
    }

    fn answers(&mut self, node: &Node) -> Vec<Answer> {
        let mut answers = Vec::new();
        for (i, answer) in node.children("answer").enumerate() {
            let written = answer.attribute("fraction").unwrap_or_default().trim().replace(',', ".");
            let fraction = match written.parse::<f64>() {
                Ok(fraction) if fraction.is_finite() => fraction,
                _ => {
                    self.errors.push(format!(
                        "réponse {}, ligne {} : fraction « {written} » illisible",
                        i + 1,
                        answer.line
                    ));
                    0.0
                }
            };
            let markdown = self.markdown(answer, "propositions", None);
            let raw = answer.text();
            let comment = answer.child("feedback").map(|f| self.markdown(f, "commentaires", None)).unwrap_or_default();
            for inner in &answer.children {
                match inner.name.as_str() {
                    "text" | "feedback" => {}
                    // Named with the images that show them.
                    "file" => {
                        self.lost_images.insert("propositions".to_owned());
                    }
                    other => {
                        self.lost.insert(format!("<{other}> des réponses"));
                    }
                }
            }
            answers.push(Answer { fraction, raw, markdown, comment });
        }
        if answers.is_empty() {
            self.errors.push("question sans réponse".to_owned());
        }
        answers
    }

    fn multichoice(&mut self, node: &Node) -> Body {
        let single = node.child("single").is_none_or(|n| is_yes(&n.text()));
        let answers = self.answers(node);
        let positive: Vec<f64> = answers.iter().map(|a| a.fraction).filter(|f| *f > 0.0).collect();
        let even = positive.windows(2).all(|pair| (pair[0] - pair[1]).abs() < 0.01);
        if single && positive.iter().any(|f| *f < 99.99) {
            self.lost.insert("points partiels d’une réponse".to_owned());
        } else if !even {
            self.lost.insert("poids inégaux des réponses justes".to_owned());
        }
        if answers.iter().any(|a| a.fraction < 0.0) {
            self.lost.insert("points négatifs".to_owned());
        }
        let propositions = answers
            .into_iter()
            .enumerate()
            .map(|(i, answer)| proposition(i, answer.markdown, answer.fraction > 0.0, answer.comment))
            .collect();
        if single { Body::Qru { propositions } } else { Body::Qrm { propositions } }
    }

    fn truefalse(&mut self, node: &Node) -> Body {
        let (mut truth, mut falsehood) = (None, None);
        for answer in self.answers(node) {
            let slot = match answer.raw.trim().to_ascii_lowercase().as_str() {
                "true" | "vrai" => &mut truth,
                "false" | "faux" => &mut falsehood,
                other => {
                    self.errors.push(format!("réponse « {other} » à une question vrai ou faux"));
                    continue;
                }
            };
            if slot.replace(answer).is_some() {
                self.errors.push("la même réponse est donnée deux fois".to_owned());
            }
        }
        let mut propositions = Vec::new();
        for (i, (word, answer)) in [("Vrai", truth), ("Faux", falsehood)].into_iter().enumerate() {
            match answer {
                Some(answer) => {
                    propositions.push(proposition(i, word.to_owned(), answer.fraction > 0.0, answer.comment))
                }
                None => self.errors.push(format!("il manque la réponse « {word} »")),
            }
        }
        Body::Qru { propositions }
    }

    fn shortanswer(&mut self, node: &Node) -> Body {
        let (mut exact, mut acceptable) = (Vec::new(), Vec::new());
        let mut comments = Vec::new();
        for answer in self.answers(node) {
            let text = answer.raw.split_whitespace().collect::<Vec<_>>().join(" ");
            // Moodle: "*" is any text, "\*" a star.
            let pattern = text.replace("\\*", "").contains('*');
            let text = text.replace("\\*", "*");
            if !answer.comment.is_empty() {
                let shown = if text == "*" { "autre réponse".to_owned() } else { html::plain_to_markdown(&text) };
                comments.push(format!("- {shown} : {}", answer.comment.replace("\n\n", " ").replace('\n', " ")));
            }
            if pattern {
                if answer.fraction > 0.0 {
                    self.warnings.push(format!("réponse « {text} » non reprise : le joker « * » n’existe pas ici"));
                }
            } else if answer.fraction >= 99.99 {
                exact.push(text);
            } else if answer.fraction > 0.0 {
                if (answer.fraction - 50.0).abs() > 0.01 {
                    self.lost.insert("points partiels autres que la moitié".to_owned());
                }
                acceptable.push(text);
            } else {
                self.lost.insert("réponses fausses prévues".to_owned());
            }
        }
        self.comment = comments.join("\n");
        let longest = exact.iter().chain(&acceptable).map(|t| qroc::word_count(t)).max().unwrap_or(0);
        let max_words = u32::try_from(longest).unwrap_or(u32::MAX).max(5);
        if max_words > 5 {
            self.warnings.push(format!("une réponse compte {max_words} mots : la limite usuelle de 5 est relevée"));
        }
        if node.child("usecase").is_some_and(|n| is_yes(&n.text())) {
            self.lost.insert("respect de la casse".to_owned());
        }
        Body::Qroc { exact, acceptable, max_words }
    }

    /// Everything else that Moodle says of the question.
    fn settings(&mut self, node: &Node) {
        for child in &node.children {
            let text = child.text();
            let text = text.trim();
            let number = || text.replace(',', ".").parse::<f64>().ok();
            let lost = match child.name.as_str() {
                // Read elsewhere.
                "name" | "questiontext" | "generalfeedback" | "idnumber" | "single" | "usecase" | "tags"
                | "coursetags" | "answer" | "image" | "image_base64" => None,
                _ if text.is_empty() && child.children.iter().all(|c| c.name == "text") => {
                    // Empty, but there: these say yes by being there.
                    (child.name == "shownumcorrect").then_some("nombre de réponses justes annoncé")
                }
                "shownumcorrect" => Some("nombre de réponses justes annoncé"),
                "penalty" => (number() != Some(0.0)).then_some("pénalité par essai"),
                "defaultgrade" => (number() != Some(1.0)).then_some("note par défaut"),
                "hidden" => is_yes(text).then_some("question masquée"),
                "shuffleanswers" if is_yes(text) => Some("mélange des réponses"),
                "shuffleanswers" => Some("ordre fixe des réponses"),
                "answernumbering" => (!matches!(text, "abc" | "ABC" | "ABCD")).then_some("numérotation des réponses"),
                "showstandardinstruction" => None,
                "correctfeedback" | "partiallycorrectfeedback" | "incorrectfeedback" => {
                    Some("retours selon la réussite (juste, partielle, fausse)")
                }
                "hint" => Some("indices"),
                other => {
                    self.lost.insert(format!("<{other}>"));
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

fn proposition(index: usize, text: String, right: bool, comment: String) -> Proposition {
    let id = match u8::try_from(index) {
        Ok(i) if i < 26 => char::from(b'a' + i).to_string(),
        _ => format!("p{}", index + 1),
    };
    let status = if right { Status::Vrai } else { Status::Faux };
    Proposition { id: PropositionId::new(id), text, status, comment }
}

/// As Moodle reads a setting.
fn is_yes(text: &str) -> bool {
    matches!(text.trim().to_ascii_lowercase().as_str(), "1" | "true" | "yes" | "on")
}

#[cfg(test)]
#[path = "moodle_tests.rs"]
mod tests;
