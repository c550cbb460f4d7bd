//! Pictures, a video and an article as PDF in the exam room, the bank and the preview: a telephone loads the small
//! version of a radiograph and enlarges the original, a video plays, a PDF opens in its own tab.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop loudly")]

mod common;

use anyhow::{Context, Result};
use base64::Engine;
use common::{no_console_errors, no_violation};
use docimo_tests::{Api, Browser, Server};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use serde_json::{Value, json};
use std::io::Cursor;

/// A grainy disc of 2,000 pixels, as heavy as a photograph.
fn radiograph() -> Result<Vec<u8>> {
    let of = |x: u32, y: u32| {
        let (dx, dy) = (x.abs_diff(1000), y.abs_diff(600));
        let grain = (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503).wrapping_mul(x + 1)) >> 27;
        let light = if dx * dx + dy * dy < 250_000 { 180 } else { 40 };
        Rgb([light + grain as u8; 3])
    };
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(RgbImage::from_fn(2000, 1200, of)).write_to(&mut bytes, ImageFormat::Jpeg)?;
    Ok(bytes.into_inner())
}

/// A PDF of two pages, written by hand.
fn pdf() -> Vec<u8> {
    let text = |words: &str| format!("BT /F1 24 Tf 72 720 Td ({words}) Tj ET");
    let stream = |words: &str| format!("<< /Length {} >>\nstream\n{}\nendstream", text(words).len(), text(words));
    let page = |contents: u32| {
        format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {contents} 0 R /Resources << /Font << /F1 7 0 R >> >> >>"
        )
    };
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R 4 0 R] /Count 2 >>".to_owned(),
        page(5),
        page(6),
        stream("A randomised trial"),
        stream("Results"),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let mut out = "%PDF-1.4\n".to_owned();
    let mut places = Vec::new();
    for (i, object) in objects.iter().enumerate() {
        places.push(out.len());
        out += &format!("{} 0 obj\n{object}\nendobj\n", i + 1);
    }
    let start = out.len();
    out += &format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for place in places {
        out += &format!("{place:010} 00000 n \n");
    }
    out += &format!("trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n", objects.len() + 1);
    out.into_bytes()
}

fn ebml(id: &[u8], inside: &[u8]) -> Vec<u8> {
    [id, &(inside.len() as u32 | 0x1000_0000).to_be_bytes()[..], inside].concat()
}

/// A WebM of one VP8 frame of 64 by 48 pixels.
fn webm() -> Vec<u8> {
    let head = [
        ebml(&[0x42, 0x86], &[1]),
        ebml(&[0x42, 0xf7], &[1]),
        ebml(&[0x42, 0xf2], &[4]),
        ebml(&[0x42, 0xf3], &[8]),
        ebml(&[0x42, 0x82], b"webm"),
        ebml(&[0x42, 0x87], &[2]),
        ebml(&[0x42, 0x85], &[2]),
    ]
    .concat();
    let info =
        [ebml(&[0x2a, 0xd7, 0xb1], &1_000_000u32.to_be_bytes()), ebml(&[0x44, 0x89], &1000f32.to_be_bytes())].concat();
    let video = [ebml(&[0xb0], &[64]), ebml(&[0xba], &[48])].concat();
    let track = [
        ebml(&[0xd7], &[1]),
        ebml(&[0x73, 0xc5], &[1]),
        ebml(&[0x83], &[1]),
        ebml(&[0x86], b"V_VP8"),
        ebml(&[0xe0], &video),
    ]
    .concat();
    // A key frame's header: shown, its start code, its size; then nothing but grey.
    let frame = [&[0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 64, 0, 48, 0][..], &[0; 64]].concat();
    let block = [&[0x81, 0, 0, 0x80][..], &frame].concat();
    let cluster = [ebml(&[0xe7], &[0]), ebml(&[0xa3], &block)].concat();
    let segment = [
        ebml(&[0x15, 0x49, 0xa9, 0x66], &info),
        ebml(&[0x16, 0x54, 0xae, 0x6b], &ebml(&[0xae], &track)),
        ebml(&[0x1f, 0x43, 0xb6, 0x75], &cluster),
    ]
    .concat();
    [ebml(&[0x1a, 0x45, 0xdf, 0xa3], &head), ebml(&[0x18, 0x53, 0x80, 0x67], &segment)].concat()
}

fn asks(id: &str, stem: &str, more: &Value) -> Value {
    let propositions: Vec<Value> = ["a", "b", "c", "d", "e"]
        .iter()
        .map(|p| json!({"id": p, "text": format!("Proposition {p} de {id}"), "status": if *p < "c" { "vrai" } else { "faux" }}))
        .collect();
    let mut question = json!({"id": id, "kind": "QRM", "stem": stem, "propositions": propositions});
    for (name, value) in more.as_object().into_iter().flatten() {
        question[name] = value.clone();
    }
    question
}

fn file() -> Result<Vec<u8>> {
    let image = json!({"file": "rx.jpg", "alt": "Radiographie : opacité ronde au centre"});
    let zones = json!([{"id": "z1", "name": "Opacité", "shape": {"circle": {"x": 0.5, "y": 0.5, "r": 0.25}}}]);
    let parts: Vec<Value> = (1..=13)
        .map(|i| json!({"question": asks(&format!("lca-{i}"), &format!("Question {i} sur l’article"), &json!({}))}))
        .collect();
    let article = json!({"title": "A randomised trial", "citation": "J Med 2026", "pdf": {"file": "essai.pdf",
        "description": "Essai randomisé en deux groupes ; le texte intégral est dans le PDF."}});
    let entries = json!([
        asks("radio", "Que montre cette radiographie ?", &json!({"image": image})),
        {"id": "zones", "kind": "QZP", "stem": "Pointez l’opacité.", "image": image, "expected": 1, "zones": zones},
        asks("marche", "Décrivez la marche sur cette vidéo.", &json!({"video": {"file": "marche.webm",
            "description": "Une personne marche en levant haut le genou droit ; le pied droit tombe."}})),
        {"id": "lca", "kind": "LCA", "title": "Lecture critique", "intro": "Lisez l’article.", "article": article, "parts": parts},
    ]);
    let base64 = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
    let media = json!({"rx.jpg": base64(&radiograph()?), "marche.webm": base64(&webm()), "essai.pdf": base64(&pdf())});
    Ok(serde_json::to_vec(&json!({"format": "docimo-questions/1", "entries": entries, "media": media}))?)
}

/// An exam of what the bank took in, open for one candidate.
async fn open_exam(server: &Server) -> Result<(String, String)> {
    let made = server.command(&["user", "add", "jury", "--name", "Jury", "--role", "committee"])?;
    let password = String::from_utf8(made.stdout)?.trim().to_owned();
    let jury = Api::sign_in(server, "jury", &password).await?;
    let report =
        jury.post_bytes("/questions/import?name=x.json&dry_run=false", "application/octet-stream", file()?).await?;
    assert_eq!(report["added"], 4, "{report}");
    let bank = jury.post("/questions/export", &json!({"format": "json"})).await?;
    let entries = bank["entries"].as_array().context("entries")?;
    let named = |id: &str| entries.iter().find(|e| e["id"] == id).cloned().context("entry");
    let elements = json!([{"question": named("radio")?}, {"question": named("zones")?}, {"question": named("marche")?},
        {"case": named("lca")?}]);
    let exam = jury.post("/exams", &json!({"title": "Épreuve d’essai", "start_mode": "individual"})).await?;
    let exam = exam["id"].as_str().context("id")?.to_owned();
    let paper = json!({"title": "Épreuve d’essai", "scheme": "edn", "sections": [
        {"id": "s1", "title": "Essai", "duration_minutes": 60, "elements": elements}]});
    jury.put(&format!("/exams/{exam}/paper"), &paper).await?;
    jury.post(&format!("/exams/{exam}/freeze"), &json!({})).await?;
    let csv = "numero;nom\nD-1;Essai\n".as_bytes().to_vec();
    let made = jury.post_bytes(&format!("/exams/{exam}/candidates"), "text/csv", csv).await?;
    let code = made[0]["code"].as_str().context("code")?.to_owned();
    jury.post(&format!("/exams/{exam}/sections/s1/open"), &json!({})).await?;
    Ok((password, code))
}

async fn go_to(browser: &Browser, question: &str) -> Result<()> {
    browser.click(&format!(".plan__item[data-question={question}]")).await
}

/// axe at two widths, and a picture of each, from the first thing that is shown on.
async fn seen(browser: &Browser, name: &str) -> Result<()> {
    let first = "document.querySelector('figure, .pointing, .article__pdf a, a[href^=\"/media/\"]')?.scrollIntoView({block: 'center'})";
    for width in [1280, 390] {
        browser.size(width, 900).await?;
        browser.script(first).await?;
        no_violation(browser, &format!("{name} at {width}")).await?;
        let over = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
        assert_eq!(browser.script(over).await?.as_i64(), Some(0), "{name} overflows at {width}");
        browser.picture(&format!("{name}-{width}")).await?;
    }
    browser.size(1280, 900).await
}

async fn in_the_room(server: &Server, code: &str) -> Result<()> {
    let Some(browser) = Browser::open().await? else { return Ok(()) };
    browser.size(390, 844).await?;
    browser.sign_in(&server.url(""), "d-1", code).await?;
    browser.goto(&server.url("/mes-examens")).await?;
    browser.click("main form button[type=submit]").await?;
    browser.click_xpath("//button[contains(., 'Commencer')]").await?;
    browser.wait_text(".question__title", "Question 1").await?;

    // The small version, and the original only when it is enlarged.
    // It comes out of the sealed paper.
    let shown = "const i = document.querySelector('.picture__open img'); return i && i.currentSrc.startsWith('blob:') ? i.naturalWidth : 0";
    browser.wait_for("the picture at 480", async || Ok(browser.script(shown).await? == json!(480))).await?;
    let originals = "return performance.getEntriesByType('resource').filter((e) => e.initiatorType === 'img' && /\\/media\\/[0-9a-f]{64}$/.test(e.name)).length";
    assert_eq!(browser.script(originals).await?.as_i64(), Some(0), "the original was fetched");
    let pieces =
        "return performance.getEntriesByType('resource').filter((e) => /\\/paper\\/[0-9a-f]{64}$/.test(e.name)).length";
    let before = browser.script(pieces).await?.as_i64();
    no_violation(&browser, "room at 390").await?;
    browser.picture("salle-image-390").await?;
    browser.click(".picture__open").await?;
    browser
        .wait_for("the original in the viewer", async || {
            let wide = browser.script("return document.querySelector('.viewer__pane img')?.naturalWidth").await?;
            Ok(wide.as_i64().is_some_and(|w| w > 960))
        })
        .await?;
    assert_eq!(browser.script(pieces).await?.as_i64(), before.map(|n| n + 1), "fetched then, and it alone");
    browser.picture("salle-agrandie-390").await?;
    browser.click(".viewer__close").await?;
    browser.size(1280, 900).await?;

    // Points are fractions of the picture, whatever its width.
    go_to(&browser, "zones").await?;
    browser.click_xpath("//button[.='Placer un point au centre']").await?;
    browser.wait_text(".pointing__list", "50 % depuis la gauche, 50 % depuis le haut").await?;
    seen(&browser, "salle-zones").await?;

    go_to(&browser, "marche").await?;
    browser.find("video[controls]").await?;
    browser
        .wait_for("the video's size", async || {
            let size = "const v = document.querySelector('video'); return v && v.readyState >= 1 ? `${v.videoWidth}x${v.videoHeight}` : ''";
            Ok(browser.script(size).await? == "64x48")
        })
        .await?;
    browser.click(".picture figcaption summary").await?;
    browser.wait_text(".picture figcaption", "le pied droit tombe").await?;
    seen(&browser, "salle-video").await?;

    go_to(&browser, "lca-1").await?;
    browser.wait_text(".article__pdf a", "Ouvrir l’article (PDF, 2 pages)").await?;
    browser.wait_text(".article__text", "Essai randomisé en deux groupes").await?;
    seen(&browser, "salle-article").await?;
    no_console_errors(&browser).await?;

    let client = browser.client()?;
    let room = client.window().await?;
    browser.click(".article__pdf a").await?;
    browser.wait_for("a second tab", async || Ok(client.windows().await?.len() == 2)).await?;
    let tab = client.windows().await?.into_iter().find(|w| *w != room).context("tab")?;
    client.switch_to_window(tab).await?;
    browser
        .wait_for("the PDF", async || Ok(browser.script("return document.contentType").await? == "application/pdf"))
        .await?;
    client.close_window().await?;
    client.switch_to_window(room).await?;
    browser.find(".article__pdf a").await?;
    Ok(())
}

async fn on_the_pages(server: &Server, password: &str) -> Result<()> {
    let Some(browser) = Browser::open().await? else { return Ok(()) };
    let jury = Api::sign_in(server, "jury", password).await?;
    browser.sign_in(&server.url(""), "jury", password).await?;
    let list = jury.get("/questions?limit=10").await?;
    let entries = list["entries"].as_array().context("entries")?;
    for id in ["radio", "marche", "lca"] {
        let entry = entries.iter().find(|e| e["external_id"] == id).with_context(|| format!("{id}: {list}"))?;
        browser.goto(&server.url(&format!("/questions/{}", entry["id"].as_str().context("id")?))).await?;
        browser.find("figure.media, a[href^='/media/']").await?;
        seen(&browser, &format!("banque-{id}")).await?;
    }
    browser.find("a[href^='/media/'][target=_blank]").await?;
    let exams = jury.get("/exams").await?;
    let exam = exams[0]["id"].as_str().context("exam")?;
    browser.goto(&server.url(&format!("/examens/{exam}/apercu"))).await?;
    browser.find("video[controls]").await?;
    browser.find("a[href^='/media/'][target=_blank]").await?;
    seen(&browser, "apercu").await?;
    no_console_errors(&browser).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn media_reach_every_screen() {
    let Some(server) = Server::start(None).unwrap() else { return };
    let (password, code) = open_exam(&server).await.unwrap();
    in_the_room(&server, &code).await.unwrap();
    on_the_pages(&server, &password).await.unwrap();
}
