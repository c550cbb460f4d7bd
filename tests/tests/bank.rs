//! Authors, reviewers and administrators in the browser: an entry goes from draft to use by two people, several are
//! changed at once and put back, a folder is for those to whom it was given.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop loudly")]

mod common;

use anyhow::{Context, Result, bail};
use common::{look, no_console_errors};
use docimo_tests::{Api, Browser, Server};

/// Entries on no sealed paper: id and the author's own id.
async fn free_entries(browser: &Browser, server: &Server, api: &Api, wanted: usize) -> Result<Vec<(String, String)>> {
    let page = api.get("/questions?kind=QRU&limit=200").await?;
    let mut found = Vec::new();
    for entry in page["entries"].as_array().context("entries")? {
        let id = entry["id"].as_str().context("id")?;
        browser.goto(&server.url(&format!("/questions/{id}"))).await?;
        browser.find("h1").await?;
        if !browser.text("main").await?.contains("Verrouillée") {
            found.push((id.to_owned(), entry["external_id"].as_str().context("external_id")?.to_owned()));
        }
        if found.len() == wanted {
            return Ok(found);
        }
    }
    bail!("only {} entries are free", found.len())
}

/// Someone else takes the seat.
async fn sign_as(browser: &Browser, base: &str, login: &str) -> Result<()> {
    browser.goto(&format!("{base}/questions")).await?;
    browser.find(".site-header .menu").await?;
    browser.script("document.querySelector('form[action=\"/deconnexion\"]').submit()").await?;
    browser.find("input[name=password]").await?;
    browser.sign_in(base, login, "demonstration").await
}

async fn step(browser: &Browser, code: &str, reason: &str) -> Result<()> {
    browser.fill("#motif", reason).await?;
    browser.click(&format!("button[name=etape][value={code}]")).await
}

async fn walk() -> Result<()> {
    let Some(server) = Server::demo()? else { return Ok(()) };
    let Some(browser) = Browser::open().await? else { return Ok(()) };
    let base = server.url("");
    let api = Api::sign_in(&server, "auteur", "demonstration").await?;
    browser.sign_in(&base, "auteur", "demonstration").await?;
    let free = free_entries(&browser, &server, &api, 2).await?;
    let [(id, external), (other, other_external)] = &free[..] else { bail!("two entries") };
    let at = server.url(&format!("/questions/{id}"));

    // From validated back to draft, which takes a reason; then a review, which is not the author's to make.
    browser.goto(&at).await?;
    step(&browser, "reopen", "").await?;
    browser.wait_text("main", "Indiquez le motif").await?;
    browser.goto(&at).await?;
    step(&browser, "reopen", "Une recommandation a changé.").await?;
    browser.wait_text("body", "État : brouillon").await?;
    browser.wait_text("#remarques ~ *, main", "Une recommandation a changé.").await?;
    step(&browser, "submit", "").await?;
    browser.wait_text("body", "État : en relecture").await?;
    step(&browser, "validate", "").await?;
    browser.wait_text("main", "quelqu’un d’autre doit la relire").await?;

    // Someone else remarks, then agrees.
    sign_as(&browser, &base, "comite").await?;
    browser.goto(&at).await?;
    browser.fill("#texte", "La proposition C est discutable.").await?;
    browser.click_xpath("//button[contains(., 'Ajouter la remarque')]").await?;
    browser.wait_text("main", "La proposition C est discutable.").await?;
    look(&browser, "question").await?;
    browser.click_xpath("//button[contains(., 'Réglée')]").await?;
    browser.wait_text("body", "Remarque réglée").await?;
    step(&browser, "validate", "").await?;
    browser.wait_text("body", "État : validée").await?;

    // Several at once: seen, done, compared, undone.
    let listed = format!("/questions?mots={external}");
    browser.goto(&server.url(&listed)).await?;
    browser.click(&format!("input[name=entry][value='{id}']")).await?;
    browser.fill("#etiquette", "R2C:12").await?;
    look(&browser, "questions").await?;
    browser.click_xpath("//button[contains(., 'Voir l’effet')]").await?;
    browser.wait_text("main", "Rien n’est encore écrit").await?;
    look(&browser, "lot").await?;
    browser.click_xpath("//button[.='Faire']").await?;
    browser.wait_text("main", "Ajouter l’étiquette R2C:12").await?;
    look(&browser, "operations").await?;
    browser.goto(&at).await?;
    browser.click_xpath("//a[contains(., 'Ce qui a changé')]").await?;
    browser.wait_text("main", "Étiquettes").await?;
    browser.wait_text(".diff ins", "R2C:12").await?;
    look(&browser, "differences").await?;
    browser.goto(&server.url("/questions/lots")).await?;
    browser.click_xpath("//button[contains(., 'Défaire')]").await?;
    browser.wait_text("main", "Défaite le").await?;
    let tags = api.get(&format!("/questions/{id}")).await?["content"].to_string();
    assert!(!tags.contains("R2C:12"), "{tags}");

    // A folder for some: what is in it does not exist for the others.
    sign_as(&browser, &base, "admin").await?;
    browser.goto(&server.url("/dossiers")).await?;
    browser.fill("#nom", "Concours").await?;
    browser.script("document.querySelector('#dans').value = ''").await?;
    browser.click_xpath("//button[.='Créer le dossier']").await?;
    browser.wait_text("main", "Concours").await?;
    look(&browser, "dossiers").await?;
    browser.goto(&server.url(&format!("/questions?mots={other_external}"))).await?;
    browser.click(&format!("input[name=entry][value='{other}']")).await?;
    let choose = "const s = document.querySelector('#dossier'); s.value = [...s.options].find(o => o.text.includes('Concours')).value; document.querySelector('#action').value = 'move'";
    browser.script(choose).await?;
    browser.click_xpath("//button[contains(., 'Voir l’effet')]").await?;
    browser.click_xpath("//button[.='Faire']").await?;
    browser.wait_text("main", "Ranger dans « Concours »").await?;
    assert!(api.get(&format!("/questions/{other}")).await.is_err(), "an author sees what no one opened to them");
    let committee = Api::sign_in(&server, "comite", "demonstration").await?;
    assert!(committee.get(&format!("/questions/{other}")).await.is_err());
    sign_as(&browser, &base, "auteur").await?;
    browser.goto(&server.url(&format!("/questions/{other}"))).await?;
    browser.wait_text("main", "n’existe pas").await?;
    // Nor is it written over by a file that bears its name.
    let file = format!(
        r#"{{"format":"docimo-questions/1","entries":[{{"id":"{other_external}","kind":"QROC","stem":"Pris ?","exact":["x"]}}]}}"#
    );
    let report = api.post_bytes("/questions/import?name=x.json", "application/octet-stream", file.into_bytes()).await?;
    assert_eq!(report["faulty"].as_array().map(Vec::len), Some(1), "{report}");
    assert!(report["faulty"][0]["message"].as_str().unwrap_or("").contains("déjà pris"), "{report}");
    no_console_errors(&browser).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_goes_from_hand_to_hand() {
    walk().await.unwrap();
}
