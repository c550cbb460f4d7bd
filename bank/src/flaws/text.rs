//! A French text cut into folded words that know the bytes they came from.

use std::ops::Range;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A word: a run of letters and digits. Apostrophes and hyphens part words ("l’avis" is two).
pub(super) struct Word {
    /// Lower case, no accent, ligatures opened.
    pub(super) fold: String,
    /// Bytes of the source.
    pub(super) range: Range<usize>,
}

/// A text and its words.
pub(super) struct Text<'a> {
    pub(super) source: &'a str,
    pub(super) words: Vec<Word>,
}

pub(super) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut out = String::with_capacity(text.len());
    for c in text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase) {
        match c {
            'œ' => out.push_str("oe"),
            'æ' => out.push_str("ae"),
            c => out.push(c),
        }
    }
    out
}

impl<'a> Text<'a> {
    pub(super) fn of(source: &'a str) -> Self {
        let mut words = Vec::with_capacity(source.len() / 6 + 1);
        let mut start = None;
        for (at, c) in source.char_indices().chain([(source.len(), ' ')]) {
            let inside = c.is_alphanumeric() || (start.is_some() && is_combining_mark(c));
            match (start, inside) {
                (None, true) => start = Some(at),
                (Some(from), false) => {
                    words.push(Word { fold: fold(&source[from..at]), range: from..at });
                    start = None;
                }
                _ => {}
            }
        }
        Self { source, words }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    pub(super) fn fold(&self, i: usize) -> &str {
        self.words.get(i).map_or("", |w| &w.fold)
    }

    /// Characters of the text without the blanks around it.
    pub(super) fn length(&self) -> usize {
        self.source.trim().chars().count()
    }

    /// The words joined by one space.
    pub(super) fn joined(&self) -> String {
        self.words.iter().map(|w| w.fold.as_str()).collect::<Vec<_>>().join(" ")
    }

    /// Words at `at` are those of the phrase; `*` stands for any one word.
    fn matches(&self, at: usize, phrase: &str) -> Option<usize> {
        // Most phrases are refused by their first letter, before they are cut.
        let first = phrase.as_bytes().first()?;
        if *first != b'*' && self.words.get(at)?.fold.as_bytes().first() != Some(first) {
            return None;
        }
        let mut i = at;
        for wanted in phrase.split(' ') {
            let word = self.words.get(i)?;
            if wanted != "*" && word.fold != wanted {
                return None;
            }
            i += 1;
        }
        Some(i)
    }

    /// Every place of every phrase within some words, as words from and to.
    pub(super) fn all(&self, within: Range<usize>, phrases: &[&str]) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        for at in within.start..within.end.min(self.words.len()) {
            if let Some(end) = phrases.iter().filter_map(|p| self.matches(at, p)).max()
                && end <= within.end
            {
                found.push(at..end);
            }
        }
        found
    }

    /// The first place of a phrase, anywhere.
    pub(super) fn find(&self, phrases: &[&str]) -> Option<Range<usize>> {
        (0..self.words.len()).find_map(|at| phrases.iter().filter_map(|p| self.matches(at, p)).max().map(|end| at..end))
    }

    pub(super) fn has(&self, phrases: &[&str]) -> bool {
        self.find(phrases).is_some()
    }

    /// The text starts by one of the phrases.
    pub(super) fn starts(&self, phrases: &[&str]) -> bool {
        phrases.iter().any(|p| self.matches(0, p).is_some())
    }

    /// Bytes of the source from one word to another (excluded).
    pub(super) fn bytes(&self, words: Range<usize>) -> Range<usize> {
        match (self.words.get(words.start), words.end.checked_sub(1).and_then(|l| self.words.get(l))) {
            (Some(first), Some(last)) if first.range.start <= last.range.end => first.range.start..last.range.end,
            _ => 0..self.source.len(),
        }
    }

    /// The source of some words.
    pub(super) fn said(&self, words: Range<usize>) -> &'a str {
        &self.source[self.bytes(words)]
    }

    /// Is something that ends a sentence between these two words?
    fn breaks(&self, before: usize) -> bool {
        let gap = &self.source[self.words[before].range.end..self.words[before + 1].range.start];
        gap.contains(['?', '!', '\n']) || gap.contains(". ") || gap.contains(".\u{a0}") || gap.contains("… ")
    }

    /// The words of the question itself: from the last sentence that asks, else the last one; a sentence of
    /// one or two words ("Laquelle ?") takes the one before with it.
    pub(super) fn lead_in(&self) -> Range<usize> {
        let n = self.words.len();
        if n == 0 {
            return 0..0;
        }
        let mut starts = vec![0];
        starts.extend((0..n - 1).filter(|i| self.breaks(*i)).map(|i| i + 1));
        let end = |s: usize| starts.get(s + 1).copied().unwrap_or(n);
        let asks = |s: usize| {
            let (last, next) = (end(s) - 1, end(s));
            let stop = self.words.get(next).map_or(self.source.len(), |w| w.range.start);
            self.source[self.words[last].range.end..stop].contains('?')
        };
        let last = starts.len() - 1;
        let mut s = (last.saturating_sub(2)..=last).rev().find(|s| asks(*s)).unwrap_or(last);
        if end(s) - starts[s] <= 2 && s > 0 {
            s -= 1;
        }
        starts[s]..n
    }

    /// Do these words stand out: bold, or in capitals in a text that is not?
    pub(super) fn stands_out(&self, words: Range<usize>) -> bool {
        let bytes = self.bytes(words);
        let (before, inside) = (&self.source[..bytes.start], &self.source[bytes]);
        let open = |mark: &str| before.matches(mark).count() % 2 == 1 || inside.contains(mark);
        let letters = || inside.chars().filter(|c| c.is_alphabetic());
        let shouted = letters().count() >= 3 && letters().all(char::is_uppercase);
        let all_shouted = !self.source.chars().any(char::is_lowercase);
        open("**") || open("__") || (shouted && !all_shouted)
    }
}

/// A word without the marks of feminine and plural, for comparing.
pub(super) fn root(word: &str) -> &str {
    let mut root = word;
    for ending in ["s", "x", "e"] {
        if root.chars().count() >= 5 {
            root = root.strip_suffix(ending).unwrap_or(root);
        }
    }
    root
}
