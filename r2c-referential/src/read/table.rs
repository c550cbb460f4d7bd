//! Tables: rows of a CSV or XLSX file.
//!
//! | column | other names | content |
//! |---|---|---|
//! | `code` | | of the node; unique |
//! | `parent` | | code of the node above; empty at the top |
//! | `title` | `titre`, `intitule`, `libelle` | in French |
//! | `kind` | `type`, `nature` | `UE`, `chapitre`, `objectif`… |
//! | `rank` | `rang` | `A` or `B` |
//! | `rubric` | `rubrique` | one of the ten rubrics |
//! | `status` | `statut` | `current` (or empty), `deprecated` |
//! | `title_status` | `etat_intitule` | `complete`, `truncated`… |
//! | `replaces` | `remplace` | codes of the version before, parted by a vertical bar |
//!
//! Only `code` and `title` are needed. The national objectives add `item` and `ordinal`, checked
//! against the code. Other columns are passed over.

use crate::code::Code;
use crate::model::{Fault, Node, NodeStatus, Read, TitleStatus, arrange};
use crate::objective::Rank;
use crate::read::objective::{self, Said};
use crate::rubric::Rubric;
use crate::text::fold;

/// A row with its line in the file, from 1.
pub type Row = (u64, Vec<String>);

/// Columns that a reader knows, with their names.
const COLUMNS: [(&str, &[&str]); 11] = [
    ("code", &["code", "identifiant", "id"]),
    ("parent", &["parent", "codeparent", "parentcode"]),
    ("title", &["title", "titre", "intitule", "libelle"]),
    ("kind", &["kind", "type", "nature"]),
    ("rank", &["rank", "rang"]),
    ("rubric", &["rubric", "rubrique"]),
    ("status", &["status", "statut"]),
    ("title_status", &["titlestatus", "etatintitule", "etattitre"]),
    ("replaces", &["replaces", "remplace"]),
    ("item", &["item", "itemparent", "numeroitem"]),
    ("ordinal", &["ordinal", "ordre"]),
];

/// Which column of the file holds what.
struct Columns<'h>(&'h [String]);

impl Columns<'_> {
    fn place(&self, name: &str) -> Option<usize> {
        let (_, names) = COLUMNS.iter().find(|(known, _)| *known == name)?;
        let plain = |text: &str| fold(text).chars().filter(|c| c.is_alphanumeric()).collect::<String>();
        self.0.iter().position(|header| names.contains(&plain(header).as_str()))
    }

    /// Columns that must be there and are not.
    fn missing(&self) -> Vec<Fault> {
        let missing = ["code", "title"].into_iter().filter(|name| self.place(name).is_none());
        missing.map(|name| Fault::at("ligne 1", format!("colonne « {name} » absente"))).collect()
    }
}

/// Is it a table of the national objectives: does its first code read as one?
#[must_use]
pub fn is_national(headers: &[String], rows: &[Row]) -> bool {
    let Some(place) = Columns(headers).place("code") else { return false };
    let first = rows.iter().filter_map(|(_, cells)| cells.get(place)).find(|cell| !cell.trim().is_empty());
    first.is_some_and(|cell| fold(cell.trim()).starts_with("oic-"))
}

/// Reads the national objectives, in order of code.
#[must_use]
pub fn objectives(headers: &[String], rows: &[Row]) -> Read {
    let columns = Columns(headers);
    let mut read = Read { faults: columns.missing(), ..Read::default() };
    if !read.faults.is_empty() {
        return read;
    }
    let places = ["code", "item", "ordinal", "rank", "rubric", "title", "title_status"].map(|name| columns.place(name));
    let mut placed = Vec::with_capacity(rows.len());
    for (line, cells) in rows {
        let place = format!("ligne {line}");
        let [code, item, ordinal, rank, rubric, title, title_status] =
            places.map(|at| at.and_then(|at| cells.get(at)).map_or("", String::as_str));
        match objective::node(Said { code, item, ordinal, rank, rubric, title, title_status }) {
            Ok((node, remarks)) => {
                read.warnings.extend(remarks.into_iter().map(|remark| Fault::at(place.clone(), remark)));
                placed.push((place, node));
            }
            Err(reason) => read.faults.push(Fault::at(place, reason)),
        }
    }
    let (mut nodes, faults) = arrange(placed);
    nodes.sort_by(|a, b| a.code.cmp(&b.code));
    read.nodes = nodes;
    read.faults.extend(faults);
    read.faults.sort_by_key(|fault| line_of(&fault.place));
    read
}

fn line_of(place: &str) -> u64 {
    place.trim_start_matches("ligne ").parse().unwrap_or(0)
}

/// Reads any referential.
#[must_use]
pub fn tree(headers: &[String], rows: &[Row]) -> Read {
    let columns = Columns(headers);
    let mut read = Read { faults: columns.missing(), ..Read::default() };
    if !read.faults.is_empty() {
        return read;
    }
    let names = ["code", "parent", "title", "kind", "rank", "rubric", "status", "title_status", "replaces"];
    let places = names.map(|name| columns.place(name));
    let mut placed = Vec::with_capacity(rows.len());
    for (line, cells) in rows {
        let place = format!("ligne {line}");
        match node(places.map(|at| at.and_then(|at| cells.get(at)).map_or("", |cell| cell.trim()))) {
            Ok(node) => placed.push((place, node)),
            Err(reason) => read.faults.push(Fault::at(place, reason)),
        }
    }
    let (nodes, faults) = arrange(placed);
    read.nodes = nodes;
    read.faults.extend(faults);
    read.faults.sort_by_key(|fault| line_of(&fault.place));
    read
}

fn node([code, parent, title, kind, rank, rubric, status, title_status, replaces]: [&str; 9]) -> Result<Node, String> {
    let code: Code = code.parse().map_err(|e: crate::CodeError| e.to_string())?;
    let at = |what: &str, why: String| format!("« {code} », {what} : {why}");
    let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
    if title.is_empty() {
        return Err(format!("« {code} » : titre vide"));
    }
    let optional = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Ok(Node {
        parent: match optional(parent) {
            Some(text) => Some(text.parse().map_err(|e: crate::CodeError| at("parent", e.to_string()))?),
            None => None,
        },
        kind: kind.to_owned(),
        rank: match optional(rank) {
            Some(text) => Some(text.parse::<Rank>().map_err(|e| at("rang", e.to_string()))?),
            None => None,
        },
        rubric: match optional(rubric) {
            Some(text) => Some(text.parse::<Rubric>().map_err(|e| at("rubrique", e.to_string()))?),
            None => None,
        },
        status: NodeStatus::from_name(status)
            .ok_or_else(|| at("statut", format!("« {status} » inconnu (current ou deprecated)")))?,
        title_status: match title_status {
            "" => TitleStatus::guess(&title),
            word => {
                TitleStatus::from_name(word).ok_or_else(|| at("état de l’intitulé", format!("« {word} » inconnu")))?
            }
        },
        replaces: replaces
            .split(['|', ' '])
            .filter(|text| !text.is_empty())
            .map(|text| text.parse().map_err(|e: crate::CodeError| at("remplace", e.to_string())))
            .collect::<Result<_, _>>()?,
        ..Node::new(code.clone(), title)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(lines: &[&str]) -> (Vec<String>, Vec<Row>) {
        let cells = |line: &&str| line.split(';').map(str::to_owned).collect::<Vec<_>>();
        let numbered = lines[1..].iter().zip(2..).map(|(line, n)| (n, cells(line)));
        (cells(&lines[0]), numbered.collect())
    }

    #[test]
    fn any_tree_is_read_and_every_fault_is_told() {
        let (headers, lines) = rows(&[
            "Code;Parent;Intitulé;Type;Rang;Statut;Remplace",
            "UE1;;Chimie;UE;;;",
            "UE1.1;UE1;Atomes;chapitre;A;;C1|C2",
            "UE 2;;Espace;UE;;;",
            "UE3;;;UE;;;",
            "UE4;UE9;Sans parent;UE;;;",
            "UE5;;Rang;UE;C;;",
            "UE6;;Statut;UE;;peut-être;",
            "UE1;;Encore;UE;;;",
            "UE7;;Abrogé;UE;;retiré;",
        ]);
        let read = tree(&headers, &lines);
        let codes: Vec<&str> = read.nodes.iter().map(|n| n.code.as_str()).collect();
        assert_eq!(codes, ["UE1", "UE1.1", "UE7"]);
        assert_eq!(read.nodes[1].rank, Some(Rank::A));
        assert_eq!(read.nodes[1].replaces.len(), 2);
        assert_eq!(read.nodes[2].status, NodeStatus::Deprecated);
        let places: Vec<&str> = read.faults.iter().map(|f| f.place.as_str()).collect();
        assert_eq!(places, ["ligne 4", "ligne 5", "ligne 6", "ligne 7", "ligne 8", "ligne 9"]);
        assert!(!is_national(&headers, &lines));
        let bare = tree(&["nom".to_owned()], &[]);
        assert_eq!(bare.faults.len(), 2);
    }

    #[test]
    fn objectives_are_checked_against_their_code() {
        let (headers, lines) = rows(&[
            "code;item;ordinal;rank;rubric;title;title_status",
            "OIC-031-11-B;31;11;B;Définition;Connaître les causes de;truncated",
            "OIC-031-02-A;31;2;A;Physiopathologie;Décrire   un geste;",
            "OIC-031-03-A;32;3;A;Définition;Autre item;",
            "OIC-031-04-C;31;4;C;Définition;Rang;",
            "OIC-031-05-A;31;5;B;Inconnue;Rang différent;",
            "OIC-031-11-B;31;11;B;Définition;Encore;",
            "OIC-031-06-A;31;6;A;Définition;;",
            "OIC-031-07-A;31;7;A;Définition;Titre;coupé",
        ]);
        assert!(is_national(&headers, &lines));
        let read = objectives(&headers, &lines);
        let codes: Vec<&str> = read.nodes.iter().map(|n| n.code.as_str()).collect();
        assert_eq!(codes, ["OIC-031-02-A", "OIC-031-05-A", "OIC-031-11-B"]);
        assert_eq!(read.nodes[0].title, "Décrire un geste");
        assert_eq!(read.nodes[2].title_status, TitleStatus::Truncated);
        let places: Vec<&str> = read.faults.iter().map(|f| f.place.as_str()).collect();
        assert_eq!(places, ["ligne 4", "ligne 5", "ligne 7", "ligne 8", "ligne 9"]);
        assert_eq!(read.warnings.len(), 2, "{:?}", read.warnings);
    }
}
