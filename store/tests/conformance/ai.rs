//! Machines: switches, sources, the queue, and the gate that the database itself keeps.

use super::{account, event, postgres_url, revision};
use docimo_proposal::{
    Decision, Function, Parameters, PromptTemplate, Proposal, Provenance, Reason, Reviewed, ReviewerId, Tokens, Verdict,
};
use docimo_store::ai::{Ended, Job, NewDecision, PassageRow, ProposalRow, Refused, SourceRow, Switch, Turned};
use docimo_store::bank::NewRevision;
use docimo_store::exams::NewEvent;
use docimo_store::people::Person;
use docimo_store::{Store, StoreError};

const FUNCTION: &str = "question-generation";

fn act(n: u32) -> NewEvent {
    NewEvent { exam_id: None, ..event("ai", n, 10) }
}

fn switch(id: &str, enabled: i64, at_ms: i64) -> Switch {
    Switch {
        id: id.into(),
        function: FUNCTION.into(),
        enabled,
        reference: "séance du 3 mars, n° 4".into(),
        person_daily: 4,
        daily: 6,
        author_id: "p1".into(),
        at_ms,
    }
}

fn job(id: &str, person: &str, wanted: i64, created_ms: i64) -> Job {
    Job {
        id: id.into(),
        function: FUNCTION.into(),
        person_id: person.into(),
        folder_id: "commun".into(),
        request: "{}".into(),
        wanted,
        state: "waiting".into(),
        stage: String::new(),
        tries: 0,
        prompt_tokens: 0,
        completion_tokens: 0,
        created_ms,
        ended_ms: None,
    }
}

fn proposal(id: &str, job: &str, number: i64) -> ProposalRow {
    ProposalRow {
        id: id.into(),
        job_id: job.into(),
        number,
        function: FUNCTION.into(),
        folder_id: "commun".into(),
        body: "{}".into(),
        unsupported: 0,
        created_ms: 100 + number,
    }
}

fn decision<'a>(id: &'a str, proposal_id: &'a str) -> NewDecision<'a> {
    NewDecision { id, proposal_id, reason: "", remark: "", amended: None, survived: Some(1.0) }
}

/// What a named person takes: made as everybody makes one.
fn reviewed(verdict: Verdict<String>) -> Option<Reviewed<String>> {
    let provenance = Provenance {
        function: Function::QuestionGeneration,
        provider: "local".into(),
        model: "m".into(),
        model_version: "1".into(),
        parameters: Parameters::new(),
        prompt: PromptTemplate::of("x", "1", "x"),
        sources: Vec::new(),
        created_at_ms: 1,
        tokens: Tokens::default(),
    };
    let proposal = Proposal::new("texte".to_owned(), provenance).unwrap();
    let reviewer = ReviewerId::new("p1").unwrap();
    proposal.decide(Decision { reviewer, verdict, at_ms: 200, remark: None }).reviewed()
}

fn draft(id: &str) -> NewRevision {
    NewRevision { status: "draft".into(), ..revision(id, "h") }
}

pub async fn story(store: &Store) {
    // Off until someone decides; the newest decision holds.
    assert_eq!(store.ai_switch(FUNCTION).await.unwrap(), None);
    assert_eq!(store.add_ai_job(&job("j0", "p1", 1, 50)).await.unwrap(), Err(Refused::Off));
    store.set_ai_switch(&switch("s1", 1, 20), "arrêtée", &act(1)).await.unwrap();
    assert_eq!(store.ai_switch(FUNCTION).await.unwrap(), Some(switch("s1", 1, 20)));
    let blank = Switch { reference: "  ".into(), ..switch("s0", 1, 21) };
    assert!(store.set_ai_switch(&blank, "arrêtée", &act(2)).await.is_err(), "no decision without its reference");

    let source = SourceRow {
        id: "src".into(),
        title: "Cours".into(),
        origin: "cours.pdf".into(),
        edition: "2".into(),
        published: "2026-01".into(),
        licence: "CC BY".into(),
        trust: 1,
        format: "pdf".into(),
        hash: "h".into(),
        chars: 10,
        imported_by: "p1".into(),
        imported_ms: 30,
        trust_by: "p1".into(),
        expires_ms: None,
        withdrawn_ms: None,
    };
    let passage = PassageRow {
        source_id: "src".into(),
        number: 1,
        page: Some(4),
        section: "Titre".into(),
        body: "Un texte.".into(),
        hash: "p".into(),
    };
    store.add_ai_source(&source, std::slice::from_ref(&passage), &act(3)).await.unwrap();
    assert_eq!(store.ai_passages("src").await.unwrap(), [passage]);
    store.assess_ai_source("src", 3, Some(900), None, &act(4)).await.unwrap();
    let kept = store.ai_source("src").await.unwrap().unwrap();
    assert_eq!((kept.trust, kept.is_usable(899), kept.is_usable(900)), (3, true, false));
    assert_eq!(store.ai_sources().await.unwrap(), [kept]);
    assert!(store.assess_ai_source("absent", 3, None, None, &act(5)).await.is_err());

    // Limits of a day: a person's, everyone's.
    store
        .add_person(
            &Person {
                id: "p-ai".into(),
                login: "p-ai".into(),
                name: "Autre".into(),
                secret: None,
                created_ms: 1,
                disabled_ms: None,
            },
            &["author"],
        )
        .await
        .unwrap();
    assert_eq!(store.add_ai_job(&job("j1", "p1", 3, 50)).await.unwrap(), Ok(()));
    assert_eq!(store.add_ai_job(&job("j2", "p1", 2, 51)).await.unwrap(), Err(Refused::Person { asked: 3, limit: 4 }));
    assert_eq!(
        store.add_ai_job(&job("j3", "p-ai", 4, 52)).await.unwrap(),
        Err(Refused::Everyone { asked: 3, limit: 6 })
    );
    assert_eq!(store.add_ai_job(&job("j4", "p-ai", 2, 53)).await.unwrap(), Ok(()));

    // A runner takes the oldest, once; what it leaves is taken up when its lease is over.
    let first = store.take_ai_job("r1", 60, 15).await.unwrap().unwrap();
    assert_eq!(first.id, "j1");
    assert_eq!(store.take_ai_job("r2", 61, 15).await.unwrap().unwrap().id, "j4");
    assert_eq!(store.take_ai_job("r3", 62, 15).await.unwrap(), None);
    assert!(store.keep_ai_job("j1", "r1", "rédige", (5, 6), 100).await.unwrap());
    assert!(!store.keep_ai_job("j1", "r2", "rédige", (5, 6), 100).await.unwrap(), "not its own");
    assert_eq!(store.take_ai_job("r3", 80, 15).await.unwrap().unwrap().id, "j4", "r2 is gone");
    assert!(!store.end_ai_job("j4", "r2", Ended::Done(&[proposal("p9", "j4", 1)]), (1, 1), 81).await.unwrap());
    assert_eq!(store.ai_proposals_of("j4").await.unwrap(), [], "what comes too late is not kept");
    assert!(store.end_ai_job("j4", "r3", Ended::Failed("en panne"), (1, 1), 82).await.unwrap());
    assert_eq!(store.ai_job("j4").await.unwrap().unwrap().stage, "en panne");
    assert!(
        store
            .end_ai_job(
                "j1",
                "r1",
                Ended::Done(&[proposal("a", "j1", 1), proposal("b", "j1", 2), proposal("c", "j1", 3)]),
                (7, 8),
                83
            )
            .await
            .unwrap()
    );
    let done = store.ai_job("j1").await.unwrap().unwrap();
    assert_eq!(
        (done.state.as_str(), done.prompt_tokens, done.completion_tokens, done.ended_ms),
        ("done", 7, 8, Some(83))
    );
    assert!(!store.cancel_ai_job("j1", "trop tard", 84).await.unwrap());
    assert_eq!(store.ai_jobs_of("p1", 10).await.unwrap(), [done]);
    // A request that kills its server three times is given up.
    assert_eq!(store.add_ai_job(&job("j5", "p-ai", 1, 85)).await.unwrap(), Ok(()));
    for turn in 0..3 {
        assert_eq!(store.take_ai_job("r", 200 + turn * 20, 10).await.unwrap().unwrap().id, "j5");
    }
    assert_eq!(store.take_ai_job("r", 300, 10).await.unwrap(), None);
    assert_eq!(store.ai_job("j5").await.unwrap().unwrap().state, "failed");
    // Switched off, what runs is no longer kept, and everything that waits stops.
    assert_eq!(store.add_ai_job(&job("j6", "p-ai", 1, 86)).await.unwrap(), Ok(()));
    store.take_ai_job("r", 310, 10).await.unwrap().unwrap();
    assert_eq!(store.set_ai_switch(&switch("s2", 0, 311), "arrêtée", &act(6)).await.unwrap(), 1);
    assert!(!store.keep_ai_job("j6", "r", "", (0, 0), 400).await.unwrap());
    assert!(!store.end_ai_job("j6", "r", Ended::Done(&[proposal("p8", "j6", 1)]), (1, 1), 312).await.unwrap());
    assert_eq!(store.ai_job("j6").await.unwrap().unwrap().stage, "arrêtée");
    assert_eq!(store.ai_proposals_of("j6").await.unwrap(), []);
    assert_eq!(store.ai_switches().await.unwrap().len(), 2);
    assert_eq!(store.ai_jobs().await.unwrap().len(), 4);

    // Decisions: one each, by a named person; what is accepted is in the bank and says for ever where it comes from.
    let ids = |rows: Vec<ProposalRow>| rows.into_iter().map(|p| p.id).collect::<Vec<_>>();
    assert_eq!(ids(store.ai_queue(FUNCTION, 10).await.unwrap()), ["a", "b", "c"]);
    let taken = reviewed(Verdict::Accept).unwrap();
    assert!(reviewed(Verdict::Refuse { reason: Reason::new("faux").unwrap() }).is_none());
    store.keep_reviewed(&taken, &decision("d-a", "a"), &draft("ia-a")).await.unwrap();
    let birth = store.ai_birth("id-ia-a").await.unwrap().unwrap();
    assert_eq!((birth.proposal_id.as_str(), birth.verdict.as_str(), birth.at_ms), ("a", "accept", 200));
    assert_eq!(store.ai_entry("d-a").await.unwrap().as_deref(), Some("id-ia-a"));
    let again = store.keep_reviewed(&taken, &decision("d-a2", "a"), &draft("ia-a2")).await;
    assert!(matches!(again, Err(StoreError::Duplicate)), "{again:?}");
    assert!(store.entry("id-ia-a2").await.unwrap().is_none(), "nothing of it is kept");
    let refusal = NewDecision { reason: "fact", survived: None, ..decision("d-b", "b") };
    store.turn_down(&refusal, Turned::Refused, "p1", 201).await.unwrap();
    let silent = decision("d-c", "c");
    assert!(store.turn_down(&silent, Turned::Refused, "p1", 202).await.is_err(), "a refusal says why");
    assert!(store.turn_down(&silent, Turned::Again, "nobody", 202).await.is_err(), "nobody decides anonymously");
    store.turn_down(&silent, Turned::Again, "p1", 203).await.unwrap();
    assert_eq!(store.ai_queue(FUNCTION, 10).await.unwrap(), []);
    assert_eq!(store.ai_decision("b").await.unwrap().unwrap().reason, "fact");
    assert_eq!(store.ai_decisions().await.unwrap().len(), 3);
    assert_eq!(ids(store.ai_proposals().await.unwrap()), ["a", "b", "c"]);
    assert_eq!(store.ai_proposal("b").await.unwrap().unwrap().number, 2);
    assert!(store.ai_birth("id-w").await.unwrap().is_none(), "people wrote it");
}

/// Whoever writes to the database itself, past every function above.
macro_rules! short_cuts {
    ($pool:ident) => {{
        let revision = |entry: &str, born: &str, decision: &str| {
            format!("insert into revision (entry_id, number, hash, fingerprint, title, questions, tags, body, origin, author_id, created_ms, born, ai_decision) \
                     values ('{entry}', 2, 'h', 'f', 't', 1, '', '{{}}', 'o', 'p1', 1, '{born}', {decision})")
        };
        let decide = |id: &str, proposal: &str, reviewer: &str, verdict: &str, accepted: &str| {
            format!("insert into ai_decision (id, proposal_id, reviewer_id, verdict, reason, remark, at_ms, accepted) \
                     values ('{id}', '{proposal}', {reviewer}, '{verdict}', 'x', '', 1, {accepted})")
        };
        let refused = [
            ("without a decision", revision("id-e", "ai", "null")),
            ("by a decision that does not exist", revision("id-e", "ai", "'absent'")),
            ("by a refusal", revision("id-e", "ai", "'d2'")),
            ("by a decision that served", revision("id-e", "ai", "'d1'")),
            ("as if people had written it", revision("id-e", "person", "'d1'")),
            ("as something else", revision("id-e", "machine", "null")),
            ("a refusal that lets be", decide("d3", "pr3", "'p1'", "refuse", "'d3'")),
            ("a decision under another's name", decide("d3", "pr3", "'p1'", "accept", "'d4'")),
            ("a decision by nobody", decide("d3", "pr3", "null", "accept", "'d3'")),
            ("a decision by who does not exist", decide("d3", "pr3", "'absent'", "accept", "'d3'")),
            ("a second decision", decide("d3", "pr1", "'p1'", "accept", "'d3'")),
            ("forgetting that it was a machine", "update revision set born = 'person' where ai_decision = 'd1'".to_owned()),
            ("forgetting who decided", "update revision set ai_decision = null where ai_decision = 'd1'".to_owned()),
            ("erasing the decision", "delete from ai_decision where id = 'd1'".to_owned()),
            ("turning a decision round", "update ai_decision set verdict = 'refuse' where id = 'd1'".to_owned()),
        ];
        for (what, sql) in refused {
            let done = sqlx::query(sqlx::AssertSqlSafe(sql.clone())).execute(&$pool).await;
            assert!(done.is_err(), "{what}: {sql}");
        }
        // What is refused above is refused for what it says: the same with a decision that accepts passes.
        for sql in [decide("d3", "pr3", "'p1'", "accept", "'d3'"), revision("id-e", "ai", "'d3'")] {
            sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&$pool).await.unwrap();
        }
    }};
}

async fn prepared(url: &str) {
    let store = Store::open(url).await.unwrap();
    store
        .add_person(
            &Person {
                id: "p1".into(),
                login: "p1".into(),
                name: "Nom".into(),
                secret: None,
                created_ms: 1,
                disabled_ms: None,
            },
            &["reviewer"],
        )
        .await
        .unwrap();
    store.set_ai_switch(&switch("s", 1, 1), "arrêtée", &account(1)).await.unwrap();
    store.add_ai_job(&job("j", "p1", 3, 2)).await.unwrap().unwrap();
    store.take_ai_job("r", 3, 10).await.unwrap();
    let proposals = [proposal("pr1", "j", 1), proposal("pr2", "j", 2), proposal("pr3", "j", 3)];
    assert!(store.end_ai_job("j", "r", Ended::Done(&proposals), (0, 0), 4).await.unwrap());
    store.keep_reviewed(&reviewed(Verdict::Accept).unwrap(), &decision("d1", "pr1"), &draft("e")).await.unwrap();
    store.turn_down(&NewDecision { reason: "x", ..decision("d2", "pr2") }, Turned::Refused, "p1", 5).await.unwrap();
    store.close().await;
}

#[tokio::test]
async fn sqlite_takes_nothing_of_a_machine_without_a_decision() {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", dir.path().join("t.sqlite").display());
    prepared(&url).await;
    let pool = sqlx::SqlitePool::connect(&url).await.unwrap();
    short_cuts!(pool);
}

#[tokio::test]
async fn postgresql_takes_nothing_of_a_machine_without_a_decision() {
    let Some(url) = postgres_url().await else { return };
    prepared(&url).await;
    let pool = sqlx::PgPool::connect(&url).await.unwrap();
    short_cuts!(pool);
}
