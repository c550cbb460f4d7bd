//! Files made by other programs, read in place: what each holds, and what is told of what it cannot give.

mod exchange_common;
mod shared;

use docimo_bank::exchange::{Format, ReadError, Reading, read};
use docimo_engine::check::Severity;
use docimo_engine::question::Kind;
use shared::shared;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

fn read_file(path: &Path) -> Result<Reading, ReadError> {
    let name = path.file_name().expect("a file has a name").to_string_lossy();
    read(&fs::read(path).expect("the file is there"), &name, None)
}

/// Path, format, number of items (none if the index does not say), note.
fn index() -> Vec<(PathBuf, String, Option<usize>, String)> {
    let Some(index) = shared("fixtures/index.csv") else { return Vec::new() };
    let folder = index.parent().expect("a file has a folder").to_owned();
    let mut rows = csv::Reader::from_path(&index).expect("the index opens");
    rows.records()
        .map(|row| {
            let row = row.expect("the index is sound");
            (folder.join(&row[0]), row[3].to_owned(), row[4].parse().ok(), row[5].to_owned())
        })
        .collect()
}

#[test]
fn every_item_is_read_or_told() {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for (path, format, items, note) in index() {
        let wanted = match format.as_str() {
            "Moodle XML" if items != Some(0) => Format::MoodleXml,
            "GIFT" => Format::Gift,
            "Aiken" => Format::Aiken,
            "AMC LaTeX" => Format::AmcLatex,
            "AMC-TXT" => Format::AmcTxt,
            "QTI 1.2" | "QTI 2.1" | "QTI 2.2" => Format::Qti,
            _ => continue,
        };
        *seen.entry(format.clone()).or_default() += 1;
        let shown = path.display();
        if note.contains("not well-formed") && !note.contains("XML declaration") {
            let error = read_file(&path).expect_err("a malformed file is refused");
            assert!(matches!(error, ReadError::XmlSyntax { line, .. } if line > 1), "{shown} {error}");
            continue;
        }
        let reading = match read_file(&path) {
            Ok(reading) => reading,
            // A root that is no item.
            Err(ReadError::NotQuiz { .. }) if items == Some(0) => continue,
            Err(error) => panic!("{shown} {error}"),
        };
        assert_eq!(reading.format, wanted, "{shown}");
        let told = reading.entries.len() + reading.faulty.len();
        match items {
            // A test alone only points elsewhere: that is told.
            Some(0) if wanted == Format::Qti => assert!(reading.entries.is_empty(), "{shown}"),
            // The index counts a category.
            Some(_) if shown.to_string().ends_with("categorySpecialCharacter.gift") => assert_eq!(told, 0),
            Some(items) if !note.contains("approx") => assert_eq!(told, items, "{shown} {:?}", reading.faulty),
            // The index counts blocks, comments among them.
            _ => assert!(told > 0, "{shown}"),
        }
        for fault in &reading.faulty {
            assert!(!fault.place.is_empty() && !fault.reason.is_empty(), "{shown}");
        }
        assert_eq!(read_file(&path).unwrap(), reading, "{shown}: not the same from run to run");
    }
    if !seen.is_empty() {
        let got: Vec<(&str, usize)> = seen.iter().map(|(name, n)| (name.as_str(), *n)).collect();
        assert_eq!(
            got,
            [
                ("AMC LaTeX", 12),
                ("AMC-TXT", 4),
                ("Aiken", 1),
                ("GIFT", 28),
                ("Moodle XML", 14),
                ("QTI 1.2", 38),
                ("QTI 2.1", 31),
                ("QTI 2.2", 50)
            ]
        );
    }
}

/// What each item becomes: the format's name, then kinds read and reasons told, so that a change shows.
fn census(filter: impl Fn(&str) -> bool) -> (BTreeMap<&'static str, usize>, usize) {
    let mut kinds: BTreeMap<&'static str, usize> = BTreeMap::new();
    let mut refused = 0;
    for (path, ..) in index().into_iter().filter(|(_, format, ..)| filter(format)) {
        let Ok(reading) = read_file(&path) else { continue };
        for element in reading.elements() {
            let kind = match element {
                docimo_engine::paper::Element::Question(q) => q.kind().code(),
                docimo_engine::paper::Element::Case(c) => c.kind.code(),
            };
            *kinds.entry(kind).or_default() += 1;
        }
        refused += reading.faulty.iter().filter(|f| f.severity == Severity::Error).count();
    }
    (kinds, refused)
}

#[test]
fn what_they_become() {
    if index().is_empty() {
        return;
    }
    let found: Vec<String> = [
        ("Moodle", (|f: &str| f == "Moodle XML") as fn(&str) -> bool),
        ("GIFT", |f| f == "GIFT"),
        ("Aiken", |f| f == "Aiken"),
        ("AMC", |f| f.starts_with("AMC-") || f == "AMC LaTeX"),
        ("QTI 1.2", |f| f == "QTI 1.2"),
        ("QTI 2", |f| f.starts_with("QTI 2")),
        ("zip", |f| f.starts_with("zip")),
    ]
    .into_iter()
    .map(|(name, filter)| format!("{name} {:?}", census(filter)))
    .collect();
    assert_eq!(found, WANTED, "{found:#?}");
}

/// By this reader; each refusal was looked at: uploads, drawn values, orders, pictures that are not
/// there, options without text, tests without their items.
const WANTED: [&str; 7] = [
    r#"Moodle ({"QRM": 1, "QROC": 2, "QRU": 5, "QZP": 1, "mini-DP": 5}, 1)"#,
    r#"GIFT ({"QRM": 4, "QROC": 35, "QRU": 33, "mini-DP": 5}, 0)"#,
    r#"Aiken ({"QRU": 2}, 0)"#,
    r#"AMC ({"QRM": 22, "QRU": 26}, 4)"#,
    r#"QTI 1.2 ({"QRM": 6, "QROC": 25, "QRU": 33, "mini-DP": 7}, 14)"#,
    r#"QTI 2 ({"QRM": 4, "QROC": 7, "QRU": 10, "mini-DP": 4}, 46)"#,
    r#"zip ({"QRM": 3, "QROC": 3, "QRU": 6}, 0)"#,
];

#[test]
fn aiken_and_amc_keys() {
    let Some(path) = shared("fixtures/aiken/moodle-core-3.3.1/questions.aiken.txt") else { return };
    let reading = read_file(&path).unwrap();
    let keys: Vec<String> = reading
        .elements()
        .flat_map(|e| e.questions())
        .map(|q| q.body.propositions().iter().map(|p| if p.status.is_true() { '1' } else { '0' }).collect())
        .collect();
    assert_eq!(keys, ["0100", "10"]);
    for (file, ids) in [
        ("fr/groupes/groupes.tex", ["paris", "cameroun", "marignan", "nantes"].as_slice()),
        ("fr/simple/simple.tex", ["prez", "pref"].as_slice()),
    ] {
        let reading = read_file(&shared(&format!("fixtures/amc/debian-amc-1.6.0/{file}")).unwrap()).unwrap();
        let got: Vec<&str> = reading.elements().map(|e| e.id()).collect();
        assert_eq!(got, ids, "{file} {:?}", reading.faulty);
        assert!(reading.elements().flat_map(|e| e.questions()).all(|q| matches!(q.kind(), Kind::Qru | Kind::Qrm)));
    }
}

#[test]
fn packages() {
    for (file, items) in [("test_qti_1.2.zip", 3), ("test_qti_2.1.zip", 5), ("test_qti_2.2.zip", 5)] {
        let Some(path) = shared(&format!("fixtures/qti/instructure-qti/{file}")) else { return };
        let reading = read_file(&path).unwrap();
        assert_eq!(reading.format, Format::Qti);
        assert_eq!(reading.entries.len() + reading.faulty.len(), items, "{file} {:?}", reading.faulty);
    }
}

/// The index of GIFT counts 43 and 9 blocks; what is a question among them was counted by hand.
#[test]
fn the_examples_of_moodle() {
    let Some(path) = shared("fixtures/gift/moodle-core-3.3.1/examples.txt") else { return };
    let reading = read_file(&path).unwrap();
    // Eleven are copies of earlier ones, letter by letter, which is told.
    let copies = reading.faulty.iter().filter(|f| f.severity == Severity::Warning).count();
    assert_eq!((reading.entries.len(), copies, reading.faulty.len()), (32, 11, 11), "{:?}", reading.faulty);
}
