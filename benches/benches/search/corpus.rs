//! Real questions read in place, and as many synthetic ones as wanted, recombined from them without chance.

use crate::Outcome;
use docimo_bank::exchange as import;
use docimo_bank::revision::Status;
use docimo_engine::question::{Kind, Rank};
use docimo_engine::shuffle::Stream;
use docimo_search::document::{Document, Part};
use r2c_referential::{ItemNumber, SituationNumber, specialties_of};
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    let shared = std::env::var_os("DOCIMO_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    shared.join("questions")
}

/// Every real question, the entry being its place.
pub fn real() -> Outcome<Vec<Document>> {
    let folder = folder();
    let moodle = std::fs::read(folder.join("frenchmedmcqa_train.moodle.xml"))
        .map_err(|e| format!("{}: {e}; this bench reads real questions in place", folder.display()))?;
    let import = import::read(&moodle, "frenchmedmcqa_train.moodle.xml", None)?;
    let mut documents: Vec<Document> = import.entries.iter().map(|e| Document::from(&e.element)).collect();
    let cases: serde_json::Value = serde_json::from_slice(&std::fs::read(folder.join("casimedicos_fr_train.json"))?)?;
    for case in cases.as_array().ok_or("casimedicos: a list is expected")? {
        let text = |name: &str| case[name].as_str().unwrap_or_default().to_owned();
        let mut texts = vec![(Part::Stem, text("stem"))];
        let options = case["options"].as_object().into_iter().flat_map(|o| o.values());
        texts.extend(options.filter_map(|o| o.as_str()).map(|o| (Part::Proposition, o.to_owned())));
        texts.push((Part::Comment, text("explanation")));
        documents.push(Document { texts, kinds: [Kind::Qru].into(), language: "fr".to_owned(), ..Document::default() });
    }
    for (i, document) in documents.iter_mut().enumerate() {
        document.entry = format!("e{i}");
        document.external_id = format!("q-{i}");
        document.revision = 1;
    }
    Ok(documents)
}

/// The `n`-th synthetic question: the stem of one real question, the propositions of another, sometimes the comment of a
/// third, and properties drawn in proportions that a faculty's bank could have.
pub fn synthetic(real: &[Document], n: usize) -> Document {
    let mut draws = Stream::new(2026, &["search", &n.to_string()]);
    let mut below = |limit: usize| (draws.next_u64() % limit as u64) as usize;
    let part = |from: &Document, wanted: Part| -> Vec<(Part, String)> {
        from.texts.iter().filter(|(p, _)| *p == wanted).cloned().collect()
    };
    let mut texts = part(&real[below(real.len())], Part::Stem);
    texts.extend(part(&real[below(real.len())], Part::Proposition));
    if below(3) == 0 {
        texts.extend(part(&real[below(real.len())], Part::Comment));
    }
    let items: std::collections::BTreeSet<ItemNumber> =
        (0..=below(2)).filter_map(|_| ItemNumber::new(1 + below(367) as u16).ok()).collect();
    let rank = if below(10) < 6 { Rank::A } else { Rank::B };
    let objectives = items.iter().map(|i| format!("OIC-{:03}-{:02}-{rank}", i.get(), 1 + below(13))).collect();
    let used = below(10) < 6;
    let author = below(400);
    Document {
        entry: format!("s{n}"),
        revision: 1 + below(3) as u64,
        external_id: format!("q-{n}"),
        kinds: [Kind::ALL[[1, 1, 1, 1, 0, 0, 2, 3, 4, 6][below(10)]]].into(),
        case: None,
        texts,
        ranks: [rank].into(),
        specialties: items.iter().flat_map(|i| specialties_of(*i)).map(|s| s.slug.to_string()).collect(),
        objectives,
        items,
        situations: (0..below(2)).filter_map(|_| SituationNumber::new(1 + below(356) as u16).ok()).collect(),
        codes: Default::default(),
        author: Some((format!("p{author}"), format!("Autrice {author}"))),
        status: Status::ALL[[0, 1, 2, 2, 2, 2, 2, 2, 2, 3][below(10)]],
        establishment: format!("Faculté {}", author % 37),
        folder: format!("Banque/{}", below(40)),
        language: if below(20) == 0 { "en" } else { "fr" }.to_owned(),
        created_ms: 1_600_000_000_000 + n as i64 * 60_000,
        updated_ms: 1_600_000_000_000 + below(150_000) as i64 * 1_000_000,
        last_used_ms: used.then(|| 1_600_000_000_000 + below(150_000) as i64 * 1_000_000),
        uses: if used { 1 + below(5) as u64 } else { 0 },
        exposed: if used { below(20_000) as u64 } else { 0 },
        difficulty: used.then(|| below(101) as f64 / 100.0),
        discrimination: used.then(|| below(70) as f64 / 100.0 - 0.1),
        has_image: below(8) == 0,
        by_machine: n.is_multiple_of(20),
        flaws: (0..below(3) / 2).map(|_| ["négation", "longueur", "absolu", "indice"][below(4)].to_owned()).collect(),
        change: n as u64,
        fingerprint: String::new(),
    }
}
