//! `docimo equate`: the marks of an exam on the scale of another, both sat elsewhere.

use super::mark::{self, Input};
use super::out::{self, Destination};
use super::{Common, Failure, analyse, mark_command, scheme};
use crate::analysis::equating::pairing::{Names, Side};
use crate::analysis::equating::{Equating, Wishes, equate, report};
use crate::analysis::study::{Choice, Study, Wishes as StudyWishes};
use crate::analysis::subject::{Person, Subject};
use crate::error::Wrong;
use clap::Args;
use docimo_engine::ledger::Effective;
use docimo_engine::marking::Compiled;
use docimo_engine::paper::Paper;
use docimo_engine::scheme::MarkingScheme;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What to compare.
#[derive(Args, Clone, Debug)]
pub struct EquateArgs {
    /// Clé de l’épreuve dont les notes sont converties (mêmes colonnes que docimo mark)
    #[arg(long, value_name = "CLÉ.CSV")]
    key_x: PathBuf,
    /// Ses réponses
    #[arg(long, value_name = "RÉPONSES.CSV")]
    responses_x: PathBuf,
    /// Clé de l’épreuve à l’échelle de laquelle elles sont mises
    #[arg(long, value_name = "CLÉ.CSV")]
    key_y: PathBuf,
    /// Ses réponses
    #[arg(long, value_name = "RÉPONSES.CSV")]
    responses_y: PathBuf,
    /// Questions communes : auto (celles de même nom), ou un fichier, un nom par ligne ou deux séparés par « ; »
    #[arg(long, value_name = "FICHIER", default_value = "auto")]
    anchors: String,
    /// Questions communes laissées de côté, séparées par des virgules
    #[arg(long, value_name = "Q1,Q2", value_delimiter = ',')]
    without: Vec<String>,
    /// Barème des deux épreuves : un nom (docimo scheme list) ou un fichier JSON
    #[arg(long, value_name = "BARÈME", default_value = "edn")]
    scheme: String,
    /// Barème de l’autre épreuve, s’il est différent
    #[arg(long, value_name = "BARÈME")]
    scheme_y: Option<String>,
    /// Modèle de réponse : rasch, 2pl, 3pl, pcm, gpcm, grm ou none ; auto choisit selon les données
    #[arg(long, value_name = "MODÈLE", default_value = "auto", value_parser = analyse::model)]
    model: Choice,
    /// Tirages de candidats pour les erreurs-types
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(2..=20_000))]
    replicates: u32,
    /// Point de départ des tirages : la même valeur redonne les mêmes nombres
    #[arg(long, value_name = "N", default_value_t = 2_026)]
    seed: u64,
    /// Écrit le rapport, un seul fichier qui s’imprime bien
    #[arg(long, value_name = "RAPPORT.HTML")]
    html: Option<PathBuf>,
}

/// An exam read, with its study.
struct Read {
    subject: Subject,
    study: Study,
    paper: Paper,
}

impl Read {
    fn side(&self) -> Side<'_> {
        Side { subject: &self.subject, study: &self.study, paper: &self.paper }
    }
}

/// Reads, compares, tells.
pub fn run(common: &Common, args: &EquateArgs) -> Result<(), Failure> {
    let inputs: [&Path; 4] = [&args.key_x, &args.responses_x, &args.key_y, &args.responses_y];
    let html = args.html.as_ref().map(|p| Destination::new(p, &inputs)).transpose()?;
    let to_standard = matches!(html, Some(Destination::Standard));
    if common.json && to_standard {
        return Err(Failure::Input("--json écrit déjà sur la sortie standard : nommez un fichier".into()));
    }
    let scheme_x = scheme::named(&args.scheme)?;
    let scheme_y = args.scheme_y.as_deref().map_or_else(|| Ok(scheme_x.clone()), scheme::named)?;
    let x = read(common, args, (&args.key_x, &args.responses_x), scheme_x)?;
    let y = read(common, args, (&args.key_y, &args.responses_y), scheme_y)?;
    let names = names(&args.anchors, &x, &y)?;
    let without = chosen(&args.without, &x, &names)?;
    let wishes = Wishes { names, without, replicates: args.replicates as usize, seed: args.seed };
    let found: Equating = equate(&x.side(), &y.side(), &wishes);
    for warning in &found.warnings {
        common.say(&format!("avertissement : {warning}"));
    }
    if let Some(destination) = &html {
        destination.write(report::html(&found)?.as_bytes())?;
    }
    if common.json {
        out::print_json(&found)?;
    } else if !to_standard {
        out::print(report::text(&found).as_bytes())?;
    }
    // Nothing could be converted: said above, and in the exit code.
    if found.retained.is_some() { Ok(()) } else { Err(Failure::Attention) }
}

fn read(
    common: &Common,
    args: &EquateArgs,
    (key, responses): (&Path, &Path),
    scheme: MarkingScheme,
) -> Result<Read, Failure> {
    let (key_name, key_bytes) = mark_command::read(key)?;
    let (responses_name, responses_bytes) = mark_command::read(responses)?;
    let bar = mark_command::progress(common, responses_bytes.len() as u64);
    let input = Input {
        key_name: &key_name,
        key: &key_bytes,
        responses_name: &responses_name,
        responses: &responses_bytes,
        scheme,
        progress: &|bytes| bar.set_position(bytes),
    };
    let exam = mark::exam(&input);
    bar.finish_and_clear();
    let exam = exam.map_err(|faults| Failure::faults("rien n’a été comparé", &faults))?;
    for warning in &exam.warnings {
        common.say(&format!("avertissement : {warning}"));
    }
    let paper = exam.paper.clone();
    let effective = Effective::new(exam.paper);
    let compiled = Compiled::new(&effective, &exam.matrix).map_err(|e| Failure::Input(e.to_string()))?;
    let person = |c: String| Person { id: String::new(), number: c, name: String::new() };
    let people: Vec<Person> = exam.candidates.into_iter().map(person).collect();
    let mut subject = Subject::new(effective, compiled, Arc::new(exam.matrix), people, vec![]);
    let stem = responses.file_stem().map(|s| s.to_string_lossy().into_owned());
    subject.title = stem.unwrap_or(responses_name);
    let wishes = StudyWishes { model: args.model, replicates: 0, seed: args.seed, pairs: false };
    let study = analyse::watched(common, &subject, &wishes)?;
    Ok(Read { subject, study, paper })
}

/// Questions left out, if any; what is not a common question is a fault.
fn chosen(without: &[String], x: &Read, names: &Names) -> Result<Option<BTreeSet<String>>, Failure> {
    let list: BTreeSet<String> = without.iter().map(|q| q.trim().to_owned()).filter(|q| !q.is_empty()).collect();
    if let Some(unknown) = list.iter().find(|q| !x.subject.labels.iter().any(|l| l.id == **q)) {
        return Err(Failure::Input(format!(
            "--without : la question « {unknown} » n’est pas dans la première épreuve"
        )));
    }
    // With names of the user's own nothing is left out but by them.
    Ok((!list.is_empty() || matches!(names, Names::Given(_))).then_some(list))
}

fn names(anchors: &str, x: &Read, y: &Read) -> Result<Names, Failure> {
    if anchors == "auto" {
        return Ok(Names::Same);
    }
    let path = Path::new(anchors);
    let text = std::fs::read_to_string(path).map_err(|e| Failure::unreadable(path, &e))?;
    let name = path.file_name().map_or_else(|| anchors.to_owned(), |n| n.to_string_lossy().into_owned());
    let id = |read: &Read, wanted: &str| read.subject.labels.iter().any(|l| l.id == wanted);
    parse(&name, &text, |q| id(x, q), |q| id(y, q))
        .map(Names::Given)
        .map_err(|faults| Failure::faults("rien n’a été comparé", &faults))
}

/// Pairs of names, one a line; or every fault.
fn parse(
    file: &str,
    text: &str,
    in_x: impl Fn(&str) -> bool,
    in_y: impl Fn(&str) -> bool,
) -> Result<Vec<(String, String)>, Vec<Wrong>> {
    let (mut pairs, mut wrong): (Vec<(String, String)>, Vec<Wrong>) = (Vec::new(), Vec::new());
    for (i, line) in text.trim_start_matches('\u{feff}').lines().enumerate().filter(|(_, l)| !l.trim().is_empty()) {
        let cells: Vec<&str> = line.split([';', ',', '\t']).map(str::trim).filter(|c| !c.is_empty()).collect();
        let mut fault = |message: String| wrong.push(Wrong { place: format!("{file}, ligne {}", i + 1), message });
        let (one, two) = match cells[..] {
            [one] => (one, one),
            [one, two] => (one, two),
            _ => {
                fault("un nom de question, ou deux séparés par « ; »".into());
                continue;
            }
        };
        if !in_x(one) {
            fault(format!("question « {one} » absente de la première épreuve"));
        } else if !in_y(two) {
            fault(format!("question « {two} » absente de l’autre épreuve"));
        } else if pairs.iter().any(|(a, b)| a == one || b == two) {
            fault(format!("question « {one} » ou « {two} » déjà appariée"));
        } else {
            pairs.push((one.to_owned(), two.to_owned()));
        }
    }
    wrong.truncate(100);
    if wrong.is_empty() { Ok(pairs) } else { Err(wrong) }
}

#[cfg(test)]
#[path = "equate_tests.rs"]
mod tests;
