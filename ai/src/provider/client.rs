//! Asking a model.

use super::wire::{Failed, Wire};
use super::{Endpoint, MAX_BYTES, MAX_WAIT, ProviderError, Reply};
use crate::generation::prompt::Message;
use crate::local::LocalModel;
use crate::proposal::Tokens;
use async_openai::config::Config;
use async_openai::error::OpenAIError;
use futures_util::StreamExt;
use reqwest::StatusCode;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;

/// What `async-openai` is told of an endpoint; nothing of it comes from the environment.
#[derive(Clone, Debug)]
struct Address {
    base: String,
    headers: HeaderMap,
    key: SecretString,
}

impl Config for Address {
    fn headers(&self) -> HeaderMap {
        self.headers.clone()
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn query(&self) -> Vec<(&str, &str)> {
        Vec::new()
    }

    fn api_base(&self) -> &str {
        &self.base
    }

    fn api_key(&self) -> &SecretString {
        &self.key
    }
}

/// A piece of an answer, or a whole one: a server that streams sends `delta`, one that does not `message`.
#[derive(Deserialize)]
struct Chunk {
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    choices: Option<Vec<Choice>>,
    #[serde(default)]
    usage: Option<Usage>,
    #[serde(default)]
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    delta: Option<Said>,
    #[serde(default)]
    message: Option<Said>,
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

/// What a server was found not to know; then it is done without.
#[derive(Clone, Copy)]
struct Manner {
    structured: bool,
    streamed: bool,
}

/// Why a try failed: for good, or perhaps not the next time, which may be told when.
enum Miss {
    Final(ProviderError),
    Perhaps(ProviderError, Option<Duration>),
    /// The server does not know that.
    Simpler(Manner),
}

fn too_long() -> ProviderError {
    ProviderError::Unreadable("elle est trop longue")
}

/// Asks a model.
#[derive(Clone, Debug)]
pub struct Client {
    endpoint: Endpoint,
    runs: Runs,
}

/// Who runs it.
#[derive(Clone, Debug)]
enum Runs {
    There(async_openai::Client<Address>),
    /// On this machine, one answer at a time: two at once would take twice as long each, and twice the memory.
    Here {
        model: Arc<LocalModel>,
        turn: Arc<Semaphore>,
    },
}

/// Tells a thread that computes that nobody listens any more.
struct Listening(Arc<AtomicBool>);

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

impl Client {
    /// Ready to ask.
    ///
    /// # Errors
    /// When the system gives no means of speaking TLS, or the key cannot be sent.
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
        let mut headers = HeaderMap::new();
        if let Some(key) = &endpoint.key {
            let mut value = HeaderValue::from_str(&format!("Bearer {}", key.0))
                .map_err(|_| ProviderError::Settings("la clé contient un caractère qui ne s’envoie pas".into()))?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let address = Address {
            base: endpoint.base.as_ref().map_or("", |base| base.as_str()).trim_end_matches('/').to_owned(),
            headers,
            key: SecretString::from(String::new()),
        };
        let openai = async_openai::Client::build(http.clone(), address).with_http_service(Wire(http));
        Ok(Self { endpoint, runs: Runs::There(openai) })
    }

    /// A model on this machine.
    #[must_use]
    pub fn local(model: Arc<LocalModel>) -> Self {
        let endpoint = Endpoint::here(model.name());
        Self { endpoint, runs: Runs::Here { model, turn: Arc::new(Semaphore::new(1)) } }
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
        self.ask_heard(name, said, schema, &|_| {}).await
    }

    /// As [`Self::ask`]; `heard` is told what is written so far, as it comes.
    ///
    /// # Errors
    /// When there is none after the tries allowed.
    pub async fn ask_heard(
        &self,
        name: &str,
        said: &[Message],
        schema: &Value,
        heard: &(dyn Fn(&str) + Sync),
    ) -> Result<Reply, ProviderError> {
        let openai = match &self.runs {
            Runs::There(openai) => openai,
            Runs::Here { model, turn } => return self.here(model, turn, said, schema, heard).await,
        };
        let (mut manner, mut pause) = (Manner { structured: true, streamed: true }, self.endpoint.again_after);
        let mut tries = 1;
        loop {
            // Each read has its end; so has the whole, or a server that says a word a minute would never be left.
            let once =
                tokio::time::timeout(self.endpoint.patience, self.once(openai, name, said, schema, manner, heard))
                    .await;
            match once.unwrap_or_else(|_| Err(Miss::Final(self.slow()))) {
                Ok(reply) => return Ok(reply),
                Err(Miss::Simpler(less)) => manner = less,
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

    fn slow(&self) -> ProviderError {
        ProviderError::Slow(self.endpoint.patience.as_secs())
    }

    fn down(&self) -> Miss {
        Miss::Perhaps(ProviderError::Down(self.endpoint.host().to_owned()), None)
    }

    fn body(&self, name: &str, said: &[Message], schema: &Value, manner: Manner) -> Value {
        let mut messages: Vec<Value> = said.iter().map(|m| json!({"role": m.role, "content": m.content})).collect();
        let mut body = json!({"model": self.endpoint.model, "temperature": self.endpoint.temperature});
        if manner.streamed {
            body["stream"] = true.into();
            body["stream_options"] = json!({"include_usage": true});
        }
        if manner.structured {
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

    async fn here(
        &self,
        model: &Arc<LocalModel>,
        turn: &Arc<Semaphore>,
        said: &[Message],
        schema: &Value,
        heard: &(dyn Fn(&str) + Sync),
    ) -> Result<Reply, ProviderError> {
        let stopped = || ProviderError::Settings("le modèle local s’est arrêté".into());
        let turn = turn.clone().acquire_owned().await.map_err(|_| stopped())?;
        let mut said = said.to_vec();
        if let Some(first) = said.first_mut() {
            first.content.push_str(&format!("\nSchéma JSON de la réponse : {schema}"));
        }
        // Chance is of the question: the same asked twice is drawn alike, another attempt has another remark.
        let digest = crate::proposal::Sha256Digest::of(&said.iter().map(|m| m.content.as_str()).collect::<String>());
        let seed = u64::from_str_radix(&digest.to_string()[..16], 16).unwrap_or(0);
        let (model, temperature) = (model.clone(), self.endpoint.temperature);
        let name = format!("{} ({})", model.name(), &model.digest()[..16]);
        let listening = Listening(Arc::new(AtomicBool::new(true)));
        let goes_on = listening.0.clone();
        let (pieces, mut coming) = tokio::sync::mpsc::unbounded_channel::<String>();
        let mut work = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            model.answer(&said, temperature, seed, &mut |text| {
                goes_on.load(Ordering::Relaxed) && pieces.send(text.to_owned()).is_ok()
            })
        });
        let written = loop {
            tokio::select! {
                Some(text) = coming.recv() => heard(&text),
                done = &mut work => break done,
            }
        };
        drop(listening);
        let written = written.map_err(|_| stopped())?.map_err(|e| ProviderError::Settings(e.to_string()))?;
        if !written.is_whole {
            return Err(ProviderError::CutShort("longueur maximale atteinte"));
        }
        Ok(Reply { content: written.text, model: name, tokens: written.tokens })
    }

    async fn once(
        &self,
        openai: &async_openai::Client<Address>,
        name: &str,
        said: &[Message],
        schema: &Value,
        manner: Manner,
        heard: &(dyn Fn(&str) + Sync),
    ) -> Result<Reply, Miss> {
        let unreadable = |why| Miss::Final(ProviderError::Unreadable(why));
        let body = self.body(name, said, schema, manner);
        // An answer that comes whole is read as a stream of one event.
        let mut chunks = (openai.chat().create_stream_byot::<Value, Value>(body).await)
            .map_err(|error| self.failed(error, manner))?;
        let (mut content, mut model, mut usage) = (None::<String>, String::new(), None);
        let (mut ended, mut whole) = (None::<String>, false);
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|error| self.failed(error, manner))?;
            let chunk: Chunk = serde_json::from_value(chunk).map_err(|_| unreadable("ce n’est pas le JSON attendu"))?;
            if let Some(error) = chunk.error {
                return Err(Miss::Final(ProviderError::Refused { code: 200, said: self.told(&error.to_string()) }));
            }
            model = chunk.model.filter(|m| !m.is_empty()).unwrap_or(model);
            usage = chunk.usage.or(usage);
            let Some(choice) = chunk.choices.unwrap_or_default().into_iter().next() else { continue };
            whole |= choice.message.is_some();
            if let Some(piece) = choice.message.or(choice.delta).and_then(|said| said.content) {
                let so_far = content.get_or_insert_default();
                so_far.push_str(&piece);
                if so_far.len() > MAX_BYTES {
                    return Err(Miss::Final(too_long()));
                }
                heard(so_far);
            }
            ended = choice.finish_reason.or(ended);
        }
        match ended.as_deref() {
            Some("length") => return Err(Miss::Final(ProviderError::CutShort("longueur maximale atteinte"))),
            Some("content_filter") => return Err(Miss::Final(ProviderError::CutShort("filtre du fournisseur"))),
            // A stream that stops without saying so was cut.
            None if !whole && content.is_some() => return Err(self.down()),
            _ => {}
        }
        let usage = usage.unwrap_or(Usage { prompt_tokens: 0, completion_tokens: 0 });
        let named: String = crate::sources::visible(&model).chars().take(200).collect();
        Ok(Reply {
            content: content.ok_or_else(|| unreadable("aucun texte"))?,
            model: if named.is_empty() { self.endpoint.model.clone() } else { named },
            tokens: Tokens { prompt: usage.prompt_tokens, completion: usage.completion_tokens },
        })
    }

    fn failed(&self, error: OpenAIError, manner: Manner) -> Miss {
        match error {
            OpenAIError::Boxed(inner) => match inner.downcast::<Failed>() {
                Ok(failed) => self.missed(*failed, manner),
                Err(_) => self.down(),
            },
            OpenAIError::Reqwest(error) => self.missed(error.into(), manner),
            OpenAIError::StreamError(_) => self.down(),
            OpenAIError::JSONDeserialize(..) => Miss::Final(ProviderError::Unreadable("ce n’est pas le JSON attendu")),
            other => Miss::Final(ProviderError::Settings(self.told(&other.to_string()))),
        }
    }

    fn missed(&self, failed: Failed, manner: Manner) -> Miss {
        let (status, wait, said) = match failed {
            Failed::Down => return self.down(),
            // Asked again it would take as long.
            Failed::Slow => return Miss::Final(self.slow()),
            Failed::TooLong => return Miss::Final(too_long()),
            Failed::Status { status, wait, said } => (status, wait, said),
        };
        if status == StatusCode::TOO_MANY_REQUESTS {
            return Miss::Perhaps(ProviderError::Busy, wait);
        }
        // "Not implemented" is a refusal of what was asked, not a breakdown.
        if matches!(status.as_u16(), 400 | 415 | 422 | 501) {
            let named = |words: &[&str]| words.iter().any(|w| said.contains(w));
            if manner.structured && named(&["response_format", "json_schema"]) {
                return Miss::Simpler(Manner { structured: false, ..manner });
            }
            if manner.streamed && named(&["stream"]) {
                return Miss::Simpler(Manner { streamed: false, ..manner });
            }
        }
        if status.is_server_error() {
            return Miss::Perhaps(ProviderError::Broken(status.as_u16()), wait);
        }
        Miss::Final(ProviderError::Refused { code: status.as_u16(), said: self.told(&said) })
    }

    /// What a server says, short, without our key if it repeats it.
    fn told(&self, said: &str) -> String {
        let text = match serde_json::from_str::<Value>(said) {
            Ok(value) => {
                let message = value["error"]["message"].as_str().or_else(|| value["message"].as_str());
                message.map_or_else(|| value.to_string(), str::to_owned)
            }
            Err(_) => said.to_owned(),
        };
        let text = match &self.endpoint.key {
            Some(key) => text.replace(&key.0, "…"),
            None => text,
        };
        crate::sources::visible(&text).chars().take(300).collect()
    }
}
