//! Documents made for tests.

#![allow(dead_code, reason = "each test file uses its part")]

use docimo_bank::revision::Status;
use docimo_engine::paper::CaseKind;
use docimo_engine::question::{Kind, Rank};
use docimo_search::document::{Document, Part};
use docimo_search::reach::{Reach, Shelf};
use r2c_referential::{ItemNumber, SituationNumber, specialties_of};

/// Entry `e<n>` with one stem.
pub fn document(n: usize, stem: &str) -> Document {
    Document {
        entry: format!("e{n}"),
        revision: 1,
        external_id: format!("q-{n}"),
        kinds: [Kind::Qrm].into(),
        texts: vec![(Part::Stem, stem.to_owned())],
        language: "fr".to_owned(),
        updated_ms: 1_700_000_000_000 + n as i64,
        ..Document::default()
    }
}

const WORDS: [&str; 12] = [
    "asthme",
    "infarctus",
    "myocarde",
    "œdème",
    "rein",
    "pneumopathie",
    "fièvre",
    "enfant",
    "diabète",
    "AINS",
    "thrombo-embolique",
    "hépatites",
];

/// Documents that differ in everything, without chance.
pub fn bank(count: usize) -> Vec<Document> {
    (0..count).map(|i| varied(i, i as u64)).collect()
}

/// A document of which `seed` draws every property.
pub fn varied(n: usize, seed: u64) -> Document {
    // Marsaglia's xorshift.
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut draw = |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    let mut doc = document(n, "");
    doc.texts.clear();
    for part in [Part::Stem, Part::Proposition, Part::Comment] {
        let words: Vec<&str> = (0..=draw(4)).map(|_| WORDS[draw(12) as usize]).collect();
        doc.texts.push((part, words.join(" ")));
    }
    doc.kinds = (0..=draw(2)).map(|_| Kind::ALL[draw(8) as usize]).collect();
    doc.case = [None, None, Some(CaseKind::Dp), Some(CaseKind::Kfp)][draw(4) as usize];
    doc.ranks = [Rank::A, Rank::B].into_iter().filter(|_| draw(2) == 0).collect();
    doc.items = (0..draw(3)).filter_map(|_| ItemNumber::new(1 + draw(6) as u16).ok()).collect();
    doc.specialties = doc.items.iter().flat_map(|i| specialties_of(*i)).map(|s| s.slug.to_string()).collect();
    doc.objectives = doc.items.iter().map(|i| format!("OIC-{:03}-0{}-A", i.get(), 1 + draw(3))).collect();
    doc.situations = (0..draw(2)).filter_map(|_| SituationNumber::new(1 + draw(4) as u16).ok()).collect();
    doc.status = Status::ALL[draw(4) as usize];
    doc.author = (draw(5) > 0).then(|| {
        let a = draw(3);
        (format!("p{a}"), ["Anne Martin", "Élie Durand", "Zoé Le Gall"][a as usize].to_owned())
    });
    doc.establishment = ["", "Lyon Est", "Brest"][draw(3) as usize].to_owned();
    doc.folder = FOLDERS[draw(3) as usize].0.to_owned();
    doc.language = ["fr", "en"][draw(2) as usize].to_owned();
    doc.has_image = draw(3) == 0;
    doc.flaws = (0..draw(3)).map(|_| ["négation", "longueur"][draw(2) as usize].to_owned()).collect();
    doc.difficulty = (draw(3) > 0).then(|| draw(11) as f64 / 10.0);
    doc.discrimination = (draw(3) > 0).then(|| draw(9) as f64 / 10.0 - 0.3);
    doc.exposed = [0, 50, 500, 5_000, 50_000][draw(5) as usize];
    doc.uses = draw(4);
    doc.last_used_ms = (draw(2) > 0).then(|| 1_640_000_000_000 + draw(100) as i64 * 1_000_000_000);
    doc.updated_ms = draw(50) as i64;
    doc.by_machine = draw(4) == 0;
    doc
}

/// Folders of the bank: identifier, path.
pub const FOLDERS: [(&str, &str); 3] = [("f0", "Pneumologie"), ("f1", "Cardiologie"), ("f2", "Cardiologie / Rythme")];

/// Some of the folders.
pub fn reach(held: impl Fn(&str) -> bool) -> Reach {
    let shelf = |(id, path): (&str, &str)| Shelf { id: id.to_owned(), path: path.to_owned() };
    let shelves: Vec<Shelf> = FOLDERS.into_iter().filter(|(id, _)| held(id)).map(shelf).collect();
    Reach { everything: shelves.len() == FOLDERS.len(), shelves }
}
