//! A committee in the browser, from a table of specification to a frozen paper: faults at their fields, a conflict and the
//! change that is enough, a paper put in the draft and changed by hand, questions already seen that someone answers for.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop loudly")]

mod common;

use anyhow::{Context, Result};
use common::{answer_hazards, confirm, look, no_console_errors};
use docimo_tests::{Api, Browser, Server};
use serde_json::json;

/// Leaves no line in the table on screen.
const CLEAR: &str = "document.querySelectorAll(\"input[name^='value.'], input[name^='min.'], input[name^='max.'], \
                     input[name='images.min'], #difficulte, #tolerance, #auteur\").forEach(i => { i.value = '' })";

/// Fills the first line of the table on screen.
async fn line(browser: &Browser, facet: &str, value: &str, min: &str, max: &str) -> Result<()> {
    browser.script(&format!("document.querySelector(\"select[name='facet.0']\").value = '{facet}'; document.querySelector(\"select[name='measure.0']\").value = 'questions'")).await?;
    browser.fill("input[name='value.0']", value).await?;
    browser.fill("input[name='min.0']", min).await?;
    browser.fill("input[name='max.0']", max).await
}

async fn walk() -> Result<()> {
    let Some(server) = Server::demo()? else { return Ok(()) };
    let Some(browser) = Browser::open().await? else { return Ok(()) };
    let base = server.url("");
    let api = Api::sign_in(&server, "comite", "demonstration").await?;
    let exam = api.post("/exams", &json!({"title": "Partiel de printemps"})).await?;
    let id = exam["id"].as_str().context("id")?.to_owned();
    let at = |path: &str| server.url(&format!("/examens/{id}{path}"));
    browser.sign_in(&base, "comite", "demonstration").await?;

    // The example, then a fault told at its field, then a table that the bank cannot meet.
    browser.goto(&at("/table")).await?;
    browser.wait_text("main", "Un exemple à modifier").await?;
    look(&browser, "table").await?;
    browser.script(CLEAR).await?;
    browser.fill("#questions-min", "12").await?;
    browser.fill("#questions-max", "12").await?;
    line(&browser, "kind", "QRM", "9", "3").await?;
    browser.click_xpath("//button[.='Enregistrer la table']").await?;
    browser.wait_text("main", "le minimum dépasse le maximum").await?;
    look(&browser, "table-fautes").await?;
    line(&browser, "kind", "QRM", "20", "").await?;
    browser.click_xpath("//button[.='Enregistrer et composer']").await?;
    browser.wait_text("h1", "Composer d’après la table").await?;
    look(&browser, "composer").await?;
    browser.click_xpath("//form[contains(@action, 'assemblage')]//button[.='Composer']").await?;
    browser.wait_text("main", "Aucun sujet ne respecte la table").await?;
    browser.wait_text("main", "Type QRM : au moins 20 questions").await?;
    look(&browser, "conflit").await?;

    // The smallest change is made; a paper comes, and goes in the draft.
    browser.click_xpath("//button[.='Changer la table et recomposer']").await?;
    browser.wait_text("main", "table respectée").await?;
    look(&browser, "compose").await?;
    browser.click_xpath("//button[.='Mettre dans le sujet']").await?;
    browser.wait_text("main", "dans le sujet").await?;
    browser.wait_text("#table", "sont respectés").await?;
    look(&browser, "sujet-compose").await?;

    // By hand: a question out, the table says so at once; another replaced by what is proposed.
    browser.click_xpath("(//button[starts-with(@aria-label, 'Retirer ')])[1]").await?;
    confirm(&browser).await?;
    browser.wait_text("main", "Élément retiré du sujet").await?;
    browser.wait_text("#table", "écart").await?;
    browser.click_xpath("(//a[starts-with(@aria-label, 'Remplacer ')])[1]").await?;
    browser.wait_text("h1", "Remplacer").await?;
    look(&browser, "remplacer").await?;
    browser.click_xpath("(//button[starts-with(., 'Mettre à la place')])[1]").await?;
    browser.wait_text("main", "remplacé").await?;

    // What has been seen before: told, compared, refused; then someone answers for it.
    browser.wait_text("#risques", "avant de figer").await?;
    let refused = api.post(&format!("/exams/{id}/freeze"), &json!({})).await;
    assert!(refused.is_err(), "frozen although nobody answers");
    browser.click_xpath("(//section[@id='risques']//a[starts-with(., 'Comparer')])[1]").await?;
    browser.wait_text("main", "Ce qui a été rencontré").await?;
    look(&browser, "cote-a-cote").await?;
    browser.goto(&at("/sujet")).await?;
    answer_hazards(&browser, "Partiel d’entraînement : questions reprises exprès.").await?;
    browser.wait_text("#risques", "questions reprises exprès").await?;
    look(&browser, "derogations").await?;
    browser.click_xpath("//form[contains(@action, 'figer')]//button").await?;
    confirm(&browser).await?;
    browser.wait_text("main", "Sujet figé").await?;
    browser.goto(&at("/journal")).await?;
    browser.wait_text("main", "Motif : Partiel d’entraînement").await?;
    look(&browser, "journal-derogations").await?;

    // Two questions that must not meet.
    let page = api.get("/questions?kind=QRM&limit=2").await?;
    let entry = |i: usize| page["entries"][i].clone();
    let (one, other) = (entry(0), entry(1));
    browser.goto(&server.url(&format!("/questions/{}", one["id"].as_str().context("id")?))).await?;
    browser.fill("#autre", other["external_id"].as_str().context("external_id")?).await?;
    browser.fill("#pourquoi", "L’une donne la réponse de l’autre.").await?;
    browser.click_xpath("//button[contains(., 'Déclarer l’incompatibilité')]").await?;
    browser.wait_text("main", "L’une donne la réponse de l’autre.").await?;
    look(&browser, "incompatibles").await?;
    no_console_errors(&browser).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paper_is_composed_checked_and_frozen_by_name() {
    walk().await.unwrap();
}
