//! An exam that asks for Safe Exam Browser: another browser is told so and what to do, the keys that a page reads open
//! the room, and a supervisor lets someone through.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop loudly")]

mod common;

use anyhow::{Context, Result};
use common::{look, no_console_errors};
use docimo_tests::{Api, Browser, Server};
use serde_json::json;

/// What Safe Exam Browser puts in pages: keys that are there once they were asked for.
fn safe_exam_browser(config_key: &str) -> String {
    format!(
        "window.SafeExamBrowser = {{ version: 'essai', security: {{ configKey: ':', browserExamKey: ':',
           updateKeys: async (done) => {{
             const bytes = new TextEncoder().encode(location.href.split('#')[0] + '{config_key}');
             const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
             window.SafeExamBrowser.security.configKey = [...hash].map((b) => b.toString(16).padStart(2, '0')).join('');
             done();
           }} }} }};"
    )
}

async fn walk() -> Result<()> {
    let Some(server) = Server::demo()? else { return Ok(()) };
    let Some(staff) = Browser::open().await? else { return Ok(()) };
    let Some(student) = Browser::open().await? else { return Ok(()) };
    let api = Api::sign_in(&server, "comite", "demonstration").await?;
    let exams = api.get("/exams").await?;
    let found = exams.as_array().and_then(|l| l.iter().find(|e| e["state"] == "open")).context("open")?;
    let exam = found["id"].as_str().context("id")?.to_owned();

    // The committee decides, by the page.
    staff.sign_in(&server.url(""), "comite", "demonstration").await?;
    staff.goto(&server.url(&format!("/examens/{exam}/navigateur"))).await?;
    staff.click("input[name=mode][value=generated]").await?;
    staff.fill("#cles", "abc").await?;
    staff.click_xpath("//h2[.='Navigateur verrouillé']/../..//button[.='Enregistrer']").await?;
    staff.wait_text(".alert--danger", "64 chiffres").await?;
    look(&staff, "navigateur-faute").await?;
    staff.fill("#cles", "").await?;
    staff.click("input[name=mode][value=generated]").await?;
    staff.click_xpath("//h2[.='Navigateur verrouillé']/../..//button[.='Enregistrer']").await?;
    staff.wait_text("main", "Config Key").await?;
    look(&staff, "navigateur").await?;
    let key = api.get(&format!("/exams/{exam}/doors")).await?["config_key"].as_str().context("key")?.to_owned();

    // Another browser is told what to do, and waits there.
    student.sign_in(&server.url(""), "etudiant", "demonstration").await?;
    student.goto(&server.url("/mes-examens")).await?;
    student.click_xpath("//button[contains(., 'Entrer en salle')]").await?;
    student.wait_text("#room", "Safe Exam Browser").await?;
    look(&student, "salle-autre-navigateur").await?;

    // The right one enters.
    student.before_pages(&safe_exam_browser(&key)).await?;
    student.script("location.reload()").await?;
    student.wait_text("#room", "commencer").await?;
    let refused = api.get(&format!("/exams/{exam}/refusals")).await?;
    assert_eq!(refused, json!([]), "admitted since");

    // Other settings: refused again, seen by the supervisor, who lets them in; the page opens by itself.
    let changed = json!({"mode": "generated", "allowed": {"spell_check": true}});
    api.put(&format!("/exams/{exam}/doors/browser"), &changed).await?;
    student.script("location.reload()").await?;
    student.wait_text("#room", "Safe Exam Browser").await?;
    staff.goto(&server.url(&format!("/examens/{exam}/acces"))).await?;
    staff.wait_text("table", "autre configuration").await?;
    look(&staff, "entrees-refusees").await?;
    staff.click_xpath("//a[contains(., 'Laisser entrer')]").await?;
    staff.fill("#motif", "Poste vérifié sur place.").await?;
    staff.click_xpath("//form//button[.='Laisser entrer']").await?;
    staff.wait_text("table", "Poste vérifié sur place").await?;
    student.wait_text("#room", "commencer").await?;
    no_console_errors(&staff).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exam_is_sat_in_the_browser_it_asks_for() {
    walk().await.unwrap();
}
