//! `docimo analyse`: item analysis of an exam sat elsewhere.

use super::mark::{self, Input};
use super::out::{self, Destination};
use super::{Common, Failure, mark_command, scheme};
use crate::analysis::document::Document;
use crate::analysis::jobs::Progress;
use crate::analysis::study::{Choice, Study, Wishes};
use crate::analysis::subject::{Grouping, Person, Subject, seats};
use crate::analysis::{report, sheet};
use crate::error::Wrong;
use crate::exam::candidates::{ROOM, ROW, SEAT};
use crate::table::{Table, fold_header};
use clap::Args;
use docimo_engine::docimology::irregularities::Seat;
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
    /// Places : colonnes candidate, salle, rangée (depuis le devant), place ; les voisins sont comparés à part
    #[arg(long, value_name = "PLACES.CSV")]
    seats: Option<PathBuf>,
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
    let places = args.seats.as_deref().map(mark_command::read).transpose()?;
    let scheme = scheme::named(&args.scheme)?;
    let inputs: Vec<&Path> = [Some(&args.key), Some(&args.responses), args.groups.as_ref(), args.seats.as_ref()]
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
    let seats = match &places {
        Some((name, bytes)) => seated(name, bytes, &exam.candidates).map_err(refused)?,
        None => vec![],
    };
    let effective = Effective::new(exam.paper);
    let compiled = Compiled::new(&effective, &exam.matrix).map_err(|e| Failure::Input(e.to_string()))?;
    let person = |c: String| Person { id: String::new(), number: c, name: String::new() };
    let people: Vec<Person> = exam.candidates.into_iter().map(person).collect();
    let subject = Subject { seats, ..Subject::new(effective, compiled, Arc::new(exam.matrix), people, groupings) };
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

/// A table about candidates: its rows with the row of the responses that each is about.
struct About {
    table: Table,
    /// Column that names the candidate.
    own: usize,
    /// Row of the table, row of the responses.
    rows: Vec<(usize, usize)>,
}

fn at(name: &str, place: String, message: String) -> Wrong {
    Wrong { place: format!("{name}, {place}"), message }
}

/// Reads a table about candidates; or every fault.
fn about(name: &str, bytes: &[u8], candidates: &[String]) -> Result<About, Vec<Wrong>> {
    let at = |place: String, message: String| at(name, place, message);
    let table =
        Table::read(bytes).map_err(|wrong| wrong.into_iter().map(|w| at(w.place, w.message)).collect::<Vec<_>>())?;
    let head = |h: &String| matches!(fold_header(h).as_str(), "candidate" | "candidat" | "numero" | "id");
    let Some(own) = table.headers.iter().position(head) else {
        return Err(vec![at(format!("ligne {}", table.header_line), "colonne « candidate » absente".into())]);
    };
    let known: HashMap<&str, usize> = candidates.iter().enumerate().map(|(i, c)| (c.as_str(), i)).collect();
    let (mut rows, mut seen, mut wrong) = (Vec::new(), HashMap::<usize, u64>::new(), Vec::new());
    for (i, row) in table.rows.iter().enumerate() {
        let candidate = row.cells.get(own).map_or("", |c| c.trim());
        let place = format!("ligne {}, colonne {}", row.line, table.headers[own]);
        let Some(candidate_row) = known.get(candidate) else {
            wrong.push(at(place, format!("candidat « {candidate} » inconnu des réponses")));
            continue;
        };
        match seen.insert(*candidate_row, row.line) {
            Some(first) => wrong.push(at(place, format!("le candidat « {candidate} » est déjà à la ligne {first}"))),
            None => rows.push((i, *candidate_row)),
        }
    }
    wrong.truncate(100);
    if wrong.is_empty() { Ok(About { table, own, rows }) } else { Err(wrong) }
}

/// Groups of candidates, one way a column; or every fault.
fn groupings(name: &str, bytes: &[u8], candidates: &[String]) -> Result<Vec<Grouping>, Vec<Wrong>> {
    let About { table, own, rows } = about(name, bytes, candidates)?;
    if table.headers.len() < 2 {
        let why = "aucune colonne de groupe : ajoutez-en une, par exemple « centre »".to_owned();
        return Err(vec![at(name, format!("ligne {}", table.header_line), why)]);
    }
    let mut of = vec![vec![None; candidates.len()]; table.headers.len()];
    for (row, candidate) in rows {
        for (column, groups) in of.iter_mut().enumerate().filter(|(c, _)| *c != own) {
            let group = table.rows[row].cells.get(column).map_or("", |c| c.trim());
            groups[candidate] = (!group.is_empty()).then(|| group.to_owned());
        }
    }
    let columns = table.headers.iter().zip(&of).enumerate().filter(|(c, _)| *c != own);
    let groupings: Vec<Grouping> = columns.map(|(_, (header, of))| Grouping::new(header.trim(), of)).collect();
    let crowded: Vec<Wrong> = groupings
        .iter()
        .filter(|g| g.groups.len() > 200)
        .map(|g| {
            let why = format!("{} groupes différents, 200 au plus", g.groups.len());
            at(name, format!("colonne {}", g.name), why)
        })
        .collect();
    if crowded.is_empty() { Ok(groupings) } else { Err(crowded) }
}

/// Where candidates sat; or every fault.
fn seated(name: &str, bytes: &[u8], candidates: &[String]) -> Result<Vec<Option<Seat>>, Vec<Wrong>> {
    let About { table, rows, .. } = about(name, bytes, candidates)?;
    let column = |names: &[&str]| table.headers.iter().position(|h| names.contains(&fold_header(h).as_str()));
    let (room, row, seat) = (column(ROOM), column(ROW), column(SEAT));
    let (Some(row), Some(seat)) = (row, seat) else {
        let why = "il faut les colonnes « rangée » et « place »".to_owned();
        return Err(vec![at(name, format!("ligne {}", table.header_line), why)]);
    };
    let mut places = vec![(String::new(), None, None); candidates.len()];
    let mut wrong = Vec::new();
    for (of, candidate) in rows {
        let line = &table.rows[of];
        let cell = |c: usize| line.cells.get(c).map_or("", |t| t.trim());
        let mut whole = |c: usize| match cell(c) {
            "" => None,
            text => match text.parse::<i64>() {
                Ok(n) if (0..=10_000).contains(&n) => Some(n),
                Ok(_) | Err(_) => {
                    let place = format!("ligne {}, colonne {}", line.line, table.headers[c]);
                    wrong.push(at(name, place, format!("« {text} » : un nombre entier de 0 à 10 000")));
                    None
                }
            },
        };
        let (row, seat) = (whole(row), whole(seat));
        places[candidate] = (room.map_or("", cell).to_owned(), row, seat);
    }
    wrong.truncate(100);
    if wrong.is_empty() { Ok(seats(&places)) } else { Err(wrong) }
}

#[cfg(test)]
#[path = "analyse_tests.rs"]
mod tests;
