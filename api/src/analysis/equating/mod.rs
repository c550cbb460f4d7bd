//! One exam on the scale of another: what this year's mark would have been at last year's exam.
//!
//! Reading order: [`pairing`] (the questions in common, and which may link), [`scores`] (marks as the engine takes
//! them), [`drift`] (questions that changed difficulty), this file (everything that is said, in one document),
//! [`words`] (the sentence that sums it up, the cautions), [`report`] (page to print and terminal).
//!
//! The methods themselves are in `docimo_engine::docimology::equating`. Marks are on 20. Without at least three
//! common questions the two cohorts are supposed equivalent: a supposition, said as such.

pub mod drift;
pub mod pairing;
pub mod report;
pub mod scores;
pub mod words;

use drift::Drift;
use pairing::{Names, Pair, Reason, Side, pairs};
use scores::Mark;

use docimo_engine::docimology::equating::{
    AnchorOptions, Bivariate, Conversion, IrtScore, Link, LinkMethod, LinkOptions, Method, Resampling, ScoredItem,
    Smoothing, bootstrap_anchor, bootstrap_groups, irt_equate, link_with_se, loglinear::Criterion,
};
use docimo_engine::docimology::irt::{Calibration, ItemParameters};
use docimo_engine::docimology::{Estimate, NotEstimable};
use docimo_engine::stats::{Summary, summary};
use serde::Serialize;
use std::collections::BTreeSet;

/// Fewest common questions that link two exams; below, the groups are supposed equivalent.
pub const LEAST_ANCHORS: usize = 3;
/// Common questions below which an anchor is called short.
pub const FEW_ANCHORS: usize = 10;
/// Candidates below which an equipercentile curve is not preferred to a line.
const MANY: usize = 1_000;
/// Moments kept at most by the presmoothing.
const MOMENTS: usize = 6;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Wishes {
    /// Which questions are paired.
    pub names: Names,
    /// Common questions left out, in place of the usual choice.
    pub without: Option<BTreeSet<String>>,
    /// Samples of candidates for the standard errors, 2 or more.
    pub replicates: usize,
    /// Where chance starts from.
    pub seed: u64,
}

impl Default for Wishes {
    fn default() -> Self {
        Self { names: Names::Same, without: None, replicates: 200, seed: 2_026 }
    }
}

/// How one exam is linked to the other.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Design {
    /// By common questions.
    Anchor,
    /// By supposing both cohorts of one level.
    EquivalentGroups,
}

/// An exam compared.
#[derive(Clone, Debug, Serialize)]
pub struct Exam {
    /// Its title.
    pub title: String,
    /// Version of its register.
    pub version: u32,
    /// Copies marked.
    pub candidates: usize,
    /// Questions that count.
    pub questions: usize,
    /// Mean mark on 20.
    pub mean: Option<f64>,
    /// Standard deviation.
    pub sd: Option<f64>,
}

/// A common question.
#[derive(Clone, Debug, Serialize)]
pub struct Common {
    /// Its id in the first exam.
    pub question: String,
    /// Its number in each.
    pub number: [usize; 2],
    /// First words, as in the first exam.
    pub stem: String,
    /// Success rate in each, 0 to 1.
    pub p: [Option<f64>; 2],
    /// Correlation with the rest in each.
    pub r_item_rest: [Option<f64>; 2],
    /// How its difficulty moved once the exams are linked.
    pub drift: Option<Drift>,
    /// Is it in the anchor?
    pub used: bool,
    /// Why not, or what was said of it.
    pub reason: Option<Reason>,
}

/// What the common questions that are used say.
#[derive(Clone, Debug, Serialize)]
pub struct AnchorDocument {
    /// How many.
    pub questions: usize,
    /// Their share of the questions of the first exam, 0 to 1.
    pub share: f64,
    /// Mean mark on 20 at them, in each.
    pub mean: [f64; 2],
    /// Difference of the means over the pooled standard deviation: how far apart the cohorts are.
    pub effect: Option<f64>,
    /// Correlation with the whole, in each.
    pub correlation: [Option<f64>; 2],
}

/// A mark and what it is worth.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Point {
    /// Mark on 20 at the first exam.
    pub mark: f64,
    /// Mark on 20 at the second.
    pub value: f64,
    /// Its standard error.
    pub se: Option<f64>,
}

/// A method and what it gives.
#[derive(Clone, Debug, Serialize)]
pub struct MethodDocument {
    /// Its name.
    pub method: Method,
    /// Whole and half marks that somebody had.
    pub equivalents: Vec<Point>,
    /// At the mean of the first exam.
    pub at_mean: Option<Point>,
    /// Why it gives nothing.
    pub why: Option<String>,
    #[serde(skip)]
    found: Option<Curve>,
}

impl MethodDocument {
    /// What a mark is worth, where somebody had it or nearly.
    pub fn at(&self, mark: f64) -> Option<Point> {
        self.equivalents.iter().copied().find(|p| (p.mark - mark).abs() < 1e-9)
    }
}

/// Constants of a link of abilities: second = slope · first + shift.
#[derive(Clone, Debug, Serialize)]
pub struct LinkDocument {
    /// How it was found.
    pub method: LinkMethod,
    /// A.
    pub slope: f64,
    /// Its standard error.
    pub slope_se: Option<f64>,
    /// B, in logits of the second exam.
    pub shift: f64,
    /// Its standard error.
    pub shift_se: Option<f64>,
}

/// A threshold of the second exam, on the scale of the first.
#[derive(Clone, Debug, Serialize)]
pub struct ThresholdDocument {
    /// "Épreuve entière" or "Rang A".
    pub name: &'static str,
    /// There, on 20.
    pub there: f64,
    /// Its equivalent here.
    pub here: Option<f64>,
    /// Its standard error.
    pub se: Option<f64>,
    /// The threshold of the first exam, where it has one.
    pub own: Option<f64>,
    /// Candidates of the first exam who have that mark.
    pub candidates: usize,
    /// Of them, at or above their own threshold.
    pub own_passes: Option<usize>,
    /// Of them, at or above the equivalent.
    pub passes: Option<usize>,
    /// Method.
    pub method: Option<Method>,
    /// Why there is no equivalent.
    pub why: Option<String>,
    /// Rows of the candidates whom the equivalent would place otherwise than their own threshold.
    #[serde(skip)]
    pub moved: Vec<usize>,
}

/// Everything that is said of two exams.
#[derive(Clone, Debug, Serialize)]
pub struct Equating {
    /// The one whose marks are converted.
    pub exam: Exam,
    /// The one whose scale they are put on.
    pub with: Exam,
    /// How.
    pub design: Design,
    /// Common questions, in the order of the first exam.
    pub common: Vec<Common>,
    /// What those used say.
    pub anchor: Option<AnchorDocument>,
    /// Methods that suit the design.
    pub methods: Vec<MethodDocument>,
    /// The one that sentence and thresholds go by.
    pub retained: Option<Method>,
    /// Constants of the link between both response models; empty without them.
    pub links: Vec<LinkDocument>,
    /// Why there is no link of response models.
    pub no_link: Option<String>,
    /// Thresholds of the second exam.
    pub thresholds: Vec<ThresholdDocument>,
    /// All of it in a sentence or two.
    pub summary: String,
    /// What someone should know.
    pub warnings: Vec<String>,
}

impl Equating {
    /// The method that sentence and thresholds go by.
    pub fn main(&self) -> Option<&MethodDocument> {
        let retained = self.retained?;
        self.methods.iter().find(|m| m.method == retained)
    }
}

/// A conversion on marks on 20.
#[derive(Clone, Debug)]
struct Curve {
    conversion: Conversion,
    /// Marks on 20 = first + second · scores of the conversion, of each exam.
    from: (f64, f64),
    to: (f64, f64),
}

impl Curve {
    fn of_marks(conversion: Conversion) -> Self {
        Self { conversion, from: (0.0, 1.0), to: (0.0, 1.0) }
    }

    fn at(&self, mark: f64) -> Option<Point> {
        let scores = &self.conversion.scale;
        let score = (mark - self.from.0) / self.from.1;
        // Ends are inclusive, whatever rounding does to them.
        let (low, high) = (*scores.first()?, *scores.last()?);
        let slack = 1e-9 * (high - low);
        if score < low - slack || score > high + slack {
            return None;
        }
        let score = score.clamp(low, high);
        let value = self.to.0 + self.to.1 * self.conversion.at(score)?;
        let se = self.conversion.se.as_ref().and_then(|se| {
            let errors = Conversion { equated: se.clone(), se: None, line: None, ..self.conversion.clone() };
            Some(self.to.1 * errors.at(score)?)
        });
        value.is_finite().then_some(Point { mark, value, se: se.filter(|s| s.is_finite()) })
    }

    /// The mark worth `value`, between `low` and `high`: conversions do not decrease.
    fn back(&self, value: f64, low: f64, high: f64) -> Option<Point> {
        let (mut under, mut over) = (low, high);
        let (at_low, at_high) = (self.at(low)?.value, self.at(high)?.value);
        if value < at_low || value > at_high {
            return None;
        }
        for _ in 0..60 {
            let middle = 0.5 * (under + over);
            if self.at(middle)?.value < value { under = middle } else { over = middle }
        }
        let (mark, step) = (over, 0.25);
        let (a, b) = (self.at((mark - step).max(low))?, self.at((mark + step).min(high))?);
        let slope = (b.value - a.value) / (b.mark - a.mark);
        let se = self.at(mark)?.se.filter(|_| slope > 1e-6).map(|se| se / slope);
        Some(Point { mark, value, se })
    }
}

fn exam(side: &Side<'_>) -> Exam {
    let marks: Vec<f64> = scores::marks(side, Mark::Whole).into_iter().map(|m| m.1).collect();
    let told = summary(&marks);
    Exam {
        title: side.subject.title.clone(),
        version: side.subject.version,
        candidates: side.subject.people.len(),
        questions: side.study.columns.len(),
        mean: told.as_ref().map(|s| s.mean),
        sd: told.map(|s| s.sd),
    }
}

/// Puts the marks of `x` on the scale of `y`. Pure and parallel, the same on any number of threads.
pub fn equate(x: &Side<'_>, y: &Side<'_>, wishes: &Wishes) -> Equating {
    let pairs = pairs(x, y, &wishes.names, wishes.without.as_ref());
    let used: Vec<&Pair> = pairs.iter().filter(|p| p.out.is_none()).collect();
    let design = if used.len() >= LEAST_ANCHORS { Design::Anchor } else { Design::EquivalentGroups };
    let whole = converted(x, y, &used, Mark::Whole, design, wishes);
    let linked = match design {
        Design::Anchor => linked(x, y, &used),
        Design::EquivalentGroups => Err("il faut au moins trois questions communes".into()),
    };
    let (exam_x, exam_y) = (exam(x), exam(y));
    let marks: Vec<f64> = scores::marks(x, Mark::Whole).into_iter().map(|m| m.1).collect();
    let told = summary(&marks);
    let mut methods: Vec<MethodDocument> =
        whole.into_iter().map(|(method, found)| document(method, found, told.as_ref())).collect();
    if design == Design::Anchor {
        let found = linked.as_ref().map(|l| l.curve.clone()).map_err(Clone::clone);
        methods.push(document(Method::IrtTrueScore, found, told.as_ref()));
    }
    let retained = retained(design, exam_x.candidates.min(exam_y.candidates));
    let retained = retained
        .into_iter()
        .find(|m| methods.iter().any(|d| d.method == *m && d.found.is_some()))
        .or_else(|| methods.iter().find(|d| d.found.is_some()).map(|d| d.method));
    let (links, no_link) = match &linked {
        Ok(found) => (found.links.clone(), None),
        Err(why) => (vec![], Some(why.clone())),
    };
    let drifts = drift::of(x, y, &pairs, linked.as_ref().ok().map(|l| &l.link));
    let common = pairs.iter().zip(drifts).map(|(pair, drift)| common(x, y, pair, drift)).collect();
    let anchor = (design == Design::Anchor)
        .then(|| scores::bivariate(x, y, &used, Mark::Whole).ok())
        .flatten()
        .map(|both| anchor(&both, used.len(), exam_x.questions));
    let thresholds = thresholds(x, y, &used, &methods, retained, design, wishes);
    let mut equating = Equating {
        exam: exam_x,
        with: exam_y,
        design,
        common,
        anchor,
        methods,
        retained,
        links,
        no_link,
        thresholds,
        summary: String::new(),
        warnings: vec![],
    };
    equating.summary = words::summary(&equating);
    equating.warnings = words::warnings(&equating);
    equating
}

/// Methods in the order in which sentence and thresholds would rather go by them.
fn retained(design: Design, fewest: usize) -> Vec<Method> {
    use Method::{ChainedEquipercentile, Equipercentile, Linear, Mean, TuckerLinear};
    match (design, fewest >= MANY) {
        (Design::Anchor, true) => vec![ChainedEquipercentile, TuckerLinear],
        (Design::Anchor, false) => vec![TuckerLinear, ChainedEquipercentile],
        (Design::EquivalentGroups, true) => vec![Equipercentile, Linear, Mean],
        (Design::EquivalentGroups, false) => vec![Linear, Mean],
    }
}

type Found = Vec<(Method, Result<Curve, String>)>;

/// Every method of the design, for a mark.
fn converted(x: &Side<'_>, y: &Side<'_>, used: &[&Pair], mark: Mark, design: Design, wishes: &Wishes) -> Found {
    let smoothing = Smoothing::Best(MOMENTS, Criterion::Bic);
    let (replicates, seed) = (wishes.replicates, wishes.seed);
    let told = |found: Estimate<Conversion>| found.map(Curve::of_marks).map_err(|e: NotEstimable| e.to_string());
    match design {
        Design::Anchor => {
            let methods = [Method::TuckerLinear, Method::LevineLinear, Method::ChainedEquipercentile];
            let both = scores::bivariate(x, y, used, mark);
            let run = |method: Method| {
                let (bx, by) = both.as_ref().map_err(ToString::to_string)?;
                let options = AnchorOptions { smoothing, ..AnchorOptions::default() };
                told(bootstrap_anchor(bx, by, method, options, replicates, seed))
            };
            methods.into_iter().map(|m| (m, run(m))).collect()
        }
        Design::EquivalentGroups => {
            let methods = [Method::Mean, Method::Linear, Method::Equipercentile];
            let both = scores::distribution(x, mark).and_then(|dx| Ok((dx, scores::distribution(y, mark)?)));
            let run = |method: Method| {
                let (dx, dy) = both.as_ref().map_err(ToString::to_string)?;
                told(bootstrap_groups(dx, dy, method, smoothing, replicates, seed))
            };
            methods.into_iter().map(|m| (m, run(m))).collect()
        }
    }
}

fn document(method: Method, found: Result<Curve, String>, marks: Option<&Summary>) -> MethodDocument {
    let (found, why) = match found {
        Ok(curve) => (Some(curve), None),
        Err(why) => (None, Some(why)),
    };
    let half_marks = |told: &Summary| {
        let range = ((2.0 * told.min).ceil() as i64)..=((2.0 * told.max).floor() as i64);
        range.map(|half| half as f64 / 2.0).collect::<Vec<f64>>()
    };
    let asked = marks.map(half_marks).unwrap_or_default();
    let equivalents = found.as_ref().map_or(vec![], |curve| asked.iter().filter_map(|m| curve.at(*m)).collect());
    let at_mean = found.as_ref().zip(marks).and_then(|(curve, told)| curve.at(told.mean));
    MethodDocument { method, equivalents, at_mean, why, found }
}

fn anchor((x, y): &(Bivariate, Bivariate), questions: usize, of: usize) -> AnchorDocument {
    let (ax, ay) = (x.anchors(), y.anchors());
    let (nx, ny) = (ax.n(), ay.n());
    let pooled = ((nx - 1.0) * ax.variance() + (ny - 1.0) * ay.variance()) / (nx + ny - 2.0);
    let r = |of: &Bivariate| {
        let r = of.covariance() / (of.totals().variance() * of.anchors().variance()).sqrt();
        r.is_finite().then_some(r)
    };
    AnchorDocument {
        questions,
        share: questions as f64 / of.max(1) as f64,
        mean: [ax.mean(), ay.mean()],
        effect: (pooled.is_finite() && pooled > 0.0).then(|| (ax.mean() - ay.mean()) / pooled.sqrt()),
        correlation: [r(x), r(y)],
    }
}

fn common(x: &Side<'_>, y: &Side<'_>, pair: &Pair, drift: Option<Drift>) -> Common {
    let label = &x.subject.labels[pair.at.0];
    let item = |side: &Side<'_>, index: usize| side.study.column_of(index).map(|c| side.study.exam.items[c].clone());
    let (one, two) = (item(x, pair.at.0), item(y, pair.at.1));
    let both = |of: fn(&docimo_engine::docimology::classical::ItemStatistics) -> Option<f64>| {
        [one.as_ref().and_then(of), two.as_ref().and_then(of)]
    };
    Common {
        question: pair.id.clone(),
        number: [label.number, y.subject.labels[pair.at.1].number],
        stem: label.stem.clone(),
        p: both(|i| i.p),
        r_item_rest: both(|i| i.r_item_rest),
        drift,
        used: pair.out.is_none(),
        reason: pair.out,
    }
}

/// Both response models on one scale.
struct Linked {
    link: Link,
    links: Vec<LinkDocument>,
    curve: Curve,
}

/// Parameters of a pair in both models, if they have the same shape.
fn parameters(x: &Side<'_>, y: &Side<'_>, pair: &Pair) -> Option<((usize, usize), (ItemParameters, ItemParameters))> {
    let (one, two) = (x.study.latent.as_ref().ok()?, y.study.latent.as_ref().ok()?);
    let (a, b) = pair.columns?;
    let (i, j) = (one.place[a]?, two.place[b]?);
    let (from, to) = (&one.calibration.items[i], &two.calibration.items[j]);
    let alike = from.model == to.model && from.b.len() == to.b.len() && from.a > 0.0 && to.a > 0.0;
    alike.then(|| ((i, j), (from.clone(), to.clone())))
}

fn linked(x: &Side<'_>, y: &Side<'_>, used: &[&Pair]) -> Result<Linked, String> {
    let one = x.study.latent.as_ref().map_err(|why| format!("ici, {why}"))?;
    let two = y.study.latent.as_ref().map_err(|why| format!("à l’autre épreuve, {why}"))?;
    let (from, to) = (&one.calibration, &two.calibration);
    if from.model != to.model {
        return Err(format!(
            "les deux épreuves n’ont pas le même modèle de réponse ({} ici, {} là-bas)",
            crate::analysis::report::model_name(from.model),
            crate::analysis::report::model_name(to.model)
        ));
    }
    let common: Vec<_> = used.iter().filter_map(|p| parameters(x, y, p)).collect();
    if common.len() < LEAST_ANCHORS {
        return Err(format!(
            "{} les mêmes niveaux de résultat dans les deux modèles, il en faut au moins trois",
            crate::web::filters::count(common.len(), "question commune a", "questions communes ont")
        ));
    }
    let unlike = "les notes ne sont pas une fonction droite des points (échelle étirée)".to_owned();
    let (scale_x, scale_y) =
        scores::affine(x, &from.kept).zip(scores::affine(y, &to.kept)).ok_or_else(|| unlike.clone())?;
    let form = |c: &Calibration| -> Vec<ScoredItem> {
        let items = c.items.iter().zip(&c.scores);
        items.map(|(i, s)| ScoredItem { parameters: i.clone(), scores: s.clone() }).collect()
    };
    let (form_x, form_y) = (form(from), form(to));
    let range: f64 = from.scores.iter().map(|s| s[s.len() - 1] - s[0]).sum();
    let options = LinkOptions::default();
    let places: Vec<(usize, usize)> = common.iter().map(|c| c.0).collect();
    let found = irt_equate(
        &form_x,
        &form_y,
        &places,
        LinkMethod::StockingLord,
        &options,
        &IrtScore::True,
        range / 200.0,
        Some(Resampling::Jackknife),
    )
    .map_err(|e| e.to_string())?;
    let parameters: Vec<_> = common.into_iter().map(|c| c.1).collect();
    let told = |l: &Link| LinkDocument {
        method: l.method,
        slope: l.slope,
        slope_se: l.se.map(|s| s.0),
        shift: l.shift,
        shift_se: l.se.map(|s| s.1),
    };
    let mut links = vec![told(&found.link)];
    for method in [LinkMethod::Haebara, LinkMethod::MeanSigma] {
        links.extend(link_with_se(&parameters, method, &options, Resampling::Jackknife).ok().map(|l| told(&l)));
    }
    Ok(Linked { link: found.link, links, curve: Curve { conversion: found.conversion, from: scale_x, to: scale_y } })
}

fn thresholds(
    x: &Side<'_>,
    y: &Side<'_>,
    used: &[&Pair],
    methods: &[MethodDocument],
    retained: Option<Method>,
    design: Design,
    wishes: &Wishes,
) -> Vec<ThresholdDocument> {
    let (here, there) = (&x.subject.effective.paper.rules, &y.subject.effective.paper.rules);
    let mut out = Vec::new();
    if let Some(cut) = there.pass_threshold {
        let own = here.pass_threshold.map(|t| t.to_f64());
        let curve =
            methods.iter().find(|m| Some(m.method) == retained).and_then(|m| Some((m.method, m.found.clone()?)));
        let found = curve.ok_or_else(|| "aucune méthode n’a de quoi convertir les notes".to_owned());
        out.push(threshold("Épreuve entière", cut.to_f64(), own, &scores::marks(x, Mark::Whole), found));
    }
    let marks = scores::marks(x, Mark::RankA);
    if !marks.is_empty() && !scores::marks(y, Mark::RankA).is_empty() {
        let own: Vec<&Pair> = used.iter().copied().filter(|p| scores::counts(x, y, p, Mark::RankA)).collect();
        let found = if design == Design::Anchor && own.len() < LEAST_ANCHORS {
            Err(format!(
                "{} de rang A, il en faut au moins trois",
                crate::web::filters::count(own.len(), "question commune", "questions communes")
            ))
        } else {
            let fewest = marks.len().min(y.subject.people.len());
            let wanted = self::retained(design, fewest);
            let mut found = converted(x, y, &own, Mark::RankA, design, wishes);
            found.sort_by_key(|(m, _)| wanted.iter().position(|w| w == m).unwrap_or(usize::MAX));
            let why = found.first().and_then(|(_, f)| f.as_ref().err().cloned()).unwrap_or_default();
            found.into_iter().find_map(|(m, f)| f.ok().map(|f| (m, f))).ok_or(why)
        };
        let (cut, own) = (there.rank_a_threshold.to_f64(), Some(here.rank_a_threshold.to_f64()));
        out.push(threshold("Rang A", cut, own, &marks, found));
    }
    out
}

fn threshold(
    name: &'static str,
    there: f64,
    own: Option<f64>,
    marks: &[(usize, f64)],
    found: Result<(Method, Curve), String>,
) -> ThresholdDocument {
    let passes = |cut: f64| marks.iter().filter(|m| m.1 >= cut - 1e-9).count();
    let (low, high) = marks.iter().fold((20.0_f64, 0.0_f64), |(l, h), m| (l.min(m.1), h.max(m.1)));
    let place = found.and_then(|(method, curve)| match curve.back(there, low, high) {
        Some(point) => Ok((method, point)),
        None => Err("aucune note obtenue ici ne vaut ce seuil".to_owned()),
    });
    let mut document = ThresholdDocument {
        name,
        there,
        here: None,
        se: None,
        own,
        candidates: marks.len(),
        own_passes: own.map(passes),
        passes: None,
        method: None,
        why: None,
        moved: vec![],
    };
    match place {
        Err(why) => document.why = Some(why),
        Ok((method, point)) => {
            // Marks have two decimals for people: the threshold too.
            let here = (point.mark * 100.0).round() / 100.0;
            (document.here, document.se, document.method) = (Some(here), point.se, Some(method));
            document.passes = Some(passes(here));
            if let Some(own) = own {
                let crosses = |m: &&(usize, f64)| (m.1 >= own - 1e-9) != (m.1 >= here - 1e-9);
                document.moved = marks.iter().filter(crosses).map(|m| m.0).collect();
            }
        }
    }
    document
}

#[cfg(test)]
mod tests;
