//! A paper composed by a table of specification, through the JSON interface: kept, assembled, put in the draft, changed by
//! hand; the conflict when there is none, in words, and what would do.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop loudly")]

mod common;

use axum::http::{Method, StatusCode};
use common::{Caller, House};
use docimo::auth::Role;
use serde_json::{Value, json};

/// Six questions of cardiology, four of nephrology, two authors' worth of words.
fn bank() -> Value {
    let words = [
        "angor",
        "embolie",
        "péricardite",
        "dissection",
        "syncope",
        "flutter",
        "lithiase",
        "néphrite",
        "kyste",
        "colique",
    ];
    let entries: Vec<Value> = words
        .iter()
        .enumerate()
        .map(|(i, word)| {
            let (tag, rank) = if i < 6 { ("spec:cardiologie", "A") } else { ("spec:nephrologie", "B") };
            let propositions: Vec<Value> = ["signe", "examen", "traitement"]
                .iter()
                .enumerate()
                .map(|(k, p)| json!({"id": format!("p{k}"), "text": format!("Un {p} propre à : {word}, n° {i}"), "status": if k == 0 { "vrai" } else { "faux" }}))
                .collect();
            json!({"id": format!("q{i}"), "kind": "QRM", "rank": rank, "tags": [tag], "stem": format!("Que savez-vous de {word} ?"), "propositions": propositions})
        })
        .collect();
    json!({"format": "docimo-questions/1", "entries": entries})
}

async fn import(who: &Caller, file: &Value) {
    let bytes = file.to_string().into_bytes();
    let (status, report) =
        who.send(Method::POST, "/questions/import?name=x.json", "application/octet-stream", bytes).await;
    assert_eq!(status, StatusCode::OK, "{report}");
    assert_eq!(report["faulty"], json!([]));
}

async fn put(who: &Caller, path: &str, body: &Value) -> (StatusCode, Value) {
    who.json(Method::PUT, path, body).await
}

async fn ended(who: &Caller, exam: &str) -> Value {
    for _ in 0..600 {
        let now = who.get(&format!("/exams/{exam}/assembly")).await;
        if now["state"] != "working" {
            return now;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the assembly does not end");
}

fn table(cardiology: u32, nephrology: u32) -> Value {
    json!({"blueprint": {"title": "Partiel", "questions": {"target": 6.0}, "rows": [
        {"facet": "specialty", "value": "cardiologie", "measure": "questions", "bounds": {"min": cardiology}},
        {"facet": "specialty", "value": "spec:nephrologie", "measure": "questions", "bounds": {"min": nephrology}}]}})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_gives_a_paper_or_says_why_not() {
    let house = House::build().await;
    let jury = house.staff("jury", Role::Committee).await;
    import(&jury, &bank()).await;
    let exam = jury.post("/exams", json!({"title": "Partiel"})).await["id"].as_str().unwrap().to_owned();
    let at = format!("/exams/{exam}/blueprint");
    let (status, _) = jury.send(Method::GET, &at, "application/json", vec![]).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    jury.refused(&format!("/exams/{exam}/assembly"), json!({}), 409, "pas encore de table").await;

    // Faults at their place; a field that is not one.
    let mut wrong = table(3, 2);
    wrong["blueprint"]["rows"][0]["facet"] = json!("item");
    let (status, said) = put(&jury, &at, &wrong).await;
    assert_eq!((status.as_u16(), said["errors"][0]["place"].as_str()), (422, Some("ligne 1 (item cardiologie)")));
    wrong["blueprint"]["rowz"] = json!([]);
    assert_eq!(put(&jury, &at, &wrong).await.0.as_u16(), 422);

    // Eight of six: a conflict, the smallest change, and a table that has it.
    let (status, said) = put(&jury, &at, &table(4, 4)).await;
    assert_eq!(status, StatusCode::NO_CONTENT, "{said}");
    jury.post(&format!("/exams/{exam}/assembly"), json!({"seed": 7})).await;
    let answer = ended(&jury, &exam).await;
    assert_eq!(
        (answer["state"].as_str(), answer["seed"].as_u64(), answer["pool"].as_u64()),
        (Some("infeasible"), Some(7), Some(10))
    );
    let labels = answer["answer"]["conflict"]["labels"].to_string();
    assert!(
        labels.contains("Médecine Cardiovasculaire : au moins 4 questions") && labels.contains("exactement 6"),
        "{labels}"
    );
    assert_eq!(answer["answer"]["cost"][0].as_f64().map(f64::round), Some(2.0));
    let relaxed = json!({"blueprint": answer["relaxed"]});
    assert_eq!(put(&jury, &at, &relaxed).await.0, StatusCode::NO_CONTENT);
    jury.post(&format!("/exams/{exam}/assembly"), json!({})).await;
    assert_eq!(ended(&jury, &exam).await["state"], "assembled");

    // A paper, the same for the same seed; it goes in the draft and the effect is told.
    put(&jury, &at, &table(3, 2)).await;
    let mut papers = Vec::new();
    for _ in 0..2 {
        jury.post(&format!("/exams/{exam}/assembly"), json!({"seed": 11})).await;
        papers.push(ended(&jury, &exam).await["assembly"]["forms"].clone());
    }
    assert_eq!(papers[0], papers[1]);
    assert_eq!(papers[0][0].as_array().unwrap().len(), 6);
    jury.post(&format!("/exams/{exam}/sections"), json!({"title": "Épreuve", "duration_minutes": 60})).await;
    jury.post(&format!("/exams/{exam}/assembly/take"), json!({"form": 1, "section": "s1"})).await;
    jury.refused(&format!("/exams/{exam}/assembly/take"), json!({"form": 2, "section": "s1"}), 404, "").await;
    let effect = jury.get(&format!("/exams/{exam}/effect")).await;
    assert!(effect["report"]["lines"].as_array().unwrap().iter().all(|l| l["state"] == "met"), "{effect}");

    // By hand: one out, the table says so; one replaced by what the bank proposes.
    let paper = jury.get(&format!("/exams/{exam}/paper")).await;
    let first = paper["sections"][0]["elements"][0]["question"]["id"].as_str().unwrap().to_owned();
    let element = format!("/exams/{exam}/sections/s1/elements/{first}");
    let offers = jury.get(&format!("{element}/replacements")).await;
    let best = &offers["offers"][0];
    assert_eq!(best["excess"].as_f64(), Some(0.0), "{offers}");
    assert!(!papers[0][0].as_array().unwrap().contains(&best["external_id"]));
    jury.post(&format!("{element}/replace"), json!({"entry": best["entry"]})).await;
    let now = jury.get(&format!("/exams/{exam}/paper")).await;
    assert_eq!(now["sections"][0]["elements"][0]["question"]["id"], best["external_id"]);
    let second = now["sections"][0]["elements"][1]["question"]["id"].as_str().unwrap().to_owned();
    jury.post(&format!("/exams/{exam}/sections/s1/elements/{second}"), json!({"what": "remove"})).await;
    let effect = jury.get(&format!("/exams/{exam}/effect")).await;
    assert!(effect["report"]["lines"].to_string().contains("below"), "{effect}");

    // Two forms apart, each in its own section; the same one twice is refused.
    let second = jury.post("/exams", json!({"title": "Deux sujets"})).await["id"].as_str().unwrap().to_owned();
    let mut two = table(1, 1);
    two["blueprint"]["questions"] = json!({"target": 4.0});
    two["blueprint"]["forms"] = json!(2);
    put(&jury, &format!("/exams/{second}/blueprint"), &two).await;
    jury.post(&format!("/exams/{second}/assembly"), json!({})).await;
    assert_eq!(ended(&jury, &second).await["assembly"]["forms"].as_array().map(Vec::len), Some(2));
    for section in ["s1", "s2"] {
        jury.post(&format!("/exams/{second}/sections"), json!({"title": section, "duration_minutes": 60})).await;
    }
    let take = format!("/exams/{second}/assembly/take");
    jury.post(&take, json!({"form": 1, "section": "s1"})).await;
    jury.refused(&take, json!({"form": 1, "section": "s2"}), 409, "déjà dans une autre épreuve").await;
    jury.post(&take, json!({"form": 2, "section": "s2"})).await;
    let effect = jury.get(&format!("/exams/{second}/effect")).await;
    assert_eq!(effect["forms"], json!(["s1", "s2"]));
    assert!(effect["report"]["lines"].as_array().unwrap().iter().all(|l| l["state"] == "met"), "{effect}");

    // What the draft holds is kept, and completed where it is.
    jury.post(&format!("/exams/{exam}/assembly"), json!({"keep": true})).await;
    assert_eq!(ended(&jury, &exam).await["state"], "assembled");
    jury.post(&format!("/exams/{exam}/assembly/take"), json!({"form": 1, "section": "s1", "replace": true})).await;
    let full = jury.get(&format!("/exams/{exam}/paper")).await;
    let ids: Vec<&Value> =
        full["sections"][0]["elements"].as_array().unwrap().iter().map(|e| &e["question"]["id"]).collect();
    assert_eq!((ids.len(), ids[0]), (6, &best["external_id"]));

    jury.post(&format!("/exams/{exam}/freeze"), json!({})).await;
    assert_eq!(put(&jury, &at, &table(3, 2)).await.0, StatusCode::CONFLICT);
    jury.refused(&format!("/exams/{exam}/assembly"), json!({}), 409, "figé").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_composes_with_what_one_may_read_and_what_is_usable() {
    let house = House::build().await;
    let jury = house.staff("jury", Role::Committee).await;
    import(&jury, &bank()).await;
    let admin = house.staff("admin", Role::Administrator).await;
    let store = &house.app.store;
    let folder = docimo_store::bank::folders::Folder {
        id: "secret".into(),
        parent_id: None,
        unit_id: "etablissement".into(),
        name: "Concours".into(),
    };
    let person = store.person_by_login("admin").await.unwrap().unwrap();
    let done = docimo_store::exams::NewEvent {
        id: "e1".into(),
        exam_id: None,
        at_ms: 1,
        author_id: Some(person.id.clone()),
        what: "folder",
        detail: String::new(),
    };
    store.set_folder(&folder, &done).await.unwrap();
    let lithiase = store.entry_by_external_id("q6").await.unwrap().unwrap();
    let operation = docimo_store::bank::operations::BulkOperation {
        id: "o1".into(),
        person_id: person.id.clone(),
        at_ms: 2,
        kind: "move".into(),
        detail: String::new(),
        undone_ms: None,
        entries: 0,
    };
    let change = docimo_store::bank::operations::BulkChange {
        entry_id: lithiase.id.clone(),
        change: docimo_store::bank::operations::Change::Folder { from: "commun".into(), to: "secret".into() },
        event: docimo_store::bank::workflow::NewEntryEvent {
            id: "ev1".into(),
            entry_id: lithiase.id.clone(),
            revision: 1,
            person_id: person.id,
            at_ms: 2,
            what: "move",
            place: String::new(),
            body: String::new(),
        },
    };
    store.change_entries(&operation, &[change], None).await.unwrap();
    let exam = jury.post("/exams", json!({"title": "Partiel"})).await["id"].as_str().unwrap().to_owned();
    put(&jury, &format!("/exams/{exam}/blueprint"), &table(2, 4)).await;
    jury.post(&format!("/exams/{exam}/assembly"), json!({})).await;
    let answer = ended(&jury, &exam).await;
    assert_eq!((answer["state"].as_str(), answer["pool"].as_u64()), (Some("infeasible"), Some(9)), "{answer}");
    assert!(!answer.to_string().contains("\"q6\""));
    // Someone with more rights has more to choose from, and their proposals are theirs.
    admin.post(&format!("/exams/{exam}/assembly"), json!({})).await;
    let theirs = ended(&admin, &exam).await;
    assert_eq!((theirs["state"].as_str(), theirs["pool"].as_u64()), (Some("assembled"), Some(10)), "{theirs}");
    assert_eq!(ended(&jury, &exam).await["state"], "infeasible");
    let secret = lithiase.id;
    let declare = json!({"other": secret, "reason": "même image"});
    let own = store.entry_by_external_id("q1").await.unwrap().unwrap().id;
    jury.refused(&format!("/questions/{own}/enemies"), declare.clone(), 422, "n’est pas dans la banque").await;
    admin.post(&format!("/questions/{own}/enemies"), declare).await;
    assert_eq!(admin.get(&format!("/questions/{own}/enemies")).await[0]["external_id"], "q6");
    assert_eq!(jury.get(&format!("/questions/{own}/enemies")).await, json!([]), "as if absent");
    let (status, _) = jury.json(Method::DELETE, &format!("/questions/{own}/enemies/{secret}"), &json!({})).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (status, _) = admin.json(Method::DELETE, &format!("/questions/{own}/enemies/{secret}"), &json!({})).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
}
