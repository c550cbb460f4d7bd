//! Tags of a machine: proposals that are no tags, slices that stay, and the gate that the database itself keeps.

use super::{account, postgres_url, revision};
use docimo_proposal::{
    Decision, Function, Parameters, PromptTemplate, Proposal, Provenance, ReviewerId, Tokens, Verdict,
};
use docimo_store::ai::tags::{HeadRow, TagProposal, TagRule, Tagging, Told};
use docimo_store::ai::{Job, NewDecision, ProposalRow, Refused, Switch, Turned};
use docimo_store::bank::operations::{BulkChange, BulkOperation, Change};
use docimo_store::bank::workflow::NewEntryEvent;
use docimo_store::bank::{Added, NewRevision};
use docimo_store::people::Person;
use docimo_store::{Store, StoreError};

const FUNCTION: &str = "tagging";

fn job(id: &str, wanted: i64) -> Job {
    Job {
        id: id.into(),
        function: FUNCTION.into(),
        person_id: "p1".into(),
        folder_id: "commun".into(),
        request: "{}".into(),
        wanted,
        state: "waiting".into(),
        stage: String::new(),
        tries: 0,
        prompt_tokens: 0,
        completion_tokens: 0,
        created_ms: 5,
        ended_ms: None,
    }
}

fn proposed(id: &str, job: &str, entry: &str, confidence: i64) -> (ProposalRow, TagProposal) {
    let row = ProposalRow {
        id: id.into(),
        job_id: job.into(),
        number: 1,
        function: FUNCTION.into(),
        folder_id: "commun".into(),
        body: "{}".into(),
        unsupported: 0,
        created_ms: 6,
    };
    let about = TagProposal {
        proposal_id: id.into(),
        entry_id: entry.into(),
        revision: 1,
        tags: "R2C:339".into(),
        confidence,
        first_tag: "R2C:339".into(),
        first_confidence: confidence,
        method: "words".into(),
    };
    (row, about)
}

fn operation(id: &str) -> BulkOperation {
    BulkOperation {
        id: id.into(),
        person_id: "p1".into(),
        at_ms: 20,
        kind: "tag".into(),
        detail: "x".into(),
        undone_ms: None,
        entries: 0,
    }
}

fn tagged(entry: &str, from: i64, told: Told) -> BulkChange {
    let (tags, hash) = (told.tags.clone(), format!("h-{}", told.decision_id));
    let to = NewRevision { tags, hash, ..revision(entry, "h") };
    let event = NewEntryEvent {
        id: format!("ev-{}", told.decision_id),
        entry_id: format!("id-{entry}"),
        revision: from,
        person_id: "p1".into(),
        at_ms: 20,
        what: "tag",
        place: String::new(),
        body: String::new(),
    };
    let provenance = Provenance {
        function: Function::Tagging,
        provider: "local".into(),
        model: "m".into(),
        model_version: "1".into(),
        parameters: Parameters::new(),
        prompt: PromptTemplate::of("x", "1", "x"),
        sources: Vec::new(),
        created_at_ms: 1,
        tokens: Tokens::default(),
    };
    let decision =
        Decision { reviewer: ReviewerId::new("p1").unwrap(), verdict: Verdict::Accept, at_ms: 20, remark: None };
    let reviewed = Proposal::new("R2C:339", provenance).unwrap().decide(decision).reviewed().unwrap();
    let tagging = Box::new(Tagging::of(&reviewed, told));
    let change = Change::Tagged { from, to: Box::new(to), tagging };
    BulkChange { entry_id: format!("id-{entry}"), change, event }
}

fn tagging(decision: &str, proposal: &str) -> Told {
    Told {
        decision_id: decision.into(),
        proposal_id: proposal.into(),
        tags: "R2C:339".into(),
        confidence: 900,
        rule: None,
        amended: None,
        survived: Some(1.0),
    }
}

/// What both engines must say alike; leaves e1 tagged by d1, e2 refused by d2, e3 and e4 waiting.
async fn story(store: &Store) {
    let person = Person {
        id: "p1".into(),
        login: "p1".into(),
        name: "Nom".into(),
        secret: None,
        created_ms: 1,
        disabled_ms: None,
    };
    store.add_person(&person, &["reviewer"]).await.unwrap();
    let entries: Vec<NewRevision> = ["e1", "e2", "e3", "e4"].map(|id| revision(id, &format!("h{id}"))).into();
    assert_eq!(store.add_revisions(&entries, &[], 2).await.unwrap(), [const { Added::Entry }; 4]);
    assert_eq!(store.add_ai_job(&job("j", 4)).await.unwrap(), Err(Refused::Off));
    let switch = Switch {
        id: "s".into(),
        function: FUNCTION.into(),
        enabled: 1,
        reference: "séance du 3 mars".into(),
        person_daily: 100,
        daily: 100,
        author_id: "p1".into(),
        at_ms: 1,
    };
    store.set_ai_switch(&switch, "arrêtée", &account(1)).await.unwrap();
    store.add_ai_job(&job("j", 4)).await.unwrap().unwrap();

    // Slice by slice; one whose runner is gone is taken up where it was left, however often.
    assert_eq!(store.take_tagging_job("r1", 10, 5).await.unwrap().unwrap().id, "j");
    assert_eq!(store.take_tagging_job("r2", 11, 5).await.unwrap(), None);
    assert!(store.keep_tag_slice("j", "r1", 1, &[proposed("pr1", "j", "id-e1", 900)], "1 sur 4", 15).await.unwrap());
    for (turn, done) in [(0, 2), (1, 3), (2, 4)] {
        let runner = format!("r{}", turn + 2);
        assert_eq!(store.take_tagging_job(&runner, 20 + turn * 10, 5).await.unwrap().unwrap().id, "j");
        assert_eq!(store.tagging_done("j").await.unwrap(), done - 1, "what was done stays");
        let own = proposed(&format!("pr{done}"), "j", &format!("id-e{done}"), 600);
        assert!(!store.keep_tag_slice("j", "r1", 9, std::slice::from_ref(&own), "", 99).await.unwrap(), "not its own");
        assert!(store.keep_tag_slice("j", &runner, done, &[own], "", 25 + turn * 10).await.unwrap());
    }
    assert!(store.end_ai_job("j", "r4", docimo_store::ai::Ended::Done(&[]), (0, 0), 50).await.unwrap());
    let waiting = store.waiting_tags(10).await.unwrap();
    assert_eq!(waiting.iter().map(|w| w.entry_id.as_str()).collect::<Vec<_>>(), ["id-e1", "id-e2", "id-e3", "id-e4"]);
    assert_eq!(store.tag_counts("R2C:339").await.unwrap(), [], "a proposal is no tag");
    assert_eq!(
        store.tagging_jobs(5).await.unwrap().iter().map(|(j, n)| (j.id.as_str(), *n)).collect::<Vec<_>>(),
        [("j", 4)]
    );

    // Taken: a revision with the tag, which says for ever where it comes from.
    store.change_entries(&operation("o1"), &[tagged("e1", 1, tagging("d1", "pr1"))], None).await.unwrap();
    let births = store.tag_births("id-e1").await.unwrap();
    assert_eq!(births.len(), 1);
    assert_eq!(
        (births[0].number, births[0].tags.as_str(), births[0].batch, births[0].reviewer.as_str()),
        (2, "R2C:339", 0, "Nom")
    );
    assert_eq!(store.tag_counts("R2C:339").await.unwrap().len(), 1);
    assert_eq!(store.tagged_entry("d1").await.unwrap().as_deref(), Some("id-e1"));
    let again = store.change_entries(&operation("o2"), &[tagged("e1", 2, tagging("d9", "pr1"))], None).await;
    assert!(matches!(again, Err(StoreError::Duplicate)), "{again:?}");
    assert_eq!(store.entry("id-e1").await.unwrap().unwrap().latest, 2, "nothing of it is kept");
    let refusal = NewDecision { id: "d2", proposal_id: "pr2", reason: "x", remark: "", amended: None, survived: None };
    store.turn_down(&refusal, Turned::Refused, "p1", 21).await.unwrap();

    // Several at once: only by a rule that says from where on, and all or none.
    let at_once = |decision: &str, proposal: &str, rule: &str, threshold, confidence| Told {
        rule: Some((rule.into(), threshold)),
        confidence,
        ..tagging(decision, proposal)
    };
    let rule = |id: &str, threshold| TagRule {
        id: id.into(),
        threshold,
        rerank: 0,
        reference: "séance du 4 mars".into(),
        author_id: "p1".into(),
        at_ms: 30,
    };
    store.set_tag_rule(&rule("off", None), &account(2)).await.unwrap();
    store.set_tag_rule(&rule("on", Some(800)), &account(3)).await.unwrap();
    assert!(store.set_tag_rule(&rule("low", Some(300)), &account(4)).await.is_err(), "a threshold is above chance");
    assert_eq!(store.tag_rules().await.unwrap()[0], rule("on", Some(800)));
    for (rule, threshold, confidence) in [("absent", 800, 900), ("off", 800, 900), ("on", 700, 750), ("on", 800, 799)] {
        let both = [
            tagged("e3", 1, at_once("d3", "pr3", "on", 800, 900)),
            tagged("e4", 1, at_once("d4", "pr4", rule, threshold, confidence)),
        ];
        let done = store.change_entries(&operation("o3"), &both, None).await;
        assert!(done.is_err(), "{rule} {threshold} {confidence}");
    }
    assert_eq!(store.entry("id-e3").await.unwrap().unwrap().latest, 1, "all or none");
    let decided = store.decided_tags().await.unwrap();
    assert_eq!(
        decided.iter().map(|d| (d.verdict.as_str(), d.taken.as_str())).collect::<Vec<_>>(),
        [("accept", "R2C:339"), ("refuse", "")]
    );
    assert_eq!(store.validated_tags(10).await.unwrap()[0].entry_id, "id-e1");

    let head = HeadRow {
        id: "h1".into(),
        created_ms: 40,
        person_id: "p1".into(),
        learned: 10,
        tuned: 3,
        held: 3,
        before: "{}".into(),
        after: "{}".into(),
        promoted: 1,
        body: "{\"a\":1}".into(),
        hash: "x".into(),
    };
    assert_eq!(store.tag_head_in_force().await.unwrap(), None);
    store.add_tag_head(&head).await.unwrap();
    store.add_tag_head(&HeadRow { id: "h2".into(), created_ms: 41, promoted: 0, ..head.clone() }).await.unwrap();
    assert_eq!(store.tag_head_in_force().await.unwrap().as_deref(), Some("h1"), "what is not better changes nothing");
    assert_eq!(store.tag_head("h1").await.unwrap(), Some(head));
    assert_eq!(store.tag_heads(5).await.unwrap().len(), 2);
    assert!(!store.origins(5).await.unwrap().is_empty());
}

/// Whoever writes to the database itself, past every function above.
macro_rules! short_cuts {
    ($pool:ident) => {{
        let tagging = |decision: &str, proposal: &str, entry: &str, number: i64, confidence: i64, rule: &str| {
            format!(
                "insert into ai_tagging (decision, proposal_id, entry_id, number, tags, confidence, rule, threshold) \
                     values ({decision}, '{proposal}', '{entry}', {number}, 'R2C:1', {confidence}, {rule})"
            )
        };
        let tagged = |entry: &str, decision: &str| {
            format!("update revision set tagged = {decision} where entry_id = '{entry}' and number = 1")
        };
        let decide = |id: &str, proposal: &str| {
            format!(
                "insert into ai_decision (id, proposal_id, reviewer_id, verdict, reason, remark, at_ms, accepted) \
                     values ('{id}', '{proposal}', 'p1', 'accept', '', '', 1, '{id}')"
            )
        };
        macro_rules! run {
            ($sql:expr) => {
                sqlx::query(sqlx::AssertSqlSafe($sql)).execute(&$pool).await
            };
        }
        run!(decide("d3", "pr3")).unwrap();
        run!(tagged("id-e3", "'d3'")).unwrap();
        let refused = [
            ("a revision by a decision that does not exist", tagged("id-e4", "'absent'")),
            ("a revision by a refusal", tagged("id-e4", "'d2'")),
            ("a revision by a decision that served", tagged("id-e4", "'d1'")),
            ("a tag without a decision", tagging("null", "pr4", "id-e4", 1, 900, "null, null")),
            ("a tag by a decision that does not exist", tagging("'absent'", "pr4", "id-e4", 1, 900, "null, null")),
            ("a tag by a refusal", tagging("'d2'", "pr2", "id-e2", 1, 900, "null, null")),
            ("a tag by a decision on another proposal", tagging("'d3'", "pr4", "id-e3", 1, 900, "null, null")),
            ("a tag of another entry", tagging("'d3'", "pr3", "id-e4", 1, 900, "null, null")),
            ("a tag of a revision that does not say so", tagging("'d3'", "pr3", "id-e3", 2, 900, "null, null")),
            ("several at once by no rule", tagging("'d3'", "pr3", "id-e3", 1, 900, "null, 800")),
            ("several at once by a rule that forbids it", tagging("'d3'", "pr3", "id-e3", 1, 900, "'off', 800")),
            ("several at once under the threshold", tagging("'d3'", "pr3", "id-e3", 1, 799, "'on', 800")),
            (
                "forgetting that a machine proposed it",
                "update revision set tagged = null where tagged = 'd1'".to_owned(),
            ),
            ("erasing the decision", "delete from ai_decision where id = 'd1'".to_owned()),
            ("turning the decision round", "update ai_decision set verdict = 'refuse' where id = 'd1'".to_owned()),
        ];
        for (what, sql) in refused {
            let done = run!(sql.clone());
            assert!(done.is_err(), "{what}: {sql}");
        }
        // Refused for what it says: the same, by a decision on this proposal and above the threshold, passes.
        run!(tagging("'d3'", "pr3", "id-e3", 1, 800, "'on', 800")).unwrap();
        for (what, sql) in [
            ("lowering a rule that served", "update ai_tag_rule set threshold = 500 where id = 'on'"),
            ("erasing it", "delete from ai_tag_rule where id = 'on'"),
        ] {
            assert!(run!(sql).is_err(), "{what}");
        }
    }};
}

#[tokio::test]
async fn sqlite_takes_no_tag_of_a_machine_without_a_decision() {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", dir.path().join("t.sqlite").display());
    let store = Store::open(&url).await.unwrap();
    story(&store).await;
    store.close().await;
    let pool = sqlx::SqlitePool::connect(&url).await.unwrap();
    short_cuts!(pool);
}

#[tokio::test]
async fn postgresql_takes_no_tag_of_a_machine_without_a_decision() {
    let Some(url) = postgres_url().await else { return };
    let store = Store::open(&url).await.unwrap();
    story(&store).await;
    store.close().await;
    let pool = sqlx::PgPool::connect(&url).await.unwrap();
    short_cuts!(pool);
}
