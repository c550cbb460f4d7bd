//! A package: a zip with a manifest, tests that order items, items, pictures.

use super::{Context, body, document, item, one_two, ours};
use crate::exchange::archive::Archive;
use crate::exchange::draft::{Draft, Markup};
use crate::exchange::html::Picture;
use crate::exchange::limits::Limits;
use crate::exchange::media::Names;
use crate::exchange::payload::EDITED;
use crate::exchange::xml::Node;
use crate::exchange::{Faulty, Imported, Raw, ReadError, identity};
use docimo_engine::CaseId;
use docimo_engine::paper::{Case, CaseKind, Element, Part};
use docimo_engine::question::Image;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Raw, ReadError> {
    let archive = Archive::open(bytes, limits)?;
    let mut raw = Raw::default();
    let mut documents: BTreeMap<&str, Node> = BTreeMap::new();
    for (path, content) in &archive.files {
        let file = path.rsplit('/').next().unwrap_or(path);
        let hidden = path.starts_with("__MACOSX/") || file.starts_with('.');
        // Canvas tells an exam twice: its own way holds more.
        let twin = path.strip_suffix("/assessment_qti.xml").is_some_and(|folder| {
            let name = folder.rsplit('/').next().unwrap_or(folder);
            archive.files.keys().any(|other| other.ends_with(&format!("non_cc_assessments/{name}.xml.qti")))
        });
        if hidden || twin || !(file.ends_with(".xml") || file.ends_with(".qti")) {
            continue;
        }
        match document(content, limits) {
            Ok((root, warning)) => {
                raw.warnings.extend(warning.map(|w| format!("{path} : {w}")));
                documents.insert(path, root);
            }
            Err(error) => raw.entries.push(Err(Faulty::error(path.clone(), error.to_string()))),
        }
    }
    let wanted = |root: &Node| matches!(root.name.as_str(), "assessmentItem" | "assessmentTest" | "questestinterop");
    if !documents.values().any(wanted) && raw.entries.is_empty() {
        return Err(ReadError::Package("aucune question QTI n’a été trouvée dans l’archive".to_owned()));
    }
    let mut context = Context {
        names: Names::new(limits.picture_bytes),
        archive: Some(&archive),
        document_bytes: limits.document_bytes,
    };
    let mut used: BTreeSet<String> = BTreeSet::new();
    for (path, root) in documents.iter().filter(|(_, root)| root.name == "assessmentTest") {
        let title = root.attribute("title").unwrap_or_default().trim();
        if raw.title.is_none() && !title.is_empty() {
            raw.title = Some(title.to_owned());
        }
        for part in root.children("testPart") {
            let linear = part.attribute("navigationMode") == Some("linear");
            for section in part.children("assessmentSection") {
                let mut reader = Tests { path, linear, documents: &documents, used: &mut used, raw: &mut raw };
                reader.section(section, &[], &mut context, 0);
            }
        }
        if root.child("outcomeProcessing").is_some_and(|o| o.elements().count() > 1) {
            raw.warnings.push(format!("{path} : le calcul de la note du test n’est pas repris"));
        }
    }
    for (path, root) in &documents {
        match root.name.as_str() {
            "assessmentItem" if !used.contains(*path) => {
                raw.entries.push(item::read(root, path, None, &mut context).entry());
            }
            "questestinterop" => one_two::read(root, path, &mut context, &mut raw),
            _ => {}
        }
    }
    Ok(raw)
}

struct Tests<'a> {
    path: &'a str,
    linear: bool,
    documents: &'a BTreeMap<&'a str, Node>,
    used: &'a mut BTreeSet<String>,
    raw: &'a mut Raw,
}

impl Tests<'_> {
    fn section(&mut self, node: &Node, above: &[String], context: &mut Context<'_>, depth: usize) {
        let title = node.attribute("title").unwrap_or_default().trim().to_owned();
        let mut path = above.to_vec();
        if !title.is_empty() {
            path.push(title.clone());
        }
        let category = Some(path.join("/")).filter(|c| !c.is_empty());
        let shared: Vec<&Node> = node
            .children("rubricBlock")
            .filter(|r| r.attribute("view").is_none_or(|view| view.contains("candidate")))
            .collect();
        let items = node.children("assessmentItemRef").count();
        let own = node.attribute("docimo:case").and_then(|json| serde_json::from_str::<Case>(json).ok());
        if own.is_some() || self.linear && !shared.is_empty() && items > 1 {
            let entry = self.case(node, own, &title, &shared, category.as_deref(), context);
            self.raw.entries.push(entry);
            return;
        }
        if !shared.is_empty() {
            self.raw
                .warnings
                .push(format!("{} : le texte commun de la section « {title} » n’est pas repris", self.path));
        }
        for inner in node.elements() {
            match inner.name.as_str() {
                "assessmentItemRef" => {
                    let (entry, _) = self.reference(inner, category.as_deref(), context);
                    self.raw.entries.extend(entry);
                }
                "assessmentSection" if depth < 16 => self.section(inner, &path, context, depth + 1),
                "preCondition" | "branchRule" | "selection" => {
                    self.raw.warnings.push(format!(
                        "{} : section « {title} » : conditions, tirages et renvois ne sont pas repris",
                        self.path
                    ));
                }
                _ => {}
            }
        }
    }

    /// The item of a reference; nothing if another reference already gave it.
    fn reference(
        &mut self,
        node: &Node,
        category: Option<&str>,
        context: &mut Context<'_>,
    ) -> (Option<Result<Imported, Faulty>>, Option<String>) {
        let href = node.attribute("href").unwrap_or_default();
        let found = context.archive.and_then(|archive| archive.resolve(self.path, href)).map(|(path, _)| path);
        let Some(root) = found.as_ref().and_then(|path| self.documents.get(path.as_str())) else {
            let reason = format!("la question « {href} » n’est pas dans le paquet");
            return (Some(Err(Faulty::error(self.path, reason))), None);
        };
        let path = found.unwrap_or_default();
        if root.name != "assessmentItem" {
            return (Some(Err(Faulty::error(path, "ce n’est pas une question (<assessmentItem>)"))), None);
        }
        if !self.used.insert(path.clone()) {
            return (None, None);
        }
        let item = item::read(root, &path, category, context);
        let text = item.part_text.clone();
        (Some(item.entry()), text)
    }

    fn case(
        &mut self,
        node: &Node,
        own: Option<Case>,
        title: &str,
        shared: &[&Node],
        category: Option<&str>,
        context: &mut Context<'_>,
    ) -> Result<Imported, Faulty> {
        let identifier = node.attribute("identifier").unwrap_or_default().to_owned();
        let place = format!("{}, section « {title} »", self.path);
        let mut draft = Draft::default();
        let html: String = shared.iter().map(|r| body::inner_html(r)).collect::<Vec<_>>().join("\n");
        let mut pictures: Vec<Picture> = Vec::new();
        let intro = draft.markdown(&html, Markup::Html, "énoncé", Some(&mut pictures));
        let (archive, path) = (context.archive, self.path);
        draft.pictures(&pictures, &mut context.names, |picture, names| {
            match archive.and_then(|archive| archive.resolve(path, &picture.src)) {
                Some((file, content)) => names.take(file.rsplit('/').next().unwrap_or(&file), content.clone()),
                None => Err(format!("l’image « {} » n’est pas dans le fichier : non reprise", picture.src)),
            }
        });
        let intact = node.attribute("docimo:digest").is_some_and(|digest| digest == ours::seen_text(node));
        let ours = own.is_some();
        let mut warnings = Vec::new();
        let mut media = std::mem::take(&mut draft.media);
        let mut case = match own {
            Some(case) if intact => {
                rename(case.image.as_ref(), &mut media);
                let element = Element::Case(case.clone());
                media.extend(ours::documents(&element, context.archive, context.document_bytes));
                case
            }
            Some(case) => {
                warnings.push(format!("texte d’ouverture : {EDITED}"));
                Case { intro, image: draft.image.take(), ..case }
            }
            None => {
                warnings.push("section à texte commun, reprise comme un mini-dossier, à relire".to_owned());
                Case {
                    id: CaseId::new(""),
                    kind: CaseKind::MiniDp,
                    title: if title.is_empty() { "Mini-dossier".to_owned() } else { title.to_owned() },
                    intro,
                    image: draft.image.take(),
                    article: None,
                    tags: Vec::new(),
                    parts: Vec::new(),
                }
            }
        };
        if !(ours && intact) {
            warnings.extend(draft.all_warnings());
        }
        let mut errors = Vec::new();
        for reference in node.children("assessmentItemRef") {
            match self.reference(reference, category, context) {
                (Some(Ok(entry)), text) => {
                    media.extend(entry.media);
                    warnings.extend(entry.warnings.into_iter().map(|w| format!("{} : {w}", entry.place)));
                    match entry.element {
                        Element::Question(question) => {
                            case.parts.push(Part { text: text.unwrap_or_default(), question });
                        }
                        Element::Case(inner) => case.parts.extend(inner.parts),
                    }
                }
                (Some(Err(faulty)), _) => errors.push(format!("{} : {}", faulty.place, faulty.reason)),
                (None, _) => {}
            }
        }
        if !errors.is_empty() {
            // Half a case is none.
            return Err(Faulty::error(place, errors.join(" ; ")));
        }
        let own_id = case.id.as_str().to_owned();
        let mut element = Element::Case(case);
        let id = if ours {
            own_id
        } else {
            identity::given(&identifier, category).unwrap_or_else(|| identity::derived(&element, category))
        };
        identity::set(&mut element, &id);
        Ok(Imported { place, element, category: category.map(str::to_owned), media, warnings })
    }
}

fn rename(image: Option<&Image>, media: &mut Vec<crate::exchange::MediaFile>) {
    media.truncate(usize::from(image.is_some()));
    if let (Some(file), Some(image)) = (media.first_mut(), image) {
        file.name.clone_from(&image.file);
    }
}
