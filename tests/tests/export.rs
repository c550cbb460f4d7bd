//! Questions taken out of the bank: in the browser, what the list shows and what is ticked, seen before it goes; by the
//! command line, whole, and back without a change.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop loudly")]

mod common;

use anyhow::{Context, Result, bail};
use common::{look, no_console_errors};
use docimo_tests::{Api, Browser, Server};
use serde_json::{Value, json};

/// Sends the form of the download as its button does, and says what came: status, file name, first characters.
const DOWNLOAD: &str = "
    const form = document.querySelector('form[action=\"/questions/exporter/fichier\"]');
    const request = new XMLHttpRequest();
    request.open('POST', form.action, false);
    request.send(new URLSearchParams(new FormData(form)));
    return [request.status, request.getResponseHeader('content-disposition'), request.responseText].join('\\n');";

/// A picture of the preview on a telephone, below the formats.
async fn narrow(browser: &Browser, name: &str) -> Result<()> {
    browser.size(390, 900).await?;
    browser.script("document.querySelector('#apercu').scrollIntoView()").await?;
    browser.picture(&format!("{name}-apercu-390")).await?;
    browser.size(1280, 900).await
}

async fn in_the_browser(server: &Server) -> Result<()> {
    let Some(browser) = Browser::open().await? else { return Ok(()) };
    browser.sign_in(&server.url(""), "auteur", "demonstration").await?;
    browser.goto(&server.url("/questions?type=QRM")).await?;
    look(&browser, "liste").await?;
    browser.click_xpath("//a[.='Exporter']").await?;
    // The list's line goes along.
    browser.wait_text("main", "genre:\"QRM\"").await?;
    look(&browser, "formats").await?;
    browser.click("input[name=format][value=moodle-xml]").await?;
    browser.click_xpath("//button[.='Voir ce qui partira']").await?;
    browser.wait_text("main", "Ce qui partira en XML Moodle").await?;
    browser.wait_text("main", "Moodle ne connaît pas les discordances").await?;
    browser.click("#apercu details summary").await?;
    look(&browser, "moodle").await?;
    narrow(&browser, "moodle").await?;
    browser.click("input[name=format][value=aiken]").await?;
    browser.click_xpath("//button[.='Voir ce qui partira']").await?;
    browser.wait_text("main", "Laissée de côté").await?;
    browser.wait_text("main", "Aucune de ces questions n’entre dans ce format").await?;
    look(&browser, "aiken").await?;
    narrow(&browser, "aiken").await?;
    browser.click("input[name=format][value=json]").await?;
    browser.click_xpath("//button[.='Voir ce qui partira']").await?;
    browser.wait_text("main", "Ce format garde tout de ces questions").await?;
    look(&browser, "json").await?;
    let came = browser.script(DOWNLOAD).await?;
    let came = came.as_str().context("an answer")?;
    assert!(
        came.starts_with("200\nattachment; filename=\"questions-") && came.contains("docimo-questions/1"),
        "{came}"
    );

    // Those that are ticked.
    browser.goto(&server.url("/questions?type=QRU")).await?;
    browser.click("input[name=entry]").await?;
    browser.click_xpath("//button[.='Exporter les cochées']").await?;
    browser.wait_text("main", "cochées dans la liste").await?;
    browser.wait_text("main", "1 entrée").await?;
    browser.wait_text("main", "Vos derniers exports").await?;
    look(&browser, "cochees").await?;
    browser.goto(&server.url("/questions/importer")).await?;
    browser.find("a[href='/questions/importer/modele/xlsx']").await?;
    look(&browser, "import").await?;
    no_console_errors(&browser).await
}

fn document(output: &std::process::Output) -> Result<Value> {
    serde_json::from_slice(&output.stdout).with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())
}

async fn by_the_command_line(server: &Server) -> Result<()> {
    let api = Api::sign_in(server, "auteur", "demonstration").await?;
    let all = api.get("/questions?limit=1").await?["total"].as_u64().context("total")?;
    let folder = tempfile::tempdir()?;
    for (format, name) in [("json", "b.json"), ("moodle-xml", "b.xml"), ("qti", "b.zip")] {
        let path = folder.path().join(name);
        let file = path.to_str().context("path")?;
        let output = server.command(&["export", "--format", format, "--status", "all", "-o", file, "--json"])?;
        let told = document(&output)?;
        assert_eq!((output.status.code(), told["written"].as_u64()), (Some(0), Some(all)), "{told}");
        let output = server.command(&["import", file, "--json"])?;
        let told = document(&output)?;
        assert_eq!((output.status.code(), told["unchanged"].as_u64()), (Some(0), Some(all)), "{told}");
    }
    // Through a pipe, and what is left out said on the other one.
    let output = server.command(&["export", "--format", "aiken", "-o", "-"])?;
    let (file, said) = (String::from_utf8(output.stdout)?, String::from_utf8(output.stderr)?);
    if output.status.code() != Some(1) || !file.contains("ANSWER: ") || !said.contains("Aiken n’a pas de dossier") {
        bail!("{:?}\n{said}", output.status);
    }
    let told = api.post("/questions/export/preview", &json!({"format": "aiken"})).await?;
    assert_eq!(
        said.matches("laissée de côté : ").count(),
        told["notes"].as_array().map_or(0, |notes| { notes.iter().filter(|n| n["left_out"] == true).count() })
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn questions_go_out_and_come_back() {
    let Some(server) = Server::demo().unwrap() else { return };
    by_the_command_line(&server).await.unwrap();
    in_the_browser(&server).await.unwrap();
}
