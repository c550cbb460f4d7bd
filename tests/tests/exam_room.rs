//! The exam room under what really happens: the network goes, the server is killed, the browser is
//! killed, there is no mouse. What the candidate was told is saved is compared with what is there.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop loudly")]

mod common;

use anyhow::{Context, Result};
use common::{confirm, no_console_errors, no_violation};
use docimo_tests::{Api, Browser, Server, skip};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What questions are about: they must not look alike, or freezing would ask why.
const SUBJECTS: [&str; 15] = [
    "asthme",
    "bradycardie",
    "cirrhose",
    "drépanocytose",
    "épilepsie",
    "fibrose",
    "glaucome",
    "hématurie",
    "ictère",
    "kyste",
    "lupus",
    "migraine",
    "néphrose",
    "ostéoporose",
    "psoriasis",
];

/// An exam of ten QRM, a QROC and one progressive case, open for one candidate, on whichever database.
async fn open_exam(server: &Server) -> Result<(Api, String, String)> {
    let code =
        String::from_utf8(server.command(&["user", "add", "jury", "--name", "Jury", "--role", "committee"])?.stdout)?;
    let jury = Api::sign_in(server, "jury", code.trim()).await?;
    let settings = json!({"title": "Épreuve d’essai", "start_mode": "individual", "scheme": "edn", "grace_seconds": 1});
    let exam = jury.post("/exams", &settings).await?["id"].as_str().context("id")?.to_owned();
    let propositions = |n: usize| -> Value {
        (0..5)
            .map(|i| {
                json!({"id": (["a", "b", "c", "d", "e"][i]), "text": format!("{} {} {i}", SUBJECTS[n], SUBJECTS[(n + i + 1) % SUBJECTS.len()]),
            "status": if i % 2 == 0 { "vrai" } else { "faux" }})
            })
            .collect()
    };
    let question = |id: &str, n: usize| json!({"id": id, "kind": "QRM", "stem": format!("Que dire de : {} ?", SUBJECTS[n]), "propositions": propositions(n)});
    let mut elements: Vec<Value> = (1..=10).map(|n| json!({"question": question(&format!("q{n}"), n)})).collect();
    elements.push(json!({"question": {"id": "qroc", "kind": "QROC", "stem": "Énoncé court", "exact": ["un mot"]}}));
    let parts: Vec<Value> = (1..=3)
        .map(|n| json!({"text": format!("Information {n}"), "question": question(&format!("dp-{n}"), 11 + n)}))
        .collect();
    elements
        .push(json!({"case": {"id": "dp", "kind": "DP", "title": "Un dossier", "intro": "Au début…", "parts": parts}}));
    let paper = json!({"title": "Épreuve d’essai", "scheme": "edn", "sections": [
        {"id": "s1", "title": "Essai", "duration_minutes": 60, "elements": elements}]});
    let bytes = serde_json::to_vec(&paper)?;
    let (status, faults) =
        jury.send(reqwest::Method::PUT, &format!("/exams/{exam}/paper"), Some(("application/json", bytes))).await?;
    assert!(status.is_success(), "{faults}");
    jury.post(&format!("/exams/{exam}/freeze"), &json!({})).await?;
    let csv = "numero;nom\nD-1;Essai\n".as_bytes().to_vec();
    let made = jury.post_bytes(&format!("/exams/{exam}/candidates"), "text/csv", csv).await?;
    let code = made[0]["code"].as_str().context("code")?.to_owned();
    jury.post(&format!("/exams/{exam}/sections/s1/open"), &json!({})).await?;
    Ok((jury, exam, code))
}

/// Enters the room and starts.
async fn enter(browser: &Browser, server: &Server, code: &str) -> Result<String> {
    browser.sign_in(&server.url(""), "d-1", code).await?;
    browser.goto(&server.url("/mes-examens")).await?;
    browser.click("main form button[type=submit]").await?;
    browser.click_xpath("//button[contains(., 'Commencer')]").await?;
    browser.wait_text(".question__title", "Question 1").await?;
    let url = browser.client()?.current_url().await?;
    Ok(url.path_segments().and_then(|mut s| s.nth(1)).context("attempt")?.to_owned())
}

async fn go_to(browser: &Browser, question: &str) -> Result<()> {
    browser.click(&format!(".plan__item[data-question={question}]")).await?;
    browser.find(&format!("input[name=answer-{question}]")).await?;
    Ok(())
}

async fn tick(browser: &Browser, question: &str, proposition: &str) -> Result<()> {
    go_to(browser, question).await?;
    browser.click(&format!("input[name=answer-{question}][value={proposition}]")).await
}

async fn saved(browser: &Browser) -> Result<()> {
    browser.wait_text(".room-top__state", "Enregistré").await
}

/// What the server holds, by question.
async fn stored(server: &Server, code: &str, attempt: &str) -> Result<BTreeMap<String, Vec<String>>> {
    let api = Api::sign_in(server, "d-1", code).await?;
    let room = api.get(&format!("/attempts/{attempt}/room")).await?;
    let answers = room["answers"].as_object().context("answers")?;
    Ok(answers
        .iter()
        .map(|(q, r)| {
            let mut ids: Vec<String> = serde_json::from_value(r["ticked"].clone()).unwrap_or_default();
            ids.sort();
            (q.clone(), ids)
        })
        .collect())
}

fn holds(answers: &BTreeMap<String, Vec<String>>, question: &str, ids: &[&str]) {
    assert_eq!(
        answers.get(question).map(|v| v.iter().map(String::as_str).collect::<Vec<_>>()).as_deref(),
        Some(ids),
        "{question}"
    );
}

async fn faults(database: Option<String>) -> Result<()> {
    let Some(mut server) = Server::start(database)? else { return Ok(()) };
    let Some(mut browser) = Browser::open().await? else { return Ok(()) };
    let (jury, exam, code) = open_exam(&server).await?;
    let attempt = enter(&browser, &server, &code).await?;

    // Told saved: it is there.
    tick(&browser, "q1", "a").await?;
    saved(&browser).await?;
    holds(&stored(&server, &code, &attempt).await?, "q1", &["a"]);

    // The network goes: the candidate goes on, and is told what waits.
    browser.offline(true).await?;
    tick(&browser, "q2", "a").await?;
    tick(&browser, "q2", "c").await?;
    tick(&browser, "q3", "b").await?;
    browser.wait_text(".room-top__state", "en attente").await?;
    no_violation(&browser, "hors ligne").await?;
    browser.picture("salle-hors-ligne-1280").await?;
    assert!(!stored(&server, &code, &attempt).await?.contains_key("q2"));
    browser.offline(false).await?;
    saved(&browser).await?;
    let answers = stored(&server, &code, &attempt).await?;
    holds(&answers, "q2", &["a", "c"]);
    holds(&answers, "q3", &["b"]);

    // The server is killed while the candidate works; it comes back on the same data.
    tick(&browser, "q4", "a").await?;
    saved(&browser).await?;
    server.kill9()?;
    tick(&browser, "q4", "e").await?;
    tick(&browser, "q5", "d").await?;
    browser.wait_text(".room-top__state", "en attente").await?;
    server.restart()?;
    saved(&browser).await?;
    let answers = stored(&server, &code, &attempt).await?;
    holds(&answers, "q4", &["a", "e"]);
    holds(&answers, "q5", &["d"]);

    // The browser is killed with answers that never left: they leave when it comes back.
    browser.offline(true).await?;
    tick(&browser, "q6", "b").await?;
    tick(&browser, "q7", "c").await?;
    browser.wait_text(".room-top__state", "2 réponses en attente").await?;
    browser.crash_and_reopen().await?;
    // The session was the browser's: it is kept, as the profile is.
    browser.goto(&server.url(&format!("/epreuves/{attempt}"))).await?;
    if browser.client()?.current_url().await?.path() == "/connexion" {
        browser.sign_in(&server.url(""), "d-1", &code).await?;
        browser.goto(&server.url(&format!("/epreuves/{attempt}"))).await?;
    }
    browser.find(".question__title").await?;
    saved(&browser).await?;
    let answers = stored(&server, &code, &attempt).await?;
    holds(&answers, "q1", &["a"]);
    holds(&answers, "q6", &["b"]);
    holds(&answers, "q7", &["c"]);

    // A progressive case: a validated question locks, the next part shows, on the server too.
    tick(&browser, "dp-1", "a").await?;
    let hidden = browser.script("return document.body.innerText.includes('Information 2')").await?;
    assert_eq!(hidden, json!(false));
    browser.click_xpath("//button[contains(., 'Valider et passer')]").await?;
    browser.click_xpath("//dialog[@open]//button[contains(., 'Valider')]").await?;
    browser.wait_text("#room", "Information 2").await?;
    let api = Api::sign_in(&server, "d-1", &code).await?;
    let late = json!({"stream": 1, "steps": [{"seq": 1, "client_ms": 0, "act": {"answer": {"question": "dp-1", "response": {"ticked": ["b"]}}}}]});
    let stream = api.post(&format!("/attempts/{attempt}/streams"), &json!({})).await?["stream"].clone();
    let mut forged = late;
    forged["stream"] = stream;
    let verdict = api.post(&format!("/attempts/{attempt}/steps"), &forged).await?;
    assert_eq!(verdict["verdicts"][0]["verdict"], "locked", "{verdict}");
    // Whoever that was, they answer now: this page says so and lets the candidate take the paper back.
    browser.wait_text(".room-notices", "sur un autre poste").await?;
    go_to(&browser, "q1").await?;
    assert!(!browser.find("input[name=answer-q1][value=b]").await?.is_enabled().await?, "one page answers at a time");
    browser.click_xpath("//button[contains(., 'Reprendre ici')]").await?;
    browser.wait_text(".question__title", "Question 1").await?;
    saved(&browser).await?;
    go_to(&browser, "dp-1").await?;
    let disabled = browser.find("input[name=answer-dp-1][value=b]").await?.is_enabled().await?;
    assert!(!disabled, "a validated question does not change");
    no_violation(&browser, "dossier").await?;

    // Time is given live: no reload.
    let before = browser.script("return document.querySelector('.room-top__time').textContent").await?;
    let monitor = jury.get(&format!("/exams/{exam}/sections/s1/monitor")).await?;
    assert_eq!(monitor["candidates"][0]["phase"], "running");
    let grant =
        json!({"section": "s1", "attempt": attempt, "kind": "compensation", "minutes": 90, "reason": "coupure"});
    jury.post(&format!("/exams/{exam}/time"), &grant).await?;
    browser
        .wait_for("the new deadline", async || {
            let now = browser.script("return document.querySelector('.room-top__time').textContent").await?;
            Ok(now.as_str().is_some_and(|t| t.replace('\u{a0}', " ").contains("2 h")) && now != before)
        })
        .await?;

    // Closing the site closes the sheet, and it says so.
    saved(&browser).await?;
    jury.post(&format!("/exams/{exam}/finish"), &json!({})).await?;
    browser.wait_text("#room", "fermée").await?;
    no_violation(&browser, "copie fermée").await?;

    // What was acknowledged is what is marked: 10 QRM whose key is a, c, e, and a locked question.
    // An answer made in time has a second to arrive: marking waits for it.
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    jury.post(&format!("/exams/{exam}/mark"), &json!({})).await?;
    let result = &jury.get(&format!("/exams/{exam}/results")).await?[0]["result"];
    // Discordances: q1 2 (0.2), q2 1 (0.5), q3 4, q4 1 (0.5), q5 4, q6 4, q7 2 (0.2), dp-1 2 (0.2); blanks 3.
    assert!((result["points"].as_f64().unwrap() - 1.6).abs() < 1e-9, "{result}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_answer_is_lost_whatever_fails() {
    faults(None).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_answer_is_lost_on_postgresql() {
    match docimo_tests::server::fresh_postgres().unwrap() {
        Some(url) => faults(Some(url)).await.unwrap(),
        None => skip("exam room on PostgreSQL (DOCIMO_TEST_POSTGRES absent)"),
    }
}

/// Two machines, an answer that is too long, a hand-in by mistake given back: what the page says is what is.
async fn second_thoughts() -> Result<()> {
    let Some(server) = Server::start(None)? else { return Ok(()) };
    let Some(first) = Browser::open().await? else { return Ok(()) };
    let second = Browser::open().await?.context("browser")?;
    let (jury, _, code) = open_exam(&server).await?;
    let attempt = enter(&first, &server, &code).await?;
    tick(&first, "q1", "a").await?;
    saved(&first).await?;

    // The candidate is moved to another machine: it opens where they were, and the first one stops.
    tick(&first, "q3", "a").await?;
    saved(&first).await?;
    second.sign_in(&server.url(""), "d-1", &code).await?;
    second.goto(&server.url(&format!("/epreuves/{attempt}"))).await?;
    second.wait_text(".question__title", "Question 3").await?;
    tick(&second, "q1", "b").await?;
    saved(&second).await?;
    first.wait_text(".room-notices", "sur un autre poste").await?;
    go_to(&first, "q1").await?;
    assert!(!first.find("input[name=answer-q1][value=c]").await?.is_enabled().await?);
    holds(&stored(&server, &code, &attempt).await?, "q1", &["a", "b"]);

    // Too many words: nothing of it is sent, the text stays under the candidate's hands, the kept one is said.
    second.click(".plan__item[data-question=qroc]").await?;
    second.find("#text-qroc").await?;
    second.fill("#text-qroc", "un deux trois quatre cinq").await?;
    saved(&second).await?;
    second.find("#text-qroc").await?.send_keys(" six sept").await?;
    second.wait_text("#text-qroc-w", "Réponse enregistrée : « un deux trois quatre cinq »").await?;
    saved(&second).await?;
    no_violation(&second, "réponse trop longue").await?;
    let typed = second.script("return document.getElementById('text-qroc').value").await?;
    assert_eq!(typed, json!("un deux trois quatre cinq six sept"));
    let api = Api::sign_in(&server, "d-1", &code).await?;
    let room = api.get(&format!("/attempts/{attempt}/room")).await?;
    assert_eq!(room["answers"]["qroc"]["text"].as_str().map(str::trim), Some("un deux trois quatre cinq"));

    // Handed in by mistake, given back: the page opens again by itself and answers count.
    second.click(".room-top__end").await?;
    second.click("#room .room-screen__end .btn--primary").await?;
    confirm(&second).await?;
    second.wait_text("#room h1", "Copie remise").await?;
    jury.post(&format!("/attempts/{attempt}/reopen"), &json!({"reason": "remise par erreur"})).await?;
    second.find(".question__title").await?;
    tick(&second, "q2", "e").await?;
    saved(&second).await?;
    holds(&stored(&server, &code, &attempt).await?, "q2", &["e"]);
    no_console_errors(&second).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_says_what_is() {
    second_thoughts().await.unwrap();
}

fn copy(from: &std::path::Path, to: &std::path::Path) -> Result<()> {
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            std::fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}

/// The database comes back from a copy older than what was acknowledged: the page has it all, and sends it
/// again, validated parts and hand-in included.
async fn restored_copy() -> Result<()> {
    let Some(mut server) = Server::start(None)? else { return Ok(()) };
    let Some(browser) = Browser::open().await? else { return Ok(()) };
    let (_, _, code) = open_exam(&server).await?;
    let attempt = enter(&browser, &server, &code).await?;
    tick(&browser, "q1", "a").await?;
    saved(&browser).await?;
    let kept = tempfile::TempDir::new()?;
    server.kill9()?;
    copy(server.data(), kept.path())?;
    server.restart()?;
    tick(&browser, "q2", "b").await?;
    tick(&browser, "dp-1", "c").await?;
    browser.click_xpath("//button[contains(., 'Valider et passer')]").await?;
    browser.click_xpath("//dialog[@open]//button[contains(., 'Valider')]").await?;
    browser.wait_text("#room", "Information 2").await?;
    tick(&browser, "dp-2", "d").await?;
    saved(&browser).await?;

    server.kill9()?;
    for entry in std::fs::read_dir(server.data())? {
        let path = entry?.path();
        if path.is_file() {
            std::fs::remove_file(path)?;
        }
    }
    copy(kept.path(), server.data())?;
    server.restart()?;
    assert!(!stored(&server, &code, &attempt).await?.contains_key("q2"), "the copy is older");
    tick(&browser, "q3", "e").await?;
    browser
        .wait_for("everything is there again", async || {
            let answers = stored(&server, &code, &attempt).await?;
            let has = |q: &str, id: &str| answers.get(q).is_some_and(|ids| ids == &[id]);
            Ok(has("q1", "a") && has("q2", "b") && has("q3", "e") && has("dp-1", "c") && has("dp-2", "d"))
        })
        .await?;
    saved(&browser).await?;
    browser.click(".room-top__end").await?;
    browser.click("#room .room-screen__end .btn--primary").await?;
    confirm(&browser).await?;
    browser.wait_text("#room h1", "Copie remise").await?;
    browser.wait_text("#room .facts", "Reçu").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_restored_from_a_copy_gets_everything_again() {
    restored_copy().await.unwrap();
}

/// Steps of an earlier page that the server will never take do not hold up those of this one.
async fn spoilt_steps() -> Result<()> {
    let Some(server) = Server::start(None)? else { return Ok(()) };
    let Some(browser) = Browser::open().await? else { return Ok(()) };
    let (_, _, code) = open_exam(&server).await?;
    let attempt = enter(&browser, &server, &code).await?;
    tick(&browser, "q1", "a").await?;
    saved(&browser).await?;
    browser
        .script(&format!(
            "indexedDB.open('docimo-room', 1).onsuccess = ({{ target }}) => {{ \
                 const steps = target.result.transaction('steps', 'readwrite').objectStore('steps'); \
                 for (let seq = 500; seq < 508; seq++) steps.put({{ attempt: '{attempt}', page: 1, seq, client_ms: 0, act: {{ answer: {{ question: 1 }} }} }}); \
                 steps.transaction.oncomplete = () => {{ document.title = 'spoilt'; }}; \
             }};"
        ))
        .await?;
    browser.wait_for("spoilt", async || Ok(browser.script("return document.title").await? == json!("spoilt"))).await?;
    browser.goto(&server.url(&format!("/epreuves/{attempt}"))).await?;
    browser.wait_text(".room-notices", "n’a pas pu être lue").await?;
    tick(&browser, "q2", "b").await?;
    browser
        .wait_for("the new page's answer", async || {
            Ok(stored(&server, &code, &attempt).await?.get("q2").is_some_and(|ids| ids == &["b"]))
        })
        .await?;
    tick(&browser, "q3", "c").await?;
    browser
        .wait_for("and the next one", async || {
            Ok(stored(&server, &code, &attempt).await?.get("q3").is_some_and(|ids| ids == &["c"]))
        })
        .await?;
    let enabled = browser.find("input[name=answer-q3][value=a]").await?.is_enabled().await?;
    assert!(enabled, "the page does not take itself for another machine");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_earlier_page_left_does_not_hold_the_paper_up() {
    spoilt_steps().await.unwrap();
}

const ENTER: char = '\u{e007}';
const SPACE: char = ' ';

/// A whole exam without a mouse: sign in, start, answer, flag, validate, hand in.
async fn keyboard() -> Result<()> {
    let Some(server) = Server::start(None)? else { return Ok(()) };
    let Some(browser) = Browser::open().await? else { return Ok(()) };
    let (_, _, code) = open_exam(&server).await?;
    browser.goto(&server.url("/connexion")).await?;
    browser.tab_to("input[name=login]").await?;
    browser.press(&"d-1".chars().collect::<Vec<_>>()).await?;
    browser.tab_to("input[name=password]").await?;
    browser.press(&code.chars().collect::<Vec<_>>()).await?;
    browser.press(&[ENTER]).await?;
    browser.find(".site-header .menu").await?;
    browser.tab_to(".site-nav a[href='/mes-examens']").await?;
    browser.press(&[ENTER]).await?;
    browser.wait_text("h1", "Mes épreuves").await?;
    browser.tab_to("main form button[type=submit]").await?;
    browser.press(&[ENTER]).await?;
    browser.wait_text("#room", "Vous pouvez commencer").await?;
    browser.tab_to("#room .room-screen__end .btn--primary").await?;
    browser.press(&[ENTER]).await?;
    browser.wait_text(".question__title", "Question 1").await?;

    // Letters tick, n goes on, r flags.
    browser.press(&['a', 'c', 'e']).await?;
    saved(&browser).await?;
    browser.press(&['n']).await?;
    browser.wait_text(".question__title", "Question 2").await?;
    browser.press(&['b', 'r']).await?;
    browser.find(".plan__item.is-flagged").await?;
    saved(&browser).await?;
    for n in 3..=12 {
        browser.press(&['n']).await?;
        browser.wait_text(".question__title", &format!("Question {n}")).await?;
    }
    // The case: tick by Tab and Space, validate by Tab and Enter.
    browser.tab_to("input[name=answer-dp-1][value=a]").await?;
    browser.press(&[SPACE]).await?;
    browser.tab_to(".question__actions .btn--primary").await?;
    browser.press(&[ENTER]).await?;
    browser.find("dialog[open]").await?;
    browser.tab_to("dialog[open] .btn--primary").await?;
    browser.press(&[ENTER]).await?;
    browser.wait_text("#room", "Information 2").await?;
    // Hand in.
    browser.tab_to(".room-top__end").await?;
    browser.press(&[ENTER]).await?;
    browser.wait_text("#room h1", "Remettre ma copie").await?;
    browser.tab_to("#room .room-screen__end .btn--primary, #room .room-screen__end .btn--danger").await?;
    browser.press(&[ENTER]).await?;
    if !browser.all("dialog[open]").await?.is_empty() {
        confirm(&browser).await?;
    }
    browser.wait_text("#room h1", "remise").await?;
    no_console_errors(&browser).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exam_is_sat_with_the_keyboard_alone() {
    keyboard().await.unwrap();
}
