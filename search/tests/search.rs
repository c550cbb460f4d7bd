//! What is found, counted, sorted and shown.

#![allow(clippy::unwrap_used, reason = "a test stops at the first thing that is not there")]

mod common;

use common::{FOLDERS, bank, document, reach, varied};
use docimo_bank::exchange as import;
use docimo_search::document::{Document, Part};
use docimo_search::facets::values;
use docimo_search::query::{Facet, Filter, Measure, Moment, Node, parse};
use docimo_search::synonyms::Synonyms;
use docimo_search::{Answer, Index, Rebuild, Request, Writer};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const MEMORY: usize = 15_000_000;

struct Bank {
    index: Arc<Index>,
    _dir: tempfile::TempDir,
}

/// An index of the documents, committed by halves so that there are several segments, and a document replaced.
fn index(documents: &[Document]) -> Bank {
    let dir = tempfile::tempdir().unwrap();
    let index = Arc::new(Index::open(dir.path(), Synonyms::embedded()).unwrap());
    let mut writer = Writer::new(&index, MEMORY).unwrap();
    for half in documents.chunks(documents.len().div_ceil(2).max(1)) {
        for doc in half {
            writer.upsert(doc, 0).unwrap();
        }
        writer.commit().unwrap();
    }
    if let Some(doc) = documents.first() {
        writer.upsert(doc, 0).unwrap();
        writer.commit().unwrap();
    }
    Bank { index, _dir: dir }
}

impl Bank {
    fn ask(&self, line: &str) -> Answer {
        self.index.search(&Request::new(line)).unwrap_or_else(|error| panic!("{line}: {error}"))
    }

    fn entries(&self, line: &str) -> Vec<String> {
        self.ask(line).hits.into_iter().map(|h| h.entry).collect()
    }

    fn sorted(&self, line: &str) -> Vec<String> {
        let mut entries = self.entries(line);
        entries.sort();
        entries
    }
}

fn stems(texts: &[&str]) -> Bank {
    index(&texts.iter().enumerate().map(|(i, text)| document(i, text)).collect::<Vec<_>>())
}

#[test]
fn abbreviations_synonyms_accents_and_plurals() {
    let bank = stems(&[
        "Traitement de l’infarctus aigu du myocarde",
        "IDM antérieur : quelle artère ?",
        "Les AINS et le rein",
        "Lupus érythémateux systémique",
        "Les œdèmes des membres inférieurs",
        "Hyperkaliémie : K⁺ à 6,5 mmol/L",
    ]);
    assert_eq!(bank.sorted("IDM"), ["e0", "e1"]);
    assert_eq!(bank.sorted("idm"), ["e0", "e1"]);
    assert_eq!(bank.sorted("infarctus du myocarde"), ["e0", "e1"]);
    assert_eq!(bank.sorted("\"infarctus du myocarde\""), Vec::<String>::new());
    assert_eq!(bank.sorted("ains"), ["e2"]);
    assert_eq!(bank.sorted("LES"), ["e3"]);
    assert_eq!(bank.sorted("oedeme"), ["e4"]);
    assert_eq!(bank.sorted("K+"), ["e5"]);
    assert_eq!(bank.sorted("6.5"), ["e5"]);
    assert_eq!(bank.sorted("les reins"), ["e2"]);
    assert_eq!(bank.sorted("artère -antérieur"), Vec::<String>::new());
    assert_eq!(bank.sorted("rein OU artère"), ["e1", "e2"]);
    // Another list, at once.
    bank.index.set_synonyms(Synonyms::read("truc = rein").unwrap());
    assert_eq!((bank.sorted("truc"), bank.sorted("IDM")), (vec!["e2".to_owned()], vec!["e1".to_owned()]));
}

#[test]
fn mistakes_are_corrected_only_where_a_word_is_unknown() {
    let bank = stems(&["La sclérodermie", "Une pneumopathie", "Le foie", "La foire"]);
    let answer = bank.ask("sclerodremie");
    assert_eq!(answer.hits[0].entry, "e0");
    assert_eq!(answer.notice().unwrap(), "Résultats pour « sclérodermie » au lieu de « sclerodremie ».");
    assert_eq!(bank.sorted("pneumopatie"), ["e1"]);
    let known = bank.ask("foie");
    assert_eq!((known.total, known.notice()), (1, None));
    assert_eq!(bank.ask("zzzzzzzz").total, 0);
    assert_eq!(bank.sorted("scléro-dermies"), ["e0"]);
}

#[test]
fn codes_come_first_and_exactly() {
    let mut documents = vec![document(1, "Voir q-2 et q-3"), document(2, "Rien"), document(20, "Rien")];
    documents[2].objectives = ["OIC-031-11-B".to_owned()].into();
    documents[2].codes = ["I21.0".to_owned()].into();
    let bank = index(&documents);
    assert_eq!(bank.entries("q-2"), ["e2", "e1"]);
    assert_eq!(bank.entries("code:q-2"), ["e2"]);
    assert_eq!(bank.entries("oic-031-11-b"), ["e20"]);
    assert_eq!(bank.entries("objectif:OIC-031-11-B"), ["e20"]);
    assert_eq!(bank.entries("I21.0"), ["e20"]);
}

#[test]
fn typing_completes_the_last_word() {
    let bank = stems(&["La cardiologie", "Un cardiologue", "Le foie"]);
    let typing = |line: &str| bank.index.search(&Request { typing: true, ..Request::new(line) }).unwrap().total;
    assert_eq!((typing("cardiol"), typing("cardiol "), typing("le fo")), (2, 0, 1));
    assert_eq!(bank.ask("cardiol*").total, 2);
    assert_eq!(bank.index.suggest("un card", 5).unwrap().len(), 2);
    assert_eq!(bank.index.suggest("foi", 5).unwrap(), [("foie".to_owned(), 1)]);
    assert!(bank.index.suggest("f", 5).unwrap().is_empty());
}

#[test]
fn extracts_mark_what_was_found_in_the_best_place() {
    let mut doc = document(1, "Question <b>banale</b>");
    doc.texts.push((Part::Comment, "L’œdème aigu du poumon".to_owned()));
    let bank = index(&[doc]);
    let extract = bank.ask("oedemes poumon").hits[0].extract.clone().unwrap();
    assert_eq!(extract.part, Part::Comment);
    let marked: Vec<&str> = extract.ranges.iter().map(|r| &extract.text[r.clone()]).collect();
    assert_eq!(marked, ["œdème", "poumon"]);
    assert_eq!(bank.ask("banale").hits[0].extract.clone().unwrap().text, "Question <b>banale</b>");
}

#[test]
fn the_like_is_found() {
    let bank = stems(&[
        "Asthme aigu grave : bronchodilatateur nébulisé",
        "Bronchodilatateur nébulisé dans l’asthme",
        "Fracture du fémur",
        "Fracture du tibia",
    ]);
    let like = bank.index.more_like_this("e0", 3, None).unwrap();
    assert_eq!(like[0].entry, "e1");
    assert!(like.iter().all(|h| h.entry != "e0"));
    let nowhere = reach(|_| false);
    assert!(bank.index.more_like_this("e0", 3, Some(&nowhere)).unwrap().is_empty());
    assert!(bank.index.more_like_this("nobody", 3, None).unwrap().is_empty());
}

#[test]
fn orders_are_stable_and_pages_join() {
    let documents = bank(60);
    let bank = index(&documents);
    for line in
        ["", "asthme", "tri:difficulté", "tri:-difficulté", "tri:utilisation", "asthme tri:-pertinence", "tri:récence"]
    {
        let whole: Vec<String> = bank
            .index
            .search(&Request { limit: 100, ..Request::new(line) })
            .unwrap()
            .hits
            .into_iter()
            .map(|h| h.entry)
            .collect();
        let mut pages = Vec::new();
        for offset in (0..100).step_by(7) {
            let page = bank.index.search(&Request { limit: 7, offset, ..Request::new(line) }).unwrap();
            pages.extend(page.hits.into_iter().map(|h| h.entry));
        }
        assert_eq!(pages, whole, "{line}");
    }
    let difficulty = |line: &str| -> Vec<Option<f64>> {
        bank.index
            .search(&Request { limit: 100, ..Request::new(line) })
            .unwrap()
            .hits
            .iter()
            .map(|h| documents.iter().find(|d| d.entry == h.entry).unwrap().difficulty)
            .collect()
    };
    let hard = difficulty("tri:difficulté");
    let measured = hard.iter().flatten().count();
    assert!(measured > 10 && measured < 60 && hard[..measured].iter().all(Option::is_some), "without a value: last");
    assert!(hard[..measured].is_sorted());
    let easy = difficulty("tri:-difficulté");
    assert!(easy[..measured].iter().all(Option::is_some) && easy[..measured].iter().rev().is_sorted());
    let zero = bank.index.search(&Request { limit: 0, offset: usize::MAX, ..Request::new("") }).unwrap();
    assert_eq!((zero.hits.len(), zero.total), (0, 60));
}

/// Does the document satisfy the conditions? Words are not for this oracle.
fn satisfies(document: &Document, node: &Node) -> bool {
    match node {
        Node::All => true,
        Node::Not(inner) => !satisfies(document, inner),
        Node::And(nodes) => nodes.iter().all(|n| satisfies(document, n)),
        Node::Or(nodes) => nodes.iter().any(|n| satisfies(document, n)),
        Node::Word(word) => document.texts.iter().any(|(_, t)| t.split(' ').any(|w| w == word)),
        Node::Prefix(_) | Node::Phrase(_) => panic!("not for the oracle"),
        Node::Filter(filter) => match filter {
            Filter::Is(Facet::Folder, folder) => {
                let path = path(&document.folder);
                path == folder || path.starts_with(&format!("{folder} / "))
            }
            Filter::Is(facet, value) => values(*facet, document).iter().any(|v| v.value == *value || v.label == *value),
            Filter::Between(facet, low, high) => values(*facet, document)
                .iter()
                .any(|v| v.value.parse::<u16>().is_ok_and(|n| (*low..=*high).contains(&n))),
            Filter::Measure(measure, span) => match measure {
                Measure::Difficulty => document.difficulty,
                Measure::Discrimination => document.discrimination,
                Measure::Exposure => Some(document.exposed as f64),
                Measure::Uses => Some(document.uses as f64),
            }
            .is_some_and(|n| span.holds(n)),
            Filter::Moment(moment, days) => {
                let at = match moment {
                    Moment::LastUsed => document.last_used_ms,
                    Moment::Created => Some(document.created_ms),
                    Moment::Updated => Some(document.updated_ms),
                };
                let (from, before) = days.bounds_ms();
                at.is_some_and(|at| from.is_none_or(|f| at >= f) && before.is_none_or(|b| at < b))
            }
            Filter::UnusedSince(day) => document.last_used_ms.is_none_or(|at| {
                let days = day.since(jiff::civil::date(1970, 1, 1)).unwrap().get_days();
                at < i64::from(days) * 86_400_000
            }),
            Filter::EverUsed(used) => document.last_used_ms.is_some() == *used,
            Filter::Code(_) | Filter::Fingerprint(_) => panic!("not for the oracle"),
        },
    }
}

fn path(folder: &str) -> &'static str {
    FOLDERS.iter().find(|(id, _)| *id == folder).unwrap().1
}

/// Counts of a facet, one document after another, the query's own hold on it being lifted.
fn counted(documents: &[&Document], line: &str, facet: Facet) -> BTreeMap<String, u64> {
    let node = parse(line).unwrap().query.without(facet).node;
    let mut counts = BTreeMap::new();
    for document in documents.iter().filter(|d| satisfies(d, &node)) {
        for value in values(facet, document) {
            let value = if facet == Facet::Folder { path(&value.value).to_owned() } else { value.value };
            *counts.entry(value).or_default() += 1;
        }
    }
    counts
}

const CONDITIONS: [&str; 24] = [
    "asthme",
    "myocarde",
    "asthme OU rein",
    "-fièvre",
    "rang:A",
    "rang:A,B",
    "genre:QRM",
    "genre:QI",
    "statut:validée,brouillon",
    "item:1",
    "item:2..4",
    "-item:3",
    "auteur:\"Anne Martin\"",
    "auteur:p1",
    "établissement:Brest",
    "dossier:Cardiologie",
    "langue:fr",
    "image:oui",
    "défaut:négation",
    "difficulté:0,2..<0,6",
    "discrimination:>=0,1",
    "exposition:<1000",
    "inutilisée:2023",
    "utilisée:2022",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    #[test]
    fn facets_and_totals_are_those_of_a_slow_oracle(
        seed in any::<u32>(),
        count in 1usize..60,
        lines in prop::collection::vec(prop::collection::vec(prop::sample::select(CONDITIONS.to_vec()), 0..4), 12),
        held in prop::collection::vec(any::<bool>(), 3),
    ) {
        let reach = reach(|id| FOLDERS.iter().zip(&held).any(|((f, _), held)| *f == id && *held));

        let documents: Vec<Document> = (0..count).map(|i| varied(i, u64::from(seed) + i as u64)).collect();
        let bank = index(&documents);
        for conditions in lines {
            let line = conditions.iter().map(|c| format!("({c})")).collect::<Vec<_>>().join(" ");
            let request = Request { facet_limit: 1_000, limit: 100, reach: Some(&reach), ..Request::new(&line) };
            let answer = bank.index.search(&request).unwrap();
            let documents: Vec<&Document> =
                documents.iter().filter(|d| reach.shelves.iter().any(|s| s.id == d.folder)).collect();
            let node = parse(&line).unwrap().query.node;
            let mut expected: Vec<&str> =
                documents.iter().filter(|d| satisfies(d, &node)).map(|d| d.entry.as_str()).collect();
            let mut found: Vec<&str> = answer.hits.iter().map(|h| h.entry.as_str()).collect();
            expected.sort_unstable();
            found.sort_unstable();
            prop_assert_eq!(&found, &expected, "{}", line);
            prop_assert_eq!(answer.total, expected.len() as u64);
            for facet in answer.facets {
                let slow = counted(&documents, &line, facet.facet);
                let fast: BTreeMap<String, u64> = facet.values.into_iter().map(|(v, n)| (v.value, n)).collect();
                prop_assert_eq!(fast.len(), facet.distinct);
                prop_assert_eq!(fast, slow, "{} {:?}", line, facet.facet);
            }
        }
    }
}

#[test]
fn choosing_a_value_finds_as_many_as_its_count_says() {
    let documents = bank(80);
    let bank = index(&documents);
    let reach = reach(|_| true);
    let ask = |line: &str| {
        bank.index.search(&Request { facet_limit: 1_000, reach: Some(&reach), ..Request::new(line) }).unwrap()
    };
    let answer = ask("asthme");
    let mut tried = 0;
    for facet in &answer.facets {
        for (value, count) in &facet.values {
            let line = answer.query.with(facet.facet, &value.value).to_string();
            // A folder's count is its own; choosing it shows what is under it too.
            if facet.facet != Facet::Folder {
                assert_eq!(ask(&line).total, *count, "{line}");
                tried += 1;
            }
        }
    }
    assert!(tried > 40);
}

/// A path of the shared folder; `None`, said in the log of skipped tests, when it is not there.
fn shared(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("DOCIMO_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    let path = root.join(path);
    if path.exists() {
        return Some(path);
    }
    if let Some(log) = std::env::var_os("DOCIMO_SKIP_LOG") {
        use std::io::Write;
        let mut log = std::fs::OpenOptions::new().create(true).append(true).open(log).unwrap();
        writeln!(log, "docimo-search: {} is absent", path.display()).unwrap();
    }
    None
}

#[test]
fn two_thousand_real_questions() {
    let Some(path) = shared("questions/frenchmedmcqa_train.moodle.xml") else { return };
    let import = import::read(&std::fs::read(path).unwrap(), "x.xml", None).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let index = Arc::new(Index::open(dir.path(), Synonyms::embedded()).unwrap());
    let mut rebuild = Rebuild::begin(&index, 0, 2, 2 * MEMORY).unwrap();
    for (i, entry) in import.entries.iter().enumerate() {
        let mut doc = Document::from(&entry.element);
        doc.entry = format!("e{i}");
        rebuild.add(&doc).unwrap();
    }
    rebuild.applied(1);
    rebuild.finish().unwrap();
    let bank = Bank { index, _dir: dir };
    assert_eq!(bank.ask("").total, 2169);
    // 595 and 1,576 in the file; of the QRU, one has two identical options and one is there twice under one id.
    assert_eq!((bank.ask("genre:QRU").total, bank.ask("genre:QRM").total), (593, 1576));
    let kinds = &bank.ask("genre:QRU").facets[0];
    assert_eq!(
        kinds.values.iter().map(|(v, n)| (v.value.as_str(), *n)).collect::<Vec<_>>(),
        [("QI", 2169), ("QRM", 1576), ("QRU", 593)]
    );
    // Each of these is a way to write the same.
    for (a, b) in [
        ("vitamine B12", "vitamines b12"),
        ("oedeme", "œdèmes"),
        ("β-lactamines", "beta-lactamines"),
        ("méningite", "meningites"),
        ("l’hémoglobine", "hemoglobines"),
    ] {
        let (a, b) = (bank.ask(a), bank.ask(b));
        assert!(a.total > 0 && a.total == b.total, "{} {}", a.query, b.query);
    }
    assert!(bank.ask("paludisme").total >= bank.ask("\"paludisme\"").total);
    assert_eq!(bank.ask("méningitte").notice().unwrap(), "Résultats pour « méningite » au lieu de « méningitte ».");
}
