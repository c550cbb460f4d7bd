//! Exact numbers: marks, weights and thresholds are fractions of integers.
//!
//! The boundary case that makes this necessary: 14.00/20 on rank A questions is a pass, 13.999…/20 a
//! fail, and a sum of 0.2s in floating point lands on either side of it.

use num_rational::Ratio;
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::ops::{Add, AddAssign, Mul, Neg, Sub};
use std::str::FromStr;

/// A rational number with 128-bit terms, always in lowest terms.
///
/// Texts understood: `1`, `-0.5`, `0,2` (decimal comma), `2/3`. At most 18 decimals or digits per term
/// are accepted, so that products of a few of them cannot overflow.
///
/// ```
/// use docimo_engine::Exact;
/// let third: Exact = "1/3".parse().unwrap();
/// assert_eq!(third + third + third, Exact::ONE);
/// assert_eq!(third.decimal(6), "0.333333");
/// assert_eq!("0,2".parse::<Exact>().unwrap(), Exact::new(1, 5));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Exact(Ratio<i128>);

/// A text that is not a number that marks can be made of.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("« {0} » n’est pas un nombre (attendu : 1, 0,5, 0.5 ou 2/3)")]
pub struct NotANumber(pub String);

impl Exact {
    /// 0.
    pub const ZERO: Self = Self(Ratio::new_raw(0, 1));
    /// 1.
    pub const ONE: Self = Self(Ratio::new_raw(1, 1));

    /// The fraction `numerator / denominator`; a zero denominator gives zero, so that a ratio over
    /// an empty set (no panel vote, no true proposition) is no credit.
    pub fn new(numerator: i128, denominator: i128) -> Self {
        if denominator == 0 { Self::ZERO } else { Self(Ratio::new(numerator, denominator)) }
    }

    /// A whole number.
    pub fn int(value: i128) -> Self {
        Self(Ratio::from_integer(value))
    }

    /// Numerator in lowest terms; carries the sign.
    pub fn numerator(&self) -> i128 {
        *self.0.numer()
    }

    /// Denominator in lowest terms, at least 1.
    pub fn denominator(&self) -> i128 {
        *self.0.denom()
    }

    /// Division; `None` when `divisor` is zero.
    pub fn checked_div(self, divisor: Self) -> Option<Self> {
        if divisor == Self::ZERO { None } else { Some(Self(self.0 / divisor.0)) }
    }

    /// Is this strictly below zero?
    pub fn is_negative(&self) -> bool {
        self.numerator() < 0
    }

    /// The nearest double, for plots and statistics only.
    pub fn to_f64(self) -> f64 {
        self.numerator() as f64 / self.denominator() as f64
    }

    /// Decimal text, rounded half away from zero to `places` decimals, trailing zeros removed.
    pub fn decimal(&self, places: u32) -> String {
        let fixed = self.fixed(places);
        if fixed.contains('.') { fixed.trim_end_matches('0').trim_end_matches('.').to_owned() } else { fixed }
    }

    /// Decimal text with exactly `places` decimals, rounded half away from zero.
    pub fn fixed(&self, places: u32) -> String {
        let scale = 10_i128.pow(places);
        let scaled = self.0 * Ratio::from_integer(scale);
        let rounded = scaled.round().to_integer();
        let sign = if rounded < 0 { "-" } else { "" };
        let magnitude = rounded.unsigned_abs();
        let scale = scale.unsigned_abs();
        if places == 0 {
            format!("{sign}{magnitude}")
        } else {
            format!("{sign}{}.{:0width$}", magnitude / scale, magnitude % scale, width = places as usize)
        }
    }

    /// As [`Exact::decimal`], with the French decimal comma.
    pub fn french(&self, places: u32) -> String {
        self.decimal(places).replace('.', ",").replace('-', "\u{2212}")
    }

    /// As [`Exact::fixed`], with the French decimal comma: `14,00`.
    pub fn french_fixed(&self, places: u32) -> String {
        self.fixed(places).replace('.', ",").replace('-', "\u{2212}")
    }
}

impl Default for Exact {
    fn default() -> Self {
        Self::ZERO
    }
}

impl Add for Exact {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}
impl AddAssign for Exact {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}
impl Sub for Exact {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}
impl Mul for Exact {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        Self(self.0 * other.0)
    }
}
impl Neg for Exact {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}
impl std::iter::Sum for Exact {
    fn sum<I: Iterator<Item = Self>>(values: I) -> Self {
        values.fold(Self::ZERO, Add::add)
    }
}

/// The exact value in decimal when it ends within six places, else the fraction.
impl fmt::Display for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if 1_000_000 % self.denominator() == 0 {
            f.write_str(&self.decimal(6))
        } else {
            write!(f, "{}/{}", self.numerator(), self.denominator())
        }
    }
}
impl fmt::Debug for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

const MAX_DIGITS: usize = 18;

impl FromStr for Exact {
    type Err = NotANumber;

    fn from_str(text: &str) -> Result<Self, NotANumber> {
        let bad = || NotANumber(text.to_owned());
        let clean = text.trim().replace('\u{2212}', "-");
        if let Some((top, bottom)) = clean.split_once('/') {
            let top: i64 = top.trim().parse().map_err(|_| bad())?;
            let bottom: i64 = bottom.trim().parse().map_err(|_| bad())?;
            if bottom <= 0 {
                return Err(bad());
            }
            return Ok(Self::new(top.into(), bottom.into()));
        }
        let (sign, digits) = match clean.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, clean.strip_prefix('+').unwrap_or(&clean)),
        };
        let (whole, fraction) = digits.split_once(['.', ',']).unwrap_or((digits, ""));
        let all = format!("{whole}{fraction}");
        let proper = !all.is_empty() && all.len() <= MAX_DIGITS && all.bytes().all(|b| b.is_ascii_digit());
        if !proper || (whole.is_empty() && fraction.is_empty()) {
            return Err(bad());
        }
        let value: i128 = all.parse().map_err(|_| bad())?;
        Ok(Self::new(sign * value, 10_i128.pow(fraction.len() as u32)))
    }
}

impl Serialize for Exact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ExactVisitor;
        impl Visitor<'_> for ExactVisitor {
            type Value = Exact;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("un nombre (1, 0.5) ou un texte (\"0,5\", \"2/3\")")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Exact, E> {
                text.parse().map_err(E::custom)
            }
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Exact, E> {
                Ok(Exact::int(value.into()))
            }
            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Exact, E> {
                Ok(Exact::int(value.into()))
            }
            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Exact, E> {
                // The shortest decimal that reads back as this double: 0.2 is 1/5 again.
                format!("{value}").parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(ExactVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_become_numbers_or_an_error() {
        for (text, expected) in
            [("1", "1"), ("0,50", "0.5"), ("-0.2", "-0.2"), ("4/6", "2/3"), (".5", "0.5"), ("1.", "1")]
        {
            assert_eq!(text.parse::<Exact>().map(|e| e.to_string()), Ok(expected.to_owned()), "{text}");
        }
        for text in ["", "-", "abc", "1/0", "1/-2", "1.2.3", "1e5", ".", "12345678901234567890", "NaN", "1,2,3"] {
            assert!(text.parse::<Exact>().is_err(), "{text}");
        }
    }

    #[test]
    fn rounding_is_half_away_from_zero() {
        assert_eq!(Exact::new(2, 3).fixed(6), "0.666667");
        assert_eq!(Exact::new(1, 8).fixed(2), "0.13");
        assert_eq!(Exact::new(-1, 8).fixed(2), "-0.13");
        assert_eq!(Exact::int(14).french_fixed(2), "14,00");
        assert_eq!(Exact::new(-1, 1000).fixed(2), "0.00");
    }

    #[test]
    fn json_numbers_and_texts_are_both_understood() {
        let values: Vec<Exact> = serde_json::from_str("[0.2, 1, \"2/3\", \"0,5\"]").unwrap();
        assert_eq!(values, [Exact::new(1, 5), Exact::ONE, Exact::new(2, 3), Exact::new(1, 2)]);
        assert_eq!(serde_json::to_string(&values).unwrap(), r#"["0.2","1","2/3","0.5"]"#);
    }
}
