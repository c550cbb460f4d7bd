use super::*;
use std::path::Path;

fn common(folder: &Path) -> Common {
    Common { data: Some(folder.join("data")), quiet: true, ..Common::default() }
}

fn import(file: PathBuf) -> ImportArgs {
    ImportArgs { file, referential: None, version: None, dry_run: false }
}

async fn report(common: &Common, args: &ImportArgs) -> Report {
    let brought = read(args).map_err(|(failure, _)| failure).unwrap();
    bring(common, brought, args.version.as_deref(), args.dry_run).await.unwrap()
}

/// The objectives of `shared/r2c`, read in place; `None` with the skip recorded.
fn objectives() -> Option<PathBuf> {
    let root = std::env::var_os("DOCIMO_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    let path = root.join("r2c/objectives.csv");
    if path.is_file() {
        return Some(path);
    }
    if let Some(log) = std::env::var_os("DOCIMO_SKIP_LOG") {
        use std::io::Write;
        let mut log = std::fs::OpenOptions::new().create(true).append(true).open(log).unwrap();
        writeln!(log, "api: shared/r2c absent").unwrap();
    }
    None
}

#[tokio::test]
async fn the_national_objectives_are_imported_once() {
    let Some(path) = objectives() else { return };
    let folder = tempfile::tempdir().unwrap();
    let common = common(folder.path());
    let trial = ImportArgs { dry_run: true, ..import(path.clone()) };
    assert_eq!(report(&common, &trial).await.nodes, 4_872);
    assert!(!folder.path().join("data").exists(), "a trial writes nothing");
    let named = ImportArgs { version: Some("LISA 2024".into()), ..import(path.clone()) };
    let first = report(&common, &named).await;
    assert_eq!((first.read, first.nodes, first.added, first.faulty.len()), (4_872, 4_872, 4_872, 0));
    let status = |name: &str| first.title_status[name];
    assert_eq!(["complete", "completed", "truncated", "uncertain"].map(status), [4_001, 13, 227, 631]);
    assert_eq!(first.warnings, [], "ordinals have no gap");
    let again = report(&common, &import(path.clone())).await;
    assert!(again.unchanged && again.version == "LISA 2024", "{again:?}");
    let store = common.open(false).await.unwrap();
    assert_eq!(store.referential_versions("r2c").await.unwrap().len(), 1);
    // Another content: one objective under another rank, one gone, one faulty line.
    let text = std::fs::read_to_string(&path).unwrap();
    let text = text
        .replace("OIC-226-01-A,226,1,A", "OIC-226-01-B,226,1,B")
        .replace("OIC-001-01-A,1,1,A", "OIC-001-01-A,2,1,A");
    let other = folder.path().join("objectives.csv");
    std::fs::write(&other, text).unwrap();
    let clash = ImportArgs { version: Some("LISA 2024".into()), ..import(other.clone()) };
    let brought = read(&clash).map_err(|(f, _)| f).unwrap();
    assert!(matches!(bring(&common, brought, Some("LISA 2024"), false).await, Err(Failure::Input(_))));
    assert!(matches!(run(&common, &R2cCommand::Import(import(other))).await, Err(Failure::Attention)));
    let line = store.referential("r2c").await.unwrap().unwrap();
    assert_eq!((line.current, line.nodes), (2, 4_871));
    let follows = store.follows("r2c").await.unwrap();
    assert_eq!(follows.len(), 1);
    assert_eq!((follows[0].tag.as_str(), follows[0].target.as_str()), ("OIC-226-01-A", "OIC-226-01-B"));
    store.close().await;
}

#[tokio::test]
async fn any_tree_is_imported_and_a_bad_file_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let common = common(folder.path());
    let csv = folder.path().join("Pharmacie Lille.csv");
    std::fs::write(&csv, "code;parent;titre;type\nUE1;;Chimie;UE\nUE1.1;UE1;Atomes;cours\n").unwrap();
    let first = report(&common, &import(csv.clone())).await;
    assert_eq!((first.referential.as_str(), first.nodes), ("pharmacie-lille", 2));
    let bad = folder.path().join("x.csv");
    std::fs::write(&bad, "nom\nx\n").unwrap();
    for file in [bad, folder.path().join("absent.csv")] {
        assert!(matches!(run(&common, &R2cCommand::Import(import(file))).await, Err(Failure::Input(_))));
    }
    run(&common, &R2cCommand::List).await.unwrap();
    let from = PullArgs { from: "lisa".into(), version: None, pause: 0, dry_run: false };
    assert!(matches!(run(&common, &R2cCommand::Pull(from)).await, Err(Failure::Input(_))));
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let from = PullArgs { from: format!("http://127.0.0.1:{port}"), version: None, pause: 0, dry_run: false };
    assert!(matches!(run(&common, &R2cCommand::Pull(from)).await, Err(Failure::Environment(_))));
}
