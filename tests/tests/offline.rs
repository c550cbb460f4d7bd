//! The exam room without a network: cut from the hour's first second to the last, reloaded, closed and reopened; what a
//! candidate was shown is compared with what is in the database once it is back.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop loudly")]

mod common;

use anyhow::{Context, Result};
use common::{confirm, look, no_console_errors, no_violation};
use docimo_engine::shuffle;
use docimo_tests::{Api, Browser, Server};
use serde_json::{Value, json};
use std::path::Path;

/// What questions are about: they must not look alike, or freezing would ask why.
const SUBJECTS: [&str; 14] = [
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
];

/// A picture of one colour.
const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/// An exam of four QRM and one progressive case of three parts, frozen, for one candidate; not open yet.
async fn frozen_exam(server: &Server, offline: &str) -> Result<(Api, String, String)> {
    let made = server.command(&["user", "add", "jury", "--name", "Jury", "--role", "committee"])?;
    let jury = Api::sign_in(server, "jury", String::from_utf8(made.stdout)?.trim()).await?;
    let settings = json!({"title": "Épreuve d’essai", "start_mode": "common", "grace_seconds": 30, "offline_parts": offline,
        "instructions": "Lisez tout."});
    let exam = jury.post("/exams", &settings).await?["id"].as_str().context("id")?.to_owned();
    let propositions = |n: usize| -> Value {
        (0..5).map(|i| json!({"id": (["a", "b", "c", "d", "e"][i]), "text": format!("{} {} {i}", SUBJECTS[n], SUBJECTS[(n + i + 1) % SUBJECTS.len()]),
            "status": if i % 2 == 0 { "vrai" } else { "faux" }})).collect()
    };
    let question = |id: &str, n: usize| json!({"id": id, "kind": "QRM", "stem": format!("Que dire de : {} ?", SUBJECTS[n]), "propositions": propositions(n)});
    let mut elements: Vec<Value> = (1..=4).map(|n| json!({"question": question(&format!("q{n}"), n)})).collect();
    let parts: Vec<Value> = (1..=3)
        .map(|n| json!({"text": format!("Information {n}"), "question": question(&format!("dp-{n}"), 5 + n)}))
        .collect();
    elements
        .push(json!({"case": {"id": "dp", "kind": "DP", "title": "Un dossier", "intro": "Au début…", "parts": parts}}));
    // A picture comes into the bank with a question of its own, and the paper names it by its content.
    let mut pictured = question("image", 12);
    pictured["stem"] = json!("Que montre cette image d’angiome ?");
    pictured["image"] = json!({"file": "tache.png", "alt": "une tache", "width": 1, "height": 1});
    let file = json!({"format": "docimo-questions/1", "media": {"tache.png": PNG}, "entries": [pictured]});
    let bytes = serde_json::to_vec(&file)?;
    let report = jury.post_bytes("/questions/import?name=image.json", "application/json", bytes).await?;
    let hash = query(server, "select hash from media")?.trim().to_owned();
    assert_eq!(hash.len(), 64, "{report}");
    pictured["image"]["file"] = json!(hash);
    elements.push(json!({"question": pictured}));
    let paper = json!({"title": "Épreuve d’essai", "scheme": "edn", "sections": [
        {"id": "s1", "title": "Essai", "duration_minutes": 60, "shuffle_propositions": true, "elements": elements}]});
    let path = format!("/exams/{exam}/paper");
    jury.put(&path, &paper).await?;
    jury.post(&format!("/exams/{exam}/freeze"), &json!({})).await?;
    let csv = "numero;nom\nD-1;Essai\nD-2;Autre\n".as_bytes().to_vec();
    let made = jury.post_bytes(&format!("/exams/{exam}/candidates"), "text/csv", csv).await?;
    let code = made[0]["code"].as_str().context("code")?.to_owned();
    Ok((jury, exam, code))
}

async fn open(jury: &Api, exam: &str) -> Result<()> {
    jury.post(&format!("/exams/{exam}/sections/s1/open"), &json!({})).await.map(drop)
}

/// Enters the waiting room and has the paper there.
async fn wait_in_room(browser: &Browser, server: &Server, code: &str) -> Result<String> {
    browser.sign_in(&server.url(""), "d-1", code).await?;
    browser.goto(&server.url("/mes-examens")).await?;
    browser.click("main form button[type=submit]").await?;
    browser.wait_text("#room", "Sujet prêt sur cet ordinateur").await?;
    kept(browser).await?;
    let url = browser.client()?.current_url().await?;
    Ok(url.path_segments().and_then(|mut s| s.nth(1)).context("attempt")?.to_owned())
}

/// The page itself is on this machine.
async fn kept(browser: &Browser) -> Result<()> {
    let script = "const done = arguments[arguments.length - 1];
        indexedDB.databases().then(all => {
          if (!navigator.serviceWorker.controller || !all.some(db => db.name === 'docimo-shell')) return done(false);
          indexedDB.open('docimo-shell').onsuccess = e => {
            const db = e.target.result;
            db.transaction('pages').objectStore('pages').get(location.pathname).onsuccess = e => { db.close(); done(!!e.target.result); };
          };
        })";
    browser
        .wait_for("the page kept by its worker", async || {
            Ok(browser.client()?.execute_async(script, vec![]).await? == json!(true))
        })
        .await
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

async fn ticked(browser: &Browser, question: &str) -> Result<Vec<String>> {
    go_to(browser, question).await?;
    let script =
        format!("return [...document.querySelectorAll('input[name=answer-{question}]:checked')].map(i => i.value)");
    let mut found: Vec<String> = serde_json::from_value(browser.script(&script).await?)?;
    found.sort();
    Ok(found)
}

async fn validate(browser: &Browser) -> Result<()> {
    browser.click(".question__lock").await?;
    browser.click_xpath("//dialog[@open]//button[contains(., 'Valider')]").await
}

async fn saved(browser: &Browser) -> Result<()> {
    browser.wait_text(".room-top__state", "Enregistré").await
}

/// A step as the database has it: stream, number, kind, question, verdict.
type Line = (i64, i64, String, String, String);

/// The journal of a sheet, in order of arrival.
fn journal(server: &Server, attempt: &str) -> Result<Vec<Line>> {
    let sql = format!(
        "select stream, seq, kind, coalesce(question_id, ''), verdict from step where attempt_id = '{attempt}' order by position"
    );
    let text = query(server, &sql)?;
    let line = |line: &str| {
        let mut words = line.split('|').map(str::to_owned);
        let mut next = || words.next().context("column");
        Ok((next()?.parse()?, next()?.parse()?, next()?, next()?, next()?))
    };
    text.lines().map(line).collect()
}

fn query(server: &Server, sql: &str) -> Result<String> {
    let out = std::process::Command::new("sqlite3")
        .arg("-separator")
        .arg("|")
        .arg(database(server.data())?)
        .arg(sql)
        .output()?;
    anyhow::ensure!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    Ok(String::from_utf8(out.stdout)?)
}

fn database(folder: &Path) -> Result<std::path::PathBuf> {
    let found = std::fs::read_dir(folder)?.flatten().map(|e| e.path());
    found.into_iter().find(|p| p.extension().is_some_and(|e| e == "sqlite" || e == "db")).context("no database")
}

/// Every stream's steps are there without a gap, each once, and in the order in which they were made.
fn in_order_once(journal: &[Line]) {
    let mut last: std::collections::BTreeMap<i64, i64> = Default::default();
    for (stream, seq, ..) in journal {
        let before = last.entry(*stream).or_insert(0);
        assert_eq!(*seq, *before + 1, "stream {stream}: {journal:?}");
        *before = *seq;
    }
}

async fn answers(server: &Server, code: &str, attempt: &str) -> Result<Value> {
    let api = Api::sign_in(server, "d-1", code).await?;
    Ok(api.get(&format!("/attempts/{attempt}/room")).await?["answers"].clone())
}

/// From the hour's first second to the last without a network, reloaded and closed in between.
async fn a_whole_exam_offline() -> Result<()> {
    let Some(mut server) = Server::start(None)? else { return Ok(()) };
    let Some(mut browser) = Browser::open().await? else { return Ok(()) };
    let (jury, exam, code) = frozen_exam(&server, "all").await?;
    let attempt = wait_in_room(&browser, &server, &code).await?;
    // What is here before the hour says nothing, and the waiting room passes at both widths.
    let seen = browser.script("return document.documentElement.outerHTML").await?;
    assert!(SUBJECTS.iter().all(|s| !seen.as_str().unwrap_or_default().contains(s)));
    look(&browser, "salle-attente").await?;

    open(&jury, &exam).await?;
    browser.wait_text(".question__title", "Question 1").await?;
    saved(&browser).await?;
    server.kill9()?;
    tick(&browser, "q1", "a").await?;
    tick(&browser, "q1", "c").await?;
    tick(&browser, "q2", "b").await?;
    browser.wait_text(".room-top__state", "Hors ligne, 2 réponses en attente").await?;
    no_violation(&browser, "hors ligne").await?;
    browser.picture("salle-hors-ligne").await?;
    // A picture is shown without a network.
    go_to(&browser, "image").await?;
    browser
        .wait_for("the picture", async || {
            Ok(browser.script("return document.querySelector('.picture img').naturalWidth").await? == json!(1))
        })
        .await?;

    // Reloaded without a network: the same place, the same answers, and on it goes.
    browser.client()?.refresh().await?;
    browser.wait_text(".question__title", "Question 8").await?;
    browser.wait_text(".room-notices", "approximatif").await?;
    no_violation(&browser, "rouverte hors ligne").await?;
    browser.picture("salle-rouverte-hors-ligne").await?;
    assert_eq!(ticked(&browser, "q1").await?, ["a", "c"]);
    tick(&browser, "q3", "d").await?;
    browser.click(".room-bottom__flag").await?;

    // A case is done to its end.
    tick(&browser, "dp-1", "a").await?;
    validate(&browser).await?;
    browser.wait_text("#room", "Information 2").await?;
    tick(&browser, "dp-2", "b").await?;
    validate(&browser).await?;
    browser.wait_text("#room", "Information 3").await?;

    // The browser is killed without a network, and opened again without one.
    browser.crash_and_reopen().await?;
    browser.goto(&server.url(&format!("/epreuves/{attempt}"))).await?;
    browser.find(".question__title").await?;
    assert_eq!(ticked(&browser, "q3").await?, ["d"]);
    assert_eq!(ticked(&browser, "dp-2").await?, ["b"]);
    assert!(!browser.find("input[name=answer-dp-2][value=a]").await?.is_enabled().await?, "validated");
    tick(&browser, "q4", "e").await?;

    // Handed in without a network: kept, and said so.
    browser.click(".room-top__end").await?;
    browser.click("#room .room-screen__end .btn--primary").await?;
    confirm(&browser).await?;
    browser.wait_text("#room", "n’est pas encore remise").await?;
    browser.wait_text("#room", "la remise attend sur cet ordinateur").await?;
    no_violation(&browser, "remise hors ligne").await?;
    assert!(journal(&server, &attempt)?.iter().all(|(.., kind, _, _)| kind == "view"), "nothing has left");

    server.restart()?;
    browser
        .wait_for("the hand-in to leave, or the session to be asked for", async || {
            let said = browser.script("return document.body.innerText").await?;
            Ok(["Copie remise", "session a expiré"].iter().any(|t| said.as_str().unwrap_or_default().contains(t)))
        })
        .await?;
    if browser.all(".room-notice[data-key=network]").await?.len() == 1 {
        // A browser that dies may forget who was signed in.
        browser.sign_in(&server.url(""), "d-1", &code).await?;
        browser.goto(&server.url(&format!("/epreuves/{attempt}"))).await?;
    }
    browser.wait_text("#room h1", "Copie remise").await?;
    let held = answers(&server, &code, &attempt).await?;
    for (question, ids) in [
        ("q1", json!(["a", "c"])),
        ("q2", json!(["b"])),
        ("q3", json!(["d"])),
        ("q4", json!(["e"])),
        ("dp-1", json!(["a"])),
        ("dp-2", json!(["b"])),
    ] {
        let mut ticked: Vec<String> = serde_json::from_value(held[question]["ticked"].clone())?;
        ticked.sort();
        assert_eq!(json!(ticked), ids, "{question}: {held}");
    }
    let steps = journal(&server, &attempt)?;
    in_order_once(&steps);
    assert!(steps.iter().all(|(.., verdict)| verdict == "counted"), "{steps:?}");
    assert_eq!(steps.last().unwrap().2, "hand_in");

    // Nothing of the sheet stays on the machine.
    let script = "const done = arguments[arguments.length - 1];
        const all = async () => {
          const left = {};
          for (const [name, stores] of [['docimo-room', ['steps', 'pages']], ['docimo-paper', ['sheets', 'pieces']], ['docimo-shell', ['pages']]]) {
            const db = await new Promise(ok => { indexedDB.open(name).onsuccess = e => ok(e.target.result); });
            for (const store of stores) left[`${name} ${store}`] = await new Promise(ok => { db.transaction(store).objectStore(store).count().onsuccess = e => ok(e.target.result); });
            db.close();
          }
          return left;
        };
        all().then(done)";
    let clean = json!({"docimo-room steps": 0, "docimo-room pages": 0, "docimo-paper sheets": 0, "docimo-paper pieces": 0, "docimo-shell pages": 0});
    let mut left = Value::Null;
    for _ in 0..100 {
        left = browser.client()?.execute_async(script, vec![]).await?;
        if left == clean {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(left, clean, "nothing of the sheet stays on the machine");
    no_console_errors(&browser).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exam_is_sat_without_a_network() {
    a_whole_exam_offline().await.unwrap();
}

/// A progressive case, by the allowance: without one the next part waits for the server, with one the page goes on.
async fn allowance(offline: &str) -> Result<()> {
    let Some(mut server) = Server::start(None)? else { return Ok(()) };
    let Some(browser) = Browser::open().await? else { return Ok(()) };
    let (jury, exam, code) = frozen_exam(&server, offline).await?;
    let attempt = wait_in_room(&browser, &server, &code).await?;
    open(&jury, &exam).await?;
    browser.wait_text(".question__title", "Question 1").await?;
    saved(&browser).await?;
    server.kill9()?;
    tick(&browser, "dp-1", "a").await?;
    assert_eq!(browser.script("return document.body.innerText.includes('Information 2')").await?, json!(false));
    validate(&browser).await?;
    if offline == "none" {
        browser.wait_text("#room", "La suite du dossier s’affichera au retour").await?;
        assert_eq!(browser.script("return document.body.innerText.includes('Information 2')").await?, json!(false));
        tick(&browser, "q1", "a").await?;
        go_to(&browser, "dp-1").await?;
    } else {
        browser.wait_text("#room", "Information 2").await?;
        tick(&browser, "dp-2", "c").await?;
        validate(&browser).await?;
        browser.wait_text("#room", "La suite du dossier s’affichera au retour").await?;
        assert_eq!(browser.script("return document.body.innerText.includes('Information 3')").await?, json!(false));
    }
    server.restart()?;
    if offline == "none" {
        // Who went elsewhere meanwhile is not taken away from there: the part is there to go to.
        go_to(&browser, "dp-2").await?;
        browser.wait_text("#room", "Information 2").await?;
    } else {
        browser.wait_text("#room", "Information 3").await?;
    }
    saved(&browser).await?;
    let steps = journal(&server, &attempt)?;
    in_order_once(&steps);
    let locks = if offline == "none" { 1 } else { 2 };
    assert_eq!(steps.iter().filter(|(_, _, kind, _, verdict)| kind == "lock" && verdict == "counted").count(), locks);
    assert!(steps.iter().all(|(.., verdict)| verdict == "counted"), "{steps:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_part_waits_for_its_key_or_is_ahead_by_the_allowance() {
    allowance("none").await.unwrap();
    allowance("1").await.unwrap();
}

/// Two tabs without a network: the newest answers, the other says so; nothing is lost and nothing is twice.
async fn two_tabs() -> Result<()> {
    let Some(mut server) = Server::start(None)? else { return Ok(()) };
    let Some(browser) = Browser::open().await? else { return Ok(()) };
    let (jury, exam, code) = frozen_exam(&server, "1").await?;
    let attempt = wait_in_room(&browser, &server, &code).await?;
    open(&jury, &exam).await?;
    browser.wait_text(".question__title", "Question 1").await?;
    tick(&browser, "q1", "a").await?;
    saved(&browser).await?;
    server.kill9()?;
    tick(&browser, "q2", "b").await?;
    let first = browser.client()?.window().await?;
    let second = browser.client()?.new_window(true).await?.handle;
    browser.client()?.switch_to_window(second.clone()).await?;
    browser.goto(&server.url(&format!("/epreuves/{attempt}"))).await?;
    browser.find(".question__title").await?;
    assert_eq!(ticked(&browser, "q2").await?, ["b"]);
    tick(&browser, "q3", "c").await?;
    browser.client()?.switch_to_window(first.clone()).await?;
    browser.wait_text(".room-notices", "autre onglet").await?;
    go_to(&browser, "q4").await?;
    assert!(!browser.find("input[name=answer-q4][value=a]").await?.is_enabled().await?);
    server.restart()?;
    browser.client()?.switch_to_window(second).await?;
    saved(&browser).await?;
    tick(&browser, "q4", "d").await?;
    saved(&browser).await?;
    let held = answers(&server, &code, &attempt).await?;
    for (question, id) in [("q1", "a"), ("q2", "b"), ("q3", "c"), ("q4", "d")] {
        assert_eq!(held[question]["ticked"], json!([id]), "{question}: {held}");
    }
    in_order_once(&journal(&server, &attempt)?);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_tab_answers_at_a_time_without_a_network() {
    two_tabs().await.unwrap();
}

/// The machine never finds the network again: its file is brought by the supervisor, from the page.
async fn brought_by_hand() -> Result<()> {
    let Some(server) = Server::start(None)? else { return Ok(()) };
    let Some(browser) = Browser::open().await? else { return Ok(()) };
    let desk = Browser::open().await?.context("browser")?;
    let (jury, exam, code) = frozen_exam(&server, "1").await?;
    let attempt = wait_in_room(&browser, &server, &code).await?;
    open(&jury, &exam).await?;
    browser.wait_text(".question__title", "Question 1").await?;
    tick(&browser, "q1", "a").await?;
    saved(&browser).await?;
    browser.offline(true).await?;
    tick(&browser, "q2", "b").await?;
    tick(&browser, "q3", "c").await?;
    browser.wait_text(".room-top__state", "2 réponses en attente").await?;
    let folder = tempfile::tempdir()?;
    browser.downloads_to(folder.path()).await?;
    browser.click_xpath("//nav[@id='plan']//button[contains(., 'dans un fichier')]").await?;
    browser.wait_text(".room-notices", "2 réponses enregistrées dans un fichier chiffré").await?;
    no_violation(&browser, "fichier enregistré").await?;
    let path = folder.path().join("reponses-D-1.docimo");
    browser.wait_for("the file", async || Ok(path.exists())).await?;
    let bytes = std::fs::read(&path)?;
    assert!(!String::from_utf8_lossy(&bytes).contains("answer"), "nothing of it can be read");

    let made = server.command(&["user", "add", "salle", "--name", "Salle", "--role", "supervisor"])?;
    desk.sign_in(&server.url(""), "salle", String::from_utf8(made.stdout)?.trim()).await?;
    desk.goto(&server.url(&format!("/copies/{attempt}/importer"))).await?;
    look(&desk, "apporter-des-reponses").await?;
    desk.find("#fichier").await?.send_keys(&path.display().to_string()).await?;
    desk.click("main form button[type=submit]").await?;
    desk.wait_text("main", "Réponses apportées").await?;
    look(&desk, "reponses-apportees").await?;
    let held = answers(&server, &code, &attempt).await?;
    assert_eq!((held["q2"]["ticked"].clone(), held["q3"]["ticked"].clone()), (json!(["b"]), json!(["c"])));
    // Altered: refused, and nothing moves.
    let altered = folder.path().join("abime.docimo");
    std::fs::write(&altered, String::from_utf8(bytes)?.replace("\"sealed\":\"", "\"sealed\":\"AAAA"))?;
    desk.find("#fichier").await?.send_keys(&altered.display().to_string()).await?;
    desk.click("main form button[type=submit]").await?;
    desk.wait_text("main", "modifié ou tronqué").await?;
    look(&desk, "reponses-refusees").await?;

    // The machine comes back after all: what it sends again changes nothing.
    let before = journal(&server, &attempt)?;
    browser.offline(false).await?;
    saved(&browser).await?;
    let after = journal(&server, &attempt)?;
    in_order_once(&after);
    assert_eq!(after[..before.len()], before[..]);
    assert!(after[before.len()..].iter().all(|(_, _, kind, ..)| kind == "view"), "{after:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_are_brought_by_hand() {
    brought_by_hand().await.unwrap();
}

/// The page draws the same order of propositions as the engine, which shows sheets again years later.
async fn same_orders() -> Result<()> {
    let Some(server) = Server::start(None)? else { return Ok(()) };
    let Some(browser) = Browser::open().await? else { return Ok(()) };
    browser.goto(&server.url("/connexion")).await?;
    let base =
        browser.script("return document.querySelector('link[rel=stylesheet]').href.replace(/[^/]+$/, '')").await?;
    let mut cases = Vec::new();
    let mut seed: i64 = 0x0123_4567_89ab_cdef;
    for n in 0..600_i64 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let own = [seed, n, -n, i64::MIN + n, i64::MAX - n][(n % 5) as usize];
        cases.push((own, format!("question-é{n}-{}", "x".repeat((n % 7) as usize)), 2 + (n % 24) as usize));
    }
    let asked: Vec<Value> = cases.iter().map(|(seed, id, count)| json!([seed.to_string(), id, count])).collect();
    let script = "const [base, cases] = arguments; const done = arguments[arguments.length - 1];
        import(base + 'room/order.js').then(m => done(cases.map(c => m.order(...c))), e => done(String(e)))";
    let drawn = browser.client()?.execute_async(script, vec![base, json!(asked)]).await?;
    let expected: Vec<Vec<usize>> =
        cases.iter().map(|(seed, id, count)| shuffle::order(*seed as u64, id, *count)).collect();
    assert_eq!(drawn, json!(expected));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_draws_the_orders_of_the_engine() {
    same_orders().await.unwrap();
}
