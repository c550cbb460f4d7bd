//! From a query's tree to what the index runs, widened by synonyms, mended where a word is unknown.
//!
//! A word is looked for in `text`, which decides what is found, and in `stem`, which only makes it come sooner. Where
//! no score is wanted (a facet counted apart), `stem` is left out: the same documents are found.

use crate::analysis::{Class, FORM_MARK, Token, analyse, fold, is_little_word, stem};
use crate::query::{Facet, Filter, Measure, Moment, Node, distance, start_ms};
use crate::reach::Reach;
use crate::schema::{Fields, code_term, filter_term};
use crate::synonyms::Synonyms;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use tantivy::query::{
    AllQuery, BooleanQuery, BoostQuery, ConstScoreQuery, DisjunctionMaxQuery, EmptyQuery, FuzzyTermQuery,
    InvertedIndexRangeQuery, Occur, PhraseQuery, Query, RangeQuery, TermQuery, TermSetQuery,
};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{Searcher, Term};
use tantivy_fst::Automaton;

/// How much the same word counts in what is asked.
const STEM_BOOST: f32 = 0.6;
/// How much a synonym counts beside the word typed.
const SYNONYM_BOOST: f32 = 0.7;
/// What an exact code adds: it comes first.
const CODE_SCORE: f32 = 1_000.0;
/// Words that may stand between those of a synonym: *infarctus (aigu) du myocarde*.
const SYNONYM_SLOP: u32 = 1;

/// A word that the index does not know, and what was looked for instead.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Correction {
    /// As typed.
    pub typed: String,
    /// As written in the documents.
    pub searched: String,
}

/// What an extract shows in relief.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Wanted {
    /// Terms.
    pub terms: BTreeSet<String>,
    /// Beginnings of folded words.
    pub prefixes: BTreeSet<String>,
}

pub(crate) struct Planner<'a> {
    pub searcher: &'a Searcher,
    pub fields: &'a Fields,
    pub synonyms: &'a Synonyms,
    /// The word being typed, completed.
    pub partial: Option<&'a str>,
    /// The folders looked into, which also say what names of folders mean.
    pub reach: Option<&'a Reach>,
    pub scored: bool,
    pub corrections: BTreeSet<Correction>,
    pub wanted: Wanted,
}

type Plan = Box<dyn Query>;

/// Only what is in these folders; `None` where that is everything. It says nothing of relevance.
pub(crate) fn scope(fields: &Fields, reach: &Reach) -> Option<Plan> {
    let terms = reach.shelves.iter().map(|s| Term::from_field_text(fields.filter, &filter_term(Facet::Folder, &s.id)));
    (!reach.everything).then(|| Box::new(ConstScoreQuery::new(Box::new(TermSetQuery::new(terms)), 0.0)) as Plan)
}

impl Planner<'_> {
    /// A node, in the folders looked into.
    pub(crate) fn within(&mut self, node: &Node) -> tantivy::Result<Plan> {
        let plan = self.node(node)?;
        Ok(match self.reach.and_then(|reach| scope(self.fields, reach)) {
            Some(scope) => Box::new(BooleanQuery::new(vec![(Occur::Must, plan), (Occur::Must, scope)])),
            None => plan,
        })
    }

    pub(crate) fn node(&mut self, node: &Node) -> tantivy::Result<Plan> {
        match node {
            Node::All => Ok(Box::new(AllQuery)),
            Node::Word(_) => {
                let plan = self.words(&[node])?.unwrap_or_else(|| Box::new(AllQuery));
                Ok(plan)
            }
            Node::Prefix(text) => Ok(self.prefix(text)),
            Node::Phrase(text) => Ok(self.phrase(text, 0)),
            Node::Filter(filter) => self.filter(filter),
            Node::Not(_) => self.all(std::slice::from_ref(node)),
            Node::And(nodes) => self.all(nodes),
            Node::Or(nodes) => {
                let plans = nodes.iter().map(|n| self.node(n)).collect::<Result<Vec<_>, _>>()?;
                Ok(Box::new(BooleanQuery::union(plans)))
            }
        }
    }

    /// All of the nodes; words side by side are read together, for the synonyms of several words.
    pub(crate) fn all(&mut self, nodes: &[Node]) -> tantivy::Result<Plan> {
        let mut clauses: Vec<(Occur, Plan)> = Vec::new();
        let mut run: Vec<&Node> = Vec::new();
        let mut positive = false;
        for node in nodes {
            if matches!(node, Node::Word(_)) {
                run.push(node);
                continue;
            }
            match node {
                Node::Not(inner) => {
                    let (wanted, corrections) = (self.wanted.clone(), self.corrections.clone());
                    clauses.push((Occur::MustNot, self.node(inner)?));
                    // What is excluded is neither shown nor guessed at.
                    (self.wanted, self.corrections) = (wanted, corrections);
                }
                other => {
                    clauses.push((Occur::Must, self.node(other)?));
                    positive = true;
                }
            }
        }
        if let Some(words) = self.words(&run)? {
            clauses.push((Occur::Must, words));
            positive = true;
        }
        if !positive {
            clauses.push((Occur::Must, Box::new(AllQuery)));
        }
        Ok(one_or(clauses))
    }

    /// Words that must all be there; `None` if only little words are among them and there is nothing to look for.
    fn words(&mut self, nodes: &[&Node]) -> tantivy::Result<Option<Plan>> {
        let words: Vec<&str> =
            nodes.iter().filter_map(|n| if let Node::Word(w) = n { Some(w.as_str()) } else { None }).collect();
        if words.is_empty() {
            return Ok(None);
        }
        let only_little = words.iter().all(|w| is_little_word(&fold(w)));
        let mut clauses: Vec<(Occur, Plan)> = Vec::new();
        let mut at = 0;
        while at < words.len() {
            let (length, others) = self.synonyms_at(&words[at..]);
            let mut own: Vec<(Occur, Plan)> = Vec::new();
            for word in &words[at..at + length] {
                let little = is_little_word(&fold(word)) && !only_little;
                if little && (others.is_empty() || length > 1) {
                    continue;
                }
                own.push((Occur::Must, self.word(word, !others.is_empty())?));
            }
            if !own.is_empty() {
                let mut choices = vec![one_or(own)];
                for other in &others {
                    choices.push(self.synonym(other));
                }
                clauses.push((Occur::Must, self.best_of(choices)));
            }
            at += length;
        }
        Ok((!clauses.is_empty()).then(|| one_or(clauses)))
    }

    /// The longest run of words from the first that has synonyms, with them; else the first word alone.
    fn synonyms_at(&self, words: &[&str]) -> (usize, Vec<String>) {
        let longest = words.len().min(self.synonyms.longest() * 2);
        for length in (1..=longest).rev() {
            let ends = |w: &str| is_little_word(&fold(w)) && length > 1;
            if ends(words[0]) || ends(words[length - 1]) {
                continue;
            }
            let others = self.synonyms.of(&words[..length].join(" "));
            if !others.is_empty() {
                // A little word that is also an abbreviation (LES, SUR) is one only in capitals.
                let little = length == 1 && is_little_word(&fold(words[0]));
                if !little || words[0].chars().all(char::is_uppercase) {
                    return (length, others.to_vec());
                }
            }
        }
        (1, Vec::new())
    }

    /// Another name of what was typed. A name of several words would weigh as much as all of them: it weighs as one.
    fn synonym(&mut self, name: &str) -> Plan {
        let words: Vec<Token> =
            analyse(name).into_iter().filter(|t| !matches!(t.class, Class::Alternative | Class::Little)).collect();
        let plan = self.phrase(name, SYNONYM_SLOP);
        if !self.scored {
            return plan;
        }
        if words.len() < 2 {
            return Box::new(BoostQuery::new(plan, SYNONYM_BOOST));
        }
        let boost = SYNONYM_BOOST / words.len() as f32;
        let mut clauses: Vec<(Occur, Plan)> = vec![(Occur::Must, plan)];
        for word in &words {
            let term = Term::from_field_text(self.fields.stem, &word.term);
            let stem = BoostQuery::new(Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs)), STEM_BOOST);
            clauses.push((Occur::Should, Box::new(stem)));
        }
        Box::new(BoostQuery::new(Box::new(BooleanQuery::new(clauses)), boost))
    }

    /// The best of several ways to say the same.
    fn best_of(&self, mut plans: Vec<Plan>) -> Plan {
        if plans.len() == 1 {
            return plans.remove(0);
        }
        if self.scored {
            Box::new(DisjunctionMaxQuery::with_tie_breaker(plans, 0.1))
        } else {
            Box::new(BooleanQuery::union(plans))
        }
    }

    fn known(&self, field: Field, term: &str) -> tantivy::Result<bool> {
        let term = Term::from_field_text(field, term);
        for reader in self.searcher.segment_readers() {
            if reader.inverted_index(field)?.get_term_info(&term)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// One word as typed: its tokens, its code, its beginning if it is being typed, its likeness if it is unknown.
    fn word(&mut self, word: &str, has_synonyms: bool) -> tantivy::Result<Plan> {
        let tokens = analyse(word);
        let (parts, wholes): (Vec<&Token>, Vec<&Token>) = tokens.iter().partition(|t| t.class != Class::Alternative);
        let partial = self.partial == Some(word);
        let mut choices: Vec<Plan> = Vec::new();
        let mut found = has_synonyms;
        match parts[..] {
            [] => {}
            [part] => {
                for term in self.variants(part, has_synonyms)? {
                    found = true;
                    choices.push(self.leaf(&term));
                }
            }
            _ => {
                let known =
                    parts.iter().map(|p| self.known(self.fields.text, &p.term)).collect::<Result<Vec<_>, _>>()?;
                found |= known.iter().all(|k| *k);
                choices.push(self.phrase(word, 0));
                for whole in wholes.iter().filter(|w| w.start == parts[0].start) {
                    if self.known(self.fields.text, &whole.term)? {
                        found = true;
                        choices.push(self.leaf(&whole.term));
                    }
                }
            }
        }
        let code = code_term(word);
        if self.known(self.fields.code, &code)? {
            found = true;
            self.wanted.terms.insert(code.clone());
            let exact =
                Box::new(TermQuery::new(Term::from_field_text(self.fields.code, &code), IndexRecordOption::Basic));
            choices.push(Box::new(ConstScoreQuery::new(exact, CODE_SCORE)));
        }
        if partial {
            let begun = self.prefix(word);
            choices.push(begun);
        } else if !found
            && let Some(whole) = if let [part] = parts[..] { Some(part) } else { wholes.first().copied() }
            && let Some(better) = self.likeness(whole)?
        {
            if let Some(token) = analyse(&better).into_iter().find(|t| t.class != Class::Alternative) {
                for term in self.variants(&token, false)? {
                    choices.push(self.leaf(&term));
                }
            }
            self.corrections.insert(Correction { typed: word.to_owned(), searched: better });
        }
        if choices.is_empty() {
            return Ok(Box::new(EmptyQuery));
        }
        Ok(self.best_of(choices))
    }

    /// The terms of the index that a token stands for: its own; an abbreviation typed in small letters; a word typed in
    /// capitals.
    fn variants(&self, token: &Token, has_synonyms: bool) -> tantivy::Result<Vec<String>> {
        let mut terms = vec![token.term.clone()];
        match token.class {
            Class::Word if token.folded.len() <= 6 => terms.push(token.folded.clone()),
            Class::Abbreviation if !token.folded.bytes().any(|b| b.is_ascii_digit()) => {
                // A little word in capitals is one, unless the index or the synonyms have the abbreviation.
                if !is_little_word(&token.folded) {
                    terms.push(stem(&token.folded));
                } else if !has_synonyms {
                    terms.push(token.folded.clone());
                }
            }
            _ => {}
        }
        if let Some(ion) = token.term.strip_suffix(['+', '-']) {
            terms.push(ion.to_owned());
        }
        terms.dedup();
        let mut known = Vec::new();
        for term in terms {
            let alone = known.is_empty() || (!token.term.ends_with(['+', '-']) && !is_little_word(&term));
            if alone && self.known(self.fields.text, &term)? {
                known.push(term);
            }
        }
        Ok(known)
    }

    fn leaf(&mut self, term: &str) -> Plan {
        self.wanted.terms.insert(term.to_owned());
        let of = |field, option| Box::new(TermQuery::new(Term::from_field_text(field, term), option));
        let text =
            of(self.fields.text, if self.scored { IndexRecordOption::WithFreqs } else { IndexRecordOption::Basic });
        if !self.scored {
            return text;
        }
        let stem = BoostQuery::new(of(self.fields.stem, IndexRecordOption::WithFreqs), STEM_BOOST);
        Box::new(BooleanQuery::new(vec![(Occur::Must, text), (Occur::Should, Box::new(stem))]))
    }

    /// Words in their order; up to `slop` others among them.
    fn phrase(&mut self, text: &str, slop: u32) -> Plan {
        let tokens: Vec<Token> = analyse(text).into_iter().filter(|t| t.class != Class::Alternative).collect();
        let tokens: Vec<Token> = if slop > 0 && tokens.iter().any(|t| t.class != Class::Little) {
            tokens.into_iter().filter(|t| t.class != Class::Little).collect()
        } else {
            tokens
        };
        match &tokens[..] {
            [] => Box::new(EmptyQuery),
            [one] => self.leaf(&one.term),
            _ => {
                let terms =
                    tokens.iter().map(|t| (t.position, Term::from_field_text(self.fields.text, &t.term))).collect();
                self.wanted.terms.extend(tokens.iter().filter(|t| t.class != Class::Little).map(|t| t.term.clone()));
                Box::new(PhraseQuery::new_with_offset_and_slop(terms, slop))
            }
        }
    }

    fn prefix(&mut self, text: &str) -> Plan {
        let tokens = analyse(text);
        let Some(last) = tokens.iter().rev().find(|t| t.class != Class::Alternative) else {
            return Box::new(EmptyQuery);
        };
        let begun = last.folded.clone();
        self.wanted.prefixes.insert(begun.clone());
        let bound = |t: &str| Term::from_field_text(self.fields.forms, t);
        // U+10FFFF comes after every form that begins so.
        let range = InvertedIndexRangeQuery::new(
            Bound::Included(bound(&begun)),
            Bound::Excluded(bound(&format!("{begun}\u{10FFFF}"))),
        );
        Box::new(range)
    }

    /// The word of the documents nearest to one that none has, as written there.
    fn likeness(&self, token: &Token) -> tantivy::Result<Option<String>> {
        let word = &token.folded;
        let letters = word.chars().count();
        if letters < 4 || !word.chars().all(char::is_alphabetic) {
            return Ok(None);
        }
        let allowed = if letters >= 8 { 2 } else { 1 };
        let mut found: BTreeMap<String, u64> = BTreeMap::new();
        let fuzzy = FuzzyTermQuery::new(Term::from_field_text(self.fields.forms, word), allowed, true);
        let automaton = UpToMark(fuzzy.automaton()?);
        for reader in self.searcher.segment_readers() {
            let inverted = reader.inverted_index(self.fields.forms)?;
            let mut stream = inverted.terms().search(&automaton).into_stream()?;
            while stream.advance() {
                let form = String::from_utf8_lossy(stream.key()).into_owned();
                *found.entry(form).or_default() += u64::from(stream.value().doc_freq);
            }
        }
        let rank = |form: &str, documents: u64| {
            let folded = form.split(FORM_MARK).next().unwrap_or("");
            let other_start = folded.chars().next() != word.chars().next();
            (distance(word, folded), other_start, std::cmp::Reverse(documents))
        };
        let best = found.iter().min_by_key(|(form, documents)| rank(form, **documents));
        Ok(best.map(|(form, _)| form.split(FORM_MARK).next_back().unwrap_or(form).to_owned()))
    }

    fn filter(&self, filter: &Filter) -> tantivy::Result<Plan> {
        let plan: Plan = match filter {
            Filter::Is(Facet::Folder, name) if self.reach.is_some() => {
                let named = self.reach.map(|r| r.named(name)).unwrap_or_default();
                let term = |id: &str| Term::from_field_text(self.fields.filter, &filter_term(Facet::Folder, id));
                Box::new(TermSetQuery::new(named.into_iter().map(term).collect::<Vec<_>>()))
            }
            Filter::Is(facet, value) => self.term(self.fields.filter, &filter_term(*facet, value)),
            Filter::Between(facet, low, high) => Box::new(TermSetQuery::new(
                (*low..=*high).map(|n| Term::from_field_text(self.fields.filter, &filter_term(*facet, &n.to_string()))),
            )),
            Filter::Measure(measure, span) => {
                let field = match measure {
                    Measure::Difficulty => self.fields.difficulty,
                    Measure::Discrimination => self.fields.discrimination,
                    Measure::Exposure => self.fields.exposure,
                    Measure::Uses => self.fields.uses,
                };
                let bound = |b: Option<(f64, bool)>, open: f64| {
                    let (n, included) = b.unwrap_or((open, true));
                    let term = Term::from_field_f64(field, n);
                    if included { Bound::Included(term) } else { Bound::Excluded(term) }
                };
                Box::new(RangeQuery::new(bound(span.from, f64::MIN), bound(span.to, f64::MAX)))
            }
            Filter::Moment(moment, days) => {
                let field = match moment {
                    Moment::LastUsed => self.fields.last_used,
                    Moment::Created => self.fields.created,
                    Moment::Updated => self.fields.updated,
                };
                let (from, before) = days.bounds_ms();
                range_ms(field, from, before)
            }
            Filter::UnusedSince(day) => not(range_ms(self.fields.last_used, Some(start_ms(*day)), None)),
            Filter::EverUsed(true) => range_ms(self.fields.last_used, None, None),
            Filter::EverUsed(false) => not(range_ms(self.fields.last_used, None, None)),
            Filter::Code(code) => self.term(self.fields.code, &code_term(code)),
            Filter::Fingerprint(print) => self.term(self.fields.code, &format!("empreinte:{}", code_term(print))),
        };
        // A filter says nothing of relevance.
        Ok(if self.scored { Box::new(ConstScoreQuery::new(plan, 0.0)) } else { plan })
    }

    fn term(&self, field: Field, term: &str) -> Plan {
        Box::new(TermQuery::new(Term::from_field_text(field, term), IndexRecordOption::Basic))
    }
}

fn range_ms(field: Field, from: Option<i64>, before: Option<i64>) -> Plan {
    let low = Bound::Included(Term::from_field_i64(field, from.unwrap_or(i64::MIN)));
    let high = match before {
        Some(before) => Bound::Excluded(Term::from_field_i64(field, before)),
        None => Bound::Included(Term::from_field_i64(field, i64::MAX)),
    };
    Box::new(RangeQuery::new(low, high))
}

fn not(plan: Plan) -> Plan {
    Box::new(BooleanQuery::new(vec![(Occur::Must, Box::new(AllQuery)), (Occur::MustNot, plan)]))
}

/// The only clause, if it is a positive one; else all of them.
fn one_or(mut clauses: Vec<(Occur, Plan)>) -> Plan {
    if clauses.len() == 1 && clauses[0].0 == Occur::Must {
        return clauses.remove(0).1;
    }
    Box::new(BooleanQuery::new(clauses))
}

/// The last word of a node, if it ends the line: it may not be finished.
pub(crate) fn unfinished<'n>(node: &'n Node, line: &str) -> Option<&'n str> {
    match node {
        Node::Word(word) => (word.chars().count() >= 2 && line.ends_with(word.as_str())).then_some(word.as_str()),
        Node::And(nodes) | Node::Or(nodes) => unfinished(nodes.last()?, line),
        Node::All | Node::Prefix(_) | Node::Phrase(_) | Node::Filter(_) | Node::Not(_) => None,
    }
}

/// Matches the forms whose folded part, before the mark, the inner automaton matches.
struct UpToMark<A>(A);

#[derive(Clone)]
enum MarkState<S> {
    Before(S),
    After,
    Dead,
}

impl<A: Automaton> Automaton for UpToMark<A> {
    type State = MarkState<A::State>;

    fn start(&self) -> Self::State {
        MarkState::Before(self.0.start())
    }

    fn is_match(&self, state: &Self::State) -> bool {
        matches!(state, MarkState::After)
    }

    fn can_match(&self, state: &Self::State) -> bool {
        match state {
            MarkState::Before(inner) => self.0.can_match(inner),
            MarkState::After => true,
            MarkState::Dead => false,
        }
    }

    fn accept(&self, state: &Self::State, byte: u8) -> Self::State {
        match state {
            MarkState::Before(inner) if byte == FORM_MARK as u8 => {
                if self.0.is_match(inner) {
                    MarkState::After
                } else {
                    MarkState::Dead
                }
            }
            MarkState::Before(inner) => MarkState::Before(self.0.accept(inner, byte)),
            MarkState::After => MarkState::After,
            MarkState::Dead => MarkState::Dead,
        }
    }
}

/// Forms of the documents that begin with `begun`, most used first: as written, and in how many documents.
pub(crate) fn completions(
    searcher: &Searcher,
    fields: &Fields,
    begun: &str,
    limit: usize,
) -> tantivy::Result<Vec<(String, u64)>> {
    let mut found: BTreeMap<String, u64> = BTreeMap::new();
    let folded = fold(begun);
    for reader in searcher.segment_readers() {
        let inverted = reader.inverted_index(fields.forms)?;
        let mut stream = inverted
            .terms()
            .range()
            .ge(folded.as_bytes())
            .lt(format!("{folded}\u{10FFFF}").as_bytes())
            .into_stream()?;
        while stream.advance() {
            let form = String::from_utf8_lossy(stream.key());
            let shown = form.split(FORM_MARK).next_back().unwrap_or(&form).to_owned();
            *found.entry(shown).or_default() += u64::from(stream.value().doc_freq);
        }
    }
    let mut found: Vec<(String, u64)> = found.into_iter().collect();
    found.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    found.truncate(limit);
    Ok(found)
}

/// The facets that conditions which must all hold select values of.
pub(crate) fn held(node: &Node) -> Vec<Facet> {
    let mut held: Vec<Facet> = node.conjuncts().iter().filter_map(Node::facet).collect();
    held.sort_unstable();
    held.dedup();
    held
}
