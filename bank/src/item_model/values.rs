//! What may fill the slots of a model. One thing a line:
//!
//! * `age : 18 à 90 par 4`, a range (`par 1` by default);
//! * `sexe : homme | femme`, a list;
//! * `medicament : nom ; dose ; contre_indique`, a table, whose lines follow: `- aspirine ; 75 ; faux`; its cells are
//!   `{medicament.nom}`, `{medicament.dose}`, drawn together;
//! * `imc : = poids / taille^2, 1 décimale`, a number computed from those above.

use super::expression::{Expression, Value, number};
use super::{ModelError, lines};
use docimo_engine::shuffle::Stream;
use std::collections::BTreeMap;

const FIELD: &str = "valeurs";
/// Most things that a model names, and most values of one of them.
const MAX_NAMES: usize = 60;
const MAX_VALUES: usize = 2_000;

#[derive(Clone, Debug)]
enum Source {
    Range { from: f64, step: f64, count: usize, decimals: usize },
    List(Vec<String>),
    Table { columns: Vec<String>, rows: Vec<Vec<String>> },
    Computed { expression: Expression, decimals: Option<usize> },
}

/// What fills the slots, in the order in which it was written.
#[derive(Clone, Debug, Default)]
pub struct Values(Vec<(String, Source)>);

/// One way to fill the slots.
#[derive(Clone, Debug, Default)]
pub struct Drawn(BTreeMap<String, (String, Option<Value>)>);

impl Drawn {
    /// As a candidate reads it.
    #[must_use]
    pub fn shown(&self, name: &str) -> String {
        self.0.get(name).map(|(shown, _)| shown.clone()).unwrap_or_default()
    }

    /// As an expression counts with it; `None` for a text.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<Value> {
        self.0.get(name).and_then(|(_, value)| *value)
    }

    /// Everything, for people.
    #[must_use]
    pub fn all(&self) -> BTreeMap<String, String> {
        self.0.iter().map(|(name, (shown, _))| (name.clone(), shown.clone())).collect()
    }
}

/// A number in French: a comma, no zero at the end.
fn french(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    let text = if text == "-0" { "0" } else { text };
    text.replace('.', ",")
}

fn cell(text: &str) -> Option<Value> {
    match text.to_lowercase().as_str() {
        "vrai" | "vraie" | "oui" => Some(Value::Truth(true)),
        "faux" | "fausse" | "non" => Some(Value::Truth(false)),
        _ => number(text).map(Value::Number),
    }
}

/// Is it a word that expressions can name?
fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_ascii_lowercase())
        && chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && text.len() <= 30
        && Expression::may_be_named(text)
}

impl Values {
    /// Reads the lines.
    ///
    /// # Errors
    /// The first line that is not understood.
    pub fn read(text: &str) -> Result<Self, ModelError> {
        let mut values = Self::default();
        for (number, line) in lines(text) {
            let wrong = |message: String| ModelError::line(FIELD, number, message);
            if let Some(row) =
                line.strip_prefix('-').filter(|_| matches!(values.0.last(), Some((_, Source::Table { .. }))))
            {
                values.row(row).map_err(wrong)?;
                continue;
            }
            let (name, rest) = line
                .split_once(':')
                .ok_or_else(|| wrong("écrivez « nom : valeurs », par exemple « age : 18 à 90 par 4 »".into()))?;
            let (name, rest) = (name.trim(), rest.trim());
            if !is_name(name) {
                return Err(wrong(format!(
                    "« {} » n’est pas un nom : minuscules sans accent, chiffres, tiret bas (30 au plus)",
                    super::excerpt(name)
                )));
            }
            if values.0.iter().any(|(known, _)| known == name) {
                return Err(wrong(format!("« {name} » est déjà défini")));
            }
            if values.0.len() == MAX_NAMES {
                return Err(wrong(format!("{MAX_NAMES} noms au plus")));
            }
            let source = values.source(rest).map_err(wrong)?;
            values.0.push((name.to_owned(), source));
        }
        for (name, source) in &values.0 {
            if matches!(source, Source::Table { rows, .. } if rows.is_empty()) {
                return Err(ModelError::new(FIELD, format!("le tableau « {name} » n’a pas de ligne (« - … ; … »)")));
            }
        }
        Ok(values)
    }

    fn row(&mut self, row: &str) -> Result<(), String> {
        let Some((name, Source::Table { columns, rows })) = self.0.last_mut() else { return Ok(()) };
        let cells: Vec<String> = row.split(';').map(|c| c.trim().to_owned()).collect();
        if cells.len() != columns.len() {
            return Err(format!("{} case(s), le tableau « {name} » en a {}", cells.len(), columns.len()));
        }
        if rows.len() == MAX_VALUES {
            return Err(format!("{MAX_VALUES} lignes au plus"));
        }
        rows.push(cells);
        Ok(())
    }

    fn source(&self, text: &str) -> Result<Source, String> {
        if let Some(computed) = text.strip_prefix('=') {
            let (written, decimals) = match computed.rsplit_once(',') {
                Some((before, after)) if after.contains("décimale") || after.contains("decimale") => {
                    let count = after.trim().split(' ').next().and_then(|n| n.parse().ok()).filter(|n| *n <= 6);
                    (before, Some(count.ok_or("nombre de décimales de 0 à 6 attendu")?))
                }
                _ => (computed, None),
            };
            return Ok(Source::Computed { expression: Expression::read(written, self)?, decimals });
        }
        if text.contains('|') {
            let list: Vec<String> = text.split('|').map(|v| v.trim().to_owned()).filter(|v| !v.is_empty()).collect();
            if !(2..=MAX_VALUES).contains(&list.len()) {
                return Err("une liste a au moins deux valeurs, parties par « | »".into());
            }
            return Ok(Source::List(list));
        }
        if text.contains(';') {
            let columns: Vec<String> = text.split(';').map(|c| c.trim().to_owned()).collect();
            if let Some(wrong) = columns.iter().find(|c| !is_name(c)) {
                return Err(format!(
                    "la colonne « {wrong} » n’est pas un nom : minuscules sans accent, chiffres, tiret bas"
                ));
            }
            return Ok(Source::Table { columns, rows: Vec::new() });
        }
        let not = || {
            format!(
                "« {} » : une plage (18 à 90 par 4), une liste (a | b), un tableau (nom ; dose) ou un calcul (= …) est attendu",
                super::excerpt(text)
            )
        };
        let (from, rest) = text.split_once(" à ").ok_or_else(not)?;
        let (to, step) = rest.split_once(" par ").unwrap_or((rest, "1"));
        let (from_n, to_n, step_n) =
            (number(from).ok_or_else(not)?, number(to).ok_or_else(not)?, number(step).ok_or_else(not)?);
        if step_n <= 0.0 || to_n < from_n {
            return Err("une plage va du plus petit au plus grand, d’un pas positif".into());
        }
        let steps = ((to_n - from_n) / step_n + 1e-9).floor();
        if steps >= MAX_VALUES as f64 {
            return Err(format!("plus de {MAX_VALUES} valeurs : agrandissez le pas"));
        }
        let decimals = |t: &str| t.trim().split([',', '.']).nth(1).map_or(0, str::len);
        // Bounded above; a whole number of steps.
        let count = steps as usize + 1;
        Ok(Source::Range { from: from_n, step: step_n, count, decimals: decimals(from).max(decimals(step)).min(6) })
    }

    /// Is there something to fill the slot?
    #[must_use]
    pub fn knows(&self, name: &str) -> bool {
        self.names().iter().any(|known| known == name)
    }

    /// Every slot that can be filled.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        for (name, source) in &self.0 {
            match source {
                Source::Table { columns, .. } => names.extend(columns.iter().map(|c| format!("{name}.{c}"))),
                _ => names.push(name.clone()),
            }
        }
        names
    }

    /// Ways to fill the slots; saturates.
    #[must_use]
    pub fn ways(&self) -> u64 {
        let ways = |source: &Source| match source {
            Source::Range { count, .. } => *count,
            Source::List(list) => list.len(),
            Source::Table { rows, .. } => rows.len(),
            Source::Computed { .. } => 1,
        };
        self.0.iter().fold(1, |all, (_, source)| all.saturating_mul(u64::try_from(ways(source)).unwrap_or(u64::MAX)))
    }

    /// One way, drawn.
    ///
    /// # Errors
    /// When something computed is no number.
    pub fn draw(&self, stream: &mut Stream) -> Result<Drawn, ModelError> {
        let mut drawn = Drawn::default();
        for (name, source) in &self.0 {
            match source {
                Source::Range { from, step, count, decimals } => {
                    let value = from + step * stream.below(*count) as f64;
                    drawn.0.insert(name.clone(), (french(value, *decimals), Some(Value::Number(value))));
                }
                Source::List(list) => {
                    let text = &list[stream.below(list.len())];
                    drawn.0.insert(name.clone(), (text.clone(), cell(text)));
                }
                Source::Table { columns, rows } => {
                    let row = &rows[stream.below(rows.len())];
                    for (column, text) in columns.iter().zip(row) {
                        drawn.0.insert(format!("{name}.{column}"), (text.clone(), cell(text)));
                    }
                }
                Source::Computed { expression, decimals } => {
                    let wrong = |why: String| ModelError::new(FIELD, format!("« {name} » : {why}"));
                    let value = expression.number(&drawn).map_err(wrong)?;
                    let shown = french(value, decimals.unwrap_or(2));
                    drawn.0.insert(name.clone(), (shown, Some(Value::Number(value))));
                }
            }
        }
        Ok(drawn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_french() {
        assert_eq!(french(7.5, 2), "7,5");
        assert_eq!(french(100.0, 0), "100");
        assert_eq!(french(1200.0, 2), "1200");
        assert_eq!(french(-0.001, 2), "0");
    }

    #[test]
    fn what_is_not_understood_is_said() {
        let wrong = |text: &str| Values::read(text).unwrap_err().to_string();
        assert!(wrong("age").contains("ligne 1 : écrivez"));
        assert!(wrong("Âge : 1 à 2").contains("n’est pas un nom"));
        assert!(wrong("sin : 1 à 2").contains("n’est pas un nom"));
        assert!(wrong("a : 1 à 2\na : 3 à 4").contains("ligne 2 : « a » est déjà défini"));
        assert!(wrong("a : 9 à 2").contains("du plus petit"));
        assert!(wrong("a : 1 à 9000").contains("agrandissez"));
        assert!(wrong("t : nom ; dose\n- x").contains("1 case(s), le tableau « t » en a 2"));
        assert!(wrong("t : nom ; dose").contains("n’a pas de ligne"));
        assert!(wrong("t : = b + 1").contains("b"));
        assert!(wrong("t : = 1 + 1, 9 décimales").contains("de 0 à 6"));
    }
}
