//! `docimo r2c`: referentials.

use super::database::Found;
use super::import::command_line_author;
use super::{Common, Failure, out};
use crate::error::Wrong;
use crate::referential::bring::{self, Report};
use crate::referential::file::{self, Brought};
use crate::referential::pull::{self, Manner, PullError};
use clap::{Args, Subcommand};
use docimo_store::Store;
use r2c_referential::{Version, ecn_items, items, situations, specialties};
use serde::Serialize;
use std::path::PathBuf;
use std::time::Duration;

/// What a table may hold.
pub const FORMATS: &str = "Fichiers : les objectifs nationaux (CSV ou XLSX, colonnes code, item, ordinal, rank, rubric, title, \
    title_status) ; n’importe quel référentiel (CSV ou XLSX, colonnes code, parent, title, kind, rank, status, replaces : \
    seules code et title sont nécessaires) ; un paquet IMS CASE (JSON) ; des réponses d’un wiki MediaWiki (JSON).\n\
    Codes de sortie : 0 fait, 1 fait mais des lignes sont refusées, 2 rien n’est écrit, 3 base ou réseau.";

/// What to do with referentials.
#[derive(Subcommand, Clone, Debug)]
pub enum R2cCommand {
    /// Importe un référentiel, ou une nouvelle version d’un référentiel
    #[command(after_help = FORMATS)]
    Import(ImportArgs),
    /// Lit les objectifs nationaux sur le wiki LISA
    Pull(PullArgs),
    /// Liste les référentiels et leurs versions
    List,
}

/// What to import.
#[derive(Args, Clone, Debug)]
pub struct ImportArgs {
    /// Fichier du référentiel
    #[arg(value_name = "FICHIER")]
    file: PathBuf,
    /// Nom court du référentiel ; par défaut, celui du fichier
    #[arg(long, value_name = "NOM")]
    referential: Option<String>,
    /// Nom de la version ; par défaut, celui du fichier ou la date
    #[arg(long, value_name = "NOM")]
    version: Option<String>,
    /// Dit ce qui serait fait, sans rien écrire
    #[arg(long)]
    dry_run: bool,
}

/// What to pull.
#[derive(Args, Clone, Debug)]
pub struct PullArgs {
    /// Adresse du wiki, ou de son api.php
    #[arg(long, env = "DOCIMO_LISA", default_value = pull::OFFICIAL, value_name = "ADRESSE")]
    from: String,
    /// Nom de la version ; par défaut, celui que donne l’adresse, ou la date
    #[arg(long, value_name = "NOM")]
    version: Option<String>,
    /// Millisecondes entre deux demandes
    #[arg(long, default_value_t = 500, value_name = "MS")]
    pause: u64,
    /// Dit ce qui serait fait, sans rien écrire dans la base
    #[arg(long)]
    dry_run: bool,
}

/// Imports, pulls or lists.
pub async fn run(common: &Common, command: &R2cCommand) -> Result<(), Failure> {
    match command {
        R2cCommand::Import(args) => {
            let brought = read(args);
            finish(common, brought, args.version.as_deref(), args.dry_run).await
        }
        R2cCommand::Pull(args) => {
            let manner = Manner {
                pause: Duration::from_millis(args.pause.min(60_000)),
                kept_in: Some(common.data_dir(false).join("lisa.jsonl")),
                ..Manner::default()
            };
            let brought = pulled(common, args, &manner).await;
            let is_read = brought.is_ok();
            let done = finish(common, brought, args.version.as_deref(), args.dry_run).await;
            if is_read && matches!(done, Ok(()) | Err(Failure::Attention)) && !args.dry_run {
                pull::forget(&manner);
            }
            done
        }
        R2cCommand::List => list(common).await,
    }
}

/// What stops a command, with the faults behind it.
type Stopped = (Failure, Vec<Wrong>);

fn read(args: &ImportArgs) -> Result<Brought, Stopped> {
    let name = args.file.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    let bytes = std::fs::read(&args.file).map_err(|e| {
        let message = super::french::french_io(&e);
        (Failure::unreadable(&args.file, &e), vec![Wrong { place: name.clone(), message }])
    })?;
    file::read(&name, &bytes, args.referential.as_deref())
        .map_err(|wrong| (Failure::faults(&format!("{name} : rien n’a été importé"), &wrong), wrong))
}

async fn pulled(common: &Common, args: &PullArgs, manner: &Manner) -> Result<Brought, Stopped> {
    let stopped = |error: PullError| {
        let wrong = vec![Wrong { place: "wiki".into(), message: error.to_string() }];
        match error {
            PullError::Address(text) => (Failure::Input(text), wrong),
            other => (Failure::Environment(other.to_string()), wrong),
        }
    };
    let url = pull::address(&args.from).map_err(stopped)?;
    common.say(&format!("Lecture de {url}…"));
    let told = |pages: usize| {
        if pages > 0 && pages.is_multiple_of(500) {
            common.say(&format!("  {pages} pages"));
        }
    };
    let pages = pull::pull(&url, manner, &told).await.map_err(stopped)?;
    let version = args.version.clone().unwrap_or_else(|| pull::version_of(&url));
    file::of_wiki(url.as_str(), version, &pages)
        .map_err(|wrong| (Failure::faults("le wiki n’a donné aucun objectif", &wrong), wrong))
}

async fn finish(
    common: &Common,
    brought: Result<Brought, Stopped>,
    version: Option<&str>,
    dry_run: bool,
) -> Result<(), Failure> {
    let mut report = Report::default();
    let done = match brought {
        Ok(brought) => bring(common, brought, version, dry_run).await.map(|own| report = own),
        Err((failure, wrong)) => {
            report.faulty = wrong;
            Err(failure)
        }
    };
    if common.json {
        // One document in every case: what stopped the import is in it too.
        if let Err(Failure::Input(text) | Failure::Environment(text)) = &done
            && report.faulty.is_empty()
        {
            report.faulty.push(Wrong { place: "import".into(), message: text.clone() });
        }
        out::print_json(&report)?;
    } else if done.is_ok() {
        told(common, &report, dry_run);
    }
    done?;
    if report.faulty.is_empty() { Ok(()) } else { Err(Failure::Attention) }
}

async fn bring(common: &Common, brought: Brought, version: Option<&str>, dry_run: bool) -> Result<Report, Failure> {
    if dry_run {
        let store = match common.find().await? {
            Found::Ready(store) => Some(store),
            Found::Nothing(_) => None,
            Found::OtherVersion(advice) => return Err(Failure::Environment(advice)),
        };
        return Ok(bring::plan(store.as_ref(), brought, version).await?.report);
    }
    let store = common.open(false).await?;
    let plan = bring::plan(Some(&store), brought, version).await?;
    let author_id = command_line_author(&store).await?;
    let report = bring::keep(&store, plan, &author_id).await?;
    store.close().await;
    Ok(report)
}

fn told(common: &Common, report: &Report, dry_run: bool) {
    for w in &report.warnings {
        common.say(&format!("avertissement : {} : {}", w.place, w.message));
    }
    for w in &report.faulty {
        out::tell(&format!("refusé : {} : {}", w.place, w.message));
    }
    let trial = if dry_run { " (essai, rien n’est écrit)" } else { "" };
    if report.unchanged {
        common.say(&format!(
            "{}, version « {} » : {} éléments, rien n’a changé{trial}",
            report.referential, report.version, report.nodes
        ));
        return;
    }
    common.say(&format!(
        "{}, version « {} » : {} éléments, {} refusés{trial}",
        report.referential,
        report.version,
        report.nodes,
        report.faulty.len()
    ));
    let cut = report.title_status.get("truncated").copied().unwrap_or(0);
    let doubtful = report.title_status.get("uncertain").copied().unwrap_or(0);
    if cut + doubtful > 0 {
        common.say(&format!("  intitulés : {cut} tronqués, {doubtful} peut-être tronqués, gardés et signalés"));
    }
    if let Some(before) = &report.compared_with {
        common.say(&format!(
            "  depuis « {before} » : {} ajoutés, {} retirés, {} suivis sous un autre code, {} partagés, {} intitulés changés",
            report.added, report.removed, report.moved, report.split, report.retitled
        ));
    }
    if report.to_review > 0 {
        common.say(&format!("  {} étiquettes de la banque à revoir : page /referentiel/revue", report.to_review));
    }
}

/// A list known to this instance.
#[derive(Serialize)]
struct Known {
    referential: String,
    title: String,
    version: String,
    nodes: usize,
    origin: String,
    embedded: bool,
}

async fn list(common: &Common) -> Result<(), Failure> {
    let embedded = |referential: &str, title: &str, version: Version, nodes: usize| Known {
        referential: referential.into(),
        title: title.into(),
        version: version.name().into(),
        nodes,
        origin: version.source().into(),
        embedded: true,
    };
    let current = Version::CURRENT;
    let mut all = vec![
        embedded("R2C", "Items de connaissance", current, items().len()),
        embedded("R2C:SDD", "Situations de départ", Version::R2c2021, situations().len()),
        embedded("spec", "Spécialités", current, specialties().len()),
        embedded("ECN", "Items d’avant la réforme", Version::Ecn2013, ecn_items().len()),
    ];
    match common.find().await? {
        Found::Ready(store) => {
            all.extend(imported(&store).await?);
            store.close().await;
        }
        // Nothing imported: the embedded lists are there all the same.
        Found::Nothing(_) => {}
        Found::OtherVersion(advice) => return Err(Failure::Environment(advice)),
    }
    if common.json {
        return out::print_json(&all);
    }
    let mut text = String::new();
    for known in &all {
        let from = if known.embedded { "intégré" } else { "importé" };
        text.push_str(&format!(
            "{:<16} {:>6}  {:<14} {} ({from}, {})\n",
            known.referential, known.nodes, known.version, known.title, known.origin
        ));
    }
    if all.iter().all(|known| known.embedded) {
        common.say("Aucun objectif importé : « docimo r2c pull », ou « docimo r2c import FICHIER »");
    }
    out::print(text.as_bytes())
}

async fn imported(store: &Store) -> Result<Vec<Known>, Failure> {
    let lines = store.referentials().await?;
    let known = |line: docimo_store::referentials::ReferentialLine| Known {
        referential: line.slug,
        title: line.title,
        version: line.version,
        nodes: usize::try_from(line.nodes).unwrap_or(0),
        origin: line.origin,
        embedded: false,
    };
    Ok(lines.into_iter().map(known).collect())
}

#[cfg(test)]
#[path = "r2c_tests.rs"]
mod tests;
