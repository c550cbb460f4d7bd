//! The fields of the index and how a document fills them.
//!
//! * `entry`: identifier, by which a document is replaced.
//! * `text`, `stem`: the terms of everything, and of what is asked (which counts more).
//! * `forms`: the words as written, from which prefixes, completions and corrections come.
//! * `code`: exact codes, folded.
//! * `filter`: every value of every facet, as `facet:value`, folded.
//! * numbers: columns to compare and sort by.
//! * `group_…`: the facets, a few together: one value a document, so that a count is one step a document
//!   (see `crate::facets`).
//! * `stored`: the texts, for extracts; `tie`: a stable order between equals; `stamp`: to notice what is stale.

use crate::analysis::{French, fold};
use crate::document::{Document, Part, hash};
use crate::facets::{Group, group_value, values};
use crate::query::Facet;
use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::tokenizer::TextAnalyzer;
use tantivy::{Index as TantivyIndex, TantivyDocument};

/// Changes with the fields: an index of another version must be rebuilt.
pub const SCHEMA_VERSION: u32 = 3;

/// Between the part and the text of a stored text.
const PART_MARK: char = '\u{1}';

/// The fields, by name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields {
    pub entry: Field,
    pub text: Field,
    pub stem: Field,
    pub forms: Field,
    pub code: Field,
    pub filter: Field,
    pub stored: Field,
    pub tie: Field,
    pub stamp: Field,
    pub revision: Field,
    pub difficulty: Field,
    pub discrimination: Field,
    pub exposure: Field,
    pub uses: Field,
    pub last_used: Field,
    pub created: Field,
    pub updated: Field,
    pub groups: [Field; Group::ALL.len()],
}

/// The schema and its fields.
pub(crate) fn schema() -> (Schema, Fields) {
    let mut builder = Schema::builder();
    let words = |tokenizer: &str, option| {
        TextOptions::default()
            .set_indexing_options(TextFieldIndexing::default().set_tokenizer(tokenizer).set_index_option(option))
    };
    let forms = TextOptions::default().set_indexing_options(
        TextFieldIndexing::default()
            .set_tokenizer("forms")
            .set_index_option(IndexRecordOption::Basic)
            .set_fieldnorms(false),
    );
    let raw = TextOptions::default().set_indexing_options(
        TextFieldIndexing::default()
            .set_tokenizer("raw")
            .set_index_option(IndexRecordOption::Basic)
            .set_fieldnorms(false),
    );
    let fields = Fields {
        entry: builder.add_text_field("entry", STRING | STORED | FAST),
        text: builder.add_text_field("text", words("terms", IndexRecordOption::WithFreqsAndPositions)),
        stem: builder.add_text_field("stem", words("terms", IndexRecordOption::WithFreqs)),
        forms: builder.add_text_field("forms", forms),
        code: builder.add_text_field("code", raw.clone()),
        filter: builder.add_text_field("filter", raw),
        stored: builder.add_text_field("stored", STORED),
        tie: builder.add_u64_field("tie", FAST),
        stamp: builder.add_u64_field("stamp", FAST),
        revision: builder.add_u64_field("revision", FAST | STORED),
        difficulty: builder.add_f64_field("difficulty", FAST | INDEXED),
        discrimination: builder.add_f64_field("discrimination", FAST | INDEXED),
        exposure: builder.add_f64_field("exposure", FAST | INDEXED),
        uses: builder.add_f64_field("uses", FAST | INDEXED),
        last_used: builder.add_i64_field("last_used", FAST | INDEXED),
        created: builder.add_i64_field("created", FAST | INDEXED),
        updated: builder.add_i64_field("updated", FAST | INDEXED),
        groups: Group::ALL.map(|g| builder.add_text_field(g.field(), TextOptions::default().set_fast("raw"))),
    };
    (builder.build(), fields)
}

/// Gives an index our analysis.
pub(crate) fn register(index: &TantivyIndex) {
    index.tokenizers().register("terms", TextAnalyzer::from(French::Terms));
    index.tokenizers().register("forms", TextAnalyzer::from(French::Forms));
}

/// A value as filters compare it: folded, spaces and quotes put in order.
pub(crate) fn filter_term(facet: Facet, value: &str) -> String {
    format!("{}:{}", facet.french(), fold(&crate::query::clean(value)))
}

/// A code as it is compared.
pub(crate) fn code_term(code: &str) -> String {
    fold(&crate::query::clean(code))
}

/// What the index keeps of a document.
pub(crate) fn index_document(fields: &Fields, document: &Document) -> TantivyDocument {
    let mut out = TantivyDocument::default();
    out.add_text(fields.entry, &document.entry);
    for (part, text) in &document.texts {
        out.add_text(fields.text, text);
        out.add_text(fields.forms, text);
        if *part == Part::Stem {
            out.add_text(fields.stem, text);
        }
        let rank = Part::ALL.iter().position(|p| p == part).unwrap_or(0);
        out.add_text(fields.stored, format!("{rank}{PART_MARK}{text}"));
    }
    for code in codes(document) {
        out.add_text(fields.code, code);
    }
    for term in filter_terms(document) {
        out.add_text(fields.filter, term);
    }
    out.add_u64(fields.tie, hash(&document.entry));
    out.add_u64(fields.stamp, document.stamp().checksum());
    out.add_u64(fields.revision, document.revision);
    for (field, value) in [(fields.difficulty, document.difficulty), (fields.discrimination, document.discrimination)] {
        if let Some(value) = value.filter(|v| v.is_finite()) {
            out.add_f64(field, value);
        }
    }
    out.add_f64(fields.exposure, document.exposed as f64);
    out.add_f64(fields.uses, document.uses as f64);
    if let Some(at) = document.last_used_ms {
        out.add_i64(fields.last_used, at);
    }
    out.add_i64(fields.created, document.created_ms);
    out.add_i64(fields.updated, document.updated_ms);
    for (group, field) in Group::ALL.into_iter().zip(fields.groups) {
        out.add_text(field, group_value(group, document));
    }
    out
}

/// Reads a stored text back.
pub(crate) fn stored_text(stored: &str) -> (Part, &str) {
    match stored.split_once(PART_MARK) {
        Some((rank, text)) => {
            let part = rank.parse().ok().and_then(|r: usize| Part::ALL.get(r).copied());
            (part.unwrap_or(Part::Comment), text)
        }
        None => (Part::Comment, stored),
    }
}

/// Every code a document is found under, folded, each once.
fn codes(document: &Document) -> Vec<String> {
    let items = document.items.iter().map(|i| format!("R2C:{i}"));
    let situations = document.situations.iter().map(|s| format!("R2C:SDD:{s}"));
    let mut codes: Vec<String> = [document.entry.clone(), document.external_id.clone()]
        .into_iter()
        .chain(items)
        .chain(situations)
        .chain(document.objectives.iter().cloned())
        .chain(document.codes.iter().cloned())
        .map(|c| code_term(&c))
        .chain([format!("empreinte:{}", document.fingerprint)])
        .filter(|c| !c.is_empty())
        .collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

/// The values of every facet, and what else filters may ask: the name of an author and its words.
fn filter_terms(document: &Document) -> Vec<String> {
    let mut terms: Vec<String> = Facet::ALL
        .into_iter()
        .flat_map(|f| values(f, document).into_iter().map(move |v| filter_term(f, &v.value)))
        .collect();
    if let Some((_, name)) = &document.author {
        terms.push(filter_term(Facet::Author, name));
        terms.extend(name.split_whitespace().map(|word| filter_term(Facet::Author, word)));
    }
    terms.sort_unstable();
    terms.dedup();
    terms
}
