//! The supervisor's room through the JSON interface: clocks that stop, time and its approval, machines, reach.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop loudly")]

mod common;

use axum::http::{Method, StatusCode};
use common::{Caller, House, answer, draft};
use docimo::auth::Role;
use serde_json::{Value, json};

struct Day {
    house: House,
    jury: Caller,
    exam: String,
    candidates: Vec<Caller>,
    codes: Vec<String>,
    sheets: Vec<String>,
    lyon: String,
    lille: String,
}

/// Two sites, two rooms in the first; the clock is common and runs. The last candidate may take breaks.
async fn day() -> Day {
    let house = House::build().await;
    let (jury, exam) = draft(&house).await;
    let common = json!({"start_mode": "common"});
    let (status, said) = jury.json(Method::PATCH, &format!("/exams/{exam}"), &common).await;
    assert!(status.is_success(), "{said}");
    jury.post(&format!("/exams/{exam}/freeze"), json!({})).await;
    let list = "numero;nom;centre;salle;pauses;minutes de pause\n\
                D-1;Un;Lyon;A;;\nD-2;Deux;Lyon;B;;\nD-3;Trois;Lille;C;1;10\n";
    let (status, made) = jury.csv(&format!("/exams/{exam}/candidates"), list).await;
    assert_eq!(status, StatusCode::OK, "{made}");
    let (mut candidates, mut codes, mut sheets) = (Vec::new(), Vec::new(), Vec::new());
    jury.post(&format!("/exams/{exam}/sections/s1/open"), json!({})).await;
    for (i, number) in ["d-1", "d-2", "d-3"].iter().enumerate() {
        let code = made[i]["code"].as_str().unwrap().to_owned();
        let who = house.candidate(number, &code).await;
        let entered = who.post(&format!("/my/exams/{exam}/sections/s1"), json!({})).await;
        let sheet = entered["attempt"].as_str().unwrap().to_owned();
        assert_eq!(who.post(&format!("/attempts/{sheet}/streams"), json!({})).await["stream"], 1);
        candidates.push(who);
        codes.push(code);
        sheets.push(sheet);
    }
    let sites = jury.get(&format!("/exams/{exam}/sites")).await;
    let site = |name: &str| {
        let found = sites.as_array().unwrap().iter().find(|s| s["name"] == name).unwrap();
        found["id"].as_str().unwrap().to_owned()
    };
    let (lyon, lille) = (site("Lyon"), site("Lille"));
    Day { house, jury, exam, candidates, codes, sheets, lyon, lille }
}

impl Day {
    async fn clock(&self, i: usize) -> Value {
        self.candidates[i].get(&format!("/attempts/{}/clock", self.sheets[i])).await
    }

    async fn cause(&self, i: usize) -> Value {
        self.clock(i).await["clock"]["stop"]["cause"].clone()
    }

    fn at(&self, path: &str) -> String {
        format!("/exams/{}{path}", self.exam)
    }

    async fn events(&self, what: &str) -> usize {
        let events = self.jury.get(&self.at("/events")).await;
        events.as_array().unwrap().iter().filter(|e| e["what"] == what).count()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_stops_a_room_or_a_site_and_nobody_else() {
    let day = day().await;
    let supervisor = day.house.staff("surveillant", Role::Supervisor).await;
    let room = json!({"site": day.lyon, "room": "A", "cause": "alarm"});
    supervisor.post(&day.at("/stop"), room.clone()).await;
    supervisor.post(&day.at("/stop"), room.clone()).await;
    assert_eq!(day.events("stop").await, 1, "done twice, it is done once");
    assert_eq!((day.cause(0).await, day.cause(1).await), (json!("alarm"), Value::Null));
    let unknown = json!({"site": day.lyon, "room": "Z", "cause": "alarm"});
    supervisor.refused(&day.at("/stop"), unknown, 422, "salle").await;
    supervisor.refused(&day.at("/stop"), json!({"site": day.lyon, "cause": "pause"}), 422, "motif").await;
    supervisor.refused(&day.at("/stop"), json!({"site": day.lyon, "cause": "break"}), 422, "candidat").await;
    supervisor.post(&day.at("/stop"), json!({"site": day.lyon, "cause": "alarm"})).await;
    assert_eq!((day.cause(1).await, day.cause(2).await), (json!("alarm"), Value::Null));

    // While it lasts, what is left stays; an answer that leaves a machine is kept and counts.
    let before = day.clock(0).await["clock"].clone();
    let left = |clock: &Value| clock["deadline_ms"].as_i64().unwrap() - clock["now_ms"].as_i64().unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(60)).await;
    let after = day.clock(0).await["clock"].clone();
    assert_eq!(left(&before), left(&after));
    assert!(after["now_ms"].as_i64() > before["now_ms"].as_i64());
    let saved = day.candidates[0].post(&format!("/attempts/{}/steps", day.sheets[0]), answer(1, 1, "q1", &["a"])).await;
    assert_eq!(saved["verdicts"][0]["verdict"], "counted");

    // Lifted for the site, it is lifted in its rooms.
    supervisor.post(&day.at("/resume"), json!({"site": day.lyon, "cause": "alarm"})).await;
    assert_eq!((day.cause(0).await, day.cause(1).await), (Value::Null, Value::Null));
    let again = json!({"site": day.lyon, "cause": "alarm"});
    supervisor.refused(&day.at("/resume"), again, 409, "Rien n’était arrêté").await;
    let stopped = day.clock(0).await["clock"]["stopped_ms"].as_i64().unwrap();
    let other = day.clock(1).await["clock"]["stopped_ms"].as_i64().unwrap();
    assert!(stopped >= 60 && other > 0 && other <= stopped, "{stopped} {other}");
    assert_eq!(day.clock(2).await["clock"]["stopped_ms"], 0);

    // The report says it, candidate by candidate, and that the others were left alone.
    let report = supervisor.get(&day.at(&format!("/sections/s1/sites/{}/report", day.lyon))).await;
    assert_eq!(report["incidents"].as_array().unwrap().len(), 2);
    assert_eq!(
        (report["others_untouched"].as_bool(), report["others"][0]["incidents"].as_u64()),
        (Some(true), Some(0))
    );
    let first = &report["candidates"][0];
    assert_eq!((first["stopped_ms"].as_i64(), first["answers_while_stopped"].as_i64()), (Some(stopped), Some(1)));
    assert_eq!(
        (first["machines"].as_i64(), first["pages"].as_i64(), first["room"].as_str()),
        (Some(1), Some(1), Some("A"))
    );
    assert_eq!(first["available_ms"].as_i64(), Some(3_600_000));
    let csv = format!("/sections/s1/sites/{}/report.csv", day.lyon);
    assert_eq!(supervisor.send(Method::GET, &day.at(&csv), "text/csv", vec![]).await.0, StatusCode::OK);

    // Everyone at once, and lifted at once.
    supervisor.post(&day.at("/stop"), json!({"cause": "alarm"})).await;
    assert_eq!((day.cause(0).await, day.cause(2).await), (json!("alarm"), json!("alarm")));
    supervisor.post(&day.at("/resume"), json!({"cause": "alarm"})).await;
    assert_eq!((day.cause(0).await, day.cause(2).await), (Value::Null, Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_supervisor_of_a_site_sees_and_acts_there_only() {
    let day = day().await;
    let supervisor = day.house.staff("surveillant", Role::Supervisor).await;
    let watchers = day.jury.get(&day.at("/supervisors")).await;
    let person = watchers[0]["person"].as_str().unwrap();
    let path = day.at(&format!("/supervisors/{person}"));
    let (status, said) = day.jury.json(Method::PUT, &path, &json!({"sites": [day.lyon]})).await;
    assert_eq!(status, StatusCode::NO_CONTENT, "{said}");
    let list = supervisor.get(&day.at("/sections/s1/monitor")).await;
    assert_eq!(list["candidates"].as_array().unwrap().len(), 2);
    assert_eq!(supervisor.get(&day.at("/candidates")).await.as_array().unwrap().len(), 2);
    let all = day.jury.get(&day.at("/candidates")).await;
    let code = day.at(&format!("/candidates/{}/code", all[2]["person"].as_str().unwrap()));
    // Whatever is asked of the other site, it is as if absent.
    supervisor.refused(&code, json!({}), 404, "").await;
    for (path, body) in [
        (day.at("/stop"), json!({"site": day.lille, "cause": "alarm"})),
        (day.at("/stop"), json!({"attempt": day.sheets[2], "cause": "pause", "reason": "x"})),
        (
            day.at("/time"),
            json!({"section": "s1", "site": day.lille, "kind": "compensation", "minutes": 5, "reason": "x"}),
        ),
        (
            day.at("/time"),
            json!({"section": "s1", "attempt": day.sheets[2], "kind": "extension", "minutes": 5, "reason": "x"}),
        ),
        (day.at("/messages"), json!({"section": "s1", "site": day.lille, "text": "x"})),
        (format!("/attempts/{}/move-code", day.sheets[2]), json!({})),
        (format!("/attempts/{}/unlock", day.sheets[2]), json!({"reason": "x"})),
        (format!("/attempts/{}/session", day.sheets[2]), json!({"keep": "new"})),
        (format!("/attempts/{}/reopen", day.sheets[2]), json!({"reason": "x"})),
    ] {
        supervisor.refused(&path, body, 404, "").await;
    }
    let import = format!("/attempts/{}/import", day.sheets[2]);
    assert_eq!(
        supervisor.send(Method::POST, &import, "application/json", b"{}".to_vec()).await.0,
        StatusCode::NOT_FOUND
    );
    let held = json!({"number": all[2]["number"], "code": "7KQ3-M2A9-DX4T-0HZ8"});
    supervisor.refused(&day.at("/receipts"), held, 422, "aucun candidat").await;
    let waived = json!({"number": all[2]["number"], "kind": "address", "reason": "x"});
    supervisor.refused(&day.at("/waivers"), waived, 422, "Aucun candidat").await;
    // Lists say nothing of it either.
    for list in ["/sites", "/sittings"] {
        let seen = supervisor.get(&day.at(list)).await;
        assert!(!seen.as_array().unwrap().is_empty() && !seen.to_string().contains(&day.lille), "{list}: {seen}");
    }
    assert!(day.jury.get(&day.at("/events")).await.as_array().unwrap().len() > 2);
    assert_eq!(supervisor.get(&day.at("/events")).await, json!([]), "what others did");
    let report = day.at(&format!("/sections/s1/sites/{}/report", day.lille));
    let (status, _) = supervisor.send(Method::GET, &report, "application/json", vec![]).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    // An alarm "everywhere" is where they are, and lifting it too.
    day.jury.post(&day.at("/stop"), json!({"site": day.lille, "cause": "alarm"})).await;
    supervisor.post(&day.at("/stop"), json!({"cause": "alarm"})).await;
    supervisor.post(&day.at("/resume"), json!({"cause": "alarm"})).await;
    assert_eq!((day.cause(0).await, day.cause(2).await), (Value::Null, json!("alarm")));
    assert_eq!(supervisor.get(&day.at("/events")).await.as_array().unwrap().len(), 2, "what they did");
}

#[tokio::test(flavor = "multi_thread")]
async fn time_above_what_a_supervisor_gives_alone_waits_for_the_committee() {
    let day = day().await;
    let supervisor = day.house.staff("surveillant", Role::Supervisor).await;
    let settings = json!({"approval_minutes": 5, "second_machine": "allow"});
    assert_eq!(day.jury.json(Method::PUT, &day.at("/day"), &settings).await.0, StatusCode::NO_CONTENT);
    assert_eq!(day.jury.get(&day.at("/day")).await, settings);
    let ask = |to: Value, kind: &str, minutes: u32| {
        let mut form = json!({"section": "s1", "kind": kind, "minutes": minutes, "reason": "panne"});
        form.as_object_mut().unwrap().extend(to.as_object().unwrap().clone());
        form
    };
    let one = json!({"attempt": day.sheets[0]});
    let parts = async |i: usize| {
        let clock = day.clock(i).await["clock"].clone();
        (clock["extension_ms"].as_i64().unwrap(), clock["compensation_ms"].as_i64().unwrap())
    };
    let given = supervisor.post(&day.at("/time"), ask(one.clone(), "extension", 5)).await;
    assert_eq!(given["status"], "given");
    let asked = supervisor.post(&day.at("/time"), ask(one.clone(), "compensation", 6)).await;
    assert_eq!(asked["status"], "pending");
    assert_eq!(parts(0).await, (300_000, 0), "no clock moves yet");
    let grants = supervisor.get(&day.at("/time")).await;
    let pending = grants.as_array().unwrap().iter().find(|g| g["status"] == "pending").unwrap();
    let path = day.at(&format!("/time/{}", pending["id"].as_str().unwrap()));
    supervisor.refused(&path, json!({"approve": true}), 403, "").await;
    day.jury.post(&path, json!({"approve": true})).await;
    day.jury.refused(&path, json!({"approve": true}), 409, "").await;
    assert_eq!(parts(0).await, (300_000, 360_000), "two things, never merged");
    // A room is compensated alone; the committee needs nobody.
    let room = json!({"site": day.lyon, "room": "B"});
    day.jury.post(&day.at("/time"), ask(room.clone(), "compensation", 20)).await;
    assert_eq!((parts(1).await, parts(2).await), ((0, 1_200_000), (0, 0)));
    assert_eq!(parts(0).await, (300_000, 360_000));
    day.jury.refused(&day.at("/time"), ask(room, "extension", 5), 422, "compensation").await;
    // Refused, it never moves a clock. An incident without time is recorded.
    supervisor.post(&day.at("/time"), ask(json!({"site": day.lyon}), "compensation", 30)).await;
    let grants = day.jury.get(&day.at("/time")).await;
    let pending = grants.as_array().unwrap().iter().find(|g| g["status"] == "pending").unwrap();
    day.jury.post(&day.at(&format!("/time/{}", pending["id"].as_str().unwrap())), json!({"approve": false})).await;
    assert_eq!(parts(1).await, (0, 1_200_000));
    assert_eq!(supervisor.post(&day.at("/time"), ask(one, "compensation", 0)).await["status"], "noted");
    assert_eq!(day.events("incident").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_break_by_right_stops_ones_own_clock() {
    let day = day().await;
    let path = |i: usize| format!("/attempts/{}/break", day.sheets[i]);
    day.candidates[0].refused(&path(0), json!({"on": true}), 409, "aménagement").await;
    day.candidates[0].refused(&path(2), json!({"on": true}), 404, "").await;
    let begun = day.candidates[2].post(&path(2), json!({"on": true})).await;
    let stop = &begun["clock"]["stop"];
    assert_eq!(stop["cause"], "break");
    let until = stop["still_until_ms"].as_i64().unwrap() - begun["clock"]["now_ms"].as_i64().unwrap();
    assert!((590_000..=600_000).contains(&until), "{until}");
    let line = day.jury.get(&day.at("/sections/s1/monitor")).await["candidates"][2].clone();
    assert_eq!(line["stop"], "break");
    tokio::time::sleep(std::time::Duration::from_millis(30)).await;
    let ended = day.candidates[2].post(&path(2), json!({"on": false})).await;
    let clock = &ended["clock"];
    assert!(clock["stop"].is_null() && clock["stopped_ms"].as_i64().unwrap() >= 30, "{clock}");
    assert_eq!((clock["breaks"]["taken"].as_u64(), clock["breaks"]["count"].as_u64()), (Some(1), Some(1)));
    // One break is the right: a second one is kept, and the clock runs.
    let again = day.candidates[2].post(&path(2), json!({"on": true})).await;
    assert_eq!(again["clock"]["stop"]["cause"], "break");
    assert!(again["clock"]["stop"]["still_until_ms"].as_i64() <= again["clock"]["now_ms"].as_i64());
    // The supervisor ends it for a candidate who has lost their machine.
    day.jury.post(&day.at("/resume"), json!({"attempt": day.sheets[2], "cause": "break"})).await;
    assert!(day.cause(2).await.is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_candidate_moves_to_another_machine_with_a_code_that_works_once() {
    let day = day().await;
    let supervisor = day.house.staff("surveillant", Role::Supervisor).await;
    let (old, sheet) = (&day.candidates[0], &day.sheets[0]);
    old.post(&format!("/attempts/{sheet}/steps"), answer(1, 1, "q1", &["a"])).await;
    let first = supervisor.post(&format!("/attempts/{sheet}/move-code"), json!({})).await;
    let made = supervisor.post(&format!("/attempts/{sheet}/move-code"), json!({})).await;
    let code = made["code"].as_str().unwrap();
    let nobody = Caller { app: day.house.app.clone(), token: String::new() };
    let wrong = async |login: &str, password: &str| {
        nobody.refused("/session", json!({"login": login, "password": password}), 401, "incorrect").await;
    };
    wrong("d-2", code).await;
    wrong("d-1", first["code"].as_str().unwrap()).await;
    let new = day.house.candidate("d-1", code).await;
    wrong("d-1", code).await;
    let (status, _) = old.send(Method::GET, "/session", "application/json", vec![]).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "the old machine's session has ended");
    let room = new.get(&format!("/attempts/{sheet}/room")).await;
    assert_eq!(room["answers"]["q1"]["ticked"], json!(["a"]), "what the server had is there");
    let stream = new.post(&format!("/attempts/{sheet}/streams"), json!({})).await["stream"].clone();
    assert_eq!(stream, 2);
    let line = day.jury.get(&day.at("/sections/s1/monitor")).await["candidates"][0].clone();
    assert_eq!(line["second_session"], false, "moved, not doubled");
    // The candidate's own code still works, another day.
    day.house.candidate("d-1", &day.codes[0]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_session_is_seen_and_the_supervisor_decides() {
    let day = day().await;
    let supervisor = day.house.staff("surveillant", Role::Supervisor).await;
    let sheet = &day.sheets[0];
    let (streams, settle) = (format!("/attempts/{sheet}/streams"), format!("/attempts/{sheet}/session"));
    let doubled = async || {
        day.jury.get(&day.at("/sections/s1/monitor")).await["candidates"][0]["second_session"].as_bool().unwrap()
    };
    supervisor.refused(&settle, json!({"keep": "new"}), 409, "seule session").await;
    let second = day.house.candidate("d-1", &day.codes[0]).await;
    assert_eq!(second.post(&streams, json!({})).await["stream"], 2, "the newest answers");
    assert!(doubled().await);
    supervisor.post(&settle, json!({"keep": "old"})).await;
    assert!(!doubled().await);
    let (status, _) = second.send(Method::GET, "/session", "application/json", vec![]).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert_eq!(day.candidates[0].post(&streams, json!({})).await["stream"], 3);

    // With the other setting it waits.
    let settings = json!({"second_machine": "wait"});
    assert_eq!(day.jury.json(Method::PUT, &day.at("/day"), &settings).await.0, StatusCode::NO_CONTENT);
    let third = day.house.candidate("d-1", &day.codes[0]).await;
    third.refused(&streams, json!({}), 409, "second-machine").await;
    third.refused(&streams, json!({}), 409, "surveillant").await;
    assert!(doubled().await);
    supervisor.post(&settle, json!({"keep": "new"})).await;
    assert_eq!(third.post(&streams, json!({})).await["stream"], 4);
    let (status, _) = day.candidates[0].send(Method::GET, "/session", "application/json", vec![]).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    // A machine that died holds nothing once the sheet is set free.
    let fourth = day.house.candidate("d-1", &day.codes[0]).await;
    fourth.refused(&streams, json!({}), 409, "second-machine").await;
    supervisor.post(&format!("/attempts/{sheet}/unlock"), json!({"reason": "machine morte"})).await;
    assert_eq!(fourth.post(&streams, json!({})).await["stream"], 5);
    assert_eq!((day.events("session").await, day.events("unlock").await), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_reaches_those_it_is_for() {
    let day = day().await;
    let say = |to: Value| {
        let mut form = json!({"section": "s1", "text": "La salle ferme à midi"});
        form.as_object_mut().unwrap().extend(to.as_object().unwrap().clone());
        form
    };
    day.jury.post(&day.at("/messages"), say(json!({"site": day.lyon, "room": "A"}))).await;
    assert_eq!(day.clock(0).await["message"]["text"], "La salle ferme à midi");
    assert!(day.clock(1).await["message"].is_null() && day.clock(2).await["message"].is_null());
    day.jury.post(&day.at("/messages"), say(json!({"attempt": day.sheets[2], "text": "Levez-vous"}))).await;
    assert_eq!(day.clock(2).await["message"]["text"], "Levez-vous");
    assert_eq!(day.clock(0).await["message"]["text"], "La salle ferme à midi");
    day.jury.refused(&day.at("/messages"), say(json!({"text": " "})), 422, "message").await;
}
