//! Validated questions nearest to one: by their words, with those they share. They say why, they decide nothing.

use super::bm25::{Bm25, Parameters};
use super::fusion::best;
use super::tagger::{Asked, Tagger};
use super::terms::Terms;

/// Words given of each.
const WORDS: usize = 5;
/// Words that a neighbour must share: one alone is chance.
const LEAST_WORDS: usize = 2;

/// Validated questions, ready to be compared.
#[derive(Clone, Debug, Default)]
pub struct Neighbours {
    index: Bm25,
    count: usize,
}

/// One that is near.
#[derive(Clone, Debug, PartialEq)]
pub struct Near {
    /// Its place among those given.
    pub place: usize,
    /// The words that they share and that say most, as the question has them.
    pub words: Vec<String>,
}

impl Neighbours {
    /// Reads questions; they are known by their place.
    #[must_use]
    pub fn new(tagger: &Tagger, questions: &[Asked]) -> Self {
        let terms: Vec<Terms> = questions.iter().map(|q| tagger.whole_question(q)).collect();
        Self { index: Bm25::new(&terms, Parameters::default()), count: questions.len() }
    }

    /// The `most` nearest, those that `skip` names left out.
    #[must_use]
    pub fn of(&self, tagger: &Tagger, asked: &Asked, most: usize, skip: &dyn Fn(usize) -> bool) -> Vec<Near> {
        let question = tagger.whole_question(asked);
        let mut scores = self.index.scores(&question);
        for (place, score) in scores.iter_mut().enumerate() {
            if skip(place) {
                *score = 0.0;
            }
        }
        let shared = |place: usize| {
            let mut found: Vec<(f32, &str)> = Vec::new();
            for (term, own) in question.iter().filter(|(term, _)| !tagger.is_neutral(term)) {
                let worth = self.index.contribution(term, own.weight, place);
                if worth > 0.0 && !found.iter().any(|(_, written)| *written == own.written) {
                    found.push((worth, &own.written));
                }
            }
            found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
            found.into_iter().take(WORDS).map(|(_, written)| written.to_owned()).collect::<Vec<_>>()
        };
        best(&scores, most.min(self.count))
            .into_iter()
            .filter(|place| scores[*place] > 0.0)
            .map(|place| Near { place, words: shared(place) })
            .filter(|near| near.words.len() >= LEAST_WORDS)
            .collect()
    }

    /// How many it knows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Does it know none?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tagging::Corpus;
    use docimo_search::synonyms::Synonyms;

    #[test]
    fn the_nearest_come_first_with_the_words_they_share() {
        let tagger = Tagger::new(Corpus::default(), Synonyms::embedded());
        let asked = |stem: &str| Asked { stem: stem.into(), ..Asked::default() };
        let known = [
            asked("Sibilants diffus et toux nocturne : quel diagnostic ?"),
            asked("Toux et fièvre"),
            asked("Sus-décalage du segment ST"),
        ];
        let near = Neighbours::new(&tagger, &known);
        let question = asked("Toux nocturne avec sibilants chez un enfant");
        let found = near.of(&tagger, &question, 3, &|_| false);
        assert_eq!(found.iter().map(|n| n.place).collect::<Vec<_>>(), [0], "one word shared is chance");
        assert!(found[0].words.contains(&"sibilants".to_owned()), "{found:?}");
        assert_eq!(near.of(&tagger, &question, 3, &|place| place == 0), []);
        assert_eq!((near.len(), Neighbours::default().is_empty()), (3, true));
    }
}
