//! The harness itself, on pages of its own, one wrong on purpose: what it reports must be there to report,
//! what it cuts must be cut. Without this a browser test could hold because nothing was looked at.

use anyhow::{Context, Result};
use docimo_tests::Browser;
use serde_json::json;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'";
const SOUND: &str = "<!doctype html><html lang=fr><title>Page saine</title><main><h1>Page saine</h1>
    <p><label>Nom <input id=name></label> <button type=button id=go>Envoyer</button></p></main>";
const FAULTY: &str = "<!doctype html><html lang=fr><title>Page fautive</title><main><h1>Page fautive</h1>
    <p style='color: red'>Un style que la politique refuse.</p><input id=nameless></main>
    <script src=/throws.js></script>";
const TAB: char = '\u{e004}';

/// Serves the pages on a port of its own until the process ends.
fn site() -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let base = format!("http://{}", listener.local_addr()?);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A browser opens connections ahead of need: a silent one must not hold up the others.
            std::thread::spawn(move || answer(&stream));
        }
    });
    Ok(base)
}

fn answer(mut stream: &TcpStream) -> std::io::Result<()> {
    let head: Vec<String> =
        BufReader::new(stream).lines().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
    let path = head.first().and_then(|line| line.split(' ').nth(1)).unwrap_or_default();
    let (kind, body) = match path {
        "/sound" => ("text/html; charset=utf-8", SOUND),
        "/faulty" => ("text/html; charset=utf-8", FAULTY),
        "/throws.js" => ("text/javascript", "throw new Error('planted')"),
        _ => ("text/plain", ""),
    };
    write!(
        stream,
        "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\ncontent-security-policy: {POLICY}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

#[tokio::test]
async fn keys_go_where_the_focus_is() -> Result<()> {
    let Some(browser) = Browser::open().await? else { return Ok(()) };
    browser.goto(&format!("{}/sound", site()?)).await?;
    browser.wait_text("h1", "Page saine").await?;
    browser.tab_to("#name").await?;
    browser.press(&['a', 'é', '3', TAB]).await?;
    assert_eq!(browser.script("return document.querySelector('#name').value").await?, json!("aé3"));
    assert_eq!(browser.script("return document.activeElement.id").await?, json!("go"));
    assert!(browser.tab_to("#absent").await.is_err(), "Tab reached what is not there");
    Ok(())
}

#[tokio::test]
async fn a_cut_network_is_cut_and_comes_back() -> Result<()> {
    let Some(browser) = Browser::open().await? else { return Ok(()) };
    browser.goto(&format!("{}/sound", site()?)).await?;
    let reach = "const done = arguments[arguments.length - 1];
        fetch('/anything').then(() => done('reached'), () => done('cut'))";
    for (offline, wanted) in [(true, "cut"), (false, "reached")] {
        browser.offline(offline).await?;
        assert_eq!(browser.client()?.execute_async(reach, vec![]).await?, json!(wanted));
        assert_eq!(browser.script("return navigator.onLine").await?, json!(!offline));
    }
    Ok(())
}

#[tokio::test]
async fn planted_faults_are_reported_and_nothing_else() -> Result<()> {
    let Some(browser) = Browser::open().await? else { return Ok(()) };
    let base = site()?;
    browser.goto(&format!("{base}/sound")).await?;
    assert_eq!(browser.axe().await?, Vec::<String>::new());
    assert_eq!(browser.console_errors().await?, Vec::<String>::new());

    browser.goto(&format!("{base}/faulty")).await?;
    let violations = browser.axe().await?;
    assert!(
        violations.is_empty() && std::env::var_os("DOCIMO_TEST_AXE").is_none()
            || violations.iter().any(|v| v.starts_with("label:") && v.contains("#nameless")),
        "axe-core did not see the field without a name: {violations:?}"
    );
    let errors = browser.console_errors().await?;
    assert!(errors.iter().any(|e| e.contains("planted")), "the script's error is not in {errors:?}");
    assert!(errors.iter().any(|e| e.contains("Content Security Policy")), "the refused style is not in {errors:?}");
    assert_eq!(browser.console_errors().await?, Vec::<String>::new(), "told twice");
    Ok(())
}

#[tokio::test]
async fn a_narrow_dark_screen_is_narrow_and_dark() -> Result<()> {
    let Some(browser) = Browser::open().await? else { return Ok(()) };
    browser.goto(&format!("{}/sound", site()?)).await?;
    browser.size(390, 800).await?;
    for dark in [true, false] {
        browser.dark(dark).await?;
        let seen = browser.script("return [innerWidth, matchMedia('(prefers-color-scheme: dark)').matches]").await?;
        assert_eq!(seen, json!([390, dark]));
    }
    let folder = tempfile::tempdir()?;
    let picture = folder.path().join("page.png");
    browser.screenshot(&picture).await?;
    assert!(std::fs::read(picture)?.starts_with(b"\x89PNG"));
    Ok(())
}

#[tokio::test]
async fn a_killed_browser_finds_its_profile_again() -> Result<()> {
    let Some(mut browser) = Browser::open().await? else { return Ok(()) };
    let page = format!("{}/sound", site()?);
    browser.goto(&page).await?;
    // As the exam room writes: IndexedDB, strict durability, and nothing after.
    let write = "const done = arguments[arguments.length - 1];
        const opened = indexedDB.open('t', 1);
        opened.onupgradeneeded = () => opened.result.createObjectStore('s');
        opened.onsuccess = () => {
          const writing = opened.result.transaction('s', 'readwrite', {durability: 'strict'});
          writing.objectStore('s').put('kept', 1);
          writing.oncomplete = () => done('written');
        };";
    assert_eq!(browser.client()?.execute_async(write, vec![]).await?, json!("written"));
    browser.crash_and_reopen().await?;
    browser.goto(&page).await?;
    let read = "const done = arguments[arguments.length - 1];
        const opened = indexedDB.open('t', 1);
        opened.onupgradeneeded = () => done('a new, empty profile');
        opened.onsuccess = () => {
          const asked = opened.result.transaction('s').objectStore('s').get(1);
          asked.onsuccess = () => done(asked.result ?? 'empty');
        };";
    let kept = browser.client()?.execute_async(read, vec![]).await.context("after the crash")?;
    assert_eq!(kept, json!("kept"));
    Ok(())
}
