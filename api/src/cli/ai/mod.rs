//! `docimo ai`: how good what the machine proposes is.

mod questions;

use super::french::french_io;
use super::{Common, Failure, out};
use crate::assistance::Models;
use crate::bank::draft::tagger;
use crate::cli::database::Found;
use crate::cli::serve::AssistanceArgs;
use crate::referential::{NATIONAL, file};
use clap::{Args, Subcommand, ValueEnum};
use docimo_ai::tagging::encoder::cache::Cache;
use docimo_ai::tagging::encoder::{Encoder, EncoderError, Purpose};
use docimo_ai::tagging::evaluation::{DEPTHS, Figures, Half, Recall, Tally};
use docimo_ai::tagging::head::{self, Example, Head, LearnError};
use docimo_ai::tagging::propose::{Against, Situations, propose};
use docimo_ai::tagging::rerank::{SEEN, rerank};
use docimo_ai::tagging::tagger::{THRESHOLD, TagError};
use docimo_ai::tagging::{Answer, Corpus, Method, Objective, Ranked, Tagger};
use docimo_search::synonyms::Synonyms;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use questions::Known;
use r2c_referential::Tag;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// What a file of questions may be.
pub const FORMATS: &str = "Questions : JSON [{\"stem\": …, \"propositions\": […], \"correct\": [\"A\"], \"objective\": \
    \"OIC-031-11-B\"}], ou CSV/XLSX de mêmes colonnes (propositions et correct séparées par « | »). À défaut \
    d’objectif, « item » (31 ou R2C:31) suffit ; les deux peuvent être des listes, dont une bonne réponse suffit.\n\
    Méthodes : lexical (mots), dense (sens, demande un modèle), fusion (les deux) ; avec --part, head : mots et tête apprise \
    sur l’autre partie ; avec --rerank, rerank : mots, reclassés par un modèle de langue.\n\
    Modèle : dossier avec tokenizer.json et, au choix, un fichier .bin E5S1 ou config.json et model.safetensors ; rien \
    n’est téléchargé.\n\
    Codes de sortie : 0 fait, 1 fait avec avertissements, 2 entrée refusée, 3 base ou modèle.";

/// What to do.
#[derive(Subcommand, Clone, Debug)]
pub enum AiCommand {
    /// Mesure l’étiquetage sur des questions dont les étiquettes sont connues
    #[command(after_help = FORMATS)]
    Evaluate(EvaluateArgs),
}

/// On what, how.
#[derive(Args, Clone, Debug)]
pub struct EvaluateArgs {
    /// Questions et leurs étiquettes
    #[arg(long, value_name = "FICHIER")]
    questions: PathBuf,
    /// Méthodes ; par défaut, toutes celles que permet le modèle
    #[arg(long, value_enum, value_delimiter = ',', value_name = "MÉTHODE")]
    method: Vec<MethodArg>,
    /// Dossier du modèle de vecteurs
    #[arg(long, env = "DOCIMO_MODEL", value_name = "DOSSIER")]
    model: Option<PathBuf>,
    /// Objectifs, d’un fichier ; par défaut, ceux en vigueur dans la base
    #[arg(long, value_name = "FICHIER")]
    objectives: Option<PathBuf>,
    /// Partie des questions : tuning pour régler, report pour publier, tirées de l’empreinte de l’énoncé
    #[arg(long, value_enum, default_value_t = Part::All, value_name = "PARTIE")]
    part: Part,
    /// Confiance à partir de laquelle une étiquette est proposée, de 0 à 1
    #[arg(long, default_value_t = THRESHOLD, value_name = "SEUIL")]
    threshold: f64,
    /// Fils de calcul du modèle [défaut : autant que de cœurs]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
    /// Mesure aussi le reclassement des trente premiers par un modèle de langue (--ai-url, --ai-model)
    #[arg(long)]
    rerank: bool,
    #[command(flatten)]
    assistance: AssistanceArgs,
    /// Écrit dans ce fichier, question par question, les étiquettes trouvées et leurs raisons (JSON)
    #[arg(long, value_name = "FICHIER")]
    details: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum MethodArg {
    Lexical,
    Dense,
    Fusion,
}

impl MethodArg {
    const fn method(self) -> Method {
        match self {
            Self::Lexical => Method::Lexical,
            Self::Dense => Method::Dense,
            Self::Fusion => Method::Fusion,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    All,
    Tuning,
    Report,
}

impl Part {
    fn holds(self, stem: &str) -> bool {
        match self {
            Self::All => true,
            Self::Tuning => Half::of(stem) == Half::Tuning,
            Self::Report => Half::of(stem) == Half::Report,
        }
    }
}

#[derive(Serialize)]
struct Document {
    questions: usize,
    with_objective: usize,
    tuning_questions: usize,
    report_questions: usize,
    part: &'static str,
    objectives: usize,
    threshold: f64,
    methods: Vec<MethodFigures>,
    warnings: Vec<String>,
}

/// Recall by depth.
type ByDepth = BTreeMap<usize, f64>;

#[derive(Serialize)]
struct MethodFigures {
    method: &'static str,
    item_recall: ByDepth,
    objective_recall: Option<ByDepth>,
    calibration_error: f64,
    objective_calibration_error: Option<f64>,
    answered: f64,
    right_when_answered: Option<f64>,
    questions_per_second: f64,
}

#[derive(Serialize)]
struct Detail {
    question: usize,
    method: &'static str,
    gold_items: Vec<String>,
    gold_objectives: Vec<String>,
    item_confidence: f64,
    objective_confidence: f64,
    items: Vec<Shown>,
    objectives: Vec<Shown>,
}

#[derive(Serialize)]
struct Shown {
    code: String,
    score: f32,
    words: Vec<String>,
}

/// `docimo ai`.
pub async fn run(common: &Common, command: &AiCommand) -> Result<(), Failure> {
    let AiCommand::Evaluate(args) = command;
    if !(0.0..=1.0).contains(&args.threshold) {
        return Err(Failure::Input("--threshold : un nombre de 0 à 1 est attendu".into()));
    }
    let methods = methods(args)?;
    let details = args.details.as_deref().map(|path| out::Destination::new(path, &[&args.questions])).transpose()?;
    let known = read_questions(&args.questions)?;
    let mut warnings = Vec::new();
    let corpus = corpus(common, args, &known, &mut warnings).await?;
    let models = match (args.rerank, args.assistance.models()?) {
        (true, None) => {
            return Err(Failure::Input("--rerank demande un modèle de langue : --ai-url et --ai-model".into()));
        }
        (true, models) => models,
        (false, _) => None,
    };
    let (mut document, found) = evaluate(common, args, &methods, corpus.clone(), &known, warnings)?;
    if let Some(models) = models {
        let (told, failed) = rerank_figures(args, corpus, &known, &models).await?;
        document.methods.extend(told);
        if failed > 0 {
            document.warnings.push(format!("reclassement abandonné, l’ordre des mots restant : {failed} questions"));
        }
    }
    if let Some(details) = details {
        details.write(&out::json(&found)?)?;
    }
    for warning in &document.warnings {
        common.say(&format!("avertissement : {warning}"));
    }
    if common.json {
        out::print_json(&document)?
    } else {
        out::print(text(&document).as_bytes())?
    }
    if document.warnings.is_empty() { Ok(()) } else { Err(Failure::Attention) }
}

fn methods(args: &EvaluateArgs) -> Result<Vec<Method>, Failure> {
    let asked: BTreeSet<Method> = args.method.iter().map(|m| m.method()).collect();
    let possible = |m: &Method| args.model.is_some() || !m.needs_model();
    if let Some(method) = asked.iter().find(|m| !possible(m)) {
        let name = method.name();
        return Err(Failure::Input(format!(
            "la méthode « {name} » demande un modèle : donnez son dossier par --model"
        )));
    }
    Ok(if asked.is_empty() { Method::ALL.into_iter().filter(possible).collect() } else { asked.into_iter().collect() })
}

fn read_questions(path: &Path) -> Result<Vec<Known>, Failure> {
    let bytes = std::fs::read(path).map_err(|e| Failure::unreadable(path, &e))?;
    let refused = |wrong: Vec<_>| Failure::faults(&format!("{} : rien n’a été mesuré", path.display()), &wrong);
    questions::read(&bytes).map_err(refused)
}

/// The objectives of a file, or those in force in the database.
async fn corpus(
    common: &Common,
    args: &EvaluateArgs,
    known: &[Known],
    warnings: &mut Vec<String>,
) -> Result<Corpus, Failure> {
    let corpus = match &args.objectives {
        Some(path) => {
            let bytes = std::fs::read(path).map_err(|e| Failure::unreadable(path, &e))?;
            let name = path.display().to_string();
            let brought = file::read(&name, &bytes, Some(NATIONAL)).map_err(|wrong| Failure::faults(&name, &wrong))?;
            if !brought.read.faults.is_empty() {
                warnings.push(format!("{name} : {} lignes refusées", brought.read.faults.len()));
            }
            let nodes = brought.read.nodes.into_iter();
            Corpus::new(nodes.filter_map(|n| objective(n.code.as_str(), n.rubric, n.title)))
        }
        None => match common.find().await? {
            Found::Ready(store) => {
                let nodes = store.current_nodes(NATIONAL, "OIC-").await?;
                store.close().await;
                tagger::corpus(nodes)
            }
            Found::OtherVersion(advice) => return Err(Failure::Environment(advice)),
            Found::Nothing(_) => Corpus::default(),
        },
    };
    if corpus.objectives().is_empty() {
        warnings.push(
            "aucun objectif : seuls les items sont cherchés, par leurs intitulés. Importez les objectifs (docimo r2c \
             import) ou donnez-les par --objectives"
                .into(),
        );
        return Ok(corpus);
    }
    let held: BTreeSet<_> = corpus.objectives().iter().map(|o| o.code).collect();
    let absent: BTreeSet<_> =
        known.iter().flat_map(|k| &k.gold.objectives).filter(|code| !held.contains(code)).collect();
    if let Some(first) = absent.first() {
        warnings.push(format!("objectifs absents du référentiel, jamais trouvés : {}, dont {first}", absent.len()));
    }
    Ok(corpus)
}

fn objective(code: &str, rubric: Option<r2c_referential::Rubric>, title: String) -> Option<Objective> {
    Some(Objective { code: code.parse().ok()?, rubric, title })
}

fn evaluate(
    common: &Common,
    args: &EvaluateArgs,
    methods: &[Method],
    corpus: Corpus,
    known: &[Known],
    warnings: Vec<String>,
) -> Result<(Document, Vec<Detail>), Failure> {
    let chosen: Vec<(usize, &Known)> =
        known.iter().enumerate().filter(|(_, k)| args.part.holds(&k.asked.stem)).collect();
    if chosen.is_empty() {
        return Err(Failure::Input("aucune question dans cette partie : prenez --part all".into()));
    }
    let has_objectives = !corpus.objectives().is_empty();
    let mut tagger = Tagger::new(corpus, Synonyms::embedded());
    let mut warnings = warnings;
    let mut vectors: Vec<[Vec<f32>; 2]> = Vec::new();
    let mut encoding_s = 0.0;
    if methods.iter().any(|m| m.needs_model())
        && let Some(folder) = &args.model
    {
        let model = Model::open(common, args, folder)?;
        tagger = model.prepare(common, tagger, &mut warnings)?;
        let start = Instant::now();
        vectors = model.questions(common, &chosen)?;
        encoding_s = start.elapsed().as_secs_f64();
    }
    let (mut figures, mut found) = (Vec::new(), Vec::new());
    for method in methods {
        let mut tally = Tally::default();
        let start = Instant::now();
        let answers: Vec<Answer> = chosen
            .iter()
            .enumerate()
            .map(|(at, (_, known))| tagger.tag(&known.asked, *method, vectors.get(at), DEPTHS[2]))
            .collect::<Result<_, TagError>>()
            .map_err(|e| Failure::Environment(e.to_string()))?;
        let own_s = start.elapsed().as_secs_f64() + if method.needs_model() { encoding_s } else { 0.0 };
        for ((at, known), answer) in chosen.iter().zip(&answers) {
            tally.add(answer, &known.gold);
            if args.details.is_some() {
                found.push(detail(*at, method.name(), known, answer));
            }
        }
        if let Some(told) = tally.figures(args.threshold) {
            figures.push(method_figures(method.name(), &told, has_objectives, chosen.len() as f64 / own_s.max(1e-9)));
        }
    }
    if args.part != Part::All {
        match taught(args, &tagger, known) {
            Ok(head) => {
                let mut tally = Tally::default();
                let start = Instant::now();
                for (at, known) in &chosen {
                    let answer = tagger.tag_with(&known.asked, Method::Lexical, None, DEPTHS[2], Some(&head));
                    let answer = answer.map_err(|e| Failure::Environment(e.to_string()))?;
                    tally.add(&answer, &known.gold);
                    if args.details.is_some() {
                        found.push(detail(*at, HEAD, known, &answer));
                    }
                }
                let speed = chosen.len() as f64 / start.elapsed().as_secs_f64().max(1e-9);
                if let Some(told) = tally.figures(args.threshold) {
                    figures.push(method_figures(HEAD, &told, has_objectives, speed));
                }
            }
            Err(error) => warnings.push(format!("tête non apprise : {error}")),
        }
    }
    let halves: Vec<Half> = known.iter().map(|k| Half::of(&k.asked.stem)).collect();
    let count = |half| halves.iter().filter(|h| **h == half).count();
    let document = Document {
        questions: chosen.len(),
        with_objective: chosen.iter().filter(|(_, k)| !k.gold.objectives.is_empty()).count(),
        tuning_questions: count(Half::Tuning),
        report_questions: count(Half::Report),
        part: match args.part {
            Part::All => "all",
            Part::Tuning => "tuning",
            Part::Report => "report",
        },
        objectives: tagger.corpus().objectives().len(),
        threshold: args.threshold,
        methods: figures,
        warnings,
    };
    Ok((document, found))
}

/// Words with a head that learned from the other part.
const HEAD: &str = "head";
/// Words, in the order of a language model.
const RERANK: &str = "rerank";

/// A head taught by the questions of the other part.
fn taught(args: &EvaluateArgs, tagger: &Tagger, known: &[Known]) -> Result<Head, LearnError> {
    let other = known.iter().filter(|k| !args.part.holds(&k.asked.stem));
    let examples: Vec<Example> = other.map(|k| Example { asked: k.asked.clone(), gold: k.gold.clone() }).collect();
    let all: Vec<&Example> = examples.iter().filter(|e| !e.gold.items.is_empty()).collect();
    head::train(tagger, &all, 1, &|| false)
}

/// Figures of the order of a language model, and how many questions it gave none for.
async fn rerank_figures(
    args: &EvaluateArgs,
    corpus: Corpus,
    known: &[Known],
    models: &Models,
) -> Result<(Option<MethodFigures>, usize), Failure> {
    let has_objectives = !corpus.objectives().is_empty();
    let tagger = Tagger::new(corpus, Synonyms::embedded());
    let situations = Situations::default();
    let against = Against {
        tagger: &tagger,
        situations: &situations,
        head: None,
        neighbours: None,
        threshold: args.threshold,
        choice: SEEN,
    };
    let (mut tally, mut failed, mut count) = (Tally::default(), 0, 0usize);
    let start = Instant::now();
    for question in known.iter().filter(|k| args.part.holds(&k.asked.stem)) {
        let environment = |e: TagError| Failure::Environment(e.to_string());
        let mut draft = propose(against, &question.asked, "", 0, &[]).map_err(environment)?;
        let (items, objectives) = (draft.items.clone(), draft.objectives.clone());
        if !items.is_empty() {
            let told = rerank(&models.tagger, &question.asked, &mut draft, (&items, &objectives)).await;
            failed += usize::from(told.failed.is_some());
        }
        let code = |tag: &str| tag.parse::<Tag>().ok();
        let items = draft.items.iter().filter_map(|c| code(&c.tag)?.item());
        let objectives = draft.objectives.iter().filter_map(|c| match code(&c.tag)? {
            Tag::Objective(code) => Some(code),
            _ => None,
        });
        let answer = Answer {
            items: items.map(|code| Ranked { code, score: 0.0, words: Vec::new() }).collect(),
            objectives: objectives.map(|code| Ranked { code, score: 0.0, words: Vec::new() }).collect(),
            item_confidence: draft.item_confidence,
            objective_confidence: draft.objective_confidence,
            item_stand: None,
            objective_stand: None,
        };
        tally.add(&answer, &question.gold);
        count += 1;
    }
    let speed = count as f64 / start.elapsed().as_secs_f64().max(1e-9);
    Ok((tally.figures(args.threshold).map(|told| method_figures(RERANK, &told, has_objectives, speed)), failed))
}

fn method_figures(
    method: &'static str,
    told: &Figures,
    has_objectives: bool,
    questions_per_second: f64,
) -> MethodFigures {
    let by_depth = |recall: Recall| DEPTHS.into_iter().zip(recall).collect::<ByDepth>();
    MethodFigures {
        method,
        item_recall: by_depth(told.item_recall),
        objective_recall: told.objective_recall.filter(|_| has_objectives).map(by_depth),
        calibration_error: told.calibration_error,
        objective_calibration_error: told.objective_calibration_error.filter(|_| has_objectives),
        answered: told.answered,
        right_when_answered: told.right_when_answered,
        questions_per_second,
    }
}

fn detail(at: usize, method: &'static str, known: &Known, answer: &Answer) -> Detail {
    let shown = |code: String, score: f32, words: &[String]| Shown { code, score, words: words.to_vec() };
    Detail {
        question: at + 1,
        method,
        gold_items: known.gold.items.iter().map(|i| format!("R2C:{i}")).collect(),
        gold_objectives: known.gold.objectives.iter().map(|c| c.to_string()).collect(),
        item_confidence: answer.item_confidence,
        objective_confidence: answer.objective_confidence,
        items: answer.items.iter().map(|i| shown(format!("R2C:{}", i.code), i.score, &i.words)).collect(),
        objectives: answer.objectives.iter().map(|o| shown(o.code.to_string(), o.score, &o.words)).collect(),
    }
}

/// A model with the file of vectors that it fills.
struct Model {
    encoder: Encoder,
    kept: PathBuf,
}

fn model_failure(error: EncoderError) -> Failure {
    match error {
        EncoderError::Unreadable { path, source } => {
            Failure::Environment(format!("modèle : {} : {}", path.display(), french_io(&source)))
        }
        other => Failure::Environment(other.to_string()),
    }
}

impl Model {
    fn open(common: &Common, args: &EvaluateArgs, folder: &Path) -> Result<Self, Failure> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let encoder = Encoder::open(folder, args.threads.map_or(cores, usize::from)).map_err(model_failure)?;
        let name: String = encoder.identity()[..8].iter().map(|b| format!("{b:02x}")).collect();
        let kept = common.data_dir(false).join("vecteurs").join(format!("{name}.bin"));
        Ok(Self { encoder, kept })
    }

    /// The tagger with the vectors of its referential, computed once and kept.
    fn prepare(&self, common: &Common, tagger: Tagger, warnings: &mut Vec<String>) -> Result<Tagger, Failure> {
        let mut cache = std::fs::read(&self.kept).ok().and_then(|b| Cache::from_bytes(&b)).unwrap_or_default();
        let (objectives, items) = tagger.texts();
        let mut of = |texts: &[String], said: &'static str| {
            let bar = bar(common, texts.len(), said);
            let done = self.encoder.vectors(texts, Purpose::Passage, &mut cache, &|n| bar.set_position(n as u64));
            bar.finish_and_clear();
            done
        };
        let found = of(&objectives, "Objectifs").and_then(|objectives| Ok((objectives, of(&items, "Items")?)));
        if cache.has_changed()
            && let Err(error) = keep(&self.kept, &cache.to_bytes())
        {
            let said = french_io(&error);
            warnings
                .push(format!("vecteurs non gardés, ils seront calculés à nouveau : {} : {said}", self.kept.display()));
        }
        let (objectives, items) = found.map_err(model_failure)?;
        tagger.with_vectors(&objectives, &items).map_err(|e| Failure::Environment(e.to_string()))
    }

    /// The vectors of questions: computed each time, since their speed is told.
    fn questions(&self, common: &Common, chosen: &[(usize, &Known)]) -> Result<Vec<[Vec<f32>; 2]>, Failure> {
        let texts: Vec<String> = chosen.iter().flat_map(|(_, k)| k.asked.texts()).collect();
        let bar = bar(common, texts.len(), "Questions");
        let progress = |n: usize| bar.set_position(n as u64);
        let vectors = self.encoder.vectors(&texts, Purpose::Query, &mut Cache::default(), &progress);
        bar.finish_and_clear();
        let mut vectors = vectors.map_err(model_failure)?.into_iter();
        let pair = || Some([vectors.next()?, vectors.next()?]);
        Ok(std::iter::from_fn(pair).collect())
    }
}

/// A file made whole aside, then named: a command that is killed leaves the one before.
fn keep(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    std::io::Write::write_all(&mut file, bytes)?;
    file.persist(path).map_err(|e| e.error)?;
    Ok(())
}

fn bar(common: &Common, length: usize, said: &'static str) -> ProgressBar {
    let bar = ProgressBar::new(length as u64);
    if common.quiet || common.json {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len}") {
        bar.set_style(style);
    }
    bar.set_message(said);
    bar
}

fn text(document: &Document) -> String {
    let percent = |value: f64| format!("{:.1}", 100.0 * value).replace('.', ",");
    let recall = |by_depth: &ByDepth| by_depth.values().map(|v| percent(*v)).collect::<Vec<_>>().join(" / ");
    let mut text = format!(
        "{} questions ({} avec un objectif), {} objectifs ; réglage {}, rapport {}\n",
        document.questions,
        document.with_objective,
        document.objectives,
        document.tuning_questions,
        document.report_questions
    );
    for m in &document.methods {
        text.push_str(&format!("\n{}\n", m.method));
        text.push_str(&format!("  item parmi les 1 / 5 / 10 premiers : {} %\n", recall(&m.item_recall)));
        if let Some(objectives) = &m.objective_recall {
            text.push_str(&format!("  objectif parmi les 1 / 5 / 10 premiers : {} %\n", recall(objectives)));
        }
        text.push_str(&format!("  écart de calibration : {} points\n", percent(m.calibration_error)));
        let right = m.right_when_answered.map_or_else(|| "aucune".to_owned(), |r| format!("{} % justes", percent(r)));
        text.push_str(&format!("  étiquette proposée : {} % des questions ({right})\n", percent(m.answered)));
        text.push_str(&format!("  {:.0} questions par seconde\n", m.questions_per_second));
    }
    text
}

#[cfg(test)]
mod tests;
