//! Which passages of trusted documents speak of that?
//!
//! An index in memory, made from the database when a process first needs it: passages never change, so it only grows.
//! The French is the bank's; no text is kept here, only names.

use crate::analysis::{Class, Token, analyse};
use crate::schema::register;
use crate::synonyms::Synonyms;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::PoisonError;
use tantivy::collector::TopDocs;
use tantivy::query::{BooleanQuery, BoostQuery, Occur, Query, TermQuery};
use tantivy::schema::{FAST, Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::{Index, IndexReader, IndexWriter, ReloadPolicy, TantivyDocument, TantivyError, Term};

/// Memory of the writer, in bytes.
const WRITER_BYTES: usize = 15_000_000;
/// Most terms looked for: the rest of a long text adds little.
const MOST_TERMS: usize = 120;
/// How much the title a passage stands under counts, and its document's title.
const SECTION: f32 = 1.5;
const TITLE: f32 = 0.7;
/// How much a synonym counts.
const SYNONYM: f32 = 0.5;

/// A passage to index.
#[derive(Clone, Copy, Debug)]
pub struct Passage<'a> {
    /// By which the caller knows it.
    pub name: u64,
    /// Of its document.
    pub title: &'a str,
    /// That it stands under.
    pub section: &'a str,
    /// Text.
    pub body: &'a str,
}

/// Passages that can be found.
pub struct Passages {
    index: Index,
    reader: IndexReader,
    writer: Mutex<IndexWriter>,
    synonyms: Synonyms,
    name: Field,
    parts: [(Field, f32); 3],
}

impl Passages {
    /// An empty index in memory.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub fn new(synonyms: Synonyms) -> Result<Self, TantivyError> {
        let mut builder = Schema::builder();
        let indexing =
            TextFieldIndexing::default().set_tokenizer("terms").set_index_option(IndexRecordOption::WithFreqs);
        let words = TextOptions::default().set_indexing_options(indexing);
        let name = builder.add_u64_field("name", FAST);
        let body = builder.add_text_field("body", words.clone());
        let section = builder.add_text_field("section", words.clone());
        let title = builder.add_text_field("title", words);
        let index = Index::create_in_ram(builder.build());
        register(&index);
        let writer = index.writer_with_num_threads(1, WRITER_BYTES)?;
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let parts = [(body, 1.0), (section, SECTION), (title, TITLE)];
        Ok(Self { index, reader, writer: Mutex::new(writer), synonyms, name, parts })
    }

    /// Adds passages; they can be found when this returns.
    ///
    /// # Errors
    /// When there is no memory for them.
    pub fn add<'a>(&self, passages: impl IntoIterator<Item = Passage<'a>>) -> Result<(), TantivyError> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        for passage in passages {
            let mut document = TantivyDocument::default();
            document.add_u64(self.name, passage.name);
            for ((field, _), text) in self.parts.into_iter().zip([passage.body, passage.section, passage.title]) {
                document.add_text(field, text);
            }
            writer.add_document(document)?;
        }
        writer.commit()?;
        self.reader.reload()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.reader.searcher().num_docs()
    }

    /// Is there none?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The passages that say most of what `words` say: names with their score (BM25), the best first, then by name.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn find(&self, words: &str, most: usize) -> Result<Vec<(u64, f32)>, TantivyError> {
        let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        for (term, weight) in self.wanted(words) {
            for (field, boost) in self.parts {
                let query = TermQuery::new(Term::from_field_text(field, &term), IndexRecordOption::WithFreqs);
                clauses.push((Occur::Should, Box::new(BoostQuery::new(Box::new(query), boost * weight))));
            }
        }
        if clauses.is_empty() || most == 0 {
            return Ok(Vec::new());
        }
        let searcher = self.reader.searcher();
        let top = searcher.search(&BooleanQuery::new(clauses), &TopDocs::with_limit(most).order_by_score())?;
        let mut found = Vec::with_capacity(top.len());
        for (score, address) in top {
            let names = searcher
                .segment_reader(address.segment_ord)
                .fast_fields()
                .u64(self.index.schema().get_field_name(self.name))?;
            found.extend(names.first(address.doc_id).map(|name| (name, score)));
        }
        found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        Ok(found)
    }

    /// The terms of what is looked for, each with what it weighs; other names of its words at half.
    fn wanted(&self, words: &str) -> BTreeMap<String, f32> {
        let mut wanted = BTreeMap::new();
        let tokens: Vec<Token> = analyse(words).into_iter().filter(counts).take(MOST_TERMS).collect();
        for token in &tokens {
            wanted.insert(token.term.clone(), 1.0);
        }
        for (at, first) in tokens.iter().enumerate() {
            for last in tokens.iter().skip(at).take(3) {
                for other in words.get(first.start..last.end).map_or(&[][..], |text| self.synonyms.of(text)) {
                    for token in analyse(other).iter().filter(|t| counts(t)) {
                        wanted.entry(token.term.clone()).or_insert(SYNONYM);
                    }
                }
            }
        }
        wanted
    }
}

fn counts(token: &Token) -> bool {
    !matches!(token.class, Class::Little | Class::Number) && token.term.chars().count() >= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index() -> Passages {
        let synonyms = Synonyms::read("IDM = infarctus du myocarde").unwrap_or_default();
        let index = Passages::new(synonyms).unwrap();
        let of = |name, section, body| Passage { name, title: "Cours", section, body };
        index
            .add([
                of(1, "Asthme", "Des sibilants et une toux sont entendus pendant la crise."),
                of(2, "Infarctus du myocarde", "La douleur est constrictive et prolongée."),
                of(3, "Purpura", "Des lésions qui ne s’effacent pas à la vitropression."),
            ])
            .unwrap();
        index
    }

    fn names(index: &Passages, words: &str) -> Vec<u64> {
        index.find(words, 10).unwrap().into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn words_titles_and_other_names_find_passages() {
        let index = index();
        assert_eq!(names(&index, "sibilant"), [1]);
        assert_eq!(names(&index, "les asthmes"), [1]);
        assert_eq!(names(&index, "un IDM"), [2]);
        assert_eq!(names(&index, "douleur, toux, asthme")[0], 1);
        assert!(names(&index, "le la de 12").is_empty());
        assert!(names(&index, "glaucome").is_empty());
        assert_eq!(index.find("toux douleur", 1).unwrap().len(), 1);
    }

    #[test]
    fn what_is_added_is_found_at_once() {
        let index = index();
        assert_eq!(index.len(), 3);
        index.add([Passage { name: 9, title: "Autre", section: "", body: "Un glaucome aigu." }]).unwrap();
        assert_eq!(names(&index, "glaucome"), [9]);
        assert!(Passages::new(Synonyms::embedded()).unwrap().is_empty());
    }
}
