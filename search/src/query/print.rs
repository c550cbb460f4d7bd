//! A query as a line that reads back to it.

use super::fields::{Facet, Field};
use super::{Filter, Node, Query};
use std::fmt;

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = line(&self.node);
        f.write_str(&line)?;
        if let Some(sort) = self.sort {
            let space = if line.is_empty() { "" } else { " " };
            write!(f, "{space}tri:{}{}", if sort.reversed { "-" } else { "" }, sort.key.french())?;
        }
        Ok(())
    }
}

fn line(node: &Node) -> String {
    match node {
        Node::All => String::new(),
        Node::Word(word) => word.clone(),
        Node::Prefix(word) => format!("{word}*"),
        Node::Phrase(phrase) => format!("\"{phrase}\""),
        Node::Filter(filter) => self::filter(filter),
        Node::Not(inner) => format!("-{}", atom(inner)),
        Node::And(nodes) => nodes.iter().map(atom).collect::<Vec<_>>().join(" "),
        Node::Or(nodes) => nodes
            .iter()
            .map(|n| if matches!(n, Node::And(_)) { line(n) } else { atom(n) })
            .collect::<Vec<_>>()
            .join(" OR "),
    }
}

/// The node, in parentheses where it would be torn apart.
fn atom(node: &Node) -> String {
    match node {
        Node::And(_) | Node::Or(_) => format!("({})", line(node)),
        _ => line(node),
    }
}

fn filter(filter: &Filter) -> String {
    match filter {
        Filter::Is(facet, value) => format!("{}:{}", facet.french(), quoted(*facet, value)),
        Filter::Between(facet, low, high) => format!("{}:{low}..{high}", facet.french()),
        Filter::Measure(measure, span) => format!("{}:{}", Field::Measure(*measure).french(), span.print()),
        Filter::Moment(moment, days) => format!("{}:{}", Field::Moment(*moment).french(), days.print()),
        Filter::UnusedSince(day) => format!("inutilisée:{day}"),
        Filter::EverUsed(used) => format!("utilisée:{}", if *used { "oui" } else { "non" }),
        Filter::Code(code) => format!("code:\"{code}\""),
        Filter::Fingerprint(print) => format!("empreinte:\"{print}\""),
    }
}

/// Values of free text are always quoted, so that nothing in them is read as grammar.
fn quoted(facet: Facet, value: &str) -> String {
    match facet {
        Facet::Author | Facet::Establishment | Facet::Folder | Facet::Flaw => format!("\"{value}\""),
        Facet::Status => match value.parse::<docimo_bank::revision::Status>() {
            Ok(docimo_bank::revision::Status::InReview) => "relecture".to_owned(),
            Ok(status) => status.french().to_owned(),
            Err(_) => value.to_owned(),
        },
        _ => value.to_owned(),
    }
}
