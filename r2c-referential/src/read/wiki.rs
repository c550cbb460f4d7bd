//! Answers of a MediaWiki interface (`api.php`) that holds the LISA's objectives.
//!
//! An objective is a page of the category « Objectif de connaissance », named by its code or by a
//! title that ends with it. Its text begins with a template of that name whose fields are
//! `Identifiant`, `Item_parent`, `Rang`, `Intitulé`, `Description`, `Rubrique`, `Ordre`…; newer
//! years write `Parent_id` and `Intitule`. The rest of the page (the teaching text) is never kept.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::{Fault, Read, arrange};
use crate::objective::ObjectiveCode;
use crate::read::objective::{self, Said};
use crate::text::fold;

/// The category of the objectives.
pub const CATEGORY: &str = "Catégorie:Objectif de connaissance";

/// What to send with the next request, as the answer before said; empty at the start.
pub type Continue = BTreeMap<String, String>;

/// A page as its wiki writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// Title.
    pub title: String,
    /// Text; absent when the answer does not carry it (it comes with a later one, or is hidden).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// One answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// Pages, in the order of the answer.
    pub pages: Vec<Page>,
    /// How to go on; `None` at the end.
    pub next: Option<Continue>,
    /// What the wiki says beside.
    pub warnings: Vec<String>,
}

/// Why an answer is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WikiError {
    /// Not JSON, or not of an `api.php`.
    #[error("la réponse n’est pas celle d’une interface MediaWiki ({0})")]
    NotAnAnswer(String),
    /// The wiki refuses; `code` is its own word (`maxlag`, `readapidenied`).
    #[error("le wiki refuse : {info} ({code})")]
    Refused {
        /// Its word.
        code: String,
        /// Its sentence.
        info: String,
    },
}

/// Parameters of the request for up to `limit` pages of the category with their text.
#[must_use]
pub fn parameters(limit: u16, next: &Continue) -> BTreeMap<String, String> {
    let fixed = [
        ("action", "query"),
        ("format", "json"),
        ("formatversion", "2"),
        ("generator", "categorymembers"),
        ("gcmtitle", CATEGORY),
        ("gcmnamespace", "0"),
        ("prop", "revisions"),
        ("rvprop", "content"),
        ("rvslots", "main"),
        ("maxlag", "5"),
    ];
    let mut all: BTreeMap<String, String> = fixed.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
    all.insert("gcmlimit".into(), limit.to_string());
    all.extend(next.iter().map(|(k, v)| (k.clone(), v.clone())));
    all
}

impl Page {
    /// The page without its teaching text, which is never kept: its template alone, or nothing where it
    /// has none.
    #[must_use]
    pub fn lean(self) -> Self {
        let text = self.text.map(|text| template(&text).map(|(_, written)| written.to_owned()).unwrap_or_default());
        Self { text, ..self }
    }
}

/// Reads one answer, in either format of MediaWiki (`formatversion` 1 or 2).
///
/// # Errors
/// When the wiki refuses, or when it is no answer of a wiki.
pub fn answer(value: &Value) -> Result<Answer, WikiError> {
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    if let Some(error) = value.get("error").or_else(|| value.get("errors").and_then(|list| list.get(0))) {
        let info = [text(error, "info"), text(error, "text")].into_iter().find(|t| !t.is_empty());
        return Err(WikiError::Refused { code: text(error, "code"), info: info.unwrap_or_default() });
    }
    let is_answer = value.get("query").is_some() || value.get("batchcomplete").is_some();
    if !is_answer {
        return Err(WikiError::NotAnAnswer("ni « query » ni « error »".into()));
    }
    let pages: Vec<&Value> = match value.pointer("/query/pages") {
        Some(Value::Array(list)) => list.iter().collect(),
        Some(Value::Object(map)) => map.values().collect(),
        _ => Vec::new(),
    };
    let next = match value.get("continue") {
        Some(Value::Object(map)) => {
            let plain = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
            Some(map.iter().map(|(k, v)| (k.clone(), plain(v))).collect())
        }
        _ => None,
    };
    let warnings = match value.get("warnings") {
        Some(Value::Object(map)) => map
            .iter()
            .map(|(module, said)| {
                let said = [text(said, "warnings"), text(said, "*")].into_iter().find(|t| !t.is_empty());
                format!("{module} : {}", said.unwrap_or_default())
            })
            .collect(),
        _ => Vec::new(),
    };
    let page = |page: &Value| Page { title: text(page, "title"), text: content(page) };
    Ok(Answer { pages: pages.into_iter().map(page).collect(), next, warnings })
}

fn content(page: &Value) -> Option<String> {
    let revision = page.get("revisions")?.get(0)?;
    let places = ["/slots/main/content", "/slots/main/*", "/content", "/*"];
    places.into_iter().find_map(|place| revision.pointer(place)).and_then(Value::as_str).map(str::to_owned)
}

/// The objectives of pages. A page of the category that is no objective is passed over if its title
/// holds no code, and told otherwise.
#[must_use]
pub fn objectives(pages: &[Page]) -> Read {
    let mut read = Read::default();
    let mut placed = Vec::with_capacity(pages.len());
    let mut passed = 0_usize;
    for page in pages {
        let place = format!("page « {} »", page.title);
        let named = code_in(&page.title);
        let Some(text) = &page.text else {
            if named.is_some() {
                read.faults.push(Fault::at(place, "le wiki n’en donne pas le texte"));
            }
            continue;
        };
        let Some((fields, _)) = template(text) else {
            if named.is_some() {
                let message = "le modèle « Objectif de connaissance » manque, ou ne se referme pas";
                read.faults.push(Fault::at(place, message));
            } else {
                passed += 1;
            }
            continue;
        };
        let field = |names: &[&str]| {
            names.iter().find_map(|name| fields.get(*name)).map(|value| plain(value)).unwrap_or_default()
        };
        let written = field(&["identifiant", "id", "code"]);
        let Some(code) = code_in(&written).or(named) else {
            read.faults.push(Fault::at(place, "aucun code d’objectif dans le titre ni dans « Identifiant »"));
            continue;
        };
        if let (Some(named), Some(written)) = (named, code_in(&written))
            && named != written
        {
            let message = format!("le titre dit {named}, « Identifiant » dit {written} : {written} est gardé");
            read.warnings.push(Fault::at(place.clone(), message));
        }
        let item = field(&["parentid", "item", "itemnumero"]);
        let item = if item.trim().parse::<u32>().is_ok() { item } else { String::new() };
        let said = Said {
            code: &code.to_string(),
            item: &item,
            rank: &field(&["rang"]),
            rubric: &field(&["rubrique"]),
            title: &field(&["intitule", "titre"]),
            ..Said::default()
        };
        match objective::node(said) {
            Ok((node, remarks)) => {
                read.warnings.extend(remarks.into_iter().map(|remark| Fault::at(place.clone(), remark)));
                placed.push((place, node));
            }
            Err(reason) => read.faults.push(Fault::at(place, reason)),
        }
    }
    if passed > 0 {
        let message = format!("{passed} pages de la catégorie ne sont pas des objectifs : passées");
        read.warnings.push(Fault::at("catégorie", message));
    }
    let (mut nodes, faults) = arrange(placed);
    nodes.sort_by(|a, b| a.code.cmp(&b.code));
    read.nodes = nodes;
    read.faults.extend(faults);
    read
}

/// The first objective code in a text.
fn code_in(text: &str) -> Option<ObjectiveCode> {
    let length = "OIC-031-11-B".len();
    let starts = text.match_indices("OIC-").map(|(at, _)| at);
    starts.filter_map(|at| text.get(at..at + length)).find_map(|code| code.parse().ok())
}

/// The fields of the page's template, by folded name, and the template as written; `None` without it. A vertical bar inside a
/// link or another template is part of the value.
fn template(text: &str) -> Option<(BTreeMap<String, String>, &str)> {
    const NAME: &str = "objectif de connaissance";
    let mut rest = text;
    let (start, body) = loop {
        let (_, after) = rest.split_once("{{")?;
        let start = text.len() - after.len() - 2;
        let head: String = after.chars().take_while(|c| !matches!(c, '|' | '}' | '\n')).collect();
        if fold(head.trim()).replace('_', " ") == NAME {
            break (start, &after[head.len()..]);
        }
        rest = after;
    };
    let (mut depth, mut field, mut fields, mut end) = (0_u32, String::new(), Vec::new(), None);
    let mut chars = body.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let doubled = chars.peek().is_some_and(|(_, next)| *next == c);
        match c {
            '{' | '[' if doubled => {
                depth += 1;
                field.extend([c, c]);
                chars.next();
            }
            '}' if doubled && depth == 0 => {
                end = Some(text.len() - body.len() + at + 2);
                break;
            }
            '}' | ']' if doubled => {
                depth = depth.saturating_sub(1);
                field.extend([c, c]);
                chars.next();
            }
            '|' if depth == 0 => fields.push(std::mem::take(&mut field)),
            _ => field.push(c),
        }
    }
    let written = &text[start..end?];
    fields.push(field);
    let name = |text: &str| fold(text).chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    let pairs = fields.iter().filter_map(|field| field.split_once('='));
    Some((pairs.map(|(key, value)| (name(key), value.trim().to_owned())).collect(), written))
}

/// A value without the marks of wikitext: links give their label, emphasis and tags go.
fn plain(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = rest.find(['[', '<', '\'', '&']) {
        out.push_str(&rest[..at]);
        let tail = &rest[at..];
        let (given, used) = if let Some(link) = tail.strip_prefix("[[")
            && let Some(end) = link.find("]]")
        {
            let inner = &link[..end];
            (inner.rsplit_once('|').map_or(inner, |(_, label)| label), end + 4)
        } else if tail.starts_with("'''") {
            ("", 3)
        } else if tail.starts_with("''") {
            ("", 2)
        } else if tail.starts_with("<!--") {
            ("", tail.find("-->").map_or(tail.len(), |end| end + 3))
        } else if let Some(end) = tail.find('>')
            && tail[1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
            && tail.starts_with('<')
        {
            (" ", end + 1)
        } else if let Some((entity, sign)) =
            [("&nbsp;", "\u{a0}"), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"), ("&#39;", "’"), ("&quot;", "\"")]
                .into_iter()
                .find(|(entity, _)| tail.starts_with(entity))
        {
            (sign, entity.len())
        } else {
            (&tail[..1], 1)
        };
        out.push_str(given);
        rest = &tail[used..];
    }
    out.push_str(rest);
    out.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TitleStatus;
    use crate::objective::Rank;
    use serde_json::json;

    fn page(title: &str, text: &str) -> Page {
        Page { title: title.into(), text: Some(text.into()) }
    }

    #[test]
    fn pages_of_both_years_are_read() {
        let older = "{{Objectif de connaissance\n|Identifiant=OIC-031-11-B\n|Item_parent=Un titre d’item\n\
            |Item_parent_short=Item\n|Rang=B\n|Intitulé=Connaître les [[Prurit|causes]] d’un ''prurit''<br/>chez l’adulte\n\
            |Description=Avec une liste : {{Liste|a|b}}\n|Rubrique=Étiologies\n|Contributeurs=Une personne\n|Ordre=11}}\n\
            == Cours ==\nUn texte {{Objectif de connaissance}} qui n’est pas gardé.";
        let newer = "<!-- x -->{{Bandeau}}{{objectif de connaissance\n|Identifiant=OIC-002-01-A\n|Parent_id=2\n|Rang=A\n\
            |Intitule=Identifier les…\n|Rubrique=Divers\n}}";
        let read = objectives(&[
            page("Connaître les causes OIC-031-11-B", older),
            page("OIC-002-01-A", newer),
            page("OIC-002-02-A", "Page vide"),
            page("OIC-002-03-A", "{{Objectif de connaissance\n|Rang=A\n|Intitulé=Sans fin"),
            page("OIC-002-04-A", "{{Objectif de connaissance|Rang=Z|Intitulé=Rang}}"),
            page("Fiche LISA", "{{Fiche}}"),
            page("OIC-002-05-A", "{{Objectif de connaissance|Identifiant=OIC-002-06-A|Intitulé=Deux codes|Rang=B}}"),
            Page { title: "OIC-002-07-A".into(), text: None },
        ]);
        let codes: Vec<&str> = read.nodes.iter().map(|n| n.code.as_str()).collect();
        assert_eq!(codes, ["OIC-002-01-A", "OIC-002-06-A", "OIC-031-11-B"], "{:?}", read.faults);
        let lean = page("OIC-031-11-B", older).lean();
        assert!(lean.text.as_deref().is_some_and(|t| t.starts_with("{{Objectif") && t.ends_with("|Ordre=11}}")));
        assert_eq!(objectives(&[lean]).nodes[0], read.nodes[2]);
        assert_eq!(page("x", "Cours").lean().text.as_deref(), Some(""));
        assert_eq!(read.nodes[2].title, "Connaître les causes d’un prurit chez l’adulte");
        assert_eq!((read.nodes[2].rank, read.nodes[2].title_status), (Some(Rank::B), TitleStatus::Complete));
        assert_eq!(read.nodes[0].title_status, TitleStatus::Truncated);
        assert_eq!(read.nodes[0].rubric, None);
        let places: Vec<&str> = read.faults.iter().map(|f| f.place.as_str()).collect();
        let at = |code: &str| format!("page « {code} »");
        assert_eq!(places, [at("OIC-002-02-A"), at("OIC-002-03-A"), at("OIC-002-04-A"), at("OIC-002-07-A")]);
        assert_eq!(read.warnings.len(), 4, "{:?}", read.warnings);
    }

    #[test]
    fn answers_of_both_formats_are_read() {
        let second = json!({"batchcomplete": true, "continue": {"gcmcontinue": "page|X|1", "continue": "gcmcontinue||"},
            "query": {"pages": [{"pageid": 1, "title": "OIC-001-01-A",
                "revisions": [{"slots": {"main": {"contentmodel": "wikitext", "content": "x"}}}]}]}});
        let read = answer(&second).unwrap_or_default();
        assert_eq!(read.pages, [page("OIC-001-01-A", "x")]);
        let next = read.next.unwrap_or_default();
        assert_eq!(parameters(50, &next)["gcmcontinue"], "page|X|1");
        let first = json!({"batchcomplete": "", "query": {"pages": {"7": {"title": "T", "revisions": [{"*": "y"}]}}},
            "warnings": {"main": {"*": "lent"}}});
        let read = answer(&first).unwrap_or_default();
        assert_eq!((read.pages.len(), read.next, read.warnings.len()), (1, None, 1));
        let refused = answer(&json!({"error": {"code": "readapidenied", "info": "You need read permission"}}));
        assert!(matches!(refused, Err(WikiError::Refused { code, .. }) if code == "readapidenied"));
        assert!(matches!(answer(&json!({"a": 1})), Err(WikiError::NotAnAnswer(_))));
    }

    #[test]
    fn no_text_breaks_the_reader() {
        for text in ["{{", "{{Objectif de connaissance", "{{Objectif de connaissance|=}}", "[[", "<", "'", "&", "é<é>é"]
        {
            let _ = (template(text), plain(text));
        }
    }
}
