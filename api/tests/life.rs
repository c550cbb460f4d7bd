//! The life of an exam through the JSON interface, in one process: what may be done when, and what can
//! never happen.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop loudly")]

mod common;

use axum::http::{Method, StatusCode};
use common::{Caller, House, answer, draft, enter};
use docimo::auth::Role;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_counts_after_marking_and_nobody_joins() {
    let house = House::build().await;
    let (jury, exam) = draft(&house).await;
    jury.post(&format!("/exams/{exam}/freeze"), json!({})).await;
    let (_, codes) = jury.csv(&format!("/exams/{exam}/candidates"), "numero;nom\nD-1;Un\nD-2;Deux\n").await;
    let code = |i: usize| codes[i]["code"].as_str().unwrap().to_owned();
    jury.refused(&format!("/exams/{exam}/finish"), json!({}), 409, "Rien n’a encore été ouvert").await;
    jury.post(&format!("/exams/{exam}/sections/s1/open"), json!({})).await;
    let (here, absent) = (house.candidate("d-1", &code(0)).await, house.candidate("d-2", &code(1)).await);
    let (attempt, stream) = enter(&here, &exam).await;
    here.post(&format!("/attempts/{attempt}/steps"), answer(stream, 1, "q1", &["a"])).await;
    jury.post(&format!("/exams/{exam}/finish"), json!({})).await;
    // Late, but before marking: kept for the jury. Someone who never came does not come now.
    let late = here.post(&format!("/attempts/{attempt}/steps"), answer(stream, 2, "q2", &["a"])).await;
    assert_eq!(late["verdicts"][0]["verdict"], "late");
    absent.refused(&format!("/my/exams/{exam}/sections/s1"), json!({}), 409, "terminé").await;
    jury.post(&format!("/exams/{exam}/mark"), json!({})).await;
    let before = jury.get(&format!("/exams/{exam}/results")).await;
    assert_eq!(before.as_array().unwrap().len(), 1);
    assert_eq!(before[0]["result"]["points"], 0.7, "q1 has one discordance, q2 is blank: two");

    // Published: the correction is read, and what is sent with it in hand never counts.
    jury.post(&format!("/exams/{exam}/publish"), json!({})).await;
    assert_eq!(here.get(&format!("/my/exams/{exam}/correction")).await["summary"]["points"], 0.7);
    let after = here.post(&format!("/attempts/{attempt}/steps"), answer(stream, 3, "q1", &["a", "b"])).await;
    assert_eq!(after["verdicts"][0]["verdict"], "after_marking");
    here.refused(&format!("/attempts/{attempt}/streams"), json!({}), 409, "pas ouverte").await;
    let monitor = jury.get(&format!("/exams/{exam}/sections/s1/monitor")).await;
    let person = jury.get(&format!("/exams/{exam}/candidates")).await[0]["person"].clone();
    assert_eq!(monitor["candidates"][0]["late"], 1);
    jury.post(
        &format!("/exams/{exam}/ledger"),
        json!({"decision": "accept_late", "candidate": person, "reason": "coupure"}),
    )
    .await;
    let again = json!({"decision": "accept_late", "candidate": person, "reason": "encore"});
    jury.refused(&format!("/exams/{exam}/ledger"), again, 422, "comptent déjà").await;
    let unknown = json!({"decision": "accept_late", "candidate": "personne", "reason": "x"});
    jury.refused(&format!("/exams/{exam}/ledger"), unknown, 422, "n’est pas inscrit").await;
    let results = jury.get(&format!("/exams/{exam}/results")).await;
    assert_eq!(results[0]["result"]["points"], 1.0, "the late answer to q2, not what came after marking");
    jury.refused(&format!("/attempts/{attempt}/reopen"), json!({"reason": "x"}), 409, "terminé").await;
    jury.refused(&format!("/exams/{exam}/sections/s1/open"), json!({}), 409, "noté").await;
    let endless =
        json!({"decision": "neutralise", "question": "q1", "policy": "removed", "reason": "x".repeat(40_000)});
    jury.refused(&format!("/exams/{exam}/ledger"), endless, 422, "2000 caractères").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_candidates_changes_what_it_says_and_nobody_else() {
    let house = House::build().await;
    let (jury, exam) = draft(&house).await;
    let registry = house.staff("scolarite", Role::Registrar).await;
    let supervisor = house.staff("surveillant", Role::Supervisor).await;
    let to = format!("/exams/{exam}/candidates");
    let file = "numero;nom;centre;tiers-temps;minutes;reference\nD-1;Un;Lyon;oui;10;MDPH-3\nD-2;Deux;Lille;;;\n";
    let (status, codes) = registry.csv(&to, file).await;
    assert_eq!(status, StatusCode::OK);
    // Columns that are not there change nothing; those that are do, empty cells included.
    assert_eq!(registry.csv(&to, "numero;nom\nD-1;Un\n").await.0, StatusCode::OK);
    let first = async || jury.get(&to).await[0].clone();
    let now = first().await;
    assert_eq!(
        (now["factor"].as_str(), now["extra_minutes"].as_i64(), now["site"].as_str()),
        (Some("4/3"), Some(10), Some("Lyon"))
    );
    registry.csv(&to, "numero;nom;tiers-temps\nD-1;Un;non\n").await;
    let now = first().await;
    assert_eq!((now["factor"].as_str(), now["reference"].as_str()), (Some("1"), Some("MDPH-3")));

    // A site spelt otherwise is the same site, in the exam and in the file.
    let spelt = "numero;nom;centre\nD-2;Deux;LILLE\nD-6;Six;E\u{301}vry\nD-7;Sept;evry\n";
    assert_eq!(registry.csv(&to, spelt).await.0, StatusCode::OK);
    let sites: Vec<String> =
        jury.get(&to).await.as_array().unwrap().iter().map(|c| c["site"].as_str().unwrap().to_owned()).collect();
    assert_eq!(sites, ["Lyon", "Lille", "E\u{301}vry", "E\u{301}vry"]);

    // Somebody else's number, a staff login, and every faulty line at once.
    let (status, wrong) = registry.csv(&to, "numero;nom\nD-1;Autre\nscolarite;Pirate\n").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let places: Vec<&str> = wrong["errors"].as_array().unwrap().iter().map(|w| w["place"].as_str().unwrap()).collect();
    assert_eq!(places, ["ligne 2, colonne numéro", "ligne 3, colonne numéro"]);
    let (_, wrong) = registry.csv(&to, "numero;nom;minutes\nD-3;A;x\nD-4;B\nD-5;C\0;1\n").await;
    assert_eq!(wrong["errors"].as_array().unwrap().len(), 3, "{wrong}");

    // A site does not change under someone who composes; a lost code is renewed on the spot.
    jury.post(&format!("/exams/{exam}/freeze"), json!({})).await;
    jury.post(&format!("/exams/{exam}/sections/s1/open"), json!({})).await;
    let student = house.candidate("d-1", codes[0]["code"].as_str().unwrap()).await;
    enter(&student, &exam).await;
    let (status, wrong) = registry.csv(&to, "numero;nom;centre\nD-1;Un;Lille\n").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
    let person = first().await["person"].as_str().unwrap().to_owned();
    // Someone who knows the number tries codes: the candidate comes in all the same.
    let nobody = Caller { app: house.app.clone(), token: String::new() };
    for _ in 0..12 {
        nobody.refused("/session", json!({"login": "d-1", "password": "AAAA-BBBB-CCCC"}), 401, "incorrect").await;
    }
    house.candidate("d-1", codes[0]["code"].as_str().unwrap()).await;
    let renewed = supervisor.post(&format!("{to}/{person}/code"), json!({})).await;
    house.candidate("d-1", renewed["code"].as_str().unwrap()).await;
    let (status, _) = student.send(Method::GET, "/session", "application/json", vec![]).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "the sessions of the old code end");
    let (status, wrong) = registry.json(Method::DELETE, &format!("{to}/{person}"), &json!({})).await;
    assert_eq!(status, StatusCode::CONFLICT, "{wrong}");
    let second = jury.get(&to).await[1]["person"].as_str().unwrap().to_owned();
    let (status, _) = registry.json(Method::DELETE, &format!("{to}/{second}"), &json!({})).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_committee_varies_a_scheme_for_its_exam() {
    let house = House::build().await;
    let (jury, exam) = draft(&house).await;
    let schemes = jury.get("/schemes").await;
    let mut own = schemes.as_array().unwrap().iter().find(|s| s["name"] == "edn").unwrap().clone();
    own["title"] = json!("Maison");
    own["qrm"]["table"] = json!(["1", "0.25"]);
    let at = format!("/exams/{exam}/schemes/maison");
    let mut misspelt = own.clone();
    misspelt["qrm"]["flour"] = json!("0");
    let (status, wrong) = jury.json(Method::PUT, &at, &misspelt).await;
    assert_eq!((status.as_u16(), wrong["errors"][0]["place"].as_str()), (422, Some("barème, qrm.flour")));
    assert_eq!(jury.json(Method::PUT, &at, &own).await.0, StatusCode::NO_CONTENT);
    assert_eq!(jury.json(Method::PUT, &format!("/exams/{exam}/schemes/edn"), &own).await.0.as_u16(), 422, "built in");

    // A patch changes what it names: the instructions and the pass mark stay.
    let (status, said) = jury.json(Method::PATCH, &format!("/exams/{exam}"), &json!({"scheme": "maison"})).await;
    assert_eq!(status, StatusCode::NO_CONTENT, "{said}");
    let settings = jury.get(&format!("/exams/{exam}/settings")).await;
    assert_eq!(
        (settings["scheme"].as_str(), settings["instructions"].as_str(), settings["pass_threshold"].as_str()),
        (Some("maison"), Some("Lisez."), Some("10"))
    );
    let (status, said) = jury.json(Method::DELETE, &at, &json!({})).await;
    assert!(status == StatusCode::CONFLICT && said["detail"].as_str().unwrap().contains("l’examen"), "{said}");
    let section = json!({"title": "Essai", "duration_minutes": 60, "scheme": "absent"});
    let (status, _) = jury.json(Method::PUT, &format!("/exams/{exam}/sections/s1"), &section).await;
    assert_eq!(status.as_u16(), 422);

    jury.post(&format!("/exams/{exam}/freeze"), json!({})).await;
    jury.refused(&format!("/exams/{exam}/freeze"), json!({}), 409, "déjà figé").await;
    let (_, codes) = jury.csv(&format!("/exams/{exam}/candidates"), "numero;nom\nD-1;Un\n").await;
    jury.post(&format!("/exams/{exam}/sections/s1/open"), json!({})).await;
    let student = house.candidate("d-1", codes[0]["code"].as_str().unwrap()).await;
    let (attempt, stream) = enter(&student, &exam).await;
    student.post(&format!("/attempts/{attempt}/steps"), answer(stream, 1, "q1", &["a"])).await;
    student
        .post(
            &format!("/attempts/{attempt}/steps"),
            json!({"stream": stream, "steps": [{"seq": 2, "client_ms": 0, "act": {"hand_in": {}}}]}),
        )
        .await;
    jury.post(&format!("/exams/{exam}/finish"), json!({})).await;
    jury.post(&format!("/exams/{exam}/mark"), json!({})).await;
    let result = &jury.get(&format!("/exams/{exam}/results")).await[0]["result"];
    assert_eq!((result["points"].as_f64(), result["pass"].as_bool()), (Some(0.25), Some(false)), "{result}");
    let answers = jury.get(&format!("/exams/{exam}/questions/q1/answers")).await;
    assert_eq!((answers[0]["count"].as_u64(), answers[1]["count"].as_u64()), (Some(1), Some(0)));
    let events = house.staff("registre", Role::Registrar).await.get(&format!("/exams/{exam}/events")).await;
    assert!(events.as_array().unwrap().len() >= 5);
}
