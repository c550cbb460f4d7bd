//! A referential's life, through the doors: brought, read beside the bank, replaced, its tags decided.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop loudly")]

use axum::body::Body;
use axum::http::{Method, Request, header};
use docimo::ambient;
use docimo::app::App;
use docimo::auth::Role;
use docimo::server;
use docimo_store::Store;
use docimo_store::bank::folders::Folder;
use docimo_store::bank::operations::{BulkChange, BulkOperation, Change};
use docimo_store::bank::workflow::NewEntryEvent;
use docimo_store::exams::NewEvent;
use docimo_store::people::{LoginSession, Person};
use serde_json::{Value, json};
use tower::ServiceExt;

struct House {
    app: App,
    token: String,
    _dir: tempfile::TempDir,
}

impl House {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&format!("sqlite://{}", dir.path().join("t.sqlite").display())).await.unwrap();
        let app = App::new(store, false, false);
        let now_ms = ambient::now_ms();
        let person = Person {
            id: "p".into(),
            login: "p".into(),
            name: "Une personne".into(),
            secret: None,
            created_ms: now_ms,
            disabled_ms: None,
        };
        app.store.add_person(&person, &[Role::Committee.name(), Role::Author.name()]).await.unwrap();
        let token = ambient::token();
        let session = LoginSession { person_id: "p".into(), csrf: "csrf-token".into(), expires_ms: now_ms + 3_600_000 };
        app.journal.sign_in(&ambient::token_hash(&token), session, now_ms).await.unwrap();
        Self { app, token, _dir: dir }
    }

    async fn send(&self, method: &str, path: &str, kind: &str, body: impl Into<Body>) -> (u16, String) {
        let request = Request::builder()
            .method(Method::from_bytes(method.as_bytes()).unwrap())
            .uri(path)
            .header(header::COOKIE, format!("docimo_session={}", self.token))
            .header("x-csrf-token", "csrf-token")
            .header(header::CONTENT_TYPE, kind)
            .body(body.into())
            .unwrap();
        let response = server::service(&self.app).oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let bytes = axum::body::to_bytes(response.into_body(), 50_000_000).await.unwrap();
        (status, String::from_utf8_lossy(&bytes).into_owned())
    }

    async fn page(&self, path: &str) -> String {
        let (status, text) = self.send("GET", path, "text/html", "").await;
        assert_eq!(status, 200, "{path}: {text}");
        text
    }

    async fn json(&self, path: &str) -> Value {
        serde_json::from_str(&self.page(path).await).unwrap()
    }

    async fn import(&self, query: &str, file: &str) -> (u16, Value) {
        let path = format!("/api/v1/referentials/import?{query}");
        let (status, text) = self.send("POST", &path, "application/octet-stream", file.to_owned()).await;
        (status, serde_json::from_str(&text).unwrap())
    }

    /// A question of the bank with these tags.
    async fn question(&self, id: &str, tags: &[&str]) {
        let entry = json!({"id": id, "kind": "QROC", "stem": "Quoi ?", "exact": ["x"], "tags": tags});
        let file = json!({"format": "docimo-questions/1", "entries": [entry]}).to_string();
        let (status, text) =
            self.send("POST", "/api/v1/questions/import?name=x.json", "application/octet-stream", file).await;
        assert!(status == 200 && text.contains("\"faulty\":[]"), "{text}");
    }

    /// Sends the form of the import page.
    async fn form(&self, fields: &[(&str, Option<&str>, &str)]) -> (u16, String) {
        let mut body = String::new();
        for (name, file, value) in fields {
            let file = file.map(|f| format!("; filename=\"{f}\"")).unwrap_or_default();
            body.push_str(&format!("--b\r\ncontent-disposition: form-data; name=\"{name}\"{file}\r\n\r\n{value}\r\n"));
        }
        body.push_str("--b--\r\n");
        self.send("POST", "/referentiel/importer", "multipart/form-data; boundary=b", body).await
    }
}

const OBJECTIVES: &str = "code,item,ordinal,rank,rubric,title,title_status\n\
    OIC-031-01-A,31,1,A,Définition,Définir un objet,complete\n\
    OIC-031-02-B,31,2,B,Étiologies,Citer les causes d’un objet et de,truncated\n\
    OIC-031-03-A,31,3,A,Prise en charge,Traiter un objet,complete\n";

#[tokio::test]
async fn without_objectives_everything_is_there_and_says_how_to_import() {
    let house = House::new().await;
    house.question("q1", &["r2c:031", "R2C:SDD:27", "spec:cardiologie"]).await;
    for path in ["/referentiel", "/referentiel/items/31"] {
        let page = house.page(path).await;
        assert!(page.contains("Aucun objectif importé") && page.contains("docimo r2c pull"), "{path}");
    }
    assert!(house.page("/referentiel/situations").await.contains("1 sur 356"));
    assert!(house.page("/referentiel/specialites/cardiologie").await.contains("Médecine Cardiovasculaire"));
    assert!(house.page("/referentiel/specialites").await.contains("Rhumatologie"));
    assert!(house.page("/referentiel/recherche?mots=coronariens").await.contains("/referentiel/items/339"));
    assert!(house.page("/questions?etiquette=R2C:31").await.contains("q1"));
    assert!(house.page("/questions?etiquette=R2C:3").await.contains("Aucune entrée ne correspond"));
    let items = house.json("/api/v1/referentials/items").await;
    assert_eq!((items["items"][30]["entries"].as_i64(), &items["version"]), (Some(1), &Value::Null));
    assert_eq!(house.json("/api/v1/referentials").await.as_array().unwrap().len(), 4);
    assert_eq!(house.json("/api/v1/referentials/items/20").await["ecn_items"], json!([14, 18, 20]));
    for path in ["/referentiel/items/368", "/referentiel/absent", "/referentiel/specialites/absente"] {
        assert_eq!(house.send("GET", path, "text/html", "").await.0, 404, "{path}");
    }
}

#[tokio::test]
async fn objectives_are_covered_and_their_tags_follow_a_new_version() {
    let house = House::new().await;
    house.question("q1", &["OIC-031-01-A"]).await;
    house.question("q2", &["OIC-031-03-A", "OIC-031-01-A"]).await;
    let (status, trial) = house.import("name=o.csv&version=LISA%202024&dry_run=true", OBJECTIVES).await;
    assert_eq!((status, trial["nodes"].as_i64(), trial["added"].as_i64()), (200, Some(3), Some(3)), "{trial}");
    assert_eq!(house.json("/api/v1/referentials").await.as_array().unwrap().len(), 4, "a trial writes nothing");
    house.import("name=o.csv&version=LISA%202024", OBJECTIVES).await;
    let again = house.import("name=o.csv&version=autre", OBJECTIVES).await.1;
    assert_eq!((again["unchanged"].as_bool(), again["version"].as_str()), (Some(true), Some("LISA 2024")));

    let item = house.json("/api/v1/referentials/items/31").await;
    let entries: Vec<i64> =
        item["objectives"].as_array().unwrap().iter().map(|o| o["entries"].as_i64().unwrap()).collect();
    assert_eq!((entries, item["entries"].as_i64()), (vec![2, 0, 1], Some(2)));
    let page = house.page("/referentiel/items/31").await;
    assert!(page.contains("intitulé tronqué") && page.contains("dont 1 sans question"), "{page}");
    assert!(page.contains("/questions?etiquette=OIC-031-01-A"));
    assert!(house.page("/referentiel").await.contains("2 / 2"));
    assert!(!house.page("/referentiel?manque=1").await.contains("/referentiel/items/31\""), "rank A is covered");
    assert!(house.page("/referentiel/recherche?mots=oic-031-02").await.contains("Citer les causes"));

    // The next version: another rank, one gone; another content under a known name is refused.
    let next = "code,title,rubric\nOIC-031-01-B,Définir un objet,Définition\n\
        OIC-031-02-B,Citer les causes d’un objet et de ses variantes,Étiologies\nOIC-031-04-A,Traiter un objet tombé,Prise en charge\n";
    let (status, refused) = house.import("name=o.csv&version=LISA%202024", next).await;
    assert_eq!((status, refused["errors"][0]["place"].as_str()), (422, Some("version")), "{refused}");
    let report = house.import("name=o.csv&version=LISA%202025", next).await.1;
    let counts = ["moved", "removed", "added", "retitled", "to_review"].map(|k| report[k].as_i64().unwrap());
    assert_eq!(counts, [1, 1, 2, 1, 1], "{report}");
    assert!(report["warnings"][0]["message"].as_str().unwrap().contains("03"), "a gap is told: {report}");
    assert!(house.page("/questions?etiquette=OIC-031-01-B").await.contains("q1"), "the tag followed");
    let waiting = house.json("/api/v1/referentials/review").await;
    assert_eq!(waiting[0]["tag"], "OIC-031-03-A");
    assert_eq!(waiting[0]["title"], "Traiter un objet");
    assert_eq!(waiting[0]["candidates"][0]["tag"], "OIC-031-04-A", "{waiting}");
    assert!(house.page("/referentiel/revue").await.contains("Traiter un objet"));
    assert!(house.page("/referentiel/r2c").await.contains("devient OIC-031-01-B"));

    let decide = async |body: &str| {
        house.send("POST", "/referentiel/revue", "application/x-www-form-urlencoded", body.to_owned()).await
    };
    assert_eq!(decide("etiquette=OIC-031-03-A&action=suivre").await.0, 422);
    assert_eq!(decide("etiquette=OIC-031-03-A&action=suivre&autre=OIC-031-99-A").await.0, 422, "not in force");
    assert_eq!(decide("etiquette=R2C:31&action=garder").await.0, 422);
    assert_eq!(decide("etiquette=OIC-031-03-A&action=suivre&vers=OIC-031-04-A").await.0, 303);
    assert!(house.page("/questions?etiquette=OIC-031-04-A").await.contains("q2"));
    assert!(house.page("/referentiel/revue").await.contains("Rien à revoir"));
    let body = json!({"tag": "OIC-031-03-A", "target": null}).to_string();
    assert_eq!(house.send("POST", "/api/v1/referentials/review", "application/json", body).await.0, 204);
    assert_eq!(house.json("/api/v1/referentials/review").await.as_array().unwrap().len(), 1);
    let changes = house.json("/api/v1/referentials/r2c/changes/1/2").await;
    assert!(changes.as_array().unwrap().iter().any(|c| c["change"] == "retitled"), "{changes}");
    assert_eq!(house.json("/api/v1/referentials/r2c").await["versions"].as_array().unwrap().len(), 2);

    // The version before is still read.
    let older = house.json("/api/v1/referentials/r2c?version=1").await;
    assert_eq!((older["shown"].as_i64(), older["nodes"].as_array().unwrap().len()), (Some(1), 3));
    let item = house.json("/api/v1/referentials/items/31?version=1").await;
    assert_eq!(item["objectives"][0]["code"], "OIC-031-01-A");
    assert_eq!(house.json("/api/v1/referentials/items?version=1").await["version"], "LISA 2024");
    let page = house.page("/referentiel/items/31?version=1").await;
    assert!(page.contains("n’est plus en vigueur") && page.contains("/referentiel/items/32?version=1"), "{page}");
    assert!(page.contains("OIC-031-01-A") && page.contains("LISA 2025 (en vigueur)"));
    assert!(!house.page("/referentiel/items/31").await.contains("n’est plus en vigueur"));
    assert!(house.page("/referentiel?version=1").await.contains("/referentiel/items/31?version=1"));
    assert!(house.page("/referentiel/r2c?version=1").await.contains("n’est plus en vigueur"));
    assert_eq!(house.send("GET", "/referentiel?version=9", "text/html", "").await.0, 404);

    // Counts are of folders in reach: what leaves it no longer counts, on pages and in JSON.
    let store = &house.app.store;
    let unit = store.units().await.unwrap()[0].id.clone();
    let folder = Folder { id: "clos".into(), parent_id: None, unit_id: unit, name: "Clos".into() };
    let event =
        NewEvent { id: "e".into(), exam_id: None, at_ms: 1, author_id: None, what: "folder", detail: String::new() };
    store.set_folder(&folder, &event).await.unwrap();
    let entry = store.entry_by_external_id("q2").await.unwrap().unwrap();
    let operation = BulkOperation {
        id: "o".into(),
        person_id: "p".into(),
        at_ms: 1,
        kind: "move".into(),
        detail: String::new(),
        undone_ms: None,
        entries: 0,
    };
    let moved = BulkChange {
        entry_id: entry.id.clone(),
        change: Change::Folder { from: entry.folder_id.clone(), to: "clos".into() },
        event: NewEntryEvent {
            id: "ee".into(),
            entry_id: entry.id.clone(),
            revision: entry.latest,
            person_id: "p".into(),
            at_ms: 1,
            what: "move",
            place: String::new(),
            body: String::new(),
        },
    };
    let before = house.json("/api/v1/referentials/items/31").await["entries"].as_i64().unwrap();
    store.change_entries(&operation, &[moved], None).await.unwrap();
    assert_eq!(house.json("/api/v1/referentials/items/31").await["entries"].as_i64().unwrap(), before - 1);
    let covered = house.json("/api/v1/referentials/items").await;
    assert_eq!(covered["items"][30]["entries"].as_i64().unwrap(), before - 1);
    assert!(house.page("/referentiel/items/31").await.contains("Aucune pour l’instant") == (before == 1));
}

#[tokio::test]
async fn a_faculty_brings_its_own_by_the_page() {
    let house = House::new().await;
    house.question("q1", &["Pharmacie-Lille:UE1.1", "R2C:5"]).await;
    let csv = "code;parent;titre;type\nUE1;;Chimie;UE\nUE1.1;UE1;Atomes;cours\nUE2;;;UE\n";
    let (status, page) =
        house.form(&[("fichier", Some("Pharmacie Lille.csv"), csv), ("action", None, "verifier")]).await;
    assert_eq!(status, 200, "{page}");
    assert!(
        page.contains("Rien n’a été écrit") && page.contains("ligne 4") && page.contains("pharmacie-lille"),
        "{page}"
    );
    assert!(house.app.store.referentials().await.unwrap().is_empty());
    // The page carries the file back, and one click confirms.
    let carried = page.split("name=\"contenu\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let confirm = [
        ("nom", None, "Pharmacie Lille.csv"),
        ("contenu", None, carried),
        ("version", None, "2026"),
        ("action", None, "importer"),
    ];
    let (status, page) = house.form(&confirm).await;
    assert!(status == 200 && page.contains("est en vigueur"), "{page}");
    let page = house.page("/referentiel/pharmacie-lille").await;
    assert!(page.contains("branch--1") && page.contains("/questions?etiquette=pharmacie-lille%3AUE1.1"), "{page}");
    assert!(house.page("/referentiel/recherche?mots=atomes").await.contains("pharmacie-lille:UE1.1"));
    assert!(house.page("/referentiel").await.contains("/referentiel/pharmacie-lille"));
    for (file, said) in [("nom\nx\n", "« code » absente"), ("", "Choisissez un fichier")] {
        let (status, page) = house.form(&[("fichier", Some("x.csv"), file), ("action", None, "verifier")]).await;
        assert!(status == 422 && page.contains(said), "{status} {page}");
    }
    let (status, page) = house.form(&[("contenu", None, "%"), ("action", None, "importer")]).await;
    assert!(status == 400 && page.contains("abîmé"), "{page}");
}
