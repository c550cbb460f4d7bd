//! What a search shows, on every page that searches the bank: the line, facets with their counts, entries found.

use super::super::committee::Pages;
use super::{entry, kind_french, tags};
use crate::app::App;
use crate::assistance::disclosure::MARK;
use crate::bank::find::{Asked, Found, find};
use crate::bank::index::State;
use crate::bank::reach::Reach;
use crate::error::ApiResult;
use crate::web;
use crate::web::filters::{count, day, float, thousands};
use docimo_bank::flaws;
use docimo_bank::revision::Status;
use docimo_bank::rights::Level;
use docimo_search::extract::Extract;
use docimo_search::query::{Facet, Fault, Node, Query, Sort, parse};
use docimo_search::{Answer, Hit};
use docimo_store::bank::EntryLine;
use docimo_store::bank::uses::Usage;
use r2c_referential::Tag;
use serde::Deserialize;
use std::collections::{HashMap, HashSet};

/// Entries of a page.
pub(crate) const PAGE: usize = 50;
/// Values of a facet shown at first.
const VALUES: usize = 8;

/// What a page that searches is asked.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Search {
    /// The line.
    pub(crate) q: String,
    /// The order, as `tri:` takes it; empty for the line's own.
    pub(crate) tri: String,
    /// Older addresses: words, kind, tag, folder.
    pub(crate) mots: String,
    #[serde(rename = "type", alias = "forme")]
    pub(crate) kind: String,
    #[serde(rename = "etiquette")]
    pub(crate) tag: String,
    pub(crate) dossier: String,
    /// From 1.
    pub(crate) page: String,
    /// Only what was found, for a page that shows the rest already: the line is being typed.
    pub(crate) partiel: String,
}

impl Search {
    /// Everything asked, as one line.
    pub(crate) fn line(&self, reach: &Reach) -> String {
        let quoted = |field: &str, value: &str| format!("{field}:\"{}\"", value.replace('"', " "));
        let mut parts = vec![self.q.trim().to_owned(), self.mots.trim().to_owned()];
        if !self.kind.is_empty() {
            parts.push(quoted("genre", &self.kind));
        }
        if !self.tag.is_empty() {
            parts.push(match self.tag.parse::<Tag>() {
                Ok(Tag::Item(item)) => format!("item:{item}"),
                Ok(Tag::Objective(code)) => format!("objectif:{code}"),
                Ok(Tag::Situation(situation)) => format!("situation:{situation}"),
                Ok(Tag::Specialty(slug)) => quoted("spécialité", slug.as_str()),
                _ => quoted("code", &self.tag),
            });
        }
        if !self.dossier.is_empty() {
            let known = reach.may(&self.dossier, Level::Read);
            parts.push(quoted("dossier", &if known { reach.path(&self.dossier) } else { self.dossier.clone() }));
        }
        parts.retain(|p| !p.is_empty());
        parts.join(" ")
    }

    fn sort(&self) -> Option<Sort> {
        parse(&format!("tri:{}", self.tri)).ok().filter(|_| !self.tri.is_empty()).and_then(|p| p.query.sort)
    }

    /// The page asked for, from 1.
    pub(crate) fn page(&self) -> usize {
        super::super::committee::page_number(&self.page)
    }
}

/// A value of a facet.
pub(crate) struct ValueView {
    pub(crate) label: String,
    pub(crate) title: String,
    pub(crate) count: String,
    pub(crate) href: String,
    pub(crate) selected: bool,
}

/// A facet.
pub(crate) struct FacetView {
    pub(crate) id: String,
    pub(crate) name: &'static str,
    pub(crate) values: Vec<ValueView>,
    /// Values beyond those shown at first.
    pub(crate) others: Vec<ValueView>,
    /// How many there are that are not shown at all.
    pub(crate) unseen: usize,
    pub(crate) open: bool,
}

/// A piece of an extract.
pub(crate) struct Piece {
    pub(crate) text: String,
    pub(crate) marked: bool,
}

/// An entry found.
pub(crate) struct Card {
    pub(crate) id: String,
    pub(crate) external_id: String,
    pub(crate) kind: String,
    pub(crate) kind_french: &'static str,
    pub(crate) status: &'static str,
    pub(crate) status_class: &'static str,
    /// Is one of its questions without a key?
    pub(crate) lacks_key: bool,
    /// Did a machine write it?
    pub(crate) machine: bool,
    pub(crate) pieces: Vec<Piece>,
    /// Where the extract is from, unless it is what is asked.
    pub(crate) part: &'static str,
    pub(crate) title: String,
    pub(crate) tags: Vec<tags::TagView>,
    pub(crate) folder: String,
    /// Questions in it, if several.
    pub(crate) questions: Option<i64>,
    pub(crate) version: i64,
    pub(crate) used: String,
    /// Is it on the paper being made already?
    pub(crate) taken: bool,
}

/// A way to order.
pub(crate) struct SortView {
    pub(crate) value: String,
    pub(crate) label: &'static str,
    pub(crate) selected: bool,
}

/// Everything that a search shows.
#[derive(Default)]
pub(crate) struct Results {
    /// The line, as shown to be changed.
    pub(crate) line: String,
    /// What is wrong with it.
    pub(crate) fault: Option<String>,
    /// What was guessed.
    pub(crate) notes: Vec<String>,
    /// The index is not all there, or fails.
    pub(crate) warning: Option<String>,
    pub(crate) total: String,
    pub(crate) sorts: Vec<SortView>,
    pub(crate) facets: Vec<FacetView>,
    pub(crate) cards: Vec<Card>,
    pub(crate) pages: Option<Pages>,
    /// The canonical line, to be saved.
    pub(crate) canonical: String,
    /// Completions of the line being typed.
    pub(crate) completions: Vec<String>,
}

const SORTS: [(&str, &str); 9] = [
    ("pertinence", "Pertinence"),
    ("récence", "Modifiées récemment"),
    ("-récence", "Modifiées il y a longtemps"),
    ("difficulté", "Les plus difficiles"),
    ("-difficulté", "Les plus faciles"),
    ("discrimination", "Les plus discriminantes"),
    ("utilisation", "Utilisées récemment"),
    ("-utilisation", "Utilisées il y a longtemps"),
    ("exposition", "Les plus vues"),
];

impl Results {
    /// Searches. `None` where there is no index: the caller lists otherwise.
    pub(crate) async fn of(
        app: &App,
        reach: &Reach,
        search: &Search,
        taken: &HashSet<&str>,
    ) -> ApiResult<Option<Self>> {
        let Some(finder) = app.finder() else { return Ok(None) };
        let line = search.line(reach);
        let page = search.page();
        let typing = !search.partiel.is_empty();
        let asked = Asked {
            line: line.clone(),
            sort: search.sort(),
            facets: Facet::ALL.to_vec(),
            facet_limit: 40,
            typing,
            offset: (page - 1) * PAGE,
            limit: PAGE,
        };
        let mut results = Self { line: line.clone(), ..Self::default() };
        match find(app, finder, reach, asked).await? {
            Err(fault) => results.fault = Some(said(&fault)),
            Ok(found) => results.fill(app, reach, search, found, taken).await?,
        }
        if typing {
            results.completions = completions(&line, finder.index.suggest(&line, 8).unwrap_or_default());
        }
        Ok(Some(results))
    }

    async fn fill(
        &mut self,
        app: &App,
        reach: &Reach,
        search: &Search,
        found: Found,
        taken: &HashSet<&str>,
    ) -> ApiResult<()> {
        let Found { entries, answer, state } = found;
        self.warning = match state {
            State::Failing => Some(
                "L’index de recherche ne suit plus la base : les résultats peuvent être anciens. L’administrateur en trouvera la cause dans le journal du serveur.".into(),
            ),
            State::Following | State::Building { .. } => None,
        };
        self.notes.extend(answer.notice());
        self.notes.extend(answer.remarks.iter().map(|r| match &r.proposal {
            Some(proposal) => format!("{} : « {proposal} » ?", capital(&r.message)),
            None => format!("{}.", capital(&r.message)),
        }));
        let total = usize::try_from(answer.total).unwrap_or(usize::MAX);
        self.total = count(total, "question ou dossier", "questions et dossiers");
        self.sorts = sorts(answer.sort);
        self.canonical = answer.query.to_string();
        self.facets = facets(&answer, &search.tri);
        let base = format!("?q={}&tri={}&", web::urlencode(&self.line), web::urlencode(&search.tri));
        self.pages = Some(Pages::new(total.min(docimo_search::DEEPEST), PAGE, search.page(), &base));
        self.cards = cards(app, reach, entries, taken).await?;
        Ok(())
    }
}

/// Cards of entries.
pub(crate) async fn cards(
    app: &App,
    reach: &Reach,
    entries: Vec<(EntryLine, Hit)>,
    taken: &HashSet<&str>,
) -> ApiResult<Vec<Card>> {
    let ids: Vec<String> = entries.iter().map(|(line, _)| line.id.clone()).collect();
    let usage: HashMap<String, Usage> =
        app.store.usage(&ids).await?.into_iter().map(|u| (u.entry_id.clone(), u)).collect();
    Ok(entries
        .into_iter()
        .map(|(line, hit)| Card {
            kind_french: kind_french(&line.kind),
            status: line.status.parse().map_or("?", Status::french),
            status_class: line.status.parse().map_or("badge", entry::status_class),
            lacks_key: line.lacks_key(),
            machine: line.machine == 1,
            part: hit
                .extract
                .as_ref()
                .filter(|e| e.part != docimo_search::document::Part::Stem)
                .map_or("", |e| e.part.french()),
            pieces: hit.extract.map(pieces).unwrap_or_default(),
            tags: tags::read(line.tags.split_whitespace()),
            folder: reach.path(&line.folder_id),
            questions: (line.questions > 1).then_some(line.questions),
            version: line.latest,
            used: usage.get(&line.id).map_or_else(String::new, used),
            taken: taken.contains(line.external_id.as_str()),
            id: line.id,
            external_id: line.external_id,
            kind: line.kind,
            title: line.title,
        })
        .collect())
}

fn used(usage: &Usage) -> String {
    let mut text = format!(
        "{}, la dernière le {}",
        count(usize::try_from(usage.uses).unwrap_or(0), "utilisation", "utilisations"),
        day(usage.last_used_ms)
    );
    if usage.exposed > 0 {
        let seen = usize::try_from(usage.exposed).unwrap_or(0);
        text.push_str(&format!(", vue par {} candidats", thousands(seen)));
    }
    if usage.p.is_some() {
        text.push_str(&format!(", p {}", float(usage.p, 2)));
    }
    text
}

fn pieces(extract: Extract) -> Vec<Piece> {
    let (mut pieces, mut at) = (Vec::new(), 0);
    let mut push = |from: usize, to: usize, marked| {
        if let Some(text) = extract.text.get(from..to).filter(|t| !t.is_empty()) {
            pieces.push(Piece { text: text.to_owned(), marked });
        }
    };
    for range in &extract.ranges {
        push(at, range.start, false);
        push(range.start, range.end, true);
        at = range.end;
    }
    push(at, extract.text.len(), false);
    pieces
}

fn sorts(now: Sort) -> Vec<SortView> {
    let selected = format!("{}{}", if now.reversed { "-" } else { "" }, now.key.french());
    SORTS
        .iter()
        .map(|(value, label)| SortView { value: (*value).to_owned(), label, selected: *value == selected })
        .collect()
}

fn said(fault: &Fault) -> String {
    capital(&fault.to_string())
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |c| c.to_uppercase().chain(letters).collect())
}

/// The line with its last word completed, each once.
fn completions(line: &str, words: Vec<(String, u64)>) -> Vec<String> {
    let start = line
        .rfind(|c: char| c.is_whitespace() || "(\"«:,-".contains(c))
        .map_or(0, |i| i + line[i..].chars().next().map_or(1, char::len_utf8));
    words.into_iter().map(|(word, _)| format!("{}{word}", &line[..start])).filter(|l| l != line).collect()
}

/// Does the query hold a facet to that value?
fn holds(query: &Query, facet: Facet, value: &str) -> bool {
    let wanted = facet.condition(value);
    query.node.conjuncts().iter().any(|node| match node {
        Node::Or(nodes) => nodes.contains(&wanted),
        node => *node == wanted,
    })
}

fn facets(answer: &Answer, tri: &str) -> Vec<FacetView> {
    let href = |query: &Query| {
        let line = Query { node: query.node.clone(), sort: None }.to_string();
        format!("?q={}&tri={}", web::urlencode(&line), web::urlencode(tri))
    };
    answer
        .facets
        .iter()
        .filter(|f| !f.values.is_empty())
        .map(|counts| {
            let facet = counts.facet;
            let mut values: Vec<ValueView> = counts
                .values
                .iter()
                .map(|(value, n)| {
                    // People are named; two of one name are looked for together.
                    let asked =
                        if facet == Facet::Author && !value.label.is_empty() { &value.label } else { &value.value };
                    let selected = holds(&answer.query, facet, asked);
                    let query = if selected { answer.query.without(facet) } else { answer.query.with(facet, asked) };
                    let (label, title) = label(facet, &value.value, &value.label);
                    let count = thousands(usize::try_from(*n).unwrap_or(usize::MAX));
                    ValueView { label, title, count, href: href(&query), selected }
                })
                .collect();
            let open = values.iter().any(|v| v.selected);
            let others = values.split_off(values.len().min(VALUES));
            FacetView {
                id: format!("facette-{}", facet as u8),
                name: name(facet),
                unseen: counts.distinct.saturating_sub(values.len() + others.len()),
                values,
                others,
                open,
            }
        })
        .collect()
}

fn name(facet: Facet) -> &'static str {
    match facet {
        Facet::Kind => "Type",
        Facet::Rank => "Rang",
        Facet::Status => "État",
        Facet::Language => "Langue",
        Facet::Image => "Image",
        Facet::Difficulty => "Difficulté (p)",
        Facet::Discrimination => "Discrimination",
        Facet::Exposure => "Vue par",
        Facet::LastUse => "Dernière utilisation",
        Facet::Author => "Auteur",
        Facet::Establishment => "Établissement",
        Facet::Folder => "Dossier",
        Facet::Item => "Item",
        Facet::Specialty => "Spécialité",
        Facet::Objective => "Objectif",
        Facet::Situation => "Situation de départ",
        Facet::Flaw => "Défaut de rédaction",
        Facet::Origin => "Origine",
    }
}

/// What a value is called, and what it means where its name does not say it.
fn label(facet: Facet, value: &str, known: &str) -> (String, String) {
    let tag = |text: String| match tags::read([text.as_str()]).pop() {
        Some(view) if view.title.is_empty() => (view.label, String::new()),
        Some(view) => (format!("{value} {}", view.title), String::new()),
        None => (value.to_owned(), String::new()),
    };
    match facet {
        Facet::Kind if value == "QI" => ("Question isolée".into(), String::new()),
        Facet::Kind => (value.to_owned(), kind_french(value).to_owned()),
        Facet::Status => {
            (value.parse().map_or_else(|_| value.to_owned(), |s: Status| s.french().to_owned()), String::new())
        }
        Facet::Item => tag(format!("R2C:{value}")),
        Facet::Situation => tag(format!("R2C:SDD:{value}")),
        Facet::Specialty => tag(format!("spec:{value}")),
        Facet::Language => (language(value).to_owned(), String::new()),
        Facet::Origin if value == "ia" => ("née d’une IA".into(), MARK.into()),
        Facet::Origin => ("écrite par une personne".into(), String::new()),
        Facet::Difficulty | Facet::Discrimination if value == "aucune" => ("jamais mesurée".into(), String::new()),
        Facet::Difficulty | Facet::Discrimination | Facet::Exposure => (band(facet, value), String::new()),
        Facet::Flaw => {
            let entry = flaws::Code::from_name(value).map(flaws::Code::entry);
            entry.map_or_else(|| (value.to_owned(), String::new()), |e| (e.title.to_owned(), e.why.to_owned()))
        }
        _ if !known.is_empty() => (known.to_owned(), String::new()),
        _ => (value.to_owned(), String::new()),
    }
}

fn language(code: &str) -> &str {
    match code {
        "fr" => "français",
        "en" => "anglais",
        "es" => "espagnol",
        "de" => "allemand",
        "it" => "italien",
        other => other,
    }
}

/// A span of numbers in words.
fn band(facet: Facet, value: &str) -> String {
    let unit = if facet == Facet::Exposure { " personnes" } else { "" };
    match (value, value.split_once("..")) {
        ("0", _) => "personne".to_owned(),
        (_, Some((from, to))) => format!("{from} à {}{unit}", to.trim_start_matches('<')),
        _ => {
            let words = value.replace(">=", "au moins ").replace('<', "moins de ");
            format!("{words}{unit}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_being_typed_is_completed_in_its_last_word() {
        let words = vec![("infarctus".to_owned(), 3), ("infarcissement".to_owned(), 1)];
        assert_eq!(completions("rang:A infarc", words.clone()), ["rang:A infarctus", "rang:A infarcissement"]);
        assert_eq!(completions("(infarc", words), ["(infarctus", "(infarcissement"]);
    }

    #[test]
    fn bands_are_said_in_words() {
        assert_eq!(band(Facet::Difficulty, "<0,2"), "moins de 0,2");
        assert_eq!(band(Facet::Difficulty, "0,2..<0,4"), "0,2 à 0,4");
        assert_eq!(band(Facet::Exposure, ">=10000"), "au moins 10000 personnes");
        assert_eq!(band(Facet::Exposure, "100..999"), "100 à 999 personnes");
    }

    #[test]
    fn an_extract_is_cut_where_it_is_marked() {
        let text = "Un infarctus, un œdème.".to_owned();
        let extract = Extract { part: docimo_search::document::Part::Stem, text, ranges: vec![3..12, 17..24] };
        let pieces: Vec<(String, bool)> = pieces(extract).into_iter().map(|p| (p.text, p.marked)).collect();
        let expected = [("Un ", false), ("infarctus", true), (", un ", false), ("œdème", true), (".", false)];
        assert_eq!(pieces, expected.map(|(t, m)| (t.to_owned(), m)));
    }
}
