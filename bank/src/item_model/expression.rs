//! What a model computes and compares, read by `exmex`: `+ - * / ^`, `< <= > >= == !=`, `et`, `ou`, parentheses, and
//! functions of one number (`sqrt`, `ln`, `round`…). Numbers may have a comma, `≤ ≥ ≠ ×` may be written.

use super::values::{Drawn, Values};
use exmex::{Express, FlatExVal, Val};

/// Longest expression, in characters.
const MAX: usize = 300;

/// What an expression counts with.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Value {
    /// A number.
    Number(f64),
    /// Yes or no.
    Truth(bool),
}

/// A number as it is written in French or in English.
#[must_use]
pub fn number(text: &str) -> Option<f64> {
    let text = text.trim().replace(',', ".").replace('−', "-");
    let digits = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-');
    text.chars().all(digits).then(|| text.parse().ok()).flatten().filter(|n: &f64| n.is_finite())
}

/// An expression that was read.
#[derive(Clone, Debug)]
pub struct Expression {
    written: String,
    /// Some 20 KiB by itself.
    parsed: Box<FlatExVal<i64, f64>>,
    /// Names as the author writes them, in the order of the parser's.
    names: Vec<String>,
}

/// The point of `table.column` where the parser takes none.
const POINT: &str = "__";

/// As the parser reads it. It binds "and" and "or" alike, and tighter than comparisons: parentheses are added as the first
/// Fortran compilers did (Backus and others, 1957), so that "or" is the loosest, then "and", then comparisons.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let chars: Vec<char> = text.chars().collect();
    let at = |i: usize| chars.get(i).copied().unwrap_or(' ');
    for (i, c) in chars.iter().enumerate() {
        let before = if i == 0 { ' ' } else { at(i - 1) };
        match c {
            ',' if before.is_ascii_digit() && at(i + 1).is_ascii_digit() => out.push('.'),
            '.' if before.is_ascii_lowercase() || before == '_' => out.push_str(POINT),
            '.' if before.is_ascii_digit() && at(i + 1).is_ascii_lowercase() => out.push_str(POINT),
            '≤' => out.push_str("<="),
            '≥' => out.push_str(">="),
            '≠' => out.push_str("!="),
            '×' => out.push('*'),
            '−' => out.push('-'),
            '(' => out.push_str("((("),
            ')' => out.push_str(")))"),
            c => out.push(*c),
        }
    }
    let word = |w: &str| match w {
        "et" | "&&" => ") && (".to_owned(),
        "ou" | "||" => ")) || ((".to_owned(),
        "vrai" => "true".to_owned(),
        "faux" => "false".to_owned(),
        other => other.to_owned(),
    };
    format!("(({}))", out.split(' ').map(word).collect::<Vec<_>>().join(" "))
}

impl Expression {
    /// Reads an expression whose names are values of the model.
    ///
    /// # Errors
    /// What is not understood.
    pub fn read(text: &str, values: &Values) -> Result<Self, String> {
        let written = text.trim().to_owned();
        if written.is_empty() {
            return Err("expression vide".into());
        }
        if written.chars().count() > MAX {
            return Err(format!("expression de plus de {MAX} caractères"));
        }
        let parsed: FlatExVal<i64, f64> = exmex::parse_val(&plain(&written))
            .map_err(|_| format!("« {written} » n’est pas une expression lisible"))?;
        let mut names = Vec::new();
        for name in parsed.var_names() {
            let own = name.replace(POINT, ".");
            if !values.knows(&own) {
                return Err(format!(
                    "« {own} » n’a pas de valeurs (connues, au-dessus : {})",
                    values.names().join(", ")
                ));
            }
            names.push(own);
        }
        Ok(Self { written, parsed: Box::new(parsed), names })
    }

    /// May a value have this name, or does the parser read something else in it?
    #[must_use]
    pub fn may_be_named(name: &str) -> bool {
        let taken = matches!(name, "et" | "ou" | "vrai" | "faux" | "if" | "else" | "true" | "false");
        !taken
            && !name.contains(POINT)
            && exmex::parse_val::<i64, f64>(name).is_ok_and(|parsed| parsed.var_names() == [name.to_owned()])
    }

    /// As its author wrote it.
    #[must_use]
    pub fn written(&self) -> &str {
        &self.written
    }

    fn eval(&self, drawn: &Drawn) -> Result<Val<i64, f64>, String> {
        let mut given = Vec::with_capacity(self.names.len());
        for name in &self.names {
            given.push(match drawn.value(name) {
                Some(Value::Number(n)) => Val::Float(n),
                Some(Value::Truth(yes)) => Val::Bool(yes),
                None => return Err(format!("« {name} » est un texte (« {} »), pas un nombre", drawn.shown(name))),
            });
        }
        self.parsed.eval(&given).map_err(|_| "calcul impossible".to_owned())
    }

    /// Yes or no.
    ///
    /// # Errors
    /// When it is something else.
    pub fn truth(&self, drawn: &Drawn) -> Result<bool, String> {
        match self.eval(drawn)? {
            Val::Bool(yes) => Ok(yes),
            _ => Err("ni vrai ni faux : une comparaison est attendue".into()),
        }
    }

    /// A number.
    ///
    /// # Errors
    /// When it is something else, or too large.
    pub fn number(&self, drawn: &Drawn) -> Result<f64, String> {
        let value = match self.eval(drawn)? {
            Val::Float(n) => n,
            Val::Int(n) => n as f64,
            _ => return Err("pas un nombre".into()),
        };
        if value.is_finite() && value.abs() < 1e15 { Ok(value) } else { Err("nombre infini ou trop grand".into()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use docimo_engine::shuffle::Stream;

    fn eval(values: &str, text: &str) -> Result<f64, String> {
        let values = Values::read(values).unwrap();
        let drawn = values.draw(&mut Stream::new(1, &[])).unwrap();
        let read = Expression::read(text, &values)?;
        read.number(&drawn).or_else(|_| read.truth(&drawn).map(f64::from))
    }

    #[test]
    fn depth_is_bounded_by_length() {
        let deep = format!("{}1{}", "(".repeat(149), ")".repeat(149));
        assert_eq!(eval("a : 1 à 1", &deep).unwrap(), 1.0);
        assert!(eval("a : 1 à 1", &"(".repeat(300)).is_err());
        assert!(eval("a : 1 à 1", &"-".repeat(300)).is_err());
        assert!(eval("a : 1 à 1", &"a+".repeat(200)).unwrap_err().contains("300 caractères"));
    }

    #[test]
    fn french_and_english_are_read() {
        let values = "a : 4 à 4\nt : x ; ok\n- 1,5 ; vrai";
        let of = |text| eval(values, text).unwrap();
        assert_eq!(of("a * t.x"), 6.0);
        assert_eq!(of("2,5 × a"), 10.0);
        assert_eq!(of("sqrt(a)"), 2.0);
        assert_eq!(of("a ≥ 4 et a < 5"), 1.0);
        assert_eq!(of("a > 4 ou t.ok"), 1.0);
        assert_eq!(of("(a > 5 ou a > 3) et (t.x < 1 ou t.ok)"), 1.0);
        assert_eq!(of("a > 5 et t.ok ou a > 3"), 1.0);
        assert_eq!(of("a > 3 ou a > 5 et a > 6"), 1.0);
        assert_eq!(of("a ≠ 4"), 0.0);
        assert!(eval(values, "b").is_err() && eval(values, "a +").is_err() && eval(values, "").is_err());
        assert!(eval("l : x | y", "l + 1").unwrap_err().contains("est un texte"));
        assert!(eval(values, "a / 0").unwrap_err().contains("vrai"), "neither a number nor a truth");
    }
}
