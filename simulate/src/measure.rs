//! How long each action took, and what went wrong.

use hdrhistogram::Histogram;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What a candidate waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Page and form of sign-in.
    SignIn,
    /// List of exams, and entering.
    Enter,
    /// The page of the room, its data and the opening of a stream.
    Room,
    /// A piece of the sealed paper, or its manifest.
    Paper,
    /// From the opening by the committee until the paper is open on the candidate's screen.
    Hour,
    /// The request of keys alone.
    Key,
    /// A save, until it is acknowledged.
    Save,
    /// A reading of the clock.
    Clock,
    /// Handing in, until it is acknowledged.
    HandIn,
}

impl Action {
    /// Every action, in the order of an exam.
    pub const ALL: [Self; 9] = [
        Self::SignIn,
        Self::Enter,
        Self::Room,
        Self::Paper,
        Self::Hour,
        Self::Key,
        Self::Save,
        Self::Clock,
        Self::HandIn,
    ];

    /// In French.
    pub fn french(self) -> &'static str {
        match self {
            Self::SignIn => "Connexion",
            Self::Enter => "Entrée en salle d’attente",
            Self::Room => "Page de l’épreuve",
            Self::Paper => "Téléchargement du sujet scellé, par pièce",
            Self::Hour => "De l’ouverture au sujet lisible",
            Self::Key => "Clé du sujet",
            Self::Save => "Enregistrement durable",
            Self::Clock => "Lecture de l’heure",
            Self::HandIn => "Remise",
        }
    }
}

/// Longest time told apart.
const LONGEST_US: u64 = 600_000_000;

/// Everything measured in a rung, filled by all candidates.
#[derive(Default)]
pub struct Measures {
    times: Mutex<BTreeMap<Action, Histogram<u64>>>,
    errors: Mutex<BTreeMap<(Action, String), u64>>,
}

impl Measures {
    /// An action that went well.
    pub fn took(&self, action: Action, time: Duration) {
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = || Histogram::new_with_max(LONGEST_US, 3);
        let kept = match times.entry(action) {
            std::collections::btree_map::Entry::Occupied(kept) => kept.into_mut(),
            std::collections::btree_map::Entry::Vacant(place) => match fresh() {
                Ok(histogram) => place.insert(histogram),
                Err(_) => return,
            },
        };
        kept.saturating_record(u64::try_from(time.as_micros()).unwrap_or(LONGEST_US));
    }

    /// An action that did not.
    pub fn failed(&self, action: Action, why: &str) {
        let mut errors = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        *errors.entry((action, why.to_owned())).or_default() += 1;
    }

    /// What is told of them.
    pub fn summary(&self) -> Vec<ActionSummary> {
        let times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        let errors = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        let of = |action: Action| {
            let failures: BTreeMap<String, u64> =
                errors.iter().filter(|((a, _), _)| *a == action).map(|((_, why), n)| (why.clone(), *n)).collect();
            let time = times.get(&action);
            let at = |q: f64| time.map_or(f64::NAN, |h| h.value_at_quantile(q) as f64 / 1e3);
            (time.is_some() || !failures.is_empty()).then(|| ActionSummary {
                action,
                count: time.map_or(0, Histogram::len),
                p50_ms: at(0.5),
                p95_ms: at(0.95),
                p99_ms: at(0.99),
                max_ms: time.map_or(f64::NAN, |h| h.max() as f64 / 1e3),
                failures,
            })
        };
        Action::ALL.into_iter().filter_map(of).collect()
    }
}

/// Times and failures of an action.
#[derive(Clone, Debug, Serialize)]
pub struct ActionSummary {
    /// Which.
    pub action: Action,
    /// How many went well.
    pub count: u64,
    /// Median, ms.
    pub p50_ms: f64,
    /// 95th percentile, ms.
    pub p95_ms: f64,
    /// 99th percentile, ms.
    pub p99_ms: f64,
    /// Longest, ms.
    pub max_ms: f64,
    /// What went wrong, how many times. A cut of the network that the plan wanted is not among them.
    pub failures: BTreeMap<String, u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_what_was_recorded() {
        let measures = Measures::default();
        for ms in 1..=100 {
            measures.took(Action::Save, Duration::from_millis(ms));
        }
        measures.failed(Action::Save, "503");
        measures.failed(Action::Save, "503");
        let found = measures.summary();
        assert_eq!(found.len(), 1);
        let save = &found[0];
        assert_eq!((save.count, save.failures["503"]), (100, 2));
        assert!((save.p50_ms - 50.0).abs() < 0.1 && (save.p99_ms - 99.0).abs() < 0.1, "{save:?}");
        assert!((save.max_ms - 100.0).abs() < 0.1);
    }
}
