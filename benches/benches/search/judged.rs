//! The judged set: queries as people type them, and what makes a question relevant.
//!
//! A query asks about concepts; each concept is given with the ways it is named, which we wrote reading the banks, not
//! the index's list of synonyms. A question is worth 3 if what is asked (its stem) names every concept, 2 if its stem
//! and propositions do, 1 if they do with the comments. Names are compared without case or accents, at the beginning of
//! a word; `$` asks for its end too. nDCG is that of Järvelin and Kekäläinen (2002), gain 2^grade − 1, cut at 10; the
//! ideal order is over the whole bank.

use docimo_search::document::{Document, Part};
use r2c_referential::fold;
use std::collections::HashMap;

pub struct Case {
    pub query: &'static str,
    /// Concepts; the names of each are parted by `|`.
    concepts: &'static [&'static str],
}

const fn case(query: &'static str, concepts: &'static [&'static str]) -> Case {
    Case { query, concepts }
}

pub const CASES: &[Case] = &[
    case("IDM", &["infarctus du myocarde|infarctus myocard|infarctus aigu du myocarde|idm$"]),
    case("infarctus du myocarde", &["infarctus du myocarde|infarctus myocard|infarctus aigu du myocarde|idm$"]),
    case("AVC", &["avc$|accident vasculaire cerebral|accidents vasculaires cerebraux"]),
    case("embolie pulmonaire", &["embolie pulmonaire|embolies pulmonaires"]),
    case("HTA traitement", &["hta$|hypertension arterielle|antihypertens", "traite"]),
    case("hypertension arterielle", &["hta$|hypertension arterielle"]),
    case(
        "insuffisance renale chronique",
        &["insuffisance renale chronique|insuffisant renal chronique|maladie renale chronique"],
    ),
    case("oedemes", &["oedeme"]),
    case("œdème aigu poumon", &["oedeme aigu du poumon|oedeme pulmonaire|oap$"]),
    case(
        "β-bloquants",
        &["beta-bloquant|beta bloquant|betabloquant|beta-bloqu|β-bloquant|β bloquant|ß-bloquant|ß bloquant"],
    ),
    case("beta lactamines", &["beta-lactam|beta lactam|betalactam|β-lactam|β lactam|ß-lactam|ß lactam"]),
    case("méningite bactérienne", &["meningit", "bacteri|meningocoque|pneumocoque|purulent"]),
    case("meningites", &["meningit"]),
    case("staphylocoque doré", &["staphylococcus aureus|staphylocoque dore|s. aureus"]),
    case("pneumocoque", &["pneumocoque|streptococcus pneumoniae|s. pneumoniae"]),
    case("E. coli", &["escherichia|e. coli|colibacille"]),
    case("infection urinaire", &["infection urinaire|infections urinaires"]),
    case("paludisme", &["paludisme|plasmodium|falciparum"]),
    case("VIH", &["vih$|hiv$|vih1|vih2|immunodeficience humaine"]),
    case("hépatite B", &["hepatite b$|hepatite virale b$|vhb$|hbs$|virus b$|hepatites b$"]),
    case(
        "AINS",
        &[
            "ains$|anti-inflammatoires non stero|anti-inflammatoire non stero|antiinflammatoires non stero|anti inflammatoires non stero",
        ],
    ),
    case("aspirine", &["aspirine|acide acetylsalicylique|acide acetyl salicylique|acetylsalicyl"]),
    case("paracétamol intoxication", &["paracetamol|acetaminophene", "intoxic|surdos|toxic"]),
    case("vitamine B12", &["vitamine b12|cobalamin|vitamines b12|b12$"]),
    case("acide folique", &["acide folique|folate|vitamine b9"]),
    case("carence en fer", &["carence en fer|carence martiale|ferriprive|sideropen"]),
    case("anémie hémolytique", &["anemie hemolytique|anemies hemolytiques"]),
    case("numération formule sanguine", &["numeration formule|nfs$|hemogramme"]),
    case("kaliémie", &["kaliemi|hyperkaliemi|hypokaliemi|potassium|k+"]),
    case("hyperkaliemie", &["hyperkaliemi"]),
    case("diabète type 2", &["diabete de type 2|diabete type 2|diabete non insulin|dnid$|diabete de type ii$"]),
    case("acidose metabolique", &["acidose metabolique|acidoses metaboliques"]),
    case("maladie de Parkinson", &["parkinson"]),
    case("épilepsies", &["epilep|comitial"]),
    case("polyarthrite rhumatoide", &["polyarthrite rhumatoide"]),
    case("LES", &["lupus"]),
    case("thrombo-embolique", &["thrombo-embol|thromboembol"]),
    case("anticoagulants oraux", &["anticoagulant", "oral|oraux|antivitamine|avk$"]),
    case("corticoides", &["corticoid|corticotherap|glucocorticoid|corticosteroid"]),
    case("cancer poumon", &["cancer", "poumon|bronchique|bronchopulmonaire|pulmonaire"]),
    case("sclérose en plaque", &["sclerose en plaque"]),
    case("tuberculose", &["tubercul|bk$|koch$"]),
    case("ion calcium", &["calcium|ca2+|ca++|calcem"]),
    // Typing mistakes.
    case("meningitte", &["meningit"]),
    case("parkinsson", &["parkinson"]),
    case("pneumopatie", &["pneumopath"]),
];

/// Is one of the names there?
fn names(text: &str, concept: &str) -> bool {
    concept.split('|').any(|name| {
        let (name, whole) = name.strip_suffix('$').map_or((name, false), |n| (n, true));
        text.match_indices(name).any(|(at, _)| {
            let begins = !text[..at].ends_with(char::is_alphanumeric);
            let ends = !text[at + name.len()..].starts_with(char::is_alphanumeric);
            begins && (ends || !whole)
        })
    })
}

/// Grade of every relevant question, by entry.
pub fn grades(case: &Case, bank: &[Document]) -> HashMap<String, u32> {
    let grade = |document: &Document| {
        let of = |parts: &[Part]| -> String {
            let texts = document.texts.iter().filter(|(p, _)| parts.contains(p)).map(|(_, t)| fold(t));
            texts.collect::<Vec<_>>().join("\n")
        };
        let all = |parts: &[Part]| {
            let text = of(parts);
            case.concepts.iter().all(|c| names(&text, c))
        };
        if all(&[Part::Stem]) {
            3
        } else if all(&[Part::Stem, Part::Proposition]) {
            2
        } else {
            u32::from(all(&Part::ALL))
        }
    };
    bank.iter().map(|d| (d.entry.clone(), grade(d))).filter(|(_, g)| *g > 0).collect()
}

/// nDCG@10.
pub fn ndcg(found: &[String], grades: &HashMap<String, u32>) -> f64 {
    let dcg = |order: &[u32]| -> f64 {
        let gains = order.iter().take(10).enumerate();
        gains.map(|(i, g)| (2f64.powi(*g as i32) - 1.0) / (i as f64 + 2.0).log2()).fold(0.0, |sum, gain| sum + gain)
    };
    let mut ideal: Vec<u32> = grades.values().copied().collect();
    ideal.sort_unstable_by(|a, b| b.cmp(a));
    let order: Vec<u32> = found.iter().map(|e| grades.get(e).copied().unwrap_or(0)).collect();
    dcg(&order) / dcg(&ideal)
}
