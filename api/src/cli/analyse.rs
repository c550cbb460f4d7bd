//! `docimo analyse`: item analysis of an exam sat elsewhere.

use super::mark::{self, Input};
use super::out::{self, Destination};
use super::{Common, Failure, mark_command, scheme};
use crate::analysis::document::Document;
use crate::analysis::jobs::Progress;
use crate::analysis::study::{Choice, Study, Wishes};
use crate::analysis::subject::{Grouping, Person, Subject};
use crate::analysis::{report, sheet};
use crate::error::Wrong;
use crate::table::{Table, fold_header};
use clap::Args;
use docimo_engine::docimology::irt::Model;
use docimo_engine::ledger::Effective;
use docimo_engine::marking::Compiled;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// What to analyse.
#[derive(Args, Clone, Debug)]
pub struct AnalyseArgs {
    /// Clé : une ligne par question (mêmes colonnes que docimo mark)
    #[arg(long, value_name = "CLÉ.CSV")]
    key: PathBuf,
    /// Réponses : une ligne par candidat (mêmes colonnes que docimo mark)
    #[arg(long, value_name = "RÉPONSES.CSV")]
    responses: PathBuf,
    /// Barème : un nom (docimo scheme list) ou un fichier JSON
    #[arg(long, value_name = "BARÈME", default_value = "edn")]
    scheme: String,
    /// Groupes : une colonne candidate, puis une par façon de grouper (centre, sexe…)
    #[arg(long, value_name = "GROUPES.CSV")]
    groups: Option<PathBuf>,
    /// Modèle de réponse : rasch, 2pl, 3pl, pcm, gpcm, grm ou none ; auto choisit selon les données
    #[arg(long, value_name = "MODÈLE", default_value = "auto", value_parser = model)]
    model: Choice,
    /// Tirages de questions pour l’incertitude des rangs (0 : aucune)
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(0..=20_000))]
    replicates: u32,
    /// Point de départ des tirages : la même valeur redonne les mêmes nombres
    #[arg(long, value_name = "N", default_value_t = 2_026)]
    seed: u64,
    /// Écrit le rapport, un seul fichier qui s’imprime bien
    #[arg(long, value_name = "RAPPORT.HTML")]
    html: Option<PathBuf>,
    /// Écrit les tableaux dans un classeur
    #[arg(long, value_name = "ANALYSE.XLSX")]
    xlsx: Option<PathBuf>,
}

pub(super) fn model(text: &str) -> Result<Choice, String> {
    match text.to_lowercase().as_str() {
        "auto" => Ok(Choice::Auto),
        "none" => Ok(Choice::None),
        name => Model::from_name(name)
            .map(Choice::This)
            .ok_or_else(|| "choisissez rasch, 2pl, 3pl, pcm, gpcm, grm, none ou auto".to_owned()),
    }
}

/// Reads, analyses, tells.
pub fn run(common: &Common, args: &AnalyseArgs) -> Result<(), Failure> {
    let (key_name, key) = mark_command::read(&args.key)?;
    let (responses_name, responses) = mark_command::read(&args.responses)?;
    let groups = args.groups.as_deref().map(mark_command::read).transpose()?;
    let scheme = scheme::named(&args.scheme)?;
    let inputs: Vec<&Path> = [Some(&args.key), Some(&args.responses), args.groups.as_ref()]
        .into_iter()
        .flatten()
        .map(PathBuf::as_path)
        .collect();
    let html = args.html.as_ref().map(|p| Destination::new(p, &inputs)).transpose()?;
    let xlsx = args.xlsx.as_ref().map(|p| Destination::new(p, &inputs)).transpose()?;
    if common.json && [&html, &xlsx].iter().any(|d| matches!(d, Some(Destination::Standard))) {
        return Err(Failure::Input("--json écrit déjà sur la sortie standard : nommez un fichier".into()));
    }
    let bar = mark_command::progress(common, responses.len() as u64);
    let input = Input {
        key_name: &key_name,
        key: &key,
        responses_name: &responses_name,
        responses: &responses,
        scheme,
        progress: &|bytes| bar.set_position(bytes),
    };
    let read = mark::exam(&input);
    bar.finish_and_clear();
    let refused = |faults: Vec<Wrong>| Failure::faults("rien n’a été analysé", &faults);
    let exam = read.map_err(refused)?;
    let groupings = match &groups {
        Some((name, bytes)) => groupings(name, bytes, &exam.candidates).map_err(refused)?,
        None => vec![],
    };
    let effective = Effective::new(exam.paper);
    let compiled = Compiled::new(&effective, &exam.matrix).map_err(|e| Failure::Input(e.to_string()))?;
    let person = |c: String| Person { id: String::new(), number: c, name: String::new() };
    let people: Vec<Person> = exam.candidates.into_iter().map(person).collect();
    let subject = Subject::new(effective, compiled, Arc::new(exam.matrix), people, groupings);
    let wishes = Wishes { model: args.model, replicates: args.replicates as usize, seed: args.seed, pairs: true };
    let mut study = watched(common, &subject, &wishes)?;
    study.warnings.splice(0..0, exam.warnings);
    let document = Document::new(&subject, &study, Some(&exam.order));
    for warning in &document.warnings {
        common.say(&format!("avertissement : {warning}"));
    }
    if let Some(destination) = &html {
        destination.write(report::html(&subject, &study)?.as_bytes())?;
    }
    if let Some(destination) = &xlsx {
        destination.write(&sheet::xlsx(&subject, &study)?)?;
    }
    let elsewhere = [&html, &xlsx].iter().any(|d| matches!(d, Some(Destination::Standard)));
    if common.json {
        out::print_json(&document)
    } else if elsewhere {
        Ok(())
    } else {
        out::print(report::text(&document).as_bytes())
    }
}

/// Runs the study under a bar on the terminal.
pub(super) fn watched(common: &Common, subject: &Subject, wishes: &Wishes) -> Result<Study, Failure> {
    let bar = ProgressBar::new(100);
    if common.quiet || common.json {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    let style =
        ProgressStyle::with_template("{msg} [{bar:40}] {percent} %").unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style.progress_chars("=> "));
    let progress = Progress::default();
    let study = std::thread::scope(|scope| {
        let work = scope.spawn(|| Study::new(subject, wishes, &progress));
        while !work.is_finished() {
            let (stage, percent) = progress.now();
            bar.set_message(stage);
            bar.set_position(percent);
            std::thread::sleep(Duration::from_millis(50));
        }
        work.join()
    });
    bar.finish_and_clear();
    match study {
        Ok(Ok(study)) => Ok(study),
        Ok(Err(_)) => Err(Failure::Attention),
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// Groups of candidates, one way a column; or every fault.
fn groupings(name: &str, bytes: &[u8], candidates: &[String]) -> Result<Vec<Grouping>, Vec<Wrong>> {
    let at = |place: String, message: String| Wrong { place: format!("{name}, {place}"), message };
    let table =
        Table::read(bytes).map_err(|wrong| wrong.into_iter().map(|w| at(w.place, w.message)).collect::<Vec<_>>())?;
    let head = |h: &String| matches!(fold_header(h).as_str(), "candidate" | "candidat" | "numero" | "id");
    let Some(own) = table.headers.iter().position(head) else {
        return Err(vec![at(format!("ligne {}", table.header_line), "colonne « candidate » absente".into())]);
    };
    if table.headers.len() < 2 {
        let why = "aucune colonne de groupe : ajoutez-en une, par exemple « centre »".to_owned();
        return Err(vec![at(format!("ligne {}", table.header_line), why)]);
    }
    let rows: HashMap<&str, usize> = candidates.iter().enumerate().map(|(i, c)| (c.as_str(), i)).collect();
    let mut of = vec![vec![None; candidates.len()]; table.headers.len()];
    let mut seen: HashMap<usize, u64> = HashMap::new();
    let mut wrong = Vec::new();
    for row in &table.rows {
        let candidate = row.cells.get(own).map_or("", |c| c.trim());
        let place = format!("ligne {}, colonne {}", row.line, table.headers[own]);
        let Some(candidate_row) = rows.get(candidate) else {
            wrong.push(at(place, format!("candidat « {candidate} » inconnu des réponses")));
            continue;
        };
        if let Some(first) = seen.insert(*candidate_row, row.line) {
            wrong.push(at(place, format!("le candidat « {candidate} » est déjà à la ligne {first}")));
            continue;
        }
        for (column, groups) in of.iter_mut().enumerate().filter(|(c, _)| *c != own) {
            let group = row.cells.get(column).map_or("", |c| c.trim());
            groups[*candidate_row] = (!group.is_empty()).then(|| group.to_owned());
        }
    }
    if !wrong.is_empty() {
        wrong.truncate(100);
        return Err(wrong);
    }
    let columns = table.headers.iter().zip(&of).enumerate().filter(|(c, _)| *c != own);
    let groupings: Vec<Grouping> = columns.map(|(_, (header, of))| Grouping::new(header.trim(), of)).collect();
    let crowded: Vec<Wrong> = groupings
        .iter()
        .filter(|g| g.groups.len() > 200)
        .map(|g| at(format!("colonne {}", g.name), format!("{} groupes différents, 200 au plus", g.groups.len())))
        .collect();
    if crowded.is_empty() { Ok(groupings) } else { Err(crowded) }
}

#[cfg(test)]
#[path = "analyse_tests.rs"]
mod tests;
