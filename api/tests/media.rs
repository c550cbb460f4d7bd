//! Pictures, articles as PDF and videos through the doors: made smaller, served without metadata and by parts, refused
//! where they are dangerous or not what they are said to be, described before they are validated, out and back whole.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop loudly")]

mod common;

use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use base64::Engine;
use common::{Caller, House, question};
use docimo::auth::Role;
use docimo::server;
use docimo_store::bank::Media;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use lopdf::{Document, Object, Stream, dictionary};
use serde_json::{Value, json};
use std::io::Cursor;
use tower::ServiceExt;

/// Grain, as a radiograph has, in a PNG that names a patient.
fn radiograph() -> Vec<u8> {
    let of = |x: u32, y: u32| {
        let n = x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503).wrapping_mul(x + 1);
        Rgb([(n >> 8) as u8, (n >> 13) as u8, (n >> 17) as u8])
    };
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(RgbImage::from_fn(1000, 500, of)).write_to(&mut bytes, ImageFormat::Png).unwrap();
    let plain = bytes.into_inner();
    let text = b"Comment\0Mme Dupont";
    let mut named = plain[..33].to_vec();
    named.extend(u32::try_from(text.len()).unwrap().to_be_bytes());
    named.extend(b"tEXt");
    named.extend(text);
    named.extend([0; 4]);
    named.extend(&plain[33..]);
    named
}

fn pdf(pages: usize, action: Option<&str>) -> Vec<u8> {
    let mut document = Document::with_version("1.5");
    let parent = document.new_object_id();
    let kids: Vec<Object> = (0..pages)
        .map(|_| {
            let contents = document.add_object(Stream::new(dictionary! {}, b"BT ET".to_vec()));
            document.add_object(dictionary! { "Type" => "Page", "Parent" => parent, "Contents" => contents }).into()
        })
        .collect();
    let tree = dictionary! { "Type" => "Pages", "Count" => pages as i64, "Kids" => kids };
    document.objects.insert(parent, Object::Dictionary(tree));
    let mut catalog = dictionary! { "Type" => "Catalog", "Pages" => parent };
    if let Some(action) = action {
        catalog.set("OpenAction", dictionary! { "S" => action });
    }
    let root = document.add_object(catalog);
    document.trailer.set("Root", root);
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    bytes
}

fn boxed(kind: &[u8; 4], inside: &[u8]) -> Vec<u8> {
    [&u32::try_from(inside.len() + 8).unwrap().to_be_bytes()[..], kind, inside].concat()
}

/// An MP4 of one track in H.264 with `data` bytes of pictures.
fn mp4(data: usize) -> Vec<u8> {
    let description = [&[0, 0, 0, 0, 0, 0, 0, 1][..], &boxed(b"avc1", &[0; 78])].concat();
    let stbl = boxed(b"stbl", &boxed(b"stsd", &description));
    let track = boxed(b"trak", &boxed(b"mdia", &boxed(b"minf", &stbl)));
    let pictures: Vec<u8> = (0..data).map(|i| (i % 251) as u8).collect();
    [boxed(b"ftyp", b"isom\0\0\0\0isomavc1"), boxed(b"moov", &track), boxed(b"mdat", &pictures)].concat()
}

/// A file of ours with its media.
fn ours(entries: Value, media: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let base64 = |bytes: &Vec<u8>| base64::engine::general_purpose::STANDARD.encode(bytes);
    let media: serde_json::Map<String, Value> =
        media.iter().map(|(name, bytes)| ((*name).to_owned(), base64(bytes).into())).collect();
    json!({"format": "docimo-questions/1", "entries": entries, "media": media}).to_string().into_bytes()
}

fn asks(id: &str, more: Value) -> Value {
    let mut it = question(id)["question"].clone();
    it.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    it
}

fn reads(id: &str, article: Value) -> Value {
    let parts: Vec<Value> = (0..13).map(|i| json!({"question": question(&format!("{id}-{i}"))["question"]})).collect();
    json!({"id": id, "kind": "LCA", "title": "Lecture", "intro": "Lisez l’article.", "article": article, "parts": parts})
}

async fn import(caller: &Caller, bytes: Vec<u8>, dry_run: bool) -> Value {
    let path = format!("/questions/import?name=x.json&dry_run={dry_run}");
    let (status, report) = caller.send(Method::POST, &path, "application/octet-stream", bytes).await;
    assert_eq!(status, StatusCode::OK, "{report}");
    report
}

fn counts(report: &Value) -> (u64, u64, u64, usize) {
    let n = |name: &str| report[name].as_u64().unwrap();
    (n("added"), n("revised"), n("unchanged"), report["faulty"].as_array().unwrap().len())
}

async fn fetch(caller: &Caller, path: &str, asked: &[(header::HeaderName, &str)]) -> (StatusCode, HeaderMap, Vec<u8>) {
    let mut request = Request::builder().uri(path);
    // Browsers ask so, and a part of a compressed whole would be of no use to them.
    if path.starts_with("/media/") {
        request = request.header(header::ACCEPT_ENCODING, "gzip");
    }
    if !caller.token.is_empty() {
        request = request.header(header::COOKIE, format!("docimo_session={}", caller.token));
    }
    for (name, value) in asked {
        request = request.header(name, *value);
    }
    let response = server::service(&caller.app).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = axum::body::to_bytes(response.into_body(), 100_000_000).await.unwrap();
    (status, headers, bytes.to_vec())
}

async fn kept(house: &House, id: &str) -> Value {
    let entry = house.app.store.entry_by_external_id(id).await.unwrap().unwrap();
    let body = house.app.store.latest_revision(&entry.id).await.unwrap().unwrap().body;
    let value: Value = serde_json::from_str(&body).unwrap();
    value.as_object().unwrap().values().next().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_radiograph_is_made_smaller_and_names_nobody() {
    let house = House::build().await;
    let jury = house.staff("jury", Role::Committee).await;
    let shown = asks("radio", json!({"image": {"file": "rx.png", "alt": "Radiographie thoracique de face"}}));
    let report = import(&jury, ours(json!([shown]), &[("rx.png", radiograph())]), false).await;
    assert_eq!(counts(&report), (1, 0, 0, 0), "{report}");
    let image = kept(&house, "radio").await["image"].clone();
    assert_eq!((image["width"].as_u64(), image["height"].as_u64()), (Some(1000), Some(500)));
    let hash = image["file"].as_str().unwrap();

    let student = house.staff("etudiante", Role::Student).await;
    let (status, headers, whole) = fetch(&student, &format!("/media/{hash}"), &[]).await;
    assert_eq!((status, headers[header::CONTENT_TYPE].to_str().unwrap()), (StatusCode::OK, "image/png"));
    assert!(!String::from_utf8_lossy(&whole).contains("Dupont"));
    let mut before = whole.len();
    for (width, height) in [(960, 480), (480, 240)] {
        let (status, headers, bytes) = fetch(&student, &format!("/media/{hash}/{width}"), &[]).await;
        assert_eq!(status, StatusCode::OK);
        assert!(headers[header::CACHE_CONTROL].to_str().unwrap().contains("immutable"));
        let size = imagesize::blob_size(&bytes).unwrap();
        assert_eq!((size.width, size.height), (width, height));
        assert!(bytes.len() < before, "{width}: {} then {}", before, bytes.len());
        before = bytes.len();
    }
    // Wider than it is: itself. No other width, no other picture, nobody who is not signed in.
    assert_eq!(fetch(&student, &format!("/media/{hash}/1600"), &[]).await.2, whole);
    for absent in [format!("/media/{hash}/500"), format!("/media/{hash}/x"), "/media/absent/480".to_owned()] {
        assert_eq!(fetch(&student, &absent, &[]).await.0, StatusCode::NOT_FOUND, "{absent}");
    }
    let nobody = Caller { token: String::new(), ..student };
    for closed in [format!("/media/{hash}"), format!("/media/{hash}/480")] {
        assert_eq!(fetch(&nobody, &closed, &[]).await.0, StatusCode::SEE_OTHER, "{closed}");
    }
    // Its page offers every width.
    let id = house.app.store.entry_by_external_id("radio").await.unwrap().unwrap().id;
    let (_, _, page) = fetch(&jury, &format!("/questions/{id}"), &[]).await;
    let page = String::from_utf8(page).unwrap();
    assert!(page.contains(&format!("srcset=\"/media/{hash}/480 480w, /media/{hash}/960 960w, /media/{hash} 1000w\"")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_there_before_is_made_smaller_when_it_is_asked_for() {
    let house = House::build().await;
    let jury = house.staff("jury", Role::Committee).await;
    let of = |hash: &str, bytes: Vec<u8>| Media {
        hash: hash.into(),
        mime: "image/png".into(),
        width: 1000,
        height: 500,
        bytes,
    };
    let store = &house.app.store;
    store.add_revisions(&[], &[of("avant", radiograph()), of("abime", vec![0; 99])], 1).await.unwrap();
    let asked = (0..4).map(|_| async { fetch(&jury, "/media/avant/480", &[]).await.2.len() });
    let mut sizes = Vec::new();
    for one in asked {
        sizes.push(one.await);
    }
    assert!(sizes.iter().all(|size| *size == sizes[0] && *size < 200_000), "{sizes:?}");
    let (_, _, whole) = fetch(&jury, "/media/avant", &[]).await;
    assert!(!String::from_utf8_lossy(&whole).contains("Dupont"));
    // What cannot be made smaller is served as it is.
    assert_eq!(fetch(&jury, "/media/abime/480", &[]).await.2, vec![0; 99]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_video_and_a_pdf_are_served_whole_and_by_parts() {
    let house = House::build().await;
    let jury = house.staff("jury", Role::Committee).await;
    let film = mp4(700_000);
    let entries = json!([
        asks("marche", json!({"video": {"file": "marche.mp4", "description": "Une marche en steppage."}})),
        reads("lca", json!({"title": "A trial", "pdf": {"file": "essai.pdf", "description": "Essai randomisé."}})),
    ]);
    let file = ours(entries, &[("marche.mp4", film.clone()), ("essai.pdf", pdf(8, None))]);
    assert_eq!(counts(&import(&jury, file.clone(), true).await), (2, 0, 0, 0));
    let report = import(&jury, file, false).await;
    assert_eq!(counts(&report), (2, 0, 0, 0), "{report}");
    assert!(!report["warnings"].to_string().contains("brouillon"), "{report}");
    assert_eq!(kept(&house, "lca").await["article"]["pdf"]["pages"], 8);

    let path = format!("/media/{}", kept(&house, "marche").await["video"]["file"].as_str().unwrap());
    let (status, headers, whole) = fetch(&jury, &path, &[]).await;
    let said = |headers: &HeaderMap, name: header::HeaderName| headers[name].to_str().unwrap().to_owned();
    assert_eq!((status, said(&headers, header::CONTENT_TYPE).as_str()), (StatusCode::OK, "video/mp4"));
    assert!(whole == film && said(&headers, header::ACCEPT_RANGES) == "bytes");
    assert_eq!(said(&headers, header::CONTENT_LENGTH), film.len().to_string());
    assert_eq!(said(&headers, header::X_CONTENT_TYPE_OPTIONS), "nosniff");
    assert!(headers.get(header::CONTENT_ENCODING).is_none());
    let tag = said(&headers, header::ETAG);

    let last = film.len() - 1;
    for (asked, from, to) in [
        ("bytes=0-", 0, last),
        ("bytes=262140-262150", 262_140, 262_150),
        ("bytes=100-600000", 100, 600_000),
        ("bytes=-10", last - 9, last),
    ] {
        let (status, headers, bytes) = fetch(&jury, &path, &[(header::RANGE, asked), (header::IF_RANGE, &tag)]).await;
        assert_eq!(status, StatusCode::PARTIAL_CONTENT, "{asked}");
        assert_eq!(said(&headers, header::CONTENT_RANGE), format!("bytes {from}-{to}/{}", film.len()));
        assert!(bytes == film[from..=to], "{asked}");
    }
    let (status, headers, _) = fetch(&jury, &path, &[(header::RANGE, "bytes=9999999-")]).await;
    assert_eq!(status, StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(said(&headers, header::CONTENT_RANGE), format!("bytes */{}", film.len()));
    let other = [(header::RANGE, "bytes=0-9"), (header::IF_RANGE, "\"autre\"")];
    assert_eq!(fetch(&jury, &path, &other).await.0, StatusCode::OK);

    let path = format!("/media/{}", kept(&house, "lca").await["article"]["pdf"]["file"].as_str().unwrap());
    let (status, headers, bytes) = fetch(&jury, &path, &[]).await;
    assert_eq!((status, said(&headers, header::CONTENT_TYPE).as_str()), (StatusCode::OK, "application/pdf"));
    assert!(said(&headers, header::CONTENT_DISPOSITION).starts_with("inline"));
    let policy = said(&headers, header::CONTENT_SECURITY_POLICY);
    assert!(policy.starts_with("default-src 'none'") && policy.contains("sandbox"), "{policy}");
    assert_eq!(bytes, pdf(8, None));
    // A document has no smaller version.
    assert_eq!(fetch(&jury, &format!("{path}/480"), &[]).await.2, bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_dangerous_or_not_what_it_is_said_to_be_does_not_come_in() {
    let house = House::build().await;
    let jury = house.staff("jury", Role::Committee).await;
    let article = |file: &str| reads("lca", json!({"title": "A trial", "pdf": {"file": file}}));
    let video = |file: &str| asks("q", json!({"video": {"file": file, "description": "Marche."}}));
    let image = |file: &str| asks("q", json!({"image": {"file": file, "alt": "Radiographie"}}));
    let media = [
        ("a.pdf", pdf(2, None)),
        ("js.pdf", pdf(2, Some("JavaScript"))),
        ("v.mp4", mp4(50)),
        ("cut.mp4", mp4(5_000)[..4_000].to_vec()),
        ("cut.png", radiograph()[..9_000].to_vec()),
        ("bomb.png", {
            let mut bomb = radiograph();
            bomb[16..24].copy_from_slice(&[0, 0, 0x40, 0, 0, 0, 0x40, 0]);
            bomb
        }),
        ("rx.png", radiograph()),
    ];
    for (entry, words) in [
        (article("js.pdf"), "JavaScript"),
        (article("v.mp4"), "n’est pas un PDF"),
        (article("absent.pdf"), "ni dans le fichier ni dans la banque"),
        (video("a.pdf"), "n’est pas une vidéo"),
        (video("cut.mp4"), "coupée"),
        (image("a.pdf"), "n’est pas une image"),
        (image("cut.png"), "est abîmée"),
        (image("bomb.png"), "40 millions"),
        (reads("lca", json!({"title": "A trial"})), "article.body"),
    ] {
        for dry_run in [true, false] {
            let report = import(&jury, ours(json!([entry]), &media), dry_run).await;
            assert_eq!(counts(&report), (0, 0, 0, 1), "{words}: {report}");
            assert!(report["faulty"].to_string().contains(words), "{words}: {report}");
        }
    }
    assert_eq!(house.app.store.entry_kinds(None).await.unwrap(), []);

    // A paper names only what the bank holds.
    let settings = json!({"title": "Blanc", "start_mode": "individual"});
    let exam = jury.post("/exams", settings).await["id"].as_str().unwrap().to_owned();
    let paper = json!({"title": "Blanc", "scheme": "edn", "sections": [{"id": "s1", "title": "Essai",
        "duration_minutes": 60, "elements": [{"question": video("absent")}, {"case": article("absent")}]}]});
    let (_, told) = jury.json(Method::PUT, &format!("/exams/{exam}/paper"), &paper).await;
    let told = told.to_string();
    assert!(told.contains("la vidéo « absent »") && told.contains("le PDF « absent »"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn undescribed_media_come_in_as_drafts() {
    let house = House::build().await;
    let jury = house.staff("jury", Role::Committee).await;
    let of = |words: Value| {
        let mut pdf = json!({"file": "a.pdf"});
        let mut video = json!({"file": "v.mp4"});
        for it in [&mut pdf, &mut video] {
            it.as_object_mut().unwrap().extend(words.as_object().unwrap().clone());
        }
        let entries =
            json!([asks("q", json!({"video": video})), reads("lca", json!({"title": "A trial", "pdf": pdf}))]);
        ours(entries, &[("a.pdf", pdf_bytes()), ("v.mp4", mp4(50))])
    };
    fn pdf_bytes() -> Vec<u8> {
        pdf(3, None)
    }
    let status = async |id: &str| house.app.store.entry_by_external_id(id).await.unwrap().unwrap().status;
    let report = import(&jury, of(json!({})), false).await;
    assert_eq!(counts(&report), (2, 0, 0, 0), "{report}");
    assert!(
        report["warnings"].to_string().contains("une vidéo ou un article en PDF attend sa description"),
        "{report}"
    );
    assert_eq!((status("q").await.as_str(), status("lca").await.as_str()), ("draft", "draft"));
    let report = import(&jury, of(json!({"description": "Ce qu’on y voit."})), false).await;
    assert_eq!(counts(&report), (0, 2, 0, 0), "{report}");
    assert_eq!((status("q").await.as_str(), status("lca").await.as_str()), ("validated", "validated"));

    // Out, and back without a change.
    for (format, name) in [("json", "b.json"), ("moodle-xml", "b.xml"), ("qti21", "b.zip"), ("qti30", "b.zip")] {
        let body = json!({"format": format}).to_string();
        let request = Request::builder()
            .method(Method::POST)
            .uri("/api/v1/questions/export")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {}", jury.token))
            .body(Body::from(body))
            .unwrap();
        let response = server::service(&jury.app).oneshot(request).await.unwrap();
        let bytes = axum::body::to_bytes(response.into_body(), 100_000_000).await.unwrap();
        let path = format!("/questions/import?name={name}&dry_run=false");
        let elsewhere = House::build().await;
        let other = elsewhere.staff("jury", Role::Committee).await;
        for (caller, wanted) in [(&jury, (0, 0, 2, 0)), (&other, (2, 0, 0, 0))] {
            let (_, report) = caller.send(Method::POST, &path, "application/octet-stream", bytes.to_vec()).await;
            assert_eq!(counts(&report), wanted, "{format}: {report}");
        }
    }
    for (format, words) in [("gift", "vidéo"), ("csv", "vidéo"), ("aiken", "Aiken")] {
        let told = jury.post("/questions/export/preview", json!({"format": format})).await;
        assert!(told["notes"].to_string().contains(words), "{format}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_video_and_a_pdf_are_brought_from_the_editor() {
    let house = House::build().await;
    let author = house.staff("auteur", Role::Author).await;
    let made = author.post("/drafts", json!({"kind": "LCA"})).await;
    let id = made["id"].as_str().unwrap().to_owned();
    let send = async |kind: &str, bytes: Vec<u8>| {
        let path = format!("/drafts/{id}/media?name=fichier&kind={kind}");
        author.send(Method::POST, &path, "application/octet-stream", bytes).await
    };
    let (status, video) = send("video", mp4(50)).await;
    assert_eq!((status, video["pages"].as_i64()), (StatusCode::CREATED, Some(0)), "{video}");
    let (status, article) = send("pdf", pdf(3, None)).await;
    assert_eq!((status, article["pages"].as_i64()), (StatusCode::CREATED, Some(3)), "{article}");
    // What it is not, or what no way in takes, is refused with its field.
    for (kind, bytes, place) in [
        ("video", pdf(3, None), "vidéo"),
        ("pdf", mp4(50), "PDF"),
        ("image", mp4(50), "image"),
        ("pdf", b"%PDF-1.7".to_vec(), "PDF"),
    ] {
        let (status, fault) = send(kind, bytes).await;
        assert_eq!(
            (status, fault["errors"][0]["place"].as_str()),
            (StatusCode::UNPROCESSABLE_ENTITY, Some(place)),
            "{fault}"
        );
    }
    let mut element = made["element"].clone();
    element["case"]["title"] = json!("Un essai");
    element["case"]["intro"] = json!("Lisez l’article.");
    element["case"]["article"]["pdf"] =
        json!({"file": article["file"], "pages": 3, "description": "Un essai randomisé."});
    element["case"]["parts"] = json!([{"text": "", "question": {"id": "lca-1", "kind": "QROC", "stem": "Que voit-on ?",
        "exact": ["steppage"], "video": {"file": video["file"], "description": "Une marche."}}}]);
    let body = json!({"element": element, "page": "p", "seen": made["seen"]});
    let (status, kept) = author.json(Method::PUT, &format!("/drafts/{id}"), &body).await;
    assert_eq!(status, StatusCode::OK, "{kept}");
    // The form holds both; a file of nobody is not published.
    let (_, _, page) = fetch(&author, &format!("/questions/brouillons/{id}"), &[]).await;
    let page = String::from_utf8(page).unwrap();
    for words in ["name=\"video:case.parts.0.question\"", "name=\"pdf:case\"", "Une marche.", "3 pages"] {
        assert!(page.contains(words), "{words}");
    }
    let mut lost = element.clone();
    lost["case"]["parts"][0]["question"]["video"]["file"] = json!("0".repeat(64));
    let body = json!({"element": lost, "page": "p", "seen": kept["seen"]});
    let (_, kept) = author.json(Method::PUT, &format!("/drafts/{id}"), &body).await;
    author.refused(&format!("/drafts/{id}/publish"), json!({}), 422, "envoyez-le de nouveau").await;
    let body = json!({"element": element, "page": "p", "seen": kept["seen"]});
    author.json(Method::PUT, &format!("/drafts/{id}"), &body).await;
    author.post(&format!("/drafts/{id}/publish"), json!({})).await;
}
