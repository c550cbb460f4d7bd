//! A marking rule in words, and as the fields of a form.

use super::Fields;
use crate::error::Wrong;
use docimo_engine::Exact;
use docimo_engine::question::Kind;
use docimo_engine::scheme::{BlankPolicy, CohortStep, Formula, MarkingScheme, Rule};

/// What a scheme does to a question with several true propositions, from its own rule.
pub(super) fn explain(scheme: &MarkingScheme) -> String {
    let mut text = match scheme.rule(Kind::Qrm) {
        Some(rule) => format!("QRM\u{a0}: {}.", rule_in_words(rule)),
        None => String::new(),
    };
    if scheme.name.starts_with("edn-qrp") {
        text = format!("{text} QRP\u{a0}: {}.", rule_in_words(&scheme.qrp));
    }
    text.push_str(match scheme.cohort {
        CohortStep::None => "",
        CohortStep::Rarity => " Chaque question pèse selon la part de candidats qui ne l’ont pas réussie.",
        CohortStep::TopLinear => " La meilleure copie reçoit 20, les autres en proportion.",
        CohortStep::Stretch => " Les notes sont étirées de 0 à 20 entre la moins bonne et la meilleure copie.",
    });
    text
}

fn rule_in_words(rule: &Rule) -> String {
    let number = |value: &Exact| value.french(3);
    let steps = |table: &[Exact]| table.iter().map(number).collect::<Vec<_>>().join("\u{202f}; ");
    let mut text = match &rule.formula {
        Formula::AllOrNothing { right, wrong } => {
            format!("{} si tout est juste, {} sinon", number(right), number(wrong))
        }
        Formula::Discordance { table } => format!("{} puis 0, de zéro discordance à davantage", steps(table)),
        Formula::DiscordanceByTrueCount { tables } => format!(
            "selon le nombre de vraies, de zéro discordance à davantage\u{a0}: {}",
            tables.iter().map(|t| format!("({} puis 0)", steps(t))).collect::<Vec<_>>().join(", ")
        ),
        Formula::PerProposition { right, blank, wrong } => format!(
            "moyenne par proposition, {} bien jugée, {} sans réponse, {} mal jugée",
            number(right),
            number(blank),
            number(wrong)
        ),
        Formula::Majority { partial } => {
            format!("1 si tout est juste, {} si plus de la moitié des propositions sont bien jugées", number(partial))
        }
        Formula::Relative { good, bad } => {
            format!("{} × part des vraies cochées, moins {} × part des fausses cochées", number(good), number(bad))
        }
        Formula::Expected { zero_on_error: true, .. } => "part des bonnes réponses, zéro dès une mauvaise".into(),
        Formula::Expected { error, .. } if *error == Exact::ZERO => "part des bonnes réponses attendues".into(),
        Formula::Expected { error, .. } => {
            format!("part des bonnes réponses attendues, moins {} par mauvaise", number(error))
        }
    };
    if let BlankPolicy::Fixed(value) = &rule.blank_policy {
        text.push_str(&format!("\u{202f}; sans réponse, {}", number(value)));
    }
    if let Some(value) = &rule.all_ticked {
        text.push_str(&format!("\u{202f}; tout coché, {}", number(value)));
    }
    if let Some(value) = &rule.floor {
        text.push_str(&format!("\u{202f}; jamais moins de {}", number(value)));
    }
    if let Some(value) = &rule.cap {
        text.push_str(&format!("\u{202f}; jamais plus de {}", number(value)));
    }
    if rule.zeroing {
        text.push_str("\u{202f}; zéro si une indispensable manque ou si une inacceptable est cochée");
    }
    text
}

/// Kinds that a [`Rule`] marks, with what the committee calls them.
pub(super) const RULED: [Kind; 6] = [Kind::Qrm, Kind::Qcm, Kind::Qru, Kind::Qrp, Kind::Qrpl, Kind::Qzp];

/// Formulas as a form offers them: word sent, French, what its values are.
pub(super) const FORMULAS: [(&str, &str, &str); 8] = [
    ("all-or-nothing", "Tout ou rien", "score si tout est juste\u{202f}; sinon, par exemple 1\u{202f}; 0"),
    (
        "discordance",
        "Selon les discordances",
        "de zéro discordance à davantage, par exemple 1\u{202f}; 0,5\u{202f}; 0,2",
    ),
    (
        "discordance-by-true-count",
        "Selon les discordances et le nombre de vraies",
        "une table par nombre de vraies, séparées par |, par exemple 1 | 1\u{202f}; 0,5 | 1\u{202f}; 0,5\u{202f}; 0,2",
    ),
    (
        "per-proposition",
        "Proposition par proposition",
        "bien jugée\u{202f}; sans réponse\u{202f}; mal jugée, par exemple 1\u{202f}; 0\u{202f}; -1",
    ),
    ("majority", "Tout juste, ou plus de la moitié", "score au-delà de la moitié, par exemple 0,5"),
    (
        "relative",
        "Relatif aux vraies et aux fausses",
        "poids des vraies\u{202f}; poids des fausses, par exemple 1\u{202f}; 1",
    ),
    ("expected", "Part des réponses attendues", "retrait par mauvaise réponse, par exemple 0"),
    ("expected-strict", "Part des réponses attendues, zéro dès une mauvaise", "aucune valeur"),
];

fn formula_fields(formula: &Formula) -> (&'static str, String) {
    let list = |values: &[Exact]| values.iter().map(|v| v.french(6)).collect::<Vec<_>>().join(" ; ");
    match formula {
        Formula::AllOrNothing { right, wrong } => ("all-or-nothing", list(&[*right, *wrong])),
        Formula::Discordance { table } => ("discordance", list(table)),
        Formula::DiscordanceByTrueCount { tables } => {
            ("discordance-by-true-count", tables.iter().map(|t| list(t)).collect::<Vec<_>>().join(" | "))
        }
        Formula::PerProposition { right, blank, wrong } => ("per-proposition", list(&[*right, *blank, *wrong])),
        Formula::Majority { partial } => ("majority", list(&[*partial])),
        Formula::Relative { good, bad } => ("relative", list(&[*good, *bad])),
        Formula::Expected { zero_on_error: true, .. } => ("expected-strict", String::new()),
        Formula::Expected { error, .. } => ("expected", list(&[*error])),
    }
}

fn read_list(text: &str) -> Result<Vec<Exact>, String> {
    let parts = text.split(';').map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| part.replace('\u{2212}', "-").parse::<Exact>().map_err(|e| e.to_string())).collect()
}

fn read_formula(name: &str, values: &str) -> Result<Formula, String> {
    let exactly = |n: usize| -> Result<Vec<Exact>, String> {
        let list = read_list(values)?;
        let word = if n < 2 { "valeur attendue" } else { "valeurs attendues, séparées par des points-virgules" };
        if list.len() == n { Ok(list) } else { Err(format!("{n} {word}, {} données", list.len())) }
    };
    Ok(match name {
        "all-or-nothing" => {
            let list = exactly(2)?;
            Formula::AllOrNothing { right: list[0], wrong: list[1] }
        }
        "discordance" => Formula::Discordance { table: read_list(values)? },
        "discordance-by-true-count" => {
            Formula::DiscordanceByTrueCount { tables: values.split('|').map(read_list).collect::<Result<_, _>>()? }
        }
        "per-proposition" => {
            let list = exactly(3)?;
            Formula::PerProposition { right: list[0], blank: list[1], wrong: list[2] }
        }
        "majority" => Formula::Majority { partial: exactly(1)?[0] },
        "relative" => {
            let list = exactly(2)?;
            Formula::Relative { good: list[0], bad: list[1] }
        }
        "expected" => {
            let error = if values.trim().is_empty() { Exact::ZERO } else { exactly(1)?[0] };
            Formula::Expected { error, zero_on_error: false }
        }
        "expected-strict" => Formula::Expected { error: Exact::ZERO, zero_on_error: true },
        _ => return Err("formule inconnue".into()),
    })
}

fn optional(text: &str) -> Result<Option<Exact>, String> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    text.trim().replace('\u{2212}', "-").parse().map(Some).map_err(|e: docimo_engine::exact::NotANumber| e.to_string())
}

/// One rule as a form shows it.
pub(super) struct RuleForm {
    pub(super) code: String,
    pub(super) french: &'static str,
    pub(super) words: String,
    pub(super) formula: String,
    pub(super) values: String,
    pub(super) floor: String,
    pub(super) cap: String,
    pub(super) blank: String,
    pub(super) all_ticked: String,
    pub(super) zeroing: bool,
}

impl RuleForm {
    pub(super) fn of(kind: Kind, rule: &Rule) -> Self {
        let text = |value: Option<Exact>| value.map(|v| v.french(6)).unwrap_or_default();
        let (formula, values) = formula_fields(&rule.formula);
        Self {
            code: kind.code().to_lowercase(),
            french: kind.french(),
            words: rule_in_words(rule),
            formula: formula.into(),
            values,
            floor: text(rule.floor),
            cap: text(rule.cap),
            blank: match rule.blank_policy {
                BlankPolicy::ScoreAsAnswer => String::new(),
                BlankPolicy::Fixed(score) => score.french(6),
            },
            all_ticked: text(rule.all_ticked),
            zeroing: rule.zeroing,
        }
    }

    /// As typed, to be shown again.
    pub(super) fn typed(fields: &Fields, kind: Kind) -> Self {
        let code = kind.code().to_lowercase();
        let get = |name: &str| fields.get(&format!("{code}.{name}")).to_owned();
        Self {
            french: kind.french(),
            words: String::new(),
            formula: get("formula"),
            values: get("values"),
            floor: get("floor"),
            cap: get("cap"),
            blank: get("blank"),
            all_ticked: get("all_ticked"),
            zeroing: fields.has(&format!("{code}.zeroing")),
            code,
        }
    }

    pub(super) fn read(&self, wrong: &mut Vec<Wrong>) -> Rule {
        let mut fault = |field: &str, message: String| {
            wrong.push(Wrong { place: format!("{}, {field}", self.code.to_uppercase()), message });
        };
        let formula = read_formula(&self.formula, &self.values).unwrap_or_else(|message| {
            fault("valeurs", message);
            Formula::Discordance { table: vec![Exact::ONE] }
        });
        let mut number = |field: &str, text: &str| {
            optional(text).unwrap_or_else(|message| {
                fault(field, message);
                None
            })
        };
        Rule {
            formula,
            zeroing: self.zeroing,
            floor: number("plancher", &self.floor),
            cap: number("plafond", &self.cap),
            blank_policy: number("sans réponse", &self.blank).map_or(BlankPolicy::ScoreAsAnswer, BlankPolicy::Fixed),
            all_ticked: number("tout coché", &self.all_ticked),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the form shows of every built-in scheme reads back as that scheme.
    #[test]
    fn every_rule_survives_its_form() {
        for name in MarkingScheme::PRESETS {
            let scheme = MarkingScheme::preset(name).unwrap();
            for kind in RULED {
                let rule = scheme.rule(kind).unwrap();
                let mut wrong = Vec::new();
                assert_eq!(RuleForm::of(kind, rule).read(&mut wrong), *rule, "{name} {kind}");
                assert!(wrong.is_empty() && !rule_in_words(rule).is_empty());
            }
        }
    }

    #[test]
    fn faults_of_a_form_say_where() {
        let rule = MarkingScheme::preset("v6").unwrap().qrm;
        let form = RuleForm { values: "1 ; 0".into(), floor: "bas".into(), ..RuleForm::of(Kind::Qrm, &rule) };
        let mut wrong = Vec::new();
        form.read(&mut wrong);
        let places: Vec<&str> = wrong.iter().map(|w| w.place.as_str()).collect();
        assert_eq!(places, ["QRM, valeurs", "QRM, plancher"]);
    }
}
