//! A study as one JSON document: the shape that scripts rely on.

use super::study::Study;
use super::subject::Subject;
use docimo_engine::docimology::NotEstimable;
use docimo_engine::docimology::classical::ItemStatistics;
use docimo_engine::docimology::irregularities::PairSignal;
use docimo_engine::docimology::irt::{Calibration, ItemParameters};
use docimo_engine::docimology::propositions::Drawn;
use serde::Serialize;

/// Everything said of an exam. A value that cannot be estimated is `null`, and a warning says why.
#[derive(Clone, Debug, Serialize)]
pub struct Document {
    /// Title of the paper.
    pub title: String,
    /// Version of the register.
    pub version: u32,
    /// Candidates who came.
    pub candidates: usize,
    /// Questions that count, in the order of the paper (of the key, for exams sat elsewhere).
    pub questions: Vec<QuestionDocument>,
    /// The whole.
    pub exam: ExamDocument,
    /// The response model.
    pub irt: Option<ModelDocument>,
    /// Candidates, in the order of the file.
    pub persons: Vec<PersonDocument>,
    /// Sections, ranks and kinds.
    pub parts: Vec<PartDocument>,
    /// Groups of candidates.
    pub groups: Vec<GroupDocument>,
    /// Pairs of questions tied beyond the model.
    pub local_dependence: Vec<TiedDocument>,
    /// Copies more alike than chance makes them; none where they could not be compared.
    pub likeness: Option<LikenessDocument>,
    /// What someone should know.
    pub warnings: Vec<String>,
}

/// Pairs of copies that stand out, each a signal and never a verdict.
#[derive(Clone, Debug, Serialize)]
pub struct LikenessDocument {
    /// Pairs compared.
    pub compared: u64,
    /// Those that stand out among them.
    pub pairs: Vec<PairDocument>,
    /// Pairs of neighbours compared apart; 0 where no seat is known.
    pub neighbours_compared: u64,
    /// Those that stand out among neighbours.
    pub neighbours: Vec<PairDocument>,
}

/// A pair of copies.
#[derive(Clone, Debug, Serialize)]
pub struct PairDocument {
    /// Candidates, by their identifiers.
    pub candidates: [String; 2],
    /// Wrong answers that are the same.
    pub identical_wrong: u32,
    /// Questions that both got wrong.
    pub both_wrong: u32,
    /// Identical wrong answers expected by chance.
    pub expected: f64,
    /// Chance of as many or more, under independence.
    pub p: f64,
    /// Rate of false discoveries in its family (Benjamini and Hochberg 1995).
    pub false_discovery: f64,
    /// Did they sit next to one another?
    pub were_neighbours: bool,
}

/// Rate of false discoveries tolerated among the pairs told.
const TOLERATED: f64 = 0.05;

fn pair_documents(subject: &Subject, signals: &[PairSignal]) -> Vec<PairDocument> {
    let one = |s: &PairSignal| PairDocument {
        candidates: [s.a, s.b].map(|row| subject.people[row].number.clone()),
        identical_wrong: s.common.identical_wrong,
        both_wrong: s.common.both_wrong,
        expected: s.expected,
        p: s.p,
        false_discovery: s.false_discovery,
        were_neighbours: s.neighbours,
    };
    signals.iter().filter(|s| s.false_discovery <= TOLERATED).map(one).collect()
}

/// One question.
#[derive(Clone, Debug, Serialize)]
pub struct QuestionDocument {
    /// Its id.
    pub question: String,
    /// QRU, QRM…
    pub kind: &'static str,
    /// Candidates who have a score.
    pub n: usize,
    /// Blank, with an answer further on in the section.
    pub omitted: usize,
    /// Blank, as is everything after it in the section.
    pub not_reached: usize,
    /// Success rate, 0 to 1.
    pub p: Option<f64>,
    /// Best 27 % less worst 27 %.
    pub d27: Option<f64>,
    /// Correlation with the total.
    pub r_item_total: Option<f64>,
    /// Correlation with the rest.
    pub r_item_rest: Option<f64>,
    /// Biserial correlation with the rest, of a right-or-wrong question.
    pub biserial: Option<f64>,
    /// Alpha of the others.
    pub alpha_if_deleted: Option<f64>,
    /// What each proposition drew.
    pub propositions: Vec<PropositionDocument>,
    /// What calls for a look.
    pub flags: Vec<&'static str>,
    /// Parameters.
    pub irt: Option<ParametersDocument>,
    /// Fit to the model.
    pub fit: Option<FitDocument>,
    /// Differential functioning by group.
    pub dif: Vec<DifDocument>,
}

/// One proposition.
#[derive(Clone, Debug, Serialize)]
pub struct PropositionDocument {
    /// A to Y; the name of a zone; the category of an open answer; −2 to +2.
    pub letter: String,
    /// Share of candidates who ticked it.
    pub frequency: f64,
    /// Correlation of ticking it with the rest.
    pub r: Option<f64>,
}

/// Parameters of a question, on the logistic metric (D = 1), ability standard normal.
#[derive(Clone, Debug, Serialize)]
pub struct ParametersDocument {
    /// Slope.
    pub a: f64,
    /// Its standard error.
    pub a_se: Option<f64>,
    /// Difficulty; the mean of the thresholds where there are several.
    pub b: f64,
    /// Its standard error (of the only threshold).
    pub b_se: Option<f64>,
    /// Lower asymptote.
    pub c: f64,
    /// Thresholds or steps, of questions with partial credit.
    pub steps: Vec<f64>,
    /// Their standard errors.
    pub steps_se: Option<Vec<f64>>,
}

/// Fit of a question.
#[derive(Clone, Debug, Serialize)]
pub struct FitDocument {
    /// Orlando and Thissen's statistic.
    pub s_x2: Option<f64>,
    /// Its degrees of freedom.
    pub df: Option<usize>,
    /// Its p-value.
    pub p: Option<f64>,
    /// Weighted mean square.
    pub infit: Option<f64>,
    /// Unweighted mean square.
    pub outfit: Option<f64>,
}

/// Differential functioning of a question for one group against the others.
#[derive(Clone, Debug, Serialize)]
pub struct DifDocument {
    /// "centre=Lyon".
    pub group: String,
    /// Mantel-Haenszel delta (negative: harder for the group).
    pub mh_d: Option<f64>,
    /// ETS class: A, B or C.
    pub class: Option<&'static str>,
}

/// The whole.
#[derive(Clone, Debug, Serialize)]
pub struct ExamDocument {
    /// Cronbach's alpha.
    pub alpha: Option<f64>,
    /// Its 95 % interval.
    pub alpha_ci: Option<[f64; 2]>,
    /// McDonald's omega.
    pub omega: Option<f64>,
    /// KR-20, where all is right or wrong.
    pub kr20: Option<f64>,
    /// Guttman's λ₁ to λ₆.
    pub lambdas: Option<[Option<f64>; 6]>,
    /// Standard error of measurement, in points.
    pub sem: Option<f64>,
    /// Mean of the points.
    pub mean: f64,
    /// Standard deviation.
    pub sd: f64,
    /// Mean correlation between questions.
    pub inter_item_r: Option<f64>,
    /// Median width of the intervals of ranks.
    pub median_rank_interval: Option<f64>,
}

/// The response model.
#[derive(Clone, Debug, Serialize)]
pub struct ModelDocument {
    /// Its name.
    pub model: &'static str,
    /// Marginal log-likelihood.
    pub log_likelihood: f64,
    /// Akaike's criterion.
    pub aic: f64,
    /// Schwarz's criterion.
    pub bic: f64,
    /// Steps of EM.
    pub iterations: usize,
    /// Did it settle, on a grid fine enough?
    pub converged: bool,
    /// Nodes of the grid.
    pub nodes: usize,
    /// How much halving the step of the grid moves the log-likelihood.
    pub grid_error: f64,
    /// Marginal reliability.
    pub reliability: Option<f64>,
    /// M2.
    pub m2: Option<f64>,
    /// RMSEA of M2.
    pub rmsea: Option<f64>,
}

/// A candidate.
#[derive(Clone, Debug, Serialize)]
pub struct PersonDocument {
    /// Number, or the identifier of the file.
    pub candidate: String,
    /// Points.
    pub score: f64,
    /// Mark on 20.
    pub mark_on_20: Option<f64>,
    /// Ability (EAP).
    pub theta: Option<f64>,
    /// Its posterior SD.
    pub theta_se: Option<f64>,
    /// Place.
    pub rank: u32,
    /// 95 % interval of the place.
    pub rank_interval: Option<[u32; 2]>,
    /// Share of draws of questions at or above the pass mark.
    pub above_threshold: Option<f64>,
}

/// Questions that go together.
#[derive(Clone, Debug, Serialize)]
pub struct PartDocument {
    /// Épreuve, Rang, Type.
    pub family: &'static str,
    /// Its name.
    pub name: String,
    /// How many questions.
    pub questions: usize,
    /// Mean share of the points.
    pub p: f64,
    /// Cronbach's alpha.
    pub alpha: Option<f64>,
}

/// A group of candidates.
#[derive(Clone, Debug, Serialize)]
pub struct GroupDocument {
    /// Centre…
    pub grouping: String,
    /// Its name.
    pub name: String,
    /// Candidates.
    pub candidates: usize,
    /// Mean mark on 20.
    pub mean: Option<f64>,
    /// At or above the rank A threshold.
    pub rank_a_pass: usize,
}

/// Two questions tied beyond the model.
#[derive(Clone, Debug, Serialize)]
pub struct TiedDocument {
    /// Ids.
    pub questions: [String; 2],
    /// Q3 less its mean.
    pub q3: f64,
}

impl Document {
    /// Tells a study. `order` gives the ids of questions in the order wanted; that of the paper otherwise.
    pub fn new(subject: &Subject, study: &Study, order: Option<&[String]>) -> Self {
        let mut warnings = study.warnings.clone();
        let mut missing = |why: &NotEstimable| {
            let text = why.to_string();
            if !warnings.contains(&text) {
                warnings.push(text);
            }
        };
        let latent = study.latent.as_ref().ok();
        if let Err(why) = &study.omega {
            missing(why);
        }
        for group in &study.dif {
            if let Err(why) = &group.found {
                missing(why);
            }
        }
        if let Err(why) = &study.ranks {
            missing(why);
        }
        if let Some(latent) = latent {
            if let Err(why) = &latent.s_x2 {
                missing(why);
            }
            if let Err(why) = &latent.whole {
                missing(why);
            }
            if latent.calibration.errors.is_none() {
                let detail = "l’information est singulière, ou les paramètres trop nombreux".to_owned();
                missing(&NotEstimable::Unsuited { what: "erreurs-types des paramètres", detail });
            }
        }
        if let Err(why) = &study.lambdas {
            missing(why);
        }
        let mut columns: Vec<usize> = (0..study.columns.len()).collect();
        if let Some(order) = order {
            let place = |column: &usize| {
                let id = &subject.labels[study.columns[*column]].id;
                order.iter().position(|o| o == id).unwrap_or(usize::MAX)
            };
            columns.sort_by_key(place);
        }
        let questions: Vec<QuestionDocument> = columns.iter().map(|c| question(subject, study, *c)).collect();
        for (q, column) in questions.iter().zip(&columns) {
            let item = &study.matrix.items()[*column];
            let flat = item.levels.len() < 2;
            if flat {
                warnings.push(format!("question {} : tous les candidats ont le même résultat", q.question));
            } else if latent.is_some_and(|l| l.place[*column].is_none()) {
                warnings.push(format!(
                    "question {} : personne n’a tous les points, ou tous les ont : hors du modèle",
                    q.question
                ));
            }
        }
        let reliability = &study.exam.reliability;
        if reliability.alpha.is_none() {
            warnings.push("fidélité : il faut au moins deux questions et des totaux qui diffèrent".into());
        }
        Self {
            title: subject.title.clone(),
            version: subject.version,
            candidates: subject.people.len(),
            exam: ExamDocument {
                alpha: reliability.alpha,
                alpha_ci: reliability.alpha_interval,
                omega: study.omega.as_ref().ok().copied(),
                kr20: reliability.kr20,
                lambdas: study.lambdas.as_ref().ok().map(|l| l.lambda),
                sem: reliability.sem,
                mean: study.exam.mean,
                sd: study.exam.sd,
                inter_item_r: study.inter_item.as_ref().map(|i| i.mean),
                median_rank_interval: study.ranks.as_ref().ok().map(|r| r.median_width),
            },
            irt: latent.map(|l| model(&l.calibration, l.whole.as_ref().ok().map(|w| (w.m2.value, w.m2.rmsea)))),
            persons: persons(subject, study),
            parts: study
                .parts
                .iter()
                .map(|p| PartDocument {
                    family: p.family,
                    name: p.name.clone(),
                    questions: p.columns.len(),
                    p: p.mean,
                    alpha: p.reliability.as_ref().and_then(|r| r.alpha),
                })
                .collect(),
            groups: study
                .groups
                .iter()
                .map(|g| GroupDocument {
                    grouping: g.grouping.clone(),
                    name: g.name.clone(),
                    candidates: g.on_20.as_ref().map_or(0, |s| s.n),
                    mean: g.on_20.as_ref().map(|s| s.mean),
                    rank_a_pass: g.rank_a.0,
                })
                .collect(),
            local_dependence: latent.map_or(vec![], |l| {
                let id = |column: usize| subject.labels[study.columns[column]].id.clone();
                l.tied.iter().map(|t| TiedDocument { questions: [id(t.pair.0), id(t.pair.1)], q3: t.q3 }).collect()
            }),
            questions,
            likeness: study.likeness.as_ref().ok().map(|l| LikenessDocument {
                compared: l.screening.compared,
                pairs: pair_documents(subject, &l.screening.pairs),
                neighbours_compared: l.screening.neighbours_compared,
                neighbours: pair_documents(subject, &l.screening.neighbours),
            }),
            warnings,
        }
    }
}

fn question(subject: &Subject, study: &Study, column: usize) -> QuestionDocument {
    let label = &subject.labels[study.columns[column]];
    let item: &ItemStatistics = &study.exam.items[column];
    let latent = study.latent.as_ref().ok().and_then(|l| l.place[column].map(|at| (l, at)));
    QuestionDocument {
        question: label.id.clone(),
        kind: label.kind.code(),
        n: item.n,
        omitted: study.blanks[study.columns[column]].omitted,
        not_reached: study.blanks[study.columns[column]].not_reached,
        p: item.p,
        d27: item.d27,
        r_item_total: item.r_item_total,
        r_item_rest: item.r_item_rest,
        biserial: item.biserial,
        alpha_if_deleted: item.alpha_if_deleted,
        propositions: study.answers[study.columns[column]].as_ref().map_or(vec![], |a| {
            let one = |d: &Drawn| PropositionDocument { letter: d.label.clone(), frequency: d.frequency, r: d.r };
            a.drawn.iter().map(one).collect()
        }),
        flags: study.flags[column].iter().map(|f| f.code).collect(),
        irt: latent.map(|(l, at)| {
            let errors = l.calibration.errors.as_ref().map(|e| &e[at]);
            parameters(&l.calibration.items[at], errors.map(|e| (e.a, e.b.clone())))
        }),
        fit: latent.map(|(l, at)| {
            let chi = l.s_x2.as_ref().ok().and_then(|s| s[at]);
            let squares = l.mean_squares[at];
            FitDocument {
                s_x2: chi.map(|c| c.value),
                df: chi.map(|c| c.df),
                p: chi.map(|c| c.p),
                infit: squares.map(|m| m.infit),
                outfit: squares.map(|m| m.outfit),
            }
        }),
        dif: study
            .dif
            .iter()
            .filter_map(|group| {
                let item = group.found.as_ref().ok()?.items[column].as_ref()?;
                Some(DifDocument {
                    group: format!("{}={}", group.grouping, group.name),
                    mh_d: item.delta,
                    class: Some(item.class.letter()),
                })
            })
            .collect(),
    }
}

fn parameters(item: &ItemParameters, errors: Option<(f64, Vec<f64>)>) -> ParametersDocument {
    let one = item.b.len() == 1;
    ParametersDocument {
        a: item.a,
        a_se: errors.as_ref().map(|e| e.0),
        b: item.b.iter().sum::<f64>() / item.b.len() as f64,
        b_se: errors.as_ref().filter(|_| one).map(|e| e.1[0]),
        steps_se: errors.filter(|_| !one).map(|e| e.1),
        c: item.c,
        steps: if one { vec![] } else { item.b.clone() },
    }
}

fn model(found: &Calibration, m2: Option<(f64, f64)>) -> ModelDocument {
    ModelDocument {
        model: found.model.name(),
        log_likelihood: found.log_likelihood,
        aic: found.aic,
        bic: found.bic,
        iterations: found.iterations,
        converged: found.converged,
        nodes: found.nodes,
        grid_error: found.grid_error,
        reliability: found.marginal_reliability(),
        m2: m2.map(|m| m.0),
        rmsea: m2.map(|m| m.1),
    }
}

fn persons(subject: &Subject, study: &Study) -> Vec<PersonDocument> {
    let latent = study.latent.as_ref().ok();
    let intervals = study.ranks.as_ref().ok();
    subject
        .people
        .iter()
        .enumerate()
        .map(|(row, person)| PersonDocument {
            candidate: person.number.clone(),
            score: subject.marks.of(row).points.to_f64(),
            mark_on_20: subject.marks.on_20(row).map(|m| m.to_f64()),
            theta: latent.map(|l| l.calibration.eap[row]),
            theta_se: latent.map(|l| l.calibration.eap_se[row]),
            rank: subject.ranks[row],
            rank_interval: intervals.map(|r| [r.candidates[row].low, r.candidates[row].high]),
            above_threshold: intervals.and_then(|r| r.candidates[row].above),
        })
        .collect()
}
