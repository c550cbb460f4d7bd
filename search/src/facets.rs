//! Live counts of every facet in one pass.
//!
//! Seventeen facets counted one by one would cost seventeen look-ups a document found. They are kept in few *groups*
//! instead: a document has one value in each, which joins its values in the facets of the group. Questions share these
//! joined values (there are few ways to be a QRM of rank A in French), so a segment has far fewer of them than
//! documents. A document found costs one step in each group; joined values are taken apart once, at the end.
//!
//! A facet that the query itself holds to a value is counted as if it did not: `crate::search` asks that count apart, of
//! the group alone.

use crate::document::Document;
use crate::query::Facet;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::Column;
use tantivy::index::SegmentId;
use tantivy::{DocId, Score, SegmentOrdinal, SegmentReader};

/// Between the values of a facet, and between facets, in a joined value.
const VALUE_MARK: char = '\u{1e}';
const FACET_MARK: char = '\u{1f}';
/// Between a value and its label.
const LABEL_MARK: char = '\u{1d}';

/// Facets kept together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Group {
    Form,
    Numbers,
    People,
    Items,
    Objectives,
    Situations,
    Flaws,
}

impl Group {
    pub(crate) const ALL: [Self; 7] =
        [Self::Form, Self::Numbers, Self::People, Self::Items, Self::Objectives, Self::Situations, Self::Flaws];

    pub(crate) fn facets(self) -> &'static [Facet] {
        match self {
            Self::Form => &[Facet::Kind, Facet::Rank, Facet::Status, Facet::Language, Facet::Image],
            Self::Numbers => &[Facet::Difficulty, Facet::Discrimination, Facet::Exposure, Facet::LastUse],
            Self::People => &[Facet::Author, Facet::Establishment, Facet::Folder],
            Self::Items => &[Facet::Item, Facet::Specialty],
            Self::Objectives => &[Facet::Objective],
            Self::Situations => &[Facet::Situation],
            Self::Flaws => &[Facet::Flaw],
        }
    }

    pub(crate) fn field(self) -> &'static str {
        match self {
            Self::Form => "group_form",
            Self::Numbers => "group_numbers",
            Self::People => "group_people",
            Self::Items => "group_items",
            Self::Objectives => "group_objectives",
            Self::Situations => "group_situations",
            Self::Flaws => "group_flaws",
        }
    }

    fn of(facet: Facet) -> usize {
        Self::ALL.iter().position(|g| g.facets().contains(&facet)).unwrap_or(0)
    }
}

/// A value of a facet, as the grammar writes it, and what to show.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FacetValue {
    /// To be given to [`crate::query::Query::with`].
    pub value: String,
    /// The name of an author; empty where the value is what is shown.
    pub label: String,
}

/// The values of a document in a facet.
pub fn values(facet: Facet, document: &Document) -> Vec<FacetValue> {
    let plain = |value: String| FacetValue { value, label: String::new() };
    let some = |text: &str| if text.is_empty() { vec![] } else { vec![plain(text.to_owned())] };
    match facet {
        Facet::Kind => {
            let kinds = document.kinds.iter().map(|k| plain(k.code().to_owned()));
            let case = document.case.map_or("QI", |c| c.code());
            kinds.chain([plain(case.to_owned())]).collect()
        }
        Facet::Rank => document.ranks.iter().map(|r| plain(r.to_string())).collect(),
        Facet::Status => vec![plain(document.status.code().to_owned())],
        Facet::Language => some(&document.language),
        Facet::Image => vec![plain(if document.has_image { "oui" } else { "non" }.to_owned())],
        Facet::Difficulty => vec![plain(band(document.difficulty, &DIFFICULTY))],
        Facet::Discrimination => vec![plain(band(document.discrimination, &DISCRIMINATION))],
        Facet::Exposure => vec![plain(exposure(document.exposed).to_owned())],
        Facet::LastUse => vec![plain(year(document.last_used_ms))],
        Facet::Author => {
            document.author.iter().map(|(id, name)| FacetValue { value: id.clone(), label: name.clone() }).collect()
        }
        Facet::Establishment => some(&document.establishment),
        Facet::Folder => some(&document.folder),
        Facet::Item => document.items.iter().map(|i| plain(i.to_string())).collect(),
        Facet::Specialty => document.specialties.iter().cloned().map(plain).collect(),
        Facet::Objective => document.objectives.iter().cloned().map(plain).collect(),
        Facet::Situation => document.situations.iter().map(|s| plain(s.to_string())).collect(),
        Facet::Flaw => document.flaws.iter().cloned().map(plain).collect(),
    }
}

/// Upper bounds of bands, not included, and their names in the grammar.
const DIFFICULTY: [(f64, &str); 5] =
    [(0.2, "<0,2"), (0.4, "0,2..<0,4"), (0.6, "0,4..<0,6"), (0.8, "0,6..<0,8"), (f64::INFINITY, ">=0,8")];
const DISCRIMINATION: [(f64, &str); 5] =
    [(0.0, "<0"), (0.1, "0..<0,1"), (0.2, "0,1..<0,2"), (0.3, "0,2..<0,3"), (f64::INFINITY, ">=0,3")];

fn band(value: Option<f64>, bands: &[(f64, &str)]) -> String {
    let name = match value {
        Some(v) if v.is_finite() => bands.iter().find(|(high, _)| v < *high).map(|(_, name)| *name),
        _ => None,
    };
    name.unwrap_or(crate::query::NONE).to_owned()
}

fn exposure(people: u64) -> &'static str {
    match people {
        0 => "0",
        1..=99 => "1..99",
        100..=999 => "100..999",
        1000..=9999 => "1000..9999",
        _ => ">=10000",
    }
}

fn year(at_ms: Option<i64>) -> String {
    at_ms
        .and_then(|ms| Timestamp::from_millisecond(ms).ok())
        .map_or_else(|| crate::query::NEVER.to_owned(), |at| TimeZone::UTC.to_datetime(at).year().to_string())
}

/// The joined value of a document in a group.
pub(crate) fn group_value(group: Group, document: &Document) -> String {
    let tidy = |text: &str| text.replace(|c: char| c.is_control(), " ");
    let of = |facet: &Facet| {
        let values = values(*facet, document);
        let joined: Vec<String> = values
            .iter()
            .map(|v| {
                if v.label.is_empty() {
                    tidy(&v.value)
                } else {
                    format!("{}{LABEL_MARK}{}", tidy(&v.value), tidy(&v.label))
                }
            })
            .collect();
        joined.join(&VALUE_MARK.to_string())
    };
    group.facets().iter().map(of).collect::<Vec<_>>().join(&FACET_MARK.to_string())
}

/// Numbers given to the values of facets, the same for every segment, for as long as the index is open.
#[derive(Default)]
struct Names {
    facets: [FacetNames; Facet::ALL.len()],
}

#[derive(Default)]
struct FacetNames {
    /// By number.
    values: Vec<FacetValue>,
    /// By value as it is joined.
    numbers: HashMap<String, u32>,
    /// Place of each value in their order, by number; made again when there are more values.
    places: Vec<u32>,
}

impl FacetNames {
    fn order(&mut self) {
        if self.places.len() != self.values.len() {
            let mut order: Vec<usize> = (0..self.values.len()).collect();
            order.sort_unstable_by(|a, b| self.values[*a].cmp(&self.values[*b]));
            self.places = vec![0; order.len()];
            for (place, number) in order.into_iter().enumerate() {
                self.places[number] = u32::try_from(place).unwrap_or(u32::MAX);
            }
        }
    }
}

impl Names {
    fn number(&mut self, facet: Facet, joined: &str) -> u32 {
        let FacetNames { values, numbers, .. } = &mut self.facets[facet as usize];
        if let Some(number) = numbers.get(joined) {
            return *number;
        }
        let (value, label) = joined.split_once(LABEL_MARK).unwrap_or((joined, ""));
        let number = u32::try_from(values.len()).unwrap_or(u32::MAX);
        values.push(FacetValue { value: value.to_owned(), label: label.to_owned() });
        numbers.insert(joined.to_owned(), number);
        number
    }
}

/// The joined values of a group in a segment, taken apart.
struct Apart {
    /// Joined value `i` has `entries[starts[i]..starts[i + 1]]`.
    starts: Vec<u32>,
    /// Facet, number of the value.
    entries: Vec<(u8, u32)>,
}

type SegmentGroups = [Option<Arc<Apart>>; Group::ALL.len()];

/// What was taken apart, by segment. Segments never change; those that are gone are forgotten.
#[derive(Default)]
pub(crate) struct Dictionary {
    names: Mutex<Names>,
    segments: Mutex<HashMap<SegmentId, SegmentGroups>>,
}

impl Dictionary {
    fn apart(&self, reader: &SegmentReader, group: usize) -> tantivy::Result<Arc<Apart>> {
        let known = |segments: &HashMap<SegmentId, SegmentGroups>| {
            segments.get(&reader.segment_id()).and_then(|groups| groups[group].clone())
        };
        if let Some(apart) = known(&self.segments.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(apart);
        }
        let apart = Arc::new(self.take_apart(reader, Group::ALL[group])?);
        let mut segments = self.segments.lock().unwrap_or_else(PoisonError::into_inner);
        segments.entry(reader.segment_id()).or_default()[group] = Some(apart.clone());
        Ok(apart)
    }

    fn take_apart(&self, reader: &SegmentReader, group: Group) -> tantivy::Result<Apart> {
        let mut apart = Apart { starts: vec![0], entries: Vec::new() };
        let Some(column) = reader.fast_fields().str(group.field())? else { return Ok(apart) };
        let mut stream = column.dictionary().stream()?;
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        while stream.advance() {
            let joined = String::from_utf8_lossy(stream.key());
            for (facet, values) in group.facets().iter().zip(joined.split(FACET_MARK)) {
                for value in values.split(VALUE_MARK).filter(|v| !v.is_empty()) {
                    apart.entries.push((*facet as u8, names.number(*facet, value)));
                }
            }
            apart.starts.push(u32::try_from(apart.entries.len()).unwrap_or(u32::MAX));
        }
        Ok(apart)
    }

    /// Forgets the segments that are no longer read, and learns the new ones.
    pub(crate) fn follow(&self, searcher: &tantivy::Searcher) -> tantivy::Result<()> {
        for reader in searcher.segment_readers() {
            for group in 0..Group::ALL.len() {
                self.apart(reader, group)?;
            }
        }
        let mut segments = self.segments.lock().unwrap_or_else(PoisonError::into_inner);
        segments.retain(|id, _| searcher.segment_readers().iter().any(|r| r.segment_id() == *id));
        Ok(())
    }

    /// The values of a facet with their counts, greatest first, then by value; at most `limit`, and how many there are.
    pub(crate) fn top(&self, counts: &Counts, facet: Facet, limit: usize) -> FacetCounts {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let names = &mut names.facets[facet as usize];
        names.order();
        let counts = counts.0[facet as usize].iter().zip(&names.places).enumerate();
        let mut found: Vec<(Reverse<u64>, u32, usize)> =
            counts.filter(|(_, (n, _))| **n > 0).map(|(number, (n, place))| (Reverse(*n), *place, number)).collect();
        let distinct = found.len();
        if found.len() > limit && limit > 0 {
            found.select_nth_unstable(limit - 1);
        }
        found.truncate(limit);
        found.sort_unstable();
        let values = found.into_iter().map(|(Reverse(n), _, number)| (names.values[number].clone(), n)).collect();
        FacetCounts { facet, distinct, values }
    }
}

/// The counts of a facet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FacetCounts {
    /// Which.
    pub facet: Facet,
    /// How many values have a count.
    pub distinct: usize,
    /// The values most counted, with how many documents have them: the query's documents, as if it did not hold this
    /// facet.
    pub values: Vec<(FacetValue, u64)>,
}

/// Counts by facet and number of value.
#[derive(Clone, Debug)]
pub(crate) struct Counts([Vec<u64>; Facet::ALL.len()]);

impl Counts {
    pub(crate) fn new() -> Self {
        Self(std::array::from_fn(|_| Vec::new()))
    }

    /// Adds to every value of a joined one.
    fn add(&mut self, apart: &Apart, joined: usize, count: u64) {
        let Some(&[from, to]) = apart.starts.get(joined..joined + 2).and_then(|s| s.first_chunk()) else { return };
        for (facet, number) in &apart.entries[from as usize..to as usize] {
            let (counts, number) = (&mut self.0[usize::from(*facet)], *number as usize);
            if counts.len() <= number {
                counts.resize(number + 1, 0);
            }
            counts[number] += count;
        }
    }

    /// Takes another's counts of a facet.
    pub(crate) fn replace(&mut self, facet: Facet, other: &mut Self) {
        self.0[facet as usize] = std::mem::take(&mut other.0[facet as usize]);
    }
}

/// Counts the values of some facets' groups over the documents found.
pub(crate) struct FacetCollector {
    dictionary: Arc<Dictionary>,
    groups: Vec<usize>,
}

impl FacetCollector {
    pub(crate) fn new(dictionary: &Arc<Dictionary>, facets: &[Facet]) -> Self {
        let mut groups: Vec<usize> = facets.iter().map(|f| Group::of(*f)).collect();
        groups.sort_unstable();
        groups.dedup();
        Self { dictionary: dictionary.clone(), groups }
    }
}

/// Documents looked up together.
const BLOCK: usize = 64;

pub(crate) struct FacetSegment {
    groups: Vec<SegmentGroup>,
    pending: Vec<DocId>,
    count: u64,
}

struct SegmentGroup {
    apart: Arc<Apart>,
    column: Option<Column<u64>>,
    seen: Seen,
}

/// How the joined values met are remembered.
enum Seen {
    /// Few joined values: how many times each was met.
    Counts(Vec<u32>),
    /// Nearly as many joined values as documents: each one met, so that a rare word does not cost a look at all of them.
    List(Vec<u32>),
}

/// Joined values beyond which they are listed rather than counted.
const FEW: usize = 4_096;

impl SegmentGroup {
    fn count(&mut self, docs: &[DocId], ords: &mut [Option<u64>]) {
        let Some(column) = &self.column else { return };
        column.first_vals(docs, ords);
        let met = ords.iter_mut().filter_map(Option::take);
        match &mut self.seen {
            Seen::Counts(counts) => {
                for ord in met {
                    if let Some(count) = counts.get_mut(ord as usize) {
                        *count += 1;
                    }
                }
            }
            // An ordinal of a segment fits: a segment has fewer than 2³² documents.
            Seen::List(list) => list.extend(met.map(|ord| ord as u32)),
        }
    }
}

impl FacetSegment {
    fn flush(&mut self) {
        let docs = std::mem::take(&mut self.pending);
        self.look_up(&docs);
        self.pending = docs;
        self.pending.clear();
    }

    fn look_up(&mut self, docs: &[DocId]) {
        let mut ords = [None; BLOCK];
        for block in docs.chunks(BLOCK) {
            for group in &mut self.groups {
                group.count(block, &mut ords[..block.len()]);
            }
        }
        self.count += docs.len() as u64;
    }
}

impl SegmentCollector for FacetSegment {
    type Fruit = (Vec<SegmentFruit>, u64);

    fn collect(&mut self, doc: DocId, _score: Score) {
        self.pending.push(doc);
        if self.pending.len() == BLOCK {
            self.flush();
        }
    }

    fn collect_block(&mut self, docs: &[DocId]) {
        self.look_up(docs);
    }

    fn harvest(mut self) -> Self::Fruit {
        self.flush();
        let fruits = self.groups.into_iter().map(|g| SegmentFruit { apart: g.apart, seen: g.seen }).collect();
        (fruits, self.count)
    }
}

pub(crate) struct SegmentFruit {
    apart: Arc<Apart>,
    seen: Seen,
}

impl Collector for FacetCollector {
    type Fruit = (Counts, u64);
    type Child = FacetSegment;

    fn for_segment(&self, _ord: SegmentOrdinal, reader: &SegmentReader) -> tantivy::Result<FacetSegment> {
        let mut groups = Vec::with_capacity(self.groups.len());
        for group in &self.groups {
            let apart = self.dictionary.apart(reader, *group)?;
            let column = reader.fast_fields().str(Group::ALL[*group].field())?.map(|c| c.ords().clone());
            let joined = apart.starts.len() - 1;
            let seen = if joined <= FEW { Seen::Counts(vec![0; joined]) } else { Seen::List(Vec::new()) };
            groups.push(SegmentGroup { apart, column, seen });
        }
        Ok(FacetSegment { groups, pending: Vec::with_capacity(BLOCK), count: 0 })
    }

    fn requires_scoring(&self) -> bool {
        false
    }

    fn merge_fruits(&self, fruits: Vec<(Vec<SegmentFruit>, u64)>) -> tantivy::Result<(Counts, u64)> {
        let (mut counts, mut total) = (Counts::new(), 0);
        for (groups, found) in fruits {
            total += found;
            for SegmentFruit { apart, seen } in groups {
                match seen {
                    Seen::Counts(joined) => {
                        for (i, count) in joined.into_iter().enumerate().filter(|(_, n)| *n > 0) {
                            counts.add(&apart, i, u64::from(count));
                        }
                    }
                    Seen::List(list) => list.into_iter().for_each(|i| counts.add(&apart, i as usize, 1)),
                }
            }
        }
        Ok((counts, total))
    }
}
