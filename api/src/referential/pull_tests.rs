//! A wiki on this machine that answers as MediaWiki does.

use super::*;
use axum::extract::{Query, State};
use axum::http::StatusCode as Status;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// What the wiki does at each request, in turn; afterwards it answers well.
#[derive(Clone, Copy, PartialEq)]
enum Mood {
    Well,
    Busy,
    Lagged,
    Broken,
    Slow,
    Login,
    Denied,
    Page,
    Gone,
}

#[derive(Clone, Default)]
struct Wiki {
    moods: Arc<Mutex<Vec<Mood>>>,
    seen: Arc<Mutex<Vec<HashMap<String, String>>>>,
}

fn page(n: u32) -> Value {
    let text = if n == 3 {
        "Une page abîmée".to_owned()
    } else {
        format!(
            "{{{{Objectif de connaissance\n|Identifiant=OIC-001-{n:02}-A\n|Rang=A\n|Intitulé=Objectif {n}\n|Rubrique=Définition}}}}\nCours"
        )
    };
    json!({"pageid": n, "title": format!("OIC-001-{n:02}-A"),
        "revisions": [{"slots": {"main": {"contentmodel": "wikitext", "content": text}}}]})
}

async fn answer(State(wiki): State<Wiki>, Query(query): Query<HashMap<String, String>>) -> Response {
    wiki.seen.lock().unwrap().push(query.clone());
    let mood = { wiki.moods.lock().unwrap().pop().unwrap_or(Mood::Well) };
    match mood {
        Mood::Well => {}
        Mood::Busy => return (Status::SERVICE_UNAVAILABLE, [("retry-after", "0")], "busy").into_response(),
        Mood::Lagged => return Json(json!({"error": {"code": "maxlag", "info": "Waiting"}})).into_response(),
        Mood::Broken => return ([("content-type", "application/json")], "{\"query\":").into_response(),
        Mood::Slow => tokio::time::sleep(Duration::from_secs(30)).await,
        Mood::Login => return Redirect::to("https://auth.example/cas/login").into_response(),
        Mood::Denied => return Json(json!({"error": {"code": "readapidenied", "info": "No"}})).into_response(),
        Mood::Page => return axum::response::Html("<h1>Connexion</h1>").into_response(),
        Mood::Gone => return Status::NOT_FOUND.into_response(),
    }
    // Four pages in two batches; the second batch in two answers, as when texts are long.
    match (query.get("gcmcontinue").map(String::as_str), query.get("rvcontinue")) {
        (None, _) => {
            Json(json!({"batchcomplete": true, "continue": {"gcmcontinue": "b|2", "continue": "gcmcontinue||"},
            "query": {"pages": [page(1), page(2)]}}))
        }
        (Some(_), None) => Json(json!({"continue": {"gcmcontinue": "b|2", "rvcontinue": "4", "continue": "||"},
            "query": {"pages": [page(3), {"pageid": 4, "title": "OIC-001-04-A"}]}})),
        (Some(_), Some(_)) => Json(json!({"batchcomplete": true,
            "query": {"pages": [{"pageid": 3, "title": "OIC-001-03-A"}, page(4)]}})),
    }
    .into_response()
}

/// A wiki in these moods, the first first.
async fn wiki(moods: &[Mood]) -> (Wiki, Url) {
    let wiki = Wiki::default();
    *wiki.moods.lock().unwrap() = moods.iter().rev().copied().collect();
    let router = Router::new().route("/lisa/2031/api.php", get(answer)).with_state(wiki.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = address(&format!("http://{}/lisa/2031/", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (wiki, url)
}

fn quick(kept_in: Option<PathBuf>) -> Manner {
    Manner {
        pause: Duration::from_millis(1),
        patience: Duration::from_secs(5),
        tries: 3,
        again_after: Duration::from_millis(1),
        kept_in,
    }
}

#[tokio::test]
async fn a_wiki_is_read_to_its_end() {
    let (seen, url) = wiki(&[Mood::Well, Mood::Busy, Mood::Lagged]).await;
    assert_eq!(version_of(&url), "LISA 2031");
    let told = Mutex::new(Vec::new());
    let pages = pull(&url, &quick(None), &|n| told.lock().unwrap().push(n)).await.unwrap();
    assert_eq!(*told.lock().unwrap(), [0, 2, 4, 4]);
    let brought = super::super::file::of_wiki(url.as_str(), version_of(&url), &pages).unwrap();
    let titles: Vec<&str> = brought.read.nodes.iter().map(|n| n.title.as_str()).collect();
    assert_eq!(titles, ["Objectif 1", "Objectif 2", "Objectif 4"]);
    assert_eq!(brought.read.faults.len(), 1, "{:?}", brought.read.faults);
    assert!(brought.read.faults[0].place.contains("OIC-001-03-A"));
    assert!(
        pages.iter().all(|p| !p.text.as_deref().unwrap_or_default().contains("Cours")),
        "teaching text is not kept"
    );
    let seen = seen.seen.lock().unwrap();
    assert_eq!(seen.len(), 5, "two answers were asked for again");
    assert_eq!(seen[0]["gcmtitle"], "Catégorie:Objectif de connaissance");
    assert_eq!(seen[4]["rvcontinue"], "4");
}

#[tokio::test]
async fn a_pull_that_was_cut_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("data/relevé.jsonl");
    let (seen, url) = wiki(&[Mood::Well, Mood::Broken, Mood::Broken, Mood::Broken]).await;
    let manner = quick(Some(kept.clone()));
    let error = pull(&url, &manner, &|_| {}).await.unwrap_err();
    assert!(matches!(&error, PullError::Network(text) if text.contains("illisible")), "{error}");
    // The last line was cut too, as by a power failure.
    let mut text = std::fs::read_to_string(&kept).unwrap();
    assert_eq!(text.lines().count(), 1);
    text.push_str("{\"api\":\"ht");
    std::fs::write(&kept, text).unwrap();
    seen.seen.lock().unwrap().clear();
    let pages = pull(&url, &manner, &|_| {}).await.unwrap();
    assert_eq!(pages.iter().filter(|p| p.text.is_some()).count(), 4);
    assert_eq!(seen.seen.lock().unwrap().len(), 2, "the first batch was not asked for again");
    forget(&manner);
    assert!(!kept.exists());
    // Of another wiki: from the start.
    let (_, other) = wiki(&[]).await;
    std::fs::write(&kept, format!("{{\"api\":\"{url}\",\"next\":{{\"a\":\"b\"}},\"pages\":[]}}\n")).unwrap();
    assert_eq!(resumed(&kept, other.as_str()).2, 0);
    assert_eq!(resumed(&kept, url.as_str()).2, 1);
}

#[tokio::test]
async fn what_stops_a_pull_is_told() {
    for (mood, said) in [
        (Mood::Login, "auth.example"),
        (Mood::Denied, "demande une connexion"),
        (Mood::Page, "demande une connexion"),
        (Mood::Gone, "vérifiez l’adresse"),
    ] {
        let (seen, url) = wiki(&[mood; 3]).await;
        let error = pull(&url, &quick(None), &|_| {}).await.unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
        assert_eq!(seen.seen.lock().unwrap().len(), 1, "asked once only");
    }
    let (seen, url) = wiki(&[Mood::Slow; 3]).await;
    let hurried = Manner { patience: Duration::from_millis(200), ..quick(None) };
    let error = pull(&url, &hurried, &|_| {}).await.unwrap_err().to_string();
    assert!(error.contains("ne répond pas à temps") && error.contains("relancez"), "{error}");
    assert_eq!(seen.seen.lock().unwrap().len(), 3, "asked again");
    // Nothing listens on a port just given back.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let nobody = address(&format!("http://127.0.0.1:{port}")).unwrap();
    let error = pull(&nobody, &quick(None), &|_| {}).await.unwrap_err().to_string();
    assert!(error.contains("connexion refusée"), "{error}");
    for text in ["", "lisa", "ftp://x/y", "https://u:p@x/y"] {
        assert!(matches!(address(text), Err(PullError::Address(_))), "{text}");
    }
    assert_eq!(address("https://x/lisa/2025").unwrap().as_str(), "https://x/lisa/2025/api.php");
    assert_eq!(version_of(&address(OFFICIAL).unwrap()), "LISA 2025");
}
