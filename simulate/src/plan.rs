//! What is to happen.

use crate::{Outcome, SimulationError};
use serde::Serialize;
use std::time::Duration;

/// A simulation: one rung for each number of candidates.
#[derive(Clone, Debug, Serialize)]
pub struct Plan {
    /// Where the server is, without a final slash.
    pub address: String,
    /// Rungs of the ladder.
    pub candidates: Vec<usize>,
    /// Sites; each speaks from an address of its own where the server is on this machine, as behind its router.
    pub sites: usize,
    /// Isolated questions in the paper; a progressive case of three parts is added.
    pub questions: usize,
    /// Time over which candidates sign in and enter.
    pub entering: Duration,
    /// Time between the last entry and the hour.
    pub waiting: Duration,
    /// Time over which candidates open the paper they can read: each does it at once, on a machine of their own; here
    /// all of them share this one.
    pub opening: Duration,
    /// Time during which they compose, after the hour.
    pub composing: Duration,
    /// Mean time between two answers of a candidate, drawn from an exponential law.
    pub think: Duration,
    /// Share of candidates who listen to what the server pushes; the others poll.
    pub push: f64,
    /// Share of candidates whose network is cut once.
    pub cut: f64,
    /// Mean length of a cut.
    pub cut_length: Duration,
    /// Share of sites whose network is cut once, for everyone at the same time.
    pub site_cut: f64,
    /// Share of candidates who load the page again once.
    pub reload: f64,
    /// Share of saves sent twice.
    pub doubled: f64,
    /// Seed of every draw.
    pub seed: u64,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            address: "http://127.0.0.1:8080".into(),
            candidates: vec![500],
            sites: 10,
            questions: 40,
            entering: Duration::from_secs(30),
            waiting: Duration::from_secs(5),
            opening: Duration::from_secs(10),
            composing: Duration::from_secs(60),
            think: Duration::from_secs(60),
            push: 1.0,
            cut: 0.05,
            cut_length: Duration::from_secs(20),
            site_cut: 0.1,
            reload: 0.02,
            doubled: 0.02,
            seed: 1,
        }
    }
}

impl Plan {
    /// Can it be followed?
    pub fn check(&self) -> Outcome<()> {
        let wrong = |text: &str| Err(SimulationError::Plan(text.into()));
        if self.candidates.is_empty() || self.candidates.contains(&0) {
            return wrong("il faut au moins un candidat à chaque palier");
        }
        if self.sites == 0 || self.sites > 200 {
            return wrong("de 1 à 200 centres");
        }
        if self.questions == 0 || self.questions > 500 {
            return wrong("de 1 à 500 questions isolées");
        }
        if self.think.is_zero() || self.composing.is_zero() {
            return wrong("le temps de réflexion et la durée de l’épreuve sont plus longs que zéro");
        }
        let shares = [self.push, self.cut, self.site_cut, self.reload, self.doubled];
        if shares.iter().any(|s| !(0.0..=1.0).contains(s)) {
            return wrong("les parts vont de 0 à 100 %");
        }
        Ok(())
    }
}

/// A time drawn from an exponential law of that mean, ten means at most.
pub fn exponential(rng: &mut fastrand::Rng, mean: Duration) -> Duration {
    let drawn = -(1.0 - rng.f64()).ln();
    mean.mul_f64(drawn.min(10.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn think_times_have_their_mean() {
        let mut rng = fastrand::Rng::with_seed(7);
        let mean = Duration::from_secs(60);
        let total: f64 = (0..20_000).map(|_| exponential(&mut rng, mean).as_secs_f64()).sum();
        assert!((total / 20_000.0 - 60.0).abs() < 1.5, "{}", total / 20_000.0);
    }

    #[test]
    fn a_plan_that_cannot_be_followed_is_refused() {
        Plan::default().check().unwrap_or_else(|e| panic!("{e}"));
        for wrong in [
            Plan { candidates: vec![], ..Plan::default() },
            Plan { sites: 0, ..Plan::default() },
            Plan { questions: 0, ..Plan::default() },
            Plan { cut: 1.5, ..Plan::default() },
            Plan { think: Duration::ZERO, ..Plan::default() },
        ] {
            assert!(wrong.check().is_err());
        }
    }
}
