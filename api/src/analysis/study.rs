//! Everything that is said of one marked exam, computed once: pages, report, JSON and spreadsheet read from it.

use super::flags::{self, Flag};
use super::jobs::{Progress, Stopped};
use super::subject::{Grouping, Subject};
use crate::web::filters::count;
use docimo_engine::docimology::classical::{self, ExamStatistics, ItemStatistics, Reliability};
use docimo_engine::docimology::classification::{self, LivingstonLewis};
use docimo_engine::docimology::completion::{self, Blanks};
use docimo_engine::docimology::dif::{self, Dif};
use docimo_engine::docimology::irregularities::{
    Answers, Copying, PairIndices, PairSignal, PersonFit, ResponseTimes, ScreenOptions, Screening, TimeAnalysis,
    TimeOptions, analyse_times, person_fit, screen,
};
use docimo_engine::docimology::irt::fit::{self, ChiSquare, MeanSquares, WholeFit};
use docimo_engine::docimology::irt::{Calibration, Model, Options, ability, calibrate};
use docimo_engine::docimology::matrix::ScoreMatrix;
use docimo_engine::docimology::propositions::{self, Answers as Given};
use docimo_engine::docimology::reliability::{self, ConditionalError, InterItem, Lambdas, PartCorrelation};
use docimo_engine::docimology::uncertainty::{self, Blocks, RankUncertainty};
use docimo_engine::docimology::{Estimate, NotEstimable};
use docimo_engine::stats::{Summary, summary};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// What is wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Wishes {
    /// Response model; `Choice::Auto` takes what the data can bear.
    pub model: Choice,
    /// Draws of questions for the uncertainty of ranks; 0 for none.
    pub replicates: usize,
    /// Where chance starts from.
    pub seed: u64,
    /// Compare all pairs of candidates?
    pub pairs: bool,
}

/// Which response model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// GRM where partial credit is given, 2PL otherwise, Rasch or PCM with fewer candidates, none with too few.
    Auto,
    /// None.
    None,
    /// This one.
    This(Model),
}

impl Default for Wishes {
    fn default() -> Self {
        Self { model: Choice::Auto, replicates: 1_000, seed: 2_026, pairs: true }
    }
}

/// Questions that go together: a section, a rank, a kind.
#[derive(Clone, Debug)]
pub struct PartLine {
    /// "Épreuve", "Rang", "Type", "Étiquette".
    pub family: &'static str,
    /// Its name.
    pub name: String,
    /// Columns of the matrix.
    pub columns: Vec<usize>,
    /// Points that can be had.
    pub out_of: f64,
    /// Mean share of the points.
    pub mean: f64,
    /// Reliability of its total.
    pub reliability: Option<Reliability>,
}

/// A group of candidates.
#[derive(Clone, Debug)]
pub struct GroupLine {
    /// "Centre"…
    pub grouping: String,
    /// Name of the group.
    pub name: String,
    /// Distribution of marks on 20.
    pub on_20: Option<Summary>,
    /// At or above the rank A threshold, of how many who have a rank A mark.
    pub rank_a: (usize, usize),
    /// At or above the pass mark on the whole, where there is one.
    pub pass: Option<usize>,
}

/// Two questions that go together more than the model explains.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tied {
    /// Columns.
    pub pair: (usize, usize),
    /// Yen's Q3, less the mean Q3 of the exam (Christensen et al. 2017).
    pub q3: f64,
}

/// What a response model says.
pub struct Latent {
    /// The model.
    pub calibration: Calibration,
    /// Place in the calibration of each column; `None` where everyone answered alike.
    pub place: Vec<Option<usize>>,
    /// Mean squares by question of the calibration.
    pub mean_squares: Vec<Option<MeanSquares>>,
    /// S-X² by question of the calibration.
    pub s_x2: Estimate<Vec<Option<ChiSquare>>>,
    /// M2.
    pub whole: Estimate<WholeFit>,
    /// Pairs above 0.2 over the mean, the strongest first.
    pub tied: Vec<Tied>,
    /// Abilities and test information there.
    pub information: Vec<(f64, f64)>,
}

/// How far a threshold can be trusted.
pub struct Threshold {
    /// "Rang A", "Épreuve entière".
    pub name: &'static str,
    /// On 20.
    pub cut: f64,
    /// What is found (Livingston and Lewis 1995), or why nothing is told.
    pub found: Estimate<LivingstonLewis>,
}

/// DIF of one group against all others.
pub struct GroupDif {
    /// Way of grouping.
    pub grouping: String,
    /// Name of the group.
    pub name: String,
    /// What is found, or why nothing is told.
    pub found: Estimate<Dif>,
}

/// Pairs of copies more alike than chance makes them.
pub struct Likeness {
    /// All pairs, compared on their wrong answers.
    pub screening: Screening,
    /// Indices that take ability into account, of the first pairs; each way.
    pub indices: Vec<BothWays>,
    /// The same of the first pairs of neighbours, where seats are known.
    pub beside: Vec<BothWays>,
}

/// Indices of a pair, one as the copy of the other and back.
pub type BothWays = (Option<PairIndices>, Option<PairIndices>);

/// Everything that is said of an exam.
pub struct Study {
    /// Index in the paper of each column.
    pub columns: Vec<usize>,
    /// Scores that count.
    pub matrix: ScoreMatrix,
    /// Classical indices.
    pub exam: ExamStatistics,
    /// Guttman's bounds.
    pub lambdas: Estimate<Lambdas>,
    /// McDonald's omega.
    pub omega: Estimate<f64>,
    /// Correlations between questions.
    pub inter_item: Option<InterItem>,
    /// Error by band of the total.
    pub conditional: Vec<ConditionalError>,
    /// Sections, ranks, kinds.
    pub parts: Vec<PartLine>,
    /// Correlations between sections, by their place among the parts.
    pub between: Vec<PartCorrelation>,
    /// Centres and other groups.
    pub groups: Vec<GroupLine>,
    /// By question of the paper: what it drew.
    pub answers: Vec<Option<Given>>,
    /// By question of the paper: blanks passed over, and not reached.
    pub blanks: Vec<Blanks>,
    /// Differential functioning, by group.
    pub dif: Vec<GroupDif>,
    /// Response model, or why there is none.
    pub latent: Result<Latent, String>,
    /// Uncertainty of ranks, or why it is not told.
    pub ranks: Estimate<RankUncertainty>,
    /// How far a threshold classifies: rank A, then the whole, where there is a threshold.
    pub thresholds: Vec<Threshold>,
    /// Copies too alike, or why it is not told.
    pub likeness: Estimate<Likeness>,
    /// Copies unlike their mark, by candidate; empty without a response model.
    pub persons: Vec<Option<PersonFit>>,
    /// Times out of the ordinary, or why they are not told.
    pub times: Estimate<TimeAnalysis>,
    /// By column: what calls for a look.
    pub flags: Vec<Vec<Flag>>,
    /// What someone should know.
    pub warnings: Vec<String>,
}

/// The model that the data can bear.
fn chosen(choice: Choice, matrix: &ScoreMatrix) -> Result<Model, String> {
    let partial = matrix.items().iter().any(|i| i.levels.len() > 2);
    let n = matrix.candidates();
    match choice {
        Choice::This(model) => Ok(model),
        Choice::None => Err("aucun modèle de réponse à l’item n’a été demandé".into()),
        Choice::Auto if n >= 150 => Ok(if partial { Model::Grm } else { Model::TwoPl }),
        Choice::Auto if n >= 50 => Ok(if partial { Model::Pcm } else { Model::Rasch }),
        Choice::Auto => {
            Err(format!("modèle de réponse à l’item : {}, il en faut au moins 50", count(n, "candidat", "candidats")))
        }
    }
}

impl Study {
    /// Studies a subject. Pure and parallel: call it off the web threads.
    ///
    /// # Errors
    /// Somebody asked to stop.
    pub fn new(subject: &Subject, wishes: &Wishes, progress: &Progress) -> Result<Self, Stopped> {
        let mut warnings = Vec::new();
        progress.enter("Indices des questions", 0)?;
        let (matrix, columns) = match ScoreMatrix::of_exam(&subject.effective, &subject.compiled, &subject.responses) {
            Ok(found) => found,
            Err(fault) => {
                warnings.push(fault.to_string());
                (ScoreMatrix::from_items(subject.people.len(), vec![]).map_err(|_| Stopped)?, vec![])
            }
        };
        let exam = match classical::analyse(&matrix) {
            Ok(exam) => exam,
            Err(why) => {
                warnings.push(why.to_string());
                empty(&matrix)
            }
        };
        let covariances = reliability::covariances(&matrix);
        let lambdas = covariances.clone().and_then(|c| reliability::lambdas(&c));
        let omega = covariances.clone().and_then(|c| reliability::omega(&c));
        let inter_item = covariances.as_ref().ok().and_then(|c| reliability::inter_item(&reliability::correlations(c)));
        let conditional = reliability::conditional_sem(&matrix, 40).unwrap_or_default();
        progress.at(60)?;
        let parts = parts(subject, &matrix, &columns);
        let sections: Vec<Vec<usize>> =
            parts.iter().filter(|p| p.family == "Épreuve").map(|p| p.columns.clone()).collect();
        let between = reliability::between_parts(&matrix, &sections);
        let groups = subject.groupings.iter().flat_map(|g| group_lines(subject, g)).collect();

        let answers = answers(subject, &matrix, &columns);
        let sections: Vec<usize> = subject.labels.iter().map(|l| l.section).collect();
        let blanks = completion::blanks(&subject.answered, &sections);
        progress.enter("Comparaison des groupes", 80)?;
        let dif: Vec<GroupDif> = subject.groupings.iter().flat_map(|g| group_dif(&matrix, g)).collect();

        progress.enter("Modèle de réponse à l’item", 100)?;
        let latent = match chosen(wishes.model, &matrix) {
            Ok(model) => latent(&matrix, model, progress, &mut warnings)?.map_err(|e| e.to_string()),
            Err(why) => Err(why),
        };
        if let Err(why) = &latent
            && wishes.model != Choice::None
        {
            warnings.push(why.clone());
        }

        progress.enter("Incertitude des rangs", 550)?;
        let blocks = Blocks::of_paper(&subject.effective.paper, &columns);
        let rules = &subject.effective.paper.rules;
        let options = uncertainty::Options {
            replicates: wishes.replicates,
            seed: wishes.seed,
            // A stretched scale changes with the questions: the threshold would be another at each draw.
            threshold: rules.pass_threshold.filter(|_| !subject.marks.stretched()).map(|t| t.to_f64() / 20.0),
            ..uncertainty::Options::default()
        };
        let ranks = if wishes.replicates == 0 {
            Err(NotEstimable::Unsuited { what: "incertitude des rangs", detail: "non demandée".into() })
        } else {
            uncertainty::rank_uncertainty(&matrix, &blocks, &options, &|done, of| {
                progress.flow(550 + (done * 250 / of.max(1)) as u64)
            })
        };
        let thresholds = thresholds(subject, &matrix, &columns, &exam);
        progress.enter("Comparaison des copies", 800)?;
        let likeness = if wishes.pairs {
            likeness(subject, &matrix, &columns, latent.as_ref().ok())
        } else {
            Err(NotEstimable::Unsuited { what: "comparaison des copies", detail: "non demandée".into() })
        };
        progress.at(900)?;
        let persons = latent.as_ref().ok().map_or(vec![], |l| persons(&matrix, l));
        progress.at(950)?;
        let times = times(subject, &matrix, &columns);
        let flags = flags::of(&exam, latent.as_ref().ok(), &answers, &columns, &dif, matrix.candidates());
        // A stop that comes now comes too late.
        _ = progress.enter("Terminé", 1_000);
        Ok(Self {
            columns,
            matrix,
            exam,
            lambdas,
            omega,
            inter_item,
            conditional,
            parts,
            between,
            groups,
            answers,
            blanks,
            dif,
            latent,
            ranks,
            thresholds,
            likeness,
            persons,
            times,
            flags,
            warnings,
        })
    }

    /// Column of a question of the paper, if it counts.
    pub fn column_of(&self, index: usize) -> Option<usize> {
        self.columns.iter().position(|c| *c == index)
    }
}

fn thresholds(subject: &Subject, matrix: &ScoreMatrix, columns: &[usize], exam: &ExamStatistics) -> Vec<Threshold> {
    let rules = &subject.effective.paper.rules;
    let of = |name, cut: f64, alpha: Option<f64>, marks: Vec<f64>| {
        let what = "fiabilité du seuil";
        let found = match alpha {
            Some(reliability) => {
                let low = marks.iter().copied().fold(0.0, f64::min);
                let high = marks.iter().copied().fold(20.0, f64::max);
                classification::livingston_lewis(
                    &marks,
                    &classification::Scale { min: low, max: high, step: 0.0, reliability, cut },
                )
            }
            None => Err(NotEstimable::NoVariance { what }),
        };
        Threshold { name, cut, found }
    };
    let marks = |of: &dyn Fn(usize) -> Option<docimo_engine::Exact>| -> Vec<f64> {
        (0..subject.people.len()).filter_map(of).map(|m| m.to_f64()).collect()
    };
    let mut out = Vec::new();
    let rank_a: Vec<usize> = columns
        .iter()
        .enumerate()
        .filter(|(_, index)| {
            subject
                .effective
                .paper
                .questions()
                .nth(**index)
                .is_some_and(|p| subject.effective.paper.counts_for_rank_a(p.question))
        })
        .map(|(column, _)| column)
        .collect();
    if rank_a.len() > 1 {
        let alpha = classical::analyse(&matrix.select(&rank_a)).ok().and_then(|s| s.reliability.alpha);
        out.push(of("Rang A", rules.rank_a_threshold.to_f64(), alpha, marks(&|c| subject.marks.rank_a_on_20(c))));
    }
    if let Some(cut) = rules.pass_threshold {
        out.push(of("Épreuve entière", cut.to_f64(), exam.reliability.alpha, marks(&|c| subject.marks.on_20(c))));
    }
    out
}

/// What every question drew, neutralised ones too.
fn answers(subject: &Subject, matrix: &ScoreMatrix, columns: &[usize]) -> Vec<Option<Given>> {
    let totals = matrix.totals();
    let questions: Vec<_> = subject.effective.paper.questions().map(|p| p.question).collect();
    questions
        .par_iter()
        .enumerate()
        .map(|(index, question)| {
            let codes = subject.responses.column(index);
            let item = columns.iter().position(|c| *c == index).map(|c| &matrix.items()[c]);
            let (rest, score): (Vec<f64>, Vec<f64>) = match item {
                Some(item) => totals.iter().zip(item.scores()).map(|(t, s)| (t - s, s / item.max)).unzip(),
                None => (totals.clone(), vec![0.0; totals.len()]),
            };
            propositions::answers(question, codes, &rest, &score).ok()
        })
        .collect()
}

/// Each group large enough against all others, adjusted for all of them together; two groups are one comparison.
fn group_dif(matrix: &ScoreMatrix, grouping: &Grouping) -> Vec<GroupDif> {
    if grouping.groups.len() < 2 {
        return vec![];
    }
    let options = dif::Options { purify: true, ..dif::Options::default() };
    dif::each_against_others(matrix, &grouping.of, &options)
        .into_iter()
        .map(|(g, found)| GroupDif {
            grouping: grouping.name.clone(),
            name: grouping.groups.get(usize::from(g)).cloned().unwrap_or_default(),
            found,
        })
        .collect()
}

/// Pairs told with their indices.
const PAIRS: usize = 200;

fn likeness(subject: &Subject, matrix: &ScoreMatrix, columns: &[usize], latent: Option<&Latent>) -> Estimate<Likeness> {
    // Where there is a model, on its questions: a question that everyone answers alike says nothing of a pair.
    let kept: Vec<usize> = latent.map_or_else(|| (0..columns.len()).collect(), |l| l.calibration.kept.clone());
    let questions: Vec<usize> = kept.iter().map(|c| columns[*c]).collect();
    let answers = Answers::new(&subject.responses, &matrix.select(&kept), &questions)?;
    let screening = screen(&answers, &subject.seats, &ScreenOptions::default())?;
    let copying = latent.and_then(|l| Copying::new(&answers, &l.calibration.items, &l.calibration.eap).ok());
    let both_ways = |pairs: &[PairSignal]| -> Vec<BothWays> {
        let one = |pair: &PairSignal| match &copying {
            Some(copying) => (copying.pair(pair.a, pair.b).ok(), copying.pair(pair.b, pair.a).ok()),
            None => (None, None),
        };
        pairs.iter().take(PAIRS).map(one).collect()
    };
    let (indices, beside) = (both_ways(&screening.pairs), both_ways(&screening.neighbours));
    Ok(Likeness { screening, indices, beside })
}

fn persons(matrix: &ScoreMatrix, latent: &Latent) -> Vec<Option<PersonFit>> {
    let thetas: Vec<f64> = ability::abilities(&latent.calibration, matrix, ability::Method::Map)
        .into_iter()
        .map(|a| a.map_or(0.0, |a| a.theta))
        .collect();
    let selected = matrix.select(&latent.calibration.kept);
    match person_fit(&selected, &latent.calibration.items, &thetas, ability::Method::Map) {
        Ok(found) => found.into_iter().map(Result::ok).collect(),
        Err(_) => vec![],
    }
}

fn times(subject: &Subject, matrix: &ScoreMatrix, columns: &[usize]) -> Estimate<TimeAnalysis> {
    let what = "temps de réponse";
    if subject.times.is_empty() {
        return Err(NotEstimable::Unsuited { what, detail: "les réponses n’ont pas d’heure".into() });
    }
    let own = columns.iter().map(|c| subject.times[*c].clone()).collect();
    let found = analyse_times(&ResponseTimes::new(matrix.candidates(), own)?, matrix, &TimeOptions::default())?;
    // One number a cell: more than all the rest of the study, and nobody reads them.
    Ok(TimeAnalysis { residuals: vec![], ..found })
}

fn empty(matrix: &ScoreMatrix) -> ExamStatistics {
    ExamStatistics {
        candidates: matrix.candidates(),
        items: matrix.items().iter().map(|i| ItemStatistics::unknown(i.cells.len())).collect(),
        reliability: Reliability { alpha: None, alpha_interval: None, kr20: None, kr21: None, sem: None },
        mean: matrix.totals().iter().sum::<f64>() / matrix.candidates().max(1) as f64,
        sd: 0.0,
        skewness: None,
        kurtosis: None,
    }
}

fn parts(subject: &Subject, matrix: &ScoreMatrix, columns: &[usize]) -> Vec<PartLine> {
    // By name, sections in the order of the paper.
    type Parts = BTreeMap<(usize, String), Vec<usize>>;
    let mut families = ["Épreuve", "Rang", "Type", "Étiquette"].map(|f| (f, Parts::new()));
    for (column, index) in columns.iter().enumerate() {
        let label = &subject.labels[*index];
        let mut put = |family: usize, key: (usize, String)| families[family].1.entry(key).or_default().push(column);
        put(0, (label.section, label.section_title.clone()));
        if let Some(rank) = label.rank {
            put(1, (0, format!("Rang {rank}")));
        }
        put(2, (0, label.kind.code().to_owned()));
        for tag in &label.tags {
            put(3, (0, tag.clone()));
        }
    }
    // A specialty or an item of the referential, where several questions are on it; the most frequent.
    let tags = &mut families[3].1;
    tags.retain(|_, own| own.len() >= 3);
    let mut order: Vec<(usize, (usize, String))> = tags.iter().map(|(name, own)| (own.len(), name.clone())).collect();
    order.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    for (_, name) in order.into_iter().skip(60) {
        tags.remove(&name);
    }
    let lines: Vec<(&'static str, String, Vec<usize>)> = families
        .into_iter()
        .flat_map(|(family, parts)| parts.into_iter().map(move |((_, name), own)| (family, name, own)))
        .collect();
    lines
        .into_par_iter()
        .map(|(family, name, own)| {
            let selected = matrix.select(&own);
            let out_of: f64 = selected.items().iter().map(|i| i.max).sum();
            let found = classical::analyse(&selected).ok();
            let mean = selected.totals().iter().sum::<f64>() / selected.candidates().max(1) as f64;
            PartLine {
                family,
                name,
                columns: own,
                mean: mean / out_of,
                out_of,
                reliability: found.map(|f| f.reliability),
            }
        })
        .collect()
}

fn group_lines(subject: &Subject, grouping: &Grouping) -> Vec<GroupLine> {
    let rules = &subject.effective.paper.rules;
    (0..grouping.groups.len())
        .map(|g| {
            let rows: Vec<usize> = grouping
                .of
                .iter()
                .enumerate()
                .filter(|(_, own)| own.is_some_and(|own| usize::from(own) == g))
                .map(|(row, _)| row)
                .collect();
            let on_20: Vec<_> = rows.iter().filter_map(|r| subject.marks.on_20(*r)).collect();
            let rank_a: Vec<_> = rows.iter().filter_map(|r| subject.marks.rank_a_on_20(*r)).collect();
            GroupLine {
                grouping: grouping.name.clone(),
                name: grouping.groups[g].clone(),
                on_20: summary(&on_20.iter().map(|m| m.to_f64()).collect::<Vec<_>>()),
                rank_a: (rank_a.iter().filter(|m| **m >= rules.rank_a_threshold).count(), rank_a.len()),
                pass: rules.pass_threshold.map(|t| on_20.iter().filter(|m| **m >= t).count()),
            }
        })
        .collect()
}

/// Abilities at which information is told.
fn grid() -> impl Iterator<Item = f64> {
    (-40..=40).map(|i| f64::from(i) / 10.0)
}

fn latent(
    matrix: &ScoreMatrix,
    model: Model,
    progress: &Progress,
    warnings: &mut Vec<String>,
) -> Result<Estimate<Latent>, Stopped> {
    let calibration = match calibrate(matrix, &Options::new(model).with_errors()) {
        Ok(found) => found,
        Err(why) => return Ok(Err(why)),
    };
    if !calibration.converged {
        warnings.push(format!(
            "Le modèle {} ne s’est pas stabilisé en {} : ses paramètres sont à prendre avec réserve.",
            calibration.model.name(),
            count(calibration.iterations, "étape", "étapes")
        ));
    }
    if model.dichotomous() && matrix.items().iter().any(|i| i.levels.len() > 2) {
        warnings.push(
            "Le modèle demandé ne connaît que juste et faux : une question à points partiels y compte juste si elle a tous ses points.".into(),
        );
    }
    progress.enter("Ajustement du modèle", 350)?;
    let mut place = vec![None; matrix.questions()];
    calibration.kept.iter().enumerate().for_each(|(at, q)| place[*q] = Some(at));
    let thetas = calibration.eap.clone();
    let mean_squares = fit::mean_squares(&calibration, matrix, &thetas);
    let s_x2 = fit::s_x2(&calibration, matrix, 1.0);
    progress.at(420)?;
    let whole = if calibration.items.len() <= 60 {
        fit::m2(&calibration, matrix)
    } else {
        Err(NotEstimable::Unsuited {
            what: "ajustement M2",
            detail: format!("{} questions, 60 au plus ici", calibration.items.len()),
        })
    };
    progress.at(500)?;
    let q3 = fit::q3(&calibration, matrix, &thetas);
    let k = q3.len();
    let above: Vec<f64> = (0..k).flat_map(|i| (0..i).filter_map(|j| q3[i][j]).collect::<Vec<_>>()).collect();
    let mean = above.iter().sum::<f64>() / above.len().max(1) as f64;
    let mut tied: Vec<Tied> = (0..k)
        .flat_map(|i| (0..i).map(move |j| (j, i)))
        .filter_map(|(j, i)| {
            let q3 = q3[i][j]? - mean;
            (q3 > 0.2).then(|| Tied { pair: (calibration.kept[j], calibration.kept[i]), q3 })
        })
        .collect();
    tied.sort_by(|a, b| b.q3.total_cmp(&a.q3).then(a.pair.cmp(&b.pair)));
    tied.truncate(200);
    let at: Vec<f64> = grid().collect();
    let information = at.iter().copied().zip(ability::test_information(&calibration.items, &at)).collect();
    Ok(Ok(Latent { place, mean_squares, s_x2, whole, tied, information, calibration }))
}
