//! An author in the browser: a question written from nothing by keyboard, advised on and seen as one types, kept
//! through a power cut, published; a zone drawn on its image; a case whose questions change places.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop loudly")]

mod common;

use anyhow::{Context, Result, bail};
use common::{look, no_console_errors};
use docimo_tests::{Api, Browser, Server};
use fantoccini::actions::{InputSource, MOUSE_BUTTON_LEFT, MouseActions, PointerAction};
use serde_json::Value;
use std::time::Duration;

const ALT_UP: &str = "\u{e00a}\u{e013}\u{e000}";
const ALT_DOWN: &str = "\u{e00a}\u{e015}\u{e000}";
const CTRL_ENTER: &str = "\u{e009}\u{e007}\u{e000}";
const CTRL_S: &str = "\u{e009}s\u{e000}";
const CTRL_B: &str = "\u{e009}b\u{e000}";

/// Types where one is.
async fn keys(browser: &Browser, text: &str) -> Result<()> {
    let active = browser.client()?.active_element().await?;
    Ok(active.send_keys(text).await?)
}

async fn saved(browser: &Browser) -> Result<()> {
    browser.wait_text("#etat", "Enregistré à").await
}

/// The draft that the page is about.
async fn draft_id(browser: &Browser) -> Result<String> {
    let path = browser.client()?.current_url().await?.path().to_owned();
    Ok(path.rsplit('/').next().context("a path")?.to_owned())
}

async fn start(browser: &Browser, server: &Server, kind: &str) -> Result<String> {
    browser.goto(&server.url("/questions/nouvelle")).await?;
    browser.click(&format!("button[name=type][value='{kind}']")).await?;
    browser.find("form[data-editor]").await?;
    draft_id(browser).await
}

async fn value(browser: &Browser, css: &str) -> Result<String> {
    let found = browser.script(&format!("return document.querySelector({css:?}).value")).await?;
    Ok(found.as_str().unwrap_or_default().to_owned())
}

async fn write_a_question(server: &mut Server, browser: &Browser, api: &Api) -> Result<()> {
    browser.goto(&server.url("/questions")).await?;
    browser.click_xpath("//a[.='Nouvelle question']").await?;
    look(browser, "nouvelle-question").await?;
    browser.find("button[name=type][value=QRM]").await?.send_keys("\u{e007}").await?;
    browser.find("form[data-editor]").await?;
    let id = draft_id(browser).await?;

    // From nothing, by keyboard alone.
    browser.tab_to("#question-stem").await?;
    keys(browser, "Quel signe n’est pas évocateur d’un syndrome coronarien ? ").await?;
    keys(browser, CTRL_B).await?;
    keys(browser, "ST+").await?;
    browser.wait_text("[data-pane=flaws]", "nég").await?;
    browser.wait_text("[data-pane=tags]", "Item 339").await?;
    browser.wait_text("[data-preview=student]", "évocateur d’un syndrome coronarien").await?;
    browser.wait_text("[data-preview=student] strong", "ST+").await?;
    let texts = ["Douleur constrictive", "Troponine normale", "Sus-décalage du segment ST", "Fièvre", "Toux"];
    for (i, text) in texts.iter().enumerate() {
        browser.tab_to(&format!("#question-propositions-{i}-status")).await?;
        keys(browser, if i % 2 == 0 { "v" } else { "f" }).await?;
        browser.tab_to(&format!("#question-propositions-{i}-text")).await?;
        keys(browser, text).await?;
        browser.tab_to(&format!("#question-propositions-{i}-comment")).await?;
        keys(browser, &format!("Car {text}.")).await?;
    }
    // The last one goes up, another comes after it.
    browser.find("#question-propositions-4-text").await?.send_keys(ALT_UP).await?;
    assert_eq!(value(browser, "#question-propositions-3-text").await?, "Toux");
    let focused = browser.script("return document.activeElement.id").await?;
    assert_eq!(focused, "question-propositions-3-text", "the focus goes with it");
    keys(browser, CTRL_ENTER).await?;
    assert_eq!(
        browser.script("return document.activeElement.closest('[data-item]').id").await?,
        "question-propositions-4"
    );
    browser.find("#question-propositions-4-text").await?.send_keys("Retirée").await?;
    browser.click("button[value='retirer:question.propositions.4']").await?;
    browser.find("#question-comment").await?.send_keys("Troponine : ").await?;
    browser
        .click_xpath("//div[contains(@class, 'bar')][contains(@aria-label, 'Correction')]//button[.='Formule']")
        .await?;
    browser.script("document.querySelector('details[data-correction]').open = true").await?;
    browser.find("[data-preview=correction] math mfrac").await?;
    browser.script("document.querySelector('details[data-correction]').open = false; scrollTo(0, 0)").await?;
    browser.find("#question-stem").await?.send_keys(CTRL_S).await?;
    saved(browser).await?;
    browser.wait_text("[data-preview=student] .choices", "Sus-décalage du segment ST").await?;
    look(browser, "redaction").await?;
    no_console_errors(browser).await?;

    // What was said "enregistré" is there after a reload.
    browser.goto(&server.url(&format!("/questions/brouillons/{id}"))).await?;
    assert!(value(browser, "#question-stem").await?.contains("n’est pas évocateur"));
    assert_eq!(value(browser, "#question-propositions-3-text").await?, "Toux");
    assert_eq!(value(browser, "#question-propositions-3-comment").await?, "Car Toux.");
    let kept = api.get(&format!("/drafts/{id}")).await?;
    assert_eq!(kept["element"]["question"]["propositions"].as_array().map(Vec::len), Some(5), "{kept}");

    // A power cut: what was kept is kept, what is typed meanwhile waits and goes by itself.
    browser.fill("#question-comment", "$\\frac{a}{b}$ avant la coupure.").await?;
    saved(browser).await?;
    server.kill9()?;
    browser.find("#question-source").await?.send_keys("HAS 2024").await?;
    browser.wait_text("#etat", "Hors ligne, non enregistré").await?;
    look(browser, "redaction-hors-ligne").await?;
    server.restart()?;
    saved(browser).await?;
    let kept = api.get(&format!("/drafts/{id}")).await?;
    assert_eq!(kept["element"]["question"]["comment"], "$\\frac{a}{b}$ avant la coupure.");
    assert_eq!(kept["element"]["question"]["source"], "HAS 2024");

    // Typed, never acknowledged, the page left: the text of this machine comes back.
    server.kill9()?;
    browser.find("#question-source").await?.send_keys(", page 3").await?;
    tokio::time::sleep(Duration::from_millis(600)).await;
    browser.script("window.stop(); location.replace('about:blank')").await.ok();
    browser.client()?.goto("about:blank").await?;
    server.restart()?;
    browser.goto(&server.url(&format!("/questions/brouillons/{id}"))).await?;
    browser
        .wait_for("the text of this machine", async || {
            let source = browser.script("return document.querySelector('#question-source')?.value ?? ''").await?;
            Ok(source == "HAS 2024, page 3")
        })
        .await?;

    // Published and proposed.
    browser.click("button[data-add-tag='R2C:339']").await?;
    browser.wait_text("[data-tag-labels='question.tags']", "Syndromes coronariens aigus").await?;
    browser.click_xpath("//button[.='Publier et proposer à la relecture']").await?;
    browser.wait_text("body", "proposée à la relecture").await?;
    browser.wait_text("main", "en relecture").await?;
    browser.find("main math mfrac").await?;
    assert!(api.get(&format!("/drafts/{id}")).await.is_err(), "the draft is over");
    let entry = api.get(&format!("/questions/{id}")).await?;
    assert_eq!(entry["content"]["question"]["tags"][0], "R2C:339", "{entry}");
    no_console_errors(browser).await
}

/// Presses at a place of an element, in fractions of it from its middle, and drags to another.
async fn drag(browser: &Browser, css: &str, from: (f64, f64), to: (f64, f64)) -> Result<()> {
    let element = browser.find(css).await?;
    browser.script(&format!("document.querySelector({css:?}).scrollIntoView({{block: 'center'}})")).await?;
    let (_, _, width, height) = element.rectangle().await?;
    let at = |(x, y): (f64, f64), ms| PointerAction::MoveToElement {
        element: element.clone(),
        duration: Some(Duration::from_millis(ms)),
        x: x * width,
        y: y * height,
    };
    let actions = MouseActions::new("mouse".into())
        .then(at(from, 0))
        .then(PointerAction::Down { button: MOUSE_BUTTON_LEFT })
        .then(at(((from.0 + to.0) / 2.0, (from.1 + to.1) / 2.0), 40))
        .then(at(to, 40))
        .then(PointerAction::Up { button: MOUSE_BUTTON_LEFT });
    Ok(browser.client()?.perform_actions(actions).await?)
}

fn near(value: &Value, wanted: f64) -> bool {
    value.as_f64().is_some_and(|v| (v - wanted).abs() < 0.02)
}

async fn draw_zones(server: &Server, browser: &Browser, api: &Api) -> Result<()> {
    let id = start(browser, server, "QZP").await?;
    browser.find("#question-stem").await?.send_keys("Pointez le ventricule gauche.").await?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("coeur.svg");
    std::fs::write(&file, include_bytes!("../../api/demo/media/coeur-coupe-frontale.svg"))?;
    browser.find("#question-image-file").await?.send_keys(&file.display().to_string()).await?;
    browser.find("[data-drawing] img[src^='/media/']").await?;
    browser.find("#question-image-alt").await?.send_keys("Coupe frontale d’un cœur, sans légende").await?;
    browser.click("button[value='ajouter:question.zones:rect']").await?;
    drag(browser, ".drawing__layer", (-0.3, -0.3), (0.1, 0.2)).await?;
    browser.fill("#question-zones-0-name", "Ventricule gauche").await?;
    saved(browser).await?;
    let shape = |kept: &Value, i: usize| kept["element"]["question"]["zones"][i]["shape"].clone();
    let rect = shape(&api.get(&format!("/drafts/{id}")).await?, 0)["rect"].clone();
    assert!(near(&rect["x"], 0.2) && near(&rect["y"], 0.2) && near(&rect["w"], 0.4) && near(&rect["h"], 0.5), "{rect}");
    // By keyboard: moved, then stretched; by its numbers too.
    browser.script("document.querySelector('[data-zone=\"0\"]').focus()").await?;
    browser.press(&['\u{e014}', '\u{e014}', '\u{e014}', '\u{e014}', '\u{e014}']).await?;
    browser
        .wait_for("the zone moved", async || {
            let kept = api.get(&format!("/drafts/{id}")).await?;
            Ok(near(&shape(&kept, 0)["rect"]["x"], 0.25) && !near(&shape(&kept, 0)["rect"]["x"], 0.2))
        })
        .await?;
    browser.click("button[value='ajouter:question.zones:circle']").await?;
    drag(browser, ".drawing__layer", (0.25, 0.2), (0.35, 0.2)).await?;
    browser.fill("#question-zones-1-name", "Apex").await?;
    browser.click("button[value='ajouter:question.zones:polygon']").await?;
    for corner in [(-0.4, 0.3), (-0.3, 0.2), (-0.2, 0.4)] {
        drag(browser, ".drawing__layer", corner, corner).await?;
    }
    browser.click_xpath("//button[.='Fermer le polygone']").await?;
    browser.fill("#question-zones-2-name", "Foie").await?;
    browser.fill("#question-expected", "3").await?;
    browser.find("#question-stem").await?.send_keys(CTRL_S).await?;
    browser
        .wait_for("three zones", async || {
            let kept = api.get(&format!("/drafts/{id}")).await?;
            let corners = shape(&kept, 2)["polygon"].as_array().cloned().unwrap_or_default();
            Ok(near(&shape(&kept, 1)["circle"]["r"], 0.1) && corners.len() == 3 && near(&corners[0][0], 0.1))
        })
        .await?;
    browser.script("document.querySelector('details[data-correction]').open = true").await?;
    browser.find("[data-preview=correction] .zones__layer polygon.zone").await?;
    browser.script("document.querySelector('#question-image').scrollIntoView()").await?;
    look(browser, "redaction-zones").await?;
    browser.click_xpath("//button[.='Publier une version']").await?;
    browser.wait_text("body", "à l’état de brouillon").await?;
    no_console_errors(browser).await
}

async fn order_a_case(server: &Server, browser: &Browser, api: &Api) -> Result<()> {
    let id = start(browser, server, "mini-DP").await?;
    browser.find("#case-title").await?.send_keys("Une toux qui dure").await?;
    browser.find("#case-intro").await?.send_keys("Un homme de 60 ans tousse.\n\n").await?;
    browser.click_xpath("//div[contains(@class, 'bar')]//button[.='Tableau']").await?;
    browser.find("[data-preview=student] .case table").await?;
    for (i, stem) in ["Premier examen ?", "Deuxième examen ?", "Traitement ?"].iter().enumerate() {
        let part = format!("document.querySelector('#case-parts-{i} > details').open = true");
        browser.script(&part).await?;
        browser.find(&format!("#case-parts-{i}-question-stem")).await?.send_keys(stem).await?;
    }
    // The second goes first by the keyboard, the third is taken out and a TCS comes.
    browser.find("#case-parts-1-question-stem").await?.send_keys(ALT_UP).await?;
    assert_eq!(value(browser, "#case-parts-0-question-stem").await?, "Deuxième examen ?");
    browser.find("#case-parts-0-question-stem").await?.send_keys(ALT_DOWN).await?;
    browser.find("#case-parts-1-question-stem").await?.send_keys(ALT_UP).await?;
    browser.click("button[value='retirer:case.parts.2']").await?;
    browser.script("document.querySelector('[data-part-kind]').value = 'TCS'").await?;
    browser.click("button[value='ajouter:case.parts']").await?;
    browser.find("#case-parts-2-question-hypothesis").await?.send_keys("un cancer").await?;
    for (i, votes) in ["0", "2", "3", "6", "1"].iter().enumerate() {
        browser.fill(&format!("input[name='case.parts.2.question.panel.{i}:n']"), votes).await?;
    }
    browser.wait_text("[data-credits='case.parts.2.question.panel']", "0,333").await?;
    saved(browser).await?;
    let parts = api.get(&format!("/drafts/{id}")).await?["element"]["case"]["parts"].clone();
    let told: Vec<&str> =
        parts.as_array().context("parts")?.iter().filter_map(|p| p["question"]["kind"].as_str()).collect();
    assert_eq!(told, ["QRM", "QRM", "TCS"]);
    assert_eq!(parts[0]["question"]["stem"], "Deuxième examen ?");
    look(browser, "redaction-dossier").await?;

    // Publishing what is not ready says what is missing, and keeps the text.
    browser.click_xpath("//button[.='Publier une version']").await?;
    browser.wait_text("#refus", "à corriger").await?;
    browser.click("[data-pane=faults] a").await?;
    let inside = browser.script("return !!document.activeElement.closest('form[data-editor]')").await?;
    assert_eq!(inside, true, "a fault leads to its field");
    browser.goto(&server.url("/questions/brouillons")).await?;
    browser.wait_text("main", "Une toux qui dure").await?;
    look(browser, "brouillons").await?;
    no_console_errors(browser).await
}

/// Experts listed by name make the votes; a video comes with what it shows.
async fn list_experts(server: &Server, browser: &Browser, api: &Api) -> Result<()> {
    let id = start(browser, server, "TCS").await?;
    for (i, answer) in ["1", "1", "-2"].iter().enumerate() {
        browser.click("button[value='ajouter:question.experts']").await?;
        browser.fill(&format!("#question-experts-{i}-name"), &format!("Expert {i}")).await?;
        let choose = format!(
            "const s = document.querySelector('#question-experts-{i}-answer'); s.value = '{answer}'; \
             s.dispatchEvent(new Event('change', {{bubbles: true}}))"
        );
        browser.script(&choose).await?;
    }
    assert_eq!(value(browser, "input[name='question.panel.3:n']").await?, "2");
    browser.click("button[value='retirer:question.experts.2']").await?;
    assert_eq!(value(browser, "input[name='question.panel.0:n']").await?, "0");
    browser.script("document.querySelector('#question-video').closest('details').open = true").await?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("marche.txt");
    std::fs::write(&file, "pas une vidéo")?;
    browser.find("#question-video-file").await?.send_keys(&file.display().to_string()).await?;
    browser.wait_text("#question-video [data-document-error]", "vidéo").await?;
    saved(browser).await?;
    let kept = api.get(&format!("/drafts/{id}")).await?["element"]["question"].clone();
    assert_eq!(kept["panel"], serde_json::json!([0, 0, 0, 2, 0]), "{kept}");
    assert_eq!(kept["experts"][1], serde_json::json!({"name": "Expert 1", "answer": 1}), "{kept}");
    browser.script("document.querySelector('#question-experts').scrollIntoView()").await?;
    look(browser, "redaction-tcs").await?;
    no_console_errors(browser).await
}

/// What is much the same in the bank is told beside the text.
async fn tell_what_is_alike(server: &Server, browser: &Browser, api: &Api) -> Result<()> {
    let page = api.get("/questions?kind=QRU&limit=1").await?;
    let known = page["entries"][0].clone();
    let entry = api.get(&format!("/questions/{}", known["id"].as_str().context("id")?)).await?;
    let mut element = entry["content"].clone();
    element["question"]["id"] = "une-autre".into();
    let id = start(browser, server, "QRU").await?;
    let body = serde_json::json!({"element": element, "page": "essai"});
    browser
        .wait_for("what is alike", async || {
            api.put(&format!("/drafts/{id}"), &body).await?;
            let draft = api.get(&format!("/drafts/{id}")).await?;
            Ok(draft["advice"]["near"][0]["external_id"] == known["external_id"])
        })
        .await?;
    browser.goto(&server.url(&format!("/questions/brouillons/{id}"))).await?;
    browser.wait_text("[data-pane=near]", known["external_id"].as_str().unwrap_or_default()).await?;
    browser.script("document.querySelector('[data-pane=near]').scrollIntoView()").await?;
    look(browser, "redaction-proches").await
}

async fn walk() -> Result<()> {
    let Some(mut server) = Server::demo()? else { return Ok(()) };
    let Some(browser) = Browser::open().await? else { return Ok(()) };
    let api = Api::sign_in(&server, "auteur", "demonstration").await?;
    browser.sign_in(&server.url(""), "auteur", "demonstration").await?;
    write_a_question(&mut server, &browser, &api).await?;
    draw_zones(&server, &browser, &api).await?;
    order_a_case(&server, &browser, &api).await?;
    list_experts(&server, &browser, &api).await?;
    tell_what_is_alike(&server, &browser, &api).await?;
    if browser.text("main").await?.is_empty() {
        bail!("an empty page");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_author_writes() {
    walk().await.unwrap();
}
