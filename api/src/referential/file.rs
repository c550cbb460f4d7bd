//! Bytes of a file to the nodes of a referential: CSV, XLSX, IMS CASE, or answers of a wiki.

use super::{NATIONAL, workbook};
use crate::error::Wrong;
use crate::table::Table;
use r2c_referential::read::{case, table, wiki};
use r2c_referential::{About, Fault, RESERVED_SLUGS, Read, Slug, fold};
use serde_json::Value;

/// Largest file, in bytes.
pub const MAX_BYTES: usize = 32 * 1024 * 1024;
/// Most nodes of a referential.
pub const MAX_NODES: usize = 50_000;
/// Addresses under `/referentiel` that are no short names.
const PAGES: [&str; 6] = ["items", "specialites", "situations", "importer", "revue", "recherche"];
/// Said of the national referential.
const NATIONAL_TITLE: &str = "Objectifs de connaissances du deuxième cycle (R2C)";

/// A file, read, ready to be compared with what is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brought {
    /// Short name of the referential.
    pub slug: Slug,
    /// What the file says of the whole; completed for the national one.
    pub about: About,
    /// Nodes, faults, warnings.
    pub read: Read,
    /// Where it comes from.
    pub origin: String,
}

fn wrong(place: &str, message: impl Into<String>) -> Vec<Wrong> {
    vec![Wrong { place: place.into(), message: message.into() }]
}

/// A fault as pages and programs show it.
pub fn shown(fault: Fault) -> Wrong {
    Wrong { place: fault.place, message: fault.message }
}

/// Reads a file into the referential of that short name, or of the file's own. The error is of a file
/// that cannot be read as a whole.
pub fn read(name: &str, bytes: &[u8], slug: Option<&str>) -> Result<Brought, Vec<Wrong>> {
    if bytes.len() > MAX_BYTES {
        return Err(wrong("fichier", format!("fichier trop grand : {} Mio au plus", MAX_BYTES / 1024 / 1024)));
    }
    let start = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    let (read, is_national) = if workbook::is_archive(bytes) {
        rows(workbook::read(bytes)?, Vec::new())
    } else if matches!(start.first(), Some(b'{' | b'[')) {
        json(start)?
    } else {
        let (table, faults) = Table::read_all(bytes)?;
        rows(table, faults)
    };
    brought(name, read, is_national, slug)
}

/// What pages of the official wiki hold.
pub fn of_wiki(origin: &str, version: String, pages: &[wiki::Page]) -> Result<Brought, Vec<Wrong>> {
    let mut read = wiki::objectives(pages);
    read.about.version = version;
    brought(origin, read, true, None)
}

fn brought(origin: &str, mut read: Read, is_national: bool, slug: Option<&str>) -> Result<Brought, Vec<Wrong>> {
    if read.nodes.is_empty() {
        let mut all: Vec<Wrong> = read.faults.into_iter().map(shown).collect();
        if all.is_empty() {
            all = wrong(
                "fichier",
                "aucun élément : la première ligne donne les colonnes, au moins « code » et « title »",
            );
        }
        return Err(all);
    }
    if read.nodes.len() > MAX_NODES {
        return Err(wrong("fichier", format!("{} éléments : {MAX_NODES} au plus", read.nodes.len())));
    }
    let slug = chosen(origin, slug.map(str::trim).filter(|s| !s.is_empty()), is_national)?;
    let mut about = std::mem::take(&mut read.about);
    if is_national {
        about.title = NATIONAL_TITLE.to_owned();
        about.publisher = "Conférence des doyens, UNESS (livret LISA)".to_owned();
        about.licence = "droit de réutilisation non établi : importé par cet établissement, jamais diffusé".to_owned();
    } else if about.title.is_empty() {
        about.title = slug.to_string();
    }
    Ok(Brought { slug, about, read, origin: origin.to_owned() })
}

/// The short name: the one asked for, or one made of the file's name.
fn chosen(name: &str, asked: Option<&str>, is_national: bool) -> Result<Slug, Vec<Wrong>> {
    let text = match (asked, is_national) {
        (None, true) => NATIONAL.to_owned(),
        (Some(asked), true) if asked != NATIONAL => {
            let message = format!("ces codes sont ceux des objectifs nationaux : leur référentiel est « {NATIONAL} »");
            return Err(wrong("référentiel", message));
        }
        (Some(asked), _) => asked.to_owned(),
        (None, false) => slug_of(name),
    };
    let slug: Slug = text.parse().map_err(|e: r2c_referential::SlugError| {
        wrong("référentiel", format!("{e} ; donnez un nom court, par exemple « pharmacie-lille »"))
    })?;
    let reserved = RESERVED_SLUGS.contains(&slug.as_str()) || PAGES.contains(&slug.as_str());
    if reserved && !is_national {
        return Err(wrong("référentiel", format!("le nom court « {slug} » est réservé : choisissez-en un autre")));
    }
    Ok(slug)
}

/// A file's name as a short name.
fn slug_of(name: &str) -> String {
    let stem = name.rsplit(['/', '\\']).next().unwrap_or(name).split('.').next().unwrap_or(name);
    let words = fold(stem);
    let words = words.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty());
    let joined = words.collect::<Vec<_>>().join("-");
    joined.chars().take(Slug::MAX_LENGTH).collect::<String>().trim_end_matches('-').to_owned()
}

fn rows(table: Table, faults: Vec<Wrong>) -> (Read, bool) {
    let rows: Vec<table::Row> = table.rows.into_iter().map(|row| (row.line, row.cells)).collect();
    let is_national = table::is_national(&table.headers, &rows);
    let mut read =
        if is_national { table::objectives(&table.headers, &rows) } else { table::tree(&table.headers, &rows) };
    let own = faults.into_iter().map(|w| Fault { place: w.place, message: w.message });
    read.faults = own.chain(std::mem::take(&mut read.faults)).collect();
    (read, is_national)
}

fn json(bytes: &[u8]) -> Result<(Read, bool), Vec<Wrong>> {
    let value: Value = serde_json::from_slice(bytes).map_err(|e| wrong("fichier", crate::json::french::syntax(&e)))?;
    if case::is_package(&value) {
        return Ok((case::package(value), false));
    }
    let answers: Vec<&Value> = value.as_array().map_or_else(|| vec![&value], |list| list.iter().collect());
    let mut pages = Vec::new();
    for answer in answers {
        let answer = wiki::answer(answer).map_err(|e| {
            let message = format!("ni un paquet IMS CASE (CFDocument), ni des réponses de wiki : {e}");
            wrong("fichier", message)
        })?;
        pages.extend(answer.pages);
    }
    Ok((wiki::objectives(&pages), true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_format_is_recognised() {
        let csv = "code;parent;titre\nUE1;;Chimie\nUE1.1;UE1;Atomes\nUE2;;\n".as_bytes();
        let brought = read("Pharmacie Lille.csv", csv, None).unwrap();
        assert_eq!((brought.slug.as_str(), brought.read.nodes.len()), ("pharmacie-lille", 2));
        assert_eq!(brought.read.faults[0].place, "ligne 4");
        let national = "code,title\nOIC-001-01-A,Titre\n".as_bytes();
        assert_eq!(read("x.csv", national, None).unwrap().slug.as_str(), NATIONAL);
        assert!(read("x.csv", national, Some("autre")).unwrap_err()[0].message.contains("nationaux"));
        for reserved in ["r2c", "spec", "importer"] {
            assert!(read("x.csv", csv, Some(reserved)).unwrap_err()[0].message.contains("réservé"), "{reserved}");
        }
        assert!(read("x.csv", csv, Some("Avec espace")).is_err());
        let wiki = br#"{"query":{"pages":[{"title":"OIC-001-01-A","revisions":[{"content":
            "{{Objectif de connaissance|Rang=A|Intitul\u00e9=Un titre}}"}]}]}}"#;
        assert_eq!(read("lisa.json", wiki, None).unwrap().read.nodes[0].title, "Un titre");
        let case = br#"{"CFDocument":{"title":"T"},"CFItems":[{"identifier":"i","fullStatement":"S"}]}"#;
        assert_eq!(read("od.json", case, None).unwrap().about.title, "T");
        for (bytes, said) in [
            (&b"{"[..], "JSON"),
            (b"[1]", "IMS CASE"),
            (b"nom\nx\n", "« code » absente"),
            (b"code,title\n", "aucun élément"),
            (b"", "vide"),
        ] {
            let told = read("x", bytes, None).unwrap_err();
            assert!(told[0].message.contains(said), "{told:?}");
        }
    }
}
