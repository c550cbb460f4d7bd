//! A house with its staff and students, spoken to through the JSON interface.
#![allow(dead_code, clippy::unwrap_used, reason = "each test uses some of it, and stops loudly")]

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use docimo::ambient;
use docimo::app::App;
use docimo::auth::Role;
use docimo::server;
use docimo_store::Store;
use docimo_store::people::{LoginSession, Person};
use serde_json::{Value, json};
use tower::ServiceExt;

pub struct House {
    pub app: App,
    _dir: tempfile::TempDir,
}

/// Someone signed in.
#[derive(Clone)]
pub struct Caller {
    pub app: App,
    pub token: String,
}

impl House {
    pub async fn build() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", dir.path().join("t.sqlite").display());
        Self { _dir: dir, ..Self::on(&url).await }
    }

    /// A process on this database.
    pub async fn on(url: &str) -> Self {
        let store = Store::open(url).await.unwrap();
        Self { app: App::new(store, false, false), _dir: tempfile::tempdir().unwrap() }
    }

    pub async fn staff(&self, login: &str, role: Role) -> Caller {
        let now_ms = ambient::now_ms();
        let person = Person {
            id: ambient::fresh_id(now_ms),
            login: login.into(),
            name: format!("Nom de {login}"),
            secret: None,
            created_ms: now_ms,
            disabled_ms: None,
        };
        self.app.store.add_person(&person, &[role.name()]).await.unwrap();
        let token = ambient::token();
        let session = LoginSession { person_id: person.id, csrf: "c".into(), expires_ms: now_ms + 3_600_000 };
        self.app.journal.sign_in(&ambient::token_hash(&token), session, now_ms).await.unwrap();
        Caller { app: self.app.clone(), token }
    }

    pub async fn candidate(&self, number: &str, code: &str) -> Caller {
        let nobody = Caller { app: self.app.clone(), token: String::new() };
        let (status, session) =
            nobody.json(Method::POST, "/session", &json!({"login": number, "password": code})).await;
        assert_eq!(status, StatusCode::CREATED, "{session}");
        Caller { token: session["token"].as_str().unwrap().to_owned(), ..nobody }
    }
}

impl Caller {
    pub async fn send(&self, method: Method, path: &str, kind: &str, body: Vec<u8>) -> (StatusCode, Value) {
        let mut request =
            Request::builder().method(method).uri(format!("/api/v1{path}")).header(header::CONTENT_TYPE, kind);
        if !self.token.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", self.token));
        }
        let response = server::service(&self.app).oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), 10_000_000).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    pub async fn json(&self, method: Method, path: &str, body: &Value) -> (StatusCode, Value) {
        self.send(method, path, "application/json", serde_json::to_vec(body).unwrap()).await
    }

    pub async fn get(&self, path: &str) -> Value {
        let (status, value) = self.send(Method::GET, path, "application/json", vec![]).await;
        assert_eq!(status, StatusCode::OK, "{path}: {value}");
        value
    }

    pub async fn post(&self, path: &str, body: Value) -> Value {
        let (status, value) = self.json(Method::POST, path, &body).await;
        assert!(status.is_success(), "{path}: {status} {value}");
        value
    }

    pub async fn refused(&self, path: &str, body: Value, expected: u16, words: &str) {
        let (status, value) = self.json(Method::POST, path, &body).await;
        assert_eq!(status.as_u16(), expected, "{path}: {value}");
        assert!(value.to_string().contains(words), "{path}: {value}");
    }

    /// Answers by name for what the paper of an exam meets, as a committee does for questions taken again on purpose.
    pub async fn answer_hazards(&self, exam: &str, reason: &str) {
        let found = self.get(&format!("/exams/{exam}/hazards")).await["hazards"].clone();
        let open: Vec<&Value> =
            found.as_array().unwrap().iter().filter(|h| h["answered"].is_null()).map(|h| &h["code"]).collect();
        assert!(!open.is_empty(), "nothing to answer for");
        self.post(&format!("/exams/{exam}/hazards"), json!({"hazards": open, "reason": reason})).await;
    }

    pub async fn csv(&self, path: &str, text: &str) -> (StatusCode, Value) {
        self.send(Method::POST, path, "text/csv", text.as_bytes().to_vec()).await
    }
}

pub fn question(id: &str) -> Value {
    let propositions: Vec<Value> = ["a", "b", "c", "d", "e"]
        .iter()
        .map(|p| json!({"id": p, "text": format!("Texte {p} de {id}"), "status": if *p < "c" { "vrai" } else { "faux" }}))
        .collect();
    json!({"question": {"id": id, "kind": "QRM", "stem": format!("Énoncé de {id}"), "propositions": propositions}})
}

/// A draft of two questions, and its committee.
pub async fn draft(house: &House) -> (Caller, String) {
    let jury = house.staff("jury", Role::Committee).await;
    let settings = json!({"title": "Blanc", "start_mode": "individual", "grace_seconds": 0, "instructions": "Lisez.", "pass_threshold": "10"});
    let exam = jury.post("/exams", settings).await["id"].as_str().unwrap().to_owned();
    let paper = json!({"title": "Blanc", "scheme": "edn", "rules": {"pass_threshold": "10"}, "sections": [
        {"id": "s1", "title": "Essai", "duration_minutes": 60, "elements": [question("q1"), question("q2")]}]});
    let (status, faults) = jury.json(Method::PUT, &format!("/exams/{exam}/paper"), &paper).await;
    assert_eq!((status, faults["faults"].clone()), (StatusCode::OK, json!([])));
    (jury, exam)
}

pub async fn enter(student: &Caller, exam: &str) -> (String, u64) {
    let attempt =
        student.post(&format!("/my/exams/{exam}/sections/s1"), json!({})).await["attempt"].as_str().unwrap().to_owned();
    student.post(&format!("/attempts/{attempt}/start"), json!({})).await;
    let stream = student.post(&format!("/attempts/{attempt}/streams"), json!({})).await["stream"].as_u64().unwrap();
    (attempt, stream)
}

pub fn answer(stream: u64, seq: u32, question: &str, ticked: &[&str]) -> Value {
    json!({"stream": stream, "steps": [{"seq": seq, "client_ms": 0,
        "act": {"answer": {"question": question, "response": {"ticked": ticked}}}}]})
}
