//! The outside world: the clock and chance. Everything else takes them as arguments.

use rand::TryRng;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

/// Now, in milliseconds since 1970 UTC. A step of the system's clock while we run moves nothing: time goes on from
/// when the process began, until [`follow_system_clock`] is called.
pub fn now_ms() -> i64 {
    STEADY.at(Instant::now())
}

/// How far the system's clock has been moved from ours, milliseconds; 0 within the precision of clocks.
pub fn clock_step_ms() -> i64 {
    system_ms() - now_ms()
}

/// Takes the system's time as it now is: for when nobody's time runs.
pub fn follow_system_clock() {
    STEADY.move_to(system_ms(), Instant::now());
}

#[expect(clippy::disallowed_methods, reason = "the one place where the clock is read")]
fn system_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

static STEADY: LazyLock<Steady> = LazyLock::new(|| Steady::new(system_ms(), Instant::now()));

/// A clock that only goes forward.
struct Steady {
    began_ms: i64,
    since: Instant,
    moved_ms: AtomicI64,
}

impl Steady {
    fn new(began_ms: i64, since: Instant) -> Self {
        Self { began_ms, since, moved_ms: AtomicI64::new(0) }
    }

    fn at(&self, now: Instant) -> i64 {
        let elapsed = i64::try_from(now.duration_since(self.since).as_millis()).unwrap_or(i64::MAX);
        self.began_ms.saturating_add(elapsed).saturating_add(self.moved_ms.load(Ordering::Relaxed))
    }

    fn move_to(&self, system_ms: i64, now: Instant) {
        self.moved_ms.fetch_add(system_ms - self.at(now), Ordering::Relaxed);
    }
}

/// Bytes from the operating system.
///
/// # Panics
/// If the system has no randomness to give; nothing secret could then be made.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    #[expect(clippy::expect_used, reason = "no secret can be made without it")]
    rand::rngs::SysRng.try_fill_bytes(&mut bytes).expect("the system gives randomness");
    bytes
}

/// A new identifier (UUIDv7) for something made at `now_ms`.
pub fn fresh_id(now_ms: i64) -> String {
    let ms = u64::try_from(now_ms).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(ms, &random::<10>()).into_uuid().to_string()
}

/// A secret token of 256 bits, hexadecimal.
pub fn token() -> String {
    hex(&random::<32>())
}

/// What is kept of a token: its SHA-256. A token has 256 bits of chance, so that no slow hash is needed.
pub fn token_hash(token: &str) -> String {
    hex(&Sha256::digest(token.as_bytes()))
}

/// A seed.
pub fn seed() -> i64 {
    i64::from_le_bytes(random())
}

/// An access code of 60 bits in three groups, `K7QF-2M9T-4RWX`, without look-alike letters.
pub fn access_code() -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let mut code = String::with_capacity(14);
    for (i, byte) in random::<12>().into_iter().enumerate() {
        if i > 0 && i % 4 == 0 {
            code.push('-');
        }
        code.push(char::from(LETTERS[usize::from(byte) % 32]));
    }
    code
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_step_of_the_systems_clock_moves_nothing_until_it_is_followed() {
        let began = Instant::now();
        let clock = Steady::new(1_000_000, began);
        let later = began + Duration::from_secs(60);
        assert_eq!(clock.at(later), 1_060_000, "whatever the system's clock says");
        clock.move_to(5_000_000, later);
        assert_eq!(clock.at(later), 5_000_000);
        assert_eq!(clock.at(later + Duration::from_millis(250)), 5_000_250);
        clock.move_to(4_000_000, later);
        assert_eq!(clock.at(later), 4_000_000);
    }
}
