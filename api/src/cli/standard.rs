//! `docimo standard`: the threshold of an exam sat elsewhere, from what judges say and what candidates got.

use super::{Common, Failure, mark_command, out};
use crate::error::Wrong;
use crate::exam::panels::import;
use crate::exam::panels::judged::{Calibrated, Counted, Inputs};
use crate::exam::panels::method::{self, BOUNDS, Scale, Target};
use crate::exam::panels::outcome::{self, Outcome};
use crate::exam::panels::{Book, Method, Options};
use crate::table::{Table, fold_header};
use crate::web::filters::{float, percent};
use clap::{Args, ValueEnum};
use docimo_engine::docimology::irt::{ItemParameters, Model};
use docimo_engine::docimology::standards::{EBEL_DIFFICULTY, EBEL_RELEVANCE};
use std::collections::HashMap;
use std::path::PathBuf;

/// How to set a threshold.
#[derive(Args, Clone, Debug)]
pub struct StandardArgs {
    /// Méthode
    #[arg(long, value_enum, value_name = "MÉTHODE")]
    method: Way,
    /// Avis des juges : une ligne par juge (borderline : une ligne par candidat) ; CSV ou XLSX
    #[arg(long, value_name = "AVIS.CSV")]
    judgements: Option<PathBuf>,
    /// Notes sur 20 : colonnes candidate et mark_on_20, comme les écrit docimo mark
    #[arg(long, value_name = "NOTES.CSV")]
    marks: Option<PathBuf>,
    /// Questions : colonnes question, points (1 par défaut) et p (réussite observée, de 0 à 1)
    #[arg(long, value_name = "QUESTIONS.CSV")]
    questions: Option<PathBuf>,
    /// Marque-page : colonnes question, a, b (seuils séparés par |), c, points (séparés par |, 0 compris)
    #[arg(long, value_name = "MODÈLE.CSV")]
    items: Option<PathBuf>,
    /// Régression au seuil : l’appréciation qui est à la limite
    #[arg(long, value_name = "NOMBRE", default_value_t = 2.0)]
    borderline: f64,
}

/// Methods of the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Way {
    /// Réussite attendue d’un candidat au seuil, en %
    Angoff,
    /// La même, par oui ou non
    YesNoAngoff,
    /// Pertinence et difficulté de chaque question, réussite de chaque case
    Ebel,
    /// Seuil min, seuil max, échecs min, échecs max
    Hofstee,
    /// 60 % de la note du 95ᵉ centile, sans juge
    Cohen,
    /// Candidats jugés à la limite ; avec une colonne appréciation, régression
    Borderline,
    /// Page du carnet ordonné
    Bookmark,
}

/// What the files hold: the end of `docimo standard --help`.
pub const FORMATS: &str = "\
Avis, selon la méthode :
  angoff         judge, puis une colonne par question : 60 (en %)
  yes-no-angoff  judge, puis une colonne par question : oui ou non
  ebel           judge, puis une colonne par question : essentielle/facile, et une par case : essentielle/facile
                 pertinence : essentielle, importante, acceptable, discutable ; difficulté : facile, moyenne, difficile
  hofstee        judge, seuil min, seuil max (sur 20), échecs min, échecs max (en %)
  borderline     candidate, et au besoin appréciation (de 1 à 5) et juge
  bookmark       judge, page (la première question qui n’est pas maîtrisée)
hofstee, cohen et borderline ont besoin de --marks, bookmark de --items.
Codes de sortie : 0 fait ; 1 fait, sans seuil (dit pourquoi) ; 2 entrée refusée.";

/// Reads a table of a file; faults name it.
pub(super) fn table(name: &str, bytes: &[u8]) -> Result<Table, Failure> {
    Table::read_any(bytes).map_err(|wrong| Failure::faults(&format!("{name} : rien n’a été calculé"), &wrong))
}

/// Every column but that of the judges, as a target.
pub(super) fn columns(table: &Table, scale: Scale) -> Vec<Target> {
    let judge = table.headers.iter().position(|h| import::is_judge(h));
    let heads = table.headers.iter().enumerate().filter(|(i, _)| Some(*i) != judge).map(|(_, h)| h);
    heads.map(|h| plain(&format!("question:{h}"), h, scale)).collect()
}

fn plain(id: &str, head: &str, scale: Scale) -> Target {
    Target { id: id.to_owned(), number: 0, head: head.to_owned(), label: head.to_owned(), html: String::new(), scale }
}

/// A file beside the judges: a column read by name.
struct File {
    name: String,
    table: Table,
}

impl File {
    fn open(path: &std::path::Path) -> Result<Self, Failure> {
        let (name, bytes) = mark_command::read(path)?;
        Ok(Self { table: table(&name, &bytes)?, name })
    }

    fn column(&self, names: &[&str]) -> Option<usize> {
        self.table.headers.iter().position(|h| names.contains(&fold_header(h).as_str()))
    }

    fn needed(&self, names: &[&str]) -> Result<usize, Failure> {
        self.column(names).ok_or_else(|| {
            let place = format!("ligne {}", self.table.header_line);
            Failure::faults(&self.name, &[Wrong { place, message: format!("colonne « {} » absente", names[0]) }])
        })
    }

    /// Lines as `read` gives them, or every fault.
    fn lines<T>(&self, read: impl Fn(&[String]) -> Result<T, String>) -> Result<Vec<T>, Failure> {
        let (mut lines, mut wrong) = (Vec::new(), Vec::new());
        for row in &self.table.rows {
            match read(&row.cells) {
                Ok(line) => lines.push(line),
                Err(message) => wrong.push(Wrong { place: format!("ligne {}", row.line), message }),
            }
        }
        if wrong.is_empty() { Ok(lines) } else { Err(Failure::faults(&self.name, &wrong)) }
    }
}

fn typed(text: &str, what: &str) -> Result<f64, String> {
    method::number(text).ok_or_else(|| format!("« {} » : {what} est un nombre", text.trim()))
}

/// Marks on 20 by candidate, in lower case; absent candidates have an empty cell.
fn marks(file: &File) -> Result<Vec<(String, f64)>, Failure> {
    let candidate = file.needed(&["candidate", "candidat", "numero"])?;
    let mark = file.needed(&["markon20", "note", "notesur20", "mark"])?;
    let read = |cells: &[String]| {
        let text = cells[mark].trim();
        if text.is_empty() {
            return Ok(None);
        }
        typed(text, "la note")
            .and_then(|v| if (0.0..=20.0).contains(&v) { Ok(v) } else { Err(format!("« {text} » : de 0 à 20")) })
            .map(|v| Some((cells[candidate].trim().to_lowercase(), v)))
    };
    Ok(file.lines(read)?.into_iter().flatten().collect())
}

/// Points and success rate by question.
fn points(file: &File) -> Result<HashMap<String, (f64, Option<f64>)>, Failure> {
    let question = file.needed(&["question"])?;
    let (points, p) = (file.column(&["points", "weight", "poids"]), file.column(&["p", "reussite"]));
    let read = |cells: &[String]| {
        let of = |column: Option<usize>| column.map(|c| cells[c].trim()).filter(|t| !t.is_empty());
        let points = of(points).map_or(Ok(1.0), |t| typed(t, "les points"))?;
        let p = of(p).map(|t| typed(t, "la réussite")).transpose()?;
        if points <= 0.0 || p.is_some_and(|p| !(0.0..=1.0).contains(&p)) {
            return Err("points positifs, réussite de 0 à 1".to_owned());
        }
        Ok((cells[question].trim().to_owned(), (points, p)))
    };
    Ok(file.lines(read)?.into_iter().collect())
}

/// Item parameters with the points of each category.
fn items(file: &File) -> Result<(Vec<Counted>, Calibrated), Failure> {
    let (question, a, b) = (file.needed(&["question"])?, file.needed(&["a"])?, file.needed(&["b"])?);
    let (c, points) = (file.column(&["c"]), file.column(&["points"]));
    let list = |text: &str, what: &str| text.split('|').map(|t| typed(t, what)).collect::<Result<Vec<f64>, String>>();
    let read = |cells: &[String]| {
        let b = list(&cells[b], "b")?;
        let c = c.map(|c| cells[c].trim()).filter(|t| !t.is_empty()).map_or(Ok(0.0), |t| typed(t, "c"))?;
        let model = match (b.len(), c > 0.0) {
            (1, true) => Model::ThreePl,
            (1, false) => Model::TwoPl,
            (_, false) => Model::Grm,
            (_, true) => return Err("une question à plusieurs seuils n’a pas d’asymptote c".to_owned()),
        };
        let even = || (0..=b.len()).map(|k| k as f64 / b.len() as f64).collect();
        let scores: Vec<f64> = match points.map(|p| cells[p].trim()).filter(|t| !t.is_empty()) {
            Some(text) => list(text, "les points")?,
            None => even(),
        };
        if scores.len() != b.len() + 1 {
            return Err(format!("{} points pour {} niveaux", scores.len(), b.len() + 1));
        }
        let item = ItemParameters { model, a: typed(&cells[a], "a")?, b, c };
        Ok((cells[question].trim().to_owned(), item, scores))
    };
    let mut calibrated = Calibrated::default();
    let mut questions = Vec::new();
    for (i, (id, item, scores)) in file.lines(read)?.into_iter().enumerate() {
        let points = scores.iter().copied().fold(0.0, f64::max);
        questions.push(Counted { target: format!("question:{id}"), number: i + 1, stem: id, points, p: None });
        calibrated.counted.push(i);
        calibrated.items.push(item);
        calibrated.scores.push(scores);
    }
    Ok((questions, calibrated))
}

fn absent(option: &str) -> Failure {
    Failure::Input(format!("cette méthode a besoin de {option}"))
}

/// Reads everything and derives the threshold.
fn derive(args: &StandardArgs) -> Result<Outcome, Failure> {
    let mut inputs = Inputs::default();
    if let Some(path) = &args.marks {
        let list = marks(&File::open(path)?)?;
        inputs.marks = list.iter().map(|l| l.1).collect();
        inputs.mark_of = list.into_iter().collect();
    } else if matches!(args.method, Way::Hofstee | Way::Cohen | Way::Borderline) {
        return Err(absent("--marks"));
    }
    if args.method == Way::Cohen {
        return Ok(outcome::cohen(&inputs.marks));
    }
    let judgements = File::open(args.judgements.as_deref().ok_or_else(|| absent("--judgements"))?)?;
    let known = args.questions.as_deref().map(|p| points(&File::open(p)?)).transpose()?.unwrap_or_default();
    let graded = judgements.column(&["appreciation", "jugement", "grade"]).is_some();
    let (method, targets) = match args.method {
        Way::Angoff => (Method::Angoff, columns(&judgements.table, Scale::Percent)),
        Way::YesNoAngoff => (Method::YesNoAngoff, columns(&judgements.table, Scale::YesNo)),
        Way::Ebel => {
            let cells = EBEL_RELEVANCE.iter().flat_map(|r| EBEL_DIFFICULTY.iter().map(move |d| format!("{r}/{d}")));
            let cells: Vec<Target> = cells.map(|c| plain(&format!("cell:{c}"), &c, Scale::Percent)).collect();
            let mut all: Vec<Target> = columns(&judgements.table, Scale::Cell);
            all.retain(|t| !cells.iter().any(|c| c.answers_to(&t.head)));
            all.extend(cells);
            (Method::Ebel, all)
        }
        Way::Hofstee => (Method::Hofstee, BOUNDS.iter().map(|(id, head, _, scale)| plain(id, head, *scale)).collect()),
        Way::Bookmark => {
            let file = File::open(args.items.as_deref().ok_or_else(|| absent("--items"))?)?;
            let (questions, calibrated) = items(&file)?;
            let pages: usize = calibrated.items.iter().map(|i| i.categories() - 1).sum();
            (inputs.questions, inputs.calibrated) = (questions, Some(calibrated));
            (Method::Bookmark, vec![plain("page", "page", Scale::Page(pages + 1))])
        }
        Way::Borderline if graded => (Method::BorderlineRegression, Vec::new()),
        Way::Borderline | Way::Cohen => (Method::BorderlineGroup, Vec::new()),
    };
    let options = Options { version: None, borderline: Some(args.borderline) };
    let empty = Book::of_file(method, options.clone(), Vec::new(), Vec::new());
    let candidates = inputs.mark_of.keys().map(|c| (c.clone(), c.clone())).collect();
    let import = import::read(&empty, &targets, &candidates, &judgements.table)
        .map_err(|wrong| Failure::faults(&format!("{} : rien n’a été calculé", judgements.name), &wrong))?;
    if method.of_questions() {
        let questions = targets.iter().filter(|t| t.id.starts_with("question:")).enumerate();
        inputs.questions = questions
            .map(|(i, t)| {
                let (points, p) = known.get(&t.head).copied().unwrap_or((1.0, None));
                Counted { target: t.id.clone(), number: i + 1, stem: t.head.clone(), points, p }
            })
            .collect();
    }
    Ok(outcome::outcome(&Book::of_file(method, options, import.fresh, import.said), &inputs))
}

/// The same for people.
fn text(found: &Outcome) -> String {
    let mut text = match found.threshold {
        Some(_) => format!("Seuil : {} sur 20, erreur-type {}\n", float(found.threshold, 2), float(found.se, 2)),
        None => format!("Pas de seuil : {}\n", found.why_not.as_deref().unwrap_or_default()),
    };
    for remark in &found.remarks {
        text.push_str(&format!("  {remark}\n"));
    }
    for rate in found.impact.iter().flatten().filter(|r| found.se.is_some() || r.shift == 0) {
        let cut = float(Some(rate.cut), 2);
        text.push_str(&format!(
            "  {:+} erreur-type ({cut}) : {} reçus, {}\n",
            rate.shift,
            rate.passing,
            percent(rate.rate)
        ));
    }
    if found.judges.iter().any(|j| j.threshold.is_some()) {
        text.push_str("\nJuge : son seuil, seuil sans ce juge\n");
        for judge in &found.judges {
            let out = if judge.out_of_line { "  (s’écarte des autres)" } else { "" };
            text.push_str(&format!(
                "{} : {}, {}{out}\n",
                judge.name,
                float(judge.threshold, 2),
                float(judge.without, 2)
            ));
        }
    }
    if let Some(icc) = &found.agreement {
        let (one, all) = (float(icc.single, 2), float(icc.average, 2));
        text.push_str(&format!("Accord (ICC 2,1) : {one} pour un juge, {all} pour leur moyenne\n"));
    }
    text
}

/// Reads, derives, tells.
pub fn run(common: &Common, args: &StandardArgs) -> Result<(), Failure> {
    let found = derive(args)?;
    if common.json {
        out::print_json(&found)?;
    } else {
        out::print(text(&found).as_bytes())?;
    }
    if found.threshold.is_some() { Ok(()) } else { Err(Failure::Attention) }
}

#[cfg(test)]
#[path = "standard_tests.rs"]
mod tests;
