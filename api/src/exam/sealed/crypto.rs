//! Sealing and opening: AES-256-GCM, with chance given by the caller.

use crate::ambient;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use flate2::Compression;
use flate2::write::GzEncoder;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use std::io::Write;

/// Bytes of a key.
pub const KEY: usize = 32;
/// Bytes of a nonce; it stands in front of what is encrypted.
pub const NONCE: usize = 12;
/// Bytes that the tag adds.
const TAG: usize = 16;

/// What cannot be sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("what is sealed does not open: another key, another place, or altered")]
pub struct Unsealable;

/// What a piece is bound to: it opens at its own place only. `piece` is its number in the manifest.
pub fn place_of_piece(exam: &str, section: &str, piece: usize) -> String {
    format!("docimo paper 1\n{exam}\n{section}\n{piece}")
}

/// What an exported queue is bound to.
pub fn place_of_queue(attempt: &str) -> String {
    format!("docimo queue 1\n{attempt}")
}

/// `nonce ‖ AES-256-GCM(plain)`, with the place as additional data.
pub fn seal(key: &[u8; KEY], nonce: &[u8; NONCE], place: &str, plain: &[u8]) -> Result<Vec<u8>, Unsealable> {
    let payload = Payload { msg: plain, aad: place.as_bytes() };
    let sealed = Aes256Gcm::new(&(*key).into()).encrypt(&Nonce::from(*nonce), payload).map_err(|_| Unsealable)?;
    let mut out = Vec::with_capacity(NONCE + sealed.len());
    out.extend_from_slice(nonce);
    out.extend_from_slice(&sealed);
    Ok(out)
}

/// Undoes [`seal`].
pub fn open(key: &[u8; KEY], place: &str, sealed: &[u8]) -> Result<Vec<u8>, Unsealable> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE>().ok_or(Unsealable)?;
    if sealed.len() < TAG {
        return Err(Unsealable);
    }
    let payload = Payload { msg: sealed, aad: place.as_bytes() };
    Aes256Gcm::new(&(*key).into()).decrypt(&Nonce::from(*nonce), payload).map_err(|_| Unsealable)
}

/// Compressed before it is encrypted: after, nothing compresses.
pub fn zip(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut out = GzEncoder::new(Vec::new(), Compression::best());
    out.write_all(plain)?;
    out.finish()
}

/// The key of the queue of one sheet.
pub fn queue_key(secret: &[u8; KEY], attempt: &str) -> Result<[u8; KEY], Unsealable> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).map_err(|_| Unsealable)?;
    mac.update(place_of_queue(attempt).as_bytes());
    Ok(mac.finalize().into_bytes().into())
}

/// SHA-256, hexadecimal.
pub fn hash(bytes: &[u8]) -> String {
    ambient::hex(&Sha256::digest(bytes))
}

/// Reads a key in hexadecimal.
pub fn key_from_hex(text: &str) -> Option<[u8; KEY]> {
    let mut key = [0; KEY];
    if text.len() != 2 * KEY || !text.is_ascii() {
        return None;
    }
    for (i, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * i..2 * i + 2)?, 16).ok()?;
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_opens_with_its_key_at_its_place_only() {
        let (key, nonce, place) = ([7; KEY], [9; NONCE], place_of_piece("e", "s", 3));
        let sealed = seal(&key, &nonce, &place, b"secret").unwrap();
        assert_eq!(open(&key, &place, &sealed).unwrap(), b"secret");
        assert_eq!(open(&[8; KEY], &place, &sealed), Err(Unsealable));
        assert_eq!(open(&key, &place_of_piece("e", "s", 4), &sealed), Err(Unsealable));
        assert_eq!(open(&key, &place_of_piece("f", "s", 3), &sealed), Err(Unsealable));
        for cut in [0, 5, NONCE, NONCE + 3, sealed.len() - 1] {
            assert_eq!(open(&key, &place, &sealed[..cut]), Err(Unsealable), "{cut}");
        }
        for i in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[i] ^= 1;
            assert_eq!(open(&key, &place, &altered), Err(Unsealable), "{i}");
        }
    }

    /// The GCM specification's test case 14 (McGrew and Viega 2005): 256-bit key of zeros, one block of zeros.
    #[test]
    fn it_is_the_standard_cipher() {
        let sealed = seal(&[0; KEY], &[0; NONCE], "", &[0; 16]).unwrap();
        assert_eq!(ambient::hex(&sealed[NONCE..]), "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");
    }

    #[test]
    fn each_sheet_has_its_own_queue_key() {
        let secret = [1; KEY];
        assert_ne!(queue_key(&secret, "a").unwrap(), queue_key(&secret, "b").unwrap());
        assert_eq!(queue_key(&secret, "a").unwrap(), queue_key(&secret, "a").unwrap());
    }

    #[test]
    fn keys_are_read_back() {
        let key = std::array::from_fn(|i| (i * 9) as u8);
        assert_eq!(key_from_hex(&ambient::hex(&key)), Some(key));
        assert_eq!(key_from_hex("zz"), None);
        assert_eq!(key_from_hex(&"é".repeat(32)), None);
    }
}
