//! Phrases of our own, the phrases of `shared/rules/test_regex.py` read in place, and laws.

use std::io::Write;
use std::path::PathBuf;

use proptest::prelude::*;

use super::*;

/// What the guard says of a question, one line a flaw: code, severity, part, words seen.
fn report(item: &ItemText<'_>) -> Vec<String> {
    inspect(item)
        .into_iter()
        .map(|flaw| {
            let (part, text) = match flaw.place.part {
                Part::Stem => ("énoncé".to_owned(), item.stem),
                Part::Proposition(index) => (letter(index), item.propositions[index].0),
            };
            format!("{} {:?} {part} [{}]", flaw.code.name(), flaw.severity, &text[flaw.place.span])
        })
        .collect()
}

fn item<'a>(kind: Kind, stem: &'a str, propositions: &'a [(&'a str, bool)]) -> ItemText<'a> {
    ItemText { kind, stem, propositions, has_image: false, expected: None }
}

const TASK: &str = "Quel examen demandez-vous en premier ?";

/// Flaws of one proposition among harmless ones.
fn alone(text: &str, is_true: bool) -> Vec<String> {
    let propositions =
        [("Dosage de la troponine", !is_true), (text, is_true), ("Ponction lombaire", false), ("Myélogramme", true)];
    report(&item(Kind::Qcm, TASK, &propositions)).into_iter().filter(|line| !line.starts_with("non-parallel")).collect()
}

#[test]
fn a_good_question_has_no_flaw() {
    let propositions = [
        ("Électrocardiogramme", true),
        ("Radiographie thoracique", false),
        ("Échocardiographie", false),
        ("Scanner thoracique", false),
        ("Gazométrie artérielle", false),
    ];
    let stem = "Un homme de 58 ans, qui n’a pas d’antécédent, consulte pour une douleur thoracique. Quel est le premier examen à réaliser ?";
    assert_eq!(report(&item(Kind::Qru, stem, &propositions)), Vec::<String>::new());
}

#[test]
fn absolute_and_vague_terms() {
    assert_eq!(alone("Le scanner est toujours indiqué", false), ["absolute-term Warning B [toujours]"]);
    assert_eq!(alone("Le scanner est TOUJOURS indiqué", true), ["absolute-term Information B [TOUJOURS]"]);
    assert_eq!(alone("Elle est parfois asymptomatique", false), ["vague-frequency Information B [parfois]"]);
    for fine in ["Elle guérit, mais pas toujours", "Un antigène totalement", "Chaque patient"] {
        let expected = usize::from(fine.contains("totalement"));
        assert_eq!(alone(fine, false).len(), expected, "{fine}");
    }
}

#[test]
fn negative_questions() {
    let negative = |stem: &str| report(&item(Kind::Qrm, stem, &[("Fièvre", true), ("Toux", true), ("Ictère", false)]));
    assert_eq!(negative("Quels signes évoquent une méningite, sauf un ?"), ["negative-stem Warning énoncé [sauf]"]);
    assert_eq!(
        negative("Ces signes évoquent une méningite, **sauf** un ?"),
        ["negative-stem Information énoncé [sauf]"]
    );
    assert_eq!(negative("Ces signes évoquent une méningite, SAUF un ?"), ["negative-stem Information énoncé [SAUF]"]);
    assert_eq!(negative("Quel signe n’est pas évocateur ?"), ["negative-stem Warning énoncé [n’est pas]"]);
    assert_eq!(
        negative("Quels traitements sont contre-indiqués ?"),
        ["negative-stem Information énoncé [contre-indiqués]"]
    );
    for fine in [
        "Il n’est pas fébrile. Quels signes cherchez-vous ?",
        "Chez un patient qui n’a pas de fièvre, quels signes cherchez-vous ?",
        "Quels sont les signes d’une fausse couche ?",
        "Quelles sont les causes de faux positifs ?",
    ] {
        assert_eq!(negative(fine), Vec::<String>::new(), "{fine}");
    }
}

#[test]
fn negative_propositions() {
    assert_eq!(
        alone("Il ne nécessite pas de traitement", true),
        ["negative-proposition Information B [ne nécessite pas]"]
    );
    assert_eq!(alone("Absence de fièvre", true), ["negative-proposition Information B [Absence de]"]);
    assert_eq!(alone("Il n’est pas contre-indiqué", true), ["double-negative Warning B [n’est pas contre-indiqué]"]);
    assert_eq!(alone("Angor sans sus-décalage", true), Vec::<String>::new());
    assert_eq!(alone("Anti-inflammatoire non stéroïdien", true), Vec::<String>::new());
    assert_eq!(alone("L’aspirine n’est pas indispensable", true), ["negative-proposition Information B [n’est pas]"]);
    let lines = report(&item(
        Kind::Qcm,
        "Quelle proposition est FAUSSE ?",
        &[("Il ne guérit pas", true), ("Il guérit vite", false), ("Il récidive", false)],
    ));
    assert!(lines.contains(&"double-negative Warning A [ne guérit pas]".to_owned()), "{lines:?}");
}

#[test]
fn propositions_about_propositions() {
    for (text, code) in [
        ("Toutes les réponses précédentes sont exactes", "all-of-the-above"),
        ("Toutes les propositions sont vraies.", "all-of-the-above"),
        ("Tout ce qui précède", "all-of-the-above"),
        ("Aucune de ces réponses n’est exacte", "none-of-the-above"),
        ("Aucune", "none-of-the-above"),
        ("Toutes les propositions précédentes sont fausses", "none-of-the-above"),
        ("Les réponses A et C", "combined-answers"),
        ("A, C et D sont exactes", "combined-answers"),
        ("Réponses 1 et 3", "combined-answers"),
        ("La proposition A est incompatible avec C", "refers-to-another"),
        ("Comme vu à la question 2, il faut opérer", "refers-to-another"),
    ] {
        let lines = alone(text, false);
        assert_eq!(lines.len(), 1, "{text}: {lines:?}");
        assert!(lines[0].starts_with(&format!("{code} Error B")), "{text}: {lines:?}");
    }
    assert_eq!(alone("A et B", false), ["combined-answers Warning B [A et B]"]);
    for fine in [
        "Toutes les vaccinations",
        "Vaccination contre les hépatites A et B",
        "La réponse a été favorable",
        "Une réponse d’hypersensibilité",
        "Toutes les réponses immunitaires",
    ] {
        assert_eq!(alone(fine, false), Vec::<String>::new(), "{fine}");
    }
}

#[test]
fn two_statements_in_one() {
    assert_eq!(
        alone("La fièvre est fréquente et l’amoxicilline est le traitement de référence", false),
        ["double-barrelled Information B [et]"]
    );
    assert_eq!(alone("La fièvre et les frissons sont fréquents", false), Vec::<String>::new());
    assert_eq!(alone("Amoxicilline et acide clavulanique", false), Vec::<String>::new());
}

#[test]
fn cues_to_the_key() {
    let long = [
        ("Une antibiothérapie probabiliste intraveineuse débutée sans attendre", true),
        ("Une surveillance simple", false),
        ("Une corticothérapie", false),
        ("Un drainage", false),
    ];
    let lines = report(&item(Kind::Qru, "Que proposez-vous ?", &long));
    assert!(lines.iter().any(|l| l.starts_with("key-is-longest Warning A")), "{lines:?}");

    let clang = [("Embolie pulmonaire", true), ("Péricardite", false), ("Pneumothorax", false), ("Angor", false)];
    let stem = "Quel diagnostic expliquerait cette hypertension artérielle pulmonaire aiguë ?";
    assert_eq!(report(&item(Kind::Qru, stem, &clang)), ["stem-word-in-key Warning A [pulmonaire]"]);

    let convergent = [
        ("Sodium abaissé, potassium élevé", true),
        ("Sodium abaissé, calcium bas", false),
        ("Chlore normal, potassium élevé", false),
        ("Magnésium diminué", false),
    ];
    let lines = report(&item(Kind::Qru, "Quel ionogramme attendez-vous ?", &convergent));
    assert!(lines.iter().any(|l| l.starts_with("convergence Information A")), "{lines:?}");
}

#[test]
fn unlike_propositions() {
    let mixed = [
        ("Prescrire un scanner", false),
        ("Réaliser une échographie", true),
        ("Ponction lombaire", false),
        ("Surveiller", false),
    ];
    assert_eq!(
        report(&item(Kind::Qrm, "Que faites-vous ?", &mixed)),
        ["non-parallel Information C [Ponction lombaire]"]
    );
    let stops = [("Fièvre", false), ("Toux.", true), ("Ictère", true)];
    assert_eq!(
        report(&item(Kind::Qrm, "Quels signes cherchez-vous ?", &stops)),
        ["non-parallel Information B [Toux.]"]
    );
    let nouns = [("Scanner", false), ("Cathéter", true), ("Aciclovir", true)];
    assert_eq!(report(&item(Kind::Qrm, "Que faut-il ?", &nouns)), Vec::<String>::new());
}

#[test]
fn quantities_are_compared() {
    let codes = |texts: [&str; 4]| {
        let propositions = texts.map(|text| (text, text == texts[0]));
        report(&item(Kind::Qru, "Quelle est la fréquence ?", &propositions))
    };
    assert_eq!(codes(["1 %", "5 %", "10 %", "50 %"]), Vec::<String>::new());
    assert_eq!(codes(["5 %", "1 %", "10 %", "50 %"]), ["unordered-numbers Information A [5 %]"]);
    assert_eq!(codes(["1 à 5 %", "5 à 10 %", "11 à 20 %", "21 à 30 %"]), ["overlapping-ranges Warning B [5 à 10 %]"]);
    assert_eq!(codes(["1 mg", "5 mg", "1 g", "5 g"]), ["mixed-units Warning C [1 g]"]);
    assert_eq!(codes(["1 mg", "2,5 mg", "5 mg", "10 mg"]), ["mixed-precision Information B [2,5 mg]"]);
}

#[test]
fn propositions_are_compared() {
    let lines = |a, b| report(&item(Kind::Qru, "Que trouvez-vous ?", &[(a, true), (b, false), ("Ictère", false)]));
    assert_eq!(
        lines("Hyperkaliémie", "hyperkaliémie."),
        ["non-parallel Information B [hyperkaliémie.]", "duplicate-propositions Error B [hyperkaliémie.]"]
    );
    assert_eq!(lines("Hyperkaliémie", "Hypokaliémie"), ["complementary-pair Warning B [Hypokaliémie]"]);
    assert_eq!(
        lines("Présence de fièvre", "Absence de fièvre")[1..],
        ["complementary-pair Warning B [Absence de fièvre]"]
    );
    assert_eq!(lines("Dose de 10 mg par jour", "Dose de 20 mg par jour"), Vec::<String>::new());
    assert_eq!(lines("Virus de l’hépatite B", "Virus de l’hépatite C"), Vec::<String>::new());
    assert_eq!(lines("A+", "A−"), Vec::<String>::new());
    let near = lines(
        "Insuffisance rénale aiguë fonctionnelle secondaire à une déshydratation extracellulaire",
        "Insuffisance rénale aiguë fonctionnelle secondaire à la déshydratation extracellulaire",
    );
    assert!(near.iter().any(|l| l.starts_with("near-duplicate-propositions Warning B")), "{near:?}");
}

#[test]
fn lead_ins_and_counts() {
    let four = [("Fièvre", true), ("Toux", false), ("Ictère", false), ("Prurit", false)];
    let two = [("Fièvre", true), ("Toux", true), ("Ictère", false), ("Prurit", false)];
    let ask = |kind, stem| report(&item(kind, stem, if kind == Kind::Qru { &four } else { &two }));
    assert_eq!(
        ask(Kind::Qru, "Concernant la sarcoïdose :"),
        ["empty-lead-in Warning énoncé [Concernant la sarcoïdose :]"]
    );
    assert_eq!(ask(Kind::Qrm, "Quelles sont les propositions exactes ?").len(), 1);
    assert_eq!(ask(Kind::Qrm, "Concernant la sarcoïdose, quels signes cherchez-vous ?"), Vec::<String>::new());
    assert_eq!(ask(Kind::Qru, "La maladie de ____ donne quel signe ?"), ["blank-in-stem Warning énoncé [____]"]);
    assert_eq!(
        ask(Kind::Qru, "Quel signe ? Deux réponses attendues."),
        ["count-contradiction Error énoncé [Deux réponses]"]
    );
    assert_eq!(ask(Kind::Qru, "Quel signe ? Une seule réponse."), Vec::<String>::new());
    assert_eq!(ask(Kind::Qrm, "Quels signes ? Deux réponses."), ["count-contradiction Warning énoncé [Deux réponses]"]);
    assert_eq!(ask(Kind::Qrm, "Quels signes ? Trois réponses."), ["count-contradiction Error énoncé [Trois réponses]"]);
    assert_eq!(
        ask(Kind::Qru, "Parmi les quatre propositions suivantes, quel signe cherchez-vous ?"),
        Vec::<String>::new()
    );
    assert!(
        ask(Kind::Qru, "Lesquelles de ces anomalies cherchez-vous ?")[0].starts_with("count-contradiction Warning")
    );
    let qrp = ItemText {
        kind: Kind::Qrp,
        stem: "Quelles sont les trois réponses à retenir ?",
        propositions: &two,
        has_image: false,
        expected: Some(2),
    };
    assert!(report(&qrp).contains(&"count-contradiction Error énoncé [trois réponses]".to_owned()));
}

#[test]
fn documents_are_there() {
    let with =
        |stem, has_image| report(&ItemText { kind: Kind::Qroc, stem, propositions: &[], has_image, expected: None });
    assert_eq!(with("Interprétez l’ECG suivant.", false), ["missing-image Error énoncé [ECG suivant]"]);
    assert_eq!(with("Que montre cette radiographie ?", false), ["missing-image Warning énoncé [cette radiographie]"]);
    assert_eq!(with("Interprétez l’ECG suivant.", true), Vec::<String>::new());
    assert_eq!(with("Son ECG est-il normal ?", false), Vec::<String>::new());
    assert_eq!(
        with("Quel est le diagnostic ?", true),
        ["unreferenced-image Information énoncé [Quel est le diagnostic ?]"]
    );
}

#[test]
fn every_code_has_a_name_a_rule_and_an_advice() {
    for code in FlawCode::ALL {
        assert_eq!(serde_json::to_value(code).ok(), Some(code.name().into()));
        assert!((1..=25).contains(&code.rule()));
        assert!(code.advice_fr().ends_with('.'));
    }
    assert!(FlawCode::ALL.is_sorted_by_key(|code| code.rule()));
}

/// Whether the guard finds, in a phrase, what one of the shared patterns is after.
fn finds(pattern: &str, phrase: &str) -> Option<bool> {
    let normal = Normal::of(phrase);
    let text = normal.as_str();
    let lead_in = &text[normal.lead_in()];
    Some(match pattern {
        "ABS" => patterns::absolute(text).is_some(),
        "VAGUE" => patterns::vague(text).is_some(),
        "NEG_STEM" => patterns::negative_question(lead_in).is_some(),
        "NEG_PROP" => patterns::negated_verb(text).or(patterns::absence(text)).is_some(),
        "DOUBLE_NEG" => patterns::double_negative(text).is_some(),
        "AOTA" => patterns::all_of_the_above(text).is_some(),
        "NOTA" => patterns::none_of_the_above(text).is_some(),
        "KTYPE" => patterns::combined(text).is_some(),
        "REF_OTHER" => patterns::refers_to_another(text).is_some(),
        "DOUBLE_BARREL" => patterns::double_barrelled(text).is_some(),
        "BLANK" => patterns::blank(text).is_some(),
        "EMPTY_LEAD" => patterns::empty_lead_in(lead_in).is_some(),
        "COUNT_CUE" => patterns::announced_count(text).is_some(),
        _ => return None,
    })
}

#[test]
fn agrees_with_the_shared_phrases() -> Result<(), Box<dyn std::error::Error>> {
    let root = std::env::var_os("DOCIMO_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    let Ok(script) = std::fs::read_to_string(root.join("rules/test_regex.py")) else {
        if let Some(log) = std::env::var_os("DOCIMO_SKIP_LOG") {
            let mut log = std::fs::OpenOptions::new().create(true).append(true).open(log)?;
            writeln!(log, "docimo-ai: shared/rules absent")?;
        }
        return Ok(());
    };
    let case = regex::Regex::new(r#"\('([A-Z_]+)',"([^"]*)",([01])\)"#)?;
    let cases: Vec<[&str; 3]> = case.captures_iter(&script).map(|c| c.extract().1).collect();
    assert!(cases.len() >= 30, "only {} cases were read", cases.len());
    let wrong: Vec<_> = cases
        .into_iter()
        .filter(|[pattern, phrase, expected]| finds(pattern, phrase) != Some(*expected == "1"))
        .collect();
    assert_eq!(wrong, Vec::<[&str; 3]>::new());
    Ok(())
}

proptest! {
    #[test]
    fn any_text_is_inspected_with_spans_on_characters(
        stem in "[\\PC]{0,60}",
        propositions in proptest::collection::vec(
            ("([a-eA-E ]|et|toujours|n’est pas|\\*\\*|_|é|\u{301}|[0-9]| % |\\.|\\PC){0,12}", any::<bool>()), 0..6),
        has_image: bool,
    ) {
        let propositions: Vec<(&str, bool)> = propositions.iter().map(|(t, v)| (t.as_str(), *v)).collect();
        for kind in [Kind::Qru, Kind::Qrm, Kind::Qcm, Kind::Qrp] {
            let item = ItemText { kind, stem: &stem, propositions: &propositions, has_image, expected: None };
            for flaw in inspect(&item) {
                let text = match flaw.place.part {
                    Part::Stem => item.stem,
                    Part::Proposition(index) => item.propositions[index].0,
                };
                prop_assert!(text.get(flaw.place.span.clone()).is_some(), "{flaw:?} in {text:?}");
                prop_assert!(!flaw.message_fr.is_empty());
            }
        }
    }
}
