//! The blueprint as sentences that can be counted, each alone: this is what a report shows, what a conflict names and
//! what a relaxation changes. A sentence becomes one or a few rows of the 0-1 program.

use crate::TOLERANCE;
use crate::blueprint::{self, Blueprint, Bounds, Facet, Fault, Goal, Measure, Overlap, is_day};
use crate::pool::Candidate;
use docimo_engine::shuffle::Stream;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// In what a sentence counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Questions.
    Questions,
    /// Minutes.
    Minutes,
    /// Units: dossiers, isolated questions.
    Units,
    /// A fraction, 0..=1.
    Share,
    /// A mean p, 0..=1.
    Difficulty,
    /// A mean square of differences of p, 0..=1.
    Square,
}

/// Over what a sentence holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Each form by itself.
    Form,
    /// All forms together.
    Whole,
    /// What the forms have in common.
    Anchor,
}

/// What a sentence comes from in the blueprint.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case", tag = "from")]
pub enum Source {
    /// Number of questions.
    Questions,
    /// Minutes.
    Minutes,
    /// A line of the table.
    Row {
        /// Which, from 0.
        row: usize,
    },
    /// Share of questions with a picture.
    Images,
    /// Mean p.
    Difficulty,
    /// Its spread.
    Spread,
    /// Nothing used since a day.
    NotUsedSince,
    /// Nothing that a cohort has seen.
    NotExposedTo {
        /// Which.
        cohort: String,
    },
    /// Only some states of the workflow.
    Statuses,
    /// Units that no form may hold.
    MustNot,
    /// Units of one author.
    SameAuthor,
    /// Groups of enemies.
    Enemies,
    /// A unit to be taken.
    Must {
        /// Which.
        unit: String,
    },
    /// Questions that forms have in common.
    Anchor,
    /// A unit common to all forms.
    Shared {
        /// Which.
        unit: String,
    },
}

/// One sentence of the blueprint.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Statement {
    /// In French: « spécialité Cardiologie : au moins 12 questions ».
    pub label: String,
    /// What is counted, without its bounds: « spécialité Cardiologie ».
    pub subject: String,
    /// In what.
    pub unit: Unit,
    /// Over what.
    pub scope: Scope,
    /// Least allowed; −∞ (null in JSON) where nothing binds.
    pub low: f64,
    /// Most allowed; +∞ (null in JSON) where nothing binds.
    pub high: f64,
    /// Cost of breaking it by one, when the nearest relaxation is sought: one question costs 1.
    pub price: f64,
    /// Where it comes from.
    pub source: Source,
    #[serde(skip)]
    pub(crate) shape: Shape,
}

/// How a sentence is computed from the units taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Shape {
    /// A sum over units.
    Sum,
    /// A sum over another sum.
    Ratio,
    /// The most units of one group.
    Groups,
}

/// A row of one form: Σ coefficient × taken, between two bounds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FormRow {
    pub statement: usize,
    pub low: f64,
    pub high: f64,
    /// One of very many, of which few ever bind.
    pub lazy: bool,
}

/// What the goal asks of its gauges.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Aim {
    None,
    /// Greatest least of gauge / weight.
    Least(Vec<f64>),
    /// Smallest greatest of |gauge − target| / scale.
    Closest(Vec<(f64, f64)>),
}

/// A pool under a blueprint, ready to be counted. Units are in an order drawn from the seed and their ids, so that
/// the order of the pool never matters.
pub(crate) struct Table<'a> {
    pub units: Vec<&'a Candidate>,
    pub index: HashMap<&'a str, usize>,
    pub statements: Vec<Statement>,
    /// By unit: sentence, what it adds to the sum, and to the sum below it in a ratio. Sentences on groups are not here.
    pub entries: Vec<Vec<(u32, f64, f64)>>,
    pub rows: Vec<FormRow>,
    /// By unit: row, coefficient.
    pub row_entries: Vec<Vec<(u32, f64)>>,
    pub aim: Aim,
    /// By unit, one a gauge.
    pub gauges: Vec<Vec<f64>>,
    pub forms: usize,
    pub overlap: &'a Overlap,
}

/// A sentence before it is counted.
struct Draft<'a> {
    statement: Statement,
    quantity: Quantity<'a>,
}

enum Quantity<'a> {
    Questions,
    Minutes,
    Facet(Facet, &'a str, Measure),
    Images,
    Difficulty,
    Spread(f64),
    /// Units for which the function holds.
    Flag(Box<dyn Fn(&Candidate) -> bool + 'a>),
    /// At most so many of a group.
    Groups(fn(&Candidate) -> &BTreeSet<String>),
}

impl<'a> Table<'a> {
    /// Counts a pool under a blueprint, or says what is wrong with either.
    pub fn new(pool: &'a [Candidate], blueprint: &'a Blueprint) -> Result<Self, Vec<Fault>> {
        let mut faults = blueprint::check(blueprint);
        check_pool(&mut faults, pool);
        let known: BTreeSet<&str> = pool.iter().map(|unit| unit.id.as_str()).collect();
        let shared = match &blueprint.overlap {
            Overlap::Shared { units } => Some(units),
            Overlap::None | Overlap::Anchor { .. } => None,
        };
        for id in blueprint.must.iter().chain(shared.into_iter().flatten()).filter(|id| !known.contains(id.as_str())) {
            let message = format!("« {id} » n’est pas dans la banque proposée : retirez-le, ou élargissez la banque");
            faults.push(Fault { place: "choix imposés".to_owned(), message });
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let mut units: Vec<(u64, &Candidate)> =
            pool.iter().map(|unit| (Stream::new(blueprint.seed, &["unit", &unit.id]).next_u64(), unit)).collect();
        units.sort_by(|a, b| (a.0, &a.1.id).cmp(&(b.0, &b.1.id)));
        let units: Vec<&Candidate> = units.into_iter().map(|(_, unit)| unit).collect();
        let index = units.iter().enumerate().map(|(i, unit)| (unit.id.as_str(), i)).collect();
        let (aim, gauges) = gauges(&blueprint.goal, &units);
        let mut table = Self {
            entries: vec![Vec::new(); units.len()],
            row_entries: vec![Vec::new(); units.len()],
            units,
            index,
            statements: Vec::new(),
            rows: Vec::new(),
            aim,
            gauges,
            forms: blueprint.forms as usize,
            overlap: &blueprint.overlap,
        };
        table.count(drafts(blueprint));
        Ok(table)
    }

    fn count(&mut self, drafts: Vec<Draft<'a>>) {
        let mut by_value: HashMap<(Facet, &str), Vec<(u32, Measure)>> = HashMap::new();
        for (s, draft) in drafts.iter().enumerate() {
            if let Quantity::Facet(facet, value, measure) = draft.quantity {
                by_value.entry((facet, value)).or_default().push((s as u32, measure));
            }
        }
        for (u, unit) in self.units.iter().enumerate() {
            let entries = &mut self.entries[u];
            let questions = f64::from(unit.questions);
            for (s, draft) in drafts.iter().enumerate() {
                let (above, below) = match &draft.quantity {
                    Quantity::Questions => (questions, 0.0),
                    Quantity::Minutes => (unit.minutes, 0.0),
                    Quantity::Images => (f64::from(unit.images), questions),
                    Quantity::Difficulty => unit.difficulty(),
                    Quantity::Spread(mean) => {
                        let known = unit.statistics.iter().filter_map(|s| s.p);
                        known.fold((0.0, 0.0), |(sum, n), p| (sum + (p - mean) * (p - mean), n + 1.0))
                    }
                    Quantity::Flag(holds) => (f64::from(u8::from(holds(unit))), 0.0),
                    // A share weighs on every unit, the other measures on those that have the value.
                    Quantity::Facet(_, _, Measure::Share) => (0.0, questions),
                    Quantity::Facet(..) | Quantity::Groups(_) => continue,
                };
                if above != 0.0 || below != 0.0 {
                    entries.push((s as u32, above, below));
                }
            }
            for (facet, value, n) in values(unit) {
                for &(s, measure) in by_value.get(&(facet, value)).into_iter().flatten() {
                    let n = f64::from(n);
                    match measure {
                        Measure::Questions => entries.push((s, n, 0.0)),
                        Measure::Minutes => entries.push((s, unit.minutes * n / questions, 0.0)),
                        Measure::Units => entries.push((s, 1.0, 0.0)),
                        Measure::Share => {
                            if let Some(entry) = entries.iter_mut().find(|e| e.0 == s) {
                                entry.1 += n;
                            }
                        }
                    }
                }
            }
        }
        for (s, draft) in drafts.into_iter().enumerate() {
            if let Quantity::Groups(groups) = draft.quantity {
                let mut members: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
                for (u, unit) in self.units.iter().enumerate() {
                    for group in groups(unit) {
                        members.entry(group).or_default().push(u);
                    }
                }
                for members in members.into_values().filter(|m| m.len() as f64 > draft.statement.high) {
                    let row = self.rows.len() as u32;
                    let high = draft.statement.high;
                    self.rows.push(FormRow { statement: s, low: f64::NEG_INFINITY, high, lazy: true });
                    members.iter().for_each(|u| self.row_entries[*u].push((row, 1.0)));
                }
            }
            self.statements.push(draft.statement);
        }
        self.make_rows();
    }

    /// Rows of the sentences that are not on groups.
    fn make_rows(&mut self) {
        // By sentence: rows, each with the bound that multiplies the sum below.
        let mut of: Vec<Vec<(u32, f64)>> = vec![Vec::new(); self.statements.len()];
        for (s, statement) in self.statements.iter().enumerate() {
            let mut row = |low: f64, high: f64, factor: f64| {
                of[s].push((self.rows.len() as u32, factor));
                self.rows.push(FormRow { statement: s, low, high, lazy: false });
            };
            let (low, high) = (statement.low, statement.high);
            match statement.shape {
                Shape::Sum => row(low, high, 0.0),
                Shape::Ratio if low == high => row(0.0, 0.0, low),
                Shape::Ratio => {
                    if low > f64::NEG_INFINITY {
                        row(0.0, f64::INFINITY, low);
                    }
                    if high < f64::INFINITY {
                        row(f64::NEG_INFINITY, 0.0, high);
                    }
                }
                Shape::Groups => {}
            }
        }
        for (u, entries) in self.entries.iter().enumerate() {
            for &(s, above, below) in entries {
                for &(row, factor) in &of[s as usize] {
                    let coefficient = above - factor * below;
                    if coefficient != 0.0 {
                        self.row_entries[u].push((row, coefficient));
                    }
                }
            }
        }
    }

    /// Moves the bounds of a sentence, a hair wider than given so that what was measured at them still meets them.
    pub fn relax(&mut self, s: usize, (low, high): (f64, f64)) {
        let hair = |x: f64| if x.is_finite() { 1e-9 * x.abs().max(1.0) } else { 0.0 };
        let statement = &mut self.statements[s];
        (statement.low, statement.high) = (low - hair(low), high + hair(high));
        if statement.shape == Shape::Groups {
            self.rows.iter_mut().filter(|row| row.statement == s).for_each(|row| row.high = high);
            return;
        }
        // A ratio's bounds are in its coefficients: write all such rows again.
        let kept: Vec<usize> = (0..self.rows.len()).filter(|r| self.rows[*r].lazy).collect();
        let place: HashMap<u32, u32> = kept.iter().enumerate().map(|(new, old)| (*old as u32, new as u32)).collect();
        self.rows = kept.iter().map(|r| self.rows[*r]).collect();
        for entries in &mut self.row_entries {
            *entries = entries.iter().filter_map(|(row, a)| place.get(row).map(|new| (*new, *a))).collect();
        }
        self.make_rows();
    }

    /// What a sentence counts on these units; `None` for a ratio over nothing.
    pub fn reading(&self, s: usize, taken: &[usize]) -> Option<f64> {
        let statement = &self.statements[s];
        if statement.shape == Shape::Groups {
            let mut counts: HashMap<u32, f64> = HashMap::new();
            for (row, _) in taken.iter().flat_map(|u| &self.row_entries[*u]) {
                if self.rows[*row as usize].statement == s {
                    *counts.entry(*row).or_default() += 1.0;
                }
            }
            // A group that cannot break the limit has no row: one unit of it is all that is known.
            let floor = if taken.is_empty() { 0.0 } else { 1.0 };
            return Some(counts.into_values().fold(floor, f64::max));
        }
        let (mut above, mut below) = (0.0, 0.0);
        for entry in taken.iter().flat_map(|u| &self.entries[*u]).filter(|entry| entry.0 as usize == s) {
            above += entry.1;
            below += entry.2;
        }
        match statement.shape {
            Shape::Sum | Shape::Groups => Some(above),
            Shape::Ratio => (below > 0.0).then(|| above / below),
        }
    }

    /// Sums of every row over these units.
    pub fn activities(&self, taken: &[usize]) -> Vec<f64> {
        let mut activities = vec![0.0; self.rows.len()];
        for (row, coefficient) in taken.iter().flat_map(|u| &self.row_entries[*u]) {
            activities[*row as usize] += coefficient;
        }
        activities
    }

    /// How well one form does, greater is better: z, or −d; 0 without a goal.
    pub fn value(&self, taken: &[usize]) -> f64 {
        let sum = |g: usize| taken.iter().map(|u| self.gauges[*u][g]).sum::<f64>();
        match &self.aim {
            Aim::None => 0.0,
            Aim::Least(weights) => weights.iter().enumerate().map(|(g, w)| sum(g) / w).fold(f64::INFINITY, f64::min),
            Aim::Closest(targets) => {
                -targets.iter().enumerate().map(|(g, (t, scale))| (sum(g) - t).abs() / scale).fold(0.0, f64::max)
            }
        }
    }
}

impl FormRow {
    /// How far outside its bounds, 0 within.
    pub fn excess(&self, activity: f64) -> f64 {
        let off = (self.low - activity).max(activity - self.high).max(0.0);
        if off <= TOLERANCE { 0.0 } else { off }
    }
}

fn values(unit: &Candidate) -> Vec<(Facet, &str, u32)> {
    fn of(facet: Facet, counts: &BTreeMap<String, u32>) -> Vec<(Facet, &str, u32)> {
        counts.iter().map(|(value, n)| (facet, value.as_str(), *n)).collect()
    }
    let mut all = of(Facet::Specialty, &unit.specialties);
    all.extend(of(Facet::Item, &unit.items));
    all.extend(of(Facet::Situation, &unit.situations));
    all.extend(of(Facet::Level, &unit.levels));
    all.extend(unit.kinds.iter().map(|(kind, n)| (Facet::Kind, kind.code(), *n)));
    all.extend(unit.ranks.iter().map(|(rank, n)| {
        let code = match rank {
            docimo_engine::question::Rank::A => "A",
            docimo_engine::question::Rank::B => "B",
        };
        (Facet::Rank, code, *n)
    }));
    all.push((Facet::Case, unit.case.map_or("QI", |case| case.code()), unit.questions));
    all.retain(|(_, _, n)| *n > 0);
    all
}

fn check_pool(faults: &mut Vec<Fault>, pool: &[Candidate]) {
    let mut seen = BTreeSet::new();
    for unit in pool {
        let mut fault = |message: &str| {
            faults.push(Fault { place: format!("unité « {} »", unit.id), message: message.to_owned() });
        };
        if !seen.insert(unit.id.as_str()) {
            fault("cet identifiant est donné deux fois : une unité n’est proposée qu’une fois");
        }
        if unit.questions == 0 {
            fault("aucune question : une unité en a au moins une");
        }
        if !unit.minutes.is_finite() || unit.minutes < 0.0 {
            fault("la durée est négative ou n’en est pas une");
        }
        if !unit.statistics.is_empty() && unit.statistics.len() != unit.questions as usize {
            fault(
                "les statistiques sont données question par question : il en faut autant que de questions, ou aucune",
            );
        }
        if unit.statistics.iter().filter_map(|s| s.p).any(|p| !(0.0..=1.0).contains(&p)) {
            fault("une réussite moyenne (p) est une fraction, de 0 à 1");
        }
        if unit.last_used.as_ref().is_some_and(|day| !is_day(day)) {
            fault("la date de dernier emploi s’écrit AAAA-MM-JJ");
        }
        let odd = |item: &docimo_engine::docimology::irt::ItemParameters| {
            item.b.is_empty() || !item.a.is_finite() || !item.c.is_finite() || item.b.iter().any(|b| !b.is_finite())
        };
        if unit.statistics.iter().filter_map(|s| s.item.as_ref()).any(odd) {
            fault("un paramètre de réponse à l’item manque ou n’est pas un nombre");
        }
        if unit.statistics.iter().filter_map(|s| s.discrimination).any(|d| !d.is_finite()) {
            fault("une discrimination n’est pas un nombre");
        }
    }
}

fn gauges(goal: &Goal, units: &[&Candidate]) -> (Aim, Vec<Vec<f64>>) {
    let each = |of: &dyn Fn(&Candidate) -> Vec<f64>| units.iter().map(|unit| of(unit)).collect();
    match goal {
        Goal::None => (Aim::None, vec![Vec::new(); units.len()]),
        Goal::MaximiseInformation { points } => (
            Aim::Least(points.iter().map(|p| p.value).collect()),
            each(&|unit| points.iter().map(|p| unit.information(p.theta)).collect()),
        ),
        Goal::MatchInformation { points } => (
            Aim::Closest(points.iter().map(|p| (p.value, p.value)).collect()),
            each(&|unit| points.iter().map(|p| unit.information(p.theta)).collect()),
        ),
        Goal::MatchDifficulty { mean } => (
            Aim::Closest(vec![(0.0, 1.0)]),
            each(&|unit| {
                let (sum, n) = unit.difficulty();
                vec![sum - mean * n]
            }),
        ),
        Goal::MaximiseDiscrimination => (Aim::Least(vec![1.0]), each(&|unit| vec![unit.discrimination()])),
    }
}

fn drafts(blueprint: &Blueprint) -> Vec<Draft<'_>> {
    let mut all = Vec::new();
    let mut bounded = |source: Source, subject: String, bounds: &Bounds, unit: Unit, quantity| {
        let (low, high) = bounds.range();
        if low.is_finite() || high.is_finite() {
            all.push(draft(source, subject, unit, Scope::Form, (low, high), quantity));
        }
    };
    bounded(Source::Questions, "sujet".to_owned(), &blueprint.questions, Unit::Questions, Quantity::Questions);
    bounded(Source::Minutes, "sujet".to_owned(), &blueprint.minutes, Unit::Minutes, Quantity::Minutes);
    for (i, row) in blueprint.rows.iter().enumerate() {
        let unit = match row.measure {
            Measure::Questions => Unit::Questions,
            Measure::Minutes => Unit::Minutes,
            Measure::Units => Unit::Units,
            Measure::Share => Unit::Share,
        };
        let quantity = Quantity::Facet(row.facet, &row.value, row.measure);
        let subject = format!("{} {}", row.facet.french(), row.value);
        bounded(Source::Row { row: i }, subject, &row.bounds, unit, quantity);
    }
    let images = "questions avec image".to_owned();
    bounded(Source::Images, images, &blueprint.images, Unit::Share, Quantity::Images);
    if let Some(difficulty) = &blueprint.difficulty {
        let mean = Bounds { target: Some(difficulty.mean), tolerance: Some(difficulty.tolerance), ..Bounds::default() };
        let subject = "réussite moyenne".to_owned();
        bounded(Source::Difficulty, subject, &mean, Unit::Difficulty, Quantity::Difficulty);
        if let Some(spread) = &difficulty.spread {
            let (low, high) = spread.range();
            let square = Bounds {
                min: low.is_finite().then_some(low * low),
                max: high.is_finite().then_some(high * high),
                ..Bounds::default()
            };
            let quantity = Quantity::Spread(difficulty.mean);
            let subject = "dispersion de la réussite (carré)".to_owned();
            bounded(Source::Spread, subject, &square, Unit::Square, quantity);
        }
    }
    excluded(&mut all, blueprint);
    all
}

fn excluded<'a>(all: &mut Vec<Draft<'a>>, blueprint: &'a Blueprint) {
    let none = |source: Source, label: String, holds: Box<dyn Fn(&Candidate) -> bool + 'a>| {
        let range = (f64::NEG_INFINITY, 0.0);
        let mut draft = draft(source, label.clone(), Unit::Units, Scope::Form, range, Quantity::Flag(holds));
        draft.statement.label = label;
        draft.statement.price = 5.0;
        draft
    };
    let exclusions = &blueprint.exclusions;
    if let Some(since) = &exclusions.not_used_since {
        let holds = move |unit: &Candidate| unit.last_used.as_ref().is_some_and(|day| day >= since);
        all.push(none(Source::NotUsedSince, format!("aucune unité employée depuis le {since}"), Box::new(holds)));
    }
    for cohort in &exclusions.not_exposed_to {
        let holds = move |unit: &Candidate| unit.exposed_to.contains(cohort);
        let source = Source::NotExposedTo { cohort: cohort.clone() };
        all.push(none(source, format!("aucune unité déjà vue par la cohorte {cohort}"), Box::new(holds)));
    }
    if !exclusions.statuses.is_empty() {
        let statuses = &exclusions.statuses;
        let list = statuses.iter().map(|s| format!("« {s} »")).collect::<Vec<_>>().join(", ");
        let holds = move |unit: &Candidate| !statuses.contains(&unit.status);
        all.push(none(Source::Statuses, format!("seulement des unités dans l’état {list}"), Box::new(holds)));
    }
    if !blueprint.must_not.is_empty() {
        let holds = move |unit: &Candidate| blueprint.must_not.contains(&unit.id);
        let list = blueprint.must_not.iter().map(|s| format!("« {s} »")).collect::<Vec<_>>().join(", ");
        all.push(none(Source::MustNot, format!("unités écartées : {list}"), Box::new(holds)));
    }
    let mut group = |source: Source, label: String, most: u32, of: fn(&Candidate) -> &BTreeSet<String>| {
        let range = (f64::NEG_INFINITY, f64::from(most));
        let mut draft = draft(source, label.clone(), Unit::Units, Scope::Form, range, Quantity::Groups(of));
        draft.statement.label = label;
        draft.statement.price = 5.0;
        draft.statement.shape = Shape::Groups;
        all.push(draft);
    };
    if let Some(most) = exclusions.same_author {
        let label = format!("au plus {most} {} d’un même auteur", plural(f64::from(most), "unité"));
        group(Source::SameAuthor, label, most, |u| &u.authors);
    }
    if exclusions.enemies {
        let label = "au plus une unité par groupe de quasi-doublons ou d’unités incompatibles".to_owned();
        group(Source::Enemies, label, 1, |u| &u.enemies);
    }
    let mut imposed = |source: Source, label: String, scope: Scope, low: f64, quantity: Quantity<'a>| {
        let range = (low, if scope == Scope::Anchor { low } else { f64::INFINITY });
        let (unit, price) = if source == Source::Anchor { (Unit::Questions, 1.0) } else { (Unit::Units, 10.0) };
        let mut draft = draft(source, label.clone(), unit, scope, range, quantity);
        draft.statement.label = label;
        draft.statement.price = price;
        all.push(draft);
    };
    let is = |id: &'a String| Quantity::Flag(Box::new(move |unit: &Candidate| unit.id == *id));
    for id in &blueprint.must {
        let source = Source::Must { unit: id.clone() };
        imposed(source, format!("« {id} » est imposé"), Scope::Whole, 1.0, is(id));
    }
    match &blueprint.overlap {
        Overlap::None => {}
        Overlap::Anchor { questions } => {
            let label = format!("{questions} {} communes aux sujets", plural(f64::from(*questions), "question"));
            imposed(Source::Anchor, label, Scope::Anchor, f64::from(*questions), Quantity::Questions);
        }
        Overlap::Shared { units } => {
            for id in units {
                let source = Source::Shared { unit: id.clone() };
                imposed(source, format!("« {id} » est commun aux sujets"), Scope::Anchor, 1.0, is(id));
            }
        }
    }
}

fn draft(
    source: Source,
    subject: String,
    unit: Unit,
    scope: Scope,
    (low, high): (f64, f64),
    quantity: Quantity<'_>,
) -> Draft<'_> {
    let shape = match unit {
        Unit::Questions | Unit::Minutes | Unit::Units => Shape::Sum,
        Unit::Share | Unit::Difficulty | Unit::Square => Shape::Ratio,
    };
    let price = match unit {
        Unit::Minutes => 0.5,
        Unit::Units => 2.0,
        Unit::Questions | Unit::Share | Unit::Difficulty | Unit::Square => 1.0,
    };
    let label = format!("{subject} : {}", french_range(low, high, unit));
    Draft { statement: Statement { label, subject, unit, scope, low, high, price, source, shape }, quantity }
}

/// « au moins 12 questions », « exactement 3 minutes », « de 20 % à 30 % ».
pub fn french_range(low: f64, high: f64, unit: Unit) -> String {
    let at = |x| french(x, unit);
    match (low.is_finite(), high.is_finite()) {
        (true, true) if low == high => format!("exactement {}", at(low)),
        (true, true) => format!("de {} à {}", number(low, unit), at(high)),
        (true, false) => format!("au moins {}", at(low)),
        (false, true) => format!("au plus {}", at(high)),
        (false, false) => "sans limite".to_owned(),
    }
}

/// A value with its unit, in French.
pub fn french(value: f64, unit: Unit) -> String {
    let text = number(value, unit);
    match unit {
        Unit::Questions => format!("{text} {}", plural(value, "question")),
        Unit::Minutes => format!("{text} {}", plural(value, "minute")),
        Unit::Units => format!("{text} {}", plural(value, "unité")),
        Unit::Share | Unit::Difficulty | Unit::Square => text,
    }
}

fn number(value: f64, unit: Unit) -> String {
    let (value, digits, end) = match unit {
        Unit::Share => (value * 100.0, 1, "\u{a0}%"),
        Unit::Difficulty => (value, 3, ""),
        Unit::Square => (value, 4, ""),
        Unit::Questions | Unit::Minutes | Unit::Units => (value, 1, ""),
    };
    let text = format!("{value:.digits$}").replace('.', ",");
    let text = if text.contains(',') { text.trim_end_matches('0').trim_end_matches(',') } else { &text };
    format!("{text}{end}")
}

fn plural(value: f64, word: &str) -> String {
    if value.abs() < 2.0 { word.to_owned() } else { format!("{word}s") }
}
