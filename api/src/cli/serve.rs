//! `docimo serve` and `docimo demo`.

use super::french::french_io;
use super::{Common, Failure, out};
use crate::app::App;
use crate::assistance::meaning::Meaning;
use crate::assistance::{Models, Other, Settings};
use crate::auth::accounts::FIRST_ADMINISTRATOR;
use crate::bank::index::{Finder, Place};
use crate::bank::record;
use crate::exam::doors::address::{self, Network, Range, public_url};
use crate::{ambient, demo, server};
use clap::Args;
use docimo_ai::local::LocalModel;
use docimo_ai::provider::Key;
use docimo_store::Store;
use serde::Serialize;
use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

/// Where to listen.
#[derive(Args, Clone, Debug, Default)]
pub struct ServeArgs {
    /// Adresse et port d’écoute [défaut : 127.0.0.1:8080]
    #[arg(long, value_name = "ADRESSE:PORT", env = "DOCIMO_LISTEN", value_parser = listened)]
    listen: Option<SocketAddr>,
    /// Le serveur est derrière un proxy TLS : cookies marqués Secure
    #[arg(long, env = "DOCIMO_SECURE_COOKIES")]
    secure_cookies: bool,
    /// Adresse publique du serveur, vue des candidats (Safe Exam Browser en a besoin derrière un proxy), par exemple `https://examens.exemple.fr`
    #[arg(long, value_name = "URL", env = "DOCIMO_PUBLIC_URL", value_parser = public_url)]
    public_url: Option<String>,
    /// Proxys dont l’en-tête X-Forwarded-For est cru, séparés par des virgules : 10.0.0.0/8 [défaut : aucun]
    #[arg(long, value_name = "PLAGES", env = "DOCIMO_TRUSTED_PROXIES", value_parser = proxies)]
    trusted_proxies: Option<Proxies>,
    #[command(flatten)]
    assistance: AssistanceArgs,
}

/// The model that may be asked for proposals. Its key is in the environment or a file only: a command line is seen by
/// everyone on the machine.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct AssistanceArgs {
    /// Adresse d’un modèle de langue au protocole d’OpenAI, jusqu’à /v1 [défaut : aucun modèle]
    #[arg(long, value_name = "URL", env = "DOCIMO_AI_URL", requires = "ai_model")]
    ai_url: Option<String>,
    /// Modèle de langue sur cette machine : un fichier GGUF (llama, qwen2, qwen3) [à défaut d’adresse]
    #[arg(long, value_name = "FICHIER", env = "DOCIMO_AI_GGUF", conflicts_with = "ai_url")]
    ai_gguf: Option<PathBuf>,
    /// Nom du modèle qui rédige
    #[arg(long, value_name = "NOM", env = "DOCIMO_AI_MODEL")]
    ai_model: Option<String>,
    /// Nom du modèle qui répond sans la clé [défaut : celui qui rédige]
    #[arg(long, value_name = "NOM", env = "DOCIMO_AI_READER")]
    ai_reader: Option<String>,
    /// Son adresse, si elle est autre (clé : variable DOCIMO_AI_READER_KEY)
    #[arg(long, value_name = "URL", env = "DOCIMO_AI_READER_URL", requires = "ai_reader")]
    ai_reader_url: Option<String>,
    /// Nom du modèle des commentaires d’erreur [défaut : celui qui rédige]
    #[arg(long, value_name = "NOM", env = "DOCIMO_AI_COMMENTS")]
    ai_comments: Option<String>,
    /// Son adresse, si elle est autre (clé : variable DOCIMO_AI_COMMENTS_KEY)
    #[arg(long, value_name = "URL", env = "DOCIMO_AI_COMMENTS_URL", requires = "ai_comments")]
    ai_comments_url: Option<String>,
    /// Nom du modèle qui reclasse les étiquettes [défaut : celui qui rédige]
    #[arg(long, value_name = "NOM", env = "DOCIMO_AI_TAGS")]
    ai_tags: Option<String>,
    /// Son adresse, si elle est autre (clé : variable DOCIMO_AI_TAGS_KEY)
    #[arg(long, value_name = "URL", env = "DOCIMO_AI_TAGS_URL", requires = "ai_tags")]
    ai_tags_url: Option<String>,
    /// Fichier qui contient la clé du fournisseur [à défaut : variable DOCIMO_AI_KEY]
    #[arg(long, value_name = "FICHIER", env = "DOCIMO_AI_KEY_FILE")]
    ai_key_file: Option<PathBuf>,
    /// Dossier d’un modèle de vecteurs (E5, BERT) : les passages des sources se trouvent aussi par leur sens
    #[arg(long, value_name = "DOSSIER", env = "DOCIMO_MODEL")]
    ai_meaning: Option<PathBuf>,
    /// Hôtes permis, séparés par des virgules, en plus de cette machine
    #[arg(long, value_name = "HÔTES", env = "DOCIMO_AI_HOSTS", value_delimiter = ',')]
    ai_hosts: Vec<String>,
}

/// Half the processors: pages go on being served.
fn half() -> usize {
    std::thread::available_parallelism().map_or(1, |n| n.get().div_ceil(2))
}

impl AssistanceArgs {
    fn meaning(&self, data: &Path) -> Result<Option<Arc<Meaning>>, Failure> {
        let Some(folder) = &self.ai_meaning else { return Ok(None) };
        let opened = Meaning::open(folder, data, half());
        opened.map(|m| Some(Arc::new(m))).map_err(|e| Failure::Input(format!("modèle de vecteurs : {e}")))
    }

    pub(super) fn models(&self) -> Result<Option<Models>, Failure> {
        if let Some(path) = &self.ai_gguf {
            let model = LocalModel::open(path, half()).map_err(|e| Failure::Input(format!("assistance : {e}")))?;
            return Ok(Some(Models::local(Arc::new(model))));
        }
        let Some(base) = &self.ai_url else { return Ok(None) };
        let key = match &self.ai_key_file {
            Some(path) => std::fs::read_to_string(path).map_err(|e| Failure::unreadable(path, &e))?,
            None => std::env::var("DOCIMO_AI_KEY").unwrap_or_default(),
        };
        let other = |model: &Option<String>, url: &Option<String>, key: &str| Other {
            base: url.clone().unwrap_or_default(),
            model: model.clone().unwrap_or_default(),
            key: Key::new(&std::env::var(key).unwrap_or_default()),
        };
        let settings = Settings {
            base: base.clone(),
            model: self.ai_model.clone().unwrap_or_default(),
            key: Key::new(&key),
            reader: other(&self.ai_reader, &self.ai_reader_url, "DOCIMO_AI_READER_KEY"),
            comments: other(&self.ai_comments, &self.ai_comments_url, "DOCIMO_AI_COMMENTS_KEY"),
            tags: other(&self.ai_tags, &self.ai_tags_url, "DOCIMO_AI_TAGS_KEY"),
            hosts: self.ai_hosts.clone(),
        };
        Models::new(&settings).map(Some).map_err(|e| Failure::Input(format!("assistance : {e}")))
    }
}

/// Ranges of proxies.
#[derive(Clone, Debug, Default)]
struct Proxies(Vec<Range>);

fn proxies(text: &str) -> Result<Proxies, String> {
    match address::ranges(text) {
        Ok(ranges) => Ok(Proxies(ranges)),
        Err(wrong) => Err(wrong.into_iter().map(|(_, error)| error.to_string()).collect::<Vec<_>>().join(" ; ")),
    }
}

/// Reads an address.
fn listened(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "attendu une adresse et un port, par exemple 127.0.0.1:8080 ou [::1]:8080".to_owned())
}

const LINK_MS: i64 = 24 * 3_600_000;

/// What is said once the server listens, and `--json` writes.
#[derive(Debug, Serialize)]
struct Listening {
    address: String,
    engine: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    accounts: Option<Vec<Account>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_administrator_link: Option<String>,
}

/// An account of the demonstration.
#[derive(Debug, Serialize)]
struct Account {
    login: &'static str,
    password: &'static str,
    who: &'static str,
}

impl Listening {
    fn text(&self) -> String {
        let mut text = format!("Docimo écoute sur {} ({})\n", self.address, self.engine);
        if let Some(accounts) = &self.accounts {
            text.push_str("Comptes de démonstration :\n");
            for account in accounts {
                text.push_str(&format!("  {:<12} {:<15} {}\n", account.login, account.password, account.who));
            }
        }
        if let Some(link) = &self.first_administrator_link {
            text.push_str(&format!("Premier administrateur (lien à usage unique, valable 24 h) : {link}\n"));
        }
        text
    }
}

async fn listen(args: &ServeArgs) -> Result<TcpListener, Failure> {
    let refused = |addr: SocketAddr, e: std::io::Error| {
        let cause = french_io(&e);
        Failure::Environment(format!(
            "impossible d’écouter sur {addr} : {cause}. Choisissez une autre adresse avec --listen."
        ))
    };
    if let Some(addr) = args.listen {
        return TcpListener::bind(addr).await.map_err(|e| refused(addr, e));
    }
    let usual = SocketAddr::from(([127, 0, 0, 1], 8080));
    match TcpListener::bind(usual).await {
        Ok(listener) => Ok(listener),
        // Someone else has the usual port: any other will do, it is printed.
        Err(_) => {
            let any = SocketAddr::from(([127, 0, 0, 1], 0));
            TcpListener::bind(any).await.map_err(|e| refused(any, e))
        }
    }
}

fn log(common: &Common) {
    let usual = if common.quiet { "warn,sqlx=error" } else { "warn,sqlx=error,docimo=info" };
    let filter = EnvFilter::try_from_env("DOCIMO_LOG").unwrap_or_else(|_| EnvFilter::new(usual));
    // Twice in one process (tests) the first one stays.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        // A line that cannot be written is lost: saying so would have to be written too.
        .log_internal_errors(false)
        .try_init();
}

/// Serves until asked to stop.
pub async fn run(common: &Common, args: &ServeArgs, is_demo: bool) -> Result<(), Failure> {
    log(common);
    let models = args.assistance.models()?;
    let meaning = args.assistance.meaning(&common.data_dir(is_demo))?;
    let listener = listen(args).await?;
    let address = listener.local_addr()?;
    if is_demo {
        prepare(common, args).await?;
    }
    let store = common.open(is_demo).await?;
    let app = App::new(store.clone(), is_demo, args.secure_cookies);
    app.reached(Network {
        public_url: args.public_url.clone(),
        proxies: args.trusted_proxies.clone().unwrap_or_default().0,
    });
    record::catch_up(&app).await?;
    search(&app, &common.index_root(is_demo));
    if is_demo {
        // A database of the user's own choosing is filled in place, if it is empty.
        demo::seed(&app, |text| common.say(text)).await?;
    }
    if let Some(models) = models {
        app.assist(models);
    }
    if let Some(meaning) = meaning {
        app.understand(meaning);
    }
    crate::assistance::worker::start_tags(&app);
    // Quiet, nothing is said: no link is made either, which would put an end to one given before.
    if common.json || !common.quiet {
        let listening = listening(&store, address, is_demo).await?;
        if common.json { out::print_json(&listening)? } else { out::print(listening.text().as_bytes())? }
    }
    server::serve(app, listener).await?;
    store.close().await;
    Ok(())
}

/// Opens the search index, which follows the database from now on. Without it lists are still there, searched by words.
fn search(app: &App, root: &Path) {
    let opened = Place::take(root).map_err(|e| french_io(&e)).and_then(|p| Finder::open(p).map_err(|e| e.to_string()));
    match opened {
        Ok(finder) => app.follow(finder),
        Err(cause) => tracing::warn!(dir = %root.display(), cause, "no search index: lists are searched by words only"),
    }
}

/// Makes the demonstration's database aside and puts it in its place once whole: stopped half-way, nothing
/// is left of it but a file that the next start makes again.
async fn prepare(common: &Common, args: &ServeArgs) -> Result<(), Failure> {
    let Some(path) = common.demo_file().filter(|path| !path.exists()) else { return Ok(()) };
    let aside = path.with_extension("preparation");
    let companions = ["-wal", "-shm"].map(|end| PathBuf::from(format!("{}{end}", aside.display())));
    for file in companions.iter().chain([&aside]) {
        if file.exists() {
            std::fs::remove_file(file).map_err(|e| failed(file, &e))?;
        }
    }
    let own = Common { database: Some(format!("sqlite://{}", aside.display())), ..common.clone() };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|e| failed(folder, &e))?;
    }
    let store = own.open(true).await?;
    demo::seed(&App::new(store.clone(), true, args.secure_cookies), |text| common.say(text)).await?;
    store.close().await;
    std::fs::rename(&aside, &path).map_err(|e| failed(&path, &e))
}

fn failed(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Environment(format!("{} : {}", path.display(), french_io(error)))
}

async fn listening(store: &Store, address: SocketAddr, is_demo: bool) -> Result<Listening, Failure> {
    let account = |a: &demo::DemoAccount| Account { login: a.login, password: a.password, who: a.who };
    Ok(Listening {
        address: format!("http://{address}"),
        engine: store.engine_name(),
        accounts: is_demo.then(|| demo::ACCOUNTS.iter().map(account).collect()),
        first_administrator_link: if is_demo { None } else { first_link(store, address).await? },
    })
}

/// With no account at all, the one-time link that makes the first administrator.
async fn first_link(store: &Store, address: SocketAddr) -> Result<Option<String>, Failure> {
    if store.count_people().await? > 0 {
        return Ok(None);
    }
    let (token, now_ms) = (ambient::token(), ambient::now_ms());
    store.add_link(&ambient::token_hash(&token), FIRST_ADMINISTRATOR, now_ms, now_ms + LINK_MS).await?;
    Ok(Some(format!("http://{address}/premier-acces/{token}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::database::Found;

    fn common(data: PathBuf) -> Common {
        Common { data: Some(data), ..Common::default() }
    }

    #[test]
    fn an_address_is_refused_in_french() {
        assert!(listened("127.0.0.1:8080").is_ok());
        assert!(listened("localhost").unwrap_err().contains("127.0.0.1:8080"));
    }

    /// A start that was killed leaves a file aside: the next one makes the demonstration whole.
    #[tokio::test]
    async fn a_demonstration_cut_short_is_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let common = Common { quiet: true, ..common(folder.path().into()) };
        let aside = folder.path().join("docimo.preparation");
        std::fs::write(&aside, "half a database").unwrap();
        prepare(&common, &ServeArgs::default()).await.unwrap();
        assert!(!aside.exists() && folder.path().join("docimo.sqlite").exists());
        let store = common.open(true).await.unwrap();
        let exams = store.exams().await.unwrap();
        assert_eq!(exams.len(), 4);
        store.close().await;
        prepare(&common, &ServeArgs::default()).await.unwrap();
    }

    #[tokio::test]
    async fn what_is_said_is_said_in_json_too() {
        let folder = tempfile::tempdir().unwrap();
        let store = common(folder.path().into()).open(false).await.unwrap();
        let address = "127.0.0.1:9".parse().unwrap();
        let serve = serde_json::to_value(listening(&store, address, false).await.unwrap()).unwrap();
        assert_eq!((&serve["address"], &serve["engine"]), (&"http://127.0.0.1:9".into(), &"SQLite".into()));
        assert!(serve["first_administrator_link"].as_str().unwrap().starts_with("http://127.0.0.1:9/premier-acces/"));
        assert!(serve.get("accounts").is_none());
        let demo = listening(&store, address, true).await.unwrap();
        assert!(demo.text().starts_with("Docimo écoute sur http://127.0.0.1:9 (SQLite)\nComptes"));
        let demo = serde_json::to_value(demo).unwrap();
        assert_eq!(demo["accounts"][0]["login"], "etudiant");
        assert!(demo["accounts"][0].get("password").is_some() && demo["accounts"][0].get("who").is_some());
        store.close().await;
        assert!(matches!(common(folder.path().into()).find().await.unwrap(), Found::Ready(_)));
    }
}
