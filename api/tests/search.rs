//! The bank searched through the JSON interface: what someone may see, what is found, counted, kept, and how the index
//! follows the database.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop loudly")]

mod common;

use axum::http::{Method, StatusCode};
use common::{Caller, House};
use docimo::auth::Role;
use docimo::bank::index::{Finder, Place, State};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

fn qroc(id: &str, stem: &str, tags: &str) -> String {
    format!(r#"{{"id":"{id}","kind":"QROC","stem":"{stem}","exact":["oui"],"tags":[{tags}]}}"#)
}

fn qru(id: &str, stem: &str) -> String {
    let texts = ["l’aspirine à faible dose", "le clopidogrel seul", "l’héparine non fractionnée", "la colchicine"];
    let list: Vec<String> = texts
        .iter()
        .enumerate()
        .map(|(i, t)| format!(r#"{{"id":"p{i}","text":"{t}","status":"{}"}}"#, if i == 0 { "vrai" } else { "faux" }))
        .collect();
    format!(r#"{{"id":"{id}","kind":"QRU","stem":"{stem}","propositions":[{}]}}"#, list.join(","))
}

async fn bring(by: &Caller, entries: &[String]) -> Value {
    let file = format!(r#"{{"format":"docimo-questions/1","entries":[{}]}}"#, entries.join(","));
    let kind = "application/octet-stream";
    let (status, report) = by.send(Method::POST, "/questions/import?name=q.json", kind, file.into_bytes()).await;
    assert_eq!(status, StatusCode::OK, "{report}");
    report
}

fn encoded(line: &str) -> String {
    docimo::web::urlencode(line).replace('/', "%2F")
}

async fn found(by: &Caller, line: &str) -> Vec<String> {
    let page = by.get(&format!("/questions?q={}", encoded(line))).await;
    page["entries"].as_array().unwrap().iter().map(|e| e["external_id"].as_str().unwrap().to_owned()).collect()
}

/// Waits for what must come; how long it takes is for the bench.
async fn until_found(by: &Caller, line: &str, expected: &[&str]) {
    for _ in 0..200 {
        if found(by, line).await == expected {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(found(by, line).await, expected, "{line}");
}

async fn follow(house: &House, root: &Path) {
    let finder = Finder::open(Place::take(root).unwrap()).unwrap();
    house.app.follow(finder.clone());
    for _ in 0..200 {
        if finder.state() == State::Following {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{:?}", finder.state());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_saved_is_found_counted_and_within_reach() {
    let (house, root) = (House::build().await, tempfile::tempdir().unwrap());
    let author = house.staff("auteur", Role::Author).await;
    let committee = house.staff("jury", Role::Committee).await;
    // Before there is an index, words of titles are looked for.
    bring(&committee, &[qroc("coeur", "Traitement de l’infarctus du myocarde ?", r#""R2C:339""#)]).await;
    let page = author.get("/questions?q=infarctus").await;
    assert_eq!((page["total"].as_i64(), page.get("query")), (Some(1), None));
    follow(&house, root.path()).await;

    bring(&committee, &[qroc("rein", "Cause d’une hématurie ?", r#""R2C:260""#)]).await;
    until_found(&author, "hématuries", &["rein"]).await;
    assert_eq!(found(&author, "IDM").await, ["coeur"], "a synonym of the list");
    assert_eq!(found(&author, "infractus").await, ["coeur"], "a slip of the pen");
    assert_eq!(found(&author, "item:339").await, ["coeur"]);
    let page = author.get(&format!("/questions?facets=true&q={}", encoded("infarctus genre:QROC"))).await;
    let facet = |field: &str| {
        let all = page["facets"].as_array().unwrap();
        all.iter().find(|f| f["field"] == field).unwrap()["values"].clone()
    };
    assert_eq!(facet("genre")[0], json!({"value": "QI", "entries": 1}));
    assert_eq!(facet("dossier")[0]["value"], "Banque commune");
    let extract = &page["entries"][0]["extract"];
    let (from, to) = (extract["marks"][0][0].as_u64().unwrap(), extract["marks"][0][1].as_u64().unwrap());
    let text: Vec<char> = extract["text"].as_str().unwrap().chars().collect();
    assert_eq!(text[from as usize..to as usize].iter().collect::<String>(), "infarctus");
    let (status, fault) = author.send(Method::GET, "/questions?q=item:999", "application/json", vec![]).await;
    assert_eq!(
        (status, fault["errors"][0]["place"].as_str()),
        (StatusCode::UNPROCESSABLE_ENTITY, Some("q")),
        "{fault}"
    );

    // The list of synonyms is the committee's to change, and acts at once.
    let (status, _) = author.send(Method::PUT, "/synonyms", "text/plain", b"a1 = b1".to_vec()).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let (status, fault) = committee.send(Method::PUT, "/synonyms", "text/plain", b"seul".to_vec()).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{fault}");
    let list = "pisse-sang = hématurie".as_bytes().to_vec();
    assert_eq!(committee.send(Method::PUT, "/synonyms", "text/plain", list).await.0, StatusCode::NO_CONTENT);
    assert_eq!(found(&author, "pisse-sang").await, ["rein"]);
    assert!(found(&author, "IDM").await.is_empty(), "the establishment's list takes the place of the program's");
    assert_eq!(committee.send(Method::PUT, "/synonyms", "text/plain", vec![]).await.0, StatusCode::NO_CONTENT);
    assert_eq!(found(&author, "IDM").await, ["coeur"]);

    // Searches are kept by each for themselves.
    let keep = json!({"query": "item:339 infarctus"});
    assert_eq!(author.json(Method::PUT, "/searches/Cœur", &keep).await.0, StatusCode::NO_CONTENT);
    assert_eq!(author.json(Method::PUT, "/searches/x", &json!({"query": "item:999"})).await.0.as_u16(), 422);
    assert_eq!(author.get("/searches").await, json!([{"name": "Cœur", "query": "item:339 infarctus"}]));
    assert_eq!(committee.get("/searches").await, json!([]));
    assert_eq!(author.send(Method::DELETE, "/searches/Cœur", "application/json", vec![]).await.0.as_u16(), 204);
    assert_eq!(author.get("/searches").await, json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_out_of_reach_is_neither_found_nor_counted_nor_told() {
    let (house, root) = (House::build().await, tempfile::tempdir().unwrap());
    let author = house.staff("auteur", Role::Author).await;
    let admin = house.staff("admin", Role::Administrator).await;
    let stem = "Chez un patient admis pour une péricardite aiguë, quel traitement proposez-vous en premier ?";
    bring(&admin, &[qru("visible", "Quel traitement de la goutte ?"), qru("secret", stem)]).await;
    let id = |page: Value| page["entries"][0]["id"].as_str().unwrap().to_owned();
    let secret = id(admin.get("/questions?q=secret").await);
    follow(&house, root.path()).await;
    assert_eq!(found(&author, "péricardite").await, ["secret"]);
    // Into a folder that nobody else was given.
    let folder = docimo_store::bank::folders::Folder {
        id: "concours".into(),
        parent_id: None,
        unit_id: "etablissement".into(),
        name: "Concours".into(),
    };
    let event = |id: &str| docimo_store::exams::NewEvent {
        id: id.into(),
        exam_id: None,
        at_ms: 1,
        author_id: None,
        what: "folder",
        detail: String::new(),
    };
    house.app.store.set_folder(&folder, &event("e1")).await.unwrap();
    let change = docimo_store::bank::operations::BulkChange {
        entry_id: secret.clone(),
        change: docimo_store::bank::operations::Change::Folder { from: "commun".into(), to: "concours".into() },
        event: docimo_store::bank::workflow::NewEntryEvent {
            id: "m1".into(),
            entry_id: secret.clone(),
            revision: 1,
            person_id: house.app.store.person_by_login("admin").await.unwrap().unwrap().id,
            at_ms: 2,
            what: "move",
            place: String::new(),
            body: String::new(),
        },
    };
    let operation = docimo_store::bank::operations::BulkOperation {
        id: "o1".into(),
        person_id: change.event.person_id.clone(),
        at_ms: 2,
        kind: "move".into(),
        detail: String::new(),
        undone_ms: None,
        entries: 0,
    };
    house.app.store.change_entries(&operation, &[change], None).await.unwrap();
    // At once, even before the index knows it.
    assert!(found(&author, "péricardite").await.is_empty());
    until_found(&admin, "dossier:Concours", &["secret"]).await;
    let page = author.get(&format!("/questions?facets=true&q={}", encoded("traitement"))).await;
    assert_eq!(page["total"], 1, "{page}");
    assert!(!page.to_string().contains("Concours") && !page.to_string().contains("péricardite"), "{page}");
    assert!(found(&author, "dossier:Concours").await.is_empty());

    // Nor is a file told that it looks like it; to whoever may see it, it is.
    let report = bring(&author, &[qru("copie", &stem.replace("admis", "hospitalisé"))]).await;
    assert_eq!(report["alike"], json!([]), "{report}");
    until_found(&admin, "code:copie", &["copie"]).await;
    let report = bring(&admin, &[qru("copie2", &stem.replace("aiguë", "aigüe"))]).await;
    let told = report["alike"].to_string();
    assert!(told.contains("« secret »") && told.contains("« copie »"), "{report}");
    assert_eq!(report["alike_in_all"].as_u64(), Some(2));
    let visible = id(author.get("/questions?q=visible").await);
    let beside = author.get(&format!("/questions/{visible}/neighbours")).await.to_string();
    assert!(!beside.contains("secret"), "{beside}");
    until_found(&admin, "code:copie2", &["copie2"]).await;
    let copy = id(admin.get("/questions?q=code:copie2").await);
    let beside = admin.get(&format!("/questions/{copy}/neighbours")).await;
    assert!(beside["near"].to_string().contains("secret"), "{beside}");
    let hidden = author.send(Method::GET, &format!("/questions/{secret}/neighbours"), "application/json", vec![]).await;
    assert_eq!(hidden.0, StatusCode::NOT_FOUND);
}

/// An index that lost or kept what it should not, that is of another base, or that does not open, is made right.
#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_differs_is_mended() {
    let (house, root) = (House::build().await, tempfile::tempdir().unwrap());
    let committee = house.staff("jury", Role::Committee).await;
    bring(&committee, &[qroc("a", "Asthme ?", ""), qroc("b", "Bronchite ?", "")]).await;
    let other = House::build().await;
    let elsewhere = other.staff("jury", Role::Committee).await;
    for n in 0..4 {
        bring(&elsewhere, &[qroc(&format!("autre{n}"), "Grippe ?", "")]).await;
    }
    {
        // The index of another base, left in the place of ours.
        let finder = Finder::open(Place::take(root.path()).unwrap()).unwrap();
        docimo::bank::index::follow::catch_up(&other.app.store, &finder, &|_| {}).await.unwrap();
        assert_eq!(finder.index.len(), 4);
    }
    follow(&house, root.path()).await;
    until_found(&committee, "tri:récence asthme", &["a"]).await;
    until_found(&committee, "grippe", &[]).await;
    assert_eq!(house.app.finder().unwrap().index.len(), 2);
}
