//! How French medical text becomes terms.
//!
//! Answers: which terms are a text found under? Reading order: [`analyse`] below, then `fold` (characters), `stem`
//! (words), `words` (lists). Not here: synonyms (`crate::synonyms`), which act on queries only.
//!
//! * Articles elided before a vowel are dropped (*l’*, *d’*, *qu’*, *jusqu’*…), whatever the apostrophe.
//! * Capitals and accents are folded, ligatures undone, Greek letters named (*β* is *beta*), small figures brought to the
//!   line (*PaO₂* is *pao2*), an exponent marked (*10⁶* and *10^6^* are *10^6*).
//! * A compound is found by its parts and in one word: *thrombo-embolique* is *thrombo*, *embolique*,
//!   *thromboembolique*.
//! * A decimal comma is a point, a unit stuck to its number is parted from it (*60g/L*).
//! * Ions keep their charge, and are also found without it: *Na⁺* is *na+* and *na*.
//! * Codes stay whole: `OIC-031-11-B`, `R2C:339`, `R2C:SDD:27`, and of the CIM-10 `I21.0`, also found as `i21`.
//! * Plural and feminine marks are taken off, never from an abbreviation (at least two capitals, at most six
//!   characters) nor from a word with a digit. From five letters on, one may be a word in capitals: it is found by its
//!   stem too.
//! * Little words are terms like others, so that quoted phrases hold; queries leave them out elsewhere. An abbreviation
//!   that would be mistaken for one (*LES*, *PAR*) keeps its capitals.

mod code;
mod fold;
mod stem;
mod words;

pub use fold::fold;
pub use stem::stem;
pub use words::is_little_word;

use fold::{apostrophe, hyphen, push_folded, superscript_digit};
use tantivy::tokenizer::{Token as IndexToken, TokenStream, Tokenizer};

/// Changes whenever the same text may give other terms: an index made by another version must be rebuilt.
pub const ANALYSIS_VERSION: u32 = 1;

/// Between the folded form of a word and the form in which it was written, in the dictionary of forms.
pub(crate) const FORM_MARK: char = '\u{1}';

/// What a token is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    /// A word, by its stem.
    Word,
    /// An abbreviation, or a word with digits: no stem is taken.
    Abbreviation,
    /// A number.
    Number,
    /// A code kept whole.
    Code,
    /// A little word.
    Little,
    /// Another name of the token before it, at the same place.
    Alternative,
}

/// A term with where it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Token {
    /// What is indexed.
    pub term: String,
    /// The folded form, before its stem was taken.
    pub folded: String,
    /// What it is.
    pub class: Class,
    /// Rank in the text, from 0. Alternatives share the rank of what they rename.
    pub position: usize,
    /// First byte in the text.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
}

/// Longest term, in bytes; what is longer is no word.
const LONGEST: usize = 80;

/// The terms of a text, by position.
#[must_use]
pub fn analyse(text: &str) -> Vec<Token> {
    let mut scanner = Scanner { text, at: 0, position: 0, shouting: shouting(text), tokens: Vec::new() };
    while scanner.step() {}
    scanner.tokens
}

/// Is the text written in capitals, so that capitals make no abbreviation?
fn shouting(text: &str) -> bool {
    let (mut letters, mut capitals) = (0usize, 0usize);
    for c in text.chars().filter(|c| c.is_alphabetic()) {
        letters += 1;
        capitals += usize::from(c.is_uppercase());
    }
    letters >= 12 && capitals * 10 > letters * 7
}

struct Scanner<'t> {
    text: &'t str,
    at: usize,
    position: usize,
    shouting: bool,
    tokens: Vec<Token>,
}

/// May the character be part of a word?
fn inner(c: char) -> bool {
    c.is_alphanumeric() || unicode_normalization::char::is_combining_mark(c)
}

impl Scanner<'_> {
    fn peek(&self, from: usize) -> Option<char> {
        self.text.get(from..)?.chars().next()
    }

    /// Reads the next token, compound or separator; false at the end of the text.
    fn step(&mut self) -> bool {
        let Some(c) = self.peek(self.at) else { return false };
        if !c.is_alphanumeric() {
            self.at += c.len_utf8();
            return true;
        }
        if let Some(length) = code::length(&self.text[self.at..]) {
            let (start, end) = (self.at, self.at + length);
            let term = self.text[start..end].to_lowercase();
            let category = code::category(&term).map(str::to_owned);
            self.push(term, Class::Code, start, end);
            if let Some(category) = category {
                self.alternative(category, start, end);
            }
            self.position += 1;
            self.at = end;
            return true;
        }
        self.compound();
        true
    }

    fn push(&mut self, term: String, class: Class, start: usize, end: usize) {
        let folded = term.clone();
        self.push_stemmed(term, folded, class, start, end);
    }

    fn push_stemmed(&mut self, term: String, folded: String, class: Class, start: usize, end: usize) {
        if !term.is_empty() && term.len() <= LONGEST {
            self.tokens.push(Token { term, folded, class, position: self.position, start, end });
        }
    }

    fn alternative(&mut self, term: String, start: usize, end: usize) {
        self.push(term, Class::Alternative, start, end);
    }

    /// Words joined by hyphens: each, and the whole in one word.
    fn compound(&mut self) {
        let (start, first, first_position) = (self.at, self.tokens.len(), self.position);
        let (mut joined, mut parts, mut letters) = (String::new(), 0, false);
        while let Some(folded) = self.simple() {
            letters |= folded.chars().any(char::is_alphabetic);
            joined.push_str(&folded);
            parts += 1;
            let Some(c) = self.peek(self.at).filter(|c| hyphen(*c)) else { break };
            let after = self.at + c.len_utf8();
            if !self.peek(after).is_some_and(char::is_alphanumeric) || code::length(&self.text[after..]).is_some() {
                break;
            }
            self.at = after;
        }
        if parts > 1 && letters && joined.len() <= LONGEST && first < self.tokens.len() {
            let term = if joined.chars().any(|c| c.is_ascii_digit()) { joined.clone() } else { stem(&joined) };
            let whole = Token {
                term,
                folded: joined,
                class: Class::Alternative,
                position: first_position,
                start,
                end: self.at,
            };
            // Beside the first part, so that positions stay in order.
            let place = self.tokens[first..].iter().position(|t| t.position > first_position);
            self.tokens.insert(place.map_or(self.tokens.len(), |p| first + p), whole);
        }
    }

    /// One word or number; its folded form, `None` for an elided article.
    fn simple(&mut self) -> Option<String> {
        let start = self.at;
        if self.peek(start).is_some_and(|c| c.is_ascii_digit()) {
            let (number, end) = self.number(start);
            let unit_end = self.run_end(end);
            let unit: String = fold(&self.text[end..unit_end]);
            if unit.is_empty() || words::is_unit(&unit) {
                self.push(number.clone(), Class::Number, start, end);
                self.position += 1;
                self.at = end;
                return Some(number);
            }
        }
        let end = self.run_end(start);
        let written = &self.text[start..end];
        let folded = self.folded_run(start, end);
        self.at = end;
        if let Some(c) = self.peek(end).filter(|c| apostrophe(*c)) {
            let after = end + c.len_utf8();
            if self.peek(after).is_some_and(char::is_alphabetic) && words::is_elided(&folded) {
                self.at = after;
                return self.simple();
            }
        }
        if let Some(charge) = self.charge(written, end) {
            let sign = if charge.0 { '+' } else { '-' };
            self.push(format!("{folded}{sign}"), Class::Abbreviation, start, charge.1);
            self.alternative(folded.clone(), start, charge.1);
            self.position += 1;
            self.at = charge.1;
            return Some(folded);
        }
        let (class, term) = self.classify(written, &folded);
        let emphasised = class == Class::Abbreviation && folded.len() >= 5 && stem(&folded) != term;
        self.push_stemmed(term, folded.clone(), class, start, end);
        if emphasised {
            // It may be a word written in capitals for emphasis.
            self.alternative(stem(&folded), start, end);
        }
        self.position += 1;
        Some(folded)
    }

    fn classify(&self, written: &str, folded: &str) -> (Class, String) {
        let capitals = written.chars().filter(|c| c.is_uppercase()).count();
        let length = written.chars().count();
        let abbreviation = !self.shouting && capitals >= 2 && length <= 7;
        if folded.bytes().all(|b| b.is_ascii_digit()) {
            (Class::Number, folded.to_owned())
        } else if abbreviation {
            // A plural mark on capitals: IRMs.
            let plural = capitals + 1 == length && written.ends_with('s') && capitals >= 2;
            let bare = if plural { &folded[..folded.len() - 1] } else { folded };
            if !plural && length > 6 {
                (Class::Word, stem(folded))
            } else if is_little_word(bare) {
                (Class::Abbreviation, bare.to_uppercase())
            } else {
                (Class::Abbreviation, bare.to_owned())
            }
        } else if folded.bytes().any(|b| b.is_ascii_digit()) {
            (Class::Abbreviation, folded.to_owned())
        } else if is_little_word(folded) {
            (Class::Little, folded.to_owned())
        } else {
            (Class::Word, stem(folded))
        }
    }

    /// Where the letters and digits that begin at `start` end; marks of Markdown for small figures are inside.
    fn run_end(&self, start: usize) -> usize {
        let mut end = start;
        let mut rest = self.text[start..].char_indices().peekable();
        while let Some((at, c)) = rest.next() {
            let next_inside = rest.peek().is_some_and(|(_, n)| n.is_alphanumeric());
            if inner(c) || (matches!(c, '^' | '~') && at > 0 && next_inside) {
                end = start + at + c.len_utf8();
            } else {
                break;
            }
        }
        end
    }

    fn folded_run(&self, start: usize, end: usize) -> String {
        let mut folded = String::with_capacity(end - start);
        for c in self.text[start..end].chars().filter(|c| !matches!(c, '^' | '~')) {
            push_folded(c, &mut folded);
        }
        folded
    }

    /// A number: digits, thousands parted by no-break spaces, decimals, exponent. Its canonical text and its end.
    fn number(&self, start: usize) -> (String, usize) {
        let mut number = String::new();
        let mut at = start;
        let digits = |from: usize| self.text[from..].bytes().take_while(u8::is_ascii_digit).count();
        let mut count = digits(at);
        number.push_str(&self.text[at..at + count]);
        at += count;
        while let Some(space) = self.peek(at).filter(|c| matches!(c, '\u{a0}' | '\u{202f}' | '\u{2009}')) {
            let group = at + space.len_utf8();
            if count > 3 || digits(group) != 3 {
                break;
            }
            number.push_str(&self.text[group..group + 3]);
            at = group + 3;
            count = 3;
        }
        if let Some(point) = self.peek(at).filter(|c| matches!(c, ',' | '.')) {
            let decimals = digits(at + point.len_utf8());
            if decimals > 0 {
                let from = at + point.len_utf8();
                number.push('.');
                number.push_str(&self.text[from..from + decimals]);
                at = from + decimals;
            }
        }
        let mut marked = false;
        while let Some(c) = self.peek(at) {
            if let Some(digit) = superscript_digit(c) {
                if !marked {
                    number.push('^');
                    marked = true;
                }
                number.push(digit);
                at += c.len_utf8();
            } else if c == '^' && !marked && digits(at + 1) > 0 {
                let exponent = digits(at + 1);
                number.push('^');
                number.push_str(&self.text[at + 1..at + 1 + exponent]);
                at += 1 + exponent;
                marked = true;
            } else {
                break;
            }
        }
        (number, at)
    }

    /// The charge of an ion after `written`: positive or not, and its end.
    fn charge(&self, written: &str, end: usize) -> Option<(bool, usize)> {
        if !written.starts_with(char::is_uppercase) || written.chars().count() > 5 {
            return None;
        }
        // Markdown closes a raised charge after it: Na^+^.
        let opened = self.peek(end) == Some('^');
        let from = if opened { end + 1 } else { end };
        let sign = self.peek(from)?;
        let positive = match sign {
            '+' | '⁺' => true,
            '-' | '⁻' | '−' => false,
            _ => return None,
        };
        let mut after = from + sign.len_utf8();
        if opened && self.peek(after) == Some('^') {
            after += 1;
        }
        (!self.peek(after).is_some_and(char::is_alphanumeric)).then_some((positive, after))
    }
}

/// The analysis as a tokenizer of the index: terms, or forms for the dictionary from which words are completed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum French {
    Terms,
    Forms,
}

/// Tokens ready made.
pub(crate) struct Ready {
    tokens: std::vec::IntoIter<IndexToken>,
    current: IndexToken,
}

impl Tokenizer for French {
    type TokenStream<'a> = Ready;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Ready {
        let tokens: Vec<IndexToken> = match self {
            Self::Terms => analyse(text)
                .into_iter()
                .map(|t| IndexToken {
                    offset_from: t.start,
                    offset_to: t.end,
                    position: t.position,
                    text: t.term,
                    position_length: 1,
                })
                .collect(),
            Self::Forms => analyse(text)
                .into_iter()
                .filter_map(|t| form(text, &t).map(|form| (t, form)))
                .map(|(t, form)| IndexToken {
                    offset_from: t.start,
                    offset_to: t.end,
                    position: t.position,
                    text: form,
                    position_length: 1,
                })
                .collect(),
        };
        Ready { tokens: tokens.into_iter(), current: IndexToken::default() }
    }
}

/// The form under which the dictionary keeps a word: folded, a mark, as written in lower case.
fn form(text: &str, token: &Token) -> Option<String> {
    let wanted = match token.class {
        Class::Word | Class::Abbreviation => token.folded.chars().count() >= 2,
        Class::Alternative => token.end - token.start > token.folded.len(),
        Class::Number | Class::Code | Class::Little => false,
    };
    if !wanted || token.folded.len() > LONGEST / 2 {
        return None;
    }
    let written = &text[token.start..token.end];
    let shown = if token.class == Class::Abbreviation { written.to_owned() } else { written.to_lowercase() };
    Some(format!("{}{FORM_MARK}{}", token.folded, shown.replace(['^', '~'], "")))
}

impl TokenStream for Ready {
    fn advance(&mut self) -> bool {
        match self.tokens.next() {
            Some(token) => {
                self.current = token;
                true
            }
            None => false,
        }
    }

    fn token(&self) -> &IndexToken {
        &self.current
    }

    fn token_mut(&mut self) -> &mut IndexToken {
        &mut self.current
    }
}

#[cfg(test)]
mod tests;
