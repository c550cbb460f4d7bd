//! Old marks beside new ones, for people.

use super::french;
use crate::exam::marks::{self, Comparison, Overview};
use crate::web::filters::{float, signed, thousands};

/// A figure before and after.
pub(super) struct Figure {
    pub(super) label: &'static str,
    pub(super) before: String,
    pub(super) after: String,
    pub(super) delta: String,
    pub(super) class: &'static str,
}

pub(super) fn figure(label: &'static str, before: Option<f64>, after: Option<f64>, places: usize) -> Figure {
    let difference = match (before, after) {
        (Some(old), Some(new)) => new - old,
        _ => 0.0,
    };
    let (delta, class) = delta(difference, places);
    Figure { label, before: float(before, places), after: float(after, places), delta, class }
}

/// A difference in words of sign, and its class.
pub(super) fn delta(difference: f64, places: usize) -> (String, &'static str) {
    let smallest = 0.5 * 10_f64.powi(-(places as i32));
    if difference.abs() < smallest {
        ("inchangé".into(), "")
    } else if difference > 0.0 {
        (signed(difference, places), "delta--up")
    } else {
        (signed(difference, places), "delta--down")
    }
}

pub(super) fn figures(before: &Overview, after: &Overview) -> Vec<Figure> {
    let of = |o: &Overview, pick: fn(&docimo_engine::stats::Summary) -> f64| o.on_20.as_ref().map(pick);
    let both = |pick: fn(&docimo_engine::stats::Summary) -> f64| (of(before, pick), of(after, pick));
    let mut list = Vec::new();
    for (label, pick) in [
        ("Moyenne sur 20", (|s| s.mean) as fn(&docimo_engine::stats::Summary) -> f64),
        ("Écart-type", |s| s.sd),
        ("Médiane", |s| s.quartiles[1]),
        ("Note la plus basse", |s| s.min),
        ("Note la plus haute", |s| s.max),
    ] {
        let (old, new) = both(pick);
        let line = figure(label, old, new, 2);
        // More spread is neither better nor worse.
        list.push(if label == "Écart-type" { Figure { class: "", ..line } } else { line });
    }
    list.push(figure("Seuil de rang A atteint", Some(before.rank_a_pass as f64), Some(after.rank_a_pass as f64), 0));
    if before.pass.is_some() || after.pass.is_some() {
        let number = |n: Option<usize>| n.map(|n| n as f64);
        list.push(figure("Seuil global atteint", number(before.pass), number(after.pass), 0));
    }
    list.push(figure("Fidélité (alpha)", before.alpha, after.alpha, 3));
    list.push(Figure {
        label: "Points en tout",
        before: french(&before.out_of),
        after: french(&after.out_of),
        delta: if before.out_of == after.out_of { "inchangé".into() } else { "modifié".into() },
        class: "",
    });
    list
}

pub(super) struct MoveLine {
    pub(super) number: String,
    pub(super) name: String,
    pub(super) before: String,
    pub(super) after: String,
    pub(super) delta: String,
    pub(super) delta_class: &'static str,
    pub(super) delta_value: String,
    pub(super) rank_before: u32,
    pub(super) rank_after: u32,
    pub(super) places: String,
    pub(super) places_class: &'static str,
    pub(super) places_value: i64,
    pub(super) crossing: String,
    pub(super) row: &'static str,
}

/// Old marks beside new ones, for people.
pub(super) struct Beside {
    pub(super) before_title: String,
    pub(super) after_title: String,
    pub(super) before_mean: String,
    pub(super) after_mean: String,
    pub(super) mean_delta: String,
    pub(super) mean_class: &'static str,
    pub(super) before_pass: String,
    pub(super) after_pass: String,
    pub(super) threshold: String,
    pub(super) changed: String,
    pub(super) present: String,
    pub(super) now_pass: usize,
    pub(super) now_fail: usize,
    pub(super) pass_threshold: Option<String>,
    pub(super) now_reach: usize,
    pub(super) now_miss: usize,
    pub(super) figures: Vec<Figure>,
    pub(super) moves: Vec<MoveLine>,
    pub(super) crossings: Vec<MoveLine>,
    pub(super) hidden: usize,
}

/// Rows that a page shows; the files hold everyone.
const MOVES_SHOWN: usize = 500;

fn crossing(m: &marks::Move) -> String {
    let said = |what: &str, threshold: &str| match what {
        "passes" => Some(format!("atteint désormais le seuil {threshold}")),
        "fails" => Some(format!("n’atteint plus le seuil {threshold}")),
        _ => None,
    };
    let both = [said(m.crossing, "de rang A"), said(m.pass_crossing, "global")];
    both.into_iter().flatten().collect::<Vec<_>>().join("\u{202f}; ")
}

pub(super) fn move_line(m: &marks::Move) -> MoveLine {
    let difference = m.after.unwrap_or(0.0) - m.before.unwrap_or(0.0);
    let (delta_text, delta_class) = delta(difference, 2);
    // A smaller place is a better one.
    let places = i64::from(m.rank_before) - i64::from(m.rank_after);
    let (places_text, places_class) = delta(places as f64, 0);
    MoveLine {
        number: m.number.clone(),
        name: m.name.clone(),
        before: float(m.before, 2),
        after: float(m.after, 2),
        delta: delta_text,
        delta_class,
        delta_value: format!("{difference:.6}"),
        rank_before: m.rank_before,
        rank_after: m.rank_after,
        places: places_text,
        places_class,
        places_value: places,
        crossing: crossing(m),
        row: match if m.crossing.is_empty() { m.pass_crossing } else { m.crossing } {
            "passes" => "row--success",
            "fails" => "row--danger",
            _ => "",
        },
    }
}

impl Beside {
    /// Reads a comparison.
    pub(super) fn of(c: &Comparison, before_title: String, after_title: String) -> Self {
        let mean = |o: &Overview| o.on_20.as_ref().map(|s| s.mean);
        let pass = |o: &Overview| format!("{} sur {}", thousands(o.rank_a_pass), thousands(o.rank_a_of));
        let (mean_delta, mean_class) = match (mean(&c.before), mean(&c.after)) {
            (Some(old), Some(new)) => delta(new - old, 2),
            _ => ("inchangé".into(), ""),
        };
        Self {
            before_title,
            after_title,
            before_mean: float(mean(&c.before), 2),
            after_mean: float(mean(&c.after), 2),
            mean_delta,
            mean_class,
            before_pass: pass(&c.before),
            after_pass: pass(&c.after),
            threshold: french(&c.after.rank_a_threshold),
            changed: thousands(c.changed),
            present: thousands(c.after.present),
            now_pass: c.now_pass,
            now_fail: c.now_fail,
            pass_threshold: c.after.pass_threshold.as_deref().map(french),
            now_reach: c.now_reach,
            now_miss: c.now_miss,
            figures: figures(&c.before, &c.after),
            crossings: c
                .moves
                .iter()
                .filter(|m| !m.crossing.is_empty() || !m.pass_crossing.is_empty())
                .map(move_line)
                .collect(),
            hidden: c.moves.len().saturating_sub(MOVES_SHOWN),
            moves: c.moves.iter().take(MOVES_SHOWN).map(move_line).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_told_with_their_sign() {
        assert_eq!(delta(0.004, 2), ("inchangé".into(), ""));
        assert_eq!(delta(0.25, 2), ("+0,25".into(), "delta--up"));
        assert_eq!(delta(-3.0, 0), ("\u{2212}3".into(), "delta--down"));
    }
}
