//! Files go in together with their names in every message, or not at all.

use super::*;
use std::fs;

const GOOD: &str = r#"{"format":"docimo-questions/1","entries":[{"id":"ID","kind":"QRU","stem":"Quoi ?","propositions":[
  {"id":"a","text":"un","status":"vrai"},{"id":"b","text":"deux","status":"faux"},{"id":"c","text":"trois","status":"faux"},{"id":"d","text":"quatre","status":"faux"}]}]}"#;

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }

    fn common(&self) -> Common {
        Common { data: Some(self.folder.path().join("data")), quiet: true, ..Common::default() }
    }

    async fn import(&self, files: Vec<PathBuf>, dry_run: bool) -> (Result<(), Failure>, Report) {
        let mut report = Report::default();
        let args = ImportArgs { files, format: FormatArg::Auto, dry_run };
        (import(&self.common(), &args, &mut report).await, report)
    }
}

#[tokio::test]
async fn nothing_is_written_if_a_file_cannot_be_read() {
    let place = Place::new();
    let good = place.file("good.json", &GOOD.replace("ID", "a"));
    let bad = place.file("bad.xml", "<quiz><question>");
    let absent = place.folder.path().join("absent.json");
    let (done, report) = place.import(vec![good, bad, absent, place.folder.path().into()], false).await;
    let Err(Failure::Input(text)) = done else { panic!("{done:?}") };
    let places: Vec<&str> = report.faulty.iter().map(|w| w.place.split(',').next().unwrap()).collect();
    assert_eq!(places[..2], ["bad.xml", "absent.json"], "{text}");
    assert!(text.contains("introuvable") && text.contains("c’est un dossier"), "{text}");
    assert!(!place.folder.path().join("data").exists());
}

#[tokio::test]
async fn a_trial_creates_no_database() {
    let place = Place::new();
    let files = vec![place.file("a.json", &GOOD.replace("ID", "a")), place.file("b.json", &GOOD.replace("ID", "b"))];
    let (done, report) = place.import(files.clone(), true).await;
    assert!(done.is_ok() && report.added == 2, "{report:?}");
    assert!(!place.folder.path().join("data").exists());
    let (done, report) = place.import(files.clone(), false).await;
    assert!(done.is_ok() && report.added == 2, "{report:?}");
    let path = place.folder.path().join("data/docimo.sqlite");
    let before = fs::read(&path).unwrap();
    let (done, report) = place.import(files, true).await;
    assert!(done.is_ok() && report.unchanged == 2, "{report:?}");
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[tokio::test]
async fn faults_and_warnings_name_their_file() {
    let place = Place::new();
    let empty = place.file("empty.json", r#"{"format":"docimo-questions/1","entries":[]}"#);
    let faulty = place.file("faulty.json", &GOOD.replace("ID", "a").replace("vrai", "faux"));
    let (done, report) = place.import(vec![empty, faulty], true).await;
    assert!(done.is_ok());
    assert!(report.warnings.iter().any(|w| w.place == "empty.json, fichier"), "{:?}", report.warnings);
    assert!(report.faulty[0].place.starts_with("faulty.json, "), "{:?}", report.faulty);
}

#[test]
fn files_of_one_name_are_told_apart() {
    let paths = ["x/a.json", "y/a.json", "y/b.json"].map(PathBuf::from);
    assert_eq!(names(&paths), ["x/a.json", "y/a.json", "b.json"]);
}
