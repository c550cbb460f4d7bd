//! Rules that compare propositions with each other: 13, 15 and 16.

use std::collections::BTreeSet;

use r2c_referential::fold;

use super::numeric::{self, Quantity};
use super::text::words;
use super::{FlawCode, Inspection, Kind, Severity, letter};

pub(super) fn check(inspection: &mut Inspection<'_>) {
    parallelism(inspection);
    quantities(inspection);
    pairs(inspection);
}

/// First words that end like an infinitive and are nouns.
const NOUNS: [&str; 25] = [
    "avenir",
    "blister",
    "cancer",
    "cather",
    "catheter",
    "cutter",
    "desir",
    "doppler",
    "elixir",
    "ether",
    "fer",
    "foyer",
    "hiver",
    "holter",
    "laser",
    "marker",
    "mer",
    "pacemaker",
    "panier",
    "plaisir",
    "scanner",
    "souvenir",
    "stepper",
    "ulcer",
    "ver",
];

/// Infinitives in *-re* that medicine uses.
const INFINITIVES_RE: [&str; 18] = [
    "attendre",
    "conclure",
    "entreprendre",
    "exclure",
    "faire",
    "inclure",
    "interrompre",
    "introduire",
    "mettre",
    "permettre",
    "poursuivre",
    "prendre",
    "prescrire",
    "proscrire",
    "reduire",
    "reprendre",
    "suspendre",
    "transmettre",
];

/// Whether a proposition begins with a verb in the infinitive (*Prescrire…*, *Ne pas opérer*).
fn begins_with_infinitive(text: &str) -> bool {
    let folded = fold(text);
    folded
        .split(|c: char| !c.is_alphanumeric())
        .find(|word| !matches!(*word, "" | "ne" | "pas" | "se" | "s" | "n" | "l" | "y"))
        .is_some_and(|word| {
            let ending = (word.ends_with("er") && !word.ends_with("ier") || word.ends_with("fier"))
                || (word.ends_with("ir") && !word.ends_with("vir"));
            word.len() >= 4 && ending && !NOUNS.contains(&word) || INFINITIVES_RE.contains(&word)
        })
}

/// Rule 13.
fn parallelism(inspection: &mut Inspection<'_>) {
    let total = inspection.propositions.len();
    if total < 3 {
        return;
    }
    let infinitive: Vec<bool> =
        inspection.propositions.iter().map(|p| begins_with_infinitive(p.text.as_str())).collect();
    let stopped: Vec<bool> =
        inspection.propositions.iter().map(|p| p.text.as_str().trim_end().ends_with('.')).collect();
    for (marks, with, without) in [
        (
            infinitive,
            "commence par un infinitif, contrairement aux autres.",
            "ne commence pas par un infinitif, contrairement aux autres.",
        ),
        (
            stopped,
            "se termine par un point, contrairement aux autres.",
            "ne se termine pas par un point, contrairement aux autres.",
        ),
    ] {
        let count = marks.iter().filter(|mark| **mark).count();
        if count == 0 || count == total {
            continue;
        }
        // The odd ones out are the fewer.
        let odd = count * 2 <= total;
        for index in (0..total).filter(|index| marks[*index] == odd) {
            let what = if odd { with } else { without };
            let message = format!("La proposition {} {what}", letter(index));
            inspection.note_proposition(FlawCode::NonParallel, Severity::Information, index, message);
        }
    }
}

/// Rule 15, when every proposition is a quantity.
fn quantities(inspection: &mut Inspection<'_>) {
    let read: Option<Vec<Quantity>> = inspection.propositions.iter().map(|p| Quantity::read(&p.text)).collect();
    let Some(quantities) = read.filter(|quantities| quantities.len() >= 3) else {
        return;
    };
    let same_unit = quantities.iter().all(|q| q.unit == quantities[0].unit);
    if !same_unit {
        if let Some(index) = quantities.iter().position(|q| q.unit != quantities[0].unit) {
            let message = format!("La proposition {} n’a pas la même unité que la proposition A.", letter(index));
            inspection.note_proposition(FlawCode::MixedUnits, Severity::Warning, index, message);
        }
        return;
    }
    if let Some(index) = quantities.iter().position(|q| q.decimals != quantities[0].decimals) {
        let message = format!("La proposition {} n’a pas la même précision que la proposition A.", letter(index));
        inspection.note_proposition(FlawCode::MixedPrecision, Severity::Information, index, message);
    }
    if !numeric::are_ordered(&quantities) {
        let message = "Les valeurs ne sont rangées ni en ordre croissant ni en ordre décroissant.".to_owned();
        inspection.note_proposition(FlawCode::UnorderedNumbers, Severity::Information, 0, message);
    }
    for second in 1..quantities.len() {
        let first = (0..second).find(|first| {
            let (a, b) = (&quantities[*first], &quantities[second]);
            a.overlaps(b) && !(a.is_point() && b.is_point())
        });
        if let Some(first) = first {
            let message = format!(
                "Les intervalles des propositions {} et {} ont des valeurs communes.",
                letter(first),
                letter(second)
            );
            inspection.note_proposition(FlawCode::OverlappingRanges, Severity::Warning, second, message);
        }
    }
}

/// Above this share of common trigrams, two propositions are near-duplicates (RULES.md, rule 16).
const NEAR_DUPLICATE: f64 = 0.85;

/// Contraries by which two propositions may differ, as roots (see `text::words`).
const CONTRARIES: [(&str, &str); 16] = [
    ("augment", "diminu"),
    ("augmentation", "diminution"),
    ("augmentation", "baiss"),
    ("elevation", "diminution"),
    ("present", "absent"),
    ("presenc", "absenc"),
    ("elev", "bas"),
    ("positif", "negatif"),
    ("positiv", "negativ"),
    ("droit", "gauch"),
    ("aigu", "chroniqu"),
    ("superieur", "inferieur"),
    ("maternel", "paternel"),
    ("symetriqu", "asymetriqu"),
    ("acceler", "ralenti"),
    ("vitro", "vivo"),
];

/// What two propositions are to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Likeness {
    Same,
    Contrary,
    Near,
    Other,
}

fn trigrams(text: &str) -> BTreeSet<[char; 3]> {
    let characters: Vec<char> = text.chars().collect();
    characters.windows(3).map(|w| [w[0], w[1], w[2]]).collect()
}

/// Prefixes by which a word is turned into its contrary.
fn are_contrary(a: &str, b: &str) -> bool {
    let listed = CONTRARIES.iter().any(|(x, y)| (a == *x && b == *y) || (a == *y && b == *x));
    let swapped = |a: &str, b: &str| {
        a.strip_prefix("hyper").is_some_and(|rest| b.strip_prefix("hypo") == Some(rest))
            || a.strip_prefix("tachy").is_some_and(|rest| b.strip_prefix("brady") == Some(rest))
    };
    listed || swapped(a, b) || swapped(b, a)
}

/// Negations that, put before or taken away, turn a proposition round.
const TURNS: [&str; 7] = ["non", "pas", "ne", "n", "sans", "absenc", "aucun"];

/// Short words that make no difference.
const ARTICLES: [&str; 9] = ["au", "aux", "des", "du", "la", "le", "les", "par", "une"];

fn likeness(a: &str, b: &str) -> Likeness {
    let list = |text: &str| -> Vec<String> {
        words(text)
            .into_iter()
            .map(|(word, _)| word)
            .filter(|word| !matches!(word.as_str(), "d" | "l" | "de" | "un"))
            .collect()
    };
    let (a_words, b_words) = (list(a), list(b));
    if a_words == b_words {
        // Signs are not words: < 5 and > 5 have the same.
        let bare = |text: &str| -> String {
            text.trim().trim_end_matches('.').split_whitespace().collect::<Vec<_>>().join(" ")
        };
        return if bare(a) == bare(b) { Likeness::Same } else { Likeness::Other };
    }
    let only = |mine: &[String], theirs: &[String]| -> Vec<String> {
        mine.iter().filter(|word| !theirs.contains(word)).cloned().collect()
    };
    let (a_only, b_only) = (only(&a_words, &b_words), only(&b_words, &a_words));
    let turned = |more: &[String], less: &[String]| {
        less.is_empty() && !more.is_empty() && more.iter().all(|word| TURNS.contains(&word.as_str()))
    };
    if turned(&a_only, &b_only) || turned(&b_only, &a_only) {
        return Likeness::Contrary;
    }
    if let ([x], [y]) = (&a_only[..], &b_only[..])
        && are_contrary(x, y)
    {
        return Likeness::Contrary;
    }
    // Hepatitis B and C, class I and II: one short word makes all the difference.
    let short =
        |words: &[String]| words.iter().all(|word| word.chars().count() <= 3 && !ARTICLES.contains(&word.as_str()));
    if short(&a_only) && short(&b_only) && a_only.len().max(b_only.len()) == 1 {
        return Likeness::Other;
    }
    let figures = |words: &[String]| words.iter().any(|word| word.chars().any(|c| c.is_ascii_digit()));
    if figures(&a_only) || figures(&b_only) {
        return Likeness::Other;
    }
    let (a, b) = (trigrams(&a_words.join(" ")), trigrams(&b_words.join(" ")));
    let (common, either) = (a.intersection(&b).count(), a.union(&b).count());
    // Sets of trigrams of a few words: far below 2^52.
    #[allow(clippy::cast_precision_loss)]
    let share = common as f64 / either.max(1) as f64;
    if share > NEAR_DUPLICATE { Likeness::Near } else { Likeness::Other }
}

/// Rule 16.
fn pairs(inspection: &mut Inspection<'_>) {
    for second in 1..inspection.propositions.len() {
        for first in 0..second {
            let likeness =
                likeness(inspection.propositions[first].text.as_str(), inspection.propositions[second].text.as_str());
            let (a, b) = (letter(first), letter(second));
            let (code, severity, message) = match likeness {
                Likeness::Other => continue,
                Likeness::Same => (
                    FlawCode::DuplicatePropositions,
                    Severity::Error,
                    format!("Les propositions {a} et {b} sont identiques."),
                ),
                Likeness::Near => (
                    FlawCode::NearDuplicatePropositions,
                    Severity::Warning,
                    format!("Les propositions {a} et {b} sont presque identiques."),
                ),
                Likeness::Contrary => (
                    FlawCode::ComplementaryPair,
                    match inspection.item.kind {
                        Kind::Qru => Severity::Warning,
                        Kind::Qrm | Kind::Qrp | Kind::Qrpl | Kind::Qroc | Kind::Qzp | Kind::Tcs | Kind::Qcm => {
                            Severity::Information
                        }
                    },
                    format!("Les propositions {a} et {b} sont contraires l’une de l’autre."),
                ),
            };
            inspection.note_proposition(code, severity, second, message);
        }
    }
}
