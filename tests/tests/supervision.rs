//! The supervisor's room and what candidates see of it: an alarm blanks screens and gives them back, time comes
//! without a reload, a candidate moves to another machine, whatever the machine's own clock says.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop loudly")]

mod common;

use anyhow::{Context, Result, ensure};
use common::{confirm, look, no_console_errors, no_violation};
use docimo_tests::{Api, Browser, Server};
use serde_json::{Value, json};

const SUBJECTS: [&str; 4] = ["asthme", "cirrhose", "glaucome", "migraine"];

struct Day {
    jury: Api,
    exam: String,
    codes: Vec<String>,
    supervisor: String,
}

/// An exam of four questions, common clock, two sites and three rooms; the first candidate may take breaks.
async fn open_exam(server: &Server) -> Result<Day> {
    let make = |login: &str, role: &str| -> Result<String> {
        let made = server.command(&["user", "add", login, "--name", login, "--role", role])?;
        Ok(String::from_utf8(made.stdout)?.trim().to_owned())
    };
    let jury = Api::sign_in(server, "jury", &make("jury", "committee")?).await?;
    let supervisor = make("surveillant", "supervisor")?;
    let settings = json!({"title": "Épreuve surveillée", "start_mode": "common", "scheme": "edn", "grace_seconds": 1});
    let exam = jury.post("/exams", &settings).await?["id"].as_str().context("id")?.to_owned();
    let elements: Vec<Value> = SUBJECTS
        .iter()
        .enumerate()
        .map(|(n, subject)| {
            let propositions: Vec<Value> = ["a", "b", "c", "d", "e"]
                .iter()
                .enumerate()
                .map(|(i, id)| json!({"id": id, "text": format!("{subject} {id}"), "status": if i < 2 { "vrai" } else { "faux" }}))
                .collect();
            json!({"question": {"id": format!("q{}", n + 1), "kind": "QRM", "stem": format!("Que dire de : {subject} ?"), "propositions": propositions}})
        })
        .collect();
    let paper = json!({"title": "Épreuve surveillée", "scheme": "edn", "sections": [
        {"id": "s1", "title": "Essai", "duration_minutes": 60, "elements": elements}]});
    jury.put(&format!("/exams/{exam}/paper"), &paper).await?;
    jury.post(&format!("/exams/{exam}/freeze"), &json!({})).await?;
    let csv =
        "numero;nom;centre;salle;pauses;minutes de pause\nD-1;Un;Lyon;A;2;10\nD-2;Deux;Lyon;B;;\nD-3;Trois;Lille;C;;\n";
    let made = jury.post_bytes(&format!("/exams/{exam}/candidates"), "text/csv", csv.as_bytes().to_vec()).await?;
    let codes = (0..3).map(|i| made[i]["code"].as_str().unwrap().to_owned()).collect();
    Ok(Day { jury, exam, codes, supervisor })
}

async fn wait_in_room(browser: &Browser, server: &Server, login: &str, code: &str) -> Result<()> {
    browser.sign_in(&server.url(""), login, code).await?;
    browser.goto(&server.url("/mes-examens")).await?;
    browser.click("main form button[type=submit]").await
}

/// Seconds left, as the page writes them: hours, minutes, seconds, each where it is not nothing.
async fn remaining_s(browser: &Browser) -> Result<i64> {
    let text = browser.text(".room-top__time").await?.replace('\u{a0}', " ");
    let mut words = text.split(' ').peekable();
    let mut left = 0;
    while let Some(word) = words.next() {
        let Ok(number) = word.parse::<i64>() else { continue };
        left += match words.peek() {
            Some(&"h") => number * 3600,
            Some(&"s") => number,
            // "1 h 05": minutes without a word.
            _ => number * 60,
        };
    }
    Ok(left)
}

#[tokio::test]
async fn what_the_supervisor_does_is_seen_at_once() -> Result<()> {
    let Some(server) = Server::start(None)? else { return Ok(()) };
    let (Some(one), Some(desk)) = (Browser::open().await?, Browser::open().await?) else { return Ok(()) };
    let day = open_exam(&server).await?;
    let suivi = server.url(&format!("/examens/{}/suivi/s1", day.exam));
    wait_in_room(&one, &server, "d-1", &day.codes[0]).await?;
    one.find(".room-screen__state").await?;

    // The machine's own clock is wrong, and changes: nothing of it matters.
    one.script("const real = Date.now; Date.now = () => real() - 86400000 * 400; return 1").await?;
    day.jury.post(&format!("/exams/{}/sections/s1/open", day.exam), &json!({})).await?;
    one.wait_text(".question__title", "Question 1").await?;
    let left = remaining_s(&one).await?;
    ensure!((3_480..=3_600).contains(&left), "{left} s left");
    one.click("input[name=answer-q1][value=a]").await?;
    one.wait_text(".room-top__state", "Enregistré").await?;
    // Then two days ahead: the time left is the same, and answers count.
    one.script("const late = Date.now; Date.now = () => late() + 86400000 * 402; return 1").await?;
    one.click("input[name=answer-q1][value=b]").await?;
    one.wait_text(".room-top__state", "Enregistré").await?;
    let after = remaining_s(&one).await?;
    ensure!((left - 120..=left).contains(&after), "{left} s left, then {after}");

    // The supervisor sees the room, at both widths.
    desk.sign_in(&server.url(""), "surveillant", &day.supervisor).await?;
    desk.goto(&suivi).await?;
    desk.wait_text("#suivi", "Compose").await?;
    look(&desk, "suivi").await?;

    // Fire alarm from the list: two clicks. The candidate's screen is blank, with what to do.
    desk.click_xpath("//tr[th[contains(., 'Lyon')]]//button[contains(., 'Alarme')]").await?;
    confirm(&desk).await?;
    one.wait_text(".room-stop h1", "Évacuation").await?;
    one.wait_text(".room-stop", "enregistrées").await?;
    ensure!(one.script("return document.querySelector('.room-frame').offsetParent === null").await? == json!(true));
    ensure!(!one.text("body").await?.contains("Que dire de"), "the question still shows");
    look(&one, "alarme").await?;
    one.dark(true).await?;
    no_violation(&one, "alarme, sombre").await?;
    one.dark(false).await?;
    desk.wait_text("#suivi", "Lever l’alarme").await?;
    desk.click_xpath("//tr[th[contains(., 'Lyon')]]//button[contains(., 'Lever')]").await?;
    confirm(&desk).await?;
    one.wait_text(".question__title", "Question 1").await?;
    ensure!(one.all(".room-stop").await?.is_empty());
    one.wait_text(".room-notices", "reprend").await?;
    ensure!(
        one.script("return document.querySelector('input[name=answer-q1][value=a]').checked").await? == json!(true)
    );

    // Extra time appears without a reload, a message too.
    let left = remaining_s(&one).await?;
    desk.click_xpath("//tr[td[contains(., 'D-1')]]//a[contains(., 'Agir')]").await?;
    desk.wait_text("h1", "D-1").await?;
    look(&desk, "candidat-surveille").await?;
    desk.fill("#minutes", "7").await?;
    desk.fill("#motif", "Panne de la machine").await?;
    desk.click_xpath("//button[contains(., 'Donner ce temps')]").await?;
    one.wait_text(".room-notices", "L’heure de fin a changé").await?;
    let more = remaining_s(&one).await? - left;
    ensure!((340..=420).contains(&more), "{more} s more");
    desk.fill("#texte", "Restez à votre place").await?;
    desk.click_xpath("//section[@id='message']//button").await?;
    one.wait_text(".room-notices", "Restez à votre place").await?;

    // A break by right: the candidate's own clock stops, the list says so.
    one.click_xpath("//button[contains(., 'Prendre une pause')]").await?;
    one.wait_text(".room-stop h1", "Pause").await?;
    one.wait_text(".room-stop", "de pause").await?;
    no_violation(&one, "pause").await?;
    desk.goto(&suivi).await?;
    desk.wait_text("#suivi", "En pause").await?;
    one.click_xpath("//button[contains(., 'Reprendre l’épreuve')]").await?;
    one.wait_text(".question__title", "Question 1").await?;
    no_console_errors(&one).await?;

    // Settings, and the report of the site.
    let report = server.url(&format!("/examens/{}/suivi/s1", day.exam));
    desk.goto(&report).await?;
    desk.click_xpath("//a[contains(., 'Rapport du centre Lyon')]").await?;
    desk.wait_text("h1", "Rapport du centre Lyon").await?;
    desk.wait_text("main", "n’ont changé l’horloge d’aucun candidat").await?;
    look(&desk, "rapport-centre").await?;
    no_console_errors(&desk).await
}

#[tokio::test]
async fn a_candidate_moves_with_a_code() -> Result<()> {
    let Some(server) = Server::start(None)? else { return Ok(()) };
    let (Some(old), Some(new), Some(desk)) = (Browser::open().await?, Browser::open().await?, Browser::open().await?)
    else {
        return Ok(());
    };
    let day = open_exam(&server).await?;
    day.jury.post(&format!("/exams/{}/sections/s1/open", day.exam), &json!({})).await?;
    wait_in_room(&old, &server, "d-2", &day.codes[1]).await?;
    old.wait_text(".question__title", "Question 1").await?;
    old.click("input[name=answer-q1][value=b]").await?;
    old.wait_text(".room-top__state", "Enregistré").await?;

    desk.sign_in(&server.url(""), "surveillant", &day.supervisor).await?;
    desk.goto(&server.url(&format!("/examens/{}/suivi/s1", day.exam))).await?;
    desk.click_xpath("//tr[td[contains(., 'D-2')]]//a[contains(., 'Agir')]").await?;
    desk.click_xpath("//button[contains(., 'Changer de machine')]").await?;
    desk.wait_text("h1", "Changement de machine").await?;
    look(&desk, "changement-machine").await?;
    let code = desk.text("#code").await?;

    wait_in_room(&new, &server, "d-2", code.trim()).await?;
    new.wait_text(".question__title", "Question 1").await?;
    ensure!(
        new.script("return document.querySelector('input[name=answer-q1][value=b]').checked").await? == json!(true)
    );
    new.click("input[name=answer-q1][value=a]").await?;
    new.wait_text(".room-top__state", "Enregistré").await?;
    // The old one says that it no longer answers.
    old.wait_for("the old page gives way", async || {
        let text = old.text("body").await?;
        Ok(text.contains("autre poste") || text.contains("session a expiré"))
    })
    .await?;

    // Settings of the day, by the committee, with the keyboard alone.
    let jury = Browser::open().await?.context("browser")?;
    let made = server.command(&["user", "add", "comite", "--name", "Comité", "--role", "committee"])?;
    jury.sign_in(&server.url(""), "comite", String::from_utf8(made.stdout)?.trim()).await?;
    jury.goto(&server.url(&format!("/examens/{}/jour", day.exam))).await?;
    look(&jury, "reglages-du-jour").await?;
    jury.tab_to("#approval").await?;
    jury.press(&['5', '\u{e007}']).await?;
    jury.wait_text("body", "Réglages enregistrés").await?;
    no_console_errors(&jury).await
}
