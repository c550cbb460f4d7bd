//! What people write: kept as they type, looked at, published once, and only where they may.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop loudly")]

mod common;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use common::{Caller, House};
use docimo::auth::Role;
use docimo_bank::rights::Level;
use docimo_store::bank::folders::{Folder, FolderRight};
use docimo_store::exams::NewEvent;
use serde_json::{Value, json};
use tower::ServiceExt;

async fn put(who: &Caller, id: &str, body: Value) -> (StatusCode, Value) {
    who.json(Method::PUT, &format!("/drafts/{id}"), &body).await
}

fn qrm(id: &str, stem: &str) -> Value {
    let propositions: Vec<Value> = ["a", "b", "c", "d", "e"]
        .iter()
        .map(|p| json!({"id": p, "text": format!("Réponse {p}"), "status": if *p < "c" { "vrai" } else { "faux" }}))
        .collect();
    json!({"question": {"id": id, "kind": "QRM", "stem": stem, "propositions": propositions, "tags": ["R2C:339"]}})
}

/// A folder of its own, open to whom it is given.
async fn closed_folder(house: &House, id: &str) {
    let store = &house.app.store;
    let unit = store.units().await.unwrap()[0].id.clone();
    let folder = Folder { id: id.into(), parent_id: None, unit_id: unit, name: id.into() };
    store.set_folder(&folder, &event(1)).await.unwrap();
}

fn event(n: i64) -> NewEvent {
    NewEvent { id: format!("e{n}"), exam_id: None, at_ms: n, author_id: None, what: "folder", detail: String::new() }
}

#[tokio::test]
async fn a_question_is_written_looked_at_and_published() {
    let house = House::build().await;
    let author = house.staff("auteur", Role::Author).await;
    let made = author.post("/drafts", json!({"kind": "QRM"})).await;
    let (id, seen) = (made["id"].as_str().unwrap().to_owned(), made["seen"].as_i64().unwrap());
    assert_eq!((made["base"].as_i64(), made["kind"].as_str()), (Some(0), Some("QRM")));
    let again = author.post("/drafts", json!({"kind": "QRM"})).await;
    assert_eq!(again["id"], id.as_str(), "an untouched one is taken again");

    let element = qrm("q-essai", "Un syndrome coronarien **aigu** : $\\frac{a}{b}$ ?");
    let (status, kept) = put(&author, &id, json!({"element": element, "page": "p1", "seen": seen})).await;
    assert_eq!(status, StatusCode::OK, "{kept}");
    assert_eq!(kept["element"], element);
    let html = kept["student_html"].as_str().unwrap();
    assert!(html.contains("<strong>aigu</strong>") && html.contains("<mfrac>") && !html.contains("Vraie"), "{html}");
    assert!(kept["correction_html"].as_str().unwrap().contains("Vraie"));
    assert!(!kept["advice"]["flaws"].as_array().unwrap().is_empty());
    let other = author.post("/drafts", json!({"kind": "QRM"})).await;
    assert_ne!(other["id"], id.as_str());
    assert_eq!(author.get("/drafts").await.as_array().unwrap().len(), 2);

    // Nothing is kept by a look, and what a draft lacks is told with its place.
    let looked = author.post(&format!("/drafts/{id}/preview"), json!({"element": qrm("q", "")})).await;
    assert!(looked["advice"]["faults"].to_string().contains("question.stem"), "{looked}");
    assert_eq!(author.get(&format!("/drafts/{id}")).await["element"], element);

    let done = author.post(&format!("/drafts/{id}/publish"), json!({"submit": true})).await;
    assert_eq!((done["entry"].as_str(), done["revision"].as_i64()), (Some(id.as_str()), Some(1)));
    let line = house.app.store.entry(&id).await.unwrap().unwrap();
    assert_eq!((line.status.as_str(), line.external_id.as_str(), line.usable), ("in_review", "q-essai", None));
    assert_eq!(author.get("/drafts").await.as_array().unwrap().len(), 1, "the draft is over");
    let (status, _) = put(&author, &id, json!({"element": element, "page": "p1"})).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_faulty_is_kept_and_not_published() {
    let house = House::build().await;
    let author = house.staff("auteur", Role::Author).await;
    let id = author.post("/drafts", json!({"kind": "QRU"})).await["id"].as_str().unwrap().to_owned();
    let mut element = qrm("q", "");
    element["question"]["kind"] = json!("QRP");
    element["question"]["expected"] = json!("beaucoup");
    let (status, kept) = put(&author, &id, json!({"element": element, "page": "p"})).await;
    assert_eq!(status, StatusCode::OK, "a page not yet known writes from the version it does not know: {kept}");
    let told = kept["advice"]["faults"].to_string();
    assert!(told.contains("beaucoup") && told.contains("question.expected"), "{told}");
    author.refused(&format!("/drafts/{id}/publish"), json!({}), 422, "énoncé est vide").await;
    let (status, _) = put(&author, &id, json!({"element": {"question": {"stme": 1}}, "page": "p"})).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let (status, _) = put(&author, &id, json!({"element": qrm("q", "a\u{0}b"), "page": "p"})).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    // A picture that nobody sent.
    let mut element = qrm("q", "Quoi ?");
    element["question"]["image"] = json!({"file": "absent", "alt": "x", "width": 1, "height": 1});
    put(&author, &id, json!({"element": element, "page": "p"})).await;
    author.refused(&format!("/drafts/{id}/publish"), json!({}), 422, "pas dans la banque").await;
}

#[tokio::test]
async fn two_pages_do_not_write_over_each_other() {
    let house = House::build().await;
    let author = house.staff("auteur", Role::Author).await;
    let made = author.post("/drafts", json!({"kind": "QRM"})).await;
    let id = made["id"].as_str().unwrap().to_owned();
    let write = async |page: &str, seen: &Value, stem: &str| {
        put(&author, &id, json!({"element": qrm("q", stem), "page": page, "seen": seen})).await
    };
    let (_, one) = write("une", &made["seen"], "un").await;
    let (status, said) = write("deux", &made["seen"], "deux").await;
    assert_eq!(status, StatusCode::CONFLICT, "{said}");
    // An acknowledgement lost on the way: the same page writes again from what it knew.
    let (status, two) = write("une", &made["seen"], "un bis").await;
    assert_eq!(status, StatusCode::OK);
    assert!(two["seen"].as_i64() > one["seen"].as_i64());
    let (status, _) = write("deux", &two["seen"], "deux").await;
    assert_eq!(status, StatusCode::OK, "a page that has seen the last writes over it");
    assert_eq!(author.get(&format!("/drafts/{id}")).await["element"]["question"]["stem"], "deux");
}

#[tokio::test]
async fn someone_elses_revision_is_told_and_chosen() {
    let house = House::build().await;
    let (one, two) = (house.staff("un", Role::Author).await, house.staff("deux", Role::Author).await);
    let id = one.post("/drafts", json!({"kind": "QRM"})).await["id"].as_str().unwrap().to_owned();
    put(&one, &id, json!({"element": qrm("q", "Première ?"), "page": "p"})).await;
    one.post(&format!("/drafts/{id}/publish"), json!({})).await;

    let mine = one.post("/drafts", json!({"entry": id})).await;
    assert_eq!(mine["base"], 1);
    one.refused(&format!("/drafts/{id}/publish"), json!({}), 409, "Rien n’a changé").await;
    put(&one, &id, json!({"element": qrm("autre-nom", "La mienne ?"), "page": "p"})).await;
    let kept = one.get(&format!("/drafts/{id}")).await;
    assert_eq!(kept["element"]["question"]["id"], "q", "an entry keeps its name");
    two.post("/drafts", json!({"entry": id})).await;
    put(&two, &id, json!({"element": qrm("q", "La sienne ?"), "page": "p"})).await;
    two.post(&format!("/drafts/{id}/publish"), json!({})).await;

    one.refused(&format!("/drafts/{id}/publish"), json!({}), 409, "autre version").await;
    assert_eq!(one.get(&format!("/drafts/{id}")).await["overtaken_by"], 2);
    one.refused(&format!("/drafts/{id}/base"), json!({"take": "mine", "latest": 1}), 409, "Une autre version").await;
    let chosen = one.post(&format!("/drafts/{id}/base"), json!({"take": "mine", "latest": 2})).await;
    assert_eq!((chosen["base"].as_i64(), chosen["overtaken_by"].as_i64()), (Some(2), None));
    assert_eq!(chosen["element"]["question"]["stem"], "La mienne ?");
    assert_eq!(one.post(&format!("/drafts/{id}/publish"), json!({})).await["revision"], 3);

    two.post("/drafts", json!({"entry": id})).await;
    put(&two, &id, json!({"element": qrm("q", "Encore ?"), "page": "p"})).await;
    one.post("/drafts", json!({"entry": id})).await;
    put(&one, &id, json!({"element": qrm("q", "Toujours ?"), "page": "p"})).await;
    one.post(&format!("/drafts/{id}/publish"), json!({})).await;
    let chosen = two.post(&format!("/drafts/{id}/base"), json!({"take": "theirs", "latest": 4})).await;
    assert_eq!(chosen["element"]["question"]["stem"], "Toujours ?");
    let (status, _) = two.json(Method::DELETE, &format!("/drafts/{id}"), &json!({})).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_draft_is_its_authors_and_a_closed_folder_is_nobodys() {
    let house = House::build().await;
    let (one, two) = (house.staff("un", Role::Author).await, house.staff("deux", Role::Author).await);
    closed_folder(&house, "ferme").await;
    one.refused("/drafts", json!({"kind": "QRU", "folder": "ferme"}), 404, "n’existe pas").await;
    one.refused("/drafts", json!({"kind": "QRU", "folder": "absent"}), 404, "n’existe pas").await;
    one.refused("/drafts", json!({"kind": "XYZ"}), 422, "inconnu").await;
    one.refused("/drafts", json!({}), 422, "Donnez").await;
    let id = one.post("/drafts", json!({"kind": "QRM"})).await["id"].as_str().unwrap().to_owned();
    for (method, path) in
        [(Method::GET, ""), (Method::DELETE, ""), (Method::POST, "/publish"), (Method::POST, "/preview")]
    {
        let (status, _) = two.json(method, &format!("/drafts/{id}{path}"), &json!({"element": qrm("q", "?")})).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
    }
    let body = json!({"element": qrm("q", "?"), "page": "p", "folder": "ferme"});
    assert_eq!(put(&one, &id, body).await.0, StatusCode::NOT_FOUND, "nor can it be put there");
    put(&one, &id, json!({"element": qrm("q", "Quoi ?"), "page": "p"})).await;
    one.post(&format!("/drafts/{id}/publish"), json!({})).await;
    one.post("/drafts", json!({"entry": id})).await;

    // A text of one's own outlives the right on the folder where it was to be.
    let store = &house.app.store;
    let right = FolderRight { folder_id: "ferme".into(), to_kind: "everyone".into(), to_id: String::new(), level: 2 };
    let everyone = store.folder_rights().await.unwrap().into_iter().find(|r| r.to_kind == "everyone").unwrap();
    let right = FolderRight { to_id: everyone.to_id.clone(), ..right };
    store.set_folder_right(&right, &event(4)).await.unwrap();
    let own = one.post("/drafts", json!({"kind": "TCS", "folder": "ferme"})).await["id"].as_str().unwrap().to_owned();
    store.set_folder_right(&FolderRight { level: 0, ..right }, &event(5)).await.unwrap();
    assert_eq!(one.get(&format!("/drafts/{own}")).await["folder"], everyone.folder_id.as_str());

    // Read only, then out of reach: the draft and the entry answer as absent.
    store.set_folder_right(&FolderRight { level: Level::Read.number(), ..everyone.clone() }, &event(2)).await.unwrap();
    one.refused("/drafts", json!({"kind": "QRU", "folder": everyone.folder_id}), 403, "").await;
    two.refused("/drafts", json!({"entry": id}), 403, "").await;
    one.refused(&format!("/drafts/{id}/publish"), json!({}), 404, "").await;
    store.set_folder_right(&FolderRight { level: 0, ..everyone }, &event(3)).await.unwrap();
    two.refused("/drafts", json!({"entry": id}), 404, "").await;
    assert_eq!(one.get("/drafts").await, json!([]));
}

#[tokio::test]
async fn pictures_are_checked_and_tags_found() {
    let house = House::build().await;
    let author = house.staff("auteur", Role::Author).await;
    let id = author.post("/drafts", json!({"kind": "QZP"})).await["id"].as_str().unwrap().to_owned();
    let send = async |bytes: &str| {
        author
            .send(Method::POST, &format!("/drafts/{id}/media?name=x.svg"), "application/octet-stream", bytes.into())
            .await
    };
    let (status, kept) = send("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 400 300'><rect/></svg>").await;
    assert_eq!((status, kept["width"].as_i64()), (StatusCode::CREATED, Some(400)), "{kept}");
    let (status, said) = send("<svg viewBox='0 0 1 1'><script/></svg>").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{said}");
    let element = json!({"question": {"id": "z", "kind": "QZP", "stem": "Où ?", "expected": 1,
        "image": {"file": kept["file"], "alt": "Un schéma", "width": 0, "height": 0},
        "zones": [{"id": "z1", "name": "Cœur", "shape": {"rect": {"x": 0.1, "y": 0.1, "w": 0.3, "h": 0.3}}}]}});
    let (_, saved) = put(&author, &id, json!({"element": element, "page": "p"})).await;
    assert!(saved["correction_html"].as_str().unwrap().contains("<rect class=\"zone\""), "{saved}");
    author.post(&format!("/drafts/{id}/publish"), json!({})).await;
    let kept = author.get(&format!("/questions/{id}")).await;
    assert_eq!(kept["content"]["question"]["image"]["width"], 400, "measured, not believed");
    let found = author.get("/tags?q=coronariens").await.to_string();
    assert!(found.contains("R2C:339"), "{found}");
    assert!(author.get("/tags?q=339").await.to_string().contains("R2C:339"));
    assert_eq!(author.get("/tags?q=").await, json!([]));
}

#[tokio::test]
async fn a_name_already_taken_is_told() {
    let house = House::build().await;
    let author = house.staff("auteur", Role::Author).await;
    for (n, expected) in [(1, StatusCode::CREATED), (2, StatusCode::UNPROCESSABLE_ENTITY)] {
        let id = author.post("/drafts", json!({"kind": "QRM"})).await["id"].as_str().unwrap().to_owned();
        put(&author, &id, json!({"element": qrm("q-double", &format!("Essai {n} ?")), "page": "p"})).await;
        let (status, said) = author.json(Method::POST, &format!("/drafts/{id}/publish"), &json!({})).await;
        assert_eq!(status, expected, "{said}");
    }
}

/// Asks for a page as a browser without script does; status, where it leads, text.
async fn page(who: &Caller, method: Method, path: &str, fields: &[(&str, &str)]) -> (StatusCode, String, String) {
    let body: String = fields
        .iter()
        .map(|(name, value)| format!("--x\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"))
        .chain(["--x--\r\n".to_owned()])
        .collect();
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {}", who.token))
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x")
        .body(Body::from(body))
        .unwrap();
    let response = docimo::server::service(&who.app).oneshot(request).await.unwrap();
    let status = response.status();
    let to = response.headers().get(header::LOCATION).map(|v| v.to_str().unwrap().to_owned()).unwrap_or_default();
    let bytes = axum::body::to_bytes(response.into_body(), 10_000_000).await.unwrap();
    (status, to, String::from_utf8_lossy(&bytes).into_owned())
}

#[tokio::test]
async fn the_form_works_without_script() {
    let house = House::build().await;
    let author = house.staff("auteur", Role::Author).await;
    let (status, to, _) = page(&author, Method::GET, "/questions/nouvelle?type=QRU", &[]).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let (status, _, text) = page(&author, Method::GET, &to, &[]).await;
    assert!(status == StatusCode::OK && text.contains("name=\"question.propositions.4.text\""), "{text}");
    let id = to.rsplit('/').next().unwrap().to_owned();
    let mut fields = vec![
        ("page", "sans-script"),
        ("vu", "0"),
        ("question.kind", "QRU"),
        ("question.id", "q-form"),
        ("question.stem", "Quel examen\r\ndemander ?"),
        ("question.weight", "1"),
        ("question.rank:opt", "A"),
        ("question.tags:words", "R2C:339"),
        ("question.image.file", ""),
        ("question.image.alt", "décrite avant d’être envoyée"),
    ];
    let lines = [
        ("a", "Électrocardiogramme", "vrai"),
        ("b", "Scanner", "faux"),
        ("c", "Radiographie", "faux"),
        ("d", "Aucun", "faux"),
    ];
    let names: Vec<[String; 3]> = (0..lines.len())
        .map(|i| ["id", "text", "status"].map(|name| format!("question.propositions.{i}.{name}")))
        .collect();
    for (name, (id, text, status)) in names.iter().zip(lines) {
        fields.extend([(name[0].as_str(), id), (name[1].as_str(), text), (name[2].as_str(), status)]);
    }
    let and = |more: &[(&'static str, &'static str)]| [fields.clone(), more.to_vec()].concat();
    let send = async |path: &str, more: &[(&'static str, &'static str)]| {
        page(&author, Method::POST, &format!("/questions/brouillons/{id}{path}"), &and(more)).await
    };
    let (status, to, text) = send("", &[("faire", "descendre:question.propositions.0")]).await;
    assert_eq!((status, to.ends_with("#question-propositions")), (StatusCode::SEE_OTHER, true), "{text}");
    let kept = author.get(&format!("/drafts/{id}")).await["element"]["question"].clone();
    assert_eq!(
        (kept["propositions"][0]["id"].as_str(), kept["stem"].as_str()),
        (Some("b"), Some("Quel examen\ndemander ?"))
    );
    assert_eq!(kept.get("image"), None);
    send("", &[("faire", "type:question"), ("type:question", "QROC")]).await;
    let kept = author.get(&format!("/drafts/{id}")).await["element"]["question"].clone();
    assert_eq!(kept["exact"], json!(["Électrocardiogramme"]));
    let (status, _, _) = send("", &[("faire", "retirer:question.propositions.9")]).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let (status, _, text) = send("", &[("question.weight", "lourd")]).await;
    assert!(status == StatusCode::UNPROCESSABLE_ENTITY && text.contains("« lourd »"), "{status}");
    // Published, then shown with a way to change it.
    let (status, to, text) = send("/publier", &[("faire", "proposer")]).await;
    assert_eq!((status, to), (StatusCode::SEE_OTHER, format!("/questions/{id}")), "{text}");
    let (_, _, text) = page(&author, Method::GET, &format!("/questions/{id}"), &[]).await;
    assert!(text.contains(&format!("/questions/{id}/modifier")) && text.contains("en relecture"));
    // Someone else goes first: the page shows both and asks.
    let other = house.staff("autre", Role::Author).await;
    for who in [&author, &other] {
        let (status, to, _) = page(who, Method::GET, &format!("/questions/{id}/modifier"), &[]).await;
        assert_eq!((status, to), (StatusCode::SEE_OTHER, format!("/questions/brouillons/{id}")));
    }
    put(&other, &id, json!({"element": qrm("x", "Autrement ?"), "page": "o"})).await;
    other.post(&format!("/drafts/{id}/publish"), json!({})).await;
    let (status, to, _) = send("/publier", &[("question.stem", "À ma façon ?")]).await;
    assert_eq!((status, to), (StatusCode::SEE_OTHER, format!("/questions/brouillons/{id}")));
    let (_, _, text) = page(&author, Method::GET, &format!("/questions/brouillons/{id}"), &[]).await;
    assert!(
        text.contains("a publié la version 2") && text.contains("Autrement") && text.contains("À ma façon"),
        "{text}"
    );
    let (status, to, _) = page(&author, Method::POST, &format!("/questions/brouillons/{id}/abandonner"), &[]).await;
    assert_eq!((status, to), (StatusCode::SEE_OTHER, format!("/questions/{id}")));
    let (status, _, text) = page(&author, Method::GET, "/questions/brouillons", &[]).await;
    assert!(status == StatusCode::OK && text.contains("Aucun brouillon"));
}

#[tokio::test]
async fn a_sealed_paper_locks_what_it_holds() {
    let house = House::build().await;
    let (author, jury) = (house.staff("auteur", Role::Author).await, house.staff("jury", Role::Committee).await);
    let id = author.post("/drafts", json!({"kind": "QRM"})).await["id"].as_str().unwrap().to_owned();
    put(&author, &id, json!({"element": qrm("q-scelle", "Quoi ?"), "page": "p"})).await;
    author.post(&format!("/drafts/{id}/publish"), json!({"submit": true})).await;
    let step = docimo_store::bank::workflow::NewEntryEvent {
        id: "v".into(),
        entry_id: id.clone(),
        revision: 1,
        person_id: house.app.store.person_by_login("jury").await.unwrap().unwrap().id,
        at_ms: 1,
        what: "validate",
        place: String::new(),
        body: String::new(),
    };
    let to = docimo_store::bank::workflow::Step { latest: 1, from: "in_review", to: "validated" };
    house.app.store.step_entry(to, &step).await.unwrap();
    let settings = json!({"title": "Partiel", "start_mode": "individual", "grace_seconds": 0, "instructions": ""});
    let exam = jury.post("/exams", settings).await["id"].as_str().unwrap().to_owned();
    let section = jury.post(&format!("/exams/{exam}/sections"), json!({"title": "S", "duration_minutes": 10})).await;
    let section = section["id"].as_str().unwrap_or("s1").to_owned();
    jury.post(&format!("/exams/{exam}/sections/{section}/entries"), json!({"entries": [id]})).await;
    jury.post(&format!("/exams/{exam}/freeze"), json!({})).await;
    author.post("/drafts", json!({"entry": id})).await;
    put(&author, &id, json!({"element": qrm("q-scelle", "Autrement ?"), "page": "p"})).await;
    let seen = author.get(&format!("/drafts/{id}")).await;
    assert_eq!(seen["lock"], "Partiel");
    author.refused(&format!("/drafts/{id}/publish"), json!({}), 409, "Verrouillée").await;
    let (_, _, text) = page(&author, Method::GET, &format!("/questions/brouillons/{id}"), &[]).await;
    assert!(text.contains("Verrouillée"));
    assert_eq!(author.get(&format!("/drafts/{id}")).await["element"]["question"]["stem"], "Autrement ?", "kept");
}
