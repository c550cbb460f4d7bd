use super::*;
use proptest::prelude::*;

fn terms(text: &str) -> Vec<String> {
    analyse(text).into_iter().map(|t| t.term).collect()
}

fn same(a: &str, b: &str) {
    assert_eq!(terms(a), terms(b), "{a} / {b}");
}

#[test]
fn elided_articles_go() {
    same("l’infarctus", "infarctus");
    same("d'œdème", "oedeme");
    same("jusqu’à l’arrêt", "a arret");
    same("qu’il s’agisse", "il agisse");
    assert_eq!(terms("5’-nucléotidase"), ["5", "nucleotida"]);
    assert_eq!(terms("O’Connor"), ["o", "connor"]);
}

#[test]
fn accents_ligatures_greek_and_small_figures_fold() {
    same("Œdème", "oedème");
    assert_eq!(terms("ŒDÈME"), ["oedeme", "oedem"]);
    same("cæcum", "caecum");
    same("e\u{301}pilepsie", "épilepsie");
    same("β-bloquant", "beta-bloquant");
    assert!(terms("TGF-β").contains(&"tgfbeta".to_owned()));
    assert!(terms("β-bloquant").contains(&"betabloquant".to_owned()));
    same("PaO₂", "PaO2");
    same("PaO~2~", "PaO2");
    same("10⁶", "10^6^");
    assert_eq!(terms("10⁶ µL"), ["10^6", "ul"]);
    same("αβ", "alphabeta");
}

#[test]
fn compounds_by_parts_and_in_one_word() {
    assert_eq!(terms("thrombo-embolique"), ["thrombo", "thromboemboliqu", "emboliqu"]);
    assert_eq!(terms("SARS-CoV-2"), ["sars", "sarscov2", "cov", "2"]);
    assert!(terms("COVID-19").contains(&"covid19".to_owned()));
    assert_eq!(terms("10-20"), ["10", "20"]);
    assert_eq!(terms("le - la"), ["le", "la"]);
}

#[test]
fn numbers_and_units() {
    assert_eq!(terms("7,35"), ["7.35"]);
    same("7,35", "7.35");
    assert_eq!(terms("60g/L"), ["60", "g", "l"]);
    assert_eq!(terms("500mL"), ["500", "ml"]);
    assert_eq!(terms("50µg"), ["50", "ug"]);
    assert_eq!(terms("10\u{202f}000"), ["10000"]);
    assert_eq!(terms("5FU et B12"), ["5fu", "et", "b12"]);
    assert_eq!(terms("1, 2"), ["1", "2"]);
}

#[test]
fn ions_keep_their_charge() {
    assert_eq!(terms("Na+"), ["na+", "na"]);
    same("Ca²⁺", "Ca2+");
    same("Na^+^", "Na+");
    assert_eq!(terms("HCO₃⁻"), ["hco3-", "hco3"]);
    assert_eq!(terms("Na+/K+"), ["na+", "na", "k+", "k"]);
    assert_eq!(terms("Rh- ou Rh+"), ["rh-", "rh", "ou", "rh+", "rh"]);
    assert_eq!(terms("A-t-il"), ["a", "atil", "t", "il"]);
}

#[test]
fn codes_stay_whole() {
    assert_eq!(terms("OIC-031-11-B."), ["oic-031-11-b"]);
    assert_eq!(terms("R2C:339, r2c:sdd:27"), ["r2c:339", "r2c:sdd:27"]);
    assert_eq!(terms("I21.0"), ["i21.0", "i21"]);
    assert_eq!(terms("(C50.9)"), ["c50.9", "c50"]);
    assert_eq!(terms("I21"), ["i21"]);
    assert_eq!(terms("OIC-31-1"), ["oic", "oic311", "31", "1"]);
}

#[test]
fn plural_and_feminine() {
    for (a, b) in [
        ("nosocomiaux", "nosocomiale"),
        ("infectieux", "infectieuse"),
        ("infectieuses", "infectieux"),
        ("pulmonaires", "pulmonaire"),
        ("bactérienne", "bactériens"),
        ("artérielle", "artériels"),
        ("progressive", "progressifs"),
        ("aiguë", "aigus"),
        ("aiguës", "aigu"),
        ("bénigne", "bénins"),
        ("maligne", "malins"),
        ("élevée", "élevées"),
        ("diffuse", "diffus"),
        ("blanches", "blanc"),
        ("yeux", "œil"),
        ("genoux", "genou"),
        ("eaux", "eau"),
        ("reins", "rein"),
        ("conductrice", "conducteur"),
        ("longues", "long"),
        ("épaisses", "épais"),
        ("rénale", "rénaux"),
        ("complète", "complets"),
        ("noyaux", "noyau"),
    ] {
        same(a, b);
    }
    for (a, b) in [
        ("foie", "fois"),
        ("sein", "sinus"),
        ("hypo", "hyper"),
        ("rénine", "rein"),
        ("dose", "dos"),
        ("hépatite", "hépatique"),
        ("artère", "artériel"),
    ] {
        assert_ne!(terms(a), terms(b), "{a} / {b}");
    }
}

#[test]
fn abbreviations_are_left_alone() {
    assert_eq!(terms("AINS"), ["ains"]);
    assert_eq!(terms("les IRMs"), ["les", "irm"]);
    assert_eq!(terms("un LES sévère"), ["un", "LES", "sever"]);
    assert_eq!(terms("HbA1c"), ["hba1c"]);
    // A text in capitals has no abbreviations to protect.
    same("LES MALADIES INFECTIEUSES", "les maladies infectieuses");
}

#[test]
fn little_words_keep_their_place() {
    let tokens = analyse("prise en charge");
    let places: Vec<_> = tokens.iter().map(|t| (t.term.as_str(), t.position)).collect();
    assert_eq!(places, [("pris", 0), ("en", 1), ("charg", 2)]);
    assert_eq!(tokens[1].class, Class::Little);
}

proptest! {
    #[test]
    fn anything_is_analysed(text in "\\PC{0,80}") {
        let tokens = analyse(&text);
        prop_assert!(tokens.is_sorted_by_key(|t| t.position));
        for t in tokens {
            prop_assert!(t.start < t.end && text.is_char_boundary(t.start) && text.is_char_boundary(t.end));
            prop_assert!(!t.term.is_empty());
        }
    }

    #[test]
    fn medical_noise_is_analysed(text in "[A-Ia-e0-9 .,:'’^~+⁺²₂βœé/-]{0,40}") {
        for t in analyse(&text) {
            prop_assert!(text.is_char_boundary(t.start) && text.is_char_boundary(t.end));
        }
    }

    #[test]
    fn case_and_accents_never_matter_to_words(word in "[a-zàâçéèêëîïôùûüœ]{1,12}") {
        let title: String = word.chars().enumerate()
            .flat_map(|(i, c)| if i == 0 { c.to_uppercase().collect::<Vec<_>>() } else { vec![c] }).collect();
        prop_assert_eq!(terms(&word), terms(&title));
        prop_assert_eq!(terms(&word), terms(&fold(&word)));
    }
}
