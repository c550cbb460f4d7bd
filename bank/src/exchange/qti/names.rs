//! The names of QTI 3.0 as those of 2.x, and back. Prefixes are taken off: whose namespace a name is in
//! only matters for ours.

use crate::exchange::payload::NAMESPACE;
use crate::exchange::xml::{Content, Node};

/// Takes prefixes off, turns `qti-choice-interaction` to `choiceInteraction`; our own attributes get the
/// prefix `docimo:` whatever theirs was.
pub(super) fn normalise(node: &mut Node) {
    let own: Vec<String> = node
        .attributes
        .iter()
        .filter(|(_, value)| value == NAMESPACE)
        .filter_map(|(name, _)| name.strip_prefix("xmlns:").map(|prefix| format!("{prefix}:")))
        .collect();
    inside(node, &own);
}

fn inside(node: &mut Node, own: &[String]) {
    let bare = node.name.rsplit(':').next().unwrap_or(&node.name);
    let qti = bare.strip_prefix("qti-");
    let name = qti.map_or_else(|| bare.to_owned(), camel);
    for (name, _) in &mut node.attributes {
        if let Some(prefix) = own.iter().find(|prefix| name.starts_with(prefix.as_str())) {
            *name = format!("docimo:{}", &name[prefix.len()..]);
        } else if let Some(rest) = name.strip_prefix("docimo:").map(str::to_owned) {
            // Ours in name only.
            *name = format!("other:{rest}");
        } else if qti.is_some() {
            *name = camel(name);
        }
    }
    node.name = name;
    for content in &mut node.content {
        if let Content::Element(inner) = content {
            inside(inner, own);
        }
    }
}

fn camel(kebab: &str) -> String {
    let mut out = String::with_capacity(kebab.len());
    let mut raise = false;
    for c in kebab.chars() {
        match c {
            '-' => raise = true,
            c if std::mem::take(&mut raise) => out.extend(c.to_uppercase()),
            c => out.push(c),
        }
    }
    out
}

/// `choiceInteraction` to `choice-interaction`.
pub(super) fn kebab(camel: &str) -> String {
    let mut out = String::with_capacity(camel.len() + 8);
    for c in camel.chars() {
        if c.is_ascii_uppercase() {
            out.push('-');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// Names of QTI 2.x that have no capital.
pub(super) const LOWER: [&str; 24] = [
    "and", "correct", "default", "delete", "divide", "equal", "gt", "gte", "index", "lt", "lte", "mapping", "match",
    "member", "multiple", "not", "or", "ordered", "product", "prompt", "subtract", "sum", "value", "variable",
];

/// Is it an element of QTI, rather than of HTML?
pub(super) fn is_qti(name: &str) -> bool {
    name.chars().any(|c| c.is_ascii_uppercase()) || LOWER.contains(&name) || name == "weight"
}
