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

/// This year's mock exam and the one of the year before.
async fn sessions(api: &Api) -> Result<(String, String)> {
    let exams = api.get("/exams").await?;
    let published: Vec<&str> = exams
        .as_array()
        .context("exams")?
        .iter()
        .filter(|e| e["state"] == "published")
        .filter_map(|e| e["id"].as_str())
        .collect();
    match published[..] {
        [now, before] => Ok((now.to_owned(), before.to_owned())),
        _ => anyhow::bail!("{} published exams", published.len()),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programs_read_an_exam_on_the_scale_of_another() {
    let Some(server) = Server::demo().unwrap() else { return };
    let api = Api::sign_in(&server, "comite", "demonstration").await.unwrap();
    let (now, before) = sessions(&api).await.unwrap();
    let found = api.get(&format!("/exams/{now}/equating?with={before}")).await.unwrap();
    assert_eq!(found["design"], "anchor");
    let common = found["common"].as_array().unwrap();
    let used: Vec<&Value> = common.iter().filter(|c| c["used"] == true).collect();
    assert!(used.len() >= 20 && used.len() == found["anchor"]["questions"].as_u64().unwrap() as usize);
    // Nothing was edited between the sessions: what is out was neutralised, or tells nobody apart.
    for c in common.iter().filter(|c| c["used"] == false) {
        assert!(c["reason"] == "neutralised" || c["reason"] == "silent", "{c}");
    }
    // The simulated candidates answer by the same laws: the questions did not drift, the cohorts did.
    for method in found["methods"].as_array().unwrap() {
        let at = &method["at_mean"];
        assert!(at["value"].is_number() && at["se"].as_f64().unwrap() > 0.0, "{method}");
    }
    let shift = &found["links"][0];
    let (value, se) = (shift["shift"].as_f64().unwrap(), shift["shift_se"].as_f64().unwrap());
    // 0.15 logit over a spread of 0.65, and the sampling of the means of 1,000 and 420 candidates.
    assert!((value - 0.15 / 0.65).abs() < 3.0 * se.hypot(0.058), "{value} ({se})");
    let rank_a = found["thresholds"].as_array().unwrap().iter().find(|t| t["name"] == "Rang A").unwrap();
    assert!(rank_a["here"].is_number() && rank_a["passes"].is_number(), "{rank_a}");
    assert!(!found.to_string().contains("NaN"));
    // One left out is out, and the same question gives the same numbers.
    let first = used[0]["question"].as_str().unwrap();
    let path = format!("/exams/{now}/equating?with={before}&without={first}");
    let without = api.get(&path).await.unwrap();
    assert_eq!(without["anchor"]["questions"].as_u64().unwrap() as usize, used.len() - 1);
    assert_eq!(without, api.get(&path).await.unwrap());
}

async fn compare_sessions() -> Result<()> {
    let Some(server) = Server::demo()? else { return Ok(()) };
    let Some(browser) = Browser::open().await? else { return Ok(()) };
    let api = Api::sign_in(&server, "comite", "demonstration").await?;
    let (now, before) = sessions(&api).await?;
    // Both studies are ready: the page has nothing to wait for.
    api.get(&format!("/exams/{now}/equating?with={before}")).await?;
    browser.sign_in(&server.url(""), "comite", "demonstration").await?;
    browser.goto(&server.url(&format!("/examens/{now}/analyse/sessions"))).await?;
    browser.wait_text("main", "questions communes").await?;
    no_violation(&browser, "the choice of a session").await?;
    browser.click_xpath("//button[contains(., 'Comparer')]").await?;
    browser.wait_text("main", "Équivalence des notes").await?;
    browser.wait_text("main", "Seuils de").await?;
    no_violation(&browser, "two sessions").await?;
    let anchors = "return document.querySelectorAll('input[name=sans]').length";
    let boxes = browser.script(anchors).await?.as_u64().context("boxes")?;
    assert!(boxes >= 20, "{boxes}");
    // One left out: the address holds the choice, so does the page.
    browser.click("input[name=sans]:not(:checked)").await?;
    browser.click_xpath("//button[contains(., 'Recalculer')]").await?;
    browser.wait_text("main", "laissée de côté par vous").await?;
    let address = browser.script("return location.search").await?;
    let address = address.as_str().context("address")?;
    assert!(address.contains("choix=1") && address.contains("&sans=") && address.contains(&before), "{address}");
    browser.click_xpath("//a[contains(., 'Revenir au choix habituel')]").await?;
    browser.wait_text("main", "Questions communes").await?;
    assert_eq!(browser.script("return location.search.includes('choix')").await?, json!(false));
    no_console_errors(&browser).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_sessions_are_compared_and_a_question_left_out() {
    compare_sessions().await.unwrap();
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
