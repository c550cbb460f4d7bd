//! Propositions that are quantities: order, overlap, units, precision.

use std::sync::LazyLock;

use regex::Regex;

use super::text::Normal;

static QUANTITY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"^\s*(?:(environ|moins de|inférieure? à|plus de|supérieure? à|au moins|au plus|entre|de|<=|>=|<|>|≤|≥)\s*)?",
        r"(\d{1,3}(?: \d{3})+|\d+)(?:[.,](\d+))?\s*([a-zµ°%][\wµ°%/²³.]*(?: ?hg)?)?",
        r"(?:\s*(?:-|–|—|à|et)\s*(\d{1,3}(?: \d{3})+|\d+)(?:[.,](\d+))?\s*([a-zµ°%][\wµ°%/²³.]*(?: ?hg)?)?)?\s*\.?\s*$",
    ))
    .expect("the patterns are compiled by the tests")
});

/// A proposition read as a quantity: an interval, of one point for a plain number.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Quantity {
    low: f64,
    low_included: bool,
    high: f64,
    high_included: bool,
    /// Unit as written, without a final stop; empty when none.
    pub(crate) unit: String,
    /// Digits after the decimal mark.
    pub(crate) decimals: usize,
}

fn number(whole: &str, decimals: Option<&str>) -> Option<f64> {
    let digits: String = whole.chars().filter(char::is_ascii_digit).collect();
    format!("{digits}.{}", decimals.unwrap_or("0")).parse().ok()
}

impl Quantity {
    /// Reads a whole proposition; `None` when it is not only a quantity.
    pub(crate) fn read(text: &Normal<'_>) -> Option<Self> {
        let captures = QUANTITY.captures(text.as_str())?;
        let part = |index| captures.get(index).map(|found: regex::Match<'_>| found.as_str());
        let first = number(part(2)?, part(3))?;
        let second = match part(5) {
            Some(whole) => Some(number(whole, part(6))?),
            None => None,
        };
        let unit = part(7).or(part(4)).unwrap_or_default().trim_end_matches('.');
        let decimals = part(6).map_or(0, str::len).max(part(3).map_or(0, str::len));
        let (low, low_included, high, high_included) = match (part(1), second) {
            (_, Some(second)) => (first, true, second, true),
            (Some("moins de" | "inférieur à" | "inférieure à" | "<"), None) => {
                (f64::NEG_INFINITY, false, first, false)
            }
            (Some("au plus" | "≤" | "<="), None) => (f64::NEG_INFINITY, false, first, true),
            (Some("plus de" | "supérieur à" | "supérieure à" | ">"), None) => (first, false, f64::INFINITY, false),
            (Some("au moins" | "≥" | ">="), None) => (first, true, f64::INFINITY, false),
            (Some(_) | None, None) => (first, true, first, true),
        };
        (low <= high).then(|| Self { low, low_included, high, high_included, unit: unit.to_owned(), decimals })
    }

    /// Whether some value answers both.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        let before = |a: &Self, b: &Self| a.high < b.low || (a.high == b.low && !(a.high_included && b.low_included));
        self.unit == other.unit && !before(self, other) && !before(other, self)
    }

    /// Whether it is a plain number.
    pub(crate) fn is_point(&self) -> bool {
        self.low == self.high
    }

    /// Comes before the other in ascending order.
    fn precedes(&self, other: &Self) -> bool {
        (self.low, self.high) <= (other.low, other.high)
    }
}

/// Whether quantities go up or down all along.
pub(crate) fn are_ordered(quantities: &[Quantity]) -> bool {
    quantities.is_sorted_by(|a, b| a.precedes(b)) || quantities.is_sorted_by(|a, b| b.precedes(a))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Quantity> {
        Quantity::read(&Normal::of(text))
    }

    #[test]
    fn reads_french_quantities() {
        let shape = |text: &str| read(text).map(|q| (q.low, q.high, q.unit, q.decimals));
        assert_eq!(shape("7,5 mmol/L"), Some((7.5, 7.5, "mmol/l".into(), 1)));
        assert_eq!(shape("10\u{202f}000 /mm3"), None);
        assert_eq!(shape("10\u{202f}000"), Some((10_000.0, 10_000.0, String::new(), 0)));
        assert_eq!(shape("5 à 10 %"), Some((5.0, 10.0, "%".into(), 0)));
        assert_eq!(shape("Moins de 3 mois."), Some((f64::NEG_INFINITY, 3.0, "mois".into(), 0)));
        assert_eq!(shape("entre 2 et 4 semaines"), Some((2.0, 4.0, "semaines".into(), 0)));
        assert_eq!(shape("140 mm Hg"), Some((140.0, 140.0, "mm hg".into(), 0)));
        assert_eq!(shape("2 comprimés par jour"), None);
        assert_eq!(shape("amoxicilline"), None);
        assert_eq!(shape("10 à 5 %"), None);
    }

    #[test]
    fn overlap_minds_the_bounds() {
        let overlap = |a, b| match (read(a), read(b)) {
            (Some(a), Some(b)) => a.overlaps(&b) && b.overlaps(&a),
            (None, _) | (_, None) => false,
        };
        assert!(overlap("0 à 5 %", "5 à 10 %"));
        assert!(!overlap("moins de 5 %", "5 à 10 %"));
        assert!(overlap("plus de 10 %", "plus de 20 %"));
        assert!(!overlap("5 mg", "5 g"));
    }
}
