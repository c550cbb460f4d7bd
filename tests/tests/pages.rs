//! Every page of the demonstration, by each of its users, in both themes and at two widths: axe-core finds
//! nothing, nothing overflows, no script fails, the first load is light.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop loudly")]

mod common;

use anyhow::{Context, Result, bail};
use common::{no_console_errors, no_violation};
use docimo_tests::{Api, Browser, Server};
use fantoccini::Locator;
use serde_json::Value;

async fn look(browser: &Browser, server: &Server, page: &str) -> Result<()> {
    browser.goto(&server.url(page)).await?;
    browser.find("h1").await?;
    for (width, dark) in [(1280, false), (1280, true), (390, false), (390, true)] {
        browser.size(width, 900).await?;
        browser.dark(dark).await?;
        no_violation(browser, &format!("{page} at {width}, {}", if dark { "dark" } else { "light" })).await?;
        let wide = browser
            .script("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
            .await?;
        if wide.as_i64().unwrap_or(0) > 0 {
            bail!("{page} overflows by {wide} px at {width}");
        }
    }
    browser.size(1280, 900).await?;
    browser.dark(false).await?;
    no_console_errors(browser).await.with_context(|| page.to_owned())
}

async fn picture(browser: &Browser, server: &Server, page: &str, name: &str) -> Result<()> {
    if std::env::var_os("DOCIMO_SHOTS_DIR").is_none() {
        return Ok(());
    }
    browser.goto(&server.url(page)).await?;
    browser.find("h1").await?;
    for width in [1280, 390] {
        browser.size(width, if width == 390 { 844 } else { 900 }).await?;
        browser.picture(&format!("{name}-{width}")).await?;
    }
    browser.size(1280, 900).await
}

async fn run() -> Result<()> {
    let Some(server) = Server::demo()? else { return Ok(()) };
    let Some(browser) = Browser::open().await? else { return Ok(()) };
    for page in ["/connexion", "/aide", "/accessibilite", "/composants"] {
        look(&browser, &server, page).await?;
    }
    let api = Api::sign_in(&server, "comite", "demonstration").await?;
    let exams = api.get("/exams").await?;
    let exam = |state: &str| -> Result<String> {
        let found = exams.as_array().and_then(|l| l.iter().find(|e| e["state"] == state)).context("no such exam")?;
        Ok(format!("/examens/{}", found["id"].as_str().unwrap_or_default()))
    };
    let (draft, open, published) = (exam("draft")?, exam("open")?, exam("published")?);
    let before = exams.as_array().and_then(|l| l.iter().rfind(|e| e["state"] == "published")).context("a past exam")?;
    let before = before["id"].as_str().context("id")?;
    let statistics = api.get(&format!("{}/statistics", published.replace("/examens", "/exams"))).await?;
    let flawed =
        statistics["questions"].as_array().context("questions")?.iter().find(|q| q["neutralised"] != Value::Null);
    let flawed =
        flawed.context("the demonstration neutralises a question")?["id"].as_str().unwrap_or_default().to_owned();
    let other = statistics["questions"][2]["id"].as_str().context("a third question")?.to_owned();
    let bank = api.get("/questions?limit=200").await?;
    let mut kinds = std::collections::BTreeMap::new();
    for entry in bank["entries"].as_array().context("entries")? {
        kinds.insert(
            entry["kind"].as_str().unwrap_or_default().to_owned(),
            entry["id"].as_str().unwrap_or_default().to_owned(),
        );
    }
    assert_eq!(kinds.len(), 12, "every kind of question and case is shown: {kinds:?}");
    let total: i64 = bank["entries"].as_array().unwrap().iter().filter_map(|e| e["questions"].as_i64()).sum();
    assert!(total >= 80, "{total} questions");

    browser.sign_in(&server.url(""), "comite", "demonstration").await?;
    // A scheme of the draft's own, and an element of its paper.
    let scheme = api.get("/schemes").await?.as_array().context("schemes")?.iter().find(|s| s["name"] == "v6").cloned();
    let mut own = scheme.context("v6")?;
    own["title"] = "Barème de la colle".into();
    api.put(&format!("{}/schemes/colle", draft.replace("/examens", "/exams")), &own).await?;
    let paper = api.get(&format!("{}/paper", draft.replace("/examens", "/exams"))).await?;
    let element = paper["sections"][0]["elements"][0]["question"]["id"].as_str().context("element")?.to_owned();
    let candidates = api.get(&format!("{}/candidates", published.replace("/examens", "/exams"))).await?;
    let candidate = candidates[0]["person"].as_str().context("candidate")?.to_owned();
    let mut pages: Vec<String> =
        ["/", "/compte", "/questions", "/questions/importer", "/examens", "/examens/nouveau"].map(String::from).into();
    pages.extend(kinds.values().map(|id| format!("/questions/{id}")));
    pages.extend(
        [
            "",
            "/reglages",
            "/sujet",
            "/sections/s1/questions",
            "/apercu",
            "/candidats",
            "/baremes",
            "/baremes/edn",
            "/baremes/colle",
        ]
        .map(|p| format!("{draft}{p}")),
    );
    pages.extend(["", "/centres", "/suivi/s1", "/navigateur", "/acces"].map(|p| format!("{open}{p}")));
    pages.push("/questions/journal".into());
    pages.extend(
        [
            "",
            "/notation",
            "/registre",
            "/registre/1/2",
            "/resultats",
            "/journal",
            "/candidats",
            "/recus",
            "/recus?tout=1",
        ]
        .map(|p| format!("{published}{p}")),
    );
    pages.extend(
        ["", "/modele", "/rangs", "/groupes", "/copies", "/seuil", "/simulation"]
            .map(|p| format!("{published}/analyse{p}")),
    );
    // Once both are studied, the page has something to show.
    api.get(&format!("{}/equating?with={before}", published.replace("/examens", "/exams"))).await?;
    let sessions = format!("{published}/analyse/sessions?avec={before}");
    pages.push(format!("{published}/analyse/sessions"));
    pages.push(sessions.clone());
    pages.push(format!("{published}/analyse/simulation?d.{flawed}=reinstate&s=d.{other}%3Dremoved"));
    pages.push(format!("{published}/notation/{flawed}"));
    pages.push(format!("{draft}/sections/s1/elements/{element}"));
    pages.push(format!("{published}/candidats/{candidate}"));
    pages.push(format!("{published}/candidats/{candidate}/copie"));
    pages.extend(referential(&server, &api).await?);
    for page in &pages {
        look(&browser, &server, page).await?;
    }
    for (page, name) in [
        ("", "referentiel"),
        ("/items/226", "item"),
        ("/specialites", "specialites"),
        ("/specialites/pneumologie", "specialite"),
        ("/situations", "situations"),
        ("/recherche?mots=embolie", "recherche"),
        ("/importer", "importer-referentiel"),
        ("/revue", "revue"),
        ("/pharmacie-demo", "arbre"),
        ("/r2c", "versions"),
    ] {
        picture(&browser, &server, &format!("/referentiel{page}"), name).await?;
    }
    picture(&browser, &server, &format!("{published}/notation"), "notation").await?;
    picture(&browser, &server, &format!("{published}/analyse"), "analyse").await?;
    picture(&browser, &server, &format!("{published}/analyse/simulation?d.{flawed}=reinstate"), "simulation").await?;
    picture(&browser, &server, &sessions, "sessions").await?;
    picture(&browser, &server, &format!("{published}/notation/{flawed}"), "question").await?;
    picture(&browser, &server, &format!("{published}/registre/1/2"), "effet").await?;
    picture(&browser, &server, &published, "examen").await?;
    picture(&browser, &server, &format!("{published}/recus?tout=1"), "recus").await?;

    for (login, own) in [
        ("admin", vec!["/", "/comptes"]),
        ("surveillant", vec!["/", "/examens"]),
        ("scolarite", vec!["/", "/examens"]),
        ("auteur", vec!["/"]),
    ] {
        let other = Browser::open().await?.context("browser")?;
        other.sign_in(&server.url(""), login, "demonstration").await?;
        for page in own {
            look(&other, &server, page).await?;
        }
    }

    let student = Browser::open().await?.context("browser")?;
    student.sign_in(&server.url(""), "etudiant", "demonstration").await?;
    let results = published.replace("/examens/", "/resultats/");
    for page in ["/", "/mes-examens", &results] {
        look(&student, &server, page).await?;
    }
    picture(&student, &server, &results, "correction").await?;
    picture(&student, &server, "/mes-examens", "mes-epreuves").await?;
    room(&student, &server).await
}

/// Pages of what is taught: before any objective, then with two versions of some, and another discipline's
/// tree.
async fn referential(server: &Server, api: &Api) -> Result<Vec<String>> {
    let bare = Browser::open().await?.context("browser")?;
    bare.sign_in(&server.url(""), "auteur", "demonstration").await?;
    for page in ["/referentiel", "/referentiel/items/226", "/referentiel/specialites"] {
        look(&bare, server, page).await?;
    }
    let objectives = "code,item,ordinal,rank,rubric,title,title_status\n\
        OIC-226-01-A,226,1,A,Définition,Premier objectif d’essai,complete\n\
        OIC-226-02-B,226,2,B,Étiologies,Deuxième objectif d’essai dont le titre s’arrête sur le,truncated\n\
        OIC-226-03-A,226,3,A,Prise en charge,Troisième objectif d’essai,uncertain\n";
    let tree = "code;parent;title;kind;rank;status\nUE1;;Chimie;UE;;\nUE1.1;UE1;Atomes et molécules;cours;A;\n\
        UE1.1.1;UE1.1;Liaison covalente;objectif;A;\nUE2;;Physique;UE;;deprecated\n";
    let kind = "application/octet-stream";
    let question = r#"{"format":"docimo-questions/1","entries":[
        {"id":"essai-1","kind":"QROC","stem":"Quoi ?","exact":["x"],"tags":["OIC-226-01-A","OIC-226-03-A","pharmacie-demo:UE1.1"]}]}"#;
    api.post_bytes("/questions/import?name=essai.json", kind, question.into()).await?;
    api.post_bytes("/referentials/import?name=o.csv&version=Essai%201", kind, objectives.into()).await?;
    let next = objectives
        .replace("OIC-226-03-A,226,3,A,Prise en charge,Troisième", "OIC-226-04-A,226,4,A,Prise en charge,Autre");
    api.post_bytes("/referentials/import?name=o.csv&version=Essai%202", kind, next.into()).await?;
    api.post_bytes("/referentials/import?name=pharmacie-demo.csv", kind, tree.into()).await?;
    let waiting = api.get("/referentials/review").await?;
    assert_eq!(waiting[0]["tag"], "OIC-226-03-A", "{waiting}");
    Ok([
        "",
        "?manque=1",
        "/items/226",
        "/items/1",
        "/specialites",
        "/specialites/pneumologie",
        "/situations",
        "/recherche?mots=embolie",
        "/recherche?mots=zzz",
        "/importer",
        "/revue",
        "/pharmacie-demo",
        "/r2c",
    ]
    .iter()
    .map(|page| format!("/referentiel{page}"))
    .collect())
}

/// The room of the open exam, question by question, and the weight of its first load.
async fn room(browser: &Browser, server: &Server) -> Result<()> {
    browser.goto(&server.url("/mes-examens")).await?;
    browser.click("main form button[type=submit]").await?;
    browser.click_xpath("//button[contains(., 'Commencer')]").await?;
    browser.wait_text(".question__title", "Question 1").await?;
    // Bytes once decoded: what the machine has to parse, not what the wire saved by compressing.
    let weight = browser
        .script("return performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation')).filter(e => !e.name.includes('/media/')).reduce((s, e) => s + e.encodedBodySize, 0)")
        .await?;
    assert!(weight.as_u64().is_some_and(|w| (5_000..150_000).contains(&w)), "first load of {weight} bytes");
    let plan = browser.all(".plan__item[data-question]").await?.len();
    assert!(plan >= 14, "{plan}");
    let next = "//nav[contains(@class,'room-bottom')]//button[contains(., 'Suivante')]";
    let mut seen = 0;
    for n in 1..=plan {
        seen = n;
        for (width, dark) in [(1280, false), (390, true)] {
            browser.size(width, 844).await?;
            browser.dark(dark).await?;
            no_violation(browser, &format!("question {n} at {width}")).await?;
        }
        browser.dark(false).await?;
        for width in [1280, 390] {
            browser.size(width, if width == 390 { 844 } else { 900 }).await?;
            if n == 2 {
                browser.picture(&format!("salle-{width}")).await?;
            }
            if !browser.all(".pointing").await?.is_empty() {
                browser.picture(&format!("salle-image-{width}")).await?;
            }
        }
        browser.size(1280, 900).await?;
        // Parts of a progressive case that are not open yet are passed over: the last one says « Terminer ».
        if browser.client()?.find_all(Locator::XPath(next)).await?.is_empty() {
            break;
        }
        browser.script("document.activeElement.blur()").await?;
        browser.click_xpath(next).await?;
        if browser.texts(".question__title").await?.is_empty() {
            bail!("no question after {n}");
        }
    }
    assert!(seen >= 12, "{seen} questions seen");
    no_console_errors(browser).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_are_accessible_and_light() {
    run().await.unwrap();
}
