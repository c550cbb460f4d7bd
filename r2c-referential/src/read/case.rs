//! IMS CASE (Competencies and Academic Standards Exchange), versions 1.0 and 1.1: a package as its
//! JSON binding gives it, `CFDocument`, `CFItems` and `CFAssociations`.
//!
//! Source: 1EdTech, CASE Service, information model 1.0 (2017) and 1.1. What is read: the
//! document's title, version, creator and licence; each item's code (`humanCodingScheme`, or its
//! identifier), statement, type and status; the associations `isChildOf` and `replacedBy`. Rubrics,
//! definitions and other associations are passed over.

use std::collections::HashMap;

use serde::Deserialize;

use crate::code::Code;
use crate::model::{About, Fault, Node, NodeStatus, Read, TitleStatus, arrange};
use crate::objective::Rank;

#[derive(Deserialize)]
struct Package {
    #[serde(rename = "CFDocument")]
    document: Document,
    #[serde(rename = "CFItems", default)]
    items: Vec<serde_json::Value>,
    #[serde(rename = "CFAssociations", default)]
    associations: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    #[serde(default)]
    identifier: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    version: String,
    #[serde(default)]
    creator: String,
    #[serde(default)]
    publisher: String,
    #[serde(rename = "licenseURI")]
    licence: Option<Link>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    identifier: String,
    #[serde(default)]
    human_coding_scheme: String,
    #[serde(default)]
    full_statement: String,
    #[serde(rename = "CFItemType", default)]
    kind: String,
    #[serde(default)]
    status_end_date: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Association {
    association_type: String,
    #[serde(rename = "originNodeURI")]
    origin: Link,
    #[serde(rename = "destinationNodeURI")]
    destination: Link,
    sequence_number: Option<i64>,
}

#[derive(Deserialize)]
struct Link {
    #[serde(default)]
    title: String,
    #[serde(default)]
    identifier: String,
    #[serde(default)]
    uri: String,
}

/// Is this JSON a CASE package?
#[must_use]
pub fn is_package(value: &serde_json::Value) -> bool {
    value.get("CFDocument").is_some()
}

/// Reads a package. Items that cannot be read are faults; the others are kept.
#[must_use]
pub fn package(value: serde_json::Value) -> Read {
    let package: Package = match serde_json::from_value(value) {
        Ok(package) => package,
        Err(error) => {
            let message = format!("ce n’est pas un paquet CASE (CFDocument, CFItems, CFAssociations) : {error}");
            return Read { faults: vec![Fault::at("fichier", message)], ..Read::default() };
        }
    };
    let document = package.document;
    let mut read = Read {
        about: About {
            title: document.title.trim().to_owned(),
            version: document.version.trim().to_owned(),
            publisher: if document.publisher.is_empty() { document.creator } else { document.publisher },
            licence: document.licence.map(|l| if l.title.is_empty() { l.uri } else { l.title }).unwrap_or_default(),
        },
        ..Read::default()
    };
    let mut items: Vec<(String, String, Node)> = Vec::with_capacity(package.items.len());
    let mut respelt = 0_usize;
    for (index, value) in package.items.into_iter().enumerate() {
        let place = format!("CFItem {}", index + 1);
        match item(value, &mut respelt) {
            Ok((identifier, node)) => items.push((place, identifier, node)),
            Err(reason) => read.faults.push(Fault::at(place, reason)),
        }
    }
    if respelt > 0 {
        let message = format!("{respelt} codes contenaient des espaces, remplacées par des tirets");
        read.warnings.push(Fault::at("CFItems", message));
    }
    let code_of: HashMap<String, Code> = items.iter().map(|(_, id, node)| (id.clone(), node.code.clone())).collect();
    let mut parents: HashMap<Code, (Code, i64)> = HashMap::new();
    let mut replaced: HashMap<Code, Vec<Code>> = HashMap::new();
    let mut order: HashMap<Code, i64> = HashMap::new();
    for (index, value) in package.associations.into_iter().enumerate() {
        let place = format!("CFAssociation {}", index + 1);
        let association: Association = match serde_json::from_value(value) {
            Ok(association) => association,
            Err(error) => {
                read.faults.push(Fault::at(place, format!("association illisible : {error}")));
                continue;
            }
        };
        let (origin, destination) =
            (code_of.get(&association.origin.identifier), code_of.get(&association.destination.identifier));
        match (association.association_type.as_str(), origin, destination) {
            ("isChildOf", Some(child), Some(parent)) => {
                let sequence = association.sequence_number.unwrap_or(i64::MAX);
                if parents.contains_key(child) {
                    let message = format!("« {child} » a plusieurs parents : le premier est gardé");
                    read.warnings.push(Fault::at(place, message));
                } else {
                    parents.insert(child.clone(), (parent.clone(), sequence));
                    order.insert(child.clone(), sequence);
                }
            }
            // Under the document itself: at the top.
            ("isChildOf", Some(child), None) if association.destination.identifier == document.identifier => {
                order.insert(child.clone(), association.sequence_number.unwrap_or(i64::MAX));
            }
            ("isChildOf", _, _) => {
                read.warnings.push(Fault::at(place, "relie un élément absent du paquet : passée".to_owned()));
            }
            ("replacedBy", Some(before), Some(after)) => {
                replaced.entry(after.clone()).or_default().push(before.clone());
            }
            // A replacement from another package names codes that only the version before has.
            ("replacedBy", None, Some(after)) => {
                if let Ok(before) = association.origin.title.trim().parse::<Code>() {
                    replaced.entry(after.clone()).or_default().push(before);
                }
            }
            _ => {}
        }
    }
    let mut placed: Vec<(String, Node)> = items
        .into_iter()
        .map(|(place, _, mut node)| {
            node.parent = parents.get(&node.code).map(|(parent, _)| parent.clone());
            node.replaces = replaced.remove(&node.code).unwrap_or_default();
            (place, node)
        })
        .collect();
    placed.sort_by_key(|(_, node)| order.get(&node.code).copied().unwrap_or(i64::MAX));
    let (nodes, faults) = arrange(placed);
    read.nodes = nodes;
    read.faults.extend(faults);
    read
}

fn item(value: serde_json::Value, respelt: &mut usize) -> Result<(String, Node), String> {
    let item: Item = serde_json::from_value(value).map_err(|error| format!("élément illisible : {error}"))?;
    let written = if item.human_coding_scheme.trim().is_empty() {
        item.identifier.clone()
    } else {
        item.human_coding_scheme.clone()
    };
    let joined = written.split_whitespace().collect::<Vec<_>>().join("-");
    *respelt += usize::from(joined != written.trim());
    let code: Code = joined.parse().map_err(|e: crate::CodeError| e.to_string())?;
    let title = item.full_statement.split_whitespace().collect::<Vec<_>>().join(" ");
    if title.is_empty() {
        return Err(format!("« {code} » : fullStatement vide"));
    }
    let rank = match item.kind.trim() {
        "Rang A" | "rang A" => Some(Rank::A),
        "Rang B" | "rang B" => Some(Rank::B),
        _ => None,
    };
    let status = if item.status_end_date.trim().is_empty() { NodeStatus::Current } else { NodeStatus::Deprecated };
    let title_status = TitleStatus::guess(&title);
    Ok((item.identifier, Node { kind: item.kind, rank, status, title_status, ..Node::new(code, title) }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_package_is_read() {
        let child = |child: &str, parent: &str, sequence: i64| {
            json!({"identifier": format!("a-{child}"), "associationType": "isChildOf", "sequenceNumber": sequence,
                "originNodeURI": {"title": child, "identifier": child, "uri": "urn:x"},
                "destinationNodeURI": {"title": parent, "identifier": parent, "uri": "urn:x"}})
        };
        let value = json!({
            "CFDocument": {"identifier": "doc", "title": "Odontologie", "version": "2026", "creator": "Faculté",
                "licenseURI": {"title": "Etalab 2.0", "identifier": "l", "uri": "urn:l"}},
            "CFItems": [
                {"identifier": "i2", "humanCodingScheme": "D 2", "fullStatement": "Prothèse", "CFItemType": "Domaine"},
                {"identifier": "i1", "humanCodingScheme": "D1", "fullStatement": "Cariologie"},
                {"identifier": "i3", "fullStatement": "Diagnostiquer une carie", "CFItemType": "Rang A"},
                {"identifier": "i4", "humanCodingScheme": "D1", "fullStatement": "Doublon"},
                {"identifier": "i5", "humanCodingScheme": "D5", "fullStatement": " "},
                {"humanCodingScheme": "D6"}
            ],
            "CFAssociations": [
                child("i1", "doc", 1), child("i2", "doc", 2), child("i3", "i1", 1), child("i3", "i2", 1),
                child("i9", "i2", 1),
                {"associationType": "replacedBy", "originNodeURI": {"identifier": "old", "title": "C-7", "uri": "u"},
                    "destinationNodeURI": {"identifier": "i2", "title": "D 2", "uri": "u"}}
            ]
        });
        assert!(is_package(&value));
        let read = package(value);
        let codes: Vec<&str> = read.nodes.iter().map(|n| n.code.as_str()).collect();
        assert_eq!(codes, ["D1", "i3", "D-2"]);
        assert_eq!(read.nodes[1].parent.as_ref().map(Code::as_str), Some("D1"));
        assert_eq!(read.nodes[1].rank, Some(Rank::A));
        assert_eq!(read.nodes[2].replaces.iter().map(Code::as_str).collect::<Vec<_>>(), ["C-7"]);
        assert_eq!((read.about.publisher.as_str(), read.about.licence.as_str()), ("Faculté", "Etalab 2.0"));
        let places: Vec<&str> = read.faults.iter().map(|f| f.place.as_str()).collect();
        assert_eq!(places, ["CFItem 5", "CFItem 6", "CFItem 4"]);
        assert_eq!(read.warnings.len(), 3, "{:?}", read.warnings);
        assert!(!package(json!({"CFDocument": 1})).faults.is_empty());
    }
}
