//! Tags in the browser: an import of a hundred questions is tagged in one go, through a power cut and without any model;
//! a reviewer decides of some with the keyboard, takes the rest at once where the committee permits it, and undoes it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop loudly")]

mod common;

use anyhow::{Context, Result};
use common::{look, no_console_errors};
use docimo_tests::{Api, Browser, Server};
use serde_json::{Value, json};

const SUBJECTS: [(&str, &str); 5] = [
    ("Crise d’asthme, rhinite allergique et hypersensibilité respiratoire : quels signes de gravité ?", "188"),
    ("Ostéopathies fragilisantes et fracture vertébrale : quelle exploration de l’ostéoporose ?", "128"),
    ("Méningite et méningo-encéphalite de l’adulte : quelle antibiothérapie ?", "151"),
    ("Syndrome coronarien aigu avec sus-décalage du segment ST : quelle reperfusion ?", "339"),
    ("Laquelle de ces propositions est exacte ?", ""),
];

fn file() -> Vec<u8> {
    let entry = |i: usize| {
        let (stem, _) = SUBJECTS[i % SUBJECTS.len()];
        let letters = ["a", "b", "c", "d", "e"];
        let propositions: Vec<Value> = letters
            .iter()
            .map(|id| json!({"id": id, "text": format!("Réponse {id} du cas {i}"), "status": if *id == "a" { "vrai" } else { "faux" }}))
            .collect();
        json!({"id": format!("lot-{i:03}"), "kind": "QRU", "stem": format!("Cas {i}. {stem}"), "propositions": propositions})
    };
    json!({"format": "docimo-questions/1", "entries": (0..100).map(entry).collect::<Vec<_>>()}).to_string().into_bytes()
}

async fn govern(jury: &Browser, server: &Server, threshold: &str) -> Result<()> {
    jury.goto(&server.url("/assistance/etiquettes")).await?;
    jury.fill("#reference", "séance du 3 mars, point 5").await?;
    jury.fill("#seuil", threshold).await?;
    jury.click("button[name=etat][value=marche]").await?;
    jury.wait_text("main", "En service").await
}

/// Asked for the whole import; the power goes out while it runs.
async fn asks(author: &Browser, server: &mut Server) -> Result<()> {
    author.goto(&server.url("/assistance/etiquettes")).await?;
    look(author, "etiquetage").await?;
    let choose = "const s = document.querySelector('#import'); s.value = [...s.options].find(o => o.value === 'cent.json').value";
    author.script(choose).await?;
    author.click_xpath("//button[.='Demander']").await?;
    author.wait_text("h1", "Demande d’étiquettes").await?;
    author
        .wait_for("a first slice", async || {
            let done = author.text("[data-follow] [role=status]").await?;
            Ok(done.contains("questions sur 100") && !done.contains(" 0 questions"))
        })
        .await?;
    server.kill9()?;
    server.restart()?;
    author.wait_text("[data-follow]", "terminée").await?;
    author.wait_text("[data-follow]", "100 questions sur 100").await?;
    look(author, "etiquetage-demande").await?;
    no_console_errors(author).await.or_else(|e| if e.to_string().contains("ERR_CONNECTION") { Ok(()) } else { Err(e) })
}

/// Some are decided on with the keyboard.
async fn reviews(jury: &Browser, server: &Server) -> Result<()> {
    jury.goto(&server.url("/assistance/etiquettes")).await?;
    jury.wait_text("main", "100 propositions attendent").await?;
    jury.click_xpath("//a[.='Relire']").await?;
    jury.wait_text("h1", "lot-000").await?;
    let page = jury.text("main").await?;
    for said in ["Item 188", "mots : ", "asthme", "sans valeur avant votre décision"] {
        assert!(page.contains(said), "{said}: {page}");
    }
    look(jury, "etiquetage-proposition").await?;
    // Taken as it is.
    jury.press(&['a']).await?;
    jury.wait_text("h1", "lot-001").await?;
    jury.wait_text("main", "99 propositions attendent").await?;
    // Another of the first ten: the first is unticked, the second ticked, each with its key.
    jury.press(&['1']).await?;
    jury.press(&['2']).await?;
    let ticked = "return [...document.querySelectorAll('input[name=etiquette][data-key]:checked')].map(e => e.dataset.key).join()";
    assert_eq!(jury.script(ticked).await?, "2");
    jury.press(&['a']).await?;
    jury.wait_text("h1", "lot-002").await?;
    // None, with its reason.
    jury.press(&['r']).await?;
    jury.find("#motif").await?.select_by_value("wrong").await?;
    jury.tab_to("button[value=refuser]").await?;
    jury.press(&['\u{e007}']).await?;
    jury.wait_text("h1", "lot-003").await?;
    jury.press(&['n']).await?;
    jury.wait_text("h1", "lot-004").await?;
    jury.wait_text("main", "La machine s’abstient").await?;
    look(jury, "etiquetage-abstention").await?;
    no_console_errors(jury).await
}

async fn tags(api: &Api, external: &str) -> Result<String> {
    let found = api.get(&format!("/questions?limit=200&q=id:{external}")).await?;
    let entry =
        found["entries"].as_array().and_then(|e| e.iter().find(|e| e["external_id"] == external)).context("entry")?;
    let id = entry["id"].as_str().context("id")?;
    Ok(api.get(&format!("/questions/{id}")).await?["content"]["question"]["tags"].to_string())
}

async fn run() -> Result<()> {
    let Some(mut server) = Server::demo()? else { return Ok(()) };
    let (Some(jury), Some(author)) = (Browser::open().await?, Browser::open().await?) else { return Ok(()) };
    jury.sign_in(&server.url(""), "comite", "demonstration").await?;
    author.sign_in(&server.url(""), "auteur", "demonstration").await?;
    let api = Api::sign_in(&server, "auteur", "demonstration").await?;
    let report = api.post_bytes("/questions/import?name=cent.json", "application/octet-stream", file()).await?;
    assert_eq!(report["added"], 100, "{report}");
    author.goto(&server.url("/assistance/etiquettes")).await?;
    assert!(author.text("main").await?.contains("jamais mis en service"), "off by default");
    govern(&jury, &server, "").await?;
    asks(&author, &mut server).await?;
    assert!(!tags(&api, "lot-000").await?.contains("R2C"), "a proposal is no tag");
    jury.goto(&server.url("/assistance/etiquettes/lot")).await?;
    jury.wait_text("main", "Le comité ne le permet pas").await?;
    reviews(&jury, &server).await?;
    assert!(tags(&api, "lot-000").await?.contains("R2C:188"));
    assert!(!tags(&api, "lot-002").await?.contains("R2C"), "refused");

    // The rest at once.
    govern(&jury, &server, "60").await?;
    jury.click_xpath("//a[.='Accepter d’un coup']").await?;
    jury.wait_text("main", "Rien n’est encore écrit").await?;
    look(&jury, "etiquetage-lot").await?;
    jury.click_xpath("//button[contains(., 'sous mon nom')]").await?;
    jury.wait_text("main", "L’opération peut être défaite ici").await?;
    assert!(tags(&api, "lot-005").await?.contains("R2C:188"));
    assert!(!tags(&api, "lot-009").await?.contains("R2C"), "what it does not know stays unsaid");
    jury.goto(&server.url("/assistance/etiquettes")).await?;
    jury.wait_text("main", "3 propositions jugées").await?;
    look(&jury, "etiquetage-chiffres").await?;

    // Where a tag comes from is on the question's page, and stays when the operation is undone.
    jury.goto(&server.url("/questions/lots")).await?;
    jury.click_xpath("(//button[contains(., 'Défaire')])[1]").await?;
    jury.wait_text("main", "Défaite le").await?;
    assert!(!tags(&api, "lot-005").await?.contains("R2C"));
    assert!(tags(&api, "lot-000").await?.contains("R2C:188"), "the others stay");
    let found = api.get("/questions?limit=200&q=id:lot-005").await?;
    let id = found["entries"][0]["id"].as_str().context("id")?;
    jury.goto(&server.url(&format!("/questions/{id}"))).await?;
    jury.click("#etiquettes-ia summary").await?;
    let said = jury.text("#etiquettes-ia").await?;
    assert!(said.contains("Item 188") && said.contains("acceptées d’un coup"), "{said}");
    look(&jury, "etiquetage-origine").await?;
    no_console_errors(&jury).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_questions_are_tagged_by_people() {
    run().await.unwrap();
}
