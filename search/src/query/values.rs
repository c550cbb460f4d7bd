//! Spans of numbers and of days.

use jiff::civil::Date;

/// A span of numbers; absent bounds are open.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Span {
    /// Lower bound, and whether it is included.
    pub from: Option<(f64, bool)>,
    /// Upper bound, and whether it is included.
    pub to: Option<(f64, bool)>,
}

impl Span {
    /// No bound.
    pub const EVERYTHING: Self = Self { from: None, to: None };

    /// Reads `<0,4`, `>=0,2`, `0,2..0,4`, `0,5..`, `0,5`, `oui` (any value); `None` if it is none of these.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        if matches!(text, "oui" | "yes") {
            return Some(Self::EVERYTHING);
        }
        if let Some((low, high)) = text.split_once("..") {
            let (exclusive, high) = match high.strip_prefix('<') {
                Some(high) => (true, high),
                None => (false, high),
            };
            let bound = |t: &str| if t.is_empty() { Some(None) } else { number(t).map(Some) };
            let (low, high) = (bound(low)?, bound(high)?);
            return Some(Self { from: low.map(|n| (n, true)), to: high.map(|n| (n, !exclusive)) });
        }
        let (sign, rest) = comparison(text);
        let n = number(rest)?;
        Some(match sign {
            "<" => Self { from: None, to: Some((n, false)) },
            "<=" => Self { from: None, to: Some((n, true)) },
            ">" => Self { from: Some((n, false)), to: None },
            ">=" => Self { from: Some((n, true)), to: None },
            _ => Self { from: Some((n, true)), to: Some((n, true)) },
        })
    }

    /// Reads the name of a band of a facet; everything if it is none.
    pub(super) fn read_band(text: &str) -> Self {
        Self::read(text).unwrap_or(Self::EVERYTHING)
    }

    /// Is the number in the span?
    #[must_use]
    pub fn holds(&self, n: f64) -> bool {
        self.from.is_none_or(|(low, included)| n > low || (included && n == low))
            && self.to.is_none_or(|(high, included)| n < high || (included && n == high))
    }

    /// Can no number be in it?
    pub(super) fn is_empty(&self) -> bool {
        match (self.from, self.to) {
            (Some((low, a)), Some((high, b))) => low > high || (low == high && !(a && b)),
            _ => false,
        }
    }

    pub(super) fn print(&self) -> String {
        let n = |n: f64| n.to_string().replace('.', ",");
        match (self.from, self.to) {
            (None, None) => "oui".to_owned(),
            (Some((low, true)), None) => format!(">={}", n(low)),
            (Some((low, false)), None) => format!(">{}", n(low)),
            (None, Some((high, true))) => format!("<={}", n(high)),
            (None, Some((high, false))) => format!("<{}", n(high)),
            (Some((low, _)), Some((high, true))) if low == high => n(low),
            (Some((low, _)), Some((high, true))) => format!("{}..{}", n(low), n(high)),
            (Some((low, _)), Some((high, false))) => format!("{}..<{}", n(low), n(high)),
        }
    }
}

/// The sign of comparison that begins a text, and the rest.
pub(super) fn comparison(text: &str) -> (&str, &str) {
    for sign in ["<=", ">=", "<", ">", "="] {
        if let Some(rest) = text.strip_prefix(sign) {
            return (sign, rest);
        }
    }
    match text.chars().next() {
        Some('≤') => ("<=", &text[3..]),
        Some('≥') => (">=", &text[3..]),
        _ => ("", text),
    }
}

fn number(text: &str) -> Option<f64> {
    let text = text.replace(',', ".").replace('−', "-");
    let plain = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-'));
    text.parse::<f64>().ok().filter(|n| plain && n.is_finite()).map(|n| n + 0.0)
}

/// Days, both included; absent bounds are open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Days {
    /// First day.
    pub from: Option<Date>,
    /// Last day.
    pub to: Option<Date>,
}

impl Days {
    /// Reads `2024`, `2024-03`, `2024-03-05`, `05/03/2024`, ranges and comparisons of these.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        if let Some((low, high)) = text.split_once("..") {
            let from = if low.is_empty() { None } else { Some(period(low)?.0) };
            let to = if high.is_empty() { None } else { Some(period(high)?.1) };
            return Some(Self { from, to });
        }
        let (sign, rest) = comparison(text);
        let (first, last) = period(rest)?;
        Some(match sign {
            "<" => Self { from: None, to: Some(first.yesterday().ok()?) },
            "<=" => Self { from: None, to: Some(last) },
            ">" => Self { from: Some(last.tomorrow().ok()?), to: None },
            ">=" => Self { from: Some(first), to: None },
            _ => Self { from: Some(first), to: Some(last) },
        })
    }

    /// First ms of the first day and first ms after the last, UTC.
    #[must_use]
    pub fn bounds_ms(&self) -> (Option<i64>, Option<i64>) {
        (self.from.map(start_ms), self.to.and_then(|d| d.tomorrow().ok()).map(start_ms))
    }

    pub(super) fn print(&self) -> String {
        let day = |d: Option<Date>| d.map(|d| d.to_string()).unwrap_or_default();
        format!("{}..{}", day(self.from), day(self.to))
    }
}

/// First ms of a day, UTC.
pub(crate) fn start_ms(day: Date) -> i64 {
    let days = day.since(jiff::civil::date(1970, 1, 1)).map_or(0, |span| i64::from(span.get_days()));
    days * 86_400_000
}

/// First and last day of a year, a month or a day.
pub(super) fn period(text: &str) -> Option<(Date, Date)> {
    let numbers = |separator: char| -> Option<Vec<i16>> {
        text.split(separator)
            .map(|t| if t.bytes().all(|b| b.is_ascii_digit()) { t.parse().ok() } else { None })
            .collect()
    };
    let written = if text.contains('/') {
        numbers('/').map(|mut n| {
            n.reverse();
            n
        })
    } else {
        numbers('-')
    };
    let year_known = |y: i16| (1900..=2200).contains(&y);
    match written?[..] {
        [y] if year_known(y) => Some((Date::new(y, 1, 1).ok()?, Date::new(y, 12, 31).ok()?)),
        [y, m] if year_known(y) => {
            let first = Date::new(y, i8::try_from(m).ok()?, 1).ok()?;
            Some((first, first.last_of_month()))
        }
        [y, m, d] if year_known(y) => {
            let day = Date::new(y, i8::try_from(m).ok()?, i8::try_from(d).ok()?).ok()?;
            Some((day, day))
        }
        _ => None,
    }
}
