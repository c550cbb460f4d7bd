//! Panels through the JSON interface and the pages, in one process: what judges say is kept, what they give is the
//! engine's, the threshold that the committee keeps is the one that results read.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop loudly")]

mod common;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use common::{Caller, House, answer, draft, enter};
use docimo::server;
use docimo_engine::docimology::standards::{Ratings, Round, angoff, impact, modified_angoff};
use serde_json::{Value, json};
use tower::ServiceExt;

fn near(found: &Value, expected: f64) {
    let found = found.as_f64().unwrap_or(f64::NAN);
    assert!((found - expected).abs() < 1e-9, "{found} for {expected}");
}

/// Two questions of one point each.
fn ratings(judges: &[[f64; 2]]) -> Ratings {
    Ratings::new(judges.iter().map(|j| j.iter().map(|v| Some(v / 100.0)).collect()).collect()).unwrap()
}

/// A page, as the browser of this person gets it.
async fn page(who: &Caller, path: &str) -> String {
    let request = Request::builder()
        .uri(path)
        .header(header::COOKIE, format!("docimo_session={}", who.token))
        .body(Body::empty())
        .unwrap();
    let response = server::service(&who.app).oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK, "{path}");
    let bytes = axum::body::to_bytes(response.into_body(), 10_000_000).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A form of a page: what comes back.
async fn submit(who: &Caller, path: &str, fields: &str) -> (StatusCode, String) {
    let request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header(header::COOKIE, format!("docimo_session={}", who.token))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(format!("csrf=c&{fields}")))
        .unwrap();
    let response = server::service(&who.app).oneshot(request).await.unwrap();
    let status = response.status();
    let bytes = axum::body::to_bytes(response.into_body(), 10_000_000).await.unwrap();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

fn written(value: f64) -> String {
    format!("{value:.2}").replace('.', ",")
}

/// Thirty candidates, the first of whom answer best; the exam closed, not yet marked.
async fn sit(house: &House, jury: &Caller, exam: &str) {
    let lines: Vec<String> = (0..30).map(|i| format!("D-{i};Candidat {i}")).collect();
    let (_, codes) =
        jury.csv(&format!("/exams/{exam}/candidates"), &format!("numero;nom\n{}\n", lines.join("\n"))).await;
    jury.post(&format!("/exams/{exam}/sections/s1/open"), json!({})).await;
    for i in 0..30 {
        let student = house.candidate(&format!("d-{i}"), codes[i]["code"].as_str().unwrap()).await;
        let (attempt, stream) = enter(&student, exam).await;
        let first: &[&str] = if i < 20 { &["a", "b"] } else { &["a", "c"] };
        let second: &[&str] = if i < 10 { &["a", "b"] } else { &["a"] };
        student.post(&format!("/attempts/{attempt}/steps"), answer(stream, 1, "q1", first)).await;
        student.post(&format!("/attempts/{attempt}/steps"), answer(stream, 2, "q2", second)).await;
    }
    jury.post(&format!("/exams/{exam}/finish"), json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn judges_are_kept_and_the_threshold_they_give_enters_the_register() {
    let house = House::build().await;
    let (jury, exam) = draft(&house).await;
    let panels = format!("/exams/{exam}/panels");
    jury.refused(&panels, json!({"method": "angoff"}), 409, "Figez d’abord").await;
    jury.refused(&panels, json!({"method": "tcs"}), 409, "pas de question de concordance").await;
    jury.post(&format!("/exams/{exam}/freeze"), json!({})).await;
    jury.refused(&panels, json!({"method": "bookmark"}), 409, "notez d’abord").await;
    jury.refused(&panels, json!({"method": "magie"}), 422, "méthode").await;
    let twice = json!({"method": "angoff", "judges": ["Léa", "lea"]});
    jury.refused(&panels, twice, 422, "déjà dans le panel").await;
    let form = json!({"method": "modified-angoff", "title": "Jury de mars", "judges": ["Léa Un", "jury"]});
    let panel = jury.post(&panels, form).await["id"].as_str().unwrap().to_owned();
    let at = format!("{panels}/{panel}");
    let shown = jury.get(&at).await;
    assert_eq!(shown["panel"]["judges"][1]["name"], "Nom de jury", "a login is that person");
    assert!(shown["panel"]["judges"][1]["person"].is_string());

    // By table: a third judge comes with it; a faulty table leaves nothing.
    let (status, wrong) = jury.csv(&format!("{at}/import"), "juge;1;2\nLéa Un;50;60\nTrois;40;xx\n").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(wrong["errors"][0]["place"], "ligne 3, colonne 2");
    assert_eq!(jury.get(&at).await["panel"]["judgements"], 0);
    let (status, added) = jury.csv(&format!("{at}/import"), "juge;1;2\nLéa Un;50;60\nTrois;40;80\n").await;
    assert_eq!((status, added["added"].as_u64()), (StatusCode::OK, Some(4)));
    // By program and by the judge's sheet: a correction is a row more, what says the same is none.
    let said = |judge: u32, question: &str, value: &str| json!({"judge": judge, "target": format!("question:{question}"), "value": value});
    let added = jury.post(&format!("{at}/judgements"), json!([said(1, "q1", "55"), said(1, "q2", "60")])).await;
    assert_eq!(added["added"], 1);
    let wrong = json!([said(9, "q1", "1"), said(1, "q9", "1"), said(1, "q1", "200")]);
    jury.refused(&format!("{at}/judgements"), wrong, 422, "[2].value").await;
    let sheet = format!("/examens/{exam}/panels/{panel}/juges/2");
    assert!(page(&jury, &sheet).await.contains("Énoncé de q1"));
    let (status, text) = submit(&jury, &sheet, "position=5&v.question%3Aq1=45&v.question%3Aq2=trop").await;
    assert!(status == StatusCode::UNPROCESSABLE_ENTITY && text.contains("un nombre de 0 à 100"), "{status}");
    let (status, _) = submit(&jury, &sheet, "position=5&v.question%3Aq1=45&v.question%3Aq2=65").await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let (status, _) = submit(&jury, &sheet, "position=5&v.question%3Aq1=46&v.question%3Aq2=65").await;
    assert_eq!(status, StatusCode::CONFLICT, "a page older than the last word of this judge");
    let rows = jury.get(&format!("{at}/judgements")).await;
    let rows = rows.as_array().unwrap();
    assert_eq!(rows.len(), 7);
    assert_eq!((rows[4]["value"].as_str(), rows[4]["author"].as_str()), (Some("55"), Some("Nom de jury")));

    // What they give is the engine's, before any mark.
    let first = ratings(&[[55.0, 60.0], [45.0, 65.0], [40.0, 80.0]]);
    let cut = angoff(&first, &[1.0, 1.0]).unwrap();
    let outcome = jury.get(&at).await["outcome"].clone();
    near(&outcome["threshold"], cut.on(20.0).0);
    near(&outcome["se"], cut.on(20.0).1);
    near(&outcome["judges"][2]["without"], cut.judges[2].without * 10.0);
    near(&outcome["agreement"]["single"], cut.agreement.as_ref().unwrap().single.unwrap());
    assert!(outcome["impact"].is_null() && outcome["against_p"].is_null());
    assert!(page(&jury, &format!("/examens/{exam}/panels/{panel}")).await.contains(&written(cut.on(20.0).0)));

    // A second round: the first is kept, and carried where nothing is said again.
    jury.post(&format!("{at}/round"), json!({})).await;
    jury.refused(&format!("{at}/round"), json!({}), 409, "second tour").await;
    jury.post(&format!("{at}/judgements"), json!([said(3, "q1", "50"), said(3, "q2", "70")])).await;
    let second = ratings(&[[55.0, 60.0], [45.0, 65.0], [50.0, 70.0]]);
    let rounds = [Round { ratings: first, informed: false }, Round { ratings: second.clone(), informed: false }];
    let rounds = modified_angoff(&rounds, &[1.0, 1.0]).unwrap();
    let outcome = jury.get(&at).await["outcome"].clone();
    near(&outcome["threshold"], rounds.cut * 10.0);
    near(&outcome["change"]["moved"], rounds.moved[0] * 10.0);
    assert!(page(&jury, &sheet).await.contains("Premier tour"));

    // The committee keeps a threshold before anyone is marked; it opens the register.
    let to = format!("/exams/{exam}/threshold");
    jury.refused(&to, json!({"threshold": "11.5"}), 422, "motif").await;
    jury.refused(&to, json!({"threshold": "21", "reason": "x"}), 422, "seuil").await;
    let kept = json!({"threshold": "11,5", "panel": panel, "reason": "Angoff, deux tours"});
    assert!(jury.post(&to, kept.clone()).await["version"].is_null());
    jury.refused(&to, kept, 409, "déjà celui").await;
    let standing = jury.get(&to).await;
    assert_eq!((standing["now"].as_str(), standing["waiting"].as_str()), (Some("10"), Some("11.5")));
    sit(&house, &jury, &exam).await;
    jury.post(&format!("/exams/{exam}/mark"), json!({})).await;
    let ledger = jury.get(&format!("/exams/{exam}/ledger")).await;
    assert_eq!(ledger.as_array().unwrap().len(), 2);
    assert_eq!(ledger[1]["decision"]["decision"], "set_threshold");
    assert_eq!(ledger[1]["what"], "Seuil global corrigé, 10 → 11,5 sur 20");
    assert!(ledger[1]["reason"].as_str().unwrap().contains("Angoff, deux tours"));
    let statistics = jury.get(&format!("/exams/{exam}/statistics")).await;
    assert_eq!(statistics["overview"]["pass_threshold"], "11.5");
    let standing = jury.get(&to).await;
    assert_eq!((standing["now"].as_str(), standing["waiting"].is_null()), (Some("11.5"), true));
    assert_eq!(
        (standing["decisions"].as_array().unwrap().len(), standing["decisions"][0]["version"].as_u64()),
        (1, Some(2))
    );

    // Marked: pass rates and success rates beside what judges said.
    let outcome = jury.get(&at).await["outcome"].clone();
    let results = jury.get(&format!("/exams/{exam}/results")).await;
    let marks: Vec<f64> = results.as_array().unwrap().iter().map(|r| r["result"]["on_20"].as_f64().unwrap()).collect();
    let cut = angoff(&second, &[1.0, 1.0]).unwrap();
    let effect = impact(&marks, cut.on(20.0).0, cut.on(20.0).1).unwrap();
    assert_eq!(outcome["impact"][2]["passing"].as_u64().unwrap() as usize, effect.rates[2].passing);
    assert_eq!(outcome["impact"][4]["passing"].as_u64().unwrap() as usize, effect.rates[4].passing);
    assert_eq!(outcome["against_p"]["n"], 2);
    let page_now = page(&jury, &format!("/examens/{exam}/panels/{panel}")).await;
    assert!(page_now.contains("Face à la réussite observée") && page_now.contains(&written(cut.on(20.0).1)));
    let side_by_side = page(&jury, &format!("/examens/{exam}/seuils")).await;
    assert!(side_by_side.contains("Jury de mars") && side_by_side.contains("Cohen"));

    // On a marked exam the decision is the register's next entry; the publication names its version.
    let version = jury.post(&to, json!({"threshold": "12", "reason": "appel"})).await;
    assert_eq!(version["version"], 3);
    jury.refused(&to, json!({"threshold": "12", "reason": "encore"}), 422, "différent").await;
    assert_eq!(jury.get(&format!("/exams/{exam}/statistics")).await["overview"]["pass_threshold"], "12");
    let passed = jury.get(&format!("/exams/{exam}/results")).await;
    let passes = |r: &Value| r["result"]["pass"].as_bool() == Some(r["result"]["on_20"].as_f64().unwrap() >= 12.0);
    assert!(passed.as_array().unwrap().iter().all(passes));
    jury.post(&format!("/exams/{exam}/publish"), json!({})).await;

    jury.post(&format!("{at}/close"), json!({})).await;
    jury.refused(&format!("{at}/judgements"), json!([said(1, "q1", "1")]), 409, "clos").await;
    jury.refused(&format!("{at}/judges"), json!({"names": ["Quatre"]}), 409, "clos").await;
    jury.refused(&format!("{at}/close"), json!({}), 409, "déjà clos").await;
    assert_eq!(jury.csv(&format!("{at}/import"), "juge;1\nLéa Un;1\n").await.0, StatusCode::CONFLICT);
    let events = jury.get(&format!("/exams/{exam}/events")).await;
    let told = events.to_string();
    for words in ["Panel ouvert : Jury de mars", "second tour ouvert", "Seuil retenu", "clos"] {
        assert!(told.contains(words), "{words}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn candidates_and_bounds_are_judged_once_there_are_marks() {
    let house = House::build().await;
    let (jury, exam) = draft(&house).await;
    jury.post(&format!("/exams/{exam}/freeze"), json!({})).await;
    let panels = format!("/exams/{exam}/panels");
    let open = async |form: Value| jury.post(&panels, form).await["id"].as_str().unwrap().to_owned();
    let hofstee = open(json!({"method": "hofstee"})).await;
    let to = format!("{panels}/{hofstee}");
    let bounds = "juge;seuil min;seuil max;échecs min;échecs max\nA;8;14;5;60\nB;9;13;0;50\nC;9;;;\n";
    assert_eq!(jury.csv(&format!("{to}/import"), bounds).await.0, StatusCode::OK);
    let before = jury.get(&to).await["outcome"].clone();
    assert!(before["threshold"].is_null() && before["why_not"].as_str().unwrap().contains("une fois l’examen noté"));
    sit(&house, &jury, &exam).await;
    jury.post(&format!("/exams/{exam}/mark"), json!({})).await;
    let after = jury.get(&to).await["outcome"].clone();
    assert!(after["threshold"].is_number() && after["remarks"].to_string().contains("incomplètes"), "{after}");

    let group = open(json!({"method": "borderline-group"})).await;
    let to = format!("{panels}/{group}");
    let (status, wrong) = jury.csv(&format!("{to}/import"), "numéro\nD-12\nD-99\n").await;
    assert_eq!((status.as_u16(), wrong["errors"][0]["place"].as_str()), (422, Some("ligne 3, colonne numéro")));
    jury.csv(&format!("{to}/import"), "numéro\nD-11\nD-12\nD-13\nD-21\nD-22\n").await;
    let outcome = jury.get(&to).await["outcome"].clone();
    let results = jury.get(&format!("/exams/{exam}/results")).await;
    let mark = |number: &str| {
        let all = results.as_array().unwrap();
        all.iter().find(|r| r["number"] == number).unwrap()["result"]["on_20"].as_f64().unwrap()
    };
    near(&outcome["threshold"], mark("D-12"));
    jury.post(&format!("{to}/judgements"), json!([{"judge": 1, "target": "candidate:D-21", "value": ""}])).await;
    assert!(jury.get(&to).await["outcome"]["threshold"].is_null(), "four are too few");
    assert!(page(&jury, &format!("/examens/{exam}/panels/{group}")).await.contains("candidat D-21"));

    // Six judged candidates cannot order a booklet: the page says why.
    let bookmark = open(json!({"method": "bookmark", "judges": ["A", "B"]})).await;
    let found = jury.get(&format!("{panels}/{bookmark}")).await["outcome"].clone();
    assert!(found["threshold"].is_null() && found["why_not"].is_string(), "{found}");
    page(&jury, &format!("/examens/{exam}/panels/{bookmark}/juges/1")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn experts_make_the_key_of_a_draft_then_correct_it_in_the_register() {
    let house = House::build().await;
    let (jury, exam) = draft(&house).await;
    let tcs = |id: &str| {
        json!({"question": {"id": id, "kind": "TCS", "stem": format!("Vignette de {id}"), "hypothesis": "H",
                            "finding": "F", "panel": [0, 0, 1, 0, 0]}})
    };
    let paper = json!({"title": "Blanc", "scheme": "edn", "rules": {}, "sections": [
        {"id": "s1", "title": "Essai", "duration_minutes": 60, "elements": [tcs("t1"), tcs("t2")]}]});
    let (status, said) = jury.json(Method::PUT, &format!("/exams/{exam}/paper"), &paper).await;
    assert_eq!(status, StatusCode::OK, "{said}");
    let panels = format!("/exams/{exam}/panels");
    let panel =
        jury.post(&panels, json!({"method": "tcs", "title": "Experts"})).await["id"].as_str().unwrap().to_owned();
    let at = format!("{panels}/{panel}");
    jury.refused(&format!("{at}/key"), json!({}), 409, "aucune question").await;
    let lines: Vec<String> =
        (0..12).map(|i| format!("E{i};{};{}", if i < 8 { "+1" } else { "0" }, [-1, 1][i % 2])).collect();
    let table = format!("panéliste;1;t2\n{}\n", lines.join("\n"));
    let (status, said) = jury.csv(&format!("{at}/import"), &table).await;
    assert_eq!(status, StatusCode::OK, "{said}");
    let found = jury.get(&at).await["concordance"].clone();
    assert_eq!(found["analysis"]["questions"][0]["votes"], json!([0, 0, 4, 8, 0]));
    assert_eq!(found["analysis"]["questions"][1]["flags"], json!(["bimodal"]));
    assert!(
        page(&jury, &format!("/examens/{exam}/panels/{panel}")).await.contains("Reprendre ces votes dans le sujet")
    );
    assert_eq!(jury.post(&format!("{at}/key"), json!({})).await["keys"], 2);
    let paper = jury.get(&format!("/exams/{exam}/paper")).await;
    assert_eq!(paper["sections"][0]["elements"][0]["question"]["panel"], json!([0, 0, 4, 8, 0]));

    // Its two vignettes have the same words but one.
    jury.answer_hazards(&exam, "Deux vignettes d’essai, voulues semblables").await;
    jury.post(&format!("/exams/{exam}/freeze"), json!({})).await;
    let other = json!([{"judge": 1, "target": "question:t1", "value": "0"}]);
    jury.post(&format!("{at}/judgements"), other).await;
    jury.refused(&format!("{at}/key"), json!({"reason": "x", "version": 0}), 409, "figé").await;
    let (_, codes) = jury.csv(&format!("/exams/{exam}/candidates"), "numero;nom\nD-1;Un\n").await;
    jury.post(&format!("/exams/{exam}/sections/s1/open"), json!({})).await;
    let student = house.candidate("d-1", codes[0]["code"].as_str().unwrap()).await;
    let (attempt, stream) = enter(&student, &exam).await;
    let choice = json!({"stream": stream, "steps": [{"seq": 1, "client_ms": 0,
        "act": {"answer": {"question": "t1", "response": {"choice": 0}}}}]});
    student.post(&format!("/attempts/{attempt}/steps"), choice).await;
    jury.post(&format!("/exams/{exam}/finish"), json!({})).await;
    jury.post(&format!("/exams/{exam}/mark"), json!({})).await;
    let points = async || jury.get(&format!("/exams/{exam}/results")).await[0]["result"]["points"].clone();
    near(&points().await, 0.5);
    let shown = page(&jury, &format!("/examens/{exam}/panels/{panel}")).await;
    assert!(shown.contains("Effet sur les notes") && shown.contains("Inscrire ces votes"));
    jury.refused(&format!("{at}/key"), json!({"version": 1}), 422, "motif").await;
    jury.refused(&format!("{at}/key"), json!({"version": 0, "reason": "x"}), 409, "a changé").await;
    let taken = jury.post(&format!("{at}/key"), json!({"version": 1, "reason": "Un expert s’était trompé"})).await;
    assert_eq!(taken["version"], 2);
    let ledger = jury.get(&format!("/exams/{exam}/ledger")).await;
    assert_eq!(ledger[1]["decision"]["panel"], json!([0, 0, 5, 7, 0]));
    assert!(points().await.as_f64().unwrap() > 0.7, "5 votes of 7");
    jury.refused(&format!("{at}/key"), json!({"version": 2, "reason": "x"}), 409, "déjà celle").await;
}
