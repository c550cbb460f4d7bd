//! Who runs the model: any endpoint that speaks the chat completions of OpenAI (hosted, vLLM, llama.cpp, Ollama).
//!
//! `async-openai` writes requests and reads streams, as plain JSON: its typed answers refuse fields that compatible
//! servers leave out. What it sends goes through a service of ours (`wire`), since its own retries insist on refusals,
//! its reading has no bound and its default configuration takes a key from the environment. Only allowed hosts are spoken
//! to, no redirection is followed, the key is in no message, and every wait has an end.

mod client;
mod wire;

use crate::proposal::Tokens;
use std::fmt;
use std::time::Duration;
use url::Url;

pub use client::Client;

/// Largest answer of a server, in bytes.
const MAX_BYTES: usize = 4 * 1024 * 1024;
/// Longest wait that a server may ask for.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// A secret, shown to nobody.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(String);

impl Key {
    /// Keeps a key; `None` if there is nothing in it.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

/// Where a model is, and how it is asked.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Address up to `/v1`; `None` on this machine.
    pub base: Option<Url>,
    /// Name of the model.
    pub model: String,
    /// Key, where one is asked for.
    pub key: Option<Key>,
    /// Sampling temperature.
    pub temperature: f64,
    /// For one answer, from the request to its last byte.
    pub patience: Duration,
    /// Tries of a request that fails in a way that may pass.
    pub tries: u32,
    /// Before the second try; doubled at each.
    pub again_after: Duration,
}

impl Endpoint {
    /// Reads where a model is. This machine is always allowed; any other host must be in `hosts`, and a key goes to it
    /// under TLS only.
    ///
    /// # Errors
    /// When the address is none, or its host is not allowed.
    pub fn new(base: &str, model: &str, key: Option<Key>, hosts: &[String]) -> Result<Self, ProviderError> {
        let wrong = |why: String| ProviderError::Settings(why);
        let mut base = Url::parse(base.trim())
            .map_err(|_| wrong("adresse du modèle illisible (exemple : https://hote/v1)".into()))?;
        let Some(host) = base.host_str().map(str::to_lowercase) else {
            return Err(wrong("adresse du modèle sans hôte".into()));
        };
        if !matches!(base.scheme(), "http" | "https") {
            return Err(wrong("adresse du modèle : http:// ou https:// attendu".into()));
        }
        if !base.username().is_empty() || base.password().is_some() {
            return Err(wrong("adresse du modèle : la clé se donne à part, jamais dans l’adresse".into()));
        }
        let here = matches!(host.as_str(), "localhost" | "127.0.0.1" | "[::1]");
        if !here && !hosts.iter().any(|h| h.trim().eq_ignore_ascii_case(&host)) {
            return Err(wrong(format!("l’hôte « {host} » n’est pas dans la liste des hôtes permis (DOCIMO_AI_HOSTS)")));
        }
        if key.is_some() && base.scheme() == "http" && !here {
            return Err(wrong(format!("la clé ne part pas en clair vers « {host} » : utilisez https://")));
        }
        if model.trim().is_empty() {
            return Err(wrong("nom du modèle absent".into()));
        }
        base.set_query(None);
        base.set_fragment(None);
        let path = base.path().trim_end_matches('/').to_owned();
        base.set_path(&path);
        Ok(Self {
            base: Some(base),
            model: model.trim().to_owned(),
            key,
            temperature: 0.7,
            patience: Duration::from_secs(180),
            tries: 4,
            again_after: Duration::from_secs(2),
        })
    }

    /// A model on this machine: nothing goes through a network.
    pub(crate) fn here(model: &str) -> Self {
        Self {
            base: None,
            model: model.to_owned(),
            key: None,
            temperature: 0.7,
            patience: Duration::from_secs(1_800),
            tries: 1,
            again_after: Duration::ZERO,
        }
    }

    /// The host, for people and the record.
    #[must_use]
    pub fn host(&self) -> &str {
        self.base.as_ref().and_then(Url::host_str).unwrap_or("cette machine")
    }
}

/// Why there is no answer, in French.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// What was configured cannot be used.
    #[error("{0}")]
    Settings(String),
    /// Nobody there.
    #[error("le fournisseur « {0} » ne répond pas : il est arrêté, ou le réseau est coupé")]
    Down(String),
    /// Too long.
    #[error("le fournisseur n’a pas fini de répondre en {0} s")]
    Slow(u64),
    /// Too many requests, still after waiting.
    #[error("le fournisseur refuse pour l’instant : trop de demandes (429)")]
    Busy,
    /// A fault of the server, still after waiting.
    #[error("le fournisseur est en panne (code {0})")]
    Broken(u16),
    /// It refuses.
    #[error("le fournisseur refuse la demande (code {code}) : {said}")]
    Refused {
        /// HTTP status.
        code: u16,
        /// What it says, cut short.
        said: String,
    },
    /// What it sends is not the protocol.
    #[error("le fournisseur a envoyé une réponse illisible : {0}")]
    Unreadable(&'static str),
    /// The model stopped before the end.
    #[error("le modèle s’est arrêté avant la fin ({0}) : demandez moins de questions")]
    CutShort(&'static str),
}

/// What a model answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reply {
    /// Its text.
    pub content: String,
    /// The model, as the server names it.
    pub model: String,
    /// What it cost, by the server's count.
    pub tokens: Tokens,
}
