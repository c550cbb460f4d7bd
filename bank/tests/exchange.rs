//! Imports of real files, read in place, and of anything at all.

mod exchange_common;
mod shared;

use docimo_bank::exchange::{Format, ReadError, Reading, duplicates, read};
use docimo_engine::question::Kind;
use proptest::prelude::*;
use shared::shared;
use std::fs;
use std::path::Path;

fn read_file(path: &Path) -> Result<Reading, ReadError> {
    let name = path.file_name().expect("a file has a name").to_string_lossy();
    read(&fs::read(path).expect("the file is there"), &name, None)
}

fn kinds(import: &Reading, kind: Kind) -> usize {
    import.entries.iter().flat_map(|e| e.element.questions()).filter(|q| q.kind() == kind).count()
}

/// Counts found by another program (Python's ElementTree and json) on this file and its JSON twin.
#[test]
fn frenchmedmcqa_with_its_known_defects() {
    let Some(path) = shared("questions/frenchmedmcqa_train.moodle.xml") else { return };
    let import = read_file(&path).unwrap();
    assert_eq!(import.format, Format::MoodleXml);
    assert_eq!(import.entries.len() + import.faulty.len(), 2171);
    // The item with two identical options, "A+".
    let faulty: Vec<_> = import.faulty.iter().map(|f| (f.place.as_str(), f.reason.as_str())).collect();
    assert_eq!(faulty.len(), 2, "{faulty:?}");
    // The identifier given twice is borne by the very same question: read once.
    assert!(faulty[1].0.starts_with("question 1221, ") && faulty[1].1.starts_with("copie exacte de question 1188, "));
    assert!(faulty[0].1.contains("proposition B : le texte est celui d’une autre proposition"), "{faulty:?}");
    assert_eq!((kinds(&import, Kind::Qru), kinds(&import, Kind::Qrm)), (QRU, QRM));
    assert!(import.entries.iter().all(|e| e.category.as_deref() == Some("FrenchMedMCQA")));

    let pairs = duplicates(&import.entries);
    assert_eq!(pairs.len(), DUPLICATES.len());
    for ((first, again), (a, b)) in pairs.iter().zip(DUPLICATES) {
        assert!(
            first.starts_with(&format!("question {}, ", a + 1)) && again.starts_with(&format!("question {}, ", b + 1)),
            "{first} {again}"
        );
    }
    let warned = |text: &str| import.entries.iter().filter(|e| e.warnings.iter().any(|w| w.contains(text))).count();
    assert_eq!(warned("doublon de question"), DUPLICATES.len());
    assert_eq!(warned("(même clé)"), DUPLICATES.len());
    // The README announces six items with HTML entities; this copy has none left once its HTML is read.
    assert_eq!(warned("entités HTML"), 0);
    assert_eq!(warned("pénalité par essai"), import.entries.len());
    let mut ids: Vec<_> = import.entries.iter().map(|e| e.element.id()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), import.entries.len());
    assert_eq!(read_file(&path).unwrap(), import, "not the same from run to run");
}

const QRU: usize = 593;
const QRM: usize = 1576;
/// Positions from 0, by the later one.
const DUPLICATES: [(usize, usize); 5] = [(485, 569), (1158, 1315), (1219, 1331), (1218, 1364), (1595, 1992)];

/// The texts and the keys of the Moodle file are those of its JSON twin, question by question.
#[test]
fn frenchmedmcqa_is_its_json_twin() {
    let (Some(xml), Some(json)) =
        (shared("questions/frenchmedmcqa_train.moodle.xml"), shared("questions/frenchmedmcqa_train.json"))
    else {
        return;
    };
    let import = read_file(&xml).unwrap();
    let twin: Vec<serde_json::Value> = serde_json::from_slice(&fs::read(json).unwrap()).unwrap();
    // Markdown escapes removed, spaces made one: what HTML keeps of a text.
    let plain = |text: &str| {
        let text = text.replace("\u{200b}", "").replace("\u{ad}", "");
        text.replace('\\', "").split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let mut seen = 0;
    for entry in &import.entries {
        let number: usize = entry.place.split([' ', ',']).nth(1).unwrap().parse().unwrap();
        let wanted = &twin[number - 1];
        let question = entry.element.questions().next().unwrap();
        assert_eq!(plain(&question.stem), plain(wanted["question"].as_str().unwrap()), "{}", entry.place);
        let right: Vec<&str> =
            wanted["correct_answers"].as_array().unwrap().iter().map(|c| c.as_str().unwrap()).collect();
        for p in question.body.propositions() {
            assert_eq!(plain(&p.text), plain(wanted["answers"][p.id.as_str()].as_str().unwrap()), "{}", entry.place);
            assert_eq!(p.status.is_true(), right.contains(&p.id.as_str()), "{}", entry.place);
        }
        seen += 1;
    }
    assert_eq!(seen, 2169);
}

/// A backup is no export, and says what to do.
#[test]
fn backups_are_told() {
    for file in ["moodle1_backup_questions.xml", "moodle_28_quiz.mbz"] {
        let Some(path) = shared(&format!("fixtures/moodle/moodle-core-3.3.1/{file}")) else { return };
        assert_eq!(read_file(&path), Err(ReadError::MoodleBackup), "{file}");
    }
}

#[test]
fn the_picture_beside_the_text_of_moodle_1_9() {
    let Some(path) = shared("fixtures/moodle/moodle-core-3.3.1/format-xml/sample_questions_with_old_image_tag.xml")
    else {
        return;
    };
    let import = read_file(&path).unwrap();
    assert_eq!(import.entries[0].media.len(), 1);
    assert_eq!(
        (import.entries[0].media[0].name.as_str(), import.entries[0].media[0].mime),
        ("moodle.png", "image/png")
    );
}

/// The demonstration bank, edited by others: only what must always hold.
#[test]
fn the_demonstration_bank_imports_without_fault() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../api/demo");
    let mut questions = 0;
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|e| e == "json") {
            let import = read_file(&path).unwrap();
            assert_eq!(import.format, Format::Json);
            assert_eq!(import.faulty, [], "{}", path.display());
            assert_eq!(duplicates(&import.entries), [], "{}", path.display());
            questions += import.entries.iter().map(|e| e.element.questions().count()).sum::<usize>();
            for entry in &import.entries {
                for warning in &entry.warnings {
                    assert!(
                        !warning.contains("sans effet") && !warning.contains("entités"),
                        "{} {}",
                        entry.place,
                        warning
                    );
                }
            }
        }
    }
    assert!(questions >= 80, "{questions}");
}

const XML: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<quiz>
<question type="category"><category><text>$course$/top/A</text></category></question>
<!-- question: 1 -->
<question type="multichoice"><name><text>N&#233;</text></name><questiontext format="html"><text><![CDATA[<p>Une <b>q</b> <img src="@@PLUGINFILE@@/a.png"> &lt; <table><tr><td>x</td><td>y</td></tr></table></p>]]></text><file name="a.png" encoding="base64">iVBORw0KGgo=</file></questiontext>
<generalfeedback><text>&lt;ul&gt;&lt;li&gt;x&lt;/li&gt;&lt;/ul&gt;</text></generalfeedback><penalty>0.1</penalty><single>false</single><answer fraction="50"><text>a</text></answer><answer fraction="50"><text>b</text></answer><answer fraction="-100"><text>c</text><feedback><text>H<![CDATA[<sub>2</sub>]]></text></feedback></answer><answer fraction="0"><text>d</text></answer></question>
<question type="shortanswer"><questiontext><text>?</text></questiontext><answer fraction="100"><text>x</text></answer></question>
<question type="essay"/>
</quiz>"#;

const JSON: &str = r#"{"format":"docimo-questions/1","title":"T","entries":[
{"id":"q-1","kind":"QRU","stem":"é ?","rank":"A","weight":"2/3","propositions":[{"id":"a","text":"un","status":"vrai"},{"id":"b","text":"deux","status":"faux"},{"id":"c","text":"trois","status":"faux"},{"id":"d","text":"quatre","status":"faux"}]},
{"id":"q-2","kind":"QZP","stem":"?","expected":1,"image":{"file":"f","alt":"a"},"zones":[{"id":"z","name":"n","shape":{"polygon":[[0,0],[1,0],[0.5,1]]}}]},
{"id":"c-1","kind":"KFP","title":"t","intro":"i","parts":[{"text":"","question":{"id":"q-3","kind":"TCS","stem":"?","hypothesis":"h","finding":"f","panel":[1,2,3,4,5]}}]}]}"#;

#[test]
fn the_samples_are_read() {
    assert_eq!(read(XML.as_bytes(), "x.xml", None).unwrap().entries.len(), 2);
    assert_eq!(read(JSON.as_bytes(), "x.json", None).unwrap().entries.len(), 3);
}

#[test]
fn every_truncation_is_an_error() {
    for text in [XML, JSON] {
        for end in 0..text.len() {
            assert!(read(&text.as_bytes()[..end], "x", None).is_err(), "{end}");
        }
    }
}

#[test]
fn an_essay_without_a_key_is_kept_until_it_has_one() {
    let import = read(b"\x0e{}\x0e", "x", None).unwrap();
    let faults = docimo_bank::faults(&import.entries[0].element);
    assert!(docimo_engine::check::refused(&faults) && !docimo_engine::check::unkeepable(&faults));
    assert!(!import.entries[0].warnings.is_empty());
    read_all_ways(b"\x0e{}\x0e");
}

fn read_all_ways(bytes: &[u8]) {
    for format in [None, Some(Format::Json), Some(Format::MoodleXml)] {
        if let Ok(import) = read(bytes, "x", format) {
            let _ = duplicates(&import.entries);
            for entry in &import.entries {
                // What is given for good can be kept. A question that awaits its key can, and no paper takes it.
                assert!(!docimo_engine::check::unkeepable(&docimo_bank::faults(&entry.element)));
            }
        }
    }
}

proptest! {
    #[test]
    fn mutated_files_never_panic(xml: bool, edits in prop::collection::vec((any::<prop::sample::Index>(), 0usize..12, prop::collection::vec(any::<u8>(), 0..6)), 1..6)) {
        let mut bytes = if xml { XML } else { JSON }.as_bytes().to_vec();
        for (at, cut, insert) in edits {
            let at = at.index(bytes.len().max(1)).min(bytes.len());
            let end = (at + cut).min(bytes.len());
            bytes.splice(at..end, insert);
        }
        read_all_ways(&bytes);
    }

    #[test]
    fn pieces_in_any_order_never_panic(xml: bool, picks in prop::collection::vec((any::<prop::sample::Index>(), 1usize..60), 1..20)) {
        let text = if xml { XML } else { JSON };
        let mut bytes = if xml { b"<quiz>".to_vec() } else { Vec::new() };
        for (at, length) in picks {
            let at = at.index(text.len());
            bytes.extend(&text.as_bytes()[at..(at + length).min(text.len())]);
        }
        read_all_ways(&bytes);
    }

    #[test]
    fn any_value_in_any_field_never_panics(at in any::<prop::sample::Index>(), value in prop::sample::select(vec!["null", "true", "-1", "1e300", "99999999999999999999", "\"\"", "[]", "{}", "[[1]]", "0.1", "\"\\u0000\""])) {
        let starts: Vec<usize> = JSON.match_indices(':').map(|(i, _)| i + 1).collect();
        let start = starts[at.index(starts.len())];
        let end = start + JSON[start..].find([',', '}', ']']).unwrap_or(0);
        read_all_ways(format!("{}{value}{}", &JSON[..start], &JSON[end..]).as_bytes());
    }

    #[test]
    fn any_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        read_all_ways(&bytes);
    }
}
