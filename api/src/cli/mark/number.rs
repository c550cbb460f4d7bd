//! Numbers as files and JSON show them.

use docimo_engine::Exact;
use serde::Serialize;
use std::fmt;

/// A number rounded to six decimals, half away from zero: what files and JSON show. Whole where it is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number {
    millionths: i64,
}

impl From<Exact> for Number {
    fn from(value: Exact) -> Self {
        let (top, bottom) = (value.numerator() * 2_000_000, value.denominator());
        let away = if top < 0 { -bottom } else { bottom };
        Self { millionths: ((top + away) / (2 * bottom)) as i64 }
    }
}

impl Serialize for Number {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.millionths % 1_000_000 == 0 {
            serializer.serialize_i64(self.millionths / 1_000_000)
        } else {
            // Below 2^53 millionths the quotient is the double nearest to the decimal.
            serializer.serialize_f64(self.millionths as f64 / 1e6)
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.millionths.unsigned_abs() / 1_000_000, self.millionths.unsigned_abs() % 1_000_000);
        f.write_str(if self.millionths < 0 { "-" } else { "" })?;
        if rest == 0 {
            write!(f, "{whole}")
        } else {
            let decimals = format!("{rest:06}");
            write!(f, "{whole}.{}", decimals.trim_end_matches('0'))
        }
    }
}
