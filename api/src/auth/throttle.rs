//! Slows down guessing: after a few failures on a login, it waits.
//!
//! By login, not by address: a whole university sits behind one address on an exam day.

use std::collections::HashMap;
use std::sync::Mutex;

const FREE_TRIES: u32 = 8;
const WINDOW_MS: i64 = 10 * 60_000;

/// Failures by login, in memory.
#[derive(Debug, Default)]
pub struct Throttle(Mutex<HashMap<String, (u32, i64)>>);

impl Throttle {
    /// Seconds to wait before this login may be tried, if any.
    pub fn wait_s(&self, login: &str, now_ms: i64) -> Option<u64> {
        let failures = self.lock();
        let (count, last_ms) = *failures.get(login)?;
        let over = count.checked_sub(FREE_TRIES)?;
        let pause_ms = 15_000_i64 << over.min(5);
        let left_ms = last_ms + pause_ms - now_ms;
        (left_ms > 0).then(|| (left_ms as u64).div_ceil(1000))
    }

    /// A failure.
    pub fn failed(&self, login: &str, now_ms: i64) {
        let mut failures = self.lock();
        if failures.len() > 50_000 {
            failures.retain(|_, (_, last_ms)| now_ms - *last_ms < WINDOW_MS);
        }
        let entry = failures.entry(login.to_owned()).or_insert((0, now_ms));
        if now_ms - entry.1 > WINDOW_MS {
            entry.0 = 0;
        }
        *entry = (entry.0 + 1, now_ms);
    }

    /// A success forgets the failures.
    pub fn succeeded(&self, login: &str) {
        self.lock().remove(login);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, (u32, i64)>> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guessing_waits_and_success_forgets() {
        let throttle = Throttle::default();
        for i in 0..8 {
            assert_eq!(throttle.wait_s("x", i), None);
            throttle.failed("x", i);
        }
        assert_eq!(throttle.wait_s("x", 8), Some(15));
        assert_eq!(throttle.wait_s("y", 8), None);
        assert_eq!(throttle.wait_s("x", 16_000), None);
        throttle.succeeded("x");
        throttle.failed("x", 9);
        assert_eq!(throttle.wait_s("x", 9), None);
    }
}
