//! Sealed papers: downloaded before the hour, opened at the hour, part by part; brought by hand where a machine is lost.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop loudly")]

mod common;

use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::{Caller, House, question};
use docimo::auth::Role;
use docimo::exam::sealed::crypto;
use docimo::{ambient, server};
use docimo_store::exams::NewEvent;
use serde_json::{Value, json};
use std::io::Read;
use tower::ServiceExt;

const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/// Words that only the paper has.
const SUBJECTS: [&str; 9] =
    ["asthme", "bradycardie", "cirrhose", "drépanocytose", "épilepsie", "fibrose", "glaucome", "hématurie", "ictère"];

fn part(n: usize) -> Value {
    let mut asked = question(&format!("dp-{n}"))["question"].clone();
    asked["stem"] = json!(format!("Que penser d’un cas de {} ?", SUBJECTS[n]));
    json!({"text": format!("Suite : {}.", SUBJECTS[n]), "question": asked})
}

/// A draft: one question with a picture, one progressive case of three parts.
async fn drafted(house: &House, offline: &str, mode: &str) -> (Caller, String) {
    let jury = house.staff(&format!("jury-{offline}-{mode}"), Role::Committee).await;
    let settings = json!({"title": format!("Blanc {offline} {mode}"), "start_mode": mode, "grace_seconds": 0, "offline_parts": offline});
    let exam = jury.post("/exams", settings).await["id"].as_str().unwrap().to_owned();
    let bytes = STANDARD.decode(PNG).unwrap();
    let media = docimo::media::check("a.png", bytes).unwrap();
    house.app.store.add_revisions(&[], std::slice::from_ref(&media), 1).await.unwrap();
    let mut first = question("q1");
    first["question"]["stem"] = json!("Que montre cette image de migraine ?");
    first["question"]["image"] = json!({"file": media.hash, "alt": "une tache", "width": 1, "height": 1});
    let case = json!({"case": {"id": "dp", "kind": "DP", "title": "Un titre de néphrose", "intro": "Au début, un lupus.",
        "parts": [part(1), part(2), part(3)]}});
    let paper = json!({"title": "Blanc", "scheme": "edn", "sections": [
        {"id": "s1", "title": "Essai", "duration_minutes": 60, "shuffle_propositions": true, "elements": [first, case]}]});
    let (status, faults) = jury.json(Method::PUT, &format!("/exams/{exam}/paper"), &paper).await;
    assert_eq!(status, StatusCode::OK, "{faults}");
    (jury, exam)
}

async fn frozen(house: &House, offline: &str, mode: &str) -> (Caller, String) {
    let (jury, exam) = drafted(house, offline, mode).await;
    if !jury.get(&format!("/exams/{exam}/hazards")).await["hazards"].as_array().unwrap().is_empty() {
        jury.answer_hazards(&exam, "la même question, à dessein").await;
    }
    jury.post(&format!("/exams/{exam}/freeze"), json!({})).await;
    (jury, exam)
}

async fn enrol(house: &House, jury: &Caller, exam: &str, lines: &str) -> Vec<Caller> {
    let (status, made) = jury.csv(&format!("/exams/{exam}/candidates"), lines).await;
    assert_eq!(status, StatusCode::OK, "{made}");
    let mut callers = Vec::new();
    for one in made.as_array().unwrap() {
        callers.push(house.candidate(one["number"].as_str().unwrap(), one["code"].as_str().unwrap()).await);
    }
    callers
}

async fn seat(student: &Caller, exam: &str) -> String {
    student.post(&format!("/my/exams/{exam}/sections/s1"), json!({})).await["attempt"].as_str().unwrap().to_owned()
}

async fn fetch(caller: &Caller, path: &str, coding: &str) -> (StatusCode, HeaderMap, Vec<u8>) {
    let request = Request::builder()
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {}", caller.token))
        .header(header::ACCEPT_ENCODING, coding);
    let response = server::service(&caller.app).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    (status, headers, axum::body::to_bytes(response.into_body(), 10_000_000).await.unwrap().to_vec())
}

fn unzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    flate2::read::GzDecoder::new(bytes).read_to_end(&mut out).unwrap();
    out
}

async fn keys(student: &Caller, attempt: &str) -> Value {
    student.get(&format!("/attempts/{attempt}/keys")).await["keys"].clone()
}

fn numbers(keys: &Value) -> Vec<String> {
    let mut all: Vec<String> = keys.as_object().unwrap().keys().cloned().collect();
    all.sort();
    all
}

#[tokio::test]
async fn what_is_given_early_is_undecipherable_and_opens_at_the_hour() {
    let house = House::build().await;
    let (jury, exam) = frozen(&house, "none", "common").await;
    let students = enrol(&house, &jury, &exam, "numero;nom\nA-1;Un\nA-2;Deux\n").await;
    let (one, other) = (&students[0], &students[1]);
    let attempt = seat(one, &exam).await;
    let room = one.get(&format!("/attempts/{attempt}/room")).await;
    assert_eq!(room["state"], "waiting");
    for word in SUBJECTS.iter().chain(&["migraine", "néphrose", "lupus", "Texte a"]) {
        assert!(!room.to_string().contains(word), "{word}");
    }

    // The manifest: in clear, without a word of the paper; immutable; compressed ahead.
    let address = room["paper"].as_str().unwrap();
    let (status, headers, plain) = fetch(one, address, "identity").await;
    assert_eq!(status, StatusCode::OK);
    assert!(headers[header::CACHE_CONTROL].to_str().unwrap().contains("immutable"));
    assert_eq!(crypto::hash(&plain), room["paper_hash"].as_str().unwrap());
    let (_, headers, zipped) = fetch(one, address, "gzip").await;
    assert_eq!((headers[header::CONTENT_ENCODING].to_str().unwrap(), unzip(&zipped)), ("gzip", plain.clone()));
    let (_, headers, brotli) = fetch(one, address, "gzip, br").await;
    assert_eq!(headers[header::CONTENT_ENCODING], "br");
    let mut opened = Vec::new();
    brotli::BrotliDecompress(&mut brotli.as_slice(), &mut opened).unwrap();
    assert_eq!(opened, plain);
    let text = String::from_utf8(plain).unwrap();
    for word in ["migraine", "lupus", "q1", "dp-", "Blanc", "Essai", "image/"].iter().chain(&SUBJECTS) {
        assert!(!text.contains(word), "{word}: {text}");
    }
    let manifest: Value = serde_json::from_str(&text).unwrap();
    let pieces = manifest["pieces"].as_array().unwrap();
    assert_eq!(pieces.len(), 4, "the section, two further parts, one picture");

    // Every piece, before the hour: nothing readable, and its bytes are its address.
    let base = address.rsplit_once('/').unwrap().0;
    let mut sealed = Vec::new();
    for piece in pieces {
        let (status, headers, bytes) = fetch(one, &format!("{base}/{}", piece["hash"].as_str().unwrap()), "gzip").await;
        assert_eq!((status, headers.get(header::CONTENT_ENCODING)), (StatusCode::OK, None));
        assert_eq!(crypto::hash(&bytes), piece["hash"].as_str().unwrap());
        assert_eq!(bytes.len() as u64, piece["size"].as_u64().unwrap());
        assert!(!String::from_utf8_lossy(&bytes).contains("migraine"));
        sealed.push(bytes);
    }
    // Nobody else's; not the committee's by this door; nothing that is not there.
    let piece = format!("{base}/{}", pieces[0]["hash"].as_str().unwrap());
    assert_eq!(fetch(other, &piece, "").await.0, StatusCode::NOT_FOUND);
    assert_eq!(fetch(&jury, &piece, "").await.0, StatusCode::FORBIDDEN);
    assert_eq!(fetch(one, &format!("{base}/{}", "0".repeat(64)), "").await.0, StatusCode::NOT_FOUND);
    let (status, _) = other.send(Method::GET, &format!("/attempts/{attempt}/keys"), "", vec![]).await;
    assert_eq!(status, StatusCode::NOT_FOUND);

    // No key before the hour; at the hour, the section's alone.
    assert_eq!(keys(one, &attempt).await, json!({}));
    jury.post(&format!("/exams/{exam}/sections/s1/open"), json!({})).await;
    let given = keys(one, &attempt).await;
    assert_eq!(numbers(&given), ["0"]);
    let key = |given: &Value, n: &str| -> [u8; 32] {
        STANDARD.decode(given[n].as_str().unwrap()).unwrap().try_into().unwrap()
    };
    let section = crypto::open(&key(&given, "0"), &crypto::place_of_piece(&exam, "s1", 0), &sealed[0]).unwrap();
    let section: Value = serde_json::from_slice(&unzip(&section)).unwrap();
    assert_eq!(
        section["questions"]["q1"]["stem_html"].as_str().unwrap().trim(),
        "<p>Que montre cette image de migraine ?</p>"
    );
    assert_eq!(section["shuffled"], true);
    assert!(section["questions"].get("dp-2").is_none());
    assert!(!section.to_string().contains("vrai"), "no key of correction");
    let url = section["questions"]["q1"]["image"]["url"].as_str().unwrap();
    let place = section["media"][url]["piece"].as_u64().unwrap() as usize;
    let picture = crypto::open(&key(&given, "0"), &crypto::place_of_piece(&exam, "s1", place), &sealed[place]).unwrap();
    let picture = if pieces[place]["gzip"] == true { unzip(&picture) } else { picture };
    assert!(picture.starts_with(b"\x89PNG"));
    // A further part's does not open with the section's.
    assert!(crypto::open(&key(&given, "0"), &crypto::place_of_piece(&exam, "s1", 1), &sealed[1]).is_err());

    // Its key comes with the lock of the one before, and no sooner.
    let stream = one.post(&format!("/attempts/{attempt}/streams"), json!({})).await["stream"].clone();
    let lock = |seq: u32, part: &str| json!({"stream": stream, "steps": [{"seq": seq, "client_ms": 0, "act": {"lock": {"question": part}}}]});
    one.post(&format!("/attempts/{attempt}/steps"), lock(1, "dp-2")).await;
    assert_eq!(numbers(&keys(one, &attempt).await), ["0"], "a lock out of order opens nothing");
    one.post(&format!("/attempts/{attempt}/steps"), lock(2, "dp-1")).await;
    let given = keys(one, &attempt).await;
    assert_eq!(numbers(&given), ["0", "1"]);
    let further = crypto::open(&key(&given, "1"), &crypto::place_of_piece(&exam, "s1", 1), &sealed[1]).unwrap();
    assert!(String::from_utf8(unzip(&further)).unwrap().contains(SUBJECTS[2]));

    // Handed in, over: no key any more.
    one.post(
        &format!("/attempts/{attempt}/steps"),
        json!({"stream": stream, "steps": [{"seq": 3, "client_ms": 0, "act": {"hand_in": {}}}]}),
    )
    .await;
    assert_eq!(keys(one, &attempt).await, json!({}));
    let second = seat(other, &exam).await;
    assert_eq!(numbers(&keys(other, &second).await), ["0"]);
    jury.post(&format!("/exams/{exam}/finish"), json!({})).await;
    assert_eq!(keys(other, &second).await, json!({}));
}

#[tokio::test]
async fn no_key_is_given_before_the_hour_whatever_is_asked() {
    let house = House::build().await;
    for mode in ["common", "individual"] {
        let (jury, exam) = frozen(&house, "all", mode).await;
        let csv = format!("numero;nom;facteur;minutes\n{mode}-1;Un;1;0\n{mode}-2;Deux;4/3;0\n{mode}-3;Trois;1;45\n");
        for student in enrol(&house, &jury, &exam, &csv).await {
            let attempt = seat(&student, &exam).await;
            assert_eq!(keys(&student, &attempt).await, json!({}), "{mode}");
            // A page opens its stream early, and that brings no key; nothing can be done before time.
            let stream = student.post(&format!("/attempts/{attempt}/streams"), json!({})).await["stream"].clone();
            let (status, _) = student.json(Method::POST, &format!("/attempts/{attempt}/start"), &json!({})).await;
            assert_eq!(status, StatusCode::CONFLICT);
            let lock =
                json!({"stream": stream, "steps": [{"seq": 1, "client_ms": 0, "act": {"lock": {"question": "dp-1"}}}]});
            let (status, _) = student.json(Method::POST, &format!("/attempts/{attempt}/steps"), &lock).await;
            assert_eq!(status, StatusCode::CONFLICT);
            assert_eq!(keys(&student, &attempt).await, json!({}));
        }
        jury.post(&format!("/exams/{exam}/sections/s1/open"), json!({})).await;
        let sitting = house.app.store.attempts(&exam).await.unwrap();
        assert_eq!(sitting.len(), 3);
        for attempt in sitting {
            // By the server's clock, to the millisecond, and for nobody before their own start.
            let paper = house.app.frozen_paper(&exam).await.unwrap();
            let given = async |now_ms| {
                let keys =
                    docimo::exam::sealed::keys_for(&house.app, &attempt, &paper.sections[0], now_ms).await.unwrap();
                keys.keys.len()
            };
            let opened = attempt.opened_ms.unwrap();
            let expected = if mode == "common" { 3 } else { 0 };
            assert_eq!((given(opened - 1).await, given(opened).await), (0, expected), "{mode}");
            assert_eq!(given(opened + 10 * 3_600_000).await, 0);
        }
    }
}

#[tokio::test]
async fn the_allowance_gives_keys_ahead() {
    let house = House::build().await;
    for (offline, expected) in
        [("none", &["0"][..]), ("1", &["0", "1"]), ("2", &["0", "1", "2"]), ("all", &["0", "1", "2"])]
    {
        let (jury, exam) = frozen(&house, offline, "individual").await;
        assert_eq!(jury.get(&format!("/exams/{exam}/settings")).await["offline_parts"], offline);
        let student = enrol(&house, &jury, &exam, &format!("numero;nom\nB{offline};Un\n")).await.remove(0);
        let attempt = seat(&student, &exam).await;
        jury.post(&format!("/exams/{exam}/sections/s1/open"), json!({})).await;
        assert_eq!(keys(&student, &attempt).await, json!({}), "not started");
        student.post(&format!("/attempts/{attempt}/start"), json!({})).await;
        assert_eq!(numbers(&keys(&student, &attempt).await), expected, "{offline}");
    }
    let jury = house.staff("dernier", Role::Committee).await;
    jury.refused("/exams", json!({"title": "X", "offline_parts": "beaucoup"}), 422, "étapes").await;
}

/// Frozen before papers were sealed: sealed when first asked, the same ever after, and on every process.
#[tokio::test]
async fn an_exam_frozen_before_is_sealed_when_first_asked() {
    let house = House::build().await;
    let (jury, exam) = drafted(&house, "1", "common").await;
    // As an earlier version did: the store freezes, nobody seals.
    let store = &house.app.store;
    let (paper, count) = (store.paper(&exam).await.unwrap().unwrap(), store.count_frozen().await.unwrap());
    let done = NewEvent {
        id: ambient::fresh_id(1),
        exam_id: Some(exam.clone()),
        at_ms: 1,
        author_id: None,
        what: "freeze",
        detail: String::new(),
    };
    store.freeze(&exam, &paper, count, &paper, "empreinte", &[], &done).await.unwrap();
    assert!(store.sealed(&exam, "s1").await.unwrap().is_none());
    let student = enrol(&house, &jury, &exam, "numero;nom\nC-1;Un\n").await.remove(0);
    let attempt = seat(&student, &exam).await;
    let other =
        Caller { app: docimo::app::App::new(house.app.store.clone(), false, false), token: student.token.clone() };
    let path = format!("/attempts/{attempt}/room");
    let (first, second) = tokio::join!(other.get(&path), other.get(&path));
    assert_eq!(first["paper_hash"], second["paper_hash"]);
    let third =
        Caller { app: docimo::app::App::new(house.app.store.clone(), false, false), token: student.token.clone() };
    assert_eq!(third.get(&path).await["paper_hash"], first["paper_hash"]);
}

/// A file as the page writes it.
fn file(room: &Value, streams: &Value) -> Vec<u8> {
    let attempt = room["attempt"].as_str().unwrap();
    let key: [u8; 32] = STANDARD.decode(room["queue_key"].as_str().unwrap()).unwrap().try_into().unwrap();
    let text = json!({"made_ms": 5, "streams": streams}).to_string();
    let sealed = crypto::seal(&key, &ambient::random(), &crypto::place_of_queue(attempt), text.as_bytes()).unwrap();
    json!({"docimo": "queue", "version": 1, "attempt": attempt, "sealed": STANDARD.encode(sealed)})
        .to_string()
        .into_bytes()
}

fn answered(seq: u32, ticked: &str) -> Value {
    json!({"seq": seq, "client_ms": i64::from(seq), "act": {"answer": {"question": "q1", "response": {"ticked": [ticked]}}}})
}

#[tokio::test]
async fn what_a_lost_machine_held_is_brought_by_hand_once_and_for_its_sheet_only() {
    let house = House::build().await;
    let (jury, exam) = frozen(&house, "1", "individual").await;
    let students = enrol(&house, &jury, &exam, "numero;nom\nD-1;Un\nD-2;Deux\n").await;
    jury.post(&format!("/exams/{exam}/sections/s1/open"), json!({})).await;
    let (attempt, other) = (seat(&students[0], &exam).await, seat(&students[1], &exam).await);
    for (student, attempt) in students.iter().zip([&attempt, &other]) {
        student.post(&format!("/attempts/{attempt}/start"), json!({})).await;
        student.post(&format!("/attempts/{attempt}/streams"), json!({})).await;
    }
    let first = json!({"stream": 1, "steps": [answered(1, "a")]});
    students[0].post(&format!("/attempts/{attempt}/steps"), first).await;
    let room = students[0].get(&format!("/attempts/{attempt}/room")).await;
    let held = json!([{"stream": 1, "steps": [answered(1, "a"), answered(2, "b")]}, {"stream": null, "steps": [answered(1, "c"), answered(2, "d")]}]);
    let whole = file(&room, &held);
    let supervisor = house.staff("surveillant", Role::Supervisor).await;
    let send = async |who: &Caller, attempt: &str, bytes: Vec<u8>| {
        who.send(Method::POST, &format!("/attempts/{attempt}/import"), "application/octet-stream", bytes).await
    };

    // Not by the candidate; not for another; not altered, not cut.
    assert_eq!(send(&students[0], &attempt, whole.clone()).await.0, StatusCode::FORBIDDEN);
    let (status, said) = send(&supervisor, &other, whole.clone()).await;
    assert!(status == StatusCode::UNPROCESSABLE_ENTITY && said.to_string().contains("autre candidat"), "{said}");
    let mut forged: Value = serde_json::from_slice(&whole).unwrap();
    forged["attempt"] = json!(other);
    let (status, said) = send(&supervisor, &other, forged.to_string().into_bytes()).await;
    assert!(status == StatusCode::UNPROCESSABLE_ENTITY && said.to_string().contains("modifié"), "{said}");
    for cut in [0, 1, whole.len() / 2, whole.len() - 1] {
        assert_eq!(
            send(&supervisor, &attempt, whole[..cut].to_vec()).await.0,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{cut}"
        );
    }
    let steps = async || house.app.store.steps(&exam, &attempt).await.unwrap();
    assert_eq!(steps().await.len(), 1, "nothing was taken");

    // Once: what was known is known, the rest is there, in order. Twice: nothing changes.
    let (status, said) = send(&supervisor, &attempt, whole.clone()).await;
    assert_eq!(status, StatusCode::OK, "{said}");
    assert_eq!((said["fresh"].as_u64(), said["known"].as_u64(), said["answers"].as_u64()), (Some(3), Some(1), Some(3)));
    let after = steps().await;
    let (_, again) = send(&supervisor, &attempt, whole).await;
    assert_eq!((again["fresh"].as_u64(), again["known"].as_u64()), (Some(0), Some(4)));
    assert_eq!(steps().await, after);
    let answers = students[0].get(&format!("/attempts/{attempt}/room")).await["answers"].clone();
    assert_eq!(answers["q1"]["ticked"], json!(["d"]));
    let events = jury.get(&format!("/exams/{exam}/events")).await;
    assert!(events.to_string().contains("apportées par fichier"), "{events}");

    // The server has lost what came before: nothing that was held is.
    let later = json!([{"stream": 1, "steps": [answered(8, "b"), answered(9, "e")]}]);
    let (status, said) = send(&supervisor, &attempt, file(&room, &later)).await;
    assert_eq!((status, said["fresh"].as_u64()), (StatusCode::OK, Some(2)), "{said}");
    assert_eq!(students[0].get(&format!("/attempts/{attempt}/room")).await["answers"]["q1"]["ticked"], json!(["e"]));
}
