//! Sealed papers, on both engines.

use super::event;
use docimo_store::journal::Entering;
use docimo_store::sealed::{SealedPiece, SealedSection};
use docimo_store::{Journal, Store, StoreError};

fn section(hash: &str) -> SealedSection {
    SealedSection {
        hash: hash.into(),
        manifest: "{}".into(),
        queue_secret: "abcd".into(),
        keys: vec!["00".into(), "11".into(), "22".into()],
    }
}

pub async fn sealed(store: &Store) {
    let piece = |hash: &str| SealedPiece { hash: hash.into(), bytes: vec![0, 255, 7] };
    assert_eq!(store.sealed("x", "s1").await.unwrap(), None);
    assert!(store.add_sealed("x", "s1", &section("h1"), &[piece("a"), piece("b")], 1).await.unwrap());
    assert!(!store.add_sealed("x", "s1", &section("h2"), &[piece("c")], 2).await.unwrap(), "the first one stays");
    assert_eq!(store.sealed("x", "s1").await.unwrap(), Some(section("h1")));
    assert!(!format!("{:?}", section("h1")).contains("abcd"), "secrets are not shown");
    assert_eq!(store.sealed_piece("x", "s1", "a").await.unwrap(), Some(vec![0, 255, 7]));
    assert_eq!(store.sealed_piece("x", "s1", "c").await.unwrap(), None);
    // Whole or not at all: the same piece twice is a fault, and nothing of it stays.
    let twice = store.add_sealed("x", "s2", &section("h3"), &[piece("d"), piece("d")], 3).await;
    assert!(matches!(twice, Err(StoreError::Duplicate)));
    assert_eq!(store.sealed("x", "s2").await.unwrap(), None);
}

/// After a sheet was sat: what it validated, and where steps brought by hand go.
pub async fn brought(store: &Store) {
    let id = store.attempts_of("x", "c1").await.unwrap().remove(0).id;
    assert_eq!(store.locked("x", &id).await.unwrap(), ["q2"]);
    assert_eq!((store.last_seq(&id, 1).await.unwrap(), store.last_seq(&id, 77).await.unwrap()), (11, 0));
    let before = store.attempt(&id).await.unwrap().unwrap();
    assert!(before.came() && before.is_begun());
    let stream = store.stream_of_import(&id, "digest", 5).await.unwrap();
    assert_eq!(stream, before.streams + 1);
    assert_eq!(store.stream_of_import(&id, "digest", 6).await.unwrap(), stream, "the same ever after");
    assert_eq!(store.stream_of_import(&id, "other", 6).await.unwrap(), stream + 1);
    // Whoever only waited may be taken out: a page opens its stream in the waiting room.
    store.add_exam(&super::exam("wait"), "{}", &[], &event("wait", 1, 1)).await.unwrap();
    store.enrol("wait", &[super::enrolment(7, "1")], &event("wait", 2, 1)).await.unwrap();
    let person = store.candidates("wait").await.unwrap().remove(0).person_id;
    let journal = Journal::start(store.clone());
    let entering = Entering {
        fresh_id: "waiting".into(),
        seed: 1,
        exam_id: "wait".into(),
        person_id: person.clone(),
        section_id: "s1".into(),
    };
    let waiting = journal.enter(entering).await.unwrap();
    journal.open_stream(&waiting, 3).await.unwrap();
    let sheet = store.attempt(&waiting).await.unwrap().unwrap();
    assert!(!sheet.came() && !sheet.is_begun());
    assert_eq!(store.attendance("wait").await.unwrap(), []);
    store.remove_candidate("wait", &person, &event("wait", 3, 1)).await.unwrap();
}
