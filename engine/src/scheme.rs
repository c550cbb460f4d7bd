//! Marking schemes (*barèmes*) as data: what a committee can read, vary and choose.
//!
//! One generic [`Rule`] covers every way of turning ticks into a score that RULES.md lists: the EDN
//! and ECNi scales, and the first-cycle variants V1 to V11.

use crate::Exact;
use crate::question::Kind;
use serde::{Deserialize, Serialize};

/// How ticks become a score.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "formula", rename_all = "kebab-case")]
pub enum Formula {
    /// `right` without any discordance, else `wrong` (0, or a penalty below it).
    AllOrNothing {
        /// Score of a perfect response.
        right: Exact,
        /// Score of any other.
        wrong: Exact,
    },
    /// `table[d]` for *d* discordances (propositions ticked wrongly or missed); 0 beyond the table.
    Discordance {
        /// From no discordance up.
        table: Vec<Exact>,
    },
    /// As `Discordance`, with a table by number of true propositions: `tables[t-1]` for *t* true, the
    /// last one beyond.
    DiscordanceByTrueCount {
        /// From one true proposition up.
        tables: Vec<Vec<Exact>>,
    },
    /// Mean over propositions of `right`, `blank` or `wrong`.
    PerProposition {
        /// Judged rightly.
        right: Exact,
        /// Left unanswered (three-state responses only: with two, what is not ticked is judged false).
        blank: Exact,
        /// Judged wrongly.
        wrong: Exact,
    },
    /// 1 if all propositions are judged rightly, `partial` if more than half are, else 0 (PS50).
    Majority {
        /// Score above one half.
        partial: Exact,
    },
    /// `good` × (true ticked / true) − `bad` × (false ticked / false).
    Relative {
        /// Weight of the good ticks.
        good: Exact,
        /// Weight of the bad ticks.
        bad: Exact,
    },
    /// Good ticks / number expected, less `error` for each bad tick (of a number expected); with
    /// `zero_on_error` any bad tick is worth zero.
    Expected {
        /// Taken off per bad tick, in good ticks; 0 by default.
        #[serde(default)]
        error: Exact,
        /// Zero as soon as one bad tick.
        #[serde(default)]
        zero_on_error: bool,
    },
}

/// What an empty response is worth. No official text was found (RULES §1.1).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BlankPolicy {
    /// As any other response: on a QRM with one true proposition, a blank has one discordance.
    ScoreAsAnswer,
    /// A fixed score.
    Fixed(Exact),
}

/// A formula with its edges.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Rule {
    /// Ticks to score.
    #[serde(flatten)]
    pub formula: Formula,
    /// Do *indispensable* and *inacceptable* propositions zero the question? Evaluated first.
    #[serde(default)]
    pub zeroing: bool,
    /// Lowest score.
    #[serde(default)]
    pub floor: Option<Exact>,
    /// Highest score.
    #[serde(default)]
    pub cap: Option<Exact>,
    /// Nothing ticked.
    #[serde(default = "score_as_answer")]
    pub blank_policy: BlankPolicy,
    /// Everything ticked, if that has a score of its own.
    #[serde(default)]
    pub all_ticked: Option<Exact>,
}

fn score_as_answer() -> BlankPolicy {
    BlankPolicy::ScoreAsAnswer
}

impl Rule {
    /// The formula without edges.
    pub fn new(formula: Formula) -> Self {
        Self {
            formula,
            zeroing: false,
            floor: None,
            cap: None,
            blank_policy: BlankPolicy::ScoreAsAnswer,
            all_ticked: None,
        }
    }

    /// Every number it is made of.
    pub fn numbers(&self) -> Vec<Exact> {
        let mut numbers = match &self.formula {
            Formula::AllOrNothing { right, wrong } => vec![*right, *wrong],
            Formula::Discordance { table } => table.clone(),
            Formula::DiscordanceByTrueCount { tables } => tables.concat(),
            Formula::PerProposition { right, blank, wrong } => vec![*right, *blank, *wrong],
            Formula::Majority { partial } => vec![*partial],
            Formula::Relative { good, bad } => vec![*good, *bad],
            Formula::Expected { error, zero_on_error: _ } => vec![*error],
        };
        numbers.extend(self.floor.iter().chain(&self.cap).chain(&self.all_ticked));
        if let BlankPolicy::Fixed(score) = self.blank_policy {
            numbers.push(score);
        }
        numbers
    }

    fn zeroing(self) -> Self {
        Self { zeroing: true, ..self }
    }

    fn floor(self, floor: Exact) -> Self {
        Self { floor: Some(floor), ..self }
    }

    fn cap(self, cap: Exact) -> Self {
        Self { cap: Some(cap), ..self }
    }
}

/// Scores of a QROC by category.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct QrocRule {
    /// In the exact list.
    pub exact: Exact,
    /// In the acceptable list.
    pub acceptable: Exact,
}

/// How the votes of a panel become the credit of each answer of a TCS.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TcsRule {
    /// Votes for the answer / votes for the mode (Gagnon 2011; CPASS Montréal; RULES §1.7). Several
    /// modes each have full credit.
    #[default]
    ShareOfMode,
    /// Full credit for a modal answer, nothing for the others.
    ModeOnly,
}

impl TcsRule {
    /// Credit of −2, −1, 0, +1, +2, by the votes for each. All zero without votes.
    pub fn credits(self, panel: &[u32; 5]) -> [Exact; 5] {
        let mode = panel.iter().copied().max().unwrap_or(0);
        panel.map(|votes| match self {
            Self::ShareOfMode => Exact::new(votes.into(), mode.max(1).into()),
            Self::ModeOnly if mode > 0 && votes == mode => Exact::ONE,
            Self::ModeOnly => Exact::ZERO,
        })
    }
}

/// What is done to marks once the whole cohort is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CohortStep {
    /// Nothing.
    #[default]
    None,
    /// V11: each question is weighted by the share of candidates who did *not* answer it exactly.
    /// The 1988 arrêté gives the principle, no formula: this is our reading.
    Rarity,
    /// *TopLinear* (tutorats): the best sheet gets the full mark, all others the same slope.
    TopLinear,
    /// *Homogénéisation* (Nancy): the worst sheet gets zero and the rest is stretched linearly up to
    /// the full mark; rank-preserving. The faculty's formula is undisclosed: this is our reading.
    Stretch,
}

/// A marking scheme: a rule for each kind.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct MarkingScheme {
    /// Short name, as on the command line.
    pub name: String,
    /// French title.
    pub title: String,
    /// Where it comes from.
    #[serde(default)]
    pub source: String,
    /// Single answer.
    pub qru: Rule,
    /// Multiple answers.
    pub qrm: Rule,
    /// Number of answers given, short.
    pub qrp: Rule,
    /// Number of answers given, long list.
    pub qrpl: Rule,
    /// Zones to point at.
    pub qzp: Rule,
    /// True or false, proposition by proposition.
    pub qcm: Rule,
    /// Open answers.
    pub qroc: QrocRule,
    /// Script concordance.
    #[serde(default)]
    pub tcs: TcsRule,
    /// After marking every sheet.
    #[serde(default)]
    pub cohort: CohortStep,
}

impl MarkingScheme {
    /// The rule for a kind of question made of ticks or zones; `None` for QROC and TCS, which have
    /// their own.
    pub fn rule(&self, kind: Kind) -> Option<&Rule> {
        match kind {
            Kind::Qru => Some(&self.qru),
            Kind::Qrm => Some(&self.qrm),
            Kind::Qrp => Some(&self.qrp),
            Kind::Qrpl => Some(&self.qrpl),
            Kind::Qzp => Some(&self.qzp),
            Kind::Qcm => Some(&self.qcm),
            Kind::Qroc | Kind::Tcs => None,
        }
    }

    /// Names of the built-in schemes.
    pub const PRESETS: [&'static str; 15] = [
        "edn",
        "edn-blank-zero",
        "edn-qrp-strict",
        "ecni",
        "v1",
        "v2",
        "v3",
        "v4",
        "v5",
        "v6",
        "v7",
        "v8",
        "v9",
        "v10",
        "v11",
    ];

    /// A built-in scheme. Every one marks every kind: where a source speaks of multiple answers only,
    /// the other kinds follow the EDN.
    pub fn preset(name: &str) -> Option<Self> {
        let dec = |text: &str| text.parse::<Exact>().unwrap_or_default();
        let (half, fifth) = (dec("0.5"), dec("0.2"));
        let table = |values: &[Exact]| Formula::Discordance { table: values.to_vec() };
        let edn_table = table(&[Exact::ONE, half, fifth]);
        let plain = Formula::AllOrNothing { right: Exact::ONE, wrong: Exact::ZERO };
        let share = Formula::Expected { error: Exact::ZERO, zero_on_error: false };
        let edn = Self {
            name: "edn".into(),
            title: "EDN (règles générales de notation R2C, 2023)".into(),
            source: "Règles générales de notation, conseil scientifique en médecine, COSUI R2C, 2023".into(),
            qru: Rule::new(plain.clone()),
            qrm: Rule::new(edn_table.clone()).zeroing(),
            qrp: Rule::new(share.clone()).zeroing(),
            qrpl: Rule::new(share.clone()),
            qzp: Rule::new(share.clone()),
            qcm: Rule::new(edn_table.clone()).zeroing(),
            qroc: QrocRule { exact: Exact::ONE, acceptable: half },
            tcs: TcsRule::ShareOfMode,
            cohort: CohortStep::None,
        };
        let first_cycle = |title: &str, source: &str, rule: Rule| Self {
            name: name.to_owned(),
            title: title.to_owned(),
            source: source.to_owned(),
            qrm: rule.clone(),
            qcm: rule,
            qrp: Rule::new(share.clone()),
            ..edn.clone()
        };
        let ps = |right: &str, blank: &str, wrong: &str| {
            Rule::new(Formula::PerProposition { right: dec(right), blank: dec(blank), wrong: dec(wrong) })
        };
        Some(match name {
            "edn" => edn,
            "edn-blank-zero" => {
                let blank_zero = |rule: Rule| Rule { blank_policy: BlankPolicy::Fixed(Exact::ZERO), ..rule };
                Self {
                    name: name.into(),
                    title: "EDN, une question sans réponse vaut zéro".into(),
                    qrm: blank_zero(edn.qrm.clone()),
                    qcm: blank_zero(edn.qcm.clone()),
                    ..edn
                }
            }
            "edn-qrp-strict" => Self {
                name: name.into(),
                title: "EDN, QRP à zéro dès une réponse fausse".into(),
                source: "lecture d’un tiers, contredite par l’exemple officiel ; pour comparaison".into(),
                qrp: Rule::new(Formula::Expected { error: Exact::ZERO, zero_on_error: true }).zeroing(),
                ..edn
            },
            "ecni" => Self {
                name: name.into(),
                title: "ECNi (2016–2023)".into(),
                source: "ECNi 2016–2023 : discordances 1 / 0,5 / 0,2 / 0, sans proposition rédhibitoire".into(),
                qrm: Rule::new(edn_table.clone()),
                qcm: Rule::new(edn_table),
                qrp: Rule::new(share.clone()),
                ..edn
            },
            "v1" => first_cycle("Tout ou rien", "Lyon-Est (calculs)", Rule::new(plain)),
            "v2" => first_cycle(
                "Dégressif 1 / 0,5 / 0,2 / 0",
                "Lyon-Est ; arrêtés de l’internat 1989–2012",
                Rule::new(edn_table),
            ),
            "v3" => first_cycle(
                "Dégressif 1 / 0,5 / 0",
                "première année, « Outremed »",
                Rule::new(table(&[Exact::ONE, half])),
            ),
            "v4" => first_cycle("Proportionnel (k/5)", "PS1/n, Adv Health Sci Educ 2018 23:455", ps("1", "0", "0")),
            // With two states a blank would be five judgements; here it is five abstentions.
            "v5" => first_cycle(
                "Par proposition, abstention créditée",
                "Nancy, PACES",
                Rule { blank_policy: BlankPolicy::Fixed(fifth), ..ps("1", "0.2", "0") },
            ),
            "v6" => first_cycle(
                "Par proposition, points négatifs",
                "« barème PASS » : +1 / 0 / −1, de 0 à 1",
                Rule {
                    blank_policy: BlankPolicy::Fixed(Exact::ZERO),
                    ..ps("1", "0", "-1").floor(Exact::ZERO).cap(Exact::ONE)
                },
            ),
            "v7" => first_cycle(
                "Dégressif selon le nombre de réponses attendues",
                "PACES, Le Figaro Étudiant",
                Rule::new(Formula::DiscordanceByTrueCount {
                    tables: vec![vec![Exact::ONE], vec![Exact::ONE, half], vec![Exact::ONE, half, fifth]],
                }),
            ),
            "v8" => first_cycle(
                "Tout juste ou pénalité",
                "Passnum (OMR) ; p = 1, q = 0,2, rien coché 0, tout coché −0,2 par défaut",
                Rule {
                    blank_policy: BlankPolicy::Fixed(Exact::ZERO),
                    all_ticked: Some(-fifth),
                    ..Rule::new(Formula::AllOrNothing { right: Exact::ONE, wrong: -fifth })
                },
            ),
            "v9" => first_cycle(
                "Relatif aux bonnes et aux mauvaises réponses",
                "Passnum (OMR) ; p = q = 1 par défaut",
                Rule::new(Formula::Relative { good: Exact::ONE, bad: Exact::ONE }),
            ),
            "v10" => first_cycle(
                "PS50 : la moitié au-delà de la moitié",
                "Adv Health Sci Educ 2018 23:455",
                Rule::new(Formula::Majority { partial: half }),
            ),
            "v11" => Self {
                cohort: CohortStep::Rarity,
                ..first_cycle("Pondération par la rareté", "arrêté du 5 mai 1988", Rule::new(plain))
            },
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_exists_and_survives_json() {
        for name in MarkingScheme::PRESETS {
            let scheme = MarkingScheme::preset(name).unwrap();
            assert_eq!(scheme.name, name);
            let json = serde_json::to_string(&scheme).unwrap();
            assert_eq!(serde_json::from_str::<MarkingScheme>(&json).unwrap(), scheme, "{json}");
        }
        assert!(MarkingScheme::preset("v99").is_none());
    }
}
