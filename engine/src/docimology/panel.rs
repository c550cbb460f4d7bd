//! The panel of a script concordance test: its key, its agreement, who is out of line, which questions to discard.
//!
//! Answers are −2, −1, 0, +1, +2 (Charlin et al. 2000). Credit is votes over the votes of the mode (RULES §1.7).
//! A panel must disagree a little: a question on which all agree is not a script concordance question, and one on
//! which they spread evenly has no key (Fournier, Demeester and Charlin 2008).

use super::standards::{Agreement, intraclass};
use super::{Estimate, NotEstimable};
use serde::Serialize;

const WHAT: &str = "panel de concordance";

/// Fewer panellists than this, and scores depend on who was asked: Gagnon et al. (2005) found a reliability of 0.62
/// with 5, 0.70 with 10, 0.74 with 20 and 0.76 with 38.
pub const LEAST_PANEL: usize = 10;
/// Beyond this the gain is negligible (Gagnon et al. 2005).
pub const LARGE_PANEL: usize = 20;

/// Answers of a panel.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Panel {
    questions: usize,
    answers: Vec<Vec<Option<i8>>>,
}

impl Panel {
    /// From `answers[panellist][question]` in −2..=2, `None` where there is none.
    ///
    /// # Errors
    /// Fewer than three panellists, no question, lists of different lengths, an answer out of −2..=2, a panellist
    /// without any answer.
    pub fn new(answers: Vec<Vec<Option<i8>>>) -> Estimate<Self> {
        let n = answers.len();
        if n < 3 {
            return Err(unsuited(format!("{n} panélistes, il en faut au moins 3")));
        }
        let questions = answers[0].len();
        if questions == 0 {
            return Err(NotEstimable::TooFewQuestions { what: WHAT, n: 0, needed: 1 });
        }
        for (i, own) in answers.iter().enumerate() {
            if own.len() != questions {
                let detail = format!("le panéliste n° {} a {} réponses, {questions} sont attendues", i + 1, own.len());
                return Err(unsuited(detail));
            }
            if let Some(a) = own.iter().flatten().find(|a| !(-2..=2).contains(*a)) {
                return Err(unsuited(format!("le panéliste n° {} répond {a}, hors de −2 à +2", i + 1)));
            }
            if own.iter().all(Option::is_none) {
                return Err(unsuited(format!("le panéliste n° {} n’a rien répondu", i + 1)));
            }
        }
        Ok(Self { questions, answers })
    }

    /// Number of questions.
    pub fn questions(&self) -> usize {
        self.questions
    }

    /// Number of panellists.
    pub fn panellists(&self) -> usize {
        self.answers.len()
    }

    /// Votes at a question for −2, −1, 0, +1, +2.
    pub fn votes(&self, question: usize) -> Votes {
        self.votes_but(question, usize::MAX)
    }

    fn votes_but(&self, question: usize, left_out: usize) -> Votes {
        let mut votes = [0; 5];
        for (i, own) in self.answers.iter().enumerate() {
            if let Some(a) = own[question].filter(|_| i != left_out) {
                votes[place(a)] += 1;
            }
        }
        Votes(votes)
    }
}

fn unsuited(detail: impl Into<String>) -> NotEstimable {
    NotEstimable::Unsuited { what: WHAT, detail: detail.into() }
}

fn place(answer: i8) -> usize {
    usize::try_from(answer + 2).unwrap_or(0)
}

/// Votes for −2, −1, 0, +1, +2, as a question holds them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Votes(pub [u32; 5]);

impl Votes {
    /// How many voted.
    pub fn total(self) -> u32 {
        self.0.iter().sum()
    }

    /// Votes of the mode.
    pub fn most(self) -> u32 {
        self.0.iter().copied().fold(0, u32::max)
    }

    /// The most frequent answers, −2..=2; several where they tie, none without votes.
    pub fn modes(self) -> Vec<i8> {
        let most = self.most();
        (-2..=2).filter(|a| most > 0 && self.0[place(*a)] == most).collect()
    }

    /// Aggregate scoring (Norcini, Shea and Day 1990; Charlin et al. 2000): credit of each answer, votes over votes
    /// of the mode; all ties at the mode get 1. `None` without votes.
    pub fn credits(self) -> Option<[f64; 5]> {
        let most = f64::from(self.most());
        (most > 0.0).then(|| self.0.map(|v| f64::from(v) / most))
    }

    /// Distance of an answer to the nearest mode, 0..=4; `None` without votes.
    pub fn distance(self, answer: i8) -> Option<u8> {
        self.modes().into_iter().map(|m| m.abs_diff(answer)).min()
    }

    /// Mean and variance (n − 1) of the answers; `None` with fewer than two.
    pub fn moments(self) -> Option<(f64, f64)> {
        let n = f64::from(self.total());
        if n < 2.0 {
            return None;
        }
        let each = || self.0.iter().enumerate().map(|(i, v)| (i as f64 - 2.0, f64::from(*v)));
        let mean = each().map(|(a, v)| a * v).sum::<f64>() / n;
        Some((mean, each().map(|(a, v)| v * (a - mean).powi(2)).sum::<f64>() / (n - 1.0)))
    }

    /// Shannon entropy over that of five equal shares, 0 (unanimous)..=1 (even); `None` without votes.
    pub fn entropy(self) -> Option<f64> {
        let n = f64::from(self.total());
        let term = |v: u32| {
            let p = f64::from(v) / n;
            if v > 0 { -p * p.ln() } else { 0.0 }
        };
        (n > 0.0).then(|| (self.0.iter().map(|v| term(*v)).sum::<f64>() / 5.0_f64.ln()).clamp(0.0, 1.0))
    }
}

/// Why a question should be looked at again.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flag {
    /// Too few votes for a key.
    FewVotes,
    /// All gave the same answer: not uncertain enough.
    Unanimous,
    /// Two answers apart attract the panel, with a hollow between them.
    Bimodal,
    /// Answers spread evenly: no key.
    Uniform,
}

impl Flag {
    /// In a sentence.
    pub fn french(self) -> &'static str {
        match self {
            Self::FewVotes => "trop peu de réponses du panel",
            Self::Unanimous => "panel unanime : la question ne teste pas l’incertitude",
            Self::Bimodal => "panel partagé en deux camps : énoncé ambigu ?",
            Self::Uniform => "réponses du panel dispersées : pas de clé",
        }
    }
}

/// When a question is flagged. The ideas are those of Fournier, Demeester and Charlin (2008) and Lubarsky et al.
/// (2011), who give no numbers: these are defaults to be configured.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Rules {
    /// Fewer votes: [`Flag::FewVotes`].
    pub least_votes: u32,
    /// Relative entropy at least that: [`Flag::Uniform`].
    pub uniform_entropy: f64,
    /// Two answers at least two steps apart, each with that share of votes at least…
    pub camp_share: f64,
    /// … and between them an answer with at most that share of the smaller camp: [`Flag::Bimodal`].
    pub hollow: f64,
}

impl Default for Rules {
    fn default() -> Self {
        Self { least_votes: LEAST_PANEL as u32, uniform_entropy: 0.95, camp_share: 0.25, hollow: 0.5 }
    }
}

/// One question, by its panel.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct PanelQuestion {
    /// Votes.
    pub votes: Votes,
    /// Credit of −2, −1, 0, +1, +2; `None` without votes.
    pub credits: Option<[f64; 5]>,
    /// The modes.
    pub modes: Vec<i8>,
    /// Share of votes of one mode, 0..=1.
    pub agreement: Option<f64>,
    /// Mean answer, −2..=2.
    pub mean: Option<f64>,
    /// Variance of answers (n − 1).
    pub variance: Option<f64>,
    /// Relative entropy, 0..=1.
    pub entropy: Option<f64>,
    /// Credit of an answer at random, 0.2..=1.
    pub by_chance: Option<f64>,
    /// What to look at again.
    pub flags: Vec<Flag>,
}

fn question(votes: Votes, rules: &Rules) -> PanelQuestion {
    let n = f64::from(votes.total());
    let credits = votes.credits();
    let mut flags = Vec::new();
    if votes.total() < rules.least_votes {
        flags.push(Flag::FewVotes);
    }
    if votes.total() > 1 {
        if votes.most() == votes.total() {
            flags.push(Flag::Unanimous);
        } else if votes.entropy().is_some_and(|e| e >= rules.uniform_entropy) {
            flags.push(Flag::Uniform);
        } else if two_camps(votes, rules) {
            flags.push(Flag::Bimodal);
        }
    }
    let moments = votes.moments();
    PanelQuestion {
        votes,
        credits,
        modes: votes.modes(),
        agreement: (n > 0.0).then(|| f64::from(votes.most()) / n),
        mean: moments.map(|m| m.0),
        variance: moments.map(|m| m.1),
        entropy: votes.entropy(),
        by_chance: credits.map(|c| c.iter().sum::<f64>() / 5.0),
        flags,
    }
}

fn two_camps(votes: Votes, rules: &Rules) -> bool {
    let (v, n) = (votes.0.map(f64::from), f64::from(votes.total()));
    (0..5).flat_map(|i| (i + 2..5).map(move |k| (i, k))).any(|(i, k)| {
        let smaller = v[i].min(v[k]);
        let hollow = v[i + 1..k].iter().copied().fold(f64::INFINITY, f64::min);
        smaller >= rules.camp_share * n && hollow <= rules.hollow * smaller
    })
}

/// One panellist among the others.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Panellist {
    /// Questions answered.
    pub answered: usize,
    /// Mean credit by the key of the others, 0..=1; `None` where no one else answered.
    pub score: Option<f64>,
    /// The same in standard deviations from the panel's mean; at most (n − 1) / √n in absolute value, so that no
    /// one of five can be at −2.
    pub score_z: Option<f64>,
    /// Mean distance to the mode of the panel (the nearest where they tie), 0..=4 (*distance-from-mode*, Gagnon
    /// et al. 2011).
    pub distance: f64,
    /// The same in standard deviations from the panel's mean.
    pub distance_z: Option<f64>,
    /// Score more than 2 SD below the mean, or distance more than 2 SD above. With more than 15 panellists leaving
    /// them in makes no difference (Gagnon et al. 2011): a reason to ask, not to exclude.
    pub out_of_line: bool,
    /// Leaving them out.
    pub effect: DropEffect,
}

/// What the key becomes without one panellist.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct DropEffect {
    /// Questions whose set of modes changes.
    pub modes_changed: usize,
    /// Questions left without any vote.
    pub emptied: usize,
    /// Mean absolute change of credit, over questions that keep votes and their five answers.
    pub mean_change: f64,
    /// Greatest change of credit.
    pub max_change: f64,
}

/// What the size of the panel is worth.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PanelSize {
    /// Below 10.
    TooSmall,
    /// 10 to 20.
    Good,
    /// Above 20.
    Large,
}

impl PanelSize {
    /// Of so many panellists (Gagnon et al. 2005; Fournier, Demeester and Charlin 2008).
    pub fn of(panellists: usize) -> Self {
        match panellists {
            n if n < LEAST_PANEL => Self::TooSmall,
            n if n <= LARGE_PANEL => Self::Good,
            _ => Self::Large,
        }
    }

    /// In a sentence.
    pub fn french(self) -> &'static str {
        match self {
            Self::TooSmall => "panel trop petit : viser de 10 à 20 panélistes",
            Self::Good => "taille de panel convenable (10 à 20)",
            Self::Large => "au-delà de 20 panélistes, le gain est négligeable",
        }
    }
}

/// All that a panel says.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct PanelAnalysis {
    /// By question.
    pub questions: Vec<PanelQuestion>,
    /// By panellist.
    pub panellists: Vec<Panellist>,
    /// Mean of the panellists' scores by the key of the others, 0..=1; the usual anchor of a scaled score.
    pub mean_score: Option<f64>,
    /// Standard deviation of the same (n − 1).
    pub sd_score: Option<f64>,
    /// Alpha (Cronbach 1951) of the panellists' credits over questions: panellists as candidates. `None` with fewer
    /// than three who answered all, fewer than two questions or no variance. Low in a homogeneous panel: that is
    /// no fault.
    pub alpha: Option<f64>,
    /// Intraclass correlations of answers, questions as targets, over questions that all answered.
    pub agreement: Option<Agreement>,
    /// Is the panel large enough?
    pub size: PanelSize,
}

/// Analyses a panel.
///
/// # Errors
/// A panel where no question has two votes.
pub fn analyse(panel: &Panel, rules: &Rules) -> Estimate<PanelAnalysis> {
    let votes: Vec<Votes> = (0..panel.questions).map(|q| panel.votes(q)).collect();
    if votes.iter().all(|v| v.total() < 2) {
        return Err(unsuited("aucune question n’a deux réponses"));
    }
    let credits: Vec<Vec<Option<f64>>> = (0..panel.panellists()).map(|i| by_the_others(panel, i)).collect();
    let scores: Vec<Option<f64>> = credits.iter().map(|c| average(c.iter().flatten().copied())).collect();
    let distances: Vec<Option<f64>> = panel
        .answers
        .iter()
        .map(|own| average(own.iter().zip(&votes).filter_map(|(a, v)| v.distance((*a)?).map(f64::from))))
        .collect();
    let (by_score, by_distance) = (spread(&scores), spread(&distances));
    let z = |value: Option<f64>, of: Option<(f64, f64)>| {
        value.zip(of).and_then(|(v, (mean, sd))| (sd > 1e-12).then(|| (v - mean) / sd))
    };
    let panellists = (0..panel.panellists())
        .map(|i| {
            let (score_z, distance_z) = (z(scores[i], by_score), z(distances[i], by_distance));
            Panellist {
                answered: panel.answers[i].iter().flatten().count(),
                score: scores[i],
                score_z,
                distance: distances[i].unwrap_or(0.0),
                distance_z,
                out_of_line: score_z.is_some_and(|z| z < -2.0) || distance_z.is_some_and(|z| z > 2.0),
                effect: without(panel, &votes, i),
            }
        })
        .collect();
    let full: Vec<Vec<f64>> =
        (0..panel.questions).filter_map(|q| panel.answers.iter().map(|own| own[q].map(f64::from)).collect()).collect();
    Ok(PanelAnalysis {
        questions: votes.iter().map(|v| question(*v, rules)).collect(),
        panellists,
        mean_score: by_score.map(|s| s.0),
        sd_score: by_score.map(|s| s.1),
        alpha: alpha(&credits),
        agreement: intraclass(&full).ok(),
        size: PanelSize::of(panel.panellists()),
    })
}

/// Reliability of the mean of `panellists` (Spearman 1910; Brown 1910) from that of one, ICC(2,1) or ICC(3,1).
/// `None` where it is not above 0 or without panellists.
pub fn agreement_with(single: f64, panellists: usize) -> Option<f64> {
    let n = panellists as f64;
    (single > 0.0 && single <= 1.0 && panellists > 0).then(|| n * single / (1.0 + (n - 1.0) * single))
}

fn average(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, n) = values.fold((0.0, 0.0), |(s, n), v| (s + v, n + 1.0));
    (n > 0.0).then(|| sum / n)
}

/// Mean and standard deviation (n − 1) of what is there; `None` with fewer than two.
fn spread(values: &[Option<f64>]) -> Option<(f64, f64)> {
    let there: Vec<f64> = values.iter().flatten().copied().collect();
    let mean = average(there.iter().copied()).filter(|_| there.len() > 1)?;
    let squares: f64 = there.iter().map(|v| (v - mean).powi(2)).sum();
    Some((mean, (squares / (there.len() - 1) as f64).sqrt()))
}

/// Credits of a panellist by the key of the others; `None` without an answer or without others.
fn by_the_others(panel: &Panel, i: usize) -> Vec<Option<f64>> {
    (0..panel.questions)
        .map(|q| {
            let answer = panel.answers[i][q]?;
            panel.votes_but(q, i).credits().map(|c| c[place(answer)])
        })
        .collect()
}

fn without(panel: &Panel, votes: &[Votes], i: usize) -> DropEffect {
    let mut effect = DropEffect { modes_changed: 0, emptied: 0, mean_change: 0.0, max_change: 0.0 };
    let mut compared = 0.0;
    for (q, all) in votes.iter().enumerate() {
        let rest = panel.votes_but(q, i);
        match (all.credits(), rest.credits()) {
            (Some(before), Some(after)) => {
                if all.modes() != rest.modes() {
                    effect.modes_changed += 1;
                }
                for (b, a) in before.iter().zip(&after) {
                    let change = (b - a).abs();
                    effect.mean_change += change;
                    effect.max_change = effect.max_change.max(change);
                    compared += 1.0;
                }
            }
            (Some(_), None) => effect.emptied += 1,
            _ => {}
        }
    }
    if compared > 0.0 {
        effect.mean_change /= compared;
    }
    effect
}

/// Alpha over the rows without gaps.
fn alpha(rows: &[Vec<Option<f64>>]) -> Option<f64> {
    let full: Vec<Vec<f64>> = rows.iter().filter_map(|r| r.iter().copied().collect()).collect();
    let k = full.first()?.len();
    if full.len() < 3 || k < 2 {
        return None;
    }
    let variance = |values: Vec<f64>| {
        let values: Vec<Option<f64>> = values.into_iter().map(Some).collect();
        spread(&values).map_or(0.0, |s| s.1 * s.1)
    };
    let total = variance(full.iter().map(|r| r.iter().sum()).collect());
    let parts: f64 = (0..k).map(|q| variance(full.iter().map(|r| r[q]).collect())).sum();
    let k = k as f64;
    (total > 1e-12).then(|| k / (k - 1.0) * (1.0 - parts / total))
}
