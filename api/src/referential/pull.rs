//! Reading the official wiki (LISA) through its MediaWiki interface.
//!
//! Polite: one request at a time, fifty pages each, a pause between two, a name that says who asks, the
//! wiki's own word when it is busy (`maxlag`, `Retry-After`). Bounded: in time, answers, pages. Resumable:
//! each answer is written beside the data as it comes, without the teaching text, and a pull that was cut
//! goes on from there. What pages mean is read by `r2c_referential::read::wiki`.

use r2c_referential::read::wiki::{self, Continue, Page, WikiError};
use reqwest::header::{CONTENT_TYPE, HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;
use url::Url;

/// The official wiki, at the year known to this version.
pub const OFFICIAL: &str = "https://livret.uness.fr/lisa/2025/api.php";
/// Pages asked for at once: MediaWiki gives no more with their text.
const BATCH: u16 = 50;
/// Most requests of one pull, and most pages.
const MAX_REQUESTS: usize = 2_000;
const MAX_PAGES: usize = 20_000;
/// Largest answer, in bytes.
const MAX_ANSWER: usize = 16 * 1024 * 1024;
/// Longest wait that a wiki may ask for.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// How to ask.
#[derive(Clone, Debug)]
pub struct Manner {
    /// Between two requests.
    pub pause: Duration,
    /// For one answer, from the request to its last byte.
    pub patience: Duration,
    /// Tries of a request that fails in a way that may pass.
    pub tries: u32,
    /// Before the second try; doubled at each.
    pub again_after: Duration,
    /// Where to keep what has come, to go on from there.
    pub kept_in: Option<PathBuf>,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            pause: Duration::from_millis(500),
            patience: Duration::from_secs(30),
            tries: 4,
            again_after: Duration::from_secs(2),
            kept_in: None,
        }
    }
}

/// Why the wiki was not read.
#[derive(Debug, thiserror::Error)]
pub enum PullError {
    /// The address is none.
    #[error("{0}")]
    Address(String),
    /// The wiki wants a signed-in reader.
    #[error(
        "le wiki demande une connexion ({0}) : connectez-vous dans un navigateur, enregistrez les réponses de api.php ou \
         un tableau des objectifs, puis « docimo r2c import FICHIER »"
    )]
    SignIn(String),
    /// No answer, or none that can be read.
    #[error("{0}. Ce qui est déjà reçu est gardé : relancez la commande pour continuer")]
    Network(String),
    /// The wiki refuses.
    #[error("{0}")]
    Refused(WikiError),
    /// More than an answer should hold.
    #[error("{0}")]
    TooMuch(String),
}

/// The address of `api.php`: the one given, or that of the wiki's folder.
pub fn address(text: &str) -> Result<Url, PullError> {
    let wrong = |why: &str| PullError::Address(format!("adresse « {text} » : {why}"));
    let mut url =
        Url::parse(text.trim()).map_err(|_| wrong("ce n’est pas une adresse (exemple : https://…/api.php)"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(wrong("attendu http:// ou https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("sans identifiant ni mot de passe"));
    }
    url.set_query(None);
    url.set_fragment(None);
    if !url.path().ends_with("/api.php") {
        let path = format!("{}/api.php", url.path().trim_end_matches('/'));
        url.set_path(&path);
    }
    Ok(url)
}

/// The name of a version read there: « LISA 2025 » when the address holds a year.
pub fn version_of(url: &Url) -> String {
    let year =
        url.path().split('/').find(|part| part.len() == 4 && part.starts_with("20") && part.parse::<u16>().is_ok());
    year.map(|year| format!("LISA {year}")).unwrap_or_default()
}

/// One answer as it is kept: a line of JSON.
#[derive(Serialize, Deserialize)]
struct Line {
    api: String,
    next: Option<Continue>,
    pages: Vec<Page>,
}

/// What came before a cut: pages, how to go on, and answers received.
fn resumed(path: &Path, api: &str) -> (BTreeMap<String, Page>, Continue, usize) {
    let (mut pages, mut next, mut answers) = (BTreeMap::new(), Continue::new(), 0);
    let text = std::fs::read_to_string(path).unwrap_or_default();
    for line in text.lines().map_while(|line| serde_json::from_str::<Line>(line).ok()) {
        match line.next {
            Some(then) if line.api == api => next = then,
            // Another wiki's, or a pull that had ended: from the start.
            _ => return (BTreeMap::new(), Continue::new(), 0),
        }
        merge(&mut pages, line.pages);
        answers += 1;
    }
    (pages, next, answers)
}

fn merge(all: &mut BTreeMap<String, Page>, pages: Vec<Page>) {
    for page in pages {
        // A large batch comes in several answers: each page once with its text, otherwise without.
        let known = all.entry(page.title.clone()).or_insert_with(|| Page { title: page.title.clone(), text: None });
        if page.text.is_some() {
            known.text = page.text;
        }
    }
}

/// Reads every page of the category. `told` hears how many pages have come.
pub async fn pull(api: &Url, manner: &Manner, told: &(dyn Fn(usize) + Sync)) -> Result<Vec<Page>, PullError> {
    let client = client(manner)?;
    let (mut pages, mut next, mut answers) =
        manner.kept_in.as_deref().map(|path| resumed(path, api.as_str())).unwrap_or_default();
    let mut kept = match &manner.kept_in {
        Some(path) => Some(kept_file(path, answers > 0)?),
        None => None,
    };
    told(pages.len());
    loop {
        if answers >= MAX_REQUESTS || pages.len() > MAX_PAGES {
            let message = format!("le wiki ne finit pas ({} pages en {answers} réponses) : abandon", pages.len());
            return Err(PullError::TooMuch(message));
        }
        let answer = ask(&client, api, &next, manner).await?;
        answers += 1;
        let lean: Vec<Page> = answer.pages.into_iter().map(Page::lean).collect();
        if let Some(file) = &mut kept {
            let line = Line { api: api.to_string(), next: answer.next.clone(), pages: lean.clone() };
            let mut text = serde_json::to_string(&line).map_err(|e| PullError::Network(e.to_string()))?;
            text.push('\n');
            let unwritten = |e: std::io::Error| PullError::Network(format!("écriture du relevé : {e}"));
            file.write_all(text.as_bytes()).and_then(|()| file.sync_data()).map_err(unwritten)?;
        }
        merge(&mut pages, lean);
        told(pages.len());
        match answer.next {
            Some(then) if then == next => {
                return Err(PullError::TooMuch("le wiki demande deux fois la même suite : abandon".into()));
            }
            Some(then) => next = then,
            None => return Ok(pages.into_values().collect()),
        }
        tokio::time::sleep(manner.pause).await;
    }
}

/// Forgets what was kept of a pull.
pub fn forget(manner: &Manner) {
    if let Some(path) = &manner.kept_in {
        // Absent is as good as removed.
        let _ = std::fs::remove_file(path);
    }
}

fn kept_file(path: &Path, append: bool) -> Result<std::fs::File, PullError> {
    let unwritten = |e: std::io::Error| PullError::Network(format!("{} : {e}", path.display()));
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(unwritten)?;
    }
    std::fs::OpenOptions::new().create(true).append(append).write(true).truncate(!append).open(path).map_err(unwritten)
}

fn client(manner: &Manner) -> Result<Client, PullError> {
    // A second call finds it installed: nothing to do then.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let policy = Policy::custom(|attempt| {
        let same = attempt.previous().first().is_some_and(|first| first.host_str() == attempt.url().host_str());
        if same && attempt.previous().len() < 4 { attempt.follow() } else { attempt.stop() }
    });
    Client::builder()
        .user_agent(concat!("Docimo/", env!("CARGO_PKG_VERSION"), " (import du référentiel R2C)"))
        .redirect(policy)
        .connect_timeout(manner.patience.min(Duration::from_secs(10)))
        .timeout(manner.patience)
        .build()
        .map_err(|e| PullError::Network(cause(&e)))
}

/// A failure, and whether to try again: after the wiki's own delay where it gives one.
enum Miss {
    ForGood(PullError),
    Perhaps(PullError, Option<Duration>),
}

async fn ask(client: &Client, api: &Url, next: &Continue, manner: &Manner) -> Result<wiki::Answer, PullError> {
    let mut wait = manner.again_after;
    let mut tries = 1;
    loop {
        match ask_once(client, api, next).await {
            Ok(answer) => return Ok(answer),
            Err(Miss::ForGood(error)) => return Err(error),
            Err(Miss::Perhaps(error, _)) if tries >= manner.tries => return Err(error),
            Err(Miss::Perhaps(_, asked)) => {
                tokio::time::sleep(asked.unwrap_or(wait).min(MAX_WAIT)).await;
                wait = wait.saturating_mul(2);
                tries += 1;
            }
        }
    }
}

async fn ask_once(client: &Client, api: &Url, next: &Continue) -> Result<wiki::Answer, Miss> {
    let mut url = api.clone();
    url.query_pairs_mut().extend_pairs(wiki::parameters(BATCH, next));
    let network = |e: reqwest::Error| Miss::Perhaps(PullError::Network(cause(&e)), None);
    let mut response = client.get(url).send().await.map_err(network)?;
    let status = response.status();
    let delay = retry_after(response.headers());
    if status.is_redirection() {
        let to = response.headers().get(LOCATION).and_then(|v| v.to_str().ok()).and_then(|to| api.join(to).ok());
        let host = to.as_ref().and_then(Url::host_str).unwrap_or("autre site").to_owned();
        return Err(Miss::ForGood(PullError::SignIn(format!("il renvoie vers {host}"))));
    }
    if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
        return Err(Miss::ForGood(PullError::SignIn(format!("réponse {}", status.as_u16()))));
    }
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        let message = format!("le wiki répond {}", status.as_u16());
        return Err(Miss::Perhaps(PullError::Network(message), delay));
    }
    if !status.is_success() {
        let message = format!("le wiki répond {} : vérifiez l’adresse {api}", status.as_u16());
        return Err(Miss::ForGood(PullError::Address(message)));
    }
    let kind = response.headers().get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(network)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MAX_ANSWER {
            let message = format!("une réponse dépasse {} Mio : abandon", MAX_ANSWER / 1024 / 1024);
            return Err(Miss::ForGood(PullError::TooMuch(message)));
        }
    }
    if kind.starts_with("text/html") {
        return Err(Miss::ForGood(PullError::SignIn("il répond par une page, pas par des données".into())));
    }
    let value = serde_json::from_slice(&bytes).map_err(|e| {
        let message = format!("réponse illisible du wiki ({})", crate::json::french::syntax(&e));
        Miss::Perhaps(PullError::Network(message), None)
    })?;
    wiki::answer(&value).map_err(|error| match &error {
        WikiError::Refused { code, .. } if code == "maxlag" || code == "ratelimited" => {
            Miss::Perhaps(PullError::Network(format!("le wiki est occupé ({code})")), delay)
        }
        WikiError::Refused { code, .. } if code == "readapidenied" => Miss::ForGood(PullError::SignIn(code.clone())),
        WikiError::Refused { .. } | WikiError::NotAnAnswer(_) => Miss::ForGood(PullError::Refused(error)),
    })
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

/// What a connection says, in French where it is usual.
fn cause(error: &reqwest::Error) -> String {
    let mut source: Option<&dyn std::error::Error> = Some(error);
    while let Some(inner) = source {
        if let Some(io) = inner.downcast_ref::<std::io::Error>() {
            return format!("le wiki ne répond pas : {}", crate::cli::french::french_io(io));
        }
        source = inner.source();
    }
    if error.is_timeout() {
        "le wiki ne répond pas à temps".into()
    } else {
        // Without the address, whose query is long.
        let mut inner: &dyn std::error::Error = error;
        while let Some(next) = inner.source() {
            inner = next;
        }
        format!("échange impossible avec le wiki : {inner}")
    }
}

#[cfg(test)]
#[path = "pull_tests.rs"]
mod tests;
