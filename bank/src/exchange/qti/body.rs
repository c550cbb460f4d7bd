//! The body of an item: its interactions, and its text as HTML.

use crate::exchange::render::escape;
use crate::exchange::xml::{Content, Node};

/// Every interaction, in order.
pub(super) fn interactions<'a>(node: &'a Node, found: &mut Vec<&'a Node>) {
    for inner in node.elements() {
        if inner.name.ends_with("Interaction") {
            found.push(inner);
        } else if !is_aside(inner) {
            interactions(inner, found);
        }
    }
}

/// What a candidate does not see at first.
pub(super) fn is_aside(node: &Node) -> bool {
    match node.name.as_str() {
        "feedbackBlock" | "feedbackInline" | "templateBlock" | "templateInline" | "infoControl" | "stylesheet" => true,
        "rubricBlock" => !node.attribute("view").is_some_and(|view| view.contains("candidate")),
        _ => false,
    }
}

/// The body as HTML, interactions left out or told by their number.
pub(super) fn html_of(node: &Node, out: &mut String, several: bool, rank: &mut usize) {
    for content in &node.content {
        match content {
            Content::Text(text) => out.push_str(&escape(text)),
            Content::Element(inner) if inner.name == "endAttemptInteraction" || is_aside(inner) => {}
            Content::Element(inner) if inner.name.ends_with("Interaction") => {
                *rank += 1;
                match inner.name.as_str() {
                    "gapMatchInteraction" => {
                        let mut gaps = 0;
                        for part in inner.elements().filter(|n| !matches!(n.name.as_str(), "gapText" | "gapImg")) {
                            gap_html(part, out, &mut gaps);
                        }
                    }
                    "matchInteraction" => {
                        if let Some(prompt) = inner.child("prompt") {
                            out.push_str("<p>");
                            out.push_str(&inner_html(prompt));
                            out.push_str("</p>");
                        }
                    }
                    "textEntryInteraction" | "inlineChoiceInteraction" if several => {
                        out.push_str(&format!(" ({rank}) "));
                    }
                    "textEntryInteraction" | "inlineChoiceInteraction" => out.push_str(" … "),
                    _ => {}
                }
            }
            Content::Element(inner) => {
                open(inner, out);
                html_of(inner, out, several, rank);
                close(inner, out);
            }
        }
    }
}

fn gap_html(node: &Node, out: &mut String, gaps: &mut usize) {
    if node.name == "gap" {
        *gaps += 1;
        out.push_str(&format!(" ({gaps}) "));
        return;
    }
    open(node, out);
    for content in &node.content {
        match content {
            Content::Text(text) => out.push_str(&escape(text)),
            Content::Element(inner) => gap_html(inner, out, gaps),
        }
    }
    close(node, out);
}

/// What is in an element, as HTML.
pub(super) fn inner_html(node: &Node) -> String {
    let mut out = String::new();
    let mut rank = 0;
    html_of(node, &mut out, false, &mut rank);
    out.trim().to_owned()
}

/// Elements of QTI inside a text say nothing that HTML would.
fn html_name(node: &Node) -> Option<&str> {
    match node.name.as_str() {
        "prompt" | "rubricBlock" | "contentBody" => Some("div"),
        name if name.chars().any(|c| c.is_ascii_uppercase()) => None,
        name => Some(name),
    }
}

fn open(node: &Node, out: &mut String) {
    let Some(name) = html_name(node) else { return };
    out.push('<');
    out.push_str(name);
    for (attribute, value) in &node.attributes {
        if matches!(attribute.as_str(), "src" | "alt" | "href" | "colspan" | "rowspan") {
            out.push_str(&format!(" {attribute}=\"{}\"", escape(value)));
        }
    }
    out.push('>');
}

fn close(node: &Node, out: &mut String) {
    if let Some(name) = html_name(node).filter(|n| !matches!(*n, "br" | "img" | "hr")) {
        out.push_str(&format!("</{name}>"));
    }
}
