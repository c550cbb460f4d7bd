//! Asking: one line in, documents, counts and extracts out.

use crate::analysis::{Class, analyse};
use crate::document::Part;
use crate::extract::{Extract, extract};
use crate::facets::{Counts, FacetCollector, FacetCounts};
use crate::index::{Generation, Index, IndexError};
use crate::plan::{Correction, Planner, Wanted, completions, held, scope, unfinished};
use crate::query::{Facet, Fault, Node, Query, Remark, Sort, SortKey, parse};
use crate::reach::Reach;
use crate::schema::stored_text;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, PoisonError};
use tantivy::collector::sort_key::{ComparatorEnum, SortBySimilarityScore, SortByStaticFastValue};
use tantivy::collector::{Collector, DocSetCollector, TopDocs};
use tantivy::fastfield::FastValue;
use tantivy::query::{BooleanQuery, BoostQuery, Occur, Query as TantivyQuery, TermQuery};
use tantivy::schema::{IndexRecordOption, Value};
use tantivy::{DocAddress, Searcher, TantivyDocument, Term};

/// The furthest result that may be asked for.
pub const DEEPEST: usize = 10_000;

/// What is asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request<'r> {
    /// The line, as typed.
    pub line: &'r str,
    /// The facets to count.
    pub facets: &'r [Facet],
    /// At most so many values a facet.
    pub facet_limit: usize,
    /// Results passed over.
    pub offset: usize,
    /// Results wanted.
    pub limit: usize,
    /// Is the line still being typed? Its last word is then completed.
    pub typing: bool,
    /// An order that goes before the line's.
    pub sort: Option<Sort>,
    /// The folders looked into; `None`: every document, folders being named by identifier.
    pub reach: Option<&'r Reach>,
}

impl<'r> Request<'r> {
    /// Twenty results and every facet, twenty values each, in every folder.
    #[must_use]
    pub fn new(line: &'r str) -> Self {
        Self {
            line,
            facets: &Facet::ALL,
            facet_limit: 20,
            offset: 0,
            limit: 20,
            typing: false,
            sort: None,
            reach: None,
        }
    }
}

/// What was found.
#[derive(Clone, PartialEq, Debug)]
pub struct Answer {
    /// The query understood; its `Display` is the line a saved search keeps.
    pub query: Query,
    /// What was guessed in the line.
    pub remarks: Vec<Remark>,
    /// Unknown words, and those looked for instead.
    pub corrections: Vec<Correction>,
    /// How many documents, all pages together.
    pub total: u64,
    /// The order used.
    pub sort: Sort,
    /// This page.
    pub hits: Vec<Hit>,
    /// The facets asked for, in their order.
    pub facets: Vec<FacetCounts>,
}

impl Answer {
    /// « résultats pour … », where words were corrected.
    #[must_use]
    pub fn notice(&self) -> Option<String> {
        let words: Vec<String> =
            self.corrections.iter().map(|c| format!("« {} » au lieu de « {} »", c.searched, c.typed)).collect();
        (!words.is_empty()).then(|| format!("Résultats pour {}.", words.join(", ")))
    }
}

/// A document found.
#[derive(Clone, PartialEq, Debug)]
pub struct Hit {
    /// Identifier of its entry.
    pub entry: String,
    /// Number of the revision indexed.
    pub revision: u64,
    /// Relevance, where results are sorted by it.
    pub score: Option<f32>,
    /// What was found, in its text; none for a document without text.
    pub extract: Option<Extract>,
}

/// Why a search gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The line.
    #[error(transparent)]
    Line(#[from] Fault),
    /// The index.
    #[error(transparent)]
    Index(#[from] IndexError),
}

impl From<tantivy::TantivyError> for SearchError {
    fn from(error: tantivy::TantivyError) -> Self {
        Self::Index(error.into())
    }
}

type Found = Vec<(Option<f32>, DocAddress)>;

impl Index {
    /// Answers a request.
    ///
    /// # Errors
    /// [`SearchError::Line`] where the line cannot be read.
    pub fn search(&self, request: &Request<'_>) -> Result<Answer, SearchError> {
        let mut parsed = parse(request.line)?;
        parsed.query.sort = request.sort.or(parsed.query.sort);
        let generation = self.generation();
        let searcher = generation.reader.searcher();
        let synonyms = self.synonyms();
        let partial = if request.typing { unfinished(&parsed.query.node, request.line) } else { None };
        let mut planner = Planner {
            searcher: &searcher,
            fields: &generation.fields,
            synonyms: &synonyms,
            partial,
            reach: request.reach,
            scored: true,
            corrections: BTreeSet::new(),
            wanted: Wanted::default(),
        };
        let node = &parsed.query.node;
        // Every document, and the counts over them, are known in advance.
        let whole = |node: &Node| *node == Node::All && request.reach.is_none_or(|r| r.everything);
        let sort = parsed.query.sort.unwrap_or(Sort {
            key: if node.has_text() { SortKey::Relevance } else { SortKey::Recency },
            reversed: false,
        });
        planner.scored = sort.key == SortKey::Relevance;
        let plan = planner.within(node)?;
        let (corrections, wanted) = (std::mem::take(&mut planner.corrections), std::mem::take(&mut planner.wanted));
        let held = held(node);
        let free: Vec<Facet> = request.facets.iter().copied().filter(|f| !held.contains(f)).collect();
        let page = Page::new(request);
        let (found, (mut counts, total)) = if whole(node) {
            let found = page.find(&searcher, &*plan, sort, None)?.0;
            (found, (*totals(&generation, &searcher)?).clone())
        } else {
            page.find(&searcher, &*plan, sort, Some(FacetCollector::new(&generation.dictionary, &free)))?
        };
        planner.scored = false;
        for facet in request.facets.iter().copied().filter(|f| held.contains(f)) {
            let others = parsed.query.without(facet).node;
            let mut apart = if whole(&others) {
                totals(&generation, &searcher)?.0.clone()
            } else {
                let plan = planner.within(&others)?;
                searcher.search(&*plan, &FacetCollector::new(&generation.dictionary, &[facet]))?.0
            };
            counts.replace(facet, &mut apart);
        }
        let mut facets: Vec<FacetCounts> =
            request.facets.iter().map(|f| generation.dictionary.top(&counts, *f, request.facet_limit)).collect();
        if let Some(reach) = request.reach {
            for (value, _) in facets.iter_mut().filter(|f| f.facet == Facet::Folder).flat_map(|f| &mut f.values) {
                value.value = reach.path(&value.value).to_owned();
            }
        }
        let mut hits = Vec::with_capacity(found.len());
        for (score, address) in found {
            hits.push(hit(&generation, &searcher, address, score, &wanted)?);
        }
        let corrections = corrections.into_iter().collect();
        Ok(Answer { query: parsed.query, remarks: parsed.remarks, corrections, total, sort, hits, facets })
    }

    /// Every entry that a line finds, in no order, however many.
    ///
    /// # Errors
    /// [`SearchError::Line`] where the line cannot be read.
    pub fn entries(&self, line: &str, reach: Option<&Reach>) -> Result<Vec<String>, SearchError> {
        let parsed = parse(line)?;
        let generation = self.generation();
        let searcher = generation.reader.searcher();
        let synonyms = self.synonyms();
        let mut planner = Planner {
            searcher: &searcher,
            fields: &generation.fields,
            synonyms: &synonyms,
            partial: None,
            reach,
            scored: false,
            corrections: BTreeSet::new(),
            wanted: Wanted::default(),
        };
        let plan = planner.within(&parsed.query.node)?;
        let found = searcher.search(&*plan, &DocSetCollector)?;
        let mut entries = Vec::with_capacity(found.len());
        for (segment, reader) in (0..).zip(searcher.segment_readers()) {
            let Some(column) = reader.fast_fields().str("entry")? else { continue };
            for address in found.iter().filter(|a| a.segment_ord == segment) {
                let mut entry = String::new();
                if let Some(ord) = column.term_ords(address.doc_id).next() {
                    column.ord_to_str(ord, &mut entry).map_err(tantivy::TantivyError::from)?;
                    entries.push(entry);
                }
            }
        }
        Ok(entries)
    }

    /// Documents that speak of the same things as an entry's, nearest first, itself left out; none if the index does
    /// not have it.
    ///
    /// # Errors
    /// Where the index cannot be read.
    pub fn more_like_this(&self, entry: &str, limit: usize, reach: Option<&Reach>) -> Result<Vec<Hit>, IndexError> {
        let generation = self.generation();
        let searcher = generation.reader.searcher();
        let fields = &generation.fields;
        let itself = || TermQuery::new(Term::from_field_text(fields.entry, entry), IndexRecordOption::Basic);
        let first = searcher.search(&itself(), &TopDocs::with_limit(1).order_by_score())?;
        let Some((_, address)) = first.first() else { return Ok(Vec::new()) };
        let document: TantivyDocument = searcher.doc(*address)?;
        let mut counts: HashMap<String, f32> = HashMap::new();
        for stored in document.get_all(fields.stored).filter_map(|v| v.as_str()) {
            let (part, text) = stored_text(stored);
            let weight = if part == Part::Stem { 2.0 } else { 1.0 };
            for token in analyse(text).into_iter().filter(|t| matches!(t.class, Class::Word | Class::Abbreviation)) {
                *counts.entry(token.term).or_default() += weight;
            }
        }
        // The terms that tell this document from others: their frequency here by their rarity elsewhere.
        let documents = searcher.num_docs() as f32;
        let mut telling = Vec::new();
        for (term, count) in counts {
            let of_text = Term::from_field_text(fields.text, &term);
            let having = searcher.doc_freq(&of_text)?;
            if having > 1 && (having as f32) < documents * 0.2 + 5.0 {
                telling.push((count.sqrt() * (1.0 + documents / having as f32).ln(), term));
            }
        }
        telling.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        telling.truncate(25);
        if telling.is_empty() {
            return Ok(Vec::new());
        }
        let wanted = Wanted { terms: telling.iter().map(|(_, t)| t.clone()).collect(), ..Wanted::default() };
        let heaviest = telling[0].0;
        let mut clauses: Vec<(Occur, Box<dyn TantivyQuery>)> = Vec::new();
        for (weight, term) in telling {
            let query = TermQuery::new(Term::from_field_text(fields.text, &term), IndexRecordOption::WithFreqs);
            clauses.push((Occur::Should, Box::new(BoostQuery::new(Box::new(query), weight / heaviest))));
        }
        let mut outer: Vec<(Occur, Box<dyn TantivyQuery>)> =
            vec![(Occur::MustNot, Box::new(itself())), (Occur::Must, Box::new(BooleanQuery::new(clauses)))];
        outer.extend(reach.and_then(|r| scope(fields, r)).map(|scope| (Occur::Must, scope)));
        let plan = BooleanQuery::new(outer);
        let top = TopDocs::with_limit(limit.clamp(1, DEEPEST)).order_by((SortBySimilarityScore, tie()));
        let found = searcher.search(&plan, &top)?;
        found
            .into_iter()
            .take(limit)
            .map(|((score, _), address)| hit(&generation, &searcher, address, Some(score), &wanted))
            .collect()
    }

    /// Words of the documents that begin as the last word of a line does, as written, most used first, each with the
    /// number of documents; none before two letters.
    ///
    /// # Errors
    /// Where the index cannot be read.
    pub fn suggest(&self, line: &str, limit: usize) -> Result<Vec<(String, u64)>, IndexError> {
        let tokens = analyse(line);
        let last = tokens.iter().rev().find(|t| t.class != Class::Alternative && t.end == line.len());
        let Some(last) = last.filter(|t| t.folded.chars().count() >= 2) else { return Ok(Vec::new()) };
        let generation = self.generation();
        Ok(completions(&generation.reader.searcher(), &generation.fields, &last.folded, limit)?)
    }

    /// The plan of a line, for a bench to run it bare.
    ///
    /// # Errors
    /// As [`Index::search`].
    #[doc(hidden)]
    pub fn bare(&self, line: &str) -> Result<(Searcher, Box<dyn TantivyQuery>), SearchError> {
        let parsed = parse(line)?;
        let generation = self.generation();
        let searcher = generation.reader.searcher();
        let synonyms = self.synonyms();
        let mut planner = Planner {
            searcher: &searcher,
            fields: &generation.fields,
            synonyms: &synonyms,
            partial: None,
            reach: None,
            scored: true,
            corrections: BTreeSet::new(),
            wanted: Wanted::default(),
        };
        let plan = planner.node(&parsed.query.node)?;
        Ok((searcher, plan))
    }
}

/// Counts over everything: the same until the next commit.
fn totals(generation: &Generation, searcher: &Searcher) -> tantivy::Result<Arc<(Counts, u64)>> {
    let state = searcher.generation().generation_id();
    let known = || generation.totals.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((at, totals)) = &*known()
        && *at == state
    {
        return Ok(totals.clone());
    }
    let all = FacetCollector::new(&generation.dictionary, &Facet::ALL);
    let totals = Arc::new(searcher.search(&tantivy::query::AllQuery, &all)?);
    *known() = Some((state, totals.clone()));
    Ok(totals)
}

fn tie() -> SortByStaticFastValue<u64> {
    SortByStaticFastValue::for_field("tie")
}

struct Page {
    offset: usize,
    limit: usize,
}

type Counted = (Found, (Counts, u64));

impl Page {
    fn new(request: &Request<'_>) -> Self {
        let offset = request.offset.min(DEEPEST);
        Self { offset, limit: request.limit.min(DEEPEST - offset) }
    }

    /// The documents of the page, and the counts of everything found.
    fn find(
        &self,
        searcher: &Searcher,
        plan: &dyn TantivyQuery,
        sort: Sort,
        facets: Option<FacetCollector>,
    ) -> tantivy::Result<Counted> {
        match sort.key {
            SortKey::Relevance if !sort.reversed => {
                let top = self.top().order_by((SortBySimilarityScore, tie()));
                self.run(searcher, plan, top, facets, |(score, _)| Some(score))
            }
            SortKey::Relevance => {
                let top = self.top().order_by(((SortBySimilarityScore, ComparatorEnum::Reverse), tie()));
                self.run(searcher, plan, top, facets, |(score, _)| Some(score))
            }
            SortKey::Recency => self.by::<i64>(searcher, plan, "updated", !sort.reversed, facets),
            SortKey::LastUse => self.by::<i64>(searcher, plan, "last_used", !sort.reversed, facets),
            // The hardest first: the lowest p.
            SortKey::Difficulty => self.by::<f64>(searcher, plan, "difficulty", sort.reversed, facets),
            SortKey::Discrimination => self.by::<f64>(searcher, plan, "discrimination", !sort.reversed, facets),
            SortKey::Exposure => self.by::<f64>(searcher, plan, "exposure", !sort.reversed, facets),
        }
    }

    fn top(&self) -> TopDocs {
        TopDocs::with_limit(self.limit.max(1)).and_offset(self.offset)
    }

    fn by<T: FastValue>(
        &self,
        searcher: &Searcher,
        plan: &dyn TantivyQuery,
        field: &str,
        greatest_first: bool,
        facets: Option<FacetCollector>,
    ) -> tantivy::Result<Counted>
    where
        (SortByStaticFastValue<T>, ComparatorEnum):
            tantivy::collector::SortKeyComputer<SortKey = Option<T>> + Send + 'static,
    {
        // Without a value: last, in both orders.
        let order = if greatest_first { ComparatorEnum::Natural } else { ComparatorEnum::ReverseNoneLower };
        let top = self.top().order_by(((SortByStaticFastValue::<T>::for_field(field), order), tie()));
        self.run(searcher, plan, top, facets, |_| None)
    }

    fn run<K: 'static>(
        &self,
        searcher: &Searcher,
        plan: &dyn TantivyQuery,
        top: impl Collector<Fruit = Vec<(K, DocAddress)>>,
        facets: Option<FacetCollector>,
        score: impl Fn(K) -> Option<f32>,
    ) -> tantivy::Result<Counted> {
        let (found, counted) = searcher.search(plan, &(top, facets))?;
        let found = found.into_iter().take(self.limit).map(|(key, address)| (score(key), address)).collect();
        Ok((found, counted.unwrap_or_else(|| (Counts::new(), 0))))
    }
}

fn hit(
    generation: &Generation,
    searcher: &Searcher,
    address: DocAddress,
    score: Option<f32>,
    wanted: &Wanted,
) -> Result<Hit, IndexError> {
    let document: TantivyDocument = searcher.doc(address)?;
    let fields = &generation.fields;
    let texts = document.get_all(fields.stored).filter_map(|v| v.as_str()).map(stored_text);
    let text = |field| document.get_first(field).and_then(|v| v.as_str()).unwrap_or("").to_owned();
    Ok(Hit {
        entry: text(fields.entry),
        revision: document.get_first(fields.revision).and_then(|v| v.as_u64()).unwrap_or(0),
        score,
        extract: extract(texts, wanted),
    })
}
