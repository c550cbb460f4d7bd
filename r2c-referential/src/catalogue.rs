//! The official lists, embedded and parsed once.

use std::sync::LazyLock;

use serde::Serialize;

use crate::numbers::{ItemNumber, NumberError, SituationNumber};
use crate::slug::{Slug, SlugError};
use crate::text::{fold, words};

/// An R2C item (*item de connaissance*): what a question may be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Item {
    /// Its number, 1 to 367.
    pub number: ItemNumber,
    /// Its title, in French, as in the official list.
    pub title: &'static str,
}

/// A starting situation (*situation de départ*): why a patient comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Situation {
    /// Its official number, 1 to 356.
    pub number: SituationNumber,
    /// Its title, in French, as in the official list.
    pub title: &'static str,
}

/// A specialty (*spécialité*, *collège*): who teaches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Specialty {
    /// Its short name, as written in tags.
    pub slug: Slug,
    /// Its name, in French.
    pub name: &'static str,
    /// Other short names it is known by (`cardiologie` for `medecine-cardiovasculaire`).
    pub other_slugs: Vec<Slug>,
    /// Its items, ascending. Empty for three specialties that the sources name without items.
    #[serde(skip)]
    items: Vec<ItemNumber>,
}

/// A common unit (*unité d’enseignement*, UE) of the first year of health studies, by the order
/// of 28 October 2009 (ESRS0925329A). Universities have their own lists since: a default, never
/// a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct CommonUnit {
    /// Its number, 1 to 7.
    pub number: u16,
    /// Its title, in French.
    pub title: &'static str,
}

/// A fault in one of the embedded tables: the build is wrong, not the input. Tests parse every
/// table, so that no caller ever meets it.
#[derive(Debug, thiserror::Error)]
enum TableError {
    #[error("line {line}: {fields} fields instead of {expected}")]
    Fields { line: usize, fields: usize, expected: usize },
    #[error("line {line}: {source}")]
    Number { line: usize, source: NumberError },
    #[error("line {line}: {source}")]
    Slug { line: usize, source: SlugError },
    #[error("line {line}: number {found} where {expected} should come")]
    Order { line: usize, found: u16, expected: usize },
    #[error("line {line}: unknown or repeated specialty {slug}")]
    Specialty { line: usize, slug: String },
    #[error("{found} records instead of {expected}")]
    Count { found: usize, expected: usize },
}

struct Catalogue {
    items: Vec<Item>,
    situations: Vec<Situation>,
    specialties: Vec<Specialty>,
    units: Vec<CommonUnit>,
    /// For each item, its specialties in the order of the list.
    specialties_of: Vec<Vec<usize>>,
    item_words: Vec<Vec<String>>,
    situation_words: Vec<Vec<String>>,
}

static CATALOGUE: LazyLock<Catalogue> =
    LazyLock::new(|| Catalogue::read().expect("the embedded tables are checked by the tests"));

/// The records of a table: line number and exactly `N` fields.
fn records<const N: usize>(
    table: &'static str,
) -> impl Iterator<Item = Result<(usize, [&'static str; N]), TableError>> {
    table
        .lines()
        .enumerate()
        .map(|(index, text)| (index + 1, text))
        .filter(|(_, text)| !text.is_empty() && !text.starts_with('#'))
        .map(|(line, text)| {
            let fields: Vec<&'static str> = text.split('\t').collect();
            let count = fields.len();
            <[&'static str; N]>::try_from(fields).map(|fields| (line, fields)).map_err(|_| TableError::Fields {
                line,
                fields: count,
                expected: N,
            })
        })
}

/// Reads a table of numbers and titles, numbered from 1 without gaps.
fn numbered<R>(
    table: &'static str,
    expected: usize,
    record: impl Fn(u16, &'static str) -> Result<R, NumberError>,
) -> Result<Vec<R>, TableError> {
    let mut read = Vec::with_capacity(expected);
    for line in records::<2>(table) {
        let (line, [number, title]) = line?;
        let number: u16 = number.parse().unwrap_or(0);
        if usize::from(number) != read.len() + 1 {
            return Err(TableError::Order { line, found: number, expected: read.len() + 1 });
        }
        read.push(record(number, title).map_err(|source| TableError::Number { line, source })?);
    }
    if read.len() == expected { Ok(read) } else { Err(TableError::Count { found: read.len(), expected }) }
}

fn read_specialties() -> Result<Vec<Specialty>, TableError> {
    let mut specialties: Vec<Specialty> = Vec::new();
    for line in records::<3>(include_str!("../data/specialties.tsv")) {
        let (line, [slug, name, others]) = line?;
        let slug_at = |text: &str| text.parse::<Slug>().map_err(|source| TableError::Slug { line, source });
        specialties.push(Specialty {
            slug: slug_at(slug)?,
            name,
            other_slugs: others.split(' ').filter(|s| !s.is_empty()).map(slug_at).collect::<Result<_, _>>()?,
            items: Vec::new(),
        });
    }
    for line in records::<2>(include_str!("../data/item_specialties.tsv")) {
        let (line, [slug, numbers]) = line?;
        let specialty = specialties
            .iter_mut()
            .find(|specialty| specialty.slug.as_str() == slug && specialty.items.is_empty())
            .ok_or_else(|| TableError::Specialty { line, slug: slug.to_owned() })?;
        specialty.items = numbers
            .split(' ')
            .map(|number| number.parse().map_err(|source| TableError::Number { line, source }))
            .collect::<Result<_, _>>()?;
    }
    Ok(specialties)
}

impl Catalogue {
    fn read() -> Result<Self, TableError> {
        let items =
            numbered(include_str!("../data/items.tsv"), usize::from(ItemNumber::LAST.get()), |number, title| {
                ItemNumber::new(number).map(|number| Item { number, title })
            })?;
        let situations = numbered(
            include_str!("../data/situations.tsv"),
            usize::from(SituationNumber::LAST.get()),
            |number, title| SituationNumber::new(number).map(|number| Situation { number, title }),
        )?;
        let units = numbered(include_str!("../data/first_cycle_units.tsv"), 7, |number, title| {
            Ok(CommonUnit { number, title })
        })?;
        let specialties = read_specialties()?;
        let specialties_of = items
            .iter()
            .map(|item| {
                (0..specialties.len()).filter(|index| specialties[*index].items.contains(&item.number)).collect()
            })
            .collect();
        let item_words = items.iter().map(|item| words(item.title)).collect();
        let situation_words = situations.iter().map(|situation| words(situation.title)).collect();
        Ok(Self { items, situations, specialties, units, specialties_of, item_words, situation_words })
    }
}

/// The 367 items, in order of number.
#[must_use]
pub fn items() -> &'static [Item] {
    &CATALOGUE.items
}

/// One item. An [`ItemNumber`] always names one.
#[must_use]
pub fn item(number: ItemNumber) -> &'static Item {
    &CATALOGUE.items[usize::from(number.get()) - 1]
}

/// The 356 starting situations, in order of number.
#[must_use]
pub fn situations() -> &'static [Situation] {
    &CATALOGUE.situations
}

/// One starting situation. A [`SituationNumber`] always names one.
#[must_use]
pub fn situation(number: SituationNumber) -> &'static Situation {
    &CATALOGUE.situations[usize::from(number.get()) - 1]
}

/// The 40 specialties, in alphabetical order of slug.
#[must_use]
pub fn specialties() -> &'static [Specialty] {
    &CATALOGUE.specialties
}

/// The specialty of a slug, under its own or another of its short names
/// (`cardiologie`, `orl`); `None` when there is none.
#[must_use]
pub fn specialty(slug: &str) -> Option<&'static Specialty> {
    CATALOGUE.specialties.iter().find(|specialty| {
        specialty.slug.as_str() == slug || specialty.other_slugs.iter().any(|other| other.as_str() == slug)
    })
}

/// The items a specialty teaches, in order of number; none when the slug is unknown.
pub fn items_of(specialty_slug: &str) -> impl Iterator<Item = &'static Item> {
    specialty(specialty_slug).map_or(&[][..], |specialty| specialty.items.as_slice()).iter().map(|number| item(*number))
}

/// The specialties that teach an item, in alphabetical order of slug.
pub fn specialties_of(number: ItemNumber) -> impl Iterator<Item = &'static Specialty> {
    CATALOGUE.specialties_of[usize::from(number.get()) - 1].iter().map(|index| &CATALOGUE.specialties[*index])
}

/// The seven common first-year units of 2009.
#[must_use]
pub fn common_units() -> &'static [CommonUnit] {
    &CATALOGUE.units
}

/// How well the words of a title answer those of a query: `None` unless every word of the query
/// begins a word of the title, else the number of words that are whole.
fn relevance(title: &[String], query: &[String]) -> Option<usize> {
    let mut whole = 0;
    for wanted in query {
        if title.contains(wanted) {
            whole += 1;
        } else if !title.iter().any(|word| word.starts_with(wanted.as_str())) {
            return None;
        }
    }
    Some(whole)
}

/// Little words that a title need not contain, as `words` gives them (`dan` is *dans*).
const LITTLE_WORDS: [&str; 21] = [
    "a", "au", "aux", "avec", "chez", "d", "dan", "de", "des", "du", "en", "et", "l", "la", "le", "les", "ou", "par",
    "sur", "un", "une",
];

fn search<R>(query: &str, records: &'static [R], titles: &[Vec<String>]) -> Vec<&'static R> {
    let mut wanted = words(query);
    if wanted.iter().any(|word| !LITTLE_WORDS.contains(&word.as_str())) {
        wanted.retain(|word| !LITTLE_WORDS.contains(&word.as_str()));
    }
    if wanted.is_empty() {
        return Vec::new();
    }
    let mut found: Vec<(usize, &R)> = records
        .iter()
        .zip(titles)
        .filter_map(|(record, title)| relevance(title, &wanted).map(|whole| (whole, record)))
        .collect();
    // Stable: equals stay in order of number.
    found.sort_by_key(|(whole, _)| std::cmp::Reverse(*whole));
    found.into_iter().map(|(_, record)| record).collect()
}

/// A query that is only a number, or a number after the given word (`item 339`).
fn asked_number(query: &str, word: &str) -> Option<u16> {
    let folded = fold(query.trim());
    folded.strip_prefix(word).unwrap_or(&folded).trim().parse().ok()
}

/// Items whose title has all the words of the query, or words beginning with them; accents,
/// case, plural marks and little words do not matter. Those with most whole words first, then by
/// number. `339` and `item 339` find that item; an empty query finds nothing.
#[must_use]
pub fn search_items(query: &str) -> Vec<&'static Item> {
    match asked_number(query, "item").map(ItemNumber::new) {
        Some(Ok(number)) => vec![item(number)],
        Some(Err(_)) | None => search(query, &CATALOGUE.items, &CATALOGUE.item_words),
    }
}

/// Starting situations by the words of their title, as [`search_items`]; `27` and `sdd 27` find
/// that situation.
#[must_use]
pub fn search_situations(query: &str) -> Vec<&'static Situation> {
    match asked_number(query, "sdd").map(SituationNumber::new) {
        Some(Ok(number)) => vec![situation(number)],
        Some(Err(_)) | None => search(query, &CATALOGUE.situations, &CATALOGUE.situation_words),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_table_reads() {
        let catalogue = Catalogue::read().map_err(|error| error.to_string());
        let catalogue = match catalogue {
            Ok(catalogue) => catalogue,
            Err(error) => panic!("{error}"),
        };
        assert_eq!(catalogue.items.len(), 367);
        assert_eq!(catalogue.situations.len(), 356);
        assert_eq!(catalogue.specialties.len(), 40);
        assert_eq!(catalogue.units.len(), 7);
        let pairs: usize = catalogue.specialties.iter().map(|s| s.items.len()).sum();
        assert_eq!(pairs, 1037);
    }

    #[test]
    fn no_short_name_means_two_specialties() {
        let mut slugs: Vec<&str> =
            specialties().iter().flat_map(|s| s.other_slugs.iter().chain([&s.slug])).map(Slug::as_str).collect();
        let before = slugs.len();
        slugs.sort_unstable();
        slugs.dedup();
        assert_eq!(slugs.len(), before);
    }

    #[test]
    fn items_of_a_specialty_are_ascending_and_reciprocal() {
        for specialty in specialties() {
            assert!(specialty.items.is_sorted_by(|a, b| a < b), "{}", specialty.slug);
            for item in items_of(specialty.slug.as_str()) {
                assert!(specialties_of(item.number).any(|s| s.slug == specialty.slug));
            }
        }
        assert!(items_of("astrologie").next().is_none());
        assert!(items_of("orl").eq(items_of("oto-rhino-laryngologie")));
    }

    #[test]
    fn titles_are_clean() {
        let titles = items().iter().map(|i| i.title).chain(situations().iter().map(|s| s.title));
        for title in titles {
            assert!(!title.is_empty() && title.trim() == title && !title.contains("  "), "{title}");
        }
    }

    #[test]
    fn searches_without_accents_case_or_plural() {
        let numbers = |query: &str| search_items(query).iter().map(|i| i.number.get()).collect::<Vec<_>>();
        assert_eq!(numbers("SYNDROME coronarien"), [339]);
        assert_eq!(numbers("item 31"), [31]);
        assert_eq!(numbers("31"), [31]);
        assert_eq!(numbers("les méningites"), numbers("meningite"));
        assert!(numbers("meningo").contains(&151));
        assert!(numbers("").is_empty() && numbers("zzz").is_empty());
        assert!(search_situations("douleur abdominale").iter().any(|s| s.number.get() == 4));
        assert_eq!(search_situations("SDD 2")[0].title, "Diarrhée");
    }
}
