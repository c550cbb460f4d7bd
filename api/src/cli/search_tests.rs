use super::*;
use crate::cli::import::{self, ImportArgs};
use clap::Parser;

#[derive(Parser)]
struct Import {
    #[command(flatten)]
    args: ImportArgs,
}

fn common(folder: &Path) -> Common {
    Common { quiet: true, data: Some(folder.into()), ..Common::default() }
}

async fn bring(common: &Common, folder: &Path, id: &str, stem: &str) {
    let file = folder.join("q.json");
    let entry = format!(r#"{{"id":"{id}","kind":"QROC","stem":"{stem}","exact":["oui"],"tags":["R2C:339"]}}"#);
    std::fs::write(&file, format!(r#"{{"format":"docimo-questions/1","entries":[{entry}]}}"#)).unwrap();
    let args = Import::parse_from(["import", file.to_str().unwrap()]).args;
    import::run(common, &args).await.unwrap();
}

fn args(line: &str) -> SearchArgs {
    SearchArgs { line: line.into(), limit: 20, offset: 0, facets: true }
}

async fn found(common: &Common, line: &str) -> Vec<String> {
    let store = common.open(false).await.unwrap();
    let shown = search(common, &store, &args(line)).await.unwrap();
    store.close().await;
    shown.entries.into_iter().map(|e| e.external_id).collect()
}

/// Without a server the command builds its index, follows it, checks it, and another builds it anew.
#[tokio::test(flavor = "multi_thread")]
async fn the_bank_is_searched_from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let common = common(folder.path());
    bring(&common, folder.path(), "coeur", "Quel est le traitement de l’infarctus du myocarde ?").await;
    bring(&common, folder.path(), "rein", "Quelle est la cause de l’hématurie ?").await;
    assert_eq!(found(&common, "IDM").await, ["coeur"]);
    assert_eq!(found(&common, "item:339 -infarctus").await, ["rein"]);
    bring(&common, folder.path(), "coeur", "Quel est le traitement de la péricardite ?").await;
    assert!(found(&common, "infarctus").await.is_empty(), "the index follows");
    assert_eq!(found(&common, "péricardites").await, ["coeur"]);

    let store = common.open(false).await.unwrap();
    let fault = search(&common, &store, &args("item:999")).await.err().unwrap();
    assert!(matches!(fault, Failure::Input(_)), "{fault:?}");
    check(&common, &store).await.unwrap();
    store.close().await;
    index(&common, &IndexCommand::Rebuild).await.unwrap();
    assert_eq!(found(&common, "hématuries").await, ["rein"]);

    // Something that the index does not have is told.
    bring(&common, folder.path(), "poumon", "Quel est le traitement de l’asthme ?").await;
    assert!(matches!(index(&common, &IndexCommand::Check).await, Err(Failure::Attention)));
}
