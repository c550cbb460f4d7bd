//! Our exact JSON carried inside the files of others, so that a round trip loses nothing. It is believed
//! only where what can be seen beside it is still what was written: a question edited by another program
//! is read as that program shows it.

use crate::revision::hex_sha256;

/// The namespace of our elements and attributes.
pub(super) const NAMESPACE: &str = "urn:docimo:exchange:1";

/// Sixteen hexadecimal digits of the texts that can be seen; spaces do not count.
#[derive(Default)]
pub(super) struct Seen(String);

impl Seen {
    pub(super) fn add(&mut self, text: &str) {
        self.0.extend(text.chars().filter(|c| !c.is_whitespace()));
        self.0.push('\n');
    }

    pub(super) fn digest(self) -> String {
        hex_sha256(self.0.as_bytes())[..16].to_owned()
    }
}

/// Said of an entry whose JSON is no longer believed.
pub(super) const EDITED: &str =
    "modifiée hors de Docimo depuis son export : c’est ce que montre le fichier qui est repris";

/// JSON that XML can hold: the two characters that JSON leaves as they are and XML has no place for are
/// escaped.
pub(super) fn json(text: &str) -> String {
    text.replace('\u{fffe}', "\\ufffe").replace('\u{ffff}', "\\uffff")
}
