//! Files of questions from the command line: whole or not there, with every loss told.

use super::*;
use crate::cli::import::command_line_author;
use crate::library::{self, Report};
use clap::Parser;
use std::fs;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: ExportArgs,
}

fn args(line: &[&str]) -> Result<ExportArgs, clap::Error> {
    Line::try_parse_from(["export"].iter().chain(line)).map(|line| line.args)
}

fn proposition(id: &str, status: &str) -> String {
    format!(r#"{{"id":"{id}","text":"texte {id}","status":"{status}"}}"#)
}

fn choice(id: &str, kind: &str) -> String {
    let list = [proposition("a", "vrai"), proposition("b", "faux"), proposition("c", "faux"), proposition("d", "faux")];
    format!(r#"{{"id":"{id}","kind":"{kind}","stem":"Énoncé de {id} ?","propositions":[{}]}}"#, list.join(","))
}

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    async fn with(entries: &[String]) -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        let report = place.import("x.json", place.file(entries), false).await;
        assert_eq!((report.added, report.faulty.len()), (entries.len(), 0), "{report:?}");
        place
    }

    fn file(&self, entries: &[String]) -> Vec<u8> {
        format!(r#"{{"format":"docimo-questions/1","entries":[{}]}}"#, entries.join(",")).into_bytes()
    }

    fn common(&self) -> Common {
        Common { data: Some(self.folder.path().join("data")), quiet: true, ..Common::default() }
    }

    async fn import(&self, name: &str, bytes: Vec<u8>, dry_run: bool) -> Report {
        let store = self.common().open(false).await.unwrap();
        let author = command_line_author(&store).await.unwrap();
        let report = library::import_file(&store, &author, name, bytes, None, dry_run).await.unwrap();
        store.close().await;
        report
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn export(&self, line: &[&str], name: &str) -> Result<(), Failure> {
        let path = self.path(name);
        let line: Vec<&str> = line.iter().copied().chain(["-o", path.to_str().unwrap()]).collect();
        run(&self.common(), &args(&line).unwrap()).await
    }

    /// Files that an export left beside what it wrote.
    fn leftovers(&self) -> usize {
        fs::read_dir(self.folder.path()).unwrap().filter(|e| e.as_ref().unwrap().file_name() != "data").count()
    }
}

#[tokio::test]
async fn every_format_is_written_and_ours_comes_back_unchanged() {
    let place = Place::with(&[choice("a1", "QRU"), choice("a2", "QRU"), choice("b1", "QRM")]).await;
    for target in Target::ALL {
        let name = format!("out-{}.{}", target.code(), target.extension());
        let done = place.export(&["--format", target.code(), "--kind", "QRU"], &name).await;
        assert!(done.is_ok(), "{target:?}: {done:?}");
        let whole = matches!(target, Target::Json | Target::MoodleXml | Target::Qti21 | Target::Qti22 | Target::Qti30);
        let report = place.import(&name, fs::read(place.path(&name)).unwrap(), !whole).await;
        assert_eq!((report.read, report.faulty.len()), (2, 0), "{target:?}: {report:?}");
        if whole {
            assert_eq!(report.unchanged, 2, "{target:?}: {report:?}");
        }
    }
    assert_eq!(place.leftovers(), Target::ALL.len());
}

#[tokio::test]
async fn what_is_left_out_asks_for_attention() {
    let place = Place::with(&[choice("a1", "QRU"), choice("b1", "QRM")]).await;
    assert!(matches!(place.export(&["--format", "aiken"], "a.txt").await, Err(Failure::Attention)));
    let text = fs::read_to_string(place.path("a.txt")).unwrap();
    assert!(text.contains("Énoncé de a1") && !text.contains("b1"), "{text}");
    let store = place.common().open_existing().await.unwrap();
    let order = Order { target: Target::Aiken, title: "T".into() };
    let ids = select(&store, None, &Selection::default(), &Reach::whole(&store).await.unwrap()).await.unwrap();
    let (done, _) = export::write(&store, order, ids, Vec::new(), |_| ()).await.unwrap();
    assert_eq!((done.entries, done.written, done.left_out(), done.notes[0].id.as_str()), (2, 1, 1, "b1"));
    // The command line is nobody: it says so in the record.
    let taken = store.events_of(export::EVENT, None, 5).await.unwrap();
    assert!(taken.len() == 1 && taken[0].author_name.is_none() && taken[0].detail.contains("ligne de commande"));
    store.close().await;
}

#[tokio::test]
async fn nothing_is_written_where_nothing_can_be() {
    let place = Place::with(&[choice("a1", "QRU")]).await;
    fs::write(place.path("before.json"), "before").unwrap();
    for line in [&["--format", "json", "--query", "absent"][..], &["--format", "json", "--id", "absent"]] {
        let Err(Failure::Input(text)) = place.export(line, "before.json").await else { panic!() };
        assert!(text.contains("aucune question") || text.contains("« absent »"), "{text}");
    }
    assert_eq!(fs::read_to_string(place.path("before.json")).unwrap(), "before");
    assert_eq!(place.leftovers(), 1);
    // Nor over the bank itself, nor where there is no bank.
    assert!(matches!(place.export(&["--format", "json"], "data/docimo.sqlite").await, Err(Failure::Input(_))));
    assert!(place.export(&["--format", "json"], "data").await.is_err(), "a folder");
    let nowhere = Place { folder: tempfile::tempdir().unwrap() };
    assert!(matches!(nowhere.export(&["--format", "json"], "x.json").await, Err(Failure::Input(_))));
    assert_eq!(nowhere.leftovers(), 0);
}

#[tokio::test]
async fn ids_words_and_statuses_choose() {
    let place = Place::with(&[choice("a1", "QRU"), choice("a2", "QRU"), choice("b1", "QRM")]).await;
    for (line, wanted) in [
        (&["--id", "b1", "--id", "a1"][..], &["b1", "a1"][..]),
        (&["--query", "de a2"], &["a2"]),
        (&["--status", "validated,draft", "--kind", "qrm"], &["b1"]),
        (&["--status", "all"], &["a1", "a2", "b1"]),
    ] {
        let line: Vec<&str> = ["--format", "json"].iter().chain(line).copied().collect();
        place.export(&line, "x.json").await.unwrap();
        let out: serde_json::Value = serde_json::from_slice(&fs::read(place.path("x.json")).unwrap()).unwrap();
        let ids: Vec<&str> = out["entries"].as_array().unwrap().iter().map(|e| e["id"].as_str().unwrap()).collect();
        assert_eq!(ids, wanted, "{line:?}");
    }
}

#[tokio::test]
async fn the_template_needs_no_bank() {
    let place = Place { folder: tempfile::tempdir().unwrap() };
    for format in ["csv", "xlsx"] {
        let name = format!("modele.{format}");
        place.export(&["--template", format], &name).await.unwrap();
        let read = library::read(&name, fs::read(place.path(&name)).unwrap(), None).await.unwrap();
        assert!(read.entries.len() > 4 && read.faulty.is_empty(), "{:?}", read.faulty);
    }
    assert!(!place.path("data").exists());
}

#[test]
fn options_that_do_not_go_together_are_refused() {
    for line in [
        &["-o", "x"][..],
        &["--format", "json"],
        &["--format", "docx", "-o", "x"],
        &["--template", "json", "-o", "x"],
        &["--template", "csv", "--format", "csv", "-o", "x"],
        &["--format", "json", "--id", "a", "--query", "b", "-o", "x"],
    ] {
        assert!(args(line).is_err(), "{line:?}");
    }
    let both = Common { json: true, ..Common::default() };
    assert!(matches!(destination(&both, &args(&["--format", "json", "-o", "-"]).unwrap()), Err(Failure::Input(_))));
}
