//! The outside world: the clock and chance. Everything else takes them as arguments.

use rand::TryRng;
use sha2::{Digest, Sha256};

/// Now, in milliseconds since 1970 UTC.
#[expect(clippy::disallowed_methods, reason = "the one place where the clock is read")]
pub fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
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
