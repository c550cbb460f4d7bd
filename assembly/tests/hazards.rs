//! What forbids freezing, and who may allow it.

use docimo_assembly::hazards::{Chosen, Meeting, Override, Pair, PastPaper, PastUnit};
use docimo_assembly::{freeze, hazards};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn chosen(id: &str, prints: &[&str]) -> Chosen {
    Chosen { id: id.into(), prints: prints.iter().map(|p| (*p).to_owned()).collect(), exposed_to: BTreeSet::new() }
}

fn past(id: &str, units: &[(&str, &[&str])]) -> PastPaper {
    let unit = |(id, prints): &(&str, &[&str])| PastUnit {
        id: (*id).into(),
        prints: prints.iter().map(|p| (*p).to_owned()).collect(),
    };
    PastPaper {
        id: id.into(),
        title: "ECNi blanche".into(),
        day: "2017-03-06".into(),
        units: units.iter().map(unit).collect(),
    }
}

fn near(unit: &str, paper: Option<&str>, other: &str, similarity: f64) -> Pair {
    Pair { unit: unit.into(), paper: paper.map(Into::into), other: other.into(), similarity }
}

#[test]
fn a_case_already_sat_is_refused_until_someone_answers_for_it() {
    let paper = [chosen("dp-9", &["h1", "h2"])];
    let before = [past("mock", &[("dp-3", &["h2", "h7"])])];
    let found = hazards(&paper, &before, &[], 0.8, &BTreeSet::new());
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].meeting, Meeting::SameText);
    assert!(found[0].message.contains("« dp-3 » de « ECNi blanche » (2017-03-06)"), "{}", found[0].message);
    let refusal = freeze(&found, &[]).expect_err("nobody answers");
    assert_eq!(refusal.hazards, found);
    let answer =
        |by: &str, reason: &str| Override { hazard: found[0].key.clone(), by: by.into(), reason: reason.into() };
    let unsigned = freeze(&found, &[answer(" ", "texte public")]).expect_err("no name");
    assert!(unsigned.messages[0].contains("sans le nom"), "{:?}", unsigned.messages);
    let silent = freeze(&found, &[answer("Dr Martin", "")]).expect_err("no reason");
    assert!(silent.messages[0].contains("sans son motif"), "{:?}", silent.messages);
    let cleared = freeze(&found, &[answer("Dr Martin", "énoncé réécrit")]).expect("answered for");
    assert_eq!(cleared.granted()[0].1.by, "Dr Martin");
    // The text changes: the override no longer holds.
    let changed = hazards(&[chosen("dp-9", &["h1", "h2", "h8"])], &before, &[], 0.8, &BTreeSet::new());
    assert!(freeze(&changed, &[answer("Dr Martin", "énoncé réécrit")]).is_err());
}

#[test]
fn every_meeting_is_found_once() {
    let mut seen = chosen("q1", &["a"]);
    seen.exposed_to.insert("DFASM3".into());
    let paper = [seen, chosen("q2", &["b"]), chosen("q3", &["b"]), chosen("q4", &["d"])];
    let before = [past("p1", &[("q1", &["a"]), ("x", &["z"])]), past("p2", &[("q1", &["old"])])];
    let pairs = [near("q4", Some("p1"), "x", 0.91), near("q4", Some("p1"), "y", 0.5), near("q1", None, "q4", 0.85)];
    let cohorts = BTreeSet::from(["DFASM3".to_owned()]);
    let found = hazards(&paper, &before, &pairs, 0.8, &cohorts);
    let met: Vec<(&str, Meeting)> = found.iter().map(|h| (h.unit.as_str(), h.meeting)).collect();
    assert_eq!(
        met,
        [
            ("q1", Meeting::SameUnit),
            ("q1", Meeting::SameUnit),
            ("q1", Meeting::Twins),
            ("q1", Meeting::Exposed),
            ("q2", Meeting::Twins),
            ("q4", Meeting::Near),
        ]
    );
    assert!(hazards(&paper[1..2], &before, &[], 0.8, &cohorts).is_empty());
    assert!(freeze(&[], &[]).is_ok());
}

proptest! {
    /// The rule itself: frozen if and only if each hazard has a named override with a reason.
    #[test]
    fn frozen_only_when_all_are_answered_for(n in 0_usize..6, answered in 0_u8..64, named in 0_u8..64, why in 0_u8..64) {
        let paper: Vec<Chosen> = (0..n).map(|i| chosen(&format!("q{i}"), &[])).collect();
        let ids: Vec<String> = (0..n).map(|i| format!("q{i}")).collect();
        let units: Vec<(&str, &[&str])> = ids.iter().map(|id| (id.as_str(), &[][..])).collect();
        let found = hazards(&paper, &[past("p", &units)], &[], 0.8, &BTreeSet::new());
        prop_assert_eq!(found.len(), n);
        let bit = |mask: u8, i: usize| mask >> i & 1 == 1;
        let overrides: Vec<Override> = (0..n)
            .filter(|i| bit(answered, *i))
            .map(|i| Override {
                hazard: found[i].key.clone(),
                by: if bit(named, i) { "Pr Durand".into() } else { String::new() },
                reason: if bit(why, i) { "relu".into() } else { String::new() },
            })
            .collect();
        let all = (0..n).all(|i| bit(answered, i) && bit(named, i) && bit(why, i));
        prop_assert_eq!(freeze(&found, &overrides).is_ok(), all);
    }
}
