//! Propositions that are all numbers: order, overlaps, units, precision.

use super::text::Text;
use super::{Code, Field, Review, Severity, excerpt};
use docimo_engine::question::Kind;

struct Quantity {
    low: f64,
    high: f64,
    low_included: bool,
    high_included: bool,
    unit: String,
    decimals: usize,
}

/// One number from the beginning: its value, its decimals and what follows.
fn number(text: &str) -> Option<(f64, usize, &str)> {
    let negative = text.starts_with(['-', '−']);
    let body = text.trim_start_matches(['-', '−', '+']);
    let bytes = body.as_bytes();
    let (mut digits, mut decimals, mut i) = (String::new(), 0, 0);
    let mut point = false;
    while i < body.len() {
        let c = body[i..].chars().next()?;
        let next_digits = body[i + c.len_utf8()..].bytes().take_while(u8::is_ascii_digit).count();
        if c.is_ascii_digit() {
            digits.push(c);
            decimals += usize::from(point);
        } else if matches!(c, '.' | ',') && !point && !digits.is_empty() && next_digits > 0 {
            digits.push('.');
            point = true;
        } else if matches!(c, ' ' | '\u{a0}' | '\u{202f}') && !point && !digits.is_empty() && next_digits == 3 {
        } else {
            break;
        }
        i += c.len_utf8();
    }
    debug_assert!(i <= bytes.len());
    let value: f64 = digits.parse().ok()?;
    Some((if negative { -value } else { value }, decimals, body[i..].trim_start()))
}

const SPACES: [char; 3] = [' ', '\u{a0}', '\u{202f}'];

/// Reads a text that is nothing but a number or a range with its unit.
fn quantity(text: &str) -> Option<Quantity> {
    const BELOW: [&str; 5] = ["moins de ", "inférieur à ", "inférieure à ", "< ", "<"];
    const UP_TO: [&str; 5] = ["jusqu’à ", "au plus ", "≤ ", "≤", "au maximum "];
    const ABOVE: [&str; 5] = ["plus de ", "supérieur à ", "supérieure à ", "> ", ">"];
    const FROM: [&str; 4] = ["au moins ", "à partir de ", "≥ ", "≥"];
    let lower = text.trim().trim_end_matches(['.', ';']).to_lowercase().replace('\'', "’");
    let prefix = |list: &[&str]| list.iter().find_map(|p| lower.strip_prefix(p));
    let (mode, rest) = match (prefix(&BELOW), prefix(&UP_TO), prefix(&ABOVE), prefix(&FROM)) {
        (Some(rest), ..) => (1, rest),
        (_, Some(rest), ..) => (2, rest),
        (_, _, Some(rest), _) => (3, rest),
        (.., Some(rest)) => (4, rest),
        _ => (0, prefix(&["entre ", "de ", "environ ", "à ", "après ", "tous les ", "toutes les "]).unwrap_or(&lower)),
    };
    let (first, decimals, after) = number(rest.trim_start_matches(SPACES))?;
    let unit_of = |text: &str| text.trim().trim_start_matches(SPACES).split_whitespace().collect::<Vec<_>>().join(" ");
    let joint = ["à ", "et ", "- ", "– ", "-", "–", "— "];
    // "5 % à 10 %": the unit may be given twice.
    let direct = joint.iter().find_map(|j| after.strip_prefix(j)).and_then(number);
    let later = || {
        let (unit, tail) = [" à ", " et ", " - ", " – "].iter().find_map(|j| after.split_once(j))?;
        let (second, more, rest) = number(tail)?;
        (unit_of(unit) == unit_of(rest)).then_some((second, more, rest))
    };
    let range = if mode == 0 { direct.or_else(later) } else { None };
    let (second, decimals, unit) = match range {
        Some((second, more, rest)) => (Some(second), decimals.max(more), unit_of(rest)),
        None => (None, decimals, unit_of(after)),
    };
    // A unit is short and holds no number: "2 comprimés le matin" is a sentence.
    if unit.split(' ').count() > 2
        || unit.chars().count() > 12
        || (unit.chars().any(|c| c.is_ascii_digit()) && !unit.contains(['/', 'm', '^']))
    {
        return None;
    }
    // "2A" and "2B" are names.
    if unit.chars().count() == 1 && !unit.starts_with(['%', '‰', 'g', 'l', 'm', 'h', 's', 'j', '°']) {
        return None;
    }
    let unit = if unit.len() > 4 { unit.trim_end_matches('s').to_owned() } else { unit };
    let (low, high, low_included, high_included) = match (mode, second) {
        (0, Some(second)) if second >= first => (first, second, true, true),
        (0, Some(_)) => return None,
        (0, None) => (first, first, true, true),
        (1, _) => (f64::NEG_INFINITY, first, false, false),
        (2, _) => (f64::NEG_INFINITY, first, false, true),
        (3, _) => (first, f64::INFINITY, false, false),
        _ => (first, f64::INFINITY, true, false),
    };
    Some(Quantity { low, high, low_included, high_included, unit, decimals })
}

impl Quantity {
    fn is_point(&self) -> bool {
        self.low == self.high
    }

    fn overlaps(&self, other: &Self) -> bool {
        let before = |a: &Self, b: &Self| a.high < b.low || (a.high == b.low && !(a.high_included && b.low_included));
        !before(self, other) && !before(other, self)
    }
}

/// What counts in time, so that "2 heures" and "3 jours" are not said to be different units by mistake.
fn family(unit: &str) -> &'static str {
    match unit {
        "s" | "seconde" | "min" | "minute" | "h" | "heure" | "j" | "jour" | "semaine" | "moi" | "mois" | "an"
        | "ans" | "année" => "time",
        _ => "",
    }
}

pub(super) fn check(r: &mut Review<'_>) {
    let read = |t: &Text<'_>| quantity(t.source);
    let Some(all) = r.options.iter().map(|o| read(&o.text)).collect::<Option<Vec<_>>>().filter(|q| q.len() >= 3) else {
        return;
    };
    // Seen in any order, the same unit is named: the one that most propositions have, the first by name if equal.
    let count = |unit: &str| all.iter().filter(|q| q.unit == unit).count();
    let usual = all
        .iter()
        .map(|q| q.unit.as_str())
        .max_by(|a, b| count(a).cmp(&count(b)).then(b.cmp(a)))
        .unwrap_or_default()
        .to_owned();
    let odd: Vec<usize> = (0..all.len()).filter(|i| all[*i].unit != usual).collect();
    if !odd.is_empty() {
        // Days beside weeks are usual in delays.
        let times = all.iter().all(|q| family(&q.unit) == "time");
        let severity = if times { Severity::Info } else { Severity::Warning };
        let bare = |u: &str| if u.is_empty() { "sans unité".to_owned() } else { format!("« {u} »") };
        for i in odd {
            let message = format!("Unité {} ; les autres sont {}.", bare(&all[i].unit), bare(&usual));
            r.at_option(i, Code::MixedUnits, severity, None, |_| message);
        }
        return;
    }
    let most = all.iter().map(|q| q.decimals).max().unwrap_or(0);
    let least = all.iter().map(|q| q.decimals).min().unwrap_or(0);
    if most != least {
        r.note(
            Code::MixedPrecision,
            Severity::Info,
            Field::Propositions,
            vec![],
            format!("Les valeurs ont de {least} à {most} décimales."),
        );
    }
    let key = |q: &Quantity| (q.low, q.high);
    let up = all.windows(2).all(|w| key(&w[0]) <= key(&w[1]));
    let down = all.windows(2).all(|w| key(&w[0]) >= key(&w[1]));
    if !up && !down {
        r.note(
            Code::UnorderedNumbers,
            Severity::Info,
            Field::Propositions,
            vec![],
            "Les valeurs ne sont rangées ni en ordre croissant ni en ordre décroissant.".to_owned(),
        );
    }
    if r.kind() == Kind::Qcm {
        return;
    }
    for i in 0..all.len() {
        // The other end of the worst overlap, named in an order that is not that of the propositions.
        let other = (0..all.len())
            .filter(|j| *j != i && all[i].overlaps(&all[*j]) && !(all[i].is_point() && all[*j].is_point()))
            .min_by(|a, b| r.options[*a].text.source.cmp(r.options[*b].text.source));
        if let Some(j) = other {
            let said = excerpt(r.options[j].text.source);
            r.at_option(i, Code::OverlappingNumbers, Severity::Warning, None, |_| {
                format!("Cette valeur recouvre « {said} ».")
            });
        }
    }
}
