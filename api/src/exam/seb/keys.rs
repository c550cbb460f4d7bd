//! Is a browser the one that an exam asks for? By what it puts in the headers of a request, or what its page reads.

use crate::ambient::hex;
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

/// Header of the hash of the Config Key.
pub const CONFIG_KEY_HEADER: &str = "x-safeexambrowser-configkeyhash";
/// Header of the hash of the Browser Exam Key.
pub const EXAM_KEY_HEADER: &str = "x-safeexambrowser-requesthash";

/// What an exam asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The Config Key; none where any configuration will do.
    pub config_key: Option<String>,
    /// Browser Exam Keys, one of which is asked for; none where any will do.
    pub exam_keys: Vec<String>,
}

/// What a browser presents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Presented {
    /// The whole address that was hashed.
    pub url: String,
    /// Hash of the Config Key.
    pub config_key: Option<String>,
    /// Hash of the Browser Exam Key.
    pub exam_key: Option<String>,
}

/// What it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The one asked for.
    Right,
    /// Not Safe Exam Browser, or it does not say so.
    Absent,
    /// Safe Exam Browser with another configuration.
    OtherConfiguration,
    /// Safe Exam Browser of a version that is not on the list.
    OtherBrowser,
}

impl Verdict {
    /// What to tell whoever supervises.
    pub fn french(self) -> &'static str {
        match self {
            Self::Right => "le navigateur demandé",
            Self::Absent => "pas de Safe Exam Browser",
            Self::OtherConfiguration => "Safe Exam Browser, avec une autre configuration",
            Self::OtherBrowser => "Safe Exam Browser, d’une version qui n’est pas sur la liste",
        }
    }
}

/// What is sent of a key: the hash of the address, without what follows `#`, and of the key.
pub fn sent(url: &str, key: &str) -> String {
    let url = url.split('#').next().unwrap_or_default();
    hex(&Sha256::new().chain_update(url).chain_update(key).finalize())
}

/// A key as it is pasted, in lower case; `None` if it is none.
pub fn key(text: &str) -> Option<String> {
    let text = text.trim();
    (text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit())).then(|| text.to_ascii_lowercase())
}

/// Compares both.
pub fn judge(wanted: &Wanted, presented: &Presented) -> Verdict {
    // Before it is ready, the browser says ":".
    let said = |hash: &Option<String>| hash.clone().filter(|h| !matches!(h.trim(), "" | ":"));
    let (config, exam) = (said(&presented.config_key), said(&presented.exam_key));
    if config.is_none() && exam.is_none() {
        return Verdict::Absent;
    }
    let is = |hash: &Option<String>, key: &str| {
        hash.as_ref().is_some_and(|hash| hash.trim().eq_ignore_ascii_case(&sent(&presented.url, key)))
    };
    if wanted.config_key.as_ref().is_some_and(|key| !is(&config, key)) {
        return Verdict::OtherConfiguration;
    }
    if !wanted.exam_keys.is_empty() && !wanted.exam_keys.iter().any(|key| is(&exam, key)) {
        return Verdict::OtherBrowser;
    }
    Verdict::Right
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "4fa9af8ec8759eb7c680752ef4ee5eaf1a860628608fccae2715d519849f9292";
    const URL: &str = "https://exam.example.fr/attempt/42?page=3";
    const SENT: &str = "367a11613af8ec9f718d2902f78ccde2822b2ff7a363938bf166a7fdc5fe0bff";

    #[test]
    fn the_published_vector_of_the_header() {
        assert_eq!(sent(URL, KEY), SENT);
        assert_eq!(sent(&format!("{URL}#question-7"), KEY), SENT, "what follows # is not hashed");
        assert_ne!(sent("https://exam.example.fr/attempt/42?page=4", KEY), SENT);
    }

    #[test]
    fn each_key_that_is_asked_for_must_be_there() {
        let by = |config: Option<&str>, exam: Option<&str>| Presented {
            url: URL.into(),
            config_key: config.map(str::to_owned),
            exam_key: exam.map(str::to_owned),
        };
        let config = Wanted { config_key: Some(KEY.into()), exam_keys: vec![] };
        assert_eq!(judge(&config, &by(Some(SENT), None)), Verdict::Right);
        assert_eq!(judge(&config, &by(Some(&SENT.to_uppercase()), None)), Verdict::Right);
        assert_eq!(judge(&config, &by(None, Some(SENT))), Verdict::OtherConfiguration);
        for nothing in [by(None, None), by(Some(":"), Some(":")), by(Some(""), None)] {
            assert_eq!(judge(&config, &nothing), Verdict::Absent);
        }
        let listed = Wanted { config_key: None, exam_keys: vec!["0".repeat(64), KEY.into()] };
        assert_eq!(judge(&listed, &by(Some("x"), Some(SENT))), Verdict::Right);
        assert_eq!(judge(&listed, &by(Some(SENT), None)), Verdict::OtherBrowser);
        assert_eq!(judge(&Wanted::default(), &by(Some("x"), None)), Verdict::Right, "any configuration");
    }

    #[test]
    fn a_key_is_sixty_four_digits() {
        assert_eq!(key(&format!(" {} ", KEY.to_uppercase())).as_deref(), Some(KEY));
        assert!(key("abc").is_none() && key(&"g".repeat(64)).is_none());
    }
}
