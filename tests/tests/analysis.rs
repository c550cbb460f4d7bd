//! The analysis room as a committee uses it: numbers for programs, a decision tried in the browser, kept beside
//! another, taken; the study that can be stopped and resumed.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop loudly")]

mod common;

use anyhow::{Context, Result};
use common::{no_console_errors, no_violation};
use docimo_tests::{Api, Browser, Server};
use serde_json::{Value, json};

async fn published(api: &Api) -> Result<String> {
    let exams = api.get("/exams").await?;
    let found = exams.as_array().and_then(|l| l.iter().find(|e| e["state"] == "published")).context("published")?;
    Ok(found["id"].as_str().context("id")?.to_owned())
}

/// Every number that the command line promises is there, and none is made of nothing.
fn shape(study: &Value) {
    for key in ["candidates", "questions", "exam", "irt", "persons", "warnings"] {
        assert!(!study[key].is_null(), "{key}");
    }
    let question = &study["questions"][0];
    for key in ["question", "n", "p", "d27", "r_item_total", "r_item_rest", "alpha_if_deleted"] {
        assert!(!question[key].is_null(), "{key}");
    }
    let proposition = &question["propositions"][0];
    assert!(proposition["letter"].is_string() && proposition["frequency"].is_number());
    for key in ["a", "a_se", "b", "c", "steps"] {
        assert!(!question["irt"][key].is_null(), "{key}");
    }
    for key in ["s_x2", "df", "p", "infit", "outfit"] {
        assert!(question["fit"].get(key).is_some(), "{key}");
    }
    assert!(question["dif"].as_array().is_some_and(|d| d.iter().all(|d| d["class"].is_string())));
    for key in ["alpha", "alpha_ci", "omega", "sem", "mean", "sd"] {
        assert!(!study["exam"][key].is_null(), "{key}");
    }
    for key in ["model", "log_likelihood", "aic", "bic", "iterations", "converged", "nodes"] {
        assert!(!study["irt"][key].is_null(), "{key}");
    }
    let person = &study["persons"][0];
    for key in ["candidate", "score", "theta", "theta_se", "rank", "rank_interval"] {
        assert!(!person[key].is_null(), "{key}");
    }
    let interval = &person["rank_interval"];
    let (low, rank, high) =
        (interval[0].as_u64().unwrap(), person["rank"].as_u64().unwrap(), interval[1].as_u64().unwrap());
    assert!(low <= high && rank >= 1 && high as usize <= study["persons"].as_array().unwrap().len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programs_read_the_study_and_try_decisions() {
    let Some(server) = Server::demo().unwrap() else { return };
    let api = Api::sign_in(&server, "comite", "demonstration").await.unwrap();
    let exam = published(&api).await.unwrap();
    let study = api.get(&format!("/exams/{exam}/analysis")).await.unwrap();
    shape(&study);
    assert_eq!(study, api.get(&format!("/exams/{exam}/analysis")).await.unwrap());
    // What a scenario says is what the register would.
    let question = study["questions"][4]["question"].clone();
    let decision = json!({"decision": "neutralise", "question": question, "policy": "removed"});
    let tried = api.post(&format!("/exams/{exam}/scenario"), &json!({"decisions": [decision]})).await.unwrap();
    let preview = api.post(&format!("/exams/{exam}/ledger/preview"), &decision).await.unwrap();
    assert_eq!(tried["after"]["rank_a_pass"], preview["after"]["rank_a_pass"]);
    assert_eq!(tried["changed"], preview["changed"]);
    let near = |a: &Value, b: &Value| (a.as_f64().unwrap() - b.as_f64().unwrap()).abs() < 1e-9;
    assert!(near(&tried["after"]["on_20"]["mean"], &preview["after"]["on_20"]["mean"]));
    assert!(tried["movers"][0]["candidate"].is_string());
    let ledger = api.get(&format!("/exams/{exam}/ledger")).await.unwrap();
    assert_eq!(ledger.as_array().unwrap().len(), 2, "nothing was decided");
}

async fn try_and_decide() -> Result<()> {
    let Some(server) = Server::demo()? else { return Ok(()) };
    let Some(browser) = Browser::open().await? else { return Ok(()) };
    let api = Api::sign_in(&server, "comite", "demonstration").await?;
    let exam = published(&api).await?;
    browser.sign_in(&server.url(""), "comite", "demonstration").await?;
    browser.goto(&server.url(&format!("/examens/{exam}/analyse/simulation"))).await?;
    browser.wait_text("#effet", "Rien n’est décidé").await?;
    // The first question, taken out: the effect comes without the page being loaded again.
    let choose = "const s = document.querySelectorAll('#scenario select'); window.kept = true;
        s[0].value = 'removed'; s[0].dispatchEvent(new Event('change', {bubbles: true}));";
    browser.script(choose).await?;
    browser.wait_text("#effet", "À l’essai").await?;
    browser.wait_text("#effet", "changent").await?;
    assert_eq!(browser.script("return window.kept").await?, json!(true), "the page was loaded again");
    no_violation(&browser, "a scenario").await?;
    // Kept beside, then another one.
    browser.click_xpath("//a[contains(., 'Garder ce scénario')]").await?;
    browser.wait_text("#effet", "Scénario 1").await?;
    browser
        .script(
            "const s = document.querySelectorAll('#scenario select')[1]; s.value = 'credit_all';
             s.dispatchEvent(new Event('change', {bubbles: true}));",
        )
        .await?;
    browser.wait_text("#effet", "À l’essai").await?;
    browser.wait_text("#effet", "Scénario 1").await?;
    no_violation(&browser, "two scenarios").await?;
    // Taken, with its reason.
    browser.fill("#motif", "Libellé ambigu, relevé par trois centres.").await?;
    browser.click_xpath("//button[contains(., 'Prendre les décisions')]").await?;
    browser.click_xpath("//dialog//button[contains(., 'Prendre ces décisions')]").await?;
    browser.wait_text("main", "version 3 du registre").await?;
    let ledger = api.get(&format!("/exams/{exam}/ledger")).await?;
    let last = ledger.as_array().and_then(|l| l.last()).context("a third version")?;
    assert_eq!(last["decision"]["decision"], "neutralise");
    assert_eq!(last["decision"]["policy"], "credit_all");
    assert_eq!(last["reason"], "Libellé ambigu, relevé par trois centres.");
    // The study follows the register.
    browser.goto(&server.url(&format!("/examens/{exam}/analyse"))).await?;
    browser.wait_text("main", "Version 3 du registre").await?;
    no_console_errors(&browser).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decision_is_tried_kept_and_taken() {
    try_and_decide().await.unwrap();
}
