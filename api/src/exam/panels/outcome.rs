//! What a panel gives: its threshold, its judges among each other, the questions they differ on, who would pass.
//!
//! Every number is the engine's ([`docimo_engine::docimology::standards`]), put on 20 and named.

use super::book::Book;
use super::judged::{self, Counted, Inputs};
use super::method::Method;
use docimo_engine::docimology::NotEstimable;
use docimo_engine::docimology::standards::{
    self, Agreement, BookmarkOptions, CohenOptions, JudgedCut, PassRate, Ratings, Round,
};
use docimo_engine::stats::correlation;
use serde::Serialize;

/// Where chance starts from in the standard errors by drawing candidates again.
pub const SEED: u64 = 2_026;

/// What a panel gives.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Outcome {
    /// Word of the method.
    pub method: &'static str,
    /// On 20; `None` where it cannot be told, and `why_not` says why.
    pub threshold: Option<f64>,
    /// Standard error on 20, over judges or candidates as the method has it.
    pub se: Option<f64>,
    /// The same over judges and questions both drawn, where every judge rated everything.
    pub se_questions: Option<f64>,
    /// Why there is no threshold.
    pub why_not: Option<String>,
    /// What should be known beside the numbers.
    pub remarks: Vec<String>,
    /// Those who said something.
    pub judges: Vec<JudgeLine>,
    /// Agreement of judges on the questions that all rated.
    pub agreement: Option<Agreement>,
    /// Questions that count, in the order of the paper.
    pub questions: Vec<QuestionLine>,
    /// From the first round to the second.
    pub change: Option<Change>,
    /// Pass rates at the threshold and at ±1 and ±2 standard errors, once marked.
    pub impact: Option<Vec<PassRate>>,
    /// The judges' mean ratings against success rates, once marked.
    pub against_p: Option<AgainstSuccess>,
    /// Pages of the booklet of a bookmark.
    pub booklet: Vec<Page>,
}

/// One judge among the others.
#[derive(Clone, Debug, Default, Serialize)]
pub struct JudgeLine {
    /// Number in the panel.
    pub number: i64,
    /// Name.
    pub name: String,
    /// Things said.
    pub rated: usize,
    /// Their own threshold, on 20.
    pub threshold: Option<f64>,
    /// Threshold of the others, on 20.
    pub without: Option<f64>,
    /// In standard deviations of judges.
    pub z: Option<f64>,
    /// Stands apart from the others.
    pub out_of_line: bool,
    /// Correlation of their ratings with the mean of the others.
    pub with_others: Option<f64>,
    /// Their threshold at the first round, on 20, where there are two.
    pub first_round: Option<f64>,
    /// Correlation of their ratings with success rates, once marked.
    pub with_p: Option<f64>,
    /// Mean of rating less success rate, once marked.
    pub shift: Option<f64>,
}

/// What judges said of one question, as shares of its points.
#[derive(Clone, Debug, Serialize)]
pub struct QuestionLine {
    /// Number on the paper.
    pub number: usize,
    /// First words of the stem.
    pub stem: String,
    /// Judges who rated it.
    pub n: usize,
    /// Mean rating, 0..=1.
    pub mean: f64,
    /// Standard deviation over judges.
    pub sd: Option<f64>,
    /// Least rating.
    pub min: f64,
    /// Greatest.
    pub max: f64,
    /// Mean rating of the first round, where there are two.
    pub first_mean: Option<f64>,
    /// Success rate, once marked.
    pub p: Option<f64>,
}

/// From the first round to the second.
#[derive(Clone, Debug, Serialize)]
pub struct Change {
    /// Threshold of the first round, on 20.
    pub first: f64,
    /// Its standard error.
    pub first_se: f64,
    /// Threshold of the second.
    pub second: f64,
    /// Mean absolute change of the judges' thresholds, on 20.
    pub moved: f64,
    /// SD of judges after over before; below 1 they came closer.
    pub closer: Option<f64>,
    /// Did judges see success rates before the second round?
    pub informed: bool,
}

/// Mean ratings against success rates.
#[derive(Clone, Debug, Serialize)]
pub struct AgainstSuccess {
    /// Questions compared.
    pub n: usize,
    /// Correlation over questions.
    pub r: Option<f64>,
    /// Mean of rating less success rate.
    pub shift: f64,
    /// Numbers of the questions whose difference is furthest from that mean, the furthest first.
    pub far: Vec<usize>,
}

/// A page of the ordered booklet.
#[derive(Clone, Debug, Serialize)]
pub struct Page {
    /// From 1.
    pub page: usize,
    /// Number of the question on the paper.
    pub number: usize,
    /// First words of the stem.
    pub stem: String,
    /// Level reached, from 1; 0 where the question has one only.
    pub level: usize,
    /// Ability where it is reached, in logits.
    pub location: f64,
}

/// Questions told at most as far from what was seen.
const FAR: usize = 8;

/// Derives what a panel gives.
pub fn outcome(book: &Book, inputs: &Inputs) -> Outcome {
    let mut out = Outcome { method: book.method.word(), ..Outcome::default() };
    let found = match book.method {
        Method::Angoff | Method::YesNoAngoff | Method::ModifiedAngoff | Method::Ebel => {
            questions(book, inputs, &mut out)
        }
        Method::Hofstee => hofstee(book, inputs, &mut out),
        Method::Bookmark => bookmark(book, inputs, &mut out),
        Method::BorderlineGroup | Method::BorderlineRegression => candidates(book, inputs, &mut out),
        Method::Tcs => Err("un panel de concordance fait une clé, pas un seuil".to_owned()),
    };
    match found {
        Err(why) => out.why_not = Some(why),
        Ok((threshold, se)) => {
            (out.threshold, out.se) = (Some(threshold), se);
            if !inputs.marks.is_empty() {
                out.impact =
                    standards::impact(&inputs.marks, threshold, se.unwrap_or(0.0)).ok().map(|i| i.rates.to_vec());
            }
        }
    }
    out
}

type Cut = Result<(f64, Option<f64>), String>;

fn said(why: NotEstimable) -> String {
    why.to_string()
}

/// Cut of one round.
fn one_round(
    book: &Book,
    round: i64,
    judges: &[(i64, String)],
    rated: &[Counted],
    points: &[f64],
) -> Result<JudgedCut, String> {
    if book.method == Method::Ebel {
        return Ok(standards::ebel(&judged::ebel(book, round, judges, rated)?, points).map_err(said)?.judged);
    }
    let ratings = judged::ratings(book, round, judges, rated);
    if book.method == Method::YesNoAngoff {
        let answers: Vec<Vec<Option<bool>>> =
            ratings.iter().map(|j| j.iter().map(|r| r.map(|r| r > 0.5)).collect()).collect();
        return standards::yes_no_angoff(&answers, points).map_err(said);
    }
    standards::angoff(&Ratings::new(ratings).map_err(said)?, points).map_err(said)
}

fn questions(book: &Book, inputs: &Inputs, out: &mut Outcome) -> Cut {
    let round = book.panel.round;
    let targets: Vec<&str> = inputs.questions.iter().map(|q| q.target.as_str()).collect();
    let judges = judged::active(book, round, &targets);
    // What no judge has rated yet is left out, and said: the threshold is then of the others.
    let spoken = |q: &&Counted| judges.iter().any(|(j, _)| book.value(round, *j, &q.target).is_some());
    let rated: Vec<Counted> = inputs.questions.iter().filter(spoken).cloned().collect();
    let left = inputs.questions.len() - rated.len();
    if left > 0 && !rated.is_empty() {
        out.remarks.push(format!("questions qu’aucun juge n’a évaluées, hors du seuil : {left}"));
    }
    out.judges = judges
        .iter()
        .map(|(number, name)| JudgeLine {
            number: *number,
            name: name.clone(),
            rated: book.said_by(*number),
            ..JudgeLine::default()
        })
        .collect();
    let points: Vec<f64> = rated.iter().map(|q| q.points).collect();
    let cut = one_round(book, round, &judges, &rated, &points)?;
    let scale = 20.0 / cut.max;
    for (line, judge) in out.judges.iter_mut().zip(&cut.judges) {
        line.rated = judge.rated;
        line.threshold = Some(judge.cut * scale);
        line.without = Some(judge.without * scale);
        (line.z, line.out_of_line, line.with_others) = (judge.z, judge.out_of_line, judge.with_others);
    }
    if cut.gaps > 0 {
        out.remarks.push(format!("{} avis manquants, complétés d’après les autres avis", cut.gaps));
    }
    out.questions = rated
        .iter()
        .zip(&cut.questions)
        .map(|(q, r)| QuestionLine {
            number: q.number,
            stem: q.stem.clone(),
            n: r.n,
            mean: r.mean,
            sd: r.sd,
            min: r.min,
            max: r.max,
            first_mean: None,
            p: q.p,
        })
        .collect();
    if book.method == Method::ModifiedAngoff && round > 1 {
        change(book, &judges, &rated, &points, out);
    }
    against_p(book, &judges, &rated, out);
    let (threshold, se) = cut.on(20.0);
    out.se_questions = cut.se_questions.map(|se| se * scale);
    out.agreement = cut.agreement;
    Ok((threshold, Some(se)))
}

/// The first round beside the second, by the judges and on the questions of the second.
fn change(book: &Book, judges: &[(i64, String)], rated: &[Counted], points: &[f64], out: &mut Outcome) {
    let of = |round| Ratings::new(judged::ratings(book, round, judges, rated));
    let (Ok(first), Ok(second)) = (of(1), of(book.panel.round)) else {
        out.remarks
            .push("le premier tour n’a pas les mêmes juges ni les mêmes questions : il n’est pas comparé".into());
        return;
    };
    let rounds =
        [Round { ratings: first, informed: false }, Round { ratings: second, informed: book.panel.informed == 1 }];
    let Ok(found) = standards::modified_angoff(&rounds, points) else { return };
    let scale = 20.0 / found.rounds[0].max;
    for (line, judge) in out.judges.iter_mut().zip(&found.rounds[0].judges) {
        line.first_round = Some(judge.cut * scale);
    }
    for (line, question) in out.questions.iter_mut().zip(&found.rounds[0].questions) {
        line.first_mean = Some(question.mean);
    }
    out.change = Some(Change {
        first: found.rounds[0].cut * scale,
        first_se: found.rounds[0].se * scale,
        second: found.cut * scale,
        moved: found.moved.first().copied().unwrap_or(0.0) * scale,
        closer: found.closer.first().copied().flatten(),
        informed: book.panel.informed == 1,
    });
}

fn against_p(book: &Book, judges: &[(i64, String)], rated: &[Counted], out: &mut Outcome) {
    let p: Vec<Option<f64>> = rated.iter().map(|q| q.p).collect();
    let pairs: Vec<(usize, f64, f64)> = out.questions.iter().filter_map(|q| Some((q.number, q.mean, q.p?))).collect();
    if pairs.is_empty() {
        return;
    }
    if matches!(book.method, Method::Angoff | Method::YesNoAngoff | Method::ModifiedAngoff)
        && let Ok(ratings) = Ratings::new(judged::ratings(book, book.panel.round, judges, rated))
        && let Ok(all) = standards::consistency(&ratings, &p)
    {
        for (line, own) in out.judges.iter_mut().zip(all) {
            (line.with_p, line.shift) = (own.r, Some(own.shift));
        }
    }
    let (means, seen): (Vec<f64>, Vec<f64>) = pairs.iter().map(|(_, m, p)| (*m, *p)).unzip();
    let shift = means.iter().zip(&seen).map(|(m, p)| m - p).sum::<f64>() / pairs.len() as f64;
    let mut far: Vec<(f64, usize)> = pairs.iter().map(|(n, m, p)| ((m - p - shift).abs(), *n)).collect();
    far.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    out.against_p = Some(AgainstSuccess {
        n: pairs.len(),
        r: correlation(&means, &seen),
        shift,
        far: far.into_iter().take(FAR).map(|f| f.1).collect(),
    });
}

fn hofstee(book: &Book, inputs: &Inputs, out: &mut Outcome) -> Cut {
    let (judges, bounds, partial) = judged::hofstee(book, book.panel.round);
    if !partial.is_empty() {
        out.remarks.push(format!("bornes incomplètes, laissées de côté : {}", partial.join(", ")));
    }
    out.judges = judges
        .iter()
        .map(|(number, name)| JudgeLine { number: *number, name: name.clone(), rated: 4, ..JudgeLine::default() })
        .collect();
    if inputs.marks.is_empty() {
        return Err("les bornes sont gardées ; le seuil se calcule sur les notes, une fois l’examen noté".into());
    }
    let found = standards::hofstee(&bounds, &inputs.marks, SEED).map_err(said)?;
    if bounds.len() > 1 {
        for (i, line) in out.judges.iter_mut().enumerate() {
            let mut others = bounds.clone();
            let own = others.remove(i);
            line.without = standards::hofstee(&others, &inputs.marks, SEED).ok().map(|h| h.cut);
            line.threshold = standards::hofstee(&[own], &inputs.marks, SEED).ok().map(|h| h.cut);
        }
    }
    out.remarks.push(found.outcome.french().into());
    Ok((found.cut, found.se_judges.or(found.se_candidates)))
}

fn bookmark(book: &Book, inputs: &Inputs, out: &mut Outcome) -> Cut {
    let calibrated = inputs.calibrated.as_ref().ok_or("les questions n’ont pas de modèle de réponse")?;
    let options = BookmarkOptions::default();
    let booklet = standards::ordered_booklet(&calibrated.items, &options).map_err(said)?;
    out.booklet = (1..)
        .zip(&booklet)
        .map(|(page, entry)| {
            let question = calibrated.counted.get(entry.question).and_then(|q| inputs.questions.get(*q));
            Page {
                page,
                number: question.map_or(entry.question + 1, |q| q.number),
                stem: question.map_or_else(String::new, |q| q.stem.clone()),
                level: if calibrated.items[entry.question].categories() > 2 { entry.category } else { 0 },
                location: entry.location,
            }
        })
        .collect();
    let round = book.panel.round;
    let judges = judged::active(book, round, &["page"]);
    out.judges = judges
        .iter()
        .map(|(number, name)| JudgeLine { number: *number, name: name.clone(), rated: 1, ..JudgeLine::default() })
        .collect();
    let pages: Vec<usize> = judges.iter().filter_map(|(j, _)| book.value(round, *j, "page")?.parse().ok()).collect();
    let found = standards::bookmark(&calibrated.items, &calibrated.scores, &pages, &options).map_err(said)?;
    let best = |s: &Vec<f64>| s.iter().copied().fold(0.0, f64::max);
    let flat_max: f64 = calibrated.flat.iter().map(|(_, scores)| best(scores)).sum();
    let max = found.max + flat_max + calibrated.constant_max;
    let on_20 = |points: f64, theta: f64| {
        let flat: f64 = calibrated.flat.iter().map(|(item, scores)| item.expected(theta, scores)).sum();
        (points + flat + calibrated.constant) * 20.0 / max
    };
    if !calibrated.flat.is_empty() {
        out.remarks.push(format!("questions qui ne discriminent pas, hors du carnet : {}", calibrated.flat.len()));
    }
    for (i, (line, own)) in out.judges.iter_mut().zip(&found.judges).enumerate() {
        line.threshold = Some(on_20(own.score, own.theta));
        let mut others = pages.clone();
        others.remove(i);
        let without = standards::bookmark(&calibrated.items, &calibrated.scores, &others, &options);
        line.without = without.ok().map(|b| on_20(b.cut, b.theta));
    }
    out.remarks.push(format!(
        "probabilité de réponse {} ; page lue : {} ; {}",
        options.response_probability.to_string().replace('.', ","),
        options.reading.french(),
        options.centre.french()
    ));
    Ok((on_20(found.cut, found.theta), Some(found.se * 20.0 / max)))
}

fn candidates(book: &Book, inputs: &Inputs, out: &mut Outcome) -> Cut {
    let lines = judged::candidates(book, book.panel.round, &inputs.mark_of);
    out.judges = book
        .judges
        .iter()
        .map(|j| JudgeLine {
            number: j.number,
            name: j.name.clone(),
            rated: book.said_by(j.number),
            ..JudgeLine::default()
        })
        .collect();
    let (marks, grades): (Vec<f64>, Vec<f64>) = lines.into_iter().unzip();
    if book.method == Method::BorderlineGroup {
        let found = standards::borderline_group(&marks, SEED).map_err(said)?;
        out.remarks.push(format!(
            "médiane de {} candidats jugés à la limite ; leur moyenne est {}",
            found.n,
            french(found.mean)
        ));
        return Ok((found.cut, found.se));
    }
    let borderline = book.options.borderline.unwrap_or(2.0);
    let found = standards::borderline_regression(&grades, &marks, borderline).map_err(said)?;
    out.remarks.push(format!(
        "droite lue à l’appréciation {} sur {} candidats ; les appréciations expliquent {} % des écarts de notes",
        french(borderline).trim_end_matches(",00"),
        found.n,
        (found.r_squared * 100.0).round()
    ));
    if found.r_squared < 0.5 {
        out.remarks.push("moins de la moitié : notes et appréciations ne racontent pas la même chose".into());
    }
    Ok((found.cut, Some(found.se)))
}

fn french(value: f64) -> String {
    format!("{value:.2}").replace('.', ",")
}

/// Cohen's threshold of these marks on 20: 60 % of the 95th percentile, without a part of chance.
pub fn cohen(marks: &[f64]) -> Outcome {
    let mut out = Outcome { method: "cohen", ..Outcome::default() };
    match standards::cohen(marks, &CohenOptions::original(0.0), SEED) {
        Err(why) => out.why_not = Some(why.to_string()),
        Ok(found) => {
            (out.threshold, out.se) = (Some(found.cut), found.se);
            out.remarks.push(format!("60 % de la note du 95ᵉ centile, {}", french(found.reference)));
            out.impact = standards::impact(marks, found.cut, found.se.unwrap_or(0.0)).ok().map(|i| i.rates.to_vec());
        }
    }
    out
}
