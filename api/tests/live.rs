//! Exams being sat, kept in memory and told: events of a sheet, presence, the supervisor's list, and two
//! processes that share a database.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop loudly")]

mod common;

use axum::body::{Body, BodyDataStream};
use axum::http::{Request, StatusCode, header};
use common::{Caller, House, answer, draft, enter};
use docimo::auth::Role;
use docimo::server;
use futures_util::StreamExt;
use serde_json::{Value, json};
use std::time::Duration;
use tower::ServiceExt;

/// Events of a sheet, read as they come.
struct Listener {
    body: BodyDataStream,
    text: String,
    /// Keys that were pushed.
    keys: Vec<Value>,
}

impl Listener {
    async fn open(who: &Caller, attempt: &str) -> (StatusCode, Self) {
        let request = Request::builder()
            .uri(format!("/api/v1/attempts/{attempt}/events"))
            .header(header::AUTHORIZATION, format!("Bearer {}", who.token))
            .body(Body::empty())
            .unwrap();
        let response = server::service(&who.app).oneshot(request).await.unwrap();
        (
            response.status(),
            Self { body: response.into_body().into_data_stream(), text: String::new(), keys: Vec::new() },
        )
    }

    /// The next event's data; `None` once the line has ended.
    async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let data = event.lines().find_map(|line| line.strip_prefix("data: ")).map(str::to_owned);
                let is = |name: &str| event.lines().any(|line| line.strip_prefix("event: ") == Some(name));
                let (is_clock, is_keys) = (is("clock"), is("keys"));
                self.text = rest.to_owned();
                if let Some(data) = data {
                    let data: Value = serde_json::from_str(&data).unwrap();
                    assert!(is_clock || is_keys);
                    if is_keys {
                        self.keys.push(data);
                        continue;
                    }
                    return Some(data);
                }
                continue;
            }
            let chunk =
                tokio::time::timeout(Duration::from_secs(5), self.body.next()).await.expect("an event comes")?;
            self.text.push_str(std::str::from_utf8(&chunk.unwrap()).unwrap());
        }
    }
}

/// An exam of two sites whose clock is common, its jury and its two candidates, frozen.
async fn two_sites(house: &House) -> (Caller, String, Vec<Caller>) {
    let (jury, exam) = draft(house).await;
    let (status, said) =
        jury.json(axum::http::Method::PATCH, &format!("/exams/{exam}"), &json!({"start_mode": "common"})).await;
    assert!(status.is_success(), "{said}");
    jury.post(&format!("/exams/{exam}/freeze"), json!({})).await;
    let list = "numero;nom;centre;salle\nD-1;Un;Lyon;A\nD-2;Deux;Lille;B\n";
    let (status, codes) = jury.csv(&format!("/exams/{exam}/candidates"), list).await;
    assert_eq!(status, StatusCode::OK, "{codes}");
    let mut candidates = Vec::new();
    for (i, number) in ["d-1", "d-2"].iter().enumerate() {
        candidates.push(house.candidate(number, codes[i]["code"].as_str().unwrap()).await);
    }
    (jury, exam, candidates)
}

async fn sheet(who: &Caller, exam: &str) -> String {
    who.post(&format!("/my/exams/{exam}/sections/s1"), json!({})).await["attempt"].as_str().unwrap().to_owned()
}

async fn site(jury: &Caller, exam: &str, name: &str) -> String {
    let sites = jury.get(&format!("/exams/{exam}/sites")).await;
    sites.as_array().unwrap().iter().find(|s| s["name"] == name).unwrap()["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sheet_is_told_of_whatever_its_clock_says() {
    let house = House::build().await;
    let (jury, exam, candidates) = two_sites(&house).await;
    let (one, two) = (&candidates[0], &candidates[1]);
    let (first, second) = (sheet(one, &exam).await, sheet(two, &exam).await);
    assert_eq!(Listener::open(two, &first).await.0, StatusCode::NOT_FOUND, "somebody else's");
    let (status, mut line) = Listener::open(one, &first).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(line.next().await.unwrap()["state"], "waiting", "at once");
    let (_, mut other) = Listener::open(two, &second).await;
    assert_eq!(other.next().await.unwrap()["state"], "waiting");

    // One site opens: its candidates are told, the others are not.
    let lyon = site(&jury, &exam, "Lyon").await;
    jury.post(&format!("/exams/{exam}/sections/s1/open"), json!({"sites": [lyon]})).await;
    let opened = line.next().await.unwrap();
    assert_eq!(opened["state"], "running");
    assert_eq!(
        one.get(&format!("/attempts/{first}/clock")).await["clock"]["deadline_ms"],
        opened["clock"]["deadline_ms"]
    );
    assert_eq!(two.get(&format!("/attempts/{second}/clock")).await["state"], "waiting");

    // A page opened, time given, a hand-in, the sheet given back, the site closed: each is an event.
    let stream = one.post(&format!("/attempts/{first}/streams"), json!({})).await["stream"].as_u64().unwrap();
    assert!(line.keys.is_empty(), "not before its time runs");
    assert_eq!(line.next().await.unwrap()["streams"], stream);
    assert_eq!(line.keys, [one.get(&format!("/attempts/{first}/keys")).await["keys"].clone()], "pushed, once");
    let more = json!({"section": "s1", "attempt": first, "kind": "extension", "minutes": 5, "reason": "panne"});
    jury.post(&format!("/exams/{exam}/time"), more).await;
    let told = line.next().await.unwrap();
    assert_eq!(told["clock"]["extension_ms"], 300_000);
    assert_eq!(
        told["clock"]["deadline_ms"].as_i64().unwrap() - opened["clock"]["deadline_ms"].as_i64().unwrap(),
        300_000
    );
    one.post(&format!("/attempts/{first}/steps"), answer(stream, 1, "q1", &["a"])).await;
    let hand_in = json!({"stream": stream, "steps": [{"seq": 2, "client_ms": 0, "act": {"hand_in": {}}}]});
    one.post(&format!("/attempts/{first}/steps"), hand_in).await;
    assert_eq!(line.next().await.unwrap()["state"], "handed_in");
    jury.post(&format!("/attempts/{first}/reopen"), json!({"reason": "par erreur"})).await;
    assert_eq!(line.next().await.unwrap()["state"], "running");
    jury.post(&format!("/exams/{exam}/sections/s1/close"), json!({})).await;
    assert_eq!(line.next().await.unwrap()["state"], "closed");

    // Over: the line ends, and a new one is refused in a way that browsers do not ask again.
    jury.post(&format!("/exams/{exam}/finish"), json!({})).await;
    assert_eq!(line.next().await, None);
    assert_eq!(other.next().await, None);
    assert_eq!((line.keys.len(), other.keys.len()), (1, 0), "nothing to those whose site was not opened");
    assert_eq!(Listener::open(one, &first).await.0, StatusCode::NO_CONTENT);
    assert_eq!(one.get(&format!("/attempts/{first}/clock")).await["state"], "closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_end_when_the_server_stops() {
    let house = House::build().await;
    let (_, exam, candidates) = two_sites(&house).await;
    let first = sheet(&candidates[0], &exam).await;
    let (_, mut line) = Listener::open(&candidates[0], &first).await;
    line.next().await.unwrap();
    house.app.live.stop();
    assert_eq!(line.next().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_says_what_pages_say_and_asks_the_database_nothing() {
    let house = House::build().await;
    let (jury, exam, candidates) = two_sites(&house).await;
    let one = &candidates[0];
    sheet(one, &exam).await;
    jury.post(&format!("/exams/{exam}/sections/s1/open"), json!({})).await;
    let (attempt, stream) = enter(one, &exam).await;
    one.post(&format!("/attempts/{attempt}/steps"), answer(stream, 1, "q1", &["a"])).await;
    one.post(&format!("/attempts/{attempt}/steps"), answer(stream, 2, "q1", &["b"])).await;
    let beat = json!({"stream": stream, "waiting": 7, "offline_ms": 0});
    let read = one.post(&format!("/attempts/{attempt}/presence"), beat.clone()).await;
    assert_eq!(read["state"], "running");
    let (status, _) =
        candidates[1].json(axum::http::Method::POST, &format!("/attempts/{attempt}/presence"), &beat).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let supervisor = house.staff("surveillant", Role::Supervisor).await;
    let path = format!("/exams/{exam}/sections/s1/monitor");
    let list = supervisor.get(&path).await;
    let line = &list["candidates"][0];
    assert_eq!(
        (line["waiting"].as_u64(), line["answered"].as_i64(), line["room"].as_str()),
        (Some(7), Some(1), Some("A"))
    );
    assert_eq!((line["phase"].as_str(), list["candidates"][1]["phase"].as_str()), (Some("running"), Some("absent")));
    // The database is away: clocks and the list go on.
    house.app.store.close().await;
    assert_eq!(supervisor.get(&path).await["candidates"][0]["answered"], 1);
    assert_eq!(one.get(&format!("/attempts/{attempt}/clock")).await["state"], "running");
}

/// Address of a fresh PostgreSQL database, or `None` with the skip recorded.
async fn postgres() -> Option<String> {
    let Ok(server) = std::env::var("DOCIMO_TEST_POSTGRES") else {
        if let Ok(log) = std::env::var("DOCIMO_SKIP_LOG") {
            use std::io::Write;
            let mut file = std::fs::OpenOptions::new().append(true).create(true).open(log).unwrap();
            writeln!(file, "api: two processes on PostgreSQL (DOCIMO_TEST_POSTGRES absent)").unwrap();
        }
        return None;
    };
    let name = format!("live_{}", std::process::id());
    let admin = sqlx::PgPool::connect(&server).await.unwrap();
    sqlx::query(sqlx::AssertSqlSafe(format!("create database {name}"))).execute(&admin).await.unwrap();
    admin.close().await;
    let (head, query) = server.split_once('?').map_or((server.as_str(), None), |(h, q)| (h, Some(q)));
    let base = head.rsplit_once('/').map_or(head, |(b, _)| b);
    Some(format!("{base}/{name}{}", query.map(|q| format!("?{q}")).unwrap_or_default()))
}

/// Two processes share an exam: what is done on one is told on the other within two seconds, and each knows who
/// is seen by the other.
#[tokio::test(flavor = "multi_thread")]
async fn two_processes_see_each_others_acts() {
    let Some(url) = postgres().await else { return };
    let first = House::on(&url).await;
    let second = House::on(&url).await;
    let (jury, exam, candidates) = two_sites(&first).await;
    let there = |who: &Caller| Caller { app: second.app.clone(), token: who.token.clone() };
    let one = there(&candidates[0]);
    let attempt = sheet(&one, &exam).await;
    let (_, mut line) = Listener::open(&one, &attempt).await;
    assert_eq!(line.next().await.unwrap()["state"], "waiting");
    let lyon = site(&jury, &exam, "Lyon").await;
    let told = async |line: &mut Listener| {
        let begun = std::time::Instant::now();
        let event = line.next().await.unwrap();
        assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
        event
    };
    jury.post(&format!("/exams/{exam}/sections/s1/open"), json!({"sites": [lyon]})).await;
    assert_eq!(told(&mut line).await["state"], "running");
    let more = json!({"section": "s1", "attempt": attempt, "kind": "extension", "minutes": 5, "reason": "panne"});
    jury.post(&format!("/exams/{exam}/time"), more).await;
    assert_eq!(told(&mut line).await["clock"]["extension_ms"], 300_000);
    jury.post(&format!("/exams/{exam}/stop"), json!({"site": lyon, "cause": "alarm"})).await;
    assert_eq!(told(&mut line).await["clock"]["stop"]["cause"], "alarm");
    jury.post(&format!("/exams/{exam}/resume"), json!({"site": lyon, "cause": "alarm"})).await;
    assert!(told(&mut line).await["clock"]["stop"].is_null());

    // Seen, answered and handed in on the second; listed by the first a few seconds later.
    let stream = one.post(&format!("/attempts/{attempt}/streams"), json!({})).await["stream"].as_u64().unwrap();
    one.post(&format!("/attempts/{attempt}/steps"), answer(stream, 1, "q1", &["a"])).await;
    one.post(&format!("/attempts/{attempt}/presence"), json!({"stream": stream, "waiting": 3})).await;
    let listed = async |expected: &dyn Fn(&Value) -> bool| {
        for _ in 0..60 {
            let list = jury.get(&format!("/exams/{exam}/sections/s1/monitor")).await;
            if expected(&list["candidates"][0]) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("not listed: {}", jury.get(&format!("/exams/{exam}/sections/s1/monitor")).await);
    };
    listed(&|c| c["waiting"] == 3 && c["answered"] == 1 && c["pages"] == 1).await;
    let hand_in = json!({"stream": stream, "steps": [{"seq": 2, "client_ms": 0, "act": {"hand_in": {}}}]});
    one.post(&format!("/attempts/{attempt}/steps"), hand_in).await;
    listed(&|c| c["phase"] == "handed_in").await;
    jury.post(&format!("/attempts/{attempt}/reopen"), json!({"reason": "par erreur"})).await;
    listed(&|c| c["phase"] == "running").await;
    // And by the second, where it had been handed in: within two seconds, and for good.
    tokio::time::sleep(Duration::from_secs(2)).await;
    for _ in 0..2 {
        assert_eq!(one.get(&format!("/attempts/{attempt}/clock")).await["state"], "running");
        tokio::time::sleep(Duration::from_secs(3)).await;
    }
}
