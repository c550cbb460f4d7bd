//! A committee fixes a threshold in the browser: judges on their sheets, a table that is looked at before it is kept,
//! the threshold that follows; experts and the key they make. Every page at two widths, without fault.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop loudly")]

mod common;

use anyhow::{Context, Result};
use common::{confirm, look, no_console_errors};
use docimo_tests::{Api, Browser, Server};
use serde_json::{Value, json};

/// The table of a panel, pasted.
async fn paste(browser: &Browser, text: &str) -> Result<()> {
    let set = format!("document.querySelector('#texte').value = {}", serde_json::to_string(text)?);
    browser.script(&set).await?;
    browser.click_xpath("//button[contains(., 'Voir l’aperçu')]").await
}

/// Ratings of three judges, a line each, that differ a little.
fn ratings(questions: &[Value]) -> String {
    let heads: Vec<String> = (1..=questions.len()).map(|n| n.to_string()).collect();
    let line = |name: &str, shift: i64| {
        let values = (0..questions.len()).map(|q| (45 + shift + (q as i64 * 7) % 30).to_string());
        format!("{name}\t{}", values.collect::<Vec<_>>().join("\t"))
    };
    format!("juge\t{}\n{}\n{}\n{}", heads.join("\t"), line("Léa Un", 0), line("Noé Deux", 6), line("Ana Trois", -4))
}

async fn walk() -> Result<()> {
    let Some(server) = Server::demo()? else { return Ok(()) };
    let Some(browser) = Browser::open().await? else { return Ok(()) };
    let api = Api::sign_in(&server, "comite", "demonstration").await?;
    let exams = api.get("/exams").await?;
    let found = exams.as_array().and_then(|l| l.iter().find(|e| e["state"] == "published")).context("published")?;
    let exam = found["id"].as_str().context("id")?.to_owned();
    browser.sign_in(&server.url(""), "comite", "demonstration").await?;
    browser.goto(&server.url(&format!("/examens/{exam}/seuils"))).await?;
    browser.wait_text("main", "Cohen").await?;

    // A panel with one judge, whose sheet is filled with the keyboard.
    browser.script("document.querySelector('#methode').value = 'modified-angoff'").await?;
    browser.fill("#titre", "Jury de mars").await?;
    browser.fill("#juges", "Léa Un").await?;
    browser.click_xpath("//button[contains(., 'Ouvrir le panel')]").await?;
    browser.wait_text("main", "Pas encore de seuil").await?;
    let panels = api.get(&format!("/exams/{exam}/panels")).await?;
    let panel = panels[0]["id"].as_str().context("panel")?.to_owned();
    let at = format!("/examens/{exam}/panels/{panel}");
    browser.click_xpath("//table//a[contains(., 'Léa Un')]").await?;
    browser.find(".judging").await?;
    look(&browser, "feuille").await?;
    browser.script("document.querySelector('#v-0').focus()").await?;
    browser.press(&['6', '0', '\u{E004}', '2', '0', '0', '\u{E004}', '7', '0', '\u{E007}']).await?;
    browser.wait_text("main", "Rien n’a été enregistré").await?;
    browser.fill("#v-1", "55,5").await?;
    browser.click_xpath("//button[contains(., 'Enregistrer')]").await?;
    browser.wait_text("body", "3 avis enregistrés").await?;

    // A table: a fault keeps nothing; then a preview, then all of it.
    let statistics = api.get(&format!("/exams/{exam}/statistics")).await?;
    let questions = statistics["questions"].as_array().context("questions")?.clone();
    browser.goto(&server.url(&at)).await?;
    paste(&browser, "juge;1\nLéa Un;150\n").await?;
    browser.wait_text("main", "ligne 2, colonne 1").await?;
    paste(&browser, &ratings(&questions)).await?;
    browser.wait_text("main", "Rien n’est encore enregistré").await?;
    look(&browser, "apercu").await?;
    browser.click_xpath("//button[contains(., 'Enregistrer ces avis')]").await?;
    browser.wait_text("main", "sur 20").await?;
    // The second round, after the discussion.
    browser.click_xpath("//button[contains(., 'Ouvrir le second tour')]").await?;
    confirm(&browser).await?;
    browser.wait_text("body", "Second tour ouvert").await?;
    browser.click_xpath("//table//a[contains(., 'Noé Deux')]").await?;
    browser.wait_text("main", "Premier tour").await?;
    browser.wait_text("main", "Réussite observée").await?;
    browser.fill("#v-0", "40").await?;
    browser.click_xpath("//button[contains(., 'Enregistrer')]").await?;
    browser.wait_text("body", "1 avis enregistré").await?;
    browser.goto(&server.url(&at)).await?;
    browser.wait_text("main", "Second tour").await?;
    browser.wait_text("main", "Face à la réussite observée").await?;
    look(&browser, "panel").await?;
    // The page says what programs read.
    let outcome = api.get(&format!("/exams/{exam}/panels/{panel}")).await?["outcome"].clone();
    let threshold = format!("{:.2}", outcome["threshold"].as_f64().context("threshold")?).replace('.', ",");
    browser.wait_text("main", &format!("{threshold} sur 20")).await?;

    // The bookmark of a booklet ordered by the study.
    let form = json!({"method": "bookmark", "title": "Marque-page", "judges": ["A", "B", "C"]});
    let bookmark = api.post(&format!("/exams/{exam}/panels"), &form).await?["id"].as_str().context("id")?.to_owned();
    let sheet = server.url(&format!("/examens/{exam}/panels/{bookmark}/juges/1"));
    browser
        .wait_for("the booklet", async || {
            browser.goto(&sheet).await?;
            Ok(browser.text("main").await?.contains("Carnet ordonné"))
        })
        .await?;
    look(&browser, "carnet").await?;
    for (judge, page) in [(1, "40"), (2, "44"), (3, "50")] {
        let said = json!([{"judge": judge, "target": "page", "value": page}]);
        api.post(&format!("/exams/{exam}/panels/{bookmark}/judgements"), &said).await?;
    }

    // The committee keeps it: the register, then the results.
    browser.goto(&server.url(&at)).await?;
    browser.click_xpath("//a[contains(., 'Retenir ce seuil')]").await?;
    browser.find("#seuil").await?;
    browser.fill("#motif", "Angoff modifié, trois juges.").await?;
    browser.click_xpath("//button[contains(., 'Retenir ce seuil')]").await?;
    browser.wait_text("body", "version 3 du registre").await?;
    browser.wait_text("main", "Marque-page").await?;
    look(&browser, "seuils").await?;
    browser.goto(&server.url(&format!("/examens/{exam}/resultats"))).await?;
    browser.wait_text("main", &format!("Seuil de {}", threshold.trim_end_matches('0').trim_end_matches(','))).await?;
    browser.goto(&server.url(&at)).await?;
    browser.click_xpath("//button[contains(., 'Clore le panel')]").await?;
    confirm(&browser).await?;
    browser.wait_text("body", "Panel clos").await?;
    assert!(browser.all("#importer").await?.is_empty(), "a closed panel accepts nothing");

    // Experts of the script concordance questions.
    browser.goto(&server.url(&format!("/examens/{exam}/tcs"))).await?;
    look(&browser, "experts").await?;
    browser.click_xpath("//button[contains(., 'Ouvrir le panel')]").await?;
    browser.find("#texte").await?;
    let tcs: Vec<&Value> = questions.iter().filter(|q| q["kind"] == "TCS").collect();
    assert!(!tcs.is_empty(), "the demonstration has script concordance questions");
    let heads: Vec<String> = tcs.iter().map(|q| q["number"].to_string()).collect();
    let line = |i: usize| {
        let cells = (0..tcs.len()).map(|q| ["+1", "0", "+1", "-1", "+1", "2"][(i * (q + 1)) % 6]);
        format!("Expert {i}\t{}", cells.collect::<Vec<_>>().join("\t"))
    };
    let lines: Vec<String> = (0..12).map(line).collect();
    paste(&browser, &format!("panéliste\t{}\n{}", heads.join("\t"), lines.join("\n"))).await?;
    browser.click_xpath("//button[contains(., 'Enregistrer ces avis')]").await?;
    browser.wait_text("main", "Effet sur les notes").await?;
    look(&browser, "concordance").await?;
    browser.goto(&server.url("/aide#seuil")).await?;
    browser.wait_text("main", "Retenir un seuil").await?;
    no_console_errors(&browser).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_threshold_is_fixed_from_the_judges_to_the_results() {
    walk().await.unwrap();
}
