//! Questions without any language model: a teacher writes a model, draws a family from it, and decides on each; and
//! passages of sources found by a subject.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop loudly")]

mod common;

use anyhow::Result;
use common::{look, no_console_errors};
use docimo_tests::{Browser, Server};

const VALUES: &str = "poison : nom ; antidote\n- paracétamol ; N-acétylcystéine\n- morphinique ; naloxone\n- monoxyde de \
    carbone ; oxygène\n- benzodiazépine ; flumazénil";
const ANTIDOTES: &str =
    "[vrai] {poison.antidote}\n[faux] glucagon\n[faux] vitamine K\n[faux] atropine\n[faux] protamine";

async fn run() -> Result<()> {
    let Some(server) = Server::demo()? else { return Ok(()) };
    let Some(browser) = Browser::open().await? else { return Ok(()) };
    browser.sign_in(&server.url(""), "auteur", "demonstration").await?;
    browser.goto(&server.url("/assistance/modeles")).await?;
    look(&browser, "modeles-vide").await?;
    browser.click(".page-header__actions a").await?;
    // The example works as it stands.
    assert_eq!(browser.all("#apercu ~ h3").await?.len(), 3);
    look(&browser, "modele-nouveau").await?;
    browser.fill("#titre", "Antidotes <script>window.atteint = 1</script>").await?;
    browser.fill("#enonce", "Quel est l’antidote d’une intoxication au {poison.nom} ?").await?;
    browser.fill("#valeurs", VALUES).await?;
    browser.fill("#contraintes", "").await?;
    browser.fill("#commentaire", "C’est {poison.antidote}.").await?;
    // What is wrong is said, and what was written stays.
    browser.fill("#propositions", "[vrai] {poison.remede}").await?;
    browser.click("button[value=apercu]").await?;
    browser.wait_text("[role=alert]", "{poison.remede}").await?;
    assert!(
        browser.script("return document.querySelector('#valeurs').value").await?.as_str().unwrap().contains("naloxone")
    );
    look(&browser, "modele-faute").await?;
    browser.fill("#propositions", ANTIDOTES).await?;
    browser.click("button[value=enregistrer]").await?;
    browser.wait_text("main .lead", "Version 1").await?;
    look(&browser, "modele").await?;
    browser.fill("#nombre", "4").await?;
    browser.click("button[value=tirer]").await?;
    browser.wait_text("[data-follow]", "terminée").await?;
    assert_eq!(browser.all("[data-follow] ol li").await?.len(), 4);

    // With the keyboard, as any other proposal.
    browser.goto(&server.url("/assistance/propositions")).await?;
    browser.click(".page-header__actions a").await?;
    browser.wait_text("main", "donné par le modèle de questions").await?;
    assert_eq!(
        browser.text(".kicker").await?.to_lowercase(),
        "question tirée d’un modèle, sans valeur avant votre décision"
    );
    look(&browser, "modele-proposition").await?;
    browser.press(&['a']).await?;
    browser.wait_text("main", "3 propositions attendent").await?;
    assert_eq!(browser.script("return window.atteint ?? null").await?, serde_json::Value::Null);

    // Passages are found by a subject.
    browser.goto(&server.url("/assistance/sources")).await?;
    browser.fill("#texte", "# Asthme\n\nDes sibilants diffus.\n\n# Purpura\n\nDes lésions rouges.").await?;
    browser.fill("#titre", "Cours").await?;
    browser.fill("#licence", "usage interne").await?;
    browser.click("form[enctype] button[type=submit]").await?;
    browser.wait_text("h1", "Cours").await?;
    browser.goto(&server.url("/assistance/sources")).await?;
    browser.fill("#q", "sibilant").await?;
    browser.click("form[role=search] button").await?;
    browser.wait_text("#trouves ~ form", "Des sibilants diffus.").await?;
    assert_eq!(browser.all("#trouves ~ form li").await?.len(), 1);
    look(&browser, "sources-trouvees").await?;
    browser.click("#trouves ~ form input[name=p]").await?;
    browser.click("#trouves ~ form button").await?;
    browser.wait_text("main", "1 passage choisi dans « Cours »").await?;
    no_console_errors(&browser).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_family_is_drawn_and_a_passage_found() {
    run().await.unwrap();
}
