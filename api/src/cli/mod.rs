//! The command line. Exit codes: 0 done; 1 done, but something asks for attention; 2 input or usage
//! error, nothing written; 3 environment error (database, network).

pub mod ai;
pub mod analyse;
pub mod check;
pub mod database;
pub mod equate;
pub mod export;
pub mod french;
pub mod import;
pub mod mark;
pub mod mark_command;
pub mod out;
pub mod r2c;
pub mod scheme;
pub mod search;
pub mod serve;
pub mod simulate;
pub mod standard;
pub mod tcs;
pub mod user;
pub mod verify;

use crate::error::{ApiError, Wrong};
use clap::error::ErrorKind;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use docimo_store::StoreError;
use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Parser)]
#[command(
    name = "docimo",
    version,
    about = "Docimo : examens en ligne des études de santé, de la banque de questions au classement expliqué",
    after_help = "Sans commande : lance la démonstration. Codes de sortie : 0 fait, 1 fait mais à regarder, 2 entrée \
                  refusée, 3 environnement."
)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Options of every command.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Options communes\u{a0}")]
pub struct Common {
    /// Base de données : sqlite://chemin ou postgres://utilisateur:secret@hôte/base
    #[arg(long, global = true, env = "DOCIMO_DATABASE", value_name = "URL", hide_env_values = true)]
    database: Option<String>,
    /// Dossier des données (base SQLite embarquée)
    #[arg(long, global = true, env = "DOCIMO_DATA", value_name = "DOSSIER")]
    data: Option<PathBuf>,
    /// Dossier des index de recherche [défaut : à côté de la base embarquée, ou dans le dossier des données]
    #[arg(long, global = true, env = "DOCIMO_INDEX", value_name = "DOSSIER")]
    index: Option<PathBuf>,
    /// Écrit un document JSON sur la sortie standard, et rien d’autre
    #[arg(long, global = true)]
    pub json: bool,
    /// N’écrit que les erreurs
    #[arg(long, global = true)]
    pub quiet: bool,
    /// Langue des messages
    #[arg(long, global = true, value_enum, default_value_t = Lang::Fr, value_name = "LANGUE")]
    lang: Lang,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Lang {
    #[default]
    Fr,
}

#[derive(Subcommand)]
enum Command {
    /// Lance la démonstration : base embarquée, questions, examen et candidats fictifs
    Demo(serve::ServeArgs),
    /// Lance le serveur, sans données de démonstration
    Serve(serve::ServeArgs),
    /// Note un examen passé ailleurs, à partir de deux fichiers CSV
    #[command(after_help = mark_command::FORMATS)]
    Mark(mark_command::MarkArgs),
    /// Analyse un examen passé ailleurs : questions, fidélité, modèles, rangs
    #[command(after_help = mark_command::FORMATS)]
    Analyse(analyse::AnalyseArgs),
    /// Met les notes d’un examen à l’échelle d’un autre, passés tous deux ailleurs
    #[command(after_help = mark_command::FORMATS)]
    Equate(equate::EquateArgs),
    /// Fixe le seuil d’un examen passé ailleurs : Angoff, Ebel, Hofstee, Cohen, groupe limite, marque-page
    #[command(after_help = standard::FORMATS)]
    Standard(standard::StandardArgs),
    /// Analyse le panel d’un test de concordance de script : clé, fidélité, panélistes
    Tcs(tcs::TcsArgs),
    /// Montre les barèmes intégrés
    #[command(subcommand)]
    Scheme(scheme::SchemeCommand),
    /// Importe des questions dans la banque (JSON Docimo, Moodle XML, GIFT, Aiken, AMC, QTI, CSV, XLSX)
    Import(import::ImportArgs),
    /// Exporte des questions de la banque, dans les mêmes formats, et donne un tableau à remplir
    #[command(after_help = export::LOSSES)]
    Export(export::ExportArgs),
    /// Cherche dans la banque
    #[command(after_help = search::GRAMMAR)]
    Search(search::SearchArgs),
    /// Reconstruit ou vérifie l’index de recherche
    #[command(subcommand)]
    Index(search::IndexCommand),
    /// Importe, lit sur le wiki officiel et liste les référentiels
    #[command(subcommand)]
    R2c(r2c::R2cCommand),
    /// Mesure ce que la machine propose
    #[command(subcommand)]
    Ai(ai::AiCommand),
    /// Éprouve un serveur : des candidats simulés composent, et tout ce qui leur a été accusé est comparé à la base
    Simulate(simulate::SimulateArgs),
    /// Vérifie que les copies sont celles dont les candidats ont reçu la preuve
    Verify(verify::VerifyArgs),
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
    /// A file that cannot be read.
    pub fn unreadable(path: &Path, error: &std::io::Error) -> Self {
        Self::Input(format!("{} : {}", path.display(), french::french_io(error)))
    }

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
            other => Self::Environment(format!("base de données : {}", database::cause(&other))),
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
        Self::Environment(french::french_io(&error))
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Environment(format!("{error:#}"))
    }
}

impl Common {
    /// A line for people, on standard error.
    pub fn say(&self, text: &str) {
        if !self.quiet {
            out::tell(text);
        }
    }
}

fn command() -> clap::Command {
    french::in_french(Cli::command()).arg(french::version_option())
}

/// The command line, read; or what is said instead.
fn read(arguments: Vec<OsString>) -> Result<Cli, Result<(), Failure>> {
    let command = command();
    let path = french::path(&command, &arguments);
    let read = command.try_get_matches_from(arguments).and_then(|matches| Cli::from_arg_matches(&matches));
    read.map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let text = error.render();
            let text = if std::io::stdout().is_terminal() { text.ansi().to_string() } else { text.to_string() };
            out::print(text.as_bytes())
        }
        _ => Err(Failure::Input(french::explain(&error, &path))),
    })
}

fn run(cli: Cli) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let common = cli.common;
    match cli.command {
        None => runtime.block_on(serve::run(&common, &serve::ServeArgs::default(), true)),
        Some(Command::Demo(args)) => runtime.block_on(serve::run(&common, &args, true)),
        Some(Command::Serve(args)) => runtime.block_on(serve::run(&common, &args, false)),
        Some(Command::Mark(args)) => mark_command::run(&common, &args),
        Some(Command::Analyse(args)) => analyse::run(&common, &args),
        Some(Command::Equate(args)) => equate::run(&common, &args),
        Some(Command::Standard(args)) => standard::run(&common, &args),
        Some(Command::Tcs(args)) => tcs::run(&common, &args),
        Some(Command::Scheme(command)) => scheme::run(&common, &command),
        Some(Command::Import(args)) => runtime.block_on(import::run(&common, &args)),
        Some(Command::Export(args)) => runtime.block_on(export::run(&common, &args)),
        Some(Command::Search(args)) => runtime.block_on(search::run(&common, &args)),
        Some(Command::Index(command)) => runtime.block_on(search::index(&common, &command)),
        Some(Command::R2c(command)) => runtime.block_on(r2c::run(&common, &command)),
        Some(Command::Ai(command)) => runtime.block_on(ai::run(&common, &command)),
        Some(Command::Simulate(args)) => runtime.block_on(simulate::run(&common, &args)),
        Some(Command::Verify(args)) => runtime.block_on(verify::run(&common, &args)),
        Some(Command::User(command)) => runtime.block_on(user::run(&common, &command)),
        Some(Command::Check) => runtime.block_on(check::run(&common)),
    }
}

/// Reads the command line and does it.
pub fn main() -> ExitCode {
    let result = match read(french::arguments(std::env::args_os())) {
        Ok(cli) => run(cli),
        Err(instead) => instead,
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Attention) => ExitCode::from(1),
        Err(Failure::Input(text)) => {
            out::tell(&format!("docimo : {text}"));
            ExitCode::from(2)
        }
        Err(Failure::Environment(text)) => {
            out::tell(&format!("docimo : {text}"));
            ExitCode::from(3)
        }
    }
}
