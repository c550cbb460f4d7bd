//! Every door of the server, walked by every role, signed out, and without the form's token.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop loudly")]

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use docimo::ambient;
use docimo::app::App;
use docimo::auth::{Access, Role};
use docimo::{json, routes, server};
use docimo_store::Store;
use docimo_store::people::{LoginSession, Person};
use std::collections::{BTreeMap, BTreeSet};
use tower::ServiceExt;
use utoipa::OpenApi;

async fn app() -> (App, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&format!("sqlite://{}", dir.path().join("t.sqlite").display())).await.unwrap();
    (App::new(store, false, false), dir)
}

async fn signed_in(app: &App, roles: &[Role]) -> String {
    let now_ms = ambient::now_ms();
    let id = ambient::fresh_id(now_ms);
    let person = Person {
        id: id.clone(),
        login: id.clone(),
        name: "X".into(),
        secret: None,
        created_ms: now_ms,
        disabled_ms: None,
    };
    app.store.add_person(&person, &roles.iter().map(|r| r.name()).collect::<Vec<_>>()).await.unwrap();
    let token = ambient::token();
    let session = LoginSession { person_id: id, csrf: "csrf-token".into(), expires_ms: now_ms + 3_600_000 };
    app.journal.sign_in(&ambient::token_hash(&token), session, now_ms).await.unwrap();
    token
}

/// A path with absent objects in its places.
fn concrete(path: &str) -> String {
    path.split('/')
        .map(|part| match part {
            "{version}" => "0",
            "{*path}" => "absent.css",
            "{from}" | "{to}" => "1",
            p if p.starts_with('{') => "absent",
            p => p,
        })
        .collect::<Vec<_>>()
        .join("/")
}

async fn knock(app: &App, method: &str, path: &str, cookie: Option<&str>, csrf: bool) -> StatusCode {
    let mut request = Request::builder().method(Method::from_bytes(method.as_bytes()).unwrap()).uri(concrete(path));
    if let Some(token) = cookie {
        request = request.header(header::COOKIE, format!("docimo_session={token}"));
    }
    if csrf {
        request = request.header("x-csrf-token", "csrf-token");
    }
    let request = request.header(header::CONTENT_TYPE, "application/json").body(Body::from("{}")).unwrap();
    server::service(app).oneshot(request).await.unwrap().status()
}

#[tokio::test]
async fn every_role_passes_its_doors_and_no_other() {
    let (app, _dir) = app().await;
    let mut tokens = BTreeMap::new();
    for role in Role::ALL {
        tokens.insert(role, signed_in(&app, &[role]).await);
    }
    let mut walked = 0;
    for door in routes::doors() {
        let what = format!("{} {}", door.method, door.path);
        let status = knock(&app, door.method, door.path, None, false).await;
        let turned_away = status == StatusCode::UNAUTHORIZED || status == StatusCode::SEE_OTHER;
        if door.access == Access::Public {
            assert!(
                status != StatusCode::UNAUTHORIZED && status != StatusCode::FORBIDDEN,
                "{what}, signed out: {status}"
            );
        } else {
            assert!(turned_away, "{what}, signed out: {status}");
        }
        for (role, token) in &tokens {
            // Signing out would end the walk for this role.
            if door.path == "/deconnexion" || (door.method == "DELETE" && door.path == "/api/v1/session") {
                continue;
            }
            let status = knock(&app, door.method, door.path, Some(token), true).await;
            let allowed = door.access.allows(Some(&[*role]));
            assert_eq!(status == StatusCode::FORBIDDEN, !allowed, "{what}, {role:?}: {status}");
            assert!(!status.is_server_error(), "{what}, {role:?}: {status}");
            assert_ne!(status, StatusCode::UNAUTHORIZED, "{what}, {role:?}");
            walked += 1;
        }
    }
    assert!(walked > 500, "{walked}");
}

#[tokio::test]
async fn no_write_is_made_without_the_forms_token() {
    let (app, _dir) = app().await;
    let token = signed_in(&app, &Role::ALL).await;
    for door in routes::doors().iter().filter(|d| d.method != "GET" && d.access != Access::Public) {
        let status = knock(&app, door.method, door.path, Some(&token), false).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{} {}", door.method, door.path);
    }
}

#[tokio::test]
async fn what_is_not_in_the_table_does_not_exist() {
    let (app, _dir) = app().await;
    for path in ["/absent", "/api/v1/absent", "/examens/x/absent"] {
        assert_eq!(knock(&app, "GET", path, None, false).await, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(knock(&app, "DELETE", "/connexion", None, false).await, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn the_description_holds_every_json_door() {
    let described: BTreeSet<(String, String)> = json::Description::openapi()
        .paths
        .paths
        .iter()
        .flat_map(|(path, item)| {
            let ops = [
                ("GET", item.get.is_some()),
                ("POST", item.post.is_some()),
                ("PUT", item.put.is_some()),
                ("PATCH", item.patch.is_some()),
                ("DELETE", item.delete.is_some()),
            ];
            ops.into_iter().filter(|(_, has)| *has).map(|(m, _)| (m.to_owned(), path.clone())).collect::<Vec<_>>()
        })
        .collect();
    let served: BTreeSet<(String, String)> = routes::doors()
        .iter()
        .filter(|d| d.path.starts_with("/api/v1/"))
        .map(|d| (d.method.to_owned(), d.path.to_owned()))
        .collect();
    assert_eq!(described, served);
}

#[tokio::test]
async fn pages_are_closed_to_scripts_and_frames() {
    let (app, _dir) = app().await;
    let request = Request::builder().uri("/connexion").body(Body::empty()).unwrap();
    let response = server::service(&app).oneshot(request).await.unwrap();
    let csp = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(
        csp.contains("default-src 'none'") && csp.contains("script-src 'self';") && !csp.contains("unsafe"),
        "{csp}"
    );
    assert_eq!(response.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
}

#[tokio::test]
async fn errors_are_problems_for_programs_and_pages_for_people() {
    let (app, _dir) = app().await;
    let get = |path: &str| Request::builder().uri(path.to_owned()).body(Body::empty()).unwrap();
    let response = server::service(&app).oneshot(get("/api/v1/exams")).await.unwrap();
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
    let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
    let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((problem["status"].as_u64(), problem["type"].as_str()), (Some(401), Some("urn:docimo:problem:sign-in")));
    let response = server::service(&app).oneshot(get("/absent")).await.unwrap();
    let body = axum::body::to_bytes(response.into_body(), 100_000).await.unwrap();
    assert!(String::from_utf8_lossy(&body).contains("<html lang=\"fr\">"));
}

/// What the framework refuses by itself is said in French too, with the right status.
#[tokio::test]
async fn refusals_of_the_framework_speak_french() {
    let (app, _dir) = app().await;
    let token = signed_in(&app, &Role::ALL).await;
    let send = async |method: &str, path: &str, kind: &str, body: &str| {
        let request = Request::builder()
            .method(Method::from_bytes(method.as_bytes()).unwrap())
            .uri(path)
            .header(header::COOKIE, format!("docimo_session={token}"))
            .header("x-csrf-token", "csrf-token")
            .header(header::CONTENT_TYPE, kind)
            .body(Body::from(body.to_owned()))
            .unwrap();
        let response = server::service(&app).oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = axum::body::to_bytes(response.into_body(), 100_000).await.unwrap();
        (status, String::from_utf8_lossy(&body).into_owned())
    };
    let json = "application/json";
    for (method, path, kind, body, status, said) in [
        ("GET", "/api/v1/exams/x/ledger/a/2", json, "", 400, "« a »"),
        ("GET", "/api/v1/questions?limit=abc", json, "", 400, "forme attendue"),
        ("POST", "/api/v1/questions/import", json, "", 400, "forme attendue"),
        ("DELETE", "/api/v1/exams", json, "", 405, "méthode"),
        ("POST", "/api/v1/exams", "text/plain", "{}", 415, "JSON"),
        ("POST", "/api/v1/exams", json, "{", 400, "ligne 1"),
        ("POST", "/api/v1/exams", json, "{\"title\":1}", 422, "texte attendu"),
        ("POST", "/comptes", "text/plain", "x", 415, "forme attendue"),
    ] {
        let (found, text) = send(method, path, kind, body).await;
        assert_eq!(found, status, "{method} {path}: {text}");
        assert!(text.contains(said), "{method} {path}: {text}");
        assert!(!text.contains("Failed to") && !text.contains("Invalid URL"), "{text}");
    }
}
