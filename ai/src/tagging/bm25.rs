//! How much two texts share: BM25 (Robertson and Zaragoza, 2009) over texts kept in memory.
//!
//! A few thousand short titles need no index on disk, and here every title's score is wanted, not the best ten: scores
//! are standardised before they are summed ([`super::fusion`]).

use super::terms::Terms;
use std::collections::HashMap;

/// How fast repetition stops counting, and how much length counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameters {
    /// Saturation of repetition, above 0.
    pub k1: f32,
    /// From 0 (length counts for nothing) to 1.
    pub b: f32,
}

impl Default for Parameters {
    fn default() -> Self {
        Self { k1: 1.2, b: 0.75 }
    }
}

/// Texts ready to be compared with questions.
#[derive(Clone, Debug, Default)]
pub struct Bm25 {
    /// By term: the texts that hold it, in order, each with what the term is worth there.
    postings: HashMap<String, Vec<(u32, f32)>>,
    texts: usize,
}

impl Bm25 {
    /// Reads texts; they are known by their place.
    #[must_use]
    pub fn new(texts: &[Terms], parameters: Parameters) -> Self {
        let Parameters { k1, b } = parameters;
        let lengths: Vec<f32> = texts.iter().map(|t| t.values().map(|w| w.weight).sum()).collect();
        let mean = (lengths.iter().sum::<f32>() / texts.len().max(1) as f32).max(f32::MIN_POSITIVE);
        let mut postings: HashMap<String, Vec<(u32, f32)>> = HashMap::new();
        for (place, text) in texts.iter().enumerate() {
            let Ok(name) = u32::try_from(place) else { break };
            let long = k1 * (1.0 - b + b * lengths[place] / mean);
            for (term, own) in text {
                let worth = own.weight * (k1 + 1.0) / (own.weight + long);
                postings.entry(term.clone()).or_default().push((name, worth));
            }
        }
        for held in postings.values_mut() {
            let (all, having) = (texts.len() as f32, held.len() as f32);
            let rarity = (1.0 + (all - having + 0.5) / (having + 0.5)).ln();
            for (_, worth) in held {
                *worth *= rarity;
            }
        }
        Self { postings, texts: texts.len() }
    }

    /// The score of every text, by place. A term of the question counts by its weight, damped as in a text.
    #[must_use]
    pub fn scores(&self, question: &Terms) -> Vec<f32> {
        let mut scores = vec![0.0; self.texts];
        for (term, own) in question {
            for (place, worth) in self.postings.get(term).map_or(&[][..], Vec::as_slice) {
                scores[*place as usize] += damped(own.weight) * worth;
            }
        }
        scores
    }

    /// What one term of the question adds to the score of one text.
    #[must_use]
    pub fn contribution(&self, term: &str, weight: f32, place: usize) -> f32 {
        let held = self.postings.get(term).map_or(&[][..], Vec::as_slice);
        let at = u32::try_from(place).ok().and_then(|name| held.binary_search_by_key(&name, |(n, _)| *n).ok());
        at.map_or(0.0, |at| damped(weight) * held[at].1)
    }
}

/// A word said four times in a long vignette does not count four times.
fn damped(weight: f32) -> f32 {
    if weight <= 1.0 { weight } else { 1.0 + weight.ln() }
}

#[cfg(test)]
mod tests {
    use super::super::terms::terms;
    use super::*;

    fn index(texts: &[&str]) -> Bm25 {
        Bm25::new(&texts.iter().map(|t| terms(t)).collect::<Vec<_>>(), Parameters::default())
    }

    #[test]
    fn the_rare_word_decides_and_contributions_add_up() {
        let index =
            index(&["traitement de l’asthme", "traitement de l’infarctus", "diagnostic de l’infarctus", "toux"]);
        let question = terms("Quel traitement pour cet infarctus ?");
        let scores = index.scores(&question);
        assert!(scores[1] > scores[0] && scores[1] > scores[2] && scores[3] == 0.0, "{scores:?}");
        let sum: f32 = question.iter().map(|(t, w)| index.contribution(t, w.weight, 1)).sum();
        assert!((sum - scores[1]).abs() < 1e-6);
        assert_eq!(index.contribution("infarctu", 1.0, 0), 0.0);
        assert_eq!(index.contribution("infarctu", 1.0, 99), 0.0);
    }

    #[test]
    fn the_formula_is_the_published_one() {
        // Two texts of one word each: idf = ln(1 + (2 - 1 + 0.5) / 1.5) = ln 2, and 1 × 2.2 / (1 + 1.2) = 1.
        let scores = index(&["asthme", "toux"]).scores(&terms("asthme"));
        assert!((scores[0] - 2f32.ln()).abs() < 1e-6, "{scores:?}");
    }

    #[test]
    fn nothing_in_common_is_nothing() {
        assert_eq!(index(&["asthme"]).scores(&terms("")), [0.0]);
        assert!(index(&[]).scores(&terms("asthme")).is_empty());
    }
}
