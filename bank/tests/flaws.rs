//! Every flaw with an example that has it and one that has not; real questions, read in place; anything at all.

mod shared;

use docimo_bank::exchange::read;
use docimo_bank::flaws::{CATALOGUE, Code, Field, Flaw, Severity, flaws};
use docimo_engine::paper::Element;
use proptest::prelude::*;
use serde_json::{Value, json};
use shared::shared;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

fn read_element(value: Value) -> Element {
    serde_json::from_value(value).expect("the example reads")
}

/// A question from its kind, its stem and its propositions, the true ones marked by `*`.
fn ask(kind: &str, stem: &str, options: &[&str]) -> Element {
    asked(json!({}), kind, stem, options)
}

/// The same with more fields.
fn asked(more: Value, kind: &str, stem: &str, options: &[&str]) -> Element {
    let propositions: Vec<Value> = options
        .iter()
        .enumerate()
        .map(|(i, text)| {
            let (status, text) = text.strip_prefix('*').map_or(("faux", *text), |t| ("vrai", t));
            json!({"id": format!("p{i}"), "text": text, "status": status})
        })
        .collect();
    let mut q = json!({"id": "q", "kind": kind, "stem": stem, "rank": "A", "tags": ["R2C:1"], "source": "Collège, 2024",
        "comment": "Parce que."});
    if !propositions.is_empty() {
        q["propositions"] = json!(propositions);
    }
    if matches!(kind, "QRP" | "QRPL") {
        q["expected"] = json!(options.iter().filter(|o| o.starts_with('*')).count());
    }
    for (name, value) in more.as_object().expect("an object") {
        q[name] = value.clone();
    }
    read_element(json!({ "question": q }))
}

fn qroc(stem: &str, exact: &[&str]) -> Element {
    asked(json!({"exact": exact, "acceptable": []}), "QROC", stem, &[])
}

fn tcs(hypothesis: &str, finding: &str, panel: [u32; 5]) -> Element {
    let more = json!({"hypothesis": hypothesis, "finding": finding, "panel": panel});
    asked(more, "TCS", "Un homme de 60 ans a une douleur thoracique.", &[])
}

/// A progressive case of questions with the text that brings each.
fn case(kind: &str, title: &str, intro: &str, parts: Vec<(&str, Element)>) -> Element {
    let parts: Vec<Value> = parts
        .into_iter()
        .enumerate()
        .map(|(i, (text, element))| {
            let Element::Question(mut q) = element else { panic!("a question") };
            q.id = format!("q{i}").as_str().into();
            json!({"text": text, "question": q})
        })
        .collect();
    read_element(json!({"case": {"id": "c", "kind": kind, "title": title, "intro": intro, "parts": parts}}))
}

fn codes(element: &Element) -> BTreeSet<Code> {
    flaws(element).iter().map(|f| f.code).collect()
}

const FOUR: [&str; 4] = ["*Fièvre", "Toux", "Asthénie", "Prurit"];
const GOOD: &str = "Quel est le premier signe de la rougeole ?";
const IMAGE: &str = "Image";

fn good() -> Element {
    ask("QRU", GOOD, &FOUR)
}

fn with_image(alt: &str, stem: &str, options: &[&str]) -> Element {
    asked(json!({"image": {"file": "x.png", "alt": alt}}), "QRU", stem, options)
}

/// Each code, what has it, what nearly has it and must not be told.
fn table() -> Vec<(&'static str, Vec<Element>, Vec<Element>)> {
    let q = |options: &[&str]| ask("QRU", GOOD, options);
    let m = |options: &[&str]| ask("QRM", "Quels sont les signes de la rougeole ?", options);
    let s = |stem: &str| ask("QRU", stem, &FOUR);
    let embolism = || qroc("Quel diagnostic évoquez-vous ?", &["embolie pulmonaire", "EP"]);
    let next =
        |stem: &str| ask("QRM", stem, &["*Angioscanner thoracique", "*Gaz du sang", "Coloscopie", "Audiogramme"]);
    let without = |field: &str, value: Value| asked(json!({ field: value }), "QRU", GOOD, &FOUR);
    vec![
        (
            "negative_stem_unmarked",
            vec![
                s("Quel signe n’est pas évocateur de la rougeole ?"),
                s("Parmi ces signes de rougeole, tous sont possibles sauf un. Lequel ?"),
            ],
            vec![
                s("Chez un patient qui n’a pas de fièvre, quel signe évoque la rougeole ?"),
                s("Que faire devant une fausse couche ?"),
                s("Quel signe n’est **PAS** évocateur de la rougeole ?"),
            ],
        ),
        ("negative_stem", vec![s("Quel signe n’est **pas** évocateur de la rougeole ?")], vec![good()]),
        (
            "double_negative",
            vec![
                q(&["*Fièvre", "La toux n’est pas sans gravité", "Asthénie", "Prurit"]),
                s("Quel médicament n’est pas contre-indiqué au cours de la rougeole ?"),
                ask(
                    "QRU",
                    "Quelle proposition est INEXACTE à propos de la rougeole ?",
                    &["*La toux ne disparaît pas", "Il y a une fièvre", "Il y a une toux", "Il y a un prurit"],
                ),
            ],
            vec![q(&["*Fièvre", "La toux n’est pas productive", "Asthénie", "Prurit"])],
        ),
        (
            "no_subject",
            vec![s("Parmi les propositions suivantes, laquelle est exacte ?"), s("Quelle est la bonne réponse ?")],
            vec![s("Parmi les propositions suivantes concernant la rougeole, laquelle est exacte ?")],
        ),
        (
            "unfocused_stem",
            vec![s("Concernant la rougeole, quelle proposition est exacte ?")],
            vec![good(), s("Quelle réponse immunitaire protège de la rougeole ?")],
        ),
        (
            "stem_not_question",
            vec![s("La rougeole est une maladie virale très contagieuse.")],
            vec![s("La rougeole débute par :"), s("La rougeole est virale. Cochez son premier signe."), good()],
        ),
        (
            "stem_too_long",
            vec![s(&format!("{} Quel est le signe ?", "Il tousse depuis hier. ".repeat(40)))],
            vec![good()],
        ),
        (
            "window_dressing",
            vec![s("Comme chacun le sait, la rougeole est contagieuse. Quel est son premier signe ?")],
            vec![good()],
        ),
        (
            "blank_in_stem",
            vec![s("Le premier signe de la rougeole est ______ et dure deux jours : lequel ?")],
            vec![good()],
        ),
        (
            "asks_twice",
            vec![s("Quel est le diagnostic ? Quelle est sa durée ?")],
            vec![good(), s("Il tousse. Que faire, et quel signe chercher ?")],
        ),
        ("opinion", vec![s("Selon vous, quel est le premier signe de la rougeole ?")], vec![good()]),
        (
            "count_contradiction",
            vec![
                ask("QRM", "Rougeole : une seule réponse est exacte, laquelle ?", &FOUR),
                ask("QRP", "Quelles sont les trois bonnes réponses sur la rougeole ?", &["*a1", "*b1", "c1", "d1"]),
            ],
            vec![
                s("Rougeole : une seule réponse est exacte, laquelle ?"),
                ask("QRM", "Parmi les cinq propositions suivantes sur la rougeole, lesquelles sont exactes ?", &FOUR),
            ],
        ),
        (
            "acronym_not_spelled",
            vec![s("Quel est le premier signe d’une PRES ?")],
            vec![
                s("Quel est le premier signe d’un syndrome d’encéphalopathie postérieure (PRES) ?"),
                s("Que montre l’IRM ?"),
                s("QUEL EST LE PREMIER SIGNE ?"),
            ],
        ),
        (
            "missing_image",
            vec![s("Quel diagnostic évoque l’ECG ci-dessous ?"), s("Que montre cette photographie ?")],
            vec![
                s("L’ECG est normal. Quel est le diagnostic ?"),
                with_image(IMAGE, "Quel diagnostic évoque l’ECG ci-dessous ?", &FOUR),
            ],
        ),
        (
            "image_unmentioned",
            vec![with_image(IMAGE, GOOD, &FOUR)],
            vec![with_image(IMAGE, "Que montre cette radiographie ?", &FOUR)],
        ),
        (
            "image_without_alt",
            vec![with_image(" ", GOOD, &FOUR), with_image("Image sans description (à compléter)", GOOD, &FOUR)],
            vec![with_image(IMAGE, GOOD, &FOUR)],
        ),
        (
            "answer_in_alt",
            vec![with_image("Photographie d’une fièvre éruptive", "Que montre cette photographie ?", &FOUR)],
            vec![with_image("Photographie d’une toux", "Que montre cette photographie ?", &FOUR)],
        ),
        (
            "refer_to_another",
            vec![q(&["*Fièvre", "Toux", "Le contraire de la proposition A", "Prurit"])],
            vec![q(&["*Fièvre", "La réponse a été favorable", "Réponse D’hypersensibilité", "Prurit"])],
        ),
        (
            "absolute_term",
            vec![q(&["*Fièvre", "La toux est toujours sèche", "Asthénie", "Prurit"])],
            vec![q(&["*Fièvre", "La toux n’est pas systématiquement sèche", "Dose à 100 mg", "Prurit"])],
        ),
        (
            "vague_frequency",
            vec![q(&["*Fièvre", "Toux souvent sèche", "Asthénie", "Prurit"])],
            vec![good(), q(&["*Fièvre", "Toux moins souvent", "Asthénie", "Prurit"])],
        ),
        (
            "negative_option",
            vec![m(&["*La toux n’est pas productive", "Asthénie", "*Prurit", "Acné"])],
            vec![m(&["*La toux n’est que nocturne", "Asthénie", "*Prurit", "Acné"])],
        ),
        (
            "trick_negative",
            vec![m(&["*Fièvre", "La toux n’est pas productive", "*Asthénie", "Prurit"])],
            vec![m(&["*Fièvre", "La toux n’est **pas** productive", "*Asthénie", "Prurit"])],
        ),
        (
            "all_of_the_above",
            vec![q(&["*Toutes les réponses précédentes", "Toux", "Asthénie", "Prurit"])],
            vec![q(&["*Toutes les vaccinations", "Toux", "Asthénie", "Prurit"])],
        ),
        (
            "none_of_the_above",
            vec![
                q(&["*Fièvre", "Toux", "Asthénie", "Aucune de ces réponses n'est exacte"]),
                q(&["*Fièvre", "Toux", "Asthénie", "Aucune"]),
            ],
            vec![q(&["*Fièvre", "Toux", "Asthénie", "Aucune réponse au traitement"])],
        ),
        (
            "combined_answers",
            vec![
                q(&["*A et C", "Toux", "Asthénie", "Prurit"]),
                q(&["*1, 2 et 4 sont exactes", "Toux", "Asthénie", "Prurit"]),
                q(&["*Réponses B + D", "Toux", "Asthénie", "Prurit"]),
            ],
            vec![
                q(&["*Vitamines A et C", "Toux", "Asthénie", "Prurit"]),
                q(&["*Douleur et fièvre", "Toux", "Asthénie", "Prurit"]),
            ],
        ),
        ("dont_know_option", vec![q(&["*Fièvre", "Toux", "Asthénie", "Je ne sais pas"])], vec![good()]),
        (
            "placeholder",
            vec![q(&["*Fièvre", "Toux", "nan", "Prurit"]), q(&["*Fièvre", "Toux", "…", "Prurit"])],
            vec![q(&["*Fièvre", "+", "-", "Nanisme"])],
        ),
        (
            "double_barrelled",
            vec![q(&["*La toux est sèche mais elle peut durer", "Fièvre", "Asthénie", "Prurit"])],
            vec![q(&["*La toux est sèche et quinteuse", "Fièvre", "Asthénie", "Prurit"])],
        ),
        ("option_too_long", vec![q(&[&"signe d’infection ".repeat(25), "*Toux", "Asthénie", "Prurit"])], vec![good()]),
        (
            "longest_key",
            vec![q(&[
                "*Une fièvre élevée en plateau qui précède de quatre jours l’éruption",
                "Toux",
                "Asthénie",
                "Prurit",
            ])],
            vec![
                q(&["*Hyperthermie", "Toux", "Asthénie", "Prurit"]),
                q(&[
                    "*Une fièvre élevée en plateau depuis quatre jours",
                    "Une toux sèche et quinteuse depuis quatre jours",
                    "Asthénie",
                    "Prurit",
                ]),
            ],
        ),
        (
            "most_precise_key",
            vec![q(&[
                "*Fièvre à 39 (si non vacciné)",
                "Toux quinteuse le matin",
                "Asthénie au réveil",
                "Prurit diffus du tronc",
            ])],
            vec![good()],
        ),
        (
            "clang",
            vec![q(&["*Éruption de rougeole", "Toux", "Asthénie", "Prurit"])],
            vec![good(), q(&["*Éruption de rougeole", "Toux de rougeole", "Asthénie", "Prurit"])],
        ),
        (
            "convergence",
            vec![q(&[
                "*Pénicilline et gentamicine et rifampicine",
                "Pénicilline et doxycycline",
                "Gentamicine et aztréonam",
                "Rifampicine et colistine",
            ])],
            vec![good()],
        ),
        (
            "opposite_pair",
            vec![
                q(&["*Hyperkaliémie", "Hypokaliémie", "Anémie", "Prurit"]),
                q(&["*La diurèse augmente", "La diurèse diminue", "Anémie", "Prurit"]),
            ],
            vec![good(), q(&["*Hyperkaliémie", "Hypokaliémie", "Hypernatrémie", "Hyponatrémie"])],
        ),
        (
            "grammatical_cue",
            vec![
                ask("QRU", "La carence est celle de l’", &["*iode", "fer", "cuivre", "zinc"]),
                ask("QRU", "Le premier examen est une", &["*échographie", "dosage", "enregistrement", "traitement"]),
            ],
            vec![
                ask("QRU", "Le premier examen est une", &["*échographie", "biopsie", "radiographie", "ponction"]),
                good(),
            ],
        ),
        (
            "heterogeneous_form",
            vec![q(&["*Prescrire une radiographie", "Surveillance", "Antibiotique", "Repos"])],
            vec![
                q(&["*Scanner", "Surveillance", "Antibiotique", "Repos"]),
                q(&["*Prescrire un repos", "Surveiller", "Opérer le patient", "Hospitaliser"]),
            ],
        ),
        (
            "heterogeneous_length",
            vec![q(&[
                "*Fièvre",
                "Toux",
                "Asthénie",
                "Une éruption qui commence derrière les oreilles et descend sur tout le corps",
            ])],
            vec![good()],
        ),
        (
            "heterogeneous_punctuation",
            vec![q(&["*Fièvre", "Toux.", "Asthénie", "Prurit"])],
            vec![good(), q(&["*E. coli", "Toux", "Salmonella spp.", "Prurit"])],
        ),
        (
            "heterogeneous_case",
            vec![q(&["*Fièvre", "toux", "Asthénie", "Prurit"])],
            vec![good(), q(&["*Fièvre", "pH acide", "Asthénie", "Prurit"])],
        ),
        (
            "repeated_option",
            vec![q(&["*Fièvre", "Toux", "toux.", "Prurit"])],
            vec![q(&["*Rh+", "Rh-", "Asthénie", "Prurit"])],
        ),
        (
            "near_identical_options",
            vec![
                q(&["*Fièvre", "Amoxicilline", "Amoxiciline", "Prurit"]),
                q(&["*Fièvre", "Toux", "La toux", "Prurit"]),
            ],
            vec![
                q(&["*Hépatite B", "Hépatite C", "Rétinol", "Prurit"]),
                q(&["*Hyperkaliémie", "Hypokaliémie", "Anémie", "Prurit"]),
            ],
        ),
        (
            "synonymous_options",
            vec![
                q(&["*Scanner", "Tomodensitométrie", "Asthénie", "Prurit"]),
                q(&["*Fièvre", "IRM", "Imagerie par résonance magnétique", "Prurit"]),
            ],
            vec![good()],
        ),
        (
            "repeated_words",
            vec![q(&[
                "*Une augmentation de la natrémie",
                "Une augmentation de la kaliémie",
                "Une augmentation de la calcémie",
                "Une augmentation de la glycémie",
            ])],
            vec![good()],
        ),
        (
            "unordered_numbers",
            vec![q(&["*10 mg", "5 mg", "20 mg", "40 mg"])],
            vec![q(&["5 mg", "*10 mg", "20 mg", "40 mg"]), q(&["*40 %", "20 %", "10 %", "5 %"])],
        ),
        (
            "overlapping_numbers",
            vec![q(&["*0 à 5 %", "5 à 10 %", "10 à 20 %", "plus de 20 %"])],
            vec![q(&["*moins de 5 %", "5 à 10 %", "11 à 20 %", "plus de 20 %"])],
        ),
        ("mixed_units", vec![q(&["*5 mg", "10 mg", "1 g", "20 mg"])], vec![q(&["5 mg", "*10 mg", "20 mg", "40 mg"])]),
        (
            "mixed_precision",
            vec![q(&["*5 mg", "7,5 mg", "10 mg", "20 mg"])],
            vec![q(&["*5,0 mg", "7,5 mg", "10,0 mg", "20,0 mg"])],
        ),
        ("few_options", vec![q(&["*Fièvre", "Toux", "Prurit"]), ask("QRPL", GOOD, &FOUR)], vec![good()]),
        (
            "wrong_key_count",
            vec![q(&["*Fièvre", "*Toux", "Asthénie", "Prurit"]), asked(json!({"expected": 3}), "QRP", GOOD, &FOUR)],
            vec![good(), ask("QRP", GOOD, &FOUR)],
        ),
        ("all_true", vec![m(&["*Fièvre", "*Toux", "*Asthénie", "*Prurit"])], vec![good()]),
        ("none_true", vec![m(&["Fièvre", "Toux", "Asthénie", "Prurit"])], vec![good()]),
        (
            "one_true",
            vec![m(&FOUR)],
            vec![good(), m(&["*Fièvre", "*Toux", "Asthénie", "Prurit"]), ask("QCM", GOOD, &FOUR)],
        ),
        (
            "typography",
            vec![
                q(&["*Fièvre", "Toux  sèche", "Asthénie", "Prurit"]),
                s("Quel est le le premier signe de la rougeole ?"),
                s("La rougeole , quel est son signe ?"),
            ],
            vec![good(), s("Vous vous souvenez de la rougeole : quel est son signe ?")],
        ),
        (
            "markup_residue",
            vec![q(&["*Fièvre", "Toux<br/>sèche", "Asthénie", "Prurit"]), s("Rougeole &lt; 5 ans : quel signe ?")],
            vec![q(&["*CO<7", "T < 38 > x", "R&D", "Prurit"])],
        ),
        (
            "missing_rank",
            vec![without("rank", Value::Null)],
            vec![good(), asked(json!({"rank": null}), "QCM", GOOD, &FOUR)],
        ),
        ("missing_tags", vec![without("tags", json!([]))], vec![good()]),
        ("missing_source", vec![without("source", json!(""))], vec![good()]),
        ("missing_comment", vec![without("comment", json!(""))], vec![good()]),
        ("missing_key", vec![qroc("Rédigez la conclusion.", &[])], vec![embolism()]),
        (
            "qroc_answer_in_stem",
            vec![qroc("Une embolie pulmonaire est confirmée. Quel est ce diagnostic ?", &["embolie pulmonaire", "EP"])],
            vec![embolism()],
        ),
        ("qroc_few_answers", vec![qroc("Quel diagnostic ?", &["embolie pulmonaire"])], vec![embolism()]),
        (
            "qroc_many_answers",
            vec![qroc(
                "Quel diagnostic ?",
                &[
                    "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9", "a10", "a11", "a12", "a13", "a14", "a15",
                    "a16",
                ],
            )],
            vec![embolism()],
        ),
        (
            "qroc_short_answer",
            vec![embolism()],
            vec![qroc("Quel diagnostic ?", &["embolie pulmonaire", "embolie"]), qroc("Combien ?", &["12", "douze"])],
        ),
        (
            "qroc_long_answer",
            vec![qroc("Quel traitement ?", &["un traitement par héparine intraveineuse sans délai", "héparine"])],
            vec![embolism()],
        ),
        (
            "tcs_panel",
            vec![
                tcs("une dissection", "un souffle", [0, 0, 0, 0, 0]),
                tcs("une dissection", "un souffle", [0, 1, 2, 1, 0]),
                tcs("une dissection", "un souffle", [0, 0, 15, 0, 0]),
                tcs("une dissection", "un souffle", [7, 0, 0, 0, 8]),
            ],
            vec![tcs("une dissection", "un souffle", [0, 1, 5, 6, 3])],
        ),
        (
            "tcs_hypothesis_form",
            vec![tcs("Est-ce une dissection ?", "un souffle", [0, 1, 5, 6, 3]), tcs("", "un souffle", [0, 1, 5, 6, 3])],
            vec![tcs("une dissection", "un souffle", [0, 1, 5, 6, 3])],
        ),
        (
            "tcs_finding_form",
            vec![
                tcs("une dissection", "Une dissection.", [0, 1, 5, 6, 3]),
                tcs("une dissection", "une douleur thoracique", [0, 1, 5, 6, 3]),
            ],
            vec![tcs("une dissection", "un souffle", [0, 1, 5, 6, 3])],
        ),
        (
            "answer_in_view",
            vec![
                case("DP", "Une dyspnée", "Il a une embolie pulmonaire.", vec![("", embolism())]),
                case(
                    "DP",
                    "Une dyspnée",
                    "Il tousse.",
                    vec![("On suspecte une embolie pulmonaire.", next("Quels examens ?")), ("", embolism())],
                ),
                case(
                    "LCA",
                    "Un article",
                    "Il tousse.",
                    vec![("", embolism()), ("L’embolie pulmonaire est confirmée.", next("Quels examens ?"))],
                ),
            ],
            vec![case(
                "DP",
                "Une dyspnée",
                "Il tousse.",
                vec![("", embolism()), ("L’embolie pulmonaire est confirmée.", next("Quels examens ?"))],
            )],
        ),
        (
            "answer_in_title",
            vec![case("DP", "Une embolie pulmonaire", "Il tousse.", vec![("", embolism())])],
            vec![case("DP", "Une dyspnée", "Il tousse.", vec![("", embolism())])],
        ),
        (
            "chained_question",
            vec![case(
                "DP",
                "Une dyspnée",
                "Il tousse.",
                vec![("", embolism()), ("", next("Quels examens confirment ce diagnostic ?"))],
            )],
            vec![case(
                "DP",
                "Une dyspnée",
                "Il tousse.",
                vec![("", embolism()), ("L’embolie est confirmée.", next("Quels examens confirment ce diagnostic ?"))],
            )],
        ),
    ]
}

#[test]
fn every_code_has_an_example_and_a_counterexample() {
    let table = table();
    let named: Vec<&str> = table.iter().map(|(name, ..)| *name).collect();
    let all: Vec<&str> = CATALOGUE.iter().map(|e| e.code.name()).collect();
    assert_eq!(named, all, "the table follows the catalogue");
    let mut wrong = Vec::new();
    for (name, has, has_not) in table {
        let code = Code::from_name(name).expect("a code");
        for (i, e) in has.iter().enumerate() {
            if !codes(e).contains(&code) {
                wrong.push(format!("{name} missed in example {i}: {:?}", codes(e)));
            }
        }
        for (i, e) in has_not.iter().enumerate() {
            if codes(e).contains(&code) {
                wrong.push(format!("{name} told of counterexample {i}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_sound_question_has_no_flaw() {
    assert_eq!(flaws(&good()), vec![]);
}

#[test]
fn the_catalogue_is_what_codes_point_at() {
    for entry in CATALOGUE {
        assert_eq!(entry.code.entry().title, entry.title);
        let name = entry.code.name();
        assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{name}");
        for text in [entry.title, entry.why, entry.advice, entry.source] {
            assert!(!text.is_empty() && !text.contains('\''), "{name}: {text}");
        }
        assert!(entry.why.ends_with('.') && entry.advice.ends_with(['.', '?']), "{name}");
    }
    assert_eq!(serde_json::to_value(Code::AllTrue).unwrap(), json!("all_true"));
}

#[test]
fn the_flaw_says_where_what_and_how() {
    let e = ask("QRU", GOOD, &["*Fièvre", "La toux est TOUJOURS sèche", "Asthénie", "Prurit"]);
    let found: Vec<Flaw> = flaws(&e).into_iter().filter(|f| f.code == Code::AbsoluteTerm).collect();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].place.field, Field::Proposition("p1".into()));
    assert_eq!(&"La toux est TOUJOURS sèche"[found[0].ranges[0].clone()], "TOUJOURS");
    assert_eq!(
        (found[0].severity, found[0].message.as_str()),
        (Severity::Warning, "Terme absolu « TOUJOURS » dans une proposition fausse.")
    );
}

/// The text of a place; `None` where the place has none of its own.
fn text_of<'a>(element: &'a Element, flaw: &Flaw) -> Option<&'a str> {
    let question = element.questions().nth(flaw.place.part.unwrap_or(0));
    match (&flaw.place.field, element) {
        (Field::Title, Element::Case(c)) => Some(&c.title),
        (Field::Intro, Element::Case(c)) => Some(&c.intro),
        (Field::PartText, Element::Case(c)) => Some(&c.parts[flaw.place.part?].text),
        (Field::Stem, _) => question.map(|q| q.stem.as_str()),
        (Field::Comment, _) => question.map(|q| q.comment.as_str()),
        (Field::Image, _) => question.and_then(|q| q.image.as_ref()).map(|i| i.alt.as_str()),
        (Field::Proposition(id), _) => {
            question?.body.propositions().iter().find(|p| p.id == *id).map(|p| p.text.as_str())
        }
        (Field::Hypothesis | Field::Finding, _) => match &question?.body {
            docimo_engine::question::Body::Tcs { hypothesis, finding, .. } => {
                Some(if flaw.place.field == Field::Hypothesis { hypothesis } else { finding })
            }
            _ => None,
        },
        _ => None,
    }
}

fn check_ranges(element: &Element) {
    for flaw in flaws(element) {
        for range in &flaw.ranges {
            let text = text_of(element, &flaw).unwrap_or_else(|| panic!("{flaw:?} has ranges without a text"));
            assert!(range.start < range.end && text.get(range.clone()).is_some(), "{flaw:?} in {text:?}");
        }
    }
}

#[test]
fn ranges_are_of_the_text_of_their_place() {
    for (_, has, has_not) in table() {
        has.iter().chain(&has_not).for_each(check_ranges);
    }
}

fn anything() -> impl Strategy<Value = String> {
    let bits = [
        "toujours ",
        "ne ",
        "n’est pas ",
        "sauf ",
        "5 ",
        "10 mg",
        "à ",
        "2,5 %",
        "A et C",
        "**",
        "l’",
        "une",
        ":",
        "?",
        ". ",
        "œ",
        "e\u{301}",
        "😀",
        "<br",
        ">",
        "&lt;",
        "  ",
        ",",
        "IRM ",
        "réponse B ",
        "hyper",
        "hypo",
        "kaliémie ",
        "ci-dessous ",
        "\u{301}",
        "−",
        "__",
        "\n",
        "ce diagnostic ",
        "٣",
    ];
    prop_oneof![
        3 => prop::collection::vec(prop::sample::select(bits.to_vec()), 0..12).prop_map(|v| v.concat()),
        1 => any::<String>(),
    ]
}

proptest! {
    #[test]
    fn anything_at_all_is_read(stem in anything(), options in prop::collection::vec(anything(), 0..7), kind in 0_usize..5, alt in anything()) {
        let kind = ["QRU", "QRM", "QRP", "QRPL", "QCM"][kind];
        let refs: Vec<&str> = options.iter().map(String::as_str).collect();
        let e = asked(json!({"propositions": [], "image": {"file": "x", "alt": alt}}), kind, &stem, &[]);
        check_ranges(&e);
        check_ranges(&asked(json!({}), kind, &stem, if refs.is_empty() { &["x"] } else { &refs }));
        let open = qroc(&stem, &refs);
        check_ranges(&open);
        check_ranges(&case("DP", &stem, refs.first().copied().unwrap_or(""), vec![(&alt, open.clone()), (&stem, tcs(&alt, &stem, [1, 2, 3, 4, 5])), ("", open)]));
    }

    #[test]
    fn the_order_of_propositions_changes_nothing_else(stem in anything(), options in prop::collection::vec(anything(), 2..7), turn in 1_usize..6, kind in 0_usize..4) {
        let kind = ["QRU", "QRM", "QRPL", "QCM"][kind];
        let refs: Vec<&str> = options.iter().map(String::as_str).collect();
        let e = ask(kind, &stem, &refs);
        let mut turned = e.clone();
        if let Element::Question(q) = &mut turned && let Some(list) = q.body.propositions_mut() {
            let n = list.len();
            list.rotate_left(turn % n);
            list.swap(0, n - 1);
        }
        let sorted = |e: &Element| {
            let mut all: Vec<String> = flaws(e).iter().filter(|f| f.code != Code::UnorderedNumbers).map(|f| format!("{f:?}")).collect();
            all.sort();
            all
        };
        prop_assert_eq!(sorted(&e), sorted(&turned));
    }
}

/// Share of the questions that have each code; with `--nocapture`, a few of each to read.
fn shares(name: &str, elements: &[Element]) -> BTreeMap<&'static str, f64> {
    let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
    let mut seen: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
    for e in elements {
        let found = flaws(e);
        for code in found.iter().map(|f| f.code.name()).collect::<BTreeSet<_>>() {
            *counts.entry(code).or_default() += 1;
            let at = counts[code];
            // Spread, not the first ones.
            if at % 17 == 3 || at == 1 {
                let f = found.iter().find(|f| f.code.name() == code).expect("it was counted");
                let text = text_of(e, f).unwrap_or_default();
                let options = e
                    .questions()
                    .flat_map(|q| q.body.propositions())
                    .map(|p| format!("{}{}", if p.status.is_true() { "*" } else { "" }, p.text))
                    .collect::<Vec<_>>()
                    .join(" | ");
                let stem = e.questions().map(|q| q.stem.as_str()).collect::<Vec<_>>().join(" // ");
                seen.entry(code).or_default().push(format!(
                    "{} [{}] in «{text}»\n      {stem} || {options}",
                    f.message,
                    f.severity.french()
                ));
            }
        }
    }
    println!("{name}: {} questions", elements.len());
    for (code, n) in &counts {
        println!("{code:28} {:5.1} %  ({n})", 100.0 * *n as f64 / elements.len() as f64);
        for line in seen.get(code).into_iter().flatten().take(6) {
            println!("    {line}");
        }
    }
    counts.into_iter().map(|(code, n)| (code, 100.0 * n as f64 / elements.len() as f64)).collect()
}

#[test]
fn the_real_questions() {
    let Some(path) = shared("questions/frenchmedmcqa_train.moodle.xml") else { return };
    let import = read(&fs::read(path).unwrap(), "x.moodle.xml", None).unwrap();
    let elements: Vec<Element> = import.entries.into_iter().map(|e| e.element).collect();
    let share = shares("FrenchMedMCQA", &elements);
    // Bounds within which a change of the rules goes unnoticed; beyond, someone should read the hits again.
    for (code, least, most) in BOUNDS {
        let found = share.get(code).copied().unwrap_or(0.0);
        assert!((*least..=*most).contains(&found), "{code}: {found:.1} %");
    }
}

const BOUNDS: &[(&str, f64, f64)] = &[
    ("absolute_term", 4.0, 12.0),
    ("acronym_not_spelled", 0.5, 5.0),
    ("all_true", 1.0, 3.0),
    ("clang", 0.5, 3.0),
    ("double_barrelled", 0.5, 3.0),
    ("double_negative", 1.0, 4.0),
    ("heterogeneous_case", 0.2, 2.0),
    ("heterogeneous_form", 0.0, 3.0),
    ("heterogeneous_punctuation", 1.0, 6.0),
    ("longest_key", 0.3, 3.0),
    ("negative_option", 1.5, 6.0),
    ("negative_stem_unmarked", 12.0, 18.0),
    ("no_subject", 1.0, 4.0),
    ("none_of_the_above", 5.0, 6.5),
    ("trick_negative", 2.5, 8.0),
    ("typography", 0.0, 1.5),
    ("unfocused_stem", 30.0, 52.0),
    ("vague_frequency", 5.0, 12.0),
    ("missing_rank", 100.0, 100.0),
    ("near_identical_options", 0.0, 0.5),
    ("count_contradiction", 0.0, 0.5),
    ("missing_image", 0.0, 0.5),
    ("grammatical_cue", 0.0, 0.5),
];

#[test]
fn the_machine_translated_questions() {
    let Some(path) = shared("questions/casimedicos_fr_train.json") else { return };
    let list: Vec<Value> = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let elements: Vec<Element> = list
        .iter()
        .map(|v| {
            let options: Vec<String> = v["options"]
                .as_object()
                .unwrap()
                .iter()
                .map(|(k, t)| format!("{}{}", if v["correct"] == **k { "*" } else { "" }, t.as_str().unwrap()))
                .collect();
            ask("QRU", v["stem"].as_str().unwrap(), &options.iter().map(String::as_str).collect::<Vec<_>>())
        })
        .collect();
    let share = shares("CasiMedicos", &elements);
    // Options that were missing are written "nan".
    assert!(share["placeholder"] > 20.0, "{share:?}");
}

/// The demonstration bank is written to be sound: what is told of it is mostly a false alarm.
#[test]
fn the_demonstration_questions_raise_few_alarms() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../api/demo");
    let mut elements = Vec::new();
    for name in ["questions-1.json", "questions-2.json", "cases.json", "first-cycle.json", "images.json"] {
        let bytes = fs::read(folder.join(name)).unwrap();
        elements.extend(read(&bytes, name, None).unwrap().entries.into_iter().map(|e| e.element));
    }
    assert!(elements.len() > 50);
    shares("demonstration", &elements);
    let questions = elements.iter().flat_map(Element::questions).count();
    let told = elements.iter().flat_map(flaws).filter(|f| f.severity > Severity::Info).count();
    assert!(told * 10 < questions, "{told} warnings on {questions} questions");
    let strong: Vec<_> = elements.iter().flat_map(flaws).filter(|f| f.severity == Severity::Strong).collect();
    assert!(strong.is_empty(), "{strong:#?}");
}

/// The codes that answer to a pattern of the shared rules.
fn codes_of(pattern: &str) -> &'static [&'static str] {
    match pattern {
        "ABS" => &["absolute_term"],
        "VAGUE" => &["vague_frequency"],
        "NEG_STEM" => &["negative_stem", "negative_stem_unmarked"],
        "NEG_PROP" => &["trick_negative", "negative_option"],
        "DOUBLE_NEG" => &["double_negative"],
        "AOTA" => &["all_of_the_above"],
        "NOTA" => &["none_of_the_above"],
        "KTYPE" => &["combined_answers"],
        "REF_OTHER" => &["refer_to_another"],
        "DOUBLE_BARREL" => &["double_barrelled"],
        "BLANK" => &["blank_in_stem"],
        "EMPTY_LEAD" => &["unfocused_stem", "no_subject"],
        "COUNT_CUE" => &["count_contradiction"],
        _ => &[],
    }
}

#[test]
fn the_shared_phrases() {
    let Some(path) = shared("rules/test_regex.py") else { return };
    let script = fs::read_to_string(path).expect("the shared rules are text");
    let (mut read, mut wrong) = (0, Vec::new());
    for line in script.lines() {
        for piece in line.split("('").skip(1) {
            let Some((pattern, rest)) = piece.split_once("\',\"") else { continue };
            let Some((phrase, rest)) = rest.split_once("\",") else { continue };
            let wanted = rest.starts_with('1');
            let of_stem = matches!(pattern, "NEG_STEM" | "BLANK" | "EMPTY_LEAD" | "COUNT_CUE");
            let q = if of_stem {
                ask("QRM", phrase, &["*Fièvre", "Toux", "Dyspnée", "*Asthénie", "Douleur"])
            } else {
                ask(
                    "QRM",
                    "Quels sont les signes de la grippe ?",
                    &["*Fièvre", phrase, "Dyspnée", "*Asthénie", "Douleur"],
                )
            };
            let found: Vec<&str> = flaws(&q).iter().map(|f| f.code.name()).collect();
            let has = codes_of(pattern).iter().any(|c| found.contains(c));
            read += 1;
            if has != wanted {
                wrong.push(format!("{pattern} {phrase:?}, wanted {wanted}: {found:?}"));
            }
        }
    }
    assert!(read >= 30, "only {read} phrases were read");
    assert!(wrong.is_empty(), "{wrong:#?}");
}
