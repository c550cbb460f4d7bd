//! Charts that a screen reader can follow: a drawing with a sentence, and its numbers in a table.

use crate::web::filters;
use askama::Template;

/// One bar.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// SVG units.
    pub x: String,
    /// SVG units.
    pub y: String,
    /// SVG units.
    pub width: String,
    /// SVG units.
    pub height: String,
    /// "de 12 à 13".
    pub range: String,
    /// How many.
    pub count: String,
    /// Of all.
    pub share: String,
}

/// A mark along an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// Position, SVG units.
    pub at: String,
    /// What is written there.
    pub label: String,
}

/// Distribution of marks on 20, by bars of one point.
#[derive(Template)]
#[template(path = "committee/histogram.html")]
pub struct Histogram {
    /// Names the ids, unique on the page.
    pub id: &'static str,
    /// Heading.
    pub title: &'static str,
    /// The drawing in one sentence.
    pub sentence: String,
    /// Twenty bars.
    pub bars: Vec<Bar>,
    /// Numbers of candidates.
    pub levels: Vec<Tick>,
    /// Marks.
    pub ticks: Vec<Tick>,
    /// Vertical lines with their name.
    pub markers: Vec<Tick>,
    /// Are the numbers unfolded?
    pub open: bool,
}

const LEFT: f64 = 44.0;
const RIGHT: f64 = 716.0;
const TOP: f64 = 24.0;
const BOTTOM: f64 = 196.0;
const BARS: usize = 20;

impl Histogram {
    /// Draws marks on 20; `markers` are values on 20 with a name.
    pub fn of_marks(id: &'static str, title: &'static str, on_20: &[f64], markers: &[(f64, String)]) -> Self {
        let counts = counts(on_20);
        let step = step(counts.iter().copied().max().unwrap_or(0));
        let levels = counts.iter().copied().max().unwrap_or(0).div_ceil(step).max(1);
        let top = (levels * step) as f64;
        let x = |mark: f64| LEFT + (RIGHT - LEFT) * mark / BARS as f64;
        let y = |count: f64| BOTTOM - (BOTTOM - TOP) * count / top;
        let one = |v: f64| format!("{v:.1}");
        let n = on_20.len().max(1) as f64;
        let bars: Vec<Bar> = counts
            .iter()
            .enumerate()
            .map(|(i, count)| Bar {
                x: one(x(i as f64) + 1.0),
                y: one(y(*count as f64)),
                width: one((RIGHT - LEFT) / BARS as f64 - 2.0),
                height: one(BOTTOM - y(*count as f64)),
                range: if i + 1 == BARS { "de 19 à 20".into() } else { format!("de {i} à moins de {}", i + 1) },
                count: filters::thousands(*count),
                share: filters::percent(*count as f64 / n),
            })
            .collect();
        let most = (0..BARS).max_by_key(|i| (counts[*i], BARS - i)).unwrap_or(0);
        let sentence = if on_20.is_empty() {
            "Aucune note.".to_owned()
        } else {
            let names: Vec<String> = markers.iter().map(|(_, name)| name.clone()).collect();
            format!(
                "Distribution de {} notes sur 20. La tranche la plus nombreuse va {} ({}). {}.",
                filters::thousands(on_20.len()),
                bars[most].range,
                bars[most].count,
                names.join("\u{202f}; ")
            )
        };
        Self {
            id,
            title,
            sentence,
            levels: (0..=levels)
                .map(|i| Tick { at: one(y((i * step) as f64)), label: filters::thousands(i * step) })
                .collect(),
            ticks: (0..=10).map(|i| Tick { at: one(x(f64::from(i) * 2.0)), label: (i * 2).to_string() }).collect(),
            markers: markers
                .iter()
                .map(|(value, name)| Tick { at: one(x(value.clamp(0.0, 20.0))), label: name.clone() })
                .collect(),
            bars,
            open: false,
        }
    }

    /// The same with its numbers unfolded, for paper.
    #[must_use]
    pub fn unfolded(self) -> Self {
        Self { open: true, ..self }
    }
}

/// How many marks fall in each point: 20 belongs to the last bar, a mark below zero to the first.
fn counts(on_20: &[f64]) -> [usize; BARS] {
    let mut counts = [0; BARS];
    for mark in on_20.iter().filter(|m| m.is_finite()) {
        counts[(mark.max(0.0) as usize).min(BARS - 1)] += 1;
    }
    counts
}

/// Distance between two levels: 1, 2 or 5 times a power of ten, for four levels or so.
fn step(largest: usize) -> usize {
    let mut scale = 1;
    loop {
        if let Some(step) = [1, 2, 5].map(|k| k * scale).into_iter().find(|s| largest.div_ceil(*s) <= 5) {
            return step;
        }
        scale *= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mark_has_its_bar() {
        let counts = counts(&[-1.0, 0.0, 0.99, 12.0, 12.5, 19.0, 20.0]);
        assert_eq!((counts[0], counts[12], counts[19]), (3, 2, 2));
        assert_eq!((step(0), step(4), step(17), step(1200)), (1, 1, 5, 500));
        let chart = Histogram::of_marks("h", "Notes", &[12.0, 12.5], &[(12.25, "Médiane 12,25".into())]);
        let html = chart.render().unwrap();
        assert!(html.contains("de 12 à moins de 13") && html.contains("Médiane 12,25"));
        assert!(Histogram::of_marks("h", "Notes", &[], &[]).render().unwrap().contains("Aucune note"));
    }
}
