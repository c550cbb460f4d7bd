//! Judges who put a bookmark in questions ordered by difficulty.

use super::{Method, mean, median, sane, sd, unsuited};
use crate::docimology::irt::{ItemParameters, Model};
use crate::docimology::{Estimate, NotEstimable};
use serde::Serialize;

const WHAT: &str = "seuil par marque-page";

/// One page of the booklet: a question at one of its levels.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Entry {
    /// Index of the question.
    pub question: usize,
    /// Category that a candidate must reach, from 1.
    pub category: usize,
    /// Ability at which it is reached with the response probability, in logits.
    pub location: f64,
}

/// How a bookmark is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reading {
    /// The location of the last page before the bookmark, the last that is mastered.
    #[default]
    LastMastered,
    /// The location of the bookmarked page.
    Bookmarked,
    /// Half-way between the two.
    Midpoint,
}

impl Reading {
    /// Its name on a page.
    pub fn french(self) -> &'static str {
        match self {
            Self::LastMastered => "dernière question maîtrisée",
            Self::Bookmarked => "question marquée",
            Self::Midpoint => "milieu entre les deux",
        }
    }
}

/// How judges are put together.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Centre {
    /// The median judge, as published.
    #[default]
    Median,
    /// The mean of judges.
    Mean,
}

impl Centre {
    /// Its name on a page.
    pub fn french(self) -> &'static str {
        match self {
            Self::Median => "médiane des juges",
            Self::Mean => "moyenne des juges",
        }
    }
}

/// Settings of the method.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct BookmarkOptions {
    /// Response probability: a page is mastered by those who reach it with this probability; 0.67.
    pub response_probability: f64,
    /// Leave the lower asymptote of 3PL questions out of that probability.
    pub without_guessing: bool,
    /// How a bookmark is read.
    pub reading: Reading,
    /// How judges are put together.
    pub centre: Centre,
}

impl Default for BookmarkOptions {
    fn default() -> Self {
        Self {
            response_probability: 0.67,
            without_guessing: false,
            reading: Reading::default(),
            centre: Centre::default(),
        }
    }
}

/// The booklet: questions at each of their categories but the first, from the lowest location (Mitzel, Lewis, Patz
/// and Green 2001). The location is where P(category or higher) equals the response probability; equal locations
/// keep the order of the exam. The order and the cut both depend on that probability (Beretvas 2004).
///
/// # Errors
/// No question, a probability out of 0..1, slopes that are not positive, a lower asymptote as high as the probability.
pub fn ordered_booklet(items: &[ItemParameters], options: &BookmarkOptions) -> Estimate<Vec<Entry>> {
    let rp = options.response_probability;
    if items.is_empty() {
        return Err(NotEstimable::TooFewQuestions { what: WHAT, n: 0, needed: 1 });
    }
    if !(rp > 0.0 && rp < 1.0) {
        return Err(unsuited(WHAT, "la probabilité de réponse n’est pas entre 0 et 1"));
    }
    let mut entries = Vec::new();
    for (question, item) in items.iter().enumerate() {
        let sound = sane(item.a) && item.a > 0.0 && !item.b.is_empty() && item.b.iter().all(|b| sane(*b));
        if !sound || !(0.0..1.0).contains(&item.c) {
            let detail = format!("la question n° {} ne discrimine pas ou n’a pas de paramètres", question + 1);
            return Err(unsuited(WHAT, detail));
        }
        let mut item = item.clone();
        if options.without_guessing && item.model == Model::ThreePl {
            item.c = 0.0;
        }
        if item.c >= rp {
            let detail = format!(
                "à la question n° {}, répondre au hasard suffit à atteindre la probabilité de réponse",
                question + 1
            );
            return Err(unsuited(WHAT, detail));
        }
        for category in 1..item.categories() {
            entries.push(Entry { question, category, location: locate(&item, category, rp) });
        }
    }
    entries.sort_by(|x, y| {
        x.location.total_cmp(&y.location).then((x.question, x.category).cmp(&(y.question, y.category)))
    });
    Ok(entries)
}

/// Where the probability of `category` or higher, growing with ability, equals `rp`; by halving.
fn locate(item: &ItemParameters, category: usize, rp: f64) -> f64 {
    let mut p = vec![0.0; item.categories()];
    let mut reached = |theta: f64| {
        item.probabilities(theta, &mut p);
        p[category..].iter().sum::<f64>() >= rp
    };
    let centre = item.b.iter().sum::<f64>() / item.b.len() as f64;
    let spread = item.b.iter().map(|b| (b - centre).abs()).fold(1.0, f64::max);
    let mut width = spread + 10.0 / item.a;
    while width < 1e6 && (reached(centre - width) || !reached(centre + width)) {
        width *= 2.0;
    }
    let (mut low, mut high) = (centre - width, centre + width);
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if reached(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    0.5 * (low + high)
}

/// One judge's bookmark.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Bookmark {
    /// Page, from 1: the first that a borderline candidate does not master; one past the last if all are mastered.
    pub page: usize,
    /// The ability it stands for, in logits.
    pub theta: f64,
    /// The score expected there, in points.
    pub score: f64,
}

/// A cut by bookmarks.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct BookmarkCut {
    /// Ability of the cut, in logits.
    pub theta: f64,
    /// Standard error over judges, in logits; of the mean, or of the median under a normal law (× √(π/2)).
    pub theta_se: f64,
    /// The cut, in points: expected score at `theta`.
    pub cut: f64,
    /// Standard error over judges in points, by the slope of the expected score (delta method).
    pub se: f64,
    /// Points of the exam.
    pub max: f64,
    /// By judge.
    pub judges: Vec<Bookmark>,
    /// Pages of the booklet.
    pub booklet: Vec<Entry>,
}

impl BookmarkCut {
    /// The method.
    pub fn method(&self) -> Method {
        Method::Bookmark
    }
}

/// Bookmark method (Lewis, Mitzel and Green 1996). `scores[question][category]` is in points; `pages[judge]` is the
/// page, from 1, of the first question not mastered. Errors of the item parameters are left out. Fails where pages
/// leave wide gaps between locations (the cut can only fall on a page), or where the model does not fit.
///
/// # Errors
/// As [`ordered_booklet`]; fewer than two judges, a page out of the booklet, scores that do not match the categories.
pub fn bookmark(
    items: &[ItemParameters],
    scores: &[Vec<f64>],
    pages: &[usize],
    options: &BookmarkOptions,
) -> Estimate<BookmarkCut> {
    let booklet = ordered_booklet(items, options)?;
    let fits = |(i, s): (&ItemParameters, &Vec<f64>)| s.len() == i.categories() && s.iter().all(|s| sane(*s));
    if scores.len() != items.len() || !items.iter().zip(scores).all(fits) {
        return Err(unsuited(WHAT, "les points ne correspondent pas aux niveaux des questions"));
    }
    if pages.len() < 2 {
        return Err(unsuited(WHAT, format!("{} juge, il en faut au moins 2", pages.len())));
    }
    if let Some(j) = pages.iter().position(|p| *p == 0 || *p > booklet.len() + 1) {
        return Err(unsuited(WHAT, format!("le marque-page du juge n° {} est hors du carnet", j + 1)));
    }
    let expected = |theta: f64| -> f64 { items.iter().zip(scores).map(|(i, s)| i.expected(theta, s)).sum() };
    let judges: Vec<Bookmark> = pages
        .iter()
        .map(|page| {
            // Before the first page and after the last there is only one neighbour.
            let last = booklet[page.saturating_sub(2).min(booklet.len() - 1)].location;
            let next = booklet[(page - 1).min(booklet.len() - 1)].location;
            let theta = match options.reading {
                Reading::LastMastered => last,
                Reading::Bookmarked => next,
                Reading::Midpoint => 0.5 * (last + next),
            };
            Bookmark { page: *page, theta, score: expected(theta) }
        })
        .collect();
    let mut thetas: Vec<f64> = judges.iter().map(|j| j.theta).collect();
    thetas.sort_by(f64::total_cmp);
    let of_mean = sd(&thetas) / (thetas.len() as f64).sqrt();
    let (theta, theta_se) = match options.centre {
        Centre::Mean => (mean(&thetas), of_mean),
        Centre::Median if thetas.len() == 2 => (median(&thetas), of_mean),
        Centre::Median => (median(&thetas), of_mean * std::f64::consts::FRAC_PI_2.sqrt()),
    };
    const STEP: f64 = 1e-4;
    let slope = (expected(theta + STEP) - expected(theta - STEP)) / (2.0 * STEP);
    let best = |s: &Vec<f64>| s.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    Ok(BookmarkCut {
        theta,
        theta_se,
        cut: expected(theta),
        se: theta_se * slope.abs(),
        max: scores.iter().map(best).sum(),
        judges,
        booklet,
    })
}
