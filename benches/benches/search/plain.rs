//! Plain BM25 (Robertson and Zaragoza 2009, as tantivy computes it) on unanalysed text: words parted by spaces, in lower
//! case; any of them is enough.

use crate::Outcome;
use docimo_search::document::Document;
use tantivy::collector::TopDocs;
use tantivy::query::BooleanQuery;
use tantivy::schema::{Field, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions, Value};
use tantivy::tokenizer::{LowerCaser, TextAnalyzer, WhitespaceTokenizer};
use tantivy::{Index, TantivyDocument, Term};

pub struct Plain {
    index: Index,
    entry: Field,
    text: Field,
}

impl Plain {
    pub fn build(documents: &[Document]) -> Outcome<Self> {
        let mut schema = Schema::builder();
        let entry = schema.add_text_field("entry", STRING | STORED);
        let words = TextFieldIndexing::default().set_tokenizer("plain").set_index_option(IndexRecordOption::WithFreqs);
        let text = schema.add_text_field("text", TextOptions::default().set_indexing_options(words));
        let index = Index::create_in_ram(schema.build());
        let plain = TextAnalyzer::builder(WhitespaceTokenizer::default()).filter(LowerCaser).build();
        index.tokenizers().register("plain", plain);
        let mut writer = index.writer_with_num_threads(1, 50_000_000)?;
        for document in documents {
            let mut out = TantivyDocument::default();
            out.add_text(entry, &document.entry);
            for (_, part) in &document.texts {
                out.add_text(text, part);
            }
            writer.add_document(out)?;
        }
        writer.commit()?;
        Ok(Self { index, entry, text })
    }

    pub fn top(&self, line: &str) -> Outcome<Vec<String>> {
        let terms = line.split_whitespace().map(|w| Term::from_field_text(self.text, &w.to_lowercase())).collect();
        let searcher = self.index.reader()?.searcher();
        let query = BooleanQuery::new_multiterms_query(terms);
        let found = searcher.search(&query, &TopDocs::with_limit(10).order_by_score())?;
        let mut entries = Vec::new();
        for (_, address) in found {
            let document: TantivyDocument = searcher.doc(address)?;
            entries.extend(document.get_first(self.entry).and_then(|v| v.as_str()).map(str::to_owned));
        }
        Ok(entries)
    }
}
