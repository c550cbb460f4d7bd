//! All of it: a question in, items and objectives out, with a confidence and the words that decided.

use super::bm25::{Bm25, Parameters};
use super::confidence::{Calibration, Stand};
use super::corpus::Corpus;
use super::fusion::{best, from_parts, standardise, weighted_sum};
use super::head::{EVIDENCE, Head};
use super::terms::{Terms, add, add_synonyms, beginnings, terms};
use docimo_search::synonyms::Synonyms;
use r2c_referential::{ItemNumber, ObjectiveCode};

/// How many words are given as reasons.
const REASONS: usize = 5;
/// How much an occurrence in a wrong proposition weighs beside one in a right one: distractors are of the same chapter.
const WRONG_PROPOSITION: f32 = 0.5;
/// An item is worth its best objectives, so many.
const OBJECTIVES_OF_ITEM: usize = 2;
/// What the words of a question must be worth for its first item, in BM25 over whole items, for anything to stand out:
/// one word of a few items is enough, several that half of them have are not.
const LEAST_EVIDENCE: f32 = 4.0;
/// Words of any question or any title, which are evidence of nothing however rare they are among titles.
const NEUTRAL: &str = "patient patiente malade homme femme enfant adulte sujet personne cas question réponse \
    proposition affirmation exact vrai faux suivant principal présenter consulter diagnostic traitement bilan signe \
    examen suivi conduite démarche prise charge aigu chronique trouble maladie risque élément état";
/// Confidence from which a tag is proposed rather than nothing.
pub const THRESHOLD: f64 = 0.5;

/// A question to tag.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// What is asked, with the case it is asked of.
    pub stem: String,
    /// Propositions, as shown.
    pub propositions: Vec<String>,
    /// Places of the right ones; none where that is unknown.
    pub correct: Vec<usize>,
}

impl Asked {
    /// The texts whose meaning is compared: the stem, and the stem with its right propositions (all of them where the
    /// right ones are unknown).
    #[must_use]
    pub fn texts(&self) -> [String; 2] {
        let mut whole = self.stem.clone();
        for (place, text) in self.propositions.iter().enumerate() {
            if self.correct.is_empty() || self.correct.contains(&place) {
                whole.push('\n');
                whole.push_str(text);
            }
        }
        [self.stem.clone(), whole]
    }
}

/// How texts are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// By their words.
    Lexical,
    /// By vectors of meaning; needs a model.
    Dense,
    /// Both; needs a model.
    Fusion,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Lexical, Self::Dense, Self::Fusion];

    /// Its name in commands and files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lexical => "lexical",
            Self::Dense => "dense",
            Self::Fusion => "fusion",
        }
    }

    /// Does it need a model?
    #[must_use]
    pub const fn needs_model(self) -> bool {
        match self {
            Self::Lexical => false,
            Self::Dense | Self::Fusion => true,
        }
    }
}

/// Vectors of length 1, one a text, side by side.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Vectors {
    dimension: usize,
    values: Vec<f32>,
}

impl Vectors {
    /// Gathers vectors; `None` unless all have the same length.
    #[must_use]
    pub fn new(vectors: &[Vec<f32>]) -> Option<Self> {
        let dimension = vectors.first().map_or(0, Vec::len);
        vectors.iter().all(|v| v.len() == dimension).then(|| Self { dimension, values: vectors.concat() })
    }

    /// The cosine of each with `query`.
    fn scores(&self, query: &[f32]) -> Vec<f32> {
        let rows = self.values.chunks_exact(self.dimension.max(1));
        rows.map(|row| row.iter().zip(query).map(|(a, b)| a * b).sum()).collect()
    }
}

/// Why a question cannot be tagged that way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TagError {
    /// A method of meaning without vectors.
    #[error("la méthode « {} » demande un modèle : donnez son dossier", method.name())]
    NoModel {
        /// The method.
        method: Method,
    },
    /// Vectors of another length than those of the referential, or not as many.
    #[error("vecteurs de {found} nombres là où le référentiel en a {expected}")]
    Dimension {
        /// What came.
        found: usize,
        /// What should have.
        expected: usize,
    },
}

/// A tag with why it is there.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranked<T> {
    /// The tag.
    pub code: T,
    /// Its fused score, which compares within one answer only.
    pub score: f32,
    /// The words of the question that count most for it, as written; none where meaning alone decided.
    pub words: Vec<String>,
}

/// What a question is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Items, the best first.
    pub items: Vec<Ranked<ItemNumber>>,
    /// Objectives, the best first.
    pub objectives: Vec<Ranked<ObjectiveCode>>,
    /// Probability that the first item is right.
    pub item_confidence: f64,
    /// Probability that the first objective is right.
    pub objective_confidence: f64,
    /// Where the first item stands; none where none stands out.
    pub item_stand: Option<Stand>,
    /// Where the first objective stands.
    pub objective_stand: Option<Stand>,
}

impl Answer {
    /// The item to propose, or nothing where it is not sure enough.
    #[must_use]
    pub fn item(&self, threshold: f64) -> Option<&Ranked<ItemNumber>> {
        self.items.first().filter(|_| self.item_confidence >= threshold)
    }

    /// The objective to propose, or nothing.
    #[must_use]
    pub fn objective(&self, threshold: f64) -> Option<&Ranked<ObjectiveCode>> {
        self.objectives.first().filter(|_| self.objective_confidence >= threshold)
    }
}

/// How much each comparison counts. Pairs are of the stem alone and of the stem with its propositions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weights {
    /// Titles of objectives.
    pub titles: [f32; 2],
    /// Objectives in their context.
    pub contexts: [f32; 2],
    /// The same by the first letters of words.
    pub beginnings: [f32; 2],
    /// Items with all their objectives, by the first letters of words.
    pub whole_beginnings: [f32; 2],
    /// What an item inherits from its best objectives.
    pub inherited: f32,
    /// What an objective inherits from its item.
    pub item: f32,
    /// Vectors of objectives.
    pub dense_objectives: [f32; 2],
    /// Vectors of items.
    pub dense_items: [f32; 2],
    /// What meaning weighs beside words when both are asked.
    pub dense: f32,
}

impl Default for Weights {
    /// Found by moving one weight at a time, on 35 questions of the demonstration with item and objective, 180 titles
    /// of the list before the R2C with their item, and 153 case reports with their specialty. Comparisons that added
    /// nothing (titles of items, whole items by whole words) were taken out. What meaning weighs
    /// beside words was moved too, and helped nothing there; the others of meaning were left as they are.
    fn default() -> Self {
        Self {
            titles: [1.0, 0.0],
            contexts: [0.0, 2.0],
            beginnings: [0.5, 1.0],
            whole_beginnings: [0.0, 1.0],
            inherited: 0.25,
            item: 2.0,
            dense_objectives: [1.0, 1.0],
            dense_items: [1.0, 1.0],
            dense: 1.0,
        }
    }
}

/// Confidence by method: of items, of objectives. Fitted on the 35 questions of [`Weights::default`], so few that words
/// were 18 points off elsewhere (the others were not measured): a bank with validated tags should fit its own. Of
/// objectives, by words and fused, only the height counts: the fit gave the margin a weight below zero, which is
/// chance. Meaning alone was fitted with weights of its own, hence the roughest.
const CALIBRATIONS: [(Method, [Calibration; 2]); 3] = [
    (Method::Lexical, [calibration(-2.15, 0.195, 0.78), calibration(-2.2, 0.175, 0.0)]),
    (Method::Dense, [calibration(-2.89, 0.79, 0.49), calibration(-4.94, 0.82, 0.48)]),
    (Method::Fusion, [calibration(-1.73, 0.2, 1.1), calibration(-3.43, 0.34, 0.0)]),
];

/// How sure words alone are: of items, of objectives.
pub(super) const fn lexical_calibrations() -> &'static [Calibration; 2] {
    &CALIBRATIONS[0].1
}

const fn calibration(intercept: f64, height: f64, margin: f64) -> Calibration {
    Calibration { intercept, height, margin }
}

/// A referential ready for questions.
#[derive(Clone, Debug)]
pub struct Tagger {
    corpus: Corpus,
    item_places: Vec<usize>,
    synonyms: Synonyms,
    weights: Weights,
    neutral: Terms,
    titles: Bm25,
    contexts: Bm25,
    beginnings: Bm25,
    /// For the words that decided.
    wholes: Bm25,
    whole_beginnings: Bm25,
    dense: Option<(Vectors, Vectors)>,
}

impl Tagger {
    /// Reads a referential.
    #[must_use]
    pub fn new(corpus: Corpus, synonyms: Synonyms) -> Self {
        let titles: Vec<Terms> = corpus.objectives().iter().map(|o| terms(&o.title)).collect();
        let contexts: Vec<Terms> = corpus.objectives().iter().map(|o| terms(&corpus.in_context(o))).collect();
        let mut wholes: Vec<Terms> = corpus.items().iter().map(|i| terms(i.title)).collect();
        let item_places = corpus.item_places();
        for (objective, place) in corpus.objectives().iter().zip(&item_places) {
            add(&mut wholes[*place], &objective.title, 1.0);
        }
        let read = |texts: &[Terms]| Bm25::new(texts, Parameters::default());
        let short =
            |texts: &[Terms]| Bm25::new(&texts.iter().map(beginnings).collect::<Vec<_>>(), Parameters::default());
        Self {
            titles: read(&titles),
            contexts: read(&contexts),
            beginnings: short(&contexts),
            wholes: read(&wholes),
            whole_beginnings: short(&wholes),
            weights: Weights::default(),
            neutral: terms(NEUTRAL),
            dense: None,
            corpus,
            item_places,
            synonyms,
        }
    }

    /// With other weights.
    #[must_use]
    pub fn with_weights(mut self, weights: Weights) -> Self {
        self.weights = weights;
        self
    }

    /// What may be proposed.
    #[must_use]
    pub fn corpus(&self) -> &Corpus {
        &self.corpus
    }

    /// The texts whose vectors [`Tagger::with_vectors`] asks for: titles of objectives, titles of items. An objective
    /// inherits from its item; read with it, the referential would take thrice as long.
    #[must_use]
    pub fn texts(&self) -> (Vec<String>, Vec<String>) {
        let objectives = self.corpus.objectives().iter().map(|o| o.title.clone()).collect();
        (objectives, self.corpus.items().iter().map(|i| i.title.to_owned()).collect())
    }

    /// With the vectors of [`Tagger::texts`].
    ///
    /// # Errors
    /// Vectors that are not as many as the texts, or not of one length.
    pub fn with_vectors(mut self, objectives: &[Vec<f32>], items: &[Vec<f32>]) -> Result<Self, TagError> {
        let expected = self.corpus.objectives().len() + self.corpus.items().len();
        let found = objectives.len() + items.len();
        match (Vectors::new(objectives), Vectors::new(items)) {
            (Some(objectives), Some(items)) if found == expected => {
                self.dense = Some((objectives, items));
                Ok(self)
            }
            _ => Err(TagError::Dimension { found, expected }),
        }
    }

    /// What a question is about: its `most` best items and objectives. `vectors` are those of [`Asked::texts`].
    ///
    /// # Errors
    /// A method of meaning without vectors, or with vectors of another model.
    pub fn tag(
        &self,
        asked: &Asked,
        method: Method,
        vectors: Option<&[Vec<f32>; 2]>,
        most: usize,
    ) -> Result<Answer, TagError> {
        self.tag_with(asked, method, vectors, most, None)
    }

    /// The same, with what a head learned.
    ///
    /// # Errors
    /// As [`Tagger::tag`].
    pub fn tag_with(
        &self,
        asked: &Asked,
        method: Method,
        vectors: Option<&[Vec<f32>; 2]>,
        most: usize,
        head: Option<&Head>,
    ) -> Result<Answer, TagError> {
        let questions = self.questions(asked);
        let words = (method != Method::Dense).then(|| self.by_words(&questions));
        let meaning = if method.needs_model() { Some(self.by_meaning(method, vectors)?) } else { None };
        let (objectives, items) = match (words, meaning) {
            (Some(words), Some(meaning)) => {
                let both = |words, meaning| weighted_sum(vec![(1.0, words), (self.weights.dense, meaning)]);
                (both(words.0, meaning.0), both(words.1, meaning.1))
            }
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => (Vec::new(), Vec::new()),
        };
        Ok(self.answer(&questions, method, &objectives, items, most, head))
    }

    /// A question as the words that count: what it asks and its propositions, the wrong ones less.
    pub(super) fn whole_question(&self, asked: &Asked) -> Terms {
        let [_, whole] = self.questions(asked);
        whole
    }

    /// Is it a word of any question?
    pub(super) fn is_neutral(&self, term: &str) -> bool {
        self.neutral.contains_key(term)
    }

    /// The stem alone, and with its propositions.
    fn questions(&self, asked: &Asked) -> [Terms; 2] {
        let mut stem = Terms::new();
        add(&mut stem, &asked.stem, 1.0);
        let mut whole = stem.clone();
        for (place, text) in asked.propositions.iter().enumerate() {
            let right = asked.correct.is_empty() || asked.correct.contains(&place);
            add(&mut whole, text, if right { 1.0 } else { WRONG_PROPOSITION });
        }
        add_synonyms(&mut stem, &asked.stem, &self.synonyms, 1.0);
        add_synonyms(&mut whole, &asked.stem, &self.synonyms, 1.0);
        for text in &asked.propositions {
            add_synonyms(&mut whole, text, &self.synonyms, WRONG_PROPOSITION);
        }
        [stem, whole]
    }

    /// Scores of objectives and of items, by words.
    fn by_words(&self, questions: &[Terms; 2]) -> (Vec<f32>, Vec<f32>) {
        let w = &self.weights;
        let short = [beginnings(&questions[0]), beginnings(&questions[1])];
        let parts = |index: &Bm25, weights: [f32; 2], questions: &[Terms; 2]| {
            let used = weights.into_iter().zip(questions).filter(|(weight, _)| *weight != 0.0);
            used.map(|(weight, question)| (weight, index.scores(question))).collect::<Vec<_>>()
        };
        let objectives = [
            parts(&self.titles, w.titles, questions),
            parts(&self.contexts, w.contexts, questions),
            parts(&self.beginnings, w.beginnings, &short),
        ];
        let items = parts(&self.whole_beginnings, w.whole_beginnings, &short);
        // Where every weight is zero nothing is known, of as many as there are.
        let sum = |parts: Vec<(f32, Vec<f32>)>, count: usize| {
            if parts.is_empty() { vec![0.0; count] } else { weighted_sum(parts) }
        };
        let counts = [self.corpus.objectives().len(), self.corpus.items().len()];
        (sum(objectives.concat(), counts[0]), sum(items, counts[1]))
    }

    /// The same by meaning.
    fn by_meaning(&self, method: Method, vectors: Option<&[Vec<f32>; 2]>) -> Result<(Vec<f32>, Vec<f32>), TagError> {
        let (Some((objectives, items)), Some(questions)) = (&self.dense, vectors) else {
            return Err(TagError::NoModel { method });
        };
        if let Some(other) = questions.iter().find(|q| q.len() != items.dimension) {
            return Err(TagError::Dimension { found: other.len(), expected: items.dimension });
        }
        let parts = |held: &Vectors, weights: [f32; 2]| {
            weighted_sum(weights.into_iter().zip(questions).map(|(w, q)| (w, held.scores(q))).collect())
        };
        Ok((parts(objectives, self.weights.dense_objectives), parts(items, self.weights.dense_items)))
    }

    fn answer(
        &self,
        questions: &[Terms; 2],
        method: Method,
        objectives: &[f32],
        items: Vec<f32>,
        most: usize,
        head: Option<&Head>,
    ) -> Answer {
        let inherited = from_parts(objectives, &self.item_places, items.len(), OBJECTIVES_OF_ITEM);
        let mut items = weighted_sum(vec![(1.0, items), (self.weights.inherited, inherited)]);
        standardise(&mut items);
        let opinion = head.map(|head| (head, head.opinion(&questions[1])));
        if let Some((head, opinion)) = &opinion {
            for (own, learned) in items.iter_mut().zip(&opinion.scores) {
                *own += head.counts() * learned;
            }
            standardise(&mut items);
        }
        let of_items: Vec<f32> = self.item_places.iter().map(|place| items[*place]).collect();
        let objectives = {
            let mut own = objectives.to_vec();
            standardise(&mut own);
            // An item's score is of one item in 367: it is not standardised again over the objectives, or items of many
            // objectives would weigh less.
            own.iter().zip(of_items).map(|(own, item)| own + self.weights.item * item).collect::<Vec<f32>>()
        };
        // A question of two usual words stands out too, by what little it says.
        let evidence = best(&items, 1).first().map_or(0.0, |place| {
            let telling = questions[1].iter().filter(|(term, _)| !self.neutral.contains_key(*term));
            telling.map(|(term, own)| self.wholes.contribution(term, own.weight, *place)).sum::<f32>()
        });
        // What was learned of validated questions is evidence too, where it speaks for the item that comes first.
        let learned = opinion.as_ref().is_some_and(|(_, opinion)| {
            best(&items, 1)
                .first()
                .is_some_and(|place| opinion.scores.get(*place).is_some_and(|score| *score >= EVIDENCE))
        });
        let heard = method != Method::Lexical || learned || evidence >= LEAST_EVIDENCE;
        let stand = |scores: &[f32]| Stand::of(scores).filter(|_| heard);
        let (item_stand, objective_stand) = (stand(&items), stand(&objectives));
        let calibrations = match head {
            Some(head) => Some(head.calibrations()),
            None => CALIBRATIONS.iter().find(|(m, _)| *m == method).map(|(_, c)| c),
        };
        let confidence = |stand: Option<Stand>, which: usize| match (stand, calibrations) {
            (Some(stand), Some(calibrations)) => calibrations[which].probability(stand),
            _ => 0.0,
        };
        let with_words = method != Method::Dense;
        let reasons = |index: &Bm25, place| if with_words { words(index, &questions[1], place) } else { Vec::new() };
        Answer {
            item_confidence: confidence(item_stand, 0),
            objective_confidence: confidence(objective_stand, 1),
            items: item_stand
                .map_or_else(Vec::new, |_| best(&items, most))
                .into_iter()
                .map(|place| {
                    let code = self.corpus.items()[place].number;
                    let mut words = reasons(&self.wholes, place);
                    if let Some(head) = head {
                        // What it learned first, then what titles say.
                        let mut learned = head.reasons(&questions[1], code, REASONS);
                        learned.truncate(if words.is_empty() { REASONS } else { REASONS.div_ceil(2) });
                        words.retain(|word| !learned.contains(word));
                        learned.append(&mut words);
                        learned.truncate(REASONS);
                        words = learned;
                    }
                    Ranked { code, score: items[place], words }
                })
                .collect(),
            objectives: objective_stand
                .map_or_else(Vec::new, |_| best(&objectives, most))
                .into_iter()
                .map(|place| Ranked {
                    code: self.corpus.objectives()[place].code,
                    score: objectives[place],
                    words: reasons(&self.contexts, place),
                })
                .collect(),
            item_stand,
            objective_stand,
        }
    }
}

/// The words of a question that count most for a text.
fn words(index: &Bm25, question: &Terms, place: usize) -> Vec<String> {
    let mut found: Vec<(f32, &str)> = Vec::new();
    for (term, own) in question {
        let worth = index.contribution(term, own.weight, place);
        if worth > 0.0 {
            match found.iter_mut().find(|(_, written)| *written == own.written) {
                Some((sum, _)) => *sum += worth,
                None => found.push((worth, &own.written)),
            }
        }
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    found.into_iter().take(REASONS).map(|(_, written)| written.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tagging::Objective;
    use r2c_referential::Rubric;

    /// A few objectives written for this test.
    fn tagger() -> Tagger {
        let one = |code: &str, rubric, title: &str| Objective {
            code: code.parse().expect("a code"),
            rubric: Some(rubric),
            title: title.to_owned(),
        };
        let corpus = Corpus::new([
            one("OIC-339-01-A", Rubric::Definition, "Définir l’infarctus"),
            one("OIC-339-02-A", Rubric::Management, "Connaître la reperfusion en urgence"),
            one("OIC-188-01-A", Rubric::Management, "Connaître le traitement de fond"),
            one("OIC-188-02-A", Rubric::Emergency, "Reconnaître les signes de gravité d’une crise"),
        ]);
        Tagger::new(corpus, Synonyms::embedded())
    }

    fn asked(stem: &str, propositions: &[&str]) -> Asked {
        Asked {
            stem: stem.into(),
            propositions: propositions.iter().map(|p| (*p).to_owned()).collect(),
            correct: vec![0],
        }
    }

    #[test]
    fn a_question_finds_its_item_and_its_objective_and_says_why() {
        let question = asked("Quels signes de gravité recherchez-vous pendant une crise d’asthme ?", &["Cyanose"]);
        let answer = tagger().tag(&question, Method::Lexical, None, 10).expect("no model is needed");
        assert_eq!(answer.items[0].code.get(), 188);
        assert_eq!(answer.objectives[0].code.to_string(), "OIC-188-02-A");
        assert!(answer.items[0].words.contains(&"asthme".to_owned()), "{:?}", answer.items[0]);
        assert!(answer.objectives[0].words.contains(&"gravité".to_owned()), "{:?}", answer.objectives[0]);
    }

    #[test]
    fn an_abbreviation_is_understood() {
        let answer = tagger().tag(&asked("IDM : quelle reperfusion ?", &[]), Method::Lexical, None, 3).expect("words");
        assert_eq!(answer.objectives[0].code.item().get(), 339, "{answer:?}");
    }

    #[test]
    fn a_question_of_nothing_gets_no_tag() {
        for text in ["", "Laquelle ?", "xyzzy plugh", "Lequel de ces patients est un adulte ?"] {
            let answer = tagger().tag(&asked(text, &[]), Method::Lexical, None, 10).expect("words");
            assert_eq!(answer.item(0.0), None, "{text}: {answer:?}");
            assert_eq!((answer.item_confidence, answer.objective_confidence), (0.0, 0.0));
            assert!(answer.objectives.is_empty());
        }
    }

    #[test]
    fn under_the_threshold_nothing_is_proposed() {
        let answer = tagger().tag(&asked("Crise d’asthme : signes de gravité ?", &[]), Method::Lexical, None, 3);
        let answer = answer.expect("words");
        let sure = answer.item_confidence;
        assert!(answer.item(sure).is_some() && answer.item(sure + 1e-9).is_none());
    }

    #[test]
    fn meaning_needs_a_model_of_the_same_size() {
        let question = asked("Asthme", &[]);
        let plain = tagger();
        let refused = plain.tag(&question, Method::Dense, None, 3);
        assert_eq!(refused, Err(TagError::NoModel { method: Method::Dense }));
        let (objectives, items) = plain.texts();
        assert_eq!((objectives.len(), items.len()), (4, 367));
        assert!(plain.clone().with_vectors(&[vec![1.0, 0.0]], &[]).is_err());
        let item_vectors: Vec<Vec<f32>> =
            (0..items.len()).map(|i| if i == 187 { vec![0.0, 1.0] } else { vec![1.0, 0.0] }).collect();
        // In the order of codes: the second is OIC-188-02-A.
        let vectors = vec![vec![1.0, 0.0], vec![0.0, 1.0], vec![1.0, 0.0], vec![1.0, 0.0]];
        let dense = plain.with_vectors(&vectors, &item_vectors).expect("as many as texts");
        let near = [vec![0.0, 1.0], vec![0.0, 1.0]];
        for method in [Method::Dense, Method::Fusion] {
            let answer = dense.tag(&question, method, Some(&near), 3).expect("vectors are there");
            assert_eq!(answer.items[0].code.get(), 188);
            assert_eq!(answer.objectives[0].code.to_string(), "OIC-188-02-A");
        }
        let other = [vec![1.0], vec![1.0]];
        let refused = dense.tag(&question, Method::Dense, Some(&other), 3);
        assert_eq!(refused, Err(TagError::Dimension { found: 1, expected: 2 }));
    }

    #[test]
    fn without_objectives_items_are_found_by_their_titles() {
        let tagger = Tagger::new(Corpus::default(), Synonyms::embedded());
        let answer = tagger.tag(&asked("Asthme allergique", &[]), Method::Lexical, None, 3).expect("words");
        assert_eq!(answer.items[0].code.get(), 188);
        assert!(answer.objectives.is_empty());
    }
}
