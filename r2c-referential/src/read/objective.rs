//! One objective of the national referential, from the words of a source.

use crate::code::Code;
use crate::model::{Node, TitleStatus};
use crate::objective::{ObjectiveCode, Rank};
use crate::rubric::Rubric;

/// What a source says of an objective; empty where it says nothing.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Said<'s> {
    pub code: &'s str,
    pub item: &'s str,
    pub ordinal: &'s str,
    pub rank: &'s str,
    pub rubric: &'s str,
    pub title: &'s str,
    pub title_status: &'s str,
}

/// The kind of an objective's node.
const KIND: &str = "objectif";

/// The node, with what should be looked at; or why there is none.
pub(super) fn node(said: Said<'_>) -> Result<(Node, Vec<String>), String> {
    let code: ObjectiveCode = said.code.parse().map_err(|e: crate::ObjectiveCodeError| e.to_string())?;
    let mut remarks = Vec::new();
    if !said.item.trim().is_empty() {
        let item: u32 = said
            .item
            .trim()
            .trim_start_matches("IC-")
            .parse()
            .map_err(|_| format!("{code} : item « {} » : un numéro est attendu", said.item.trim()))?;
        if item != u32::from(code.item().get()) {
            return Err(format!("{code} : l’item {item} n’est pas celui du code ({})", code.item()));
        }
    }
    if !said.ordinal.trim().is_empty() && said.ordinal.trim().parse() != Ok(u32::from(code.ordinal())) {
        let message = format!("{code} : l’ordre « {} » n’est pas celui du code ({})", said.ordinal, code.ordinal());
        remarks.push(message);
    }
    if !said.rank.trim().is_empty() {
        let rank: Rank = said.rank.parse().map_err(|e: crate::RankError| format!("{code} : {e}"))?;
        if rank != code.rank() {
            remarks.push(format!("{code} : le rang {rank} n’est pas celui du code ; le code est gardé"));
        }
    }
    let title = said.title.split_whitespace().collect::<Vec<_>>().join(" ");
    if title.is_empty() {
        return Err(format!("{code} : intitulé vide"));
    }
    let title_status = match said.title_status.trim() {
        "" => TitleStatus::guess(&title),
        word => TitleStatus::from_name(word).ok_or_else(|| {
            format!("{code} : état d’intitulé « {word} » inconnu (complete, completed, truncated ou uncertain)")
        })?,
    };
    let rubric = match said.rubric.trim() {
        "" => None,
        text => {
            let read = Rubric::read_loosely(text);
            if read.is_none() {
                remarks.push(format!("{code} : rubrique « {text} » inconnue, laissée vide"));
            }
            read
        }
    };
    let node = Node {
        title_status,
        kind: KIND.to_owned(),
        rank: Some(code.rank()),
        rubric,
        ..Node::new(Code::from(code), title)
    };
    Ok((node, remarks))
}
