//! Passwords (argon2id) and access codes.
//!
//! A password is chosen by a person and hashed slowly. An access code is 60 bits of chance printed on a
//! convocation: it is kept as its SHA-256, so that importing 10,000 candidates takes seconds, and
//! guessing one through the throttled sign-in would take longer than the exam by far.

use crate::ambient;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};

/// Shortest password accepted, in characters.
pub const MIN_PASSWORD_CHARS: usize = 12;

const CODE_PREFIX: &str = "$code$";

fn hasher() -> Argon2<'static> {
    // OWASP Password Storage Cheat Sheet: 19 MiB, 2 passes, 1 lane.
    let params = Params::new(19 * 1024, 2, 1, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// Hashes a password: slow on purpose, call it off the web threads.
pub fn hash(password: &str) -> anyhow::Result<String> {
    let salt = ambient::random::<16>();
    let hash: PasswordHash =
        hasher().hash_password_with_salt(password.as_bytes(), &salt).map_err(|e| anyhow::anyhow!("argon2: {e}"))?;
    Ok(hash.to_string())
}

/// What is kept of an access code.
pub fn hash_code(code: &str) -> String {
    format!("{CODE_PREFIX}{}", ambient::token_hash(&normalise_code(code)))
}

fn normalise_code(code: &str) -> String {
    code.chars().filter(|c| c.is_ascii_alphanumeric()).map(|c| c.to_ascii_uppercase()).collect()
}

/// Does `given` open an account whose kept secret is `kept`? With no account the same work is done, so
/// that the time taken says nothing.
pub fn verify(given: &str, kept: Option<&str>) -> bool {
    if let Some(kept) = kept
        && kept.starts_with(CODE_PREFIX)
    {
        // Both are SHA-256 in hexadecimal: where they differ says nothing of the code.
        return hash_code(given) == kept;
    }
    const NOBODY: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let Ok(parsed) = PasswordHash::new(kept.unwrap_or(NOBODY)) else { return false };
    let matches = hasher().verify_password(given.as_bytes(), &parsed).is_ok();
    matches && kept.is_some()
}

/// Is this password acceptable? Length only, as ANSSI and NIST recommend against composition rules.
pub fn acceptable(password: &str) -> Result<(), String> {
    let length = password.chars().count();
    if length < MIN_PASSWORD_CHARS {
        Err(format!("Le mot de passe doit avoir au moins {MIN_PASSWORD_CHARS} caractères."))
    } else if length > 200 {
        Err("Le mot de passe ne peut dépasser 200 caractères.".into())
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_and_codes_open_their_own_account_only() {
        let kept = hash("un mot de passe long").unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(verify("un mot de passe long", Some(&kept)));
        assert!(!verify("un autre mot de passe", Some(&kept)));
        assert!(!verify("un mot de passe long", None));
        let code = ambient::access_code();
        let kept = hash_code(&code);
        assert!(verify(&code.to_lowercase().replace('-', " "), Some(&kept)));
        assert!(!verify("AAAA-AAAA-AAAA", Some(&kept)));
        assert!(!kept.contains(&code));
    }
}
