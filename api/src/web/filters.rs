//! How values are written for people: French decimals, dates in Paris time, words for states.

use docimo_engine::Exact;
use jiff::tz::TimeZone;

/// Time zone of pages. Overseas departments sit at the same hour: the page says which.
pub fn paris() -> TimeZone {
    TimeZone::get("Europe/Paris").unwrap_or(TimeZone::UTC)
}

fn zoned(ms: i64) -> Option<jiff::ZonedDateTime> {
    jiff::Timestamp::from_millisecond(ms).ok().map(|t| t.to_zoned_datetime(paris()))
}

const MONTHS: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];

/// "24 novembre 2026 à 9 h 05" (Paris).
pub fn date_time(ms: i64) -> String {
    zoned(ms).map_or_else(String::new, |t| {
        let month = MONTHS[(t.month() - 1) as usize % 12];
        let day = if t.day() == 1 { "1er".to_owned() } else { t.day().to_string() };
        format!("{day} {month} {} à {} h {:02}", t.year(), t.hour(), t.minute())
    })
}

/// "24 novembre 2026" (Paris).
pub fn day(ms: i64) -> String {
    let text = date_time(ms);
    text.split_once(" à ").map_or(text.clone(), |(day, _)| day.to_owned())
}

/// "2026-11-24" (Paris), for names of files.
pub fn date(ms: i64) -> String {
    zoned(ms).map_or_else(String::new, |t| t.date().to_string())
}

/// "9 h 05 min 12" (Paris).
pub fn time(ms: i64) -> String {
    zoned(ms).map_or_else(String::new, |t| format!("{} h {:02} min {:02}", t.hour(), t.minute(), t.second()))
}

/// "2026-11-24 09:05:12" (Paris), for files.
pub fn paris_seconds(ms: i64) -> String {
    zoned(ms).map_or_else(String::new, |t| t.strftime("%Y-%m-%d %H:%M:%S").to_string())
}

/// For the `datetime` attribute.
pub fn iso(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).map(|t| t.to_string()).unwrap_or_default()
}

/// "1 h 30" or "45 min".
pub fn duration(minutes: u32) -> String {
    match (minutes / 60, minutes % 60) {
        (0, m) => format!("{m} min"),
        (h, 0) => format!("{h} h"),
        (h, m) => format!("{h} h {m:02}"),
    }
}

/// "3 questions", "1 question".
pub(crate) fn count(n: usize, one: &str, many: &str) -> String {
    format!("{} {}", thousands(n), if n < 2 { one } else { many })
}

/// A mark with two decimals: "14,00".
pub fn mark(value: Exact) -> String {
    value.french_fixed(2)
}

/// An optional mark; an em dash when there is none.
pub fn mark_or_dash(value: Option<Exact>) -> String {
    value.map_or_else(|| "—".into(), mark)
}

/// A double with some decimals; an em dash when there is none.
pub fn float(value: Option<f64>, places: usize) -> String {
    match value {
        Some(v) if v.is_finite() => format!("{v:.places$}").replace('.', ",").replace('-', "\u{2212}"),
        _ => "—".into(),
    }
}

/// A signed difference: "+0,25", "−1,00", "0,00".
pub fn signed(value: f64, places: usize) -> String {
    let text = float(Some(value.abs()), places);
    if value > 0.0 {
        format!("+{text}")
    } else if value < 0.0 {
        format!("\u{2212}{text}")
    } else {
        text
    }
}

/// A share as a percentage: "62 %".
pub fn percent(share: f64) -> String {
    format!("{:.0}\u{a0}%", share * 100.0)
}

/// A sentence that begins with a capital.
pub(crate) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |c| c.to_uppercase().chain(letters).collect())
}

/// A whole number with thin spaces: "10 000".
pub fn thousands(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(c);
    }
    out
}

/// "1er", "2e".
pub fn ordinal(n: u32) -> String {
    if n == 1 { "1er".into() } else { format!("{n}e") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_the_french_way() {
        // 2026-11-24 08:05:12 UTC is 9:05:12 in Paris in winter.
        let ms = 1_795_507_512_000;
        assert_eq!(date_time(ms), "24 novembre 2026 à 9 h 05");
        assert_eq!(day(ms), "24 novembre 2026");
        assert_eq!(date(ms), "2026-11-24");
        assert_eq!(time(ms), "9 h 05 min 12");
        assert_eq!((duration(45), duration(90), duration(180)), ("45 min".into(), "1 h 30".into(), "3 h".into()));
        assert_eq!(mark(Exact::int(14)), "14,00");
        assert_eq!(float(None, 2), "—");
        assert_eq!(float(Some(f64::NAN), 2), "—");
        assert_eq!(signed(-0.5, 2), "\u{2212}0,50");
        assert_eq!(thousands(10_000), "10\u{202f}000");
    }
}
