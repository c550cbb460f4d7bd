//! How long a candidate has. Four separate recorded things make a deadline: the paper's duration, the
//! accommodation (*tiers-temps*, code de l'éducation D. 613-26), time granted (*extension*) and
//! incident compensation. They are never merged. While the clock is stopped ([`stops`]) none of it runs.

pub mod stops;

use crate::Exact;
use serde::{Deserialize, Serialize};

/// Extra time by right, with the reference of the decision that grants it; never a medical reason.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Accommodation {
    /// Multiplies the duration: 4/3 for a third more. At least 1.
    #[serde(default = "one")]
    pub factor: Exact,
    /// Added minutes.
    #[serde(default)]
    pub extra_minutes: u32,
    /// Reference of the establishment's decision.
    #[serde(default)]
    pub reference: String,
}

fn one() -> Exact {
    Exact::ONE
}

impl Default for Accommodation {
    fn default() -> Self {
        Self { factor: Exact::ONE, extra_minutes: 0, reference: String::new() }
    }
}

/// The four parts of a candidate's time, in milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct TimeAllowance {
    /// The section's duration.
    pub duration_ms: i64,
    /// Extra time by right.
    pub accommodation_ms: i64,
    /// Extra time granted to this candidate.
    pub extension_ms: i64,
    /// Extra time for an incident, of the person or of the site.
    pub compensation_ms: i64,
}

const MINUTE_MS: i64 = 60_000;

impl TimeAllowance {
    /// Time for a section of `duration_minutes`. The accommodated duration is rounded up to a whole
    /// second, in the candidate's favour.
    pub fn new(duration_minutes: u32, accommodation: &Accommodation, extension_ms: i64, compensation_ms: i64) -> Self {
        let duration_ms = i64::from(duration_minutes) * MINUTE_MS;
        let added = Exact::int(duration_ms.into()) * (accommodation.factor.max(Exact::ONE) - Exact::ONE);
        let added_ms = (added.numerator() + added.denominator() - 1) / added.denominator();
        let rounded_ms = (added_ms as i64 + 999) / 1000 * 1000;
        let accommodation_ms = rounded_ms + i64::from(accommodation.extra_minutes) * MINUTE_MS;
        Self { duration_ms, accommodation_ms, extension_ms, compensation_ms }
    }

    /// All the time there is.
    pub fn total_ms(&self) -> i64 {
        self.duration_ms + self.accommodation_ms + self.extension_ms + self.compensation_ms
    }

    /// The instant, in ms since 1970 UTC, after which an answer is late.
    pub fn deadline_ms(&self, started_ms: i64) -> i64 {
        started_ms + self.total_ms()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_third_more_of_three_hours_is_one_hour() {
        let third = Accommodation { factor: Exact::new(4, 3), ..Default::default() };
        let time = TimeAllowance::new(180, &third, 0, 0);
        assert_eq!(time.total_ms(), 240 * MINUTE_MS);
        assert_eq!(TimeAllowance::new(90, &third, 5 * MINUTE_MS, 7 * MINUTE_MS).total_ms(), (120 + 12) * MINUTE_MS);
        let both = Accommodation { extra_minutes: 10, ..third };
        assert_eq!(TimeAllowance::new(90, &both, 0, 0).accommodation_ms, 40 * MINUTE_MS);
    }

    #[test]
    fn rounding_is_in_the_candidates_favour() {
        let odd = Accommodation { factor: Exact::new(100_001, 100_000), ..Default::default() };
        assert_eq!(TimeAllowance::new(1, &odd, 0, 0).accommodation_ms, 1000);
        let less = Accommodation { factor: Exact::new(1, 2), ..Default::default() };
        assert_eq!(TimeAllowance::new(60, &less, 0, 0).total_ms(), 60 * MINUTE_MS);
    }
}
