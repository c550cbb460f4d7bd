//! Every file of the reference folder is read by a test. A file that no line below names fails the build: give it a
//! test, then a line; a line that names no file fails too.
#![allow(clippy::unwrap_used, reason = "a test stops at the first thing that is not there")]

mod common;

use common::reference::psychometrics;
use std::collections::BTreeSet;

/// Patterns (`*` stands for anything but `/`) and the tests that read what they name. All of these compare numbers;
/// those that a package gets wrong are compared the other way (what is found here is likelier or nearer the truth).
const READ_BY: &[(&str, &str)] = &[
    // Data and keys.
    ("classic/*.data.csv", "classical, irt, packages, conditional, nominal, dif (verbal)"),
    ("classic/SAT12.key.json", "propositions"),
    ("classic/SAT12.options.csv", "propositions"),
    ("collusion/copydetect.data.csv", "irregularities"),
    ("equating/*.data.csv", "equating"),
    ("equating/KBneat.?.csv", "equating"),
    // Classical statistics.
    ("classic/*.D27.csv", "classical"),
    ("classic/*.ctt.json", "classical"),
    ("classic/*.ctt_*.csv", "classical"),
    ("classic/SAT12.distractors_CTTpkg.csv", "propositions"),
    ("synthetic/opt_*.rctt_distractor.csv", "propositions"),
    ("synthetic/2pl_*.rctt_items.csv", "classical"),
    ("synthetic/2pl_*.rpsych_alpha.csv", "classical"),
    ("synthetic/2pl_*.rltm_descript.csv", "classical"),
    ("synthetic/2pl_*.rmirt_itemstats.csv", "classical"),
    ("synthetic/2pl_*.rtam_ctt.csv", "classical"),
    // mirt on the classic sets.
    ("classic/*.rasch.*", "irt"),
    ("classic/*.2pl.*", "irt"),
    ("classic/SAT12.3pl_prior.json", "irt"),
    ("classic/Science.pcm.*", "irt"),
    ("classic/Science.gpcm.*", "irt"),
    ("classic/Science.grm.*", "irt"),
    ("classic/Science.nrm.*", "nominal"),
    ("classic/LSAT?.1pl.json", "packages"),
    // Others on the classic sets; second_opinions also holds the conditional estimates.
    ("classic/LSAT?.TAM.json", "packages"),
    ("classic/LSAT?.second_opinions.json", "packages, conditional"),
    // The seeded sets. Packages on coarse grids (PyPI mirt, ltm, TAM by default, theta at 450) the other way.
    ("synthetic/2pl_*.*_2pl.csv", "packages"),
    ("synthetic/2pl_*.*_2pl_q*.csv", "packages, irt"),
    ("synthetic/2pl_*.*_2pl.eap.csv", "packages, irt"),
    ("synthetic/2pl_*.*_2pl.wle.csv", "packages, irt"),
    ("synthetic/2pl_*.rmirt_2pl.sx2.csv", "packages, irt"),
    ("synthetic/2pl_1000x50.rmirt_2pl.m2.csv", "irt"),
    ("synthetic/2pl_1000x50.rmirt_2pl.q3.csv", "irt"),
    ("synthetic/2pl_*.*_rasch.csv", "packages, conditional, irt"),
    ("synthetic/2pl_*.pymirt_1pl.*", "packages"),
    ("synthetic/2pl_*.*_rasch.eap.csv", "packages, irt"),
    ("synthetic/2pl_*.*_rasch.wle.csv", "packages"),
    ("synthetic/2pl_*.*_rasch.infit.csv", "packages, irt"),
    ("synthetic/2pl_*.girth_rasch_cml.csv", "conditional"),
    ("synthetic/2pl_*.rtam_jml.csv", "conditional"),
    ("synthetic/grm_*.*_grm.csv", "packages, irt"),
    ("synthetic/grm_*.*_gpcm.csv", "packages, irt"),
    ("synthetic/grm_*.*_pcm.csv", "packages"),
    ("synthetic/grm_*.rmirt_grm.eap.csv", "packages, irt"),
    ("synthetic/grm_*.pymirt_*.json", "packages"),
    ("synthetic/yard_*.json", "packages"),
    // Differential functioning.
    ("classic/verbal.dif_difR.csv", "dif"),
    ("synthetic/dif_*.csv", "dif"),
    // Equating and answer copying.
    ("equating/ACTmath.*.csv", "equating"),
    ("equating/KBneat.equate_NEAT.csv", "equating"),
    ("equating/equateIRT_est3pl.*", "equating"),
    ("equating/linking_*.json", "equating"),
    ("equating/true_score_3pl_polyequate.json", "equating"),
    ("collusion/copydetect.items.csv", "irregularities"),
    ("collusion/copydetect.theta.csv", "irregularities"),
    ("collusion/copydetect_2pl_1000x50.json", "irregularities"),
];

/// `*` for any run of characters but `/`, `?` for one.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern.first(), name.first()) {
        (None, None) => true,
        (Some(b'*'), _) => {
            matches(&pattern[1..], name) || name.first().is_some_and(|c| *c != b'/' && matches(pattern, &name[1..]))
        }
        (Some(b'?'), Some(c)) => *c != b'/' && matches(&pattern[1..], &name[1..]),
        (Some(p), Some(c)) => p == c && matches(&pattern[1..], &name[1..]),
        _ => false,
    }
}

#[test]
fn every_file_is_read_by_a_test() {
    let Some(folder) = psychometrics() else { return };
    let mut files = BTreeSet::new();
    for room in ["classic", "collusion", "equating", "synthetic"] {
        for entry in std::fs::read_dir(folder.join(room)).unwrap() {
            files.insert(format!("{room}/{}", entry.unwrap().file_name().to_string_lossy()));
        }
    }
    let named = |file: &&String| READ_BY.iter().any(|(p, _)| matches(p.as_bytes(), file.as_bytes()));
    let unread: Vec<&String> = files.iter().filter(|f| !named(f)).collect();
    assert!(unread.is_empty(), "no test reads {unread:#?}");
    let idle: Vec<&str> = READ_BY
        .iter()
        .map(|(p, _)| *p)
        .filter(|p| !files.iter().any(|f| matches(p.as_bytes(), f.as_bytes())))
        .collect();
    assert!(idle.is_empty(), "no file is named by {idle:#?}");
    // The tests named are there.
    let tests = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    for (pattern, by) in READ_BY {
        for test in by.split(", ").map(|t| t.split(' ').next().unwrap()) {
            assert!(tests.join(format!("{test}.rs")).is_file(), "{pattern}: {test}");
        }
    }
}
