//! The bank's rooms: folders and rights, workflow, uses, operations, the order of changes.

use super::{event, revision};
use docimo_store::bank::assembly::HazardOverride;
use docimo_store::bank::folders::{Folder, FolderRight, Unit};
use docimo_store::bank::follow::Computed;
use docimo_store::bank::journal::Acts;
use docimo_store::bank::media::{MediaSize, PIECE};
use docimo_store::bank::operations::{BulkChange, BulkOperation, Change};
use docimo_store::bank::outgoing::Wanted;
use docimo_store::bank::uses::{FrozenElement, UseStatistic};
use docimo_store::bank::workflow::{NewEntryEvent, Step};
use docimo_store::bank::working::WorkingCopy;
use docimo_store::bank::{Added, COMMON_FOLDER, EntryFilter, Media, NewRevision};
use docimo_store::{Store, StoreError};

fn act(id: &str, entry: &str, revision: i64, what: &'static str) -> NewEntryEvent {
    NewEntryEvent {
        id: id.into(),
        entry_id: entry.into(),
        revision,
        person_id: "p1".into(),
        at_ms: 20,
        what,
        place: String::new(),
        body: "une raison".into(),
    }
}

fn act_of_bank(n: u32) -> docimo_store::exams::NewEvent {
    docimo_store::exams::NewEvent { exam_id: None, ..event("bank", n, 10) }
}

/// After a picture "h" of three bytes was kept.
pub async fn media(store: &Store) {
    // A document is cut in pieces, and comes back whole.
    let bytes: Vec<u8> = (0..PIECE * 2 + 7).map(|i| (i % 251) as u8).collect();
    let video = Media { hash: "v".into(), mime: "video/mp4".into(), width: 0, height: 0, bytes };
    for _ in 0..2 {
        store.add_revisions(&[], std::slice::from_ref(&video), 8).await.unwrap();
    }
    assert_eq!(store.media("v").await.unwrap().unwrap().bytes, video.bytes);
    let head = store.media_head("v").await.unwrap().unwrap();
    assert_eq!((head.mime.as_str(), head.size), ("video/mp4", video.bytes.len() as i64));
    assert_eq!(store.media_piece("v", 1).await.unwrap().unwrap(), video.bytes[PIECE..PIECE * 2]);
    assert_eq!(store.media_piece("v", 2).await.unwrap().unwrap().len(), 7);
    assert!(store.media_piece("v", 3).await.unwrap().is_none());
    assert_eq!(store.media_head("h").await.unwrap().unwrap().size, 3);
    assert!(store.media_head("absent").await.unwrap().is_none());
    // Smaller versions: kept once, of what is there.
    let size = |mime: &str| MediaSize { hash: "h".into(), width: 480, mime: mime.into(), bytes: vec![0, 9] };
    store.keep_media_sizes(&[size("image/jpeg")], 9).await.unwrap();
    store.keep_media_sizes(&[size("image/png")], 10).await.unwrap();
    assert_eq!(store.media_size("h", 480).await.unwrap(), Some(size("image/jpeg")));
    assert!(store.media_size("h", 960).await.unwrap().is_none());
    let orphan = MediaSize { hash: "absent".into(), ..size("image/png") };
    assert!(store.keep_media_sizes(&[orphan], 11).await.is_err());
}

pub async fn folders(store: &Store) {
    let (units, folders) = (store.units().await.unwrap(), store.folders().await.unwrap());
    assert_eq!((units.len(), folders.len(), folders[0].id.as_str()), (1, 1, COMMON_FOLDER));
    assert_eq!(store.folder_rights().await.unwrap().len(), 1, "everyone, in the common folder");
    let college = Unit {
        id: "cardio".into(),
        parent_id: Some(units[0].id.clone()),
        kind: "college".into(),
        name: "Cardiologie".into(),
        reviews: 2,
    };
    store.set_unit(&college, &act_of_bank(1)).await.unwrap();
    let renamed = Unit { name: "Collège de cardiologie".into(), ..college.clone() };
    store.set_unit(&renamed, &act_of_bank(2)).await.unwrap();
    assert!(store.units().await.unwrap().contains(&renamed));
    store.set_member("cardio", "p1", true, &act_of_bank(3)).await.unwrap();
    store.set_member("cardio", "p1", true, &act_of_bank(4)).await.unwrap();
    assert_eq!(store.units_of("p1").await.unwrap(), ["cardio"]);
    assert_eq!(store.members().await.unwrap().len(), 1);
    let folder = |id: &str, parent: Option<&str>, name: &str| Folder {
        id: id.into(),
        parent_id: parent.map(Into::into),
        unit_id: "cardio".into(),
        name: name.into(),
    };
    store.set_folder(&folder("f1", None, "Cardio"), &act_of_bank(5)).await.unwrap();
    store.set_folder(&folder("f2", Some("f1"), "Annales"), &act_of_bank(6)).await.unwrap();
    assert!(matches!(
        store.set_folder(&folder("f3", None, "Cardio"), &act_of_bank(7)).await,
        Err(StoreError::Duplicate)
    ));
    let looped = store.set_folder(&folder("f1", Some("f2"), "Cardio"), &act_of_bank(8)).await;
    assert!(matches!(looped, Err(StoreError::Conflict)), "a folder is not under itself");
    let right = FolderRight { folder_id: "f1".into(), to_kind: "unit".into(), to_id: "cardio".into(), level: 4 };
    let before = store.last_change().await.unwrap();
    store.set_folder_right(&right, &act_of_bank(9)).await.unwrap();
    store.set_folder_right(&FolderRight { level: 2, ..right.clone() }, &act_of_bank(10)).await.unwrap();
    assert!(store.last_change().await.unwrap() > before);
    assert!(store.folder_rights().await.unwrap().iter().any(|r| r.folder_id == "f1" && r.level == 2));
    store.set_folder_right(&FolderRight { level: 0, ..right }, &act_of_bank(11)).await.unwrap();
    assert_eq!(store.folder_rights().await.unwrap().len(), 1);
    assert!(
        matches!(store.remove_folder("f1", &act_of_bank(12)).await, Err(StoreError::Conflict)),
        "it holds a folder"
    );
    store.remove_folder("f2", &act_of_bank(13)).await.unwrap();
    assert!(matches!(store.remove_folder(COMMON_FOLDER, &act_of_bank(14)).await, Err(StoreError::Conflict)));
}

pub async fn workflow(store: &Store) {
    let draft = NewRevision { status: "draft".into(), folder_id: "f1".into(), ..revision("w", "1") };
    assert_eq!(store.write_revision(&draft, 0, &[], 15).await.unwrap(), Ok(1));
    let entry = store.entry("id-w").await.unwrap().unwrap();
    assert_eq!((entry.status.as_str(), entry.usable, entry.folder_id.as_str()), ("draft", None, "f1"));
    let step = |from: &'static str, to: &'static str, latest: i64| Step { latest, from, to };
    store.step_entry(step("draft", "in_review", 1), &act("v1", "id-w", 1, "submit")).await.unwrap();
    let again = store.step_entry(step("draft", "in_review", 1), &act("v2", "id-w", 1, "submit")).await;
    assert!(matches!(again, Err(StoreError::Conflict)), "no longer a draft");
    store.add_entry_event(&NewEntryEvent { place: "stem".into(), ..act("v3", "id-w", 1, "comment") }).await.unwrap();
    store.step_entry(step("in_review", "validated", 1), &act("v4", "id-w", 1, "validate")).await.unwrap();
    assert_eq!(store.entry("id-w").await.unwrap().unwrap().usable, Some(1));
    // A new wording waits for its review; the validated one stays usable.
    let second = NewRevision { status: "draft".into(), ..revision("w", "2") };
    let copy = WorkingCopy {
        person_id: "p1".into(),
        entry_id: "id-w".into(),
        folder_id: "f1".into(),
        base: 1,
        body: "{}".into(),
        updated_ms: 16,
    };
    store.keep_working_copy(&copy).await.unwrap();
    let kept = WorkingCopy { body: "{\"x\":1}".into(), ..copy };
    store.keep_working_copy(&kept).await.unwrap();
    assert_eq!(store.working_copy("p1", "id-w").await.unwrap(), Some(kept.clone()));
    let later = WorkingCopy { body: "{\"x\":2}".into(), updated_ms: 17, ..kept.clone() };
    assert!(!store.keep_working_copy_over(&later, 15).await.unwrap(), "another was kept meanwhile");
    assert!(store.keep_working_copy_over(&later, 16).await.unwrap());
    assert!(!store.keep_working_copy_over(&later, 16).await.unwrap(), "only once over the same");
    let absent = WorkingCopy { entry_id: "absent".into(), ..later.clone() };
    assert!(!store.keep_working_copy_over(&absent, 16).await.unwrap(), "over nothing");
    assert_eq!(store.working_copies("p1").await.unwrap(), [later]);
    assert_eq!(store.write_revision(&second, 1, &[], 17).await.unwrap(), Ok(2));
    assert_eq!(store.working_copies("p1").await.unwrap(), [], "the revision ends the working copy");
    let stale = store.write_revision(&NewRevision { hash: "3".into(), ..second }, 1, &[], 18).await;
    assert!(matches!(stale, Err(StoreError::Conflict)), "written from revision 1, and there is a second");
    let entry = store.entry("id-w").await.unwrap().unwrap();
    assert_eq!((entry.status.as_str(), entry.latest, entry.usable), ("draft", 2, Some(1)));
    store.step_entry(step("draft", "retired", 2), &act("v5", "id-w", 2, "retire")).await.unwrap();
    assert_eq!(store.entry("id-w").await.unwrap().unwrap().usable, None);
    let told: Vec<_> = store.entry_events("id-w").await.unwrap().into_iter().map(|e| e.what).collect();
    assert_eq!(told, ["submit", "comment", "validate", "retire"]);
    store.drop_working_copy("p1", "absent").await.unwrap();
    store.save_search("p1", "mes brouillons", "statut:brouillon", 1).await.unwrap();
    store.save_search("p1", "mes brouillons", "statut:brouillon auteur:moi", 2).await.unwrap();
    let saved = store.saved_searches("p1").await.unwrap();
    assert_eq!(saved, [("mes brouillons".to_owned(), "statut:brouillon auteur:moi".to_owned())]);
    store.forget_search("p1", "mes brouillons").await.unwrap();
    assert_eq!(store.saved_searches("p1").await.unwrap(), []);
}

pub async fn operations(store: &Store) {
    let operation = |id: &str| BulkOperation {
        id: id.into(),
        person_id: "p1".into(),
        at_ms: 30,
        kind: "move".into(),
        detail: "Déplacer".into(),
        undone_ms: None,
        entries: 0,
    };
    let to = |entry: &str, from: &str, to: &str, n: &str| BulkChange {
        entry_id: entry.into(),
        change: Change::Folder { from: from.into(), to: to.into() },
        event: act(n, entry, 1, "move"),
    };
    let both = [to("id-a", COMMON_FOLDER, "f1", "o1"), to("id-b", COMMON_FOLDER, "f1", "o2")];
    store.change_entries(&operation("op1"), &both, None).await.unwrap();
    let half = [to("id-a", "f1", COMMON_FOLDER, "o3"), to("id-b", COMMON_FOLDER, "f1", "o4")];
    let refused = store.change_entries(&operation("op2"), &half, Some("op1")).await;
    assert!(matches!(refused, Err(StoreError::Conflict)), "id-b is elsewhere");
    assert_eq!(store.entry("id-a").await.unwrap().unwrap().folder_id, "f1", "all or none");
    let back = [to("id-a", "f1", COMMON_FOLDER, "o5"), to("id-b", "f1", COMMON_FOLDER, "o6")];
    store.change_entries(&operation("op3"), &back, Some("op1")).await.unwrap();
    assert!(matches!(store.change_entries(&operation("op4"), &[], Some("op1")).await, Err(StoreError::Conflict)));
    let (first, lines) = store.operation("op1").await.unwrap().unwrap();
    assert_eq!((first.undone_ms, first.entries, lines[0].before.as_str()), (Some(30), 2, COMMON_FOLDER));
    assert_eq!(store.operations("p1", 10).await.unwrap().len(), 2);
    let status = BulkChange {
        entry_id: "id-b".into(),
        change: Change::Status { from: "validated".into(), to: "retired".into() },
        event: act("o7", "id-b", 1, "retire"),
    };
    let wording = BulkChange {
        entry_id: "id-a".into(),
        change: Change::Wording { from: 2, to: Box::new(revision("a", "3")) },
        event: act("o8", "id-a", 3, "tag"),
    };
    store.change_entries(&operation("op5"), &[status, wording], None).await.unwrap();
    let (a, b) = (store.entry("id-a").await.unwrap().unwrap(), store.entry("id-b").await.unwrap().unwrap());
    assert_eq!((a.latest, a.usable, b.status.as_str(), b.usable), (3, Some(3), "retired", None));
    let all = EntryFilter { limit: 10, ..EntryFilter::default() };
    let living = EntryFilter { living: true, ..all.clone() };
    assert_eq!(store.entries(&all).await.unwrap().1, 5);
    assert_eq!(store.entries(&living).await.unwrap().1, 3, "two are retired");
    let in_f1 = store.entry_kinds(Some(&["f1".to_owned()])).await.unwrap();
    assert_eq!(in_f1, [("QRU".to_owned(), 1)]);
}

/// An exam `x` is frozen with the entry `a`, then closed: what locks, what is counted.
pub async fn uses(store: &Store) {
    let frozen = FrozenElement { external_id: "a".into(), hash: "3".into() };
    assert_eq!(store.uses_of("id-a").await.unwrap().len(), 1);
    assert_eq!(store.lock_of("id-a").await.unwrap().as_deref(), Some("Titre"));
    let changed = revision("a", "4");
    assert_eq!(
        store.add_revisions(std::slice::from_ref(&changed), &[], 40).await.unwrap(),
        [Added::Locked("Titre".into())]
    );
    let written = NewRevision { fresh_entry_id: "id-a".into(), ..changed };
    assert_eq!(store.write_revision(&written, 3, &[], 40).await.unwrap(), Err("Titre".to_owned()));
    store
        .record_uses("x", &[frozen, FrozenElement { external_id: "absent".into(), hash: "1".into() }], 5)
        .await
        .unwrap();
    let used = store.uses_in("x").await.unwrap();
    assert_eq!((used.len(), used[0].revision, used[0].seen), (1, Some(3), None));
    assert_eq!(store.all_uses().await.unwrap(), used);
    assert_eq!(store.papers_without_uses().await.unwrap(), []);
    let row = UseStatistic {
        exam_id: "x".into(),
        entry_id: "id-a".into(),
        question_id: "a".into(),
        version: 1,
        candidates: 3,
        p: Some(0.25),
        r_rest: None,
        d27: Some(0.5),
        flags: "easy".into(),
    };
    store.record_statistics("x", std::slice::from_ref(&row), &[("id-a".to_owned(), 3)]).await.unwrap();
    store.record_statistics("x", std::slice::from_ref(&row), &[("id-a".to_owned(), 4)]).await.unwrap();
    assert_eq!(store.statistics_of("id-a").await.unwrap(), [row]);
    let followed = store.followed("id-a").await.unwrap().unwrap();
    assert_eq!((followed.uses, followed.exposed, followed.p, followed.r_rest), (1, 4, Some(0.25), None));
    assert_eq!(followed.last_used_ms, used.first().map(|u| u.frozen_ms));
    let b = store.followed("id-b").await.unwrap().unwrap();
    assert_eq!((b.uses, b.exposed, b.p, b.last_used_ms), (0, 0, None, None));
    let usage = store.usage(&["id-a".to_owned(), "id-b".to_owned()]).await.unwrap();
    assert_eq!(usage.len(), 1, "what was never used is left out");
    assert_eq!((usage[0].entry_id.as_str(), usage[0].uses, usage[0].exposed, usage[0].p), ("id-a", 1, 4, Some(0.25)));
    assert_eq!(Some(usage[0].last_used_ms), followed.last_used_ms);
    store.attendance("x").await.unwrap();
    store.sat_by_cohort("x").await.unwrap();
}

pub async fn follow(store: &Store) {
    // From the first change to the last, by two at a time: every entry once, in the order of changes.
    let (mut at, mut seen) = ((0, String::new()), Vec::new());
    loop {
        let page = store.follow((at.0, &at.1), 2).await.unwrap();
        let Some(last) = page.last() else { break };
        at = (last.changed, last.id.clone());
        seen.extend(page.into_iter().map(|f| (f.changed, f.id)));
    }
    assert!(seen.is_sorted(), "{seen:?}");
    let mut ids: Vec<String> = seen.iter().map(|(_, id)| id.clone()).collect();
    ids.sort();
    let marks = store.marks("", 100).await.unwrap();
    assert_eq!(ids, marks.iter().map(|m| m.id.clone()).collect::<Vec<_>>());
    assert_eq!(seen.last().map(|(c, _)| *c), marks.iter().map(|m| m.changed).max());
    assert!(seen.iter().all(|(c, _)| *c <= at.0) && at.0 <= store.last_change().await.unwrap());
    assert_eq!(store.signatures("", 100).await.unwrap().len(), ids.len());
    let before = store.last_change().await.unwrap();
    let many: Vec<NewRevision> = (0..5).map(|i| revision(&format!("m{i}"), "1")).collect();
    store.add_revisions(&many, &[], 50).await.unwrap();
    assert_eq!(store.last_change().await.unwrap(), before + 1, "one change for what came together");
    assert_eq!(store.follow((before, "\u{10ffff}"), 100).await.unwrap().len(), 5);
    assert_eq!(store.add_revisions(&[], &[], 51).await.unwrap(), []);
    assert_eq!(store.last_change().await.unwrap(), before + 1, "nothing changed");

    // By id, each once; by ids, those that are there.
    let (mut at, mut all) = (String::new(), Vec::new());
    loop {
        let page = store.followed_from(&at, 3).await.unwrap();
        let Some(last) = page.last() else { break };
        at.clone_from(&last.id);
        all.extend(page.into_iter().map(|f| f.id));
    }
    assert_eq!(all, store.marks("", 100).await.unwrap().into_iter().map(|m| m.id).collect::<Vec<_>>());
    let mut asked = all.clone();
    asked.push("nobody".into());
    let mut lines: Vec<String> = store.lines(&asked).await.unwrap().into_iter().map(|l| l.id).collect();
    lines.sort();
    let mut expected = all.clone();
    expected.sort();
    assert_eq!(lines, expected);
    assert_eq!(store.lines(&vec![all[0].clone(); 1_200]).await.unwrap().len(), 3, "asked by 500");
    assert!(store.lines(&[]).await.unwrap().is_empty());

    // What is computed of a revision, and what its tags become, are changes too.
    let before = store.last_change().await.unwrap();
    let number = store.followed(&all[0]).await.unwrap().unwrap().latest;
    let computed = Computed { entry_id: all[0].clone(), number, signature: vec![1, 2], flaws: "negative_stem".into() };
    store.keep_computed(std::slice::from_ref(&computed)).await.unwrap();
    let row = store.followed(&all[0]).await.unwrap().unwrap();
    assert_eq!((row.changed, row.flaws.as_str(), row.signature), (before + 1, "negative_stem", Some(vec![1, 2])));
    let tagged = NewRevision { tags: "ECN:228 OIC-031-11-B".into(), ..revision("suivie", "1") };
    store.add_revisions(&[tagged], &[], 52).await.unwrap();
    let id = store.entry_by_external_id("suivie").await.unwrap().unwrap().id;
    let row = store.followed(&id).await.unwrap().unwrap();
    assert_eq!(row.derived_tags, "R2C:31");
    store.decide_tag("ecn", "ECN:228", Some("R2C:230"), "p1", 53).await.unwrap();
    let after = store.followed(&id).await.unwrap().unwrap();
    assert!(after.changed > row.changed);
    let mut derived: Vec<&str> = after.derived_tags.split(' ').collect();
    derived.sort_unstable();
    assert_eq!(derived, ["R2C:230", "R2C:31"]);
    store.decide_tag("ecn", "ECN:228", None, "p1", 54).await.unwrap();
    assert!(store.followed(&id).await.unwrap().unwrap().changed > after.changed);

    // Settings of the bank.
    assert_eq!(store.bank_setting("synonyms").await.unwrap(), None);
    store.set_bank_setting("synonyms", "a = b", &act_of_bank(20)).await.unwrap();
    store.set_bank_setting("synonyms", "a = c", &act_of_bank(21)).await.unwrap();
    assert_eq!(store.bank_setting("synonyms").await.unwrap(), Some(("a = c".into(), 10)));
}

pub async fn assembly(store: &Store) {
    assert_eq!(store.blueprint("x").await.unwrap(), None);
    store.set_blueprint("x", "{}", "p1", 1).await.unwrap();
    store.set_blueprint("x", "{\"v\":2}", "p1", 2).await.unwrap();
    assert_eq!(store.blueprint("x").await.unwrap().as_deref(), Some("{\"v\":2}"));
    let standings = store.standings(&["b".into(), "absent".into(), "a".into()]).await.unwrap();
    let names: Vec<&str> = standings.iter().map(|s| s.external_id.as_str()).collect();
    assert_eq!(names, ["a", "b"], "what the bank does not have is left out");
    store.set_enemies("id-b", "id-a", "même image", "p1", 1).await.unwrap();
    let pairs = store.enemies().await.unwrap();
    assert_eq!((pairs.len(), pairs[0].entry_a.as_str(), pairs[0].reason.as_str()), (1, "id-a", "même image"));
    assert_eq!(store.enemies_of("id-b").await.unwrap(), pairs);
    assert_eq!(store.enemies_of("id-c").await.unwrap(), []);
    let usable = store.usable_entries().await.unwrap();
    let one = usable.iter().find(|u| u.id == "id-a").unwrap();
    let bodies = store.usable_bodies(&[one.id.clone(), "absent".into()]).await.unwrap();
    assert_eq!((bodies.len(), bodies[0].0.as_str()), (1, "id-a"));
    assert!(store.authorships().await.unwrap().contains(&("id-a".into(), "p1".into())));
    assert!(store.last_uses().await.unwrap().iter().any(|(entry, exam, _)| entry == "id-a" && exam == "x"));
    assert_eq!(store.all_statistics().await.unwrap().iter().filter(|s| s.entry_id == "id-a").count(), 1);
    store.remove_enemies("id-b", "id-a").await.unwrap();
    assert_eq!(store.enemies().await.unwrap(), []);
    store.override_hazards("x", &["used:id-a".into()], "sujet de rattrapage", &event("x", 700, 60)).await.unwrap();
    let twice =
        store.override_hazards("x", &["near:id-b".into(), "used:id-a".into()], "encore", &event("x", 701, 61)).await;
    assert!(matches!(twice, Err(StoreError::Duplicate)));
    let told: Vec<HazardOverride> = store.overrides("x").await.unwrap();
    assert_eq!((told.len(), told[0].at_ms, told[0].author_id.as_str()), (1, 60, "p1"));
}

/// What goes out is what is listed; wordings come in the order asked.
pub async fn outgoing(store: &Store) {
    let all = EntryFilter { limit: 100, ..EntryFilter::default() };
    let texts = |list: &[&str]| -> Vec<String> { list.iter().map(|t| (*t).to_owned()).collect() };
    let alive = texts(&["draft", "in_review", "validated"]);
    for (filter, wanted) in [
        (all.clone(), Wanted::default()),
        (EntryFilter { living: true, ..all.clone() }, Wanted { statuses: alive, ..Wanted::default() }),
        (
            EntryFilter { kind: Some("DP".into()), ..all.clone() },
            Wanted { kind: Some("DP".into()), ..Wanted::default() },
        ),
        (
            EntryFilter { tag: Some("R2C:226".into()), ..all.clone() },
            Wanted { tag: Some("R2C:226".into()), ..Wanted::default() },
        ),
        (
            EntryFilter { words: texts(&["EMBOLIE", "226"]), ..all.clone() },
            Wanted { words: texts(&["EMBOLIE", "226"]), ..Wanted::default() },
        ),
        (
            EntryFilter { folders: Some(texts(&["f1"])), ..all.clone() },
            Wanted { folders: Some(texts(&["f1"])), ..Wanted::default() },
        ),
        (EntryFilter { folders: Some(vec![]), ..all }, Wanted { folders: Some(vec![]), ..Wanted::default() }),
    ] {
        let listed: Vec<String> = store.entries(&filter).await.unwrap().0.into_iter().map(|l| l.id).collect();
        assert_eq!(store.outgoing_ids(&wanted).await.unwrap(), listed, "{wanted:?}");
    }
    // More than one query holds, some of it absent.
    let mut ids: Vec<String> = (0..900).map(|n| format!("absent-{n}")).collect();
    ids.insert(0, "id-b".into());
    ids.push("id-a".into());
    let gone = store.outgoing(&ids).await.unwrap();
    assert_eq!(gone.iter().map(|o| o.id.as_str()).collect::<Vec<_>>(), ["id-b", "id-a"]);
    assert_eq!(
        (gone[1].questions, gone[1].body.as_str()),
        (1, store.latest_revision("id-a").await.unwrap().unwrap().body.as_str())
    );
    let mut named = store.named(&texts(&["a", "id-b", "absent"])).await.unwrap();
    named.sort_by(|a, b| a.id.cmp(&b.id));
    assert_eq!(
        named.iter().map(|n| (n.id.as_str(), n.external_id.as_str())).collect::<Vec<_>>(),
        [("id-a", "a"), ("id-b", "b")]
    );
    // Tags kept as they are have become nothing.
    store.decide_tag("r2c", "OIC-031-13-A", Some("OIC-031-14-A"), "p1", 50).await.unwrap();
    let followed = store.followed_tags().await.unwrap();
    assert!(followed.contains(&("OIC-031-13-A".into(), "OIC-031-14-A".into())), "{followed:?}");
    assert!(followed.iter().all(|(tag, target)| tag != "OIC-031-12-A" && !target.is_empty()), "{followed:?}");
    // What was taken away is remembered, by sort and by person.
    let taken = docimo_store::exams::NewEvent { what: "taken", ..act_of_bank(90) };
    store.add_event(&taken).await.unwrap();
    assert_eq!(store.events_of("taken", None, 5).await.unwrap().len(), 1);
    assert_eq!(store.events_of("taken", Some("nobody"), 5).await.unwrap().len(), 0);
    let who = taken.author_id.as_deref();
    assert_eq!(store.events_of("taken", who, 5).await.unwrap().len(), 1);
    assert!(store.events_of("never", None, 5).await.unwrap().is_empty());
    let acts = |acts: Acts| async move { store.acts(&acts, 1, 0).await.unwrap() };
    let taken = Acts { whats: vec!["taken".into()], ..Acts::default() };
    let (found, total) = acts(taken.clone()).await;
    assert_eq!((found.len(), total), (1, 1));
    let at_ms = found[0].at_ms;
    assert_eq!(acts(Acts { from_ms: Some(at_ms), until_ms: Some(at_ms + 1), ..taken.clone() }).await.1, 1);
    assert_eq!(acts(Acts { until_ms: Some(at_ms), ..taken.clone() }).await.1, 0);
    assert_eq!(acts(Acts { author_id: Some("nobody".into()), ..taken }).await.1, 0);
    assert_eq!(acts(Acts::default()).await.1, 0);
    assert!(store.act_authors().await.unwrap().iter().any(|(id, _)| id == "p1"));
}
