//! What the index promises over its life: killed, rebuilt, compared with the database, asked at the same time.

#![allow(clippy::unwrap_used, reason = "a test stops at the first thing that is not there")]

mod common;

use common::{bank, document};
use docimo_search::document::Document;
use docimo_search::query::Facet;
use docimo_search::synonyms::Synonyms;
use docimo_search::{COMMIT_EVERY_MS, Index, IndexError, Rebuild, Request, Stale, Summary, Writer};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const MEMORY: usize = 15_000_000;

fn open(dir: &Path) -> Arc<Index> {
    Arc::new(Index::open(dir, Synonyms::embedded()).unwrap())
}

fn total(index: &Index, line: &str) -> u64 {
    index.search(&Request { facets: &[], ..Request::new(line) }).unwrap().total
}

#[test]
fn a_change_is_seen_at_the_first_commit_due_and_applied_once() {
    let dir = tempfile::tempdir().unwrap();
    let index = open(dir.path());
    assert_eq!(index.stale(), Some(Stale::New));
    let mut writer = Writer::new(&index, MEMORY).unwrap();
    let mut doc = document(1, "Traitement de l’asthme aigu grave ?");
    writer.upsert(&doc, 1_000).unwrap();
    writer.upsert(&doc, 1_200).unwrap();
    writer.applied(7);
    assert!(!writer.commit_if_due(1_000 + COMMIT_EVERY_MS - 1).unwrap());
    assert_eq!(total(&index, "asthme"), 0);
    assert!(writer.commit_if_due(1_000 + COMMIT_EVERY_MS).unwrap());
    assert_eq!((total(&index, "asthme"), index.sequence().unwrap()), (1, 7));
    doc.texts[0].1 = "Traitement de la BPCO ?".to_owned();
    doc.revision = 2;
    writer.upsert(&doc, 2_000).unwrap();
    writer.applied(3);
    assert_eq!(writer.commit().unwrap(), 7, "the sequence never goes back");
    assert_eq!((total(&index, "asthme"), total(&index, "bpco")), (0, 1));
    writer.remove(&doc.entry, 3_000).unwrap();
    writer.commit().unwrap();
    assert!(index.is_empty());
    assert!(matches!(Writer::new(&index, MEMORY), Err(IndexError::Busy)));
    drop(writer);
    assert!(Writer::new(&index, MEMORY).is_ok());
}

/// Not a test of its own: the child that the next test kills. It writes batches of ten and says each commit.
#[test]
fn child_that_writes_until_killed() {
    let Some(dir) = std::env::var_os("DOCIMO_SEARCH_CHILD") else { return };
    let index = open(Path::new(&dir));
    let mut writer = Writer::new(&index, MEMORY).unwrap();
    for sequence in 1.. {
        let doc = document(sequence, "Question écrite avant la coupure");
        writer.upsert(&doc, 0).unwrap();
        writer.applied(sequence as u64);
        if sequence % 10 == 0 {
            println!("committed {}", writer.commit().unwrap());
        }
    }
}

#[test]
fn kill_9_loses_nothing_that_was_committed() {
    let dir = tempfile::tempdir().unwrap();
    for round in 0..3 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["child_that_writes_until_killed", "--exact", "--nocapture", "--test-threads=1"])
            .env("DOCIMO_SEARCH_CHILD", dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut said = 0;
        let mut commits = 0;
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            if let Some((_, number)) = line.split_once("committed ") {
                said = number.trim().parse::<u64>().unwrap();
                commits += 1;
                if commits == 5 + round {
                    // SIGKILL on Unix: nothing in the child runs after it.
                    child.kill().unwrap();
                }
            }
        }
        child.wait().unwrap();
        let index = open(dir.path());
        assert_eq!(index.stale(), None);
        let kept = index.sequence().unwrap();
        assert!(said > 0 && kept >= said, "{kept} after {said} was acknowledged");
        assert!(total(&index, "coupure") >= said);
        // It can be written again, from where it stands: what comes twice changes nothing.
        let mut writer = Writer::new(&index, MEMORY).unwrap();
        assert_eq!(writer.sequence().unwrap(), kept);
        let before = index.len();
        writer.upsert(&document(1, "Question écrite avant la coupure"), 0).unwrap();
        writer.commit().unwrap();
        assert_eq!(index.len(), before);
    }
}

#[test]
fn rebuilt_while_serving_then_caught_up() {
    let dir = tempfile::tempdir().unwrap();
    let index = open(dir.path());
    let mut writer = Writer::new(&index, MEMORY).unwrap();
    let documents: Vec<Document> = (0..200).map(|i| document(i, "Ancienne embolie")).collect();
    for (i, doc) in documents.iter().enumerate() {
        writer.upsert(doc, 0).unwrap();
        writer.applied(i as u64 + 1);
    }
    writer.commit().unwrap();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let searching = scope.spawn(|| {
            let mut searches = 0;
            while !stop.load(Ordering::Relaxed) {
                let (old, new) = (total(&index, "embolie"), total(&index, "reconstruite"));
                assert!(old == 200 && (new == 0 || new >= 200), "{old} {new}: a half-built index was served");
                searches += 1;
            }
            searches
        });
        let mut rebuild = Rebuild::begin(&index, 200, 2, 2 * MEMORY).unwrap();
        for i in 0..200 {
            rebuild.add(&document(i, "Nouvelle embolie reconstruite")).unwrap();
        }
        // Changes made meanwhile.
        rebuild.upsert(&document(5, "Nouvelle embolie reconstruite deux fois")).unwrap();
        rebuild.applied(201);
        // One that the old index committed and the rebuild was not told.
        writer.upsert(&document(6, "Nouvelle embolie reconstruite et tardive"), 0).unwrap();
        writer.applied(202);
        assert_eq!(rebuild.finish().unwrap(), 201);
        stop.store(true, Ordering::Relaxed);
        assert!(searching.join().unwrap() > 0);
    });
    assert_eq!(index.stale(), None);
    // The writer goes over to the new index and is told that change 202 is to be applied again.
    assert_eq!(writer.sequence().unwrap(), 201);
    writer.upsert(&document(6, "Nouvelle embolie reconstruite et tardive"), 0).unwrap();
    writer.applied(202);
    writer.commit().unwrap();
    assert_eq!((total(&index, "embolie"), total(&index, "tardive"), total(&index, "fois")), (200, 1, 1));
    drop(writer);
    drop(index);
    let again = open(dir.path());
    assert_eq!((again.len(), again.sequence().unwrap(), again.stale()), (200, 202, None));
    let generations = fs::read_dir(dir.path()).unwrap().flatten().filter(|e| e.path().is_dir()).count();
    assert_eq!(generations, 1, "what was replaced is swept at the next opening");
}

#[test]
fn a_rebuild_that_does_not_finish_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let index = open(dir.path());
    let mut writer = Writer::new(&index, MEMORY).unwrap();
    writer.upsert(&document(1, "Asthme"), 0).unwrap();
    writer.commit().unwrap();
    let rebuild = Rebuild::begin(&index, 9, 1, MEMORY).unwrap();
    rebuild.add(&document(2, "Asthme")).unwrap();
    drop(rebuild);
    drop(writer);
    drop(index);
    assert_eq!(total(&open(dir.path()), "asthme"), 1);
}

#[test]
fn what_differs_from_the_database_is_noticed_and_mended() {
    let dir = tempfile::tempdir().unwrap();
    let index = open(dir.path());
    let mut writer = Writer::new(&index, MEMORY).unwrap();
    let mut wanted = bank(40);
    for doc in &wanted {
        writer.upsert(doc, 0).unwrap();
    }
    writer.commit().unwrap();
    let stamps = |docs: &[Document]| docs.iter().map(Document::stamp).rev().collect::<Vec<_>>();
    assert_eq!(index.summary().unwrap(), Summary::of(stamps(&wanted)));
    assert!(index.check(stamps(&wanted)).unwrap().is_empty());
    // One goes, one comes, one changes its status, one is used: each a change of the database.
    let gone = wanted.remove(3);
    wanted.push(document(99, "Nouvelle"));
    wanted[0].status = docimo_bank::revision::Status::Retired;
    wanted[0].change = 41;
    wanted[1].exposed += 10;
    wanted[1].change = 42;
    assert_ne!(index.summary().unwrap(), Summary::of(stamps(&wanted)));
    let mismatch = index.check(stamps(&wanted)).unwrap();
    assert_eq!(mismatch.missing, ["e99"]);
    assert_eq!(mismatch.extra, std::slice::from_ref(&gone.entry));
    let mut stale = mismatch.stale.clone();
    stale.sort();
    assert_eq!(stale, [wanted[0].entry.clone(), wanted[1].entry.clone()]);
    for entry in &mismatch.extra {
        writer.remove(entry, 0).unwrap();
    }
    for entry in mismatch.missing.iter().chain(&mismatch.stale) {
        writer.upsert(wanted.iter().find(|d| d.entry == *entry).unwrap(), 0).unwrap();
    }
    writer.commit().unwrap();
    assert!(index.check(stamps(&wanted)).unwrap().is_empty());
    assert_eq!(index.summary().unwrap(), Summary::of(stamps(&wanted)));
}

#[test]
fn another_version_or_a_broken_file_asks_for_a_rebuild() {
    let dir = tempfile::tempdir().unwrap();
    let index = open(dir.path());
    let mut writer = Writer::new(&index, MEMORY).unwrap();
    writer.upsert(&document(1, "Asthme"), 0).unwrap();
    writer.applied(4);
    writer.commit().unwrap();
    drop(writer);
    drop(index);
    let meta = dir.path().join(fs::read_to_string(dir.path().join("current")).unwrap().trim()).join("meta.json");
    let text = fs::read_to_string(&meta).unwrap();
    let older = |what: &str, now: u32| {
        let changed = text.replace(&format!("\\\"{what}\\\":{now}"), &format!("\\\"{what}\\\":0"));
        assert_ne!(changed, text);
        changed
    };
    fs::write(&meta, older("analysis", docimo_search::analysis::ANALYSIS_VERSION)).unwrap();
    let index = open(dir.path());
    assert_eq!((index.stale(), total(&index, "asthme")), (Some(Stale::Analysis), 1));
    drop(index);
    fs::write(&meta, older("schema", docimo_search::SCHEMA_VERSION)).unwrap();
    let index = open(dir.path());
    assert_eq!((index.stale(), index.len(), index.sequence().unwrap()), (Some(Stale::Schema), 0, 0));
    drop(index);
    let current = fs::read_to_string(dir.path().join("current")).unwrap();
    fs::write(dir.path().join(current.trim()).join("meta.json"), "{").unwrap();
    let index = open(dir.path());
    assert!(matches!(index.stale(), Some(Stale::Unreadable(_))));
    assert!(index.stale().unwrap().french().contains("à reconstruire"));
    let mut rebuild = Rebuild::begin(&index, 4, 1, MEMORY).unwrap();
    rebuild.add(&document(1, "Asthme")).unwrap();
    rebuild.applied(5);
    rebuild.finish().unwrap();
    assert_eq!((index.stale(), total(&index, "asthme"), index.sequence().unwrap()), (None, 1, 5));
    let facets = index.search(&Request { facets: &[Facet::Kind], ..Request::new("") }).unwrap().facets;
    assert_eq!(facets[0].distinct, 2);
}
