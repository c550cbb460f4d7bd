//! `docimo search` and `docimo index`: the bank's search line, and its index.

use super::{Common, Failure, out};
use crate::bank::find::{self, Asked};
use crate::bank::index::follow::{self, stamps};
use crate::bank::index::{ASKED, Finder, Place};
use crate::bank::reach::Reach;
use crate::bank::synonyms;
use clap::{Args, Subcommand};
use docimo_search::query::{Facet, GRAMMAR_FR};
use docimo_search::{Index, Mismatch};
use docimo_store::Store;
use indicatif::{ProgressBar, ProgressDrawTarget};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// What is shown after the help of `docimo search`.
pub const GRAMMAR: &str = GRAMMAR_FR;

/// What to look for.
#[derive(Args, Clone, Debug)]
pub struct SearchArgs {
    /// La recherche : des mots et des conditions, par exemple « infarctus rang:A genre:QRM »
    #[arg(value_name = "RECHERCHE", default_value = "", allow_hyphen_values = true)]
    line: String,
    /// Nombre de questions montrées
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: u16,
    /// Questions passées avant la première montrée
    #[arg(long, default_value_t = 0, value_name = "N")]
    offset: u16,
    /// Montre aussi les comptes par type, rang, item…
    #[arg(long)]
    facets: bool,
}

/// What to do with the index.
#[derive(Subcommand, Clone, Debug)]
pub enum IndexCommand {
    /// Reconstruit l’index de recherche, même pendant que le serveur répond
    Rebuild,
    /// Compare l’index à la base, question par question
    Check,
}

#[derive(Serialize)]
struct Shown {
    query: String,
    total: u64,
    notes: Vec<String>,
    entries: Vec<EntryShown>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    facets: Vec<FacetShown>,
}

#[derive(Serialize)]
struct EntryShown {
    id: String,
    external_id: String,
    kind: String,
    status: String,
    title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    extract: Option<String>,
}

#[derive(Serialize)]
struct FacetShown {
    field: &'static str,
    values: Vec<(String, u64)>,
}

/// An index that answers: that of a server which runs, or our own, up to date. What it stands on lives as long as it.
pub(super) async fn ready(common: &Common, store: &Store) -> Result<(Arc<Index>, Option<Arc<Finder>>), Failure> {
    let root = common.index_root(false);
    let (list, _) = synonyms::ready(store).await?;
    for (dir, _) in Place::all(&root)?.into_iter().filter(|(_, held)| *held) {
        if let Some(index) = Index::look(&dir, list.clone()).map_err(unreadable)? {
            return Ok((Arc::new(index), None));
        }
    }
    let finder = Finder::open(Place::take(&root)?).map_err(unreadable)?;
    finder.index.set_synonyms(list);
    up_to_date(common, store, &finder).await?;
    Ok((finder.index.clone(), Some(finder)))
}

fn unreadable(error: docimo_search::IndexError) -> Failure {
    Failure::Environment(error.to_string())
}

async fn up_to_date(common: &Common, store: &Store, finder: &Arc<Finder>) -> Result<(), Failure> {
    let bar = ProgressBar::new_spinner();
    if common.quiet || common.json {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    bar.enable_steady_tick(Duration::from_millis(120));
    bar.set_message("Index de recherche");
    let done = follow::catch_up(store, finder, &|n| bar.set_message(format!("Index de recherche : {n} lues"))).await;
    bar.finish_and_clear();
    Ok(done?)
}

/// `docimo search`.
pub async fn run(common: &Common, args: &SearchArgs) -> Result<(), Failure> {
    let store = common.open_existing().await?;
    let shown = search(common, &store, args).await;
    store.close().await;
    let shown = shown?;
    if common.json {
        return out::print_json(&shown);
    }
    for note in &shown.notes {
        common.say(note);
    }
    let mut text = format!("{} trouvées\n", shown.total);
    for entry in &shown.entries {
        let said = entry.extract.as_ref().unwrap_or(&entry.title);
        text.push_str(&format!("{:<24} {:<8} {:<10} {said}\n", entry.external_id, entry.kind, entry.status));
    }
    for facet in &shown.facets {
        let values: Vec<String> = facet.values.iter().map(|(value, n)| format!("{value} ({n})")).collect();
        text.push_str(&format!("{} : {}\n", facet.field, values.join(", ")));
    }
    out::print(text.as_bytes())
}

async fn search(common: &Common, store: &Store, args: &SearchArgs) -> Result<Shown, Failure> {
    let (index, _finder) = ready(common, store).await?;
    let asked = Asked {
        line: args.line.clone(),
        facets: if args.facets { Facet::ALL.to_vec() } else { Vec::new() },
        facet_limit: 10,
        offset: usize::from(args.offset),
        limit: usize::from(args.limit),
        ..Asked::default()
    };
    let reach = Reach::whole(store).await?;
    let found = find::search(store, &index, &reach, asked).await?;
    let (entries, answer) = found.map_err(|fault| Failure::Input(fault.to_string()))?;
    let mut notes: Vec<String> = answer.notice().into_iter().collect();
    notes.extend(answer.remarks.iter().map(|r| r.message.clone()));
    Ok(Shown {
        query: answer.query.to_string(),
        total: answer.total,
        notes,
        entries: entries
            .into_iter()
            .map(|(line, hit)| EntryShown {
                id: line.id,
                external_id: line.external_id,
                kind: line.kind,
                status: line.status,
                title: line.title,
                extract: hit.extract.map(|e| e.text),
            })
            .collect(),
        facets: answer
            .facets
            .into_iter()
            .filter(|f| !f.values.is_empty())
            .map(|f| FacetShown {
                field: f.facet.french(),
                values: f
                    .values
                    .into_iter()
                    .map(|(v, n)| (if v.label.is_empty() { v.value } else { v.label }, n))
                    .collect(),
            })
            .collect(),
    })
}

/// `docimo index`.
pub async fn index(common: &Common, command: &IndexCommand) -> Result<(), Failure> {
    let store = common.open_existing().await?;
    let done = match command {
        IndexCommand::Rebuild => rebuild(common, &store).await,
        IndexCommand::Check => check(common, &store).await,
    };
    store.close().await;
    done
}

/// Asks every server that runs, and waits; builds one's own where none does.
async fn rebuild(common: &Common, store: &Store) -> Result<(), Failure> {
    let root = common.index_root(false);
    let held: Vec<PathBuf> = Place::all(&root)?.into_iter().filter(|(_, held)| *held).map(|(dir, _)| dir).collect();
    if held.is_empty() {
        let place = Place::take(&root)?;
        std::fs::write(place.dir().join(ASKED), "")?;
        let finder = Finder::open(place).map_err(unreadable)?;
        up_to_date(common, store, &finder).await?;
        common.say(&format!("index reconstruit : {} questions", finder.index.len()));
        return Ok(());
    }
    for dir in &held {
        std::fs::write(dir.join(ASKED), "")?;
    }
    common.say("demandé au serveur, qui continue de répondre…");
    for dir in &held {
        wait(dir).await?;
    }
    common.say("index reconstruit");
    Ok(())
}

/// Waits for a server to have built its index; it may also stop meanwhile.
async fn wait(dir: &Path) -> Result<(), Failure> {
    loop {
        if !dir.join(ASKED).exists() {
            return Ok(());
        }
        let root = dir.parent().unwrap_or(dir);
        if !Place::all(root)?.iter().any(|(other, held)| other == dir && *held) {
            return Err(Failure::Environment(
                "le serveur s’est arrêté avant d’avoir reconstruit son index : il le fera à son prochain démarrage"
                    .into(),
            ));
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[derive(Serialize)]
struct Compared {
    index: String,
    entries: usize,
    missing: Vec<String>,
    stale: Vec<String>,
    extra: Vec<String>,
}

async fn check(common: &Common, store: &Store) -> Result<(), Failure> {
    let mut all = Vec::new();
    for (dir, held) in Place::all(&common.index_root(false))? {
        let mut compared = compare(store, &dir).await?;
        // A change may be on its way to the index of a server: it has a second.
        if held && !compared.2.is_empty() {
            tokio::time::sleep(Duration::from_secs(2)).await;
            compared = compare(store, &dir).await?;
        }
        let (index, entries, Mismatch { missing, stale, extra }) = compared;
        all.push(Compared { index, entries, missing, stale, extra });
    }
    if common.json {
        out::print_json(&all)?;
    } else if all.is_empty() {
        common.say("aucun index : le serveur en construit un à son démarrage, ou « docimo index rebuild »");
    } else {
        for c in &all {
            let differ = c.missing.len() + c.stale.len() + c.extra.len();
            let said = if differ == 0 {
                "conforme à la base".to_owned()
            } else {
                format!("{} absentes, {} anciennes, {} en trop", c.missing.len(), c.stale.len(), c.extra.len())
            };
            out::print(format!("{} : {} questions, {said}\n", c.index, c.entries).as_bytes())?;
        }
    }
    let differs = |c: &Compared| !(c.missing.is_empty() && c.stale.is_empty() && c.extra.is_empty());
    if all.iter().any(differs) { Err(Failure::Attention) } else { Ok(()) }
}

async fn compare(store: &Store, dir: &Path) -> Result<(String, usize, Mismatch), Failure> {
    let name = dir.display().to_string();
    let stamps = stamps(store).await?;
    let entries = stamps.len();
    let looked = Index::look(dir, docimo_search::synonyms::Synonyms::default()).map_err(unreadable)?;
    let mismatch = match looked {
        Some(index) => index.check(stamps).map_err(unreadable)?,
        None => Mismatch { missing: stamps.into_iter().map(|s| s.entry).collect(), ..Mismatch::default() },
    };
    Ok((name, entries, mismatch))
}

#[cfg(test)]
#[path = "search_tests.rs"]
mod tests;
