//! How a comparison is told: the part that the page and the file to print share, that file, a summary for a terminal.

use super::{Design, Equating, MethodDocument, Point, ThresholdDocument, words};
use crate::web::filters::{count, float, percent, signed};
use crate::web::plot::{Axis, Plot, Series};
use askama::Template;
use docimo_engine::docimology::equating::Method;

/// A threshold, told.
pub struct ThresholdLine {
    name: &'static str,
    there: String,
    here: String,
    own: String,
    own_passes: String,
    passes: String,
    remark: String,
}

/// What the page and the file to print share.
#[derive(Template)]
#[template(path = "analysis/equivalence.html")]
pub struct Results {
    summary: String,
    careful: bool,
    warnings: Vec<String>,
    heads: Vec<String>,
    rows: Vec<(String, Vec<String>)>,
    plot: Option<Plot>,
    thresholds: Vec<ThresholdLine>,
    links: Vec<[String; 5]>,
    anchored: bool,
    there: String,
}

/// The file to print.
#[derive(Template)]
#[template(path = "analysis/equating.html")]
struct File<'a> {
    here: &'a str,
    there: &'a str,
    about: [String; 2],
    results: Results,
    common: Vec<CommonLine>,
}

/// A common question, told.
pub struct CommonLine {
    /// Its id in the first exam.
    pub id: String,
    /// Number in each exam.
    pub number: [usize; 2],
    /// First words.
    pub stem: String,
    /// Success in each.
    pub p: [String; 2],
    /// Correlation with the rest in each.
    pub r: [String; 2],
    /// Difference of difficulty once linked, with its standard error.
    pub drift: String,
    /// Robust z.
    pub z: String,
    /// In words: drift, and why it is left out.
    pub words: String,
    /// Does it ask for a look?
    pub apart: bool,
    /// Is it in the anchor?
    pub used: bool,
    /// May someone decide?
    pub choosable: bool,
}

/// A method in a word or two, for heads of columns.
fn short(method: Method) -> &'static str {
    match method {
        Method::TuckerLinear => "Tucker",
        Method::LevineLinear => "Levine",
        Method::ChainedEquipercentile => "Enchaînée",
        Method::IrtTrueScore => "Modèle",
        Method::Mean => "Moyennes",
        Method::Linear => "Linéaire",
        Method::Equipercentile => "Équipercentile",
        other => other.french(),
    }
}

fn with_error(point: Point) -> String {
    match point.se {
        Some(_) => format!("{} ({})", float(Some(point.value), 2), float(point.se, 2)),
        None => float(Some(point.value), 2),
    }
}

impl Results {
    /// Tells a comparison; `open` where its numbers are to be printed.
    pub fn new(e: &Equating, open: bool) -> Self {
        let told: Vec<&MethodDocument> = e.methods.iter().filter(|m| !m.equivalents.is_empty()).collect();
        let marks: Vec<f64> = told.first().map_or(vec![], |m| m.equivalents.iter().map(|p| p.mark).collect());
        let rows = marks
            .iter()
            .map(|mark| {
                let cells = told.iter().map(|m| m.at(*mark).map_or_else(|| "—".into(), with_error)).collect();
                (float(Some(*mark), 1), cells)
            })
            .collect();
        let head = |m: &&MethodDocument| {
            let kept = if Some(m.method) == e.retained { " (retenue)" } else { "" };
            format!("{}{kept}", short(m.method))
        };
        Self {
            summary: e.summary.clone(),
            careful: words::thin(e) || e.design == Design::EquivalentGroups,
            warnings: e.warnings.clone(),
            heads: told.iter().map(head).collect(),
            rows,
            plot: plot(e).map(|p| if open { p.unfolded() } else { p }),
            thresholds: e.thresholds.iter().map(threshold).collect(),
            links: e
                .links
                .iter()
                .map(|l| {
                    [
                        words::capital(l.method.french()),
                        float(Some(l.slope), 3),
                        float(l.slope_se, 3),
                        float(Some(l.shift), 3),
                        float(l.shift_se, 3),
                    ]
                })
                .collect(),
            anchored: e.design == Design::Anchor,
            there: e.with.title.clone(),
        }
    }
}

fn threshold(t: &ThresholdDocument) -> ThresholdLine {
    let remark = match (&t.why, t.method) {
        (Some(why), _) => why.clone(),
        (None, Some(method)) => match t.own {
            Some(_) => format!(
                "{}\u{a0}; {}",
                short(method),
                count(t.moved.len(), "candidat change de côté", "candidats changent de côté")
            ),
            None => short(method).to_owned(),
        },
        (None, None) => String::new(),
    };
    let dash = || "—".to_owned();
    ThresholdLine {
        name: t.name,
        there: float(Some(t.there), 2),
        here: t.here.map_or_else(dash, |value| with_error(Point { mark: t.there, value, se: t.se })),
        own: float(t.own, 2),
        own_passes: t.own_passes.map_or_else(dash, |n| words::passes(n, t.candidates)),
        passes: t.passes.map_or_else(dash, |n| words::passes(n, t.candidates)),
        remark,
    }
}

/// What each mark gains or loses, with two standard errors on both sides of the method retained.
fn plot(e: &Equating) -> Option<Plot> {
    let main = e.main().filter(|m| m.equivalents.len() > 1)?;
    let gap = |p: &Point| (p.mark, p.value - p.mark);
    let band: Vec<(f64, f64, f64)> = main
        .equivalents
        .iter()
        .filter_map(|p| Some((p.mark, p.value - p.mark - 2.0 * p.se?, p.value - p.mark + 2.0 * p.se?)))
        .collect();
    let mut shown = vec![main];
    shown.extend(e.methods.iter().filter(|m| m.method != main.method && m.equivalents.len() > 1));
    let most = shown
        .iter()
        .flat_map(|m| m.equivalents.iter().map(|p| (p.value - p.mark).abs()))
        .chain(band.iter().flat_map(|b| [b.1.abs(), b.2.abs()]))
        .fold(0.25, f64::max);
    let most = [0.5, 1.0, 2.0, 4.0, 8.0].into_iter().find(|m| *m >= most).unwrap_or(20.0);
    let series: Vec<Series> =
        shown.iter().map(|m| Series::new(short(m.method), m.equivalents.iter().map(gap).collect())).collect();
    let axes = (&Axis::new("Note ici, sur 20", 0.0, 20.0, 0), &Axis::new("Points sur 20", -most, most, 2));
    let middle = main.at_mean.map_or_else(String::new, |p| {
        format!(" À la note moyenne, {}, elle est de {}.", float(Some(p.mark), 2), signed(p.value - p.mark, 2))
    });
    let sentence = format!(
        "Différence, pour chaque note obtenue ici, entre ce qu’elle aurait valu à l’autre épreuve et elle-même.{middle} \
         Au-dessus de zéro, cette épreuve était la plus difficile."
    );
    let title = "Ce que gagne ou perd chaque note";
    Some(Plot::new("equivalence", title, sentence, axes, &series, &[]).with_band(axes, &band))
}

/// Common questions, told.
pub fn common(e: &Equating) -> Vec<CommonLine> {
    e.common
        .iter()
        .map(|c| {
            let drift = c.drift.as_ref();
            let mut words: Vec<&str> = drift.map(|d| d.french()).into_iter().collect();
            words.extend(c.reason.map(super::Reason::french));
            CommonLine {
                id: c.question.clone(),
                number: c.number,
                stem: c.stem.clone(),
                p: c.p.map(|p| p.map_or_else(|| "—".into(), percent)),
                r: c.r_item_rest.map(|r| float(r, 2)),
                drift: drift.map_or_else(
                    || "—".into(),
                    |d| match d.se {
                        Some(se) => format!("{} ({})", signed(d.logits, 2), float(Some(se), 2)),
                        None => signed(d.logits, 2),
                    },
                ),
                z: drift.and_then(|d| d.robust_z).map_or_else(|| "—".into(), |z| signed(z, 1)),
                words: words.join("\u{a0}; "),
                apart: drift.is_some_and(|d| d.sure),
                used: c.used,
                choosable: c.used || c.reason.is_some_and(super::Reason::may_be_used),
            }
        })
        .collect()
}

/// The comparison as one file that needs nothing else.
///
/// # Errors
/// A template that cannot be rendered.
pub fn html(e: &Equating) -> anyhow::Result<String> {
    let file = File {
        here: &e.exam.title,
        there: &e.with.title,
        about: [words::exam(&e.exam), words::exam(&e.with)],
        results: Results::new(e, true),
        common: common(e),
    };
    Ok(file.render()?)
}

/// A summary for a terminal.
pub fn text(e: &Equating) -> String {
    let mut out = format!("{}\n", e.summary);
    let told: Vec<&MethodDocument> = e.methods.iter().filter(|m| !m.equivalents.is_empty()).collect();
    if !told.is_empty() {
        out += &format!("\n{:>6}", "note");
        told.iter().for_each(|m| out += &format!(" {:>18}", short(m.method)));
        out.push('\n');
        for point in &told[0].equivalents {
            out += &format!("{:>6}", float(Some(point.mark), 1));
            for m in &told {
                out += &format!(" {:>18}", m.at(point.mark).map_or_else(|| "—".into(), with_error));
            }
            out.push('\n');
        }
    }
    for l in &e.links {
        out += &format!(
            "\n{} : A {} ({}), B {} ({})",
            l.method.french(),
            float(Some(l.slope), 3),
            float(l.slope_se, 3),
            float(Some(l.shift), 3),
            float(l.shift_se, 3)
        );
    }
    for t in e.thresholds.iter().map(threshold) {
        out += &format!("\n{}, seuil {} : {} ici ; {}", t.name, t.there, t.here, t.remark);
    }
    out += &format!("\n\n{:<16} {:>6} {:>6} {:>16}  lecture\n", "question", "ici", "autre", "écart (erreur)");
    for c in common(e) {
        out += &format!("{:<16} {:>6} {:>6} {:>16}  {}\n", c.id, c.p[0], c.p[1], c.drift, c.words);
    }
    out
}
