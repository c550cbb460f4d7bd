//! What to tell the jury, in sentences that never conclude.
//!
//! Every sentence ends with [`CAUTION`]: whoever reads one alone must know what it is worth.

use super::copying::{CountTail, Omega};
use super::person::PersonFit;
use super::screen::PairSignal;
use super::times::CandidateTimes;

/// The end of every sentence.
pub const CAUTION: &str = "Ce signal n’est pas une preuve.";

/// A number with one decimal, in French: 4,2.
fn decimal(x: f64) -> String {
    // Zero without its sign.
    let text = format!("{:.1}", if x.abs() < 0.05 { 0.0 } else { x });
    text.replace('.', ",").replace('-', "−")
}

/// A whole number by groups of three, with narrow spaces.
fn whole(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// A small expected number: 0,03; below 0,001, « moins de 0,001 ».
fn rare(x: f64) -> String {
    if x < 0.001 {
        return "moins de 0,001".to_owned();
    }
    let text = if x < 1.0 { format!("{:.1$}", x, if x < 0.1 { 3 } else { 2 }) } else { return decimal(x) };
    text.trim_end_matches('0').trim_end_matches('.').replace('.', ",")
}

fn plural(n: u64) -> &'static str {
    if n >= 2 { "s" } else { "" }
}

/// Two copies that share wrong answers, among `compared` pairs.
///
/// « Ces deux copies ont 14 réponses fausses identiques sur 15 ; on en attendait 4,2. Parmi 499 500 paires comparées,
/// le hasard seul en donnerait 0,02 d’aussi semblables. Ce signal n’est pas une preuve. »
pub fn pair_sentence(signal: &PairSignal, compared: u64) -> String {
    let (same, both) = (signal.common.identical_wrong, signal.common.both_wrong);
    let s = plural(u64::from(same));
    let mut text = format!(
        "Ces deux copies ont {same} réponse{s} fausse{s} identique{s} sur {both} ; on en attendait {}.",
        decimal(signal.expected)
    );
    if compared > 1 {
        let (pairs, chance) = (whole(compared), rare(signal.p * compared as f64));
        text += &format!(" Parmi {pairs} paires comparées, le hasard seul en donnerait {chance} d’aussi semblables.");
    }
    if signal.neighbours {
        text += " Les deux candidats étaient voisins.";
    }
    format!("{text} {CAUTION}")
}

/// Two copies with more identical answers than the ability of one of them suggests (omega).
pub fn omega_sentence(omega: &Omega) -> String {
    let (s, observed) = (plural(omega.observed as u64), omega.observed);
    format!(
        "Ces deux copies ont {observed} réponse{s} identique{s} ; on en attendait {} d’un candidat de ce niveau \
         (écart de {} écarts-types). {CAUTION}",
        decimal(omega.expected),
        decimal(omega.omega)
    )
}

/// A count of identical answers and what was expected (GBT, K and its kin); `index` is the name of the index.
pub fn count_sentence(index: &str, tail: &CountTail) -> String {
    let s = plural(tail.observed as u64);
    format!(
        "Indice {index} : {} réponse{s} identique{s} pour {} attendues (probabilité par hasard : {}). {CAUTION}",
        tail.observed,
        decimal(tail.expected),
        rare(tail.p)
    )
}

/// A copy unlike its mark; `None` where lz* could not be computed.
pub fn person_sentence(fit: &PersonFit) -> Option<String> {
    let (z, p) = (fit.lz_star.as_ref().ok()?, fit.p?);
    let z_text = decimal(*z);
    let text = if *z < 0.0 {
        format!(
            "Les réponses de cette copie sont moins cohérentes qu’attendu à ce niveau (indice lz* : {z_text} ; environ \
             une copie sur {} l’est aussi peu par hasard). Une fatigue, un décalage de lignes ou un parcours \
             particulier peuvent l’expliquer.",
            whole((1.0 / p.max(1e-9)).round() as u64)
        )
    } else {
        format!("Les réponses de cette copie sont cohérentes avec son niveau (indice lz* : {z_text}).")
    };
    Some(format!("{text} {CAUTION}"))
}

/// A candidate's fast right answers.
pub fn fast_right_sentence(times: &CandidateTimes) -> String {
    let s = plural(times.fast_right as u64);
    format!(
        "Ce candidat a {} bonne{s} réponse{s} très rapide{s} sur {} ; on en attendait {}. Une question déjà vue en \
         entraînement peut l’expliquer. {CAUTION}",
        times.fast_right,
        times.right,
        decimal(times.fast_right_expected)
    )
}

/// A candidate's answers too fast to have read the question.
pub fn rapid_sentence(times: &CandidateTimes) -> String {
    let s = plural(times.rapid as u64);
    format!(
        "Ce candidat a donné {} réponse{s} trop rapide{s} sur {} pour avoir lu la question. Un manque de temps ou un \
         abandon peuvent l’expliquer. {CAUTION}",
        times.rapid, times.n
    )
}
