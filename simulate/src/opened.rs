//! A sealed paper, opened as a page opens it.

use crate::{Outcome, SimulationError};
use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::io::Read;

fn wrong(why: &str) -> SimulationError {
    SimulationError::Server { doing: "ouverture du sujet".into(), why: why.into() }
}

/// Is this the content of that address?
pub fn is_whole(hash: &str, bytes: &[u8]) -> bool {
    let found: String = Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect();
    found == hash
}

/// Opens piece `number` of a manifest with its key.
pub fn open(manifest: &Value, number: usize, bytes: &[u8], key: &str) -> Outcome<Value> {
    let key = STANDARD.decode(key).map_err(|_| wrong("clé illisible"))?;
    let cipher = Aes256Gcm::new_from_slice(&key).map_err(|_| wrong("clé d’une autre longueur"))?;
    let text = |name: &str| manifest[name].as_str().unwrap_or_default();
    let place = format!("docimo paper 1\n{}\n{}\n{number}", text("exam"), text("section"));
    let (nonce, sealed) = bytes.split_at_checked(12).ok_or_else(|| wrong("pièce trop courte"))?;
    let nonce: [u8; 12] = nonce.try_into().map_err(|_| wrong("pièce trop courte"))?;
    let payload = Payload { msg: sealed, aad: place.as_bytes() };
    let plain = cipher.decrypt(&Nonce::from(nonce), payload).map_err(|_| wrong("la clé n’ouvre pas la pièce"))?;
    let plain = if manifest["pieces"][number]["gzip"] == Value::Bool(true) {
        let mut whole = Vec::new();
        flate2::read::GzDecoder::new(&plain[..]).read_to_end(&mut whole)?;
        whole
    } else {
        plain
    };
    serde_json::from_slice(&plain).map_err(|e| wrong(&format!("contenu illisible : {e}")))
}
