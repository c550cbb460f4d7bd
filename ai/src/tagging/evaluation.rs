//! How good tagging is, on questions whose tags are known.

use super::tagger::Answer;
use r2c_referential::{ItemNumber, ObjectiveCode};
use sha2::{Digest, Sha256};

/// How many of the first answers are looked into.
pub const DEPTHS: [usize; 3] = [1, 5, 10];

/// What is right; finding any of them is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gold {
    /// Items, at least one.
    pub items: Vec<ItemNumber>,
    /// Objectives; none where they are unknown.
    pub objectives: Vec<ObjectiveCode>,
}

/// One of two parts of a set of questions: what is tuned on one is reported on the other. The part a question is in
/// depends on its stem alone, so that adding questions moves none, and doubles are never on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    /// Weights, thresholds and calibrations may look at it.
    Tuning,
    /// Figures are told of it.
    Report,
}

impl Half {
    /// The part of a question.
    #[must_use]
    pub fn of(stem: &str) -> Self {
        let words = stem.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        if Sha256::digest(words.as_bytes())[0] & 1 == 0 { Self::Tuning } else { Self::Report }
    }
}

/// What was found of one question.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Seen {
    /// Place of the right item among the answers, from 0.
    item: Option<usize>,
    /// Place of the right objective; none where it is unknown.
    objective: Option<Option<usize>>,
    item_confidence: f64,
    objective_confidence: f64,
}

/// Answers beside what is right, counted.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    seen: Vec<Seen>,
}

/// Recall at each of [`DEPTHS`], in `0..=1`.
pub type Recall = [f64; 3];

/// What is said of a method.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figures {
    /// Questions answered.
    pub questions: usize,
    /// Those whose objective is known.
    pub with_objective: usize,
    /// How often the right item is among the first.
    pub item_recall: Recall,
    /// How often the right objective is; `None` where no question says which is right.
    pub objective_recall: Option<Recall>,
    /// By how much the confidence in the first item is off, on average over its range, in `0..=1`.
    pub calibration_error: f64,
    /// The same of objectives.
    pub objective_calibration_error: Option<f64>,
    /// Part of the questions for which an item is proposed rather than nothing.
    pub answered: f64,
    /// How often that item is right; `None` where none is proposed.
    pub right_when_answered: Option<f64>,
}

impl Tally {
    /// Counts an answer.
    pub fn add(&mut self, answer: &Answer, gold: &Gold) {
        let objective = || answer.objectives.iter().position(|o| gold.objectives.contains(&o.code));
        self.seen.push(Seen {
            item: answer.items.iter().position(|i| gold.items.contains(&i.code)),
            objective: (!gold.objectives.is_empty()).then(objective),
            item_confidence: answer.item_confidence,
            objective_confidence: answer.objective_confidence,
        });
    }

    /// The figures; `None` where nothing was counted. An item is proposed from `threshold` of confidence on.
    #[must_use]
    pub fn figures(&self, threshold: f64) -> Option<Figures> {
        if self.seen.is_empty() {
            return None;
        }
        let items: Vec<Option<usize>> = self.seen.iter().map(|s| s.item).collect();
        let known: Vec<(Option<usize>, f64)> =
            self.seen.iter().filter_map(|s| s.objective.map(|place| (place, s.objective_confidence))).collect();
        let objectives: Vec<Option<usize>> = known.iter().map(|(place, _)| *place).collect();
        let first = |place: Option<usize>| place == Some(0);
        let item_sample: Vec<(f64, bool)> = self.seen.iter().map(|s| (s.item_confidence, first(s.item))).collect();
        let objective_sample: Vec<(f64, bool)> = known.iter().map(|(place, c)| (*c, first(*place))).collect();
        let answered: Vec<bool> =
            item_sample.iter().filter(|(c, _)| *c >= threshold).map(|(_, right)| *right).collect();
        Some(Figures {
            questions: self.seen.len(),
            with_objective: known.len(),
            item_recall: recall(&items),
            objective_recall: (!known.is_empty()).then(|| recall(&objectives)),
            calibration_error: calibration_error(&item_sample),
            objective_calibration_error: (!known.is_empty()).then(|| calibration_error(&objective_sample)),
            answered: answered.len() as f64 / self.seen.len() as f64,
            right_when_answered: (!answered.is_empty())
                .then(|| answered.iter().filter(|right| **right).count() as f64 / answered.len() as f64),
        })
    }
}

/// A bin of a reliability curve: what was said, and what came of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bin {
    /// From this confidence on.
    pub from: f64,
    /// To that one.
    pub to: f64,
    /// Answers whose confidence is there.
    pub count: usize,
    /// Their mean confidence.
    pub said: f64,
    /// The part that was right.
    pub right: f64,
}

/// A reliability curve: confidence in `bins` equal intervals, those that hold nothing left out. A confidence that keeps
/// its word is right as often as it says.
#[must_use]
pub fn reliability(sample: &[(f64, bool)], bins: usize) -> Vec<Bin> {
    let bins = bins.max(1);
    let mut sums = vec![(0usize, 0.0f64, 0usize); bins];
    for (confidence, right) in sample.iter().filter(|(c, _)| c.is_finite()) {
        let confidence = confidence.clamp(0.0, 1.0);
        let place = ((confidence * bins as f64) as usize).min(bins - 1);
        sums[place].0 += 1;
        sums[place].1 += confidence;
        sums[place].2 += usize::from(*right);
    }
    (sums.into_iter().enumerate())
        .filter(|(_, (count, _, _))| *count > 0)
        .map(|(place, (count, said, right))| Bin {
            from: place as f64 / bins as f64,
            to: (place + 1) as f64 / bins as f64,
            count,
            said: said / count as f64,
            right: right as f64 / count as f64,
        })
        .collect()
}

fn recall(places: &[Option<usize>]) -> Recall {
    DEPTHS.map(|depth| {
        let found = places.iter().filter(|place| place.is_some_and(|p| p < depth)).count();
        found as f64 / places.len() as f64
    })
}

/// Expected calibration error: answers by rising confidence in up to ten groups of as many, at least ten in each where
/// there are; the distance between mean confidence and part of right answers, weighted by size.
#[must_use]
pub fn calibration_error(sample: &[(f64, bool)]) -> f64 {
    let mut sample = sample.to_vec();
    sample.sort_by(|a, b| a.0.total_cmp(&b.0));
    let n = sample.len();
    let groups = (n / 10).clamp(1, 10);
    let mut error = 0.0;
    for group in 0..groups {
        let own = &sample[group * n / groups..(group + 1) * n / groups];
        let said: f64 = own.iter().map(|(confidence, _)| confidence).sum();
        let right = own.iter().filter(|(_, right)| *right).count() as f64;
        error += (said - right).abs();
    }
    if n == 0 { 0.0 } else { error / n as f64 }
}

#[cfg(test)]
mod tests {
    use super::super::tagger::Ranked;
    use super::*;

    fn number(n: u16) -> ItemNumber {
        ItemNumber::new(n).expect("in the list")
    }

    fn answer(items: &[u16], confidence: f64) -> Answer {
        Answer {
            items: items.iter().map(|n| Ranked { code: number(*n), score: 0.0, words: vec![] }).collect(),
            objectives: vec![],
            item_confidence: confidence,
            objective_confidence: 0.0,
            item_stand: None,
            objective_stand: None,
        }
    }

    #[test]
    fn recall_counts_the_right_one_among_the_first() {
        let mut tally = Tally::default();
        assert_eq!(tally.figures(0.5), None);
        let gold = &Gold { items: vec![number(7), number(9)], objectives: vec![] };
        tally.add(&answer(&[7, 1, 2], 0.9), gold);
        tally.add(&answer(&[1, 2, 7], 0.6), gold);
        tally.add(&answer(&[1, 2, 3, 4, 5, 7], 0.2), gold);
        tally.add(&answer(&[1], 0.1), gold);
        let figures = tally.figures(0.5).expect("four were counted");
        assert_eq!(figures.item_recall, [0.25, 0.5, 0.75]);
        assert_eq!(figures.objective_recall, None);
        assert_eq!(figures.answered, 0.5);
        assert_eq!(figures.right_when_answered, Some(0.5));
        assert_eq!(tally.figures(0.95).and_then(|f| f.right_when_answered), None);
    }

    #[test]
    fn confidence_that_keeps_its_word_has_no_error() {
        let at = |confidence, right: usize| (0..100).map(move |i| (confidence, i < right));
        let honest: Vec<(f64, bool)> = at(0.2, 20).chain(at(0.9, 90)).collect();
        // Within a group all have one confidence, but groups cut the right ones from the wrong ones: two groups.
        let two: f64 = calibration_error(&honest[..100]) + calibration_error(&honest[100..]);
        assert!(two < 1.0);
        let boastful: Vec<(f64, bool)> = (0..20).map(|i| (1.0, i % 2 == 0)).collect();
        assert!((calibration_error(&boastful) - 0.5).abs() < 1e-12);
        assert_eq!(calibration_error(&[]), 0.0);
        assert!(calibration_error(&[(0.0, false); 30]).abs() < 1e-12);
    }

    #[test]
    fn a_curve_says_how_often_each_confidence_is_right() {
        let sample = [(0.05, false), (0.15, true), (0.55, true), (0.58, false), (1.0, true), (f64::NAN, true)];
        let curve = reliability(&sample, 10);
        let told: Vec<(f64, usize, f64)> = curve.iter().map(|b| (b.from, b.count, b.right)).collect();
        assert_eq!(told, [(0.0, 1, 0.0), (0.1, 1, 1.0), (0.5, 2, 0.5), (0.9, 1, 1.0)]);
        assert!((curve[2].said - 0.565).abs() < 1e-12);
        assert_eq!(reliability(&[], 10), []);
    }

    #[test]
    fn a_question_is_in_one_half_however_it_is_spaced() {
        assert_eq!(Half::of("Quel  signe ?\n"), Half::of("quel signe ?"));
        let halves: Vec<Half> = (0..200).map(|i| Half::of(&format!("question {i}"))).collect();
        let report = halves.iter().filter(|h| **h == Half::Report).count();
        assert!((70..130).contains(&report), "{report}");
    }
}
