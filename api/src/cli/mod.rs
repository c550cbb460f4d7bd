//! The command line. Exit codes: 0 done; 1 done, but something asks for attention; 2 input or usage
//! error, nothing written; 3 environment error (database, network).

pub mod check;
pub mod import;
pub mod mark;
pub mod mark_command;
pub mod serve;
pub mod user;

use crate::error::{ApiError, Wrong};
use clap::{Args, Parser, Subcommand, ValueEnum};
use docimo_store::{Store, StoreError};
use std::path::PathBuf;
use std::process::ExitCode;

/// Docimo : examens en ligne des études de santé, de la banque de questions au classement expliqué.
#[derive(Parser)]
#[command(name = "docimo", version, about, long_about = None, after_help = "Sans commande : lance la démonstration.")]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Options de toutes les commandes.
#[derive(Args, Clone, Debug)]
pub struct Common {
    /// Base de données : sqlite://chemin ou postgres://utilisateur:secret@hôte/base.
    #[arg(long, global = true, env = "DOCIMO_DATABASE", value_name = "URL", hide_env_values = true)]
    database: Option<String>,
    /// Dossier des données (base SQLite embarquée).
    #[arg(long, global = true, env = "DOCIMO_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    /// Écrit un document JSON sur la sortie standard, et rien d’autre.
    #[arg(long, global = true)]
    pub json: bool,
    /// N’écrit que les erreurs.
    #[arg(long, global = true)]
    pub quiet: bool,
    /// Langue des messages.
    #[arg(long, global = true, value_enum, default_value_t = Lang::Fr)]
    lang: Lang,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Lang {
    /// Français
    Fr,
}

#[derive(Subcommand)]
enum Command {
    /// Lance la démonstration : base embarquée, questions, examen et candidats fictifs
    Demo(serve::ServeArgs),
    /// Lance le serveur, sans données de démonstration
    Serve(serve::ServeArgs),
    /// Note un examen passé ailleurs, à partir de deux fichiers CSV
    Mark(mark_command::MarkArgs),
    /// Importe des questions dans la banque (JSON docimo, Moodle XML)
    Import(import::ImportArgs),
    /// Gère les comptes du personnel
    #[command(subcommand)]
    User(user::UserCommand),
    /// Vérifie la configuration et la base, et dit quoi faire
    Check,
}

/// Why a command did not do its work.
#[derive(Debug)]
pub enum Failure {
    /// Done, but something asks for attention: exit 1.
    Attention,
    /// Bad input or usage: exit 2. Nothing was written.
    Input(String),
    /// Database or network: exit 3.
    Environment(String),
}

impl Failure {
    /// Every fault of an input, one a line.
    pub fn faults(title: &str, wrong: &[Wrong]) -> Self {
        let mut text = title.to_owned();
        for w in wrong {
            text.push_str(&format!("\n  {} : {}", w.place, w.message));
        }
        Self::Input(text)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::BadUrl(_) => Self::Input(error.to_string()),
            StoreError::Duplicate => Self::Input("cet identifiant est déjà utilisé".into()),
            other => Self::Environment(format!("base de données : {other}")),
        }
    }
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Invalid { title, wrong } => Self::faults(&title, &wrong),
            ApiError::Internal(cause) => Self::Environment(format!("{cause:#}")),
            other => Self::Input(other.to_string()),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Environment(error.to_string())
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Environment(format!("{error:#}"))
    }
}

impl Common {
    /// Folder of the data; the platform's by default.
    pub fn data_dir(&self, demo: bool) -> PathBuf {
        if let Some(dir) = &self.data {
            return dir.clone();
        }
        if demo {
            return PathBuf::from("docimo-data");
        }
        let home = || std::env::var_os("HOME").map(|h| PathBuf::from(h).join(".local/share"));
        let base = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).or_else(home);
        base.unwrap_or_else(|| PathBuf::from(".")).join("docimo")
    }

    /// Opens and migrates the database.
    pub async fn open(&self, demo: bool) -> Result<Store, Failure> {
        let url = match &self.database {
            Some(url) => url.clone(),
            None => {
                let dir = self.data_dir(demo);
                std::fs::create_dir_all(&dir)
                    .map_err(|e| Failure::Environment(format!("dossier {} : {e}", dir.display())))?;
                format!("sqlite://{}", dir.join("docimo.sqlite").display())
            }
        };
        Ok(Store::open(&url).await?)
    }

    /// A line for people, on standard error.
    pub fn say(&self, text: &str) {
        if !self.quiet {
            eprintln!("{text}");
        }
    }
}

/// Reads the command line and does it.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("docimo : {error}");
            return ExitCode::from(3);
        }
    };
    let common = cli.common;
    let result = match cli.command {
        None => runtime.block_on(serve::run(&common, &serve::ServeArgs::default(), true)),
        Some(Command::Demo(args)) => runtime.block_on(serve::run(&common, &args, true)),
        Some(Command::Serve(args)) => runtime.block_on(serve::run(&common, &args, false)),
        Some(Command::Mark(args)) => mark_command::run(&common, &args),
        Some(Command::Import(args)) => runtime.block_on(import::run(&common, &args)),
        Some(Command::User(command)) => runtime.block_on(user::run(&common, &command)),
        Some(Command::Check) => runtime.block_on(check::run(&common)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Attention) => ExitCode::from(1),
        Err(Failure::Input(text)) => {
            eprintln!("docimo : {text}");
            ExitCode::from(2)
        }
        Err(Failure::Environment(text)) => {
            eprintln!("docimo : {text}");
            ExitCode::from(3)
        }
    }
}
