//! Who runs the model: any endpoint that speaks the chat completions of OpenAI (hosted, vLLM, llama.cpp, Ollama).
//!
//! Written on `reqwest`, which the house already builds: of `async-openai` one request and one answer would be used, its
//! types refuse the fields that compatible servers leave out, and its own retries do not read `Retry-After` with a bound.
//! Only allowed hosts are spoken to, no redirection is followed, the key is in no message, and every wait has an end.

use crate::generation::prompt::Message;
use crate::proposal::Tokens;
use reqwest::StatusCode;
use reqwest::header::RETRY_AFTER;
use serde::Deserialize;
use serde_json::{Value, json};
use std::fmt;
use std::time::Duration;
use url::Url;

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
    /// Address up to `/v1`.
    pub base: Url,
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
            base,
            model: model.trim().to_owned(),
            key,
            temperature: 0.7,
            patience: Duration::from_secs(180),
            tries: 4,
            again_after: Duration::from_secs(2),
        })
    }

    /// The host, for people and the record.
    #[must_use]
    pub fn host(&self) -> &str {
        self.base.host_str().unwrap_or_default()
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

#[derive(Deserialize)]
struct Completion {
    #[serde(default)]
    model: String,
    choices: Vec<Choice>,
    #[serde(default)]
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Choice {
    message: Said,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    content: Option<String>,
}

#[derive(Deserialize)]
struct Usage {
    #[serde(default)]
    prompt_tokens: u64,
    #[serde(default)]
    completion_tokens: u64,
}

/// Why a try failed: for good, or perhaps not the next time, which may be told when.
enum Miss {
    Final(ProviderError),
    Perhaps(ProviderError, Option<Duration>),
    /// The server does not know structured outputs.
    Unstructured,
}

/// Asks a model.
#[derive(Clone, Debug)]
pub struct Client {
    endpoint: Endpoint,
    http: reqwest::Client,
}

impl Client {
    /// Ready to ask.
    ///
    /// # Errors
    /// When the system gives no means of speaking TLS.
    pub fn new(endpoint: Endpoint) -> Result<Self, ProviderError> {
        // Installed by another part before, it is the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(10))
            .timeout(endpoint.patience)
            .user_agent(concat!("docimo/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|_| ProviderError::Settings("client HTTP impossible à préparer".into()))?;
        Ok(Self { endpoint, http })
    }

    /// Where it asks.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// One answer of the model, by the schema where the server knows how, else told in words.
    ///
    /// # Errors
    /// When there is none after the tries allowed.
    pub async fn ask(&self, name: &str, said: &[Message], schema: &Value) -> Result<Reply, ProviderError> {
        let (mut structured, mut pause) = (true, self.endpoint.again_after);
        let mut tries = 1;
        loop {
            match self.once(name, said, schema, structured).await {
                Ok(reply) => return Ok(reply),
                Err(Miss::Unstructured) => structured = false,
                Err(Miss::Final(error)) => return Err(error),
                Err(Miss::Perhaps(error, _)) if tries >= self.endpoint.tries => return Err(error),
                Err(Miss::Perhaps(_, asked)) => {
                    tries += 1;
                    tokio::time::sleep(asked.unwrap_or(pause).min(MAX_WAIT)).await;
                    pause = pause.saturating_mul(2);
                }
            }
        }
    }

    fn body(&self, name: &str, said: &[Message], schema: &Value, structured: bool) -> Value {
        let mut messages: Vec<Value> = said.iter().map(|m| json!({"role": m.role, "content": m.content})).collect();
        let mut body = json!({"model": self.endpoint.model, "temperature": self.endpoint.temperature});
        if structured {
            let format = json!({"name": name, "strict": true, "schema": schema});
            body["response_format"] = json!({"type": "json_schema", "json_schema": format});
        } else if let Some(first) = messages.first_mut() {
            let content =
                format!("{}\nSchéma JSON de la réponse : {schema}", first["content"].as_str().unwrap_or_default());
            first["content"] = content.into();
        }
        body["messages"] = messages.into();
        body
    }

    async fn once(&self, name: &str, said: &[Message], schema: &Value, structured: bool) -> Result<Reply, Miss> {
        let mut request = self
            .http
            .post(format!("{}/chat/completions", self.endpoint.base))
            .json(&self.body(name, said, schema, structured));
        if let Some(key) = &self.endpoint.key {
            request = request.bearer_auth(&key.0);
        }
        let response = request.send().await.map_err(|e| self.network(&e))?;
        let status = response.status();
        let wait =
            response.headers().get(RETRY_AFTER).and_then(|v| v.to_str().ok()).and_then(|v| v.trim().parse().ok());
        let bytes = self.bytes(response).await?;
        if status == StatusCode::TOO_MANY_REQUESTS {
            return Err(Miss::Perhaps(ProviderError::Busy, wait.map(Duration::from_secs)));
        }
        if status.is_server_error() {
            return Err(Miss::Perhaps(ProviderError::Broken(status.as_u16()), wait.map(Duration::from_secs)));
        }
        if !status.is_success() {
            let said = String::from_utf8_lossy(&bytes).into_owned();
            let format = said.contains("response_format") || said.contains("json_schema");
            if structured && format && matches!(status.as_u16(), 400 | 415 | 422 | 501) {
                return Err(Miss::Unstructured);
            }
            return Err(Miss::Final(ProviderError::Refused { code: status.as_u16(), said: self.told(&said) }));
        }
        let unreadable = |why| Miss::Final(ProviderError::Unreadable(why));
        let completion: Completion =
            serde_json::from_slice(&bytes).map_err(|_| unreadable("ce n’est pas le JSON attendu"))?;
        let choice = completion.choices.into_iter().next().ok_or_else(|| unreadable("aucun choix"))?;
        match choice.finish_reason.as_deref() {
            Some("length") => return Err(Miss::Final(ProviderError::CutShort("longueur maximale atteinte"))),
            Some("content_filter") => return Err(Miss::Final(ProviderError::CutShort("filtre du fournisseur"))),
            _ => {}
        }
        let usage = completion.usage.unwrap_or(Usage { prompt_tokens: 0, completion_tokens: 0 });
        let named: String = crate::sources::visible(&completion.model).chars().take(200).collect();
        Ok(Reply {
            content: choice.message.content.ok_or_else(|| unreadable("aucun texte"))?,
            model: if named.is_empty() { self.endpoint.model.clone() } else { named },
            tokens: Tokens { prompt: usage.prompt_tokens, completion: usage.completion_tokens },
        })
    }

    async fn bytes(&self, mut response: reqwest::Response) -> Result<Vec<u8>, Miss> {
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|e| self.network(&e))? {
            if bytes.len() + chunk.len() > MAX_BYTES {
                return Err(Miss::Final(ProviderError::Unreadable("elle est trop longue")));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    fn network(&self, error: &reqwest::Error) -> Miss {
        if error.is_timeout() && !error.is_connect() {
            // Asked again it would take as long.
            return Miss::Final(ProviderError::Slow(self.endpoint.patience.as_secs()));
        }
        Miss::Perhaps(ProviderError::Down(self.endpoint.host().to_owned()), None)
    }

    /// What a server says, short, without our key if it repeats it.
    fn told(&self, said: &str) -> String {
        let text = match serde_json::from_str::<Value>(said) {
            Ok(value) => value["error"]["message"].as_str().map_or_else(|| value.to_string(), str::to_owned),
            Err(_) => said.to_owned(),
        };
        let text = match &self.endpoint.key {
            Some(key) => text.replace(&key.0, "…"),
            None => text,
        };
        crate::sources::visible(&text).chars().take(300).collect()
    }
}
