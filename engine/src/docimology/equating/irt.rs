//! Scores equated through an item response model, both forms calibrated on one scale of ability.

use super::distribution::{Distribution, ScoreScale, equipercentile};
use super::linking::{Link, LinkMethod, LinkOptions, Resampling, link, link_with_se, relink, sound};
use super::{Conversion, Estimate, Method, NotEstimable, WHAT, unsuited};
use crate::docimology::irt::ItemParameters;
use serde::{Deserialize, Serialize};

/// A calibrated question and what its categories are worth.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ScoredItem {
    /// Its response function.
    pub parameters: ItemParameters,
    /// Points of each category, not decreasing.
    pub scores: Vec<f64>,
}

impl ScoredItem {
    /// Categories worth 0, 1, 2… points.
    pub fn by_category(parameters: ItemParameters) -> Self {
        let scores = (0..parameters.categories()).map(|k| k as f64).collect();
        Self { parameters, scores }
    }

    fn lowest(&self) -> f64 {
        self.scores[0]
    }

    fn highest(&self) -> f64 {
        self.scores[self.scores.len() - 1]
    }

    /// Expected score at an ability of −∞, the slope being positive.
    fn asymptote(&self) -> f64 {
        self.lowest() + self.parameters.c * (self.highest() - self.lowest())
    }

    fn check(&self) -> Estimate<()> {
        // A question that the weak do better counts in the total like the others.
        sound(&ItemParameters { a: self.parameters.a.abs(), ..self.parameters.clone() })?;
        let rising = self.scores.windows(2).all(|w| w[0] <= w[1]) && self.scores.iter().all(|s| s.is_finite());
        if self.scores.len() != self.parameters.categories() || !rising || self.lowest() >= self.highest() {
            return unsuited("les points des catégories d’une question ne vont pas en croissant");
        }
        Ok(())
    }
}

/// Which scores are equated.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IrtScore {
    /// Expected ones.
    True,
    /// Those a population would get: abilities and weights, on the scale of Y.
    Observed(Vec<(f64, f64)>),
}

/// Scores equated after a link.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct IrtConversion {
    /// From the scale of X to that of Y.
    pub link: Link,
    /// From the scores of X to those of Y.
    pub conversion: Conversion,
}

/// Abilities between which an expected total must rise where some questions have a negative slope.
const RISING: f64 = 4.0;

fn form(items: &[ScoredItem]) -> Estimate<()> {
    if items.is_empty() {
        return Err(NotEstimable::TooFewQuestions { what: WHAT, n: 0, needed: 1 });
    }
    items.iter().try_for_each(ScoredItem::check)
}

fn scale(items: &[ScoredItem], step: f64) -> Estimate<ScoreScale> {
    let sum = |of: fn(&ScoredItem) -> f64| items.iter().map(of).sum::<f64>();
    ScoreScale::new(sum(ScoredItem::lowest), sum(ScoredItem::highest), step)
}

fn expected(items: &[ScoredItem], theta: f64) -> f64 {
    items.iter().map(|i| i.parameters.expected(theta, &i.scores)).sum()
}

/// True-score equating (Lord 1980; Kolen and Brennan 2014, ch. 6): a score of X is worth the expected score at Y of
/// the ability whose expected score at X it is. Questions are on one scale of ability; the scores of X go by
/// `step`. Returns the conversion, and the ability of each score in logits (`None` where there is none).
///
/// No ability expects a score at or below the sum of the lower asymptotes: such scores are interpolated between
/// the lowest ones and the sums of asymptotes of both forms (Kolen 1981). The highest is worth the highest. Questions
/// of negative slope are let in as long as the expected total rises between −4 and 4; beyond what abilities of −4 and 4
/// expect, scores are then interpolated to the ends of both scales.
///
/// Where it fails: observed scores are treated as true ones, which matters most at both ends.
///
/// # Errors
/// A form without questions, a slope of 0, an expected total that does not rise with ability, points that do not rise,
/// a step that does not divide the range of X.
pub fn true_score(x: &[ScoredItem], y: &[ScoredItem], step: f64) -> Estimate<(Conversion, Vec<Option<f64>>)> {
    form(x)?;
    form(y)?;
    let upright = x.iter().chain(y).all(|i| i.parameters.a > 0.0);
    if !upright {
        rising(x)?;
        rising(y)?;
    }
    let scores = scale(x, step)?.values();
    let sum = |items: &[ScoredItem], of: fn(&ScoredItem) -> f64| items.iter().map(of).sum::<f64>();
    let (low_x, low_y) = (sum(x, ScoredItem::lowest), sum(y, ScoredItem::lowest));
    let (high_x, high_y) = (sum(x, ScoredItem::highest), sum(y, ScoredItem::highest));
    // Scores that some ability expects, strictly between these.
    let ((floor_x, floor_y), (top_x, top_y), mut under) = if upright {
        ((sum(x, ScoredItem::asymptote), sum(y, ScoredItem::asymptote)), (high_x, high_y), -10.0)
    } else {
        ((expected(x, -RISING), expected(y, -RISING)), (expected(x, RISING), expected(y, RISING)), -RISING)
    };
    let tiny = 1e-9 * (high_x - low_x);
    let (mut equated, mut abilities) = (Vec::new(), Vec::new());
    for score in &scores {
        let ability = if *score <= floor_x + tiny || *score >= top_x - tiny { None } else { ability(x, *score, under) };
        abilities.push(ability);
        equated.push(match ability {
            Some(theta) => {
                under = theta;
                expected(y, theta)
            }
            None if *score >= high_x - tiny => high_y,
            None if *score >= top_x - tiny => {
                top_y + ((score - top_x) / (high_x - top_x)).clamp(0.0, 1.0) * (high_y - top_y)
            }
            None if floor_x - low_x > tiny => {
                low_y + ((score - low_x) / (floor_x - low_x)).clamp(0.0, 1.0) * (floor_y - low_y)
            }
            None => floor_y,
        });
    }
    Ok((Conversion::new(Method::IrtTrueScore, scores, equated, None)?, abilities))
}

/// Does the expected total rise with ability? Questions of negative slope can make it fall.
fn rising(items: &[ScoredItem]) -> Estimate<()> {
    let expected: Vec<f64> = (-40..=40).map(|i| expected(items, RISING * f64::from(i) / 40.0)).collect();
    if expected.windows(2).all(|w| w[0] < w[1]) {
        Ok(())
    } else {
        unsuited("la note attendue ne croît pas avec l’aptitude : des questions de pente négative pèsent trop")
    }
}

/// The ability that expects `score`, looked for upwards of `under` (and below it if need be); `None` beyond ±10,000.
fn ability(items: &[ScoredItem], score: f64, under: f64) -> Option<f64> {
    let gap = |theta: f64| expected(items, theta) - score;
    let (mut low, mut high, mut width) = (under, under + 0.5, 0.5);
    while gap(low) > 0.0 {
        high = low;
        width *= 2.0;
        low -= width;
        if low < -1e4 {
            return None;
        }
    }
    while gap(high) < 0.0 {
        low = high;
        width *= 2.0;
        high += width;
        if high > 1e4 {
            return None;
        }
    }
    // Illinois: the secant, with the end that stays halved.
    let (mut at_low, mut at_high) = (gap(low), gap(high));
    for _ in 0..200 {
        if high - low <= 1e-12 * (1.0 + low.abs()) || at_low == at_high {
            break;
        }
        let middle = ((low * at_high - high * at_low) / (at_high - at_low)).clamp(low, high);
        let value = gap(middle);
        if value == 0.0 {
            return Some(middle);
        }
        if value < 0.0 {
            (low, at_low) = (middle, value);
            at_high *= 0.5;
        } else {
            (high, at_high) = (middle, value);
            at_low *= 0.5;
        }
        if value.abs() < 1e-13 * score.abs().max(1.0) {
            return Some(middle);
        }
    }
    Some(0.5 * (low + high))
}

/// Distribution of the total scores of a population, predicted by the model: recursion of Lord and Wingersky (1984;
/// Kolen and Brennan 2014, eq. 6.24) for several categories (Thissen, Pommerich, Billeaud and Williams 1995), summed
/// over `population` (abilities and weights, on the scale of the questions). Counts are shares, of sum 1.
///
/// # Errors
/// Those of [`true_score`]; points that are not multiples of `step`; weights that do not sum to something positive.
pub fn score_distribution(items: &[ScoredItem], step: f64, population: &[(f64, f64)]) -> Estimate<Distribution> {
    form(items)?;
    let scale = scale(items, step)?;
    let weight = population.iter().map(|p| p.1).sum::<f64>();
    let weighed = weight.is_finite() && weight > 0.0 && population.iter().all(|p| p.0.is_finite() && p.1 >= 0.0);
    if !weighed {
        return unsuited("la population n’a pas de poids valables");
    }
    let mut jumps: Vec<Vec<usize>> = Vec::with_capacity(items.len());
    for item in items {
        let mut steps = Vec::with_capacity(item.scores.len());
        for score in &item.scores {
            let jump = (score - item.lowest()) / step;
            if (jump - jump.round()).abs() > 1e-6 {
                return unsuited("les points d’une question ne sont pas des multiples du pas");
            }
            steps.push(jump.round() as usize);
        }
        jumps.push(steps);
    }
    let most = items.iter().map(|i| i.scores.len()).max().unwrap_or(2);
    let mut p = vec![0.0; most];
    let mut shares = vec![0.0; scale.points()];
    for (theta, w) in population.iter().filter(|p| p.1 > 0.0) {
        let mut now = vec![0.0; scale.points()];
        let mut reach = 0;
        now[0] = 1.0;
        for (item, jumps) in items.iter().zip(&jumps) {
            item.parameters.probabilities(*theta, &mut p);
            let top = jumps[jumps.len() - 1];
            for at in (0..=reach).rev() {
                let here = now[at];
                now[at] = 0.0;
                for (jump, p) in jumps.iter().zip(&p) {
                    now[at + jump] += here * p;
                }
            }
            reach += top;
        }
        shares.iter_mut().zip(&now).for_each(|(s, n)| *s += n * w / weight);
    }
    Distribution::new(scale, shares)
}

/// Observed-score equating (Zeng and Kolen 1995; Kolen and Brennan 2014, ch. 6): equipercentile between the score
/// distributions that the model predicts for one population, see [`score_distribution`]. For a synthetic population
/// give the abilities of both groups with their weights.
///
/// Where it fails: where the model does; the conversion leans on the population a little.
///
/// # Errors
/// Those of [`score_distribution`].
pub fn observed_score(
    x: &[ScoredItem],
    y: &[ScoredItem],
    step: f64,
    population: &[(f64, f64)],
) -> Estimate<Conversion> {
    let (from, to) = (score_distribution(x, step, population)?, score_distribution(y, step, population)?);
    Conversion::new(Method::IrtObservedScore, from.scale().values(), equipercentile(&from, &to), None)
}

/// Links X to the scale of Y by common questions (indices in `x` and in `y`), then equates the scores. With
/// `resampling`, the standard errors of link and equivalents are those over common questions: their sampling, not
/// that of the candidates.
///
/// # Errors
/// Those of [`link`], [`true_score`] and [`observed_score`]; an index off a form.
#[allow(clippy::too_many_arguments, reason = "two forms, a link and a score: each is needed")]
pub fn irt_equate(
    x: &[ScoredItem],
    y: &[ScoredItem],
    common: &[(usize, usize)],
    method: LinkMethod,
    options: &LinkOptions,
    score: &IrtScore,
    step: f64,
    resampling: Option<Resampling>,
) -> Estimate<IrtConversion> {
    let pair = |(i, j): &(usize, usize)| Some((x.get(*i)?.parameters.clone(), y.get(*j)?.parameters.clone()));
    let Some(pairs) = common.iter().map(pair).collect::<Option<Vec<_>>>() else {
        return unsuited("une question commune n’est pas dans les deux épreuves");
    };
    let convert = |link: &Link| {
        let moved: Vec<ScoredItem> =
            x.iter().map(|i| ScoredItem { parameters: link.apply(&i.parameters), scores: i.scores.clone() }).collect();
        match score {
            IrtScore::True => true_score(&moved, y, step).map(|found| found.0),
            IrtScore::Observed(population) => observed_score(&moved, y, step, population),
        }
    };
    let Some(resampling) = resampling else {
        let link = link(&pairs, method, options)?;
        return Ok(IrtConversion { link, conversion: convert(&link)? });
    };
    let link_found = link_with_se(&pairs, method, options, resampling)?;
    let mut conversion = convert(&link_found)?;
    let again = |sample: &[(ItemParameters, ItemParameters)]| convert(&link(sample, method, options)?);
    conversion.se = Some(relink(&pairs, resampling, |sample| again(sample).map(|c| c.equated))?);
    Ok(IrtConversion { link: link_found, conversion })
}
