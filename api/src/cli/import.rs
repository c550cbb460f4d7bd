//! `docimo import`.

use super::{Common, Failure};
use crate::ambient;
use crate::library::{Report, import_file};
use clap::{Args, ValueEnum};
use docimo_bank::import::Format;
use docimo_store::Store;
use docimo_store::people::Person;
use indicatif::{ProgressBar, ProgressDrawTarget};
use std::path::PathBuf;

/// What to import.
#[derive(Args, Clone, Debug)]
pub struct ImportArgs {
    /// Fichiers de questions
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Format des fichiers
    #[arg(long, value_enum, default_value_t = FormatArg::Auto)]
    format: FormatArg,
    /// Dit ce qui serait fait, sans rien écrire
    #[arg(long)]
    dry_run: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FormatArg {
    Auto,
    Json,
    MoodleXml,
}

impl FormatArg {
    fn format(self) -> Option<Format> {
        match self {
            Self::Auto => None,
            Self::Json => Some(Format::Json),
            Self::MoodleXml => Some(Format::MoodleXml),
        }
    }
}

/// The account that revisions brought by the command line are signed with: nobody can sign in as it.
pub async fn command_line_author(store: &Store) -> Result<String, Failure> {
    const LOGIN: &str = "ligne-de-commande";
    if let Some(person) = store.person_by_login(LOGIN).await? {
        return Ok(person.id);
    }
    let now_ms = ambient::now_ms();
    let person = Person {
        id: ambient::fresh_id(now_ms),
        login: LOGIN.into(),
        name: "Ligne de commande".into(),
        secret: None,
        created_ms: now_ms,
        disabled_ms: Some(now_ms),
    };
    store.add_person(&person, &[]).await?;
    Ok(person.id)
}

/// Imports files, each whole.
pub async fn run(common: &Common, args: &ImportArgs) -> Result<(), Failure> {
    let mut contents = Vec::with_capacity(args.files.len());
    for path in &args.files {
        let bytes = std::fs::read(path).map_err(|e| Failure::Input(format!("{} : {e}", path.display())))?;
        contents.push((
            path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned()),
            bytes,
        ));
    }
    let store = common.open(false).await?;
    let author = command_line_author(&store).await?;
    let bar = ProgressBar::new(contents.len() as u64);
    if common.quiet || common.json {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    let mut total = Report::default();
    for (name, bytes) in contents {
        let report = import_file(&store, &author, &name, bytes, args.format.format(), args.dry_run).await?;
        let place = |mut w: crate::error::Wrong| {
            w.place = format!("{name}, {}", w.place);
            w
        };
        total.read += report.read;
        total.questions += report.questions;
        total.added += report.added;
        total.revised += report.revised;
        total.unchanged += report.unchanged;
        total.faulty.extend(report.faulty.into_iter().map(place));
        total.warnings.extend(report.warnings.into_iter().map(place));
        bar.inc(1);
    }
    bar.finish_and_clear();
    store.close().await;
    if common.json {
        println!("{}", serde_json::to_string(&total).map_err(anyhow::Error::from)?);
    } else {
        for w in &total.warnings {
            common.say(&format!("avertissement : {} : {}", w.place, w.message));
        }
        for w in &total.faulty {
            eprintln!("refusé : {} : {}", w.place, w.message);
        }
        let done = if args.dry_run { "(essai, rien n’est écrit)" } else { "" };
        common.say(&format!(
            "{} lues, {} ajoutées, {} révisées, {} inchangées, {} refusées {done}",
            total.read,
            total.added,
            total.revised,
            total.unchanged,
            total.faulty.len()
        ));
    }
    if total.faulty.is_empty() { Ok(()) } else { Err(Failure::Attention) }
}
