//! A mock exam end to end on real questions: imported, composed and run by a committee in the browser,
//! sat by two candidates at once, marked, a question neutralised, published, exported.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop loudly")]

mod common;

use anyhow::{Context, Result};
use common::{answer_hazards, confirm, no_console_errors, no_violation};
use docimo_tests::{Api, Browser, Server, shared_dir};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What a candidate ticked, by question.
type Ticked = BTreeMap<String, BTreeSet<String>>;

async fn first_administrator(browser: &Browser, server: &Server) -> Result<()> {
    let link = server.url(&format!("/premier-acces/{}", server.first_token()?));
    browser.goto(&link).await?;
    no_violation(browser, "premier accès").await?;
    browser.fill("#nom", "Pr Test").await?;
    browser.fill("#login", "jury").await?;
    browser.fill("#nouveau", "un secret assez long").await?;
    browser.fill("#encore", "un secret assez long").await?;
    browser.click("main button[type=submit]").await?;
    browser.find(".site-header .menu").await?;
    // The link has been used: it opens nothing any more.
    browser.goto(&link).await?;
    assert!(browser.all("#nouveau").await?.is_empty(), "a one-time link works once");
    Ok(())
}

async fn import_questions(browser: &Browser, server: &Server, file: &str) -> Result<()> {
    browser.goto(&server.url("/questions/importer")).await?;
    browser.find("#fichier").await?.send_keys(file).await?;
    browser.click("button[value=verifier]").await?;
    browser.wait_text("main", "2171").await?;
    browser.goto(&server.url("/questions/importer")).await?;
    browser.find("#fichier").await?.send_keys(file).await?;
    browser.click("button[value=importer]").await?;
    browser.wait_text("main", "2171").await?;
    no_violation(browser, "import").await
}

/// Creates the exam, picks twelve questions, imports the candidates; its address and the access codes.
async fn compose(browser: &Browser, server: &Server) -> Result<(String, BTreeMap<String, String>)> {
    browser.goto(&server.url("/examens/nouveau")).await?;
    no_violation(browser, "nouvel examen").await?;
    browser.fill("#title", "Internat blanc").await?;
    browser.click("input[name=start_mode][value=common]").await?;
    browser.click("input[name=scheme][value=edn]").await?;
    browser.click("main form.stack button[type=submit]").await?;
    browser.find("#n-titre").await?;
    let page = browser.client()?.current_url().await?;
    let id = page.path_segments().and_then(|mut s| s.nth(1)).context("no exam id")?.to_owned();
    let exam = format!("/examens/{id}");

    browser.goto(&server.url(&format!("{exam}/sujet"))).await?;
    browser.fill("#n-titre", "Questions isolées").await?;
    browser.fill("#n-duree", "30").await?;
    browser.click_xpath("//button[contains(., 'Ajouter l’épreuve')]").await?;
    browser.wait_text("main", "Questions isolées").await?;
    for kind in ["QRU", "QRM"] {
        browser.goto(&server.url(&format!("{exam}/sections/s1/questions?forme={kind}"))).await?;
        for entry in browser.all("input[name=entry]").await?.into_iter().take(6) {
            entry.click().await?;
        }
        no_violation(browser, "choix de questions").await?;
        browser.click("form[method=post] button.btn--primary").await?;
        browser.wait_text("main", "Questions isolées").await?;
    }

    // A faulty file: every fault is told, nothing is enrolled.
    let folder = tempfile::tempdir()?;
    let bad = folder.path().join("mauvais.csv");
    std::fs::write(&bad, "numero;nom;tiers-temps\nD-1;Un;peut-être\n;Sans numéro;\n")?;
    browser.goto(&server.url(&format!("{exam}/candidats"))).await?;
    browser.find("#fichier").await?.send_keys(&bad.display().to_string()).await?;
    browser.click("form[enctype] button[type=submit]").await?;
    browser.wait_text("main", "ligne 2").await?;
    browser.wait_text("main", "ligne 3").await?;
    no_violation(browser, "candidats refusés").await?;
    let good = folder.path().join("candidats.csv");
    std::fs::write(
        &good,
        "Numéro;Nom;Prénom;Centre;Tiers-temps;Référence\nD-1;Un;Ada;Lille;non;\nD-2;Deux;Bela;Lyon;oui;2026-7\nD-3;Trois;Cleo;Lyon;;\n",
    )?;
    browser.goto(&server.url(&format!("{exam}/candidats"))).await?;
    browser.find("#fichier").await?.send_keys(&good.display().to_string()).await?;
    browser.click("form[enctype] button[type=submit]").await?;
    browser.wait_text("main", "D-3").await?;
    no_violation(browser, "codes d’accès").await?;
    let rows = browser
        .script("return [...document.querySelectorAll('tbody tr')].map(r => [...r.cells].map(c => c.innerText.trim()))")
        .await?;
    let rows: Vec<Vec<String>> = serde_json::from_value(rows)?;
    let is_code =
        |text: &&String| text.split_whitespace().next().is_some_and(|c| c.len() == 14 && c.matches('-').count() == 2);
    let codes: BTreeMap<String, String> = rows
        .iter()
        .filter_map(|r| {
            Some((
                r.iter().find(|c| c.starts_with("D-"))?.clone(),
                r.iter().find(is_code)?.split_whitespace().next()?.to_owned(),
            ))
        })
        .collect();
    assert_eq!(codes.len(), 3, "{rows:?}");

    browser.goto(&server.url(&format!("{exam}/sujet"))).await?;
    no_violation(browser, "sujet").await?;
    // The bank's questions have served before in the demonstration.
    answer_hazards(browser, "Essai de bout en bout : les questions de la démonstration reviennent exprès.").await?;
    browser.click_xpath("//form[contains(@action, 'figer')]//button").await?;
    confirm(browser).await?;
    browser.wait_text("main", "figé").await?;
    Ok((exam, codes))
}

/// Sits the whole section: on each question ticks the first `ticks` propositions shown, one on a QRU.
async fn sit(browser: &Browser, server: &Server, number: &str, code: &str, ticks: usize) -> Result<Ticked> {
    browser.sign_in(&server.url(""), number, code).await?;
    browser.goto(&server.url("/mes-examens")).await?;
    browser.click("main form button[type=submit]").await?;
    let mut ticked = Ticked::new();
    for question in 1..=12 {
        browser.wait_text(".question__title", &format!("Question {question}")).await?;
        let radios = !browser.all("input[type=radio][data-letter]").await?.is_empty();
        let script = "return [...document.querySelectorAll('.choices input')].map(i => [i.name.replace('answer-', ''), i.value])";
        let options: Vec<(String, String)> = serde_json::from_value(browser.script(script).await?)?;
        for letter in ['A', 'B', 'C'].iter().take(if radios { 1 } else { ticks }) {
            browser.click(&format!("input[data-letter={letter}]")).await?;
            let (name, value) = options[(*letter as u8 - b'A') as usize].clone();
            ticked.entry(name).or_default().insert(value);
        }
        browser.wait_text(".room-top__state", "Enregistré").await?;
        if question < 12 {
            browser.click_xpath("//nav[contains(@class,'room-bottom')]//button[contains(., 'Suivante')]").await?;
        }
    }
    no_violation(browser, "salle d’examen").await?;
    Ok(ticked)
}

async fn hand_in(browser: &Browser) -> Result<()> {
    browser.click(".room-top__end").await?;
    browser.wait_text("#room h1", "Remettre ma copie").await?;
    no_violation(browser, "récapitulatif").await?;
    browser.click_xpath("//main//button[contains(@class,'btn--primary') or contains(@class,'btn--danger')][contains(., 'Remettre')]").await?;
    if !browser.all("dialog[open]").await?.is_empty() {
        confirm(browser).await?;
    }
    browser.wait_text("#room h1", "remise").await?;
    no_violation(browser, "copie remise").await?;
    no_console_errors(browser).await
}

/// The EDN rule, written again here from the official text: one tick that is the key, or the table of
/// discordances.
fn expected_score(question: &Value, ticked: &BTreeSet<String>) -> f64 {
    let propositions = question["propositions"].as_array().unwrap();
    let discordances = propositions
        .iter()
        .filter(|p| {
            ["vrai", "indispensable"].contains(&p["status"].as_str().unwrap())
                != ticked.contains(p["id"].as_str().unwrap())
        })
        .count();
    if question["kind"] == "QRU" {
        f64::from(u8::from(discordances == 0))
    } else {
        [1.0, 0.5, 0.2].get(discordances).copied().unwrap_or(0.0)
    }
}

fn expected_total(paper: &Value, ticked: &Ticked, without: Option<&str>) -> (f64, f64) {
    let nothing = BTreeSet::new();
    let elements = paper["sections"][0]["elements"].as_array().unwrap();
    let questions: Vec<&Value> =
        elements.iter().map(|e| &e["question"]).filter(|q| q["id"].as_str() != without).collect();
    let points =
        questions.iter().map(|q| expected_score(q, ticked.get(q["id"].as_str().unwrap()).unwrap_or(&nothing))).sum();
    (points, questions.len() as f64)
}

async fn run() -> Result<()> {
    let Some(shared) = shared_dir() else { return Ok(()) };
    let Some(server) = Server::start(None)? else { return Ok(()) };
    let Some(jury) = Browser::open().await? else { return Ok(()) };
    first_administrator(&jury, &server).await?;
    let file = shared.canonicalize()?.join("questions/frenchmedmcqa_train.moodle.xml");
    import_questions(&jury, &server, &file.display().to_string()).await?;
    let (exam, codes) = compose(&jury, &server).await?;
    let exam_id = exam.rsplit('/').next().unwrap().to_owned();

    // A candidate in the waiting room before the hour sees no question.
    let (Some(ada), Some(bela)) = (Browser::open().await?, Browser::open().await?) else { return Ok(()) };
    ada.sign_in(&server.url(""), "d-1", &codes["D-1"]).await?;
    ada.goto(&server.url("/mes-examens")).await?;
    no_violation(&ada, "mes épreuves").await?;

    jury.goto(&server.url(&format!("{exam}/centres"))).await?;
    no_violation(&jury, "centres").await?;
    jury.click_xpath("//button[contains(., 'Ouvrir partout')]").await?;
    confirm(&jury).await?;
    jury.wait_text("main", "Clore partout").await?;

    let (one, two) =
        tokio::join!(sit(&ada, &server, "d-1", &codes["D-1"], 1), sit(&bela, &server, "d-2", &codes["D-2"], 3));
    let (one, two) = (one?, two?);
    jury.goto(&server.url(&format!("{exam}/suivi/s1"))).await?;
    jury.wait_text("main", "D-2").await?;
    no_violation(&jury, "suivi").await?;
    no_console_errors(&jury).await?;
    let (a, b) = tokio::join!(hand_in(&ada), hand_in(&bela));
    a?;
    b?;

    jury.goto(&server.url(&format!("{exam}/centres"))).await?;
    jury.click_xpath("//button[contains(., 'Terminer l’examen')]").await?;
    confirm(&jury).await?;
    jury.wait_text(".stepper .is-current", "Terminé").await?;
    jury.goto(&server.url(&exam)).await?;
    jury.click(".page-header form button, main form button.btn--primary").await?;
    if !jury.all("dialog[open]").await?.is_empty() {
        confirm(&jury).await?;
    }
    jury.wait_text("main", "Indices de chaque question").await?;

    // The marks are those of an independent marking of what was clicked.
    let api = Api::sign_in(&server, "jury", "un secret assez long").await?;
    let paper = api.get(&format!("/exams/{exam_id}/paper")).await?;
    let results = api.get(&format!("/exams/{exam_id}/results")).await?;
    let of =
        |number: &str| results.as_array().unwrap().iter().find(|r| r["number"] == number).unwrap()["result"].clone();
    for (number, ticked) in [("D-1", &one), ("D-2", &two)] {
        let (points, out_of) = expected_total(&paper, ticked, None);
        assert!((of(number)["points"].as_f64().unwrap() - points).abs() < 1e-6, "{number}: {} ≠ {points}", of(number));
        assert!((of(number)["on_20"].as_f64().unwrap() - points / out_of * 20.0).abs() < 1e-6);
    }
    assert_eq!(results.as_array().unwrap().len(), 2, "D-3 did not come");
    let best = if of("D-1")["points"].as_f64() >= of("D-2")["points"].as_f64() { "D-1" } else { "D-2" };
    assert_eq!(of(best)["rank"], 1);

    // A question is neutralised, its effect seen before.
    let question = paper["sections"][0]["elements"][0]["question"]["id"].as_str().unwrap().to_owned();
    jury.goto(&server.url(&format!("{exam}/notation"))).await?;
    no_violation(&jury, "notation").await?;
    jury.goto(&server.url(&format!("{exam}/notation/{question}"))).await?;
    no_violation(&jury, "question").await?;
    if !jury.find("#motif-neutralise").await?.is_displayed().await? {
        jury.click_xpath("//details[.//input[@value='neutralise']]/summary").await?;
    }
    jury.fill("#motif-neutralise", "Énoncé ambigu").await?;
    jury.click_xpath("//form[.//input[@value='neutralise']]//button[contains(., 'Voir l’effet')]").await?;
    jury.find(".compare").await?;
    no_violation(&jury, "effet").await?;
    jury.click_xpath("//button[contains(., 'Prendre cette décision')]").await?;
    if !jury.all("dialog[open]").await?.is_empty() {
        confirm(&jury).await?;
    }
    jury.wait_text("main", "neutralisée").await?;
    let after = api.get(&format!("/exams/{exam_id}/results")).await?;
    let d1 = after.as_array().unwrap().iter().find(|r| r["number"] == "D-1").unwrap()["result"].clone();
    let (points, out_of) = expected_total(&paper, &one, Some(&question));
    assert_eq!(d1["out_of"].as_f64(), Some(out_of));
    assert!((d1["points"].as_f64().unwrap() - points).abs() < 1e-6);
    for page in ["registre", "registre/1/2", "journal"] {
        jury.goto(&server.url(&format!("{exam}/{page}"))).await?;
        jury.find("h1").await?;
        no_violation(&jury, page).await?;
    }

    jury.goto(&server.url(&format!("{exam}/resultats"))).await?;
    no_violation(&jury, "résultats").await?;
    jury.click_xpath("//form[contains(@action, 'publier')]//button").await?;
    confirm(&jury).await?;
    jury.wait_text(".stepper .is-current, .alert--success", "ubli").await?;

    // Exports hold what the pages say.
    let cookie = jury.client()?.get_named_cookie("docimo_session").await?;
    let client = docimo_tests::client();
    let fetch = |path: String| {
        client.get(server.url(&path)).header("cookie", format!("docimo_session={}", cookie.value())).send()
    };
    let csv = fetch(format!("{exam}/resultats.csv")).await?.text().await?;
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 4, "{csv}");
    assert!(lines.iter().any(|l| l.starts_with("D-3;Cleo Trois;Lyon;non")), "{csv}");
    let xlsx = fetch(format!("{exam}/resultats.xlsx")).await?.bytes().await?;
    assert!(xlsx.starts_with(b"PK") && xlsx.len() > 5000);

    // The student reads mark, rank, each question and what the jury decided.
    ada.goto(&server.url(&format!("/resultats/{exam_id}"))).await?;
    ada.wait_text("main", "Énoncé ambigu").await?;
    ada.wait_text("main", "neutralisée").await?;
    assert_eq!(ada.all("article.correction").await?.len(), 12);
    no_violation(&ada, "correction").await?;
    no_console_errors(&ada).await?;
    // Another's sheet answers as if absent.
    let outsider = Api::sign_in(&server, "d-3", &codes["D-3"]).await?;
    let (status, _) = outsider.send(reqwest::Method::GET, &format!("/my/exams/{exam_id}/correction"), None).await?;
    assert_eq!(status, 404, "D-3 did not come: no correction");
    no_console_errors(&jury).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn real_questions_become_an_explained_ranking() {
    run().await.unwrap();
}
