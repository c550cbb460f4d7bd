//! A few counters in the Prometheus text format. No label ever holds a person.

use std::fmt::Write;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// Counters since the process started.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Requests answered.
    pub requests: AtomicU64,
    /// Answers with a status of 500 or above.
    pub failures: AtomicU64,
    /// Steps acknowledged as durable.
    pub steps_acknowledged: AtomicU64,
    /// Saves refused for overload.
    pub saves_refused: AtomicU64,
    /// How far the system's clock has been moved from ours, ms.
    pub clock_step_ms: AtomicI64,
}

impl Metrics {
    /// Adds to a counter.
    pub fn add(counter: &AtomicU64, n: u64) {
        counter.fetch_add(n, Ordering::Relaxed);
    }

    /// The page that a collector reads.
    pub fn render(&self) -> String {
        let mut text = String::new();
        let rows = [
            ("docimo_requests_total", "Requests answered", &self.requests),
            ("docimo_failures_total", "Answers with status 500 or above", &self.failures),
            ("docimo_steps_acknowledged_total", "Answer steps acknowledged as durable", &self.steps_acknowledged),
            ("docimo_saves_refused_total", "Saves refused for overload", &self.saves_refused),
        ];
        for (name, help, value) in rows {
            let value = value.load(Ordering::Relaxed);
            let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} counter\n{name} {value}\n");
        }
        let (name, help) = ("docimo_clock_step_ms", "How far the system's clock has been moved from ours, ms");
        let value = self.clock_step_ms.load(Ordering::Relaxed);
        let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}\n");
        text
    }
}
