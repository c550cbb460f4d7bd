//! Curves and bars that a screen reader can follow: a drawing with a sentence, and its numbers in a table.

use crate::web::filters::float;
use askama::Template;

/// A mark along an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// Position, SVG units.
    pub at: String,
    /// What is written there.
    pub label: String,
}

/// A curve, drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// Points of a polyline.
    pub points: String,
    /// 1 to 6: colour and dashes.
    pub style: usize,
    /// Written at its end and in the table.
    pub name: String,
    /// Where the name stands.
    pub label_at: (String, String),
    /// Single points, where there are few.
    pub dots: Vec<(String, String)>,
}

/// A row of the table of numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Abscissa.
    pub head: String,
    /// One a curve.
    pub cells: Vec<String>,
}

/// An axis: label, ends, where ticks are, decimals.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    label: String,
    low: f64,
    high: f64,
    places: usize,
}

impl Axis {
    /// From `low` to `high`.
    pub fn new(label: impl Into<String>, low: f64, high: f64, places: usize) -> Self {
        let high = if high > low { high } else { low + 1.0 };
        Self { label: label.into(), low, high, places }
    }

    /// From 0 to the first round number above `most`.
    pub fn up_to(label: impl Into<String>, most: f64, places: usize) -> Self {
        let most = most.max(1e-9);
        let scale = 10_f64.powf(most.log10().floor());
        let high = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|k| k * scale).find(|h| *h >= most * 0.999);
        Self::new(label, 0.0, high.unwrap_or(most), places)
    }

    /// Into how many parts it is cut: the first of `wanted` whose steps are written exactly.
    fn parts(&self, wanted: &[usize]) -> usize {
        let exact = |parts: &&usize| {
            let step = (self.high - self.low) / **parts as f64 * 10_f64.powi(self.places as i32);
            (step - step.round()).abs() < 1e-9 && step >= 1.0
        };
        wanted.iter().find(exact).or(wanted.last()).copied().unwrap_or(4)
    }

    fn share(&self, value: f64) -> f64 {
        ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }
}

/// Curves over one abscissa.
#[derive(Clone, Template)]
#[template(path = "plot.html")]
pub struct Plot {
    /// Names the ids, unique on the page.
    pub id: String,
    /// Heading.
    pub title: String,
    /// The drawing in one sentence.
    pub sentence: String,
    /// Of the abscissa.
    pub x_label: String,
    /// Of the ordinate.
    pub y_label: String,
    /// Curves.
    pub curves: Vec<Curve>,
    /// Ticks of the abscissa.
    pub x_ticks: Vec<Tick>,
    /// Ticks of the ordinate.
    pub y_ticks: Vec<Tick>,
    /// Vertical lines with their name.
    pub markers: Vec<Tick>,
    /// The numbers.
    pub rows: Vec<Row>,
    /// Outline of an area between two curves; empty without one.
    pub band: String,
    /// Are the numbers unfolded?
    pub open: bool,
}

const LEFT: f64 = 56.0;
const RIGHT: f64 = 600.0;
const TOP: f64 = 24.0;
const BOTTOM: f64 = 236.0;

/// Tenths between the names of two curves: the height of a line on a phone, where letters are larger.
const NAMES: f64 = 190.0;

/// A curve to draw: its name and its points, in order.
pub struct Series {
    /// Written at its end and in the table.
    pub name: String,
    /// Abscissa and ordinate.
    pub points: Vec<(f64, f64)>,
}

impl Series {
    /// A named curve.
    pub fn new(name: impl Into<String>, points: Vec<(f64, f64)>) -> Self {
        Self { name: name.into(), points }
    }
}

impl Plot {
    /// Draws curves that share their abscissas; `markers` are abscissas with a name.
    pub fn new(
        id: impl Into<String>,
        title: impl Into<String>,
        sentence: impl Into<String>,
        (x, y): (&Axis, &Axis),
        series: &[Series],
        markers: &[(f64, String)],
    ) -> Self {
        let one = |v: f64| format!("{v:.1}");
        let at_x = |v: f64| LEFT + (RIGHT - LEFT) * x.share(v);
        let at_y = |v: f64| BOTTOM - (BOTTOM - TOP) * y.share(v);
        let mut taken: Vec<f64> = Vec::new();
        let curves = series
            .iter()
            .enumerate()
            .filter(|(_, s)| !s.points.is_empty())
            .map(|(i, s)| {
                let points: Vec<(f64, f64)> = s.points.iter().map(|(px, py)| (at_x(*px), at_y(*py))).collect();
                let (lx, ly) = points[points.len() - 1];
                let mut ly = ly.min(BOTTOM - 16.0);
                // Names at the ends of curves keep clear of one another.
                // In whole tenths, as they are written: a sum that rounds would never be clear of what it was made from.
                ly = (ly * 10.0).round();
                while let Some(other) = taken.iter().find(|t| (**t - ly).abs() < NAMES) {
                    ly = other + NAMES;
                }
                taken.push(ly);
                let ly = ly / 10.0;
                Curve {
                    style: i % 6 + 1,
                    name: s.name.clone(),
                    label_at: (one(lx + 8.0), one(ly + 4.0)),
                    dots: if points.len() <= 25 {
                        points.iter().map(|(a, b)| (one(*a), one(*b))).collect()
                    } else {
                        vec![]
                    },
                    points: points
                        .iter()
                        .map(|(a, b)| format!("{},{}", one(*a), one(*b)))
                        .collect::<Vec<_>>()
                        .join(" "),
                }
            })
            .collect();
        let ticks = |axis: &Axis, to: &dyn Fn(f64) -> f64, parts: usize| {
            (0..=parts)
                .map(|i| {
                    let value = axis.low + (axis.high - axis.low) * i as f64 / parts as f64;
                    Tick { at: one(to(value)), label: float(Some(value), axis.places) }
                })
                .collect()
        };
        // At most twenty-five rows: the table is for reading.
        let longest = series.iter().map(|s| s.points.len()).max().unwrap_or(0);
        let stride = longest.div_ceil(25).max(1);
        let first = series.iter().max_by_key(|s| s.points.len());
        let rows = first.map_or(vec![], |first| {
            first
                .points
                .iter()
                .step_by(stride)
                .map(|(px, _)| Row {
                    head: float(Some(*px), 2),
                    cells: series
                        .iter()
                        .map(|s| float(s.points.iter().find(|(other, _)| (other - px).abs() < 1e-9).map(|p| p.1), 3))
                        .collect(),
                })
                .collect()
        });
        Self {
            id: id.into(),
            title: title.into(),
            sentence: sentence.into(),
            x_label: x.label.clone(),
            y_label: y.label.clone(),
            x_ticks: ticks(x, &at_x, x.parts(&[8, 10, 5, 6, 4])),
            y_ticks: ticks(y, &at_y, y.parts(&[4, 5])),
            markers: markers.iter().map(|(v, name)| Tick { at: one(at_x(*v)), label: name.clone() }).collect(),
            curves,
            rows,
            band: String::new(),
            open: false,
        }
    }

    /// The same with an area behind its curves: abscissa, lower and upper ordinate, in order.
    #[must_use]
    pub fn with_band(mut self, (x, y): (&Axis, &Axis), band: &[(f64, f64, f64)]) -> Self {
        let at = |px: f64, py: f64| {
            format!("{:.1},{:.1}", LEFT + (RIGHT - LEFT) * x.share(px), BOTTOM - (BOTTOM - TOP) * y.share(py))
        };
        let under = band.iter().map(|(px, low, _)| at(*px, *low));
        let over = band.iter().rev().map(|(px, _, high)| at(*px, *high));
        self.band = under.chain(over).collect::<Vec<_>>().join(" ");
        self
    }

    /// The same with its numbers unfolded, for paper.
    #[must_use]
    pub fn unfolded(self) -> Self {
        Self { open: true, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_at_one_height_are_set_apart_whatever_it_is() {
        let axis = Axis::new("", 0.0, 1.0, 0);
        for i in 0..7_169 {
            let y = f64::from(i) / 7_169.0;
            let series = ["a", "b", "c"].map(|name| Series::new(name, vec![(0.0, y), (1.0, y)]));
            assert_eq!(Plot::new("p", "", "", (&axis, &axis), &series, &[]).curves.len(), 3);
        }
    }

    #[test]
    fn curves_are_drawn_named_and_told_in_numbers() {
        let x = Axis::new("Aptitude", -4.0, 4.0, 0);
        let y = Axis::up_to("Information", 0.7, 2);
        let curve = Series::new("Examen", (0..=80).map(|i| (f64::from(i) / 10.0 - 4.0, 0.5)).collect());
        let other = Series::new("Deux points", vec![(-4.0, 0.5), (4.0, 0.5)]);
        let plot = Plot::new("info", "Information", "Une droite.", (&x, &y), &[curve, other], &[(0.0, "Seuil".into())]);
        assert_eq!((plot.x_ticks.len(), plot.y_ticks[4].label.as_str(), plot.rows.len()), (9, "1,00", 21));
        assert_ne!(plot.curves[0].label_at.1, plot.curves[1].label_at.1);
        let html = plot.render().unwrap();
        assert!(html.contains("Deux points") && html.contains("Seuil") && html.contains("0,500"));
    }
}
