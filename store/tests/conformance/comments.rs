//! Patterns of wrong answers and their comments; and the gate that the database itself keeps on them.

use super::{account, event, postgres_url, revision};
use docimo_proposal::{
    Decision, Function, Parameters, PromptTemplate, Proposal, Provenance, Reviewed, ReviewerId, Tokens, Verdict,
};
use docimo_store::ai::comments::{NewComment, PatternCount, SlotPlace, WantedSlots};
use docimo_store::ai::{Ended, Job, NewDecision, ProposalRow, Switch, Turned};
use docimo_store::bank::NewRevision;
use docimo_store::exams::NewEvent;
use docimo_store::people::Person;
use docimo_store::{Store, StoreError};

const FUNCTION: &str = "comment-drafting";

fn act(n: u32, at_ms: i64) -> NewEvent {
    NewEvent { exam_id: None, ..event("comments", n, at_ms) }
}

fn place(slot: &str, entry: &str, pattern: &str) -> SlotPlace {
    SlotPlace {
        slot: slot.into(),
        entry_id: entry.into(),
        question_id: "q".into(),
        wording: "w".into(),
        pattern: pattern.into(),
    }
}

fn counted(slot: &str, entry: &str, pattern: &str, students: i64) -> PatternCount {
    PatternCount { place: place(slot, entry, pattern), shown: String::new(), students }
}

fn reviewed(verdict: Verdict<String>) -> Reviewed<String> {
    let provenance = Provenance {
        function: Function::CommentDrafting,
        provider: "local".into(),
        model: "m".into(),
        model_version: "1".into(),
        parameters: Parameters::new(),
        prompt: PromptTemplate::of("x", "1", "x"),
        sources: Vec::new(),
        created_at_ms: 1,
        tokens: Tokens::default(),
    };
    let proposal = Proposal::new("brouillon".to_owned(), provenance).unwrap();
    let reviewer = ReviewerId::new("p1").unwrap();
    proposal.decide(Decision { reviewer, verdict, at_ms: 700, remark: None }).reviewed().unwrap()
}

fn decision<'a>(id: &'a str, proposal_id: &'a str) -> NewDecision<'a> {
    NewDecision { id, proposal_id, reason: "", remark: "", amended: None, survived: Some(1.0) }
}

/// Proposals of a function that wait for a decision.
async fn proposed(store: &Store, function: &str, job: &str, ids: &[&str]) {
    let switch = Switch {
        id: format!("s-{job}"),
        function: function.into(),
        enabled: 1,
        reference: "séance du 3 mars".into(),
        person_daily: 100,
        daily: 100,
        author_id: "p1".into(),
        at_ms: 500,
    };
    let said = NewEvent { id: format!("e-{job}"), ..act(1, 500) };
    store.set_ai_switch(&switch, "arrêtée", &said).await.unwrap();
    let row = Job {
        id: job.into(),
        function: function.into(),
        person_id: "p1".into(),
        folder_id: "commun".into(),
        request: "{}".into(),
        wanted: 1,
        state: "waiting".into(),
        stage: String::new(),
        tries: 0,
        prompt_tokens: 0,
        completion_tokens: 0,
        created_ms: 500_000,
        ended_ms: None,
    };
    store.add_ai_job(&row).await.unwrap().unwrap();
    assert_eq!(store.ai_jobs_going(function).await.unwrap().len(), 1);
    assert_eq!(store.take_ai_job("r", 500_001, 10).await.unwrap().unwrap().id, job);
    let rows: Vec<ProposalRow> = (ids.iter().zip(1..))
        .map(|(id, number)| ProposalRow {
            id: (*id).into(),
            job_id: job.into(),
            number,
            function: function.into(),
            folder_id: "commun".into(),
            body: "{}".into(),
            unsupported: 0,
            created_ms: 500 + number,
        })
        .collect();
    assert!(store.end_ai_job(job, "r", Ended::Done(&rows), (0, 0), 500_002).await.unwrap());
    assert_eq!(store.ai_jobs_going(function).await.unwrap(), []);
}

pub async fn story(store: &Store) {
    // Two exams: the published one of the story, and whatever else was marked. Only what has no count is unread.
    let unread = store.patterns_unread().await.unwrap();
    assert!(unread.contains(&"x".to_owned()), "{unread:?}");
    let last = i64::try_from(store.ledger("x").await.unwrap().len()).unwrap();
    store.set_patterns("x", last - 1, &[counted("s1", "id-a", "missed:a;ticked:", 5)], 600).await.unwrap();
    assert!(store.patterns_unread().await.unwrap().contains(&"x".to_owned()), "the register went on");
    let open = PatternCount { shown: "la grippe".into(), ..counted("s3", "id-a", "text:grippe", 2) };
    let rows = [
        counted("s1", "id-a", "missed:a;ticked:", 7),
        counted("s2", "id-a", "missed:;ticked:b", 9),
        open,
        counted("s4", "id-b", "missed:c;ticked:", 1),
    ];
    store.set_patterns("x", last, &rows, 601).await.unwrap();
    assert!(!store.patterns_unread().await.unwrap().contains(&"x".to_owned()));

    let folders = ["commun".to_owned()];
    let all = WantedSlots {
        folders: &folders,
        unwritten: true,
        last: 20,
        recent: 5,
        least_text: 3,
        limit: 10,
        ..WantedSlots::default()
    };
    let named = async |wanted: &WantedSlots<'_>| {
        let found = store.pattern_slots(wanted).await.unwrap();
        found.into_iter().map(|s| (s.slot, s.students)).collect::<Vec<_>>()
    };
    let slots = |list: &[(&str, i64)]| list.iter().map(|(s, n)| ((*s).to_owned(), *n)).collect::<Vec<_>>();
    assert_eq!(named(&all).await, slots(&[("s2", 9), ("s1", 7), ("s4", 1)]), "what two people typed is not told");
    assert_eq!(named(&WantedSlots { least_text: 2, ..all.clone() }).await.len(), 4);
    assert_eq!(named(&WantedSlots { limit: 1, ..all.clone() }).await, slots(&[("s2", 9)]));
    assert_eq!(named(&WantedSlots { last: 0, ..all.clone() }).await, []);
    assert_eq!(named(&WantedSlots { recent: 0, ..all.clone() }).await, []);
    assert_eq!(named(&WantedSlots { exam: Some("absent"), ..all.clone() }).await, []);
    assert_eq!(named(&WantedSlots { exam: Some("x"), entry: Some("b"), ..all.clone() }).await, slots(&[("s4", 1)]));
    assert_eq!(named(&WantedSlots { slot: Some("s1"), ..all.clone() }).await, slots(&[("s1", 7)]));
    assert_eq!(named(&WantedSlots { folders: &[], ..all.clone() }).await, []);
    assert_eq!(named(&WantedSlots { folders: &["ailleurs".to_owned()], ..all.clone() }).await, []);
    assert_eq!(store.pattern_exams(&folders).await.unwrap().len(), 1);
    assert_eq!(store.pattern_exams(&[]).await.unwrap(), []);
    let uses = store.slot_uses("s1").await.unwrap();
    assert_eq!((uses.len(), uses[0].exam_id.as_str(), uses[0].students), (1, "x", 7));
    assert_eq!(store.slot_place("s1").await.unwrap(), Some(place("s1", "id-a", "missed:a;ticked:")));
    assert_eq!(store.slot_place("absent").await.unwrap(), None);

    // A person writes, and writes again: both versions stay.
    let own = place("s1", "id-a", "missed:a;ticked:");
    let text = |id, body| NewComment { id, place: &own, body };
    assert_eq!(store.write_comment(&text("c1", "Un."), 0, &act(10, 610)).await.unwrap(), 1);
    let stale = store.write_comment(&text("c2", "Deux."), 0, &act(11, 611)).await;
    assert!(matches!(stale, Err(StoreError::Conflict)), "{stale:?}");
    assert!(store.write_comment(&text("c2", "  "), 1, &act(11, 611)).await.is_err(), "a comment says something");
    assert_eq!(store.write_comment(&text("c2", "Deux."), 1, &act(12, 612)).await.unwrap(), 2);
    assert_eq!(named(&all).await, slots(&[("s2", 9), ("s4", 1)]));
    assert_eq!(store.slot_place("s1").await.unwrap().as_ref(), Some(&own));
    let versions = store.comment_versions("s1").await.unwrap();
    let told: Vec<_> = versions.iter().map(|v| (v.number, v.body.as_str(), v.born.as_str())).collect();
    assert_eq!(told, [(2, "Deux.", "person"), (1, "Un.", "person")]);
    let shown = async || -> Vec<(String, String, i64)> {
        let rows = store.comments_in("x").await.unwrap();
        rows.into_iter().map(|c| (c.slot, c.body, c.drafted)).collect()
    };
    assert_eq!(shown().await, [("s1".into(), "Deux.".into(), 0)]);
    assert_eq!(store.comments_in("absent").await.unwrap(), []);
    assert_eq!(store.comments_shown(10).await.unwrap().len(), 1);

    // Withdrawn, no version shows through; a new one may follow.
    assert!(store.withdraw_comment("s1", &act(13, 620)).await.unwrap());
    assert!(!store.withdraw_comment("s1", &act(14, 621)).await.unwrap());
    assert_eq!(shown().await, []);
    assert_eq!(named(&all).await.len(), 3, "to write again");
    let withdrawn = store.comment_versions("s1").await.unwrap();
    assert!(withdrawn.iter().all(|v| v.withdrawn_ms == Some(620) && v.withdrawer.is_some()));

    // What a machine drafted, let be by a person; a person's edit goes on saying so.
    proposed(store, FUNCTION, "jc", &["pc1", "pc2"]).await;
    let taken = reviewed(Verdict::Accept);
    let comment = text("c3", "Brouillon.");
    assert_eq!(store.keep_comment(&taken, &decision("dc1", "pc1"), &comment, &act(15, 700)).await.unwrap(), 3);
    assert_eq!(shown().await, [("s1".into(), "Brouillon.".into(), 1)]);
    assert_eq!(store.comment_of("dc1").await.unwrap().as_deref(), Some("s1"));
    let again = store.keep_comment(&taken, &decision("dc2", "pc1"), &text("c4", "Encore."), &act(16, 701)).await;
    assert!(matches!(again, Err(StoreError::Duplicate)), "{again:?}");
    assert_eq!(store.write_comment(&text("c5", "Corrigé."), 3, &act(17, 702)).await.unwrap(), 4);
    assert_eq!(shown().await, [("s1".into(), "Corrigé.".into(), 1)]);
    assert_eq!(store.comment_versions("s1").await.unwrap().len(), 4);
}

/// Whoever writes to the database itself, past every function above.
macro_rules! short_cuts {
    ($pool:ident) => {{
        let comment = |id: &str, born: &str, decision: &str, proposal: &str, function: &str| {
            format!("insert into pattern_comment (id, slot, entry_id, question_id, wording, pattern, number, body, born, ai_decision, ai_proposal, ai_function, author_id, at_ms, ai_sealed) \
                     values ('{id}', 's-{id}', 'id-e', 'q', 'w', 'text:x', 1, 'Texte.', '{born}', {decision}, {proposal}, {function}, 'p1', 1, {decision})")
        };
        let ours = "'comment-drafting'";
        let refused = [
            ("without a decision", comment("k", "ai", "null", "null", "null")),
            ("without what was decided", comment("k", "ai", "'d3'", "null", "null")),
            ("without the function", comment("k", "ai", "'d3'", "'pc3'", "null")),
            ("by a decision that does not exist", comment("k", "ai", "'absent'", "'pc3'", ours)),
            ("by a refusal", comment("k", "ai", "'d2'", "'pc2'", ours)),
            ("by a decision that served", comment("k", "ai", "'d1'", "'pc1'", ours)),
            ("by a decision on something else", comment("k", "ai", "'d3'", "'pc1'", ours)),
            ("by a decision on a question", comment("k", "ai", "'dq'", "'pq'", ours)),
            ("by a decision on a question, named as it is", comment("k", "ai", "'dq'", "'pq'", "'question-generation'")),
            ("as if people had written it", comment("k", "person", "'d1'", "'pc1'", ours)),
            ("as something else", comment("k", "machine", "null", "null", "null")),
            ("forgetting that it was a machine", "update pattern_comment set born = 'person' where ai_decision = 'd1'".to_owned()),
            ("forgetting who decided", "update pattern_comment set ai_decision = null where ai_decision = 'd1'".to_owned()),
            ("erasing the decision", "delete from ai_decision where id = 'd1'".to_owned()),
            ("turning a decision round", "update ai_decision set verdict = 'refuse' where id = 'd1'".to_owned()),
            ("erasing the proposal", "delete from ai_proposal where id = 'pc1'".to_owned()),
            ("making the proposal another", "update ai_proposal set function = 'question-generation' where id = 'pc1'".to_owned()),
            ("forgetting how many it took", "update pattern_comment set ai_sealed = null where ai_decision = 'd1'".to_owned()),
            ("by a decision that is not sealed", comment("k", "ai", "'d4'", "'pc4'", ours)),
            ("withdrawn by nobody", "update pattern_comment set withdrawn_ms = 5 where ai_decision = 'd1'".to_owned()),
            ("saying nothing", "update pattern_comment set body = '  ' where ai_decision = 'd1'".to_owned()),
        ];
        for (what, sql) in refused {
            let done = sqlx::query(sqlx::AssertSqlSafe(sql.clone())).execute(&$pool).await;
            assert!(done.is_err(), "{what}: {sql}");
        }
        // What is refused above is refused for what it says: with the decision on that draft it passes.
        for sql in [comment("k", "ai", "'d3'", "'pc3'", ours), comment("k2", "person", "null", "null", "null")] {
            sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&$pool).await.unwrap();
        }
    }};
}

async fn prepared(url: &str) {
    let store = Store::open(url).await.unwrap();
    let person = Person {
        id: "p1".into(),
        login: "p1".into(),
        name: "Nom".into(),
        secret: None,
        created_ms: 1,
        disabled_ms: None,
    };
    store.add_person(&person, &["reviewer"]).await.unwrap();
    let draft = |id: &str| NewRevision { status: "draft".into(), ..revision(id, "h") };
    assert_eq!(store.add_revisions(&[draft("e")], &[], 5).await.unwrap().len(), 1);
    let taken = reviewed(Verdict::Accept);
    proposed(&store, "question-generation", "jq", &["pq"]).await;
    store.keep_reviewed(&taken, &decision("dq", "pq"), &draft("ia")).await.unwrap();
    proposed(&store, FUNCTION, "jc", &["pc1", "pc2", "pc3", "pc4"]).await;
    let own = place("s1", "id-e", "text:x");
    let comment = NewComment { id: "c1", place: &own, body: "Texte." };
    let said = NewEvent { id: "e1".into(), ..account(1) };
    store.keep_comment(&taken, &decision("d1", "pc1"), &comment, &said).await.unwrap();
    store.turn_down(&NewDecision { reason: "x", ..decision("d2", "pc2") }, Turned::Refused, "p1", 5).await.unwrap();
    store.close().await;
}

/// A decision that accepts a draft, sealed as one person's, without the comment that it lets be.
const DECIDED: &str = "insert into ai_decision (id, proposal_id, reviewer_id, verdict, reason, remark, at_ms, accepted, \
                       people, gate, sealed) values ('d3', 'pc3', 'p1', 'accept', '', '', 1, 'd3', 1, 'pc3/1', 'd3')";

/// One that accepts, of which nothing says how many people it took.
const UNSEALED: &str = "insert into ai_decision (id, proposal_id, reviewer_id, verdict, reason, remark, at_ms, accepted) \
                        values ('d4', 'pc4', 'p1', 'accept', '', '', 1, 'd4')";

#[tokio::test]
async fn sqlite_takes_no_comment_of_a_machine_without_a_decision() {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", dir.path().join("t.sqlite").display());
    prepared(&url).await;
    let pool = sqlx::SqlitePool::connect(&url).await.unwrap();
    for sql in [DECIDED, UNSEALED] {
        sqlx::query(sql).execute(&pool).await.unwrap();
    }
    short_cuts!(pool);
}

#[tokio::test]
async fn postgresql_takes_no_comment_of_a_machine_without_a_decision() {
    let Some(url) = postgres_url().await else { return };
    prepared(&url).await;
    let pool = sqlx::PgPool::connect(&url).await.unwrap();
    for sql in [DECIDED, UNSEALED] {
        sqlx::query(sql).execute(&pool).await.unwrap();
    }
    short_cuts!(pool);
}
