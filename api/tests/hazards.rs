//! What must not be frozen unknowingly: a question already seen, near one already seen, incompatible, not validated.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop loudly")]

mod common;

use axum::http::{Method, StatusCode};
use common::{Caller, House, draft, enter};
use docimo::auth::Role;
use serde_json::{Value, json};

/// A question that says something of its own: names differ, so do words.
fn asked(id: &str, of: &str) -> Value {
    let propositions: Vec<Value> = ["magnésium", "calcium", "potassium"]
        .iter()
        .enumerate()
        .map(|(i, ion)| json!({"id": format!("p{i}"), "text": format!("Le dosage du {ion} éclaire {of}"), "status": if i == 0 { "vrai" } else { "faux" }}))
        .collect();
    json!({"id": id, "kind": "QRM", "stem": format!("Devant {of}, quelle attitude proposez-vous aux urgences ?"), "propositions": propositions})
}

async fn import(who: &Caller, questions: &[Value]) -> Vec<String> {
    let file = json!({"format": "docimo-questions/1", "entries": questions}).to_string();
    let (status, report) =
        who.send(Method::POST, "/questions/import?name=x.json", "application/octet-stream", file.into_bytes()).await;
    assert_eq!(status, StatusCode::OK, "{report}");
    let mut ids = Vec::new();
    for question in questions {
        let name = question["id"].as_str().unwrap();
        let page = who.get(&format!("/questions?q={name}")).await;
        let found = page["entries"].as_array().unwrap().iter().find(|e| e["external_id"] == name).unwrap().clone();
        ids.push(found["id"].as_str().unwrap().to_owned());
    }
    ids
}

async fn exam(jury: &Caller, title: &str, entries: &[String]) -> String {
    let id = jury.post("/exams", json!({"title": title})).await["id"].as_str().unwrap().to_owned();
    jury.post(&format!("/exams/{id}/sections"), json!({"title": "Épreuve", "duration_minutes": 60})).await;
    jury.post(&format!("/exams/{id}/sections/s1/entries"), json!({"entries": entries})).await;
    id
}

async fn risks(jury: &Caller, exam: &str) -> Vec<Value> {
    jury.get(&format!("/exams/{exam}/hazards")).await["hazards"].as_array().unwrap().clone()
}

fn kinds(risks: &[Value]) -> Vec<(String, String)> {
    let text = |v: &Value| v.as_str().unwrap().to_owned();
    risks.iter().map(|r| (text(&r["element"]), text(&r["meeting"]))).collect()
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_seen_by_these_candidates_is_frozen_by_name_or_not_at_all() {
    let house = House::build().await;
    let jury = house.staff("jury", Role::Committee).await;
    let ids =
        import(&jury, &[asked("asthme", "un asthme aigu grave"), asked("lithiase", "une colique néphrétique")]).await;
    let first = exam(&jury, "Blanc de mars", &ids[..1]).await;
    assert_eq!(risks(&jury, &first).await, Vec::<Value>::new());
    jury.post(&format!("/exams/{first}/freeze"), json!({})).await;
    let (_, codes) = jury.csv(&format!("/exams/{first}/candidates"), "numero;nom\nD-1;Un\n").await;
    jury.post(&format!("/exams/{first}/sections/s1/open"), json!({})).await;
    let student = house.candidate("d-1", codes[0]["code"].as_str().unwrap()).await;
    enter(&student, &first).await;

    // The same question again, for other candidates, then for one who has had it.
    let second = exam(&jury, "Blanc de juin", &ids).await;
    let found = risks(&jury, &second).await;
    assert_eq!(kinds(&found), pairs(&[("asthme", "same-unit")]));
    assert_eq!(found[0]["seen_in"]["title"], "Blanc de mars");
    assert_eq!(
        (found[0]["seen_in"]["seen_by"].as_i64(), found[0]["seen_in"]["of_this_exam"].as_i64()),
        (Some(1), Some(0))
    );
    assert!(found[0]["likeness"].as_str().unwrap().contains("Même question"), "{found:?}");
    let freeze = format!("/exams/{second}/freeze");
    jury.refused(&freeze, json!({}), 422, "a déjà servi dans « Blanc de mars »").await;
    let answer = format!("/exams/{second}/hazards");
    let code = found[0]["code"].clone();
    jury.refused(&answer, json!({"hazards": [code], "reason": " "}), 422, "Indiquez le motif").await;
    jury.refused(&answer, json!({"hazards": ["autre"], "reason": "x"}), 409, "n’est plus le même").await;
    let registrar = house.staff("scolarite", Role::Registrar).await;
    registrar.refused(&answer, json!({"hazards": [code], "reason": "x"}), 403, "").await;
    jury.post(&answer, json!({"hazards": [code], "reason": "Ancrage entre deux sessions"})).await;
    let answered = risks(&jury, &second).await;
    assert_eq!(answered[0]["answered"]["by"], "Nom de jury");
    // Enrolled after the answer: it was not given for candidates who have had the question.
    jury.csv(&format!("/exams/{second}/candidates"), "numero;nom\nD-1;Un\n").await;
    let found = risks(&jury, &second).await;
    assert_eq!(kinds(&found), pairs(&[("asthme", "exposed")]));
    assert!(found[0]["message"].as_str().unwrap().contains("1 candidat de cet examen"), "{found:?}");
    jury.refused(&freeze, json!({}), 422, "a déjà été posée").await;
    jury.post(&answer, json!({"hazards": [found[0]["code"]], "reason": "Entraînement voulu"})).await;
    jury.post(&freeze, json!({})).await;
    let journal = jury.get(&format!("/exams/{second}/events")).await.to_string();
    assert!(journal.contains("Motif : Entraînement voulu") && journal.contains("« asthme »"), "{journal}");
    jury.refused(&answer, json!({"hazards": [code], "reason": "x"}), 409, "figé").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_adapted_is_compared_as_it_was_and_an_answer_holds_for_what_was_read() {
    let house = House::build().await;
    let jury = house.staff("jury", Role::Committee).await;
    let adapted = asked("adaptee", "une embolie pulmonaire bilatérale");
    let first = exam(&jury, "Rattrapage", &[]).await;
    let paper = |question: &Value| {
        json!({"title": "X", "scheme": "edn", "sections": [
        {"id": "s1", "title": "Essai", "duration_minutes": 60, "elements": [{"question": question}]}]})
    };
    let put = async |exam: &str, question: &Value| {
        let (status, said) = jury.json(Method::PUT, &format!("/exams/{exam}/paper"), &paper(question)).await;
        assert_eq!(status, StatusCode::OK, "{said}");
    };
    put(&first, &adapted).await;
    jury.post(&format!("/exams/{first}/freeze"), json!({})).await;

    // Word for word under another name; then nearly; then something else under the same name.
    let second = exam(&jury, "Session", &[]).await;
    put(&second, &asked("copie", "une embolie pulmonaire bilatérale")).await;
    assert_eq!(kinds(&risks(&jury, &second).await), pairs(&[("copie", "same-text")]));
    put(&second, &asked("copie", "une embolie pulmonaire massive bilatérale")).await;
    let near = risks(&jury, &second).await;
    assert_eq!(kinds(&near), pairs(&[("copie", "near")]));
    assert!(near[0]["likeness"].as_str().unwrap().contains("massive"), "{near:?}");
    let answer = json!({"hazards": [near[0]["code"]], "reason": "Autre tableau clinique"});
    jury.post(&format!("/exams/{second}/hazards"), answer).await;
    assert!(risks(&jury, &second).await[0]["answered"].is_object());
    put(&second, &asked("copie", "une embolie pulmonaire proximale bilatérale")).await;
    assert!(risks(&jury, &second).await[0]["answered"].is_null(), "the wording has changed since");
    jury.refused(&format!("/exams/{second}/freeze"), json!({}), 422, "ressemble").await;
    put(&second, &asked("adaptee", "un purpura fulminans de l’enfant")).await;
    assert_eq!(risks(&jury, &second).await.len(), 0, "the name alone, of what the bank never had, says nothing");
    jury.post(&format!("/exams/{second}/freeze"), json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twins_enemies_and_what_is_not_validated_are_told() {
    let house = House::build().await;
    let (jury, _) = draft(&house).await;
    let ids = import(
        &jury,
        &[asked("un", "une thyrotoxicose"), asked("deux", "une thyrotoxicose"), asked("trois", "un zona ophtalmique")],
    )
    .await;
    let paper = exam(&jury, "Partiel", &ids).await;
    assert_eq!(kinds(&risks(&jury, &paper).await), pairs(&[("deux", "twins")]));
    let retire = house.app.store.entry(&ids[2]).await.unwrap().unwrap();
    let form = docimo::bank::desk::StepForm {
        step: "retire".into(),
        latest: retire.latest,
        status: retire.status,
        reason: "Recommandation changée".into(),
    };
    let person = house.app.store.person_by_login("jury").await.unwrap().unwrap();
    let actor = docimo::auth::Actor {
        id: person.id.clone().into(),
        name: person.name.into(),
        login: "jury".into(),
        roles: [Role::Committee][..].into(),
        csrf: "".into(),
        token_hash: "".into(),
    };
    docimo::bank::desk::step(&house.app, &actor, &ids[2], &form).await.unwrap();
    house.app.store.set_enemies(&ids[0], &ids[2], "même image", &person.id, 1).await.unwrap();
    let found = risks(&jury, &paper).await;
    assert_eq!(kinds(&found), pairs(&[("deux", "twins"), ("trois", "enemies"), ("trois", "unready")]));
    assert!(found[1]["message"].as_str().unwrap().contains("« un » (même image)"), "{found:?}");
    jury.refused(&format!("/exams/{paper}/freeze"), json!({}), 422, "est retirée de la banque").await;
}
