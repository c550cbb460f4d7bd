//! A French text made ready for patterns, with the way back to the bytes it came from.

use std::ops::Range;

use r2c_referential::fold;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// NFC, lower case, straight apostrophes, plain spaces and hyphens, Markdown emphasis marks taken
/// out; each byte knows the bytes of the source it stands for.
pub(crate) struct Normal<'s> {
    source: &'s str,
    text: String,
    origin: Vec<Range<usize>>,
}

/// Underscores in a row from this byte on.
fn underscores(source: &str, at: usize) -> usize {
    source.as_bytes()[at..].iter().take_while(|b| **b == b'_').count()
}

impl<'s> Normal<'s> {
    pub(crate) fn of(source: &'s str) -> Self {
        let mut normal =
            Self { source, text: String::with_capacity(source.len()), origin: Vec::with_capacity(source.len()) };
        let mut rest = source.char_indices().peekable();
        let mut blank_until = 0;
        while let Some((start, first)) = rest.next() {
            let mut end = start + first.len_utf8();
            while let Some((at, mark)) = rest.next_if(|(_, c)| is_combining_mark(*c)) {
                end = at + mark.len_utf8();
            }
            if first == '*' {
                continue;
            }
            if first == '_' && start >= blank_until {
                let run = underscores(source, start);
                if run < 3 {
                    continue;
                }
                blank_until = start + run;
            }
            for character in source[start..end].nfc().flat_map(char::to_lowercase) {
                normal.push(plain(character), start..end);
            }
        }
        normal
    }

    fn push(&mut self, character: char, origin: Range<usize>) {
        self.text.push(character);
        self.origin.resize(self.text.len(), origin);
    }

    /// The text for patterns.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// The text it was made from.
    pub(crate) fn source(&self) -> &'s str {
        self.source
    }

    /// The bytes of the source that a range of the text stands for.
    pub(crate) fn origin(&self, range: Range<usize>) -> Range<usize> {
        match self.origin.get(range.clone()) {
            Some([only]) => only.clone(),
            Some([first, .., last]) => first.start..last.end,
            Some([]) | None => self.whole(),
        }
    }

    /// The whole source.
    pub(crate) fn whole(&self) -> Range<usize> {
        0..self.source.len()
    }

    /// Where the question itself begins: the last sentence, or the last one that asks; with the
    /// sentence before when it is as short as *Lequel ?*.
    pub(crate) fn lead_in(&self) -> Range<usize> {
        let sentences = sentences(&self.text);
        let Some(last) = sentences.len().checked_sub(1) else {
            return 0..self.text.len();
        };
        let asking =
            (last.saturating_sub(2)..=last).rev().find(|index| self.text[sentences[*index].clone()].contains('?'));
        let mut first = asking.unwrap_or(last);
        let words = self.text[sentences[first].clone()]
            .split_whitespace()
            .filter(|word| word.chars().any(char::is_alphanumeric))
            .count();
        if words <= 2 {
            first = first.saturating_sub(1);
        }
        sentences[first].start..sentences[last].end
    }

    /// Whether a place of the source stands out: bold, or in capitals.
    pub(crate) fn is_emphasised(&self, place: &Range<usize>) -> bool {
        let before = &self.source[..place.start];
        let inside = &self.source[place.clone()];
        let open = |mark: &str| before.matches(mark).count() % 2 == 1 || inside.contains(mark);
        let mut letters = inside.chars().filter(|c| c.is_alphabetic());
        let capitals = inside.chars().filter(|c| c.is_uppercase()).count() >= 3 && letters.all(char::is_uppercase);
        open("**") || open("__") || capitals
    }
}

fn plain(character: char) -> char {
    match character {
        '’' | '‘' | 'ʼ' => '\'',
        '\u{a0}' | '\u{202f}' | '\u{2009}' | '\t' => ' ',
        '\u{2010}' | '\u{2011}' => '-',
        other => other,
    }
}

/// The sentences of a text, without the blanks around them.
fn sentences(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let ends = match character {
            '\n' => true,
            '.' | '?' | '!' => characters.peek().is_none_or(|(_, next)| next.is_whitespace()),
            _ => false,
        };
        if ends {
            found.push(start..at + character.len_utf8());
            start = at + character.len_utf8();
        }
    }
    found.push(start..text.len());
    found.retain_mut(|range| {
        let sentence = &text[range.clone()];
        let trimmed = sentence.trim();
        range.start += sentence.len() - sentence.trim_start().len();
        range.end = range.start + trimmed.len();
        trimmed.chars().any(char::is_alphanumeric)
    });
    found
}

/// The words of a text, folded, with their places; the marks of plural and feminine taken off
/// words of five letters or more.
pub(crate) fn words(text: &str) -> Vec<(String, Range<usize>)> {
    let mut found = Vec::new();
    let mut start = None;
    for (at, character) in text.char_indices().chain([(text.len(), ' ')]) {
        match (start, character.is_alphanumeric()) {
            (None, true) => start = Some(at),
            (Some(from), false) => {
                found.push((root(&text[from..at]), from..at));
                start = None;
            }
            (None, false) | (Some(_), true) => {}
        }
    }
    found
}

fn root(word: &str) -> String {
    let mut root = fold(word);
    for ending in ['s', 'x', 'e'] {
        if root.len() >= 5 && root.ends_with(ending) {
            root.pop();
        }
    }
    root
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_lead_back_to_the_source() {
        let source = "Le scanner est **TOUJOURS** indiqué\u{a0}: l’e\u{301}te\u{301}.";
        let normal = Normal::of(source);
        assert_eq!(normal.as_str(), "le scanner est toujours indiqué : l'été.");
        let found = normal.as_str().find("toujours").unwrap_or(0);
        let place = normal.origin(found..found + "toujours".len());
        assert_eq!(&source[place.clone()], "TOUJOURS");
        assert!(normal.is_emphasised(&place));
        let found = normal.as_str().find("été").unwrap_or(0);
        assert_eq!(&source[normal.origin(found..found + "été".len())], "e\u{301}te\u{301}");
    }

    #[test]
    fn lead_in_is_the_question() {
        let lead_in = |text: &'static str| {
            let normal = Normal::of(text);
            normal.as_str()[normal.lead_in()].to_owned()
        };
        assert_eq!(lead_in("Il n’est pas fébrile. Quel examen demander ?"), "quel examen demander ?");
        assert_eq!(lead_in("Tous évoquent ceci, sauf un. Lequel ?"), "tous évoquent ceci, sauf un. lequel ?");
        assert_eq!(
            lead_in("Quel signe ? Une seule réponse est attendue."),
            "quel signe ? une seule réponse est attendue."
        );
        assert_eq!(lead_in("La sarcoïdose :"), "la sarcoïdose :");
        assert_eq!(lead_in(""), "");
    }

    #[test]
    fn blanks_stay_and_emphasis_goes() {
        assert_eq!(Normal::of("le ____ et _le foie_").as_str(), "le ____ et le foie");
    }
}
