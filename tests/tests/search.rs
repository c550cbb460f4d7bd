//! The bank searched in the browser: by keyboard, as one types, by facets, kept searches, synonyms, the choice of a
//! paper's questions; and an index that follows, is killed, removed and rebuilt while it serves.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop loudly")]

mod common;

use anyhow::{Context, Result};
use common::{look, no_console_errors};
use docimo_tests::{Api, Browser, Server};
use std::time::Duration;

fn file(id: &str, stem: &str) -> Vec<u8> {
    let entry = format!(r#"{{"id":"{id}","kind":"QROC","stem":"{stem}","exact":["oui"],"tags":["R2C:339"]}}"#);
    format!(r#"{{"format":"docimo-questions/1","entries":[{entry}]}}"#).into_bytes()
}

async fn bring(api: &Api, id: &str, stem: &str) -> Result<()> {
    let path = format!("/questions/import?name={id}.json");
    api.post_bytes(&path, "application/octet-stream", file(id, stem)).await?;
    Ok(())
}

async fn total(api: &Api, line: &str) -> Result<i64> {
    api.get(&format!("/questions?limit=1&q={line}")).await?["total"].as_i64().context("total")
}

/// What must come; how long it takes is the bench's to say.
async fn until(api: &Api, line: &str, expected: i64) -> Result<()> {
    for _ in 0..200 {
        if total(api, line).await.is_ok_and(|n| n == expected) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    anyhow::bail!("{line}: {} instead of {expected}", total(api, line).await?)
}

async fn walk() -> Result<()> {
    let Some(server) = Server::demo()? else { return Ok(()) };
    let Some(browser) = Browser::open().await? else { return Ok(()) };
    let base = server.url("");
    let api = Api::sign_in(&server, "comite", "demonstration").await?;
    browser.sign_in(&base, "comite", "demonstration").await?;
    bring(&api, "zz-idm", "Quel est le traitement de l’infarctus du myocarde à la phase aiguë ?").await?;
    until(&api, "zz-idm", 1).await?;

    // As one types: found before the form is sent, with the word in relief; the address follows.
    browser.goto(&server.url("/questions")).await?;
    browser.find(".card").await?;
    look(&browser, "banque").await?;
    browser.tab_to("#q").await?;
    browser.fill("#q", "infarctus phase aig").await?;
    browser.wait_text(".found__total", "1 ").await?;
    browser.wait_text(".card__text mark", "infarctus").await?;
    let address = browser.script("return location.search").await?;
    assert!(address.as_str().is_some_and(|a| a.contains("infarctus")), "{address}");
    let suggested = browser.script("return document.querySelector('#suites option')?.value ?? ''").await?;
    assert!(suggested.as_str().is_some_and(|s| s.starts_with("infarctus phase aig")), "{suggested}");
    look(&browser, "recherche").await?;

    // A slip of the pen, a line that cannot be read, a facet taken and left.
    browser.goto(&server.url("/questions?q=infractus+item:339")).await?;
    browser.wait_text(".found__notes", "au lieu de « infractus »").await?;
    browser.goto(&server.url("/questions?q=item:999")).await?;
    browser.wait_text("#faute", "ne peut pas être lue").await?;
    look(&browser, "recherche-fautive").await?;
    browser.goto(&server.url("/questions")).await?;
    let before = browser.text(".found__total").await?;
    browser.click_xpath("//details[contains(@class, 'facet')]//a[contains(., 'QROC')]").await?;
    browser.wait_text("a[aria-current]", "QROC").await?;
    let held = browser.text(".found__total").await?;
    assert_ne!(before, held);
    // Alone, or in a case.
    let kinds = browser.texts(".card .badge abbr").await?;
    assert!(kinds.iter().all(|k| ["QROC", "DP", "mini-DP", "KFP", "LCA"].contains(&k.as_str())), "{kinds:?}");
    browser.click(".facet a[aria-current]").await?;
    browser.wait_text(".found__total", &before).await?;

    // A search kept under a name.
    browser.goto(&server.url("/questions?q=item:339+genre:QROC")).await?;
    browser.click_xpath("//summary[contains(., 'Recherches enregistrées')]").await?;
    browser.fill("#nom", "Coronaires, QROC").await?;
    browser.click_xpath("//button[.='Enregistrer']").await?;
    browser.wait_text("main", "Recherche « Coronaires, QROC » enregistrée").await?;
    browser.click_xpath("//summary[contains(., 'Recherches enregistrées (1)')]").await?;
    look(&browser, "recherches-enregistrees").await?;
    browser.click_xpath("//a[.='Coronaires, QROC']").await?;
    browser.wait_text(".card__head", "zz-idm").await?;
    browser.click_xpath("//summary[contains(., 'Recherches enregistrées')]").await?;
    browser.click_xpath("//button[contains(., 'Supprimer')]").await?;
    browser.wait_text("main", "Recherche supprimée").await?;

    // What is much the same, and what speaks of the same things.
    bring(&api, "zz-idm-2", "Quel est le traitement de l’infarctus du myocarde en phase aiguë ?").await?;
    until(&api, "zz-idm-2", 1).await?;
    browser.goto(&server.url("/questions?q=code:zz-idm")).await?;
    browser.click(".card__head a").await?;
    browser.wait_text("#voisines ~ .alert", "zz-idm-2").await?;
    look(&browser, "voisines").await?;

    // The list of synonyms: refused by line, then kept.
    browser.goto(&server.url("/questions/synonymes")).await?;
    browser.fill("#liste", "tout seul").await?;
    browser.click_xpath("//button[.='Enregistrer']").await?;
    browser.wait_text("[role=alert]", "ligne 1").await?;
    browser.fill("#liste", "crise de coeur = infarctus du myocarde").await?;
    browser.click_xpath("//button[.='Enregistrer']").await?;
    browser.wait_text("main", "Liste enregistrée").await?;
    look(&browser, "synonymes").await?;
    until(&api, "crise+de+coeur+code:zz-idm", 1).await?;
    no_console_errors(&browser).await
}

/// Killed without warning, its index removed, asked to rebuild while it serves: what was saved is found.
async fn life() -> Result<()> {
    let Some(mut server) = Server::demo()? else { return Ok(()) };
    let api = Api::sign_in(&server, "comite", "demonstration").await?;
    bring(&api, "zz-un", "Une question écrite avant la coupure ?").await?;
    server.kill9()?;
    server.restart()?;
    let api = Api::sign_in(&server, "comite", "demonstration").await?;
    until(&api, "zz-un", 1).await?;
    let all = total(&api, "").await?;

    // Rebuilt while it serves, and it answers all the while.
    let reader = Api::sign_in(&server, "comite", "demonstration").await?;
    let reading = tokio::spawn(async move {
        for _ in 0..40 {
            if total(&reader, "").await? != all {
                return Ok::<bool, anyhow::Error>(false);
            }
        }
        Ok(true)
    });
    let asked = server.command(&["index", "rebuild"])?;
    assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));
    assert!(reading.await??, "every answer is whole");
    let check = server.command(&["index", "check"])?;
    let said = String::from_utf8_lossy(&check.stdout).into_owned();
    assert!(check.status.success() && said.contains("conforme à la base"), "{said}");
    let search = server.command(&["search", "coupure", "--json"])?;
    assert!(String::from_utf8_lossy(&search.stdout).contains("zz-un"), "the index of the server answers the command");

    // Without its index it is the same bank.
    server.kill9()?;
    std::fs::remove_dir_all(server.data().join("docimo.sqlite.index"))?;
    server.restart()?;
    let api = Api::sign_in(&server, "comite", "demonstration").await?;
    until(&api, "", all).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bank_is_searched_in_the_browser() {
    walk().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_index_outlives_its_process() {
    life().await.unwrap();
}
