//! The item-writing guard (*garde de rédaction*): is this question well written?
//!
//! Rules on the French text and arithmetic on the propositions, after the table of
//! `shared/RULES.md`, section 6 (NBME checklist; Haladyna, Downing and Rodriguez, 2002):
//! rules 1 to 11, 13 to 18, 23 and 25, each [`FlawCode`] naming its own. No model is asked and
//! the same text always gives the same flaws.
//!
//! Useful for warning an author or a reviewer, and for refusing a machine's draft before a human
//! loses time on it. Not useful for medical truth, plausibility of distractors or level: rules
//! see words. Rules marked *heuristic* there never go above [`Severity::Warning`] here, save a
//! document announced and absent.
//!
//! ```
//! use docimo_ai::flaws::{FlawCode, ItemText, Kind, Part, inspect};
//!
//! let stem = "Quel est le premier examen à demander ?";
//! let flaws = inspect(&ItemText {
//!     kind: Kind::Qru,
//!     stem,
//!     propositions: &[
//!         ("Électrocardiogramme", true),
//!         ("Radiographie thoracique", false),
//!         ("Échocardiographie", false),
//!         ("Aucune de ces réponses", false),
//!     ],
//!     has_image: false,
//!     expected: None,
//! });
//! assert_eq!(flaws.len(), 1);
//! assert_eq!(flaws[0].code, FlawCode::NoneOfTheAbove);
//! assert_eq!(flaws[0].place.part, Part::Proposition(3));
//! ```

mod lexical;
mod numeric;
mod patterns;
mod phrases;
mod structure;
mod text;

use std::ops::Range;

use serde::{Deserialize, Serialize};

use text::Normal;

/// Kind of question (*type de question*), as the rules need to know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Kind {
    /// Question à réponse unique.
    Qru,
    /// Question à réponses multiples.
    Qrm,
    /// Question à nombre de réponses précisé, courte.
    Qrp,
    /// Question à nombre de réponses précisé, longue.
    Qrpl,
    /// Question à réponse ouverte et courte.
    Qroc,
    /// Question à zones à pointer.
    Qzp,
    /// Test de concordance de script.
    Tcs,
    /// First-cycle QCM: each proposition is answered true or false.
    Qcm,
}

/// The texts of a question, as plain as they come; Markdown is understood.
#[derive(Debug, Clone, Copy)]
pub struct ItemText<'a> {
    /// Its kind.
    pub kind: Kind,
    /// The whole stem (*énoncé*), the question included.
    pub stem: &'a str,
    /// Each proposition and whether it is true, in the order of the author. Empty for kinds that
    /// have none.
    pub propositions: &'a [(&'a str, bool)],
    /// Whether an image goes with the question.
    pub has_image: bool,
    /// How many answers are asked for, where the kind says so (QRP, QRPL, QZP).
    pub expected: Option<usize>,
}

/// How much a flaw matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing; often right as it is.
    Information,
    /// Probably to be reworded.
    Warning,
    /// To be mended before use: the question contradicts itself or breaks when shuffled.
    Error,
}

/// The part of the question where a flaw is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// The stem.
    Stem,
    /// A proposition, by its place in [`ItemText::propositions`], from 0.
    Proposition(usize),
}

/// Where a flaw is: bytes of the text of a part, always on character boundaries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Which text.
    pub part: Part,
    /// Which bytes of it; all of them when the flaw is of the whole text.
    pub span: Range<usize>,
}

macro_rules! flaw_codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $rule:literal, $advice:literal;)+) => {
        /// What is wrong, by the rule of `shared/RULES.md`, section 6, that says so.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum FlawCode {
            $($(#[$doc])* $name,)+
        }

        impl FlawCode {
            /// All codes, in order of rule.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The stable name of the code, as in JSON.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// The number of its rule in `shared/RULES.md`, section 6.
            #[must_use]
            pub const fn rule(self) -> u8 {
                match self { $(Self::$name => $rule,)+ }
            }

            /// What the author should do, in French.
            #[must_use]
            pub const fn advice_fr(self) -> &'static str {
                match self { $(Self::$name => $advice,)+ }
            }
        }
    };
}

flaw_codes! {
    /// *Toujours*, *jamais*, *uniquement* in a proposition.
    AbsoluteTerm = "absolute-term", 1,
        "Un terme absolu désigne souvent une proposition fausse : énoncez la condition précise, ou retirez-le.";
    /// *Souvent*, *parfois*, *généralement* in a proposition.
    VagueFrequency = "vague-frequency", 2,
        "Chacun lit une fréquence vague à sa façon : donnez un ordre de grandeur ou une comparaison. À conserver si l’usage médical l’impose.";
    /// The question asks for the wrong one.
    NegativeStem = "negative-stem", 3,
        "Posez la question à la forme affirmative ; à défaut, mettez la négation en gras ou en capitales.";
    /// A proposition in the negative.
    NegativeProposition = "negative-proposition", 4,
        "Préférez une proposition affirmative. Un signe négatif (« absence de fièvre ») reste légitime s’il est l’objet de la question.";
    /// Two negations, in a proposition or across stem and proposition.
    DoubleNegative = "double-negative", 4,
        "Supprimez l’une des deux négations : on évaluerait la lecture et non la connaissance.";
    /// *Toutes les réponses.*
    AllOfTheAbove = "all-of-the-above", 5,
        "Remplacez cette proposition par une véritable proposition, qui garde son sens quel que soit l’ordre d’affichage.";
    /// *Aucune de ces réponses.*
    NoneOfTheAbove = "none-of-the-above", 6,
        "Remplacez cette proposition par une véritable proposition, qui garde son sens quel que soit l’ordre d’affichage.";
    /// *A et C.*
    CombinedAnswers = "combined-answers", 7,
        "Utilisez une question à réponses multiples : les lettres changent lorsque les propositions sont mélangées.";
    /// A proposition names another proposition or question.
    RefersToAnother = "refers-to-another", 8,
        "Rendez la proposition indépendante des autres propositions et des autres questions.";
    /// The key is the longest.
    KeyIsLongest = "key-is-longest", 9,
        "Rapprochez les longueurs : raccourcissez la bonne réponse ou étoffez les distracteurs.";
    /// A word of the stem is in the key only.
    StemWordInKey = "stem-word-in-key", 10,
        "Évitez de reprendre dans la seule bonne réponse un mot de l’énoncé, ou reprenez-le aussi dans un distracteur.";
    /// The key shares most words with the others.
    Convergence = "convergence", 11,
        "La bonne réponse se devine par recoupement : variez les éléments combinés dans les distracteurs.";
    /// Propositions of unlike grammar or punctuation.
    NonParallel = "non-parallel", 13,
        "Donnez à toutes les propositions la même construction et la même ponctuation finale.";
    /// Two statements in one proposition.
    DoubleBarrelled = "double-barrelled", 14,
        "Une seule idée par proposition : séparez les deux affirmations.";
    /// Quantities that go neither up nor down.
    UnorderedNumbers = "unordered-numbers", 15,
        "Rangez les valeurs par ordre croissant ou décroissant, et n’autorisez pas le mélange de ces propositions.";
    /// Ranges that share a value.
    OverlappingRanges = "overlapping-ranges", 15,
        "Rendez les intervalles disjoints : une même valeur ne doit correspondre qu’à une proposition.";
    /// Quantities in several units.
    MixedUnits = "mixed-units", 15,
        "Exprimez toutes les valeurs dans la même unité.";
    /// Quantities with several numbers of decimals.
    MixedPrecision = "mixed-precision", 15,
        "Écrivez toutes les valeurs avec le même nombre de décimales.";
    /// Twice the same proposition.
    DuplicatePropositions = "duplicate-propositions", 16,
        "Supprimez ou remplacez l’une des deux propositions.";
    /// Almost the same proposition twice.
    NearDuplicatePropositions = "near-duplicate-propositions", 16,
        "Vérifiez que les deux propositions disent des choses différentes, et mettez la différence en évidence.";
    /// A proposition and its contrary.
    ComplementaryPair = "complementary-pair", 16,
        "Deux propositions contraires limitent le choix à l’une d’elles : remplacez-en une.";
    /// A lead-in without a task.
    EmptyLeadIn = "empty-lead-in", 17,
        "Posez une question à laquelle on puisse répondre sans lire les propositions.";
    /// A blank to fill.
    BlankInStem = "blank-in-stem", 18,
        "Transformez la phrase à trou en une question complète.";
    /// The stem announces a number of answers that the kind contradicts.
    CountContradiction = "count-contradiction", 23,
        "Mettez l’énoncé en accord avec le type de question : la consigne affichée dit déjà combien de réponses cocher.";
    /// A document is announced and there is none.
    MissingImage = "missing-image", 25,
        "Joignez le document annoncé, ou décrivez-le dans l’énoncé.";
    /// An image goes with a question that does not speak of it.
    UnreferencedImage = "unreferenced-image", 25,
        "Dites dans l’énoncé ce qu’est l’image et ce qu’il faut en tirer, ou retirez-la.";
}

/// A flaw found in a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Flaw {
    /// What is wrong.
    pub code: FlawCode,
    /// How much it matters.
    pub severity: Severity,
    /// Where.
    pub place: Place,
    /// What was seen, in French.
    pub message_fr: String,
    /// What to do, in French.
    pub advice_fr: &'static str,
}

/// A proposition made ready.
struct Proposition<'a> {
    text: Normal<'a>,
    is_true: bool,
}

/// A question made ready, and what is found in it.
struct Inspection<'a> {
    item: ItemText<'a>,
    stem: Normal<'a>,
    propositions: Vec<Proposition<'a>>,
    flaws: Vec<Flaw>,
}

impl<'a> Inspection<'a> {
    fn of(item: &ItemText<'a>) -> Self {
        Self {
            item: *item,
            stem: Normal::of(item.stem),
            propositions: item
                .propositions
                .iter()
                .map(|(text, is_true)| Proposition { text: Normal::of(text), is_true: *is_true })
                .collect(),
            flaws: Vec::new(),
        }
    }

    /// The one true proposition of a question that has only one; `None` for first-cycle QCM,
    /// where each proposition is a question of its own.
    fn single_key(&self) -> Option<usize> {
        let mut keys = (0..self.propositions.len()).filter(|index| self.propositions[*index].is_true);
        match (self.item.kind, keys.next(), keys.next()) {
            (Kind::Qcm, _, _) | (_, None, _) | (_, Some(_), Some(_)) => None,
            (_, Some(key), None) => Some(key),
        }
    }

    /// Notes a flaw at a place of the source of a part.
    fn note(&mut self, code: FlawCode, severity: Severity, part: Part, span: Range<usize>, message_fr: String) {
        self.flaws.push(Flaw { code, severity, place: Place { part, span }, message_fr, advice_fr: code.advice_fr() });
    }

    /// Notes a flaw of a whole proposition.
    fn note_proposition(&mut self, code: FlawCode, severity: Severity, index: usize, message_fr: String) {
        let span = self.propositions[index].text.whole();
        self.note(code, severity, Part::Proposition(index), span, message_fr);
    }
}

/// The letter under which an author sees a proposition: A, B, … then AA, AB, …
fn letter(index: usize) -> String {
    let last = char::from(b'A' + u8::try_from(index % 26).unwrap_or(0));
    match index / 26 {
        0 => last.to_string(),
        before => format!("{}{last}", letter(before - 1)),
    }
}

/// Inspects a question. Flaws come in the order of the question (stem, then propositions), then
/// of the rules; the list is empty when nothing was found, which is no proof of quality.
#[must_use]
pub fn inspect(item: &ItemText<'_>) -> Vec<Flaw> {
    let mut inspection = Inspection::of(item);
    phrases::check(&mut inspection);
    lexical::check(&mut inspection);
    structure::check(&mut inspection);
    let mut flaws = inspection.flaws;
    flaws.sort_by(|a, b| {
        let key = |flaw: &Flaw| (flaw.place.part, flaw.code, flaw.place.span.start);
        key(a).cmp(&key(b))
    });
    flaws
}

#[cfg(test)]
mod tests;
