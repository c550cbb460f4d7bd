//! `docimo export`.

use super::out::{self, Aside, Destination};
use super::{Common, Failure, import};
use crate::bank::export::{self, Order, Outcome};
use crate::bank::reach::Reach;
use crate::bank::select::{Selection, select};
use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};
use docimo_bank::exchange::Target;
use docimo_bank::revision::Status;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// What the help says of losses.
pub const LOSSES: &str = "Sort la dernière version de chaque entrée, avec ses images si le format les porte. Ce que le \
                          format ne garde pas est dit ligne par ligne sur la sortie d’erreur, et dans --json. Le \
                          fichier est écrit en entier ou pas du tout. Code de sortie 1 si une question est laissée de \
                          côté.";

/// What to export.
#[derive(Args, Clone, Debug)]
pub struct ExportArgs {
    /// Format du fichier ; qti est qti22
    #[arg(long, value_name = "FORMAT", value_parser = formats(), required_unless_present = "template")]
    format: Option<String>,
    /// Fichier à écrire ; - pour la sortie standard
    #[arg(short = 'o', long = "out", value_name = "FICHIER")]
    out: PathBuf,
    /// Mots de la recherche : tous doivent se trouver dans l’énoncé, les étiquettes ou l’identifiant
    #[arg(long, value_name = "RECHERCHE")]
    query: Option<String>,
    /// Type de question ou de dossier : QRU, QRM, DP…
    #[arg(long, value_name = "TYPE")]
    kind: Option<String>,
    /// Étiquette portée, ou devenue celle-là : R2C:339, OIC-339-01-A…
    #[arg(long, value_name = "ÉTIQUETTE")]
    tag: Option<String>,
    /// États ; sans cette option, tous sauf les retirées
    #[arg(long, value_enum, value_delimiter = ',', value_name = "ÉTAT")]
    status: Vec<StatusArg>,
    /// Une entrée, par son identifiant ; l’option se répète
    #[arg(long, value_name = "IDENTIFIANT", conflicts_with_all = ["query", "kind", "tag", "status"])]
    id: Vec<String>,
    /// Titre du fichier, et nom de sa catégorie
    #[arg(long, value_name = "TITRE", default_value = export::TITLE)]
    title: String,
    /// Écrit un tableau d’exemple à remplir, au lieu des questions de la banque
    #[arg(long, value_enum, value_name = "FORMAT", conflicts_with_all = ["format", "query", "kind", "tag", "status", "id", "title"])]
    template: Option<TemplateArg>,
}

fn formats() -> PossibleValuesParser {
    PossibleValuesParser::new(Target::ALL.map(Target::code).into_iter().chain(["qti"]))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum TemplateArg {
    Csv,
    Xlsx,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum StatusArg {
    Draft,
    #[value(name = "in_review", alias = "in-review")]
    InReview,
    Validated,
    Retired,
    All,
}

impl StatusArg {
    fn statuses(self) -> Vec<Status> {
        match self {
            Self::Draft => vec![Status::Draft],
            Self::InReview => vec![Status::InReview],
            Self::Validated => vec![Status::Validated],
            Self::Retired => vec![Status::Retired],
            Self::All => Status::ALL.to_vec(),
        }
    }
}

/// What `--json` writes.
#[derive(Serialize)]
struct Document {
    format: &'static str,
    file: String,
    #[serde(flatten)]
    done: Outcome,
}

/// Writes a file of questions, or the example to fill.
pub async fn run(common: &Common, args: &ExportArgs) -> Result<(), Failure> {
    let to = destination(common, args)?;
    if let Some(template) = args.template {
        let target = if template == TemplateArg::Csv { Target::Csv } else { Target::Xlsx };
        to.write(&export::template(target)?.unwrap_or_default())?;
        if common.json {
            out::print_json(&Document { format: target.code(), file: named(&args.out), done: Outcome::default() })?;
        } else {
            common.say(&format!("modèle à remplir : {}", named(&args.out)));
        }
        return Ok(());
    }
    let target = export::target(args.format.as_deref().unwrap_or_default())?;
    let done = write(common, args, target, to).await?;
    let left_out = done.left_out();
    if common.json {
        out::print_json(&Document { format: target.code(), file: named(&args.out), done })?;
    } else {
        told(common, &args.out, target, &done);
    }
    if left_out > 0 { Err(Failure::Attention) } else { Ok(()) }
}

fn destination(common: &Common, args: &ExportArgs) -> Result<Destination, Failure> {
    let bank = common.file();
    let to = Destination::new(&args.out, &bank.iter().map(PathBuf::as_path).collect::<Vec<_>>())?;
    if common.json && matches!(to, Destination::Standard) {
        return Err(Failure::Input("--json et -o - écrivent tous deux sur la sortie standard : gardez-en un".into()));
    }
    Ok(to)
}

fn named(path: &Path) -> String {
    path.display().to_string()
}

fn selection(args: &ExportArgs) -> Selection {
    Selection {
        names: Some(args.id.clone()).filter(|list| !list.is_empty()),
        query: args.query.clone().unwrap_or_default(),
        kind: args.kind.clone().unwrap_or_default(),
        tag: args.tag.clone().unwrap_or_default(),
        folder: String::new(),
        statuses: args.status.iter().flat_map(|s| s.statuses()).collect(),
    }
}

async fn write(common: &Common, args: &ExportArgs, target: Target, to: Destination) -> Result<Outcome, Failure> {
    let store = common.open_existing().await?;
    let selection = selection(args);
    let reach = Reach::whole(&store).await?;
    let index = match selection.query.trim() {
        "" => None,
        _ => Some(super::search::ready(common, &store).await?),
    };
    let ids = select(&store, index.as_ref().map(|(index, _)| index), &selection, &reach).await?;
    if ids.is_empty() {
        return Err(Failure::Input("aucune question ne correspond : rien n’a été écrit".into()));
    }
    let bar = import::progress(common);
    bar.set_length(ids.len() as u64);
    bar.set_message("Questions");
    let order = Order { target, title: args.title.clone() };
    let seen = bar.clone();
    let told = move |n: usize| seen.inc(n as u64);
    let written = export::write(&store, order, ids, Aside::new(to)?, told).await;
    bar.finish_and_clear();
    let (done, aside) = written?;
    aside.keep()?;
    export::record(&store, None, target, &done).await?;
    store.close().await;
    Ok(done)
}

fn told(common: &Common, file: &Path, target: Target, done: &Outcome) {
    for note in &done.notes {
        if note.left_out {
            out::tell(&format!("laissée de côté : {} : {}", note.id, note.message));
        } else {
            common.say(&format!("non gardé : {} : {}", note.id, note.message));
        }
    }
    common.say(&format!(
        "{} entrées choisies ({} questions), {} écrites en {} dans {}, {} choses non gardées",
        done.entries,
        done.questions,
        done.written,
        target.french(),
        named(file),
        done.notes.len()
    ));
}

#[cfg(test)]
#[path = "export_tests.rs"]
mod tests;
