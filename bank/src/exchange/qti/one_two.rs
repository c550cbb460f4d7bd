//! QTI 1.2, as Canvas, Blackboard and older programs write it. Conditions are read as far as they say which
//! answers are right: those that give points without being denied.

use super::Context;
use crate::exchange::archive::Archive;
use crate::exchange::draft::{self, Answer, Draft, Markup, Sub};
use crate::exchange::html::Picture;
use crate::exchange::render::escape;
use crate::exchange::xml::Node;
use crate::exchange::{Faulty, Imported, Raw, identity};
use docimo_engine::paper::Element;
use docimo_engine::question::{Body, Status};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn read(root: &Node, path: &str, context: &mut Context<'_>, raw: &mut Raw) {
    inside(root, path, &[], context, raw);
}

fn inside(node: &Node, path: &str, above: &[String], context: &mut Context<'_>, raw: &mut Raw) {
    for inner in node.elements() {
        match inner.name.as_str() {
            "assessment" | "section" | "objectbank" => {
                let title = inner.attribute("title").unwrap_or_default().trim().to_owned();
                let mut steps = above.to_vec();
                if !title.is_empty() {
                    if raw.title.is_none() && inner.name == "assessment" {
                        raw.title = Some(title.clone());
                    }
                    steps.push(title);
                }
                if inner.child("selection_ordering").is_some_and(|s| s.child("selection").is_some()) {
                    raw.warnings.push(format!("{path} : tirage au sort de questions non repris"));
                }
                inside(inner, path, &steps, context, raw);
            }
            "item" => {
                let category = Some(above.join("/")).filter(|c| !c.is_empty());
                raw.entries.push(item(inner, path, category.as_deref(), context));
            }
            _ => {}
        }
    }
}

/// A response to give.
struct Response<'a> {
    node: &'a Node,
    ident: &'a str,
    multiple: bool,
    /// Its own text, beside it.
    label: String,
    /// Identifier and HTML of each option.
    options: Vec<(&'a str, String)>,
    typed: bool,
    numeric: bool,
}

/// What the conditions say of one response.
#[derive(Default)]
struct Key {
    /// Points for each value.
    worth: BTreeMap<String, f64>,
    /// Lowest, highest, points.
    intervals: Vec<(String, String, f64)>,
}

fn item(node: &Node, path: &str, category: Option<&str>, context: &mut Context<'_>) -> Result<Imported, Faulty> {
    let ident = node.attribute("ident").unwrap_or_default();
    let place = format!("{path}, ligne {} ({ident})", node.line);
    let kind = metadata(node, "question_type");
    let title = node.attribute("title").unwrap_or_default();
    let named = if title.is_empty() { String::new() } else { format!(" (« {title} »)") };
    match kind.as_str() {
        "file_upload_question" => {
            return Err(Faulty::error(place, format!("dépôt de fichier{named} : sans équivalent ici")));
        }
        "calculated_question" => {
            let reason = format!("question à valeurs tirées au hasard{named} : elle n’est pas reprise");
            return Err(Faulty::error(place, reason));
        }
        "text_only_question" => {
            let reason = format!("texte sans question{named} : à reprendre à la main, dans un dossier");
            return Err(Faulty::warning(place, reason));
        }
        _ => {}
    }
    let Some(presentation) = node.child("presentation") else {
        return Err(Faulty::error(place, format!("question sans énoncé ni réponses{named}")));
    };
    let mut draft = Draft::default();
    let (mut html, mut responses) = (String::new(), Vec::new());
    present(presentation, &mut html, &mut responses);
    if responses.is_empty() {
        let reason = format!("texte sans question{named} : à reprendre à la main, dans un dossier");
        return Err(Faulty::warning(place, reason));
    }
    let keys = keys(node);
    let blanks = kind == "fill_in_multiple_blanks_question";
    let drops = kind == "multiple_dropdowns_question" || blanks;
    let mut pictures: Vec<Picture> = Vec::new();
    if responses.len() > 1 {
        // Places are named in brackets in the text: "The [colour] cat".
        for (i, response) in responses.iter().enumerate() {
            let name = plain(&response.label);
            if drops && !name.is_empty() {
                html = html.replace(&format!("[{name}]"), &format!("({})", i + 1));
            }
        }
    }
    let stem = draft.markdown(&html, Markup::Html, "énoncé", Some(&mut pictures));
    let archive = context.archive;
    draft.pictures(&pictures, &mut context.names, |picture, names| find(picture, archive, path, names));
    let none = Key::default();
    let element = if let [response] = responses.as_slice() {
        let key = keys.get(response.ident).unwrap_or(&none);
        body(&mut draft, node, response, key, blanks).map(|body| Element::Question(draft::question(stem, body)))
    } else {
        let subs = subs(&mut draft, node, &responses, &keys, &none, drops, blanks);
        draft.several(title, stem, subs)
    };
    if let Some(general) = feedback(node, "general_fb") {
        draft.comment = draft.markdown(&general, Markup::Html, "retour général", None);
    }
    if matches!(&element, Some(Element::Question(question)) if question.body.lacks_key()) {
        for html in for_markers(node) {
            let text = draft.markdown(&html, Markup::Html, "indications de correction", None);
            draft.add_comment(text);
        }
    }
    let known =
        |id: &str| id == "general_fb" || id.ends_with("_fb") && !matches!(id, "correct_fb" | "general_incorrect_fb");
    if node.children("itemfeedback").any(|f| !known(f.attribute("ident").unwrap_or_default())) {
        draft.lose("retours selon la réussite (juste, fausse)");
    }
    let points = metadata(node, "points_possible");
    if !points.is_empty() && points.parse::<f64>() != Ok(0.0) {
        draft.points(&points);
    }
    let id = identity::given(ident, category);
    draft.finish(place, id, category, element)
}

fn find(
    picture: &Picture,
    archive: Option<&Archive>,
    path: &str,
    names: &mut crate::exchange::media::Names,
) -> Result<crate::exchange::MediaFile, String> {
    if picture.src.starts_with("data:") {
        return crate::exchange::media::extract(picture, &mut [], names);
    }
    match archive.and_then(|archive| archive.resolve(path, &picture.src)) {
        Some((file, content)) => names.take(file.rsplit('/').next().unwrap_or(&file), content.clone()),
        None => {
            let shown: String = picture.src.chars().take(80).collect();
            Err(format!("l’image « {shown} » n’est pas dans le fichier : non reprise"))
        }
    }
}

fn metadata(item: &Node, label: &str) -> String {
    let mut fields = Vec::new();
    item.all("qtimetadatafield", &mut fields);
    fields
        .into_iter()
        .find(|f| f.child("fieldlabel").is_some_and(|l| l.own_text().trim() == label))
        .and_then(|f| f.child("fieldentry"))
        .map(|e| e.own_text().trim().to_owned())
        .unwrap_or_default()
}

/// Texts in order to HTML; responses aside.
fn present<'a>(node: &'a Node, html: &mut String, responses: &mut Vec<Response<'a>>) {
    for inner in node.elements() {
        match inner.name.as_str() {
            "material" | "mattext" | "matimage" | "matbreak" | "matemtext" => material(inner, html),
            "response_lid" | "response_str" | "response_num" | "response_grp" | "response_xy" => {
                let response = response(inner);
                if response.typed {
                    html.push_str(" … ");
                }
                responses.push(response);
            }
            _ => present(inner, html, responses),
        }
    }
}

fn material(node: &Node, html: &mut String) {
    match node.name.as_str() {
        "mattext" | "matemtext" => {
            let text = node.own_text();
            if node.attribute("texttype").is_some_and(|t| t.contains("html")) {
                html.push_str(&text);
            } else {
                html.push_str(&escape(&text).replace("&#10;", "\n").replace("&#9;", " "));
            }
        }
        "matimage" => {
            let src = node.attribute("uri").unwrap_or_default();
            let alt = node.attribute("label").unwrap_or_default();
            html.push_str(&format!("<img src=\"{}\" alt=\"{}\">", escape(src), escape(alt)));
        }
        "matbreak" => html.push_str("<br>"),
        _ => {
            for inner in node.elements() {
                material(inner, html);
            }
        }
    }
}

fn response(node: &Node) -> Response<'_> {
    let mut labels = Vec::new();
    node.all("response_label", &mut labels);
    let mut fibs = Vec::new();
    node.all("render_fib", &mut fibs);
    let mut label = String::new();
    node.children("material").for_each(|m| material(m, &mut label));
    let numeric = fibs
        .iter()
        .any(|f| f.attribute("fibtype").is_some_and(|t| matches!(t.to_lowercase().as_str(), "decimal" | "integer")));
    let options = labels
        .into_iter()
        .map(|l| {
            let mut html = String::new();
            material(l, &mut html);
            (l.attribute("ident").unwrap_or_default(), html)
        })
        .collect();
    Response {
        node,
        ident: node.attribute("ident").unwrap_or_default(),
        multiple: node.attribute("rcardinality").is_some_and(|c| c.eq_ignore_ascii_case("multiple")),
        label,
        options,
        typed: !fibs.is_empty() || node.name == "response_str" || node.name == "response_num",
        numeric: numeric || node.name == "response_num",
    }
}

/// The text of a piece of HTML.
fn plain(html: &str) -> String {
    crate::exchange::render::plain(
        &crate::exchange::html::to_markdown(html, crate::exchange::html::LineFeed::Space).markdown,
    )
    .0
}

fn keys(item: &Node) -> BTreeMap<String, Key> {
    let mut conditions = Vec::new();
    for processing in item.children("resprocessing") {
        processing.all("respcondition", &mut conditions);
    }
    let mut keys: BTreeMap<String, Key> = BTreeMap::new();
    for condition in conditions {
        let points: f64 = condition
            .children("setvar")
            .filter_map(|s| {
                let value = s.own_text().trim().parse::<f64>().ok().filter(|v| v.is_finite())?;
                (s.attribute("action") != Some("Subtract")).then_some(value).or(Some(-value))
            })
            .sum();
        let Some(vars) = condition.child("conditionvar").filter(|_| points != 0.0) else { continue };
        let mut found = Vec::new();
        equals(vars, &mut found);
        let mut idents: BTreeSet<&str> = BTreeSet::new();
        for (ident, value) in &found {
            idents.insert(ident);
            let worth = keys.entry((*ident).to_owned()).or_default().worth.entry(value.clone()).or_insert(0.0);
            *worth = if points > 0.0 { worth.max(points) } else { worth.min(points) };
        }
        let mut bounds = Vec::new();
        intervals(vars, &mut bounds);
        for (ident, low, high) in bounds {
            keys.entry(ident).or_default().intervals.push((low, high, points));
        }
    }
    keys
}

/// Values asked for, denials left out.
fn equals<'a>(node: &'a Node, found: &mut Vec<(&'a str, String)>) {
    for inner in node.elements() {
        match inner.name.as_str() {
            "varequal" | "varsubstring" => {
                found.push((inner.attribute("respident").unwrap_or_default(), inner.own_text().trim().to_owned()));
            }
            "not" => {}
            _ => equals(inner, found),
        }
    }
}

/// Lower and upper bounds that stand together.
fn intervals(node: &Node, found: &mut Vec<(String, String, String)>) {
    let bound = |names: [&str; 2]| node.elements().find(|n| names.contains(&n.name.as_str()));
    if let (Some(low), Some(high)) = (bound(["vargte", "vargt"]), bound(["varlte", "varlt"])) {
        let text = |n: &Node| n.own_text().trim().to_owned();
        found.push((low.attribute("respident").unwrap_or_default().to_owned(), text(low), text(high)));
    }
    for inner in node.elements().filter(|n| n.name != "not") {
        intervals(inner, found);
    }
}

/// The HTML of an item's feedback.
fn feedback(item: &Node, ident: &str) -> Option<String> {
    let node = item.children("itemfeedback").find(|f| f.attribute("ident") == Some(ident))?;
    Some(told(node)).filter(|h| !h.trim().is_empty())
}

/// What is told to who marks an essay: rubrics and model answers, as HTML.
fn for_markers(item: &Node) -> Vec<String> {
    let mut found = Vec::new();
    for name in ["itemrubric", "rubric", "solution"] {
        item.all(name, &mut found);
    }
    found.into_iter().map(told).filter(|html| !html.trim().is_empty()).collect()
}

/// Texts below an element, as HTML.
fn told(node: &Node) -> String {
    fn walk(node: &Node, html: &mut String) {
        for inner in node.elements() {
            match inner.name.as_str() {
                "material" | "mattext" => material(inner, html),
                _ => walk(inner, html),
            }
        }
    }
    let mut html = String::new();
    walk(node, &mut html);
    html
}

fn body(draft: &mut Draft, item: &Node, response: &Response<'_>, key: &Key, blanks: bool) -> Option<Body> {
    if response.node.name == "response_xy" || response.node.name == "response_grp" {
        draft.errors.push(format!("réponse <{}> sans équivalent ici : elle n’est pas reprise", response.node.name));
        return None;
    }
    if response.typed || blanks {
        return typed(draft, item, response, key, blanks);
    }
    if response.options.is_empty() {
        draft.errors.push("question sans réponses à choisir".to_owned());
        return None;
    }
    let mut ordered = Vec::new();
    response.node.all("ims_render_object", &mut ordered);
    if response.node.attribute("rcardinality").is_some_and(|c| c.eq_ignore_ascii_case("ordered")) || !ordered.is_empty()
    {
        draft.errors.push("réponses à ordonner : sans équivalent ici".to_owned());
        return None;
    }
    let single = !response.multiple;
    let whole: f64 = if single {
        key.worth.values().copied().fold(0.0, f64::max)
    } else {
        response.options.iter().filter_map(|(id, _)| key.worth.get(*id)).filter(|v| **v > 0.0).sum()
    };
    let answers = response
        .options
        .iter()
        .map(|(id, html)| {
            let worth = key.worth.get(*id).copied().unwrap_or(0.0);
            let fraction = if whole > 0.0 { worth / whole * 100.0 } else { 0.0 };
            let markdown = draft.markdown(html, Markup::Html, "propositions", None);
            let comment = feedback(item, &format!("{id}_fb"))
                .map(|f| draft.markdown(&f, Markup::Html, "commentaires", None))
                .unwrap_or_default();
            Answer { fraction, raw: (*id).to_owned(), markdown, comment }
        })
        .collect::<Vec<_>>();
    Some(draft.choice(answers, single))
}

fn typed(draft: &mut Draft, item: &Node, response: &Response<'_>, key: &Key, blanks: bool) -> Option<Body> {
    let numeric = response.numeric || metadata(item, "question_type") == "numerical_question";
    let best = key.worth.values().chain(key.intervals.iter().map(|(_, _, p)| p)).copied().fold(0.0, f64::max);
    if best <= 0.0 && !numeric && !blanks {
        return Some(draft.essay());
    }
    if best <= 0.0 {
        draft.errors.push("question ouverte sans réponse juste : aucun type d’ici ne la note".to_owned());
        return None;
    }
    let (mut exact, mut acceptable) = (Vec::new(), Vec::new());
    // Canvas gives the value beside the interval around it: the interval alone says both.
    let alone = !key.intervals.iter().any(|(_, _, points)| *points > 0.0);
    for (value, points) in key.worth.iter().filter(|(_, points)| alone && **points > 0.0) {
        let text =
            response.options.iter().find(|(id, _)| id == value).map_or_else(|| value.clone(), |(_, html)| plain(html));
        let values = if numeric { draft.tolerance(&text, "0") } else { Some(vec![text]) };
        draft.values(values.unwrap_or_default(), points / best * 100.0, &mut exact, &mut acceptable);
    }
    for (low, high, points) in key.intervals.iter().filter(|(_, _, points)| *points > 0.0) {
        let middle = key.worth.keys().next().cloned();
        let values = draft.interval(low, high, middle.as_deref());
        draft.values(values.unwrap_or_default(), points / best * 100.0, &mut exact, &mut acceptable);
    }
    Some(draft.qroc(exact, acceptable))
}

fn subs(
    draft: &mut Draft,
    item: &Node,
    responses: &[Response<'_>],
    keys: &BTreeMap<String, Key>,
    none: &Key,
    drops: bool,
    blanks: bool,
) -> Vec<Sub> {
    let key = |response: &Response<'_>| keys.get(response.ident).unwrap_or(none);
    let matching = !drops && responses.iter().all(|r| !r.typed && !r.multiple && !r.label.trim().is_empty());
    if matching {
        let (mut pairs, mut others) = (Vec::new(), Vec::new());
        for response in responses {
            let stem = draft.markdown(&response.label, Markup::Html, "éléments à apparier", None);
            let best = key(response).worth.iter().filter(|(_, p)| **p > 0.0).max_by(|a, b| a.1.total_cmp(b.1));
            let mut right = None;
            for (id, html) in &response.options {
                let text = draft.markdown(html, Markup::Html, "propositions", None);
                if best.is_some_and(|(value, _)| value == id) {
                    right = Some(text.clone());
                }
                if !others.contains(&text) {
                    others.push(text);
                }
            }
            match right {
                Some(right) => pairs.push((stem, right)),
                None => draft.errors.push(format!("« {} » n’a pas de réponse juste", plain(&response.label))),
            }
        }
        return draft::matching(draft, pairs, others);
    }
    responses
        .iter()
        .enumerate()
        .filter_map(|(i, response)| {
            let label = draft.markdown(&response.label, Markup::Html, "éléments à apparier", None);
            let stem =
                if drops || label.is_empty() { format!("Que faut-il à la place de ({}) ?", i + 1) } else { label };
            let body = body(draft, item, response, key(response), blanks)?;
            Some(Sub { stem, body: settled(body) })
        })
        .collect()
}

/// A list of which several are right is a QRM even where one only may be chosen.
fn settled(body: Body) -> Body {
    match body {
        Body::Qru { propositions } if propositions.iter().filter(|p| p.status == Status::Vrai).count() > 1 => {
            Body::Qrm { propositions }
        }
        body => body,
    }
}
