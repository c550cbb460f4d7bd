//! A head that learns from tags that people validated: which words of questions, rather than of official titles, call for
//! which item.
//!
//! Multinomial logistic regression over weighted words, by stochastic gradients with a step of its own for each weight
//! (AdaGrad), from zero. A seed sets the order in which questions are seen: the same questions and seed give the same head
//! to the last bit. An item that no validated question has keeps what words say of it: the head has no opinion there.
//!
//! Questions are parted by the digest of their stem, always the same way: some teach, some set how much the head counts
//! beside words and how sure an answer is, some are held back and only measure. A later head never learns from what
//! measures an earlier one.

use super::confidence::{Calibration, Stand};
use super::evaluation::{Gold, Recall, Tally};
use super::tagger::{Answer, Asked, Method, TagError, Tagger};
use super::terms::Terms;
use r2c_referential::ItemNumber;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Questions without which nothing is learned: fewer say more of chance than of medicine.
pub const LEAST_QUESTIONS: usize = 40;
/// Questions held back without which a head is not promoted.
pub const LEAST_HELD: usize = 8;
/// Words known at most, those of most questions first.
const VOCABULARY: usize = 12_000;
/// Weights kept of each item, the heaviest.
const WEIGHTS_KEPT: usize = 300;
/// Times that each question is seen.
const ROUNDS: usize = 12;
/// Length of a step.
const STEP: f32 = 0.4;
/// How much weights are held back towards zero at each step.
const DECAY: f32 = 1e-4;
/// How much a head may count beside words.
const COUNTS: [f32; 6] = [0.1, 0.25, 0.5, 1.0, 2.0, 4.0];
/// What one certain item among the 367 is worth once it is standardised beside words: an opinion is on that scale.
const CERTAIN: f32 = 19.16;
/// From which worth an opinion is evidence by itself.
pub(super) const EVIDENCE: f32 = CERTAIN / 4.0;

/// A question whose item people validated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The question.
    pub asked: Asked,
    /// What it is about.
    pub gold: Gold,
}

/// What a question is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Teaches.
    Learn,
    /// Sets how much the head counts, and how sure it is.
    Tune,
    /// Measures.
    Held,
}

impl Part {
    /// By the stem alone: doubles are never on two sides.
    #[must_use]
    pub fn of(stem: &str) -> Self {
        let words = stem.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        match Sha256::digest(words.as_bytes())[1] % 5 {
            0 => Self::Held,
            1 => Self::Tune,
            _ => Self::Learn,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Class {
    item: u16,
    bias: f32,
    /// By place in the vocabulary, in order.
    weights: Vec<(u32, f32)>,
}

/// What was learned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// Of this form of heads.
    format: u8,
    /// What set the order of questions.
    pub seed: u64,
    vocabulary: BTreeMap<String, (u32, f32)>,
    classes: Vec<Class>,
    /// How much it counts beside words.
    counts: f32,
    calibrations: [Calibration; 2],
}

/// What a head says of one question.
pub(super) struct Opinion {
    /// For each of the 367 items, by how far its chance (its root, so that the second still counts) is above that of a head
    /// that knows nothing; 0 where there is no opinion.
    pub scores: Vec<f32>,
}

const FORMAT: u8 = 1;

impl Head {
    /// Reads a head that was kept; `None` where it is not one of this version.
    #[must_use]
    pub fn read(json: &str) -> Option<Self> {
        let head: Self = serde_json::from_str(json).ok()?;
        let known = |class: &Class| ItemNumber::new(class.item).is_ok();
        (head.format == FORMAT && head.classes.iter().all(known) && head.counts.is_finite()).then_some(head)
    }

    /// Items that it knows.
    #[must_use]
    pub fn items(&self) -> usize {
        self.classes.len()
    }

    /// Words that it knows.
    #[must_use]
    pub fn words(&self) -> usize {
        self.vocabulary.len()
    }

    /// How much it counts beside words.
    pub(super) fn counts(&self) -> f32 {
        self.counts
    }

    pub(super) fn calibrations(&self) -> &[Calibration; 2] {
        &self.calibrations
    }

    fn features(&self, question: &Terms) -> Vec<(u32, f32)> {
        let known = question.iter().filter_map(|(term, own)| {
            let (place, rarity) = self.vocabulary.get(term)?;
            Some((*place, worth(own.weight) * rarity))
        });
        normalised(known.collect())
    }

    pub(super) fn opinion(&self, question: &Terms) -> Opinion {
        let features = self.features(question);
        let mut logits: Vec<f32> =
            self.classes.iter().map(|class| class.bias + dot(&class.weights, &features)).collect();
        softmax(&mut logits);
        let nothing = (1.0 / logits.len().max(1) as f32).sqrt();
        let mut scores = vec![0.0; super::Corpus::default().items().len()];
        // Without one word that it knows, the head would only say which items are frequent.
        if !features.is_empty() {
            for (class, chance) in self.classes.iter().zip(logits) {
                if let Some(own) = usize::from(class.item).checked_sub(1).and_then(|at| scores.get_mut(at)) {
                    *own = (chance.sqrt() - nothing).max(0.0) * CERTAIN;
                }
            }
        }
        Opinion { scores }
    }

    /// The words of a question that count most for an item, by what was learned.
    pub(super) fn reasons(&self, question: &Terms, item: ItemNumber, most: usize) -> Vec<String> {
        let Some(class) = self.classes.iter().find(|c| c.item == item.get()) else { return Vec::new() };
        let mut found: Vec<(f32, &str)> = Vec::new();
        for (term, own) in question {
            if let Some((place, rarity)) = self.vocabulary.get(term)
                && let Ok(at) = class.weights.binary_search_by_key(place, |(p, _)| *p)
            {
                let worth = worth(own.weight) * rarity * class.weights[at].1;
                if worth > 0.0 && !found.iter().any(|(_, written)| *written == own.written) {
                    found.push((worth, &own.written));
                }
            }
        }
        found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
        found.into_iter().take(most).map(|(_, written)| written.to_owned()).collect()
    }
}

fn worth(weight: f32) -> f32 {
    if weight <= 1.0 { weight } else { 1.0 + weight.ln() }
}

fn normalised(mut features: Vec<(u32, f32)>) -> Vec<(u32, f32)> {
    features.sort_unstable_by_key(|(place, _)| *place);
    let length = features.iter().map(|(_, v)| v * v).sum::<f32>().sqrt();
    if length > 0.0 {
        features.iter_mut().for_each(|(_, v)| *v /= length);
    }
    features
}

/// Of two lists in the order of their places.
fn dot(a: &[(u32, f32)], b: &[(u32, f32)]) -> f32 {
    let (mut i, mut j, mut sum) = (0, 0, 0.0);
    while let (Some((p, x)), Some((q, y))) = (a.get(i), b.get(j)) {
        match p.cmp(q) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                sum += x * y;
                i += 1;
                j += 1;
            }
        }
    }
    sum
}

/// How good tagging is on the questions held back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Questions.
    pub questions: usize,
    /// Right item among the first, the first five, the first ten.
    pub items: Recall,
    /// Right objective, where it is known.
    pub objectives: Option<Recall>,
    /// By how much confidence in the item is off.
    pub calibration: f64,
}

/// What came of a training.
#[derive(Clone, Debug, PartialEq)]
pub struct Learned {
    /// The head.
    pub head: Head,
    /// Questions learned from.
    pub learned: usize,
    /// Questions that set its weight.
    pub tuned: usize,
    /// Measured on those held back: with what is in force.
    pub before: Measured,
    /// And with this head.
    pub after: Measured,
}

impl Learned {
    /// Is it better than what is in force, on enough questions that neither learned from?
    #[must_use]
    pub fn is_better(&self) -> bool {
        let sum = |m: &Measured| m.items.iter().sum::<f64>();
        self.after.questions >= LEAST_HELD
            && self.after.items[0] >= self.before.items[0]
            && sum(&self.after) > sum(&self.before) + 1e-9
    }
}

/// Why nothing was learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LearnError {
    /// Too few questions.
    #[error("{found} questions validées portent un item, il en faut au moins {LEAST_QUESTIONS} pour apprendre")]
    TooFew {
        /// How many there are.
        found: usize,
    },
    /// All of one item.
    #[error("toutes les questions validées portent le même item : il n’y a rien à distinguer")]
    OneItem,
    /// Asked to stop.
    #[error("apprentissage arrêté")]
    Stopped,
}

/// How good answers are on some questions.
fn measure(tagger: &Tagger, held: &[&Example], head: Option<&Head>) -> Measured {
    let mut tally = Tally::default();
    for example in held {
        if let Ok(answer) = tagger.tag_with(&example.asked, Method::Lexical, None, 10, head) {
            tally.add(&answer, &example.gold);
        }
    }
    tally.figures(0.5).map_or_else(Measured::default, |f| Measured {
        questions: f.questions,
        items: f.item_recall,
        objectives: f.objective_recall,
        calibration: f.calibration_error,
    })
}

/// Learns from validated questions and measures what it is worth, beside what is in force. `stop` is asked now and then.
///
/// # Errors
/// Too few questions, all of one item, or asked to stop.
pub fn learn(
    tagger: &Tagger,
    examples: &[Example],
    in_force: Option<&Head>,
    seed: u64,
    stop: &dyn Fn() -> bool,
) -> Result<Learned, LearnError> {
    let usable: Vec<&Example> = examples.iter().filter(|e| !e.gold.items.is_empty()).collect();
    if usable.len() < LEAST_QUESTIONS {
        return Err(LearnError::TooFew { found: usable.len() });
    }
    let part = |wanted| usable.iter().copied().filter(|e| Part::of(&e.asked.stem) == wanted).collect::<Vec<_>>();
    let (taught, tuned, held) = (part(Part::Learn), part(Part::Tune), part(Part::Held));
    let mut head = train(tagger, &taught, seed, stop)?;
    tune(tagger, &tuned, &mut head).map_err(|_| LearnError::Stopped)?;
    Ok(Learned {
        before: measure(tagger, &held, in_force),
        after: measure(tagger, &held, Some(&head)),
        learned: taught.len(),
        tuned: tuned.len(),
        head,
    })
}

/// A head from all the questions given, without measure: weights by default.
///
/// # Errors
/// As [`learn`].
pub fn train(tagger: &Tagger, taught: &[&Example], seed: u64, stop: &dyn Fn() -> bool) -> Result<Head, LearnError> {
    let questions: Vec<Terms> = taught.iter().map(|e| tagger.whole_question(&e.asked)).collect();
    let vocabulary = vocabulary(&questions);
    let items: Vec<u16> = {
        let mut all: Vec<u16> = taught.iter().flat_map(|e| e.gold.items.iter().map(|i| i.get())).collect();
        all.sort_unstable();
        all.dedup();
        all
    };
    if items.len() < 2 {
        return Err(LearnError::OneItem);
    }
    let mut head = Head {
        format: FORMAT,
        seed,
        vocabulary,
        classes: Vec::new(),
        counts: 0.5,
        calibrations: *super::tagger::lexical_calibrations(),
    };
    let features: Vec<Vec<(u32, f32)>> = questions.iter().map(|q| head.features(q)).collect();
    let targets: Vec<Vec<usize>> = taught
        .iter()
        .map(|e| e.gold.items.iter().filter_map(|i| items.binary_search(&i.get()).ok()).collect())
        .collect();
    head.classes = descend(&features, &targets, &items, head.vocabulary.len(), seed, stop)?;
    Ok(head)
}

fn vocabulary(questions: &[Terms]) -> BTreeMap<String, (u32, f32)> {
    let mut having: BTreeMap<&str, usize> = BTreeMap::new();
    for question in questions {
        for term in question.keys() {
            *having.entry(term).or_default() += 1;
        }
    }
    // A word of one question is learned by heart and met no more.
    let mut words: Vec<(&str, usize)> = having.into_iter().filter(|(_, n)| *n >= 2).collect();
    words.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    words.truncate(VOCABULARY);
    let all = questions.len() as f32;
    let named = words.into_iter().zip(0u32..);
    named.map(|((word, n), place)| (word.to_owned(), (place, (1.0 + all / n as f32).ln()))).collect()
}

/// A generator that is the same everywhere (xorshift64*).
struct Draw(u64);

impl Draw {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let drawn = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d);
        usize::try_from(drawn % n.max(1) as u64).unwrap_or(0)
    }
}

fn descend(
    features: &[Vec<(u32, f32)>],
    targets: &[Vec<usize>],
    items: &[u16],
    words: usize,
    seed: u64,
    stop: &dyn Fn() -> bool,
) -> Result<Vec<Class>, LearnError> {
    let n = items.len();
    // Weights by word then item: a question touches few words and every item. The last row is of biases.
    let (mut weights, mut squares) = (vec![0f32; (words + 1) * n], vec![1e-6f32; (words + 1) * n]);
    let mut order: Vec<usize> = (0..features.len()).collect();
    let mut draw = Draw(seed | 1);
    let mut chances = vec![0f32; n];
    for _ in 0..ROUNDS {
        for at in (1..order.len()).rev() {
            order.swap(at, draw.below(at + 1));
        }
        for (seen, at) in order.iter().enumerate() {
            if seen % 64 == 0 && stop() {
                return Err(LearnError::Stopped);
            }
            let (own, target) = (&features[*at], &targets[*at]);
            if target.is_empty() {
                continue;
            }
            let rows = || own.iter().map(|(p, v)| (*p as usize, *v)).chain([(words, 0.2)]);
            chances.fill(0.0);
            for (row, value) in rows() {
                for (sum, weight) in chances.iter_mut().zip(&weights[row * n..(row + 1) * n]) {
                    *sum += value * weight;
                }
            }
            softmax(&mut chances);
            let share = 1.0 / target.len() as f32;
            for class in target {
                chances[*class] -= share;
            }
            for (row, value) in rows() {
                let own = row * n..(row + 1) * n;
                let sums = weights[own.clone()].iter_mut().zip(&mut squares[own]);
                for ((weight, square), chance) in sums.zip(&chances) {
                    let slope = chance * value + DECAY * *weight;
                    *square += slope * slope;
                    *weight -= STEP * slope / square.sqrt();
                }
            }
        }
    }
    let class = |(class, item): (usize, &u16)| {
        let mut own: Vec<(u32, f32)> = (0..words)
            .zip(0u32..)
            .map(|(row, place)| (place, weights[row * n + class]))
            .filter(|(_, w)| *w != 0.0)
            .collect();
        own.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(&b.0)));
        own.truncate(WEIGHTS_KEPT);
        own.sort_unstable_by_key(|(place, _)| *place);
        Class { item: *item, bias: 0.2 * weights[words * n + class], weights: own }
    };
    Ok(items.iter().enumerate().map(|(i, item)| class((i, item))).collect())
}

fn softmax(logits: &mut [f32]) {
    let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for logit in logits.iter_mut() {
        *logit = (*logit - most).exp();
        sum += *logit;
    }
    logits.iter_mut().for_each(|l| *l /= sum);
}

/// How much the head counts, and how sure its answers are.
fn tune(tagger: &Tagger, tuned: &[&Example], head: &mut Head) -> Result<(), TagError> {
    let mut best: Option<(f64, f32)> = None;
    for counts in COUNTS {
        head.counts = counts;
        let m = measure(tagger, tuned, Some(head));
        let worth = m.items[0] + 0.5 * m.items[1] + 0.25 * m.items[2];
        // Of two as good, the one that trusts it less.
        if best.is_none_or(|(known, _)| worth > known + 1e-9) {
            best = Some((worth, counts));
        }
    }
    if let Some((_, counts)) = best {
        head.counts = counts;
    }
    let mut items: Vec<(Stand, bool)> = Vec::new();
    let mut objectives: Vec<(Stand, bool)> = Vec::new();
    for example in tuned {
        let answer: Answer = tagger.tag_with(&example.asked, Method::Lexical, None, 1, Some(head))?;
        if let (Some(stand), Some(first)) = (answer.item_stand, answer.items.first()) {
            items.push((stand, example.gold.items.contains(&first.code)));
        }
        if let (Some(stand), Some(first), false) =
            (answer.objective_stand, answer.objectives.first(), example.gold.objectives.is_empty())
        {
            objectives.push((stand, example.gold.objectives.contains(&first.code)));
        }
    }
    for (calibration, sample) in head.calibrations.iter_mut().zip([items, objectives]) {
        if sample.len() >= LEAST_HELD
            && let Some(fit) = Calibration::fit(&sample)
        {
            *calibration = fit;
        }
    }
    Ok(())
}
