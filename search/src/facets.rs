//! Live counts of every facet in one pass.
//!
//! Eighteen facets counted one by one would cost eighteen look-ups a document found. They are kept in few *groups*
//! instead: a document has one value in each, which joins its values in the facets of the group. Questions share these
//! joined values (there are few ways to be a QRM of rank A in French), so a segment has far fewer of them than
//! documents. A document found costs one step in each group; joined values are taken apart once, at the end. Where a
//! segment has many of them all the same (pairs of objectives), they are taken apart in advance, document by document in
//! their order: documents found come in that order too, so that memory is read forwards.
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
use tantivy::{DocId, Score, SearcherGeneration, SegmentOrdinal, SegmentReader, Warmer};

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
            Self::Form => &[Facet::Kind, Facet::Rank, Facet::Status, Facet::Language, Facet::Image, Facet::Origin],
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
        Facet::Origin => vec![plain(if document.by_machine { "ia" } else { "personne" }.to_owned())],
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
    /// Facet and number of each value of the group in the segment.
    values: Vec<(u8, u32)>,
    /// Joined value (or document) `i` has the values `entries[starts[i]..starts[i + 1]]`.
    starts: Vec<u32>,
    entries: Vec<u32>,
    /// Is it by document, rather than by joined value?
    by_document: bool,
}

impl Apart {
    fn entries(&self, i: usize) -> &[u32] {
        match self.starts.get(i..i + 2) {
            Some(&[from, to]) => &self.entries[from as usize..to as usize],
            _ => &[],
        }
    }

    /// The same, document by document.
    fn by_document(self, documents: u32, joined: &Column<u64>) -> Self {
        let (mut starts, mut entries) = (Vec::with_capacity(documents as usize + 1), Vec::new());
        starts.push(0);
        for document in 0..documents {
            if let Some(ord) = joined.first(document) {
                entries.extend_from_slice(self.entries(ord as usize));
            }
            starts.push(u32::try_from(entries.len()).unwrap_or(u32::MAX));
        }
        entries.shrink_to_fit();
        Self { values: self.values, starts, entries, by_document: true }
    }
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
        let mut apart = Apart { values: Vec::new(), starts: vec![0], entries: Vec::new(), by_document: false };
        let Some(column) = reader.fast_fields().str(group.field())? else { return Ok(apart) };
        let mut stream = column.dictionary().stream()?;
        let mut local: HashMap<(u8, u32), u32> = HashMap::new();
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        while stream.advance() {
            let joined = String::from_utf8_lossy(stream.key());
            for (facet, values) in group.facets().iter().zip(joined.split(FACET_MARK)) {
                for value in values.split(VALUE_MARK).filter(|v| !v.is_empty()) {
                    let value = (*facet as u8, names.number(*facet, value));
                    let next = u32::try_from(local.len()).unwrap_or(u32::MAX);
                    let entry = *local.entry(value).or_insert_with(|| {
                        apart.values.push(value);
                        next
                    });
                    apart.entries.push(entry);
                }
            }
            apart.starts.push(u32::try_from(apart.entries.len()).unwrap_or(u32::MAX));
        }
        drop(names);
        let many = apart.starts.len() > FEW || apart.starts.len() > reader.max_doc() as usize / 2;
        Ok(if many { apart.by_document(reader.max_doc(), column.ords()) } else { apart })
    }

    /// Forgets the segments that are no longer read.
    pub(crate) fn forget_others(&self, searcher: &tantivy::Searcher) {
        let mut segments = self.segments.lock().unwrap_or_else(PoisonError::into_inner);
        segments.retain(|id, _| searcher.segment_readers().iter().any(|r| r.segment_id() == *id));
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

/// Segments are learnt before searches see them, so that none waits for it.
impl Warmer for Dictionary {
    fn warm(&self, searcher: &tantivy::Searcher) -> tantivy::Result<()> {
        for reader in searcher.segment_readers() {
            for group in 0..Group::ALL.len() {
                self.apart(reader, group)?;
            }
        }
        Ok(())
    }

    fn garbage_collect(&self, _live: &[&SearcherGeneration]) {}
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

    fn add(&mut self, (facet, number): (u8, u32), count: u64) {
        let (counts, number) = (&mut self.0[usize::from(facet)], number as usize);
        if counts.len() <= number {
            counts.resize(number + 1, 0);
        }
        counts[number] += count;
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

/// Joined values beyond which they are taken apart document by document; so are more than half as many as documents.
const FEW: usize = 4_096;

struct SegmentGroup {
    apart: Arc<Apart>,
    /// The joined value of each document, unless values are by document.
    column: Option<Column<u64>>,
    /// How many times each joined value was met.
    joined: Vec<u32>,
    /// How many times each value was met.
    values: Vec<u32>,
}

impl SegmentGroup {
    fn count(&mut self, docs: &[DocId], ords: &mut [Option<u64>]) {
        if self.apart.by_document {
            for doc in docs {
                for value in self.apart.entries(*doc as usize) {
                    self.values[*value as usize] += 1;
                }
            }
        } else if let Some(column) = &self.column {
            column.first_vals(docs, ords);
            for ord in ords.iter_mut().filter_map(Option::take) {
                if let Some(count) = self.joined.get_mut(ord as usize) {
                    *count += 1;
                }
            }
        }
    }

    fn harvest(mut self) -> SegmentFruit {
        for (i, count) in self.joined.iter().enumerate().filter(|(_, n)| **n > 0) {
            for value in self.apart.entries(i) {
                self.values[*value as usize] += count;
            }
        }
        SegmentFruit { apart: self.apart, values: self.values }
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
        let fruits = self.groups.into_iter().map(SegmentGroup::harvest).collect();
        (fruits, self.count)
    }
}

pub(crate) struct SegmentFruit {
    apart: Arc<Apart>,
    values: Vec<u32>,
}

impl Collector for FacetCollector {
    type Fruit = (Counts, u64);
    type Child = FacetSegment;

    fn for_segment(&self, _ord: SegmentOrdinal, reader: &SegmentReader) -> tantivy::Result<FacetSegment> {
        let mut groups = Vec::with_capacity(self.groups.len());
        for group in &self.groups {
            let apart = self.dictionary.apart(reader, *group)?;
            let column = reader.fast_fields().str(Group::ALL[*group].field())?.map(|c| c.ords().clone());
            let joined = if apart.by_document { Vec::new() } else { vec![0; apart.starts.len() - 1] };
            let values = vec![0; apart.values.len()];
            groups.push(SegmentGroup { apart, column, joined, values });
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
            for SegmentFruit { apart, values } in groups {
                for (value, count) in apart.values.iter().zip(values).filter(|(_, n)| *n > 0) {
                    counts.add(*value, u64::from(count));
                }
            }
        }
        Ok((counts, total))
    }
}
