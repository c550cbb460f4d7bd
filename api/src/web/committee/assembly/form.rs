//! The form of a table of specification: what it shows of one, and the one that it sends back.
//!
//! People write percentages and decimal commas; tables hold fractions. What the form does not show stays as it was.

use super::super::Fields;
use crate::exam::assembly::sort::FACETS;
use crate::exam::assembly::{COHORT, Specification};
use docimo_assembly::blueprint::{Bounds, Difficulty, Fault, Overlap, Point, Row};
use docimo_assembly::{Facet, Goal, Measure};
use std::collections::BTreeSet;

/// Empty lines that a form offers.
const SPARE: usize = 4;

/// Every measure with its code and its name.
pub(super) const MEASURES: [(Measure, &str, &str); 4] = [
    (Measure::Questions, "questions", "questions"),
    (Measure::Minutes, "minutes", "minutes"),
    (Measure::Units, "units", "dossiers ou QI"),
    (Measure::Share, "share", "% des questions"),
];

/// Goals by their codes.
pub(super) const GOALS: [(&str, &str); 5] = [
    ("none", "N’importe lequel"),
    ("maximise-information", "Celui qui informe le plus aux aptitudes visées"),
    ("match-information", "Celui qui approche une information donnée"),
    ("match-difficulty", "Celui qui approche une réussite moyenne"),
    ("maximise-discrimination", "Celui qui discrimine le plus"),
];

/// A line as it is typed.
#[derive(Clone, Debug, Default)]
pub(super) struct LineForm {
    pub(super) facet: String,
    pub(super) value: String,
    pub(super) measure: String,
    pub(super) min: String,
    pub(super) max: String,
}

/// Everything as it is typed.
#[derive(Clone, Debug, Default)]
pub(super) struct TableForm {
    pub(super) title: String,
    pub(super) questions: [String; 2],
    pub(super) minutes: [String; 2],
    pub(super) pace: [String; 3],
    pub(super) lines: Vec<LineForm>,
    pub(super) images: [String; 2],
    pub(super) mean: String,
    pub(super) tolerance: String,
    pub(super) spread: [String; 2],
    pub(super) since: String,
    pub(super) cohort: bool,
    pub(super) enemies: bool,
    pub(super) same_author: String,
    pub(super) must: String,
    pub(super) must_not: String,
    pub(super) goal: String,
    pub(super) points: String,
    pub(super) goal_mean: String,
    pub(super) forms: String,
    pub(super) overlap: String,
    pub(super) anchor: String,
    pub(super) shared: String,
    pub(super) seed: String,
}

/// A number as people write it.
fn typed(value: f64, times: f64) -> String {
    let text = format!("{:.4}", value * times);
    text.trim_end_matches('0').trim_end_matches('.').replace('.', ",")
}

fn both(bounds: &Bounds, times: f64) -> [String; 2] {
    let (low, high) = bounds.range();
    [low, high].map(|x| if x.is_finite() { typed(x, times) } else { String::new() })
}

fn list(ids: &BTreeSet<String>) -> String {
    ids.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
}

fn points_text(points: &[Point], with_value: bool) -> String {
    let one = |p: &Point| {
        let theta = typed(p.theta, 1.0);
        if with_value || (p.value - 1.0).abs() > 1e-9 { format!("{theta}:{}", typed(p.value, 1.0)) } else { theta }
    };
    points.iter().map(one).collect::<Vec<_>>().join(" ; ")
}

fn times(measure: Measure) -> f64 {
    if measure == Measure::Share { 100.0 } else { 1.0 }
}

impl TableForm {
    /// What is shown of a table.
    pub(super) fn of(specification: &Specification) -> Self {
        let blueprint = &specification.blueprint;
        let pace = &specification.pace;
        let line = |row: &Row| {
            let [min, max] = both(&row.bounds, times(row.measure));
            LineForm {
                facet: FACETS.iter().find(|(f, _)| *f == row.facet).map_or("", |(_, code)| code).to_owned(),
                value: row.value.clone(),
                measure: MEASURES.iter().find(|m| m.0 == row.measure).map_or("", |m| m.1).to_owned(),
                min,
                max,
            }
        };
        let difficulty = blueprint.difficulty.as_ref();
        let (goal, points, goal_mean) = match &blueprint.goal {
            Goal::None => ("none", String::new(), String::new()),
            Goal::MaximiseInformation { points } => ("maximise-information", points_text(points, false), String::new()),
            Goal::MatchInformation { points } => ("match-information", points_text(points, true), String::new()),
            Goal::MatchDifficulty { mean } => ("match-difficulty", String::new(), typed(*mean, 100.0)),
            Goal::MaximiseDiscrimination => ("maximise-discrimination", String::new(), String::new()),
        };
        let (overlap, anchor, shared) = match &blueprint.overlap {
            Overlap::None => ("none", String::new(), String::new()),
            Overlap::Anchor { questions } => ("anchor", questions.to_string(), String::new()),
            Overlap::Shared { units } => ("shared", String::new(), list(units)),
        };
        let mut form = Self {
            title: blueprint.title.clone(),
            questions: both(&blueprint.questions, 1.0),
            minutes: both(&blueprint.minutes, 1.0),
            pace: [pace.isolated, pace.in_case, pace.lca].map(|m| typed(m, 1.0)),
            lines: blueprint.rows.iter().map(line).collect(),
            images: both(&blueprint.images, 100.0),
            mean: difficulty.map_or_else(String::new, |d| typed(d.mean, 100.0)),
            tolerance: difficulty.map_or_else(String::new, |d| typed(d.tolerance, 100.0)),
            spread: difficulty.and_then(|d| d.spread.as_ref()).map_or_else(Default::default, |s| both(s, 100.0)),
            since: blueprint.exclusions.not_used_since.clone().unwrap_or_default(),
            cohort: blueprint.exclusions.not_exposed_to.contains(COHORT),
            enemies: blueprint.exclusions.enemies,
            same_author: blueprint.exclusions.same_author.map_or_else(String::new, |n| n.to_string()),
            must: list(&blueprint.must),
            must_not: list(&blueprint.must_not),
            goal: goal.to_owned(),
            points,
            goal_mean,
            forms: blueprint.forms.to_string(),
            overlap: overlap.to_owned(),
            anchor,
            shared,
            seed: blueprint.seed.to_string(),
        };
        form.spare();
        form
    }

    /// Empty lines to be filled.
    fn spare(&mut self) {
        let spare = LineForm { facet: "specialty".into(), measure: "questions".into(), ..LineForm::default() };
        self.lines.extend(std::iter::repeat_n(spare, SPARE));
    }

    /// What was typed. Lines without a value and without bounds are left out.
    pub(super) fn read(fields: &Fields) -> Self {
        let text = |name: &str| fields.get(name).trim().to_owned();
        let two = |name: &str| [text(&format!("{name}.min")), text(&format!("{name}.max"))];
        let numbers: BTreeSet<usize> = fields.under("value.").filter_map(|(n, _)| n.parse().ok()).collect();
        let line = |n: usize| {
            let at = |name: &str| text(&format!("{name}.{n}"));
            LineForm { facet: at("facet"), value: at("value"), measure: at("measure"), min: at("min"), max: at("max") }
        };
        let empty = |l: &LineForm| l.value.is_empty() && l.min.is_empty() && l.max.is_empty();
        Self {
            title: text("title"),
            questions: two("questions"),
            minutes: two("minutes"),
            pace: ["isolated", "in_case", "lca"].map(|p| text(&format!("pace.{p}"))),
            lines: numbers.into_iter().map(line).filter(|l| !empty(l)).collect(),
            images: two("images"),
            mean: text("mean"),
            tolerance: text("tolerance"),
            spread: two("spread"),
            since: text("since"),
            cohort: fields.has("cohort"),
            enemies: fields.has("enemies"),
            same_author: text("same_author"),
            must: text("must"),
            must_not: text("must_not"),
            goal: text("goal"),
            points: text("points"),
            goal_mean: text("goal_mean"),
            forms: text("forms"),
            overlap: text("overlap"),
            anchor: text("anchor"),
            shared: text("shared"),
            seed: text("seed"),
        }
    }

    /// The table that was typed, over the one kept; and what cannot be read, with the rest wrong in it.
    pub(super) fn table(&mut self, before: &Specification) -> (Specification, Vec<Fault>) {
        let mut reader = Reader { faults: Vec::new() };
        let mut new = before.clone();
        let blueprint = &mut new.blueprint;
        blueprint.title.clone_from(&self.title);
        blueprint.questions = reader.bounds("nombre de questions", &self.questions, 1.0);
        blueprint.minutes = reader.bounds("durée", &self.minutes, 1.0);
        blueprint.images = reader.bounds("part de questions avec image", &self.images, 100.0);
        blueprint.rows = self.lines.iter().enumerate().map(|(i, line)| reader.row(i, line)).collect();
        let spread = reader.bounds("dispersion de la difficulté", &self.spread, 100.0);
        let mean = reader.number("difficulté", &self.mean, 100.0);
        let tolerance = reader.number("difficulté", &self.tolerance, 100.0);
        let spread = (spread.min.is_some() || spread.max.is_some()).then_some(spread);
        blueprint.difficulty = mean.map(|mean| Difficulty { mean, tolerance: tolerance.unwrap_or(0.05), spread });
        if mean.is_none() && (tolerance.is_some() || spread.is_some()) {
            reader.fault("difficulté", "donnez aussi la réussite moyenne visée");
        }
        let exclusions = &mut blueprint.exclusions;
        exclusions.not_used_since = (!self.since.is_empty()).then(|| self.since.clone());
        exclusions.not_exposed_to.remove(COHORT);
        if self.cohort {
            exclusions.not_exposed_to.insert(COHORT.to_owned());
        }
        exclusions.enemies = self.enemies;
        exclusions.same_author = reader.whole("exclusions", &self.same_author);
        blueprint.must = ids(&self.must);
        blueprint.must_not = ids(&self.must_not);
        blueprint.goal = reader.goal(self);
        blueprint.forms = reader.whole("nombre de sujets", &self.forms).unwrap_or(1);
        blueprint.overlap = match self.overlap.as_str() {
            "anchor" => Overlap::Anchor { questions: reader.whole("ancrage", &self.anchor).unwrap_or(0) },
            "shared" => Overlap::Shared { units: ids(&self.shared) },
            _ => Overlap::None,
        };
        match self.seed.parse() {
            Ok(seed) => blueprint.seed = seed,
            Err(_) if self.seed.is_empty() => blueprint.seed = 0,
            Err(_) => reader.fault("graine", "un nombre entier"),
        }
        let names = ["isolated", "in_case", "lca"];
        for (name, text) in names.into_iter().zip(&self.pace) {
            let Some(minutes) = reader.number("rythme", text, 1.0) else { continue };
            match name {
                "isolated" => new.pace.isolated = minutes,
                "in_case" => new.pace.in_case = minutes,
                _ => new.pace.lca = minutes,
            }
        }
        new.tidy();
        let mut faults = reader.faults;
        faults.extend(new.faults());
        self.spare();
        (new, faults)
    }
}

/// Ids, whatever separates them.
fn ids(text: &str) -> BTreeSet<String> {
    text.split(|c: char| c.is_whitespace() || c == ',' || c == ';')
        .filter(|t| !t.is_empty())
        .map(str::to_owned)
        .collect()
}

struct Reader {
    faults: Vec<Fault>,
}

impl Reader {
    fn fault(&mut self, place: &str, message: &str) {
        self.faults.push(Fault { place: place.to_owned(), message: message.to_owned() });
    }

    /// Nothing, or a number divided by `times`.
    fn number(&mut self, place: &str, text: &str, times: f64) -> Option<f64> {
        let plain: String = text.chars().filter(|c| !c.is_whitespace() && *c != '%').collect();
        if plain.is_empty() {
            return None;
        }
        match plain.replace(',', ".").replace('\u{2212}', "-").parse::<f64>() {
            // Percentages have few digits: the fraction has no more than they say.
            Ok(value) if value.is_finite() => Some((value / times * 1e6).round() / 1e6),
            _ => {
                self.fault(place, &format!("« {text} » n’est pas un nombre"));
                None
            }
        }
    }

    fn whole(&mut self, place: &str, text: &str) -> Option<u32> {
        if text.is_empty() {
            return None;
        }
        let value = text.parse().ok();
        if value.is_none() {
            self.fault(place, &format!("« {text} » : écrivez un nombre entier"));
        }
        value
    }

    fn bounds(&mut self, place: &str, [min, max]: &[String; 2], times: f64) -> Bounds {
        Bounds { min: self.number(place, min, times), max: self.number(place, max, times), ..Bounds::default() }
    }

    fn row(&mut self, i: usize, line: &LineForm) -> Row {
        let place = format!("ligne {}", i + 1);
        let facet = FACETS.iter().find(|(_, code)| *code == line.facet).map_or(Facet::Specialty, |(facet, _)| *facet);
        let measure = MEASURES.iter().find(|m| m.1 == line.measure).map_or(Measure::Questions, |m| m.0);
        let bounds = self.bounds(&place, &[line.min.clone(), line.max.clone()], times(measure));
        Row { facet, value: line.value.clone(), measure, bounds }
    }

    /// "−1 ; 0 ; 1", or "−1:2 ; 0:4" with a value at each.
    fn points(&mut self, text: &str) -> Vec<Point> {
        let mut points = Vec::new();
        for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            let (theta, value) = part.split_once(':').unwrap_or((part, "1"));
            let theta = self.number("objectif", theta, 1.0);
            let value = self.number("objectif", value, 1.0);
            points.extend(theta.zip(value).map(|(theta, value)| Point { theta, value }));
        }
        points
    }

    fn goal(&mut self, form: &TableForm) -> Goal {
        match form.goal.as_str() {
            "maximise-information" => Goal::MaximiseInformation { points: self.points(&form.points) },
            "match-information" => Goal::MatchInformation { points: self.points(&form.points) },
            "match-difficulty" => match self.number("objectif", &form.goal_mean, 100.0) {
                Some(mean) => Goal::MatchDifficulty { mean },
                None => {
                    self.fault("objectif", "donnez la réussite moyenne à approcher");
                    Goal::None
                }
            },
            "maximise-discrimination" => Goal::MaximiseDiscrimination,
            _ => Goal::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(form: &TableForm) -> String {
        let mut pairs: Vec<(String, String)> = vec![
            ("title".into(), form.title.clone()),
            ("mean".into(), form.mean.clone()),
            ("tolerance".into(), form.tolerance.clone()),
            ("since".into(), form.since.clone()),
            ("same_author".into(), form.same_author.clone()),
            ("must".into(), form.must.clone()),
            ("goal".into(), form.goal.clone()),
            ("points".into(), form.points.clone()),
            ("forms".into(), form.forms.clone()),
            ("overlap".into(), form.overlap.clone()),
            ("anchor".into(), form.anchor.clone()),
            ("seed".into(), form.seed.clone()),
        ];
        for (name, two) in [("questions", &form.questions), ("minutes", &form.minutes), ("images", &form.images)] {
            pairs.push((format!("{name}.min"), two[0].clone()));
            pairs.push((format!("{name}.max"), two[1].clone()));
        }
        for (i, line) in form.lines.iter().enumerate() {
            for (name, value) in [
                ("facet", &line.facet),
                ("value", &line.value),
                ("measure", &line.measure),
                ("min", &line.min),
                ("max", &line.max),
            ] {
                pairs.push((format!("{name}.{i}"), value.clone()));
            }
        }
        if form.enemies {
            pairs.push(("enemies".into(), "on".into()));
        }
        let encode = crate::web::urlencode;
        pairs.iter().map(|(k, v)| format!("{}={}", encode(k), encode(v))).collect::<Vec<_>>().join("&")
    }

    #[test]
    fn what_a_form_shows_comes_back_the_same() {
        let mut table = Specification::example(&["Néphrologie", "Urologie"]);
        table.blueprint.exclusions.not_used_since = Some("2024-10-14".into());
        table.blueprint.must = BTreeSet::from(["q-1".to_owned(), "q-2".to_owned()]);
        table.blueprint.forms = 2;
        table.blueprint.overlap = Overlap::Anchor { questions: 12 };
        let sent = encoded(&TableForm::of(&table));
        let (read, faults) = TableForm::read(&Fields::read(sent.as_bytes())).table(&table);
        assert_eq!(faults, []);
        assert_eq!(read, table);
    }

    #[test]
    fn what_cannot_be_read_is_told_at_its_place() {
        let sent = "questions.min=dix&value.0=Urologie&facet.0=specialty&measure.0=share&min.0=12,5&max.0=x&goal=match-difficulty&forms=2&overlap=none";
        let before = Specification::example(&[]);
        let (read, faults) = TableForm::read(&Fields::read(sent.as_bytes())).table(&before);
        assert_eq!(read.blueprint.rows[0].bounds.min, Some(0.125));
        let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert!(told.iter().any(|t| t.contains("nombre de questions : « dix »")), "{told:?}");
        assert!(told.iter().any(|t| t.starts_with("ligne 1 : « x »")), "{told:?}");
        assert!(told.iter().any(|t| t.starts_with("objectif")), "{told:?}");
    }
}
