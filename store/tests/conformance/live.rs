//! Clocks that stop, time that waits, machines, presence: what an exam being sat needs.

use super::{MIN, enrolment, event, exam, section, tick};
use docimo_engine::attempt::Phase;
use docimo_engine::deadline::stops::Cause;
use docimo_store::clocks::Place;
use docimo_store::delivery::{GrantTo, TimeGrant};
use docimo_store::exams::Site;
use docimo_store::journal::Entering;
use docimo_store::live::OfflineSpan;
use docimo_store::people::LoginSession;
use docimo_store::supervision::{DaySettings, Message, Opening, PageOpening};
use docimo_store::{Journal, Store, StoreError};

pub async fn live(store: &Store) {
    let sites = ["l-lille", "l-lyon"]
        .map(|id| Site { id: id.into(), name: if id == "l-lille" { "Lille" } else { "Lyon" }.into() });
    let common = docimo_store::exams::Exam { start_mode: "common".into(), grace_ms: 0, ..exam("live") };
    store.add_exam(&common, "{}", &sites, &event("live", 1, 1)).await.unwrap();
    let frozen = store.count_frozen().await.unwrap();
    store.freeze("live", "{}", frozen, "{}", "h", &[], &event("live", 2, 2)).await.unwrap();
    let list = [docimo_store::exams::Enrolment { breaks: Some((1, 10)), ..enrolment(1, "1") }, enrolment(2, "1")];
    store.enrol("live", &list, &event("live", 3, 3)).await.unwrap();
    let kept = store.candidate("live", "c1").await.unwrap().unwrap();
    assert_eq!((kept.break_count, kept.break_minutes), (1, 10));
    store.enrol("live", &[enrolment(1, "1")], &event("live", 4, 3)).await.unwrap();
    assert_eq!(store.candidate("live", "c1").await.unwrap().unwrap().break_minutes, 10, "what is not said stays");
    let journal = Journal::start(store.clone());
    let entering = |n: u32| Entering {
        fresh_id: format!("l{n}"),
        seed: 1,
        exam_id: "live".into(),
        person_id: format!("c{n}"),
        section_id: "s1".into(),
    };
    let one = journal.enter(entering(1)).await.unwrap();
    let two = journal.enter(entering(2)).await.unwrap();
    let mark = async || store.live_mark("live").await.unwrap().unwrap();
    let before = mark().await;
    assert_eq!(store.live_marks().await.unwrap().iter().filter(|m| m.id == "live").count(), 1);
    store.open_sitting("live", &section(), &["l-lille".into(), "l-lyon".into()], &event("live", 5, 0)).await.unwrap();
    assert!(mark().await.live > before.live);

    clocks(store, &journal, &one, &two).await;
    grants(store, &journal, &one, &two).await;
    machines(store, &one).await;
    told(store, &one).await;
}

/// What the journal keeps of a clock between two saves is what the database says now.
async fn agree(store: &Store, journal: &Journal, sheet: &str) {
    let told = journal.save(super::save(sheet, 1, 1, &[], MIN)).await.unwrap();
    let read = store.attempt(sheet).await.unwrap().unwrap();
    assert_eq!((told.times, told.streams), (read.times(10), read.streams));
}

async fn clocks(store: &Store, journal: &Journal, one: &str, two: &str) {
    let stream = journal.open_stream(one, 0).await.unwrap() as u32;
    agree(store, journal, one).await;
    let times = async |id: &str| store.attempt(id).await.unwrap().unwrap().times(10);
    let stop = async |n: u32, at: i64, cause, place: Place| {
        let places = [(format!("k{n}"), place)];
        let stopped =
            store.stop_clocks("live", &section(), cause, &places, "motif", &event("live", n, at)).await.unwrap();
        agree(store, journal, one).await;
        stopped
    };
    let resume = async |n: u32, at: i64, cause, place: Place| {
        let resumed = store.resume_clocks("live", &section(), cause, &[place], &event("live", n, at)).await.unwrap();
        agree(store, journal, one).await;
        resumed
    };
    let room = || Place { room: Some("Amphi A".into()), ..Place::site("l-lille") };
    let own = || Place { attempt: Some(one.into()), ..Place::site("l-lille") };
    let since = store.live_mark("live").await.unwrap().unwrap().live;
    assert_eq!(stop(20, MIN, Cause::Alarm, room()).await, 1);
    assert_eq!(stop(21, 2 * MIN, Cause::Alarm, room()).await, 0, "it lasts already");
    assert_eq!(stop(22, 2 * MIN, Cause::Pause, Place::site("l-lille")).await, 1);
    assert_eq!(stop(23, 2 * MIN, Cause::Break, own()).await, 1);
    assert_eq!(store.attempts_changed("live", since).await.unwrap().len(), 1, "one sheet of its own");
    assert_eq!(times(one).await.lasting(3 * MIN).unwrap().cause, Cause::Alarm);
    assert_eq!(times(two).await.lasting(3 * MIN), None, "the other site goes on");
    assert_eq!(times(one).await.deadline_ms(5 * MIN), Some(14 * MIN));
    // An answer that comes while the clock stands still, long after what would have been the end, counts.
    let saved = journal.save(super::save(one, stream, 1, &[tick("a")], 30 * MIN)).await.unwrap();
    assert_eq!(saved.verdicts[0].1, docimo_engine::attempt::Verdict::Counted);
    assert_eq!(saved.times.phase(30 * MIN), Phase::Running);
    assert_eq!(resume(24, 3 * MIN, Cause::Alarm, room()).await, 1);
    assert_eq!(resume(25, 3 * MIN, Cause::Alarm, room()).await, 0);
    assert_eq!(resume(26, 4 * MIN, Cause::Pause, Place::site("l-lille")).await, 1);
    assert_eq!(resume(27, 5 * MIN, Cause::Break, own()).await, 1);
    let reading = times(one).await.reading(60 * MIN).unwrap();
    assert_eq!((reading.deadline_ms, reading.break_used_ms), (14 * MIN, MIN), "1 to 4, and one minute of own break");
    let lines = store.clock_stops("live").await.unwrap();
    assert_eq!(lines.len(), 3);
    assert_eq!((lines[0].to_ms, lines[0].author_name.is_some()), (Some(3 * MIN), true));
    let between = store.answers_between("live", None, 30 * MIN, 31 * MIN).await.unwrap();
    assert_eq!(between, [(one.to_owned(), 1)]);
    assert!(store.answers_between("live", Some(two), 0, 60 * MIN).await.unwrap().is_empty());
    assert_eq!(store.answered_questions("live").await.unwrap(), [(one.to_owned(), "q1".to_owned())]);
    let late = journal.save(super::save(one, stream, 2, &[tick("b")], 15 * MIN)).await.unwrap();
    assert_eq!(late.verdicts[0].1, docimo_engine::attempt::Verdict::Late);
    assert_eq!(store.late_now("live").await.unwrap(), [(one.to_owned(), 1)]);
    assert_eq!(store.room_clocks("live").await.unwrap().len(), 1);
}

async fn grants(store: &Store, journal: &Journal, one: &str, two: &str) {
    let grant = |n: u32, to, pending| TimeGrant {
        id: format!("lg{n}"),
        exam_id: "live".into(),
        section_id: "s1".into(),
        to,
        compensation: true,
        ms: MIN,
        reason: "incident".into(),
        pending,
    };
    let room = || GrantTo::Room { site: "l-lille".into(), room: "Amphi A".into() };
    store.grant_time(&grant(1, room(), false), &section(), &event("live", 30, 16 * MIN)).await.unwrap();
    agree(store, journal, one).await;
    store
        .grant_time(&grant(2, GrantTo::Attempt(one.into()), true), &section(), &event("live", 31, 16 * MIN))
        .await
        .unwrap();
    agree(store, journal, one).await;
    let of = async |id: &str| store.attempt(id).await.unwrap().unwrap();
    assert_eq!((of(one).await.room_compensation_ms, of(one).await.compensation_ms), (MIN, 0));
    assert_eq!(of(two).await.allowance(10).compensation_ms, 0, "the same name of a room at another site");
    assert!(store.late_now("live").await.unwrap().is_empty(), "the room's minute brought the late answer in");
    let asked = store.grants("live").await.unwrap().into_iter().find(|g| g.status == "pending").unwrap();
    assert_eq!((asked.to(), asked.where_id.as_deref()), (Some(GrantTo::Attempt(one.into())), Some("l-lille")));
    store.decide_grant("live", &asked, true, &section(), &event("live", 32, 17 * MIN)).await.unwrap();
    agree(store, journal, one).await;
    let again = store.decide_grant("live", &asked, false, &section(), &event("live", 33, 17 * MIN)).await;
    assert!(matches!(again, Err(StoreError::Conflict)));
    assert_eq!(of(one).await.compensation_ms, MIN);
    let missing = grant(3, GrantTo::Room { site: "l-none".into(), room: "A".into() }, false);
    assert!(store.grant_time(&missing, &section(), &event("live", 34, 17 * MIN)).await.is_err());
    let day = DaySettings { approval_minutes: Some(5), second_machine: "allow".into() };
    store.set_day_settings("live", &day, &event("live", 35, 17 * MIN)).await.unwrap();
    assert_eq!(store.day_settings("live").await.unwrap(), Some(day));
    // A site closes, opens again, and the candidate is moved to other terms.
    store.close_sitting("live", "s1", &["l-lille".into()], &event("live", 36, 18 * MIN)).await.unwrap();
    agree(store, journal, one).await;
    store.open_sitting("live", &section(), &["l-lille".into()], &event("live", 37, 18 * MIN)).await.unwrap();
    agree(store, journal, one).await;
    let longer = enrolment(1, "4/3");
    store.enrol("live", &[longer], &event("live", 38, 18 * MIN)).await.unwrap();
    agree(store, journal, one).await;
    assert_eq!(store.day_settings("none").await.unwrap(), None);
}

async fn machines(store: &Store, one: &str) {
    let session = LoginSession { person_id: "c1".into(), csrf: "c".into(), expires_ms: 1_000 * MIN };
    let journal = Journal::start(store.clone());
    for token in ["m1", "m2", "m3"] {
        journal.sign_in(token, session.clone(), 0).await.unwrap();
    }
    let ended = async |token: &str| store.signed_in(&[token.to_owned()], 1).await.unwrap().is_empty();
    let open = async |session: &str| {
        let page = PageOpening {
            attempt_id: one.into(),
            session: session.into(),
            agent: "navigateur".into(),
            at_ms: 20 * MIN,
        };
        journal.open_page(page).await.unwrap()
    };
    let of = async || store.attempt(one).await.unwrap().unwrap();
    assert_eq!(open("m1").await, Opening::Stream(2));
    assert_eq!(open("m1").await, Opening::Stream(3));
    assert_eq!(of().await.rival, "", "one machine, two pages");
    assert_eq!(open("m2").await, Opening::Stream(4));
    let seen = of().await;
    assert_eq!((seen.session.as_str(), seen.rival.as_str(), seen.rival_newer), ("m2", "m1", 0));
    let wrong = store.settle_rival(one, "m2", "m3", &event("live", 40, 20 * MIN)).await;
    assert!(matches!(wrong, Err(StoreError::Conflict)));
    store.settle_rival(one, "m1", "m2", &event("live", 41, 20 * MIN)).await.unwrap();
    assert_eq!((of().await.session, of().await.rival), ("m1".into(), String::new()));
    assert!(ended("m2").await);
    let wait = DaySettings { approval_minutes: None, second_machine: "wait".into() };
    store.set_day_settings("live", &wait, &event("live", 42, 20 * MIN)).await.unwrap();
    assert_eq!(open("m3").await, Opening::Waits);
    assert_eq!((of().await.rival, of().await.rival_newer, of().await.streams), ("m3".into(), 1, 4));
    store.unlock_attempt(one, &event("live", 43, 20 * MIN)).await.unwrap();
    assert_eq!(open("m3").await, Opening::Stream(5));
    let pages = store.page_openings("live").await.unwrap();
    assert_eq!(
        pages.iter().filter(|p| p.attempt_id == one).map(|p| p.session.as_str()).collect::<Vec<_>>(),
        ["", "m1", "m1", "m2", "m3"]
    );

    let expires = 30 * MIN;
    store.add_move_code("h1", "live", "c1", expires, &event("live", 44, 20 * MIN)).await.unwrap();
    store.add_move_code("h2", "live", "c1", expires, &event("live", 45, 20 * MIN)).await.unwrap();
    assert_eq!(store.move_code("h1", "c1", 21 * MIN).await.unwrap(), None, "a newer one replaces it");
    assert_eq!(store.move_code("h2", "c1", 31 * MIN).await.unwrap(), None, "too late");
    assert_eq!(store.move_code("h2", "c2", 21 * MIN).await.unwrap(), None, "somebody else's");
    assert_eq!(store.move_code("h2", "c1", 21 * MIN).await.unwrap().as_deref(), Some("live"));
    assert!(store.use_move_code("h2", "live", "c1", &event("live", 46, 21 * MIN)).await.unwrap());
    assert!(!store.use_move_code("h2", "live", "c1", &event("live", 47, 21 * MIN)).await.unwrap(), "once");
    assert!(ended("m3").await, "the other machine's session has ended");
    assert_eq!(open("m4").await, Opening::Stream(6), "and holds nothing");
}

async fn told(store: &Store, one: &str) {
    store.set_supervisor_sites("live", "p1", &["l-lyon".into()], &event("live", 50, 1)).await.unwrap();
    assert_eq!(store.supervisor_sites("live").await.unwrap(), [("p1".to_owned(), "l-lyon".to_owned())]);
    store.set_supervisor_sites("live", "p1", &[], &event("live", 51, 1)).await.unwrap();
    assert!(store.supervisor_sites("live").await.unwrap().is_empty());
    let message = Message {
        id: "msg1".into(),
        section_id: "s1".into(),
        site_id: None,
        room: None,
        attempt_id: Some(one.into()),
        body: "Bonjour".into(),
        at_ms: 5,
    };
    store.add_message("live", &message, &event("live", 52, 5)).await.unwrap();
    assert_eq!(store.messages("live").await.unwrap(), [message]);
    let span = |from_ms, to_ms| OfflineSpan { attempt_id: one.into(), from_ms, to_ms };
    store.add_offline_spans(&[span(5, 9), span(20, 30)]).await.unwrap();
    store.add_offline_spans(&[span(5, 9)]).await.unwrap();
    assert_eq!(store.offline_spans("live").await.unwrap(), [span(5, 9), span(20, 30)]);
    for (process, at, body) in [("a", 10, "[1]"), ("a", 20, "[2]"), ("b", 15, "[3]")] {
        store.keep_presence(process, "live", at, body).await.unwrap();
    }
    let others = store.presences("b", "live", 0).await.unwrap();
    assert_eq!(others.iter().map(|p| (p.at_ms, p.body.as_str())).collect::<Vec<_>>(), [(20, "[2]")]);
    assert!(store.presences("b", "live", 20).await.unwrap().is_empty());
    let roster = store.live_mark("live").await.unwrap().unwrap().roster;
    store.enrol("live", &[enrolment(2, "1")], &event("live", 53, 6)).await.unwrap();
    assert!(store.live_mark("live").await.unwrap().unwrap().roster > roster);
    store.move_exam("live", &["open"], "closed", &event("live", 54, 7)).await.unwrap();
    assert!(store.live_marks().await.unwrap().iter().all(|m| m.id != "live"));
}
