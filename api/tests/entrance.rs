//! The doors of an exam: the browser it asks for, the addresses of its sites, and letting someone through by name.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop loudly")]

mod common;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Method, Request, StatusCode, header};
use common::{Caller, House, answer, draft};
use docimo::auth::Role;
use docimo::exam::doors::address::{Network, ranges};
use docimo::exam::seb::keys::sent;
use docimo::server;
use serde_json::{Value, json};
use std::net::SocketAddr;
use tower::ServiceExt;

const BASE: &str = "https://examens.exemple.fr";

/// A frozen exam, its jury, and two candidates signed in.
async fn exam(house: &House) -> (Caller, String, [Caller; 2]) {
    house.app.reached(Network { public_url: Some(BASE.into()), proxies: ranges("10.9.0.0/16").unwrap() });
    let (jury, exam) = draft(house).await;
    jury.post(&format!("/exams/{exam}/freeze"), json!({})).await;
    let (_, codes) = jury.csv(&format!("/exams/{exam}/candidates"), "numero;nom\nE-1;Un\nE-2;Deux\n").await;
    let code = |i: usize| codes[i]["code"].as_str().unwrap().to_owned();
    let (one, two) = (house.candidate("e-1", &code(0)).await, house.candidate("e-2", &code(1)).await);
    jury.post(&format!("/exams/{exam}/sections/s1/open"), json!({})).await;
    (jury, exam, [one, two])
}

/// A request as it comes from an address, with headers; status, body.
async fn from(
    who: &Caller,
    method: Method,
    path: &str,
    address: &str,
    headers: &[(&str, &str)],
) -> (StatusCode, String) {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::AUTHORIZATION, format!("Bearer {}", who.token));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut request = request.body(Body::from("{}")).unwrap();
    let peer = SocketAddr::new(address.parse().unwrap(), 50_000);
    request.extensions_mut().insert(ConnectInfo(peer));
    let response = server::service(&who.app).oneshot(request).await.unwrap();
    let status = response.status();
    let bytes = axum::body::to_bytes(response.into_body(), 1_000_000).await.unwrap();
    (status, String::from_utf8_lossy(&bytes).into_owned())
}

async fn put(who: &Caller, path: &str, body: Value) -> (StatusCode, Value) {
    who.json(Method::PUT, path, &body).await
}

#[tokio::test]
async fn a_site_with_addresses_is_entered_from_them() {
    let house = House::build().await;
    let (jury, exam, [here, away]) = exam(&house).await;
    let site = house.app.store.sites(&exam).await.unwrap()[0].clone();
    let addresses = format!("/exams/{exam}/sites/{}/addresses", site.id);
    let (status, fault) = put(&jury, &addresses, json!({"ranges": "192.0.2.0/24\n10.1.0.0/99"})).await;
    assert_eq!((status, fault["errors"].as_array().unwrap().len()), (StatusCode::UNPROCESSABLE_ENTITY, 1), "{fault}");
    assert!(fault["errors"][0]["place"].as_str().unwrap().ends_with("ligne 2"), "{fault}");
    let (status, _) = put(&jury, &addresses, json!({"ranges": "192.0.2.0/24 # salle A\n2001:db8::/32"})).await;
    assert_eq!(status, StatusCode::NO_CONTENT);

    let enter = format!("/api/v1/my/exams/{exam}/sections/s1");
    let (status, told) = from(&away, Method::POST, &enter, "203.0.113.7", &[("x-forwarded-for", "192.0.2.5")]).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "a header of anyone is not believed: {told}");
    assert!(told.contains("not-admitted") && told.contains(&site.name) && told.contains("203.0.113.7"), "{told}");
    let (status, entered) = from(&here, Method::POST, &enter, "10.9.0.1", &[("x-forwarded-for", "192.0.2.5")]).await;
    assert_eq!(status, StatusCode::OK, "a proxy of ours is: {entered}");
    let entered: Value = serde_json::from_str(&entered).unwrap();
    let attempt = entered["attempt"].as_str().unwrap();
    let room = format!("/api/v1/attempts/{attempt}");
    // Having entered from the site gives nothing elsewhere, until one composes.
    assert_eq!(from(&here, Method::GET, &format!("{room}/room"), "203.0.113.7", &[]).await.0, StatusCode::FORBIDDEN);
    assert_eq!(from(&here, Method::POST, &format!("{room}/start"), "192.0.2.5", &[]).await.0, StatusCode::OK);
    assert_eq!(from(&here, Method::POST, &format!("{room}/streams"), "2001:db8::1", &[]).await.0, StatusCode::OK);
    assert_eq!(
        from(&here, Method::GET, &format!("{room}/room"), "203.0.113.7", &[]).await.0,
        StatusCode::OK,
        "who composes goes on"
    );

    // Supervisors see it, and let in by name and with a reason.
    let supervisor = house.staff("surveillant", Role::Supervisor).await;
    let refused = supervisor.get(&format!("/exams/{exam}/refusals")).await;
    let found = refused.as_array().unwrap().iter().find(|r| r["number"] == "E-2").unwrap();
    assert_eq!((&found["kind"], found["let_in_by"].is_null()), (&json!("address"), true), "{refused}");
    let waivers = format!("/exams/{exam}/waivers");
    supervisor.refused(&waivers, json!({"number": "E-2", "kind": "address", "reason": " "}), 422, "").await;
    supervisor.refused(&waivers, json!({"number": "X", "kind": "address", "reason": "x"}), 422, "numéro").await;
    supervisor.refused(&waivers, json!({"number": "E-2", "kind": "porte", "reason": "x"}), 422, "").await;
    let ok = json!({"number": "E-2", "kind": "address", "reason": "Compose à l’hôpital, sur décision."});
    assert_eq!(supervisor.json(Method::POST, &waivers, &ok).await.0, StatusCode::NO_CONTENT);
    supervisor.refused(&waivers, ok, 409, "déjà").await;
    assert_eq!(from(&away, Method::POST, &enter, "203.0.113.7", &[]).await.0, StatusCode::OK);
    let journal = jury.get(&format!("/exams/{exam}/events")).await.to_string();
    assert!(journal.contains("sur décision") && journal.contains("2 plage(s)"), "{journal}");
}

#[tokio::test]
async fn an_exam_in_safe_exam_browser_is_started_in_it() {
    let house = House::build().await;
    let (jury, exam, [student, other]) = exam(&house).await;
    let doors = format!("/exams/{exam}/doors");
    let set = format!("{doors}/browser");
    let (status, fault) = put(&jury, &set, json!({"mode": "any", "exam_keys": "abc"})).await;
    assert_eq!(
        (status, fault["errors"][0]["place"].as_str()),
        (StatusCode::UNPROCESSABLE_ENTITY, Some("Browser Exam Keys, ligne 1"))
    );
    let entity = "<!DOCTYPE p [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><plist><dict><key>a</key><string>&e;</string></dict></plist>";
    for file in ["", "pas du XML", entity] {
        let (status, fault) = put(&jury, &set, json!({"mode": "uploaded", "file": file})).await;
        assert_eq!(
            (status, fault["errors"][0]["place"].as_str()),
            (StatusCode::UNPROCESSABLE_ENTITY, Some("fichier .seb")),
            "{fault}"
        );
    }
    assert_eq!(jury.get(&doors).await["mode"], "off", "nothing of it was kept");
    let (status, fault) =
        put(&jury, &set, json!({"mode": "generated", "quit_password": "sésame", "allowed": {"reload": true}})).await;
    assert_eq!(status, StatusCode::NO_CONTENT, "{fault}");
    let own = jury.get(&doors).await;
    let key = own["config_key"].as_str().unwrap().to_owned();
    assert_eq!((own["has_password"].as_bool(), own["allowed"]["reload"].as_bool()), (Some(true), Some(true)));
    // What Safe Exam Browser opens is the configuration of that key; anyone may fetch it, without the password.
    let nobody = Caller { app: house.app.clone(), token: String::new() };
    let (status, file) = from(&nobody, Method::GET, &format!("/navigateur/{exam}/docimo.seb"), "192.0.2.1", &[]).await;
    assert_eq!(status, StatusCode::OK);
    let read = docimo::exam::seb::plist::read(file.as_bytes()).unwrap();
    assert_eq!(docimo::exam::seb::config::config_key(&read), key);
    assert!(!file.contains("sésame") && file.contains(BASE), "{file}");

    let attempt = student.post(&format!("/my/exams/{exam}/sections/s1"), json!({})).await["attempt"].clone();
    let attempt = attempt.as_str().unwrap();
    let (room, start) = (format!("/attempts/{attempt}/room"), format!("/attempts/{attempt}/start"));
    student.refused(&start, json!({}), 403, "not-admitted").await;
    assert_eq!(student.send(Method::GET, &room, "application/json", vec![]).await.0, StatusCode::FORBIDDEN);
    let page = format!("{BASE}/epreuves/{attempt}");
    let present = |url: &str, config: &str| json!({"url": url, "config_key": config, "browser_exam_key": ":"});
    let say = format!("/attempts/{attempt}/browser");
    assert_eq!(student.post(&say, present(&page, ":")).await["verdict"], "absent", "not ready yet");
    assert_eq!(
        student.post(&say, present(&page, &sent(&page, &"0".repeat(64)))).await["verdict"],
        "other_configuration"
    );
    let elsewhere = "https://ailleurs.example/";
    student.refused(&say, present(elsewhere, &sent(elsewhere, &key)), 422, "rechargez").await;
    student.refused(&start, json!({}), 403, "surveillant").await;
    let refused = jury.get(&format!("/exams/{exam}/refusals")).await;
    assert!(refused[0]["detail"].as_str().unwrap().contains("autre configuration"), "{refused}");

    let here = format!("{page}#question-1");
    assert_eq!(student.post(&say, present(&here, &sent(&page, &key))).await["verdict"], "right");
    student.post(&start, json!({})).await;
    let stream = student.post(&format!("/attempts/{attempt}/streams"), json!({})).await["stream"].as_u64().unwrap();
    assert_eq!(jury.get(&format!("/exams/{exam}/refusals")).await, json!([]), "admitted since");

    // Another configuration is asked for meanwhile: the open page goes on saving, one that is loaded anew waits for
    // a supervisor, and nothing of what was saved is lost.
    put(&jury, &set, json!({"mode": "generated", "allowed": {"zoom": true}})).await;
    assert_eq!(jury.get(&doors).await["has_password"], true, "an empty password keeps the one there is");
    student.post(&format!("/attempts/{attempt}/steps"), answer(stream, 1, "q1", &["a"])).await;
    student.refused(&start, json!({}), 403, "enregistré").await;
    let refused = jury.get(&format!("/exams/{exam}/refusals")).await;
    assert_eq!(refused[0]["composing"], true, "{refused}");
    let waiver = json!({"number": "E-1", "kind": "browser", "reason": "Clé refusée par ce poste, vérifié sur place."});
    assert_eq!(jury.json(Method::POST, &format!("/exams/{exam}/waivers"), &waiver).await.0, StatusCode::NO_CONTENT);
    let again = student.get(&room).await;
    assert_eq!(again["answers"]["q1"]["ticked"], json!(["a"]), "{again}");
    assert!(jury.get(&format!("/exams/{exam}/events")).await.to_string().contains("vérifié sur place"));

    // By headers, on the page itself: its own address is hashed, and only the session that shows them is let in.
    let key = jury.get(&doors).await["config_key"].as_str().unwrap().to_owned();
    let attempt = other.post(&format!("/my/exams/{exam}/sections/s1"), json!({})).await["attempt"].clone();
    let path = format!("/epreuves/{}", attempt.as_str().unwrap());
    let hash = sent(&format!("{BASE}{path}?a=1"), &key);
    let header = "X-SafeExamBrowser-ConfigKeyHash";
    let (status, html) = from(&other, Method::GET, &path, "192.0.2.1", &[(header, &hash)]).await;
    assert_eq!((status, html.contains("data-browser")), (StatusCode::OK, true), "the shell is there, the paper is not");
    let start = format!("/attempts/{}/start", attempt.as_str().unwrap());
    other.refused(&start, json!({}), 403, "").await;
    from(&other, Method::GET, &format!("{path}?a=1"), "192.0.2.1", &[(header, &hash)]).await;
    other.post(&start, json!({})).await;

    // Off again: the door is open.
    put(&jury, &set, json!({"mode": "off"})).await;
    student.get(&room).await;
}

#[tokio::test]
async fn a_list_of_browser_exam_keys_is_asked_for() {
    let house = House::build().await;
    let (jury, exam, [student, _]) = exam(&house).await;
    let key = "2534e4e9f3188f9f9133bf7cf7b4c5d898292bbd7e8d0230f39d1176636a1431";
    let set = format!("/exams/{exam}/doors/browser");
    assert_eq!(
        put(&jury, &set, json!({"mode": "any", "exam_keys": key.to_uppercase()})).await.0,
        StatusCode::NO_CONTENT
    );
    let attempt = student.post(&format!("/my/exams/{exam}/sections/s1"), json!({})).await["attempt"].clone();
    let attempt = attempt.as_str().unwrap();
    let page = format!("{BASE}/epreuves/{attempt}");
    let say = format!("/attempts/{attempt}/browser");
    let with = |exam_key: &str| json!({"url": page, "config_key": "x", "browser_exam_key": sent(&page, exam_key)});
    assert_eq!(student.post(&say, with(&"1".repeat(64))).await["verdict"], "other_browser");
    assert_eq!(student.post(&say, with(key)).await["verdict"], "right");
    student.post(&format!("/attempts/{attempt}/start"), json!({})).await;
}
