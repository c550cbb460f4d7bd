//! The key and the panellists are the engine's; a faulty file is refused whole.

use super::*;
use docimo_engine::docimology::panel::{Panel, Rules, analyse as engine};

/// The first official example of a panel: votes 0, 9, 7, 3, 0 (RULES §1.7), and a second question.
fn file() -> String {
    let first = [-1; 9].iter().chain(&[0; 7]).chain(&[1; 3]);
    let second = [-1].iter().chain(&[0; 15]).chain(&[1; 3]);
    let lines = first.zip(second).enumerate().map(|(i, (a, b))| format!("E{i};{a};{b}"));
    format!("panelist;t1;t2\n{}\n", lines.collect::<Vec<_>>().join("\n"))
}

#[test]
fn a_panel_is_read_as_the_engine_reads_it() {
    let document = read("panel.csv", file().as_bytes()).unwrap_or_else(|e| panic!("{e:?}"));
    assert_eq!(document.key[0].correct, "0|9|7|3|0");
    assert_eq!(document.key[1].correct, "0|1|15|3|0");
    let answers = file().lines().skip(1).map(|l| l.split(';').skip(1).map(|c| c.parse().ok()).collect()).collect();
    let expected = engine(&Panel::new(answers).unwrap(), &Rules::default()).unwrap();
    assert_eq!(document.found.analysis.as_ref(), Some(&expected));
    assert!((expected.questions[0].credits.unwrap()[2] - 7.0 / 9.0).abs() < 1e-12);
    let json = serde_json::to_value(&document).unwrap();
    assert_eq!(json["key"][0]["kind"], "TCS");
    assert_eq!(json["analysis"]["size"], "good");
    assert!(text(&document).contains("19 panélistes"));
}

#[test]
fn a_faulty_panel_is_refused_with_its_lines() {
    for (content, place) in [
        ("panelist;t1\nA;3\nB;1\nC;0\n", "ligne 2, colonne t1"),
        ("t1;t2\n1;1\n", "colonne « juge » absente"),
        ("panelist;t1\nA;1\nB;1\n", "il en faut au moins 3"),
        ("panelist;t1;T1\nA;1;1\n", "la même colonne"),
    ] {
        match read("panel.csv", content.as_bytes()) {
            Err(Failure::Input(text)) => assert!(text.contains(place), "{text}"),
            other => panic!("{place}: {:?}", other.err()),
        }
    }
}
