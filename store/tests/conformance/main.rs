//! The same story on SQLite and on PostgreSQL: every function of the store, called on both.
//!
//! PostgreSQL: a database is made on the server that `DOCIMO_TEST_POSTGRES` names (the test command
//! starts one). Without it that half is recorded as skipped.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop loudly")]

mod ai;
mod bank;
mod comments;
mod live;
mod sealed;
mod tags;

use docimo_engine::attempt::{Act, Phase, Verdict, fold};
use docimo_engine::ledger::{Decision, Entry, Neutralisation};
use docimo_engine::paper::Section;
use docimo_engine::response::Response;
use docimo_store::bank::uses::FrozenElement;
use docimo_store::bank::{Added, COMMON_FOLDER, EntryFilter, Media, NewRevision};
use docimo_store::delivery::{GrantTo, TimeGrant};
use docimo_store::doors::{LockedBrowser, NewRefusal};
use docimo_store::exams::{Enrolment, Exam, NewEvent, Site};
use docimo_store::journal::{Entering, NewStep, Save, WholeSheet};
use docimo_store::panels::{NewJudgement, NewThreshold, Panel};
use docimo_store::people::{LoginSession, Person};
use docimo_store::referentials::{NewVersion, NodeRow};
use docimo_store::results::StoredResult;
use docimo_store::{Journal, SaveError, Store, StoreError};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

static NEXT: AtomicU32 = AtomicU32::new(0);

fn unique() -> String {
    let pid = std::process::id();
    format!("{pid}_{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

async fn sqlite() -> (Store, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&format!("sqlite://{}", dir.path().join("t.sqlite").display())).await.unwrap();
    (store, dir)
}

async fn postgres() -> Option<Store> {
    Some(Store::open(&postgres_url().await?).await.unwrap())
}

/// Address of a fresh database, or `None` with the skip recorded.
async fn postgres_url() -> Option<String> {
    let Ok(server) = std::env::var("DOCIMO_TEST_POSTGRES") else {
        if let Ok(log) = std::env::var("DOCIMO_SKIP_LOG") {
            use std::io::Write;
            let mut file = std::fs::OpenOptions::new().append(true).create(true).open(log).unwrap();
            writeln!(file, "store: PostgreSQL (DOCIMO_TEST_POSTGRES absent)").unwrap();
        }
        return None;
    };
    let name = format!("store_{}", unique());
    let admin = sqlx::PgPool::connect(&server).await.unwrap();
    sqlx::query(sqlx::AssertSqlSafe(format!("create database {name}"))).execute(&admin).await.unwrap();
    admin.close().await;
    let (head, query) = server.split_once('?').map_or((server.as_str(), None), |(h, q)| (h, Some(q)));
    let base = head.rsplit_once('/').map_or(head, |(b, _)| b);
    let query = query.map(|q| format!("?{q}")).unwrap_or_default();
    Some(format!("{base}/{name}{query}"))
}

fn event(exam: &str, n: u32, at_ms: i64) -> NewEvent {
    NewEvent {
        id: format!("e{n}-{exam}"),
        exam_id: Some(exam.into()),
        at_ms,
        author_id: Some("p1".into()),
        what: "test",
        detail: "un acte".into(),
    }
}

fn account(n: u32) -> NewEvent {
    NewEvent { exam_id: None, ..event("account", n, 1) }
}

fn person(id: &str, login: &str) -> Person {
    Person {
        id: id.into(),
        login: login.into(),
        name: format!("Nom de {login}"),
        secret: Some("s".into()),
        created_ms: 1,
        disabled_ms: None,
    }
}

fn section() -> Arc<Section> {
    let json = r#"{"id":"s1","title":"UC 1","duration_minutes":10,"elements":[
      {"question":{"id":"q1","kind":"QRU","stem":"?","propositions":[
        {"id":"a","text":"x","status":"vrai"},{"id":"b","text":"y","status":"faux"}]}},
      {"case":{"id":"dp","kind":"DP","title":"D","intro":"I","parts":[
        {"question":{"id":"q2","kind":"QROC","stem":"?","exact":["x"]}},
        {"question":{"id":"q3","kind":"QROC","stem":"?","exact":["y"]}}]}}]}"#;
    Arc::new(serde_json::from_str(json).unwrap())
}

fn tick(id: &str) -> Act {
    Act::Answer { question: "q1".into(), response: Response::Ticks { ticked: vec![id.into()], rejected: vec![] } }
}

fn text(question: &str, text: &str) -> Act {
    Act::Answer { question: question.into(), response: Response::Text { text: text.into() } }
}

fn save(attempt: &str, stream: u32, first: u32, acts: &[Act], now_ms: i64) -> Save {
    let steps = acts.iter().enumerate().map(|(i, act)| NewStep::new(first + i as u32, 0, act.clone()).unwrap());
    Save { attempt_id: attempt.into(), section: section(), actor: "p2".into(), stream, steps: steps.collect(), now_ms }
}

fn entering(fresh_id: &str, seed: i64, person: &str) -> Entering {
    Entering { fresh_id: fresh_id.into(), seed, exam_id: "x".into(), person_id: person.into(), section_id: "s1".into() }
}

async fn people(store: &Store) {
    assert_eq!(store.count_people().await.unwrap(), 0);
    store.add_person(&person("p1", "comite"), &["committee", "author"]).await.unwrap();
    assert!(matches!(store.add_person(&person("px", "comite"), &[]).await, Err(StoreError::Duplicate)));
    assert_eq!(store.person_by_login("comite").await.unwrap().unwrap().id, "p1");
    assert_eq!(store.person("absent").await.unwrap(), None);
    assert_eq!(store.roles("p1").await.unwrap(), ["author", "committee"]);
    store.change_person("p1", Some(&["committee"]), None, &account(901)).await.unwrap();
    assert_eq!(store.roles("p1").await.unwrap(), ["committee"]);
    assert_eq!(store.staff().await.unwrap().len(), 1);

    let session = LoginSession { person_id: "p1".into(), csrf: "c".into(), expires_ms: 100 };
    let journal = Journal::start(store.clone());
    journal.sign_in("hash", session.clone(), 10).await.unwrap();
    let asked = ["other".to_owned(), "hash".to_owned(), "third".to_owned()];
    let known = store.signed_in(&asked, 50).await.unwrap();
    assert_eq!(known.len(), 1);
    assert_eq!(
        (known[0].person_id.as_str(), known[0].csrf.as_str(), known[0].token_hash.as_str()),
        ("p1", "c", "hash")
    );
    assert_eq!((known[0].login.as_str(), known[0].roles.as_slice()), ("comite", &["committee".to_owned()][..]));
    let in_at = async |now_ms| !store.signed_in(&asked, now_ms).await.unwrap().is_empty();
    assert!(!in_at(100).await, "it has ended");
    store.change_person("p1", None, Some(Some(60)), &account(902)).await.unwrap();
    assert!(!in_at(50).await, "disabling ends sessions");
    store.change_person("p1", None, Some(None), &account(903)).await.unwrap();
    journal.sign_in("hash", session.clone(), 10).await.unwrap();
    store.set_secret("p1", "new").await.unwrap();
    assert!(!in_at(50).await, "so does a new secret");
    journal.sign_in("hash", session.clone(), 10).await.unwrap();
    store.close_login("hash").await.unwrap();
    assert!(!in_at(50).await);

    store.add_link("l1", "first", 0, 100).await.unwrap();
    store.add_link("l2", "first", 0, 100).await.unwrap();
    assert!(!store.link_is_open("l1", "first", 1).await.unwrap(), "a newer link replaces it");
    assert!(store.link_is_open("l2", "first", 1).await.unwrap());
    assert!(!store.use_link("l2", "other", 1).await.unwrap());
    assert!(!store.use_link("l2", "first", 100).await.unwrap(), "too late");
    assert!(store.use_link("l2", "first", 1).await.unwrap());
    assert!(!store.use_link("l2", "first", 2).await.unwrap(), "once only");
}

fn revision(external: &str, hash: &str) -> NewRevision {
    NewRevision {
        fresh_entry_id: format!("id-{external}"),
        external_id: external.into(),
        kind: "QRU".into(),
        status: "validated".into(),
        hash: hash.into(),
        fingerprint: "f".into(),
        title: "Embolie pulmonaire".into(),
        questions: 1,
        tags: "R2C:226".into(),
        body: "{}".into(),
        origin: "test".into(),
        author_id: "p1".into(),
        folder_id: COMMON_FOLDER.into(),
        language: "fr".into(),
        signature: Some(vec![1, 0, 255]),
        flaws: String::new(),
    }
}

async fn entries(store: &Store) {
    let media = Media { hash: "h".into(), mime: "image/png".into(), width: 2, height: 3, bytes: vec![0, 255, 1] };
    let first = [revision("a", "1"), revision("b", "1")];
    assert_eq!(
        store.add_revisions(&first, std::slice::from_ref(&media), 5).await.unwrap(),
        [Added::Entry, Added::Entry]
    );
    assert_eq!(store.add_revisions(&first, &[media], 6).await.unwrap(), [Added::Unchanged, Added::Unchanged]);
    assert_eq!(store.add_revisions(&[revision("a", "2")], &[], 7).await.unwrap(), [Added::Revision]);
    assert_eq!(store.media("h").await.unwrap().unwrap().bytes, [0, 255, 1]);
    assert!(store.media("absent").await.unwrap().is_none());
    bank::media(store).await;
    let filter = EntryFilter { words: vec!["EMBOLIE".into(), "226".into()], limit: 10, ..EntryFilter::default() };
    let (lines, total) = store.entries(&filter).await.unwrap();
    assert_eq!((lines.len(), total, lines[0].latest), (2, 2, 2));
    let none = EntryFilter { words: vec!["rate".into()], limit: 10, ..EntryFilter::default() };
    assert_eq!(store.entries(&none).await.unwrap().1, 0);
    let kind = EntryFilter { kind: Some("QRU".into()), limit: 1, offset: 1, ..EntryFilter::default() };
    assert_eq!(store.entries(&kind).await.unwrap().0[0].external_id, "b");
    let folders = Some(vec![COMMON_FOLDER.to_owned()]);
    assert_eq!(store.entries(&EntryFilter { folders, limit: 9, ..EntryFilter::default() }).await.unwrap().1, 2);
    let nowhere = EntryFilter { folders: Some(Vec::new()), limit: 9, ..EntryFilter::default() };
    assert_eq!(store.entries(&nowhere).await.unwrap().1, 0);
    assert_eq!(store.revision("id-a", 1).await.unwrap().unwrap().hash, "1");
    assert!(store.revision("id-a", 3).await.unwrap().is_none());
    assert_eq!(store.entry_kinds(None).await.unwrap(), [("QRU".to_owned(), 2)]);
    assert_eq!(store.latest_revision("id-a").await.unwrap().unwrap().hash, "2");
    assert_eq!(store.revisions("id-a").await.unwrap().iter().map(|r| r.number).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(store.entry("id-a").await.unwrap().unwrap().external_id, "a");
    assert_eq!(store.entry_by_external_id("b").await.unwrap().unwrap().id, "id-b");
    // All or nothing: the second refers to nobody.
    let orphan = NewRevision { author_id: "nobody".into(), ..revision("d", "1") };
    assert!(store.add_revisions(&[revision("c", "1"), orphan], &[], 8).await.is_err());
    assert!(store.entry_by_external_id("c").await.unwrap().is_none());
}

fn node(code: &str, parent: &str, title: &str) -> NodeRow {
    NodeRow {
        code: code.into(),
        parent: parent.into(),
        tag: if code.starts_with("OIC-") { code.into() } else { format!("pharma:{code}") },
        title: title.into(),
        title_status: "complete".into(),
        status: "current".into(),
        ..NodeRow::default()
    }
}

fn version(slug: &str, name: &str, compared_with: Option<i64>, nodes: Vec<NodeRow>) -> NewVersion {
    NewVersion {
        slug: slug.into(),
        title: "Référentiel".into(),
        publisher: "Faculté".into(),
        licence: "libre".into(),
        name: name.into(),
        hash: format!("hash-{name}"),
        origin: "essai".into(),
        author_id: "p1".into(),
        compared_with,
        nodes,
        moves: Vec::new(),
    }
}

async fn tagged(store: &Store, tag: &str) -> i64 {
    let filter = EntryFilter { tag: Some(tag.into()), limit: 10, ..EntryFilter::default() };
    let listed = store.entries(&filter).await.unwrap().1;
    let counted = store.counts_of_tags(&[tag.to_owned()], None).await.unwrap().first().map_or(0, |c| c.entries);
    assert_eq!(listed, counted, "{tag}");
    let within = async |folders: &[String]| {
        let found = store.counts_of_tags(&[tag.to_owned()], Some(folders)).await.unwrap();
        found.first().map_or(0, |c| c.entries)
    };
    assert_eq!(within(&[COMMON_FOLDER.to_owned()]).await, counted, "{tag}");
    assert_eq!((within(&["ailleurs".to_owned()]).await, within(&[]).await), (0, 0));
    listed
}

async fn referentials(store: &Store) {
    let tags = |external: &str, hash: &str, tags: &str| NewRevision { tags: tags.into(), ..revision(external, hash) };
    store
        .add_revisions(&[tags("t1", "1", "OIC-031-11-B pharma:b R2C:31"), tags("t2", "1", "OIC-031-12-A")], &[], 10)
        .await
        .unwrap();
    assert_eq!(tagged(store, "R2C:31").await, 2, "an objective's item follows from it");
    assert_eq!(tagged(store, "R2C:226").await, 2, "of entries brought before");
    let counts = store.tag_counts("OIC-").await.unwrap();
    assert_eq!(
        counts.iter().map(|c| (c.tag.as_str(), c.entries)).collect::<Vec<_>>(),
        [("OIC-031-11-B", 1), ("OIC-031-12-A", 1)]
    );
    assert_eq!(store.tag_counts("").await.unwrap().len(), 5);

    assert_eq!(store.referential("r2c").await.unwrap(), None);
    let first = vec![node("OIC-031-11-B", "", "Onze"), node("OIC-031-12-A", "", "Douze")];
    assert_eq!(store.add_version(&version("r2c", "2024", None, first), 11).await.unwrap(), 1);
    let pharma = vec![node("a", "", "A"), node("b", "a", "B")];
    assert_eq!(store.add_version(&version("pharma", "1", None, pharma), 12).await.unwrap(), 1);
    assert!(store.tags_to_review("r2c", "OIC-").await.unwrap().is_empty());
    let lines = store.referentials().await.unwrap();
    assert_eq!(lines.iter().map(|l| (l.slug.as_str(), l.nodes)).collect::<Vec<_>>(), [("pharma", 2), ("r2c", 2)]);

    // The next version gives one a new code, and drops the other.
    let next = || vec![node("OIC-040-01-B", "", "Onze")];
    assert!(matches!(store.add_version(&version("r2c", "2025", None, next()), 13).await, Err(StoreError::Conflict)));
    let again = version("r2c", "2024", Some(1), next());
    assert!(matches!(store.add_version(&again, 13).await, Err(StoreError::Duplicate)));
    assert_eq!(store.referential("r2c").await.unwrap().unwrap().current, 1, "a refused version leaves nothing");
    let moves = vec![("OIC-031-11-B".to_owned(), "OIC-040-01-B".to_owned())];
    let new = NewVersion { moves, ..version("r2c", "2025", Some(1), next()) };
    assert_eq!(store.add_version(&new, 14).await.unwrap(), 2);
    assert_eq!((tagged(store, "OIC-040-01-B").await, tagged(store, "R2C:40").await), (1, 1), "the tag followed");
    assert_eq!(tagged(store, "R2C:31").await, 2, "one says so itself, the other by its objective");
    let review = store.tags_to_review("r2c", "OIC-").await.unwrap();
    assert_eq!(review.iter().map(|c| (c.tag.as_str(), c.entries)).collect::<Vec<_>>(), [("OIC-031-12-A", 1)]);
    assert_eq!(store.last_node("OIC-031-12-A").await.unwrap().unwrap().title, "Douze");
    assert_eq!(store.nodes("r2c", 1).await.unwrap().len(), 2);
    assert_eq!(store.current_nodes("r2c", "OIC-040-").await.unwrap()[0].title, "Onze");
    assert!(store.current_nodes("r2c", "OIC-031-").await.unwrap().is_empty());

    // Someone decides, changes their mind, keeps it.
    store.decide_tag("r2c", "OIC-031-12-A", Some("OIC-040-01-B"), "p1", 15).await.unwrap();
    assert_eq!((tagged(store, "OIC-040-01-B").await, tagged(store, "R2C:31").await), (2, 1));
    assert!(store.tags_to_review("r2c", "OIC-").await.unwrap().is_empty());
    store.decide_tag("r2c", "OIC-031-12-A", None, "p1", 16).await.unwrap();
    assert_eq!(store.tags_to_review("r2c", "OIC-").await.unwrap().len(), 1);
    store.decide_tag("r2c", "OIC-031-12-A", Some(""), "p1", 17).await.unwrap();
    assert!(store.tags_to_review("r2c", "OIC-").await.unwrap().is_empty());
    assert_eq!((tagged(store, "OIC-040-01-B").await, tagged(store, "R2C:31").await), (1, 2));
    let follows = store.follows("r2c").await.unwrap();
    assert_eq!(follows.len(), 2);
    assert_eq!((follows[0].target.as_str(), follows[0].author_name.as_deref()), ("", Some("Nom de comite")));
    assert_eq!(follows[1].author_name, None, "a version said so");

    // A revision replaces its tags, and follows at once.
    store.add_revisions(&[tags("t2", "2", "OIC-031-11-B")], &[], 18).await.unwrap();
    assert_eq!((tagged(store, "OIC-040-01-B").await, tagged(store, "OIC-031-12-A").await), (2, 0));
    // A third version brings the first codes back: they mean themselves again.
    let back = vec![node("OIC-031-11-B", "", "Onze"), node("OIC-031-12-A", "", "Douze")];
    assert_eq!(store.add_version(&version("r2c", "2026", Some(2), back), 19).await.unwrap(), 3);
    assert_eq!((tagged(store, "OIC-040-01-B").await, tagged(store, "R2C:31").await), (0, 2));
    let versions = store.referential_versions("r2c").await.unwrap();
    assert_eq!(versions.iter().map(|v| v.name.as_str()).collect::<Vec<_>>(), ["2026", "2025", "2024"]);
}

fn exam(id: &str) -> Exam {
    Exam {
        id: id.into(),
        title: "Examen".into(),
        state: "draft".into(),
        start_mode: "individual".into(),
        grace_ms: 1_000,
        instructions: String::new(),
        paper_hash: None,
        frozen_ms: None,
        published_ms: None,
        published_version: None,
        created_ms: 1,
        created_by: "p1".into(),
        offline_parts: 1,
    }
}

fn enrolment(n: u32, factor: &str) -> Enrolment {
    Enrolment {
        fresh_person_id: format!("c{n}"),
        login: format!("d-{n}"),
        name: format!("Candidat {n}"),
        secret: "s".into(),
        number: format!("D-{n}"),
        site: Some(if n == 1 { "Lille".into() } else { "Lyon".into() }),
        fresh_site_id: format!("site-{n}"),
        factor: Some(factor.into()),
        extra_minutes: None,
        reference: None,
        breaks: None,
        place: Some(("Amphi A".into(), Some(2), Some(i64::from(n)))),
    }
}

async fn exams(store: &Store) {
    let site = Site { id: "site-0".into(), name: "Lille".into() };
    store.add_exam(&exam("x"), "{\"v\":1}", &[site], &event("x", 1, 1)).await.unwrap();
    assert_eq!(store.paper("x").await.unwrap().unwrap(), "{\"v\":1}");
    store.set_draft("x", "{\"v\":1}", "{\"v\":2}").await.unwrap();
    assert!(matches!(store.set_draft("x", "{\"v\":1}", "{}").await, Err(StoreError::Conflict)));
    let settings = Exam { title: "Titre".into(), instructions: "Consignes".into(), offline_parts: -1, ..exam("x") };
    assert!(matches!(store.set_settings(&settings, "stale", "{}").await, Err(StoreError::Conflict)));
    store.set_settings(&settings, "{\"v\":2}", "{\"v\":2}").await.unwrap();
    let kept = store.exam("x").await.unwrap().unwrap();
    assert_eq!((kept.title.as_str(), kept.offline_parts), ("Titre", -1));
    let frozen = store.count_frozen().await.unwrap();
    let stale = store.freeze("x", "stale", frozen, "{}", "h", &[], &event("x", 2, 2)).await;
    assert!(matches!(stale, Err(StoreError::Conflict)));
    let unseen = store.freeze("x", "{\"v\":2}", frozen + 1, "{\"v\":2}", "h", &[], &event("x", 2, 2)).await;
    assert!(matches!(unseen, Err(StoreError::Conflict)), "not compared with what was frozen meanwhile");
    let held = [FrozenElement { external_id: "a".into(), hash: "3".into() }];
    store.freeze("x", "{\"v\":2}", frozen, "{\"v\":2}", "h", &held, &event("x", 3, 3)).await.unwrap();
    assert_eq!(store.count_frozen().await.unwrap(), frozen + 1);
    bank::uses(store).await;
    assert_eq!(store.events("x", 10).await.unwrap().len(), 2, "a refused freezing leaves no event");
    assert!(matches!(store.set_draft("x", "{\"v\":2}", "{}").await, Err(StoreError::Conflict)), "frozen");
    assert_eq!(store.exam("x").await.unwrap().unwrap().paper_hash.as_deref(), Some("h"));
    sealed::sealed(store).await;

    let made = store.enrol("x", &[enrolment(1, "1"), enrolment(2, "4/3")], &event("x", 4, 4)).await.unwrap();
    assert_eq!(made, [true, true]);
    let again = store.enrol("x", &[enrolment(1, "4/3")], &event("x", 5, 5)).await.unwrap();
    assert_eq!(again, [false]);
    let candidates = store.candidates("x").await.unwrap();
    assert_eq!(
        candidates.iter().map(|c| (c.number.as_str(), c.site_name.as_str(), c.factor.as_str())).collect::<Vec<_>>(),
        [("D-1", "Lille", "4/3"), ("D-2", "Lyon", "4/3")]
    );
    // What a file does not say stays as it was.
    let bare = Enrolment { site: None, factor: None, place: None, ..enrolment(2, "1") };
    store.enrol("x", &[bare], &event("x", 51, 5)).await.unwrap();
    let second = store.candidate("x", "c2").await.unwrap().unwrap();
    assert_eq!((second.site_name.as_str(), second.factor.as_str()), ("Lyon", "4/3"));
    assert_eq!((second.room.as_str(), second.seat_row, second.seat_column), ("Amphi A", Some(2), Some(2)), "kept");
    store.enrol("x", &[enrolment(4, "1")], &event("x", 52, 5)).await.unwrap();
    store.remove_candidate("x", "c4", &event("x", 53, 5)).await.unwrap();
    assert!(store.candidate("x", "c4").await.unwrap().is_none());
    // The same number for someone else: nothing of that list goes in.
    let clash = Enrolment { login: "autre".into(), fresh_person_id: "c9".into(), ..enrolment(1, "1") };
    assert!(store.enrol("x", &[enrolment(3, "1"), clash], &event("x", 6, 6)).await.is_err());
    assert_eq!(store.count_candidates("x").await.unwrap(), 2);
    assert_eq!(store.sites("x").await.unwrap().len(), 2);
    store.add_site("x", &Site { id: "site-9".into(), name: "Brest".into() }, &event("x", 7, 7)).await.unwrap();
    let double = Site { id: "site-10".into(), name: "Brest".into() };
    assert!(matches!(store.add_site("x", &double, &event("x", 8, 8)).await, Err(StoreError::Duplicate)));
    assert!(matches!(store.remove_site("x", "site-0", &event("x", 81, 8)).await, Err(StoreError::Conflict)), "in use");
    store.remove_site("x", "site-9", &event("x", 82, 8)).await.unwrap();
    assert_eq!(store.exams().await.unwrap().len(), 1);
    assert_eq!(store.exams_of("c1").await.unwrap().len(), 1);
    assert_eq!(store.exams_of("p1").await.unwrap().len(), 0);
    assert!(store.candidate("x", "c1").await.unwrap().is_some());
    assert_eq!(store.roles("c1").await.unwrap(), ["student"]);
}

/// Minutes in milliseconds.
const MIN: i64 = 60_000;

async fn delivery(store: &Store) {
    let journal = Journal::start(store.clone());
    assert_eq!(store.known_attempt("x", "c1", "s1").await.unwrap(), None);
    let id = journal.enter(entering("at1", 7, "c1")).await.unwrap();
    assert_eq!(journal.enter(entering("at2", 8, "c1")).await.unwrap(), id, "one sheet a section");
    assert_eq!(store.known_attempt("x", "c1", "s1").await.unwrap().as_ref(), Some(&id));
    assert!(journal.enter(entering("at3", 8, "p1")).await.is_err(), "not a candidate");
    assert!(journal.open_stream("none", 0).await.is_err() && journal.start_attempt("none", 0).await.is_err());
    let attempt = store.attempt(&id).await.unwrap().unwrap();
    assert_eq!(attempt.times(10).phase(0), Phase::Waiting);
    assert!(matches!(journal.save(save(&id, 1, 1, &[tick("a")], 0)).await, Err(SaveError::UnknownStream)));
    assert_eq!(journal.open_stream(&id, 0).await.unwrap(), 1);
    assert!(matches!(journal.save(save(&id, 1, 1, &[tick("a")], 0)).await, Err(SaveError::NotOpen)));
    store.open_sitting("x", &section(), &["site-0".into(), "site-2".into()], &event("x", 10, 0)).await.unwrap();
    assert_eq!(store.exam("x").await.unwrap().unwrap().state, "open");
    assert!(matches!(journal.save(save(&id, 1, 1, &[tick("a")], 0)).await, Err(SaveError::NotOpen)), "not started");
    assert_eq!(journal.start_attempt(&id, 1_000).await.unwrap(), 1_000);
    assert_eq!(journal.start_attempt(&id, 9_000).await.unwrap(), 1_000, "time starts once");

    let saved = journal.save(save(&id, 1, 1, &[tick("a"), tick("b")], 2_000)).await.unwrap();
    assert_eq!((saved.acknowledged, saved.verdicts), (2, vec![(1, Verdict::Counted), (2, Verdict::Counted)]));
    let first = saved.receipt.unwrap();
    let again = journal.save(save(&id, 1, 1, &[tick("a"), tick("b"), tick("a")], 3_000)).await.unwrap();
    assert_eq!(again.acknowledged, 3, "what was stored is acknowledged again");
    let receipt = journal.save(save(&id, 1, 1, &[tick("a"), tick("b")], 3_500)).await.unwrap().receipt;
    assert_eq!(receipt, Some(first), "with the same receipt");
    let (place, head) = again.receipt.unwrap();
    assert_eq!((first.0, place), (2, 3));
    assert_ne!(first.1, head);
    let nothing = journal.save(save(&id, 1, 4, &[], 3_600)).await.unwrap();
    assert_eq!(nothing.receipt, Some((3, head)), "where the journal stands");
    assert!(matches!(journal.save(save(&id, 1, 7, &[tick("a")], 3_000)).await, Err(SaveError::Gap { expected: 4 })));
    assert_eq!(store.steps("x", &id).await.unwrap().len(), 3, "a refused save leaves nothing");
    let forged = journal.save(save(&id, 1, 4, &[text("q3", "y"), text("q2", "x")], 4_000)).await.unwrap();
    assert_eq!(forged.verdicts, [(4, Verdict::Invalid), (5, Verdict::Counted)], "the next part is not shown yet");
    let lock = Act::Lock { question: "q2".into() };
    let locked = journal.save(save(&id, 1, 6, &[lock.clone(), text("q2", "z"), text("q3", "y")], 5_000)).await.unwrap();
    assert!(locked.revealed);
    assert_eq!(locked.verdicts, [(6, Verdict::Counted), (7, Verdict::Locked), (8, Verdict::Counted)]);
    let replay = journal.save(save(&id, 1, 6, &[lock, text("q2", "z")], 6_000)).await.unwrap();
    assert_eq!(replay.verdicts, [(6, Verdict::Counted), (7, Verdict::Locked)], "with the first verdicts");
    assert!(replay.revealed);

    // A second browser: its answers are newer than those of the first, whenever they arrive.
    assert_eq!(journal.open_stream(&id, 6_000).await.unwrap(), 2);
    journal.save(save(&id, 2, 1, &[tick("b")], 7_000)).await.unwrap();
    let left = journal.save(save(&id, 1, 9, &[tick("a"), text("q2", "w")], 8_000)).await.unwrap();
    assert_eq!(left.verdicts, [(9, Verdict::Superseded), (10, Verdict::Locked)], "the first browser was left");
    assert_eq!(left.streams, 2, "and is told so");
    let closing = journal.save(save(&id, 1, 11, &[Act::HandIn {}], 8_000)).await.unwrap();
    assert_eq!(closing.verdicts, [(11, Verdict::Superseded)], "nor does it close the sheet under the second one");
    assert_eq!(closing.times.handed_in_ms, None);
    let hole = journal.save(save(&id, 1, 12, &[], 8_000)).await.unwrap();
    assert_eq!(hole.acknowledged, 11);
    let mut holed = save(&id, 1, 12, &[tick("a"), tick("b")], 8_000);
    holed.steps[1].seq = 14;
    assert!(matches!(journal.save(holed).await, Err(SaveError::Gap { expected: 12 })), "nothing of it is on disk");
    let sheet = fold(&store.steps("x", &id).await.unwrap());
    assert_eq!(sheet.answers["q1"], Response::Ticks { ticked: vec!["b".into()], rejected: vec![] });
    assert_eq!(sheet.answers["q2"], Response::Text { text: "x".into() });

    // Time: 10 min × 4/3, rounded up, then an extension and two compensations.
    let deadline = |a: &docimo_store::delivery::Attempt| a.times(10).deadline_ms(0).unwrap();
    let base = deadline(&store.attempt(&id).await.unwrap().unwrap());
    assert_eq!(base, 1_000 + 800_000);
    let grant = |to, compensation, n: u32| TimeGrant {
        id: format!("g{n}"),
        exam_id: "x".into(),
        section_id: "s1".into(),
        to,
        compensation,
        ms: MIN,
        reason: "incident".into(),
        pending: false,
    };
    store.grant_time(&grant(GrantTo::Attempt(id.clone()), false, 1), &section(), &event("x", 11, 1)).await.unwrap();
    store.grant_time(&grant(GrantTo::Attempt(id.clone()), true, 2), &section(), &event("x", 12, 1)).await.unwrap();
    store.grant_time(&grant(GrantTo::Site("site-0".into()), true, 3), &section(), &event("x", 13, 1)).await.unwrap();
    let missing = grant(GrantTo::Site("site-9".into()), true, 4);
    assert!(store.grant_time(&missing, &section(), &event("x", 14, 1)).await.is_err(), "not open there");
    assert_eq!(store.grants("x").await.unwrap().len(), 3);
    let attempt = store.attempt(&id).await.unwrap().unwrap();
    assert_eq!(deadline(&attempt), base + 3 * MIN);
    assert_eq!((attempt.extension_ms, attempt.compensation_ms, attempt.site_compensation_ms), (MIN, MIN, MIN));

    // Within the grace an answer counts; after it, it is kept as late.
    let end = base + 3 * MIN;
    let late = journal.save(save(&id, 2, 2, &[tick("a")], end + 1_000)).await.unwrap();
    assert_eq!(late.verdicts, [(2, Verdict::Counted)]);
    let late = journal.save(save(&id, 2, 3, &[tick("b"), Act::HandIn {}], end + 1_001)).await.unwrap();
    assert_eq!(late.verdicts, [(3, Verdict::Late), (4, Verdict::Counted)]);
    assert_eq!(store.late_counts("x").await.unwrap(), [(id.clone(), 1)]);
    // Time given afterwards: what had arrived late and is now in time counts, and the journal says why.
    store.grant_time(&grant(GrantTo::Attempt(id.clone()), true, 5), &section(), &event("x", 14, 9)).await.unwrap();
    let steps = store.steps("x", &id).await.unwrap();
    assert_eq!(fold(&steps).answers["q1"], Response::Ticks { ticked: vec!["b".into()], rejected: vec![] });
    assert_eq!(fold(&steps).late.len(), 0);
    assert!(steps.iter().any(|s| s.stream == 0 && s.act == Act::Rejudge { steps: 1 }), "{steps:?}");
    assert!(store.late_counts("x").await.unwrap().is_empty());
    let after = journal.save(save(&id, 2, 5, &[tick("a")], end + 1_002)).await.unwrap();
    assert_eq!(after.verdicts, [(5, Verdict::HandedIn)]);
    assert!(store.attempt(&id).await.unwrap().unwrap().handed_in_ms.is_some());
    store.reopen_attempt(&id, "p1", "erreur", &event("x", 15, end + 2_000)).await.unwrap();
    assert!(matches!(store.reopen_attempt(&id, "p1", "encore", &event("x", 16, 1)).await, Err(StoreError::Conflict)));
    assert!(store.attempt(&id).await.unwrap().unwrap().handed_in_ms.is_none());
    assert_eq!(fold(&store.steps("x", &id).await.unwrap()).handed_in_ms, None);
    assert_eq!(store.answered_counts("x", "s1").await.unwrap(), [(id.clone(), 3)]);
    assert_eq!(store.attempts("x").await.unwrap().len(), 1);
    assert_eq!(store.attempts_of("x", "c1").await.unwrap().len(), 1);
    assert!(matches!(journal.save(save("absent", 1, 1, &[tick("a")], 0)).await, Err(SaveError::UnknownAttempt)));

    let sheet = WholeSheet {
        attempt_id: "whole".into(),
        exam_id: "x".into(),
        person_id: "c2".into(),
        section_id: "s1".into(),
        seed: 1,
        started_ms: 10,
        ended_ms: 500,
        answers: vec![tick("a"), text("q2", "x")],
    };
    store.add_sheets(&[sheet]).await.unwrap();
    // What was given back, judged again or written whole is in the chain like the rest; what is altered is seen.
    for sheet in [&id, "whole"] {
        let found = store.verify_journal(sheet).await.unwrap().unwrap();
        assert_eq!((found.breach, found.without), (None, 0), "{sheet}");
        assert_eq!(store.receipt(sheet).await.unwrap().unwrap().0, found.steps);
    }
    assert!(store.steps("x", &id).await.unwrap().iter().any(|s| matches!(s.act, Act::Rejudge { .. })));
    assert!(store.verify_journal("none").await.unwrap().is_none());
    let steps = store.answer_steps("x").await.unwrap();
    assert_eq!(steps.iter().filter(|(a, _)| a == "whole").count(), 2);
    assert!(steps.windows(2).all(|w| w[0].0 <= w[1].0), "sheet by sheet");
    sealed::brought(store).await;
    store.close_sitting("x", "s1", &["site-0".into(), "site-2".into()], &event("x", 17, 99)).await.unwrap();
    assert!(store.sittings("x").await.unwrap().iter().all(|s| s.closed_ms == Some(99)));
}

/// Many candidates at once: every acknowledgement is a step on disk, no more and no less.
async fn crowd(store: &Store) {
    let journal = Journal::start(store.clone());
    let list: Vec<Enrolment> =
        (100..160).map(|n| Enrolment { site: Some("Lille".into()), ..enrolment(n, "1") }).collect();
    store.enrol("x", &list, &event("x", 20, 1)).await.unwrap();
    store.open_sitting("x", &section(), &["site-0".into()], &event("x", 21, 0)).await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for n in 100..160 {
        let journal = journal.clone();
        tasks.spawn(async move {
            let id = journal.enter(entering(&format!("crowd-{n}"), 1, &format!("c{n}"))).await.unwrap();
            journal.start_attempt(&id, 0).await.unwrap();
            let stream = journal.open_stream(&id, 0).await.unwrap() as u32;
            for seq in 1..=20 {
                let saved = journal
                    .save(save(&id, stream, seq, &[tick(if seq % 2 == 0 { "a" } else { "b" })], 1))
                    .await
                    .unwrap();
                assert_eq!(saved.acknowledged, seq);
            }
            id
        });
    }
    while let Some(id) = tasks.join_next().await {
        let steps = store.steps("x", &id.unwrap()).await.unwrap();
        assert_eq!(steps.iter().map(|s| s.seq).collect::<Vec<_>>(), (1..=20).collect::<Vec<_>>());
        assert_eq!(steps.iter().map(|s| s.position).collect::<Vec<_>>(), (1..=20).collect::<Vec<_>>());
    }
    // One sheet from several hands at once: in one batch or in several, each is written once, one after the other.
    let id = store.known_attempt("x", "c100", "s1").await.unwrap().unwrap();
    let streams = [journal.open_stream(&id, 2).await.unwrap(), journal.open_stream(&id, 2).await.unwrap()];
    let mut tasks = tokio::task::JoinSet::new();
    for (stream, seq) in streams.into_iter().flat_map(|s| [(s, 1), (s, 1), (s, 1)]) {
        let (journal, id) = (journal.clone(), id.clone());
        tasks.spawn(async move { journal.save(save(&id, stream as u32, seq, &[tick("a")], 3)).await.unwrap() });
    }
    while let Some(saved) = tasks.join_next().await {
        assert_eq!(saved.unwrap().acknowledged, 1);
    }
    assert_eq!(store.steps("x", &id).await.unwrap().len(), 22, "twenty, and one a stream");
    for n in 100..160 {
        let id = store.known_attempt("x", &format!("c{n}"), "s1").await.unwrap().unwrap();
        let found = store.verify_journal(&id).await.unwrap().unwrap();
        assert_eq!((found.breach, found.without), (None, 0));
        assert_eq!(found.codes.len() as i64, found.steps);
    }
    let (sheets, digest) = store.exam_digest("x").await.unwrap();
    assert!(sheets >= 60);
    assert_eq!(store.exam_digest("x").await.unwrap(), (sheets, digest));
    journal.save(save(&id, streams[1] as u32, 2, &[tick("b")], 4)).await.unwrap();
    assert_ne!(store.exam_digest("x").await.unwrap().1, digest);
}

fn said(round: i64, judge: i64, target: &str, value: &str) -> NewJudgement {
    NewJudgement { round, judge, target: target.into(), value: value.into() }
}

async fn panels(store: &Store) {
    let panel = Panel {
        id: "panel1".into(),
        exam_id: "x".into(),
        method: "modified-angoff".into(),
        title: "Jury".into(),
        options: "{}".into(),
        round: 1,
        informed: 0,
        last_position: 0,
        created_ms: 5,
        created_by: "p1".into(),
        closed_ms: None,
    };
    store.add_panel(&panel, &event("x", 60, 5)).await.unwrap();
    let elsewhere = Panel { id: "panel2".into(), exam_id: "absent".into(), ..panel.clone() };
    assert!(matches!(store.add_panel(&elsewhere, &event("x", 61, 5)).await, Err(StoreError::MissingReference)));
    assert_eq!(store.panel("x", "panel1").await.unwrap(), Some(panel.clone()));
    assert_eq!(store.panel("y", "panel1").await.unwrap(), None, "of another exam");
    let two = [("Un".to_owned(), None), ("Deux".to_owned(), Some("p1".to_owned()))];
    let list = [said(1, 1, "question:q1", "50"), said(1, 2, "question:q1", "60")];
    store.add_judgements("panel1", 0, &two, &list, &event("x", 62, 6)).await.unwrap();
    // A correction is another row; a name that is there, a judge who is not, or a stale page leave nothing.
    store.add_judgements("panel1", 2, &[], &[said(1, 1, "question:q1", "55")], &event("x", 63, 7)).await.unwrap();
    let twice = store
        .add_judgements("panel1", 2, &[("Un".to_owned(), None)], &[said(1, 1, "question:q1", "0")], &event("x", 64, 7))
        .await;
    assert!(matches!(twice, Err(StoreError::Duplicate)));
    let nobody = store.add_judgements("panel1", 2, &[], &[said(1, 3, "question:q1", "0")], &event("x", 65, 7)).await;
    assert!(matches!(nobody, Err(StoreError::MissingReference)));
    for (known, round) in [(1, 1), (2, 2)] {
        let stale =
            store.add_judgements("panel1", known, &[], &[said(round, 1, "question:q1", "0")], &event("x", 66, 7)).await;
        assert!(matches!(stale, Err(StoreError::Conflict)));
    }
    assert!(matches!(store.next_round("panel1", 2, true, &event("x", 67, 8)).await, Err(StoreError::Conflict)));
    store.next_round("panel1", 1, true, &event("x", 67, 8)).await.unwrap();
    store.add_judgements("panel1", 2, &[], &[said(2, 2, "question:q1", "")], &event("x", 68, 9)).await.unwrap();
    let all = store.judgements("panel1").await.unwrap();
    assert_eq!(
        all.iter().map(|j| (j.position, j.round, j.judge, j.value.as_str())).collect::<Vec<_>>(),
        [(1, 1, 1, "50"), (2, 1, 2, "60"), (3, 1, 1, "55"), (4, 2, 2, "")]
    );
    assert_eq!((all[0].at_ms, all[0].author_name.as_str()), (6, "Nom de comite"));
    let judges = store.judges("panel1").await.unwrap();
    assert_eq!((judges.len(), judges[1].number, judges[1].person_id.as_deref()), (2, 2, Some("p1")));
    store.close_panel("panel1", &event("x", 69, 10)).await.unwrap();
    assert!(matches!(store.close_panel("panel1", &event("x", 70, 10)).await, Err(StoreError::Conflict)));
    let late = store.add_judgements("panel1", 2, &[], &[said(2, 1, "question:q1", "0")], &event("x", 71, 11)).await;
    assert!(matches!(late, Err(StoreError::Conflict)), "a closed panel accepts nothing");
    assert!(matches!(store.next_round("panel1", 2, false, &event("x", 72, 11)).await, Err(StoreError::Conflict)));
    let kept = &store.panels("x").await.unwrap()[0];
    assert_eq!((kept.round, kept.informed, kept.last_position, kept.closed_ms), (2, 1, 4, Some(10)));

    // A threshold before the register: kept beside it; the register then opens on it.
    let threshold = NewThreshold { threshold: "10.5".into(), panel_id: Some("panel1".into()), reason: "Angoff".into() };
    store.keep_threshold("x", &threshold, None, &event("x", 73, 12)).await.unwrap();
    let thresholds = store.thresholds("x").await.unwrap();
    assert_eq!((thresholds.len(), thresholds[0].number, thresholds[0].version), (1, 1, None));
    assert_eq!((thresholds[0].threshold.as_str(), thresholds[0].at_ms), ("10.5", 12));
}

async fn results(store: &Store) {
    store.move_exam("x", &["open"], "closed", &event("x", 30, 1)).await.unwrap();
    assert!(matches!(store.move_exam("x", &["open"], "closed", &event("x", 31, 1)).await, Err(StoreError::Conflict)));
    let entry = |version, decision| Entry { version, at_ms: 5, author: "p1".into(), reason: "motif".into(), decision };
    // Opened again while it was being marked: it is not marked under those who answer.
    store.open_sitting("x", &section(), &["site-0".into()], &event("x", 38, 1)).await.unwrap();
    let reopened = store.add_ledger_entry("x", &entry(1, Decision::FirstMarking), &event("x", 39, 1)).await;
    assert!(matches!(reopened, Err(StoreError::Conflict)));
    assert_eq!(store.ledger("x").await.unwrap().len(), 0);
    store.move_exam("x", &["open"], "closed", &event("x", 40, 1)).await.unwrap();
    // A threshold was kept since this page was read: it is not marked without it.
    let (first, marked) = (entry(1, Decision::FirstMarking), event("x", 32, 1));
    assert!(matches!(store.open_ledger("x", &[(&first, &marked)], 0).await, Err(StoreError::Conflict)));
    assert_eq!(store.exam("x").await.unwrap().unwrap().state, "closed");
    store.open_ledger("x", &[(&first, &marked)], 1).await.unwrap();
    assert_eq!(store.exam("x").await.unwrap().unwrap().state, "marked");
    let neutralise = Decision::Neutralise { question: "q1".into(), policy: Neutralisation::Removed };
    let stale = store.add_ledger_entry("x", &entry(1, neutralise.clone()), &event("x", 33, 1)).await;
    assert!(matches!(stale, Err(StoreError::Conflict)), "someone decided meanwhile");
    store.add_ledger_entry("x", &entry(2, neutralise.clone()), &event("x", 34, 1)).await.unwrap();
    // Several at once: one that cannot be, and none is.
    let other = Decision::Neutralise { question: "q2".into(), policy: Neutralisation::CreditAll };
    let (third, fifth) = (entry(3, other.clone()), entry(5, other.clone()));
    let (one, two) = (event("x", 41, 1), event("x", 42, 1));
    let torn = store.add_ledger_entries("x", &[(&third, &one), (&fifth, &two)]).await;
    assert!(matches!(torn, Err(StoreError::Conflict)));
    assert_eq!(store.ledger("x").await.unwrap().len(), 2, "all of them or none");
    // From now on a threshold enters the register, in its turn.
    let threshold = NewThreshold { threshold: "11".into(), panel_id: None, reason: "jury".into() };
    let outside = store.keep_threshold("x", &threshold, None, &event("x", 43, 1)).await;
    assert!(matches!(outside, Err(StoreError::Conflict)));
    let set = entry(2, Decision::SetThreshold { threshold: docimo_engine::Exact::int(11) });
    let stale = store.keep_threshold("x", &threshold, Some(&set), &event("x", 43, 1)).await;
    assert!(matches!(stale, Err(StoreError::Conflict)));
    assert_eq!(store.thresholds("x").await.unwrap().len(), 1, "both or none");
    let lines = store.ledger("x").await.unwrap();
    assert_eq!(lines[1].entry.decision, neutralise);
    assert_eq!(lines[1].author_name, "Nom de comite");
    let stored = |version, text: &str| StoredResult { version, person_id: "c1".into(), summary: text.into() };
    let list = [stored(1, "{\"n\":0}"), stored(2, "{\"n\":1}")];
    assert!(matches!(store.publish("x", 1, &list, &event("x", 35, 1)).await, Err(StoreError::Conflict)));
    assert_eq!(store.result("x", 1, "c1").await.unwrap(), None);
    store.publish("x", 2, &list, &event("x", 36, 9)).await.unwrap();
    store.publish("x", 2, &list, &event("x", 37, 9)).await.unwrap();
    assert_eq!(store.result("x", 2, "c1").await.unwrap().as_deref(), Some("{\"n\":1}"));
    assert_eq!(store.result("x", 1, "c1").await.unwrap().as_deref(), Some("{\"n\":0}"), "what it is compared with");
    let exam = store.exam("x").await.unwrap().unwrap();
    assert_eq!((exam.state.as_str(), exam.published_version), ("published", Some(2)));
    let set = Entry { version: 3, ..set };
    store.keep_threshold("x", &threshold, Some(&set), &event("x", 43, 10)).await.unwrap();
    assert_eq!(store.thresholds("x").await.unwrap()[1].version, Some(3));
    assert_eq!(store.ledger("x").await.unwrap()[2].entry, set);
    // Corrections may have been read: what arrives now is kept and never counts.
    let journal = Journal::start(store.clone());
    let id = journal.enter(entering("at1", 7, "c1")).await.unwrap();
    let stream = journal.open_stream(&id, 40).await.unwrap() as u32;
    let after = journal.save(save(&id, stream, 1, &[tick("a")], 41)).await.unwrap();
    assert_eq!(after.verdicts, [(1, Verdict::AfterMarking)]);
    assert_eq!(store.after_marking_counts("x").await.unwrap(), [(id, 1)]);
}

async fn doors(store: &Store) {
    assert_eq!(store.locked_browser("x").await.unwrap(), None);
    let wanted = LockedBrowser { mode: "any".into(), settings: "{}".into() };
    store.set_locked_browser("x", Some(&wanted), "p1", &event("x", 980, 1)).await.unwrap();
    store.set_locked_browser("x", Some(&wanted), "p1", &event("x", 981, 2)).await.unwrap();
    assert_eq!(store.locked_browser("x").await.unwrap(), Some(wanted));
    assert_eq!(store.exams_with_locked_browser().await.unwrap().len(), 1);
    let site = store.candidate("x", "c1").await.unwrap().unwrap().site_id;
    store.set_site_addresses("x", &site, "10.0.0.0/8", &event("x", 982, 3)).await.unwrap();
    store.set_site_addresses("x", &site, "10.1.0.0/16", &event("x", 983, 3)).await.unwrap();
    assert!(store.set_site_addresses("x", "absent", "", &event("x", 984, 3)).await.is_err());
    assert_eq!(store.site_addresses("x").await.unwrap()[0].ranges, "10.1.0.0/16");

    let door = async |session: &str| store.door("x", "c1", "at1", session).await.unwrap().unwrap();
    assert_eq!(store.door("x", "p1", "at1", "s").await.unwrap(), None, "no candidate");
    let closed = door("s").await;
    assert_eq!((closed.browser, closed.admitted, closed.browser_waived, closed.address_waived), (1, 0, 0, 0));
    assert_eq!(closed.ranges, "10.1.0.0/16");
    let refusal = |at_ms, detail, keeps_detail| NewRefusal {
        exam_id: "x",
        person_id: "c1",
        kind: "browser",
        at_ms,
        detail,
        composing: true,
        keeps_detail,
    };
    store.refuse(refusal(1_000, "autre", false)).await.unwrap();
    store.refuse(refusal(2_000, "absent", true)).await.unwrap();
    let seen = store.refusals("x").await.unwrap();
    assert_eq!((seen.len(), seen[0].times, seen[0].detail.as_str(), seen[0].composing), (1, 1, "autre", 1));
    store.refuse(refusal(40_000, "absent", true)).await.unwrap();
    store.refuse(refusal(41_000, "encore autre", false)).await.unwrap();
    let seen = store.refusals("x").await.unwrap();
    assert_eq!((seen[0].times, seen[0].detail.as_str(), seen[0].waived_by.as_deref()), (3, "encore autre", None));
    store.waive("x", "c1", "browser", "p1", "sur place", &event("x", 985, 5)).await.unwrap();
    let twice = store.waive("x", "c1", "browser", "p1", "sur place", &event("x", 986, 5)).await;
    assert!(matches!(twice, Err(StoreError::Conflict)));
    let nobody = store.waive("x", "p1", "browser", "p1", "sur place", &event("x", 987, 5)).await;
    assert!(matches!(nobody, Err(StoreError::Conflict)));
    assert_eq!(store.refusals("x").await.unwrap()[0].reason.as_deref(), Some("sur place"));
    assert_eq!(door("s").await.browser_waived, 1);
    store.admit_browser("x", "c1", "at1", "s", 6).await.unwrap();
    store.admit_browser("x", "c1", "at1", "s", 7).await.unwrap();
    assert_eq!((door("s").await.admitted, door("t").await.admitted), (1, 0), "of that session alone");
    assert!(store.refusals("x").await.unwrap().is_empty());
    store.set_locked_browser("x", None, "p1", &event("x", 988, 8)).await.unwrap();
    store.set_site_addresses("x", &site, "", &event("x", 989, 8)).await.unwrap();
    let open = door("s").await;
    assert_eq!((open.browser, open.admitted, open.ranges.as_str()), (0, 0, ""));
    assert!(store.site_addresses("x").await.unwrap().is_empty());
}

async fn story(store: Store) {
    store.ping().await.unwrap();
    people(&store).await;
    entries(&store).await;
    referentials(&store).await;
    bank::folders(&store).await;
    bank::workflow(&store).await;
    bank::operations(&store).await;
    exams(&store).await;
    delivery(&store).await;
    doors(&store).await;
    crowd(&store).await;
    live::live(&store).await;
    panels(&store).await;
    results(&store).await;
    bank::assembly(&store).await;
    bank::follow(&store).await;
    bank::outgoing(&store).await;
    ai::story(&store).await;
    ai::review(&store).await;
    comments::story(&store).await;
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_story_on_sqlite() {
    let (store, _dir) = sqlite().await;
    story(store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_story_on_postgresql() {
    if let Some(store) = postgres().await {
        story(store).await;
    }
}

#[tokio::test]
async fn a_database_is_reopened_with_what_it_held() {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", dir.path().join("t.sqlite").display());
    let store = Store::open(&url).await.unwrap();
    store.add_person(&person("p1", "x"), &["author"]).await.unwrap();
    store.close().await;
    let store = Store::open(&url).await.unwrap();
    assert_eq!(store.count_people().await.unwrap(), 1);
    assert!(matches!(Store::open("mysql://u:p@h/d").await, Err(StoreError::BadUrl(_))));
}

/// The first migration alone, with a person, and entries whose revisions have these tags.
macro_rules! older_database {
    ($pool:ident, $tags:expr) => {{
        let folder = tempfile::tempdir().unwrap();
        let first = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/0001_initial.sql");
        std::fs::copy(first, folder.path().join("0001_initial.sql")).unwrap();
        sqlx::migrate::Migrator::new(folder.path()).await.unwrap().run(&$pool).await.unwrap();
        sqlx::query("insert into person (id, login, name, created_ms) values ('p1', 'x', 'X', 1)")
            .execute(&$pool)
            .await
            .unwrap();
        for (index, list) in $tags.iter().enumerate() {
            let id = format!("e{index}");
            sqlx::query("insert into entry values ($1, $1, 'QRU', 'validated', 2, 1)")
                .bind(&id)
                .execute(&$pool)
                .await
                .unwrap();
            for (number, tags) in list.iter().enumerate() {
                sqlx::query("insert into revision values ($1, $2, 'h', 'f', 't', 1, $3, '{}', 'o', 'p1', 1)")
                    .bind(&id)
                    .bind(number as i64 + 1)
                    .bind(*tags)
                    .execute(&$pool)
                    .await
                    .unwrap();
            }
        }
        $pool.close().await;
    }};
}

/// Tags of entries brought before there was a table of tags.
async fn tags_are_there(store: &Store) {
    let counts = store.tag_counts("").await.unwrap();
    let counts: Vec<(&str, i64)> = counts.iter().map(|c| (c.tag.as_str(), c.entries)).collect();
    assert_eq!(
        counts,
        [
            ("OIC-031-11-B", 2),
            ("OIC-100-02-A", 1),
            ("OIC-x", 1),
            ("R2C:100", 1),
            ("R2C:31", 2),
            ("spec:cardiologie", 1)
        ]
    );
}

const OLDER: [[&str; 2]; 4] = [
    ["R2C:5", "OIC-031-11-B R2C:31"],
    ["", "OIC-031-11-B OIC-100-02-A  OIC-x"],
    ["OIC-001-01-A", ""],
    ["", "spec:cardiologie"],
];

#[tokio::test]
async fn tags_of_an_older_database_are_counted_on_sqlite() {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", dir.path().join("t.sqlite").display());
    let pool = sqlx::SqlitePool::connect(&format!("{url}?mode=rwc")).await.unwrap();
    older_database!(pool, OLDER);
    tags_are_there(&Store::open(&url).await.unwrap()).await;
}

#[tokio::test]
async fn tags_of_an_older_database_are_counted_on_postgresql() {
    let Some(url) = postgres_url().await else { return };
    let pool = sqlx::PgPool::connect(&url).await.unwrap();
    older_database!(pool, OLDER);
    tags_are_there(&Store::open(&url).await.unwrap()).await;
}
