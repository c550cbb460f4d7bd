//! Extracts of what was found, with the words wanted in relief.

use crate::analysis::{Class, Token, analyse};
use crate::document::Part;
use crate::plan::Wanted;
use std::ops::Range;

/// Bytes of an extract, about.
const LENGTH: usize = 240;

/// A piece of a text. It is text, never HTML: what shows it escapes it and marks the ranges.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Extract {
    /// Which part of the question it comes from.
    pub part: Part,
    /// The piece, with … where it was cut.
    pub text: String,
    /// Bytes of `text` to be put in relief, in order, apart from each other, on character boundaries.
    pub ranges: Vec<Range<usize>>,
}

/// The piece of the texts where most of what is wanted is; the beginning of the first text if nothing is.
pub(crate) fn extract<'t>(texts: impl IntoIterator<Item = (Part, &'t str)>, wanted: &Wanted) -> Option<Extract> {
    let mut best: Option<(usize, Part, &str, Window)> = None;
    for (part, text) in texts {
        let window = window(&matches(text, wanted));
        if best.as_ref().is_none_or(|(score, ..)| window.score > *score) {
            best = Some((window.score, part, text, window));
        }
    }
    best.map(|(_, part, text, window)| cut(part, text, &window))
}

struct Match {
    start: usize,
    end: usize,
    /// What was wanted there.
    what: String,
}

fn matches(text: &str, wanted: &Wanted) -> Vec<Match> {
    let matched = |token: &Token| {
        if wanted.terms.contains(&token.term) {
            return Some(token.term.clone());
        }
        let begins =
            token.class != Class::Little && wanted.prefixes.iter().any(|p| token.folded.starts_with(p.as_str()));
        begins.then(|| token.folded.clone())
    };
    let mut found: Vec<Match> = Vec::new();
    for token in analyse(text) {
        if let Some(what) = matched(&token) {
            match found.last_mut() {
                // A compound and its parts are one place.
                Some(last) if token.start < last.end => last.end = last.end.max(token.end),
                _ => found.push(Match { start: token.start, end: token.end, what }),
            }
        }
    }
    found
}

#[derive(Default)]
struct Window {
    /// Distinct things wanted in it, then how many times.
    score: usize,
    ranges: Vec<Range<usize>>,
}

/// The matches that stand together in the length of an extract, with most distinct things wanted.
fn window(matches: &[Match]) -> Window {
    let mut best = Window::default();
    for (i, first) in matches.iter().enumerate() {
        let within: Vec<&Match> = matches[i..].iter().take_while(|m| m.end <= first.start + LENGTH * 3 / 4).collect();
        let mut distinct: Vec<&str> = within.iter().map(|m| m.what.as_str()).collect();
        distinct.sort_unstable();
        distinct.dedup();
        let score = distinct.len() * 1_000 + within.len().min(999);
        if score > best.score {
            best = Window { score, ranges: within.iter().map(|m| m.start..m.end).collect() };
        }
    }
    best
}

fn cut(part: Part, text: &str, window: &Window) -> Extract {
    let (first, last) = match (window.ranges.first(), window.ranges.last()) {
        (Some(first), Some(last)) => (first.start, last.end),
        _ => (0, 0),
    };
    let spare = LENGTH.saturating_sub(last - first);
    let mut start = word_start(text, first.saturating_sub(spare / 3));
    let mut end = word_end(text, (last + spare - spare / 3).max(LENGTH.min(text.len())).min(text.len()));
    start = start.min(first);
    end = end.max(last);
    while text[start..end].starts_with(char::is_whitespace) {
        start += text[start..].chars().next().map_or(1, char::len_utf8);
    }
    let before = if start > 0 { "… " } else { "" };
    let after = if end < text.len() { " …" } else { "" };
    let body = text[start..end].trim_end();
    let shift = before.len();
    let ranges = window
        .ranges
        .iter()
        .filter(|r| r.start >= start && r.end <= start + body.len())
        .map(|r| r.start - start + shift..r.end - start + shift)
        .collect();
    Extract { part, text: format!("{before}{body}{after}"), ranges }
}

/// The start of the word at a place, or just after it.
fn word_start(text: &str, at: usize) -> usize {
    if at == 0 {
        return 0;
    }
    let from = (at..=text.len()).find(|i| text.is_char_boundary(*i)).unwrap_or(text.len());
    text[from..].find(char::is_whitespace).map_or(from, |i| from + i)
}

/// The end of a word at a place, or just before it.
fn word_end(text: &str, at: usize) -> usize {
    if at >= text.len() {
        return text.len();
    }
    let to = (0..=at).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
    text[..to].rfind(char::is_whitespace).unwrap_or(to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn wanted(terms: &[&str], prefixes: &[&str]) -> Wanted {
        Wanted {
            terms: terms.iter().map(|t| (*t).to_owned()).collect(),
            prefixes: prefixes.iter().map(|t| (*t).to_owned()).collect(),
        }
    }

    #[test]
    fn the_richest_place_is_shown() {
        let far = "mot ".repeat(100);
        let text = format!("Un infarctus. {far} L’infarctus du myocarde, à l’œdème près. {far}");
        let shown = extract([(Part::Stem, text.as_str())], &wanted(&["infarctu", "myocard"], &["oed"])).unwrap();
        assert!(shown.text.starts_with("… ") && shown.text.ends_with(" …"), "{}", shown.text);
        let marked: Vec<&str> = shown.ranges.iter().map(|r| &shown.text[r.clone()]).collect();
        assert_eq!(marked, ["infarctus", "myocarde", "œdème"]);
    }

    #[test]
    fn without_a_match_the_beginning_is_shown() {
        let shown = extract([(Part::Stem, "Où ?"), (Part::Comment, "Là.")], &wanted(&["x"], &[])).unwrap();
        assert_eq!((shown.part, shown.text.as_str(), shown.ranges.len()), (Part::Stem, "Où ?", 0));
        assert_eq!(extract([], &wanted(&[], &[])), None);
    }

    proptest! {
        #[test]
        fn ranges_fall_between_characters(text in "([a-eéœ’ \u{a0}]|é{1,3}|thrombo-embolie|\\PC){0,400}") {
            if let Some(shown) = extract([(Part::Stem, text.as_str())], &wanted(&["a", "e", "thrombo", "emboli"], &["oe", "b"])) {
                let mut end = 0;
                for range in shown.ranges {
                    prop_assert!(range.start >= end && range.start < range.end);
                    prop_assert!(shown.text.is_char_boundary(range.start) && shown.text.is_char_boundary(range.end));
                    end = range.end;
                }
            }
        }
    }
}
