//! Receipts through the JSON interface: what a candidate is told is what the committee finds, and nothing else is.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop loudly")]

mod common;

use common::{House, answer, draft, enter};
use docimo::auth::Role;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_is_found_where_it_was_given_and_nowhere_else() {
    let house = House::build().await;
    let (jury, exam) = draft(&house).await;
    jury.post(&format!("/exams/{exam}/freeze"), json!({})).await;
    let (_, codes) = jury.csv(&format!("/exams/{exam}/candidates"), "numero;nom\nD-1;Un\nD-2;Deux\n").await;
    jury.post(&format!("/exams/{exam}/sections/s1/open"), json!({})).await;
    let one = house.candidate("d-1", codes[0]["code"].as_str().unwrap()).await;
    let (attempt, stream) = enter(&one, &exam).await;
    let to = format!("/attempts/{attempt}/steps");
    let first = one.post(&to, answer(stream, 1, "q1", &["a"])).await["receipt"].clone();
    let second = one.post(&to, answer(stream, 2, "q1", &["a", "b"])).await["receipt"].clone();
    assert_eq!(one.post(&to, answer(stream, 1, "q1", &["a"])).await["receipt"], first, "sent again, told again");
    assert_eq!((first["position"].as_i64(), second["position"].as_i64()), (Some(1), Some(2)));
    assert_eq!(one.get(&format!("/attempts/{attempt}/room")).await["receipt"], second);

    let check = format!("/exams/{exam}/receipts");
    let typed = first["code"].as_str().unwrap().to_lowercase().replace('-', " ");
    let found = jury.post(&check, json!({"number": "D-1", "code": typed})).await;
    assert_eq!((found["conform"].as_bool(), found["position"].as_i64()), (Some(true), Some(1)), "{found}");
    let other = jury.post(&check, json!({"number": "D-2", "code": typed})).await;
    assert_eq!(other["conform"], false, "it is another's");
    jury.refused(&check, json!({"number": "D-9", "code": typed}), 422, "aucun candidat").await;
    jury.refused(&check, json!({"number": "D-1", "code": "1234"}), 422, "seize").await;
    let supervisor = house.staff("surveillant", Role::Supervisor).await;
    assert_eq!(supervisor.get(&check).await["breaches"], json!([]));

    // The journal, as the committee reads it, is the chain.
    let journal = jury.get(&format!("/attempts/{attempt}/journal")).await;
    let hashes: Vec<_> = journal.as_array().unwrap().iter().map(|s| s["receipt"].clone()).collect();
    assert_eq!(hashes, [first["hash"].clone(), second["hash"].clone()]);

    // The digest is that of the end, whatever is asked again, and changes with any journal.
    let digest = jury.get(&check).await["digest_code"].clone();
    jury.post(&format!("/exams/{exam}/finish"), json!({})).await;
    let events = jury.get(&format!("/exams/{exam}/events")).await.to_string();
    assert!(events.contains(digest.as_str().unwrap()), "{events}");
    one.post(&to, answer(stream, 3, "q1", &["c"])).await;
    assert_ne!(jury.get(&check).await["digest_code"], digest, "a late answer is kept, and seen");
}
