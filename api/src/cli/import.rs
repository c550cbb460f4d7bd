//! `docimo import`.

use super::database::Found;
use super::{Common, Failure, out};
use crate::ambient;
use crate::bank::near::{self, Known};
use crate::error::{ApiError, Wrong};
use crate::library::{self, Brought, Compare, Goal, Report};
use clap::{Args, ValueEnum};
use docimo_bank::exchange::{Format, MAX_BYTES, ReadError, Reading};
use docimo_bank::revision::Status;
use docimo_store::Store;
use docimo_store::people::Person;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What to import.
#[derive(Args, Clone, Debug)]
pub struct ImportArgs {
    /// Fichiers de questions
    #[arg(required = true, value_name = "FICHIER")]
    files: Vec<PathBuf>,
    /// Format des fichiers
    #[arg(long, value_enum, default_value_t = FormatArg::Auto, value_name = "FORMAT")]
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
    Gift,
    Aiken,
    AmcTxt,
    AmcLatex,
    Qti,
    Csv,
    Xlsx,
}

impl FormatArg {
    fn format(self) -> Option<Format> {
        match self {
            Self::Auto => None,
            Self::Json => Some(Format::Json),
            Self::MoodleXml => Some(Format::MoodleXml),
            Self::Gift => Some(Format::Gift),
            Self::Aiken => Some(Format::Aiken),
            Self::AmcTxt => Some(Format::AmcTxt),
            Self::AmcLatex => Some(Format::AmcLatex),
            Self::Qti => Some(Format::Qti),
            Self::Csv => Some(Format::Csv),
            Self::Xlsx => Some(Format::Xlsx),
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

/// Imports files: all are read before anything is written.
pub async fn run(common: &Common, args: &ImportArgs) -> Result<(), Failure> {
    let mut report = Report::default();
    let done = import(common, args, &mut report).await;
    if common.json {
        // One document in every case: what stopped the import is in it too.
        if let Err(Failure::Environment(text)) = &done {
            report.faulty.push(Wrong { place: "import".into(), message: text.clone() });
        }
        out::print_json(&report)?;
    } else if done.is_ok() {
        told(common, args, &report);
    }
    done?;
    if report.faulty.is_empty() { Ok(()) } else { Err(Failure::Attention) }
}

async fn import(common: &Common, args: &ImportArgs, total: &mut Report) -> Result<(), Failure> {
    let bar = progress(common);
    let files = match read_all(args).await {
        Ok(files) => files,
        Err(wrong) => {
            bar.finish_and_clear();
            let failure = Failure::faults("rien n’a été importé", &wrong);
            total.faulty = wrong;
            return Err(failure);
        }
    };
    let bank = Bank::open(common, args.dry_run).await?;
    let entries: usize = files.iter().map(|(_, read)| read.entries.len()).sum();
    bar.set_length(entries as u64);
    bar.set_message("Questions");
    let mut brought = Brought::default();
    for (name, read) in files {
        // Read again for each file: what the one before brought is in it.
        let alike = match &bank.store {
            Some(store) => Some(near::load(store).await?),
            None => None,
        };
        let compare = alike.as_ref().map(|a| Compare { known: Known::Loaded(a), reach: None });
        let report = library::bring(bank.goal(), &name, read, compare, &mut brought, &|| bar.inc(1)).await?;
        let place = |w: Wrong| Wrong { place: format!("{name}, {}", w.place), message: w.message };
        total.read += report.read;
        total.questions += report.questions;
        total.added += report.added;
        total.revised += report.revised;
        total.unchanged += report.unchanged;
        total.faulty.extend(report.faulty.into_iter().map(place));
        total.warnings.extend(report.warnings.into_iter().map(place));
        total.alike.extend(report.alike.into_iter().map(place));
        total.alike_in_all += report.alike_in_all;
    }
    bar.finish_and_clear();
    if let Some(store) = bank.store {
        store.close().await;
    }
    Ok(())
}

/// Where questions go.
struct Bank {
    store: Option<Store>,
    /// Who signs; nobody in a trial.
    author_id: Option<String>,
}

impl Bank {
    /// For a trial the bank is only looked at, and there may be none.
    async fn open(common: &Common, dry_run: bool) -> Result<Self, Failure> {
        if !dry_run {
            let store = common.open(false).await?;
            let author_id = command_line_author(&store).await?;
            return Ok(Self { store: Some(store), author_id: Some(author_id) });
        }
        match common.find().await? {
            Found::Ready(store) => Ok(Self { store: Some(store), author_id: None }),
            Found::Nothing(_) => Ok(Self { store: None, author_id: None }),
            Found::OtherVersion(advice) => Err(Failure::Environment(advice)),
        }
    }

    fn goal(&self) -> Goal<'_> {
        match (&self.store, &self.author_id) {
            (Some(store), Some(author_id)) => Goal::Bank { store, author_id, status: Status::Validated },
            (store, _) => Goal::Trial(store.as_ref()),
        }
    }
}

/// Every file, read; or what is wrong with those that cannot be read as a whole.
async fn read_all(args: &ImportArgs) -> Result<Vec<(String, Reading)>, Vec<Wrong>> {
    let (mut files, mut wrong) = (Vec::with_capacity(args.files.len()), Vec::new());
    for (path, name) in args.files.iter().zip(names(&args.files)) {
        match read(path, &name, args.format.format()).await {
            Ok(read) => files.push((name, read)),
            Err(own) => {
                let place = |place: &str| if place.is_empty() { name.clone() } else { format!("{name}, {place}") };
                wrong.extend(own.into_iter().map(|w| Wrong { place: place(&w.place), message: w.message }));
            }
        }
    }
    if wrong.is_empty() { Ok(files) } else { Err(wrong) }
}

async fn read(path: &Path, name: &str, format: Option<Format>) -> Result<Reading, Vec<Wrong>> {
    let one = |message: String| vec![Wrong { place: String::new(), message }];
    let unreadable = |e: std::io::Error| one(super::french::french_io(&e));
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    if size > MAX_BYTES {
        return Err(one(ReadError::TooLarge { size: size as u64, limit: MAX_BYTES as u64 }.to_string()));
    }
    let bytes = std::fs::read(path).map_err(unreadable)?;
    library::read(name, bytes, format).await.map_err(|error| match error {
        ApiError::Invalid { wrong, .. } => wrong,
        other => one(other.to_string()),
    })
}

/// Names of files for people: without their folder, unless two would then be the same.
fn names(paths: &[PathBuf]) -> Vec<String> {
    let short = |path: &PathBuf| path.file_name().map(|n| n.to_string_lossy().into_owned());
    let twins = |path: &PathBuf| paths.iter().filter(|other| short(other) == short(path)).count() > 1;
    let whole = |path: &PathBuf| path.display().to_string();
    paths
        .iter()
        .map(|path| if twins(path) { whole(path) } else { short(path).unwrap_or_else(|| whole(path)) })
        .collect()
}

/// A bar on standard error, hidden where nobody looks.
pub(super) fn progress(common: &Common) -> ProgressBar {
    let bar = ProgressBar::no_length();
    if common.quiet || common.json {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    let style = ProgressStyle::with_template("{spinner} {msg} [{bar:40}] {pos}/{len}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style.progress_chars("=> "));
    bar.set_message("Lecture");
    // Reading and writing have no steps to count: the bar shows that they go on.
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

fn told(common: &Common, args: &ImportArgs, total: &Report) {
    for w in &total.warnings {
        common.say(&format!("avertissement : {} : {}", w.place, w.message));
    }
    for w in &total.alike {
        common.say(&format!("ressemblance : {} : {}", w.place, w.message));
    }
    if total.alike_in_all > total.alike.len() {
        common.say(&format!("ressemblances : {} en tout", total.alike_in_all));
    }
    for w in &total.faulty {
        out::tell(&format!("refusé : {} : {}", w.place, w.message));
    }
    let done = if args.dry_run { " (essai, rien n’est écrit)" } else { "" };
    common.say(&format!(
        "{} lues, {} ajoutées, {} révisées, {} inchangées, {} refusées{done}",
        total.read,
        total.added,
        total.revised,
        total.unchanged,
        total.faulty.len()
    ));
}

#[cfg(test)]
#[path = "import_tests.rs"]
mod tests;
