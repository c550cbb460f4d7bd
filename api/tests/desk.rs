//! The life of an entry through the JSON interface: reviewed by others, remarked, compared, changed with others and put
//! back, in folders that open to some.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop loudly")]

mod common;

use axum::http::{Method, StatusCode};
use common::{Caller, House};
use docimo::auth::Role;
use serde_json::{Value, json};

async fn bring(by: &Caller, id: &str, stem: &str) {
    let entry = format!(r#"{{"id":"{id}","kind":"QROC","stem":"{stem}","exact":["oui"]}}"#);
    let file = format!(r#"{{"format":"docimo-questions/1","entries":[{entry}]}}"#).into_bytes();
    let (status, report) =
        by.send(Method::POST, "/questions/import?name=q.json", "application/octet-stream", file).await;
    assert_eq!(status, StatusCode::OK, "{report}");
}

async fn entry(by: &Caller, external_id: &str) -> Value {
    let page = by.get(&format!("/questions?q={external_id}")).await;
    page["entries"].as_array().unwrap().iter().find(|e| e["external_id"] == external_id).unwrap().clone()
}

async fn id(by: &Caller, external_id: &str) -> String {
    entry(by, external_id).await["id"].as_str().unwrap().to_owned()
}

fn step(step: &str, latest: i64, status: &str, reason: &str) -> Value {
    json!({"step": step, "latest": latest, "status": status, "reason": reason})
}

#[tokio::test]
async fn an_entry_is_reviewed_remarked_and_compared() {
    let house = House::build().await;
    let (author, jury) = (house.staff("auteur", Role::Author).await, house.staff("jury", Role::Committee).await);
    bring(&author, "q1", "Quel traitement ?").await;
    let at = format!("/questions/{}", id(&author, "q1").await);
    let done = author.post(&format!("{at}/steps"), step("submit", 1, "draft", "")).await;
    assert_eq!(done, json!({"status": "in_review", "awaiting": 0}));
    author.refused(&format!("{at}/steps"), step("validate", 1, "in_review", ""), 403, "").await;
    jury.refused(&format!("{at}/steps"), step("send_back", 1, "in_review", ""), 422, "").await;
    jury.refused(&format!("{at}/steps"), step("validate", 2, "in_review", ""), 409, "").await;
    let remark = json!({"text": "Préciser la dose."});
    assert_eq!(jury.json(Method::POST, &format!("{at}/remarks"), &remark).await.0, StatusCode::NO_CONTENT);
    jury.refused(&format!("{at}/remarks"), json!({"text": " "}), 422, "commentaire").await;
    let events = author.get(&format!("{at}/events")).await;
    let said: Vec<&str> = events.as_array().unwrap().iter().map(|e| e["what"].as_str().unwrap()).collect();
    assert_eq!(said, ["submit", "comment"]);
    assert_eq!(events[1]["person"], "Nom de jury");
    let remark = events[1]["id"].as_str().unwrap();
    let resolve = format!("{at}/remarks/{remark}/resolve");
    assert_eq!(author.json(Method::POST, &resolve, &json!({})).await.0, StatusCode::NO_CONTENT);
    let done = jury.post(&format!("{at}/steps"), step("validate", 1, "in_review", "")).await;
    assert_eq!(done["status"], "validated");
    bring(&author, "q1", "Quel traitement, et à quelle dose ?").await;
    let differences = author.get(&format!("{at}/revisions/1/2")).await;
    assert_eq!(differences.as_array().unwrap().len(), 1, "{differences}");
    assert_eq!(differences[0]["after"], "Quel traitement, et à quelle dose ?");
    let (status, _) = author.send(Method::GET, &format!("{at}/revisions/1/9"), "application/json", vec![]).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn several_are_changed_and_put_back() {
    let house = House::build().await;
    let jury = house.staff("jury", Role::Committee).await;
    for n in 1..=3 {
        bring(&jury, &format!("q{n}"), &format!("Question {n} ?")).await;
    }
    let ids = [id(&jury, "q1").await, id(&jury, "q2").await];
    let asked = json!({"what": "tag", "tag": "R2C:339", "entries": ids});
    let plan = jury.post("/questions/operations/preview", asked.clone()).await;
    assert_eq!((plan["changing"].as_u64(), plan["lines"].as_array().unwrap().len()), (Some(2), 2));
    assert_eq!(entry(&jury, "q1").await["tags"], json!([]), "nothing is written");
    let done = jury.post("/questions/operations", asked.clone()).await;
    assert_eq!(done["changed"], 2);
    assert_eq!(entry(&jury, "q1").await["tags"], json!(["R2C:339"]));
    jury.refused("/questions/operations", asked, 409, "").await;
    jury.refused("/questions/operations", json!({"what": "tag", "tag": "deux mots", "entries": ids}), 422, "étiquette")
        .await;
    let kept = jury.get("/questions/operations").await;
    assert_eq!((kept.as_array().unwrap().len(), kept[0]["undone_ms"].as_i64()), (1, None));
    let undo = format!("/questions/operations/{}/undo", done["operation"].as_str().unwrap());
    let other = house.staff("autre", Role::Committee).await;
    other.refused(&undo, json!({}), 404, "").await;
    assert_eq!(jury.post(&undo, json!({})).await["changed"], 2);
    assert_eq!(entry(&jury, "q1").await["tags"], json!([]));
    jury.refused(&undo, json!({}), 409, "déjà défaite").await;
}

#[tokio::test]
async fn folders_open_to_those_to_whom_they_are_given() {
    let house = House::build().await;
    let (admin, author) = (house.staff("admin", Role::Administrator).await, house.staff("auteur", Role::Author).await);
    let college = admin.post("/units", json!({"name": "Cardiologie", "within": "etablissement", "reviews": 2})).await;
    let college = college["id"].as_str().unwrap();
    admin.refused("/units", json!({"name": "X", "within": college, "reviews": 0}), 422, "établissement").await;
    admin.refused("/units", json!({"name": "X", "reviews": 4}), 422, "0 à 3").await;
    author.refused("/folders", json!({"name": "Concours", "unit": college}), 403, "").await;
    let folder = admin.post("/folders", json!({"name": "Concours", "unit": college})).await;
    let folder = folder["id"].as_str().unwrap().to_owned();
    admin.refused("/folders", json!({"name": "a/b", "parent": folder}), 422, "barre oblique").await;
    assert_eq!(author.get("/folders").await.as_array().unwrap().len(), 1, "the common one");
    let person = house.app.store.person_by_login("auteur").await.unwrap().unwrap().id;
    let member = format!("/units/{college}/members/{person}");
    assert_eq!(admin.json(Method::PUT, &member, &json!({})).await.0, StatusCode::NO_CONTENT);
    let rights = format!("/folders/{folder}/rights");
    let given = json!({"to_kind": "unit", "to_id": college, "level": 2});
    assert_eq!(admin.json(Method::PUT, &rights, &given).await.0, StatusCode::NO_CONTENT);
    let (status, fault) = admin.json(Method::PUT, &rights, &json!({"to_kind": "unit", "to_id": "x", "level": 2})).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{fault}");
    let (status, _) = author.json(Method::PUT, &rights, &given).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let seen = author.get("/folders").await;
    let own = seen.as_array().unwrap().iter().find(|f| f["id"] == folder.as_str()).unwrap();
    assert_eq!((own["path"].as_str(), own["level"].as_i64(), &own["rights"]), (Some("Concours"), Some(2), &json!([])));
    let units = admin.get("/units").await;
    let unit = units.as_array().unwrap().iter().find(|u| u["id"] == college).unwrap();
    assert_eq!(unit["members"], json!([person]));
    assert_eq!(admin.send(Method::DELETE, &member, "application/json", vec![]).await.0, StatusCode::NO_CONTENT);
    assert_eq!(author.get("/folders").await.as_array().unwrap().len(), 1);
    let at = format!("/folders/{folder}");
    assert_eq!(author.send(Method::DELETE, &at, "application/json", vec![]).await.0, StatusCode::NOT_FOUND);
    assert_eq!(admin.send(Method::DELETE, &at, "application/json", vec![]).await.0, StatusCode::NO_CONTENT);
    let common = admin.send(Method::DELETE, "/folders/commun", "application/json", vec![]).await;
    assert_eq!(common.0, StatusCode::CONFLICT, "{}", common.1);
}

#[tokio::test]
async fn an_essay_stays_a_draft_until_it_has_a_key() {
    let house = House::build().await;
    let (author, jury) = (house.staff("auteur", Role::Author).await, house.staff("jury", Role::Committee).await);
    let file = "::essai::Discutez la prise en charge. {}\n\n::autre::Quel traitement ? {=aspirine}\n";
    let (status, report) =
        jury.send(Method::POST, "/questions/import?name=q.gift", "application/octet-stream", file.into()).await;
    assert_eq!(
        (status, report["added"].as_i64(), &report["faulty"]),
        (StatusCode::OK, Some(2), &json!([])),
        "{report}"
    );
    let told = report["warnings"].to_string();
    assert!(told.contains("gardée sans réponse attendue") && told.contains("attend sa réponse"), "{told}");
    let all = jury.get("/questions").await["entries"].clone();
    let by_key = |lacks: bool| all.as_array().unwrap().iter().find(|e| e["lacks_key"] == lacks).unwrap();
    assert_eq!((&by_key(true)["status"], &by_key(false)["status"]), (&json!("draft"), &json!("validated")));
    let (essay, at) = (by_key(true)["id"].clone(), format!("/questions/{}", by_key(true)["id"].as_str().unwrap()));

    // Neither validated, nor put on a paper, nor frozen with one that someone wrote by hand.
    author.post(&format!("{at}/steps"), step("submit", 1, "draft", "")).await;
    let reviewer = house.staff("relecteur", Role::Reviewer).await;
    reviewer.refused(&format!("{at}/steps"), step("validate", 1, "in_review", ""), 422, "réponse attendue").await;
    let paper = json!({"title": "Blanc", "scheme": "edn", "sections": [{"id": "s1", "title": "Essai",
        "duration_minutes": 60, "elements": [common::question("q1")]}]});
    let settings = json!({"title": "Blanc", "start_mode": "individual", "grace_seconds": 0});
    let exam = jury.post("/exams", settings).await["id"].as_str().unwrap().to_owned();
    jury.json(Method::PUT, &format!("/exams/{exam}/paper"), &paper).await;
    let add = json!({"entries": [essay]});
    jury.refused(&format!("/exams/{exam}/sections/s1/entries"), add.clone(), 422, "réponse exacte").await;
    let mut paper = jury.get(&format!("/exams/{exam}/paper")).await.clone();
    let open = json!({"question": {"id": "libre", "kind": "QROC", "stem": "Discutez.", "exact": []}});
    paper["sections"][0]["elements"].as_array_mut().unwrap().push(open);
    jury.json(Method::PUT, &format!("/exams/{exam}/paper"), &paper).await;
    jury.refused(&format!("/exams/{exam}/freeze"), json!({}), 422, "aucune réponse exacte").await;

    // Someone writes its key: it is a question like another.
    let draft = author.post("/drafts", json!({"entry": essay})).await;
    let id = draft["id"].as_str().unwrap();
    let mut element = draft["element"].clone();
    element["question"]["exact"] = json!(["aspirine"]);
    let body = json!({"element": element, "page": "p", "seen": draft["seen"]});
    let (status, kept) = author.json(Method::PUT, &format!("/drafts/{id}"), &body).await;
    assert_eq!(status, StatusCode::OK, "{kept}");
    author.post(&format!("/drafts/{id}/publish"), json!({"submit": true})).await;
    let done = reviewer.post(&format!("{at}/steps"), step("validate", 2, "in_review", "")).await;
    assert_eq!(done["status"], "validated");
    jury.post(&format!("/exams/{exam}/sections/s1/entries"), add).await;
}

#[tokio::test]
async fn a_case_whose_opening_picture_is_absent_is_not_frozen() {
    let house = House::build().await;
    let (jury, exam) = common::draft(&house).await;
    let mut paper = jury.get(&format!("/exams/{exam}/paper")).await.clone();
    let case = json!({"case": {"id": "dp", "kind": "mini-DP", "title": "Un dossier", "intro": "Un homme tousse.",
        "image": {"file": "absente", "alt": "Radiographie"}, "parts": [{"text": "", "question":
        {"id": "dp-1", "kind": "QROC", "stem": "Quel examen ?", "exact": ["scanner"]}}]}});
    paper["sections"][0]["elements"].as_array_mut().unwrap().push(case);
    let (status, told) = jury.json(Method::PUT, &format!("/exams/{exam}/paper"), &paper).await;
    assert_eq!(status, StatusCode::OK, "{told}");
    jury.refused(&format!("/exams/{exam}/freeze"), json!({}), 422, "texte d’ouverture").await;
}

#[tokio::test]
async fn the_journal_of_the_bank_is_read_by_sort_person_and_day() {
    let house = House::build().await;
    let (admin, jury) = (house.staff("admin", Role::Administrator).await, house.staff("jury", Role::Committee).await);
    let author = house.staff("auteur", Role::Author).await;
    let college = admin.post("/units", json!({"name": "Cardiologie", "within": "etablissement", "reviews": 1})).await;
    admin.post("/folders", json!({"name": "Concours", "unit": college["id"]})).await;
    let all = jury.get("/questions/journal").await;
    assert_eq!(all["total"], 2, "{all}");
    assert_eq!((&all["acts"][0]["what"], &all["acts"][0]["author"]), (&json!("folder"), &json!("Nom de admin")));
    assert_eq!(jury.get("/questions/journal?what=unit").await["total"], 1);
    let admin_id = house.app.store.person_by_login("admin").await.unwrap().unwrap().id;
    assert_eq!(jury.get(&format!("/questions/journal?who={admin_id}&from=2020-01-01")).await["total"], 2);
    assert_eq!(jury.get("/questions/journal?who=personne").await["total"], 0);
    assert_eq!(jury.get("/questions/journal?to=2020-01-01").await["total"], 0);
    for (who, path, expected) in [
        (&jury, "/questions/journal?from=hier", StatusCode::UNPROCESSABLE_ENTITY),
        (&jury, "/questions/journal?what=account", StatusCode::UNPROCESSABLE_ENTITY),
        (&author, "/questions/journal", StatusCode::FORBIDDEN),
    ] {
        assert_eq!(who.send(Method::GET, path, "application/json", vec![]).await.0, expected, "{path}");
    }
}
