//! Judges who look at questions: Angoff and its variants, Ebel, Nedelsky.

use super::{Method, french_number, mean, sane, sd, unsuited};
use crate::docimology::numeric::t_two_sided;
use crate::docimology::{Estimate, NotEstimable};
use crate::stats::correlation;
use serde::Serialize;

const WHAT: &str = "seuil par les juges";

/// What judges expect of a borderline candidate at each question, as a share of its points, 0..=1.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Ratings {
    questions: usize,
    judges: Vec<Vec<Option<f64>>>,
}

impl Ratings {
    /// From `judges[judge][question]`, each 0..=1, `None` where a judge said nothing.
    ///
    /// # Errors
    /// Fewer than two judges, no question, lists of different lengths, a value out of 0..=1, a judge or a question
    /// without any rating, judges who share no question even through others.
    pub fn new(judges: Vec<Vec<Option<f64>>>) -> Estimate<Self> {
        if judges.len() < 2 {
            return Err(unsuited(WHAT, format!("{} juge, il en faut au moins 2", judges.len())));
        }
        let questions = judges[0].len();
        if questions == 0 {
            return Err(NotEstimable::TooFewQuestions { what: WHAT, n: 0, needed: 1 });
        }
        for (j, ratings) in judges.iter().enumerate() {
            if ratings.len() != questions {
                let detail = format!("le juge n° {} a {} réponses, {questions} sont attendues", j + 1, ratings.len());
                return Err(unsuited(WHAT, detail));
            }
            for (q, rating) in ratings.iter().enumerate() {
                if rating.is_some_and(|r| !(0.0..=1.0).contains(&r)) {
                    let detail = format!(
                        "le juge n° {} donne {} à la question n° {}, hors de 0 à 1",
                        j + 1,
                        rating
                            .filter(|r| r.is_finite())
                            .map_or_else(|| "autre chose qu’un nombre".into(), french_number),
                        q + 1
                    );
                    return Err(unsuited(WHAT, detail));
                }
            }
            if ratings.iter().all(Option::is_none) {
                return Err(unsuited(WHAT, format!("le juge n° {} n’a rien évalué", j + 1)));
            }
        }
        if let Some(q) = (0..questions).find(|q| judges.iter().all(|j| j[*q].is_none())) {
            return Err(unsuited(WHAT, format!("la question n° {} n’a été évaluée par aucun juge", q + 1)));
        }
        let ratings = Self { questions, judges };
        if !ratings.connected() {
            return Err(unsuited(WHAT, "des juges n’ont aucune question en commun avec les autres"));
        }
        Ok(ratings)
    }

    /// From expected points, `judges[judge][question]` in 0..=`points[question]`.
    ///
    /// # Errors
    /// As [`Self::new`]; points that are not positive.
    pub fn in_points(judges: &[Vec<Option<f64>>], points: &[f64]) -> Estimate<Self> {
        valid_points(points)?;
        let share = |j: &Vec<Option<f64>>| {
            j.iter().enumerate().map(|(q, r)| r.map(|r| r / points.get(q).copied().unwrap_or(1.0))).collect()
        };
        let ratings = Self::new(judges.iter().map(share).collect())?;
        same_length(ratings.questions, points.len())?;
        Ok(ratings)
    }

    /// Number of questions.
    pub fn questions(&self) -> usize {
        self.questions
    }

    /// Ratings by judge.
    pub fn judges(&self) -> &[Vec<Option<f64>>] {
        &self.judges
    }

    /// Can all judges be compared, one question after the other?
    fn connected(&self) -> bool {
        let mut reached = vec![false; self.judges.len()];
        let mut known = vec![false; self.questions];
        let mut next = vec![0];
        reached[0] = true;
        while let Some(j) = next.pop() {
            for q in (0..self.questions).filter(|q| self.judges[j][*q].is_some()) {
                if std::mem::replace(&mut known[q], true) {
                    continue;
                }
                for (other, ratings) in self.judges.iter().enumerate() {
                    if ratings[q].is_some() && !std::mem::replace(&mut reached[other], true) {
                        next.push(other);
                    }
                }
            }
        }
        reached.into_iter().all(|r| r)
    }

    /// All ratings, gaps filled by question and judge effects (least squares, by turns), kept in 0..=1.
    fn filled(&self) -> Vec<Vec<f64>> {
        let (mut severity, mut ease) = (vec![0.0; self.judges.len()], vec![0.0; self.questions]);
        if self.judges.iter().flatten().any(Option::is_none) {
            for _ in 0..10_000 {
                let mut moved = 0.0_f64;
                for (q, ease) in ease.iter_mut().enumerate() {
                    let off = self.judges.iter().zip(&severity).filter_map(|(j, s)| j[q].map(|r| r - s));
                    let new = average(off);
                    moved = moved.max((new - *ease).abs());
                    *ease = new;
                }
                for (ratings, severity) in self.judges.iter().zip(&mut severity) {
                    let off = ratings.iter().zip(&ease).filter_map(|(r, e)| r.map(|r| r - e));
                    *severity = average(off);
                }
                if moved < 1e-12 {
                    break;
                }
            }
        }
        let fill = |(ratings, severity): (&Vec<Option<f64>>, &f64)| {
            ratings.iter().zip(&ease).map(|(r, e)| r.unwrap_or((e + severity).clamp(0.0, 1.0))).collect()
        };
        self.judges.iter().zip(&severity).map(fill).collect()
    }

    /// Questions that every judge rated, each with its ratings in the order of judges.
    fn complete(&self) -> Vec<(usize, Vec<f64>)> {
        (0..self.questions)
            .filter_map(|q| self.judges.iter().map(|j| j[q]).collect::<Option<Vec<f64>>>().map(|r| (q, r)))
            .collect()
    }
}

fn average(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, n) = values.fold((0.0, 0.0), |(s, n), v| (s + v, n + 1.0));
    if n > 0.0 { sum / n } else { 0.0 }
}

fn valid_points(points: &[f64]) -> Estimate<()> {
    match points.iter().position(|p| !sane(*p) || *p <= 0.0) {
        Some(q) => Err(unsuited(WHAT, format!("la question n° {} n’a pas un nombre de points positif", q + 1))),
        None => Ok(()),
    }
}

fn same_length(questions: usize, points: usize) -> Estimate<()> {
    if questions == points {
        Ok(())
    } else {
        Err(unsuited(WHAT, format!("{questions} questions évaluées, {points} valeurs attendues")))
    }
}

/// How far raters agree on targets (Shrout and Fleiss 1979; two-way random, their case 2, and mixed, their case 3).
/// May be negative where raters contradict each other.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Agreement {
    /// Targets (questions) with all ratings.
    pub targets: usize,
    /// Raters.
    pub raters: usize,
    /// ICC(2,1): absolute agreement of one rater; `None` where all ratings are the same.
    pub single: Option<f64>,
    /// ICC(2,k): of the mean of all raters.
    pub average: Option<f64>,
    /// ICC(3,1): consistency of one rater, severity set aside; `None` where targets do not differ.
    pub consistency_single: Option<f64>,
    /// ICC(3,k): of the mean of all raters; alpha with raters as parts.
    pub consistency_average: Option<f64>,
    /// Mean squares between targets, between raters, and residual.
    pub mean_squares: [f64; 3],
}

/// Intraclass correlations (Shrout and Fleiss 1979) of a full table `targets[target][rater]`.
///
/// # Errors
/// Fewer than two targets or two raters, rows of different lengths, a value that is not a number.
pub fn intraclass(targets: &[Vec<f64>]) -> Estimate<Agreement> {
    const WHAT: &str = "accord entre juges";
    let n = targets.len();
    if n < 2 {
        return Err(NotEstimable::TooFewQuestions { what: WHAT, n, needed: 2 });
    }
    let k = targets[0].len();
    if k < 2 {
        return Err(unsuited(WHAT, format!("{k} juge, il en faut au moins 2")));
    }
    if targets.iter().any(|t| t.len() != k || t.iter().any(|v| !sane(*v))) {
        return Err(unsuited(WHAT, "le tableau des jugements a des manques"));
    }
    let (nf, kf) = (n as f64, k as f64);
    let rows: Vec<f64> = targets.iter().map(|t| mean(t)).collect();
    let columns: Vec<f64> = (0..k).map(|j| targets.iter().map(|t| t[j]).sum::<f64>() / nf).collect();
    let grand = mean(&rows);
    let between = kf * rows.iter().map(|r| (r - grand).powi(2)).sum::<f64>() / (nf - 1.0);
    let raters = nf * columns.iter().map(|c| (c - grand).powi(2)).sum::<f64>() / (kf - 1.0);
    let left =
        |(t, r): (&Vec<f64>, &f64)| -> f64 { t.iter().zip(&columns).map(|(v, c)| (v - r - c + grand).powi(2)).sum() };
    let residual = targets.iter().zip(&rows).map(left).sum::<f64>() / ((nf - 1.0) * (kf - 1.0));
    let tiny = 1e-14 * (1.0 + grand * grand);
    let ratio = |above: f64, below: f64| (below > tiny).then(|| above / below);
    Ok(Agreement {
        targets: n,
        raters: k,
        single: ratio(between - residual, between + (kf - 1.0) * residual + kf * (raters - residual) / nf),
        average: ratio(between - residual, between + (raters - residual) / nf),
        consistency_single: ratio(between - residual, between + (kf - 1.0) * residual),
        consistency_average: ratio(between - residual, between),
        mean_squares: [between, raters, residual],
    })
}

/// One judge among the others.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Judge {
    /// Their own cut, in points.
    pub cut: f64,
    /// Questions they rated.
    pub rated: usize,
    /// The cut of the other judges, in points.
    pub without: f64,
    /// What their presence adds to the cut, in points.
    pub effect: f64,
    /// Their cut less the mean cut, in standard deviations of judges; at most (J − 1) / √J in absolute value, so
    /// that no one of five judges can be at 2. `None` where all judges have the same cut.
    pub z: Option<f64>,
    /// Two-sided probability of a judge so far away if judges are normal (Grubbs 1969, Bonferroni over judges);
    /// `None` with fewer than three.
    pub p_outlier: Option<f64>,
    /// Out of line: |z| > 2, or `p_outlier` < 0.05.
    pub out_of_line: bool,
    /// Correlation of their ratings with the mean of the other judges, over questions; `None` with fewer than three
    /// or where one does not vary.
    pub with_others: Option<f64>,
}

/// What judges said of one question, as shares of its points.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct QuestionRatings {
    /// Judges who rated it.
    pub n: usize,
    /// Mean rating, 0..=1.
    pub mean: f64,
    /// Standard deviation over judges (n − 1); `None` with one judge.
    pub sd: Option<f64>,
    /// Least rating.
    pub min: f64,
    /// Greatest.
    pub max: f64,
}

/// A cut from judges on questions.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct JudgedCut {
    /// Which method.
    pub method: Method,
    /// The cut, in points: mean of the judges' cuts (Nedelsky: shifted by k σ).
    pub cut: f64,
    /// Points of the exam.
    pub max: f64,
    /// Standard deviation of the judges' cuts, in points (n − 1).
    pub sd: f64,
    /// Standard error over judges, questions fixed: SD / √J. Too small by a little where ratings are missing.
    pub se: f64,
    /// Standard error over judges and questions both drawn (Brennan and Lockwood 1980), in points; `None` where
    /// some question lacks a judge, or there are fewer than two.
    pub se_questions: Option<f64>,
    /// Ratings that were missing, filled by judge and question effects.
    pub gaps: usize,
    /// By judge.
    pub judges: Vec<Judge>,
    /// By question.
    pub questions: Vec<QuestionRatings>,
    /// Agreement on the questions that all judges rated; `None` with fewer than two.
    pub agreement: Option<Agreement>,
}

impl JudgedCut {
    /// The cut and its standard error on a scale that has `maximum` for full marks.
    pub fn on(&self, maximum: f64) -> (f64, f64) {
        (self.cut * maximum / self.max, self.se * maximum / self.max)
    }
}

fn judged(method: Method, ratings: &Ratings, points: &[f64]) -> Estimate<JudgedCut> {
    same_length(ratings.questions, points.len())?;
    valid_points(points)?;
    let filled = ratings.filled();
    let cuts: Vec<f64> = filled.iter().map(|f| f.iter().zip(points).map(|(r, p)| r * p).sum()).collect();
    let n = cuts.len() as f64;
    let (cut, sd_cuts) = (mean(&cuts), sd(&cuts));
    let complete = ratings.complete();
    let shares: Vec<Vec<f64>> = complete.iter().map(|(_, r)| r.clone()).collect();
    let se_questions = (complete.len() == ratings.questions)
        .then(|| {
            let weighted: Vec<Vec<f64>> =
                complete.iter().map(|(q, r)| r.iter().map(|r| r * points[*q]).collect()).collect();
            intraclass(&weighted).ok()
        })
        .flatten()
        .map(|a| {
            // Variance components, none below 0; the sum of q questions by J judges.
            let (q, [between, raters, residual]) = (a.targets as f64, a.mean_squares);
            let (of_judges, of_questions) = (((raters - residual) / q).max(0.0), ((between - residual) / n).max(0.0));
            q * (of_judges / n + of_questions / q + residual / (n * q)).sqrt()
        });
    let judges = (0..cuts.len()).map(|j| judge(ratings, &cuts, (cut, sd_cuts), j)).collect();
    let question = |q: usize| {
        let said: Vec<f64> = ratings.judges.iter().filter_map(|j| j[q]).collect();
        QuestionRatings {
            n: said.len(),
            mean: mean(&said),
            sd: (said.len() > 1).then(|| sd(&said)),
            min: said.iter().copied().fold(1.0, f64::min),
            max: said.iter().copied().fold(0.0, f64::max),
        }
    };
    Ok(JudgedCut {
        method,
        cut,
        max: points.iter().sum(),
        sd: sd_cuts,
        se: sd_cuts / n.sqrt(),
        se_questions,
        gaps: ratings.judges.iter().flatten().filter(|r| r.is_none()).count(),
        judges,
        questions: (0..ratings.questions).map(question).collect(),
        agreement: intraclass(&shares).ok(),
    })
}

fn judge(ratings: &Ratings, cuts: &[f64], (cut, spread): (f64, f64), j: usize) -> Judge {
    let n = cuts.len() as f64;
    let without = (cut * n - cuts[j]) / (n - 1.0);
    let z = (spread > 1e-12).then(|| (cuts[j] - cut) / spread);
    // Studentised by the others: t² = n (n − 2) z² / ((n − 1)² − n z²), with n − 2 degrees of freedom.
    let p_outlier = z.filter(|_| n > 2.0).and_then(|z| {
        let below = (n - 1.0).powi(2) - n * z * z;
        if below <= 1e-12 {
            return Some(0.0);
        }
        t_two_sided((n * (n - 2.0) * z * z / below).sqrt(), n - 2.0).map(|p| (n * p).min(1.0))
    });
    let (mut own, mut others) = (Vec::new(), Vec::new());
    for q in 0..ratings.questions {
        let rest: Vec<f64> =
            ratings.judges.iter().enumerate().filter(|(i, _)| *i != j).filter_map(|(_, r)| r[q]).collect();
        if let (Some(r), false) = (ratings.judges[j][q], rest.is_empty()) {
            own.push(r);
            others.push(mean(&rest));
        }
    }
    Judge {
        cut: cuts[j],
        rated: ratings.judges[j].iter().flatten().count(),
        without,
        effect: cut - without,
        z,
        p_outlier,
        out_of_line: z.is_some_and(|z| z.abs() > 2.0) || p_outlier.is_some_and(|p| p < 0.05),
        with_others: correlation(&own, &others),
    }
}

/// Angoff (1971): the cut is the sum over questions of a borderline candidate's chance of success, times
/// points, averaged over judges. `points[question]` is what a question is worth. Judges overrate hard questions and
/// underrate easy ones unless shown data (Impara and Plake 1998).
///
/// # Errors
/// Numbers of questions that differ, points that are not positive.
pub fn angoff(ratings: &Ratings, points: &[f64]) -> Estimate<JudgedCut> {
    judged(Method::Angoff, ratings, points)
}

/// Extended Angoff (Hambleton and Plake 1995): judges give the expected points of a borderline candidate,
/// `expected[judge][question]` in 0..=`points[question]`; for questions with partial credit.
///
/// # Errors
/// As [`Ratings::new`] and [`angoff`].
pub fn extended_angoff(expected: &[Vec<Option<f64>>], points: &[f64]) -> Estimate<JudgedCut> {
    judged(Method::ExtendedAngoff, &Ratings::in_points(expected, points)?, points)
}

/// Angoff by yes or no (Impara and Plake 1997): would a borderline candidate succeed? Chances above one half all
/// count 1, those below 0: the cut is too high on easy exams and too low on hard ones (Reckase 2006).
///
/// # Errors
/// As [`Ratings::new`] and [`angoff`].
pub fn yes_no_angoff(answers: &[Vec<Option<bool>>], points: &[f64]) -> Estimate<JudgedCut> {
    let share = |j: &Vec<Option<bool>>| j.iter().map(|a| a.map(|yes| if yes { 1.0 } else { 0.0 })).collect();
    judged(Method::YesNoAngoff, &Ratings::new(answers.iter().map(share).collect())?, points)
}

/// One round of ratings.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Round {
    /// The ratings of this round.
    pub ratings: Ratings,
    /// Were judges shown how candidates did (the reality check)?
    pub informed: bool,
}

/// Several rounds by the same judges.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Rounds {
    /// The cut in points: of the last round.
    pub cut: f64,
    /// Standard error over judges of the last round, in points.
    pub se: f64,
    /// By round.
    pub rounds: Vec<JudgedCut>,
    /// Mean of the rounds' cuts, in points.
    pub mean_of_rounds: f64,
    /// Mean of the cuts of the rounds before the reality check; `None` without any.
    pub uninformed: Option<f64>,
    /// Mean of the cuts of the rounds after it; `None` without any.
    pub informed: Option<f64>,
    /// From each round to the next: mean absolute change of the judges' cuts, in points.
    pub moved: Vec<f64>,
    /// From each round to the next: SD of judges' cuts after over before; below 1 judges come closer. `None`
    /// where they already agreed.
    pub closer: Vec<Option<f64>>,
}

/// Modified Angoff: the same judges, several rounds, with or without data on candidates between them (Hambleton and
/// Pitoniak 2006). The last round is the usual cut; the mean of rounds is given beside it.
///
/// # Errors
/// No round, different judges or questions from one round to the next, as [`angoff`].
pub fn modified_angoff(rounds: &[Round], points: &[f64]) -> Estimate<Rounds> {
    let judges = rounds.first().map_or(0, |r| r.ratings.judges.len());
    if rounds.iter().any(|r| r.ratings.judges.len() != judges) {
        return Err(unsuited(WHAT, "les tours n’ont pas les mêmes juges"));
    }
    let cuts: Vec<JudgedCut> = rounds.iter().map(|r| angoff(&r.ratings, points)).collect::<Result<_, _>>()?;
    let Some(last) = cuts.last() else { return Err(unsuited(WHAT, "aucun tour de jugement")) };
    let of = |informed: bool| {
        let kept: Vec<f64> =
            rounds.iter().zip(&cuts).filter(|(r, _)| r.informed == informed).map(|c| c.1.cut).collect();
        (!kept.is_empty()).then(|| mean(&kept))
    };
    let moved =
        |pair: &[JudgedCut]| average(pair[0].judges.iter().zip(&pair[1].judges).map(|(a, b)| (b.cut - a.cut).abs()));
    Ok(Rounds {
        cut: last.cut,
        se: last.se,
        mean_of_rounds: average(cuts.iter().map(|c| c.cut)),
        uninformed: of(false),
        informed: of(true),
        moved: cuts.windows(2).map(moved).collect(),
        closer: cuts.windows(2).map(|p| (p[0].sd > 1e-12).then(|| p[1].sd / p[0].sd)).collect(),
        rounds: cuts,
    })
}

/// How a judge's ratings follow the difficulty seen.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct JudgeConsistency {
    /// Questions compared.
    pub n: usize,
    /// Correlation of ratings with success rates over questions; `None` with fewer than three or without spread.
    /// Low: the judge does not see which questions are hard.
    pub r: Option<f64>,
    /// Mean of rating less success rate: negative is what one expects of borderline candidates.
    pub shift: f64,
    /// Standard deviation of the same about its mean.
    pub scatter: f64,
}

/// Ratings of each judge against success rates `p[question]` (0..=1, `None` unknown) of all candidates, or better of
/// those near the cut (Smith and Smith 1988; van der Linden 1982 gives the same idea under a response model).
///
/// # Errors
/// Numbers of questions that differ, a rate out of 0..=1, no rate for the questions of some judge.
pub fn consistency(ratings: &Ratings, p: &[Option<f64>]) -> Estimate<Vec<JudgeConsistency>> {
    const WHAT: &str = "cohérence des juges";
    same_length(ratings.questions, p.len())?;
    if p.iter().flatten().any(|p| !(0.0..=1.0).contains(p)) {
        return Err(unsuited(WHAT, "un taux de réussite n’est pas entre 0 et 1"));
    }
    let of = |(j, judge): (usize, &Vec<Option<f64>>)| {
        let pairs: Vec<(f64, f64)> = judge.iter().zip(p).filter_map(|(r, p)| r.zip(*p)).collect();
        if pairs.is_empty() {
            return Err(unsuited(WHAT, format!("aucun taux de réussite pour les questions du juge n° {}", j + 1)));
        }
        let (own, seen): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
        let off: Vec<f64> = pairs.iter().map(|(r, p)| r - p).collect();
        Ok(JudgeConsistency { n: off.len(), r: correlation(&own, &seen), shift: mean(&off), scatter: sd(&off) })
    };
    ratings.judges.iter().enumerate().map(of).collect()
}

/// One judge's table and where they put each question.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct EbelJudge {
    /// `success[relevance][difficulty]`: share of such questions that a borderline candidate gets, 0..=1.
    pub success: Vec<Vec<f64>>,
    /// Of each question: relevance and difficulty, as places in the table; `None` where not placed.
    pub cells: Vec<Option<(usize, usize)>>,
}

/// Rows of Ebel's grid, from the most relevant; others may be used.
pub const EBEL_RELEVANCE: [&str; 4] = ["essentielle", "importante", "acceptable", "discutable"];
/// Columns of Ebel's grid, from the easiest; others may be used.
pub const EBEL_DIFFICULTY: [&str; 3] = ["facile", "moyenne", "difficile"];

/// One cell of the grid, over judges.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct EbelCell {
    /// Row.
    pub relevance: usize,
    /// Column.
    pub difficulty: usize,
    /// Points that the judges put there, mean over judges (placed questions only).
    pub points: f64,
    /// Expected success, mean over judges, 0..=1.
    pub success: f64,
}

/// A cut by Ebel's grid.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct EbelCut {
    /// The cut and the judges.
    pub judged: JudgedCut,
    /// The grid.
    pub cells: Vec<EbelCell>,
}

/// Ebel (1972): the sum over cells of points times expected success, averaged over judges. All tables
/// have the same shape. Fails where judges cannot tell relevance from difficulty: both then say the same thing.
///
/// # Errors
/// As [`Ratings::new`] and [`angoff`]; tables of different shapes, a question placed out of its table.
pub fn ebel(judges: &[EbelJudge], points: &[f64]) -> Estimate<EbelCut> {
    let Some(first) = judges.first() else { return Err(unsuited(WHAT, "0 juge, il en faut au moins 2")) };
    let (rows, columns) = (first.success.len(), first.success.first().map_or(0, Vec::len));
    let shape = |j: &EbelJudge| j.success.len() == rows && j.success.iter().all(|r| r.len() == columns);
    if rows == 0 || columns == 0 || !judges.iter().all(shape) {
        return Err(unsuited(WHAT, "les grilles d’Ebel n’ont pas la même forme"));
    }
    if judges.iter().flat_map(|j| j.success.iter().flatten()).any(|s| !(0.0..=1.0).contains(s)) {
        return Err(unsuited(WHAT, "une réussite attendue de la grille d’Ebel n’est pas entre 0 et 1"));
    }
    if judges.iter().flat_map(|j| j.cells.iter().flatten()).any(|(r, d)| *r >= rows || *d >= columns) {
        return Err(unsuited(WHAT, "une question est placée hors de la grille d’Ebel"));
    }
    let rating = |j: &EbelJudge| j.cells.iter().map(|c| c.map(|(r, d)| j.success[r][d])).collect();
    let judged = judged(Method::Ebel, &Ratings::new(judges.iter().map(rating).collect())?, points)?;
    let n = judges.len() as f64;
    let mut cells = Vec::with_capacity(rows * columns);
    for relevance in 0..rows {
        for difficulty in 0..columns {
            let there = |j: &EbelJudge| -> f64 {
                j.cells.iter().zip(points).filter(|(c, _)| **c == Some((relevance, difficulty))).map(|(_, p)| p).sum()
            };
            cells.push(EbelCell {
                relevance,
                difficulty,
                points: judges.iter().map(there).sum::<f64>() / n,
                success: average(judges.iter().map(|j| j.success[relevance][difficulty])),
            });
        }
    }
    Ok(EbelCut { judged, cells })
}

/// Nedelsky (1954): `left[judge][question]` is how many options a borderline candidate could not reject (the right
/// one among them), so that the chance of success is its inverse, p. The cut is raised by `k` standard deviations of
/// the scores of borderline candidates who choose at random among those, √Σ w² p (1 − p) in points, p the mean over
/// judges: k = −1, 0, 1, 2 fail about 16, 50, 84, 98 % of them. For single-answer questions only: chances between one
/// half and 1 do not exist, and the cut is mostly low.
///
/// # Errors
/// As [`Ratings::new`] and [`angoff`]; no option left, a `k` that is not a number.
pub fn nedelsky(left: &[Vec<Option<u32>>], points: &[f64], k: f64) -> Estimate<JudgedCut> {
    if left.iter().flatten().any(|l| *l == Some(0)) {
        return Err(unsuited(WHAT, "un juge rejette toutes les propositions d’une question, la bonne comprise"));
    }
    if !sane(k) {
        return Err(unsuited(WHAT, "le décalage k n’est pas un nombre"));
    }
    let share = |j: &Vec<Option<u32>>| j.iter().map(|l| l.map(|l| 1.0 / f64::from(l))).collect();
    let mut cut = judged(Method::Nedelsky, &Ratings::new(left.iter().map(share).collect())?, points)?;
    let variance: f64 = cut.questions.iter().zip(points).map(|(q, w)| w * w * q.mean * (1.0 - q.mean)).sum();
    cut.cut = (cut.cut + k * variance.max(0.0).sqrt()).clamp(0.0, cut.max);
    Ok(cut)
}
