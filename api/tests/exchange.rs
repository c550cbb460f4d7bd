//! Questions out of the bank and back, through the doors: what comes back from a format that carries everything
//! changes nothing, what others lose is told, what is out of reach does not go out.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop loudly")]

mod common;

use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use base64::Engine;
use common::{Caller, House, question};
use docimo::ambient;
use docimo::auth::Role;
use docimo::bank::export;
use docimo::server;
use docimo_bank::exchange::Target;
use docimo_store::bank::folders::Folder;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tower::ServiceExt;

/// Formats that carry our exact content.
const WHOLE: [Target; 5] = [Target::Json, Target::MoodleXml, Target::Qti21, Target::Qti22, Target::Qti30];

async fn file(caller: &Caller, form: &Value) -> (StatusCode, HeaderMap, Vec<u8>) {
    let request = Request::builder()
        .method(Method::POST)
        .uri("/api/v1/questions/export")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::AUTHORIZATION, format!("Bearer {}", caller.token))
        .body(Body::from(form.to_string()))
        .unwrap();
    let response = server::service(&caller.app).oneshot(request).await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = axum::body::to_bytes(response.into_body(), 100_000_000).await.unwrap();
    (status, headers, bytes.to_vec())
}

async fn import(caller: &Caller, name: &str, bytes: Vec<u8>, dry_run: bool) -> Value {
    let path = format!("/questions/import?name={name}&dry_run={dry_run}");
    let (status, report) = caller.send(Method::POST, &path, "application/octet-stream", bytes).await;
    assert_eq!(status, StatusCode::OK, "{name}: {report}");
    report
}

fn counts(report: &Value) -> (u64, u64, u64, usize) {
    let n = |name: &str| report[name].as_u64().unwrap();
    (n("added"), n("revised"), n("unchanged"), report["faulty"].as_array().unwrap().len())
}

/// The questions of the demonstration as one file of ours, with their pictures.
fn demonstration() -> (Vec<u8>, usize) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo");
    let (mut entries, mut media) = (Vec::new(), serde_json::Map::new());
    for path in std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()) {
        if path.extension().is_some_and(|e| e == "json") {
            let content: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
            entries.extend(content["entries"].as_array().unwrap().iter().cloned());
        }
    }
    for path in std::fs::read_dir(folder.join("media")).unwrap().map(|e| e.unwrap().path()) {
        let base64 = base64::engine::general_purpose::STANDARD.encode(std::fs::read(&path).unwrap());
        media.insert(path.file_name().unwrap().to_str().unwrap().to_owned(), base64.into());
    }
    let n = entries.len();
    let file = json!({"format": "docimo-questions/1", "title": "Démonstration", "entries": entries, "media": media});
    (file.to_string().into_bytes(), n)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_out_comes_back() {
    let house = House::build().await;
    let jury = house.staff("jury", Role::Committee).await;
    let (bytes, all) = demonstration();
    let first = import(&jury, "demo.json", bytes, false).await;
    assert_eq!(counts(&first), (all as u64, 0, 0, 0), "{}", first["faulty"]);
    for target in Target::ALL {
        let form = json!({"format": target.code(), "title": "Essai"});
        let told = jury.post("/questions/export/preview", form.clone()).await;
        assert_eq!(
            (told["entries"].as_u64(), told["questions"].as_u64()),
            (Some(all as u64), first["questions"].as_u64())
        );
        let (status, headers, bytes) = file(&jury, &form).await;
        assert_eq!(status, StatusCode::OK, "{target:?}");
        assert_eq!(headers[header::CONTENT_TYPE], target.mime());
        let notes = told["notes"].as_array().unwrap().len();
        assert_eq!(headers[export::NOTES], notes.to_string());
        let name = headers[header::CONTENT_DISPOSITION].to_str().unwrap();
        assert!(name.contains("filename=\"questions") && name.contains(target.extension()), "{name}");
        let written = told["written"].as_u64().unwrap();
        let out = format!("out.{}", target.extension());
        if WHOLE.contains(&target) {
            // For good, not for show: every entry is known to the letter.
            let back = import(&jury, &out, bytes, false).await;
            assert_eq!(counts(&back), (0, 0, all as u64, 0), "{target:?}: {back}");
            assert_eq!(written, all as u64);
        } else {
            let back = import(&jury, &out, bytes, true).await;
            assert!(back["read"].as_u64().unwrap() > 0, "{target:?}: {back}");
            // A table has no room for the article of an LCA: said on the way out, refused on the way in.
            let refused = back["faulty"].as_array().unwrap();
            let known = |w: &Value| w["message"].as_str().unwrap().contains("n’a pas d’article");
            assert!(notes > 0 && refused.iter().all(known), "{target:?}: {refused:?}");
            assert!(refused.is_empty() || told["notes"].to_string().contains("ne garde ni l’article"), "{target:?}");
            // Each entry is in the file, or is told not to be.
            let left_out = told["notes"].as_array().unwrap().iter().filter(|n| n["left_out"] == true).count() as u64;
            assert!(written + left_out >= all as u64, "{target:?}: {written} written, {left_out} left out of {all}");
        }
    }
    // Our format builds the same bank elsewhere, pictures and all; and says the same of it.
    let (_, _, whole) = file(&jury, &json!({"format": "json"})).await;
    let elsewhere = House::build().await;
    let other = elsewhere.staff("ailleurs", Role::Committee).await;
    let brought = import(&other, "banque.json", whole.clone(), false).await;
    assert_eq!(counts(&brought), (all as u64, 0, 0, 0), "{}", brought["faulty"]);
    assert!(file(&other, &json!({"format": "json"})).await.2 == whole, "the same bytes from both banks");
    // Each file was recorded, with who took it.
    let taken = house.app.store.events_of(export::EVENT, None, 50).await.unwrap();
    assert_eq!(taken.len(), Target::ALL.len() + 1);
    assert!(taken.iter().all(|e| e.author_name.as_deref() == Some("Nom de jury")), "{taken:?}");
    assert!(taken[0].detail.contains("JSON Docimo"), "{}", taken[0].detail);
}

/// The folder of reference data, or the skip recorded.
fn reference(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("DOCIMO_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    let found = Some(root.join(path)).filter(|p| p.is_file());
    if found.is_none()
        && let Some(log) = std::env::var_os("DOCIMO_SKIP_LOG")
    {
        use std::io::Write;
        let mut log = std::fs::OpenOptions::new().create(true).append(true).open(log).unwrap();
        writeln!(log, "api: shared/{path} absent").unwrap();
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_questions_of_others_come_back_too() {
    let Some(path) = reference("questions/frenchmedmcqa_train.moodle.xml") else { return };
    let house = House::build().await;
    let jury = house.staff("jury", Role::Committee).await;
    let first = import(&jury, "internat.xml", std::fs::read(path).unwrap(), false).await;
    let added = first["added"].as_u64().unwrap();
    assert!(added > 2_000, "{added}");
    for target in [Target::Json, Target::MoodleXml, Target::Qti30] {
        let (_, _, bytes) = file(&jury, &json!({"format": target.code()})).await;
        let back = import(&jury, &format!("out.{}", target.extension()), bytes, false).await;
        assert_eq!(counts(&back), (0, 0, added, 0), "{target:?}: {}", back["faulty"]);
    }
}

/// A file of ours with these questions.
fn ours(questions: &[Value]) -> Vec<u8> {
    let entries: Vec<&Value> = questions.iter().map(|q| &q["question"]).collect();
    json!({"format": "docimo-questions/1", "entries": entries}).to_string().into_bytes()
}

fn tagged(id: &str, tags: &[&str]) -> Value {
    let mut it = question(id);
    it["question"]["tags"] = json!(tags);
    it
}

#[tokio::test(flavor = "multi_thread")]
async fn conditions_choose_and_what_is_out_of_reach_stays() {
    let house = House::build().await;
    let jury = house.staff("jury", Role::Committee).await;
    let author = house.staff("auteur", Role::Author).await;
    let brought = [tagged("a1", &["R2C:31"]), tagged("a2", &["R2C:32"]), tagged("a3", &[])];
    import(&jury, "x.json", ours(&brought), false).await;
    let store = &house.app.store;
    let line = |id: &'static str| async move { store.entry_by_external_id(id).await.unwrap().unwrap() };
    let entries = |form: Value| {
        let author = author.clone();
        async move { author.post("/questions/export/preview", form).await["entries"].as_u64().unwrap() }
    };
    assert_eq!(entries(json!({"format": "json"})).await, 3);
    assert_eq!(entries(json!({"format": "json", "tag": "r2c:031"})).await, 1);
    assert_eq!(entries(json!({"format": "json", "kind": "qrm", "q": "de A2"})).await, 1);
    assert_eq!(entries(json!({"format": "json", "status": ["validated"]})).await, 3);
    assert_eq!(entries(json!({"format": "json", "ids": ["a1", line("a2").await.id, "a1"]})).await, 2);

    // A folder that nobody opened to the author.
    let actor_id = store.person_by_login("jury").await.unwrap().unwrap().id;
    let secret =
        Folder { id: "secret".into(), parent_id: None, unit_id: "etablissement".into(), name: "Concours".into() };
    let now_ms = ambient::now_ms();
    let made = docimo_store::exams::NewEvent {
        id: ambient::fresh_id(now_ms),
        exam_id: None,
        at_ms: now_ms,
        author_id: Some(actor_id),
        what: "folder",
        detail: String::new(),
    };
    store.set_folder(&secret, &made).await.unwrap();
    let admin = house.staff("admin", Role::Administrator).await;
    let hidden = line("a1").await.id;
    move_to(&house, &hidden, "secret").await;
    assert_eq!(entries(json!({"format": "json"})).await, 2);
    for ids in [json!([hidden]), json!(["a1"]), json!(["a1", "a2"])] {
        let form = json!({"format": "json", "ids": ids});
        author.refused("/questions/export", form.clone(), 422, "n’est pas dans la banque").await;
        author.refused("/questions/export/preview", form, 422, "n’est pas dans la banque").await;
    }
    for form in [json!({"format": "json", "folder": "secret"}), json!({"format": "json", "q": "a1"})] {
        author.refused("/questions/export", form, 422, "Aucune question").await;
    }
    let (_, _, bytes) = file(&author, &json!({"format": "json"})).await;
    assert!(!String::from_utf8(bytes).unwrap().contains("\"a1\""));
    let (_, _, bytes) = file(&admin, &json!({"format": "json", "folder": "secret"})).await;
    assert!(String::from_utf8(bytes).unwrap().contains("\"a1\""));

    // What is asked wrongly says how.
    for (form, words) in [
        (json!({"format": "docx"}), "moodle-xml"),
        (json!({"format": "json", "ids": []}), "au moins une"),
        (json!({"format": "json", "ids": ["a2"], "q": "x"}), "pas les deux"),
        (json!({"format": "json", "status": ["vieille"]}), "in_review"),
        (json!({"format": "json", "title": "a\nb"}), "une ligne"),
        (json!({"format": "json", "mots": "x"}), "mots"),
    ] {
        author.refused("/questions/export", form, 422, words).await;
    }
}

async fn move_to(house: &House, entry_id: &str, folder: &str) {
    let admin = house.staff("deplace", Role::Administrator).await;
    let form = format!("csrf=c&action=move&dossier={folder}&entry={entry_id}");
    let (status, _, text) = page(&admin, Method::POST, "/questions/lot/faire", &form).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{text}");
}

async fn page(caller: &Caller, method: Method, path: &str, form: &str) -> (StatusCode, HeaderMap, String) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::COOKIE, format!("docimo_session={}", caller.token))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(form.to_owned()))
        .unwrap();
    let response = server::service(&caller.app).oneshot(request).await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = axum::body::to_bytes(response.into_body(), 100_000_000).await.unwrap();
    (status, headers, String::from_utf8_lossy(&bytes).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn retired_questions_stay_unless_they_are_asked_for() {
    let house = House::build().await;
    let jury = house.staff("jury", Role::Committee).await;
    import(&jury, "x.json", ours(&[question("a1"), question("a2")]), false).await;
    let retired = house.app.store.entry_by_external_id("a1").await.unwrap().unwrap();
    let form = format!("csrf=c&action=retire&reason=Ancienne&entry={}", retired.id);
    assert_eq!(page(&jury, Method::POST, "/questions/lot/faire", &form).await.0, StatusCode::SEE_OTHER);
    for (more, n) in [(json!({}), 1), (json!({"status": ["retired"]}), 1), (json!({"ids": ["a1", "a2"]}), 2)] {
        let mut form = json!({"format": "gift"});
        form.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert_eq!(jury.post("/questions/export/preview", form).await["entries"], n);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_of_today_go_out_beside_those_written_and_come_back_as_nothing_new() {
    let house = House::build().await;
    let jury = house.staff("jury", Role::Committee).await;
    let mut case = json!({"id": "dp", "kind": "DP", "title": "D", "intro": "I", "tags": ["pharma:UE1"], "parts": []});
    case["parts"] = json!([{"question": tagged("q1", &["pharma:UE1", "R2C:31"])["question"]}]);
    let brought = json!({"format": "docimo-questions/1", "entries": [case, tagged("q2", &["R2C:31"])["question"]]});
    let first = import(&jury, "x.json", brought.to_string().into_bytes(), false).await;
    assert_eq!(counts(&first), (2, 0, 0, 0), "{first}");
    let who = house.app.store.person_by_login("jury").await.unwrap().unwrap().id;
    let store = &house.app.store;
    store.decide_tag("pharma", "pharma:UE1", Some("pharma:UE1a"), &who, 1).await.unwrap();
    store.decide_tag("pharma", "pharma:UE1a", Some("pharma:UE1b"), &who, 2).await.unwrap();
    for target in WHOLE {
        let (_, _, bytes) = file(&jury, &json!({"format": target.code()})).await;
        if target == Target::Json {
            let out: Value = serde_json::from_slice(&bytes).unwrap();
            assert_eq!(out["entries"][0]["tags"], json!(["pharma:UE1", "pharma:UE1a", "pharma:UE1b"]));
            let part = &out["entries"][0]["parts"][0]["question"]["tags"];
            assert_eq!(*part, json!(["pharma:UE1", "R2C:31", "pharma:UE1a", "pharma:UE1b"]));
            assert_eq!(out["entries"][1]["tags"], json!(["R2C:31"]));
        }
        let back = import(&jury, &format!("out.{}", target.extension()), bytes, false).await;
        assert_eq!(counts(&back), (0, 0, 2, 0), "{target:?}: {back}");
    }
    // Someone who writes a tag of today on purpose makes a version, as with any other change.
    let meant = tagged("q2", &["R2C:31", "pharma:UE1b"]);
    assert_eq!(counts(&import(&jury, "y.json", ours(&[meant]), false).await), (0, 1, 0, 0));
}

/// A picture of one pixel, in base64.
const PIXEL: &str = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_nobody_described_is_not_validated() {
    let house = House::build().await;
    let jury = house.staff("jury", Role::Committee).await;
    let shown = |alt: &str| {
        let mut it = question("ecg")["question"].clone();
        it["image"] = json!({"file": "ecg.gif", "alt": alt});
        json!({"format": "docimo-questions/1", "entries": [it, question("sans")["question"]], "media": {"ecg.gif": PIXEL}})
            .to_string()
            .into_bytes()
    };
    let report = import(&jury, "x.json", shown("Image sans description (à compléter)"), false).await;
    assert_eq!(counts(&report), (2, 0, 0, 0), "{report}");
    assert!(report["warnings"].to_string().contains("entre comme brouillon"), "{report}");
    let store = &house.app.store;
    let status = async |id: &str| store.entry_by_external_id(id).await.unwrap().unwrap().status;
    assert_eq!((status("ecg").await, status("sans").await), ("draft".into(), "validated".into()));
    let id = store.entry_by_external_id("ecg").await.unwrap().unwrap().id;
    let step =
        |step: &str, from: &str, version: i64| format!("csrf=c&etape={step}&version={version}&etat={from}&reason=");
    let reviewer = house.staff("relectrice", Role::Reviewer).await;
    let at = format!("/questions/{id}/etapes");
    assert_eq!(page(&jury, Method::POST, &at, &step("submit", "draft", 1)).await.0, StatusCode::SEE_OTHER);
    let (code, _, text) = page(&reviewer, Method::POST, &at, &step("validate", "in_review", 1)).await;
    assert!(code == StatusCode::UNPROCESSABLE_ENTITY && text.contains("Décrivez chaque image"), "{text}");
    assert!(text.contains("question ecg"), "{text}");
    assert_eq!(status("ecg").await, "in_review");
    // Described, it passes as any other.
    let report = import(&jury, "x.json", shown("Électrocardiogramme à douze dérivations"), false).await;
    assert_eq!((counts(&report), status("ecg").await.as_str()), ((0, 1, 1, 0), "validated"), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_show_what_goes_before_it_goes() {
    let house = House::build().await;
    let author = house.staff("auteur", Role::Author).await;
    let (_, _, text) = page(&author, Method::GET, "/questions/exporter?format=json", "").await;
    assert!(text.contains("Aucune question ne correspond") && !text.contains("Télécharger"), "{text}");
    let (bytes, all) = demonstration();
    import(&author, "demo.json", bytes, false).await;

    let (_, _, list) = page(&author, Method::GET, "/questions?mots=cardio&type=QRM", "").await;
    assert!(list.contains("/questions/exporter?mots=cardio") && list.contains("formaction=\"/questions/exporter\""));
    let (_, _, text) = page(&author, Method::GET, "/questions/exporter?mots=cardio&type=QRM&page=1", "").await;
    assert!(text.contains("Question à réponses multiples (QRM)") && !text.contains("Télécharger"), "{text}");
    let (_, _, text) = page(&author, Method::GET, "/questions/exporter?format=aiken", "").await;
    assert!(text.contains(&format!("{all} entrées")) && text.contains("Laissée de côté"), "{text}");
    assert!(text.contains("Aiken n’a pas de dossier") && text.contains("Télécharger (Aiken)"), "{text}");
    let (_, _, text) = page(&author, Method::GET, "/questions/exporter?format=json", "").await;
    assert!(text.contains("Ce format garde tout de ces questions"), "{text}");

    // Ticked ones go by their own address; none ticked is told.
    let lines: Vec<String> = ["cardio-001", "cardio-002"].map(String::from).into();
    let named = house.app.store.named(&lines).await.unwrap();
    assert_eq!(named.len(), 2);
    let form = format!("csrf=c&action=tag&entry={}&entry={}", named[0].id, named[1].id);
    let (status, headers, _) = page(&author, Method::POST, "/questions/exporter", &form).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let to = headers[header::LOCATION].to_str().unwrap().to_owned();
    assert!(to.starts_with("/questions/exporter?entry=") && !to.contains("csrf"), "{to}");
    let (_, _, text) = page(&author, Method::GET, &format!("{to}&format=csv"), "").await;
    assert!(text.contains("2 entrées") && text.contains("cochées dans la liste") && !text.contains("name=\"etat\""));
    let (status, _, text) = page(&author, Method::POST, "/questions/exporter", "csrf=c&action=tag").await;
    assert!(status == StatusCode::UNPROCESSABLE_ENTITY && text.contains("Cochez au moins une question"), "{text}");

    // The file is the one of the preview.
    let form = format!("csrf=c&format=csv&entry={}&entry={}", named[0].id, named[1].id);
    let (status, headers, text) = page(&author, Method::POST, "/questions/exporter/fichier", &form).await;
    assert_eq!((status, headers[header::CONTENT_TYPE].to_str().unwrap()), (StatusCode::OK, "text/csv; charset=utf-8"));
    assert!(headers[header::CONTENT_DISPOSITION].to_str().unwrap().contains(".csv\""));
    assert!(text.contains("cardio-001") && text.contains("cardio-002") && !text.contains("cardio-003"));
    let (_, _, text) = page(&author, Method::GET, "/questions/exporter", "").await;
    assert!(
        text.contains("Vos derniers exports") && text.contains("2 entrées, 2 questions choisies, en CSV"),
        "{text}"
    );

    // Something to fill.
    let (_, _, text) = page(&author, Method::GET, "/questions/importer", "").await;
    assert!(text.contains("/questions/importer/modele/xlsx"));
    let (status, headers, text) = page(&author, Method::GET, "/questions/importer/modele/csv", "").await;
    assert!(status == StatusCode::OK && text.contains("Énoncé"));
    assert!(headers[header::CONTENT_DISPOSITION].to_str().unwrap().contains("modele-questions.csv"));
    assert_eq!(page(&author, Method::GET, "/questions/importer/modele/gift", "").await.0, StatusCode::NOT_FOUND);
    let back = import(&author, "modele.csv", text.into_bytes(), true).await;
    assert!(back["read"].as_u64().unwrap() > 4, "{back}");
}
